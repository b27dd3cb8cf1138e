"""Fewer children entering care: edge of care, family safeguarding, family group conferences.

The target flow falls by effect x ramp x (1 - deadweight), as far as the team can reach; some of the children enter
later after all (fade). What is saved follows from the caseload.
"""

import numpy as np

from model.case.draws import Floats
from model.case.parameters import AGES, PLACEMENTS
from model.children.levers import EntryReduction, Levers
from model.schemes.base import Scheme, rate_a_month
from model.schemes.optimism import realised
from model.schemes.setting import Setting


class EntryReductionScheme(Scheme):
    """A team that keeps some children of its target ages out of care."""

    def reach(self, setting: Setting) -> Floats:
        """Return the share of the children on the edge of care whom the team can hold, (months, draws).

        Capacity a month = caseworkers in post x children each / months with a child; need a month = target entries x
        children served for each who would enter.
        """
        workers = self.of(setting, "caseworkers") * self.at_work(setting)
        duration = self.of(setting, "duration_months")
        held = workers * self.of(setting, "children_per_caseworker")
        capacity = np.divide(held, duration, out=np.full_like(held, np.inf), where=duration > 0)
        target = setting.entry_scale * setting.entries_by_age[[AGES.index(age) for age in self.spec.ages]].sum()
        need = target * self.of(setting, "children_served_per_entry")
        reach = np.divide(capacity, need, out=np.ones_like(need), where=need > 0)
        return np.where(self.of(setting, "capacity_limited") > 0, np.clip(reach, 0, 1), 1.0)

    def rate(self, setting: Setting) -> Floats:
        """Return the share of target entries prevented, (months, draws).

        effect x chance of any x (1 - deadweight) x ramp x reach x the share of benefits that comes about.
        """
        effect = self.of(setting, "effect") * self.of(setting, "chance_of_effect", 1.0)
        effect = effect * (1 - self.of(setting, "deadweight")) * realised(setting, self.spec.name)
        return effect * self.ramp(setting) * self.reach(setting)

    def levers(self, setting: Setting) -> Levers:
        """Return the one lever of the scheme; the targeting weight of a cell is 0 outside the target ages."""
        aimed = np.array([age in self.spec.ages for age in AGES], dtype=float)[:, None, None]
        by_placement = np.array([self.of(setting, f"weight_{p}", 1.0) for p in PLACEMENTS])
        lever = EntryReduction(
            name=self.spec.name,
            rate=self.rate(setting),
            weights=aimed * by_placement,
            fade=rate_a_month(self.of(setting, "fade_annual")),
            short_share=self.of(setting, "short_stay_share", np.nan),
        )
        return Levers(reductions=(lever,))
