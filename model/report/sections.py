"""The sections of a report that say what is proposed, saved, spent and paid back, and what it was made from."""

from collections.abc import Sequence

from model.case.records import NO_BUDGET
from model.case.words import INVESTMENT, WHOLE
from model.report import money, views
from model.report.assumptions import all_assumptions
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import Block, folded, show
from model.report.options import considered
from model.report.posts import fte, posts
from model.report.reconciliation import reconciliation
from model.results import provenance as prov
from model.results.establishment import lines
from model.results.perimeters import main_perimeter
from model.results.runs import Result


def proposal(result: Result) -> Block:
    """Return what is proposed and what it costs: each scheme, its start, posts and cost in a full year."""
    case, year, schemes = result.case, views.last_shown(result), result.case.active_schemes
    if not schemes:
        return show("No scheme acts in this scenario.")
    new = dict.fromkeys((spec.name for spec in schemes), 0.0)
    for name, post, times in lines(case):
        new[name] += times * (post.fte_proposed - post.fte_current)
    spent = {p: -views.by_nature(result, p)[INVESTMENT] for p in (*new, WHOLE)}
    whole = (spent[WHOLE][year], spent[WHOLE].sum())
    parts = [[spent[name][year] for name in new], [spent[name].sum() for name in new]]
    costs = zip(*map(fmt.in_thousands_to, parts, whole), strict=True)
    rows: list[Sequence[tbl.Cell | str]] = [
        (spec.title, fmt.month(spec.start.isoformat()), fte(new[spec.name]), *map(tbl.thousands, cost), spec.source)
        for spec, cost in zip(schemes, costs, strict=True)
    ]
    if len(rows) > 1:
        rows.append((tbl.total("All schemes"), "", fte(sum(new.values())), *map(tbl.thousands, whole), ""))
    table = tbl.table(
        "schemes",
        f"The schemes: investment in £ thousand, central, real {case.price_base} prices",
        ("Scheme", "Starts", "Net new fte", f"Investment {year}", "Investment, all years", "Source"),
        rows,
        rests_on=views.money_drivers(case, [WHOLE]),
    )
    sentence = (
        f"{case.council} would run {fmt.counted(len(schemes), 'scheme')}. "
        f"{'It costs' if len(schemes) == 1 else 'Together they cost'} "
        f"{fmt.money(whole[0]) if whole[0] >= 1 else 'nothing'} in {year}, when all have started, before anything is "
        "saved."
    )
    return show(sentence, table, considered(case))


def savings(result: Result) -> Block:
    """Return what is saved by year, cashable and avoided apart, and when it is paid back."""
    main = main_perimeter(result.case)
    no_budget = "" if result.case.holds_placements else f"Why so little is cashable: {NO_BUDGET}"
    return show(
        no_budget,
        money.savings_by_year(result, main),
        money.by_nature(result, *dict.fromkeys((main, WHOLE))),
        money.cumulative_fan(result, main),
    )


def appendix(result: Result) -> Block:
    """Return what few read at once, each folded under its name: every line, post, printed figure and assumption."""
    return show(
        folded("Every line by year", money.by_line(result, WHOLE)),
        folded("Every line of the establishment", posts(result.case)),
        folded("Every published figure, recomputed", reconciliation(result.case, result.reconciliation)),
        all_assumptions(result.case),
    )


def provenance_block(result: Result) -> Block:
    """Return what the page was made from, how to make it again, and the sign-off block."""
    found = prov.provenance(result.case, draws=result.draws, seed=result.seed)
    state = "changed since the commit" if found["dirty"] else "as committed"
    facts = {
        "Case and scenario": f"{found['case']}, {found['scenario']}",
        "What was known": f"as at {fmt.day(result.case.knowledge_date)}",
        "Code": f"{found['commit']} ({state})" if "unknown" not in found["commit"] else found["commit"],
        "Runs and seed": f"{result.draws:,} runs, seed {result.seed}",
        "Versions": ", ".join(f"{name} {version}" for name, version in found["versions"].items()),
        "To make this page again": found["command"],
    }
    hashes = tbl.table(
        "inputs",
        "Input files and their SHA-256",
        ("File", "SHA-256"),
        [(name, tbl.Cell(text=h, markup=f"<code>{markup.escape(h)}</code>")) for name, h in found["inputs"].items()],
        empty="No input files were found.",
    )
    return show(tbl.facts("provenance", "What this page was made from", facts), folded("Input files", hashes),
                sign_off())  # fmt: skip


def sign_off() -> tbl.Table:
    """Return the sign-off block of a government analysis, by role, left empty for people to fill in."""
    blank = tbl.Cell(
        text="", markup='<span class="blank" aria-hidden="true"></span><span class="unseen">to fill in</span>'
    )
    rows = [(role, blank, blank, blank) for role in ("Analyst", "Assurer", "Approver")]
    return tbl.table("sign-off", "Sign-off", ("Role", "Post held", "Signature", "Date"), rows)
