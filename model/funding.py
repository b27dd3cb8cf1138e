"""Which purse pays, year by year: the reserve, the base budget, grants; and the plan's year-on-year changes.

Everything is nominal: budgets are cash. Financing stays outside the NPV.

* The base budget carries what recurs and the general fund pays: investment after `reserve_until`, cashable savings.
* The reserve carries the part-year cost up to `reserve_until`, and what is already charged to it.
* Cost avoidance is spending that no budget held: it changes spending, never the base budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.cashflows import AVOIDANCE, GENERAL_FUND, INVESTMENT, ONE_OFF, RESERVE, Tag
from model.timeline import financial_year

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from model.case_types import Case
    from model.draws import Draws

BASE_BUDGET, RESERVE_FUNDED, OTHER_FUNDED = "base_budget", "reserve_funded", "grant_or_partner_funded"
ONE_OFFS, AVOIDED, NET = "one_off", "cost_avoidance", "net"


@dataclass(frozen=True, kw_only=True)
class Funding:
    """Nominal pounds by financial year, each (years, draws).

    `purses`: bucket -> amount, positive favours the council; the buckets sum to the net of the nominal annual lines.
    `base_lines`: line -> its part of the base budget. `reserve`: item -> amount, as a reserve statement reads.
    """

    purses: Mapping[str, NDArray[np.float64]]
    base_lines: Mapping[str, NDArray[np.float64]]
    reserve: Mapping[str, NDArray[np.float64]]


def purse_of(case: Case, tag: Tag, year: str) -> str:
    """Return the bucket that a line falls in, in a financial year."""
    if tag.nature == AVOIDANCE:
        return AVOIDED
    if tag.recurrence == ONE_OFF:
        return ONE_OFFS
    if tag.funding == RESERVE:
        return RESERVE_FUNDED
    if tag.funding != GENERAL_FUND:
        return OTHER_FUNDED
    until = case.funding.reserve_until
    if tag.nature == INVESTMENT and until is not None and year <= financial_year(until):
        return RESERVE_FUNDED
    return BASE_BUDGET


def fund(case: Case, lines: Mapping[Tag, NDArray[np.float64]], draws: Draws) -> Funding:
    """Share nominal annual lines, tag -> (years, draws), among the purses, and run the reserve down."""
    years = case.timeline.financial_years
    shape = (len(years), draws.n)
    purses = {name: np.zeros(shape) for name in (BASE_BUDGET, RESERVE_FUNDED, OTHER_FUNDED, ONE_OFFS, AVOIDED)}
    base_lines: dict[str, NDArray[np.float64]] = {}
    for tag, amount in lines.items():
        for i, year in enumerate(years):
            purse = purse_of(case, tag, year)
            purses[purse][i] += amount[i]
            if purse == BASE_BUDGET:
                base_lines.setdefault(tag.line, np.zeros(shape))[i] += amount[i]
    purses[NET] = sum(purses.values(), np.zeros(shape))
    return Funding(purses=purses, base_lines=base_lines, reserve=_reserve(case, purses[RESERVE_FUNDED], draws))


def _reserve(case: Case, funded: NDArray[np.float64], draws: Draws) -> dict[str, NDArray[np.float64]]:
    """Run the reserve down: opening - commitments - draw = closing; what falls below the minimum is a shortfall.

    The reserve pays only for what there is above its minimum; the rest has to be found elsewhere and is said.
    """
    years = len(case.timeline.financial_years)
    items = {name: np.zeros((years, draws.n)) for name in ("opening", "commitments", "draw", "shortfall", "closing")}
    balance, minimum = draws["reserve.opening"], draws["reserve.minimum"]
    for i in range(years):
        wanted_commitments, wanted = draws["reserve.commitments_annual"], -funded[i]
        free = np.maximum(balance - minimum, 0)
        committed = np.minimum(wanted_commitments, free)
        drawn = np.minimum(wanted, free - committed)
        items["opening"][i], items["commitments"][i], items["draw"][i] = balance, committed, drawn
        items["shortfall"][i] = wanted - drawn + wanted_commitments - committed
        balance = balance - committed - drawn
        items["closing"][i] = balance
    return items


def year_on_year(amount: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the change on the year before, (years, draws); the first year is a change on nothing."""
    return np.diff(amount, axis=0, prepend=0.0)
