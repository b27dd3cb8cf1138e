"""Children who do not stay as long: step-down to another placement, and leaving care sooner.

The share a year is of the children then there, and comes on top of those who would have moved or left in any case. What
it saves follows from the caseload; a child who leaves before 18 costs what `cost.exit_under_18` says.
"""

import numpy as np

from model.case.parameters import AGES, PLACEMENTS
from model.children.levers import Levers, SoonerOut
from model.schemes.base import Scheme, rate_a_month
from model.schemes.setting import Setting


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
