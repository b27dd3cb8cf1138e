"""The lines of the establishment that schemes carry."""

import numpy as np

from model.case.draws import central
from model.case.records import Case
from model.case.rows import Post
from model.schemes.setting import Setting
from model.schemes.staff.posts import carried, charged_posts


def lines(case: Case) -> tuple[tuple[str, Post, float], ...]:
    """Return the lines that the active schemes carry: scheme, row, and how often it counts (-1 = moved elsewhere)."""
    draws = central(case)
    level = np.ones((case.timeline.months, draws.n))
    setting = Setting(case=case, draws=draws, entries_by_age=np.zeros(0), entry_scale=level)  # posts need no children
    return tuple(
        (spec.name, post, float(carried(setting, post, sign)[0]))
        for spec in case.active_schemes
        for post, sign in charged_posts(case, spec.name)
    )
