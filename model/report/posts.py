"""People: how the posts fill, and how many cases each worker holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.case.words import WHOLE, WITH_SCHEMES
from model.report import views
from model.report.establishment import recruited_words
from model.report.look import charts
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import show
from model.schemes.staff import workforce

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from model.report.look.page import Block
    from model.results.runs import Result

NO_POSTS = "The schemes of this scenario add no posts that have to be recruited."


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
    title = f"Of {posts} new posts {then} are filled by {fmt.month(year)}, and {later} in the long run"
    shown = {"central": "Filled, central", "p10": "10th percentile", "p90": "90th percentile"}
    table = filled[[s for s in shown if s in filled]].rename(columns=shown)
    table.insert(0, "New posts", there["central"])
    caption = "New posts and posts filled, whole-time equivalents, every sixth month"
    data = tbl.frame("posts-data", caption, "Month", table[::6].rename(index=fmt.month), tbl.count)
    alt = f"Line chart of new posts and of those filled, by month to {fmt.month(months[-1])}. {title}."
    return charts.chart("posts", title, alt, paint, height=2.6, data=data,
                        rests_on=views.drivers(result.case, ["establishment"]))  # fmt: skip


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
