"""Charts and tables of risk: what drives the answer, what would have to be true, what to find out, who earned it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.case.draws import sample
from model.case.units import UNITS
from model.money.appraisal import npv_evaluator
from model.report import views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.figures import (
    BLUE,
    GREEN,
    INK,
    PAPER,
    QUIET,
    SKY,
    VERMILION,
    Figure,
    draw,
    money_axis,
    zero_line,
)
from model.risk.attribution import Attribution, attribute
from model.risk.convergence import Precision, npv_precision, sampling_errors
from model.risk.sensitivity import PROCESS_NOISE, Frontier, SobolIndex, TornadoBar, frontier, sobol_indices, tornado
from model.risk.voi import Information, evpi, groups_by_prefix, information_values, options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas
    from numpy.typing import NDArray

    from model.case.records import Case
    from model.report.views import ResultLike

    Floats = NDArray[np.float64]

MOST = 12  # bars in a chart
LEAST_SWING = 0.5  # pounds: a bar of less has no length
_POUNDS_ONLY = 100.0  # from here on, pence say nothing
_ROOM, _GRID = 0.5, 25  # how much of its range a frontier shows on each side of it, and at how many values
CHANCE_WORDS = "Chance: who happens to enter and leave"
SHARE_PRINTED, MONEY_PRINTED = 0.01, 10_000.0  # what reports print: whole percentages, hundredths of a £ million


def label(factor: str) -> str:
    """Return a factor's name for people: an assumption's, or chance."""
    if factor == PROCESS_NOISE:
        return CHANCE_WORDS
    return " and ".join(markup.label(name) for name in factor.split(" with "))


def spoken(factor: str) -> str:
    """Return a factor's name within a sentence."""
    if factor == PROCESS_NOISE:
        return _lower(CHANCE_WORDS.replace(":", ","))
    return " and ".join(markup.phrase(name) for name in factor.split(" with "))


def tornado_chart(case: Case, perimeter: str, *, most: int = MOST) -> Figure:
    """Chart how far each assumption, moved from its P10 to its P90 by itself, moves the NPV."""
    found = tornado(case, npv_evaluator(case, [perimeter]), [perimeter])
    bars = [bar for bar in found if bar.swing >= LEAST_SWING][:most]
    name, central = views.title_of(case, perimeter), bars[0].npv_central if bars else 0.0

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for i, bar in enumerate(bars):
            for npv, colour, hatch in ((bar.npv_low, SKY, "////"), (bar.npv_high, BLUE, "")):
                axes.barh(i, npv - central, left=central, color=colour, hatch=hatch, edgecolor=PAPER, linewidth=0.4,
                          label=("at its P10", "at its P90")[hatch == ""] if i == 0 else None)  # fmt: skip
        axes.axvline(central, color=INK, linewidth=1, linestyle=(0, (4, 2)))
        zero_line(axes, across=False)
        _names(axes, [label(bar.assumption) for bar in bars])
        money_axis(axes, along="x")
        axes.legend(loc="lower right")

    turning = [bar for bar in bars if min(bar.npv_low, bar.npv_high) < 0 < max(bar.npv_low, bar.npv_high)]
    title = f"{name}: {spoken(bars[0].assumption)} moves the answer most" if bars else f"{name}: nothing varies"
    alt = (
        f"Tornado chart of {name}, NPV {fmt.money(central)} at central values. "
        + " ".join(f"{label(b.assumption)}: {fmt.money_range(*sorted((b.npv_low, b.npv_high)))}." for b in bars)
        + f" {fmt.counted(len(turning), 'bar crosses', 'bars cross')} zero."
    )
    rows = [[tbl.text(label(b.assumption)), *_bar_cells(case, b)] for b in bars]
    columns = ("Assumption", "P10", "P90", "NPV at P10", "NPV at P90", "Swing")
    return Figure(
        key=f"tornado-{perimeter}",
        title=title,
        alt=alt,
        svg=draw(f"tornado-{perimeter}", alt, paint, height=0.9 + 0.28 * len(bars)) if bars else "",
        data=tbl.Table(key=f"tornado-{perimeter}-data", caption=f"One assumption at a time, {name}", columns=columns,
                       rows=tbl.rows_of(rows), numeric=tbl.numbers_from(columns)),
        rests_on=tuple(b.assumption for b in bars),
        note="Each assumption by itself, from its 10th to its 90th percentile; the dashed line is the central NPV. "
        "Assumptions that do not move it are left out."
        if bars
        else "No assumption by itself moves the NPV between its 10th and its 90th percentile.",
    )  # fmt: skip


