"""Standard errors that cover, and the digits they allow."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model.risk.convergence import (
    mean_precision,
    npv_precision,
    printed,
    probability_precision,
    quantile_precision,
)


def test_intervals_cover_the_truth_about_95_times_in_100() -> None:
    rng = np.random.default_rng(1)
    hits = np.zeros(3)
    for _ in range(400):
        x = rng.normal(10, 2, 500)
        found = (
            (mean_precision(x), 10),
            (quantile_precision(x, 0.05), 10 - 2 * 1.6448536),
            (probability_precision(int((x > 12).sum()), 500), 0.1586553),
        )
        hits += [p.low <= truth <= p.high for p, truth in found]
    assert ((hits / 400 > 0.92) & (hits / 400 < 0.985)).all()


def test_more_draws_change_a_digit_or_not() -> None:
    x = np.random.default_rng(2).normal(1.234e6, 1e4, 2000)
    coarse, fine = (npv_precision({"whole": np.asarray(v)}).iloc[0] for v in (x, 1e4 * (x - x.mean()) + 1.234e6))
    assert not coarse.may_change
    assert coarse.draws_needed == 0
    assert fine.may_change
    error = 1.959964 * 1e4 * x.std(ddof=1) / np.sqrt(2000)
    assert fine.draws_needed == pytest.approx(2000 * (error / 5_000) ** 2, rel=0.01)


def test_a_constant_is_certain() -> None:
    assert npv_precision({"whole": np.full(10, 3.0)}).iloc[0].draws_needed == 0


def test_probabilities_at_the_ends_keep_an_interval() -> None:
    never = probability_precision(0, 1000)
    assert never.low == pytest.approx(0, abs=1e-12)
    assert 0.003 < never.high < 0.005


def test_rounding_is_away_from_zero() -> None:
    assert printed(np.array([0.5, 1.5, -0.5, -1.4]), np.ones(4)).tolist() == [1, 2, -1, -1]


def test_npv_precision_covers_every_perimeter() -> None:
    npv = {"whole": np.random.default_rng(3).normal(0, 1, 100), "part": np.ones(100)}
    found = npv_precision(npv).set_index(["perimeter", "metric", "statistic"])
    assert list(found.index.unique("perimeter")) == ["whole", "part"]
    assert [metric + " " + statistic for metric, statistic in found.loc["whole"].index] == [
        "npv_gbp mean", "npv_gbp p05", "npv_gbp p50", "npv_gbp p95", "probability_npv_positive mean",
    ]  # fmt: skip
    assert found.loc[("part", "probability_npv_positive", "mean"), "estimate"] == 1


def test_forty_of_a_hundred_by_hand() -> None:
    """Wilson: centre (0.4 + 1.96^2 / 200) / (1 + 1.96^2 / 100); the textbooks' interval is 0.309 to 0.498."""
    found = probability_precision(40, 100)
    assert found.standard_error == pytest.approx(math.sqrt(0.4 * 0.6 / 100))
    assert (found.low, found.high) == pytest.approx((0.3094, 0.4980), abs=5e-5)


def test_a_quantile_of_ten_lies_between_the_values_around_it() -> None:
    """0.5 -+ 1.96 x 0.689 is -0.9 to 1.9, so the first to the third value; at the other end the ninth and the last."""
    values = np.arange(10.0)
    first, last = (quantile_precision(values, p) for p in (0.05, 0.95))
    assert (first.low, first.high) == (0, 2)
    assert (last.low, last.high) == (8, 9)
