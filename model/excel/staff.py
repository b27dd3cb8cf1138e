"""Posts: what they cost and how they fill, a row for each array of `model.schemes.staff`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from model.case.words import AGENCY, BOTTOM_UP, DAY, INVESTMENT, ONE_OFF, RECURRING
from model.excel.inputs import name_of
from model.schemes.cashflows import Tag
from model.schemes.staff.posts import (
    COVER_UNFILLED,
    COVER_VACATED,
    HIRE,
    KIT,
    NEW_POST_COVER,
    ON_CALL,
    PAYMENT,
    PREMIUM,
    QUALIFYING,
    RECRUITING,
    RECYCLED,
    RETENTION,
    STAFF,
    TURNOVER,
    charged_posts,
)
from model.schemes.staff.prices import price_row

if TYPE_CHECKING:
    from model.case.records import Case, Post, SchemeSpec
    from model.excel.grid import Book, Row, Sheet
    from model.excel.inputs import Calendar


_DAY_ZERO = date(1899, 12, 30)


@dataclass(eq=False)
class Work:
    """What the writers of workings share. `lines`: (owner, tag) -> the rows that add up to it, in order."""

    book: Book
    case: Case
    cal: Calendar
    sheet: Sheet
    places: dict[str, int]
    lines: dict[tuple[str, Tag], list[Row]] = field(default_factory=dict)
    curves: dict[tuple[str, date | None], Curve] = field(default_factory=dict)
    paid: list[tuple[str, Row]] = field(default_factory=list)

    def name(self, name: str, neutral: float = 0.0) -> str:
        """Return an assumption's name, or its neutral element (`Setting.optional`)."""
        return name_of(self.case, name, neutral)

    def line(self, owner: str, tag: Tag, row: Row) -> None:
        """Add a row to a line of an owner; equal tags are one line (`CashFlows.__add__`)."""
        self.lines.setdefault((owner, tag), []).append(row)

    def elapsed(self, label: str, first: str, delay: str) -> Row:
        """`Setting.elapsed`: months since a named start and its delay, at the month's end; minus before."""
        sheet, days = self.sheet, self.cal.days
        whole = f"(YEAR({first})-YEAR(start))*months_a_year+MONTH({first})-MONTH(start)"
        month = sheet.add(f"{label}: starts in month (0 is the first)", "months", const=f"={whole}")
        length = f"INDEX({days:all},1,MAX(MIN({month:const},months-1),0)+1)"
        begins = sheet.add(
            f"{label}: start, part months by days", "months", const=f"={month:const}+(DAY({first})-1)/{length}"
        )
        return sheet.add(
            f"{label}: months since it started", "months", f"={self.cal.month}-{begins:const}-{self.name(delay)}"
        )

    def between(self, what: str) -> str:
        """Return a value held between 0 and 1 (`numpy.clip`)."""
        return f"MAX(MIN({what},1),0)"

    def curve(self, scheme: SchemeSpec, start: date | None = None) -> Curve:
        """Return how posts that start on a day fill, written once."""
        key = (scheme.name, start)
        if key not in self.curves:
            label, first = f"Posts of {scheme.name}", f"{scheme.name}.start"
            if start:
                label += f" from {start:%d %b %Y}"
                first = f"{scheme.name}.posts_from_{start:%Y%m%d}"
                day = self.sheet.add(
                    f"{label}: their own start",
                    "date",
                    const=float((start - _DAY_ZERO).days),
                    kind="date",
                    style="input",
                )
                self.book.name(first, self.sheet.name, day.first, 2)
            self.curves[key] = Curve(self, label, self.elapsed(label, first, f"{scheme.name}.delay"))
        return self.curves[key]


