"""What was counted, taken as counted: prices paid, children who entered care, children kept at home, places filled.

A bridge tells what happened, so that a count stands whatever was thought likely before. Whether more children entered
because more needed it, or because a scheme does less than was promised, is told by the ages that no scheme works with:
of each group of ages

    entered = need x without schemes - need x part of the promise x kept at home as promised

with one need for all ages, one part of the promise a scheme, and both found by least squares with the variance of each
count. Children who were counted as kept at home are a row of their own. Before anything is counted the part of the
promise is 1 give or take WEAK: anything from nothing to twice as much.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case.draws import Draws, with_values
from model.case.measures import APPROVED, FILLED, HOUSEHOLDS, KEPT, PRICE, STARTED
from model.case.parameters import AGES, PLACEMENTS, SPLIT_AGE_BANDS
from model.case.words import ENTRY_REDUCTION, FOSTERING_GROWTH
from model.tracking.evidence import ERROR, SMALLEST, Evidence, Observation
from model.tracking.measured import Modelled

Floats = NDArray[np.float64]
Group = list[tuple[int, Observation]]  # figures that are added (1) or taken away (-1)

LEVEL, GROWTH = "caseload.entries_multiplier", "caseload.entries_growth_annual"
STRENGTH: Final = {ENTRY_REDUCTION: "effect", FOSTERING_GROWTH: "households"}
"""What of each kind of scheme its promise rises and falls with."""
WEAK: Final = 1.0
EXACT: Final = 1e-3  # standard deviation of what is not in question
MOST: Final = 5.0  # a scheme is not taken to do more than so many times what was promised
_SUM: Final = re.compile(r"\w+(\s*\+\s*\w+)*")


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Draws with what was counted in them. `names`: the assumptions that were put in.

    `parts`: of each scheme whose work was counted, the part of its promise that the counts show, (draws,).
    """

    draws: Draws
    names: frozenset[str]
    parts: Mapping[str, Floats]


def as_counted(evidence: Evidence, draws: Draws, seed: int) -> Counted:
    """Return the draws with what was counted in them, give or take what counting can tell."""
    rng = np.random.default_rng(seed)
    put = _prices(evidence, draws, rng)
    draws = with_values(draws, put)
    level, kept = _entries(evidence, draws, rng)
    draws = with_values(draws, level)
    parts = kept | _places(evidence, draws)
    strengths = {f"{s.name}.{STRENGTH[s.kind]}": parts[s.name] for s in evidence.case.active_schemes if s.name in parts}
    scaled = {name: draws[name] * part for name, part in strengths.items()}
    names = frozenset({*put, *level, *scaled})
    return Counted(draws=with_values(draws, scaled), names=names, parts=parts)


def _prices(evidence: Evidence, draws: Draws, rng: np.random.Generator) -> dict[str, Floats]:
    """Return prices at the level of those paid."""
    world, found = evidence.world(draws), {}
    for placement in PLACEMENTS:
        paid = evidence.of(f"{PRICE}.{placement}")
        name = f"price.{placement}_weekly"
        if paid and name in draws:
            ratio = sum(o.value for o in paid) / _sum(paid, world)
            found[name] = draws[name] * ratio * (1 + ERROR * rng.standard_normal(draws.n))
    return found


