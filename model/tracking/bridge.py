"""From plan to outturn in pounds of cash, cause by cause, to the penny.

The order is stated, and is the order of `CAUSES`. A cause is a group of assumptions: one after another they go from
the plan's central values to what has been learnt or, where it was counted, to what was counted (`counted`). Each step
is what that moves, on average over what is now likely; a step whose range holds nought cannot be told from chance, and
what nothing was learnt of stays as planned. Inflation is what is stated of it: prices in general first, then what each
price rose above them. Then the children as they were counted by placement replace those modelled (mix), in both
worlds alike, and what the ledger shows beside is the residual.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.case.draws import central, with_values
from model.case.measures import COST, LOOKED_AFTER, SPEND
from model.case.parameters import PLACEMENTS
from model.results.perimeters import members
from model.tracking.counted import GROWTH, LEVEL, Counted
from model.tracking.evidence import ERROR, Evidence
from model.tracking.learning import Learnt
from model.tracking.measured import Modelled

Floats = NDArray[np.float64]

PLAN, OUTTURN = "plan", "outturn"
TIMING, VOLUME, INFLATION, PRICES, EFFECT, STAFFING, MIX, RESIDUAL = CAUSES = (
    "timing", "volume", "inflation", "price above inflation", "effect", "staffing", "mix", "residual",
)  # fmt: skip
NET, SPENDING = "net", "spending"
COLUMNS: Final = ("of", "position", "step", "value_gbp", "p10_gbp", "p90_gbp", "told")
_LATE: Final = ("delay", "ramp_months", "approval_lag", "recruitment_months", "managed_teams_end_months",
                "cover_end_months", "months_to_fill")  # fmt: skip
_STAFF: Final = ("caseworkers", "premium", "managed_teams_cost", "cover_cost_annual", "cost_annual", "cost_daily")


def cause(name: str) -> str:
    """Return the cause that an assumption belongs to; nothing for one that is no cause (a reserve, a budget)."""
    first, _, rest = name.partition(".")
    groups = {
        "caseload": VOLUME, "price": PRICES, "cost": PRICES, "establishment": STAFFING, "capacity": STAFFING,
        "growth": STAFFING if rest == "pay_real_annual" else PRICES,
    }  # fmt: skip
    if rest in _LATE:
        return TIMING
    if first in groups:
        return groups[first]
    if first in {"appraisal", "borrowing", "cashable", "funding", "loan", "partner", "reserve"}:
        return ""
    return STAFFING if rest in _STAFF else MIX if rest.startswith(("weight_", "transferring")) else EFFECT


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """How a plan became what has come of it so far.

    `steps`: COLUMNS, from plan to outturn of the net position and of all spending. `world`: the schemes and the
    children as they have been counted or learnt. `beside`: of `net` and `spending`, in pounds, what children counted
    by placement move that this world does not, and what the ledger shows beside it (the residual), (draws,) together.
    """

    steps: pd.DataFrame
    world: Modelled
    beside: Mapping[str, Floats]


def bridge(evidence: Evidence, learnt: Learnt, counted: Counted, perimeter: str) -> Bridge:
    """Return plan, causes and outturn of the net position and of all spending since the start, cash.

    Net: positive favours the council. Spending: what children and schemes cost with the schemes, negative. Within each
    the plan and all steps sum to the outturn to the penny. `told`: whether nought lies outside the step's p10 to p90.
    """
    draws, groups = counted.draws, _groups(learnt, counted.names)
    on = with_values(
        central(evidence.case), {n: np.full(draws.n, a.value) for n, a in evidence.case.assumptions.items()}
    )
    world = evidence.world(on, as_planned=True)
    now = _pounds(world, perimeter)
    steps = {of: [(PLAN, amount[:1])] for of, amount in now.items()}
    for name in CAUSES[:-1]:
        before, on = now, with_values(on, {assumption: draws[assumption] for assumption in groups[name]})
        if groups[name] or name == INFLATION:
            world = evidence.world(on, as_planned=CAUSES.index(name) < CAUSES.index(INFLATION))
            now = _pounds(world, perimeter)
        for of in now:
            steps[of].append((name, now[of] - before[of]))
    ratio = _counted_over_modelled(evidence, world)
    remixed, residual = _remixed(world, ratio, perimeter), _residual(evidence, world, ratio)
    for of, amount in remixed.items():
        steps[of][-1] = (MIX, steps[of][-1][1] + amount)
        steps[of].append((RESIDUAL, residual[of]))
    frame = pd.DataFrame([row for of, found in steps.items() for row in _rows(of, found)], columns=list(COLUMNS))
    return Bridge(steps=frame, world=world, beside={of: remixed[of] + residual[of] for of in remixed})


def _rows(of: str, steps: list[tuple[str, Floats]]) -> list[tuple[object, ...]]:
    values = [round(float(amount.mean()), 2) for _, amount in steps]
    rows: list[tuple[object, ...]] = []
    for i, ((name, amount), value) in enumerate(zip(steps, values, strict=True)):
        slack = ERROR * abs(value) if amount.std() > 0 else 0.0  # draws that were moved are right to within so much
        low, high = (np.quantile(amount, [0.1, 0.9]) + np.array([-slack, slack])).round(2)
        rows.append((of, i, name, value, low, high, bool(low * high > 0)))
    total = round(sum(round(value * 100) for value in values) / 100, 2)
    return [*rows, (of, len(rows), OUTTURN, total, total, total, True)]


def _groups(learnt: Learnt, counted: frozenset[str]) -> dict[str, list[str]]:
    """Return cause -> its assumptions: all of the schemes' own, and those outside that something is known of."""
    named = {name: cause(name) for name in dict.fromkeys([LEVEL, GROWTH, *learnt.places, *counted]) if cause(name)}
    own, told = {TIMING, EFFECT, MIX}, counted | set(learnt.learnt)
    return {group: [n for n, g in named.items() if g == group and (g in own or n in told)] for group in CAUSES}


