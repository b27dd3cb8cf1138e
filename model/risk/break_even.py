"""What would pay for a programme that was never meant to pay for itself: fewer entries, or a saving every year."""

from typing import Final, NamedTuple

import numpy as np

from model.case.draws import central, with_values
from model.case.records import Case
from model.money.appraisal import discount_factors, present_value
from model.money.portfolio import evaluate

ENTRIES: Final = "caseload.entries_multiplier"
TRIED: Final = np.linspace(0, 0.9, 10)  # shares of all entries that might not happen; what they save is near a line


class Payers(NamedTuple):
    """What would make good a loss, central, real: either of the two.

    `entries_share`: of all entries, of every age, that do not happen from the start, besides what the schemes prevent;
    None = more than nine in ten. `annual_gbp`: pounds saved every year.
    """

    entries_share: float | None
    annual_gbp: float


def payers(case: Case, npv_gbp: float) -> Payers:
    """Return what would make good an NPV below zero (pounds).

    A child who does not enter saves what do-nothing spends on it: placement, entry and leaving, discounted.
    """
    start = central(case)
    fewer = with_values(start, {ENTRIES: start[ENTRIES][0] * (1 - TRIED)})
    factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
    spent = present_value(evaluate(case, fewer, cells=False).total_spending(), factors)
    saved, lost = spent[0] - spent, max(0.0, -npv_gbp)
    share = float(np.interp(lost, saved, TRIED)) if lost <= saved[-1] else None
    return Payers(entries_share=share, annual_gbp=lost / float(factors.sum()) * 12)
