"""Posts that answer a duty rather than pay back: the scheme is its posts, and what it costs by statute to lose some."""

from collections.abc import Mapping
from datetime import date

import numpy as np

from model.case.draws import Floats
from model.case.pay import REDUNDANCY_WEEK, PayTables
from model.case.words import INVESTMENT, ONE_OFF, RECURRING
from model.schemes.base import Scheme
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.setting import Setting

REDUNDANCY, PENSION_STRAIN, ENDED = "Redundancy", "Pension strain", "Posts that end"
CAP = "cap_weekly_gbp"
WEEKS = ("weeks_a_year_under_22", "weeks_a_year_22_to_40", "weeks_a_year_41_and_over")
AGES, YEARS = ("age_middle", "age_upper"), ("years_least", "years_most")


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
            capped, multiplier = (self.of(setting, f"redundancy_{what}", 1.0) for what in ("capped", "multiplier"))
            weekly = self.of(setting, "redundancy_weekly_pay")
            each = redundancy_pay(weeks, weekly, rules, capped=capped, multiplier=multiplier)
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
        return self.elapsed(setting) - self.of(setting, "redundancy_after_months", 0.0)


def rules_on(tables: PayTables, start: date) -> dict[str, float]:
    """Return the statutory rules by name, with the cap on a week's pay in force when a scheme starts.

    PayError where one is missing.
    """
    rules = {name: tables.rule(name) for name in (*WEEKS, *AGES, *YEARS)}
    return rules | {CAP: tables.in_force(REDUNDANCY_WEEK, start).rate}


def redundancy_weeks(age: Floats, service_years: Floats, rules: Mapping[str, float]) -> Floats:
    """Return statutory weeks' pay, counting whole years back from the leaving date; nothing below the least service.

    A year counts at the higher rate only if the whole of it was served at that age. Shapes broadcast.
    """
    whole = np.floor(service_years)
    counted = np.where(whole >= rules["years_least"], np.minimum(whole, rules["years_most"]), 0.0)
    weeks = np.zeros(np.broadcast(age, service_years).shape)
    for back in range(int(rules["years_most"])):
        younger = np.floor(age) - back - 1
        served_at = sum((younger >= rules[age]).astype(int) for age in AGES)
        weeks += np.where(back < counted, np.take([rules[name] for name in WEEKS], served_at), 0.0)
    return weeks


def redundancy_pay(
    weeks: Floats, weekly_pay: Floats, rules: Mapping[str, float], *, capped: Floats, multiplier: Floats
) -> Floats:
    """Return pounds a leaver: weeks x weekly pay x multiplier.

    `capped` 1 holds a week's pay to the statutory cap; 0 pays the actual week, as many councils' schemes do.
    """
    week = np.where(capped > 0, np.minimum(weekly_pay, rules[CAP]), weekly_pay)
    return weeks * week * multiplier