def sobol_chart(  # noqa: PLR0913 - each is a separate choice of the caller's
    case: Case, perimeter: str, *, draws: int, seed: int, threads: int = 1, most: int = MOST
) -> Figure:
    """Chart which assumptions make the spread of NPV: alone, and with all they interact in."""
    found = sobol_indices(case, npv_evaluator(case, [perimeter], threads=threads), [perimeter], draws=draws, seed=seed)
    shown, name = found[:most], views.title_of(case, perimeter)

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for i, index in enumerate(shown):
            axes.barh(i, 100 * index.total, color=SKY, hatch="////", edgecolor=PAPER, linewidth=0.4, height=0.75,
                      label="with all it interacts in" if i == 0 else None)  # fmt: skip
            axes.barh(i, 100 * max(index.first, 0), color=BLUE, height=0.4, label="by itself" if i == 0 else None)
        _names(axes, [label(index.factor) for index in shown])
        axes.set_xlabel("Share of the variance of NPV, %")
        axes.legend(loc="lower right")

    alone = sum(max(index.first, 0.0) for index in found)
    top = shown[0] if shown else None
    title = (
        f"{name}: {spoken(top.factor)} makes {fmt.percent(top.total)} of the spread"
        if top
        else f"{name}: nothing varies"
    )
    alt = f"Bar chart of Sobol' indices of the NPV of {name}. " + " ".join(
        f"{label(i.factor)}: {fmt.percent(max(i.first, 0))} alone, {fmt.percent(i.total)} in all." for i in shown
    )
    columns = ("Factor", "Alone", "± error", "In all", "± error")
    rows = [[tbl.text(label(i.factor)), *_index_cells(i)] for i in shown]
    return Figure(
        key=f"sobol-{perimeter}",
        title=title,
        alt=alt,
        svg=draw(f"sobol-{perimeter}", alt, paint, height=0.9 + 0.28 * max(len(shown), 1)),
        data=tbl.Table(key=f"sobol-{perimeter}-data", caption=f"Sobol' indices, {name}", columns=columns,
                       rows=tbl.rows_of(rows), numeric=tbl.numbers_from(columns)),
        rests_on=tuple(i.factor for i in shown if i.factor in case.assumptions),
        note=f"{fmt.percent(alone)} of the variance comes from factors by themselves; the rest from their meeting. "
        "Assumptions tied by a declared correlation share one bar. Errors are standard errors.",
    )  # fmt: skip


