"""Worlds of whole children: every child of a draw is dealt once, and each world plays on the same children.

A prevented child is a child who does not come, or comes later; a transferred child is that child in another home; a
child who leaves sooner has a shorter stay. So a world is the do-nothing world with some stays taken out and others put
in, and no child can be saved twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.children.counting import BOUNDS, Tally, counts, month_of, tally
from model.children.law import AGE_BAND, EIGHTEEN, IFA, IN_HOUSE, Floats
from model.children.levers import NO_LEVERS, Drivers, FosterPlaces, Levers, Projection, SoonerOut, targeted
from model.children.opening import Stream
from model.children.paths import (
    EIGHTEENTH,
    LEFT,
    MOVED,
    TIME,
    Children,
    Stays,
    deal,
    draw_keys,
    joined,
    likelier,
    walk,
)
from model.children.places import Filling, Guide, filling
from model.children.short import MONTHS, natural_short, tilts_by_stay
from model.children.words import Keys, exponential, key_of, keys, uniform

_RETURN, _WHOSE = 1_000_001, 1_000_002  # which of a child's keys
_TICKS: Final = 1_000_000  # a stay is told from the child's others by when it begins, to a millionth of a month


@dataclass(frozen=True, kw_only=True)
class Dealt:
    """A block of draws with all its children and the stays they have if nothing is done."""

    stream: Stream
    drivers: Drivers
    children: Children
    stays: Stays
    likelier: Floats
    cells: bool

    @cached_property
    def fostered(self) -> Stays:
        """The stays with an agency, in order of draw and start."""
        return in_order(self.stays.pick(self.stays.placement == IFA))

    def lots(self, name: str) -> Keys:
        """Return a key for each draw and lever, the same whichever block the draw is dealt in."""
        chance = self.drivers.chance
        first = chance.first if chance else 0
        return keys(key_of(chance and chance.seed, name, "places"), first + np.arange(len(self.drivers.exit_scale)))

    @cached_property
    def gone(self) -> Floats:
        """When each child leaves care if nothing is done, inf where it stays for months beyond the horizon.

        The last months' entrants are followed further, so that the horizon makes no stay look longer.
        """
        gone, months = np.full(len(self.children), np.inf), len(self.drivers.entry_scale)
        late = np.flatnonzero(self.children.start > months - MONTHS)
        longer = self.walked(self.children.pick(late), later=MONTHS)
        for stays, whose in ((self.stays, np.arange(len(self.children))), (longer, late)):
            ended = (stays.ending == LEFT) | (stays.ending == EIGHTEENTH)
            gone[whose[stays.child[ended]]] = stays.end[ended]
        return gone

    @cached_property
    def do_nothing(self) -> Tally:
        """Everybody, counted."""
        return self.tally(self.stays)

    def walked(self, children: Children, later: int = 0) -> Stays:
        """Draw the stays of some children in this block, to the horizon or so many months later."""
        horizon = float(len(self.drivers.entry_scale) + later)
        return walk(children, self.stream.law, self.drivers.exit_scale, horizon, self.likelier)

    def tally(self, stays: Stays) -> Tally:
        """Count some stays."""
        return tally(stays, *self.drivers.entry_scale.shape, cells=self.cells)


def dealt(stream: Stream, drivers: Drivers, *, cells: bool) -> Dealt:
    """Deal a block of draws. `cells`: whether its worlds count children by age and placement."""
    if drivers.chance is None:
        message = "there is no chance to deal: these drivers ask for expected numbers"
        raise ValueError(message)
    tilts = likelier(stream, draw_keys(drivers, drivers.chance))
    children = deal(stream, drivers, drivers.chance, tilts)
    stays = walk(children, stream.law, drivers.exit_scale, float(len(drivers.entry_scale)), tilts)
    return Dealt(stream=stream, drivers=drivers, children=children, stays=stays, likelier=tilts, cells=cells)


def play(ground: Dealt, levers: Levers = NO_LEVERS, guides: Sequence[Guide] = ()) -> Projection:
    """Play the world of some levers on the children of a block. `guides`: how each lever's places filled when expected.

    The levers act in causal order: entries are prevented, stays are shortened, new places are filled.
    """
    months, draws = ground.drivers.entry_scale.shape
    total, diverted = ground.do_nothing, np.zeros((months, draws))
    world = _World(ground.children, ground.stays, ground.fostered)
    if levers.reductions:
        kept, again = _kept_at_home(ground, levers)
        back = ground.walked(again)
        total = total - ground.tally(ground.stays.pick(kept[ground.stays.child])) + ground.tally(back)
        home = ground.children.pick(kept)
        diverted = counts(month_of(home.start) * draws + home.draw, (months, draws))
        world = world.without(kept, again, back, whole=bool(levers.sooner))
    for lever in levers.sooner:
        touched, now = _hastened(ground, world, lever)
        total = total - ground.tally(world.stays.pick(touched)) + ground.tally(now)
        world = world.instead(touched, now)
    fostered = world.fostered
    for places, guide in zip(levers.places, guides, strict=True):
        own = filling(places, guide, ground.drivers.entry_scale, ground.drivers.exit_scale)
        before, after, fostered = _transferred(ground, fostered, places, own)
        total = total - ground.tally(before) + ground.tally(after)
    entries, under, at_18 = total.flows
    return Projection(
        stock=total.stock, entries=entries, exits_under_18=under, exits_at_18=at_18, diverted=diverted,
        cells=total.cells, draws=draws,
    )  # fmt: skip


class _World(NamedTuple):
    """Children and their stays as levers have left them; `fostered`: the agency's, in order of draw and start."""

    children: Children
    stays: Stays
    fostered: Stays

    def without(self, kept: NDArray[np.bool_], again: Children, back: Stays, *, whole: bool) -> _World:
        """Return the world without the children who are kept at home, and with those who come after all.

        `whole`: whether all stays are wanted; new places ask only for the agency's.
        """
        mine = replace(back, child=back.child + np.int32(len(self.children)))
        fostered = joined([self.fostered.pick(~kept[self.fostered.child]), mine.pick(mine.placement == IFA)])
        stays = joined([self.stays.pick(~kept[self.stays.child]), mine]) if whole else self.stays
        return _World(joined([self.children, again]), stays, in_order(fostered))

    def instead(self, touched: NDArray[np.bool_], now: Stays) -> _World:
        """Return the world with other stays in the place of some."""
        stays = joined([self.stays.pick(~touched), now])
        return _World(self.children, stays, in_order(stays.pick(stays.placement == IFA)))


