"""Cases for each social worker, and workers for each manager, from who is in post. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def workers_in_post(
    existing: NDArray[np.float64],
    existing_filled: NDArray[np.float64],
    new: NDArray[np.float64],
    new_filled: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return whole-time workers holding cases, (months, draws): posts x share filled, existing and new.

    `existing`, `existing_filled` and `new` are (draws,); `new_filled` is (months, draws).
    """
    return existing * existing_filled + new * new_filled


def open_cases(
    first: NDArray[np.float64],
    growth_annual: NDArray[np.float64],
    years: NDArray[np.float64],
    fewer_in_care: NDArray[np.float64],
    share_closed: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return open cases by month, (months, draws), never below nought.

    `first` cases grow by a yearly share over `years` since the start, (months, 1). `fewer_in_care` (months, draws) is
    how many children fewer are in care because of the schemes: `share_closed` of their cases close; the others stay
    open as children in need.
    """
    cases: NDArray[np.float64] = first * (1 + growth_annual) ** years - fewer_in_care * share_closed
    return np.maximum(cases, 0.0)


def caseload_per_worker(cases: NDArray[np.float64], workers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cases / whole-time workers; infinite where there are cases and nobody in post."""
    cases, workers = np.broadcast_arrays(cases, workers)
    return np.divide(cases, workers, out=np.where(cases > 0, np.inf, 0.0), where=workers > 0)


def workers_needed(cases: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the whole-time workers that bring the average caseload to a target: cases / target."""
    return np.asarray(cases / target)


def first_month_at_or_below(caseload: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the first month (0 = the first) in which the caseload is at or below a target, (draws,); nan if never."""
    reached = caseload <= target
    return np.where(reached.any(axis=0), reached.argmax(axis=0), np.nan)


def span_of_control(workers: NDArray[np.float64], managers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return workers for each manager; infinite where there is no manager."""
    return caseload_per_worker(workers, managers)
