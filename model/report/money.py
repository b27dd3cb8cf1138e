"""The money of a result by year and month, as charts and tables: net position, savings, NPV and payback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.case.words import AVOIDANCE, CASHABLE, INCOME, INVESTMENT, NATURES
from model.report import views
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.charts import (
    BLUE,
    DASHED,
    GREEN,
    INK,
    PAPER,
    QUIET,
    SKY,
    VERMILION,
    Figure,
    band,
    chart,
    money_axis,
    month_axis,
    year_axis,
    zero_line,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.figure import Figure as Canvas

    from model.results.runs import Result

NATURE_COLOURS = {INVESTMENT: VERMILION, CASHABLE: BLUE, AVOIDANCE: SKY, INCOME: GREEN}
NATURE_HATCHES = {INVESTMENT: "", CASHABLE: "", AVOIDANCE: "////", INCOME: "..."}


def cumulative_fan(result: Result, perimeter: str, before: Result | None = None) -> Figure:
    """Chart the cumulative net position by month with its bands; `before`: another result, whose central line is drawn.

    Real pounds, undiscounted.
    """
    name = views.title_of(result.case, perimeter)
    line = None if before is None else views.cumulative(before, perimeter)["central"]
    return fan(f"fan-{perimeter}", _payback_finding(result, perimeter, name), name, views.cumulative(result, perimeter),
               before=line, rests_on=views.money_drivers(result.case, [perimeter]))  # fmt: skip


def fan(  # noqa: PLR0913 - each is a part of a figure
    key: str,
    title: str,
    name: str,
    frame: pd.DataFrame,
    *,
    rests_on: Mapping[str, str],
    before: pd.Series[float] | None = None,
    limits: tuple[float, float] | None = None,
    note: str = "",
) -> Figure:
    """Chart a position by month: a frame with a column per statistic, pounds; `limits` hold the axis still."""

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        x = range(len(frame))
        band(axes, frame)
        band(axes, frame, ends=("p25", "p75"), alpha=0.32)
        axes.plot(x, frame["central"], color=BLUE, label="Central")
        if "mean" in frame:
            axes.plot(x, frame["mean"], color=INK, linestyle=DASHED, linewidth=1.3, label="Mean")
        if before is not None:
            axes.plot(x, before, color=QUIET, linestyle=":", label="Before, central")
        zero_line(axes)
        money_axis(axes)
        month_axis(axes, list(frame.index))
        axes.set_ylabel("Cumulative net position")
        if limits:
            axes.set_ylim(*limits)
        axes.legend(loc="best")

    last, low = frame["central"].iloc[-1], frame["central"].min()
    alt = (
        f"Fan chart of the cumulative net position of {name} from {fmt.month(frame.index[0])} to "
        f"{fmt.month(frame.index[-1])}. Lowest {fmt.money(low)} in {fmt.month(str(frame['central'].idxmin()))}; "
        f"{fmt.money(last)} at the end{at_the_end(frame)}."
    )
    data = at_each_march(f"{key}-data", f"Cumulative net position at 31 March, {name}, £ thousand", frame)
    return chart(key, title, alt, paint, height=2.7, data=data, rests_on=rests_on, note=note,
                 narrow=limits is None)  # fmt: skip


def at_the_end(frame: pd.DataFrame) -> str:
    """Return the range of the last value of a frame in words; empty where there is none."""
    if not {"p10", "p90"} <= set(frame):
        return ""
    return f", {fmt.money_range(frame['p10'].iloc[-1], frame['p90'].iloc[-1])} in eight runs in ten"


def _payback_finding(result: Result, perimeter: str, name: str) -> str:
    months = views.metric(result, perimeter, "payback_months")
    if months is None:
        return f"{name}: does not pay back within {fmt.duration(result.case.timeline.months)} in the central run"
    if months == 0:
        return f"{name}: never below zero, so there is nothing to pay back"
    return f"{name}: pays back after {fmt.duration(months)} in the central run"


def at_each_march(key: str, caption: str, frame: pd.DataFrame) -> tbl.Table:
    """Return a monthly frame of pounds at the end of each financial year."""
    wanted = [s for s in ("central", "mean", "p10", "p25", "p50", "p75", "p90") if s in frame]
    at = [m for m in frame.index if str(m).endswith("-03")]
    rows = [[tbl.text(fmt.month(str(m))), *(tbl.thousands(frame.loc[m, s]) for s in wanted)] for m in at]
    columns = ("End of", *(views.STATISTIC_TITLES[s] for s in wanted))
    return tbl.Table(key=key, caption=caption, columns=columns, rows=rows, numeric=1)


def savings_by_year(result: Result, perimeter: str) -> Figure:
    """Chart investment, cashable saving and cost avoidance by financial year, stacked; central run, real pounds."""
    case, name = result.case, views.title_of(result.case, perimeter)
    frame = views.by_nature(result, perimeter)
    present = [n for n in NATURES if frame[n].abs().sum() >= 0.5]

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        up, down = [0.0] * len(frame), [0.0] * len(frame)
        for nature in present:
            base = [u if v >= 0 else d for v, u, d in zip(frame[nature], up, down, strict=True)]
            axes.bar(range(len(frame)), frame[nature], bottom=base, width=0.72, label=views.NATURE_TITLES[nature],
                     color=NATURE_COLOURS[nature], hatch=NATURE_HATCHES[nature], edgecolor=PAPER)  # fmt: skip
            up = [u + max(v, 0.0) for u, v in zip(up, frame[nature], strict=True)]
            down = [d + min(v, 0.0) for d, v in zip(down, frame[nature], strict=True)]
        axes.plot(range(len(frame)), frame.sum(axis=1), color=INK, marker="D", markersize=4, linewidth=1, label="Net")
        zero_line(axes)
        money_axis(axes)
        year_axis(axes, list(frame.index))
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=len(present) + 1)

    totals = frame.sum()
    horizon = fmt.duration(case.timeline.months)
    title = f"{name}: {_saving_words(totals)} over {horizon}, for {fmt.money(-totals['investment'])} invested"
    alt = f"Stacked bars by financial year for {name}. " + " ".join(
        f"{views.NATURE_TITLES[n]}: {fmt.money(frame[n].iloc[0])} in {frame.index[0]}, "
        f"{fmt.money(frame[n].iloc[-1])} in {frame.index[-1]}." for n in present)  # fmt: skip
    key = f"savings-{perimeter}"
    return chart(key, title, alt, paint, height=3.0,
                  data=by_nature(result, perimeter),
                  rests_on=views.money_drivers(case, [perimeter]))  # fmt: skip


def _saving_words(totals: pd.Series[float]) -> str:
    return f"{fmt.money(totals['cashable_saving'])} cashable and {fmt.money(totals['cost_avoidance'])} of cost avoided"


def by_nature(result: Result, perimeter: str) -> tbl.Table:
    """Return investment, saving, avoidance, income and net by financial year, £ thousand, central run."""
    frame = views.by_nature(result, perimeter)
    rows = [
        [tbl.text(views.NATURE_TITLES[n]), *map(tbl.thousands, frame[n]), tbl.thousands(frame[n].sum())]
        for n in NATURES
        if frame[n].abs().sum() >= 0.5
    ]
    net = frame.sum(axis=1)
    rows.append([tbl.text("Net"), *map(tbl.thousands, net), tbl.thousands(net.sum())])
    name = views.title_of(result.case, perimeter)
    return tbl.Table(
        key=f"nature-{perimeter}",
        caption=f"{name}: investment and savings by financial year, £ thousand, central, real "
        f"{result.case.price_base} prices",
        columns=("Nature", *frame.index, "Total"),
        rows=rows,
        numeric=1,
        strong=frozenset({len(rows) - 1}),
    )


def by_line(result: Result, perimeter: str) -> tbl.Table:
    """Return every line by financial year, £ thousand, central run; the net below them."""
    case, frame = result.case, views.by_line(result, perimeter)
    titles = {s.name: s.title for s in case.schemes}
    rows = [
        [
            tbl.text(line_title(str(line))),
            tbl.text(titles.get(str(scheme), "Interaction between schemes")),
            tbl.text(views.NATURE_TITLES[str(nature)]),
            *map(tbl.thousands, values),
            tbl.thousands(values.sum()),
        ]
        for (scheme, line, nature), values in ((k, frame.loc[k]) for k in frame.index)
    ]
    net = views.net_by_year(result, perimeter)["central"]
    rows.append([tbl.text("Net"), tbl.text(""), tbl.text(""), *map(tbl.thousands, net), tbl.thousands(net.sum())])
    columns = ("Line", "Scheme", "Nature", *views.years(result), "Total")
    return tbl.Table(
        key=f"lines-{perimeter}",
        caption=f"{views.title_of(case, perimeter)}: every line by financial year, £ thousand, central, real "
        f"{case.price_base} prices",
        columns=columns,
        rows=rows,
        numeric=3,
        strong=frozenset({len(rows) - 1}),
        note="Above zero favours the council. Lines are gross: a cost avoided and the cost incurred instead are two.",
        rests_on=views.money_drivers(case, [perimeter]),
    )


def line_title(line: str) -> str:
    """Return a line's name for people."""
    return "Overlap between schemes" if line == "interaction" else line
