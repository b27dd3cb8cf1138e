"""`inputs/reference`: rates, price indices, starting weights, codes and limits, shared by all cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from model.case import parameters
from model.case.reading import cells
from model.case.reading.cells import Bad
from model.case.reading.files import Column, duplicates, read_table, shown_path
from model.case.reading.problems import Problem
from model.case.reference import PriceIndex, Reference
from model.case.units import is_financial_year
from model.case.words import RATINGS

if TYPE_CHECKING:
    from pathlib import Path

    from model.case.reading.files import Row

LATER: Final = "later"
RATES, INDICES = "discount_rates.csv", "price_indices.csv"
_RATING = cells.word(("", *RATINGS), "red, amber or green")
_PROVENANCE = (
    Column(name="source", parse=cells.text_cell),
    Column(name="as_at", parse=cells.optional_date, blank=True),
    Column(name="quality", parse=_RATING, blank=True),
    Column(name="note", parse=cells.text_cell, required=False, blank=True),
)


_rate: Final = cells.between(-0.5, 0.5)


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
    Column(name="change", parse=cells.optional(_rate), blank=True),
    *_PROVENANCE,
)

SOURCED: Final = (
    Column(name="source", parse=cells.text_cell),
    Column(name="as_at", parse=cells.optional_date, required=False, blank=True),
    Column(name="quality", parse=_RATING, required=False, blank=True),
    Column(name="note", parse=cells.text_cell, required=False, blank=True),
)
STAYS: Final = (
    Column(name="months", parse=cells.word(("6", "12", "24"), "6, 12 or 24 months")),
    Column(name="left_share", parse=cells.optional(cells.between(0, 1)), blank=True),
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
    Column(name="weight", parse=cells.between(0, 1000)),
    *SOURCED,
)
LIMITS: Final = (
    Column(name="name", parse=cells.text_cell),
    Column(name="low", parse=cells.number),
    Column(name="high", parse=cells.number),
    Column(name="unit", parse=cells.text_cell),
    Column(name="source", parse=cells.text_cell),
    Column(name="note", parse=cells.text_cell, required=False, blank=True),
)
LIMITS_FILE: Final = "plausible.csv"


def _text(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name=name, parse=cells.text_cell) for name in (*names, "source"))


_PLACEMENT: Final = cells.word((*parameters.PLACEMENTS, "by_provider"), "a placement, or by_provider")
DEMAND_FILES: Final = {
    "placement_codes.csv": (*_text("code", "description"), Column(name="placement", parse=_PLACEMENT)),
    "provider_codes.csv": (
        *_text("code", "description", "sector"),
        Column(name="foster_placement", parse=_PLACEMENT),
    ),
    "dfe_categories.csv": _text("group", "characteristic", "code"),
    "authority_aliases.csv": _text("alias", "name"),
    "authority_successors.csv": _text("name", "successors"),
    "uasc_placements.csv": (
        Column(name="placement", parse=_PLACEMENT),
        Column(name="weight", parse=cells.count),
        Column(name="source", parse=cells.text_cell),
        Column(name="quality", parse=_RATING),
        Column(name="note", parse=cells.text_cell, required=False, blank=True),
    ),
    "demand_settings.csv": (
        *_text("name", "unit"),
        Column(name="value", parse=cells.between(0, 1e4)),
        Column(name="note", parse=cells.text_cell, required=False, blank=True),
    ),
}
"""What `demand` maps published tables and returns by, and its settings: file -> columns."""


@dataclass(frozen=True, kw_only=True)
class ReferenceFiles:
    """The reference tables, and for each rate and series the row that was known last."""

    reference: Reference
    latest: dict[str, Row]


def needed(path: Path, columns: tuple[Column, ...], problems: list[Problem]) -> list[Row]:
    """Return the rows of a table that must be there and hold something: without it a figure would silently differ."""
    before = len(problems)
    rows = read_table(path, columns, problems)
    if not rows and len(problems) == before:
        problems.append(Problem(file=shown_path(path), row=1, expected="at least one row beneath the heading"))
    return rows


def demand_rows(path: Path, problems: list[Problem]) -> list[Row]:
    """Return the rows of one table that `demand` reads."""
    return needed(path, DEMAND_FILES[path.name], problems)


def limits(folder: Path, problems: list[Problem]) -> list[Row]:
    """Return the rows that say what is plausible; none where the folder has no such file, as `check` says."""
    rows = read_table(folder / LIMITS_FILE, LIMITS, problems, optional=True)
    problems.extend(duplicates(rows, ["name"]))
    problems.extend(
        row.problem("low", f"no more than high ({row.values['high']:g})")
        for row in rows
        if row.complete and row.values["low"] > row.values["high"]
    )
    return [row for row in rows if row.complete]


def read(
    folder: Path, problems: list[Problem], *, own: Path | None = None, known: date | None = None
) -> ReferenceFiles:
    """Read the tables of `inputs/reference` that every case needs; what `check` and `demand` read must be sound too.

    What `own`, a case's folder, has of prices and rates goes first. `known`: the case's knowledge date; of several rows
    for one year of an index the last that was known by then counts.
    """
    limits(folder, problems)
    for path in (folder / "demand" / name for name in DEMAND_FILES):
        if path.exists():
            demand_rows(path, problems)
    rate_rows = _own_first(folder / "prices" / RATES, own, DISCOUNT_RATES, "name", problems)
    problems.extend(duplicates(rate_rows, ["name"]))
    rates = {row.values["name"]: row.values["rate_annual"] for row in rate_rows if row.complete}
    every_row = _own_first(folder / "prices" / INDICES, own, PRICE_INDICES, "series", problems)
    problems.extend(duplicates(every_row, ["series", "financial_year", "as_at"]))
    index_rows = _known_last(every_row, known)
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
    before = len(problems)
    stays = needed(folder / "demand" / "stays.csv", STAYS, problems)
    problems.extend(duplicates(stays, ["months"]))
    grades = read_table(folder / "optimism_bias.csv", OPTIMISM_BIAS, problems, optional=True)
    problems.extend(duplicates(grades, ["grade"]))
    bias = {
        row.values["grade"]: (row.values["cost_uplift_share"], row.values["saving_reduction_share"])
        for row in grades
        if row.complete
    }
    stated = {int(row.values["months"]): row for row in stays if row.complete}
    if stays and len(problems) == before:
        problems.extend(
            stays[-1].problem("months", f"a row for {months} months too, its left_share empty where it is not known")
            for months in (6, 12, 24)
            if months not in stated
        )
    left = {months: row.values["left_share"] for months, row in stated.items() if _was_known(row, known)}
    reference = Reference(
        indices=indices, discount_rates=rates, caseload_seed=seed, left_within=left, optimism_bias=bias
    )
    return ReferenceFiles(reference=reference, latest=latest)


def _own_first(
    shared: Path, own: Path | None, columns: tuple[Column, ...], key: str, problems: list[Problem]
) -> list[Row]:
    """Return the rows of a shared table and of the case's own; a name in the latter takes the place of the shared."""
    mine = read_table(own / shared.name, columns, problems, optional=True) if own else []
    names = {row.values.get(key) for row in mine}
    return [row for row in needed(shared, columns, problems) if row.values.get(key) not in names] + mine


