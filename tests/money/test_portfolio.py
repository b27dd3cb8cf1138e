"""Both worlds on one caseload: nothing is claimed twice, and nothing is assumed to be saved."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.case.draws import sample
from model.case.parameters import PLACEMENTS
from model.case.words import CASHABLE, PARTNER, WHOLE
from model.money.funding import purse_of
from model.money.portfolio import costs_of, evaluate, members_of
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.load import load_case
from tests.cases import CASE_TOML, write_case
from tests.engine import evaluated, invented, line, load
from tests.schemes.test_optimism import AMBER, BIAS, ROWS

BOTH = ["fostering", "edge_of_care"]


def total(evaluation, name=WHOLE):
    return evaluation.perimeters[name].net(120, evaluation.draws.n)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return load_case(write_case(tmp_path_factory.mktemp("base")), scenario="base")


def test_no_schemes_no_money(tmp_path):
    run = evaluated(load(tmp_path, "do-nothing"))
    assert list(run.perimeters) == ["invest_to_save", WHOLE]
    assert not total(run).any()


def test_a_scheme_without_effect_or_cost_leaves_no_trace(base):
    block = sample(base, 16, 1)
    run = evaluate(base, block)
    idle = evaluated(base, edge_of_care__effect=np.zeros(1))
    assert not idle.saving(["edge_of_care"]).net(120, 1).any()
    assert run.saving([]).amounts == {}


@pytest.mark.parametrize(
    ("price", "name"),
    [
        ("price.ifa_foster_weekly", "IFA foster placements"),
        ("price.in_house_foster_weekly", "In-house foster placements"),
        ("price.residential_weekly", "Residential placements"),
    ],
)
def test_doubling_a_price_doubles_its_line_and_no_other(base, price, name):
    once = evaluated(base)
    twice = evaluated(base, **{price.replace(".", "__"): 2 * base.assumptions[price].value})
    a, b = once.saving(BOTH), twice.saving(BOTH)
    for label in {tag.line for tag, _ in a}:
        factor = 2 if label == name else 1
        np.testing.assert_allclose(line(b, label), factor * line(a, label), rtol=1e-12, atol=1e-6)


def test_schemes_that_meet_save_less_together_and_the_interaction_says_how_much(base):
    run = evaluated(base)
    joint = run.perimeters["invest_to_save"]
    apart = total(run, "fostering") + total(run, "edge_of_care")
    interaction = joint.flows["interaction"].net(120, 1)
    np.testing.assert_allclose(total(run, "invest_to_save"), apart + interaction)
    np.testing.assert_allclose(
        run.saving(BOTH).net(120, 1), sum(run.saving([n]).net(120, 1) for n in BOTH) + interaction
    )
    assert {tag.line for tag, _ in joint.flows["interaction"]} == {"interaction"}


def test_the_order_of_schemes_does_not_matter(tmp_path):
    head, *schemes = CASE_TOML.split("[[schemes]]")
    tail = schemes[-1][schemes[-1].index("[funding]") :]
    schemes[-1] = schemes[-1][: schemes[-1].index("[funding]")]
    swapped = head + "".join("[[schemes]]" + s for s in reversed(schemes)) + tail
    one = evaluated(load(tmp_path / "a", "base"))
    two = evaluated(load(tmp_path / "b", "base", case_toml=swapped))
    np.testing.assert_allclose(total(one), total(two), atol=1e-6)


def test_the_whole_is_its_schemes_and_their_interaction(base):
    run = evaluate(base, sample(base, 8, 3))
    parts = sum(total(run, name) for name in run.schemes)
    interaction = run.perimeters[WHOLE].flows["interaction"].net(120, 8)
    np.testing.assert_allclose(total(run), parts + interaction, atol=1e-6)


def test_both_worlds_have_the_same_unaccompanied_children(base):
    run = evaluate(base, sample(base, 4, 1))
    assert run.uasc.stock[0].sum(axis=0) == pytest.approx(np.full(4, 12))
    assert run.world(run.schemes).stock[0].sum(axis=0) == pytest.approx(run.world().stock[0].sum(axis=0))


def test_a_block_of_draws_is_the_draws_one_by_one(base):
    whole = total(evaluate(base, sample(base, 6, 5)))
    single = np.concatenate([total(evaluate(base, sample(base, 1, 5, first=i))) for i in range(6)], axis=1)
    np.testing.assert_allclose(whole, single, rtol=1e-10, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(k=st.floats(0.1, 5))
def test_saving_scales_with_every_price(k):
    base = invented()
    prices = {
        n.replace(".", "__"): k * a.value for n, a in base.assumptions.items() if n.startswith(("price.", "cost."))
    }
    scaled, plain = evaluated(base, **prices).saving(BOTH), evaluated(base).saving(BOTH)
    np.testing.assert_allclose(scaled.net(120, 1), k * plain.net(120, 1), rtol=1e-9, atol=1e-6)


def test_cash_flows_add_merge_and_cancel():
    tag, other = Tag("Staff", "investment", "recurring"), Tag("Staff", "income", "recurring")
    a, b = CashFlows({tag: np.ones((2, 1))}), CashFlows({tag: np.ones((2, 1)), other: np.ones((2, 1))})
    assert (a + b).amounts[tag].tolist() == [[2.0], [2.0]]
    assert not (a - a).net(2, 1).any()
    assert CashFlows().net(2, 1).tolist() == [[0.0], [0.0]]
    assert list((a + b).where(lambda t: t.nature == "income").amounts) == [other]


def test_the_net_without_lines_is_the_net_of_the_lines(base):
    run = evaluate(base, sample(base, 16, 1))
    for name, perimeter in run.perimeters.items():
        np.testing.assert_allclose(run.net(members_of(base)[name]), perimeter.net(120, 16), rtol=0, atol=1e-6)
    assert not run.net([]).any()


def test_what_a_partner_pays_for_is_never_a_saving_of_the_general_fund(base):
    """The schools' grant pays a quarter of a home: the total stays, a quarter is in its purse, none of it cashable."""
    name = "partner.share_residential"
    stated = replace(base.assumptions["fostering.fill_rate"], name=name)
    shared = replace(base, assumptions={**base.assumptions, name: stated})
    plain, split = evaluated(base), evaluated(shared, partner__share_residential=np.array([0.25]))
    np.testing.assert_allclose(total(split), total(plain), atol=1e-6)
    theirs = split.saving(BOTH).where(lambda tag: tag.funding == PARTNER)
    np.testing.assert_allclose(theirs.net(120, 1), line(plain.saving(BOTH), "Residential placements") / 4, atol=1e-6)
    assert not theirs.where(lambda tag: tag.nature == CASHABLE).net(120, 1).any()
    assert {purse_of(shared, tag, "2025/26") for tag, _ in theirs} == {"grant_or_partner_funded"}


