"""The sheets of inputs: assumptions by name, conventions, schemes, budgets, and the calendar."""

from typing import Final

import numpy as np

from model.case.records import Case
from model.case.timeline import FIRST_MONTH_OF_FINANCIAL_YEAR, MONTHS_A_YEAR
from model.children.streams import RESTS_ON
from model.excel.grid import Book, Cell, Row, said
from model.money.cashability import ROUNDING_GUARD
from model.money.funding import reserve_pays
from model.schemes.staff.posts import DAYS_IN_A_PRINTED_YEAR
from model.schemes.staff.recruitment import MOST_ROUNDS

EXITS: Final = "caseload.exits_multiplier"
CONSTANTS: Final = {
    "months_a_year": (float(MONTHS_A_YEAR), "months in a year"),
    "days_in_a_printed_year": (float(DAYS_IN_A_PRINTED_YEAR), "days of a printed cost a day"),
    "april": (float(FIRST_MONTH_OF_FINANCIAL_YEAR), "month in which a financial year begins"),
    "most_rounds": (MOST_ROUNDS, "rounds of recruiting followed at most"),
    "half_a_round": (0.5, "of the months to fill that a first round takes on average"),
    "rounding_guard": (ROUNDING_GUARD, "part of a contract step that is rounding"),
    "deficit_guard_gbp": (1e-5, "pounds that are no deficit"),
    "deficit_guard_share": (1e-12, "share of a sum of pounds that is no deficit"),
    "pence": (2.0, "decimals of a printed pound"),
    "share_decimals": (12.0, "decimals of the share of a year that a case covers"),
    "check_gbp": (0.01, "pounds by which sums that must agree may differ, a line and year"),
    "check_children": (1e-6, "children by which sums that must agree may differ"),
}
YEARS: Final = "Years"
TIME: Final = """
t | Month | number | =COLUMN()-COLUMN($D$1)
first | First day | date | =DATE(YEAR(start),MONTH(start)+[t]-1,1)
days | Days in the month | days | =DATE(YEAR(start),MONTH(start)+[t],1)-[first]
fy | Financial year begins in | year | =YEAR([first])-IF(MONTH([first])<april,1,0)
year | Year of the projection | number | =[fy]-INDEX([fy:all],1,1)+1
in_year | Days in the financial year | days | =DATE([fy]+1,april,1)-DATE([fy],april,1)
annual | Share of the year | ratio | =[days]/[in_year]
weekly | Weeks in the month | weeks | =weeks_per_year*[annual]
mid | Years from the start to mid-month | years | =AVERAGE([t]-1,[t])/months_a_year
factor | Discount factor | ratio | =(1+discount_rate)^-[mid]
pay | Real pay against the first year's | ratio | =(1+growth.pay_real_annual?0)^([year]-1)
scale | Entries against those stated | ratio
 | =caseload.entries_multiplier?1*(1+caseload.entries_growth_annual?0)^([year]-1)
"""
"""`Timeline`, `units`, `discount_factors` and `Evaluation.entry_scale`, by month."""
LEVELS: Final = """
level | Pounds of the day for a pound of the price base | ratio | =[index]/[index:const]
inside | Part of the year that the case covers | share | =ROUND([annual:sum],share_decimals)
"""
HELD: Final = """
cash | stated, cash | GBP | :stated
follows | follows the opening children | switch | :follow
last | last year stated | number | :at
own | as stated, real | GBP | =IF([follows]>0,[opening],[cash]/[level]) | :earlier
held | held, real | GBP
 | =[inside]*INDEX([own:whole],1,MAX(MIN([year_no],[last:const]),0)+1)*(1+[growth])^MAX([year_no]-[last:const],0)
"""
"""`cashability._budget_real`: later years carry the last one stated on; what an earlier year stated stands before."""


