"""Forecast of children by age, placement and month: whole children, parameter and chance uncertainty, costs.

Each draw takes its own hazards from their posteriors and its own level of entries, then lets whole children enter,
leave, move and grow up by chance. Opening + entries - exits = closing, every month, every draw.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.demand.codes import AGE_BANDS, AGE_STARTS, PLACEMENTS
from model.demand.kernel import simulate
from model.demand.rates import DAYS_A_YEAR, DURATION_STARTS, Events, PooledRates, destinations
from model.demand.settings import demand_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

QUANTILES: Final = {"p10": 0.1, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p90": 0.9}
_A, _P = len(AGE_BANDS), len(PLACEMENTS)
_MONTHS: Final = 12
_BLOCK: Final = 64


@dataclass(frozen=True, kw_only=True)
class Hazards:
    """What a forecast is drawn from.

    ``opening`` whole children (ages, placements, durations); ``exits``, ``moves`` posteriors a child-year;
    ``destination`` (ages, placements, placements); ``entries_annual`` children a year in all and ``entries_log_sd`` how
    uncertain that level is; ``entry_pattern`` (ages, placements) adding to one.
    """

    opening: np.ndarray
    exits: PooledRates
    moves: PooledRates
    destination: np.ndarray
    entries_annual: float
    entries_log_sd: float
    entry_pattern: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Whole children by draw.

    ``stock`` (ages, placements, months + 1, draws), month 0 the opening; ``entries``, ``exits_under_18`` and
    ``exits_at_18`` (months, draws).
    """

    stock: np.ndarray
    entries: np.ndarray
    exits_under_18: np.ndarray
    exits_at_18: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Children in care (months + 1, draws)."""
        total: np.ndarray = self.stock.sum(axis=(0, 1), dtype=np.float32)
        return total

    @property
    def by_placement(self) -> np.ndarray:
        """Children by placement (placements, months + 1, draws)."""
        summed: np.ndarray = self.stock.sum(axis=0, dtype=np.float32)
        return summed

    @property
    def by_age(self) -> np.ndarray:
        """Children by age band (ages, months + 1, draws)."""
        summed: np.ndarray = self.stock.sum(axis=1, dtype=np.float32)
        return summed


def entry_level(events: Events) -> tuple[float, float]:
    """Return entries a year (mean of the newest years) and the log standard deviation of that level.

    The spread adds chance (1 / events) and what the years differ by beyond chance.
    """
    years = events.entries.sum(axis=(0, 1))[-int(demand_settings()["entry_years"]) :]
    if not years.sum() > 0:
        return 0.0, 0.0
    mean = float(years.mean())
    between = max(0.0, float(years.var(ddof=1)) - mean) / mean**2 if len(years) > 1 else 0.0
    return mean, float(np.sqrt(1 / float(years.sum()) + between))


def entry_pattern(events: Events) -> np.ndarray:
    """Return the share of entries by age and placement over all years, half an entry spread over the cells."""
    counts = events.entries.sum(axis=2)
    by_cell = counts + 0.5 * (events.exposure.sum(axis=2) > 0) / max(1, int((events.exposure.sum(axis=2) > 0).sum()))
    total = by_cell.sum()
    share: np.ndarray = by_cell / total if total > 0 else np.full((_A, _P), 1 / (_A * _P))
    return share


def whole_children(stock: np.ndarray) -> np.ndarray:
    """Round a fractional stock to whole children without changing its (rounded) total: largest remainders first."""
    flat = stock.ravel()
    down = np.floor(flat).astype(np.int64)
    missing = round(float(flat.sum())) - int(down.sum())
    order = np.argsort(-(flat - down), kind="stable")[: max(0, missing)]
    down[order] += 1
    whole: np.ndarray = down.reshape(stock.shape)
    return whole


def hazards_from(events: Events, exits: PooledRates, moves: PooledRates, *, entries: tuple[float, float]) -> Hazards:
    """Return what a forecast needs from counted events; ``entries`` (children a year, log sd)."""
    return Hazards(
        opening=whole_children(events.stock),
        exits=exits,
        moves=moves,
        destination=destinations(events.moves),
        entries_annual=entries[0],
        entries_log_sd=entries[1],
        entry_pattern=entry_pattern(events),
    )


def forecast(hazards: Hazards, *, months: int, draws: int, seed: int, threads: int = 2) -> Forecast:
    """Project whole children for ``months``; the same bytes for the same seed whatever the number of threads."""
    generator = np.random.Generator(np.random.SFC64(seed))
    leave = -np.expm1(-hazards.exits.draws(generator, draws) / _MONTHS)
    move = -np.expm1(-hazards.moves.draws(generator, draws) / _MONTHS)
    level = np.exp(hazards.entries_log_sd * generator.standard_normal(draws) - hazards.entries_log_sd**2 / 2)
    entries = hazards.entries_annual / _MONTHS * level
    widths = np.diff(np.array(AGE_STARTS, dtype=float))
    days = np.diff(np.array(DURATION_STARTS, dtype=float))
    longer = np.append(DAYS_A_YEAR / _MONTHS / days[:-1], 0.0).astype(np.float32)
    stock = np.zeros((_A, _P, months + 1, draws), dtype=np.float32)
    flows = np.zeros((3, months, draws), dtype=np.float32)
    single = np.float32
    opening = hazards.opening.astype(single)
    up = (1 / (_MONTHS * widths)).astype(single)
    onward = _one_after_another(hazards.destination).astype(single)
    pattern = hazards.entry_pattern.astype(single)

    def run(first: int) -> None:
        block = slice(first, min(first + _BLOCK, draws))
        lanes = block.stop - block.start
        leaving, moving = (np.ascontiguousarray(rates[:, block], dtype=single) for rates in (leave, move))
        entering = entries[block].astype(single)
        part = np.zeros((_A, _P, months + 1, lanes), dtype=single)
        flow = np.zeros((3, months, lanes), dtype=single)
        simulate(opening, leaving, moving, up, longer, onward, entering, pattern, seed, first, part, flow)
        stock[..., block], flows[..., block] = part, flow

    with ThreadPoolExecutor(max_workers=threads) as workers:
        list(workers.map(run, range(0, draws, _BLOCK)))
    return Forecast(stock=stock, entries=flows[0], exits_under_18=flows[1], exits_at_18=flows[2])


def _one_after_another(shares: np.ndarray) -> np.ndarray:
    """Turn shares that add to one along the last axis into chances among what the earlier ones left."""
    left = 1 - np.cumsum(shares, axis=-1) + shares
    chances: np.ndarray = np.divide(shares, left, out=np.zeros_like(shares), where=left > 1e-9)
    bounded: np.ndarray = np.minimum(chances, 1.0)
    return bounded


def monthly_cost(result: Forecast, weekly_prices: Mapping[str, float], *, weeks_per_year: float) -> np.ndarray:
    """Return pounds a month by placement (placements, months, draws): mean stock x weekly price x weeks / 12."""
    stock = result.by_placement
    monthly = np.array([weekly_prices[p] for p in PLACEMENTS]) * weeks_per_year / _MONTHS / 2
    cost: np.ndarray = (stock[:, 1:] + stock[:, :-1]) * monthly[:, None, None]
    return cost


def forecast_frame(result: Forecast, *, stream: str = "general") -> pd.DataFrame:
    """Return stream, age_band, placement, month, statistic, children.

    Quantiles for the whole, each age and each placement; the mean also for each cell. Month 0 is the opening.
    """
    parts = [_quantiles(result.total[None], ["all"], ["all"])]
    parts.append(_quantiles(result.by_age, AGE_BANDS, ["all"] * _A))
    parts.append(_quantiles(result.by_placement, ["all"] * _P, PLACEMENTS))
    means = result.stock.mean(axis=3)
    cells = np.indices(means.shape).reshape(3, -1)
    parts.append(
        pd.DataFrame(
            {
                "age_band": np.array(AGE_BANDS)[cells[0]],
                "placement": np.array(PLACEMENTS)[cells[1]],
                "month": cells[2],
                "statistic": "mean",
                "children": means.ravel(),
            }
        )
    )
    out = pd.concat(parts, ignore_index=True)
    out.insert(0, "stream", stream)
    return out.round({"children": 3})


def _quantiles(
    values: np.ndarray, ages: list[str] | tuple[str, ...], placements: list[str] | tuple[str, ...]
) -> pd.DataFrame:
    """Quantiles and mean along draws of (groups, months, draws)."""
    ordered = np.sort(values, axis=2)
    number = values.shape[2]
    frames = []
    for name, share in [*QUANTILES.items(), ("mean", None)]:
        at = values.mean(axis=2) if share is None else ordered[:, :, min(number - 1, round(share * (number - 1)))]
        for row, (age, placement) in enumerate(zip(ages, placements, strict=True)):
            frames.append(
                pd.DataFrame(
                    {
                        "age_band": age,
                        "placement": placement,
                        "month": np.arange(values.shape[1]),
                        "statistic": name,
                        "children": at[row].astype(float),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)
