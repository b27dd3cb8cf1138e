"""Every table of a run as a tidy sheet: real dates and numbers, a column a statistic, headings that filter."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Final

import pandas as pd

from model.case.words import CENTRAL, MEAN
from model.excel.grid import HEADING, TEXT_STAYS_TEXT
from model.results.runs import Result

SHOWN: Final = (CENTRAL, MEAN, "p10", "p50", "p90")
SHEETS: Final[Mapping[str, tuple[str, Callable[[Result], pd.DataFrame]]]] = {
    "Measures": ("NPV, payback and chances of every perimeter", lambda r: r.metrics),
    "Annual": ("Every line by financial year, as annual.csv", lambda r: r.annual),
    "Monthly": ("Net and cumulative position by month", lambda r: r.monthly),
    "Children": ("Children in each placement at each month's end", lambda r: _totals(r.caseload)),
    "Placement costs": ("What placements cost if nothing is done", lambda r: r.placement_costs),
    "Funding": ("Which purse pays, and the reserve, nominal", lambda r: r.funding),
    "MTFP": ("Year-on-year changes to the base budget, pressures positive", lambda r: r.mtfp),
    "Reserve": ("The reserve by month, nominal", lambda r: r.reserve),
    "Virement": ("Staff by service line, nominal", lambda r: r.virement),
    "Staffing": ("Posts, people and caseloads by month", lambda r: r.staffing),
    "Switching values": ("Where each assumption turns the NPV", lambda r: r.switching),
    "Tornado": ("How far each assumption moves the NPV", lambda r: r.tornado),
    "Information": ("What each number is worth learning", lambda r: r.information),
    "Attribution": ("Who earned the NPV", lambda r: r.attribution),
    "Structure": ("The NPV under every combination of the structural choices", lambda r: r.structure),
    "Convergence": ("What the number of draws can tell", lambda r: r.convergence),
    "Reconciliation": ("Printed figures recomputed", lambda r: r.reconciliation),
}
"""Sheet -> what it holds, and the frame of a result that it shows."""
MOST_ROWS: Final = 1_048_575
FORMATS: Final = {"gbp": "#,##0;[Red]-#,##0", "share": "0.0%", "date": "mmm yyyy", "plain": "#,##0.######"}
MONTH: Final = re.compile(r"\d{4}-\d{2}")


def write_tables(result: Result, path: Path) -> None:
    """Write every table of a run to one workbook; the draws as their P10, P50 and P90 beside central and mean."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - only where a workbook is asked for

    with Workbook(str(path), TEXT_STAYS_TEXT) as book:
        made = datetime.combine(result.case.knowledge_date, time(), UTC)
        book.set_properties({"title": result.case.title, "created": made})
        front = book.add_worksheet("Contents")
        bold = book.add_format({"bold": True, "font_size": 14})
        front.write_string(0, 0, f"{result.case.council}: {result.case.title}. {result.case.scenario_title}", bold)
        base = result.case.price_base
        front.write_string(1, 0, f"{result.draws} draws, seed {result.seed}; real amounts are GBP in prices of {base}.")
        front.set_column(0, 0, 24)
        front.set_column(1, 1, 70)
        for i, (name, (what, frame)) in enumerate(SHEETS.items()):
            front.write_url(3 + i, 0, f"internal:'{name}'!A1", string=name)
            front.write_string(3 + i, 1, what)
            _write(book, name, _wide(frame(result)))


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write one table as a workbook of one sheet, in the formats that its columns' names ask for."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - as above

    with Workbook(str(path), TEXT_STAYS_TEXT) as book:
        _write(book, "Table", frame)


def _totals(caseload: pd.DataFrame) -> pd.DataFrame:
    """Keep the placements' totals: a quarter of a million cells by age are in `caseload.csv`."""
    found = caseload[(caseload.age_band == "all") & (caseload.measure == "stock")]
    return found.drop(columns=["age_band", "measure"]).astype(
        dict.fromkeys(("scenario", "world", "placement", "month", "statistic"), str)
    )


def _wide(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a tidy frame with a column for each statistic, in the order of its rows."""
    if "statistic" not in frame or frame.empty:
        return frame
    kept = frame[frame.statistic.isin(SHOWN)]
    values = [c for c in kept.columns if c.endswith("_gbp") or c in {"value", "children"}]
    keys = [c for c in kept.columns if c not in {*values, "statistic"}]
    wide = kept.pivot_table(index=keys, columns="statistic", values=values, sort=False, dropna=False, observed=True)
    wide = wide.dropna(how="all")
    several = len(values) > 1
    wide.columns = [
        f"{value} {statistic}" if several else f"{statistic} {value}" for value, statistic in map(tuple, wide.columns)
    ]
    order = sorted(wide.columns, key=lambda c: next(i for i, s in enumerate(SHOWN) if s in c.split()))
    return wide[order].reset_index()


def _write(book: Any, name: str, frame: pd.DataFrame) -> None:  # noqa: ANN401 - XlsxWriter's own
    """Write a frame to a sheet with a heading that filters; an empty one leaves its headings."""
    page, head = book.add_worksheet(name), book.add_format(HEADING)
    for column, title in enumerate(map(str, frame.columns)):
        kind = "gbp" if "gbp" in title else "share" if "share" in title or "probability" in title else "plain"
        cells = [_cell(value) for value in frame.iloc[:, column].tolist()]
        if any(isinstance(cell, date) for cell in cells):
            kind = "date"
        page.write_string(0, column, title.replace("_", " "), head)
        page.write_column(1, column, cells, book.add_format({"num_format": FORMATS[kind]}))
        longest = max((len(cell) for cell in cells if isinstance(cell, str)), default=0)
        page.set_column(column, column, min(max(12, longest + 2, len(title) // 2), 60))
    page.freeze_panes(1, 1)
    page.autofilter(0, 0, max(len(frame), 1), max(len(frame.columns) - 1, 0))


def _cell(value: object) -> object:
    """Return a value as a spreadsheet holds it: a month is a date, a switch a word, what is not there is nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and MONTH.fullmatch(value):
        return date.fromisoformat(f"{value}-01")
    return None if value != value else value  # noqa: PLR0124 - only what is no number differs from itself
