"""The pay tables of `inputs/reference/pay`, and a council's own rows of the same files, as records of `case/pay`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from model.case.pay import Grade, PayAward, PayPoint, PayTables, Rate
from model.case.reading import cells
from model.case.reading.cells import Bad
from model.case.reading.files import Column, read_table
from model.case.words import RATINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from model.case.reading.files import Row
    from model.case.reading.problems import Problem

_FROM: Final = Column(name="from", parse=cells.iso_date)
_SHARE, _PAY = cells.between(0, 1), cells.between(0, 1e6)
_AWARD: Final = cells.between(-0.5, 0.5)
_SOURCED: Final = (
    Column(name="source", parse=cells.text_cell),
    Column(name="as_at", parse=cells.iso_date),
    Column(name="quality", parse=cells.word(RATINGS, "red, amber or green")),
    Column(name="note", parse=cells.text_cell, required=False, blank=True),
)


def _texts(*names: str, blank: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name=name, parse=cells.text_cell, blank=blank) for name in names)


def _ends(parse: Callable[[str], float], *names: str) -> tuple[Column, ...]:
    return tuple(Column(name=name, parse=cells.optional(parse), blank=True) for name in names)


def _rates(figure: str, parse: Callable[[str], float], *more: Column) -> tuple[Column, ...]:
    return (*more, _FROM, Column(name=figure, parse=parse), *_ends(parse, "low", "high"), *_SOURCED)


def _point_number(text: str) -> str:
    """A point at an end of an award's reach: a whole number, as it is compared with others."""
    if text and not re.fullmatch("[0-9]{1,4}", text):
        raise Bad("a whole number, or an empty cell for every point")
    return text


_POINTS: Final = (
    *_texts("spine", "point"),
    _FROM,
    Column(name="annual_gbp", parse=cells.between(1000, 1e6)),
    *_ends(_PAY, "low_gbp", "high_gbp"),
    *_SOURCED,
)
_RULES: Final = (
    *_texts("rule"),
    Column(name="value", parse=cells.count),
    Column(name="unit", parse=cells.text_cell, required=False, blank=True),
    *_SOURCED,
)
PAY_FILES: Final = {
    "njc_spine.csv": _POINTS,
    "chief_officer_bands.csv": _POINTS,
    "pay_awards.csv": (
        *_texts("spine"),
        _FROM,
        *(Column(name=name, parse=_point_number, blank=True) for name in ("point_from", "point_to")),
        *_ends(_PAY, "flat_gbp"),
        *_ends(_AWARD, "share"),
        *_ends(cells.number, "low", "high"),
        *_SOURCED,
    ),
    "grades.csv": (*_texts("council", "grade", "spine", "point_bottom", "point_top"), *_SOURCED),
    "employer_ni.csv": _rates("rate", _SHARE, Column(name="threshold_annual_gbp", parse=_PAY)),
    "lgps_employer.csv": _rates(
        "rate", _SHARE, Column(name="fund", parse=cells.text_cell, required=False, blank=True), *_texts("council")
    ),
    "apprenticeship_levy.csv": _rates("rate", _SHARE),
    "redundancy_week.csv": _rates("cap_weekly_gbp", _PAY),
    "redundancy_rules.csv": _RULES,
    "increment_rules.csv": _RULES,
}
"""The pay tables: in `inputs/reference/pay` for all, and in a case's folder where the council has its own rows."""


def read(folders: Sequence[Path], problems: list[Problem]) -> PayTables:
    """Return the pay tables of these folders: the shared one, then the case's own.

    A council types its own spine or grades by putting `njc_spine.csv`, `grades.csv` ... in its folder: its rows come
    before the shared ones for the same spine, point and day.
    """
    files = _Files(folders=folders, problems=problems)
    points = [_point(row) for name in ("njc_spine.csv", "chief_officer_bands.csv") for row in files.rows(name)]
    rules = [row for name in ("redundancy_rules.csv", "increment_rules.csv") for row in files.rows(name)]
    return PayTables(
        points=_own_rows_last(points),
        awards=tuple(award for row in files.rows("pay_awards.csv") if (award := _award(row, problems))),
        grades=tuple(Grade(**row.values) for row in reversed(files.rows("grades.csv"))),
        national_insurance=tuple(_rate(row, "rate") for row in files.rows("employer_ni.csv")),
        pensions=tuple(_rate(row, "rate") for row in files.rows("lgps_employer.csv")),
        levy=tuple(_rate(row, "rate") for row in files.rows("apprenticeship_levy.csv")),
        redundancy_week=tuple(_rate(row, "cap_weekly_gbp") for row in files.rows("redundancy_week.csv")),
        rules={row.values["rule"]: row.values["value"] for row in rules},
    )


@dataclass(frozen=True, kw_only=True)
class _Files:
    """The folders that may hold a table, the shared one first."""

    folders: Sequence[Path]
    problems: list[Problem]

    def rows(self, name: str) -> list[Row]:
        """Every sound row of a table, in order; a range that does not hold its figure is a problem."""
        found = [read_table(folder / name, PAY_FILES[name], self.problems, optional=True) for folder in self.folders]
        rows = [row for rows in found for row in rows if row.complete]
        self.problems.extend(row.problem(*fault) for row in rows if (fault := _out_of_range(row)))
        return rows


def _out_of_range(row: Row) -> tuple[str, str] | None:
    """The end of a range that is on the wrong side of its figure, and what was expected."""
    figures = [row.values.get(name) for name in ("rate", "annual_gbp", "cap_weekly_gbp", "flat_gbp", "share")]
    figure = next((f for f in figures if f is not None), None)
    for end, side in (("low", -1), ("low_gbp", -1), ("high", 1), ("high_gbp", 1)):
        limit = row.values.get(end)
        if figure is not None and limit is not None and side * (limit - figure) < 0:
            return end, f"a number {'from' if side > 0 else 'up to'} {figure:g}, the figure that the range is of"
    return None


def _own_rows_last(points: Iterable[PayPoint]) -> tuple[PayPoint, ...]:
    """Keep one row per spine, point and day: the last read, which is the case's own."""
    return tuple({(row.spine, row.point, row.start): row for row in points}.values())


def _ranged(row: Row, value: float, low: str, high: str) -> dict[str, Any]:
    """The range of a figure, itself where none is given, and where it is from."""
    sourced = {name: row.values[name] for name in ("source", "as_at", "quality", "note")}
    ends = {end: value if row.values[end] is None else row.values[end] for end in (low, high)}
    return {"start": row.values["from"], **ends, **sourced}


def _point(row: Row) -> PayPoint:
    pay = row.values["annual_gbp"]
    where = {name: row.values[name] for name in ("spine", "point")}
    return PayPoint(annual_gbp=pay, **where, **_ranged(row, pay, "low_gbp", "high_gbp"))


def _award(row: Row, problems: list[Problem]) -> PayAward | None:
    flat, share = row.values["flat_gbp"] or 0.0, row.values["share"] or 0.0
    if (flat == 0) == (share == 0):
        problems.append(row.problem("flat_gbp", "exactly one of flat_gbp and share"))
        return None
    where = {name: row.values[name] for name in ("spine", "point_from", "point_to")}
    return PayAward(flat_gbp=flat, share=share, **where, **_ranged(row, flat or share, "low", "high"))


def _rate(row: Row, figure: str) -> Rate:
    return Rate(
        holder=row.values.get("council", ""),
        rate=row.values[figure],
        threshold_annual_gbp=row.values.get("threshold_annual_gbp", 0.0),
        **_ranged(row, row.values[figure], "low", "high"),
    )
