"""What makes the spread of the answer: Sobol' indices of each assumption, alone and with all it interacts in."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.case.distributions import is_fixed
from model.case.draws import sample
from model.case.records import Case
from model.case.words import CHANCE
from model.risk.asking import Evaluate, Floats


@dataclass(frozen=True, kw_only=True)
class SobolIndex:
    """Shares of the variance of a perimeter's NPV: `first` by this factor alone, `total` with all it interacts in."""

    perimeter: str
    factor: str
    first: float
    first_error: float
    total: float
    total_error: float


def sobol_indices(  # noqa: PLR0913 - each is a separate choice of the caller's
    case: Case,
    evaluate: Evaluate,
    perimeters: Sequence[str],
    *,
    draws: int,
    seed: int,
    groups: Mapping[str, Sequence[str]] | None = None,
    process_noise: bool = True,
) -> list[SobolIndex]:
    """Return first and total indices of each factor, largest total first; evaluates (factors + 2) x `draws` draws.

    A factor is an assumption, a group of them where `groups` says so, or all those a declared correlation ties
    together (an index of one alone would mean nothing). With process noise, chance itself is a factor. Estimators:
    Saltelli and others (2010) for first, Jansen (1999) for total; errors are standard errors.
    """
    factors = _factors(case, groups or {})
    a = sample(case, draws, seed, process_noise=process_noise)
    b = sample(case, draws, seed, first=draws, process_noise=process_noise)
    at_a, at_b = evaluate(a), evaluate(b)
    mixed = {
        name: evaluate(replace(a, values={**a.values, **{m: b.values[m] for m in members}}))
        for name, members in factors.items()
    }
    if process_noise:
        mixed[CHANCE] = evaluate(replace(a, first=b.first))
    return [
        index
        for perimeter in perimeters
        for index in sorted(
            (_indices(perimeter, name, at_a[perimeter], at_b[perimeter], y[perimeter]) for name, y in mixed.items()),
            key=lambda index: -index.total,
        )
    ]


def _factors(case: Case, groups: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return factor -> the uncertain assumptions it moves: groups first, then tied ones, then each by itself."""
    uncertain = {name for name, a in case.assumptions.items() if not is_fixed(a)}
    unknown = [name for members in groups.values() for name in members if name not in case.assumptions]
    if unknown:
        message = f"groups name assumptions that the case does not have: {', '.join(unknown)}"
        raise ValueError(message)
    clusters: list[set[str]] = [set(members) & uncertain for members in groups.values()]
    labels = list(groups)
    for c in case.correlations:
        pair = {c.a, c.b} & uncertain
        touching = [i for i, cluster in enumerate(clusters) if cluster & pair]
        if not touching and pair:
            clusters.append(pair)
            labels.append("")
        elif touching:
            clusters[touching[0]] |= pair.union(*(clusters[i] for i in touching))
            for i in reversed(touching[1:]):
                labels[touching[0]] = " and ".join(filter(None, (labels[touching[0]], labels[i])))
                del clusters[i], labels[i]
    order = list(case.assumptions)
    named = {
        label or " with ".join(sorted(cluster, key=order.index)): sorted(cluster, key=order.index)
        for label, cluster in zip(labels, clusters, strict=True)
        if cluster
    }
    taken = set().union(*clusters)
    return {**named, **{name: [name] for name in order if name in uncertain - taken}}


def _indices(perimeter: str, factor: str, at_a: Floats, at_b: Floats, mixed: Floats) -> SobolIndex:
    both = np.concatenate([at_a, at_b])
    variance, mean = float(np.var(both)), float(np.mean(both))
    if variance == 0:
        return SobolIndex(perimeter=perimeter, factor=factor, first=0, first_error=0, total=0, total_error=0)
    first = (at_b - mean) * (mixed - at_a) / variance
    total = (at_a - mixed) ** 2 / (2 * variance)
    return SobolIndex(
        perimeter=perimeter,
        factor=factor,
        first=float(first.mean()),
        first_error=_standard_error(first),
        total=float(total.mean()),
        total_error=_standard_error(total),
    )


def _standard_error(terms: Floats) -> float:
    """Return the standard error of a mean of independent terms."""
    return float(np.std(terms) / math.sqrt(terms.size))
