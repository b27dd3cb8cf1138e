"""What a run was made from: commit, inputs, seed, draws, versions, and the one command that makes it again."""

import json
import platform
import shlex
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from model.batch.disk import text_digest, write_whole
from model.batch.origins import commit, versions
from model.case.reading.files import is_aside
from model.case.reading.toml import toml_of
from model.case.records import Case

FILE = "provenance.json"
INPUT_SUFFIXES = (".csv", ".toml")
NOTHING_SET: Mapping[str, object] = MappingProxyType({})


def input_files(case_folder: Path, scenario: str) -> list[Path]:
    """Return the files a scenario rests on: the case's own, its scenario's and the shared reference tables."""
    own = case_folder.iterdir() if case_folder.is_dir() else []
    chosen = case_folder / "scenarios" / f"{scenario}.toml"
    shared = case_folder.parent / "reference"
    tables = (p for p in shared.rglob("*") if "new_case" not in p.parts)  # the template of a new case decides nothing
    found = [p for p in (*own, *tables) if p.suffix in INPUT_SUFFIXES and p.is_file() and not is_aside(p)]
    return sorted([*found, *([chosen] if chosen.is_file() else [])])


def input_hashes(case_folder: Path, scenario: str) -> dict[str, str]:
    """Return SHA-256 by path, written from the folder that holds all cases: `bury-2022/case.toml`."""
    above = case_folder.parent
    return {p.relative_to(above).as_posix(): text_digest(p) for p in input_files(case_folder, scenario)}


def command(case: str, scenario: str, draws: int, seed: int, overrides: Mapping[str, object] = NOTHING_SET) -> str:
    """Return the one command that makes a scenario's files again."""
    told = "".join(f" --set {shlex.quote(f'{name}={toml_of(value)}')}" for name, value in overrides.items())
    return f"python3 workbook.py run {case} --scenario {scenario} --draws {draws} --seed {seed}{told}"


def provenance(case: Case, *, draws: int, seed: int, overrides: Mapping[str, object] = NOTHING_SET) -> dict[str, Any]:
    """Return what a run is made from, but for when it ran: the same run gives the same answer."""
    head, dirty = commit()
    return {
        "case": case.folder_name,
        "scenario": case.scenario,
        "title": case.scenario_title,
        "why": case.scenario_why,
        "theme": case.scenario_theme,
        "council": case.council,
        "knowledge_date": case.knowledge_date.isoformat(),
        "base_scenario": case.base_scenario,
        "published_scenario": case.published_scenario,
        "price_base": case.price_base,
        "shown_years": case.shown_years,
        "schemes": [spec.name for spec in case.active_schemes],
        "commit": head,
        "dirty": dirty,
        "draws": draws,
        "seed": seed,
        "versions": versions(),
        "platform": f"{platform.system()} {platform.machine()}",
        "command": command(case.folder_name, case.scenario, draws, seed, overrides),
        "inputs": input_hashes(Path(case.folder), case.scenario),
        "lines": _lines(case),
        "assumptions": _assumptions(case),
    }


def _lines(case: Case) -> dict[str, int]:
    """Return how many lines each table of a case has, by its file's name."""
    tables = [path for path in input_files(case.folder, case.scenario) if path.parent == case.folder]
    return {path.name: path.read_bytes().count(b"\n") for path in tables if path.suffix == ".csv"}


def shortened(case: Case, outputs: Path) -> list[str]:
    """Return a sentence for each table of a case that has fewer lines than when its base report was made.

    A table that is cut at the end of a line is whole by its look: that it was longer is all there is to notice.
    """
    made = (read(outputs / case.folder_name / case.base_scenario) or {}).get("lines")
    then, now = made if isinstance(made, dict) else {}, _lines(case)
    return [
        f"{case.folder_name}/{name}: {now.get(name, 0)} lines, where there were {before} when the report of "
        f"{case.base_scenario} was made; if nobody took any out, the file has been cut short"
        for name, before in then.items()
        if isinstance(before, int) and now.get(name, 0) < before
    ]


def _assumptions(case: Case) -> dict[str, dict[str, Any]]:
    kept = ("value", "low", "high", "distribution", "unit", "price_base", "source", "quality", "impact", "note")
    return {name: {field: getattr(a, field) for field in kept} for name, a in case.assumptions.items()}


def write(folder: Path, found: Mapping[str, Any], *, started: datetime, seconds: float) -> None:
    """Write `provenance.json` beside a run's files, with when it ran and how long it took."""
    when = {"started": started.isoformat(timespec="seconds"), "seconds": round(seconds, 3)}
    text = json.dumps({**found, **when}, indent=2, ensure_ascii=False, default=str)
    write_whole(folder / FILE, f"{text}\n".encode())


def read(folder: Path) -> dict[str, Any] | None:
    """Return a run's provenance, or None where there is none that can be read."""
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("inputs", {}), dict) else None


def changed_inputs(found: Mapping[str, Any], cases: Path) -> list[str]:
    """Return the input files that are not as they were when a run was made; empty = the run is fresh.

    `cases` is the folder that holds all cases. New, gone and changed files are all named.
    """
    then = dict(found.get("inputs", {}))
    now = input_hashes(cases / str(found.get("case", "")), str(found.get("scenario", "")))
    return sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
