"""How much of each: a separable problem with a known optimum, limits of nought and of infinity, brute force."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from model.case.options import Limits, Scalable
from model.money.appraisal import discount_factors, payback_months
from model.options import mixes
from model.options.mixes import Surface
from tests.engine import invented

SCALES = (0.0, 0.5, 1.0, 1.5, 2.0)
NO_LIMITS = dict.fromkeys(mixes.COLUMN_OF)


def scalable(name):
    return Scalable(name=name, scales=SCALES, fixed_share=0.25, source="invented", step=0.25)


@pytest.fixture(scope="module")
def made():
    """Two schemes that do not meet: each earns gain x scale - loss x scale^2 a month from the second year on."""
    case = invented()
    months, draws = case.timeline.months, 40
    level = np.random.default_rng(3).uniform(0.6, 1.4, draws)

    def own(scale, gain, loss):
        money = np.zeros((months, draws))
        money[:12] = -1000 * scale
        money[12:] = (gain * scale - loss * scale**2) * level
        return money

    shape = (len(SCALES), len(SCALES))
    net = np.zeros((*shape, months, draws), dtype=np.float32)
    for (i, a), (j, b) in itertools.product(enumerate(SCALES), enumerate(SCALES)):
        net[i, j] = own(a, 2000, 700) + own(b, 900, 600)
    cost = np.array([[1000 * (a + b) for b in SCALES] for a in SCALES])
    year = np.zeros((*shape, len(case.timeline.financial_years)))
    year[..., 0] = 12 * cost
    limits = Limits(objective="npv_gbp", reserve_chance=0.8, payback_by="2026/27", source="invented")
    file = SimpleNamespace(scalable=(scalable("a"), scalable("b")), limits=limits)
    posts = {"a": 4.0, "b": 2.0}
    return Surface(case=case, file=file, net=net, cash=net / 2, cost=cost, year=year, posts=posts)


@pytest.fixture(scope="module")
def table(made):
    return made.mixes()


def test_a_grid_has_nought_and_nothing_below_the_smallest_scale():
    assert scalable("a").grid == (0.0, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
    whole = Scalable(name="a", scales=(0.0, 0.5, 2.0), fixed_share=0, source="invented", unit="posts", units=3)
    assert whole.grid == pytest.approx((0, 2 / 3, 1, 4 / 3, 5 / 3, 2))


def test_a_separable_problem_is_solved_at_each_schemes_own_optimum(table):
    """The gain of a is largest near 2000 / 1400 = 1.43, of b near 0.75, less a year's outlay: of the nodes 1.5, 0.5."""
    best = mixes.best(table, NO_LIMITS, "npv_gbp")
    assert (best["a"], best["b"]) == (1.5, 0.5)
    for other in ("a", "b"):  # each is best whatever the other is
        for scale in table[other].unique():
            alone = mixes.best(table[table[other] == scale], NO_LIMITS, "npv_gbp")
            rest = "b" if other == "a" else "a"
            assert alone[rest] == best[rest]


def test_no_money_buys_nothing_and_endless_money_the_best_of_all(table):
    for limit in ("budget_annual_gbp", "reserve_gbp", "posts_fte"):
        chosen = mixes.best(table, {**NO_LIMITS, limit: 0.0}, "npv_gbp")
        assert (chosen["a"], chosen["b"], chosen["npv_gbp"]) == (0, 0, 0)
        endless = mixes.best(table, {**NO_LIMITS, limit: np.inf}, "npv_gbp")
        assert endless["npv_gbp"] == table["npv_gbp"].max()


def test_doing_nothing_has_paid_back(table):
    assert table.iloc[0]["payback_chance"] == 1
    assert mixes.best(table, {**NO_LIMITS, "payback_chance": 1.0}, "npv_gbp") is not None


