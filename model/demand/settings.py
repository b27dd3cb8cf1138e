"""Settings of the demand model, each a row of ``inputs/reference/demand_settings.csv`` with its source."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from model.demand.codes import read_reference


@cache
def demand_settings() -> Mapping[str, float]:
    """Return setting name to value."""
    return MappingProxyType({row["name"]: row["value"] for row in read_reference("demand_settings.csv")})
