"""The front door: a case as a council states it, with its posts priced."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from model.case.pay import PayError
from model.case.reading.load import read_case
from model.case.reading.problems import InputProblems, Problem
from model.case.records import Case
from model.schemes.optimism import SWITCH, counted_twice
from model.schemes.staff.prices import with_prices


def load_case(
    path: str | Path,
    scenario: str | None = None,
    *,
    overrides: Mapping[str, object] = MappingProxyType({}),
    complete: bool = True,
) -> Case:
    """Return a case under a scenario (its base scenario where none is named).

    `overrides` are laid over the scenario's and are what a scenario's may be: `{"fostering.fill_rate": 0.7}`.
    Raises InputProblems with every problem in the case's files, in `reference/` beside it and in the scenario.
    `complete=False` leaves out what only a projection needs (a caseload, the assumptions of each scheme): enough to
    recompute published figures.
    """
    case = read_case(path, scenario, overrides=overrides, complete=complete)
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
