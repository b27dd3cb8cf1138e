"""Asking a model about crafted draws: many values of many assumptions in one call, and where its answer crosses zero.

`Evaluate` is a callable from draws to net present values by perimeter, each an array over the draws.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case.draws import Draws, with_values

Floats = NDArray[np.float64]
Evaluate = Callable[[Draws], Mapping[str, Floats]]

_REFINEMENTS: Final = 12
_CLOSE: Final = 1e-9  # of the bracket's own scale


def evaluate_rows(
    evaluate: Evaluate, start: Draws, names: Sequence[str], rows: Sequence[Floats]
) -> Mapping[str, Floats]:
    """Evaluate each row's assumption at each of its values, all else as in `start`, in one call. NPVs end to end."""
    sizes = np.array([row.size for row in rows])
    owner = np.repeat(np.arange(len(rows)), sizes)
    values = np.concatenate(rows)
    crafted = {}
    for name in dict.fromkeys(names):
        mine = np.isin(owner, [i for i, other in enumerate(names) if other == name])
        crafted[name] = np.where(mine, values, start[name][0])
    return evaluate(with_values(start, crafted))


def roots(value: Callable[[Floats], Floats], low: Floats, high: Floats, npv_low: Floats, npv_high: Floats) -> Floats:
    """Return where `value` crosses zero in each bracket: regula falsi held between tight neighbours and a bisection.

    `value` maps points (rows, k) to NPVs (rows, k). Where NPV is linear two rounds are exact; elsewhere each round at
    least halves the bracket. A jump is closed in on from both sides.
    """
    scale = np.maximum(np.abs(high - low), np.finfo(float).tiny)
    for _ in range(_REFINEMENTS):
        width = high - low
        if np.all(np.abs(width) <= _CLOSE * scale):
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            secant = low - npv_low * width / (npv_high - npv_low)
        secant = np.clip(np.where(np.isfinite(secant), secant, low), np.minimum(low, high), np.maximum(low, high))
        inner = np.stack([secant - width * 1e-4, secant, secant + width * 1e-4, low + width / 2], axis=1)
        inner = np.sort(np.clip(inner, np.minimum(low, high)[:, None], np.maximum(low, high)[:, None]), axis=1)
        points = np.concatenate([low[:, None], inner, high[:, None]], axis=1)
        npv = np.concatenate([npv_low[:, None], value(inner), npv_high[:, None]], axis=1)
        change = np.sign(npv) != np.sign(npv[:, :1])
        right = np.where(change.any(axis=1), change.argmax(axis=1), points.shape[1] - 1)
        row = np.arange(len(low))
        low, high = points[row, right - 1], points[row, right]
        npv_low, npv_high = npv[row, right - 1], npv[row, right]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = npv_low / (npv_low - npv_high)
    return low + (high - low) * np.where(np.isfinite(share), np.clip(share, 0, 1), 0.0)
