"""Chance: how many children really enter care, are kept out of it, and leave.

Entries are Poisson counts. The entries a scheme prevents are a binomial thinning of them. The children of a cell stand
in a row, and chance says which places of the row leave: each with the chance of leaving, so that exits are binomial in
the children who are there. All of it rests on random numbers that depend only on the seed, the draw, the month, the
cell and the event: the same in both worlds and whatever block they are computed in. So a scheme without effect has no
impact in any draw, a world with fewer children has a shorter row with the same places leaving, and the mean flows are
those of the run without chance.

Birthdays, moves and returns stay shares of the stock: a child's age is known, it is not chance.
`model.children.kernel` repeats this arithmetic, compiled.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Words = NDArray[np.uint64]

EVENTS, ENTER, PREVENT, LEAVE = 3, 0, 1, 2
STRIDE: Final = 1 << 22  # random numbers set aside for each draw: 2,400 years of months
GOLDEN, FIRST_MIX, SECOND_MIX = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)  # the constants of splitmix64
ALONG = np.uint64(0xD1B54A32D192ED03)  # from one pair of places in a row to the next: odd, and no multiple of GOLDEN
LARGEST_MEAN: Final = 600.0  # beyond it chance moves a flow by less than a twentieth, and exp() would underflow
MOST: Final = 4000  # no count is larger: the mean is at most LARGEST_MEAN


@dataclass(frozen=True, kw_only=True)
class Chance:
    """Where a block's random numbers are: `key` from the seed and the stream's name, `first` the first draw's index."""

    key: int
    first: int

    @classmethod
    def of(cls, seed: int, stream: str, first: int) -> Chance:
        """Return the chance of one stream of children under one seed."""
        digest = hashlib.blake2b(f"{seed}/chance/{stream}".encode(), digest_size=8).digest()
        return cls(key=int.from_bytes(digest, "little"), first=first)

    def entries(self, month: int, mean: Floats) -> Floats:
        """Return how many enter, of a mean (ages, placements, draws): Poisson counts."""
        return _poisson(_uniform(self._words(month, mean.shape, ENTER)), mean)

    def prevented(self, month: int, entries: Floats, keep: Floats) -> Floats:
        """Return how many of the entries are prevented: binomial, each with probability 1 - keep. Same shape."""
        u = _uniform(self._words(month, entries.shape, PREVENT))
        large = entries > LARGEST_MEAN
        counts = _binomial(u, np.where(large, 0.0, entries), 1 - keep)
        return np.where(large, entries * (1 - keep), counts)

    def leavers(self, month: int, stock: Floats, hazard: Floats) -> Floats:
        """Return how many leave out of a stock (ages, placements, draws) at a hazard (ages, draws) a month.

        The steps from one leaving place of the row to the next are geometric. Of a stock that is not whole, the last
        place holds a part of a child. The mean is hazard x stock; it is never more than the stock, nor less for a
        larger stock.
        """
        stock = np.maximum(stock, 0)
        each = np.broadcast_to(hazard[:, None, :], stock.shape)
        large = stock * each > LARGEST_MEAN
        row = np.where(large, 0.0, stock)
        with np.errstate(divide="ignore"):  # who never leaves has an endless row before the first leaver
            wait = -1 / np.log1p(-each)
            leaving, ahead, step = np.zeros_like(stock), np.full_like(stock, -1.0), 0
            while (ahead < row).any():
                ahead += 1 + np.floor(-np.log(self._along(month, stock.shape, step)) * wait)
                leaving += np.clip(row - ahead, 0, 1)
                step += 1
        return np.where(large, stock * each, leaving)

    def _along(self, month: int, shape: tuple[int, ...], step: int) -> Floats:
        """Return the uniforms for one step along the rows: a word of 64 bits serves two steps."""
        bits = self._words(month, shape, LEAVE, step // 2)
        half = bits >> np.uint64(32) if step % 2 == 0 else bits & np.uint64(0xFFFFFFFF)
        uniform: Floats = (half.astype(np.float64) + 0.5) * 2.0**-32
        return uniform

    def _words(self, month: int, shape: tuple[int, ...], event: int, pair: int = 0) -> Words:
        """Return splitmix64 at a counter: any draw's random words without those before it."""
        ages, placements, draws = shape
        cell = np.arange(ages * placements, dtype=np.uint64).reshape(ages, placements, 1)
        slot = (np.uint64(month * ages * placements) + cell) * np.uint64(EVENTS) + np.uint64(event)
        draw = np.arange(self.first, self.first + draws, dtype=np.uint64)
        z = np.uint64(self.key) + (draw * np.uint64(STRIDE) + slot) * GOLDEN + np.uint64(pair * int(ALONG) % 2**64)
        z = (z ^ (z >> np.uint64(30))) * FIRST_MIX
        z = (z ^ (z >> np.uint64(27))) * SECOND_MIX
        return z ^ (z >> np.uint64(31))


def _uniform(words: Words) -> Floats:
    """Return words as uniforms in (0, 1)."""
    uniform: Floats = ((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    return uniform


def _poisson(u: Floats, mean: Floats) -> Floats:
    """Inverse CDF of Poisson counts; a mean too large to count stays what it is."""
    large = mean > LARGEST_MEAN
    rate = np.where(large, 0.0, mean)
    term = np.exp(-rate)
    total, count = term.copy(), np.zeros_like(u)
    while (more := (u > total) & (rate > 0) & (count < MOST)).any():
        count += more
        term = np.where(more, term * rate / np.maximum(count, 1), term)
        total += np.where(more, term, 0.0)
    return np.where(large, mean, count)


def _binomial(u: Floats, trials: Floats, probability: Floats) -> Floats:
    """Inverse CDF of binomial counts; `trials` are whole numbers."""
    certain = probability >= 1
    p = np.where(certain, 0.0, probability)
    odds = p / (1 - p)
    term = np.exp(trials * np.log1p(-p))
    total, count = term.copy(), np.zeros_like(u)
    while (more := (u > total) & (count < trials) & (p > 0)).any():
        term = np.where(more, term * odds * (trials - count) / (count + 1), term)
        count += more
        total += np.where(more, term, 0.0)
    return np.where(certain, trials, count)
