"""Distributions: what an assumption's value, low and high mean as an inverse CDF."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case import words
from model.case.assumptions import Assumption
from model.case.units import UNITS

Floats = NDArray[np.float64]

_Z90: Final = 1.2815515655446004  # standard normal quantile of 0.9
_PERT_WEIGHT: Final = 4.0  # the usual PERT weight of the mode against each bound


def is_fixed(assumption: Assumption) -> bool:
    """Say whether an assumption has no range: declared fixed, or of zero width."""
    return assumption.distribution == words.FIXED or assumption.low == assumption.high


def quantile(assumption: Assumption, at: Floats) -> Floats:
    """Return the assumption's inverse CDF at uniforms in (0, 1). Same shape.

    uniform: between low and high. pert: low, value = mode, high. normal, lognormal: fitted to P10 and P90, truncated
    to the unit's bounds. beta: mean = value, P90 - P10 = high - low. chance: 1 with the chance `value`, else 0. Raises
    ValueError where there is no such beta; all else about a range is seen to when it is read.
    """
    if is_fixed(assumption):
        return np.full(at.shape, assumption.value, dtype=np.float64)
    return _INVERSES[assumption.distribution](assumption, at)


def range_problem(assumption: Assumption) -> str:
    """Return why there is no beta with such a mean and range, or an empty string: only fitting it tells."""
    try:
        quantile(assumption, np.array([0.5]))
    except ValueError as error:
        return str(error)
    return ""


def _uniform(a: Assumption, at: Floats) -> Floats:
    return a.low + (a.high - a.low) * at


def _normal(a: Assumption, at: Floats) -> Floats:
    mean, spread = (a.low + a.high) / 2, (a.high - a.low) / (2 * _Z90)
    return mean + spread * _standard_normal(at, *((bound - mean) / spread for bound in _bounds(a)))


def _lognormal(a: Assumption, at: Floats) -> Floats:
    log_low, log_high = math.log(a.low), math.log(a.high)
    mean, spread = (log_low + log_high) / 2, (log_high - log_low) / (2 * _Z90)
    upper = _bounds(a)[1]
    return np.exp(mean + spread * _standard_normal(at, -math.inf, (math.log(upper) - mean) / spread))


def _bounds(a: Assumption) -> tuple[float, float]:
    return UNITS[a.unit].low, UNITS[a.unit].high


def _standard_normal(at: Floats, lower: float, upper: float) -> Floats:
    """Return the inverse CDF of a standard normal that is cut at two bounds."""
    from scipy.special import ndtr, ndtri  # noqa: PLC0415 - importing the model must stay cheap

    below, above = ndtr(lower), ndtr(upper)
    return np.clip(ndtri(below + (above - below) * at), lower, upper)


def _pert(a: Assumption, at: Floats) -> Floats:
    width = a.high - a.low
    alpha = 1 + _PERT_WEIGHT * (a.value - a.low) / width
    return a.low + width * _beta_quantile(alpha, 2 + _PERT_WEIGHT - alpha, at)


def _beta(a: Assumption, at: Floats) -> Floats:
    return _beta_quantile(*_fit_beta(a.name, a.value, a.high - a.low), at)


def _beta_quantile(alpha: float, beta: float, at: Floats) -> Floats:
    from scipy.special import betaincinv  # noqa: PLC0415

    return np.asarray(betaincinv(alpha, beta, at))


def _chance(a: Assumption, at: Floats) -> Floats:
    return (at > 1 - a.value).astype(np.float64)


_INVERSES: Final[dict[str, Callable[[Assumption, Floats], Floats]]] = {
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
