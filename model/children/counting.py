"""Counting stays: who is where at every month's end, and what flows there are, for whole children.

A month's flows are counted in the band of age in which the month begins, or in which the child enters; a birthday is
counted at the month's end, in the placement the child is then in, before any move of the month's end itself.
`model.children.expected` counts alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case.parameters import AGES, PLACEMENTS
from model.children.law import AGE_STARTS, EIGHTEEN, Floats
from model.children.levers import MEASURES
from model.children.paths import BEYOND, EIGHTEENTH, LEFT, MOVED, Stays

Ints = NDArray[np.int64]

BOUNDS: Final = np.array([*AGE_STARTS, EIGHTEEN], dtype=float)


@dataclass(frozen=True, kw_only=True)
class Tally:
    """Counts of some stays; tallies add up.

    `changes` (months + 2, placements, draws): how many more there are at a month's end than at the one before;
    `flows` (entries, exits under 18 and at 18; months; draws); `cells` as in a Projection.
    """

    changes: Floats
    flows: Floats
    cells: Mapping[str, Floats]

    @property
    def stock(self) -> Floats:
        """Who is there at every month's end, the beginning being the first, (months + 1, placements, draws)."""
        standing: Floats = np.cumsum(self.changes, axis=0)[:-1]
        return standing

    def __add__(self, other: Tally) -> Tally:
        """Return both counted together."""
        cells = {m: counts + other.cells[m] for m, counts in self.cells.items()}
        return Tally(changes=self.changes + other.changes, flows=self.flows + other.flows, cells=cells)

    def __sub__(self, other: Tally) -> Tally:
        """Return this without what the other counts."""
        cells = {m: counts - other.cells[m] for m, counts in self.cells.items()}
        return Tally(changes=self.changes - other.changes, flows=self.flows - other.flows, cells=cells)


def tally(stays: Stays, months: int, draws: int, *, cells: bool) -> Tally:
    """Count some stays. `cells`: by age and placement as well, summed over draws."""
    first, last = month_ends(stays, months)
    place = stays.placement * draws + stays.draw
    changes = _changes(first, last, place, (months, len(PLACEMENTS) * draws)).reshape(-1, len(PLACEMENTS), draws)
    flows = [
        counts(np.maximum(month_end.take(which) - 1, 0) * draws + stays.draw.take(which), (months, draws))
        for month_end, which in (
            (first, np.flatnonzero(stays.first)),
            (last, np.flatnonzero(stays.ending == LEFT)),
            (last, np.flatnonzero(stays.ending == EIGHTEENTH)),
        )
    ]
    return Tally(changes=changes, flows=np.array(flows), cells=_cells(stays, first, last, months) if cells else {})


def month_ends(stays: Stays, months: int) -> tuple[Ints, Ints]:
    """Return the first month's end at which each child is there, and the first at which it no longer is."""
    last = np.where(stays.ending == BEYOND, months + 1, np.ceil(stays.end))
    return np.ceil(stays.start).astype(np.int64), last.astype(np.int64)


def month_of(time: Floats) -> Ints:
    """Return the month in which something happens; what happens at a month's end is part of that month."""
    month: Ints = np.maximum(np.ceil(time) - 1, 0).astype(np.int64)
    return month


def counts(where: Ints, shape: tuple[int, ...]) -> Floats:
    """Return how often each flat index occurs, in a shape."""
    return np.bincount(where, minlength=int(np.prod(shape))).astype(float).reshape(shape)


def _changes(first: Ints, last: Ints, place: Ints, size: tuple[int, int]) -> Floats:
    """Return how many more stand at each place at every month's end than at the one before, (months + 2, places)."""
    months, width = size
    shape = (months + 2, width)
    return counts(first * width + place, shape) - counts(np.minimum(last, months + 1) * width + place, shape)


def by_age(stays: Stays, months: int, draws: int) -> Floats:
    """Return how many children of each age there are at every month's end, (months + 1, ages, draws)."""
    first, last = month_ends(stays, months)
    changes = []
    for band in range(len(AGES)):
        begins, ends, there = _of_band(stays, first, last, band)
        changes.append(_changes(begins[there], ends[there], stays.draw[there], (months, draws)))
    return np.cumsum(np.stack(changes, axis=1), axis=0)[:-1]


def _of_band(stays: Stays, first: Ints, last: Ints, band: int) -> tuple[Ints, Ints, NDArray[np.bool_]]:
    """Return the month's ends between which each child is there and of a band of age, and whether there are any."""
    begins = np.maximum(first, np.ceil(BOUNDS[band] - stays.born).astype(np.int64))
    ends = np.minimum(last, np.ceil(BOUNDS[band + 1] - stays.born).astype(np.int64))
    return begins, ends, begins < ends


def _cells(stays: Stays, first: Ints, last: Ints, months: int) -> dict[str, Floats]:
    """Count every age, placement and flow, over all draws."""
    shape = (months, len(AGES), len(PLACEMENTS))
    cells = {m: np.zeros(shape) for m in MEASURES[1:]}
    stock = np.zeros((months + 1, *shape[1:]))
    for band in range(len(AGES)):
        begins, ends, there = _of_band(stays, first, last, band)
        more = _changes(begins[there], ends[there], stays.placement[there], (months, len(PLACEMENTS)))
        stock[:, band] = np.cumsum(more, axis=0)[:-1]
    cells["stock"] = stock
    arrives = ~stays.first & (stays.start > stays.since)
    for measure, which, time in (
        ("entry", stays.first, stays.start),
        ("exit", (stays.ending == LEFT) | (stays.ending == EIGHTEENTH), stays.end),
        ("move_out", stays.ending == MOVED, stays.end),
        ("move_in", arrives, stays.start),
    ):
        month, when = month_of(time[which]), time[which]
        begins = np.where(when == np.floor(when), when, month)  # at a month's end: as old as the child is by then
        age = stays.born[which] + np.maximum(begins, stays.since[which])
        at = np.searchsorted(AGE_STARTS, age, side="right") - 1
        cells[measure] = counts(np.ravel_multi_index((month, at, stays.placement[which]), shape), shape)
    for band in range(1, len(AGES)):
        birthday = BOUNDS[band] - stays.born
        end = np.ceil(birthday).astype(np.int64)
        stands = ((end < last) & (stays.start != end)) | ((stays.end == end) & (stays.ending == MOVED))
        grows = (stays.since < birthday) & (birthday > 0) & (first <= end) & stands
        month, placement = end[grows] - 1, stays.placement[grows]
        grown = counts(month * len(PLACEMENTS) + placement, (months, len(PLACEMENTS)))
        cells["age_out"][:, band - 1] += grown
        cells["age_in"][:, band] += grown
    return cells
