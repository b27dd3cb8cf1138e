"""The forecast learns: stored draws weighed by how likely they make what happened, and what is then to be expected.

Where so few draws carry the weight that their spread says little, at most a thousand of them are moved instead: the
place of each assumption in its range is regressed on simulated figures and moved by what the true ones differ, in five
passes of a fifth of the evidence each (an ensemble smoother). Evidence may so take an assumption out of its range.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case.assumptions import Assumption
from model.case.distributions import is_fixed, quantile
from model.case.draws import Draws, evenly, thinned, with_values
from model.case.units import UNITS
from model.tracking.evidence import POISSON, Evidence, Observation

Floats = NDArray[np.float64]

FEWEST: Final = 100.0
"""Effective draws below which the draws are moved rather than weighed."""
ENOUGH: Final = 5.0
MOST: Final = 1000
"""Draws that are moved: each is run again at every pass."""
PASSES: Final = 5
FAR: Final = 2.5
"""Standard deviations beyond which no draw was to be expected."""
SHRUNK, MOVED = 0.8, 0.3
"""An assumption has been learnt about if its spread shrank to this share, or its middle moved by so many spreads."""
STOPS: Final = ("go on", "change", "stop")


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """What is known after the evidence: equally likely draws, in the order of those they came from.

    `kept`: for each draw the stored one it is, (n,), or None where all were moved. `places`: assumption -> its place
    in its range before and after, in standard deviations, (2, n).
    """

    draws: Draws
    effective: float
    kept: NDArray[np.intp] | None
    places: Mapping[str, Floats]

    @property
    def learnt(self) -> tuple[str, ...]:
        """The assumptions that the evidence says anything of."""
        return tuple(n for n, (_, z) in self.places.items() if z.std() < SHRUNK or abs(z.mean()) > MOVED)


def learn(evidence: Evidence, stored: Draws, expected: Floats, *, seed: int) -> Learnt:
    """Return what the evidence makes of the stored draws. `expected`: of each figure in each of them."""
    evidence, expected = pooled(evidence, expected)
    weights = weighed(evidence, expected)
    effective = float(1 / np.sum(weights**2))
    if effective >= FEWEST or not evidence.observations:
        kept = resampled(weights, seed)
        after = {name: np.stack([z, z[kept]]) for name, z in places(evidence, stored).items()}
        values = {name: array[kept] for name, array in stored.values.items()}
        return Learnt(draws=with_values(stored, values), effective=effective, kept=kept, places=after)
    some = thinned(stored, MOST)
    prior = places(evidence, some)
    moved, draws = _moved(evidence, some, prior, expected[:, evenly(stored.n, MOST)], seed)
    after = {name: np.stack([prior[name], z]) for name, z in moved.items()}
    return Learnt(draws=draws, effective=effective, kept=None, places=after)


def pooled(evidence: Evidence, expected: Floats) -> tuple[Evidence, Floats]:
    """Return the evidence with counts of events put together over neighbouring months until ENOUGH are expected.

    What is to be expected of a handful of children is as good as normal; of a third of a child it is not.
    """
    whole: list[tuple[Observation, Floats]] = []
    for o, mean in zip(evidence.observations, expected, strict=True):
        last, so_far = whole[-1] if whole else (None, mean)
        joins = last is not None and last.actual.name == o.actual.name and last.after == o.first
        if last is not None and joins and o.law == POISSON and o.flow and so_far.mean() < ENOUGH:
            whole[-1] = replace(last, after=o.after, value=last.value + o.value), so_far + mean
        else:
            whole.append((o, mean))
    kept = tuple(o for o, _ in whole)
    return replace(evidence, observations=kept), np.array([mean for _, mean in whole]).reshape(-1, expected.shape[1])


def weighed(evidence: Evidence, expected: Floats) -> Floats:
    """Return the weight of each draw: the likelihood of all figures, made to sum to 1. `expected` (figures, draws)."""
    fit = sum((o.log_likelihood(m) for o, m in zip(evidence.observations, expected, strict=True)),
              np.zeros(expected.shape[1]))  # fmt: skip
    likelihood = np.exp(fit - fit.max())
    weights: Floats = likelihood / likelihood.sum()
    return weights


def resampled(weights: Floats, seed: int) -> NDArray[np.intp]:
    """Return which draw each becomes, in order, by systematic resampling; equal weights leave all as they are."""
    n = len(weights)
    steps = (np.random.default_rng(seed).random() + np.arange(n)) / n
    return np.minimum(np.searchsorted(np.cumsum(weights), steps), n - 1)


def places(evidence: Evidence, stored: Draws) -> dict[str, Floats]:
    """Return where each draw of each uncertain assumption lies within its range, as standard normals by rank, (n,)."""
    from scipy.special import ndtri  # noqa: PLC0415 - importing the model must stay cheap

    named = (name for name, a in evidence.case.assumptions.items() if not is_fixed(a))
    ranks = {name: np.argsort(np.argsort(stored[name], kind="stable"), kind="stable") for name in named}
    return {name: np.asarray(ndtri((rank + 0.5) / stored.n)) for name, rank in ranks.items()}


def _moved(
    evidence: Evidence, stored: Draws, prior: Mapping[str, Floats], expected: Floats, seed: int
) -> tuple[dict[str, Floats], Draws]:
    """Return the places and the draws after the ensemble smoother's passes."""
    rng, names = np.random.default_rng(seed), list(prior)
    z = np.array([prior[name] for name in names])
    observed = np.array([o.value for o in evidence.observations])[:, None]
    draws = stored
    for i in range(PASSES):
        if i:
            expected = evidence.expected(evidence.world(draws))
        errors = np.array([o.variance(m) for o, m in zip(evidence.observations, expected, strict=True)]) * PASSES
        noise = rng.standard_normal(expected.shape)
        scale = np.sqrt(errors.mean(axis=1, keepdims=True))
        apart = (expected - expected.mean(axis=1, keepdims=True)) / scale
        z = z + _regressed(z, apart) @ ((observed - expected) / scale + noise * np.sqrt(errors) / scale)
        values = {n: _at(evidence.case.assumptions[n], place) for n, place in zip(names, z, strict=True)}
        draws = with_values(stored, values)
    return dict(zip(names, z, strict=True)), draws


