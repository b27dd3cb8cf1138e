"""How far the caseload could have been foreseen: earlier years' forecasts against what came, beside no change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import Block, show

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    return show(words, _errors(found.errors), _coverage(found.coverage))


def _errors(frame: pd.DataFrame) -> tbl.Table:
    rows = [
        [*_whose(r), _share(r.error), _share(r.no_change), _share(r.difference_low), _share(r.difference_high)]
        for r in _all_sizes(frame)
    ]
    return tbl.Table(
        key="backtest-errors",
        caption="Mean absolute error, share of all the authority's children at the start",
        columns=("Children", "Years ahead", "Forecast", "No change", "Difference, low", "Difference, high"),
        rows=rows,
        numeric=2,
        note="Difference: the forecast's error less that of no change, 95% interval over authorities.",
    )


def _coverage(frame: pd.DataFrame) -> tbl.Table:
    """A row a placement and number of years ahead, a column an interval."""
    levels = sorted(frame["level"].unique())
    by_level = [list(_all_sizes(frame[frame["level"] == level])) for level in levels]
    return tbl.Table(
        key="backtest-coverage",
        caption="Share of authorities whose number fell inside the interval",
        columns=("Children", "Years ahead", *(f"{fmt.percent(float(level))} interval" for level in levels)),
        rows=[[*_whose(row[0]), *(_share(r.covered) for r in row)] for row in zip(*by_level, strict=True)],
        numeric=2,
        note="An interval that covers much more or much less than its name is a fault either way.",
    )


def _all_sizes(frame: pd.DataFrame) -> Iterable[Any]:
    return frame[frame["size"] == "all"].itertuples()


def _whose(row: Any) -> list[tbl.Cell]:  # noqa: ANN401 - a row of a frame
    return [tbl.text(str(row.placement).replace("_", " ")), tbl.text(int(row.horizon))]


def _share(value: float) -> tbl.Cell:
    return tbl.number(fmt.percent(value, 1), value)
