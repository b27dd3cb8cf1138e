"""How many draws are enough: standard errors, and whether a printed digit could change."""

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from model.case.units import above_zero
from model.risk.asking import Floats

COLUMNS: Final = ("perimeter", "metric", "statistic", "estimate", "standard_error", "low", "high", "printed_unit",
                  "may_change", "draws_needed")  # fmt: skip
SHARE_PRINTED, MONEY_PRINTED = 0.01, 10_000.0  # what reports print: whole percentages, hundredths of a £ million
_CONFIDENCE: Final = 1.959963984540054  # standard errors either side that hold 95%


class Precision(NamedTuple):
    """An estimate from so many draws and its standard error, in the values' unit; `low` and `high` hold 95%."""

    estimate: float
    standard_error: float
    low: float
    high: float


def mean_precision(values: Floats) -> Precision:
    """Return the precision of a mean of two or more independent draws."""
    mean, error = float(values.mean()), float(np.std(values, ddof=1)) / math.sqrt(values.size)
    return Precision(mean, error, mean - _CONFIDENCE * error, mean + _CONFIDENCE * error)


def probability_precision(hits: int, draws: int) -> Precision:
    """Return the precision of a share of draws. Wilson's interval, which stays honest at 0 and 1."""
    share, z2 = hits / draws, _CONFIDENCE**2
    centre = (share + z2 / (2 * draws)) / (1 + z2 / draws)
    reach = _CONFIDENCE * math.sqrt(share * (1 - share) / draws + z2 / (4 * draws**2)) / (1 + z2 / draws)
    return Precision(share, math.sqrt(share * (1 - share) / draws), centre - reach, centre + reach)


def quantile_precision(values: Floats, probability: float) -> Precision:
    """Return the precision of a quantile, from the order statistics around it: no shape is assumed."""
    n, ordered = values.size, np.sort(values)
    middle, reach = n * probability, _CONFIDENCE * math.sqrt(n * probability * (1 - probability))
    ranks = math.floor(middle - reach), math.ceil(middle + reach)
    low, high = (float(ordered[min(max(rank, 0), n - 1)]) for rank in ranks)
    return Precision(float(np.quantile(values, probability)), (high - low) / (2 * _CONFIDENCE), low, high)


def npv_precision(npv: Mapping[str, Floats]) -> pd.DataFrame:
    """Return the precision of the mean NPV, its P5, P50 and P95, and the chance that it is positive, in COLUMNS.

    `may_change`: a second run could well print another figure, as the interval reaches into a neighbouring one;
    `draws_needed` would bring the interval's half-width under half a printed unit (0: there already).
    """
    rows: list[tuple[object, ...]] = []
    for perimeter, values in npv.items():
        positive = probability_precision(int(above_zero(values).sum()), values.size)
        rows += [
            (perimeter, "npv_gbp", "mean", *mean_precision(values), MONEY_PRINTED, values.size),
            *((perimeter, "npv_gbp", f"p{p:02d}", *quantile_precision(values, p / 100), MONEY_PRINTED, values.size)
              for p in (5, 50, 95)),
            (perimeter, "probability_npv_positive", "mean", *positive, SHARE_PRINTED, values.size),
        ]  # fmt: skip
    found = pd.DataFrame(rows, columns=[*COLUMNS[:8], "draws"])
    low, high, unit = (found[name].to_numpy(float) for name in ("low", "high", "printed_unit"))
    wide = (high - low) / unit
    needed = np.where(wide <= 1, 0, np.ceil(found["draws"].to_numpy(float) * wide**2)).astype(np.int64)
    return found.drop(columns="draws").assign(may_change=printed(low, unit) != printed(high, unit), draws_needed=needed)


def printed(value: Floats, unit: Floats) -> Floats:
    """Return values in printed units, rounded half away from zero as councils do."""
    return np.copysign(np.floor(np.abs(value) / unit + 0.5), value) + 0.0
