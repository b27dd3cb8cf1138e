"""Scenarios side by side: their headlines, what sets each apart from the base scenario, and how much that moved it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from model.case.words import REMAINDER
from model.report import views
from model.report.look import charts, markup
from model.report.look import format as fmt
from model.report.look import tables as tbl

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from model.case.records import Case
    from model.results.outputs import Run

RESERVE_COLUMNS = ("Reserve runs short in", "Short by, mean")
RESERVE_NOTE = (
    "The reserve counts agency teams that it already pays for only where the scheme that ends them acts: do not "
    "compare the last two columns with those of scenarios without it."
)


def side_by_side(runs: Sequence[Run], perimeter: str, title: str) -> tbl.Table:
    """Return the scenarios' headlines in one perimeter: a row each, sortable."""
    shown = [run for run in runs if perimeter in run.metrics]
    year = shown[0].in_year(perimeter, "investment")[0] if shown else ""
    rows = [
        [
            tbl.link(run.title, run.link) if run.link else tbl.text(run.title),
            _amount(-run.in_year(perimeter, "investment")[1]),
            _amount(run.in_year(perimeter, "cashable_saving")[1] + run.in_year(perimeter, "income")[1]),
            _amount(run.in_year(perimeter, "cost_avoidance")[1]),
            _amount(run.value(perimeter, "npv_gbp")),
            _amount(run.value(perimeter, "npv_gbp", "mean")),
            tbl.number(_reach(run, perimeter), run.value(perimeter, "npv_gbp", "p50")),
            tbl.number(_chance(run, perimeter), run.chance(perimeter)),
            _payback(run.value(perimeter, "payback_months")),
            _amount(run.value(perimeter, "peak_funding_gbp")),
            *_reserve(run, perimeter),
        ]
        for run in shown
    ]
    columns = ["Scenario", f"Investment {year}", f"Cashable {year}", f"Avoided {year}", "NPV, central", "NPV, mean",
               "NPV, 10% to 90%", "Chance NPV above zero", "Payback", "Peak funding",
               *RESERVE_COLUMNS]  # fmt: skip
    note = RESERVE_NOTE
    if not any(run.value(perimeter, "reserve_shortfall_gbp") is not None for run in shown):
        note = ""
        without = len(columns) - len(RESERVE_COLUMNS)
        columns, rows = columns[:without], [row[:without] for row in rows]
    return tbl.Table(
        key=f"side-{perimeter}",
        caption=f"{title}: scenarios side by side, real terms",
        columns=columns,
        rows=rows,
        numeric=1,
        sortable=True,
        note=note,
        empty="No scenario has been run.",
    )


def _reserve(run: Run, perimeter: str) -> tuple[tbl.Cell, tbl.Cell]:
    """Return how likely the reserve is to run short, and by how much on average: the central run alone hides both."""
    chance = run.value(perimeter, "probability_reserve_short", "mean")
    short = run.value(perimeter, "reserve_shortfall_gbp", "mean")
    if chance is None or short is None:
        return tbl.text("central run only"), _amount(run.value(perimeter, "reserve_shortfall_gbp"))
    return tbl.number(fmt.chance(chance), chance), _amount(short)


def _amount(value: float | None) -> tbl.Cell:
    return tbl.text("none") if value is None else tbl.number(fmt.money(value), value)


def _reach(run: Run, perimeter: str) -> str:
    low, high = run.value(perimeter, "npv_gbp", "p10"), run.value(perimeter, "npv_gbp", "p90")
    return "central run only" if low is None else fmt.money_range(low, high)


def _chance(run: Run, perimeter: str) -> str:
    found = run.chance(perimeter)
    return "central run only" if found is None else fmt.chance(found)


def _payback(value: float | None) -> tbl.Cell:
    return tbl.number("nothing to pay back" if value == 0 else fmt.duration(value), value)


