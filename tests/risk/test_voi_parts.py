"""The parts of the value of information, each on numbers that can be worked out on paper."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model.risk import voi


def smooth(*values: float) -> voi._Smooth:
    return voi._smooth(np.array(values, float))


def test_a_gain_is_the_mean_of_the_best_less_the_best_mean_and_nothing_is_a_choice() -> None:
    """Two options in four draws, (options, fits, draws): 0, 4, 0, 2 less the best mean of 1 and 0.5; then both lose."""
    means = np.array([[[-1.0, 4, 0, 1], [-1, -1, -1, -1]], [[-2.0, 0, -1, 2], [-3, -3, 1, -3]]])
    assert voi._gain(means) == pytest.approx([(0 + 4 + 0 + 2) / 4 - 1, (0 + 0 + 1 + 0) / 4])


def test_the_error_of_a_sample_is_that_of_what_was_chosen_less_what_would_be() -> None:
    """By the means the choice is nothing, 1, 2, 1; now it would be option 1, of the best mean gain."""
    means = np.array([[-1.0, 5, 1, 4], [-2.0, 1, 3, 1]])
    gains = np.array([[-2.0, 6, 2, 4], [1.0, 0, 3, -1]])
    differences = np.array([0 - -2.0, 6 - 6, 3 - 2, 4 - 4])
    assert voi._sampling_error(means, gains) == pytest.approx(differences.std() / 2)


def test_a_spline_bends_at_the_quantiles_that_divide_the_sample_evenly() -> None:
    row = np.arange(13.0) * 7 + 2
    one = voi._smooth(row)
    z = (np.arange(13.0) - 6) / math.sqrt(14)  # the variance of 0 to 12 is (13^2 - 1) / 12
    np.testing.assert_allclose(one.scaled, z)
    assert {knots: len(columns) for knots, columns in one.splines.items()} == {0: 3, 2: 5, 5: 8}
    np.testing.assert_allclose(one.splines[2][:3], [z, z**2, z**3])
    np.testing.assert_allclose(one.splines[2][3], np.maximum(z - z[4], 0) ** 3, atol=1e-12)
    np.testing.assert_allclose(one.splines[2][4], np.maximum(z - z[8], 0) ** 3, atol=1e-12)
    np.testing.assert_allclose(one.splines[5][3], np.maximum(z - z[2], 0) ** 3, atol=1e-12)


def test_designs_go_from_a_constant_by_a_plane_to_more_and_more_knots() -> None:
    inputs = [smooth(*range(10)), smooth(*np.arange(10.0) ** 2)]
    designs = list(voi._designs(inputs))
    assert [design.shape for design in designs] == [(10, 1), (10, 3), (10, 7), (10, 11), (10, 17)]
    assert all((design[:, 0] == 1).all() for design in designs)
    np.testing.assert_allclose(designs[voi._PLANE][:, 2], inputs[1].scaled)


def test_a_design_needs_eight_draws_a_column_and_a_constant_needs_none() -> None:
    designs = [np.ones((1, 1)), np.ones((1, 3)), np.ones((1, 4))]
    assert [one.shape[1] for one in voi._small_enough(designs, 23)] == [1]
    assert [one.shape[1] for one in voi._small_enough(designs, 24)] == [1, 3]
    assert [one.shape[1] for one in voi._small_enough(designs, 3)] == [1]


def test_products_are_of_pairs_and_of_a_few_inputs_also_of_squares() -> None:
    rows = np.random.default_rng(1).standard_normal((7, 5))
    inputs = [smooth(*row) for row in rows]
    a, b = inputs[0].scaled, inputs[1].scaled
    np.testing.assert_allclose(voi._products(inputs[:2]), np.column_stack([a * b, a * a * b, a * b * b]))
    assert voi._products(inputs[:6]).shape == (5, 15 * 3)
    assert voi._products(inputs).shape == (5, 21)


def test_orthonormal_columns_span_those_given_each_to_its_own_side_and_repeats_drop_out() -> None:
    x = np.array([1.0, 2, 3, 4, 6])
    design = np.column_stack([np.ones(5), 3 * x, x - 1, np.zeros(5), -(x**2)])
    basis = voi._orthonormal(design)
    np.testing.assert_allclose(basis.T @ basis, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(basis @ (basis.T @ design), design, atol=1e-9)
    assert basis[:, 0] == pytest.approx(np.full(5, 1 / math.sqrt(5)))
    assert (basis.T @ design[:, [0, 1, 4]]).diagonal().min() > 0
    kept = voi._orthonormal(np.column_stack([np.ones(5), x, x * (1 + 1e-4 * np.array([1, -1, 1, -1, 1]))]))
    assert kept.shape == (5, 3)  # nearly the same is not the same
    again = voi._orthonormal(np.column_stack([np.ones(5), x, x * (1 + 1e-7 * np.array([1, -1, 1, -1, 1]))]))
    assert again.shape == (5, 2)


def test_the_fit_with_the_smallest_bic_is_kept() -> None:
    """Twelve draws: a plane is better than a constant by 12 ln(variances' ratio) - ln 12, or it is not kept."""
    x = np.arange(12.0)
    plane = voi._orthonormal(np.column_stack([np.ones(12), x]))
    constant = plane[:, :1]
    wave = np.where(np.arange(12) % 4 < 2, 1.0, -1.0)
    wave = wave - plane @ (plane.T @ wave)
    for slope, chosen in ((0.05, 0), (0.3, 1)):
        benefit = 5 + slope * (x - x.mean()) + wave
        left = wave @ wave, wave @ wave + slope**2 * ((x - x.mean()) ** 2).sum()
        better = 12 * math.log(left[1] / 11) - 12 * math.log(left[0] / 10) > math.log(12)
        assert better == bool(chosen)
        which, fit = voi._best([constant, plane], benefit)
        assert which == chosen
        np.testing.assert_allclose(fit.mean, [benefit.mean()] * 12 if not chosen else benefit - wave)
        assert fit.residual_sd == pytest.approx(math.sqrt(left[1 - chosen] / (11 - chosen)))


def test_between_a_plane_and_a_constant_twice_as_good_a_fit_is_just_enough_or_not() -> None:
    """A column more costs ln n: with 16 draws a fit whose variance is 0.84 of the constant's is kept, 0.85 is not."""
    basis = voi._orthonormal(np.vander(np.arange(16.0), 3, increasing=True))
    constant, slope, bend = basis.T
    for share, chosen in ((0.83, 1), (0.85, 0)):
        # of the variance an unbiased share is left: (1 - r) / 14 over 1 / 15
        r = 1 - share * 14 / 15
        benefit = math.sqrt(r) * slope + math.sqrt(1 - r) * bend + 3 * constant
        assert (16 * math.log(share) < -math.log(16)) == bool(chosen)
        assert voi._best([basis[:, :1], basis[:, :2]], benefit)[0] == chosen


def test_plausible_fits_lie_about_the_estimate_as_far_as_the_residuals_do() -> None:
    fit = voi._Fit(np.eye(3)[:, :2], np.array([5.0, -1.0]), 0.5)
    drawn = fit.plausible(np.random.default_rng(1))
    assert drawn.shape == (200, 3)
    assert drawn.mean(axis=0) == pytest.approx([5, -1, 0], abs=0.12)
    assert drawn.std(axis=0) == pytest.approx([0.5, 0.5, 0], abs=0.08)


def test_a_product_is_chosen_for_what_the_basis_leaves_and_pays_for_being_looked_for() -> None:
    """Of three products in 64 draws one costs ln 64 + 2 ln 3: a share s of what is left with -64 ln(1 - s) above it."""
    vectors = voi._orthonormal(np.vander(np.linspace(-1, 1, 64), 6, increasing=True))
    basis, products = vectors[:, :2], vectors[:, 2:5]
    rest = vectors[:, 5]
    needed = 1 - math.exp(-(math.log(64) + 2 * math.log(3)) / 64)
    for share, chosen in ((needed - 0.002, []), (needed + 0.002, [1])):
        benefit = 40 * basis[:, 0] + 9 * basis[:, 1] - math.sqrt(share) * products[:, 1] + math.sqrt(1 - share) * rest
        assert voi._chosen(basis, products, benefit) == chosen
        leaning = products + 3 * basis[:, 1:2]  # what a product shares with the basis neither helps nor hides it
        assert voi._chosen(basis, leaning, benefit) == chosen
    both = 2 * products[:, 2] + 3 * products[:, 0] + 0.1 * rest
    assert voi._chosen(basis, products, both) == [0, 2]
    assert voi._chosen(basis, np.column_stack([products, products[:, 0]]), both) == [0, 2]
    assert voi._chosen(basis, np.empty((64, 0)), both) == []


def test_no_more_products_are_taken_than_the_draws_can_bear() -> None:
    """Eight draws a column: of 40 draws with a basis of two, three products at most."""
    vectors = voi._orthonormal(np.vander(np.linspace(-1, 1, 40), 9, increasing=True))
    benefit = vectors[:, 2:8] @ np.array([6.0, 5, 4, 3, 2, 1])
    assert voi._chosen(vectors[:, :2], vectors[:, 2:8], benefit) == [0, 1, 2]
    assert voi._chosen(vectors[:, :1], vectors[:, 2:8], benefit) == [0, 1, 2, 3]


def test_a_product_decides_beside_effects_far_larger_than_itself() -> None:
    """X against X + ab with X far above nought: knowing a and b is worth half the mean of |ab|, which is 1/pi."""
    a, b = np.random.default_rng(12).standard_normal((2, 8000))
    base = 100 + 5 * a + 5 * b
    value, error = voi.evppi(voi.options({"p": base, "q": base + a * b}, ["p", "q"]), np.array([a, b]), seed=1)
    assert value == pytest.approx(1 / math.pi, abs=0.03)
    assert error < 0.05
