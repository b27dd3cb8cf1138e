"""Posts that answer a duty rather than pay back: the scheme is its posts, and what it costs to lose some."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.case.words import INVESTMENT, ONE_OFF
from model.schemes.base import Scheme
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.staff.redundancy import redundancy_pay, redundancy_weeks, rules_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from model.schemes.base import Setting

REDUNDANCY, PENSION_STRAIN = "Redundancy", "Pension strain"


class Establishment(Scheme):
    """The rows of `establishment.csv` charged to the scheme, and redundancy where the case says that posts end."""

    def costs(self, setting: Setting) -> CashFlows:
        """Return the posts, and one-off redundancy and pension strain in the month the leavers go."""
        return super().costs(setting) + self._leaving(setting)

    def _leaving(self, setting: Setting) -> CashFlows:
        """Redundancy = leavers x statutory weeks x weekly pay x multiplier; strain on the fund is an input."""
        name = self.spec.name
        month = self._month_of_leaving(setting)
        amounts: dict[str, NDArray[np.float64]] = {}
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

    def _month_of_leaving(self, setting: Setting) -> NDArray[np.float64]:
        """1 in the month in which the leavers' last day falls, 0 in the others, (months, draws)."""
        after = setting.optional(f"{self.spec.name}.redundancy_after_months", 0.0)
        gone = self.elapsed(setting) - after
        return ((gone > 0) & (gone <= 1)).astype(np.float64)
