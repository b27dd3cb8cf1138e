"""The children: who is in care, and who would be if nothing is done."""

import re
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from model.case.parameters import AGES, PLACEMENTS
from model.case.records import Case
from model.case.words import DO_NOTHING, WITH_SCHEMES
from model.report import views
from model.report.look import charts
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import Block, show
from model.report.reconciliation import ledger
from model.results.children import Children
from model.results.runs import Result

MEASURE: Final = "children_looked_after"  # of `actuals.csv`: all children looked after on a day
PLAIN: Final = (
    "Each number of children is rounded by itself, and so are changes, worked from unrounded numbers: sums may differ "
    "by 0.1."
)
STATISTICS: Final = {"central": "central", "p10": "10th", "p25": "25th", "p50": "50th", "p75": "75th", "p90": "90th"}
KNOWN, SINCE = "Recorded", "Happened since (not used)"
LINES: Final[dict[str, dict[str, Any]]] = {
    "Do nothing, 50th": {"color": charts.BLUE, "linestyle": ":", "linewidth": 1.2},
    "With the schemes": {"color": charts.GREEN, "linestyle": charts.DASHED},
    KNOWN: {"color": charts.INK, "marker": "o", "markersize": 5.5, "zorder": 5},
    SINCE: {"color": charts.VERMILION, "marker": "X", "markersize": 5.5, "zorder": 5, "linestyle": "none"},
}  # a column of the chart's table and how it is drawn, besides the fan of doing nothing
_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


class Recorded(NamedTuple):
    """Children looked after on a day, of `actuals.csv`. `month` is `2022-03`; `used`: may the scenario know it."""

    month: str
    children: float
    source: str
    used: bool


def recorded(case: Case) -> list[Recorded]:
    """Return every recorded number of children, oldest first.

    A scenario knows what was so by the case's knowledge date; one with hindsight knows everything. A row whose period
    is not a day (YYYY-MM-DD) is a flow over a year and no stock: it is passed over.
    """
    known = "9999" if case.conventions.hindsight else case.knowledge_date.isoformat()
    return sorted(
        Recorded(row.period[:7], row.value, row.source, row.period <= known)
        for row in case.actuals
        if row.measure == MEASURE and _DAY.fullmatch(row.period)
    )


def caseload(result: Result) -> Block:
    """Return the children in care: recorded, forecast, by placement. Nothing for a case without children."""
    if not result.case.caseload:
        return show()
    children = result.children
    parts = (all_children(children), now_and_later(children, "placement"), cost_words(result), ledger(result))
    return show(flow_words(children), *parts)


def flow_words(children: Children) -> str:
    """Return how many enter and leave in the first year if nothing is done: why the number of children moves."""
    entered, left = (fmt.decimal(n, 1).removesuffix(".0") for n in (children.entered, children.left))
    more = "more than" if children.entered > children.left else "fewer than"
    return (
        f"If nothing is done {entered} children enter care in the first year, "
        f"{'as many as' if entered == left else more} the {left} who leave "
        "(central run). The number tends to settle: the more children there are, the more leave. The shaded bands hold "
        "what is not known of entries and exits, and chance."
    )