@dataclass(frozen=True)
class _Axis:
    """One side of a frontier: an assumption, or by how much it exceeds another that is held at its central value.

    All values are the assumption's own; `shown` takes off what it is compared with.
    """

    case: Case
    name: str
    less: str = ""

    @property
    def central(self) -> float:
        return self.case.assumptions[self.name].value

    @property
    def held(self) -> float:
        return self.case.assumptions[self.less].value if self.less else 0.0

    @property
    def unit(self) -> str:
        return self.case.assumptions[self.name].unit

    @property
    def own(self) -> tuple[float, float]:
        """From the lowest to the highest of the ranges: a gap is narrowest with the one low and the other high."""
        low, high = _span(self.case, self.name)
        if not self.less:
            return low, high
        less_low, less_high = _span(self.case, self.less)
        return low - less_high + self.held, high - less_low + self.held

    @property
    def charted(self) -> Floats:
        """The values tried: the range and half as much again either side, within the unit; central is one of them."""
        unit, (low, high) = UNITS[self.unit], self.own
        room = _ROOM * (high - low)
        ends = max(low - room, unit.low, self.held if self.less else unit.low), min(high + room, unit.high)
        return np.unique([*np.linspace(*ends, _GRID), self.central])

    @property
    def words(self) -> str:
        what = markup.phrase(self.name)
        return f"a gap between {what} and {markup.phrase(self.less)}" if self.less else _a(what)

    def title(self, between: str = " ") -> str:
        return f"{label(self.name)}{between}less {_lower(label(self.less))}" if self.less else label(self.name)

    def shown(self, values: Floats) -> Floats:
        return np.asarray(values) - self.held

    def mark(self, shown: float, _position: float) -> str:
        return fmt.on_axis(shown, self.unit)

    def quantity(self, value: float) -> str:
        """A value in words; what was worked out is not shown finer than the case states its own."""
        shown = value - self.held
        whole = self.unit.startswith("GBP") and value != self.central and abs(shown) >= _POUNDS_ONLY
        return fmt.quantity(round(shown) if whole else shown, self.unit)


def frontier_chart(case: Case, perimeter: str, x: str, y: str, *, less: str = "") -> Figure:
    """Chart which pairs of two assumptions break even, all others central; y gives way to x along the line.

    With `less`, y is shown as its gap to that assumption (the price of one place less that of another): y is moved,
    `less` held at its central value. Where the two enter the model as a difference, moving the other is the same.
    """
    across, up = _Axis(case, x), _Axis(case, y, less)
    evaluate = npv_evaluator(case, [perimeter])
    found = frontier(case, evaluate, perimeter, x=x, y=y, x_values=across.charted, y_values=up.charted)
    turned = frontier(
        case, evaluate, perimeter, x=y, y=x, x_values=np.array([up.central]), y_values=across.charted
    ).break_even[0]
    name = views.title_of(case, perimeter)
    title = f"{name}: {_frontier_words(found, across, up, turned)}"
    here = f"Central: {across.quantity(across.central)} and {up.quantity(up.central)}."
    held = f"The gap is moved by {_lower(label(y))}, the other held at its central value. " if less else ""
    even = [(a, b) for a, b in zip(found.x_values, found.break_even, strict=True) if np.isfinite(b)]
    rows = [[tbl.number(across.quantity(a), a), tbl.number(up.quantity(b), b - up.held)] for a, b in even]
    columns = (across.title(), f"{up.title()}: NPV is zero")
    key = "-".join(filter(None, ("frontier", perimeter, x, y, less)))
    alt = (
        f"Break-even frontier of {name} over {_lower(across.title())} (across) and {_lower(up.title())} (up). {title}. "
        f"{here}"
    )
    return Figure(
        key=key,
        title=title,
        alt=alt,
        svg=draw(key, alt, lambda canvas: _paint_frontier(canvas, found, across, up), height=3.4),
        data=tbl.Table(key=f"{key}-data", caption=f"Break-even pairs, {name}", columns=columns,
                       rows=tbl.rows_of(rows), numeric=tbl.numbers_from(columns, 0),
                       empty="The NPV does not cross zero anywhere in these ranges."),
        rests_on=tuple(filter(None, (x, y, less))),
        note=f"{here} {held}The dashed box is what their own ranges allow; the chart goes half as far again.",
    )  # fmt: skip


