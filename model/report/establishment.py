"""What is proposed: every line of the establishment, and the way from its printed cost to what is spent in a year."""

from collections.abc import Sequence

from model.case.records import Case, Post
from model.case.words import BOTTOM_UP, DAY
from model.report import views
from model.report.assumptions import papers_words
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.results.establishment import lines, net_posts
from model.schemes.staff.posts import DAYS_IN_A_PRINTED_YEAR

LEAST = 0.005  # fte: less than this is nobody


def posts(case: Case) -> tbl.Table:
    """Return the lines of the active schemes: posts before and after and the net change of cost, with totals.

    A row that another scheme carries is taken out of its own line, so that each scheme's lines add up to its total.
    """
    rows: list[Sequence[tbl.Cell | str]] = []
    found = lines(case)
    held = {
        spec: own
        for spec in case.active_schemes
        if (own := [(post, times) for name, post, times in found if name == spec.name and times])
    }
    for spec, own in held.items():
        rows += [(_line_words(case, *one), spec.title, *_counted([one]), one[0].source) for one in own]
        rows.append((tbl.total(f"{spec.title}: total"), "", *_counted(own), ""))
    if len(held) > 1:
        rows.append((tbl.total("All schemes"), "", *_counted([(post, times) for _, post, times in found]), ""))
    priced = any(post.costing == BOTTOM_UP for _, post, _ in found)
    stated = "as printed, or priced from its grade" if priced else "as printed"
    return tbl.table(
        "posts",
        f"What is proposed: posts, and the net change of cost in a full year {stated}",
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


def recruited_words(case: Case) -> str:
    """Return how the net new posts part into those to be recruited and those already filled; empty where none is."""
    net, there = net_posts(case)
    if abs(there) < LEAST:
        return ""
    named = [
        post.post or post.team
        for _, post, times in lines(case)
        if times and not post.recruited and post.fte_proposed != post.fte_current
    ]
    recruited = f"{fte(net - there).text} fte have to be recruited and are charted here"
    if there < 0:
        return f"{recruited}; {fte(-there).text} that are filled today go ({fmt.listed(named)})."
    filled = f"{fte(there).text} {'is' if there == 1 else 'are'} filled already ({fmt.listed(named)})"
    return f"Of the {fte(net).text} net new fte, {filled}; {recruited}."
