"""`outturn.html`: has it worked? One page on top, then a section a benefit."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from model.batch.disk import write_whole
from model.case import measures as m
from model.case.timeline import first_day
from model.report.look import charts, markup
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import Block, Page, heading, render, show
from model.report.opening import case_folder
from model.schemes.load import load_case
from model.tracking import outturn as tracking
from model.tracking.bridge import NET, SPENDING
from model.tracking.charts import SURE, colour

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Canvas

    from model.case.records import Benefit
    from model.tracking.charts import Chart
    from model.tracking.neighbours import Comparison
    from model.tracking.outturn import Outturn

NATURES: Final = {"invested": "Invested", "cashable": "Cashable saving", "avoided": "Cost avoided", "net": "Net"}
WORDS: Final = {m.STARTED: "children_who_entered_care", m.CEASED: "children_who_left_care"}
NOT_TOLD: Final = "cannot be told from nought"


def open_outturn(case: str | Path, version: int | None = None, dfe: Path | str | None = None,
                 authority: str | None = None) -> Outturn:  # fmt: skip
    """Return a case's plan held against its actuals; with DfE's tables also beside its neighbours. InputProblems."""
    read = load_case(case if isinstance(case, Path) else case_folder(case))
    return tracking.track(read, version=version, neighbours=_neighbours(dfe, authority or "", read.timeline.start.year))


def _neighbours(dfe: Path | str | None, authority: str, start_year: int) -> Comparison | None:
    if not dfe:
        return None
    from model.demand.codes import canonical  # noqa: PLC0415 - reading tables is for those who have them
    from model.demand.dfe import read_dfe  # noqa: PLC0415
    from model.tracking.neighbours import compare, rates_of  # noqa: PLC0415

    return compare(rates_of(read_dfe(Path(dfe)).totals), canonical(authority), start_year + 1)


def outturn(found: Outturn) -> Block:
    """Return the whole of it: the answer, where the money went, what was learnt, then each benefit."""
    benefits = [_benefit(found, b) for b in found.case.benefits]
    return show(
        Block("<h2>Has it worked?</h2>"), _answer(found), _earned(found), _forecast(found), _chain(found),
        Block("<h2>From plan to outturn</h2>"),
        "Each cause is what has been counted or learnt of it so far, one after another from the top. Net counts what "
        "the schemes earn; spending is all that children and schemes cost, whoever caused it.",
        _bridge(found.bridge, NET, "Net position of the schemes"), _bridge(found.bridge, SPENDING, "All spending"),
        Block("<h2>What was learnt</h2>"), _learnt(found), _neighbour(found.neighbours),
        Block("<h2>Benefit by benefit</h2>"), *benefits,
        Block("<h2>What else was counted</h2>"), _others(found),
        Block("<h2>The plan and its versions</h2>"), _versions(found.versions),
    )  # fmt: skip


def write_page(found: Outturn, path: Path) -> None:
    """Write the page, whole or not at all."""
    title = f"{found.case.title}: has it worked?"
    about = f"Plan {found.plan.version}, frozen {fmt.day(found.plan.frozen)}, against what has happened since."
    write_whole(path, render(Page(title=title, kicker=found.case.council, about=about), outturn(found).html).encode())


def _answer(found: Outturn) -> Block:
    """The page's first words: the money, the decision, the first broken link, and what cannot be said yet."""
    then, now = (found.forecast.iloc[at] for at in (0, -1))
    steps = found.bridge[(found.bridge["of"] == NET) & ~found.bridge["step"].isin(["plan", "outturn"])]
    told = steps[steps["told"]].sort_values("value_gbp", key=abs, ascending=False)
    why = "no single cause can be told from chance yet"
    if len(told):
        why = f"the largest cause is {told.iloc[0]['step']}, {fmt.money(told.iloc[0]['value_gbp'], signed=True)}"
    short = found.chain[found.chain["state"] == tracking.SHORT].groupby("scheme", sort=False).first()
    links = [f"{found.case.scheme(str(s)).title}: {_named(found, str(r['link']))}" for s, r in short.iterrows()]
    broke = f"The first link short of its promise: {'; '.join(links)}." if links else "No measured link fell short."
    months = fmt.counted(found.evidence.months, "month")
    few = f"{fmt.counted(len(found.evidence.observations), 'figure')}, {months}"
    chances = [fmt.chance(state["probability_npv_positive"]) for state in (now, then)]
    return Block(markup.bullets([
        (f"The frozen triggers say: {now['decision']}. "
        f"A positive net present value has a chance of {chances[0]}; when the plan was frozen, {chances[1]}."),
        f"Between plan and outturn, {why}.",
        *(_part(found, row) for _, row in found.parts.iterrows()),
        broke,
        f"This rests on {few}. A figure within its promised range neither proves nor disproves a scheme.",
    ]))  # fmt: skip


