"""A run killed a hundred times at random moments, then completed: equal to an uninterrupted one, byte for byte.

Each run goes on where the one before was killed; once all is there it is compared, and begun again from nothing. Two
runs of three write files alone, which is quick to start; every third executes small notebooks too. The jobs wait a
little, so that many moments fall while something is computed, written or moved.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import reference
from model.batch.job import Job
from model.batch.jobs import run_jobs, summary

if TYPE_CHECKING:
    from model.batch.job import Context

MARK = "BENCHMARK_KILLS_RUN"
"""An environment variable by which all processes of a killed run are known, whoever started them."""
WORKER_SHARE = 0.25
"""How often one of the workers is killed, and not the run itself."""
WAIT_SECONDS = 30.0
"""The warm process sees that its run is gone once it has imported what it was told to."""
FILES, FILE_BYTES = 4, 150_000
REPORTS_SHARE = 1 / 3
NONE = "-"
"""In the place of a notebook's path: files alone."""
NOTEBOOK = [
    ("code", "import time\ntime.sleep(0.1)\nprint(scenario)"),
    ("code", "import pandas as pd\npd.DataFrame({'a': range(50)})"),
]


def write(context: Context) -> None:
    """A job's own files, before its notebook."""
    for number in range(FILES):
        content = f"{context.job.scenario} {number}\n".encode() * (FILE_BYTES // 8)
        (context.folder / f"table-{number}.csv").write_bytes(content)
        time.sleep(0.01)


def scenarios(folder: Path, notebook: str, count: int) -> list[Job]:
    """The run that is killed: some jobs, each with files and, unless it is `NONE`, a notebook."""
    return [
        Job(
            case="case",
            scenario=f"s{number:02}",
            folder=folder / "case" / f"s{number:02}",
            made_from={"notebook": "small"},
            work="benchmarks.kills:write",
            notebook=None if notebook == NONE else Path(notebook),
            parameters={"scenario": f"s{number:02}"},
        )
        for number in range(count)
    ]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def broken(folder: Path, wanted: dict[str, bytes]) -> list[str]:
    """Published folders that are neither whole nor absent."""
    found = []
    for place in sorted((folder / "case").glob("s*")):
        files = {f"case/{place.name}/{name}": content for name, content in tree(place).items()}
        expected = {name: content for name, content in wanted.items() if name.startswith(f"case/{place.name}/")}
        if files != expected:
            found.append(place.name)
    return found


def marked(mark: str) -> set[int]:
    """Living processes that were started with a mark, as Linux shows them; elsewhere none are seen."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"{MARK}={mark}".encode() in path.read_bytes():
                found.add(int(path.parent.name))
        except OSError:
            continue
    return found


def _child(folder: Path, notebook: str, count: int) -> list[str]:
    """The command of the run."""
    return [sys.executable, "-m", "benchmarks.kills", "--child", str(folder), notebook, str(count)]


def kill_once(folder: Path, notebook: str, count: int, after: float, dice: random.Random) -> tuple[str, int]:
    """Start the run and kill it, or one of its workers, some time later; what was killed, and processes left."""
    mark = uuid.uuid4().hex
    process = subprocess.Popen(  # noqa: S603 - itself
        _child(folder, notebook, count), stderr=subprocess.DEVNULL, env={**os.environ, MARK: mark}
    )
    time.sleep(dice.uniform(0.0, after))
    children = sorted(marked(mark) - {process.pid})
    victim = dice.choice(children) if children and dice.random() < WORKER_SHARE else process.pid
    what = "run" if victim == process.pid else "worker"
    if process.poll() is None:
        try:
            os.kill(victim, getattr(signal, "SIGKILL", signal.SIGTERM))
        except ProcessLookupError:
            what = "nothing"
    else:
        what = "nothing"
    process.wait()
    end = time.monotonic() + WAIT_SECONDS
    while marked(mark) and time.monotonic() < end:
        time.sleep(0.02)
    return what, len(marked(mark))


@dataclass(kw_only=True)
class Tally:
    """What was killed and what came of it."""

    killed: dict[str, int] = field(default_factory=lambda: {"run": 0, "worker": 0, "nothing": 0})
    left: int = 0
    halves: int = 0
    completions: int = 0

    @property
    def kills(self) -> int:
        """Runs and workers killed so far."""
        return self.killed["run"] + self.killed["worker"]


def killed_often(root: Path, notebook: str, count: int, kills: int, dice: random.Random) -> Tally:
    """Kill a run so many times, completing and comparing it whenever all of it is there."""
    whole, folder, tally = root / "whole", root / "killed", Tally()
    started = time.monotonic()
    subprocess.run(_child(whole, notebook, count), check=True)  # noqa: S603 - itself
    after, wanted = 1.1 * (time.monotonic() - started), tree(whole)
    while tally.kills < kills:
        what, remaining = kill_once(folder, notebook, count, after, dice)
        tally.killed[what] += 1
        tally.left += remaining
        tally.halves += len(broken(folder, wanted))
        if what == "nothing" or len(list((folder / "case").glob("s*"))) == count:
            tally.completions += 1
            _finish(folder, notebook, count, wanted)
            shutil.rmtree(folder)
    _finish(folder, notebook, count, wanted)
    tally.completions += 1
    return tally


def main(arguments: list[str]) -> None:
    """Print what came of it; fail if anything was lost, left or half-written."""
    parser = argparse.ArgumentParser(prog="kills")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--scenarios", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    dice = random.Random(options.seed)  # noqa: S311 - moments, not secrets
    reports = round(options.kills * REPORTS_SHARE)
    with tempfile.TemporaryDirectory() as place:
        notebook = reference.write_plain(Path(place) / "small.ipynb", NOTEBOOK)
        for title, given, kills in (("files", NONE, options.kills - reports), ("reports", str(notebook), reports)):
            tally = killed_often(Path(place) / title, given, options.scenarios, kills, dice)
            print(
                f"{title}: killed {tally.killed['run']} runs and {tally.killed['worker']} workers; "
                f"{tally.completions} completions, all equal; published folders that were not whole: {tally.halves}; "
                f"processes left behind: {tally.left}",
                flush=True,
            )
            assert not tally.halves
            assert not tally.left


def _finish(folder: Path, notebook: str, count: int, wanted: dict[str, bytes]) -> None:
    """Complete the run and compare."""
    results = run_jobs(scenarios(folder, notebook, count), outputs=folder, workers=2)
    assert all(result.status in {"made", "fresh"} for result in results), summary(results)
    found = tree(folder)
    different = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
    assert not different, different


if __name__ == "__main__" and sys.argv[1:2] == ["--child"]:
    run_jobs(scenarios(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])), outputs=Path(sys.argv[2]), workers=2)
