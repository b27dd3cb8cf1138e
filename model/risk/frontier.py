"""Which pairs of two assumptions break even, all others central."""

from dataclasses import dataclass

import numpy as np

from model.case.draws import central, with_values
from model.case.records import Case
from model.case.units import UNITS
from model.money.appraisal import npv_evaluator
from model.risk.asking import Evaluate, Floats, roots

_ROOM, _GRID = 0.5, 25  # how much of its range a frontier shows on each side of it, and at how many values


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

        even[columns] = roots(value, y_values[rows], y_values[rows + 1], npv[rows, columns], npv[rows + 1, columns])
    return Frontier(perimeter=perimeter, x=x, y=y, x_values=x_values, y_values=y_values, npv=npv, break_even=even)


def _first_sign_change(npv: Floats) -> int | None:
    cells = np.flatnonzero(np.sign(npv[:-1]) != np.sign(npv[1:]))
    return int(cells[0]) if cells.size else None


@dataclass(frozen=True)
class Axis:
    """One side of a frontier: an assumption, or by how much it exceeds another that is held at its central value.

    All values are the assumption's own; `held` is what it is compared with.
    """

    case: Case
    name: str
    less: str = ""

    @property
    def central(self) -> float:
        """The assumption's central value."""
        return self.case.assumptions[self.name].value

    @property
    def held(self) -> float:
        """The central value of the assumption it is compared with; 0 where it is compared with none."""
        return self.case.assumptions[self.less].value if self.less else 0.0

    @property
    def unit(self) -> str:
        """The assumption's unit."""
        return self.case.assumptions[self.name].unit

    @property
    def own(self) -> tuple[float, float]:
        """From the lowest to the highest of the ranges: a gap is narrowest with the one low and the other high."""
        low, high = _span(self.case, self.name)
        if not self.less:
            return low, high
        less_low, less_high = _span(self.case, self.less)
        return low - less_high + self.held, high - less_low + self.held

    @property
    def charted(self) -> Floats:
        """The values tried: the range and half as much again either side, within the unit; central is one of them."""
        unit, (low, high) = UNITS[self.unit], self.own
        room = _ROOM * (high - low)
        ends = max(low - room, unit.low, self.held if self.less else unit.low), min(high + room, unit.high)
        return np.unique([*np.linspace(*ends, _GRID), self.central])


def _span(case: Case, name: str) -> tuple[float, float]:
    """Return where an assumption is tried: its own range, or a tenth of its value either side where it has none."""
    a = case.assumptions[name]
    if a.low == a.high == 0:
        message = f"{name} has no range and is 0: there is nothing to chart along it; give it a low and a high"
        raise ValueError(message)
    return (a.low, a.high) if a.low < a.high else (0.9 * a.value, 1.1 * a.value)


@dataclass(frozen=True, kw_only=True)
class BreakEven:
    """A frontier over two axes; `turned` is the value of x at which the NPV is zero with y central (nan: nowhere)."""

    across: Axis
    up: Axis
    frontier: Frontier
    turned: float


def break_even(case: Case, perimeter: str, x: str, y: str, *, less: str = "") -> BreakEven:
    """Return which pairs of x and y break even, all others central.

    With `less`, y is seen as its gap to that assumption (the price of one place less that of another): y is moved,
    `less` held at its central value. Where the two enter the model as a difference, moving the other is the same.
    Raises ValueError naming an assumption that is 0 and has no range.
    """
    across, up, evaluate = Axis(case, x), Axis(case, y, less), npv_evaluator(case, [perimeter])
    found = frontier(case, evaluate, perimeter, x=x, y=y, x_values=across.charted, y_values=up.charted)
    turned = frontier(case, evaluate, perimeter, x=y, y=x, x_values=np.array([up.central]), y_values=across.charted)
    return BreakEven(across=across, up=up, frontier=found, turned=float(turned.break_even[0]))
