"""The columns of each CSV file, and the records made of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from model.case import parameters, words
from model.case.assumptions import Assumption
from model.case.pay import PLACES_IN_A_GRADE
from model.case.reading import cells
from model.case.reading.files import Column, columns_of, duplicates, read_table, record_of
from model.case.records import BudgetLine, CaseloadRow, Post, PublishedRow
from model.case.spelling import nearest
from model.case.units import UNITS
from model.case.words import BOTTOM_UP, PRINTED

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from model.case.reading.files import Row
    from model.case.reading.problems import Problem

MOVES: Final = {placement: f"moves_to_{placement}_annual" for placement in parameters.PLACEMENTS}
"""Optional columns of `caseload.csv`: children a year who move from the row's placement to another."""
MOVING: Final = {placement: f"moving_rate_annual_to_{placement}" for placement in parameters.PLACEMENTS}
LEAVING: Final = tuple(f"leaving_rate_annual_{months}" for months in ("0_6", "6_12", "12_24", "24_on"))
CARE_SHARES: Final = tuple(f"share_in_care_{months}" for months in ("0_6", "6_12", "12_24"))
MEAN_AGE: Final = "mean_age_months"
"""Optional columns of `caseload.csv` that a return fills: rates a year and child by months in care; who is there."""
_STATED: Final = (*MOVES.values(), *LEAVING, *MOVING.values(), *CARE_SHARES)
POUNDS: Final = {"GBP": 1.0, "GBP k": 1e3, "GBP m": 1e6}
"""Units of a printed amount that can stand beside modelled pounds: unit -> pounds."""
PRINTED_COST: Final = "change_annual_cost_gbp"
_RATING = cells.word(words.RATINGS, "red, amber or green")

ASSUMPTIONS: Final = columns_of(
    Assumption,
    without="value_as_stated",
    optional="low high",
    name=cells.name,
    low=cells.optional_number,
    high=cells.optional_number,
    distribution=cells.word(("", *words.DISTRIBUTIONS), "a distribution"),
    unit=cells.word(UNITS, f"one of the units {', '.join(UNITS)}"),
    price_base=cells.optional_financial_year,
    quality=_RATING,
    impact=cells.word(("", *words.RATINGS), "red, amber or green"),
)
ESTABLISHMENT: Final = columns_of(
    Post,
    headings={"printed_gbp": PRINTED_COST},
    without="priced_gbp",
    empty="grade printed_gbp start included_in",
    id=cells.identifier,
    fte_current=cells.count,
    fte_proposed=cells.count,
    included_in=cells.optional_identifier,
    included_when=cells.optional_name,
    funding=cells.word(words.PURSES, "who pays"),
    basis=cells.word(("", *words.BASES), "year or day"),
    already_filled_months=cells.optional_name,
    priced_at=cells.word(("", *PLACES_IN_A_GRADE), "a place in the grade"),
    costing=cells.word(("", *words.COSTINGS), "printed or bottom_up"),
    price_base=cells.optional_financial_year,
)
CASELOAD: Final = (
    *columns_of(
        CaseloadRow,
        without="moves_annual leaving_rates moving_rates care_shares",
        empty="children entries_annual exits_annual",
        age_band=cells.age_band((*parameters.AGE_BANDS, parameters.AGE_18, words.ALL)),
        placement=cells.word((*parameters.PLACEMENTS, words.ALL), "a placement"),
        stream=cells.word(("", *words.STREAMS), "general or uasc"),
        children=cells.optional_count,
        entries_annual=cells.optional_count,
        exits_annual=cells.optional_count,
        mean_age_months=cells.optional_count,
    ),
    *(Column(name=name, parse=cells.optional_count, required=False, blank=True) for name in _STATED),
)
APPROVED_BUDGET: Final = columns_of(
    BudgetLine,
    financial_year=cells.financial_year_cell,
    follows=cells.word(("", words.OPENING_CASELOAD), words.OPENING_CASELOAD),
)
PUBLISHED: Final = columns_of(
    PublishedRow,
    empty="formula expected",
    precision=cells.positive,
    expected=cells.word(("", *words.VERDICTS), "a verdict"),
)


def establishment(path: Path, problems: list[Problem]) -> tuple[list[Row], tuple[Post, ...]]:
    """Read `establishment.csv`: its rows for further checks, and the posts of those that are whole."""
    rows = read_table(path, ESTABLISHMENT, problems, optional=True)
    problems.extend(duplicates(rows, ["id"]))
    ids = [row.values["id"] for row in rows if "id" in row.values]
    memo = {row.values["id"] for row in rows if row.values.get("included_in") and "id" in row.values}
    for row in rows:
        parent = row.values.get("included_in", "")
        if parent and parent not in ids:
            problems.append(row.problem("included_in", "the id of another row", nearest(parent, ids)))
        elif parent and (parent == row.values.get("id") or parent in memo):
            problems.append(row.problem("included_in", "the id of a row that is not itself a memo"))
        problems.extend(() if _not_stated(row, rows) else _costing_problems(row))
        if row.values.get("included_when") and not parent:
            problems.append(row.problem("included_when", "empty, because included_in is empty"))
    return rows, tuple(_post(row, memo=_not_stated(row, rows)) for row in rows if row.complete)