def in_order(stays: Stays) -> Stays:
    """Return stays in the order of their draw, and within it of their start."""
    horizon = stays.start.max(initial=0.0) + 1
    return stays.pick(np.argsort(stays.draw * np.float64(horizon) + stays.start, kind="stable"))


# --- Levers ------------------------------------------------------------------------------------------------------


def _kept_at_home(ground: Dealt, levers: Levers) -> tuple[NDArray[np.bool_], Children]:
    """Return which children are kept at home, and those of them who come into care after all, as they then are."""
    children, months = ground.children, len(ground.drivers.entry_scale)
    aims = [targeted(lever, ground.stream.entries_annual) for lever in levers.reductions]
    band = AGE_BAND.take(children.age.astype(np.int32), mode="clip")
    aimed = np.any([aim.any(axis=2) for aim in aims], axis=0)[band, children.placement] & children.entered
    who = np.flatnonzero(aimed)
    coming = children.pick(who)
    kind = np.ravel_multi_index((band[who], coming.placement, coming.draw), aims[0].shape)
    month = np.ravel_multi_index((coming.start.astype(np.int64), coming.draw), ground.drivers.entry_scale.shape)
    shares = [
        np.minimum(lever.rate.take(month) * aim.take(kind), 1.0)
        for lever, aim in zip(levers.reductions, aims, strict=True)
    ]
    chances = _by_stay(ground, levers, (who, coming.draw, shares))
    held = [
        uniform(keys(coming.key, _salt(lever.name)), 0) < share
        for lever, share in zip(levers.reductions, chances, strict=True)
    ]
    home = np.flatnonzero(np.logical_or.reduce(held))
    kept = np.zeros(len(children), dtype=bool)
    kept[who[home]] = True
    staying = coming.pick(home)
    whose = _whose(staying, [share.take(home) for share in shares])
    fade = np.array([lever.fade for lever in levers.reductions])[whose, staying.draw]
    wait = exponential(keys(staying.key, _RETURN), 0)
    returns = staying.start + np.divide(wait, fade, out=np.full(len(home), np.inf), where=fade > 0)
    age = staying.age + returns - staying.start
    again = (returns < months) & (age < EIGHTEEN)
    back = staying.pick(again)
    key = keys(back.key, _RETURN)
    return kept, replace(back, key=key, start=returns[again].astype(TIME), age=age[again].astype(TIME))


