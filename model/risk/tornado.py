"""What moves the answer most: each assumption by itself, from its 10th to its 90th percentile."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from model.case.distributions import is_fixed, quantile
from model.case.draws import central
from model.case.records import Case
from model.risk.asking import Evaluate, evaluate_rows


@dataclass(frozen=True, kw_only=True)
class TornadoBar:
    """One assumption at its P10 and at its P90, all others central: the NPVs in pounds."""

    perimeter: str
    assumption: str
    low: float
    high: float
    npv_low: float
    npv_high: float
    npv_central: float

    @property
    def swing(self) -> float:
        """The distance between the two NPVs, never negative."""
        return abs(self.npv_high - self.npv_low)


def tornado(case: Case, evaluate: Evaluate, perimeters: Sequence[str]) -> list[TornadoBar]:
    """Return a bar for each uncertain assumption, widest first within each perimeter.

    Every assumption is moved to its own P10 and P90, whatever its distribution, so that bars can be compared.
    """
    rows = [a for a in case.assumptions.values() if not is_fixed(a)]
    ends = [quantile(a, np.array([0.1, 0.9])) for a in rows]
    start = central(case)
    base = evaluate(start)
    moved = evaluate_rows(evaluate, start, [a.name for a in rows], ends) if rows else {}
    bars = []
    for perimeter in perimeters:
        npv = np.reshape(moved.get(perimeter, []), (-1, 2))
        own = [
            TornadoBar(
                perimeter=perimeter,
                assumption=a.name,
                low=float(x[0]),
                high=float(x[1]),
                npv_low=float(y[0]),
                npv_high=float(y[1]),
                npv_central=float(base[perimeter][0]),
            )
            for a, x, y in zip(rows, ends, npv, strict=True)
        ]
        bars += sorted(own, key=lambda bar: -bar.swing)
    return bars


def largest(bars: Iterable[TornadoBar], count: int) -> list[str]:
    """Return the assumptions with the widest swings, widest first."""
    return [bar.assumption for bar in sorted(bars, key=lambda bar: -bar.swing)[:count]]
