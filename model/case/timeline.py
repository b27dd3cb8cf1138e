"""Months, days and financial years (April to March)."""

import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MONTHS_A_YEAR = 12
FINANCIAL_YEAR = re.compile(r"^(?:19|20|21)\d\d/\d\d$")
FIRST_MONTH_OF_FINANCIAL_YEAR = 4


def is_financial_year(text: str) -> bool:
    """Whether a text is a financial year as councils write it: `2022/23`, not `2022/24` and not `2022-23`."""
    return bool(FINANCIAL_YEAR.match(text)) and (int(text[:4]) + 1) % 100 == int(text[5:])


def financial_year(day: date) -> str:
    """Return the financial year a day falls in, as councils write it: 31 March 2023 is in `2022/23`."""
    first = day.year if day.month >= FIRST_MONTH_OF_FINANCIAL_YEAR else day.year - 1
    return f"{first}/{(first + 1) % 100:02d}"


def add_months(day: date, months: int) -> date:
    """Return the first of the month `months` after the month of `day`."""
    index = day.year * MONTHS_A_YEAR + day.month - 1 + months
    return date(index // MONTHS_A_YEAR, index % MONTHS_A_YEAR + 1, 1)


def first_day(period: str) -> date:
    """Return the first day of a day, a month, a quarter of a financial year or a financial year."""
    if "/" in period:
        start = date(int(period[:4]), FIRST_MONTH_OF_FINANCIAL_YEAR, 1)
        return add_months(start, 3 * (int(period[-1]) - 1)) if " Q" in period else start
    return date.fromisoformat(period if len(period) > len("2022-04") else f"{period}-01")


@dataclass(frozen=True)
class Timeline:
    """`months` whole months from the first of a month. Month 0 is the first."""

    start: date
    months: int

    def __post_init__(self) -> None:
        """Refuse a start that is not the first of a month, and an empty horizon."""
        if self.start.day != 1:
            message = f"a timeline starts on the first of a month, not on {self.start.isoformat()}"
            raise ValueError(message)
        if self.months < 1:
            message = f"a timeline needs at least one month, not {self.months}"
            raise ValueError(message)

    @cached_property
    def month_starts(self) -> tuple[date, ...]:
        """The first day of each month, and one more: the day after the end. Length months + 1."""
        return tuple(add_months(self.start, i) for i in range(self.months + 1))

    @property
    def end(self) -> date:
        """The first day after the last month."""
        return self.month_starts[-1]

    @cached_property
    def days_in_month(self) -> NDArray[np.float64]:
        """Days in each month, leap years included. Shape (months,)."""
        starts = self.month_starts
        return np.array([(b - a).days for a, b in pairwise(starts)], dtype=np.float64)

    @cached_property
    def year_share(self) -> NDArray[np.float64]:
        """Each month's share of its financial year by days (365 or 366); a year's twelve sum to 1. Shape (months,)."""
        years = [int(financial_year(day)[:4]) for day in self.month_starts[:-1]]
        first, last = ([date(year + more, FIRST_MONTH_OF_FINANCIAL_YEAR, 1) for year in years] for more in (0, 1))
        days = np.array([(b - a).days for a, b in zip(first, last, strict=True)], dtype=np.float64)
        return np.asarray(self.days_in_month / days)

    @cached_property
    def month_labels(self) -> tuple[str, ...]:
        """`2022-04` and so on. Length months."""
        return tuple(f"{d.year}-{d.month:02d}" for d in self.month_starts[:-1])

    @cached_property
    def financial_years(self) -> tuple[str, ...]:
        """The financial years touched, in order."""
        return tuple(dict.fromkeys(financial_year(d) for d in self.month_starts[:-1]))

    @cached_property
    def year_index(self) -> NDArray[np.intp]:
        """For each month the position of its financial year in `financial_years`. Shape (months,)."""
        position = {year: i for i, year in enumerate(self.financial_years)}
        return np.array([position[financial_year(d)] for d in self.month_starts[:-1]], dtype=np.intp)

    @cached_property
    def mid_month_years(self) -> NDArray[np.float64]:
        """Years from the start to the middle of each month: (t + 1/2) / 12. Shape (months,)."""
        return (np.arange(self.months) + 0.5) / MONTHS_A_YEAR

    def month_of(self, day: date) -> int:
        """Return the month a day falls in; negative before the start, >= months after the end."""
        return (day.year - self.start.year) * MONTHS_A_YEAR + day.month - self.start.month

    def share_active(self, start: date, end: date | None = None) -> NDArray[np.float64]:
        """Return the share of each month's days on or after `start` and before `end`. Shape (months,)."""
        starts = self.month_starts
        spans = []
        for first, after in pairwise(starts):
            begin, stop = max(first, start), after if end is None else min(after, end)
            spans.append(max(0, (stop - begin).days) / (after - first).days)
        return np.array(spans, dtype=np.float64)

    def by_financial_year(self, monthly: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum a (months, ...) array into (financial years, ...)."""
        first = np.searchsorted(self.year_index, np.arange(len(self.financial_years)))
        return np.add.reduceat(monthly, first, axis=0, dtype=np.float64)