def npv_by_scenario(runs: Sequence[Run], perimeter: str, title: str) -> charts.Figure:
    """Chart NPV by scenario: central, mean and the 10% to 90% range."""
    shown = [run for run in runs if run.value(perimeter, "npv_gbp") is not None]
    central = {run.title: run.value(perimeter, "npv_gbp") or 0.0 for run in shown}

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for i, run in enumerate(shown):
            low, high = run.value(perimeter, "npv_gbp", "p10"), run.value(perimeter, "npv_gbp", "p90")
            if low is not None and high is not None:
                axes.hlines(i, low, high, color=charts.SKY, linewidth=7, alpha=0.5,
                            label="" if i else "10th to 90th percentile")  # fmt: skip
            mean = run.value(perimeter, "npv_gbp", "mean")
            if mean is not None:
                axes.plot(mean, i, marker="|", color=charts.INK, markersize=12, linestyle="",
                          label="" if i else "Mean")  # fmt: skip
            axes.plot(central[run.title], i, marker="o", color=charts.BLUE, linestyle="", label="" if i else "Central")
        axes.axvline(0, color=charts.INK, linewidth=1)
        charts.name_rows(axes, [_short(run.title) for run in shown])
        charts.money_axis(axes, along="x")
        axes.legend(loc="upper center", bbox_to_anchor=(0.4, -0.08), ncols=3)

    good = [name for name, value in central.items() if value > 0]
    finding = f"{title}: NPV is above zero in {_of(len(good), len(shown))}, central"
    if len(shown) == 1:
        finding = f"{title}: NPV {fmt.money(central[shown[0].title])} in {shown[0].title}, central"
    alt = f"Range chart of NPV by scenario, {title}. " + " ".join(f"{n}: {fmt.money(v)}." for n, v in central.items())
    rows = [[tbl.text(run.title), *(_amount(run.value(perimeter, "npv_gbp", s)) for s in ("central", "mean")),
             tbl.text(_reach(run, perimeter))] for run in shown]  # fmt: skip
    data = tbl.Table(key=f"npv-by-scenario-{perimeter}", caption=f"NPV by scenario, {title}",
                     columns=("Scenario", "Central", "Mean", "10% to 90%"), rows=rows,
                     numeric=frozenset({1, 2, 3}))  # fmt: skip
    key = f"scenarios-{perimeter}"
    height = 0.8 + 0.32 * max(len(shown), 1)
    return charts.chart(key, finding, alt, paint, height=height, data=data)


def _of(part: int, whole: int) -> str:
    every = "both scenarios" if whole == 2 else f"all {whole} scenarios"
    return {0: f"none of {whole} scenarios", whole: every}.get(part, f"{part} of {whole} scenarios")


def _short(title: str) -> str:
    return title if len(title) <= 42 else f"{title[:40]}…"


