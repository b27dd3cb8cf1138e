"""The tables of a report, each made from a result's frames."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from model.report import views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.results.reconcile import is_transcription

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd

    from model.case.assumptions import Assumption
    from model.case.records import Case
    from model.report.views import ResultLike

Key = TypeVar("Key")

STATISTIC_TITLES = {"central": "Central", "mean": "Mean", **{q: f"{int(q[1:])}th percentile" for q in views.QUANTILES}}
VERDICTS = {
    "reconciles": "✓ reconciles",
    "rounding": "≈ rounding",
    "differs": "✗ differs",
    "not_derivable": "? not derivable",
}
TRANSCRIBED = "transcribed"
WORDS = {**VERDICTS, TRANSCRIBED: "= transcribed"}
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
SHORT_OF = {"mean": "mean of all draws", "p90": "90th percentile"}
UNFUNDED = "Balance if nobody finds that"
AGENCY = "agency"  # the kind of scheme that counts what the reserve pays for teams in any case
HALF_A_POUND = 0.5  # less than this is nothing
GROUPS = {
    "price": "Placement prices",
    "cost": "Costs of entering and leaving care",
    "caseload": "Caseload",
    "growth": "Real growth",
    "establishment": "Posts",
    "cashable": "What makes a saving cashable",
    "reserve": "Reserve",
}


def net_by_year(result: ResultLike) -> tbl.Table:
    """Return the net position by financial year and perimeter: central, mean and the 10% to 90% range."""
    case, shown = result.case, views.shown_perimeters(result.case)
    frames = {p: views.net_by_year(result, p) for p in shown}
    wide = [s for s in ("central", "mean", "p10", "p90") if s in frames[views.WHOLE]]
    rows = [
        [tbl.text(f"{views.title_of(case, p)}: {STATISTIC_TITLES[s].lower()}"), *map(tbl.thousands, frames[p][s])]
        for p in shown
        for s in wide
    ]
    columns = ("Perimeter", *views.years(result))
    caption = f"Net position by financial year, £ thousand, real {case.price_base} prices"
    return _table("annual-net-data", caption, columns, rows)


def _table(key: str, caption: str, columns: Sequence[str], rows: Iterable[Sequence[tbl.Cell]]) -> tbl.Table:
    return tbl.Table(key=key, caption=caption, columns=tuple(columns), rows=tbl.rows_of(rows),
                     numeric=tbl.numbers_from(columns))  # fmt: skip


def at_each_march(key: str, caption: str, frame: pd.DataFrame) -> tbl.Table:
    """Return a monthly frame of pounds at the end of each financial year."""
    wanted = [s for s in ("central", "mean", "p10", "p25", "p50", "p75", "p90") if s in frame]
    at = [m for m in frame.index if str(m).endswith("-03")]
    rows = [[tbl.text(fmt.month(str(m))), *(tbl.thousands(frame.loc[m, s]) for s in wanted)] for m in at]
    return _table(key, caption, ("End of", *(STATISTIC_TITLES[s] for s in wanted)), rows)


def by_nature(result: ResultLike, perimeter: str) -> tbl.Table:
    """Return investment, saving, avoidance, income and net by financial year, £ thousand, central run."""
    frame = views.by_nature(result, perimeter)
    rows = [
        [tbl.text(views.NATURE_TITLES[n]), *map(tbl.thousands, frame[n]), tbl.thousands(frame[n].sum())]
        for n in views.NATURES
        if frame[n].abs().sum() >= 0.5
    ]
    net = frame.sum(axis=1)
    rows.append([tbl.text("Net"), *map(tbl.thousands, net), tbl.thousands(net.sum())])
    name = views.title_of(result.case, perimeter)
    return tbl.Table(
        key=f"nature-{perimeter}",
        caption=f"{name}: investment and savings by financial year, £ thousand, central, real "
        f"{result.case.price_base} prices",
        columns=("Nature", *frame.index, "Total"),
        rows=tbl.rows_of(rows),
        numeric=tbl.numbers_from(("", *frame.index, "")),
        strong=frozenset({len(rows) - 1}),
    )


def by_line(result: ResultLike, perimeter: str) -> tbl.Table:
    """Return every line by financial year, £ thousand, central run; the net below them."""
    case, frame = result.case, views.by_line(result, perimeter)
    titles = {s.name: s.title for s in case.schemes}
    rows = [
        [
            tbl.text(_line_title(str(line))),
            tbl.text(titles.get(str(scheme), "Interaction between schemes")),
            tbl.text(views.NATURE_TITLES[str(nature)]),
            *map(tbl.thousands, values),
            tbl.thousands(values.sum()),
        ]
        for (scheme, line, nature), values in ((k, frame.loc[k]) for k in frame.index)
    ]
    net = views.net_by_year(result, perimeter)["central"]
    rows.append([tbl.text("Net"), tbl.text(""), tbl.text(""), *map(tbl.thousands, net), tbl.thousands(net.sum())])
    columns = ("Line", "Scheme", "Nature", *views.years(result), "Total")
    return tbl.Table(
        key=f"lines-{perimeter}",
        caption=f"{views.title_of(case, perimeter)}: every line by financial year, £ thousand, central, real "
        f"{case.price_base} prices",
        columns=columns,
        rows=tbl.rows_of(rows),
        numeric=tbl.numbers_from(columns, 3),
        strong=frozenset({len(rows) - 1}),
        note="Above zero favours the council. Lines are gross: a cost avoided and the cost incurred instead are two.",
        rests_on=views.money_drivers(case, [perimeter]),
    )


def _line_title(line: str) -> str:
    return "Overlap between schemes" if line == "interaction" else line


def _range(result: ResultLike, perimeter: str, name: str, show: Callable[[float | None], str]) -> tbl.Cell:
    found = views.spread(result, perimeter, name)
    return tbl.number(show(found.central), found.central)


def headlines(result: ResultLike) -> tbl.Table:
    """Return the key measures, a column per perimeter: costs, savings, NPV with its range, payback, peak funding."""
    case, shown = result.case, views.shown_perimeters(result.case)
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
        rows=tbl.rows_of(body),
        numeric=tbl.numbers_from(columns),
        note=f"NPV over {fmt.duration(case.timeline.months)} from {fmt.month(case.timeline.month_labels[0])}, "
        f"discounted at {fmt.percent(case.conventions.discount_rate_annual, 1)} a year; payback counts from then. "
        "A minus costs the council.",
        rests_on=views.money_drivers(case, shown),
    )


def _ratio(value: float | None) -> str:
    return "none" if value is None else fmt.ratio(value)


def _money(value: float) -> tbl.Cell:
    return tbl.number(fmt.money(value), value)


def _npv_rows(result: ResultLike) -> list[tuple[str, Callable[[str], tbl.Cell]]]:
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


def _statistic(result: ResultLike, perimeter: str, name: str, statistic: str) -> tbl.Cell:
    value = views.metric(result, perimeter, name, statistic)
    return tbl.number(fmt.money(value), value)


def _interval(result: ResultLike, perimeter: str, name: str) -> tbl.Cell:
    found = views.spread(result, perimeter, name)
    return tbl.number(fmt.money_range(found.p10, found.p90), found.p50)


def _chance(result: ResultLike, perimeter: str, name: str) -> tbl.Cell:
    value = views.probability(result, perimeter, name)
    return tbl.number(fmt.chance(value), value)


def _payback(result: ResultLike, perimeter: str, name: str) -> tbl.Cell:
    value = views.metric(result, perimeter, name)
    shown = "nothing to pay back" if value == 0 else fmt.duration(value)
    return tbl.number(shown, value)


def children(result: ResultLike, placements: Sequence[str]) -> tbl.Table:
    """Return children at 31 March by placement: do-nothing, with the schemes, and the difference; central run."""
    frames = {(p, w): views.stock(result, w, p)["central"] for p in placements for w in
              ("do_nothing", "with_schemes", "impact")}  # fmt: skip
    at = [m for m in next(iter(frames.values())).index if str(m).endswith("-03")]
    words = {"do_nothing": "do nothing", "with_schemes": "with the schemes", "impact": "difference"}
    rows = [
        [tbl.text(f"{views.PLACEMENT_TITLES[p]}: {words[w]}"), *(tbl.number(fmt.decimal(f[m], 1), f[m]) for m in at)]
        for (p, w), f in frames.items()
    ]
    columns = ("Placement", *(fmt.month(str(m)) for m in at))
    return _table("children-data", "Children at 31 March, central run", columns, rows)


def funding_item(result: ResultLike, group: str, item: str) -> pd.DataFrame:
    """Return one purse or reserve item: a row per financial year, a column per statistic, nominal pounds."""
    f = result.funding
    kept = f[(f.group == group) & (f.item == item)]
    table = views.crossed(kept, "financial_year", "statistic", "value_gbp")
    return table.reindex(list(views.years(result))).fillna(0.0)


def _central(result: ResultLike, group: str, titles: Mapping[str, str]) -> dict[str, list[float]]:
    """Return the central amounts of those of `titles` that there are: item -> pounds by financial year."""
    present = set(result.funding[result.funding.group == group]["item"])
    return {i: [float(v) for v in funding_item(result, group, i)["central"]] for i in titles if i in present}


def _rows(titles: Mapping[str, str], items: Mapping[str, Sequence[float]]) -> list[list[tbl.Cell]]:
    return [[tbl.text(titles[i]), *map(tbl.thousands, values)] for i, values in items.items()]


def in_thousands_to(parts: Sequence[float], total: float) -> list[float]:
    """Return pounds in whole thousands that add up to what `total` rounds to, as it is printed.

    Parts that are further from the total than rounding can be (something else is in it) are rounded by themselves.
    """
    if abs(sum(parts) - total) >= 1e3 * max(len(parts), 1):
        return [1e3 * thousand(part) for part in parts]
    return [1e3 * v for v in fmt.adding_up([p / 1e3 for p in parts], total=thousand(total))]


def thousand(pounds: float) -> int:
    """Return pounds in whole thousands, rounded as they are printed."""
    return int(fmt.decimal(pounds / 1e3).replace(",", "").replace(fmt.MINUS, "-"))


def _columns_adding_up(items: Mapping[Key, Sequence[float]], totals: Sequence[float]) -> dict[Key, list[float]]:
    """Return items by year in whole thousands of pounds, each year adding up to its total as printed."""
    years = [in_thousands_to([items[i][y] for i in items], total) for y, total in enumerate(totals)]
    return {i: [year[k] for year in years] for k, i in enumerate(items)}


def purses(result: ResultLike) -> tbl.Table:
    """Return which purse pays, by financial year, nominal £ thousand, central; as printed they add up to the net."""
    items = _central(result, "purse", PURSES)
    parts = _columns_adding_up({i: v for i, v in items.items() if i != "net"}, items["net"])
    rows = _rows(PURSES, parts | {"net": items["net"]})
    columns = ("Purse", *views.years(result))
    return tbl.Table(
        key="purses",
        caption="Who pays, whole programme: £ thousand, cash (nominal), central",
        columns=columns,
        rows=tbl.rows_of(rows),
        numeric=tbl.numbers_from(columns),
        strong=frozenset({len(rows) - 1}),
        note="A minus is a call on the purse. The purses add up to the net position, and are rounded so that they do.",
        rests_on=views.drivers(result.case, ["reserve", "establishment", "growth"]),
    )


def reserve(result: ResultLike) -> tbl.Table:
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
        rows=tbl.rows_of(rows),
        numeric=tbl.numbers_from(columns),
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
    moved = [1e3 * (thousand(b) - thousand(a)) for a, b in zip(items["opening"], items["closing"], strict=True)]
    whole = _columns_adding_up(flows, moved)
    kept = {name: [signs[name] * v for v in values] for name, values in whole.items()}
    return {name: kept.get(name, list(items[name])) for name in items}


def reserve_risk(result: ResultLike) -> tuple[float | None, float | None, float | None]:
    """Return the chance that the reserve runs short, and the mean and P90 of what it lacks in all; None if unknown.

    Mean and percentile are over all draws, those in which the reserve lasts counted as nothing. Nominal pounds.
    """
    chance = views.probability(result, views.WHOLE, "probability_reserve_short")
    mean, high = (views.metric(result, views.WHOLE, "reserve_shortfall_gbp", s) for s in ("mean", "p90"))
    return chance, mean, high


def reserve_words(result: ResultLike) -> str:
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
        return f"{words}; it runs short in no draw.{apart}"
    early = views.metric(result, views.WHOLE, "reserve_short_from_months", "p10")
    when = ""
    if early is not None:
        month = result.case.timeline.month_labels[min(int(early), result.case.timeline.months - 1)]
        when = f" One draw in ten is short by {fmt.month(month)}."
    return (
        f"{words}, but it runs short in {fmt.chance(chance)} of draws. What has then to be found elsewhere comes to "
        f"{fmt.money(mean)} over {years} on average of all draws, and to {fmt.money(high)} or more in one draw of "
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


def mtfp(result: ResultLike) -> tbl.Table:
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
        rows=tbl.rows_of(rows),
        numeric=tbl.numbers_from(columns),
        strong=frozenset(i for i, key in enumerate(order) if key[0] == "total"),
        note="As a plan is printed: a pressure is positive and a saving has a minus. Lines that never change by £500 "
        "are left out; the others are rounded so that they add up to the total. A memorandum is in no budget: cost "
        "avoidance cannot be banked.",
        rests_on=views.money_drivers(result.case, [views.WHOLE]),
        empty="The base budget does not change.",
    )


_MTFP_ORDER = {"pressure": 0, "saving": 1, "total": 2, "memorandum": 3}


def _mtfp_title(kind: str, line: str) -> str:
    if kind == "total":
        return "Total change to the base budget"
    return f"{kind.capitalize()}: {_line_title(line)}"


def nearest_switches(frame: pd.DataFrame, perimeter: str, most: int) -> pd.DataFrame:
    """Return the switching values nearest to central, within one width of the assumption's own range."""
    frame = frame[frame["perimeter"] == perimeter]
    found = frame[frame["switching_value"].notna() & (frame["high"] > frame["low"])].copy()
    found["nearness"] = (found["switching_value"] - found["central"]).abs() / (found["high"] - found["low"])
    return found[found["nearness"] <= 1].sort_values(["nearness", "assumption"]).head(most)


