"""What if an assumption were another: the answer to one setting of the sliders, on the same draws.

The assumptions on the sliders are found by the tornado, not fixed. Another central value keeps the assumption's range
around it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from model.case.assumptions import Assumption
from model.case.draws import Draws, central, part_of, redraw, sample
from model.case.reading.overrides import overridden
from model.case.records import Case
from model.case.units import UNITS
from model.case.words import CHANCE_OF, LOGNORMAL
from model.money.appraisal import (
    BLOCK,
    discount_factors,
    each,
    npv_evaluator,
    payback_months,
    present_value,
)
from model.money.portfolio import evaluate, members_of
from model.results.sample import Floats
from model.risk.sensitivity import tornado

SLIDERS: Final = 6
BANDS: Final = (10, 25, 50, 75, 90)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What follows from one setting of the sliders.

    `frame`: the cumulative position, a row per month, columns `central` and `p10` to `p90`.
    """

    frame: pd.DataFrame
    payback_probability: float
    npv_central: float
    npv_mean: float


@dataclass(frozen=True)
class WhatIf:
    """A case, a perimeter and one sample of draws, ready to be asked."""

    case: Case
    perimeter: str
    draws: int
    seed: int
    threads: int = 1

    @cached_property
    def assumptions(self) -> list[Assumption]:
        """The assumptions that move the NPV most, by the tornado: at most six."""
        bars = tornado(self.case, npv_evaluator(self.case, [self.perimeter]), [self.perimeter])
        return [self.case.assumptions[name] for name in bars["assumption"].head(SLIDERS)]

    @cached_property
    def sampled(self) -> Draws:
        """The draws of the case as it stands; every answer starts from them."""
        return sample(self.case, self.draws, self.seed)

    def changed(self, values: Mapping[str, float]) -> Case:
        """Return the case with other central values, each range moved along and kept within its unit.

        Raises InputProblems where a scenario could not have such a value.
        """
        overridden(self.case, values)
        moved = {a.name: a for a in self.moved(values)}
        return replace(self.case, assumptions={**self.case.assumptions, **moved})

    def moved(self, values: Mapping[str, float]) -> list[Assumption]:
        """Return the assumptions that have another central value, each with its range moved along."""
        known = self.case.assumptions
        return [shifted(known[name], value) for name, value in values.items() if value != known[name].value]

    def answer(self, values: Mapping[str, float] | None = None) -> Answer:
        """Return what follows from these central values (name -> value; others as in the case)."""
        case = self.changed(values or {})
        draws = redraw(case, self.sampled, self.case) if values else self.sampled
        members = members_of(case)[self.perimeter]
        factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
        middle = evaluate(case, central(case), cells=False)
        blocks = [part_of(draws, first, BLOCK) for first in range(0, self.draws, BLOCK)]

        def net_of(block: Draws) -> Floats:
            return evaluate(case, block, cells=False, middle=middle).net(members)

        at_centre, *parts = each(net_of, [central(case), *blocks], self.threads)
        net = np.concatenate(parts, axis=1)
        cumulative = np.sort(np.cumsum(net, axis=0), axis=1)
        fan = {f"p{p}": cumulative[:, round(p / 100 * (draws.n - 1))] for p in BANDS}
        return Answer(
            frame=pd.DataFrame({"central": np.cumsum(at_centre[:, 0]), **fan}, index=list(case.timeline.month_labels)),
            payback_probability=float(np.isfinite(payback_months(net)).mean()),
            npv_central=float(present_value(at_centre, factors)[0]),
            npv_mean=float(present_value(net, factors).mean()),
        )


def shifted(assumption: Assumption, value: float) -> Assumption:
    """Return the assumption with another central value and its range moved along, both kept within the unit."""
    if assumption.distribution == CHANCE_OF:  # its ends are 0 and 1: the value is the chance itself
        return replace(assumption, value=value)
    unit = UNITS[assumption.unit]
    gap = value - assumption.value

    def kept(end: float) -> float:
        return float(min(max(end + gap, unit.low), unit.high))

    low, high = kept(assumption.low), kept(assumption.high)
    if assumption.distribution == LOGNORMAL and value > 0 and assumption.value > 0:
        scale = value / assumption.value  # its range is in proportion, or its median would not be the value
        low, high = assumption.low * scale, assumption.high * scale
    return replace(assumption, value=value, low=low, high=high)
