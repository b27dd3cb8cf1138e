"""What schemes at some scale do to a council's money: the case with larger or smaller teams, run on the same draws.

A scheme's cost splits in three. Fixed: the stated share of its posts and its yearly cost, whatever the scale. Per
worker: the rest of them. Per place: what follows the households a fostering team finds (approval, supervision). Its
effect is what the model makes of the larger team: reach ends at the children on the edge of care, new places fill no
faster than children come into care, and posts fill by the recruitment curve.

What other public bodies save as children are out of care stands beside, never in the council's own figures.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case.draws import Draws, part_of, with_values
from model.case.options import Scalable
from model.case.records import Case
from model.case.reference import SocialValue
from model.case.rows import Post
from model.case.timeline import MONTHS_A_YEAR
from model.case.units import to_price_base
from model.case.words import AVOIDANCE, CASHABLE, ENTRY_REDUCTION, FOSTERING_GROWTH, INCOME, INVESTMENT
from model.money.appraisal import BLOCK, discount_factors, each
from model.money.portfolio import Evaluation, evaluate

Floats = NDArray[np.float64]

PER_WORKER: Final = {
    FOSTERING_GROWTH: ("households", "approvals_annual", "households_supervised_by_team", "constellations"),
    ENTRY_REDUCTION: ("caseworkers",),
}
"""Kind -> the assumptions that are as many times what is stated as the scheme is large."""
YEARLY: Final = ("cost_annual", "cost_daily")
CHILD_YEAR: Final = "child_year"


@dataclass(frozen=True)
class Flows:
    """What some schemes do, real pounds, positive for the council, (months, draws).

    `factors` (months,) discount them. `child_years` (months, draws): fewer children in care, as a share of a year;
    `kept_out` (months, draws): children who do not come into care.
    """

    factors: Floats
    investment: Floats
    cashable: Floats
    avoided: Floats
    child_years: Floats
    kept_out: Floats

    @property
    def net(self) -> Floats:
        """Everything, (months, draws)."""
        return self.investment + self.cashable + self.avoided

    def worth(self, amount: Floats) -> Floats:
        """Present value of an amount by month, (draws,)."""
        return np.asarray(self.factors @ amount)

    @property
    def npv(self) -> Floats:
        """Net present value, (draws,)."""
        return self.worth(self.net)

    @property
    def npv_cashable(self) -> Floats:
        """Net present value of what leaves a budget, (draws,)."""
        return self.worth(self.investment + self.cashable)

    @property
    def cost(self) -> Floats:
        """Present value of what is spent, positive, (draws,)."""
        return -self.worth(self.investment)


def at_scale(case: Case, scales: Mapping[str, float], scalable: Iterable[Scalable]) -> Case:
    """Return the case in which exactly these schemes act, their posts as many as their scale says."""
    fixed = {one.name: one.fixed_share for one in scalable}
    factor = {name: cost_factor(scale, fixed.get(name, 0.0)) for name, scale in scales.items()}
    return replace(
        case,
        schemes=tuple(replace(spec, active=scales.get(spec.name, 0) > 0) for spec in case.schemes),
        establishment=tuple(times(post, factor.get(post.charged_to, 1.0)) for post in case.establishment),
    )


def cost_factor(scale: float, fixed_share: float) -> float:
    """Return what a team at a scale costs over what it costs at scale 1: fixed + (1 - fixed) x scale; 0 at 0."""
    return fixed_share + (1 - fixed_share) * scale if scale > 0 else 0.0


def times(post: Post, factor: float) -> Post:
    """Return a row of the establishment so many times; a memo row's money moves as its own."""
    printed, priced = (None if p is None else p * factor for p in (post.printed_gbp, post.priced_gbp))
    before, after = post.fte_current * factor, post.fte_proposed * factor
    return replace(post, fte_current=before, fte_proposed=after, printed_gbp=printed, priced_gbp=priced)


def scaled(case: Case, draws: Draws, scales: Mapping[str, float], scalable: Iterable[Scalable]) -> Draws:
    """Return the draws with what a scheme's workers do as many times as its scale says.

    A scheme without a limit of its own does no more at a larger scale, and less in proportion at a smaller one.
    """
    fixed = {one.name: one.fixed_share for one in scalable}
    values: dict[str, Floats] = {}
    for name, scale in scales.items():
        kind = case.scheme(name).kind
        if scale in {0, 1} or kind not in PER_WORKER:
            continue
        factors: dict[str, float | Floats] = dict.fromkeys(PER_WORKER[kind], scale)
        factors |= dict.fromkeys(YEARLY, cost_factor(scale, fixed.get(name, 0.0)))
        if kind == ENTRY_REDUCTION:
            factors["effect"] = np.where(draws[f"{name}.capacity_limited"] > 0, 1.0, min(scale, 1.0))
        known = {f"{name}.{parameter}": factor for parameter, factor in factors.items()}
        values |= {key: draws[key] * factor for key, factor in known.items() if key in draws}
    return with_values(draws, values)


def flows(
    case: Case, scales: Mapping[str, float], draws: tuple[Draws, Draws], scalable: Iterable[Scalable], threads: int = 1
) -> Flows:
    """Run schemes at their scales on `draws`: the case's central draw, and those the answer is wanted of."""
    factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
    if not any(scales.values()):
        return Flows(factors, *[np.zeros((case.timeline.months, draws[1].n))] * 5)
    made = at_scale(case, scales, scalable)
    central, every = (scaled(case, one, scales, scalable) for one in draws)
    names = [name for name, scale in scales.items() if scale > 0]
    middle = evaluate(made, central, cells=False)
    blocks = [part_of(every, first, BLOCK) for first in range(0, every.n, BLOCK)]

    def part(block: Draws) -> list[Floats]:
        return _parts(evaluate(made, block, cells=False, middle=middle), names)

    parts = each(part, blocks, threads)
    return Flows(factors, *(np.concatenate(amounts, axis=1) for amounts in zip(*parts, strict=True)))


def _parts(evaluation: Evaluation, names: Iterable[str]) -> list[Floats]:
    months, draws = evaluation.setting.shape
    perimeter, before, after = evaluation.perimeter("mix", names), evaluation.world(), evaluation.world(names)
    natures = [(INVESTMENT,), (CASHABLE, INCOME), (AVOIDANCE,)]
    fewer = (before.mean_stock - after.mean_stock).sum(axis=1) / MONTHS_A_YEAR
    return [*(perimeter.total(nature, months, draws) for nature in natures), fewer, before.entries - after.entries]


@dataclass(frozen=True, kw_only=True)
class OthersGain:
    """What one row of `social_value.csv` comes to for an option: mean present value; None where it is not known."""

    row: SocialValue
    worth: float | None


def others_gain(case: Case, made: Flows) -> list[OthersGain]:
    """Return what each row comes to: events x unit cost x years out of care, or children kept out, discounted.

    The Green Book's public value of an option is its NPV and the sum of these.
    """
    return [OthersGain(row=row, worth=_worth(case, made, row)) for row in case.reference.social_value]


def _worth(case: Case, made: Flows, row: SocialValue) -> float | None:
    if row.events is None or row.unit_cost_gbp is None:
        return None
    index = case.reference.indices[case.conventions.price_index]
    each = to_price_base(row.unit_cost_gbp, index, row.price_base or case.price_base, case.price_base) * row.events
    held = made.child_years if row.per == CHILD_YEAR else made.kept_out
    return float((made.worth(held) * each).mean())