def _part(found: Outturn, row: pd.Series) -> str:
    """How much of a scheme's promise is seen in what was counted of it, and whether that can be told from all of it."""
    low, high = (fmt.percent(row[end]) for end in ("p10", "p90"))
    said = "less than was promised" if row["short"] else "which cannot be told from what was promised"
    title = found.case.scheme(str(row["scheme"])).title
    return f"{title}: the counts show {low} to {high} of the promised effect, {said}."


def _when(period: str) -> str:
    """A day in words; a year or a month as it is written."""
    return fmt.day(date.fromisoformat(period)) if len(period) == len("2022-03-31") else period


def _named(found: Outturn, measure: str) -> str:
    """A measure by the name of the benefit it stands for in the register, or else its own."""
    return next((fmt.lowered(b.benefit) for b in found.case.benefits if b.measure == measure), markup.spelt(measure))


def _earned(found: Outturn) -> tbl.Table:
    of = {(r["nature"], r["state"]): r for _, r in found.earned.iterrows()}
    rows = []
    for nature, words in NATURES.items():
        cells = [tbl.text(words)]
        for state in ("promised", "now"):
            row = of[nature, state]
            cells += [tbl.thousands(row["mean_gbp"]), tbl.text(fmt.money_range(row["p10_gbp"], row["p90_gbp"]))]
        rows.append(cells)
    return tbl.Table(
        key="earned", caption=f"To date, {fmt.counted(found.evidence.months, 'month')}, cash", rows=rows, numeric=1,
        strong=frozenset({3}),
        columns=("", "Promised, mean", "10th to 90th percentile", "Now thought, mean", "10th to 90th percentile"),
        note="What doing nothing would have cost is never seen: what is earned is worked out from what was counted.",
    )  # fmt: skip


def _forecast(found: Outturn) -> tbl.Table:
    rows = [
        [tbl.text("When frozen" if r["state"] == "then" else "Now"),
         tbl.number(fmt.money(r["mean_gbp"]), r["mean_gbp"]),
         tbl.text(fmt.money_range(r["p10_gbp"], r["p90_gbp"])), tbl.text(fmt.chance(r["probability_npv_positive"])),
         tbl.text(fmt.chance(r["probability_payback"])), tbl.text(r["decision"])]
        for _, r in found.forecast.iterrows()
    ]  # fmt: skip
    last, plan = found.forecast.iloc[-1], found.plan
    again = (
        " That is fewer than 100, so all were moved by regression towards what was counted (an ensemble smoother)."
        if last["drawn_again"]
        else ""
    )
    return tbl.Table(
        key="forecast", caption="The forecast, when frozen and now, real", rows=rows, numeric=frozenset({1}),
        columns=("", "NPV, mean", "10th to 90th percentile", "Chance NPV positive", "Chance of payback",
                 "Triggers say"),
        note=f"Change below {fmt.percent(plan.change_below)}, stop below {fmt.percent(plan.stop_below)}, as frozen. "
        f"Of {plan.n:,} stored runs the evidence leaves {fmt.decimal(last['effective_draws'])} effective.{again}",
    )  # fmt: skip


