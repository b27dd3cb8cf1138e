"""Seconds a report: papermill then nbconvert one after the other, against the batch, same notebook, same outputs.

The reference report has three tables and five figures and no model time. The floor is the processor time of the
cells themselves, spread over the workers: nothing that executes the same cells can take less.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import reference
from model.batch.engine import outputs_of
from model.batch.jobs import Job, run_jobs, summary


def one_after_the_other(notebook: Path, names: list[str], folder: Path) -> float:
    """Seconds for the two command lines, scenario by scenario."""
    started = time.perf_counter()
    for name in names:
        target = folder / f"{name}.ipynb"
        _call("papermill", str(notebook), str(target), "-p", "scenario", name, "--no-progress-bar")
        _call("jupyter", "nbconvert", "--to", "html", "--template", "basic", str(target))
    return time.perf_counter() - started


def _call(module: str, *arguments: str) -> None:
    """Run a command of the environment to its end."""
    done = subprocess.run(  # noqa: S603 - its own commands
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)


def in_a_batch(notebook: Path, names: list[str], folder: Path, workers: int) -> tuple[float, float]:
    """Seconds for the batch from nothing, starting its workers included, and the cells' processor seconds."""
    jobs = [
        Job(
            case="case",
            scenario=name,
            folder=folder / "case" / name,
            made_from={"notebook": "reference"},
            notebook=notebook,
            parameters={"scenario": name},
        )
        for name in names
    ]
    started = time.perf_counter()
    results = run_jobs(jobs, outputs=folder, workers=workers, progress=False)
    seconds = time.perf_counter() - started
    assert all(result.status == "made" for result in results), summary(results)
    return seconds, sum(result.cells_cpu_seconds for result in results)


def differing(names: list[str], slow: Path, fast: Path) -> list[str]:
    """Scenarios whose cells showed something else than a real kernel's."""
    return [
        name
        for name in names
        if outputs_of(json.loads((slow / f"{name}.ipynb").read_text(encoding="utf-8")))
        != outputs_of(json.loads((fast / "case" / name / "report.ipynb").read_text(encoding="utf-8")))
    ]


def main(arguments: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="reports")
    parser.add_argument("--scenarios", type=int, default=20)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    names = [f"scenario-{number:02}" for number in range(options.scenarios)]
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        slow, fast = root / "slow", root / "fast"
        slow.mkdir()
        notebook = reference.write(root / "reference.ipynb")
        batch, floor = in_a_batch(notebook, names, fast, options.workers)
        naive = one_after_the_other(notebook, names, slow)
        wrong = differing(names, slow, fast)
    count = len(names)
    print(f"{'':34}{'seconds':>9}{'a report':>10}")
    print(f"{'papermill, nbconvert in turn':34}{naive:9.1f}{naive / count:10.2f}")
    print(f"{f'batch, {options.workers} workers, from nothing':34}{batch:9.1f}{batch / count:10.2f}")
    spread = floor / options.workers
    print(f"{'floor (processor time of the cells)':35}{spread:8.1f}{spread / count:10.2f}")
    print(f"{naive / batch:.1f} times faster; outputs identical to a kernel's: {count - len(wrong)} of {count}")
    assert not wrong, wrong
