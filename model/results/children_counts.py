"""What the chapter on children counts: what was recorded, and who is where. A page that only counts needs no engine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from model.case.parameters import PLACEMENTS
from model.case.records import Case
from model.case.timeline import MONTHS_A_YEAR
from model.case.words import ALL, IMPACT

if TYPE_CHECKING:
    import pandas as pd

MEASURE: Final = "children_looked_after"  # of `actuals.csv`: all children looked after on a day
LEAST: Final = 0.05  # children: a smaller change is none, as numbers are printed
_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_WHOLE: Final = 1 - 1e-9


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Children looked after on a day, of `actuals.csv`. `month` is `2022-03`; `used`: may the scenario know it."""

    month: str
    children: float
    source: str
    used: bool


def recorded(case: Case) -> tuple[Recorded, ...]:
    """Return every recorded number of children, oldest first.

    A scenario knows what was so by the case's knowledge date; one with hindsight knows everything. A row whose period
    is not a day (YYYY-MM-DD) is a flow over a year and no stock: it is passed over.
    """
    known = "9999" if case.conventions.hindsight else case.knowledge_date.isoformat()
    found = [
        Recorded(month=row.period[:7], children=row.value, source=row.source, used=row.period <= known)
        for row in case.actuals
        if row.measure == MEASURE and _DAY.fullmatch(row.period)
    ]
    return tuple(sorted(found, key=lambda r: r.month))


@dataclass(frozen=True, kw_only=True)
class Children:
    """The caseload of a result as a page reads it.

    `stock`: world -> frame of all children, a row per month (the opening first), a column per statistic;
    `cells`: world -> central stock (months + 1, ages, placements); `entered`, `left`: children in the first twelve
    months if nothing is done, central.
    """

    case: Case
    months: tuple[str, ...]
    stock: Mapping[str, pd.DataFrame]
    cells: Mapping[str, NDArray[np.float64]]
    entered: float
    left: float

    @property
    def opening(self) -> str:
        """The month at whose end the caseload opens: the one before the first."""
        return self.months[0]

    @property
    def at_later(self) -> int:
        """The position in `months` at which the years a page shows end, or the last of a shorter projection."""
        return min(self.case.shown_years * MONTHS_A_YEAR, len(self.months) - 1)

    @property
    def later(self) -> str:
        """The month at `at_later`."""
        return self.months[self.at_later]

    @property
    def changes(self) -> bool:
        """Whether the schemes change the number of children in any month, as numbers are printed."""
        return bool(self.stock[IMPACT]["central"].abs().max() >= LEAST)

    def central(self, world: str, placement: str, at: int) -> float:
        """Return the central number of children of a placement, or of `all`."""
        held = self.cells[world][at].sum(axis=0)
        return float(held.sum() if placement == ALL else held[PLACEMENTS.index(placement)])


def whole_years(case: Case) -> tuple[str, ...]:
    """Return the financial years a page shows that lie wholly inside the projection."""
    timeline = case.timeline
    shares = timeline.by_financial_year(timeline.year_share)
    shown = timeline.financial_years[: case.shown_years]
    return tuple(y for y, s in zip(shown, shares, strict=False) if s > _WHOLE) or shown


def outside(points: Sequence[Recorded], forecast: pd.DataFrame) -> tuple[int, int]:
    """Return how many recorded numbers lie in the forecast's 10% to 90% range, and how many fall in its months."""
    inside = [p for p in points if p.month in forecast.index]
    if not {"p10", "p90"} <= set(forecast):
        return 0, len(inside)
    hits = [forecast["p10"][p.month] <= p.children <= forecast["p90"][p.month] for p in inside]
    return sum(map(bool, hits)), len(inside)
