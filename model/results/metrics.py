"""One number a question: NPV, payback, probabilities, people."""

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pandas as pd

from model.case.units import above_zero
from model.case.words import CENTRAL, MEAN, WHOLE, WITH_SCHEMES
from model.money.appraisal import Appraisal
from model.results.annual import tidy_frame
from model.results.purses import reserve_metrics
from model.results.sample import Floats, Outcome, Sample
from model.schemes.staff import workforce

Metrics = dict[str, dict[str, float | None]]

WORST_SHARE = 0.1
STAFFING_COLUMNS = ("scenario", "world", "measure", "month", "statistic", "value")


def metrics_of(result: Outcome, perimeter: str) -> Metrics:
    """Return metric -> statistic -> value of one perimeter."""

    def of(measure: str) -> Callable[[Sample], Floats]:
        return lambda sample: np.asarray(getattr(sample.measures[perimeter], measure))

    def positive(measure: str) -> dict[str, float | None]:
        return result.chance(lambda sample: above_zero(of(measure)(sample)))

    def paid_back(measure: str, by: float) -> dict[str, float | None]:
        return result.chance(lambda sample: of(measure)(sample) <= by)

    out: Metrics = {field.name: result.with_nulls(of(field.name)) for field in fields(Appraisal)}
    out["npv_run_off_gbp"] = {CENTRAL: result.run_off_npv[perimeter]}
    out["probability_npv_positive"] = positive("npv_gbp")
    out["probability_npv_cashable_positive"] = positive("npv_cashable_gbp")
    timeline = result.case.timeline
    out["probability_payback_cashable"] = paid_back("payback_cashable_months", timeline.months)
    out["probability_payback"] = paid_back("payback_months", timeline.months)
    for i, year in enumerate(timeline.financial_years):
        months = int((timeline.year_index <= i).sum())
        out[f"probability_payback_by_{year.replace('/', '_')}"] = paid_back("payback_months", months)
    if perimeter == WHOLE:
        out |= _caseload_metrics(result) | reserve_metrics(result)
    if result.sample is not None:
        worst = np.sort(drawn := result.npv_draws[perimeter])[: max(1, round(WORST_SHARE * result.draws))]
        out["expected_shortfall_10_gbp"] = {MEAN: float(worst.mean())}
        out["npv_standard_error_gbp"] = {MEAN: float(drawn.std(ddof=1) / np.sqrt(len(drawn)))}
    return out


def _caseload_metrics(result: Outcome) -> Metrics:
    """Months until cases for each social worker first reach the target, and how likely they do within the horizon."""
    target, key = "capacity.target_caseload", (workforce.CASELOAD, WITH_SCHEMES)
    if target not in result.case.assumptions or key not in result.central.staffing:
        return {}

    def reached(sample: Sample) -> Floats:
        return workforce.first_month_at_or_below(sample.staffing[key].astype(np.float64), sample.draws[target])

    return {
        "caseload_target_months": result.with_nulls(reached),
        "probability_caseload_target": result.chance(lambda sample: np.isfinite(reached(sample))),
    }


def staffing_frame(result: Outcome) -> pd.DataFrame:
    """Return posts, people and caseloads by month, in both worlds; NaN where cases have nobody to hold them."""
    months = np.array(result.case.timeline.month_labels)
    parts: list[tuple[object, ...]] = []

    def values(measure: str, world: str) -> dict[str, Floats]:
        with np.errstate(invalid="ignore"):  # between two draws that are infinite there is no number
            return result.statistics(lambda sample: sample.staffing[measure, world].astype(np.float64))

    for measure, world in result.central.staffing:
        for statistic, found in values(measure, world).items():
            finite = np.where(np.isfinite(found), np.round(found, 4) + 0.0, np.nan)
            parts.append((result.case.scenario, world, measure, months, statistic, finite))
    return tidy_frame(STAFFING_COLUMNS, parts)
