"""Would the forecast have been right? Each year's tables forecast by the engine, against what came and no change."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from model.case.parameters import PLACEMENTS
from model.case.reading.problems import InputProblems
from model.case.timeline import MONTHS_A_YEAR
from model.case.words import UASC
from model.demand.authority import AuthorityCaseload, authority_caseload
from model.demand.build import tables_demand
from model.demand.dfe import DfeTables
from model.demand.forecast import MONTHS, forecast, written_case

ALL: Final = "all"
KINDS: Final = (ALL, *PLACEMENTS, UASC)
"""Who is forecast: all children, those in each placement, and the unaccompanied among them."""
DRAWS: Final = 250
LEVELS: Final = (0.5, 0.8, 0.95)
SIZES: Final = {ALL: (0, np.inf), "under 300": (0, 300), "300 to 600": (300, 600), "600 and over": (600, np.inf)}
"""Groups of authorities by the children in care when the forecast is made."""
_ENDS: Final = {"forecast": 0.5} | {
    f"{side}_{level * 100:.0f}": 0.5 + sign * level / 2 for level in LEVELS for side, sign in (("low", -1), ("high", 1))
}
"""The columns of a forecast and the quantiles they hold."""
_COVERED: Final = {f"covered_{level * 100:.0f}": f"{level * 100:.0f}" for level in LEVELS}
_WIDE: Final = 1.96  # standard errors either side: a 95% interval


@dataclass(frozen=True, kw_only=True)
class Backtest:
    """Tidy results, and the authorities that no caseload could be made of.

    ``forecasts``: authority, origin, horizon (years), target, placement (of `KINDS`), base (all the authority's
    children at the origin), now (those of the kind then), forecast (median), low and high of each level, actual.
    """

    forecasts: pd.DataFrame
    left_out: tuple[str, ...]

    @cached_property
    def errors(self) -> pd.DataFrame:
        """Mean absolute errors as shares of the authority's children at the origin, beside those of no change.

        placement, size, horizon, authorities, error, no_change, bias, difference (error less no change's) with the ends
        of its 95% interval over authorities, and covered_50 and so on: how often the truth lay within each interval.
        Each authority counts once however often it was forecast.
        """
        rows = self.forecasts
        off, unchanged = ((rows[name] - rows["actual"]) / rows["base"] for name in ("forecast", "now"))
        rows = rows.assign(error=off.abs(), no_change=unchanged.abs(), bias=off, difference=off.abs() - unchanged.abs())
        for covered, level in _COVERED.items():
            rows[covered] = rows["actual"].between(rows[f"low_{level}"], rows[f"high_{level}"]).astype(float)
        measures = ["error", "no_change", "bias", "difference", *_COVERED]
        found = []
        for size, (low, high) in SIZES.items():
            some = rows[rows["base"].between(low, high, "left")]
            each = some.groupby(["placement", "horizon", "authority"], sort=False)[measures].mean()
            kinds = each.groupby(["placement", "horizon"], sort=False)
            half = (_WIDE * kinds["difference"].sem()).fillna(np.inf)
            means = kinds.mean().assign(size=size, authorities=kinds.size())
            ends = {"difference_low": means["difference"] - half, "difference_high": means["difference"] + half}
            found.append(means.assign(**ends).reset_index())
        key = ["placement", "size", "horizon", "authorities"]
        table = pd.concat(found, ignore_index=True)
        return table[[*key, *table.columns.difference(key, sort=False)]]


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
                rows += _one(tables, held, origin, first)
        except InputProblems as problem:
            left_out.append(str(problem))
    if not rows:
        raise ValueError(f"a backtest needs two years of ages and placements; the tables hold {len(tables.years)}")
    return Backtest(forecasts=pd.concat(rows, ignore_index=True), left_out=tuple(left_out))


def _one(tables: DfeTables, held: Mapping[int, AuthorityCaseload], origin: int, first: int) -> list[pd.DataFrame]:
    """Forecast one authority from one year, and lay what came from the `first` year on beside it, a frame a year."""
    targets = [year for year in held if max(first, origin + 1) <= year <= origin + MONTHS // MONTHS_A_YEAR]
    if not targets:
        return []
    now = held[origin]
    case = written_case(tables_demand(tables, now.authority, origin).files, dt.date(origin, 4, 1))
    streams = forecast(case, draws=DRAWS)
    by_placement = np.sum([stream.by_placement for stream in streams.values()], axis=0)
    total = by_placement.sum(axis=1, keepdims=True)
    uasc = streams[UASC].total[:, None] if UASC in streams else 0 * total
    drawn = np.concatenate([total, by_placement, uasc], axis=1)[::MONTHS_A_YEAR]
    ends = np.quantile(drawn, list(_ENDS.values()), axis=2, method="nearest")
    return [
        pd.DataFrame(
            {"authority": now.authority, "origin": origin, "horizon": year - origin, "target": year}
            | {"placement": KINDS, "base": now.total, "now": _held(now)}
            | dict(zip(_ENDS, ends[:, year - origin], strict=True))
            | {"actual": _held(held[year])}
        )
        for year in targets
    ]


def _held(caseload: AuthorityCaseload) -> list[float]:
    return [caseload.total, *(caseload.stock_by_placement[p] for p in PLACEMENTS), caseload.uasc]


def conclusions(result: Backtest) -> list[str]:
    """Return what may be claimed: a win or a loss only where the interval of the paired difference excludes nought."""
    rows = result.errors[result.errors["size"] == ALL]
    said = []
    for years, at in rows.groupby("horizon"):
        better, worse = at["difference_high"] < 0, at["difference_low"] > 0
        parts = {"nearer than no change": better, "further off": worse, "not to be told apart": ~better & ~worse}
        named = "; ".join(
            f"{words}: {_listed(at.loc[which, 'placement'])}" for words, which in parts.items() if any(which)
        )
        said.append(f"{years} year{'' if years == 1 else 's'} ahead, {named}.")
    return said


def called(kind: str) -> str:
    """Return what a kind of children is called in a sentence."""
    return {ALL: "all children", UASC: "unaccompanied children"}.get(kind, kind.replace("_", " "))


def _listed(kinds: pd.Series) -> str:
    return ", ".join(called(kind) for kind in kinds)


def summary_lines(result: Backtest) -> list[str]:
    """Return the backtest in plain words, losses as well as wins."""
    lines = [
        f"{called(r['placement'])}, {r['horizon']} ahead: out by {r['error']:.1%} of all children, no change by "
        f"{r['no_change']:.1%}; the 80% interval covers {r['covered_80']:.0%} ({r['authorities']} authorities)"
        for r in result.errors[result.errors["size"] == ALL].to_dict("records")
    ]
    left = [f"{len(result.left_out)} left out, no caseload can be made of them"] if result.left_out else []
    return [*lines, *left, *conclusions(result)]
