"""What of a saving is cashable: only what takes spending below the approved budget, in whole placements given up.

A reduction of growth that the budget never held is cost avoidance. So is any saving on a line without an approved
budget: nobody can give up what they do not hold. Costs that a scheme causes on other lines (an in-house placement
instead of an IFA one) take the nature of the saving they make possible, in the same proportion.
"""

from collections.abc import Mapping

import numpy as np

from model.case.draws import Floats
from model.case.records import Case
from model.case.words import AVOIDANCE, CASHABLE, GENERAL_FUND, RECURRING
from model.schemes.cashflows import CashFlows, Tag

ROUNDING_GUARD = 1e-9


def split_saving(  # noqa: PLR0913 - each is a separate fact about the money
    case: Case,
    do_nothing: Mapping[str, Floats],
    changed: Mapping[str, Floats],
    steps: Mapping[str, Floats],
    purses: Mapping[str, str],
    *,
    budget_growth_annual: Floats | float = 0.0,
    opening: Mapping[str, Floats] | None = None,
) -> CashFlows:
    """Return the saving on each line, split by nature. All arrays (months, draws), real pounds, spending positive.

    `do_nothing` and `changed` are spending by line in the two worlds; `steps` is the yearly cost of one whole contract
    step on a line, by financial year (years, draws); `purses` names the lines that the general fund does not pay for:
    money saved there is never cashable. `budget_growth_annual` (draws,): how fast budgets grow in real terms after the
    last year stated. `opening`: what the opening children of a line cost a year at each draw's prices, (draws,), as a
    budget that follows the opening caseload holds it. Natures are settled a financial year at a time.
    """
    timeline = case.timeline
    saving = {line: before - changed[line] for line, before in do_nothing.items()}
    yearly = {line: timeline.by_financial_year(amount) for line, amount in saving.items()}
    shape = next(iter(yearly.values())).shape
    cash, positive = np.zeros(shape), np.zeros(shape)
    share: dict[str, Floats] = {}
    growth = np.atleast_1d(np.asarray(budget_growth_annual, dtype=np.float64))
    for line, gross in yearly.items():
        purse = purses.get(line, GENERAL_FUND)
        held = _budget_real(case, line, growth, opening or {}) if purse == GENERAL_FUND else None
        below = _below_budget(held, timeline.by_financial_year(do_nothing[line]), gross)
        below = _whole_steps(below, steps.get(line))
        share[line] = np.divide(below, gross, out=np.zeros(shape), where=gross > 0)
        cash += np.where(gross > 0, below, 0)
        positive += np.maximum(gross, 0)
    common = np.divide(cash, positive, out=np.zeros(shape), where=positive > 0)
    flows = CashFlows()
    for line, amount in saving.items():
        if not amount.any():
            continue
        cashable = amount * np.where(yearly[line] > 0, share[line], common)[timeline.year_index]
        purse = purses.get(line, GENERAL_FUND)
        natures = {CASHABLE: cashable, AVOIDANCE: amount - cashable}
        flows += CashFlows({Tag(line, nature, RECURRING, purse): part for nature, part in natures.items()})
    return flows


def _below_budget(budget: Floats | None, before: Floats, saving: Floats) -> Floats:
    """Return the part of a yearly saving that lies below the approved budget, (years, draws)."""
    if budget is None:
        return np.zeros_like(saving)
    return np.clip(np.minimum(budget, before) - (before - saving), 0, np.maximum(saving, 0))


def _whole_steps(amount: Floats, step: Floats | None) -> Floats:
    if step is None:
        return amount
    whole = np.floor(np.divide(amount, step, out=np.zeros_like(amount), where=step > 0) + ROUNDING_GUARD) * step
    return np.where(step > 0, np.minimum(whole, amount), amount)


def _budget_real(case: Case, line: str, growth: Floats, opening: Mapping[str, Floats]) -> Floats | None:
    """Return the approved budget of a line by year in real pounds, (years, draws or 1); None where there is none.

    The plan is in cash; years after its last carry that year's budget on, with real growth a year (none: a base budget
    keeps up with prices and no more); years before its first hold nothing. A year of which the case covers a part holds
    that part. A budget that follows the opening caseload holds what those children cost at the draw's own prices.
    """
    stated = {b.financial_year: b for b in case.approved_budget if b.line == line}
    if not stated:
        return None
    index = case.reference.indices[case.conventions.price_index]
    real = {
        year: opening[line]
        if b.follows and line in opening
        else np.array([b.value_gbp * index.at(case.price_base) / index.at(year)])
        for year, b in stated.items()
    }
    last = max(real)
    rows = []
    inside = np.round(case.timeline.by_financial_year(case.timeline.year_share), 12)  # of a first year cut short
    for year, share in zip(case.timeline.financial_years, inside, strict=True):
        held = share * real.get(year, real[last] if year > last else np.zeros(1))
        rows.append(held * (1 + growth) ** max(0, int(year[:4]) - int(last[:4])))
    budget: Floats = np.stack(np.broadcast_arrays(*rows))
    return budget
