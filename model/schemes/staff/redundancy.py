"""What it costs by statute to make people redundant: pure functions of age, service and pay."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from model.case.pay import REDUNDANCY_WEEK, PayTables


@dataclass(frozen=True, kw_only=True)
class RedundancyRules:
    """The statutory scheme: weeks' pay for a year of service by the age it was served at, its limits, and the cap."""

    weeks_under_22: float
    weeks_22_to_40: float
    weeks_41_and_over: float
    age_middle: float
    age_upper: float
    years_least: float
    years_most: float
    cap_weekly_gbp: float


def rules_on(tables: PayTables, start: date) -> RedundancyRules:
    """Return the statutory rules with the cap in force when a scheme starts. PayError where a table is missing."""
    return RedundancyRules(
        weeks_under_22=tables.rule("weeks_a_year_under_22"),
        weeks_22_to_40=tables.rule("weeks_a_year_22_to_40"),
        weeks_41_and_over=tables.rule("weeks_a_year_41_and_over"),
        age_middle=tables.rule("age_middle"),
        age_upper=tables.rule("age_upper"),
        years_least=tables.rule("years_least"),
        years_most=tables.rule("years_most"),
        cap_weekly_gbp=tables.in_force(REDUNDANCY_WEEK, start).rate,
    )


def redundancy_weeks(
    age: NDArray[np.float64], service_years: NDArray[np.float64], rules: RedundancyRules
) -> NDArray[np.float64]:
    """Return statutory weeks' pay, counting whole years back from the leaving date; nothing below the least service.

    A year counts at the higher rate only if the whole of it was served at that age. Shapes broadcast.
    """
    whole = np.floor(service_years)
    counted = np.where(whole >= rules.years_least, np.minimum(whole, rules.years_most), 0.0)
    weeks = np.zeros(np.broadcast(age, service_years).shape)
    for back in range(int(rules.years_most)):
        younger = np.floor(age) - back - 1
        weight = np.where(
            younger >= rules.age_upper,
            rules.weeks_41_and_over,
            np.where(younger >= rules.age_middle, rules.weeks_22_to_40, rules.weeks_under_22),
        )
        weeks += np.where(back < counted, weight, 0.0)
    return weeks


def redundancy_pay(
    weeks: NDArray[np.float64],
    weekly_pay: NDArray[np.float64],
    rules: RedundancyRules,
    *,
    capped: NDArray[np.float64],
    multiplier: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return pounds a leaver: weeks x weekly pay x multiplier.

    `capped` 1 holds a week's pay to the statutory cap; 0 pays the actual week, as many councils' schemes do.
    """
    week = np.where(capped > 0, np.minimum(weekly_pay, rules.cap_weekly_gbp), weekly_pay)
    return weeks * week * multiplier
