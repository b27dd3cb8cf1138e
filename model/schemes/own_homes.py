"""The council's own children's homes: beds that take the place of bought ones.

Children in them stay residential in the caseload. They are as many as the beds hold at their occupancy, and never more
than there are children in homes in the same world: whoever steps down or never enters leaves a bed empty, and an empty
bed is paid for. Capital counts in full when it is paid; how it is financed stands beside (`borrowing.*`).
"""

from model.case.words import CAPITAL, GRANT, INCOME, INVESTMENT, ONE_OFF
from model.schemes.base import Scheme, Terms
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.setting import Setting

CAPITAL_LINE = "Capital"


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
        month = self.begins(setting, setting.optional(f"{self.spec.name}.capital_months_before", 0.0))
        capital = setting.optional(f"{self.spec.name}.capital_cost", 0.0) * month
        grant = capital * setting.optional(f"{self.spec.name}.capital_grant_share", 0.0)
        amounts = {
            Tag(CAPITAL_LINE, INVESTMENT, ONE_OFF, CAPITAL): -capital,
            Tag(CAPITAL_LINE, INCOME, ONE_OFF, GRANT): grant,
        }
        return super().costs(setting) + CashFlows({tag: amount for tag, amount in amounts.items() if amount.any()})
