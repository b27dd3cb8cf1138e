"""Where a scheme works: the case, a block of draws, its months and what a month of them is."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case.draws import Draws
from model.case.records import Case

STOPPED: Final = -1.0  # months since the start of what has ended


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where a scheme works: the case, one block of draws, and the do-nothing entries it may act on.

    `entries_by_age` (ages,): children of the general stream entering in the do-nothing world, a month of the first
    year; `entry_scale` (months, draws): the level of all of them since.
    """

    case: Case
    draws: Draws
    entries_by_age: NDArray[np.float64]
    entry_scale: NDArray[np.float64]

    @property
    def months(self) -> int:
        """Months in the horizon."""
        return self.case.timeline.months

    @property
    def shape(self) -> tuple[int, int]:
        """(months, draws)."""
        return self.months, self.draws.n

    def value(self, name: str) -> NDArray[np.float64]:
        """Return an assumption's draws, (draws,)."""
        return self.draws[name]

    def optional(self, name: str, neutral: float) -> NDArray[np.float64]:
        """Return an assumption's draws, or its neutral element where the case does not state it."""
        return self.draws.optional(name, neutral)

    def elapsed(self, start: date, delay: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return months since `start` + `delay` at the end of each month, by days; negative before. (months, draws).

        Negative again from the month in which the schemes stop, where what they did is followed beyond it.
        """
        return self.once(("elapsed", start, delay.tobytes()), lambda: self._elapsed(start, delay))

    def once(self, key: Hashable, make: Callable[[], NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return what `make` gives, made only once for a key: many posts start on one day and fill alike."""
        if key not in self._made:
            self._made[key] = make()
            self._made[key].flags.writeable = False
        return self._made[key]

    @cached_property
    def _made(self) -> dict[Hashable, NDArray[np.float64]]:
        return {}

    def _elapsed(self, start: date, delay: NDArray[np.float64]) -> NDArray[np.float64]:
        timeline = self.case.timeline
        month = timeline.month_of(start)
        days = timeline.days_in_month[min(max(month, 0), timeline.months - 1)]
        begins = month + (start.day - 1) / days
        elapsed: NDArray[np.float64] = np.arange(1, self.months + 1)[:, None] - begins - delay
        elapsed[self.case.acting_months :] = STOPPED
        return elapsed

    @cached_property
    def weekly(self) -> NDArray[np.float64]:
        """Weeks in each month, (months, 1)."""
        return self.case.conventions.weeks_per_year * self.annual

    @cached_property
    def annual(self) -> NDArray[np.float64]:
        """Share of a year in each month, (months, 1)."""
        return self.case.timeline.year_share[:, None]

    @cached_property
    def daily(self) -> NDArray[np.float64]:
        """Days in each month, (months, 1)."""
        return self.case.timeline.days_in_month[:, None]

    def real_growth(self, name: str) -> NDArray[np.float64]:
        """Return the level of real growth at rate `name` (unsaid: none), one step each April, (months, draws)."""
        return self.once(("growth", name), lambda: self.compounded(self.optional(name, 0.0)))

    def compounded(self, rate_annual: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (1 + rate) to the power of whole financial years since the first, (months, draws)."""
        timeline = self.case.timeline
        yearly: NDArray[np.float64] = (1 + rate_annual) ** np.arange(len(timeline.financial_years))[:, None]
        return yearly[timeline.year_index]
