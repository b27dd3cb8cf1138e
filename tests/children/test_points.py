"""Many points at once are the same worlds one at a time: exactly where levels are few, and closely between them."""

import numpy as np
import pytest

from model.children.expected import project
from model.children.levers import Levers
from model.children.points import project_points
from tests.children.known import MONTHS, RISING, WORLDS, drivers, places, published, reduction, small, sooner

FLOWS = ("stock", "entries", "exits_under_18", "exits_at_18", "diverted")


def apart(stream, moved, levers, point=None):
    """The most any number of any point (or of one) differs from its own expected world, children."""
    guides = project(stream, moved.at(np.array([0])), levers.at(np.array([0])), cells=False).guides
    many = project_points(stream, moved, levers, guides)
    worst = 0.0
    for i in range(moved.entry_scale.shape[1]) if point is None else [point]:
        one = project(stream, moved.at(np.array([i])), levers.at(np.array([i])), cells=False).projection
        worst = max([worst, *(np.abs(getattr(many, f)[..., i] - getattr(one, f)[..., 0]).max() for f in FLOWS)])
    return worst


@pytest.mark.parametrize("name", WORLDS)
def test_points_at_central_values_are_the_expected_world(name):
    assert apart(small(), drivers(draws=3), WORLDS[name](3)) < 1e-9


def test_entries_and_effects_are_exact_and_so_are_the_levels_of_exits_on_the_grid():
    moved = drivers(draws=5)
    moved.exit_scale[:] = [0.6, 0.8, 1.0, 1.2, 1.4]
    moved.entry_scale[:] *= np.array([0.8, 1.0, 1.3, 0.0, 2.0])
    moved.entry_scale[12:] *= 1.02
    one, two = reduction(0.4, fade=0.05, draws=5), reduction(0.3, name="b", draws=5)
    one.rate[:] *= np.linspace(0, 2, 5)
    one.fade[:] *= [0.0, 1.0, 3.0, 1.0, 0.0]
    assert apart(small(), moved, Levers(reductions=(one, two))) < 1e-9


def test_between_levels_of_exits_and_of_fading_answers_are_good_to_some_hundredths_of_a_child():
    """351 children, levels of exits from 0.5 to 1.9 and of fading from nought to 0.1 a month."""
    moved = drivers(draws=11)
    moved.exit_scale[:] = np.linspace(0.5, 1.9, 11)
    lever = reduction(0.4, draws=11)
    lever.fade[:] = np.linspace(0, 0.1, 11)[::-1]
    found = apart(published(), moved, Levers(reductions=(lever,)))
    assert 1e-9 < found < 0.02


def test_places_at_other_levels_than_the_guides_are_close():
    """New places at 0.8 and 1.25 times the exits and entries: to a twentieth of a child of eight."""
    moved = drivers(draws=3)
    moved.exit_scale[:], moved.entry_scale[:] = [1.0, 0.8, 1.25], np.array([1.0, 1.25, 0.8])
    levers = Levers(places=(places(2 * RISING, share=0.6, draws=3),))
    assert apart(published(), moved, levers, point=0) < 1e-9
    assert apart(published(), moved, levers) < 0.4


def test_points_with_shorter_stays_are_worked_out_one_by_one():
    moved = drivers(draws=3)
    moved.exit_scale[:] = [0.8, 1.0, 1.2]
    lever = sooner(0.05, 3, 1, draws=3)
    lever.rate[:] *= np.array([0.0, 1.0, 2.0])
    assert apart(small(), moved, Levers(sooner=(lever,))) == 0.0


def test_a_point_of_nobody_entering_is_the_opening_children_alone():
    world = project_points(small(), drivers(draws=2, entries=0.0), Levers(), ())
    assert not world.entries.any()
    assert world.stock.shape == (MONTHS + 1, 8, 2)
    assert (np.diff(world.stock.sum(axis=1), axis=0) < 0).all()
