"""What an auditor found wrong in Bury's case, each as the relation that now holds. Central runs, real pounds."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from model import load_case
from model.case.draws import central, sample, with_values
from model.case.words import INVESTMENT, WHOLE
from model.money.appraisal import appraise, discount_factors, npv_evaluator
from model.money.portfolio import evaluate
from model.risk.break_even import ENTRIES, payers

BURY = Path(__file__).parents[2] / "inputs" / "bury-2022"
SAVERS = "invest_to_save"


@cache
def evaluated(scenario="base"):
    case = load_case(BURY, scenario)
    return evaluate(case, central(case), cells=False)


@cache
def worth(scenario, perimeter, cash=False):
    run = evaluated(scenario)
    factors = discount_factors(run.case.timeline, run.case.conventions.discount_rate_annual)
    found = appraise(run.perimeters[perimeter], factors, 1)
    return float((found.npv_cashable_gbp if cash else found.npv_gbp)[0])


def under(perimeters, **values):
    """The NPVs of base with some assumptions at other values, by perimeter."""
    case = load_case(BURY, "base")
    crafted = {name.replace("__", "."): np.array([value]) for name, value in values.items()}
    found = npv_evaluator(case, perimeters)(with_values(central(case), crafted))
    return {name: float(npv[0]) for name, npv in found.items()}


def test_a_team_that_is_never_hired_finds_no_household_and_keeps_nobody_at_home():
    nobody = under(
        ["fostering", "edge_of_care"], establishment__vacancy_share=0.99, establishment__agency_cover_share=0.0,
        establishment__agency_cover_unfilled_share=0.0, establishment__turnover_annual=0.0,
    )  # fmt: skip
    assert nobody["fostering"] < 0.1 * worth("base", "fostering")
    assert abs(nobody["edge_of_care"]) < 0.05 * abs(
        evaluated().perimeters["edge_of_care"].total([INVESTMENT], 120, 1).sum()
    )


@pytest.mark.parametrize("scenario", ["slow-recruitment", "rounds-that-fail"])
def test_recruiting_badly_flatters_no_scheme_that_saves(scenario):
    assert worth(scenario, "fostering") < worth("base", "fostering")
    assert worth(scenario, "edge_of_care") < worth("base", "edge_of_care")


def test_mostly_short_stays_prevented_is_worth_less_than_nothing():
    assert worth("short-stays", "edge_of_care") < 0 < worth("base", "edge_of_care")


def test_an_effect_of_nil_saves_nothing_at_all():
    case = load_case(BURY, "base")
    run = evaluate(case, with_values(central(case), {"edge_of_care.chance_of_effect": np.array([0.0])}), cells=False)
    lines = {tag.nature for tag, amount in run.standalone("edge_of_care") if amount.any()}
    assert lines == {INVESTMENT}


@pytest.mark.parametrize(("scenario", "scheme"), [
    ("with-family-group-conferences", "family_group_conference"), ("with-family-safeguarding", "family_safeguarding"),
])  # fmt: skip
def test_a_scheme_carries_its_own_cost(scenario, scheme):
    assert evaluated(scenario).perimeters[scheme].total([INVESTMENT], 120, 1).sum() < -400_000


def test_conferences_take_their_coordinators_from_the_line_that_paid_them():
    """What the scheme pays the rest of the restructure no longer does: the whole invests what it did."""
    both = [evaluated(s).perimeters[WHOLE].total([INVESTMENT], 120, 1).sum()
            for s in ("base", "with-family-group-conferences")]  # fmt: skip
    assert both[1] == pytest.approx(both[0], rel=0.01)


def test_support_workers_who_are_there_already_move_their_cost_and_no_more():
    """Three of table 10.3's Family Support posts, £104,884 a year, are £0.68m over ten years, in post nine tenths."""
    gain = worth("existing-support-workers", "edge_of_care") - worth("base", "edge_of_care")
    assert gain == pytest.approx(680_000, rel=0.03)
    assert worth("existing-support-workers", WHOLE) == pytest.approx(worth("base", WHOLE), abs=0.01)


def test_the_end_of_the_horizon_cuts_benefits_whose_cost_is_counted():
    assert worth("horizon-5", SAVERS) < worth("base", SAVERS) < worth("run-off", SAVERS)


def test_agency_teams_that_would_go_on_change_the_answer_of_the_whole():
    assert worth("agency-continues", WHOLE) - worth("base", WHOLE) > 5e6
    assert worth("agency-continues-whole-cost", WHOLE) > worth("agency-continues", WHOLE)
    assert worth("agency-continues", SAVERS) == worth("base", SAVERS)


def test_a_plan_that_funds_growth_makes_more_of_the_same_saving_cash():
    """On average over draws: in the central run no more than part of a bed is given up in a year, which is no cash."""
    case = load_case(BURY, "base")
    drawn, factors = sample(case, 60, 1), discount_factors(case.timeline, case.conventions.discount_rate_annual)
    middle, cash = evaluated(), []
    for growth in (0.0, 0.02):
        plan = with_values(drawn, {"cashable.budget_growth_real_annual": np.full(drawn.n, growth)})
        run = evaluate(case, plan, cells=False, middle=middle)
        cash.append(appraise(run.perimeters[SAVERS], factors, drawn.n).npv_cashable_gbp)
    assert (cash[1] >= cash[0] - 0.01).all()
    assert cash[1].mean() > cash[0].mean() + 100_000
    assert worth("plan-funds-prices", SAVERS) == pytest.approx(worth("base", SAVERS))


@pytest.mark.parametrize("scenario", ["effect-may-be-nil", "optimism-bias"])
def test_doubt_that_is_counted_lowers_the_answer(scenario):
    assert worth(scenario, SAVERS) < worth("base", SAVERS)


def test_fewer_entries_by_the_share_said_pay_for_the_whole():
    case, lost = load_case(BURY, "base"), worth("base", WHOLE)
    share = payers(case, lost).entries_share
    factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
    spent = [
        factors @ evaluate(case, with_values(central(case), {ENTRIES: np.array([level])}),
                           cells=False).total_spending()[:, 0]
        for level in (1.0, 1.0 - share)
    ]  # fmt: skip
    assert spent[0] - spent[1] == pytest.approx(-lost, rel=0.01)
    assert 0.1 < share < 0.3


def test_every_number_of_later_evidence_is_sourced_and_later_than_the_decision():
    case = load_case(BURY, "later-evidence")
    changed = [case.assumptions[name] for name in case.overrides if name in case.assumptions]
    assert len(changed) > 10
    base = load_case(BURY, "base").assumptions
    assert [a.name for a in changed if not a.source or a.source == base[a.name].source] == []
    known = [a.name for a in changed if a.as_at <= case.knowledge_date]
    assert known == ["fostering.deregistration_annual"]  # of 2021-22, published after the decision, as its source says


def test_an_index_by_name_rebases_what_is_stated_in_other_prices():
    """The planning index is CPI from 2016 on; the Green Book's deflator is one word away."""
    base = load_case(BURY, "base")
    other = load_case(BURY, "base", overrides={"conventions.price_index": "gdp_deflator"})
    moved = {n for n, a in base.assumptions.items() if other.assumptions[n].value != a.value}
    stated_elsewhere = {n for n in moved if base.assumptions[n].value_as_stated != base.assumptions[n].value}
    assert moved == stated_elsewhere
    assert "price.residential_weekly" in moved
