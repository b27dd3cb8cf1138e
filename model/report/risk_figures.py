"""Charts and tables of risk: what drives the answer, what would have to be true, what to find out, who earned it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from model.case.words import CHANCE, EVERYTHING, PORTFOLIO
from model.report import views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.charts import (
    BLUE,
    DASHED,
    INK,
    PAPER,
    QUIET,
    SKY,
    VERMILION,
    Figure,
    chart,
    draw,
    money_axis,
    name_rows,
    zero_line,
)
from model.results.perimeters import choices

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from model.results.runs import Result

MOST = 12  # bars in a chart
LEAST_SWING = 0.5  # pounds: a bar of less has no length
CHANCE_WORDS = "Chance: who happens to enter and leave"


def label(factor: str) -> str:
    """Return a factor's name for people: an assumption's, or chance."""
    if factor == CHANCE:
        return CHANCE_WORDS
    return " and ".join(markup.label(name) for name in factor.split(" with "))


def spoken(factor: str) -> str:
    """Return a factor's name within a sentence."""
    if factor == CHANCE:
        return fmt.lowered(CHANCE_WORDS.replace(":", ","))
    return " and ".join(markup.phrase(name) for name in factor.split(" with "))


def tornado_chart(result: Result, perimeter: str, *, most: int = MOST) -> Figure:
    """Chart how far each assumption, moved from its P10 to its P90 by itself, moves the NPV."""
    name, found = views.title_of(result.case, perimeter), result.tornado
    moved = found[(found["perimeter"] == perimeter) & (found["swing_gbp"] >= LEAST_SWING)]
    bars = views.records(moved)[:most]
    central = bars[0].npv_central_gbp if bars else 0.0

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for i, bar in enumerate(bars):
            for npv, colour, hatch in ((bar.npv_at_p10_gbp, SKY, "////"), (bar.npv_at_p90_gbp, BLUE, "")):
                axes.barh(i, npv - central, left=central, color=colour, hatch=hatch, edgecolor=PAPER, linewidth=0.4,
                          label=("at its P10", "at its P90")[hatch == ""] if i == 0 else None)  # fmt: skip
        axes.axvline(central, color=INK, linewidth=1, linestyle=DASHED)
        zero_line(axes, across=False)
        name_rows(axes, [label(bar.assumption) for bar in bars])
        money_axis(axes, along="x")
        axes.legend(loc="lower right")

    turning = [
        bar
        for bar in bars
        if min(bar.npv_at_p10_gbp, bar.npv_at_p90_gbp) < 0 < max(bar.npv_at_p10_gbp, bar.npv_at_p90_gbp)
    ]
    title = f"{name}: {spoken(bars[0].assumption)} moves the answer most" if bars else f"{name}: nothing varies"
    alt = (
        f"Tornado chart of {name}, NPV {fmt.money(central)} at central values. "
        + " ".join(
            f"{label(b.assumption)}: {fmt.money_range(*sorted((b.npv_at_p10_gbp, b.npv_at_p90_gbp)))}." for b in bars
        )
        + f" {fmt.counted(len(turning), 'bar crosses', 'bars cross')} zero."
    )
    rows = [[tbl.text(label(b.assumption)), *_bar_cells(b)] for b in bars]
    columns = ("Assumption", "P10", "P90", "NPV at P10", "NPV at P90", "Swing")
    return Figure(
        key=f"tornado-{perimeter}",
        title=title,
        alt=alt,
        svg=draw(f"tornado-{perimeter}", alt, paint, height=0.9 + 0.28 * len(bars)) if bars else "",
        data=tbl.Table(key=f"tornado-{perimeter}-data", caption=f"One assumption at a time, {name}", columns=columns,
                       rows=rows, numeric=1),
        rests_on=tuple(b.assumption for b in bars),
        note="Each assumption by itself, from its 10th to its 90th percentile; the dashed line is the central NPV. "
        "Assumptions that do not move it are left out."
        if bars
        else "No assumption by itself moves the NPV between its 10th and its 90th percentile.",
    )  # fmt: skip


def sobol_chart(result: Result, perimeter: str, *, draws: int, threads: int = 1, most: int = MOST) -> Figure:
    """Chart which assumptions make the spread of NPV: alone, and with all they interact in."""
    case, found = result.case, views.records(result.sobol(perimeter, draws=draws, threads=threads))
    shown, name = found[:most], views.title_of(case, perimeter)

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for i, index in enumerate(shown):
            axes.barh(i, 100 * index.total, color=SKY, hatch="////", edgecolor=PAPER, linewidth=0.4, height=0.75,
                      label="with all it interacts in" if i == 0 else None)  # fmt: skip
            axes.barh(i, 100 * max(index.first, 0), color=BLUE, height=0.4, label="by itself" if i == 0 else None)
        name_rows(axes, [label(index.factor) for index in shown])
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
    return chart(f"sobol-{perimeter}", title, alt, paint, height=0.9 + 0.28 * max(len(shown), 1),
        data=tbl.Table(key=f"sobol-{perimeter}-data", caption=f"Sobol' indices, {name}", columns=columns,
                       rows=rows, numeric=1),
        rests_on=tuple(i.factor for i in shown if i.factor in case.assumptions),
        note=f"{fmt.percent(alone)} of the variance comes from factors by themselves; the rest from their meeting. "
        "Assumptions tied by a declared correlation share one bar. Errors are standard errors.",
    )  # fmt: skip


