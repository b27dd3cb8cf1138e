"""The schemes a case can contain. Each says what it changes in the caseload and what it costs.

A scheme is a frozen dataclass made from its declaration (`SchemeSpec`), with

* `reductions(world)` and `places(world)`: the levers it pulls in the shared caseload;
* `costs(world)`: its own spending, as investment lines;
* `spending(world)`: spending lines of the do-nothing world that it changes, before and after, outside the caseload.

A saving is never stated here: the portfolio finds it by running both worlds and subtracting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.case import words
from model.schemes.agency import Agency
from model.schemes.base import Scheme, Setting
from model.schemes.entry_reduction import EntryReductionScheme
from model.schemes.establishment import Establishment
from model.schemes.fostering import FosteringGrowth

if TYPE_CHECKING:
    from model.case.records import SchemeSpec

KINDS: dict[str, type[Scheme]] = {
    words.FOSTERING_GROWTH: FosteringGrowth,
    words.ENTRY_REDUCTION: EntryReductionScheme,
    words.ESTABLISHMENT: Establishment,
    words.AGENCY: Agency,
    words.FIXED_COST: Scheme,
}


def make_scheme(spec: SchemeSpec) -> Scheme:
    """Return the scheme that a declaration describes."""
    return KINDS[spec.kind](spec=spec)


__all__ = ["KINDS", "Scheme", "Setting", "make_scheme"]
