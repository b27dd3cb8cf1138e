"""What it is worth to know a number before deciding: expected value of perfect and of partial perfect information.

Numbers only: how chance will fall among the children nobody can learn, and the regression below leaves it out.

The decision is a choice among options, each with a net benefit in every draw; `do nothing` is worth 0. Everything is
in pounds of net present value. Method for the partial value: Strong, Oakley and Brennan, "Estimating multiparameter
partial expected value of perfect information from a probabilistic sensitivity analysis sample: a nonparametric
regression approach", Medical Decision Making 34(3), 2014. Several inputs are first brought to one index an option,
learnt on the other half of the draws; the regression is then on the indices. A surface over many inputs that is wrong
where the benefit is negative makes knowing them look worth far more than it is. A curve over an index is right there on
average, and what the index leaves out makes the value lower.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from model.case.draws import Draws
from model.case.records import Case
from model.case.words import EVERYTHING
from model.risk.asking import Floats

COLUMNS: Final = ("learnt", "assumptions", "value_gbp", "error_gbp", "share_of_everything")

_KNOTS: Final = (0, 2, 5)  # interior knots tried for each smooth; the fit with the smallest BIC is kept
_DEGREE: Final = 3
_PLANE: Final = 1  # its place among the designs
_PLAUSIBLE_FITS: Final = 200  # fits drawn around the estimate for its error and bias
_MIN_DRAWS_A_COLUMN: Final = 8
_MOST_WITH_CURVED_PRODUCTS: Final = 6  # inputs in a group: beyond it only plain products of pairs are candidates
_MOST_PRODUCTS: Final = 40  # taken into one index
_REPEATS: Final = 1e-11  # of the largest singular value: smaller ones are columns that repeat others
_REPEATED_LENGTH: Final = 1e-5  # what is left of a column of length 1 beyond those before it, if it repeats them


def options(npv: Mapping[str, Floats], perimeters: Sequence[str]) -> Floats:
    """Return the net benefits of the choice: do nothing (0), then each perimeter. Shape (1 + perimeters, draws)."""
    rows = [npv[p] for p in perimeters]
    return np.vstack([np.zeros_like(rows[0]), *rows])


def evpi(benefits: Floats) -> float:
    """Return the expected value of perfect information: mean of the best option less the best mean. >= 0."""
    return float(max(0.0, benefits.max(axis=0).mean() - benefits.mean(axis=1).max()))


def evppi(benefits: Floats, inputs: Floats, *, seed: int) -> tuple[float, float]:
    """Return the expected value of learning `inputs` (parameters, draws), and its standard error.

    Each option's benefit, less the first option's, is regressed on cubic splines: of the input, or, of several, of an
    index an option (`_indices`). The conditional means replace the benefits. The upward bias of taking a maximum over
    fitted values is estimated from plausible fits around the estimate and taken off; `seed` draws those fits. The error
    is that of the sample (of its inputs and of what they leave unexplained) and, of several inputs, how far the value
    moves with the draws that the index was fitted to. Constant inputs are worth 0. The value is never above `evpi`.
    """
    return _worth(_varying(inputs), benefits, seed)


def _worth(inputs: Sequence[_Smooth], benefits: Floats, seed: int) -> tuple[float, float]:
    gains, whole = benefits[1:] - benefits[0], evpi(benefits)
    if len(inputs) <= 1:
        value, error = _regressed(inputs, gains, seed, curved=False)
        return min(value, whole), error
    every, even, odd = slice(None), slice(0, None, 2), slice(1, None, 2)
    surfaces = list(_designs(inputs)), _products(inputs)
    apart, same = (_indices(*surfaces, gains, folds) for folds in (((odd, even), (even, odd)), ((every, every),)))
    value, error = _regressed(_varying(apart), gains, seed, curved=True)
    # fitted to the very draws it tells of, an index is too good: the truth lies between the two
    upper, _ = _regressed(_varying(same), gains, seed, curved=True)
    return min(value, whole), math.hypot(error, upper - value)


def _varying(rows: Floats) -> list[_Smooth]:
    return [_smooth(row) for row in rows if np.ptp(row) > 0]


def _regressed(inputs: Sequence[_Smooth], gains: Floats, seed: int, *, curved: bool) -> tuple[float, float]:
    """Return what choosing on the gains' means given the inputs is worth, and its standard error."""
    if not inputs:
        return 0.0, 0.0
    fits = _best_fits(inputs, gains, curved=curved)
    if all(fit.coefficients.size == 1 for fit in fits):
        return 0.0, 0.0
    means = np.array([fit.mean for fit in fits])
    estimate = _gain(means[:, None, :])[0]
    rng = np.random.default_rng(seed)
    plausible = _gain(np.array([fit.plausible(rng) for fit in fits]))
    bias = float(plausible.mean() - estimate)
    error = max(float(plausible.std()), _sampling_error(means, gains))
    return max(0.0, float(estimate) - max(0.0, bias)), error


