"""The codes the demand package maps to, and the reference tables that map them.

Every mapping is a row of a CSV in ``inputs/reference`` with its source; this module only reads them.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from model.case.parameters import AGE_BANDS, PLACEMENTS, STREAMS
from model.case.reading.problems import InputProblems, Problem
from model.case.reading.reference_files import demand_rows

__all__ = [
    "AGED_OUT",
    "AGE_BANDS",
    "AGE_STARTS",
    "BY_PROVIDER",
    "PLACEMENTS",
    "REFERENCE",
    "STREAMS",
    "authority_aliases",
    "dfe_categories",
    "foster_of_provider",
    "placement_of_code",
    "read_reference",
]

AGE_STARTS: Final = (0, 1, 5, 10, 16, 18)
"""Birthdays at which a child enters each band; the last is the birthday at which care ends."""
AGED_OUT: Final = "18"
"""The ``age_band`` that carries exits at 18 in ``caseload.csv``."""
BY_PROVIDER: Final = "by_provider"
REFERENCE: Final = Path(__file__).resolve().parents[2] / "inputs" / "reference"


def read_reference(name: str, folder: Path | None = None) -> list[Mapping[str, Any]]:
    """Rows of one reference CSV, each by its columns. Raises ``InputProblems`` with all that is wrong with the file."""
    problems: list[Problem] = []
    rows = demand_rows((folder or REFERENCE / "demand") / name, problems)
    if problems:
        raise InputProblems(problems)
    return [row.values for row in rows]


@cache
def placement_of_code() -> Mapping[str, str]:
    """SSDA903 placement code to our placement, or ``by_provider`` for U4 to U6."""
    return MappingProxyType({row["code"]: row["placement"] for row in read_reference("placement_codes.csv")})


@cache
def foster_of_provider() -> Mapping[str, str]:
    """SSDA903 provider code to the placement a U4 to U6 foster placement becomes."""
    return MappingProxyType({row["code"]: row["foster_placement"] for row in read_reference("provider_codes.csv")})


@cache
def dfe_categories() -> Mapping[tuple[str, str], str]:
    """(group, characteristic in lower case) of DfE's tables to our code."""
    rows = read_reference("dfe_categories.csv")
    return MappingProxyType({(row["group"], row["characteristic"]): row["code"] for row in rows})


@cache
def authority_aliases() -> Mapping[str, str]:
    """Name of an authority or region as some table spells it (lower case) to the name used here."""
    return MappingProxyType({row["alias"].lower(): row["name"] for row in read_reference("authority_aliases.csv")})
