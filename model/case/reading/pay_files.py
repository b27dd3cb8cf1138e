"""The pay tables of `inputs/reference/pay`, and a council's own rows of the same files, as records of `case/pay`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from model.case import cells
from model.case.assumptions import RATING
from model.case.columns import blank, need, spare
from model.case.pay import LEVY, NI, PAY, PENSION, REDUNDANCY_WEEK, Grade, PayAward, PayPoint, PayTables, Rate
from model.case.reading.files import Record, Row, Table, record_of, records
from model.case.reading.problems import Problem

_SOURCED: Final = {"source": need(cells.text), "quality": need(RATING), "note": spare(cells.text)}
_SPINE: Final = {"low_gbp": blank(PAY), "high_gbp": blank(PAY), **_SOURCED}
_AWARD: Final = {"low": blank(cells.number), "high": blank(cells.number), **_SOURCED}
_DATED: Final = {"as_at": need(cells.day), **_SOURCED}
_FUND: Final = {"fund": spare(cells.text), "council": need(cells.text)}
_RULE: Final = {"rule": need(cells.text), "value": need(cells.count), "unit": spare(cells.text)}


def _rate(figure: str, cell: cells.Cell[float], more: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    return {"from": need(cells.day), figure: need(cell), "low": blank(cell), "high": blank(cell), **more}


PAY_FILES: Final = {
    table.file: table
    for table in (
        Table(file="njc_spine.csv", key=("spine", "point", "from"), row=PayPoint, also=_SPINE),
        Table(file="chief_officer_bands.csv", key=("spine", "point", "from"), row=PayPoint, also=_SPINE),
        Table(file="pay_awards.csv", key=("spine", "from", "point_from"), row=PayAward, also=_AWARD),
        Table(file="grades.csv", key=("council", "grade", "as_at"), row=Grade, also=_SOURCED),
        Table(file=NI, key=("from",), row=_rate("rate", cells.share, {"threshold_annual_gbp": need(PAY)}), also=_DATED),
        Table(file=PENSION, key=("council", "from"), row=_rate("rate", cells.share, _FUND), also=_DATED),
        Table(file=LEVY, key=("from",), row=_rate("rate", cells.share), also=_DATED),
        Table(file=REDUNDANCY_WEEK, key=("from",), row=_rate("cap_weekly_gbp", PAY), also=_DATED),
        Table(file="redundancy_rules.csv", key=("rule",), row=_RULE, also=_DATED),
        Table(file="increment_rules.csv", key=("rule",), row=_RULE, also=_DATED),
    )
}
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
                Rate, row, rate=row.values[figure], holder=row.values.get("council", ""),
                threshold_annual_gbp=row.values.get("threshold_annual_gbp", 0.0),
            )
            for row in rows(name)
        )  # fmt: skip

    def whole(record: type[Record], *names: str) -> list[Record]:
        return list(records(record, rows(*names)))

    points = whole(PayPoint, "njc_spine.csv", "chief_officer_bands.csv")
    return PayTables(
        points=tuple({(point.spine, point.point, point.start): point for point in points}.values()),
        awards=tuple(_award(row, problems) for row in rows("pay_awards.csv")),
        grades=tuple(reversed(whole(Grade, "grades.csv"))),
        rates={name: rates(name) for name in (NI, PENSION, LEVY, REDUNDANCY_WEEK)},
        rules={r.values["rule"]: r.values["value"] for r in rows("redundancy_rules.csv", "increment_rules.csv")},
    )


def _award(row: Row, problems: list[Problem]) -> PayAward:
    if bool(row.values["flat_gbp"]) == bool(row.values["share"]):
        problems.append(row.problem("flat_gbp", "exactly one of flat_gbp and share"))
    return record_of(PayAward, row)