def switching(case: Case, frame: pd.DataFrame, perimeter: str, only: Sequence[str] | None = None) -> tbl.Table:
    """Return the switching value of each assumption, those that can turn the NPV within their range first."""
    frame = frame[frame["perimeter"] == perimeter]
    frame = frame if only is None else frame[frame["assumption"].isin(list(only))]
    inside = frame["within_range"].astype(bool)
    frame = frame.assign(order=~inside).sort_values(["order", "assumption"])
    rows = [
        [
            tbl.link(markup.label(r.assumption), f"#{markup.anchor(r.assumption)}"),
            tbl.number(fmt.quantity(r.central, r.unit), r.central),
            tbl.text(f"{fmt.quantity(r.low, r.unit)} to {fmt.quantity(r.high, r.unit)}"),
            _switch(views.some(r.switching_value), r.unit),
            tbl.text("yes" if str(r.within_range).lower() == "true" else "no"),
        ]
        for r in views.records(frame)
    ]
    name = views.title_of(case, perimeter)
    which = "every assumption" if only is None else "the assumptions charted"
    return tbl.Table(
        key=f"switching-{perimeter}{'' if only is None else '-data'}",
        caption=f"{name}: where each assumption, by itself, turns the NPV; {which}",
        columns=("Assumption", "Central", "Its range", "The NPV turns at", "Within its range"),
        rows=tbl.rows_of(rows),
        numeric=frozenset({1, 3}),
        sortable=only is None,
        empty="No switching values were computed for this scenario.",
    )


