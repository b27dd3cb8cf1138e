"""From one scenario's answer to another's: what each assumption that differs moved the central NPV by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.case.draws import Draws, central, with_values
from model.case.words import REMAINDER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from model.case.records import Case
    from model.risk.asking import Floats


@dataclass(frozen=True, kw_only=True)
class BridgeStep:
    """What one overridden assumption, taken in declared order, moved the NPV by. Pounds."""

    perimeter: str
    step: str
    change: float
    npv_after: float


def bridge(
    case: Case, base_case: Case, evaluate: Callable[[Case, Draws], Mapping[str, Floats]], perimeters: Sequence[str]
) -> list[BridgeStep]:
    """Return what each overridden assumption moved the central NPV by, from `base_case` to `case`.

    Steps follow the order of the scenario's overrides and are cumulative, so the order matters and is the declared one.
    The last step, `remainder`, is whatever is not an assumption (schemes switched, conventions). They sum exactly.
    """
    start = central(base_case)
    changed = _changed_assumptions(case, base_case)
    names = list(changed)
    stairs = with_values(
        start,
        {name: np.where(np.arange(len(names) + 1) > i, changed[name], start[name][0]) for i, name in enumerate(names)},
    )
    along, final = evaluate(base_case, stairs), evaluate(case, central(case))
    steps = []
    for perimeter in perimeters:
        npv = np.concatenate([along[perimeter], final[perimeter][:1]]) if perimeter in along else final[perimeter][:1]
        labels = [base_case.scenario or "base", *names, REMAINDER]
        before = 0.0
        for label, after in zip(labels, npv, strict=True):
            steps.append(
                BridgeStep(perimeter=perimeter, step=label, change=float(after) - before, npv_after=float(after))
            )
            before = float(after)
    return steps


def _changed_assumptions(case: Case, base_case: Case) -> dict[str, float]:
    """Return assumption -> new central value where it differs, in the order of the scenario's overrides."""
    ordered = [*case.overrides, *case.assumptions]
    return {
        name: case.assumptions[name].value
        for name in dict.fromkeys(ordered)
        if name in case.assumptions
        and name in base_case.assumptions
        and case.assumptions[name].value != base_case.assumptions[name].value
    }
