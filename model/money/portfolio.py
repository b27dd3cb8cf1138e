"""Both worlds, on the same draws: demand, then placement mix, then unit cost, then workforce; impact = with - without.

A scheme's own rows are its standalone impact: the world with that scheme alone, less the do-nothing world. Schemes that
meet on the caseload are then run together, and what the sum of the standalone rows gets wrong is the interaction, a row
of its own per nature and recurrence.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.case.draws import Draws, central
from model.case.parameters import PLACEMENT_LINES, PLACEMENTS
from model.case.records import Case
from model.case.timeline import MONTHS_A_YEAR
from model.case.words import INTERACTION, PARTNER, WHOLE
from model.children import expected
from model.children.chance import Dealt, dealt, play
from model.children.expected import World
from model.children.levers import NO_LEVERS, Chance, Drivers, Levers, Projection
from model.children.points import project_points
from model.children.streams import GENERAL, UASC, Streams, streams_of
from model.money.cashability import split_saving
from model.money.placement_spending import Terms, placement_spending, terms_of
from model.schemes import Scheme, Setting, make_scheme
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.optimism import cost_factor

Made = TypeVar("Made")
PRICE_GROWTH = "growth.placement_prices_real_annual"
PRICE_GROWTH_OF = {p: f"growth.{p}_prices_real_annual" for p in PLACEMENTS}  # where a case states a placement's own

ENTRY_LINE = "Entering care: proceedings and placement finding"
EXIT_LINE = "Leaving care before 18"
EIGHTEEN_LINE = "Leaving care at 18"
SUPPORT_LINE = "Support for children kept at home"


@dataclass(frozen=True, kw_only=True)
class Perimeter:
    """One boundary drawn around schemes: their rows, standalone, and the interaction between them."""

    name: str
    flows: Mapping[str, CashFlows]

    def net(self, months: int, draws: int) -> NDArray[np.float64]:
        """Everything, real pounds, (months, draws)."""
        return sum((flows.net(months, draws) for flows in self.flows.values()), np.zeros((months, draws)))

    def total(self, nature: Iterable[str], months: int, draws: int) -> NDArray[np.float64]:
        """Return the sum of the lines of some natures, (months, draws)."""
        wanted = set(nature)
        kept = (flows.where(lambda tag: tag.nature in wanted) for flows in self.flows.values())
        return sum((flows.net(months, draws) for flows in kept), np.zeros((months, draws)))


def _levers_of(scheme: Scheme, setting: Setting) -> Levers:
    return Levers(reductions=scheme.reductions(setting), places=scheme.places(setting), sooner=scheme.sooner(setting))


def costs_of(scheme: Scheme, setting: Setting) -> CashFlows:
    """Return a scheme's own spending, raised for optimism bias where the case asks for that."""
    factor, costs = cost_factor(setting, scheme.spec.name), scheme.costs(setting)
    return CashFlows({tag: amount * factor for tag, amount in costs})


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A case run on one block of draws. Worlds are made when asked for, and each only once."""

    case: Case
    draws: Draws
    streams: Streams
    cells: bool = True  # whether worlds count children by age and placement, which only `Result.caseload` reads
    middle: Evaluation | None = None  # the case at its central values, where these draws are others
    _made: dict[tuple[str, object], Any] = field(default_factory=dict)

    def _once(self, what: str, of: Hashable, make: Callable[[], Made]) -> Made:
        """Return what `make` gives, made only once."""
        if (what, of) not in self._made:
            self._made[what, of] = make()
        made: Made = self._made[what, of]
        return made

    @cached_property
    def schemes(self) -> Mapping[str, Scheme]:
        """The active schemes by name, in the order of declaration."""
        return {spec.name: make_scheme(spec) for spec in self.case.active_schemes}

    @cached_property
    def setting(self) -> Setting:
        """What schemes are given to work with."""
        by_age = self.streams.general.entries_annual.sum(axis=1) / MONTHS_A_YEAR
        return Setting(case=self.case, draws=self.draws, entries_by_age=by_age, entry_scale=self.entry_scale)

    @cached_property
    def entry_scale(self) -> NDArray[np.float64]:
        """Entries over those of the first year: level x growth, one step each April. (months, draws)."""
        timeline = self.case.timeline
        years = np.arange(len(timeline.financial_years))[:, None]
        growth = (1 + self.draws.optional("caseload.entries_growth_annual", 0.0)) ** years
        scale: NDArray[np.float64] = (self.draws.optional("caseload.entries_multiplier", 1.0) * growth)[
            timeline.year_index
        ]
        return scale

    @cached_property
    def drivers(self) -> Drivers:
        """What moves the flows in every world alike."""
        return self._drivers(GENERAL)

    def _drivers(self, stream: str) -> Drivers:
        """Chance deals differently with each stream of children, and alike in every world."""
        exits, draws = self.draws.optional("caseload.exits_multiplier", 1.0), self.draws
        chance = Chance(seed=draws.seed, stream=stream, first=draws.first) if draws.process_noise else None
        return Drivers(entry_scale=self.entry_scale, exit_scale=exits, chance=chance)

    @cached_property
    def levers(self) -> Mapping[str, Levers]:
        """What each scheme that acts on the caseload does to it."""
        found = {n: _levers_of(s, self.setting) for n, s in self.schemes.items()}
        return {name: levers for name, levers in found.items() if levers}

    @cached_property
    def terms(self) -> Mapping[str, Terms]:
        """How each scheme that changes it has children paid for."""
        found = {n: terms_of(s, self.setting) for n, s in self.schemes.items()}
        return {name: terms for name, terms in found.items() if terms}

    def meeting(self, names: Iterable[str]) -> frozenset[str]:
        """Return which of some schemes meet on the caseload: they change its children or what these cost."""
        return frozenset(n for n in names if n in self.levers or n in self.terms)

    @cached_property
    def ground(self) -> Dealt:
        """The children that chance deals to this block, on whom all its worlds play."""
        return dealt(self.streams.general, self.drivers, cells=self.cells)

    def world(self, names: Iterable[str] = ()) -> Projection:
        """Return the general stream with the named schemes; with none, the do-nothing world."""
        return self._world(frozenset(n for n in names if n in self.levers)).projection

    def _world(self, acting: frozenset[str]) -> World:
        levers = sum((self.levers[n] for n in self.levers if n in acting), NO_LEVERS)
        return self._once("world", acting, lambda: self._projected(levers, acting))

    def _projected(self, levers: Levers, acting: frozenset[str]) -> World:
        """Project one world: children one at a time where there is chance, else expected numbers.

        How new places fill is worked out once, at central values, and followed by every draw.
        """
        if self._expected:
            # every world counts alike: without effect one must be the other to the last digit
            return expected.project(self.streams.general, self.drivers, levers, cells=self.cells)
        guides = self._central._world(acting).guides if levers.places else ()  # noqa: SLF001 - its own kind
        if self.drivers.chance is None:
            return World(project_points(self.streams.general, self.drivers, levers, guides), guides)
        return World(play(self.ground, levers, guides), guides)

    @property
    def _expected(self) -> bool:
        return self.draws.n == 1 and not self.draws.process_noise

    @cached_property
    def _central(self) -> Evaluation:
        if self.middle is not None:
            return self.middle
        return replace(self, draws=central(self.case), cells=False, _made={})

    @cached_property
    def uasc(self) -> Projection:
        """Unaccompanied asylum-seeking children: the same in every world, paid for by grant."""
        stream, drivers = self.streams.uasc, self._drivers(UASC)
        if self._expected:
            return expected.project(stream, drivers, cells=self.cells).projection
        if drivers.chance is None:
            return project_points(stream, drivers, NO_LEVERS, ())
        return play(self.uasc_ground)

    @cached_property
    def uasc_ground(self) -> Dealt:
        """The unaccompanied children that chance deals to this block."""
        return dealt(self.streams.uasc, self._drivers(UASC), cells=self.cells)

    @cached_property
    def prices(self) -> NDArray[np.float64]:
        """Real price of a placement by month, pounds a week, (months, placements, draws).

        Each grows at its own rate where the case states one, and otherwise at the rate common to all placements.
        """
        growth = np.stack([self.setting.real_growth(self._own_growth.get(p, PRICE_GROWTH)) for p in PLACEMENTS], axis=1)
        prices: NDArray[np.float64] = growth * self._weekly_prices[None, :, :]
        return prices

    @cached_property
    def _own_growth(self) -> Mapping[str, str]:
        """The placements whose prices grow at a rate of their own: placement -> assumption."""
        return {p: name for p, name in PRICE_GROWTH_OF.items() if name in self.case.assumptions}

    @cached_property
    def monthly_prices(self) -> NDArray[np.float64]:
        """Real pounds a month for a child in each placement, (months, placements, draws)."""
        monthly: NDArray[np.float64] = self.prices * self.setting.weekly[:, None, :]
        return monthly

    def spending(self, names: Iterable[str] = ()) -> dict[str, NDArray[np.float64]]:
        """Return what the world of the named schemes costs by line, positive, (months, draws): children, and events."""
        acting = frozenset(names)
        return self._once("spending", acting, lambda: self._spending(acting))

    def _spending(self, acting: frozenset[str]) -> dict[str, NDArray[np.float64]]:
        world = self.world(acting)
        lines = placement_spending(world.mean_stock, self.monthly_prices, self.terms, acting)
        return lines | {
            ENTRY_LINE: world.entries * self.draws.optional("cost.entry", 0.0),
            EXIT_LINE: world.exits_under_18 * self.draws.optional("cost.exit_under_18", 0.0),
            EIGHTEEN_LINE: world.exits_at_18 * self.draws.optional("cost.exit_at_18", 0.0),
            SUPPORT_LINE: world.diverted * self.draws.optional("cost.diverted_child", 0.0),
        }

    def total_spending(self, names: Iterable[str] = ()) -> NDArray[np.float64]:
        """Return what the world of the named schemes costs in all, positive, (months, draws): `spending` summed."""
        return sum(self.spending(names).values(), np.zeros(self.setting.shape))

    @cached_property
    def _weekly_prices(self) -> NDArray[np.float64]:
        return np.array([self.draws.optional(f"price.{p}_weekly", 0.0) for p in PLACEMENTS])

    def net(self, members: Iterable[str]) -> NDArray[np.float64]:
        """Return the joint net position of some schemes, (months, draws): a perimeter's, without its lines."""
        names = [n for n in self.schemes if n in set(members)]
        own = sum((self._own_money(name) for name in names), np.zeros(self.setting.shape))
        if not self.meeting(names):
            return own
        saved: NDArray[np.float64] = own + self.total_spending() - self.total_spending(names)
        return saved

    def _own_money(self, name: str) -> NDArray[np.float64]:
        """Return what a scheme costs and what it saves on lines of its own, (months, draws)."""

        def own() -> NDArray[np.float64]:
            scheme = self.schemes[name]
            total = costs_of(scheme, self.setting).net(*self.setting.shape)
            for before, after in scheme.spending(self.setting).values():
                total += before - after
            return total

        return self._once("own money", name, own)

    @cached_property
    def contract_steps(self) -> Mapping[str, NDArray[np.float64]]:
        """Yearly cost of one whole contract step on each placement line, real, (years, draws)."""
        first = np.searchsorted(self.case.timeline.year_index, np.arange(len(self.case.timeline.financial_years)))
        weeks = self.case.conventions.weeks_per_year
        return {
            line: self.setting.optional(f"cashable.contract_step_{p}", 0.0) * self.prices[first, i] * weeks
            for i, (p, line) in enumerate(PLACEMENT_LINES.items())
        }

    @cached_property
    def opening_cost(self) -> Mapping[str, NDArray[np.float64]]:
        """Yearly cost of the opening children on each placement line at the first year's prices, real, (draws,)."""
        children = self.world().stock[0]
        yearly = children * self.prices[0] * self.case.conventions.weeks_per_year
        return {line: yearly[i] for i, line in enumerate(PLACEMENT_LINES.values())}

    def saving(self, names: Iterable[str]) -> CashFlows:
        """Return what the named schemes together save on the caseload's lines, split by nature."""
        acting = self.meeting(names)
        if not acting:
            return CashFlows()
        return self._once("saving", acting, lambda: self._split(self.spending(), self.spending(acting)))

    @cached_property
    def partner_shares(self) -> Mapping[str, NDArray[np.float64]]:
        """Share of each placement line that the schools' grant or health pays, where stated: line -> (draws,)."""
        names = {line: f"partner.share_{p}" for p, line in PLACEMENT_LINES.items()}
        return {line: self.draws[name] for line, name in names.items() if name in self.case.assumptions}

    def _split(self, before: Mapping[str, NDArray[np.float64]], after: Mapping[str, NDArray[np.float64]]) -> CashFlows:
        """Split savings by nature. What a partner pays for is theirs to save: never cashable, in their own purse."""
        theirs = self.partner_shares

        def ours(amounts: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
            return {line: amount * (1 - theirs[line]) if line in theirs else amount for line, amount in amounts.items()}

        growth = self.setting.optional("cashable.budget_growth_real_annual", 0.0)
        flows = split_saving(
            self.case,
            ours(before),
            ours(after),
            ours(self.contract_steps),
            {},
            budget_growth_annual=growth,
            opening=ours(self.opening_cost),
        )
        if theirs:
            was, now = ({line: spent[line] * share for line, share in theirs.items()} for spent in (before, after))
            flows += split_saving(self.case, was, now, {}, dict.fromkeys(theirs, PARTNER))
        return flows

    def standalone(self, name: str) -> CashFlows:
        """Return one scheme by itself: its own costs, what it saves on its own lines, and on the caseload."""

        def alone() -> CashFlows:
            scheme = self.schemes[name]
            flows = costs_of(scheme, self.setting) + self.saving([name])
            if pairs := scheme.spending(self.setting):
                before, after = ({line: pair[i] for line, pair in pairs.items()} for i in (0, 1))
                flows += split_saving(self.case, before, after, {}, scheme.purses)
            return flows

        return self._once("standalone", name, alone)

    def perimeter(self, name: str, members: Iterable[str]) -> Perimeter:
        """Return the rows of some schemes and the interaction between those that meet on the caseload."""
        names = [n for n in self.schemes if n in set(members)]
        flows = {n: self.standalone(n) for n in names}
        meeting = self.meeting(names)
        if len(meeting) > 1:
            apart = sum((self.saving([n]) for n in names if n in meeting), CashFlows())
            flows[INTERACTION] = _as_interaction(self.saving(meeting) - apart)
        return Perimeter(name=name, flows=flows)

    @cached_property
    def perimeters(self) -> Mapping[str, Perimeter]:
        """Each scheme by itself, the declared groups, and the whole."""
        return {name: self.perimeter(name, members) for name, members in members_of(self.case).items()}


def members_of(case: Case) -> dict[str, tuple[str, ...]]:
    """Return perimeter -> its active schemes: each scheme by itself, the declared groups, and the whole."""
    names = tuple(spec.name for spec in case.active_schemes)
    return {name: (name,) for name in names} | dict(case.perimeters) | {WHOLE: names}


def _as_interaction(flows: CashFlows) -> CashFlows:
    """Sum lines into one interaction row per nature and recurrence (and purse)."""
    total = CashFlows()
    for tag, amount in flows:
        total += CashFlows({Tag(INTERACTION, tag.nature, tag.recurrence, tag.funding): amount})
    return total


def evaluate(case: Case, draws: Draws, *, cells: bool = True, middle: Evaluation | None = None) -> Evaluation:
    """Run a case on a block of draws.

    Pass what does not depend on draws when running many blocks: `middle`, the same case evaluated at its central
    values. Without `cells` no world counts children by age and placement, which money does not need.
    """
    return Evaluation(case=case, draws=draws, streams=streams_of(case), cells=cells, middle=middle)
