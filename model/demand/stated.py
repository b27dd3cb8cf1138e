"""From counted events to the rows of `caseload.csv`: who is in care, who enters, at which rates they leave and move.

What may be published is modelled wherever a count is small; rates are pooled, so that they are nobody's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.case.reading.case_tables import CARE_SHARES, LEAVING, MEAN_AGE, MOVING, YOUNGER
from model.case.records import CaseloadRow
from model.case.timeline import MONTHS_A_YEAR
from model.children.expected import project
from model.children.law import EVEN_SHARE_8_9, INPUT_AGE_OF, Law
from model.children.levers import Drivers
from model.children.opening import by_band, fit_table
from model.children.stated import settled, stream_as_stated
from model.demand import privacy
from model.demand.authority import CASELOAD_COLUMNS
from model.demand.codes import AGE_BANDS, AGED_OUT, PLACEMENTS
from model.demand.rates import PooledRates, destinations, entry_level, pool

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model.children.opening import Stream as Settled
    from model.demand.rates import Events

COLUMNS: Final = (
    *CASELOAD_COLUMNS[:-2],
    *LEAVING,
    *MOVING.values(),
    *CARE_SHARES,
    MEAN_AGE,
    YOUNGER,
    *CASELOAD_COLUMNS[-2:],
)
ENOUGH_FOR_A_MEAN: Final = 10
"""A mean age is said of so many children or more."""
_SOME: Final = 0.01  # child-years: weight of a cell in which nobody has been, so that totals can always be fitted


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Posteriors of the rates of a stream, a year and child.

    `leaving` (ages, placements, times in care), `out` (ages, placements, 1) of moving, `towards` (ages, placements,
    placements) where to.
    """

    leaving: PooledRates
    out: PooledRates
    towards: np.ndarray

    @classmethod
    def of(cls, events: Events, prior: np.ndarray | None) -> Rates:
        """Pool the rates of counted events; `prior`: published rates of leaving by age."""
        out, there = (counts.sum(axis=2, keepdims=True) for counts in (events.out, events.exposure))
        return cls(
            leaving=pool(events.exits, events.exposure, prior), out=pool(out, there), towards=destinations(events.moves)
        )

    @property
    def moving(self) -> np.ndarray:
        """Rates of moving (ages, placements from, placements to)."""
        rates: np.ndarray = self.out.mean * self.towards
        return rates

    def mean_stay(self, entries: np.ndarray) -> float:
        """Return the years that entrants (ages, placements) stay on average under these rates."""
        law = Law(
            leaving=self.leaving.mean.transpose(0, 2, 1)[INPUT_AGE_OF] / MONTHS_A_YEAR,
            moving=self.moving[INPUT_AGE_OF] / MONTHS_A_YEAR,
        )
        total = float(entries.sum())
        return float(settled(law, by_band(entries, EVEN_SHARE_8_9)).sum()) / total if total > 0 else 0.0


@dataclass(frozen=True, kw_only=True)
class Stream:
    """What a stream's rows are made of: counted events, pooled rates, and entries a year with their log sd."""

    name: str
    events: Events
    rates: Rates
    entries: tuple[float, float]

    @classmethod
    def of(cls, name: str, events: Events, prior: np.ndarray | None) -> Stream:
        """Pool what was counted; `prior`: published rates of leaving by age."""
        rates = Rates.of(events, prior)
        level = entry_level(events.entries.sum(axis=(0, 1)), events.first, rates.mean_stay(events.entries.sum(axis=2)))
        return cls(name=name, events=events, rates=rates, entries=level)


def caseload_frame(streams: Sequence[Stream], source: str, *, internal: bool) -> pd.DataFrame:
    """Return ``caseload.csv``: for each stream its cells with rates, its ages, and what the law itself lets leave.

    ``internal``: counts as they are, however small.
    """
    rows = [{"stream": s.name} | row for s in streams for row in _stream_rows(s, internal=internal)]
    return pd.DataFrame(rows).assign(source=source).reindex(columns=list(COLUMNS))


def _stream_rows(stream: Stream, *, internal: bool) -> list[dict[str, object]]:
    cells = _cells(stream, internal=internal)
    ages = {band: _who(stream.events, a, internal=internal) for a, band in enumerate(AGE_BANDS)}
    stated = [_record(row) for row in cells] + [
        CaseloadRow(
            age_band=band, placement="all", children=None, entries_annual=None, exits_annual=None,
            care_shares=tuple(who[c] for c in CARE_SHARES) if CARE_SHARES[0] in who else (),
            mean_age_months=who.get(MEAN_AGE), entries_younger_share=who.get(YOUNGER),
        )
        for band, who in ages.items()
    ]  # fmt: skip
    leaving, at_18 = _first_year(stream_as_stated(stated, EVEN_SHARE_8_9))
    margins: list[dict[str, object]] = [
        {"age_band": band, "placement": "all", "exits_annual": round(leaving[a], 3), "note": _EXPECTED, **ages[band]}
        for a, band in enumerate(AGE_BANDS)
    ]
    last = {"age_band": AGED_OUT, "placement": "all", "exits_annual": round(at_18, 3), "note": _EXPECTED}
    return [*cells, *margins, last]


