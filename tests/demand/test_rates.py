"""Rates and forecast: known hazards recovered, small counts pooled, children conserved, honest intervals."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.case.parameters import AGE_BANDS
from model.demand.levels import entry_level
from model.demand.privacy import protected
from model.demand.rates import Rates, count_events, destinations, pool
from model.demand.ssda903 import read_episodes
from tests.demand.synthetic import World, write_returns
from tests.demand.test_ssda903 import returns, row

OURS = [0, 1, 2, 3, 5]
"""Our placements that the made-up children live in, in the order of their world's hazards."""


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """A world of known hazards, its returns counted."""
    folder = Path(tmp_path_factory.mktemp("known"))
    world = World(entries_annual=1500)
    write_returns(folder, world, seed=11)
    events = count_events(read_episodes(folder), uasc=False)
    return world, events, Rates.of(events, None)


def test_known_hazards_are_recovered(known):
    world, events, rates = known
    exposure = events.exposure
    there = exposure.sum(axis=2)
    assert exposure.sum() > 5000
    for place, hazard in zip(OURS, world.leave_annual, strict=True):
        rate = (rates.leaving[:, place] * exposure[:, place]).sum() / exposure[:, place].sum()
        assert rate == pytest.approx(hazard, rel=0.08)
    assert (rates.moving.sum(axis=2) * there).sum() / there.sum() == pytest.approx(world.move_annual, rel=0.05)


def test_entrants_are_as_young_as_their_mean_age_says(known):
    """Made-up children enter at any age up to 17.5: those of 16 and 17 in the first three quarters of their band."""
    events = known[1]
    share = events.younger / events.entries.sum(axis=(1, 2))
    assert share == pytest.approx([0.5, 0.5, 0.5, 0.5, 3 / 2 - 2 * 0.375], abs=0.06)


def test_two_children_never_give_a_rate_of_nought_or_certainty():
    events, exposure = np.zeros((5, 8, 4)), np.zeros((5, 8, 4))
    exposure[3, 0], events[3, 0] = 400.0, 100.0
    exposure[3, 1, 0] = 1.0
    exposure[2, 3, 0], events[2, 3, 0] = 0.5, 2.0
    rates = pool(events, exposure)
    assert 0.02 < rates[3, 1, 0] < 0.4
    assert rates[2, 3, 0] < 3.0
    assert (rates > 0).all()


def test_published_rates_speak_where_the_council_has_no_exits():
    nothing = np.zeros((5, 8, 4))
    prior = np.array([0.8, 0.5, 0.3, 0.15, 0.1])
    rates = pool(nothing, nothing, prior)[:, 0, 0]
    assert rates == pytest.approx(prior, rel=0.35)
    assert (np.diff(rates) < 0).all()


def test_no_events_and_no_children_give_finite_rates():
    nothing = np.zeros((5, 8, 4))
    assert np.isfinite(pool(nothing, nothing)).all()
    assert destinations(np.zeros((5, 8, 8))).sum(axis=2) == pytest.approx(np.ones((5, 8)))


def test_destinations_add_to_one_and_never_stay(known):
    shares = destinations(known[1].moves)
    assert shares.sum(axis=2) == pytest.approx(np.ones((5, 8)))
    assert (np.diagonal(shares, axis1=1, axis2=2) == 0).all()


def test_the_level_of_entries_pools_years_that_differ_by_chance_and_follows_years_that_differ_by_more():
    level, sd = entry_level(np.array([102.0, 95, 104, 99, 100]), 0.0, 0.0)
    assert level == pytest.approx(100, abs=1)
    assert sd == pytest.approx(1 / np.sqrt(500), rel=0.1)
    level, wider = entry_level(np.array([60.0, 90, 130, 170, 220]), 0.0, 0.0)
    assert level > 190
    assert wider > 3 * sd
    assert entry_level(np.zeros(3), 100.0, 2.0) == (0.0, 0.0)


def test_children_in_care_when_returns_begin_count_as_entries_of_the_years_before():
    """220 children who stay for two years: 110 entered a year, known as well as a count of 220 is."""
    level, sd = entry_level(np.full(4, 100.0), 220.0, 2.0)
    weights = np.array([4 / 100, 1 / (220 / 2**2)])
    assert level == pytest.approx((weights @ [100, 110]) / weights.sum())
    assert sd == pytest.approx(1 / np.sqrt(weights.sum()) / level)


def test_years_that_wander_forget_who_was_there_before_them():
    alone, _ = entry_level(np.array([60.0, 90, 130, 170, 220]), 0.0, 0.0)
    assert entry_level(np.array([60.0, 90, 130, 170, 220]), 100.0, 2.0)[0] == pytest.approx(alone, rel=0.02)


def test_children_in_care_before_the_first_return_count_once_their_time_in_care_is_known(tmp_path):
    """Hazards differ by time in care: leaving out what a return cannot know keeps them unbiased."""
    world = World(entries_annual=2500, leave_annual=(0.4,) * 5, by_care=(2.0, 1.0, 1.0, 0.3), history_years=18)
    write_returns(tmp_path, world, seed=6)
    events = count_events(read_episodes(tmp_path), uasc=False)
    seen = events.exits.sum(axis=(0, 1)) / events.exposure.sum(axis=(0, 1))
    assert seen == pytest.approx(0.4 * np.array(world.by_care), rel=0.05)


def test_nights_are_shared_between_ages_and_times_in_care_to_the_day(tmp_path):
    """Born 15 June 2010, in care from 1 May 2020: 45 nights at nine, 138 more under six months, 76 after them.

    Others leave after 183 nights, the last of which was within six months, and after 184.
    """
    leavers = {"A": "15/01/2021", "B": "31/10/2020", "C": "01/11/2020"}
    rows = [row(child, "01/05/2020", end, reason="E4A") for child, end in leavers.items()]
    events = count_events(read_episodes(returns(tmp_path, {2021: rows})))
    nine, ten = AGE_BANDS.index("5_9"), AGE_BANDS.index("10_15")
    nights = events.exposure.sum(axis=1) * 365.25
    assert nights[nine] == pytest.approx([3 * 45, 0, 0, 0])
    assert nights[ten] == pytest.approx([3 * 138, 76 + 1, 0, 0])
    assert nights.sum() == pytest.approx(259 + 183 + 184)
    assert events.exits.sum(axis=1)[ten].tolist() == [1, 2, 0, 0]


def test_nobody_moves_to_where_they_are_however_few_moved(known):
    """Three and three moves from a placement are told as their total, over all the ways that lead elsewhere."""
    _, events, _ = known
    moves = np.zeros_like(events.moves)
    moves[:, 1:, 0], moves[3, 0, 1:3] = 100.0, 3.0
    told = protected(replace(events, moves=moves), np.ones(events.exposure.shape[:2]), 5.0).moves
    assert told[:, 0].sum() > 0
    assert not np.einsum("app->ap", told).any()
