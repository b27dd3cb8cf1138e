"""Which option: three options worked by hand, what is struck out, and chances that add up."""

import numpy as np
import pandas as pd
import pytest

from model.options import choice
from model.options.choice import chance_best, expected_regret


def incremental(cost, npv, child_years):
    options = pd.DataFrame({"cost_gbp": cost, "npv_gbp": npv, "child_years": child_years})
    return list(choice.incremental(options).rename_axis("option").reset_index().itertuples())


def test_three_options_by_hand():
    """Spend 0, 100, 300; save 0, 150, 400: the second pays 1.5 a pound, the third 1.25 for the next 200."""
    none, small, large = incremental(
        cost={"large": 300, "none": 0, "small": 100},
        npv={"none": 0, "small": 50, "large": 100},
        child_years={"none": 0, "small": 4, "large": 9},
    )
    assert [s.option for s in (none, small, large)] == ["none", "small", "large"]
    assert (none.against, small.against, large.against) == ("", "none", "small")
    assert (small.more_npv, small.more_bcr, small.cost_per_child_year) == (50, 1.5, 25)
    assert (large.more_npv, large.more_bcr, large.cost_per_child_year) == (50, 1.25, 40)
    assert not any(s.struck_out for s in (none, small, large))


def test_an_option_that_costs_more_and_saves_less_is_struck_out_and_said_so():
    steps = incremental(
        cost={"none": 0, "good": 100, "bad": 120, "large": 300},
        npv={"none": 0, "good": 50, "bad": 20, "large": 100},
        child_years=dict.fromkeys(("none", "good", "bad", "large"), 0),
    )
    bad = next(s for s in steps if s.option == "bad")
    assert bad.struck_out == "good costs no more and saves no less"
    assert next(s for s in steps if s.option == "large").against == "good"
    assert np.isnan(steps[1].cost_per_child_year)  # nobody fewer in care: no cost of a year out of it


def test_an_option_beaten_by_a_mix_of_its_neighbours_is_struck_out():
    """100 for 50 saved, then 100 for 250: half of the dearer would have done more."""
    steps = incremental(
        cost={"none": 0, "weak": 100, "strong": 200},
        npv={"none": 0, "weak": -50, "strong": 100},
        child_years=dict.fromkeys(("none", "weak", "strong"), 0),
    )
    assert [bool(s.struck_out) for s in steps] == [False, True, False]
    assert steps[2].against == "none"


def test_two_options_alike_leave_the_first():
    steps = incremental(cost={"a": 0, "b": 0}, npv={"a": 0, "b": 0}, child_years={"a": 0, "b": 0})
    assert [s.struck_out for s in steps] == ["", "a costs no more and saves no less"]


def test_chances_of_being_best_add_up_to_one_and_ties_are_shared():
    npv = np.array([[0.0, 0.0, 0.0, 0.0], [1.0, -1.0, 2.0, 0.0], [1.0, -2.0, 1.0, -1.0]])
    chance = chance_best(npv)
    assert chance == pytest.approx([(0 + 1 + 0 + 0.5) / 4, (0.5 + 0 + 1 + 0.5) / 4, 0.5 / 4])
    assert chance.sum() == pytest.approx(1)


def test_the_least_regret_is_that_of_the_best_mean_and_the_worth_of_knowing_everything():
    npv = np.random.default_rng(1).normal(size=(4, 500)).cumsum(axis=0)
    regret = expected_regret(npv)
    assert regret.argmin() == npv.mean(axis=1).argmax()
    assert regret.min() == pytest.approx(npv.max(axis=0).mean() - npv.mean(axis=1).max())