def _switch(value: float | None, unit: str) -> tbl.Cell:
    return tbl.text("none found") if value is None else tbl.number(fmt.quantity(value, unit), value)


def transcribed(result: ResultLike) -> pd.Series:
    """Return for each row of the reconciliation whether the figure agrees only with its own transcription."""
    copies = {(row.ref, row.statement) for row in result.case.published if is_transcription(row.formula)}
    import pandas as pd  # noqa: PLC0415 - importing the model must stay cheap

    frame = result.reconciliation
    keys = zip(frame["ref"], frame["statement"], strict=True)
    return (frame["verdict"] == "reconciles") & pd.Series(
        [key in copies for key in keys], index=frame.index, dtype=bool
    )


def reconciliation(result: ResultLike) -> tbl.Table:
    """Return the published figures row by row, those that do not reconcile first."""
    frame = result.reconciliation
    frame = frame.assign(shown=frame["verdict"].mask(transcribed(result), TRANSCRIBED))
    order = {"differs": 0, "not_derivable": 1, "rounding": 2, "reconciles": 3, TRANSCRIBED: 4}
    frame = frame.assign(order=frame["shown"].map(order)).sort_values(["order"], kind="stable")
    rows = [
        [
            tbl.text(r.ref),
            tbl.note(r.statement),
            _figure(r.published),
            _figure(r.recomputed),
            _figure(r.difference),
            tbl.Cell(text=WORDS.get(r.shown, str(r.shown)), sort=order.get(r.shown), kind=f"v-{r.verdict}"),
        ]
        for r in views.records(frame)
    ]
    return tbl.Table(
        key="reconciliation",
        caption="The published figures and the same figures recomputed from what the paper prints",
        columns=("Reference", "Statement", "Published", "Recomputed", "Difference", "Verdict"),
        rows=tbl.rows_of(rows),
        numeric=frozenset({2, 3, 4}),
        sortable=True,
        empty="Nothing published is recorded for this case.",
    )


