"""The caseload's month loop, compiled: the same arithmetic as `model.caseload`, which stays its oracle in the tests.

Import this module only where it is called: it imports numba. The compiled code is cached beside this file.
Draws are worked on in lanes: every array ends in a short run of draws that the processor takes several at a time,
while months recur. No array of every cell in every month of every draw is ever made.

What `chance` does is said in `model.noise`, which is its oracle in the same way.
"""

# ruff: noqa: C901, FBT001, FBT003, FURB136, PLR0912, PLR0913, PLR0917 - compiled loops take arrays, not objects
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from model import noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

LANES = 256  # draws in a run: the state, 48 cells x 256 lanes x 8 bytes an array, stays in the second-level cache
AGES, PLACEMENTS = 6, 8
IN_HOUSE, IFA = 0, 1
SMALL = 1e-9  # what model.caseload divides claims by at least
STRIDE, GOLDEN, FIRST_MIX, SECOND_MIX = np.uint64(noise.STRIDE), noise.GOLDEN, noise.FIRST_MIX, noise.SECOND_MIX
EVENTS, ENTER, PREVENT, LEAVE = noise.EVENTS, noise.ENTER, noise.PREVENT, noise.LEAVE
LARGEST_MEAN, MOST = noise.LARGEST_MEAN, noise.MOST
SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11))
STEP = 2.0**-53


def _can_be_kept() -> bool:
    """Whether compiled code can be kept: numba refuses where neither this folder nor the user's cache is writable."""
    try:
        njit(cache=True)(_can_be_kept)
    except RuntimeError:
        return False
    return True


KEPT = _can_be_kept()
_compiled = njit(nogil=True, cache=KEPT, error_model="numpy")
_compiled_sum = njit(nogil=True, cache=KEPT, error_model="numpy", fastmath={"reassoc"})


@_compiled
def _uniform(key: np.uint64, draw: int, month: int, age: int, placement: int, event: int) -> float:
    """splitmix64 at a counter: any number of any draw without those before it. In (0, 1)."""
    slot = np.uint64(((month * AGES + age) * PLACEMENTS + placement) * EVENTS + event)
    z = key + (np.uint64(draw) * STRIDE + slot) * GOLDEN
    z = (z ^ (z >> SHIFTS[0])) * FIRST_MIX
    z = (z ^ (z >> SHIFTS[1])) * SECOND_MIX
    z = z ^ (z >> SHIFTS[2])
    return (np.float64(z >> SHIFTS[3]) + 0.5) * STEP


@_compiled
def _uniforms(out: Floats, key: np.uint64, draw: int, month: int, age: int, placement: int, event: int) -> None:
    """One uniform for each lane, in one run that the processor takes several at a time."""
    for i in range(len(out)):
        out[i] = _uniform(key, draw + i, month, age, placement, event)


@_compiled
def _poisson(u: float, mean: float, none: float) -> float:
    """Inverse CDF of a Poisson count; `none` = exp(-mean)."""
    if mean > LARGEST_MEAN:
        return mean
    term = none
    total = none
    count = 0.0
    while u > total and count < MOST:
        count += 1.0
        term *= mean / count
        total += term
    return count


@_compiled
def _binomial(u: float, trials: float, odds: float, none: float) -> float:
    """Inverse CDF of a binomial count; `odds` = p / (1 - p), `none` = (1 - p)^trials."""
    term = none
    total = none
    count = 0.0
    while u > total and count < trials:
        term *= odds * (trials - count) / (count + 1.0)
        count += 1.0
        total += term
    return count


@_compiled
def _leavers(u: float, stock: float, hazard: float, log_stay: float) -> float:
    """Children who leave out of a stock that need not be whole: between the counts for the whole numbers around it.

    Mean hazard x stock, never more than the stock, never less for a larger stock on the same u.
    """
    if stock <= 0.0 or hazard <= 0.0:
        return 0.0
    if hazard >= 1.0:
        return stock
    if stock * hazard > LARGEST_MEAN:
        return stock * hazard
    whole: float = np.floor(stock)
    part = stock - whole
    none: float = np.exp(whole * log_stay)
    stay = 1.0 - hazard
    if u <= none * stay:
        return 0.0
    odds = hazard / stay
    fewer = _binomial(u, whole, odds, none)
    if part == 0.0:
        return fewer
    return (1.0 - part) * fewer + part * _binomial(u, whole + 1.0, odds, none * stay)


