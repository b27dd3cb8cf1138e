"""How much each assumption matters: the rating beside its quality in the assumptions log, worked out and not typed."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from model.case.assumptions import Assumption
from model.case.draws import Draws, central
from model.case.records import Case
from model.case.words import AMBER, GREEN, RED
from model.money.appraisal import appraise, discount_factors
from model.money.portfolio import evaluate, members_of
from model.risk.asking import Floats, evaluate_rows

LEAST_GBP: Final = {RED: 1_000_000.0, AMBER: 250_000.0, GREEN: 0.0}
"""How far an assumption moves a net present value at least, to be rated so."""


def swings(case: Case, perimeters: Sequence[str]) -> dict[str, float]:
    """Return assumption -> how far it moves an NPV between its low and its high, pounds, all others central.

    The largest over the perimeters, in all and in cash. A switch is moved to its other setting; whatever else has no
    range moves nothing.
    """
    rows, start = list(case.assumptions.values()), central(case)
    factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
    middle = evaluate(case, start, cells=False)

    def worth(draws: Draws) -> dict[str, Floats]:
        run = evaluate(case, draws, cells=False, middle=middle)
        found: dict[str, Floats] = {}
        for name in perimeters:
            appraised = appraise(run.perimeter(name, members_of(case)[name]), factors, draws.n)
            found |= {f"{name} in all": appraised.npv_gbp, f"{name} in cash": appraised.npv_cashable_gbp}
        return found

    npv = evaluate_rows(worth, start, [a.name for a in rows], [_ends(a) for a in rows])
    moved = np.max([np.abs(np.diff(values.reshape(-1, 2), axis=1)[:, 0]) for values in npv.values()], axis=0)
    return {a.name: float(swing) for a, swing in zip(rows, moved, strict=True)}


def rating(swing_gbp: float) -> str:
    """Return red, amber or green."""
    return next(word for word, least in LEAST_GBP.items() if swing_gbp >= least)


def _ends(a: Assumption) -> Floats:
    return np.array([0.0, 1.0] if a.unit == "switch" else [a.low, a.high])
