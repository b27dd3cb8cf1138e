"""Chance in the flows: right on average, right in spread, the same in both worlds; and the compiled loop's oracle."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, chi2

from model.children.caseload import (
    AGES,
    IFA,
    IN_HOUSE,
    PLACEMENTS,
    Drivers,
    EntryReduction,
    FosterPlaces,
    Levers,
    Stream,
    project_plainly,
)
from model.children.noise import Chance
from tests.engine import project as project_many

A, P, MONTHS = len(AGES), len(PLACEMENTS), 30


def stream(*, moves=False, scale=1.0):
    rng = np.random.default_rng(5)
    opening, entries = scale * rng.uniform(0, 12, (A, P)), scale * rng.uniform(0, 6, (A, P))
    opening[0, 3:5] = entries[0, 3:5] = 0
    entries[:, 7] = 0
    hazard = np.zeros((A, P, P))
    if moves:
        hazard[2:, IFA, 3] = 0.05
        hazard[:, IN_HOUSE, 2] = 0.02
    return Stream(
        opening=opening,
        entries_annual=entries,
        exit_hazard=np.linspace(0.01, 0.05, A),
        ageing_rate=1 / (12 * np.array([1, 4, 3, 2, 6, 2.0])),
        move_hazard=hazard,
    )


def drivers(draws, chance=None, seed=0):
    rng = np.random.default_rng(seed)
    scale = rng.uniform(0.8, 1.2, draws) * (1.02 ** (np.arange(MONTHS) // 12))[:, None]
    return Drivers(entry_scale=scale, exit_scale=rng.uniform(0.8, 1.2, draws), chance=chance)


def levers(draws, effect=0.2, filled=8.0, seed=1):
    rng = np.random.default_rng(seed)
    ramp = np.minimum(np.arange(MONTHS) / 12, 1)[:, None]
    older = np.array([a >= 3 for a in range(A)], float)[:, None, None]
    tilt = np.array([1, 2, 1, 0, 3, 1, 1, 1.0])[:, None]
    both = (
        EntryReduction(
            rate=effect * ramp * rng.uniform(0.5, 1.5, draws),
            weights=older * tilt * np.ones(draws),
            fade=np.full(draws, 0.01),
        ),
        EntryReduction(rate=effect * ramp * np.ones(draws), weights=np.ones((A, P, draws)), fade=np.zeros(draws)),
    )  # fmt: skip
    rise_and_fall = filled * np.sin(np.arange(MONTHS) / 8)[:, None].clip(0) * rng.uniform(0.5, 1.5, draws)
    two = tuple(
        FosterPlaces(filled=rise_and_fall, transferring_share=np.full(draws, 0.6), inflow_limited=limit)
        for limit in (np.ones(draws), (np.arange(draws) % 2).astype(float))
    )
    return Levers(reductions=both, places=two)


def assert_same(one, other, atol=1e-9):
    for field in ("stock", "entries", "exits_under_18", "exits_at_18", "diverted"):
        np.testing.assert_allclose(getattr(one, field), getattr(other, field), rtol=0, atol=atol, err_msg=field)
    for measure, table in one.cells.items():
        np.testing.assert_allclose(other.cells[measure], table, rtol=0, atol=1e-7, err_msg=measure)


@pytest.mark.parametrize("moves", [False, True])
@pytest.mark.parametrize("lucky", [False, True])
@pytest.mark.parametrize("acting", [False, True])
def test_the_compiled_loop_repeats_the_plain_one(moves, lucky, acting):
    draws = 150
    chance = Chance.of(3, "general", 17) if lucky else None
    pulled = levers(draws) if acting else Levers(reductions=(), places=())
    plain = project_plainly(stream(moves=moves), drivers(draws, chance), pulled)
    compiled = project_many(
        stream(moves=moves), drivers(draws, chance), reductions=pulled.reductions, places=pulled.places
    )
    assert_same(plain, compiled)


def test_a_large_caseload_goes_through_both_alike():
    big, chance = stream(scale=4000.0), Chance.of(1, "x", 0)
    none = Levers(reductions=(), places=())
    assert_same(project_plainly(big, drivers(70, chance), none), project_many(big, drivers(70, chance)), atol=1e-6)


def test_chance_does_not_depend_on_the_block():
    none = Levers(reductions=(), places=())
    whole = project_plainly(stream(), drivers(40, Chance.of(1, "x", 0)), none)
    rest = drivers(40)
    late = Drivers(entry_scale=rest.entry_scale[:, 25:], exit_scale=rest.exit_scale[25:], chance=Chance.of(1, "x", 25))
    np.testing.assert_array_equal(project_plainly(stream(), late, none).stock, whole.stock[:, :, 25:])


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000))
def test_no_effect_has_no_impact_in_any_draw_however_chance_falls(seed):
    draws, chance = 70, Chance.of(seed, "general", 0)
    idle = levers(draws, effect=0.0, filled=0.0)
    without = project_many(stream(), drivers(draws, chance))
    with_schemes = project_many(stream(), drivers(draws, chance), reductions=idle.reductions, places=idle.places)
    np.testing.assert_array_equal(without.stock, with_schemes.stock)
    np.testing.assert_array_equal(without.exits_under_18, with_schemes.exits_under_18)
    assert with_schemes.diverted.max() == 0


def test_children_are_conserved_and_never_negative_under_chance():
    draws = 128
    pulled = levers(draws)
    world = project_many(
        stream(moves=True), drivers(draws, Chance.of(4, "g", 0)), reductions=pulled.reductions, places=pulled.places
    )
    c = world.cells
    flow = c["entry"] + c["move_in"] + c["age_in"] - c["exit"] - c["move_out"] - c["age_out"]
    np.testing.assert_allclose(c["stock"][:-1] + flow, c["stock"][1:], atol=1e-8)
    assert world.stock.min() > -1e-9


def test_entries_prevented_are_a_thinning():
    draws, chance = 4000, Chance.of(7, "g", 0)
    one = levers(draws, filled=0.0)
    without = project_many(stream(), drivers(draws, chance))
    kept = project_many(stream(), drivers(draws, chance), reductions=one.reductions[1:])
    assert (kept.entries <= without.entries).all()
    np.testing.assert_allclose(kept.entries + kept.diverted, without.entries)
    assert np.array_equal(kept.diverted, np.round(kept.diverted))
    # given the entries, the number prevented is binomial: mean and variance in the last month, at rate 0.2
    n, k = without.entries[-1], kept.diverted[-1]
    assert k.mean() == pytest.approx(0.2 * n.mean(), rel=0.05)
    assert (k - 0.2 * n).var() == pytest.approx(0.2 * 0.8 * n.mean(), rel=0.1)


def test_chance_leaves_the_mean_alone_and_spreads_counts_as_counts_do():
    draws = 20_000
    level = replace(drivers(draws), entry_scale=np.ones((MONTHS, draws)), exit_scale=np.ones(draws))
    plain = project_many(stream(), replace(drivers(64), entry_scale=np.ones((MONTHS, 64)), exit_scale=np.ones(64)))
    lucky = project_many(stream(), replace(level, chance=Chance.of(11, "g", 0)))
    entering = plain.entries[5, 0]
    assert lucky.entries[5].mean() == pytest.approx(entering, abs=4 * np.sqrt(entering / draws))
    assert lucky.entries[5].var() == pytest.approx(entering, rel=0.05)
    total, spread = lucky.stock[-1].sum(axis=0), lucky.stock[-1].sum(axis=0).std()
    assert total.mean() == pytest.approx(plain.stock[-1, :, 0].sum(), abs=4 * spread / np.sqrt(draws))
    first_exits = (stream().opening * stream().exit_hazard[:, None]).sum()
    assert lucky.exits_under_18[0].mean() == pytest.approx(first_exits, rel=0.02)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 40), st.floats(0.001, 0.9), st.floats(0, 5))
def test_leavers_are_fair_bounded_and_never_fewer_from_a_larger_stock(stock, hazard, more):
    chance = Chance.of(2, "g", 0)
    here = np.full((1, 1, 4000), stock)
    gone = chance.leavers(0, here, np.full((1, 4000), hazard))
    larger = chance.leavers(0, here + more, np.full((1, 4000), hazard))
    assert gone.min() >= 0
    assert gone.max() <= stock + 1e-9
    assert (larger >= gone - 1e-9).all()
    error = np.sqrt((stock + 1) * hazard * (1 - hazard) / 4000)
    assert gone.mean() == pytest.approx(hazard * stock, abs=5 * error)


@pytest.mark.parametrize(("children", "hazard"), [(1, 0.3), (12, 0.02), (40, 0.1), (300, 0.05)])
def test_the_leavers_of_a_whole_row_are_binomial(children, hazard):
    """Counts against the binomial's own probabilities, and one month's against the next month's."""
    draws = 20_000
    months = [
        Chance.of(5, "g", 0).leavers(t, np.full((1, 1, draws), float(children)), np.full((1, draws), hazard))[0, 0]
        for t in range(2)
    ]
    for gone in months:
        seen = np.bincount(gone.astype(int), minlength=children + 1)
        expected = draws * binom.pmf(np.arange(children + 1), children, hazard)
        common = expected >= 5
        squares = ((seen - expected)[common] ** 2 / expected[common]).sum()
        assert chi2.sf(squares, common.sum() - 1) > 1e-4
    assert abs(np.corrcoef(*months)[0, 1]) < 4 / np.sqrt(draws)


