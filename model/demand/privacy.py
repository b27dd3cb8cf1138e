"""What may be published of observed counts: nothing under six, nor anything a small one could be worked out from.

A public caseload is made of protected events and of nothing else, by the same arithmetic as an internal one. So no
file, and no two files of one or of successive returns, can say more than the protected totals do: each of them holds no
count of one to five, is told to the nearest five, and is combined with the others by reference weights, never by the
council's own pattern.
"""

from dataclasses import replace
from typing import Final

import numpy as np

from model.case.words import SMALLEST_PUBLISHED
from model.children.opening import ratio
from model.demand.rates import Events

MARK: Final = "c"
ENOUGH_FOR_A_MEAN: Final = 10
"""A mean age is said of so many children or more."""
_STEP: Final = 5
_ROUNDS: Final = 200


def hidden_cells(counts: np.ndarray) -> np.ndarray:
    """Flag the cells of one published total that must not be shown.

    Every count from one to five (more than nought, if it need not be whole) is hidden, then the smallest others until
    what the shown cells leave of the total is six for each hidden one: a large one is then among them, and each small
    one could be any of one to five. Nought is shown, as DfE shows it.
    """
    hidden = (counts > 0) & (counts < SMALLEST_PUBLISHED)
    while hidden.any() and counts[hidden].sum() < SMALLEST_PUBLISHED * hidden.sum():
        rest = np.flatnonzero(~hidden & (counts > 0))
        if not len(rest):
            break
        hidden[rest[np.argmin(counts[rest])]] = True
    return hidden


def shown_counts(counts: np.ndarray, pattern: np.ndarray | None = None, *, step: int = _STEP) -> np.ndarray:
    """Return counts of one total as they may be shown: to the nearest `step`, a small one as six.

    What the small ones then have too much is taken evenly off those that are hidden with them; where there is not
    enough to take, the total alone is told, spread by `pattern` (evenly without one), and nothing of one under six.
    """
    hidden, small = hidden_cells(counts), (counts > 0) & (counts < SMALLEST_PUBLISHED)
    told: np.ndarray = step * np.rint(counts / step)
    if not small.any():
        return told
    beside, left = hidden & ~small, counts[hidden].sum() - SMALLEST_PUBLISHED * small.sum()
    if left < SMALLEST_PUBLISHED * beside.sum() or not beside.any():
        spread = np.ones(len(counts)) if pattern is None else pattern
        whole = step * np.rint(counts.sum() / step) if counts.sum() >= SMALLEST_PUBLISHED else 0.0
        return np.asarray(whole * spread / spread.sum())
    told[small], told[beside] = SMALLEST_PUBLISHED, step * np.rint(left / step) / beside.sum()
    return told


def protected(events: Events, seed: np.ndarray, years: float) -> Events:
    """Return events of so many years that may be published. `seed` (ages, placements): reference weights above nought.

    Children, child-years and exits keep their totals by age and time in care and by placement; moves those from one
    placement to another, and by age and where to; entries those by age, by placement and by year. Children of a date
    stand as they are, being no sums over years that two returns could be subtracted of; child-years are told as the
    children there on average.
    """
    exposure = _joined(events.exposure / years, seed[:, None, :], step=1) * years
    there = exposure.sum(axis=2)
    stock = _joined(events.stock, seed[:, None, :], step=1)
    entries = _entries(events.entries, seed)
    exits = _joined(events.exits, exposure.swapaxes(1, 2) + seed[:, None, :] / seed.size, step=_STEP)
    return replace(
        events,
        stock=stock,
        exposure=exposure,
        exits=exits,
        moves=_moves(events.moves, there),
        entries=entries,
        younger=_younger(events, entries),
        first=float(_STEP * np.rint(events.first / _STEP)),
        mean_age=np.where(stock.sum(axis=(1, 2)) >= ENOUGH_FOR_A_MEAN, np.rint(events.mean_age), np.nan),
    )


