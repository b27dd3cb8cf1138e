"""Charts that do not cry wolf: limits from before the start, and what it would take to tell a change from chance.

XmR (individuals and moving range) for counts and money, p where a share has its denominator, u where a rate has one
(S. Wheeler's limits; The NHS's Making Data Count uses the same). A signal is a point outside the limits, or eight in a
row on one side of the middle. Fewer than FEWEST points before the start give no limits, and no colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case.rows import Actual
from model.case.timeline import first_day
from model.tracking.evidence import FEWEST, SMALLEST, standing

Floats = NDArray[np.float64]

MOVING_RANGES: Final = 2.66  # 3 / 1.128: three sigma of individuals from the mean moving range of two
SIGMAS, RUN = 3.0, 8
SURE, ONE_SIDED = 0.8, 1.6448536269514722  # power at which a change counts as seen; 5% one-sided, in sigmas
XMR, P, U = "XmR", "p", "u"
OUTSIDE, RUN_OF_EIGHT = "outside the limits", "eight on one side"


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One measure over its periods: limits a period (nan without), and what each point since the start signals."""

    name: str
    kind: str
    actuals: tuple[Actual, ...]
    middle: Floats
    lower: Floats
    upper: Floats
    signals: tuple[str, ...]


def chart(name: str, actuals: Sequence[Actual], start: date) -> Chart:
    """Return the chart of one measure, its standing figures in order; limits from those before the start."""
    rows = tuple(a for a in standing(actuals) if a.name == name)
    values = np.array([a.value for a in rows])
    before = np.array([first_day(a.period) < start for a in rows])
    of = np.array([a.denominator or np.nan for a in rows])
    kind = XMR if np.isnan(of).any() else P if rows[0].unit in {"share", "per cent"} else U
    middle, width = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    if before.sum() >= FEWEST:
        scale = 100.0 if rows[0].unit == "per cent" else 1.0
        if kind == XMR:
            middle[:] = values[before].mean()
            width[:] = MOVING_RANGES * np.abs(np.diff(values[before])).mean()
        else:
            rate = sum(a.numerator or 0 for a, b in zip(rows, before, strict=True) if b) / of[before].sum()
            variance = rate * (1 - rate) / of if kind == P else rate / of
            middle[:], width = rate * scale, SIGMAS * np.sqrt(variance) * scale
    lower = middle - width if rows[0].unit == "GBP" else np.maximum(middle - width, 0.0)
    return Chart(name=name, kind=kind, actuals=rows, middle=middle, lower=lower, upper=middle + width,
                 signals=_signals(values, middle, lower, middle + width, before))  # fmt: skip


def _signals(
    values: Floats, middle: Floats, lower: Floats, upper: Floats, before: NDArray[np.bool_]
) -> tuple[str, ...]:
    """Return what each point since the start says; nothing where there are no limits."""
    side = np.sign(np.nan_to_num(values - middle)).astype(int)
    run, said = 0, []
    for i, value in enumerate(values):
        run = run + 1 if i and side[i] and side[i] == side[i - 1] else int(side[i] != 0)
        out = value < lower[i] or value > upper[i]
        said.append("" if before[i] else OUTSIDE if out else RUN_OF_EIGHT if run >= RUN else "")
    return tuple(said)


def power(change: Floats, variance: Floats) -> Floats:
    """Return the chance that a one-sided test at 5% tells a change from none: both as they are once each year is in."""
    from scipy.special import ndtr  # noqa: PLC0415 - importing the model must stay cheap

    return np.asarray(ndtr(np.abs(change) / np.sqrt(np.maximum(variance, SMALLEST)) - ONE_SIDED))


def colour(rule: str, value: float, promised: float, points: int) -> str:
    """Return green, amber or red by a benefit's rule; nothing without a rule, a promise, or more than two points."""
    if not rule or points <= 2 or promised <= 0:
        return ""
    green, red = (float(part) for part in rule.split())
    return "green" if value >= green * promised else "red" if value < red * promised else "amber"
