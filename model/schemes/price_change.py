"""What a place costs, and how often a new one has to be found: a contract or framework, and placement stability."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from model.schemes.base import Scheme
from model.schemes.setting import Setting

MOVES = "Placement moves"


class PriceChange(Scheme):
    """A placement bought more cheaply."""

    def price_left(self, setting: Setting, placement: str) -> NDArray[np.float64] | None:
        """Return 1 - cut x share of the children x how far it is in force, (months, draws)."""
        if placement != self.spec.placement:
            return None
        share = setting.optional(f"{self.spec.name}.children_share", 1.0)
        return 1 - self.of(setting, "price_cut") * share * self.ramp(setting)


class PlacementStability(Scheme):
    """Fewer placements that break down."""

    def per_child(self, setting: Setting) -> Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Return what moves cost a child in care and month: moves a year x cost of one x share of the year.

        With the scheme they are fewer by its effect.
        """
        cost = self.of(setting, "moves_per_child_annual") * self.of(setting, "cost_of_move") * setting.annual
        before = np.broadcast_to(cost, setting.shape)
        return {MOVES: (before, before * (1 - self.of(setting, "effect") * self.ramp(setting)))}
