"""The workbook of live formulas: its sheets in order, the checks, and the summary on top."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Final

from model.case.parameters import PLACEMENTS
from model.case.records import Case
from model.case.timeline import add_months
from model.case.words import BOTTOM_UP, CENTRAL, NET, NOMINAL, REAL, WHOLE
from model.children.points import AT_18, ENTERED, UNDER_18
from model.children.streams import streams_of
from model.excel.children import Caseload
from model.excel.grid import Book, Cell, Row, Sheet, total
from model.excel.inputs import pasted_from, write_assumptions, write_calendar, write_schemes
from model.excel.lines import METRICS, write_annual, write_appraisal, write_monthly_lines
from model.excel.money import Money, write_lines
from model.excel.purses import write_purses
from model.excel.schemes import write_scheme
from model.excel.staff import DAY_ZERO, Work, write_pay, write_post_list, write_recruiting
from model.money.funding import CLOSING, SHORTFALL
from model.money.portfolio import members_of
from model.results.perimeters import shown_perimeters
from model.results.runs import Result

Measures = Mapping[str, Mapping[str, Row]]
Table = tuple[str, Sequence[tuple[str, Row]]]
"""A title, and of each column its heading and a row by year."""

GREEN, RED = "all checks pass", "a check fails"
FROZEN: Final = (
    "The children of {names} are pasted from Python, since stays there change from month to month. Checks names the "
    "cells that move them, and turns red where one was changed: then run the case again."
)


def write_workbook(result: Result, path: Path) -> None:
    """Write the central run of a result's case as a workbook of live formulas."""
    case, timeline = result.case, result.case.timeline
    months = [f"{add_months(timeline.start, i):%b %Y}" for i in range(timeline.months)]
    book = Book(path=path, months=months, years=timeline.financial_years, stated=case.assumptions.keys())
    summary = book.sheet(
        "Summary",
        f"{case.council}: {case.title}",
        f"Scenario {case.scenario}: {case.scenario_title}",
        "The model's central run in live formulas. Change a yellow cell on Assumptions, Schemes, Posts, Pay or Years, "
        "and every figure moves; how long children stay is pasted from Python (grey).",
        widths=(44, 22, 22, 22, 22, 22),
    )
    checks = book.sheet(
        "Checks", "Checks",
        "Each difference must be nought but for rounding. One cell at the top of the summary says whether all are.",
        widths=(70, 18, 18, 14, 20),
    )  # fmt: skip
    write_assumptions(book, case)
    write_schemes(book, case)
    write_calendar(book, case)
    pools = write_post_list(book, case, write_pay(book, case))
    title = "Schemes: posts, what they do, and what they cost, by month, real"
    sheet = book.sheet("Scheme workings", title, periods=book.months)
    write_recruiting(book, sheet)
    work, streams = Work(book=book, case=case, sheet=sheet, pools=pools), streams_of(case)
    for spec in case.schemes:
        write_scheme(work, spec, streams.general)
    caseload = Caseload(work, streams) if case.caseload else None
    write_lines(work, Money(work, caseload))
    lines = write_monthly_lines(work)
    _, real = write_annual(work, lines, REAL)
    pence, nominal = write_annual(work, lines, NOMINAL)
    measures = write_appraisal(work, lines)
    purses = write_purses(work, lines, pence)
    first = min((line.first for line in lines.values()), default=0)
    block = book.sheets["Lines"].since(first)
    rows = [*_conserved(caseload), *_lines_to_net(measures, real, block), *_unchanged(case, caseload)]
    rows.append(("Purses to total", f"=SUM({purses[NET]:all})", f"=SUM({nominal[WHOLE]:all})", "check_gbp"))
    _write_checks(checks, rows)
    if pasted := [" and ".join(names) for names, world in caseload.worlds.items() if world.frozen] if caseload else []:
        summary.line(Cell(content=FROZEN.format(names="; of ".join(pasted)), style="note", kind="text"))
    tables = [
        (f"Net by financial year, {basis}, pounds", [(title, net[p]) for p, title in _shown(case).items()])
        for basis, net in ((REAL, real), (NOMINAL, nominal))
    ]
    tables.append((PLAN_TITLE, [(title, purses[key]) for key, title in PLAN.items()]))
    _write_summary(summary, result, measures, tables)
    summary.page.fit_to_pages(1, 1)
    summary.page.activate()
    book.file.set_calc_mode("auto")
    made = datetime.combine(case.knowledge_date, time(), UTC)  # the same in every run: the same case, the same bytes
    book.file.set_properties({"title": f"{case.title}: {case.scenario_title}", "created": made})
    book.file.close()


PLAN_TITLE = "The plan for the whole, nominal, pressures positive, pounds"
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
    """What pasted tables were made with is as it was: how long children stay, increments, worlds of Python's own."""
    rests = dict.fromkeys(pasted_from(case))
    days = {post.charged_to for post in case.establishment if post.costing == BOTTOM_UP and post.increments}
    for names, world in caseload.worlds.items() if caseload else ():
        if world.frozen:
            own = ("caseload.", "establishment.", *(f"{name}." for name in names))
            moving = (n for n, a in case.assumptions.items() if n.startswith(own) and not a.unit.startswith("GBP"))
            rests |= dict.fromkeys(moving)  # pounds move no child
            days |= set(names)
    for name in rests:
        yield f"Pasted tables rest on: {name}", f"={name}", case.assumptions[name].value, "check_children"
    for spec in (spec for spec in case.schemes if spec.name in days):
        day = float((spec.start - DAY_ZERO).days)
        yield f"Pasted tables rest on: the first day of {spec.name}", f"={spec.name}.start", day, "check_children"


def _write_checks(sheet: Sheet, rows: list[Check]) -> None:
    """Write a row a check, and the one cell that says whether all pass."""
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


def _shown(case: Case) -> dict[str, str]:
    """Return every perimeter and its title, those of the report first."""
    titles = {spec.name: spec.title for spec in case.active_schemes}
    order = dict.fromkeys((*shown_perimeters(case), *members_of(case)))
    return {name: titles.get(name, name.replace("_", " ").capitalize()) for name in order}


def _write_summary(sheet: Sheet, result: Result, measures: Measures, tables: Sequence[Table]) -> None:
    """Write what the case comes to in every perimeter, Python's figures until recalculated, and tables by year."""
    case = result.case
    sheet.line("Checks", Cell(content="=all_checks", style="total", shown=GREEN))
    _colours(sheet, f"B{sheet.at}")
    sheet.at += 1
    shown, python = _shown(case), result.metrics_by_perimeter
    sheet.page.set_column(1, len(shown), 22)
    sheet.heading(f"Central values, pounds of {case.price_base}", *shown.values(), figures=1)
    for key, (label, kind) in METRICS.items():
        values, no_value = [python[p][key][CENTRAL] for p in shown], "never" if "payback" in key else "none"
        cells = (Cell(content=f"={measures[p][key]:const}", kind=kind, shown=no_value if value is None else value)
                 for p, value in zip(shown, values, strict=True))  # fmt: skip
        sheet.line(label, *cells)
    for title, columns in tables:
        sheet.at += 1
        sheet.heading(title, *(head for head, _ in columns), figures=1)
        for i, year in enumerate(case.timeline.financial_years):
            sheet.line(year, *(Cell(content=f"={row:{i}}", kind="GBP") for _, row in columns))