@_compiled_sum
def _total(row: Floats, lanes: int) -> float:
    """Sum of the first lanes; the one place where the order of a sum is the compiler's."""
    total = 0.0
    for i in range(lanes):
        total += row[i]
    return total


@_compiled
def _enter(
    entries: Floats,
    none: Floats,
    alive: Bools,
    base: Floats,
    scale: Floats,
    fresh: bool,
    chance: bool,
    key: np.uint64,
    draw: int,
    month: int,
) -> None:
    """Who would enter: the mean, or a Poisson count of it. `fresh`: the mean is not last month's."""
    n = entries.shape[2]
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if not alive[a, p]:
                continue
            mean, row, zero = base[a, p], entries[a, p], none[a, p]
            if not chance or mean == 0.0:
                for i in range(n):
                    row[i] = mean * scale[i]
                continue
            if fresh:
                for i in range(n):
                    zero[i] = np.exp(-mean * scale[i])
            _uniforms(row, key, draw, month, a, p, ENTER)
            for i in range(n):
                row[i] = _poisson(row[i], mean * scale[i], zero[i]) if row[i] > zero[i] else 0.0


@_compiled
def _share(entries: Floats, base: Floats, weight: Floats, rate: Floats, share: Floats, work: Floats) -> None:
    """The share of each cell's entries that one scheme prevents: its rate, spread by the targeting weights."""
    n = entries.shape[2]
    target, weighted, tilted = work[0], work[1], work[2]
    for i in range(n):
        target[i] = 0.0
        weighted[i] = 0.0
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if base[a, p] != 0.0:
                row, w = entries[a, p], weight[a, p]
                for i in range(n):
                    target[i] += row[i] if w[i] > 0.0 else 0.0
                    weighted[i] += row[i] * w[i]
    for i in range(n):
        tilted[i] = rate[i] * (target[i] / weighted[i]) if weighted[i] > 0.0 else 0.0
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if base[a, p] != 0.0:
                w, out = weight[a, p], share[a, p]
                for i in range(n):
                    wanted = tilted[i] * w[i]
                    out[i] = wanted if wanted < 1.0 else 1.0


@_compiled
def _where_alive(opening: Floats, base: Floats, move_hazard: Floats, has_places: bool) -> Bools:
    """Cells that can ever hold a child: from the start, by entry, by a birthday or by a move."""
    alive = np.zeros((AGES, PLACEMENTS), dtype=np.bool_)
    for _ in range(PLACEMENTS):  # a move can follow a move
        for a in range(AGES):
            for p in range(PLACEMENTS):
                here = opening[a, p] != 0.0 or base[a, p] != 0.0 or (has_places and p <= IFA)
                alive[a, p] = alive[a, p] or here or (a > 0 and alive[a - 1, p])
                for q in range(PLACEMENTS):
                    alive[a, p] = alive[a, p] or (alive[a, q] and move_hazard[a, q, p] != 0.0)
    return alive


@_compiled
def _where_aimed(weights: Floats, base: Floats) -> tuple[Bools, Bools]:
    """Cells where a reduction has entries to prevent, and those where its children kept at home may have grown into."""
    aimed = np.zeros((len(weights), AGES, PLACEMENTS), dtype=np.bool_)
    held = np.zeros((len(weights), AGES, PLACEMENTS), dtype=np.bool_)
    for r in range(len(weights)):
        for p in range(PLACEMENTS):
            for a in range(AGES):
                for draw in range(weights.shape[3]):
                    aimed[r, a, p] = aimed[r, a, p] or (base[a, p] != 0.0 and weights[r, a, p, draw] > 0.0)
                held[r, a, p] = aimed[r, a, p] or (a > 0 and held[r, a - 1, p])
    return aimed, held