def _pounds(world: Modelled, perimeter: str) -> dict[str, Floats]:
    """Return the net position of a perimeter and all spending with its schemes since the start, cash, (draws,)."""
    evaluation, names = world.evaluation, members(world.evaluation.case, perimeter)
    own = sum((evaluation.schemes[n].costs(evaluation.setting).net(*evaluation.setting.shape) for n in names),
              np.zeros(evaluation.setting.shape))  # fmt: skip
    spending = own - evaluation.total_spending(names)
    return {NET: (evaluation.net(names) * world.level).sum(axis=0), SPENDING: (spending * world.level).sum(axis=0)}


def _counted_over_modelled(evidence: Evidence, world: Modelled) -> Floats:
    """Return children as counted over those modelled, by placement, (months, placements); 1 where none were counted.

    Between two counts in a straight line, and from as modelled at the start.
    """
    ratio = np.ones((evidence.months, len(PLACEMENTS)))
    for i, placement in enumerate(PLACEMENTS):
        name = f"{LOOKED_AFTER}.{placement}"
        seen = [(o.after - 1, o.actual.value / max(float(o.modelled(world[name]).mean()), 1e-9))
                for o in evidence.of(name)]  # fmt: skip
        months, ratios = zip((-1, 1.0), *seen, strict=True)
        ratio[:, i] = np.interp(np.arange(evidence.months, dtype=float), months, ratios)
    return ratio


def _residual(evidence: Evidence, world: Modelled, ratio: Floats) -> dict[str, Floats]:
    """Return what the ledger shows beside the model once everything else is as it has been learnt, (draws,).

    An amount in a ledger is right to within ERROR, in all its months alike.
    """
    n = world.evaluation.draws.n
    over, rng = {NET: np.zeros(n), SPENDING: np.zeros(n)}, np.random.default_rng(n)
    errors: dict[str, Floats] = defaultdict(lambda: ERROR * rng.standard_normal(n))
    for o in evidence.observations:
        base, _, scope = o.name.partition(".")
        if base == SPEND or scope == COST:
            at = ratio[:, PLACEMENTS.index(scope)] if base == SPEND and scope else np.ones(evidence.months)
            error = errors[o.name] - errors[o.name].mean()
            more = o.actual.value * (1 + error) - o.modelled(world[o.actual.name] * at[:, None])
            over[SPENDING] -= more
            over[NET] -= more if scope == COST else 0.0
    return over


def _remixed(world: Modelled, ratio: Floats, perimeter: str) -> dict[str, Floats]:
    """Return what the children as counted move, in both worlds alike, (draws,)."""
    evaluation = world.evaluation
    more = (ratio - 1)[:, :, None] * evaluation.monthly_prices * world.level[:, :, None]
    seen = evaluation.world(members(evaluation.case, perimeter)).mean_stock
    return {
        NET: (more * (evaluation.world().mean_stock - seen)).sum(axis=(0, 1)),
        SPENDING: -(more * seen).sum(axis=(0, 1)),
    }
