"""From SSDA903 returns to what ``demand`` writes: caseload, assumptions, rates, forecast, the log of rules."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from model.case.parameters import AGE_BANDS, PLACEMENTS
from model.case.reading.problems import InputProblems
from model.case.words import GENERAL, SMALLEST_PUBLISHED, UASC
from model.demand import privacy
from model.demand.assumptions import Level, assumption_rows
from model.demand.authority import authority_caseload
from model.demand.build import Demand, tables_of
from model.demand.codes import read_reference
from model.demand.dfe import DfeTables, category_counts
from model.demand.episodes import UNKNOWN, Episodes, birthday, year_of
from model.demand.forecast import forecast, forecast_frame, forecast_lines, written_case
from model.demand.names import find_authority
from model.demand.rates import DAYS_A_YEAR, count_events
from model.demand.ssda903 import read_episodes
from model.demand.stated import Stream, caseload_frame

_SHORT: Final = 0.1
"""A share of 8 and 9 among 5 to 9 nearer to nought or one than this is counted on too few days to be used."""
_ODD_RATIO: Final = 2.0
"""More or fewer children than this many times the published total: the return of another council, or part of one."""


def demand_with_returns(dfe: Path, returns: Path, authority: str, *, internal: bool = False) -> Demand:
    """Return everything ``demand --ssda903`` writes. Without ``internal`` it is made of protected counts alone."""
    tables = tables_of(dfe)
    episodes = read_episodes(returns, authority=authority)
    if episodes.child.size == 0:
        raise InputProblems([f"{returns.name}: no episode that can be read stands in its files"])
    authority, region = find_authority(tables, authority)
    if not episodes.summary["in_care"]:
        raise InputProblems([f"{returns.name}: no child is in care on {_day(episodes)}; is it the whole return?"])
    if not internal and episodes.summary["in_care"] < SMALLEST_PUBLISHED:
        raise InputProblems([f"{returns.name}: too few children for anything to be published; --internal shows them"])
    prior, whose = regional_exit_rates(tables, region)
    files = case_files(episodes, prior, internal=internal)
    ahead = forecast(written_case(files, starts(episodes)))
    log = episodes.log.frame()
    rules = log.assign(rows=[privacy.shown(n, internal=internal) for n in log["rows"]])
    files |= {"forecast.csv": _public(forecast_frame(ahead), internal=internal), "rules.csv": rules}
    lines = [*tables.notes, *summary_lines(episodes, rules, internal=internal)]
    lines.append(f"exit rates by age lean on {whose}'s published rates" if prior is not None else "no published prior")
    lines += [*forecast_lines(ahead), *_beside_published(tables, authority, episodes)]
    return Demand(authority=authority, year=starts(episodes).year, files=files, lines=tuple(lines))


def regional_exit_rates(tables: DfeTables, region: str) -> tuple[np.ndarray | None, str]:
    """Return exits before 18 a year over children, by age, in a region, and whose they are; None if not published."""
    found = []
    for table in ("stock", "ceased"):
        rows = category_counts(tables, table, "age")
        rows = rows[(rows["level"] == "region") & (rows["region"] == region) & (rows["year"] == max(tables.years))]
        found.append(rows.set_index("code")["count"].reindex(AGE_BANDS).fillna(0.0).to_numpy(dtype=float))
    stock, exits = found
    if not stock.any():
        return None, ""
    return np.divide(exits, stock, out=np.full(len(stock), exits.sum() / stock.sum()), where=stock > 0), region


def streams_of_returns(episodes: Episodes, prior: np.ndarray | None, *, internal: bool) -> list[Stream]:
    """Return what the streams of returns are made of; few unaccompanied children count among the others."""
    found = {name: count_events(episodes, uasc=name == UASC) for name in (GENERAL, UASC)}
    if not internal:
        if found[UASC].stock.sum() < SMALLEST_PUBLISHED:
            found = {GENERAL: count_events(episodes)}
        weights = np.array([[_seed()[age, place] for place in PLACEMENTS] for age in AGE_BANDS]) + _SHORT
        years = (episodes.closes - episodes.opens) / DAYS_A_YEAR
        found = {name: privacy.protected(events, weights, years) for name, events in found.items()}
    return [
        Stream.of(name, events, prior)
        for name, events in found.items()
        if name == GENERAL or events.stock.sum() or events.entries.sum()
    ]


def _seed() -> Mapping[tuple[str, str], float]:
    return {(row["age_band"], row["placement"]): row["weight"] for row in read_reference("caseload_seed.csv")}


def case_files(episodes: Episodes, prior: np.ndarray | None, *, internal: bool) -> dict[str, pd.DataFrame]:
    """Return ``caseload.csv`` and ``assumptions.csv`` of returns; `prior`: published rates of leaving by age."""
    streams, when = streams_of_returns(episodes, prior, internal=internal), _day(episodes)
    source = f"SSDA903 returns to {when}"
    return {
        "caseload.csv": caseload_frame(streams, source, internal=internal),
        "assumptions.csv": _assumptions(episodes, streams[0], source, when, internal=internal),
    }


def _day(episodes: Episodes) -> str:
    """Return the last day of the returns."""
    return str(np.datetime64(episodes.last_day, "D"))


def starts(episodes: Episodes) -> dt.date:
    """Return the day after the last return: the first of the forecast."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=episodes.closes)


