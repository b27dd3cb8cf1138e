"""From nothing to the joint NPV, scheme by scheme: the causal waterfall, and beside it shares no order moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.case.draws import Draws, central
from model.case.words import CENTRAL, MEAN, PORTFOLIO, QUANTILES, WHOLE
from model.results.annual import pennies, tidy_frame
from model.results.perimeters import main_perimeter
from model.results.summary import ATTRIBUTION_COLUMNS, BRIDGE_COLUMNS, quantiles
from model.risk.attribution import (
    MOST_SCHEMES,
    Attribution,
    acting_members,
    attribute,
    meeting_schemes,
    to_be_run,
    to_the_penny,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from model.results.outcome import Outcome
    from model.results.sample import Sample


def bridge_frame(result: Outcome) -> pd.DataFrame:
    """Return each perimeter of several schemes in causal order: what each adds, and its Shapley value; real pounds.

    Central always; the mean where the run already holds every set of schemes that it takes (up to two that meet on the
    caseload, alone and together). Within a perimeter and statistic both columns sum to the NPV to the penny. No rows
    where more than eight schemes meet.
    """
    case = result.case
    members = acting_members(case)
    several = [name for name in result.perimeters if len(members[name]) > 1]
    parts: list[dict[str, object]] = [dict.fromkeys(BRIDGE_COLUMNS, ())]
    for perimeter in several:
        if len(set(meeting_schemes(case)) & set(members[perimeter])) > MOST_SCHEMES:
            continue
        parts += _rows(
            result, perimeter, CENTRAL, attribute(case, central(case), perimeter, known=_npv(result.central))
        )
        if result.sample is not None and not to_be_run(case, perimeter):
            parts += _rows(result, perimeter, MEAN, _drawn(result, result.sample, perimeter))
    return tidy_frame(BRIDGE_COLUMNS, parts)


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


def _npv(sample: Sample) -> dict[str, NDArray[np.float64]]:
    return {name: measures.npv_gbp for name, measures in sample.measures.items()}


def _drawn(result: Outcome, sample: Sample, perimeter: str) -> Attribution:
    """Share out the NPV in every draw; nothing is run, so that no chance is dealt."""
    draws = Draws(values=sample.draws, n=sample.n, first=0, seed=result.seed, process_noise=False)
    return attribute(result.case, draws, perimeter, known=_npv(sample))


def _rows(result: Outcome, perimeter: str, statistic: str, found: Attribution) -> list[dict[str, object]]:
    """Return a perimeter's rows of one statistic, the mean over the draws, in causal order."""
    sample = result.sample if statistic == MEAN and result.sample is not None else result.central
    joint = np.array([sample.measures[perimeter].npv_gbp.mean()]).round(2)  # as `metrics.json` has it
    steps, shares = (_mean(parts, joint) for parts in (found.steps, found.shapley))
    labels = {"scenario": result.case.scenario, "perimeter": perimeter, "statistic": statistic}
    return [
        {**labels, "position": i, "scheme": name, "step_gbp": steps[name], "shapley_gbp": shares[name]}
        for i, name in enumerate(acting_members(result.case)[perimeter], 1)
    ]


def _mean(parts: Mapping[str, NDArray[np.float64]], joint: NDArray[np.float64]) -> dict[str, float]:
    means = {name: np.array([values.mean()]) for name, values in parts.items()}
    return {name: float(values[0]) for name, values in to_the_penny(means, joint).items()}
