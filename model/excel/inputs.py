"""The sheets of inputs: assumptions by name, conventions, schemes, posts, budgets, and the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from model.case.parameters import PLACEMENT_LINES
from model.case.timeline import FIRST_MONTH_OF_FINANCIAL_YEAR, MONTHS_A_YEAR
from model.case.words import OPENING_CASELOAD
from model.excel.grid import LABEL
from model.schemes.staff.posts import DAYS_IN_A_PRINTED_YEAR, charged_posts
from model.schemes.staff.recruitment import MOST_ROUNDS

if TYPE_CHECKING:
    from model.case.records import BudgetLine, Case
    from model.excel.grid import Book, Row

PYTHON_ONLY: Final = (
    "caseload.exits_multiplier",
    "caseload.share_5_9_aged_8_9",
    "caseload.left_within_6_months_share",
    "caseload.left_within_12_months_share",
    "caseload.left_within_24_months_share",
)
"""Assumptions that the pasted tables rest on: a change of these needs Python."""
CONSTANTS: Final = {
    "months_a_year": (float(MONTHS_A_YEAR), "months in a year"),
    "days_in_a_printed_year": (float(DAYS_IN_A_PRINTED_YEAR), "days of a printed cost a day"),
    "april": (float(FIRST_MONTH_OF_FINANCIAL_YEAR), "month in which a financial year begins"),
    "most_rounds": (MOST_ROUNDS, "rounds of recruiting followed at most"),
    "half_a_round": (0.5, "of the months to fill that a first round takes on average"),
    "rounding_guard": (1e-9, "part of a contract step that is rounding"),
    "deficit_guard_gbp": (1e-5, "pounds that are no deficit"),
    "deficit_guard_share": (1e-12, "share of a sum of pounds that is no deficit"),
    "decimals": (2.0, "decimals of a printed pound"),
    "check_gbp": (0.01, "pounds by which sums that must agree may differ"),
    "check_children": (1e-6, "children by which sums that must agree may differ"),
}


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Rows of time, by month, and by year."""

    month: Row
    days: Row
    year: Row
    annual: Row
    weekly: Row
    factor: Row
    year_no: Row
    level: Row

    def by_year(self, row: Row) -> str:
        """Return the sum of a monthly row over this column's financial year (no equals sign)."""
        return f"SUMIF({self.year:all},{self.year_no},{row:all})"


def name_of(case: Case, name: str, neutral: float) -> str:
    """Return an assumption's name, or its neutral element where the case has none (`Setting.optional`)."""
    return name if name in case.assumptions else f"{neutral:g}"


def write_assumptions(book: Book, case: Case) -> None:
    """Write every assumption as a named input, in the case's price base, and the conventions."""
    sheet = book.plain("Assumptions", (46, 16, 18, 11, 11))
    sheet.title(
        "Assumptions: change a yellow cell and every figure moves",
        f"Central values of the scenario {case.scenario}; money in prices of {case.price_base}. A grey cell is what "
        "the pasted tables were made with: changing it needs Python.",
    )
    heads = ("Name in formulas", "Value", "Unit", "Low", "High", "Distribution", "Quality", "Owner", "Source", "Note")
    for column, head in enumerate(heads):
        sheet.page.write_string(sheet.at, column, head, book.style("heading"))
    sheet.page.freeze_panes(sheet.at + 1, 1)
    sheet.page.set_column(8, 9, 60)
    fades = {f"{spec.name}.fade_annual" for spec in case.active_schemes}
    for a in case.assumptions.values():
        sheet.at += 1
        kind = "share" if a.unit in {"share", "rate/year"} else "number"
        sheet.page.write_string(sheet.at, 0, a.name)
        fixed = a.name in PYTHON_ONLY or a.name in fades
        sheet.put(sheet.at, 1, a.value, "pasted" if fixed else "input", kind)
        sheet.page.write_string(sheet.at, 2, a.unit)
        for column, figure in ((3, a.low), (4, a.high)):
            sheet.put(sheet.at, column, figure, "formula", kind)
        for column, text in enumerate((a.distribution, a.quality, a.owner, a.source, a.note), start=5):
            sheet.page.write_string(sheet.at, column, text)
        book.name(a.name, sheet.name, sheet.at, 1)
    sheet.at += 2
    conventions = {
        "weeks_per_year": (case.conventions.weeks_per_year, "weeks a price is paid for in a year"),
        "discount_rate": (
            case.conventions.discount_rate_annual,
            f"a year, real: {case.conventions.discount_rate_name}",
        ),
        **CONSTANTS,
    }
    sheet.page.write_string(sheet.at, LABEL, "Conventions", book.style("section"))
    for name, (value, meaning) in conventions.items():
        sheet.at += 1
        sheet.page.write_string(sheet.at, 0, name)
        sheet.put(sheet.at, 1, value, "input" if name not in CONSTANTS else "formula", "")
        sheet.page.write_string(sheet.at, 2, meaning)
        book.name(name, sheet.name, sheet.at, 1)


