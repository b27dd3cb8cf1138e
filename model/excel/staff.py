"""Posts: what they cost and how they fill, a row for each array of `model.schemes.staff`."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from model.case.records import Case, Post, SchemeSpec
from model.case.words import AGENCY, BOTTOM_UP, DAY, GENERAL_FUND, INVESTMENT, ONE_OFF, RECURRING
from model.excel.grid import Book, Row, Sheet, total
from model.schemes.cashflows import Tag
from model.schemes.staff.posts import (
    COVER_UNFILLED,
    COVER_VACATED,
    HIRE,
    KIT,
    NEW_POST_COVER,
    ON_CALL,
    PAID,
    PAYMENT,
    PREMIUM,
    QUALIFYING,
    RECRUITING,
    RECYCLED,
    RETENTION,
    STAFF,
    charged_posts,
    reducing,
)
from model.schemes.staff.prices import price_row

Names = dict[str, Any]

DAY_ZERO: Final = date(1899, 12, 30)
RECRUITING_ALL: Final = """
leave | Leavers a month, of those in post | share | !1-(1-establishment.turnover_annual?0)^(1/months_a_year)
vacant | Months a vacancy lasts | months | !(IF([p]>0,1/MAX([p],1/most_rounds),most_rounds)-half_a_round)*[m]
empty | Posts empty in the long run | share
 | !MAX(establishment.vacancy_share?0,[vacant:const]*[leave:const]/(1+[vacant:const]*[leave:const]))
"""
"""`Recruiting.monthly_leavers`, `recruitment.months_vacant` and `long_run_vacancy`."""
SINCE: Final = """
month | starts in month (0 is the first) | months | !(YEAR([from])-YEAR(start))*months_a_year+MONTH([from])-MONTH(start)
begins | start, part months by days | months
 | ![month:const]+(DAY([from])-1)/INDEX([days:all],1,MAX(MIN([month:const],months-1),0)+1)
since | months since it started | months | =IF([t]>acting_months,-1,[t]-[begins:const]-.delay?0)
"""
"""`Setting.elapsed`: at the month's end; minus before, and again once the schemes have stopped."""
APPROACH: Final = {
    "m": "establishment.months_to_fill?0",
    "p": "establishment.fill_probability?1",
    "done": "MAX(MIN([at]/MAX([m],1/most_rounds),most_rounds),0)",
    "tries": "IF([p]=1,MIN([rounds],1),1-(1-[p])^INT([rounds])*(1-[p]*([rounds]-INT([rounds]))))",
    "reached": "IF([at]<0,0,IF([m]>0,[tries],1))",
}
"""`recruitment.approach`: the share of posts ever filled at a moment, `at`, after so many rounds."""
FILLING: Final = """
exists | part of the month since it started | share | =MAX(MIN([since],1),0)
at | months since it started, at the middle of that part | months | =AVERAGE([since],[since]-[exists])
rounds | rounds of recruiting by then | number | =[done]
ever | posts ever filled | share | =[exists]*[reached]
filled | posts filled | share | =[ever]*(1-[empty:const])
covered | posts covered by agency staff | share
 | =[ever]*[empty:const]*establishment.agency_cover_share?0
 +([exists]-[ever])*establishment.agency_cover_unfilled_share?0
work | posts filled or covered | share | =[filled]+[covered]
"""
"""`recruitment.ever_filled`, `filled_share` and `posts.covered_share`."""
REACHED: Final = """
rounds | rounds of recruiting [when] | number | =[done]
share | posts ever filled [when] | share | =IF([at]>0,[reached],0)
"""
STARTING: Final = """
leavers | leavers | share | =[leave:const]*[filled]
starters | starters | share | =([end]-[begin])*(1-[empty:const])+[leavers]
"""
"""`recruitment.leavers` and `starters`."""
BY_DAY: Final = """
rate | cost a year | GBP | !([cells])[sign]
staff | paid by the day | GBP | =-[exists]*[run]*[days]*[rate:const]/days_in_a_printed_year
"""
PRINTED: Final = """
cost | cost a year | GBP | !([cells])[sign]
rate | if all were filled | GBP | =[annual]*[cost:const]*[pay][new_share]
"""
BY_GRADE: Final = """
rate | if all were filled | GBP | =[annual]*[cash]/[level:year]*(1+growth.pay_real_annual?0)^[rises][sign][new_share]
"""
PERMANENT: Final = "staff | staff | GBP | =-[share]*[rate]*[run]"
ON_TERMS: Final = """
new | no longer on fixed terms | share | =MAX(MIN([since]-[terms],1),0)
anyway | paid anyway while on fixed terms | GBP | =[share]*(1-[new])*[rate]
staff | staff | GBP | =-[share]*[new]*[rate]*[run]
"""
EACH: Final = f"({HIRE}?0+{KIT}?0*(1-{RECYCLED}?0))"
PEOPLE: Final = (
    (NEW_POST_COVER, RECURRING, (COVER_VACATED, COVER_UNFILLED), "=-[covered]*[rate]*[run]*(1+[premium])"),
    (RETENTION, RECURRING, (PAYMENT,), f"=-[fte:const]*{PAYMENT}?0*[late]*(1-[leave:const])^{QUALIFYING}?0"),
    (RECRUITING, ONE_OFF, (HIRE, KIT), f"=-[fte:const]*{EACH}*([starters]-[leavers])"),
    (RECRUITING, RECURRING, (HIRE, KIT), f"=-[fte:const]*{EACH}*[leavers]"),
)
"""`posts._recruiting_costs`: line, recurrence, the assumptions of which one must be stated, and the formula."""
UNSPENT: Final = """
unspent | approved, beyond what is spent on them | GBP
 | =([exists]*(1-establishment.budgeted_vacancy_share?0)-[filled]-[covered]*(1+[premium]))*[rate]
"""
"""`posts.underspend`."""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """A line of spending: without a scheme and with it (None: nothing), by month, and who pays (`Scheme.spending`)."""

    line: str
    before: Row
    after: Row | None
    purse: str = GENERAL_FUND


