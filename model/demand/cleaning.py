"""Stacked returns as text -> care episodes: every dropped or repaired row is counted by its rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from model.case.parameters import PLACEMENTS
from model.demand.codes import BY_PROVIDER, mapped
from model.demand.episodes import OPEN, UNKNOWN, Episodes, Log, birthday, first_of_april, year_of

SHORT_BREAKS: Final = ("V3", "V4")
CONTINUES: Final = "X1"
ADULT_AGE: Final = 18
_LATEST_ENTRY_QUANTILE: Final = 0.99
_FOSTER: Final = (PLACEMENTS.index("in_house_foster"), PLACEMENTS.index("ifa_foster"))
_ASK_PROVIDER: Final = -2  # a placement that only the provider tells
_NONE: Final = -1  # a code that is missing or unknown


@dataclass(kw_only=True)
class _Work:
    """Episode columns while they are being cleaned. ``after``: the day after the row's return ends."""

    child: np.ndarray
    start: np.ndarray
    end: np.ndarray
    after: np.ndarray
    place: np.ndarray
    provider: np.ndarray
    short_break: np.ndarray
    continues: np.ndarray

    def take(self, index: np.ndarray) -> _Work:
        return _Work(**{name: value[index] for name, value in vars(self).items()})

    def without(self, gone: np.ndarray, rule: str, log: Log) -> _Work:
        """Drop rows and count them under ``rule``."""
        log.add(rule, int(gone.sum()))
        return self.take(~gone) if gone.any() else self

    def repaired(self, changed: np.ndarray, end: np.ndarray, rule: str, log: Log) -> None:
        log.add(rule, int(changed.sum()))
        self.end = np.where(changed, end, self.end)


def clean(frames: Mapping[str, pd.DataFrame], log: Log) -> Episodes:
    """Return the episodes of ``frames`` (kind of file to its stacked rows, as ``ssda903`` reads them)."""
    raw = frames["episodes"]
    codes, unique = pd.factorize(_keys(raw), use_na_sentinel=True)
    work = _loaded(raw, codes, log)
    last = int(work.after.max()) if len(work.after) else UNKNOWN
    opens = int(first_of_april(year_of(work.after.min()) - 1)) if len(work.after) else UNKNOWN
    work = _merged(work, log)
    stale = _close_stale(work, last, log)
    still = work.end == OPEN
    summary = {
        "rows_read": len(raw),
        "children_read": len(unique),
        "open_at_last_return": int(still.sum()),
        "of_which_short_breaks": int((work.short_break & still).sum()),
        "stale_open": stale,
        "last_day": last - 1,
    }
    work = work.without(work.short_break, "short_break", log)
    _repair_overlaps(work, log)
    born, until = _people(frames, unique, log)
    work, born = _bounded_by_18(work, last, born, log)
    enters, leaves, care_start = _periods(work, log)
    log.add("same_day", int((work.start == work.end).sum()))
    episodes = Episodes(
        child=work.child,
        start=work.start,
        end=work.end,
        placement=_placements(work, log),
        born=born[work.child],
        uasc=np.zeros(len(work.child), dtype=bool),
        care_start=care_start,
        enters=enters,
        leaves=leaves,
        opens=opens,
        closes=last,
        log=log,
        summary={**summary, "rows_kept": len(work.child), "in_care": int((work.end == OPEN).sum())},
    )
    return _by_status(episodes, until[work.child])


def _by_status(episodes: Episodes, until: np.ndarray) -> Episodes:
    """Part episodes at the day a child's unaccompanied status ended (`until`, one an episode), and flag what is before.

    Both parts are of one period of care and one placement: nobody leaves, enters or moves between them.
    """
    parted = (until > episodes.start) & (until < episodes.end)
    rows = np.sort(np.concatenate([np.arange(len(until)), np.flatnonzero(parted)]))
    second = np.append(False, rows[1:] == rows[:-1]) if len(rows) else np.zeros(0, dtype=bool)
    first = parted[rows] & ~second
    start = np.where(second, until[rows], episodes.start[rows])
    return replace(
        episodes,
        **{name: getattr(episodes, name)[rows] for name in ("child", "placement", "born", "care_start")},
        start=start,
        end=np.where(first, until[rows], episodes.end[rows]),
        enters=episodes.enters[rows] & ~second,
        leaves=episodes.leaves[rows] & ~first,
        uasc=start < until[rows],
    )


def _loaded(raw: pd.DataFrame, codes: np.ndarray, log: Log) -> _Work:
    """Columns of a return to numbers; rows without child or start are dropped."""
    start, end = (raw[column].to_numpy(dtype=np.int64) for column in ("DECOM", "DEC"))
    known = mapped("placement_codes.csv", "code", "placement")
    place = {code: _ASK_PROVIDER if p == BY_PROVIDER else PLACEMENTS.index(p) for code, p in known.items()}
    fosters = mapped("provider_codes.csv", "code", "foster_placement")
    provider = {code: at for code, p in fosters.items() if (at := PLACEMENTS.index(p)) in _FOSTER}
    work = _Work(
        child=codes.astype(np.int64),
        start=start,
        end=np.where(end == UNKNOWN, OPEN, end),
        after=return_ends(raw, start, np.where(end == UNKNOWN, OPEN, end)),
        place=_coded(raw["PLACE"], place),
        provider=_coded(raw["PLACE_PROVIDER"], provider),
        short_break=_coded(raw["LS"], dict.fromkeys(SHORT_BREAKS, 1)) == 1,
        continues=_coded(raw["REC"], {CONTINUES: 1}) == 1,
    )
    work = work.without(work.child < 0, "no_child", log)
    return work.without(work.start == UNKNOWN, "no_start", log)


