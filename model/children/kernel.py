"""The caseload's month loop, compiled: the arithmetic of `model.children.caseload`, its oracle in the tests.

Import this module only where it is called: it imports numba. The compiled code is cached beside this file.
Draws are worked on in lanes: every array ends in a short run of draws that the processor takes several at a time,
while months recur. No array of every cell in every month of every draw is ever made.

What chance does is said in `model.children.noise`, its oracle in the same way. Its random numbers are dealt first
(`deal_entries`, `deal_places`), as small whole numbers that every world of the same draws then plays with.
"""

# ruff: noqa: C901, FBT001, FBT003, FURB136, PLR0912, PLR0913, PLR0915, PLR0917 - compiled loops take arrays, not objects
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from model.children import noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Places = NDArray[np.uint8]
    Counts = NDArray[np.uint16]
    Indices = NDArray[np.int64]
    Words = NDArray[np.uint64]

LANES = 256  # draws in a run: the state, 48 cells x 256 lanes x 8 bytes an array, stays in the second-level cache
AGES, PLACEMENTS = 6, 8
IN_HOUSE, IFA = 0, 1
ENTERED, LEFT, GROWN_UP, DIVERTED, FLOWS = 0, 1, 2, 3, 4  # rows of a world's flows, and how many
SMALL = 1e-9  # what model.children.caseload divides claims by at least
STRIDE, GOLDEN, FIRST_MIX, SECOND_MIX = np.uint64(noise.STRIDE), noise.GOLDEN, noise.FIRST_MIX, noise.SECOND_MIX
EVENTS, ENTER, PREVENT, LEAVE, ALONG = noise.EVENTS, noise.ENTER, noise.PREVENT, noise.LEAVE, noise.ALONG
LARGEST_MEAN, MOST = noise.LARGEST_MEAN, noise.MOST
BEYOND = 255.0  # as many children ahead of a leaving place, or more: the row is then walked again
SHIFTS = (np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11), np.uint64(32))
LOW = np.uint64(0xFFFFFFFF)
STEP, HALF_STEP = 2.0**-53, 2.0**-32
LOG_2 = float(np.log(2.0))
EXPONENT, BIAS, FRACTION, ONE = np.int64(52), np.int64(1023), np.int64((1 << 52) - 1), np.int64(1023 << 52)


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


# --- Random numbers, and what they deal -------------------------------------------------------------------------


@_compiled
def _word(key: np.uint64, draw: int, month: int, age: int, placement: int, event: int, pair: int) -> np.uint64:
    """splitmix64 at a counter: any word of any draw without those before it."""
    slot = np.uint64(((month * AGES + age) * PLACEMENTS + placement) * EVENTS + event)
    z = key + (np.uint64(draw) * STRIDE + slot) * GOLDEN + np.uint64(pair) * ALONG
    z = (z ^ (z >> SHIFTS[0])) * FIRST_MIX
    z = (z ^ (z >> SHIFTS[1])) * SECOND_MIX
    return z ^ (z >> SHIFTS[2])


@_compiled
def _uniform(key: np.uint64, draw: int, month: int, age: int, placement: int, event: int) -> float:
    """A word as a number in (0, 1)."""
    return (np.float64(_word(key, draw, month, age, placement, event, 0) >> SHIFTS[3]) + 0.5) * STEP


@_compiled
def _poisson(u: float, mean: float, none: float) -> float:
    """Inverse CDF of a Poisson count; `none` = exp(-mean)."""
    term = none
    total = none
    count = 0.0
    while u > total and count < MOST:
        count += 1.0
        term *= mean / count
        total += term
    return count


