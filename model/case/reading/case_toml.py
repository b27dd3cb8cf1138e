"""`case.toml`: its declared keys, and the records made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from model.case import parameters
from model.case.reading import cells
from model.case.reading import toml_values as read
from model.case.reading.cells import Bad
from model.case.reading.toml import Key, Place, read_keys
from model.case.records import Conventions, Correlation, FundingPlan, Paper, SchemeSpec
from model.case.spelling import nearest
from model.case.timeline import MONTHS_A_YEAR, Timeline, financial_year
from model.case.words import APPROVED, ENTRY_REDUCTION

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from model.case.reading.problems import Problem
    from model.case.reading.toml import Toml
    from model.case.reference import Reference

CASE: Final = {
    "name": Key(parse=read.text),
    "title": Key(parse=read.text),
    "council": Key(parse=read.text),
    "start": Key(parse=read.first_of_month),
    "horizon_years": Key(parse=read.years),
    "shown_years": Key(parse=read.years, needed=False, default=5),
    "price_base": Key(parse=read.financial_year),
    "knowledge_date": Key(parse=read.day),
    "published_scenario": Key(parse=read.text, needed=False),
    "base_scenario": Key(parse=read.text, needed=False, default="base"),
    "conventions": Key(parse=read.table),
    "perimeters": Key(parse=read.table, needed=False, default={}),
    "schemes": Key(parse=read.tables, needed=False, default=[]),
    "funding": Key(parse=read.table, needed=False, default={}),
    "correlations": Key(parse=read.tables, needed=False, default=[]),
    "papers": Key(parse=read.tables, needed=False, default=[]),
}
CONVENTIONS: Final = {
    "weeks_per_year": Key(parse=read.weeks),
    "discount_rate": Key(parse=read.text),
    "price_index": Key(parse=read.text),
    "hindsight": Key(parse=read.switch, needed=False, default=False),
    "horizon_years": Key(parse=read.years, needed=False),
    "run_off_years": Key(parse=read.years, needed=False, default=0),
}
SCHEME: Final = {
    "name": Key(parse=read.plain_name),
    "title": Key(parse=read.text),
    "kind": Key(parse=read.kind),
    "start": Key(parse=read.day),
    "ages": Key(parse=read.ages, needed=False, default=()),
    "active": Key(parse=read.switch, needed=False, default=True),
    "source": Key(parse=read.optional_text, needed=False, default=""),
}
FUNDING: Final = {
    "reserve_until": Key(parse=read.day, needed=False),
    "reserve_name": Key(parse=read.text, needed=False, default=""),
    "budget_basis": Key(parse=read.budget_basis, needed=False, default=APPROVED),
}
CORRELATION: Final = {
    "a": Key(parse=read.text),
    "b": Key(parse=read.text),
    "rho": Key(parse=read.rho),
    "source": Key(parse=read.text),
}
PAPER: Final = {
    "ref": Key(parse=read.text),
    "title": Key(parse=read.text),
    "date": Key(parse=read.day, needed=False),
    "note": Key(parse=read.optional_text, needed=False, default=""),
}


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """`case.toml`, read but not yet under a scenario. A value that could not be read is absent from `values`."""

    toml: Toml
    values: dict[str, Any]
    conventions: dict[str, Any]
    schemes: tuple[SchemeSpec, ...]
    scheme_names: tuple[str, ...]
    perimeters: dict[str, tuple[str, ...]]
    correlations: tuple[Correlation, ...]
    funding: FundingPlan
    papers: tuple[Paper, ...]
    timeline: Timeline | None


def read_case_file(toml: Toml, problems: list[Problem]) -> CaseFile:
    """Read every table of `case.toml`."""
    values = read_keys(toml.tables, CASE, Place(toml=toml), problems)
    conventions = (
        read_keys(values.get("conventions", {}), CONVENTIONS, Place(toml=toml, table="conventions"), problems)
        if "conventions" in values
        else {}
    )
    timeline = None
    if "start" in values and "horizon_years" in values:
        timeline = Timeline(values["start"], values["horizon_years"] * MONTHS_A_YEAR)
    if values.get("shown_years", 0) > values.get("horizon_years", read.MOST_YEARS):
        place = Place(toml=toml)
        problems.append(place.problem("shown_years", values["shown_years"], "no more than horizon_years"))
    tables = values.get("schemes", [])
    schemes = _schemes(tables, toml, timeline, problems)
    names = tuple(name for table in tables if isinstance(name := table.get("name"), str))
    return CaseFile(
        toml=toml,
        values=values,
        conventions=conventions,
        schemes=schemes,
        scheme_names=names,
        perimeters=_perimeters(values.get("perimeters", {}), names, toml, problems),
        correlations=_correlations(values.get("correlations", []), toml, problems),
        funding=_funding(values.get("funding", {}), toml, timeline, problems),
        papers=_papers(values.get("papers", []), toml, problems),
        timeline=timeline,
    )


def _schemes(
    tables: list[dict[str, Any]], toml: Toml, timeline: Timeline | None, problems: list[Problem]
) -> tuple[SchemeSpec, ...]:
    schemes: list[SchemeSpec] = []
    for position, table in enumerate(tables):
        place = Place(toml=toml, table="schemes", position=position)
        before = len(problems)
        values = read_keys(table, SCHEME, place, problems)
        name = values.get("name", "")
        if name in parameters.RESERVED_PREFIXES or name in {"portfolio", "whole", "interaction"}:
            problems.append(place.problem("name", name, "a name that the model does not use itself"))
        if any(scheme.name == name for scheme in schemes):
            problems.append(place.problem("name", name, "each scheme's name once"))
        if "start" in values:
            problems.extend(outside_horizon(values["start"], timeline, place, "start"))
        if values.get("kind") == ENTRY_REDUCTION and "ages" not in table:
            problems.append(place.problem("ages", None, 'the ages it acts on, such as ["8_9", "10_15", "16_17"]'))
        if len(problems) == before:
            schemes.append(SchemeSpec(**values))
    return tuple(schemes)


def outside_horizon(day: date, timeline: Timeline | None, place: Place, key: str) -> list[Problem]:
    """A problem where a day lies outside the months of the case."""
    if timeline is None or timeline.start <= day < timeline.end:
        return []
    return [place.problem(key, day.isoformat(), horizon_words(timeline))]


def horizon_words(timeline: Timeline) -> str:
    """The horizon, for a message."""
    return f"a date in the horizon, {timeline.start.isoformat()} to before {timeline.end.isoformat()}"


def _perimeters(
    table: Mapping[str, Any], schemes: Collection[str], toml: Toml, problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    place = Place(toml=toml, table="perimeters")
    perimeters = {}
    for name, members in table.items():
        if name == "whole" or name in schemes:
            problems.append(
                place.problem(name, name, "a name of its own: whole and each scheme are perimeters already")
            )
        try:
            perimeters[cells.name(name)] = read.list_of_names(members)
        except Bad as bad:
            problems.append(place.problem(name, members, bad.expected, bad.suggestion))
            continue
        problems.extend(
            place.problem(name, member, "the name of a scheme", nearest(member, schemes))
            for member in perimeters[name]
            if member not in schemes
        )
    return perimeters


def _correlations(tables: list[dict[str, Any]], toml: Toml, problems: list[Problem]) -> tuple[Correlation, ...]:
    found: list[Correlation] = []
    for position, table in enumerate(tables):
        place = Place(toml=toml, table="correlations", position=position)
        before = len(problems)
        values = read_keys(table, CORRELATION, place, problems)
        if len(problems) > before:
            continue
        pair = {values["a"], values["b"]}
        if len(pair) == 1:
            problems.append(place.problem("b", values["b"], "another assumption than a"))
        elif any({c.a, c.b} == pair for c in found):
            problems.append(place.problem("a", values["a"], "each pair once"))
        else:
            found.append(Correlation(**values))
    return tuple(found)


def _papers(tables: list[dict[str, Any]], toml: Toml, problems: list[Problem]) -> tuple[Paper, ...]:
    found: list[Paper] = []
    for position, table in enumerate(tables):
        place = Place(toml=toml, table="papers", position=position)
        before = len(problems)
        values = read_keys(table, PAPER, place, problems)
        if any(paper.ref == values.get("ref") for paper in found):
            problems.append(place.problem("ref", values["ref"], "each paper once"))
        if len(problems) == before:
            found.append(Paper(ref=values["ref"], title=values["title"], dated=values["date"], note=values["note"]))
    return tuple(found)


def _funding(table: Mapping[str, Any], toml: Toml, timeline: Timeline | None, problems: list[Problem]) -> FundingPlan:
    place = Place(toml=toml, table="funding")
    values = read_keys(table, FUNDING, place, problems)
    until = values.get("reserve_until")
    if until is not None:
        problems.extend(outside_horizon(until, timeline, place, "reserve_until"))
    basis = values.get("budget_basis", APPROVED)
    return FundingPlan(reserve_name=values.get("reserve_name", ""), reserve_until=until, budget_basis=basis)


def make_conventions(
    values: Mapping[str, Any], reference: Reference, places: Mapping[str, Place], problems: list[Problem]
) -> Conventions | None:
    """Return the conventions with their names looked up in the reference tables. `places`: where each was set."""
    tables: dict[str, Collection[str]] = {"discount_rate": reference.discount_rates, "price_index": reference.indices}
    for key, known in tables.items():
        if key in values and values[key] not in known:
            problems.append(
                places[key].problem(
                    key, values[key], f"a name in inputs/reference ({key})", nearest(values[key], known)
                )
            )
            return None
    if any(key not in values for key in CONVENTIONS):
        return None
    return Conventions(
        weeks_per_year=values["weeks_per_year"],
        discount_rate_annual=reference.discount_rates[values["discount_rate"]],
        discount_rate_name=values["discount_rate"],
        price_index=values["price_index"],
        hindsight=values["hindsight"],
        horizon_years=values["horizon_years"],
        run_off_years=values["run_off_years"],
    )


def index_problems(values: Mapping[str, Any], index_first: str, place: Place) -> list[Problem]:
    """Years that the price index must reach back to: the price base and the first year of the projection."""
    found = []
    if values.get("price_base", index_first) < index_first:
        found.append(
            place.problem("price_base", values["price_base"], f"{index_first} or later: the price index starts there")
        )
    if "start" in values and financial_year(values["start"]) < index_first:
        found.append(place.problem("start", values["start"], f"{index_first} or later: the price index starts there"))
    return found