@_compiled
def _prevent(
    entries: Floats,
    shares: Floats,
    pools: Floats,
    aimed: Bools,
    held: Bools,
    fade: Floats,
    ageing: Floats,
    diverted: Floats,
    work: Floats,
    chance: bool,
    key: np.uint64,
    draw: int,
    month: int,
) -> None:
    """Take out the entries prevented, put back those that return, and age the pools of children kept at home."""
    n = entries.shape[2]
    keep, claims, prevented = work[0], work[1], work[2]
    for p in range(PLACEMENTS):
        for a in range(AGES - 1, -1, -1):  # from the oldest, so that nobody has two birthdays in a month
            touched = False
            for r in range(len(shares)):
                touched = touched or aimed[r, a, p]
            row = entries[a, p]
            if touched:
                for i in range(n):
                    keep[i] = 1.0
                    claims[i] = 0.0
                for r in range(len(shares)):
                    if aimed[r, a, p]:
                        share = shares[r, a, p]
                        for i in range(n):
                            keep[i] *= 1.0 - share[i]
                            claims[i] += share[i]
                for i in range(n):
                    prevented[i] = row[i] * (1.0 - keep[i])
                if chance:
                    for i in range(n):
                        if prevented[i] > 0.0 and row[i] <= LARGEST_MEAN and keep[i] > 0.0:
                            u = _uniform(key, draw + i, month, a, p, PREVENT)
                            prevented[i] = _binomial(u, row[i], (1.0 - keep[i]) / keep[i], keep[i] ** row[i])
                for i in range(n):
                    row[i] -= prevented[i]
                    diverted[i] += prevented[i]
                    claims[i] = prevented[i] / (claims[i] if claims[i] > SMALL else SMALL)
            for r in range(len(shares)):
                if not held[r, a, p]:
                    continue
                share, pool, gone = shares[r, a, p], pools[r, a, p], fade[r]
                grow = ageing[a]
                for i in range(n):
                    back = pool[i] * gone[i]
                    row[i] += back
                    pool[i] = (pool[i] - back) * (1.0 - grow)
                if aimed[r, a, p]:
                    for i in range(n):
                        pool[i] += claims[i] * share[i]
                if a > 0 and held[r, a - 1, p]:
                    younger, grow = pools[r, a - 1, p], ageing[a - 1]
                    for i in range(n):
                        pool[i] += (younger[i] - younger[i] * gone[i]) * grow


@_compiled
def _leave(
    stock: Floats,
    exits: Floats,
    growing: Floats,
    alive: Bools,
    leave: Floats,
    log_stay: Floats,
    ageing: Floats,
    chance: bool,
    key: np.uint64,
    draw: int,
    month: int,
) -> None:
    """Who leaves, and who has the birthday that takes them into the next age band (or out of care)."""
    n = stock.shape[2]
    for a in range(AGES):
        hazard, log_row, rate = leave[a], log_stay[a], ageing[a]
        for p in range(PLACEMENTS):
            if not alive[a, p]:
                continue
            row, out, older = stock[a, p], exits[a, p], growing[a, p]
            if chance:
                _uniforms(out, key, draw, month, a, p, LEAVE)
                for i in range(n):
                    # (1 - h)^(stock + 1) >= 1 - (stock + 1) h: most often nobody leaves, and no power is needed
                    quiet = out[i] <= 1.0 - (row[i] + 1.0) * hazard[i]
                    out[i] = 0.0 if quiet else _leavers(out[i], row[i], hazard[i], log_row[i])
                for i in range(n):
                    older[i] = min(row[i] * rate, row[i] - out[i])
            else:
                for i in range(n):  # the caller keeps hazard + rate within 1
                    out[i] = row[i] * hazard[i]
                    older[i] = row[i] * rate


