"""How far the caseload could have been foreseen: earlier years' forecasts against what came, beside no change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import Block, show

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

NO_TABLES = (
    "Give the folder of DfE's downloads in the parameter dfe to test the forecast on earlier years, over all "
    "authorities in the tables."
)


def backtest(dfe: str, *, holdout_years: int | None = None) -> Block:
    """Return the backtest of the caseload forecast on DfE's published tables, losses as well as wins.

    `dfe` is the folder of the downloads, empty = say how to give it. Raises InputProblems naming every problem of
    the tables.
    """
    if not dfe:
        return show(NO_TABLES)
    from model.demand import backtest as demand  # noqa: PLC0415 - reading tables is for those who have them
    from model.demand.dfe import read_dfe  # noqa: PLC0415

    found = demand.backtest(read_dfe(Path(dfe)), holdout_years=holdout_years)
    words = Block(markup.bullets(demand.conclusions(found)))
    return show(words, _errors(found.errors, demand.LEVELS, demand.called))


def _errors(frame: pd.DataFrame, levels: Sequence[float], called: Callable[[str], str]) -> tbl.Table:
    """A row a kind of children and number of years ahead: errors beside no change's, and how often intervals held."""
    measures = ["error", "no_change", "difference_low", "difference_high", *(f"covered_{x * 100:.0f}" for x in levels)]
    rows = frame[frame["size"] == "all"].to_dict("records")
    return tbl.Table(
        key="backtest-errors",
        caption="Mean absolute error, share of all the authority's children at the start, and what the intervals cover",
        columns=(
            "Children", "Years ahead", "Forecast", "No change", "Difference, low", "Difference, high",
            *(f"In {fmt.percent(level)} interval" for level in levels),
        ),
        rows=[
            [tbl.text(called(r["placement"])), tbl.text(r["horizon"])]
            + [tbl.number(fmt.percent(r[name], 1), r[name]) for name in measures]
            for r in rows
        ],
        numeric=2,
        note="Difference: the forecast's error less that of no change, 95% interval over authorities. In an interval: "
        "how often the truth was; much more or much less than its name is a fault either way.",
    )  # fmt: skip
