"""Posts fill over time; starters less leavers are those in post; redundancy by the statute."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.schemes.establishment import redundancy_pay, redundancy_weeks
from model.schemes.staff.recruitment import (
    Recruiting,
    filled_at,
    filled_share,
    leavers,
    long_run_vacancy,
    retention_due,
    starters,
)

MONTH_ENDS = np.arange(1, 61)[:, None].astype(float)
RULES = {
    "weeks_a_year_under_22": 0.5, "weeks_a_year_22_to_40": 1.0, "weeks_a_year_41_and_over": 1.5, "age_middle": 22,
    "age_upper": 41, "years_least": 2, "years_most": 20, "cap_weekly_gbp": 571,
}  # fmt: skip


def recruiting(months=6.0, chance=1.0, vacancy=0.0, turnover=0.0):
    return Recruiting(
        months_to_fill=np.array([months]),
        fill_probability=np.array([chance]),
        vacancy_share=np.array([vacancy]),
        turnover_annual=np.array([turnover]),
    )


ANY = st.builds(recruiting, st.floats(0, 24), st.floats(0.05, 1), st.floats(0, 0.9), st.floats(0, 0.6))


def test_with_no_time_to_fill_and_no_vacancy_everyone_is_in_post_on_the_first_day():
    for chance in (1.0, 0.4):
        nobody_waits = recruiting(0, chance, turnover=0.2)
        assert filled_at(np.zeros((1, 1)), nobody_waits) == 1
        assert np.array_equal(filled_share(MONTH_ENDS, nobody_waits), np.ones((60, 1)))
        assert not filled_share(-MONTH_ENDS, nobody_waits).any()


def test_a_certain_round_of_six_months_fills_in_a_straight_line():
    # Mid-month: 0.5/6, 1.5/6 ... 5.5/6, then all.
    shares = filled_share(MONTH_ENDS, recruiting(6))[:8, 0]
    assert shares == pytest.approx([1 / 12, 3 / 12, 5 / 12, 7 / 12, 9 / 12, 11 / 12, 1, 1])


def test_the_first_month_counts_only_its_own_days():
    # Started half-way through the month: half a month of post-time, a quarter of a month in on average.
    half = np.array([[0.5]])
    assert filled_share(half, recruiting(1)) == pytest.approx(0.5 * 0.25)


def test_half_the_posts_advertised_fail_to_fill_so_each_round_fills_half_of_what_is_left():
    after_rounds = filled_at(np.array([[4.0], [8.0], [12.0]]), recruiting(4, 0.5))
    assert after_rounds[:, 0] == pytest.approx([0.5, 0.75, 0.875])
    assert filled_at(np.array([[6.0]]), recruiting(4, 0.5)) == pytest.approx(0.5 + 0.5 * 0.25)


def test_turnover_and_slow_recruiting_leave_posts_empty_whatever_is_stated():
    # 20% a year is 1.8423% a month; 4-month rounds that succeed half the time leave a post empty for 1.5 x 4 = 6.
    churn = recruiting(4, 0.5, 0.05, 0.2)
    empty = 6 * (1 - 0.8 ** (1 / 12))
    assert long_run_vacancy(churn) == pytest.approx(empty / (1 + empty))
    assert long_run_vacancy(recruiting(4, 0.5, 0.31, 0.2)) == pytest.approx(0.31)


@given(ANY)
def test_in_post_is_starters_less_leavers(how):
    in_post = filled_at(MONTH_ENDS, how)
    moved = np.cumsum(starters(MONTH_ENDS, how) - leavers(MONTH_ENDS, how), axis=0)
    assert np.allclose(moved, in_post)
    assert (starters(MONTH_ENDS, how) >= -1e-12).all()
    assert (np.diff(in_post, axis=0) >= -1e-12).all()
    assert (in_post <= 1 - how.vacancy_share + 1e-12).all()


def test_retention_is_paid_once_after_the_qualifying_time_to_those_still_there():
    # Ten posts filled at once, 20% leave a year: after 12 months 8 of the first ten qualify, at £2,000 each.
    how = recruiting(0, turnover=0.2)
    due = 10 * retention_due(MONTH_ENDS, how, np.array([12.0]))
    assert not due[:12].any()
    monthly = 1 - 0.8 ** (1 / 12)
    assert due[12] * 2000 == pytest.approx((10 + 10 * monthly) * 0.8 * 2000)
    assert due[13] == pytest.approx(10 * monthly * 0.8)
    assert retention_due(MONTH_ENDS, recruiting(0), np.array([0.0])).sum() == 1


@pytest.mark.parametrize(
    ("age", "years", "weeks"),
    [
        (25, 6, 4.5),  # three years from 22, three before it: the published example
        (30, 1, 0),  # under two years' service
        (41, 10, 10),  # none of the years was served wholly at 41
        (42, 10, 10.5),
        (61, 30, 30),  # twenty years at most, all of them at 41 or over
        (50, 20, 9 * 1.5 + 11),
    ],
)
def test_statutory_weeks(age, years, weeks):
    assert redundancy_weeks(np.array([float(age)]), np.array([float(years)]), RULES) == pytest.approx(weeks)


def test_a_week_is_capped_or_actual_as_the_scheme_says():
    weeks = np.array([30.0])
    assert redundancy_pay(weeks, np.array([700.0]), RULES, capped=np.array([1.0]), multiplier=np.array([1.0])) == 17_130
    actual = redundancy_pay(weeks, np.array([700.0]), RULES, capped=np.array([0.0]), multiplier=np.array([1.5]))
    assert actual == 31_500
    assert redundancy_pay(weeks, np.array([400.0]), RULES, capped=np.array([1.0]), multiplier=np.array([1.0])) == 12_000
