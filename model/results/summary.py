"""The words of a result, and its statistics: central from the central run, the others over the draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.case.words import CENTRAL, MEAN, QUANTILES

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from model.results.sample import Sample


DRAWS, SEED = 2000, 1
MEMORANDUM = "memorandum"
WORST_SHARE = 0.1
NEARER = 0.5

ANNUAL_COLUMNS = ("scenario", "perimeter", "scheme", "line", "nature", "recurrence", "price_basis", "financial_year",
                  "statistic", "value_gbp")  # fmt: skip
CASELOAD_COLUMNS = ("scenario", "world", "age_band", "placement", "measure", "month", "statistic", "children")

ATTRIBUTION_COLUMNS = ("scenario", "perimeter", "position", "scheme", "meets", "statistic", "shapley_gbp", "step_gbp")
RECONCILIATION_COLUMNS = (
    "ref",
    "statement",
    "published",
    "recomputed",
    "difference",
    "verdict",
    "unit",
    "expected",
    "note",
)

Label = tuple[str, str, str, str]  # scheme, line, nature, recurrence
Item = tuple[str, str, str]  # group, kind (of a line of the base budget), item


def summarise(middle: NDArray[np.float64], draws: NDArray[np.float64] | None) -> dict[str, NDArray[np.float64]]:
    """Return statistic -> (...): central from the central run, the others over the last axis of the draws."""
    out = {CENTRAL: middle[..., 0]}
    if draws is None:
        return out
    out[MEAN] = draws.mean(axis=-1)
    return out | quantiles(draws)


def quantiles(draws: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return the quantiles over the last axis, just as `np.quantile` gives them: one quick sort serves all seven.

    Between two draws a quantile is reckoned from the nearer one, as numpy does.
    """
    ordered = np.sort(draws, axis=-1)
    last = ordered.shape[-1] - 1
    out = {}
    for name, q in QUANTILES.items():
        place = int(q * last)
        part, low, high = q * last - place, ordered[..., place], ordered[..., min(place + 1, last)]
        rise = high - low
        out[name] = low + rise * part if part < NEARER else high - rise * (1 - part)
    return out


def pick(sample: Sample | None, read: Callable[[Sample], NDArray[np.float64]]) -> NDArray[np.float64] | None:
    """Read something of the draws, where there are any."""
    return None if sample is None else read(sample)


def with_nulls(middle: NDArray[np.float64], draws: NDArray[np.float64] | None) -> dict[str, float | None]:
    """Return statistics of a measure that may not exist in some draws (never pays back): those count as infinite."""
    infinite = None if draws is None else np.where(np.isnan(draws), np.inf, draws)
    out = {CENTRAL: float(middle[0])}
    if infinite is not None:
        out[MEAN] = float(infinite.mean())
        ordered = np.sort(infinite)
        out |= {name: float(ordered[round(q * (len(ordered) - 1))]) for name, q in QUANTILES.items()}
        if np.isfinite(infinite).all():
            out |= {name: float(np.quantile(ordered, q)) for name, q in QUANTILES.items()}
    return {name: value + 0.0 if np.isfinite(value) else None for name, value in out.items()}  # no -0.0
