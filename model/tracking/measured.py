"""What the model says of a measure: its value month by month in every draw, under the name an actual goes by."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case import measures as m
from model.case.parameters import AGES, PLACEMENTS, SPLIT_AGE_BANDS
from model.case.reading import formulas
from model.case.records import Case, in_cash
from model.case.timeline import MONTHS_A_YEAR
from model.case.words import AVOIDANCE, CASHABLE, DO_NOTHING, IMPACT, INCOME, INVESTMENT, NATURES
from model.children.levers import NO_LEVERS, shares_prevented
from model.money.portfolio import Evaluation
from model.schemes.base import rate_a_month
from model.schemes.entry_reduction import EntryReductionScheme
from model.schemes.fostering import FosteringGrowth
from model.schemes.setting import Setting
from model.schemes.staff.posts import filled_share

Floats = NDArray[np.float64]

FLOWS: Final = (m.STARTED, m.CEASED, m.NIGHTS, m.SPEND, m.COST, m.SERVED, m.KEPT, *m.MONEY)
"""Measures that add up over the months of a period; the others are read at its end (children) or as its mean."""
STOCKS: Final = (m.LOOKED_AFTER, m.HOUSEHOLDS, m.APPROVED, m.FILLED)
_OF_MONEY: Final = dict(zip(m.MONEY, (NATURES, (CASHABLE, INCOME), (AVOIDANCE,), (INVESTMENT,)), strict=True))


def names_of(case: Case) -> dict[str, str]:
    """Return every name that a measure or a formula may have in a case, and its unit."""
    acting = {spec.name: spec.kind for spec in case.active_schemes}
    assumed = {name: a.unit for name, a in case.assumptions.items()}
    return {**assumed, formulas.WEEKS: "weeks", **m.modelled(acting, case.perimeters)}


def formulas_of(case: Case) -> dict[str, formulas.Formula]:
    """Return measure -> formula of every benefit of an acting scheme that states one."""
    posts, acting = case.establishment, {spec.name for spec in case.active_schemes}
    words = names_of(case).keys() | formulas.of_establishment((post.id, post.team) for post in posts)
    return {b.measure: formulas.parse(b.formula, words) for b in case.benefits if b.formula and b.scheme in acting}


def is_modelled(measure: str, case: Case) -> bool:
    """Whether the model has a value for a measure: by its own name, or by a benefit's formula."""
    return measure in names_of(case) or measure in formulas_of(case)


def reads(name: str, known: Mapping[str, formulas.Formula], kind: tuple[str, ...]) -> bool:
    """Whether a measure is, or its formula reads, one of some kinds."""
    names = known[name].names.values() if name in known else [name]
    return any(part in kind for read in names for part in read.split("."))


def own_name(name: str, known: Mapping[str, formulas.Formula]) -> str:
    """Return the model's own name of a measure: what the formula of a benefit reads, where it reads only that."""
    formula = known.get(name)
    return formula.names[formula.expression] if formula and formula.expression in formula.names else name


