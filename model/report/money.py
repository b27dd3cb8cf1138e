"""The money of a result by year and month, as charts and tables: net position, savings, NPV and payback."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from model.case.words import AVOIDANCE, CASHABLE, INCOME, INVESTMENT, NATURES, WHOLE
from model.report import views
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.charts import (
    AMBER,
    BLUE,
    DASHED,
    GREEN,
    INK,
    PAPER,
    PURPLE,
    QUIET,
    SKY,
    VERMILION,
    Figure,
    band,
    chart,
    money_axis,
    month_axis,
    panels,
    year_axis,
    zero_line,
)
from model.results.perimeters import shown_perimeters

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas
    from numpy.typing import NDArray

    from model.results.runs import Result

_SERIES = (
    (BLUE, "o"),
    (VERMILION, "s"),
    (GREEN, "^"),
    (PURPLE, "D"),
    (AMBER, "v"),
    (INK, "P"),
    (SKY, "X"),
    (QUIET, "*"),
)
NATURE_COLOURS = {INVESTMENT: VERMILION, CASHABLE: BLUE, AVOIDANCE: SKY, INCOME: GREEN}
NATURE_HATCHES = {INVESTMENT: "", CASHABLE: "", AVOIDANCE: "////", INCOME: "..."}


def annual_net(result: Result) -> Figure:
    """Chart the net position by financial year, a panel per perimeter, with the 10% to 90% range; real pounds."""
    case, shown = result.case, shown_perimeters(result.case)
    frames = {p: views.net_by_year(result, p) for p in shown}

    def paint(canvas: Canvas) -> None:
        small = panels(canvas, len(shown), min(2, len(shown)))
        for axes, perimeter in zip(small, shown, strict=True):
            _net_panel(axes, frames[perimeter], views.title_of(case, perimeter))

    title = _net_finding(case.shown_years, frames[WHOLE], views.title_of(case, WHOLE))
    alt = "Bar charts of the net position by financial year. " + " ".join(
        f"{views.title_of(case, p)}: from {fmt.money(f.central.iloc[0])} in {f.index[0]} to "
        f"{fmt.money(f.central.iloc[-1])} in {f.index[-1]}." for p, f in frames.items())  # fmt: skip
    return chart(
        "annual-net",
        title,
        alt,
        paint,
        height=2.1 * -(-len(shown) // 2) + 0.2,
        data=net_by_year(result),
        rests_on=views.money_drivers(case, shown),
        note="Each panel has its own scale. Bars: central run. Thin lines: the range between the 10th and the 90th "
        f"percentile of {result.draws:,} draws. Real terms, {case.price_base} prices; above zero favours the council.",
    )


def _net_finding(shown: int, frame: pd.DataFrame, name: str) -> str:
    central = frame["central"]
    first, last = central.index[0], central.index[-1]
    better = [year for year, value in central.items() if value > 0]
    end = central.index[min(shown, len(central)) - 1]
    if not central.abs().sum():
        return f"{name}: no change in any year"
    if len(better) == len(central):
        return f"{name}: better than doing nothing in every year from {first} to {last}"
    if not better:
        return f"{name}: costs more than it saves in every year; {fmt.money(-central[end])} net in {end}"
    return (
        f"{name}: {fmt.money(central[first])} in {first}, {fmt.money(central[end])} in {end}; above zero in "
        f"{len(better)} of {len(central)} years"
    )


def _net_panel(axes: Axes, frame: pd.DataFrame, title: str) -> None:
    places = range(len(frame))
    bars = axes.bar(places, frame["central"], width=0.72, color=[BLUE if v >= 0 else VERMILION for v in frame.central])
    for bar, value in zip(bars, frame["central"], strict=True):
        bar.set_hatch("" if value >= 0 else "////")
    if {"p10", "p90"} <= set(frame):
        axes.vlines(places, frame["p10"], frame["p90"], color=INK, linewidth=1)
    zero_line(axes)
    money_axis(axes)
    axes.set_title(title)
    step = 2 if len(frame) > 6 else 1
    axes.set_xticks(list(places)[::step], [y[2:] for y in frame.index[::step]])


def net_by_year(result: Result) -> tbl.Table:
    """Return the net position by financial year and perimeter: central, mean and the 10% to 90% range."""
    case, shown = result.case, shown_perimeters(result.case)
    frames = {p: views.net_by_year(result, p) for p in shown}
    wide = [s for s in ("central", "mean", "p10", "p90") if s in frames[WHOLE]]
    rows = [
        [tbl.text(f"{views.title_of(case, p)}: {views.STATISTIC_TITLES[s].lower()}"), *map(tbl.thousands, frames[p][s])]
        for p in shown
        for s in wide
    ]
    columns = ("Perimeter", *views.years(result))
    caption = f"Net position by financial year, £ thousand, real {case.price_base} prices"
    return tbl.Table(key="annual-net-data", caption=caption, columns=columns, rows=rows, numeric=1)


def cumulative_fan(result: Result, perimeter: str) -> Figure:
    """Chart the cumulative net position by month with its 10-90 and 25-75 bands; real pounds, undiscounted."""
    case, name = result.case, views.title_of(result.case, perimeter)
    frame = views.cumulative(result, perimeter)
    title = _payback_finding(result, perimeter, name)

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        _fan(axes, frame)
        zero_line(axes)
        money_axis(axes)
        month_axis(axes, list(frame.index))
        axes.set_ylabel("Cumulative net position")
        axes.legend(loc="best")

    last, low = frame["central"].iloc[-1], frame["central"].min()
    alt = (
        f"Line chart of the cumulative net position of {name} from {fmt.month(frame.index[0])} to "
        f"{fmt.month(frame.index[-1])}. Lowest {fmt.money(low)} in {fmt.month(str(frame['central'].idxmin()))}; "
        f"{fmt.money(last)} at the end{at_the_end(frame)}."
    )
    return chart(
        f"fan-{perimeter}",
        title,
        alt,
        paint,
        height=2.7,
        data=at_each_march(f"fan-{perimeter}-data", f"Cumulative net position at 31 March, {name}, £ thousand", frame),
        rests_on=views.money_drivers(case, [perimeter]),
    )


def at_the_end(frame: pd.DataFrame) -> str:
    """Return the range of the last value of a frame in words; empty where there is none."""
    if not {"p10", "p90"} <= set(frame):
        return ""
    return f", {fmt.money_range(frame['p10'].iloc[-1], frame['p90'].iloc[-1])} in eight draws of ten"


def _payback_finding(result: Result, perimeter: str, name: str) -> str:
    months = views.metric(result, perimeter, "payback_months")
    if months is None:
        return f"{name}: does not pay back within {fmt.duration(result.case.timeline.months)} in the central run"
    if months == 0:
        return f"{name}: never below zero, so there is nothing to pay back"
    return f"{name}: pays back after {fmt.duration(months)} in the central run"


def _fan(axes: Axes, frame: pd.DataFrame) -> None:
    x = range(len(frame))
    band(axes, frame)
    band(axes, frame, ends=("p25", "p75"), alpha=0.32)
    axes.plot(x, frame["central"], color=BLUE, label="Central")
    if "mean" in frame:
        axes.plot(x, frame["mean"], color=INK, linestyle=DASHED, linewidth=1.3, label="Mean")


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
    title = f"{name}: {_saving_words(totals)} over {len(frame)} years, for {fmt.money(-totals['investment'])} invested"
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


def npv_spread(result: Result, perimeter: str) -> Figure:
    """Chart the distribution of NPV over the draws, the part below zero told apart; pounds."""
    import numpy as np  # noqa: PLC0415 - as in draw

    case, name = result.case, views.title_of(result.case, perimeter)
    values = np.asarray(result.npv_draws[perimeter], dtype=float)
    found = views.spread(result, perimeter, "npv_gbp")
    share = float((values > 0).mean())
    counts, edges = np.histogram(values, bins=_bins(values))

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        good = edges[:-1] >= 0
        axes.bar(edges[:-1], counts, width=np.diff(edges), align="edge", edgecolor=PAPER, linewidth=0.4,
                 color=np.where(good, BLUE, VERMILION).tolist(), hatch=np.where(good, "", "////").tolist())  # fmt: skip
        for value, words, style in ((found.central, "central", "-"), (found.mean, "mean", DASHED)):
            if value is not None:
                axes.axvline(value, color=INK, linestyle=style, label=f"{words} {fmt.money(value)}")
        zero_line(axes, across=False)
        money_axis(axes, along="x")
        axes.set_ylabel("Draws")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)

    title = f"{name}: NPV is above zero in {fmt.share_of_draws(share, result.draws)}"
    alt = (
        f"Histogram of the net present value of {name} over {len(values):,} draws. "
        f"From {fmt.money(float(values.min()))} to {fmt.money(float(values.max()))}; "
        f"central {fmt.money(found.central)}, mean {fmt.money(found.mean)}. {title}."
    )
    key = f"npv-{perimeter}"
    rows = [[tbl.text(fmt.money_range(float(a), float(b))), tbl.number(f"{n:,}", int(n))]
            for n, a, b in zip(counts, edges[:-1], edges[1:], strict=True)]  # fmt: skip
    data = tbl.Table(key=f"{key}-data", caption=f"Draws by NPV, {name}", columns=("NPV", "Draws"),
                     rows=rows, numeric=frozenset({1}))  # fmt: skip
    return chart(key, title, alt, paint, height=2.5, data=data,
                  rests_on=views.money_drivers(case, [perimeter]))  # fmt: skip


def _bins(values: NDArray[np.float64]) -> list[float]:
    """Return bin edges of one width, with zero among them, so that no bar is part gain and part loss."""
    import numpy as np  # noqa: PLC0415 - as in draw

    low, high = float(values.min()), float(values.max())
    width = max((high - low) / 30, 1.0)
    first, last = math.floor(low / width), math.ceil(high / width)
    return [float(x) for x in np.arange(first, max(last, first + 1) + 1) * width]


def payback_chance(result: Result) -> Figure:
    """Chart the probability of having paid back by the end of each financial year, a line per perimeter."""
    case, shown = result.case, shown_perimeters(result.case)
    years = views.years(result)
    found = {p: [views.probability(result, p, f"probability_payback_by_{y.replace('/', '_')}") for y in years]
             for p in shown}  # fmt: skip

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for (perimeter, values), (colour, marker) in zip(found.items(), _SERIES, strict=False):
            axes.plot(range(len(years)), [100 * (v or 0) for v in values], color=colour, marker=marker,
                      label=views.title_of(case, perimeter))  # fmt: skip
        axes.set_ylim(-3, 103)
        axes.set_yticks([0, 25, 50, 75, 100], ["0%", "25%", "50%", "75%", "100%"])
        year_axis(axes, years)
        axes.legend(loc="best")

    last = {p: v[-1] for p, v in found.items()}
    title = f"Chance of having paid back by {years[-1]}: " + ", ".join(
        f"{fmt.lowered(views.title_of(case, p))} {fmt.chance(v, result.draws)}" for p, v in last.items())  # fmt: skip
    rows = [[tbl.text(views.title_of(case, p)), *(tbl.number(fmt.chance(v, result.draws), v) for v in values)]
            for p, values in found.items()]  # fmt: skip
    columns = ("Perimeter", *years)
    data = tbl.Table(key="payback-data", caption="Probability of having paid back by the end of each financial year",
                     columns=columns, rows=rows, numeric=1)  # fmt: skip
    alt = f"Line chart of the probability of having paid back by the end of each financial year. {title}."
    return chart("payback", title, alt, paint, height=2.7, data=data,
                  rests_on=views.money_drivers(case, shown))  # fmt: skip
