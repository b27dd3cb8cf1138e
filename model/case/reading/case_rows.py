"""The rows of a case's tables: what no cell can tell for itself, and the records that take more than their cells."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from model.case import words
from model.case.reading import case_tables as tables
from model.case.reading.files import Row, record_of
from model.case.reading.problems import Problem
from model.case.records import CaseloadRow, Post, PublishedRow
from model.case.spelling import nearest
from model.case.words import BOTTOM_UP, PRINTED


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
        costing = _costing(row.values)
        if costing == PRINTED and row.values[tables.PRINTED_COST] is None:
            yield row.problem(tables.PRINTED_COST, "a number", "or a grade, to price the row from its spine point")
        if costing == BOTTOM_UP and not row.values["grade"]:
            yield row.problem("grade", "a grade of grades.csv, since costing is bottom_up")


def _is_inside(row: Row, rows: Sequence[Row]) -> bool:
    """Whether a row may leave its cost out: a memo whose money stays in the line that it is counted in."""
    if row.values[tables.PRINTED_COST] is not None or row.values["costing"]:
        return False
    line = (row.values["included_in"], row.values["charged_to"])
    return any((other.values.get("id"), other.values.get("charged_to")) == line for other in rows)


def _costing(values: Mapping[str, Any]) -> str:
    """What a row says, or else: as printed where a cost is printed, by the grade where only a grade is given."""
    unsaid = BOTTOM_UP if values[tables.PRINTED_COST] is None and values["grade"] else PRINTED
    return str(values["costing"] or unsaid)


def posts(rows: Sequence[Row]) -> tuple[Post, ...]:
    """Return the posts of the whole rows. An empty `recruited` means yes where the row adds posts."""
    found = []
    for row in rows:
        if row.complete:
            adds_posts = row.values["fte_proposed"] > row.values["fte_current"]
            found.append(record_of(
                Post, row, printed_gbp=row.values[tables.PRINTED_COST],
                recruited=adds_posts if row.values["recruited"] is None else row.values["recruited"],
                costing=PRINTED if _is_inside(row, rows) else _costing(row.values),
            ))  # fmt: skip
    return tuple(found)


def caseload(rows: Sequence[Row]) -> tuple[CaseloadRow, ...]:
    """Return the whole rows of `caseload.csv`."""
    return tuple(_caseload_row(row) for row in rows if row.complete)


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


def published_problems(rows: Sequence[Row]) -> Iterator[Problem]:
    """Yield claims whose unit cannot stand beside pounds."""
    for row in rows:
        if row.values.get("beside_scheme") and row.values.get("unit", "GBP") not in tables.POUNDS:
            yield row.problem("unit", f"{', '.join(tables.POUNDS)}, to stand beside what a scheme saves")


def published(rows: Sequence[Row]) -> tuple[PublishedRow, ...]:
    """Return the printed figures. An empty `expected` is what a sound figure would give."""
    return tuple(
        record_of(
            PublishedRow, row,
            expected=row.values["expected"] or (words.RECONCILES if row.values["formula"] else words.NOT_DERIVABLE),
        )
        for row in rows
        if row.complete
    )  # fmt: skip
