"""Scenarios side by side: their headlines, what sets each apart from the base scenario, and how much that moved it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from model.report.look import charts, markup
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import folded, show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure as Canvas

    from model.report.look.page import Block
    from model.results.outputs import Run

RESERVE_COLUMNS = ("Reserve runs short in", "Short by, mean")
CASHABLE, TOTAL = "probability_npv_cashable_positive", "probability_npv_positive"
RESERVE_NOTE = (
    "A reserve counts agency teams that it already pays for only where a scheme that ends them acts: compare its "
    "columns only among such scenarios."
)


def side_by_side(runs: Sequence[Run], perimeter: str, title: str) -> Block:
    """Return the scenarios' headlines in one perimeter, and folded those that differ from the first in no column."""
    table = headlines(runs, perimeter, title)
    shown = [[cell.text for cell in row[1:]] for row in table.rows]
    same = [i for i in range(1, len(shown)) if shown[i] == shown[0]]
    if not same:
        return show(table)
    apart = replace(table, rows=[row for i, row in enumerate(table.rows) if i not in same])
    like = replace(table, rows=[table.rows[i] for i in same], key=f"{table.key}-same", note="",
                   caption=f"{title}: as {table.rows[0][0].text} in every column")  # fmt: skip
    return show(apart, folded(f"{fmt.counted(len(same), 'scenario')} as {table.rows[0][0].text} in every column", like))


def headlines(runs: Sequence[Run], perimeter: str, title: str) -> tbl.Table:
    """Return the scenarios' headlines in one perimeter: a row each, sortable."""
    shown = [run for run in runs if perimeter in run.metrics]
    year = shown[0].in_year(perimeter, "investment")[0] if shown else ""
    rows = [
        [
            _scenario(run),
            _amount(-run.in_year(perimeter, "investment")[1]),
            _amount(run.value(perimeter, "npv_cashable_gbp")),
            tbl.number(_chance(run, perimeter, CASHABLE), run.value(perimeter, CASHABLE, "mean")),
            _payback(run.value(perimeter, "payback_cashable_months")),
            _amount(run.value(perimeter, "npv_gbp")),
            _amount(run.value(perimeter, "npv_gbp", "mean")),
            tbl.number(_reach(run, perimeter), run.value(perimeter, "npv_gbp", "p50")),
            tbl.number(_chance(run, perimeter, TOTAL), run.chance(perimeter)),
            _payback(run.value(perimeter, "payback_months")),
            *_reserve(run, perimeter),
        ]
        for run in shown
    ]
    columns = ["Scenario", f"Investment {year}", "NPV in cash", "Chance above zero, in cash", "Paid back in cash",
               "NPV with cost avoided", "Mean", "10th to 90th percentile", "Chance above zero", "Paid back after",
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


def _scenario(run: Run) -> tbl.Cell:
    """Return a scenario's name, with a link to its report, and the question it asks."""
    name = tbl.link(run.title, run.link) if run.link else tbl.text(run.title)
    why = f'<span class="small why">{markup.escape(run.why)}</span>' if run.why else ""
    return tbl.Cell(text=name.text, sort=name.sort, markup=f"{name.inner} {why}")


def _chance(run: Run, perimeter: str, name: str) -> str:
    found = run.value(perimeter, name, "mean")
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
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)

    good = [name for name, value in central.items() if value > 0]
    finding = f"{title}: NPV with cost avoided is above zero in {_of(len(good), len(shown))}, central"
    if len(shown) == 1:
        only = shown[0].title
        finding = f"{title}: NPV with cost avoided {fmt.money(central[only])} in {only}, central"
    said = " ".join(f"{n}: {fmt.money(v)}." for n, v in central.items())
    alt = f"Range chart of NPV with cost avoided by scenario, {title}. {said}"
    rows = [[tbl.text(run.title), *(_amount(run.value(perimeter, "npv_gbp", s)) for s in ("central", "mean")),
             tbl.text(_reach(run, perimeter))] for run in shown]  # fmt: skip
    data = tbl.Table(key=f"npv-by-scenario-{perimeter}", caption=f"NPV with cost avoided by scenario, {title}",
                     columns=("Scenario", "Central", "Mean", "10th to 90th percentile"), rows=rows,
                     numeric=frozenset({1, 2, 3}))  # fmt: skip
    key = f"scenarios-{perimeter}"
    height = 1.0 + 0.32 * max(len(shown), 1)
    return charts.chart(key, finding, alt, paint, height=height, data=data)


def _of(part: int, whole: int) -> str:
    every = "both scenarios" if whole == 2 else f"all {whole} scenarios"
    return {0: f"none of {whole} scenarios", whole: every}.get(part, f"{part} of {whole} scenarios")


def _short(title: str) -> str:
    return title if len(title) <= 42 else f"{title[:40]}…"


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
          "attribution.csv", "staffing.csv", "switching.csv", "tornado.csv", "information.csv",
          "convergence.csv", "reconciliation.csv", "metrics.json", "provenance.json")  # fmt: skip


def _file_link(run: Run, name: str) -> str:
    hidden = f'<span class="unseen"> of {markup.escape(run.title)}</span>'
    return f'<a href="{markup.attribute(run.scenario)}/{name}">{name}{hidden}</a>'


def as_json(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Return a value as one line of JSON with sorted keys, for a digest."""
    return json.dumps(value, sort_keys=True, default=str)
