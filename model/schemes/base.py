"""What every scheme shares: its start, its end, and the staff charged to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from model.case.draws import Floats
from model.case.parameters import PLACEMENTS
from model.case.records import SchemeSpec
from model.case.timeline import MONTHS_A_YEAR
from model.case.words import INVESTMENT, RECURRING
from model.children.levers import NO_LEVERS, Levers
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.setting import Setting
from model.schemes.staff.posts import PAID, at_work, held_before, reducing, staff_costs, until

SMALLEST_SHARE: Final = 1e-12  # what is left of a year in which everybody goes


def monthly_hazard(annual_rate: Floats) -> Floats:
    """Return the monthly hazard of which twelve make the annual share: 1 - (1 - annual)^(1/12)."""
    return 1 - np.maximum(1 - annual_rate, 0) ** (1 / MONTHS_A_YEAR)


def rate_a_month(annual_share: Floats) -> Floats:
    """Return the rate a month, in continuous time, at which the annual share goes in a year: -ln(1 - annual) / 12."""
    rate: Floats = -np.log(np.maximum(1 - annual_share, SMALLEST_SHARE)) / MONTHS_A_YEAR
    return rate


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a scheme changes in the way children are paid for; each amount (months, draws).

    `price_left`: position of a placement -> share of its price that is left; `homes`: children whom homes of the
    council's own can hold instead of bought ones, and what these cost to run, or None; `per_child`: line -> pounds a
    month for each child in the placements `of`, without and with the scheme.
    """

    price_left: Mapping[int, Floats] = field(default_factory=dict)
    homes: tuple[Floats, Floats] | None = None
    per_child: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)
    of: slice = field(default_factory=lambda: slice(None))

    def __bool__(self) -> bool:
        """Whether anything is changed at all."""
        return bool(self.price_left or self.homes or self.per_child)


@dataclass(frozen=True, kw_only=True)
class Scheme:
    """A scheme that does nothing but carry its posts and a fixed cost; the other kinds add to it."""

    spec: SchemeSpec

    @property
    def purses(self) -> Mapping[str, str]:
        """Which lines of `spending` another purse than the general fund pays for."""
        return {}

    @property
    def where(self) -> slice:
        """The placement the scheme names, as a place among all of them; all where it names none."""
        at = PLACEMENTS.index(self.spec.placement) if self.spec.placement else None
        return slice(None) if at is None else slice(at, at + 1)

    def of(self, setting: Setting, parameter: str, unsaid: float | None = None) -> Floats:
        """Return the draws of this scheme's own assumption `<scheme>.<parameter>`, (draws,); `unsaid` if left out."""
        name = f"{self.spec.name}.{parameter}"
        return setting.value(name) if unsaid is None else setting.optional(name, unsaid)

    def recurring(self, setting: Setting, what: str) -> Floats:
        """Return pounds a month of a `cost` or a `saving` by its amounts a year and a day, (months, draws)."""
        yearly, daily = (self.of(setting, f"{what}_{every}", 0.0) for every in ("annual", "daily"))
        return yearly * setting.annual + daily * setting.daily

    def elapsed(self, setting: Setting) -> Floats:
        """Months since the scheme started, at each month's end, (months, draws)."""
        return setting.elapsed(self.spec.start, self.spec.name)

    def at_work(self, setting: Setting, ago: Floats | float = 0.0) -> Floats:
        """Share of the scheme's own new posts that do its work, as it was `ago` months before, (months, draws)."""
        return at_work(setting, self.spec, ago) * self.running(setting)

    def running(self, setting: Setting) -> Floats:
        """Return the share of each month that lies before the scheme's end, (months, 1); 1 where it has none."""
        return until(setting, self.spec.end)

    def active(self, setting: Setting) -> Floats:
        """Return the share of each month in which the scheme runs, by days, (months, draws)."""
        return np.clip(self.elapsed(setting), 0, 1) * self.running(setting)

    def begins(self, setting: Setting, before: Floats | float = 0.0) -> Floats:
        """Return 1 in the month in which the scheme starts, or so many months before, (months, draws); 0 in the others.

        What would lie before the case falls in its first month; nothing begins again where a run-off shows it stopped.
        """
        begun = self.elapsed(setting) + before > 0
        return (np.diff(begun, axis=0, prepend=False) & begun).astype(np.float64)

    def ramp(self, setting: Setting, parameter: str = "ramp_months") -> Floats:
        """Return the share of the full effect in each month, (months, draws): linear from 0 at the start, at mid-month.

        Nothing before the start and after the end.
        """
        elapsed, over = self.elapsed(setting), self.of(setting, parameter, 0.0)
        active = np.clip(elapsed, 0, 1)
        middle = elapsed - active / 2
        share = np.divide(middle, over, out=np.ones_like(middle), where=over > 0)
        ramp: Floats = active * np.clip(share, 0, 1) * self.running(setting)
        return ramp

    def levers(self, setting: Setting) -> Levers:
        """Return what the scheme does to the caseload: entries it prevents, places it adds, stays it shortens."""
        del setting
        return NO_LEVERS

    def terms(self, setting: Setting) -> Terms:
        """Return how the scheme has children paid for."""
        del setting
        return Terms()

    def costs(self, setting: Setting) -> CashFlows:
        """Return the scheme's own spending: the posts and rotas charged to it, and its fixed cost.

        Fewer posts in all are no spending but a saving, and belong to `spending`.
        """
        flows = staff_costs(setting, self.spec)
        kept = flows.where(lambda tag: tag != PAID) if reducing(setting.case, self.spec.name) else flows
        return kept + self.fixed(setting)

    def fixed(self, setting: Setting) -> CashFlows:
        """A licence, a contract, a team of its own: `cost_annual` by share of the year, `cost_daily` by real days."""
        if not {f"{self.spec.name}.cost_{every}" for every in ("annual", "daily")} & setting.case.assumptions.keys():
            return CashFlows()
        cost = self.active(setting) * self.recurring(setting, "cost")
        return CashFlows({Tag(self.spec.title, INVESTMENT, RECURRING): -cost})

    def spending(self, setting: Setting) -> Mapping[str, tuple[Floats, Floats]]:
        """Return line -> (do-nothing spending, spending with the scheme), each (months, draws) and positive."""
        posts = reducing(setting.case, self.spec.name)
        if not posts:
            return {}
        before = held_before(setting, posts)
        saved = dict(staff_costs(setting, self.spec))[PAID]
        return {PAID.line: (before, before - saved)}
