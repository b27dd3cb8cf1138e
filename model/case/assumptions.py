"""One named number: value, range, unit, price base, source, and how sure we are of it."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from model.case import cells
from model.case.columns import need, spare
from model.case.units import UNITS
from model.case.words import DISTRIBUTIONS, FIXED, RATINGS

RATING: Final = cells.one_of(RATINGS)


@dataclass(frozen=True, kw_only=True)
class Assumption:
    """A row of `assumptions.csv`, already in the case's own price base.

    `low` and `high` mean what `distribution` says: minimum and maximum (uniform, pert), or P10 and P90 (normal,
    lognormal, beta). A fixed assumption has low = high = value. `value_as_stated` is the value before it was brought
    to the case's price base (the same where the unit is not money).
    """

    name: str = need(cells.name, "`group.name`; a scheme's assumptions begin with the scheme's name.")
    value: float = need(cells.number, "The central value.")
    low: float = spare(cells.number, "The low end of the range; `distribution` says what that means.")
    high: float = spare(cells.number, "The high end of the range.")
    distribution: str = spare(cells.word(DISTRIBUTIONS, "a distribution"), "What the range means: see below.", FIXED)
    unit: str = need(cells.word(UNITS, f"one of the units {', '.join(UNITS)}"), "What the number counts: see below.")
    price_base: str = spare(
        cells.financial_year,
        "For money, the financial year of its prices. It is brought to the case's.",
    )
    source: str = need(cells.text, "Where it is from: a paragraph, a table, or Judgement.")
    as_at: date | None = spare(
        cells.day,
        "The day it was true or known; in the base scenario never after the case's `knowledge_date`.",
    )
    quality: str = need(
        RATING, "green: measured here or official. amber: measured elsewhere, old or indirect. red: no good source."
    )
    impact: str = spare(
        RATING,
        "How far it moves the NPV of invest to save or the whole, in all or in cash, between low and high: red "
        "£1m or more, amber £0.25m, green less. `check --impact` works it out.",
    )
    owner: str = spare(cells.text, "The role that answers for it.")
    note: str = spare(cells.text, "What it is and why this number, in plain words.")
    label: str = spare(cells.text, "Its name for people; empty = the words here. A name of the case's own needs one.")
    value_as_stated: float


class Assumptions(dict[str, Assumption]):
    """Assumptions by name, in the order of the file; a notebook shows them as a table."""
