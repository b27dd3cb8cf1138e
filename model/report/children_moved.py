"""Children by placement, do nothing against with the schemes, where the schemes change something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.report import views
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.charts import (
    BLUE,
    QUIET,
    Figure,
    band,
    chart,
    month_axis,
    panels,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from model.case.records import Case
    from model.results.runs import Result


def children_moved(result: Result, most: int = 4) -> Figure:
    """Chart children by placement, do-nothing against with the schemes, a panel per placement that changes."""
    case, moved = result.case, views.placements_moved(result)[:most]
    shown = moved or ("all",)
    frames = {p: {w: views.stock(result, w, p) for w in ("do_nothing", "with_schemes", "impact")} for p in shown}

    def paint(canvas: Canvas) -> None:
        small = panels(canvas, len(shown), min(2, len(shown)))
        for axes, placement in zip(small, shown, strict=True):
            _stock_panel(axes, frames[placement], views.PLACEMENT_TITLES[placement])
        canvas.legend(*small[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)

    end = {p: float(frames[p]["impact"]["central"].iloc[-1]) for p in shown}
    month = fmt.month(str(frames[shown[0]]["impact"].index[-1]))
    changes = [
        f"{fmt.lowered(views.PLACEMENT_TITLES[p])} {fmt.signed(n, 0 if abs(n) >= 9.5 else 1)}" for p, n in end.items()
    ]
    title = (
        f"Children by {month}, against doing nothing: {fmt.listed(changes)}"
        if moved
        else "The number of children in each placement does not change"
    )
    alt = "Line charts of children by placement at the end of each month. " + " ".join(
        f"{views.PLACEMENT_TITLES[p]}: {fmt.decimal(f['do_nothing']['central'].iloc[-1], 0)} if nothing is done and "
        f"{fmt.decimal(f['with_schemes']['central'].iloc[-1], 0)} with the schemes in {month}."
        for p, f in frames.items())  # fmt: skip
    return chart("children", title, alt, paint, height=2.0 * -(-len(shown) // 2) + 0.4,
                  data=_table(result, shown), rests_on=views.drivers(case, _flow_groups(case)))  # fmt: skip


def _flow_groups(case: Case) -> set[str]:
    return {"caseload", *(s.name for s in case.active_schemes if s.kind in {"fostering_growth", "entry_reduction"})}


def _stock_panel(axes: Axes, frames: dict[str, pd.DataFrame], title: str) -> None:
    nothing, schemes = frames["do_nothing"], frames["with_schemes"]
    x = range(len(nothing))
    band(axes, schemes)
    axes.plot(x, nothing["central"], color=QUIET, linestyle=(0, (4, 2)), label="Do nothing")
    axes.plot(x, schemes["central"], color=BLUE, label="With the schemes")
    axes.set_title(title)
    axes.set_ylim(bottom=0)
    month_axis(axes, [str(m) for m in nothing.index])
    at = [i for i, m in enumerate(nothing.index) if str(m).endswith("-04")][::3]
    axes.set_xticks(at, [f"Apr {str(nothing.index[i])[:4]}" for i in at])


def _table(result: Result, placements: Sequence[str]) -> tbl.Table:
    """Return children at 31 March by placement: do-nothing, with the schemes, and the difference; central run."""
    frames = {(p, w): views.stock(result, w, p)["central"] for p in placements for w in
              ("do_nothing", "with_schemes", "impact")}  # fmt: skip
    at = [m for m in next(iter(frames.values())).index if str(m).endswith("-03")]
    words = {"do_nothing": "do nothing", "with_schemes": "with the schemes", "impact": "difference"}
    rows = [
        [tbl.text(f"{views.PLACEMENT_TITLES[p]}: {words[w]}"), *(tbl.number(fmt.decimal(f[m], 1), f[m]) for m in at)]
        for (p, w), f in frames.items()
    ]
    columns = ("Placement", *(fmt.month(str(m)) for m in at))
    return tbl.Table(
        key="children-data", caption="Children at 31 March, central run", columns=columns, rows=rows, numeric=1
    )
