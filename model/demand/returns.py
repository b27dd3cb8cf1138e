"""From SSDA903 returns to what ``demand`` writes: caseload, assumptions, rates, forecast, the log of rules."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.case.reading.problems import InputProblems
from model.children.streams import GENERAL, UASC
from model.demand import privacy
from model.demand.assumptions import Level, assumption_rows
from model.demand.authority import authority_caseload, find_authority
from model.demand.build import Demand
from model.demand.dfe import DfeTables, category_counts, read_dfe
from model.demand.episodes import UNKNOWN, Episodes, birthday
from model.demand.forecast import forecast, forecast_frame, forecast_lines, written_case
from model.demand.rates import count_events, published_exit_rates, rate_frame
from model.demand.ssda903 import read_episodes
from model.demand.stated import Stream, caseload_frame

if TYPE_CHECKING:
    from pathlib import Path

    from model.case.records import Case

_SHORT: Final = 0.1
"""A share of 8 and 9 among 5 to 9 nearer to nought or one than this is counted on too few days to be used."""


def share_aged_8_9(episodes: Episodes) -> float:
    """Return the share of child-days aged 5 to 9 that are 8 or 9; NaN where there are none."""
    known = episodes.born != UNKNOWN
    first = np.maximum(episodes.start, episodes.opens)[known]
    last = np.minimum(episodes.end, episodes.closes)[known]
    five, eight, ten = (birthday(episodes.born[known], age) for age in (5, 8, 10))
    whole = np.maximum(np.minimum(last, ten) - np.maximum(first, five), 0).sum()
    older = np.maximum(np.minimum(last, ten) - np.maximum(first, eight), 0).sum()
    return float(older / whole) if whole > 0 else float("nan")


def regional_exit_rates(tables: DfeTables, authority: str) -> tuple[np.ndarray | None, str]:
    """Return exits before 18 a year by age in the authority's region (else England), and whose they are."""
    try:
        region = find_authority(tables, authority)[1]
    except InputProblems:
        region = "England"
    year = max(tables.years)
    level = "national" if region == "England" else "region"
    found = []
    for table, group in (("stock", "age group"), ("ceased", "age on ceasing")):
        rows = category_counts(tables, table=table, group=group, category="age")
        rows = rows[(rows["level"] == level) & (rows["region"] == region) & (rows["year"] == year)]
        found.append({str(c): float(n) for c, n in zip(rows["code"], rows["count"], strict=True)})
    return (published_exit_rates(found[0], found[1]), region) if found[0] else (None, "")


def demand_with_returns(dfe: Path, returns: Path, authority: str, *, internal: bool = False) -> Demand:
    """Return everything ``demand --ssda903`` writes. Without ``internal`` no observed count under six is in it."""
    tables = read_dfe(dfe)
    episodes = read_episodes(returns, authority=authority)
    authority = find_authority(tables, authority)[0]
    if not episodes.summary["in_care"]:
        raise InputProblems([f"{returns.name}: no child is in care on {_when(episodes)}; is it the whole return?"])
    prior, region = regional_exit_rates(tables, authority)
    streams = streams_of_returns(episodes, prior, internal=internal)
    files = _case_files(episodes, streams, internal=internal)
    ahead = forecast(written_case(files, _start(episodes)))
    files |= {"forecast.csv": forecast_frame(ahead), "rules.csv": rules_frame(episodes, internal=internal)}
    if internal:
        files["rule_rows.csv"] = rule_rows(episodes)
        files["rates.csv"] = rate_frame(streams[0].events, streams[0].rates.leaving, streams[0].rates.out)
    lines = [*summary_lines(episodes, internal=internal)]
    lines.append(f"exit rates by age lean on {region}'s published rates" if prior is not None else "no published prior")
    lines += forecast_lines(ahead)
    lines += _beside_published(tables, authority, streams, internal=internal)
    return Demand(authority=authority, year=_start(episodes).year, files=files, lines=tuple(lines))


def streams_of_returns(episodes: Episodes, prior: np.ndarray | None, *, internal: bool) -> list[Stream]:
    """Return what the streams of returns are made of; few unaccompanied children count among the others."""
    found = {name: count_events(episodes, uasc=name == UASC) for name in (GENERAL, UASC)}
    if not internal and found[UASC].stock.sum() < privacy.SMALLEST_PUBLISHED:
        found = {GENERAL: count_events(episodes)}
    return [
        Stream.of(name, events, prior)
        for name, events in found.items()
        if name == GENERAL or events.stock.sum() or events.entries.sum()
    ]


