"""What moves the answer most: each assumption by itself, from its 10th to its 90th percentile."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from model.case.distributions import is_fixed, quantile
from model.case.draws import central
from model.case.records import Case
from model.risk.asking import Evaluate, evaluate_rows

COLUMNS: Final = ("perimeter", "assumption", "unit", "p10", "p90", "npv_at_p10_gbp", "npv_at_p90_gbp",
                  "npv_central_gbp", "swing_gbp")  # fmt: skip


def tornado(case: Case, evaluate: Evaluate, perimeters: Sequence[str]) -> pd.DataFrame:
    """Return a bar for each uncertain assumption, widest first within each perimeter, in COLUMNS; all others central.

    Every assumption is moved to its own P10 and P90, whatever its distribution, so that bars can be compared. The
    swing is the distance between the two NPVs, never negative.
    """
    rows = [a for a in case.assumptions.values() if not is_fixed(a)]
    ends = [quantile(a, np.array([0.1, 0.9])) for a in rows]
    start = central(case)
    base = evaluate(start)
    moved = evaluate_rows(evaluate, start, [a.name for a in rows], ends) if rows else {}
    bars = [
        (perimeter, a.name, a.unit, *at, *npv, base[perimeter][0], abs(npv[1] - npv[0]))
        for perimeter in perimeters
        for a, at, npv in zip(rows, ends, np.reshape(moved.get(perimeter, []), (-1, 2)), strict=True)
    ]
    bars.sort(key=lambda bar: (perimeters.index(bar[0]), -round(bar[-1], 2)))  # below a penny it is the processor's
    return pd.DataFrame(bars, columns=list(COLUMNS))
