"""Short stays: children who are gone by the sixth month's end after they enter, and whose entries schemes may prevent.

A team may keep mostly those at home who would soon have left care anyway: then a prevented entry saves little. A lever
may state what share of the children it keeps at home would have stayed for so short a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from model.case.parameters import PLACEMENTS
from model.children.law import EIGHTEEN, steps
from model.children.levers import targeted
from model.children.opening import entrants_by_month, ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.children.law import Floats
    from model.children.levers import EntryReduction
    from model.children.opening import Stream

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
