"""Rates of leaving, moving and entering from cleaned episodes: events over exposure, pooled where counts are small.

A rate is events over child-years. In every cell (age band, placement, time in care) a pooled rate, the product of an
age, a placement and a duration effect, counts as some events of its own, as many as the spread between cells supports.
So a cell with two children never gets a rate of nought or of certainty.
After ``count_events`` nothing depends on the number of children.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from model.case.parameters import AGE_BANDS, PLACEMENTS
from model.case.reading.problems import InputProblems
from model.case.timeline import MONTHS_A_YEAR
from model.children.law import EVEN_SHARE_8_9, INPUT_AGE_OF, Law
from model.children.opening import by_band
from model.children.stated import settled
from model.demand.codes import AGE_STARTS, demand_settings
from model.demand.episodes import OPEN, UNKNOWN, Episodes, birthday

DURATION_STARTS: Final = (0, 183, 365, 730, OPEN)
"""Days in care at which each duration band begins."""
DAYS_A_YEAR: Final = 365.25
_A, _P, _D = len(AGE_BANDS), len(PLACEMENTS), len(DURATION_STARTS) - 1
_ADULT, _NOBODY_KNOWS = _A, _A + 1  # rows beside the bands of age
_WEIGHTS: Final = np.geomspace(0.5, 1000.0, 40)
_ROUNDS: Final = 50
_LONG_ENOUGH: Final = 3 * 365
"""Days of returns from which on a child whose time in care is in doubt may wait to be counted."""
_DAYS_BEFORE_18: Final = 2
"""An exit this close to the 18th birthday is one at 18: councils date it the day before as well as the day itself."""


@dataclass(frozen=True, kw_only=True)
class Events:
    """Counts and exposure of one stream, added over children.

    ``stock`` children in care when the returns end, ``exposure`` child-years and ``exits`` before 18: (ages,
    placements, durations). ``moves`` (ages, placements from, to); ``entries`` (ages, placements, financial years);
    ``younger`` how many entrants of each age to have in the younger half of its band; ``mean_age`` months of age of
    those in care when the returns end, (ages,), nan without any; ``first`` children in care when the returns begin.
    Children of unknown age are spread over ages as the others of their placement are, so counts need not be whole.
    """

    stock: np.ndarray
    exposure: np.ndarray
    exits: np.ndarray
    moves: np.ndarray
    entries: np.ndarray
    younger: np.ndarray
    mean_age: np.ndarray
    first: float


def count_events(episodes: Episodes, *, uasc: bool | None = None) -> Events:
    """Return counts and exposure of the unaccompanied children, of all others, or (by default) of everybody.

    Raises ``InputProblems`` where there are children and no date of birth is known: no rate by age could be given.
    """
    if len(episodes.child) and not (episodes.born != UNKNOWN).any():
        raise InputProblems(["header: no usable date of birth, so no rates by age; export the header file again"])
    mask = np.ones(len(episodes.child), dtype=bool) if uasc is None else episodes.uasc == uasc
    start, end, place = episodes.start[mask], episodes.end[mask], episodes.placement[mask].astype(np.int64)
    opens, closes, began = episodes.opens, episodes.closes, episodes.care_start[mask]
    births = np.array([birthday(episodes.born[mask], age) for age in AGE_STARTS])
    known, in_care = episodes.born[mask] != UNKNOWN, end == OPEN
    since = np.maximum(opens, _seen_since(began, opens, closes))
    last = np.maximum(end - 1, start)
    happens = (end < closes) & (end >= opens) & (last >= since)
    leaves = episodes.leaves[mask] & happens
    to = _follows(episodes)[mask]
    moved = happens & ~leaves & (to >= 0) & (to != place)
    enters = episodes.enters[mask] & (start >= opens) & (start < closes)
    year = _financial_year(start)
    year -= year[enters].min(initial=year.max(initial=0))

    def age_on(day: np.ndarray) -> np.ndarray:
        band = (day >= births[1:-1]).sum(axis=0)
        return np.where(known, band, _NOBODY_KNOWS)

    then, now, entering = age_on(end), age_on(np.full(len(end), closes - 1)), age_on(start)
    leaving = np.where(known & (end >= births[-1] - _DAYS_BEFORE_18), _ADULT, then)
    exposure = _exposure(np.maximum(start, since), np.minimum(end, closes), (place, began), births, known)
    spread = _ages_of_unknown(exposure)

    def tally(chosen: np.ndarray, age: np.ndarray, *others: np.ndarray, wide: int = _D) -> np.ndarray:
        shape = (_A + 2, _P, wide)
        index = np.ravel_multi_index(tuple(each[chosen] for each in (age, place, *others)), shape)
        counts = np.bincount(index, minlength=int(np.prod(shape))).astype(float).reshape(shape)
        return _with_unknown(counts, spread)[:_A]

    return Events(
        stock=tally(in_care, now, _duration(closes - 1 - began)),
        exposure=_with_unknown(exposure, spread)[:_A],
        exits=tally(leaves, leaving, _duration(last - began)),
        moves=tally(moved, then, to, wide=_P),
        entries=tally(enters, entering, year, wide=int(year[enters].max(initial=0)) + 1),
        younger=_younger(entering, births, start, enters & known),
        mean_age=_mean_age(now[known & in_care], (closes - episodes.born[mask][known & in_care]) / DAYS_A_YEAR * 12),
        first=float(((start < opens) & (end >= opens)).sum()),
    )


def _seen_since(began: np.ndarray, opens: int, closes: int) -> np.ndarray:
    """Return from which day on it is known how long each child has been in care.

    Returns hold no episode that ended before the first of them, so a child in care before that may have come earlier
    than its first episode says. It counts once even so it has been in care for the longest band, where the returns are
    long enough for that; in shorter ones it is taken at its word.
    """
    doubtful = (began < opens) & (closes - opens >= _LONG_ENOUGH)
    since: np.ndarray = np.where(doubtful, began + DURATION_STARTS[-2], opens)
    return since


def _mean_age(band: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Return the mean of months by band (ages,), nan where there is none."""
    number, total = (np.bincount(band, weights=w, minlength=_A)[:_A] for w in (np.ones(len(band)), months))
    mean: np.ndarray = np.divide(total, number, out=np.full(_A, np.nan), where=number > 0)
    return mean


