"""Who is in care at the start: from the rows of `caseload.csv` to children by month of age, time in care and placement.

Published totals by age and by placement are fitted together; within a band of age children are spread smoothly; how
long they have been in care follows from those who entered lately and have not left.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from model.case.parameters import AGE_18, AGE_BANDS, AGES, PLACEMENTS
from model.case.rows import CaseloadRow
from model.children.law import AGE_BAND, AGE_EDGES, EIGHTEEN, INPUT_AGE_OF, Floats, Law

ALL: Final = "all"
FIT_ROUNDS: Final = 500
FIT_TOLERANCE: Final = 1e-9
EVEN: Final = (0.5,) * len(AGES)
"""As many entrants in the younger half of every band as in the other."""


class CaseloadError(ValueError):
    """The published figures cannot be turned into a caseload; the message says which and why."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Stream:
    """A do-nothing caseload at central values, before any draw.

    `opening` (216 months of age, 26 months in care, placements) children, where month in care k holds those of k - 1
    to k months and the last all the longer ones; `entries_annual` (ages, placements) children a year; `law` the rates
    at which they leave and move; `younger`, for each age, the share of its entrants who are in the younger half of the
    band, even within either half; `years_seen` of arrivals and departures from which it is known where children go, 0
    where that is taken as certain.
    """

    opening: Floats
    entries_annual: Floats
    law: Law
    younger: tuple[float, ...] = EVEN
    years_seen: float = 0.0


