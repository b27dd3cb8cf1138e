"""People: every line of the establishment, how the posts fill, and how many cases each worker holds."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from model.case.records import Case
from model.case.rows import Post
from model.case.words import BOTTOM_UP, DAY, WHOLE, WITH_SCHEMES
from model.report import views
from model.report.assumptions import papers_words
from model.report.look import charts
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import Block, show
from model.results.establishment import lines
from model.results.runs import Result
from model.schemes.staff import workforce
from model.schemes.staff.posts import DAYS_IN_A_PRINTED_YEAR

NO_POSTS = "The schemes of this scenario add no posts that have to be recruited."
LEAST = 0.005  # fte: less than this is nobody


def people(result: Result) -> Block:
    """Return how new posts fill, and what that makes of the cases each social worker holds. Nothing without posts."""
    if not result.case.establishment:
        return show()
    new = measure(result, workforce.POSTS)
    if not len(new) or new["central"].max() <= 0:
        return show(NO_POSTS)
    return show(recruited_words(result.case), posts_filled(result), caseload_words(result))


def measure(result: Result, name: str) -> pd.DataFrame:
    """Return a measure of `result.staffing` with the schemes: a row per month, a column per statistic; maybe empty."""
    frame = result.staffing
    kept = frame[(frame["measure"] == name) & (frame["world"] == WITH_SCHEMES)]
    return views.crossed(kept, "month", "statistic", "value")


def posts_filled(result: Result) -> charts.Figure:
    """Chart the new posts and how many of them have somebody in them, month by month, whole-time equivalents."""
    there, filled = (measure(result, m) for m in (workforce.POSTS, workforce.IN_POST))
    months = [str(m) for m in filled.index]

    def paint(axes: Axes) -> None:
        axes.plot(range(len(there)), there["central"], color=charts.QUIET, linestyle=charts.DASHED, label="New posts")
        charts.fan(axes, filled.drop(columns="mean", errors="ignore"), "Filled, central")
        charts.month_axis(axes, months)
        axes.set_ylim(bottom=0)
        axes.set_ylabel("whole-time equivalents")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=4)

    year = months[min(len(filled) - 1, 23)]
    ends = (there["central"].iloc[-1], filled["central"][year], filled["central"].iloc[-1])
    posts, then, end = (fmt.decimal(value, 1).removesuffix(".0") for value in ends)
    later = "as many" if then == end else end
    shown = {"central": "Filled, central", "p10": "10th percentile", "p90": "90th percentile"}
    table = filled[[s for s in shown if s in filled]].rename(columns=shown)
    table.insert(0, "New posts", there["central"])
    caption = "New posts and posts filled, whole-time equivalents, every sixth month"
    return charts.chart(
        "posts", "Line chart by month",
        f"Of {posts} new posts {then} are filled by {fmt.month(year)}, and {later} in the long run", paint, height=2.6,
        data=tbl.frame("posts-data", caption, "Month", table[::6].rename(index=fmt.month), tbl.count),
        rests_on=views.drivers(result.case, ["establishment"]),
    )  # fmt: skip


def caseload_words(result: Result) -> str:
    """Return how the cases each social worker holds change, and when the caseload aimed at is reached; maybe empty."""
    cases, target = measure(result, workforce.CASELOAD), result.case.assumptions.get("capacity.target_caseload")
    if not len(cases):
        return ""
    now, end = (fmt.decimal(cases["central"].iloc[i], 1) for i in (0, -1))
    moved = f"Cases for each social worker go from {now} to {end}"
    if target is None:
        return f"{moved}."
    reached = cases.index[cases["central"] <= target.value]
    if len(reached):
        return f"{moved}: {target.value:g} is reached in {fmt.month(str(reached[0]))}."
    likely = views.chance(result, WHOLE, "probability_caseload_target") if result.draws > 1 else None
    chance = "" if likely is None else f"; the chance that it ever is: {fmt.chance(likely, result.draws)}"
    return f"{moved}: {target.value:g} is not reached, central{chance}."


def recruited_words(case: Case) -> str:
    """Return how the net new posts part into those to be recruited and those already filled; empty where none is."""
    changed = [(times * (post.fte_proposed - post.fte_current), post) for _, post, times in lines(case)]
    net = sum(change for change, _ in changed)
    filled = {post.post or post.team: change for change, post in changed if change and not post.recruited}
    there = sum(filled.values())
    if abs(there) < LEAST:
        return ""
    recruited = f"{fte(net - there).text} fte have to be recruited and are charted here"
    if there < 0:
        return f"{recruited}; {fte(-there).text} that are filled today go ({fmt.listed(list(filled))})."
    already = f"{fte(there).text} {'is' if there == 1 else 'are'} filled already ({fmt.listed(list(filled))})"
    return f"Of the {fte(net).text} net new fte, {already}; {recruited}."


def posts(case: Case) -> tbl.Table:
    """Return the lines of the active schemes: posts before and after and the net change of cost, with totals.

    A row that another scheme carries is taken out of its own line, so that each scheme's lines add up to its total.
    """
    found = lines(case)
    rows: list[Sequence[tbl.Cell | str]] = []
    for spec in case.active_schemes:
        own = [(post, times) for name, post, times in found if name == spec.name and times]
        rows += [(_line_words(case, *one), spec.title, *_counted([one]), one[0].source) for one in own]
        if own:
            rows.append((tbl.total(f"{spec.title}: total"), "", *_counted(own), ""))
    if len({name for name, _, times in found if times}) > 1:
        rows.append((tbl.total("All schemes"), "", *_counted([(post, times) for _, post, times in found]), ""))
    priced = any(post.costing == BOTTOM_UP for _, post, _ in found)
    return tbl.table(
        "posts",
        "What is proposed: posts, and the net change of cost in a full year "
        f"{'as printed, or priced from its grade' if priced else 'as printed'}",
        ("Line", "Scheme", "fte now", "fte proposed", "Change", "Cost a year", "Source"),
        rows,
        note="The cost is a net change: a line can remove posts and still cost more. It is no cost per post. Only the "
        "schemes of this scenario are shown. " + papers_words(case, [post.source for _, post, _ in found]),
        rests_on=views.drivers(case, ["establishment"]),
        empty="No scheme of this scenario adds or removes posts.",
    )


def _line_words(case: Case, post: Post, times: float) -> str:
    service = post.service_line or post.team
    words = f"{service}: {post.post}" if post.post and post.post != service else service
    if post.basis == DAY:
        words += f" ({fmt.pounds(post.change_annual_cost_gbp / DAYS_IN_A_PRINTED_YEAR)} every day)"
    if times < 0:
        return f"{words}: taken out, counted under {views.title_of(case, post.charged_to)}"
    already = case.assumptions.get(f"{post.charged_to}.posts_paid_already_share")
    if already is not None and post.fte_current:
        there, all_of_it = (fmt.significant(n, 3) for n in (post.fte_current, post.fte_proposed))
        paid = f"less {fmt.percent(already.value)} paid already" if already.value else f"for all {all_of_it}"
        words += f", {there} of its {all_of_it} fte there now and charged {paid}"
    parent = next((p for p in case.establishment if p.id == post.included_in), None)
    if parent is None or parent.charged_to == post.charged_to:
        return words
    switch = case.assumptions.get(post.included_when)
    inside = switch is None or switch.value == 1
    return f"{words} ({'printed within' if inside else 'on top of'} {parent.post or parent.team})"


def _counted(found: Sequence[tuple[Post, float]]) -> list[tbl.Cell]:
    now, later = (sum(t * getattr(p, f) for p, t in found) for f in ("fte_current", "fte_proposed"))
    cost = sum(t * p.change_annual_cost_gbp for p, t in found)
    return [*map(fte, (now, later, later - now)), tbl.number(fmt.pounds(cost), cost)]


def fte(posts: float) -> tbl.Cell:
    """Return a cell of a number of posts, whole-time equivalents."""
    return tbl.number(fmt.significant(round(posts, 2), 5), posts)