def _joined(counts: np.ndarray, seed: np.ndarray, *, step: int) -> np.ndarray:
    """Return (ages, placements, times in care) of shown counts by age and time in care and by placement.

    `seed` (ages, times in care or 1, placements).
    """
    by_care = np.array([shown_counts(row, step=step) for row in counts.sum(axis=1)])
    by_care += (by_care.sum(axis=1, keepdims=True) == 0) * by_care.sum(axis=0)  # of a few children: as of all
    by_care += (by_care.sum() == 0) * 1.0
    by_age = shown_counts(counts.sum(axis=(1, 2)), seed.sum(axis=(1, 2)), step=step)
    by_age = by_age * (counts.sum() / max(by_age.sum(), 1.0) if step == 1 else 1.0)
    by_care = ratio(by_care, np.broadcast_to(by_care.sum(axis=1, keepdims=True), by_care.shape)) * by_age[:, None]
    by_placement = shown_counts(counts.sum(axis=(0, 2)), seed.sum(axis=(0, 1)), step=step)
    weights = np.broadcast_to(seed, (*by_care.shape, counts.shape[1])).reshape(-1, counts.shape[1])
    table = raked(by_care.ravel(), by_placement, weights).reshape(*by_care.shape, -1)
    joined: np.ndarray = table.swapaxes(1, 2)
    return joined


def _moves(moves: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Return (ages, from, to) of shown moves by placement left and gone to, and by age and placement gone to."""
    elsewhere = 1 - np.eye(there.shape[1])
    pairs = np.array([shown_counts(row, ways) for row, ways in zip(moves.sum(axis=0), elsewhere, strict=True)])
    gone_to = np.array([shown_counts(row) for row in moves.sum(axis=1)])
    table = (there + 1 / there.size)[:, :, None] * elsewhere
    for _ in range(_ROUNDS):
        table = table * ratio(gone_to, table.sum(axis=1))[:, None, :]
        table = table * ratio(pairs, table.sum(axis=0))
    return table


def _entries(entries: np.ndarray, seed: np.ndarray) -> np.ndarray:
    """Return (ages, placements, years) of shown entries by age, by placement and by year."""
    by_age = shown_counts(entries.sum(axis=(1, 2)), seed.sum(axis=1))
    by_placement = shown_counts(entries.sum(axis=(0, 2)), seed.sum(axis=0))
    by_year = shown_counts(entries.sum(axis=(0, 1)))
    shares = by_year / max(by_year.sum(), 1.0)
    table: np.ndarray = raked(by_age, by_placement, seed)[:, :, None] * shares
    return table


def _younger(events: Events, entries: np.ndarray) -> np.ndarray:
    """Return the shown entrants in the younger half of each age; half of them where either half is small."""
    young = events.younger
    halves = [shown_counts(np.array(pair)) for pair in zip(young, events.entries.sum(axis=(1, 2)) - young, strict=True)]
    shares = [half[0] / half.sum() if half.sum() > 0 else 1 / 2 for half in halves]
    younger: np.ndarray = entries.sum(axis=(1, 2)) * shares
    return younger


def raked(rows: np.ndarray, columns: np.ndarray, seed: np.ndarray) -> np.ndarray:
    """Return `seed` scaled to row and column sums in turn, the rows last; columns first to the sum of the rows."""
    table = seed.astype(float)
    columns = columns * (rows.sum() / max(columns.sum(), 1.0))
    for _ in range(_ROUNDS):
        table = table * ratio(columns, table.sum(axis=0))[None, :]
        table = table * ratio(rows, table.sum(axis=1))[:, None]
    return table


def shown(count: float, *, internal: bool) -> str:
    """Return a count as it may be printed: ``c`` for one to five, else to the nearest five, unless internal."""
    whole = round(count)
    if internal or whole == 0:
        return str(whole)
    return str(_STEP * round(whole / _STEP)) if whole >= SMALLEST_PUBLISHED else MARK
