"""The law a child in care lives by: hazards of leaving and of moving, by age, time in care and placement.

Time runs in months. Hazards are rates a month in continuous time, constant within a band of age, a band of time in
care and a placement. Care ends at the eighteenth birthday at the latest. Chance (`model.children.chance`) plays this
law child by child; `model.children.expected` solves it for numbers of children, month by month.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case.parameters import AGES, PLACEMENTS
from model.case.timeline import MONTHS_A_YEAR

Floats = NDArray[np.float64]

AGE_STARTS: Final = np.array([0, 12, 60, 96, 120, 192])
"""Age in months at which each band begins."""
EIGHTEEN: Final = 18 * MONTHS_A_YEAR
AGE_EDGES: Final = np.append(AGE_STARTS, EIGHTEEN)
"""Age in months at which each band begins, and at which the last one ends."""
INPUT_AGE_OF: Final = np.array([0, 1, 2, 2, 3, 4])
"""For each band, the band of `caseload.csv` that it is part of (5 to 9 is one there)."""
EVEN_SHARE_8_9: Final = 24 / 60
"""Of the children of 5 to 9 those of 8 and 9, if every birthday is as likely."""
CARE_STARTS: Final = np.array([0, 6, 12, 24])
"""Months in care at which each band of time in care begins."""
LONGEST: Final = int(CARE_STARTS[-1]) + 1
"""From so many whole months in care on, more time changes nothing."""
IN_HOUSE, IFA, RESIDENTIAL = (PLACEMENTS.index(p) for p in ("in_house_foster", "ifa_foster", "residential"))

AGE_BAND: Final = np.searchsorted(AGE_STARTS, np.arange(EIGHTEEN), side="right") - 1
"""The band of each whole month of age, (216,)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Law:
    """Rates a month: `leaving` (ages, times in care, placements), `moving` (ages, placements from, placements to)."""

    leaving: Floats
    moving: Floats

    def with_exits(self, scale: float) -> Law:
        """Return the law with every rate of leaving multiplied."""
        return self if scale == 1 else replace(self, leaving=self.leaving * scale)


def age_weights() -> Floats:
    """Return how a whole month of age takes from the bands, (216, ages).

    A child of that whole month of age at a month's start is somewhere within it, so that a birthday into the next band
    comes half way through the month on average: the last month of a band counts half as the next, and in the last
    month before 18 a child is exposed for half of it.
    """
    weights = np.eye(len(AGES))[AGE_BAND]
    last = AGE_STARTS[1:] - 1
    weights[last] = (weights[last] + weights[last + 1]) / 2
    weights[-1] /= 2
    return weights


def care_weights() -> Floats:
    """Return how a month in care takes from the bands of time in care, (26,), by the months since that of entry.

    Children enter half way through a month on average, so they cross a boundary half way through a month as well.
    """
    weights = np.zeros((LONGEST + 1, len(CARE_STARTS)))
    band = np.searchsorted(CARE_STARTS, np.arange(LONGEST + 1), side="right") - 1
    weights[np.arange(LONGEST + 1), band] = 1.0
    crossing = CARE_STARTS[1:]
    weights[crossing] = (np.eye(len(CARE_STARTS))[1:] + np.eye(len(CARE_STARTS))[:-1]) / 2
    return weights


@dataclass(frozen=True, kw_only=True)
class Steps:
    """What happens to a child in one month, for each kind of month: which bands of age and of time in care it mixes.

    `of_age` (216,) and `of_care` (26,) give the kind. By kinds of age, kinds of care and placement from: `stay` where a
    child is at the month's end, `spent` the months it spends in each placement meanwhile (both by placement to), and
    `leaving`; `moving` by kinds of age. `entered` and `entered_spent` are the same for a child who enters on any day of
    the month with equal chance, by kinds of age.
    """

    of_age: NDArray[np.int64]
    of_care: NDArray[np.int64]
    leaving: Floats
    moving: Floats
    stay: Floats
    spent: Floats
    entered: Floats
    entered_spent: Floats

    @cached_property
    def stretches(self) -> tuple[list[tuple[int, slice]], list[tuple[int, slice]]]:
        """The stretches of one kind of care and of one kind of age: (kind, slice) each."""
        return _runs(self.of_care), _runs(self.of_age)

    @cached_property
    def stay_and_spent(self) -> Floats:
        """`stay` and `spent` side by side, so that one product gives both."""
        return np.concatenate([self.stay, self.spent], axis=-1)


def older(children: Floats) -> Floats:
    """Return children (months in care, months of age, ...) a month older in both; those of 18 are gone."""
    aged = np.zeros_like(children)
    aged[1:, 1:] = children[:-1, :-1]
    aged[LONGEST, 1:] += children[LONGEST, :-1]
    return aged


def _runs(kinds: NDArray[np.int64]) -> list[tuple[int, slice]]:
    edges = [0, *(np.flatnonzero(np.diff(kinds)) + 1), len(kinds)]
    return [(int(kinds[first]), slice(first, last)) for first, last in pairwise(edges)]


@lru_cache(maxsize=32)
def steps(law: Law) -> Steps:
    """Solve the law over one month; a law that stands is solved once."""
    ages, of_age = np.unique(age_weights(), axis=0, return_inverse=True)
    cares, of_care = np.unique(care_weights(), axis=0, return_inverse=True)
    leaving = np.einsum("ka,adp,cd->kcp", ages, law.leaving, cares)
    moving = np.einsum("ka,apq->kpq", ages, law.moving)
    stay, spent, again = integrals(leaving, moving[:, None])
    new = of_care.ravel()[0]
    return Steps(
        of_age=of_age.ravel(), of_care=of_care.ravel(), leaving=leaving, moving=moving, stay=stay, spent=spent,
        entered=spent[:, new], entered_spent=again[:, new],
    )  # fmt: skip


def integrals(leaving: Floats, moving: Floats) -> tuple[Floats, Floats, Floats]:
    """Return exp(G), its integral from 0 to 1, and the integral of that, for generators G of moving less leaving.

    `leaving` (..., placements), `moving` (..., placements, placements): rates a month. All three from one exponential
    of a block matrix (Van Loan 1978, IEEE Transactions on Automatic Control 23).
    """
    from scipy.linalg import expm  # noqa: PLC0415 - scipy takes a while to import

    n = leaving.shape[-1]
    blocks = np.zeros((*np.broadcast_shapes(leaving.shape[:-1], moving.shape[:-2]), 3 * n, 3 * n))
    blocks[..., :n, :n] = moving
    blocks[..., range(n), range(n)] -= moving.sum(axis=-1) + leaving
    blocks[..., :n, n : 2 * n] = blocks[..., n : 2 * n, 2 * n :] = np.eye(n)
    powers = expm(blocks)
    return powers[..., :n, :n], powers[..., :n, n : 2 * n], powers[..., :n, 2 * n :]