def _at(assumption: Assumption, place: Floats) -> Floats:
    """Return the value at a place in a range: beyond FAR in a straight line from the middle, as the unit allows."""
    from scipy.special import ndtr  # noqa: PLC0415 - importing the model must stay cheap

    within = quantile(assumption, ndtr(np.clip(place, -FAR, FAR)))
    low, middle, high = quantile(assumption, ndtr(np.array([-FAR, 0.0, FAR])))
    slope = np.where(place > 0, high - middle, middle - low) / FAR
    unit = UNITS[assumption.unit]
    return np.asarray(np.clip(within + slope * (place - np.clip(place, -FAR, FAR)), unit.low, unit.high))


def _regressed(z: Floats, apart: Floats) -> Floats:
    """Return by how much a place moves for each unit of each figure, (assumptions, figures). Errors have variance 1.

    Slopes that chance alone would give among so many draws are left out: they would move what nothing was learnt of.
    """
    n = z.shape[1]
    centred = z - z.mean(axis=1, keepdims=True)
    covariance = centred @ apart.T / n
    told = np.sqrt(centred.var(axis=1)[:, None] * apart.var(axis=1)[None, :] / n)
    covariance = np.where(np.abs(covariance) > 3 * told, covariance, 0.0)
    spread = apart @ apart.T / n + np.eye(len(apart))
    gain: Floats = np.linalg.solve(spread, covariance.T).T
    return gain


def decision(chance: float, change_below: float, stop_below: float) -> str:
    """Return what the triggers set when the plan was frozen say to a chance of a positive NPV."""
    return STOPS[(chance < change_below) + (chance < stop_below)]
