"""What a case promises: each benefit's path month by month, with its range, and the money that is to come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from model.case.draws import central, part_of
from model.case.measures import MONEY
from model.case.words import CENTRAL, MEAN
from model.money.appraisal import BLOCK, discount_factors, payback_months, present_value
from model.money.portfolio import evaluate, members_of
from model.results.annual import tidy_frame
from model.results.summary import summarise
from model.tracking.measured import is_modelled, measured

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from model.case.draws import Draws
    from model.case.records import Case
    from model.money.portfolio import Evaluation

    Floats = NDArray[np.float64]

STATISTICS: Final = (CENTRAL, MEAN, "p10", "p50", "p90")
COLUMNS: Final = ("benefit", "measure", "month", "statistic", "value")


@dataclass(frozen=True, kw_only=True)
class Promise:
    """`paths`: benefit, measure, month, statistic, value; and of each draw its NPV and whether it pays back, (n,)."""

    paths: pd.DataFrame
    draws: Mapping[str, Floats]
    npv: Floats
    paid_back: Floats


def promised(case: Case, draws: Draws, perimeter: str) -> Promise:
    """Return what a case promises for a perimeter on these draws; money in real pounds, a benefit in its own unit."""
    said = {b.id: b.measure for b in case.benefits if is_modelled(b.measure, case)}
    names = said | {name: name for name in money_of(perimeter)}
    middle = evaluate(case, central(case))
    at_centre = measured(middle)
    parts: dict[str, list[Floats]] = {name: [] for name in names}
    worth, paid = [], []
    for first in range(0, draws.n, BLOCK):
        block = evaluate(case, part_of(draws, first, BLOCK), cells=False, middle=middle)
        there = measured(block)
        for name, measure in names.items():
            parts[name].append(there[measure])
        npv, back = appraised(block, perimeter)
        worth.append(npv)
        paid.append(back)
    rows = [
        {"benefit": name, "measure": measure, "month": list(case.timeline.month_labels), "statistic": statistic,
         "value": np.round(values, 6) + 0.0}
        for name, measure in names.items()
        for statistic, values in summarise(at_centre[measure], np.concatenate(parts[name], axis=1)).items()
        if statistic in STATISTICS
    ]  # fmt: skip
    return Promise(
        paths=tidy_frame(COLUMNS, rows), draws=draws.values, npv=np.concatenate(worth), paid_back=np.concatenate(paid)
    )


def money_of(perimeter: str) -> tuple[str, ...]:
    """Return the measures of a perimeter's money: its net, what is cashable and avoided, and what is invested."""
    return tuple(f"{money}.{perimeter}" for money in MONEY)


def appraised(evaluation: Evaluation, perimeter: str) -> tuple[Floats, Floats]:
    """Return the NPV of a perimeter, real pounds, and 1 where it pays back within the horizon, both (draws,)."""
    case = evaluation.case
    net = evaluation.net(members_of(case)[perimeter])
    factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
    return present_value(net, factors), np.isfinite(payback_months(net)).astype(float)


def worth(case: Case, draws: Draws, perimeter: str) -> tuple[Floats, Floats]:
    """Return the NPV and the payback of many draws, a block at a time, both (draws,)."""
    middle = evaluate(case, central(case), cells=False)
    parts = [
        appraised(evaluate(case, part_of(draws, i, BLOCK), cells=False, middle=middle), perimeter)
        for i in range(0, draws.n, BLOCK)
    ]
    npv, paid = zip(*parts, strict=True)
    return np.concatenate(npv), np.concatenate(paid)
