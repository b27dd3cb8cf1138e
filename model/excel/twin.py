"""The workbook of live formulas: its sheets in order, the checks, and the summary on top."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Final

from model.case import words
from model.case.parameters import PLACEMENTS
from model.case.timeline import add_months
from model.children.points import AT_18, ENTERED, UNDER_18
from model.children.streams import streams_of
from model.excel.appraisal import METRICS, write_appraisal
from model.excel.children import Caseload
from model.excel.grid import SEP, Book
from model.excel.inputs import PYTHON_ONLY, write_assumptions, write_calendar, write_posts, write_schemes
from model.excel.money import Money, write_annual, write_lines, write_monthly_lines
from model.excel.schemes import KNOWN, write_scheme
from model.excel.staff import Work, write_recruiting
from model.results.perimeters import shown_perimeters
from model.schemes.staff.posts import reducing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from model.case.records import Case
    from model.excel.grid import Row, Sheet
    from model.excel.money import Annual

GREEN, RED = "all checks pass", "a check fails"
ALWAYS_READ: Final = (
    "caseload.entries_multiplier", "caseload.entries_growth_annual", "caseload.exits_multiplier", "cost.entry",
    "growth.placement_prices_real_annual", "growth.pay_real_annual", "establishment.months_to_fill",
    "establishment.vacancy_share", *(f"price.{placement}_weekly" for placement in PLACEMENTS),
)  # fmt: skip
"""What the formulas read whether or not a case holds children, posts or growth."""


def why_not(case: Case) -> str:
    """Return why a case has no such workbook: empty where it has one."""
    fostering = [spec.name for spec in case.active_schemes if spec.kind == words.FOSTERING_GROWTH]
    if len(fostering) > 1:
        return f"two schemes fill new foster places ({', '.join(fostering)}); the workbook follows one"
    strange = [f"a scheme of kind {spec.kind}" for spec in case.active_schemes if spec.kind not in KNOWN]
    strange += [f"the end of {spec.name}" for spec in case.active_schemes if spec.end]
    strange += [f"the end of {post.id}" for post in case.establishment if post.end]
    strange += [f"posts that save ({spec.name})" for spec in case.active_schemes if reducing(case, spec.name)]
    strange += [f"a case without {name}" for name in ALWAYS_READ if name not in case.assumptions]
    return f"the workbook has no formulas for {strange[0]}" if strange else ""


def write_workbook(case: Case, path: Path) -> None:
    """Write the central run of a case as a workbook of live formulas."""
    timeline = case.timeline
    months = [f"{day:%b %Y}" for day in (add_months(timeline.start, i) for i in range(timeline.months))]
    book = Book(path=path, months=months, years=timeline.financial_years)
    summary = book.plain("Summary", (44, 20, 20, 20, 20, 20))
    checks = book.plain("Checks", (70, 18, 18, 14, 20))
    write_assumptions(book, case)
    write_schemes(book, case)
    places = write_posts(book, case)
    cal = write_calendar(book, case)
    sheet = book.monthly("Scheme workings")
    sheet.title("Schemes: posts, what they do, and what they cost, by month, real")
    work = Work(book=book, case=case, cal=cal, sheet=sheet, places=places)
    growth = f"(1+caseload.entries_growth_annual)^({cal.year}-1)"
    scale = sheet.add("Entries against the first year's", "ratio", f"=caseload.entries_multiplier*{growth}")
    write_recruiting(work)
    streams = streams_of(case)
    made = {spec.name: write_scheme(work, spec, scale, streams.general) for spec in case.active_schemes}
    reductions = [levers[0] for levers in made.values() if levers[0]]
    foster = [levers[1] for levers in made.values() if levers[1]]
    caseload = Caseload(book, case, cal, scale, streams, reductions, foster)
    money = Money(work, caseload)
    acting = [name for name, levers in made.items() if levers[0] or levers[1]]
    write_lines(work, money, acting, {name: levers[2] for name, levers in made.items()})
    lines = write_monthly_lines(work)
    annual = write_annual(work, lines)
    measures = write_appraisal(work, lines)
    state = _write_checks(checks, work, caseload, annual, measures)
    _write_summary(summary, work, measures, annual, state)
    summary.page.activate()
    book.file.set_calc_mode("auto")
    book.file.set_properties(
        {"title": f"{case.title}: {case.scenario_title}", "created": _midnight(case.knowledge_date)}
    )
    book.file.close()


def _midnight(day: date) -> datetime:
    """Return a moment that is the same in every run, so that the same case gives the same bytes."""
    return datetime.combine(day, time(), UTC)


def _write_checks(
    sheet: Sheet, work: Work, caseload: Caseload, annual: Annual, measures: Mapping[str, Mapping[str, Row]]
) -> str:
    """Write a row a check, and the one cell that says whether all pass; return that cell's name."""
    sheet.title(
        "Checks",
        "Each difference must be nought but for rounding. One cell at the top of the summary says whether all are.",
    )
    case = work.case
    rows: list[tuple[str, str, str | float, str]] = []
    n = len(PLACEMENTS)
    worlds = {"Do nothing": caseload.nothing, **{" and ".join(k): w for k, w in caseload.worlds.items()}}
    for title, world in worlds.items():
        opening = "+".join(f"{row:open}" for row in world.outs[:n])
        closing = "+".join(f"INDEX({row:all},1,months)" for row in world.outs[:n])
        flows = f"SUM({world.outs[ENTERED]:all})-SUM({world.outs[UNDER_18]:all})-SUM({world.outs[AT_18]:all})"
        rows.append((f"Children conserved: {title}", f"={opening}+{flows}", f"={closing}", "check_children"))
    for perimeter, found in measures.items():
        net = annual.net[f"real{SEP}{perimeter}"]
        most = (
            f"check_gbp*ROWS({annual.shown:all})*COLUMNS({net:all})"  # every line of every year is rounded to a penny
        )
        rows.append((f"Lines to net: {perimeter}", f"=SUM({net:all})", f"=SUM({found['net']:all})", most))
    fades = (f"{spec.name}.fade_annual" for spec in case.active_schemes)
    rows += [
        (f"The pasted tables rest on this: {name}", f"={name}", case.assumptions[name].value, "check_children")
        for name in (*PYTHON_ONLY, *fades)
        if name in case.assumptions
    ]
    heads = ("Check", "This", "Must be", "May differ by", "Passes")
    for column, head in enumerate(heads):
        sheet.page.write_string(sheet.at, column, head, work.book.style("heading"))
    first = sheet.at + 1
    for label, this, that, most in rows:
        sheet.at += 1
        sheet.page.write_string(sheet.at, 0, label)
        for column, content in ((1, this), (2, that), (3, f"={most}")):
            sheet.put(sheet.at, column, content, "formula", "")
        at = sheet.at + 1
        sheet.put(sheet.at, 4, f"=IF(ABS(B{at}-C{at})<=D{at},1,0)", "formula", "")
    sheet.at += 2
    sheet.page.write_string(sheet.at, 0, "All checks")
    passed = f"E{first + 1}:E{sheet.at - 1}"
    sheet.put(sheet.at, 4, f'=IF(SUM({passed})=ROWS({passed}),"{GREEN}","{RED}")', "total", "")
    work.book.name("all_checks", sheet.name, sheet.at, 4)
    _colours(sheet, f"E{sheet.at + 1}", work)
    return "all_checks"