def _known_last(rows: list[Row], known: date | None) -> list[Row]:
    """Return one row for each series and year: of those known by a day the last.

    Years that nobody knew then grow as `later`. A series without known years in a row and a known rate for later ones
    is left whole, first rows first: it belongs to hindsight, and a case without hindsight is told so.
    """
    by_series: dict[object, list[Row]] = {}
    for row in sorted(rows, key=_told):
        by_series.setdefault(row.values.get("series"), []).append(row)
    chosen: list[Row] = []
    for series in by_series.values():
        then = [row for row in series if _was_known(row, known)]
        years = {str(row.values.get("financial_year")) for row in then}
        first = {int(year[:4]) for year in years - {LATER} if year[:4].isdigit()}
        usable = LATER in years and bool(first) and max(first) - min(first) == len(first) - 1
        ordered = then if usable else series[::-1]
        chosen += {row.values.get("financial_year"): row for row in ordered}.values()
    return chosen


def _was_known(row: Row, known: date | None) -> bool:
    return known is None or _told(row) <= known


def _told(row: Row) -> date:
    """The day a row became known; the first of days where it was never news."""
    return row.values.get("as_at") or date.min


def _caseload_seed(path: Path, problems: list[Problem]) -> dict[tuple[str, str], float]:
    """How likely each placement is at each age, where published totals leave it open. A cell not listed counts 1."""
    rows = needed(path, CASELOAD_SEED, problems)
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
