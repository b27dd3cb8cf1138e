"""Distributions: what an assumption's value, low and high mean as an inverse CDF."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from model.case import words
from model.case.units import UNITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from model.case.assumptions import Assumption

    Floats = NDArray[np.float64]

_Z90: Final = 1.2815515655446004  # standard normal quantile of 0.9
_PERT_WEIGHT: Final = 4.0  # the usual PERT weight of the mode against each bound
_TABLE_REACH: Final = 8.3  # standard deviations: beyond every uniform a double can hold
_TABLE_KNOTS: Final = 513
_EXACT_BELOW: Final = 256  # fewer draws than this are cheaper inverted one by one than through a table


def is_fixed(assumption: Assumption) -> bool:
    """Say whether an assumption has no range: declared fixed, or of zero width."""
    return assumption.distribution == words.FIXED or assumption.low == assumption.high


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
    to the unit's bounds. beta: mean = value, P90 - P10 = high - low. chance: 1 with the chance `value`, else 0. Raises
    ValueError where no such fit exists.
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


def _chance(a: Assumption, at: Uniforms | Normals) -> Floats:
    if not (a.low == 0 <= a.value <= a.high == 1):
        message = f"{a.name}: a chance needs low 0, high 1 and a value between, not {a.low:g}, {a.value:g}, {a.high:g}"
        raise ValueError(message)
    return (at.uniform > 1 - a.value).astype(np.float64)


_INVERSES: Final[dict[str, Callable[[Assumption, Uniforms | Normals], Floats]]] = {
    words.UNIFORM: _uniform,
    words.NORMAL: _normal,
    words.LOGNORMAL: _lognormal,
    words.PERT: _pert,
    words.BETA: _beta,
    words.CHANCE_OF: _chance,
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
