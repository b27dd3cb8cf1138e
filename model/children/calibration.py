"""From what a council publishes to the law its children live by: rates that give back its own first year.

Leaving: by age, a level that reproduces the stated exits of the first twelve months; by time in care, the shape that
makes the stated shares of entrants leave within 6, 12 and 24 months, as far as the exits allow. Moving: what holds each
age's placements in their proportions, unless the case states moves of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from model.case.parameters import AGE_18, AGE_BANDS, AGES, PLACEMENTS
from model.case.rows import CaseloadRow
from model.case.timeline import MONTHS_A_YEAR
from model.children.expected import project
from model.children.law import (
    AGE_BAND,
    AGE_STARTS,
    CARE_STARTS,
    EIGHTEEN,
    IFA,
    IN_HOUSE,
    INPUT_AGE_OF,
    LONGEST,
    Floats,
    Law,
    age_weights,
    care_weights,
    older,
)
from model.children.levers import Drivers
from model.children.opening import (
    ALL,
    FIT_TOLERANCE,
    CaseloadError,
    Stream,
    by_band,
    entrants_by_month,
    ratio,
    seed_table,
    smooth_ages,
    table_of,
    total_of,
    younger,
)
from model.children.stated import states_rates, stream_as_stated

ROUNDS: Final = 400
CLOSE: Final = 1e-7
MOST_A_MONTH: Final = 3.0
"""The highest rate a month at which children leave or move on: a stay of ten days."""
STEEPEST: Final = 20.0
"""How many times the rate of the longest in care that of a shorter stay may be."""
RECENT: Final = 0.95
"""At most this share of an age's children has come into care within two years."""
HOLD_MONTHS: Final = 24
HOLD_ROUNDS: Final = 4


@dataclass(frozen=True, kw_only=True)
class LeftWithin:
    """The share of entrants who leave care within 6, 12 and 24 months of entering, all ages together."""

    shares: tuple[float, float, float]


def stream_from_rows(
    rows: Sequence[CaseloadRow], *, seed: Mapping[tuple[str, str], float], share_8_9: float, left: LeftWithin | None
) -> Stream:
    """Build a stream from the rows of `caseload.csv` that belong to it.

    Stock: the joint cells where given, else margins fitted from `seed`. Entries: likewise, spread over placements as
    the stock of that age is. `left` shapes leaving by time in care; without it the time in care makes no difference.
    Rows that state rates of leaving are taken at their word (`model.children.stated`). Raises CaseloadError where the
    figures contradict each other.
    """
    if states_rates(rows):
        return stream_as_stated(rows, share_8_9, seed)
    stock = table_of(rows, "children", seed_table(seed))
    entries = by_band(table_of(rows, "entries_annual", stock + FIT_TOLERANCE * seed_table(seed)), share_8_9)
    opening = by_band(stock, share_8_9)
    ages = smooth_ages(opening.sum(axis=1))
    young = younger(rows)
    hazard, opened = _Exits(rows, entrants_by_month(young) @ entries.sum(axis=1), ages, left).solve()
    law = Law(
        leaving=np.repeat(hazard[:, :, None], len(PLACEMENTS), axis=2),
        moving=np.zeros((len(AGES), len(PLACEMENTS), len(PLACEMENTS))),
    )
    shares = ratio(opening, np.broadcast_to(opening.sum(axis=1, keepdims=True), opening.shape))
    opened_in = opened.T[:, :, None] * shares[AGE_BAND][:, None, :]
    stream = Stream(opening=opened_in, entries_annual=entries, law=law, younger=young)
    if any(row.moves_annual for row in rows):
        return replace(stream, law=replace(law, moving=stated_moves(rows, stock)))
    return holding(stream)


def empty() -> Stream:
    """Return the stream of a case without children: nobody is there, enters, leaves or moves."""
    places = len(PLACEMENTS)
    law = Law(leaving=np.zeros((len(AGES), len(CARE_STARTS), places)), moving=np.zeros((len(AGES), places, places)))
    opening = np.zeros((EIGHTEEN, LONGEST + 1, places))
    return Stream(opening=opening, entries_annual=np.zeros((len(AGES), places)), law=law)


def nobody(like: Stream) -> Stream:
    """Return a stream of nobody, with the law of another."""
    return replace(like, opening=np.zeros_like(like.opening), entries_annual=np.zeros_like(like.entries_annual))


# --- Leaving -----------------------------------------------------------------------------------------------------


