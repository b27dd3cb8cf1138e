"""The front door: a case as a council states it, with its posts priced."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from model.case.pay import PayError
from model.case.reading.load import read_case
from model.case.reading.problems import InputProblems, Problem
from model.schemes.staff.prices import with_prices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from model.case.records import Case


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
    try:
        return with_prices(case)
    except PayError as error:
        file, expected = case.folder.name, "pay tables that price every row"
        lines = str(error).splitlines()
        raise InputProblems(Problem(file=file, expected=expected, suggestion=line) for line in lines) from None
