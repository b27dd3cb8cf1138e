"""The verdict by stated rules: proceed, proceed if, or do not; cash decides first, avoided cost only after it."""

from typing import Final

import numpy as np

from model.case.records import Case
from model.case.units import above_zero
from model.case.words import CENTRAL, GREEN, MEAN
from model.results.perimeters import main_perimeter
from model.results.runs import Result

PROCEED, PROCEED_IF, DO_NOT, NOTHING, NOT_YET = "proceed", "proceed_if", "do_not", "nothing", "not_yet"
PLACEHOLDER: Final = "placeholder"  # how the source of a number begins that is another council's or a guess
RULES: Final = {
    PROCEED: "worth more than it costs in cash: central, on average over all runs, and in most ways of modelling it",
    PROCEED_IF: "not that, but worth more than it costs once avoided cost is counted: central, on average over all "
    "runs, and in most ways of modelling it",
    DO_NOT: "neither",
    NOTHING: "no scheme acts",
    NOT_YET: "numbers that move the answer are placeholders",
}
"""Word -> when it holds, of the schemes that are to pay for themselves; the first that holds is the verdict."""


def placeholders(case: Case) -> tuple[str, ...]:
    """Return the assumptions whose source says that they are placeholders: another council's, or a guess."""
    return tuple(name for name, a in case.assumptions.items() if a.source.lower().startswith(PLACEHOLDER))


def not_yet(case: Case) -> bool:
    """Whether a placeholder moves the answer, so that it is no evidence: one whose impact is red, amber or unsaid."""
    return any(case.assumptions[name].impact != GREEN for name in placeholders(case))


def verdict(result: Result) -> str:
    """Return the word of the first rule that holds of the schemes that are to pay for themselves."""
    if not result.case.active_schemes:
        return NOTHING
    if not_yet(result.case):
        return NOT_YET
    return PROCEED if _passes(result, "npv_cashable") else PROCEED_IF if _passes(result, "npv") else DO_NOT


def _passes(result: Result, measure: str) -> bool:
    """Whether an NPV is above zero central, on average, and in more than half of the structural combinations."""
    perimeter = main_perimeter(result.case)
    values = result.metrics_by_perimeter[perimeter][f"{measure}_gbp"]
    printed = np.array([values[s] or 0.0 for s in (CENTRAL, MEAN) if s in values])
    found = result.structure
    ways = found[(found.perimeter == perimeter) & (found.measure == measure) & (found.statistic == CENTRAL)]
    return bool(above_zero(printed).all() and above_zero(ways.value_gbp.to_numpy()).mean() > 0.5)