@_compiled
def _carry(
    moved: Floats, stock: Floats, exits: Floats, growing: Floats, moved_out: Floats, leave: Floats, ageing: Floats
) -> None:
    """The children in new places leave, move away and grow as the in-house children of their age do."""
    n = stock.shape[2]
    for a in range(AGES - 1, -1, -1):
        row, here, gone, aged = moved[a], stock[a, IN_HOUSE], exits[a, IN_HOUSE], growing[a, IN_HOUSE]
        away = moved_out[a, IN_HOUSE]
        for i in range(n):
            left = gone[i] + away[i] + aged[i]
            row[i] *= 1.0 - (left / here[i] if here[i] > 0.0 else leave[a, i] + ageing[a])
        if a > 0:
            younger, here, aged = moved[a - 1], stock[a - 1, IN_HOUSE], growing[a - 1, IN_HOUSE]
            for i in range(n):
                row[i] += younger[i] * (aged[i] / here[i] if here[i] > 0.0 else ageing[a - 1])


@_compiled
def _move(
    stock: Floats,
    exits: Floats,
    growing: Floats,
    move_hazard: Floats,
    moved_in: Floats,
    moved_out: Floats,
    able: Floats,
) -> None:
    """Moves between placements in the do-nothing world: shares of the opening stock, as far as children are left."""
    n = stock.shape[2]
    moved_in[:] = 0.0
    moved_out[:] = 0.0
    for a in range(AGES):
        for p in range(PLACEMENTS):
            rate = move_hazard[a, p].sum()
            if rate == 0.0:
                continue
            row, gone, older, out = stock[a, p], exits[a, p], growing[a, p], moved_out[a, p]
            for i in range(n):
                able[i] = min(row[i], (row[i] - gone[i] - older[i]) / rate)
            for q in range(PLACEMENTS):
                hazard = move_hazard[a, p, q]
                if hazard != 0.0:
                    into = moved_in[a, q]
                    for i in range(n):
                        into[i] += able[i] * hazard
                        out[i] += able[i] * hazard


@_compiled
def _add_moves(stock: Floats, moved_in: Floats, moved_out: Floats, alive: Bools) -> None:
    """Put those who moved where they went."""
    n = stock.shape[2]
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if alive[a, p]:
                row, into, out = stock[a, p], moved_in[a, p], moved_out[a, p]
                for i in range(n):
                    row[i] = row[i] + into[i] - out[i]


@_compiled
def _pass_on(stock: Floats, exits: Floats, growing: Floats, alive: Bools) -> None:
    """What is left after exits and birthdays, and those who come from the band below."""
    n = stock.shape[2]
    for a in range(AGES - 1, -1, -1):
        for p in range(PLACEMENTS):
            if not alive[a, p]:
                continue
            row, gone, older = stock[a, p], exits[a, p], growing[a, p]
            for i in range(n):
                row[i] = row[i] - gone[i] - older[i]
            if a > 0:
                younger = growing[a - 1, p]
                for i in range(n):
                    row[i] += younger[i]


@_compiled
def _fill(
    stock: Floats,
    entries: Floats,
    moved: Floats,
    filled: Floats,
    transferring: Floats,
    limited: Floats,
    moved_in: Floats,
    moved_out: Floats,
    work: Floats,
) -> None:
    """New in-house places take children who would start in an IFA (or are in one); places that close send them back."""
    n = stock.shape[2]
    here, starts, in_ifa = work[0], work[1], work[2]
    for i in range(n):
        here[i] = 0.0
        starts[i] = 0.0
        in_ifa[i] = 0.0
    for a in range(AGES):
        mine, entering, ifa = moved[a], entries[a, IFA], stock[a, IFA]
        for i in range(n):
            here[i] += mine[i]
            starts[i] += entering[i]
            in_ifa[i] += ifa[i]
    for i in range(n):
        gap = filled[i] - here[i]
        wanted = max(gap, 0.0)
        from_starts = min(wanted, transferring[i] * starts[i]) if limited[i] > 0.0 else 0.0
        from_stock = 0.0 if limited[i] > 0.0 else min(wanted, in_ifa[i])
        starts[i] = from_starts / starts[i] if starts[i] > 0.0 else 0.0
        in_ifa[i] = from_stock / in_ifa[i] if in_ifa[i] > 0.0 else 0.0
        here[i] = max(-gap, 0.0) / here[i] if here[i] > 0.0 else 0.0
    for a in range(AGES):
        mine, entering, entering_own = moved[a], entries[a, IFA], entries[a, IN_HOUSE]
        ifa, own = stock[a, IFA], stock[a, IN_HOUSE]
        for i in range(n):
            start = entering[i] * starts[i]
            move = ifa[i] * in_ifa[i] - mine[i] * here[i]
            entering[i] -= start
            entering_own[i] += start
            ifa[i] -= move
            own[i] += move
            mine[i] += start + move
            moved_in[a, IN_HOUSE, i] += max(move, 0.0)
            moved_out[a, IFA, i] += max(move, 0.0)
            moved_in[a, IFA, i] += max(-move, 0.0)
            moved_out[a, IN_HOUSE, i] += max(-move, 0.0)


