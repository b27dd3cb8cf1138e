"""What schemes do to a caseload, what moves it in every world alike, and what a world looks like once projected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.children.law import Floats

Points = NDArray[np.int64]

Lever = TypeVar("Lever", "EntryReduction", "FosterPlaces", "SoonerOut")
MEASURES: Final = ("stock", "entry", "exit", "move_in", "move_out", "age_in", "age_out")


@dataclass(frozen=True, kw_only=True)
class EntryReduction:
    """A lever: the share of entries that a scheme prevents, and how fast some of those children enter after all.

    `name` the scheme's, which keys its chances; `rate` (months, draws), the share of the target group prevented;
    `weights` (ages, placements, draws), zero outside the target group; `fade` (draws,), the rate a month at which a
    child kept at home enters care later; `short_share` (draws,), the share of the prevented who would have had a short
    stay (`model.children.short`), nan where stays of every kind are prevented alike.
    """

    name: str
    rate: Floats
    weights: Floats
    fade: Floats
    short_share: Floats


@dataclass(frozen=True, kw_only=True)
class FosterPlaces:
    """A lever: filled new in-house places, and where their children come from.

    `filled` (months, draws) children; `transferring_share` (draws,) of IFA starts that a new place suits;
    `inflow_limited` (draws,) 1 = children come only from IFA starts, 0 = from the IFA stock at once.
    """

    name: str
    filled: Floats
    transferring_share: Floats
    inflow_limited: Floats


@dataclass(frozen=True, kw_only=True)
class SoonerOut:
    """A lever: children leave a placement sooner than they would, for home or for another placement.

    `rate` (months, draws), a month, on top of the law's own; `ages` which bands, (ages,) of bool; `source` the
    placement; `to` another placement (step-down), or None for leaving care (reunification, special guardianship).
    """

    name: str
    rate: Floats
    ages: NDArray[np.bool_]
    source: int
    to: int | None


@dataclass(frozen=True, kw_only=True)
class Levers:
    """The levers of a world. Entries are prevented first, stays are shortened next, new places are filled last."""

    reductions: tuple[EntryReduction, ...] = ()
    places: tuple[FosterPlaces, ...] = ()
    sooner: tuple[SoonerOut, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any lever at all."""
        return bool(self.reductions or self.places or self.sooner)

    def __add__(self, other: Levers) -> Levers:
        """Return the levers of both."""
        return Levers(
            reductions=self.reductions + other.reductions,
            places=self.places + other.places,
            sooner=self.sooner + other.sooner,
        )

    def at(self, which: Points) -> Levers:
        """Return the levers of some draws, which are the last axis of every number but a lever's `ages`."""

        def some(lever: Lever) -> Lever:
            numbers = {n: v for n, v in vars(lever).items() if isinstance(v, np.ndarray) and n != "ages"}
            return replace(lever, **{name: value[..., which] for name, value in numbers.items()})  # type: ignore[arg-type]

        return Levers(
            reductions=tuple(map(some, self.reductions)), places=tuple(map(some, self.places)),
            sooner=tuple(map(some, self.sooner)),
        )  # fmt: skip


NO_LEVERS: Final = Levers()


@dataclass(frozen=True, kw_only=True)
class Chance:
    """Which children chance deals: those of `seed` for a `stream`, draws `first` onwards."""

    seed: int
    stream: str
    first: int


@dataclass(frozen=True, kw_only=True)
class Drivers:
    """What moves the flows of every world alike.

    `entry_scale` (months, draws) multiplies entries, `exit_scale` (draws,) the rates of leaving; `chance`: children one
    at a time, or None for expected numbers.
    """

    entry_scale: Floats
    exit_scale: Floats
    chance: Chance | None = None

    def at(self, which: Points) -> Drivers:
        """Return the drivers of some draws, without chance."""
        return Drivers(entry_scale=self.entry_scale[:, which], exit_scale=self.exit_scale[which])


@dataclass(frozen=True, kw_only=True)
class Projection:
    """One world. Placement stocks and totals for every draw; cells only as sums over draws (for their mean).

    `stock` (months + 1, placements, draws), month 0 being the opening; `entries`, `exits_under_18`, `exits_at_18`,
    `diverted` (months, draws); `cells`: measure -> (months, ages, placements) summed over draws, the stock with one
    month more, or empty where nobody wanted them; `draws` how many were summed.
    """

    stock: Floats
    entries: Floats
    exits_under_18: Floats
    exits_at_18: Floats
    diverted: Floats
    cells: Mapping[str, Floats]
    draws: int

    @property
    def mean_stock(self) -> Floats:
        """Children in each placement, on average over each month: (months, placements, draws)."""
        mean: Floats = (self.stock[1:] + self.stock[:-1]) / 2
        return mean


def targeted(lever: EntryReduction, entries_annual: Floats) -> Floats:
    """Return how a reduction's rate falls on every kind of entry, (ages, placements, draws): its share is rate x this.

    `rate` is the share of the target group's expected entries; the weights say which of them, so that twice the weight
    is twice the share, and the expected number prevented is the rate's whatever the weights.
    """
    target = np.where(lever.weights > 0, entries_annual[:, :, None], 0.0).sum(axis=(0, 1))
    weighted = (entries_annual[:, :, None] * lever.weights).sum(axis=(0, 1))
    tilted: Floats = lever.weights * np.divide(target, weighted, out=np.zeros_like(target), where=weighted > 0)
    return tilted


def shares_prevented(levers: Levers, entries_annual: Floats) -> list[Floats]:
    """Return, for each reduction, the share of every kind of entry it prevents: (months, ages, placements, draws)."""
    return [
        np.minimum(lever.rate[:, None, None, :] * targeted(lever, entries_annual), 1.0) for lever in levers.reductions
    ]
