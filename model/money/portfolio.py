"""Both worlds, on the same draws: demand, then placement mix, then unit cost, then workforce; impact = with - without.

A scheme's own rows are its standalone impact: the world with that scheme alone, less the do-nothing world. Schemes that
meet on the caseload are then run together, and what the sum of the standalone rows gets wrong is the interaction, a row
of its own per nature and recurrence.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import Any, TypeVar

import numpy as np

from model.case.draws import Draws, Floats, central
from model.case.parameters import PLACEMENT_LINES, PLACEMENTS
from model.case.records import Case
from model.case.timeline import MONTHS_A_YEAR
from model.case.words import GENERAL, INTERACTION, PARTNER, UASC, WHOLE
from model.children import expected
from model.children.chance import Dealt, dealt, play
from model.children.expected import World
from model.children.levers import NO_LEVERS, Chance, Drivers, Levers, Projection
from model.children.points import project_points
from model.children.streams import Streams, streams_of
from model.money.cashability import split_saving
from model.money.placement_spending import placement_spending
from model.schemes import Scheme, Setting, make_scheme
from model.schemes.base import Terms
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.optimism import cost_factor

Made = TypeVar("Made")
Key = TypeVar("Key", bound=Hashable)
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

    def net(self, months: int, draws: int) -> Floats:
        """Everything, real pounds, (months, draws)."""
        return sum((flows.net(months, draws) for flows in self.flows.values()), np.zeros((months, draws)))

    def total(self, nature: Iterable[str], months: int, draws: int) -> Floats:
        """Return the sum of the lines of some natures, (months, draws)."""
        wanted = set(nature)
        kept = (flows.where(lambda tag: tag.nature in wanted) for flows in self.flows.values())
        return sum((flows.net(months, draws) for flows in kept), np.zeros((months, draws)))


def costs_of(scheme: Scheme, setting: Setting) -> CashFlows:
    """Return a scheme's own spending, raised for optimism bias where the case asks for that."""
    factor, costs = cost_factor(setting, scheme.spec.name), scheme.costs(setting)
    return CashFlows({tag: amount * factor for tag, amount in costs})


