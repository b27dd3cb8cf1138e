"""What would have happened without the schemes, as other authorities tell it: a synthetic control from DfE's tables.

The council's own past is matched by a mix of other authorities: weights of 0 or more that sum to 1. Afterwards the
mix goes on without the schemes. The same is done for every other authority in the place of the council; if many of
them leave their mix as far as the council left its own, nothing has been shown (Abadie, Diamond and Hainmueller 2010).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.case.reading.problems import InputProblems

Floats = NDArray[np.float64]

TOGETHER: Final = 1e4  # weight of the row that makes the weights sum to 1
SHOWN: Final = 0.005  # a smaller weight is not printed
PER: Final = 10_000  # children: the rate is that of DfE's tables


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """`actual` and `synthetic` rates by year; `weights` by authority; `placebo` (p): share that strays as far."""

    years: tuple[int, ...]
    actual: Floats
    synthetic: Floats
    weights: Mapping[str, float]
    placebo: float


def compare(rates: pd.DataFrame, authority: str, first_after: int) -> Comparison:
    """Return one authority beside its synthetic control. `rates`: a row a year, a column an authority, none missing.

    `first_after`: the first year that the schemes can have moved. InputProblems for an authority that is not there.
    """
    before = np.asarray(rates.index < first_after)
    values = rates.to_numpy(dtype=float)
    names = list(rates.columns)
    if authority not in names:
        raise InputProblems([f"--authority {authority!r}: not in the tables for all years"])
    own = names.index(authority)
    found = [_mixed(values, at, before) for at in range(len(names))]
    strays = np.array([_strays(values[:, at] - values @ weights, before) for at, weights in enumerate(found)])
    return Comparison(
        years=tuple(int(year) for year in rates.index), actual=values[:, own], synthetic=values @ found[own],
        weights={n: float(w) for n, w in zip(names, found[own], strict=True) if w >= SHOWN},
        placebo=float((strays >= strays[own]).mean()),
    )  # fmt: skip


def _mixed(values: Floats, at: int, before: NDArray[np.bool_]) -> Floats:
    """Return the weights of the mix that matches one authority's past; its own is 0."""
    from scipy.optimize import nnls  # noqa: PLC0415 - importing the model must stay cheap

    others = np.delete(values[before], at, axis=1)
    rows = np.vstack([others, np.full((1, others.shape[1]), TOGETHER)])
    weights, _ = nnls(rows, np.append(values[before, at], TOGETHER))
    return np.asarray(np.insert(weights, at, 0.0))


def _strays(gap: Floats, before: NDArray[np.bool_]) -> float:
    """Return how far one leaves its mix afterwards, over how far it did before: a ratio of root mean squares."""
    was, since = (float(np.sqrt(np.mean(gap[rows] ** 2))) for rows in (before, ~before))
    return since / max(was, 1e-6)


def rates_of(totals: pd.DataFrame, measure: str = "stock") -> pd.DataFrame:
    """Return children per 10,000 by year and authority from DfE's table of numbers and rates; whole series only."""
    rows = totals[(totals["measure"] == measure) & (totals["level"] == "authority")]
    rate = rows.assign(rate=rows["count"] / rows["population"] * PER)
    wide = rate.pivot_table(index="year", columns="authority", values="rate", aggfunc="first")
    return wide.dropna(axis=1).sort_index()