def _entries(evidence: Evidence, draws: Draws, rng: np.random.Generator) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Return the level of entries, flat, and the part of its promise that each scheme keeps at home."""
    groups = _groups(evidence)
    flat = {LEVEL: np.ones(draws.n), GROWTH: np.zeros(draws.n)} if groups else {}
    world = evidence.world(with_values(draws, flat))
    schemes = [s.name for s in evidence.case.active_schemes if s.kind == ENTRY_REDUCTION]
    kept = {s: evidence.of(f"{s}.{KEPT}") for s in schemes}
    told = [s for s in schemes if kept[s] or len(groups) > 1]
    if not groups and not told:
        return {}, {}
    rows = [([1.0, *[0.0] * len(told)], 1.0, EXACT)] if not groups else []
    counts = [sum(sign * o.actual.value for sign, o in group) for group in groups]
    nothing = [_total(group, replace(world, acting=())) for group in groups]
    usual = sum(counts) / max(sum(nothing), SMALLEST)  # a count's variance is what was to be expected, not what came
    for group, count, without in zip(groups, counts, nothing, strict=True):
        saved = {s: without - _total(group, replace(world, acting=(s,))) for s in schemes}
        need = without - sum(saved[s] for s in schemes if s not in told)
        spread = np.sqrt(max(usual * without, 1.0) * group[0][1].spread)
        rows.append(([need, *(-saved[s] for s in told)], count, float(spread)))
    for at, scheme in enumerate(told, 1):
        own = [float(i == at) for i in range(len(told) + 1)]
        rows.append(([-1.0, *own[1:]], 0.0, WEAK))
        if kept[scheme]:
            count = sum(o.actual.value for o in kept[scheme])
            modelled = float(_sum(kept[scheme], world).mean())
            rows.append(([modelled * part for part in own], count, float(np.sqrt(max(count, 1.0)))))
    need, *parts = _solved(rows, draws.n, rng)
    need = np.maximum(need, SMALLEST)
    shown = {s: np.clip(part / need, 0, MOST) for s, part in zip(told, parts, strict=True)}
    return ({LEVEL: need, GROWTH: flat[GROWTH]} if groups else {}), shown


def _solved(rows: Sequence[tuple[list[float], float, float]], n: int, rng: np.random.Generator) -> Floats:
    """Return n draws of the least squares of rows (factors, count, standard deviation), (unknowns, n)."""
    factors, counts, spreads = (np.array(part, dtype=float) for part in zip(*rows, strict=True))
    weighed = factors / spreads[:, None]
    covariance = np.linalg.inv(weighed.T @ weighed)
    middle = covariance @ weighed.T @ (counts / spreads)
    return np.asarray(rng.multivariate_normal(middle, covariance, n).T)


def _groups(evidence: Evidence) -> list[Group]:
    """Return the counts of entries by disjoint ages: those of some ages, and all that were counted whole but these."""
    whole: list[Observation] = []
    by_ages: dict[frozenset[str], list[Observation]] = defaultdict(list)
    for o in evidence.observations:
        ages = _ages(evidence, o)
        if ages == frozenset(AGES):
            whole.append(o)
        elif ages:
            by_ages[ages].append(o)
    parts: list[Group] = []
    taken: frozenset[str] = frozenset()
    for ages in sorted(by_ages, key=len):
        if not ages & taken:
            parts.append([(1, o) for o in by_ages[ages]])
            taken |= ages
    if not whole or taken == frozenset(AGES):
        return parts
    periods = {o.actual.period for o in whole}
    if any({o.actual.period for _, o in part} != periods for part in parts):
        return parts
    return [*parts, [(1, o) for o in whole] + [(-1, o) for part in parts for _, o in part]]


def _ages(evidence: Evidence, o: Observation) -> frozenset[str]:
    """Return the ages whose entries a figure counts; none for a figure of something else."""
    formula = evidence.register.get(o.actual.name)
    if formula and not _SUM.fullmatch(formula.expression):
        return frozenset()
    ages: set[str] = set()
    for name in formula.names.values() if formula else [o.actual.name]:
        base, _, scope = name.partition(".")
        if base != STARTED:
            return frozenset()
        ages |= {age for age in AGES if scope in {"", age, SPLIT_AGE_BANDS.get(age)}}
    return frozenset(ages)


def _places(evidence: Evidence, draws: Draws) -> dict[str, Floats]:
    """Return the part of its promise that each fostering scheme shows in the last link of it that was counted."""
    world, found = evidence.world(draws), {}
    for spec in evidence.case.active_schemes:
        links = (evidence.of(f"{spec.name}.{link}") for link in (FILLED, APPROVED, HOUSEHOLDS))
        counted = next(filter(None, links), None)
        if spec.kind == FOSTERING_GROWTH and counted:
            modelled = _sum(counted, world)
            ratio = sum(o.actual.value for o in counted) / np.maximum(modelled, SMALLEST)
            found[spec.name] = np.where(modelled > 1, np.clip(ratio, 0, MOST), 1.0)
    return found


def _sum(counted: Sequence[Observation], world: Modelled) -> Floats:
    """Return what the model says of figures of one measure together, (draws,)."""
    return np.asarray(sum(o.modelled(world[o.actual.name]) for o in counted))


def _total(group: Group, world: Modelled) -> float:
    return float(np.mean(sum(sign * o.modelled(world[o.actual.name]) for sign, o in group)))
