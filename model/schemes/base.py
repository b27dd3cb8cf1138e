"""What every scheme shares: its start, its end, and the staff charged to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case.records import SchemeSpec
from model.case.timeline import MONTHS_A_YEAR
from model.case.words import INVESTMENT, RECURRING
from model.children.levers import EntryReduction, FosterPlaces, SoonerOut
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.setting import Setting
from model.schemes.staff.posts import PAID, at_work, held_before, reducing, staff_costs, until

SMALLEST_SHARE: Final = 1e-12  # what is left of a year in which everybody goes


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
        return at_work(setting, self.spec, self.delay(setting), ago) * self.running(setting)

    def running(self, setting: Setting) -> NDArray[np.float64]:
        """Return the share of each month that lies before the scheme's end, (months, 1); 1 where it has none."""
        return until(setting, self.spec.end)

    def active(self, setting: Setting) -> NDArray[np.float64]:
        """Return the share of each month in which the scheme runs, by days, (months, draws)."""
        return np.clip(self.elapsed(setting), 0, 1) * self.running(setting)

    def ramp(self, setting: Setting, parameter: str = "ramp_months") -> NDArray[np.float64]:
        """Return the share of the full effect in each month, (months, draws): linear from 0 at the start, at mid-month.

        Nothing before the start and after the end.
        """
        elapsed, over = self.elapsed(setting), setting.optional(f"{self.spec.name}.{parameter}", 0.0)
        active = np.clip(elapsed, 0, 1)
        middle = elapsed - active / 2
        share = np.divide(middle, over, out=np.ones_like(middle), where=over > 0)
        ramp: NDArray[np.float64] = active * np.clip(share, 0, 1) * self.running(setting)
        return ramp

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
        """Return the scheme's own spending: the posts and rotas charged to it, and its fixed cost.

        Fewer posts in all are no spending but a saving, and belong to `spending`.
        """
        flows = staff_costs(setting, self.spec, self.delay(setting))
        kept = flows.where(lambda tag: tag != PAID) if reducing(setting.case, self.spec.name) else flows
        return kept + self.fixed(setting)

    def fixed(self, setting: Setting) -> CashFlows:
        """A licence, a contract, a team of its own: `cost_annual` by share of the year, `cost_daily` by real days."""
        yearly, daily = (f"{self.spec.name}.cost_{every}" for every in ("annual", "daily"))
        if not {yearly, daily} & setting.case.assumptions.keys():
            return CashFlows()
        rate = setting.optional(yearly, 0.0) * setting.annual + setting.optional(daily, 0.0) * setting.daily
        cost = self.active(setting) * rate
        return CashFlows({Tag(self.spec.title, INVESTMENT, RECURRING): -cost})

    def spending(self, setting: Setting) -> Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Return line -> (do-nothing spending, spending with the scheme), each (months, draws) and positive."""
        posts = reducing(setting.case, self.spec.name)
        if not posts:
            return {}
        before = held_before(setting, posts)
        saved = dict(staff_costs(setting, self.spec, self.delay(setting)))[PAID]
        return {PAID.line: (before, before - saved)}

    def price_left(self, setting: Setting, placement: str) -> NDArray[np.float64] | None:
        """Return the share of a placement's price that is left, (months, draws); None where the scheme leaves it be."""
        del setting, placement
        return None

    def beds(self, setting: Setting) -> NDArray[np.float64] | None:
        """Return the children whom homes of the council's own can hold instead of bought ones, (months, draws)."""
        del setting
        return None

    def homes_cost(self, setting: Setting) -> NDArray[np.float64] | None:
        """Return what these homes cost to run, real pounds, (months, draws)."""
        del setting
        return None

    def per_child(self, setting: Setting) -> Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Return line -> what a child in care costs without and with the scheme, pounds a month, (months, draws)."""
        del setting
        return {}
