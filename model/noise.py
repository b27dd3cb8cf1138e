"""Chance: how many children really enter care, are kept out of it, and leave.

Entries are Poisson counts. The entries a scheme prevents are a binomial thinning of them. Exits are binomial in the
children who are there. Each count is the inverse CDF of one uniform, which depends only on the seed, the draw, the
month, the cell and the event: the same in both worlds and whatever block it is computed in. So a scheme without effect
has no impact in any draw, and the mean flows are those of the run without chance.

Birthdays, moves and returns stay shares of the stock: a child's age is known, it is not chance.
`model.kernel` repeats this arithmetic, compiled.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

EVENTS, ENTER, PREVENT, LEAVE = 3, 0, 1, 2
STRIDE: Final = 1 << 22  # random numbers set aside for each draw: 2,400 years of months
GOLDEN, FIRST_MIX, SECOND_MIX = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xBF58476D1CE4E5B9),
    np.uint64(0x94D049BB133111EB),
)  # the constants of splitmix64
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
        return _poisson(self._uniform(month, mean.shape, ENTER), mean)

    def prevented(self, month: int, entries: Floats, keep: Floats) -> Floats:
        """Return how many of the entries are prevented: binomial, each with probability 1 - keep. Same shape."""
        u = self._uniform(month, entries.shape, PREVENT)
        large = entries > LARGEST_MEAN
        counts = _binomial(u, np.where(large, 0.0, entries), 1 - keep)
        return np.where(large, entries * (1 - keep), counts)

    def leavers(self, month: int, stock: Floats, hazard: Floats) -> Floats:
        """Return how many leave out of a stock (ages, placements, draws) at a hazard (ages, draws) a month.

        The stock need not be whole: the answer lies between the counts for the whole numbers around it. Its mean is
        hazard x stock; it is never more than the stock, nor less for a larger stock.
        """
        u = self._uniform(month, stock.shape, LEAVE)
        each = np.broadcast_to(hazard[:, None, :], stock.shape)
        large = stock * each > LARGEST_MEAN
        whole = np.where(large, 0.0, np.floor(np.maximum(stock, 0)))
        part = np.where(large, 0.0, np.maximum(stock, 0) - whole)
        counts = (1 - part) * _binomial(u, whole, each) + part * _binomial(u, whole + 1, each)
        return np.where(large, stock * each, np.where(stock > 0, counts, 0.0))

    def _uniform(self, month: int, shape: tuple[int, ...], event: int) -> Floats:
        """Return splitmix64 at a counter, as uniforms in (0, 1): any draw's numbers without those before it."""
        ages, placements, draws = shape
        cell = np.arange(ages * placements, dtype=np.uint64).reshape(ages, placements, 1)
        slot = (np.uint64(month * ages * placements) + cell) * np.uint64(EVENTS) + np.uint64(event)
        draw = np.arange(self.first, self.first + draws, dtype=np.uint64)
        z = np.uint64(self.key) + (draw * np.uint64(STRIDE) + slot) * GOLDEN
        z = (z ^ (z >> np.uint64(30))) * FIRST_MIX
        z = (z ^ (z >> np.uint64(27))) * SECOND_MIX
        z ^= z >> np.uint64(31)
        uniform: Floats = ((z >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
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
