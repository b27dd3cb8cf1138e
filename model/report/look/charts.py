"""The house style of charts: a finding for a title, alt text, and the data beside it.

Charts are SVG with real text, no date and no random ids, so that the same result gives the same bytes. Every colour is
a CSS variable with the printed colour to fall back on, so that a chart follows the page into dark mode. The palette is
Okabe and Ito's, and a second cue (hatching, marker, line style, words) always says what colour says.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from textwrap import fill
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

INK, PAPER, GRID, QUIET = "#1b1f24", "#fffffe", "#d0d4d9", "#565d66"
BLUE, VERMILION, SKY, GREEN, AMBER, PURPLE = "#0072b2", "#c04f00", "#3d8fc4", "#00785a", "#8a6500", "#9c4a80"
_THEME = {
    INK: "ink", PAPER: "paper", GRID: "grid", QUIET: "quiet", BLUE: "blue", VERMILION: "vermilion", SKY: "sky",
    GREEN: "green", AMBER: "amber", PURPLE: "purple",
}  # fmt: skip
DOTS = 72  # to the inch: an SVG's own
WIDTH, NARROW = 7.2, 3.5  # inches at 72 to the inch: the column of text on a page, and on a telephone
TALLER = 1.5  # a narrow chart against a wide one
LETTERS_THAT_FIT, MARKS_THAT_FIT = 22, 3  # on a narrow chart: of a row's name on one line; across
DASHED = (0, (4, 2))
BANDS = (("p10", "p90", 0.18), ("p25", "p75", 0.32))  # percentiles shaded about a line, and how darkly
MONTHS_THAT_FIT = 6  # Aprils or years beyond which every other one is named, or names are slanted

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

    `data` is None where the page has a table of it at the chart's side. Without an `svg` there is nothing to draw:
    title and note stand as a sentence.
    """

    key: str
    title: str
    alt: str
    svg: str
    data: tbl.Table | None
    rests_on: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def html(self) -> str:
        """The chart, its title, its data and its assumptions."""
        if not self.svg:
            return f'<p class="empty"><strong>{markup.escape(self.title)}.</strong> {markup.escape(self.note)}</p>'
        note = f'<p class="note">{markup.escape(self.note)}</p>' if self.note else ""
        hidden = f'<span class="unseen">: {markup.escape(self.title)}</span>'
        words = f"<summary>The numbers behind this chart{hidden}</summary>"
        data = f'<details class="data">{words}{self.data.html}</details>' if self.data else ""
        return (
            f'<figure id="f-{markup.slug(self.key)}"><figcaption>{markup.escape(self.title)}</figcaption>'
            f'<div class="scroll chart" role="group" tabindex="0" aria-label="Chart: {markup.attribute(self.title)}">'
            f"{self.svg}</div>{note}{data}{markup.rests_on(self.rests_on, self.title)}</figure>"
        )

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        """Return the finding and the alt text, for a terminal."""
        return f"{self.title}\n{self.alt}"


def draw(  # noqa: PLR0913 - as chart
    key: str, alt: str, paint: Callable[[Any], None], *, height: float, narrow: bool, grid: Mapping[str, Any]
) -> str:
    """Return what `paint` draws in the house style, for a wide and a `narrow` page; inches. The page shows one.

    It starts from matplotlib's own settings, whatever the machine's `matplotlibrc` says, and writes no date: the same
    contents give the same picture.
    """
    import matplotlib as mpl  # noqa: PLC0415 - a second to import; only pages with charts pay it
    from matplotlib.figure import Figure as Canvas  # noqa: PLC0415 - as above

    shown = []
    sizes = [("broad", WIDTH, height), ("narrow", NARROW, height * TALLER)]
    for name, width, tall in sizes if narrow else [("", WIDTH, height)]:
        own, file = f"{key}-narrow" if name == "narrow" else key, io.StringIO()
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(cast("Any", _STYLE | {"svg.hashsalt": own}))
            canvas = Canvas(figsize=(width, tall), layout="constrained", dpi=DOTS)
            paint(canvas.subplots(**grid))
            if name == "narrow":
                _fitted(canvas)
            canvas.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
        shown.append(f'<div class="{name}">{owned(file.getvalue(), own, alt)}</div>')
    return "".join(shown)


