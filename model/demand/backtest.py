"""Would the forecast have been right? Held-out years of the published tables, all authorities, five methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from model.demand.codes import demand_settings
from model.demand.totals import FORECASTERS, HORIZONS, LEVELS, METHODS, NAMED, Panel, build_panel, error_spread

if TYPE_CHECKING:
    from model.demand.dfe import DfeTables


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """Tidy results.

    ``errors``: origin, horizon, target, method, held_out, authorities, mean_absolute_error (share of the forecast's
    base, the stock on 31 March of the origin), median_absolute_error, bias.
    ``coverage``: origin, horizon, target, method, held_out, level, covered (share of authorities inside).
    ``forecasts``: authority, origin, horizon, target, method, forecast, low_80, high_80, actual.
    """

    errors: pd.DataFrame
    coverage: pd.DataFrame
    forecasts: pd.DataFrame

    def held_out(self) -> pd.DataFrame:
        """Return mean absolute error by horizon and method over the held-out years."""
        rows = self.errors[self.errors["held_out"]]
        return rows.pivot_table(index="horizon", columns="method", values="mean_absolute_error")[list(METHODS)]

    def held_out_coverage(self) -> pd.DataFrame:
        """Return the share of authorities inside each interval by horizon and level over the held-out years."""
        rows = self.coverage[self.coverage["held_out"]]
        table = rows.pivot_table(index="horizon", columns=["method", "level"], values="covered")
        return table.reindex(
            columns=[m for m in METHODS if m in table.columns.get_level_values("method")], level="method"
        )

    def best_method(self) -> str:
        """Return the method to use: the pooled one only if it beats persistence at two and three years, held out."""
        table = self.held_out()
        far = table.loc[[h for h in table.index if h >= 2]]
        if not len(far):
            return "persistence"
        return "pooled" if bool((far["pooled"] < far["persistence"]).all()) else str(far.mean().idxmin())


def backtest(tables: DfeTables, *, holdout_years: int | None = None) -> Backtest:
    """Forecast every authority from every origin with enough history and compare with what came.

    ``holdout_years`` marks the last k years as held out; by default the years after ``tuned_through``. Everything a
    forecast uses (reversion, drift, error spread) was known at its origin.
    """
    panel = build_panel(tables)
    first_held = _first_held_out(panel, holdout_years)
    parts = [
        _one(panel, origin, horizon, method)
        for horizon in HORIZONS
        for origin in panel.years[2:]
        if origin + horizon <= panel.years[-1]
        for method in METHODS
    ]
    if not parts:
        raise ValueError(f"a backtest needs four years of totals; the tables hold {len(panel.years)}")
    forecasts = pd.concat(parts, ignore_index=True)
    forecasts["held_out"] = forecasts["target"] >= first_held
    return Backtest(errors=_errors(forecasts), coverage=_coverage(forecasts), forecasts=forecasts)


def _first_held_out(panel: Panel, holdout_years: int | None) -> int:
    if holdout_years is None:
        return int(demand_settings()["tuned_through"]) + 1
    return panel.years[-1] - holdout_years + 1


def _one(panel: Panel, origin: int, horizon: int, method: str) -> pd.DataFrame:
    """Forecast of every authority from one origin with its intervals (NaN where no past error is known)."""
    base = panel.stock[origin]
    forecast = FORECASTERS[method](panel, origin, horizon)
    frame = pd.DataFrame(
        {
            "authority": base.index,
            "region": panel.region.to_numpy(),
            "origin": origin,
            "horizon": horizon,
            "target": origin + horizon,
            "method": method,
            "base": base.to_numpy(),
            "forecast": forecast.to_numpy(),
            "actual": panel.stock[origin + horizon].to_numpy(),
        }
    )
    try:
        spread = error_spread(panel, origin, horizon, method)
    except ValueError:
        spread = None
    size = frame["base"].to_numpy()
    for level in LEVELS:
        for side, share in (("low", 0.5 - level / 2), ("high", 0.5 + level / 2)):
            log_error = np.full(len(size), np.nan) if spread is None else spread.quantile(size, share)
            frame[f"{side}_{level * 100:.0f}"] = frame["forecast"] * np.exp(log_error)
    return frame


_KEY = ["origin", "horizon", "target", "method", "held_out"]


def _errors(forecasts: pd.DataFrame) -> pd.DataFrame:
    out = (forecasts["actual"] - forecasts["forecast"]) / forecasts["base"]
    groups = forecasts.assign(out=out, size=out.abs()).groupby(_KEY)
    return groups.agg(
        authorities=("authority", "size"),
        mean_absolute_error=("size", "mean"),
        median_absolute_error=("size", "median"),
        bias=("out", "mean"),
    ).reset_index()


def _coverage(forecasts: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for level in LEVELS:
        low, high = forecasts[f"low_{level * 100:.0f}"], forecasts[f"high_{level * 100:.0f}"]
        inside = ((forecasts["actual"] >= low) & (forecasts["actual"] <= high)).where(low.notna())
        covered = forecasts.assign(inside=inside.astype(float)).groupby(_KEY)["inside"].mean()
        parts.append(covered.rename("covered").reset_index().assign(level=level))
    return pd.concat(parts, ignore_index=True).dropna(subset=["covered"])


def summary_lines(result: Backtest) -> list[str]:
    """Return the backtest in plain words, losses as well as wins."""
    table, coverage = result.held_out(), result.held_out_coverage()
    lines = [
        f"{_ahead(h)}, held out: " + ", ".join(f"{NAMED[m]} {table.loc[h, m]:.1%}" for m in METHODS)
        for h in table.index
    ]
    for h in coverage.index:
        shares = ", ".join(
            f"{level:.0%} interval covers {coverage.loc[h, ('pooled', level)]:.1%}"
            for level in LEVELS
            if ("pooled", level) in coverage.columns
        )
        lines.append(f"{_ahead(h)}: {shares}")
    return lines + conclusions(result)


def _ahead(years: object) -> str:
    return f"{years} year{'' if years == 1 else 's'} ahead"


def conclusions(result: Backtest) -> list[str]:
    """Return what the errors say of the method to use."""
    best = result.best_method()
    beats = "beats" if best == "pooled" else "does not beat"
    return [
        f"The pooled forecast {beats} persistence at two and three years on held-out years; default: {NAMED[best]}.",
        (
            "Pooled blind chooses at each origin how much of the national growth to carry on, from what was known by "
            "then; pooled has it from the settings."
        ),
    ]
