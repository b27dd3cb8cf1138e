"""The do-nothing caseload of a case: children in general, and unaccompanied asylum-seeking children by themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Final

from model.case.records import Case
from model.case.rows import CaseloadRow
from model.case.words import GENERAL, UASC
from model.children.calibration import LeftWithin, empty, nobody, stream_from_rows
from model.children.opening import Stream
from model.children.stated import states_rates

SHARE_8_9: Final = "caseload.share_5_9_aged_8_9"
EARLY: Final = (6, 12, 24)
LEFT_WITHIN: Final = tuple(f"caseload.left_within_{months}_months_share" for months in EARLY)
"""A council's own shares of entrants who leave within so many months; without them the national ones stand."""
YEARS_SEEN: Final = "caseload.years_seen"
"""Years of a council's returns from which it is known where children go; without it the pattern is taken as certain."""
RESTS_ON: Final = frozenset({SHARE_8_9, *LEFT_WITHIN, YEARS_SEEN})
"""The assumptions that the do-nothing caseload is built from, at central values."""


@dataclass(frozen=True, kw_only=True)
class Streams:
    """Both streams of a case at central values. Unaccompanied children are the same in every world."""

    general: Stream
    uasc: Stream


def streams_of(case: Case) -> Streams:
    """Build the caseload of a case from its rows. Raises CaseloadError where the figures contradict each other."""
    own = {name: case.assumptions[name].value for name in RESTS_ON if name in case.assumptions}
    national = case.reference.left_within
    left = tuple(own.get(name, national.get(months)) for months, name in zip(EARLY, LEFT_WITHIN, strict=True))
    share_8_9 = own.get(SHARE_8_9, 0.0)
    return _streams(
        _Stated(
            rows=case.caseload, seed=case.reference.caseload_seed, share_8_9=share_8_9, left=left,
            years_seen=own.get(YEARS_SEEN, 0.0),
        )
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class _Stated:
    """What both streams are solved from, equal to another that states the same."""

    rows: Sequence[CaseloadRow]
    seed: Mapping[tuple[str, str], float]
    share_8_9: float
    left: tuple[float | None, ...]
    years_seen: float

    def __eq__(self, other: object) -> bool:
        """Whether the other states the same."""
        return repr(self) == repr(other)

    def __hash__(self) -> int:
        """What states the same is the same."""
        return hash(repr(self))


@lru_cache(maxsize=32)
def _streams(stated: _Stated) -> Streams:
    """Solve both streams; the same figures are solved once."""
    if not stated.rows:
        return Streams(general=empty(), uasc=empty())
    shares = None if any(share is None for share in stated.left) else LeftWithin(shares=stated.left)  # type: ignore[arg-type]
    rows = {name: [row for row in stated.rows if row.stream == name] for name in (GENERAL, UASC)}
    solve = partial(stream_from_rows, seed=stated.seed, share_8_9=stated.share_8_9)
    general = replace(solve(rows[GENERAL], left=shares), years_seen=stated.years_seen)
    if not rows[UASC]:
        return Streams(general=general, uasc=nobody(general))
    uasc = replace(solve(rows[UASC], left=None), years_seen=stated.years_seen)
    if all(row.exits_annual is None for row in rows[UASC]) and not states_rates(rows[UASC]):
        uasc = replace(uasc, law=general.law)
    return Streams(general=general, uasc=uasc)
