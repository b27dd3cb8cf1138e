import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from model.report.look import format as fmt


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (fmt.pounds(417_142.857), "£417,143"),
        (fmt.pounds(-5), "−£5"),
        (fmt.pounds(-0.4), "£0"),
        (fmt.pounds(0.5), "£1"),
        (fmt.pounds(0.4, signed=True), "£0"),
        (fmt.pounds(12.5, pence=True), "£12.50"),
        (fmt.thousands(1_238_000), "£1,238k"),
        (fmt.thousands(-400), "£0"),
        (fmt.thousands(417_143, signed=True), "+£417k"),
        (fmt.millions(2_632_526), "£2.63m"),
        (fmt.millions(2_632_526, 3), "£2.633m"),
        (fmt.millions(-4_000), "£0.00m"),
        (fmt.money(999_499), "£999k"),
        (fmt.money(999_500), "£1.00m"),
        (fmt.money(9_999.4), "£9,999"),
        (fmt.money(-128_073), "−£128k"),
        (fmt.money(None), "not available"),
        (fmt.money(math.nan), "not available"),
        (fmt.money_range(-100_000, 2_000_000), "−£0.10m to £2.00m"),
        (fmt.money_range(417_000, 417_100), "£417k"),
        (fmt.percent(0.62), "62%"),
        (fmt.percent(-0.001), "0%"),
        (fmt.chance(0.004), "less than 1%"),
        (fmt.chance(0.996), "more than 99%"),
        (fmt.chance(0), "no run"),
        (fmt.chance(1, 2000), "all 2,000 runs"),
        (fmt.share_of_draws(0, 2000), "none of 2,000 runs"),
        (fmt.share_of_draws(0.374), "37% of runs"),
        (fmt.month("2025-03"), "March 2025"),
        (fmt.duration(50), "4 years 2 months"),
        (fmt.duration(12), "1 year"),
        (fmt.duration(1), "1 month"),
        (fmt.duration(None), "never"),
        (fmt.duration(0), "at once"),
        (fmt.quantity(750, "GBP/week"), "£750 a week"),
        (fmt.quantity(30.5, "GBP/day"), "£30.50 a day"),
        (fmt.quantity(0.62, "share"), "62%"),
        (fmt.quantity(0.125, "share"), "12.5%"),
        (fmt.quantity(-0.02, "rate/year"), "−2% a year"),
        (fmt.quantity(1, "children"), "1 child"),
        (fmt.quantity(9, "months"), "9 months"),
        (fmt.quantity(25.4, "per cent"), "25.4 per cent"),
        (fmt.quantity(1, "switch"), "on"),
        (fmt.quantity(0.85, "fte"), "0.85 fte"),
        (fmt.quantity(6.14, "ratio"), "6.14"),
        (fmt.quantity(None, "share"), "not available"),
        (fmt.listed(["a", "b", "c"]), "a, b and c"),
        (fmt.listed([]), "nothing"),
        (fmt.counted(1, "scenario"), "1 scenario"),
        (fmt.counted(2, "child", "children"), "2 children"),
    ],
)
def test_a_number_reads_as_a_person_would_write_it(call, text):
    assert call == text


@given(st.floats(allow_nan=True, allow_infinity=True, width=64))
def test_no_number_ever_shows_as_minus_nothing_nan_or_a_hyphen(value):
    for text in (fmt.pounds(value), fmt.thousands(value), fmt.millions(value), fmt.money(value), fmt.percent(value)):
        assert "nan" not in text.lower()
        assert "inf" not in text.lower()
        assert "-" not in text
        if text.startswith(fmt.MINUS):
            assert any(digit in text for digit in "123456789")


@example(100000000.4996643)  # rounded once, not twice
@given(st.floats(min_value=-1e9, max_value=1e9))
def test_pounds_read_back_to_the_nearest_pound(value):
    back = float(fmt.pounds(value).replace(fmt.MINUS, "-").replace("£", "").replace(",", ""))
    assert abs(back - value) <= 0.5 + 1e-6
