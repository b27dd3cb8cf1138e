"""A scenario's TOML, and what it, or whoever else, puts in the place of a case's schemes, conventions and assumptions.

One lock on every door: notebook parameters, `--set`, sweeps and sliders come through here, and `run` asks that a case
be sound, so that each refuses what `check` refuses, in the same words.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from model.case import cells
from model.case.assumptions import RATING, Assumption, Assumptions
from model.case.cells import Bad
from model.case.columns import columns_of, need, spare
from model.case.distributions import range_problem
from model.case.reading.assumption_rows import Stated, bound_problems, faults_of, in_price_base
from model.case.reading.case_toml import CONVENTIONS
from model.case.reading.files import shown_path
from model.case.reading.problems import InputProblems, Problem
from model.case.reading.toml import Place, Toml, read_file, read_keys, read_toml
from model.case.records import Case, SchemeSpec
from model.case.spelling import nearest
from model.case.units import UNITS
from model.case.words import DISTRIBUTIONS, FIXED, PERT

PLACE: Final = "overrides"
OVERRIDE: Final = columns_of(
    {
        "value": need(cells.number, "The central value; an override replaces value, low and high together."),
        "low": spare(cells.number, "As in `assumptions.csv`, like all that follows."),
        "high": spare(cells.number),
        "distribution": spare(cells.word(DISTRIBUTIONS, "a distribution")),
        "price_base": spare(cells.financial_year),
        "source": spare(cells.text),
        "as_at": spare(cells.day),
        "quality": spare(RATING),
        "note": spare(cells.any_text),
    }
)
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

    title: str = need(cells.text, "Its name for people.")
    why: str = need(cells.text, "The question it answers.")
    theme: str = spare(cells.text, "What it varies; the index sets scenarios of one theme together.")
    overrides: Mapping[str, Any] = spare(
        cells.table, "Assumptions, `schemes` and `conventions.*` that differ from the case's own.", {}
    )
    name: str
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
    values = {"title": name, "why": "", **read_file(toml, Scenario, problems)}
    values["overrides"] = flat_overrides(values.get("overrides", {}), assumptions)
    return Scenario(**values, name=name, toml=toml)


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
        wanted = cells.list_of_names.toml(listed)
    except Bad as bad:
        problems.append(place.problem("schemes", listed, bad.expected, bad.suggestion))
        return schemes
    expected = "the name of a scheme of the case"
    problems.extend(place.problem("schemes", n, expected, nearest(n, names)) for n in wanted if n not in names)
    return tuple(replace(scheme, active=scheme.name in wanted) for scheme in schemes)


def override_conventions(conventions: Mapping[str, Any], scenario: Scenario, problems: list[Problem]) -> dict[str, Any]:
    """Return the conventions with what the scenario puts in their place."""
    known = [replace(key, name=f"conventions.{name}", required=False) for name, key in CONVENTIONS.items()]
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
        given = {"value": read_keys({name: override}, [replace(OVERRIDE[0], name=name)], place, problems).get(name)}
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


# Laid over a case without a file --------------------------------------------------------------------------------------


def given(values: Mapping[str, object], names: Collection[str], place: str = PLACE) -> Scenario:
    """Return overrides that stand in no file as a scenario to lay over another."""
    toml = Toml(file=place, tables={}, text="")
    return Scenario(name="", title="", why="", overrides=flat_overrides(values, names), toml=toml)


def overridden(case: Case, values: Mapping[str, object], place: str = PLACE) -> Case:
    """Return a loaded case with overrides of assumptions, read as a scenario's: a bare number is certain.

    None leaves an assumption as it is. `place` is what a message names. Raises InputProblems with all that `check`
    would refuse.
    """
    known = case.assumptions
    asked = {name: value for name, value in values.items() if value is not None or name not in known}
    scenario = given(asked, known, place)
    problems: list[Problem] = [
        scenario.place.problem(name, value, "an assumption", "schemes and conventions are set when the case is read")
        for name, value in scenario.overrides.items()
        if name == "schemes" or name.startswith("conventions.")
    ]
    stated = {name: Stated(assumption=a, file=place, row=0) for name, a in known.items()}
    merged = override_assumptions(stated, stated.keys(), scenario, case.price_base, problems)
    new = {name: merged[name] for name in scenario.overrides if name in merged}
    problems += bound_problems(new)
    index, assumptions = case.reference.indices.get(case.conventions.price_index), dict(known)
    for name, row in new.items():
        found = in_price_base(row, case.price_base, index, problems)
        if found is not None:
            assumptions[name] = found
            if fault := range_problem(row.assumption):
                problems.append(row.problem("value", "a range that the distribution can have", fault))
    if problems:
        raise InputProblems(problems)
    return replace(case, assumptions=Assumptions(assumptions), overrides={**case.overrides, **scenario.overrides})


def sound(case: Case) -> Case:
    """Return the case. Raises InputProblems where an assumption is what `check` refuses, however it was set."""
    stated = {n: Stated(assumption=a, file=case.folder_name, row=0, column=n) for n, a in case.assumptions.items()}
    problems = bound_problems(stated)
    for row in stated.values():
        a = row.assumption
        ends = (None, None) if a.distribution == FIXED else (a.low, a.high)
        problems += [row.problem(*fault) for fault in faults_of(a, *ends)]
    if problems:
        raise InputProblems(problems)
    return case