def information_values(
    case: Case, draws: Draws, benefits: Floats, *, groups: Mapping[str, Sequence[str]] | None = None, seed: int = 1
) -> pd.DataFrame:
    """Return what learning each uncertain assumption and each group before deciding is worth, in COLUMNS.

    Largest first; last, everything. Pounds, with standard errors. `draws` and `benefits` are one sample and its net
    benefits (`options`). Groups may overlap; by default there are none. Knowing two numbers can be worth more or less
    than the sum of each. `everything` is every uncertain assumption and no more: nobody can learn beforehand how chance
    will fall, so that it is less than `evpi`.
    """
    smooths = {name: _smooth(draws[name]) for name in case.assumptions if np.ptp(draws[name]) > 0}
    wanted: dict[str, Sequence[str]] = {name: (name,) for name in smooths} | dict(groups or {})
    worth = {
        label: _worth([smooths[m] for m in sorted(each) if m in smooths], benefits, seed)
        for label, each in wanted.items()
    }
    # the joint estimate leans low, and what is known of all numbers is worth no less than what is known of some
    every = _worth([smooths[name] for name in sorted(smooths)], benefits, seed)
    worth[EVERYTHING] = whole = max([every, *worth.values()])
    rows: list[tuple[str, str, float, float, float]] = [
        (label, " ".join(wanted.get(label, ())), value, error, value / whole[0] if whole[0] > 0 else 0.0)
        for label, (value, error) in worth.items()
    ]
    rows.sort(key=lambda row: (row[0] == EVERYTHING, -round(row[2], 2)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


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


def _sampling_error(conditional: Floats, gains: Floats) -> float:
    """Return the standard error of what choosing on conditional means (options, draws) gains in the sample itself."""
    draws = np.arange(gains.shape[1])
    nothing = np.zeros((1, draws.size))
    chosen = np.vstack([nothing, conditional]).argmax(axis=0)
    every = np.vstack([nothing, gains])
    return float((every[chosen, draws] - every[every.mean(axis=1).argmax()]).std() / math.sqrt(draws.size))


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


def _best_fits(inputs: Sequence[_Smooth], benefits: Floats, *, curved: bool) -> list[_Fit]:
    """Return for each option the fit with the smallest BIC; a constant means that nothing is learnt.

    With `curved` a plane gives way to cubics: that it is wrong where the benefit is negative may cost it little
    over all draws, and much of the value.
    """
    bases = [_orthonormal(design) for design in _small_enough(_designs(inputs), benefits.shape[1])]
    fits = []
    for benefit in benefits:
        which, fit = _best(bases, benefit)
        if curved and which == _PLANE:
            _, fit = _best(bases[_PLANE + 1 :] or bases[_PLANE:], benefit)
        fits.append(fit)
    return fits


def _small_enough(designs: Iterable[Floats], draws: int) -> list[Floats]:
    return [d for d in designs if d.shape[1] == 1 or d.shape[1] * _MIN_DRAWS_A_COLUMN <= draws]


def _best(bases: Sequence[Floats], benefit: Floats) -> tuple[int, _Fit]:
    """Return which of orthonormal bases, one or more, fits a benefit with the smallest BIC, and the fit."""
    n, scored = benefit.size, []
    for i, basis in enumerate(bases):
        coefficients = basis.T @ benefit
        left = benefit - basis @ coefficients
        variance = float(left @ left) / max(1, n - basis.shape[1])
        score = n * math.log(max(variance, np.finfo(float).tiny)) + basis.shape[1] * math.log(n)
        scored.append((score, i, _Fit(basis, coefficients, math.sqrt(variance))))
    _, which, fit = min(scored, key=lambda one: one[:2])
    return which, fit


def _indices(
    designs: Sequence[Floats], products: Floats, benefits: Floats, folds: Iterable[tuple[slice, slice]]
) -> Floats:
    """Return an index an option, (options, draws): its mean benefit given the inputs, less the mean of all fitted.

    The best of the designs by BIC, and the products that it needs besides. `folds`: the draws fitted, and those that
    the fit tells of. Where they differ, no draw has a part in its own index: chance in a fit makes an index worse, and
    what it is worth lower.
    """
    index = np.zeros_like(benefits)
    for fitted, told in folds:
        shown = benefits[:, fitted]
        kept = _small_enough(designs, shown.shape[1])
        bases = [_orthonormal(design[fitted]) for design in kept]
        for i, benefit in enumerate(shown):
            which, fit = _best(bases, benefit)
            chosen = _chosen(fit.basis, products[fitted], benefit)
            columns = np.column_stack([kept[which], products[:, chosen]])
            if columns.shape[1] == 1:
                continue
            coefficients = np.linalg.lstsq(columns[fitted], benefit, rcond=_REPEATS)[0]
            index[i, told] = columns[told] @ coefficients - benefit.mean()
    return index


def _chosen(basis: Floats, products: Floats, benefit: Floats) -> list[int]:
    """Return which products a benefit needs beyond an orthonormal basis, the strongest first.

    Each must pay for itself and for having been looked for among so many: the extended BIC of Chen and Chen (2008).
    """
    n, chosen = benefit.size, list[int]()
    if not products.size:
        return chosen
    price = math.log(n) + 2 * math.log(products.shape[1])
    left = benefit - basis @ (basis.T @ benefit)
    new = products - basis @ (basis.T @ products)
    length = np.linalg.norm(new, axis=0)
    new = new / np.where(length > _REPEATS, length, np.inf)
    most = min(_MOST_PRODUCTS, n // _MIN_DRAWS_A_COLUMN - basis.shape[1])
    while len(chosen) < most:
        strongest = int(np.abs(left @ new).argmax())
        column = new[:, strongest] - basis @ (basis.T @ new[:, strongest])
        column /= max(float(np.linalg.norm(column)), np.finfo(float).tiny)
        share = float(column @ left) ** 2 / max(float(left @ left), np.finfo(float).tiny)
        if -n * math.log1p(-min(share, 1 - _REPEATS)) < price:
            break
        chosen.append(strongest)
        left = left - column * (column @ left)
        basis = np.column_stack([basis, column])
    return chosen


def _orthonormal(design: Floats) -> Floats:
    """Return orthonormal columns that span those of the design; columns that repeat others drop out.

    They are Gram and Schmidt's, each turned to the side of its own column: one basis, whatever the processor, so that
    noise drawn along it is the same noise everywhere.
    """
    length = np.linalg.norm(design, axis=0)
    scaled = design / np.where(length > 0, length, 1.0)
    own = np.abs(np.diag(np.linalg.qr(scaled, mode="r"))) > _REPEATED_LENGTH
    basis, turned = np.linalg.qr(scaled[:, own])
    return np.asarray(basis * np.sign(np.diag(turned)))


def _designs(inputs: Sequence[_Smooth]) -> Iterator[Floats]:
    """Yield designs, the plainest first: a constant, a plane, cubic splines."""
    scaled = [one.scaled for one in inputs]
    constant = np.ones((scaled[0].size, 1))
    yield constant
    yield np.column_stack([constant, *scaled])
    for knots in _KNOTS:
        yield np.column_stack([constant, *(c for one in inputs for c in one.splines[knots])])


def _products(inputs: Sequence[_Smooth]) -> Floats:
    """Return products of pairs of inputs, (draws, products); for a few inputs with either of a pair squared as well."""
    pairs = list(itertools.combinations([one.scaled for one in inputs], 2))
    columns = [a * b for a, b in pairs]
    if len(inputs) <= _MOST_WITH_CURVED_PRODUCTS:
        columns += [c for a, b in pairs for c in (a * a * b, a * b * b)]
    return np.column_stack(columns)
