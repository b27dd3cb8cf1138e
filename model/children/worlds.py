"""Worlds of one caseload under different schemes, on the same draws, through the compiled loop.

What chance deals to a block of draws is the ground that all its worlds stand on: dealt once, played in each.
`model.children.caseload.project_plainly` is the oracle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from model.case.timeline import MONTHS_A_YEAR
from model.children.caseload import AGES, IFA, IN_HOUSE, MEASURES, PLACEMENTS, Levers, Projection, exit_hazard

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from model.children.caseload import Drivers, EntryReduction, Stream

    Floats = NDArray[np.float64]
    Cells = NDArray[np.bool_]  # (ages, placements)

COMPILED_FROM = 64  # draws: fewer are done by `project_plainly` before numba would be loaded
FLOWS: Final = 4  # entries, exits under 18, exits at 18, diverted
SPARE_PLACES, MOST_PLACES = 2, 24  # leaving places dealt to a cell beyond the expected spread, and at most
CELLS: Final = (len(AGES), len(PLACEMENTS))
NO_LEVERS: Final = Levers(reductions=(), places=())


@dataclass(frozen=True, kw_only=True)
class Dealt:
    """What chance deals to the cells of one block of draws, in runs of `kernel.LANES` draws.

    `counts` (runs, months, cells, lanes): children who would enter; `places` (runs, months, slots, lanes): how many
    children stand ahead of each leaving place; cell c has the slots `first_of[c]` to `first_of[c + 1]`.
    """

    counts: NDArray[np.uint16]
    places: NDArray[np.uint8]
    first_of: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all worlds of one block of draws share. `dealt`: nothing where chance is off."""

    stream: Stream
    drivers: Drivers
    dealt: Dealt | None


@dataclass(frozen=True, kw_only=True)
class _Sheets:
    """What the loop fills in: `stock`, `flows` and `cells` as it says; `counted`: whether cells are wanted."""

    stock: Floats
    flows: Floats
    cells: Floats
    counted: bool


def ground(stream: Stream, drivers: Drivers) -> Ground:
    """Deal the chances of a block of draws."""
    return Ground(stream=stream, drivers=drivers, dealt=_deal(stream, drivers))


def project_on(on: Ground, levers: Levers, *, cells: bool) -> Projection:
    """Project the world of some levers month by month. `cells`: count the children of every cell, over all draws.

    Memory: placement stocks only; cells are summed over draws as they are made.
    """
    months, draws = on.drivers.entry_scale.shape
    stock, flows = np.empty((months + 1, len(PLACEMENTS), draws)), np.empty((months, FLOWS, draws))
    counted = np.zeros((len(MEASURES), months + 1, *CELLS))
    unpriced = np.empty((0, draws))
    _loop(on, levers, (unpriced, unpriced), _Sheets(stock=stock, flows=flows, cells=counted, counted=cells))
    return Projection(
        stock=stock,
        entries=flows[:, 0],
        exits_under_18=flows[:, 1],
        exits_at_18=flows[:, 2],
        diverted=flows[:, 3],
        cells={m: counted[i] if m == "stock" else counted[i, :-1] for i, m in enumerate(MEASURES)} if cells else {},
        draws=draws,
    )


def _loop(on: Ground, levers: Levers, priced: tuple[Floats, Floats], out: _Sheets) -> None:
    """Run a world through the compiled loop."""
    from model.children import kernel  # noqa: PLC0415 - numba is loaded only where many draws need it

    stream, drivers, chance = on.stream, on.drivers, on.drivers.chance
    months, draws = drivers.entry_scale.shape
    mine = _lived_in(stream, places=bool(levers.places))
    aimed = [_aimed(stream, lever) for lever in levers.reductions]
    dealt = on.dealt or _NOTHING_DEALT
    kernel.project_lanes(
        stream.opening,
        stream.entries_annual / MONTHS_A_YEAR,
        stream.ageing_rate,
        stream.move_hazard,
        mine,
        _moving(stream, mine, places=bool(levers.places)),
        np.ascontiguousarray(drivers.entry_scale),
        exit_hazard(stream, drivers),
        _stack([lever.rate for lever in levers.reductions], (months, draws)),
        _stack([lever.weights for lever in levers.reductions], (*CELLS, draws)),
        _stack(aimed, CELLS, np.bool_),
        _stack([_ageing(cells) for cells in aimed], CELLS, np.bool_),
        _stack([lever.fade for lever in levers.reductions], (draws,)),
        _stack([lever.filled for lever in levers.places], (months, draws)),
        _stack([lever.transferring_share for lever in levers.places], (draws,)),
        _stack([lever.inflow_limited for lever in levers.places], (draws,)),
        chance is not None,
        np.uint64(0 if chance is None else chance.key),
        0 if chance is None else chance.first,
        dealt.counts,
        dealt.places,
        dealt.first_of,
        *priced,
        out.stock,
        out.flows,
        out.cells,
        out.counted,
    )