@dataclass(eq=False)
class Work:
    """What the writers of workings share.

    `places`: post -> its cells; `lines`: (owner, tag) -> the rows that add up to it; `spent`: a scheme's own spending;
    `anyway`: a scheme, and what posts of it cost that are paid anyway; `unspent`: approved posts, and not spent.
    """

    book: Book
    case: Case
    sheet: Sheet
    places: dict[str, str]
    lines: dict[tuple[str, Tag], list[Row]] = field(default_factory=dict)
    spent: dict[str, list[Spent]] = field(default_factory=dict)
    anyway: list[tuple[str, Row]] = field(default_factory=list)
    unspent: list[Row] = field(default_factory=list)
    _curves: dict[tuple[str, str], Names] = field(default_factory=dict)
    _ends: dict[tuple[str, date | None], Row] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Write what every recruiting rests on."""
        self.sheet.section("Recruiting, in every scheme")
        self._all: Names = APPROACH | self.sheet.rows(RECRUITING_ALL, APPROACH)

    def line(self, owner: str, row: Row, *tag: str) -> None:
        """Add a row to a line of an owner; equal tags are one line (`CashFlows.__add__`)."""
        self.lines.setdefault((owner, Tag(*tag)), []).append(row)

    def day(self, called: str, day: date, name: str) -> str:
        """Write a day as an input of a name, and return that."""
        self.sheet.add(called, "date", const=float((day - DAY_ZERO).days), style="input", name=name)
        return name

    def curve(self, scheme: str, start: date | None = None) -> Names:
        """Return how posts that start on a day fill, written once; without a day, from the scheme's own start."""
        called = f"{scheme}, from {start:%d %b %Y}" if start else scheme
        if (called, "") not in self._curves:
            first = f"{scheme}.start"
            if start:
                first = self.day(f"{called}: their own start", start, f"{scheme}.posts_from_{start:%Y%m%d}")
            since = self.sheet.rows(SINCE, {"from": first}, who=scheme, called=called)["since"]
            self._curves[called, ""] = self._filling(called, since)
        return self._curves[called, ""]

    def _filling(self, called: str, since: Row) -> Names:
        names: Names = {**self._all, "since": since, "called": called}
        return names | self.sheet.rows(FILLING, names, called=called)

    def earlier(self, curve: Names, ago: str) -> Names:
        """Return the same posts as they were some months ago, written once."""
        key = (curve["called"], ago)
        if key not in self._curves:
            called = f"{curve['called']}, {ago} before"
            since = self.sheet.add(f"{called}: months since it started", "months", f"={curve['since']}-{ago}")
            self._curves[key] = self._filling(called, since)
        return self._curves[key]

    def starting(self, curve: Names) -> Names:
        """Return a curve with its leavers and starters, written once."""
        if "starters" not in curve:
            for key, when, at in (("end", "at the month's end", curve["since"]), ("begin", "a month before", None)):
                ago = at or self.sheet.add(f"{curve['called']}: months since, a month before", "months",
                                           f"={curve['since']}-1")  # fmt: skip
                listing = REACHED.replace("[when]", when)
                curve[key] = self.sheet.rows(listing, {**self._all, "at": ago}, called=curve["called"])["share"]
            curve |= self.sheet.rows(STARTING, curve, called=curve["called"])
        return curve

    def running(self, scheme: str, end: date | None = None) -> Row:
        """`posts.until`: the part of each month before a last day, a post's own or its scheme's, written once."""
        if (scheme, end) not in self._ends:
            name, called = f"{scheme}.end", f"{scheme}: part of the month before its end"
            if end:
                called = f"{scheme}: part of the month before {end:%d %b %Y}"
                name = self.day(f"{scheme}: posts until", end, f"{scheme}.posts_until_{end:%Y%m%d}")
            first, days = (self.book.time[key] for key in ("first", "days"))
            formula = f"=IF({name}>0,MAX(MIN(({name}+1-{first})/{days},1),0),1)"
            self._ends[scheme, end] = self.sheet.add(called, "share", formula)
        return self._ends[scheme, end]

    def at_work(self, spec: SchemeSpec, ago: str = "") -> Row:
        """`posts.at_work`: the share of a scheme's own new posts that do its work, in post or covered, months ago."""
        own = [post for post, sign in charged_posts(self.case, spec.name) if sign > 0 and post.adds_people]
        label, run = f"{spec.name}: at work" + (f", {ago} before" if ago else ""), self.running(spec.name)
        if not own:
            since = f"{self.curve(spec.name)['since']}" + (f"-{ago}" if ago else "")
            return self.sheet.add(label, "share", f"=MAX(MIN({since},1),0)*{run}")
        parts, fte = [], []
        for kind in dict.fromkeys((post.charged_to, post.start) for post in own):
            curve = self.curve(*kind)
            work = (self.earlier(curve, ago) if ago else curve)["work"]
            people = "+".join(self.people(p) for p in own if (p.charged_to, p.start) == kind)
            fte.append(self.sheet.add(f"{curve['called']}: posts of {spec.name}", "fte", const=f"={people}"))
            parts.append(f"{fte[-1]:const}*{work}")
        return self.sheet.add(label, "share", f"=({'+'.join(parts)})/({total(fte, 'const')})*{run}")

    def people(self, post: Post) -> str:
        """Return the formula of the posts that a row adds."""
        return f"{self.places[post.id].format('C')}-{self.places[post.id].format('B')}"

    def premium(self) -> str:
        """`posts._premium`: the establishment's own, or else that of the case's agency scheme."""
        names = (PREMIUM, *(f"{spec.name}.premium" for spec in self.case.schemes if spec.kind == AGENCY))
        return next((name for name in names if name in self.case.assumptions), "0")


