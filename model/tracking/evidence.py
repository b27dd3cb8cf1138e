"""What happened, as evidence: the standing word on each figure, what the model expects of it, and how far chance goes.

Stocks are read as changes since the figure before, because the months of a stock repeat one another. Counts of events
are Poisson with the spread that the council's own past shows, rates with a denominator binomial, the rest normal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case.draws import Draws, central, tile
from model.case.measures import INFLATION, LOOKED_AFTER
from model.case.reading.formulas import Formula
from model.case.records import Case, in_cash
from model.case.rows import Actual
from model.case.timeline import MONTHS_A_YEAR, Timeline, financial_year, first_day
from model.case.words import BASELINE
from model.money.portfolio import Evaluation, evaluate
from model.tracking.measured import FLOWS, STOCKS, Modelled, formulas_of, is_modelled, measured, own_name, reads

Floats = NDArray[np.float64]

ERROR: Final = 0.02  # a recorded price, share or amount stands for the true one to within so much of it, one sd
SMALLEST: Final = 0.25  # variance of a count of which next to nothing is expected
REPLAYS: Final = 256  # lives of the same plan that tell how far chance goes
FEWEST: Final = 4  # figures from before the start that tell how they spread
POISSON, BINOMIAL, NORMAL = "poisson", "binomial", "normal"


def standing(actuals: Sequence[Actual]) -> tuple[Actual, ...]:
    """Return the latest word on each period, measure and scope; what it supersedes stays in `actuals.csv`."""
    latest: dict[tuple[str, str], Actual] = {}
    for actual in sorted(actuals, key=lambda a: a.as_at.isoformat() if a.as_at else ""):
        latest[actual.period, actual.name] = actual
    return tuple(sorted(latest.values(), key=lambda a: (a.name, first_day(a.period))))


def span(period: str, timeline: Timeline) -> tuple[int, int]:
    """Return the first month of a period and the one after its last; a day is the month that it ends, or is in."""
    first = first_day(period)
    if "/" in period:
        at = timeline.month_of(first)
        return at, at + (3 if " Q" in period else MONTHS_A_YEAR)
    is_day = len(period) > len("2022-04")
    ended = first + timedelta(days=1) if is_day else first
    at = timeline.month_of(ended) - (1 if is_day else 0)
    return at, at + 1


@dataclass(frozen=True, kw_only=True)
class Observation:
    """One figure the model can be held against. `value` is what the likelihood sees: of a stock its change.

    `name`: of the model's own measure, where the figure is just that. `before`: the month to which a stock's change
    goes back (-1: the start). `spread`: variance beyond the law's own.
    """

    actual: Actual
    name: str
    first: int
    after: int
    flow: bool
    stock: bool
    law: str
    value: float
    before: int
    spread: float
    weight: float = 1.0

    def modelled(self, path: Floats, *, change: bool = False) -> Floats:
        """Return what a path (months, draws) says of the figure, or of its change, (draws,)."""
        if self.stock:
            earlier = path[self.before] if change and self.before >= 0 else 0.0
            return np.asarray(path[self.after - 1] - earlier)
        part = path[self.first : self.after]
        return np.asarray(part.sum(axis=0) if self.flow else part.mean(axis=0))

    def variance(self, expected: Floats) -> Floats:
        """Return the variance of the figure around what is expected of it, (draws,)."""
        if self.law == BINOMIAL and self.actual.denominator:
            share = np.clip(expected, ERROR, 1 - ERROR)
            return np.asarray(share * (1 - share) / self.actual.denominator)
        events = np.abs(expected) * self.spread + SMALLEST if self.law == POISSON else 0.0
        return np.asarray((events if self.law == POISSON else self.spread) / self.weight + 0 * expected)

    def log_likelihood(self, expected: Floats) -> Floats:
        """Return the log likelihood of the figure, (draws,), but for what no draw moves."""
        if self.law == BINOMIAL and self.actual.numerator is not None and self.actual.denominator:
            share = np.clip(expected, 1e-9, 1 - 1e-9)
            hits, misses = self.actual.numerator, self.actual.denominator - self.actual.numerator
            return np.asarray(hits * np.log(share) + misses * np.log(1 - share))
        if self.law == POISSON and not self.stock:
            mean = np.maximum(expected, 1e-9)
            return np.asarray((self.value * np.log(mean) - mean) / self.spread)
        variance = self.variance(expected)
        return np.asarray(-0.5 * ((self.value - expected) ** 2 / variance + np.log(variance)))


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Every figure of the months since the start that the model has a value for, and the case cut to those months.

    `again`: figures left out because others tell of their months. `level`: cash for a real pound by month with the
    inflation that is known by now, (months,).
    """

    case: Case
    observations: tuple[Observation, ...]
    again: tuple[Actual, ...]
    level: Floats

    @property
    def months(self) -> int:
        """Months since the start that any figure tells of."""
        return self.case.timeline.months

    @cached_property
    def register(self) -> Mapping[str, Formula]:
        """The formulas of the register, by measure."""
        return formulas_of(self.case)

    def of(self, name: str) -> list[Observation]:
        """Return the figures of one of the model's own measures."""
        return [o for o in self.observations if o.name == name]

    @cached_property
    def _middle(self) -> Evaluation:
        return evaluate(self.case, central(self.case), cells=False)

    def world(self, draws: Draws, *, chance: bool = False, as_planned: bool = False) -> Modelled:
        """Return the measures of the cut case on these draws; cash with known inflation, or that of the plan."""
        on = replace(draws, process_noise=chance)
        evaluation = evaluate(self.case, on, cells=False, middle=self._middle)
        return measured(evaluation, level=None if as_planned else self.level)

    def expected(self, world: Modelled) -> Floats:
        """Return what each draw of a world expects of each figure, chance apart, (observations, draws)."""
        paths = {o.actual.name: world[o.actual.name] for o in self.observations}
        kept = [o.modelled(paths[o.actual.name], change=True) for o in self.observations]
        return np.array(kept).reshape(len(kept), world.evaluation.draws.n)


