"""The first page: does it pay in cash, and only then with avoided cost; the verdict, and what would change it."""

from collections.abc import Callable

from model.batch.origins import commit
from model.case.records import Case
from model.case.words import AVOIDANCE, CASHABLE, INVESTMENT, WHOLE
from model.report import reconciliation, specification, views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import Block, Page, render, show
from model.results.perimeters import main_perimeter, shown_perimeters
from model.results.runs import Result
from model.results.verdict import DO_NOT, NOT_YET, NOTHING, PROCEED, PROCEED_IF, RULES, not_yet, placeholders, verdict

LEAST_SAID = 500  # pounds: less than this is nothing, as money is printed
TURNS = 3  # assumptions that are named for turning the answer
MANY_CERTAIN = 10  # inputs that a scenario makes certain, from which on its chances say little
CASH, TOTAL = "npv_cashable_gbp", "npv_gbp"
BESIDE = {
    CASH: ("probability_npv_cashable_positive", "payback_cashable_months"),
    TOTAL: ("probability_npv_positive", "payback_months"),
}  # a net present value -> the chance that it is above zero, and when it is paid back
NOTHING_BACK = "nothing to pay back"
DECISIONS = {
    PROCEED: "Proceed. The decision asked: approve {what}, on savings in cash alone.",
    PROCEED_IF: "Proceed only if cost avoided is reason enough. The decision asked: approve {what} for the cost "
    "avoided, knowing that no budget goes down by as much as is spent.",
    DO_NOT: "Do not proceed on this case. The decision asked: none yet, as it is not shown that {what} "
    "would give back what is spent, in cash or otherwise.",
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
        Block(markup.bullets([condition(result), *reconciliation.claims(result)])),
        limits(result.case),
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
    over = f"over {fmt.duration(case.timeline.months)} in today's value"
    return [
        f"{views.title_of(case, p)}: in cash {_worth(result, p, CASH, over)}. "
        f"Counting cost avoided, {_worth(result, p, TOTAL)}."
        for p in dict.fromkeys((main_perimeter(case), WHOLE))
    ]


def _worth(result: Result, perimeter: str, npv: str, over: str = "") -> str:
    """Return what a perimeter is worth by a measure, when it is paid back, and how likely it is above zero."""
    value, (likely, payback) = views.metric(result, perimeter, npv), BESIDE[npv]
    months, chance = views.metric(result, perimeter, payback), views.chance(result, perimeter, likely)
    worth = "no answer" if value is None else "as much saved as spent"
    if value is not None and abs(value) >= LEAST_SAID:
        worth = f"{fmt.money(abs(value))} {'more saved than spent' if value >= 0 else 'more spent than saved'}"
    back = "never paid back" if months is None else NOTHING_BACK
    if months:
        back = f"paid back by {payback_month(result, months)}"
    known = result.draws > 1 and chance is not None and not not_yet(result.case)
    sure = f" (above zero in {fmt.share_of_draws(chance or 0.0, result.draws)})" if known else ""
    return f"{f'{worth} {over}'.strip()}, {back}{sure}"


def payback_month(result: Result, months: float | None) -> str:
    """Return the month by whose end a position is paid back for good: months count from the first."""
    if not months:
        return "never" if months is None else NOTHING_BACK
    return fmt.month(result.case.timeline.month_labels[int(months) - 1])


def verdict_block(result: Result) -> Block:
    """Return the verdict, the decision asked, and the rules it follows."""
    word, case, main = verdict(result), result.case, main_perimeter(result.case)
    sentence = DECISIONS[word].format(what=views.within(case, main))
    rules = "; ".join(f"{name.replace('_', ' ')}: {RULES[name]}" for name in (PROCEED, PROCEED_IF, DO_NOT))
    ways = "" if word == NOTHING or not case.structure else specification.positive_words(result, main)
    return Block(
        f'<div class="verdict {word}"><p><strong>Verdict: {markup.escape(sentence)}</strong></p>'
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
    case, shown, year = result.case, shown_perimeters(result.case), views.last_shown(result)
    spent = {p: views.by_nature(result, p).loc[year].to_dict() for p in shown}
    rows: dict[str, Callable[[str], tbl.Cell]] = {
        f"Investment in {year}": lambda p: tbl.money(-spent[p][INVESTMENT]),
        f"Cashable saving in {year}": lambda p: tbl.money(spent[p][CASHABLE]),
        f"Cost avoided in {year}": lambda p: tbl.money(spent[p][AVOIDANCE]),
        **_value_rows(result, CASH, "in cash"),
        **_value_rows(result, TOTAL, "with cost avoided"),
        "Most that is out at once (peak funding)": lambda p: tbl.money(views.metric(result, p, "peak_funding_gbp")),
    }
    error = views.metric(result, WHOLE, "npv_standard_error_gbp", "mean")
    known = "" if error is None else f"The whole's mean is known to {fmt.money(2 * error)} either way. "
    return tbl.table(
        "headlines",
        f"Key figures, real {case.price_base} prices",
        ("Measure", *(views.title_of(case, p) for p in shown)),
        [(words, *map(cell, shown)) for words, cell in rows.items()],
        note=f"NPV over {fmt.duration(case.timeline.months)} from {fmt.month(case.timeline.month_labels[0])}, "
        f"discounted at {fmt.percent(case.conventions.discount_rate_annual, 1)} a year. A minus costs the council. "
        f"{known}Central: every assumption at its central value; mean: the average over "
        f"{result.draws:,} runs in which all vary together. Chances hold {specification.given(case)}.",
    )


def _value_rows(result: Result, npv: str, words: str) -> dict[str, Callable[[str], tbl.Cell]]:
    """Return the rows of one net present value: words -> its cell in a perimeter."""
    likely, payback = BESIDE[npv]

    def found(perimeter: str, name: str = npv, statistic: str = "central") -> float | None:
        return views.metric(result, perimeter, name, statistic)

    def chance(perimeter: str) -> tbl.Cell:
        value = None if not_yet(result.case) else views.chance(result, perimeter, likely)
        return tbl.number(fmt.chance(value, result.draws), value)

    def reach(perimeter: str) -> tbl.Cell:
        low, middle, high = (found(perimeter, npv, s) for s in ("p10", "p50", "p90"))
        return tbl.number(fmt.money_range(low, high), middle)

    def paid(perimeter: str) -> tbl.Cell:
        return tbl.number(payback_month(result, found(perimeter, payback)), found(perimeter, payback))

    drawn: dict[str, Callable[[str], tbl.Cell]] = {
        f"NPV {words}, mean": lambda p: tbl.money(found(p, npv, "mean")),
        f"NPV {words}, eight runs in ten": reach,
        f"Chance above zero, {words}": chance,
    }
    central: dict[str, Callable[[str], tbl.Cell]] = {f"NPV {words}, central": lambda p: tbl.money(found(p))}
    return central | (drawn if result.draws > 1 else {}) | {f"Paid back {words} by, central": paid}


def condition(result: Result) -> str:
    """Return what would change the answer, nearest first: switching values within an assumption's own range."""
    case, main, found = result.case, main_perimeter(result.case), result.switching_by_perimeter
    found = found[(found["perimeter"] == main) & found["within_range"].astype(bool) & (found["high"] > found["low"])]
    far = ((found["switching_value"] - found["central"]).abs() / (found["high"] - found["low"])).sort_values()
    points = [
        f"“{case.label(r.assumption)}” {'above' if r.switching_value > r.central else 'below'} "
        f"{fmt.quantity(r.switching_value, r.unit)} (central {fmt.quantity(r.central, r.unit)})"
        for r in views.records(found.loc[far.index[:TURNS]])
    ]
    name = views.within(case, main)
    if not points:
        return f"What would change it: no single assumption within its own range turns the NPV of {name}."
    return f"What would change it: with cost avoided, the NPV of {name} turns with {fmt.listed(points, 'or')}."


def limits(case: Case) -> str:
    """Return what the figures leave out."""
    return (
        f"Limits: {fmt.duration(case.timeline.months)} only, so what later years bring is left out; outcomes for "
        "children, and costs to health, schools and courts, are not counted; cost avoided is in no budget."
    )


def summary_html(result: Result) -> str:
    """Return `summary.html`: this page as one side of A4 that stands alone, with its date, version and status."""
    case = result.case
    head, dirty = commit()
    version = f"version {head[:8]}{', changed since' if dirty else ''}" if "unknown" not in head else "version unknown"
    page = Page(
        title=f"{case.title}: {case.scenario_title}",
        kicker=f"{case.council}. Draft for review, not signed off",
        about=f"{case.scenario_why} As known on {fmt.day(case.knowledge_date)}; {version}; "
        f"{fmt.counted(result.draws, 'run')}, seed {result.seed}.",
        footer="The whole report, with every assumption and its source, is report.html beside this page.",
        kind="one-page",
        files={"report.html": "The whole report", "../index.html": "All scenarios"},
    )
    return render(page, at_a_glance(result).html)
