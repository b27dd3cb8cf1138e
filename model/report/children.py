"""The children: who is in care, who would be if nothing is done, and what each placement and age costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.case.words import DO_NOTHING, WITH_SCHEMES
from model.report.children_tables import (
    cost_words,
    count,
    now_and_later,
    one,
    placement_costs,
    rests,
    whole,
)
from model.report.look import charts
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import folded, show
from model.report.reconciliation import ledger
from model.results import children_counts as counts
from model.results.children_counts import LEAST

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from model.case.records import Case
    from model.report.look.page import Block
    from model.results.children_counts import Children, Recorded
    from model.results.runs import Result

QUARTER = 3  # months between the points of a small panel: finer would be weight, not information
BANDS = (("p10", "p90", 0.16, "10th to 90th"), ("p25", "p75", 0.3, "25th to 75th"))
STATISTICS = {"central": "central", "p10": "10th", "p25": "25th", "p50": "50th", "p75": "75th", "p90": "90th"}


def caseload(result: Result) -> Block:
    """Return the children in care: recorded, forecast, by placement, and what they cost if nothing is done.

    Nothing for a case without children.
    """
    if not result.case.caseload:
        return show()
    children, (first, last) = result.children, result.children_costs
    return show(
        flow_words(children),
        all_children(children),
        now_and_later(children, "placement"),
        cost_words(children.case, first, last),
        folded("What each placement costs if nothing is done", placement_costs(children.case, first, last)),
        ledger(result),
    )


def flow_words(children: Children) -> str:
    """Return how many enter and leave in the first year if nothing is done: why the number of children moves."""
    entered, left = children.entered, children.left
    gap = "as many as" if abs(entered - left) < LEAST else "more than" if entered > left else "fewer than"
    return (
        f"If nothing is done {one(entered)} children enter care in the first year, {gap} the {one(left)} who leave "
        "(central run). The more children there are the more leave, so the number tends to settle; the fan below holds "
        "what is not known of entries and exits, and the chance in them."
    )


def all_children(children: Children) -> charts.Figure:
    """Chart all children looked after: recorded, do-nothing with its fan, with the schemes, and what happened since."""
    case, opening = children.case, children.opening
    nothing, schemes = (children.stock[w, "all"] for w in (DO_NOTHING, WITH_SCHEMES))
    points = counts.recorded(case)
    known, since = [p for p in points if p.used], [p for p in points if not p.used]
    acting = children.changes("all")

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        x = range(len(nothing))
        _fan(axes, nothing, charts.BLUE)
        axes.plot(x, nothing["central"], color=charts.BLUE, label="Do nothing, central")
        if "p50" in nothing:
            axes.plot(x, nothing["p50"], color=charts.BLUE, linestyle=":", linewidth=1.2, label="Do nothing, median")
        if acting:
            axes.plot(x, schemes["central"], color=charts.GREEN, linestyle=charts.DASHED,
                      label="With the schemes, central")  # fmt: skip
        _points(axes, known, opening, color=charts.INK, marker="o", linestyle="-", label="Recorded")
        _points(axes, since, opening, color=charts.VERMILION, marker="X", linestyle="none",
                label="What happened since: not used by the model")  # fmt: skip
        start = min([0, *(_months(opening, p.month) for p in points)])
        _years(axes, opening, start, len(nothing) - 1)
        axes.set_ylabel("children")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)

    title = _all_title(children, nothing, schemes if acting else None)
    alt = f"{title}. {_all_alt(nothing, schemes if acting else None, known, since)}"
    return charts.chart("children-all", title, alt, paint, height=3.7,
        data=_all_data(nothing, schemes if acting else None, points, opening), rests_on=rests(case),
        note=_all_note(case, nothing, known, since),
    )  # fmt: skip


def _all_title(children: Children, nothing: pd.DataFrame, schemes: pd.DataFrame | None) -> str:
    later = children.later
    words = (
        f"{whole(nothing['central'].iloc[0])} children are in care at the start; if nothing is done, "
        f"{whole(nothing['central'][later])} by {fmt.month(later)}{_reach(nothing, later)}"
    )
    return words if schemes is None else f"{words}; with the schemes, {whole(schemes['central'][later])}"


def _reach(frame: pd.DataFrame, month: str) -> str:
    if not {"p10", "p90"} <= set(frame):
        return ""
    return f" ({whole(frame['p10'][month])} to {whole(frame['p90'][month])} in eight runs in ten)"


def _all_alt(
    nothing: pd.DataFrame, schemes: pd.DataFrame | None, known: Sequence[Recorded], since: Sequence[Recorded]
) -> str:
    last = str(nothing.index[-1])
    parts = ["Line chart of all children looked after at the end of each month."]
    if known:
        parts.append(f"Recorded: {_spoken(known)}.")
    parts.append(f"Do nothing: {one(nothing['central'].iloc[-1])} in {fmt.month(last)}{_reach(nothing, last)}.")
    if schemes is not None:
        parts.append(f"With the schemes: {one(schemes['central'].iloc[-1])} in {fmt.month(last)}.")
    if since:
        parts.append(f"What happened since, not used by the model: {_spoken(since)}.")
    return " ".join(parts)


def _spoken(points: Sequence[Recorded]) -> str:
    return ", ".join(f"{fmt.decimal(p.children)} in {fmt.month(p.month)}" for p in points)


def _all_note(case: Case, nothing: pd.DataFrame, known: Sequence[Recorded], since: Sequence[Recorded]) -> str:
    parts: list[str] = []
    grant = sum(r.children or 0 for r in case.caseload if r.stream == "uasc")
    if known:
        parts.append(f"Recorded: {fmt.listed(list(dict.fromkeys(p.source for p in known)))}.")
    same = next((p for p in known if p.month == str(nothing.index[0])), None)
    if same and abs(same.children - nothing["central"].iloc[0]) >= LEAST:
        both = f"{one(nothing['central'].iloc[0])}, where {one(same.children)} were recorded"
        parts.append(f"The caseload the model starts from adds up to {both}.")
    if grant:
        parts.append(f"Includes unaccompanied asylum-seeking children ({whole(grant)} at the start).")
    if since:
        inside, seen = counts.outside(since, nothing)
        parts.append(
            f"Crosses: what happened after {fmt.day(case.knowledge_date)}, the day on whose knowledge this rests. The "
            "model does not use them, and by themselves they test neither line: what the council did is in them, and "
            "chance."
        )
        if seen and "p10" in nothing:
            parts.append(f"{inside} of {seen} lie between the 10th and the 90th percentile of doing nothing.")
    gap = float((nothing["central"] - nothing["p50"]).iloc[-1]) if "p50" in nothing else 0.0
    if abs(gap) >= 1:
        parts.append(f"In the end the central run lies {whole(abs(gap))} {'above' if gap > 0 else 'below'} the median "
                     "run: ranges that reach further one way do that.")  # fmt: skip
    if case.conventions.hindsight:
        parts.append("This scenario has hindsight: records made after the decision are shown as known.")
    return " ".join(parts)


def _all_data(
    nothing: pd.DataFrame, schemes: pd.DataFrame | None, points: Sequence[Recorded], opening: str
) -> tbl.Table:
    shown = [s for s in STATISTICS if s in nothing]
    late = any(not p.used for p in points)
    worlds = [*(f"Do nothing, {STATISTICS[s]}" for s in shown), *([] if schemes is None else ["With the schemes"])]
    columns = ("At the end of", "Recorded", *worlds, *(["Happened since (not used)"] if late else []))
    by_month = {p.month: p for p in points}
    months = sorted({*by_month, *(str(m) for m in nothing.index if str(m).endswith(opening[-3:]))})
    rows = []
    for month in months:
        point, inside = by_month.get(month), month in nothing.index
        used, unused = (None if point is None or point.used != u else point.children for u in (True, False))
        row = [tbl.text(fmt.month(month)), count(used, 0)]
        row += [count(float(nothing[s][month]) if inside else None) for s in shown]
        row += [] if schemes is None else [count(float(schemes["central"][month]) if inside else None)]
        rows.append(row + ([count(unused, 0)] if late else []))
    caption = "All children looked after: recorded, forecast, and what happened since"
    return tbl.Table(key="children-all-data", caption=caption, columns=columns, rows=rows,
                     numeric=1)  # fmt: skip


def _fan(axes: Axes, frame: pd.DataFrame, colour: str, words: str = "", every: int = 1) -> None:
    for low, high, alpha, name in BANDS:
        if {low, high} <= set(frame):
            x = range(0, every * len(frame), every)
            axes.fill_between(x, frame[low], frame[high], color=colour, alpha=alpha, linewidth=0,
                              label=f"{words}{name} percentile")  # fmt: skip


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
