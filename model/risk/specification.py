"""Structure as a choice: the NPV under every combination of the choices that data cannot settle.

A specification curve (Simonsohn, Simmons and Nelson 2020, Nature Human Behaviour 4): nobody can say which of several
defensible models is right, so all of them are run and shown side by side, sorted.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Final

import numpy as np

from model.case.draws import Draws, central, with_values
from model.case.records import Case, Setting, StructuralChoice
from model.money.appraisal import appraise, discount_factors
from model.money.portfolio import Evaluation, evaluate, members_of
from model.risk.asking import Floats

MEASURES: Final = ("npv_gbp", "npv_cashable_gbp")  # of an appraisal, and what a curve holds
Npvs = Mapping[tuple[str, str], Floats]  # (perimeter, measure) -> NPV in pounds, of each combination or draw


def acting_choices(case: Case) -> tuple[StructuralChoice, ...]:
    """Return the choices that speak of something in this scenario: not those of schemes it leaves out."""
    idle = {spec.name for spec in case.schemes} - {spec.name for spec in case.active_schemes}
    names = {choice.name: [name for s in choice.settings for name in s.overrides] for choice in case.structure}
    return tuple(c for c in case.structure if any(name.partition(".")[0] not in idle for name in names[c.name]))


def specifications(
    case: Case, perimeters: Sequence[str], drawn: Draws | None = None
) -> tuple[list[tuple[Setting, ...]], Npvs, Npvs]:
    """Return every combination of the choices that act, and the NPV of each, total and cashable: central, and mean.

    Central: all combinations are points of one expected run. Points are interpolated, to some hundreds of pounds; its
    last one is the scenario as it stands, and by what that differs from the exact run the others are put right.
    Mean: over `drawn`, the same draws and the same children in each combination, so that combinations differ by their
    structure alone; empty where `drawn` is None.
    """
    choices = acting_choices(case)
    combinations = list(product(*(choice.settings for choice in choices)))
    start = central(case)
    names = dict.fromkeys(name for choice in choices for s in choice.settings for name in s.overrides)
    set_to = [{k: v for setting in combination for k, v in setting.overrides.items()} for combination in combinations]
    points = {name: np.array([one.get(name, start[name][0]) for one in (*set_to, {})]) for name in names}
    middle = evaluate(case, start, cells=False)
    many = evaluate(case, with_values(start, points), cells=False, middle=middle)
    exact, near = _npvs(middle, perimeters), _npvs(many, perimeters)

    def mean(sampled: Draws, values: Mapping[str, float]) -> dict[tuple[str, str], float]:
        crafted = with_values(sampled, {name: np.full(sampled.n, value) for name, value in values.items()})
        found = _npvs(evaluate(case, crafted, cells=False, middle=middle), perimeters)
        return {key: float(npv.mean()) for key, npv in found.items()}

    means = [] if drawn is None else [mean(drawn, values) for values in set_to]
    at_centre = {key: npv[:-1] + (exact[key][0] - npv[-1]) for key, npv in near.items()} if choices else exact
    return combinations, at_centre, {key: np.array([one[key] for one in means]) for key in exact if means}


def _npvs(evaluation: Evaluation, perimeters: Sequence[str]) -> dict[tuple[str, str], Floats]:
    """Return (perimeter, measure) -> NPV in pounds, (draws,)."""
    case, members = evaluation.case, members_of(evaluation.case)
    factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
    appraised = {p: appraise(evaluation.perimeter(p, members[p]), factors, evaluation.draws.n) for p in perimeters}
    return {(p, measure): getattr(found, measure) for p, found in appraised.items() for measure in MEASURES}