@_compiled
def _close(
    stock: Floats, entries: Floats, exits: Floats, growing: Floats, alive: Bools, total: Floats, flow: Floats
) -> None:
    """Add who entered, and sum over ages and cells: `total` (placements, lanes), `flow` (4, lanes)."""
    n = stock.shape[2]
    flow[:3] = 0.0
    entered, left, grown = flow[0], flow[1], flow[2]
    for p in range(PLACEMENTS):
        here = total[p]
        for i in range(n):
            here[i] = 0.0
        for a in range(AGES):
            if not alive[a, p]:
                continue
            row, new, gone = stock[a, p], entries[a, p], exits[a, p]
            for i in range(n):
                row[i] += new[i]
                here[i] += row[i]
            for i in range(n):
                entered[i] += new[i]
                left[i] += gone[i]
        older = growing[AGES - 1, p]
        for i in range(n):
            grown[i] += older[i]


@_compiled
def _count(
    cells: Floats,
    month: int,
    stock: Floats,
    entries: Floats,
    exits: Floats,
    growing: Floats,
    moved_in: Floats,
    moved_out: Floats,
    alive: Bools,
    lanes: int,
) -> None:
    """Add a month to the sums over draws of every cell."""
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if not alive[a, p]:
                continue
            cells[0, month + 1, a, p] += _total(stock[a, p], lanes)
            cells[1, month, a, p] += _total(entries[a, p], lanes)
            cells[2, month, a, p] += _total(exits[a, p], lanes)
            cells[3, month, a, p] += _total(moved_in[a, p], lanes)
            cells[4, month, a, p] += _total(moved_out[a, p], lanes)
            grown = _total(growing[a, p], lanes)
            if a == AGES - 1:
                cells[2, month, a, p] += grown
            else:
                cells[6, month, a, p] += grown
                cells[5, month, a + 1, p] += grown


