"""Draws: every assumption as an array over draws, either at its central value or through its distribution.

Draw k of an assumption depends on the seed, the assumption's name and k, and on nothing else: not on how many draws
are asked for, not on the block they are made in, not on the other assumptions (unless a correlation is declared).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from model.case.distributions import Normals, Uniforms, is_fixed, quantile
from model.case.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from model.case.assumptions import Assumption
    from model.case.records import Case, Correlation

    Floats = NDArray[np.float64]

METHODS: Final = ("stream", "sobol")
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

    def __contains__(self, name: object) -> bool:
        """Say whether there is an assumption of that name."""
        return name in self.values


def central(case: Case) -> Draws:
    """Return one draw, at the central values, without process noise."""
    values = {name: _frozen(np.array([a.value], dtype=np.float64)) for name, a in case.assumptions.items()}
    return Draws(values=values, n=1, first=0, seed=0, process_noise=False)


def sample(  # noqa: PLR0913 - each is a separate choice of the caller's
    case: Case, n: int, seed: int, *, first: int = 0, method: str = "stream", process_noise: bool = True
) -> Draws:
    """Return draws `first` to `first + n` of every assumption, each through its inverse CDF.

    `method`: `stream` (default) gives each assumption name its own pseudo-random stream. `sobol` is a scrambled
    Sobol' sequence over the uncertain assumptions: it converges faster, wants powers of two, and adding an assumption
    changes every other one's draws. Raises ValueError for a range that cannot be fitted or correlations that cannot
    hold together.
    """
    _check_request(n, first, method)
    uncertain = [a for a in case.assumptions.values() if not is_fixed(a)]
    uniform = _sobol(uncertain, n, seed, first) if method == "sobol" else _streams(seed, n, first)
    normals = _correlated_normals(case.correlations, case.assumptions, uniform)
    values: dict[str, Floats] = {}
    for name, assumption in case.assumptions.items():
        if is_fixed(assumption):
            values[name] = _frozen(np.full(n, assumption.value, dtype=np.float64))
        elif name in normals:
            values[name] = _frozen(quantile(assumption, Normals(normals[name])))
        else:
            values[name] = _frozen(quantile(assumption, uniform(name)))
    return Draws(values=values, n=n, first=first, seed=seed, process_noise=process_noise)


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
    values = {name: _frozen(np.tile(array, times)) for name, array in draws.values.items()}
    return replace(draws, values=values, n=draws.n * times, process_noise=False)


def part_of(draws: Draws, first: int, n: int) -> Draws:
    """Return draws `first` to `first + n` of a block (fewer at its end), as a block of their own."""
    values = {name: array[first : first + n] for name, array in draws.values.items()}
    return replace(draws, values=values, n=min(n, draws.n - first), first=draws.first + first)


def redraw(case: Case, draws: Draws, previous: Case) -> Draws:
    """Return what `sample` would give for `case`, recomputing only what differs from `previous` (a what-if).

    `draws` must come from `sample(previous, ...)` by `stream`. Falls back on a full sample when correlations differ or
    a correlated assumption changed.
    """
    linked = {name for c in (*case.correlations, *previous.correlations) for name in (c.a, c.b)}
    changed = {k: a for k, a in case.assumptions.items() if previous.assumptions.get(k) != a}
    if case.correlations != previous.correlations or linked & changed.keys():
        return sample(case, draws.n, draws.seed, first=draws.first, process_noise=draws.process_noise)
    uniform = _streams(draws.seed, draws.n, draws.first)
    values = {name: draws.values[name] for name in case.assumptions if name not in changed}
    for name, a in changed.items():
        values[name] = _frozen(
            np.full(draws.n, a.value, dtype=np.float64) if is_fixed(a) else quantile(a, uniform(name))
        )
    return replace(draws, values={name: values[name] for name in case.assumptions})


def stream(seed: int, name: str, n: int, first: int = 0) -> Floats:
    """Return uniforms `first` to `first + n` of the stream of that name, in (0, 1). Shape (n,)."""
    key = int.from_bytes(hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=16).digest(), "little")
    skip = first % _WORDS_A_COUNTER
    generator = np.random.Generator(np.random.Philox(key=key, counter=first // _WORDS_A_COUNTER))
    return np.maximum(generator.random(n + skip)[skip:], _SMALLEST_UNIFORM)


def _streams(seed: int, n: int, first: int) -> Callable[[str], Floats]:
    return lambda name: stream(seed, name, n, first)


def _sobol(uncertain: Sequence[Assumption], n: int, seed: int, first: int) -> Callable[[str], Floats]:
    from scipy.stats import qmc  # noqa: PLC0415

    if not uncertain:
        return lambda _: np.empty(0)
    sequence = qmc.Sobol(d=len(uncertain), scramble=True, rng=seed)
    if first:
        sequence.fast_forward(first)
    points = np.clip(sequence.random(n).T, _SMALLEST_UNIFORM, 1 - 2.0**-53)
    column = {a.name: np.ascontiguousarray(points[i]) for i, a in enumerate(uncertain)}
    return lambda name: column[name]


def _correlated_normals(
    correlations: Sequence[Correlation], assumptions: Mapping[str, Assumption], uniform: Callable[[str], Floats]
) -> dict[str, Floats]:
    """Gaussian copula: name -> standard normals with the declared rank correlations. Fixed assumptions drop out."""
    _check_correlations(correlations, assumptions)
    kept = [c for c in correlations if not (is_fixed(assumptions[c.a]) or is_fixed(assumptions[c.b]))]
    if not kept:
        return {}
    names, factor = copula_factor(kept)
    independent = [Uniforms(uniform(name)).normal for name in names]
    return {  # summed by hand, not by BLAS, so that a draw does not depend on the block it is made in
        name: np.asarray(sum(factor[i, j] * independent[j] for j in range(i + 1))) for i, name in enumerate(names)
    }


def normal_correlations(correlations: Sequence[Correlation]) -> tuple[list[str], Floats]:
    """Return the correlated names in order of declaration and the correlations of their normals, (names, names).

    A rank (Spearman) correlation r is 2 sin(pi r / 6) between the normals; pairs not declared are 0.
    """
    names = list(dict.fromkeys(name for c in correlations for name in (c.a, c.b)))
    matrix = np.eye(len(names))
    for c in correlations:
        i, j = names.index(c.a), names.index(c.b)
        matrix[i, j] = matrix[j, i] = 2 * math.sin(math.pi * c.rho / 6)
    return names, matrix


def copula_factor(correlations: Sequence[Correlation]) -> tuple[list[str], Floats]:
    """Return the correlated names and the Cholesky factor of their normals' correlations.

    Raises ValueError where they cannot hold together: `check` asks the same of the same matrix, and names the pair.
    """
    names, matrix = normal_correlations(correlations)
    try:
        return names, np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        pairs = "; ".join(f"{c.a} with {c.b} at rho {c.rho:g}" for c in correlations)
        message = f"case.toml, [[correlations]]: not positive definite, so these cannot hold together: {pairs}"
        raise ValueError(message) from None


def _check_correlations(correlations: Sequence[Correlation], assumptions: Mapping[str, Assumption]) -> None:
    problems = []
    seen: set[frozenset[str]] = set()
    for c in correlations:
        where = f"case.toml, [[correlations]], {c.a} with {c.b}"
        problems += [f"{where}: {_unknown(name, assumptions)}" for name in (c.a, c.b) if name not in assumptions]
        if c.a == c.b:
            problems.append(f"{where}: an assumption cannot be correlated with itself")
        elif frozenset((c.a, c.b)) in seen:
            problems.append(f"{where}: declared twice; keep one")
        if not -1 < c.rho < 1:
            problems.append(f"{where}: rho is {c.rho:g}; it must lie between -1 and 1, both excluded")
        seen.add(frozenset((c.a, c.b)))
    if problems:
        raise ValueError("\n".join(problems))


def _check_request(n: int, first: int, method: str) -> None:
    if n < 1 or first < 0:
        message = f"sample() needs at least one draw and first >= 0, not n = {n}, first = {first}"
        raise ValueError(message)
    if method not in METHODS:
        message = f"sample() has the methods {', '.join(METHODS)}, not {method!r}"
        raise ValueError(message)


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
