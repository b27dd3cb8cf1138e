"""What may be published of observed counts: nothing under six, nor anything a small one could be worked out from."""

from __future__ import annotations

from typing import Final

import numpy as np

SMALLEST_PUBLISHED: Final = 6
MARK: Final = "c"


def hidden_cells(counts: np.ndarray) -> np.ndarray:
    """Flag the cells of one published total that must not be shown.

    Every count from one to five is hidden, then the smallest others until what the shown cells leave of the total is at
    least six and belongs to at least two cells. Nought is shown, as DfE shows it.
    """
    hidden = (counts > 0) & (counts < SMALLEST_PUBLISHED)
    while hidden.any() and (hidden.sum() == 1 or counts[hidden].sum() < SMALLEST_PUBLISHED):
        rest = np.flatnonzero(~hidden & (counts > 0))
        if not len(rest):
            break
        hidden[rest[np.argmin(counts[rest])]] = True
    return hidden


def modelled_where_hidden(counts: np.ndarray, pattern: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (counts with hidden cells replaced, hidden flags); the total stays.

    What the shown cells leave of the total is shared half by ``pattern`` (each cell's long-run share) and half evenly,
    so that a pattern close to the count does not give it away.
    """
    hidden = hidden_cells(counts)
    if not hidden.any():
        return counts.astype(float), hidden
    weight = np.where(hidden, np.maximum(pattern, 1e-3), 0.0)
    weight = weight / weight.sum() + hidden / hidden.sum()
    rest = counts[hidden].sum()
    return np.where(hidden, rest * weight / 2, counts).astype(float), hidden


def shown(count: float, *, internal: bool) -> str:
    """Return a count as it may be printed: ``c`` for one to five unless internal."""
    whole = round(count)
    return str(whole) if internal or whole == 0 or whole >= SMALLEST_PUBLISHED else MARK


def shown_total(count: float, *, internal: bool) -> str:
    """Return a total next to which small counts were hidden: to the nearest ten, so that none can be worked out."""
    return str(round(count)) if internal else f"about {10 * round(count / 10)}"
