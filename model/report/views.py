"""Questions a page asks of a result's frames: one number, one year's net, one perimeter's title.

Everything a figure, a table or a sentence shows passes through here, so that they cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model.case.words import INVEST_TO_SAVE, NATURES, NET, PORTFOLIO, QUANTILES, REAL, WHOLE
from model.report.look import format as fmt
from model.results.perimeters import members

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from model.case.records import Case, Post
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
STATISTIC_TITLES = {"central": "Central", "mean": "Mean", **{q: f"{int(q[1:])}th percentile" for q in QUANTILES}}


@dataclass(frozen=True, kw_only=True)
class Range:
    """A number with its range: central (one draw at the central values), mean and quantiles; None = there is none."""

    central: float | None
    mean: float | None
    p10: float | None
    p50: float | None
    p90: float | None


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
    return some(_measured(result, perimeter, name).get(statistic))


def _measured(result: Result, perimeter: str, name: str) -> Mapping[str, float | None]:
    return result.metrics_by_perimeter.get(perimeter, {}).get(name, {})


def spread(result: Result, perimeter: str, name: str) -> Range:
    """Return one measure with its range."""
    return Range(**{s: metric(result, perimeter, name, s) for s in ("central", "mean", "p10", "p50", "p90")})


def probability(result: Result, perimeter: str, name: str = "probability_npv_positive") -> float | None:
    """Return a probability, whichever statistic the engine files it under."""
    return some(next(iter(_measured(result, perimeter, name).values()), None))


def has_range(result: Result) -> bool:
    """Whether the result holds more than the central run."""
    return bool((result.annual.statistic != "central").any())


def years(result: Result, *, shown: bool = False) -> tuple[str, ...]:
    """Return the financial years, or only those the page shows."""
    found = result.case.timeline.financial_years
    return found[: result.case.shown_years] if shown else found


def net_by_year(result: Result, perimeter: str, basis: str = REAL) -> pd.DataFrame:
    """Return the net position: a row per financial year, a column per statistic, pounds."""
    a = result.annual
    kept = a[(a.perimeter == perimeter) & (a.price_basis == basis) & (a.scheme == PORTFOLIO) & (a.line == NET)]
    return _by_year(kept, result)


def _by_year(kept: pd.DataFrame, result: Result) -> pd.DataFrame:
    table = crossed(kept, "financial_year", "statistic", "value_gbp")
    return table.reindex(list(years(result)), fill_value=0.0)


def lines_only(result: Result, perimeter: str, basis: str = REAL, statistic: str = "central") -> pd.DataFrame:
    """Return the lines of a perimeter without the net row."""
    a = result.annual
    inside = (a.perimeter == perimeter) & (a.price_basis == basis) & (a.statistic == statistic)
    return a[inside & (a.scheme != PORTFOLIO)]


def by_nature(result: Result, perimeter: str, basis: str = REAL, statistic: str = "central") -> pd.DataFrame:
    """Return pounds by financial year (rows) and nature (columns, all four)."""
    kept = lines_only(result, perimeter, basis, statistic)
    table = crossed(kept, "financial_year", "nature", "value_gbp")
    return table.reindex(index=list(years(result)), columns=list(NATURES)).fillna(0.0)


def crossed(kept: pd.DataFrame, rows: str, columns: str, values: str) -> pd.DataFrame:
    """Return the sums of a column by two others, in order, missing where there is nothing to add: a pivot table.

    pandas' own takes three times as long, and a report asks for a hundred.
    """
    return kept.groupby([rows, columns], observed=True)[values].sum().unstack()  # noqa: PD010 - as above


def by_line(result: Result, perimeter: str, basis: str = REAL, statistic: str = "central") -> pd.DataFrame:
    """Return pounds by scheme, line, nature (rows) and financial year (columns); rows that are nil are left out."""
    kept = lines_only(result, perimeter, basis, statistic)
    table = kept.pivot_table(
        index=["scheme", "line", "nature"], columns="financial_year", values="value_gbp", aggfunc="sum", sort=False
    )
    table = table.reindex(columns=list(years(result))).fillna(0.0)
    return table[(table.abs() >= 0.5).any(axis=1)]


def cumulative(result: Result, perimeter: str, basis: str = REAL) -> pd.DataFrame:
    """Return the cumulative net position: a row per month (in order), a column per statistic, pounds."""
    m = result.monthly
    kept = m[(m.perimeter == perimeter) & (m.price_basis == basis)]
    table = crossed(kept, "month", "statistic", "cumulative_gbp")
    return table.reindex(list(result.case.timeline.month_labels))


def stock(result: Result, world: str, placement: str) -> pd.DataFrame:
    """Return children at the end of each month in a placement: a row per month, a column per statistic."""
    c = result.caseload
    at = c[(c.world == world) & (c.placement == placement) & (c.measure == "stock")]
    whole = at[at.age_band == "all"]
    return crossed(whole if len(whole) else at, "month", "statistic", "children")


def new_posts(case: Case, scheme: str) -> float:
    """Return the net new fte charged to a scheme. A memo row charged elsewhere than its parent moves its fte."""
    rows = {p.id: p for p in case.establishment}
    total = 0.0
    for post in rows.values():
        change, parent = post.fte_proposed - post.fte_current, rows.get(post.included_in)
        if parent is None:
            total += change if post.charged_to == scheme else 0.0
        elif parent.charged_to != post.charged_to:
            total += change * ((post.charged_to == scheme) - (parent.charged_to == scheme and _carved(case, post)))
    return total


def _carved(case: Case, post: Post) -> bool:
    """Whether a memo row's cost is inside its parent's (and not on top of it)."""
    switch = case.assumptions.get(post.included_when)
    return switch is None or switch.value == 1


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
