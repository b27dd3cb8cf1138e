"""How many children an authority will look after: five ways to say it, and how far each has been out.

All work on totals on 31 March, because those are published for eight years and more; ages are held for three.
The pooled forecast is what the caseload is steered to, through the entries multiplier.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.demand.codes import demand_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from model.demand.dfe import DfeTables

NAMED: Final = {
    "pooled": "pooled",
    "pooled_blind": "pooled blind",
    "persistence": "persistence",
    "straight_line": "straight line",
    "last_years_rates": "last year's rates",
}
METHODS: Final = tuple(NAMED)
HORIZONS: Final = (1, 2, 3)
LEVELS: Final = (0.5, 0.8, 0.95)
_TREND_YEARS: Final = 5
_REVERSIONS: Final = np.linspace(0.0, 0.15, 61)
_SHARES: Final = np.linspace(0.0, 1.0, 11)


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Totals of many authorities; frames have authorities as rows and years (int) as columns.

    ``stock`` children on 31 March; ``starts`` children who started in the year to it; ``population`` children aged
    0 to 17; ``region`` name to region. Authorities with a gap or fewer than ``smallest_stock`` children are left out.
    """

    stock: pd.DataFrame
    starts: pd.DataFrame
    population: pd.DataFrame
    region: pd.Series

    @property
    def years(self) -> tuple[int, ...]:
        """Years held, in order."""
        return tuple(int(y) for y in self.stock.columns)


def build_panel(tables: DfeTables) -> Panel:
    """Return the panel of all authorities with a whole series, from both published sources."""
    local = tables.totals[tables.totals["level"] == "authority"]
    region = local.drop_duplicates("authority").set_index("authority")["region"]
    stock = _series(tables, "stock", "cla_31_march").reindex(region.index)
    starts = _series(tables, "starts", "cla_starts").reindex(region.index)
    enough = stock.notna().sum() > len(stock) / 2
    stock = stock.loc[:, enough]
    whole = stock.notna().all(axis=1) & (stock.min(axis=1) >= demand_settings()["smallest_stock"])
    starts = starts.reindex(columns=stock.columns)
    whole &= starts.notna().all(axis=1)
    rows = local[local["measure"] == "stock"]
    people = rows.pivot_table(index="authority", columns="year", values="population").reindex(columns=stock.columns)
    people = people.T.ffill().bfill().T
    names = stock.index[whole & people.reindex(stock.index).notna().all(axis=1)]
    return Panel(
        stock=stock.loc[names],
        starts=starts.loc[names],
        population=people.loc[names],
        region=region.loc[names],
    )


def _series(tables: DfeTables, measure: str, tool_measure: str) -> pd.DataFrame:
    """Authority by year: the numbers and rates table first, the Interactive Tool's longer series where it has none."""
    local = tables.totals[(tables.totals["level"] == "authority") & (tables.totals["measure"] == measure)]
    printed = local.pivot_table(index="authority", columns="year", values="count")
    rows = tables.unit_costs[tables.unit_costs["measure"] == tool_measure]
    tool = rows.pivot_table(index="name", columns="year", values="value")
    both = printed.combine_first(tool) if len(tool) else printed
    both.columns = both.columns.astype(int)
    return both.sort_index(axis=1)


def persistence(panel: Panel, origin: int, horizon: int) -> pd.Series:
    """As many children as on 31 March of ``origin``."""
    del horizon
    return panel.stock[origin]


def straight_line(panel: Panel, origin: int, horizon: int) -> pd.Series:
    """Return the least-squares line through the last five years (or all there are), not below zero."""
    years = np.array([y for y in panel.years if origin - _TREND_YEARS < y <= origin], dtype=float)
    centred = years - years.mean()
    values = panel.stock[[int(y) for y in years]]
    slope = values.to_numpy() @ centred / max(float((centred**2).sum()), 1.0)
    ahead = origin + horizon - years.mean()
    line = values.mean(axis=1).to_numpy(dtype=float) + slope * ahead
    return pd.Series(np.maximum(line, 0.0), index=values.index)


