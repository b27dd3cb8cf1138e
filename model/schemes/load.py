"""The front door: a case as a council states it, with its posts priced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.case.pay import PayError
from model.case.reading.load import read_case
from model.case.reading.problems import InputProblems, Problem
from model.schemes.optimism import SWITCH, counted_twice
from model.schemes.staff.prices import with_prices

if TYPE_CHECKING:
    from pathlib import Path

    from model.case.records import Case


def load_case(path: str | Path, scenario: str | None = None, *, complete: bool = True) -> Case:
    """Return a case under a scenario (its base scenario where none is named).

    Raises InputProblems with every problem in the case's files, in `reference/` beside it and in the scenario.
    `complete=False` leaves out what only a projection needs (a caseload, the assumptions of each scheme): enough to
    recompute published figures.
    """
    case = read_case(path, scenario, complete=complete)
    twice = counted_twice(case)
    if twice:
        expected = f"no range widened for optimism bias while {SWITCH} is 1: {', '.join(twice)} would count it twice"
        raise InputProblems([Problem(file=case.folder.name, expected=expected, suggestion="leave the switch at 0")])
    try:
        return with_prices(case)
    except PayError as error:
        file, expected = case.folder.name, "pay tables that price every row"
        lines = str(error).splitlines()
        raise InputProblems(Problem(file=file, expected=expected, suggestion=line) for line in lines) from None
