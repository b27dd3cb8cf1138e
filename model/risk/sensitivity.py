"""What drives the answer: switching values, tornado, Sobol' indices, break-even frontier, and the bridge to a scenario.

Every function takes `evaluate`, a callable from draws to net present values by perimeter (each an array over draws),
and asks it about crafted draws: many assumptions are moved in one call, never one model run at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from model.case.distributions import is_fixed, quantile
from model.case.draws import Draws, central, sample, with_values
from model.case.parameters import LOSSES
from model.case.units import UNITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from model.case.assumptions import Assumption
    from model.case.records import Case

    Floats = NDArray[np.float64]
    Evaluate = Callable[[Draws], Mapping[str, Floats]]

PROCESS_NOISE: Final = "chance"  # the name under which Sobol' indices report who happens to enter and leave
_SCAN_POINTS: Final = 9  # places tried on each side of the central value before a crossing is closed in on
_REFINEMENTS: Final = 12
_CLOSE: Final = 1e-9  # of the bracket's own scale
_REACH_IN_RANGES: Final = 3.0  # how many widths of its own range beyond it an assumption is searched
_REACH_IN_CENTRALS: Final = 5.0  # or up to how many times its central value
_REACH_OF_A_RATE: Final = 0.5
_SHORT_OF_AN_END: Final = 1e-6  # of the way back to central: how near the ends of the search are approached


@dataclass(frozen=True, kw_only=True)
class SwitchingValue:
    """The value of one assumption at which a perimeter's NPV changes sign, all others central.

    There the NPV is zero, or jumps from one sign to the other; where it only touches zero it does not change sign.
    `switching_value` is None where there is no such value in the reach of the search. `distance` is how far from
    central it lies in the assumption's own range: 0 at central, 1 at `high`, -1 at `low`; None where it has no range.
    """

    perimeter: str
    assumption: str
    unit: str
    central: float
    low: float
    high: float
    switching_value: float | None
    within_range: bool
    distance: float | None


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


@dataclass(frozen=True, kw_only=True)
class SobolIndex:
    """Shares of the variance of a perimeter's NPV: `first` by this factor alone, `total` with all it interacts in."""

    perimeter: str
    factor: str
    first: float
    first_error: float
    total: float
    total_error: float


@dataclass(frozen=True, kw_only=True)
class Frontier:
    """NPV over a grid of two assumptions, and for each x the y at which it crosses zero (nan: nowhere in the grid).

    `npv` has shape (len(y_values), len(x_values)); `break_even` has shape (len(x_values),).
    """

    perimeter: str
    x: str
    y: str
    x_values: Floats
    y_values: Floats
    npv: Floats
    break_even: Floats


@dataclass(frozen=True, kw_only=True)
class BridgeStep:
    """What one overridden assumption, taken in declared order, moved the NPV by. Pounds."""

    perimeter: str
    step: str
    change: float
    npv_after: float


def switching_values(case: Case, evaluate: Evaluate, perimeters: Sequence[str]) -> list[SwitchingValue]:
    """Return the switching value of every assumption for each perimeter, the nearest change of sign to central.

    The search covers the assumption's range and some way beyond it, within what it can be: its ends are approached, not
    reached, because at the very end of a unit a scheme may do nothing at all. A whole-number assumption (a switch) is
    tried at its other setting. Order: perimeters as given, assumptions as declared.
    """
    start = central(case)
    rows = list(case.assumptions.values())
    grids = [_scan_grid(a) for a in rows]
    scanned = _evaluate_rows(evaluate, start, [a.name for a in rows], grids)
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
    return [_switching_value(a, p, at.get((p, a.name))) for p in perimeters for a in rows]


def tornado(case: Case, evaluate: Evaluate, perimeters: Sequence[str]) -> list[TornadoBar]:
    """Return a bar for each uncertain assumption, widest first within each perimeter.

    Every assumption is moved to its own P10 and P90, whatever its distribution, so that bars can be compared.
    """
    rows = [a for a in case.assumptions.values() if not is_fixed(a)]
    ends = [quantile(a, np.array([0.1, 0.9])) for a in rows]
    start = central(case)
    base = evaluate(start)
    moved = _evaluate_rows(evaluate, start, [a.name for a in rows], ends) if rows else {}
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