def all_children(children: Children) -> charts.Figure:
    """Chart all children looked after: recorded, do-nothing with its fan, with the schemes, and what happened since."""
    case, opening, later = children.case, children.months[0], children.later
    nothing, schemes = (children.stock[world] for world in (DO_NOTHING, WITH_SCHEMES))
    table = _table(children)

    def paint(axes: Axes) -> None:
        charts.fan(axes, nothing.drop(columns="mean", errors="ignore"), "Do nothing, central")
        first = 0
        for words in [words for words in LINES if words in table]:
            drawn = table[words].dropna()
            at = [_months(opening, month) for month in drawn.index]
            axes.plot(at, drawn, label=words, **LINES[words])
            first = min(first, *at)
        ticks = [i for i in range(12 * (first // 12), len(nothing), 12) if i >= first][::2]
        axes.set_xticks(ticks, [f"{fmt.month(opening)[:3]} {int(opening[:4]) + i // 12}" for i in ticks])
        axes.set_xlim(first - 2 if first < 0 else 0, len(nothing) - 1)
        axes.set_ylim(bottom=0)
        axes.set_ylabel("children")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)

    central, when = nothing["central"], fmt.month(later)
    if "p10" in nothing:
        when += f" ({' to '.join(fmt.decimal(nothing[s][later]) for s in ('p10', 'p90'))} in eight runs in ten)"
    title = f"{fmt.decimal(central.iloc[0])} children are in care at the start; if nothing is done, "
    title += f"{fmt.decimal(central[later])} by {when}"
    title += f"; with the schemes, {fmt.decimal(schemes['central'][later])}" if children.changes else ""
    kept = [m for m in table.index if m.endswith(opening[-3:]) or m in {p.month for p in recorded(case)}]
    data = tbl.frame(
        "children-all-data", "All children looked after: recorded, forecast, and what happened since", "At the end of",
        table.loc[kept].rename(index=fmt.month),
        lambda value: tbl.count(value, 1 if round(value, 1) % 1 else 0),
    )  # fmt: skip
    return charts.chart("children-all", "Line chart", title, paint, height=3.7, data=data, rests_on=rests(case),
                        note=_note(case))  # fmt: skip


def _table(children: Children) -> pd.DataFrame:
    """Return what is drawn: a row a month, a column each for what was recorded, the statistics and what came since."""
    nothing, points = children.stock[DO_NOTHING], recorded(children.case)
    lines = {f"Do nothing, {words}": nothing[s] for s, words in STATISTICS.items() if s in nothing}
    if children.changes:
        lines["With the schemes"] = children.stock[WITH_SCHEMES]["central"]
    known, since = (pd.Series({p.month: p.children for p in points if p.used is used}, dtype=float)
                    for used in (True, False))  # fmt: skip
    return pd.DataFrame({KNOWN: known, **lines, SINCE: since}).sort_index().dropna(axis="columns", how="all")


def _note(case: Case) -> str:
    points, parts = recorded(case), list[str]()
    if known := list(dict.fromkeys(p.source for p in points if p.used)):
        parts.append(f"Recorded: {fmt.listed(known)}.")
    if not all(p.used for p in points):
        parts.append(
            f"Crosses: what happened after {fmt.day(case.knowledge_date)}, the day on whose knowledge this rests. The "
            "model does not use them, and by themselves they test neither line: what the council did is in them, and "
            "chance."
        )
    if case.conventions.hindsight:
        parts.append("This scenario has hindsight: records made after the decision are shown as known.")
    return " ".join(parts)


def _months(opening: str, month: str) -> int:
    (a, b), (c, d) = ((int(n) for n in m.split("-")) for m in (opening, month))
    return 12 * (c - a) + d - b


def now_and_later(children: Children, by: str) -> tbl.Table:
    """Return children at the start and in some years, in both worlds, by `placement` or by `age`, each rounded."""
    at, later = children.months.index(children.later), fmt.month(children.later)
    whens = ((DO_NOTHING, 0), (DO_NOTHING, at), (WITH_SCHEMES, at))
    cells = np.array([children.cells[world][i] for world, i in whens])  # (3, ages, placements)
    names, axis, titles = (PLACEMENTS, 1, views.PLACEMENT_TITLES) if by == "placement" else (AGES, 2, views.AGE_TITLES)
    held = zip(names, cells.sum(axis=axis).T, strict=True)
    rows = [_five(tbl.text(titles[name]), *numbers) for name, numbers in held if numbers.max() > 0]
    return tbl.table(
        f"children-by-{by}",
        f"Children by {by}: at the start, and in {fmt.duration(at)}; central run",
        (by.capitalize(), fmt.month(children.months[0]), f"{later}, do nothing", "Change",
         f"{later}, with the schemes", "Schemes' effect"),
        [*rows, _five(tbl.total(views.PLACEMENT_TITLES["all"]), *cells.sum(axis=(1, 2)))],
        note=PLAIN, rests_on=rests(children.case),
    )  # fmt: skip


def _five(head: tbl.Cell, now: float, nothing: float, schemes: float) -> list[tbl.Cell]:
    change, effect = (tbl.number(fmt.signed(v, 1), round(v, 1)) for v in (nothing - now, schemes - nothing))
    return [head, tbl.count(now), tbl.count(nothing), change, tbl.count(schemes), effect]


def cost_words(result: Result) -> str:
    """Return what placements cost in the last shown year if nothing is done, and which costs most."""
    f, year = result.placement_costs, views.last_shown(result)
    cost = f[(f.statistic == "central") & (f.financial_year == year)].set_index("placement")["value_gbp"]
    if not cost["all"]:
        return "No child is in a placement that costs anything."
    top = str(cost.drop("all").idxmax())
    return (
        f"If nothing is done, placements cost {fmt.money(cost['all'])} in {year}, real {result.case.price_base} "
        f"prices, central run. {views.PLACEMENT_TITLES[top]} is {fmt.percent(cost[top] / cost['all'])} of that."
    )


def rests(case: Case) -> dict[str, str]:
    """Return the assumptions behind a number of children."""
    acts = {s.name for s in case.active_schemes if s.kind in {"fostering_growth", "entry_reduction"}}
    names = views.drivers(case, {"caseload", *acts})
    return {n: words for n, words in names.items() if not case.assumptions[n].unit.startswith("GBP")}
