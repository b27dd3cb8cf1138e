"""Risks: what moves the answer, what would have to be true, who watches it, what to find out, who earned it."""

from typing import Any

from matplotlib.axes import Axes

from model.case.records import Case
from model.case.words import AGENCY, CHANCE, EVERYTHING, PORTFOLIO, WHOLE
from model.report import views
from model.report.look import charts, markup
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.charts import Figure
from model.report.look.page import Block, show
from model.report.money import LEAST
from model.results.perimeters import choices, main_perimeter
from model.results.runs import Result

NOTHING_ACTS = "No scheme acts in this scenario, so there is nothing to be unsure about."
MOST_ROWS = 8  # of the register
MOST = 12  # bars in a chart


def risk(result: Result) -> Block:
    """Return the tornado and the risk register of the main perimeter, what to learn first, the whole's break-even."""
    if not result.case.active_schemes:
        return show(NOTHING_ACTS)
    main = main_perimeter(result.case)
    return show(tornado_chart(result, main), register(result), information_words(result), whole_words(result))


def register(result: Result) -> tbl.Table:
    """Return the risk register of the main perimeter: what if, evidence, owner and trigger.

    First the assumptions that turn the NPV within their own range, then those that move it most.
    """
    case, main = result.case, main_perimeter(result.case)
    turns = {r.assumption: r for r in views.records(result.switching_by_perimeter) if r.perimeter == main}
    bars = [r for r in views.records(result.tornado) if r.perimeter == main and r.swing_gbp >= LEAST]
    bars.sort(key=lambda bar: not turns[bar.assumption].within_range)

    def what_if(bar: Any) -> str:  # noqa: ANN401 - a row of a frame
        npv, value = min((bar.npv_at_p10_gbp, bar.p10), (bar.npv_at_p90_gbp, bar.p90))
        a = case.assumptions[bar.assumption]
        return f"at {fmt.quantity(value, a.unit)} instead of {fmt.quantity(a.value, a.unit)}: {fmt.money(npv)}"

    columns: dict[str, tbl.Show] = {
        "Assumption": lambda bar: tbl.link(case.label(bar.assumption), f"#{markup.anchor(bar.assumption)}"),
        "What if": what_if,
        "Evidence": lambda bar: tbl.rating(case.assumptions[bar.assumption].quality),
        "Owner": lambda bar: case.assumptions[bar.assumption].owner or "nobody named",
        "Trigger: the NPV turns": lambda bar: _trigger(turns[bar.assumption]),
    }  # fmt: skip
    caption = f"Risk register, {views.title_of(case, main)}: NPV with cost avoided, one assumption at a time"
    return tbl.of("register", caption, bars[:MOST_ROWS], columns, empty="No assumption by itself moves the NPV.",
                  note="What if: the worse of its 10th and 90th percentile, all else central.")  # fmt: skip


def _trigger(turn: Any) -> str:  # noqa: ANN401 - a row of a frame
    value = views.some(turn.switching_value)
    if value is None:
        return "at no value it can have"
    outside = "" if turn.within_range else ", outside its range"
    return f"{'above' if value > turn.central else 'below'} {fmt.quantity(value, turn.unit)}{outside}"


def information_words(result: Result) -> str:
    """Return what is worth finding out before the decision; empty where only the central run was made."""
    found = views.records(result.information)
    single = [r for r in found if r.learnt == r.assumptions and r.value_gbp >= LEAST]
    if not found or not single:
        return "No single number is worth firming up: none could change the decision." if found else ""
    every = next(r.value_gbp for r in found if r.learnt == EVERYTHING)
    return (
        f"Before deciding, knowing exactly “{result.case.label(single[0].learnt)}” would be worth up to "
        f"{fmt.money(single[0].value_gbp)}, and knowing everything {fmt.money(every)}."
    )


def whole_words(result: Result) -> str:
    """Return what would pay for the whole where it does not pay for itself; empty where it does."""
    case, npv = result.case, views.metric(result, WHOLE, "npv_gbp")
    if npv is None or npv >= 0:
        return ""
    found = result.payers
    share = "more than nine in ten" if found.entries_share is None else f"{fmt.percent(found.entries_share)} fewer"
    words = (
        f"The whole programme was not meant to pay for itself. It would if, besides what its schemes prevent, {share} "
        f"children of all ages entered care from the start, or if {fmt.money(found.annual_gbp)} a year were saved"
    )
    covers = [case.assumptions.get(f"{spec.name}.cover_cost_annual") for spec in case.schemes if spec.kind == AGENCY]
    total = sum(a.value for a in covers if a is not None)
    if total:
        words += f", {fmt.percent(found.annual_gbp / total)} of the yearly cost of agency cover ({fmt.money(total)})"
    return (
        f"{words}. Posts that stay empty cost nothing here, so failing to recruit makes the whole look better: it does "
        "less, and what it was for is not counted."
    )


