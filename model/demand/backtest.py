"""Would the forecast have been right? Each year's tables forecast by the engine, against what came and no change."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final

import numpy as np
import pandas as pd

from model.case.parameters import PLACEMENTS
from model.case.reading.problems import InputProblems
from model.demand.authority import AuthorityCaseload, authority_caseload
from model.demand.build import tables_demand
from model.demand.dfe import DfeTables
from model.demand.forecast import MONTHS, forecast, written_case

ALL: Final = "all"
DRAWS: Final = 250
LEVELS: Final = (0.5, 0.8, 0.95)
SIZES: Final = {ALL: (0, np.inf), "under 300": (0, 300), "300 to 600": (300, 600), "600 and over": (600, np.inf)}
"""Groups of authorities by the children in care when the forecast is made."""
_WIDE: Final = 1.96  # standard errors either side: a 95% interval
_FEWEST: Final = 2  # authorities without which there is no interval


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """Tidy results, and the authorities that no caseload could be made of.

    ``forecasts``: authority, origin, horizon (years), target, placement (`all` = the total), base (all its children at
    the origin), now (children there at the origin), forecast (median), low and high of each level, actual.
    """

    forecasts: pd.DataFrame
    left_out: tuple[str, ...]

    @cached_property
    def errors(self) -> pd.DataFrame:
        """Mean absolute errors as shares of the authority's children at the origin, beside those of no change.

        placement, size, horizon, authorities, error, no_change, bias, difference (error less no change's) with the ends
        of its 95% interval over authorities, each of which counts once however often it was forecast.
        """
        rows = self.forecasts
        off, unchanged = ((rows[name] - rows["actual"]) / rows["base"] for name in ("forecast", "now"))
        rows = rows.assign(bias=off, error=off.abs(), no_change=unchanged.abs())
        rows["difference"] = rows["error"] - rows["no_change"]
        return pd.DataFrame([key | _mean_errors(some) for key, some in _groups(rows)])

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """How often the truth lay within each interval: placement, size, horizon, level, authorities, covered."""
        found = []
        for key, rows in _groups(self.forecasts):
            for level in LEVELS:
                low, high = (rows[f"{side}_{level * 100:.0f}"] for side in ("low", "high"))
                inside = (low <= rows["actual"]) & (rows["actual"] <= high)
                who = {"level": level, "authorities": rows["authority"].nunique()}
                found.append(key | who | {"covered": inside.mean()})
        return pd.DataFrame(found)


def backtest(tables: DfeTables, *, holdout_years: int | None = None) -> Backtest:
    """Forecast every authority from every year whose ages and placements are published, up to three years ahead.

    A forecast sees its own year's tables and earlier ones only. ``holdout_years``: only the last so many years are
    looked at as outcomes. Raises ``ValueError`` where no year can be compared with a later one.
    """
    first = tables.years[-1] - holdout_years + 1 if holdout_years else tables.years[0] + 1
    rows, left_out = [], []
    for authority in tables.authorities:
        try:
            held = {year: authority_caseload(tables, authority, year) for year in tables.years}
            for origin in tables.years[:-1]:
                rows += _one(
                    tables, authority, origin, {y: held[y] for y in tables.years if y >= max(first, origin + 1)}
                )
        except InputProblems as problem:
            left_out.append(str(problem))
    if not rows:
        raise ValueError(f"a backtest needs two years of ages and placements; the tables hold {len(tables.years)}")
    return Backtest(forecasts=pd.DataFrame(rows), left_out=tuple(left_out))


def _one(
    tables: DfeTables, authority: str, origin: int, outcomes: dict[int, AuthorityCaseload]
) -> list[dict[str, object]]:
    """Forecast one authority from one year, and lay what came beside it."""
    targets = {year - origin: came for year, came in outcomes.items() if 12 * (year - origin) <= MONTHS}
    if not targets:
        return []
    now = authority_caseload(tables, authority, origin)
    case = written_case(tables_demand(tables, authority, origin).files, dt.date(origin, 4, 1))
    streams = forecast(case, draws=DRAWS).values()
    by_placement = np.sum([stream.by_placement for stream in streams], axis=0)
    rows: list[dict[str, object]] = []
    for (horizon, came), (p, placement) in product(targets.items(), enumerate((ALL, *PLACEMENTS))):
        draws = by_placement[12 * horizon].sum(axis=0) if placement == ALL else by_placement[12 * horizon, p - 1]
        known = {"authority": authority, "origin": origin, "horizon": horizon, "target": origin + horizon}
        at = {"placement": placement, "base": now.total, "now": _held(now, placement)}
        ends = {
            f"{side}_{level * 100:.0f}": float(np.quantile(draws, share, method="nearest"))
            for level in LEVELS
            for side, share in (("low", 0.5 - level / 2), ("high", 0.5 + level / 2))
        }
        rows.append(known | at | {"forecast": float(np.median(draws)), **ends, "actual": _held(came, placement)})
    return rows


def _held(caseload: AuthorityCaseload, placement: str) -> float:
    return caseload.total if placement == ALL else caseload.stock_by_placement[placement]


def _groups(rows: pd.DataFrame) -> Iterator[tuple[dict[str, object], pd.DataFrame]]:
    """Yield each placement, size of authority and horizon with its rows."""
    for placement, (size, (low, high)), horizon in product(
        rows["placement"].unique(), SIZES.items(), sorted(rows["horizon"].unique())
    ):
        some = rows[
            (rows["placement"] == placement) & (rows["horizon"] == horizon) & rows["base"].between(low, high, "left")
        ]
        if len(some):
            yield {"placement": placement, "size": size, "horizon": int(horizon)}, some


def _mean_errors(rows: pd.DataFrame) -> dict[str, float]:
    names = ["error", "no_change", "bias", "difference"]
    each = rows.groupby("authority")[names].mean()
    half = _WIDE * float(each["difference"].std()) / len(each) ** 0.5 if len(each) >= _FEWEST else np.inf
    means = {name: float(each[name].mean()) for name in names}
    ends = {"difference_low": means["difference"] - half, "difference_high": means["difference"] + half}
    return {"authorities": len(each)} | means | ends


def conclusions(result: Backtest) -> list[str]:
    """Return what may be claimed: a win or a loss only where the interval of the paired difference excludes nought."""
    rows = result.errors[result.errors["size"] == ALL]
    said = []
    for years, at in rows.groupby("horizon"):
        better = at.loc[at["difference_high"] < 0, "placement"]
        worse = at.loc[at["difference_low"] > 0, "placement"]
        level = at.loc[(at["difference_low"] <= 0) & (at["difference_high"] >= 0), "placement"]
        parts = {"nearer than no change": better, "further off": worse, "not to be told apart": level}
        named = "; ".join(f"{words}: {_listed(which)}" for words, which in parts.items() if len(which))
        said.append(f"{years} year{'' if years == 1 else 's'} ahead, {named}.")
    return said


def _listed(placements: pd.Series) -> str:
    return ", ".join("all children" if p == ALL else str(p).replace("_", " ") for p in placements)


def summary_lines(result: Backtest) -> list[str]:
    """Return the backtest in plain words, losses as well as wins."""
    errors, coverage = (frame[frame["size"] == ALL] for frame in (result.errors, result.coverage))
    lines = [
        f"{r.placement}, {r.horizon} ahead: out by {r.error:.1%} of the children, no change by {r.no_change:.1%} "
        f"({r.authorities} authorities)"
        for r in errors.itertuples()
    ]
    lines += [
        f"{r.placement}, {r.horizon} ahead: the 80% interval covers {r.covered:.0%}"
        for r in coverage[coverage["level"] == 0.8].itertuples()
    ]
    left = [f"{len(result.left_out)} left out, no caseload can be made of them"] if result.left_out else []
    return [*lines, *left, *conclusions(result)]
