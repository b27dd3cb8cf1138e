"""Posts and rotas: what the rows of `establishment.csv` cost, month by month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.cashflows import INVESTMENT, RECURRING, CashFlows, Tag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from model.case_types import Case, Post, SchemeSpec
    from model.schemes.base import Setting

STAFF, ON_CALL = "Staff", "On-call rota"
BY_DAY = "day"
DAYS_IN_A_PRINTED_YEAR = 365


def charged_posts(case: Case, scheme: str) -> tuple[tuple[Post, float], ...]:
    """Return the rows whose money a scheme carries, each with its sign: -1 where another scheme's row is carved out.

    A memo row (`included_in`) adds nothing, but if it is charged to another scheme than its parent, the money moves.
    Whether it moves or comes on top can hang on a switch (`included_when`), which `staff_costs` applies.
    """
    by_id = {post.id: post for post in case.establishment}
    charged: list[tuple[Post, float]] = []
    for post in case.establishment:
        if not post.included_in:
            if post.charged_to == scheme:
                charged.append((post, 1.0))
            continue
        parent = by_id[post.included_in]
        if post.charged_to == parent.charged_to:
            continue
        if post.charged_to == scheme:
            charged.append((post, 1.0))
        elif parent.charged_to == scheme:
            charged.append((post, -1.0))
    return tuple(charged)


def filled_share(setting: Setting, elapsed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of new posts filled in each month, from months elapsed at its end. (months, draws).

    Posts fill evenly over `establishment.months_to_fill`, up to all but the usual vacancies
    (`establishment.vacancy_share`); with no time to fill and no vacancy everyone is in post from the first day.
    """
    months_to_fill = setting.value("establishment.months_to_fill")
    vacancy = setting.value("establishment.vacancy_share")
    active = np.clip(elapsed, 0, 1)
    middle = elapsed - active / 2
    ramp = np.divide(middle, months_to_fill, out=np.ones_like(middle), where=months_to_fill > 0)
    share: NDArray[np.float64] = active * np.clip(ramp, 0, 1) * (1 - vacancy)
    return share


def staff_costs(setting: Setting, scheme: SchemeSpec, delay: NDArray[np.float64]) -> CashFlows:
    """Return the investment lines of the posts charged to a scheme, real pounds, (months, draws), negative for a cost.

    amount = printed annual cost x share of the year x posts filled x real pay growth. A row by the day counts real
    days (365 or 366) and is filled at once. A printed cost is a net change: one row may save.
    """
    total = CashFlows()
    for post, sign in charged_posts(setting.case, scheme.name):
        amount = sign * _cost(setting, post, scheme, delay)
        if post.included_when and sign < 0:
            amount = amount * setting.value(post.included_when)
        line = ON_CALL if post.basis == BY_DAY else STAFF
        total += CashFlows({Tag(line, INVESTMENT, RECURRING, post.funding): -amount})
    return total


def _cost(setting: Setting, post: Post, scheme: SchemeSpec, delay: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what a row costs, (months, draws), at its own start or else that of the scheme it is charged to."""
    owner = setting.case.scheme(post.charged_to)
    if owner.name != scheme.name:
        delay = setting.optional(f"{owner.name}.delay", 0.0)
    elapsed = setting.elapsed(post.start or owner.start, delay)
    if post.basis == BY_DAY:
        return np.clip(elapsed, 0, 1) * setting.daily * (post.change_annual_cost_gbp / DAYS_IN_A_PRINTED_YEAR)
    share = filled_share(setting, elapsed) if post.recruited else np.clip(elapsed, 0, 1)
    if post.already_filled_months:
        share = share * np.clip(elapsed - setting.value(post.already_filled_months), 0, 1)
    pay = setting.real_growth("growth.pay_real_annual")
    return share * setting.annual * pay * post.change_annual_cost_gbp