@dataclass(frozen=True, kw_only=True)
class Modelled:
    """The measures of one evaluated block of draws, each (months, draws), made when asked for.

    Children who enter are expected numbers: what chance adds is the likelihood's business. Money is in real pounds but
    for prices and spending on placements, which are in cash, as ledgers are.
    """

    evaluation: Evaluation
    level: Floats  # cash for a real pound by month, (months, 1)
    acting: tuple[str, ...]  # the schemes of the world that is seen

    def __getitem__(self, name: str) -> Floats:
        """Return a measure by its name, with its scope. KeyError where the model has none."""
        values = np.broadcast_to(self._read(name), self.evaluation.setting.shape)
        return np.asarray(values, dtype=np.float64)

    def _read(self, name: str) -> Floats:
        case = self.evaluation.case
        if name in self.register:
            return self._computed(self.register[name])
        if name in case.assumptions:
            return self.evaluation.draws[name]
        if name.startswith("est."):
            return np.array(formulas.of_posts(name, case.establishment))
        if name == formulas.WEEKS:
            return np.array(case.conventions.weeks_per_year)
        return self._modelled(name)

    def _modelled(self, name: str) -> Floats:
        """Return a measure of the model's own; without a world in front, as it is seen: with the schemes."""
        first, _, rest = name.partition(".")
        if first in m.MONEY:
            return self.evaluation.perimeters[rest].total(_OF_MONEY[first], *self.evaluation.setting.shape)
        if first == m.PRICE:
            return np.asarray(self.evaluation.prices[:, PLACEMENTS.index(rest)] * self.level)
        if first in self.evaluation.schemes:
            return self._own(first, rest) * (first in self.acting)
        if first == IMPACT:
            return self._count(rest, self.acting) - self._count(rest, ())
        return self._count(rest, ()) if first == DO_NOTHING else self._count(name, self.acting)

    @cached_property
    def register(self) -> Mapping[str, formulas.Formula]:
        """The formulas of the register, by measure."""
        return formulas_of(self.evaluation.case)

    def _computed(self, formula: formulas.Formula) -> Floats:
        """Compute a formula on whole arrays."""
        from simpleeval import SimpleEval  # noqa: PLC0415 - loaded only where there is a formula

        values = {key: self._read(name) for key, name in formula.names.items()}
        computed = SimpleEval(operators=formulas.OPERATORS, functions=_FUNCTIONS, names=values).eval(formula.expression)
        return np.asarray(computed, dtype=np.float64)

    def _count(self, name: str, acting: tuple[str, ...]) -> Floats:
        """Return children, nights or spending in the world of some schemes; a stock at each month's end."""
        base, _, scope = name.partition(".")
        if base == m.STARTED:
            return self._started(scope, acting)
        world, uasc = self.evaluation.world(acting), self.evaluation.uasc
        if base == m.CEASED:
            return np.asarray(sum(w.exits_under_18 + w.exits_at_18 for w in (world, uasc)))
        at = [PLACEMENTS.index(scope)] if scope else list(range(len(PLACEMENTS)))
        if base == m.LOOKED_AFTER:
            return np.asarray((world.stock + uasc.stock)[1:, at].sum(axis=1))
        if base == m.NIGHTS:
            return np.asarray((world.mean_stock + uasc.mean_stock)[:, at].sum(axis=1) * self.evaluation.setting.daily)
        if base == m.SPEND:
            monthly = world.mean_stock * self.evaluation.monthly_prices
            return np.asarray(monthly[:, at].sum(axis=1) * self.level)
        raise KeyError(name)

    def _started(self, age: str, acting: tuple[str, ...]) -> Floats:
        """Return expected entries of an age, those who come in after all included, (months, draws)."""
        if acting not in self._entries:
            self._entries[acting] = self._entering(acting)
        bands = [i for i, band in enumerate(AGES) if age in {"", band, SPLIT_AGE_BANDS.get(band)}]
        return np.asarray(self._entries[acting][:, bands].sum(axis=1) + (0 if age else self.evaluation.uasc.entries))

    @cached_property
    def _entries(self) -> dict[tuple[str, ...], Floats]:
        return {}

    def _entering(self, acting: tuple[str, ...]) -> Floats:
        """Return expected entries by age in the world of some schemes, (months, ages, draws)."""
        evaluation, levers = self.evaluation, NO_LEVERS
        for name in acting:
            levers += evaluation.levers.get(name, NO_LEVERS)
        general = evaluation.streams.general.entries_annual
        scale = evaluation.entry_scale[:, None, :] / MONTHS_A_YEAR
        shares = shares_prevented(levers, general)
        coming = (np.prod([1 - share for share in shares], axis=0) * general[:, :, None]).sum(axis=-2) * scale
        if shares:
            kept = general.sum(axis=1)[:, None] * scale - coming
            coming += _coming_after_all(kept, np.mean([lever.fade for lever in levers.reductions], axis=0))
        return np.asarray(coming)

    def _own(self, scheme: str, name: str) -> Floats:
        """Return a measure of one scheme's own."""
        kind, setting = self.evaluation.schemes[scheme], self.evaluation.setting
        if name == m.COST:
            return -kind.costs(setting).net(*setting.shape) * self.level
        if name == m.POSTS:
            return filled_share(setting, kind.elapsed(setting))
        if isinstance(kind, FosteringGrowth):
            return _of_carers(kind, setting)[name]
        if isinstance(kind, EntryReductionScheme):
            return _of_entries(kind, setting, name)
        raise KeyError(f"{scheme}.{name}")


def _coming_after_all(kept: Floats, fade: Floats) -> Floats:
    """Return who of the children kept at home enters later, at a rate a month, (months, ages, draws)."""
    waiting, coming = np.zeros(kept.shape[1:]), np.empty(kept.shape)
    for month, more in enumerate(kept):
        coming[month] = waiting * (1 - np.exp(-fade))
        waiting = waiting - coming[month] + more
    return coming


def _of_carers(scheme: FosteringGrowth, setting: Setting) -> dict[str, Floats]:
    """Return a fostering scheme's chain: households more than without it, their places, and the children in them."""
    added = np.maximum(scheme.households(setting).extra, 0)
    places = added * scheme.of(setting, "places_per_household")
    return {m.HOUSEHOLDS: added, m.APPROVED: places, m.FILLED: scheme.filled_places(setting)}


def _of_entries(scheme: EntryReductionScheme, setting: Setting, name: str) -> Floats:
    """Return an entry reduction's chain: children served, those of them still at home, those kept out of care.

    Of the children served one in `children_served_per_entry` would enter care; the effect keeps some of these at home,
    and fades.
    """
    each = np.maximum(scheme.of(setting, "children_served_per_entry"), 1)
    if name in m.AT_HOME:
        lasts = np.exp(-rate_a_month(scheme.of(setting, "fade_annual")) * m.AT_HOME[name])
        return 1 - (1 - scheme.of(setting, "effect") * lasts) / each
    target = setting.entry_scale * setting.entries_by_age[[AGES.index(age) for age in scheme.spec.ages]].sum()
    if name == m.SERVED:
        return np.asarray(scheme.reach(setting) * target * each * np.clip(scheme.elapsed(setting), 0, 1))
    return np.asarray(scheme.rate(setting) * target)


_FUNCTIONS: Final[dict[str, Callable[..., Floats]]] = {
    "round": lambda x, digits=0: np.floor(x * 10.0**digits + 0.5) / 10.0**digits,
    "ceil": np.ceil, "floor": np.floor, "abs": np.abs,
    "min": lambda *x: np.minimum.reduce(np.broadcast_arrays(*x)),
    "max": lambda *x: np.maximum.reduce(np.broadcast_arrays(*x)),
    "sum": lambda *x: sum(x[1:], x[0]),
}  # fmt: skip
"""What a formula may do, on whole arrays. `formulas.parse` has let through nothing else."""


def measured(evaluation: Evaluation, acting: tuple[str, ...] | None = None, level: Floats | None = None) -> Modelled:
    """Return what an evaluated case says of its measures: with all its schemes, or with those `acting`.

    `level`: cash for a real pound by month, (months,); as the case plans it unless given.
    """
    level = in_cash(evaluation.case) if level is None else level
    everything = tuple(evaluation.schemes)
    return Modelled(evaluation=evaluation, level=level[:, None], acting=everything if acting is None else acting)
