"""A run killed a hundred times at random moments, then completed: equal to an uninterrupted one, byte for byte."""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import reference
from model.batch.jobs import Job, run_jobs, summary


def scenarios(folder: Path, notebook: Path, count: int) -> list[Job]:
    """The run that is killed: some jobs, each with a notebook."""
    return [
        Job(
            case="case",
            scenario=f"s{number:02}",
            folder=folder / "case" / f"s{number:02}",
            made_from={"notebook": "reference"},
            notebook=notebook,
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


def group_of(process: subprocess.Popen[bytes]) -> set[int]:
    """A process and its children, on Linux; elsewhere itself."""
    found = {process.pid}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(path.read_text().rpartition(")")[2].split()[1]) == process.pid:
                found.add(int(path.parent.name))
        except OSError:
            continue
    return found


def alive(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be forgotten."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill_once(folder: Path, notebook: Path, count: int, dice: random.Random) -> tuple[str, int]:
    """Start the run and kill it, or one of its workers, some time later; what was killed, and processes left."""
    command = [sys.executable, "-m", "benchmarks.kills", "--child", str(folder), str(notebook), str(count)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)  # noqa: S603 - itself
    time.sleep(dice.uniform(0.0, 8.0))
    everyone = group_of(process)
    children = sorted(everyone - {process.pid})
    victim = dice.choice(children) if children and dice.random() < 0.3 else process.pid
    if process.poll() is None and alive(victim):
        os.kill(victim, getattr(signal, "SIGKILL", signal.SIGTERM))
    process.wait()
    end = time.monotonic() + 5
    while any(alive(pid) for pid in everyone) and time.monotonic() < end:
        time.sleep(0.05)
    return "run" if victim == process.pid else "worker", sum(alive(pid) for pid in everyone)


def main(arguments: list[str]) -> None:
    """Print what came of it; fail if anything was lost, left or half-written."""
    parser = argparse.ArgumentParser(prog="kills")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--scenarios", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    dice = random.Random(options.seed)  # noqa: S311 - moments, not secrets
    killed = {"run": 0, "worker": 0}
    left = halves = completions = 0
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        notebook = reference.write(root / "reference.ipynb")
        whole, folder = root / "whole", root / "killed"
        run_jobs(scenarios(whole, notebook, options.scenarios), outputs=whole)
        wanted = tree(whole)
        for _ in range(options.kills):
            what, remaining = kill_once(folder, notebook, options.scenarios, dice)
            killed[what] += 1
            left += remaining
            halves += len(broken(folder, wanted))
            if len(list((folder / "case").glob("s*"))) == options.scenarios:
                completions += 1
                _finish(folder, notebook, options.scenarios, wanted)
                _remove(folder)
        _finish(folder, notebook, options.scenarios, wanted)
    print(f"killed {killed['run']} runs and {killed['worker']} workers; {completions + 1} completions, all equal")
    print(f"published folders that were not whole: {halves}; processes left behind: {left}")
    assert not halves
    assert not left


def _finish(folder: Path, notebook: Path, count: int, wanted: dict[str, bytes]) -> None:
    """Complete the run and compare."""
    results = run_jobs(scenarios(folder, notebook, count), outputs=folder)
    assert all(result.status in {"made", "fresh"} for result in results), summary(results)
    found = tree(folder)
    different = sorted(name for name in {*found, *wanted} if found.get(name) != wanted.get(name))
    assert not different, different


def _remove(folder: Path) -> None:
    """Start again from nothing."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


if __name__ == "__main__" and sys.argv[1:2] == ["--child"]:
    run_jobs(scenarios(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])), outputs=Path(sys.argv[2]), workers=2)
