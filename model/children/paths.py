"""Children one at a time: who they are when they come into view, and the stays that chance deals them.

All children of a block of draws are dealt at once. A child's path is drawn from the law in continuous time: it waits
for its next event at rates that are constant until a birthday into the next band, the next band of time in care, or
the horizon. Everything said of a child is keyed by its own key, so that another child more or less changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.case.parameters import AGES, PLACEMENTS
from model.case.timeline import MONTHS_A_YEAR
from model.children.law import AGE_BAND, AGE_STARTS, CARE_STARTS, EIGHTEEN, LONGEST, Floats, Law
from model.children.levers import Chance, Drivers
from model.children.opening import Stream
from model.children.words import Keys, exponential, key_of, keys, uniform

Ints = NDArray[np.int64]

MOVED, LEFT, EIGHTEENTH, BEYOND, STILL = range(5)
"""How a stay ends: the child moves, leaves care, turns 18, is still there at the horizon (or it has not ended yet)."""
MOST_ENTRANTS: Final = 400
"""Children who may enter in one month and draw: far beyond any authority."""
_ENTRANTS, _OPENING, _PLACES = 1, 2, 3  # which of a draw's keys
_WHEN, _KIND, _AGE, _CARE, _FIRST_EVENT = range(5)  # which of a child's words
TIME: Final = np.float32
"""Months to a hundred-thousandth: half the memory, and that is what takes the time."""
_NEXT_AGE: Final = np.array([*AGE_STARTS[1:], EIGHTEEN], dtype=TIME)
_NEXT_CARE: Final = np.array([*CARE_STARTS[1:], np.inf], dtype=TIME)
_AGE_BAND: Final = np.append(AGE_BAND, AGE_BAND[-1]).astype(np.int8)
_CARE_BAND: Final = (np.searchsorted(CARE_STARTS, np.arange(LONGEST), side="right") - 1).astype(np.int8)
_CARES: Final = np.int32(len(CARE_STARTS) * len(PLACEMENTS))
FEWEST: Final = 1e-300
AS_STATED: Final = np.ones((1, len(PLACEMENTS)))
"""No placement likelier than the law says, in any draw."""
_STEP: Final = TIME(1e-4)  # months: a boundary that is reached is behind


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Things in a row: every field is an array with a value for each of them, its draw's place in the block too."""

    draw: Ints
    placement: Ints

    def __len__(self) -> int:
        """How many there are."""
        return len(self.draw)

    def pick(self, which: NDArray[Any]) -> Self:
        """Return some of them, given as places or as one yes or no for each."""
        places = np.flatnonzero(which) if which.dtype == bool else which
        return type(self)(**{f.name: getattr(self, f.name).take(places) for f in fields(self)})


SomeRows = TypeVar("SomeRows", bound=Rows)


def joined(parts: Sequence[SomeRows]) -> SomeRows:
    """Return several rows as one."""
    names = [f.name for f in fields(parts[0])]
    return type(parts[0])(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})


@dataclass(frozen=True, kw_only=True)
class Children(Rows):
    """Children in a row, each as it comes into view.

    Its key, and at `start` (months from the beginning) its months of age, months in care and placement. `entered` is
    False for those in care at the beginning.
    """

    key: Keys
    start: Floats
    age: Floats
    care: Floats
    entered: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Stays(Rows):
    """Stays in a row: whose (`draw`, the months of age it has at time 0, `born`), where, from when to when.

    `since` is when the child came into view; `child` is its place in the row of children; `ending` one of MOVED, LEFT,
    EIGHTEENTH, BEYOND; `first` whether the child came into care with it.
    """

    child: Ints
    born: Floats
    since: Floats
    start: Floats
    end: Floats
    ending: Ints
    first: NDArray[np.bool_]


def deal(stream: Stream, drivers: Drivers, chance: Chance, likelier: Floats = AS_STATED) -> Children:
    """Deal all the children of a block of draws: those in care at the beginning, and all who would enter.

    `likelier` (draws, placements) multiplies the entries there, in proportion.
    """
    draws = draw_keys(drivers, chance)
    return joined([_in_care(stream, draws), _entrants(stream, drivers, draws, likelier)])


