"""Stacked returns as text -> care episodes: every dropped or repaired row is counted by its rule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.case.reading.problems import InputProblems
from model.demand.codes import BY_PROVIDER, PLACEMENTS, foster_of_provider, placement_of_code
from model.demand.episodes import OPEN, RULES, UNKNOWN, Episodes, birthday, day_of, parse_days

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.demand.episodes import Log

SHORT_BREAKS: Final = ("V3", "V4")
CONTINUES: Final = "X1"
ADULT_AGE: Final = 18
_LATEST_ENTRY_QUANTILE: Final = 0.99


@dataclass(kw_only=True)
class _Work:
    """Episode columns while they are being cleaned; ``keep`` cuts all of them alike."""

    child: np.ndarray
    council: np.ndarray
    start: np.ndarray
    end: np.ndarray
    label: np.ndarray
    place: np.ndarray
    provider: np.ndarray
    short_break: np.ndarray
    continues: np.ndarray
    where: np.ndarray

    def take(self, index: np.ndarray) -> _Work:
        return _Work(**{name: value[index] for name, value in vars(self).items()})

    def without(self, gone: np.ndarray, rule: str, log: Log) -> _Work:
        """Drop rows and count them under ``rule``."""
        log.add(rule, int(gone.sum()), self.where[gone])
        return self.take(~gone) if gone.any() else self

    def repaired(self, changed: np.ndarray, end: np.ndarray, rule: str, log: Log) -> None:
        log.add(rule, int(changed.sum()), self.where[changed])
        self.end = np.where(changed, end, self.end)


def clean(frames: Mapping[str, pd.DataFrame], log: Log, files: list[str]) -> Episodes:
    """Return the episodes of ``frames`` (kind of file to its stacked rows, as ``ssda903`` reads them)."""
    raw = frames["episodes"]
    keys = _keys(raw)
    codes, unique = pd.factorize(keys, use_na_sentinel=True)
    work = _loaded(raw, codes, log)
    read, children_read = len(raw), len(unique)
    closes = return_ends(work, financial=bool(len(raw) and raw["_financial"].all() and raw["YEAR"].isna().all()))
    _refuse_losses(raw, log)
    work = _merged(work, closes, log)
    work, opens_, closes_ = _windowed(work, closes)
    stale = _close_stale(work, closes, closes_, log)
    in_care_before = int((work.end == OPEN).sum())
    short = work.short_break
    short_open = int((short & (work.end == OPEN)).sum())
    opens_, closes_ = opens_[~short], closes_[~short]
    work = work.without(short, "short_break", log)
    _repair_overlaps(work, log)
    born, until = _people(frames, unique, log)
    work, opens_, closes_, born_row = _bounded_by_18(work, opens_, closes_, born, log)
    placement = _placements(work, log)
    enters, leaves, care_start = _periods(work, log)
    log.add("same_day", int((work.start == work.end).sum()))
    summary = {
        "rows_read": read,
        "children_read": children_read,
        "rows_kept": len(work.child),
        "open_at_last_return": in_care_before,
        "of_which_short_breaks": short_open,
        "stale_open": stale,
        "in_care": int((work.end == OPEN).sum()),
        "last_day": (max(closes.values()) - 1) if closes else UNKNOWN,
    }
    episodes = Episodes(
        child=work.child,
        start=work.start,
        end=work.end,
        placement=placement,
        born=born_row,
        uasc=np.zeros(len(work.child), dtype=bool),
        care_start=care_start,
        enters=enters,
        leaves=leaves,
        opens=opens_,
        closes=closes_,
        log=log.frozen(files),
        summary=summary,
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
    columns = ("child", "placement", "born", "care_start", "opens", "closes")
    start = np.where(second, until[rows], episodes.start[rows])
    return replace(
        episodes,
        **{name: getattr(episodes, name)[rows] for name in columns},
        start=start,
        end=np.where(first, until[rows], episodes.end[rows]),
        enters=episodes.enters[rows] & ~second,
        leaves=episodes.leaves[rows] & ~first,
        uasc=start < until[rows],
    )


def _loaded(raw: pd.DataFrame, codes: np.ndarray, log: Log) -> _Work:
    """Text to numbers; rows without child or start are dropped."""
    end = parse_days(raw["DEC"])
    stated = raw["DEC"].notna().to_numpy() & (raw["DEC"].fillna("").str.strip() != "").to_numpy()
    work = _Work(
        child=codes.astype(np.int64),
        council=pd.factorize(raw["LA"].fillna("").str.strip())[0].astype(np.int64),
        start=parse_days(raw["DECOM"]),
        end=np.where(end == UNKNOWN, OPEN, end),
        label=_year_labels(raw),
        place=_upper_codes(raw["PLACE"]),
        provider=_upper_codes(raw["PLACE_PROVIDER"]),
        short_break=_is_any(raw["LS"], SHORT_BREAKS),
        continues=_is_any(raw["REC"], (CONTINUES,)),
        where=np.column_stack([raw["_file"].to_numpy(dtype=np.int64), raw["_line"].to_numpy(dtype=np.int64)]),
    )
    unreadable = stated & (end == UNKNOWN)
    log.add("unreadable_end", int(unreadable.sum()), work.where[unreadable])
    work = work.without(work.child < 0, "no_child", log)
    return work.without(work.start == UNKNOWN, "no_start", log)


def _year_labels(frame: pd.DataFrame) -> np.ndarray:
    """Return's label: the YEAR column where it holds a year, else the folder's."""
    codes, unique = pd.factorize(frame["YEAR"], use_na_sentinel=True)
    years = pd.to_numeric(pd.Series(np.asarray(unique, dtype=object), dtype="str").str.slice(0, 4), errors="coerce")
    table = np.append(years.fillna(0).to_numpy(dtype=np.int64), 0)
    return np.where(table[codes] > 0, table[codes], frame["_label"].to_numpy(dtype=np.int64))


def _keys(frame: pd.DataFrame) -> pd.Series:
    """Council and child as one text key; NA where the child is blank."""
    child = frame["CHILD"].str.strip()
    child = child.where(child != "")
    if frame["LA"].isna().all():
        return child
    return frame["LA"].fillna("").str.strip() + "\x1f" + child


def _upper_codes(text: pd.Series) -> np.ndarray:
    """Index into the reference codes in their order; -1 where missing or unknown."""
    known = list(placement_of_code()) if text.name == "PLACE" else list(foster_of_provider())
    codes, unique = pd.factorize(text, use_na_sentinel=True)
    table = [known.index(u) if u in known else -1 for u in (str(v).strip().upper() for v in unique)]
    return np.array([*table, -1], dtype=np.int64)[codes]


def _is_any(text: pd.Series, wanted: tuple[str, ...]) -> np.ndarray:
    codes, unique = pd.factorize(text, use_na_sentinel=True)
    return np.array([*(str(v).strip().upper() in wanted for v in unique), False], dtype=bool)[codes]


MOST_LOST: Final = 0.02
"""The share of a return's rows that may be lost; more, and what is left says nothing of the council."""


