"""Money by line and month. Positive favours the council; a saving and a cost never share a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from model.case.draws import Floats
from model.case.words import GENERAL_FUND


@dataclass(frozen=True, order=True)
class Tag:
    """What a line of money is: its words, its nature, whether it recurs, and which purse it belongs to."""

    line: str
    nature: str
    recurrence: str
    funding: str = GENERAL_FUND


@dataclass(frozen=True)
class CashFlows:
    """Tagged amounts in real pounds, each (months, draws). Adding merges equal tags; nothing is mutated."""

    amounts: Mapping[Tag, Floats] = field(default_factory=dict)

    def __add__(self, other: CashFlows) -> CashFlows:
        """Return both together."""
        merged = dict(self.amounts)
        for tag, amount in other.amounts.items():
            merged[tag] = merged[tag] + amount if tag in merged else amount
        return CashFlows(merged)

    def __neg__(self) -> CashFlows:
        """Return the same lines with the signs turned."""
        return CashFlows({tag: -amount for tag, amount in self.amounts.items()})

    def __sub__(self, other: CashFlows) -> CashFlows:
        """Return these less the others."""
        return self + -other

    def __iter__(self) -> Iterator[tuple[Tag, Floats]]:
        """Walk over tags and amounts in the order they were first added."""
        return iter(self.amounts.items())

    def where(self, keep: Callable[[Tag], bool]) -> CashFlows:
        """Return the lines whose tag is kept."""
        return CashFlows({tag: amount for tag, amount in self.amounts.items() if keep(tag)})

    def net(self, months: int, draws: int) -> Floats:
        """Return the sum of all lines, (months, draws); zeros where there are none."""
        total = np.zeros((months, draws))
        for amount in self.amounts.values():
            total += amount
        return total