def test_a_shorter_row_loses_the_children_that_a_longer_one_loses_from_the_same_places():
    """A place leaves or it does not, whoever is beyond it: one child more adds one leaver or none."""
    chance, hazard = Chance.of(9, "g", 0), np.full((1, 3000), 0.15)
    gone = np.array([chance.leavers(0, np.full((1, 1, 3000), float(n)), hazard)[0, 0] for n in range(9)])
    places = np.diff(gone, axis=0)
    assert set(np.unique(places)) == {0.0, 1.0}
    half = chance.leavers(0, np.full((1, 1, 3000), 4.5), hazard)[0, 0]
    np.testing.assert_allclose(half, gone[4] + 0.5 * places[4])
    np.testing.assert_allclose(places.mean(axis=1), 0.15, atol=4 * np.sqrt(0.15 * 0.85 / 3000))
    together = np.corrcoef(places) - np.eye(8)
    assert np.abs(together).max() < 4.5 / np.sqrt(3000)


def test_rows_longer_than_what_was_dealt_are_walked_to_their_end():
    """Stocks many times the opening, where more leave than was dealt: the compiled loop and the plain one agree."""
    draws, none = 80, Levers(reductions=(), places=())
    few = replace(stream(), opening=np.zeros((A, P)))
    flood = replace(drivers(draws, Chance.of(6, "g", 0)), entry_scale=np.full((MONTHS, draws), 40.0))
    assert_same(project_plainly(few, flood, none), project_many(few, flood), atol=1e-8)


def test_one_scheme_more_or_less_does_not_change_chance_for_the_rest():
    """The uniforms belong to draw, month and cell, so what another stream or seed does is its own affair."""
    a, b, c = (
        Chance.of(s, name, 0).entries(3, np.full((A, P, 500), 0.4)) for s, name in ((1, "x"), (1, "y"), (2, "x"))
    )
    assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(a.ravel(), c.ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(a[:, :, :-1].ravel(), a[:, :, 1:].ravel())[0, 1]) < 0.03