def _by_stay(
    ground: Dealt, levers: Levers, coming: tuple[NDArray[np.int64], NDArray[np.int64], list[Floats]]
) -> list[Floats]:
    """Return each child's chance of being kept at home by each lever, by whether its stay would have been short.

    `coming`: which children, their draws, and the levers' shares of them.
    """
    who, draw, shares = coming
    if all(np.isnan(lever.short_share).all() for lever in levers.reductions):
        return shares
    natural = natural_short(ground.stream, ground.drivers.exit_scale)
    tilts = tilts_by_stay(levers.reductions, ground.stream.entries_annual, natural)
    short = ground.gone[who] <= np.floor(ground.children.start[who]) + MONTHS
    stay = np.ravel_multi_index((short.astype(np.int64), draw), (2, len(ground.drivers.exit_scale)))
    return [
        np.minimum(share * np.stack([fewer, more]).take(stay), 1.0)
        for share, (more, fewer) in zip(shares, tilts, strict=True)
    ]


def _whose(staying: Children, shares: Sequence[Floats]) -> NDArray[np.int64]:
    """Return which scheme has kept each child: one that several would have kept goes to one, by their shares."""
    reach = np.cumsum(shares, axis=0)
    pick = uniform(keys(staying.key, _WHOSE), 0) * reach[-1]
    whose: NDArray[np.int64] = np.minimum((reach <= pick).sum(axis=0), len(reach) - 1)
    return whose


def _hastened(ground: Dealt, world: _World, lever: SoonerOut) -> tuple[NDArray[np.bool_], Stays]:
    """Return which stays a lever ends sooner, or lets never begin, and the stays that take their place.

    A child who comes to live where the lever acts once more meets it once more.
    """
    children, stays = world.children, world.stays
    mine = np.flatnonzero(stays.placement == lever.source)
    at = stays.pick(mine)
    key = keys(keys(children.key[at.child], _salt(lever.name)), np.floor(at.start * _TICKS).astype(np.int64))
    ends = _reached(at, lever, exponential(key, 0))
    gone = np.full(len(children), np.inf)
    np.minimum.at(gone, at.child, np.where(ends < at.end, ends, np.inf))
    first = np.isfinite(gone[at.child]) & (ends == gone[at.child])
    touched = stays.end > gone[stays.child]
    cut, when = at.pick(first), ends[first]
    ended = replace(cut, end=when, ending=np.full(len(cut), LEFT if lever.to is None else MOVED))
    if lever.to is None:
        return touched, ended
    whose = children.pick(cut.child)
    moved = replace(
        whose, key=keys(key[first], 1), start=when, age=cut.born + when, care=whose.care + when - whose.start,
        placement=np.full(len(cut), lever.to), entered=np.zeros(len(cut), dtype=bool),
    )  # fmt: skip
    later = ground.walked(moved)
    later = replace(later, child=cut.child[later.child], since=cut.since[later.child])
    if not len(later):
        return touched, ended
    again, instead = _hastened(ground, world._replace(stays=later), lever)
    return touched, joined([ended, later.pick(~again), instead])


def _reached(stays: Stays, lever: SoonerOut, wait: Floats) -> Floats:
    """Return when each stay has met the lever for as long as it waits, at the lever's rate; inf where it never does."""
    months, draws = lever.rate.shape
    met = np.concatenate([np.zeros((1, draws)), np.cumsum(lever.rate, axis=0)])
    ends, wait = np.full(len(stays), np.inf), wait.copy()
    for band in np.flatnonzero(lever.ages):
        low = np.maximum(stays.start, BOUNDS[band] - stays.born)
        high = np.minimum(stays.end, BOUNDS[band + 1] - stays.born)
        inside = np.flatnonzero((low < high) & np.isinf(ends))
        draw = stays.draw[inside]
        begin, reach = _met(met, low[inside], draw), _met(met, high[inside], draw)
        hit = begin + wait[inside] < reach
        goal = (begin + wait[inside])[hit]
        month = np.minimum((met[:, draw[hit]] <= goal).sum(axis=0) - 1, months - 1)
        ends[inside[hit]] = month + (goal - met[month, draw[hit]]) / lever.rate[month, draw[hit]]
        wait[inside] -= np.where(hit, 0.0, reach - begin)
    return ends


