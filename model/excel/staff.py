"""Posts: what they cost and how they fill, a row for each array of `model.schemes.staff`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from model.case.words import AGENCY, BOTTOM_UP, DAY, INVESTMENT, ONE_OFF, RECURRING
from model.excel.grid import CONST
from model.excel.inputs import name_of
from model.schemes.cashflows import Tag
from model.schemes.optimism import REALISED, SWITCH, grade_of
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
    adds_people,
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
        # Where what the schemes did is followed beyond their end, a month after it counts as before the start.
        return sheet.add(
            f"{label}: months since it started",
            "months",
            f"=IF({self.cal.month}>acting_months,-1,{self.cal.month}-{begins:const}-{self.name(delay)})",
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
                self.book.name(first, self.sheet.name, day.first, CONST)
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
        self._before: dict[str, Curve] = {}

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
        starters = self.earlier(wait).starters()
        return self._once("qualify for a retention payment", f"={starters}*(1-monthly_leavers)^{wait}")

    def earlier(self, ago: str) -> Curve:
        """Return the same posts as they were some months ago."""
        if ago not in self._before:
            since = self._once(f"months since, less {ago}", f"={self.elapsed}-{ago}")
            self._before[ago] = Curve(self._work, f"{self.label}, {ago} ago", since)
        return self._before[ago]

    def _once(self, what: str, formula: str) -> Row:
        if what not in self._rows:
            self._rows[what] = self._work.sheet.add(f"{self.label}: {what}", "share", formula)
        return self._rows[what]


def at_work(work: Work, spec: SchemeSpec, ago: str = "") -> Row:
    """`posts.at_work`: the share of a scheme's own new posts that do its work, in post or covered, some months ago."""
    own = [post for post, sign in charged_posts(work.case, spec.name) if sign > 0 and adds_people(post)]
    label = f"{spec.name}: at work" + (", as long ago as the work takes" if ago else "")
    if not own:
        since = f"{work.curve(spec).elapsed}" + (f"-{ago}" if ago else "")
        return work.sheet.add(label, "share", f"={work.between(since)}")
    parts, fte = [], []
    for curve, posts in _together(work, own).items():
        before = curve.earlier(ago) if ago else curve
        weight = "+".join(f"Posts!$C${work.places[p.id] + 1}-Posts!$B${work.places[p.id] + 1}" for p in posts)
        fte.append(work.sheet.add(f"{curve.label}: posts of {spec.name}", "fte", const=f"={weight}"))
        parts.append(f"{fte[-1]:const}*({before.filled}+{before.covered()})")
    whole = "+".join(f"{row:const}" for row in fte)
    return work.sheet.add(label, "share", f"=({'+'.join(parts)})/({whole})")


def _together(work: Work, posts: list[Post]) -> dict[Curve, list[Post]]:
    """Return the posts that fill alike."""
    found: dict[Curve, list[Post]] = {}
    for post in posts:
        found.setdefault(work.curve(work.case.scheme(post.charged_to), post.start), []).append(post)
    return found


def realised(work: Work, scheme: str) -> str:
    """`optimism.realised`, to be multiplied with a benefit; nothing where the case says nothing of it."""
    return f"*{scheme}.benefits_realised" if {SWITCH, REALISED} & work.case.assumptions.keys() else ""


def write_bias(work: Work, scheme: str) -> None:
    """`optimism.cost_factor` and `optimism.realised` of a scheme, each one number of its own name."""
    if not {SWITCH, REALISED} & work.case.assumptions.keys():
        return
    add, switch = work.sheet.add, work.name(SWITCH)
    uplift, cut = work.case.reference.optimism_bias.get(grade_of(work.case, scheme), (0.0, 0.0))
    dearer = add(f"{scheme}: optimism bias of its evidence, costs", "share", const=float(uplift), style="input")
    less = add(f"{scheme}: optimism bias of its evidence, benefits", "share", const=float(cut), style="input")
    factor = add(f"{scheme}: costs are multiplied by", "ratio", const=f"=1+{switch}*{dearer:const}")
    share = add(f"{scheme}: benefits that come about", "share",
                const=f"={work.name(REALISED, 1.0)}*(1-{switch}*{less:const})")  # fmt: skip
    for name, row in (("cost_factor", factor), ("benefits_realised", share)):
        work.book.name(f"{scheme}.{name}", work.sheet.name, row.first, CONST)


def write_recruiting(work: Work) -> None:
    """`Recruiting.monthly_leavers` and `recruitment.long_run_vacancy`, each one number of its own name."""
    sheet, chance = work.sheet, work.name("establishment.fill_probability", 1.0)
    sheet.section("Recruiting, in every scheme")
    leavers = sheet.add(
        "Leavers a month, of those in post", "share", const=f"=1-(1-{work.name(TURNOVER)})^(1/months_a_year)"
    )
    work.book.name("monthly_leavers", sheet.name, leavers.first, CONST)
    vacant = sheet.add(
        "Months a vacancy lasts",
        "months",
        const=f"=(IF({chance}>0,1/MAX({chance},1/most_rounds),most_rounds)-half_a_round)*establishment.months_to_fill",
    )
    turnover = f"{vacant:const}*monthly_leavers"
    empty = sheet.add(
        "Posts empty in the long run", "share", const=f"=MAX(establishment.vacancy_share,{turnover}/(1+{turnover}))"
    )
    work.book.name("long_run_vacancy", sheet.name, empty.first, CONST)


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
