"""Put the parts together: an authority's caseload, assumptions and forecast as tidy frames ready to write."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from model.case.parameters import AGE_BANDS
from model.case.reading.problems import InputProblems
from model.case.rows import YOUNGER
from model.case.words import GENERAL
from model.children.opening import CaseloadError
from model.children.streams import streams_of
from model.demand.authority import authority_caseload, caseload_frame
from model.demand.codes import demand_settings
from model.demand.dfe import DfeTables, read_dfe
from model.demand.forecast import forecast, forecast_frame, forecast_lines, written_case
from model.demand.levels import assumption_rows, held, levels_of, pooled_flows, younger_infants

_CUT: Final = "more exits are published than the children of an age can give: cut"
_MOST_CUTS = 40  # numerics: by then next to no exits are left, so that more cuts would change nothing


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What ``demand`` writes. ``files``: name to frame; ``lines``: what to tell the person, in order."""

    authority: str
    year: int
    files: Mapping[str, pd.DataFrame]
    lines: tuple[str, ...] = field(default=())


def feasible(caseload: pd.DataFrame, assumptions: pd.DataFrame, start: dt.date) -> tuple[pd.DataFrame, str]:
    """Return a caseload the engine can project, and what had to be changed to make it so ("" for nothing).

    A very small authority, or one that passes children on at once, can publish more exits of an age than its children
    and entrants can give: exits are then cut by `exits_cut_step` at a time, and the rows say so.
    """
    exits = pd.to_numeric(caseload["exits_annual"], errors="coerce")
    for kept in (1 - demand_settings()["exits_cut_step"]) ** np.arange(_MOST_CUTS):
        said = caseload["note"].where(exits.isna(), caseload["note"] + f"; exits cut to {kept:.0%} to be possible")
        lowered = (exits * kept).round(3).astype(object).where(exits.notna(), "")
        cut = caseload.assign(exits_annual=lowered, note=said) if kept < 1 else caseload
        try:
            streams_of(written_case({"caseload.csv": cut, "assumptions.csv": assumptions}, start))
        except CaseloadError:
            continue
        return cut, f"{_CUT} to {kept:.0%}: see the notes" if kept < 1 else ""
    message = f"{caseload['source'].iloc[0]}: no caseload can be made of these figures"
    raise InputProblems([message])


@lru_cache(maxsize=4)
def tables_of(folder: Path) -> DfeTables:
    """Return the tables in a folder, read once."""
    return read_dfe(folder)


def tables_demand(tables: DfeTables, authority: str, year: int | None = None) -> Demand:
    """Return caseload and assumptions of any authority from DfE's tables alone, without a forecast."""
    built = authority_caseload(tables, authority, year)
    pooled = pooled_flows(tables, built)
    levels = levels_of(tables, pooled)
    source = f"Spread over all authorities ({tables.files['totals']}), known by 31 March {built.year}"
    seen = demand_settings()["placement_years"]
    rows = partial(assumption_rows, source=source, as_at=f"{built.year}-03-31", years_seen=seen)
    start = dt.date(built.year, 4, 1)
    stated = caseload_frame(pooled, tables.files)
    infants = (stated["age_band"] == AGE_BANDS[0]) & (stated["stream"] == GENERAL)
    stated[YOUNGER] = np.where(infants, round(younger_infants(pooled), 2), np.nan)
    caseload, change = feasible(stated, rows(levels), start)
    flows = written_case({"caseload.csv": caseload, "assumptions.csv": rows(levels)}, start)
    assumptions = rows(held(streams_of(flows), *levels))
    guessed = {name: count for name, count in built.imputed.items() if count >= 0.5}
    lines = [*tables.notes, f"{built.authority}: {built.total:.0f} children on 31 March {built.year} (DfE)."]
    lines += [f"suppressed and imputed within published totals: {n} {c:.0f}" for n, c in guessed.items()]
    lines += [change] if change else []
    files = {"caseload.csv": caseload, "assumptions.csv": assumptions}
    return Demand(authority=built.authority, year=built.year, files=files, lines=tuple(lines))


def demand_from_tables(folder: Path, authority: str, year: int | None = None) -> Demand:
    """Return what ``demand`` writes from DfE's tables alone: caseload, assumptions and forecast."""
    made = tables_demand(tables_of(folder), authority, year)
    ahead = forecast(written_case(made.files, dt.date(made.year, 4, 1)))
    files = {**made.files, "forecast.csv": forecast_frame(ahead)}
    return replace(made, files=files, lines=(*made.lines, *forecast_lines(ahead)))