def _met(met: Floats, time: Floats, draw: NDArray[np.int64]) -> Floats:
    """Return a cumulative rate at some times of some draws, even within a month."""
    month = np.minimum(np.floor(time).astype(np.int64), len(met) - 2)
    there: Floats = met[month, draw] + (time - month) * (met[month + 1, draw] - met[month, draw])
    return there


def _transferred(ground: Dealt, fostered: Stays, lever: FosterPlaces, own: Filling) -> tuple[Stays, Stays, Stays]:
    """Return the agency stays that a lever changes, what they become, and those that are left as they were."""
    lots = ground.lots(lever.name)
    begin = _from_starts(fostered, own, lots)
    if (own.from_stock > 0).any():
        begin = np.minimum(begin, _from_stock(fostered, own, lots))
    until = np.minimum(_sent_back(fostered, own, begin, lots), fostered.end)
    taken = begin < until
    before, begin, until = fostered.pick(taken), begin[taken], until[taken]
    starts, ends = begin > before.start, until < before.end
    parts = [replace(before, placement=np.full(len(before), IN_HOUSE), start=begin, end=until,
                     ending=np.where(ends, MOVED, before.ending), first=before.first & ~starts)]  # fmt: skip
    parts.append(replace(before, end=begin, ending=np.full(len(before), MOVED)).pick(starts))
    parts.append(replace(before, start=until, first=np.zeros(len(before), dtype=bool)).pick(ends))
    return before, joined(parts), fostered.pick(~taken)


def _from_starts(fostered: Stays, own: Filling, lots: Keys) -> Floats:
    """Return when each agency stay begins in a new place instead: at its own start, or never (inf).

    A systematic sample of a draw's starts in the order of time: each with its month's share as chance, and never more
    than one child from the number expected of them.
    """
    month = np.minimum(np.floor(fostered.start).astype(int), len(own.from_starts) - 1)
    share = np.where(fostered.start > 0, own.from_starts[month, fostered.draw], 0.0)
    return np.where(_systematic(share, fostered.draw, lots), fostered.start, np.inf)


def _systematic(share: Floats, draw: NDArray[np.int64], lots: Keys, turn: int = 0) -> NDArray[np.bool_]:
    """Pick from rows in order of their draw, each with its share as chance."""
    reach = np.cumsum(share)
    first = np.searchsorted(draw, np.arange(len(lots)))  # where each draw's rows begin
    within = reach - np.append(reach - share, 0.0)[first[draw]]
    offset = uniform(lots[draw], turn)
    picked: NDArray[np.bool_] = np.floor(within + offset) > np.floor(within - share + offset)
    return picked


def _from_stock(fostered: Stays, own: Filling, lots: Keys) -> Floats:
    """Return at which month's end each agency stay moves to a new place from the stock, inf for never."""
    begin = np.full(len(fostered), np.inf)
    for month in np.flatnonzero((own.from_stock > 0).any(axis=1)):
        at = month + 1.0
        there = np.flatnonzero((fostered.start <= at) & (fostered.end > at) & np.isinf(begin))
        draw = fostered.draw[there]
        begin[there[_systematic(own.from_stock[month, draw], draw, lots, 2 * int(month) + 1)]] = at
    return begin


def _sent_back(fostered: Stays, own: Filling, begin: Floats, lots: Keys) -> Floats:
    """Return at which month's end each transferred child goes back because places closed, inf for never."""
    until = np.full(len(fostered), np.inf)
    for month in np.flatnonzero((own.back > 0).any(axis=1)):
        at = month + 1.0
        there = np.flatnonzero((begin < at) & (fostered.end > at) & (until > at))
        draw = fostered.draw[there]
        until[there[_systematic(own.back[month, draw], draw, lots, 2 * int(month) + 2)]] = at
    return until


def _salt(name: str) -> int:
    return int(key_of(name) >> np.uint64(1))
