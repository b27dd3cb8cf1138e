"""Random words by counter: what chance says of one child depends on its key alone, not on who else is dealt with it."""

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.children.law import Floats

Keys = NDArray[np.uint64]

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_WORD_TO_UNIT: Final = 2.0**-53


def key_of(*parts: object) -> np.uint64:
    """Return a key for anything that has a name."""
    text = "/".join(map(str, parts)).encode()
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little"))


def keys(parent: Keys | np.uint64, index: NDArray[np.int64] | int) -> Keys:
    """Return the keys of the children of a key, by index (splitmix64: Steele, Lea and Flood 2014, OOPSLA)."""
    with np.errstate(over="ignore"):
        z = np.asarray(parent, dtype=np.uint64) + (np.asarray(index).astype(np.uint64) + np.uint64(1)) * _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * _FIRST
        z = (z ^ (z >> np.uint64(27))) * _SECOND
        mixed: Keys = z ^ (z >> np.uint64(31))
    return mixed


def uniform(parent: Keys, index: NDArray[np.int64] | int) -> Floats:
    """Return numbers even between 0 and 1, neither of them included, one for each key."""
    even: Floats = ((keys(parent, index) >> np.uint64(11)).astype(np.float64) + 0.5) * _WORD_TO_UNIT
    return even


def exponential(parent: Keys, index: NDArray[np.int64] | int) -> Floats:
    """Return waiting times of mean 1, one for each key."""
    waits: Floats = -np.log(uniform(parent, index))
    return waits
