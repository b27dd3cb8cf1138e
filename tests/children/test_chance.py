"""Children dealt by chance: the same children in every world and scenario, and no child saved twice."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.case.draws import sample, with_values
from model.case.parameters import AGES, PLACEMENTS
from model.children.chance import dealt, play
from model.children.expected import project
from model.children.law import EIGHTEEN
from model.children.levers import Levers
from model.children.paths import EIGHTEENTH, LEFT, MOVED, deal, draw_keys, likelier, moment, poisson, walk
from model.money.portfolio import evaluate
from tests.children.known import (
    CLOSING,
    HOMES,
    IFA,
    IN_HOUSE,
    MONTHS,
    WORLDS,
    by_chance,
    children_of,
    drivers,
    one_law,
    places,
    reduction,
    small,
    sooner,
)
from tests.engine import invented

DRAWS = 400
FLOWS = ("stock", "entries", "exits_under_18", "exits_at_18", "diverted")


def world(levers, draws=DRAWS, first=0, seed=3):
    return by_chance(small(), drivers(draws=draws, seed=seed, first=first), levers)


def same(one, other):
    for name in FLOWS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def test_the_same_seed_deals_the_same_children_and_another_seed_others():
    nobody = Levers()
    same(world(nobody), world(nobody))
    assert (world(nobody).stock != world(nobody, seed=4).stock).any()


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize(("first", "draws"), [(0, 1), (0, 30), (7, 20), (39, 1)])
def test_a_draw_is_the_same_whichever_block_it_is_dealt_in(name, first, draws):
    whole, part = world(WORLDS[name](40), draws=40), world(WORLDS[name](draws), draws=draws, first=first)
    for flow in FLOWS:
        np.testing.assert_array_equal(getattr(part, flow), getattr(whole, flow)[..., first : first + draws])


def test_the_opening_children_are_whole_and_as_many_as_are_in_care():
    stream = small()
    stocks = world(Levers()).stock[0]
    expected = stream.opening.sum(axis=(0, 1))
    assert (stocks == np.round(stocks)).all()
    assert (np.abs(stocks - expected[:, None]) < 1).all()
    assert abs(stocks.sum(axis=0) - stream.opening.sum()).max() < 1
    assert stocks.mean(axis=1) == pytest.approx(expected, abs=0.1)


def test_a_dearer_price_leaves_every_child_where_it_was():
    case = invented()
    draws = sample(case, 50, 1)
    dearer = with_values(draws, {"price.residential_weekly": 9_999.0})
    one, other = evaluate(case, draws), evaluate(case, dearer)
    for names in ((), tuple(one.levers)):
        same(one.world(names), other.world(names))
    assert (other.total_spending() > one.total_spending()).all()


NOTHING = {
    "a reduction of nothing": lambda n: Levers(reductions=(reduction(0.0, fade=0.1, draws=n),)),
    "no places": lambda n: Levers(places=(places(0.0, draws=n), places(0.0, name="x", limited=0.0, draws=n))),
    "nobody sooner": lambda n: Levers(sooner=(sooner(0.0, HOMES, IFA, draws=n), sooner(0.0, IFA, None, draws=n))),
}


@pytest.mark.parametrize("levers", NOTHING.values(), ids=NOTHING)
def test_no_effect_is_no_impact_in_every_draw_bit_for_bit(levers):
    plain, acting = world(Levers()), world(levers(DRAWS))
    same(plain, acting)
    for measure, cells in plain.cells.items():
        np.testing.assert_array_equal(cells, acting.cells[measure])
    one = drivers()
    np.testing.assert_array_equal(
        project(small(), one).projection.stock, project(small(), one, levers(1)).projection.stock
    )


def test_two_schemes_that_would_each_keep_every_child_at_home_keep_each_child_once():
    plain = world(Levers())
    both = world(
        Levers(reductions=(reduction(1.0, ages=AGES, draws=DRAWS), reduction(1.0, name="b", ages=AGES, draws=DRAWS)))
    )
    assert not both.entries.any()
    np.testing.assert_array_equal(both.diverted, plain.entries)
    older = world(Levers(reductions=(reduction(1.0, draws=DRAWS), reduction(1.0, name="b", draws=DRAWS))))
    np.testing.assert_array_equal(older.diverted + older.entries, plain.entries)
    assert older.cells["entry"][:, 3:].sum() == 0
    np.testing.assert_array_equal(older.cells["entry"][:, :3], plain.cells["entry"][:, :3])


@settings(max_examples=10, deadline=None)
@given(one=st.floats(0, 1), two=st.floats(0, 1))
def test_together_two_schemes_keep_at_home_the_children_that_either_would(one, two):
    alone = [world(Levers(reductions=(r,))).diverted for r in
             (reduction(one, draws=DRAWS), reduction(two, name="b", draws=DRAWS))]  # fmt: skip
    both = world(Levers(reductions=(reduction(one, draws=DRAWS), reduction(two, name="b", draws=DRAWS)))).diverted
    assert (both >= np.maximum(*alone)).all()
    assert (both <= sum(alone)).all()
    target = world(Levers(reductions=(reduction(1.0, draws=DRAWS),))).diverted.sum()
    share = 1 - (1 - one) * (1 - two)
    assert abs(both.sum() - share * target) <= 5 * np.sqrt(target * share * (1 - share)) + 1e-6


def test_more_effect_keeps_the_same_children_at_home_and_some_more():
    kept = [world(Levers(reductions=(reduction(e, draws=DRAWS),))).diverted for e in (0.2, 0.5)]
    assert (kept[1] >= kept[0]).all()
    assert kept[1].sum() > kept[0].sum() * 1.5


def test_the_order_in_which_schemes_are_declared_does_not_matter():
    a, b = reduction(0.4, fade=0.05, draws=DRAWS), reduction(0.3, name="groups", ages=AGES, fade=0.05, draws=DRAWS)
    same(world(Levers(reductions=(a, b))), world(Levers(reductions=(b, a))))


def test_a_child_who_comes_after_all_is_counted_when_it_comes_and_costs_nobody_else():
    plain = world(Levers())
    fades = world(Levers(reductions=(reduction(1.0, fade=0.1, draws=DRAWS),)))
    kept = world(Levers(reductions=(reduction(1.0, draws=DRAWS),)))
    np.testing.assert_array_equal(fades.diverted, kept.diverted)
    back = fades.entries - kept.entries
    assert (back >= 0).all()
    assert (back.cumsum(axis=0) <= kept.diverted.cumsum(axis=0)).all()
    assert back.sum() > 100
    assert (fades.entries.cumsum(axis=0) <= plain.entries.cumsum(axis=0)).all()


@pytest.mark.parametrize("limited", [0.0, 1.0])
def test_a_transferred_child_is_that_child_in_another_home(limited):
    """In every draw and month: as many children in all, and no agency home with fewer than none."""
    plain = world(Levers())
    moved = world(Levers(places=(places(CLOSING, limited=limited, draws=DRAWS),)))
    np.testing.assert_array_equal(moved.stock.sum(axis=1), plain.stock.sum(axis=1))
    for flow in ("entries", "exits_under_18", "exits_at_18"):
        np.testing.assert_array_equal(getattr(moved, flow), getattr(plain, flow))
    others = [p for p in range(moved.stock.shape[1]) if p not in {IN_HOUSE, IFA}]
    np.testing.assert_array_equal(moved.stock[:, others], plain.stock[:, others])
    assert moved.stock.min() >= 0
    gained = moved.stock[:, IN_HOUSE] - plain.stock[:, IN_HOUSE]
    assert gained.min() >= 0
    assert gained.max() > 2


def test_no_more_children_leave_the_agencies_than_are_there():
    everyone = world(Levers(places=(places(500.0, limited=0.0, draws=DRAWS),)))
    assert everyone.stock[1:, IFA].mean() < 0.01
    assert everyone.stock.min() == 0


# --- One child --------------------------------------------------------------------------------------------------------


def lived(stream, draws=2000, months=240):
    moved = drivers(draws=draws, months=months, seed=5)
    children = deal(stream, moved, moved.chance)
    return children, walk(children, stream.law, moved.exit_scale, float(months))


def test_a_child_who_enters_at_seventeen_stays_under_a_year_and_leaves_on_its_birthday():
    moved = drivers(draws=2000, months=40, seed=5)
    stream = children_of(one_law(), entries={("16_17", HOMES): 6})
    children = deal(stream, moved, moved.chance)
    at_17 = children.pick((children.age >= 204) & (children.start < 20))
    stays = walk(at_17, stream.law, moved.exit_scale, 40.0)
    assert (stays.ending == EIGHTEENTH).all()
    length = (stays.end - stays.start).astype(float)
    assert length.max() <= 12.0 + 1e-4
    assert length.mean() == pytest.approx(6.0, abs=0.1)
    assert stays.end + stays.born == pytest.approx(np.full(len(stays), EIGHTEEN), abs=1e-3)


def test_stays_of_a_child_follow_each_other_and_end_once():
    children, stays = lived(small(), draws=50)
    order = np.lexsort((stays.start, stays.child))
    stays = stays.pick(order)
    nexts = stays.child[1:] == stays.child[:-1]
    np.testing.assert_array_equal(stays.start[1:][nexts], stays.end[:-1][nexts])
    assert (stays.ending[:-1][nexts] == MOVED).all()
    assert (stays.ending[:-1][~nexts] != MOVED).all()
    assert (stays.placement[1:][nexts] != stays.placement[:-1][nexts]).all()
    assert len(np.unique(stays.child)) == len(children)


@pytest.mark.parametrize("rate", [0.05, 0.4])
def test_stays_at_one_rate_are_exponential(rate):
    """Mean 1 / rate and a share of exp(-1) longer than that, of children who enter under one."""
    _, stays = lived(children_of(one_law(rate), entries={("under_1", HOMES): 2}), draws=1500, months=120)
    early = stays.pick(stays.start < 20)
    length = (early.end - early.start).astype(float)
    assert (early.ending == LEFT).mean() > 0.98
    error = 1 / np.sqrt(len(length))
    assert length.mean() * rate == pytest.approx(1.0, abs=4 * error + 0.01)
    assert (length > 1 / rate).mean() == pytest.approx(np.exp(-1), abs=4 * 0.48 * error)


def test_as_many_enter_as_a_poisson_number_of_them():
    entries = world(Levers(), draws=2000).entries
    mean = small().entries_annual.sum() / 12
    assert entries.mean() == pytest.approx(mean, abs=5 * np.sqrt(mean / entries.size))
    assert entries.var() == pytest.approx(mean, rel=0.05)


def test_a_poisson_number_is_the_inverse_of_its_distribution():
    """At a mean of 2: exp(-2) = 0.1353 is nobody, 0.4060 at most one child, 0.6767 at most two."""
    even = np.array([0.13, 0.1354, 0.4059, 0.4061, 0.6766, 0.6767])
    assert list(poisson(even, np.full(6, 2.0))) == [0, 1, 1, 2, 2, 3]
    assert poisson(np.array([0.9]), np.array([0.0])) == [0]


def test_more_children_in_a_month_than_any_authority_has_are_refused():
    with pytest.raises(OverflowError, match=r"entries_annual in caseload\.csv"):
        poisson(np.array([0.5]), np.array([450.0]))


def test_expected_numbers_cannot_be_dealt():
    with pytest.raises(ValueError, match="no chance to deal"):
        dealt(small(), drivers(), cells=False)


def test_entries_of_another_level_are_more_of_the_same_children():
    """Children of a month are dealt one after another: a higher level adds some and takes nobody away."""
    moved = drivers(draws=100, seed=3)
    stream = small()
    few, many = (
        play(dealt(stream, replace(moved, entry_scale=moved.entry_scale * k), cells=False)) for k in (1.0, 1.5)
    )
    assert (many.entries >= few.entries).all()
    assert many.entries.sum() == pytest.approx(1.5 * few.entries.sum(), rel=0.05)
    assert len(few.entries) == MONTHS


# --- Where children go is known from a sample -------------------------------------------------------------------------


def seen(years):
    return replace(small(), years_seen=years)


def tilts(stream, draws=40_000):
    moved = drivers(draws=draws, seed=2)
    return likelier(stream, draw_keys(moved, moved.chance))


def test_a_pattern_taken_as_certain_is_the_same_in_every_draw():
    np.testing.assert_array_equal(tilts(small()), np.ones((1, len(PLACEMENTS))))


def test_how_likely_a_placement_is_varies_as_a_rate_counted_over_so_many_years():
    """By hand: 12 enter a foster home a year and 0.02 a month of its 50 children move on to a children's home, which
    nobody enters. So 12 arrivals a year there, and 12 here; three years' rates are off by 1/sqrt(3 x 12 / 2)."""
    law = one_law(moves={(IN_HOUSE, HOMES): 0.02})
    stream = children_of(law, opening={(120, 30, IN_HOUSE): 50}, entries={("10_15", IN_HOUSE): 12})
    found = tilts(replace(stream, years_seen=3.0))
    assert found[:, [IN_HOUSE, HOMES]].mean(axis=0) == pytest.approx([1, 1], abs=0.005)
    assert found[:, [IN_HOUSE, HOMES]].var(axis=0) == pytest.approx([2 / 36, 2 / 36], rel=0.03)
    assert (np.delete(found, [IN_HOUSE, HOMES], axis=1) == 1).all(), "nobody ever arrives there: nothing to vary"


