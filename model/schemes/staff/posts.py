"""Posts and rotas: what the rows of `establishment.csv` cost, month by month."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta

import numpy as np

from model.case.draws import Floats
from model.case.records import Case, SchemeSpec, in_cash
from model.case.rows import Post
from model.case.words import AGENCY, BOTTOM_UP, DAY, GENERAL_FUND, INVESTMENT, ONE_OFF, RECURRING
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.setting import Setting
from model.schemes.staff import recruitment
from model.schemes.staff.prices import placed, planned_years, row_rates
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
    Whether it moves or comes on top can hang on a switch (`included_when`), which `carried` applies.
    """
    by_id = {post.id: post for post in case.establishment}
    charged: list[tuple[Post, float]] = []
    for post in case.establishment:
        parent = by_id.get(post.included_in)
        if parent and parent.charged_to == post.charged_to:
            continue
        if post.charged_to == scheme:
            charged.append((post, 1.0))
        elif parent and parent.charged_to == scheme:
            charged.append((post, -1.0))
    return tuple(charged)


def carried(setting: Setting, post: Post, sign: float) -> Floats:
    """Return how often a row of `charged_posts` counts, (draws,): 1, or -1 as far as its switch carves it out."""
    if sign > 0 or not post.included_when:
        return np.full(setting.draws.n, sign)
    return np.asarray(sign * setting.value(post.included_when))


def carried_rows(setting: Setting, schemes: Iterable[SchemeSpec]) -> Iterator[tuple[Post, Floats, Floats]]:
    """Walk over the rows that schemes carry: the row, how often it counts, (draws,), and the months since it started.

    A row starts on its own day, or else with the scheme it is charged to, and is late when that scheme is.
    """
    for scheme in schemes:
        for post, sign in charged_posts(setting.case, scheme.name):
            yield post, carried(setting, post, sign), _elapsed(setting, post)


def _elapsed(setting: Setting, post: Post) -> Floats:
    owner = setting.case.scheme(post.charged_to)
    return setting.elapsed(post.start or owner.start, post.charged_to)


def recruiting(setting: Setting) -> Recruiting:
    """Return how the case recruits. Unless it says otherwise, every round succeeds and nobody leaves."""
    return Recruiting(
        months_to_fill=setting.optional("establishment.months_to_fill", 0.0),
        vacancy_share=setting.optional("establishment.vacancy_share", 0.0),
        fill_probability=setting.optional("establishment.fill_probability", 1.0),
        turnover_annual=setting.optional(TURNOVER, 0.0),
    )


def filled_share(setting: Setting, elapsed: Floats) -> Floats:
    """Return the share of new posts filled in each month, from months elapsed at its end. (months, draws)."""
    return _once(setting, "filled", elapsed, lambda: recruitment.filled_share(elapsed, recruiting(setting)))


def covered_share(setting: Setting, elapsed: Floats) -> Floats:
    """Return the share of posts that agency staff cover: those empty again, and those not filled yet."""

    def covered() -> Floats:
        how = recruiting(setting)
        ever = recruitment.ever_filled(elapsed, how)
        vacated, unfilled = ever * recruitment.long_run_vacancy(how), np.clip(elapsed, 0, 1) - ever
        return vacated * setting.optional(COVER_VACATED, 0.0) + unfilled * setting.optional(COVER_UNFILLED, 0.0)

    return _once(setting, "covered", elapsed, covered)


def _once(setting: Setting, what: str, elapsed: Floats, make: Callable[[], Floats]) -> Floats:
    """Return what `make` gives for posts that start at these times, made only once: many posts start together."""
    return setting.once((what, elapsed[:, 0].tobytes(), elapsed[0].tobytes()), make)  # time runs alike in every draw