class _Exits:
    """Solves the rates of leaving of one stream, whatever the placement; private to this module."""

    def __init__(self, rows: Sequence[CaseloadRow], entrants: Floats, ages: Floats, left: LeftWithin | None) -> None:
        self.stated = [total_of(rows, "exits_annual", age) for age in AGE_BANDS]
        self.at_18, self.total = total_of(rows, "exits_annual", AGE_18), total_of(rows, "exits_annual", ALL)
        missing = [age for age, value in zip(AGE_BANDS, self.stated, strict=True) if value is None]
        if missing and len(missing) < len(AGE_BANDS):
            message = f"exits are stated for some ages but not for {', '.join(missing)}; state 0 where nobody leaves"
            raise CaseloadError(message)
        self.by_age = not missing
        self.ages, self.targets = ages, None if left is None else np.array(left.shares)
        self.entrants = entrants / MONTHS_A_YEAR
        self.mixes = age_weights(), care_weights()

    def solve(self) -> tuple[Floats, Floats]:
        """Return the rates a month by age and time in care, and the opening children (26, 216)."""
        level, shape = np.full(len(AGES), 1 / MONTHS_A_YEAR / 4), np.ones(len(CARE_STARTS))
        wanted, off = self._wanted(), np.inf
        have, opened = wanted, np.zeros((LONGEST + 1, EIGHTEEN))
        for _ in range(ROUNDS):
            monthly = self.mixes[0] @ (level[:, None] * shape) @ self.mixes[1].T
            opened, survivors = self._opening(monthly)
            exits, birthdays = self._first_year(monthly, opened)
            off = self._correct_birthdays(birthdays)
            have = exits if self.by_age else np.array([exits.sum()])
            off = max(off, float(np.abs(have - wanted).max()))
            factor = ratio(wanted, np.maximum(have, FIT_TOLERANCE))
            level = np.minimum(level * (factor[INPUT_AGE_OF] if self.by_age else factor[0]), MOST_A_MONTH)
            steeper = self._steeper(survivors, shape)
            if off < CLOSE * max(1.0, float(wanted.sum())) and np.abs(steeper - shape).max() < CLOSE:
                return level[:, None] * shape, opened
            shape = steeper
        if off > CLOSE * 1e3 * max(1.0, float(wanted.sum())):
            raise CaseloadError(self._impossible(have, wanted))
        return level[:, None] * shape, opened

    def _wanted(self) -> Floats:
        """Return the exits before 18 that are stated, by input age or in all."""
        if self.by_age:
            return np.array([value or 0.0 for value in self.stated])
        return np.array([max(0.0, (self.total or 0.0) - (self.at_18 or 0.0))])

    def _opening(self, monthly: Floats) -> tuple[Floats, Floats]:
        """Return the opening children (26, 216), and how many of a month's entrants are left at each month's end.

        Those who came within two years are the entrants of the first year's level who have not left; all others have
        been in care for longer.
        """
        recent, survivors, stay = np.zeros((LONGEST + 1, EIGHTEEN)), [], np.exp(-monthly.T)
        cohort = np.zeros((LONGEST + 1, EIGHTEEN))
        cohort[1] = (self.entrants * self._first_month(monthly))[:EIGHTEEN]
        for month in range(LONGEST):
            survivors.append(cohort.sum())
            if month < LONGEST - 1:
                recent += cohort
            cohort = older(cohort * stay)
        most = RECENT * ratio(self.ages, recent.sum(axis=0))
        recent *= np.minimum(most, 1.0)
        recent[LONGEST] = 0.0
        recent[LONGEST] = self.ages - recent.sum(axis=0)
        return recent, np.array(survivors)

    @staticmethod
    def _first_month(monthly: Floats) -> Floats:
        """Return the share of entrants still there at the end of their first month, on average over its days."""
        rate = monthly[np.maximum(np.arange(EIGHTEEN + 1) - 1, 0), 0]
        there: Floats = np.divide(-np.expm1(-rate), rate, out=np.ones_like(rate), where=rate > 0)
        return there

    def _first_year(self, monthly: Floats, opened: Floats) -> tuple[Floats, float]:
        """Return the exits before 18 by input age and the eighteenth birthdays of the first twelve months."""
        children, exits, birthdays, stay = opened, np.zeros(EIGHTEEN), 0.0, np.exp(-monthly.T)
        arrive = self.entrants * self._first_month(monthly)
        early = self.entrants - arrive
        for _ in range(MONTHS_A_YEAR):
            there = children * stay
            exits += (children - there).sum(axis=0) + early[:EIGHTEEN]
            exits[-1] += early[EIGHTEEN]
            birthdays += there[:, -1].sum() + arrive[-1]
            children = older(there)
            children[1] += arrive[:EIGHTEEN]
        by_age = np.bincount(INPUT_AGE_OF[AGE_BAND], weights=exits, minlength=len(AGE_BANDS))
        return by_age.astype(float), birthdays

    def _correct_birthdays(self, birthdays: float) -> float:
        """Move children of 16 and 17 towards or away from 18 until the stated number has its birthday.

        Returns how far off it was. Where nobody says how many turn 18, ages stay smooth.
        """
        if self.at_18 is None:
            return 0.0
        last = len(AGES) - 1 == AGE_BAND
        near = last & (np.arange(EIGHTEEN) >= EIGHTEEN - MONTHS_A_YEAR)
        band, now = self.ages[last].sum(), self.ages[near].sum()
        wanted = np.clip(now + (self.at_18 - birthdays), 0.0, band)
        self.ages = self.ages.copy()
        self.ages[near] *= wanted / now if now > 0 else 0.0
        self.ages[last & ~near] *= (band - wanted) / (band - now) if band > now else 0.0
        return abs(self.at_18 - birthdays)

    def _steeper(self, survivors: Floats, shape: Floats) -> Floats:
        """Return the shape by time in care, moved towards the stated shares who leave early."""
        if self.targets is None or not survivors[0]:
            return shape
        entered = float(self.entrants.sum())
        ends = CARE_STARTS[1:]
        left = 1 - (survivors[ends - 1] + survivors[ends]) / 2 / entered
        stay, want = np.append(1.0, 1 - left), np.append(1.0, 1 - self.targets)
        have, need = -np.log(stay[1:] / stay[:-1]), -np.log(want[1:] / want[:-1])
        new = shape.copy()
        new[:-1] = np.clip(shape[:-1] * np.sqrt(need / np.maximum(have, FIT_TOLERANCE)), 1 / STEEPEST, STEEPEST)
        return new

    def _impossible(self, have: Floats, wanted: Floats) -> str:
        worst = int(np.abs(have - wanted).argmax())
        if self.by_age and abs(have[worst] - wanted[worst]) > CLOSE * wanted.sum():
            there = np.bincount(INPUT_AGE_OF[AGE_BAND], weights=self.ages)[worst]
            return (
                f"{wanted[worst]:g} exits a year of age {AGE_BANDS[worst]} cannot come from the {there:.0f} children "
                "in care and those who enter or grow into that age"
            )
        return (
            f"{self.at_18 or 0:g} children cannot turn 18 in the first year: there are "
            f"{self.ages[len(AGES) - 1 == AGE_BAND].sum():g} of 16 and 17, and those who enter"
        )


