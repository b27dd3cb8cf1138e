"""Short stays: children who are gone by the sixth month's end after they enter, and whose entries schemes may prevent.

A team may keep mostly those at home who would soon have left care anyway: then a prevented entry saves little. A lever
may state what share of the children it keeps at home would have stayed for so short a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.case.parameters import AGES, PLACEMENTS
from model.case.timeline import MONTHS_A_YEAR
from model.children.law import EIGHTEEN, Floats, steps
from model.children.levers import Drivers, EntryReduction, Levers, shares_prevented, targeted
from model.children.opening import Stream, entrants_by_month, ratio

Points = NDArray[np.int64]

EXITS: Final = np.array([0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 4, 5, 7, 10])
"""Levels of exits between which answers are interpolated, where a question asks for more than one: to a thousandth of a
child from 0.4 to 2."""
MONTHS: Final = 6
"""A stay is short if the child is not there at this month's end, that of the month of entry being the first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ShortStays:
    """What one entrant of each kind with a short stay leaves behind, by months since that of entry (6,).

    `share` (ages, placements): how many of the entrants have one. `stock` and `exits` (6, ages, placements at entry,
    placements): where they are at each month's end, and from where they leave in each month; `at_18` those who turn 18.
    """

    share: Floats
    stock: Floats
    exits: Floats
    at_18: Floats


@lru_cache(maxsize=16)
def short_stays(stream: Stream, exit_scale: float) -> ShortStays:
    """Work out the short stays of a stream at one level of exits."""
    solved, spread = steps(stream.law.with_exits(exit_scale)), entrants_by_month(stream.younger)
    n, rows = len(PLACEMENTS), np.arange(EIGHTEEN + 1)
    kinds = [solved.of_age[np.clip(rows + month - 1, 0, EIGHTEEN - 1)] for month in range(MONTHS)]
    through = [solved.entered[kinds[0]], *(solved.stay[kinds[m], solved.of_care[m]] for m in range(1, MONTHS))]
    there, adults = [np.repeat(np.eye(n)[None], EIGHTEEN + 1, axis=0)], []
    for month in range(MONTHS):
        at_end, adult = there[-1] @ through[month], (rows + month == EIGHTEEN)[:, None, None]
        adults.append(at_end * adult)
        there.append(at_end * (rows + month < EIGHTEEN)[:, None, None])
    remain, short = (
        np.ones((EIGHTEEN + 1, n)),
        [there[-1] * 0.0],
    )  # remain: who will still be there at the last month's end
    for month in range(MONTHS - 1, 0, -1):
        young = (rows + month < EIGHTEEN)[:, None]
        remain = np.einsum("apq,aq->ap", through[month], remain * young)
        short.append(there[month] * (1 - remain)[:, None, :])
    share = 1 - np.einsum("ab,ap->bp", spread, there[-1].sum(axis=2))
    stock, at_18 = (np.einsum("ab,mapq->mbpq", spread, np.stack(parts)) for parts in (short[::-1], adults))
    before = np.concatenate([np.eye(n)[None, None] * share[None, :, :, None], stock[:-1]])
    gone = before.sum(axis=3) - stock.sum(axis=3) - at_18.sum(axis=3)
    exits = before * ratio(gone, before.sum(axis=3))[..., None]
    whole = np.broadcast_to(share[None, :, :, None], stock.shape)
    return ShortStays(share=share, stock=ratio(stock, whole), exits=ratio(exits, whole), at_18=ratio(at_18, whole))


