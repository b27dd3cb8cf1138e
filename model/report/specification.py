"""Structure as a choice: the answer under every combination of what data cannot settle."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from model.case.records import Case, StructuralChoice
from model.case.units import above_zero
from model.case.words import CENTRAL
from model.report import views
from model.report.look import charts, markup
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import Block, show
from model.report.money import LEAST
from model.results.perimeters import main_perimeter, shown_perimeters
from model.results.runs import Result

CASH, TOTAL = "npv_cashable", "npv"
NOTHING = "No choice of how to model this case is named as open, so every figure stands on one way of modelling it."


def structure(result: Result) -> Block:
    """Return what the answer is under every combination of the structural choices: sentence, curve and table."""
    choices = _choices(result)
    if not choices or not result.case.active_schemes:
        return show(NOTHING if not choices else "No scheme acts in this scenario.")
    columns: dict[str, tbl.Show] = {
        "Choice": "title", "Settings": lambda c: " / ".join(s.title for s in c.settings), "Why": "reason"
    }  # fmt: skip
    return show(
        "Several ways of modelling the case can be defended. All of them are run; a chance holds given one of them.",
        Block(markup.bullets([positive_words(result, p) for p in shown_perimeters(result.case)])),
        curve(result, main_perimeter(result.case)),
        tbl.of("structure-choices", "What data cannot settle", choices, columns),
    )


def _choices(result: Result) -> list[StructuralChoice]:
    return [choice for choice in result.case.structure if choice.name in result.structure]


def central_values(result: Result, perimeter: str) -> pd.DataFrame:
    """Return a row for each combination: its setting of each choice, and its central NPV as CASH and as TOTAL."""
    found = result.structure[(result.structure.perimeter == perimeter) & (result.structure.statistic == CENTRAL)]
    cash, total = (found[found.measure == measure].reset_index(drop=True) for measure in (CASH, TOTAL))
    settings = cash.drop(columns=["perimeter", "measure", "statistic", "value_gbp"])
    return settings.assign(**{CASH: cash["value_gbp"], TOTAL: total["value_gbp"]})


def positive_words(result: Result, perimeter: str) -> str:
    """Return in how many of the combinations a perimeter pays, in cash first: "positive in 41 of 64"."""
    values = central_values(result, perimeter)
    parts = [
        f"{words} {positive(npv)} of {len(npv)} ways of modelling it ({fmt.money_range(npv.min(), npv.max())})"
        for words, npv in (("in cash", values[CASH]), ("with avoided cost", values[TOTAL]))
    ]
    return f"{views.title_of(result.case, perimeter)}: {'; '.join(parts)}."


def positive(npv: pd.Series[float]) -> str:
    """Return in how many a value is above zero, in words without a bare nought: "positive in 41"."""
    above = int(above_zero(np.asarray(npv, dtype=np.float64)).sum())
    return f"positive in {'none' if not above else 'all' if above == len(npv) else above}"


def curve(result: Result, perimeter: str) -> charts.Figure:
    """Chart the sorted NPVs, in cash and with avoided cost, above the grid of the choices that each stands on.

    Choices that do not move this perimeter are left out, and combinations that differ only by them drawn once.
    """
    case, name, values = result.case, views.title_of(result.case, perimeter), central_values(result, perimeter)
    moving = [choice for choice in _choices(result) if _moves(values, choice.name)]
    both = values.drop_duplicates([choice.name for choice in moving]) if moving else values[:1]
    both = both.sort_values([CASH, TOTAL]).reset_index(drop=True)
    rows = [(choice, setting.title) for choice in moving for setting in choice.settings]

    def paint(axes: Sequence[Axes]) -> None:
        above, below = axes
        above.plot(both.index, both[TOTAL], "s", color=charts.SKY, markersize=5, label="With avoided cost")
        above.plot(both.index, both[CASH], "o", color=charts.BLUE, markersize=5, label="In cash")
        charts.zero_line(above)
        charts.money_axis(above)
        above.legend(loc="best")
        for i, (choice, setting) in enumerate(rows):
            at = both.index[both[choice.name] == setting]
            below.plot(at, [i] * len(at), marker="o", linestyle="none", color=charts.INK, markersize=4)
        charts.name_rows(below, [f"{choice.title} {setting}" for choice, setting in rows])
        below.set_xticks([])

    columns: dict[str, tbl.Show] = {choice.title: choice.name for choice in moving}
    columns |= {
        "NPV in cash": lambda row: tbl.money(row[CASH]), "NPV with avoided cost": lambda row: tbl.money(row[TOTAL])
    }  # fmt: skip
    data = tbl.of(
        f"structure-{perimeter}-data", f"Every combination, {name}, central", both.to_dict("records"), columns
    )
    names = sorted({n for c in moving for s in c.settings for n in s.overrides if n in case.assumptions})
    return charts.chart(
        f"structure-{perimeter}", "Specification curve above a grid of its choices",
        f"{name}: in cash, {positive(both[CASH])} of {len(both)} ways of modelling it that differ", paint,
        height=2.4 + 0.24 * len(rows), data=data, rests_on=views.labels(case, names),
        grid={"nrows": 2, "sharex": True, "height_ratios": [2.2, 0.24 * len(rows) + 0.1]},
    )  # fmt: skip


def _moves(values: pd.DataFrame, choice: str) -> bool:
    """Whether a choice moves either value, all other choices held."""
    others = list(values.columns.drop([choice, CASH, TOTAL]))
    grouped = values.groupby(others or (lambda _: 0))[[CASH, TOTAL]]
    return bool((grouped.max() - grouped.min()).to_numpy().max() > LEAST)


def given(case: Case) -> str:
    """Return the words that go with every chance: it holds given the structural choices."""
    return "given how this scenario models it" if case.structure else "given this model"
