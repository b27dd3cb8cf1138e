"""Every assumption with its range, rating and source."""

import re
from collections.abc import Iterable

from model.case.assumptions import Assumption
from model.case.records import Case
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import Block, folded, show

GROUPS = {
    "price": "Placement prices",
    "cost": "Costs of entering and leaving care",
    "caseload": "Caseload",
    "growth": "Real growth",
    "establishment": "Posts",
    "cashable": "What makes a saving cashable",
    "reserve": "Reserve",
}


def all_assumptions(case: Case) -> Block:
    """Return every assumption with range, source and rating, a table per group, each folded under its name.

    Ratings are counted over the assumptions that act: not those of a scheme that the scenario leaves out.
    """
    idle = {s.name for s in case.schemes if not s.active}
    rated = [a.quality for a in case.assumptions.values() if a.name.partition(".")[0] not in idle]
    counts = ", ".join(f"{rated.count(r)} {r}" for r in tbl.RATING_MARKS)
    sentence = (
        f"This scenario rests on {fmt.counted(len(rated), 'assumption')}: {counts} by the quality of their evidence. "
        "Red needs work before anyone relies on it."
    )
    groups = [folded(group_title(case, g), assumptions(case, g, found)) for g, found in grouped(case).items()]
    named = folded("Papers that sources cite by a number", papers(case)) if case.papers else ""
    return show(sentence, Block(f'<div class="wide">{show(*groups, named).html}</div>'))


def group_title(case: Case, group: str) -> str:
    """Return the name of a group of assumptions for people."""
    return next((s.title for s in case.schemes if s.name == group), GROUPS.get(group, markup.spelt(group).capitalize()))


def grouped(case: Case) -> dict[str, list[Assumption]]:
    """Return the assumptions by the first parts of their names: schemes as declared, then the others as they come."""
    found: dict[str, list[Assumption]] = {s.name: [] for s in case.schemes}
    for a in case.assumptions.values():
        found.setdefault(a.name.partition(".")[0], []).append(a)
    return {group: members for group, members in found.items() if members}


def assumptions(case: Case, group: str, found: list[Assumption]) -> tbl.Table:
    """Return the assumptions of one group, each row with the address that figures link to."""
    columns: dict[str, tbl.Show] = {
        "Assumption": _named, "Value": lambda a: tbl.quantity(a.value, a.unit),
        "Range": lambda a: tbl.text(_own_range(a), "mid"), "Quality": "quality", "Impact": "impact",
        "Source, date and owner": lambda a: tbl.text(_source(a), tbl.LONG), "Note": "note",
    }  # fmt: skip
    ids = [markup.anchor(a.name) for a in found]
    caption = f"Assumptions: {group_title(case, group)}"
    return tbl.of(f"assumptions-{group}", caption, found, columns, ids=ids, sortable=True)


def _named(a: Assumption) -> tbl.Cell:
    words = a.label.rpartition(": ")[2]
    inner = f"{markup.escape(words[:1].upper() + words[1:])} <code>{markup.escape(a.name)}</code>"
    return tbl.Cell(text=a.label, sort=a.name, markup=inner)


def _own_range(a: Assumption) -> str:
    base = fmt.price_base(a.unit, a.price_base)
    prices = f"; {base}" if base else ""
    if a.distribution == "fixed":
        return f"fixed{prices}"
    ends = "10% to 90%" if a.distribution in {"normal", "lognormal", "beta"} else "least to most"
    return f"{fmt.reach(a.low, a.high, a.unit)} ({a.distribution}, {ends}){prices}"


def _source(a: Assumption) -> str:
    when = "" if a.as_at is None else f", {fmt.day(a.as_at)}"
    owner = f"; {a.owner}" if a.owner else ""
    return f"{a.source or 'No source stated'}{when}{owner}"


def papers(case: Case) -> tbl.Table:
    """Return the papers that sources cite by a prefix, as the case names them."""
    columns: dict[str, tbl.Show] = {
        "In a source": "ref", "Paper": "title", "Note": "note",
        "Date": lambda p: "not stated" if p.dated is None else fmt.day(p.dated),
    }  # fmt: skip
    return tbl.of("papers", "Papers that sources cite by a number", case.papers, columns)


def papers_words(case: Case, cited: Iterable[str]) -> str:
    """Return what the papers are that some sources cite, in one sentence; empty where none of them is named."""
    texts = list(cited)
    found = [p for p in case.papers if any(re.match(rf"{re.escape(p.ref)}\b", t) for t in texts)]
    named = [f"{p.ref} is {p.title}{'' if p.dated is None else f', {fmt.day(p.dated)}'}" for p in found]
    return f"In the sources, {fmt.listed(named)}." if named else ""
