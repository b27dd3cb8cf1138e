"""From plan to outturn in pounds of cash, cause by cause, to the penny.

The order is stated, and is the order of `CAUSES`. A cause is a group of assumptions: one after another they go from
the plan's central values to what has been learnt or, where it was counted, to what was counted (`counted`). Each step
is what that moves, on average over what is now likely; a step whose range holds nought cannot be told from chance, and
what nothing was learnt of stays as planned. Inflation is what is stated of it: prices in general first, then what each
price rose above them. Then the children as they were counted by placement replace those modelled (mix), in both
worlds alike, and what the ledger shows beside is the residual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from model.case.draws import central, with_values
from model.case.measures import COST, LOOKED_AFTER, SPEND
from model.case.parameters import PLACEMENTS
from model.results.annual import tidy_frame
from model.results.perimeters import members
from model.tracking.counted import GROWTH, LEVEL
from model.tracking.evidence import ERROR

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from model.case.draws import Draws
    from model.tracking.counted import Counted
    from model.tracking.evidence import Evidence
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
class Known:
    """What was counted beside the model: children by placement over those modelled, and what the ledger shows.

    `ratio` (months, placements); `residual`: pounds by `net` and `spending`.
    """

    ratio: Floats
    residual: Mapping[str, float]


def bridge(evidence: Evidence, learnt: Learnt, counted: Counted, perimeter: str) -> pd.DataFrame:
    """Return plan, causes and outturn of the net position and of all spending since the start, cash.

    Net: positive favours the council. Spending: what children and schemes cost with the schemes, negative. Within each
    the plan and all steps sum to the outturn to the penny. `told`: whether nought lies outside the step's p10 to p90.
    """
    draws, groups = counted.draws, _groups(learnt, counted.names)
    plan = with_values(
        central(evidence.case), {n: np.full(draws.n, a.value) for n, a in evidence.case.assumptions.items()}
    )
    on, now = plan, _pounds(evidence, plan, perimeter, as_planned=True)
    steps = {of: [(PLAN, amount[:1])] for of, amount in now.items()}
    for name in (TIMING, VOLUME, INFLATION, PRICES, EFFECT, STAFFING, MIX):
        before, on = now, with_values(on, {assumption: draws[assumption] for assumption in groups[name]})
        if groups[name] or name == INFLATION:
            now = _pounds(evidence, on, perimeter, as_planned=CAUSES.index(name) < CAUSES.index(INFLATION))
        for of in now:
            steps[of].append((name, now[of] - before[of]))
    known = _known(evidence, on)
    for of, remixed in _remixed(evidence, on, known, perimeter).items():
        steps[of][-1] = (MIX, steps[of][-1][1] + remixed)
        steps[of].append((RESIDUAL, np.full(1, known.residual[of])))
    return tidy_frame(COLUMNS, [row for of, found in steps.items() for row in _rows(of, found)])


def _rows(of: str, steps: list[tuple[str, Floats]]) -> list[dict[str, object]]:
    values = [round(float(amount.mean()), 2) for _, amount in steps]
    rows: list[dict[str, object]] = []
    for i, ((name, amount), value) in enumerate(zip(steps, values, strict=True)):
        slack = ERROR * abs(value) if amount.std() > 0 else 0.0  # draws that were moved are right to within so much
        low, high = (np.quantile(amount, [0.1, 0.9]) + np.array([-slack, slack])).round(2)
        rows.append({"of": of, "position": i, "step": name, "value_gbp": value, "p10_gbp": low, "p90_gbp": high,
                     "told": bool(low * high > 0)})  # fmt: skip
    total = round(sum(round(value * 100) for value in values) / 100, 2)
    return [*rows, {"of": of, "position": len(rows), "step": OUTTURN, "value_gbp": total, "p10_gbp": total,
                    "p90_gbp": total, "told": True}]  # fmt: skip


def _groups(learnt: Learnt, counted: frozenset[str]) -> dict[str, list[str]]:
    """Return cause -> its assumptions: all of the schemes' own, and those outside that something is known of."""
    named = {name: cause(name) for name in dict.fromkeys([LEVEL, GROWTH, *learnt.places, *counted]) if cause(name)}
    own, told = {TIMING, EFFECT, MIX}, counted | set(learnt.learnt)
    return {group: [n for n, g in named.items() if g == group and (g in own or n in told)] for group in CAUSES}


def _pounds(evidence: Evidence, draws: Draws, perimeter: str, *, as_planned: bool) -> dict[str, Floats]:
    """Return the net position of a perimeter and all spending with its schemes since the start, cash, (draws,)."""
    world = evidence.world(draws, as_planned=as_planned)
    evaluation = world.evaluation
    names = members(evidence.case, perimeter)
    own = sum((evaluation.schemes[n].costs(evaluation.setting).net(*evaluation.setting.shape) for n in names),
              np.zeros(evaluation.setting.shape))  # fmt: skip
    spending = own - evaluation.total_spending(names)
    return {NET: (evaluation.net(names) * world.level).sum(axis=0), SPENDING: (spending * world.level).sum(axis=0)}


def _known(evidence: Evidence, draws: Draws) -> Known:
    """Return what was counted beside the model, once everything else is as it has been learnt."""
    world = evidence.world(draws)
    ratio = np.ones((evidence.months, len(PLACEMENTS)))
    residual = dict.fromkeys((NET, SPENDING), 0.0)
    for i, placement in enumerate(PLACEMENTS):
        name = f"{LOOKED_AFTER}.{placement}"
        seen = [(o.after - 1, o.actual.value / max(float(o.modelled(world[name]).mean()), 1e-9))
                for o in evidence.of(name)]  # fmt: skip
        if seen:  # between two counts in a straight line, and from as modelled at the start
            months, ratios = zip((-1, 1.0), *seen, strict=True)
            ratio[:, i] = np.interp(np.arange(evidence.months, dtype=float), months, ratios)
    for o in evidence.observations:
        base, _, scope = o.name.partition(".")
        at = ratio[:, PLACEMENTS.index(scope)] if base == SPEND and scope else 1.0
        if base == SPEND or scope == COST:
            over = o.actual.value - float(o.modelled(world[o.actual.name] * np.reshape(at, (-1, 1))).mean())
            residual[SPENDING] -= over
            residual[NET] -= over if scope == COST else 0.0
    return Known(ratio=ratio, residual=residual)


def _remixed(evidence: Evidence, draws: Draws, known: Known, perimeter: str) -> dict[str, Floats]:
    """Return what the children as counted move, in both worlds alike, (draws,)."""
    world: Modelled = evidence.world(draws)
    evaluation, names = world.evaluation, members(evidence.case, perimeter)
    more = (known.ratio - 1)[:, :, None] * evaluation.monthly_prices * world.level[:, :, None]
    without, seen = evaluation.world().mean_stock, evaluation.world(names).mean_stock
    return {
        NET: (more * (without - seen)).sum(axis=(0, 1)),
        SPENDING: -(more * seen).sum(axis=(0, 1)),
    }