def write_calendar(book: Book, case: Case) -> Calendar:
    """Write the months and years: days, shares of a year, price levels and discount factors (`Timeline`, `units`)."""
    index = case.reference.indices[case.conventions.price_index]
    years = book.yearly("Years")
    years.title("Financial years: price levels and approved budgets", "Prices step once a year, on 1 April.")
    number = years.add("Year of the projection", "number", np.arange(1.0, len(book.years) + 1))
    levels = [index.at(year) for year in case.timeline.financial_years]
    level = years.add(
        "Price index", case.conventions.price_index, levels, style="input", const=index.at(case.price_base)
    )
    nominal = years.add("Pounds of the day for a pound of the price base", "ratio", f"={level}/{level:const}")
    time = book.monthly("Time")
    time.title("Time: what a month is", "Month 1 is the first; years run from April to March.")
    month = time.add("Month", "number", "=COLUMN()-COLUMN($D$1)")
    start = time.add("First day", "date", "=DATE(YEAR(start),MONTH(start)+" + f"{month}-1,1)", kind="date")
    days = time.add("Days in the month", "days", f"=DATE(YEAR(start),MONTH(start)+{month},1)-{start}")
    fy = time.add("Financial year begins in", "year", f"=YEAR({start})-IF(MONTH({start})<april,1,0)")
    year = time.add("Year of the projection", "number", f"={fy}-INDEX({fy:all},1,1)+1")
    in_year = time.add("Days in the financial year", "days", f"=DATE({fy}+1,april,1)-DATE({fy},april,1)")
    annual = time.add("Share of the year", "ratio", f"={days}/{in_year}")
    weekly = time.add("Weeks in the month", "weeks", f"=weeks_per_year*{annual}")
    mid = time.add("Years from the start to mid-month", "years", f"=AVERAGE({month}-1,{month})/months_a_year")
    factor = time.add("Discount factor", "ratio", f"=(1+discount_rate)^-{mid}")
    book.year_row = year
    return Calendar(
        month=month, days=days, year=year, annual=annual, weekly=weekly, factor=factor, year_no=number, level=nominal
    )


def write_schemes(book: Book, case: Case) -> None:
    """Write the start of the case and of every scheme: posts of one that does not act may still move between lines."""
    sheet = book.plain("Schemes", (46, 16, 40))
    sheet.title(
        "Schemes and when they start", "A scheme that does not act in this scenario has its start here, and no rows."
    )
    rows = [
        ("start", "The projection", case.timeline.start),
        *((f"{s.name}.start", s.title, s.start) for s in case.schemes),
    ]
    for name, title, day in rows:
        sheet.page.write_string(sheet.at, 0, title)
        first = name == "start"
        sheet.page.write_datetime(sheet.at, 1, day, book.style("formula" if first else "input", "date"))
        sheet.page.write_string(sheet.at, 2, name)
        book.name(name, sheet.name, sheet.at, 1)
        sheet.at += 1
    for name, label, number in (
        ("months", "Months followed", case.timeline.months),
        ("acting_months", "Months in which the schemes act", case.acting_months),
    ):
        book.name(name, sheet.name, sheet.at, 1)
        sheet.page.write_string(sheet.at, 0, label)
        sheet.put(sheet.at, 1, float(number), "formula", "")
        sheet.at += 1


