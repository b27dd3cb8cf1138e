"""The workbook of live formulas: its sheets in order, the checks, and the summary on top."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Final

from model.case.parameters import PLACEMENTS
from model.case.records import Case
from model.case.timeline import add_months
from model.case.words import BOTTOM_UP, CENTRAL, NET, NOMINAL, REAL, WHOLE
from model.children.points import AT_18, ENTERED, UNDER_18
from model.children.streams import streams_of
from model.excel.appraisal import METRICS, write_appraisal
from model.excel.children import Caseload
from model.excel.grid import Book, Cell, Row, Sheet, total
from model.excel.inputs import pasted_from, write_assumptions, write_calendar, write_posts, write_schemes
from model.excel.money import Money, write_annual, write_lines, write_monthly_lines
from model.excel.purses import write_purses
from model.excel.schemes import Levers, write_scheme
from model.excel.staff import DAY_ZERO, Work
from model.money.funding import CLOSING, SHORTFALL
from model.results.perimeters import shown_perimeters
from model.results.runs import Result, run

Measures = Mapping[str, Mapping[str, Row]]

GREEN, RED = "all checks pass", "a check fails"
FROZEN: Final = (
    "The children of {names} are pasted from Python, since stays there change from month to month: what moves them "
    "needs Python, and the checks say so."
)


def write_workbook(case: Case, path: Path) -> None:
    """Write the central run of a case as a workbook of live formulas."""
    timeline = case.timeline
    months = [f"{add_months(timeline.start, i):%b %Y}" for i in range(timeline.months)]
    book = Book(path=path, months=months, years=timeline.financial_years, stated=case.assumptions.keys())
    summary = book.sheet("Summary", widths=(44, 20, 20, 20, 20, 20))
    checks = book.sheet("Checks", widths=(70, 18, 18, 14, 20))
    write_assumptions(book, case)
    write_schemes(book, case)
    places = write_posts(book, case)
    write_calendar(book, case)
    sheet = book.sheet("Scheme workings", book.months)
    sheet.title("Schemes: posts, what they do, and what they cost, by month, real")
    work, levers, streams = Work(book=book, case=case, sheet=sheet, places=places), Levers(), streams_of(case)
    for spec in case.schemes:
        write_scheme(work, spec, levers, streams.general)
    caseload = Caseload(book, case, levers, streams) if case.caseload else None
    money = Money(work, levers, caseload)
    write_lines(work, money)
    lines = write_monthly_lines(work, levers.dearer)
    _, real = write_annual(work, lines, REAL)
    pence, nominal = write_annual(work, lines, NOMINAL)
    measures = write_appraisal(work, lines)
    purses = write_purses(work, lines, pence)
    shown = list(lines.values())
    block = Row("Lines", shown[0].first, shown[-1].last) if shown else Row("Lines", 0, 0)
    rows = [*_conserved(caseload), *_lines_to_net(measures, real, block), *_unchanged(case, caseload)]
    rows.append(("Purses to total", f"=SUM({purses[NET]:all})", f"=SUM({nominal[WHOLE]:all})", "check_gbp"))
    _write_checks(checks, rows)
    pasted = [" and ".join(names) for names, world in caseload.worlds.items() if world.frozen] if caseload else []
    frozen = FROZEN.format(names="; of ".join(pasted)) if pasted else ""
    result = run(case, draws=1)
    _write_summary(summary, result, measures, {REAL: real, NOMINAL: nominal}, frozen)
    _write_plan(summary, result, purses)
    summary.page.activate()
    book.file.set_calc_mode("auto")
    made = datetime.combine(case.knowledge_date, time(), UTC)  # the same in every run: the same case, the same bytes
    book.file.set_properties({"title": f"{case.title}: {case.scenario_title}", "created": made})
    book.file.close()


PLAN: Final = {
    "change": "Base budget: change on the year before", "cumulative": "Base budget, in all",
    CLOSING: "Reserve at the year's end", SHORTFALL: "Reserve: short in the year",
}  # fmt: skip
"""What the summary says of the plan and the reserve."""
Check = tuple[str, str, str | float, str]
"""What is checked, a formula, what it must be, and the name of how far it may differ."""


def _conserved(caseload: Caseload | None) -> Iterator[Check]:
    """Opening children + entries - exits = closing children, in every world."""
    n = len(PLACEMENTS)
    for names, world in caseload.worlds.items() if caseload else ():
        closing = "+".join(f"INDEX({row:all},1,months)" for row in world.outs[:n])
        flows = f"SUM({world.outs[ENTERED]:all})-SUM({world.outs[UNDER_18]:all})-SUM({world.outs[AT_18]:all})"
        title = f"Children conserved: {' and '.join(names) or 'do nothing'}"
        yield title, f"={total(world.outs[:n], 'open')}+{flows}", f"={closing}", "check_children"


def _lines_to_net(measures: Measures, real: Mapping[str, Row], lines: Row) -> Iterator[Check]:
    """Annual lines add up to the monthly net, but for the pence to which each of them is rounded."""
    for perimeter, found in measures.items():
        net = real[perimeter]
        most = f"check_gbp*ROWS({lines:all})*COLUMNS({net:all})"
        yield f"Lines to net: {perimeter}", f"=SUM({net:all})", f"=SUM({found['net']:all})", most


def _unchanged(case: Case, caseload: Caseload | None) -> Iterator[Check]:
    """What pasted tables were made with is as it was: how long children stay, pay by grade, worlds of Python's own."""
    rests = dict.fromkeys(pasted_from(case))
    days = {post.charged_to for post in case.establishment if post.costing == BOTTOM_UP}
    for names, world in caseload.worlds.items() if caseload else ():
        if world.frozen:
            own = ("caseload.", "establishment.", *(f"{name}." for name in names))
            rests |= dict.fromkeys(n for n in case.assumptions if n.startswith(own))
            days |= set(names)
    for name in rests:
        yield f"Pasted tables rest on: {name}", f"={name}", case.assumptions[name].value, "check_children"
    for spec in (spec for spec in case.schemes if spec.name in days):
        day = float((spec.start - DAY_ZERO).days)
        yield f"Pasted tables rest on: the first day of {spec.name}", f"={spec.name}.start", day, "check_children"