def test_the_frontier_rises(table):
    for against in ("peak_gbp", "shortfall_gbp"):
        edge = mixes.frontier(table, against, "npv_gbp")
        assert (np.diff(edge[against]) >= 0).all()
        assert (np.diff(edge["npv_gbp"]) > 0).all()
        assert edge["npv_gbp"].iloc[-1] == table["npv_gbp"].max()
        for _, mix in edge.iterrows():  # nothing that needs no more is worth more
            assert table[table[against] <= mix[against]]["npv_gbp"].max() == mix["npv_gbp"]


def test_every_mix_is_what_brute_force_gives(made, table):
    """Straight lines between the four nodes around a mix, then month by month; in double precision, another way."""
    factors = discount_factors(made.case.timeline, made.case.conventions.discount_rate_annual)
    years = made.case.timeline.financial_years
    last = int(np.flatnonzero(made.case.timeline.year_index == years.index("2026/27"))[-1])
    for _, mix in table.sample(25, random_state=2).iterrows():
        rows = [_between(mix["a"], made.net[:, j].astype(float)) for j in range(len(SCALES))]
        net = _between(mix["b"], np.array(rows))
        npv = (factors[:, None] * net).sum(axis=0)
        cumulative = np.cumsum(net, axis=0)
        assert mix["npv_gbp"] == pytest.approx(npv.mean(), rel=1e-5, abs=0.1)
        peaks = np.sort(np.maximum(0, -cumulative.min(axis=0)))
        assert mix["peak_gbp"] == pytest.approx(peaks[int(np.ceil(0.8 * (len(peaks) - 1)))], rel=1e-5, abs=0.1)
        paid = payback_months(net)
        assert mix["payback_chance"] == pytest.approx((paid <= last + 1).mean())
        posts = [0.0 if s == 0 else fte * (0.25 + 0.75 * s) for s, fte in ((mix["a"], 4), (mix["b"], 2))]
        assert mix["posts_fte"] == pytest.approx(sum(posts))


def _between(scale, along):
    high = next(i for i, s in enumerate(SCALES) if s >= scale - 1e-12)
    low = max(high - 1, 0)
    share = 0.0 if high == low else (SCALES[high] - scale) / (SCALES[high] - SCALES[low])
    return share * along[low] + (1 - share) * along[high]


def test_the_optimum_of_the_grid_is_that_of_a_search_by_hand(table):
    limits = {"reserve_gbp": 15_000.0, "budget_annual_gbp": 20_000.0, "posts_fte": 5.5, "payback_chance": 0.5}
    best, value = None, -np.inf
    for at, mix in table.iterrows():
        held = mix["peak_gbp"] <= 15_000 and mix["year_gbp"] <= 20_000 and mix["posts_fte"] <= 5.5
        if held and mix["payback_chance"] >= 0.5 and mix["npv_gbp"] > value:
            best, value = at, mix["npv_gbp"]
    assert mixes.best(table, limits, "npv_gbp").name == best


def test_a_limit_that_binds_has_a_price_and_one_that_does_not_has_none(table):
    limits = {**NO_LIMITS, "reserve_gbp": 12_000.0, "posts_fte": 99.0}
    prices = mixes.shadow_prices(table, limits, "npv_gbp")
    richer = mixes.best(table, {**limits, "reserve_gbp": 112_000.0}, "npv_gbp")["npv_gbp"]
    assert prices["reserve_gbp"] == pytest.approx(richer - mixes.best(table, limits, "npv_gbp")["npv_gbp"])
    assert prices["reserve_gbp"] > 0
    assert prices["posts_fte"] == 0
    assert set(prices) == {"reserve_gbp", "posts_fte"}


def test_the_optimiser_finds_what_trying_every_mix_finds(made, table):
    limits = {**NO_LIMITS, "reserve_gbp": 15_000.0}
    found = mixes.search(made, limits, seed=1).iloc[0]
    tried = mixes.best(table, limits, "npv_gbp")
    assert (found["a"], found["b"]) == (tried["a"], tried["b"])
    assert found["npv_gbp"] == pytest.approx(tried["npv_gbp"])