def plain(value: object) -> str:
    """Return a published figure as it is printed: no decimals from a thousand on, up to three below it."""
    number = views.some(value)
    if number is None:
        return "none"
    text = fmt.decimal(number, 0 if abs(number) >= 1000 else 3)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _figure(value: object) -> tbl.Cell:
    return tbl.number(plain(value), views.some(value))


def group_title(case: Case, group: str) -> str:
    """Return the name of a group of assumptions for people."""
    return next((s.title for s in case.schemes if s.name == group), GROUPS.get(group, markup.label(group)))


def assumption_groups(case: Case) -> tuple[str, ...]:
    """Return the first parts of the assumptions' names: schemes as declared, then the others as they come."""
    present = dict.fromkeys(n.partition(".")[0] for n in case.assumptions)
    schemes = [s.name for s in case.schemes if s.name in present]
    return (*schemes, *(g for g in present if g not in schemes))


def sources(case: Case) -> dict[str, int]:
    """Return each distinct source of an assumption with its number, as they are first met."""
    found = dict.fromkeys(a.source for g in assumption_groups(case) for a in _group(case, g))
    return {source: i for i, source in enumerate((s for s in found if s), 1)}


def _group(case: Case, group: str) -> list[Assumption]:
    return [a for a in case.assumptions.values() if a.name.partition(".")[0] == group]


