"""A run with nothing to do: seconds of `python -m model run` over scenarios that are all up to date.

The scenarios are Bury's and made-up ones beside them, in a copy of the inputs. One report is made; the others are
copies of it, recorded as made from their own inputs, so that every file is there with its real size. What is timed is
the whole command: the interpreter's start, every input and output hashed, the published figures, the index.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.machine import children_cpu_seconds
from model.batch import disk, store
from model.case.reading.load import scenario_names
from model.commands.jobs import jobs_for
from model.commands.shared import INPUTS, ROOT
from model.results import provenance

if TYPE_CHECKING:
    from model.batch.job import Job

CASE = "bury-2022"
TARGET_SECONDS = 2
MADE_UP = 'title = "Made up {n}"\nwhy = "One of many."\n\n[overrides]\n"fostering.fill_rate" = {rate:.4f}\n'


def inputs(folder: Path, count: int) -> Path:
    """A copy of the inputs with ``count`` scenarios; the case's folder."""
    shutil.copytree(INPUTS, folder)
    case = folder / CASE
    for n in range(count - len(scenario_names(case))):
        text = MADE_UP.format(n=n, rate=0.5 + n / (4 * count))
        (case / "scenarios" / f"made-up-{n:04}.toml").write_text(text, encoding="utf-8")
    return case


def copy_of(model: Path, job: Job) -> None:
    """Publish a copy of a scenario's folder as another scenario's."""
    with store.whole(job.folder, made_from=job.made_from) as place:
        for path in model.iterdir():
            shutil.copyfile(path, place / path.name)
        case = Path(str(job.arguments["case"]))
        found = json.loads((place / provenance.FILE).read_text(encoding="utf-8"))
        found |= {"scenario": job.scenario, "inputs": provenance.input_hashes(case, job.scenario)}
        disk.write_whole(place / provenance.FILE, json.dumps(found, indent=2).encode())


def run(case: Path, outputs: Path, *more: str) -> tuple[float, float, str]:
    """Seconds and processor seconds of a run, and what it said."""
    command = [sys.executable, "-m", "model", "run", str(case), "--draws", "1", "--outputs", str(outputs), *more]
    started, before = time.perf_counter(), children_cpu_seconds()
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603 - itself
    return time.perf_counter() - started, children_cpu_seconds() - before, done.stdout.splitlines()[0]


def main(arguments: list[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="noop")
    parser.add_argument("--scenarios", type=int, default=100)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        outputs = Path(place) / "outputs"
        case = inputs(Path(place) / "inputs", options.scenarios)
        names = scenario_names(case)
        run(case, outputs, "--scenario", names[0])
        for job in jobs_for(case, names[1:], outputs, draws=1, seed=1):
            copy_of(outputs / CASE / names[0], job)
        run(case, outputs)  # writes the index of them all
        megabytes = sum(p.stat().st_size for p in outputs.rglob("*") if p.is_file()) / 1e6
        runs = [run(case, outputs) for _ in range(5)]
    assert all(said == f"{len(names)} fresh" for _, _, said in runs), runs
    seconds, cpu = min(r[0] for r in runs), min(r[1] for r in runs)
    print(f"{len(names)} scenarios, {megabytes:,.0f} MB of outputs, {os.cpu_count()} processors")
    print(f"nothing to do: {seconds:.2f} s (target: under {TARGET_SECONDS}), {cpu:.2f} s of processor time")