def draw_keys(drivers: Drivers, chance: Chance) -> Keys:
    """Return the key of every draw of a block, (draws,)."""
    return keys(key_of(chance.seed, chance.stream), chance.first + np.arange(len(drivers.exit_scale)))


def likelier(stream: Stream, draws: Keys) -> Floats:
    """Return how much likelier each placement is in each draw than stated, (draws, placements), 1 on average.

    Where children go is known from the arrivals and departures of some years, a sample. What arrives at a placement in
    that time is a number of events, and its rate the less certain the fewer they are: a Gamma of half as many, since
    departures were counted from a sample as well. One row for all draws where the pattern is taken as certain.
    """
    if not stream.years_seen:
        return AS_STATED
    from scipy.special import gammaincinv  # noqa: PLC0415 - scipy takes a while to import

    there = np.add.reduceat(stream.opening.sum(axis=1), AGE_STARTS, axis=0)
    moving = np.einsum("ap,apq->q", there, stream.law.moving) * MONTHS_A_YEAR
    worth = stream.years_seen * (stream.entries_annual.sum(axis=0) + moving) / 2
    even = uniform(keys(keys(draws, _PLACES)[:, None], np.arange(len(PLACEMENTS))), _WHEN)
    drawn: Floats = np.divide(gammaincinv(worth, even), worth, out=np.ones_like(even), where=worth > 0)
    return drawn


def _in_care(stream: Stream, draws: Keys) -> Children:
    """Deal the children in care at the beginning: whole ones, as many of each kind as expected, to within one.

    A systematic sample down the table of kinds, placement by placement: where the placements' totals are whole numbers
    every draw has exactly them, and on average every kind has its expected number.
    """
    reach = np.cumsum(stream.opening.transpose(2, 0, 1))
    total = float(reach[-1]) if len(reach) else 0.0
    own = keys(draws, _OPENING)
    places = uniform(own, _WHEN)[:, None] + np.arange(int(np.ceil(total)))
    draw, index = np.nonzero(places < total)
    kind = np.searchsorted(reach, places[draw, index], side="right")
    placement, age, care = np.unravel_index(
        np.minimum(kind, len(reach) - 1), (len(PLACEMENTS), *stream.opening.shape[:2])
    )
    key = keys(own[draw], index + 1)
    return Children(
        draw=draw.astype(np.int32), key=key, start=np.zeros(len(key), dtype=TIME),
        age=(age + uniform(key, _AGE)).astype(TIME), care=(care - 1 + uniform(key, _CARE)).astype(TIME),
        placement=placement.astype(np.int32), entered=np.zeros(len(key), dtype=bool),
    )  # fmt: skip


def _entrants(stream: Stream, drivers: Drivers, draws: Keys, likelier: Floats) -> Children:
    """Deal those who enter: a Poisson number a month, of every age and placement in proportion, on any day."""
    months, own = len(drivers.entry_scale), keys(draws, _ENTRANTS)
    monthly = keys(own[:, None], np.arange(months))
    mean = stream.entries_annual.sum() / MONTHS_A_YEAR * drivers.entry_scale.T
    draw, month, index = _counted(poisson(uniform(monthly, _WHEN), mean))
    key = keys(monthly[draw, month], index + 1)
    entries = stream.entries_annual * likelier[:, None]
    band, placement = np.divmod(_kinds(entries, draw, uniform(key, _KIND)), len(PLACEMENTS))
    return Children(
        draw=draw.astype(np.int32), key=key, start=moment(month, uniform(key, _WHEN)),
        age=_age_on_entering(band, uniform(key, _AGE), np.array(stream.younger)).astype(TIME),
        care=np.zeros(len(key), dtype=TIME), placement=placement.astype(np.int32),
        entered=np.ones(len(key), dtype=bool),
    )  # fmt: skip


