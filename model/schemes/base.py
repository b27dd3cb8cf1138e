"""What every scheme shares: its setting, its start, and the staff charged to it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from model.case import units
from model.case.timeline import MONTHS_A_YEAR
from model.case.words import INVESTMENT, RECURRING
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.staff.posts import at_work, staff_costs

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping
    from datetime import date

    from numpy.typing import NDArray

    from model.case.draws import Draws
    from model.case.records import Case, SchemeSpec
    from model.children.levers import EntryReduction, FosterPlaces, SoonerOut

STOPPED: Final = -1.0  # months since the start of what has ended
SMALLEST_SHARE: Final = 1e-12  # what is left of a year in which everybody goes


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
        return self.draws[name] if name in self.case.assumptions else np.full(self.draws.n, neutral)

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
        return units.weekly_factors(self.case.timeline, self.case.conventions.weeks_per_year)[:, None]

    @cached_property
    def annual(self) -> NDArray[np.float64]:
        """Share of a year in each month, (months, 1)."""
        return units.annual_factors(self.case.timeline)[:, None]

    @cached_property
    def daily(self) -> NDArray[np.float64]:
        """Days in each month, (months, 1)."""
        return units.daily_factors(self.case.timeline)[:, None]

    def real_growth(self, name: str) -> NDArray[np.float64]:
        """Return the level that real growth at rate `name` has reached: one step each April, (months, draws)."""
        return self.once(("growth", name), lambda: self.compounded(self.value(name)))

    def compounded(self, rate_annual: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (1 + rate) to the power of whole financial years since the first, (months, draws)."""
        timeline = self.case.timeline
        yearly: NDArray[np.float64] = (1 + rate_annual) ** np.arange(len(timeline.financial_years))[:, None]
        return yearly[timeline.year_index]


def monthly_hazard(annual_rate: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the monthly hazard of which twelve make the annual share: 1 - (1 - annual)^(1/12)."""
    return 1 - np.maximum(1 - annual_rate, 0) ** (1 / MONTHS_A_YEAR)


def rate_a_month(annual_share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rate a month, in continuous time, at which the annual share goes in a year: -ln(1 - annual) / 12."""
    rate: NDArray[np.float64] = -np.log(np.maximum(1 - annual_share, SMALLEST_SHARE)) / MONTHS_A_YEAR
    return rate


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """A scheme that does nothing but carry its posts and a fixed cost; the other kinds add to it."""

    spec: SchemeSpec

    @property
    def acts_on_caseload(self) -> bool:
        """Whether the scheme changes who is in care or where."""
        return False

    @property
    def purses(self) -> Mapping[str, str]:
        """Which lines of `spending` another purse than the general fund pays for."""
        return {}

    def of(self, setting: Setting, parameter: str) -> NDArray[np.float64]:
        """Return the draws of this scheme's own assumption `<scheme>.<parameter>`, (draws,)."""
        return setting.value(f"{self.spec.name}.{parameter}")

    def delay(self, setting: Setting) -> NDArray[np.float64]:
        """Months by which the scheme starts later than planned, (draws,)."""
        return setting.optional(f"{self.spec.name}.delay", 0.0)

    def elapsed(self, setting: Setting) -> NDArray[np.float64]:
        """Months since the scheme started, at each month's end, (months, draws)."""
        return setting.elapsed(self.spec.start, self.delay(setting))

    def at_work(self, setting: Setting, ago: NDArray[np.float64] | float = 0.0) -> NDArray[np.float64]:
        """Share of the scheme's own new posts that do its work, as it was `ago` months before, (months, draws)."""
        return at_work(setting, self.spec, self.delay(setting), ago)

    def reductions(self, setting: Setting) -> tuple[EntryReduction, ...]:
        """Return the entry reductions this scheme brings about."""
        del setting
        return ()

    def places(self, setting: Setting) -> tuple[FosterPlaces, ...]:
        """Return the new foster places this scheme brings about."""
        del setting
        return ()

    def sooner(self, setting: Setting) -> tuple[SoonerOut, ...]:
        """Return the shorter stays this scheme brings about."""
        del setting
        return ()

    def costs(self, setting: Setting) -> CashFlows:
        """Return the scheme's own spending: the posts and rotas charged to it, and what it costs a year or a day."""
        return staff_costs(setting, self.spec, self.delay(setting)) + self._fixed(setting)

    def _fixed(self, setting: Setting) -> CashFlows:
        """A licence, a contract, a team of its own: `cost_annual` by share of the year, `cost_daily` by real days."""
        yearly, daily = (f"{self.spec.name}.cost_{every}" for every in ("annual", "daily"))
        if not {yearly, daily} & setting.case.assumptions.keys():
            return CashFlows()
        rate = setting.optional(yearly, 0.0) * setting.annual + setting.optional(daily, 0.0) * setting.daily
        cost = np.clip(self.elapsed(setting), 0, 1) * rate
        return CashFlows({Tag(self.spec.title, INVESTMENT, RECURRING): -cost})

    def spending(self, setting: Setting) -> Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Return line -> (do-nothing spending, spending with the scheme), each (months, draws) and positive."""
        del setting
        return {}
