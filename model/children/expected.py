"""Expected numbers of children: one world advanced month by month, each child's age and time in care kept exactly.

The state is how many children there are of each month in care, month of age and placement. A month moves it by the
solved law (`model.children.law.Steps`), shifts times in care and ages by one, and adds who enters. Nothing is drawn.
"""

from collections.abc import Sequence
from itertools import product
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.case.parameters import AGES, PLACEMENTS
from model.case.timeline import MONTHS_A_YEAR
from model.children.filling import FillingPlaces
from model.children.law import AGE_BAND, AGE_STARTS, EIGHTEEN, IFA, Floats, Law, Steps, older, steps
from model.children.levers import MEASURES, NO_LEVERS, Drivers, Levers, Projection, SoonerOut
from model.children.opening import Stream, entrants_by_month
from model.children.places import Guide
from model.children.short import MONTHS, ShortStays, kept_at_home, short_stays

CELLS: Final = (len(AGES), len(PLACEMENTS))
ENTRANTS: Final = np.arange(EIGHTEEN + 1)
"""Rows of entrants: row a + 1 is for a whole months of age when the month begins, so a + 1 when it ends."""
BAND_AT_END: Final = np.append(AGE_BAND, AGE_BAND[-1])


class World(NamedTuple):
    """An expected world, with how its new foster places filled (one guide for each lever of them)."""

    projection: Projection
    guides: tuple[Guide, ...]


class Passed(NamedTuple):
    """Children after a month, before they grow older, and how long they spent in each placement meanwhile.

    `there` and `spent`: (months in care, 216, placements) for those in care before, (217, placements) for entrants,
    whose row a + 1 is for a whole months of age at the month's start. `spent` is empty where it was not asked for.
    """

    there: Floats
    spent: Floats


def project(stream: Stream, drivers: Drivers, levers: Levers = NO_LEVERS, *, cells: bool = True) -> World:
    """Project one world at one point: drivers and levers of one draw. `cells`: count every age, placement and flow."""
    scale, exits = drivers.entry_scale[:, 0], float(drivers.exit_scale[0])
    solved, spread = _Solved(stream.law.with_exits(exits), levers.sooner), entrants_by_month(stream.younger)
    kept, fewer_short, by_lever = _kept(stream, drivers, levers)
    coming_back = [ComingBack(float(lever.fade[0]), spread) for lever in levers.reductions]
    places = [FillingPlaces(lever, scale, exits) for lever in levers.places]
    children = np.ascontiguousarray(stream.opening.transpose(1, 0, 2))
    record = _Record(len(scale), children, spread, cells=cells)
    for month in range(len(scale)):
        law = solved.at(month)
        new = stream.entries_annual / MONTHS_A_YEAR * scale[month] - (kept - fewer_short)[month]
        back = np.zeros((EIGHTEEN + 1, len(PLACEMENTS)))
        for pool, mine in zip(coming_back, by_lever, strict=True):
            back += pool.month(mine[month])
        stayed = through(children, law, spent=cells)
        arrived = _entered(spread @ new + back, law, spent=cells)
        for i, place in enumerate(places):
            place.month(month, (children, stayed.there, arrived.there), law, places[:i])
        record.flows(month, (new, back), (children, stayed, arrived), law)
        children = older(stayed.there)
        children[1] += arrived.there[:EIGHTEEN]
        record.close(month, children)
    record.counts[3] = kept.sum(axis=(1, 2))
    agency = {flow: counts[..., IFA].copy() for flow, counts in record.cells.items()}
    for place in places:
        place.relabel(record.totals, record.cells, agency)
    if fewer_short.any():
        record.without(fewer_short, short_stays(stream, exits))
    return World(record.projection(), tuple(place.guide() for place in places))


def _kept(stream: Stream, drivers: Drivers, levers: Levers) -> tuple[Floats, Floats, list[Floats]]:
    """Return `kept`, `fewer_short` and `by_lever` of those kept at home, (months, ages, placements) each."""
    home = kept_at_home(stream, drivers, levers, np.arange(stream.entries_annual.size))
    kept, fewer_short, *by_lever = (
        each[..., 0].reshape(-1, *CELLS) for each in (home.kept, home.fewer_short, *home.by_lever)
    )
    return kept, fewer_short, by_lever


