"""The key figures and the plain answer: what a reader sees first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.case.words import WHOLE
from model.report import claims, purses, views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import Block, show
from model.results.perimeters import main_perimeter, shown_perimeters

if TYPE_CHECKING:
    from collections.abc import Callable

    from model.case.records import Case
    from model.results.runs import Result

LEAST_SAID = 500  # pounds: less than this is nothing, as money is printed


def at_a_glance(result: Result) -> Block:
    """Return the key figures with their ranges, a card and then a column for each perimeter, and the plain answer."""
    case = result.case
    cards = "".join(_card(result, p) for p in shown_perimeters(case))
    return show(
        Block(f'<p class="lead">{markup.escape(answer(result))}</p>'),
        Block(f'<ul class="cards">{cards}</ul>'),
        headlines(result),
        vacated_words(case),
        *(claims.sentences(result, apart=True) if case.scenario == case.published_scenario else []),
        reserve_chance(result),
        certainty(result),
    )


def vacated_words(case: Case) -> str:
    """Return how much of the whole's NPV is agency staff in new posts that fall vacant again; empty where none is."""
    from model.money.agency_readings import vacated_cover  # noqa: PLC0415 - an index with nothing to do runs no model

    found = vacated_cover(case)
    if found is None or abs(found.cost_gbp) < LEAST_SAID:
        return ""
    return (
        f"The whole programme's net present value of {fmt.money(found.npv_gbp)} includes a cost of "
        f"{fmt.money(found.cost_gbp)} for agency staff who cover new posts that were filled and fall vacant again "
        f"(central); with those posts left empty it would be {fmt.money(found.npv_without_gbp)}."
    )


def reserve_chance(result: Result) -> str:
    """Return how likely the reserve is to run short, where it may; empty where it lasts in every draw."""
    chance, mean, _ = purses.reserve_risk(result)
    if not views.has_range(result) or not chance or mean is None:
        return ""
    name = result.case.funding.reserve_name or "The reserve"
    return (
        f"{name} runs short in {fmt.chance(chance)} of draws, by {fmt.money(mean)} on average of all draws: see the "
        "effect on the reserve below."
    )


def answer(result: Result) -> str:
    """Return the answer in two sentences: do the invest-to-save schemes pay, and what does the whole cost or save."""
    case = result.case
    if not case.active_schemes:
        return "Nothing is done in this scenario: no scheme acts, nothing is spent and nothing is saved."
    main = main_perimeter(case)
    subject = "The invest-to-save schemes together" if main in case.perimeters else views.title_of(case, main)
    first = "" if main == WHOLE else f"{subject}: {_verdict(result, main)}. "
    return f"{first}The whole programme: {_verdict(result, WHOLE)}."


def _verdict(result: Result, perimeter: str) -> str:
    npv = views.metric(result, perimeter, "npv_gbp")
    months = views.metric(result, perimeter, "payback_months")
    horizon = fmt.duration(result.case.timeline.months)
    if npv is None:
        return "no answer could be computed"
    several = perimeter in result.case.perimeters
    costs, saves = ("they cost", "they save") if several else ("it costs", "it saves")
    worth = f"worth {fmt.money(npv)} more than {costs}"
    if npv < 0:
        worth = f"{'cost' if several else 'costs'} {fmt.money(-npv)} more than {saves}"
    after = "no payback in that time" if months is None else f"payback after {fmt.duration(months)}"
    chance = views.probability(result, perimeter)
    likely = f"; above zero in {fmt.share_of_draws(chance)}" if views.has_range(result) and chance is not None else ""
    return f"{worth} over {horizon} in today's value; {after}{likely}"


def _card(result: Result, perimeter: str) -> str:
    case, found = result.case, views.spread(result, perimeter, "npv_gbp")
    chance = views.probability(result, perimeter)
    kind = "good" if (found.central or 0) > 0 else "bad"
    lines = [
        f'<p class="name">{markup.escape(views.title_of(case, perimeter))}</p>',
        f'<p class="big">{fmt.money(found.central)}</p>',
        '<p class="small">net present value, central</p>',
    ]
    if views.has_range(result):
        reach = fmt.money_range(found.p10, found.p90)
        lines += [
            f'<p class="small">mean {fmt.money(found.mean)}; eight draws in ten: {reach}</p>',
            f'<p class="small">chance of being above zero: {fmt.chance(chance)}</p>',
        ]
    return f'<li class="{kind}">{"".join(lines)}</li>'


