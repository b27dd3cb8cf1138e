"""How far costs may be dearer and benefits smaller than stated: optimism bias by evidence grade, and benefits realised.

Off unless a scenario asks for it. The shares stand in `inputs/reference/optimism_bias.csv`, red until they are sourced.
Never on top of a range that was widened for it: nobody may count the same doubt twice.
"""

from typing import Final

from model.case.draws import Floats
from model.case.records import Case
from model.case.words import RATINGS
from model.schemes.setting import Setting

SWITCH, REALISED = "appraisal.optimism_bias", "appraisal.benefits_realised_share"
WIDENED: Final = "optimism bias"  # the words in an assumption's note that say its range already allows for it


def grade_of(case: Case, scheme: str) -> str:
    """Return the grade of a scheme's evidence: the worst quality among its own assumptions (red, amber, green)."""
    own = {a.quality for name, a in case.assumptions.items() if name.startswith(f"{scheme}.")}
    return next((grade for grade in RATINGS if grade in own), RATINGS[-1])


def counted_twice(case: Case) -> tuple[str, ...]:
    """Return the assumptions whose range was widened for optimism bias already, where the case switches it on."""
    if SWITCH not in case.assumptions or not case.assumptions[SWITCH].value:
        return ()
    return tuple(n for n, a in case.assumptions.items() if WIDENED in a.note.lower() and a.low < a.high)


def cost_factor(setting: Setting, scheme: str) -> Floats:
    """Return what a scheme's stated costs are multiplied by, (draws,): 1 + the uplift of its grade if switched on."""
    return 1 + setting.optional(SWITCH, 0.0) * _bias(setting, scheme)[0]


def realised(setting: Setting, scheme: str) -> Floats:
    """Return the share of a scheme's stated benefits that comes about, (draws,): all of them unless the case says less.

    Children kept at home, places filled, agency staff ended: what is saved follows from those.
    """
    less: Floats = 1 - setting.optional(SWITCH, 0.0) * _bias(setting, scheme)[1]
    return setting.optional(REALISED, 1.0) * less


def _bias(setting: Setting, scheme: str) -> tuple[float, float]:
    """Return the uplift of costs and the cut of benefits for a scheme's grade; none where there is no table."""
    return setting.case.reference.optimism_bias.get(grade_of(setting.case, scheme), (0.0, 0.0))
