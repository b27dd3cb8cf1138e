"""From counted events to the rows of `caseload.csv`: who is in care, who enters, at which rates they leave and move.

What may be published is made of protected events (`privacy`); rates are pooled, so that they are nobody's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from model.case.parameters import AGE_BANDS, PLACEMENTS
from model.case.reading.case_tables import CARE_SHARES, LEAVING, MEAN_AGE, MOVING, YOUNGER
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
_SOME: Final = 0.01  # child-years: weight of a cell in which nobody has been, so that totals can always be fitted
_RATES: Final = "rates: pooled, a year and child, by months in care"
_WHO: Final = "who the children are: from their dates"
_SHOWN: Final = "totals: none of one to five; entries, rates and what they rest on to the nearest five (privacy)"


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
    """Return ``caseload.csv``: for each stream the rates of its cells, and who is in care and enters.

    ``internal``: children and entries of each age and placement; else their totals alone, which reading joins again.
    """
    rows = [_rows(stream, internal=internal).assign(stream=stream.name) for stream in streams]
    return pd.concat(rows, ignore_index=True).assign(source=source).reindex(columns=list(COLUMNS))


def _rows(stream: Stream, *, internal: bool) -> pd.DataFrame:
    grid = pd.MultiIndex.from_product([AGE_BANDS, PLACEMENTS], names=["age_band", "placement"])
    elsewhere = np.where(np.eye(len(PLACEMENTS), dtype=bool), np.nan, stream.rates.moving)
    rates = np.concatenate([stream.rates.leaving, elsewhere], axis=2).reshape(len(grid), -1).round(4)
    cells = pd.DataFrame(rates, index=grid, columns=[*LEAVING, *MOVING.values()]).reset_index().assign(note=_RATES)
    ages = _who(stream.events).assign(age_band=AGE_BANDS, placement="all", note=_WHO)
    held, entering = stream.events.stock.sum(axis=2), _entries(stream.events, stream.entries[0])
    if internal:
        return pd.concat([cells.assign(children=held.round(4).ravel(), entries_annual=entering.round(4).ravel()), ages])
    ages = ages.assign(children=held.sum(axis=1).round(4), entries_annual=entering.sum(axis=1).round(4))
    placements = pd.DataFrame({"age_band": "all", "placement": PLACEMENTS, "note": _SHOWN})
    placements = placements.assign(children=held.sum(axis=0).round(4), entries_annual=entering.sum(axis=0).round(4))
    return pd.concat([cells, ages, placements])


def _entries(events: Events, annual: float) -> np.ndarray:
    """Return entries a year (ages, placements): those of all years in proportion, at the level of the newest years."""
    counts = events.entries.sum(axis=2)
    if not counts.sum() > 0 or not annual > 0:
        return np.zeros(counts.shape)
    new = events.exposure[:, :, 0] + _SOME
    entering = counts + new / new.sum()
    scaled: np.ndarray = entering * (annual / float(entering.sum()))
    return scaled


def _who(events: Events) -> pd.DataFrame:
    """Return who the children of each age are, as far as it is known: those who enter and those in care.

    The share of the entrants in the younger half of the band is drawn towards half of them.
    """
    by_care = events.stock.sum(axis=1)
    there = by_care.sum(axis=1, keepdims=True)
    known = (there > 0) & ~np.isnan(events.mean_age)[:, None]
    shares = np.divide(by_care, there, out=np.full(by_care.shape, np.nan), where=known)[:, :-1]
    frame = pd.DataFrame(shares.round(3), columns=list(CARE_SHARES))
    young = (events.younger + 1) / (events.entries.sum(axis=(1, 2)) + 2)
    return frame.assign(**{MEAN_AGE: np.where(known[:, 0], events.mean_age, np.nan).round(1), YOUNGER: young.round(2)})
