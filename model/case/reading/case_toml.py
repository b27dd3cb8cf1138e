"""`case.toml` and a scenario's TOML: declared keys, their types, and the records made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from model.case import parameters
from model.case.reading import cells
from model.case.reading.assumption_rows import toml_number
from model.case.reading.cells import Bad
from model.case.reading.problems import Problem
from model.case.records import Conventions, Correlation, FundingPlan, Paper, SchemeSpec
from model.case.spelling import nearest
from model.case.timeline import MONTHS_A_YEAR, Timeline, financial_year

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from model.case.reading.files import Toml
    from model.case.reference import Reference

_WEEKS = (51, 54)
_MOST_YEARS = 60


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key of a TOML table: how its value is read, and what stands for it when it is absent (required if `needed`)."""

    parse: Callable[[Any], Any]
    needed: bool = True
    default: Any = None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Bad("a text in quotation marks")
    return value


def _optional_text(value: object) -> str:
    if not isinstance(value, str):
        raise Bad("a text in quotation marks")
    return value


def _name(value: object) -> str:
    name = cells.name(_text(value))
    if "." in name:
        raise Bad("a name without a dot", f"write {name.replace('.', '_')}")
    return name


def _date(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return cells.iso_date(value.strip())
    raise Bad("a date written 2022-07-13")


def _first_of_month(value: object) -> date:
    day = _date(value)
    if day.day != 1:
        raise Bad("the first day of a month", f"write {day.replace(day=1).isoformat()}")
    return day


def _years(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_YEARS:
        raise Bad(f"a whole number of years from 1 to {_MOST_YEARS}")
    return value


def _financial_year(value: object) -> str:
    return cells.financial_year_cell(_text(value))


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise Bad("true or false", "without quotation marks" if isinstance(value, str) else "")
    return value


def _weeks(value: object) -> float:
    try:
        weeks = float(Fraction(value.replace(" ", ""))) if isinstance(value, str) else toml_number(value)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise Bad('weeks in a year, a number or a fraction such as "365/7"') from None
    if not _WEEKS[0] <= weeks <= _WEEKS[1]:
        raise Bad(f"weeks in a year, from {_WEEKS[0]} to {_WEEKS[1]}")
    return weeks


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Bad('a list of names, such as ["fostering", "edge_of_care"]')
    twice = next((item for item in value if value.count(item) > 1), "")
    if twice:
        raise Bad("each name once", f"{twice} stands there more than once")
    return tuple(value)


def _ages(value: object) -> tuple[str, ...]:
    """Age bands as the model has them: 5_9 stands for 5_7 and 8_9."""
    known = (*parameters.AGE_BANDS, *parameters.SPLIT_AGE_BANDS)
    parse = cells.age_band(known)
    ages = [parse(age) for age in _names(value)]
    if not ages:
        raise Bad("at least one age band")
    halves = {whole: [h for h, w in parameters.SPLIT_AGE_BANDS.items() if w == whole] for whole in ages}
    return tuple(dict.fromkeys(half for age in ages for half in (halves[age] or [age])))


def _rho(value: object) -> float:
    rho = toml_number(value)
    if not -1 < rho < 1:
        raise Bad("a correlation between -1 and 1, both excluded")
    return rho


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Bad("a table, written [name] above its keys")
    return value


def _tables(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Bad("tables, each written [[name]] above its keys")
    return value


def _kind(value: object) -> str:
    return cells.word(parameters.PARAMETERS, "a kind of scheme")(_text(value))


CASE: Final = {
    "name": Key(parse=_text),
    "title": Key(parse=_text),
    "council": Key(parse=_text),
    "start": Key(parse=_first_of_month),
    "horizon_years": Key(parse=_years),
    "shown_years": Key(parse=_years, needed=False, default=5),
    "price_base": Key(parse=_financial_year),
    "knowledge_date": Key(parse=_date),
    "published_scenario": Key(parse=_text, needed=False),
    "base_scenario": Key(parse=_text, needed=False, default="base"),
    "conventions": Key(parse=_table),
    "perimeters": Key(parse=_table, needed=False, default={}),
    "schemes": Key(parse=_tables, needed=False, default=[]),
    "funding": Key(parse=_table, needed=False, default={}),
    "correlations": Key(parse=_tables, needed=False, default=[]),
    "papers": Key(parse=_tables, needed=False, default=[]),
}
CONVENTIONS: Final = {
    "weeks_per_year": Key(parse=_weeks),
    "discount_rate": Key(parse=_text),
    "price_index": Key(parse=_text),
    "hindsight": Key(parse=_switch, needed=False, default=False),
}
SCHEME: Final = {
    "name": Key(parse=_name),
    "title": Key(parse=_text),
    "kind": Key(parse=_kind),
    "start": Key(parse=_date),
    "ages": Key(parse=_ages, needed=False, default=()),
    "active": Key(parse=_switch, needed=False, default=True),
    "source": Key(parse=_optional_text, needed=False, default=""),
}
FUNDING: Final = {
    "reserve_until": Key(parse=_date, needed=False),
    "reserve_name": Key(parse=_text, needed=False, default=""),
}
CORRELATION: Final = {
    "a": Key(parse=_text),
    "b": Key(parse=_text),
    "rho": Key(parse=_rho),
    "source": Key(parse=_text),
}
PAPER: Final = {
    "ref": Key(parse=_text),
    "title": Key(parse=_text),
    "date": Key(parse=_date, needed=False),
    "note": Key(parse=_optional_text, needed=False, default=""),
}
SCENARIO: Final = {
    "title": Key(parse=_text),
    "why": Key(parse=_text),
    "overrides": Key(parse=_table, needed=False, default={}),
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in a TOML file a table stands: its heading, and which of several with that heading."""

    toml: Toml
    table: str = ""
    position: int = 0

    def problem(self, key: str, value: object, expected: str, suggestion: str = "") -> Problem:
        """A problem with one key of the table."""
        several = f"[{self.position + 1}]" if self.table in {"schemes", "correlations", "papers"} else ""
        column = f"{self.table}{several}.{key}" if self.table else key
        return Problem(
            file=self.toml.file,
            row=self.toml.line(key, self.table, self.position),
            column=column,
            value="" if value is None else str(value),
            expected=expected,
            suggestion=suggestion,
        )


def read_keys(
    table: Mapping[str, Any], keys: Mapping[str, Key], place: Place, problems: list[Problem]
) -> dict[str, Any]:
    """Return the values of the declared keys that could be read; an unknown, missing or unreadable one is a problem."""
    values: dict[str, Any] = {}
    missing = [name for name, key in keys.items() if key.needed and name not in table]
    for name in table:
        if name not in keys and not name.startswith("x_"):
            advice = nearest(name, missing) if missing else ""
            advice = advice if advice.startswith("did") else nearest(name, keys)
            problems.append(place.problem(name, table[name], "a known key", advice))
    for name, key in keys.items():
        if name not in table:
            if key.needed:
                missed = place.problem(name, None, f"a key {name}, which is missing")
                problems.append(replace(missed, row=place.toml.heading(place.table, place.position)))
            else:
                values[name] = key.default
            continue
        try:
            values[name] = key.parse(table[name])
        except Bad as bad:
            problems.append(place.problem(name, table[name], bad.expected, bad.suggestion))
    return values


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
    if values.get("shown_years", 0) > values.get("horizon_years", _MOST_YEARS):
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
        if values.get("kind") == "entry_reduction" and "ages" not in table:
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
            perimeters[cells.name(name)] = _names(members)
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
    return FundingPlan(reserve_name=values.get("reserve_name", ""), reserve_until=until)


def flat_overrides(table: Mapping[str, Any], known: Collection[str], prefix: str = "") -> dict[str, Any]:
    """Return overrides by full name: `fostering.fill_rate = 0.6` without quotation marks is a table within a table."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and name not in known and "value" not in value:
            flat |= flat_overrides(value, known, f"{name}.") if value else {name: value}
        else:
            flat[name] = value
    return flat


def override_conventions(
    conventions: dict[str, Any], overrides: Mapping[str, Any], toml: Toml, problems: list[Problem]
) -> dict[str, Any]:
    """Return the conventions with what the scenario puts in their place."""
    changed = dict(conventions)
    for name, value in overrides.items():
        if not name.startswith("conventions."):
            continue
        key = name.removeprefix("conventions.")
        line = toml.line(name) or toml.line(key)
        try:
            if key not in CONVENTIONS:
                raise Bad("a convention", nearest(key, CONVENTIONS))  # noqa: TRY301 - one road for all that is bad
            changed[key] = CONVENTIONS[key].parse(value)
        except Bad as bad:
            problems.append(
                Problem(
                    file=toml.file,
                    row=line,
                    column=name,
                    value=str(value),
                    expected=bad.expected,
                    suggestion=bad.suggestion,
                )
            )
    return changed


def override_schemes(
    schemes: tuple[SchemeSpec, ...],
    names: Collection[str],
    overrides: Mapping[str, Any],
    toml: Toml,
    problems: list[Problem],
) -> tuple[SchemeSpec, ...]:
    """Return the schemes with exactly those active that the scenario lists; unchanged where it lists none."""
    if "schemes" not in overrides:
        return schemes
    line = toml.line("schemes")
    try:
        wanted = _names(overrides["schemes"])
    except Bad as bad:
        problems.append(
            Problem(
                file=toml.file,
                row=line,
                column="schemes",
                value=str(overrides["schemes"]),
                expected=bad.expected,
                suggestion=bad.suggestion,
            )
        )
        return schemes
    problems.extend(
        Problem(
            file=toml.file,
            row=line,
            column="schemes",
            value=name,
            expected="the name of a scheme of the case",
            suggestion=nearest(name, names),
        )
        for name in wanted
        if name not in names
    )
    return tuple(replace(scheme, active=scheme.name in wanted) for scheme in schemes)


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


SCENARIO_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
SCENARIO_WORD: Final = re.compile(r"[a-z0-9]+")
