"""Who earned it: the joint result shared out among the schemes that meet on the caseload.

`worth` is a callable from a set of schemes to what they do together, in every draw (pounds, shape (draws,)). The
Shapley value of a scheme is its mean contribution over all orders in which the schemes could be started; it does not
depend on an order, and the values of all schemes sum to the joint result. The waterfall takes one causal order.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case.draws import Draws
from model.case.records import Case
from model.money.appraisal import npv_evaluator
from model.money.portfolio import members_of

Floats = NDArray[np.float64]
Worth = Callable[[frozenset[str]], Floats]

MOST_SCHEMES: Final = 8  # 2^8 subsets; beyond it an exact Shapley value costs too many runs
ON_THE_CASELOAD: Final = (
    "entry_reduction", "leaving_sooner", "step_down", "fostering_growth", "own_homes", "price_change",
    "placement_stability", "cost_or_saving",
)  # fmt: skip
CAUSAL_ORDER: Final = (*ON_THE_CASELOAD, "fixed_cost", "establishment", "agency")


def shapley(worth: Worth, schemes: Sequence[str]) -> dict[str, Floats]:
    """Return each scheme's Shapley value in every draw; they sum to worth(all) - worth(none).

    Exact: `worth` is asked once for each of the 2^n subsets. Raises ValueError beyond eight schemes.
    """
    n = len(schemes)
    if n > MOST_SCHEMES:
        raise ValueError(
            f"an exact Shapley value takes at most {MOST_SCHEMES} schemes, not {n}: give only those that meet on the "
            "caseload (the others add up by themselves)"
        )
    known = {subset: np.asarray(worth(subset), dtype=np.float64) for subset in _subsets(schemes)}
    return {
        scheme: np.sum(
            [
                (known[others | {scheme}] - known[others]) / (n * math.comb(n - 1, len(others)))
                for others in _subsets([s for s in schemes if s != scheme])
            ],
            axis=0,
        )
        for scheme in schemes
    }


def waterfall(worth: Worth, schemes: Sequence[str]) -> dict[str, Floats]:
    """Return what each scheme adds when started after those before it in `schemes`, in every draw.

    The steps sum to worth(all) - worth(none).
    """
    reached = [worth(frozenset(schemes[:i])) for i in range(len(schemes) + 1)]
    return dict(zip(schemes, np.diff(reached, axis=0), strict=True))


def to_the_penny(parts: dict[str, Floats], joint: Floats) -> dict[str, Floats]:
    """Return the parts rounded to whole pennies so that in every draw they sum to `joint`, itself rounded.

    The pennies left over by rounding down go to the largest remainders. Parts must sum to `joint` within a penny each.
    """
    exact = np.array(list(parts.values())) * 100
    floor = np.floor(exact)
    spare = np.rint(joint * 100) - floor.sum(axis=0)
    rank = np.argsort(np.argsort(-(exact - floor), axis=0, kind="stable"), axis=0)
    whole, odd = np.divmod(spare, len(parts))
    pennies = floor + whole + (rank < odd)
    if np.abs(pennies - exact).max(initial=0) > 2:
        raise ValueError("the parts do not sum to the joint result; they must differ by rounding alone")
    return {name: row / 100 for name, row in zip(parts, pennies, strict=True)}


def meeting_schemes(case: Case) -> tuple[str, ...]:
    """Return the active schemes that act on the shared caseload, in causal order: demand, then where children live."""
    return tuple(s for s in causal_order(case) if case.scheme(s).kind in ON_THE_CASELOAD)


def causal_order(case: Case) -> tuple[str, ...]:
    """Return the active schemes by what comes first: demand, placement mix, unit cost, workforce; ties as declared."""
    rank = {kind: i for i, kind in enumerate(CAUSAL_ORDER)}
    ordered = sorted(case.active_schemes, key=lambda spec: rank.get(spec.kind, len(rank)))
    return tuple(spec.name for spec in ordered)


def _subsets(schemes: Sequence[str]) -> list[frozenset[str]]:
    return [frozenset(c) for size in range(len(schemes) + 1) for c in itertools.combinations(schemes, size)]


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Who earned a perimeter's NPV: scheme -> pounds (draws,). `shapley` and `steps` each sum to `joint` in every draw.

    Schemes outside `meeting` add up by themselves: their part is their own NPV on both counts.
    """

    perimeter: str
    meeting: tuple[str, ...]
    shapley: Mapping[str, Floats]
    steps: Mapping[str, Floats]
    joint: Floats


def attribute(
    case: Case, draws: Draws, perimeter: str, *, threads: int = 1, known: Mapping[str, Floats] | None = None
) -> Attribution:
    """Share out the NPV of a perimeter among its schemes, to the penny in every draw.

    Every subset of the schemes that meet on the caseload is run on the same draws (2,000 are enough), unless it is a
    perimeter whose NPVs on these very draws are `known` (a run has them: perimeter -> pounds (draws,)). Raises
    ValueError where more than eight meet.
    """
    members = acting_members(case)
    meeting = tuple(name for name in members[perimeter] if name in meeting_schemes(case))
    alone = [name for name in members[perimeter] if name not in meeting]
    whole = frozenset(members[perimeter])
    npv = {frozenset(members[name]): values for name, values in (known or {}).items() if name in members}
    npv[frozenset()] = np.zeros(draws.n)
    wanted = [*_subsets(meeting), *(frozenset({name}) for name in alone), whole]
    missing = {"+".join(sorted(subset)): subset for subset in wanted if subset not in npv}
    if missing:
        found = npv_evaluator(case, {name: tuple(subset) for name, subset in missing.items()}, threads=threads)(draws)
        npv |= {subset: found[name] for name, subset in missing.items()}
    own, joint = {name: npv[frozenset({name})] for name in alone}, np.rint(npv[whole] * 100) / 100
    return Attribution(
        perimeter=perimeter,
        meeting=meeting,
        shapley=to_the_penny(shapley(npv.__getitem__, meeting) | own, joint),
        steps=to_the_penny(waterfall(npv.__getitem__, meeting) | own, joint),
        joint=joint,
    )


def acting_members(case: Case) -> dict[str, tuple[str, ...]]:
    """Return perimeter -> its schemes that act in this scenario, in causal order."""
    order = causal_order(case)
    return {name: tuple(n for n in order if n in members) for name, members in members_of(case).items()}