def certainty(result: Result) -> Block:
    """Return why central and mean differ, and how far the number of draws limits what is printed."""
    case = result.case
    if not views.has_range(result):
        return show("Only the central run was made (one draw), so no range is shown.")
    found = views.spread(result, WHOLE, "npv_gbp")
    error = views.metric(result, WHOLE, "npv_standard_error_gbp", "mean")
    gap = None if found.mean is None or found.central is None else found.mean - found.central
    words = (
        "Central is one run with every assumption at its central value; mean is the average over "
        f"{result.draws:,} draws of all assumptions together. They differ because most ranges are lopsided and because "
        "effects multiply (a place that is not filled saves nothing, whatever the price gap)."
    )
    if gap is not None:
        words += f" For the {views.title_of(case, WHOLE).lower()} the mean NPV is {_apart(gap)} the central one."
    if error is not None:
        words += f" With {result.draws:,} draws the mean is known to within about {fmt.money(2 * error)} either way."
    return show(words)


def _apart(gap: float) -> str:
    if abs(gap) < LEAST_SAID:
        return "the same as"
    return f"{fmt.money(abs(gap))} {'above' if gap > 0 else 'below'}"


def headlines(result: Result) -> tbl.Table:
    """Return the key measures, a column per perimeter: costs, savings, NPV with its range, payback, peak funding."""
    case, shown = result.case, shown_perimeters(result.case)
    natures = {p: views.by_nature(result, p) for p in shown}
    year = natures[shown[0]].index[min(case.shown_years, len(natures[shown[0]])) - 1]
    rows: list[tuple[str, Callable[[str], tbl.Cell]]] = [
        (f"Investment in {year}", lambda p: _money(-natures[p].loc[year, "investment"])),
        (f"Cashable saving in {year}", lambda p: _money(natures[p].loc[year, "cashable_saving"])),
        (f"Cost avoided in {year}", lambda p: _money(natures[p].loc[year, "cost_avoidance"])),
        (f"Net position in {year}", lambda p: _money(natures[p].loc[year].sum())),
        *_npv_rows(result),
        ("Benefit-cost ratio, central", lambda p: _range(result, p, "bcr", _ratio)),
        ("Pays back after, central", lambda p: _payback(result, p, "payback_months")),
        ("Pays back after, discounted", lambda p: _payback(result, p, "discounted_payback_months")),
        ("Peak funding requirement, central", lambda p: _range(result, p, "peak_funding_gbp", fmt.money)),
    ]  # fmt: skip
    columns = ("Measure", *(views.title_of(case, p) for p in shown))
    body = [[tbl.text(title), *(cell(p) for p in shown)] for title, cell in rows]
    return tbl.Table(
        key="headlines",
        caption=f"Key figures for each perimeter, real {case.price_base} prices",
        columns=columns,
        rows=body,
        numeric=1,
        note=f"NPV over {fmt.duration(case.timeline.months)} from {fmt.month(case.timeline.month_labels[0])}, "
        f"discounted at {fmt.percent(case.conventions.discount_rate_annual, 1)} a year; payback counts from then. "
        "A minus costs the council.",
        rests_on=views.money_drivers(case, shown),
    )


def _range(result: Result, perimeter: str, name: str, show: Callable[[float | None], str]) -> tbl.Cell:
    found = views.spread(result, perimeter, name)
    return tbl.number(show(found.central), found.central)


def _ratio(value: float | None) -> str:
    return "none" if value is None else fmt.ratio(value)


def _money(value: float) -> tbl.Cell:
    return tbl.number(fmt.money(value), value)


def _npv_rows(result: Result) -> list[tuple[str, Callable[[str], tbl.Cell]]]:
    horizon = fmt.duration(result.case.timeline.months)
    rows: list[tuple[str, Callable[[str], tbl.Cell]]] = [
        ("Net present value (NPV), central", lambda p: _range(result, p, "npv_gbp", fmt.money))
    ]
    if views.has_range(result):
        rows += [
            ("NPV, mean", lambda p: _statistic(result, p, "npv_gbp", "mean")),
            ("NPV, 10th to 90th percentile", lambda p: _interval(result, p, "npv_gbp")),
            ("Chance that NPV is above zero", lambda p: _chance(result, p, "probability_npv_positive")),
            (f"Chance of paying back within {horizon}", lambda p: _chance(result, p, "probability_payback")),
        ]
    return [*rows, ("NPV, cashable savings only, central", lambda p: _range(result, p, "npv_cashable_gbp", fmt.money))]


def _statistic(result: Result, perimeter: str, name: str, statistic: str) -> tbl.Cell:
    value = views.metric(result, perimeter, name, statistic)
    return tbl.number(fmt.money(value), value)


def _interval(result: Result, perimeter: str, name: str) -> tbl.Cell:
    found = views.spread(result, perimeter, name)
    return tbl.number(fmt.money_range(found.p10, found.p90), found.p50)


def _chance(result: Result, perimeter: str, name: str) -> tbl.Cell:
    value = views.probability(result, perimeter, name)
    return tbl.number(fmt.chance(value), value)


def _payback(result: Result, perimeter: str, name: str) -> tbl.Cell:
    value = views.metric(result, perimeter, name)
    shown = "nothing to pay back" if value == 0 else fmt.duration(value)
    return tbl.number(shown, value)
