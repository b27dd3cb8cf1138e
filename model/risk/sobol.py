"""What makes the spread of the answer: Sobol' indices of each assumption, alone and with all it interacts in."""

import math
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from model.case.distributions import is_fixed
from model.case.draws import sample, with_values
from model.case.records import Case
from model.case.words import CHANCE
from model.risk.asking import Evaluate, Floats

COLUMNS: Final = ("perimeter", "factor", "first", "first_error", "total", "total_error")


def sobol_indices(case: Case, evaluate: Evaluate, perimeter: str, *, draws: int, seed: int) -> pd.DataFrame:
    """Return first and total indices of each factor of a perimeter's NPV, largest total first, in COLUMNS.

    Shares of its variance: `first` by the factor alone, `total` with all it interacts in. Evaluates (factors + 2) x
    `draws` draws. A factor is an assumption, or all those a declared correlation ties together (an index of one alone
    would mean nothing), or chance. Estimators: Saltelli and others (2010) for first, Jansen (1999) for total; errors
    are standard errors.
    """
    a, b = sample(case, draws, seed), sample(case, draws, seed, first=draws)
    mixed = {
        name: with_values(a, {member: b[member] for member in members}) for name, members in _factors(case).items()
    } | {CHANCE: replace(a, first=b.first)}
    at_a, at_b = evaluate(a)[perimeter], evaluate(b)[perimeter]
    rows = [(perimeter, name, *_indices(at_a, at_b, evaluate(one)[perimeter])) for name, one in mixed.items()]
    found = pd.DataFrame(rows, columns=list(COLUMNS))
    return found.sort_values("total", ascending=False, kind="stable", ignore_index=True)


def _factors(case: Case) -> dict[str, list[str]]:
    """Return factor -> the uncertain assumptions it moves: tied ones together, then each by itself."""
    uncertain = [name for name, a in case.assumptions.items() if not is_fixed(a)]
    clusters: list[set[str]] = []
    for pair in ({c.a, c.b} & set(uncertain) for c in case.correlations):
        touching = [cluster for cluster in clusters if cluster & pair]
        clusters = [cluster for cluster in clusters if cluster not in touching] + [pair.union(*touching)]
    tied = [[name for name in uncertain if name in cluster] for cluster in clusters if cluster]
    alone = [[name] for name in uncertain if not any(name in cluster for cluster in clusters)]
    return {" with ".join(members): members for members in (*tied, *alone)}


def _indices(at_a: Floats, at_b: Floats, mixed: Floats) -> tuple[float, float, float, float]:
    """Return the first index, its standard error, the total index and its standard error."""
    both = np.concatenate([at_a, at_b])
    variance = float(np.var(both))
    if variance == 0:
        return 0.0, 0.0, 0.0, 0.0
    first = (at_b - np.mean(both)) * (mixed - at_a) / variance
    total = (at_a - mixed) ** 2 / (2 * variance)
    root = math.sqrt(first.size)
    return float(first.mean()), float(np.std(first)) / root, float(total.mean()), float(np.std(total)) / root
