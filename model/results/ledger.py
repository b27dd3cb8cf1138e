"""What the model spends on placements in its first year beside what the council's accounts say was spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.case.units import to_price_base
from model.case.words import CENTRAL
from model.results.annual import tidy_frame

if TYPE_CHECKING:
    import pandas as pd

    from model.case.records import Case

COLUMNS = ("statement", "financial_year", "published_gbp", "in_price_base_gbp", "modelled_gbp", "difference_gbp",
           "modelled_share", "source", "note")  # fmt: skip


def ledger_frame(case: Case, costs: pd.DataFrame) -> pd.DataFrame:
    """Return a row per published figure: in its own cash, in the case's price base, and what is modelled for it.

    `costs`: placement, financial_year, statistic, value_gbp, real, if nothing is done. Modelled is the central first
    year; the difference is modelled less published, and `modelled_share` the one over the other.
    """
    first = costs[(costs["statistic"] == CENTRAL) & (costs["financial_year"] == case.timeline.financial_years[0])]
    modelled = dict(zip(first["placement"], first["value_gbp"].astype(float), strict=True))
    index, parts = case.reference.indices[case.conventions.price_index], []
    for row in case.ledger:
        published = to_price_base(row.value_gbp, index, row.financial_year, case.price_base)
        spent = sum(modelled[placement] for placement in row.placements)
        numbers = (row.value_gbp, published, spent, spent - published, spent / published)
        values = (row.statement, row.financial_year, *numbers, row.source, row.note)
        parts.append(dict(zip(COLUMNS, values, strict=True)))
    return tidy_frame(COLUMNS, parts)