def write_assumptions(book: Book, case: Case) -> None:
    """Write every assumption as a named input, in the case's price base, and the conventions."""
    sheet = book.sheet(
        "Assumptions",
        "Assumptions: change a yellow cell and every figure moves",
        f"Central values of the scenario {case.scenario}; money in prices of {case.price_base}.",
        "Grey: the pasted tables rest on it (how long children stay); changing it needs Python, and the checks say so.",
        widths=(50, 16, 20, 13, 13, 12, 10, 36, 70, 70),
    )
    heads = ("Name in formulas", "Value", "Unit", "Low", "High", "Distribution", "Quality", "Owner", "Source", "Note")
    sheet.heading(*heads)
    sheet.page.freeze_panes(sheet.at, 1)
    for a in case.assumptions.values():
        kind = "share" if a.unit in {"share", "rate/year"} else "number"
        look = "pasted" if a.name in pasted_from(case) else "input"
        low, high = (Cell(content=value, kind=kind) for value in (a.low, a.high))
        words = (a.distribution, a.quality, a.owner, said(a.source), said(a.note))
        sheet.line(a.name, Cell(content=a.value, style=look, kind=kind, name=a.name), a.unit, low, high, *words)
    sheet.section("Conventions")
    chosen, rate = case.conventions, f"a year, real: {case.conventions.discount_rate_name}"
    for name, value, meaning in (
        ("weeks_per_year", chosen.weeks_per_year, "weeks a price is paid for in a year"),
        ("discount_rate", chosen.discount_rate_annual, rate),
    ):
        sheet.line(name, Cell(content=value, style="input", name=name), meaning)
    for name, (value, meaning) in CONSTANTS.items():
        sheet.line(name, Cell(content=value, name=name), meaning)


def pasted_from(case: Case) -> tuple[str, ...]:
    """Return the assumptions that the pasted tables rest on: how long children stay, and how soon some come back."""
    names = (EXITS, *RESTS_ON, *(f"{spec.name}.fade_annual" for spec in case.active_schemes))
    return tuple(name for name in case.assumptions if name in names)


def write_schemes(book: Book, case: Case) -> None:
    """Write the first day of the case, and of every scheme: posts of one that does not act may move between lines."""
    sheet = book.sheet("Schemes", "Schemes: their first day, and their last where they end", widths=(46, 16, 16, 40))
    sheet.heading("", "First day", "Last day", "Name of the first day")
    sheet.line("The projection", Cell(content=case.timeline.start, kind="date", name="start"), "", "start")
    for spec in case.schemes:
        first = Cell(content=spec.start, style="input", kind="date", name=f"{spec.name}.start")
        last = Cell(content=spec.end or 0.0, style="input", kind="date", name=f"{spec.name}.end")
        sheet.line(f"{spec.title}{'' if spec.active else ' (does not act)'}", first, last, f"{spec.name}.start")
    sheet.at += 1
    for name, label, number in (
        ("months", "Months followed", case.timeline.months),
        ("acting_months", "Months in which the schemes act", case.acting_months),
    ):
        sheet.line(label, Cell(content=float(number), name=name), "", name)


def write_calendar(book: Book, case: Case) -> None:
    """Write the months and years into `book.shared`: days, shares of a year, price levels and discount factors."""
    index, years = case.reference.indices[case.conventions.price_index], case.timeline.financial_years
    sheet = book.sheet(
        YEARS, "Financial years: price levels and approved budgets", "Prices step once a year, on 1 April.",
        periods=book.years,
    )  # fmt: skip
    months = book.sheet(
        "Time", "Time: what a month is", "Month 1 is the first; years run from April to March.", periods=book.months
    )
    numbers = np.arange(1.0, len(years) + 1)
    book.shared["year_no"] = sheet.add("Year of the projection", "number", numbers)
    levels, base = [index.at(year) for year in years], index.at(case.price_base)
    name = case.conventions.price_index
    book.shared["index"] = sheet.add("Price index", name, levels, const=base, style="input")
    early = [float(reserve_pays(case, year)) for year in years]
    book.shared["early"] = sheet.add("The reserve pays what the schemes cost", "switch", early, style="input")
    book.shared |= months.rows(TIME, {})
    book.shared |= sheet.rows(LEVELS, {})


def write_budget(book: Book, case: Case, line: str, opening: str, growth: str) -> Row | None:
    """Write the approved budget of a line by year and return it, real; None where there is none.

    `opening`: what its opening children cost a year, for a budget that follows them; `growth`: real, after its last.
    """
    stated = {b.financial_year: b for b in case.approved_budget if b.line == line}
    if not stated:
        return None
    index, years, last = (
        case.reference.indices[case.conventions.price_index],
        case.timeline.financial_years,
        max(stated),
    )
    follows = {y for y, budget in stated.items() if budget.follows and opening != "0"}
    place, worth = (
        int(last[:4]) - int(years[0][:4]) + 1,
        stated[last].value_gbp * index.at(case.price_base) / index.at(last),
    )
    names = {
        "opening": opening, "growth": growth, "at": float(place),
        "stated": [stated[y].value_gbp if y in stated else 0.0 for y in years],
        "follow": [float(y in follows) for y in years],
        "earlier": 0.0 if place > 0 else opening if last in follows else worth,
    }  # fmt: skip
    sheet = book.sheets[YEARS]
    sheet.section(f"Approved budget: {line}")
    return sheet.rows(HELD, names, called=line)["held"]
