"""The verdict by stated rules: proceed, proceed if, or do not; cash decides first, avoided cost only after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from model.case.units import above_zero
from model.case.words import CENTRAL, GREEN, MEAN
from model.results.perimeters import main_perimeter

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from model.case.records import Case
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


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the rules say of a perimeter; `cash` and `total`: whether the NPV passes in cash, and with avoided cost."""

    perimeter: str
    word: str
    cash: bool
    total: bool

    @property
    def rule(self) -> str:
        """The rule that holds, in words."""
        return RULES[self.word]


def placeholders(case: Case) -> tuple[str, ...]:
    """Return the assumptions whose source says that they are placeholders: another council's, or a guess."""
    return tuple(name for name, a in case.assumptions.items() if a.source.lower().startswith(PLACEHOLDER))


def not_yet(case: Case) -> bool:
    """Whether a placeholder moves the answer, so that it is no evidence: one whose impact is red, amber or unsaid."""
    return any(case.assumptions[name].impact != GREEN for name in placeholders(case))


def verdict(result: Result) -> Verdict:
    """Return the verdict on the schemes that are to pay for themselves (the main perimeter)."""
    perimeter = main_perimeter(result.case)
    cash, total = (_passes(result, perimeter, measure) for measure in ("npv_cashable", "npv"))
    word = NOT_YET if not_yet(result.case) else PROCEED if cash else PROCEED_IF if total else DO_NOT
    return Verdict(perimeter=perimeter, word=word if result.case.active_schemes else NOTHING, cash=cash, total=total)


def ways_above_zero(npv: Sequence[float] | pd.Series[float]) -> int:
    """Return how many net present values are above zero."""
    return int(above_zero(np.asarray(npv)).sum())


def _passes(result: Result, perimeter: str, measure: str) -> bool:
    """Whether an NPV is above zero central, on average, and in more than half of the structural combinations."""
    values = result.metrics_by_perimeter[perimeter][f"{measure}_gbp"]
    printed = np.array([values[s] or 0.0 for s in (CENTRAL, MEAN) if s in values])
    found = result.structure
    ways = found[(found.perimeter == perimeter) & (found.measure == measure) & (found.statistic == CENTRAL)]
    return bool(above_zero(printed).all() and above_zero(ways.value_gbp.to_numpy()).mean() > 0.5)
