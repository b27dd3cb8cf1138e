"""Posts priced from their spine points, worked by hand to the penny."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.case.pay import NI, PENSION, PayError
from model.case.reading.pay_files import PAY_FILES
from model.case.reading.problems import InputProblems
from model.case.timeline import Timeline
from model.schemes.staff.prices import (
    PostPay,
    cost_rates,
    full_year_cost,
    increments_by,
    point_on,
    post_pay,
    salary_on,
)
from tests.cases import pay_tables

REFERENCE = Path(__file__).parents[2] / "inputs" / "reference"
TABLES = pay_tables(REFERENCE / "pay")
BURY = "Bury Council"


def by_month(tables, pay, timeline):
    """What a post costs in each month: its rates of the year by the month's share of the year."""
    rates = cost_rates(tables, pay, timeline, {})
    return SimpleNamespace(**{part: rate * timeline.year_share for part, rate in vars(rates).items()})


def post_at_38(start=date(2022, 4, 1)):
    return PostPay(council=BURY, spine="njc", point="38", point_top="38", start=start)


# Point 38, worked on paper. Salary: 42,614 + 1,925 = 44,539; + 1,925 = 46,464; + 1,290 = 47,754; x 1.032 = 49,282.13.
# 2022/23 NI: 35,439 x 15.05% = 5,333.5695, for the 214 days to 31 October of 365: 3,127.08;
#             35,439 x 13.8% = 4,890.582, for the other 151 days: 2,023.23.
# 2023/24 NI: (46,464 - 9,100) x 13.8% = 5,156.23.  2025/26: (49,282 - 5,000) x 15% = 6,642.30.
# Pension 19.2%, levy 0.5% of the salary.
BY_HAND = {
    "2022/23": (44_539.00, 3_127.08 + 2_023.23, 8_551.49, 222.69, 58_463.49),
    "2023/24": (46_464.00, 5_156.23, 8_921.09, 232.32, 60_773.64),
    "2025/26": (49_282.00, 6_642.30, 9_462.14, 246.41, 65_632.85),
}


@pytest.mark.parametrize("year", BY_HAND)
def test_one_post_to_the_penny(year):
    salary, ni, pension, levy, total = BY_HAND[year]
    first = date(int(year[:4]), 4, 1)
    cost = by_month(TABLES, post_at_38(first), Timeline(first, 12))
    parts = (cost.salary, cost.national_insurance, cost.pension, cost.levy)
    assert [float(part.sum()) for part in parts] == pytest.approx([salary, ni, pension, levy], abs=0.006)
    assert full_year_cost(TABLES, post_at_38(first), year, {}) == total


def test_the_year_the_rate_fell_blends_to_the_published_14_53_per_cent():
    cost = by_month(TABLES, post_at_38(), Timeline(date(2022, 4, 1), 12))
    blended = cost.national_insurance.sum() / (44_539 - 9_100)
    assert round(float(blended), 4) == 0.1453


def test_the_rate_follows_the_pay_day_so_it_falls_in_november_2022_and_rises_in_april_2025():
    cost = by_month(TABLES, post_at_38(), Timeline(date(2022, 4, 1), 48))
    rate = cost.national_insurance / (cost.salary - 9_100 * Timeline(date(2022, 4, 1), 48).year_share)
    assert np.allclose(rate[:7], 0.1505)
    assert np.allclose(rate[7:36], 0.138)
    assert cost.national_insurance[36] == pytest.approx((49_282 - 5_000) * 0.15 * 30 / 365)


def test_a_pension_rate_of_april_is_paid_from_april_and_not_for_march():
    old, new = (replace(TABLES.in_force(PENSION, date(2022, 4, 1), BURY), rate=r, start=date(y, 4, 1)) for y, r in
                ((2022, 0.2), (2023, 0.3)))  # fmt: skip
    tables = replace(TABLES, rates={**TABLES.rates, PENSION: (old, new)})
    cost = by_month(tables, post_at_38(), Timeline(date(2022, 4, 1), 24))
    assert cost.pension / cost.salary == pytest.approx([0.2] * 12 + [0.3] * 12)