@_compiled
def project_lanes(
    opening: Floats,
    base: Floats,
    ageing: Floats,
    move_hazard: Floats,
    has_moves: bool,
    scale: Floats,
    hazard: Floats,
    rates: Floats,
    weights: Floats,
    fades: Floats,
    filled: Floats,
    transferring: Floats,
    limited: Floats,
    chance: bool,
    key: np.uint64,
    first: int,
    lanes_wanted: int,
    stock_out: Floats,
    flows_out: Floats,
    cells: Floats,
    want_cells: bool,
) -> None:
    """Fill `stock_out` (months + 1, placements, draws), `flows_out` (4, months, draws) and add to `cells`.

    Draws must be a multiple of LANES; `lanes_wanted` of them count towards `cells`. `opening`, `base` (ages,
    placements), the latter entries a month; `ageing` (ages,); `move_hazard` (ages, from, to); `scale` (months, draws);
    `hazard` (ages, draws) a month; `rates` (reductions, months, draws), `weights` (reductions, ages, placements,
    draws), `fades` (reductions, draws); `filled` (schemes, months, draws), `transferring`, `limited` (schemes, draws).
    `flows_out`: entries, exits under 18, exits at 18, diverted. `cells` (7, months + 1, ages, placements): stock,
    entry, exit, move_in, move_out, age_in, age_out, summed over draws.
    """
    months, draws = scale.shape
    shape = (AGES, PLACEMENTS, LANES)
    stock, entries, exits, growing = np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape)
    moved_in, moved_out, none = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    pools, shares = np.empty((len(rates), *shape)), np.zeros((len(rates), *shape))
    aimed, held = _where_aimed(weights, base)
    alive = _where_alive(opening, base, move_hazard, len(filled) > 0)
    weight, fade = np.empty((len(rates), *shape)), np.empty((len(rates), LANES))
    moved = np.empty((len(filled), AGES, LANES))
    leave, log_stay = np.empty((AGES, LANES)), np.empty((AGES, LANES))
    work, total, flow = np.empty((3, LANES)), np.empty((PLACEMENTS, LANES)), np.empty((4, LANES))
    for begin in range(0, draws, LANES):
        end = begin + LANES
        lanes = max(0, min(LANES, lanes_wanted - begin))
        leave[:] = hazard[:, begin:end]
        for a in range(AGES):
            for i in range(LANES):
                log_stay[a, i] = np.log1p(-leave[a, i]) if leave[a, i] < 1.0 else 0.0
        pools[:] = 0.0
        moved[:] = 0.0
        weight[:] = weights[:, :, :, begin:end]
        fade[:] = fades[:, begin:end]
        total[:] = 0.0
        for a in range(AGES):
            for p in range(PLACEMENTS):
                stock[a, p] = opening[a, p]
                total[p] += opening[a, p]
                cells[0, 0, a, p] += opening[a, p] * lanes
        stock_out[0, :, begin:end] = total
        for t in range(months):
            now = scale[t, begin:end]
            fresh = t == 0
            for i in range(LANES):
                fresh = fresh or scale[t, begin + i] != scale[t - 1, begin + i]
            flow[3] = 0.0
            _enter(entries, none, alive, base, now, fresh, chance, key, first + begin, t)
            for r in range(len(rates)):
                _share(entries, base, weight[r], rates[r, t, begin:end], shares[r], work)
            if len(rates) > 0:
                _prevent(
                    entries, shares, pools, aimed, held, fade, ageing, flow[3], work, chance, key, first + begin, t
                )
            _leave(stock, exits, growing, alive, leave, log_stay, ageing, chance, key, first + begin, t)
            if has_moves:
                _move(stock, exits, growing, move_hazard, moved_in, moved_out, work[0])
            elif len(filled) > 0:
                moved_in[:, :2] = 0.0
                moved_out[:, :2] = 0.0
            for s in range(len(filled)):
                _carry(moved[s], stock, exits, growing, moved_out, leave, ageing)
            _pass_on(stock, exits, growing, alive)
            if has_moves:
                _add_moves(stock, moved_in, moved_out, alive)
            for s in range(len(filled)):
                _fill(
                    stock, entries, moved[s], filled[s, t, begin:end], transferring[s, begin:end],
                    limited[s, begin:end], moved_in, moved_out, work,
                )  # fmt: skip
            _close(stock, entries, exits, growing, alive, total, flow)
            stock_out[t + 1, :, begin:end] = total
            flows_out[:, t, begin:end] = flow
            if want_cells:
                _count(cells, t, stock, entries, exits, growing, moved_in, moved_out, alive, lanes)


def cache_path() -> str:
    """Return the folder where compiled code is kept; empty where none can be."""
    return project_lanes.stats.cache_path or "" if KEPT else ""


def warm() -> None:
    """Compile, or load what was compiled before, so that nobody waits for it in a report."""
    month, draws = np.ones((1, LANES)), np.ones(LANES)
    cells = np.ones((AGES, PLACEMENTS))
    project_lanes(
        cells, cells, np.full(AGES, 0.1), np.zeros((AGES, PLACEMENTS, PLACEMENTS)), False, month,
        np.full((AGES, LANES), 0.1), month[None], np.ones((1, AGES, PLACEMENTS, LANES)), draws[None], month[None],
        draws[None], draws[None], True, np.uint64(1), 0, LANES, np.empty((2, PLACEMENTS, LANES)),
        np.empty((4, 1, LANES)), np.zeros((7, 2, AGES, PLACEMENTS)), True,
    )  # fmt: skip
