"""Pay tables: spines, grades, awards, employer NI, pension and levy, each row with its date, source and quality.

Nothing here knows about posts. A table answers one question: what was in force on a day, given what was known by a
date. `as_at` is when a row became known, so that a case of July 2022 does not price an award agreed in November.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

PAY_FILES = (
    "njc_spine.csv", "chief_officer_bands.csv", "pay_awards.csv", "grades.csv", "employer_ni.csv", "lgps_employer.csv",
    "apprenticeship_levy.csv", "redundancy_week.csv", "redundancy_rules.csv", "increment_rules.csv",
)  # fmt: skip
"""The pay tables: in `inputs/reference/pay` for all, and in a case's folder where the council has its own rows."""
MIDDLE, BOTTOM, TOP = "middle", "bottom", "top"
PLACES_IN_A_GRADE = (BOTTOM, MIDDLE, TOP)


class PayError(ValueError):
    """The pay tables cannot answer; the message says what is missing and how to supply it."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What every row of a pay table carries: when it took effect, where it is from and how sure we are."""

    start: date
    source: str
    as_at: date
    quality: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PayPoint(Row):
    """Pounds a year at one point of a spine from a day, with its range where it was inferred."""

    spine: str
    point: str
    annual_gbp: float
    low_gbp: float
    high_gbp: float


@dataclass(frozen=True, kw_only=True)
class PayAward(Row):
    """A rise from a day: flat pounds a year, or a share of pay. Blank limits mean every point of the spine."""

    spine: str
    point_from: str
    point_to: str
    flat_gbp: float
    share: float
    low: float
    high: float

    def covers(self, point: str) -> bool:
        """Whether the award reaches a point; a point that is not a number is reached by an award without limits."""
        if not point.isdigit():
            return not (self.point_from or self.point_to)
        number = int(point)
        return (not self.point_from or number >= int(self.point_from)) and (
            not self.point_to or number <= int(self.point_to)
        )

    def applied_to(self, annual_gbp: float) -> float:
        """Pay after the award, to the nearest pound, halves up, as spines are printed."""
        return float(math.floor((annual_gbp + self.flat_gbp) * (1 + self.share) + 0.5))


@dataclass(frozen=True, kw_only=True)
class Rate(Row):
    """A share of pay from a day, on pay above a yearly threshold (0 where all pay counts)."""

    holder: str
    rate: float
    threshold_annual_gbp: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Grade:
    """A council's grade: the bottom and top points it runs between on a spine."""

    council: str
    grade: str
    spine: str
    point_bottom: str
    point_top: str
    source: str
    as_at: date
    quality: str
    note: str = ""


RowT = TypeVar("RowT", bound=Row)