@_compiled
def _power(base: float, times: float) -> float:
    """base^times: most often once or twice."""
    if times > 8.0:
        return float(base**times)
    power, k = base, 1.0
    while k < times:
        power *= base
        k += 1.0
    return power


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
def deal_entries(base: Floats, scale: Floats, key: np.uint64, first: int, counts: Counts) -> None:
    """Fill `counts` (blocks, months, cells, LANES): children who would enter, Poisson with mean base x scale.

    `base` (ages, placements) a month; `scale` (months, draws). 0 where the mean is too large to count.
    """
    months, draws = scale.shape
    none, u = np.empty((AGES, PLACEMENTS, LANES)), np.empty(LANES)
    for block in range(len(counts)):
        begin = block * LANES
        n = min(LANES, draws - begin)
        for t in range(months):
            fresh = t == 0
            for i in range(n):
                fresh = fresh or scale[t, begin + i] != scale[t - 1, begin + i]
            for a in range(AGES):
                for p in range(PLACEMENTS):
                    mean = base[a, p]
                    if mean == 0.0:
                        continue
                    if fresh:
                        for i in range(n):
                            none[a, p, i] = np.exp(-mean * scale[t, begin + i])
                    for i in range(n):
                        u[i] = _uniform(key, first + begin + i, t, a, p, ENTER)
                    zero, row = none[a, p], counts[block, t, a * PLACEMENTS + p]
                    for i in range(n):
                        row[i] = 0
                        if u[i] > zero[i] and mean * scale[t, begin + i] <= LARGEST_MEAN:
                            row[i] = int(_poisson(u[i], mean * scale[t, begin + i], zero[i]))


@_compiled
def deal_places(hazard: Floats, first_of: Indices, key: np.uint64, first: int, places: Places, months: int) -> None:
    """Fill `places` (blocks, months, slots, LANES): how many children stand ahead of each leaving place of a row.

    `hazard` (ages, draws) a month; the slots of cell c are `first_of[c]` to `first_of[c + 1]`. BEYOND is the most.
    """
    draws = hazard.shape[1]
    wait, ahead, waited = np.empty((AGES, LANES)), np.empty(LANES), np.empty(LANES)
    words = np.empty(LANES, dtype=np.uint64)
    work = np.empty((3, LANES))
    for block in range(len(places)):
        begin = block * LANES
        n = min(LANES, draws - begin)
        for a in range(AGES):
            for i in range(n):
                wait[a, i] = -1.0 / np.log1p(-hazard[a, begin + i])
        for t in range(months):
            for a in range(AGES):
                for p in range(PLACEMENTS):
                    cell = a * PLACEMENTS + p
                    ahead[:] = -1.0
                    for slot in range(first_of[cell], first_of[cell + 1]):
                        step = slot - first_of[cell]
                        if step % 2 == 0:
                            for i in range(n):
                                words[i] = _word(key, first + begin + i, t, a, p, LEAVE, step // 2)
                            for i in range(n):
                                waited[i] = np.float64(np.int64(words[i] >> SHIFTS[4])) + 0.5
                        else:
                            for i in range(n):
                                waited[i] = np.float64(np.int64(words[i] & LOW)) + 0.5
                        _minus_log(waited, work, n)
                        out = places[block, t, slot]
                        for i in range(n):
                            ahead[i] += 1.0 + np.floor(waited[i] * wait[a, i])
                        for i in range(n):
                            out[i] = np.uint8(np.int32(ahead[i] if ahead[i] < BEYOND else BEYOND))


@njit(nogil=True, cache=KEPT, error_model="numpy", fastmath={"contract"})
def _minus_log(values: Floats, work: Floats, n: int) -> None:
    """-log(value x 2^-32) of the first n values, in place, to a few units in the last digit: np.log knows no vectors.

    value = m x 2^k with m in [0.7, 1.4]; log m = 2 artanh((m - 1) / (m + 1)), as a series.
    """
    bits, mantissa, exponent = values.view(np.int64), work[0], work[1]
    cut = mantissa.view(np.int64)
    for i in range(n):
        cut[i] = (bits[i] & FRACTION) | ONE
    for i in range(n):
        exponent[i] = np.float64((bits[i] >> EXPONENT) - BIAS) - 32.0
    for i in range(n):
        m = mantissa[i]
        large = m > 1.4142135623730951
        m = 0.5 * m if large else m
        k = exponent[i] + (1.0 if large else 0.0)
        s = (m - 1.0) / (m + 1.0)
        z = s * s
        tail = 1.0 / 17.0 + z * (1.0 / 19.0)
        tail = 1.0 / 13.0 + z * (1.0 / 15.0 + z * tail)
        tail = 1.0 / 9.0 + z * (1.0 / 11.0 + z * tail)
        tail = 1.0 / 5.0 + z * (1.0 / 7.0 + z * tail)
        values[i] = -(k * LOG_2 + 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * tail)))