def _refuse_losses(raw: pd.DataFrame, log: Log) -> None:
    """Raise InputProblems where too many rows have no child or no date that can be read, with one example cell."""
    problems = []
    for rule, column in (("no_child", "CHILD"), ("no_start", "DECOM"), ("unreadable_end", "DEC")):
        lost = log.counts.get(rule, 0)
        if lost > MOST_LOST * len(raw):
            example = "" if column == "CHILD" else _example(raw[column])
            problems.append(f"column {column}: {lost} of {len(raw)} rows: {RULES[rule][1]}{example}")
    if problems:
        raise InputProblems([f"{p}; export the return again, dates as dd/mm/yyyy" for p in problems])


def _example(text: pd.Series) -> str:
    """Return one date that cannot be read, as it stands."""
    unread = text[text.notna() & (parse_days(text) == UNKNOWN)]
    return f", such as {str(unread.iloc[0])[:20]!r}" if len(unread) else ""


def return_ends(work: _Work, *, financial: bool = False) -> dict[int, int]:
    """Return label to the day after the return's last day (1 April).

    A label may be the year the return starts or the year it ends: the reading under which more episodes lie within
    their return wins, unless all are `financial`, which are known by the year they start in. Unlabelled rows end on
    the first 31 March after almost all their starts, so that one mistyped date cannot move it.
    """
    if not len(work.start):
        return {}
    labels = np.unique(work.label)
    if labels.tolist() == [0]:
        late = int(np.quantile(work.start, _LATEST_ENTRY_QUANTILE, method="higher"))
        year = int(np.datetime64(late, "D").astype("datetime64[Y]").astype(int)) + 1970
        after = day_of(year, 4, 1)
        return {0: after if late < after else day_of(year + 1, 4, 1)}

    def fit(offset: int) -> float:
        after = np.array([day_of(int(y) + offset, 4, 1) if y else OPEN for y in labels])
        ends = after[np.searchsorted(labels, work.label)]
        inside = (work.start < ends) & ((work.end == OPEN) | ((work.end >= ends - 366) & (work.end <= ends)))
        return float(inside.mean())

    offset = 1 if financial or fit(1) > fit(0) else 0
    ends = {int(y): day_of(int(y) + offset, 4, 1) for y in labels if y}
    if 0 in labels:
        ends[0] = max(ends.values())
    return ends


