"""One change, before and after: what it does to the money."""

from model.case.reading.overrides import overridden
from model.case.reading.problems import InputProblems, Problem
from model.case.spelling import nearest
from model.report import money, views
from model.report.headlines import payback_month
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import Block, show
from model.report.opening import group_of
from model.results.runs import Result, run

MEASURES = {
    "npv_cashable_gbp": "NPV in cash",
    "npv_gbp": "NPV with cost avoided",
    "probability_npv_cashable_positive": "Chance that it pays in cash",
    "probability_npv_positive": "Chance that it pays with cost avoided",
    "payback_cashable_months": "Paid back in cash by",
    "payback_months": "Paid back with cost avoided by",
    "peak_funding_gbp": "Most that is out at once",
}


def try_out(before: Result, name: str = "", value: float | None = None, perimeter: str = "") -> Block:
    """Return what one assumption is, and the answer before and after it takes another value, then certain.

    `name` empty: the one that moves the answer most. `value` None: the worse of its 10th and 90th percentile.
    Raises InputProblems where a scenario could not hold that value.
    """
    case, main = before.case, group_of(before.case, perimeter)
    moves = {} if name and value is not None else {
        bar.assumption: bar for bar in views.records(before.tornado) if bar.perimeter == main
    }  # fmt: skip
    name = name or next(iter(moves), "")
    if not name:
        return show("No assumption by itself moves the NPV: name one in the parameter `name`.")
    if name not in case.assumptions:
        expected, meant = "an assumption of the case", nearest(name, case.assumptions)
        raise InputProblems([Problem(file="name", value=name, expected=expected, suggestion=meant)])
    a = case.assumptions[name]
    if value is None:
        bar = moves.get(name)
        value = a.low if bar is None else bar.p10 if bar.npv_at_p10_gbp < bar.npv_at_p90_gbp else bar.p90
    after = run(overridden(case, {name: value}), draws=before.draws, seed=before.seed)
    reach = "certain" if a.low == a.high else f"from {fmt.reach(a.low, a.high, a.unit)}"
    return show(
        f"{a.label}: {fmt.quantity(a.value, a.unit)} ({reach}) before, {fmt.quantity(value, a.unit)} and "
        f"certain after. Source: {a.source or 'none stated'}",
        compared(before, after, main),
        money.cumulative_fan(after, main, before=before),
    )


def compared(before: Result, after: Result, *perimeters: str) -> tbl.Table:
    """Return the key measures of two results side by side, and the difference."""
    named = {p: views.title_of(before.case, p) for p in perimeters}
    rows: list[list[tbl.Cell | str]] = [
        [f"{words}: {fmt.lowered(title)}" if len(named) > 1 else words, *_three(before, after, p, measure)]
        for p, title in named.items()
        for measure, words in MEASURES.items()
    ]
    return tbl.table(
        "before-after", f"Before and after: {fmt.listed(list(named.values()))}",
        ("Measure", "Before", "After", "Change"), rows,
        note=f"Real terms, the same {fmt.counted(before.draws, 'run')} before and after. Money: mean.",
    )  # fmt: skip


def _three(before: Result, after: Result, perimeter: str, measure: str) -> list[tbl.Cell]:
    chance, months = measure.startswith("probability"), measure.endswith("_months")
    statistic = "central" if months or before.draws == 1 else "mean"
    was, now = (views.metric(r, perimeter, measure, statistic) for r in (before, after))
    if months:
        return [tbl.number(payback_month(r, v), v) for r, v in ((before, was), (after, now))] + [tbl.text("")]
    show_one = fmt.chance if chance else fmt.money
    moved = None if was is None or now is None else now - was
    points = "" if moved is None else f"{fmt.signed(100 * moved)} points" if chance else fmt.money(moved, signed=True)
    return [tbl.number(show_one(was), was), tbl.number(show_one(now), now), tbl.number(points, moved)]