def _chain(found: Outturn) -> tbl.Table:
    rows = [
        [tbl.text(words) for words in (found.case.scheme(r["scheme"]).title, _named(found, r["link"]),
                                       _when(r["period"]), r["state"])]
        for _, r in found.chain.iterrows()
    ]  # fmt: skip
    return tbl.Table(key="chain", caption="The chain of each scheme, in causal order: the latest figure of each link",
                     columns=("Scheme", "Link", "Period", "Against its promise"), rows=rows)  # fmt: skip


def _bridge(frame: pd.DataFrame, of: str, caption: str) -> charts.Figure:
    """Every step from plan to outturn with its range; what cannot be told from nought is hatched."""
    mine = frame[frame["of"] == of]
    steps = mine.iloc[1:-1]
    moved = steps[(steps["value_gbp"] != 0) | (steps["p10_gbp"] != steps["p90_gbp"])]

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        for i, (_, r) in enumerate(moved.iterrows()):
            axes.barh(i, r["value_gbp"], color=charts.BLUE if r["value_gbp"] > 0 else charts.VERMILION,
                      hatch="" if r["told"] else "////", edgecolor=charts.PAPER)  # fmt: skip
            axes.plot([r["p10_gbp"], r["p90_gbp"]], [i, i], color=charts.INK, linewidth=1)
        charts.zero_line(axes, across=False)
        charts.name_rows(axes, [str(r["step"]).capitalize() for _, r in moved.iterrows()])
        charts.money_axis(axes, along="x")

    rows = [
        [tbl.text(r["step"].capitalize()), tbl.number(fmt.pounds(r["value_gbp"], pence=True), r["value_gbp"]),
         tbl.text("" if r["p10_gbp"] == r["p90_gbp"] else fmt.money_range(r["p10_gbp"], r["p90_gbp"])),
         tbl.text("" if r["told"] else "nothing measured it" if not r["value_gbp"] else NOT_TOLD)]
        for _, r in mine.iterrows()
    ]  # fmt: skip
    data = tbl.Table(key=f"bridge-{of}", caption=f"{caption}, cash, since the start", rows=rows, numeric=frozenset({1}),
                     strong=frozenset({0, len(rows) - 1}), columns=("Step", "Pounds", "10th to 90th percentile", ""),
                     note="The steps add up to the penny.")  # fmt: skip
    planned, became = (fmt.money(mine.iloc[at]["value_gbp"]) for at in (0, -1))
    return charts.chart(
        f"steps-{of}", f"{caption}: {planned} planned, {became} so far",
        f"{caption} in cash from plan to outturn: a bar a cause, a line for its 10th to 90th percentile.", paint,
        height=0.9 + 0.32 * len(moved), data=data, note="Hatched: cannot be told from nought.",
    )  # fmt: skip


def _learnt(found: Outturn) -> tbl.Table:
    told = found.assumptions[found.assumptions["learnt"]] if len(found.assumptions) else found.assumptions
    rows = [
        [tbl.text(found.case.label(r["assumption"])), tbl.text(_spread(r, "prior")), tbl.text(_spread(r, "now")),
         tbl.text("outside what was thought possible" if r["beyond"] else "")]
        for _, r in told.iterrows()
    ]  # fmt: skip
    return tbl.Table(key="learnt", caption="Assumptions that the figures say something of: middle, and 10th to 90th",
                     columns=("Assumption", "When frozen", "Now", ""), rows=rows,
                     empty="The figures say nothing of any assumption yet.")  # fmt: skip


def _spread(row: pd.Series, when: str) -> str:
    low, middle, high = (fmt.quantity(row[f"{when}_p{q}"], row["unit"]) for q in (10, 50, 90))
    return f"{middle} ({low} to {high})"


