"""Asking a model about crafted draws: many values of many assumptions in one call.

`Evaluate` is a callable from draws to net present values by perimeter, each an array over the draws.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from model.case.draws import Draws, with_values

Floats = NDArray[np.float64]
Evaluate = Callable[[Draws], Mapping[str, Floats]]


def evaluate_rows(
    evaluate: Evaluate, start: Draws, names: Sequence[str], rows: Sequence[Floats]
) -> Mapping[str, Floats]:
    """Evaluate each row's assumption at each of its values, all else as in `start`, in one call. NPVs end to end."""
    owner = np.repeat(np.arange(len(rows)), [row.size for row in rows])
    values = np.concatenate(rows)
    crafted = {}
    for name in dict.fromkeys(names):
        mine = np.isin(owner, [i for i, other in enumerate(names) if other == name])
        crafted[name] = np.where(mine, values, start[name][0])
    return evaluate(with_values(start, crafted))
