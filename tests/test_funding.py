from dataclasses import replace

import numpy as np
import pytest

from model.cashflows import AVOIDANCE, CASHABLE, INVESTMENT, ONE_OFF, RECURRING, Tag
from model.draws import central, with_values
from model.funding import fund, year_on_year
from tests.engine import load


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return load(tmp_path_factory.mktemp("case"), "base")


def years(*values):
    return np.array([*values, *[values[-1]] * (10 - len(values))], dtype=float)[:, None]


STAFF = Tag("Staff", INVESTMENT, RECURRING)
LINES = {
    STAFF: years(-100, -400),
    Tag("Skills", INVESTMENT, RECURRING, "dsg"): years(-7),
    Tag("Redundancy", INVESTMENT, ONE_OFF): years(-30, 0),
    Tag("IFA", CASHABLE, RECURRING): years(0, 150),
    Tag("IFA", AVOIDANCE, RECURRING): years(10, 60),
}


def test_every_pound_falls_in_one_purse(case):
    found = fund(case, LINES, central(case)).purses
    assert found["reserve_funded"][:2, 0].tolist() == [-100, 0]  # until 31 March 2023
    assert found["base_budget"][:2, 0].tolist() == [0, -250]
    assert found["grant_or_partner_funded"][0, 0] == -7
    assert found["one_off"][:2, 0].tolist() == [-30, 0]
    assert found["cost_avoidance"][:2, 0].tolist() == [10, 60]
    np.testing.assert_allclose(found["net"], sum(LINES.values()))


def test_nobody_banks_avoidance(case):
    with_more = {**LINES, Tag("IFA", AVOIDANCE, RECURRING): years(1e6)}
    a, b = (fund(case, lines, central(case)).purses["base_budget"] for lines in (LINES, with_more))
    np.testing.assert_array_equal(a, b)


def test_the_accumulated_changes_are_the_base_budget(case):
    base = fund(case, LINES, central(case))
    lines = sum(base.base_lines.values())
    np.testing.assert_allclose(np.cumsum(year_on_year(lines), axis=0), base.purses["base_budget"])


def test_the_reserve_runs_down_by_hand_and_says_what_it_cannot_pay(case):
    draws = with_values(
        central(case), {"reserve.opening": 150.0, "reserve.minimum": 20.0, "reserve.commitments_annual": 40.0}
    )
    found = fund(case, {STAFF: years(-100, 0)}, draws).reserve
    # 150 less 40 committed and 90 drawn of the 100 wanted: 20, the minimum; next year the 40 cannot be met
    assert {name: rows[:2, 0].tolist() for name, rows in found.items()} == {
        "opening": [150, 20], "commitments": [40, 0], "draw": [90, 0], "shortfall": [10, 40], "closing": [20, 20],
    }  # fmt: skip


def test_without_an_end_date_the_reserve_pays_nothing(case):
    open_ended = replace(case, funding=replace(case.funding, reserve_until=None))
    assert not fund(open_ended, {STAFF: years(-100)}, central(case)).purses["reserve_funded"].any()
