"""The establishment in numbers: the lines schemes carry, and the way from a printed cost to a year's spending."""

import numpy as np

from model.case.draws import central
from model.case.records import Case, Post
from model.schemes.setting import Setting
from model.schemes.staff.posts import carried, charged_posts


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


def net_posts(case: Case) -> tuple[float, float]:
    """Return the net new fte of the active schemes, and how many of them are in posts that are filled already."""
    change = [(times * (post.fte_proposed - post.fte_current), post.recruited) for _, post, times in lines(case)]
    return sum(fte for fte, _ in change), sum(fte for fte, recruited in change if not recruited)