def write_posts(work: Work, spec: SchemeSpec) -> None:
    """`posts.staff_costs`: the lines of the posts charged to a scheme; posts that save in all are spending of its own.

    Of a scheme that does not act: what is paid anyway.
    """
    work.sheet.section(f"{spec.title}: posts")
    reduced = reducing(work.case, spec.name) if spec.active else ()
    saved: list[tuple[Row, Row, list[Post]]] = []
    for number, (posts, sign) in enumerate(_pools(work.case, spec, reduced), start=1):
        called = f"{spec.name}, posts {number} ({', '.join(p.post for p in posts)[:60]})"
        staff, rate = _pool(work, spec, called, posts, sign)
        tag = Tag(ON_CALL if posts[0].basis == DAY else STAFF, INVESTMENT, RECURRING, posts[0].funding)
        if reduced and tag == PAID:
            saved.append((staff, rate, [p for p in posts if p in reduced and sign > 0]))
        elif spec.active:
            work.lines.setdefault((spec.name, tag), []).append(staff)
    if reduced:
        work.spent[spec.name] = [_reduced(work, spec.name, saved)]


def _reduced(work: Work, scheme: str, saved: list[tuple[Row, Row, list[Post]]]) -> Spent:
    """`posts.held_before`: what rows that take posts away cost before, and what is left of it."""
    held = []
    for _, rate, posts in (part for part in saved if part[2]):
        cells = [tuple(work.places[p.id].format(column) for column in "BCD") for p in posts]
        gone = (f"IF({now}>{then},{cost}*{now}/({now}-{then}),{cost})" for now, then, cost in cells)
        times = work.sheet.add(f"{scheme}: what the posts cost before, against what they save", "ratio",
                               const=f"=-({'+'.join(gone)})/({'+'.join(cost for *_, cost in cells)})")  # fmt: skip
        held.append(f"{rate}*{times:const}")
    before = work.sheet.add(f"{scheme}: posts, without it", "GBP", f"={'+'.join(held)}")
    after = work.sheet.add(f"{scheme}: posts, with it", "GBP", f"={before}-({total(row for row, *_ in saved)})")
    return Spent(line=PAID.line, before=before, after=after)


