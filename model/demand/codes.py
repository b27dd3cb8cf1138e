"""The reference tables of `inputs/reference/demand`: what published tables and returns are mapped by, with sources."""

from collections.abc import Mapping
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


@cache
def authority_aliases() -> Mapping[str, str]:
    """Name of an authority or region as some table spells it (lower case) to the name used here."""
    return MappingProxyType({row["alias"].lower(): row["name"] for row in read_reference("authority_aliases.csv")})


def canonical(name: str) -> str:
    """Return the name of an authority or region as this package spells it."""
    return authority_aliases().get(name.strip().lower(), name.strip())


def demand_settings() -> Mapping[str, float]:
    """Return the settings of the demand model: name to value."""
    return mapped("demand_settings.csv", "name", "value")
