"""A stream whose rows state rates: its law is read off them, and so is who is in care, instead of being solved for.

A return gives rates of leaving and moving from its dates. Rows of one age and placement carry them, with children and
entries; rows of an age carry how long its children have been in care and how old they are on average.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from model.case.parameters import AGE_BANDS, PLACEMENTS
from model.case.rows import CaseloadRow
from model.case.timeline import MONTHS_A_YEAR
from model.children.law import AGE_BAND, AGE_STARTS, CARE_STARTS, EIGHTEEN, INPUT_AGE_OF, LONGEST, Floats, Law, steps
from model.children.opening import (
    ALL,
    EVEN,
    CaseloadError,
    Stream,
    by_band,
    entrants_by_month,
    ratio,
    seed_table,
    table_of,
    younger,
)

ROUNDS: Final = 200
STEEPEST_TILT: Final = 8.0
"""The furthest that ages within a band may lean to one end: about 3,000 times as many at that end as at the other."""
UNLIKELY: Final = 0.01
"""What is added to the weight of each age and placement, so that a return may hold what the seed leaves out."""
FAINT: Final = 1e-6
"""What a kind of child counts for in the seed where the law leads to none, so that a stated one has a place."""
_CARE_BAND: Final = np.searchsorted(CARE_STARTS, np.maximum(np.arange(LONGEST + 1) - 1, 0), side="right") - 1
"""The band of time in care of each row of an opening, (26,); row k holds those of k - 1 to k months."""


def states_rates(rows: Sequence[CaseloadRow]) -> bool:
    """Whether the rows say at which rates children leave, so that nothing is left to solve for."""
    return any(row.leaving_rates for row in rows)


def stream_as_stated(rows: Sequence[CaseloadRow], share_8_9: float, seed: Mapping[tuple[str, str], float]) -> Stream:
    """Build a stream from rows that state rates.

    Children and entries: of each age and placement, or totals fitted from `seed`, which no return need agree with
    wholly. Who is in care: what the law and the entries lead to, fitted to the children of each age and placement, to
    the shares of each age by time in care, and to its mean age. Raises CaseloadError where a cell has no rates.
    """
    law, weights = law_as_stated(rows), seed_table(seed) + UNLIKELY
    entries, young = by_band(table_of(rows, "entries_annual", weights), share_8_9), younger(rows)
    who = _Opening.of(rows, table_of(rows, "children", weights))
    return Stream(opening=who.fitted(settled(law, entries, young)), entries_annual=entries, law=law, younger=young)


def law_as_stated(rows: Sequence[CaseloadRow]) -> Law:
    """Return the law of the stated rates a year. Raises CaseloadError naming the cells that have children and none."""
    leaving = np.zeros((len(AGE_BANDS), len(CARE_STARTS), len(PLACEMENTS)))
    moving = np.zeros((len(AGE_BANDS), len(PLACEMENTS), len(PLACEMENTS)))
    for row in (r for r in rows if ALL not in {r.age_band, r.placement}):
        age, place = AGE_BANDS.index(row.age_band), PLACEMENTS.index(row.placement)
        if not row.leaving_rates and (row.children or row.entries_annual):
            message = f"{row.age_band}, {row.placement}: children but no rates of leaving, which other rows state"
            raise CaseloadError(message)
        leaving[age, :, place] = row.leaving_rates or 0.0
        for to, rate in row.moving_rates.items():
            moving[age, place, PLACEMENTS.index(to)] = rate
    return Law(leaving=leaving[INPUT_AGE_OF] / MONTHS_A_YEAR, moving=moving[INPUT_AGE_OF] / MONTHS_A_YEAR)


def settled(law: Law, entries_annual: Floats, young: tuple[float, ...] = EVEN) -> Floats:
    """Return who would be in care if such entries went on under the law for 18 years, (216, 26, placements).

    As `Stream.opening`; `young` as its `younger`. One pass over ages: those of a month of age are last month's, a month
    on, and who enters.
    """
    solved, n = steps(law), len(PLACEMENTS)
    entering = entrants_by_month(young) @ (entries_annual / MONTHS_A_YEAR)
    children = np.zeros((EIGHTEEN, LONGEST + 1, n))
    for age in range(EIGHTEEN):
        kind = solved.of_age[max(age - 1, 0)]
        children[age, 1] = entering[age] @ solved.entered[kind]
        if age:
            on = np.einsum("cp,cpq->cq", children[age - 1], solved.stay[kind][solved.of_care])
            children[age, 1:] += on[:-1]
            children[age, LONGEST] += on[LONGEST]
    return children


@dataclass(frozen=True, kw_only=True)
class _Opening:
    """What the rows say of who is in care.

    `children` (input ages, placements); `care_shares` (input ages, times in care), nan where not stated; `mean_age`
    months (input ages,), nan where not stated.
    """

    children: Floats
    care_shares: Floats
    mean_age: Floats

    @classmethod
    def of(cls, rows: Sequence[CaseloadRow], children: Floats) -> _Opening:
        shares = np.full((len(AGE_BANDS), len(CARE_STARTS)), np.nan)
        mean_age = np.full(len(AGE_BANDS), np.nan)
        for row in (r for r in rows if r.placement == ALL and r.age_band in AGE_BANDS):
            age = AGE_BANDS.index(row.age_band)
            if row.care_shares:
                shares[age] = [*row.care_shares, max(0.0, 1 - sum(row.care_shares))]
            mean_age[age] = np.nan if row.mean_age_months is None else row.mean_age_months
        return cls(children=children, care_shares=shares, mean_age=mean_age)

    def fitted(self, seed: Floats) -> Floats:
        """Fit a seed (216, 26, placements) to all of this, band by band."""
        input_age = INPUT_AGE_OF[AGE_BAND]
        opening = np.zeros_like(seed)
        for band in range(len(AGE_BANDS)):
            ages = input_age == band
            own = seed[ages].copy()
            # nobody has been in care for longer than since birth
            born = np.flatnonzero(ages)[:, None] + 1 >= np.arange(LONGEST + 1)[None, 1:]
            own[:, 1:] += FAINT * max(float(own.sum()), 1.0) * born[:, :, None]
            opening[ages] = self._band(band, own)
        return opening

    def _band(self, band: int, own: Floats) -> Floats:
        for _ in range(ROUNDS):
            before = own.copy()
            if not np.isnan(self.care_shares[band]).any():
                have = np.bincount(_CARE_BAND, weights=own.sum(axis=(0, 2))).astype(float)
                own *= ratio(self.care_shares[band] * have.sum(), have)[_CARE_BAND][None, :, None]
            if not np.isnan(self.mean_age[band]):
                own *= _tilt(own.sum(axis=(1, 2)), self.mean_age[band] - _first_month(band))[:, None, None]
            own *= ratio(self.children[band], own.sum(axis=(0, 1)))
            if np.abs(own - before).max() <= FAINT:
                break
        return own


def _first_month(band: int) -> float:
    return float(AGE_STARTS[np.flatnonzero(band == INPUT_AGE_OF)[0]])


def _tilt(children: Floats, mean: float) -> Floats:
    """Return the weights that bring the mean of a band's months of age, from its first, to `mean`: exponential."""
    from scipy.optimize import brentq  # noqa: PLC0415 - scipy takes a while to import

    months = np.arange(len(children)) + 0.5
    lean = (months - months.mean()) / len(children)

    def off(slope: float) -> float:
        weights = children * np.exp(slope * lean)
        return float((weights * months).sum() / weights.sum()) - mean

    if not children.any() or off(-STEEPEST_TILT) > 0 or off(STEEPEST_TILT) < 0:
        return np.ones(len(children))
    tilted: Floats = np.exp(brentq(off, -STEEPEST_TILT, STEEPEST_TILT) * lean)
    return tilted