def last_years_rates(panel: Panel, origin: int, horizon: int) -> pd.Series:
    """Return the stock if the last year's starts and its rate of leaving (leavers over opening stock) go on."""
    opening, closing = panel.stock[origin - 1], panel.stock[origin]
    starts = panel.starts[origin]
    leaving = ((opening + starts - closing) / opening).clip(lower=0.0, upper=1.0)
    stock = closing
    for _ in range(horizon):
        stock = stock * (1 - leaving) + starts
    return stock


def rate_gap(panel: Panel, origin: int) -> pd.Series:
    """Return log of the authority's rate per child over its region's, on 31 March of ``origin``."""
    stock, people = panel.stock[origin], panel.population[origin]
    regional = stock.groupby(panel.region).transform("sum") / people.groupby(panel.region).transform("sum")
    return pd.Series(np.log((stock / people / regional).to_numpy(dtype=float)), index=stock.index)


def national_growth(panel: Panel, origin: int) -> float:
    """Return the annual log growth of all authorities together over the recent years; 0 in the first year."""
    first = max(min(panel.years), origin - int(demand_settings()["drift_years"]))
    if first == origin:
        return 0.0
    return float(np.log(panel.stock[origin].sum() / panel.stock[first].sum())) / (origin - first)


def damped(damping: float, horizon: int) -> float:
    """Return how many years' growth ``horizon`` years carry where each carries ``damping`` of the one before."""
    return float(sum(damping**year for year in range(horizon)))


def _known_by(panel: Panel, origin: int) -> list[tuple[int, int]]:
    """Return origin and horizon of all forecasts whose outcome was known by ``origin``."""
    return [(o, h) for h in HORIZONS for o in panel.years if panel.years[0] < o <= origin - h]


def reversion_annual(panel: Panel, origin: int) -> float:
    """Share of the gap between an authority's rate and its region's that closes in a year.

    The least mean absolute error over all forecasts whose outcome was known by ``origin``; 0 where none is.
    """
    best, least = 0.0, np.inf
    pairs = _known_by(panel, origin)
    moved = [_relative_growth(panel, o, h) for o, h in pairs]
    gaps = [_centred(rate_gap(panel, o).to_numpy(dtype=float), panel.stock[o].to_numpy(dtype=float)) for o, _ in pairs]
    for rate in _REVERSIONS if pairs else ():
        closed = [1 - (1 - rate) ** h for _, h in pairs]
        error = sum(
            float(np.abs(y + c * g).sum()) / np.sqrt(h)
            for y, c, g, (_, h) in zip(moved, closed, gaps, pairs, strict=True)
        )
        if error < least:
            best, least = float(rate), error
    return best


