"""What a post costs, from its spine point: pay, increments, awards, employer NI, pension and levy, month by month.

Everything here is nominal pounds of the day. A month's share of a year's pay is by days, as everywhere in the model.
Employer NI follows the pay day: the rate in force on the last day of the month, on the month's share of the yearly
threshold. So 2022/23 has seven months at 15.05% and five at 13.8%, the 14.53% the Treasury published for the year.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from model.case.draws import Floats
from model.case.pay import BOTTOM, LEVY, MIDDLE, NI, PENSION, TOP, Grade, PayError, PayTables
from model.case.records import Case
from model.case.rows import Post
from model.case.timeline import MONTHS_A_YEAR, Timeline, add_months, financial_year
from model.case.words import BOTTOM_UP

PENNY = 2


@dataclass(frozen=True, kw_only=True)
class PostPay:
    """Where one whole-time post stands on a spine. `point_top` ends its increments; `steps` False means none."""

    council: str
    spine: str
    point: str
    point_top: str
    start: date
    steps: bool = False


@dataclass(frozen=True, kw_only=True)
class PostCost:
    """Nominal pounds of one whole-time post at each month's yearly rate. Each (months,)."""

    salary: Floats
    national_insurance: Floats
    pension: Floats
    levy: Floats

    @property
    def total(self) -> Floats:
        """Pay and on-costs together. Shape (months,)."""
        return self.salary + self.national_insurance + self.pension + self.levy


def post_pay(  # noqa: PLR0913 - a post is where six facts meet
    tables: PayTables,
    *,
    council: str,
    grade: str,
    start: date,
    spine_point: str = "",
    priced_at: str = "",
    steps: bool = False,
) -> PostPay:
    """Place a post on its grade: at a stated point, or at the bottom, middle or top (the top where nothing is said).

    Councils budget at the top of the grade, since everyone gets there. With increments a post starts where it is
    placed and climbs to the top. PayError if the grade is unknown or has no middle.
    """
    row = tables.grade(council, grade)
    point = spine_point or {BOTTOM: row.point_bottom, MIDDLE: ""}.get(priced_at, row.point_top) or _middle(row)
    return PostPay(council=council, spine=row.spine, point=point, point_top=row.point_top, start=start, steps=steps)


