"""The sections of a report: sentences computed from the result, then the tables and charts that bear them out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from model.money.cashability import NO_BUDGET, holds_placements
from model.report import claims, establishment, summaries, views
from model.report.look import figures, markup
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import Block
from model.results import provenance as prov

if TYPE_CHECKING:
    import pandas as pd

    from model.case.records import Case
    from model.report.views import ResultLike


LEAST_SAID = 500  # pounds: less than this is nothing, as money is printed


def show(*parts: Any) -> Block:  # noqa: ANN401 - tables, figures, blocks and plain sentences
    """Return several tables, figures, blocks or sentences as one piece of a page."""
    return Block("\n".join(_html(part) for part in parts if part is not None and part != ""))


def _html(part: Any) -> str:  # noqa: ANN401 - as above
    if isinstance(part, str):
        return markup.paragraph(part)
    return str(part._repr_html_())


def _heading(words: str) -> Block:
    return Block(f"<h3>{markup.escape(words)}</h3>")


def _folded(words: str, *parts: Any) -> Block:  # noqa: ANN401 - as above
    return Block(f'<details class="data"><summary>{markup.escape(words)}</summary>{show(*parts).html}</details>')


def at_a_glance(result: ResultLike) -> Block:
    """Return the key figures with their ranges, a card and then a column for each perimeter, and the plain answer."""
    case = result.case
    cards = "".join(_card(result, p) for p in views.shown_perimeters(case))
    return show(
        Block(f'<p class="lead">{markup.escape(answer(result))}</p>'),
        Block(f'<ul class="cards">{cards}</ul>'),
        summaries.headlines(result),
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


def reserve_chance(result: ResultLike) -> str:
    """Return how likely the reserve is to run short, where it may; empty where it lasts in every draw."""
    chance, mean, _ = summaries.reserve_risk(result)
    if not views.has_range(result) or not chance or mean is None:
        return ""
    name = result.case.funding.reserve_name or "The reserve"
    return (
        f"{name} runs short in {fmt.chance(chance)} of draws, by {fmt.money(mean)} on average of all draws: see the "
        "effect on the reserve below."
    )


def answer(result: ResultLike) -> str:
    """Return the answer in two sentences: do the invest-to-save schemes pay, and what does the whole cost or save."""
    case = result.case
    if not case.active_schemes:
        return "Nothing is done in this scenario: no scheme acts, nothing is spent and nothing is saved."
    main = views.main_perimeter(case)
    subject = "The invest-to-save schemes together" if main in case.perimeters else views.title_of(case, main)
    first = "" if main == views.WHOLE else f"{subject}: {_verdict(result, main)}. "
    return f"{first}The whole programme: {_verdict(result, views.WHOLE)}."


def _verdict(result: ResultLike, perimeter: str) -> str:
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
    likely = (
        f"; above zero in {figures.share_of_draws(chance)}" if views.has_range(result) and chance is not None else ""
    )
    return f"{worth} over {horizon} in today's value; {after}{likely}"


def _card(result: ResultLike, perimeter: str) -> str:
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


def certainty(result: ResultLike) -> Block:
    """Return why central and mean differ, and how far the number of draws limits what is printed."""
    case = result.case
    if not views.has_range(result):
        return show("Only the central run was made (one draw), so no range is shown.")
    found = views.spread(result, views.WHOLE, "npv_gbp")
    error = views.metric(result, views.WHOLE, "npv_standard_error_gbp", "mean")
    gap = None if found.mean is None or found.central is None else found.mean - found.central
    words = (
        "Central is one run with every assumption at its central value; mean is the average over "
        f"{result.draws:,} draws of all assumptions together. They differ because most ranges are lopsided and because "
        "effects multiply (a place that is not filled saves nothing, whatever the price gap)."
    )
    if gap is not None:
        words += f" For the {views.title_of(case, views.WHOLE).lower()} the mean NPV is {_apart(gap)} the central one."
    if error is not None:
        words += f" With {result.draws:,} draws the mean is known to within about {fmt.money(2 * error)} either way."
    return show(words)


def _apart(gap: float) -> str:
    if abs(gap) < LEAST_SAID:
        return "the same as"
    return f"{fmt.money(abs(gap))} {'above' if gap > 0 else 'below'}"


def proposal(result: ResultLike) -> Block:
    """Return what is proposed and what it costs: each scheme, its start, posts and cost in a full year."""
    case = result.case
    year = case.timeline.financial_years[min(case.shown_years, len(case.timeline.financial_years)) - 1]
    parts = [(views.new_posts(case, s.name), *_invested(result, s.name, year)) for s in case.active_schemes]
    costs = [summaries.in_thousands_to([p[i] for p in parts], t)
             for i, t in enumerate(_invested(result, views.WHOLE, year), 1)]  # fmt: skip
    rows = [
        [tbl.text(spec.title), tbl.text(fmt.month(spec.start.isoformat())), _fte(posts), *map(tbl.thousands, money),
         tbl.note(spec.source)]
        for spec, (posts, *_), *money in zip(case.active_schemes, parts, *costs, strict=True)
    ]  # fmt: skip
    if len(rows) > 1:
        rows.append([tbl.text("All schemes"), tbl.text(""), _fte(sum(posts for posts, *_ in parts)),
                     *map(tbl.thousands, _invested(result, views.WHOLE, year)), tbl.text("")])  # fmt: skip
    table = tbl.Table(
        key="schemes",
        caption=f"The schemes: investment in £ thousand, central, real {case.price_base} prices",
        columns=("Scheme", "Starts", "Net new fte", f"Investment {year}", "Investment, all years", "Source"),
        rows=tbl.rows_of(rows),
        numeric=frozenset({2, 3, 4}),
        strong=frozenset({len(parts)} if len(parts) > 1 else ()),
        rests_on=views.money_drivers(case, [views.WHOLE]),
        empty="No scheme acts in this scenario.",
    )
    total = -float(views.by_nature(result, views.WHOLE)["investment"][year])
    sentence = (
        f"{case.council} would run {fmt.counted(len(case.active_schemes), 'scheme')}. Together they cost "
        f"{fmt.money(total)} in {year}, when all have started, before anything is saved."
        if case.active_schemes
        else "No scheme acts in this scenario."
    )
    papers = summaries.papers_words(case, [spec.source for spec in case.active_schemes])
    return show(sentence, establishment.bridge_words(result, year), table, papers,
                _folded("Every line of the establishment", establishment.posts(case)))  # fmt: skip


def _invested(result: ResultLike, perimeter: str, year: str) -> tuple[float, float]:
    """Return what a perimeter invests in a year and in all years, central, real pounds."""
    spent = -views.by_nature(result, perimeter)["investment"]
    return float(spent[year]), float(spent.sum())


def _fte(posts: float) -> tbl.Cell:
    return tbl.number(fmt.significant(round(posts, 2), 4), posts)


def savings(result: ResultLike) -> Block:
    """Return what is saved, cashable and avoided apart, when, and through which children."""
    case = result.case
    shown = views.shown_perimeters(case)
    sentences = [_saving_sentence(result, p) for p in shown]
    charts = [figures.savings_by_year(result, p) for p in (views.main_perimeter(case), views.WHOLE) if p in shown]
    rest = [summaries.by_nature(result, p) for p in shown if p not in {views.main_perimeter(case), views.WHOLE}]
    no_budget = "" if holds_placements(case) else f"Why so little is cashable: {NO_BUDGET}"
    return show(Block(markup.bullets(sentences)), no_budget, *charts, *rest, figures.children_moved(result))


def _saving_sentence(result: ResultLike, perimeter: str) -> str:
    case, natures = result.case, views.by_nature(result, perimeter)
    end = natures.index[min(case.shown_years, len(natures)) - 1]
    cash, avoided = natures["cashable_saving"], natures["cost_avoidance"]
    saved = cash + avoided + natures["income"]
    first = next((y for y, v in saved.items() if v > 0.5), None)
    name = views.title_of(case, perimeter)
    if first is None:
        return f"{name}: no saving in the central run."
    return (
        f"{name}: the first saving falls in {first}. In {end} it is {fmt.money(float(cash[end]))} cashable (it leaves "
        f"a budget line) and {fmt.money(float(avoided[end]))} avoided (it would otherwise have been spent)."
    )


def net_position(result: ResultLike) -> Block:
    """Return the net position by financial year, chart and tables, and how sure it is."""
    shown = views.shown_perimeters(result.case)
    spread = [
        figures.npv_spread(result, p)
        for p in dict.fromkeys((views.main_perimeter(result.case), views.WHOLE))
        if p in shown
    ]
    return show(
        figures.annual_net(result),
        *[_folded(f"Every line: {views.title_of(result.case, p)}", summaries.by_line(result, p)) for p in shown],
        *(spread if views.has_range(result) else []),
    )


def funding(result: ResultLike) -> Block:
    """Return who pays, the reserve and the medium term financial plan."""
    case = result.case
    base = summaries.funding_item(result, "purse", "base_budget")["central"]
    last = base.index[min(case.shown_years, len(base)) - 1]
    size = float(base[last])
    way = "adds" if size < 0 else "takes"
    sentence = (
        f"By {last} the whole programme {way} {fmt.money(abs(size))} {'to' if size < 0 else 'off'} the base budget in "
        "cash terms, once cashable savings are taken off. Cost avoidance is in no budget and does not reduce it."
    )
    return show(sentence, summaries.reserve_words(result), summaries.purses(result), figures.reserve_balance(result),
                summaries.mtfp(result))  # fmt: skip


def payback(result: ResultLike) -> Block:
    """Return when each perimeter pays back, and how likely it is by each year."""
    shown = views.shown_perimeters(result.case)
    first = figures.payback_chance(result) if views.has_range(result) else None
    return show(first, *(figures.cumulative_fan(result, p) for p in shown))


def switching(result: ResultLike) -> Block:
    """Return what would have to be true: the switching values of each perimeter, the invest-to-save schemes first."""
    case, frame = result.case, views.switching(result)
    shown = dict.fromkeys((views.main_perimeter(case), *views.shown_perimeters(case)))
    found = [p for p in shown if (frame["perimeter"] == p).any()]
    if not found:
        return show("No switching values were computed for this scenario.")
    words = [_switching_sentence(result, frame, p) for p in found]
    charts = [figures.switching_chart(case, frame, p) for p in found if len(summaries.nearest_switches(frame, p, 1))]
    tables = [
        _folded(f"Every assumption: {views.title_of(case, p)}", summaries.switching(case, frame, p)) for p in found
    ]
    return show(Block(markup.bullets(words)), *charts, *tables)


def _switching_sentence(result: ResultLike, frame: pd.DataFrame, perimeter: str) -> str:
    found = frame[(frame["perimeter"] == perimeter) & frame["within_range"].astype(bool)]
    name, npv = views.title_of(result.case, perimeter), views.metric(result, perimeter, "npv_gbp") or 0.0
    now, turned = ("less", "more") if npv < 0 else ("more", "less")
    if not len(found):
        return f"{name}: still worth {now} than the cost wherever any one assumption lies in its own range."
    points = [
        f"{markup.phrase(r.assumption)} {'above' if r.switching_value > r.central else 'below'} "
        f"{fmt.quantity(r.switching_value, r.unit)} (central {fmt.quantity(r.central, r.unit)})"
        for r in views.records(found)
    ]
    return f"{name}: worth {turned} than the cost with {fmt.listed(points, 'or')}."


def published(result: ResultLike) -> Block:
    """Return where the workbook and the published paper differ."""
    frame = result.reconciliation
    counts = {v: int((frame["verdict"] == v).sum()) for v in summaries.VERDICTS} if len(frame) else {}
    if not counts:
        return show("Nothing published is recorded for this case.")
    copied = int(summaries.transcribed(result).sum())
    only_copied = f", {copied} agree with their own transcription alone (nothing to work out)" if copied else ""
    sentence = (
        f"Of {fmt.counted(len(frame), 'figure')} printed in the paper, {counts['reconciles'] - copied} can be "
        f"recomputed exactly{only_copied}, {counts['rounding']} differ by rounding, {counts['differs']} differ, and "
        f"{counts['not_derivable']} cannot be derived from anything the paper prints."
    )
    differ = frame[frame["verdict"] == "differs"]
    points = [f"{r.ref}: {r.statement}. Printed {summaries.plain(r.published)}, recomputed "
              f"{summaries.plain(r.recomputed)}." for r in views.records(differ)]  # fmt: skip
    return show(sentence, Block(markup.bullets(points)) if points else None, *claims.sentences(result),
                claims.table(result), summaries.reconciliation(result))  # fmt: skip


def all_assumptions(case: Case) -> Block:
    """Return every assumption with range, source and rating, a table per group, then the sources."""
    rated = [a.quality for a in case.assumptions.values()]
    counts = ", ".join(f"{rated.count(r)} {r}" for r in ("red", "amber", "green"))
    sentence = (
        f"The case rests on {fmt.counted(len(rated), 'assumption')}: {counts} by the quality of their evidence. Red "
        "means that it needs work before anyone relies on it; impact says how much the answer moves with it."
    )
    tables = [part for g in summaries.assumption_groups(case) for part in
              (_heading(summaries.group_title(case, g)), summaries.assumptions(case, g))]  # fmt: skip
    inside = show(*tables, _heading("Sources"), summaries.papers(case), summaries.source_list(case)).html
    return show(sentence, Block(f'<div class="wide">{inside}</div>'))


def provenance_block(result: ResultLike) -> Block:
    """Return what the page was made from, how to make it again, and the sign-off block."""
    found = prov.provenance(result.case, draws=result.draws, seed=result.seed)
    state = "changed since the commit" if found["dirty"] else "as committed"
    facts = {
        "Case and scenario": f"{found['case']}, {found['scenario']}",
        "What was known": f"as at {fmt.day(result.case.knowledge_date)}",
        "Code": f"{found['commit']} ({state})" if "unknown" not in found["commit"] else found["commit"],
        "Draws and seed": f"{result.draws:,} draws, seed {result.seed}",
        "Versions": ", ".join(f"{name} {version}" for name, version in found["versions"].items()),
        "To make this page again": found["command"],
    }
    rows = [[tbl.text(name), tbl.Cell(text=h, markup=f"<code>{markup.escape(h)}</code>")]
            for name, h in found["inputs"].items()]  # fmt: skip
    hashes = tbl.Table(key="inputs", caption="Input files and their SHA-256", columns=("File", "SHA-256"),
                       rows=tbl.rows_of(rows), empty="No input files were found.")  # fmt: skip
    return show(summaries.facts("provenance", "What this page was made from", facts), _folded("Input files", hashes),
                summaries.sign_off())  # fmt: skip
