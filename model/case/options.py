"""What a council states in `options.toml`: the long list, what may be more or less of, its limits, and stages."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from model.case import cells
from model.case.cells import Bad, Cell
from model.case.columns import need, spare

FILE_NAME: Final = "options.toml"
ROLES: Final = ("business_as_usual", "do_minimum", "less", "preferred", "more", "other")
"""The options of the Green Book's five-case model; `other`: a different way."""
OBJECTIVES: Final = ("npv_gbp", "npv_cashable_gbp", "npv_p10_gbp")


def _scales(value: object) -> tuple[float, ...]:
    """Read scales, nought among them and first, each larger than the one before."""
    found = tuple(map(cells.toml_number, value)) if isinstance(value, list) else ()
    if len(found) < 2 or found[0] != 0 or any(b <= a for a, b in itertools.pairwise(found)):
        raise Bad("scales from nought upwards, such as [0, 0.5, 1, 2]")
    return found


def _then(value: object) -> tuple[float, ...]:
    if not isinstance(value, list) or not value:
        raise Bad("scales to choose among later, such as [0, 1, 1.5]")
    return tuple(map(cells.count.toml, value))


def _scale_table(value: object) -> dict[str, float]:
    return {name: cells.count.toml(scale) for name, scale in cells.table.toml(value).items()}


def _word(words: tuple[str, ...]) -> Cell[str]:
    return cells.word(words, f"one of {', '.join(words)}")


@dataclass(frozen=True, kw_only=True)
class Factor:
    """A critical success factor: what an option has to meet to be kept on the list."""

    name: str = need(cells.text, "The factor's name.")
    test: str = need(cells.text, "What an option must meet to stay on the list.")


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option of the long list. `scales`: scheme -> how large it is; `overrides` are a scenario's."""

    name: str = need(cells.plain_name, "A short name, without spaces.")
    title: str = need(cells.text, "What people call it.")
    role: str = need(_word(ROLES), f"Its place in a five-case model: {', '.join(f'`{role}`' for role in ROLES)}.")
    kept: bool = need(cells.switch, "Whether it is on the short list; only those are run.")
    reason: str = need(cells.text, "Why it was kept or dropped, against the factors.")
    scales: Mapping[str, float] = spare(
        cells.key(_scale_table), "Scheme = how large, 1 as the case states it. None named: nothing is done.", {}
    )
    overrides: Mapping[str, Any] = spare(cells.table, "Other numbers, as in a scenario.", {})


@dataclass(frozen=True, kw_only=True)
class Scalable:
    """A scheme that may be larger or smaller.

    Mixes between two of its `scales` are interpolated, and none lies between nought and the smallest other.
    """

    name: str = need(cells.plain_name, "A scheme of a kind that has limits: fostering growth or entry reduction.")
    scales: tuple[float, ...] = need(
        cells.key(_scales), "The scales that the model works out, nought first; mixes lie between them."
    )
    fixed_share: float = need(cells.share, "Part of its posts' and yearly cost at scale 1 that any scale has.")
    source: str = need(cells.text, "Where that is from.")
    unit: str = spare(cells.text, "What a mix has whole ones of: posts, households.")
    units: float = spare(cells.positive, "How many of them there are at scale 1.", 0.0)
    step: float = spare(cells.positive, "In the place of units: the step from one mix to the next.", 0.0)

    @property
    def grid(self) -> tuple[float, ...]:
        """The scales of a mix: none of it, and from the smallest to the largest by whole units or by the step."""
        by, low, high = self.step or 1 / self.units, self.scales[1], self.scales[-1]
        first, last = -(-(low - 1e-9) // by), (high + 1e-9) // by
        return (0.0, *(by * n for n in range(int(first), int(last) + 1)))


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a mix must keep within; None = no limit. Pounds are real."""

    objective: str = need(
        _word(OBJECTIVES),
        "What is made as large as it can be: `npv_gbp`, `npv_cashable_gbp` or `npv_p10_gbp`, the 10th percentile.",
    )
    reserve_gbp: float | None = spare(cells.count, "Most that has been spent and not yet saved.")
    reserve_chance: float = need(cells.share, "The chance with which that must be enough.")
    budget_annual_gbp: float | None = spare(cells.count, "Most spent in any year, on average.")
    posts_fte: float | None = spare(cells.count, "New posts that can be filled.")
    payback_by: str = need(cells.financial_year, "The year by whose end a mix should have paid back.")
    payback_chance: float | None = spare(cells.share, "Least chance of that.")
    source: str = need(cells.text, "Where the limits are from.")

    @property
    def by_name(self) -> dict[str, float | None]:
        """The limits by name."""
        return {
            name: getattr(self, name) for name in ("reserve_gbp", "budget_annual_gbp", "posts_fte", "payback_chance")
        }


@dataclass(frozen=True, kw_only=True)
class Staged:
    """A scheme begun small: `first` until the day `decide`, then one of the scales `then` (0 = it ends)."""

    scheme: str = need(cells.plain_name, "A scheme under `[[schemes]]`.")
    first: float = need(cells.positive, "The scale at which it begins.")
    then: tuple[float, ...] = need(cells.key(_then), "The scales to choose among later; 0 ends it.")
    decide: date = need(cells.first_of_month, "The day on which that is decided.")


@dataclass(frozen=True, kw_only=True)
class OptionsFile:
    """The whole of `options.toml`."""

    factors: tuple[Factor, ...] = need(cells.tables, "The critical success factors.", of=Factor)
    options: tuple[Option, ...] = need(cells.tables, "The long list.", of=Option)
    scalable: tuple[Scalable, ...] = need(cells.tables, "What may be more or less of.", name="schemes", of=Scalable)
    limits: Limits = need(cells.table, "What a mix must keep within.", of=Limits)
    statutory: tuple[str, ...] = spare(
        cells.list_of_names, "Schemes in every option but doing nothing: a constraint, no benefit.", ()
    )
    staged: tuple[Staged, ...] = spare(cells.tables, "Decisions to take in stages.", [], name="stages", of=Staged)
    social_value: bool = spare(cells.switch, "true: what others gain stands beside the figures.", default=False)

    @property
    def short_list(self) -> tuple[Option, ...]:
        """The options that were kept, in the order of the file."""
        return tuple(option for option in self.options if option.kept)