def moment(month: Ints, even: Floats) -> Floats:
    """Return the moment at so much of a month: never its end, to which single precision would round the last of it."""
    latest = np.nextafter((month + 1).astype(TIME), TIME(0))
    return np.minimum((month + even).astype(TIME), latest)


def _kinds(entries: Floats, draw: Ints, even: Floats) -> Ints:
    """Return which kind each entrant is of, in proportion to the `entries` (draws or 1, ages, placements) of its draw.

    One search does for all: each draw's shares are laid end to end on a line of its own.
    """
    reach = np.cumsum(entries.reshape(len(entries), -1), axis=1)
    line = (reach / np.maximum(reach[:, -1:], FEWEST) + np.arange(len(reach))[:, None]).ravel()
    own = np.minimum(draw, len(reach) - 1)
    kind: Ints = np.searchsorted(line, own + even, side="right") - own * reach.shape[1]
    return np.minimum(kind, np.int64(reach.shape[1] - 1))


def _age_on_entering(band: Ints, even: Floats, younger: Floats) -> Floats:
    """Return months of age: even within the younger half of the band and within the other."""
    share = younger[band]
    first = even < share
    half = np.where(first, even, even - share) / np.where(first, 2 * share, 2 * (1 - share))
    age: Floats = AGE_STARTS[band] + (half + np.where(first, 0.0, 0.5)) * (_NEXT_AGE - AGE_STARTS)[band]
    return age


def poisson(even: Floats, mean: Floats) -> Ints:
    """Return Poisson counts of these means, by their inverse: more where the even number or the mean is greater."""
    term = np.exp(-mean)
    below, count = term.copy(), np.zeros(mean.shape, dtype=np.int64)
    for k in range(1, MOST_ENTRANTS):
        more = even > below
        if not more.any():
            return count
        count += more
        term = term * mean / k
        below = below + term
    message = f"more than {MOST_ENTRANTS} children would enter in one month; check entries_annual in caseload.csv"
    raise OverflowError(message)


def _counted(counts: Ints) -> tuple[Ints, Ints, Ints]:
    """Return draw, month and running number of every child counted in (draws, months)."""
    flat = counts.ravel()
    which = np.repeat(np.arange(flat.size), flat)
    index = np.arange(len(which)) - np.repeat(np.cumsum(flat) - flat, flat)
    draw, month = np.divmod(which, counts.shape[1])
    return draw, month, index


def walk(children: Children, law: Law, exit_scale: Floats, horizon: float, likelier: Floats = AS_STATED) -> Stays:
    """Draw the stays of some children until they leave care, turn 18 or the horizon comes.

    `exit_scale` (draws,) multiplies rates of leaving, `likelier` (draws, placements) those of moving there.
    """
    out, rates, scale = _Out(), _Rates.of(law, likelier), exit_scale.astype(TIME)
    now = _Walker.start(children)
    while len(now.child):
        now = _advance(now, rates, scale, TIME(horizon), out)
    return out.stays(children)


