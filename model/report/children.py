"""The children: who is in care, who would be if nothing is done, and what each placement and age costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.children.caseload import AGES, ALL, PLACEMENTS
from model.report import children_counts as counts
from model.report import views
from model.report.children_counts import DO_NOTHING, LEAST, WITH_SCHEMES
from model.report.look import figures, markup
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.sections import show

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas
    from numpy.typing import NDArray

    from model.case.records import Case
    from model.report.children_counts import Children, Recorded, YearCost
    from model.report.look.page import Block
    from model.report.views import ResultLike

DASHED = (0, (4, 2))
QUARTER = 3  # months between the points of a small panel: finer would be weight, not information
BANDS = (("p10", "p90", 0.16, "10th to 90th"), ("p25", "p75", 0.3, "25th to 75th"))
STATISTICS = {"central": "central", "p10": "10th", "p25": "25th", "p50": "50th", "p75": "75th", "p90": "90th"}
PLAIN = (
    "Each number of children is rounded by itself, and so are changes, worked from unrounded numbers: sums may differ "
    "by 0.1."
)
ROUNDED = "Costs and shares are rounded so that they add up; numbers of children may not, by 0.1."
GROUPS = ("caseload",)


def caseload(result: ResultLike) -> Block:
    """Return the children in care: recorded, forecast, by placement and age, and what they cost if nothing is done."""
    children = counts.read(result)
    first, last = counts.costs(children)
    return show(
        flow_words(children),
        all_children(children),
        by_placement(children),
        now_and_later(children, "placement"),
        now_and_later(children, "age"),
        cost_words(children.case, first, last),
        placement_costs(children.case, first, last),
        *cost_ranges(result, first, last),
        age_costs(children.case, first, last),
    )


def flow_words(children: Children) -> str:
    """Return how many enter and leave in the first year if nothing is done: why the number of children moves."""
    entered, left = children.entered, children.left
    gap = "as many as" if abs(entered - left) < LEAST else "more than" if entered > left else "fewer than"
    return (
        f"If nothing is done {_one(entered)} children enter care in the first year, {gap} the {_one(left)} who leave "
        "(central run). The more children there are the more leave, so the number tends to settle; the fan below holds "
        "what is not known of entries and exits, and the chance in them."
    )


# --- All children -----------------------------------------------------------------------------------------------


def all_children(children: Children) -> figures.Figure:
    """Chart all children looked after: recorded, do-nothing with its fan, with the schemes, and what happened since."""
    case, opening = children.case, children.opening
    nothing, schemes = (children.stock[w, "all"] for w in (DO_NOTHING, WITH_SCHEMES))
    points = counts.recorded(case)
    known, since = [p for p in points if p.used], [p for p in points if not p.used]
    acting = children.changes("all")

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        x = range(len(nothing))
        _fan(axes, nothing, figures.BLUE)
        axes.plot(x, nothing["central"], color=figures.BLUE, label="Do nothing, central")
        if "p50" in nothing:
            axes.plot(x, nothing["p50"], color=figures.BLUE, linestyle=":", linewidth=1.2, label="Do nothing, median")
        if acting:
            axes.plot(x, schemes["central"], color=figures.GREEN, linestyle=DASHED, label="With the schemes, central")
        _points(axes, known, opening, color=figures.INK, marker="o", linestyle="-", label="Recorded")
        _points(axes, since, opening, color=figures.VERMILION, marker="X", linestyle="none",
                label="What happened since: not used by the model")  # fmt: skip
        start = min([0, *(_months(opening, p.month) for p in points)])
        _years(axes, opening, start, len(nothing) - 1)
        axes.set_ylabel("children")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)

    title = _all_title(children, nothing, schemes if acting else None)
    alt = f"{title}. {_all_alt(nothing, schemes if acting else None, known, since)}"
    return figures.Figure(
        key="children-all", title=title, alt=alt, svg=figures.draw("children-all", alt, paint, height=3.7),
        data=_all_data(nothing, schemes if acting else None, points, opening), rests_on=_rests(case),
        note=_all_note(case, nothing, known, since),
    )  # fmt: skip


def _all_title(children: Children, nothing: pd.DataFrame, schemes: pd.DataFrame | None) -> str:
    later = children.later
    words = (
        f"{_whole(nothing['central'].iloc[0])} children are in care at the start; if nothing is done, "
        f"{_whole(nothing['central'][later])} by {fmt.month(later)}{_reach(nothing, later)}"
    )
    return words if schemes is None else f"{words}; with the schemes, {_whole(schemes['central'][later])}"


def _reach(frame: pd.DataFrame, month: str) -> str:
    if not {"p10", "p90"} <= set(frame):
        return ""
    return f" ({_whole(frame['p10'][month])} to {_whole(frame['p90'][month])} in eight draws of ten)"


def _all_alt(
    nothing: pd.DataFrame, schemes: pd.DataFrame | None, known: Sequence[Recorded], since: Sequence[Recorded]
) -> str:
    last = str(nothing.index[-1])
    parts = ["Line chart of all children looked after at the end of each month."]
    if known:
        parts.append(f"Recorded: {_spoken(known)}.")
    parts.append(f"Do nothing: {_one(nothing['central'].iloc[-1])} in {fmt.month(last)}{_reach(nothing, last)}.")
    if schemes is not None:
        parts.append(f"With the schemes: {_one(schemes['central'].iloc[-1])} in {fmt.month(last)}.")
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
        both = f"{_one(nothing['central'].iloc[0])}, where {_one(same.children)} were recorded"
        parts.append(f"The caseload the model starts from adds up to {both}.")
    if grant:
        parts.append(f"Includes unaccompanied asylum-seeking children ({_whole(grant)} at the start).")
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
        parts.append(f"In the end the central run lies {_whole(abs(gap))} {'above' if gap > 0 else 'below'} the median "
                     "draw: ranges that reach further one way do that.")  # fmt: skip
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
        row = [tbl.text(fmt.month(month)), _count(used, 0)]
        row += [_count(float(nothing[s][month]) if inside else None) for s in shown]
        row += [] if schemes is None else [_count(float(schemes["central"][month]) if inside else None)]
        rows.append(row + ([_count(unused, 0)] if late else []))
    caption = "All children looked after: recorded, forecast, and what happened since"
    return tbl.Table(key="children-all-data", caption=caption, columns=columns, rows=tbl.rows_of(rows),
                     numeric=tbl.numbers_from(columns))  # fmt: skip


# --- By placement and age ---------------------------------------------------------------------------------------


def by_placement(children: Children) -> figures.Figure:
    """Chart children by placement, a panel for each that ever holds a child: do nothing against with the schemes."""
    shown, later = children.placements, children.later
    moved = {p for p in shown if children.changes(p)}

    def paint(canvas: Canvas) -> None:
        panels = canvas.subplots(-(-len(shown) // 2), 2, squeeze=False).ravel()
        for axes, placement in zip(panels, shown, strict=False):
            _panel(axes, children, placement, moved=placement in moved)
        for axes in panels[len(shown) :]:
            axes.set_axis_off()
        key = panels[next((i for i, p in enumerate(shown) if p in moved), 0)]
        canvas.legend(*key.get_legend_handles_labels(), loc="outside lower center", ncols=2)

    title = _placement_title(children, moved)
    alt = f"Line charts of children by placement, one panel for each. {title}. " + " ".join(
        _panel_words(children, p, moved=p in moved) for p in shown)  # fmt: skip
    height = 1.75 * -(-len(shown) // 2) + 0.6
    return figures.Figure(
        key="children-placements", title=title, alt=alt,
        svg=figures.draw("children-placements", alt, paint, height=height),
        data=_placement_data(children), rests_on=_rests(children.case),
        note=f"Each panel has its own scale, from zero. Above each: children at the start, and in {fmt.month(later)}. "
        "Where only one line is drawn the schemes change nothing.",
    )  # fmt: skip


def _placement_title(children: Children, moved: set[str]) -> str:
    at = {p: [children.central(w, p, children.at_later) for w in (DO_NOTHING, WITH_SCHEMES)] for p in moved}
    size = sorted((p for p in at if abs(at[p][1] - at[p][0]) >= LEAST), key=lambda p: (-abs(at[p][1] - at[p][0]), p))
    when = fmt.month(children.later)
    if not size:
        return f"The schemes change no placement's number of children by {when}"
    parts = [f"{_title(p)} {_one(at[p][1])} instead of {_one(at[p][0])}" for p in size[:3]]
    return f"Children by {when} with the schemes: {', '.join(parts)}"


def _panel_words(children: Children, placement: str, *, moved: bool) -> str:
    at, frame = children.at_later, children.stock[DO_NOTHING, placement]
    now, nothing = (children.central(DO_NOTHING, placement, i) for i in (0, at))
    words = (
        f"{views.PLACEMENT_TITLES[placement]}: {_one(now)} at the start, {_one(nothing)} by "
        f"{fmt.month(children.later)} if nothing is done{_reach(frame, children.later)}"
    )
    return f"{words}, {_one(children.central(WITH_SCHEMES, placement, at))} with the schemes." if moved else f"{words}."


def _panel(axes: Axes, children: Children, placement: str, *, moved: bool) -> None:
    nothing, schemes = (children.stock[w, placement].iloc[::QUARTER] for w in (DO_NOTHING, WITH_SCHEMES))
    x, at = range(0, QUARTER * len(nothing), QUARTER), children.at_later
    _fan(axes, nothing, figures.QUIET, "Do nothing, ", QUARTER)
    axes.plot(x, nothing["central"], color=figures.QUIET, linestyle=DASHED, label="Do nothing, central")
    ends = f"{_one(children.central(DO_NOTHING, placement, 0))} to {_one(children.central(DO_NOTHING, placement, at))}"
    if moved:
        if {"p10", "p90"} <= set(schemes):  # lines, not a second fan: two shades of one area cannot be told apart
            axes.plot(x, schemes["p10"], color=figures.BLUE, linewidth=0.8)
            axes.plot(x, schemes["p90"], color=figures.BLUE, linewidth=0.8,
                      label="With the schemes, 10th and 90th percentile")  # fmt: skip
        axes.plot(x, schemes["central"], color=figures.BLUE, linewidth=2.2, label="With the schemes, central")
        ends += f"; with the schemes {_one(children.central(WITH_SCHEMES, placement, at))}"
    axes.set_title(f"{views.PLACEMENT_TITLES[placement]}\n{ends}", fontsize=8.8)
    axes.axvline(at, color=figures.QUIET, linewidth=0.7, linestyle=":")
    axes.set_ylim(0, 1.05 * max(float(f.max().max()) for f in (nothing, schemes)))
    april = [i for i, m in enumerate(children.months) if m.endswith("-04")][::3]
    axes.set_xticks(april, [f"Apr {children.months[i][:4]}" for i in april])
    axes.set_xlim(0, len(children.months) - 1)


def _placement_data(children: Children) -> tbl.Table:
    columns = ("Placement and world", "Statistic", *(fmt.month(children.months[i]) for i in children.yearly))
    worlds = {DO_NOTHING: "do nothing", WITH_SCHEMES: "with the schemes"}
    rows = []
    for placement in children.placements:
        for world, words in worlds.items():
            frame, name = children.stock[world, placement], f"{views.PLACEMENT_TITLES[placement]}: {words}"
            middle = [_count(children.central(world, placement, i)) for i in children.yearly]
            rows.append([tbl.text(name), tbl.text("Central"), *middle])
            for s in (s for s in STATISTICS if s in frame and s not in {"central", "p50"}):
                values = [_count(float(frame[s].iloc[i])) for i in children.yearly]
                rows.append([tbl.text(name), tbl.text(f"{STATISTICS[s]} percentile"), *values])
    caption = "Children by placement at the end of each year, both worlds"
    return tbl.Table(key="children-placements-data", caption=caption, columns=columns, rows=tbl.rows_of(rows),
                     numeric=tbl.numbers_from(columns, 2), note=PLAIN)  # fmt: skip


def now_and_later(children: Children, by: str) -> tbl.Table:
    """Return children at the start and in some years, in both worlds, by `placement` or by `age`, each rounded."""
    at, later = children.at_later, fmt.month(children.later)
    whens = ((DO_NOTHING, 0), (DO_NOTHING, at), (WITH_SCHEMES, at))
    names, titles = _names(by)
    if by == "placement":
        held = {name: [children.central(w, name, i) for w, i in whens] for name in names}
    else:
        ages = np.array([children.cells[w][i].sum(axis=1) for w, i in whens])
        held = {name: ages[:, k].tolist() for k, name in enumerate(names)}
    rows = [_five(titles[name], *numbers) for name, numbers in held.items() if max(numbers) > 0]
    rows.append(_five("All children looked after", *(children.central(w, "all", i) for w, i in whens)))
    what = "placement" if by == "placement" else "age"
    columns = (what.capitalize(), fmt.month(children.opening), f"{later}, do nothing", "Change",
               f"{later}, with the schemes", "Schemes' effect")  # fmt: skip
    return tbl.Table(
        key=f"children-by-{by}", caption=f"Children by {what}: at the start, and in {fmt.duration(at)}; central run",
        columns=columns, rows=tbl.rows_of(rows), numeric=tbl.numbers_from(columns), strong=frozenset({len(rows) - 1}),
        note=PLAIN, rests_on=_rests(children.case),
    )  # fmt: skip


def _five(words: str, now: float, nothing: float, schemes: float) -> list[tbl.Cell]:
    return [tbl.text(words), _count(now), _count(nothing), _change(nothing - now), _count(schemes),
            _change(schemes - nothing)]  # fmt: skip


def _names(by: str) -> tuple[Sequence[str], Mapping[str, str]]:
    return (PLACEMENTS, views.PLACEMENT_TITLES) if by == "placement" else (AGES, views.AGE_TITLES)


# --- What it costs ----------------------------------------------------------------------------------------------


def cost_words(case: Case, first: YearCost, last: YearCost) -> str:
    """Return what placements cost in the first and the last shown year, and why it moves; the dearest placement."""
    before, after = float(first.cost_gbp.sum()), float(last.cost_gbp.sum())
    if not after:
        return "No child is in a placement that costs anything."
    share, held = last.cost_gbp.sum(axis=0) / after, last.children.sum(axis=0) / last.children.sum()
    top = int(share.argmax())
    words = (
        f"If nothing is done, placements cost {fmt.money(before)} in {first.year}"
        + (f" and {fmt.money(after)} in {last.year}" if last.year != first.year else "")
        + f", real {case.price_base} prices, central run: {fmt.pounds(_per_week(case, last))} a week for each child. "
        f"{views.PLACEMENT_TITLES[PLACEMENTS[top]]} is {fmt.percent(float(share[top]))} of the cost for "
        f"{fmt.percent(float(held[top]))} of the children."
    )
    if last.year == first.year:
        return words
    prices, children = counts.rise(first, last)
    return (
        f"{words} Of the {'rise' if after >= before else 'fall'} of {fmt.money(abs(after - before))}, "
        f"{fmt.money(prices, signed=True)} is prices growing faster than inflation and "
        f"{fmt.money(children, signed=True)} is how many children there are, and where."
    )


def _per_week(case: Case, cost: YearCost) -> float:
    return float(cost.cost_gbp.sum() / cost.children.sum() / case.conventions.weeks_per_year)


def placement_costs(case: Case, first: YearCost, last: YearCost) -> tbl.Table:
    """Return what each placement costs if nothing is done: price with its range, children, cost, share of the total."""
    keep = [i for i in range(len(PLACEMENTS)) if max(first.children[:, i].sum(), last.children[:, i].sum()) > 0]
    parts = [_in_thousands(y.cost_gbp.sum(axis=0)[keep]) for y in (first, last)]
    held = [[float(v) for v in y.children.sum(axis=0)[keep]] for y in (first, last)]
    shares = fmt.adding_up(_shares(last.cost_gbp.sum(axis=0)[keep]), 2)
    rows = [
        [tbl.text(views.PLACEMENT_TITLES[PLACEMENTS[i]]), *_price(case, PLACEMENTS[i]), _count(held[0][k]),
         tbl.thousands(parts[0][k]), tbl.number(fmt.pounds(float(last.price_weekly[i])), float(last.price_weekly[i])),
         _count(held[1][k]), tbl.thousands(parts[1][k]), tbl.number(fmt.percent(shares[k]), shares[k])]
        for k, i in enumerate(keep)
    ]  # fmt: skip
    rows.append([tbl.text("All placements"), _blank(), _blank(), _count(sum(held[0])), tbl.thousands(sum(parts[0])),
                 _blank(), _count(sum(held[1])), tbl.thousands(sum(parts[1])),
                 tbl.number(fmt.percent(sum(shares)), sum(shares))])  # fmt: skip
    strong, note = {len(rows) - 1}, ""
    if max(first.grant_gbp, last.grant_gbp) >= 500:
        rows += _grant_rows(first, last, sum(parts[0]), sum(parts[1]), (sum(held[0]), sum(held[1])))
        strong.add(len(rows) - 1)
        note = "Unaccompanied children are paid for by grant, and no scheme acts on them."
    columns = ("Placement", f"Price a week, {first.year}", "Range", f"Children, {first.year}", f"Cost, {first.year}",
               f"Price a week, {last.year}", f"Children, {last.year}", f"Cost, {last.year}",
               f"Share, {last.year}")  # fmt: skip
    return tbl.Table(
        key="placement-costs",
        caption=f"What each placement costs if nothing is done: £ thousand a year, central, {case.price_base} prices",
        columns=columns, rows=tbl.rows_of(rows), numeric=tbl.numbers_from(columns), strong=frozenset(strong),
        note=f"Children: on average over the year. Cost: children x price a week x "
        f"{fmt.significant(case.conventions.weeks_per_year, 5)} weeks; the placement only, without social work, "
        f"proceedings or leaving care. {note} Worked from unrounded numbers. {ROUNDED}".replace("  ", " "),
        rests_on=_cost_rests(case),
    )  # fmt: skip


def cost_ranges(result: ResultLike, first: YearCost, last: YearCost) -> tuple[str, tbl.Table] | tuple[()]:
    """Return how sure the cost of doing nothing is: a sentence, and each placement's range beside its central cost.

    Nothing where only the central run was made.
    """
    if result.draws == 1:
        return ()
    case, years = result.case, tuple(dict.fromkeys((first.year, last.year)))
    cost = result.placement_costs.pivot_table(index=["placement", "financial_year"], columns="statistic",
                                              values="value_gbp", observed=True)  # fmt: skip
    keep = [p for p in PLACEMENTS if max(cost["mean"][p, y] for y in years) > 0]
    summed = {
        (y, s): _in_thousands(np.array([cost[s][p, y] for p in keep])) for y in years for s in ("central", "mean")
    }
    rows = [[tbl.text(views.PLACEMENT_TITLES[p])] for p in keep]
    rows.append([tbl.text("All placements")])
    for year in years:
        for statistic in ("central", "mean"):
            for row, value in zip(rows, (*summed[year, statistic], sum(summed[year, statistic])), strict=True):
                row.append(tbl.thousands(value))
        for row, name in zip(rows, (*keep, ALL), strict=True):
            row += [tbl.thousands(float(cost[s][name, year])) for s in ("p10", "p90")]
    columns = ("Placement", *(f"{words}, {y}" for y in years for words in ("Central", "Mean", "10th percentile",
                                                                           "90th percentile")))  # fmt: skip
    at = {s: float(cost[s][ALL, last.year]) for s in ("central", "mean", "p10", "p90")}
    words = (
        f"How sure that is: in eight draws of ten placements cost {fmt.money_range(at['p10'], at['p90'])} in "
        f"{last.year} if nothing is done, and {fmt.money(at['mean'])} on average, where the central run has "
        f"{fmt.money(at['central'])}."
    )
    table = tbl.Table(
        key="placement-cost-ranges",
        caption=f"How sure the cost of doing nothing is: £ thousand a year, {case.price_base} prices",
        columns=columns, rows=tbl.rows_of(rows), numeric=tbl.numbers_from(columns), strong=frozenset({len(rows) - 1}),
        note="One draw in ten is below the 10th percentile, one in ten above the 90th: prices, their growth and the "
        "number of children move together in a draw. Percentiles are of each row by itself and do not add up; central "
        "and mean are rounded so that they do. Unaccompanied children are in it.",
        rests_on=_cost_rests(case),
    )  # fmt: skip
    return words, table


def _grant_rows(
    first: YearCost, last: YearCost, before: float, after: float, held: tuple[float, float]
) -> list[list[tbl.Cell]]:
    """Return what grant pays of the total, and what is left for the council: money from the numbers as printed."""
    paid = [round(y.grant_gbp / 1e3) * 1e3 for y in (first, last)]
    theirs = [y.grant_children for y in (first, last)]
    left, ours = [before - paid[0], after - paid[1]], [held[0] - theirs[0], held[1] - theirs[1]]
    return [
        [tbl.text(words), _blank(), _blank(), _count(n[0]), tbl.thousands(pounds[0]), _blank(), _count(n[1]),
         tbl.thousands(pounds[1]), _blank()]
        for words, n, pounds in (("of which paid for by grant", theirs, paid), ("Left for the council", ours, left))
    ]  # fmt: skip


def age_costs(case: Case, first: YearCost, last: YearCost) -> tbl.Table:
    """Return what each age band costs if nothing is done: children, cost, and the cost of a child a week."""
    keep = [i for i in range(len(AGES)) if max(first.children[i].sum(), last.children[i].sum()) > 0]
    parts = [_in_thousands(y.cost_gbp.sum(axis=1)[keep]) for y in (first, last)]
    held = [[float(v) for v in y.children.sum(axis=1)[keep]] for y in (first, last)]
    shares = fmt.adding_up(_shares(last.cost_gbp.sum(axis=1)[keep]), 2)
    weekly = [float(last.cost_gbp[i].sum() / max(last.children[i].sum(), 1e-9)) / case.conventions.weeks_per_year
              for i in keep]  # fmt: skip
    rows = [
        [tbl.text(views.AGE_TITLES[AGES[i]]), _count(held[0][k]), tbl.thousands(parts[0][k]), _count(held[1][k]),
         tbl.thousands(parts[1][k]), tbl.number(fmt.percent(shares[k]), shares[k]),
         tbl.number(fmt.pounds(weekly[k]), weekly[k])]
        for k, i in enumerate(keep)
    ]  # fmt: skip
    total = _per_week(case, last) if last.children.sum() else 0.0
    rows.append([tbl.text("All ages"), _count(sum(held[0])), tbl.thousands(sum(parts[0])), _count(sum(held[1])),
                 tbl.thousands(sum(parts[1])), tbl.number(fmt.percent(sum(shares)), sum(shares)),
                 tbl.number(fmt.pounds(total), total)])  # fmt: skip
    columns = ("Age", f"Children, {first.year}", f"Cost, {first.year}", f"Children, {last.year}", f"Cost, {last.year}",
               f"Share, {last.year}", f"A child a week, {last.year}")  # fmt: skip
    return tbl.Table(
        key="age-costs",
        caption=f"What each age costs if nothing is done: £ thousand a year, central, {case.price_base} prices",
        columns=columns, rows=tbl.rows_of(rows), numeric=tbl.numbers_from(columns), strong=frozenset({len(rows) - 1}),
        note="A price belongs to a placement, not to an age: ages differ by where their children live, which the model "
        f"fits to published totals by age and by placement. {ROUNDED}",
        rests_on=_cost_rests(case),
    )  # fmt: skip


def _price(case: Case, placement: str) -> tuple[tbl.Cell, tbl.Cell]:
    """Return a placement's price, linked to its assumption, and the range it is drawn from."""
    found = case.assumptions[f"price.{placement}_weekly"]
    shown = fmt.pounds(found.value)
    linked = tbl.Cell(text=shown, sort=found.value, markup=tbl.link(shown, f"#{markup.anchor(found.name)}").markup)
    if found.low == found.high:
        return linked, tbl.text("fixed")
    return linked, tbl.number(fmt.money_range(found.low, found.high), found.low)