def at_work(setting: Setting, scheme: SchemeSpec, ago: Floats | float = 0.0) -> Floats:
    """Return the share of the new posts charged to a scheme that do its work, (months, draws), `ago` months earlier.

    In post or covered by agency staff, whom the case pays for: over the rows that recruit, by their fte; a row moved
    from another line is the scheme's own. A scheme that recruits nobody does all its work from its start.
    """
    own = [post for post, sign in charged_posts(setting.case, scheme.name) if sign > 0 and post.adds_people]
    if not own:
        return np.clip(setting.elapsed(scheme.start, scheme.name) - ago, 0, 1)
    times = [_elapsed(setting, post) - ago for post in own]
    shares = [filled_share(setting, elapsed) + covered_share(setting, elapsed) for elapsed in times]
    return np.asarray(np.average(shares, axis=0, weights=[post.fte_proposed - post.fte_current for post in own]))


def row_costs(setting: Setting, scheme: SchemeSpec) -> Iterator[tuple[Post, CashFlows]]:
    """Walk over the rows a scheme carries with their investment lines, real pounds, (months, draws), negative.

    amount = annual cost x share of the year x posts filled. A printed cost rises with real pay growth, a row priced
    from its grade with the awards; it is a net change, so that one row may save. A row by the day counts real days
    (365 or 366) and is filled at once. A row moved out of another (`included_when`) takes its recruiting with it.
    """
    for post, times, elapsed in carried_rows(setting, [scheme]):
        running = until(setting, post.end or setting.case.scheme(post.charged_to).end)
        if post.basis == DAY:
            daily = setting.daily * (post.change_annual_cost_gbp / DAYS_IN_A_PRINTED_YEAR)
            amounts = {Tag(ON_CALL, INVESTMENT, RECURRING, post.funding): np.clip(elapsed, 0, 1) * daily * running}
        else:
            rate = setting.annual * _annual_cost(setting, post) * running
            spent = _worked(setting, post, elapsed) * _new_share(setting, post, elapsed) * rate
            amounts = {Tag(STAFF, INVESTMENT, RECURRING, post.funding): spent}
            amounts |= _recruiting_costs(setting, post, elapsed, rate) if post.adds_people else {}
        yield post, CashFlows({tag: -amount * times for tag, amount in amounts.items()})


def staff_costs(setting: Setting, scheme: SchemeSpec) -> CashFlows:
    """Return the investment lines of the posts charged to a scheme: its `row_costs` together."""
    return sum((flows for _, flows in row_costs(setting, scheme)), CashFlows())


def costs_by_service(setting: Setting, scheme: SchemeSpec) -> dict[str, CashFlows]:
    """Return the same by service line of the establishment; a row without one goes by its team."""
    services: dict[str, CashFlows] = {}
    for post, flows in row_costs(setting, scheme):
        service = post.service_line or post.team
        services[service] = services.get(service, CashFlows()) + flows
    return services


def reducing(case: Case, scheme: str) -> tuple[Post, ...]:
    """Return the general fund's rows that take posts away, if all of a scheme's together save; else none."""
    charged = charged_posts(case, scheme)
    rows = [(post, sign) for post, sign in charged if post.funding == GENERAL_FUND and post.basis != DAY]
    if sum(sign * post.change_annual_cost_gbp for post, sign in rows) >= 0:
        return ()
    return tuple(post for post, sign in rows if sign > 0 and post.change_annual_cost_gbp < 0)


def held_before(setting: Setting, posts: Iterable[Post]) -> Floats:
    """Return what rows that take posts away cost before, real, (months, draws), positive.

    Five posts of which one goes cost five times what is saved. That is what the `Staff` line of the approved budget is
    held against. A row that says nothing of its posts cost what it saves.
    """
    total = np.zeros(setting.shape)
    for post in posts:
        gone = post.fte_current - post.fte_proposed
        total -= setting.annual * _annual_cost(setting, post) * (post.fte_current / gone if gone > 0 else 1.0)
    return total


def until(setting: Setting, end: date | None) -> Floats:
    """Return the share of each month up to a last day, (months, 1); 1 where there is none."""
    timeline = setting.case.timeline
    after = end + timedelta(days=1) if end else None
    return timeline.share_active(timeline.start, after)[:, None]