def _fitted(canvas: Canvas) -> None:
    """Let a chart fit a narrow page: its key below it, few marks across, names of rows and panels on several lines."""
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - as in draw

    for axes in canvas.axes:
        if legend := axes.get_legend():
            legend.remove()
            canvas.legend(*axes.get_legend_handles_labels(), loc="outside lower left")
        marks = [text.get_text() for text in axes.get_xticklabels()]
        if isinstance(axes.xaxis.get_major_locator(), MaxNLocator):
            axes.xaxis.set_major_locator(MaxNLocator(MARKS_THAT_FIT))
        elif any(marks):
            step = -(-len(marks) // MARKS_THAT_FIT)
            axes.set_xticks(axes.get_xticks()[::step], marks[::step], rotation=0)
        names = [text.get_text() for text in axes.get_yticklabels()]
        if max(map(len, names), default=0) > LETTERS_THAT_FIT:
            axes.set_yticks(axes.get_yticks(), [fill(name, LETTERS_THAT_FIT) for name in names])
        axes.set_title(fill(axes.get_title("left"), 2 * LETTERS_THAT_FIT))


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
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{size}" '
        f'role="img" aria-label="{markup.attribute(alt)}">'
    )
    body = re.sub(r"<svg[^>]*>", lambda _: opening, body, count=1)  # a text may hold a backslash
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


def month_axis(axes: Axes, months: Sequence[str]) -> None:
    """Label months by their Aprils."""
    at = [i for i, m in enumerate(months) if m.endswith("-04")]
    at = at[:: 2 if len(at) > MONTHS_THAT_FIT else 1]
    axes.set_xticks(at, [f"Apr {months[i][:4]}" for i in at])
    axes.set_xlim(0, len(months) - 1)


def year_axis(axes: Axes, years: Sequence[str]) -> None:
    """Label bars or points by their financial years, slanted where there are many."""
    axes.set_xticks(range(len(years)), list(years), rotation=0 if len(years) <= MONTHS_THAT_FIT else 30)


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Name horizontal bars, the first on top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")


def fan(axes: Axes, frame: pd.DataFrame, words: str = "Central", marker: str = "") -> None:
    """Draw the central line of a frame with a column a statistic, and of its draws the bands and the mean it has."""
    x = range(len(frame))
    for low, high, alpha in BANDS:
        if {low, high} <= set(frame):
            axes.fill_between(x, frame[low], frame[high], color=BLUE, alpha=alpha, linewidth=0,
                              label=f"{int(low[1:])}th to {int(high[1:])}th percentile")  # fmt: skip
    axes.plot(x, frame["central"], color=BLUE, label=words, marker=marker)
    if "mean" in frame:
        axes.plot(x, frame["mean"], color=INK, linestyle=DASHED, linewidth=1.3, label="Mean")


def bars(axes: Axes, names: Sequence[str], parts: Iterable[tuple[Any, Any, Any, str]], left: float = 0.0) -> None:
    """Draw horizontal bars from `left`, for each of `parts`: their lengths, colour, hatching and name in the key."""
    for lengths, colour, hatch, words in parts:
        axes.barh(range(len(names)), lengths, color=colour, hatch=hatch, edgecolor=PAPER, linewidth=0.4,
                  label=words or None, left=left)  # fmt: skip
    name_rows(axes, names)


def bars_height(count: int) -> float:
    """Return how high a chart of so many horizontal bars is, in inches."""
    return 0.9 + 0.28 * max(count, 1)


def chart(  # noqa: PLR0913 - each is a part of a figure
    key: str,
    kind: str,
    title: str,
    paint: Callable[[Any], None],
    *,
    height: float,
    data: tbl.Table,
    beside: bool = False,
    narrow: bool = True,
    grid: Mapping[str, Any] = MappingProxyType({}),
    **more: Any,  # noqa: ANN401 - the other fields of `Figure`
) -> Figure:
    """Return a figure that `paint` draws on its axes, so many inches high, on the width of a page.

    `kind`: what is drawn, such as `Bar chart`; its words for those who cannot see it are that, the title, and where its
    numbers begin and end. `beside`: the page shows `data` beside the chart, not behind it. `grid`: the axes it needs
    where that is not one, as matplotlib's `subplots` takes it. Without rows of data there is nothing to draw: title and
    note stand alone.
    """
    alt = f"{kind}. {title}. {data.caption}. {data.spoken}"
    svg = draw(key, alt, paint, height=height, narrow=narrow, grid=grid) if data.rows else ""
    return Figure(key=key, title=title, alt=alt, svg=svg, data=None if beside else data, **more)