@_compiled
def _leavers(stock: float, hazard: float, key: np.uint64, draw: int, month: int, age: int, placement: int) -> float:
    """Children who leave out of a row longer than what was dealt: the row walked from its beginning."""
    if stock * hazard > LARGEST_MEAN:
        return stock * hazard
    wait = -1.0 / np.log1p(-hazard)
    leaving, ahead, step = 0.0, -1.0, 0
    word = np.uint64(0)
    while ahead < stock:
        if step % 2 == 0:
            word = _word(key, draw, month, age, placement, LEAVE, step // 2)
        half = word >> SHIFTS[4] if step % 2 == 0 else word & LOW
        ahead += 1.0 + np.floor(-np.log((np.float64(half) + 0.5) * HALF_STEP) * wait)
        part = stock - ahead
        leaving += min(max(part, 0.0), 1.0)
        step += 1
    return leaving


# --- A month ------------------------------------------------------------------------------------------------------
# One plain loop over lanes in each sweep over the cells, and indices instead of slices: what the compiler can put
# into vectors. Two loops over one row, or a slice under a condition, made these sweeps three times as slow.


@_compiled_sum
def _total(row: Floats, lanes: int) -> float:
    """Sum of the first lanes; the one place where the order of a sum is the compiler's."""
    total = 0.0
    for i in range(lanes):
        total += row[i]
    return total


@_compiled
def _enter(entries: Floats, mine: Bools, base: Floats, scale: Floats, chance: bool, counts: Counts, n: int) -> None:
    """Who would enter: the mean, or the count that was dealt. `scale` (lanes,), `counts` (cells, lanes)."""
    for a in range(AGES):
        for p in range(PLACEMENTS):
            mean, cell = base[a, p], a * PLACEMENTS + p
            if mine[a, p] and (mean == 0.0 or not chance):
                for i in range(n):
                    entries[a, p, i] = mean * scale[i]
            elif mine[a, p]:
                for i in range(n):
                    most = mean * scale[i]
                    entries[a, p, i] = counts[cell, i] if most <= LARGEST_MEAN else most


@_compiled
def _tilt(
    entries: Floats, aimed: Bools, weight: Floats, rate: Floats, tilt: Floats, work: Floats, r: int, n: int
) -> None:
    """What times its weight is the share of each cell's entries that scheme r prevents, so that its rate comes out."""
    for i in range(n):
        work[0, i] = 0.0
        work[1, i] = 0.0
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if aimed[r, a, p]:
                for i in range(n):
                    work[0, i] += entries[a, p, i] if weight[r, a, p, i] > 0.0 else 0.0
                    work[1, i] += entries[a, p, i] * weight[r, a, p, i]
    for i in range(n):
        tilt[r, i] = rate[i] * (work[0, i] / work[1, i]) if work[1, i] > 0.0 else 0.0


@_compiled
def _claim(keep: Floats, claimed: Floats, aimed: Bools, any_aimed: Bools, weight: Floats, tilt: Floats, n: int) -> None:
    """The share of each cell's entries that no scheme prevents, and the sum of the shares that schemes claim."""
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if any_aimed[a, p]:
                for i in range(n):
                    keep[a, p, i] = 1.0
                    claimed[a, p, i] = 0.0
    for r in range(len(tilt)):
        for a in range(AGES):
            for p in range(PLACEMENTS):
                if aimed[r, a, p]:
                    for i in range(n):
                        share = tilt[r, i] * weight[r, a, p, i]
                        share = share if share < 1.0 else 1.0
                        keep[a, p, i] *= 1.0 - share
                        claimed[a, p, i] += share


@_compiled
def _prevent(entries: Floats, prevented: Floats, keep: Floats, any_aimed: Bools, n: int) -> None:
    """How many entries are prevented, without chance."""
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if any_aimed[a, p]:
                for i in range(n):
                    prevented[a, p, i] = entries[a, p, i] * (1.0 - keep[a, p, i])


@_compiled
def _prevent_by_chance(
    entries: Floats, prevented: Floats, keep: Floats, any_aimed: Bools, key: np.uint64, draw: int, month: int, n: int
) -> None:
    """The same, a binomial count of the children who would enter."""
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if any_aimed[a, p]:
                for i in range(n):
                    trials, stay = entries[a, p, i], keep[a, p, i]
                    if trials > 0.0 and 0.0 < stay < 1.0 and trials <= LARGEST_MEAN:
                        u = _uniform(key, draw + i, month, a, p, PREVENT)
                        prevented[a, p, i] = _binomial(u, trials, (1.0 - stay) / stay, _power(stay, trials))


@_compiled
def _take_out(entries: Floats, prevented: Floats, claimed: Floats, claims: Floats, any_aimed: Bools, n: int) -> None:
    """Take the entries prevented out. `claims`: how many of them there are for each share that a scheme claims."""
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if any_aimed[a, p]:
                for i in range(n):
                    entries[a, p, i] -= prevented[a, p, i]
                    shares = claimed[a, p, i]
                    claims[a, p, i] = prevented[a, p, i] / (shares if shares > SMALL else SMALL)


@_compiled
def _return(entries: Floats, pools: Floats, held: Bools, fade: Floats, r: int, n: int) -> None:
    """Put back the entries that scheme r only delayed: they leave its pool of children kept at home."""
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if held[r, a, p]:
                for i in range(n):
                    back = pools[r, a, p, i] * fade[r, i]
                    entries[a, p, i] += back
                    pools[r, a, p, i] -= back


@_compiled
def _age_at_home(pools: Floats, held: Bools, ageing: Floats, r: int, n: int) -> None:
    """Birthdays in scheme r's pool; from the oldest, so that nobody has two in a month."""
    for a in range(AGES - 1, -1, -1):
        stay = 1.0 - ageing[a]
        for p in range(PLACEMENTS):
            if held[r, a, p] and a > 0 and held[r, a - 1, p]:
                grow = ageing[a - 1]
                for i in range(n):
                    pools[r, a, p, i] = pools[r, a, p, i] * stay + pools[r, a - 1, p, i] * grow
            elif held[r, a, p]:
                for i in range(n):
                    pools[r, a, p, i] *= stay


@_compiled
def _keep_home(pools: Floats, claims: Floats, aimed: Bools, weight: Floats, tilt: Floats, r: int, n: int) -> None:
    """Add scheme r's part of those prevented to its pool."""
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if aimed[r, a, p]:
                for i in range(n):
                    share = tilt[r, i] * weight[r, a, p, i]
                    pools[r, a, p, i] += claims[a, p, i] * (share if share < 1.0 else 1.0)


@_compiled
def _leave(stock: Floats, exits: Floats, growing: Floats, mine: Bools, leave: Floats, ageing: Floats, n: int) -> None:
    """Who leaves, and who has the birthday that takes them into the next age band (or out of care), without chance."""
    for a in range(AGES):
        rate = ageing[a]
        for p in range(PLACEMENTS):
            if mine[a, p]:
                for i in range(n):  # the caller keeps hazard + rate within 1
                    exits[a, p, i] = stock[a, p, i] * leave[a, i]
                    growing[a, p, i] = stock[a, p, i] * rate


@_compiled
def _leave_by_chance(
    stock: Floats, exits: Floats, growing: Floats, mine: Bools, leave: Floats, ageing: Floats, places: Places,
    first_of: Indices, key: np.uint64, draw: int, month: int, n: int,
) -> None:  # fmt: skip
    """The same where chance says which places of a row leave."""
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if not mine[a, p]:
                continue
            first, last = first_of[a * PLACEMENTS + p], first_of[a * PLACEMENTS + p + 1] - 1
            for i in range(n):
                exits[a, p, i] = 0.0
            for slot in range(first, last + 1):
                for i in range(n):
                    part = stock[a, p, i] - places[slot, i]
                    part = part if part < 1.0 else 1.0
                    exits[a, p, i] += part if part > 0.0 else 0.0
            longer = 0
            for i in range(n):
                longer += 1 if stock[a, p, i] > places[last, i] else 0
            if longer > 0:
                for i in range(n):
                    if stock[a, p, i] > places[last, i]:
                        exits[a, p, i] = _leavers(stock[a, p, i], leave[a, i], key, draw + i, month, a, p)
    for a in range(AGES):
        rate = ageing[a]
        for p in range(PLACEMENTS):
            if mine[a, p]:
                for i in range(n):
                    grown, left = stock[a, p, i] * rate, stock[a, p, i] - exits[a, p, i]
                    growing[a, p, i] = grown if grown < left else left


@_compiled
def _move(
    stock: Floats, exits: Floats, growing: Floats, move_hazard: Floats, mine: Bools, moving: Bools, moved_in: Floats,
    moved_out: Floats, able: Floats, n: int,
) -> None:  # fmt: skip
    """Moves between placements in the do-nothing world: shares of the opening stock, as far as children are left."""
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if moving[a, p]:
                moved_in[a, p] = 0.0
                moved_out[a, p] = 0.0
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if not (mine[a, p] and moving[a, p]):
                continue
            rate = move_hazard[a, p].sum()
            if rate == 0.0:
                continue
            for i in range(n):
                most, left = stock[a, p, i], (stock[a, p, i] - exits[a, p, i] - growing[a, p, i]) / rate
                able[i] = most if most < left else left
            for q in range(PLACEMENTS):
                hazard = move_hazard[a, p, q]
                if hazard != 0.0:
                    for i in range(n):
                        moved_in[a, q, i] += able[i] * hazard
                        moved_out[a, p, i] += able[i] * hazard


@_compiled
def _carry(
    moved: Floats, stock: Floats, exits: Floats, growing: Floats, moved_out: Floats, leave: Floats, ageing: Floats,
    s: int, n: int,
) -> None:  # fmt: skip
    """The children in scheme s's places leave, move away and grow as the in-house children of their age do."""
    p = IN_HOUSE
    for a in range(AGES - 1, -1, -1):
        for i in range(n):
            here, left = stock[a, p, i], exits[a, p, i] + moved_out[a, p, i] + growing[a, p, i]
            moved[s, a, i] *= 1.0 - (left / here if here > 0.0 else leave[a, i] + ageing[a])
        if a > 0:
            for i in range(n):
                here = stock[a - 1, p, i]
                moved[s, a, i] += moved[s, a - 1, i] * (growing[a - 1, p, i] / here if here > 0.0 else ageing[a - 1])


@_compiled
def _pass_on(stock: Floats, entries: Floats, exits: Floats, growing: Floats, mine: Bools, first: int, n: int) -> None:
    """From placement `first` on: what is left after exits and birthdays, who comes from the band below, who enters."""
    for a in range(AGES - 1, -1, -1):
        for p in range(first, PLACEMENTS):
            if mine[a, p] and a > 0 and mine[a - 1, p]:
                for i in range(n):
                    left = stock[a, p, i] - exits[a, p, i] - growing[a, p, i]
                    stock[a, p, i] = left + growing[a - 1, p, i] + entries[a, p, i]
            elif mine[a, p]:
                for i in range(n):
                    stock[a, p, i] = stock[a, p, i] - exits[a, p, i] - growing[a, p, i] + entries[a, p, i]


@_compiled
def _pass_on_open(stock: Floats, exits: Floats, growing: Floats, mine: Bools, end: int, n: int) -> None:
    """The same before placement `end`, whose entries are still open: new foster places may change them."""
    for a in range(AGES - 1, -1, -1):
        for p in range(end):
            if mine[a, p] and a > 0 and mine[a - 1, p]:
                for i in range(n):
                    stock[a, p, i] = stock[a, p, i] - exits[a, p, i] - growing[a, p, i] + growing[a - 1, p, i]
            elif mine[a, p]:
                for i in range(n):
                    stock[a, p, i] = stock[a, p, i] - exits[a, p, i] - growing[a, p, i]


@_compiled
def _add_entries(stock: Floats, entries: Floats, mine: Bools, end: int, n: int) -> None:
    """Add who entered before placement `end`."""
    for a in range(AGES):
        for p in range(end):
            if mine[a, p]:
                for i in range(n):
                    stock[a, p, i] += entries[a, p, i]


@_compiled
def _add_moves(stock: Floats, moved_in: Floats, moved_out: Floats, mine: Bools, moving: Bools, n: int) -> None:
    """Put those who moved where they went."""
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if mine[a, p] and moving[a, p]:
                for i in range(n):
                    stock[a, p, i] += moved_in[a, p, i] - moved_out[a, p, i]


@_compiled
def _fill(
    stock: Floats, entries: Floats, moved: Floats, filled: Floats, transferring: Floats, limited: Floats,
    moved_in: Floats, moved_out: Floats, work: Floats, s: int, n: int,
) -> None:  # fmt: skip
    """Scheme s's places take children who would start in an IFA (or are in one); places that close send them back.

    `work`: children in the places, starts in an IFA, children in IFAs; then the shares of each that change places.
    """
    for i in range(n):
        work[0, i] = 0.0
        work[1, i] = 0.0
        work[2, i] = 0.0
    for a in range(AGES):
        for i in range(n):
            work[0, i] += moved[s, a, i]
            work[1, i] += entries[a, IFA, i]
            work[2, i] += stock[a, IFA, i]
    shifting = 0
    for i in range(n):
        here, starts, in_ifa = work[0, i], work[1, i], work[2, i]
        gap = filled[i] - here
        wanted = gap if gap > 0.0 else 0.0
        most = transferring[i] * starts if limited[i] > 0.0 else in_ifa
        taken = wanted if wanted < most else most
        closed = here > 0.0 and gap < 0.0
        work[0, i] = -gap / here if closed else 0.0
        work[1, i] = taken / starts if limited[i] > 0.0 and starts > 0.0 else 0.0
        work[2, i] = taken / in_ifa if limited[i] <= 0.0 and in_ifa > 0.0 else 0.0
        shifting += 1 if work[0, i] != 0.0 or work[2, i] != 0.0 else 0
    for a in range(AGES):
        for i in range(n):
            start = entries[a, IFA, i] * work[1, i]
            entries[a, IFA, i] -= start
            entries[a, IN_HOUSE, i] += start
            moved[s, a, i] += start
    if shifting > 0:
        for a in range(AGES):
            for i in range(n):
                move = stock[a, IFA, i] * work[2, i] - moved[s, a, i] * work[0, i]
                into, back = max(move, 0.0), max(-move, 0.0)
                stock[a, IFA, i] -= move
                stock[a, IN_HOUSE, i] += move
                moved[s, a, i] += move
                moved_in[a, IN_HOUSE, i] += into
                moved_out[a, IFA, i] += into
                moved_in[a, IFA, i] += back
                moved_out[a, IN_HOUSE, i] += back


@_compiled
def _sum_by_placement(cells: Floats, mine: Bools, total: Floats, n: int) -> None:
    """Sum over ages: `total` (placements, lanes)."""
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if mine[a, p]:
                for i in range(n):
                    total[p, i] += cells[a, p, i]


@_compiled
def _sum(cells: Floats, mine: Bools, youngest: int, flow: Floats, row: int, n: int) -> None:
    """Sum over cells, from an age on: onto one row of `flow` (4, lanes)."""
    for a in range(youngest, AGES):
        for p in range(PLACEMENTS):
            if mine[a, p]:
                for i in range(n):
                    flow[row, i] += cells[a, p, i]


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
    mine: Bools,
    moving: Bools,
    lanes: int,
) -> None:
    """Add a month to the sums over draws of every cell."""
    for a in range(AGES):
        for p in range(PLACEMENTS):
            if moving[a, p]:
                cells[3, month, a, p] += _total(moved_in[a, p], lanes)
                cells[4, month, a, p] += _total(moved_out[a, p], lanes)
            if not mine[a, p]:
                continue
            cells[0, month + 1, a, p] += _total(stock[a, p], lanes)
            cells[1, month, a, p] += _total(entries[a, p], lanes)
            cells[2, month, a, p] += _total(exits[a, p], lanes)
            grown = _total(growing[a, p], lanes)
            if a == AGES - 1:
                cells[2, month, a, p] += grown
            else:
                cells[6, month, a, p] += grown
                cells[5, month, a + 1, p] += grown


