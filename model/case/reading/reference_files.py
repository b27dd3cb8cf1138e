"""`inputs/reference`: discount rates and price indices, shared by all cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from model.case import parameters
from model.case.reading import cells
from model.case.reading.cells import Bad
from model.case.reading.files import Column, duplicates, read_table
from model.case.reference import PriceIndex, Reference
from model.case.units import is_financial_year
from model.case.words import RATINGS

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from model.case.reading.files import Row
    from model.case.reading.problems import Problem

LATER: Final = "later"
_RATING = cells.word(("", *RATINGS), "red, amber or green")
_PROVENANCE = (
    Column(name="source", parse=cells.text_cell),
    Column(name="as_at", parse=cells.optional_date, blank=True),
    Column(name="quality", parse=_RATING, blank=True),
    Column(name="note", parse=cells.text_cell, required=False, blank=True),
)


def _rate(text: str) -> float:
    value = cells.number(text)
    if not -0.5 < value < 0.5:
        raise Bad("a rate a year as a decimal, between -0.5 and 0.5", f"is it {value / 100:.15g}?")
    return value


def _optional_rate(text: str) -> float | None:
    return _rate(text) if text else None


def _index_year(text: str) -> str:
    if text == LATER or is_financial_year(text):
        return text
    try:
        return cells.financial_year_cell(text)
    except Bad as bad:
        raise Bad("a financial year such as 2022/23, or `later`", bad.suggestion) from None


DISCOUNT_RATES: Final = (Column(name="name", parse=cells.name), Column(name="rate_annual", parse=_rate), *_PROVENANCE)
PRICE_INDICES: Final = (
    Column(name="series", parse=cells.name),
    Column(name="financial_year", parse=_index_year),
    Column(name="change", parse=_optional_rate, blank=True),
    *_PROVENANCE,
)

SOURCED: Final = (
    Column(name="source", parse=cells.text_cell),
    Column(name="as_at", parse=cells.optional_date, required=False, blank=True),
    Column(name="quality", parse=_RATING, required=False, blank=True),
    Column(name="note", parse=cells.text_cell, required=False, blank=True),
)
STAYS: Final = (
    Column(name="months", parse=cells.count),
    Column(name="left_share", parse=cells.count),
    *SOURCED,
)
OPTIMISM_BIAS: Final = (
    Column(name="grade", parse=cells.word(RATINGS, "red, amber or green")),
    Column(name="cost_uplift_share", parse=cells.count),
    Column(name="saving_reduction_share", parse=cells.count),
    *SOURCED,
)
CASELOAD_SEED: Final = (
    Column(name="age_band", parse=cells.age_band(parameters.AGE_BANDS)),
    Column(name="placement", parse=cells.word(parameters.PLACEMENTS, "a placement")),
    Column(name="weight", parse=cells.count),
    *SOURCED,
)


@dataclass(frozen=True, kw_only=True)
class ReferenceFiles:
    """The reference tables, and for each rate and series the row that was known last."""

    reference: Reference
    latest: dict[str, Row]


def read(folder: Path, problems: list[Problem]) -> ReferenceFiles:
    """Read the tables of `inputs/reference` that every case needs."""
    rate_rows = read_table(folder / "prices" / "discount_rates.csv", DISCOUNT_RATES, problems)
    problems.extend(duplicates(rate_rows, ["name"]))
    rates = {row.values["name"]: row.values["rate_annual"] for row in rate_rows if row.complete}
    index_rows = read_table(folder / "prices" / "price_indices.csv", PRICE_INDICES, problems)
    problems.extend(duplicates(index_rows, ["series", "financial_year"]))
    by_series: dict[str, list[Row]] = {}
    for row in index_rows:
        by_series.setdefault(row.values.get("series", ""), []).append(row)
    indices = {}
    for name, rows in by_series.items():
        if name and all(row.complete for row in rows):
            index = _index(name, rows, problems)
            if index is not None:
                indices[name] = index
    seed = _caseload_seed(folder / "demand" / "caseload_seed.csv", problems)
    latest = _latest(rate_rows, "name") | _latest(index_rows, "series")
    stays = read_table(folder / "demand" / "stays.csv", STAYS, problems, optional=True)
    problems.extend(duplicates(stays, ["months"]))
    left = {int(row.values["months"]): row.values["left_share"] for row in stays if row.complete}
    grades = read_table(folder / "optimism_bias.csv", OPTIMISM_BIAS, problems, optional=True)
    problems.extend(duplicates(grades, ["grade"]))
    bias = {
        row.values["grade"]: (row.values["cost_uplift_share"], row.values["saving_reduction_share"])
        for row in grades
        if row.complete
    }
    reference = Reference(
        indices=indices, discount_rates=rates, caseload_seed=seed, left_within=left, optimism_bias=bias
    )
    return ReferenceFiles(reference=reference, latest=latest)


def _caseload_seed(path: Path, problems: list[Problem]) -> dict[tuple[str, str], float]:
    """How likely each placement is at each age, where published totals leave it open. Absent file: all alike."""
    rows = read_table(path, CASELOAD_SEED, problems, optional=True)
    problems.extend(duplicates(rows, ["age_band", "placement"]))
    return {(row.values["age_band"], row.values["placement"]): row.values["weight"] for row in rows if row.complete}


def _index(name: str, rows: list[Row], problems: list[Problem]) -> PriceIndex | None:
    """Chain yearly changes into levels: the first year, whose change is empty, is 1."""
    before = len(problems)
    years = sorted((row for row in rows if row.values["financial_year"] != LATER), key=_year)
    later = [row for row in rows if row.values["financial_year"] == LATER]
    if not later:
        problems.append(rows[-1].problem("financial_year", f"a row `{LATER}` for the years after the last of {name}"))
    if not years:
        problems.append(rows[0].problem("financial_year", f"at least one year for {name}"))
    problems.extend(
        row.problem("change", "the growth a year after the last") for row in later if row.values["change"] is None
    )
    level: dict[str, float] = {}
    previous = 1.0
    for position, row in enumerate(years):
        change = row.values["change"]
        if position == 0 and change is not None:
            problems.append(row.problem("change", "an empty cell: the first year is the base the others grow from"))
        elif position and change is None:
            problems.append(row.problem("change", "the growth on the year before; only a series' first year has none"))
        if position and int(_year(row)[:4]) != int(_year(years[position - 1])[:4]) + 1:
            problems.append(row.problem("financial_year", "the year after the one before, with none left out"))
        previous *= 1 + (change or 0.0)
        level[_year(row)] = previous
    if len(problems) > before:
        return None
    return PriceIndex(name=name, level=level, later_annual=later[0].values["change"], source=years[0].values["source"])


def _year(row: Row) -> str:
    return str(row.values["financial_year"])


def _latest(rows: list[Row], key: str) -> dict[str, Row]:
    """For each name the row with the latest `as_at`."""
    latest: dict[str, Row] = {}
    for row in rows:
        name, as_at = row.values.get(key), row.values.get("as_at")
        if name and as_at is not None and (name not in latest or as_at > _as_at(latest[name])):
            latest[name] = row
    return latest


def _as_at(row: Row) -> date:
    found: date = row.values["as_at"]
    return found
