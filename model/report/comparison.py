"""Scenarios side by side: their headlines, a chart of them, and whether their reports are up to date."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from model.report.look import charts, markup
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import folded, show

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from model.report.look.page import Block
    from model.results.outputs import Run

CENTRAL_ONLY = "central run only"
SHORT = 42  # characters of a scenario's title beside a chart
NAMED = 3  # changed files that are named
RESERVE_NOTE = (
    "A reserve counts agency teams that it already pays for only where a scheme that ends them acts: compare its "
    "columns only among such scenarios."
)
FILES = ("report.ipynb", "annual.csv", "caseload.csv", "funding.csv", "reserve.csv", "mtfp.csv", "virement.csv",
         "attribution.csv", "staffing.csv", "switching.csv", "tornado.csv", "information.csv", "convergence.csv",
         "reconciliation.csv", "metrics.json", "provenance.json")  # fmt: skip


def side_by_side(runs: Sequence[Run], perimeter: str, title: str) -> Block:
    """Return the scenarios' headlines in one perimeter, and folded those that differ from the first in no column."""
    table = headlines(runs, perimeter, title)
    shown = [[cell.text for cell in row[1:]] for row in table.rows]
    alike = [row for i, row in enumerate(table.rows) if i and shown[i] == shown[0]]
    if not alike:
        return show(table)
    words = f"as {table.rows[0][0].text} in every column"
    apart = replace(table, rows=[row for row in table.rows if row not in alike])
    like = replace(table, rows=alike, key=f"{table.key}-same", note="", caption=f"{title}: {words}")
    return show(apart, folded(f"{fmt.counted(len(alike), 'scenario')} {words}", like))


def headlines(runs: Sequence[Run], perimeter: str, title: str) -> tbl.Table:
    """Return the scenarios' headlines in one perimeter: a row each, sortable."""
    shown = [run for run in runs if perimeter in run.metrics]

    def cell(metric: str, statistic: str = "central", said: Callable[[float], str] = fmt.money,
             none: str = "none") -> Callable[[Run], tbl.Cell]:  # fmt: skip
        def of(run: Run) -> tbl.Cell:
            value = run.value(perimeter, metric, statistic)
            return tbl.number(none if value is None else said(value), value)

        return of

    def chance(metric: str) -> Callable[[Run], tbl.Cell]:
        return cell(metric, "mean", fmt.chance, CENTRAL_ONLY)

    def reach(run: Run) -> tbl.Cell:
        low, middle, high = (run.value(perimeter, "npv_gbp", s) for s in ("p10", "p50", "p90"))
        return tbl.number(CENTRAL_ONLY if low is None else fmt.money_range(low, high), middle)

    columns: dict[str, tbl.Show] = {
        "Scenario": _scenario,
        f"Investment {shown[0].year if shown else ''}": lambda run: tbl.money(run.invested.get(perimeter, 0.0)),
        "NPV in cash": cell("npv_cashable_gbp"),
        "Chance above zero, in cash": chance("probability_npv_cashable_positive"),
        "Paid back in cash": cell("payback_cashable_months", said=_payback, none="never"),
        "NPV with cost avoided": cell("npv_gbp"),
        "Mean": cell("npv_gbp", "mean"),
        "10th to 90th percentile": reach,
        "Chance above zero": chance("probability_npv_positive"),
        "Paid back after": cell("payback_months", said=_payback, none="never"),
    }
    reserved = any(run.value(perimeter, "reserve_shortfall_gbp") is not None for run in shown)
    if reserved:  # how likely it is to run short, and by how much on average: the central run alone hides both
        columns["Reserve runs short in"] = chance("probability_reserve_short")
        columns["Short by, mean"] = cell("reserve_shortfall_gbp", "mean")
    return tbl.of(f"side-{perimeter}", f"{title}: scenarios side by side, real terms", shown, columns, sortable=True,
                  note=RESERVE_NOTE if reserved else "", empty="No scenario has been run.")  # fmt: skip


def _payback(months: float) -> str:
    return fmt.duration(months) if months else "nothing to pay back"


def _scenario(run: Run) -> tbl.Cell:
    """Return a scenario's name, with a link to its report, its theme and the question it asks."""
    words = f"{run.theme}: {fmt.lowered(run.why)}" if run.theme else run.why
    why = f' <span class="small why">{markup.escape(words)}</span>' if words else ""
    return tbl.Cell(text=run.title, markup=f"{_name(run).inner}{why}")


def _name(run: Run) -> tbl.Cell:
    return tbl.link(run.title, run.link) if run.link else tbl.text(run.title)


def npv_by_scenario(runs: Sequence[Run], perimeter: str, title: str) -> charts.Figure:
    """Chart NPV by scenario: central, mean and the 10% to 90% range."""
    shown = [run for run in runs if run.value(perimeter, "npv_gbp") is not None]

    def found(statistic: str) -> list[float]:
        return [run.value(perimeter, "npv_gbp", statistic) or 0.0 for run in shown]

    def paint(axes: Axes) -> None:
        at = range(len(shown))
        if all(run.value(perimeter, "npv_gbp", "p10") is not None for run in shown):
            axes.hlines(at, found("p10"), found("p90"), color=charts.SKY, linewidth=7, alpha=0.5,
                        label="10th to 90th percentile")  # fmt: skip
            axes.plot(found("mean"), at, marker="|", color=charts.INK, markersize=12, linestyle="", label="Mean")
        axes.plot(found("central"), at, marker="o", color=charts.BLUE, linestyle="", label="Central")
        charts.zero_line(axes, across=False)
        names = [run.title if len(run.title) <= SHORT else f"{run.title[: SHORT - 2]}…" for run in shown]
        charts.name_rows(axes, names)
        charts.money_axis(axes, along="x")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)

    good, many = sum(value > 0 for value in found("central")), len(shown)
    finding = f"NPV with cost avoided is above zero in {good or 'none'} of {fmt.counted(many, 'scenario')}, central"
    return charts.chart(f"scenarios-{perimeter}", "Range chart", f"{title}: {finding}", paint,
                        height=1.0 + 0.32 * many, data=headlines(runs, perimeter, title), beside=True)  # fmt: skip


def freshness(runs: Sequence[Run], case_outputs: Path) -> tbl.Table:
    """Return for each scenario whether its inputs are as they were, and links to what it left."""

    def state(run: Run) -> tbl.Cell:
        more = fmt.counted(len(run.changed) - NAMED, "other file")
        named = ", ".join(run.changed[:NAMED]) + (f" and {more}" if len(run.changed) > NAMED else "")
        word, words = ("stale", f"changed since: {named}") if run.changed else ("fresh", "inputs unchanged")
        return tbl.Cell(text=word, markup=f'<span class="flag {word}">{word}</span> {markup.escape(words)}')

    def files(run: Run) -> tbl.Cell:
        hidden = f'<span class="unseen"> of {markup.escape(run.title)}</span>'
        links = [f'<a href="{markup.attribute(run.scenario)}/{name}">{name}{hidden}</a>' for name in FILES
                 if (case_outputs / run.scenario / name).is_file()]  # fmt: skip
        return tbl.Cell(text="", markup=", ".join(links), kind=tbl.LONG)

    return tbl.of("freshness", "The scenarios, whether each report is up to date, and its files", runs,
                  {"Scenario": _name, "Up to date?": state, "Files": files}, sortable=True)  # fmt: skip
