"""The perimeters a headline stands in, and which schemes each holds."""

from model.case.records import Case
from model.case.words import WHOLE


def shown_perimeters(case: Case) -> tuple[str, ...]:
    """Return the perimeters every headline stands in: each invest-to-save scheme, all of them together, the whole.

    A scheme the scenario leaves out, and a group of fewer than two acting schemes, would repeat another column or be
    empty: they are left out.
    """
    active = {spec.name for spec in case.active_schemes}
    named = [n for group in case.perimeters.values() for n in group if n in active]
    groups = [name for name, members in case.perimeters.items() if len(active & set(members)) > 1]
    return (*dict.fromkeys(named), *groups, WHOLE)


def main_perimeter(case: Case) -> str:
    """Return the perimeter of all invest-to-save schemes; of the only one that acts; of the whole where none does."""
    shown = shown_perimeters(case)
    return next((p for p in case.perimeters if p in shown), shown[0])


def members(case: Case, perimeter: str) -> tuple[str, ...]:
    """Return the active schemes inside a perimeter."""
    active = tuple(spec.name for spec in case.active_schemes)
    if perimeter == WHOLE:
        return active
    inside = case.perimeters.get(perimeter, (perimeter,))
    return tuple(name for name in active if name in inside)


def choices(case: Case) -> tuple[str, ...]:
    """Return what is decided among, besides doing nothing: each scheme of the main perimeter alone, or all of them."""
    main = main_perimeter(case)
    return tuple(dict.fromkeys((*members(case, main), main)))