@lru_cache(maxsize=16)
def entrants_by_month(younger: tuple[float, ...] = EVEN) -> Floats:
    """Return how the entrants of a band spread over months of age at the start of their month, (217, ages).

    Row a + 1 holds those who are a whole months old when the month of their entry begins: half of those who are a + 1
    on the day, and half of those who are a, since days are even within the month. Row 0 is for those not yet born when
    the month begins. `younger` as in a `Stream`.
    """
    on_the_day = np.zeros((EIGHTEEN, len(AGES)))
    for band, (low, high) in enumerate(pairwise(AGE_EDGES)):
        on_the_day[low : (low + high) // 2, band] = 2 * younger[band] / (high - low)
        on_the_day[(low + high) // 2 : high, band] = 2 * (1 - younger[band]) / (high - low)
    none = np.zeros((1, len(AGES)))
    spread: Floats = (np.concatenate([on_the_day, none]) + np.concatenate([none, on_the_day])) / 2
    spread.flags.writeable = False
    return spread


def younger(rows: Sequence[CaseloadRow]) -> tuple[float, ...]:
    """Return the share of each age's entrants in the younger half of its band: as stated, else half of them.

    A band of the input that is two here (5 to 9) has them even in both.
    """
    stated = {r.age_band: r.entries_younger_share for r in rows if r.entries_younger_share is not None}
    alone = np.bincount(INPUT_AGE_OF) == 1
    return tuple(stated.get(AGE_BANDS[age], EVEN[0]) if alone[age] else EVEN[0] for age in INPUT_AGE_OF)


# --- From published margins to tables ----------------------------------------------------------------------------


def fit_table(rows: Floats, columns: Floats, seed: Floats) -> Floats:
    """Fit a table to its row and column totals, starting from `seed` (iterative proportional fitting).

    Cells where the seed is zero stay zero. Column totals are first scaled to the sum of the rows. Raises CaseloadError
    where no such table exists (a total whose whole row or column of the seed is zero, or totals that contradict it).
    """
    table = seed.astype(float).copy()
    if columns.sum() <= 0 or rows.sum() <= 0:
        return np.zeros_like(table)
    columns = columns * (rows.sum() / columns.sum())
    for _ in range(FIT_ROUNDS):
        table *= ratio(rows, table.sum(axis=1))[:, None]
        table *= ratio(columns, table.sum(axis=0))[None, :]
        if np.abs(table.sum(axis=1) - rows).max() < FIT_TOLERANCE * rows.sum():
            return table
    worst = int((rows - table.sum(axis=1)).argmax())
    message = (
        f"the totals by age and by placement do not fit together: {rows[worst]:g} children of age "
        f"{AGE_BANDS[worst]} cannot be placed; check the totals against inputs/reference/demand/caseload_seed.csv"
    )
    raise CaseloadError(message)


def ratio(wanted: Floats, have: Floats) -> Floats:
    """Return wanted / have, and nought where there is nothing."""
    return np.divide(wanted, have, out=np.zeros_like(wanted), where=have > 0)


def seed_table(seed: Mapping[tuple[str, str], float]) -> Floats:
    """Return how likely children of an age are to be in a placement, (input ages, placements); 1 where not said."""
    return np.array([[seed.get((a, p), 1.0) for p in PLACEMENTS] for a in AGE_BANDS])


def table_of(rows: Sequence[CaseloadRow], measure: str, seed: Floats) -> Floats:
    """Return (input ages, placements) of one measure: joint cells if there are any, else fitted to the margins."""
    cells, by_age, by_placement, total = (
        np.zeros((len(AGE_BANDS), len(PLACEMENTS))),
        np.zeros(len(AGE_BANDS)),
        np.zeros(len(PLACEMENTS)),
        0.0,
    )
    joint = False
    for row in rows:
        value = getattr(row, measure)
        if value is None or row.age_band == AGE_18:
            continue
        if row.age_band == ALL and row.placement == ALL:
            total += value
        elif row.age_band == ALL:
            by_placement[PLACEMENTS.index(row.placement)] += value
        elif row.placement == ALL:
            by_age[AGE_BANDS.index(row.age_band)] += value
        else:
            joint = True
            cells[AGE_BANDS.index(row.age_band), PLACEMENTS.index(row.placement)] += value
    if joint:
        return cells
    if not by_age.any():
        by_age = seed.sum(axis=1) * ((by_placement.sum() or total) / max(seed.sum(), FIT_TOLERANCE))
    if not by_placement.any():
        shares = ratio(seed, np.broadcast_to(seed.sum(axis=1, keepdims=True), seed.shape))
        fitted: Floats = shares * by_age[:, None]
        return fitted
    return fit_table(by_age, by_placement, seed)


def by_band(table: Floats, share_8_9: float) -> Floats:
    """Return a table of the input's ages as one of the model's: 5 to 9 parted at the eighth birthday."""
    split = np.array([1, 1, 1 - share_8_9, share_8_9, 1, 1])[:, None]
    parted: Floats = table[INPUT_AGE_OF] * split
    return parted


def total_of(rows: Iterable[CaseloadRow], measure: str, age_band: str) -> float | None:
    """Return what the rows of one `age_band` state of a measure, summed; None where none of them does."""
    stated = [v for r in rows if r.age_band == age_band and (v := getattr(r, measure)) is not None]
    return sum(stated) if stated else None


# --- Within a band -----------------------------------------------------------------------------------------------


def smooth_ages(totals: Floats) -> Floats:
    """Spread the children of each band over its months of age, (216,), without steps where one band meets the next.

    The smoothest profile (least squared change of slope from month to month) that holds each band's total. Where that
    would be negative the band is even.
    """
    curve = np.diff(np.eye(EIGHTEEN), n=2, axis=0)
    hold = np.eye(len(AGES))[AGE_BAND].T
    system = np.block([[curve.T @ curve + 1e-9 * np.eye(EIGHTEEN), hold.T], [hold, np.zeros((len(AGES), len(AGES)))]])
    profile = np.linalg.solve(system, np.concatenate([np.zeros(EIGHTEEN), totals]))[:EIGHTEEN]
    even = (totals / np.bincount(AGE_BAND))[AGE_BAND]
    negative = np.bincount(AGE_BAND, weights=profile < 0) > 0
    smooth: Floats = np.where(negative[AGE_BAND], even, profile)
    return smooth
