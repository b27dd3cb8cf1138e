"""Which purse pays, year by year: the reserve, the base budget, grants; and the plan's year-on-year changes.

Everything is nominal: budgets are cash. Financing stays outside the NPV.

* The base budget carries what recurs and the general fund pays: investment after `reserve_until`, less cashable saving.
  It holds the approved establishment, as councils budget; what empty posts leave unspent is a one-off underspend of the
  year. On the basis `expected` it holds what is expected to be spent.
* The reserve carries the part-year cost up to the end of the financial year of `reserve_until`, and what is charged to
  it in any case: teams that would end anyway, and posts filled on fixed terms. Ending such a team releases reserve, not
  base budget; making such a post permanent moves it from the reserve to the base budget and spends nothing new.
* Cost avoidance is spending that no budget held: it changes spending, never the base budget.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from model.case.draws import Draws, Floats
from model.case.records import Case, in_cash
from model.case.timeline import financial_year
from model.case.words import (
    APPROVED,
    AVOIDANCE,
    CAPITAL,
    GENERAL_FUND,
    INCOME,
    INTERACTION,
    INVESTMENT,
    ONE_OFF,
    RESERVE,
    WHOLE,
)
from model.money.portfolio import Evaluation
from model.schemes import make_scheme
from model.schemes.cashflows import Tag
from model.schemes.placements import CAPITAL_LINE
from model.schemes.staff.posts import already_paid, underspend

BASE_BUDGET, RESERVE_FUNDED, OTHER_FUNDED = "base_budget", "reserve_funded", "grant_or_partner_funded"
ONE_OFFS, AVOIDED, NET = "one_off", "cost_avoidance", "net"
PRESSURE, SAVING = "pressure", "saving"
FIXED_TERM_POSTS = "Posts on fixed terms made permanent"
UNFILLED_POSTS = "Approved posts, beyond what is expected to be spent on them"
SPARED = {FIXED_TERM_POSTS: RESERVE_FUNDED, UNFILLED_POSTS: ONE_OFFS}  # the purse that pays less in their place
TOGETHER = "Cashable only by schemes together, less overlap"

CARRIED, RELEASED, IMPLEMENTATION, RESERVE_ONE_OFFS = "carried", "released", "implementation", "one_offs"
RESERVE_FLOWS = (CARRIED, RELEASED, IMPLEMENTATION, RESERVE_ONE_OFFS)
OPENING, COMMITMENTS, ADVANCE, SHORTFALL, CLOSING = "opening", "commitments", "loan_advance", "shortfall", "closing"
BEFORE_TOP_UP = "before_top_up"
RESERVE_ITEMS = (OPENING, COMMITMENTS, *RESERVE_FLOWS, ADVANCE, SHORTFALL, CLOSING, BEFORE_TOP_UP)
INTEREST, REPAYMENT, UNSPENT = "interest", "repayment", "unspent"
HALF_A_PENNY = 0.005


def reserve_pays(case: Case, year: str) -> bool:
    """Whether a financial year's implementation cost is still the reserve's: budgets start in April, so whole years."""
    until = case.funding.reserve_until
    return until is not None and year <= financial_year(until)


def purse_of(case: Case, tag: Tag, year: str) -> str:
    """Return the bucket that a line falls in, in a financial year."""
    if tag.recurrence == ONE_OFF:
        return ONE_OFFS
    if tag.funding == RESERVE:
        return RESERVE_FUNDED
    if tag.funding != GENERAL_FUND:
        return OTHER_FUNDED
    if tag.nature == AVOIDANCE:
        return AVOIDED
    return RESERVE_FUNDED if tag.nature == INVESTMENT and reserve_pays(case, year) else BASE_BUDGET


def reserve_flows(evaluation: Evaluation) -> dict[str, Floats]:
    """Return what the reserve pays and is spared by month, nominal, each (months, draws) and positive.

    `carried`: what it pays in the do-nothing world, and so in every scenario, whichever schemes act in it. `released`:
    the part of that which ends, or moves to the base budget, because of those that act. `implementation`: the schemes'
    recurring cost while the reserve pays it. `one_offs` likewise.
    """
    case = evaluation.case
    early = _early(case)[:, None]
    out = {name: np.zeros(evaluation.setting.shape) for name in RESERVE_FLOWS}
    for spec in case.schemes:
        scheme = make_scheme(spec)
        if RESERVE not in scheme.purses.values():
            continue
        for line, (before, after) in scheme.spending(evaluation.setting).items():
            if scheme.purses.get(line) == RESERVE:
                out[CARRIED] += before
                out[RELEASED] += (before - after) * spec.active
    out[CARRIED] += already_paid(evaluation.setting, case.schemes)
    out[RELEASED] += np.where(early, 0.0, already_paid(evaluation.setting, case.active_schemes))
    for flows in evaluation.perimeters[WHOLE].flows.values():
        for tag, amount in flows:
            if tag.nature == INVESTMENT and tag.funding in {GENERAL_FUND, RESERVE}:
                item = RESERVE_ONE_OFFS if tag.recurrence == ONE_OFF else IMPLEMENTATION
                out[item] -= np.where(early | (tag.funding == RESERVE), amount, 0.0)
    return {name: amount * in_cash(case)[:, None] for name, amount in out.items()}


def fixed_term_posts(evaluation: Evaluation) -> Floats:
    """Return what posts on fixed terms cost after the base budget takes them on, while they would still have been paid.

    Nominal, by financial year, (years, draws), positive: new base budget, but not new spending.
    """
    return _in_base_budget(evaluation.case, already_paid(evaluation.setting, evaluation.case.active_schemes))


def unspent(evaluation: Evaluation) -> Floats:
    """Return what the base budget holds for approved posts beyond what is spent on them: nominal, (years, draws)."""
    held = evaluation.case.funding.budget_basis == APPROVED
    left = underspend(evaluation.setting) if held else np.zeros(evaluation.setting.shape)
    return _in_base_budget(evaluation.case, left)


def _in_base_budget(case: Case, real: Floats) -> Floats:
    """Return a real amount, (months, draws), in cash by financial year, without the years that the reserve pays for."""
    later = ~_early(case) * in_cash(case)
    return case.timeline.by_financial_year(later[:, None] * real)


def share_out(
    case: Case, lines: Mapping[Tag, Floats], moved: Mapping[str, Floats]
) -> tuple[dict[str, Floats], dict[tuple[str, str], Floats]]:
    """Share nominal lines, tag -> (years, n), among the purses; return those, and the lines of the base budget.

    `purses`: bucket -> amount, positive favours the council; they sum to the net of the lines, as each line of each
    year is in one purse only: pennies in are the same pennies out. Of the base budget: (pressure or saving, line) ->
    its part. `moved`: what else the base budget takes on by year: posts on `FIXED_TERM_POSTS`, and what is `unspent`
    on `UNFILLED_POSTS`.
    """
    years = case.timeline.financial_years
    shape = next(iter(moved.values())).shape
    purses = {name: np.zeros(shape) for name in (BASE_BUDGET, RESERVE_FUNDED, OTHER_FUNDED, ONE_OFFS, AVOIDED)}
    base_lines: dict[tuple[str, str], Floats] = {}
    for tag, amount in lines.items():
        line = TOGETHER if tag.line == INTERACTION else tag.line
        key = (PRESSURE if tag.nature == INVESTMENT else SAVING, line)
        for i, year in enumerate(years):
            purse = purse_of(case, tag, year)
            purses[purse][i] += amount[i]
            if purse == BASE_BUDGET:
                base_lines.setdefault(key, np.zeros(shape))[i] += amount[i]
    for name, amount in moved.items():
        if amount.any():
            base_lines[PRESSURE, name] = -amount
            purses[BASE_BUDGET] -= amount
            purses[SPARED[name]] += amount
    purses[NET] = sum(purses.values(), np.zeros(shape))
    return purses, base_lines


def run_reserve(case: Case, flows: Mapping[str, Floats], draws: Draws) -> dict[str, Floats]:
    """Run the reserve down month by month: item -> (months, draws), nominal.

    opening - commitments - carried + released - implementation - one-offs + loan advance + shortfall = closing. It
    pays only what there is above its minimum; the shortfall is what has to be found elsewhere, and is said. A loan,
    where there is one, pays its share of implementation and one-offs. `before_top_up` is the closing balance less every
    shortfall so far: what would be left, or owed, had nobody found it.
    """
    months = case.timeline.months
    items = {name: np.zeros((months, draws.n)) for name in RESERVE_ITEMS} | {k: flows[k] for k in RESERVE_FLOWS}
    cash = float(in_cash(case)[0])  # balances and commitments are cash, whatever base they are stated in
    lasting = _early(case) if case.funding.reserve_until else np.ones(months)  # until the reserve's own end, if any
    by_days = (case.timeline.year_share * lasting)[:, None]
    items[COMMITMENTS] = by_days * draws.optional("reserve.commitments_annual", 0.0) * cash
    items[ADVANCE] = draws.optional("loan.share", 0.0) * (flows[IMPLEMENTATION] + flows[RESERVE_ONE_OFFS])
    wanted = items[COMMITMENTS] + flows[CARRIED] - flows[RELEASED] + flows[IMPLEMENTATION] + flows[RESERVE_ONE_OFFS]
    wanted = wanted - items[ADVANCE]
    balance, minimum = (cash * draws.optional(f"reserve.{name}", 0.0) for name in ("opening", "minimum"))
    for month in range(months):
        items[OPENING][month] = balance
        paid = np.minimum(wanted[month], np.maximum(balance - minimum, 0.0))
        items[SHORTFALL][month] = wanted[month] - paid
        balance = balance - paid
        items[CLOSING][month] = balance
    items[BEFORE_TOP_UP] = items[CLOSING] - np.cumsum(items[SHORTFALL], axis=0)
    return items


def without_schemes(flows: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the reserve's flows of the do-nothing world: what it carries in any case."""
    return {name: amount if name == CARRIED else np.zeros_like(amount) for name, amount in flows.items()}


