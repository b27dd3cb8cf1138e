"""What a council states in `options.toml`: the long list, what may be more or less of, its limits, and stages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

FILE_NAME: Final = "options.toml"


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A critical success factor: what an option has to meet to be kept on the list."""

    name: str
    test: str


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of the long list. `scales`: scheme -> how large it is, 1 as the case states it; absent = not done.

    `kept` and `reason`: whether it is on the short list, and why, against the factors. `overrides` are a scenario's.
    """

    name: str
    title: str
    role: str
    kept: bool
    reason: str
    scales: Mapping[str, float] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Scalable:
    """A scheme that may be larger or smaller.

    `scales`: those the model works out, nought first; mixes between two of them are interpolated, and none lies between
    nought and the smallest other. `fixed_share`: the part of its posts' and yearly cost at scale 1 that is the same at
    any scale. `units`: whole ones of `unit` at scale 1, where a mix is of whole ones; else it goes by `step`.
    """

    name: str
    scales: tuple[float, ...]
    fixed_share: float
    source: str
    unit: str = ""
    units: float = 0.0
    step: float = 0.0

    @property
    def grid(self) -> tuple[float, ...]:
        """The scales of a mix: none of it, and from the smallest to the largest by whole units or by the step."""
        by, low, high = self.step or 1 / self.units, self.scales[1], self.scales[-1]
        first, last = -(-(low - 1e-9) // by), (high + 1e-9) // by
        return (0.0, *(by * n for n in range(int(first), int(last) + 1)))


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a mix must keep within; None = no limit. Pounds are real.

    `reserve_gbp`: the peak funding requirement, with a chance of `reserve_chance`; `budget_annual_gbp`: what the
    schemes spend in any year, on average; `posts_fte`: new posts; `payback_chance`: of paying back by the end of
    `payback_by`. `objective`: what is made as large as it can be, a column of the mixes.
    """

    objective: str
    reserve_chance: float
    payback_by: str
    source: str
    reserve_gbp: float | None = None
    budget_annual_gbp: float | None = None
    posts_fte: float | None = None
    payback_chance: float | None = None

    @property
    def by_name(self) -> dict[str, float | None]:
        """The limits by name."""
        return {
            name: getattr(self, name) for name in ("reserve_gbp", "budget_annual_gbp", "posts_fte", "payback_chance")
        }


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A scheme begun small: `first` until the day `decide`, then one of the scales `then` (0 = it ends)."""

    scheme: str
    first: float
    then: tuple[float, ...]
    decide: date


@dataclass(frozen=True, kw_only=True)
class OptionsFile:
    """The whole of `options.toml`. `statutory`: schemes in every option but doing nothing, a constraint, no benefit."""

    factors: tuple[Factor, ...]
    options: tuple[Option, ...]
    scalable: tuple[Scalable, ...]
    limits: Limits
    statutory: tuple[str, ...] = ()
    staged: tuple[Staged, ...] = ()
    social_value: bool = False

    @property
    def short_list(self) -> tuple[Option, ...]:
        """The options that were kept, in the order of the file."""
        return tuple(option for option in self.options if option.kept)