@_compiled
def _write(out: Floats, rows: Floats, month: int, begin: int, n: int) -> None:
    """Put a month's run of lanes, rows (rows, lanes), into `out` (months, rows, draws)."""
    for k in range(len(rows)):
        here = out[month, k, begin : begin + n]  # a slice: an index counted from `begin` is not done in vectors
        for i in range(n):
            here[i] = rows[k, i]


@_compiled
def _worth(rows: Floats, prices: Floats, priced: Floats, n: int) -> None:
    """What rows (rows, lanes) cost at prices (rows, lanes), in one row."""
    for i in range(n):
        priced[0, i] = 0.0
    for k in range(len(rows)):
        for i in range(n):
            priced[0, i] += rows[k, i] * prices[k, i]


@_compiled
def project_lanes(
    opening: Floats,
    base: Floats,
    ageing: Floats,
    move_hazard: Floats,
    mine: Bools,
    moving: Bools,
    scale: Floats,
    hazard: Floats,
    rates: Floats,
    weights: Floats,
    aimed: Bools,
    held: Bools,
    fades: Floats,
    filled: Floats,
    transferring: Floats,
    limited: Floats,
    chance: bool,
    key: np.uint64,
    first: int,
    counts: Counts,
    places: Places,
    first_of: Indices,
    prices: Floats,
    events: Floats,
    stock_out: Floats,
    flows_out: Floats,
    cells: Floats,
    want_cells: bool,
) -> None:
    """Project one world: fill `stock_out` and `flows_out`, add to `cells`.

    `opening`, `base` (ages, placements), the latter entries a month; `ageing` (ages,); `move_hazard` (ages, from, to);
    `mine`, `moving` (ages, placements): cells that can hold a child, and those that children move out of or into.
    `scale` (months, draws); `hazard` (ages, draws) a month; `rates` (reductions, months, draws), `weights` (reductions,
    ages, placements, draws), `aimed`, `held` (reductions, ages, placements): where a reduction has entries to prevent,
    and where children it kept at home may have grown into; `fades` (reductions, draws); `filled` (schemes, months,
    draws), `transferring`, `limited` (schemes, draws). `chance` with `counts`, `places` as dealt.
    `stock_out` (months + 1, placements, draws); `flows_out` (months, 4, draws): entries, exits under 18, exits at 18,
    diverted. Given `prices` (placements, draws) and `events` (4, draws) each has one row instead: what it is worth.
    `cells` (7, months + 1, ages, placements): stock, entry, exit, move_in, move_out, age_in, age_out, over all draws.
    """
    months, draws = scale.shape
    width = min(LANES, draws)
    shape = (AGES, PLACEMENTS, width)
    stock, entries, exits, growing = np.zeros(shape), np.zeros(shape), np.zeros(shape), np.zeros(shape)
    moved_in, moved_out = np.zeros(shape), np.zeros(shape)
    pools, weight = np.empty((len(rates), *shape)), np.empty((len(rates), *shape))
    prevented = np.zeros(shape if len(rates) > 0 else (0, 0, 0))
    tilt, fade = np.empty((len(rates), width)), np.empty((len(rates), width))
    moved, leave = np.empty((len(filled), AGES, width)), np.empty((AGES, width))
    work, total, flow = np.empty((3, width)), np.empty((PLACEMENTS, width)), np.empty((FLOWS, width))
    moves, priced = moving.any(), len(prices) > 0
    price, event, worth = np.empty((PLACEMENTS, width)), np.empty((FLOWS, width)), np.empty((1, width))
    open_until = IFA + 1 if len(filled) > 0 else 0
    any_aimed = np.zeros((AGES, PLACEMENTS), dtype=np.bool_)
    for r in range(len(rates)):
        any_aimed |= aimed[r]
    for begin in range(0, draws, LANES):
        end = min(begin + LANES, draws)
        n, block = end - begin, begin // LANES if chance else 0
        leave[:, :n] = hazard[:, begin:end]
        fade[:, :n] = fades[:, begin:end]
        weight[:, :, :, :n] = weights[:, :, :, begin:end]
        pools[:] = 0.0
        moved[:] = 0.0
        total[:] = 0.0
        for a in range(AGES):
            for p in range(PLACEMENTS):
                if mine[a, p]:
                    stock[a, p] = opening[a, p]
                    total[p] += opening[a, p]
                    cells[0, 0, a, p] += opening[a, p] * n
        for k in range(len(prices)):
            price[k, :n] = prices[k, begin:end]
        for k in range(len(events)):
            event[k, :n] = events[k, begin:end]
        if priced:
            _worth(total, price, worth, n)
        _write(stock_out, worth if priced else total, 0, begin, n)
        for t in range(months):
            dealt = t if chance else 0
            total[:] = 0.0
            flow[:] = 0.0
            _enter(entries, mine, base, scale[t, begin:end], chance, counts[block, dealt], n)
            for r in range(len(rates)):
                _tilt(entries, aimed, weight, rates[r, t, begin:end], tilt, work, r, n)
            if len(rates) > 0:  # `exits` and `growing` are not yet known: until then they hold what this needs
                keep, claimed = exits, growing
                _claim(keep, claimed, aimed, any_aimed, weight, tilt, n)
                _prevent(entries, prevented, keep, any_aimed, n)
                if chance:
                    _prevent_by_chance(entries, prevented, keep, any_aimed, key, first + begin, t, n)
                _take_out(entries, prevented, claimed, keep, any_aimed, n)
                _sum(prevented, any_aimed, 0, flow, DIVERTED, n)
            for r in range(len(rates)):
                _return(entries, pools, held, fade, r, n)
                _age_at_home(pools, held, ageing, r, n)
                _keep_home(pools, exits, aimed, weight, tilt, r, n)
            if chance:
                _leave_by_chance(
                    stock, exits, growing, mine, leave, ageing, places[block, t], first_of, key, first + begin, t, n
                )
            else:
                _leave(stock, exits, growing, mine, leave, ageing, n)
            if moves:
                _move(stock, exits, growing, move_hazard, mine, moving, moved_in, moved_out, work[0], n)
            for s in range(len(filled)):
                _carry(moved, stock, exits, growing, moved_out, leave, ageing, s, n)
            _pass_on_open(stock, exits, growing, mine, open_until, n)
            _pass_on(stock, entries, exits, growing, mine, open_until, n)
            if moves:
                _add_moves(stock, moved_in, moved_out, mine, moving, n)
            for s in range(len(filled)):
                _fill(
                    stock, entries, moved, filled[s, t, begin:end], transferring[s, begin:end],
                    limited[s, begin:end], moved_in, moved_out, work, s, n,
                )  # fmt: skip
            _add_entries(stock, entries, mine, open_until, n)
            _sum_by_placement(stock, mine, total, n)
            _sum(entries, mine, 0, flow, ENTERED, n)
            _sum(exits, mine, 0, flow, LEFT, n)
            _sum(growing, mine, AGES - 1, flow, GROWN_UP, n)
            if priced:
                _worth(total, price, worth, n)
                _write(stock_out, worth, t + 1, begin, n)
                _worth(flow, event, worth, n)
                _write(flows_out, worth, t, begin, n)
            else:
                _write(stock_out, total, t + 1, begin, n)
                _write(flows_out, flow, t, begin, n)
            if want_cells:
                _count(cells, t, stock, entries, exits, growing, moved_in, moved_out, mine, moving, n)