class Curve:
    """How posts that start together fill and empty: `model.schemes.staff.recruitment`, written as it is asked for."""

    def __init__(self, work: Work, label: str, elapsed: Row) -> None:
        """Write the share of the month the posts exist, and the share filled."""
        self._work, self.label, self.elapsed = work, label, elapsed
        add = work.sheet.add
        self.active = add(f"{label}: part of the month they exist", "share", f"={work.between(f'{elapsed}')}")
        self.ever = add(
            f"{label}: ever filled",
            "share",
            f"={self.active}*{self._approach(f'AVERAGE({elapsed},{elapsed}-{self.active})')}",
        )
        self.filled = add(f"{label}: filled", "share", f"={self.ever}*(1-long_run_vacancy)")
        self._rows: dict[str, Row] = {}

    def _approach(self, at: str) -> str:
        """`recruitment.approach`."""
        months, chance = "establishment.months_to_fill", self._work.name("establishment.fill_probability", 1.0)
        rounds = f"MAX(MIN({at}/MAX({months},1/most_rounds),most_rounds),0)"
        slow = f"1-(1-{chance})^INT({rounds})*(1-{chance}*({rounds}-INT({rounds})))"
        filled = f"IF({chance}=1,MIN({rounds},1),{slow})"
        return f"IF({at}<0,0,IF({months}>0,{filled},1))"

    def covered(self) -> Row:
        """`posts._covered_share`: agency staff in posts that are empty again, and in those not filled yet."""
        vacated, unfilled = self._work.name(COVER_VACATED), self._work.name(COVER_UNFILLED)
        return self._once(
            "covered by agency staff", f"={self.ever}*long_run_vacancy*{vacated}+({self.active}-{self.ever})*{unfilled}"
        )

    def leavers(self) -> Row:
        """`recruitment.leavers`."""
        return self._once("leavers", f"=monthly_leavers*{self.filled}")

    def starters(self) -> Row:
        """`recruitment.starters`: growth of those in post, and a new one for every leaver."""
        at, before = f"{self.elapsed}", f"({self.elapsed}-1)"
        rise = f"IF({at}>0,{self._approach(at)},0)-IF({at}>1,{self._approach(before)},0)"
        return self._once("starters", f"=({rise})*(1-long_run_vacancy)+{self.leavers()}")

    def due(self) -> Row:
        """`recruitment.retention_due`: starters of the qualifying months ago who have stayed."""
        wait = self._work.name(QUALIFYING)
        earlier = self._once("months since, less the qualifying time", f"={self.elapsed}-{wait}")
        if "then" not in self._rows:
            then = Curve(self._work, f"{self.label}, {'qualifying time ago'}", earlier)
            self._rows["then"] = then.starters()
        return self._once("qualify for a retention payment", f"={self._rows['then']}*(1-monthly_leavers)^{wait}")

    def _once(self, what: str, formula: str) -> Row:
        if what not in self._rows:
            self._rows[what] = self._work.sheet.add(f"{self.label}: {what}", "share", formula)
        return self._rows[what]


def write_recruiting(work: Work) -> None:
    """`Recruiting.monthly_leavers` and `recruitment.long_run_vacancy`, each one number of its own name."""
    sheet, chance = work.sheet, work.name("establishment.fill_probability", 1.0)
    sheet.section("Recruiting, in every scheme")
    leavers = sheet.add(
        "Leavers a month, of those in post", "share", const=f"=1-(1-{work.name(TURNOVER)})^(1/months_a_year)"
    )
    work.book.name("monthly_leavers", sheet.name, leavers.first, 2)
    vacant = sheet.add(
        "Months a vacancy lasts",
        "months",
        const=f"=(IF({chance}>0,1/MAX({chance},1/most_rounds),most_rounds)-half_a_round)*establishment.months_to_fill",
    )
    turnover = f"{vacant:const}*monthly_leavers"
    empty = sheet.add(
        "Posts empty in the long run", "share", const=f"=MAX(establishment.vacancy_share,{turnover}/(1+{turnover}))"
    )
    work.book.name("long_run_vacancy", sheet.name, empty.first, 2)


def write_posts(work: Work, spec: SchemeSpec) -> None:
    """`posts.staff_costs`: the lines of the posts charged to a scheme."""
    work.sheet.section(f"{spec.title}: posts")
    for number, (posts, sign) in enumerate(_pools(work.case, spec.name), start=1):
        _pool(work, spec, number, posts, sign)


def _pools(case: Case, scheme: str) -> list[tuple[list[Post], float]]:
    """`posts._pooled`: rows that differ in nothing but how much they cost."""
    pools: dict[tuple[object, ...], tuple[list[Post], float]] = {}
    for post, sign in charged_posts(case, scheme):
        key = (
            sign,
            post.fte_proposed > post.fte_current,
            post.charged_to,
            post.start,
            post.included_when,
            post.funding,
            post.basis,
            post.costing,
            post.already_filled_months,
            post.recruited,
            post.id if post.costing == BOTTOM_UP else "",
        )
        pools.setdefault(key, ([], sign))[0].append(post)
    return list(pools.values())


