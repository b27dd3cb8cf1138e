"""What a place costs, and how often a new one has to be found: a contract or framework, and placement stability."""

import numpy as np

from model.case.parameters import PLACEMENTS
from model.schemes.base import Scheme, Terms
from model.schemes.setting import Setting

MOVES = "Placement moves"


class PriceChange(Scheme):
    """A placement bought more cheaply."""

    def terms(self, setting: Setting) -> Terms:
        """Return the share of the price that is left: 1 - cut x share of the children x how far it is in force."""
        share = setting.optional(f"{self.spec.name}.children_share", 1.0)
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
