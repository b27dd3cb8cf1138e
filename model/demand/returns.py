"""From SSDA903 returns to what ``demand`` writes: caseload, assumptions, rates, forecast, the log of rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.case.reading.problems import InputProblems
from model.demand import privacy
from model.demand.authority import CASELOAD_COLUMNS, authority_caseload, find_authority
from model.demand.build import Demand
from model.demand.codes import AGE_BANDS, AGE_STARTS, AGED_OUT, PLACEMENTS
from model.demand.dfe import DfeTables, category_counts, read_dfe
from model.demand.episodes import UNKNOWN, Episodes, birthday
from model.demand.forecast import Forecast, entry_level, entry_pattern, forecast, forecast_frame, hazards_from
from model.demand.rates import (
    DAYS_A_YEAR,
    DURATION_STARTS,
    Events,
    PooledRates,
    count_events,
    destinations,
    pool,
    published_exit_rates,
    rate_frame,
)
from model.demand.ssda903 import read_episodes
from model.demand.steering import ASSUMPTION_COLUMNS, OWNER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MONTHS: Final = 36
DRAWS: Final = 2000
_NORMAL_P90: Final = 1.2815515655446004
_MOVE_COLUMNS: Final = tuple(f"move_to_{p}_annual" for p in PLACEMENTS)


@dataclass(frozen=True, kw_only=True)
class Year:
    """Expected flows of twelve months: ``exits`` (ages, placements), ``aged_out``, ``moves`` (ages, from, to)."""

    exits: np.ndarray
    aged_out: float
    moves: np.ndarray


def expected_year(events: Events, exits: PooledRates, moves: PooledRates, entries_annual: float) -> Year:
    """Return the flows that mean hazards give over twelve months from the stock the returns end with."""
    months = 12
    leave, out = -np.expm1(-exits.mean / months), -np.expm1(-moves.mean / months)
    up = 1 / (months * np.diff(np.array(AGE_STARTS, dtype=float)))[:, None, None]
    longer = np.append(DAYS_A_YEAR / months / np.diff(np.array(DURATION_STARTS[:-1], dtype=float)), 0.0)
    where_to, entering = destinations(events.moves), entry_pattern(events) * entries_annual / months
    stock = events.stock.copy()
    left, moved, grown_out = np.zeros(stock.shape[:2]), np.zeros(where_to.shape), 0.0
    for _ in range(months):
        leaving, moving, growing, lasting = stock * leave, stock * out, stock * up, stock * longer
        left += leaving.sum(axis=2)
        moved += moving.sum(axis=2)[:, :, None] * where_to
        grown_out += float(growing[-1].sum())
        stock = stock - leaving - moving - growing - lasting + np.einsum("apd,apq->aqd", moving, where_to)
        stock[1:] += growing[:-1]
        stock[:, :, 1:] += lasting[:, :, :-1]
        stock[:, :, 0] += entering
    return Year(exits=left, aged_out=grown_out, moves=moved)


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


def demand_with_returns(dfe: Path, returns: Path, authority: str, *, internal: bool) -> Demand:
    """Return everything ``demand --ssda903`` writes. Without ``internal`` no observed count under six is in it."""
    tables = read_dfe(dfe)
    episodes = read_episodes(returns, authority=authority)
    prior, region = regional_exit_rates(tables, authority)
    general, uasc = count_events(episodes, uasc=False), count_events(episodes, uasc=True)
    if not internal and uasc.stock.sum() < privacy.SMALLEST_PUBLISHED:
        general, uasc = _together(general, uasc), _nobody(uasc)
    when = str(np.datetime64(episodes.last_day, "D"))
    source = f"SSDA903 returns to {when}"
    files: dict[str, pd.DataFrame] = {}
    caseload, forecasts = [], []
    lines_ahead: list[str] = []
    for stream, events in (("general", general), ("uasc", uasc)):
        if stream == "uasc" and not (events.stock.sum() or events.entries.sum()):
            continue
        exits, moves = pool(events.exits, events.exposure, prior), pool(events.out, events.exposure)
        entries = entry_level(events)
        caseload.append(
            _caseload_rows(stream, events, expected_year(events, exits, moves, entries[0]), source, internal)
        )
        ahead = forecast(hazards_from(events, exits, moves, entries=entries), months=MONTHS, draws=DRAWS, seed=1)
        forecasts.append(_forecast_rows(ahead, stream, internal=internal))
        if stream == "general":
            lines_ahead = _forecast_lines(ahead.total)
            files["rates.csv"] = publishable_rates(rate_frame(events, exits, moves), internal=internal)
            files["assumptions.csv"] = _assumptions(episodes, events, entries, source, when)
    files["caseload.csv"] = pd.concat(caseload, ignore_index=True)
    files["forecast.csv"] = pd.concat(forecasts, ignore_index=True)
    files["rules.csv"] = rules_frame(episodes, internal=internal)
    if internal:
        files["rule_rows.csv"] = rule_rows(episodes)
    lines = [*summary_lines(episodes, internal=internal)]
    lines.append(f"exit rates by age lean on {region}'s published rates" if prior is not None else "no published prior")
    lines += lines_ahead
    lines += _beside_published(tables, authority, general, uasc, internal=internal)
    return Demand(authority=authority, year=int(when[:4]), files=files, lines=tuple(lines))


def _together(one: Events, other: Events) -> Events:
    years = tuple(sorted({*one.years, *other.years}))

    def entries(events: Events) -> np.ndarray:
        out = np.zeros((len(AGE_BANDS), len(PLACEMENTS), len(years)))
        for position, year in enumerate(events.years):
            out[:, :, years.index(year)] += events.entries[:, :, position]
        return out

    return Events(
        stock=one.stock + other.stock,
        exposure=one.exposure + other.exposure,
        exits=one.exits + other.exits,
        moves=one.moves + other.moves,
        out=one.out + other.out,
        entries=entries(one) + entries(other),
        aged_out=one.aged_out + other.aged_out,
        years=years,
    )


def _nobody(events: Events) -> Events:
    return Events(
        stock=events.stock * 0,
        exposure=events.exposure * 0,
        exits=events.exits * 0,
        moves=events.moves * 0,
        out=events.out * 0,
        entries=events.entries[:, :, :0],
        aged_out=0.0,
        years=(),
    )


def _caseload_rows(stream: str, events: Events, year: Year, source: str, internal: bool) -> pd.DataFrame:  # noqa: FBT001
    """Rows of ``caseload.csv``: joint cells if internal, else margins without small observed counts."""
    level = entry_level(events)[0]
    entries = entry_pattern(events) * level
    stock = events.stock.sum(axis=2)
    rows = _joint(stream, stock, entries, year) if internal else _margins(stream, events, entries, year)
    rows.append({"age_band": AGED_OUT, "placement": "all", "exits_annual": year.aged_out, "note": _EXPECTED})
    frame = pd.DataFrame(rows).assign(stream=stream, source=source)
    columns = [*CASELOAD_COLUMNS[:-2], *(_MOVE_COLUMNS if internal else ()), *CASELOAD_COLUMNS[-2:]]
    return frame.reindex(columns=columns).round(3)


_EXPECTED: Final = "flows: modelled, from pooled rates for the next twelve months"
_HIDDEN: Final = "children: modelled, the observed count is small and withheld; " + _EXPECTED


def _joint(stream: str, stock: np.ndarray, entries: np.ndarray, year: Year) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for a, band in enumerate(AGE_BANDS):
        for p, placement in enumerate(PLACEMENTS):
            row: dict[str, object] = {
                "age_band": band,
                "placement": placement,
                "children": stock[a, p],
                "entries_annual": entries[a, p],
                "note": f"children: counted; {_EXPECTED}",
            }
            if stock[a, p] > 0:
                row |= {
                    f"move_to_{PLACEMENTS[q]}_annual": year.moves[a, p, q] for q in range(len(PLACEMENTS)) if q != p
                }
            rows.append(row)
    del stream
    for a, band in enumerate(AGE_BANDS):
        rows.append({"age_band": band, "placement": "all", "exits_annual": year.exits[a].sum(), "note": _EXPECTED})
    return rows


def _margins(stream: str, events: Events, entries: np.ndarray, year: Year) -> list[dict[str, object]]:
    del stream
    rows: list[dict[str, object]] = []
    stock, exposure = np.rint(events.stock.sum(axis=2)), events.exposure.sum(axis=2)
    by_age, hidden_age = privacy.modelled_where_hidden(stock.sum(axis=1), exposure.sum(axis=1))
    by_placement, hidden_placement = privacy.modelled_where_hidden(stock.sum(axis=0), exposure.sum(axis=0))
    for a, band in enumerate(AGE_BANDS):
        note = _HIDDEN if hidden_age[a] else f"children: counted; {_EXPECTED}"
        flows = {"entries_annual": entries[a].sum(), "exits_annual": year.exits[a].sum()}
        rows.append({"age_band": band, "placement": "all", "children": by_age[a], "note": note} | flows)
    scale = by_age.sum() / by_placement.sum() if by_placement.sum() else 1.0
    for p, placement in enumerate(PLACEMENTS):
        note = _HIDDEN if hidden_placement[p] else f"children: counted; {_EXPECTED}"
        flows = {"children": by_placement[p] * scale, "entries_annual": entries[:, p].sum()}
        rows.append({"age_band": "all", "placement": placement, "note": note} | flows)
    return rows


def publishable_rates(rates: pd.DataFrame, *, internal: bool) -> pd.DataFrame:
    """Return the rates with observed events (and what they could be worked out from) hidden unless internal."""
    rounded = rates.round(
        {"exposure_years": 1, "events": 1, "raw_annual": 3, "rate_annual": 3, "low_80": 3, "high_80": 3}
    )
    return rounded if internal else rounded.drop(columns=["exposure_years", "events", "raw_annual"])


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


def _forecast_rows(ahead: Forecast, stream: str, *, internal: bool) -> pd.DataFrame:
    """Forecast without the observed opening of parts, unless internal."""
    frame = forecast_frame(ahead, stream=stream)
    whole = (frame["age_band"] == "all") & (frame["placement"] == "all")
    return frame if internal else frame[whole | (frame["month"] > 0)].reset_index(drop=True)


def _forecast_lines(total: np.ndarray) -> list[str]:
    lines = []
    for month in (12, 24, 36):
        low, middle, high = np.quantile(total[month], [0.1, 0.5, 0.9])
        when = "1 year" if month == 12 else f"{month // 12} years"
        lines.append(f"{when} on: {middle:.0f} (80% between {low:.0f} and {high:.0f}); from the returns' rates")
    return lines


def _beside_published(tables: DfeTables, authority: str, general: Events, uasc: Events, *, internal: bool) -> list[str]:
    """Say how far the returns are from the published total, which they should meet."""
    try:
        published = authority_caseload(tables, authority)
    except InputProblems as error:
        return [str(problem) for problem in error.problems]
    counted = privacy.shown(float(general.stock.sum() + uasc.stock.sum()), internal=internal)
    return [
        f"published: {published.total:.0f} on 31 March {published.year}; the returns hold {counted}: compare the dates"
    ]


def _assumptions(
    episodes: Episodes, events: Events, entries: tuple[float, float], source: str, when: str
) -> pd.DataFrame:
    share = share_aged_8_9(episodes)
    known = np.isfinite(share) and 0.1 < share < 0.9
    value = round(share, 3) if known else 0.4
    exits_sd = float(1 / np.sqrt(max(events.exits.sum(), 1.0)))
    note = f"{entries[0]:.1f} entries a year on average; range from chance and from how the years differ"
    rows: list[Mapping[str, object]] = [
        _spread("caseload.entries_multiplier", entries[1]) | {"quality": "amber", "impact": "red", "note": note},
        _spread("caseload.exits_multiplier", exits_sd)
        | {"quality": "green", "impact": "amber", "note": "range from the number of exits counted"},
        {"name": "caseload.entries_growth_annual", "value": 0.0, "low": "", "high": "", "distribution": "fixed"}
        | {"unit": "rate/year", "quality": "amber", "impact": "amber", "note": "no trend is assumed"},
        {"name": "caseload.share_5_9_aged_8_9", "value": value, "low": value - 0.1, "high": value + 0.1}
        | {"distribution": "uniform", "unit": "share", "quality": "green" if known else "red", "impact": "green"}
        | {"note": "counted in days" if known else "two of the band's five years: too few days to count"},
    ]
    shared = {"price_base": "", "as_at": when, "owner": OWNER, "source": source}
    frame = pd.DataFrame([shared | dict(row) for row in rows], columns=list(ASSUMPTION_COLUMNS))
    return frame.assign(**{c: [round(v, 3) if isinstance(v, float) else v for v in frame[c]] for c in ("low", "high")})


def _spread(name: str, log_sd: float) -> dict[str, object]:
    """Lognormal row of median one, or a fixed one where nothing varies."""
    if log_sd <= 0:
        return {"name": name, "value": 1.0, "low": "", "high": "", "distribution": "fixed", "unit": "ratio"}
    low, high = float(np.exp(-_NORMAL_P90 * log_sd)), float(np.exp(_NORMAL_P90 * log_sd))
    return {"name": name, "value": 1.0, "low": low, "high": high, "distribution": "lognormal", "unit": "ratio"}