@dataclass(frozen=True, kw_only=True)
class PayTables:
    """All pay tables together. `rules` are the increment and redundancy rules: name -> number."""

    points: tuple[PayPoint, ...]
    awards: tuple[PayAward, ...]
    grades: tuple[Grade, ...]
    national_insurance: tuple[Rate, ...]
    pensions: tuple[Rate, ...]
    levy: tuple[Rate, ...]
    redundancy_week: tuple[Rate, ...]
    rules: Mapping[str, float]

    def known_on(self, day: date) -> PayTables:
        """Only the rows known by a day: what a case with that knowledge date may use."""
        return replace(
            self,
            points=_known(self.points, day),
            awards=_known(self.awards, day),
            grades=tuple(g for g in self.grades if g.as_at <= day),
            national_insurance=_known(self.national_insurance, day),
            pensions=_known(self.pensions, day),
            levy=_known(self.levy, day),
            redundancy_week=_known(self.redundancy_week, day),
        )

    def grade(self, council: str, grade: str) -> Grade:
        """Return a council's grade; PayError lists the grades there are."""
        for row in self.grades:
            if row.council == council and row.grade == grade:
                return row
        known = ", ".join(sorted(g.grade for g in self.grades if g.council == council)) or "none"
        message = f"grades.csv has no grade {grade!r} for {council!r} (it has {known}): add a row with its spine points"
        raise PayError(message)

    def annual_pay(self, spine: str, point: str, day: date) -> float:
        """Pounds a year at a point on a day: the last printed figure by then, then every later award in force."""
        base = self._base(spine, point, day)
        pay = base.annual_gbp
        for award in sorted(self.awards, key=lambda a: a.start):
            if award.spine == spine and base.start < award.start <= day and award.covers(point):
                pay = award.applied_to(pay)
        return pay

    def _base(self, spine: str, point: str, day: date) -> PayPoint:
        rows = [p for p in self.points if p.spine == spine and p.point == point and p.start <= day]
        if rows:
            return max(rows, key=lambda p: p.start)
        have = ", ".join(dict.fromkeys(p.point for p in self.points if p.spine == spine)) or "no points"
        message = (
            f"the spine {spine!r} has no figure for point {point!r} on {day.isoformat()} (it has {have}): "
            "add a row with its source; a point between two others is never guessed"
        )
        raise PayError(message)

    def ni(self, pay_day: date) -> Rate:
        """Employer NI in force on a pay day."""
        return _in_force(self.national_insurance, pay_day, "employer_ni.csv")

    def pension(self, council: str, day: date) -> Rate:
        """The employer's pension rate of a council on a day."""
        rows = tuple(r for r in self.pensions if r.holder == council)
        return _in_force(rows, day, f"lgps_employer.csv (council {council!r})")

    def levy_rate(self, day: date) -> Rate:
        """The apprenticeship levy in force on a day."""
        return _in_force(self.levy, day, "apprenticeship_levy.csv")

    def redundancy_cap_weekly(self, day: date) -> float:
        """The statutory cap on a week's pay, pounds, on a leaving date."""
        return _in_force(self.redundancy_week, day, "redundancy_week.csv").rate

    def rule(self, name: str) -> float:
        """Return a rule's number by name; PayError lists the rules there are."""
        if name in self.rules:
            return self.rules[name]
        message = f"no rule {name!r} in the pay tables; there are {', '.join(sorted(self.rules))}"
        raise PayError(message)


def _known(rows: tuple[RowT, ...], day: date) -> tuple[RowT, ...]:
    return tuple(r for r in rows if r.as_at <= day)


def _in_force(rows: Sequence[Rate], day: date, table: str) -> Rate:
    current = [r for r in rows if r.start <= day]
    if current:
        return max(current, key=lambda r: r.start)
    message = f"{table} has no row in force on {day.isoformat()}: add one with its source"
    raise PayError(message)


def load_pay_tables(reference: Path, case: Path | None = None) -> PayTables:
    """Read the tables of `inputs/reference/pay`, and a case's own files of the same names after them.

    A council types its own spine or grades by putting `njc_spine.csv`, `grades.csv` ... in its folder: its rows come
    before the shared ones for the same spine, point and day. PayError names every bad cell at once.
    """
    problems: list[str] = []
    read = _Reader(folders=[reference] if case is None else [reference, case], problems=problems)
    tables = PayTables(
        points=_own_rows_last(read.rows("njc_spine.csv", _point) + read.rows("chief_officer_bands.csv", _point)),
        awards=tuple(read.rows("pay_awards.csv", _award)),
        grades=tuple(reversed(read.rows("grades.csv", _grade))),
        national_insurance=tuple(read.rows("employer_ni.csv", _rate("rate"))),
        pensions=tuple(read.rows("lgps_employer.csv", _rate("rate"))),
        levy=tuple(read.rows("apprenticeship_levy.csv", _rate("rate"))),
        redundancy_week=tuple(read.rows("redundancy_week.csv", _rate("cap_weekly_gbp"))),
        rules=dict(read.rows("redundancy_rules.csv", _rule) + read.rows("increment_rules.csv", _rule)),
    )
    if problems:
        raise PayError("\n".join(problems))
    return tables


def _own_rows_last(rows: Iterable[PayPoint]) -> tuple[PayPoint, ...]:
    """Keep one row per spine, point and day: the last read, which is the case's own."""
    return tuple({(r.spine, r.point, r.start): r for r in rows}.values())


ItemT = TypeVar("ItemT")


