"""Risks: what moves the answer, what would have to be true, who watches it, and what would pay for the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model.case.words import AGENCY, EVERYTHING, WHOLE
from model.report import risk_figures, views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import show
from model.report.money import LEAST
from model.results.perimeters import main_perimeter

if TYPE_CHECKING:
    from model.case.records import Case
    from model.report.look.page import Block
    from model.results.runs import Result

NOTHING_ACTS = "No scheme acts in this scenario, so there is nothing to be unsure about."
MOST = 8  # rows of the register


def risk(result: Result) -> Block:
    """Return the tornado and the risk register of the main perimeter, what to learn first, the whole's break-even."""
    if not result.case.active_schemes:
        return show(NOTHING_ACTS)
    main = main_perimeter(result.case)
    return show(
        risk_figures.tornado_chart(result, main), register(result), information_words(result), whole_words(result)
    )


def register(result: Result) -> tbl.Table:
    """Return the risk register of the main perimeter: what if, evidence, owner and trigger.

    First the assumptions that turn the NPV within their own range, then those that move it most.
    """
    case, main = result.case, main_perimeter(result.case)
    turns = {r.assumption: r for r in views.records(result.switching_by_perimeter) if r.perimeter == main}
    bars = [r for r in views.records(result.tornado) if r.perimeter == main and r.swing_gbp >= LEAST]
    bars.sort(key=lambda bar: not turns[bar.assumption].within_range)

    def what_if(bar: Any) -> str:  # noqa: ANN401 - a row of a frame
        npv, value = min((bar.npv_at_p10_gbp, bar.p10), (bar.npv_at_p90_gbp, bar.p90))
        a = case.assumptions[bar.assumption]
        return f"at {fmt.quantity(value, a.unit)} instead of {fmt.quantity(a.value, a.unit)}: {fmt.money(npv)}"

    columns: dict[str, tbl.Show] = {
        "Assumption": lambda bar: assumption_link(case, bar.assumption), "What if": what_if,
        "Evidence": lambda bar: tbl.rating(case.assumptions[bar.assumption].quality),
        "Owner": lambda bar: case.assumptions[bar.assumption].owner or "nobody named",
        "Trigger: the NPV turns": lambda bar: _trigger(turns[bar.assumption]),
    }  # fmt: skip
    caption = f"Risk register, {views.title_of(case, main)}: NPV with cost avoided, one assumption at a time"
    return tbl.of("register", caption, bars[:MOST], columns, empty="No assumption by itself moves the NPV.",
                  note="What if: the worse of its 10th and 90th percentile, all else central.")  # fmt: skip


def assumption_link(case: Case, name: str) -> tbl.Cell:
    """Return a cell that leads to an assumption's row."""
    return tbl.link(case.label(name), f"#{markup.anchor(name)}")


def _trigger(turn: Any) -> str:  # noqa: ANN401 - a row of a frame
    value = views.some(turn.switching_value)
    if value is None:
        return "at no value it can have"
    outside = "" if turn.within_range else ", outside its range"
    return f"{'above' if value > turn.central else 'below'} {fmt.quantity(value, turn.unit)}{outside}"


def information_words(result: Result) -> str:
    """Return what is worth finding out before the decision; empty where only the central run was made."""
    found = views.records(result.information)
    single = [r for r in found if r.learnt == r.assumptions and r.value_gbp >= LEAST]
    if not found or not single:
        return "No single number is worth firming up: none could change the decision." if found else ""
    every = next(r.value_gbp for r in found if r.learnt == EVERYTHING)
    return (
        f"Before deciding, knowing exactly “{result.case.label(single[0].learnt)}” would be worth up to "
        f"{fmt.money(single[0].value_gbp)}, and knowing everything {fmt.money(every)}."
    )


def whole_words(result: Result) -> str:
    """Return what would pay for the whole where it does not pay for itself; empty where it does."""
    case, npv = result.case, views.metric(result, WHOLE, "npv_gbp")
    if npv is None or npv >= 0:
        return ""
    found = result.payers
    share = "more than nine in ten" if found.entries_share is None else f"{fmt.percent(found.entries_share)} fewer"
    words = (
        f"The whole programme was not meant to pay for itself. It would if, besides what its schemes prevent, {share} "
        f"children of all ages entered care from the start, or if {fmt.money(found.annual_gbp)} a year were saved"
    )
    covers = [case.assumptions.get(f"{spec.name}.cover_cost_annual") for spec in case.schemes if spec.kind == AGENCY]
    total = sum(a.value for a in covers if a is not None)
    if total:
        words += f", {fmt.percent(found.annual_gbp / total)} of the yearly cost of agency cover ({fmt.money(total)})"
    return (
        f"{words}. Posts that stay empty cost nothing here, so failing to recruit makes the whole look better: it does "
        "less, and what it was for is not counted."
    )