def _paint_frontier(canvas: Canvas, found: Frontier, across: _Axis, up: _Axis) -> None:
    axes = canvas.subplots()
    x, y, npv = across.shown(found.x_values), up.shown(found.y_values), found.npv
    lowest, highest = float(npv.min()), float(npv.max())
    levels = [min(lowest, 0.0) - 1.0, 0.0, max(highest, 0.0) + 1.0]
    axes.contourf(x, y, npv, levels=levels, alpha=0.16, colors=[VERMILION, BLUE])
    if lowest < 0 < highest:
        axes.contour(x, y, npv, levels=[0.0], colors=[INK], linewidths=1.8)
    axes.plot([], [], color=INK, label="NPV is zero")
    (left, right), (bottom, top) = across.own, (v - up.held for v in up.own)
    axes.plot([left, right, right, left, left], [bottom, bottom, top, top, bottom], color=QUIET, linewidth=1,
              linestyle=(0, (4, 2)), label="their own ranges")  # fmt: skip
    axes.plot(across.central, up.central - up.held, marker="o", color=GREEN, markersize=7, linestyle="none",
              label="central")  # fmt: skip
    for value, words in ((highest, "NPV above zero"), (lowest, "NPV below zero")):
        if value > 0 if words.endswith("above zero") else value < 0:
            _name_corner(axes, npv, value, words)
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    axes.set_xlabel(across.title())
    axes.set_ylabel(up.title("\n"))
    for axis, side in ((axes.xaxis, across), (axes.yaxis, up)):
        axis.set_major_formatter(side.mark)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=3)


def _name_corner(axes: Axes, npv: Floats, value: float, words: str) -> None:
    """Say in words, in the corner nearest to where the NPV is `value`, which side of the line it is."""
    row, column = (int(i) for i in np.argwhere(npv == value)[0])
    high, right = row > npv.shape[0] / 2, column > npv.shape[1] / 2
    axes.annotate(words, (right, high), xycoords="axes fraction", xytext=(-6 if right else 6, -6 if high else 6),
                  textcoords="offset points", ha="right" if right else "left", va="top" if high else "bottom",
                  color=INK)  # fmt: skip


def information_chart(
    case: Case, result: ResultLike, perimeters: Sequence[str], *, seed: int, most: int = MOST
) -> Figure:
    """Chart what it is worth to firm up each number before deciding among doing nothing and these perimeters."""
    draws = sample(case, len(result.npv_draws[perimeters[0]]), seed)
    benefits = options(result.npv_draws, perimeters)
    groups = groups_by_prefix(case)
    found = information_values(case, draws, benefits, groups=groups)
    perfect, shown = evpi(benefits), [i for i in found if i.value >= LEAST_SWING][:most]
    choice = fmt.listed(["doing nothing", *(_lower(views.title_of(case, p)) for p in perimeters)], "or")

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for i, item in enumerate(shown):
            single = len(item.assumptions) == 1
            axes.barh(i, item.value, xerr=item.error, color=BLUE if single else SKY, hatch="" if single else "////",
                      edgecolor=PAPER, linewidth=0.4, error_kw={"ecolor": QUIET, "elinewidth": 1})  # fmt: skip
        _names(axes, [_group_label(item) for item in shown])
        axes.set_xlim(left=0)
        money_axis(axes, along="x")

    title = (
        f"Firming up {_group_spoken(shown[0])} is worth up to {fmt.money(shown[0].value)} before deciding"
        if shown
        else "No single number is worth firming up: none could change the decision"
    )
    alt = (
        f"Bar chart of the value of information for the choice of {choice}. Knowing everything is worth "
        f"{fmt.money(perfect)}. {' '.join(f'{_group_label(i)}: {fmt.money(i.value)}.' for i in shown)}"
    )
    columns = ("To be learnt", "Worth", "± error", "Share of knowing everything")
    rows = [[tbl.text(_group_label(i)), *_information_cells(i)] for i in shown]
    key = "information-" + "-".join(perimeters)
    return Figure(
        key=key,
        title=title,
        alt=alt,
        svg=draw(key, alt, paint, height=0.9 + 0.28 * len(shown)) if shown else "",
        data=tbl.Table(key=f"{key}-data", caption=f"Value of information: {choice}", columns=columns,
                       rows=tbl.rows_of(rows), numeric=tbl.numbers_from(columns)),
        rests_on=tuple(i.assumptions[0] for i in shown if len(i.assumptions) == 1),
        note=f"The decision: {choice}. Knowing everything exactly would be worth {fmt.money(perfect)}"
        + (
            "; hatched bars are groups of numbers learnt together, estimated on the low side. Assumptions that are "
            "missing could not change the decision."
            if shown
            else "."
        ),
    )  # fmt: skip


