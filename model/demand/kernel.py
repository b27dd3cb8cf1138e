"""The inner loop of the forecast: whole children, month by month, draws side by side, compiled.

A flow of mean m is the whole number below Y + U, with U uniform on 0 to 1, so that its mean is exactly that of Y, m.
Y spreads about m with the rest of the binomial variance: evenly where m is three or more (never as far as nought), else
on two points, nought and one above m. Means are exact; variances are within about a sixth for means under two.
Time depends on months, cells and draws,
never on how many children there are. Each draw has its own random numbers: threads do not change a digit.
"""

# ruff: noqa: C901, PLR0912, PLR0913, PLR0917  (one compiled loop: splitting it would undo the speed)

import numba as nb
import numpy as np

_ROUNDING = np.float32(1 / 6)
_FEW_ROUNDING = np.float32(0.05)
_SIXTEEN_BITS = np.float32(1 / 65536)
_HALF, _TINY = np.float32(0.5), np.float32(1e-12)
_ONE, _NONE, _THREE = np.float32(1), np.float32(0), np.float32(3)


@nb.njit(nogil=True, cache=True, inline="always")
def _next(state: np.uint32) -> np.uint32:
    """Return the next number of a 32-bit xorshift."""
    a = np.uint32(state ^ np.uint32(state << np.uint32(13)))
    b = np.uint32(a ^ np.uint32(a >> np.uint32(17)))
    return np.uint32(b ^ np.uint32(b << np.uint32(5)))


@nb.njit(nogil=True, cache=True, inline="always")
def _flow(mean: np.float32, variance: np.float32, bits: np.uint32) -> np.float32:
    """Return a whole number of that mean and about that variance."""
    up = (np.float32(np.uint32(bits & np.uint32(0xFFFF))) + _HALF) * _SIXTEEN_BITS
    chance = (np.float32(np.uint32(bits >> np.uint32(16))) + _HALF) * _SIXTEEN_BITS
    few = _ONE + max(_NONE, variance - _FEW_ROUNDING) / max(mean * mean, _TINY)
    jump = mean * few if chance * few < _ONE else _NONE
    width = np.sqrt(_THREE * max(_NONE, variance - _ROUNDING))
    many = mean + width * (chance + chance - _ONE)
    flow: np.float32 = np.floor((many if mean >= _THREE else jump) + up)
    return flow


@nb.njit(nogil=True, cache=True)
def _seed(states: np.ndarray, seed: int, first: int) -> None:
    """Give every draw a well-mixed starting number of its own (SplitMix64)."""
    for lane in range(states.size):
        z = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(first + lane + 1) * np.uint64(
            0xD1342543DE82EF95
        )
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        states[lane] = np.uint32((z ^ (z >> np.uint64(31))) & np.uint64(0xFFFFFFFF)) | np.uint32(1)


@nb.njit(nogil=True, cache=True, fastmath=True)
def _take(now: np.ndarray, chance: np.ndarray, taken: np.ndarray, states: np.ndarray) -> np.float32:
    """Take a flow of chance ``chance`` (lanes,) out of ``now`` into ``taken``; return how many it was in all."""
    total = _NONE
    for lane in range(now.size):
        bits = _next(states[lane])
        states[lane] = bits
        mean = now[lane] * chance[lane]
        flow = min(_flow(mean, mean * (_ONE - chance[lane]), bits), now[lane])
        taken[lane] = flow
        now[lane] -= flow
        total += flow
    return total


@nb.njit(nogil=True, cache=True, fastmath=True)
def _take_share(now: np.ndarray, share: np.float32, to: np.ndarray, states: np.ndarray) -> None:
    """Take a flow of one ``share`` for all lanes out of ``now`` and add it to ``to``."""
    spread = _ONE - share
    for lane in range(now.size):
        bits = _next(states[lane])
        states[lane] = bits
        mean = now[lane] * share
        flow = min(_flow(mean, mean * spread, bits), now[lane])
        now[lane] -= flow
        to[lane] += flow


@nb.njit(nogil=True, cache=True, fastmath=True)
def _arrive(expected: np.ndarray, share: np.float32, to: np.ndarray, arrived: np.ndarray, states: np.ndarray) -> None:
    """Add Poisson arrivals (their variance is their mean) of one cell."""
    for lane in range(to.size):
        bits = _next(states[lane])
        states[lane] = bits
        mean = expected[lane] * share
        flow = _flow(mean, mean, bits)
        to[lane] += flow
        arrived[lane] += flow


@nb.njit(nogil=True, cache=True)
def simulate(
    opening: np.ndarray,
    leave: np.ndarray,
    move: np.ndarray,
    age_up: np.ndarray,
    longer: np.ndarray,
    destination: np.ndarray,
    entries: np.ndarray,
    entry_pattern: np.ndarray,
    seed: int,
    first: int,
    stock: np.ndarray,
    flows: np.ndarray,
) -> None:
    """Run one block of draws from ``first`` on into ``stock`` and ``flows``; all arrays float32.

    ``opening`` (ages, placements, durations) whole children; ``leave``, ``move`` (cells, lanes) chances a month, cells
    being those three flattened, ``move`` among those who do not leave; ``age_up`` (ages,), ``longer`` (durations,)
    chances a month of leaving a band, among those who neither leave nor move; ``destination`` (ages, placements,
    placements): the chance of each destination among the movers not yet placed; ``entries`` (lanes,) expected a month;
    ``entry_pattern`` (ages, placements). ``stock`` (ages, placements, months + 1, lanes); ``flows`` (3, months, lanes):
    entries, exits before 18, exits at 18.
    """
    ages, places, lengths = opening.shape
    months, lanes = stock.shape[2] - 1, stock.shape[3]
    now = np.zeros((ages, places, lengths, lanes), dtype=np.float32)
    coming = np.zeros((ages, places, lengths, lanes), dtype=np.float32)
    moving = np.zeros((lengths, lanes), dtype=np.float32)
    taken = np.zeros(lanes, dtype=np.float32)
    ageing = np.zeros(lanes, dtype=np.float32)
    states = np.zeros(lanes, dtype=np.uint32)
    _seed(states, seed, first)
    for a in range(ages):
        for p in range(places):
            for d in range(lengths):
                now[a, p, d, :] = opening[a, p, d]
            stock[a, p, 0, :] = opening[a, p].sum()
    for month in range(months):
        coming[:] = 0
        for a in range(ages):
            ageing[:] = age_up[a]
            for p in range(places):
                for d in range(lengths):
                    here = now[a, p, d]
                    if not here.any():
                        continue
                    cell = (a * places + p) * lengths + d
                    _take(here, leave[cell], taken, states)
                    flows[1, month] += taken
                    if _take(here, move[cell], moving[d], states) > 0:
                        for q in range(places):
                            if destination[a, p, q] > 0:
                                _take_share(moving[d], destination[a, p, q], coming[a, q, d], states)
                        coming[a, p, d] += moving[d]
                    if _take(here, ageing, taken, states) > 0:
                        if a == ages - 1:
                            flows[2, month] += taken
                        else:
                            coming[a + 1, p, d] += taken
                    if longer[d] > 0:
                        _take_share(here, longer[d], coming[a, p, d + 1], states)
                    coming[a, p, d] += here
        for a in range(ages):
            for p in range(places):
                if entry_pattern[a, p] > 0:
                    _arrive(entries, entry_pattern[a, p], coming[a, p, 0], flows[0, month], states)
        now[:] = coming
        for a in range(ages):
            for p in range(places):
                for d in range(lengths):
                    stock[a, p, month + 1] += now[a, p, d]