def label(case: Case, factor: str) -> str:
    """Return a factor's name for people: an assumption's, or chance."""
    return "Chance: who happens to enter and leave" if factor == CHANCE else case.label(factor)


def tornado_chart(result: Result, perimeter: str) -> Figure:
    """Chart how far each assumption, moved from its P10 to its P90 by itself, moves the NPV."""
    case, name, found = result.case, views.title_of(result.case, perimeter), result.tornado
    moved = found[(found["perimeter"] == perimeter) & (found["swing_gbp"] >= LEAST)].head(MOST)
    bars = views.records(moved)
    ends = {"at its P10": ("npv_at_p10_gbp", charts.SKY, "////"), "at its P90": ("npv_at_p90_gbp", charts.BLUE, "")}

    def paint(axes: Axes) -> None:
        central = bars[0].npv_central_gbp
        parts = [(moved[npv] - central, colour, hatch, words) for words, (npv, colour, hatch) in ends.items()]
        charts.bars(axes, [label(case, b.assumption) for b in bars], parts, left=central)
        axes.axvline(central, color=charts.INK, linewidth=1, linestyle=charts.DASHED)
        charts.zero_line(axes, across=False)
        charts.money_axis(axes, along="x")
        axes.legend(loc="lower right")

    title = f"{name}: nothing varies"
    note = "No assumption by itself moves the NPV between its 10th and its 90th percentile."
    if bars:
        title = f"{name}: “{label(case, bars[0].assumption)}” moves the answer most"
        note = ("Each assumption by itself, from its 10th to its 90th percentile; the dashed line is the central NPV. "
                "Assumptions that do not move it are left out.")  # fmt: skip
    columns: dict[str, tbl.Show] = {
        "Assumption": lambda b: label(case, b.assumption), "P10": lambda b: tbl.quantity(b.p10, b.unit),
        "P90": lambda b: tbl.quantity(b.p90, b.unit), "NPV at P10": "npv_at_p10_gbp", "NPV at P90": "npv_at_p90_gbp",
        "Swing": "swing_gbp",
    }  # fmt: skip
    data = tbl.of(f"tornado-{perimeter}-data", f"One assumption at a time, {name}", bars, columns)
    return charts.chart(f"tornado-{perimeter}", "Tornado chart", title, paint, height=charts.bars_height(len(bars)),
                        data=data, rests_on=views.labels(case, [b.assumption for b in bars]), note=note)  # fmt: skip


def sobol_chart(result: Result, perimeter: str, *, draws: int, threads: int = 1) -> Figure:
    """Chart which assumptions make the spread of NPV: alone, and with all they interact in."""
    case, name = result.case, views.title_of(result.case, perimeter)
    found = result.sobol(perimeter, draws=draws, threads=threads)
    shown = found.head(MOST)
    rows = views.records(shown)

    def paint(axes: Axes) -> None:
        charts.bars(axes, [label(case, i.factor) for i in rows],
                    [(100 * shown["total"], charts.SKY, "////", "with all it interacts in")])  # fmt: skip
        alone = 100 * shown["first"].clip(lower=0)
        axes.barh(range(len(rows)), alone, color=charts.BLUE, height=0.4, label="by itself")
        axes.set_xlabel("Share of the variance of NPV, %")
        axes.legend(loc="lower right")

    title = f"{name}: nothing varies"
    if rows:
        title = f"{name}: “{label(case, rows[0].factor)}” makes {fmt.percent(rows[0].total)} of the spread"
    columns: dict[str, tbl.Show] = {
        "Factor": lambda i: label(case, i.factor), "Alone": lambda i: tbl.share(i.first, 1),
        "± error": lambda i: tbl.share(i.first_error, 1), "In all": lambda i: tbl.share(i.total, 1),
        "± error, in all": lambda i: tbl.share(i.total_error, 1),
    }  # fmt: skip
    return charts.chart(
        f"sobol-{perimeter}", "Bar chart", title, paint, height=charts.bars_height(len(rows)),
        data=tbl.of(f"sobol-{perimeter}-data", f"Sobol' indices of the NPV, {name}", rows, columns),
        rests_on=views.labels(case, [i.factor for i in rows]),
        note=f"{fmt.percent(found['first'].clip(lower=0).sum())} of the variance comes from factors by themselves; the "
        "rest from their meeting. Assumptions tied by a correlation share one bar. Errors are standard errors.",
    )  # fmt: skip