def sobol_indices(  # noqa: PLR0913 - each is a separate choice of the caller's
    case: Case,
    evaluate: Evaluate,
    perimeters: Sequence[str],
    *,
    draws: int,
    seed: int,
    groups: Mapping[str, Sequence[str]] | None = None,
    process_noise: bool = True,
) -> list[SobolIndex]:
    """Return first and total indices of each factor, largest total first; evaluates (factors + 2) x `draws` draws.

    A factor is an assumption, a group of them where `groups` says so, or all those a declared correlation ties
    together (an index of one alone would mean nothing). With process noise, chance itself is a factor. Estimators:
    Saltelli and others (2010) for first, Jansen (1999) for total; errors are standard errors.
    """
    factors = _factors(case, groups or {})
    a = sample(case, draws, seed, process_noise=process_noise)
    b = sample(case, draws, seed, first=draws, process_noise=process_noise)
    at_a, at_b = evaluate(a), evaluate(b)
    mixed = {
        name: evaluate(replace(a, values={**a.values, **{m: b.values[m] for m in members}}))
        for name, members in factors.items()
    }
    if process_noise:
        mixed[PROCESS_NOISE] = evaluate(replace(a, first=b.first))
    return [
        index
        for perimeter in perimeters
        for index in sorted(
            (_indices(perimeter, name, at_a[perimeter], at_b[perimeter], y[perimeter]) for name, y in mixed.items()),
            key=lambda index: -index.total,
        )
    ]


def frontier(  # noqa: PLR0913
    case: Case, evaluate: Evaluate, perimeter: str, *, x: str, y: str, x_values: Floats, y_values: Floats
) -> Frontier:
    """Return the NPV over the grid of two assumptions and the break-even y for each x, all others central."""
    start = central(case)
    xs, ys = np.meshgrid(x_values, y_values)
    npv = evaluate(with_values(start, {x: xs.ravel(), y: ys.ravel()}))[perimeter].reshape(xs.shape)
    even = np.full(len(x_values), np.nan)
    crossings = [(j, k) for j in range(len(x_values)) if (k := _first_sign_change(npv[:, j])) is not None]
    if crossings:
        columns, rows = (np.array(i) for i in zip(*crossings, strict=True))

        def value(at: Floats) -> Floats:
            wide = np.repeat(x_values[columns], at.shape[1])
            return evaluate(with_values(start, {x: wide, y: at.ravel()}))[perimeter].reshape(at.shape)

        even[columns] = _roots(value, y_values[rows], y_values[rows + 1], npv[rows, columns], npv[rows + 1, columns])
    return Frontier(perimeter=perimeter, x=x, y=y, x_values=x_values, y_values=y_values, npv=npv, break_even=even)


def bridge(
    case: Case, base_case: Case, evaluate: Callable[[Case, Draws], Mapping[str, Floats]], perimeters: Sequence[str]
) -> list[BridgeStep]:
    """Return what each overridden assumption moved the central NPV by, from `base_case` to `case`.

    Steps follow the order of the scenario's overrides and are cumulative, so the order matters and is the declared one.
    The last step, `remainder`, is whatever is not an assumption (schemes switched, conventions). They sum exactly.
    """
    start = central(base_case)
    changed = _changed_assumptions(case, base_case)
    names = list(changed)
    stairs = with_values(
        start,
        {name: np.where(np.arange(len(names) + 1) > i, changed[name], start[name][0]) for i, name in enumerate(names)},
    )
    along, final = evaluate(base_case, stairs), evaluate(case, central(case))
    steps = []
    for perimeter in perimeters:
        npv = np.concatenate([along[perimeter], final[perimeter][:1]]) if perimeter in along else final[perimeter][:1]
        labels = [base_case.scenario or "base", *names, "remainder"]
        before = 0.0
        for label, after in zip(labels, npv, strict=True):
            steps.append(
                BridgeStep(perimeter=perimeter, step=label, change=float(after) - before, npv_after=float(after))
            )
            before = float(after)
    return steps


