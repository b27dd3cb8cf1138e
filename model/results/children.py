"""Children by world, age, placement, measure and month; and what their placements cost if nothing is done."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from model.case.draws import part_of
from model.case.parameters import AGES, PLACEMENTS
from model.case.records import Case
from model.case.timeline import MONTHS_A_YEAR, add_months
from model.case.units import to_price_base
from model.case.words import ALL, CENTRAL, DO_NOTHING, IMPACT, MEAN, WITH_SCHEMES
from model.children.levers import MEASURES
from model.money.appraisal import BLOCK
from model.money.portfolio import evaluate
from model.results.annual import tidy_frame
from model.results.sample import Floats, Outcome, Sample

WORLDS: Final = (DO_NOTHING, WITH_SCHEMES, IMPACT)
STOCK, FLOWS = "stock", ("entry", "exit")
LEAST: Final = 0.05  # children: a smaller change is none, as numbers are printed
CASELOAD_COLUMNS: Final = ("scenario", "world", "age_band", "placement", "measure", "month", "statistic", "children")
LEDGER_COLUMNS: Final = ("statement", "financial_year", "published_gbp", "in_price_base_gbp", "modelled_gbp",
                         "difference_gbp", "modelled_share", "source", "note")  # fmt: skip
_Series = tuple[str, str, str, str, str, Floats]  # world, age, placement, measure, statistic, children by month


def caseload_frame(result: Outcome) -> pd.DataFrame:
    """Placement totals and the whole with quantiles; each cell that ever holds a child with central and mean."""
    months = np.array(months_of(result.case))
    rows = [
        (result.case.scenario, *labels, months[len(months) - len(children) :], statistic, np.round(children, 6) + 0.0)
        for world in WORLDS
        for *labels, statistic, children in _series(result, world)
    ]
    return tidy_frame(CASELOAD_COLUMNS, rows)


def _series(result: Outcome, world: str) -> list[_Series]:
    """Return every series of one world: totals with quantiles, then cells that ever hold a child.

    A stock has one month more than a flow, the opening.
    """
    out: list[_Series] = []
    for placement in (*PLACEMENTS, ALL):
        out += [(world, ALL, placement, STOCK, *found) for found in _stock(result, world, placement).items()]
    for measure in FLOWS:
        out += [(world, ALL, ALL, measure, *found) for found in _flow(result, world, measure).items()]
    counted = {CENTRAL: result.central.cells, MEAN: result.sample.cells if result.sample else {}}
    counted = {name: cells for name, cells in counted.items() if cells}
    ever = sum(cells[w][STOCK].sum(axis=0) for cells in counted.values() for w in (DO_NOTHING, WITH_SCHEMES))
    for measure in MEASURES:
        tables = {name: in_world({w: c[measure] for w, c in cells.items()}, world) for name, cells in counted.items()}
        out += [
            (world, AGES[a], PLACEMENTS[p], measure, name, table[:, a, p])
            for a, p in np.argwhere(np.asarray(ever) > 0)
            for name, table in tables.items()
        ]
    return out


def _stock(result: Outcome, world: str, placement: str) -> dict[str, Floats]:
    """Return statistic -> children of a placement, or of all, at the opening and each month's end, (months + 1,)."""
    at = slice(None) if placement == ALL else slice(i := PLACEMENTS.index(placement), i + 1)
    return result.statistics(lambda sample: in_world(sample.stock, world)[:, at].sum(axis=1))


def _flow(result: Outcome, world: str, measure: str) -> dict[str, Floats]:
    """Return statistic -> children who enter, or leave, in each month, (months,)."""
    return result.statistics(lambda sample: in_world({w: f[measure] for w, f in sample.flows.items()}, world))


def in_world(by_world: Mapping[str, Floats], world: str) -> Floats:
    """Return a world's array, the impact being with - without in every draw."""
    return by_world[WITH_SCHEMES] - by_world[DO_NOTHING] if world == IMPACT else by_world[world]