def _follows(episodes: Episodes) -> np.ndarray:
    """Placement of the same child's next episode, -1 where there is none."""
    following = np.full(len(episodes.child), -1, dtype=np.int64)
    following[:-1] = np.where(episodes.child[1:] == episodes.child[:-1], episodes.placement[1:], -1)
    return following


def _duration(days: np.ndarray) -> np.ndarray:
    band: np.ndarray = np.searchsorted(np.array(DURATION_STARTS[1:-1]), days, side="right")
    return band


def _exposure(
    first: np.ndarray, last: np.ndarray, care: tuple[np.ndarray, np.ndarray], births: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """Child-years by (ages, 18, unknown) x placements x durations between ``first`` and ``last`` (not included)."""
    place, began = care
    out = np.zeros((_A + 2, _P, _D))
    for d in range(_D):
        low = np.maximum(first, began + DURATION_STARTS[d])
        high = np.minimum(last, began + DURATION_STARTS[d + 1])
        for age in range(_A):
            days = np.minimum(high, births[age + 1]) - np.maximum(low, births[age])
            out[age, :, d] = np.bincount(place, weights=np.where(known, np.maximum(days, 0), 0), minlength=_P)
        days = np.where(known, 0, np.maximum(high - low, 0))
        out[_NOBODY_KNOWS, :, d] = np.bincount(place, weights=days, minlength=_P)
    return out / DAYS_A_YEAR


def _financial_year(day: np.ndarray) -> np.ndarray:
    """Return the number of the financial year that each day is in."""
    months: np.ndarray = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return (months - 3) // MONTHS_A_YEAR


def _younger(age: np.ndarray, births: np.ndarray, start: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return how many of the chosen entrants of each age to have in the younger half of its band, (ages,).

    So many that the entrants' mean age is right if ages are even within either half, as the engine has them: it is how
    long they have until 18 that counts.
    """
    who, band = np.flatnonzero(chosen), age[chosen]
    low, high = (np.choose(band, [births[a + later][who] for a in range(_A)]) for later in (0, 1))
    weights = 3 / 2 - 2 * (start[who] - low) / (high - low)
    entered, young = (np.bincount(band, weights=w, minlength=_A) for w in (np.ones(len(who)), weights))
    return np.asarray(np.clip(young, 0.0, entered))


def _ages_of_unknown(exposure: np.ndarray) -> np.ndarray:
    """Share of each age band in a placement's known exposure: (ages, placements), even where nothing is known."""
    known = exposure[:_A].sum(axis=2)
    overall = known.sum(axis=1)
    overall = overall / overall.sum() if overall.sum() > 0 else np.full(_A, 1 / _A)
    total = known.sum(axis=0)
    share: np.ndarray = np.where(total > 0, known / np.where(total > 0, total, 1), overall[:, None])
    return share


def _with_unknown(counts: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Move the unknown ages' row into the known rows (in place of their own pattern, then of the exposure's)."""
    out = counts[: _A + 1].copy()
    unknown = counts[_A + 1]
    held = out.sum(axis=0)
    own = np.divide(out, held, out=np.zeros_like(out), where=held > 0)
    pattern = np.concatenate([np.broadcast_to(spread[:, :, None], (_A, *unknown.shape)), np.zeros((1, *unknown.shape))])
    moved: np.ndarray = out + unknown * np.where(held > 0, own, pattern)
    return moved


# Pooling -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Rates:
    """Rates a year and child: `leaving` (ages, placements, times in care), `moving` (ages, placements from, to)."""

    leaving: np.ndarray
    moving: np.ndarray

    @classmethod
    def of(cls, events: Events, prior: np.ndarray | None) -> Rates:
        """Pool the rates of counted events; `prior`: published rates of leaving by age."""
        out, there = events.moves.sum(axis=2)[:, :, None], events.exposure.sum(axis=2, keepdims=True)
        return cls(
            leaving=pool(events.exits, events.exposure, prior), moving=pool(out, there) * destinations(events.moves)
        )

    def mean_stay(self, entries: np.ndarray) -> float:
        """Return the years that entrants (ages, placements) stay on average under these rates."""
        law = Law(
            leaving=self.leaving.transpose(0, 2, 1)[INPUT_AGE_OF] / MONTHS_A_YEAR,
            moving=self.moving[INPUT_AGE_OF] / MONTHS_A_YEAR,
        )
        total = float(entries.sum())
        return float(settled(law, by_band(entries, EVEN_SHARE_8_9)).sum()) / total if total > 0 else 0.0


def pool(events: np.ndarray, exposure: np.ndarray, prior_by_age: np.ndarray | None = None) -> np.ndarray:
    """Return rates a year over (ages, placements, durations), pooled: the means of Gamma posteriors.

    ``prior_by_age`` published rates a year by age (a region's or England's); they count as ``regional_prior_exits``
    events spread as the council's exposure is. The cells' own weight against the pooled rate is estimated by maximum
    likelihood (events are then negative binomial), and widened by the pooled rate's own uncertainty.
    """
    pooled = _main_effects(events, exposure, prior_by_age)
    weight = _cell_weight(events, exposure, pooled)
    doubt = sum(1 / (events.sum(axis=axes, keepdims=True) + 1) for axes in ((1, 2), (0, 2), (0, 1)))
    worth = 1 / (1 / weight + doubt)
    rates: np.ndarray = (worth + events) / (worth / pooled + exposure)
    return rates


def _main_effects(events: np.ndarray, exposure: np.ndarray, prior_by_age: np.ndarray | None) -> np.ndarray:
    """Product of age, placement and duration effects; each is shrunk by one event's worth towards no effect."""
    total = float(events.sum()) + 0.5
    level, prior, target = total / (float(exposure.sum()) + 0.5), 1.0, np.ones(len(events))
    if prior_by_age is not None:
        worth, at = demand_settings()["regional_prior_exits"], exposure.sum(axis=(1, 2))
        usual = float(np.average(prior_by_age, weights=at if at.any() else None))
        level = (total + worth) / (float(exposure.sum()) + worth / usual)
        prior, target = worth / len(events), np.maximum(prior_by_age, 1e-4) / level
    axes = ((1, 2), (0, 2), (0, 1))
    effects = [target.reshape(-1, 1, 1), np.ones((1, events.shape[1], 1)), np.ones((1, 1, events.shape[2]))]
    towards = [(prior, effects[0]), (1.0, effects[1]), (1.0, effects[2])]
    for _ in range(_ROUNDS):
        for axis, (worth, centre) in enumerate(towards):
            expected = level * exposure * effects[0] * effects[1] * effects[2]
            without = expected.sum(axis=axes[axis], keepdims=True) / effects[axis]
            effects[axis] = (events.sum(axis=axes[axis], keepdims=True) + worth) / (without + worth / centre)
    rates = level * effects[0] * effects[1] * effects[2]
    kept: np.ndarray = np.maximum(rates * (prior + events.sum()) / (prior + (rates * exposure).sum()), 1e-6)
    return kept  # drawn together cell by cell, but not in all


def _cell_weight(events: np.ndarray, exposure: np.ndarray, pooled: np.ndarray) -> float:
    """How many events the pooled rate is worth in a cell: the most likely of a grid."""
    from scipy.special import gammaln  # noqa: PLC0415  heavy import, only here

    used = exposure > 0
    if events.sum() <= 0 or not used.any():
        return float(_WEIGHTS[0])
    seen, expected = events[used][:, None], (pooled * exposure)[used][:, None]
    k = _WEIGHTS[None, :]
    likelihood = (
        gammaln(seen + k) - gammaln(k) + k * np.log(k / (k + expected)) + seen * np.log(expected / (k + expected))
    )
    return float(_WEIGHTS[int(likelihood.sum(axis=0).argmax())])


def destinations(moves: np.ndarray) -> np.ndarray:
    """Return where a child who moves goes: (ages, placements from, placements to), each row adding to one.

    A cell's own moves against the pooled pattern (destinations of that placement, tilted to those of that age).
    """
    by_pair, by_age = moves.sum(axis=0), moves.sum(axis=1)
    overall = by_pair.sum(axis=0) + 0.1
    overall = overall / overall.sum()
    pair = by_pair + overall
    tilt = (by_age + overall) / ((by_age.sum(axis=1, keepdims=True) + 1) * overall)
    pattern = pair[None, :, :] * tilt[:, None, :] * (1 - np.eye(_P))[None, :, :]
    pattern = pattern / pattern.sum(axis=2, keepdims=True)
    counts = moves + demand_settings()["destination_prior_moves"] * pattern
    shares: np.ndarray = counts / counts.sum(axis=2, keepdims=True)
    return shares
