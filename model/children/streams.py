"""The do-nothing caseload of a case: children in general, and unaccompanied asylum-seeking children by themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from model.children.calibration import LeftWithin, empty, nobody, stream_from_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.case.records import Case, CaseloadRow
    from model.children.opening import Stream

GENERAL, UASC = "general", "uasc"
SHARE_8_9: Final = "caseload.share_5_9_aged_8_9"
LEFT_WITHIN: Final = tuple(f"caseload.left_within_{months}_months_share" for months in (6, 12, 24))
"""A council's own shares of entrants who leave within so many months; without them the national ones stand."""
RESTS_ON: Final = frozenset({SHARE_8_9, *LEFT_WITHIN})
"""The assumptions that the do-nothing caseload is built from, at central values."""


@dataclass(frozen=True, kw_only=True)
class Streams:
    """Both streams of a case at central values. Unaccompanied children are the same in every world."""

    general: Stream
    uasc: Stream


def streams_of(case: Case) -> Streams:
    """Build the caseload of a case from its rows. Raises CaseloadError where the figures contradict each other."""
    left = [case.assumptions[name].value if name in case.assumptions else None for name in LEFT_WITHIN]
    return _streams(
        tuple(_Row(row) for row in case.caseload),
        _Table(case.reference.caseload_seed),
        case.assumptions[SHARE_8_9].value if SHARE_8_9 in case.assumptions else 0.0,
        tuple(mine if mine is not None else nation for mine, nation in zip(left, _national(case), strict=True)),
    )


def _national(case: Case) -> tuple[float | None, ...]:
    return tuple(case.reference.left_within.get(months) for months in (6, 12, 24))


@dataclass(frozen=True)
class _Row:
    """A row of the caseload, equal to another that states the same."""

    row: CaseloadRow

    def __hash__(self) -> int:
        """Rows that state the same are the same."""
        return hash(repr(self.row))


@dataclass(frozen=True)
class _Table:
    """A seed table, equal to another that holds the same."""

    weights: Mapping[tuple[str, str], float]

    def __hash__(self) -> int:
        """Tables that hold the same are the same."""
        return hash(tuple(sorted(self.weights.items())))


@lru_cache(maxsize=32)
def _streams(rows: tuple[_Row, ...], seed: _Table, share_8_9: float, left: tuple[float | None, ...]) -> Streams:
    """Solve both streams; the same figures are solved once."""
    shares = None if any(share is None for share in left) else LeftWithin(shares=left)  # type: ignore[arg-type]
    by_stream = {name: [r.row for r in rows if r.row.stream == name] for name in (GENERAL, UASC)}
    if not rows:
        return Streams(general=empty(), uasc=empty())
    general = stream_from_rows(by_stream[GENERAL], seed=seed.weights, share_8_9=share_8_9, left=shares)
    if not by_stream[UASC]:
        return Streams(general=general, uasc=nobody(general))
    uasc = stream_from_rows(by_stream[UASC], seed=seed.weights, share_8_9=share_8_9, left=None)
    if all(row.exits_annual is None for row in by_stream[UASC]):
        uasc = replace(uasc, law=general.law)
    return Streams(general=general, uasc=uasc)
