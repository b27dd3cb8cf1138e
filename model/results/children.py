"""Children by world, age, placement, measure and month; and what their placements cost if nothing is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.case.draws import part_of
from model.case.parameters import AGES, PLACEMENTS
from model.case.timeline import add_months
from model.case.words import CENTRAL, DO_NOTHING, IMPACT, MEAN, STATISTICS, WITH_SCHEMES
from model.children.levers import MEASURES
from model.children.opening import ALL
from model.money.appraisal import BLOCK
from model.money.portfolio import evaluate
from model.results.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from model.results.outcome import Outcome
    from model.results.sample import Sample


def caseload_frame(result: Outcome) -> pd.DataFrame:
    """Placement totals and the whole with quantiles; each cell that ever holds a child with central and mean.

    Two hundred thousand rows: built as one array of numbers and columns of codes, not row by row.
    """
    import pandas as pd  # noqa: PLC0415

    timeline = result.case.timeline
    before = add_months(timeline.start, -1)
    months = (f"{before.year}-{before.month:02d}", *timeline.month_labels)
    series = [s for world in (DO_NOTHING, WITH_SCHEMES, IMPACT) for s in _caseload_series(result, world)]
    lengths = np.array([len(s.children) for s in series])

    def column(values: Sequence[str], pick: Callable[[_Series], str]) -> pd.Series[str]:
        codes = np.repeat([values.index(pick(s)) for s in series], lengths)
        return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(values)))

    month = np.concatenate([np.arange(len(months) - n, len(months)) for n in lengths])
    return pd.DataFrame(
        {
            "scenario": pd.Categorical.from_codes(np.zeros(lengths.sum(), int), pd.Index([result.case.scenario])),
            "world": column((DO_NOTHING, WITH_SCHEMES, IMPACT), lambda s: s.world),
            "age_band": column((*AGES, ALL), lambda s: s.age_band),
            "placement": column((*PLACEMENTS, ALL), lambda s: s.placement),
            "measure": column(MEASURES, lambda s: s.measure),
            "month": pd.Categorical.from_codes(month, categories=pd.Index(months)),
            "statistic": column(STATISTICS, lambda s: s.statistic),
            "children": np.round(np.concatenate([s.children for s in series]), 8) + 0.0,
        }
    )


def placement_cost_frame(result: Outcome) -> pd.DataFrame:
    """Return what placements cost if nothing is done: placement (or `all`), financial_year, statistic, value_gbp; real.

    Mean children of the month x the price of the draw, unaccompanied children included. Quantiles are of each row by
    itself, so that those of the placements do not add up to those of `all`.
    """
    import pandas as pd  # noqa: PLC0415

    drawn = None if result.sample is None else _placement_costs(result, result.sample)
    found = {name: t.ravel() for name, t in summarise(_placement_costs(result, result.central), drawn).items()}
    years, placements = result.case.timeline.financial_years, (*PLACEMENTS, ALL)
    place = {
        "placement": list(placements) * len(years), "financial_year": np.repeat(list(years), len(placements)),
    }  # fmt: skip
    frames = [pd.DataFrame({**place, "statistic": name, "value_gbp": values}) for name, values in found.items()]
    return pd.concat(frames, ignore_index=True)


def _placement_costs(result: Outcome, sample: Sample) -> NDArray[np.float64]:
    """Return real pounds by year, (years, placements and their sum, n), a block of draws at a time."""
    case = result.case
    stock, blocks = sample.stock[DO_NOTHING], []
    for first in range(0, sample.n, BLOCK):
        block = part_of(sample.as_draws, first, BLOCK)
        held = stock[..., first : first + block.n]
        monthly = (held[1:] + held[:-1]) / 2 * evaluate(case, block).monthly_prices
        blocks.append(case.timeline.by_financial_year(monthly))
    costs = np.concatenate(blocks, axis=-1)
    return np.concatenate([costs, costs.sum(axis=1, keepdims=True)], axis=1)


@dataclass(frozen=True)
class _Series:
    """One line of the caseload frame over its months; a stock has one month more than a flow, the opening."""

    world: str
    age_band: str
    placement: str
    measure: str
    statistic: str
    children: NDArray[np.float64]


def _caseload_series(result: Outcome, world: str) -> list[_Series]:
    """Return every series of one world: totals with quantiles, then cells that ever hold a child."""
    samples = {CENTRAL: result.central} | ({} if result.sample is None else {MEAN: result.sample})
    stocks = {name: _world(s.stock, world) for name, s in samples.items()}
    out = []
    for i, placement in enumerate((*PLACEMENTS, ALL)):
        whole = i == len(PLACEMENTS)
        parts = {name: stock.sum(axis=1) if whole else stock[:, i] for name, stock in stocks.items()}
        out += _total(world, placement, "stock", parts)
    for measure in ("entry", "exit"):
        flows = {name: _world({w: f[measure] for w, f in s.flows.items()}, world) for name, s in samples.items()}
        out += _total(world, ALL, measure, flows)
    counted = {name: sample for name, sample in samples.items() if sample.cells}
    ever = sum(s.cells[w]["stock"].sum(axis=0) for s in counted.values() for w in (DO_NOTHING, WITH_SCHEMES))
    for measure in MEASURES:
        tables = {n: _world({w: c[measure] for w, c in s.cells.items()}, world) for n, s in counted.items()}
        out += [
            _Series(world, AGES[a], PLACEMENTS[p], measure, name, table[:, a, p])
            for a, p in np.argwhere(np.asarray(ever) > 0)
            for name, table in tables.items()
        ]
    return out


def _total(world: str, placement: str, measure: str, parts: Mapping[str, NDArray[np.float64]]) -> list[_Series]:
    statistics = summarise(parts[CENTRAL], parts.get(MEAN))
    return [_Series(world, ALL, placement, measure, name, values) for name, values in statistics.items()]


def _world(by_world: Mapping[str, NDArray[np.float64]], world: str) -> NDArray[np.float64]:
    """Return a world's array, the impact being with - without in every draw."""
    return by_world[WITH_SCHEMES] - by_world[DO_NOTHING] if world == IMPACT else by_world[world]
