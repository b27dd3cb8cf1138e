"""Turn a forecast of the total into the assumptions the caseload engine takes: an entries multiplier with a range.

The engine projects the stated entries and hazards. The multiplier is what entries must be scaled by so that its
expected total three years on is the forecast's; its range is the forecast's P10 and P90 carried through the same line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.children.expected import project
from model.children.law import EVEN_SHARE_8_9
from model.children.levers import Drivers
from model.demand.settings import demand_settings
from model.demand.totals import FORECASTERS, HORIZONS, Panel, error_spread

if TYPE_CHECKING:
    from model.children.opening import Stream

ASSUMPTION_COLUMNS: Final = (
    "name",
    "value",
    "low",
    "high",
    "distribution",
    "unit",
    "price_base",
    "source",
    "as_at",
    "quality",
    "impact",
    "owner",
    "note",
)
_LOWEST_MULTIPLIER: Final = 0.01  # numerics: a ratio of multipliers is taken, so none may be nought
OWNER: Final = "Head of performance"


@dataclass(frozen=True, kw_only=True)
class TotalForecast:
    """Children on 31 March one, two and three years on: ``middle``, ``p10``, ``p90`` by horizon."""

    method: str
    middle: dict[int, float]
    p10: dict[int, float]
    p90: dict[int, float]


def total_forecast(panel: Panel, authority: str, origin: int, *, method: str, opening: float) -> TotalForecast:
    """Forecast one authority's total from its opening stock, with intervals from all authorities' past errors.

    An authority outside the panel (too small, or its series broken) is forecast to persist, with the same intervals.
    """
    middle, p10, p90 = {}, {}, {}
    for horizon in HORIZONS:
        growth = 1.0
        if authority in panel.stock.index and origin in panel.years:
            ahead = FORECASTERS[method](panel, origin, horizon)
            growth = float(ahead[authority] / panel.stock[origin][authority])
        spread = error_spread(panel, origin, horizon, method)
        size = np.array([opening])
        middle[horizon] = opening * growth
        p10[horizon] = middle[horizon] * float(np.exp(spread.quantile(size, 0.1))[0])
        p90[horizon] = middle[horizon] * float(np.exp(spread.quantile(size, 0.9))[0])
    return TotalForecast(method=method, middle=middle, p10=p10, p90=p90)


def expected_total(stream: Stream, months: int, multiplier: float) -> float:
    """Return children in a stream after ``months`` at central hazards, with entries scaled by ``multiplier``."""
    drivers = Drivers(entry_scale=np.full((months, 1), multiplier), exit_scale=np.ones(1))
    return float(project(stream, drivers, cells=False).projection.stock[-1].sum())


def multiplier_for(streams: list[Stream], months: int, target: float) -> float:
    """Return the entries multiplier with which all streams' expected total after ``months`` is ``target``.

    The total is linear in it. Never below `_LOWEST_MULTIPLIER`; 1 where nobody enters.
    """
    none = sum(expected_total(stream, months, 0.0) for stream in streams)
    as_stated = sum(expected_total(stream, months, 1.0) for stream in streams)
    if as_stated <= none:
        return 1.0
    return max(_LOWEST_MULTIPLIER, (target - none) / (as_stated - none))


def assumption_rows(streams: list[Stream], forecast: TotalForecast, *, source: str, as_at: str) -> pd.DataFrame:
    """Return the caseload assumptions that carry the forecast into the engine, as rows of ``assumptions.csv``."""
    last = max(HORIZONS)
    months = 12 * last
    value, low, high = (
        multiplier_for(streams, months, target)
        for target in (forecast.middle[last], forecast.p10[last], forecast.p90[last])
    )
    ratio, settings = float(np.sqrt(high / low)), demand_settings()
    shared = {"price_base": "", "as_at": as_at, "owner": OWNER}
    note = (
        f"{forecast.method} forecast: {forecast.middle[last]:.0f} children {last} years on "
        f"(P10 {forecast.p10[last]:.0f}, P90 {forecast.p90[last]:.0f}) where the stated entries lead to "
        f"{sum(expected_total(s, months, 1.0) for s in streams):.0f}"
    )
    rows = [
        _numbers("caseload.entries_multiplier", value, value / ratio, value * ratio)
        | {"distribution": "lognormal", "unit": "ratio", "quality": "amber", "impact": "red", "note": note},
        _numbers("caseload.exits_multiplier", 1.0)
        | {"distribution": "fixed", "unit": "ratio", "quality": "amber", "impact": "amber", "note": _EXITS_NOTE},
        _numbers("caseload.entries_growth_annual", 0.0)
        | {"distribution": "fixed", "unit": "rate/year", "quality": "amber", "impact": "amber", "note": _FLAT},
        _numbers("caseload.share_5_9_aged_8_9", EVEN_SHARE_8_9, settings["share_8_9_low"], settings["share_8_9_high"])
        | {"distribution": "uniform", "unit": "share", "quality": "red", "impact": "green", "note": _EVEN_NOTE},
    ]
    return pd.DataFrame([{"source": source} | shared | row for row in rows], columns=list(ASSUMPTION_COLUMNS))


_EXITS_NOTE: Final = "uncertainty of the total is carried by entries alone: the two cannot be told apart in totals"
_FLAT: Final = "growth is inside the multiplier, which is fitted to the forecast three years on"
_EVEN_NOTE: Final = "two of the band's five years: published tables do not split it; replace with the council's count"


def _numbers(name: str, value: float, low: float | None = None, high: float | None = None) -> dict[str, object]:
    """Return name, value, low and high as an assumptions row holds them (blank where there is no range)."""
    cells = ("" if n is None else round(n, 4) for n in (value, low, high))
    return dict(zip(("name", "value", "low", "high"), (name, *cells), strict=True))
