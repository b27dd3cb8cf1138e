"""From counted events to the rows of `caseload.csv`: who is in care, who enters, at which rates they leave and move.

What may be published is made of protected events (`privacy`); rates are pooled, so that they are nobody's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import pandas as pd

from model.case.parameters import AGE_18, AGE_BANDS, PLACEMENTS
from model.case.reading.case_tables import CARE_SHARES, LEAVING, MEAN_AGE, MOVING, YOUNGER
from model.case.records import CaseloadRow
from model.children.expected import project
from model.children.law import EVEN_SHARE_8_9, INPUT_AGE_OF
from model.children.levers import Drivers
from model.children.opening import Stream as Settled
from model.children.stated import stream_as_stated
from model.demand.authority import CASELOAD_COLUMNS
from model.demand.levels import entry_level
from model.demand.rates import Events, Rates

COLUMNS: Final = (
    *CASELOAD_COLUMNS[:-2],
    *LEAVING,
    *MOVING.values(),
    *CARE_SHARES,
    MEAN_AGE,
    YOUNGER,
    *CASELOAD_COLUMNS[-2:],
)
Seed = Mapping[tuple[str, str], float]
"""Reference weights of placements by age: (age band, placement) to weight."""
_SOME: Final = 0.01  # child-years: weight of a cell in which nobody has been, so that totals can always be fitted


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


def caseload_frame(streams: Sequence[Stream], source: str, seed: Seed, *, internal: bool) -> pd.DataFrame:
    """Return ``caseload.csv``: for each stream its rates, its ages, and what the law itself lets leave.

    ``internal``: children and entries of each age and placement; else their totals alone (`seed` joins them again).
    """
    rows = [{"stream": s.name} | row for s in streams for row in _stream_rows(s, seed, internal=internal)]
    return pd.DataFrame(rows).assign(source=source).reindex(columns=list(COLUMNS))


def _stream_rows(stream: Stream, seed: Seed, *, internal: bool) -> list[dict[str, object]]:
    held, entering = stream.events.stock.sum(axis=2), _entries(stream.events, stream.entries[0])
    cells = _cells(stream.rates)
    ages = [
        {"age_band": band, "placement": "all", "note": _EXPECTED, **_who(stream.events, a)}
        for a, band in enumerate(AGE_BANDS)
    ]
    placements: list[dict[str, object]] = [{"age_band": "all", "placement": p, "note": _SHOWN} for p in PLACEMENTS]
    if internal:
        _state(cells, held, entering)
    else:
        _state(ages, held.sum(axis=1), entering.sum(axis=1))
        _state(placements, held.sum(axis=0), entering.sum(axis=0))
    rows = [*cells, *ages, *([] if internal else placements)]
    leaving, at_18 = _first_year(stream_as_stated([_record(row) for row in rows], EVEN_SHARE_8_9, seed))
    for row, exits in zip(ages, leaving, strict=True):
        row["exits_annual"] = round(float(exits), 3)
    last = {"age_band": AGE_18, "placement": "all", "exits_annual": round(at_18, 3), "note": _EXPECTED}
    return [*rows, last]


def _state(rows: list[dict[str, object]], children: np.ndarray, entries: np.ndarray) -> None:
    """Write children and entries into their rows."""
    for row, held, entering in zip(rows, children.ravel(), entries.ravel(), strict=True):
        row |= {"children": round(float(held), 4), "entries_annual": round(float(entering), 4)}


def _first_year(stream: Settled) -> tuple[np.ndarray, float]:
    """Return the exits before 18 by input age, and those at 18, that the law gives in twelve months."""
    one = Drivers(entry_scale=np.ones((12, 1)), exit_scale=np.ones(1))
    year = project(stream, one).projection
    exits = np.bincount(INPUT_AGE_OF, weights=year.cells["exit"].sum(axis=(0, 2)))
    at_18 = float(year.exits_at_18.sum())
    exits[-1] -= at_18
    return exits, at_18


def _record(row: Mapping[str, object]) -> CaseloadRow:
    def numbers(names: Iterable[str]) -> tuple[float, ...]:
        return tuple(float(row[name]) for name in names if name in row)  # type: ignore[arg-type]

    def number(name: str) -> float | None:
        return next(iter(numbers([name])), None)

    return CaseloadRow(
        age_band=str(row["age_band"]), placement=str(row["placement"]), children=number("children"),
        entries_annual=number("entries_annual"), exits_annual=None, mean_age_months=number(MEAN_AGE),
        leaving_rates=numbers(LEAVING), care_shares=numbers(CARE_SHARES), entries_younger_share=number(YOUNGER),
        moving_rates={p: numbers([c])[0] for p, c in MOVING.items() if c in row},
    )  # fmt: skip


def _cells(rates: Rates) -> list[dict[str, object]]:
    """Return rows of one age and placement with their rates."""
    rows: list[dict[str, object]] = []
    for (a, band), (p, placement) in product(enumerate(AGE_BANDS), enumerate(PLACEMENTS)):
        numbers = dict(zip(LEAVING, rates.leaving[a, p], strict=True))
        numbers |= {column: rates.moving[a, p, q] for q, column in enumerate(MOVING.values()) if q != p}
        rounded = {name: round(float(value), 4) for name, value in numbers.items()}
        rows.append({"age_band": band, "placement": placement, "note": _RATES, **rounded})
    return rows


_EXPECTED: Final = "exits: what these rates give in the next twelve months"
_RATES: Final = "rates: pooled, a year and child, by months in care"
_SHOWN: Final = "totals: none of one to five; entries, rates and what they rest on to the nearest five (privacy)"


def _entries(events: Events, annual: float) -> np.ndarray:
    """Return entries a year (ages, placements): those of all years in proportion, at the level of the newest years."""
    counts = events.entries.sum(axis=2)
    if not counts.sum() > 0 or not annual > 0:
        return np.zeros(counts.shape)
    new = events.exposure[:, :, 0] + _SOME
    entering = counts + new / new.sum()
    scaled: np.ndarray = entering * (annual / float(entering.sum()))
    return scaled


def _who(events: Events, age: int) -> dict[str, float]:
    """Return who the children of an age are, as far as it is known: those who enter and those in care.

    The share of the entrants in the younger half of the band is drawn towards half of them.
    """
    said = {YOUNGER: round(float((events.younger[age] + 1) / (events.entries[age].sum() + 2)), 2)}
    by_care = events.stock[age].sum(axis=0)
    if not by_care.sum() > 0 or np.isnan(events.mean_age[age]):
        return said
    shares = zip(CARE_SHARES, by_care[:-1] / by_care.sum(), strict=True)
    said |= {column: round(float(share), 3) for column, share in shares}
    return said | {MEAN_AGE: round(float(events.mean_age[age]), 1)}
