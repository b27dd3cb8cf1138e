"""The columns of each CSV file, and the records made of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from model.case import parameters
from model.case.assumptions import DISTRIBUTIONS, RATINGS
from model.case.pay import PLACES_IN_A_GRADE
from model.case.reading import cells
from model.case.reading.files import Column, duplicates, read_table
from model.case.records import BOTTOM_UP, COSTINGS, PRINTED, Actual, BudgetLine, CaseloadRow, Post, PublishedRow
from model.case.spelling import nearest
from model.case.units import UNITS

if TYPE_CHECKING:
    from pathlib import Path

    from model.case.reading.files import Row
    from model.case.reading.problems import Problem

VERDICTS: Final = ("reconciles", "rounding", "differs", "not_derivable")
MOVES: Final = {placement: f"moves_to_{placement}_annual" for placement in parameters.PLACEMENTS}
"""Optional columns of `caseload.csv`: children a year who move from the row's placement to another."""

_TEXT = cells.text_cell
_RATING = cells.word(RATINGS, "red, amber or green")

ASSUMPTIONS: Final = (
    Column(name="name", parse=cells.name),
    Column(name="value", parse=cells.number),
    Column(name="low", parse=cells.optional_number, blank=True),
    Column(name="high", parse=cells.optional_number, blank=True),
    Column(name="distribution", parse=cells.word(DISTRIBUTIONS, "a distribution")),
    Column(name="unit", parse=cells.word(UNITS, f"one of the units {', '.join(UNITS)}")),
    Column(name="price_base", parse=cells.optional_financial_year, blank=True),
    Column(name="source", parse=_TEXT),
    Column(name="as_at", parse=cells.optional_date, blank=True),
    Column(name="quality", parse=_RATING),
    Column(name="impact", parse=_RATING),
    Column(name="owner", parse=_TEXT),
    Column(name="note", parse=_TEXT, blank=True),
)

ESTABLISHMENT: Final = (
    Column(name="id", parse=cells.identifier),
    Column(name="team", parse=_TEXT),
    Column(name="post", parse=_TEXT),
    Column(name="grade", parse=_TEXT, blank=True),
    Column(name="fte_current", parse=cells.count),
    Column(name="fte_proposed", parse=cells.count),
    Column(name="change_annual_cost_gbp", parse=cells.optional_number, blank=True),
    Column(name="start", parse=cells.optional_date, blank=True),
    Column(name="charged_to", parse=_TEXT),
    Column(name="included_in", parse=cells.optional_identifier, blank=True),
    Column(name="included_when", parse=cells.optional_name, required=False, blank=True),
    Column(name="funding", parse=cells.word(parameters.FUNDING_WORDS, "who pays")),
    Column(name="basis", parse=cells.word(("", "year", "day"), "year or day"), required=False, blank=True),
    Column(name="already_filled_months", parse=cells.optional_name, required=False, blank=True),
    Column(name="recruited", parse=cells.yes_or_no, required=False, blank=True),
    Column(name="service_line", parse=_TEXT, required=False, blank=True),
    Column(name="price_base", parse=cells.optional_financial_year, required=False, blank=True),
    Column(name="grade_current", parse=_TEXT, required=False, blank=True),
    Column(name="spine_point", parse=_TEXT, required=False, blank=True),
    Column(
        name="priced_at", parse=cells.word(("", *PLACES_IN_A_GRADE), "a place in the grade"), required=False, blank=True
    ),
    Column(name="increments", parse=cells.yes_or_no, required=False, blank=True),
    Column(name="costing", parse=cells.word(("", *COSTINGS), "printed or bottom_up"), required=False, blank=True),
    Column(name="source", parse=_TEXT),
    Column(name="note", parse=_TEXT, required=False, blank=True),
)

CASELOAD: Final = (
    Column(name="age_band", parse=cells.age_band((*parameters.AGE_BANDS, parameters.AGE_18, "all"))),
    Column(name="placement", parse=cells.word((*parameters.PLACEMENTS, "all"), "a placement")),
    Column(name="stream", parse=cells.word(("", *parameters.STREAMS), "general or uasc"), required=False, blank=True),
    Column(name="children", parse=cells.optional_count, blank=True),
    Column(name="entries_annual", parse=cells.optional_count, blank=True),
    Column(name="exits_annual", parse=cells.optional_count, blank=True),
    *(Column(name=name, parse=cells.optional_count, required=False, blank=True) for name in MOVES.values()),
    Column(name="source", parse=_TEXT, required=False, blank=True),
    Column(name="note", parse=_TEXT, required=False, blank=True),
)

APPROVED_BUDGET: Final = (
    Column(name="line", parse=cells.word(parameters.BUDGET_LINES, "a line of the accounts")),
    Column(name="financial_year", parse=cells.financial_year_cell),
    Column(name="value_gbp", parse=cells.number),
    Column(name="follows", parse=cells.word(("", "opening_caseload"), "opening_caseload"), required=False, blank=True),
    Column(name="source", parse=_TEXT),
    Column(name="note", parse=_TEXT, required=False, blank=True),
)

