"""Value of information against the closed form for a linear model of normals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model.voi import evpi, evppi, options


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
        sampling = np.std(np.maximum(1 + 3 * x[0], 0) - (1 + 3 * x[0])) / math.sqrt(2000)
        hits += abs(value - truth) < 2 * math.hypot(error, sampling)
    assert hits >= 52


def test_what_cannot_change_the_decision_is_worth_nothing() -> None:
    x, benefits = linear(5000, 3, mean=40.0)
    assert evppi(benefits, x[:1], seed=1)[0] == 0
    _, near = linear(5000, 3, mean=0.0)
    stranger = np.random.default_rng(9).standard_normal((1, 5000))
    assert evppi(near, stranger, seed=1)[0] == pytest.approx(0, abs=0.02)
    assert evppi(near, np.ones((1, 5000)), seed=1) == (0.0, 0.0)


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
