"""Who else gains: what other public bodies save as children are out of care. Never in the council's own figures."""

from dataclasses import dataclass
from typing import Final

from model.case.records import Case
from model.case.reference import SocialValue
from model.case.units import to_price_base
from model.options.scale import Flows

CHILD_YEAR: Final = "child_year"


@dataclass(frozen=True, kw_only=True)
class OthersGain:
    """What one row of `social_value.csv` comes to for an option: mean present value; None where it is not known."""

    row: SocialValue
    worth: float | None


def others_gain(case: Case, made: Flows) -> list[OthersGain]:
    """Return what each row comes to: events x unit cost x years out of care, or children kept out, discounted.

    The Green Book's public value of an option is its NPV and the sum of these.
    """
    return [OthersGain(row=row, worth=_worth(case, made, row)) for row in case.reference.social_value]


def _worth(case: Case, made: Flows, row: SocialValue) -> float | None:
    if row.events is None or row.unit_cost_gbp is None:
        return None
    index = case.reference.indices[case.conventions.price_index]
    each = to_price_base(row.unit_cost_gbp, index, row.price_base or case.price_base, case.price_base) * row.events
    held = made.child_years if row.per == CHILD_YEAR else made.kept_out
    return float((made.worth(held) * each).mean())
