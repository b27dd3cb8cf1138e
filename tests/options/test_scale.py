"""Scale is real: at scale 1 the model's own run, cost in three parts, and no effect beyond what limits it."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from model import run
from model.case.draws import central, sample
from model.case.options import Scalable, Staged
from model.case.reference import SocialValue
from model.money.appraisal import discount_factors
from model.money.portfolio import evaluate
from model.options import stages
from model.options.scale import at_scale, cost_factor, flows, others_gain, scaled
from tests.engine import invented

DRAWS = 60
FIXED = 0.25
BOTH = tuple(
    Scalable(name=name, scales=(0, 0.5, 1, 2, 4), fixed_share=FIXED, source="invented", step=0.5)
    for name in ("fostering", "edge_of_care")
)


@pytest.fixture(scope="module")
def case():
    return invented()


@pytest.fixture(scope="module")
def draws(case):
    return central(case), sample(case, DRAWS, 7)


def test_at_scale_one_an_option_is_the_scenarios_own_run(case, draws):
    own = run(case, draws=DRAWS, seed=7).sample.measures
    both = flows(case, {"fostering": 1, "edge_of_care": 1}, draws, BOTH)
    np.testing.assert_allclose(both.npv, own["invest_to_save"].npv_gbp, atol=0.01)
    np.testing.assert_allclose(both.npv_cashable, own["invest_to_save"].npv_cashable_gbp, atol=0.01)
    np.testing.assert_allclose(both.cost, own["invest_to_save"].pv_investment_gbp, atol=0.01)


def test_at_scale_nought_nothing_is_spent_and_nothing_saved(case, draws):
    none = flows(case, {"fostering": 0, "edge_of_care": 0}, draws, BOTH)
    assert not none.net.any()
    assert none.net.shape == (case.timeline.months, DRAWS)


def test_a_teams_cost_is_fixed_and_per_worker():
    assert [cost_factor(s, FIXED) for s in (0, 0.5, 1, 2)] == [0, 0.625, 1, 1.75]
    assert cost_factor(3, 0) == 3


def test_the_edge_of_care_team_costs_its_posts_and_nothing_else_at_any_scale(case, draws):
    one, two = (flows(case, {"edge_of_care": s}, draws, BOTH).cost for s in (1, 2))
    np.testing.assert_allclose(two, 1.75 * one)


def test_households_that_a_team_finds_cost_by_the_place(case):
    """Twice the team finds twice the households: their approvals cost twice, whatever is fixed in the team."""
    middle = central(case)
    spent = []
    for scale in (1, 2):
        scales = {"fostering": scale}
        evaluation = evaluate(at_scale(case, scales, BOTH), scaled(case, middle, scales, BOTH))
        costs = {tag.line: amount.sum() for tag, amount in evaluation.schemes["fostering"].costs(evaluation.setting)}
        spent.append(costs)
    assert spent[1]["Staff"] == pytest.approx(1.75 * spent[0]["Staff"])
    assert spent[1]["Carer recruitment"] == pytest.approx(2 * spent[0]["Carer recruitment"])


def test_twice_the_team_is_not_twice_the_effect(case, draws):
    """Reach ends at the children on the edge of care, and new places at the children who come into care."""
    kept = [flows(case, {"edge_of_care": s}, draws, BOTH).child_years.sum(axis=0).mean() for s in (0.5, 1, 2, 4)]
    assert (np.diff(kept) > -1e-9).all()
    assert kept[3] < 2 * kept[2] - 1e-6
    assert kept[3] == pytest.approx(kept[2], rel=0.35)
    saved = [(f := flows(case, {"fostering": s}, draws, BOTH)).npv.mean() + f.cost.mean() for s in (1, 2, 4)]
    assert saved[2] - saved[1] < 2 * (saved[1] - saved[0])


def test_a_team_without_a_limit_does_no_more_when_it_is_larger_and_less_when_smaller(case):
    middle = central(case)
    free = {**middle.values, "edge_of_care.capacity_limited": np.zeros(1)}
    unlimited = type(middle)(values=free, n=1, first=0, seed=0, process_noise=False)
    effect = [scaled(case, unlimited, {"edge_of_care": s}, BOTH)["edge_of_care.effect"][0] for s in (0.5, 1, 2)]
    assert effect == pytest.approx([0.1, 0.2, 0.2])


def test_what_the_two_parts_of_a_second_team_cost_adds_up_to_the_larger_team(case):
    """0.5, and from a later day another 1.0 without fixed posts: in the end 1.5 of a team, fixed posts once."""
    stage = Staged(scheme="edge_of_care", first=0.5, then=(1.5,), decide=date(2024, 4, 1))
    wider, more = stages._with_second_team(case, stage, FIXED)
    middle = stages._with_second_draws(central(case), "edge_of_care", more, FIXED)
    scales = {"edge_of_care": 0.5, more: 1.0}
    grown = evaluate(at_scale(wider, scales, BOTH), scaled(wider, middle, scales, BOTH))
    whole = evaluate(at_scale(case, {"edge_of_care": 1.5}, BOTH), central(case))
    last = -12
    both = sum(dict(grown.schemes[n].costs(grown.setting))[TAG][last, 0] for n in scales)
    assert both == pytest.approx(dict(whole.schemes["edge_of_care"].costs(whole.setting))[TAG][last, 0])


def test_waiting_is_worth_the_staged_decision_less_the_best_of_today(case, draws):
    stage = Staged(scheme="edge_of_care", first=0.5, then=(0, 0.5, 1), decide=date(2024, 4, 1))
    found = stages.waiting(case, stage, draws, BOTH, seed=1)
    assert set(found.today) == {0, 0.5, 1}
    assert found.today[0] == 0
    assert found.staged[0.5] == pytest.approx(found.today[0.5])  # held as it was begun: nothing is different
    assert found.staged[1] != pytest.approx(found.today[1])
    assert found.learning >= max(found.seen.values()) >= 0
    assert found.value == max(found.staged.values()) + found.learning - max(found.today.values())


def test_others_gain_is_events_times_cost_times_years_out_of_care(case, draws):
    row = SocialValue(payer="courts", gain="x", per="child_year", events=0.1, unit_cost_gbp=5000.0,
                      price_base="2022/23", source="invented", quality="red")  # fmt: skip
    unknown = replace(row, payer="police", unit_cost_gbp=None)
    entries = replace(row, payer="schools", per="entry", events=1.0)
    told = replace(case, reference=replace(case.reference, social_value=(row, unknown, entries)))
    made = flows(told, {"edge_of_care": 1}, draws, BOTH)
    worth = {gain.row.payer: gain.worth for gain in others_gain(told, made)}
    factors = discount_factors(case.timeline, 0.035)
    assert worth["courts"] == pytest.approx(500 * (factors @ made.child_years).mean())
    assert worth["schools"] == pytest.approx(5000 * (factors @ made.kept_out).mean())
    assert worth["police"] is None  # no figure was found: nothing is made up


TAG = next(tag for tag, _ in evaluate(invented(), central(invented())).schemes["edge_of_care"].costs(
    evaluate(invented(), central(invented())).setting) if tag.line == "Staff")  # fmt: skip
