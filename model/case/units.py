"""Units, and price levels. No other module multiplies by a price index."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.case.reference import PriceIndex
from model.case.timeline import Timeline

PENNY = 0.01  # pounds: what comes to less is the rounding of a sum


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What a number in this unit may be: `low` <= number <= `high`, whole if `whole`; money needs a price base."""

    name: str
    low: float = 0.0
    high: float = math.inf
    is_money: bool = False
    whole: bool = False
    low_excluded: bool = False
    most: float = 1e12  # what no council counts or spends: beyond it a number is a slip, and sums lose their pence

    def allows(self, number: float) -> bool:
        """Whether a number is possible in this unit."""
        above = number > self.low if self.low_excluded else number >= self.low
        return above and number <= min(self.high, self.most) and not (self.whole and number != int(number))

    @property
    def describes(self) -> str:
        """What the unit allows, in words, for an error line."""
        kind = "a whole number" if self.whole else "a number"
        if math.isfinite(self.high):
            return f"{kind} from {self.low:g} to {self.high:g}"
        return f"{kind} above {self.low:g}" if self.low_excluded else f"{kind} of {self.low:g} or more"


_MONEY = ("GBP", "GBP/day", "GBP/week", "GBP/month", "GBP/year", "GBP/hour", "GBP/child", "GBP/household",
          "GBP/household/year", "GBP/child/year", "GBP/fte", "GBP/fte/year")  # fmt: skip
_COUNTS = ("ratio", "months", "weeks", "days", "years", "children", "children/year", "children/month", "households",
           "households/year", "places/household", "fte", "children/worker", "children/child", "count")  # fmt: skip

UNITS: dict[str, Unit] = {
    **{name: Unit(name=name, is_money=True) for name in _MONEY},
    **{name: Unit(name=name) for name in _COUNTS},
    "share": Unit(name="share", high=1.0),
    "switch": Unit(name="switch", high=1.0, whole=True),
    "rate/year": Unit(name="rate/year", low=-1.0, low_excluded=True, most=10.0),
}


def nominal_factors(timeline: Timeline, index: PriceIndex, price_base: str) -> NDArray[np.float64]:
    """Price level of each month's financial year over the level of the price base. Shape (months,).

    Prices step once a year, on 1 April, as budgets do. KeyError where the index starts after a year that is needed.
    """
    base = index.at(price_base)
    by_year = np.array([index.at(year) / base for year in timeline.financial_years], dtype=np.float64)
    return by_year[timeline.year_index]


def to_price_base(amount: float, index: PriceIndex, stated: str, wanted: str) -> float:
    """Return an amount in prices of year `stated` in those of year `wanted`. KeyError before the index starts."""
    return amount if stated == wanted else amount * index.at(wanted) / index.at(stated)


def above_zero(npv: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each net present value is above zero: from a penny on."""
    return npv > PENNY