def months_of(case: Case) -> tuple[str, ...]:
    """Return the months at whose ends children are counted; the first is that at which the caseload opens."""
    before = add_months(case.timeline.start, -1)
    return (f"{before.year}-{before.month:02d}", *case.timeline.month_labels)


def placement_cost_frame(result: Outcome) -> pd.DataFrame:
    """Return what placements cost if nothing is done: placement (or `all`), financial_year, statistic, value_gbp; real.

    Mean children of the month x the price of the draw, unaccompanied children included. Quantiles are of each row by
    itself, so that those of the placements do not add up to those of `all`.
    """
    years, placements = result.case.timeline.financial_years, (*PLACEMENTS, ALL)
    place = {"placement": list(placements) * len(years), "financial_year": np.repeat(list(years), len(placements))}
    found = result.statistics(lambda sample: _placement_costs(result.case, sample))
    frames = [pd.DataFrame({**place, "statistic": name, "value_gbp": t.ravel()}) for name, t in found.items()]
    return pd.concat(frames, ignore_index=True)


def _placement_costs(case: Case, sample: Sample) -> Floats:
    """Return real pounds by year, (years, placements and their sum, n), a block of draws at a time."""
    stock, blocks = sample.stock[DO_NOTHING], []
    for first in range(0, sample.n, BLOCK):
        block = part_of(sample.as_draws, first, BLOCK)
        held = stock[..., first : first + block.n]
        monthly = (held[1:] + held[:-1]) / 2 * evaluate(case, block).monthly_prices
        blocks.append(case.timeline.by_financial_year(monthly))
    costs = np.concatenate(blocks, axis=-1)
    return np.concatenate([costs, costs.sum(axis=1, keepdims=True)], axis=1)


def ledger_frame(case: Case, costs: pd.DataFrame) -> pd.DataFrame:
    """Return a row per published figure: in its own cash, in the case's price base, and what is modelled for it.

    `costs`: as `placement_cost_frame`. Modelled is the central first year; the difference is modelled less published,
    and `modelled_share` the one over the other.
    """
    first = costs[(costs["statistic"] == CENTRAL) & (costs["financial_year"] == case.timeline.financial_years[0])]
    modelled, rows = first.set_index("placement")["value_gbp"].astype(float), []
    for row in case.ledger:
        index = case.reference.indices[case.conventions.price_index]
        published = to_price_base(row.value_gbp, index, row.financial_year, case.price_base)
        spent = float(modelled[list(row.placements)].sum())
        rows.append((row.statement, row.financial_year, row.value_gbp, published, spent, spent - published,
                     spent / published, row.source, row.note))  # fmt: skip
    return pd.DataFrame(rows, columns=list(LEDGER_COLUMNS))


@dataclass(frozen=True, kw_only=True)
class Children:
    """The caseload of a result as a page reads it.

    `months`: those at whose ends children are counted, the opening first; `stock`: world -> frame of all children, a
    row per month, a column per statistic; `cells`: world -> central stock (months, ages, placements); `entered`,
    `left`: children in the first twelve months if nothing is done, central.
    """

    case: Case
    months: tuple[str, ...]
    stock: Mapping[str, pd.DataFrame]
    cells: Mapping[str, Floats]
    entered: float
    left: float

    @property
    def later(self) -> str:
        """The month at whose end the years that a page shows are over, or the last of a shorter projection."""
        return self.months[min(self.case.shown_years * MONTHS_A_YEAR, len(self.months) - 1)]

    @property
    def changes(self) -> bool:
        """Whether the schemes change the number of children in any month, as numbers are printed."""
        return bool(self.stock[IMPACT]["central"].abs().max() >= LEAST)


def children_of(result: Outcome) -> Children:
    """Return the caseload of a result."""
    months = months_of(result.case)
    stock = {world: pd.DataFrame(_stock(result, world, ALL), index=list(months)) for world in WORLDS}
    entered, left = (result.central.flows[DO_NOTHING][measure][:MONTHS_A_YEAR].sum() for measure in FLOWS)
    cells = {world: found[STOCK] for world, found in result.central.cells.items()}
    return Children(case=result.case, months=months, stock=stock, cells=cells, entered=float(entered), left=float(left))
