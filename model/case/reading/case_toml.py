"""`case.toml`: what its keys and tables must be together, and what they make."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

from model.case import cells, parameters, words
from model.case.cells import Bad
from model.case.columns import columns_of, made_of
from model.case.reading.problems import Problem
from model.case.reading.toml import Check, Place, Toml, read_file
from model.case.records import CaseKeys, Conventions, FundingPlan, SchemeSpec
from model.case.reference import Reference
from model.case.spelling import nearest
from model.case.timeline import MONTHS_A_YEAR, Timeline
from model.case.units import Unit
from model.case.words import ENTRY_REDUCTION, PRICE_CHANGE, STEP_DOWN

MOST_COMBINATIONS: Final = 256  # every report crosses them all
CONVENTIONS: Final = {key.name: key for key in columns_of(Conventions)}
NEEDED_BY_KIND: Final = {
    ENTRY_REDUCTION: {"ages": 'the ages it acts on, such as ["8_9", "10_15", "16_17"]'},
    STEP_DOWN: {"placement": 'the placement children leave, such as "residential"', "to": "the placement they move to"},
    PRICE_CHANGE: {"placement": 'the placement whose price changes, such as "ifa_foster"'},
}
"""For a kind, the keys that it cannot do without, each in words."""


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """`case.toml`, read but not yet under a scenario. A value that could not be read is absent from `values`."""

    toml: Toml
    values: dict[str, Any]
    scheme_names: tuple[str, ...]
    perimeters: dict[str, tuple[str, ...]]
    funding: FundingPlan
    timeline: Timeline | None

    def of(self, table: str) -> tuple[Any, ...]:
        """Return the sound records of a table."""
        return tuple(self.values.get(table, ()))

    def place(self, table: str = "", position: int | None = None) -> Place:
        """Return a place in the file, to name in a problem."""
        return Place(toml=self.toml, table=table, position=position)


def read_case_file(toml: Toml, problems: list[Problem]) -> CaseFile:
    """Read every table of `case.toml`."""
    values = read_file(toml, CaseKeys, problems, _checks)
    timeline = _timeline(values)
    if values.get("shown_years", 0) > values.get("horizon_years", cells.MOST_YEARS):
        place, expected = Place(toml=toml), "no more than horizon_years"
        problems.append(place.problem("shown_years", values["shown_years"], expected))
    funding = made_of(FundingPlan, values.get("funding", {}))
    place = Place(toml=toml, table="funding")
    problems.extend(_outside_horizon(funding.reserve_until, timeline, place, "reserve_until"))
    if (count := math.prod(len(choice.settings) for choice in values.get("structure", ()))) > MOST_COMBINATIONS:
        expected = f"at most {MOST_COMBINATIONS} combinations of all settings"
        problems.append(Place(toml=toml, table="structure").problem("settings", count, expected))
    listed = toml.tables.get("schemes", []) if "schemes" in values else []
    names = tuple(name for table in listed if isinstance(name := table.get("name"), str))
    perimeters = _perimeters(values.get("perimeters", {}), names, Place(toml=toml, table="perimeters"), problems)
    return CaseFile(
        toml=toml, values=values, scheme_names=names, perimeters=perimeters, funding=funding, timeline=timeline
    )


def _timeline(values: Mapping[str, Any]) -> Timeline | None:
    if "start" not in values or "horizon_years" not in values:
        return None
    return Timeline(values["start"], values["horizon_years"] * MONTHS_A_YEAR)


def _checks(values: Mapping[str, Any]) -> dict[str, Check]:
    """Return what else each table of a heading must be, given the values of the file's other keys."""
    return {
        "schemes": partial(_scheme_problems, _timeline(values)),
        "correlations": _correlation_problems,
        "papers": _once("ref", "paper"),
        "structure": _once("name", "choice"),
    }


