"""Where children live and what a place costs: homes of the council's own, shorter stays, prices, moves.

Children in own homes stay residential in the caseload. They are as many as the beds hold at their occupancy, and never
more than there are children in homes in the same world: whoever steps down or never enters leaves a bed empty, and an
empty bed is paid for. Capital counts in full when it is paid; how it is financed stands beside (`borrowing.*`).

Step-down and leaving sooner: the share a year is of the children then there, and comes on top of those who would have
moved or left in any case. What it saves follows from the caseload; a child who leaves before 18 costs what
`cost.exit_under_18` says.
"""

import numpy as np

from model.case.parameters import AGES, PLACEMENTS
from model.case.words import CAPITAL, GRANT, INCOME, INVESTMENT, ONE_OFF
from model.children.levers import Levers, SoonerOut
from model.schemes.base import Scheme, Terms, rate_a_month
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.setting import Setting

CAPITAL_LINE, MOVES = "Capital", "Placement moves"


class OwnHomes(Scheme):
    """Homes of the council's own."""

    def terms(self, setting: Setting) -> Terms:
        """Return the children held, beds x occupancy x how far the homes have filled, and what it costs to run them.

        The running cost is paid from opening on and rises with real pay.
        """
        held = self.of(setting, "beds") * self.of(setting, "occupancy") * self.ramp(setting, "fill_months")
        pay = setting.real_growth("growth.pay_real_annual")
        return Terms(
            homes=(held, self.of(setting, "running_cost_annual") * pay * setting.annual * self.active(setting))
        )

    def costs(self, setting: Setting) -> CashFlows:
        """Return the posts charged, and the capital with the part that a grant pays, in the month they are paid."""
        month = self.begins(setting, self.of(setting, "capital_months_before", 0.0))
        capital = self.of(setting, "capital_cost", 0.0) * month
        grant = capital * self.of(setting, "capital_grant_share", 0.0)
        amounts = {
            Tag(CAPITAL_LINE, INVESTMENT, ONE_OFF, CAPITAL): -capital,
            Tag(CAPITAL_LINE, INCOME, ONE_OFF, GRANT): grant,
        }
        return super().costs(setting) + CashFlows({tag: amount for tag, amount in amounts.items() if amount.any()})


class SoonerOutScheme(Scheme):
    """Step-down where the case says `to` which placement; leaving care where it does not."""

    def levers(self, setting: Setting) -> Levers:
        """Return a lever for each placement that children leave: the one named, or every one."""
        rate = rate_a_month(self.of(setting, "share_annual")) * self.ramp(setting)
        ages = np.array([not self.spec.ages or age in self.spec.ages for age in AGES])
        to = PLACEMENTS.index(self.spec.to) if self.spec.to else None
        sources = [self.spec.placement] if self.spec.placement else PLACEMENTS
        return Levers(
            sooner=tuple(
                SoonerOut(name=self.spec.name, rate=rate, ages=ages, source=PLACEMENTS.index(source), to=to)
                for source in sources
            )
        )


class PriceChange(Scheme):
    """A placement bought more cheaply."""

    def terms(self, setting: Setting) -> Terms:
        """Return the share of the price that is left: 1 - cut x share of the children x how far it is in force."""
        share = self.of(setting, "children_share", 1.0)
        left = 1 - self.of(setting, "price_cut") * share * self.ramp(setting)
        return Terms(price_left={PLACEMENTS.index(self.spec.placement): left})


class PlacementStability(Scheme):
    """Fewer placements that break down."""

    def terms(self, setting: Setting) -> Terms:
        """Return what moves cost a child in care and month: moves a year x cost of one x share of the year.

        With the scheme they are fewer by its effect.
        """
        cost = self.of(setting, "moves_per_child_annual") * self.of(setting, "cost_of_move") * setting.annual
        before = np.broadcast_to(cost, setting.shape)
        after = before * (1 - self.of(setting, "effect") * self.ramp(setting))
        return Terms(per_child={MOVES: (before, after)}, of=self.where)
