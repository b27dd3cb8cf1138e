"""`outturn.html`: has it worked? One page on top, then a section a benefit."""

from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from model.batch.disk import write_whole
from model.case import measures as m
from model.case.rows import Benefit
from model.case.timeline import first_day
from model.case.words import ENTRY_REDUCTION
from model.report.look import charts, markup
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import Block, Page, heading, render, show
from model.report.opening import case_folder
from model.schemes.load import load_case
from model.tracking import outturn as tracking
from model.tracking.bridge import NET, SPENDING
from model.tracking.charts import SURE, Chart, colour
from model.tracking.neighbours import Comparison
from model.tracking.outturn import BESIDE, NOW, PROMISED, Outturn

NATURES: Final = {"invested": "Invested", "cashable": "Cashable saving", "avoided": "Cost avoided",
                  BESIDE: "As children were counted, and the ledger", "net": "Net"}  # fmt: skip
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
    return show(
        Block("<h2>Has it worked?</h2>"), _answer(found), _earned(found), _forecast(found), _chain(found),
        Block("<h2>From plan to outturn</h2>"),
        "Each cause is what has been counted or learnt of it so far, one after another from the top. Net counts what "
        "the schemes earn; spending is all that children and schemes cost, whoever caused it.",
        _bridge(found.bridge, NET, "Net position of the schemes"), _bridge(found.bridge, SPENDING, "All spending"),
        Block("<h2>What was learnt</h2>"), _learnt(found), _neighbour(found.neighbours),
        Block("<h2>Benefit by benefit</h2>"), *(_benefit(found, benefit) for benefit in found.case.benefits),
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
    chances = [fmt.chance(state["probability_npv_positive"]) for state in (now, then)]
    steps = found.bridge[(found.bridge["of"] == NET) & found.bridge["told"]]
    told = steps[~steps["step"].isin(["plan", "outturn"])].sort_values("value_gbp", key=abs, ascending=False)
    why = "no single cause can be told from chance yet"
    if len(told):
        why = f"the largest cause is {told.iloc[0]['step']}, {fmt.money(told.iloc[0]['value_gbp'], signed=True)}"
    short = found.chain[found.chain["state"] == tracking.SHORT].groupby("scheme", sort=False).first()
    links = [f"{_title(found, s)}: {_named(found, str(r['link']))}" for s, r in short.iterrows()]
    again = [f"{_named(found, a.name)}, {_when(a.period)}" for a in found.evidence.again]
    figures = fmt.counted(len(found.evidence.observations), "figure")
    return Block(markup.bullets(filter(None, [
        (f"The frozen triggers say: {now['decision']}. "
        f"A positive net present value has a chance of {chances[0]}; when the plan was frozen, {chances[1]}."),
        f"Between plan and outturn, {why}.",
        *(_part(found, row) for row in _rows(found.parts)),
        *(_power(found, spec.name) for spec in found.plan.case.active_schemes),
        f"The first link short of its promise: {'; '.join(links)}." if links else "No measured link fell short.",
        f"Not counted twice, as other figures tell of the same months: {fmt.listed(again)}." if again else "",
        (f"This rests on {figures}, {fmt.counted(found.evidence.months, 'month')}. A figure within its promised range "
        "neither proves nor disproves a scheme."),
    ])))  # fmt: skip


def _title(found: Outturn, scheme: Any) -> str:  # noqa: ANN401 - an index of a frame
    return found.case.scheme(str(scheme)).title


def _part(found: Outturn, row: Any) -> str:  # noqa: ANN401 - a row of a frame
    """How much of a scheme's promise is seen in what was counted of it, and whether that can be told from all of it."""
    low, high = (fmt.percent(row[end]) for end in ("p10", "p90"))
    said = "less than was promised" if row["short"] else "which cannot be told from what was promised"
    return f"{_title(found, row['scheme'])}: the counts show {low} to {high} of the promised effect, {said}."


def _power(found: Outturn, scheme: str) -> str:
    """How likely the figures so far, and all that are to come, would tell a scheme that keeps its promise from none."""
    own = found.power[found.power["benefit"].isin([b.id for b in found.plan.case.benefits if b.scheme == scheme])]
    if own.empty:
        return ""
    best = own.groupby("financial_year", sort=False)["power"].max()
    year, spec = found.evidence.case.timeline.financial_years[-1], found.plan.case.scheme(scheme)
    words = (f"{spec.title}: had it no effect at all, its benefits' figures to {year} would show it with a chance of "
             f"{fmt.chance(best[year])}, those to {best.index[-1]} with {fmt.chance(best.iloc[-1])}")  # fmt: skip
    if spec.kind == ENTRY_REDUCTION and not found.evidence.of(f"{scheme}.{m.KEPT}"):
        words += "; only a count of the children it kept at home, against a comparison, would tell sooner"
    return f"{words}."


def _when(period: str) -> str:
    """A day in words; a year or a month as it is written."""
    return fmt.day(date.fromisoformat(period)) if len(period) == len("2022-03-31") else period


def _named(found: Outturn, measure: str) -> str:
    """A measure by the name of the benefit it stands for in the register, or else its own."""
    return next((fmt.lowered(b.benefit) for b in found.case.benefits if b.measure == measure), markup.spelt(measure))


def _rows(frame: pd.DataFrame) -> list[Any]:
    return frame.to_dict("records")


def _reach(row: Any) -> str:  # noqa: ANN401 - a row of a frame
    low, high = row["p10_gbp"], row["p90_gbp"]
    return "" if low == high else fmt.money_range(low, high)


def _earned(found: Outturn) -> tbl.Table:
    """What was promised to date and what has come of it; the last row is where the bridge of the schemes ends."""
    promised, now = (found.earned[found.earned["state"] == s].set_index("nature") for s in (PROMISED, NOW))
    shown = [n for n in NATURES if promised["mean_gbp"][n] or now["mean_gbp"][n]]
    columns: dict[str, tbl.Show] = {
        "": lambda n: (tbl.total if n == NET else tbl.text)(NATURES[n]),
        "Promised, mean": lambda n: tbl.thousands(promised["mean_gbp"][n]),
        "Now thought, mean": lambda n: tbl.thousands(now["mean_gbp"][n]),
        "Promised, 10th to 90th percentile": lambda n: _reach(promised.loc[n]),
        "Now thought, 10th to 90th percentile": lambda n: _reach(now.loc[n]),
    }
    planned, became = (found.bridge[found.bridge["of"] == NET]["value_gbp"].iloc[at] for at in (0, -1))
    return tbl.of(
        "earned", f"To date, {fmt.counted(found.evidence.months, 'month')}, cash", shown, columns,
        note="What doing nothing would have cost is never seen: what is earned is worked out from what was counted. "
        f"Now thought is where the bridge below ends, {fmt.money(became)}; it begins at the plan's central run, "
        f"{fmt.money(planned)}, where promised here is the mean of its runs.",
    )  # fmt: skip


def _forecast(found: Outturn) -> tbl.Table:
    last, plan = found.forecast.iloc[-1], found.plan
    again = " That is fewer than 100, so all were moved by regression towards what was counted (an ensemble smoother)."
    columns: dict[str, tbl.Show] = {
        "": lambda r: "When frozen" if r["state"] == "then" else "Now", "NPV, mean": "mean_gbp",
        "10th to 90th percentile": _reach, "Chance NPV positive": lambda r: fmt.chance(r["probability_npv_positive"]),
        "Chance of payback": lambda r: fmt.chance(r["probability_payback"]), "Triggers say": "decision",
    }  # fmt: skip
    return tbl.of(
        "forecast", "The forecast, when frozen and now, real", _rows(found.forecast), columns,
        note=f"Change below {fmt.percent(plan.change_below)}, stop below {fmt.percent(plan.stop_below)}, as frozen. "
        f"Of {plan.n:,} stored runs the evidence leaves {fmt.decimal(last['effective_draws'])} effective."
        f"{again if last['drawn_again'] else ''}",
    )  # fmt: skip


def _chain(found: Outturn) -> tbl.Table:
    columns: dict[str, tbl.Show] = {
        "Scheme": lambda r: _title(found, r["scheme"]), "Link": lambda r: _named(found, r["link"]),
        "Period": lambda r: _when(r["period"]), "Against its promise": "state",
    }  # fmt: skip
    caption = "The chain of each scheme, in causal order: the latest figure of each link"
    return tbl.of("chain", caption, _rows(found.chain), columns)


def _bridge(frame: pd.DataFrame, of: str, caption: str) -> charts.Figure:
    """Every step from plan to outturn with its range; what cannot be told from nought is hatched."""
    mine = frame[frame["of"] == of]
    steps = mine.iloc[1:-1]
    moved = steps[(steps["value_gbp"] != 0) | (steps["p10_gbp"] != steps["p90_gbp"])]

    def paint(axes: Axes) -> None:
        colours = [charts.BLUE if value > 0 else charts.VERMILION for value in moved["value_gbp"]]
        hatches = ["" if told else "////" for told in moved["told"]]
        names = [str(step).capitalize() for step in moved["step"]]
        charts.bars(axes, names, [(moved["value_gbp"], colours, hatches, "")])
        axes.hlines(range(len(moved)), moved["p10_gbp"], moved["p90_gbp"], color=charts.INK, linewidth=1)
        charts.zero_line(axes, across=False)
        charts.money_axis(axes, along="x")

    def step(r: Any) -> tbl.Cell:  # noqa: ANN401 - a row of a frame
        return (tbl.total if r["step"] in {"plan", "outturn"} else tbl.text)(r["step"].capitalize())

    columns: dict[str, tbl.Show] = {
        "Step": step, "Pounds": lambda r: tbl.number(fmt.pounds(r["value_gbp"], pence=True), r["value_gbp"]),
        "10th to 90th percentile": _reach,
        "Told?": lambda r: "" if r["told"] else NOT_TOLD if r["value_gbp"] else "nothing measured it",
    }  # fmt: skip
    data = tbl.of(f"bridge-{of}", f"{caption}, cash, since the start", _rows(mine), columns,
                  note="The steps add up to the penny.")  # fmt: skip
    planned, became = (fmt.money(mine.iloc[at]["value_gbp"]) for at in (0, -1))
    return charts.chart(
        f"steps-{of}", "Bar chart, a bar a cause", f"{caption}: {planned} planned, {became} so far", paint,
        height=charts.bars_height(len(moved)), data=data, note="Hatched: cannot be told from nought.",
    )  # fmt: skip


def _learnt(found: Outturn) -> tbl.Table:
    def spread(row: Any, when: str) -> str:  # noqa: ANN401 - a row of a frame
        low, middle, high = (row[f"{when}_p{q}"] for q in (10, 50, 90))
        return f"{fmt.quantity(middle, row['unit'])} ({fmt.reach(low, high, row['unit'])})"

    columns: dict[str, tbl.Show] = {
        "Assumption": lambda r: found.case.label(r["assumption"]), "When frozen": lambda r: spread(r, "prior"),
        "Now": lambda r: spread(r, "now"),
        "Beyond?": lambda r: "outside what was thought possible" if r["beyond"] else "",
    }  # fmt: skip
    told = found.assumptions[found.assumptions["learnt"].astype(bool)]
    return tbl.of("learnt", "Assumptions that the figures say something of: middle, and 10th to 90th", _rows(told),
                  columns, empty="The figures say nothing of any assumption yet.")  # fmt: skip


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
    signals = int((frame["signal"].astype(str) != "").sum())
    limits = f"Limits of an {chart.kind} chart"
    if np.isnan(chart.middle).all():
        limits = "No limits: too few points before the start"
    numbers = {"Counted": "value", "Promised, 10th": "p10", "Promised, 90th": "p90", "Lower limit": "lower",
               "Upper limit": "upper"}  # fmt: skip

    def paint(axes: Axes) -> None:
        at, drawn = range(len(frame)), frame[[*numbers.values(), "middle"]].astype(float)
        axes.fill_between(at, drawn["p10"], drawn["p90"], color=charts.BLUE, alpha=0.18, linewidth=0,
                          label="promised, 10th to 90th percentile")  # fmt: skip
        for name, style in (("middle", "-"), ("lower", charts.DASHED), ("upper", charts.DASHED)):
            axes.plot(at, drawn[name], color=charts.QUIET, linestyle=style, linewidth=1)
        axes.plot(at, drawn["value"], color=charts.INK, marker="o", label="counted")
        before = sum(first_day(period) < start for period in frame["period"])
        if 0 < before < len(frame):
            axes.axvline(before - 0.5, color=charts.PURPLE, linewidth=1, linestyle=charts.DASHED, label="start")
        axes.set_xticks(at, [_when(period) for period in frame["period"]], rotation=30)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncol=3)

    rows = [(_when(r["period"]), *(tbl.count(r[name]) for name in numbers.values()), r["signal"]) for r in _rows(frame)]
    data = tbl.table(f"data-{benefit.id}", f"{benefit.benefit}, {benefit.unit}", ("Period", *numbers, "Signal"), rows)
    return charts.chart(
        f"benefit-{benefit.id}", "Line chart by period, the promised range behind the line",
        f"{benefit.benefit}: {fmt.counted(signals, 'signal')}", paint, height=2.6, data=data, note=limits,
    )  # fmt: skip


