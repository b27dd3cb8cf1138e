"""Posts that answer a duty rather than pay back: the scheme is its posts, and what it costs to lose some."""

import numpy as np

from model.case.draws import Floats
from model.case.words import INVESTMENT, ONE_OFF, RECURRING
from model.schemes.base import Scheme
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.setting import Setting
from model.schemes.staff.redundancy import redundancy_pay, redundancy_weeks, rules_on

REDUNDANCY, PENSION_STRAIN, ENDED = "Redundancy", "Pension strain", "Posts that end"


class Establishment(Scheme):
    """The rows of `establishment.csv` charged to the scheme, and redundancy where the case says that posts end."""

    def costs(self, setting: Setting) -> CashFlows:
        """Return the posts, one-off redundancy and pension strain as the leavers go, and what is no longer paid."""
        return super().costs(setting) + self._leaving(setting) + self._ended(setting)

    def _leaving(self, setting: Setting) -> CashFlows:
        """Redundancy = leavers x statutory weeks x weekly pay x multiplier; strain on the fund is an input."""
        name, gone = self.spec.name, self._since_leaving(setting)
        month = ((gone > 0) & (gone <= 1)).astype(np.float64)  # in which the leavers' last day falls
        amounts: dict[str, Floats] = {}
        if f"{name}.posts_redundant" in setting.case.assumptions:
            rules = rules_on(setting.case.reference.pay, self.spec.start)
            weeks = redundancy_weeks(self.of(setting, "redundancy_age"), self.of(setting, "redundancy_service"), rules)
            each = redundancy_pay(
                weeks,
                self.of(setting, "redundancy_weekly_pay"),
                rules,
                capped=setting.optional(f"{name}.redundancy_capped", 1.0),
                multiplier=setting.optional(f"{name}.redundancy_multiplier", 1.0),
            )
            amounts[REDUNDANCY] = self.of(setting, "posts_redundant") * each * month
        if f"{name}.pension_strain" in setting.case.assumptions:
            amounts[PENSION_STRAIN] = self.of(setting, "pension_strain") * month
        return CashFlows({Tag(line, INVESTMENT, ONE_OFF): -amount for line, amount in amounts.items()})

    def _ended(self, setting: Setting) -> CashFlows:
        """Posts that end are not paid for from the last day on: people x each post's cost a year x pay growth."""
        each = f"{self.spec.name}.redundant_post_cost_annual"
        if each not in setting.case.assumptions:
            return CashFlows()
        annual = (
            self.of(setting, "posts_redundant") * setting.value(each) * setting.real_growth("growth.pay_real_annual")
        )
        spared = np.clip(self._since_leaving(setting), 0, 1) * annual * setting.annual
        return CashFlows({Tag(ENDED, INVESTMENT, RECURRING): spared})

    def _since_leaving(self, setting: Setting) -> Floats:
        """Months since the leavers' last day at each month's end, (months, draws); negative before."""
        return self.elapsed(setting) - setting.optional(f"{self.spec.name}.redundancy_after_months", 0.0)
