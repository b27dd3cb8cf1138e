"""One named number: value, range, unit, price base, source, and how sure we are of it."""

from dataclasses import dataclass
from datetime import date

from model.case.words import FIXED


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """A row of `assumptions.csv`, already in the case's own price base.

    `low` and `high` mean what `distribution` says: minimum and maximum (uniform, pert), or P10 and P90 (normal,
    lognormal, beta). A fixed assumption has low = high = value. `value_as_stated` is the value before it was brought
    to the case's price base (the same where the unit is not money). `impact` and `owner` may be unsaid. `label` is its
    name for people.
    """

    name: str
    value: float
    low: float
    high: float
    distribution: str = FIXED
    unit: str
    price_base: str = ""
    source: str
    as_at: date | None = None
    quality: str
    impact: str = ""
    owner: str = ""
    note: str = ""
    label: str = ""
    value_as_stated: float


class Assumptions(dict[str, Assumption]):
    """Assumptions by name, in the order of the file; a notebook shows them as a table."""
