"""From nothing to the joint NPV, scheme by scheme: the causal waterfall, and beside it shares no order moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.case.draws import Draws, central
from model.results.annual import tidy_frame
from model.results.summary import BRIDGE_COLUMNS, CENTRAL, MEAN
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

    from model.results.runs import Result
    from model.results.sample import Sample


def bridge_frame(result: Result) -> pd.DataFrame:
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


def _npv(sample: Sample) -> dict[str, NDArray[np.float64]]:
    return {name: measures.npv_gbp for name, measures in sample.measures.items()}


def _drawn(result: Result, sample: Sample, perimeter: str) -> Attribution:
    """Share out the NPV in every draw; nothing is run, so that no chance is dealt."""
    draws = Draws(values=sample.draws, n=sample.n, first=0, seed=result.seed, process_noise=False)
    return attribute(result.case, draws, perimeter, known=_npv(sample))


def _rows(result: Result, perimeter: str, statistic: str, found: Attribution) -> list[dict[str, object]]:
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