def write_posts(book: Book, case: Case) -> dict[str, int]:
    """Write the rows of the establishment that active schemes carry; return post id -> its row on the sheet."""
    sheet = book.plain("Posts", (44, 14, 14, 18, 14, 20))
    sheet.title(
        "Posts: what each row costs a year and how many it adds",
        f"Cost: the net change a year, every post filled, in prices of {case.price_base}.",
    )
    heads = (
        "Post",
        "Fte now",
        "Fte proposed",
        "Cost a year, GBP",
        "Costing",
        "Scheme charged",
        "Recruited",
        "Id",
        "Source",
    )
    for column, head in enumerate(heads):
        sheet.page.write_string(sheet.at, column, head, book.style("heading"))
    sheet.page.freeze_panes(sheet.at + 1, 1)
    sheet.page.set_column(8, 8, 50)
    places: dict[str, int] = {}
    for post in case.establishment:
        if not any(post in [p for p, _ in charged_posts(case, s.name)] for s in case.active_schemes):
            continue
        sheet.at += 1
        places[post.id] = sheet.at
        sheet.page.write_string(sheet.at, 0, f"{post.team}: {post.post}")
        for column, figure in ((1, post.fte_current), (2, post.fte_proposed)):
            sheet.put(sheet.at, column, figure, "input")
        by_grade = post.costing == "bottom_up"
        sheet.put(sheet.at, 3, post.change_annual_cost_gbp, "pasted" if by_grade else "input", "GBP")
        words = (post.costing, post.charged_to, "yes" if post.recruited else "no", post.id, post.source)
        for column, text in enumerate(words, start=4):
            sheet.page.write_string(sheet.at, column, text)
    return places


@dataclass(frozen=True, kw_only=True)
class Held:
    """The approved budget of a line by year, in real pounds: the row as stated, and its last year."""

    stated: Row
    last: Row


def write_budgets(book: Book, case: Case, cal: Calendar, opening: dict[str, str]) -> dict[str, Held]:
    """Write the approved budget by line in real pounds, as `_budget_real` of `model.money.cashability` reads it.

    `opening`: line -> formula of what its opening children cost a year.
    """
    sheet = next(s for s in book.sheets if s.name == "Years")
    sheet.section("Approved budgets", "cash as stated; a year after the last one stated carries it on")
    by_line: dict[str, dict[str, BudgetLine]] = {}
    for row in case.approved_budget:
        by_line.setdefault(row.line, {})[row.financial_year] = row
    first = int(book.years[0][:4])
    index = case.reference.indices[case.conventions.price_index]
    found = {}
    lines = [*PLACEMENT_LINES.values(), *(line for line in by_line if line not in PLACEMENT_LINES.values())]
    for line in (line for line in lines if line in by_line):
        rows = by_line[line]
        last = max(rows)
        stated = [rows[y].value_gbp if y in rows else 0.0 for y in book.years]
        follows = [float(y in rows and rows[y].follows == OPENING_CASELOAD and line in opening) for y in book.years]
        known = [float(y in rows) for y in book.years]
        cash = sheet.add(f"{line}: stated, cash", "GBP", stated, style="input")
        flag = sheet.add(f"{line}: follows the opening children", "switch", follows, style="input")
        said = sheet.add(f"{line}: a budget is stated", "switch", known, style="input")
        held = opening.get(line, "0")
        own = sheet.add(f"{line}: as stated, real", "GBP", f"={said}*IF({flag}>0,{held},{cash}/{cal.level})")
        place = int(last[:4]) - first + 1
        if place >= 1:
            worth: str | float = f"=INDEX({own:all},1,{{at}})"
        else:
            follow = rows[last].follows == OPENING_CASELOAD and line in opening
            worth = f"={held}" if follow else rows[last].value_gbp * index.at(case.price_base) / index.at(last)
        at = sheet.add(f"{line}: last year stated", "number", const=float(place))
        text = worth.replace("{at}", f"{at:const}") if isinstance(worth, str) else worth
        carried = sheet.add(f"{line}: held in it, real", "GBP", const=text)
        growth = name_of(case, "cashable.budget_growth_real_annual", 0.0) if line in opening else "0"
        found[line] = Held(
            stated=own,
            last=sheet.add(
                f"{line}: held, real",
                "GBP",
                f"=IF({cal.year_no}>{at:const},{carried:const}*(1+{growth})^({cal.year_no}-{at:const}),{own})",
            ),
        )
    return found