# --- Moving ------------------------------------------------------------------------------------------------------


def stated_moves(rows: Sequence[CaseloadRow], stock: Floats) -> Floats:
    """Return rates of moving (ages, from, to): stated moves a year over the children there to move.

    Where in-house and IFA homes both state moves of one age to the same placement, their children share one rate: a new
    in-house place changes whose home it is, and is not credited with (or blamed for) a child moving on.
    """
    rates = np.zeros((len(AGES), len(PLACEMENTS), len(PLACEMENTS)))
    for row in rows:
        source = PLACEMENTS.index(row.placement) if row.moves_annual else 0
        bands = [i for i, age in enumerate(AGE_BANDS) if row.age_band in {ALL, age}]
        children = sum(stock[band, source] for band in bands)
        for to, annual in row.moves_annual.items():
            rate = annual / MONTHS_A_YEAR / children if children > 0 else 0.0
            rates[np.isin(INPUT_AGE_OF, list(bands)), source, PLACEMENTS.index(to)] += rate
    fostered, there = rates[:, [IN_HOUSE, IFA]], stock[INPUT_AGE_OF][:, [IN_HOUSE, IFA], None]
    both = ratio((fostered * there).sum(axis=1, keepdims=True), there.sum(axis=1, keepdims=True) + 0 * fostered[:, :1])
    rates[:, [IN_HOUSE, IFA]] = np.where((fostered > 0).all(axis=1, keepdims=True), both, fostered)
    if (rates.sum(axis=2) > MOST_A_MONTH).any():
        age, source = np.argwhere(rates.sum(axis=2) > MOST_A_MONTH)[0]
        message = f"more children of age {AGES[age]} move out of {PLACEMENTS[source]} than are there"
        raise CaseloadError(message)
    return rates


def holding(stream: Stream) -> Stream:
    """Return the stream with the moves that hold every age's placements in the proportions they open with.

    What the first two years would add to a placement beyond its share moves on to those that would fall short of
    theirs; repeated until nothing does.
    """
    opening = _cells(stream.opening)
    shares = ratio(opening, np.broadcast_to(opening.sum(axis=1, keepdims=True), opening.shape))
    one = Drivers(entry_scale=np.ones((HOLD_MONTHS, 1)), exit_scale=np.ones(1))
    for _ in range(HOLD_ROUNDS):
        cells = project(stream, one).projection.cells["stock"]
        there, mean = cells[-1], np.maximum(cells.mean(axis=0), FIT_TOLERANCE)
        extra = (there - shares * there.sum(axis=1, keepdims=True)) / HOLD_MONTHS
        surplus, short = np.maximum(extra, 0.0), np.maximum(-extra, 0.0)
        towards = ratio(short, np.broadcast_to(short.sum(axis=1, keepdims=True), short.shape))
        net = stream.law.moving * mean[:, :, None] + surplus[:, :, None] * towards[:, None, :]
        net = np.maximum(net - net.transpose(0, 2, 1), 0.0)
        rates = net / mean[:, :, None]
        rates *= np.minimum(1.0, MOST_A_MONTH / np.maximum(rates.sum(axis=2, keepdims=True), FIT_TOLERANCE))
        stream = replace(stream, law=replace(stream.law, moving=rates))
    return stream


def _cells(opening: Floats) -> Floats:
    summed: Floats = np.add.reduceat(opening.sum(axis=1), AGE_STARTS, axis=0)
    return summed
