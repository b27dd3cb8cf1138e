"""Posts: what they cost and how they fill, a row for each array of `model.schemes.staff`."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

from model.case.pay import LEVY, NI, PENSION
from model.case.records import Case, SchemeSpec
from model.case.rows import Post
from model.case.words import AGENCY, BOTTOM_UP, DAY, GENERAL_FUND, INVESTMENT, ONE_OFF, RECURRING
from model.excel.grid import Book, Cell, Row, Sheet, said, total
from model.schemes.cashflows import Tag
from model.schemes.staff import posts
from model.schemes.staff.prices import PostPay, placed, planned_rises, planned_years, salary_on

Names = dict[str, Any]

DAY_ZERO: Final = date(1899, 12, 30)
POSTS: Final = "Posts"
POST_HEADS: Final = (
    "Post", "Unit", "Posts added", "What posts cut cost before", "Fte now", "Fte proposed", "Cost a year", "Paid at",
    "Was paid at", "Starts", "Ends", "Scheme charged", "Recruited", "Id", "Source",
)  # fmt: skip
ADDED, BEFORE, NOW, PROPOSED, COST, PAID_AT, WAS_PAID_AT, STARTS, ENDS = "CDEFGHIJK"
"""Columns of the list of posts, as the headings above."""
PAY_RATES: Final = """
threshold | Employer NI is due on pay above | GBP | :threshold
ni | Employer NI | share | :ni
pension | Employer pension | share | :pension
levy | Apprenticeship levy | share | :levy
"""
FULL_COST: Final = """
cost | {label} | GBP
 | =([salary]+MAX([salary]-[threshold],0)*[ni]+[salary]*([pension]+[levy]))/[level:year]
 *(1+growth.pay_real_annual?0)^[rises]