def _early(case: Case) -> NDArray[np.bool_]:
    """Return the months of the years that the reserve pays for, (months,)."""
    return np.array([reserve_pays(case, year) for year in case.timeline.financial_years])[case.timeline.year_index]


def reserve_by_year(case: Case, monthly: Mapping[str, Floats]) -> dict[str, Floats]:
    """Sum a statement's flows over each year; opening is its first month's, and balances at its end its last's."""
    index = case.timeline.year_index
    years = np.arange(len(case.timeline.financial_years))
    first, last = np.searchsorted(index, years), np.searchsorted(index, years, side="right") - 1
    ends = {OPENING: first, CLOSING: last, BEFORE_TOP_UP: last}
    return {n: a[ends[n]] if n in ends else case.timeline.by_financial_year(a) for n, a in monthly.items()}


def first_short_month(shortfall: Floats) -> Floats:
    """Return the first month in which the reserve could not pay (0 = the first), (draws,); nan if it always could."""
    short = shortfall > HALF_A_PENNY
    return np.where(short.any(axis=0), short.argmax(axis=0).astype(np.float64), np.nan)


def run_loan(case: Case, advances: Floats, draws: Draws) -> dict[str, Floats]:
    """Run an internal invest-to-save loan by financial year: opening, advance, interest, repayment, closing.

    Each year's advance is a loan of its own: interest accrues on its opening balance, and from
    `loan.first_repayment_years` after it on, `loan.years` equal payments clear what is then owed, with interest. What
    falls due after the last year is still owed at its end. Empty where the case has no loan. Outside the NPV.
    """
    if "loan.share" not in draws or not draws["loan.share"].any():
        return {}
    advanced = case.timeline.by_financial_year(advances)
    wait = draws.optional("loan.first_repayment_years", 1.0)
    return _repaid(advanced, draws["loan.interest_annual"], draws["loan.years"], wait)


