"""The establishment in numbers: the lines schemes carry, and the way from a printed cost to a year's spending."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.case.draws import central
from model.case.words import CENTRAL, INVESTMENT, PORTFOLIO, REAL, WHOLE
from model.schemes.setting import Setting
from model.schemes.staff.posts import ON_CALL, STAFF, carried, charged_posts, full_cost

if TYPE_CHECKING:
    from model.case.records import Case, Post
    from model.results.runs import Result


def central_setting(case: Case) -> Setting:
    """Return the setting of the central run as far as posts need it: no children."""
    draws = central(case)
    nobody, level = np.zeros(0), np.ones((case.timeline.months, draws.n))
    return Setting(case=case, draws=draws, entries_by_age=nobody, entry_scale=level)


def lines(case: Case) -> tuple[tuple[str, Post, float], ...]:
    """Return the lines that the active schemes carry: scheme, row, and how often it counts (-1 = moved elsewhere)."""
    setting = central_setting(case)
    return tuple(
        (spec.name, post, float(carried(setting, post, sign)[0]))
        for spec in case.active_schemes
        for post, sign in charged_posts(case, spec.name)
    )


def printed_total(case: Case) -> float:
    """Return what a full year of all lines of the active schemes costs, as the establishment states it; pounds."""
    return sum(times * post.change_annual_cost_gbp for _, post, times in lines(case))


def net_posts(case: Case) -> tuple[float, float]:
    """Return the net new fte of the active schemes, and how many of them are in posts that are filled already."""
    change = [(times * (post.fte_proposed - post.fte_current), post.recruited) for _, post, times in lines(case)]
    return sum(fte for fte, _ in change), sum(fte for fte, recruited in change if not recruited)


def bridge(result: Result, year: str) -> tuple[float, dict[str, float], float]:
    """Return how the printed cost of a full year becomes the spending of a financial year: from, steps, to.

    Central, real pounds, positive for a cost; the steps add up to the difference exactly. Pay: what all lines would
    cost in that year with every post filled, less as printed. Empty: posts nobody is in, or that have not begun, or
    that are paid for in any case. The other steps are lines of the year beside the posts' own pay.
    """
    case = result.case
    setting, at = central_setting(case), case.timeline.financial_years.index(year)
    full = sum(
        float(case.timeline.by_financial_year(full_cost(setting, spec.name))[at, 0]) for spec in case.active_schemes
    )
    rows = result.annual
    found = rows[
        (rows["perimeter"] == WHOLE) & (rows["price_basis"] == REAL) & (rows["statistic"] == CENTRAL)
        & (rows["scheme"] != PORTFOLIO) & (rows["financial_year"] == year)
        & ((rows["nature"] == INVESTMENT) | (rows["line"] == STAFF))
    ]  # fmt: skip
    by_line = {str(line): -float(v) for line, v in found.groupby("line", sort=False)["value_gbp"].sum().items()}
    paid = sum(by_line.pop(line, 0.0) for line in (STAFF, ON_CALL))
    start = printed_total(case)
    steps = {"pay": full - start, "empty": paid - full, **by_line}
    return start, steps, start + sum(steps.values())
