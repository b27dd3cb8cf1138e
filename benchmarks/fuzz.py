"""Damage of every kind, in process: inputs, returns, tables and outputs are mutated and read without a traceback.

Run: ``python -m benchmarks fuzz --cases 10000 --seed 1``. Each mutation is refused in a sentence, warned of,
harmless, or silent: read without a word while the headline moves by more than 1%. A traceback ends the run with
status 1; the finding becomes a minimal file in ``tests/faults``.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import io
import json
import random
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from model import load_case, run
from model.case.draws import central
from model.case.reading.plausible import warnings
from model.case.reading.problems import InputProblems
from model.children.opening import CaseloadError
from model.children.streams import streams_of
from model.commands.line import main as command
from model.demand.authority import authority_caseload
from model.demand.dfe import read_dfe
from model.demand.ssda903 import read_episodes
from model.money.appraisal import npv_evaluator
from model.results import files, provenance
from model.results.outputs import finished, read_runs

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
MOVED = 0.01  # of the headline: less than this is no matter
ODD = (b"-1", b"1e308", b"nan", b"=1+1", b"\\", b"\xa3", b"\x00", b"", b"'", b'"', b"9" * 400, b"\xff\xfe", b"[" * 500)


class Outcome(NamedTuple):
    """What came of one mutation: `kind` is refused, warned, silent, harmless or traceback."""

    kind: str
    what: str


def mutated(raw: bytes, rng: random.Random) -> tuple[str, bytes]:
    """Return the name of a mutation and what a file's bytes are after it."""
    lines, name = raw.splitlines(keepends=True), rng.choice(MUTATIONS)
    line = rng.randrange(len(lines)) if lines else 0
    at = rng.randrange(len(raw)) if raw else 0
    whole = {
        "cut short": lambda: raw[:at],
        "empty": lambda: b"",
        "a line gone": lambda: b"".join(lines[:line] + lines[line + 1 :]),
        "a line twice": lambda: b"".join(lines[: line + 1] + lines[line:]),
        "a byte changed": lambda: raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :],
        "odd text put in": lambda: raw[:at] + rng.choice(ODD) + raw[at:],
        "another encoding": lambda: raw.decode().encode(rng.choice(["cp1252", "utf-16", "utf-32"]), errors="replace"),
    }
    if name in whole:
        return name, whole[name]()
    cells = lines[line].split(b",") if lines else [b""]
    cell = rng.randrange(len(cells))
    cells[cell] = {"a digit more": cells[cell] + b"0", "a cell odd": rng.choice(ODD), "a cell gone": b""}[name]
    return name, b"".join([*lines[:line], b",".join(cells), *lines[line + 1 :]])


MUTATIONS = ("cut short", "empty", "a line gone", "a line twice", "a byte changed", "odd text put in",
             "another encoding", "a digit more", "a cell odd", "a cell gone")  # fmt: skip


class Target(NamedTuple):
    """Something that is read: its files, and what reads them, which says what came of it."""

    folder: Path
    files: list[Path]
    read: Callable[[], str]


def inputs(place: Path) -> Target:
    """A case with two scenarios and the reference tables: read, checked, and run once at its central values."""
    shutil.copytree(ROOT / "inputs" / "reference", place / "inputs" / "reference")
    case_folder = place / "inputs" / "bury-2022"
    shutil.copytree(ROOT / "inputs" / "bury-2022", case_folder)
    before = headline(case_folder)
    found = sorted([*case_folder.glob("*.*"), case_folder / "scenarios" / "base.toml",
                    *(case_folder.parent / "reference").glob("[!n]*/*.csv")])  # fmt: skip

    def read() -> str:
        case = load_case(case_folder, "base")
        if warnings([case], {}):
            return "warned"
        return "silent" if abs(headline(case_folder) / before - 1) > MOVED else "harmless"

    return Target(case_folder, [path for path in found if path.is_file()], read)


def headline(folder: Path) -> float:
    """The NPV of all invest-to-save schemes at the central values."""
    case = load_case(folder, "base")
    streams_of(case)
    return float(npv_evaluator(case, ["invest_to_save"])(central(case))["invest_to_save"][0])


