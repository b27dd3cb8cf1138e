"""Short stays: who has one, and what it changes when a team keeps mostly those children at home."""

import numpy as np
import pytest

from model.case.parameters import PLACEMENTS
from model.children import expected
from model.children.chance import dealt, play
from model.children.levers import Levers
from model.children.points import project_points
from model.children.short import MONTHS, natural_short, short_stays
from tests.children.known import children_of, drivers, one_law, reduction

RATE = 0.3  # a month, whoever they are: a stay is short with chance 1 - exp(-rate x months), on average over entry days


@pytest.fixture
def steady():
    """Ten children of ten to fifteen enter an agency a month and leave at one rate."""
    return children_of(one_law(RATE), entries={("10_15", PLACEMENTS.index("ifa_foster")): 120.0})


def world(of, **given):
    return expected.project(of, drivers(), Levers(reductions=(reduction(0.2, **given),))).projection


def test_the_share_with_short_stays_is_what_the_rate_says(steady):
    """Still there at the sixth month's end: e^(-5h) of those left after a first month that begins on any day."""
    there = -np.expm1(-RATE) / RATE * np.exp(-RATE * (MONTHS - 1))
    share = short_stays(steady, 1.0).share[4, 1]
    assert share == pytest.approx(1 - there, abs=2e-3)  # some turn sixteen, none leaves at another rate


def test_everyone_with_a_short_stay_leaves_within_it(steady):
    short = short_stays(steady, 1.0)
    gone = short.exits.sum(axis=(0, 3)) + short.at_18.sum(axis=(0, 3))
    np.testing.assert_allclose(gone[short.share > 0], 1.0, rtol=1e-12)
    assert not short.stock[-1].any()


def test_short_stays_as_all_have_them_change_nothing(steady):
    usual = natural_short(steady, np.ones(1))[4, 1, 0]
    np.testing.assert_allclose(world(steady, short=usual).stock, world(steady).stock, atol=1e-9)


def test_the_number_kept_at_home_does_not_depend_on_how_long_they_would_have_stayed(steady):
    for short in (0.6, 0.95):
        np.testing.assert_allclose(world(steady, short=short).diverted, world(steady).diverted, rtol=1e-12)


def test_the_more_short_stays_are_prevented_the_more_children_remain(steady):
    left = [world(steady, short=s).stock[-1].sum() for s in (0.5, 0.7, 0.8, 0.9)]
    assert left == sorted(left)
    assert left[0] < left[-1]


def test_children_are_conserved_whoever_is_kept_at_home(steady):
    made = world(steady, short=0.95)
    change = np.diff(made.stock.sum(axis=1), axis=0)
    np.testing.assert_allclose(change, made.entries - made.exits_under_18 - made.exits_at_18, atol=1e-9)
    cells = made.cells
    flows = cells["entry"] - cells["exit"] + cells["move_in"] - cells["move_out"] + cells["age_in"] - cells["age_out"]
    np.testing.assert_allclose(np.diff(cells["stock"], axis=0), flows, atol=1e-9)


def test_many_points_say_what_one_says(steady):
    many = project_points(steady, drivers(draws=3), Levers(reductions=(reduction(0.2, draws=3, short=0.9),)), ())
    for name in ("stock", "entries", "exits_under_18", "exits_at_18"):
        np.testing.assert_allclose(getattr(many, name)[..., :1], getattr(world(steady, short=0.9), name), atol=1e-9)


@pytest.mark.slow
def test_children_one_at_a_time_agree(steady):
    draws = 1_000
    levers = Levers(reductions=(reduction(0.2, draws=draws, short=0.9),))
    played = play(dealt(steady, drivers(draws=draws, seed=3), cells=False), levers)
    alone = world(steady, short=0.9)
    for name in ("entries", "diverted"):
        total = getattr(played, name).sum(axis=0)
        error = total.std() / np.sqrt(draws)
        assert abs(total.mean() - getattr(alone, name).sum()) < 4 * error
    stock = played.stock.sum(axis=1)
    error = stock.std(axis=1) / np.sqrt(draws)
    assert np.abs(stock.mean(axis=1) - alone.stock[..., 0].sum(axis=1))[1:].max() < 4.5 * error.max()
