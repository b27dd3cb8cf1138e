"""Both readings of the agency figures side by side, since the sign of a whole case can turn on which one is right.

Managed teams come on top of the establishment: filling the new posts saves their whole cost. Cover stands in for a
funded vacancy. If the printed figure is what agency staff cost, filling a post saves the premium only, because the
salary is then paid. If it is already net of the budgets of the vacant posts, filling saves all of it. The part of the
cover figure that is managed teams is taken out first, so that no pound is saved twice. How much of the cover new posts
can end at all, and what covering those of them that fall vacant again costs, are asked here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from model.case.draws import central, with_values
from model.case.words import AGENCY, WHOLE
from model.children.streams import streams_of
from model.money.appraisal import appraise, discount_factors, npv_evaluator
from model.money.portfolio import evaluate
from model.schemes.agency import DISPLACED, ONE_FOR_ONE, annual_cost
from model.schemes.staff.posts import COVER_VACATED

if TYPE_CHECKING:
    import pandas as pd

    from model.case.records import Case

READINGS = {
    0.0: ("premium only", "what agency cover cost, salaries of the vacant posts included"),
    1.0: ("whole cost", "net of the budgets of the vacant posts"),
}


def agency_readings(case: Case) -> pd.DataFrame:
    """Return a row per active agency scheme and reading, central, real pounds.

    Columns: scheme, reading, net_means, managed_teams_annual_gbp (their cost over a year), cover_annual_gbp (the cover
    figure without managed teams), cover_saved_annual_gbp (of it, with every post filled), npv_gbp (of the scheme),
    npv_whole_gbp, used (whether the scenario uses this reading).
    """
    import pandas as pd  # noqa: PLC0415 - importing the model must stay cheap

    factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
    base, streams = central(case), streams_of(case)
    rows = []
    for name in (spec.name for spec in case.active_schemes if spec.kind == AGENCY):
        value = {key: float(base[f"{name}.{key}"][0]) for key in _PARAMETERS}
        stated, months = base[f"{name}.managed_teams_cost"], base[f"{name}.managed_teams_months"]
        teams = float(annual_cost(stated, months, case.timeline)[0])
        cover = value["cover_cost_annual"] * (1 - value["cover_managed_share"])
        can_go = float(base[f"{name}.{DISPLACED}"][0]) if f"{name}.{DISPLACED}" in case.assumptions else ONE_FOR_ONE
        for switch, (reading, meaning) in READINGS.items():
            draws = with_values(base, {f"{name}.whole_cost": np.array([switch])})
            evaluation = evaluate(case, draws, streams=streams)
            npv = {p: float(appraise(evaluation.perimeters[p], factors, 1).npv_gbp[0]) for p in (name, WHOLE)}
            saved = 1.0 if switch else value["premium"] / (1 + value["premium"])
            rows.append(
                {
                    "scheme": name,
                    "reading": reading,
                    "net_means": meaning,
                    "managed_teams_annual_gbp": teams,
                    "cover_annual_gbp": cover,
                    "cover_saved_annual_gbp": cover * can_go * saved,
                    "npv_gbp": npv[name],
                    "npv_whole_gbp": npv[WHOLE],
                    "used": value["whole_cost"] == switch,
                }
            )
    return pd.DataFrame(rows)


@dataclass(frozen=True, kw_only=True)
class Displaced:
    """An agency scheme's share of cover that can go, and the whole's NPV at the ends of its range; central, pounds."""

    name: str
    value: float
    low: float
    high: float
    npv_low_gbp: float
    npv_high_gbp: float


def displaced_cover(case: Case) -> tuple[Displaced, ...]:
    """Return, for each active agency scheme that states a range for the share of cover that new posts end, its worth.

    The NPV is that of the whole in real terms, every other assumption at its central value.
    """
    names = [f"{spec.name}.{DISPLACED}" for spec in case.active_schemes if spec.kind == AGENCY]
    stated = [case.assumptions[name] for name in names if name in case.assumptions]
    ranged = [found for found in stated if found.low < found.high]
    return tuple(
        Displaced(name=a.name, value=a.value, low=a.low, high=a.high,
                  npv_low_gbp=_whole_at(case, a.name, a.low), npv_high_gbp=_whole_at(case, a.name, a.high))
        for a in ranged
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class VacatedCover:
    """What agency staff in new posts that fall vacant again take off the whole's NPV: central, real pounds.

    `npv_gbp` with their cost, `npv_without_gbp` with those posts left empty.
    """

    npv_gbp: float
    npv_without_gbp: float

    @property
    def cost_gbp(self) -> float:
        """What they cost in today's value."""
        return self.npv_without_gbp - self.npv_gbp


def vacated_cover(case: Case) -> VacatedCover | None:
    """Return what covering new posts that fall vacant again is worth; None where the case does not cover them."""
    stated = case.assumptions.get(COVER_VACATED)
    if stated is None or stated.value <= 0 or not case.active_schemes:
        return None
    return VacatedCover(
        npv_gbp=_whole_at(case, COVER_VACATED, stated.value), npv_without_gbp=_whole_at(case, COVER_VACATED, 0.0)
    )


def _whole_at(case: Case, name: str, value: float) -> float:
    """Return the whole's central NPV with one assumption at a value, real pounds."""
    draws = with_values(central(case), {name: np.array([value])})
    return float(npv_evaluator(case, [WHOLE])(draws)[WHOLE][0])


_PARAMETERS = (
    "cover_cost_annual", "cover_managed_share", "premium", "whole_cost",
)  # fmt: skip
