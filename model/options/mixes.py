"""How much of each: thousands of mixes on the same draws, which of them keep within limits, and what a limit costs.

The model is run at every node, a combination of the stated scales. Between nodes its monthly money is interpolated in
every draw, from all corners of the box that a mix lies in: at a node a mix is the model's own run. What is not a sum
(peak funding, payback, quantiles) is worked out from the mix's own months, never interpolated.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.case.draws import Draws
from model.case.options import OptionsFile
from model.case.records import Case
from model.case.units import PENNY
from model.money.appraisal import discount_factors
from model.options.scale import Floats, cost_factor, flows

MOST_NODES: Final = 200  # runs of the model
MOST_MIXES: Final = 20_000  # beyond it an optimiser searches between the nodes
DOWNSIDE: Final = 0.1
STEPS: Final = {"reserve_gbp": 100_000.0, "budget_annual_gbp": 100_000.0, "posts_fte": 1.0, "payback_chance": -0.05}
"""How far a limit is moved to find what it costs: more of it, or a smaller chance asked."""
COLUMN_OF: Final = {"reserve_gbp": "peak_gbp", "budget_annual_gbp": "year_gbp", "posts_fte": "posts_fte",
                    "payback_chance": "payback_chance"}  # fmt: skip
"""Limit -> the measure of a mix that it holds."""


@dataclass(frozen=True, kw_only=True)
class Surface:
    """The model's money at every node of the stated scales, in every draw.

    `net` and `cash` (nodes..., months, draws), single precision; `cost` (nodes...), present value; `year` (nodes...,
    years), mean spending; `posts` scheme -> posts to recruit at scale 1.
    """

    case: Case
    file: OptionsFile
    net: NDArray[np.float32]
    cash: NDArray[np.float32]
    cost: Floats
    year: Floats
    posts: Mapping[str, float]

    @cached_property
    def _factors(self) -> NDArray[np.float32]:
        rate = self.case.conventions.discount_rate_annual
        return discount_factors(self.case.timeline, rate).astype(np.float32)

    @cached_property
    def _deadline(self) -> int:
        """The last month by which a mix is to have paid back."""
        years = self.case.timeline.financial_years
        return int(np.flatnonzero(self.case.timeline.year_index == years.index(self.file.limits.payback_by))[-1])

    def corners(self, scales: Sequence[float]) -> list[tuple[tuple[int, ...], float]]:
        """Return the nodes around a mix and their weights, which add up to 1; a node by itself where it is one."""
        sides = []
        for one, scale in zip(self.file.scalable, scales, strict=True):
            above = int(np.clip(np.searchsorted(one.scales, scale), 1, len(one.scales) - 1))
            low, high = one.scales[above - 1], one.scales[above]
            share = (scale - low) / (high - low)
            sides.append([(i, w) for i, w in ((above - 1, 1 - share), (above, share)) if w > 0])
        return [
            (tuple(i for i, _ in corner), float(np.prod([w for _, w in corner])))
            for corner in itertools.product(*sides)
        ]

    def measures(self, scales: Sequence[float]) -> dict[str, float]:
        """Return what a mix comes to: the columns of `mixes`."""
        corners = self.corners(scales)
        net, cash = (sum(np.float32(w) * table[node] for node, w in corners) for table in (self.net, self.cash))
        cumulative = np.cumsum(net, axis=0, dtype=np.float64)
        npv = self._factors @ net
        peak = np.maximum(0.0, -cumulative.min(axis=0))
        year = sum((w * self.year[node] for node, w in corners), np.zeros(self.year.shape[-1]))
        worst = np.sort(npv)[: max(1, round(DOWNSIDE * npv.size))]
        return {
            "npv_gbp": float(npv.mean()),
            "npv_cashable_gbp": float((self._factors @ cash).mean()),
            "npv_p10_gbp": float(np.quantile(npv, DOWNSIDE)),
            "shortfall_gbp": float(max(0.0, -worst.mean())),
            "cost_gbp": float(sum(w * self.cost[node] for node, w in corners)),
            "peak_gbp": float(np.quantile(peak, self.file.limits.reserve_chance, method="higher")),
            "year_gbp": float(year.max()),
            "posts_fte": sum(
                self.posts[one.name] * cost_factor(scale, one.fixed_share)
                for one, scale in zip(self.file.scalable, scales, strict=True)
            ),
            "payback_chance": float((cumulative[self._deadline :].min(axis=0) >= -PENNY).mean()),
        }  # fmt: skip

    @property
    def size(self) -> int:
        """How many mixes there are on the grid."""
        return int(np.prod([len(one.grid) for one in self.file.scalable]))

    def mixes(self, threads: int = 1) -> pd.DataFrame:
        """Return every mix of the grid and what it comes to: a column a scheme, then the measures; nothing first."""
        every = list(itertools.product(*(one.grid for one in self.file.scalable)))
        with ThreadPoolExecutor(threads) as pool:
            rows = list(pool.map(self.measures, every))
        names = [one.name for one in self.file.scalable]
        return pd.concat([pd.DataFrame(every, columns=names), pd.DataFrame(rows)], axis=1)


def surface(case: Case, file: OptionsFile, draws: tuple[Draws, Draws], threads: int = 1) -> Surface:
    """Run the model at every node. ValueError where there are more than `MOST_NODES`."""
    axes, names = [one.scales for one in file.scalable], [one.name for one in file.scalable]
    shape = tuple(map(len, axes))
    if np.prod(shape) > MOST_NODES:
        message = f"{int(np.prod(shape))} combinations of the stated scales, more than {MOST_NODES}; state fewer scales"
        raise ValueError(message)
    months, years, n = case.timeline.months, len(case.timeline.financial_years), draws[1].n
    net, cash = (np.zeros((*shape, months, n), dtype=np.float32) for _ in range(2))
    cost, year = np.zeros(shape), np.zeros((*shape, years))
    for node in np.ndindex(*shape):
        scales = {name: axis[i] for name, axis, i in zip(names, axes, node, strict=True)}
        made = flows(case, scales, draws, file.scalable, threads)
        net[node], cash[node] = made.net, made.investment + made.cashable
        cost[node] = made.cost.mean()
        year[node] = -case.timeline.by_financial_year(made.investment.mean(axis=1, keepdims=True))[:, 0]
    posts = {
        name: sum(p.fte_proposed - p.fte_current for p in case.establishment if p.charged_to == name and p.adds_people)
        for name in names
    }
    return Surface(case=case, file=file, net=net, cash=cash, cost=cost, year=year, posts=posts)


def within(mixes: pd.DataFrame, limits: Mapping[str, float | None]) -> pd.Series[bool]:
    """Return which mixes keep within limits (a name of `COLUMN_OF` -> the most, or the least chance; None = none)."""
    kept = mixes["npv_gbp"].notna()
    for name, limit in limits.items():
        if limit is not None:
            column = mixes[COLUMN_OF[name]]
            kept &= column >= limit - 1e-9 if name == "payback_chance" else column <= limit + PENNY
    return kept


def best(mixes: pd.DataFrame, limits: Mapping[str, float | None], objective: str) -> pd.Series[float] | None:
    """Return the mix within the limits with the largest objective, the cheapest of several; None where there is none.

    Doing nothing needs neither money nor posts: it fails only a chance of payback above what is sure, as it has
    nothing to pay back.
    """
    kept = mixes[within(mixes, limits)]
    return None if kept.empty else kept.sort_values([objective, "cost_gbp"], ascending=[False, True]).iloc[0]


def moved(limits: Mapping[str, float | None]) -> dict[str, dict[str, float | None]]:
    """Return each stated limit moved by its step, the others as they are."""
    return {
        name: {**limits, name: max(limit + step, 0.0)}
        for name, step in STEPS.items()
        if (limit := limits.get(name)) is not None
    }


def shadow_prices(mixes: pd.DataFrame, limits: Mapping[str, float | None], objective: str) -> dict[str, float]:
    """Return what moving each stated limit by its step is worth, pounds: nought where it does not bind."""
    chosen, found = best(mixes, limits, objective), {}
    now = 0.0 if chosen is None else float(chosen[objective])
    for name, freer in moved(limits).items():
        mix = best(mixes, freer, objective)
        found[name] = 0.0 if mix is None else float(mix[objective]) - now
    return found


def frontier(mixes: pd.DataFrame, against: str, objective: str) -> pd.DataFrame:
    """Return the mixes that are worth more than any that needs no more of something, from the least of it upwards."""
    ordered = mixes.sort_values([against, objective], ascending=[True, False])
    return ordered[ordered[objective] > ordered[objective].cummax().shift(fill_value=-np.inf)].reset_index(drop=True)


def search(found: Surface, limits: Mapping[str, float | None], *, seed: int) -> pd.DataFrame:
    """Return the best mix that an optimiser finds between the nodes, one row as `Surface.mixes`; nothing if none.

    For more mixes than can be tried one by one: differential evolution (Storn and Price) on whole steps of the grid.
    """
    from scipy.optimize import Bounds, differential_evolution  # noqa: PLC0415 - a second to import

    grids = [one.grid for one in found.file.scalable]

    def measured(at: Floats) -> pd.DataFrame:
        scales = [grid[int(i)] for grid, i in zip(grids, at, strict=True)]
        names = [one.name for one in found.file.scalable]
        return pd.DataFrame([dict(zip(names, scales, strict=True)) | found.measures(scales)])

    def loss(at: Floats) -> float:
        mix = measured(at)
        return -float(mix[found.file.limits.objective].iloc[0]) if within(mix, limits).all() else np.inf

    nothing = np.zeros(len(grids))
    bounds = Bounds(nothing, np.array([len(grid) - 1.0 for grid in grids]))
    solved = differential_evolution(loss, bounds, integrality=[True] * len(grids), rng=seed, x0=nothing, polish=False)
    return measured(np.round(solved.x))
