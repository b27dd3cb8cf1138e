"""What a paper claims that a scheme saves a year, beside what the scenario models year by year.

A row of `published.csv` names the scheme in `beside_scheme`. A claim is one figure for every year; a scheme of the
model grows into its saving, so the two meet in some year or in none, and the NPV rests on the modelled years.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.case.reading.case_tables import POUNDS
from model.case.words import AVOIDANCE, CASHABLE, INCOME
from model.report import views
from model.report.look import format as fmt

if TYPE_CHECKING:
    from model.case.records import PublishedRow
    from model.results.runs import Result


def sentences(result: Result) -> list[str]:
    """Return what the paper claims of each scheme, what the model finds, and in which years it finds as much."""
    found = {s.name: [row for row in result.case.published if row.beside_scheme == s.name]
             for s in result.case.active_schemes}  # fmt: skip
    return [_sentence(result, scheme, sorted(rows, key=_claimed_gbp)) for scheme, rows in found.items() if rows]


def _claimed_gbp(row: PublishedRow) -> float:
    """Return the printed figure in pounds a year."""
    return row.value * POUNDS[row.unit]


def _sentence(result: Result, scheme: str, rows: list[PublishedRow]) -> str:
    """Say it of one scheme. What it saves: central, real pounds, before its own cost."""
    years = views.by_nature(result, scheme)[[CASHABLE, AVOIDANCE, INCOME]].sum(axis=1)
    most, last = rows[-1], views.last_shown(result)
    half = most.precision * POUNDS[most.unit] / 2
    held = list(years[(years - _claimed_gbp(most)).abs() <= half].index)
    found = f"the model finds {fmt.money(years[last])} in {last}"
    if held == list(years.index[-len(held) :]) and held:
        found = f"the model finds that in each year from {held[0]} on"
    elif held:
        found = f"the model finds that in {fmt.listed(held)}"
    pounds = [(row.unit, _claimed_gbp(row)) for row in rows]
    printed = [fmt.pounds(amount) if unit == "GBP" else fmt.millions(amount, 3) for unit, amount in pounds]
    return f"{views.title_of(result.case, scheme)}: the paper claims {fmt.listed(printed)} a year; {found}."