def own_growth(**rates):
    """Rows of assumptions: placement -> (value, low, high) of its prices' own real growth."""
    return {
        f"growth.{p}_prices_real_annual": {"value": str(v), "low": str(low), "high": str(high), "unit": "rate/year",
                                           "distribution": "uniform", "price_base": ""}
        for p, (v, low, high) in rates.items()
    }  # fmt: skip


def test_a_placement_may_have_price_growth_of_its_own(tmp_path):
    case = load(tmp_path, assumptions=own_growth(residential=(0.05, 0, 0.1), ifa_foster=(-0.02, -0.04, 0)))
    run = evaluated(case)
    price = dict(zip(PLACEMENTS, run.prices[30, :, 0], strict=True))  # October 2024: two Aprils after the first
    assert price["residential"] == pytest.approx(4000 * 1.05**2)
    assert price["ifa_foster"] == pytest.approx(750 * 0.98**2)
    assert price["in_house_foster"] == pytest.approx(350 * 1.01**2)  # the common rate
    children = run.world().mean_stock[30, PLACEMENTS.index("residential"), 0]
    weeks = 365 / 7 * 31 / 365
    spent = run.spending()["Residential placements"][30, 0]
    assert spent == pytest.approx(children * 4000 * 1.05**2 * weeks)


def test_growth_of_its_own_at_the_common_rate_changes_nothing(tmp_path):
    common = load(tmp_path / "a")
    same = dict.fromkeys(("residential", "other"), common.assumptions["growth.placement_prices_real_annual"].value)
    stated = load(tmp_path / "b", assumptions=own_growth(**{p: (v, v - 0.01, v + 0.01) for p, v in same.items()}))
    assert total(evaluated(stated)) == pytest.approx(total(evaluated(common)))


def test_with_growth_by_placement_the_net_without_lines_is_still_the_net_of_the_lines(tmp_path):
    case = load(tmp_path, "base", assumptions=own_growth(residential=(0.05, 0, 0.1), ifa_foster=(-0.02, -0.04, 0)))
    run = evaluate(case, sample(case, 24, 1))
    for name, perimeter in run.perimeters.items():
        np.testing.assert_allclose(run.net(members_of(case)[name]), perimeter.net(120, 24), rtol=0, atol=1e-6)


def test_the_opening_children_cost_their_number_times_the_first_years_price_times_the_weeks_paid(base):
    cost = evaluated(base).opening_cost
    assert cost["IFA foster placements"] == pytest.approx(90 * 800 * 365 / 7)
    assert cost["Residential placements"] == pytest.approx(35 * 4000 * 365 / 7)


def test_what_a_case_does_not_price_costs_nothing(base):
    """Neutral is nought: placements and events without a stated price leave no pounds in any world."""
    unpriced = {n: a for n, a in base.assumptions.items() if not n.startswith(("price.", "cost."))}
    run = evaluated(replace(base, assumptions=unpriced))
    assert not any(amount.any() for names in ((), BOTH) for amount in run.spending(names).values())
    assert not run.saving(BOTH).net(120, 1).any()


def test_optimism_raises_what_a_scheme_costs_by_the_uplift_of_its_grade(tmp_path):
    case = load(tmp_path, "base", assumptions=ROWS, files={"../reference/optimism_bias.csv": BIAS})
    off, on = evaluated(case), evaluated(case, appraisal__optimism_bias=1.0)
    costs = [costs_of(run.schemes["fostering"], run.setting).net(120, 1) for run in (off, on)]
    np.testing.assert_allclose(costs[1], costs[0] * (1 + AMBER[0]))