def tilts_by_stay(levers: Sequence[EntryReduction], entries: Floats, natural: Floats) -> list[tuple[Floats, Floats]]:
    """Return, for each lever, how much more than its share it prevents of entries with short stays, and of all others.

    Each (draws,). `entries` (ages, placements); `natural` (ages, placements, draws): the share of each kind with short
    stays. The number prevented is the lever's whatever the share of short stays, as far as there are so many.
    """
    found = []
    for lever in levers:
        weight = entries[:, :, None] * targeted(lever, entries)
        usual = ratio((weight * natural).sum(axis=(0, 1)), weight.sum(axis=(0, 1)))
        wanted = np.where(np.isnan(lever.short_share), usual, lever.short_share)
        more = np.divide(wanted, usual, out=np.ones_like(usual), where=usual > 0)
        fewer = np.divide(1 - wanted, 1 - usual, out=np.ones_like(usual), where=usual < 1)
        found.append((more, fewer))
    return found


def natural_short(stream: Stream, exit_scale: Floats) -> Floats:
    """Return the share of each kind of entry with a short stay at every level of exits, (ages, placements, draws)."""
    total = np.zeros((len(AGES), len(PLACEMENTS), len(exit_scale)))
    for points, weight, scale in parted(exit_scale, EXITS, 1):
        total[..., points] += weight * short_stays(stream, scale).share[:, :, None]
    return total


class KeptAtHome(NamedTuple):
    """Children kept at home, (months, kinds, draws) each, a kind being an age and a placement.

    `kept` all of them; `fewer_short` how many more of them have short stays than entrants have; `by_lever` those that
    each reduction keeps.
    """

    kept: Floats
    fewer_short: Floats
    by_lever: list[Floats]


def kept_at_home(stream: Stream, drivers: Drivers, levers: Levers, kinds: NDArray[np.int64]) -> KeptAtHome:
    """Return who is kept at home: effects combine as (1 - e1)(1 - e2), and are shared out by the size of each."""
    months, draws = drivers.entry_scale.shape
    entries = (stream.entries_annual / MONTHS_A_YEAR).ravel()[kinds, None] * drivers.entry_scale[:, None, :]
    shares = [share.reshape(months, -1, draws)[:, kinds] for share in shares_prevented(levers, stream.entries_annual)]
    if not shares:
        return KeptAtHome(np.zeros_like(entries), np.zeros_like(entries), [])
    natural = natural_short(stream, drivers.exit_scale)
    tilts = tilts_by_stay(levers.reductions, stream.entries_annual, natural)
    short, others = (
        1 - np.prod([1 - np.minimum(share * tilt, 1.0) for share, tilt in zip(shares, stays, strict=True)], axis=0)
        for stays in zip(*tilts, strict=True)
    )
    fewer_short = entries * natural.reshape(-1, draws)[kinds] * (short - others)
    kept = entries * others + fewer_short
    return KeptAtHome(kept, fewer_short, [kept * ratio(share, np.sum(shares, axis=0)) for share in shares])


def parted(values: Floats, grid: Floats, few: int) -> list[tuple[Points, Floats, float]]:
    """Return (points, weights, value): answers at these values, so weighted and added up, are the answers at all.

    The values themselves where there are no more than `few` of them; else the values of a fixed grid, each point taking
    from the four around it by the cubic through them (so that what was worked out for one question serves the next). A
    value that most points share is worked out itself: a central answer is the same whatever is asked beside it.
    """
    own, which, shared = np.unique(values, return_inverse=True, return_counts=True)
    if len(own) <= few:
        at, weights = own, np.eye(len(own))[which]
    else:
        most = own[2 * shared > len(values)]
        at, weights = np.append(grid, most), np.zeros((len(values), len(grid) + len(most)))
        first = np.clip(np.searchsorted(grid, values) - 2, 0, len(grid) - 4)
        around = grid[first[:, None] + np.arange(4)]
        for i in range(4):
            others = np.delete(around, i, axis=1)
            share = np.prod((values[:, None] - others) / (around[:, i : i + 1] - others), axis=1)
            weights[np.arange(len(values)), first + i] = share
        weights[np.isin(values, most)] = np.arange(len(at)) == len(grid)
    touched = [(np.flatnonzero(weights[:, i]), i) for i in range(len(at))]
    return [(points, weights[points, i], float(at[i])) for points, i in touched if len(points)]
