"""What would have to be true: the switching values, nearest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.report import views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl

if TYPE_CHECKING:
    import pandas as pd

    from model.case.records import Case


def switching_table(case: Case, frame: pd.DataFrame, perimeter: str) -> tbl.Table:
    """Return the switching value of each assumption, those that can turn the NPV within their range first."""
    frame = frame[frame["perimeter"] == perimeter]
    inside = frame["within_range"].astype(bool)
    frame = frame.assign(order=~inside).sort_values(["order", "assumption"])
    rows = [
        [
            tbl.link(case.label(r.assumption), f"#{markup.anchor(r.assumption)}"),
            tbl.number(fmt.quantity(r.central, r.unit), r.central),
            tbl.text(f"{fmt.quantity(r.low, r.unit)} to {fmt.quantity(r.high, r.unit)}"),
            _switch(views.some(r.switching_value), r.unit),
            tbl.text("yes" if str(r.within_range).lower() == "true" else "no"),
        ]
        for r in views.records(frame)
    ]
    name = views.title_of(case, perimeter)
    return tbl.Table(
        key=f"switching-{perimeter}",
        caption=f"{name}: where each assumption, by itself, turns the NPV",
        columns=("Assumption", "Central", "Its range", "The NPV turns at", "Within its range"),
        rows=rows,
        numeric=frozenset({1, 3}),
        sortable=True,
        empty="No switching values were computed for this scenario.",
    )


def _switch(value: float | None, unit: str) -> tbl.Cell:
    return tbl.text("none found") if value is None else tbl.number(fmt.quantity(value, unit), value)