def _pool(work: Work, spec: SchemeSpec, number: int, posts: list[Post], sign: float) -> None:
    """`posts._row_costs` for a pool of rows, times `posts.carried`."""
    post, add = posts[0], work.sheet.add
    owner = work.case.scheme(post.charged_to)
    label = f"{spec.name}, posts {number} ({', '.join(p.post for p in posts)[:60]})"
    curve = work.curve(owner, post.start)
    cells = "+".join(f"Posts!$D${work.places[p.id] + 1}" for p in posts)
    carried = "" if sign > 0 else f"*-{post.included_when}" if post.included_when else "*-1"
    cost = add(f"{label}: cost a year", "GBP", const=f"=({cells}){carried}")
    if post.basis == DAY:
        daily = add(
            f"{label}: paid by the day", "GBP", f"=-{curve.active}*{work.cal.days}*{cost:const}/days_in_a_printed_year"
        )
        work.line(spec.name, Tag(ON_CALL, INVESTMENT, RECURRING, post.funding), daily)
        return
    rate = _rate(work, label, post, cost, carried)
    share = curve.filled if post.recruited else curve.active
    if post.already_filled_months:
        new = add(
            f"{label}: no longer on fixed terms",
            "share",
            f"={work.between(f'{curve.elapsed}-{post.already_filled_months}')}",
        )
        anyway = add(f"{label}: paid anyway while on fixed terms", "GBP", f"={share}*(1-{new})*{rate}")
        work.paid.append((spec.name, anyway))
        staff = add(f"{label}: staff", "GBP", f"=-{share}*{new}*{rate}")
    else:
        staff = add(f"{label}: staff", "GBP", f"=-{share}*{rate}")
    work.line(spec.name, Tag(STAFF, INVESTMENT, RECURRING, post.funding), staff)
    if post.recruited and sum(p.fte_proposed - p.fte_current for p in posts) > 0:
        fte = "+".join(f"Posts!$C${work.places[p.id] + 1}-Posts!$B${work.places[p.id] + 1}" for p in posts)
        added = add(f"{label}: posts added", "fte", const=f"=({fte}){carried}")
        _recruiting(work, spec.name, label, post, curve, rate, added)


def _rate(work: Work, label: str, post: Post, cost: Row, carried: str) -> Row:
    """`posts._annual_cost` by share of the year; a row of its grade comes priced month by month from Python."""
    add, cal = work.sheet.add, work.cal
    if post.costing != BOTTOM_UP:
        growth = f"(1+growth.pay_real_annual)^({cal.year}-1)"
        return add(f"{label}: if all were filled", "GBP", f"={cal.annual}*{cost:const}*{growth}")
    case = work.case
    priced = price_row(case, post, post.start or case.scheme(post.charged_to).start)
    cash = add(f"{label}: cash a year, priced by grade in Python", "GBP", priced.rates, style="pasted")
    rises = add(f"{label}: pay rises not yet known", "number", priced.planned_years, style="pasted")
    real = f"{cash}/{cal.level:year}*(1+growth.pay_real_annual)^{rises}"
    return add(f"{label}: if all were filled", "GBP", f"={cal.annual}*{real}{carried}")


def _recruiting(work: Work, owner: str, label: str, post: Post, curve: Curve, rate: Row, fte: Row) -> None:  # noqa: PLR0913, PLR0917
    """`posts._recruiting_costs`: cover, retention payments, advertising and equipment, where the case states them."""
    stated, add = work.case.assumptions, work.sheet.add

    def line(title: str, recurrence: str, formula: str) -> None:
        row = add(f"{label}: {title.lower()}{', first' if recurrence == ONE_OFF else ''}", "GBP", formula)
        work.line(owner, Tag(title, INVESTMENT, recurrence, post.funding), row)

    if COVER_VACATED in stated or COVER_UNFILLED in stated:
        line(NEW_POST_COVER, RECURRING, f"=-{curve.covered()}*{rate}*(1+{premium(work)})")
    if PAYMENT in stated:
        line(RETENTION, RECURRING, f"=-{fte:const}*{PAYMENT}*{curve.due()}")
    if HIRE in stated or KIT in stated:
        each = f"({work.name(HIRE)}+{work.name(KIT)}*(1-{work.name(RECYCLED)}))"
        line(RECRUITING, ONE_OFF, f"=-{fte:const}*{each}*({curve.starters()}-{curve.leavers()})")
        line(RECRUITING, RECURRING, f"=-{fte:const}*{each}*{curve.leavers()}")


def premium(work: Work) -> str:
    """`posts._premium`: the establishment's own, or else that of the case's agency scheme."""
    names = (f"{spec.name}.premium" for spec in work.case.schemes if spec.kind == AGENCY)
    known = [name for name in (PREMIUM, *names) if name in work.case.assumptions]
    return known[0] if known else "0"
