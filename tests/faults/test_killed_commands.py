"""A command that is killed while it writes leaves what was there, or what it would have written: nothing between."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from model.__main__ import main
from model.batch.disk import NEW
from model.commands.shared import ROOT
from tests.cases import write_case
from tests.demand.synthetic import write_tables
from tests.options.test_appraisal import OPTIONS
from tests.tracking.test_plans import BENEFITS

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills as POSIX does")
PROGRAM = """
import os, pathlib, signal, sys
left = [int(sys.argv[1])]
def dying(real):
    def call(*arguments, **settings):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **settings)
    return call
os.fsync, pathlib.Path.replace, pathlib.Path.rename = map(dying, (os.fsync, pathlib.Path.replace, pathlib.Path.rename))
from model.__main__ import main
status = main(sys.argv[2:])
print("moments", -left[0], file=sys.stderr)
sys.exit(status)
"""
"""Ends itself at the nth moment of putting something in its place; for nought it counts them."""
CASE = "inputs/exampleshire"
OLD, NEW_RUN = "made/old", "made/new"
LISTED = """\
id,team,post,fte_current,fte_proposed,change_annual_cost_gbp,charged_to,funding,source
night,Fostering,Night worker,0,1,40000,fostering,general_fund,invented
"""
COMMANDS = (
    ["excel", CASE, "--out", "book.xlsx"],
    ["new", "northby", "--blank", "--schemes", "agency", "--inputs", "inputs"],
    ["import", "edited.xlsx", "--to", CASE],
    [
        "import",
        "posts.csv",
        "--posts",
        CASE,
        *(f"--map={column}={column}" for column in LISTED.partition("\n")[0].split(",")),
    ],
    ["diff", OLD, NEW_RUN, "--html", "changes.html"],
    ["demand", "--authority", "Northby", "--dfe", "dfe", "--out", "made"],
    *(
        pytest.param(words, marks=pytest.mark.slow)
        for words in (
            ["freeze", CASE, "--draws", "50", "--on", "2024-01-01", "--reason", "again"],
            ["track", CASE, "--outputs", "made"],
            ["options", CASE, "--draws", "20", "--outputs", "made"],
        )
    ),
)


def ended(folder: Path, moment: int, words: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, killed at a moment."""
    return subprocess.run([sys.executable, "-c", PROGRAM, str(moment), *words], cwd=folder, capture_output=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, timeout=60, text=True)  # fmt: skip


def tree(folder: Path) -> dict[str, object]:
    """Every file that anyone would read; what is being written has a name of its own."""
    files = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(f): content(folder / f) for f in files if not any(part.startswith(NEW) for part in f.parts)}


def content(path: Path) -> object:
    """What a file says: its bytes, or the parts of a workbook but for the one that holds the time it was made."""
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with ZipFile(path) as book:
        return {name: book.read(name) for name in book.namelist() if name != "docProps/core.xml"}


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """A folder with all that the commands read: a case with a plan and options, its workbook edited, tables, runs."""
    folder = tmp_path_factory.mktemp("places")
    case = write_case(folder, files={"benefits.csv": BENEFITS, "options.toml": OPTIONS})
    assert main(["freeze", str(case), "--draws", "50", "--on", "2023-01-01"]) == 0
    (folder / "dfe").mkdir()
    write_tables(folder / "dfe")
    (folder / "posts.csv").write_text(LISTED, encoding="utf-8")
    for file in ("caseload.csv", "assumptions.csv"):  # what an earlier call of `demand` left
        (folder / "made").mkdir(exist_ok=True)
        (folder / "made" / file).write_text("old", encoding="utf-8")
    for name, npv in ((OLD, 1.0), (NEW_RUN, 2e6)):
        (folder / name / "base").mkdir(parents=True)
        text = json.dumps({"whole": {"npv_gbp": {"central": npv}}})
        (folder / name / "base" / "metrics.json").write_text(text, encoding="utf-8")
        (folder / name / "base" / "provenance.json").write_text("{}", encoding="utf-8")
    edited = shutil.copytree(case.parent, folder / "aside") / case.name
    for file in ("assumptions.csv", "case.toml"):
        path = edited / file
        text = path.read_text(encoding="utf-8").replace("cost.exit_at_18,8000", "cost.exit_at_18,8100")
        path.write_text(text.replace('council = "', 'council = "New '), encoding="utf-8")
    assert main(["excel", str(edited), "--out", str(folder / "edited.xlsx")]) == 0
    shutil.rmtree(folder / "aside")
    return folder


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_a_killed_command_leaves_the_old_or_the_new(tmp_path, places, words):
    shutil.copytree(places, tmp_path / "whole")
    before = tree(tmp_path / "whole")
    done = ended(tmp_path / "whole", 0, words)
    assert done.returncode == 0, done.stderr
    after = tree(tmp_path / "whole")
    assert after != before
    moments = int(done.stderr.split()[-1])
    for moment in sorted({1, 1 + moments // 2, moments}):
        shutil.copytree(places, tmp_path / str(moment))
        assert ended(tmp_path / str(moment), moment, words).returncode == -signal.SIGKILL
        assert tree(tmp_path / str(moment)) in (before, after), moment