def _merged(work: _Work, closes: Mapping[int, int], log: Log) -> _Work:
    """One row an episode: newest return's copy, exact duplicates and impossible dates gone, sorted."""
    after = _look_up(work.label, closes)
    gone = work.start >= after
    work = work.without(gone, "start_after_return", log)
    after = after[~gone]
    backwards = work.end < work.start
    work.repaired(backwards, work.start, "end_before_start", log)
    same_day = work.end == work.start
    order = np.lexsort((np.where(work.end == OPEN, -1, work.end), ~same_day, work.label, work.start, work.child))
    work = work.take(order)
    first = _starts_group(work.child, work.start)
    group = np.cumsum(first) - 1
    newest = np.zeros(int(group[-1]) + 1 if len(group) else 0, dtype=np.int64)
    if len(group):
        np.maximum.at(newest, group, work.label)
        work = work.without(work.label < newest[group], "carried_forward", log)
    work = work.without(_repeats(work), "exact_duplicate", log)
    return work.without(_same_start(work), "same_start", log)


def _look_up(labels: np.ndarray, table: Mapping[int, int]) -> np.ndarray:
    unique, inverse = np.unique(labels, return_inverse=True)
    return np.array([table[int(u)] for u in unique], dtype=np.int64)[inverse] if len(unique) else labels


def _starts_group(*columns: np.ndarray) -> np.ndarray:
    """Flag the first row of each run of equal values (rows already sorted)."""
    first = np.ones(len(columns[0]), dtype=bool)
    if len(first):
        first[1:] = np.logical_or.reduce([c[1:] != c[:-1] for c in columns])
    return first


def _repeats(work: _Work) -> np.ndarray:
    columns = (work.child, work.start, work.end, work.place, work.provider, work.short_break)
    return ~_starts_group(*columns)


def _same_start(work: _Work) -> np.ndarray:
    """Flag all but the last row of a child and start day, same-day ones apart (sorted: open first, latest end last)."""
    same_day = work.end == work.start
    last = np.ones(len(work.child), dtype=bool)
    if len(last):
        last[:-1] = (work.child[1:] != work.child[:-1]) | (work.start[1:] != work.start[:-1])
    earlier: np.ndarray = ~last & ~same_day
    return earlier