def test_a_sampled_pattern_moves_children_between_placements_and_no_more_of_them_into_care():
    moved = drivers(draws=2000, months=36, seed=4)
    certain, sampled = (play(dealt(stream, moved, cells=True)) for stream in (small(), seen(3.0)))
    np.testing.assert_array_equal(sampled.entries, certain.entries)
    spread = sampled.stock[-1].std(axis=1) / certain.stock[-1].std(axis=1)
    assert spread.max() > 1.1
    assert spread.min() > 0.95
    error = np.sqrt(certain.stock[-1].var(axis=1) + sampled.stock[-1].var(axis=1)) / np.sqrt(2000)
    off = np.abs(sampled.stock[-1].mean(axis=1) - certain.stock[-1].mean(axis=1))
    assert (off < 4 * error + 0.02 * certain.stock[-1].mean(axis=1)).all()
    flows = {m: sampled.cells[m].sum(axis=(1, 2)) for m in ("entry", "exit", "move_in", "move_out")}
    stock = sampled.cells["stock"].sum(axis=(1, 2))
    np.testing.assert_allclose(np.diff(stock), flows["entry"] - flows["exit"], atol=1e-6)
    np.testing.assert_allclose(flows["move_in"], flows["move_out"])


@pytest.mark.parametrize(("first", "draws"), [(0, 1), (7, 20), (39, 1)])
def test_a_draw_of_a_sampled_pattern_is_the_same_whichever_block_it_is_dealt_in(first, draws):
    def some(draws, first):
        levers = WORLDS["all together, places limited"](draws)
        return by_chance(seen(2.0), drivers(draws=draws, seed=3, first=first), levers)

    whole, part = some(40, 0), some(draws, first)
    for flow in FLOWS:
        np.testing.assert_array_equal(getattr(part, flow), getattr(whole, flow)[..., first : first + draws])


def test_no_effect_is_no_impact_where_the_pattern_is_sampled_too():
    moved = drivers(draws=50, seed=3)
    ground = dealt(seen(2.0), moved, cells=False)
    same(play(ground, Levers(reductions=(reduction(0.0, draws=50),))), play(ground))


@given(st.integers(0, 600), st.floats(0, 1, exclude_max=True))
def test_a_moment_of_a_month_is_in_that_month_however_near_its_end(month, even):
    at = moment(np.array([month]), np.array([even]))
    assert np.floor(at) == month
    assert at == pytest.approx(month + even, abs=1e-4)


def test_of_a_million_who_enter_in_the_last_month_all_enter_before_the_horizon():
    """Single precision rounds the last four millionths of a month to the next, where no month is."""
    months, draws = 120, 3500
    stream, moved = children_of(one_law(), entries={("10_15", IFA): 12}), drivers(draws=draws, months=months, seed=1)
    scale = np.zeros((months, draws))
    scale[-1] = 300
    entered = deal(stream, replace(moved, entry_scale=scale), moved.chance).start
    assert len(entered) > 1_000_000
    assert months - 1 <= entered.min()
    assert months - 1e-4 < entered.max() < months