def _in_thousands(pounds: NDArray[np.float64]) -> list[float]:
    """Return pounds rounded to whole thousands that add up."""
    return [1e3 * v for v in fmt.adding_up([float(p) / 1e3 for p in pounds])]


def _shares(values: NDArray[np.float64]) -> list[float]:
    total = float(values.sum())
    return [float(v) / total if total else 0.0 for v in values]


# --- Small things -----------------------------------------------------------------------------------------------


def _rests(case: Case) -> tuple[str, ...]:
    acts = {s.name for s in case.active_schemes if s.kind in {"fostering_growth", "entry_reduction"}}
    names = views.drivers(case, {*GROUPS, *acts})
    return tuple(n for n in names if not case.assumptions[n].unit.startswith("GBP"))


def _cost_rests(case: Case) -> tuple[str, ...]:
    names = views.drivers(case, {"price", *GROUPS, "growth"})
    return tuple(n for n in names if n != "growth.pay_real_annual")


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


def _title(placement: str) -> str:
    words = views.PLACEMENT_TITLES[placement]
    return words if words[:2].isupper() else words[:1].lower() + words[1:]


def _one(value: float) -> str:
    return fmt.decimal(value, 1).removesuffix(".0")


def _whole(value: float) -> str:
    return fmt.decimal(value)


def _count(value: float | None, places: int = 1) -> tbl.Cell:
    return _blank() if value is None else tbl.number(fmt.decimal(value, places), value)


def _change(value: float) -> tbl.Cell:
    return tbl.number(fmt.signed(value, 1), round(value, 1))


def _blank() -> tbl.Cell:
    return tbl.Cell(text="–")
