"""The sections of a report that say what is proposed, saved, spent and paid back, and what it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.case.records import NO_BUDGET
from model.case.words import WHOLE
from model.report import establishment, money, posts, purses, views
from model.report.assumptions import all_assumptions
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import Block, folded, show
from model.report.reconciliation import reconciliation
from model.report.switching_values import switching_table
from model.results import provenance as prov
from model.results.perimeters import main_perimeter

if TYPE_CHECKING:
    from model.results.runs import Result


def proposal(result: Result) -> Block:
    """Return what is proposed and what it costs: each scheme, its start, posts and cost in a full year."""
    from model.report.options import considered  # noqa: PLC0415 - it appraises; the index needs none of it

    case = result.case
    year = case.timeline.financial_years[min(case.shown_years, len(case.timeline.financial_years)) - 1]
    parts = [(views.new_posts(case, s.name), *_invested(result, s.name, year)) for s in case.active_schemes]
    costs = [fmt.in_thousands_to([p[i] for p in parts], t)
             for i, t in enumerate(_invested(result, WHOLE, year), 1)]  # fmt: skip
    rows = [
        [tbl.text(spec.title), tbl.text(fmt.month(spec.start.isoformat())), _fte(posts), *map(tbl.thousands, money),
         tbl.note(spec.source)]
        for spec, (posts, *_), *money in zip(case.active_schemes, parts, *costs, strict=True)
    ]  # fmt: skip
    if len(rows) > 1:
        rows.append([tbl.text("All schemes"), tbl.text(""), _fte(sum(posts for posts, *_ in parts)),
                     *map(tbl.thousands, _invested(result, WHOLE, year)), tbl.text("")])  # fmt: skip
    table = tbl.Table(
        key="schemes",
        caption=f"The schemes: investment in £ thousand, central, real {case.price_base} prices",
        columns=("Scheme", "Starts", "Net new fte", f"Investment {year}", "Investment, all years", "Source"),
        rows=rows,
        numeric=frozenset({2, 3, 4}),
        strong=frozenset({len(parts)} if len(parts) > 1 else ()),
        rests_on=views.money_drivers(case, [WHOLE]),
        empty="No scheme acts in this scenario.",
    )
    total = -float(views.by_nature(result, WHOLE)["investment"][year])
    what = "It costs" if len(case.active_schemes) == 1 else "Together they cost"
    sentence = (
        f"{case.council} would run {fmt.counted(len(case.active_schemes), 'scheme')}. {what} "
        f"{fmt.money(total) if total >= 1 else 'nothing'} in {year}, when all have started, before anything is saved."
        if case.active_schemes
        else "No scheme acts in this scenario."
    )
    return show(sentence, table, considered(case))


def _invested(result: Result, perimeter: str, year: str) -> tuple[float, float]:
    """Return what a perimeter invests in a year and in all years, central, real pounds."""
    spent = -views.by_nature(result, perimeter)["investment"]
    return float(spent[year]), float(spent.sum())


def _fte(posts: float) -> tbl.Cell:
    return tbl.number(fmt.significant(round(posts, 2), 4), posts)


def savings(result: Result) -> Block:
    """Return what is saved by year, cashable and avoided apart, and when it is paid back."""
    case = result.case
    main = main_perimeter(case)
    no_budget = "" if case.holds_placements else f"Why so little is cashable: {NO_BUDGET}"
    return show(
        no_budget,
        money.savings_by_year(result, main),
        _by_year(result),
        money.cumulative_fan(result, main),
    )


def _by_year(result: Result) -> tbl.Table:
    """Return investment, savings and net by year of the main perimeter and of the whole, £ thousand, central."""
    case = result.case
    parts = {p: money.by_nature(result, p) for p in dict.fromkeys((main_perimeter(case), WHOLE))}
    rows = [[tbl.text(f"{views.title_of(case, p)}: {fmt.lowered(row[0].text)}"), *row[1:]]
            for p, part in parts.items() for row in part.rows]  # fmt: skip
    totals = frozenset(i for i, row in enumerate(rows) if row[0].text.endswith(": net"))
    return tbl.Table(
        key="savings-by-year",
        caption=f"Investment and savings by financial year, £ thousand, central, real {case.price_base} prices",
        columns=("Schemes", *next(iter(parts.values())).columns[1:]),
        rows=rows,
        numeric=1,
        strong=totals,
    )


def appendix(result: Result) -> Block:
    """Return what few read at once, each folded under its name: every line, post and purse, and every assumption."""
    case = result.case
    shown = dict.fromkeys((main_perimeter(case), WHOLE))
    return show(
        *[folded(f"Every line by year: {views.title_of(case, p)}", money.by_line(result, p)) for p in shown],
        folded("Every line of the establishment", establishment.posts(case), posts.service_lines(result)),
        folded("Who pays, by year", purses.purses(result)),
        *[folded(f"Switching value of every assumption: {views.title_of(case, p)}",
                 switching_table(case, result.switching_by_perimeter, p)) for p in shown],
        folded("Every published figure, recomputed", reconciliation(result)),
        all_assumptions(case, folded_groups=True),
    )  # fmt: skip


def provenance_block(result: Result) -> Block:
    """Return what the page was made from, how to make it again, and the sign-off block."""
    found = prov.provenance(result.case, draws=result.draws, seed=result.seed)
    state = "changed since the commit" if found["dirty"] else "as committed"
    facts = {
        "Case and scenario": f"{found['case']}, {found['scenario']}",
        "What was known": f"as at {fmt.day(result.case.knowledge_date)}",
        "Code": f"{found['commit']} ({state})" if "unknown" not in found["commit"] else found["commit"],
        "Runs and seed": f"{result.draws:,} runs, seed {result.seed}",
        "Versions": ", ".join(f"{name} {version}" for name, version in found["versions"].items()),
        "To make this page again": found["command"],
    }
    rows = [[tbl.text(name), tbl.Cell(text=h, markup=f"<code>{markup.escape(h)}</code>")]
            for name, h in found["inputs"].items()]  # fmt: skip
    hashes = tbl.Table(key="inputs", caption="Input files and their SHA-256", columns=("File", "SHA-256"),
                       rows=rows, empty="No input files were found.")  # fmt: skip
    return show(tbl.facts("provenance", "What this page was made from", facts), folded("Input files", hashes),
                sign_off())  # fmt: skip


def sign_off() -> tbl.Table:
    """Return the sign-off block of a government analysis, by role, left empty for people to fill in."""
    roles = ("Analyst", "Assurer", "Approver")
    blank = tbl.Cell(
        text="", markup='<span class="blank" aria-hidden="true"></span><span class="unseen">to fill in</span>'
    )
    rows = [[tbl.text(role), blank, blank, blank] for role in roles]
    return tbl.Table(key="sign-off", caption="Sign-off", columns=("Role", "Post held", "Signature", "Date"),
                     rows=rows)  # fmt: skip
