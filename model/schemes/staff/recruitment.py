"""How new posts fill, who leaves them, and what that costs: pure functions of the months since recruiting began.

Every function works on arrays that broadcast to (months, draws). *Elapsed* is months since the start, at the point of
time meant, negative before it. Shares are of the posts; times the number of posts they are whole-time equivalents.

The curve: recruiting goes in rounds of `months_to_fill`. In a round starters come evenly, and `fill_probability` of the
posts advertised end with someone in post; the rest go into the next round. In the long run `vacancy_share` stands
empty, or more where turnover and the length of a round leave more. Leavers are replaced at that level: turnover sets
how many are recruited and paid for, the vacancy share how many are in post, so that neither is counted twice.
"""

from dataclasses import dataclass

import numpy as np

from model.case.draws import Floats
from model.case.timeline import MONTHS_A_YEAR

MOST_ROUNDS = 1000.0


@dataclass(frozen=True, kw_only=True)
class Recruiting:
    """How a council recruits, each (draws,): months a round takes, shares, and leavers a year as a share."""

    months_to_fill: Floats
    fill_probability: Floats
    vacancy_share: Floats
    turnover_annual: Floats

    @property
    def monthly_leavers(self) -> Floats:
        """Share of those in post who leave in a month; twelve months of it make the year's share. (draws,)."""
        return np.asarray(1 - (1 - self.turnover_annual) ** (1 / MONTHS_A_YEAR))


def approach(elapsed: Floats, recruiting: Recruiting) -> Floats:
    """Return the share of posts that have ever been filled by a moment, 0 to 1.

    With certain success it climbs in a straight line and reaches 1 at `months_to_fill`; where that is 0 everyone
    starts on the first day. Never falls as time passes.
    """
    months, chance = recruiting.months_to_fill, recruiting.fill_probability
    rounds = np.clip(elapsed / np.maximum(months, 1 / MOST_ROUNDS), 0, MOST_ROUNDS)
    if (chance == 1).all():  # certain success is a straight line: no power to work out
        filled = np.minimum(rounds, 1.0)
    else:
        done = np.floor(rounds)
        filled = 1 - (1 - chance) ** done * (1 - chance * (rounds - done))
    return np.where(elapsed < 0, 0.0, np.where(months > 0, filled, 1.0))


def months_vacant(recruiting: Recruiting) -> Floats:
    """Return the months a vacancy lasts on average: half a round if the first succeeds, and a whole one per failure."""
    chance = recruiting.fill_probability
    rounds = np.divide(1.0, chance, out=np.full_like(chance, MOST_ROUNDS), where=chance > 0) - 0.5
    return np.asarray(rounds * recruiting.months_to_fill)


def long_run_vacancy(recruiting: Recruiting) -> Floats:
    """Return the share of posts empty in the long run: as stated, or what turnover alone leaves where that is more.

    Leavers a month x months vacant = empty posts; as a share of all posts m q / (1 + m q).
    """
    empty = months_vacant(recruiting) * recruiting.monthly_leavers
    return np.maximum(recruiting.vacancy_share, empty / (1 + empty))


def filled_at(elapsed: Floats, recruiting: Recruiting) -> Floats:
    """Return the share of posts with someone in them at a moment; 0 before recruiting begins."""
    return approach(elapsed, recruiting) * (1 - long_run_vacancy(recruiting))


def filled_share(elapsed: Floats, recruiting: Recruiting) -> Floats:
    """Return the share of a month's post-time worked, from months elapsed at the month's end (its first may be part).

    The curve at the middle of the days the post has existed in the month, times the share of the month it existed.
    """
    return ever_filled(elapsed, recruiting) * (1 - long_run_vacancy(recruiting))


def ever_filled(elapsed: Floats, recruiting: Recruiting) -> Floats:
    """Return the share of a month's post-time of posts that have ever been filled, empty again or not."""
    active = np.clip(elapsed, 0, 1)
    return active * approach(elapsed - active / 2, recruiting)


def starters(elapsed: Floats, recruiting: Recruiting) -> Floats:
    """Return starters in each month as a share of posts: growth of those in post, and a new one for every leaver."""
    # Whoever starts on the very first day was not there before it, so the first month's rise is from nobody.
    before = np.where(elapsed > 1, filled_at(elapsed - 1, recruiting), 0.0)
    rise = np.where(elapsed > 0, filled_at(elapsed, recruiting), 0.0) - before
    return rise + leavers(elapsed, recruiting)


def leavers(elapsed: Floats, recruiting: Recruiting) -> Floats:
    """Return leavers in each month as a share of posts: the monthly hazard on those in post."""
    return recruiting.monthly_leavers * filled_share(elapsed, recruiting)


def retention_due(elapsed: Floats, recruiting: Recruiting, qualifying_months: Floats) -> Floats:
    """Return how many qualify for a retention payment in each month, as a share of posts.

    A starter qualifies once, after `qualifying_months` in post, if still there: starters of that many months ago x
    the share who have not left since. With no qualifying time everyone qualifies on starting.
    """
    stayed = (1 - recruiting.monthly_leavers) ** qualifying_months
    return starters(elapsed - qualifying_months, recruiting) * stayed
