"""`reconcile`: the figures a paper has printed, recomputed row by row, and what it claims a year."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.commands.arguments import Parsers, declare
from model.commands.shared import DONE, FAILED, case_paths
from model.commands.terminal import say

if TYPE_CHECKING:
    from pathlib import Path


def add_arguments(subparsers: Parsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("reconcile", help="recompute the figures a paper has printed, row by row")
    declare(command, "case")
    command.set_defaults(run=lambda options: reconcile(case_paths([options.case])[0]))


def reconcile(path: Path) -> int:
    """Print a case's published figures row by row. Return 0, or 1 where a verdict is unexpected."""
    from model.results.reconcile import recompute, table  # noqa: PLC0415
    from model.schemes.load import load_case  # noqa: PLC0415

    case = load_case(path, complete=False)
    lines = recompute(case)
    say(table(lines, title=f"{case.council}: published figures on the scenario {case.published_scenario}"))
    for line in _claims(path):
        say(line)
    return FAILED if any(line.is_unexpected for line in lines) else DONE


def _claims(path: Path) -> list[str]:
    """Return what the paper claims a year beside the modelled years; nothing for a case that cannot be run yet."""
    from model.case.reading.problems import InputProblems  # noqa: PLC0415
    from model.report.claims import sentences  # noqa: PLC0415
    from model.results.runs import run  # noqa: PLC0415
    from model.schemes.load import load_case  # noqa: PLC0415

    try:
        case = load_case(path, load_case(path).published_scenario)
    except InputProblems:
        return []
    return sentences(run(case, draws=1, seed=1)) if any(row.beside_scheme for row in case.published) else []
