"""The command line as a person or a scheduler uses it: exit status, files, messages."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from model.__main__ import main
from model.case.reading.problems import InputProblems
from model.schemes.load import load_case
from tests.cases import write_case

ROOT = Path(__file__).parents[2]
CONTRACT = {
    "annual.csv", "caseload.csv", "funding.csv", "mtfp.csv", "switching.csv", "metrics.json", "reconciliation.csv",
    "provenance.json", "report.html", "report.ipynb",
}  # fmt: skip
COLUMNS = {
    "annual.csv": "scenario,perimeter,scheme,line,nature,recurrence,price_basis,financial_year,statistic,value_gbp",
    "caseload.csv": "scenario,world,age_band,placement,measure,month,statistic,children",
    "switching.csv": "assumption,unit,central,low,high,switching_value,within_range",
    "reconciliation.csv": "ref,statement,published,recomputed,difference,verdict,unit,expected,note",
}


def command(*arguments, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "model", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One run of two scenarios, by the command a scheduler would give."""
    folder = tmp_path_factory.mktemp("run")
    case = write_case(folder)
    done = command("run", case, "--scenario", "base", "--scenario", "do-nothing", "--draws", 20, "--jobs", 1,
                   "--outputs", folder / "out")  # fmt: skip
    return done, folder / "out" / "exampleshire", case


@pytest.mark.slow
def test_a_run_leaves_the_contracts_files(made):
    done, out, _ = made
    assert done.returncode == 0, done.stderr
    assert (out / "index.html").exists()
    for scenario in ("base", "do-nothing"):
        assert {p.name for p in (out / scenario).iterdir()} >= CONTRACT
        for name, columns in COLUMNS.items():
            with (out / scenario / name).open(encoding="utf-8", newline="") as file:
                assert ",".join(next(csv.reader(file))) == columns
    assert str(out / "index.html") in done.stdout


@pytest.mark.slow
def test_a_second_run_makes_nothing_and_a_changed_input_only_what_rests_on_it(made):
    _, out, case = made
    outputs = out.parent
    again = command("run", case, "--scenario", "base", "--scenario", "do-nothing", "--draws", 20, "--outputs", outputs)
    assert "2 fresh" in again.stdout
    scenario = case / "scenarios" / "do-nothing.toml"
    scenario.write_text(scenario.read_text(encoding="utf-8").replace("alone", "by itself"), encoding="utf-8")
    third = command("run", case, "--scenario", "base", "--scenario", "do-nothing", "--draws", 20, "--outputs", outputs)
    assert "1 made, 1 fresh" in third.stdout


@pytest.mark.slow
def test_the_page_needs_no_network_and_says_what_the_csv_says(made):
    _, out, _ = made
    page = (out / "base" / "report.html").read_text(encoding="utf-8")
    assert "<script src" not in page
    assert "<link" not in page.replace('<link rel="icon" href="data:', "")
    provenance = json.loads((out / "base" / "provenance.json").read_text(encoding="utf-8"))
    assert (provenance["draws"], provenance["seed"]) == (20, 1)
    assert set(provenance["inputs"]) >= {"exampleshire/case.toml", "exampleshire/assumptions.csv"}


def test_bad_input_is_told_whole_with_status_2_and_nothing_is_written(tmp_path):
    case = write_case(
        tmp_path,
        assumptions={"fostering.fill_rate": {"value": "most"}, "price.ifa_foster_weekly": {"value": "a thousand"}},
        scenarios={"odd": 'title = "Odd"\nwhy = "A slip."\n[overrides]\n"fostering.fill_rte" = 0.5\n'},
    )
    done = command("run", case, "--draws", 5, "--outputs", tmp_path / "out")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert sum("assumptions.csv" in line for line in lines) == 2
    assert any("odd.toml" in line and "fostering.fill_rate" in line for line in lines)
    assert not (tmp_path / "out").exists()
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["run", "--draws", "0"], ["run", "nowhere"], ["reconcile", "nowhere"], ["check", "nowhere"], ["fly"], []],
)
def test_wrong_usage_has_status_2(arguments, capsys):
    try:
        status = main(arguments)
    except SystemExit as stop:
        status = stop.code
    assert status == 2
    assert capsys.readouterr().err


def test_an_unknown_scenario_is_named_with_the_nearest(tmp_path, capsys):
    case = write_case(tmp_path)
    assert main(["run", str(case), "--scenario", "as-publishd", "--outputs", str(tmp_path / "out")]) == 2
    assert "as-published" in capsys.readouterr().err


def test_check_and_reconcile_of_a_sound_case(tmp_path, capsys):
    case = write_case(tmp_path)
    assert main(["check", str(case)]) == 0
    assert main(["reconcile", str(case)]) == 0
    assert "reconciles" in capsys.readouterr().out


def test_a_verdict_that_is_not_the_expected_one_has_status_1(tmp_path, capsys):
    case = write_case(tmp_path)
    published = case / "published.csv"
    published.write_text(published.read_text(encoding="utf-8").replace(",417143,", ",417999,"), encoding="utf-8")
    assert main(["reconcile", str(case)]) == 1
    assert "differs" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["", " ", ".", "..", "../..", "base/", "a\\b"])
@pytest.mark.parametrize("command", ["run", "sweep"])
def test_what_is_no_scenarios_name_is_refused_and_no_report_is_touched(tmp_path, capsys, command, name):
    case, out = write_case(tmp_path), tmp_path / "out"
    kept = out / case.name / "base" / "report.html"
    kept.parent.mkdir(parents=True)
    kept.write_text("kept", encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        main([command, str(case), "--scenario", name, "--outputs", str(out)])
    assert stop.value.code == 2
    assert f"{name!r} is no scenario" in capsys.readouterr().err
    assert [path for path in out.rglob("*") if path.is_file()] == [kept]
    with pytest.raises(InputProblems, match="the name of a scenario of this case"):
        load_case(case, name)


def test_a_scenario_and_a_case_given_twice_are_taken_once(tmp_path, capsys):
    case, out = write_case(tmp_path), tmp_path / "out"
    asked = ["run", str(case), f"{case}/.", *("--scenario", "base") * 2, "--draws", "1", "--outputs", str(out)]
    assert main(asked) == 0
    assert capsys.readouterr().out.startswith("1 made")
    assert [path.name for path in (out / case.name).glob("*/")] == ["base"]


def test_two_cases_with_one_name_are_not_written_to_one_folder(tmp_path, capsys):
    cases = [write_case(tmp_path / name) for name in "ab"]
    assert main(["run", *map(str, cases), "--outputs", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert all(str(case) in said for case in cases)
    assert not (tmp_path / "out").exists()