def _others(found: Outturn) -> tbl.Table:
    """Whatever was counted at least three times and is no benefit: what happened around the schemes, first to last."""
    rows = found.figures[found.figures["standing"].astype(bool)].dropna(subset="value")
    rows = rows[~rows["measure"].isin([b.measure for b in found.case.benefits])]
    named = rows["measure"].replace(WORDS, regex=True) + " " + rows["scope"]
    series = rows.groupby([markup.spelt(name.strip()).capitalize() for name in named], sort=False)

    def counted(at: int) -> Any:  # noqa: ANN401 - a column of a table
        return lambda one: tbl.quantity(one[1]["value"].iloc[at], one[1]["unit"].iloc[at])

    columns: dict[str, tbl.Show] = {
        "Measure": lambda one: one[0], "First counted": lambda one: _when(one[1]["period"].iloc[0]), "Then": counted(0),
        "Last counted": lambda one: _when(one[1]["period"].iloc[-1]), "Now": counted(-1),
    }  # fmt: skip
    return tbl.of("others", "What happened around the schemes", [one for one in series if len(one[1]) >= 3], columns,
                  note="Every figure between is in figures.csv.",
                  empty="Nothing else was counted three times or more.")  # fmt: skip


def _neighbour(found: Comparison | None) -> tbl.Table | str:
    if found is None:
        return "Not compared with other authorities: for that run track with --dfe and --authority."
    weights = ", ".join(f"{name} {fmt.percent(w)}" for name, w in sorted(found.weights.items(), key=lambda i: -i[1]))
    rows = [(str(year), tbl.count(a), tbl.count(s), tbl.number(fmt.signed(a - s, 1), a - s))
            for year, a, s in zip(found.years, found.actual, found.synthetic, strict=True)]  # fmt: skip
    return tbl.table(
        "neighbours", "Children looked after per 10,000 at 31 March, beside a mix of other authorities",
        ("Year", "Council", "Mix", "Difference"), rows,
        note=f"The mix: {weights}. {fmt.percent(found.placebo)} of all authorities stray from their own mix as far.",
    )  # fmt: skip


def _versions(frame: pd.DataFrame) -> tbl.Table:
    columns: dict[str, tbl.Show] = {
        "Version": "version", "Frozen": lambda r: _when(r["frozen"]), "Scenario": "scenario",
        "NPV promised, mean": "mean_gbp", "Why": "reason",
    }  # fmt: skip
    return tbl.of("versions", "Versions of the plan", _rows(frame), columns)
