"""Draws: every assumption as an array over draws, either at its central value or through its distribution.

Draw k of an assumption depends on the seed, the assumption's name and k, and on nothing else: not on how many draws
are asked for, not on the block they are made in, not on the other assumptions (unless a correlation is declared).
"""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.case.assumptions import Assumption
from model.case.distributions import is_fixed, quantile
from model.case.records import Case, Correlation
from model.case.spelling import nearest

Floats = NDArray[np.float64]

_WORDS_A_COUNTER: Final = 4  # Philox4x64 yields four 64-bit words a counter step
_SMALLEST_UNIFORM: Final = 2.0**-54  # half the generator's step, so that no uniform is exactly zero


@dataclass(frozen=True, kw_only=True)
class Draws:
    """A block of draws: assumption name -> array (n,), in the assumption's own unit.

    `first` is the index of the block's first draw, so that blocks made apart are the same as one made whole.
    `process_noise` says whether the flows of children are random as well (`model.children.chance`), keyed by `seed`.
    """

    values: Mapping[str, Floats]
    n: int
    first: int
    seed: int
    process_noise: bool

    def __getitem__(self, name: str) -> Floats:
        """Return the draws of one assumption, shape (n,); KeyError suggests the nearest name."""
        try:
            return self.values[name]
        except KeyError:
            raise KeyError(_unknown(name, self.values)) from None

    def optional(self, name: str, neutral: float) -> Floats:
        """Return the draws of an assumption, (n,), or its neutral element where the case does not state it."""
        return self.values[name] if name in self.values else np.full(self.n, neutral)

    def __contains__(self, name: object) -> bool:
        """Say whether there is an assumption of that name."""
        return name in self.values


def central(case: Case) -> Draws:
    """Return one draw, at the central values, without process noise."""
    values = {name: _frozen(np.array([a.value], dtype=np.float64)) for name, a in case.assumptions.items()}
    return Draws(values=values, n=1, first=0, seed=0, process_noise=False)


def sample(case: Case, n: int, seed: int, *, first: int = 0, process_noise: bool = True) -> Draws:
    """Return draws `first` to `first + n` of every assumption, each through its inverse CDF.

    Raises ValueError for a range that cannot be fitted or correlations that cannot hold together.
    """
    if n < 1 or first < 0:
        message = f"sample() needs at least one draw and first >= 0, not n = {n}, first = {first}"
        raise ValueError(message)
    tied = _tied_uniforms(case, n, seed, first)
    values = {
        name: _drawn(a, tied[name] if name in tied else stream(seed, name, n, first))
        for name, a in case.assumptions.items()
    }
    return Draws(values=values, n=n, first=first, seed=seed, process_noise=process_noise)


def _drawn(assumption: Assumption, uniform: Floats) -> Floats:
    return _frozen(quantile(assumption, uniform))


def with_values(draws: Draws, values: Mapping[str, ArrayLike]) -> Draws:
    """Return draws with some assumptions replaced (crafted draws). Arrays have one common length m, or are scalars.

    With draws of one draw, the others are repeated m times; otherwise m must be `draws.n`. Raises KeyError for an
    unknown assumption and ValueError for lengths that do not fit.
    """
    arrays = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
    unknown = [_unknown(name, draws.values) for name in arrays if name not in draws.values]
    if unknown:
        raise KeyError("; ".join(unknown))
    n = _common_length(draws, arrays)
    kept = draws.values if n == draws.n else {k: np.broadcast_to(v, (n,)) for k, v in draws.values.items()}
    new = {name: _frozen(np.broadcast_to(array, (n,)).copy()) for name, array in arrays.items()}
    return replace(draws, values={**kept, **new}, n=n)


def tile(draws: Draws, times: int) -> Draws:
    """Return the block repeated `times` times end to end, without process noise (a repeat is not a new draw)."""
    return replace(_picked(draws, np.tile(np.arange(draws.n), times)), process_noise=False)


def evenly(n: int, most: int) -> NDArray[np.intp]:
    """Return which of n draws to take for at most so many of them, evenly from among them."""
    return np.linspace(0, n - 1, min(most, n)).round().astype(np.intp)


def thinned(draws: Draws, most: int) -> Draws:
    """Return at most so many of the draws, evenly from among them."""
    return _picked(draws, evenly(draws.n, most))