def once(make: Callable[[Any, Key], Made]) -> Callable[[Any, Key], Made]:
    """Have a method of one argument made only once for each that it is given."""

    @wraps(make)
    def made(own: Any, of: Key) -> Made:  # noqa: ANN401 - the method's own class
        key = (make.__name__, of)
        if key not in own._made:  # noqa: SLF001 - as above
            own._made[key] = make(own, of)  # noqa: SLF001
        found: Made = own._made[key]  # noqa: SLF001
        return found

    return made


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """A case run on one block of draws. Worlds are made when asked for, and each only once."""

    case: Case
    draws: Draws
    streams: Streams
    cells: bool = True  # whether worlds count children by age and placement, which only `Result.caseload` reads
    middle: Evaluation | None = None  # the case at its central values, where these draws are others
    _made: dict[tuple[str, object], Any] = field(default_factory=dict)

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
    def entry_scale(self) -> Floats:
        """Entries over those of the first year: level x growth, one step each April. (months, draws)."""
        years = self.case.timeline.year_index[:, None]
        growth: Floats = (1 + self.draws.optional("caseload.entries_growth_annual", 0.0)) ** years
        return self.draws.optional("caseload.entries_multiplier", 1.0) * growth

    def _drivers(self, stream: str) -> Drivers:
        """What moves the flows; chance deals differently with each stream of children, and alike in every world."""
        exits, draws = self.draws.optional("caseload.exits_multiplier", 1.0), self.draws
        chance = Chance(seed=draws.seed, stream=stream, first=draws.first) if draws.process_noise else None
        return Drivers(entry_scale=self.entry_scale, exit_scale=exits, chance=chance)

    @cached_property
    def levers(self) -> Mapping[str, Levers]:
        """What each scheme that acts on the caseload does to it."""
        return {name: levers for name, s in self.schemes.items() if (levers := s.levers(self.setting))}

    @cached_property
    def terms(self) -> Mapping[str, Terms]:
        """How each scheme that changes it has children paid for."""
        return {name: terms for name, s in self.schemes.items() if (terms := s.terms(self.setting))}

    def meeting(self, names: Iterable[str]) -> frozenset[str]:
        """Return which of some schemes meet on the caseload: they change its children or what these cost."""
        return frozenset(n for n in names if n in self.levers or n in self.terms)

    @once
    def ground(self, stream: str) -> Dealt:
        """Return the children of a stream whom chance deals to this block, on whom all its worlds play."""
        return dealt(getattr(self.streams, stream), self._drivers(stream), cells=self.cells)

    def world(self, names: Iterable[str] = ()) -> Projection:
        """Return the general stream with the named schemes; with none, the do-nothing world."""
        return self._world(frozenset(n for n in names if n in self.levers)).projection

    @once
    def _world(self, acting: frozenset[str]) -> World:
        levers = sum((self.levers[n] for n in self.levers if n in acting), NO_LEVERS)
        return self._projected(GENERAL, levers, acting)

    def _projected(self, stream: str, levers: Levers, acting: frozenset[str]) -> World:
        """Project one world: children one at a time where there is chance, else expected numbers.

        How new places fill is worked out once, at central values, and followed by every draw.
        """
        children, drivers = getattr(self.streams, stream), self._drivers(stream)
        if self.draws.n == 1 and drivers.chance is None:
            # every world counts alike: without effect one must be the other to the last digit
            return expected.project(children, drivers, levers, cells=self.cells)
        guides = self._central._world(acting).guides if levers.places else ()  # noqa: SLF001 - its own kind
        if drivers.chance is None:
            return World(project_points(children, drivers, levers, guides), guides)
        return World(play(self.ground(stream), levers, guides), guides)

    @cached_property
    def _central(self) -> Evaluation:
        if self.middle is not None:
            return self.middle
        return replace(self, draws=central(self.case), cells=False, _made={})

    @cached_property
    def uasc(self) -> Projection:
        """Unaccompanied asylum-seeking children: the same in every world, paid for by grant."""
        return self._projected(UASC, NO_LEVERS, frozenset()).projection

    @cached_property
    def prices(self) -> Floats:
        """Real price of a placement by month, pounds a week, (months, placements, draws).

        Each grows at its own rate where the case states one, and otherwise at the rate common to all placements.
        """

        def price(placement: str) -> Floats:
            own = PRICE_GROWTH_OF[placement]
            growth = self.setting.real_growth(own if own in self.case.assumptions else PRICE_GROWTH)
            return growth * self.draws.optional(f"price.{placement}_weekly", 0.0)

        return np.stack([price(p) for p in PLACEMENTS], axis=1)

    @cached_property
    def monthly_prices(self) -> Floats:
        """Real pounds a month for a child in each placement, (months, placements, draws)."""
        monthly: Floats = self.prices * self.setting.weekly[:, None, :]
        return monthly

    def spending(self, names: Iterable[str] = ()) -> dict[str, Floats]:
        """Return what the world of the named schemes costs by line, positive, (months, draws): children, and events."""
        return self._spending(frozenset(names))

    @once
    def _spending(self, acting: frozenset[str]) -> dict[str, Floats]:
        world = self.world(acting)
        lines = placement_spending(world.mean_stock, self.monthly_prices, self.terms, acting)
        return lines | {
            ENTRY_LINE: world.entries * self.draws.optional("cost.entry", 0.0),
            EXIT_LINE: world.exits_under_18 * self.draws.optional("cost.exit_under_18", 0.0),
            EIGHTEEN_LINE: world.exits_at_18 * self.draws.optional("cost.exit_at_18", 0.0),
            SUPPORT_LINE: world.diverted * self.draws.optional("cost.diverted_child", 0.0),
        }

    def total_spending(self, names: Iterable[str] = ()) -> Floats:
        """Return what the world of the named schemes costs in all, positive, (months, draws): `spending` summed."""
        return sum(self.spending(names).values(), np.zeros(self.setting.shape))

    def net(self, members: Iterable[str]) -> Floats:
        """Return the joint net position of some schemes, (months, draws): a perimeter's, without its lines."""
        names = [n for n in self.schemes if n in set(members)]
        own = sum((self._own_money(name) for name in names), np.zeros(self.setting.shape))
        if not self.meeting(names):
            return own
        saved: Floats = own + self.total_spending() - self.total_spending(names)
        return saved

    @once
    def _own_money(self, name: str) -> Floats:
        """Return what a scheme costs and what it saves on lines of its own, (months, draws)."""
        scheme = self.schemes[name]
        total = costs_of(scheme, self.setting).net(*self.setting.shape)
        for before, after in scheme.spending(self.setting).values():
            total += before - after
        return total

    @cached_property
    def contract_steps(self) -> Mapping[str, Floats]:
        """Yearly cost of one whole contract step on each placement line, real, (years, draws)."""
        first = np.searchsorted(self.case.timeline.year_index, np.arange(len(self.case.timeline.financial_years)))
        weeks = self.case.conventions.weeks_per_year
        return {
            line: self.setting.optional(f"cashable.contract_step_{p}", 0.0) * self.prices[first, i] * weeks
            for i, (p, line) in enumerate(PLACEMENT_LINES.items())
        }

    @cached_property
    def opening_cost(self) -> Mapping[str, Floats]:
        """Yearly cost of the opening children on each placement line at the first year's prices, real, (draws,)."""
        children = self.world().stock[0]
        yearly = children * self.prices[0] * self.case.conventions.weeks_per_year
        return {line: yearly[i] for i, line in enumerate(PLACEMENT_LINES.values())}

    def saving(self, names: Iterable[str]) -> CashFlows:
        """Return what the named schemes together save on the caseload's lines, split by nature."""
        acting = self.meeting(names)
        return self._saving(acting) if acting else CashFlows()

    @once
    def _saving(self, acting: frozenset[str]) -> CashFlows:
        """Split savings by nature. What a partner pays for is theirs to save: never cashable, in their own purse."""
        before, after = self.spending(), self.spending(acting)
        shares = {line: f"partner.share_{p}" for p, line in PLACEMENT_LINES.items()}
        theirs = {line: self.draws[name] for line, name in shares.items() if name in self.case.assumptions}

        def ours(amounts: Mapping[str, Floats]) -> dict[str, Floats]:
            return {line: amount * (1 - theirs[line]) if line in theirs else amount for line, amount in amounts.items()}

        growth = self.setting.optional("cashable.budget_growth_real_annual", 0.0)
        flows = split_saving(
            self.case, ours(before), ours(after), ours(self.contract_steps), {}, budget_growth_annual=growth,
            opening=ours(self.opening_cost),
        )  # fmt: skip
        if theirs:
            was, now = ({line: spent[line] * share for line, share in theirs.items()} for spent in (before, after))
            flows += split_saving(self.case, was, now, {}, dict.fromkeys(theirs, PARTNER))
        return flows

    @once
    def standalone(self, name: str) -> CashFlows:
        """Return one scheme by itself: its own costs, what it saves on its own lines, and on the caseload."""
        scheme = self.schemes[name]
        flows = costs_of(scheme, self.setting) + self.saving([name])
        if pairs := scheme.spending(self.setting):
            before, after = ({line: pair[i] for line, pair in pairs.items()} for i in (0, 1))
            flows += split_saving(self.case, before, after, {}, scheme.purses)
        return flows

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