def _write_checks(sheet: Sheet, rows: list[Check]) -> None:
    """Write a row a check, and the one cell that says whether all pass."""
    sheet.title(
        "Checks",
        "Each difference must be nought but for rounding. One cell at the top of the summary says whether all are.",
    )
    sheet.heading("Check", "This", "Must be", "May differ by", "Passes", figures=1)
    first = sheet.at
    for label, this, that, most in rows:
        at = sheet.at + 1
        passes = Cell(content=f"=IF(ABS(B{at}-C{at})<=D{at},1,0)", shown=1)
        both = (Cell(content=content, kind="number") for content in (this, that))
        sheet.line(label, *both, Cell(content=f"={most}"), passes)
    passed = f"E{first + 1}:E{sheet.at}"
    verdict = f'=IF(SUM({passed})=ROWS({passed}),"{GREEN}","{RED}")'
    sheet.at += 1
    sheet.line("All checks", "", "", "", Cell(content=verdict, style="total", name="all_checks", shown=GREEN))
    _colours(sheet, f"E{sheet.at}")


def _colours(sheet: Sheet, cell: str) -> None:
    for word, colour in ((GREEN, "#C6EFCE"), (RED, "#FFC7CE")):
        look = sheet.book.file.add_format({"bg_color": colour, "bold": True})
        sheet.page.conditional_format(cell, {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": look})


def _write_summary(sheet: Sheet, result: Result, measures: Measures, net: Measures, frozen: str) -> None:
    """Write what the case comes to in every perimeter, and its net by year: Python's figures until recalculated."""
    case, years = result.case, result.case.timeline.financial_years
    sheet.title(
        f"{case.council}: {case.title}",
        f"Scenario {case.scenario}: {case.scenario_title}",
        "The model's central run in live formulas. Change a yellow cell on Assumptions, Schemes, Posts or Years and "
        "every figure moves; how long children stay is pasted from Python (grey).",
        *([frozen] if frozen else []),
    )
    sheet.line("Checks", Cell(content="=all_checks", style="total", shown=GREEN))
    _colours(sheet, f"B{sheet.at}")
    sheet.at += 1
    shown = [*shown_perimeters(case), *(p for p in measures if p not in shown_perimeters(case))]
    titles = {spec.name: spec.title for spec in case.active_schemes}
    heads = [titles.get(p, p.replace("_", " ").capitalize()) for p in shown]
    sheet.page.set_column(1, len(shown), 20)
    sheet.heading(f"Central values, pounds of {case.price_base}", *heads, figures=1)
    for key, (label, kind) in METRICS.items():
        python = [result.metrics_by_perimeter[p][key][CENTRAL] for p in shown]
        cells = (Cell(content=f"={measures[p][key]:const}", kind=kind, shown="none" if value is None else value)
                 for p, value in zip(shown, python, strict=True))  # fmt: skip
        sheet.line(label, *cells)
    annual = result.annual[(result.annual.line == NET) & (result.annual.statistic == CENTRAL)]
    python_net = annual.set_index(["price_basis", "perimeter", "financial_year"]).value_gbp.to_dict()
    for basis, rows in net.items():
        sheet.at += 1
        sheet.heading(f"Net by financial year, {basis}, pounds", *heads, figures=1)
        for i, year in enumerate(years):
            cells = (Cell(content=f"={rows[p]:{i}}", kind="GBP", shown=python_net[basis, p, year]) for p in shown)
            sheet.line(year, *cells)


def _write_plan(sheet: Sheet, result: Result, rows: Mapping[str, Row]) -> None:
    """Write what the plan and the reserve come to by year, pressures positive, likewise."""
    mtfp, funding = (frame[frame.statistic == CENTRAL] for frame in (result.mtfp, result.funding))
    held = {**dict(tuple(mtfp[mtfp.kind == "total"].groupby("entry"))),
            **dict(tuple(funding[funding.group == "reserve"].groupby("item")))}  # fmt: skip
    python = {key: held[key].sort_values("financial_year").value_gbp.tolist() for key in PLAN}
    sheet.at += 1
    sheet.heading("The plan for the whole, nominal, pressures positive, pounds", *PLAN.values(), figures=1)
    for i, year in enumerate(result.case.timeline.financial_years):
        cells = (Cell(content=f"={rows[key]:{i}}", kind="GBP", shown=python[key][i]) for key in PLAN)
        sheet.line(year, *cells)