def _benefit(found: Outturn, benefit: Benefit) -> Block:
    """One benefit: who answers for it, its chart, and when it could be told from chance."""
    lines = [f"{benefit.owner} answers for it. Source: {benefit.source}."]
    if benefit.disbenefit:
        lines.append(f"What may get worse: {benefit.disbenefit[0].lower()}{benefit.disbenefit[1:]}.")
    power = found.power[found.power["benefit"] == benefit.id]
    if len(power):
        sure = power[power["power"] >= SURE]
        last = f"even by {power.iloc[-1]['financial_year']} the chance is {fmt.chance(power.iloc[-1]['power'])}"
        lines.append(f"What is promised could be told from chance in {sure.iloc[0]['financial_year']}." if len(sure)
                     else f"What is promised cannot be told from chance within the horizon: {last}.")  # fmt: skip
    drawn = next((c for c in found.charted if c.name == benefit.measure), None)
    mine = found.charts[found.charts["measure"] == benefit.measure]
    since = mine[mine["p50"].notna()]
    if len(since):
        point = since.iloc[-1]
        said = colour(benefit.rule, float(point["value"]), float(point["p50"]), len(since))
        lines.append(f"By its rule it is {said}." if said else "Too few points, or no rule, for a colour.")
    chart = _chart(drawn, mine, benefit, found.plan.case.timeline.start) if drawn else "Nothing has been counted yet."
    return show(heading(benefit.benefit), Block(markup.bullets(lines)), chart)


def _chart(chart: Chart, frame: pd.DataFrame, benefit: Benefit, start: date) -> charts.Figure:
    signals = frame[frame["signal"].astype(str) != ""]
    limits = (
        "no limits: too few points before the start"
        if np.isnan(chart.middle).all()
        else f"limits of an {chart.kind} chart"
    )
    finding = f"{benefit.benefit}: {len(signals)} signals" if len(signals) else f"{benefit.benefit}: no signal"

    def paint(canvas: Canvas) -> None:
        axes = canvas.subplots()
        at = np.arange(len(frame))
        if frame["p10"].notna().any():
            axes.fill_between(at, frame["p10"].astype(float), frame["p90"].astype(float), color=charts.BLUE, alpha=0.18,
                              linewidth=0, label="promised, 10th to 90th percentile")  # fmt: skip
        for name, style in (("middle", "-"), ("lower", charts.DASHED), ("upper", charts.DASHED)):
            axes.plot(at, frame[name].astype(float), color=charts.QUIET, linestyle=style, linewidth=1)
        axes.plot(at, frame["value"].astype(float), color=charts.INK, marker="o", label="counted")
        _mark_start(axes, list(frame["period"]), start)
        axes.set_xticks(at, [_when(period) for period in frame["period"]], rotation=30)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncol=2)

    rows = [
        [tbl.text(_when(r["period"])), *(tbl.number("" if np.isnan(r[c]) else fmt.decimal(r[c], 1), r[c])
                                  for c in ("value", "p10", "p90", "lower", "upper")), tbl.text(r["signal"])]
        for _, r in frame.iterrows()
    ]  # fmt: skip
    data = tbl.Table(key=f"data-{benefit.id}", caption=f"{benefit.benefit}, {benefit.unit}", rows=rows,
                     columns=("Period", "Counted", "Promised, 10th", "90th", "Lower limit", "Upper limit", "Signal"),
                     numeric=frozenset({1, 2, 3, 4, 5}))  # fmt: skip
    alt = f"{benefit.benefit} in {benefit.unit} by period, {limits}, the promised range behind the line."
    return charts.chart(f"benefit-{benefit.id}", finding, alt, paint, height=2.6, data=data, note=limits.capitalize())


def _mark_start(axes: Axes, periods: Sequence[str], start: date) -> None:
    """Draw a line between the last period before the start and the first after it."""
    before = sum(first_day(period) < start for period in periods)
    if 0 < before < len(periods):
        axes.axvline(before - 0.5, color=charts.PURPLE, linewidth=1, linestyle=charts.DASHED)