def part_of(draws: Draws, first: int, n: int) -> Draws:
    """Return draws `first` to `first + n` of a block (fewer at its end), as a block of their own."""
    return replace(_picked(draws, np.arange(first, min(first + n, draws.n))), first=draws.first + first)


def _picked(draws: Draws, at: NDArray[np.intp]) -> Draws:
    return replace(draws, values={name: _frozen(array[at]) for name, array in draws.values.items()}, n=len(at))


def redraw(case: Case, draws: Draws, previous: Case) -> Draws:
    """Return what `sample` would give for `case`, recomputing only what differs from `previous` (a what-if).

    `draws` must come from `sample(previous, ...)`. Falls back on a full sample when correlations differ or
    a correlated assumption changed.
    """
    linked = {name for c in (*case.correlations, *previous.correlations) for name in (c.a, c.b)}
    changed = {k: a for k, a in case.assumptions.items() if previous.assumptions.get(k) != a}
    if case.correlations != previous.correlations or linked & changed.keys():
        return sample(case, draws.n, draws.seed, first=draws.first, process_noise=draws.process_noise)
    values = {
        name: _drawn(a, stream(draws.seed, name, draws.n, draws.first)) if name in changed else draws.values[name]
        for name, a in case.assumptions.items()
    }
    return replace(draws, values=values)


def stream(seed: int, name: str, n: int, first: int = 0) -> Floats:
    """Return uniforms `first` to `first + n` of the stream of that name, in (0, 1). Shape (n,)."""
    key = int.from_bytes(hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=16).digest(), "little")
    skip = first % _WORDS_A_COUNTER
    generator = np.random.Generator(np.random.Philox(key=key, counter=first // _WORDS_A_COUNTER))
    return np.maximum(generator.random(n + skip)[skip:], _SMALLEST_UNIFORM)


def _tied_uniforms(case: Case, n: int, seed: int, first: int) -> dict[str, Floats]:
    """Gaussian copula: name -> uniforms with the declared rank correlations. Fixed assumptions drop out."""
    kept = [c for c in case.correlations if not any(is_fixed(case.assumptions[name]) for name in (c.a, c.b))]
    if not kept:
        return {}
    from scipy.special import ndtr, ndtri  # noqa: PLC0415 - importing the model must stay cheap

    names, factor = copula_factor(kept)
    independent = [ndtri(stream(seed, name, n, first)) for name in names]
    return {  # summed by hand, not by BLAS, so that a draw does not depend on the block it is made in
        name: ndtr(sum(factor[i, j] * independent[j] for j in range(i + 1))) for i, name in enumerate(names)
    }


def copula_factor(correlations: Sequence[Correlation]) -> tuple[list[str], Floats]:
    """Return the correlated names in order of declaration and the Cholesky factor of their normals' correlations.

    A rank (Spearman) correlation r is 2 sin(pi r / 6) between the normals; pairs not declared are 0. Raises ValueError
    where they cannot hold together, naming the pairs: `check` asks here too.
    """
    names = list(dict.fromkeys(name for c in correlations for name in (c.a, c.b)))
    matrix = np.eye(len(names))
    for c in correlations:
        i, j = names.index(c.a), names.index(c.b)
        matrix[i, j] = matrix[j, i] = 2 * math.sin(math.pi * c.rho / 6)
    try:
        return names, np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        pairs = "; ".join(f"{c.a} with {c.b} at rho {c.rho:g}" for c in correlations)
        message = f"not positive definite, so these cannot hold together: {pairs}"
        raise ValueError(message) from None


def _common_length(draws: Draws, arrays: Mapping[str, Floats]) -> int:
    lengths = {a.shape[0] if a.ndim else 1 for a in arrays.values()} - {1} or {1}
    allowed = lengths if draws.n == 1 else {draws.n}
    if len(lengths) > 1 or not (lengths <= allowed | {1}) or any(a.ndim > 1 for a in arrays.values()):
        message = f"crafted values must be arrays of one common length (here {draws.n} draws), not {sorted(lengths)}"
        raise ValueError(message)
    return max(draws.n, *lengths)


def _unknown(name: str, known: Iterable[str]) -> str:
    return f"no assumption {name!r}; {nearest(name, known)}".removesuffix("; ")


def _frozen(array: Floats) -> Floats:
    array.flags.writeable = False
    return array
