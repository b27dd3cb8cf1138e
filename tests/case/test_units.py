"""Conversions, worked by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from model.case import units
from model.case.reference import PriceIndex
from model.case.timeline import Timeline, is_financial_year

TWO_YEARS = Timeline(date(2022, 4, 1), 24)
INDEX = PriceIndex(name="p", level={"2021/22": 0.8, "2022/23": 1.0, "2023/24": 1.1}, later_annual=0.1, source="test")


def test_a_weekly_price_over_365_sevenths_weeks_is_the_daily_price_times_real_days() -> None:
    # 20 children x £350 x 365/7 = £365,000 exactly, as the report has it.
    monthly = 20 * 350 * 365 / 7 * TWO_YEARS.year_share
    assert monthly[:12].sum() == pytest.approx(365_000, abs=1e-6)
    assert monthly[0] == pytest.approx(20 * 50 * 30, abs=1e-6)
    assert monthly[12:].sum() == pytest.approx(365_000, abs=1e-6)  # 2023/24 has 366 days; a year is still 365/7 weeks


def test_an_annual_amount_sums_to_itself_and_a_daily_one_counts_the_leap_day() -> None:
    assert TWO_YEARS.year_share[:12].sum() == pytest.approx(1)
    assert TWO_YEARS.year_share[12:].sum() == pytest.approx(1)
    days = TWO_YEARS.days_in_month
    assert (days[:12].sum(), days[12:].sum()) == (365, 366)


def test_prices_step_on_the_first_of_april() -> None:
    factors = units.nominal_factors(TWO_YEARS, INDEX, "2021/22")
    assert np.allclose(factors[:12], 1.25)
    assert np.allclose(factors[12:], 1.375)
    later = units.nominal_factors(Timeline(date(2025, 4, 1), 1), INDEX, "2022/23")
    assert later[0] == pytest.approx(1.1 * 1.1 * 1.1)


def test_to_price_base_goes_both_ways() -> None:
    assert units.to_price_base(100, INDEX, "2021/22", "2022/23") == pytest.approx(125)
    assert units.to_price_base(125, INDEX, "2022/23", "2021/22") == pytest.approx(100)
    assert units.to_price_base(7, INDEX, "1999/00", "1999/00") == 7
    with pytest.raises(KeyError, match="starts in 2021/22"):
        units.to_price_base(100, INDEX, "2019/20", "2022/23")


@pytest.mark.parametrize(
    ("unit", "number", "allowed"),
    [
        ("share", 1.0, True), ("share", 1.01, False), ("share", -0.1, False),
        ("switch", 1, True), ("switch", 0.5, False), ("rate/year", -1, False), ("rate/year", -0.5, True),
        ("GBP/week", -1, False), ("GBP/week", 0, True), ("ratio", 3, True),
    ],
)  # fmt: skip
def test_bounds(unit: str, number: float, allowed: bool) -> None:
    assert units.UNITS[unit].allows(number) is allowed


@pytest.mark.parametrize(
    ("text", "good"), [("2022/23", True), ("1999/00", True), ("2022/24", False), ("2022-23", False)]
)
def test_financial_years(text: str, good: bool) -> None:
    assert is_financial_year(text) is good
