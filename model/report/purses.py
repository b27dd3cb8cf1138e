"""Who pays: the purses, the reserve and the medium term financial plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from model.case.words import AGENCY, WHOLE
from model.report import views
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.charts import (
    BLUE,
    INK,
    VERMILION,
    Figure,
    band,
    draw,
    money_axis,
    year_axis,
    zero_line,
)
from model.report.look.page import show
from model.report.money import at_the_end, line_title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from matplotlib.figure import Figure as Canvas

    from model.case.records import Case
    from model.report.look.page import Block
    from model.results.runs import Result

Key = TypeVar("Key")

PURSES = {
    "base_budget": "Base budget (recurring, general fund)",
    "reserve_funded": "Paid from the reserve",
    "grant_or_partner_funded": "Paid by grant or partner",
    "one_off": "One-off items",
    "cost_avoidance": "Cost avoided (in no budget)",
    "net": "Net position",
}
RESERVE = {
    "opening": "Opening balance",
    "commitments": "Already committed",
    "carried": "Already paid from it, as if nothing changed",
    "released": "Released: what it no longer pays",
    "implementation": "Part-year cost of this programme",
    "one_offs": "One-off items",
    "loan_advance": "Loan advance",
    "shortfall": "Asked for beyond what there is",
    "closing": "Closing balance",
}
RESERVE_INTO = {"released", "loan_advance", "shortfall"}
SHORT_OF = {"mean": "mean of all runs", "p90": "90th percentile"}
UNFUNDED = "Balance if nobody finds that"
HALF_A_POUND = 0.5  # less than this is nothing


def funding(result: Result) -> Block:
    """Return who pays, the reserve and the medium term financial plan."""
    case = result.case
    base = funding_item(result, "purse", "base_budget")["central"]
    last = base.index[min(case.shown_years, len(base)) - 1]
    size = float(base[last])
    way = "adds" if size < 0 else "takes"
    what = "nothing" if abs(size) < HALF_A_POUND else fmt.money(abs(size))
    sentence = (
        f"By {last} the whole programme {way} {what} {'to' if size < 0 else 'off'} the base budget in "
        "cash terms, once cashable savings are taken off. Cost avoidance is in no budget and does not reduce it."
    )
    reserve = (reserve_words(result), reserve_balance(result)) if "reserve.opening" in case.assumptions else ()
    return show(sentence, *reserve, mtfp(result))


def funding_item(result: Result, group: str, item: str) -> pd.DataFrame:
    """Return one purse or reserve item: a row per financial year, a column per statistic, nominal pounds."""
    f = result.funding
    kept = f[(f.group == group) & (f.item == item)]
    table = views.crossed(kept, "financial_year", "statistic", "value_gbp")
    return table.reindex(list(views.years(result))).fillna(0.0)


def _central(result: Result, group: str, titles: Mapping[str, str]) -> dict[str, list[float]]:
    """Return the central amounts of those of `titles` that there are: item -> pounds by financial year."""
    present = set(result.funding[result.funding.group == group]["item"])
    return {i: [float(v) for v in funding_item(result, group, i)["central"]] for i in titles if i in present}


def _rows(titles: Mapping[str, str], items: Mapping[str, Sequence[float]]) -> list[list[tbl.Cell]]:
    return [[tbl.text(titles[i]), *map(tbl.thousands, values)] for i, values in items.items()]


def _columns_adding_up(items: Mapping[Key, Sequence[float]], totals: Sequence[float]) -> dict[Key, list[float]]:
    """Return items by year in whole thousands of pounds, each year adding up to its total as printed."""
    years = [fmt.in_thousands_to([items[i][y] for i in items], total) for y, total in enumerate(totals)]
    return {i: [year[k] for year in years] for k, i in enumerate(items)}


def purses(result: Result) -> tbl.Table:
    """Return which purse pays, by financial year, nominal £ thousand, central; as printed they add up to the net."""
    items = _central(result, "purse", PURSES)
    parts = _columns_adding_up({i: v for i, v in items.items() if i != "net"}, items["net"])
    rows = _rows(PURSES, parts | {"net": items["net"]})
    columns = ("Purse", *views.years(result))
    return tbl.Table(
        key="purses",
        caption="Who pays, whole programme: £ thousand, cash (nominal), central",
        columns=columns,
        rows=rows,
        numeric=1,
        strong=frozenset({len(rows) - 1}),
        note="A minus is a call on the purse. The purses add up to the net position, and are rounded so that they do.",
        rests_on=views.drivers(result.case, ["reserve", "establishment", "growth"]),
    )


def reserve(result: Result) -> tbl.Table:
    """Return the reserve year by year as a statement reads, nominal £ thousand: central, then how short in draws."""
    columns = ("Reserve", *views.years(result))
    name = result.case.funding.reserve_name
    caption = f"{name} year by year: £ thousand, cash (nominal), central unless a row says otherwise"
    rows = _rows(RESERVE, _statement(_central(result, "reserve", RESERVE)))
    strong = {len(rows) - 1}
    short, left = (funding_item(result, "reserve", item) for item in ("shortfall", "before_top_up"))
    rows += [[tbl.text(f"{RESERVE['shortfall']}, {words}"), *map(tbl.thousands, short[s])]
             for s, words in SHORT_OF.items() if s in short]  # fmt: skip
    rows += [[tbl.text(f"{UNFUNDED}, {words}"), *map(tbl.thousands, left[s])]
             for s, words in {"central": "central", "mean": SHORT_OF["mean"], "p10": "10th percentile"}.items()
             if s in left]  # fmt: skip
    return tbl.Table(
        key="reserve-data",
        caption=caption,
        columns=columns,
        rows=rows,
        numeric=1,
        strong=frozenset(strong),
        note="What is asked for beyond what there is has to be found elsewhere, and is taken as found in the closing "
        "balance. The central statement is rounded so that it adds up. Means of years add up to the mean of all years; "
        "percentiles do not.",
    )


def _statement(items: Mapping[str, Sequence[float]]) -> dict[str, list[float]]:
    """Return the reserve's statement in whole thousands of pounds: its flows lead from one printed balance to the next.

    A statement is printed without signs: what leaves the reserve is taken off, what it is spared or lent is added.
    """
    signs = {name: 1.0 if name in RESERVE_INTO else -1.0 for name in items if name not in {"opening", "closing"}}
    flows = {name: [sign * v for v in items[name]] for name, sign in signs.items()}
    moved = [1e3 * (fmt.thousand(b) - fmt.thousand(a)) for a, b in zip(items["opening"], items["closing"], strict=True)]
    whole = _columns_adding_up(flows, moved)
    kept = {name: [signs[name] * v for v in values] for name, values in whole.items()}
    return {name: kept.get(name, list(items[name])) for name in items}


def reserve_risk(result: Result) -> tuple[float | None, float | None, float | None]:
    """Return the chance that the reserve runs short, and the mean and P90 of what it lacks in all; None if unknown.

    Mean and percentile are over all draws, those in which the reserve lasts counted as nothing. Nominal pounds.
    """
    chance = views.probability(result, WHOLE, "probability_reserve_short")
    mean, high = (views.metric(result, WHOLE, "reserve_shortfall_gbp", s) for s in ("mean", "p90"))
    return chance, mean, high


def reserve_words(result: Result) -> str:
    """Return whether the reserve lasts: in the central run, and over the draws how often and how far it does not."""
    name, (chance, mean, high) = result.case.funding.reserve_name or "The reserve", reserve_risk(result)
    years = fmt.duration(result.case.timeline.months)
    asked = funding_item(result, "reserve", "shortfall")["central"]
    middle = (
        f"lacks {fmt.money(float(asked.sum()))} over {years}, from {asked[asked >= HALF_A_POUND].index[0]} on"
        if asked.sum() >= HALF_A_POUND
        else "pays all that is asked of it"
    )
    words, apart = f"{name}: in the central run it {middle}", _uncounted_teams(result.case)
    if not views.has_range(result) or chance is None or mean is None or high is None:
        return f"{words}.{apart}"
    if not chance:
        return f"{words}; it runs short in no run.{apart}"
    early = views.metric(result, WHOLE, "reserve_short_from_months", "p10")
    when = ""
    if early is not None:
        month = result.case.timeline.month_labels[min(int(early), result.case.timeline.months - 1)]
        when = f" One run in ten is short by {fmt.month(month)}."
    often = fmt.share_of_draws(chance, result.draws)
    return (
        f"{words}, but it runs short in {often}. What has then to be found elsewhere comes to "
        f"{fmt.money(mean)} over {years} on average of all runs, and to {fmt.money(high)} or more in one run of "
        f"ten.{when}{apart}"
    )


def _uncounted_teams(case: Case) -> str:
    """Return which schemes would count teams that the reserve already pays for, were they part of the scenario."""
    idle = [spec.title for spec in case.schemes if spec.kind == AGENCY and not spec.active]
    if not idle:
        return ""
    return (
        f" Agency teams that it already pays for are not counted, since {fmt.listed(idle)} is not in this scenario: "
        "do not compare it with scenarios in which it is."
    )


def reserve_balance(result: Result) -> Figure:
    """Chart the reserve's balance at the end of each financial year before anybody tops it up; nominal pounds.

    Below its minimum it has run short: what is asked of it then has to be found elsewhere.
    """
    case, name = result.case, result.case.funding.reserve_name
    frame = funding_item(result, "reserve", "before_top_up")
    minimum = case.assumptions["reserve.minimum"].value if "reserve.minimum" in case.assumptions else None

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        x = range(len(frame))
        band(axes, frame)
        axes.plot(x, frame["central"], color=BLUE, marker="o", label="Central")
        if "mean" in frame:
            axes.plot(x, frame["mean"], color=INK, linestyle=":", linewidth=1.5, label="Mean of runs")
        if minimum is not None:
            axes.axhline(minimum, color=VERMILION, linestyle=(0, (4, 2)), label=f"Minimum {fmt.money(minimum)}")
        year_axis(axes, list(frame.index))
        zero_line(axes)
        money_axis(axes)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=4)

    alt = (
        f"Line chart of the balance of {name} if nobody makes up what it lacks: "
        f"{fmt.money(float(frame['central'].iloc[0]))} at the end of {frame.index[0]}, "
        f"{fmt.money(float(frame['central'].iloc[-1]))} at the end of {frame.index[-1]}, central{at_the_end(frame)}."
    )
    return Figure(
        key="reserve", title=_reserve_finding(result, name, frame), alt=alt,
        svg=draw("reserve", alt, paint, height=2.6), data=reserve(result),
        rests_on=views.drivers(case, ["reserve"]),
        note="Balance at 31 March, if nobody makes up what it lacks: below the minimum the reserve has run short, and "
        "the distance is what has to be found elsewhere.",
    )  # fmt: skip


def _reserve_finding(result: Result, name: str, frame: pd.DataFrame) -> str:
    asked = funding_item(result, "reserve", "shortfall")["central"]
    asked, (chance, mean, high) = asked[asked >= HALF_A_POUND], reserve_risk(result)
    middle = (
        f"{fmt.money(float(asked.sum()))} short from {asked.index[0]}, central"
        if len(asked)
        else f"{fmt.money(float(frame['central'].iloc[-1]))} left at the end, central"
    )
    if not views.has_range(result) or chance is None or mean is None or high is None:
        return f"{name}: {middle}"
    if not chance:
        return f"{name}: runs short in no run; {middle}"
    return (
        f"{name}: runs short in {fmt.share_of_draws(chance, result.draws)}, by {fmt.money(mean)} on average of all and "
        f"{fmt.money(high)} at the 90th percentile; {middle}"
    )


def mtfp(result: Result) -> tbl.Table:
    """Return the year-on-year changes of the base budget as a plan prints them: pressures positive."""
    m, shown = result.mtfp, list(views.years(result))
    kept = m[(m.statistic == "central") & (m.entry == "change")]
    frame = kept.pivot_table(index=["kind", "line"], columns="financial_year", values="value_gbp", aggfunc="sum")
    frame = frame.reindex(columns=shown).fillna(0.0)
    frame = frame[(frame.abs() >= 500).any(axis=1) | (frame.index.get_level_values("kind") == "total")]
    order = sorted(frame.index, key=lambda key: (_MTFP_ORDER.get(key[0], 9), key[1]))
    amounts = {key: [float(v) for v in frame.loc[key]] for key in order}
    budget = {key: values for key, values in amounts.items() if key[0] in {"pressure", "saving"}}
    total = next((values for key, values in amounts.items() if key[0] == "total"), None)
    whole = amounts | (_columns_adding_up(budget, total) if total is not None and budget else {})
    rows = [[tbl.text(_mtfp_title(*key)), *map(tbl.thousands, whole[key])] for key in order]
    columns = ("Line", *shown)
    return tbl.Table(
        key="mtfp",
        caption="Medium term financial plan: change on the year before, £ thousand, cash (nominal), central",
        columns=columns,
        rows=rows,
        numeric=1,
        strong=frozenset(i for i, key in enumerate(order) if key[0] == "total"),
        note="As a plan is printed: a pressure is positive and a saving has a minus. Lines that never change by £500 "
        "are left out; the others are rounded so that they add up to the total. A memorandum is in no budget: cost "
        "avoidance cannot be banked.",
        rests_on=views.money_drivers(result.case, [WHOLE]),
        empty="The base budget does not change.",
    )


_MTFP_ORDER = {"pressure": 0, "saving": 1, "total": 2, "memorandum": 3}


def _mtfp_title(kind: str, line: str) -> str:
    if kind == "total":
        return "Total change to the base budget"
    return f"{kind.capitalize()}: {line_title(line)}"
