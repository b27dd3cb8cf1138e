"""Who pays: the base budget, the reserve and the medium term financial plan."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from model.case.words import WHOLE
from model.report import views
from model.report.look import charts
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import Block, show
from model.report.money import LEAST, line_title
from model.results.runs import Result

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
    held = (reserve_words(result), reserve_balance(result)) if "reserve.opening" in result.case.assumptions else ()
    return show(sentence, *held, mtfp(result))


def funding_item(result: Result, group: str, item: str) -> pd.DataFrame:
    """Return one purse or reserve item: a row per financial year, a column per statistic, nominal pounds."""
    f = result.funding
    table = views.crossed(f[(f.group == group) & (f.item == item)], "financial_year", "statistic", "value_gbp")
    return table.reindex(list(views.years(result))).fillna(0.0)


def _adding_up(items: pd.DataFrame, totals: Any) -> pd.DataFrame:  # noqa: ANN401 - a row of a frame
    """Return items by year in whole thousands of pounds, each year adding up to its total as printed."""
    return items.apply(lambda year: fmt.in_thousands_to(year.tolist(), totals[year.name]))


def reserve(result: Result) -> tbl.Table:
    """Return the reserve year by year as a statement reads, nominal £ thousand: central, then how short in draws.

    A statement is printed without signs: what leaves the reserve is taken off, what it is spared or lent is added. Its
    flows lead from one printed balance to the next.
    """
    f = result.funding
    found = views.by_year(result, f[(f.group == "reserve") & (f.statistic == "central")], "item")
    found = found.reindex([item for item in RESERVE if item in found.index])
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


def _short(result: Result) -> str:
    """Return in what share of the draws the reserve runs short; empty where only the central run was made."""
    chance = views.chance(result, WHOLE, "probability_reserve_short")
    return "" if result.draws == 1 or chance is None else fmt.share_of_draws(chance, result.draws)


def reserve_words(result: Result) -> str:
    """Return whether the reserve lasts: in the central run, and over the draws how often and how far it does not.

    Mean and percentile are over all draws, those in which the reserve lasts counted as nothing. Nominal pounds.
    """
    case, over, often = result.case, fmt.duration(result.case.timeline.months), _short(result)
    asked = funding_item(result, "reserve", "shortfall")["central"]
    asked = asked[asked >= LEAST]
    lasts = f"lacks {fmt.money(asked.sum())} over {over}, from {asked.index[0]} on" if len(asked) else (
        "pays all that is asked of it")  # fmt: skip
    words = f"{case.funding.reserve_name or 'The reserve'}: in the central run it {lasts}"
    mean, high = (views.metric(result, WHOLE, "reserve_shortfall_gbp", s) for s in ("mean", "p90"))
    if not often or not mean:
        return f"{words}{often and f'; it runs short in {often}'}."
    early = views.metric(result, WHOLE, "reserve_short_from_months", "p10")
    when = ""
    if early is not None:
        month = case.timeline.month_labels[min(int(early), case.timeline.months - 1)]
        when = f" One run in ten is short by {fmt.month(month)}."
    return (
        f"{words}, but it runs short in {often}. What has then to be found elsewhere comes to {fmt.money(mean)} over "
        f"{over} on average of all runs, and to {fmt.money(high)} or more in one run of ten.{when}"
    )


def reserve_balance(result: Result) -> charts.Figure:
    """Chart the reserve's balance at the end of each financial year before anybody tops it up; nominal pounds.

    Below its minimum it has run short: what is asked of it then has to be found elsewhere.
    """
    frame, often = funding_item(result, "reserve", "before_top_up"), _short(result)
    minimum = result.case.assumptions.get("reserve.minimum")

    def paint(axes: Axes) -> None:
        charts.fan(axes, frame, marker="o")
        if minimum is not None:
            axes.axhline(minimum.value, color=charts.VERMILION, linestyle=charts.DASHED,
                         label=f"Minimum {fmt.money(minimum.value)}")  # fmt: skip
        charts.year_axis(axes, list(frame.index))
        charts.zero_line(axes)
        charts.money_axis(axes)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3)

    finding = f"runs short in {often}" if often else f"{fmt.money(frame['central'].iloc[-1])} left at the end, central"
    return charts.chart(
        "reserve", "Line chart by financial year", f"{result.case.funding.reserve_name}: {finding}", paint, height=2.6,
        data=reserve(result), rests_on=views.drivers(result.case, ["reserve"]),
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
    if len(parts["total"]):
        budget = [*parts["pressure"].index, *parts["saving"].index]
        frame.loc[budget] = _adding_up(frame.loc[budget], parts["total"].sum())
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