def _pools(case: Case, spec: SchemeSpec, reduced: tuple[Post, ...]) -> list[tuple[list[Post], float]]:
    """`posts._pooled`: rows that differ in nothing but how much they cost, those that save in all apart."""
    pools: dict[tuple[object, ...], tuple[list[Post], float]] = {}
    for post, sign in charged_posts(case, spec.name):
        if spec.active or post.already_filled_months:
            key = (
                sign, post in reduced, post.adds_people, post.charged_to, post.start, post.end, post.included_when,
                post.funding, post.basis, post.costing, post.already_filled_months, post.recruited,
                post.id if post.costing == BOTTOM_UP else "",
            )  # fmt: skip
            pools.setdefault(key, ([], sign))[0].append(post)
    return list(pools.values())


def _pool(work: Work, spec: SchemeSpec, called: str, posts: list[Post], sign: float) -> tuple[Row, Row]:
    """`posts._row_costs` for a pool of rows, times `posts.carried`; return the row of staff and that of its rate."""
    post, sheet = posts[0], work.sheet
    already = f"{post.charged_to}.posts_paid_already_share"
    names: Names = {
        **work.curve(post.charged_to, post.start),
        "run": work.running(post.charged_to, post.end),
        "cells": "+".join(work.places[p.id].format("D") for p in posts),
        "sign": "" if sign > 0 else f"*-{post.included_when}" if post.included_when else "*-1",
        "premium": work.premium(),
        "new_share": f"*(1-{already})" if already in work.case.assumptions else "",
    }
    if post.basis == DAY:
        names |= sheet.rows(BY_DAY, names, called=called)
        return names["staff"], names["rate"]
    if post.costing == BOTTOM_UP:
        priced = price_row(work.case, post, post.start or work.case.scheme(post.charged_to).start)
        names["cash"] = sheet.add(f"{called}: cash a year, by grade in Python", "GBP", priced.rates, style="pasted")
        names["rises"] = sheet.add(f"{called}: pay rises not yet known", "number", priced.planned_years, style="pasted")
    names |= sheet.rows(BY_GRADE if post.costing == BOTTOM_UP else PRINTED, names, called=called)
    names |= {"share": names["filled" if post.recruited else "exists"], "terms": post.already_filled_months}
    names |= sheet.rows(ON_TERMS if post.already_filled_months else PERMANENT, names, called=called)
    if post.already_filled_months:
        work.anyway.append((spec.name, names["anyway"]))
    if spec.active and post.adds_people:
        people = "+".join(work.people(p) for p in posts)
        names["fte"] = sheet.add(f"{called}: posts added", "fte", const=f"=({people}){names['sign']}")
        _recruiting(work, spec.name, called, post, names)
    return names["staff"], names["rate"]


def _recruiting(work: Work, owner: str, called: str, post: Post, names: Names) -> None:
    """Write what recruiting costs beyond pay, and what the budget holds for posts that stand empty."""
    stated, curve = work.case.assumptions, work.curve(post.charged_to, post.start)
    if stated.keys() & {PAYMENT, HIRE, KIT}:
        wait = work.book.optional(QUALIFYING, "0")
        names |= work.starting(curve)
        names["late"] = work.starting(work.earlier(curve, wait) if wait != "0" else curve)["starters"]
    for line, recurrence, asked, formula in PEOPLE:
        if stated.keys() & set(asked):
            label = f"{line.lower()}{', first' if recurrence == ONE_OFF else ''}"
            row = work.sheet.rows(f"row | {label} | GBP | {formula}", names, called=called)["row"]
            work.line(owner, row, line, INVESTMENT, recurrence, post.funding)
    if post.funding == GENERAL_FUND:
        work.unspent.append(work.sheet.rows(UNSPENT, names, called=called)["unspent"])
