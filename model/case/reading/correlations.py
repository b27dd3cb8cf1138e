"""Whether declared correlations can hold together, and which pair to change where they cannot."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.case.draws import normal_correlations
from model.case.records import Correlation


class Clash(NamedTuple):
    """A pair that cannot stand beside the others: its position among those declared, and how to mend it."""

    position: int
    suggestion: str


def clash(pairs: Sequence[Correlation]) -> Clash | None:
    """Return the pair to change where the correlations of the normals, which `run` uses, cannot hold together, or None.

    Where one pair could mend it alone, the last declared of those is named with the values it could have; otherwise
    the pair with most part in the impossible direction (the eigenvector of the lowest eigenvalue).
    """
    names, matrix = normal_correlations(pairs)
    cells = [(names.index(pair.a), names.index(pair.b)) for pair in pairs]
    if not pairs or _is_positive_definite(matrix):
        return None
    for position, (i, j) in reversed(list(enumerate(cells))):
        without = [np.delete(np.delete(matrix, k, 0), k, 1) for k in (i, j)]
        if all(_is_positive_definite(part) for part in without):
            low, high = _possible_range(matrix, i, j)
            return Clash(position, f"beside the others it has to lie between {low:.3g} and {high:.3g}")
    worst = np.linalg.eigh(matrix).eigenvectors[:, 0]
    position = max(range(len(cells)), key=lambda at: abs(worst[cells[at][0]] * worst[cells[at][1]]))
    return Clash(position, "more than this pair has to change: bring the largest of them nearer to 0")


def _is_positive_definite(matrix: NDArray[np.float64]) -> bool:
    return bool(np.linalg.eigvalsh(matrix).min(initial=1) > 0)


def _possible_range(matrix: NDArray[np.float64], i: int, j: int) -> tuple[float, float]:
    """Return from where to where the rank correlation of i and j may lie, given all others; the ends are excluded."""
    rest = [k for k in range(len(matrix)) if k not in {i, j}]
    given, to_i, to_j = matrix[np.ix_(rest, rest)], matrix[rest, i], matrix[rest, j]
    by_i, by_j = np.linalg.solve(given, to_i), np.linalg.solve(given, to_j)
    middle, half = to_i @ by_j, math.sqrt((1 - to_i @ by_i) * (1 - to_j @ by_j))
    low, high = (6 / math.pi * math.asin(float(normal) / 2) for normal in (middle - half, middle + half))
    return low, high
