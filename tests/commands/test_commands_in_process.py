"""Commands one after the other on one small case: run, index, diff, sweep, clean-notebooks; and what stops them."""

import json
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from model import load_case
from model.__main__ import main
from model.batch import origins
from model.commands import run, shared
from model.report.index import compare_scenarios, write_index
from model.results import provenance
from tests.cases import write_case


def given(*arguments):
    return main([str(a) for a in arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Two scenarios, made by `run` in this process."""
    folder = tmp_path_factory.mktemp("run")
    case, out = write_case(folder), folder / "outputs"
    status = given("run", case, "--scenario", "base", "--scenario", "as-published", "--draws", 5, "--outputs", out)
    assert status == 0
    return case, out


@pytest.fixture
def again(made, tmp_path):
    """A copy of the case and its outputs that a test may change."""
    case, out = made
    shutil.copytree(case.parents[1], tmp_path / "copy")
    return tmp_path / "copy" / case.relative_to(case.parents[1]), tmp_path / "copy" / out.name


@pytest.mark.slow
def test_the_index_puts_both_scenarios_side_by_side(made):
    case, out = made
    write_index(out / "exampleshire", case)
    page = (out / "exampleshire" / "index.html").read_text(encoding="utf-8")
    words = re.sub(r"<[^>]*>", "|", page)
    assert "2 scenarios side by side. All reports are up to date." in words
    assert "reports" not in re.findall(r"changed since[^|]*", words)


@pytest.mark.slow
def test_a_changed_input_makes_both_reports_stale_and_a_scenarios_own_file_one(again):
    case, out = again
    scenario = case / "scenarios" / "as-published.toml"
    scenario.write_text(scenario.read_text(encoding="utf-8") + "# later\n", encoding="utf-8")
    write_index(out / "exampleshire", case)
    page = (out / "exampleshire" / "index.html").read_text(encoding="utf-8")
    assert "1 report out of date." in page
    assert "changed since: exampleshire/scenarios/as-published.toml" in page
    (case / "actuals.csv").write_bytes((case / "actuals.csv").read_bytes().replace(b"58", b"59"))
    write_index(out / "exampleshire", case)
    assert "2 reports out of date." in (out / "exampleshire" / "index.html").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["{", "[]", '{"whole": []}', '{"whole": null}'])
def test_a_scenario_whose_figures_cannot_be_read_is_named_and_left_out(again, damage):
    case, out = again
    (out / "exampleshire" / "index.html").unlink(missing_ok=True)
    (out / "exampleshire" / "as-published" / "metrics.json").write_text(damage)
    write_index(out / "exampleshire", case)
    page = (out / "exampleshire" / "index.html").read_text(encoding="utf-8")
    assert "Left out, because their files of figures cannot be read: as-published." in page
    assert "1 scenario. Its report is up to date." in page


@pytest.mark.slow
def test_a_comparison_in_a_notebook_leads_to_the_reports_that_are_there(made, monkeypatch):
    case, out = made
    (out.parent / "notebooks").mkdir()
    monkeypatch.chdir(out.parent / "notebooks")
    page = compare_scenarios(str(case), draws=5, seed=1).html
    assert set(re.findall(r'href="([^"]*report.html)"', page)) == {
        f"../outputs/exampleshire/{scenario}/report.html" for scenario in ("base", "as-published")
    }


@pytest.mark.slow
def test_an_index_that_would_read_the_same_is_left_alone(again):
    case, out = again
    index = out / "exampleshire" / "index.html"
    write_index(out / "exampleshire", case)
    before = index.stat().st_mtime_ns
    write_index(out / "exampleshire", case)
    assert index.stat().st_mtime_ns == before


@pytest.mark.slow
def test_inputs_that_no_longer_load_leave_a_comparison_without_bridges(again):
    case, out = again
    (case / "case.toml").write_text("name =", encoding="utf-8")
    write_index(out / "exampleshire", case)
    page = (out / "exampleshire" / "index.html").read_text(encoding="utf-8")
    assert "As published" in page
    assert "What sets each scenario apart" not in page


@pytest.mark.slow
def test_a_run_with_nothing_to_do_reads_no_figures_and_loads_nothing_heavy(again):
    case, out = again
    given("run", case, "--scenario", "base", "--draws", 5, "--outputs", out)  # another place: all is made again
    program = (
        "import sys; from model.__main__ import main; status = main(sys.argv[1:])\n"
        "heavy = {'pandas', 'matplotlib', 'nbformat', 'scipy', 'model.money.portfolio'}\n"
        "heavy.add('model.results.check')\n"
        "print(status, sorted(heavy & set(sys.modules)))"
    )
    asked = ["run", case, "--scenario", "base", "--draws", "5", "--outputs", out]
    done = subprocess.run([sys.executable, "-c", program, *map(str, asked)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["1 fresh", f"read {out / case.name / 'index.html'}", "0 []"]


@pytest.mark.slow
def test_only_what_is_to_be_made_is_examined_and_a_problem_there_stops_all_of_it(made, capsys):
    case, out = made
    scenario = case / "scenarios" / "wrong.toml"
    scenario.write_text('title = "Wrong"\nwhy = "x"\n[overrides]\n"fostering.fil_rate" = 1\n', encoding="utf-8")
    try:
        asked = ["run", case, "--draws", 5, "--outputs", out]
        assert given(*asked, "--scenario", "base", "--scenario", "wrong") == 2
        assert "fostering.fill_rate" in capsys.readouterr().err
        assert given(*asked, "--scenario", "base") == 0
        assert capsys.readouterr().out.startswith("1 fresh")
    finally:
        scenario.unlink()


@pytest.mark.slow
def test_diff_of_two_runs_says_which_headlines_moved_and_in_what_unit(made, again, capsys):
    _, out = again
    base = out / "exampleshire" / "base"
    metrics = json.loads((base / "metrics.json").read_text(encoding="utf-8"))
    whole = metrics["fostering"]
    was = whole["npv_gbp"]["central"]
    whole["npv_gbp"]["central"] = None
    whole["payback_months"]["central"] = 50
    whole["probability_npv_positive"]["mean"] = 0.5
    whole["bcr"]["central"] = 2.0
    (base / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    found = json.loads((base / "provenance.json").read_text(encoding="utf-8"))
    found |= {"dirty": not found["dirty"], "commit": None, "schemes": ["fostering", "edge_of_care"]}
    found["versions"]["numpy"] = "0.1"
    (base / "provenance.json").write_text(json.dumps(found), encoding="utf-8")
    capsys.readouterr()
    assert given("diff", made[1], out) == 0
    said = capsys.readouterr().out
    assert re.search(rf"fostering: .*NPV.*, central: \S*{abs(round(was)):,} -> none", said)
    assert "-> 4 years 2 months" in said or "-> 50 months" in said
    assert "-> 50.0%" in said
    assert "-> 2.000" in said
    assert re.search(r"Version of numpy: \S+ -> 0\.1", said)
    assert "Code (commit)" in said
    assert "fostering and edge_of_care" in said


def test_a_sweep_of_two_values_is_the_model_at_each(tmp_path, capsys):
    case, out = write_case(tmp_path), tmp_path / "sweep.parquet"
    asked = ["sweep", case, "--grid", "fostering.fill_rate=0.5,0.9", "--out", out, "--jobs", 1]
    assert given(*asked) == 0
    assert "2 combinations x 1 case" in capsys.readouterr().out
    frame = pd.read_parquet(out)
    npv = frame[(frame.perimeter == "fostering") & (frame.metric == "npv_gbp")].set_index("fostering.fill_rate")
    assert npv["value"][0.9] > npv["value"][0.5]
    assert given(*asked) == 0
    assert "already up to date" in capsys.readouterr().out
    out.write_bytes(b"not parquet")
    assert given(*asked) == 0  # made again
    assert len(pd.read_parquet(out)) == len(frame)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "either --grid"),
        (["--grid", "fostering.fill_rate=0.5,0.9", "--engine", "dask"], 2, "needs --scheduler"),
        (["--from", "nowhere.csv"], 2, "nowhere.csv: No such file"),
        (["--grid", "fostering.fil_rate=0.5"], 2, "fostering.fill_rate"),
        (["--grid", "fostering.fill_rate=2,3"], 2, "a number from 0 to 1 in the unit share"),
        (["--grid", "fostering.fill_rate=0.5", "--scenario", "bse"], 2, "base"),
    ],
)
def test_a_sweep_that_cannot_be_says_why(tmp_path, capsys, arguments, status, said):
    case = write_case(tmp_path)
    assert given("sweep", case, "--out", tmp_path / "s.parquet", *arguments) == status
    assert said in capsys.readouterr().err
    assert not (tmp_path / "s.parquet").exists()


def test_a_table_of_combinations_without_rows_is_refused(tmp_path, capsys):
    (tmp_path / "p.csv").write_text("fostering.fill_rate\n", encoding="utf-8")
    assert given("sweep", write_case(tmp_path), "--from", tmp_path / "p.csv", "--out", tmp_path / "s.parquet") == 2
    assert "p.csv: expected a header of assumption names and at least one row" in capsys.readouterr().err


def test_an_output_that_is_a_file_is_bad_usage_and_named(tmp_path, capsys):
    case = write_case(tmp_path)
    (tmp_path / "taken").write_text("", encoding="utf-8")
    assert given("run", case, "--scenario", "base", "--draws", 1, "--outputs", tmp_path / "taken") == 2
    assert "taken" in capsys.readouterr().err
    asked = ["sweep", case, "--grid", "fostering.fill_rate=0.5", "--out", tmp_path / "taken" / "s.parquet"]
    assert given(*asked) == 2
    assert "taken" in capsys.readouterr().err


def test_a_printed_figure_that_turned_out_otherwise_is_named(tmp_path, capsys):
    case = write_case(tmp_path)
    published = case / "published.csv"
    published.write_text(published.read_text(encoding="utf-8").replace(",417143,", ",417999,"), encoding="utf-8")
    assert run._unexpected(case) == 1
    assert "printed figure 5.1 differs, expected reconciles" in capsys.readouterr().err


@pytest.mark.parametrize(("stop", "status", "said"), [(KeyboardInterrupt, 1, "stopped; what was finished is kept"),
                                                     (BrokenPipeError, 0, "")])  # fmt: skip
def test_ctrl_c_and_a_closed_pipe_end_without_a_traceback(monkeypatch, capsys, stop, status, said):
    def stopped(_):
        raise stop

    monkeypatch.setattr("model.commands.check.examine", stopped)
    assert given("check") == status
    assert capsys.readouterr().err.strip().startswith(said)


def test_all_cases_are_those_of_inputs_and_a_plain_name_is_looked_for_there(tmp_path, monkeypatch):
    case = write_case(tmp_path)
    monkeypatch.setattr(shared, "INPUTS", case.parent)
    assert shared.case_paths([]) == [case]
    assert shared.case_paths(["exampleshire"]) == [case]


def test_clean_notebooks_names_a_file_that_is_none(tmp_path, capsys):
    (tmp_path / "broken.ipynb").write_text("{", encoding="utf-8")
    assert given("clean-notebooks", tmp_path / "broken.ipynb", tmp_path / "gone.ipynb") == 2
    told = capsys.readouterr().out.splitlines()
    assert "broken.ipynb: not a notebook's JSON (Expecting property name enclosed in double quotes: line 1" in told[0]
    assert told[1].endswith("gone.ipynb: No such file or directory")


def test_outside_a_checkout_the_commit_is_unknown_and_no_package_is_made_up(tmp_path, monkeypatch):
    origins.commit.cache_clear()
    monkeypatch.setattr(origins, "ROOT", tmp_path)
    try:
        assert origins.commit() == (origins.UNKNOWN, False)
        origins.commit.cache_clear()
        monkeypatch.setattr("shutil.which", lambda _: None)
        assert origins.commit() == (origins.UNKNOWN, False)
        assert origins.versions(["no-such-package"])["no-such-package"] == "not installed"
    finally:
        origins.commit.cache_clear()


def test_provenance_that_cannot_be_read_is_none(tmp_path):
    assert provenance.read(tmp_path) is None
    for text in ("{", "[1]"):
        (tmp_path / provenance.FILE).write_text(text, encoding="utf-8")
        assert provenance.read(tmp_path) is None


def test_new_gone_and_changed_inputs_are_all_named(tmp_path):
    case = write_case(tmp_path)
    found = provenance.provenance(load_case(case), draws=1, seed=1)
    assert provenance.changed_inputs(found, case.parent) == []
    (case / "actuals.csv").unlink()
    (case / "x_notes.csv").write_text("a\n", encoding="utf-8")
    with (case / "caseload.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    changed = ["exampleshire/actuals.csv", "exampleshire/caseload.csv", "exampleshire/x_notes.csv"]
    assert provenance.changed_inputs(found, case.parent) == changed


@pytest.mark.parametrize("given", ["abc", "0", "-3", "2.5", ""])
def test_a_number_of_draws_that_is_none_says_what_was_wanted(capsys, given):
    with pytest.raises(SystemExit) as ended:
        main(["run", "--draws", given])
    assert ended.value.code == 2
    assert f"--draws: a whole number of at least 1, not {given!r}" in capsys.readouterr().err


def test_a_report_links_to_the_spreadsheets_that_lie_beside_it(made):
    case, out = made
    folder = out / case.name / "base"
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<a href="workbook.xlsx">The central run in live formulas</a>' in page
    assert {"workbook.xlsx", "tables.xlsx"} <= {file.name for file in folder.iterdir()}
    charts = page.split("</figure>")[:-1]
    assert charts
    assert all(chart.endswith('<a href="tables.xlsx">The numbers as a spreadsheet</a></p>') for chart in charts)