def returns_case(episodes: Episodes, prior: np.ndarray | None, *, internal: bool) -> Case:
    """Return the do-nothing case of returns: the files that ``demand`` writes, read back."""
    files = _case_files(episodes, streams_of_returns(episodes, prior, internal=internal), internal=internal)
    return written_case(files, _start(episodes))


def _case_files(episodes: Episodes, streams: list[Stream], *, internal: bool) -> dict[str, pd.DataFrame]:
    when = _when(episodes)
    source = f"SSDA903 returns to {when}"
    return {
        "caseload.csv": caseload_frame(streams, source, internal=internal),
        "assumptions.csv": _assumptions(episodes, streams[0], source, when),
    }


def _when(episodes: Episodes) -> str:
    """Return the last day of the returns."""
    return str(_start(episodes) - dt.timedelta(days=1))


def _start(episodes: Episodes) -> dt.date:
    """Return the day after the last return: the first of the forecast."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=episodes.last_day + 1)


def rules_frame(episodes: Episodes, *, internal: bool) -> pd.DataFrame:
    """Return rule, action, rows, meaning; counts of one to five are ``c`` unless internal."""
    frame = episodes.log.frame()
    return frame.assign(rows=[privacy.shown(n, internal=internal) for n in frame["rows"]])


def rule_rows(episodes: Episodes) -> pd.DataFrame:
    """Return rule, file and line of every dropped or repaired row, for whoever keeps the return. Never published."""
    parts = []
    for rule, where in episodes.log.lines.items():
        names = [episodes.log.files[i] for i in where[:, 0]]
        parts.append(pd.DataFrame({"rule": rule, "file": names, "line": where[:, 1]}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["rule", "file", "line"])


def summary_lines(episodes: Episodes, *, internal: bool) -> list[str]:
    """Return what was read, dropped and repaired, in words; counts of one to five hidden unless internal."""
    s = episodes.summary

    def say(name: str) -> str:
        return privacy.shown(s[name], internal=internal)

    kept = privacy.shown_total(s["rows_kept"], internal=internal)
    lines = [*episodes.log.warnings]
    lines.append(f"read {s['rows_read']} episode rows of {say('children_read')} children; kept {kept}")
    small = 0 < s["of_which_short_breaks"] < privacy.SMALLEST_PUBLISHED
    held = privacy.shown_total(s["open_at_last_return"], internal=internal) if small else say("open_at_last_return")
    lines.append(
        f"open at the last return: {held}, of which short breaks (left out) "
        f"{say('of_which_short_breaks')}; open in an older return only, closed: {say('stale_open')}"
    )
    lines.append(f"in care on {np.datetime64(s['last_day'], 'D')}: {say('in_care')}")
    frame = rules_frame(episodes, internal=internal)
    frame = frame[frame["rows"] != "0"]
    lines += [f"  {r.action} {r.rows}: {r.meaning}" for r in frame.itertuples()]
    if not internal and (frame["rows"] == privacy.MARK).any():
        lines.append(f"  {privacy.MARK}: one to five, not shown; --internal shows them")
    return lines


def _beside_published(tables: DfeTables, authority: str, streams: list[Stream], *, internal: bool) -> list[str]:
    """Say how far the returns are from the published total, which they should meet."""
    try:
        published = authority_caseload(tables, authority)
    except InputProblems as error:
        return [str(problem) for problem in error.problems]
    counted = privacy.shown(sum(float(stream.events.stock.sum()) for stream in streams), internal=internal)
    return [
        f"published: {published.total:.0f} on 31 March {published.year}; the returns hold {counted}: compare the dates"
    ]


def _assumptions(episodes: Episodes, stream: Stream, source: str, when: str) -> pd.DataFrame:
    share = share_aged_8_9(episodes)
    exits = max(float(stream.events.exits.sum()), 1.0)
    return assumption_rows(
        Level(
            log_sd=stream.entries[1], quality="amber",
            note=f"{stream.entries[0]:.1f} entries a year; range from chance and from how the years differ",
        ),
        Level(log_sd=1 / exits**0.5, quality="green", note="range from the number of exits counted"),
        source=source, as_at=when, counted_8_9=round(share, 3) if _SHORT < share < 1 - _SHORT else None,
    )  # fmt: skip