def through(children: Floats, law: Steps, *, spent: bool) -> Passed:
    """Take those in care through a month. `spent`: whether the time they spend in each placement is wanted too."""
    powers, n = law.stay_and_spent if spent else law.stay, len(PLACEMENTS)
    out = np.empty((*children.shape[:-1], powers.shape[-1]))
    for (c, cares), (a, ages) in product(*law.stretches):
        out[cares, ages] = children[cares, ages] @ powers[a, c]
    return Passed(out[..., :n], out[..., n:])


def _entered(entrants: Floats, law: Steps, rows: NDArray[np.int64] = ENTRANTS, *, spent: bool = True) -> Passed:
    """Take those who enter from their day of entry to the month's end; `rows`: which months of age they are."""
    kinds = law.of_age[np.maximum(rows - 1, 0)]
    there = np.matmul(entrants[:, None, :], law.entered[kinds])[:, 0]
    return Passed(there, np.matmul(entrants[:, None, :], law.entered_spent[kinds])[:, 0] if spent else there[:0])


def by_age(children: Floats) -> Floats:
    """Add up months of age (the first axis) into bands."""
    summed: Floats = np.add.reduceat(children, AGE_STARTS, axis=0)
    return summed


class _Solved:
    """The law, solved anew only in months where a lever that shortens stays has changed."""

    def __init__(self, law: Law, sooner: Sequence[SoonerOut]) -> None:
        self._law, self._sooner = law, sooner
        self._made: dict[tuple[float, ...], Steps] = {}

    def at(self, month: int) -> Steps:
        """Return the solved law of a month."""
        rates = tuple(float(lever.rate[month, 0]) for lever in self._sooner)
        if rates not in self._made:
            self._made[rates] = steps(self._hastened(rates))
        return self._made[rates]

    def _hastened(self, rates: tuple[float, ...]) -> Law:
        leaving, moving = self._law.leaving.copy(), self._law.moving.copy()
        for lever, rate in zip(self._sooner, rates, strict=True):
            if lever.to is None:
                leaving[lever.ages, :, lever.source] += rate
            else:
                moving[lever.ages, lever.source, lever.to] += rate
        return Law(leaving=leaving, moving=moving)


class ComingBack:
    """Children whom one reduction has kept at home so far, by months of age and the placement they would have had."""

    def __init__(self, fade: float, spread: Floats) -> None:
        self._soon, self._spread = 1 - np.exp(-fade), spread
        self._at_once = 1 - self._soon / fade if fade > 0 else 0.0
        self._pool = np.zeros((EIGHTEEN + 1, len(PLACEMENTS)))

    def month(self, kept: Floats) -> Floats:
        """Return who comes back in a month in which more are kept at home, (217, placements).

        A child comes back at the rate `fade` from the day it was kept at home, and never after its 18th birthday.
        """
        mine = self._spread @ kept
        back: Floats = self._pool * self._soon + mine * self._at_once
        left = self._pool + mine - back
        self._pool[0], self._pool[1:] = 0.0, left[:-1]
        return back


