"""Charts in one house style: a finding for a title, alt text, and the data beside it.

Charts are SVG with real text, no date and no random ids, so that the same result gives the same bytes. Every colour is
a CSS variable with the printed colour to fall back on, so that a chart follows the page into dark mode. The palette is
Okabe and Ito's, and a second cue (hatching, marker, line style, words) always says what colour says.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from model.report import summaries, views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas
    from numpy.typing import NDArray

    from model.case.records import Case
    from model.report.views import ResultLike

INK, PAPER, GRID, QUIET = "#1b1f24", "#fffffe", "#d0d4d9", "#565d66"
BLUE, VERMILION, SKY, GREEN, AMBER, PURPLE = "#0072b2", "#c04f00", "#3d8fc4", "#00785a", "#8a6500", "#9c4a80"
_THEME = {
    INK: "ink", PAPER: "paper", GRID: "grid", QUIET: "quiet", BLUE: "blue", VERMILION: "vermilion", SKY: "sky",
    GREEN: "green", AMBER: "amber", PURPLE: "purple",
}  # fmt: skip
NATURE_COLOURS = {"investment": VERMILION, "cashable_saving": BLUE, "cost_avoidance": SKY, "income": GREEN}
NATURE_HATCHES = {"investment": "", "cashable_saving": "", "cost_avoidance": "////", "income": "..."}
WIDTH = 7.2  # inches at 72 to the inch: the column of text on a page
SAME = 0.005  # NPVs closer than this share of the larger are not told apart in words

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": QUIET,
    "axes.facecolor": "none",
    "axes.labelcolor": INK,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "figure.facecolor": PAPER,
    "hatch.color": PAPER,
    "hatch.linewidth": 1.2,
    "lines.linewidth": 1.8,
}


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart as it is shown: `title` states the finding, `alt` says what the chart shows, `data` is behind it.

    Without an `svg` there is nothing to draw: title and note stand as a sentence.
    """

    key: str
    title: str
    alt: str
    svg: str
    data: tbl.Table
    rests_on: tuple[str, ...] = ()
    note: str = ""

    @property
    def html(self) -> str:
        """The chart, its title, its data and its assumptions."""
        if not self.svg:
            return f'<p class="empty"><strong>{markup.escape(self.title)}.</strong> {markup.escape(self.note)}</p>'
        note = f'<p class="note">{markup.escape(self.note)}</p>' if self.note else ""
        hidden = f'<span class="unseen">: {markup.escape(self.title)}</span>'
        return (
            f'<figure id="f-{markup.slug(self.key)}"><figcaption>{markup.escape(self.title)}</figcaption>'
            f'<div class="scroll chart" role="group" tabindex="0" aria-label="Chart: {markup.attribute(self.title)}">'
            f"{self.svg}</div>{note}"
            f'<details class="data"><summary>The numbers behind this chart{hidden}</summary>{self.data.html}</details>'
            f"{markup.rests_on(self.rests_on, self.title)}</figure>"
        )

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        """Return the finding and the alt text, for a terminal."""
        return f"{self.title}\n{self.alt}"


def draw(key: str, alt: str, paint: Callable[[Canvas], None], *, height: float = 3.0, width: float = WIDTH) -> str:
    """Return an SVG element painted by `paint` on an empty canvas in the house style. Sizes in inches."""
    from model.report.look import svg  # noqa: PLC0415 - a second to import; only pages with charts pay it

    with house_style(key):
        canvas = svg.empty(width, height)
        paint(canvas)
        return owned(svg.printed(canvas), key, alt)


def house_style(key: str) -> AbstractContextManager[None]:
    """Return the context in which a chart is built and printed; `key` makes its ids its own."""
    import matplotlib as mpl  # noqa: PLC0415 - as in draw

    return mpl.rc_context(cast("Any", _STYLE | {"svg.hashsalt": key}))