def test_before_its_start_a_post_is_priced_as_on_its_first_day():
    cost = cost_rates(TABLES, post_at_38(date(2023, 1, 16)), Timeline(date(2022, 4, 1), 12), {})
    assert cost.salary == pytest.approx(np.full(12, 44_539))
    assert cost.national_insurance == pytest.approx(np.full(12, 35_439 * 0.138))  # not 15.05% for April to October
    assert cost.total == pytest.approx(np.full(12, 44_539 * (1 + 0.192 + 0.005) + 35_439 * 0.138))


def test_awards_and_rates_not_yet_known_are_not_used():
    july = TABLES.known_on(date(2022, 7, 13))
    # No award yet and 15.05% all year: 42,614 + 33,514 x 15.05% = 5,043.86, + 19.2% = 8,181.89, + 0.5% = 213.07.
    whole = full_year_cost(july, post_at_38(), "2022/23", {})
    assert whole == 56_052.82
    # Printed: 0.15 of a LADO for £8,405, that is £56,033; the inferred point and on-costs come within £20 of it.
    assert abs(whole - 8_405 / 0.15) < 20


def test_a_year_without_a_known_award_rises_as_planned_and_to_the_pound():
    july = TABLES.known_on(date(2022, 7, 13))
    planned = {"2022/23": 0.02, "2023/24": 0.03}
    salary = [salary_on(july, post_at_38(), date(year, 4, 1), planned) for year in (2022, 2023, 2024)]
    assert salary == [43_466, 44_770, 44_770]  # 42,614 x 1.02 = 43,466.28; 43,466 x 1.03 = 44,769.98


def test_increments_fall_each_april_after_six_months():
    rules = TABLES.rules
    assert increments_by(date(2022, 9, 1), date(2023, 3, 31), rules) == 0
    assert increments_by(date(2022, 9, 1), date(2023, 4, 1), rules) == 1
    assert increments_by(date(2023, 1, 16), date(2023, 7, 15), rules) == 0  # under six months' service in April
    assert increments_by(date(2023, 1, 16), date(2023, 7, 16), rules) == 1
    assert increments_by(date(2023, 1, 16), date(2024, 4, 1), rules) == 2
    assert increments_by(date(2022, 8, 31), date(2023, 3, 1), rules) == 0  # six months on there is no 31 February
    climber = PostPay(council=BURY, spine="njc", point="20", point_top="22", start=date(2022, 9, 1), steps=True)
    assert [point_on(climber, date(y, 4, 1), rules) for y in (2022, 2023, 2024, 2025, 2026)] == [
        "20", "21", "22", "22", "22",
    ]  # fmt: skip


@given(start=st.dates(date(2022, 1, 1), date(2025, 1, 1)), days=st.integers(0, 3000))
def test_increments_only_ever_add_and_come_at_most_once_in_any_half_year(start, days):
    day = date.fromordinal(start.toordinal() + days)
    before = increments_by(start, day, TABLES.rules)
    after = increments_by(start, date.fromordinal(day.toordinal() + 182), TABLES.rules)
    assert before <= after <= before + 2
    assert before <= days / 365.25 + 1


def test_the_2024_regrade_costs_the_difference_of_the_two_bands():
    day = date(2024, 1, 11)
    director, combined = (
        post_pay(TABLES, council=BURY, grade=grade, start=day, priced_at="top") for grade in ("CO-E", "CO-F")
    )
    # (112,636 - 101,596) x (1 + 13.8% + 19.2% + 0.5%) = 11,040 x 1.335 = 14,738.40
    rise = full_year_cost(TABLES, combined, "2023/24", {}) - full_year_cost(TABLES, director, "2023/24", {})
    assert rise == pytest.approx(14_738.40, abs=0.011)


def test_what_is_missing_is_said_and_never_guessed():
    with pytest.raises(PayError, match="point '30'"):
        TABLES.annual_pay("njc", "30", date(2022, 4, 1))
    with pytest.raises(PayError, match="no grade 'G12'"):
        post_pay(TABLES, council=BURY, grade="G12", start=date(2022, 4, 1))
    with pytest.raises(PayError, match=r"employer_ni\.csv"):
        TABLES.in_force(NI, date(2021, 4, 30))
    with pytest.raises(PayError, match="no middle point"):
        post_pay(TABLES, council=BURY, grade="CO-E", start=date(2022, 4, 1), priced_at="middle")


