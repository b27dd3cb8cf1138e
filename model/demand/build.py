"""Put the parts together: an authority's caseload, assumptions and forecast as tidy frames ready to write."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from model.case.reading.problems import InputProblems
from model.case.records import CaseloadRow
from model.children.calibration import stream_from_rows
from model.children.law import EVEN_SHARE_8_9
from model.children.opening import CaseloadError, Stream
from model.demand.authority import authority_caseload, caseload_frame
from model.demand.backtest import backtest
from model.demand.codes import STREAMS
from model.demand.dfe import DfeTables, read_dfe
from model.demand.settings import demand_settings
from model.demand.steering import TotalForecast, assumption_rows, total_forecast
from model.demand.totals import build_panel

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping
    from pathlib import Path

_MOST_CUTS = 40  # numerics: by then next to no exits are left, so that more cuts would change nothing


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What ``demand`` writes. ``files``: name to frame; ``lines``: what to tell the person, in order."""

    authority: str
    year: int
    files: Mapping[str, pd.DataFrame]
    lines: tuple[str, ...] = field(default=())
    total: TotalForecast | None = None


def streams_of(caseload: pd.DataFrame) -> list[Stream]:
    """Return the engine's streams of a ``caseload.csv`` frame, placements spread evenly (for totals only)."""
    found = []
    for stream in STREAMS:
        rows = [_row(record) for record in caseload.to_dict("records") if record["stream"] == stream]
        if rows:
            ages = [r for r in rows if r.age_band != "all"]
            found.append(stream_from_rows(ages, seed={}, share_8_9=EVEN_SHARE_8_9, left=None))
    return found


def feasible(caseload: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Return a caseload the engine can project, and whether exits had to be cut to make it so.

    A very small authority, or one that passes children on at once, can publish more exits of an age than its children
    and entrants can give. Exits are then cut by `exits_cut_step` at a time, and the rows say so.
    """
    frame, left = caseload, 1 - demand_settings()["exits_cut_step"]
    for cut in range(_MOST_CUTS):
        try:
            streams_of(frame)
        except CaseloadError:
            kept = left ** (cut + 1)
            exits = pd.to_numeric(caseload["exits_annual"], errors="coerce")
            said = caseload["note"].where(exits.isna(), caseload["note"] + f"; exits cut to {kept:.0%} to be possible")
            lowered = (exits * kept).round(3).astype(object).where(exits.notna(), "")
            frame = caseload.assign(exits_annual=lowered, note=said)
        else:
            return frame, cut > 0
    return frame, True


def _row(record: Mapping[Hashable, object]) -> CaseloadRow:
    def number(name: str) -> float | None:
        value = record[name]
        return None if value == "" or pd.isna(value) else float(str(value))  # type: ignore[call-overload]

    return CaseloadRow(
        age_band=str(record["age_band"]),
        placement=str(record["placement"]),
        stream=str(record["stream"]),
        children=number("children"),
        entries_annual=number("entries_annual"),
        exits_annual=number("exits_annual"),
    )


@lru_cache(maxsize=4)
def tables_of(folder: Path) -> DfeTables:
    """Return the tables in a folder, read once."""
    return read_dfe(folder)


@lru_cache(maxsize=4)
def default_method(folder: Path) -> str:
    """Return the forecasting method that does best on the held-out years of the tables in ``folder``."""
    try:
        return backtest(tables_of(folder)).best_method()
    except ValueError:
        return "persistence"


def demand_from_tables(folder: Path, authority: str, year: int | None = None) -> Demand:
    """Return caseload and assumptions of any authority from DfE's tables alone."""
    tables = tables_of(folder)
    built = authority_caseload(tables, authority, year)
    caseload, cut = feasible(caseload_frame(built, tables.files))
    panel = build_panel(tables)
    method = default_method(folder)
    try:
        total = total_forecast(panel, built.authority, built.year, method=method, opening=built.total)
    except ValueError as error:
        raise InputProblems([f"{folder.name}/: {error}"]) from error
    source = f"Backtested forecast on DfE tables ({tables.files['totals']}), {method}, 31 March {built.year}"
    assumptions = assumption_rows(streams_of(caseload), total, source=source, as_at=f"{built.year}-03-31")
    guessed = {name: count for name, count in built.imputed.items() if count >= 0.5}
    lines = [f"{built.authority}: {built.total:.0f} children on 31 March {built.year} (DfE)."]
    lines += [f"suppressed and imputed within published totals: {n} {c:.0f}" for n, c in guessed.items()]
    lines += ["more exits are published than the children of an age can give: cut, see the notes"] if cut else []
    lines += total_lines(total)
    return Demand(
        authority=built.authority,
        year=built.year,
        files={"caseload.csv": caseload, "assumptions.csv": assumptions, "forecast_total.csv": total_frame(total)},
        lines=tuple(lines),
        total=total,
    )


def total_lines(total: TotalForecast) -> list[str]:
    """Return the forecast of the total in words."""
    return [
        f"{h} year{'s' if h > 1 else ''} on: {total.middle[h]:.0f} (80% between {total.p10[h]:.0f} and "
        f"{total.p90[h]:.0f}); {total.method}"
        for h in total.middle
    ]


def total_frame(total: TotalForecast) -> pd.DataFrame:
    """Return horizon_years, statistic (p10, p50, p90), children, method."""
    rows = [
        {"horizon_years": h, "statistic": name, "children": round(values[h], 1), "method": total.method}
        for h in total.middle
        for name, values in (("p10", total.p10), ("p50", total.middle), ("p90", total.p90))
    ]
    return pd.DataFrame(rows)
