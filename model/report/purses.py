"""Who pays: the purses, the reserve and the medium term financial plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model.case.words import WHOLE
from model.report import views
from model.report.look import charts
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import show
from model.report.money import LEAST, at_the_end, line_title

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from matplotlib.axes import Axes

    from model.report.look.page import Block
    from model.results.runs import Result

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
IN_DRAWS = {
    ("shortfall", "mean"): "Asked for beyond what there is, mean of all runs",
    ("shortfall", "p90"): "Asked for beyond what there is, 90th percentile",
    ("before_top_up", "central"): "Balance if nobody finds that, central",
    ("before_top_up", "mean"): "Balance if nobody finds that, mean of all runs",
    ("before_top_up", "p10"): "Balance if nobody finds that, 10th percentile",
}  # rows below the reserve's central statement: how short it is
MTFP = {
    "pressure": "Pressure: ",
    "saving": "Saving: ",
    "total": "Total change to the base budget",
    "memorandum": "Memorandum: ",
}


def funding(result: Result) -> Block:
    """Return who pays, the reserve and the medium term financial plan."""
    last = views.last_shown(result)
    size = float(funding_item(result, "purse", "base_budget")["central"][last])
    what = "nothing" if abs(size) < LEAST else fmt.money(abs(size))
    sentence = (
        f"By {last} the whole programme {'adds' if size < 0 else 'takes'} {what} {'to' if size < 0 else 'off'} the "
        "base budget in cash terms, once cashable savings are taken off. Cost avoidance is in no budget and does not "
        "reduce it."
    )
    reserve = (reserve_words(result), reserve_balance(result)) if "reserve.opening" in result.case.assumptions else ()
    return show(sentence, *reserve, mtfp(result))


def funding_item(result: Result, group: str, item: str) -> pd.DataFrame:
    """Return one purse or reserve item: a row per financial year, a column per statistic, nominal pounds."""
    f = result.funding
    table = views.crossed(f[(f.group == group) & (f.item == item)], "financial_year", "statistic", "value_gbp")
    return table.reindex(list(views.years(result))).fillna(0.0)


def _central(result: Result, group: str, titles: Mapping[str, str]) -> pd.DataFrame:
    """Return the central amounts of those of `titles` that there are: a row per item, a column per financial year."""
    f = result.funding
    frame = views.by_year(result, f[(f.group == group) & (f.statistic == "central")], "item")
    return frame.reindex([item for item in titles if item in frame.index])


def _adding_up(items: pd.DataFrame, totals: Any) -> pd.DataFrame:  # noqa: ANN401 - a row of a frame
    """Return items by year in whole thousands of pounds, each year adding up to its total as printed."""
    return items.apply(lambda year: fmt.in_thousands_to(year.tolist(), totals[year.name]))


def purses(result: Result) -> tbl.Table:
    """Return which purse pays, by financial year, nominal £ thousand, central; as printed they add up to the net."""
    items = _central(result, "purse", PURSES)
    parts = items.drop(index="net")
    items.loc[parts.index] = _adding_up(parts, items.loc["net"])
    return tbl.frame(
        "purses",
        "Who pays, whole programme: £ thousand, cash (nominal), central",
        "Purse",
        items.rename(index=PURSES),
        tbl.thousands,
        totals=[PURSES["net"]],
        note="A minus is a call on the purse. The purses add up to the net position, and are rounded so that they do.",
        rests_on=views.drivers(result.case, ["reserve", "establishment", "growth"]),
    )


def reserve(result: Result) -> tbl.Table:
    """Return the reserve year by year as a statement reads, nominal £ thousand: central, then how short in draws.

    A statement is printed without signs: what leaves the reserve is taken off, what it is spared or lent is added. Its
    flows lead from one printed balance to the next.
    """
    found = _central(result, "reserve", RESERVE)
    balances = found.loc[["opening", "closing"]].map(fmt.thousand)
    items = found.index.drop(balances.index)
    signs = [1.0 if item in RESERVE_INTO else -1.0 for item in items]
    flows = found.loc[items].mul(signs, axis=0)
    found.loc[items] = _adding_up(flows, 1e3 * balances.diff().loc["closing"]).mul(signs, axis=0)
    found = found.rename(index=RESERVE)
    for (item, statistic), words in IN_DRAWS.items():
        drawn = funding_item(result, "reserve", item)
        if statistic in drawn:
            found.loc[words] = drawn[statistic]
    return tbl.frame(
        "reserve-data",
        f"{result.case.funding.reserve_name} year by year: £ thousand, cash (nominal), central unless a row says "
        "otherwise",
        "Reserve",
        found,
        tbl.thousands,
        totals=[RESERVE["closing"]],
        note="What is asked for beyond what there is has to be found elsewhere, and is taken as found in the closing "
        "balance. The central statement is rounded so that it adds up. Means of years add up to the mean of all years; "
        "percentiles do not.",
    )


def _asked(result: Result) -> pd.Series[float]:
    """Return the years in which more is asked of the reserve than there is, and how much; central, nominal pounds."""
    asked = funding_item(result, "reserve", "shortfall")["central"]
    return asked[asked >= LEAST]


def _short(result: Result) -> str:
    """Return in what share of the draws the reserve runs short; empty where only the central run was made."""
    chance = views.chance(result, WHOLE, "probability_reserve_short")
    return "" if result.draws == 1 or chance is None else fmt.share_of_draws(chance, result.draws)


def reserve_words(result: Result) -> str:
    """Return whether the reserve lasts: in the central run, and over the draws how often and how far it does not.

    Mean and percentile are over all draws, those in which the reserve lasts counted as nothing. Nominal pounds.
    """
    name, timeline, asked = result.case.funding.reserve_name or "The reserve", result.case.timeline, _asked(result)
    years, often = fmt.duration(timeline.months), _short(result)
    mean, high = (views.metric(result, WHOLE, "reserve_shortfall_gbp", s) for s in ("mean", "p90"))
    middle = "pays all that is asked of it"
    if len(asked):
        middle = f"lacks {fmt.money(asked.sum())} over {years}, from {asked.index[0]} on"
    words = f"{name}: in the central run it {middle}"
    if not often or not mean:
        return f"{words}{often and f'; it runs short in {often}'}."
    early = views.metric(result, WHOLE, "reserve_short_from_months", "p10")
    when = ""
    if early is not None:
        when = f" One run in ten is short by {fmt.month(timeline.month_labels[min(int(early), timeline.months - 1)])}."
    return (
        f"{words}, but it runs short in {often}. What has then to be found elsewhere comes to {fmt.money(mean)} over "
        f"{years} on average of all runs, and to {fmt.money(high)} or more in one run of ten.{when}"
    )


def reserve_balance(result: Result) -> charts.Figure:
    """Chart the reserve's balance at the end of each financial year before anybody tops it up; nominal pounds.

    Below its minimum it has run short: what is asked of it then has to be found elsewhere.
    """
    case, name = result.case, result.case.funding.reserve_name
    frame = funding_item(result, "reserve", "before_top_up")
    minimum, often = case.assumptions.get("reserve.minimum"), _short(result)

    def paint(axes: Axes) -> None:
        charts.fan(axes, frame, marker="o")
        if minimum is not None:
            axes.axhline(minimum.value, color=charts.VERMILION, linestyle=charts.DASHED,
                         label=f"Minimum {fmt.money(minimum.value)}")  # fmt: skip
        charts.year_axis(axes, list(frame.index))
        charts.zero_line(axes)
        charts.money_axis(axes)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3)

    first, last = (float(frame["central"].iloc[i]) for i in (0, -1))
    title = f"{name}: {f'runs short in {often}' if often else f'{fmt.money(last)} left at the end, central'}"
    alt = (
        f"Line chart of the balance of {name} if nobody makes up what it lacks: {fmt.money(first)} at the end of "
        f"{frame.index[0]}, {fmt.money(last)} at the end of {frame.index[-1]}, central{at_the_end(frame)}."
    )
    return charts.chart(
        "reserve", title, alt, paint, height=2.6, data=reserve(result),
        rests_on=views.drivers(case, ["reserve"]),
        note="Balance at 31 March, if nobody makes up what it lacks: below the minimum the reserve has run short, and "
        "the distance is what has to be found elsewhere.",
    )  # fmt: skip


def mtfp(result: Result) -> tbl.Table:
    """Return the year-on-year changes of the base budget as a plan prints them: pressures positive."""
    m = result.mtfp
    frame = views.by_year(result, m[(m.statistic == "central") & (m.entry == "change")], "kind", "line").sort_index()
    kinds = frame.index.get_level_values("kind")
    frame = frame[(frame.abs() >= 500).any(axis=1) | (kinds == "total")]
    parts = {kind: frame[frame.index.get_level_values("kind") == kind] for kind in MTFP}
    for budget in [frame.loc[[*parts["pressure"].index, *parts["saving"].index]]] if len(parts["total"]) else []:
        frame.loc[budget.index] = _adding_up(budget, parts["total"].sum())
    frame = frame.loc[[key for part in parts.values() for key in part.index]]
    frame.index = [f"{MTFP[kind]}{'' if kind == 'total' else line_title(line)}" for kind, line in frame.index]
    return tbl.frame(
        "mtfp",
        "Medium term financial plan: change on the year before, £ thousand, cash (nominal), central",
        "Line",
        frame,
        tbl.thousands,
        totals=[MTFP["total"]],
        note="As a plan is printed: a pressure is positive and a saving has a minus. Lines that never change by £500 "
        "are left out; the others are rounded so that they add up to the total. A memorandum is in no budget: cost "
        "avoidance cannot be banked.",
        rests_on=views.money_drivers(result.case, [WHOLE]),
        empty="The base budget does not change.",
    )
