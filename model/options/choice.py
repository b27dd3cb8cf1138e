"""Which option: each against the next by cost, how sure it is that one is best, and what is worth knowing before."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One option, by cost, against the last before it that is not struck out. Pounds of present value.

    `struck_out`: why it is no choice on money, empty = it is. Increments are nan where there is nothing to compare
    with; a ratio is nan where nothing more is spent.
    """

    option: str
    cost: float
    npv: float
    child_years: float
    against: str = ""
    more_npv: float = np.nan
    more_bcr: float = np.nan
    cost_per_child_year: float = np.nan
    struck_out: str = ""


def incremental(cost: Mapping[str, float], npv: Mapping[str, float], child_years: Mapping[str, float]) -> list[Step]:
    """Return the options by cost, each against the next: benefit-cost ratio = more saved / more spent.

    Struck out: an option that costs no less than another and saves no more (dominated); and one whose next pound saves
    less than the next pound of a dearer option, so that a mix of its neighbours would save more for its cost (extended
    domination, as in the appraisal of health care). What it saves is its NPV and its cost.
    """
    saved = {name: npv[name] + cost[name] for name in cost}
    order = sorted(cost, key=lambda name: (cost[name], -saved[name]))
    out = {name: why for name in order if (why := _dominator(name, order, saved))}
    left = [name for name in order if name not in out]
    while weak := _weakest(left, cost, saved):
        out[weak] = "a mix of its neighbours saves more for its cost"
        left.remove(weak)
    steps = [
        Step(option=n, cost=cost[n], npv=npv[n], child_years=child_years[n], struck_out=out.get(n, "")) for n in order
    ]
    before = {b: a for a, b in itertools.pairwise([step for step in steps if not step.struck_out])}
    return [_against(step, before[step]) if step in before else step for step in steps]


def _dominator(name: str, order: Sequence[str], saved: Mapping[str, float]) -> str:
    """Return why an option is dominated: the cheapest that saves no less, of two alike the first."""
    for other in order[: order.index(name)]:
        if saved[other] >= saved[name]:
            return f"{other} costs no more and saves no less"
    return ""


def _weakest(left: Sequence[str], cost: Mapping[str, float], saved: Mapping[str, float]) -> str:
    """Return the first option whose next pound saves less than that of the option after it; empty if none."""
    rate = [(saved[b] - saved[a]) / (cost[b] - cost[a]) for a, b in itertools.pairwise(left)]
    return next((left[i + 1] for i in range(len(rate) - 1) if rate[i] < rate[i + 1]), "")


def _against(own: Step, before: Step) -> Step:
    spent, gained, fewer = own.cost - before.cost, own.npv - before.npv, own.child_years - before.child_years
    return replace(
        own, against=before.option, more_npv=gained, more_bcr=(gained + spent) / spent if spent > 0 else np.nan,
        cost_per_child_year=spent / fewer if fewer > 0 else np.nan,
    )  # fmt: skip


def chance_best(npv: Floats) -> Floats:
    """Return each option's share of the draws in which it has the largest NPV, (options,): they add up to 1.

    Options that are equally good in a draw share it. `npv` (options, draws).
    """
    best = npv == npv.max(axis=0)
    return np.asarray((best / best.sum(axis=0)).mean(axis=1))


def expected_regret(npv: Floats) -> Floats:
    """Return how far each option falls short of the best of its draw, on average, (options,). `npv` (options, draws).

    The least of them is the option with the best mean, and is what knowing everything would be worth, chance included.
    """
    return np.asarray((npv.max(axis=0) - npv).mean(axis=1))