def cache_path() -> str:
    """Return the folder where compiled code is kept; empty where none can be."""
    return project_lanes.stats.cache_path or "" if KEPT else ""


def warm() -> None:
    """Compile, or load what was compiled before, so that nobody waits for it in a report."""
    draws, month = np.ones(LANES), np.ones((1, LANES))
    cells, some = np.ones((AGES, PLACEMENTS)), np.ones((AGES, PLACEMENTS), dtype=np.bool_)
    hazard = np.full((AGES, LANES), 0.1)
    counts, first_of = np.zeros((1, 1, AGES * PLACEMENTS, LANES), dtype=np.uint16), np.arange(AGES * PLACEMENTS + 1)
    places = np.zeros((1, 1, AGES * PLACEMENTS, LANES), dtype=np.uint8)
    deal_entries(cells, month, np.uint64(1), 0, counts)
    deal_places(hazard, first_of, np.uint64(1), 0, places, 1)
    project_lanes(
        cells, cells, np.full(AGES, 0.1), np.zeros((AGES, PLACEMENTS, PLACEMENTS)), some, some, month, hazard,
        month[None], np.ones((1, AGES, PLACEMENTS, LANES)), some[None], some[None], draws[None], month[None],
        draws[None], draws[None], True, np.uint64(1), 0, counts, places, first_of, np.empty((0, LANES)),
        np.empty((0, LANES)), np.empty((2, PLACEMENTS, LANES)), np.empty((1, FLOWS, LANES)),
        np.zeros((7, 2, AGES, PLACEMENTS)), True,
    )  # fmt: skip
