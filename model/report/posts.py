"""People: how the posts fill, how many cases each worker holds, what a post costs, and what agency staff cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.case.words import WHOLE, WITH_SCHEMES
from model.report import views
from model.report.establishment import recruited_words
from model.report.look import charts
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import show
from model.report.purses import PURSES
from model.schemes.staff import workforce

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from model.report.look.page import Block
    from model.results.runs import Result

NO_POSTS = "The schemes of this scenario add no posts that have to be recruited."
LEAST = 0.5  # pounds: less than this is nothing


def people(result: Result) -> Block:
    """Return how new posts fill, and what that makes of the cases each social worker holds. Nothing without posts."""
    if not result.case.establishment:
        return show()
    new = measure(result, workforce.POSTS, WITH_SCHEMES)
    if not len(new) or new["central"].max() <= 0:
        return show(NO_POSTS)
    schemes = measure(result, workforce.CASELOAD, WITH_SCHEMES)
    target = result.case.assumptions.get("capacity.target_caseload")
    held = f"{caseload_words(result, schemes, target.value if target else None)}." if len(schemes) else ""
    return show(recruited_words(result.case), posts_filled(result), held)


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


def caseload_words(result: Result, schemes: pd.DataFrame, target: float | None) -> str:
    """Return how the cases each social worker holds change, and when the caseload aimed at is reached."""
    now, end = float(schemes["central"].iloc[0]), float(schemes["central"].iloc[-1])
    moved = f"Cases for each social worker go from {fmt.decimal(now, 1)} to {fmt.decimal(end, 1)}"
    if target is None:
        return moved
    reached = schemes.index[schemes["central"] <= target]
    if len(reached):
        return f"{moved}: {target:g} is reached in {fmt.month(str(reached[0]))}"
    likely = views.probability(result, WHOLE, "probability_caseload_target")
    chance = (
        ""
        if likely is None or result.draws == 1
        else f"; the chance that it ever is: {fmt.chance(likely, result.draws)}"
    )
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