def _public(ahead: pd.DataFrame, *, internal: bool) -> pd.DataFrame:
    """Return a forecast as it may be published: of ages and placements, not of both, and of none of under six."""
    if internal:
        return ahead
    opening = ahead[(ahead["month"] == 0) & (ahead["statistic"] == "mean")]
    key = ["stream", "age_band", "placement"]
    few = opening.loc[opening["children"] < SMALLEST_PUBLISHED, key]
    joint = (ahead["age_band"] != "all") & (ahead["placement"] != "all")
    small = pd.MultiIndex.from_frame(ahead[key]).isin(pd.MultiIndex.from_frame(few))
    return ahead[~joint & ~small].reset_index(drop=True)


def summary_lines(episodes: Episodes, rules: pd.DataFrame, *, internal: bool) -> list[str]:
    """Return what was read, dropped and repaired, in words; counts as they may be shown, the total as it is."""
    s = episodes.summary
    say = {name: privacy.shown(number, internal=internal) for name, number in s.items()}
    short = say["of_which_short_breaks"]
    lines = [
        *episodes.log.warnings,
        f"returns of {year_of(episodes.opens) + 1} to {year_of(episodes.closes)}, each the year to 31 March",
        f"read {say['rows_read']} episode rows of {say['children_read']} children; kept {say['rows_kept']}",
        f"open at the last return: {say['open_at_last_return']}, of which short breaks (left out) {short}",
        f"open in an older return only, closed: {say['stale_open']}",
        f"in care on {_day(episodes)}: {s['in_care']}",
        *(f"  {r.action} {r.rows}: {r.meaning}" for r in rules[rules["rows"] != "0"].itertuples()),
    ]
    shown = "to the nearest five, c for one to five; --internal shows them as they are"
    return lines if internal else [*lines, f"  counts: {shown}"]


def _beside_published(tables: DfeTables, authority: str, episodes: Episodes) -> list[str]:
    """Say how far the returns are from the published total, which they should meet."""
    try:
        published = authority_caseload(tables, authority)
    except InputProblems as error:
        return [str(problem) for problem in error.problems]
    held = episodes.summary["in_care"]
    far = not 1 / _ODD_RATIO < held / published.total < _ODD_RATIO
    advice = f"far apart: is this {authority}'s return, and all of it?" if far else "compare the dates"
    return [f"published: {published.total:.0f} on 31 March {published.year}; the returns hold {held}: {advice}"]


def share_aged_8_9(episodes: Episodes) -> float:
    """Return the share of child-days aged 5 to 9 that are 8 or 9; NaN where there are none."""
    known = episodes.born != UNKNOWN
    first = np.maximum(episodes.start, episodes.opens)[known]
    last = np.minimum(episodes.end, episodes.closes)[known]
    five, eight, ten = (birthday(episodes.born[known], age) for age in (5, 8, 10))
    whole = np.maximum(np.minimum(last, ten) - np.maximum(first, five), 0).sum()
    older = np.maximum(np.minimum(last, ten) - np.maximum(first, eight), 0).sum()
    return float(older / whole) if whole > 0 else float("nan")


def _assumptions(episodes: Episodes, stream: Stream, source: str, when: str, *, internal: bool) -> pd.DataFrame:
    """Return the rows of ``assumptions.csv``. In public the share of 8 and 9 is told to 0.05, of enough children."""
    share, exits = share_aged_8_9(episodes), max(float(stream.events.exits.sum()), 1.0)
    enough = internal or stream.events.stock[AGE_BANDS.index("5_9")].sum() >= privacy.ENOUGH_FOR_A_MEAN
    counted = round(share, 3) if internal else round(20 * share) / 20 if share > 0 else share
    entries = Level(
        log_sd=stream.entries[1], quality="amber",
        note=f"{stream.entries[0]:.1f} entries a year; range from chance and from how the years differ",
    )  # fmt: skip
    return assumption_rows(
        (entries, Level(log_sd=1 / exits**0.5, quality="green", note="range from the number of exits counted")),
        source=source, as_at=when, counted_8_9=counted if enough and _SHORT < share < 1 - _SHORT else None,
        years_seen=(episodes.closes - episodes.opens) / DAYS_A_YEAR,
    )  # fmt: skip
