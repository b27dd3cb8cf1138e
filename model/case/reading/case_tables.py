"""The CSV files of a case: what no cell can tell for itself, and the records that take more than their cells."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from model.case import words
from model.case.assumptions import Assumption
from model.case.cells import Bad
from model.case.measures import INFLATION, modelled
from model.case.reading import formulas
from model.case.reading.files import Row, Table, record_of
from model.case.reading.problems import Problem
from model.case.records import SchemeSpec
from model.case.rows import (
    POUNDS,
    PRINTED_COST,
    TRACKED_UNITS,
    Actual,
    Benefit,
    BudgetLine,
    CaseloadRow,
    LedgerRow,
    Post,
    PublishedRow,
)
from model.case.spelling import near, nearest
from model.case.timeline import first_day
from model.case.words import BOTTOM_UP, PRINTED

ASSUMPTIONS: Final = Table(file="assumptions.csv", key=("name",), row=Assumption)
ESTABLISHMENT: Final = Table(file="establishment.csv", key=("id",), row=Post)
CASELOAD: Final = Table(file="caseload.csv", key=("age_band", "placement", "stream"), row=CaseloadRow)
APPROVED_BUDGET: Final = Table(file="approved_budget.csv", key=("line", "financial_year"), row=BudgetLine)
LEDGER: Final = Table(file="ledger.csv", key=("statement", "financial_year"), row=LedgerRow)
PUBLISHED: Final = Table(file="published.csv", key=("ref", "statement"), row=PublishedRow)
ACTUALS: Final = Table(file="actuals.csv", key=("period", "measure", "scope", "as_at"), row=Actual)
BENEFITS: Final = Table(file="benefits.csv", key=("id",), row=Benefit)
TABLES: Final = {
    table.file: table
    for table in (ASSUMPTIONS, ESTABLISHMENT, CASELOAD, APPROVED_BUDGET, LEDGER, PUBLISHED, ACTUALS, BENEFITS)
}
"""The tables of every case, by file."""
_ROUNDED: Final = 0.006  # a share printed to two places may be so far from its numerator over its denominator


def establishment_problems(rows: Sequence[Row]) -> Iterator[Problem]:
    """Yield memos of no line, and rows that nothing prices."""
    ids = [row.values["id"] for row in rows if "id" in row.values]
    memo = {row.values["id"] for row in rows if row.values.get("included_in") and "id" in row.values}
    for row in rows:
        parent = row.values.get("included_in", "")
        if parent and parent not in ids:
            yield row.problem("included_in", "the id of another row", nearest(parent, ids))
        elif parent and (parent == row.values.get("id") or parent in memo):
            yield row.problem("included_in", "the id of a row that is not itself a memo")
        if row.values.get("included_when") and not parent:
            yield row.problem("included_when", "empty, because included_in is empty")
        if not row.complete or _is_inside(row, rows):
            continue
        costing = _costing(row)
        if costing == PRINTED and row.values[PRINTED_COST] is None:
            yield row.problem(PRINTED_COST, "a number", "or a grade, to price the row from its spine point")
        if costing == BOTTOM_UP and not row.values["grade"]:
            yield row.problem("grade", "a grade of grades.csv, since costing is bottom_up")


def _is_inside(row: Row, rows: Sequence[Row]) -> bool:
    """Whether a row may leave its cost out: a memo whose money stays in the line that it is counted in."""
    if row.values[PRINTED_COST] is not None or row.values["costing"]:
        return False
    line = (row.values["included_in"], row.values["charged_to"])
    return any((other.values.get("id"), other.values.get("charged_to")) == line for other in rows)


def _costing(row: Row) -> str:
    """What a row says, or else: as printed where a cost is printed, by the grade where only a grade is given."""
    unsaid = BOTTOM_UP if row.values[PRINTED_COST] is None and row.values["grade"] else PRINTED
    return str(row.values["costing"] or unsaid)


def post(row: Row, rows: Sequence[Row]) -> Post:
    """Return the post of a whole row. An empty `recruited` means yes where the row adds posts."""
    adds_posts = row.values["fte_proposed"] > row.values["fte_current"]
    recruited = adds_posts if row.values["recruited"] is None else row.values["recruited"]
    return record_of(Post, row, recruited=recruited, costing=PRINTED if _is_inside(row, rows) else _costing(row))


def published_problems(rows: Sequence[Row]) -> Iterator[Problem]:
    """Yield claims whose unit cannot stand beside pounds."""
    for row in rows:
        if row.values.get("beside_scheme") and row.values.get("unit", "GBP") not in POUNDS:
            yield row.problem("unit", f"{', '.join(POUNDS)}, to stand beside what a scheme saves")


def published(row: Row) -> PublishedRow:
    """Return the printed figure of a whole row. An empty `expected` is what a sound figure would give."""
    unsaid = words.RECONCILES if row.values["formula"] else words.NOT_DERIVABLE
    return record_of(PublishedRow, row, expected=row.values["expected"] or unsaid)


# What happened, and what was promised ---------------------------------------------------------------------------------


def tracking_problems(  # noqa: PLR0913, PLR0917 - two tables, and everything that they are held against
    actuals: Sequence[Row],
    benefits: Sequence[Row],
    schemes: Sequence[SchemeSpec],
    perimeters: Mapping[str, object],
    start: date,
    known: Collection[str],
) -> Iterator[Problem]:
    """Yield what in either file cannot be held against the case. `known`: what a formula of the case may name."""
    units = modelled({spec.name: spec.kind for spec in schemes}, perimeters)
    counted = {str(row.values.get("measure", "")) for row in actuals}
    for row in benefits:
        yield from _benefit(row, [spec.name for spec in schemes], units, counted, known)
    theirs = {row.values["measure"]: row.values["unit"] for row in benefits if row.complete}
    first: dict[str, Row] = {}
    for row in actuals:
        if row.complete:
            yield from _actual(row, {**units, **theirs, INFLATION: "rate/year"}, known, start)
            before = first.setdefault(row.values["measure"], row)
            if before.values["unit"] != row.values["unit"]:
                unit = before.values["unit"]
                yield row.problem("unit", f"one unit a measure: {unit}, as in row {before.number}")


def _benefit(
    row: Row, schemes: Sequence[str], units: Mapping[str, str], counted: Collection[str], known: Collection[str]
) -> Iterator[Problem]:
    """Yield what is wrong with a benefit: its scheme, its measure, its formula, its unit."""
    said = {*known, *units}
    scheme, measure, formula = (row.values.get(column, "") for column in ("scheme", "measure", "formula"))
    if scheme and scheme not in schemes:
        yield row.problem("scheme", "the name of a scheme", nearest(scheme, schemes))
    like = counted if formula else {*units, *counted}
    if measure and measure not in {*said, *counted} and (not formula or near(measure, like)):
        expected = "a measure of the model or of actuals.csv, or a formula beside it"
        yield row.problem("measure", expected, nearest(measure, like))
    if units.get(measure, row.values.get("unit")) != row.values.get("unit") and not formula:
        yield row.problem("unit", f"{units[measure]}, as the model counts it")
    try:
        formulas.parse(formula or "0", said)
    except Bad as bad:
        yield row.problem("formula", bad.expected, bad.suggestion)


def _actual(row: Row, units: Mapping[str, str], known: Collection[str], start: date) -> Iterator[Problem]:
    """Yield what is wrong with one actual. One without a status is kept as it stands: only its figures are checked."""
    actual = record_of(Actual, row)
    yield from _figures(row, actual)
    if not actual.status:
        return
    if actual.unit not in TRACKED_UNITS:
        yield row.problem("unit", f"one of the units {', '.join(TRACKED_UNITS)}", nearest(actual.unit, TRACKED_UNITS))
    stated = units.get(actual.name) or units.get(actual.measure)
    if stated is None and actual.measure not in known:
        yield row.problem("measure", "a measure of benefits.csv or of the model", nearest(actual.measure, units))
    elif stated and stated != actual.unit:
        yield row.problem("unit", f"{stated}, as the measure is counted")
    if actual.measure == INFLATION and len(actual.period) != len("2022/23"):
        yield row.problem("period", "a financial year, such as 2023/24: prices step once a year")
    if actual.status != words.BASELINE and first_day(actual.period) < start:
        advice = "what came before the start has the status baseline, and sets the limits of charts"
        yield row.problem("period", f"{start.isoformat()} or later, where the baseline starts", advice)


def _figures(row: Row, actual: Actual) -> Iterator[Problem]:
    """Yield what contradicts itself within a row: a rate and what it is of, and a day before what it tells of."""
    top, bottom = actual.numerator, actual.denominator
    if (top is None) != (bottom is None):
        yield row.problem("denominator" if bottom is None else "numerator", "both a numerator and a denominator")
    if top is not None and bottom is not None:
        if top > bottom:
            yield row.problem("numerator", f"no more than the denominator, {bottom:g}")
        elif bottom and abs(top / bottom - actual.value * (0.01 if actual.unit == "per cent" else 1)) > _ROUNDED:
            yield row.problem("value", f"the numerator over the denominator, {top / bottom:.3g}")
    if actual.as_at and actual.as_at < (begins := first_day(actual.period)):
        yield row.problem("as_at", f"{begins.isoformat()} or later: nothing is known before it happens")
