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
from model.report.look import tables as tbl

if TYPE_CHECKING:
    import pandas as pd

    from model.case.records import PublishedRow
    from model.results.runs import Result


def claimed_gbp(row: PublishedRow) -> float:
    """Return the printed figure in pounds a year."""
    return row.value * POUNDS[row.unit]


def claims_of(result: Result) -> dict[str, list[PublishedRow]]:
    """Return acting scheme -> the printed rows that stand beside it, smallest first."""
    rows = result.case.published
    found = {s.name: [row for row in rows if row.beside_scheme == s.name] for s in result.case.active_schemes}
    return {scheme: sorted(claims, key=claimed_gbp) for scheme, claims in found.items() if claims}


def saved(result: Result, scheme: str) -> pd.Series[float]:
    """Return by financial year what a scheme by itself saves: central, real pounds, before its own cost."""
    return views.by_nature(result, scheme)[[CASHABLE, AVOIDANCE, INCOME]].sum(axis=1)


def sentences(result: Result) -> list[str]:
    """Return what the paper claims of each scheme, what the model finds, and in which years it finds as much."""
    return [_sentence(result, scheme, rows) for scheme, rows in claims_of(result).items()]


def _sentence(result: Result, scheme: str, rows: list[PublishedRow]) -> str:
    years, most, last = saved(result, scheme), rows[-1], views.last_shown(result)
    half = most.precision * POUNDS[most.unit] / 2
    held = list(years[(years - claimed_gbp(most)).abs() <= half].index)
    found = f"the model finds {fmt.money(years[last])} in {last}"
    if held == list(years.index[-len(held) :]) and held:
        found = f"the model finds that in each year from {held[0]} on"
    elif held:
        found = f"the model finds that in {fmt.listed(held)}"
    claimed = fmt.listed([_printed(row) for row in rows])
    return f"{views.title_of(result.case, scheme)}: the paper claims {claimed} a year; {found}."


def table(result: Result) -> tbl.Table | None:
    """Return each printed claim beside the modelled years; None where the paper claims nothing for an acting scheme."""
    rows: list[list[tbl.Cell | str]] = []
    for scheme, claims in claims_of(result).items():
        years = saved(result, scheme)
        rows += [[f"{row.ref}: {row.statement}", tbl.number(_printed(row), claimed_gbp(row)), *[""] * len(years)]
                 for row in claims]  # fmt: skip
        title = views.title_of(result.case, scheme)
        rows.append([f"Modelled: {title}, saved a year, central, real", "", *map(tbl.thousands, years)])
    if not rows:
        return None
    return tbl.table("claims", "What the paper claims a year, beside what this scenario models by year",
                     ("Claim", "Printed, a year", *views.years(result)), rows)  # fmt: skip


def _printed(row: PublishedRow) -> str:
    """The claim as it is printed: £1.238m."""
    pounds = claimed_gbp(row)
    return fmt.millions(pounds, 3) if row.unit != "GBP" else fmt.pounds(pounds)
