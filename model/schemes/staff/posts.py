"""Posts and rotas: what the rows of `establishment.csv` cost, month by month."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from model.case import units
from model.case.records import Case, Post, SchemeSpec
from model.case.words import AGENCY, BOTTOM_UP, DAY, GENERAL_FUND, INVESTMENT, ONE_OFF, RECURRING
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.setting import Setting
from model.schemes.staff import recruitment
from model.schemes.staff.prices import price_row
from model.schemes.staff.recruitment import Recruiting

STAFF, ON_CALL = "Staff", "On-call rota"
NEW_POST_COVER, RETENTION, RECRUITING = "Agency: cover of new posts", "Retention payments", "Recruitment and equipment"
COVER_VACATED, COVER_UNFILLED = "establishment.agency_cover_share", "establishment.agency_cover_unfilled_share"
PREMIUM, PAYMENT = "establishment.agency_premium", "establishment.retention_payment"
QUALIFYING, HIRE = "establishment.retention_qualifying_months", "establishment.recruitment_cost"
KIT, RECYCLED = "establishment.equipment_cost", "establishment.equipment_recycled_share"
TURNOVER, BUDGETED_VACANCY = "establishment.turnover_annual", "establishment.budgeted_vacancy_share"
DAYS_IN_A_PRINTED_YEAR = 365
PAID = Tag(STAFF, INVESTMENT, RECURRING, GENERAL_FUND)


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


def recruiting(setting: Setting) -> Recruiting:
    """Return how the case recruits. Unless it says otherwise, every round succeeds and nobody leaves."""
    return Recruiting(
        months_to_fill=setting.optional("establishment.months_to_fill", 0.0),
        vacancy_share=setting.optional("establishment.vacancy_share", 0.0),
        fill_probability=setting.optional("establishment.fill_probability", 1.0),
        turnover_annual=setting.optional("establishment.turnover_annual", 0.0),
    )


def filled_share(setting: Setting, elapsed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of new posts filled in each month, from months elapsed at its end. (months, draws)."""
    how = recruiting(setting)
    return _once(
        setting, "filled", elapsed, lambda: _ever_filled(setting, elapsed) * (1 - recruitment.long_run_vacancy(how))
    )


def at_work(
    setting: Setting, scheme: SchemeSpec, delay: NDArray[np.float64], ago: NDArray[np.float64] | float = 0.0
) -> NDArray[np.float64]:
    """Return the share of the new posts charged to a scheme that do its work, (months, draws), `ago` months earlier.

    In post or covered by agency staff, whom the case pays for: over the rows that recruit, by their fte; a row moved
    from another line is the scheme's own. A scheme that recruits nobody does all its work from its start.
    """
    own = [post for post, sign in charged_posts(setting.case, scheme.name) if sign > 0 and post.adds_people]
    if not own:
        return np.clip(setting.elapsed(scheme.start, delay) - ago, 0, 1)
    since = [row_elapsed(setting, post, scheme.name, delay) - ago for post in own]
    shares = [filled_share(setting, elapsed) + covered_share(setting, elapsed) for elapsed in since]
    return np.asarray(np.average(shares, axis=0, weights=[post.fte_proposed - post.fte_current for post in own]))


def _ever_filled(setting: Setting, elapsed: NDArray[np.float64]) -> NDArray[np.float64]:
    return _once(setting, "ever", elapsed, lambda: recruitment.ever_filled(elapsed, recruiting(setting)))