def _coded(text: pd.Series, table: Mapping[str, int]) -> np.ndarray:
    """Return each code's number, -1 where it is missing or unknown."""
    codes, unique = pd.factorize(text, use_na_sentinel=True)
    return np.array([*(table.get(str(v).strip().upper(), _NONE) for v in unique), _NONE], dtype=np.int64)[codes]


def _keys(frame: pd.DataFrame) -> pd.Series:
    """Council and child as one text key; NA where the child is blank."""
    child = frame["CHILD"].str.strip()
    child = child.where(child != "")
    if frame["LA"].isna().all():
        return child
    return frame["LA"].fillna("").str.strip() + "\x1f" + child


def return_ends(raw: pd.DataFrame, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the day after each row's return ends, a 1 April.

    A financial year is known by the year it begins in. A bare year may be the one a return begins or ends in: the
    reading under which more episodes lie within their return wins. Rows of no named year end with the last return, or
    on the first 31 March after almost all their starts, so that one mistyped date cannot move it.
    """
    year, financial = raw["_year"].to_numpy(dtype=np.int64), raw["_financial"].to_numpy(dtype=bool)
    if not (year > 0).any():
        begun = start[start != UNKNOWN]
        if not len(begun):
            return np.full(len(start), OPEN)
        late = int(np.quantile(begun, _LATEST_ENTRY_QUANTILE, method="higher"))
        this = year_of(late)
        return np.full(len(start), first_of_april(this if late < first_of_april(this) else this + 1))

    def inside(after: np.ndarray) -> float:
        return float(((start < after) & ((end == OPEN) | ((end >= after - 366) & (end <= after)))).mean())

    bare = (year > 0) & ~financial
    begins, ends = first_of_april(year[bare] + 1), first_of_april(year[bare])
    after = first_of_april(year + 1)
    if bare.any():
        start, end = start[bare], end[bare]
        after[bare] = begins if inside(begins) > inside(ends) else ends
    after[year == 0] = after[year > 0].max()
    return after


def _merged(work: _Work, log: Log) -> _Work:
    """One row an episode: newest return's copy, exact duplicates and impossible dates gone, sorted."""
    work = work.without(work.start >= work.after, "start_after_return", log)
    work.repaired(work.end < work.start, work.start, "end_before_start", log)
    same_day = work.end == work.start
    work = work.take(
        np.lexsort((np.where(work.end == OPEN, -1, work.end), ~same_day, work.after, work.start, work.child))
    )
    if not len(work.child):
        return work
    group = np.cumsum(_starts_group(work.child, work.start)) - 1
    newest = np.maximum.reduceat(work.after, np.flatnonzero(_starts_group(work.child, work.start)))
    work = work.without(work.after < newest[group], "carried_forward", log)
    columns = (work.child, work.start, work.end, work.place, work.provider, work.short_break)
    work = work.without(~_starts_group(*columns), "exact_duplicate", log)
    # of a child and start day the last is kept (sorted: open first, latest end last), same-day ones apart
    last = np.append(_starts_group(work.child, work.start)[1:], True)
    return work.without(~last & (work.end != work.start), "same_start", log)


def _starts_group(*columns: np.ndarray) -> np.ndarray:
    """Flag the first row of each run of equal values (rows already sorted)."""
    first = np.ones(len(columns[0]), dtype=bool)
    if len(first):
        first[1:] = np.logical_or.reduce([c[1:] != c[:-1] for c in columns])
    return first


def _follows(work: _Work) -> np.ndarray:
    """Flag the rows whose child has a later one."""
    return np.append(work.child[1:] == work.child[:-1], False) if len(work.child) else np.zeros(0, dtype=bool)


def _close_stale(work: _Work, last: int, log: Log) -> int:
    """Close what cannot be open; return how many children were stale."""
    beyond = (work.end != OPEN) & (work.end >= work.after)
    log.add("end_after_return", int(beyond.sum()))
    work.end = np.where(beyond & ((work.after == last) | (work.end >= last)), OPEN, work.end)
    next_start = np.append(work.start[1:], OPEN)[: len(work.start)]
    work.repaired((work.end == OPEN) & _follows(work), next_start, "open_before_later", log)
    stale = (work.end == OPEN) & (work.after < last)
    work.repaired(stale, work.after - 1, "stale_open", log)
    work.end = np.maximum(work.end, work.start)
    return int(stale.sum())


def _repair_overlaps(work: _Work, log: Log) -> None:
    """No two episodes of a child overlap afterwards, and no day of care is lost."""
    span = np.int64(1 << 26)
    reached = np.maximum.accumulate(work.child * span + work.end) - work.child * span
    next_start = np.where(_follows(work), np.append(work.start[1:], OPEN)[: len(work.start)], OPEN)
    end = np.minimum(reached, next_start)
    work.repaired(end > work.end, end, "nested_overlap", log)
    work.repaired(end < work.end, end, "overlap", log)


def _people(frames: Mapping[str, pd.DataFrame], unique: pd.Index, log: Log) -> tuple[np.ndarray, np.ndarray]:
    """Return date of birth (days or ``UNKNOWN``) of each child, in the order of ``unique``, and until when it is UASC.

    That is the day its newest row says the status ceased (DUC), ``OPEN`` where it has not, ``UNKNOWN`` for all others.
    """
    header, uasc = (frames[kind].assign(key=_keys(frames[kind])).dropna(subset=["key"]) for kind in ("header", "uasc"))
    headed = unique.isin(header["key"])
    log.add("no_header", int((~headed).sum()))
    dated = header[(header["DOB"] != UNKNOWN) & header["key"].isin(unique)]
    born = _newest(dated, "DOB", unique)
    log.add("no_dob", int((headed & (born == UNKNOWN)).sum()))
    log.add("conflicting_dob", int(dated.drop_duplicates(["key", "DOB"])["key"].duplicated().sum()))
    log.add("uasc_without_episode", int(uasc.loc[~uasc["key"].isin(unique), "key"].nunique()))
    until = _newest(uasc.assign(DUC=uasc["DUC"].where(uasc["DUC"] != UNKNOWN, OPEN)), "DUC", unique)
    other = _newest(uasc[uasc["DOB"] != UNKNOWN], "DOB", unique)
    log.add("dob_from_uasc", int(((born == UNKNOWN) & (other != UNKNOWN)).sum()))
    return np.where(born == UNKNOWN, other, born), until


def _newest(rows: pd.DataFrame, column: str, unique: pd.Index) -> np.ndarray:
    """Return the days of each child's newest row, ``UNKNOWN`` where it has none."""
    newest = rows.sort_values("_year", kind="stable").drop_duplicates("key", keep="last").set_index("key")[column]
    days: np.ndarray = newest.reindex(unique).fillna(UNKNOWN).to_numpy(dtype=np.int64)
    return days


def _bounded_by_18(work: _Work, last: int, born: np.ndarray, log: Log) -> tuple[_Work, np.ndarray]:
    """Blank impossible dates of birth, then end care on the 18th birthday."""
    first = _starts_group(work.child)
    children, started = work.child[first], work.start[first]
    adult = birthday(born, ADULT_AGE)
    wrong = (born[children] != UNKNOWN) & ((born[children] > started) | (adult[children] <= started))
    log.add("impossible_dob", int(wrong.sum()))
    born = born.copy()
    born[children[wrong]] = UNKNOWN
    row_adult = np.where(born[work.child] == UNKNOWN, OPEN, adult[work.child])
    work.repaired(row_adult < np.minimum(work.end, last), row_adult, "past_18", log)
    return work.take(row_adult > work.start), born


def _placements(work: _Work, log: Log) -> np.ndarray:
    """Index into ``PLACEMENTS`` of each episode."""
    log.add("unknown_place", int((work.place == _NONE).sum()))
    out = np.where(work.place == _NONE, PLACEMENTS.index("other"), work.place)
    out = np.where(out == _ASK_PROVIDER, work.provider, out)
    unknown = out == _NONE
    log.add("no_provider", int(unknown.sum()))
    placement: np.ndarray = (_provider_filled(work.child, out, unknown) if unknown.any() else out).astype(np.int8)
    return placement


def _provider_filled(child: np.ndarray, out: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Give foster placements without provider the child's last known one, else the council's split, evenly spread."""
    foster = np.isin(out, _FOSTER)
    last = np.maximum.accumulate(np.where(foster, np.arange(len(out)), -1))
    same = unknown & (last >= 0) & (child[np.maximum(last, 0)] == child)
    filled = np.where(same, out[np.maximum(last, 0)], out)
    rest = np.flatnonzero(unknown & ~same)
    external = (out == _FOSTER[1]).sum() / max(1, foster.sum())
    step = np.floor((np.arange(len(rest)) + 1) * external) > np.floor(np.arange(len(rest)) * external)
    filled[rest] = np.where(step, _FOSTER[1], _FOSTER[0])
    return filled


def _periods(work: _Work, log: Log) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether each episode begins or ends a period of care, and the day the period began."""
    if not len(work.child):
        none = np.zeros(0, dtype=bool)
        return none, none, work.start
    same = work.child[1:] == work.child[:-1]
    touches = same & (work.start[1:] <= work.end[:-1] + 1)
    enters = np.append(True, ~touches)
    leaves = np.append(~touches, True) & (work.end != OPEN)
    began = np.where(enters, np.arange(len(work.child)), 0)
    log.add("gap_after_continues", int((np.append(same & ~touches, False) & work.continues).sum()))
    return enters, leaves, work.start[np.maximum.accumulate(began)]
