"""The pay tables of `inputs/reference/pay`, and a council's own rows of the same files, as records of `case/pay`."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from model.case.pay import LEVY, NI, PENSION, REDUNDANCY_WEEK, Grade, PayAward, PayPoint, PayTables, Rate
from model.case.reading import cells
from model.case.reading.cells import Bad
from model.case.reading.files import Column, Row, Table, blank, need, record_of, spare
from model.case.reading.problems import Problem
from model.case.words import RATINGS

_FROM: Final = need("from", cells.iso_date)
_SHARE, _PAY, _AWARD = cells.between(0, 1), cells.between(0, 1e6), cells.between(-0.5, 0.5)
_SOURCED: Final = (
    need("source", cells.text_cell),
    need("as_at", cells.iso_date),
    need("quality", cells.word(RATINGS, "red, amber or green")),
    spare("note", cells.text_cell),
)


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(need(name, cells.text_cell) for name in names)


def _rate(figure: str, cell: cells.Cell[float], *more: Column) -> tuple[Column, ...]:
    return (*more, _FROM, need(figure, cell), blank("low", cell), blank("high", cell), *_SOURCED)


def _whole_point(text: str) -> str:
    """A point at an end of an award's reach: a whole number, as it is compared with others."""
    if not re.fullmatch("[0-9]{1,4}", text):
        raise Bad("a whole number, or an empty cell for every point")
    return text


_END: Final = cells.Cell(_whole_point)
_ANNUAL: Final = (need("annual_gbp", cells.between(1000, 1e6)), blank("low_gbp", _PAY), blank("high_gbp", _PAY))
_POINTS: Final = (*_texts("spine", "point"), _FROM, *_ANNUAL, *_SOURCED)
_RULES: Final = (*_texts("rule"), need("value", cells.count), spare("unit", cells.text_cell), *_SOURCED)
_AWARDS: Final = (
    *_texts("spine"), _FROM, blank("point_from", _END), blank("point_to", _END), blank("flat_gbp", _PAY),
    blank("share", _AWARD), blank("low", cells.number), blank("high", cells.number), *_SOURCED,
)  # fmt: skip
PAY_FILES: Final = {
    file: Table(file=file, key=key, columns=columns)
    for file, key, columns in (
        ("njc_spine.csv", ("spine", "point", "from"), _POINTS),
        ("chief_officer_bands.csv", ("spine", "point", "from"), _POINTS),
        ("pay_awards.csv", ("spine", "from", "point_from"), _AWARDS),
        ("grades.csv", ("council", "grade", "as_at"),
         (*_texts("council", "grade", "spine", "point_bottom", "point_top"), *_SOURCED)),
        (NI, ("from",), _rate("rate", _SHARE, need("threshold_annual_gbp", _PAY))),
        (PENSION, ("council", "from"),
         _rate("rate", _SHARE, spare("fund", cells.text_cell), *_texts("council"))),
        (LEVY, ("from",), _rate("rate", _SHARE)),
        (REDUNDANCY_WEEK, ("from",), _rate("cap_weekly_gbp", _PAY)),
        ("redundancy_rules.csv", ("rule",), _RULES),
        ("increment_rules.csv", ("rule",), _RULES),
    )
}  # fmt: skip
"""The pay tables: in `inputs/reference/pay` for all, and in a case's folder where the council has its own rows."""


def read(folders: Sequence[Path], problems: list[Problem]) -> PayTables:
    """Return the pay tables of these folders: the shared one, then the case's own.

    A council types its own spine or grades by putting `njc_spine.csv`, `grades.csv` ... in its folder: its rows come
    before the shared ones for the same spine, point and day.
    """

    def rows(*names: str) -> list[Row]:
        """Every whole row of some tables, in order."""
        found = (row for name in names for folder in folders for row in PAY_FILES[name].rows(folder, problems))
        return [row for row in found if row.complete]

    def rates(name: str) -> tuple[Rate, ...]:
        figure = "cap_weekly_gbp" if name == REDUNDANCY_WEEK else "rate"
        return tuple(
            record_of(
                Rate, row, start=row.values["from"], rate=row.values[figure], holder=row.values.get("council", ""),
                threshold_annual_gbp=row.values.get("threshold_annual_gbp", 0.0),
            )
            for row in rows(name)
        )  # fmt: skip

    points = [record_of(PayPoint, r, start=r.values["from"]) for r in rows("njc_spine.csv", "chief_officer_bands.csv")]
    return PayTables(
        points=tuple({(point.spine, point.point, point.start): point for point in points}.values()),
        awards=tuple(_award(row, problems) for row in rows("pay_awards.csv")),
        grades=tuple(record_of(Grade, row) for row in reversed(rows("grades.csv"))),
        rates={name: rates(name) for name in (NI, PENSION, LEVY, REDUNDANCY_WEEK)},
        rules={r.values["rule"]: r.values["value"] for r in rows("redundancy_rules.csv", "increment_rules.csv")},
    )


def _award(row: Row, problems: list[Problem]) -> PayAward:
    amounts = {name: row.values[name] or 0.0 for name in ("flat_gbp", "share")}
    if bool(amounts["flat_gbp"]) == bool(amounts["share"]):
        problems.append(row.problem("flat_gbp", "exactly one of flat_gbp and share"))
    return record_of(PayAward, row, start=row.values["from"], **amounts)
