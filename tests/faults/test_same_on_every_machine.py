"""No printed figure hangs on an arbitrary basis, a last digit or a setting of the machine."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from model.report.diff import compare
from model.report.look import charts, format, tables  # noqa: A004 - its own name
from model.results.files import settled, write_csv
from model.risk import voi
from tests.cases import write_case


def other_arithmetic(monkeypatch, seed):
    """A library that turns each direction it is free to turn to another side, as another processor's does."""
    plain_qr, plain_eigh = np.linalg.qr, np.linalg.eigh
    rng = np.random.default_rng(seed)

    def qr(matrix, mode="reduced"):
        if mode == "r":
            return plain_qr(matrix, mode="r")
        basis, turned = plain_qr(matrix, mode=mode)
        sides = rng.choice([-1.0, 1.0], basis.shape[1])
        return basis * sides, turned * sides[:, None]

    def eigh(matrix):
        values, vectors = plain_eigh(matrix)
        return values, vectors * rng.choice([-1.0, 1.0], vectors.shape[1])

    monkeypatch.setattr(np.linalg, "qr", qr)
    monkeypatch.setattr(np.linalg, "eigh", eigh)


@pytest.mark.parametrize("inputs", [slice(0, 1), slice(0, 3)])
def test_what_information_is_worth_is_the_same_whichever_side_a_direction_points_to(monkeypatch, inputs):
    rng = np.random.default_rng(3)
    known = rng.normal(size=(3, 300))
    gains = np.array([1e5 * (known[0] - 0.1 + 0.2 * known[1] ** 2), 8e4 * known[2] + 3e4 * known[0] ** 3])
    benefits = np.vstack([np.zeros(300), gains + 5e4 * rng.normal(size=(2, 300))])
    here = voi.evppi(benefits, known[inputs], seed=1)
    assert here[0] > 1000
    for seed in (1, 2):
        with monkeypatch.context() as elsewhere:
            other_arithmetic(elsewhere, seed)
            assert voi.evppi(benefits, known[inputs], seed=1) == pytest.approx(here, rel=1e-9)


def test_what_a_group_is_worth_does_not_depend_on_the_order_of_rows(monkeypatch):
    told = []
    monkeypatch.setattr(voi, "_worth", lambda inputs, *_: told.append([one.scaled[0] for one in inputs]) or (0.0, 0.0))
    draws = {name: np.arange(4.0) ** power for power, name in enumerate("bac", start=1)}

    class Case:
        assumptions = draws

    for order in (("a", "b", "c"), ("c", "a", "b")):
        voi.information_values(Case(), draws, np.zeros((2, 4)), groups={"all": order})
    groups = [one for one in told if len(one) == 3]
    assert groups[0] == groups[1]


def scenario(folder, npv, verdicts="ref,statement,recomputed,verdict\n1,x,2,reconciles\n"):
    folder.mkdir(parents=True)
    (folder / "provenance.json").write_text(json.dumps({"inputs": {}, "assumptions": {}}), encoding="utf-8")
    (folder / "metrics.json").write_text(json.dumps({"whole": {"npv_gbp": {"central": npv}}}), encoding="utf-8")
    (folder / "reconciliation.csv").write_text(verdicts, encoding="utf-8")
    return folder


def test_a_difference_below_what_is_printed_is_none(tmp_path):
    old, new = scenario(tmp_path / "a" / "base", 1000.2), scenario(tmp_path / "b" / "base", 1000.4)
    assert compare(old, new) == {"base": []}
    [change] = compare(old, scenario(tmp_path / "c" / "base", 1002.2))["base"]
    assert (change.before, change.after) == ("£1,000", "£1,002")


@pytest.mark.parametrize("damage", ["", "a,b\n1,2\n", "\x00", '"'])
def test_a_damaged_file_is_a_change_and_not_a_traceback(tmp_path, damage):
    old, new = scenario(tmp_path / "a" / "base", 1.0), scenario(tmp_path / "b" / "base", 1.0, damage)
    assert compare(old, new)["base"]
    for name, text in (("metrics.json", "[" * 100_000), ("provenance.json", '{"inputs": [1], "assumptions": 3}')):
        (new / name).write_text(text, encoding="utf-8")
        [change] = compare(old, new)["base"]
        assert "run the scenario again" in change.after


def test_settings_of_the_machine_do_not_reach_a_chart():
    def drawn():
        data = tables.table("k", "c", ("a",), [("b",)])
        return charts.chart("k", "t", "A line", lambda axes: axes.plot([0, 1], [0, 1]), height=3, data=data).svg

    plain = drawn()
    with mpl.rc_context(
        {"path.sketch": (1, 100, 2), "axes.linewidth": 7, "xtick.direction": "in", "axes.xmargin": 0.4}
    ):
        assert drawn() == plain


def test_the_last_digits_of_a_float_are_not_written(tmp_path):
    # what numpy 2.4 and numpy 2.5 made of the same case
    here = {"switching_value": 572.8489955173153, "share": 0.0250375685684370308, "bcr": 1.1828401924136631}
    there = {"switching_value": 572.8489955173163, "share": 0.0250375685684370342, "bcr": 1.1828401924136636}
    assert [settled(value) for value in here.values()] == [572.848996, 0.0250375686, 1.18284019]
    others = {"name": "a", "value_gbp": 123456789.12, "nothing": np.nan, "none": 0.0, "far": -np.inf}
    for name, values in (("here", here), ("there", there)):
        write_csv(pd.DataFrame([values | others]), tmp_path / name)
    assert (tmp_path / "here").read_bytes() == (tmp_path / "there").read_bytes()
    assert (tmp_path / "here").read_text().splitlines()[
        1
    ] == "572.848996,0.0250375686,1.18284019,a,123456789.12,,0,-inf"


def test_a_half_that_falls_a_hair_short_is_printed_as_a_half():
    assert format.decimal(0.1 + 0.2 - 0.05, 2) == format.decimal(0.25, 2)
    assert format.pounds(2.4999999999999996) == format.pounds(2.5) == "£3"
    assert tables.number("25%", 0.1 + 0.15).sort == tables.number("25%", 0.25).sort


PROGRAM = """
import sys
from pathlib import Path
from model import load_case, run
from model.results import files
files.write(run(load_case(sys.argv[1]), draws=40, seed=7), Path(sys.argv[2]))
"""


@pytest.mark.skipif(platform.machine() not in {"x86_64", "AMD64"}, reason="the names of the cores are Intel's")
def test_another_core_of_the_same_processor_writes_the_same_bytes(tmp_path):
    # SSE of 2004 and, where it has them, the vectors of 2013 multiply matrices in another order
    folder = write_case(tmp_path)
    for core in ("Prescott", "Haswell"):
        (tmp_path / core).mkdir()
        words = [sys.executable, "-c", PROGRAM, str(folder), str(tmp_path / core)]
        root = Path(__file__).parents[2]
        subprocess.run(words, env={**os.environ, "OPENBLAS_CORETYPE": core}, cwd=root, check=True)
    written = sorted(path.name for path in (tmp_path / "Haswell").iterdir())
    assert "metrics.json" in written
    assert [
        n for n in written if (tmp_path / "Haswell" / n).read_bytes() != (tmp_path / "Prescott" / n).read_bytes()
    ] == []
