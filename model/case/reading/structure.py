"""The structural choices of `case.toml`: what data cannot settle, each with its settings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from model.case.distributions import unit_bounds
from model.case.reading import toml_values as read
from model.case.reading.cells import Bad
from model.case.reading.toml import Key, Place, read_keys
from model.case.records import Setting, StructuralChoice
from model.case.spelling import nearest
from model.case.units import UNITS

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from model.case.reading.assumption_rows import Stated
    from model.case.reading.problems import Problem
    from model.case.reading.toml import Toml

MOST_COMBINATIONS: Final = 256  # every report crosses them all
TABLE: Final = "structure"


def settings(value: object) -> tuple[Setting, ...]:
    """Return the settings of a choice: two or three, each with a title of its own."""
    form = '{title = "in full", overrides = {"agency.whole_cost" = 1}}'
    if not isinstance(value, list) or not 2 <= len(value) <= 3:
        raise Bad(f"two or three settings, each {form}")
    found = tuple(_setting(one, form) for one in value)
    if len({one.title for one in found}) < len(found):
        raise Bad("each setting's title once")
    return found


def _setting(value: object, form: str) -> Setting:
    if not isinstance(value, dict) or value.keys() - {"title", "overrides"} or "title" not in value:
        raise Bad(f"a setting, {form}")
    overrides = {name: read.number(number) for name, number in read.table(value.get("overrides", {})).items()}
    return Setting(title=read.text(value["title"]), overrides=overrides)


CHOICE: Final = {
    "name": Key(parse=read.plain_name),
    "title": Key(parse=read.text),
    "reason": Key(parse=read.text),
    "settings": Key(parse=settings),
}


def read_choices(tables: Sequence[dict[str, Any]], toml: Toml, problems: list[Problem]) -> tuple[StructuralChoice, ...]:
    """Return the choices, each name once, that together make no more combinations than a report can cross."""
    found: list[StructuralChoice] = []
    for position, table in enumerate(tables):
        place = Place(toml=toml, table=TABLE, position=position)
        before = len(problems)
        values = read_keys(table, CHOICE, place, problems)
        if any(choice.name == values.get("name") for choice in found):
            problems.append(place.problem("name", values["name"], "each choice's name once"))
        if len(problems) == before:
            found.append(StructuralChoice(**values))
    count = math.prod(len(choice.settings) for choice in found)
    if count > MOST_COMBINATIONS:
        expected = f"at most {MOST_COMBINATIONS} combinations of all settings"
        problems.append(Place(toml=toml, table=TABLE).problem("settings", count, expected))
    return tuple(found)


def name_problems(
    choices: Sequence[StructuralChoice], stated: Mapping[str, Stated], names: Collection[str], toml: Toml
) -> list[Problem]:
    """Settings of assumptions that there are not, or to what their unit cannot be."""
    found = []
    for position, choice in enumerate(choices):
        place = Place(toml=toml, table=TABLE, position=position)
        for name, value in [pair for setting in choice.settings for pair in setting.overrides.items()]:
            if names and name not in names:
                found.append(place.problem("settings", name, "the name of an assumption", nearest(name, names)))
            elif name in stated:
                unit = stated[name].assumption.unit
                low, high = unit_bounds(unit)
                if not low <= value <= high or (UNITS[unit].whole and value != round(value)):
                    found.append(place.problem("settings", f"{name} = {value:g}", f"what a {unit} can be"))
    return found