def _middle(grade: Grade) -> str:
    bottom, top = grade.point_bottom, grade.point_top
    if bottom == top:
        return bottom
    if bottom.isdigit() and top.isdigit():
        return str((int(bottom) + int(top)) // 2)
    raise PayError(
        f"grade {grade.grade!r} has no middle point between {bottom!r} and {top!r}: state spine_point, or price it at "
        f"{BOTTOM} or {TOP} ({MIDDLE} needs numbered points)"
    )


def point_on(pay: PostPay, day: date, rules: Mapping[str, float]) -> str:
    """Return the point a post has reached on a day: one step each increment date, up to the top of its grade."""
    if not pay.steps or not (pay.point.isdigit() and pay.point_top.isdigit()):
        return pay.point
    return str(min(int(pay.point) + increments_by(pay.start, day, rules), int(pay.point_top)))


def increments_by(start: date, day: date, rules: Mapping[str, float]) -> int:
    """How many increments fall due from a start up to and including a day.

    They fall on 1 April; a starter with less than six months' service by then has the first six months after starting.
    """
    month, wait = int(rules["increment_month"]), int(rules["months_before_first"])
    # the same day of the month some months on; the first of the next where there is no such day
    waited = min(add_months(start, wait) + timedelta(days=start.day - 1), add_months(start, wait + 1))
    first = max(date(start.year + (start.month >= month), month, 1), waited)
    if day < first:
        return 0
    return 1 + sum(first < date(year, month, 1) <= day for year in range(first.year, day.year + 1))


def salary_on(tables: PayTables, pay: PostPay, day: date, planned_rises: Mapping[str, float]) -> float:
    """Return yearly pay at the point in force on a day; before the post's start, as on its start day.

    Awards in the tables are used as printed. A financial year later than the last award known for the spine rises by
    `planned_rises` (year -> share), rounded to the pound as awards are; a year missing there does not rise.
    """
    day = max(day, pay.start)
    salary = tables.annual_pay(pay.spine, point_on(pay, day, tables.rules), day)
    for year in years_without_an_award(tables, pay.spine, day):
        salary = float(np.floor(salary * (1 + planned_rises.get(year, 0.0)) + 0.5))
    return salary


def years_without_an_award(tables: PayTables, spine: str, day: date) -> list[str]:
    """Financial years after the last printed figure or award for a spine, up to the year of a day."""
    starts = [a.start for a in tables.awards if a.spine == spine] + [p.start for p in tables.points if p.spine == spine]
    known = financial_year(max(s for s in starts if s <= day))
    years = range(int(known[:4]) + 1, int(financial_year(day)[:4]) + 1)
    return [financial_year(date(y, 4, 1)) for y in years]


def cost_rates(tables: PayTables, pay: PostPay, timeline: Timeline, planned_rises: Mapping[str, float]) -> PostCost:
    """Return what one whole-time post costs at the yearly rate of each month, nominal.

    Before the start month it is what it will be at the start, so that figures older than the post are not needed.
    """
    salary = np.array([salary_on(tables, pay, day, planned_rises) for day in timeline.month_starts[:-1]])
    pay_days = [max(after - timedelta(days=1), pay.start) for after in timeline.month_starts[1:]]
    ni = [tables.in_force(NI, day) for day in pay_days]
    national_insurance = [max(0.0, s - r.threshold_annual_gbp) * r.rate for s, r in zip(salary, ni, strict=True)]
    return PostCost(
        salary=salary,
        national_insurance=np.array(national_insurance, dtype=np.float64),
        pension=salary * np.array([tables.in_force(PENSION, day, pay.council).rate for day in pay_days]),
        levy=salary * np.array([tables.in_force(LEVY, day).rate for day in pay_days]),
    )


def full_year_cost(tables: PayTables, pay: PostPay, year: str, planned_rises: Mapping[str, float]) -> float:
    """Nominal pounds of one whole-time post in post all through a financial year, to the penny."""
    whole = Timeline(date(int(year[:4]), 4, 1), MONTHS_A_YEAR)
    settled = replace(pay, start=whole.start, steps=False)
    rates = cost_rates(tables, settled, whole, planned_rises)
    return round(float(rates.total @ whole.year_share), PENNY)


def planned_rises(case: Case) -> dict[str, float]:
    """Return what pay is planned to rise by into each financial year for which no award is known: the price index.

    Not into the year of the knowledge date: whoever costs posts while that year's award is pending uses the pay in
    force, and so do the printed figures beside which these stand.
    """
    index = case.reference.indices[case.conventions.price_index]
    first, last = int(min(index.level)[:4]), int(case.timeline.financial_years[-1][:4])
    years = [financial_year(date(y, 4, 1)) for y in range(first, last + 1)]
    rises = {year: index.at(year) / index.at(before) - 1 for before, year in pairwise(years)}
    return rises | {financial_year(case.knowledge_date): 0.0}


def row_rates(case: Case, post: Post) -> Floats:
    """Return a row of the establishment bottom-up: nominal pounds a year at each month's rate, (months,).

    The whole row's net change: proposed posts at their grade less current posts at theirs. PayError says which grade,
    point or table is missing.
    """
    tables, rises = case.reference.pay, planned_rises(case)
    return np.asarray(sum(fte * cost_rates(tables, pay, case.timeline, rises).total for fte, pay in placed(case, post)))


def planned_years(case: Case, pay: PostPay) -> Floats:
    """Return how many April rises of a post's pay up to each month no known award covers, (months,).

    Not that of the year of the knowledge date, which is pending (`planned_rises`).
    """
    pending = financial_year(case.knowledge_date)
    days = [max(day, pay.start) for day in case.timeline.month_starts[:-1]]
    years = [years_without_an_award(case.reference.pay, pay.spine, day) for day in days]
    return np.array([sum(year != pending for year in each) for each in years], dtype=np.float64)


def full_year_price(case: Case, post: Post) -> float:
    """Return what a row comes to bottom-up for a full year, in the case's price base, to the penny.

    Priced in the year of the price base, or in the year it starts where that is later (a grade may be newer).
    """
    tables, rises, start = case.reference.pay, planned_rises(case), _start(case, post)
    index = case.reference.indices[case.conventions.price_index]
    year = max(case.price_base, financial_year(start))
    level = index.at(year) / index.at(case.price_base)
    return round(
        sum(fte * (full_year_cost(tables, pay, year, rises) / level) for fte, pay in placed(case, post)), PENNY
    )


def _start(case: Case, post: Post) -> date:
    return post.start or case.scheme(post.charged_to).start


def placed(case: Case, post: Post) -> list[tuple[float, PostPay]]:
    """Return (fte, place on a spine) of what is added and, where it had another grade, of what is taken away."""
    start = _start(case, post)

    def place(grade: str, point: str) -> PostPay:
        return post_pay(
            case.reference.pay, council=case.council, grade=grade, start=start, spine_point=point,
            priced_at=post.priced_at, steps=post.increments,
        )  # fmt: skip

    if not post.grade_current:
        return [(post.fte_proposed - post.fte_current, place(post.grade, post.spine_point))]
    return [
        (post.fte_proposed, place(post.grade, post.spine_point)),
        (-post.fte_current, place(post.grade_current, "")),
    ]


def with_prices(case: Case) -> Case:
    """Return the case with the full-year price in every row priced from its grade, where its scheme is active.

    So the establishment's totals and the published formulas read one figure a row, wherever it comes from. A row of a
    scheme that does not act keeps what was printed, or nought. PayError names every row that cannot be priced.
    """
    active = {spec.name for spec in case.active_schemes}
    priced: dict[str, float] = {}
    problems: list[str] = []
    for post in case.establishment:
        if post.costing == BOTTOM_UP:
            try:
                priced[post.id] = full_year_price(case, post) if post.charged_to in active else post.printed_gbp or 0.0
            except PayError as error:
                problems.append(f"establishment.csv, row {post.id!r}: {error}")
    if problems:
        raise PayError("\n".join(problems))
    rows = (replace(post, priced_gbp=priced[post.id]) if post.id in priced else post for post in case.establishment)
    return replace(case, establishment=tuple(rows))
