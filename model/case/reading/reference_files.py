"""`inputs/reference`: rates, price indices, starting weights, codes and limits, shared by all cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from model.case import cells, parameters
from model.case.assumptions import RATING
from model.case.cells import Bad
from model.case.columns import blank, need, spare
from model.case.reading.files import Row, Table, records
from model.case.reading.problems import Problem
from model.case.reference import PriceIndex, Reference, SocialValue

LATER: Final = "later"
_NOTED: Final = {"source": need(cells.text), "note": spare(cells.text)}
_DATED: Final = {**_NOTED, "as_at": blank(cells.day), "quality": blank(RATING)}
_SOURCED: Final = {**_NOTED, "as_at": spare(cells.day), "quality": spare(RATING)}
_PLACEMENT: Final = need(cells.word((*parameters.PLACEMENTS, "by_provider"), "a placement, or by_provider"))
_RATE: Final = cells.between(-0.5, 0.5)


def _texts(names: str, more: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """Declare columns of text, and more."""
    return {**dict.fromkeys(names.split(), need(cells.text)), **more}


def _index_year(text: str) -> str:
    try:
        return text if text == LATER else cells.financial_year(text)
    except Bad as bad:
        raise Bad("a financial year such as 2022/23, or `later`", bad.suggestion) from None


_YEAR: Final = need(cells.Cell(_index_year, cells.YEAR))
_GRADE: Final = {
    "grade": need(RATING), "cost_uplift_share": need(cells.count), "saving_reduction_share": need(cells.count),
}  # fmt: skip
_STAY: Final = {"months": need(cells.word(("6", "12", "24"), "6, 12 or 24 months")), "left_share": blank(cells.share)}
_WEIGHT: Final = {
    "age_band": need(cells.word(parameters.AGE_BANDS, "an age band")),
    "placement": need(cells.word(parameters.PLACEMENTS, "a placement")),
    "weight": need(cells.between(0, 1000)),
}
RATES, INDICES, LIMITS, OPTIMISM, SOCIAL_VALUE, STAYS, SEED, *_DEMAND = (
    Table(file=file, key=tuple(key.split()), row=row, also=also)
    for file, key, row, also in (
        ("discount_rates.csv", "name", {"name": need(cells.name), "rate_annual": need(_RATE)}, _DATED),
        ("price_indices.csv", "series financial_year as_at",
         {"series": need(cells.name), "financial_year": _YEAR, "change": blank(_RATE)}, _DATED),
        ("plausible.csv", "name",
         _texts("name unit", {"low": need(cells.number), "high": need(cells.number)}), _NOTED),
        ("optimism_bias.csv", "grade", _GRADE, _SOURCED),
        ("social_value.csv", "payer gain", SocialValue, {}),
        ("stays.csv", "months", _STAY, _SOURCED),
        ("caseload_seed.csv", "age_band placement", _WEIGHT, _SOURCED),
        ("placement_codes.csv", "code", _texts("code description", {"placement": _PLACEMENT}), _NOTED),
        ("provider_codes.csv", "code", _texts("code description sector", {"foster_placement": _PLACEMENT}), _NOTED),
        ("dfe_categories.csv", "group characteristic", _texts("group characteristic code"), _NOTED),
        ("authority_aliases.csv", "alias", _texts("alias name"), _NOTED),
        ("authority_successors.csv", "name", _texts("name successors"), _NOTED),
        ("uasc_placements.csv", "placement",
         {"placement": _PLACEMENT, "weight": need(cells.count), "quality": need(RATING)}, _NOTED),
        ("demand_settings.csv", "name", _texts("name unit", {"value": need(cells.between(0, 1e4))}), _NOTED),
    )
)  # fmt: skip
DEMAND_FILES: Final = {table.file: table for table in _DEMAND}
"""What `demand` maps published tables and returns by, and its settings."""


@dataclass(frozen=True, kw_only=True)
class ReferenceFiles:
    """The reference tables, and for each rate and series the row that was known last."""

    reference: Reference
    latest: dict[str, Row]


def limits(folder: Path, problems: list[Problem]) -> list[Row]:
    """Return the rows that say what is plausible; none where the folder has no such file, as `check` says."""
    rows = [row for row in LIMITS.rows(folder, problems) if row.complete]
    problems.extend(
        row.problem("low", f"no more than high ({row.values['high']:g})")
        for row in rows
        if row.values["low"] > row.values["high"]
    )
    return rows


def read(
    folder: Path, problems: list[Problem], *, own: Path | None = None, known: date | None = None
) -> ReferenceFiles:
    """Read the tables of `inputs/reference` that every case needs; what `check` and `demand` read must be sound too.

    What `own`, a case's folder, has of prices and rates goes first. `known`: the case's knowledge date; of several rows
    for one year of an index the last that was known by then counts.
    """
    limits(folder, problems)
    for table in DEMAND_FILES.values():
        if (folder / "demand" / table.file).exists():
            table.rows(folder / "demand", problems, optional=False)
    rates = _own_first(RATES, folder / "prices", own, problems)
    series = _known_last(_own_first(INDICES, folder / "prices", own, problems), known)
    seed = _every(SEED, folder / "demand", list(product(parameters.AGE_BANDS, parameters.PLACEMENTS)), problems)
    grades = _every(OPTIMISM, folder, [(grade,) for grade in RATING.words], problems, optional=True)
    stays = _every(STAYS, folder / "demand", [("6",), ("12",), ("24",)], problems)
    reference = Reference(
        indices=_indices(series, problems),
        discount_rates={row.values["name"]: row.values["rate_annual"] for row in rates if row.complete},
        caseload_seed={(row.values["age_band"], row.values["placement"]): row.values["weight"] for row in seed},
        left_within={int(row.values["months"]): row.values["left_share"] for row in stays if _was_known(row, known)},
        optimism_bias={
            row.values["grade"]: (row.values["cost_uplift_share"], row.values["saving_reduction_share"])
            for row in grades
        },
        social_value=records(SocialValue, SOCIAL_VALUE.rows(folder, problems)),
    )
    return ReferenceFiles(reference=reference, latest=_latest(rates, "name") | _latest(series, "series"))


def _own_first(table: Table, shared: Path, own: Path | None, problems: list[Problem]) -> list[Row]:
    """Return the rows of a shared table and of the case's own; a name in the latter takes the place of the shared."""
    key = table.key[0]
    mine = table.rows(own, problems) if own else []
    names = {row.values.get(key) for row in mine}
    return [row for row in table.rows(shared, problems, optional=False) if row.values.get(key) not in names] + mine


