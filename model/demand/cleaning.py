"""Stacked returns as text -> care episodes: every dropped or repaired row is counted by its rule.

While it is cleaned an episode is a row: child, start, end, after (the day after its return ends), place, provider,
short_break.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from model.case.parameters import PLACEMENTS
from model.demand.codes import BY_PROVIDER, mapped
from model.demand.episodes import OPEN, UNKNOWN, Episodes, Log, birthday, first_of_april, year_of

SHORT_BREAKS: Final = ("V3", "V4")
ADULT_AGE: Final = 18
_LATEST_ENTRY_QUANTILE: Final = 0.99
_FOSTER: Final = (PLACEMENTS.index("in_house_foster"), PLACEMENTS.index("ifa_foster"))
_ASK_PROVIDER: Final = -2  # a placement that only the provider tells
_NONE: Final = -1  # a code that is missing or unknown


def clean(frames: Mapping[str, pd.DataFrame], log: Log) -> Episodes:
    """Return the episodes of ``frames`` (kind of file to its stacked rows, as ``ssda903`` reads them)."""
    raw = frames["episodes"]
    codes, unique = pd.factorize(_keys(raw), use_na_sentinel=True)
    rows = _loaded(raw, codes, log)
    closes = int(rows["after"].max()) if len(rows) else UNKNOWN
    opens = int(first_of_april(year_of(rows["after"].min()) - 1)) if len(rows) else UNKNOWN
    rows = _closed(_merged(rows, log), closes, log)
    still = rows["end"] == OPEN
    summary = {
        "rows_read": len(raw),
        "children_read": len(unique),
        "open_at_last_return": int(still.sum()),
        "of_which_short_breaks": int((rows["short_break"] & still).sum()),
        "stale_open": log.counts["stale_open"],
    }
    rows = _apart(_without(rows, rows["short_break"], "short_break", log), log)
    born, until = _people(frames, unique, log)
    rows = _bounded_by_18(rows.assign(born=born[rows["child"]], until=until[rows["child"]]), closes, log)
    rows = _periods(rows.assign(placement=_placements(rows, log)))
    summary |= {"rows_kept": len(rows), "in_care": int((rows["end"] == OPEN).sum())}
    names = ("child", "start", "end", "placement", "born", "uasc", "care_start", "enters", "leaves")
    rows = _by_status(rows)
    columns = {name: rows[name].to_numpy() for name in names}
    return Episodes(**columns, opens=opens, closes=closes, log=log, summary=summary)


def _without(rows: pd.DataFrame, gone: pd.Series, rule: str, log: Log) -> pd.DataFrame:
    """Drop rows and count them under ``rule``."""
    log.add(rule, int(gone.sum()))
    return rows[~gone]


def _ended(rows: pd.DataFrame, changed: pd.Series, end: pd.Series, rule: str, log: Log) -> pd.DataFrame:
    """Set the end of the changed rows and count them under ``rule``."""
    log.add(rule, int(changed.sum()))
    return rows.assign(end=rows["end"].where(~changed, end))


def _loaded(raw: pd.DataFrame, codes: np.ndarray, log: Log) -> pd.DataFrame:
    """Columns of a return to numbers; rows without child or start are dropped."""
    known = mapped("placement_codes.csv", "code", "placement")
    place = {code: _ASK_PROVIDER if p == BY_PROVIDER else PLACEMENTS.index(p) for code, p in known.items()}
    fosters = mapped("provider_codes.csv", "code", "foster_placement")
    provider = {code: at for code, p in fosters.items() if (at := PLACEMENTS.index(p)) in _FOSTER}
    start, end = raw["DECOM"].to_numpy(dtype=np.int64), raw["DEC"].to_numpy(dtype=np.int64)
    end = np.where(end == UNKNOWN, OPEN, end)
    rows = pd.DataFrame(
        {
            "child": codes.astype(np.int64),
            "start": start,
            "end": end,
            "after": _return_ends(raw, start, end),
            "place": _coded(raw["PLACE"], place),
            "provider": _coded(raw["PLACE_PROVIDER"], provider),
            "short_break": _coded(raw["LS"], dict.fromkeys(SHORT_BREAKS, 1)) == 1,
        }
    )
    rows = _without(rows, rows["child"] < 0, "no_child", log)
    return _without(rows, rows["start"] == UNKNOWN, "no_start", log)


def _coded(text: pd.Series, table: Mapping[str, int]) -> np.ndarray:
    """Return each code's number, -1 where it is missing or unknown."""
    codes, unique = pd.factorize(text, use_na_sentinel=True)
    return np.array([*(table.get(str(v).strip().upper(), _NONE) for v in unique), _NONE], dtype=np.int64)[codes]


