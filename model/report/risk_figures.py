"""Charts and tables of risk: what drives the answer, what would have to be true, what to find out, who earned it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

    from model.case.records import Case
    from model.results.runs import Result

MOST = 12  # bars in a chart
LEAST_SWING = 0.5  # pounds: a bar of less has no length
CHANCE_WORDS = "Chance: who happens to enter and leave"


def label(case: Case, factor: str) -> str:
    """Return a factor's name for people: an assumption's, or chance."""
    return CHANCE_WORDS if factor == CHANCE else case.label(factor)


def spoken(case: Case, factor: str) -> str:
    """Return a factor's name within a sentence."""
    return f"“{label(case, factor)}”"


def tornado_chart(result: Result, perimeter: str, *, most: int = MOST) -> Figure:
    """Chart how far each assumption, moved from its P10 to its P90 by itself, moves the NPV."""
    case, found = result.case, result.tornado
    name = views.title_of(case, perimeter)
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
        name_rows(axes, [label(case, bar.assumption) for bar in bars])
        money_axis(axes, along="x")
        axes.legend(loc="lower right")

    turning = [
        bar
        for bar in bars
        if min(bar.npv_at_p10_gbp, bar.npv_at_p90_gbp) < 0 < max(bar.npv_at_p10_gbp, bar.npv_at_p90_gbp)
    ]
    title = f"{name}: {spoken(case, bars[0].assumption)} moves the answer most" if bars else f"{name}: nothing varies"
    alt = (
        f"Tornado chart of {name}, NPV {fmt.money(central)} at central values. "
        + " ".join(
            f"{label(case, b.assumption)}: {fmt.money_range(*sorted((b.npv_at_p10_gbp, b.npv_at_p90_gbp)))}."
            for b in bars
        )
        + f" {fmt.counted(len(turning), 'bar crosses', 'bars cross')} zero."
    )
    rows = [[tbl.text(label(case, b.assumption)), *_bar_cells(b)] for b in bars]
    columns = ("Assumption", "P10", "P90", "NPV at P10", "NPV at P90", "Swing")
    return Figure(
        key=f"tornado-{perimeter}",
        title=title,
        alt=alt,
        svg=draw(f"tornado-{perimeter}", alt, paint, height=0.9 + 0.28 * len(bars)) if bars else "",
        data=tbl.Table(key=f"tornado-{perimeter}-data", caption=f"One assumption at a time, {name}", columns=columns,
                       rows=rows, numeric=1),
        rests_on=views.labels(case, [b.assumption for b in bars]),
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
        name_rows(axes, [label(case, index.factor) for index in shown])
        axes.set_xlabel("Share of the variance of NPV, %")
        axes.legend(loc="lower right")

    alone = sum(max(index.first, 0.0) for index in found)
    top = shown[0] if shown else None
    title = (
        f"{name}: {spoken(case, top.factor)} makes {fmt.percent(top.total)} of the spread"
        if top
        else f"{name}: nothing varies"
    )
    alt = f"Bar chart of Sobol' indices of the NPV of {name}. " + " ".join(
        f"{label(case, i.factor)}: {fmt.percent(max(i.first, 0))} alone, {fmt.percent(i.total)} in all." for i in shown
    )
    columns = ("Factor", "Alone", "± error", "In all", "± error")
    rows = [[tbl.text(label(case, i.factor)), *_index_cells(i)] for i in shown]
    return chart(f"sobol-{perimeter}", title, alt, paint, height=0.9 + 0.28 * max(len(shown), 1),
        data=tbl.Table(key=f"sobol-{perimeter}-data", caption=f"Sobol' indices, {name}", columns=columns,
                       rows=rows, numeric=1),
        rests_on=views.labels(case, [i.factor for i in shown]),
        note=f"{fmt.percent(alone)} of the variance comes from factors by themselves; the rest from their meeting. "
        "Assumptions tied by a declared correlation share one bar. Errors are standard errors.",
    )  # fmt: skip


def information_chart(result: Result, *, most: int = MOST) -> Figure:
    """Chart what it is worth to firm up each number before deciding among doing nothing and the schemes."""
    case, perimeters, found = result.case, choices(result.case), views.records(result.information)
    perfect = sum(row.value_gbp for row in found if row.learnt == EVERYTHING)
    shown = [row for row in found if row.learnt != EVERYTHING and row.value_gbp >= LEAST_SWING][:most]
    choice = fmt.listed(["doing nothing", *(views.within(case, p) for p in perimeters)], "or")

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for i, row in enumerate(shown):
            colour, hatch = (BLUE, "") if _is_single(row) else (SKY, "////")
            axes.barh(i, row.value_gbp, xerr=row.error_gbp, color=colour, hatch=hatch, edgecolor=PAPER, linewidth=0.4,
                      error_kw={"ecolor": QUIET, "elinewidth": 1})  # fmt: skip
        name_rows(axes, [_learnt(case, row) for row in shown])
        axes.set_xlim(left=0)
        money_axis(axes, along="x")

    title, more = "No single number is worth firming up: none could change the decision", "."
    if shown:
        top = f"“{_learnt(case, shown[0])}”"
        title = f"Firming up {top} is worth up to {fmt.money(shown[0].value_gbp)} before deciding"
        more = (
            "; hatched bars are groups of numbers learnt together, estimated on the low side. Assumptions that are "
            "missing could not change the decision."
        )
    alt = (
        f"Bar chart of the value of information for the choice of {choice}. Knowing everything is worth "
        f"{fmt.money(perfect)}. {' '.join(f'{_learnt(case, row)}: {fmt.money(row.value_gbp)}.' for row in shown)}"
    )
    rows = [
        [tbl.text(_learnt(case, r)), *(tbl.number(fmt.money(v), v) for v in (r.value_gbp, r.error_gbp)),
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
        rests_on=views.labels(case, [row.learnt for row in shown]),
        note=f"The decision: {choice}. Knowing everything exactly would be worth {fmt.money(perfect)}{more}",
    )


def _is_single(row: Any) -> bool:  # noqa: ANN401 - a row of a frame
    return bool(row.assumptions == row.learnt)


def _learnt(case: Case, row: Any) -> str:  # noqa: ANN401 - as above
    return case.label(row.learnt) if _is_single(row) else f"All of {markup.spelt(row.learnt)}"


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
        caption=f"Who earned the NPV, {views.title_of(case, perimeter)}: mean over {result.draws:,} runs",
        columns=("Scheme", "Shapley value", "Step in causal order", "Eight runs in ten"),
        rows=rows,
        numeric=1,
        strong=frozenset({len(rows) - 1}),
        note=f"{fmt.listed(meeting)} meet on the same children; the others add up by themselves. A Shapley value does "
        "not depend on the order of schemes, a step does: demand first, then placements. Both sum to the joint "
        "result to the penny in every run.",
    )


def _bar_cells(bar: Any) -> list[tbl.Cell]:  # noqa: ANN401 - a row of a frame
    ends = [tbl.number(fmt.quantity(value, bar.unit), value) for value in (bar.p10, bar.p90)]
    return [*ends, *(tbl.number(fmt.money(v), v) for v in (bar.npv_at_p10_gbp, bar.npv_at_p90_gbp, bar.swing_gbp))]


def _index_cells(index: Any) -> list[tbl.Cell]:  # noqa: ANN401 - as above
    values = (index.first, index.first_error, index.total, index.total_error)
    return [tbl.number(fmt.percent(value, 1), value) for value in values]
