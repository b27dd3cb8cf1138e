"""What the children of a world cost by line: bought places at prices in force, own homes, what goes with a child.

Prices, beds and moves belong to a world like its children do: two schemes that meet here never claim the same pound.
Own homes hold no more children than are in homes in the same world.
"""

from collections.abc import Collection, Mapping
from typing import Final

import numpy as np

from model.case.parameters import PLACEMENT_LINES
from model.children.law import RESIDENTIAL, Floats
from model.schemes.base import Terms

HOMES: Final = "Own children's homes"


def placement_spending(
    children: Floats, monthly_prices: Floats, terms: Mapping[str, Terms], acting: Collection[str]
) -> dict[str, Floats]:
    """Return line -> pounds, (months, draws), positive. `children` and `monthly_prices` (months, placements, draws).

    `terms` are those of every scheme of the case, `acting` the schemes of this world. Bought = children - min(own beds,
    children in homes); a placement's line = bought x price x what each acting scheme leaves of it.
    """
    now = [terms[name] for name in terms if name in acting]
    homes = [t.homes for t in now if t.homes is not None]
    bought = children
    if homes:
        bought = children.copy()
        bought[:, RESIDENTIAL] -= np.minimum(sum(beds for beds, _ in homes), children[:, RESIDENTIAL])
    cost = bought * monthly_prices
    for own in now:
        for at, left in own.price_left.items():
            cost[:, at] *= left
    lines = {line: cost[:, i] for i, line in enumerate(PLACEMENT_LINES.values())}
    nothing = np.zeros_like(cost[:, 0])
    if any(t.homes for t in terms.values()):
        lines[HOMES] = sum((running for _, running in homes), nothing)
    for name, own in terms.items():
        for line, (without, with_scheme) in own.per_child.items():
            each = with_scheme if name in acting else without
            lines[line] = lines.get(line, nothing) + each * children[:, own.of].sum(axis=1)
    return lines
