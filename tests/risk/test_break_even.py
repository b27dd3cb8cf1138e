"""What would pay for a loss, at numbers that can be worked out on paper."""

import numpy as np
import pytest

from model.case.draws import central, with_values
from model.money.appraisal import discount_factors, present_value
from model.money.portfolio import evaluate
from model.risk.break_even import ENTRIES, payers
from model.schemes.load import load_case
from tests.cases import write_case


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return load_case(write_case(tmp_path_factory.mktemp("case")))


def test_a_saving_every_year_is_paid_month_by_month_and_discounted(case):
    factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
    a_year = payers(case, -100_000.0).annual_gbp
    assert present_value(np.full((factors.size, 1), a_year / 12), factors) == pytest.approx(100_000)


def test_as_many_fewer_enter_as_pay_for_what_is_lost(case):
    factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
    levels = np.array([1.0, 0.7, 0.12, 0.1])
    spent = present_value(
        evaluate(case, with_values(central(case), {ENTRIES: levels}), cells=False).total_spending(), factors
    )
    for level, worth in zip(levels[1:3], spent[0] - spent[1:3], strict=True):
        assert payers(case, -worth).entries_share == pytest.approx(1 - level, abs=0.002)
    assert payers(case, -(spent[0] - spent[3]) * 0.999).entries_share == pytest.approx(0.9, abs=0.002)
    assert payers(case, -(spent[0] - spent[3]) * 1.001).entries_share is None


def test_a_gain_needs_nothing(case):
    found = payers(case, 5.0)
    assert (found.entries_share, found.annual_gbp) == (0.0, 0.0)