def _others(found: Outturn) -> charts.Figure | str:
    """Small charts of whatever was counted at least three times and is no benefit: what happened around the schemes."""
    rows = found.figures[found.figures["standing"].astype(bool)].dropna(subset="value")
    named = rows["measure"].replace(WORDS, regex=True) + " " + rows["scope"]
    rows = rows.assign(name=named.str.replace("_", " ").str.strip())
    rows = rows[~rows["measure"].isin([b.measure for b in found.case.benefits])]
    series = [(str(name), part) for name, part in rows.groupby("name", sort=False) if len(part) >= 3]
    if not series:
        return "Nothing else was counted three times or more."

    def paint(canvas: Canvas) -> None:
        for axes, (name, part) in zip(charts.panels(canvas, len(series), 2), series, strict=False):
            axes.plot(np.arange(len(part)), part["value"], color=charts.INK, marker="o", markersize=3)
            _mark_start(axes, list(part["period"]), found.plan.case.timeline.start)
            axes.yaxis.set_major_formatter(charts.unit_marks(part["unit"].iloc[0]))
            axes.set_title(markup.spelt(name).capitalize(), fontsize=7.5, fontweight="normal")
            axes.set_xticks([0, len(part) - 1], [_when(part["period"].iloc[i]) for i in (0, -1)], fontsize=6.5)

    def ends(part: pd.DataFrame) -> str:
        return " to ".join(fmt.quantity(part["value"].iloc[at], part["unit"].iloc[at]) for at in (0, -1))

    data = tbl.Table(
        key="others", caption="What else was counted", columns=("Measure", "Period", "Counted"),
        rows=[[tbl.text(markup.spelt(name).capitalize()), tbl.text(_when(r["period"])),
               tbl.number(fmt.quantity(r["value"], r["unit"]), r["value"])]
              for name, part in series for _, r in part.iterrows()],
        numeric=frozenset({2}),
    )  # fmt: skip
    return charts.chart(
        "others", "What happened around the schemes", f"{len(series)} small charts: "
        + "; ".join(f"{name} from {ends(part)}" for name, part in series), paint,
        height=1.2 * -(-len(series) // 2), data=data, note="The dashed line is the start of the plan.",
    )  # fmt: skip


def _neighbour(found: Comparison | None) -> Block | str:
    if found is None:
        return "Not compared with other authorities: for that run track with --dfe and --authority."
    weights = ", ".join(f"{name} {fmt.percent(w)}" for name, w in sorted(found.weights.items(), key=lambda i: -i[1]))
    rows = [[tbl.text(year), tbl.number(fmt.decimal(a, 1), a), tbl.number(fmt.decimal(s, 1), s),
             tbl.number(fmt.signed(a - s, 1), a - s)]
            for year, a, s in zip(found.years, found.actual, found.synthetic, strict=True)]  # fmt: skip
    return show(tbl.Table(
        key="neighbours", caption="Children looked after per 10,000 at 31 March, beside a mix of other authorities",
        columns=("Year", "Council", "Mix", "Difference"), rows=rows, numeric=1,
        note=f"The mix: {weights}. {fmt.percent(found.placebo)} of all authorities stray from their own mix as far.",
    ))  # fmt: skip


def _versions(frame: pd.DataFrame) -> tbl.Table:
    rows = [[tbl.text(r["version"]), tbl.text(_when(r["frozen"])), tbl.text(r["scenario"]),
             tbl.number(fmt.money(r["mean_gbp"]), r["mean_gbp"]), tbl.text(r["reason"])]
            for _, r in frame.iterrows()]  # fmt: skip
    return tbl.Table(key="versions", caption="Versions of the plan", rows=rows, numeric=frozenset({3}),
                     columns=("Version", "Frozen", "Scenario", "NPV promised, mean", "Why"))  # fmt: skip
