"""Shapley axioms and the penny."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.case.draws import sample
from model.money.appraisal import npv_evaluator
from model.risk.attribution import attribute, shapley, to_the_penny, waterfall
from tests.engine import invented

NAMES = ("a", "b", "c", "d")
DRAWS = 5


def game(seed: int):
    def worth(subset: frozenset[str]) -> np.ndarray:
        key = sum(2 ** NAMES.index(s) for s in subset)
        return np.random.default_rng([seed, key]).normal(0, 1e6, DRAWS) if subset else np.zeros(DRAWS)

    return worth


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_efficiency(seed: int) -> None:
    worth = game(seed)
    joint = worth(frozenset(NAMES))
    for parts in (shapley(worth, NAMES), waterfall(worth, NAMES)):
        np.testing.assert_allclose(sum(parts.values()), joint, atol=1e-6)
    pennies = to_the_penny(shapley(worth, NAMES), joint)
    total = sum(np.rint(p * 100).astype(np.int64) for p in pennies.values())
    np.testing.assert_array_equal(total, np.rint(joint * 100).astype(np.int64))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31))
def test_symmetry_null_player_and_additivity(seed: int) -> None:
    inner = game(seed)

    def symmetric(subset: frozenset[str]) -> np.ndarray:
        """a and b count alike, d counts for nothing."""
        alike = "ab"[: len(subset & {"a", "b"})]
        return inner(frozenset(alike) | (subset & {"c"}))

    found = shapley(symmetric, NAMES)
    np.testing.assert_allclose(found["a"], found["b"], atol=1e-6)
    np.testing.assert_allclose(found["d"], 0, atol=1e-6)
    other = game(seed + 1)
    both = shapley(lambda s: inner(s) + other(s), NAMES)
    apart = shapley(inner, NAMES), shapley(other, NAMES)
    for name in NAMES:
        np.testing.assert_allclose(both[name], apart[0][name] + apart[1][name], atol=1e-6)


def test_order_does_not_matter_to_shapley_but_does_to_the_waterfall() -> None:
    worth = game(3)
    forward, backward = shapley(worth, NAMES), shapley(worth, NAMES[::-1])
    for name in NAMES:
        np.testing.assert_allclose(forward[name], backward[name], atol=1e-6)
    assert not np.allclose(waterfall(worth, NAMES)["a"], waterfall(worth, NAMES[::-1])["a"])


def test_two_schemes_by_hand() -> None:
    worth = {frozenset(): 0.0, frozenset("a"): 100.0, frozenset("b"): 60.0, frozenset("ab"): 140.0}
    found = shapley(lambda s: np.array([worth[s]]), ("a", "b"))
    assert found["a"][0] == 90
    assert found["b"][0] == 50


def test_nine_schemes_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 8"):
        shapley(lambda _: np.zeros(1), tuple("abcdefghi"))


def test_parts_that_do_not_sum_are_refused() -> None:
    with pytest.raises(ValueError, match="do not sum"):
        to_the_penny({"a": np.array([1.0]), "b": np.array([2.0])}, np.array([4.0]))


def test_pennies_left_over_go_to_the_largest_remainders_of_each_draw() -> None:
    parts = {"a": np.array([0.333, 0.602]), "b": np.array([0.3331, 0.1985]), "c": np.array([0.3339, 0.1995])}
    rounded = to_the_penny(parts, np.array([1.0, 1.0]))
    assert {name: part.tolist() for name, part in rounded.items()} == {
        "a": [0.33, 0.60], "b": [0.33, 0.20], "c": [0.34, 0.20],
    }  # fmt: skip


def test_a_step_of_the_waterfall_is_what_its_scheme_adds_to_those_before_it() -> None:
    alone = {"a": 1.0, "b": 20.0, "c": 300.0}

    def worth(subset: frozenset[str]) -> np.ndarray:
        return np.array([sum(alone[name] for name in subset) * (2 if {"a", "c"} <= subset else 1)])

    steps = waterfall(worth, ("a", "b", "c"))
    assert {name: float(step[0]) for name, step in steps.items()} == {"a": 1, "b": 20, "c": 2 * 321 - 21}


def test_two_schemes_of_a_case_share_what_they_are_worth_together() -> None:
    """Each has the mean of what it is worth alone and what it adds to the other, and no penny is left over."""
    case = invented()
    draws = sample(case, 3, 1)
    found = attribute(case, draws, "invest_to_save")
    sets = {"f": ["fostering"], "e": ["edge_of_care"], "both": ["fostering", "edge_of_care"]}
    npv = npv_evaluator(case, sets)(draws)
    assert found.joint == pytest.approx(npv["both"], abs=0.006)
    assert found.shapley["fostering"] == pytest.approx((npv["f"] + npv["both"] - npv["e"]) / 2, abs=0.02)
    for parts in (found.shapley, found.steps):
        assert sum(parts.values()) == pytest.approx(found.joint, abs=1e-6)
