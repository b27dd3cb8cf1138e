"""Hazards worked out by hand: how many children a known law leaves, month by month."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.case.parameters import AGES
from model.children.expected import project
from model.children.law import AGE_STARTS, EIGHTEEN, Law, age_weights, care_weights, integrals, steps
from model.children.opening import entrants_by_month
from tests.children.known import FAMILY, HOMES, IFA, IN_HOUSE, A, C, P, children_of, drivers, one_law


def stock(stream, **moved):
    return project(stream, drivers(**moved)).projection.stock[:, :, 0]


def test_children_left_at_one_rate_are_an_exponential_of_time():
    """One hundred five-year-olds at 0.07 a month: 100 exp(-0.07 t), to 1e-9."""
    left = stock(children_of(one_law(0.07), opening={(60, 30, HOMES): 100}))[:, HOMES]
    assert left == pytest.approx([100 * math.exp(-0.07 * t) for t in range(37)], abs=1e-9)


def test_moves_both_ways_by_hand():
    """0.3 a month there and 0.1 back: a quarter stays in the end, and what is missing fades at 0.4 a month."""
    found = stock(children_of(one_law(moves={(IN_HOUSE, HOMES): 0.3, (HOMES, IN_HOUSE): 0.1}),
                              opening={(60, 0, IN_HOUSE): 1}))  # fmt: skip
    assert found[:, IN_HOUSE] == pytest.approx([0.25 + 0.75 * math.exp(-0.4 * t) for t in range(37)], abs=1e-9)
    assert found.sum(axis=1) == pytest.approx(np.ones(37), abs=1e-9)


def test_leaving_and_moving_compete():
    world = project(children_of(one_law(0.05, {(IFA, FAMILY): 0.15}), opening={(60, 30, IFA): 1}), drivers()).projection
    assert world.stock[1, IFA, 0] == pytest.approx(math.exp(-0.2), abs=1e-9)
    assert world.cells["move_out"][0].sum() == pytest.approx(0.15 * (1 - math.exp(-0.2)) / 0.2, abs=1e-9)


def test_a_child_who_enters_is_exposed_from_its_first_day():
    """Twelve a year at a rate of 0.5: (1 - exp(-0.5)) / 0.5 of the first one is there at the month's end."""
    world = project(children_of(one_law(0.5), entries={("5_7", HOMES): 12}), drivers()).projection
    there = (1 - math.exp(-0.5)) / 0.5
    assert world.stock[1, HOMES, 0] == pytest.approx(there, abs=1e-9)
    assert world.exits_under_18[0, 0] == pytest.approx(1 - there, abs=1e-9)
    assert world.stock[:, HOMES, 0] == pytest.approx([(1 - math.exp(-0.5 * t)) / 0.5 for t in range(37)], abs=1e-9)


def test_in_the_long_run_children_are_those_who_enter_in_a_month_times_how_long_they_stay():
    """Little's law: 12 a year who stay two months are two children, and as many leave as enter."""
    world = project(children_of(one_law(0.5), entries={("5_7", FAMILY): 12}), drivers()).projection
    assert world.stock[-1].sum() == pytest.approx(1 / 0.5, abs=1e-6)
    assert world.exits_under_18[-1] == pytest.approx(1.0, abs=1e-6)


def test_time_in_care_changes_the_rate_at_six_twelve_and_twenty_four_months():
    """Whole months in care before the first: the child opens in its first month, half of it behind it on average."""
    leaving = np.zeros((A, C, P))
    leaving[:] = np.array([0.4, 0.3, 0.2, 0.1])[None, :, None]
    law = Law(leaving=leaving, moving=np.zeros((A, P, P)))
    found = stock(children_of(law, opening={(60, 0, HOMES): 1}))[:, HOMES]
    rate = [0.4] * 5 + [0.35] + [0.3] * 5 + [0.25] + [0.2] * 11 + [0.15] + [0.1] * 12
    assert -np.log(found[1:] / found[:-1]) == pytest.approx(rate, abs=1e-9)


def test_a_birthday_changes_the_rate_in_the_month_it_falls_in():
    """A child of nine years and 118 months is ten in the course of its second month."""
    leaving = np.zeros((A, C, P))
    leaving[AGES.index("8_9")], leaving[AGES.index("10_15")] = 0.1, 0.3
    found = stock(children_of(Law(leaving=leaving, moving=np.zeros((A, P, P))), opening={(118, 30, HOMES): 1}))
    assert -np.log(found[1:5, HOMES] / found[:4, HOMES]) == pytest.approx([0.1, 0.2, 0.3, 0.3], abs=1e-9)