def _scheme_problems(
    timeline: Timeline | None, values: Mapping[str, Any], before: Sequence[SchemeSpec], place: Place
) -> Iterator[Problem]:
    """Yield what is wrong with a scheme whose keys could be read."""
    name, start, end = values.get("name", ""), values.get("start"), values.get("end")
    taken = sorted((*parameters.RESERVED_PREFIXES, words.PORTFOLIO, words.WHOLE, words.INTERACTION))
    if name in taken:
        yield place.problem("name", name, f"a name that the model does not use itself: {', '.join(taken)}")
    yield from _once("name", "scheme")(values, before, place)
    yield from _outside_horizon(start, timeline, place, "start")
    for key, wanted in NEEDED_BY_KIND.get(values.get("kind", ""), {}).items():
        if key in values and not values[key]:
            yield place.problem(key, None, wanted)
    if start and end and end < start:
        yield place.problem("end", end.isoformat(), "a last day after its start")
    if values.get("to") and values["to"] == values.get("placement"):
        yield place.problem("to", values["to"], "another placement than the one it leaves")


def _once(key: str, what: str) -> Check:
    """Return a check that no table has the key of one before it."""
    expected = f"each {what}'s name once" if key == "name" else f"each {what} once"

    def check(values: Mapping[str, Any], before: Sequence[Any], place: Place) -> Iterator[Problem]:
        if any(getattr(one, key) == values.get(key) for one in before):
            yield place.problem(key, values[key], expected)

    return check


def _outside_horizon(day: date | None, timeline: Timeline | None, place: Place, key: str) -> Iterator[Problem]:
    """Yield a problem where a day lies outside the months of the case."""
    if day and timeline and not timeline.start <= day < timeline.end:
        yield place.problem(key, day.isoformat(), horizon_words(timeline))


def horizon_words(timeline: Timeline) -> str:
    """The horizon, for a message."""
    return f"a date in the horizon, {timeline.start.isoformat()} to before {timeline.end.isoformat()}"


def _perimeters(
    table: Mapping[str, Any], schemes: Collection[str], place: Place, problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    perimeters = {}
    for name, members in table.items():
        if name == words.WHOLE or name in schemes:
            expected = "a name of its own: whole and each scheme are perimeters already"
            problems.append(place.problem(name, name, expected))
        try:
            perimeters[cells.name(name)] = found = cells.list_of_names.toml(members)
        except Bad as bad:
            problems.append(place.problem(name, members, bad.expected, bad.suggestion))
            continue
        expected = "the name of a scheme"
        problems += [place.problem(name, one, expected, nearest(one, schemes)) for one in found if one not in schemes]
    return perimeters


def _correlation_problems(values: Mapping[str, Any], before: Sequence[Any], place: Place) -> Iterator[Problem]:
    if "a" not in values or "b" not in values:
        return
    pair = {values["a"], values["b"]}
    if len(pair) == 1:
        yield place.problem("b", values["b"], "another assumption than a")
    elif any({c.a, c.b} == pair for c in before):
        yield place.problem("a", values["a"], "each pair once")


def setting_problems(file: CaseFile, units: Mapping[str, Unit], names: Collection[str]) -> Iterator[Problem]:
    """Yield settings of assumptions that there are not, or to what their unit cannot be. `units`: of the sound ones."""
    for position, choice in enumerate(file.of("structure")):
        place = file.place("structure", position)
        for name, value in [pair for setting in choice.settings for pair in setting.overrides.items()]:
            if names and name not in names:
                yield place.problem("settings", name, "the name of an assumption", nearest(name, names))
            elif name in units and not units[name].allows(value):
                yield place.problem("settings", f"{name} = {value:g}", f"what a {units[name].name} can be")


def make_conventions(
    values: Mapping[str, Any], reference: Reference, places: Mapping[str, Place], problems: list[Problem]
) -> Conventions | None:
    """Return the conventions with their names looked up in the reference tables. `places`: where each was set."""
    tables: dict[str, Collection[str]] = {"discount_rate": reference.discount_rates, "price_index": reference.indices}
    for key, known in tables.items():
        if key in values and values[key] not in known:
            expected, advice = f"a name in inputs/reference ({key})", nearest(values[key], known)
            problems.append(places[key].problem(key, values[key], expected, advice))
            return None
    if any(key not in values for key in CONVENTIONS):
        return None
    return made_of(Conventions, values, discount_rate_annual=reference.discount_rates[values["discount_rate"]])
