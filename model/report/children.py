"""The children: who is in care, who would be if nothing is done, and what each placement and age costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.case.parameters import AGES, PLACEMENTS
from model.case.words import DO_NOTHING, WITH_SCHEMES
from model.report import views
from model.report.look import charts
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import show
from model.report.reconciliation import ledger
from model.results import children_counts as counts
from model.results.children_counts import LEAST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes

    from model.case.records import Case
    from model.report.look.page import Block
    from model.results.children_counts import Children, Recorded
    from model.results.runs import Result

PLAIN = (
    "Each number of children is rounded by itself, and so are changes, worked from unrounded numbers: sums may differ "
    "by 0.1."
)
STATISTICS = {"central": "central", "p10": "10th", "p25": "25th", "p50": "50th", "p75": "75th", "p90": "90th"}


def caseload(result: Result) -> Block:
    """Return the children in care: recorded, forecast, by placement, and what they cost if nothing is done.

    Nothing for a case without children.
    """
    if not result.case.caseload:
        return show()
    children = result.children
    return show(
        flow_words(children),
        all_children(children),
        now_and_later(children, "placement"),
        cost_words(result),
        ledger(result),
    )


def flow_words(children: Children) -> str:
    """Return how many enter and leave in the first year if nothing is done: why the number of children moves."""
    entered, left = children.entered, children.left
    gap = "as many as" if abs(entered - left) < LEAST else "more than" if entered > left else "fewer than"
    return (
        f"If nothing is done {one(entered)} children enter care in the first year, {gap} the {one(left)} who leave "
        "(central run). The number tends to settle: the more children there are, the more leave. The shaded bands hold "
        "what is not known of entries and exits, and chance."
    )


def all_children(children: Children) -> charts.Figure:
    """Chart all children looked after: recorded, do-nothing with its fan, with the schemes, and what happened since."""
    case, opening, later = children.case, children.opening, children.later
    nothing = children.stock[DO_NOTHING].drop(columns="mean", errors="ignore")
    schemes = children.stock[WITH_SCHEMES]["central"] if children.changes else None
    points = counts.recorded(case)
    known, since = [p for p in points if p.used], [p for p in points if not p.used]

    def paint(axes: Axes) -> None:
        charts.fan(axes, nothing, "Do nothing, central")
        if "p50" in nothing:
            axes.plot(range(len(nothing)), nothing["p50"], color=charts.BLUE, linestyle=":", linewidth=1.2,
                      label="Do nothing, median")  # fmt: skip
        if schemes is not None:
            axes.plot(range(len(nothing)), schemes, color=charts.GREEN, linestyle=charts.DASHED,
                      label="With the schemes, central")  # fmt: skip
        _points(axes, known, opening, color=charts.INK, marker="o", linestyle="-", label="Recorded")
        _points(axes, since, opening, color=charts.VERMILION, marker="X", linestyle="none",
                label="What happened since: not used by the model")  # fmt: skip
        _years(axes, opening, min([0, *(_months(opening, p.month) for p in points)]), len(nothing) - 1)
        axes.set_ylabel("children")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)

    first = f"{fmt.decimal(nothing['central'].iloc[0])} children are in care at the start"
    title = f"{first}; if nothing is done, {fmt.decimal(nothing['central'][later])} by {_in_month(nothing, later)}"
    title += "" if schemes is None else f"; with the schemes, {fmt.decimal(schemes[later])}"
    last, worlds = (
        str(nothing.index[-1]),
        {f"Do nothing, {n}": nothing[s] for s, n in STATISTICS.items() if s in nothing},
    )
    ends = [f"Do nothing: {one(nothing['central'].iloc[-1])} in {_in_month(nothing, last)}."]
    if schemes is not None:
        worlds |= {"With the schemes": schemes}
        ends.append(f"With the schemes: {one(schemes.iloc[-1])} in {fmt.month(last)}.")
    alt = " ".join([
        f"{title}. Line chart of all children looked after at the end of each month.",
        *([f"Recorded: {_spoken(known)}."] if known else []),
        *ends,
        *([f"What happened since, not used by the model: {_spoken(since)}."] if since else []),
    ])  # fmt: skip
    return charts.chart("children-all", title, alt, paint, height=3.7, data=_all_data(worlds, known, since, opening),
                        rests_on=rests(case), note=_all_note(case, nothing, known, since))  # fmt: skip


def _in_month(frame: pd.DataFrame, month: str) -> str:
    """A month, and between what eight runs in ten lie in it where the frame says so."""
    if "p10" not in frame:
        return fmt.month(month)
    low, high = (fmt.decimal(frame[s][month]) for s in ("p10", "p90"))
    return f"{fmt.month(month)} ({low} to {high} in eight runs in ten)"


def _spoken(points: Sequence[Recorded]) -> str:
    return ", ".join(f"{fmt.decimal(p.children)} in {fmt.month(p.month)}" for p in points)


def _all_note(case: Case, nothing: pd.DataFrame, known: Sequence[Recorded], since: Sequence[Recorded]) -> str:
    parts: list[str] = []
    central = nothing["central"]
    grant = sum(r.children or 0 for r in case.caseload if r.stream == "uasc")
    if known:
        parts.append(f"Recorded: {fmt.listed(list(dict.fromkeys(p.source for p in known)))}.")
    same = next((p for p in known if p.month == str(nothing.index[0])), None)
    if same and abs(same.children - central.iloc[0]) >= LEAST:
        both = f"{one(central.iloc[0])}, where {one(same.children)} were recorded"
        parts.append(f"The caseload the model starts from adds up to {both}.")
    if grant:
        parts.append(f"Includes unaccompanied asylum-seeking children ({fmt.decimal(grant)} at the start).")
    if since:
        inside, seen = counts.outside(since, nothing)
        parts.append(
            f"Crosses: what happened after {fmt.day(case.knowledge_date)}, the day on whose knowledge this rests. The "
            "model does not use them, and by themselves they test neither line: what the council did is in them, and "
            "chance."
        )
        if seen and "p10" in nothing:
            parts.append(f"{inside} of {seen} lie between the 10th and the 90th percentile of doing nothing.")
    if case.conventions.hindsight:
        parts.append("This scenario has hindsight: records made after the decision are shown as known.")
    return " ".join(parts)


def _all_data(
    worlds: Mapping[str, pd.Series[float]], known: Sequence[Recorded], since: Sequence[Recorded], opening: str
) -> tbl.Table:
    import pandas as pd  # noqa: PLC0415 - importing the model must stay cheap

    columns = {"Recorded": known, **({"Happened since (not used)": since} if since else {})}
    recorded = {
        words: pd.Series({p.month: p.children for p in points}, dtype=float) for words, points in columns.items()
    }
    table = pd.DataFrame({"Recorded": recorded.pop("Recorded"), **worlds, **recorded}).sort_index()
    kept = [m for m in table.index if m.endswith(opening[-3:]) or any(p.month == m for p in (*known, *since))]
    caption = "All children looked after: recorded, forecast, and what happened since"
    return tbl.frame("children-all-data", caption, "At the end of", table.loc[kept].rename(index=fmt.month), _children)


def _children(value: float) -> tbl.Cell:
    return tbl.count(value, 1 if value % 1 else 0)


def _points(axes: Axes, points: Sequence[Recorded], opening: str, **style: str) -> None:
    if points:
        x, y = [_months(opening, p.month) for p in points], [p.children for p in points]
        axes.plot(x, y, markersize=5.5, zorder=5, **style)  # type: ignore[arg-type] # words of matplotlib's own


def _months(opening: str, month: str) -> int:
    (a, b), (c, d) = ((int(n) for n in m.split("-")) for m in (opening, month))
    return 12 * (c - a) + d - b


def _years(axes: Axes, opening: str, first: int, last: int) -> None:
    """Label every other year by the month in which the caseload opens: recorded numbers and forecast stand on it."""
    at = [i for i in range(12 * (first // 12), last + 1, 12) if i >= first][::2]
    year, name = int(opening[:4]), fmt.month(opening)[:3]
    axes.set_xticks(at, [f"{name} {year + i // 12}" for i in at])
    axes.set_xlim(first - 2 if first < 0 else 0, last)
    axes.set_ylim(bottom=0)


def now_and_later(children: Children, by: str) -> tbl.Table:
    """Return children at the start and in some years, in both worlds, by `placement` or by `age`, each rounded."""
    at, later = children.at_later, fmt.month(children.later)
    whens = ((DO_NOTHING, 0), (DO_NOTHING, at), (WITH_SCHEMES, at))
    if by == "placement":
        held = {views.PLACEMENT_TITLES[p]: [children.central(w, p, i) for w, i in whens] for p in PLACEMENTS}
    else:
        ages = np.array([children.cells[w][i].sum(axis=1) for w, i in whens])
        held = {views.AGE_TITLES[name]: ages[:, k].tolist() for k, name in enumerate(AGES)}
    rows = [_five(tbl.text(title), *numbers) for title, numbers in held.items() if max(numbers) > 0]
    whole = [children.central(w, "all", i) for w, i in whens]
    return tbl.table(
        f"children-by-{by}",
        f"Children by {by}: at the start, and in {fmt.duration(at)}; central run",
        (by.capitalize(), fmt.month(children.opening), f"{later}, do nothing", "Change", f"{later}, with the schemes",
         "Schemes' effect"),
        [*rows, _five(tbl.total(views.PLACEMENT_TITLES["all"]), *whole)],
        note=PLAIN, rests_on=rests(children.case),
    )  # fmt: skip


def _five(head: tbl.Cell, now: float, nothing: float, schemes: float) -> list[tbl.Cell]:
    change, effect = (tbl.number(fmt.signed(v, 1), round(v, 1)) for v in (nothing - now, schemes - nothing))
    return [head, tbl.count(now), tbl.count(nothing), change, tbl.count(schemes), effect]


def cost_words(result: Result) -> str:
    """Return what placements cost in the first and the last shown year if nothing is done, and which costs most."""
    children, years = result.children, counts.whole_years(result.case)
    f = result.placement_costs
    cost = views.crossed(f[f.statistic == "central"], "placement", "financial_year", "value_gbp")
    first, last = (cost[year] for year in (years[0], years[-1]))
    if not last["all"]:
        return "No child is in a placement that costs anything."
    top = str(last.drop("all").idxmax())
    held = children.central(DO_NOTHING, top, children.at_later) / children.central(DO_NOTHING, "all", children.at_later)
    later = f" and {fmt.money(last['all'])} in {years[-1]}" if len(years) > 1 else ""
    return (
        f"If nothing is done, placements cost {fmt.money(first['all'])} in {years[0]}{later}, real "
        f"{result.case.price_base} prices, central run. {views.PLACEMENT_TITLES[top]} is "
        f"{fmt.percent(last[top] / last['all'])} of the cost for {fmt.percent(held)} of the children."
    )


def rests(case: Case) -> dict[str, str]:
    """Return the assumptions behind a number of children."""
    acts = {s.name for s in case.active_schemes if s.kind in {"fostering_growth", "entry_reduction"}}
    names = views.drivers(case, {"caseload", *acts})
    return {n: words for n, words in names.items() if not case.assumptions[n].unit.startswith("GBP")}


def one(value: float) -> str:
    """Return a number of children in words, to a tenth where it is not whole."""
    return fmt.decimal(value, 1).removesuffix(".0")
