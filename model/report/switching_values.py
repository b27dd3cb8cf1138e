"""What would have to be true: the switching values, nearest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.report import views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.charts import INK, QUIET, SKY, VERMILION, Figure, draw

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.figure import Figure as Canvas

    from model.case.records import Case


def switching_chart(case: Case, frame: pd.DataFrame, perimeter: str, most: int = 12) -> Figure:
    """Chart where, in its own range, each assumption turns the NPV: 0 is its low end, 1 its high end."""
    frame = nearest_switches(frame, perimeter, most)
    name = views.title_of(case, perimeter)
    inside = int(frame["within_range"].astype(bool).sum())

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for i, row in enumerate(views.records(frame)):
            width = row.high - row.low
            here, turn = (row.central - row.low) / width, (row.switching_value - row.low) / width
            axes.hlines(i, 0, 1, color=SKY, linewidth=6, alpha=0.45)
            axes.hlines(i, min(here, turn), max(here, turn), color=QUIET, linewidth=1)
            axes.plot(here, i, marker="o", color=INK, markersize=6)
            axes.plot(turn, i, marker="X", color=VERMILION, markersize=8)
        axes.set_yticks(range(len(frame)), [markup.label(n) for n in frame["assumption"]])
        axes.set_ylim(len(frame) - 0.5, -0.5)
        axes.set_xticks([0, 1], ["low end", "high end"])
        axes.grid(visible=False)

    lies = "lies" if inside == 1 else "lie"
    title = (
        f"{name}: {fmt.counted(inside, 'switching value')} {lies} within the assumption's own range"
        if inside
        else f"{name}: no single assumption turns the answer within its own range"
    )
    points = [f"{markup.label(r.assumption)}: central {fmt.quantity(r.central, r.unit)}, NPV turns at "
              f"{fmt.quantity(r.switching_value, r.unit)}." for r in views.records(frame)]  # fmt: skip
    alt = f"Chart of the switching values nearest to central, {name}. {' '.join(points)}"
    key = f"switching-{perimeter}"
    return Figure(
        key=key,
        title=title,
        alt=alt,
        note="Bar: the assumption's own range. Dot: its central value. Cross: the value at which the NPV changes "
        "sign, all else central.",
        svg=draw(key, alt, paint, height=0.5 + 0.3 * max(len(frame), 1)),
        data=switching_table(case, frame, perimeter, only=list(frame["assumption"])),
        rests_on=tuple(frame["assumption"]),
    )


def nearest_switches(frame: pd.DataFrame, perimeter: str, most: int) -> pd.DataFrame:
    """Return the switching values nearest to central, within one width of the assumption's own range."""
    frame = frame[frame["perimeter"] == perimeter]
    found = frame[frame["switching_value"].notna() & (frame["high"] > frame["low"])].copy()
    found["nearness"] = (found["switching_value"] - found["central"]).abs() / (found["high"] - found["low"])
    return found[found["nearness"] <= 1].sort_values(["nearness", "assumption"]).head(most)


def switching_table(case: Case, frame: pd.DataFrame, perimeter: str, only: Sequence[str] | None = None) -> tbl.Table:
    """Return the switching value of each assumption, those that can turn the NPV within their range first."""
    frame = frame[frame["perimeter"] == perimeter]
    frame = frame if only is None else frame[frame["assumption"].isin(list(only))]
    inside = frame["within_range"].astype(bool)
    frame = frame.assign(order=~inside).sort_values(["order", "assumption"])
    rows = [
        [
            tbl.link(markup.label(r.assumption), f"#{markup.anchor(r.assumption)}"),
            tbl.number(fmt.quantity(r.central, r.unit), r.central),
            tbl.text(f"{fmt.quantity(r.low, r.unit)} to {fmt.quantity(r.high, r.unit)}"),
            _switch(views.some(r.switching_value), r.unit),
            tbl.text("yes" if str(r.within_range).lower() == "true" else "no"),
        ]
        for r in views.records(frame)
    ]
    name = views.title_of(case, perimeter)
    which = "every assumption" if only is None else "the assumptions charted"
    return tbl.Table(
        key=f"switching-{perimeter}{'' if only is None else '-data'}",
        caption=f"{name}: where each assumption, by itself, turns the NPV; {which}",
        columns=("Assumption", "Central", "Its range", "The NPV turns at", "Within its range"),
        rows=rows,
        numeric=frozenset({1, 3}),
        sortable=only is None,
        empty="No switching values were computed for this scenario.",
    )


def _switch(value: float | None, unit: str) -> tbl.Cell:
    return tbl.text("none found") if value is None else tbl.number(fmt.quantity(value, unit), value)
