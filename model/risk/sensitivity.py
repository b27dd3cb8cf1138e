"""One assumption at a time: how far each moves the answer, and the value at which the answer changes sign."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from scipy.optimize.elementwise import find_root

from model.case.assumptions import Assumption
from model.case.distributions import is_fixed, quantile
from model.case.draws import Draws, central
from model.case.parameters import LOSSES
from model.case.records import Case
from model.case.units import UNITS
from model.risk.asking import Evaluate, Floats, evaluate_rows

BARS: Final = ("perimeter", "assumption", "unit", "p10", "p90", "npv_at_p10_gbp", "npv_at_p90_gbp",
                  "npv_central_gbp", "swing_gbp")  # fmt: skip
COLUMNS: Final = ("perimeter", "assumption", "unit", "central", "low", "high", "switching_value", "within_range")
_SCAN_POINTS: Final = 9  # places tried on each side of the central value before a crossing is closed in on
_REACH_IN_RANGES: Final = 3.0  # how many widths of its own range beyond it an assumption is searched
_REACH_IN_CENTRALS: Final = 5.0  # or up to how many times its central value
_REACH_OF_A_RATE: Final = 0.5
_CLOSE: Final = 1e-7  # of a bracket
_SHORT_OF_AN_END: Final = 1e-6  # of the way back to central: how near the ends of the search are approached


def tornado(case: Case, evaluate: Evaluate, perimeters: Sequence[str]) -> pd.DataFrame:
    """Return a bar for each uncertain assumption, widest first within each perimeter, in BARS; all others central.

    Every assumption is moved to its own P10 and P90, whatever its distribution, so that bars can be compared. The
    swing is the distance between the two NPVs, never negative.
    """
    rows = [a for a in case.assumptions.values() if not is_fixed(a)]
    ends = [quantile(a, np.array([0.1, 0.9])) for a in rows]
    start = central(case)
    base = evaluate(start)
    moved = evaluate_rows(evaluate, start, [a.name for a in rows], ends) if rows else {}
    bars = [
        (perimeter, a.name, a.unit, *at, *npv, base[perimeter][0], abs(npv[1] - npv[0]))
        for perimeter in perimeters
        for a, at, npv in zip(rows, ends, np.reshape(moved.get(perimeter, []), (-1, 2)), strict=True)
    ]
    bars.sort(key=lambda bar: (perimeters.index(bar[0]), -round(bar[-1], 2)))  # below a penny it is the processor's
    return pd.DataFrame(bars, columns=list(BARS))


def switching_values(case: Case, evaluate: Evaluate, perimeters: Sequence[str]) -> pd.DataFrame:
    """Return the value of each assumption at which a perimeter's NPV changes sign, all others central, in COLUMNS.

    Of several the nearest to central. There the NPV is zero, or jumps from one sign to the other; where it only touches
    zero it does not change sign. NaN where there is no such value in the reach of the search: the assumption's range
    and some way beyond it, within what it can be. Its ends are approached, not reached, because at the very end of a
    unit a scheme may do nothing at all. A whole-number assumption (a switch) is tried at its other setting. Order:
    perimeters as given, assumptions as declared.
    """
    start = central(case)
    rows = list(case.assumptions.values())
    grids = [_scan_grid(a) for a in rows]
    scanned = evaluate_rows(evaluate, start, [a.name for a in rows], grids)
    brackets: list[_Bracket] = []
    for perimeter in perimeters:
        values = np.split(scanned[perimeter], np.cumsum([g.size for g in grids])[:-1])
        for a, grid, npv in zip(rows, grids, values, strict=True):
            brackets += _nearest_turns(a, perimeter, grid, npv)
    at: dict[tuple[str, str], float] = {}
    for b, x in zip(brackets, _close_in(evaluate, start, brackets), strict=True):
        key, central_value = (b.perimeter, b.assumption.name), b.assumption.value
        if key not in at or abs(x - central_value) < abs(at[key] - central_value):
            at[key] = float(x)
    found = [(p, a.name, a.unit, a.value, a.low, a.high, at.get((p, a.name), np.nan)) for p in perimeters for a in rows]
    frame = pd.DataFrame(found, columns=list(COLUMNS[:-1]))
    return frame.assign(within_range=frame["switching_value"].between(frame["low"], frame["high"]))


@dataclass(frozen=True)
class _Bracket:
    """Where one NPV has opposite signs: `near` is the end nearer to central."""

    assumption: Assumption
    perimeter: str
    near: float
    far: float
    sign_far: float


def _scan_grid(a: Assumption) -> Floats:
    """Return where an assumption is tried first: its own range, some way beyond it, and central. Sorted, no repeats."""
    unit, (lowest, highest) = UNITS[a.unit], _possible(a)
    if unit.whole:
        return np.unique([a.value, unit.low, min(unit.high, a.value + 1)])
    width = a.high - a.low
    reach = max(a.high + _REACH_IN_RANGES * width, _REACH_IN_CENTRALS * abs(a.value))
    if math.isfinite(highest):
        reach = highest
    elif not unit.is_money and lowest < 0:
        reach = max(reach, _REACH_OF_A_RATE)
    top = min(highest, reach if reach > a.value else a.value + 1)
    bottom = max(lowest, min(a.low - _REACH_IN_RANGES * width, a.value - _REACH_IN_CENTRALS * abs(a.value)))
    if unit.low_excluded:
        bottom = max(bottom, unit.low + (a.value - unit.low) / 100)
    bottom, top = (end + (a.value - end) * _SHORT_OF_AN_END for end in (bottom, top))
    sides = [np.linspace(bottom, a.value, _SCAN_POINTS), np.linspace(a.value, top, _SCAN_POINTS)]
    return np.unique(np.clip(np.concatenate([*sides, np.array([a.low, a.high])]), bottom, top))


def _possible(a: Assumption) -> tuple[float, float]:
    """Return the smallest and largest value an assumption can have: a yearly loss is a share, whatever its unit."""
    if a.name.rpartition(".")[2] in LOSSES:
        return 0.0, 1.0
    return UNITS[a.unit].low, UNITS[a.unit].high


def _nearest_turns(a: Assumption, perimeter: str, grid: Floats, npv: Floats) -> list[_Bracket]:
    """Return, going down and going up from central, the first cell of the grid in which the NPV changes sign.

    Points where it is zero lie within a cell, whose ends have opposite signs: zeros without another sign beyond them
    are no change. Where the NPV is zero at central itself, that is the change or there is none.
    """
    sign = np.sign(npv)
    middle = int(np.argmin(np.abs(grid - a.value)))
    sides = [[i for i in side if sign[i]] for side in (range(middle, -1, -1), range(middle, grid.size))]
    if not sign[middle]:
        turns = all(sides) and sign[sides[0][0]] != sign[sides[1][0]]
        return [_Bracket(a, perimeter, a.value, a.value, 0.0)] if turns else []
    cells = [next(((i, j) for i, j in pairwise(side) if sign[i] != sign[j]), None) for side in sides]
    ends = [cell for cell in cells if cell]
    return [_Bracket(a, perimeter, float(grid[i]), float(grid[j]), float(sign[j])) for i, j in ends]


def _close_in(evaluate: Evaluate, start: Draws, brackets: Sequence[_Bracket]) -> Floats:
    """Return the crossing inside each bracket; a whole-number assumption crosses at its setting away from central."""
    if not brackets:
        return np.empty(0)
    names = [b.assumption.name for b in brackets]
    near, far, sign_far = (np.array([getattr(b, end) for b in brackets]) for end in ("near", "far", "sign_far"))
    beyond = sign_far * np.finfo(float).tiny

    def value(along: Floats, which: Floats) -> Floats:
        rows = which.astype(int)
        at = near[rows] + along * (far - near)[rows]
        every = evaluate_rows(evaluate, start, [names[i] for i in rows], list(at[:, None]))
        npv = np.array([every[brackets[i].perimeter][j] for j, i in enumerate(rows)])
        return np.where(npv == 0, beyond[rows], npv)  # where it stays at zero for a while, that is the other side

    whole = np.array([UNITS[b.assumption.unit].whole for b in brackets])
    found = find_root(
        value,
        (np.zeros(len(brackets)), np.ones(len(brackets))),
        args=(np.arange(len(brackets)),),
        tolerances={"xatol": _CLOSE, "xrtol": 0.0, "fatol": 0.0},
    )
    return np.where(whole, far, near + found.x * (far - near))
