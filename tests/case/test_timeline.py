from datetime import date

import numpy as np
import pytest

from model.case.timeline import Timeline, add_months, financial_year

TEN_YEARS = Timeline(date(2022, 4, 1), 120)


@pytest.mark.parametrize(
    ("day", "year"),
    [(date(2022, 4, 1), "2022/23"), (date(2023, 3, 31), "2022/23"), (date(2023, 4, 1), "2023/24"),
     (date(1999, 12, 1), "1999/00")],
)  # fmt: skip
def test_a_financial_year_runs_from_april_to_march(day, year):
    assert financial_year(day) == year


def test_days_follow_the_calendar_with_leap_years():
    assert TEN_YEARS.days_in_month[:3].tolist() == [30, 31, 30]
    assert TEN_YEARS.days_in_month[22] == 29  # February 2024
    days_a_year = TEN_YEARS.days_in_month / TEN_YEARS.year_share
    assert days_a_year[[0, 12, 24]] == pytest.approx([365, 366, 365])


def test_the_months_of_a_financial_year_share_it_whole():
    assert TEN_YEARS.by_financial_year(TEN_YEARS.year_share) == pytest.approx(np.ones(10))


def test_a_start_within_a_month_counts_its_days():
    share = TEN_YEARS.share_active(date(2022, 6, 16), date(2022, 8, 1))
    assert share[:5].tolist() == [0, 0, 0.5, 1, 0]


def test_months_are_counted_across_years():
    assert add_months(date(2022, 11, 30), 3) == date(2023, 2, 1)
    assert TEN_YEARS.month_of(date(2023, 1, 15)) == 9
    assert (TEN_YEARS.month_labels[0], TEN_YEARS.month_labels[-1], TEN_YEARS.end) == (
        "2022-04",
        "2032-03",
        date(2032, 4, 1),
    )


@pytest.mark.parametrize(("start", "months"), [(date(2022, 4, 2), 12), (date(2022, 4, 1), 0)])
def test_a_timeline_starts_on_the_first_and_has_months(start, months):
    with pytest.raises(ValueError, match=r"first of a month|at least one month"):
        Timeline(start, months)
