"""`inputs/reference`: rates, price indices, starting weights, codes and limits, shared by all cases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from pathlib import Path
from typing import Final

from model.case import parameters
from model.case.reading import cells
from model.case.reading.cells import Bad
from model.case.reading.files import Column, Row, Table, blank, need, record_of, spare
from model.case.reading.problems import Problem
from model.case.reference import PriceIndex, Reference, SocialValue
from model.case.words import RATINGS

LATER: Final = "later"
_RATING: Final = cells.word(RATINGS, "red, amber or green")
_RATE, _SHARE = cells.between(-0.5, 0.5), cells.between(0, 1)
_PLACEMENT: Final = cells.word((*parameters.PLACEMENTS, "by_provider"), "a placement, or by_provider")
_SOURCE, _NOTE = need("source", cells.text_cell), spare("note", cells.text_cell)
_DATED: Final = (_SOURCE, blank("as_at", cells.iso_date), blank("quality", _RATING), _NOTE)
_SOURCED: Final = (_SOURCE, spare("as_at", cells.iso_date), spare("quality", _RATING), _NOTE)


def _index_year(text: str) -> str:
    try:
        return text if text == LATER else cells.financial_year_cell(text)
    except Bad as bad:
        raise Bad("a financial year such as 2022/23, or `later`", bad.suggestion) from None


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(need(name, cells.text_cell) for name in names)


RATES: Final = Table(
    file="discount_rates.csv",
    key=("name",),
    columns=(need("name", cells.name), need("rate_annual", _RATE), *_DATED),
)
INDICES: Final = Table(
    file="price_indices.csv",
    key=("series", "financial_year", "as_at"),
    columns=(
        need("series", cells.name),
        need("financial_year", cells.Cell(_index_year, cells.YEAR)),
        blank("change", _RATE),
        *_DATED,
    ),
)
LIMITS: Final = Table(
    file="plausible.csv",
    key=("name",),
    columns=(
        *_texts("name"), need("low", cells.number), need("high", cells.number), *_texts("unit"), _SOURCE, _NOTE,
    ),
)  # fmt: skip
OPTIMISM: Final = Table(
    file="optimism_bias.csv",
    key=("grade",),
    columns=(
        need("grade", _RATING), need("cost_uplift_share", cells.count), need("saving_reduction_share", cells.count),
        *_SOURCED,
    ),
)  # fmt: skip
SOCIAL_VALUE: Final = Table(
    file="social_value.csv",
    key=("payer", "gain"),
    columns=(
        *_texts("payer", "gain"),
        need("per", cells.word(("child_year", "entry"), "child_year or entry")),
        blank("events", cells.number), blank("unit_cost_gbp", cells.number),
        blank("price_base", cells.financial_year_cell), _SOURCE, spare("as_at", cells.iso_date),
        need("quality", _RATING), _NOTE,
    ),
)  # fmt: skip
STAYS: Final = Table(
    file="stays.csv",
    key=("months",),
    columns=(
        need("months", cells.word(("6", "12", "24"), "6, 12 or 24 months")), blank("left_share", _SHARE), *_SOURCED,
    ),
)  # fmt: skip
SEED: Final = Table(
    file="caseload_seed.csv",
    key=("age_band", "placement"),
    columns=(
        need("age_band", cells.word(parameters.AGE_BANDS, "an age band")),
        need("placement", cells.word(parameters.PLACEMENTS, "a placement")),
        need("weight", cells.between(0, 1000)),
        *_SOURCED,
    ),
)
DEMAND_FILES: Final = {
    file: Table(file=file, key=("group", "characteristic") if "dfe" in file else (columns[0].name,), columns=columns)
    for file, columns in {
        "placement_codes.csv": (*_texts("code", "description"), need("placement", _PLACEMENT), _SOURCE),
        "provider_codes.csv": (*_texts("code", "description", "sector"), need("foster_placement", _PLACEMENT), _SOURCE),
        "dfe_categories.csv": (*_texts("group", "characteristic", "code"), _SOURCE),
        "authority_aliases.csv": (*_texts("alias", "name"), _SOURCE),
        "authority_successors.csv": (*_texts("name", "successors"), _SOURCE),
        "uasc_placements.csv": (
            need("placement", _PLACEMENT), need("weight", cells.count), _SOURCE, need("quality", _RATING), _NOTE,
        ),
        "demand_settings.csv": (*_texts("name", "unit"), need("value", cells.between(0, 1e4)), _SOURCE, _NOTE),
    }.items()
}  # fmt: skip
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
    grades = _every(OPTIMISM, folder, [(grade,) for grade in RATINGS], problems, optional=True)
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
        social_value=tuple(record_of(SocialValue, row) for row in SOCIAL_VALUE.rows(folder, problems) if row.complete),
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
