"""How sure the answer is: what moves it, what is worth finding out first, who earned it, whether the draws suffice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.report import risk_figures, views
from model.report.look.page import show
from model.results.perimeters import main_perimeter

if TYPE_CHECKING:
    from model.report.look.page import Block
    from model.results.runs import Result

CENTRAL_ONLY = "This run holds the central values alone: run it with more draws to see how sure the answer is."
NOTHING_ACTS = "No scheme acts in this scenario, so there is nothing to be unsure about."
ALONE = "Fewer than two schemes act on the same children here, so nobody shares a saving."


def risk(result: Result) -> Block:
    """Return the tornado, the value of information, the attribution and the convergence of the main perimeter."""
    perimeter = main_perimeter(result.case)
    if not result.case.active_schemes:
        return show(NOTHING_ACTS)
    if not views.has_range(result):
        return show(CENTRAL_ONLY)
    shared = (result.attribution["perimeter"] == perimeter).any()
    return show(
        risk_figures.tornado_chart(result, perimeter),
        risk_figures.information_chart(result),
        risk_figures.attribution_table(result, perimeter) if shared else ALONE,
        risk_figures.convergence_table(result),
    )