"""
"""`prices.cost_rates` and `posts._annual_cost`."""
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
 | -[begins:const]-.delay?0
run | part of the month before its end | share | =IF([end]>0,MAX(MIN(([end]+1-[first])/[days],1),0),1)
"""
"""`Setting.elapsed`: at the month's end; minus before, and again once the schemes have stopped. `posts.until`."""
DONE: Final = "MAX(MIN([{at}]/MAX([m],1/most_rounds),most_rounds),0)"
REACHED: Final = "IF([{at}]<0,0,IF([m]>0,IF([p]=1,MIN([{n}],1),1-(1-[p])^INT([{n}])*(1-[p]*([{n}]-INT([{n}])))),1))"
"""`recruitment.approach`: the share of posts ever filled at a moment, `at`, after `n` rounds."""
FILLING: Final = f"""
exists | part of the month since it started | share | =MAX(MIN([since],1),0)
at | months since it started, at the middle of that part | months | =AVERAGE([since],[since]-[exists])
rounds | rounds of recruiting by then | number | ={DONE.format(at="at")}
ever | posts ever filled | share | =[exists]*{REACHED.format(at="at", n="rounds")}
filled | posts filled | share | =[ever]*(1-[empty:const])
covered | posts covered by agency staff | share
 | =[ever]*[empty:const]*{posts.COVER_VACATED}?0+([exists]-[ever])*{posts.COVER_UNFILLED}?0
work | posts filled or covered | share | =[filled]+[covered]
"""
"""`recruitment.ever_filled`, `filled_share` and `posts.covered_share`."""
STARTING: Final = f"""
done | rounds of recruiting at the month's end | number | ={DONE.format(at="since")} | {DONE.format(at="since:open")}
end | posts ever filled at the month's end | share | =IF([since]>0,{REACHED.format(at="since", n="done")},0)
 | IF([since:open]>0,{REACHED.format(at="since:open", n="done:open")},0)
leavers | leavers | share | =[leave:const]*[filled]
starters | starters | share | =IF([since]>0,([end]-[end:prev])*(1-[empty:const]),0)+[leavers]
"""
"""`recruitment.leavers` and `starters`."""
BY_DAY: Final = """
rate | cost a year | GBP | ![cost][sign]
staff | paid by the day | GBP | =-[exists]*[run]*[days]*[rate:const]/days_in_a_printed_year
"""
PRINTED: Final = """
yearly | cost a year | GBP | ![cost][sign]
rate | if all were filled | GBP | =[annual]*[yearly:const]*[pay][new_share]
"""
BY_GRADE: Final = """
rate | if all were filled | GBP | =[annual]*(SUMPRODUCT(SUMIF([paid_at],[full_cost:labels],[proposed]),[full_cost])
 -SUMPRODUCT(SUMIF([was_paid_at],[full_cost:labels],[now]),[full_cost]))[sign][new_share]
"""
PERMANENT: Final = "staff | staff | GBP | =-[share]*[rate]*[run]\n"
ON_TERMS: Final = """
new | no longer on fixed terms | share | =MAX(MIN([since]-[terms],1),0)
anyway | paid anyway while on fixed terms | GBP | =[share]*(1-[new])*[rate]
staff | staff | GBP | =-[share]*[new]*[rate]*[run]
"""
EACH: Final = f"({posts.HIRE}?0+{posts.KIT}?0*(1-{posts.RECYCLED}?0))"
COST_STARTERS: Final = (posts.PAYMENT, posts.HIRE, posts.KIT)
"""Assumptions that make starters cost something."""
PEOPLE: Final = f"""
fte | posts added | fte | ![added][sign]
cover ? {posts.COVER_VACATED} {posts.COVER_UNFILLED} | agency cover of new posts | GBP
 | =-[covered]*[rate]*[run]*(1+[premium])
retention ? {posts.PAYMENT} | retention payments | GBP
 | =-[fte:const]*{posts.PAYMENT}?0*[late]*(1-[leave:const])^{posts.QUALIFYING}?0
first ? {posts.HIRE} {posts.KIT} | recruitment and equipment, first | GBP | =-[fte:const]*{EACH}*([starters]-[leavers])
next ? {posts.HIRE} {posts.KIT} | recruitment and equipment | GBP | =-[fte:const]*{EACH}*[leavers]
unspent | approved, beyond what is spent on them | GBP
 | =([exists]*(1-{posts.BUDGETED_VACANCY}?0)-[filled]-[covered]*(1+[premium]))*[rate]
"""
"""`posts._recruiting_costs` and `posts.underspend`."""
PEOPLE_LINES: Final = {
    "cover": (posts.NEW_POST_COVER, RECURRING), "retention": (posts.RETENTION, RECURRING),
    "first": (posts.RECRUITING, ONE_OFF), "next": (posts.RECRUITING, RECURRING),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Spent:
    """A line of spending: without a scheme and with it (None: nothing), by month, and who pays (`Scheme.spending`)."""

    line: str
    before: Row
    after: Row | None
    purse: str = GENERAL_FUND


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Posts that differ in nothing but how much they cost, from row `first` to `last` of the list of posts.

    `post`: one of them; `titles` of all; `carved_from`: the scheme whose line they are taken out of.
    """

    post: Post
    titles: str
    carved_from: str
    first: int
    last: int

    def cells(self, column: str) -> str:
        """Return the cells of a column."""
        return f"{POSTS}!${column}${self.first}:${column}${self.last}"

    def sign(self, scheme: str) -> float:
        """`posts.charged_posts`: 1 in the scheme charged, -1 in the one they are taken out of, else 0."""
        return float(self.post.charged_to == scheme) - float(self.carved_from == scheme)


@dataclass(eq=False)
class Work:
    """What the writers of workings share.

    `made`: acting scheme -> its rows; `lines`: (owner, tag) -> the rows that add up to it (`CashFlows.__add__`);
    `spent`: a scheme's own spending; `anyway`: a scheme, and what posts of it cost that are paid anyway; `unspent`:
    approved posts, not spent.
    """

    book: Book
    case: Case
    sheet: Sheet
    pools: Sequence[Pool]
    made: dict[str, Names] = field(default_factory=dict)
    lines: dict[tuple[str, Tag], list[Row]] = field(default_factory=lambda: defaultdict(list))
    spent: dict[str, list[Spent]] = field(default_factory=lambda: defaultdict(list))
    anyway: list[tuple[str, Row]] = field(default_factory=list)
    unspent: list[Row] = field(default_factory=list)

    def at_work(self, spec: SchemeSpec, pools: Sequence[Names], names: Names, ago: str = "0") -> Row:
        """`posts.at_work`: the share of a scheme's own new posts that do its work, in post or covered, months ago."""
        label = f"{spec.name}: at work{'' if ago == '0' else f', {ago} before'}"
        own = [pool for pool in pools if pool["counts"]]
        if not own:
            return self.sheet.add(label, "share", f"=MAX(MIN({names['since']}-{ago},1),0)*{names['run']}")
        work = [(pool if ago == "0" else self.earlier(pool, ago))["work"] for pool in own]
        fte = [pool["fte"] for pool in own]
        done = "+".join(f"{n:const}*{row}" for n, row in zip(fte, work, strict=True))
        return self.sheet.add(label, "share", f"=({done})/({total(fte, 'const')})*{names['run']}")

    def earlier(self, pool: Names, ago: str, listing: str = FILLING) -> Names:
        """Return the same posts as they were some months ago."""
        called = f"{pool['called']}, {ago} before"
        since = self.sheet.add(f"{called}: months since it started", "months", f"={pool['since']}-{ago}",
                               before=f"={pool['since']:open}-{ago}")  # fmt: skip
        return self.sheet.rows(listing, {**pool, "since": since}, called=called)


def write_recruiting(book: Book, sheet: Sheet) -> None:
    """Write what every recruiting rests on into `book.shared`: months of a round, chance of success, and rates."""
    book.shared |= {
        "m": book.optional("establishment.months_to_fill"), "p": book.optional("establishment.fill_probability", "1")
    }  # fmt: skip
    sheet.section("Recruiting, in every scheme")
    book.shared |= sheet.rows(RECRUITING_ALL, {})


def write_pay(book: Book, case: Case) -> dict[str, tuple[str, ...]]:
    """Write what a whole-time post costs at each grade by month, into `book.shared`.

    Return post -> where it is paid, and where it was if that is another place; nothing where no post is paid by grade.
    """
    tables, days, rises = case.reference.pay, case.timeline.month_starts, planned_rises(case)
    by_grade = [post for post in case.establishment if post.costing == BOTTOM_UP and _needed(case, post)]
    places: dict[str, PostPay] = {}
    paid: dict[str, tuple[str, ...]] = {}
    for post in by_grade:
        pays = [pay for _, pay in placed(case, post)]
        paid[post.id] = tuple(_place(*one) for one in zip((post.grade, post.grade_current), pays, strict=False))
        for label, pay in zip(paid[post.id], pays, strict=True):
            places[label] = min(places.get(label, pay), pay, key=lambda one: one.start)
    if not places:
        return {}
    since = min(pay.start for pay in places.values())
    sheet = book.sheet(
        "Pay", "Pay by grade: what a whole-time post costs, by month", "Awards as known; later years rise with prices.",
        periods=book.months,
    )  # fmt: skip
    ends = [max(day - timedelta(days=1), since) for day in days[1:]]
    ni = [tables.in_force(NI, day) for day in ends]
    rates: Names = {"threshold": [r.threshold_annual_gbp for r in ni], "ni": [r.rate for r in ni],
                    "pension": [tables.in_force(PENSION, day, case.council).rate for day in ends],
                    "levy": [tables.in_force(LEVY, day).rate for day in ends]}  # fmt: skip
    names: Names = dict(sheet.rows(PAY_RATES, rates))
    sheet.section("Pay a year")
    salaries = [sheet.add(f"{label}: pay", "GBP", [salary_on(tables, pay, day, rises) for day in days[:-1]],
                          style="input") for label, pay in places.items()]  # fmt: skip
    sheet.section("April rises so far that no award is known for: they follow prices, and grow with real pay")
    later = [sheet.add(f"{label}: rises", "number", planned_years(case, pay), style="input")
             for label, pay in places.items()]  # fmt: skip
    sheet.section("Pay with national insurance, pension and levy, a year, real")
    first = sheet.at
    for label, salary, rise in zip(places, salaries, later, strict=True):
        sheet.rows(FULL_COST.format(label=label), names | {"salary": salary, "rises": rise})
    book.shared["full_cost"] = sheet.since(first)
    return paid


def _needed(case: Case, post: Post) -> bool:
    return case.scheme(post.charged_to).active or bool(post.already_filled_months)


def _place(grade: str, pay: PostPay) -> str:
    rising = f", rising from {pay.start:%d %b %Y}" if pay.steps else ""
    return f"{grade}, {pay.spine} {pay.point}{rising}"


def write_post_list(book: Book, case: Case, paid: dict[str, tuple[str, ...]]) -> list[Pool]:
    """Write the rows of the establishment, pool by pool, and return the pools."""
    sheet = book.sheet(
        POSTS,
        "Posts: what each row costs a year and how many it adds",
        f"Cost: the net change a year, every post filled, in prices of {case.price_base}; grey: by grade, see Pay.",
        "Posts that start together are kept together: the yellow day is that of all of them. Each new post is of its "
        "row's kind; other funding, and increments from another day, need Python.",
        widths=(50, 16, 12, 16, 12, 12, 16, 30, 30, 13, 13, 24, 10, 30, 60),
    )
    sheet.heading(*POST_HEADS)
    sheet.page.freeze_panes(sheet.at, 1)
    home = {post.id: post.charged_to for post in case.establishment}
    alike: dict[tuple[str, tuple[object, ...]], list[Post]] = {}
    for post in case.establishment:
        cut = post.change_annual_cost_gbp < 0
        key = ((post.grade, post.grade_current) if cut else (), post.adds_people, cut, post.charged_to, post.start,
               post.end, post.included_when, post.funding, post.basis, post.costing, post.already_filled_months,
               post.recruited)  # fmt: skip
        alike.setdefault((home.get(post.included_in, ""), key), []).append(post)
    pools = []
    for (out_of, _), some in alike.items():
        first = sheet.at + 1
        for post in some:
            _write_post(sheet, post, paid.get(post.id, ()), first)
        titles = ", ".join(post.post for post in some)
        pools.append(Pool(post=some[0], titles=titles, carved_from=out_of, first=first, last=sheet.at))
    if paid:
        labels = f"={book.shared['full_cost']:labels}"
        choice = {"validate": "list", "source": labels, "error_message": "One of the grades on the sheet Pay."}
        sheet.page.data_validation(f"{PAID_AT}{pools[0].first}:{WAS_PAID_AT}{sheet.at}", choice)
    return pools


def _write_post(sheet: Sheet, post: Post, paid: tuple[str, ...], first: int) -> None:
    """Write a post; `first`: the row of its pool that holds the pool's days."""
    n = sheet.at + 1
    before = f"=IF(G{n}<0,-IF(E{n}>F{n},G{n}*E{n}/(E{n}-F{n}),G{n}),0)"  # `posts.held_before`
    formulas = (Cell(content=f"=F{n}-E{n}", kind="number"), Cell(content=before, kind="GBP"))
    fte = (Cell(content=figure, style="input", kind="number") for figure in (post.fte_current, post.fte_proposed))
    cost = Cell(content=post.change_annual_cost_gbp, style="pasted" if paid else "input", kind="GBP")
    grades: list[str | Cell] = [Cell(content=label, style="input", kind="text") for label in paid]
    grades = [*grades, *([Cell(content=f"={PAID_AT}{n}")] if paid else ["as printed", ""])][:2]
    days = (
        Cell(content=own or f"={post.charged_to}.{word}", style="input", kind="date")
        if n == first else Cell(content=f"={column}{first}", kind="date")
        for column, word, own in ((STARTS, "start", post.start), (ENDS, "end", post.end))
    )  # fmt: skip
    words = (post.charged_to, "yes" if post.recruited else "no", post.id, said(post.source))
    sheet.line(f"{post.team}: {post.post}", "fte, GBP a year", *formulas, *fte, cost, *grades, *days, *words)


def write_posts(work: Work, spec: SchemeSpec) -> list[Names]:
    """`posts.staff_costs`: the lines of the posts charged to a scheme; posts that save in all are spending of its own.

    Return the rows of each pool. Of a scheme that does not act: what is paid anyway.
    """
    work.sheet.section(f"{spec.title}: posts")
    saving = bool(posts.reducing(work.case, spec.name))
    made: list[Names] = []
    saved: list[Row] = []
    held: list[str] = []
    for pool in work.pools:
        if not pool.sign(spec.name) or not (spec.active or pool.post.already_filled_months):
            continue
        called = f"{spec.name}, posts {len(made) + 1}"
        work.sheet.section(f"{called}: {pool.titles}"[:250])
        names = _pool(work, spec, pool, called)
        made.append(names)
        tag = Tag(posts.ON_CALL if pool.post.basis == DAY else posts.STAFF, INVESTMENT, RECURRING, pool.post.funding)
        if saving and tag == posts.PAID:
            saved.append(names["staff"])
            if pool.sign(spec.name) > 0 and pool.post.change_annual_cost_gbp < 0:
                held.append(f"{names['rate']}*SUM({pool.cells(BEFORE)})/SUM({pool.cells(COST)})")
        elif spec.active:
            work.lines[spec.name, tag].append(names["staff"])
    if saving and spec.active:
        before = work.sheet.add(f"{spec.name}: posts, without it", "GBP", f"={'+'.join(held)}")
        after = work.sheet.add(f"{spec.name}: posts, with it", "GBP", f"={before}-({total(saved)})")
        work.spent[spec.name] = [Spent(line=posts.PAID.line, before=before, after=after)]
    return made


def _pool(work: Work, spec: SchemeSpec, pool: Pool, called: str) -> Names:
    """`posts.row_costs` for a pool of rows, times `posts.carried`."""
    post, sheet, sign = pool.post, work.sheet, pool.sign(spec.name)
    already = f"{post.charged_to}.posts_paid_already_share"
    names: Names = {
        "called": called,
        "counts": False,
        "from": f"{POSTS}!${STARTS}${pool.first}",
        "end": f"{POSTS}!${ENDS}${pool.first}",
        "cost": f"SUM({pool.cells(COST)})",
        "added": f"SUM({pool.cells(ADDED)})",
        "paid_at": pool.cells(PAID_AT),
        "was_paid_at": pool.cells(WAS_PAID_AT),
        "proposed": pool.cells(PROPOSED),
        "now": pool.cells(NOW),
        "sign": "" if sign > 0 else f"*-{post.included_when}" if post.included_when else "*-1",
        "premium": _premium(work.case),
        "new_share": f"*(1-{already})" if already in work.book.stated else "",
        "terms": post.already_filled_months,
    }
    names |= sheet.rows(SINCE + FILLING, names, who=post.charged_to, called=called)
    if post.basis == DAY:
        return names | sheet.rows(BY_DAY, names, called=called)
    names["share"] = names["filled" if post.recruited else "exists"]
    listing = BY_GRADE if post.costing == BOTTOM_UP else PRINTED
    names |= sheet.rows(listing + (ON_TERMS if names["terms"] else PERMANENT), names, called=called)
    if names["terms"]:
        work.anyway.append((spec.name, names["anyway"]))
    if spec.active and post.adds_people:
        _people(work, spec.name, pool, names)
        names["counts"] = sign > 0
    return names


def _people(work: Work, owner: str, pool: Pool, names: Names) -> None:
    """Write what recruiting costs beyond pay, and what the budget holds for posts that stand empty."""
    called, sheet = names["called"], work.sheet
    if not work.book.stated.isdisjoint(COST_STARTERS):
        wait = work.book.optional(posts.QUALIFYING)
        names |= sheet.rows(STARTING, names, called=called)
        names["late"] = (work.earlier(names, wait, FILLING + STARTING) if wait != "0" else names)["starters"]
    names |= sheet.rows(PEOPLE, names, called=called)
    for key, (line, recurrence) in PEOPLE_LINES.items():
        if key in names:
            work.lines[owner, Tag(line, INVESTMENT, recurrence, pool.post.funding)].append(names[key])
    if pool.post.funding == GENERAL_FUND:
        work.unspent.append(names["unspent"])


def _premium(case: Case) -> str:
    """`posts._premium`: the establishment's own, or else that of the case's agency scheme."""
    names = (posts.PREMIUM, *(f"{spec.name}.premium" for spec in case.schemes if spec.kind == AGENCY))
    return next((name for name in names if name in case.assumptions), "0")