def information_chart(result: Result, *, most: int = MOST) -> Figure:
    """Chart what it is worth to firm up each number before deciding among doing nothing and the schemes."""
    case, perimeters, found = result.case, choices(result.case), views.records(result.information)
    perfect = sum(row.value_gbp for row in found if row.learnt == EVERYTHING)
    shown = [row for row in found if row.learnt != EVERYTHING and row.value_gbp >= LEAST_SWING][:most]
    choice = fmt.listed(["doing nothing", *(fmt.lowered(views.title_of(case, p)) for p in perimeters)], "or")

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for i, row in enumerate(shown):
            colour, hatch = (BLUE, "") if _is_single(row) else (SKY, "////")
            axes.barh(i, row.value_gbp, xerr=row.error_gbp, color=colour, hatch=hatch, edgecolor=PAPER, linewidth=0.4,
                      error_kw={"ecolor": QUIET, "elinewidth": 1})  # fmt: skip
        name_rows(axes, [_learnt(row) for row in shown])
        axes.set_xlim(left=0)
        money_axis(axes, along="x")

    title, more = "No single number is worth firming up: none could change the decision", "."
    if shown:
        top = markup.phrase(shown[0].learnt) if _is_single(shown[0]) else fmt.lowered(_learnt(shown[0]))
        title = f"Firming up {top} is worth up to {fmt.money(shown[0].value_gbp)} before deciding"
        more = (
            "; hatched bars are groups of numbers learnt together, estimated on the low side. Assumptions that are "
            "missing could not change the decision."
        )
    alt = (
        f"Bar chart of the value of information for the choice of {choice}. Knowing everything is worth "
        f"{fmt.money(perfect)}. {' '.join(f'{_learnt(row)}: {fmt.money(row.value_gbp)}.' for row in shown)}"
    )
    rows = [
        [tbl.text(_learnt(r)), *(tbl.number(fmt.money(v), v) for v in (r.value_gbp, r.error_gbp)),
         tbl.number(fmt.percent(r.share_of_everything), r.share_of_everything)]
        for r in shown
    ]  # fmt: skip
    key = "information-" + "-".join(perimeters)
    data = tbl.Table(
        key=f"{key}-data",
        caption=f"Value of information: {choice}",
        columns=("To be learnt", "Worth", "± error", "Share of knowing everything"),
        rows=rows,
        numeric=1,
    )
    return Figure(
        key=key,
        title=title,
        alt=alt,
        svg=draw(key, alt, paint, height=0.9 + 0.28 * len(shown)) if shown else "",
        data=data,
        rests_on=tuple(row.learnt for row in shown if _is_single(row)),
        note=f"The decision: {choice}. Knowing everything exactly would be worth {fmt.money(perfect)}{more}",
    )


def _is_single(row: Any) -> bool:  # noqa: ANN401 - a row of a frame
    return bool(row.assumptions == row.learnt)


def _learnt(row: Any) -> str:  # noqa: ANN401 - as above
    return markup.label(row.learnt) if _is_single(row) else f"All of {markup.spelt(row.learnt)}"


def attribution_table(result: Result, perimeter: str) -> tbl.Table:
    """Table of who earned the NPV: Shapley value beside the causal waterfall; means over the result's draws."""
    case, found = result.case, result.attribution
    found = found[found["perimeter"] == perimeter]
    means, low, high = (found[found["statistic"] == s].set_index("scheme") for s in ("mean", "p10", "p90"))
    rows = [
        [
            tbl.text("Together" if name == PORTFOLIO else views.title_of(case, str(name))),
            *(tbl.number(fmt.pounds(value), value) for value in means.loc[name, ["shapley_gbp", "step_gbp"]]),
            tbl.text("")
            if name == PORTFOLIO
            else tbl.number(
                fmt.money_range(low["shapley_gbp"][name], high["shapley_gbp"][name]), low["shapley_gbp"][name]
            ),
        ]
        for name in means.index
    ]
    meeting = [views.title_of(case, str(name)) for name in means.index[means["meets"].astype(bool)]]
    return tbl.Table(
        key=f"attribution-{perimeter}",
        caption=f"Who earned the NPV, {views.title_of(case, perimeter)}: mean over {result.draws:,} draws",
        columns=("Scheme", "Shapley value", "Step in causal order", "Eight draws of ten"),
        rows=rows,
        numeric=1,
        strong=frozenset({len(rows) - 1}),
        note=f"{fmt.listed(meeting)} meet on the same children; the others add up by themselves. A Shapley value does "
        "not depend on the order of schemes, a step does: demand first, then placements. Both sum to the joint "
        "result to the penny in every draw.",
    )