def evidence(case: Case, actuals: Sequence[Actual]) -> Evidence:
    """Return the evidence in some actuals on a plan's case. Figures from before the start only say how they spread."""
    known, formulas = standing(actuals), formulas_of(case)
    at = {(a.period, a.name): span(a.period, case.timeline) for a in known}
    modelled = {name for name in {a.name for a in known} if is_modelled(name, case)}
    said = [a for a in known if a.name in modelled and a.status != BASELINE and at[a.period, a.name][0] >= 0
            and at[a.period, a.name][1] <= case.timeline.months]  # fmt: skip
    again = _again(said, {key: (m - 1, m) if reads(key[1], formulas, STOCKS) else (first, m)
                          for key, (first, m) in at.items()})  # fmt: skip
    told = [a for a in said if a not in again]
    months = max((at[a.period, a.name][1] for a in told), default=0)
    short = replace(case, timeline=Timeline(case.timeline.start, max(months, 1)))
    bare = Evidence(case=short, observations=(), again=tuple(again), level=known_level(short, known))
    replays = bare.world(replace(tile(central(short), REPLAYS), seed=1), chance=True) if told else None
    made: list[Observation] = []
    for a in told:
        assert replays is not None  # noqa: S101 - made wherever anything is told
        before = next((o for o in reversed(made) if o.actual.name == a.name), None)
        alike = [other.value for other in told if other.name == a.name]
        made.append(_observed(a, at[a.period, a.name], before, alike, dispersion(a, actuals, case), replays))
    return replace(bare, observations=tuple(made))


def _again(told: Sequence[Actual], at: Mapping[tuple[str, str], tuple[int, int]]) -> list[Actual]:
    """Return the figures that tell again of months that others of their measure tell of: they are not counted twice.

    A longer period gives way to shorter ones that fill it, and they to it where they leave some of it out; of two of
    the same months the later word stands.
    """
    again: list[Actual] = []
    spans = {id(a): range(*at[a.period, a.name]) for a in told}
    for a in sorted(told, key=lambda a: (-len(spans[id(a)]), a.as_at.isoformat() if a.as_at else "")):
        own = set(spans[id(a)])
        inside = [b for b in told if b is not a and b.name == a.name and b not in again and own >= set(spans[id(b)])]
        if a not in again and inside:
            filled = own == {month for b in inside for month in spans[id(b)]}
            again += [a] if filled else inside
    return again


def known_level(case: Case, known: Sequence[Actual]) -> Floats:
    """Return cash for a real pound by month, (months,): the plan's, moved by each year's inflation that is known."""
    index, years = case.reference.indices[case.conventions.price_index], case.timeline.financial_years
    rose = {a.period: a.value for a in known if a.measure == INFLATION}
    before = {year: financial_year(first_day(year) - timedelta(days=1)) for year in years}
    moved = [(1 + rose[y]) * index.at(before[y]) / index.at(y) if y in rose else 1.0 for y in years]
    return np.asarray(in_cash(case) * np.cumprod(moved)[case.timeline.year_index])


def _observed(  # noqa: PLR0913, PLR0917 - a figure, and what else is known of its measure
    a: Actual, at: tuple[int, int], before: Observation | None, alike: Sequence[float], dispersed: float,
    replays: Modelled,
) -> Observation:  # fmt: skip
    """Return a figure as the likelihood sees it.

    A recorded amount has an error: that of the largest of its measure (`alike`), and of half its last digit. What is
    wrong, or who stays, in one month is so in the next: all months together count as one.
    """
    formulas, stock = replays.register, reads(a.name, replays.register, STOCKS)
    events = a.unit in {"children", "households", "places"} and not reads(a.name, formulas, (LOOKED_AFTER,))
    seen = Observation(
        actual=a, name=own_name(a.name, formulas), first=at[0], after=at[1], flow=reads(a.name, formulas, FLOWS),
        stock=stock, law=BINOMIAL if a.denominator else POISSON if events else NORMAL, spread=dispersed,
        value=a.value - before.actual.value if stock and before else a.value,
        before=-1 if before is None else before.after - 1,
    )  # fmt: skip
    if seen.law != NORMAL:
        return seen
    lives = seen.modelled(replays[a.name], change=True)
    last = 0.5 * 10.0 ** -len(f"{a.value:.12g}".partition(".")[2])
    error = max(ERROR * max(map(abs, alike)), last)
    return replace(seen, spread=float(lives.var()) + error**2, weight=1.0 if stock else 1 / len(alike))


def dispersion(actual: Actual, actuals: Sequence[Actual], case: Case) -> float:
    """Return variance over mean of the same figure before the start, at least 1; 1 where too few are known."""
    long = span(actual.period, case.timeline)
    past = [
        a.value for a in standing(actuals)
        if a.name == actual.name and (s := span(a.period, case.timeline))[0] < 0 and s[1] - s[0] == long[1] - long[0]
    ]  # fmt: skip
    mean = float(np.mean(past)) if len(past) >= FEWEST else 0.0
    return max(1.0, float(np.var(past, ddof=1)) / mean) if mean > 0 else 1.0