def _colours(sheet: Sheet, cell: str, work: Work) -> None:
    for word, colour in ((GREEN, "#C6EFCE"), (RED, "#FFC7CE")):
        look = work.book.file.add_format({"bg_color": colour, "bold": True})
        sheet.page.conditional_format(cell, {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": look})


def _write_summary(
    sheet: Sheet, work: Work, measures: Mapping[str, Mapping[str, Row]], annual: Annual, state: str
) -> None:
    """Write what the case comes to in every perimeter, and its net by year."""
    case, book = work.case, work.book
    sheet.title(
        f"{case.council}: {case.title}",
        f"Scenario {case.scenario}: {case.scenario_title}",
        "The model's central run in live formulas. Change a yellow cell on Assumptions, Schemes, Posts or Years and "
        "every figure moves; how long children stay is pasted from Python (grey).",
    )
    sheet.page.write_string(sheet.at, 0, "Checks")
    sheet.put(sheet.at, 1, f"={state}", "total", "")
    _colours(sheet, f"B{sheet.at + 1}", work)
    sheet.at += 2
    shown = [*shown_perimeters(case), *(p for p in measures if p not in shown_perimeters(case))]
    titles = {spec.name: spec.title for spec in case.active_schemes}
    _head(
        sheet,
        book,
        f"Central values, pounds of {case.price_base}",
        [titles.get(p, p.replace("_", " ").capitalize()) for p in shown],
    )
    for key, (label, kind) in METRICS.items():
        sheet.at += 1
        sheet.page.write_string(sheet.at, 0, label)
        for i, perimeter in enumerate(shown):
            sheet.put(sheet.at, 1 + i, f"={measures[perimeter][key]:const}", "formula", kind)
    for basis in ("real", "nominal"):
        sheet.at += 2
        _head(
            sheet,
            book,
            f"Net by financial year, {basis}",
            [titles.get(p, p.replace("_", " ").capitalize()) for p in shown],
        )
        for y, year in enumerate(book.years):
            sheet.at += 1
            sheet.page.write_string(sheet.at, 0, year)
            for i, perimeter in enumerate(shown):
                sheet.put(
                    sheet.at, 1 + i, f"=INDEX({annual.net[basis + SEP + perimeter]:all},1,{y + 1})", "formula", "GBP"
                )
    sheet.page.set_column(1, len(shown), 20)


def _head(sheet: Sheet, book: Book, first: str, titles: list[str]) -> None:
    look = book.file.add_format(
        {"bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF", "text_wrap": True, "valign": "top"}
    )
    for column, text in enumerate((first, *titles)):
        sheet.page.write_string(sheet.at, column, text, look)
