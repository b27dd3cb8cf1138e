"""`reconcile`: the figures a paper has printed, recomputed row by row, and what it claims a year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.commands.shared import CASE_HELP, DONE, FAILED, case_paths
from model.commands.terminal import say

if TYPE_CHECKING:
    import argparse
    from pathlib import Path


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = subparsers.add_parser("reconcile", help="recompute the figures a paper has printed, row by row")
    command.add_argument("case", metavar="CASE", help=CASE_HELP)
    command.set_defaults(run=lambda options: reconcile(case_paths([options.case])[0]))


def reconcile(path: Path) -> int:
    """Print a case's published figures row by row. Return 0, or 1 where a verdict is unexpected."""
    from model.results.reconcile import recompute, table  # noqa: PLC0415
    from model.schemes.load import load_case  # noqa: PLC0415

    case = load_case(path, _published_scenario(path), complete=False)
    lines = recompute(case)
    say(table(lines, title=f"{case.council}: published figures on the scenario {case.scenario}"))
    for line in _claims(path):
        say(line)
    return FAILED if any(line.is_unexpected for line in lines) else DONE


def _published_scenario(path: Path) -> str | None:
    """The scenario the figures are recomputed on; None (the base) where case.toml cannot be read, and load says why."""
    from model.case.reading.toml import read_toml  # noqa: PLC0415

    toml = read_toml(path / "case.toml", []) if path.is_dir() else None
    name = toml.tables.get("published_scenario") if toml else None
    return name if isinstance(name, str) and name else None


def _claims(path: Path) -> list[str]:
    """Return what the paper claims a year beside the modelled years; nothing for a case that cannot be run yet."""
    from model.case.reading.problems import InputProblems  # noqa: PLC0415
    from model.report.claims import sentences  # noqa: PLC0415
    from model.results.runs import run  # noqa: PLC0415
    from model.schemes.load import load_case  # noqa: PLC0415

    try:
        base = load_case(path)
        case = load_case(path, base.published_scenario)
    except InputProblems:
        return []
    if not any(row.beside_scheme for row in case.published):
        return []
    return sentences(run(case, draws=1, seed=1))
