"""The lines of docs/how-to/run-many-scenarios.md on a cluster, run as they are written but for the port."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from model.batch import tasks
from model.commands.shared import INPUTS, ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (INPUTS / "bury-2022" / "case.toml").exists(), reason="needs the Bury case"),
]
PAGE = ROOT / "docs" / "how-to" / "run-many-scenarios.md"
DASK = Path(sys.executable).with_name("dask")
QUICK = {"run": ["--scenario", "base", "--draws", "1"], "sweep": []}
"""What keeps a line short; all else is as written."""


def blocks(folder: Path) -> list[str]:
    """The fenced blocks of the page's part on clusters, for one machine, a free port and a folder for the key."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    part = PAGE.read_text(encoding="utf-8").partition("## On a cluster\n")[2].partition("\n## ")[0]
    part = part.replace("SCHEDULER", "127.0.0.1").replace(".venv/cluster", str(folder / "cluster"))
    part = part.replace(":8786", f":{port}").replace("dask scheduler", f"dask scheduler --no-dashboard --port {port}")
    return re.findall(r"```\n(.*?)```", part, flags=re.DOTALL)


def command(line: str) -> tuple[list[str], dict[str, str]]:
    """A line's words and its settings, with this Python and its dask for those that workbook.py would set up."""
    words, settings = shlex.split(line), {}
    while "=" in words[0]:
        name, _, settings[name] = words.pop(0).partition("=")
    if words[0] == ".venv/bin/dask":
        return [str(DASK), *words[1:]], settings
    assert words[:2] == ["python3", "workbook.py"], line
    rest = words[3:] if words[2] == "model" else words[2:]  # as workbook.py hands them over
    return [sys.executable, "-m", "model", *rest], settings


@contextmanager
def started(lines: list[str]) -> Iterator[None]:
    """What stays in its terminal: the scheduler and the worker."""
    processes = []
    try:
        for words, settings in map(command, lines):
            environment = {**os.environ, **tasks.ENVIRONMENT, "PYTHONPATH": str(ROOT), **settings}
            processes.append(subprocess.Popen(words, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL,
                                              stderr=subprocess.DEVNULL))  # fmt: skip
        yield
    finally:
        for process in reversed(processes):
            process.kill()
            process.wait()


def ask(line: str, outputs: Path) -> None:
    """Send work as a line says, to a folder of the test's; it waits for a scheduler and a worker that still start."""
    words, settings = command(line)
    words += [*QUICK[words[3]], "--outputs", str(outputs)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **settings}
    done = subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def needs(*programs: Path | str) -> None:
    """Skip where a program that the page uses is not here."""
    for program in programs:
        if not shutil.which(program):
            pytest.skip(f"{Path(program).name} is not installed")


def test_the_lines_for_one_machine_make_a_report_and_a_sweep(tmp_path):
    needs(DASK)
    scheduler, worker, *asked = blocks(tmp_path)[0].splitlines()
    assert len(asked) == 2
    with started([scheduler, worker]):
        for line in asked:
            ask(line, tmp_path / "outputs")
    assert (tmp_path / "outputs" / "bury-2022" / "base" / "report.html").is_file()
    assert (tmp_path / "outputs" / "sweep.parquet").is_file()


def test_the_lines_for_many_machines_work_encrypted_and_only_so(tmp_path):
    needs(DASK, "openssl")
    _, key, settings, lines = blocks(tmp_path)
    subprocess.run(shlex.split(key), check=True, capture_output=True)
    (tmp_path / "cluster.yaml").write_text(settings, encoding="utf-8")
    scheduler, worker, asked = lines.splitlines()
    with started([scheduler, worker]):
        ask(asked, tmp_path / "outputs")
        plain, _ = command(asked.replace("tls://", "tcp://"))
        refused = subprocess.run([*plain, "--outputs", str(tmp_path / "plain")], cwd=ROOT, capture_output=True,
                                 env={**os.environ, "PYTHONPATH": str(ROOT)}, text=True, check=False)  # fmt: skip
    assert (tmp_path / "outputs" / "sweep.parquet").is_file()
    assert refused.returncode == 1
    assert "no dask scheduler answers" in refused.stderr
