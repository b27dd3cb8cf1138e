"""What a paper claims that a scheme saves a year, beside what the scenario models year by year.

A row of `published.csv` names the scheme in `beside_scheme`. A claim is one figure for every year; a scheme of the
model grows into its saving, so the two meet in some year or in none, and the NPV rests on the modelled years.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.case.reading.case_tables import POUNDS
from model.report import views
from model.report.look import format as fmt
from model.report.look import tables as tbl

if TYPE_CHECKING:
    from model.case.records import PublishedRow
    from model.results.runs import Result

LEAST_SAID = 500  # pounds: less than this is nothing, as thousands are printed


def claimed_gbp(row: PublishedRow) -> float:
    """Return the printed figure in pounds a year."""
    return row.value * POUNDS[row.unit]


def claims_of(result: Result) -> dict[str, list[PublishedRow]]:
    """Return acting scheme -> the printed rows that stand beside it, smallest first."""
    acting = {spec.name for spec in result.case.active_schemes}
    found: dict[str, list[PublishedRow]] = {}
    for row in sorted(result.case.published, key=claimed_gbp_or_nought):
        if row.beside_scheme in acting:
            found.setdefault(row.beside_scheme, []).append(row)
    return found


def claimed_gbp_or_nought(row: PublishedRow) -> float:
    """Return the printed figure of a claim in pounds a year; nought for a row that is none."""
    return claimed_gbp(row) if row.beside_scheme else 0.0


def saved(result: Result, scheme: str) -> dict[str, float]:
    """Return financial year -> what a scheme by itself saves: central, real pounds, before its own cost."""
    natures = views.by_nature(result, scheme)
    total = natures["cashable_saving"] + natures["cost_avoidance"] + natures["income"]
    return {str(year): float(value) for year, value in total.items()}


def sentences(result: Result, *, apart: bool = False) -> list[str]:
    """Say for each scheme with a printed claim where its modelled years stand to it.

    `apart`: only where no year holds the claim.
    """
    found = claims_of(result)
    return [
        _apart(result, scheme, rows) if not years else _alike(result, scheme, rows, years)
        for scheme, rows in found.items()
        if not ((years := _held(result, scheme, rows[-1])) and apart)
    ]


def short(result: Result) -> list[str]:
    """Return what the paper claims of each scheme, and what the model finds in the last shown year."""
    last = views.years(result, shown=True)[-1]
    return [
        f"{_claimed(result, scheme, rows)}; the model finds {fmt.money(saved(result, scheme)[last])} in {last}."
        for scheme, rows in claims_of(result).items()
    ]


def _held(result: Result, scheme: str, row: PublishedRow) -> list[str]:
    """Return the financial years in which a scheme saves what is printed, to the last printed digit."""
    half = row.precision * POUNDS[row.unit] / 2
    return [year for year, value in saved(result, scheme).items() if abs(value - claimed_gbp(row)) <= half]


def _claimed(result: Result, scheme: str, rows: list[PublishedRow]) -> str:
    return (
        f"{views.title_of(result.case, scheme)}: the paper claims {fmt.listed([_printed(row) for row in rows])} a year"
    )


def _alike(result: Result, scheme: str, rows: list[PublishedRow], held: list[str]) -> str:
    years = list(saved(result, scheme))
    when = f"each year from {held[0]} on" if held == years[-len(held) :] else fmt.listed(held)
    return f"{_claimed(result, scheme, rows)}; this scenario saves {_printed(rows[-1])} in {when}."


def _apart(result: Result, scheme: str, rows: list[PublishedRow]) -> str:
    years, most = saved(result, scheme), claimed_gbp(rows[-1])
    saving = {year: value for year, value in years.items() if value >= LEAST_SAID}
    if not saving:
        return f"{_claimed(result, scheme, rows)}; this scenario saves nothing in its central run."
    passed = next((year for year, value in saving.items() if value > most), "")
    last = list(years)[-1]
    before = [y for y in saving if not passed or y < passed][: result.case.shown_years]
    steps = [f"saves {fmt.listed([f'{_amount(years[y])} in {y}' for y in before])}"] if before else []
    if passed:
        steps.append(f"passes {_printed(rows[-1])} in {passed} ({_amount(years[passed])})")
    elif max(years.values()) < most:
        steps.append(f"never comes to {_printed(rows[-1])}")
    if last not in {*before, passed}:
        steps.append(f"has {_amount(years[last])} in {last}")
    npv = fmt.money(views.metric(result, scheme, "npv_gbp"))
    return (
        f"{_claimed(result, scheme, rows)}; this scenario does not reproduce that. It {fmt.listed(steps)}. Its NPV "
        f"of {npv} rests on these modelled years, not on the printed claim."
    )


def table(result: Result) -> tbl.Table | None:
    """Return each printed claim beside the modelled years; None where the paper claims nothing for an acting scheme."""
    rows = []
    for scheme, claims in claims_of(result).items():
        title, years = views.title_of(result.case, scheme), saved(result, scheme)
        rows += [[tbl.note(f"{row.ref}: {row.statement}"), tbl.number(_printed(row), claimed_gbp(row)),
                  *(tbl.text("") for _ in years)] for row in claims]  # fmt: skip
        rows.append([tbl.note(f"Modelled: {title}, saved a year, central, real"), tbl.text(""),
                     *(tbl.number(_amount(value), value) for value in years.values())])  # fmt: skip
    if not rows:
        return None
    columns = ("Claim", "Printed, a year", *views.years(result))
    return tbl.Table(key="claims", caption="What the paper claims a year, beside what this scenario models by year",
                     columns=columns, rows=rows, numeric=1)  # fmt: skip


def _printed(row: PublishedRow) -> str:
    """The claim as it is printed: £1.238m."""
    pounds = claimed_gbp(row)
    return fmt.millions(pounds, 3) if row.unit != "GBP" else fmt.pounds(pounds)


def _amount(value: float) -> str:
    return fmt.thousands(value)
