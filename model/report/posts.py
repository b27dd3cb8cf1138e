"""People: how the posts fill, how many cases each worker holds, what a post costs, and what agency staff cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from model.case.pay import PayError
from model.case.words import AGENCY, BOTTOM_UP, DO_NOTHING, WHOLE, WITH_SCHEMES
from model.report import views
from model.report.establishment import recruited_words
from model.report.look import charts
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import show
from model.report.purses import PURSES
from model.schemes.agency import COVER
from model.schemes.staff import workforce
from model.schemes.staff.prices import printed_and_priced

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from model.case.records import Case, Post
    from model.report.look.page import Block
    from model.results.runs import Result

NO_POSTS = "The schemes of this scenario add no posts that have to be recruited."
INFERRED = "inferred"  # a word of a source: the figure is not printed but worked out from others
ALL_FILLED = 0.995  # as percentages are printed
LEAST = 0.5  # pounds: less than this is nothing


def people(result: Result) -> Block:
    """Return the posts, the caseloads, the price of a post and the two readings of the agency figure."""
    parts: list[object] = []
    new = measure(result, workforce.POSTS, WITH_SCHEMES)
    if len(new) and new["central"].max() > 0:
        parts += [recruited_words(result.case), posts_filled(result), service_lines(result)]
    else:
        parts.append(NO_POSTS)
    if len(measure(result, workforce.CASELOAD, WITH_SCHEMES)):
        parts.append(caseloads(result))
    parts.append(priced_posts(result))
    if any(spec.kind == AGENCY for spec in result.case.active_schemes):
        parts += [agency_table(result), displaced_words(result)]
    return show(*parts)


def measure(result: Result, name: str, world: str) -> pd.DataFrame:
    """Return one measure of `result.staffing`: a row per month, a column per statistic; empty where there is none."""
    frame = result.staffing[result.staffing["measure"] == name]
    if not len(frame):
        return frame
    kept = frame[frame["world"] == world]
    return views.crossed(kept, "month", "statistic", "value")


def posts_filled(result: Result) -> charts.Figure:
    """Chart the new posts and how many of them have somebody in them, month by month, whole-time equivalents."""
    there, filled = (measure(result, m, WITH_SCHEMES) for m in (workforce.POSTS, workforce.IN_POST))

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        axes.plot(range(len(there)), there["central"], color=charts.QUIET, linestyle=charts.DASHED, label="New posts")
        _line(axes, filled, "Filled, central")
        _finish(axes, [str(m) for m in filled.index], "whole-time equivalents")

    last = str(filled.index[-1])
    posts, end = float(there["central"].iloc[-1]), float(filled["central"].iloc[-1])
    year = filled.index[min(len(filled) - 1, 23)]
    title = (
        f"Of {fmt.decimal(posts, 1)} new posts {fmt.decimal(float(filled['central'][year]), 1)} are filled by "
        f"{fmt.month(str(year))} and {fmt.decimal(end, 1)} in the long run"
    )
    alt = f"Line chart of new posts and of those filled, by month to {fmt.month(last)}. {title}."
    columns = ("Month", "New posts", "Filled, central", "10th percentile", "90th percentile")
    rows = [
        [tbl.text(fmt.month(str(m))), _fte(there["central"][m]), _fte(filled["central"][m]), *_range(filled, str(m))]
        for m in filled.index[::6]
    ]
    caption = "New posts and posts filled, whole-time equivalents, every sixth month"
    data = tbl.Table(key="posts-data", caption=caption, columns=columns, rows=rows,
                     numeric=1)  # fmt: skip
    rests_on = views.drivers(result.case, ["establishment"])
    return charts.chart("posts", title, alt, paint, height=2.6, data=data, rests_on=rests_on)


def caseloads(result: Result) -> charts.Figure:
    """Chart cases for each social worker in both worlds, with the caseload that the case aims at."""
    both = {w: measure(result, workforce.CASELOAD, w) for w in (DO_NOTHING, WITH_SCHEMES)}
    nothing, schemes = both[DO_NOTHING], both[WITH_SCHEMES]
    target = result.case.assumptions.get("capacity.target_caseload")

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        axes.plot(
            range(len(nothing)), nothing["central"], color=charts.QUIET, linestyle=charts.DASHED, label="Do nothing"
        )
        _line(axes, schemes, "With the schemes")
        if target is not None:
            axes.axhline(target.value, color=charts.VERMILION, linestyle=":", label=f"Aim: {target.value:g}")
        _finish(axes, [str(m) for m in schemes.index], "cases for each social worker")

    title = _caseload_words(result, schemes, target.value if target is not None else None)
    alt = (
        "Line chart of cases for each social worker by month. "
        f"Do nothing: {fmt.decimal(nothing['central'].iloc[-1], 1)}; "
        f"with the schemes: {fmt.decimal(schemes['central'].iloc[-1], 1)} at the end. {title}."
    )
    columns = ("Month", "Do nothing", "With the schemes", "10th percentile", "90th percentile")
    rows = [
        [
            tbl.text(fmt.month(str(m))),
            _fte(nothing["central"][m]),
            _fte(schemes["central"][m]),
            *_range(schemes, str(m)),
        ]
        for m in schemes.index[::6]
    ]
    caption = "Cases for each social worker, every sixth month"
    data = tbl.Table(key="caseload-data", caption=caption, columns=columns, rows=rows,
                     numeric=1)  # fmt: skip
    return charts.chart("caseload", title, alt, paint, height=2.6, data=data,
        rests_on=views.drivers(result.case, ["capacity", "establishment"]),
    )  # fmt: skip


def _caseload_words(result: Result, schemes: pd.DataFrame, target: float | None) -> str:
    now, end = float(schemes["central"].iloc[0]), float(schemes["central"].iloc[-1])
    moved = f"Cases for each social worker go from {fmt.decimal(now, 1)} to {fmt.decimal(end, 1)}"
    if target is None:
        return moved
    reached = schemes.index[schemes["central"] <= target]
    if len(reached):
        return f"{moved}: {target:g} is reached in {fmt.month(str(reached[0]))}"
    likely = views.probability(result, WHOLE, "probability_caseload_target")
    chance = "" if likely is None or result.draws == 1 else f"; the chance that it ever is: {fmt.chance(likely)}"
    return f"{moved}: {target:g} is not reached, central{chance}"


def service_lines(result: Result) -> tbl.Table:
    """Return what the posts cost by service line of the establishment, nominal: ready for a virement."""
    frame, shown = result.virement, list(views.years(result))
    table = frame.pivot_table(
        index=["service_line", "purse"], columns="financial_year", values="cost_gbp", aggfunc="sum", sort=False
    )
    table = table.reindex(columns=shown).fillna(0.0)
    table = table[(table.abs() >= 0.5).any(axis=1)]
    rows = [
        [tbl.text(service), tbl.text(PURSES.get(purse, purse)), *map(tbl.thousands, table.loc[(service, purse)])]
        for service, purse in table.index
    ]
    columns = ("Service line", "Purse", *shown)
    caption = "Posts by service line: £ thousand, cash (nominal), central"
    rests_on = views.drivers(result.case, ["establishment"])
    return tbl.Table(key="virement", caption=caption, columns=columns, rows=rows, empty=NO_POSTS,
                     numeric=2, rests_on=rests_on)  # fmt: skip


def priced_posts(result: Result) -> tbl.Table:
    """Return the rows that give a grade: printed, priced from the spine, and the difference or why there is none."""
    case = result.case
    frame, by_id = printed_and_priced(case), {post.id: post for post in case.establishment}
    active = {spec.name for spec in case.active_schemes}
    frame = frame[(frame["grade"] != "") & frame["charged_to"].isin(active)]
    rows = [
        [tbl.text(r.post), tbl.text(r.grade), _as_printed(by_id[r.id]), _pounds(r.priced_gbp),
         _pounds(r.difference_gbp), tbl.text(_used(case, by_id[r.id]))]
        for r in views.records(frame)
    ]  # fmt: skip
    columns = ("Post", "Grade", "Printed", "From the spine", "Difference", "What is used")
    caption = "Posts with a grade: the printed cost beside one priced from the spine point, a full year"
    return tbl.Table(key="priced-posts", caption=caption, columns=columns, rows=rows,
                     numeric=frozenset({2, 3, 4}), note=_unpriced_words(case, frame),
                     empty="No row of the establishment gives a grade.")  # fmt: skip


def _as_printed(post: Post) -> tbl.Cell:
    """Return a row's printed cost; marked where its source says that it is inferred and not printed."""
    if post.printed_gbp is None or INFERRED not in post.source.lower():
        return _pounds(post.printed_gbp)
    return tbl.number(f"{fmt.money(post.printed_gbp)} ({INFERRED})", post.printed_gbp)


