"""Questions a page asks of a result's frames: one number, one year's net, one perimeter's title.

Everything a figure, a table or a sentence shows passes through here, so that they cannot disagree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model.case.words import INVEST_TO_SAVE, NATURES, PORTFOLIO, QUANTILES, REAL, WHOLE
from model.report.look import format as fmt
from model.results.perimeters import members

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from model.case.records import Case
    from model.results.runs import Result

NATURE_TITLES = {
    "investment": "Investment",
    "cashable_saving": "Cashable saving",
    "cost_avoidance": "Cost avoidance",
    "income": "Income",
}
PLACEMENT_TITLES = {
    "in_house_foster": "In-house fostering",
    "ifa_foster": "IFA fostering",
    "family_and_friends": "Family and friends",
    "residential": "Residential",
    "supported_accommodation": "Supported accommodation",
    "parents": "Placed with parents",
    "adoption": "Placed for adoption",
    "other": "Other placements",
    "all": "All children looked after",
}
AGE_TITLES = {
    "under_1": "Under 1",
    "1_4": "1 to 4",
    "5_7": "5 to 7",
    "8_9": "8 and 9",
    "5_9": "5 to 9",
    "10_15": "10 to 15",
    "16_17": "16 and 17",
    "all": "All ages",
}
STATISTIC_TITLES = {"central": "Central", "mean": "Mean",
                    **{q: f"{int(q[1:])}th percentile" for q in list(QUANTILES)[1:-1]}}  # fmt: skip


def some(value: object) -> float | None:
    """Return a number, or None where there is none (missing, NaN)."""
    if value is None or (isinstance(value, str) and not value):
        return None
    number = float(value)  # type: ignore[arg-type] # frames hold numbers; a text here is a fault worth raising
    return None if fmt.is_missing(number) else number


def records(frame: pd.DataFrame) -> list[Any]:
    """Return a frame's rows, their columns as attributes."""
    return list(frame.itertuples(index=False))


def title_of(case: Case, perimeter: str) -> str:
    """Return a perimeter's name for people."""
    if perimeter == WHOLE:
        return "Whole programme"
    if perimeter in case.perimeters:
        words = perimeter.replace("_", " ")
        return "All invest-to-save schemes" if perimeter == INVEST_TO_SAVE else words[:1].upper() + words[1:]
    return next((s.title for s in case.schemes if s.name == perimeter), perimeter.replace("_", " "))


def within(case: Case, perimeter: str) -> str:
    """Return a perimeter's name as it stands within a sentence."""
    return "the whole programme" if perimeter == WHOLE else fmt.lowered(title_of(case, perimeter))


def metric(result: Result, perimeter: str, name: str, statistic: str = "central") -> float | None:
    """Return one measure, or None where it does not exist (a ratio without investment, never paid back)."""
    return some(result.metrics_by_perimeter.get(perimeter, {}).get(name, {}).get(statistic))


def chance(result: Result, perimeter: str, name: str = "probability_npv_positive") -> float | None:
    """Return a probability over the draws, or None where only the central run was made."""
    return metric(result, perimeter, name, "mean")


def years(result: Result) -> tuple[str, ...]:
    """Return the financial years."""
    return result.case.timeline.financial_years


def last_shown(result: Result) -> str:
    """Return the last financial year that a page speaks of where it speaks of one."""
    return years(result)[: result.case.shown_years][-1]


def lines(result: Result, perimeter: str, *by: str) -> pd.DataFrame:
    """Return real central pounds of a perimeter's lines by some columns (rows) and by financial year (columns)."""
    a = result.annual
    inside = (a.perimeter == perimeter) & (a.price_basis == REAL) & (a.statistic == "central")
    return by_year(result, a[inside & (a.scheme != PORTFOLIO)], *by)


def by_year(result: Result, frame: pd.DataFrame, *by: str, value: str = "value_gbp") -> pd.DataFrame:
    """Return the sums of a value by some columns (rows, as they come) and by every financial year (columns)."""
    table = frame.groupby([*by, "financial_year"], observed=True, sort=False)[value].sum().unstack()  # noqa: PD010 - as in crossed
    return table.reindex(columns=list(years(result))).fillna(0.0)


def by_nature(result: Result, perimeter: str) -> pd.DataFrame:
    """Return real central pounds by financial year (rows) and nature (columns, all four)."""
    return lines(result, perimeter, "nature").reindex(list(NATURES)).fillna(0.0).T


def crossed(kept: pd.DataFrame, rows: str, columns: str, values: str) -> pd.DataFrame:
    """Return the sums of a column by two others, in order, missing where there is nothing to add: a pivot table.

    pandas' own takes three times as long, and a report asks for a hundred.
    """
    return kept.groupby([rows, columns], observed=True)[values].sum().unstack()  # noqa: PD010 - as above


def cumulative(result: Result, perimeter: str) -> pd.DataFrame:
    """Return the cumulative net position: a row per month (in order), a column per statistic, real pounds."""
    m = result.monthly
    table = crossed(m[(m.perimeter == perimeter) & (m.price_basis == REAL)], "month", "statistic", "cumulative_gbp")
    return table.reindex(list(result.case.timeline.month_labels))


def labels(case: Case, names: Iterable[str]) -> dict[str, str]:
    """Return the assumptions of these names that the case has: name -> label."""
    return {n: case.label(n) for n in names if n in case.assumptions}


def drivers(case: Case, groups: Iterable[str]) -> dict[str, str]:
    """Return the assumptions whose names begin with one of `groups`, highest impact first: name -> label."""
    wanted = set(groups)
    order = {"red": 0, "high": 0, "amber": 1, "medium": 1}
    names = [a.name for a in case.assumptions.values() if a.name.partition(".")[0] in wanted]
    return labels(case, sorted(names, key=lambda n: order.get(case.assumptions[n].impact, 2)))


def money_drivers(case: Case, perimeters: Sequence[str]) -> dict[str, str]:
    """Return the assumptions behind a money figure: the perimeters' schemes, prices, flows, growth and posts."""
    inside = {name for p in perimeters for name in members(case, p)}
    return drivers(case, inside | {"price", "cost", "caseload", "growth", "establishment", "cashable"})
