"""A scenario's TOML, and what it puts in the place of a case's schemes, conventions and assumptions."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from model.case.assumptions import Assumption
from model.case.reading import cells
from model.case.reading import toml_values as read
from model.case.reading.assumption_rows import Stated, faults_of
from model.case.reading.case_toml import CONVENTIONS
from model.case.reading.cells import Bad
from model.case.reading.files import shown_path
from model.case.reading.problems import Problem
from model.case.reading.toml import Place, Toml, need, read_keys, read_toml, spare
from model.case.records import SchemeSpec
from model.case.spelling import nearest
from model.case.units import UNITS
from model.case.words import DISTRIBUTIONS, FIXED, PERT, RATINGS

SCENARIO: Final = {
    "title": need(read.text, "Its name for people."),
    "why": need(read.text, "The question it answers."),
    "theme": spare(read.text, "What it varies; the index sets scenarios of one theme together.", ""),
    "overrides": spare(read.table, "Assumptions, `schemes` and `conventions.*` that differ from the case's own.", {}),
}


OVERRIDE: Final = {
    "value": need(read.number, "The central value; an override replaces value, low and high together."),
    "low": spare(read.number, "As in `assumptions.csv`, like all that follows."),
    "high": spare(read.number, ""),
    "distribution": spare(read.of(cells.word(DISTRIBUTIONS, "a distribution")), ""),
    "price_base": spare(read.of(cells.financial_year_cell), ""),
    "source": spare(read.text, ""),
    "as_at": spare(read.day, ""),
    "quality": spare(read.of(cells.word(RATINGS, "red, amber or green")), ""),
    "note": spare(read.optional_text, ""),
}
"""The keys of an override that is a table."""
FILE_NAME: Final = re.compile(
    r"(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$)[A-Za-z0-9][A-Za-z0-9_-]{0,79}", re.IGNORECASE
)
"""A folder is called so on every system: not a device of Windows, and short enough for its paths."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A scenario, read but not yet applied. The base scenario may have no file: it then changes nothing.

    Without a name it stands in no file: it is what was set for one run.
    """

    name: str
    title: str
    why: str
    theme: str = ""
    overrides: Mapping[str, Any]
    toml: Toml

    @property
    def source(self) -> str:
        """What an override cites that states no source of its own."""
        return f"scenario {self.name}" if self.name else "set for this run"

    @property
    def place(self) -> Place:
        """Where its overrides stand, to name in a problem."""
        return Place(toml=self.toml)


def read_scenario(
    folder: Path, name: str, known: Sequence[str], assumptions: Collection[str], problems: list[Problem]
) -> Scenario | None:
    """Read the scenario of that name in a case's folder; None, with the problem, where it cannot be.

    `known`: the scenarios of the case, its base first. `assumptions`: the names that may be overridden.
    """
    file, place = folder / "scenarios" / f"{name}.toml", f"{folder.name}/scenarios"
    if name not in known:
        problems.append(Problem(place, "the name of a scenario of this case", nearest(name, known), value=name))
        return None
    if not FILE_NAME.fullmatch(name):
        advice = f"name it {'-'.join(re.findall('[a-z0-9]+', name.lower())) or 'my-question'}.toml"
        expected = "a file name of letters, digits, - and _, at most 80, and no word that Windows keeps for a device"
        problems.append(Problem(place, expected, advice, value=f"{name}.toml"))
        return None
    if name == known[0] and not file.exists():
        empty = Toml(file=shown_path(file), tables={}, text="")
        return Scenario(name=name, title=name, why="The case as its assumptions state it.", overrides={}, toml=empty)
    toml = read_toml(file, problems)
    if toml is None:
        return None
    values = read_keys(toml.tables, SCENARIO, Place(toml=toml), problems)
    overrides = flat_overrides(values.get("overrides", {}), assumptions)
    said = {key: values.get(key, "") for key in ("why", "theme")}
    return Scenario(name=name, title=values.get("title", name), **said, overrides=overrides, toml=toml)


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


def override_schemes(
    schemes: tuple[SchemeSpec, ...], names: Collection[str], scenario: Scenario, problems: list[Problem]
) -> tuple[SchemeSpec, ...]:
    """Return the schemes with exactly those active that the scenario lists; unchanged where it lists none."""
    if "schemes" not in scenario.overrides:
        return schemes
    listed, place = scenario.overrides["schemes"], scenario.place
    try:
        wanted = read.list_of_names(listed)
    except Bad as bad:
        problems.append(place.problem("schemes", listed, bad.expected, bad.suggestion))
        return schemes
    expected = "the name of a scheme of the case"
    problems.extend(place.problem("schemes", n, expected, nearest(n, names)) for n in wanted if n not in names)
    return tuple(replace(scheme, active=scheme.name in wanted) for scheme in schemes)


def override_conventions(conventions: Mapping[str, Any], scenario: Scenario, problems: list[Problem]) -> dict[str, Any]:
    """Return the conventions with what the scenario puts in their place."""
    known = {f"conventions.{key}": replace(convention, needed=False) for key, convention in CONVENTIONS.items()}
    asked = {name: value for name, value in scenario.overrides.items() if name.startswith("conventions.")}
    found = read_keys(asked, known, scenario.place, problems)
    return {**conventions, **{name.partition(".")[2]: found[name] for name in asked if name in found}}


def override_assumptions(
    stated: Mapping[str, Stated], names: Collection[str], scenario: Scenario, price_base: str, problems: list[Problem]
) -> dict[str, Stated]:
    """Return the assumptions with the scenario's in their place. `names`: those of all rows, sound or not.

    Money in an override is in the case's price base unless the override gives its own `price_base`.
    """
    merged = dict(stated)
    for name, value in scenario.overrides.items() if names else ():
        if name == "schemes" or name.startswith("conventions."):
            continue
        if name not in names:
            known = [*names, "schemes", *(f"conventions.{key}" for key in CONVENTIONS)]
            expected = "the name of an assumption of the case"
            problems.append(scenario.place.problem(name, value, expected, nearest(name, known)))
            continue
        new = _overridden(stated.get(name), name, scenario, price_base, problems)
        if new is not None:
            merged[name] = new
    return merged


def _overridden(
    old: Stated | None, name: str, scenario: Scenario, price_base: str, problems: list[Problem]
) -> Stated | None:
    """Put an override in the place of an assumption: value, low and high together. A bare number becomes fixed."""
    override, place, before = scenario.overrides[name], scenario.place, len(problems)
    if isinstance(override, dict):
        place = replace(place, within=name)
        found = read_keys(override, OVERRIDE, place, problems)
        given = {key: found[key] for key in override if key in found}
    else:
        given = {"value": read_keys({name: override}, {name: OVERRIDE["value"]}, place, problems).get(name)}
    if len(problems) > before or old is None:
        return None
    new = _merged(old.assumption, given, scenario.source, price_base)
    for field, *words in faults_of(new, given.get("low"), given.get("high")):
        shown = given.get(field, getattr(new, field))
        problems.append(place.problem(field if place.within else name, shown, *words))
    if len(problems) > before:
        return None
    return Stated(assumption=new, file=scenario.toml.file, row=scenario.place.line(name), column=name)


def _merged(old: Assumption, given: Mapping[str, Any], source: str, price_base: str) -> Assumption:
    """The assumption with an override in its place. A range without a distribution keeps the old one, or is a pert."""
    ranged = "low" in given or "high" in given
    value = given["value"]
    usual = {
        "low": value,
        "high": value,
        "distribution": (old.distribution if old.distribution != FIXED else PERT) if ranged else FIXED,
        "price_base": price_base if UNITS[old.unit].is_money else "",
        "source": source,
        "as_at": None,
    }
    return replace(old, **{**usual, **given, "value_as_stated": value})
