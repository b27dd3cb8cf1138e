"""Expected numbers and children one at a time are one law: they conserve children and agree in every world."""

import functools

import numpy as np
import pytest

from model.children.expected import project
from model.children.levers import MEASURES
from tests.children.known import MONTHS, WORLDS, by_chance, drivers, small, unconserved

DRAWS = 2000
FAR = 5.0  # standard errors: some thousands of comparisons are made
FEW = 4.0  # children in all draws together, below which counts are too few for a standard error


@functools.cache
def stream():
    return small()


@functools.cache
def expected(name):
    return project(stream(), drivers(), WORLDS[name](1)).projection


@functools.cache
def chance(name):
    return by_chance(stream(), drivers(draws=DRAWS, seed=7), WORLDS[name](DRAWS))


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("view", [expected, chance])
def test_children_are_conserved_in_every_cell_and_month(view, name):
    world = view(name)
    assert unconserved(world) < 1e-9 * world.draws
    assert world.cells["move_in"].sum() == pytest.approx(world.cells["move_out"].sum())
    for measure in MEASURES:
        assert world.cells[measure].min() > -1e-9, measure
    assert world.stock.min() > -1e-9


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("view", [expected, chance])
def test_cells_add_up_to_the_totals(view, name):
    world = view(name)
    np.testing.assert_allclose(world.cells["stock"].sum(axis=1), world.stock.sum(axis=2), atol=1e-6)
    np.testing.assert_allclose(world.cells["entry"].sum(axis=(1, 2)), world.entries.sum(axis=1), atol=1e-6)
    gone = (world.exits_under_18 + world.exits_at_18).sum(axis=1)
    np.testing.assert_allclose(world.cells["exit"].sum(axis=(1, 2)), gone, atol=1e-6)


@pytest.mark.parametrize("name", WORLDS)
def test_the_mean_of_many_draws_is_the_expected_world_in_every_placement_and_flow(name):
    mine, theirs = expected(name), chance(name)
    for measure in ("stock", "entries", "exits_under_18", "exits_at_18", "diverted"):
        draws, middle = getattr(theirs, measure), getattr(mine, measure)[..., 0]
        if measure != "stock":  # a year at a time
            draws, middle = draws.reshape(-1, 12, DRAWS).sum(axis=1), middle.reshape(-1, 12).sum(axis=1)
        error = np.maximum(draws.std(axis=-1) / np.sqrt(DRAWS), 1e-3)
        assert np.abs((draws.mean(axis=-1) - middle) / error).max() < FAR, measure


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("measure", MEASURES)
def test_the_mean_of_many_draws_is_the_expected_world_in_every_age_and_placement(name, measure):
    """Counts of whole children vary at most as a Poisson number does."""
    mine, theirs = expected(name).cells[measure] * DRAWS, chance(name).cells[measure]
    if measure == "stock":
        mine, theirs = mine[::12], theirs[::12]
    else:
        mine, theirs = (c.reshape(-1, 12, *c.shape[1:]).sum(axis=1) for c in (mine, theirs))
    assert np.abs(theirs - mine)[mine < FEW].max(initial=0.0) < 4 * FEW
    many = mine >= FEW
    assert np.abs((theirs - mine)[many] / np.sqrt(mine[many])).max() < FAR


def test_every_lever_here_does_something():
    plain = expected("nothing").stock[MONTHS]
    for name in WORLDS:
        assert name == "nothing" or np.abs(expected(name).stock[MONTHS] - plain).max() > 0.2, name