def attribution_table(result: ResultLike, perimeter: str, *, threads: int = 1) -> tbl.Table:
    """Table of who earned the NPV: Shapley value beside the causal waterfall; means over the result's draws."""
    case, draws = result.case, len(result.npv_draws[perimeter])
    drawn = sample(case, draws, result.seed)
    found = attribute(case, drawn, perimeter, threads=threads, known=result.npv_draws)
    rows = [[tbl.text(views.title_of(case, name)), *_earned(found, name)] for name in found.shapley]
    joint = float(found.joint.mean())
    rows.append([tbl.text("Together"), *(tbl.number(fmt.pounds(joint), joint) for _ in range(2)), tbl.text("")])
    columns = ("Scheme", "Shapley value", "Step in causal order", "Eight draws of ten")
    names = [views.title_of(case, name) for name in found.meeting]
    return tbl.Table(
        key=f"attribution-{perimeter}",
        caption=f"Who earned the NPV, {views.title_of(case, perimeter)}: mean over {draws:,} draws",
        columns=columns,
        rows=tbl.rows_of(rows),
        numeric=tbl.numbers_from(columns),
        strong=frozenset({len(rows) - 1}),
        note=f"{fmt.listed(names)} meet on the same children; the others add up by themselves. A Shapley value does "
        "not depend on the order of schemes, a step does: demand first, then placements. Both sum to the joint "
        "result to the penny in every draw.",
    )


def convergence_table(result: ResultLike) -> tbl.Table:
    """Table of standard errors, and whether more draws could change a printed digit."""
    case, npv = result.case, result.npv_draws
    shown = [p for p in views.shown_perimeters(case) if p in npv]
    found = npv_precision({p: npv[p] for p in shown}, money_unit=MONEY_PRINTED, share_unit=SHARE_PRINTED)
    rows = [
        [tbl.text(views.title_of(case, p)), tbl.text(_measure(item)), *_precision_cells(item)]
        for p in shown
        for item in found[p]
    ]
    columns = ("Perimeter", "Figure", "Estimate", "Standard error", "A digit may change", "Draws to settle it")
    return tbl.Table(
        key="convergence",
        caption=f"What {len(npv[shown[0]]):,} draws can tell",
        columns=columns,
        rows=tbl.rows_of(rows),
        numeric=frozenset({2, 3, 5}),
        note="Money is printed to £10,000 and chances to 1%. A digit may change where the 95% interval of the "
        "estimate reaches into the next printed figure.",
    )


