"""The schemes a case can contain. Each says what it changes in the caseload and what it costs.

A scheme is a frozen dataclass made from its declaration (`SchemeSpec`), with

* `levers`: what it does to the shared caseload;
* `terms`: how it has the children of a world paid for;
* `costs`: its own spending, as investment lines;
* `spending`: spending lines of the do-nothing world that it changes, before and after, outside the caseload.

A saving is never stated here: the portfolio finds it by running both worlds and subtracting.
"""

from model.case import words
from model.case.records import SchemeSpec
from model.schemes.agency import Agency
from model.schemes.base import Scheme
from model.schemes.cost_or_saving import CostOrSaving
from model.schemes.entry_reduction import EntryReductionScheme
from model.schemes.establishment import Establishment
from model.schemes.fostering import FosteringGrowth
from model.schemes.placements import OwnHomes, PlacementStability, PriceChange, SoonerOutScheme
from model.schemes.setting import Setting

KINDS: dict[str, type[Scheme]] = {
    words.FOSTERING_GROWTH: FosteringGrowth,
    words.ENTRY_REDUCTION: EntryReductionScheme,
    words.ESTABLISHMENT: Establishment,
    words.AGENCY: Agency,
    words.FIXED_COST: CostOrSaving,
    words.COST_OR_SAVING: CostOrSaving,
    words.OWN_HOMES: OwnHomes,
    words.STEP_DOWN: SoonerOutScheme,
    words.LEAVING_SOONER: SoonerOutScheme,
    words.PRICE_CHANGE: PriceChange,
    words.STABILITY: PlacementStability,
}


def make_scheme(spec: SchemeSpec) -> Scheme:
    """Return the scheme that a declaration describes."""
    return KINDS[spec.kind](spec=spec)


__all__ = ["KINDS", "Scheme", "Setting", "make_scheme"]