def _by_series(rows: list[Row]) -> dict[str, list[Row]]:
    by_series: dict[str, list[Row]] = {}
    for row in rows:
        by_series.setdefault(row.values.get("series", ""), []).append(row)
    return by_series


def _known_last(rows: list[Row], known: date | None) -> list[Row]:
    """Return one row for each series and year: of those known by a day the last.

    Years that nobody knew then grow as `later`. A series without known years in a row and a known rate for later ones
    is left whole, first rows first: it belongs to hindsight, and a case without hindsight is told so.
    """
    chosen: list[Row] = []
    for series in _by_series(sorted(rows, key=_told)).values():
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
    """The day a row became known; the first of days where it was never news, as the 1 that a series grows from."""
    is_base = row.values.get("change", 0) is None and row.values.get("financial_year") != LATER
    return date.min if is_base else row.values.get("as_at") or date.min


def _every(
    table: Table, folder: Path, wanted: Sequence[tuple[str, ...]], problems: list[Problem], *, optional: bool = False
) -> list[Row]:
    """Return the rows of a table that has one for each of a known list: where one is gone it has been damaged."""
    before = len(problems)
    rows = [row for row in table.rows(folder, problems, optional=optional) if row.complete]
    found = {tuple(str(row.values[name]) for name in table.key) for row in rows}
    if rows and len(problems) == before:
        gone = ["/".join(key) for key in wanted if key not in found]
        problems.extend(rows[-1].problem(table.key[0], f"a row for {key} too") for key in gone)
    return rows


def _indices(rows: list[Row], problems: list[Problem]) -> dict[str, PriceIndex]:
    whole = {name: own for name, own in _by_series(rows).items() if name and all(row.complete for row in own)}
    made = {name: _index(name, own, problems) for name, own in whole.items()}
    return {name: index for name, index in made.items() if index}


def _index(name: str, rows: list[Row], problems: list[Problem]) -> PriceIndex | None:
    """Chain yearly changes into levels: the first year, whose change is empty, is 1."""
    before = len(problems)
    years = sorted((row for row in rows if row.values["financial_year"] != LATER), key=_year)
    later = [row for row in rows if row.values["financial_year"] == LATER]
    if not later:
        problems.append(rows[-1].problem("financial_year", f"a row `{LATER}` for the years after the last of {name}"))
    elif later[0].values["change"] is None:
        problems.append(later[0].problem("change", "the growth a year after the last"))
    if not years:
        problems.append(rows[0].problem("financial_year", f"at least one year for {name}"))
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
    dated = [row for row in rows if row.values.get(key) and _told(row) > date.min]
    return {row.values[key]: row for row in sorted(dated, key=_told)}
