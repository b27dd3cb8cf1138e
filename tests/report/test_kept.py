"""The index draws a bridge again only when what it is made from has changed, and never takes a wrong one."""

import html
import re
import shutil
from datetime import UTC, datetime
from functools import partial

import numpy as np
import pandas as pd
import pytest

from model.case.reading.load import scenario_names
from model.report import comparison, index, opening
from model.report.kept import FOLDER, Kept
from model.report.look import charts
from model.results import provenance, risks
from model.results.files import write
from model.schemes.load import load_case
from tests.cases import write_case


def test_a_piece_is_made_once_for_one_origin(tmp_path):
    made = []

    def make():
        made.append(1)
        return f"<p>piece {len(made)}, £½</p>\r\n"

    kept = Kept(folder=tmp_path / "kept")
    first = kept.piece({"a": "1"}, make)
    assert Kept(folder=tmp_path / "kept").piece({"a": "1"}, make) == first
    assert kept.piece({"a": "2"}, make) != first
    assert len(made) == 2


@pytest.mark.parametrize("harm", [lambda content: content[:-3], lambda _: b"", lambda content: content + b"\xff"])
def test_a_damaged_piece_is_made_again(tmp_path, harm):
    kept = Kept(folder=tmp_path)
    kept.piece({"a": "1"}, lambda: "whole")
    [path] = tmp_path.iterdir()
    path.write_bytes(harm(path.read_bytes()))
    assert kept.piece({"a": "1"}, lambda: "again") == "again"
    assert kept.piece({"a": "1"}, lambda: "never") == "again"


def test_what_is_no_longer_used_and_what_a_killed_run_left_are_removed(tmp_path):
    Kept(folder=tmp_path).piece({"a": "1"}, lambda: "one")
    (tmp_path / ".new-left").write_bytes(b"half")
    later = Kept(folder=tmp_path)
    later.piece({"a": "2"}, lambda: "two")
    later.forget_others()
    assert len(list(tmp_path.iterdir())) == 1
    assert later.piece({"a": "2"}, lambda: "never") == "two"


def test_nothing_to_say_and_nowhere_to_keep_it_are_no_error(tmp_path):
    kept = Kept(folder=tmp_path / "kept")
    assert kept.piece({}, lambda: "") == ""
    kept.forget_others()
    assert not kept.folder.exists()
    (tmp_path / "file").touch()
    assert Kept(folder=tmp_path / "file" / "kept").piece({}, lambda: "piece") == "piece"


@pytest.fixture
def finished(tmp_path):
    """An invented case and its outputs, without reports."""
    case, outputs = write_case(tmp_path), tmp_path / "outputs" / "exampleshire"
    for name in scenario_names(case):
        result = opening.open_result(str(case), name, draws=1, seed=1)
        (outputs / name).mkdir(parents=True)
        write(result, outputs / name)
        found = provenance.provenance(result.case, draws=1, seed=1)
        provenance.write(outputs / name, found, started=datetime.now(UTC), seconds=0)
    return case, outputs


def test_only_the_bridges_of_what_changed_are_worked_out_and_the_page_is_as_if_all_were(finished, monkeypatch):
    case, outputs = finished
    place, drawn = outputs / index.INDEX, []
    steps = risks.bridge_steps
    monkeypatch.setattr(risks, "bridge_steps", lambda case, *rest: drawn.append(case.scenario) or steps(case, *rest))

    def page():
        drawn.clear()
        place.unlink(missing_ok=True)
        index.write_index(outputs, case)
        return place.read_bytes()

    others = sorted(name for name in scenario_names(case) if name != "base")
    first = page()
    assert sorted(drawn) == others
    assert page() == first
    assert drawn == []
    scenario = case / "scenarios" / f"{others[0]}.toml"
    scenario.write_text(scenario.read_text(encoding="utf-8") + "# later\n", encoding="utf-8")
    second = page()
    assert drawn == [others[0]]
    base = case / "scenarios" / "base.toml"
    base.write_text(base.read_text(encoding="utf-8") + "# later\n", encoding="utf-8")
    third = page()
    assert sorted(drawn) == others
    assert len({first, second, third}) == 3
    assert len(list((outputs / FOLDER).iterdir())) == len(others)
    shutil.rmtree(outputs / FOLDER)
    assert page() == third
    assert sorted(drawn) == others


def _page_of_only(finished, *names):
    """The index as text where only these scenarios have been run."""
    case, outputs = finished
    for folder in [f for f in outputs.iterdir() if f.is_dir() and f.name not in names]:
        shutil.rmtree(folder)
    index.write_index(outputs, case)
    page = re.sub(
        r"<style.*?</style>|<svg.*?</svg>|<[^>]+>",
        " ",
        (outputs / index.INDEX).read_text(encoding="utf-8"),
        flags=re.DOTALL,
    )
    return " ".join(html.unescape(page).split())


def test_scenarios_without_base_are_set_apart_from_base_as_its_inputs_stand(finished):
    page = _page_of_only(finished, "as-published", "fostering-only")
    assert "Base (base), has not been run here" in page
    assert "workbook.py run exampleshire --scenario base" in page
    assert "Fostering: what it sets otherwise than Base" in page
    assert "As published: what it sets otherwise than Base" in page
    assert "From Base to As published" in page


def test_an_index_of_one_scenario_speaks_of_one(finished):
    page = _page_of_only(finished, "fostering-only")
    assert "1 scenario. Its report is up to date." in page
    assert "all 1 scenario" not in page
    assert " in Fostering, central" in page
    assert " from £" not in page
    assert "what it sets otherwise than Base" in page


def test_base_alone_has_nothing_to_be_set_apart_from(finished):
    page = _page_of_only(finished, "base")
    assert "What sets each scenario apart" not in page
    assert "has not been run" not in page


def test_an_index_without_base_is_made_again_when_base_changes(finished):
    case, outputs = finished
    _page_of_only(finished, "fostering-only")
    before = (outputs / index.INDEX).read_bytes()
    base = case / "scenarios" / "base.toml"
    base.write_text(base.read_text(encoding="utf-8").replace('title = "Base"', 'title = "The start"'), encoding="utf-8")
    index.write_index(outputs, case)
    assert b"otherwise than The start" in (outputs / index.INDEX).read_bytes() != before


def test_a_perimeter_that_one_of_two_scenarios_leaves_out_has_no_bridge(tmp_path):
    folder = write_case(tmp_path)
    base, only = (load_case(folder, scenario=name) for name in ("base", "fostering-only"))
    steps = risks.bridge_steps(only, base, ("edge_of_care", "whole"))
    assert set(steps["perimeter"]) == {"whole"}


def test_small_charts_on_one_scale_look_as_if_they_shared_their_axes():
    generator = np.random.default_rng(1)
    frames = [
        pd.DataFrame(generator.normal(0, scale, (6, 3)), columns=["central", "p10", "p90"], index=list("abcdef"))
        for scale in (1e3, 4e6, 2e5, 9e5)
    ]

    def share(canvas, *, shared):
        panels = list(canvas.subplots(2, 3, sharex=shared, sharey=shared).ravel())
        for axes, frame in zip(panels, frames, strict=False):
            if not shared:
                axes.label_outer()
            comparison._small(axes, frame, "a panel")
        if not shared:
            comparison._on_one_scale(panels[: len(frames)])
        for axes in panels[len(frames) :]:
            axes.set_axis_off()

    pages = [charts.draw("key", "alt", partial(share, shared=shared)) for shared in (True, False)]
    assert pages[0] == pages[1]
