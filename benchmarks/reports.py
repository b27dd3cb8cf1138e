"""Seconds a report: papermill then nbconvert one after the other, against the batch, same notebook, same outputs.

The reference report has three tables and five figures and no model time. The floor is the processor time of the
cells themselves, spread over the processors: nothing that executes the same cells can take less. "Once warm" leaves
out what a run pays once, the imports of its own process and of the one that kernels are forked from.

Then the report of Bury, with the default draws. Its floor is the notebook alone, whose cells run the model; the whole
also writes every CSV file, the provenance and the page, hashes them and flushes them to the disk.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bs4 import BeautifulSoup  # nbconvert's own

from benchmarks import reference
from benchmarks.machine import adopt_orphans, children_cpu_seconds, reap_orphans
from benchmarks.reference import outputs_of
from model.batch.job import Job, JobResult
from model.batch.jobs import run_jobs, summary
from model.case.reading.load import scenario_names
from model.commands.jobs import NOTEBOOK, jobs_for
from model.commands.shared import INPUTS

COMPARED = 3
"""How many of Bury's reports the two command lines make in turn: enough for a ratio."""


def one_after_the_other(notebook: Path, names: list[str], folder: Path, *more: str) -> float:
    """Seconds for the two command lines, scenario by scenario; ``more`` goes to papermill."""
    started = time.perf_counter()
    for name in names:
        target = folder / f"{name}.ipynb"
        _call("papermill", str(notebook), str(target), "-p", "scenario", name, "--no-progress-bar", *more)
        _call("jupyter", "nbconvert", "--to", "html", "--template", "basic", str(target))
    return time.perf_counter() - started


def _call(module: str, *arguments: str) -> None:
    """Run a command of the environment to its end."""
    done = subprocess.run(  # noqa: S603 - its own commands
        [sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)


def in_a_batch(notebook: Path, names: list[str], folder: Path, workers: int) -> tuple[float, list[JobResult]]:
    """Seconds for the batch from nothing, starting its workers included, and what each report took."""
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
    return seconds, results


def differing(names: list[str], slow: Path, fast: Path) -> tuple[list[str], list[str]]:
    """Scenarios whose cells showed something else than a real kernel's, and whose page does not read as nbconvert's."""
    cells = [
        name
        for name in names
        if outputs_of(json.loads((slow / f"{name}.ipynb").read_text(encoding="utf-8")))
        != outputs_of(json.loads((fast / "case" / name / "report.ipynb").read_text(encoding="utf-8")))
    ]
    pages = [n for n in names if _page(slow / f"{n}.html") != _page(fast / "case" / n / "report.html")]
    return cells, pages


def _page(path: Path) -> str:
    """A page read as nbconvert's last step reads it, but for the name that papermill makes up for the cell it adds."""
    text = str(BeautifulSoup(path.read_text(encoding="utf-8"), features="html.parser")).rstrip()
    return re.sub(r'(celltag_injected-parameters" id=)"[^"]*"', r"\1", text)


def bury(count: int, draws: int, workers: int) -> None:
    """Print what Bury's reports take beside their cells alone, and beside the two command lines in turn."""
    case = INPUTS / "bury-2022"
    names = scenario_names(case)[:count]
    with tempfile.TemporaryDirectory() as place:
        outputs, bare, slow = (Path(place) / name for name in ("whole", "cells", "slow"))
        slow.mkdir()
        asked = [word for name in names for word in ("--scenario", name)]
        words = ["run", str(case), "--draws", str(draws), "--jobs", str(workers), "--outputs", str(outputs), *asked]
        adopt_orphans()
        before, started = children_cpu_seconds(), time.perf_counter()
        _call("model", *words)
        seconds = time.perf_counter() - started
        reap_orphans()
        cpu = children_cpu_seconds() - before
        jobs = [replace(job, work=None) for job in jobs_for(case, names, bare, draws=draws, seed=1)]
        cells = run_jobs(jobs, outputs=bare, workers=workers, progress=False)
        assert all(result.status == "made" for result in cells), summary(cells)
        few = names[:COMPARED]
        naive = one_after_the_other(NOTEBOOK, few, slow, "-p", "draws", str(draws), "--cwd", str(NOTEBOOK.parent))
    floor = sum(result.cells_cpu_seconds for result in cells)
    naive *= len(names) / len(few)
    print(f"\nBury, {draws:,} draws, {len(names)} scenarios, {workers} at once, the whole command from nothing")
    print(f"processor seconds: {cpu:.1f}; of the cells alone: {floor:.1f}; ratio {cpu / floor:.2f} (target: 1.3)")
    print(f"seconds: {seconds:.1f}; papermill, nbconvert in turn: {naive:.1f}; {naive / seconds:.1f} times (target: 4)")


def main(arguments: list[str]) -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(prog="reports")
    parser.add_argument("--scenarios", type=int, default=20)
    parser.add_argument("--bury", type=int, default=8, help="scenarios of the real report; 0 for none")
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=(os.cpu_count() or 1) + 1)
    options = parser.parse_args(arguments)
    names = [f"scenario-{number:02}" for number in range(options.scenarios)]
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        slow, fast = root / "slow", root / "fast"
        slow.mkdir()
        notebook = reference.write(root / "reference.ipynb")
        batch, results = in_a_batch(notebook, names, fast, options.workers)
        before = children_cpu_seconds()
        naive = one_after_the_other(notebook, names, slow)
        after = children_cpu_seconds()
        cells, pages = differing(names, slow, fast)
    processors = os.cpu_count() or 1
    warm = statistics.median(result.seconds for result in results) * len(names) / options.workers
    floor = sum(result.cells_cpu_seconds for result in results)
    rows = [
        ("papermill, nbconvert in turn", naive, after - before),
        (f"batch, {options.workers} at once, from nothing", batch, math.nan),
        ("batch, once warm", warm, sum(result.cpu_seconds for result in results)),
        ("floor: the cells alone", floor / processors, floor),
    ]
    print(f"{'':34}{'seconds':>9}{'a report':>10}{'processor seconds':>19}{'a report':>10}")
    for title, seconds, cpu in rows:
        print(f"{title:34}{seconds:9.1f}{seconds / len(names):10.2f}{cpu:19.1f}{cpu / len(names):10.2f}")
    print(f"{naive / batch:.1f} times faster from nothing (target: 8), {naive / warm:.1f} once warm")
    print(f"cell outputs identical to a kernel's: {len(names) - len(cells)} of {len(names)}")
    print(f"pages that read as nbconvert's: {len(names) - len(pages)} of {len(names)}")
    assert not cells, cells
    assert not pages, pages
    if options.bury:
        bury(options.bury, options.draws, options.workers)
