"""One number a question: NPV, payback, probabilities, people."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from model.case.units import above_zero
from model.case.words import CENTRAL, MEAN, WHOLE, WITH_SCHEMES
from model.money.appraisal import Appraisal
from model.results.annual import tidy_frame
from model.results.purses import reserve_metrics
from model.results.summary import WORST_SHARE, pick, summarise, with_nulls
from model.schemes.staff import workforce

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from model.results.outcome import Outcome
    from model.results.sample import Sample


def metrics_of(result: Outcome, perimeter: str) -> dict[str, dict[str, float | None]]:
    """Return metric -> statistic -> value of one perimeter."""
    middle = result.central.measures[perimeter]
    draws = None if result.sample is None else result.sample.measures[perimeter]
    out: dict[str, dict[str, float | None]] = {}
    for field in fields(Appraisal):
        kept = None if draws is None else getattr(draws, field.name)
        out[field.name] = with_nulls(getattr(middle, field.name), kept)
    out["npv_run_off_gbp"] = {CENTRAL: result.run_off_npv[perimeter]}
    either = middle if draws is None else draws
    sure = CENTRAL if draws is None else MEAN
    out["probability_npv_positive"] = {sure: float(above_zero(either.npv_gbp).mean())}
    out["probability_npv_cashable_positive"] = {sure: float(above_zero(either.npv_cashable_gbp).mean())}
    out["probability_payback_cashable"] = {sure: float(np.isfinite(either.payback_cashable_months).mean())}
    out["probability_payback"] = {sure: float(np.isfinite(either.payback_months).mean())}
    for i, year in enumerate(result.case.timeline.financial_years):
        months = int((result.case.timeline.year_index <= i).sum())
        paid = (either.payback_months <= months).mean()
        out[f"probability_payback_by_{year.replace('/', '_')}"] = {sure: float(paid)}
    if perimeter == WHOLE:
        out |= _caseload_metrics(result, sure) | reserve_metrics(result, sure)
    if draws is not None:
        worst = np.sort(draws.npv_gbp)[: max(1, round(WORST_SHARE * len(draws.npv_gbp)))]
        out["expected_shortfall_10_gbp"] = {MEAN: float(worst.mean())}
        out["npv_standard_error_gbp"] = {MEAN: float(draws.npv_gbp.std(ddof=1) / np.sqrt(len(draws.npv_gbp)))}
    return out


def _caseload_metrics(result: Outcome, sure: str) -> dict[str, dict[str, float | None]]:
    """Months until cases for each social worker first reach the target, and how likely they do within the horizon."""
    target, key = "capacity.target_caseload", (workforce.CASELOAD, WITH_SCHEMES)
    if target not in result.case.assumptions or key not in result.central.staffing:
        return {}

    def reached(sample: Sample) -> NDArray[np.float64]:
        return workforce.first_month_at_or_below(sample.staffing[key].astype(np.float64), sample.draws[target])

    middle, drawn = reached(result.central), pick(result.sample, reached)
    likely = float(np.isfinite(middle if drawn is None else drawn).mean())
    return {"caseload_target_months": with_nulls(middle, drawn), "probability_caseload_target": {sure: likely}}


def staffing_frame(result: Outcome) -> pd.DataFrame:
    """Return posts, people and caseloads by month, in both worlds; NaN where cases have nobody to hold them."""
    months = np.array(result.case.timeline.month_labels)
    columns = ("scenario", "world", "measure", "month", "statistic", "value")
    parts: list[dict[str, object]] = [dict.fromkeys(columns, ())]
    for (measure, world), middle in result.central.staffing.items():
        drawn = None if result.sample is None else result.sample.staffing[measure, world].astype(np.float64)
        with np.errstate(invalid="ignore"):  # between two draws that are infinite there is no number
            found = summarise(middle.astype(np.float64), drawn)
        for statistic, values in found.items():
            labels = {"scenario": result.case.scenario, "world": world, "measure": measure, "statistic": statistic}
            parts.append({**labels, "month": months, "value": _finite(values)})
    return tidy_frame(columns, parts)


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers as they are written: four places, and NaN (a blank) for what is not a number."""
    return np.where(np.isfinite(values), np.round(values, 4) + 0.0, np.nan)
