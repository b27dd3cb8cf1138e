"""The first page: does it pay in cash, and only then with avoided cost; the verdict, and what would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.case.words import WHOLE
from model.report import claims, specification, views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import Block, show
from model.results.perimeters import main_perimeter, shown_perimeters
from model.results.verdict import DO_NOT, NOT_YET, NOTHING, PROCEED, PROCEED_IF, RULES, not_yet, placeholders, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from model.case.records import Case
    from model.results.runs import Result

LEAST_SAID = 500  # pounds: less than this is nothing, as money is printed
MANY_CERTAIN = 10  # inputs that a scenario makes certain, from which on its chances say little
CASH, TOTAL = "npv_cashable_gbp", "npv_gbp"
DECISIONS = {
    PROCEED: "Proceed. The decision asked: approve {what}, which {pays} for {itself} in cash.",
    PROCEED_IF: "Proceed only if cost avoided is reason enough. The decision asked: approve {what} for the cost {it} "
    "would avoid, knowing that no budget goes down by as much as {it} costs.",
    DO_NOT: "Do not proceed on this case. The decision asked: none yet; {what} does not pay, in cash or otherwise.",
    NOTHING: "Nothing is proposed in this scenario.",
    NOT_YET: "Not a business case yet: no verdict and no chance until the numbers that move it are the council's own.",
}


def at_a_glance(result: Result) -> Block:
    """Return the first page: the answer in cash, the verdict and its rules, cards, key figures, what would change it.

    A scenario whose numbers were made certain says so at once.
    """
    cards = "".join(_card(result, p) for p in shown_perimeters(result.case))
    return show(
        placeholder_words(result.case),
        certain_words(result),
        Block("".join(markup.paragraph(words, "lead") for words in answer(result))),
        verdict_block(result),
        Block(f'<ul class="cards">{cards}</ul>'),
        headlines(result),
        Block(markup.bullets([*conditions(result), *claims.short(result)])),
        limits(result),
    )


def placeholder_words(case: Case) -> str:
    """Return how many numbers are placeholders; empty where none is."""
    count = len(placeholders(case))
    if not count:
        return ""
    first = f"{count} numbers are" if count > 1 else "1 number is"
    return f"{first} another council's or a guess: not a business case yet. Their sources begin with Placeholder."


def certain_words(result: Result) -> str:
    """Return that many numbers are single ones, in the scenario or in the case, so that chances say little."""
    case = result.case
    single = [name for name, a in case.assumptions.items() if a.distribution == "fixed"]
    made = [name for name in case.overrides if name in single]
    words = ""
    if case.published and case.scenario == case.published_scenario:
        words = "This is the paper's own case: its assumptions, run through the model. "
    if len(made) >= MANY_CERTAIN:
        words += f"{len(made)} inputs are single numbers here: chances and ranges below mean little."
    elif len(single) == len(case.assumptions) > 0:
        words += "No input has a range: chances and ranges below mean nothing yet."
    return words.strip()


def answer(result: Result) -> list[str]:
    """Return the answer, cash first: do the invest-to-save schemes pay for themselves, and what does the whole cost."""
    case = result.case
    if not case.active_schemes:
        return ["Nothing is done in this scenario: no scheme acts, nothing is spent and nothing is saved."]
    shown = dict.fromkeys((main_perimeter(case), WHOLE))
    return [f"{views.title_of(case, p)}: {_cash_words(result, p)}. {_total_words(result, p)}." for p in shown]


def _cash_words(result: Result, perimeter: str) -> str:
    npv, months = (views.metric(result, perimeter, m) for m in (CASH, "payback_cashable_months"))
    horizon = fmt.duration(result.case.timeline.months)
    worth = f"in cash {_worth(npv)} over {horizon} in today's value"
    return f"{worth}, {_back(result, months)}{_likely(result, perimeter, 'probability_npv_cashable_positive')}"


def _total_words(result: Result, perimeter: str) -> str:
    npv, months = (views.metric(result, perimeter, m) for m in (TOTAL, "payback_months"))
    return f"Counting cost avoided, {_worth(npv)}, {_back(result, months)}{_likely(result, perimeter)}"


def _worth(npv: float | None) -> str:
    if npv is None:
        return "no answer"
    if abs(npv) < LEAST_SAID:
        return "as much saved as spent"
    return f"{fmt.money(abs(npv))} {'more saved than spent' if npv >= 0 else 'more spent than saved'}"


def _back(result: Result, months: float | None) -> str:
    if months is None:
        return "never paid back"
    return "nothing to pay back" if months == 0 else f"paid back by {payback_month(result, months)}"


def payback_month(result: Result, months: float) -> str:
    """Return the month by whose end a position is paid back for good: months count from the first."""
    return fmt.month(result.case.timeline.month_labels[int(months) - 1])


def _likely(result: Result, perimeter: str, name: str = "probability_npv_positive") -> str:
    chance = views.probability(result, perimeter, name)
    if not views.has_range(result) or chance is None or not_yet(result.case):
        return ""
    return f" (above zero in {fmt.share_of_draws(chance, result.draws)})"


def verdict_block(result: Result) -> Block:
    """Return the verdict, the decision asked, and the rules it follows."""
    found, case = verdict(result), result.case
    several = found.perimeter in case.perimeters
    name = views.within(case, found.perimeter)
    words = {"what": name, "pays": "pay" if several else "pays", "itself": "themselves" if several else "itself",
             "it": "they" if several else "it"}  # fmt: skip
    sentence = DECISIONS[found.word].format(**words).replace("they costs", "they cost").replace(
        "schemes does not", "schemes do not")  # fmt: skip
    rules = "; ".join(f"{word.replace('_', ' ')}: {RULES[word]}" for word in (PROCEED, PROCEED_IF, DO_NOT))
    ways = "" if found.word == NOTHING or not case.structure else specification.positive_words(result, found.perimeter)
    return Block(
        f'<div class="verdict {found.word}"><p><strong>Verdict: {markup.escape(sentence)}</strong></p>'
        f'<p class="small">The rules: {markup.escape(rules)}. {markup.escape(ways)}</p></div>'
    )


def _card(result: Result, perimeter: str) -> str:
    """Return a card of a perimeter: its NPV in cash and with avoided cost, each with a bar on one scale."""
    case = result.case
    measures = {"in cash": CASH, "with cost avoided": TOTAL}
    found = {words: views.metric(result, perimeter, name) or 0.0 for words, name in measures.items()}
    most = max(abs(v) for v in found.values()) or 1.0
    bars = "".join(
        f'<p class="bar {"gain" if v >= 0 else "loss"}"><strong>{fmt.money(v)}</strong> {words}'
        f'<span aria-hidden="true" style="width:{100 * abs(v) / most:.0f}%"></span></p>'
        for words, v in found.items()
    )
    kind = "" if abs(found["in cash"]) < LEAST_SAID else "good" if found["in cash"] > 0 else "bad"
    return f'<li class="{kind}"><p class="name">{markup.escape(views.title_of(case, perimeter))}</p>{bars}</li>'


def headlines(result: Result) -> tbl.Table:
    """Return the key measures, a column per group of schemes: cash first, then with avoided cost."""
    case, shown = result.case, shown_perimeters(result.case)
    natures = {p: views.by_nature(result, p) for p in shown}
    year = natures[shown[0]].index[min(case.shown_years, len(natures[shown[0]])) - 1]
    rows: list[tuple[str, Callable[[str], tbl.Cell]]] = [
        (f"Investment in {year}", lambda p: _money(-natures[p].loc[year, "investment"])),
        (f"Cashable saving in {year}", lambda p: _money(natures[p].loc[year, "cashable_saving"])),
        (f"Cost avoided in {year}", lambda p: _money(natures[p].loc[year, "cost_avoidance"])),
        *_value_rows(result, CASH, "NPV in cash", "probability_npv_cashable_positive", "payback_cashable_months"),
        *_value_rows(result, TOTAL, "NPV with cost avoided", "probability_npv_positive", "payback_months"),
        ("Most that is out at once (peak funding)", lambda p: _metric(result, p, "peak_funding_gbp")),
    ]
    columns = ("Measure", *(views.title_of(case, p) for p in shown))
    return tbl.Table(
        key="headlines",
        caption=f"Key figures, real {case.price_base} prices",
        columns=columns,
        rows=[[tbl.text(title), *(cell(p) for p in shown)] for title, cell in rows],
        numeric=1,
        note=f"NPV over {fmt.duration(case.timeline.months)} from {fmt.month(case.timeline.month_labels[0])}, "
        f"discounted at {fmt.percent(case.conventions.discount_rate_annual, 1)} a year. A minus costs the council. "
        f"{_precision(result)}Central: every assumption at its central value; mean: the average over "
        f"{result.draws:,} runs in which all vary together. Chances hold {specification.given(case)}.",
    )


def _value_rows(
    result: Result, npv: str, words: str, chance: str, payback: str
) -> list[tuple[str, Callable[[str], tbl.Cell]]]:
    rows: list[tuple[str, Callable[[str], tbl.Cell]]] = [(f"{words}, central", lambda p: _metric(result, p, npv))]
    if views.has_range(result):
        rows += [
            (f"{words}, mean", lambda p: _metric(result, p, npv, "mean")),
            (f"{words}, eight runs in ten", lambda p: _interval(result, p, npv)),
            ("Chance that it is above zero", lambda p: _chance(result, p, chance)),
        ]
    return [*rows, ("Paid back by, central", lambda p: _payback(result, p, payback))]


def _precision(result: Result) -> str:
    error = views.metric(result, WHOLE, "npv_standard_error_gbp", "mean")
    return "" if error is None else f"The whole's mean is known to {fmt.money(2 * error)} either way. "


def _money(value: float | None) -> tbl.Cell:
    return tbl.number(fmt.money(value), value)


def _metric(result: Result, perimeter: str, name: str, statistic: str = "central") -> tbl.Cell:
    return _money(views.metric(result, perimeter, name, statistic))


def _interval(result: Result, perimeter: str, name: str) -> tbl.Cell:
    found = views.spread(result, perimeter, name)
    return tbl.number(fmt.money_range(found.p10, found.p90), found.p50)


def _chance(result: Result, perimeter: str, name: str) -> tbl.Cell:
    value = None if not_yet(result.case) else views.probability(result, perimeter, name)
    return tbl.number(fmt.chance(value, result.draws), value)


def _payback(result: Result, perimeter: str, name: str) -> tbl.Cell:
    value = views.metric(result, perimeter, name)
    shown = "never" if value is None else "nothing to pay back" if value == 0 else payback_month(result, value)
    return tbl.number(shown, value)


def conditions(result: Result, most: int = 3) -> list[str]:
    """Return what would change the answer, nearest first: switching values within an assumption's own range."""
    found = result.switching_by_perimeter
    main = main_perimeter(result.case)
    found = found[(found["perimeter"] == main) & found["within_range"].astype(bool) & (found["high"] > found["low"])]
    far = ((found["switching_value"] - found["central"]).abs() / (found["high"] - found["low"])).sort_values()
    rows = views.records(found.loc[far.index[:most]])
    name = views.within(result.case, main)
    if not rows:
        return [f"What would change it: no single assumption within its own range turns the NPV of {name}."]
    points = [
        f"“{result.case.label(r.assumption)}” {'above' if r.switching_value > r.central else 'below'} "
        f"{fmt.quantity(r.switching_value, r.unit)} (central {fmt.quantity(r.central, r.unit)})"
        for r in rows
    ]
    return [f"What would change it: with cost avoided, the NPV of {name} turns with {fmt.listed(points, 'or')}."]


def limits(result: Result) -> str:
    """Return what the figures leave out."""
    case = result.case
    return (
        f"Limits: {fmt.duration(case.timeline.months)} only, so what later years bring is left out; outcomes for "
        "children, and costs to health, schools and courts, are not counted; cost avoided is in no budget."
    )
