"""What if an assumption were another: the answer to one setting of the sliders, on the same draws.

The assumptions on the sliders are found by the tornado, not fixed. Another central value keeps the assumption's range
around it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from model.case.draws import Draws, central, part_of, redraw, sample
from model.case.reading.overrides import overridden
from model.case.units import UNITS, above_zero
from model.case.words import CHANCE_OF
from model.money.appraisal import (
    BLOCK,
    discount_factors,
    each,
    npv_evaluator,
    payback_months,
    present_value,
)
from model.money.portfolio import evaluate, members_of
from model.risk.tornado import largest, tornado

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from model.case.assumptions import Assumption
    from model.case.records import Case

    Floats = NDArray[np.float64]

SLIDERS: Final = 6
BANDS: Final = (10, 25, 50, 75, 90)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What follows from one setting of the sliders. `fan`: percentile -> cumulative by month; `central` (months,)."""

    central: Floats
    fan: Mapping[int, Floats]
    payback_probability: float
    positive_probability: float
    npv_central: float
    npv_mean: float

    def frame(self, months: Sequence[str]) -> pd.DataFrame:
        """Return the cumulative position as a frame: a row per month, columns `central` and `p10` to `p90`."""
        import pandas as pd  # noqa: PLC0415 - importing the model must stay cheap

        columns = {"central": self.central} | {f"p{p}": values for p, values in self.fan.items()}
        return pd.DataFrame(columns, index=list(months))


class _Outcome(NamedTuple):
    """What one block of draws comes to: `cumulative` (months, draws), `npv` and `paid` back (draws,)."""

    cumulative: Floats
    npv: Floats
    paid: NDArray[np.bool_]


@dataclass(frozen=True)
class WhatIf:
    """A case, a perimeter and one sample of draws, ready to be asked."""

    case: Case
    perimeter: str
    draws: int
    seed: int
    threads: int = 1
    process_noise: bool = True

    @cached_property
    def assumptions(self) -> list[Assumption]:
        """The assumptions that move the NPV most, by the tornado: at most six."""
        bars = tornado(self.case, npv_evaluator(self.case, [self.perimeter]), [self.perimeter])
        return [self.case.assumptions[name] for name in largest(bars, SLIDERS)]

    @cached_property
    def sampled(self) -> Draws:
        """The draws of the case as it stands; every answer starts from them."""
        return sample(self.case, self.draws, self.seed, process_noise=self.process_noise)

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

        def outcome(block: Draws) -> _Outcome:
            net = evaluate(case, block, cells=False, middle=middle).net(members)
            return _Outcome(np.cumsum(net, axis=0), present_value(net, factors), np.isfinite(payback_months(net)))

        first, *parts = each(outcome, [central(case), *blocks], self.threads)
        npv, paid = np.concatenate([part.npv for part in parts]), np.concatenate([part.paid for part in parts])
        cumulative = np.concatenate([part.cumulative for part in parts], axis=1)
        at = [round(p / 100 * (draws.n - 1)) for p in BANDS]
        cumulative.sort(axis=1)
        return Answer(
            central=first.cumulative[:, 0],
            fan={p: cumulative[:, i] for p, i in zip(BANDS, at, strict=True)},
            payback_probability=float(paid.mean()),
            positive_probability=float(above_zero(npv).mean()),
            npv_central=float(first.npv[0]),
            npv_mean=float(npv.mean()),
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
    if assumption.distribution == CHANCE_OF:  # its ends are no and yes, whatever the chance
        low, high = assumption.low, assumption.high
    if assumption.distribution == "lognormal" and value > 0 and assumption.value > 0:
        scale = value / assumption.value  # its range is in proportion, or its median would not be the value
        low, high = assumption.low * scale, assumption.high * scale
    return replace(assumption, value=value, low=low, high=high)
