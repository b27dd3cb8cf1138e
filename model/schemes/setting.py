"""Where a scheme works: the case, a block of draws, its months and what a month of them is."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final, TypeVar

import numpy as np

from model.case.draws import Draws, Floats
from model.case.records import Case

Made = TypeVar("Made")
STOPPED: Final = -1.0  # months since the start of what has ended


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where a scheme works: the case, one block of draws, and the do-nothing entries it may act on.

    `entries_by_age` (ages,): children of the general stream entering in the do-nothing world, a month of the first
    year; `entry_scale` (months, draws): the level of all of them since.
    """

    case: Case
    draws: Draws
    entries_by_age: Floats
    entry_scale: Floats
    _made: dict[Hashable, Any] = field(default_factory=dict)

    @property
    def months(self) -> int:
        """Months in the horizon."""
        return self.case.timeline.months

    @property
    def shape(self) -> tuple[int, int]:
        """(months, draws)."""
        return self.months, self.draws.n

    def value(self, name: str) -> Floats:
        """Return an assumption's draws, (draws,)."""
        return self.draws[name]

    def optional(self, name: str, neutral: float) -> Floats:
        """Return an assumption's draws, or its neutral element where the case does not state it."""
        return self.draws.optional(name, neutral)

    def elapsed(self, start: date, scheme: str) -> Floats:
        """Return months since `start`, or so much later as a scheme is late, at each month's end, (months, draws).

        By days; negative before, and again once the schemes have stopped and what they did is followed on.
        """
        late = f"{scheme}.delay"
        return self.once((late, start), lambda: self._elapsed(start, self.optional(late, 0.0)))

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """Return what `make` gives, made only once for a key: many posts start on one day and fill alike."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    def _elapsed(self, start: date, delay: Floats) -> Floats:
        timeline = self.case.timeline
        month = timeline.month_of(start)
        days = timeline.days_in_month[min(max(month, 0), timeline.months - 1)]
        begins = month + (start.day - 1) / days
        elapsed: Floats = np.arange(1, self.months + 1)[:, None] - begins - delay
        elapsed[self.case.acting_months :] = STOPPED
        return elapsed

    @cached_property
    def weekly(self) -> Floats:
        """Weeks in each month, (months, 1)."""
        return self.case.conventions.weeks_per_year * self.annual

    @cached_property
    def annual(self) -> Floats:
        """Share of a year in each month, (months, 1)."""
        return self.case.timeline.year_share[:, None]

    @cached_property
    def daily(self) -> Floats:
        """Days in each month, (months, 1)."""
        return self.case.timeline.days_in_month[:, None]

    def real_growth(self, name: str) -> Floats:
        """Return the level of real growth at rate `name` (unsaid: none), one step each April, (months, draws)."""
        years = self.case.timeline.year_index[:, None]
        return self.once(("growth", name), lambda: (1 + self.optional(name, 0.0)) ** years)
