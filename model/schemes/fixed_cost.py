"""A cost that is simply there: so much a year, or so much every day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.case.words import INVESTMENT, RECURRING
from model.schemes.base import Scheme
from model.schemes.cashflows import CashFlows, Tag

if TYPE_CHECKING:
    from model.schemes.base import Setting


class FixedCost(Scheme):
    """A rota, a licence, a contract: `cost_annual` by share of the year, `cost_daily` by real days."""

    def costs(self, setting: Setting) -> CashFlows:
        """Return the scheme's posts and its fixed cost, real pounds, negative."""
        name = self.spec.name
        active = np.clip(self.elapsed(setting), 0, 1)
        yearly = setting.optional(f"{name}.cost_annual", 0.0) * setting.annual
        daily = setting.optional(f"{name}.cost_daily", 0.0) * setting.daily
        cost = active * (yearly + daily)
        return super().costs(setting) + CashFlows({Tag(self.spec.title, INVESTMENT, RECURRING): -cost})
