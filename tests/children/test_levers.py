"""What schemes do to expected numbers of children: the right children, once, and no more of them than there are."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.case.parameters import AGES
from model.children.expected import project
from model.children.levers import Levers
from model.children.places import Month, fill
from tests.children.known import (
    FAMILY,
    HOMES,
    IFA,
    IN_HOUSE,
    MONTHS,
    children_of,
    drivers,
    one_law,
    places,
    published,
    reduction,
    small,
    sooner,
    unconserved,
)


def world(*, reductions=(), homes=(), out=(), stream=None, **moved):
    levers = Levers(reductions=tuple(reductions), places=tuple(homes), sooner=tuple(out))
    return project(stream or published(), drivers(**moved), levers).projection


def test_effects_on_one_flow_combine_by_what_they_leave():
    plain, both = world(), world(reductions=[reduction(0.2), reduction(0.5, name="b")])
    swapped = world(reductions=[reduction(0.5, name="b"), reduction(0.2)])
    assert both.cells["entry"][:, 3:] == pytest.approx(plain.cells["entry"][:, 3:] * 0.8 * 0.5, abs=1e-12)
    np.testing.assert_array_equal(both.cells["entry"][:, :3], plain.cells["entry"][:, :3])
    np.testing.assert_allclose(both.stock, swapped.stock)


def test_two_schemes_of_full_effect_keep_every_child_once():
    plain, both = world(), world(reductions=[reduction(1.0, ages=AGES), reduction(1.0, name="b", ages=AGES)])
    assert both.diverted == pytest.approx(plain.entries)
    assert both.entries == pytest.approx(np.zeros_like(plain.entries))


def test_targeting_moves_the_effect_but_not_its_size():
    plain, even = world(), world(reductions=[reduction(0.1)])
    aimed = world(reductions=[reduction(0.1, weights={"residential": 3.0})])
    assert aimed.diverted == pytest.approx(even.diverted)
    kept = (plain.cells["entry"] - aimed.cells["entry"]) / np.maximum(plain.cells["entry"], 1e-300)
    assert kept[:, 4, HOMES] == pytest.approx(3 * kept[:, 4, IFA])


def test_a_child_kept_at_home_may_come_later_and_never_earlier_or_twice():
    kept, faded, plain = world(reductions=[reduction(0.25)]), world(reductions=[reduction(0.25, fade=0.05)]), world()
    assert faded.diverted == pytest.approx(kept.diverted)
    assert (faded.entries > kept.entries).all()
    assert (np.cumsum(faded.entries) < np.cumsum(plain.entries)).all()


def test_of_one_month_of_children_kept_at_home_those_who_come_by_hand():
    """Ten kept in the first month only, at 0.1 a month: 10 (1 - (1 - exp(-0.1)) / 0.1) come within it, and so on."""
    stream = children_of(one_law(), entries={("1_4", FAMILY): 120})
    lever = reduction(1.0, ages=("1_4",), fade=0.1)
    lever.rate[1:] = 0.0
    came = world(stream=stream, reductions=[lever]).entries[:, 0] - np.array([0.0, *[10.0] * (MONTHS - 1)])
    left = 10 * (1 - math.exp(-0.1)) / 0.1
    assert came[0] == pytest.approx(10 - left)
    assert came[1:] == pytest.approx([left * math.exp(-0.1 * t) * (1 - math.exp(-0.1)) for t in range(MONTHS - 1)])


def test_new_places_fill_at_once_from_the_stock_where_inflow_is_not_limited():
    plain, moved = world(), world(homes=[places(20.0, limited=0.0)])
    assert moved.stock[1:, IN_HOUSE] - plain.stock[1:, IN_HOUSE] == pytest.approx(np.full((MONTHS, 1), 20))
    np.testing.assert_allclose(moved.stock.sum(axis=1), plain.stock.sum(axis=1))
    assert moved.entries == pytest.approx(plain.entries)
    assert unconserved(moved) < 1e-9


def test_new_places_fill_no_faster_than_children_start_with_an_agency():
    """Half of those of the first month who are still there at its end; nobody moves from one home to another."""
    plain = world()
    limited, everyone = (world(homes=[places(60.0, share=s)]) for s in (0.5, 1.0))
    gained = [w.stock[1, IN_HOUSE, 0] - plain.stock[1, IN_HOUSE, 0] for w in (limited, everyone)]
    start = plain.cells["entry"][0, :, IFA].sum()
    assert 0.9 * start < gained[1] < 1.1 * start
    assert gained[0] == pytest.approx(gained[1] / 2)
    assert limited.cells["entry"][0, :, IFA].sum() == pytest.approx(0.5 * start)


def test_filled_places_are_never_more_than_there_are():
    plain = world()
    path = np.linspace(0, 15, MONTHS)
    gained = world(homes=[places(path)]).stock[1:, IN_HOUSE, 0] - plain.stock[1:, IN_HOUSE, 0]
    assert (gained <= path + 1e-9).all()
    assert gained[-1] == pytest.approx(15)


def test_no_more_children_leave_the_agencies_than_are_there():
    plain, all_of_them = world(), world(homes=[places(500.0, limited=0.0)])
    assert all_of_them.stock[1:, IFA, 0] == pytest.approx(np.zeros(MONTHS), abs=1e-9)
    assert all_of_them.stock[1:, IN_HOUSE] == pytest.approx(plain.stock[1:, IN_HOUSE] + plain.stock[1:, IFA])


def test_places_that_close_send_their_children_back():
    path = np.full(MONTHS, 10.0)
    path[12:] = 4.0
    plain, closed = world(), world(homes=[places(path, limited=0.0)])
    gained = closed.stock[1:, IN_HOUSE, 0] - plain.stock[1:, IN_HOUSE, 0]
    assert gained == pytest.approx(path)
    assert closed.cells["move_in"][12, :, IFA].sum() > plain.cells["move_in"][12, :, IFA].sum() + 5


def test_one_month_of_filling_by_hand():
    """Twelve places, five filled, four starts of which half suit: two come; from stock seven; of eight four go."""
    one = np.ones(1)
    offer = Month(staying=5 * one, arrivals=4 * one, others=20 * one)
    said = [float(x[0]) for x in fill(places(12.0, share=0.5), 0, offer)]
    assert said == pytest.approx([0.5, 0.0, 0.0, 7.0])
    said = [float(x[0]) for x in fill(places(12.0, limited=0.0), 0, offer)]
    assert said == pytest.approx([0.0, 7 / 24, 0.0, 12.0])
    said = [float(x[0]) for x in fill(places(4.0), 0, Month(staying=8 * one, arrivals=4 * one, others=one))]
    assert said == pytest.approx([0.0, 0.0, 0.5, 4.0])


def test_children_go_home_sooner_by_hand():
    """Leaving at 0.02, and from the seventh month at 0.05 more, in homes only."""
    stream = children_of(one_law(0.02), opening={(60, 30, HOMES): 10, (60, 30, IFA): 10})
    found = world(stream=stream, out=[sooner(0.05, HOMES, None, begins=6)]).stock[:, :, 0]
    assert found[:, IFA] == pytest.approx([10 * math.exp(-0.02 * t) for t in range(MONTHS + 1)])
    assert found[:, HOMES] == pytest.approx(
        [10 * math.exp(-0.02 * t - 0.05 * max(t - 6, 0)) for t in range(MONTHS + 1)]
    )


def test_children_step_down_sooner_and_are_as_many_as_before():
    stream = children_of(one_law(0.02), opening={(60, 30, HOMES): 10})
    found = world(stream=stream, out=[sooner(0.05, HOMES, IFA, begins=0)])
    assert found.stock[12, HOMES, 0] == pytest.approx(10 * math.exp(-0.07 * 12))
    assert found.stock[12].sum() == pytest.approx(10 * math.exp(-0.02 * 12))
    assert found.cells["move_out"][:, :, HOMES].sum() == pytest.approx(found.cells["move_in"][:, :, IFA].sum())


def test_a_lever_for_some_ages_leaves_the_others_alone():
    stream = children_of(one_law(0.02), opening={(60, 30, HOMES): 10, (150, 30, HOMES): 10})
    cells = world(stream=stream, out=[sooner(0.05, HOMES, None, ages=("10_15",), begins=0)]).cells["stock"]
    assert cells[12, AGES.index("5_7"), HOMES] == pytest.approx(10 * math.exp(-0.02 * 12))
    assert cells[12, AGES.index("10_15"), HOMES] == pytest.approx(10 * math.exp(-0.07 * 12))


@settings(max_examples=15, deadline=None)
@given(
    effect=st.floats(0, 1), fade=st.floats(0, 0.5), filled=st.floats(0, 20), share=st.floats(0, 1),
    limited=st.sampled_from([0.0, 1.0]), entries=st.floats(0, 3), exits=st.floats(0, 5), rate=st.floats(0, 1),
)  # fmt: skip
def test_children_are_conserved_and_never_negative(*, effect, fade, filled, share, limited, entries, exits, rate):
    path = np.linspace(0, filled, MONTHS)
    path[MONTHS // 2 :] /= 2
    found = world(
        stream=small(), entries=entries, exits=exits,
        reductions=[reduction(effect, fade=fade), reduction(effect / 2, name="b", ages=AGES)],
        homes=[places(path, share=share, limited=limited)], out=[sooner(rate, HOMES, IFA), sooner(rate, IFA, None)],
    )  # fmt: skip
    assert unconserved(found) < 1e-9
    assert found.stock.min() > -1e-9
    for measure, cells in found.cells.items():
        assert cells.min() > -1e-9, measure


@settings(max_examples=15, deadline=None)
@given(k=st.floats(0, 5))
def test_twice_the_entries_are_twice_the_children_who_enter(k):
    """A world is linear in who enters: opening children and entrants add up."""
    none, one, many = (world(stream=small(), entries=level) for level in (0.0, 1.0, k))
    np.testing.assert_allclose(many.stock, none.stock + k * (one.stock - none.stock), atol=1e-9)
    np.testing.assert_allclose(many.entries, k * one.entries, atol=1e-12)
