"""Figures shared by all cases: price indices and discount rates, each row with its source."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from model.case import cells
from model.case.columns import blank, need, spare
from model.case.pay import PayTables
from model.case.words import RATINGS


@dataclass(frozen=True, kw_only=True)
class PriceIndex:
    """A yearly price level: financial year -> index. Years beyond the last grow at `later_annual`."""

    name: str
    level: Mapping[str, float]
    later_annual: float
    source: str

    def at(self, year: str) -> float:
        """Return the level in a financial year: KeyError before the first, growth at `later_annual` after the last."""
        if year in self.level:
            return self.level[year]
        last = max(self.level)
        if year < min(self.level):
            message = f"the price index {self.name!r} starts in {min(self.level)}; {year} is before it"
            raise KeyError(message)
        return float(self.level[last] * (1 + self.later_annual) ** (int(year[:4]) - int(last[:4])))


@dataclass(frozen=True, kw_only=True)
class SocialValue:
    """What another public body saves where a child is out of care: `events` of a unit cost for each `per`.

    `per`: `child_year`, a year out of care, or `entry`, a child who does not come into care. None = not known.
    """

    payer: str = need(cells.text)
    gain: str = need(cells.text)
    per: str = need(cells.one_of(("child_year", "entry")))
    events: float | None = blank(cells.number)
    unit_cost_gbp: float | None = blank(cells.number)
    price_base: str = blank(cells.financial_year)
    source: str = need(cells.text)
    as_at: date | None = spare(cells.day)
    quality: str = need(cells.one_of(RATINGS))
    note: str = spare(cells.text)


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Reference tables by name. `indices`: name -> PriceIndex; `discount_rates`: name -> rate a year, real.

    `caseload_seed`: (age band, placement) -> how likely children of that age are to be in that placement, relative to
    other cells; 0 = never. It only matters where published totals leave the cell open. A cell not listed counts 1.
    `left_within`: months -> the share of those who enter care, over the country, who leave it within so many months;
    None where it is not known.
    `optimism_bias`: grade of evidence -> how far costs are raised and benefits cut for it, shares.
    `social_value`: what others save, never in a council's own figures.
    `pay`: the pay tables, limited to what was known by the case's knowledge date; empty before a case reads them.
    """

    indices: Mapping[str, PriceIndex]
    discount_rates: Mapping[str, float]
    caseload_seed: Mapping[tuple[str, str], float] = field(default_factory=dict)
    left_within: Mapping[int, float | None] = field(default_factory=dict)
    optimism_bias: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    social_value: tuple[SocialValue, ...] = ()
    pay: PayTables = field(default_factory=PayTables)
