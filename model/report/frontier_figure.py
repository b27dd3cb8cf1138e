"""The chart of which pairs of two assumptions break even."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.case.words import ENTRY_REDUCTION, FOSTERING_GROWTH
from model.report import views
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.charts import BLUE, DASHED, GREEN, INK, QUIET, VERMILION, Figure, chart, unit_marks
from model.report.look.page import Block, show

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas
    from numpy.typing import NDArray

    from model.results.runs import Result
    from model.risk.frontier import Axis, Frontier

    Floats = NDArray[np.float64]

_POUNDS_ONLY = 100.0  # from here on, pence say nothing


def break_even(result: Result) -> Block:
    """Return a chart for each acting scheme that has two numbers which together decide whether it pays.

    For new foster places how full they are against the gap in price; for a team that prevents entries its effect
    against what a home costs.
    """
    case, ifa, own, home = result.case, *(f"price.{p}_weekly" for p in ("ifa_foster", "in_house_foster", "residential"))
    pairs = {FOSTERING_GROWTH: ("fill_rate", ifa, own), ENTRY_REDUCTION: ("effect", home, "")}
    charts = [
        frontier_chart(result, spec.name, f"{spec.name}.{across}", up, less=less)
        for spec in case.active_schemes
        for across, up, less in [pairs.get(spec.kind, ("", "", ""))]
        if {f"{spec.name}.{across}", up} <= case.assumptions.keys()
    ]
    return show(*charts) if charts else show("No scheme of this scenario has such a pair of numbers.")


def frontier_chart(result: Result, perimeter: str, x: str, y: str, *, less: str = "") -> Figure:
    """Chart which pairs of two assumptions break even, all others central; y gives way to x along the line.

    With `less`, y is shown as its gap to that assumption (the price of one place less that of another).
    """
    case, even = result.case, result.break_even(perimeter, x, y, less=less)
    across, up, found = even.across, even.up, even.frontier
    name = views.title_of(case, perimeter)
    title = f"{name}: {_words(found, across, up, even.turned)}"
    here = f"Central: {_quantity(across, across.central)} and {_quantity(up, up.central)}."
    held = f"The gap is moved by {fmt.lowered(case.label(y))}, the other held at its central value. " if less else ""
    pairs = [(a, b) for a, b in zip(found.x_values, found.break_even, strict=True) if np.isfinite(b)]
    rows = [[tbl.number(_quantity(across, a), a), tbl.number(_quantity(up, b), b - up.held)] for a, b in pairs]
    columns = (_title(across), f"{_title(up)}: NPV is zero")
    key = "-".join(filter(None, ("frontier", perimeter, x, y, less)))
    alt = (
        f"Break-even frontier of {name} over {fmt.lowered(_title(across))} (across) and "
        f"{fmt.lowered(_title(up))} (up). {title}. "
        f"{here}"
    )
    return chart(
        key,
        title,
        alt,
        lambda canvas: _paint_frontier(canvas, found, across, up),
        height=3.4,
        data=tbl.Table(key=f"{key}-data", caption=f"Break-even pairs, {name}", columns=columns, rows=rows, numeric=0,
                       empty="The NPV does not cross zero anywhere in these ranges."),
        rests_on=views.labels(case, (x, y, less)),
        note=f"{here} {held}The dashed box is what their own ranges allow; the chart goes half as far again.",
    )  # fmt: skip


def _paint_frontier(canvas: Canvas, found: Frontier, across: Axis, up: Axis) -> None:
    axes = canvas.subplots()
    x, y, npv = found.x_values - across.held, found.y_values - up.held, found.npv
    lowest, highest = float(npv.min()), float(npv.max())
    levels = [min(lowest, 0.0) - 1.0, 0.0, max(highest, 0.0) + 1.0]
    axes.contourf(x, y, npv, levels=levels, alpha=0.16, colors=[VERMILION, BLUE])
    if lowest < 0 < highest:
        axes.contour(x, y, npv, levels=[0.0], colors=[INK], linewidths=1.8)
    axes.plot([], [], color=INK, label="NPV is zero")
    (left, right), (bottom, top) = across.own, (v - up.held for v in up.own)
    axes.plot([left, right, right, left, left], [bottom, bottom, top, top, bottom], color=QUIET, linewidth=1,
              linestyle=DASHED, label="their own ranges")  # fmt: skip
    axes.plot(across.central, up.central - up.held, marker="o", color=GREEN, markersize=7, linestyle="none",
              label="central")  # fmt: skip
    for value, words in ((highest, "NPV above zero"), (lowest, "NPV below zero")):
        if value > 0 if words.endswith("above zero") else value < 0:
            _name_corner(axes, npv, value, words)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    axes.set_xlabel(_title(across))
    axes.set_ylabel(_title(up, between="\n"))
    for axis, side in ((axes.xaxis, across), (axes.yaxis, up)):
        axis.set_major_formatter(unit_marks(side.unit))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=3)


def _name_corner(axes: Axes, npv: Floats, value: float, words: str) -> None:
    """Say in words, in the corner nearest to where the NPV is `value`, which side of the line it is."""
    row, column = (int(i) for i in np.argwhere(npv == value)[0])
    high, right = row > npv.shape[0] / 2, column > npv.shape[1] / 2
    axes.annotate(words, (right, high), xycoords="axes fraction", xytext=(-6 if right else 6, -6 if high else 6),
                  textcoords="offset points", ha="right" if right else "left", va="top" if high else "bottom",
                  color=INK)  # fmt: skip


def _words(found: Frontier, across: Axis, up: Axis, turned: float) -> str:
    near = int(np.abs(found.x_values - across.central).argmin())
    points = [
        f"{_named(axis)} of {_quantity(axis, value)} (central {_quantity(axis, axis.central)})"
        for axis, value in ((across, turned), (up, float(found.break_even[near])))
        if np.isfinite(value)
    ]
    if points:
        return f"breaks even at {fmt.listed(points, 'or')}"
    side = "above" if np.median(found.npv[:, near]) > 0 else "below"
    return f"NPV is {side} zero wherever one of the two lies in this chart, the other central"


def _named(axis: Axis) -> str:
    what = f"“{axis.case.label(axis.name)}”"
    return f"a gap between {what} and “{axis.case.label(axis.less)}”" if axis.less else what


def _title(axis: Axis, between: str = " ") -> str:
    name = axis.case.label(axis.name)
    return f"{name}{between}less {fmt.lowered(axis.case.label(axis.less))}" if axis.less else name


def _quantity(axis: Axis, value: float) -> str:
    """Return a value in words; what was worked out is not shown finer than the case states its own."""
    shown = value - axis.held
    whole = axis.unit.startswith("GBP") and value != axis.central and abs(shown) >= _POUNDS_ONLY
    return fmt.quantity(round(shown) if whole else shown, axis.unit)
