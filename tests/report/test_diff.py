"""What is different since last time: three known changes are found, and nothing else."""

import csv
import json
import shutil
from datetime import UTC, datetime

import pytest

from model.report.diff import NotOutputsError, as_html, as_text, compare, diff_command
from model.report.look import format as fmt
from model.results import provenance
from tests.report.fake_result import fake_result


def write_run(folder, scenario):
    """What a run of the made-up case leaves, as far as a comparison reads it."""
    result = fake_result(scenario)
    folder.mkdir(parents=True)
    found = provenance.provenance(result.case, draws=result.draws, seed=1)
    found["inputs"] = {"fake-2022/assumptions.csv": "a" * 64, "fake-2022/case.toml": "b" * 64}
    provenance.write(folder, found, started=datetime(2022, 7, 13, tzinfo=UTC), seconds=1.0)
    (folder / "metrics.json").write_text(json.dumps(result.metrics_by_perimeter), encoding="utf-8")
    result.annual.to_csv(folder / "annual.csv", index=False)
    result.reconciliation.to_csv(folder / "reconciliation.csv", index=False)


def rewrite(path, change):
    found = json.loads(path.read_text(encoding="utf-8"))
    change(found)
    path.write_text(json.dumps(found), encoding="utf-8")


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("old")
    for scenario in ("base", "other"):
        write_run(folder / "fake-2022" / scenario, scenario)
    return folder


@pytest.fixture
def copied(original, tmp_path):
    new = tmp_path / "new"
    shutil.copytree(original, new)
    return new


def test_the_same_outputs_are_the_same(original, copied):
    found = compare(original, copied)
    assert found == {"fake-2022/base": [], "fake-2022/other": []}
    assert as_text(found) == "Nothing changed in 2 scenarios.\n"


def test_three_known_changes_are_found_and_no_others(original, copied):
    base = copied / "fake-2022" / "base"

    def lower_the_price(found):
        found["assumptions"]["price.ifa_foster_weekly"]["value"] = 780.0
        found["inputs"]["fake-2022/assumptions.csv"] = "c" * 64

    rewrite(base / "provenance.json", lower_the_price)
    was = json.loads((base / "metrics.json").read_text())["whole"]["npv_gbp"]["central"]
    rewrite(base / "metrics.json", lambda m: m["whole"]["npv_gbp"].update(central=was - 1_000_000))
    found = compare(original, copied)
    assert [(c.kind, c.what) for c in found["fake-2022/base"]] == [
        ("Input files", "fake-2022/assumptions.csv"),
        ("Assumptions", "price.ifa_foster_weekly"),
        ("Headline figures", "whole: NPV, central"),
    ]
    _, price, npv = found["fake-2022/base"]
    assert (price.before, price.after) == ("£815 a week", "£780 a week")
    assert (npv.before, npv.after) == (fmt.pounds(was), fmt.pounds(was - 1_000_000))
    assert found["fake-2022/other"] == []
    assert "price.ifa_foster_weekly: £815 a week -> £780 a week" in as_text(found)
    page = as_html(found, "")
    assert page.count('<th scope="row"') == 3
    assert "£780 a week" in page


def test_an_assumption_that_came_or_went_and_a_verdict_that_turned(original, copied):
    base = copied / "fake-2022" / "base"

    def swap(found):
        found["assumptions"]["new.one"] = found["assumptions"].pop("growth.pay_real_annual")

    rewrite(base / "provenance.json", swap)
    with (base / "reconciliation.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    rows[1][rows[0].index("verdict")] = "differs"
    with (base / "reconciliation.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    found = {c.what: (c.before, c.after) for c in compare(original, copied)["fake-2022/base"]}
    assert found["growth.pay_real_annual"] == ("0% a year", "absent")
    assert found["new.one"] == ("absent", "0% a year")
    assert found["5.20: Saving of twenty places"] == ("0.417143 (reconciles)", "0.417143 (differs)")


def test_a_hostile_source_is_text_in_both_forms(original, copied):
    evil = "<img src=x onerror=alert(1)>\x1b[2J"
    rewrite(copied / "fake-2022/base/provenance.json",
            lambda f: f["assumptions"]["fostering.households"].update(source=evil))  # fmt: skip
    found = compare(original, copied)
    assert "<img src=x" not in as_html(found, evil)
    assert "\x1b" not in as_text(found)


def test_a_scenario_that_came_and_one_that_went_are_named(original, copied):
    (copied / "fake-2022/other").rename(copied / "fake-2022/newer")
    found = compare(original, copied)
    assert [(c.before, c.after) for c in found["fake-2022/other"]] == [("there", "absent")]
    assert [(c.before, c.after) for c in found["fake-2022/newer"]] == [("absent", "there")]
    assert as_text(found).startswith("Something changed in 2 of 3 scenarios.")


def test_two_scenarios_can_be_compared_with_each_other(original):
    [found] = compare(original / "fake-2022/base", original / "fake-2022/other").values()
    assert {c.kind for c in found} <= {"Run", "Input files", "Assumptions", "Headline figures"}


def test_a_folder_without_outputs_is_named_and_exits_2(original, tmp_path, capsys):
    with pytest.raises(NotOutputsError, match="nowhere"):
        compare(original, tmp_path / "nowhere")
    assert diff_command(original, tmp_path / "nowhere") == 2
    assert "nowhere" in capsys.readouterr().err


def test_the_command_writes_the_page_where_asked(original, copied, tmp_path, capsys):
    assert diff_command(original, copied, tmp_path / "diff.html") == 0
    assert "Nothing changed" in capsys.readouterr().out
    assert (tmp_path / "diff.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