def sampling_chart(case: Case, perimeter: str, *, draws: int, seeds: int, threads: int = 1) -> Figure:
    """Chart what Sobol' sampling buys: how far apart seeds land with so many draws, mean and P10 of the NPV."""
    evaluate = npv_evaluator(case, [perimeter], threads=threads)
    found = sampling_errors(case, lambda drawn: evaluate(drawn)[perimeter], draws=draws, seeds=seeds)
    name, most = views.title_of(case, perimeter), max(e.draws for e in found)
    kinds = list(dict.fromkeys((e.method, e.process_noise) for e in found))
    last = {(e.method, e.process_noise): e for e in found if e.draws == most}

    def paint(canvas: Canvas) -> None:
        panels = canvas.subplots(1, 2, sharey=True)
        for axes, measure, words in zip(panels, ("mean", "p10"), ("Mean NPV", "P10 of NPV"), strict=True):
            for kind in kinds:
                colour, marker = {"stream": (VERMILION, "s"), "sobol": (BLUE, "o")}[kind[0]]
                line = [e for e in found if (e.method, e.process_noise) == kind]
                axes.plot([e.draws for e in line], [getattr(e, measure) for e in line], color=colour, marker=marker,
                          markersize=4, linestyle="-" if kind[1] else (0, (4, 2)), label=_sampling(*kind))  # fmt: skip
            axes.set_xscale("log", base=2)
            axes.set_xticks(ticks := sorted({e.draws for e in found})[::2], [f"{n:,}" for n in ticks])
            axes.set_title(f"{words}: standard error")
            axes.set_xlabel("Draws")
        money_axis(panels[0])
        if all(min(e.mean, e.p10) > 0 for e in found):
            panels[0].set_yscale("log", base=2)  # a straight line, halved by every four times the draws
            steps = _doublings(min(e.mean for e in found), max(max(e.mean, e.p10) for e in found))
            panels[0].set_yticks(steps, [fmt.money(step) for step in steps])
            panels[0].minorticks_off()
        canvas.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)

    plain, better = last["stream", True].mean, last["sobol", True].mean
    gain = (plain / better) ** 2 if better > 0 else 1.0
    title = (
        f"{name}: {most:,} draws leave the mean NPV uncertain by {fmt.money(plain)}, by {fmt.money(better)} if "
        "they are Sobol' draws"
    )
    alt = (
        f"Line charts of the standard error of the mean and of the P10 of NPV against the number of draws. {title}. "
        f"Without chance in the flows: {fmt.money(last['stream', False].mean)} and "
        f"{fmt.money(last['sobol', False].mean)}."
    )
    columns = ("Sampling", "Draws", "Error of the mean", "Error of the P10")
    rows = [[tbl.text(_sampling(e.method, e.process_noise)), tbl.number(f"{e.draws:,}", e.draws),
             *(tbl.number(fmt.money(v), v) for v in (e.mean, e.p10))] for e in found]  # fmt: skip
    return Figure(
        key=f"sampling-{perimeter}",
        title=title,
        alt=alt,
        svg=draw(f"sampling-{perimeter}", alt, paint, height=2.9),
        data=tbl.Table(key=f"sampling-{perimeter}-data", caption=f"How far apart {seeds} seeds land, {name}",
                       columns=columns, rows=tbl.rows_of(rows), numeric=tbl.numbers_from(columns)),
        note=f"Standard deviation over {seeds} seeds, itself known to about {fmt.percent((2 * (seeds - 1)) ** -0.5)}. "
        f"A Sobol' draw is worth about {fmt.significant(gain, 1)} ordinary ones for the mean here; chance in who "
        "enters and leaves is not part of the sequence, and limits it. What it gives up: adding an assumption changes "
        "every other one's draws; it wants a power of two; and one sample does not tell its own error. Reports "
        "therefore use ordinary draws.",
    )  # fmt: skip


def _doublings(low: float, high: float) -> list[float]:
    """Return round figures, each twice the one before, from below `low` to above `high`."""
    first = 10.0 ** np.floor(np.log10(low))
    return [float(first * 2**k) for k in range(int(np.ceil(np.log2(high / first))) + 1) if first * 2 ** (k + 1) > low]


def _sampling(method: str, process_noise: bool) -> str:  # noqa: FBT001 - a key of what is charted
    words = {"stream": "Pseudo-random", "sobol": "Sobol'"}[method]
    return f"{words}, {'with' if process_noise else 'without'} chance in the flows"


def central_and_mean(result: ResultLike, perimeter: str) -> str:
    """Return a sentence on central and mean NPV: that they differ, and why."""
    found = views.spread(result, perimeter, "npv_gbp")
    return (
        f"{views.title_of(result.case, perimeter)}: the central NPV is {fmt.money(found.central)} and the mean over "
        f"draws {fmt.money(found.mean)}. They differ because ranges are lopsided and effects meet: the result at the "
        "central values is not the average of the results."
    )


