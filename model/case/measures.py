"""What can be tracked: the measures for which the model itself has a value, by name, and the unit of each.

A measure of `actuals.csv` with a scope is known as `measure.scope`: `children_looked_after.residential`. A formula of
`benefits.csv` reads the same names, and with `do_nothing.` or `impact.` in front those of the other worlds.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from model.case.parameters import AGE_BANDS, PLACEMENTS, SPLIT_AGE_BANDS
from model.case.words import DO_NOTHING, ENTRY_REDUCTION, FOSTERING_GROWTH, IMPACT, WHOLE

STARTED, CEASED, LOOKED_AFTER = "children_started", "children_ceased", "children_looked_after"
NIGHTS, SPEND, PRICE = "bed_nights", "spend", "weekly_price"
INFLATION: Final = "inflation"
"""What prices in general rose by in a financial year, once known. The model takes it as it is: nothing explains it."""
OTHER_WORLDS: Final = (DO_NOTHING, IMPACT)
AT_HOME: Final = {f"at_home_after_{months}_months_share": months for months in (3, 6, 12)}
COST, POSTS = "cost", "posts_filled_share"
HOUSEHOLDS, APPROVED, FILLED = "households_added", "places_approved", "places_filled"
SERVED, KEPT = "children_served", "children_kept_at_home"
MONEY: Final = ("net", "cashable", "avoided", "invested")
OF_KIND: Final = {
    FOSTERING_GROWTH: {HOUSEHOLDS: "households", APPROVED: "places", FILLED: "children"},
    ENTRY_REDUCTION: {SERVED: "children", KEPT: "children", **dict.fromkeys(AT_HOME, "share")},
}
"""Measures of one scheme by its kind, named `<scheme>.<measure>`; every scheme has its cost and its posts besides."""
PRINTED_UNITS: Final = ("per cent", "places", "cases/worker", "nights")
"""Units of an actual beside those an assumption may have."""


def modelled(kinds: Mapping[str, str], perimeters: Iterable[str]) -> dict[str, str]:
    """Return every modelled measure and its unit. `kinds`: scheme -> its kind."""
    ages = (*AGE_BANDS, *SPLIT_AGE_BANDS)
    counts = {STARTED: "children", CEASED: "children", LOOKED_AFTER: "children", NIGHTS: "nights", SPEND: "GBP"}
    counts |= {f"{STARTED}.{age}": "children" for age in ages}
    counts |= {f"{name}.{p}": counts[name] for name in (LOOKED_AFTER, NIGHTS, SPEND) for p in PLACEMENTS}
    names = counts | {f"{world}.{name}": unit for world in OTHER_WORLDS for name, unit in counts.items()}
    names |= {f"{PRICE}.{p}": "GBP/week" for p in PLACEMENTS}
    names |= {f"{money}.{p}": "GBP" for money in MONEY for p in dict.fromkeys([*kinds, *perimeters, WHOLE])}
    for scheme, kind in kinds.items():
        own = {COST: "GBP", POSTS: "share", **OF_KIND.get(kind, {})}
        names |= {f"{scheme}.{name}": unit for name, unit in own.items()}
    return names
