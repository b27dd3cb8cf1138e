"""The rows of a case's tables, and the records made of them: what no cell can tell for itself is told here."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from model.case import parameters, words
from model.case.reading import case_tables as tables
from model.case.reading.files import Row, record_of
from model.case.reading.problems import Problem
from model.case.records import BudgetLine, CaseloadRow, LedgerRow, Post, PublishedRow
from model.case.spelling import nearest
from model.case.words import BOTTOM_UP, PRINTED


def establishment(folder: Path, problems: list[Problem]) -> tuple[list[Row], tuple[Post, ...]]:
    """Read `establishment.csv`: its rows for further checks, and the posts of those that are whole."""
    rows = tables.ESTABLISHMENT.rows(folder, problems)
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
    if not row.complete or row.values[tables.PRINTED_COST] is not None or row.values["costing"]:
        return False
    line = (row.values["included_in"], row.values["charged_to"])
    return any((other.values.get("id"), other.values.get("charged_to")) == line for other in rows)


def _costing_problems(row: Row) -> list[Problem]:
    """A row is paid as printed, or by its grade: it needs what its costing speaks of."""
    if not row.complete:
        return []
    costing = _costing(row.values)
    if costing == PRINTED and row.values[tables.PRINTED_COST] is None:
        return [row.problem(tables.PRINTED_COST, "a number", "or a grade, to price the row from its spine point")]
    if costing == BOTTOM_UP and not row.values["grade"]:
        return [row.problem("grade", "a grade of grades.csv, since costing is bottom_up")]
    return []


def _costing(values: Mapping[str, Any]) -> str:
    """What a row says, or else: as printed where a cost is printed, by the grade where only a grade is given."""
    unsaid = BOTTOM_UP if values[tables.PRINTED_COST] is None and values["grade"] else PRINTED
    return str(values["costing"] or unsaid)


def _post(row: Row, *, memo: bool) -> Post:
    """The post that a row states. An empty `recruited` means yes where the row adds posts."""
    values = row.values
    adds_posts = values["fte_proposed"] > values["fte_current"]
    recruited = adds_posts if values["recruited"] is None else values["recruited"]
    costing = PRINTED if memo else _costing(values)
    return record_of(Post, row, printed_gbp=values[tables.PRINTED_COST], recruited=recruited, costing=costing)


def caseload(folder: Path, problems: list[Problem]) -> tuple[list[Row], tuple[CaseloadRow, ...]]:
    """Read `caseload.csv`, which a case without children lacks."""
    rows = tables.CASELOAD.rows(folder, problems)
    names = {"age_band", "placement", "stream", "source", "note"}
    for row in rows:
        if row.complete and all(value is None for column, value in row.values.items() if column not in names):
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
        CaseloadRow, row, moves_annual=by_placement(tables.MOVES), moving_rates=by_placement(tables.MOVING),
        leaving_rates=whole(tables.LEAVING), care_shares=whole(tables.CARE_SHARES),
    )  # fmt: skip


def approved_budget(folder: Path, lines: Iterable[str], problems: list[Problem]) -> tuple[BudgetLine, ...]:
    """Read `approved_budget.csv`, which a case may lack. `lines`: those of its own that the case's schemes save on."""
    rows = tables.APPROVED_BUDGET.rows(folder, problems)
    known = (*parameters.BUDGET_LINES, *lines)
    problems.extend(
        row.problem("line", "a line of the accounts, or a scheme's", nearest(row.values["line"], known))
        for row in rows
        if row.values.get("line", known[0]) not in known
    )
    return tuple(record_of(BudgetLine, row) for row in rows if row.complete)


def ledger(folder: Path, problems: list[Problem]) -> tuple[LedgerRow, ...]:
    """Read `ledger.csv`, which a case may lack."""
    return tuple(record_of(LedgerRow, row) for row in tables.LEDGER.rows(folder, problems) if row.complete)


def published(folder: Path, problems: list[Problem]) -> tuple[list[Row], tuple[PublishedRow, ...]]:
    """Read `published.csv`, which a case may lack. An empty `expected` is what a sound figure would give."""
    rows = tables.PUBLISHED.rows(folder, problems)
    records = []
    for row in rows:
        if row.complete and row.values["beside_scheme"] and row.values["unit"] not in tables.POUNDS:
            problems.append(row.problem("unit", f"{', '.join(tables.POUNDS)}, to stand beside what a scheme saves"))
        elif row.complete:
            usual = words.RECONCILES if row.values["formula"] else words.NOT_DERIVABLE
            records.append(record_of(PublishedRow, row, expected=row.values["expected"] or usual))
    return rows, tuple(records)