def run_borrowing(lines: Mapping[Tag, Floats], draws: Draws) -> dict[str, Floats]:
    """Return the borrowing that capital, less its grants, is paid from: loans, each repaid from the year after it on.

    Empty where the case borrows nothing. Outside the NPV, which counts capital in full when it is paid.
    """
    capital = [amount for tag, amount in lines.items() if tag.funding == CAPITAL]
    if "borrowing.years" not in draws or not capital:
        return {}
    grants = [amount for tag, amount in lines.items() if tag.line == CAPITAL_LINE and tag.nature == INCOME]
    advanced = -sum([*capital, *grants], np.zeros_like(capital[0]))
    return _repaid(advanced, draws["borrowing.interest_annual"], draws["borrowing.years"], np.ones(advanced.shape[1]))


def _repaid(advanced: Floats, rate: Floats, years: Floats, wait: Floats) -> dict[str, Floats]:
    """Return a statement, item -> (years, draws), of yearly advances, each repaid from `wait` years after it."""
    items = {name: np.zeros_like(advanced) for name in (OPENING, ADVANCE, INTEREST, REPAYMENT, CLOSING)}
    items[ADVANCE] = advanced
    for lent, amount in enumerate(advanced):
        begins, balance, level = lent + np.maximum(wait, 1.0), amount, np.zeros_like(amount)
        items[CLOSING][lent] += balance
        for year in range(lent + 1, len(advanced)):
            interest = balance * rate
            level = np.where((begins > year - 1) & (begins <= year), annuity(balance, rate, years), level)
            due = np.where((year >= begins) & (year < begins + years), level, 0.0)
            paid = np.minimum(due, balance + interest)
            items[OPENING][year] += balance
            items[INTEREST][year] += interest
            items[REPAYMENT][year] += paid
            balance = balance + interest - paid
            items[CLOSING][year] += balance
    return items


def annuity(owed: Floats, rate_annual: Floats, years: Floats) -> Floats:
    """Return the equal yearly payment, at the end of each year, that clears a debt: owed x r / (1 - (1 + r)^-years)."""
    growth = (1 + rate_annual) ** -years
    level = np.divide(rate_annual, 1 - growth, out=1 / np.maximum(years, 1.0), where=rate_annual > 0)
    return np.asarray(owed * level)


def year_on_year(amount: Floats) -> Floats:
    """Return the change on the year before, (years, draws); the first year is a change on nothing."""
    return np.diff(amount, axis=0, prepend=0.0)
