"""What the chapter on children counts: what was recorded, who is where, what each placement and age costs.

Charts and tables take their numbers from here, so that they cannot disagree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.case.parameters import AGES, PLACEMENTS
from model.case.words import DO_NOTHING, IMPACT, WITH_SCHEMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from model.case.records import Case

MEASURE = "children_looked_after"  # of `actuals.csv`: all children looked after on a day
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MONTHS_A_YEAR = 12
LEAST = 0.05  # children: a smaller change is none, as numbers are printed
_WHOLE = 1 - 1e-9


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
    found = []
    for row in case.actuals:
        day = _DAY.fullmatch(row.period)
        if row.measure == MEASURE and day:
            known = case.conventions.hindsight or row.period <= case.knowledge_date.isoformat()
            found.append(Recorded(month=row.period[:7], children=row.value, source=row.source, used=known))
    return tuple(sorted(found, key=lambda r: r.month))


@dataclass(frozen=True, kw_only=True)
class Children:
    """The caseload of a result, read once.

    `stock`: (world, placement or `all`) -> frame, a row per month (the opening first), a column per statistic;
    `cells`: world -> central stock (months + 1, ages, placements); `entered`, `left`: children in the first twelve
    months if nothing is done, central.
    """

    case: Case
    months: tuple[str, ...]
    stock: Mapping[tuple[str, str], pd.DataFrame]
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
        return min(self.case.shown_years * _MONTHS_A_YEAR, len(self.months) - 1)

    @property
    def later(self) -> str:
        """The month at `at_later`."""
        return self.months[self.at_later]

    @property
    def yearly(self) -> tuple[int, ...]:
        """Positions of the opening and of each month a whole number of years after it."""
        return tuple(range(0, len(self.months), _MONTHS_A_YEAR))

    @property
    def placements(self) -> tuple[str, ...]:
        """The placements that ever hold a child, in the usual order."""
        most = sum(c.sum(axis=1).max(axis=0) for c in self.cells.values())
        return tuple(p for p, n in zip(PLACEMENTS, np.asarray(most), strict=True) if n > 0)

    def changes(self, placement: str) -> bool:
        """Whether the schemes change the number of children in a placement in any month, as numbers are printed."""
        return bool(self.stock[IMPACT, placement]["central"].abs().max() >= LEAST)

    def central(self, world: str, placement: str, at: int) -> float:
        """Return the central number of children of a placement, or of `all`, as the caseload frame holds it."""
        return float(self.stock[world, placement]["central"].iloc[at])


def read(case: Case, frame: pd.DataFrame) -> Children:
    """Return the caseload of a result, from its frame."""
    stock = frame[(frame["measure"] == "stock") & (frame["age_band"] == "all")]
    wide = stock.pivot_table(index=["world", "placement", "month"], columns="statistic", values="children",
                             aggfunc="sum", observed=True)  # fmt: skip
    frames = {
        (str(world), str(placement)): part.droplevel([0, 1]).dropna(axis=1).rename(index=str).rename(columns=str)
        for (world, placement), part in wide.groupby(level=[0, 1], observed=True)
    }
    months = tuple(frames[DO_NOTHING, "all"].index)
    first = [_first_year(frame, measure, months) for measure in ("entry", "exit")]
    return Children(
        case=case, months=months, stock=frames, entered=first[0], left=first[1],
        cells={world: _cells(frame, world, months) for world in (DO_NOTHING, WITH_SCHEMES)},
    )  # fmt: skip


def _first_year(frame: pd.DataFrame, measure: str, months: Sequence[str]) -> float:
    """Return how many children enter or leave in the first twelve months if nothing is done, central."""
    kept = frame[(frame["world"] == DO_NOTHING) & (frame["measure"] == measure) & (frame["age_band"] == "all")
                 & (frame["placement"] == "all") & (frame["statistic"] == "central")]  # fmt: skip
    return float(kept[kept["month"].isin(months[1 : 1 + _MONTHS_A_YEAR])]["children"].sum())


def _cells(frame: pd.DataFrame, world: str, months: Sequence[str]) -> NDArray[np.float64]:
    """Return the central stock of a world, (months + 1, ages, placements)."""
    kept = frame[(frame["world"] == world) & (frame["measure"] == "stock") & (frame["statistic"] == "central")
                 & (frame["age_band"] != "all") & (frame["placement"] != "all")]  # fmt: skip
    table = np.zeros((len(months), len(AGES), len(PLACEMENTS)))
    for (age, placement), part in kept.groupby(["age_band", "placement"], observed=True):
        series = part.set_index("month")["children"].rename(index=str).reindex(list(months))
        table[:, AGES.index(str(age)), PLACEMENTS.index(str(placement))] = series.to_numpy()
    return table


def whole_years(case: Case) -> tuple[str, ...]:
    """Return the financial years a page shows that lie wholly inside the projection."""
    timeline = case.timeline
    shares = timeline.by_financial_year(timeline.year_share)
    shown = timeline.financial_years[: case.shown_years]
    whole = tuple(y for y, s in zip(shown, shares, strict=False) if s > _WHOLE)
    return whole or shown


def outside(points: Sequence[Recorded], forecast: pd.DataFrame) -> tuple[int, int]:
    """Return how many recorded numbers lie in the forecast's 10% to 90% range, and how many fall in its months."""
    inside = [p for p in points if p.month in forecast.index]
    if not {"p10", "p90"} <= set(forecast):
        return 0, len(inside)
    hits = [forecast["p10"][p.month] <= p.children <= forecast["p90"][p.month] for p in inside]
    return sum(map(bool, hits)), len(inside)