class _Record:
    """What a projection leaves, filled month by month."""

    def __init__(self, months: int, children: Floats, spread: Floats, *, cells: bool) -> None:
        self._spread = spread
        self.totals = np.zeros((months + 1, len(PLACEMENTS)))
        self.totals[0] = children.sum(axis=(0, 1))
        self.counts = np.zeros((4, months))  # entries, exits under 18, exits at 18, diverted
        self.cells = {m: np.zeros((months + (m == "stock"), *CELLS)) for m in MEASURES} if cells else {}
        if cells:
            self.cells["stock"][0] = by_age(children.sum(axis=0))

    def flows(
        self, month: int, entering: tuple[Floats, Floats], state: tuple[Floats, Passed, Passed], law: Steps
    ) -> None:
        """Count a month's flows.

        `entering`: who is new (ages, placements), and who comes back after all (217, placements); `state`: those in
        care before the month, and both kinds after it.
        """
        children, stayed, arrived = state
        entered = entering[0].sum() + entering[1].sum()
        at_18 = stayed.there[:, -1].sum() + arrived.there[-1].sum()
        under = children.sum() + entered - stayed.there.sum() - arrived.there.sum()
        self.counts[:3, month] = entered, under, at_18
        if self.cells:
            self._in_care(month, stayed, law)
            self._entrants(month, *entering, arrived, law)

    def _in_care(self, month: int, stayed: Passed, law: Steps) -> None:
        """Count the flows of those in care when the month begins, in the band they begin it in."""
        leaves, spent, cells = np.zeros((EIGHTEEN, len(PLACEMENTS))), stayed.spent.sum(axis=0), self.cells
        for c, cares in law.stretches[0]:
            leaves += stayed.spent[cares].sum(axis=0) * law.leaving[law.of_age, c]
        moves = spent[:, :, None] * law.moving[law.of_age]
        there = stayed.there.sum(axis=0)
        cells["exit"][month] = by_age(leaves)
        cells["exit"][month, -1] += there[-1]
        cells["move_out"][month], cells["move_in"][month] = by_age(moves.sum(axis=2)), by_age(moves.sum(axis=1))
        cells["age_out"][month, :-1] = cells["age_in"][month, 1:] = there[AGE_STARTS[1:] - 1]

    def _entrants(self, month: int, new: Floats, back: Floats, arrived: Passed, law: Steps) -> None:
        """Count the flows of those who enter, in the band of the day they enter.

        Those of a band's last month of age are in the next band when the month ends; those who come back are counted in
        the band they end the month in.
        """
        cells, crossing = self.cells, AGE_STARTS[1:]
        cross = _entered(self._spread[crossing, range(len(crossing)), None] * new[:-1], law, rows=crossing)
        own = Passed(arrived.there.copy(), arrived.spent.copy())
        own.there[crossing] -= cross.there
        own.spent[crossing] -= cross.spent
        cells["entry"][month] = new + by_age(back[:EIGHTEEN])
        cells["entry"][month, -1] += back[EIGHTEEN]
        for passed, rows, bands in ((own, ENTRANTS, BAND_AT_END), (cross, crossing, range(len(crossing)))):
            kinds = law.of_age[np.maximum(rows - 1, 0)]
            moves = passed.spent[:, :, None] * law.moving[kinds]
            for measure, amount in (
                ("exit", passed.spent * law.leaving[kinds, law.of_care[0]]),
                ("move_out", moves.sum(axis=2)),
                ("move_in", moves.sum(axis=1)),
            ):
                np.add.at(cells[measure][month], list(bands), amount)
        cells["exit"][month, -1] += arrived.there[-1]
        cells["age_out"][month, :-1] += cross.there
        cells["age_in"][month, 1:] += cross.there

    def without(self, entering: Floats, short: ShortStays) -> None:
        """Take out children with short stays who do not come after all: `entering` (months, ages, placements).

        They are counted in the band in which they enter; where they move is where their numbers say. Fewer than none
        are children who come besides.
        """
        months = len(entering)
        stock, exits, at_18, moved_in, moved_out = (np.zeros((months + 1, *CELLS)) for _ in range(5))
        entered = np.broadcast_to(np.eye(CELLS[1]), (1, *short.stock.shape[1:]))
        moved = np.diff(short.stock, axis=0, prepend=entered) + short.exits + short.at_18
        for later in range(MONTHS):
            who = entering[: months - later]
            stock[later + 1 :] += np.einsum("mbp,bpq->mbq", who, short.stock[later])
            exits[later + 1 :] += np.einsum("mbp,bpq->mbq", who, short.exits[later])
            at_18[later + 1 :] += np.einsum("mbp,bpq->mbq", who, short.at_18[later])
            moved_in[later + 1 :] += np.einsum("mbp,bpq->mbq", who, np.maximum(moved[later], 0))
            moved_out[later + 1 :] += np.einsum("mbp,bpq->mbq", who, np.maximum(-moved[later], 0))
        self.totals -= stock.sum(axis=1)
        self.counts[0] -= entering.sum(axis=(1, 2))
        self.counts[1] -= exits[1:].sum(axis=(1, 2))
        self.counts[2] -= at_18[1:].sum(axis=(1, 2))
        if self.cells:
            self.cells["stock"] -= stock
            self.cells["entry"] -= entering
            self.cells["exit"] -= (exits + at_18)[1:]
            self.cells["move_in"] -= moved_in[1:]
            self.cells["move_out"] -= moved_out[1:]

    def close(self, month: int, children: Floats) -> None:
        """Count who is there at the month's end."""
        self.totals[month + 1] = children.sum(axis=(0, 1))
        if self.cells:
            self.cells["stock"][month + 1] = by_age(children.sum(axis=0))

    def projection(self) -> Projection:
        """Return the world as everybody reads it: one draw."""
        entries, under, at_18, diverted = self.counts[:, :, None]
        return Projection(
            stock=self.totals[:, :, None], entries=entries, exits_under_18=under, exits_at_18=at_18, diverted=diverted,
            cells=self.cells, draws=1,
        )  # fmt: skip
