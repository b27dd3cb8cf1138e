"""How sure the answer is: what moves it, what is worth finding out first, who earned it, whether the draws suffice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.money.portfolio import members_of
from model.report import risk_figures, views
from model.report.sections import show
from model.risk.attribution import meeting_schemes

if TYPE_CHECKING:
    from model.report.look.page import Block
    from model.results.runs import Result

CENTRAL_ONLY = "This run holds the central values alone: run it with more draws to see how sure the answer is."
NOTHING_ACTS = "No scheme acts in this scenario, so there is nothing to be unsure about."
ALONE = "Fewer than two schemes act on the same children here, so nobody shares a saving."


def risk(result: Result) -> Block:
    """Return the tornado, the value of information, the attribution and the convergence of the main perimeter."""
    case, perimeter = result.case, views.main_perimeter(result.case)
    if not case.active_schemes:
        return show(NOTHING_ACTS)
    if not views.has_range(result):
        return show(CENTRAL_ONLY)
    members = [name for name in members_of(case)[perimeter] if name in result.npv_draws]
    meet = [name for name in meeting_schemes(case) if name in members]
    shared: object = ALONE
    if len(meet) > 1:
        shared = risk_figures.attribution_table(result, perimeter)
    choices = list(dict.fromkeys([*members, perimeter]))  # each scheme by itself, or all of them
    return show(
        risk_figures.tornado_chart(case, perimeter),
        risk_figures.information_chart(case, result, choices, seed=result.seed),
        shared,
        risk_figures.convergence_table(result),
    )
