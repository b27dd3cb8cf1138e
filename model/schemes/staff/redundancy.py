"""What it costs by statute to make people redundant: pure functions of age, service and pay."""

from collections.abc import Mapping
from datetime import date

import numpy as np

from model.case.draws import Floats
from model.case.pay import REDUNDANCY_WEEK, PayTables

CAP = "cap_weekly_gbp"
WEEKS = ("weeks_a_year_under_22", "weeks_a_year_22_to_40", "weeks_a_year_41_and_over")
AGES, YEARS = ("age_middle", "age_upper"), ("years_least", "years_most")


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
    weeks: Floats,
    weekly_pay: Floats,
    rules: Mapping[str, float],
    *,
    capped: Floats,
    multiplier: Floats,
) -> Floats:
    """Return pounds a leaver: weeks x weekly pay x multiplier.

    `capped` 1 holds a week's pay to the statutory cap; 0 pays the actual week, as many councils' schemes do.
    """
    week = np.where(capped > 0, np.minimum(weekly_pay, rules[CAP]), weekly_pay)
    return weeks * week * multiplier
