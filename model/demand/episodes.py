"""Care episodes as cleaned from a return, the days they are counted in, and the rules that changed a row.

Dates are whole days since 1 January 1970 (int32 or int64); ``OPEN`` stands for no end. A child is only a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

Days = np.ndarray
"""Days since 1 January 1970, one an episode."""

OPEN: Final = 1 << 24
"""End of an episode that has none (later than any date)."""
UNKNOWN: Final = -(1 << 24)
"""A date that is missing or cannot be read."""
RULES: Final = {
    "bad_line": ("dropped", "line with the wrong number of fields"),
    "no_child": ("dropped", "no child identifier"),
    "no_start": ("dropped", "start date missing or unreadable"),
    "start_after_return": ("dropped", "episode starts after its return ends"),
    "exact_duplicate": ("dropped", "same episode twice in one return"),
    "carried_forward": ("dropped", "older copy of an episode that a later return repeats"),
    "same_start": ("dropped", "two episodes of a child start on one day: the last to end is kept"),
    "unreadable_end": ("repaired", "end date cannot be read: taken as not given"),
    "end_before_start": ("repaired", "episode ends before it starts: taken as ended on the day it began"),
    "end_after_return": ("repaired", "end date after the return ends: taken as still open then"),
    "open_before_later": ("repaired", "no end, but a later episode follows: ended when that one begins"),
    "stale_open": ("repaired", "open in an old return, absent from later ones: closed at the end of its return"),
    "short_break": ("dropped", "short breaks (legal status V3, V4)"),
    "overlap": ("repaired", "runs past the start of the next episode: ended there"),
    "nested_overlap": ("repaired", "ends inside an earlier episode: extended to that one's end"),
    "no_header": ("reported", "children without a header row: age unknown, shared out in proportion"),
    "no_dob": ("reported", "date of birth missing or unreadable: age unknown, shared out in proportion"),
    "conflicting_dob": ("repaired", "children with more than one date of birth: the latest return's is used"),
    "impossible_dob": ("repaired", "born after care began, or already 18 then: taken as missing"),
    "dob_from_uasc": ("repaired", "date of birth taken from the UASC file"),
    "past_18": ("repaired", "runs past the 18th birthday: ended there"),
    "unknown_place": ("repaired", "placement code missing or unknown: taken as other"),
    "no_provider": ("repaired", "foster placement without provider: as the child's last one, else in proportion"),
}
"""Rule to (action, what it means). Actions: dropped, repaired, reported."""


class Log:
    """How many rows (or children) each rule touched, and what is to be said; one object a call, never shared."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.warnings: list[str] = []

    def add(self, rule: str, count: int) -> None:
        """Count rows under a rule."""
        self.counts[rule] = self.counts.get(rule, 0) + count

    def frame(self) -> pd.DataFrame:
        """Return rule, action, rows, meaning: every rule, also those that touched nothing."""
        rows = [(rule, action, self.counts.get(rule, 0), text) for rule, (action, text) in RULES.items()]
        return pd.DataFrame(rows, columns=["rule", "action", "rows", "meaning"])


@dataclass(frozen=True, kw_only=True)
class Episodes:
    """Cleaned episodes sorted by child and start; arrays share one length.

    ``child`` consecutive numbers; ``start``, ``end`` days (``OPEN`` = in care when the returns end); ``placement``
    index into ``PLACEMENTS``; ``born`` days or ``UNKNOWN``; ``uasc`` flags; ``care_start`` first day of the period;
    ``enters`` whether the episode begins a period of care; ``leaves`` whether it ends one (not by being open);
    ``opens``, ``closes`` first day and day after the last that the returns observe.
    """

    child: np.ndarray
    start: Days
    end: Days
    placement: np.ndarray
    born: Days
    uasc: np.ndarray
    care_start: Days
    enters: np.ndarray
    leaves: np.ndarray
    opens: int
    closes: int
    log: Log
    summary: Mapping[str, int]

    @property
    def last_day(self) -> int:
        """31 March that ends the newest return (days); the caseload is taken on it."""
        return self.closes - 1


_FORMS: Final = (
    "%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y",
    "%Y%m%d",
)  # fmt: skip
_AMERICAN: Final = ("%m/%d/%Y", "%m/%d/%y")
_SERIAL: Final = r"\d{5}(?:\.\d+)?"
_EXCEL_EPOCH: Final = -25_569  # day 0 of a spreadsheet, 30 December 1899, in days since 1970


def parse_days(text: pd.Series, *, month_first: bool | None = None) -> np.ndarray:
    """Return days since 1970 (int64) of a column of dates; ``UNKNOWN`` where there is none or it cannot be read.

    As a return has them (dd/mm/yyyy, yyyy-mm-dd) and as a spreadsheet writes them on saving: with a time, with a
    month's name, as a number of days. `month_first`: whether 3/5 is in March; where not said, as `is_month_first`.
    """
    codes, unique = pd.factorize(text, use_na_sentinel=True)
    values = pd.Series(np.asarray(unique, dtype=object), dtype="str").str.strip()
    values = values.str.replace(r"[ T]\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AaPp][Mm])?$", "", regex=True)
    days = np.full(len(values) + 1, UNKNOWN, dtype=np.int64)
    serial = values.str.fullmatch(_SERIAL).to_numpy(dtype=bool, na_value=False)
    days[:-1][serial] = values[serial].astype(float).astype(np.int64) + _EXCEL_EPOCH
    american = is_month_first(values) if month_first is None else month_first
    for pattern in (*(_AMERICAN if american else ()), *_FORMS):
        todo = days[:-1] == UNKNOWN
        if not todo.any():
            break
        parsed = pd.to_datetime(values[todo], format=pattern, errors="coerce")
        found = parsed.notna().to_numpy()
        days[np.flatnonzero(todo)[found]] = parsed[found].to_numpy().astype("datetime64[D]").astype(np.int64)
    return days[codes]


def is_month_first(values: pd.Series) -> bool:
    """Whether dates are month first: some of them can only be so, and none only day first."""
    parts = values.str.extract(r"^\s*(\d{1,2})/(\d{1,2})/\d{2,4}").apply(pd.to_numeric)
    return bool((parts[1] > 12).any() and not (parts[0] > 12).any())


def first_of_april(year: np.ndarray | int) -> np.ndarray:
    """Days since 1970 of the first day of a financial year."""
    months = (np.asarray(year, dtype=np.int64) - 1970) * 12 + 3
    days: np.ndarray = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return days


def year_of(day: int) -> int:
    """The calendar year of a day."""
    return int(np.datetime64(int(day), "D").astype("datetime64[Y]").astype(int)) + 1970


def birthday(born: Days, age: int) -> Days:
    """Return the day each child turns ``age`` (29 February becomes 1 March); ``UNKNOWN`` stays."""
    date = np.where(born == UNKNOWN, 0, born).astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    into = (date - month.astype("datetime64[D]")).astype(np.int64)
    turned = (month + np.timedelta64(12 * age, "M")).astype("datetime64[D]").astype(np.int64) + into
    known: Days = np.where(born == UNKNOWN, UNKNOWN, turned)
    return known