def _windowed(work: _Work, closes: Mapping[int, int]) -> tuple[_Work, np.ndarray, np.ndarray]:
    """First day and day after the last that each row's council observes."""
    after = _look_up(work.label, closes)
    number = int(work.council.max()) + 1 if len(work.council) else 0
    last, first = np.zeros(number, dtype=np.int64), np.full(number, OPEN, dtype=np.int64)
    np.maximum.at(last, work.council, after)
    np.minimum.at(first, work.council, after)
    opens = np.array([_year_before(int(day)) if day != OPEN else day for day in first], dtype=np.int64)
    return work, opens[work.council] if number else after, last[work.council] if number else after


def _year_before(day: int) -> int:
    year = int(np.datetime64(day, "D").astype("datetime64[Y]").astype(int)) + 1970
    return day_of(year - 1, 4, 1)


def _close_stale(work: _Work, closes: Mapping[int, int], last: np.ndarray, log: Log) -> int:
    """Close what cannot be open; return how many children were stale."""
    after = _look_up(work.label, closes)
    late = (work.end != OPEN) & (work.end >= after) & ((after == last) | (work.end >= last))
    boundary = (work.end != OPEN) & (work.end >= after) & ~late
    log.add("end_after_return", int(late.sum() + boundary.sum()), work.where[late | boundary])
    work.end = np.where(late, OPEN, work.end)
    following = np.append(work.child[1:] == work.child[:-1], False) if len(work.child) else np.zeros(0, dtype=bool)
    next_start = np.append(work.start[1:], OPEN) if len(work.child) else work.start
    work.repaired((work.end == OPEN) & following, next_start, "open_before_later", log)
    stale = (work.end == OPEN) & (after < last)
    work.repaired(stale, after - 1, "stale_open", log)
    work.end = np.maximum(work.end, work.start)
    return int(stale.sum())


def _repair_overlaps(work: _Work, log: Log) -> None:
    """No two episodes of a child overlap afterwards, and no day of care is lost."""
    if not len(work.child):
        return
    span = np.int64(1 << 26)
    reached = np.maximum.accumulate(work.child * span + work.end) - work.child * span
    follows = np.append(work.child[1:] == work.child[:-1], False)
    next_start = np.where(follows, np.append(work.start[1:], OPEN), OPEN)
    end = np.minimum(reached, next_start)
    work.repaired(end > work.end, end, "nested_overlap", log)
    work.repaired(end < work.end, end, "overlap", log)


def _people(frames: Mapping[str, pd.DataFrame], unique: pd.Index, log: Log) -> tuple[np.ndarray, np.ndarray]:
    """Return date of birth (days or ``UNKNOWN``) of each child, in the order of ``unique``, and until when it is UASC.

    That is the day its newest row says the status ceased (DUC), ``OPEN`` where it has not, ``UNKNOWN`` for all others.
    """
    header, uasc = frames["header"], frames["uasc"]
    born = np.full(len(unique), UNKNOWN, dtype=np.int64)
    position = unique.get_indexer(pd.Index(_keys(header))) if len(header) else np.zeros(0, dtype=np.int64)
    has_header = np.zeros(len(unique), dtype=bool)
    has_header[position[position >= 0]] = True
    log.add("no_header", int((~has_header).sum()))
    _fill_born(born, position, header, log)
    log.add("no_dob", int((has_header & (born == UNKNOWN)).sum()))
    until = np.full(len(unique), UNKNOWN, dtype=np.int64)
    if len(uasc):
        at = unique.get_indexer(pd.Index(_keys(uasc)))
        log.add("uasc_without_episode", int(_keys(uasc)[at < 0].nunique()))
        order = np.argsort(_year_labels(uasc), kind="stable")
        ceased = parse_days(uasc["DUC"])[order]
        known = at[order] >= 0
        until[at[order][known]] = np.where(ceased == UNKNOWN, OPEN, ceased)[known]
        missing = born == UNKNOWN
        _fill_born(born, np.where(missing[at], at, -1), uasc, None)
        log.add("dob_from_uasc", int((missing & (born != UNKNOWN)).sum()))
    return born, until