def _keys(frame: pd.DataFrame) -> pd.Series:
    """Council and child as one text key; NA where the child is blank."""
    child = frame["CHILD"].str.strip()
    child = child.where(child != "")
    return child if frame["LA"].isna().all() else frame["LA"].fillna("").str.strip() + "\x1f" + child


def _return_ends(raw: pd.DataFrame, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the day after each row's return ends, a 1 April.

    A financial year is known by the year it begins in. A bare year may be the one a return begins or ends in: the
    reading under which more episodes lie within their return wins. Rows of no named year end with the last return, or
    on the first 31 March after almost all their starts, so that one mistyped date cannot move it.
    """
    year, financial = raw["_year"].to_numpy(dtype=np.int64), raw["_financial"].to_numpy(dtype=bool)
    if not (year > 0).any():
        begun = start[start != UNKNOWN]
        late = int(np.quantile(begun, _LATEST_ENTRY_QUANTILE, method="higher")) if len(begun) else 0
        this = year_of(late)
        return np.full(len(start), first_of_april(this if late < first_of_april(this) else this + 1))
    bare = (year > 0) & ~financial

    def inside(after: np.ndarray) -> int:
        ends = end[bare]
        return int(((start[bare] < after) & ((ends == OPEN) | ((ends >= after - 366) & (ends <= after)))).sum())

    after = first_of_april(year + 1)
    after[bare] = max(after[bare], first_of_april(year[bare]), key=inside)
    after[year == 0] = after[year > 0].max()
    return after


def _merged(rows: pd.DataFrame, log: Log) -> pd.DataFrame:
    """One row an episode: newest return's copy, exact duplicates and impossible dates gone, sorted."""
    rows = _without(rows, rows["start"] >= rows["after"], "start_after_return", log)
    rows = _ended(rows, rows["end"] < rows["start"], rows["start"], "end_before_start", log)
    order = {"_days": rows["end"] != rows["start"], "_end": rows["end"].where(rows["end"] != OPEN, -1)}
    rows = rows.assign(**order).sort_values(["child", "start", "after", *order], ignore_index=True).drop(columns=order)
    newest = rows.groupby(["child", "start"])["after"].transform("max")
    rows = _without(rows, rows["after"] < newest, "carried_forward", log)
    same = ["child", "start", "end", "place", "provider", "short_break"]
    rows = _without(rows, rows.duplicated(same), "exact_duplicate", log)
    # of a child and start day the last is kept (sorted: open first, latest end last), same-day ones apart
    earlier = rows.duplicated(["child", "start"], keep="last") & (rows["end"] != rows["start"])
    return _without(rows, earlier, "same_start", log)


def _next_start(rows: pd.DataFrame) -> pd.Series:
    """Return the start of the same child's next episode, ``OPEN`` where there is none."""
    following: pd.Series = rows.groupby("child")["start"].shift(-1, fill_value=OPEN)
    return following


def _closed(rows: pd.DataFrame, last: int, log: Log) -> pd.DataFrame:
    """Close what cannot be open."""
    beyond = (rows["end"] != OPEN) & (rows["end"] >= rows["after"])
    still = beyond & ((rows["after"] == last) | (rows["end"] >= last))
    log.add("end_after_return", int(beyond.sum()))
    rows, following = rows.assign(end=rows["end"].where(~still, OPEN)), _next_start(rows)
    rows = _ended(rows, (rows["end"] == OPEN) & (following != OPEN), following, "open_before_later", log)
    rows = _ended(rows, (rows["end"] == OPEN) & (rows["after"] < last), rows["after"] - 1, "stale_open", log)
    return rows.assign(end=rows[["start", "end"]].max(axis=1))


def _apart(rows: pd.DataFrame, log: Log) -> pd.DataFrame:
    """No two episodes of a child overlap afterwards, and no day of care is lost."""
    end = rows.groupby("child")["end"].cummax().clip(upper=_next_start(rows))
    rows = _ended(rows, end > rows["end"], end, "nested_overlap", log)
    return _ended(rows, end < rows["end"], end, "overlap", log)


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
    until = _newest(uasc.assign(DUC=uasc["DUC"].where(uasc["DUC"] != UNKNOWN, OPEN)), "DUC", unique)
    other = _newest(uasc[uasc["DOB"] != UNKNOWN], "DOB", unique)
    log.add("dob_from_uasc", int(((born == UNKNOWN) & (other != UNKNOWN)).sum()))
    return np.where(born == UNKNOWN, other, born), until


def _newest(rows: pd.DataFrame, column: str, unique: pd.Index) -> np.ndarray:
    """Return the days of each child's newest row, ``UNKNOWN`` where it has none."""
    newest = rows.sort_values("_year", kind="stable").drop_duplicates("key", keep="last").set_index("key")[column]
    days: np.ndarray = newest.reindex(unique).fillna(UNKNOWN).to_numpy(dtype=np.int64)
    return days


def _bounded_by_18(rows: pd.DataFrame, last: int, log: Log) -> pd.DataFrame:
    """Blank impossible dates of birth, then end care on the 18th birthday."""
    came = rows.groupby("child")["start"].transform("first")
    adult = birthday(rows["born"].to_numpy(), ADULT_AGE)
    wrong = (rows["born"] != UNKNOWN) & ((rows["born"] > came) | (adult <= came))
    log.add("impossible_dob", int(rows.loc[wrong, "child"].nunique()))
    rows = rows.assign(born=rows["born"].where(~wrong, UNKNOWN))
    grown = pd.Series(adult, rows.index).where(rows["born"] != UNKNOWN, OPEN)
    rows = _ended(rows, grown < rows["end"].clip(upper=last), grown, "past_18", log)
    return rows[grown > rows["start"]]


def _placements(rows: pd.DataFrame, log: Log) -> pd.Series:
    """Index into ``PLACEMENTS`` of each episode.

    Foster placements without provider are the child's last known kind, else the council's split, evenly spread.
    """
    log.add("unknown_place", int((rows["place"] == _NONE).sum()))
    found = rows["place"].where(rows["place"] != _NONE, PLACEMENTS.index("other"))
    found = found.where(found != _ASK_PROVIDER, rows["provider"])
    log.add("no_provider", int((found == _NONE).sum()))
    foster = found.where(found.isin(_FOSTER))
    last = foster.groupby(rows["child"]).ffill()
    found = found.where((found != _NONE) | last.isna(), last)
    external, rest = (foster == _FOSTER[1]).sum() / max(1, foster.notna().sum()), found == _NONE
    count = rest.cumsum()
    step = np.floor(count * external) > np.floor((count - 1) * external)
    return found.where(~rest, np.where(step, *_FOSTER[::-1])).astype(np.int8)


def _periods(rows: pd.DataFrame) -> pd.DataFrame:
    """Add whether each episode begins or ends a period of care (enters, leaves), and the day the period began."""
    touches = rows["start"] <= rows.groupby("child")["end"].shift(1, fill_value=UNKNOWN) + 1
    touched = touches.groupby(rows["child"]).shift(-1, fill_value=False)
    care_start = rows["start"].where(~touches).ffill().astype(np.int64)
    return rows.assign(enters=~touches, leaves=~touched & (rows["end"] != OPEN), care_start=care_start)


def _by_status(rows: pd.DataFrame) -> pd.DataFrame:
    """Part episodes at the day a child's unaccompanied status ended (`until`), and flag what is before it (uasc).

    Both parts are of one period of care and one placement: nobody leaves, enters or moves between them.
    """
    parted = (rows["until"] > rows["start"]) & (rows["until"] < rows["end"])
    second = rows[parted].assign(start=lambda part: part["until"], enters=False)
    first = rows.assign(end=rows["end"].where(~parted, rows["until"]), leaves=rows["leaves"] & ~parted)
    both = pd.concat([first, second]).sort_index(kind="stable")
    return both.assign(uasc=both["start"] < both["until"])