@dataclass(frozen=True)
class _Bracket:
    """Where one NPV has opposite signs: `near` is the end nearer to central."""

    assumption: Assumption
    perimeter: str
    near: float
    far: float
    npv_near: float
    npv_far: float


def _changed_assumptions(case: Case, base_case: Case) -> dict[str, float]:
    """Return assumption -> new central value where it differs, in the order of the scenario's overrides."""
    ordered = [*case.overrides, *case.assumptions]
    return {
        name: case.assumptions[name].value
        for name in dict.fromkeys(ordered)
        if name in case.assumptions
        and name in base_case.assumptions
        and case.assumptions[name].value != base_case.assumptions[name].value
    }


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


def _evaluate_rows(
    evaluate: Evaluate, start: Draws, names: Sequence[str], rows: Sequence[Floats]
) -> Mapping[str, Floats]:
    """Evaluate each row's assumption at each of its values, all else as in `start`, in one call. NPVs end to end."""
    sizes = np.array([row.size for row in rows])
    owner = np.repeat(np.arange(len(rows)), sizes)
    values = np.concatenate(rows)
    crafted = {}
    for name in dict.fromkeys(names):
        mine = np.isin(owner, [i for i, other in enumerate(names) if other == name])
        crafted[name] = np.where(mine, values, start[name][0])
    return evaluate(with_values(start, crafted))


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
        return [_Bracket(a, perimeter, a.value, a.value, 0.0, 0.0)] if turns else []
    cells = [next(((i, j) for i, j in pairwise(side) if sign[i] != sign[j]), None) for side in sides]
    ends = [cell for cell in cells if cell]
    return [_Bracket(a, perimeter, *(float(v) for v in (grid[i], grid[j], npv[i], npv[j]))) for i, j in ends]


def _close_in(evaluate: Evaluate, start: Draws, brackets: Sequence[_Bracket]) -> Floats:
    """Return the crossing inside each bracket; a whole-number assumption crosses at its setting away from central."""
    if not brackets:
        return np.empty(0)
    names = [b.assumption.name for b in brackets]
    near, far, npv_near, npv_far = (
        np.array([getattr(b, field) for b in brackets]) for field in ("near", "far", "npv_near", "npv_far")
    )

    def value(along: Floats) -> Floats:
        at = near[:, None] + along * (far - near)[:, None]
        every = _evaluate_rows(evaluate, start, names, list(at))
        stacked = {p: v.reshape(at.shape) for p, v in every.items()}
        return np.array([stacked[b.perimeter][i] for i, b in enumerate(brackets)])

    whole = np.array([UNITS[b.assumption.unit].whole for b in brackets])
    along = _roots(value, np.zeros(len(brackets)), np.ones(len(brackets)), npv_near, npv_far)
    return np.where(whole, far, near + along * (far - near))


def _roots(value: Callable[[Floats], Floats], low: Floats, high: Floats, npv_low: Floats, npv_high: Floats) -> Floats:
    """Return where `value` crosses zero in each bracket: regula falsi held between tight neighbours and a bisection.

    `value` maps points (rows, k) to NPVs (rows, k). Where NPV is linear two rounds are exact; elsewhere each round at
    least halves the bracket. A jump is closed in on from both sides.
    """
    scale = np.maximum(np.abs(high - low), np.finfo(float).tiny)
    for _ in range(_REFINEMENTS):
        width = high - low
        if np.all(np.abs(width) <= _CLOSE * scale):
            break
        with np.errstate(divide="ignore", invalid="ignore"):
            secant = low - npv_low * width / (npv_high - npv_low)
        secant = np.clip(np.where(np.isfinite(secant), secant, low), np.minimum(low, high), np.maximum(low, high))
        inner = np.stack([secant - width * 1e-4, secant, secant + width * 1e-4, low + width / 2], axis=1)
        inner = np.sort(np.clip(inner, np.minimum(low, high)[:, None], np.maximum(low, high)[:, None]), axis=1)
        points = np.concatenate([low[:, None], inner, high[:, None]], axis=1)
        npv = np.concatenate([npv_low[:, None], value(inner), npv_high[:, None]], axis=1)
        change = np.sign(npv) != np.sign(npv[:, :1])
        right = np.where(change.any(axis=1), change.argmax(axis=1), points.shape[1] - 1)
        row = np.arange(len(low))
        low, high = points[row, right - 1], points[row, right]
        npv_low, npv_high = npv[row, right - 1], npv[row, right]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = npv_low / (npv_low - npv_high)
    return low + (high - low) * np.where(np.isfinite(share), np.clip(share, 0, 1), 0.0)