def _fill_born(born: np.ndarray, position: np.ndarray, frame: pd.DataFrame, log: Log | None) -> None:
    """Write each child's date of birth from its newest row that has one."""
    if not len(frame):
        return
    days = parse_days(frame["DOB"])
    order = np.argsort(_year_labels(frame), kind="stable")
    usable = order[(position[order] >= 0) & (days[order] != UNKNOWN)]
    if log is not None and len(usable):
        pairs = np.unique(np.column_stack([position[usable], days[usable]]), axis=0)
        log.add("conflicting_dob", int((np.unique(pairs[:, 0], return_counts=True)[1] > 1).sum()))
    born[position[usable]] = days[usable]


def _bounded_by_18(
    work: _Work, opens: np.ndarray, closes: np.ndarray, born: np.ndarray, log: Log
) -> tuple[_Work, np.ndarray, np.ndarray, np.ndarray]:
    """Blank impossible dates of birth, then end care on the 18th birthday."""
    if not len(work.child):
        return work, opens, closes, born[work.child]
    first = _starts_group(work.child)
    children, started = work.child[first], work.start[first]
    adult = birthday(born, ADULT_AGE)
    known = born[children] != UNKNOWN
    wrong = known & ((born[children] > started) | (adult[children] <= started))
    log.add("impossible_dob", int(wrong.sum()))
    born = born.copy()
    born[children[wrong]] = UNKNOWN
    row_born = born[work.child]
    row_adult = np.where(row_born == UNKNOWN, OPEN, adult[work.child])
    horizon = np.minimum(work.end, closes)
    past = row_adult < horizon
    gone = row_adult <= work.start
    log.add("past_18", int(past.sum()), work.where[past])
    work.end = np.where(past, row_adult, work.end)
    keep = ~gone
    return work.take(keep), opens[keep], closes[keep], row_born[keep]


def _placements(work: _Work, log: Log) -> np.ndarray:
    """Index into ``PLACEMENTS`` of each episode."""
    names = list(placement_of_code().values())
    fosters = list(foster_of_provider().values())
    split = PLACEMENTS.index("in_house_foster"), PLACEMENTS.index("ifa_foster")
    table = np.array([-2 if n == BY_PROVIDER else PLACEMENTS.index(n) for n in names] + [PLACEMENTS.index("other")])
    out = table[work.place]
    log.add("unknown_place", int((work.place < 0).sum()), work.where[work.place < 0])
    by_provider = out == -2
    providers = [PLACEMENTS.index(f) if PLACEMENTS.index(f) in split else -1 for f in fosters]
    known = np.array([*providers, -1])[work.provider]
    out = np.where(by_provider, known, out)
    unknown = by_provider & (known < 0)
    log.add("no_provider", int(unknown.sum()), work.where[unknown])
    if unknown.any():
        out = _provider_filled(work.child, out, unknown, split)
    placement: np.ndarray = out.astype(np.int8)
    return placement


def _provider_filled(child: np.ndarray, out: np.ndarray, unknown: np.ndarray, split: tuple[int, int]) -> np.ndarray:
    """Give foster placements without provider the child's last known one, else the council's split, evenly spread."""
    foster = np.isin(out, split)
    rows = np.arange(len(out))
    last = np.maximum.accumulate(np.where(foster, rows, -1))
    same = unknown & (last >= 0) & (child[np.maximum(last, 0)] == child)
    filled = np.where(same, out[np.maximum(last, 0)], out)
    rest = np.flatnonzero(unknown & ~same)
    external = (out == split[1]).sum() / max(1, foster.sum())
    step = np.floor((np.arange(len(rest)) + 1) * external) > np.floor(np.arange(len(rest)) * external)
    filled[rest] = np.where(step, split[1], split[0])
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
    gap = np.append(same & ~touches, False) & work.continues
    log.add("gap_after_continues", int(gap.sum()), work.where[gap])
    return enters, leaves, work.start[np.maximum.accumulate(began)]