def assumptions(case: Case, group: str) -> tbl.Table:
    """Return the assumptions of one group, each row with the address that figures link to."""
    found, numbered = _group(case, group), sources(case)
    rows = [
        [
            tbl.Cell(text=markup.label(a.name), sort=a.name, markup=_named(a.name)),
            tbl.number(fmt.quantity(a.value, a.unit), a.value),
            tbl.Cell(text=_own_range(a), kind="mid"),
            tbl.rating(a.quality),
            tbl.rating(a.impact),
            _source(a, numbered),
            tbl.note(a.note),
        ]
        for a in found
    ]
    return tbl.Table(
        key=f"assumptions-{group}",
        caption=f"Assumptions: {group_title(case, group)}",
        columns=("Assumption", "Value", "Range", "Quality", "Impact", "Source, date and owner", "Note"),
        rows=tbl.rows_of(rows),
        numeric=frozenset({1}),
        ids=tuple(markup.anchor(a.name) for a in found),
        sortable=True,
    )


def _named(name: str) -> str:
    words = markup.label(name).partition(": ")[2] or markup.label(name)
    return f"{markup.escape(words[:1].upper() + words[1:])} <code>{markup.escape(name)}</code>"


def _own_range(a: Assumption) -> str:
    base = fmt.price_base(a.unit, a.price_base)
    prices = f"; {base}" if base else ""
    if a.distribution == "fixed":
        return f"fixed{prices}"
    ends = "10% to 90%" if a.distribution in {"normal", "lognormal", "beta"} else "least to most"
    return f"{fmt.quantity(a.low, a.unit)} to {fmt.quantity(a.high, a.unit)} ({a.distribution}, {ends}){prices}"


def _source(a: Assumption, numbered: Mapping[str, int]) -> tbl.Cell:
    short = a.source if len(a.source) <= 60 else f"{a.source[:57]}…"
    number = numbered.get(a.source, 0)
    known = f'<a href="#source-{number}">[{number}] {markup.escape(short)}</a>'
    when = "" if a.as_at is None else f", {fmt.day(a.as_at)}"
    owner = f"; {a.owner}" if a.owner else ""
    inner = f"{known if a.source else 'No source stated'}{markup.escape(when)}{markup.escape(owner)}"
    return tbl.Cell(text=a.source, sort=a.source.lower(), markup=inner, kind="long")


def source_list(case: Case) -> tbl.Table:
    """Return the sources of all assumptions, each with its address on the page and the assumptions that rest on it."""
    numbered = sources(case)
    users = {s: [a.name for a in case.assumptions.values() if a.source == s] for s in numbered}
    rows = [[tbl.Cell(text=str(i), sort=i), tbl.note(s), _users(users[s])] for s, i in numbered.items()]
    return tbl.Table(
        key="sources",
        caption="Sources of the assumptions",
        columns=("Number", "Source", "Assumptions that rest on it"),
        rows=tbl.rows_of(rows),
        ids=tuple(f"source-{i}" for i in numbered.values()),
        empty="No assumption states a source.",
    )


