"""Who earned the NPV, as a frame: shares that no order moves, and beside them the steps of the causal order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.case.words import MEAN, PORTFOLIO, QUANTILES, WHOLE
from model.results.annual import pennies, tidy_frame
from model.results.perimeters import main_perimeter
from model.results.summary import ATTRIBUTION_COLUMNS, quantiles
from model.risk.attribution import MOST_SCHEMES, Attribution, acting_members, attribute, meeting_schemes, to_the_penny

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from model.results.outcome import Outcome


def attribution_frame(result: Outcome) -> pd.DataFrame:
    """Return who earned the NPV of the main perimeter and of the whole over the draws; real pounds.

    Every set of the schemes that meet on the caseload is run, unless the run holds it. In mean both columns of a
    perimeter's schemes sum to its row `portfolio` to the penny. No rows where fewer than two schemes meet, where more
    than eight do, or of the central run alone.
    """
    case, parts = result.case, [dict[str, object](dict.fromkeys(ATTRIBUTION_COLUMNS, ()))]
    acting, meeting = acting_members(case), set(meeting_schemes(case))
    for perimeter in dict.fromkeys((main_perimeter(case), WHOLE)) if result.sample is not None else ():
        if 1 < len(meeting & set(acting[perimeter])) <= MOST_SCHEMES:
            parts += _shared_out(result, attribute(case, result.drawn, perimeter, known=result.npv_draws))
    return tidy_frame(ATTRIBUTION_COLUMNS, parts)


def _shared_out(result: Outcome, found: Attribution) -> list[dict[str, object]]:
    """Return the rows of one perimeter: the mean and the quantiles of each scheme's shares, and of the joint NPV."""
    joint = np.array([found.joint.mean()]).round(2)
    means = [_mean(parts, joint) | {PORTFOLIO: float(joint[0])} for parts in (found.shapley, found.steps)]
    spread = [
        {name: quantiles(values) for name, values in (*parts.items(), (PORTFOLIO, found.joint))}
        for parts in (found.shapley, found.steps)
    ]
    labels = {"scenario": result.case.scenario, "perimeter": found.perimeter}
    return [
        {**labels, "position": i, "scheme": name, "meets": name in found.meeting, "statistic": statistic,
         "shapley_gbp": means[0][name] if statistic == MEAN else pennies(spread[0][name][statistic]),
         "step_gbp": means[1][name] if statistic == MEAN else pennies(spread[1][name][statistic])}
        for i, name in enumerate((*found.shapley, PORTFOLIO), 1)
        for statistic in (MEAN, *QUANTILES)
    ]  # fmt: skip


def _mean(parts: Mapping[str, NDArray[np.float64]], joint: NDArray[np.float64]) -> dict[str, float]:
    means = {name: np.array([values.mean()]) for name, values in parts.items()}
    return {name: float(values[0]) for name, values in to_the_penny(means, joint).items()}
