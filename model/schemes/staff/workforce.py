"""Who is in post month by month, and how many cases each holds: from the same draws as the money."""

from collections.abc import Mapping

import numpy as np

from model.case.draws import Floats
from model.case.timeline import MONTHS_A_YEAR
from model.case.words import DO_NOTHING, WITH_SCHEMES
from model.schemes.setting import Setting
from model.schemes.staff import recruitment
from model.schemes.staff.posts import carried_rows, recruiting

POSTS, IN_POST, EMPTY = "new_posts_fte", "new_posts_filled_fte", "new_posts_empty_fte"
STARTERS, LEAVERS, RETAINED = "starters_fte", "leavers_fte", "retention_payments_due_fte"
WORKERS, CASELOAD, SPAN = "social_workers_fte", "cases_per_social_worker", "social_workers_per_team_manager"
CASES, NEEDED = "open_cases", "social_workers_needed_for_target_fte"
CAPACITY = ("capacity.cases_open", "capacity.workers_current", "capacity.workers_proposed")

Measure = tuple[str, str]  # measure, world


def measures(setting: Setting, in_care: Mapping[str, Floats]) -> dict[Measure, Floats]:
    """Return (measure, world) -> (months, draws). Caseload measures only where the case states `capacity.*`.

    `in_care`: world -> children in care each month on average, (months, draws).

    New posts are the fte that recruited rows of active schemes add, each at its own start. A row within another counts
    once, and is left out of it where its own scheme is switched off, as its money is.
    """
    posts = _new_posts(setting)
    out = {(name, WITH_SCHEMES): amount for name, amount in posts.items()}
    if all(name in setting.case.assumptions for name in CAPACITY):
        out |= _caseloads(setting, in_care, posts)
    return out


def _new_posts(setting: Setting) -> dict[str, Floats]:
    """Rows that start together share one curve, so that it is computed once for each start."""
    how = recruiting(setting)
    wait = setting.optional("establishment.retention_qualifying_months", 0.0)
    total = {name: np.zeros(setting.shape) for name in (POSTS, IN_POST, EMPTY, STARTERS, LEAVERS, RETAINED)}
    for fte, elapsed in _cohorts(setting):
        in_post = fte * recruitment.filled_share(elapsed, how)
        posts = fte * np.clip(elapsed, 0, 1)
        total[POSTS] += posts
        total[IN_POST] += in_post
        total[EMPTY] += posts - in_post
        total[STARTERS] += fte * recruitment.starters(elapsed, how)
        total[LEAVERS] += in_post * how.monthly_leavers
        total[RETAINED] += fte * recruitment.retention_due(elapsed, how, wait)
    return total


def _cohorts(setting: Setting) -> list[tuple[Floats, Floats]]:
    """Return (fte, (draws,); months elapsed at each month's end, (months, draws)) of the rows that start together."""
    cohorts: dict[tuple[str, object], tuple[Floats, Floats]] = {}
    for post, times, elapsed in carried_rows(setting, setting.case.active_schemes):
        if post.adds_people:
            key = (post.charged_to, post.start)
            fte = cohorts[key][0] if key in cohorts else np.zeros(setting.draws.n)
            cohorts[key] = fte + times * (post.fte_proposed - post.fte_current), elapsed
    return list(cohorts.values())


def _caseloads(setting: Setting, in_care: Mapping[str, Floats], posts: Mapping[str, Floats]) -> dict[Measure, Floats]:
    """Open cases over workers in post, in both worlds; existing posts are filled as they were in both.

    Cases grow by a yearly share; of the children kept out of care a share's cases close, the others stay open as
    children in need.
    """
    current = setting.value("capacity.workers_current")
    added = setting.value("capacity.workers_proposed") - current
    held = setting.optional("capacity.workers_filled_share", 1.0)
    filled = np.divide(posts[IN_POST], posts[POSTS], out=np.zeros(setting.shape), where=posts[POSTS] > 0)
    years = ((np.arange(setting.months) + 0.5) / MONTHS_A_YEAR)[:, None]
    opened = setting.value("capacity.cases_open") * (1 + setting.optional("capacity.cases_growth_annual", 0.0)) ** years
    fewer = in_care[DO_NOTHING] - in_care[WITH_SCHEMES]
    closed = fewer * setting.optional("capacity.share_closed_if_kept_out_of_care", 0.0)
    out: dict[Measure, Floats] = {}
    for world, share, gone in ((DO_NOTHING, np.zeros(setting.shape), 0.0), (WITH_SCHEMES, filled, closed)):
        cases = np.maximum(opened - gone, 0.0) + np.zeros(setting.shape)
        workers = current * held + added * share
        out[CASES, world], out[WORKERS, world] = cases, workers
        out[CASELOAD, world] = _each(cases, workers)
        if "capacity.target_caseload" in setting.case.assumptions:
            out[NEEDED, world] = cases / setting.value("capacity.target_caseload")
        if "capacity.managers_current" in setting.case.assumptions:
            now = setting.value("capacity.managers_current")
            proposed = "capacity.managers_proposed"
            more = setting.value(proposed) - now if proposed in setting.case.assumptions else 0.0
            out[SPAN, world] = _each(workers, now * held + more * share)
    return out


def _each(held: Floats, by: Floats) -> Floats:
    """Return how many each holds; infinite where there is something to hold and nobody in post."""
    return np.divide(held, by, out=np.where(held > 0, np.inf, 0.0), where=by > 0)


def first_month_at_or_below(caseload: Floats, target: Floats) -> Floats:
    """Return the first month (0 = the first) in which the caseload is at or below a target, (draws,); nan if never."""
    reached = caseload <= target
    return np.where(reached.any(axis=0), reached.argmax(axis=0), np.nan)
