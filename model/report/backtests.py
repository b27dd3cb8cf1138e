"""How far the caseload could have been foreseen: years that were held out, against simpler forecasts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import Block, show

if TYPE_CHECKING:
    import pandas as pd

NO_TABLES = (
    "Give the folder of DfE's downloads in the parameter dfe to test the forecast on years that were held out, "
    "over all authorities in the tables."
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
    return show(words, _errors(found.held_out()), _coverage(found.held_out_coverage()))


def _errors(frame: pd.DataFrame) -> tbl.Table:
    columns = ("Years ahead", *(_named(method) for method in frame.columns))
    rows = [[tbl.text(int(str(h))), *(_share(float(v)) for v in frame.loc[h])] for h in frame.index]
    return tbl.Table(
        key="backtest-errors",
        caption="Mean absolute error on held-out years, share of the children at the start",
        columns=columns,
        rows=rows,
        numeric=1,
    )


def _coverage(frame: pd.DataFrame) -> tbl.Table:
    """A row a method and number of years ahead, a column an interval."""
    methods, levels = (frame.columns.unique(level=name) for name in ("method", "level"))
    columns = ("Method", "Years ahead", *(f"{fmt.percent(float(level))} interval" for level in levels))
    rows = [
        [tbl.text(_named(method)), tbl.text(int(str(h))), *(_share(float(frame.loc[h, (method, v)])) for v in levels)]
        for method in methods
        for h in frame.index
    ]
    return tbl.Table(
        key="backtest-coverage",
        caption="Share of authorities whose number fell inside the interval, held-out years",
        columns=columns,
        rows=rows,
        numeric=1,
        note="An interval that covers much more or much less than its name is a fault either way.",
    )


def _named(method: object) -> str:
    from model.demand.totals import NAMED  # noqa: PLC0415 - as above

    return NAMED[str(method)].capitalize()


def _share(value: float) -> tbl.Cell:
    return tbl.number(fmt.percent(value, 1), value)