def _switching_value(a: Assumption, perimeter: str, crossing: float | None) -> SwitchingValue:
    distance = None
    if crossing is not None:
        side = a.high - a.value if crossing >= a.value else a.value - a.low
        distance = (crossing - a.value) / side if side > 0 else None
    return SwitchingValue(
        perimeter=perimeter,
        assumption=a.name,
        unit=a.unit,
        central=a.value,
        low=a.low,
        high=a.high,
        switching_value=None if crossing is None else float(crossing),
        within_range=crossing is not None and bool(a.low <= crossing <= a.high),
        distance=None if distance is None else float(distance),
    )


def _first_sign_change(npv: Floats) -> int | None:
    cells = np.flatnonzero(np.sign(npv[:-1]) != np.sign(npv[1:]))
    return int(cells[0]) if cells.size else None


def _factors(case: Case, groups: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return factor -> the uncertain assumptions it moves: groups first, then tied ones, then each by itself."""
    uncertain = {name for name, a in case.assumptions.items() if not is_fixed(a)}
    unknown = [name for members in groups.values() for name in members if name not in case.assumptions]
    if unknown:
        message = f"groups name assumptions that the case does not have: {', '.join(unknown)}"
        raise ValueError(message)
    clusters: list[set[str]] = [set(members) & uncertain for members in groups.values()]
    labels = list(groups)
    for c in case.correlations:
        pair = {c.a, c.b} & uncertain
        touching = [i for i, cluster in enumerate(clusters) if cluster & pair]
        if not touching and pair:
            clusters.append(pair)
            labels.append("")
        elif touching:
            clusters[touching[0]] |= pair.union(*(clusters[i] for i in touching))
            for i in reversed(touching[1:]):
                labels[touching[0]] = " and ".join(filter(None, (labels[touching[0]], labels[i])))
                del clusters[i], labels[i]
    order = list(case.assumptions)
    named = {
        label or " with ".join(sorted(cluster, key=order.index)): sorted(cluster, key=order.index)
        for label, cluster in zip(labels, clusters, strict=True)
        if cluster
    }
    taken = set().union(*clusters)
    return {**named, **{name: [name] for name in order if name in uncertain - taken}}


def _indices(perimeter: str, factor: str, at_a: Floats, at_b: Floats, mixed: Floats) -> SobolIndex:
    both = np.concatenate([at_a, at_b])
    variance, mean = float(np.var(both)), float(np.mean(both))
    if variance == 0:
        return SobolIndex(perimeter=perimeter, factor=factor, first=0, first_error=0, total=0, total_error=0)
    first = (at_b - mean) * (mixed - at_a) / variance
    total = (at_a - mixed) ** 2 / (2 * variance)
    return SobolIndex(
        perimeter=perimeter,
        factor=factor,
        first=float(first.mean()),
        first_error=_standard_error(first),
        total=float(total.mean()),
        total_error=_standard_error(total),
    )


def _standard_error(terms: Floats) -> float:
    """Return the standard error of a mean of independent terms."""
    return float(np.std(terms) / math.sqrt(terms.size))


def largest(bars: Iterable[TornadoBar], count: int) -> list[str]:
    """Return the assumptions with the widest swings, widest first."""
    return [bar.assumption for bar in sorted(bars, key=lambda bar: -bar.swing)[:count]]