def _worked(setting: Setting, post: Post, elapsed: Floats) -> Floats:
    """Return the share of a row's post-time worked, (months, draws): as posts fill, or all if nobody is recruited."""
    return filled_share(setting, elapsed) if post.recruited else np.clip(elapsed, 0, 1)


def _new_share(setting: Setting, post: Post, elapsed: Floats) -> Floats | float:
    """Return how much of that is new spending: of a post filled already, only once its fixed terms would have ended."""
    if not post.already_filled_months:
        return 1.0
    return np.clip(elapsed - setting.value(post.already_filled_months), 0, 1)


def already_paid(setting: Setting, schemes: Iterable[SchemeSpec]) -> Floats:
    """Return what rows already filled on fixed terms cost while they would be paid anyway: real, (months, draws).

    Those charged to `schemes`, from the start of each row until its fixed terms end; not new spending, and so not in
    any line. Positive.
    """
    total = np.zeros(setting.shape)
    for post, times, elapsed in carried_rows(setting, schemes):
        if post.already_filled_months:
            paid_anyway = _worked(setting, post, elapsed) * (1 - _new_share(setting, post, elapsed))
            total += times * paid_anyway * setting.annual * _annual_cost(setting, post)
    return total


def underspend(setting: Setting) -> Floats:
    """Return what the active schemes' approved posts would cost less what is spent on them: real, (months, draws).

    Approved = every new post that recruits and the general fund pays for, less the stated vacancy factor; spent = those
    in post and the agency staff who cover others. Negative where cover costs more than the empty posts save.
    """
    factor, total = setting.optional(BUDGETED_VACANCY, 0.0), np.zeros(setting.shape)
    for post, times, elapsed in carried_rows(setting, setting.case.active_schemes):
        if post.adds_people and post.funding == GENERAL_FUND:
            spent = filled_share(setting, elapsed) + covered_share(setting, elapsed) * (1 + _premium(setting))
            approved = np.clip(elapsed, 0, 1) * (1 - factor)
            total += times * (approved - spent) * setting.annual * _annual_cost(setting, post)
    return total


def _annual_cost(setting: Setting, post: Post) -> Floats:
    """Return a row's cost at each month's yearly rate, real pounds, (months, draws), less what is paid already."""
    new = 1 - setting.optional(f"{post.charged_to}.posts_paid_already_share", 0.0)
    if post.costing != BOTTOM_UP:
        return setting.real_growth("growth.pay_real_annual") * post.change_annual_cost_gbp * new
    rises = planned_years(setting.case, placed(setting.case, post)[-1][1])
    growth = (1 + setting.optional("growth.pay_real_annual", 0.0)) ** rises[:, None]
    rates: Floats = row_rates(setting.case, post) / in_cash(setting.case)
    return rates[:, None] * growth * new


def _recruiting_costs(setting: Setting, post: Post, elapsed: Floats, rate: Floats) -> dict[Tag, Floats]:
    """Return what recruiting a row costs beyond its pay, positive; nothing unless the case states it.

    Cover of posts that are empty again or not filled yet; retention payments to those who qualify; advertising and
    equipment, one-off for the first to hold a post and recurring for whoever replaces a leaver.
    """
    fte, how = post.fte_proposed - post.fte_current, recruiting(setting)
    amounts: dict[Tag, Floats] = {}
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


def _may_be(setting: Setting, name: str) -> bool:
    """Whether an assumption is stated and not nought throughout; the same for the central run and for the draws."""
    stated = setting.case.assumptions.get(name)
    return stated is not None and (stated.high > 0 or bool(setting.value(name).any()))


def _premium(setting: Setting) -> Floats:
    """Return the agency premium: the establishment's own, or else that of the case's agency scheme."""
    if PREMIUM in setting.case.assumptions:
        return setting.value(PREMIUM)
    names = (f"{spec.name}.premium" for spec in setting.case.schemes if spec.kind == AGENCY)
    return next((setting.value(n) for n in names if n in setting.case.assumptions), np.zeros(setting.draws.n))
