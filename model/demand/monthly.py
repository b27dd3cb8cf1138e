"""What happened month by month, from a council's own returns: rows of `actuals.csv`.

Entries whole and by age, exits, children at the end of each month and nights, whole and by placement. Without
`internal` nothing from one to five is written, nor what would give it away: flows are told by month, or by quarter or
year where that leaves no small count, and what is small even so is left out.
"""

from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from model.case.measures import CEASED, LOOKED_AFTER, NIGHTS, STARTED
from model.case.parameters import AGE_BANDS, PLACEMENTS
from model.case.timeline import financial_year
from model.case.words import BASELINE, FINAL
from model.demand.episodes import UNKNOWN, Episodes, birthday
from model.demand.privacy import hidden_cells

AGES: Final = dict(zip(AGE_BANDS, ((0, 1), (1, 5), (5, 10), (10, 16), (16, 18)), strict=True))
"""Band -> the birthdays between which a child is in it."""
COLUMNS: Final = ("period", "measure", "scope", "value", "unit", "source", "as_at", "status")
MONTH, QUARTER, YEAR = 1, 3, 12
UNTOLD: Final = "-"  # what is counted only to see whether it would be given away


def actuals_of(episodes: Episodes, start: date, *, internal: bool) -> pd.DataFrame:
    """Return the figures of every month that the returns hold whole, in the columns `COLUMNS`.

    `start`: of the case; what lies before it is its baseline. Unaccompanied children are in every figure but those by
    age, as the model has them.
    """
    edges = _months(episodes.opens, episodes.closes)
    started = _events(episodes.start[episodes.enters], edges)
    own = episodes.enters & ~episodes.uasc & (episodes.born != UNKNOWN)
    births = {band: [birthday(episodes.born, age) for age in years] for band, years in AGES.items()}
    aged = {band: (low <= episodes.start) & (episodes.start < high) for band, (low, high) in births.items()}
    by_age = {band: _events(episodes.start[own & within], edges) for band, within in aged.items()}
    by_age[UNTOLD] = started - np.sum(list(by_age.values()), axis=0)
    at = {code: np.flatnonzero(episodes.placement == i) for i, code in enumerate(PLACEMENTS)}
    stock = {code: _stock(episodes, rows, edges) for code, rows in at.items()}
    nights = {code: _nights(episodes, rows, edges) for code, rows in at.items()}
    rows = [
        *_flows(STARTED, {"": started}, edges, internal=internal),
        *_flows(STARTED, by_age, edges, internal=internal),
        *_flows(CEASED, {"": _events(episodes.end[episodes.leaves], edges)}, edges, internal=internal),
    ]
    for measure, counts, days in ((LOOKED_AFTER, stock, 1), (NIGHTS, nights, np.diff(edges))):
        for told in (counts, {"": np.sum(list(counts.values()), axis=0)}):
            rows += _rows(measure, told, edges, internal=internal, days=days)
    frame = pd.DataFrame(rows, columns=["begins", *COLUMNS[:5]])
    frame["status"] = np.where(frame.pop("begins") < np.datetime64(start), BASELINE, FINAL)
    as_at = str(np.datetime64(episodes.closes, "D"))
    return frame.assign(source="the council's own SSDA903 returns", as_at=as_at)[list(COLUMNS)]


def merged(before: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Return rows of `actuals.csv` (as text) with those found after them; the same figure of the same day but once."""
    columns = dict.fromkeys([*before.columns, *found.columns])
    every = pd.concat([before, found.astype(str)], ignore_index=True).reindex(columns=list(columns)).fillna("")
    return every.drop_duplicates(["period", "measure", "scope", "as_at"], keep="last")


def _months(first: int, after: int) -> np.ndarray:
    """Return the first days of the whole months from one day to another, and the day after the last."""
    begin, end = np.array([first - 1, after]).astype("datetime64[D]").astype("datetime64[M]")
    months = np.arange(begin + np.timedelta64(1, "M"), end + np.timedelta64(1, "M"))
    return np.asarray(months.astype("datetime64[D]").astype(np.int64))


def _events(days: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return how many of some days lie in each month."""
    return np.diff(np.searchsorted(np.sort(days), edges))


def _stock(episodes: Episodes, rows: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the children of some episodes on the last day of each month: those that started less those that ended."""
    came, went = (np.sort(days[rows]) for days in (episodes.start, episodes.end))
    return np.searchsorted(came, edges[1:]) - np.searchsorted(went, edges[1:])


def _nights(episodes: Episodes, rows: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the nights of some episodes in each month: from the day they start to the day they end."""
    start, end = episodes.start[rows], episodes.end[rows]
    return np.array([(np.clip(end, *month) - np.clip(start, *month)).sum() for month in pairwise(edges)])


def _flows(
    measure: str, counts: Mapping[str, np.ndarray], edges: np.ndarray, *, internal: bool
) -> list[tuple[object, ...]]:
    """Return counts of events by the shortest periods that leave none of them small; by years where all do."""
    month = edges.astype("datetime64[D]").astype("datetime64[M]").astype(int) % YEAR
    rows: list[tuple[object, ...]] = []
    for every in (MONTH,) if internal else (MONTH, QUARTER, YEAR):
        first = int(np.argmax((month - 3) % every == 0))  # a financial year begins in April
        summed = {scope: np.diff(np.insert(np.cumsum(c), 0, 0)[first::every]) for scope, c in counts.items()}
        rows = _rows(measure, summed, edges[first::every], internal=internal, every=every)
        if not any(hidden_cells(np.array(cells)).any() for cells in zip(*summed.values(), strict=True)):
            break
    return rows


def _rows(  # noqa: PLR0913 - each says what a row holds
    measure: str, values: Mapping[str, np.ndarray], edges: np.ndarray, *, internal: bool, every: int = MONTH,
    days: np.ndarray | int = 1,
) -> list[tuple[object, ...]]:  # fmt: skip
    """Return a row a scope and period but for those of too few children; `days`: of nights, by which children are."""
    table = np.array(list(values.values()))
    children = table / days
    hidden = np.array([hidden_cells(column) & (not internal) for column in children.T]).T
    unit = "nights" if measure == NIGHTS else "children"
    begins = edges[:-1].astype("datetime64[D]")
    return [
        (day, _period(day.astype(object), every), measure, scope, int(table[i, at]), unit)
        for at, day in enumerate(begins) for i, scope in enumerate(values) if scope != UNTOLD and not hidden[i, at]
    ]  # fmt: skip


def _period(day: date, every: int) -> str:
    year = financial_year(day)
    quarter = f"{year} Q{(day.month - 4) % 12 // 3 + 1}"
    return {MONTH: f"{day:%Y-%m}", QUARTER: quarter, YEAR: year}[every]