@dataclass(frozen=True, kw_only=True)
class _Rates:
    """The law laid out for look-up, flat.

    `leaving` by age, care and placement; `moving` out by draw, age and placement, `towards` which placement, cumulated;
    `width` how many of these a draw has, 0 where all share them.
    """

    leaving: NDArray[np.float32]
    moving: NDArray[np.float32]
    towards: Floats
    width: np.int32

    @classmethod
    def of(cls, law: Law, likelier: Floats) -> _Rates:
        moving = law.moving * likelier[:, None, None, :]
        return cls(
            leaving=law.leaving.ravel().astype(TIME), moving=moving.sum(axis=3).ravel().astype(TIME),
            towards=np.cumsum(moving, axis=3).reshape(-1, len(PLACEMENTS)),
            width=np.int32(moving[0, ..., 0].size if len(moving) > 1 else 0),
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Walker(Rows):
    """Children under way.

    `time` is now, `began` when the stay began, `wait` what is left to wait for the next event, `turn` how many words
    are used up; `born` and `came` are months of age and in care at time 0.
    """

    child: Ints
    key: Keys
    born: Floats
    came: Floats
    time: Floats
    began: Floats
    wait: Floats
    turn: Ints

    @classmethod
    def start(cls, children: Children) -> _Walker:
        n = len(children)
        return cls(
            child=np.arange(n, dtype=np.int32), key=children.key, draw=children.draw,
            born=children.age - children.start, came=children.care - children.start, placement=children.placement,
            time=children.start, began=children.start, wait=exponential(children.key, _FIRST_EVENT).astype(TIME),
            turn=np.full(n, _FIRST_EVENT + 1, dtype=np.int16),
        )  # fmt: skip


def _advance(now: _Walker, law: _Rates, exit_scale: NDArray[np.float32], horizon: np.float32, out: _Out) -> _Walker:
    """Take every child to its next event or boundary, note the stays that end, and return those still under way."""
    age = _AGE_BAND.take((now.born + (now.time + _STEP)).astype(np.int32))
    care = _CARE_BAND.take(np.minimum(now.came + (now.time + _STEP), LONGEST - 1).astype(np.int32))
    place = now.draw * law.width + age * np.int32(len(PLACEMENTS)) + now.placement
    leaving = law.leaving.take(age * _CARES + care * np.int32(len(PLACEMENTS)) + now.placement)
    leaving *= exit_scale.take(now.draw)
    rate = leaving + law.moving.take(place)
    adult = _NEXT_AGE.take(age) - now.born
    boundary = np.minimum(np.minimum(adult, _NEXT_CARE.take(care) - now.came), horizon)
    hazard = rate * np.maximum(boundary - now.time, 0)
    event = now.wait < hazard
    ending = np.where(boundary >= horizon, BEYOND, STILL).astype(np.int8)
    ending[(boundary == adult) & (age == len(AGES) - 1) & (adult < horizon)] = EIGHTEENTH
    time, wait, placement = boundary, now.wait - hazard, now.placement.copy()
    happens = np.flatnonzero(event)
    rate, leaving, key, turn = rate[happens], leaving[happens], now.key[happens], now.turn[happens]
    time[happens] = np.minimum(now.time.take(happens) + now.wait.take(happens) / rate, boundary.take(happens))
    say = uniform(key, turn) * rate
    ending[happens] = np.where(say < leaving, LEFT, MOVED)
    wait[happens] = exponential(key, turn + 1)
    moves = say >= leaving
    movers = happens[moves]
    beyond = law.towards[place[movers]] <= (say - leaving)[moves, None]
    placement[movers] = np.minimum(beyond.sum(axis=1), len(PLACEMENTS) - 1)
    ended = np.flatnonzero(ending != STILL)
    out.note(now, time, ending, ended)
    began = now.began.copy()
    began[movers] = time[movers]
    turns = now.turn.copy()
    turns[movers] += 2
    further = replace(now, placement=placement, time=time, began=began, wait=wait, turn=turns)
    return further.pick(np.flatnonzero((ending == STILL) | (ending == MOVED)))


class _Out:
    """Stays as they end."""

    def __init__(self) -> None:
        self.parts: list[tuple[NDArray[Any], ...]] = []

    def note(self, now: _Walker, time: Floats, ending: NDArray[np.int8], ended: Ints) -> None:
        self.parts.append(tuple(a.take(ended) for a in (now.child, now.placement, now.began, time, ending)))

    def stays(self, children: Children) -> Stays:
        columns = [np.concatenate(c) for c in zip(*self.parts, strict=True)] if self.parts else [np.zeros(0, int)] * 5
        child, placement, start, end, ending = columns
        since = children.start.take(child)
        return Stays(
            child=child, draw=children.draw.take(child), born=children.age.take(child) - since, since=since,
            placement=placement, start=start, end=end, ending=ending,
            first=children.entered.take(child) & (start == since),
        )  # fmt: skip
