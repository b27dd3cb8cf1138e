"""How new foster places fill: which share of the children who start with an agency comes to them instead.

A child who is transferred keeps the stay it would have had with the agency: it is that child in another home. So a
month's transferred children are those of the month before who are still there, and a share of those who start.
"""

from dataclasses import dataclass

import numpy as np

from model.children.law import Floats
from model.children.levers import FosterPlaces
from model.children.opening import ratio


@dataclass(frozen=True, kw_only=True)
class Filling:
    """How the new places of one lever fill, each (months, draws).

    `from_starts`: the share of agency starts who come instead; `from_stock`: the share of the agency's other children
    who move at the month's end; `back`: the share of the transferred who go back because places closed; `children`:
    those transferred at the month's end.
    """

    from_starts: Floats
    from_stock: Floats
    back: Floats
    children: Floats


@dataclass(frozen=True, kw_only=True)
class Month:
    """What a month offers, each (draws,).

    `staying` transferred children still there; `arrivals` who started with an agency, are still there and are not
    claimed yet; `others` in the agency's homes besides.
    """

    staying: Floats
    arrivals: Floats
    others: Floats


def fill(lever: FosterPlaces, month: int, offer: Month) -> tuple[Floats, Floats, Floats, Floats]:
    """Return one month's `from_starts`, `from_stock`, `back` and `children`, each (draws,).

    Empty places fill from starts, as far as they suit (`transferring_share`), or from the stock at once where inflow
    is not limited; where places close, children go back. Nothing is ever below nought.
    """
    gap = lever.filled[month] - offer.staying
    wanted, surplus = np.maximum(gap, 0.0), np.maximum(-gap, 0.0)
    limited = lever.inflow_limited > 0
    there = offer.others + offer.arrivals
    started = np.where(limited, np.minimum(wanted, lever.transferring_share * offer.arrivals), 0.0)
    moved = np.where(limited, 0.0, np.minimum(wanted, there))
    return (
        ratio(started, offer.arrivals),
        ratio(moved, there),
        ratio(surplus, offer.staying),
        offer.staying + started + moved - surplus,
    )


@dataclass(frozen=True, kw_only=True)
class Guide:
    """How a lever's places filled in the expected world at central values, each (months,).

    `arrivals` with an agency and still there at the month's end, `others` in its homes besides (transferred children
    excluded), and the rates a month at which the transferred children left care (`leaving`) or moved on (`moving`);
    `entry_scale` and `exit_scale` (1,): the levels that this was at.
    """

    entry_scale: Floats
    exit_scale: Floats
    arrivals: Floats
    others: Floats
    leaving: Floats
    moving: Floats


def filling(lever: FosterPlaces, guide: Guide, entry_scale: Floats, exit_scale: Floats) -> Filling:
    """Return how the places of a lever fill in every draw, by the guide's stays and the draw's own levels.

    At the guide's own values this is the guide's world exactly. Elsewhere arrivals follow the level of entries, stays
    the level of exits; that the mix of ages shifts a little with them is left out.
    """
    months, draws = lever.filled.shape
    out, children = np.zeros((4, months, draws)), np.zeros(draws)
    level = np.broadcast_to(guide.entry_scale[:, None], entry_scale.shape)
    arrivals = guide.arrivals[:, None] * ratio(entry_scale, level)
    leaving = guide.leaving[:, None] * (exit_scale / guide.exit_scale)
    for month in range(months):
        keep = np.exp(-(leaving[month] + guide.moving[month]))
        others = np.full(draws, guide.others[month])
        offer = Month(staying=children * keep, arrivals=arrivals[month], others=others)
        out[:, month] = fill(lever, month, offer)
        children = out[3, month]
    return Filling(from_starts=out[0], from_stock=out[1], back=out[2], children=out[3])
