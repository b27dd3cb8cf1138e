"""What it is worth to know a number before deciding: expected value of perfect and of partial perfect information.

The decision is a choice among options, each with a net benefit in every draw; `do nothing` is worth 0. Everything is
in pounds of net present value. Method for the partial value: Strong, Oakley and Brennan, "Estimating multiparameter
partial expected value of perfect information from a probabilistic sensitivity analysis sample: a nonparametric
regression approach", Medical Decision Making 34(3), 2014.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from model.case_types import Case
    from model.draws import Draws

    Floats = NDArray[np.float64]

_KNOTS: Final = (0, 2, 5)  # interior knots tried for each smooth; the fit with the smallest BIC is kept
_DEGREE: Final = 3
_PLAUSIBLE_FITS: Final = 200  # fits drawn around the estimate for its error and bias
_MIN_DRAWS_A_COLUMN: Final = 8
_MOST_WITH_PRODUCTS: Final = 6  # inputs in a group: beyond it the products would outnumber what the draws can tell
_REPEATS: Final = 1e-11  # of the largest eigenvalue: smaller ones are columns that repeat others


@dataclass(frozen=True, kw_only=True)
class Information:
    """What learning these assumptions exactly, before deciding, would be worth. Pounds; `error` is a standard error."""

    group: str
    assumptions: tuple[str, ...]
    value: float
    error: float
    share_of_evpi: float


def options(npv: Mapping[str, Floats], perimeters: Sequence[str]) -> Floats:
    """Return the net benefits of the choice: do nothing (0), then each perimeter. Shape (1 + perimeters, draws)."""
    rows = [npv[p] for p in perimeters]
    return np.vstack([np.zeros_like(rows[0]), *rows])


def evpi(benefits: Floats) -> float:
    """Return the expected value of perfect information: mean of the best option less the best mean. >= 0."""
    return float(max(0.0, benefits.max(axis=0).mean() - benefits.mean(axis=1).max()))


def evppi(benefits: Floats, inputs: Floats, *, seed: int) -> tuple[float, float]:
    """Return the expected value of learning `inputs` (parameters, draws), and its standard error.

    Each option's benefit, less the first option's, is regressed on cubic splines of the inputs (with products of
    pairs); the conditional means replace the benefits. The upward bias of taking a maximum over fitted values is
    estimated from plausible fits around the estimate and taken off. `seed` draws those fits. Constant inputs are
    worth 0. Raises ValueError where there are too few draws for the smallest fit.
    """
    return _worth([_smooth(row) for row in inputs if np.ptp(row) > 0], benefits, seed)


def _worth(inputs: Sequence[_Smooth], benefits: Floats, seed: int) -> tuple[float, float]:
    if not inputs:
        return 0.0, 0.0
    fits = _best_fits(inputs, benefits[1:] - benefits[0])
    if all(fit.coefficients.size == 1 for fit in fits):
        return 0.0, 0.0
    estimate = _gain(np.array([fit.mean for fit in fits])[:, None, :])[0]
    rng = np.random.default_rng(seed)
    plausible = _gain(np.array([fit.plausible(rng) for fit in fits]))
    bias = float(plausible.mean() - estimate)
    return max(0.0, float(estimate) - max(0.0, bias)), float(plausible.std())


def information_values(
    case: Case, draws: Draws, benefits: Floats, *, groups: Mapping[str, Sequence[str]] | None = None, seed: int = 1
) -> list[Information]:
    """Return what each uncertain assumption and each group is worth knowing, largest first.

    `draws` and `benefits` are one sample and its net benefits (`options`). Groups may overlap; by default there are
    none. Knowing two numbers can be worth more or less than the sum of each.
    """
    whole = evpi(benefits)
    smooths = {name: _smooth(draws[name]) for name in case.assumptions if np.ptp(draws[name]) > 0}
    single = {name: (name,) for name in smooths}
    wanted = {**single, **{label: tuple(members) for label, members in (groups or {}).items()}}
    found = []
    for label, members in wanted.items():
        value, error = _worth([smooths[m] for m in members if m in smooths], benefits, seed)
        found.append(
            Information(
                group=label,
                assumptions=members,
                value=min(value, whole),
                error=error,
                share_of_evpi=min(value, whole) / whole if whole > 0 else 0.0,
            )
        )
    return sorted(found, key=lambda information: -information.value)


def groups_by_prefix(case: Case) -> dict[str, tuple[str, ...]]:
    """Return groups of assumptions that share the first part of their name (`price`, `fostering` ...), two or more."""
    prefix = {name: name.split(".", maxsplit=1)[0] for name in case.assumptions}
    groups = {p: tuple(n for n in prefix if prefix[n] == p) for p in dict.fromkeys(prefix.values())}
    return {p: members for p, members in groups.items() if len(members) > 1}


def _gain(conditional: Floats) -> Floats:
    """Return what choosing on conditional means (options, fits, draws) gains over choosing now. Shape (fits,)."""
    best = np.maximum(conditional.max(axis=0), 0.0).mean(axis=-1)
    now = np.maximum(conditional.mean(axis=-1).max(axis=0), 0.0)
    return np.asarray(best - now)


@dataclass(frozen=True)
class _Fit:
    """A least-squares fit on orthonormal columns: they make every formula short."""

    basis: Floats  # (draws, columns), orthonormal
    coefficients: Floats
    residual_sd: float

    @property
    def mean(self) -> Floats:
        return np.asarray(self.basis @ self.coefficients)

    def plausible(self, rng: np.random.Generator) -> Floats:
        """Fitted means with the coefficients drawn around the estimate. Shape (fits, draws)."""
        noise = rng.standard_normal((_PLAUSIBLE_FITS, self.coefficients.size)) * self.residual_sd
        return np.asarray((self.coefficients + noise) @ self.basis.T)


@dataclass(frozen=True)
class _Smooth:
    """One input, standardised, (draws,), and the columns of its cubic spline for each number of knots."""

    scaled: Floats
    splines: Mapping[int, Sequence[Floats]]


def _smooth(row: Floats) -> _Smooth:
    scaled = (row - row.mean()) / row.std()
    places = {k: np.linspace(0, 1, k + 2)[1:-1] for k in _KNOTS}
    at = dict(zip(every := np.concatenate(list(places.values())), np.quantile(scaled, every), strict=True))
    powers = [scaled**d for d in range(1, _DEGREE + 1)]
    splines = {k: [*powers, *(np.maximum(scaled - at[p], 0) ** _DEGREE for p in places[k])] for k in _KNOTS}
    return _Smooth(scaled, splines)


def _best_fits(inputs: Sequence[_Smooth], benefits: Floats) -> list[_Fit]:
    """Return for each option the fit with the smallest BIC; a constant means that nothing is learnt."""
    n = benefits.shape[1]
    fits, scores = [_Fit(np.full((n, 1), n**-0.5), np.zeros(1), 0.0)] * len(benefits), np.full(len(benefits), np.inf)
    for design in _designs(inputs):
        if design.shape[1] > 1 and design.shape[1] * _MIN_DRAWS_A_COLUMN > n:
            continue
        basis = _orthonormal(design)
        for i, benefit in enumerate(benefits):
            coefficients = basis.T @ benefit
            left = benefit - basis @ coefficients
            variance = float(left @ left) / max(1, n - basis.shape[1])
            score = n * np.log(max(variance, np.finfo(float).tiny)) + basis.shape[1] * np.log(n)
            if score < scores[i]:
                fits[i], scores[i] = _Fit(basis, coefficients, math.sqrt(variance)), score
    return fits


def _orthonormal(design: Floats) -> Floats:
    """Return orthonormal columns that span those of the design; columns that repeat others drop out."""
    values, vectors = np.linalg.eigh((scaled := design / np.linalg.norm(design, axis=0)).T @ scaled)
    kept = values > values[-1] * _REPEATS
    return np.asarray(scaled @ (vectors[:, kept] / np.sqrt(values[kept])))


def _designs(inputs: Sequence[_Smooth]) -> Iterator[Floats]:
    """Yield designs, the plainest first: a constant, a plane, cubic splines; for a few inputs, products of pairs."""
    scaled = [one.scaled for one in inputs]
    constant = np.ones((scaled[0].size, 1))
    yield constant
    yield np.column_stack([constant, *scaled])
    splines = [np.column_stack([c for one in inputs for c in one.splines[k]]) for k in _KNOTS]
    for spline in splines:
        yield np.column_stack([constant, spline])
    if 1 < len(inputs) <= _MOST_WITH_PRODUCTS:
        pairs = [c for a, b in itertools.combinations(scaled, 2) for c in (a * b, a * a * b, a * b * b)]
        for spline in splines:
            yield np.column_stack([constant, spline, *pairs])