def papers(case: Case) -> tbl.Table | None:
    """Return the papers that sources cite by a prefix, as the case names them; None where it names none."""
    if not case.papers:
        return None
    rows = [
        [tbl.text(p.ref), tbl.note(p.title), tbl.text("not stated" if p.dated is None else fmt.day(p.dated)),
         tbl.note(p.note)]
        for p in case.papers
    ]  # fmt: skip
    return tbl.Table(
        key="papers",
        caption="Papers that sources cite by a number",
        columns=("In a source", "Paper", "Date", "Note"),
        rows=tbl.rows_of(rows),
    )


def papers_words(case: Case, cited: Iterable[str]) -> str:
    """Return what the papers are that some sources cite, in one sentence; empty where none of them is named."""
    texts = list(cited)
    found = [p for p in case.papers if any(re.match(rf"{re.escape(p.ref)}\b", t) for t in texts)]
    named = [f"{p.ref} is {p.title}{'' if p.dated is None else f', {fmt.day(p.dated)}'}" for p in found]
    return f"In the sources, {fmt.listed(named)}." if named else ""


def _users(names: Sequence[str]) -> tbl.Cell:
    links = ", ".join(f'<a href="#{markup.anchor(n)}">{markup.escape(markup.label(n))}</a>' for n in names)
    return tbl.Cell(text=", ".join(names), markup=links, kind="long")


def weakest(case: Case) -> tbl.Table:
    """Return the assumptions of red quality and red impact: what to firm up first."""
    found = [a for a in case.assumptions.values() if (a.quality, a.impact) == ("red", "red")]
    rows = [[tbl.text(markup.label(a.name)), tbl.number(fmt.quantity(a.value, a.unit), a.value),
             tbl.Cell(text=_own_range(a), kind="mid"), tbl.note(a.source)] for a in found]  # fmt: skip
    return tbl.Table(
        key="weakest",
        caption="Weak evidence, strong effect: the assumptions to firm up first",
        columns=("Assumption", "Value", "Range", "Source"),
        rows=tbl.rows_of(rows),
        numeric=frozenset({1}),
        empty="No assumption is red both for quality and for impact.",
    )


def caseload(case: Case) -> tbl.Table:
    """Return the caseload as the inputs state it: cells and margins with their sources."""
    rows = [
        [
            tbl.text(views.PLACEMENT_TITLES.get(r.placement, r.placement)),
            tbl.text(views.AGE_TITLES.get(r.age_band, r.age_band)),
            tbl.text(r.stream),
            *(_stated(v) for v in (r.children, r.entries_annual, r.exits_annual)),
            tbl.note(r.source),
        ]
        for r in case.caseload
    ]
    return tbl.Table(
        key="caseload",
        caption="Children at the start, and those who enter and leave in a year, as the inputs state them",
        columns=("Placement", "Age", "Stream", "Children", "Enter a year", "Leave a year", "Source"),
        rows=tbl.rows_of(rows),
        numeric=frozenset({3, 4, 5}),
        sortable=True,
    )


def _stated(value: float | None) -> tbl.Cell:
    return tbl.text("not stated") if value is None else tbl.number(fmt.significant(value), value)


def facts(key: str, caption: str, pairs: Mapping[str, str]) -> tbl.Table:
    """Return a table of two columns: what, and its value as text."""
    rows = [[tbl.text(name), tbl.note(value)] for name, value in pairs.items()]
    return tbl.Table(key=key, caption=caption, columns=("What", "Value"), rows=tbl.rows_of(rows))


def sign_off() -> tbl.Table:
    """Return the sign-off block of a government analysis, by role, left empty for people to fill in."""
    roles = ("Analyst", "Assurer", "Approver")
    blank = tbl.Cell(
        text="", markup='<span class="blank" aria-hidden="true"></span><span class="unseen">to fill in</span>'
    )
    rows = [[tbl.text(role), blank, blank, blank] for role in roles]
    return tbl.Table(key="sign-off", caption="Sign-off", columns=("Role", "Post held", "Signature", "Date"),
                     rows=tbl.rows_of(rows))  # fmt: skip
