"""How many draws are enough: standard errors, and whether a printed digit could change."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from model.case.units import above_zero
from model.risk.asking import Floats

COLUMNS: Final = ("perimeter", "metric", "statistic", "estimate", "standard_error", "low", "high", "printed_unit",
                  "may_change", "draws_needed")  # fmt: skip
SHARE_PRINTED, MONEY_PRINTED = 0.01, 10_000.0  # what reports print: whole percentages, hundredths of a £ million
_CONFIDENCE: Final = 1.959963984540054  # standard errors either side that hold 95%
_BOX: Final = 0.5  # half a printed unit


@dataclass(frozen=True)
class Precision:
    """An estimate from so many draws, its standard error, and what printing it to `printed_unit` makes of that.

    `low` and `high` hold 95%.
    """

    estimate: float
    standard_error: float
    low: float
    high: float
    printed_unit: float
    draws: int

    @property
    def may_change(self) -> bool:
        """Whether a second run could well print another figure: the interval reaches into a neighbouring one."""
        return printed(self.low, self.printed_unit) != printed(self.high, self.printed_unit)

    @property
    def draws_needed(self) -> int:
        """How many draws would bring the interval's half-width under half a printed unit (0: there already)."""
        units_wide = (self.high - self.low) / self.printed_unit
        return 0 if units_wide <= 2 * _BOX else math.ceil(self.draws * units_wide**2)


def mean_precision(values: Floats, printed_unit: float) -> Precision:
    """Return the precision of a mean of independent draws, in the values' unit."""
    n, mean = values.size, float(values.mean())
    error = float(np.std(values, ddof=1)) / math.sqrt(n) if n > 1 else math.inf
    reach = _CONFIDENCE * error
    return Precision(mean, error, mean - reach, mean + reach, printed_unit, n)


def probability_precision(hits: int, draws: int, printed_unit: float) -> Precision:
    """Return the precision of a share of draws. Wilson's interval, which stays honest at 0 and 1."""
    share, z2 = hits / draws, _CONFIDENCE**2
    centre = (share + z2 / (2 * draws)) / (1 + z2 / draws)
    reach = _CONFIDENCE * math.sqrt(share * (1 - share) / draws + z2 / (4 * draws**2)) / (1 + z2 / draws)
    error = math.sqrt(share * (1 - share) / draws)
    return Precision(share, error, centre - reach, centre + reach, printed_unit, draws)


def quantile_precision(values: Floats, probability: float, printed_unit: float) -> Precision:
    """Return the precision of a quantile, from the order statistics around it: no shape is assumed."""
    n, ordered = values.size, np.sort(values)
    middle, reach = n * probability, _CONFIDENCE * math.sqrt(n * probability * (1 - probability))
    ranks = math.floor(middle - reach), math.ceil(middle + reach)
    low, high = (float(ordered[min(max(rank, 0), n - 1)]) for rank in ranks)
    error = (high - low) / (2 * _CONFIDENCE)
    return Precision(float(np.quantile(values, probability)), error, low, high, printed_unit, n)


def npv_precision(npv: Mapping[str, Floats]) -> pd.DataFrame:
    """Return, by perimeter, the precision of the mean NPV, its P5, P50 and P95, and the chance that it is positive."""
    rows = []
    for perimeter, values in npv.items():
        positive = int(above_zero(values).sum())
        found = {
            ("npv_gbp", "mean"): mean_precision(values, MONEY_PRINTED),
            **{("npv_gbp", f"p{p:02d}"): quantile_precision(values, p / 100, MONEY_PRINTED) for p in (5, 50, 95)},
            ("probability_npv_positive", "mean"): probability_precision(positive, values.size, SHARE_PRINTED),
        }
        rows += [(perimeter, *name, *(getattr(p, c) for c in COLUMNS[3:])) for name, p in found.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def printed(value: float, unit: float) -> int:
    """Return the value in printed units, rounded half away from zero as councils do."""
    return int(math.copysign(math.floor(abs(value) / unit + _BOX), value))