def _used(case: Case, post: Post) -> str:
    """Return in words what the model uses for a row: a memo's money is in the line that it is counted in."""
    parent = next((p for p in case.establishment if p.id == post.included_in), None)
    if parent is not None and parent.charged_to == post.charged_to:
        return f"counted in {parent.post or parent.team}"
    return "priced from its grade" if post.costing == BOTTOM_UP else "as printed"


def _unpriced_words(case: Case, frame: pd.DataFrame) -> str:
    """Return one footnote for all that could not be priced: the grades without spine points, and any other reason."""
    unpriced = [r for r in views.records(frame) if r.why_not_priced]
    if not unpriced:
        return ""
    unknown = [str(r.grade) for r in unpriced if not _has_grade(case, str(r.grade))]
    grades = dict.fromkeys(g.strip() for named in unknown for g in named.replace(" and ", ",").split(","))
    words = ["A dash: not stated, or not priced."]
    if grades:
        words.append(
            f"The spine points of {fmt.listed(list(grades))} are not known here, so posts of those grades are not "
            f"priced; they would go into grades.csv."
        )
    others = dict.fromkeys(str(r.why_not_priced) for r in unpriced if str(r.grade) not in unknown)
    return " ".join([*words, *(f"{reason}." for reason in others)])


def _has_grade(case: Case, grade: str) -> bool:
    try:
        case.reference.pay.grade(case.council, grade)
    except PayError:
        return False
    return True


