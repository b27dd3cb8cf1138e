"""Every assumption with its range, rating and source."""

import re
from collections.abc import Iterable, Mapping, Sequence

from model.case.assumptions import Assumption
from model.case.records import Case
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import Block, folded, heading, show

GROUPS = {
    "price": "Placement prices",
    "cost": "Costs of entering and leaving care",
    "caseload": "Caseload",
    "growth": "Real growth",
    "establishment": "Posts",
    "cashable": "What makes a saving cashable",
    "reserve": "Reserve",
}


def all_assumptions(case: Case, *, folded_groups: bool = False) -> Block:
    """Return every assumption with range, source and rating, a table per group, then the sources.

    Ratings are counted over the assumptions that act: not those of a scheme that the scenario leaves out.
    """
    idle = {s.name for s in case.schemes if not s.active}
    rated = [a.quality for a in case.assumptions.values() if a.name.partition(".")[0] not in idle]
    counts = ", ".join(f"{rated.count(r)} {r}" for r in ("red", "amber", "green"))
    sentence = (
        f"This scenario rests on {fmt.counted(len(rated), 'assumption')}: {counts} by the quality of their evidence. "
        "Red needs work before anyone relies on it."
    )
    place = folded if folded_groups else _under_heading
    tables = [place(group_title(case, g), assumptions(case, g)) for g in assumption_groups(case)]
    inside = show(*tables, place("Sources", papers(case), source_list(case))).html
    return show(sentence, Block(f'<div class="wide">{inside}</div>'))


def _under_heading(words: str, *parts: tbl.Table | None) -> Block:
    return show(heading(words), *parts)


def group_title(case: Case, group: str) -> str:
    """Return the name of a group of assumptions for people."""
    return next((s.title for s in case.schemes if s.name == group), GROUPS.get(group, markup.spelt(group).capitalize()))


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
            tbl.Cell(text=a.label, sort=a.name, markup=_named(a)),
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
        rows=rows,
        numeric=frozenset({1}),
        ids=tuple(markup.anchor(a.name) for a in found),
        sortable=True,
    )


def _named(a: Assumption) -> str:
    words = a.label.rpartition(": ")[2]
    return f"{markup.escape(words[:1].upper() + words[1:])} <code>{markup.escape(a.name)}</code>"


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
    rows = [[tbl.Cell(text=str(i), sort=i), tbl.note(s), _users(case, users[s])] for s, i in numbered.items()]
    return tbl.Table(
        key="sources",
        caption="Sources of the assumptions",
        columns=("Number", "Source", "Assumptions that rest on it"),
        rows=rows,
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
        rows=rows,
    )


def papers_words(case: Case, cited: Iterable[str]) -> str:
    """Return what the papers are that some sources cite, in one sentence; empty where none of them is named."""
    texts = list(cited)
    found = [p for p in case.papers if any(re.match(rf"{re.escape(p.ref)}\b", t) for t in texts)]
    named = [f"{p.ref} is {p.title}{'' if p.dated is None else f', {fmt.day(p.dated)}'}" for p in found]
    return f"In the sources, {fmt.listed(named)}." if named else ""


def _users(case: Case, names: Sequence[str]) -> tbl.Cell:
    links = ", ".join(f'<a href="#{markup.anchor(n)}">{markup.escape(case.label(n))}</a>' for n in names)
    return tbl.Cell(text=", ".join(names), markup=links, kind="long")
