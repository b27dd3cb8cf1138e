"""A table cut exactly at the end of a line is whole by its look: what can still be noticed is noticed."""

import json
from datetime import UTC, datetime

import pytest

from model import load_case, run
from model.batch import store
from model.commands import check
from model.commands.line import main
from model.results import files, provenance
from model.results.outputs import finished, read_runs
from tests.cases import write_case


def cut(path, lines):
    """Take the last lines of a file away."""
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:-lines]), encoding="utf-8")


@pytest.fixture
def case(tmp_path, monkeypatch):
    """A case whose base report has been made; where `check` looks for it."""
    case = load_case(write_case(tmp_path), "base")
    monkeypatch.setattr(check, "OUTPUTS", tmp_path / "outputs")
    made = tmp_path / "outputs" / case.folder_name / "base"
    made.mkdir(parents=True)
    provenance.write(made, provenance.provenance(case, draws=1, seed=1), started=datetime.now(UTC), seconds=1.0)
    return case


def test_check_warns_of_a_table_with_fewer_lines_than_the_report_was_made_from(case, capsys):
    path = case.folder / "approved_budget.csv"
    assert check.check([case.folder]) == 0
    assert "cut short" not in capsys.readouterr().out
    lines = path.read_text(encoding="utf-8").count("\n")
    cut(path, 2)
    assert check.check([case.folder]) == 0
    assert f"approved_budget.csv: {lines - 2} lines, where there were {lines} when the report of base was made" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize("lines", [None, [], {"approved_budget.csv": "many"}, {}])
def test_a_report_that_does_not_say_is_no_warning(case, capsys, lines):
    path = check.OUTPUTS / case.folder_name / "base" / provenance.FILE
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"lines": lines}), encoding="utf-8")
    cut(case.folder / "approved_budget.csv", 1)
    assert check.check([case.folder]) == 0
    assert "cut short" not in capsys.readouterr().out


def test_a_cut_table_of_outputs_is_named_by_index_and_diff(tmp_path, capsys):
    case = load_case(write_case(tmp_path), "base")
    for name in ("old", "new"):
        with store.whole(tmp_path / name / "exampleshire" / "base", made_from={}) as aside:
            files.write(run(case, draws=1), aside)
            found = provenance.provenance(case, draws=1, seed=1)
            provenance.write(aside, found, started=datetime(2024, 1, 1, tzinfo=UTC), seconds=1.0)
    outputs = tmp_path / "new" / "exampleshire"
    assert [one.changed for one in finished(outputs, tmp_path / "inputs")] == [()]
    assert main(["diff", str(tmp_path / "old"), str(tmp_path / "new")]) == 0
    assert "Nothing changed in 1 scenario." in capsys.readouterr().out
    cut(outputs / "base" / "annual.csv", 40)
    [cut_short] = read_runs(finished(outputs, tmp_path / "inputs"))
    assert cut_short.changed == ("annual.csv is not as it was published",)
    assert store.why_stale(outputs / "base", {}) == "annual.csv is not as it was published"
    cut(tmp_path / "old" / "exampleshire" / "base" / "caseload.csv", 1)
    assert main(["diff", str(tmp_path / "old"), str(tmp_path / "new")]) == 0
    told = capsys.readouterr().out
    assert "annual.csv is not as it was published; run it again" in told
    assert "caseload.csv is not as it was published; run it again" in told