def _stack(parts: Sequence[NDArray[Any]], shape: tuple[int, ...], kind: type = np.float64) -> NDArray[Any]:
    """Return the parts as one array, each of that shape; there may be none."""
    return np.stack(parts) if parts else np.empty((0, *shape), dtype=kind)


# --- Chance ---------------------------------------------------------------------------------------------------------

_NOTHING_DEALT: Final = Dealt(
    counts=np.zeros((1, 1, 1, 1), dtype=np.uint16),
    places=np.zeros((1, 1, 1, 1), dtype=np.uint8),
    first_of=np.zeros(math.prod(CELLS) + 1, dtype=np.int64),
)


def _deal(stream: Stream, drivers: Drivers) -> Dealt | None:
    """Deal the chances of every cell, or none where chance is off."""
    from model.children import kernel  # noqa: PLC0415 - as above

    if drivers.chance is None:
        return None
    months, draws = drivers.entry_scale.shape
    runs = -(-draws // kernel.LANES)
    base = stream.entries_annual / MONTHS_A_YEAR
    first_of = np.concatenate([[0], np.cumsum(_places_dealt(stream))])
    dealt = Dealt(
        counts=np.zeros((runs, months, base.size, kernel.LANES), dtype=np.uint16),
        places=np.empty((runs, months, int(first_of[-1]), kernel.LANES), dtype=np.uint8),
        first_of=first_of,
    )
    where = np.uint64(drivers.chance.key), drivers.chance.first
    kernel.deal_entries(base, np.ascontiguousarray(drivers.entry_scale), *where, dealt.counts)
    kernel.deal_places(exit_hazard(stream, drivers), first_of, *where, dealt.places, months)
    return dealt


def _places_dealt(stream: Stream) -> NDArray[np.int64]:
    """Return how many leaving places to deal to each cell: more than leave in nearly every month. (cells,).

    Where more leave the compiled loop walks the row itself, so that this is a matter of time only.
    """
    leaving = np.maximum(stream.opening, stream.entries_annual) * stream.exit_hazard[:, None]
    wanted = np.minimum(SPARE_PLACES + np.ceil(leaving + 2 * np.sqrt(leaving)), MOST_PLACES)
    dealt: NDArray[np.int64] = np.where(_lived_in(stream, places=True), wanted, 0).astype(np.int64).ravel()
    return dealt


# --- Which cells ----------------------------------------------------------------------------------------------------


def _aimed(stream: Stream, lever: EntryReduction) -> Cells:
    """Return where a reduction has entries to prevent."""
    aimed: Cells = (lever.weights > 0).any(axis=2) & (stream.entries_annual != 0)
    return aimed


def _ageing(cells: Cells) -> Cells:
    """Return these cells and the older ones of the same placement."""
    older: Cells = np.logical_or.accumulate(cells, axis=0)
    return older


def _lived_in(stream: Stream, *, places: bool) -> Cells:
    """Return the cells that can ever hold a child, by birthdays and moves too; new foster places open all of theirs."""
    cells, moves = (stream.opening != 0) | (stream.entries_annual != 0), stream.move_hazard != 0
    if places:
        cells[:, [IN_HOUSE, IFA]] = True
    while True:
        older = _ageing(cells)
        further: Cells = older | (moves & older[:, :, None]).any(axis=1)
        if np.array_equal(further, cells):
            return further
        cells = further


def _moving(stream: Stream, mine: Cells, *, places: bool) -> Cells:
    """Return the cells that children move out of or into."""
    moves = (stream.move_hazard != 0) & mine[:, :, None]
    moving: Cells = moves.any(axis=2) | moves.any(axis=1)
    if places:
        moving[:, [IN_HOUSE, IFA]] = True
    return moving