@dataclass(frozen=True, kw_only=True)
class _Reader:
    """Reads one table from several folders, collecting problems instead of stopping at the first."""

    folders: list[Path]
    problems: list[str]

    def rows(self, name: str, build: Callable[[Mapping[str, str]], ItemT]) -> list[ItemT]:
        """Every row of the table in every folder that has it, in order."""
        found: list[ItemT] = []
        for folder in self.folders:
            path = folder / name
            if path.exists():
                found += self._read(path, build)
        return found

    def _read(self, path: Path, build: Callable[[Mapping[str, str]], ItemT]) -> list[ItemT]:
        found = []
        with path.open(encoding="utf-8-sig", newline="") as handle:
            for number, row in enumerate(csv.DictReader(handle), start=2):
                try:
                    found.append(build({k: (v or "").strip() for k, v in row.items() if k}))
                except (KeyError, ValueError) as error:
                    what = f"column {error} is missing" if isinstance(error, KeyError) else str(error)
                    self.problems.append(f"{path.name} row {number}: {what}")
        return found


def _number(row: Mapping[str, str], column: str, *, blank: float | None = None) -> float:
    text = row[column].replace(",", "").replace("£", "")
    if not text and blank is not None:
        return blank
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        message = f"column {column}: {row[column]!r} is not a number"
        raise ValueError(message)
    return number


def _day(row: Mapping[str, str], column: str) -> date:
    try:
        return date.fromisoformat(row[column])
    except ValueError:
        message = f"column {column}: {row[column]!r} is not a date; write it as 2022-04-01"
        raise ValueError(message) from None


def _quality(row: Mapping[str, str]) -> str:
    if row["quality"] not in {"red", "amber", "green"}:
        message = f"column quality: {row['quality']!r} is none of red, amber, green"
        raise ValueError(message)
    return row["quality"]


def _point(row: Mapping[str, str]) -> PayPoint:
    pay = _number(row, "annual_gbp")
    return PayPoint(
        spine=row["spine"], point=row["point"], start=_day(row, "from"), annual_gbp=pay,
        low_gbp=_number(row, "low_gbp", blank=pay), high_gbp=_number(row, "high_gbp", blank=pay),
        source=_source(row), as_at=_day(row, "as_at"), quality=_quality(row), note=row.get("note", ""),
    )  # fmt: skip


def _award(row: Mapping[str, str]) -> PayAward:
    flat, share = _number(row, "flat_gbp", blank=0.0), _number(row, "share", blank=0.0)
    if (flat == 0) == (share == 0):
        message = "columns flat_gbp and share: give exactly one of them"
        raise ValueError(message)
    return PayAward(
        spine=row["spine"], start=_day(row, "from"), point_from=row["point_from"], point_to=row["point_to"],
        flat_gbp=flat, share=share, low=_number(row, "low", blank=flat or share),
        high=_number(row, "high", blank=flat or share), source=_source(row), as_at=_day(row, "as_at"),
        quality=_quality(row), note=row.get("note", ""),
    )  # fmt: skip


def _rate(column: str) -> Callable[[Mapping[str, str]], Rate]:
    def build(row: Mapping[str, str]) -> Rate:
        value = _number(row, column)
        return Rate(
            holder=row.get("council", ""), start=_day(row, "from"), rate=value,
            threshold_annual_gbp=_number({"threshold_annual_gbp": "", **row}, "threshold_annual_gbp", blank=0.0),
            low=_number(row, "low", blank=value), high=_number(row, "high", blank=value), source=_source(row),
            as_at=_day(row, "as_at"), quality=_quality(row), note=row.get("note", ""),
        )  # fmt: skip

    return build


def _grade(row: Mapping[str, str]) -> Grade:
    return Grade(
        council=row["council"], grade=row["grade"], spine=row["spine"], point_bottom=row["point_bottom"],
        point_top=row["point_top"], source=_source(row), as_at=_day(row, "as_at"), quality=_quality(row),
        note=row.get("note", ""),
    )  # fmt: skip


def _rule(row: Mapping[str, str]) -> tuple[str, float]:
    _source(row)
    return row["rule"], _number(row, "value")


def _source(row: Mapping[str, str]) -> str:
    if not row["source"]:
        message = "column source: blank; every figure needs one"
        raise ValueError(message)
    return row["source"]