def agency_table(result: Result) -> tbl.Table:
    """Return both readings of the agency figure, central, real pounds."""
    readings = views.records(result.agency_readings)
    rows = [
        [tbl.text(r.reading + (" (used here)" if r.used else "")), tbl.text(r.net_means), _pounds(r.cover_annual_gbp),
         _pounds(r.cover_saved_annual_gbp), _pounds(r.npv_gbp), _pounds(r.npv_whole_gbp)]
        for r in readings
    ]  # fmt: skip
    columns = (
        "Filling a post saves",
        "If the printed figure is",
        "Cover a year",
        "Saved a year if all posts are filled",
        "NPV, agency",
        "NPV, whole",
    )
    return tbl.Table(
        key="agency-readings",
        caption="Agency cover of funded vacancies: both readings of the printed net cost, central, real terms",
        columns=columns,
        rows=rows,
        numeric=2,
        note="Managed teams are taken out of the cover figure first and end in full as the new posts fill: the two "
        f"printed figures are never added. {cover_words(result, readings)}".rstrip(),
        rests_on=views.drivers(result.case, [s.name for s in result.case.active_schemes if s.kind == AGENCY]),
    )


def cover_words(result: Result, readings: Sequence[Any]) -> str:
    """Return what the yearly lines show of the cover saved, and until when: fewer posts are filled, and cover ends.

    `readings` are the rows of `agency_readings`.
    """
    case, words = result.case, []
    lines = views.lines_only(result, WHOLE)
    for spec in (s for s in case.active_schemes if s.kind == AGENCY):
        end = case.assumptions[f"{spec.name}.cover_end_months"].value
        saved = lines[(lines["scheme"] == spec.name) & (lines["line"] == COVER)]
        yearly = saved.groupby("financial_year")["value_gbp"].sum()
        if not len(yearly) or yearly.max() < LEAST:
            continue
        most = str(yearly.idxmax())
        whole = [r.cover_saved_annual_gbp for r in readings if r.used and r.scheme == spec.name]
        filled = f" ({fmt.percent(yearly[most] / whole[0])} of that)" if whole and whole[0] > 0 else ""
        if not whole or yearly[most] < ALL_FILLED * whole[0]:
            words.append(
                f"The yearly lines show at most {fmt.money(yearly[most])}{filled}, since not every post is filled at "
                "any time."
            )
        if 0 < end < case.timeline.months:
            last = case.timeline.month_labels[math.ceil(end) - 1]
            words.append(
                f"Cover is taken to go on until {fmt.month(last)} if nothing is done, so nothing is saved after that."
            )
    return " ".join(words)


def displaced_words(result: Result) -> str:
    """Return what it is worth to the whole how much agency cover the new posts can end; empty where it is certain."""
    return " ".join(
        f"Filling every new post is taken to end {fmt.percent(d.value)} of the agency cover"
        f"{' (one for one)' if d.value == 1 else ''}. It may be less, since new posts are not the posts that agency "
        f"staff cover: between {fmt.percent(d.low)} and {fmt.percent(d.high)} the net present value of the whole moves "
        f"by {fmt.money(abs(d.npv_high_gbp - d.npv_low_gbp))}, from {fmt.money(d.npv_low_gbp)} to "
        f"{fmt.money(d.npv_high_gbp)}, central, everything else as it is."
        for d in result.displaced_cover
    )


def _line(axes: Axes, frame: pd.DataFrame, label: str) -> None:
    charts.band(axes, frame)
    axes.plot(range(len(frame)), frame["central"], color=charts.BLUE, label=label)


def _finish(axes: Axes, months: list[str], unit: str) -> None:
    at = [i for i, m in enumerate(months) if m.endswith("-04")][::2]
    axes.set_xticks(at, [f"Apr {months[i][:4]}" for i in at])
    axes.set_xlim(0, len(months) - 1)
    axes.set_ylim(bottom=0)
    axes.set_ylabel(unit)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=4)


def _range(frame: pd.DataFrame, month: str) -> tuple[tbl.Cell, tbl.Cell]:
    known = {"p10", "p90"} <= set(frame)
    return _fte(frame["p10"][month] if known else None), _fte(frame["p90"][month] if known else None)


def _fte(value: float | None) -> tbl.Cell:
    return tbl.number("–" if value is None else fmt.decimal(value, 1), value)


def _pounds(value: float | None) -> tbl.Cell:
    missing = value is None or fmt.is_missing(value)
    return tbl.number("–" if missing else fmt.money(value), value)
