import numpy as np
import pytest

from model.case.timeline import Timeline
from model.case.words import AVOIDANCE, CASHABLE, INVESTMENT, ONE_OFF, RECURRING
from model.money.appraisal import appraise, discount_factors, payback_months, peak_funding, present_value
from model.money.portfolio import Perimeter
from model.schemes.cashflows import CashFlows, Tag
from tests.case.test_timeline import TEN_YEARS

RATE = 0.035


def column(*values):
    return np.array(values, dtype=float)[:, None]


def test_a_level_stream_is_worth_its_annuity():
    """1,000 a month for ten years: a geometric series with ratio 1.035^(-1/12), half a month in."""
    ratio = (1 + RATE) ** (-1 / 12)
    annuity = 1000 * ratio**0.5 * (1 - ratio**120) / (1 - ratio)
    assert present_value(np.full((120, 1), 1000.0), discount_factors(TEN_YEARS, RATE))[0] == pytest.approx(annuity)


def test_at_no_discount_the_present_value_is_the_sum():
    assert discount_factors(TEN_YEARS, 0.0).tolist() == [1.0] * 120


@pytest.mark.parametrize(
    ("net", "months"),
    [
        ((-10, 5, 5, 0), 3),  # back to zero at the end of month 3
        ((-10, 20, -15, 10), 4),  # it was above zero before, but fell below again
        ((5, -3, 1, 1), 0),  # never below zero: nothing to pay back
        ((0, 0, 0, 0), 0),
        ((-10, 1, 1, 1), None),  # never
        ((0, -10, 10, 0), 3),
    ],
)
def test_payback_is_the_month_from_which_the_cumulative_is_never_negative_again(net, months):
    found = payback_months(column(*net))[0]
    assert np.isnan(found) if months is None else found == months


def test_rounding_error_is_no_deficit():
    assert payback_months(column(-0.1, -0.2, 0.3, 0.0))[0] == 3


def test_peak_funding_is_the_deepest_point_and_its_month():
    depth, month = peak_funding(column(-10, -5, 20, -12))
    assert (depth[0], month[0]) == (15, 2)
    depth, month = peak_funding(column(1, 1))
    assert depth[0] == 0
    assert np.isnan(month[0])


def perimeter(**lines):
    tags = {"investment": Tag("Staff", INVESTMENT, RECURRING), "set_up": Tag("Set-up", INVESTMENT, ONE_OFF),
            "cash": Tag("IFA", CASHABLE, RECURRING), "avoided": Tag("IFA", AVOIDANCE, RECURRING)}  # fmt: skip
    return Perimeter(name="p", flows={"p": CashFlows({tags[k]: column(*v) for k, v in lines.items()})})


def test_the_measures_of_a_small_case_by_hand():
    """Two months at no discount: 100 and 20 invested, 90 saved of which 60 cashable each month."""
    found = appraise(perimeter(investment=(-100, 0), set_up=(-20, 0), cash=(60, 60), avoided=(30, 30)), np.ones(2), 1)
    assert found.npv_gbp[0] == 60
    assert found.npv_cashable_gbp[0] == 0
    assert found.pv_investment_gbp[0] == 120
    assert found.bcr[0] == pytest.approx(180 / 120)
    assert found.payback_months[0] == 2
    assert found.payback_cashable_months[0] == 2
    assert found.peak_funding_gbp[0] == 30


def test_without_investment_there_is_no_ratio():
    found = appraise(perimeter(cash=(10, 10)), np.ones(2), 1)
    assert np.isnan(found.bcr[0])
    empty = appraise(Perimeter(name="none", flows={}), np.ones(2), 1)
    assert (empty.npv_gbp[0], empty.peak_funding_gbp[0], empty.payback_months[0]) == (0, 0, 0)


def test_discounted_payback_is_never_earlier():
    timeline = Timeline(TEN_YEARS.start, 60)
    net = column(-50_000, *[1000.0] * 59)
    factors = discount_factors(timeline, RATE)
    assert payback_months(net)[0] == 51
    assert payback_months(net * factors[:, None])[0] > 51


def test_discounting_puts_payback_off_and_makes_savings_worth_less():
    """100 invested, then 60 and 45 saved, worth a half and a quarter: 30 + 11.25 = 41.25, which never pays it back."""
    found = appraise(perimeter(investment=(-100, 0, 0), cash=(0, 60, 45)), np.array([1.0, 0.5, 0.25]), 1)
    assert found.payback_months[0] == 3
    assert np.isnan(found.discounted_payback_months[0])
    assert found.pv_savings_gbp[0] == 41.25
    assert found.npv_gbp[0] == -58.75
    assert found.bcr[0] == 0.4125
    assert found.peak_funding_month[0] == 1