def owned(svg: str, key: str, alt: str) -> str:
    """Return matplotlib's SVG as an element of our page: no prologue, ids of its own, colours that follow the theme."""
    key, body = markup.slug(key), svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, count=1, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{key}-\1"', body)
    body = re.sub(r'(href="#|url\(#)', rf"\1{key}-", body)
    body = re.sub(r"font: ([^;\"]*?)'DejaVu Sans'[^;\"]*", r"font: \1system-ui, 'DejaVu Sans', sans-serif", body)
    for colour, name in _THEME.items():
        body = body.replace(colour, f"var(--{name}, {colour})")
    box = re.search(r'viewBox="([^"]+)"', body)
    size = box.group(1) if box else "0 0 518 216"
    body = re.sub(
        r"<svg[^>]*>",
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{size}" '
        f'role="img" aria-label="{markup.attribute(alt)}">',
        body,
        count=1,
    )
    return re.sub(r"\s*\n\s*", "\n", body).strip()


def money_axis(axes: Axes, *, along: str = "y") -> None:
    """Mark an axis in pounds, a few round figures, as the rest of the page writes them."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415 - as in draw

    axis = axes.yaxis if along == "y" else axes.xaxis
    axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(_tick))


def _tick(value: float, _position: int) -> str:
    if abs(value) >= 999_500:
        return fmt.millions(value, 1)
    return fmt.thousands(value) if value else "£0"


def zero_line(axes: Axes, *, across: bool = True) -> None:
    """Draw the line between gain and loss."""
    (axes.axhline if across else axes.axvline)(0, color=INK, linewidth=1)


def annual_net(result: ResultLike) -> Figure:
    """Chart the net position by financial year, a panel per perimeter, with the 10% to 90% range; real pounds."""
    case, shown = result.case, views.shown_perimeters(result.case)
    frames = {p: views.net_by_year(result, p) for p in shown}

    def paint(canvas: Canvas) -> None:
        columns = min(2, len(shown))
        panels = canvas.subplots(-(-len(shown) // columns), columns, squeeze=False).ravel()
        for axes, perimeter in zip(panels, shown, strict=False):
            _net_panel(axes, frames[perimeter], views.title_of(case, perimeter))
        for axes in panels[len(shown) :]:
            axes.set_axis_off()

    title = _net_finding(case.shown_years, frames[views.WHOLE], views.title_of(case, views.WHOLE))
    alt = "Bar charts of the net position by financial year. " + " ".join(
        f"{views.title_of(case, p)}: from {fmt.money(f.central.iloc[0])} in {f.index[0]} to "
        f"{fmt.money(f.central.iloc[-1])} in {f.index[-1]}." for p, f in frames.items())  # fmt: skip
    return Figure(
        key="annual-net",
        title=title,
        alt=alt,
        svg=draw("annual-net", alt, paint, height=2.1 * -(-len(shown) // 2) + 0.2),
        data=summaries.net_by_year(result),
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


def cumulative_fan(result: ResultLike, perimeter: str) -> Figure:
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
        f"{fmt.money(last)} at the end{_ends(frame)}."
    )
    return Figure(
        key=f"fan-{perimeter}",
        title=title,
        alt=alt,
        svg=draw(f"fan-{perimeter}", alt, paint, height=2.7),
        data=summaries.at_each_march(
            f"fan-{perimeter}-data", f"Cumulative net position at 31 March, {name}, £ thousand", frame
        ),
        rests_on=views.money_drivers(case, [perimeter]),
    )


def _ends(frame: pd.DataFrame) -> str:
    if not {"p10", "p90"} <= set(frame):
        return ""
    return f", {fmt.money_range(frame['p10'].iloc[-1], frame['p90'].iloc[-1])} in eight draws of ten"


def _payback_finding(result: ResultLike, perimeter: str, name: str) -> str:
    months = views.metric(result, perimeter, "payback_months")
    if months is None:
        return f"{name}: does not pay back within {fmt.duration(result.case.timeline.months)} in the central run"
    if months == 0:
        return f"{name}: never below zero, so there is nothing to pay back"
    return f"{name}: pays back after {fmt.duration(months)} in the central run"


def _fan(axes: Axes, frame: pd.DataFrame) -> None:
    x = range(len(frame))
    for low, high, alpha, words in (("p10", "p90", 0.18, "10th to 90th"), ("p25", "p75", 0.32, "25th to 75th")):
        if {low, high} <= set(frame):
            axes.fill_between(x, frame[low], frame[high], color=BLUE, alpha=alpha, linewidth=0,
                              label=f"{words} percentile")  # fmt: skip
    axes.plot(x, frame["central"], color=BLUE, label="Central")
    if "mean" in frame:
        axes.plot(x, frame["mean"], color=INK, linestyle=(0, (4, 2)), linewidth=1.3, label="Mean")


def month_axis(axes: Axes, months: Sequence[str]) -> None:
    """Label months by their Aprils."""
    at = [i for i, m in enumerate(months) if m.endswith("-04")]
    at = at[:: 2 if len(at) > 6 else 1]
    axes.set_xticks(at, [f"Apr {months[i][:4]}" for i in at])
    axes.set_xlim(0, len(months) - 1)


def savings_by_year(result: ResultLike, perimeter: str) -> Figure:
    """Chart investment, cashable saving and cost avoidance by financial year, stacked; central run, real pounds."""
    case, name = result.case, views.title_of(result.case, perimeter)
    frame = views.by_nature(result, perimeter)
    present = [n for n in views.NATURES if frame[n].abs().sum() >= 0.5]

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
        axes.set_xticks(range(len(frame)), list(frame.index), rotation=0 if len(frame) < 7 else 30)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=len(present) + 1)

    totals = frame.sum()
    title = f"{name}: {_saving_words(totals)} over {len(frame)} years, for {fmt.money(-totals['investment'])} invested"
    alt = f"Stacked bars by financial year for {name}. " + " ".join(
        f"{views.NATURE_TITLES[n]}: {fmt.money(frame[n].iloc[0])} in {frame.index[0]}, "
        f"{fmt.money(frame[n].iloc[-1])} in {frame.index[-1]}." for n in present)  # fmt: skip
    key = f"savings-{perimeter}"
    return Figure(key=key, title=title, alt=alt, svg=draw(key, alt, paint, height=3.0),
                  data=summaries.by_nature(result, perimeter),
                  rests_on=views.money_drivers(case, [perimeter]))  # fmt: skip


def _saving_words(totals: pd.Series[float]) -> str:
    return f"{fmt.money(totals['cashable_saving'])} cashable and {fmt.money(totals['cost_avoidance'])} of cost avoided"


def npv_spread(result: ResultLike, perimeter: str) -> Figure:
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
        for value, words, style in ((found.central, "central", "-"), (found.mean, "mean", (0, (4, 2)))):
            if value is not None:
                axes.axvline(value, color=INK, linestyle=style, label=f"{words} {fmt.money(value)}")
        zero_line(axes, across=False)
        money_axis(axes, along="x")
        axes.set_ylabel("Draws")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)

    title = f"{name}: NPV is above zero in {share_of_draws(share)}"
    alt = (
        f"Histogram of the net present value of {name} over {len(values):,} draws. "
        f"From {fmt.money(float(values.min()))} to {fmt.money(float(values.max()))}; "
        f"central {fmt.money(found.central)}, mean {fmt.money(found.mean)}; above zero in {share_of_draws(share)}."
    )
    key = f"npv-{perimeter}"
    rows = [[tbl.text(fmt.money_range(float(a), float(b))), tbl.number(f"{n:,}", int(n))]
            for n, a, b in zip(counts, edges[:-1], edges[1:], strict=True)]  # fmt: skip
    data = tbl.Table(key=f"{key}-data", caption=f"Draws by NPV, {name}", columns=("NPV", "Draws"),
                     rows=tbl.rows_of(rows), numeric=frozenset({1}))  # fmt: skip
    return Figure(key=key, title=title, alt=alt, svg=draw(key, alt, paint, height=2.5), data=data,
                  rests_on=views.money_drivers(case, [perimeter]))  # fmt: skip


def share_of_draws(share: float) -> str:
    """Return a share of the draws in words: never a rounded 0% or 100%."""
    return {0.0: "no draw", 1.0: "every draw"}.get(share, f"{fmt.chance(share)} of draws")


def _bins(values: NDArray[np.float64]) -> list[float]:
    """Return bin edges of one width, with zero among them, so that no bar is part gain and part loss."""
    import numpy as np  # noqa: PLC0415 - as in draw

    low, high = float(values.min()), float(values.max())
    width = max((high - low) / 30, 1.0)
    first, last = math.floor(low / width), math.ceil(high / width)
    return [float(x) for x in np.arange(first, max(last, first + 1) + 1) * width]


def children_moved(result: ResultLike, most: int = 4) -> Figure:
    """Chart children by placement, do-nothing against with the schemes, a panel per placement that changes."""
    case, moved = result.case, views.placements_moved(result)[:most]
    shown = moved or ("all",)
    frames = {p: {w: views.stock(result, w, p) for w in ("do_nothing", "with_schemes", "impact")} for p in shown}

    def paint(canvas: Canvas) -> None:
        columns = min(2, len(shown))
        panels = canvas.subplots(-(-len(shown) // columns), columns, squeeze=False).ravel()
        for axes, placement in zip(panels, shown, strict=False):
            _stock_panel(axes, frames[placement], views.PLACEMENT_TITLES[placement])
        for axes in panels[len(shown) :]:
            axes.set_axis_off()
        canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)

    end = {p: float(frames[p]["impact"]["central"].iloc[-1]) for p in shown}
    month = fmt.month(str(frames[shown[0]]["impact"].index[-1]))
    changes = [
        f"{_lower(views.PLACEMENT_TITLES[p])} {fmt.signed(n, 0 if abs(n) >= 9.5 else 1)}" for p, n in end.items()
    ]
    title = (
        f"Children by {month}, against doing nothing: {fmt.listed(changes)}"
        if moved
        else "The number of children in each placement does not change"
    )
    alt = "Line charts of children by placement at the end of each month. " + " ".join(
        f"{views.PLACEMENT_TITLES[p]}: {fmt.decimal(f['do_nothing']['central'].iloc[-1], 0)} if nothing is done and "
        f"{fmt.decimal(f['with_schemes']['central'].iloc[-1], 0)} with the schemes in {month}."
        for p, f in frames.items())  # fmt: skip
    return Figure(key="children", title=title, alt=alt,
                  svg=draw("children", alt, paint, height=2.0 * -(-len(shown) // 2) + 0.4),
                  data=summaries.children(result, shown), rests_on=views.drivers(case, _flow_groups(case)))  # fmt: skip


def _flow_groups(case: Case) -> set[str]:
    return {"caseload", *(s.name for s in case.active_schemes if s.kind in {"fostering_growth", "entry_reduction"})}


def _lower(text: str) -> str:
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _stock_panel(axes: Axes, frames: dict[str, pd.DataFrame], title: str) -> None:
    nothing, schemes = frames["do_nothing"], frames["with_schemes"]
    x = range(len(nothing))
    if {"p10", "p90"} <= set(schemes):
        axes.fill_between(x, schemes["p10"], schemes["p90"], color=BLUE, alpha=0.18, linewidth=0,
                          label="10th to 90th percentile")  # fmt: skip
    axes.plot(x, nothing["central"], color=QUIET, linestyle=(0, (4, 2)), label="Do nothing")
    axes.plot(x, schemes["central"], color=BLUE, label="With the schemes")
    axes.set_title(title)
    axes.set_ylim(bottom=0)
    month_axis(axes, [str(m) for m in nothing.index])
    at = [i for i, m in enumerate(nothing.index) if str(m).endswith("-04")][::3]
    axes.set_xticks(at, [f"Apr {str(nothing.index[i])[:4]}" for i in at])


def switching_chart(case: Case, frame: pd.DataFrame, perimeter: str, most: int = 12) -> Figure:
    """Chart where, in its own range, each assumption turns the NPV: 0 is its low end, 1 its high end."""
    frame = summaries.nearest_switches(frame, perimeter, most)
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
        data=summaries.switching(case, frame, perimeter, only=list(frame["assumption"])),
        rests_on=tuple(frame["assumption"]),
    )


def reserve_balance(result: ResultLike) -> Figure:
    """Chart the reserve's balance at the end of each financial year before anybody tops it up; nominal pounds.

    Below its minimum it has run short: what is asked of it then has to be found elsewhere.
    """
    case, name = result.case, result.case.funding.reserve_name
    frame = summaries.funding_item(result, "reserve", "before_top_up")
    minimum = case.assumptions["reserve.minimum"].value if "reserve.minimum" in case.assumptions else None

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        x = range(len(frame))
        if {"p10", "p90"} <= set(frame):
            axes.fill_between(x, frame["p10"], frame["p90"], color=BLUE, alpha=0.18, linewidth=0,
                              label="10th to 90th percentile")  # fmt: skip
        axes.plot(x, frame["central"], color=BLUE, marker="o", label="Central")
        if "mean" in frame:
            axes.plot(x, frame["mean"], color=INK, linestyle=":", linewidth=1.5, label="Mean of draws")
        if minimum is not None:
            axes.axhline(minimum, color=VERMILION, linestyle=(0, (4, 2)), label=f"Minimum {fmt.money(minimum)}")
        axes.set_xticks(list(x), list(frame.index), rotation=0 if len(frame) < 7 else 30)
        zero_line(axes)
        money_axis(axes)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=4)

    alt = (
        f"Line chart of the balance of {name} if nobody makes up what it lacks: "
        f"{fmt.money(float(frame['central'].iloc[0]))} at the end of {frame.index[0]}, "
        f"{fmt.money(float(frame['central'].iloc[-1]))} at the end of {frame.index[-1]}, central{_ends(frame)}."
    )
    return Figure(
        key="reserve", title=_reserve_finding(result, name, frame), alt=alt,
        svg=draw("reserve", alt, paint, height=2.6), data=summaries.reserve(result),
        rests_on=views.drivers(case, ["reserve"]),
        note="Balance at 31 March, if nobody makes up what it lacks: below the minimum the reserve has run short, and "
        "the distance is what has to be found elsewhere.",
    )  # fmt: skip


def _reserve_finding(result: ResultLike, name: str, frame: pd.DataFrame) -> str:
    asked = summaries.funding_item(result, "reserve", "shortfall")["central"]
    asked, (chance, mean, high) = asked[asked >= summaries.HALF_A_POUND], summaries.reserve_risk(result)
    middle = (
        f"{fmt.money(float(asked.sum()))} short from {asked.index[0]}, central"
        if len(asked)
        else f"{fmt.money(float(frame['central'].iloc[-1]))} left at the end, central"
    )
    if not views.has_range(result) or chance is None or mean is None or high is None:
        return f"{name}: {middle}"
    if not chance:
        return f"{name}: runs short in no draw; {middle}"
    return (
        f"{name}: runs short in {fmt.chance(chance)} of draws, by {fmt.money(mean)} on average of all and "
        f"{fmt.money(high)} at the 90th percentile; {middle}"
    )


def payback_chance(result: ResultLike) -> Figure:
    """Chart the probability of having paid back by the end of each financial year, a line per perimeter."""
    case, shown = result.case, views.shown_perimeters(result.case)
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
        axes.set_xticks(range(len(years)), years, rotation=0 if len(years) < 7 else 30)
        axes.legend(loc="best")

    last = {p: v[-1] for p, v in found.items()}
    title = f"Chance of having paid back by {years[-1]}: " + ", ".join(
        f"{_lower(views.title_of(case, p))} {fmt.chance(v)}" for p, v in last.items())  # fmt: skip
    rows = [[tbl.text(views.title_of(case, p)), *(tbl.number(fmt.chance(v), v) for v in values)]
            for p, values in found.items()]  # fmt: skip
    columns = ("Perimeter", *years)
    data = tbl.Table(key="payback-data", caption="Probability of having paid back by the end of each financial year",
                     columns=columns, rows=tbl.rows_of(rows), numeric=tbl.numbers_from(columns))  # fmt: skip
    alt = f"Line chart of the probability of having paid back by the end of each financial year. {title}."
    return Figure(key="payback", title=title, alt=alt, svg=draw("payback", alt, paint, height=2.7), data=data,
                  rests_on=views.money_drivers(case, shown))  # fmt: skip


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


def posts_filled(result: ResultLike) -> Figure:
    """Chart the new posts there are and those filled, month by month, with the range of those filled; fte."""
    frame = result.staffing
    posts, filled = (_staffing(frame, name) for name in ("new_posts_fte", "new_posts_filled_fte"))
    month, end = str(filled.index[-1]), float(filled["central"].iloc[-1])

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        if {"p10", "p90"} <= set(filled):
            axes.fill_between(range(len(filled)), filled["p10"], filled["p90"], color=BLUE, alpha=0.18, linewidth=0,
                              label="10th to 90th percentile")  # fmt: skip
        axes.plot(range(len(posts)), posts["central"], color=QUIET, linestyle=(0, (4, 2)), label="Posts")
        axes.plot(range(len(filled)), filled["central"], color=BLUE, label="Filled")
        axes.set_ylabel("fte")
        axes.set_ylim(bottom=0)
        month_axis(axes, [str(m) for m in filled.index])
        axes.legend(loc="best")

    total = float(posts["central"].iloc[-1])
    title = f"{fmt.decimal(end, 1)} of {fmt.decimal(total, 1)} new posts (fte) filled by {fmt.month(month)}, central"
    alt = f"Line chart of new posts and of those filled by month, fte. {title}."
    rows = [
        [tbl.text(fmt.month(str(m))), tbl.number(fmt.decimal(posts["central"][m], 1), posts["central"][m]),
         *(tbl.number(fmt.decimal(filled[s][m], 1), filled[s][m]) for s in filled if s in summaries.STATISTIC_TITLES)]
        for m in filled.index
        if str(m).endswith("-03")
    ]  # fmt: skip
    columns = ("End of", "Posts", *(f"Filled, {summaries.STATISTIC_TITLES[s].lower()}" for s in filled
                                    if s in summaries.STATISTIC_TITLES))  # fmt: skip
    data = tbl.Table(key="posts-filled-data", caption="New posts and those filled at 31 March, fte", columns=columns,
                     rows=tbl.rows_of(rows), numeric=tbl.numbers_from(columns))  # fmt: skip
    return Figure(key="posts-filled", title=title, alt=alt, svg=draw("posts-filled", alt, paint, height=2.7), data=data,
                  rests_on=views.drivers(result.case, ["establishment"]))  # fmt: skip


def _staffing(frame: pd.DataFrame, measure: str) -> pd.DataFrame:
    kept = frame[(frame["measure"] == measure) & (frame["world"] == "with_schemes")]
    return views.crossed(kept, "month", "statistic", "value")


def children_do_nothing(result: ResultLike) -> Figure:
    """Chart the number of children looked after if nothing is done, with its range."""
    frame = views.stock(result, "do_nothing", "all")

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        if {"p10", "p90"} <= set(frame):
            axes.fill_between(range(len(frame)), frame["p10"], frame["p90"], color=BLUE, alpha=0.18, linewidth=0,
                              label="10th to 90th percentile")  # fmt: skip
        axes.plot(range(len(frame)), frame["central"], color=BLUE, label="Central")
        axes.set_ylim(bottom=0)
        axes.set_ylabel("Children")
        month_axis(axes, [str(m) for m in frame.index])
        axes.legend(loc="best")

    first, last = float(frame["central"].iloc[0]), float(frame["central"].iloc[-1])
    start, end = fmt.month(str(frame.index[0])), fmt.month(str(frame.index[-1]))
    title = f"If nothing is done: {fmt.decimal(first)} children in {start}, {fmt.decimal(last)} in {end}, central"
    alt = f"Line chart of children looked after at the end of each month. {title}."
    rows = [[tbl.text(fmt.month(str(m))), *(tbl.number(fmt.decimal(frame[s][m], 1), frame[s][m]) for s in frame)]
            for m in frame.index if str(m).endswith("-03")]  # fmt: skip
    columns = ("End of", *(summaries.STATISTIC_TITLES[str(s)] for s in frame))
    data = tbl.Table(key="do-nothing-data", caption="Children looked after at 31 March if nothing is done",
                     columns=columns, rows=tbl.rows_of(rows), numeric=tbl.numbers_from(columns))  # fmt: skip
    return Figure(key="do-nothing", title=title, alt=alt, svg=draw("do-nothing", alt, paint, height=2.6), data=data,
                  rests_on=views.drivers(result.case, ["caseload"]))  # fmt: skip
