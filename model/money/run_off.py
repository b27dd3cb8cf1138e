"""The end of the horizon: what is lost by not following those whom the schemes kept at home until then.

The costs of the last years are counted and most of what they save comes later. Here the schemes stop at the horizon,
and the children kept out of care, and the homes found, are followed until the youngest of them would be 18. Shown
beside the NPV of the horizon, never instead of it: years so far off rest on prices nobody knows.
"""

from dataclasses import replace
from typing import Final

from model.case.draws import central
from model.case.records import Case
from model.case.timeline import MONTHS_A_YEAR, Timeline
from model.money.appraisal import npv_evaluator

ADULT_AGE: Final = 18


def with_run_off(case: Case, years: int = ADULT_AGE) -> Case:
    """Return the case followed for so many years after its schemes have stopped."""
    timeline = Timeline(case.timeline.start, case.acting_months + years * MONTHS_A_YEAR)
    return replace(case, timeline=timeline, conventions=replace(case.conventions, run_off_years=years))


def run_off_npv(case: Case) -> dict[str, float]:
    """Return perimeter -> central NPV with the run-off, real pounds."""
    longer = with_run_off(case)
    return {name: float(npv[0]) for name, npv in npv_evaluator(longer)(central(longer)).items()}