def information_chart(result: Result) -> Figure:
    """Chart what it is worth to firm up each number before deciding among doing nothing and the schemes."""
    case, perimeters, found = result.case, choices(result.case), result.information
    everything = found["learnt"] == EVERYTHING
    kept = found[~everything & (found["value_gbp"] >= LEAST)].head(MOST)
    shown = views.records(kept)
    choice = fmt.listed(["doing nothing", *(views.within(case, p) for p in perimeters)], "or")

    def paint(axes: Axes) -> None:
        drawn = [(charts.BLUE, "") if _is_single(row) else (charts.SKY, "////") for row in shown]
        colours, hatches = zip(*drawn, strict=True)
        charts.bars(axes, [learnt(case, row) for row in shown], [(kept["value_gbp"], colours, hatches, "")])
        axes.errorbar(kept["value_gbp"], range(len(kept)), xerr=kept["error_gbp"], fmt="none", ecolor=charts.QUIET)
        axes.set_xlim(left=0)
        charts.money_axis(axes, along="x")

    title, more = "No single number is worth firming up: none could change the decision", "."
    if shown:
        title = f"Firming up “{learnt(case, shown[0])}” is worth up to {fmt.money(shown[0].value_gbp)} before deciding"
        more = ("; hatched bars are groups of numbers learnt together, estimated on the low side. Assumptions that are "
                "missing could not change the decision.")  # fmt: skip
    columns: dict[str, tbl.Show] = {
        "To be learnt": lambda r: learnt(case, r), "Worth": "value_gbp", "± error": "error_gbp",
        "Share of knowing everything": lambda r: tbl.share(r.share_of_everything),
    }  # fmt: skip
    key, perfect = "information-" + "-".join(perimeters), fmt.money(found.loc[everything, "value_gbp"].sum())
    return charts.chart(
        key, "Bar chart", title, paint, height=charts.bars_height(len(shown)),
        data=tbl.of(f"{key}-data", f"Value of information: {choice}", shown, columns),
        rests_on=views.labels(case, [row.learnt for row in shown]),
        note=f"The decision: {choice}. Knowing everything exactly would be worth {perfect}{more}",
    )  # fmt: skip


def _is_single(row: Any) -> bool:  # noqa: ANN401 - a row of a frame
    return bool(row.assumptions == row.learnt)


def learnt(case: Case, row: Any) -> str:  # noqa: ANN401 - as above
    """Return what a row of the value of information is about: one number, a group of them, or all."""
    if row.learnt == EVERYTHING:
        return "Every number"
    return case.label(row.learnt) if _is_single(row) else f"All of {markup.spelt(row.learnt)}"


def attribution_table(result: Result, perimeter: str) -> tbl.Table:
    """Table of who earned the NPV: Shapley value beside the causal waterfall; means over the result's draws."""
    case, found = result.case, result.attribution
    found = found[found["perimeter"] == perimeter]
    low, high = (found[found["statistic"] == s].set_index("scheme")["shapley_gbp"] for s in ("p10", "p90"))
    means = views.records(found[found["statistic"] == "mean"])
    columns: dict[str, tbl.Show] = {
        "Scheme": lambda r: tbl.total("Together") if r.scheme == PORTFOLIO else views.title_of(case, r.scheme),
        "Shapley value": lambda r: tbl.number(fmt.pounds(r.shapley_gbp), r.shapley_gbp),
        "Step in causal order": lambda r: tbl.number(fmt.pounds(r.step_gbp), r.step_gbp),
        "Eight runs in ten": lambda r: "" if r.scheme == PORTFOLIO else fmt.money_range(low[r.scheme], high[r.scheme]),
    }  # fmt: skip
    meeting = [views.title_of(case, r.scheme) for r in means if r.meets]
    return tbl.of(
        f"attribution-{perimeter}",
        f"Who earned the NPV, {views.title_of(case, perimeter)}: mean over {result.draws:,} runs", means, columns,
        note=f"{fmt.listed(meeting)} meet on the same children; the others add up by themselves. A Shapley value does "
        "not depend on the order of schemes, a step does: demand first, then placements. Both sum to the joint "
        "result to the penny in every run.",
    )  # fmt: skip
