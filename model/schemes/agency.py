"""Agency staff: what falls away as permanent posts fill.

Two different things, never added to each other. *Managed teams* come on top of the establishment: when the new posts
fill, their whole cost ends. *Cover* stands in for a funded vacancy: filling the post saves only the premium over the
salary that is then paid, unless the printed figure is already net of it (`whole_cost`). The part of the cover figure
that is managed teams (`cover_managed_share`) is taken out first. How much of the rest goes once every new post is
filled is `cover_displaced_share`: all of it (one for one) unless the case says less, because new posts need not be the
vacant ones.
"""

from collections.abc import Mapping

import numpy as np

from model.case.draws import Floats
from model.case.timeline import MONTHS_A_YEAR, Timeline
from model.case.words import RESERVE
from model.schemes.base import Scheme
from model.schemes.optimism import realised
from model.schemes.setting import Setting
from model.schemes.staff.posts import filled_share

MANAGED_TEAMS, COVER = "Agency: managed teams", "Agency: vacancy cover"


class Agency(Scheme):
    """Permanent recruitment that ends agency spending."""

    @property
    def purses(self) -> Mapping[str, str]:
        """The reserve already pays for the managed teams: ending them releases reserve, not base budget."""
        return {MANAGED_TEAMS: RESERVE}

    def spending(self, setting: Setting) -> Mapping[str, tuple[Floats, Floats]]:
        """Return both agency lines before and after; each ends in the do-nothing world at its own assumed date.

        cover after = cover x (1 - posts filled x share displaced x share of its cost that filling saves).
        """
        filled = filled_share(setting, self.elapsed(setting)) * self.running(setting)
        filled = filled * realised(setting, self.spec.name)
        pay = setting.real_growth("growth.pay_real_annual")
        stated, months = self.of(setting, "managed_teams_cost"), self.of(setting, "managed_teams_months")
        teams_annual = annual_cost(stated, months, setting.case.timeline)
        teams = self._until(setting, "managed_teams_end_months") * pay * teams_annual * setting.annual
        cover_annual = self.of(setting, "cover_cost_annual") * (1 - self.of(setting, "cover_managed_share"))
        cover = self._until(setting, "cover_end_months") * pay * cover_annual * setting.annual
        premium = self.of(setting, "premium")
        saved = np.where(self.of(setting, "whole_cost") > 0, 1.0, premium / (1 + premium))
        ended = filled * self.of(setting, "cover_displaced_share", 1.0)  # one for one unless it says less
        return {
            **super().spending(setting),
            MANAGED_TEAMS: (teams, teams * (1 - filled)),
            COVER: (cover, cover * (1 - ended * saved)),
        }

    def _until(self, setting: Setting, parameter: str) -> Floats:
        """Return the share of each month before the do-nothing end (months from the case's start), (months, draws)."""
        return np.clip(self.of(setting, parameter) - np.arange(setting.months)[:, None], 0, 1)


def annual_cost(stated: Floats, months: Floats, timeline: Timeline) -> Floats:
    """Return what a cost stated for the first `months` of a timeline comes to in a whole year; 0 months cost nothing.

    Each month counts by its days, as spending does, so that those months cost what was stated: April to December are
    275 days of 365, not nine twelfths. What lies beyond the horizon counts a twelfth a month. All (draws,).
    """
    covered = np.clip(months - np.arange(timeline.months)[:, None], 0, 1)
    years = timeline.year_share @ covered + np.maximum(months - timeline.months, 0) / MONTHS_A_YEAR
    return np.divide(stated, years, out=np.zeros_like(stated), where=years > 0)