def _first_year(stream: Settled) -> tuple[np.ndarray, float]:
    """Return the exits before 18 by input age, and those at 18, that the law gives in twelve months."""
    one = Drivers(entry_scale=np.ones((12, 1)), exit_scale=np.ones(1))
    year = project(stream, one).projection
    exits = np.bincount(INPUT_AGE_OF, weights=year.cells["exit"].sum(axis=(0, 2)))
    at_18 = float(year.exits_at_18.sum())
    exits[-1] -= at_18
    return exits, at_18


def _record(row: Mapping[str, object]) -> CaseloadRow:
    def number(name: str) -> float:
        return float(row[name])  # type: ignore[arg-type]

    return CaseloadRow(
        age_band=str(row["age_band"]), placement=str(row["placement"]), children=number("children"),
        entries_annual=number("entries_annual"), exits_annual=None,
        leaving_rates=tuple(number(c) for c in LEAVING),
        moving_rates={p: number(c) for p, c in MOVING.items() if c in row},
    )  # fmt: skip


def _cells(stream: Stream, *, internal: bool) -> list[dict[str, object]]:
    """Return rows of one age and placement with rates."""
    events, rates = stream.events, stream.rates
    held = events.stock.sum(axis=2) if internal else _children(events)
    entering = _entries(events, stream.entries[0], internal=internal)
    moving = rates.moving
    rows: list[dict[str, object]] = []
    for (a, band), (p, placement) in product(enumerate(AGE_BANDS), enumerate(PLACEMENTS)):
        numbers = {"children": held[a, p], "entries_annual": entering[a, p]}
        numbers |= dict(zip(LEAVING, rates.leaving.mean[a, p], strict=True))
        numbers |= {column: moving[a, p, q] for q, column in enumerate(MOVING.values()) if q != p}
        rounded = {name: round(float(value), 4) for name, value in numbers.items()}
        note = _COUNTED if internal else _MODELLED
        rows.append({"age_band": band, "placement": placement, "note": note, **rounded})
    return rows


_EXPECTED: Final = "exits: what these rates give in the next twelve months"
_RATES: Final = "rates: pooled, a year and child, by months in care"
_COUNTED: Final = f"children: counted; {_RATES}"
_MODELLED: Final = f"children: modelled within counted totals by age and by placement; {_RATES}"


def _children(events: Events) -> np.ndarray:
    """Return children (ages, placements) fitted to totals in which small counts are modelled."""
    stock, there = np.rint(events.stock.sum(axis=2)), events.exposure.sum(axis=2) + _SOME
    by_age, _ = privacy.modelled_where_hidden(stock.sum(axis=1), there.sum(axis=1))
    by_placement, _ = privacy.modelled_where_hidden(stock.sum(axis=0), there.sum(axis=0))
    fitted: np.ndarray = fit_table(by_age, by_placement, there)
    return fitted


def _entries(events: Events, annual: float, *, internal: bool) -> np.ndarray:
    """Return entries a year (ages, placements): those of all years in proportion, at the level of the newest years."""
    counts = events.entries.sum(axis=2)
    if not counts.sum() > 0 or not annual > 0:
        return np.zeros(counts.shape)
    new = events.exposure[:, :, 0] + _SOME
    if internal:
        entering: np.ndarray = counts + new / new.sum()
        return _to_total(entering, annual)
    by_age, by_placement = (
        privacy.modelled_where_hidden(np.rint(counts.sum(axis=axis)), new.sum(axis=axis))[0] for axis in (1, 0)
    )
    return _to_total(fit_table(by_age, by_placement, new), annual)


def _to_total(table: np.ndarray, total: float) -> np.ndarray:
    scaled: np.ndarray = table * (total / float(table.sum()))
    return scaled


def _who(events: Events, age: int, *, internal: bool) -> dict[str, float]:
    """Return who the children of an age are, as far as may be said: those who enter and those in care."""
    return _entering(events, age, internal=internal) | _in_care(events, age, internal=internal)


def _entering(events: Events, age: int, *, internal: bool) -> dict[str, float]:
    """Return the share of an age's entrants who are in the younger half of its band, drawn towards half of them."""
    younger, entered = events.younger[age], events.entries[age].sum()
    if not internal and 0 < min(younger, entered - younger) < privacy.SMALLEST_PUBLISHED:
        return {}
    return {YOUNGER: round(float((younger + 1) / (entered + 2)), 2)}


def _in_care(events: Events, age: int, *, internal: bool) -> dict[str, float]:
    """Return how long the children of an age have been in care, and how old they are."""
    by_care, there = events.stock[age].sum(axis=0), events.exposure[age].sum(axis=0)
    if by_care.sum() < (1 if internal else ENOUGH_FOR_A_MEAN):
        return {}
    said = {MEAN_AGE: round(float(events.mean_age[age]), 1)}
    if not internal:
        by_care, hidden = privacy.modelled_where_hidden(np.rint(by_care), there)
        if hidden.any() and by_care[hidden].sum() < privacy.SMALLEST_PUBLISHED:
            return said
    shares = by_care[:-1] / by_care.sum()
    return said | {column: round(float(share), 3) for column, share in zip(CARE_SHARES, shares, strict=True)}
