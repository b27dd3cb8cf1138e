"""More foster carer households of the council's own, so that fewer children go to independent agencies.

Households: the scheme's posts, when all are filled, approve `households` more in `recruitment_months` and
`approvals_annual` for as long as they work; a household is approved `approval_lag` after the work for it, so posts that
are empty approve nobody. Households leave at the deregistration rate and are replaced in part, as far as the posts are
filled; better support keeps some of the existing carers who would leave.
Places = households x places each; filled = places x fill rate. Who fills them is the caseload's business.
"""

from dataclasses import dataclass

import numpy as np

from model.case.draws import Floats
from model.case.timeline import MONTHS_A_YEAR
from model.case.words import INVESTMENT, ONE_OFF, RECURRING
from model.children.levers import FosterPlaces, Levers
from model.schemes.base import Scheme, monthly_hazard
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.optimism import realised
from model.schemes.setting import Setting

RECRUITMENT, SUPERVISION, CONSTELLATIONS = "Carer recruitment", "Carer supervision", "Constellations"


@dataclass(frozen=True, kw_only=True)
class Households:
    """Carer households by month, (months, draws): in place because of the scheme, approved, and replacing leavers."""

    extra: Floats
    approved: Floats
    replaced: Floats


class FosteringGrowth(Scheme):
    """In-house fostering growth."""

    def households(self, setting: Setting) -> Households:
        """Return the households the scheme adds.

        extra' = extra - leavers + approvals + replaced leavers + existing carers kept, where a month's leavers are
        extra x (1 - (1 - deregistration)^(1/12)) x (1 - retention effect).
        """
        return setting.once(("households", self.spec.name), lambda: self._households(setting))

    def _households(self, setting: Setting) -> Households:
        elapsed, approved = self.elapsed(setting), self._approvals(setting)
        hazard = monthly_hazard(self.of(setting, "deregistration_annual"))
        kept_hazard = hazard * (1 - self.of(setting, "retention_effect"))
        replace = self.of(setting, "leavers_replaced_share") * self.at_work(setting)
        arrivals = self.of(setting, "existing_approvals_annual") / MONTHS_A_YEAR
        without = self.of(setting, "existing_households")
        with_scheme, extra = without, np.zeros(setting.draws.n)
        path, replacing = np.empty(setting.shape), np.empty(setting.shape)
        now = np.where(elapsed > 0, kept_hazard, hazard)
        for month in range(setting.months):
            leavers = extra * now[month]
            replacing[month] = leavers * replace[month]
            extra = extra - leavers + approved[month] + replacing[month]
            path[month] = extra
        if (kept_hazard != hazard).any():
            for month in range(setting.months):
                without = without * (1 - hazard) + arrivals
                with_scheme = with_scheme * (1 - now[month]) + arrivals
                path[month] += with_scheme - without
        return Households(extra=path, approved=approved, replaced=replacing)

    def _approvals(self, setting: Setting) -> Floats:
        """Return households newly approved each month, (months, draws), by the work of `approval_lag` months before.

        done = households x min(1, months of full work / recruitment_months); no recruitment months: as posts fill.
        """
        worked = self.at_work(setting, self.of(setting, "approval_lag"))
        over = self.of(setting, "recruitment_months")
        share = np.divide(np.cumsum(worked, axis=0), over, out=np.maximum.accumulate(worked), where=over > 0)
        done = self.of(setting, "households") * np.minimum(share, 1)
        yearly = self.of(setting, "approvals_annual", 0.0)
        return np.diff(done, axis=0, prepend=0.0) + worked * yearly / MONTHS_A_YEAR

    def filled_places(self, setting: Setting) -> Floats:
        """Return children in the new places: households x places each x fill rate, (months, draws)."""
        extra = np.maximum(self.households(setting).extra, 0)
        each = self.of(setting, "places_per_household") * self.of(setting, "fill_rate")
        return extra * each * realised(setting, self.spec.name)

    def levers(self, setting: Setting) -> Levers:
        """Return the one lever of the scheme."""
        lever = FosterPlaces(
            name=self.spec.name,
            filled=self.filled_places(setting),
            transferring_share=self.of(setting, "transferring_share"),
            inflow_limited=self.of(setting, "inflow_limited"),
        )
        return Levers(places=(lever,))

    def costs(self, setting: Setting) -> CashFlows:
        """Return team, rota, recruitment of carers, supervision beyond what the team holds, and constellations."""
        households, each = self.households(setting), -self.of(setting, "approval_cost")
        acting = self.active(setting)
        held = self.of(setting, "households_supervised_by_team") * (acting > 0)  # a team that has stopped holds none
        supervision = np.maximum(households.extra - held, 0) * -self.of(setting, "supervision_cost_annual")
        constellations = acting * -self.of(setting, "constellations") * self.of(setting, "constellation_cost_annual")
        own = CashFlows(
            {
                Tag(RECRUITMENT, INVESTMENT, ONE_OFF): each * households.approved,
                Tag(RECRUITMENT, INVESTMENT, RECURRING): each * households.replaced,
                Tag(SUPERVISION, INVESTMENT, RECURRING): supervision * setting.annual,
                Tag(CONSTELLATIONS, INVESTMENT, RECURRING): constellations * setting.annual,
            }
        )
        return super().costs(setting) + own
