"""From SSDA903 returns to what ``demand`` writes: caseload, assumptions, forecast, the log of rules.

What may be published is made of protected events (`privacy`); rates are pooled, so that they are nobody's own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from model.case.parameters import AGE_BANDS, PLACEMENTS
from model.case.reading.problems import InputProblems
from model.case.rows import CARE_SHARES, LEAVING, MEAN_AGE, MOVING, YOUNGER
from model.case.words import GENERAL, SMALLEST_PUBLISHED, UASC
from model.demand import privacy
from model.demand.authority import CASELOAD_COLUMNS, authority_caseload
from model.demand.build import Demand, tables_of
from model.demand.codes import read_reference
from model.demand.dfe import DfeTables, category_counts, find_authority
from model.demand.episodes import UNKNOWN, Episodes, birthday, year_of
from model.demand.forecast import forecast, forecast_frame, forecast_lines, written_case
from model.demand.levels import Level, assumption_rows, entry_level
from model.demand.rates import DAYS_A_YEAR, Events, Rates, count_events
from model.demand.ssda903 import read_episodes

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


# The rows of caseload.csv ---------------------------------------------------------------------------------------------


COLUMNS: Final = (
    *CASELOAD_COLUMNS[:-2],
    *LEAVING,
    *MOVING.values(),
    *CARE_SHARES,
    MEAN_AGE,
    YOUNGER,
    *CASELOAD_COLUMNS[-2:],
)
_SOME: Final = 0.01  # child-years: weight of a cell in which nobody has been, so that totals can always be fitted
_RATES: Final = "rates: pooled, a year and child, by months in care"
_WHO: Final = "who the children are: from their dates"
_SHOWN: Final = "totals: none of one to five; entries, rates and what they rest on to the nearest five (privacy)"


@dataclass(frozen=True, kw_only=True)
class Stream:
    """What a stream's rows are made of: counted events, pooled rates, and entries a year with their log sd."""

    name: str
    events: Events
    rates: Rates
    entries: tuple[float, float]

    @classmethod
    def of(cls, name: str, events: Events, prior: np.ndarray | None) -> Stream:
        """Pool what was counted; `prior`: published rates of leaving by age."""
        rates = Rates.of(events, prior)
        level = entry_level(events.entries.sum(axis=(0, 1)), events.first, rates.mean_stay(events.entries.sum(axis=2)))
        return cls(name=name, events=events, rates=rates, entries=level)


def caseload_frame(streams: Sequence[Stream], source: str, *, internal: bool) -> pd.DataFrame:
    """Return ``caseload.csv``: for each stream the rates of its cells, and who is in care and enters.

    ``internal``: children and entries of each age and placement; else their totals alone, which reading joins again.
    """
    rows = [_rows(stream, internal=internal).assign(stream=stream.name) for stream in streams]
    return pd.concat(rows, ignore_index=True).assign(source=source).reindex(columns=list(COLUMNS))


def _rows(stream: Stream, *, internal: bool) -> pd.DataFrame:
    grid = pd.MultiIndex.from_product([AGE_BANDS, PLACEMENTS], names=["age_band", "placement"])
    elsewhere = np.where(np.eye(len(PLACEMENTS), dtype=bool), np.nan, stream.rates.moving)
    rates = np.concatenate([stream.rates.leaving, elsewhere], axis=2).reshape(len(grid), -1).round(4)
    cells = pd.DataFrame(rates, index=grid, columns=[*LEAVING, *MOVING.values()]).reset_index().assign(note=_RATES)
    ages = _who(stream.events).assign(age_band=AGE_BANDS, placement="all", note=_WHO)
    held, entering = stream.events.stock.sum(axis=2), _entries(stream.events, stream.entries[0])
    if internal:
        return pd.concat([cells.assign(children=held.round(4).ravel(), entries_annual=entering.round(4).ravel()), ages])
    ages = ages.assign(children=held.sum(axis=1).round(4), entries_annual=entering.sum(axis=1).round(4))
    placements = pd.DataFrame({"age_band": "all", "placement": PLACEMENTS, "note": _SHOWN})
    placements = placements.assign(children=held.sum(axis=0).round(4), entries_annual=entering.sum(axis=0).round(4))
    return pd.concat([cells, ages, placements])


def _entries(events: Events, annual: float) -> np.ndarray:
    """Return entries a year (ages, placements): those of all years in proportion, at the level of the newest years."""
    counts = events.entries.sum(axis=2)
    if not counts.sum() > 0 or not annual > 0:
        return np.zeros(counts.shape)
    new = events.exposure[:, :, 0] + _SOME
    entering = counts + new / new.sum()
    scaled: np.ndarray = entering * (annual / float(entering.sum()))
    return scaled


def _who(events: Events) -> pd.DataFrame:
    """Return who the children of each age are, as far as it is known: those who enter and those in care.

    The share of the entrants in the younger half of the band is drawn towards half of them.
    """
    by_care = events.stock.sum(axis=1)
    there = by_care.sum(axis=1, keepdims=True)
    known = (there > 0) & ~np.isnan(events.mean_age)[:, None]
    shares = np.divide(by_care, there, out=np.full(by_care.shape, np.nan), where=known)[:, :-1]
    frame = pd.DataFrame(shares.round(3), columns=list(CARE_SHARES))
    young = (events.younger + 1) / (events.entries.sum(axis=(1, 2)) + 2)
    return frame.assign(**{MEAN_AGE: np.where(known[:, 0], events.mean_age, np.nan).round(1), YOUNGER: young.round(2)})