def returns(place: Path) -> Target:
    """An SSDA903 return of made-up children."""
    from tests.demand.synthetic import World, write_returns  # noqa: PLC0415 - it comes with the tests

    (place / "return").mkdir()
    write_returns(place / "return", World(entries_annual=20.0, first_year=2021, years=2), seed=1)
    found = sorted(path for path in (place / "return").rglob("*") if path.is_file())
    before = len(read_episodes(place / "return").child)

    def read() -> str:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            now = len(read_episodes(place / "return").child)
        return "harmless" if abs(now / before - 1) <= MOVED else "fewer or more episodes"

    return Target(place / "return", found, read)


def tables(place: Path) -> Target:
    """Published tables of made-up authorities."""
    from tests.demand.synthetic import write_tables  # noqa: PLC0415 - as above

    (place / "tables").mkdir()
    folder = write_tables(place / "tables")
    found = sorted(path for path in folder.rglob("*") if path.is_file())

    def read() -> str:
        authority_caseload(read_dfe(folder), AUTHORITY, None)
        return "harmless"

    return Target(folder, found, read)


AUTHORITY = "Northby"


def outputs(place: Path) -> Target:
    """What a run leaves, compared with itself and read for an index."""
    case = load_case(ROOT / "inputs" / "bury-2022", "base")
    for name in ("old", "new"):
        folder = place / name / "bury-2022" / "base"
        folder.mkdir(parents=True)
        result = run(case, draws=1)
        files.write(result, folder)
        found = provenance.provenance(case, draws=1, seed=1)
        (folder / provenance.FILE).write_text(json.dumps(found, default=str), encoding="utf-8")
    folder = place / "new" / "bury-2022" / "base"

    def read() -> str:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            command(["diff", str(place / "old"), str(place / "new")])
        read_runs(finished(place / "new" / "bury-2022", None))
        return "harmless"

    return Target(folder, sorted(folder.glob("*.*")), read)


TARGETS: dict[str, Callable[[Path], Target]] = {
    "inputs": inputs,
    "returns": returns,
    "tables": tables,
    "outputs": outputs,
}


def attempt(target: Target, rng: random.Random) -> Outcome:
    """Mutate one file of a target, read the target, and put the file back."""
    path = rng.choice(target.files)
    raw = path.read_bytes()
    name, changed = mutated(raw, rng)
    what = f"{path.name}: {name}"
    path.write_bytes(changed)
    try:
        return Outcome("harmless" if changed == raw else target.read(), what)
    except (InputProblems, CaseloadError):
        return Outcome("refused", what)
    except Exception:  # noqa: BLE001 - what is looked for
        return Outcome("traceback", f"{what}\n{traceback.format_exc(limit=-3)}")
    finally:
        path.write_bytes(raw)


def fuzz(kind: str, cases: int, seed: int, first: int = 0) -> list[Outcome]:
    """Return what came of so many mutations of one kind of target, from number `first` on; a seed gives the same."""
    with tempfile.TemporaryDirectory() as place:
        target = TARGETS[kind](Path(place))
        numbers = range(first, first + cases)
        return [attempt(target, random.Random(f"{kind}/{seed}/{number}")) for number in numbers]  # noqa: S311


def main(arguments: list[str]) -> None:
    """Print what came of it, kind by kind; status 1 where there was a traceback."""
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("--cases", type=int, default=1000, help="mutations in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", default="1/1", help="2/8 does the second eighth of them: a long run in parts")
    parser.add_argument("--only", choices=list(TARGETS), action="append")
    options = parser.parse_args(arguments)
    kinds, failed = options.only or list(TARGETS), False
    part, parts = map(int, options.part.split("/"))
    cases = max(1, options.cases // len(kinds) // parts)
    for kind in kinds:
        started = time.perf_counter()
        found = fuzz(kind, cases, options.seed, first=(part - 1) * cases)
        counts = collections.Counter(outcome.kind for outcome in found)
        told = ", ".join(f"{count} {name}" for name, count in counts.most_common())
        print(f"{kind:8} {len(found):6} in {time.perf_counter() - started:4.0f} s: {told}")
        for outcome in found:
            if outcome.kind == "silent":
                print(f"   silent: {outcome.what}")
            if outcome.kind == "traceback":
                failed = True
                print(f"   traceback: {outcome.what}")
    if failed:
        sys.exit(1)