def _bar_cells(case: Case, bar: TornadoBar) -> list[tbl.Cell]:
    unit = case.assumptions[bar.assumption].unit
    ends = [tbl.number(fmt.quantity(value, unit), value) for value in (bar.low, bar.high)]
    return [*ends, *(tbl.number(fmt.money(v), v) for v in (bar.npv_low, bar.npv_high, bar.swing))]


def _index_cells(index: SobolIndex) -> list[tbl.Cell]:
    values = (index.first, index.first_error, index.total, index.total_error)
    return [tbl.number(fmt.percent(value, 1), value) for value in values]


def _information_cells(item: Information) -> list[tbl.Cell]:
    money = [tbl.number(fmt.money(value), value) for value in (item.value, item.error)]
    return [*money, tbl.number(fmt.percent(item.share_of_evpi), item.share_of_evpi)]


def _earned(found: Attribution, name: str) -> list[tbl.Cell]:
    share, step = float(found.shapley[name].mean()), float(found.steps[name].mean())
    low, high = (float(q) for q in np.quantile(found.shapley[name], [0.1, 0.9]))
    cells = [tbl.number(fmt.pounds(value), value) for value in (share, step)]
    return [*cells, tbl.number(fmt.money_range(low, high), low)]


def _precision_cells(item: Precision) -> list[tbl.Cell]:
    share = item.printed_unit < 1
    shown = [fmt.percent(v, 1) if share else fmt.money(v) for v in (item.estimate, item.standard_error)]
    needed = f"{item.draws_needed:,}" if item.draws_needed else "enough"
    return [
        tbl.number(shown[0], item.estimate),
        tbl.number(shown[1], item.standard_error),
        tbl.text("yes" if item.may_change else "no"),
        tbl.number(needed, item.draws_needed),
    ]


def _measure(item: Precision) -> str:
    if item.name == "probability_npv_positive":
        return "Chance that NPV is above zero"
    return {"mean": "NPV, mean", "p05": "NPV, 5th percentile", "p50": "NPV, median", "p95": "NPV, 95th percentile"}[
        item.name.rsplit(" ", maxsplit=1)[-1]
    ]


def _group_label(item: Information) -> str:
    if len(item.assumptions) == 1:
        return markup.label(item.group)
    return f"All of {markup.spelt(item.group)}"


def _group_spoken(item: Information) -> str:
    return markup.phrase(item.group) if len(item.assumptions) == 1 else _lower(_group_label(item))


def _frontier_words(found: Frontier, across: _Axis, up: _Axis, turned: float) -> str:
    near = int(np.abs(found.x_values - across.central).argmin())
    points = [
        f"{axis.words} of {axis.quantity(value)} (central {axis.quantity(axis.central)})"
        for axis, value in ((across, turned), (up, float(found.break_even[near])))
        if np.isfinite(value)
    ]
    if points:
        return f"breaks even at {fmt.listed(points, 'or')}"
    side = "above" if np.median(found.npv[:, near]) > 0 else "below"
    return f"NPV is {side} zero wherever one of the two lies in this chart, the other central"


def _a(words: str) -> str:
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


def _span(case: Case, name: str) -> tuple[float, float]:
    """Return where an assumption is charted: its own range, or a tenth of its value either side where it has none."""
    a = case.assumptions[name]
    if a.low == a.high == 0:
        message = f"{name} has no range and is 0: there is nothing to chart along it; give it a low and a high"
        raise ValueError(message)
    return (a.low, a.high) if a.low < a.high else (0.9 * a.value, 1.1 * a.value)


def _names(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(max(len(names), 1) - 0.5, -0.5)
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if not text[:2].isupper() else text
