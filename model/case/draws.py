"""Draws: every assumption as an array over draws, either at its central value or through its inverse CDF.

Draw k of an assumption depends on the seed, the assumption's name and k, and on nothing else: not on how many draws
are asked for, not on the block they are made in, not on the other assumptions (unless a correlation is declared).
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from model.case.units import UNITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from model.case.assumptions import Assumption
    from model.case.records import Case, Correlation

    Floats = NDArray[np.float64]

METHODS: Final = ("stream", "sobol")
_WORDS_A_COUNTER: Final = 4  # Philox4x64 yields four 64-bit words a counter step
_SMALLEST_UNIFORM: Final = 2.0**-54  # half the generator's step, so that no uniform is exactly zero
_Z90: Final = 1.2815515655446004  # standard normal quantile of 0.9
_PERT_WEIGHT: Final = 4.0  # the usual PERT weight of the mode against each bound
_TABLE_REACH: Final = 8.3  # standard deviations: beyond every uniform a double can hold
_TABLE_KNOTS: Final = 513
_EXACT_BELOW: Final = 256  # fewer draws than this are cheaper inverted one by one than through a table


@dataclass(frozen=True, kw_only=True)
class Draws:
    """A block of draws: assumption name -> array (n,), in the assumption's own unit.

    `first` is the index of the block's first draw, so that blocks made apart are the same as one made whole.
    `process_noise` says whether the flows of children are random as well (`model.children.noise`), keyed by `seed`.
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


def is_fixed(assumption: Assumption) -> bool:
    """Say whether an assumption has no range: declared fixed, or of zero width."""
    return assumption.distribution == "fixed" or assumption.low == assumption.high


def unit_bounds(unit: str) -> tuple[float, float]:
    """Return the smallest and largest value a unit admits; KeyError for a unit there is not."""
    return UNITS[unit].low, UNITS[unit].high


@dataclass(frozen=True)
class Uniforms:
    """Where on its distribution each draw lies, as uniforms in (0, 1)."""

    uniform: Floats

    @property
    def normal(self) -> Floats:
        """The same places as standard normals."""
        from scipy.special import ndtri  # noqa: PLC0415 - importing the model must stay cheap

        return np.asarray(ndtri(self.uniform), dtype=np.float64)


@dataclass(frozen=True)
class Normals:
    """Where on its distribution each draw lies, as standard normals."""

    normal: Floats

    @property
    def uniform(self) -> Floats:
        """The same places as uniforms."""
        from scipy.special import ndtr  # noqa: PLC0415

        return np.asarray(ndtr(self.normal), dtype=np.float64)


def quantile(assumption: Assumption, at: Uniforms | Normals | Floats) -> Floats:
    """Return the assumption's inverse CDF at those places (a plain array is taken as uniforms). Same shape.

    uniform: between low and high. pert: low, value = mode, high. normal, lognormal: fitted to P10 and P90, truncated
    to the unit's bounds. beta: mean = value, P90 - P10 = high - low. Raises ValueError where no such fit exists.
    """
    places = Uniforms(at) if isinstance(at, np.ndarray) else at
    if is_fixed(assumption):
        return np.full(_size(places), assumption.value, dtype=np.float64)
    return _INVERSES[assumption.distribution](assumption, places)


def range_problem(assumption: Assumption) -> str:
    """Return why the range cannot be turned into a distribution, or an empty string."""
    try:
        quantile(assumption, np.array([0.5]))
    except ValueError as error:
        return str(error)
    return ""


def fit_misses(assumption: Assumption) -> tuple[float, float]:
    """Return how far the fitted P10 and P90 lie from `low` and `high` (same unit); zeros unless beta or truncated."""
    if is_fixed(assumption) or assumption.distribution in ("uniform", "pert"):
        return 0.0, 0.0
    p10, p90 = quantile(assumption, np.array([0.1, 0.9]))
    return float(p10 - assumption.low), float(p90 - assumption.high)


def _uniform(a: Assumption, at: Uniforms | Normals) -> Floats:
    return a.low + (a.high - a.low) * at.uniform


def _normal(a: Assumption, at: Uniforms | Normals) -> Floats:
    from scipy.special import ndtr, ndtri  # noqa: PLC0415 - importing the model must stay cheap

    mean, spread = (a.low + a.high) / 2, (a.high - a.low) / (2 * _Z90)
    lower, upper = unit_bounds(a.unit)
    p_lower, p_upper = ndtr((lower - mean) / spread), ndtr((upper - mean) / spread)
    if p_lower == 0.0 and p_upper == 1.0:
        return np.asarray(mean + spread * at.normal)
    kept = p_lower + (p_upper - p_lower) * at.uniform
    return np.clip(mean + spread * ndtri(kept), lower, upper)


def _lognormal(a: Assumption, at: Uniforms | Normals) -> Floats:
    from scipy.special import ndtr, ndtri  # noqa: PLC0415

    if not 0 < a.low < a.high:
        message = f"{a.name}: a lognormal needs 0 < low < high, not low {a.low:g} and high {a.high:g}"
        raise ValueError(message)
    log_low, log_high = math.log(a.low), math.log(a.high)
    mean, spread = (log_low + log_high) / 2, (log_high - log_low) / (2 * _Z90)
    upper = unit_bounds(a.unit)[1]
    if math.isinf(upper):
        return np.exp(mean + spread * at.normal)
    kept = ndtr((math.log(upper) - mean) / spread) * at.uniform
    return np.minimum(np.exp(mean + spread * ndtri(kept)), upper)