def _once(
    setting: Setting, what: str, elapsed: NDArray[np.float64], make: Callable[[], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return what `make` gives for posts that start at these times, made only once: many posts start together."""
    return setting.once((what, elapsed[:, 0].tobytes(), elapsed[0].tobytes()), make)  # time runs alike in every draw


def staff_costs(setting: Setting, scheme: SchemeSpec, delay: NDArray[np.float64]) -> CashFlows:
    """Return the investment lines of the posts charged to a scheme, real pounds, (months, draws), negative for a cost.

    amount = annual cost x share of the year x posts filled. A printed cost rises with real pay growth, a row priced
    from its grade with the awards; it is a net change, so that one row may save. A row by the day counts real days
    (365 or 366) and is filled at once. A row moved out of another (`included_when`) takes its recruiting with it.
    """
    charged = _pooled(charged_posts(setting.case, scheme.name))
    return sum((_moved_costs(setting, post, sign, scheme, delay) for post, sign in charged), CashFlows())


def _pooled(charged: Iterable[tuple[Post, float]]) -> list[tuple[Post, float]]:
    """Add up rows that differ in nothing but how much they cost: one calculation serves them all."""
    pools: dict[tuple[object, ...], tuple[Post, float]] = {}
    for post, sign in charged:
        adds = post.fte_proposed > post.fte_current
        key = (sign, adds, post.charged_to, post.start, post.end, post.included_when, post.funding, post.basis,
               post.costing, post.already_filled_months, post.recruited)  # fmt: skip
        if post.costing == BOTTOM_UP:
            pools[*key, post.id] = post, sign
        elif key in pools:
            pools[key] = _added(pools[key][0], post), sign
        else:
            pools[key] = post, sign
    return list(pools.values())


def _added(one: Post, other: Post) -> Post:
    return replace(
        one,
        fte_current=one.fte_current + other.fte_current,
        fte_proposed=one.fte_proposed + other.fte_proposed,
        printed_gbp=one.change_annual_cost_gbp + other.change_annual_cost_gbp,
    )


def reducing(case: Case, scheme: str) -> tuple[Post, ...]:
    """Return the general fund's rows that take posts away, if all of a scheme's together save; else none."""
    charged = charged_posts(case, scheme)
    rows = [(post, sign) for post, sign in charged if post.funding == GENERAL_FUND and post.basis != DAY]
    if sum(sign * post.change_annual_cost_gbp for post, sign in rows) >= 0:
        return ()
    return tuple(post for post, sign in rows if sign > 0 and post.change_annual_cost_gbp < 0)


def held_before(setting: Setting, posts: Iterable[Post]) -> NDArray[np.float64]:
    """Return what rows that take posts away cost before, real, (months, draws), positive.

    Five posts of which one goes cost five times what is saved. That is what the `Staff` line of the approved budget is
    held against. A row that says nothing of its posts cost what it saves.
    """
    total = np.zeros(setting.shape)
    for post in posts:
        gone = post.fte_current - post.fte_proposed
        total -= setting.annual * _annual_cost(setting, post) * (post.fte_current / gone if gone > 0 else 1.0)
    return total


def costs_by_service(setting: Setting, scheme: SchemeSpec, delay: NDArray[np.float64]) -> dict[str, CashFlows]:
    """Return the same by service line of the establishment; a row without one goes by its team."""
    services: dict[str, CashFlows] = {}
    for post, sign in charged_posts(setting.case, scheme.name):
        service = post.service_line or post.team
        moved = _moved_costs(setting, post, sign, scheme, delay)
        services[service] = services.get(service, CashFlows()) + moved
    return services


def _moved_costs(
    setting: Setting, post: Post, sign: float, scheme: SchemeSpec, delay: NDArray[np.float64]
) -> CashFlows:
    """Return a row's lines; taken away (sign -1) where another scheme's row is carved out, as far as it is."""
    flows = _row_costs(setting, post, scheme, delay)
    if sign > 0:
        return flows
    scale = carried(setting, post, sign)
    return CashFlows({tag: amount * scale for tag, amount in flows})


def carried(setting: Setting, post: Post, sign: float) -> NDArray[np.float64]:
    """Return how often a row of `charged_posts` counts, (draws,): 1, or -1 as far as its switch carves it out."""
    if sign > 0 or not post.included_when:
        return np.full(setting.draws.n, sign)
    return np.asarray(sign * setting.value(post.included_when))


def until(setting: Setting, end: date | None) -> NDArray[np.float64]:
    """Return the share of each month up to a last day, (months, 1); 1 where there is none."""
    timeline = setting.case.timeline
    after = end + timedelta(days=1) if end else None
    return timeline.share_active(timeline.start, after)[:, None]


def _running(setting: Setting, post: Post) -> NDArray[np.float64]:
    """Return the share of each month before a row's end, or else its scheme's, (months, 1)."""
    return until(setting, post.end or setting.case.scheme(post.charged_to).end)


def row_elapsed(setting: Setting, post: Post, scheme: str, delay: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return months since a row's start at each month's end: its own start, else that of the scheme charged."""
    owner = setting.case.scheme(post.charged_to)
    if owner.name != scheme:
        delay = setting.optional(f"{owner.name}.delay", 0.0)
    return setting.elapsed(post.start or owner.start, delay)


def row_filled(setting: Setting, post: Post, elapsed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of a row's post-time worked that is new spending, (months, draws).

    A post already filled in the do-nothing world is new spending only once that would have ended.
    """
    share = filled_share(setting, elapsed) if post.recruited else np.clip(elapsed, 0, 1)
    if post.already_filled_months:
        share = np.asarray(share * np.clip(elapsed - setting.value(post.already_filled_months), 0, 1))
    return share


def already_paid(setting: Setting, schemes: Iterable[SchemeSpec]) -> NDArray[np.float64]:
    """Return what rows already filled on fixed terms cost while they would be paid anyway: real, (months, draws).

    Those charged to `schemes`, from the start of each row until its fixed terms end; not new spending, and so not in
    any line. Positive.
    """
    total = np.zeros(setting.shape)
    for scheme in schemes:
        for post, sign in charged_posts(setting.case, scheme.name):
            if post.already_filled_months:
                elapsed = row_elapsed(setting, post, scheme.name, setting.optional(f"{scheme.name}.delay", 0.0))
                share = filled_share(setting, elapsed) if post.recruited else np.clip(elapsed, 0, 1)
                paid_anyway = share - row_filled(setting, post, elapsed)
                total += sign * paid_anyway * setting.annual * _annual_cost(setting, post)
    return total


def underspend(setting: Setting) -> NDArray[np.float64]:
    """Return what the active schemes' approved posts would cost less what is spent on them: real, (months, draws).

    Approved = every new post that recruits and the general fund pays for, less the stated vacancy factor; spent = those
    in post and the agency staff who cover others. Negative where cover costs more than the empty posts save.
    """
    factor, total = setting.optional(BUDGETED_VACANCY, 0.0), np.zeros(setting.shape)
    for scheme in setting.case.active_schemes:
        delay = setting.optional(f"{scheme.name}.delay", 0.0)
        for post, sign in charged_posts(setting.case, scheme.name):
            if not post.adds_people or post.funding != GENERAL_FUND:
                continue
            elapsed = row_elapsed(setting, post, scheme.name, delay)
            spent = filled_share(setting, elapsed) + covered_share(setting, elapsed) * (1 + _premium(setting))
            approved = np.clip(elapsed, 0, 1) * (1 - factor)
            total += carried(setting, post, sign) * (approved - spent) * setting.annual * _annual_cost(setting, post)
    return total


def _row_costs(setting: Setting, post: Post, scheme: SchemeSpec, delay: NDArray[np.float64]) -> CashFlows:
    elapsed = row_elapsed(setting, post, scheme.name, delay)
    if post.basis == DAY:
        daily = setting.daily * (post.change_annual_cost_gbp / DAYS_IN_A_PRINTED_YEAR)
        paid = np.clip(elapsed, 0, 1) * daily * _running(setting, post)
        return _spent({Tag(ON_CALL, INVESTMENT, RECURRING, post.funding): paid})
    rate = setting.annual * _annual_cost(setting, post) * _running(setting, post)
    staff = {Tag(STAFF, INVESTMENT, RECURRING, post.funding): row_filled(setting, post, elapsed) * rate}
    return _spent(staff | _recruiting_costs(setting, post, elapsed, rate))


def _spent(amounts: Mapping[Tag, NDArray[np.float64]]) -> CashFlows:
    return CashFlows({tag: -amount for tag, amount in amounts.items()})


def _annual_cost(setting: Setting, post: Post) -> NDArray[np.float64]:
    """Return a row's cost at each month's yearly rate, real pounds, (months, draws), less what is paid already."""
    new = 1 - setting.optional(f"{post.charged_to}.posts_paid_already_share", 0.0)
    if post.costing != BOTTOM_UP:
        return setting.real_growth("growth.pay_real_annual") * post.change_annual_cost_gbp * new
    case = setting.case
    row = price_row(case, post, post.start or case.scheme(post.charged_to).start)
    level = units.in_cash(case)
    growth = (1 + setting.optional("growth.pay_real_annual", 0.0)) ** row.planned_years[:, None]
    real: NDArray[np.float64] = (row.rates / level)[:, None] * growth * new
    return real


def _recruiting_costs(
    setting: Setting, post: Post, elapsed: NDArray[np.float64], rate: NDArray[np.float64]
) -> dict[Tag, NDArray[np.float64]]:
    """Return what recruiting a row costs beyond its pay; nothing unless the case states it and the row adds posts.

    Cover of posts that are empty again or not filled yet; retention payments to those who qualify; advertising and
    equipment, one-off for the first to hold a post and recurring for whoever replaces a leaver.
    """
    fte = post.fte_proposed - post.fte_current
    if not post.recruited or fte <= 0:
        return {}
    how = recruiting(setting)
    amounts: dict[Tag, NDArray[np.float64]] = {}
    if _may_be(setting, COVER_VACATED) or _may_be(setting, COVER_UNFILLED):
        covered = covered_share(setting, elapsed)
        amounts[Tag(NEW_POST_COVER, INVESTMENT, RECURRING, post.funding)] = covered * rate * (1 + _premium(setting))
    if _may_be(setting, PAYMENT):
        wait = setting.optional(QUALIFYING, 0.0)
        due = _once(setting, "due", elapsed, lambda: recruitment.retention_due(elapsed, how, wait))
        amounts[Tag(RETENTION, INVESTMENT, RECURRING, post.funding)] = fte * setting.value(PAYMENT) * due
    if _may_be(setting, HIRE) or _may_be(setting, KIT):
        each = setting.optional(HIRE, 0.0) + setting.optional(KIT, 0.0) * (1 - setting.optional(RECYCLED, 0.0))
        replaced = _once(setting, "leavers", elapsed, lambda: recruitment.leavers(elapsed, how))
        first = _once(setting, "starters", elapsed, lambda: recruitment.starters(elapsed, how)) - replaced
        amounts[Tag(RECRUITING, INVESTMENT, ONE_OFF, post.funding)] = fte * each * first
        if _may_be(setting, TURNOVER):
            amounts[Tag(RECRUITING, INVESTMENT, RECURRING, post.funding)] = fte * each * replaced
    return amounts


def covered_share(setting: Setting, elapsed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of posts that agency staff cover: those empty again, and those not filled yet."""

    def covered() -> NDArray[np.float64]:
        ever = _ever_filled(setting, elapsed)
        vacated = ever * recruitment.long_run_vacancy(recruiting(setting))
        unfilled = np.clip(elapsed, 0, 1) - ever
        return vacated * setting.optional(COVER_VACATED, 0.0) + unfilled * setting.optional(COVER_UNFILLED, 0.0)

    return _once(setting, "covered", elapsed, covered)


def _may_be(setting: Setting, name: str) -> bool:
    """Whether an assumption is stated and not nought throughout; the same for the central run and for the draws."""
    stated = setting.case.assumptions.get(name)
    return stated is not None and (stated.high > 0 or bool(setting.value(name).any()))


def _premium(setting: Setting) -> NDArray[np.float64]:
    """Return the agency premium: the establishment's own, or else that of the case's agency scheme."""
    if PREMIUM in setting.case.assumptions:
        return setting.value(PREMIUM)
    names = (f"{spec.name}.premium" for spec in setting.case.schemes if spec.kind == AGENCY)
    return next((setting.value(n) for n in names if n in setting.case.assumptions), np.zeros(setting.draws.n))
