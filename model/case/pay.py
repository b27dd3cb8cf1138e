"""Pay tables: spines, grades, awards, employer NI, pension and levy, each row with its date, source and quality.

Nothing here knows about posts. A table answers one question: what was in force on a day, given what was known by a
date. `as_at` is when a row became known, so that a case of July 2022 does not price an award agreed in November.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Self, TypeVar

from model.case import cells
from model.case.cells import Bad, Cell
from model.case.columns import blank, need

MIDDLE, BOTTOM, TOP = "middle", "bottom", "top"
PLACES_IN_A_GRADE = (BOTTOM, MIDDLE, TOP)


PAY: Final = cells.between(0, 1e6)


def _whole_point(text: str) -> str:
    """A point at an end of an award's reach: a whole number, as it is compared with others."""
    if not re.fullmatch("[0-9]{1,4}", text):
        raise Bad("a whole number, or an empty cell for every point")
    return text


_END: Final = Cell(_whole_point)


class PayError(ValueError):
    """The pay tables cannot answer; the message says what is missing and how to supply it."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What every row of a pay table has: when it took effect, when that became known, and how good its source is."""

    start: date = need(cells.day, name="from")
    as_at: date = need(cells.day)


@dataclass(frozen=True, kw_only=True)
class PayPoint(Row):
    """Pounds a year at one point of a spine from a day."""

    spine: str = need(cells.text)
    point: str = need(cells.text)
    annual_gbp: float = need(cells.between(1000, 1e6))


@dataclass(frozen=True, kw_only=True)
class PayAward(Row):
    """A rise from a day: flat pounds a year, or a share of pay. Blank limits mean every point of the spine."""

    spine: str = need(cells.text)
    point_from: str = blank(_END)
    point_to: str = blank(_END)
    flat_gbp: float = blank(PAY, default=0.0)
    share: float = blank(cells.between(-0.5, 0.5), default=0.0)

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


@dataclass(frozen=True, kw_only=True)
class Grade:
    """A council's grade: the bottom and top points it runs between on a spine."""

    council: str = need(cells.text)
    grade: str = need(cells.text)
    spine: str = need(cells.text)
    point_bottom: str = need(cells.text)
    point_top: str = need(cells.text)
    as_at: date = need(cells.day)


NI, PENSION, LEVY = "employer_ni.csv", "lgps_employer.csv", "apprenticeship_levy.csv"
REDUNDANCY_WEEK = "redundancy_week.csv"
Dated = TypeVar("Dated", Row, PayPoint, PayAward, Rate, Grade)


@dataclass(frozen=True, kw_only=True)
class PayTables:
    """All pay tables together. `rates` by their file; `rules` are those of increments and redundancy, by name."""

    points: tuple[PayPoint, ...] = ()
    awards: tuple[PayAward, ...] = ()
    grades: tuple[Grade, ...] = ()
    rates: Mapping[str, tuple[Rate, ...]] = field(default_factory=dict)
    rules: Mapping[str, float] = field(default_factory=dict)

    def known_on(self, day: date) -> Self:
        """Only the rows known by a day: what a case with that knowledge date may use."""

        def known(rows: tuple[Dated, ...]) -> tuple[Dated, ...]:
            return tuple(row for row in rows if row.as_at <= day)

        return type(self)(
            points=known(self.points), awards=known(self.awards), grades=known(self.grades),
            rates={file: known(rows) for file, rows in self.rates.items()}, rules=self.rules,
        )  # fmt: skip

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

    def in_force(self, file: str, day: date, council: str = "") -> Rate:
        """The last of a table's rates, for all or for one council, that had taken effect by a day."""
        current = [r for r in self.rates.get(file, ()) if r.holder == council and r.start <= day]
        if current:
            return max(reversed(current), key=lambda r: r.start)  # of two from one day the council's own, read last
        table = f"{file} (council {council!r})" if council else file
        raise PayError(f"{table} has no row in force on {day.isoformat()}: add one with its source")

    def rule(self, name: str) -> float:
        """Return a rule's number by name; PayError lists the rules there are."""
        if name in self.rules:
            return self.rules[name]
        message = f"no rule {name!r} in the pay tables; there are {', '.join(sorted(self.rules))}"
        raise PayError(message)
