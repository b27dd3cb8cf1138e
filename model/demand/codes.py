"""The reference tables of `inputs/reference/demand`, and an authority by any of the names that people know it by."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from model.case.reading.problems import InputProblems, Problem
from model.case.reading.reference_files import DEMAND_FILES, SEED

AGE_STARTS: Final = (0, 1, 5, 10, 16, 18)
"""Birthdays at which a child enters each band; the last is the birthday at which care ends."""
BY_PROVIDER: Final = "by_provider"
"""Placement of a code (U4 to U6) that only the provider tells: in-house or agency."""
REFERENCE: Final = Path(__file__).resolve().parents[2] / "inputs" / "reference"

_STYLES: Final = re.compile(
    r"^(?:the )?(?:(?:london|royal|metropolitan)(?: borough)?|city|county|borough)(?: council)? of |"
    r",? (?:city|county) of$| (?:(?:metropolitan |county |city |unitary )?(?:borough |district )?"
    r"(?:council|authority)|county|borough)$"
)


@cache
def read_reference(name: str, folder: Path = REFERENCE / "demand") -> tuple[Mapping[str, Any], ...]:
    """Rows of one reference CSV, each by its columns. Raises ``InputProblems`` with all that is wrong with the file."""
    problems: list[Problem] = []
    table = SEED if name == SEED.file else DEMAND_FILES[name]
    rows = table.rows(folder, problems, optional=False)
    if problems:
        raise InputProblems(problems)
    return tuple(row.values for row in rows)


@cache
def mapped(name: str, key: str, value: str) -> Mapping[str, Any]:
    """One column of a reference table (`value`) by another (`key`)."""
    return MappingProxyType({row[key]: row[value] for row in read_reference(name)})


@cache
def dfe_categories(group: str) -> Mapping[str, str]:
    """DfE's characteristics of a group of ours (age, placement, provider, uasc), in small letters, to our codes."""
    rows = read_reference("dfe_categories.csv")
    return MappingProxyType({row["characteristic"]: row["code"] for row in rows if row["group"] == group})


def canonical(name: str) -> str:
    """Return the name of an authority or region as this package spells it, whatever some table calls it."""
    return str(_aliases().get(name.strip().lower(), name.strip()))


@cache
def _aliases() -> Mapping[str, str]:
    return {alias.lower(): name for alias, name in mapped("authority_aliases.csv", "alias", "name").items()}


def demand_settings() -> Mapping[str, float]:
    """Return the settings of the demand model: name to value."""
    return mapped("demand_settings.csv", "name", "value")


def named(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that is meant: the same but for its style, or the only one that begins so."""
    plain = {known: _plain(known) for known in names}
    wanted = _plain(canonical(canonical(name) if canonical(name) != name.strip() else _plain(name)))
    same = [known for known, short in plain.items() if short == wanted]
    begins = [known for known, short in plain.items() if short.startswith(f"{wanted} ")]
    found = same or begins
    return found[0] if len(found) == 1 else None


def _plain(name: str) -> str:
    """Return a name without its style: no "London Borough of", no "Council", and "and" for "&"."""
    lowered = re.sub(r"[.']", "", name.lower().replace("&", " and ").replace("-", " "))
    return _STYLES.sub("", _STYLES.sub("", re.sub(r"\s+", " ", lowered).strip()).strip()).strip()
