"""A command that is killed while it writes leaves what was there, or what it would have written: nothing between."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from model.batch.disk import NEW
from model.commands.shared import ROOT
from tests.cases import write_case

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
sys.exit(main(sys.argv[2:]))
"""
"""Ends itself at the nth moment of putting something in its place; never for nought."""
COMMANDS = (
    ["excel", "inputs/exampleshire", "--out", "book.xlsx"],
    ["new", "northby", "--blank", "--schemes", "agency", "--inputs", "inputs"],
    pytest.param(["freeze", "inputs/exampleshire", "--draws", "50", "--on", "2024-01-01"], marks=pytest.mark.slow),
)


def ended(folder: Path, moment: int, words: list[str]) -> int:
    """Run a command in a folder, killed at a moment; its status."""
    return subprocess.run([sys.executable, "-c", PROGRAM, str(moment), *words], cwd=folder, capture_output=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False, timeout=60).returncode  # fmt: skip


def tree(folder: Path) -> dict[str, bytes]:
    """Every file that anyone would read; what is being written has a name of its own."""
    files = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(f): (folder / f).read_bytes() for f in files if not any(part.startswith(NEW) for part in f.parts)}


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_killed_command_leaves_the_old_or_the_new(tmp_path, words):
    write_case(tmp_path / "whole")
    before = tree(tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "killed")
    assert ended(tmp_path / "whole", 0, words) == 0
    after = tree(tmp_path / "whole")
    assert after != before
    assert ended(tmp_path / "killed", 1, words) == -signal.SIGKILL
    assert tree(tmp_path / "killed") == before
    ended(tmp_path / "killed", 2, words)
    assert tree(tmp_path / "killed") in (before, after)