def _centred(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    centred: np.ndarray = values - float(np.average(values, weights=weights))
    return centred


def _relative_growth(panel: Panel, origin: int, horizon: int) -> np.ndarray:
    ratio = (panel.stock[origin + horizon] / panel.stock[origin]).to_numpy(dtype=float)
    return _centred(np.log(ratio), panel.stock[origin].to_numpy(dtype=float))


def pooled(panel: Panel, origin: int, horizon: int) -> pd.Series:
    """Return persistence, drawn towards the region's rate per child and carried by a damped national drift.

    What share of the drift is carried, and how it is damped, are settings.
    """
    settings = demand_settings()
    return _carried(panel, origin, horizon, settings["drift_share"], settings["drift_damping"])


def pooled_blind(panel: Panel, origin: int, horizon: int) -> pd.Series:
    """Return the pooled forecast with the share and the damping that had done best by ``origin``.

    It sees no later year: the check on ``pooled``, whose settings were chosen once.
    """
    return _carried(panel, origin, horizon, *drift_known_by(panel, origin))


def drift_known_by(panel: Panel, origin: int) -> tuple[float, float]:
    """Return share and damping of the drift with the least error over all forecasts whose outcome was known.

    No drift where none is. Errors are weighed as in ``reversion_annual``.
    """
    best, least = (0.0, 0.0), np.inf
    known = [
        (panel.stock[o + h] / panel.stock[o], _towards_region(panel, o, h), national_growth(panel, o), h)
        for o, h in _known_by(panel, origin)
    ]
    for share, damping in product(_SHARES, _SHARES) if known else ():
        error = sum(
            float((moved - towards * np.exp(share * annual * damped(damping, h))).abs().mean()) / np.sqrt(h)
            for moved, towards, annual, h in known
        )
        if error < least:
            best, least = (float(share), float(damping)), error
    return best


def _towards_region(panel: Panel, origin: int, horizon: int) -> pd.Series:
    """Return the factor by which the gap to the region's rate per child moves each authority."""
    closed = 1 - (1 - reversion_annual(panel, origin)) ** horizon
    factor: pd.Series = np.exp(-closed * rate_gap(panel, origin))
    return factor


def _carried(panel: Panel, origin: int, horizon: int, share: float, damping: float) -> pd.Series:
    growth = np.exp(share * national_growth(panel, origin) * damped(damping, horizon))
    ahead: pd.Series = panel.stock[origin] * _towards_region(panel, origin, horizon) * growth
    return ahead


FORECASTERS: Final[dict[str, Callable[[Panel, int, int], pd.Series]]] = {
    "pooled": pooled,
    "pooled_blind": pooled_blind,
    "persistence": persistence,
    "straight_line": straight_line,
    "last_years_rates": last_years_rates,
}


@dataclass(frozen=True, kw_only=True)
class ErrorSpread:
    """How far log forecasts are out: variance ``floor`` + ``per_child`` / children; ``standard`` is error / sd."""

    floor: float
    per_child: float
    standard: np.ndarray

    def sd(self, children: np.ndarray) -> np.ndarray:
        """Return the standard deviation of the log error for stocks of that size."""
        spread: np.ndarray = np.sqrt(self.floor + self.per_child / np.maximum(children, 1.0))
        return spread

    def quantile(self, children: np.ndarray, share: float) -> np.ndarray:
        """Return the log error below which ``share`` of forecasts of that size fall (symmetric)."""
        tail = float(np.quantile(np.abs(self.standard), abs(2 * share - 1))) * np.sign(share - 0.5)
        out: np.ndarray = self.sd(children) * tail
        return out


def error_spread(panel: Panel, origin: int, horizon: int, method: str = "pooled") -> ErrorSpread:
    """Fit the spread of errors to forecasts whose outcome was known by ``origin``.

    Each past forecast uses only what was known when it would have been made. Raises ``ValueError`` where none exists.
    """
    origins = [o for o in panel.years if panel.years[0] < o <= origin - horizon]
    if not origins:
        raise ValueError(f"no outcome known by {origin} for a forecast {horizon} years ahead: intervals need one")
    errors, sizes = [], []
    for past in origins:
        forecast = FORECASTERS[method](panel, past, horizon)
        errors.append(np.log((panel.stock[past + horizon] / forecast.clip(lower=1.0)).to_numpy()))
        sizes.append(panel.stock[past].to_numpy())
    error, size = np.concatenate(errors), np.concatenate(sizes)
    floor, per_child = _variance_by_size(error, size)
    sd = np.sqrt(floor + per_child / size)
    return ErrorSpread(floor=floor, per_child=per_child, standard=error / sd)


def _variance_by_size(error: np.ndarray, size: np.ndarray) -> tuple[float, float]:
    """Least squares of squared error on 1 and 1/size, both coefficients not below zero, outliers trimmed."""
    from scipy.optimize import nnls  # noqa: PLC0415  heavy import, only here

    squared = np.minimum(error**2, np.quantile(error**2, 0.99))
    design = np.column_stack([np.ones_like(size), 1 / size])
    weight = size / size.mean()
    (floor, per_child), _ = nnls(design * weight[:, None], squared * weight)
    return float(floor) + 1e-8, float(per_child)
