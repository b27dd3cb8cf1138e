"""The end of the horizon: schemes stop, and what they did is followed."""

import pytest

from model.case.draws import central
from model.case.words import WHOLE
from model.money.appraisal import npv_evaluator
from model.money.portfolio import evaluate
from model.money.run_off import run_off_npv, with_run_off
from model.schemes.load import load_case
from tests.cases import write_case
from tests.engine import evaluated, load


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return load_case(write_case(tmp_path_factory.mktemp("case")))


def test_nothing_is_spent_or_done_after_the_horizon_and_the_children_are_followed(case):
    longer = with_run_off(case, 10)
    run = evaluate(longer, central(longer))
    scheme = run.schemes["edge_of_care"]
    assert longer.timeline.months == 240
    assert not scheme.costs(run.setting).net(240, 1)[120:].any()
    assert not scheme.rate(run.setting)[120:].any()
    saved = run.net(["edge_of_care"])
    assert saved[120:132].sum() > 0  # children kept out before are still not there
    assert abs(saved[-12:].sum()) < 0.05 * saved[120:132].sum()  # the youngest were 8
    assert saved[:120] == pytest.approx(evaluated(case).net(["edge_of_care"]))


def test_homes_found_stay_open_without_the_team_that_found_them(case):
    longer = with_run_off(case, 2)
    run = evaluate(longer, central(longer))
    homes = run.schemes["fostering"].households(run.setting)
    assert not homes.approved[120:].any()
    a_year = homes.extra[131, 0] / homes.extra[119, 0]
    assert a_year == pytest.approx(0.9)  # a tenth stop in a year, and nobody is there to replace them
    each = homes.extra[121, 0] * 3_500 * run.setting.annual[121, 0]
    assert -run.schemes["fostering"].costs(run.setting).net(144, 1)[121, 0] == pytest.approx(each)


def test_the_npv_with_the_run_off_is_that_of_the_longer_case_whichever_way_it_is_asked(case):
    longer = with_run_off(case)
    expected = {name: float(npv[0]) for name, npv in npv_evaluator(longer)(central(longer)).items()}
    assert run_off_npv(case) == expected
    assert run_off_npv(with_run_off(case, 5)) == expected
    assert expected["edge_of_care"] > float(npv_evaluator(case)(central(case))["edge_of_care"][0])
    assert expected["improvement"] == pytest.approx(float(npv_evaluator(case)(central(case))["improvement"][0]))


def test_a_scenario_may_ask_for_another_horizon_or_a_run_off(tmp_path):
    short = load(tmp_path / "a", overrides=['"conventions.horizon_years" = 5'])
    followed = load(tmp_path / "b", overrides=['"conventions.run_off_years" = 3'])
    assert (short.timeline.months, short.acting_months) == (60, 60)
    assert (followed.timeline.months, followed.acting_months) == (156, 120)
    ten_years = evaluated(load(tmp_path / "c", overrides=['"fostering.fill_rate" = 1.0']))
    five = evaluated(short)
    assert five.perimeters[WHOLE].net(60, 1) == pytest.approx(ten_years.perimeters[WHOLE].net(120, 1)[:60])