def test_a_child_of_seventeen_leaves_at_eighteen_and_not_a_month_later():
    world = project(children_of(one_law(), opening={(204, 5, HOMES): 1}), drivers()).projection
    assert world.stock[:, HOMES, 0] == pytest.approx([1.0] * 12 + [0.0] * 25, abs=1e-9)
    assert world.exits_at_18[11, 0] == pytest.approx(1.0, abs=1e-9)
    assert world.exits_under_18.sum() == pytest.approx(0.0, abs=1e-9)
    assert world.cells["exit"][11, AGES.index("16_17"), HOMES] == pytest.approx(1.0, abs=1e-9)


def test_an_entrant_of_sixteen_or_seventeen_stays_a_year_on_average():
    """Ages are even from 16 to 18, so twelve entrants a year who never leave before are twelve children."""
    stream = children_of(one_law(), entries={("16_17", HOMES): 12})
    world = project(stream, drivers()).projection
    assert world.stock[30:, HOMES, 0] == pytest.approx(np.full(7, 12.0), abs=1e-9)
    assert world.exits_at_18[30, 0] == pytest.approx(1.0, abs=1e-9)


def test_in_the_month_before_eighteen_a_child_is_exposed_for_half_of_it():
    world = project(children_of(one_law(0.2), opening={(EIGHTEEN - 1, 30, HOMES): 1}), drivers()).projection
    assert world.exits_at_18[0, 0] == pytest.approx(math.exp(-0.1), abs=1e-9)
    assert world.exits_under_18[0, 0] == pytest.approx(1 - math.exp(-0.1), abs=1e-9)


def test_a_birthday_is_counted_from_one_band_to_the_next_in_its_placement():
    world = project(children_of(one_law(), opening={(118, 30, HOMES): 5}), drivers()).projection
    out, into = (world.cells[m] for m in ("age_out", "age_in"))
    assert out[1, AGES.index("8_9"), HOMES] == pytest.approx(5) == into[1, AGES.index("10_15"), HOMES]
    assert out.sum() == into.sum() == pytest.approx(5)


@pytest.mark.parametrize("weights", [age_weights(), care_weights()])
def test_a_month_takes_from_its_bands_as_much_as_it_lasts(weights):
    whole = np.ones(len(weights))
    if len(weights) == EIGHTEEN:
        whole[-1] = 0.5
    np.testing.assert_allclose(weights.sum(axis=1), whole)


def test_entrants_are_even_within_their_band_and_within_the_month():
    spread = entrants_by_month()
    np.testing.assert_allclose(spread.sum(axis=0), 1.0)
    for band, (low, high) in enumerate(pairwise([*AGE_STARTS, EIGHTEEN])):
        assert spread[low, band] == spread[high, band] == pytest.approx(0.5 / (high - low))
        assert spread[low + 1 : high, band] == pytest.approx(np.full(high - low - 1, 1 / (high - low)))


def test_entrants_who_are_mostly_young_are_even_within_either_half_of_their_band():
    spread = entrants_by_month((0.75, 0.5, 0.5, 0.5, 0.5, 1.0))
    np.testing.assert_allclose(spread.sum(axis=0), 1.0)
    assert spread[:14, 0] * 12 == pytest.approx([0.75, *[1.5] * 5, 1.0, *[0.5] * 5, 0.25, 0])
    assert spread[192:, -1] * 12 == pytest.approx([0.5, *[1] * 11, 0.5, *[0] * 12])


@settings(max_examples=20, deadline=None)
@given(leaving=st.floats(0, 3), there=st.floats(0, 2), back=st.floats(0, 2))
def test_a_month_solved_at_once_is_thirty_thousand_small_steps(leaving, there, back):
    """exp(G), how long a child spends where, and what an entrant spends: against Euler's midpoint by hand."""
    out = np.zeros((2, 2))
    out[0, 1], out[1, 0] = there, back
    stay, spent, again = integrals(np.array([leaving, 0.0]), out)
    state, total, twice, step = np.eye(2), np.zeros((2, 2)), np.zeros((2, 2)), 1 / 3000
    generator = out - np.diag(out.sum(axis=1) + np.array([leaving, 0.0]))
    small = np.eye(2) + generator * step + generator @ generator * step**2 / 2
    for _ in range(3000):
        after = state @ small
        twice += (total + (state / 3 + after / 6) * step) * step
        total += (state + after) / 2 * step
        state = after
    np.testing.assert_allclose(stay, state, atol=1e-6)
    np.testing.assert_allclose(spent, total, atol=1e-6)
    np.testing.assert_allclose(again, twice, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(0, 5), leaving=st.floats(0, 0.5))
def test_a_level_of_exits_multiplies_every_rate_of_leaving(scale, leaving):
    stream = children_of(one_law(leaving), opening={(60, 30, HOMES): 1})
    assert stock(stream, exits=scale)[1, HOMES] == pytest.approx(math.exp(-leaving * scale), abs=1e-9)


def test_a_law_that_stands_is_solved_once():
    law = one_law(0.1)
    assert steps(law) is steps(law.with_exits(1))