def test_figures_that_were_not_sourced_are_red_and_carry_a_range():
    for name in ("njc_spine.csv", "chief_officer_bands.csv", "pay_awards.csv", PENSION):
        for row in PAY_FILES[name].rows(REFERENCE / "pay", []):
            value = row.values
            low, high = (value.get(end) or value.get(f"{end}_gbp") for end in ("low", "high"))
            assert value["source"]
            assert value["quality"] in {"green", "amber"} or low < high


def test_points_2_and_22_come_out_as_published():
    assert TABLES.annual_pay("njc", "2", date(2023, 4, 1)) == 18_333 + 4_033
    assert 27_510 <= TABLES.annual_pay("njc", "22", date(2021, 4, 1)) <= 27_530
    assert round(1_925 / TABLES.annual_pay("njc", "2", date(2022, 4, 1)), 4) == 0.0942


# A council that does not exist, with its own spine of three points, grades, awards and pension fund.
MARSHPOOL = {
    "njc_spine.csv": """spine,point,from,annual_gbp,low_gbp,high_gbp,source,as_at,quality,note
local,1,2022-04-01,20000,,,pay policy,2022-04-01,green,
local,2,2022-04-01,24000,,,pay policy,2022-04-01,green,
local,3,2022-04-01,30000,,,pay policy,2022-04-01,green,
""",
    "grades.csv": """council,grade,spine,point_bottom,point_top,source,as_at,quality,note
Marshpool,F,local,1,3,pay policy,2022-04-01,green,
""",
    "pay_awards.csv": """spine,from,point_from,point_to,flat_gbp,share,low,high,source,as_at,quality,note
local,2023-04-01,1,2,1000,,,,pay policy,2023-01-01,green,
local,2023-04-01,3,3,,0.05,,,pay policy,2023-01-01,green,
""",
    "lgps_employer.csv": """fund,council,from,rate,low,high,source,as_at,quality,note
Fen Pension Fund,Marshpool,2022-04-01,0.2,,,certificate,2022-03-31,green,
""",
}


@pytest.fixture
def marshpool(tmp_path):
    for name, text in MARSHPOOL.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return pay_tables(REFERENCE / "pay", tmp_path)


def test_another_council_is_priced_through_its_own_files_alone(marshpool):
    place = {"council": "Marshpool", "grade": "F", "start": date(2022, 4, 1)}
    at = {where: post_pay(marshpool, **place, priced_at=where) for where in ("bottom", "middle", "top")}
    assert [p.point for p in at.values()] == ["1", "2", "3"]
    assert post_pay(marshpool, **place).point == "3"
    assert post_pay(marshpool, **place, spine_point="2").point == "2"
    # 2023/24: 24,000 + 1,000 = 25,000; NI 15,900 x 13.8% = 2,194.20; pension 5,000; levy 125.
    assert full_year_cost(marshpool, at["middle"], "2023/24", {}) == 32_319.20
    # 30,000 x 1.05 = 31,500; NI 22,400 x 13.8% = 3,091.20; pension 6,300; levy 157.50.
    assert full_year_cost(marshpool, at["top"], "2023/24", {}) == 41_048.70
    climbing = replace(at["bottom"], steps=True)
    salary = [salary_on(marshpool, climbing, date(year, 4, 1), {}) for year in (2022, 2023, 2024)]
    assert salary == [20_000, 25_000, 31_500]


def test_every_bad_cell_is_reported_at_once(tmp_path):
    text = MARSHPOOL["njc_spine.csv"].replace("20000", "lots").replace("2022-04-01,24000", "April,24000")
    (tmp_path / "njc_spine.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        pay_tables(REFERENCE / "pay", tmp_path)
    assert "row 2, column annual_gbp: found 'lots'" in str(caught.value)
    assert "row 3, column from: found 'April'" in str(caught.value)