PUBLISHED: Final = (
    Column(name="ref", parse=_TEXT),
    Column(name="statement", parse=_TEXT),
    Column(name="value", parse=cells.number),
    Column(name="unit", parse=_TEXT),
    Column(name="precision", parse=cells.positive),
    Column(name="formula", parse=_TEXT, blank=True),
    Column(name="expected", parse=cells.word(("", *VERDICTS), "a verdict"), blank=True),
    Column(name="beside_scheme", parse=_TEXT, required=False, blank=True),
    Column(name="note", parse=_TEXT, required=False, blank=True),
)

POUNDS: Final = {"GBP": 1.0, "GBP k": 1e3, "GBP m": 1e6}
"""Units of a printed amount that can stand beside modelled pounds: unit -> pounds."""

ACTUALS: Final = (
    Column(name="period", parse=cells.period),
    Column(name="measure", parse=_TEXT),
    Column(name="value", parse=cells.number),
    Column(name="unit", parse=_TEXT),
    Column(name="source", parse=_TEXT),
    Column(name="note", parse=_TEXT, required=False, blank=True),
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
    whole = [row for row in rows if row.complete]
    return rows, tuple(
        _post({**row.values, "costing": PRINTED} if _not_stated(row, rows) else row.values) for row in whole
    )


def _not_stated(row: Row, rows: list[Row]) -> bool:
    """Whether a row may leave its cost out: a memo whose money stays in the line that it is counted in."""
    if not row.complete or row.values["change_annual_cost_gbp"] is not None or row.values["costing"]:
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
    printed, graded = row.values["change_annual_cost_gbp"] is not None, bool(row.values["grade"])
    if _costing(row.values) == PRINTED and not printed:
        return [row.problem("change_annual_cost_gbp", "a number", "or a grade, to price the row from its spine point")]
    if _costing(row.values) == BOTTOM_UP and not graded:
        return [row.problem("grade", "a grade of grades.csv, since costing is bottom_up")]
    return []


def _costing(values: dict[str, Any] | Any) -> str:  # noqa: ANN401 - cells of every type
    """What a row says, or else: as printed where a cost is printed, by the grade where only a grade is given."""
    unsaid = BOTTOM_UP if values["change_annual_cost_gbp"] is None and values["grade"] else PRINTED
    return str(values["costing"] or unsaid)


def _post(values: dict[str, Any] | Any) -> Post:  # noqa: ANN401 - cells of every type
    """An empty `recruited` means yes where the row adds posts; an empty `basis` means a year."""
    plain = {name: value for name, value in values.items() if name != "change_annual_cost_gbp"}
    adds_posts = values["fte_proposed"] > values["fte_current"]
    unsaid = {
        "basis": values["basis"] or "year",
        "recruited": adds_posts if values["recruited"] is None else values["recruited"],
        "increments": bool(values["increments"]),
        "costing": _costing(values),
        "printed_gbp": values["change_annual_cost_gbp"],
    }
    return Post(**{**plain, **unsaid})


def caseload(path: Path, problems: list[Problem], *, optional: bool) -> tuple[list[Row], tuple[CaseloadRow, ...]]:
    """Read `caseload.csv`."""
    rows = read_table(path, CASELOAD, problems, optional=optional)
    problems.extend(duplicates(rows, ["age_band", "placement", "stream"]))
    for row in rows:
        numbers = ("children", "entries_annual", "exits_annual", *MOVES.values())
        if row.complete and all(row.values[column] is None for column in numbers):
            wanted = "children, entries_annual, exits_annual or moves"
            problems.append(row.problem("children", wanted, "the row says nothing"))
    return rows, tuple(_caseload_row(row) for row in rows if row.complete)


def _caseload_row(row: Row) -> CaseloadRow:
    values = row.values
    moves = {placement: values[column] for placement, column in MOVES.items() if values[column]}
    plain = {name: value for name, value in values.items() if name not in MOVES.values()}
    return CaseloadRow(**{**plain, "stream": values["stream"] or "general", "moves_annual": moves})


def approved_budget(path: Path, problems: list[Problem]) -> tuple[BudgetLine, ...]:
    """Read `approved_budget.csv`, which a case may lack."""
    rows = read_table(path, APPROVED_BUDGET, problems, optional=True)
    problems.extend(duplicates(rows, ["line", "financial_year"]))
    return tuple(BudgetLine(**_without_note(row)) for row in rows if row.complete)


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
            usual = "reconciles" if row.values["formula"] else "not_derivable"
            records.append(PublishedRow(**{**row.values, "expected": row.values["expected"] or usual}))
    return rows, tuple(records)


def actuals(path: Path, problems: list[Problem]) -> tuple[Actual, ...]:
    """Read `actuals.csv`, which a case may lack."""
    rows = read_table(path, ACTUALS, problems, optional=True)
    problems.extend(duplicates(rows, ["period", "measure"]))
    return tuple(Actual(**_without_note(row)) for row in rows if row.complete)


def _without_note(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.values.items() if name != "note"}