def small_multiples(runs: Sequence[Run], perimeter: str, title: str) -> charts.Figure:
    """Chart the net position by financial year, a small panel per scenario, all on one scale."""
    frames = {run.title: run.net(perimeter) for run in runs if perimeter in run.metrics}
    columns = 3

    def paint(canvas: Canvas) -> None:
        small = charts.panels(canvas, len(frames), columns)
        for axes, (name, frame) in zip(small, frames.items(), strict=True):
            axes.label_outer()
            _small(axes, frame, name)
        _on_one_scale(small)

    last = {name: float(frame["central"].iloc[-1]) for name, frame in frames.items() if len(frame)}
    best, worst = max(last, key=lambda n: last[n]), min(last, key=lambda n: last[n])
    year = next(iter(frames.values())).index[-1]
    finding = (
        f"{title}: net position in {year} from {fmt.money(last[worst])} ({worst}) to {fmt.money(last[best])} ({best})"
    )
    if len(last) == 1:
        finding = f"{title}: net position in {year} {fmt.money(last[best])} ({best})"
    alt = f"A small chart of the net position by financial year for each scenario, {title}. " + " ".join(
        f"{name}: {fmt.money(value)} in {year}." for name, value in last.items())  # fmt: skip
    years = next(iter(frames.values())).index
    rows = [[tbl.text(name), *map(tbl.thousands, frame["central"])] for name, frame in frames.items()]
    data = tbl.Table(key=f"net-by-scenario-{perimeter}", columns=("Scenario", *years), rows=rows,
                     caption=f"Net position by financial year and scenario, {title}, £ thousand, central, real",
                     numeric=1)  # fmt: skip
    key = f"multiples-{perimeter}"
    height = 0.4 + 1.25 * -(-len(frames) // columns)
    return charts.chart(key, finding, alt, paint, height=height, data=data,
                          note="One scale for all panels. Line: central. Band: 10th to 90th percentile.")  # fmt: skip


def _on_one_scale(panels: Sequence[Axes]) -> None:
    """Give panels the scale that shows the data of all; axes that share theirs take a time that grows as the square."""
    from matplotlib.transforms import Bbox  # noqa: PLC0415 - importing the model must stay cheap

    first = panels[0]
    first.dataLim.set(Bbox.union([axes.dataLim for axes in panels]))
    first.autoscale_view()
    for axes in panels:
        axes.set(xlim=first.get_xlim(), ylim=first.get_ylim())


def _small(axes: Axes, frame: pd.DataFrame, name: str) -> None:
    x = range(len(frame))
    if {"p10", "p90"} <= set(frame):
        axes.fill_between(x, frame["p10"], frame["p90"], color=charts.BLUE, alpha=0.2, linewidth=0)
    axes.plot(x, frame["central"], color=charts.BLUE)
    axes.axhline(0, color=charts.INK, linewidth=0.8)
    axes.set_title(name if len(name) <= 26 else f"{name[:24]}…", fontsize=8)
    axes.set_xticks([0, len(frame) - 1], [frame.index[0], frame.index[-1]])
    charts.money_axis(axes)


def bridge_chart(steps: pd.DataFrame, names: tuple[str, str, str], key: str, most: int = 12) -> charts.Figure:
    """Chart the bridge from the base scenario's NPV to a scenario's: the largest steps, the others together.

    `steps`: rows of one perimeter from `bridge_steps`. `names`: the titles of scenario, base scenario and perimeter.
    """
    scenario, base, perimeter = names
    start = float(steps["npv_gbp"].iloc[0])
    moves = _largest([(str(r.step), float(r.npv_gbp)) for r in views.records(steps.iloc[1:])], most)
    end = float(steps["npv_after"].iloc[-1])
    labels = [base, *(_step_label(name) for name, _ in moves), scenario]

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        at = start
        axes.barh(0, start, color=charts.QUIET)
        for i, (_, change) in enumerate(moves, 1):
            axes.barh(i, change, left=at, color=charts.BLUE if change >= 0 else charts.VERMILION,
                      hatch="" if change >= 0 else "////", edgecolor=charts.PAPER, linewidth=0)  # fmt: skip
            axes.vlines(at + change, i - 0.4, i + 1.4, color=charts.QUIET, linewidth=0.8)
            at += change
        axes.barh(len(moves) + 1, end, color=charts.QUIET)
        axes.axvline(0, color=charts.INK, linewidth=1)
        amounts = [fmt.money(start), *(fmt.money(c, signed=True) for _, c in moves), fmt.money(end)]
        charts.name_rows(axes, [f"{_short(n)}  {a}" for n, a in zip(labels, amounts, strict=True)])
        charts.money_axis(axes, along="x")

    title = f"{scenario}, {perimeter}: {fmt.money(end)}, {_moved(end - start)} {base}"
    if moves:
        name, change = max(moves, key=lambda m: abs(m[1]))
        title += f"; most of all {_step_label(name)} ({fmt.money(change, signed=True)})"
    ends = f"from {base}, {fmt.money(start)}, to {scenario}, {fmt.money(end)}"
    alt = f"Bridge chart of NPV, {perimeter}, {ends}. " + " ".join(
        f"{_step_label(n)}: {fmt.money(c, signed=True)}." for n, c in moves)  # fmt: skip
    rows = [[tbl.text(_step_label(str(r.step)) if i else base),
             tbl.number(fmt.money(r.npv_gbp, signed=bool(i)), r.npv_gbp),
             tbl.number(fmt.money(r.npv_after), r.npv_after)] for i, r in enumerate(views.records(steps))]  # fmt: skip
    data = tbl.Table(key=f"{key}-data",
                     caption=f"From {base} to {scenario}, {perimeter}: what each change moved the central NPV by",
                     columns=("Step", "Change", "NPV after it"), rows=rows,
                     numeric=frozenset({1, 2}))  # fmt: skip
    svg = charts.draw(key, alt, paint, height=0.5 + 0.27 * len(labels))
    return charts.Figure(key=key, title=title, alt=alt, svg=svg, data=data,
                          note="Steps are in the scenario's order; one depends on those before it.")  # fmt: skip


def _largest(moves: list[tuple[str, float]], most: int) -> list[tuple[str, float]]:
    kept = [(name, change) for name, change in moves if abs(change) >= 0.5]
    if len(kept) <= most:
        return kept
    floor = sorted((abs(c) for _, c in kept), reverse=True)[most - 1]
    shown = [(n, c) for n, c in kept if abs(c) >= floor][:most]
    rest = sum(c for _, c in kept) - sum(c for _, c in shown)
    return [*shown, ("all other changes", rest)]


def _step_label(step: str) -> str:
    if step == REMAINDER:
        return "schemes and conventions"
    return markup.label(step) if "." in step else step


def _moved(change: float) -> str:
    if abs(change) < 500:
        return "no different from"
    return f"{fmt.money(abs(change))} {'better' if change > 0 else 'worse'} than"


def changes_from_base(case: Case, base: Case) -> tbl.Table:
    """Return what a scenario sets otherwise than the base scenario, in words."""
    rows = [
        [tbl.text(markup.label(n)), tbl.number(fmt.quantity(b.value, a.unit), b.value),
         tbl.number(fmt.quantity(a.value, a.unit), a.value)]
        for n, a in case.assumptions.items()
        if (b := base.assumptions.get(n)) is not None and a.value != b.value
    ]  # fmt: skip
    mine, theirs = ({s.title for s in c.active_schemes} for c in (case, base))
    if mine != theirs:
        rows.append(
            [tbl.text("Schemes that act"), tbl.text(fmt.listed(sorted(theirs))), tbl.text(fmt.listed(sorted(mine)))]
        )
    return tbl.Table(
        key=f"changes-{case.scenario}",
        caption=f"{case.scenario_title}: what it sets otherwise than {base.scenario_title}",
        columns=("What", base.scenario_title, case.scenario_title),
        rows=rows,
        numeric=frozenset({1, 2}),
        empty="Nothing but ranges and conventions.",
    )


def freshness(runs: Sequence[Run], case_outputs: Path) -> tbl.Table:
    """Return for each scenario whether its inputs are as they were, and links to what it left."""
    rows = []
    for run in runs:
        state = "stale" if run.changed else "fresh"
        words = f"changed since: {_some(run.changed)}" if run.changed else "inputs unchanged"
        flag = f'<span class="flag {state}">{state}</span> {markup.escape(words)}'
        folder = case_outputs / run.scenario
        links = [_file_link(run, name) for name in _FILES if (folder / name).is_file()]
        rows.append([tbl.link(run.title, run.link) if run.link else tbl.text(run.title), tbl.note(run.why),
                     tbl.Cell(text=state, sort=state, markup=flag),
                     tbl.Cell(text="", markup=", ".join(links), kind="long")])  # fmt: skip
    return tbl.Table(key="freshness", caption="The scenarios, why each exists, and whether its report is up to date",
                     columns=("Scenario", "Why it exists", "Up to date?", "Files"), rows=rows,
                     sortable=True, empty="No scenario has been run.")  # fmt: skip


def _some(names: Sequence[str]) -> str:
    """The first few of many names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {fmt.counted(more, 'other file')}" if more > 0 else "")


_NAMED = 3
_FILES = ("report.ipynb", "annual.csv", "caseload.csv", "funding.csv", "reserve.csv", "mtfp.csv", "virement.csv",
          "bridge.csv", "attribution.csv", "staffing.csv", "switching.csv", "tornado.csv", "information.csv",
          "convergence.csv", "reconciliation.csv", "metrics.json", "provenance.json")  # fmt: skip


def _file_link(run: Run, name: str) -> str:
    hidden = f'<span class="unseen"> of {markup.escape(run.title)}</span>'
    return f'<a href="{markup.attribute(run.scenario)}/{name}">{name}{hidden}</a>'


def as_json(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Return a value as one line of JSON with sorted keys, for a digest."""
    return json.dumps(value, sort_keys=True, default=str)