def _pert(a: Assumption, at: Uniforms | Normals) -> Floats:
    width = a.high - a.low
    if not a.low <= a.value <= a.high:
        message = f"{a.name}: a pert needs low <= value <= high, not {a.low:g}, {a.value:g}, {a.high:g}"
        raise ValueError(message)
    alpha = 1 + _PERT_WEIGHT * (a.value - a.low) / width
    return a.low + width * _beta_quantile(alpha, 2 + _PERT_WEIGHT - alpha, at)


def _beta(a: Assumption, at: Uniforms | Normals) -> Floats:
    if not 0 <= a.low < a.value < a.high <= 1:
        message = f"{a.name}: a beta needs 0 <= low < value < high <= 1, not {a.low:g}, {a.value:g}, {a.high:g}"
        raise ValueError(message)
    return _beta_quantile(*_fit_beta(a.name, a.value, a.high - a.low), at)


_INVERSES: Final[dict[str, Callable[[Assumption, Uniforms | Normals], Floats]]] = {
    "uniform": _uniform,
    "normal": _normal,
    "lognormal": _lognormal,
    "pert": _pert,
    "beta": _beta,
}


@lru_cache(maxsize=1024)
def _fit_beta(name: str, mean: float, spread: float) -> tuple[float, float]:
    """Return alpha and beta with that mean and that P90 - P10: the spread falls as the concentration grows."""
    from scipy.optimize import brentq  # noqa: PLC0415
    from scipy.special import betaincinv  # noqa: PLC0415

    def excess(log_concentration: float) -> float:
        k = math.exp(log_concentration)
        low, high = betaincinv(k * mean, k * (1 - mean), [0.1, 0.9])
        return float(high - low - spread)

    narrow, wide = math.log(1e7), math.log(0.5)
    if excess(wide) < 0 or excess(narrow) > 0:
        message = f"{name}: no beta has mean {mean:g} and P90 - P10 of {spread:g}; use another distribution or range"
        raise ValueError(message)
    k = math.exp(brentq(excess, wide, narrow, xtol=1e-12))
    return k * mean, k * (1 - mean)


def _beta_quantile(alpha: float, beta: float, at: Uniforms | Normals) -> Floats:
    """Inverse beta CDF: exact for a few points, through a table of cubics (error below 1e-8) for many."""
    if _size(at) < _EXACT_BELOW:
        from scipy.special import betaincinv  # noqa: PLC0415

        return np.asarray(betaincinv(alpha, beta, at.uniform))
    constant, linear, square, cube = _beta_table(alpha, beta)
    place = (at.normal + _TABLE_REACH) * ((_TABLE_KNOTS - 1) / (2 * _TABLE_REACH))
    np.clip(place, 0, _TABLE_KNOTS - 1 - 1e-9, out=place)
    cell = place.astype(np.intp)
    place -= cell
    return constant[cell] + place * (linear[cell] + place * (square[cell] + place * cube[cell]))


@lru_cache(maxsize=1024)
def _beta_table(alpha: float, beta: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Cubic Hermite pieces of the quantile as a function of a standard normal: smooth there, tails included."""
    from scipy.special import betaincinv, betaln, ndtr, xlogy  # noqa: PLC0415

    knots = np.linspace(-_TABLE_REACH, _TABLE_REACH, _TABLE_KNOTS)
    below, rest = betaincinv(alpha, beta, ndtr(knots)), betaincinv(beta, alpha, ndtr(-knots))
    value = np.where(knots < 0, below, 1 - rest)  # each tail from its own side: 1 - tiny would lose its digits
    log_density = xlogy(alpha - 1, value) + xlogy(beta - 1, rest) - betaln(alpha, beta)
    slope = np.exp(-(knots**2) / 2 - math.log(2 * math.pi) / 2 - log_density) * (knots[1] - knots[0])
    rise, left, right = np.diff(value), slope[:-1], slope[1:]
    return value[:-1], left, 3 * rise - 2 * left - right, left + right - 2 * rise


def _size(at: Uniforms | Normals) -> int:
    return at.uniform.size if isinstance(at, Uniforms) else at.normal.size


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


def copula_factor(correlations: Sequence[Correlation]) -> tuple[list[str], Floats]:
    """Return the correlated names in order of declaration and the Cholesky factor of their normal correlations.

    A rank (Spearman) correlation r becomes 2 sin(pi r / 6) between the normals. Raises ValueError where the matrix is
    not positive definite, naming the declared pair that contributes most to it.
    """
    names = list(dict.fromkeys(name for c in correlations for name in (c.a, c.b)))
    place = {name: i for i, name in enumerate(names)}
    matrix = np.eye(len(names))
    for c in correlations:
        i, j = place[c.a], place[c.b]
        matrix[i, j] = matrix[j, i] = 2 * math.sin(math.pi * c.rho / 6)
    try:
        return names, np.asarray(np.linalg.cholesky(matrix), dtype=np.float64)
    except np.linalg.LinAlgError:
        worst = _most_contradictory(correlations, place, matrix)
        message = (
            f"case.toml, [[correlations]]: {worst.a} with {worst.b} at rho {worst.rho:g} contradicts the other "
            "correlations declared (the matrix is not positive definite); bring it nearer to what they imply"
        )
        raise ValueError(message) from None


def _most_contradictory(correlations: Sequence[Correlation], place: Mapping[str, int], matrix: Floats) -> Correlation:
    """Return the pair whose term pulls the smallest eigenvalue down furthest; of equals the last declared."""
    direction = np.linalg.eigh(matrix)[1][:, 0]

    def pull(c: Correlation) -> float:
        i, j = place[c.a], place[c.b]
        return round(float(direction[i] * direction[j] * matrix[i, j]), 9)

    return min(reversed(correlations), key=pull)


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
    from difflib import get_close_matches  # noqa: PLC0415

    near = get_close_matches(name, list(known), n=1)
    return f"no assumption {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def _frozen(array: Floats) -> Floats:
    array.flags.writeable = False
    return array
