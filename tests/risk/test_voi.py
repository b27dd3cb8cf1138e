"""Value of information against the closed form for a linear model of normals."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pytest

from model.case.draws import sample, with_values
from model.money.appraisal import npv_evaluator
from model.risk.voi import evpi, evppi, groups_by_prefix, information_values, options
from model.schemes.load import load_case


def unit_loss(mean: float, sd: float) -> float:
    """E max(X, 0) - max(E X, 0) for X normal."""
    ratio = abs(mean) / sd
    density = math.exp(-(ratio**2) / 2) / math.sqrt(2 * math.pi)
    return sd * (density - ratio * 0.5 * math.erfc(ratio / math.sqrt(2)))


def linear(n: int, seed: int, mean: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).standard_normal((3, n))
    npv = mean + 3 * x[0] + 2 * x[1] + 1 * x[2]
    return x, options({"p": npv}, ["p"])


def test_perfect_information_about_a_normal() -> None:
    _, benefits = linear(200_000, 1)
    assert evpi(benefits) == pytest.approx(unit_loss(1, math.sqrt(14)), rel=0.02)


@pytest.mark.parametrize(
    ("rows", "sd"), [([0], 3), ([1], 2), ([2], 1), ([0, 1], math.sqrt(13)), ([0, 1, 2], math.sqrt(14))]
)
def test_partial_perfect_information_matches_the_closed_form(rows: list[int], sd: float) -> None:
    x, benefits = linear(10_000, 2)
    value, error = evppi(benefits, x[rows], seed=1)
    # the sample's own mean stands in for the true one: compare at that mean, and allow for sampling as well
    assert value == pytest.approx(unit_loss(float(benefits[1].mean()), sd), abs=4 * error + 0.02)


def test_the_stated_error_covers_the_truth() -> None:
    truth = unit_loss(1, 3)
    hits = 0
    for seed in range(60):
        x, benefits = linear(2000, 100 + seed)
        value, error = evppi(benefits, x[:1], seed=seed)
        hits += abs(value - truth) < 2 * error
    assert hits >= 52


def test_what_cannot_change_the_decision_is_worth_nothing() -> None:
    x, benefits = linear(5000, 3, mean=40.0)
    assert evppi(benefits, x[:1], seed=1)[0] == 0
    _, near = linear(5000, 3, mean=0.0)
    stranger = np.random.default_rng(9).standard_normal((1, 5000))
    assert evppi(near, stranger, seed=1)[0] == pytest.approx(0, abs=0.02)
    assert evppi(near, np.ones((1, 5000)), seed=1) == (0.0, 0.0)


def test_everything_is_every_number_and_leaves_out_what_chance_nobody_can_learn() -> None:
    """Three normals of deviation 3, 2 and 1, and as much chance again: knowing all three is worth their own loss."""
    x, benefits = linear(10_000, 6)
    chance = math.sqrt(14) * np.random.default_rng(7).standard_normal(10_000)
    noisy = options({"p": benefits[1] + chance}, ["p"])
    case = SimpleNamespace(assumptions=dict.fromkeys("abc"))
    *parts, every = information_values(case, dict(zip("abc", x, strict=True)), noisy).itertuples()
    assert every.learnt == "everything"
    assert every.value_gbp == pytest.approx(unit_loss(float(noisy[1].mean()), math.sqrt(14)), abs=2 * every.error_gbp)
    assert every.value_gbp < 0.8 * evpi(noisy)
    assert [part.learnt for part in parts] == ["a", "b", "c"]
    assert all(part.value_gbp <= every.value_gbp for part in parts)
    shares = [part.value_gbp / every.value_gbp for part in parts]
    assert [part.share_of_everything for part in (*parts, every)] == pytest.approx([*shares, 1])
    sure = options({"p": noisy[1] + 1000}, ["p"])  # what changes no decision is no share of nothing
    assert not information_values(case, dict(zip("abc", x, strict=True)), sure)["share_of_everything"].any()


def test_a_curved_relation_and_a_product_are_found() -> None:
    x = np.random.default_rng(4).standard_normal((2, 20_000))
    curved = options({"p": x[0] ** 2 - 1 + 0.5 * x[1]}, ["p"])
    truth = np.maximum(x[0] ** 2 - 1, 0).mean() - max(0, (x[0] ** 2 - 1).mean())
    assert evppi(curved, x[:1], seed=1)[0] == pytest.approx(truth, rel=0.05)
    product = options({"p": x[0] * x[1]}, ["p"])
    assert evppi(product, x[:1], seed=1)[0] == pytest.approx(0, abs=0.02)
    assert evppi(product, x, seed=1)[0] == pytest.approx(np.maximum(x[0] * x[1], 0).mean(), rel=0.05)


def test_three_options() -> None:
    x = np.random.default_rng(5).standard_normal((2, 50_000))
    benefits = options({"p": x[0], "q": x[1]}, ["p", "q"])
    assert evpi(benefits) == pytest.approx(np.maximum(0, x.max(axis=0)).mean(), abs=0.02)
    assert evppi(benefits, x, seed=1)[0] == pytest.approx(evpi(benefits), rel=0.02)
    assert evppi(benefits, x[:1], seed=1)[0] == pytest.approx(1 / math.sqrt(2 * math.pi), rel=0.05)


def call(mean: float, log_sd: float, cost: float) -> float:
    """E max(Y - cost, 0) for Y lognormal with this mean: Black and Scholes without interest."""
    cumulative = NormalDist().cdf
    far = math.log(mean / cost) / log_sd + log_sd / 2
    return mean * cumulative(far) - cost * cumulative(far - log_sd)


def multiplied(seed: int, known: int = 10, n: int = 2000) -> tuple[np.ndarray, np.ndarray]:
    """An effect that is a product of twelve numbers of mean 1, less a cost of 0.7, and as much noise again."""
    random = np.random.default_rng(seed)
    x = np.exp(0.25 * random.standard_normal((12, n)) - 0.25**2 / 2)
    benefits = options({"p": x.prod(axis=0) - 0.7 + 0.7 * random.standard_normal(n)}, ["p"])
    return x[:known], benefits


def test_many_inputs_that_multiply_are_worth_no_more_than_they_are() -> None:
    truth = call(1, 0.25 * math.sqrt(10), 0.7) - 0.3
    found = np.array([evppi(b, x, seed=1) for x, b in (multiplied(seed) for seed in range(20))])
    value, error = found.T
    assert value.mean() == pytest.approx(truth, rel=0.12)  # a plane through them gives a third more
    assert value.mean() < truth
    assert (abs(value - truth) < 2 * error).sum() >= 18


def test_products_without_any_effect_of_their_factors_are_found_among_many_inputs() -> None:
    """Four products of two normals: the mean of the positive part of their sum is 3/4."""
    random = np.random.default_rng(11)
    x = random.standard_normal((8, 4000))
    benefits = options({"p": (x[::2] * x[1::2]).sum(axis=0) + random.standard_normal(4000)}, ["p"])
    value, error = evppi(benefits, x, seed=1)
    assert value == pytest.approx(0.75, abs=2 * error)
    assert error < 0.05


def test_many_inputs_that_change_no_decision_are_worth_nothing() -> None:
    _, benefits = multiplied(3)
    strangers = np.random.default_rng(8).standard_normal((10, 2000))
    assert evppi(benefits, strangers, seed=1)[0] == 0
    x, _ = multiplied(4)
    sure = options({"p": x.prod(axis=0) + 1}, ["p"])
    assert evppi(sure, x, seed=1)[0] == 0


@pytest.mark.parametrize("n", [2, 3, 9, 40, 200])
def test_no_sample_makes_a_part_worth_more_than_the_whole(n: int) -> None:
    x, benefits = multiplied(5, n=n)
    for rows in (x, x[:2], x[:1]):
        value, error = evppi(benefits, rows, seed=1)
        assert 0 <= value <= evpi(benefits)
        assert math.isfinite(error)
        assert evppi(benefits, rows, seed=1) == (value, error)


OUTER, INNER = 600, 12


def test_edge_of_care_in_bury_is_worth_what_a_nested_simulation_says() -> None:
    """600 draws of its assumptions with 12 of all others in each.

    Choosing on one half of the twelve and counting the other half is worth less than the truth, on all of them more.
    """
    case = load_case(Path(__file__).parents[2] / "inputs" / "bury-2022", "base")
    names, known = ["fostering", "edge_of_care", "invest_to_save"], groups_by_prefix(case)["edge_of_care"]
    evaluate, draws = npv_evaluator(case, names), sample(case, 2000, 1)
    benefits = options(evaluate(draws), names)
    value, error = evppi(benefits, np.array([draws[name] for name in known]), seed=1)

    many = sample(case, OUTER * INNER, 2)
    held = {name: np.repeat(many[name][:OUTER], INNER) for name in known}
    npv = options(evaluate(with_values(many, held)), names).reshape(-1, OUTER, INNER)
    chosen, now = npv[..., ::2].mean(axis=2).argmax(axis=0), npv.mean(axis=(1, 2)).max()
    on_half = npv[..., 1::2].mean(axis=2)[chosen, np.arange(OUTER)] - now
    on_all = npv.mean(axis=2).max(axis=0) - now
    off = 2 * math.hypot(error, float(on_all.std()) / math.sqrt(OUTER))
    assert on_half.mean() - off < value < on_all.mean() + off
    assert off < 0.5 * value
