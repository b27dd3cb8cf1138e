"""The money of a result by year and month, as charts and tables: net position, savings, NPV and payback."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from model.case.words import AVOIDANCE, CASHABLE, INCOME, INVESTMENT, NATURES
from model.report import views
from model.report.look import charts
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.charts import Figure
from model.results.runs import Result

DRAWN = {
    INVESTMENT: (charts.VERMILION, ""),
    CASHABLE: (charts.BLUE, ""),
    AVOIDANCE: (charts.SKY, "////"),
    INCOME: (charts.GREEN, "..."),
}  # a nature's colour and hatching
LEAST = 0.5  # pounds: less than this is nothing


def cumulative_fan(result: Result, perimeter: str, before: Result | None = None) -> Figure:
    """Chart the cumulative net position by month with its bands; `before`: another result, whose central line is drawn.

    Real pounds, undiscounted.
    """
    name, months = views.title_of(result.case, perimeter), views.metric(result, perimeter, "payback_months")
    finding = f"paid back after {fmt.duration(months)}, central run"
    if not months:
        never = f"not paid back within {fmt.duration(result.case.timeline.months)}, central run"
        finding = never if months is None else "never below zero, so there is nothing to pay back"
    line = None if before is None else views.cumulative(before, perimeter)["central"]
    return fan(f"fan-{perimeter}", f"{name}: {finding}", name, views.cumulative(result, perimeter), before=line,
               rests_on=views.money_drivers(result.case, [perimeter]))  # fmt: skip


def fan(  # noqa: PLR0913 - each is a part of a figure
    key: str,
    title: str,
    name: str,
    frame: pd.DataFrame,
    *,
    before: pd.Series[float] | None = None,
    limits: tuple[float, float] | None = None,
    **more: Any,  # noqa: ANN401 - the other fields of a figure
) -> Figure:
    """Chart a position by month: a frame with a column per statistic, pounds; `limits` hold the axis still."""

    def paint(axes: Axes) -> None:
        charts.fan(axes, frame)
        if before is not None:
            axes.plot(range(len(frame)), before, color=charts.QUIET, linestyle=":", label="Before, central")
        charts.zero_line(axes)
        charts.money_axis(axes)
        charts.month_axis(axes, list(frame.index))
        axes.set_ylabel("Cumulative net position")
        if limits:
            axes.set_ylim(*limits)
        axes.legend(loc="best")

    shown = frame.loc[[m for m in frame.index if m.endswith("-03")], [s for s in views.STATISTIC_TITLES if s in frame]]
    shown = shown.rename(index=fmt.month, columns=views.STATISTIC_TITLES)
    caption = f"Cumulative net position at 31 March, {name}, £ thousand"
    data = tbl.frame(f"{key}-data", caption, "End of", shown, tbl.thousands)
    return charts.chart(key, "Fan chart", title, paint, height=2.7, data=data, narrow=limits is None, **more)


def savings_by_year(result: Result, perimeter: str) -> Figure:
    """Chart investment, cashable saving and cost avoidance by financial year, stacked; central run, real pounds."""
    frame = views.by_nature(result, perimeter)
    present = _present(frame)

    def paint(axes: Axes) -> None:
        at, up, down = range(len(frame)), np.zeros(len(frame)), np.zeros(len(frame))
        for nature in present:
            values, (colour, hatch) = frame[nature].to_numpy(), DRAWN[nature]
            axes.bar(at, values, bottom=np.where(values >= 0, up, down), width=0.72, color=colour, hatch=hatch,
                     label=views.NATURE_TITLES[nature], edgecolor=charts.PAPER)  # fmt: skip
            up, down = up + values.clip(min=0), down + values.clip(max=0)
        axes.plot(at, frame.sum(axis=1), color=charts.INK, marker="D", markersize=4, linewidth=1, label="Net")
        charts.zero_line(axes)
        charts.money_axis(axes)
        charts.year_axis(axes, list(frame.index))
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=len(present) + 1)

    totals = frame.sum()
    title = (
        f"{views.title_of(result.case, perimeter)}: {fmt.money(totals[CASHABLE])} cashable and "
        f"{fmt.money(totals[AVOIDANCE])} of cost avoided over {fmt.duration(result.case.timeline.months)}, for "
        f"{fmt.money(-totals[INVESTMENT])} invested"
    )
    return charts.chart(f"savings-{perimeter}", "Stacked bars by financial year", title, paint, height=3.0,
                        data=by_nature(result, perimeter), beside=True,
                        rests_on=views.money_drivers(result.case, [perimeter]))  # fmt: skip


def _present(frame: pd.DataFrame) -> list[str]:
    return [n for n in NATURES if frame[n].abs().sum() >= LEAST]


def by_nature(result: Result, *perimeters: str) -> tbl.Table:
    """Return investment, savings and net by financial year of some perimeters, £ thousand, central."""
    rows: dict[str, pd.Series[float]] = {}
    for perimeter in perimeters:
        frame, name = views.by_nature(result, perimeter), views.title_of(result.case, perimeter)
        rows |= {f"{name}: {fmt.lowered(views.NATURE_TITLES[n])}": frame[n] for n in _present(frame)}
        rows[f"{name}: net"] = frame.sum(axis=1)
    return tbl.frame(
        "savings-by-year",
        f"Investment and savings by financial year, £ thousand, central, real {result.case.price_base} prices",
        "Schemes",
        pd.DataFrame(rows).T.assign(Total=lambda frame: frame.sum(axis=1)),
        tbl.thousands,
        totals=[words for words in rows if words.endswith(": net")],
    )


def by_line(result: Result, perimeter: str) -> tbl.Table:
    """Return every line by financial year, £ thousand, central run; the net below them."""
    case, frame = result.case, views.lines(result, perimeter, "scheme", "line", "nature")
    titles = {s.name: s.title for s in case.schemes}
    frame = frame.assign(Total=frame.sum(axis=1))
    rows: list[tuple[tbl.Cell | str, ...]] = [
        (f"{line_title(line)} ({fmt.lowered(views.NATURE_TITLES[nature])})",
         titles.get(scheme, "Interaction between schemes"), *map(tbl.thousands, values))
        for (scheme, line, nature), *values in frame[(frame.abs() >= LEAST).any(axis=1)].itertuples()
    ]  # fmt: skip
    rows.append((tbl.total("Net"), "", *map(tbl.thousands, frame.sum())))
    return tbl.table(
        f"lines-{perimeter}",
        f"{views.title_of(case, perimeter)}: every line by financial year, £ thousand, central, real "
        f"{case.price_base} prices",
        ("Line and nature", "Scheme", *frame.columns),
        rows,
        note="Above zero favours the council. Lines are gross: a cost avoided and the cost incurred instead are two.",
        rests_on=views.money_drivers(case, [perimeter]),
    )


def line_title(line: str) -> str:
    """Return a line's name for people."""
    return "Overlap between schemes" if line == "interaction" else line