def _not_stated(row: Row, rows: list[Row]) -> bool:
    """Whether a row may leave its cost out: a memo whose money stays in the line that it is counted in."""
    if not row.complete or row.values[PRINTED_COST] is not None or row.values["costing"]:
        return False
    return any(
        other.values.get("id") == row.values["included_in"]
        and other.values.get("charged_to") == row.values["charged_to"]
        for other in rows
    )


def _costing_problems(row: Row) -> list[Problem]:
    """A row is paid as printed, or by its grade: it needs what its costing speaks of."""
    if not row.complete:
        return []
    printed, graded = row.values[PRINTED_COST] is not None, bool(row.values["grade"])
    if _costing(row.values) == PRINTED and not printed:
        return [row.problem(PRINTED_COST, "a number", "or a grade, to price the row from its spine point")]
    if _costing(row.values) == BOTTOM_UP and not graded:
        return [row.problem("grade", "a grade of grades.csv, since costing is bottom_up")]
    return []


def _costing(values: dict[str, Any] | Any) -> str:  # noqa: ANN401 - cells of every type
    """What a row says, or else: as printed where a cost is printed, by the grade where only a grade is given."""
    unsaid = BOTTOM_UP if values[PRINTED_COST] is None and values["grade"] else PRINTED
    return str(values["costing"] or unsaid)


def _post(row: Row, *, memo: bool) -> Post:
    """The post that a row states. An empty `recruited` means yes where the row adds posts."""
    values = row.values
    adds_posts = values["fte_proposed"] > values["fte_current"]
    recruited = adds_posts if values["recruited"] is None else values["recruited"]
    costing = PRINTED if memo else _costing(values)
    return record_of(Post, row, printed_gbp=values[PRINTED_COST], recruited=recruited, costing=costing)


def caseload(path: Path, problems: list[Problem]) -> tuple[list[Row], tuple[CaseloadRow, ...]]:
    """Read `caseload.csv`, which a case without children lacks."""
    rows = read_table(path, CASELOAD, problems, optional=True)
    problems.extend(duplicates(rows, ["age_band", "placement", "stream"]))
    for row in rows:
        numbers = ("children", "entries_annual", "exits_annual", *_STATED, MEAN_AGE)
        if row.complete and all(row.values[column] is None for column in numbers):
            wanted = "children, entries_annual, exits_annual or moves"
            problems.append(row.problem("children", wanted, "the row says nothing"))
    return rows, tuple(_caseload_row(row) for row in rows if row.complete)


def _caseload_row(row: Row) -> CaseloadRow:
    def by_placement(columns: dict[str, str]) -> dict[str, float]:
        return {placement: row.values[column] for placement, column in columns.items() if row.values[column]}

    def whole(columns: tuple[str, ...]) -> tuple[float, ...]:
        found = tuple(row.values[column] for column in columns)
        return () if None in found else found  # `caseload_checks` says which one is missing

    return record_of(
        CaseloadRow, row, moves_annual=by_placement(MOVES), moving_rates=by_placement(MOVING),
        leaving_rates=whole(LEAVING), care_shares=whole(CARE_SHARES),
    )  # fmt: skip


def approved_budget(path: Path, lines: Iterable[str], problems: list[Problem]) -> tuple[BudgetLine, ...]:
    """Read `approved_budget.csv`, which a case may lack. `lines`: those of its own that the case's schemes save on."""
    rows = read_table(path, APPROVED_BUDGET, problems, optional=True)
    problems.extend(duplicates(rows, ["line", "financial_year"]))
    known = (*parameters.BUDGET_LINES, *lines)
    problems.extend(
        row.problem("line", "a line of the accounts, or a scheme's", nearest(row.values["line"], known))
        for row in rows
        if row.values.get("line", known[0]) not in known
    )
    return tuple(record_of(BudgetLine, row) for row in rows if row.complete)


def published(path: Path, problems: list[Problem]) -> tuple[list[Row], tuple[PublishedRow, ...]]:
    """Read `published.csv`, which a case may lack. An empty `expected` is what a sound figure would give."""
    rows = read_table(path, PUBLISHED, problems, optional=True)
    problems.extend(duplicates(rows, ["ref", "statement"]))
    records = []
    for row in rows:
        if row.complete:
            if row.values["beside_scheme"] and row.values["unit"] not in POUNDS:
                problems.append(row.problem("unit", f"{', '.join(POUNDS)}, to stand beside what a scheme saves"))
                continue
            usual = words.RECONCILES if row.values["formula"] else words.NOT_DERIVABLE
            records.append(record_of(PublishedRow, row, expected=row.values["expected"] or usual))
    return rows, tuple(records)