def convergence_table(result: Result) -> tbl.Table:
    """Table of standard errors, and whether more draws could change a printed digit."""
    rows = [
        [tbl.text(views.title_of(result.case, r.perimeter)), tbl.text(_MEASURES[r.metric, r.statistic]),
         *_precision_cells(r)]
        for r in views.records(result.convergence)
    ]  # fmt: skip
    return tbl.Table(
        key="convergence",
        caption=f"What {result.draws:,} draws can tell",
        columns=("Perimeter", "Figure", "Estimate", "Standard error", "A digit may change", "Draws to settle it"),
        rows=rows,
        numeric=frozenset({2, 3, 5}),
        note="Money is printed to £10,000 and chances to 1%. A digit may change where the 95% interval of the "
        "estimate reaches into the next printed figure.",
    )


_MEASURES = {
    ("npv_gbp", "mean"): "NPV, mean",
    ("npv_gbp", "p05"): "NPV, 5th percentile",
    ("npv_gbp", "p50"): "NPV, median",
    ("npv_gbp", "p95"): "NPV, 95th percentile",
    ("probability_npv_positive", "mean"): "Chance that NPV is above zero",
}


def sampling_chart(result: Result, perimeter: str, *, draws: int, seeds: int, threads: int = 1) -> Figure:
    """Chart what Sobol' sampling buys: how far apart seeds land with so many draws, mean and P10 of the NPV."""
    found = result.sampling_errors(perimeter, draws=draws, seeds=seeds, threads=threads)
    name, most = views.title_of(result.case, perimeter), max(e.draws for e in found)
    kinds = list(dict.fromkeys((e.method, e.process_noise) for e in found))
    last = {(e.method, e.process_noise): e for e in found if e.draws == most}

    def paint(canvas: Canvas) -> None:
        panels = canvas.subplots(1, 2, sharey=True)
        for axes, measure, words in zip(panels, ("mean", "p10"), ("Mean NPV", "P10 of NPV"), strict=True):
            for kind in kinds:
                colour, marker = {"stream": (VERMILION, "s"), "sobol": (BLUE, "o")}[kind[0]]
                line = [e for e in found if (e.method, e.process_noise) == kind]
                axes.plot([e.draws for e in line], [getattr(e, measure) for e in line], color=colour, marker=marker,
                          markersize=4, linestyle="-" if kind[1] else DASHED, label=_sampling(*kind))  # fmt: skip
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
    return chart(f"sampling-{perimeter}", title, alt, paint, height=2.9,
        data=tbl.Table(key=f"sampling-{perimeter}-data", caption=f"How far apart {seeds} seeds land, {name}",
                       columns=columns, rows=rows, numeric=1),
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


def central_and_mean(result: Result, perimeter: str) -> str:
    """Return a sentence on central and mean NPV: that they differ, and why."""
    found = views.spread(result, perimeter, "npv_gbp")
    return (
        f"{views.title_of(result.case, perimeter)}: the central NPV is {fmt.money(found.central)} and the mean over "
        f"draws {fmt.money(found.mean)}. They differ because ranges are lopsided and effects meet: the result at the "
        "central values is not the average of the results."
    )


def _bar_cells(bar: Any) -> list[tbl.Cell]:  # noqa: ANN401 - a row of a frame
    ends = [tbl.number(fmt.quantity(value, bar.unit), value) for value in (bar.p10, bar.p90)]
    return [*ends, *(tbl.number(fmt.money(v), v) for v in (bar.npv_at_p10_gbp, bar.npv_at_p90_gbp, bar.swing_gbp))]


def _index_cells(index: Any) -> list[tbl.Cell]:  # noqa: ANN401 - as above
    values = (index.first, index.first_error, index.total, index.total_error)
    return [tbl.number(fmt.percent(value, 1), value) for value in values]


def _precision_cells(item: Any) -> list[tbl.Cell]:  # noqa: ANN401 - as above
    share = item.printed_unit < 1
    shown = [fmt.percent(v, 1) if share else fmt.money(v) for v in (item.estimate, item.standard_error)]
    needed = f"{item.draws_needed:,}" if item.draws_needed else "enough"
    return [
        tbl.number(shown[0], item.estimate),
        tbl.number(shown[1], item.standard_error),
        tbl.text("yes" if item.may_change else "no"),
        tbl.number(needed, item.draws_needed),
    ]
