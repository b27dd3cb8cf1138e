"""Every assumption with its range, rating and source."""

import re
from collections.abc import Iterable, Mapping

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
SHORT_SOURCE = 60  # characters of a source beside its number; the list of sources has it whole


def all_assumptions(case: Case, *, folded_groups: bool = False) -> Block:
    """Return every assumption with range, source and rating, a table per group, then the sources.

    Ratings are counted over the assumptions that act: not those of a scheme that the scenario leaves out.
    """
    idle = {s.name for s in case.schemes if not s.active}
    rated = [a.quality for a in case.assumptions.values() if a.name.partition(".")[0] not in idle]
    counts = ", ".join(f"{rated.count(r)} {r}" for r in tbl.RATING_MARKS)
    sentence = (
        f"This scenario rests on {fmt.counted(len(rated), 'assumption')}: {counts} by the quality of their evidence. "
        "Red needs work before anyone relies on it."
    )
    place = folded if folded_groups else _under_heading
    groups, numbered = grouped(case), sources(case)
    tables = [place(group_title(case, g), assumptions(case, g, found, numbered)) for g, found in groups.items()]
    inside = show(*tables, place("Sources", papers(case), source_list(case, numbered))).html
    return show(sentence, Block(f'<div class="wide">{inside}</div>'))


def _under_heading(words: str, *parts: tbl.Table | None) -> Block:
    return show(heading(words), *parts)


def group_title(case: Case, group: str) -> str:
    """Return the name of a group of assumptions for people."""
    return next((s.title for s in case.schemes if s.name == group), GROUPS.get(group, markup.spelt(group).capitalize()))


def grouped(case: Case) -> dict[str, list[Assumption]]:
    """Return the assumptions by the first parts of their names: schemes as declared, then the others as they come."""
    found: dict[str, list[Assumption]] = {s.name: [] for s in case.schemes}
    for a in case.assumptions.values():
        found.setdefault(a.name.partition(".")[0], []).append(a)
    return {group: members for group, members in found.items() if members}


def sources(case: Case) -> dict[str, int]:
    """Return each distinct source of an assumption with its number, as they are first met."""
    found = dict.fromkeys(a.source for members in grouped(case).values() for a in members if a.source)
    return {source: i for i, source in enumerate(found, 1)}


def assumptions(case: Case, group: str, found: list[Assumption], numbered: Mapping[str, int]) -> tbl.Table:
    """Return the assumptions of one group, each row with the address that figures link to."""
    columns: dict[str, tbl.Show] = {
        "Assumption": _named, "Value": lambda a: tbl.quantity(a.value, a.unit),
        "Range": lambda a: tbl.text(_own_range(a), "mid"), "Quality": "quality", "Impact": "impact",
        "Source, date and owner": lambda a: _source(a, numbered), "Note": "note",
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


def _source(a: Assumption, numbered: Mapping[str, int]) -> tbl.Cell:
    short = a.source if len(a.source) <= SHORT_SOURCE else f"{a.source[: SHORT_SOURCE - 3]}…"
    number = numbered.get(a.source, 0)
    known = f'<a href="#source-{number}">[{number}] {markup.escape(short)}</a>' if number else "No source stated"
    when = "" if a.as_at is None else f", {fmt.day(a.as_at)}"
    owner = f"; {a.owner}" if a.owner else ""
    inner = f"{known}{markup.escape(when)}{markup.escape(owner)}"
    return tbl.Cell(text=a.source, sort=a.source.lower(), markup=inner, kind=tbl.LONG)


def source_list(case: Case, numbered: Mapping[str, int]) -> tbl.Table:
    """Return the sources of all assumptions, each with its address on the page and the assumptions that rest on it."""

    def users(source: str) -> tbl.Cell:
        names = [a.name for a in case.assumptions.values() if a.source == source]
        links = ", ".join(f'<a href="#{markup.anchor(n)}">{markup.escape(case.label(n))}</a>' for n in names)
        return tbl.Cell(text=", ".join(names), markup=links, kind=tbl.LONG)

    columns: dict[str, tbl.Show] = {
        "Number": lambda s: str(numbered[s]), "Source": str, "Assumptions that rest on it": users
    }  # fmt: skip
    return tbl.of("sources", "Sources of the assumptions", numbered, columns, empty="No assumption states a source.",
                  ids=[f"source-{i}" for i in numbered.values()])  # fmt: skip


def papers(case: Case) -> tbl.Table | None:
    """Return the papers that sources cite by a prefix, as the case names them; None where it names none."""
    if not case.papers:
        return None
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
