"""Cashable is what takes spending below the approved budget, in whole placements; the rest is avoided."""

import functools
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.case.rows import BudgetLine
from model.case.timeline import Timeline
from model.case.words import AVOIDANCE, CASHABLE
from model.money.cashability import split_saving
from tests.engine import invented

IFA, HOME = "IFA foster placements", "In-house foster placements"


@functools.cache
def one_year():
    budget = (BudgetLine(line=IFA, financial_year="2022/23", value_gbp=1200.0, source=""),)
    return replace(invented(), timeline=Timeline(date(2022, 4, 1), 12), approved_budget=budget)


@pytest.fixture
def case():
    return one_year()


def months(yearly):
    return np.full((12, 1), yearly / 12)


def split(case, before, after, *, step=0.0, purses=None):
    flows = split_saving(
        case, {k: months(v) for k, v in before.items()}, {k: months(v) for k, v in after.items()},
        {IFA: np.full((1, 1), step)}, purses or {},
    )  # fmt: skip
    return {(tag.line, tag.nature): float(amount.sum()) for tag, amount in flows}


def test_a_saving_below_the_budget_is_cashable(case):
    found = split(case, {IFA: 1200}, {IFA: 900})
    assert found == pytest.approx({(IFA, CASHABLE): 300, (IFA, AVOIDANCE): 0})


def test_growth_that_the_budget_never_held_is_avoided(case):
    """Spending would have grown to 1,500; the budget holds 1,200; it falls to 1,000: 200 cashable, 300 avoided."""
    found = split(case, {IFA: 1500}, {IFA: 1000})
    assert found == pytest.approx({(IFA, CASHABLE): 200, (IFA, AVOIDANCE): 300})


def test_spending_still_above_the_budget_saves_no_cash(case):
    assert split(case, {IFA: 1500}, {IFA: 1300})[IFA, CASHABLE] == 0


def test_only_whole_placements_can_be_given_up(case):
    found = split(case, {IFA: 1200}, {IFA: 850}, step=100)
    assert found == pytest.approx({(IFA, CASHABLE): 300, (IFA, AVOIDANCE): 50})


def test_a_whole_number_of_placements_is_not_lost_to_rounding(case):
    assert split(case, {IFA: 1200}, {IFA: 1200 - 3 * 0.1}, step=0.1)[IFA, CASHABLE] == pytest.approx(0.3)


def test_what_a_saving_costs_elsewhere_takes_its_nature(case):
    """300 of 500 saved is cashable, so three fifths of the 250 spent in-house is taken off it."""
    found = split(case, {IFA: 1400, HOME: 400}, {IFA: 900, HOME: 650})
    assert found[HOME, CASHABLE] == pytest.approx(-150)
    assert found[HOME, AVOIDANCE] == pytest.approx(-100)


def test_a_line_without_a_budget_or_of_another_purse_is_never_cashable(case):
    assert split(case, {HOME: 1000}, {HOME: 400}) == pytest.approx({(HOME, CASHABLE): 0, (HOME, AVOIDANCE): 600})
    assert split(case, {IFA: 1200}, {IFA: 900}, purses={IFA: "grant"})[IFA, CASHABLE] == 0


def test_the_budget_is_cash_and_is_compared_at_its_own_prices(case):
    """£1,248 in 2023/24 at 4% more than the price base buys what £1,200 does; later years carry it on in real terms."""
    two = replace(
        case, timeline=Timeline(date(2022, 4, 1), 36),
        approved_budget=(BudgetLine(line=IFA, financial_year="2023/24", value_gbp=1236.0, source=""),),
    )  # fmt: skip
    flat = {IFA: np.full((36, 1), 100.0)}, {IFA: np.full((36, 1), 75.0)}
    flows = split_saving(two, *flat, {}, {})
    cash = {t.nature: two.timeline.by_financial_year(a)[:, 0] for t, a in flows}[CASHABLE]
    assert cash == pytest.approx([0, 300, 300])  # 2022/23 has no budget; £1,236 is £1,200 at 3%


@settings(max_examples=50, deadline=None)
@given(
    before=st.floats(0, 3000),
    after=st.floats(0, 3000),
    home=st.floats(0, 900),
    step=st.just(0.0) | st.floats(0.01, 500),
)
def test_the_natures_always_add_up_to_the_saving(before, after, home, step):
    found = split(one_year(), {IFA: before, HOME: 0.0}, {IFA: after, HOME: home}, step=step)
    assert sum(found.values()) == pytest.approx(before - after - home, abs=1e-6)
    assert found.get((IFA, CASHABLE), 0) <= max(0, before - after) + 1e-6


def test_a_budget_that_grows_with_prices_makes_more_of_a_saving_cashable():
    """£1,200 held in the first year and 10% more in the second: of 1,320 down to 1,260, all 60; a level plan, none."""
    two = replace(one_year(), timeline=Timeline(date(2022, 4, 1), 24))
    spent = {IFA: np.concatenate([months(1200.0), months(1320.0)])}
    left = {IFA: np.concatenate([months(1200.0), months(1260.0)])}
    for growth, expected in ((0.0, 0.0), (0.1, 60.0)):
        flows = split_saving(two, spent, left, {}, {}, budget_growth_annual=np.array([growth]))
        found = sum(amount.sum() for tag, amount in flows if tag.nature == CASHABLE)
        assert found == pytest.approx(expected)


def test_a_budget_that_follows_the_opening_children_moves_with_the_price():
    """The plan is not published and is taken to hold the opening children: as many of them, however dear."""
    line = (BudgetLine(line=IFA, financial_year="2022/23", value_gbp=1200.0, source="", follows="opening_caseload"),)
    case = replace(one_year(), approved_budget=line)
    for price in (0.5, 1.0, 2.0):
        spent, left = {IFA: months(1200.0 * price)}, {IFA: months(900.0 * price)}
        flows = split_saving(case, spent, left, {}, {}, opening={IFA: np.array([1200.0 * price])})
        assert {t.nature: float(a.sum()) for t, a in flows} == pytest.approx({CASHABLE: 300 * price, AVOIDANCE: 0})


def test_a_budget_grows_only_after_the_last_year_it_states(case):
    """At a tenth a year the £1,200 stated for 2022/23 is still £1,200 then: 200 of 500 is cashable, not 320."""
    flows = split_saving(case, {IFA: months(1500)}, {IFA: months(1000)}, {}, {}, budget_growth_annual=0.1)
    assert {tag.nature: float(amount.sum()) for tag, amount in flows} == pytest.approx({CASHABLE: 200, AVOIDANCE: 300})
