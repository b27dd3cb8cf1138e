"""Rates of leaving, moving and entering from cleaned episodes: events over exposure, pooled where counts are small.

A rate is events over child-years. Every cell (age band, placement, time in care) has a Gamma posterior: a pooled rate,
the product of an age, a placement and a duration effect, counts as some events of its own, as many as the spread
between cells supports. So a cell with two children never gets a rate of nought or of certainty.
After ``count_events`` nothing depends on the number of children.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from model.case.parameters import AGE_BANDS, PLACEMENTS
from model.case.reading.problems import InputProblems
from model.demand.codes import AGE_STARTS, demand_settings
from model.demand.episodes import OPEN, UNKNOWN, Episodes, birthday

DURATIONS: Final = ("under_6_months", "6_to_12_months", "12_to_24_months", "over_24_months")
DURATION_STARTS: Final = (0, 183, 365, 730, OPEN)
"""Days in care at which each duration band begins."""
DAYS_A_YEAR: Final = 365.25
_A, _P, _D = len(AGE_BANDS), len(PLACEMENTS), len(DURATIONS)
_WEIGHTS: Final = np.geomspace(0.5, 1000.0, 40)
_ROUNDS: Final = 50
_LONG_ENOUGH: Final = 3 * 365
"""Days of returns from which on a child whose time in care is in doubt may wait to be counted."""
_FAR: Final = 9999  # a year beyond any
_DAYS_BEFORE_18: Final = 2
"""An exit this close to the 18th birthday is one at 18: councils date it the day before as well as the day itself."""


@dataclass(frozen=True, kw_only=True)
class Events:
    """Counts and exposure of one stream, added over children.

    ``stock`` children in care when the returns end, ``exposure`` child-years and ``exits`` before 18: (ages,
    placements, durations). ``moves`` (ages, placements from, to); ``out`` moves out (ages, placements, durations);
    ``entries`` (ages, placements, years); ``younger`` how many entrants of each age to have in the younger half of
    its band; ``aged_out`` exits at 18; ``mean_age`` months of age of those in care when the returns end, (ages,), nan
    without any; ``first`` children in care when the returns begin. ``years`` financial years by the year they end in.
    Children of unknown age are spread over ages as the others of their placement are, so counts need not be whole.
    """

    stock: np.ndarray
    exposure: np.ndarray
    exits: np.ndarray
    moves: np.ndarray
    out: np.ndarray
    entries: np.ndarray
    younger: np.ndarray
    aged_out: float
    mean_age: np.ndarray
    first: float
    years: tuple[int, ...]


def count_events(episodes: Episodes, *, uasc: bool | None = None) -> Events:
    """Return counts and exposure of the unaccompanied children, of all others, or (by default) of everybody.

    Raises ``InputProblems`` where there are children and no date of birth is known: no rate by age could be given.
    """
    if len(episodes.child) and not (episodes.born != UNKNOWN).any():
        raise InputProblems(["header: no usable date of birth, so no rates by age; export the header file again"])
    mask = np.ones(len(episodes.child), dtype=bool) if uasc is None else episodes.uasc == uasc
    start, end, place = episodes.start[mask], episodes.end[mask], episodes.placement[mask].astype(np.int64)
    opens, closes, began = episodes.opens, episodes.closes, episodes.care_start[mask]
    births = [birthday(episodes.born[mask], age) for age in AGE_STARTS]
    known = episodes.born[mask] != UNKNOWN
    seen_end = np.minimum(end, closes)
    since = np.maximum(opens, _seen_since(began, opens, closes))
    exposure = _exposure(np.maximum(start, since), seen_end, (place, began), births, known)
    last = np.maximum(end - 1, start)
    happens = (end < closes) & (end >= opens) & (last >= since)
    age_at_end, duration = _band(births, np.where(happens, end, start), known), _duration(last - began)
    leaves = episodes.leaves[mask] & happens
    age_at_end = np.where(leaves & known & (end >= births[-1] - _DAYS_BEFORE_18), _A, age_at_end)
    to = _follows(episodes, mask)
    moved = happens & ~leaves & (to >= 0) & (to != place)
    in_care = end == OPEN
    age_then, age_now, age_in = (
        np.where(known, np.minimum(band, _A - 1), _A + 1)
        for band in (age_at_end, *(_band(births, day, known) for day in (np.where(in_care, closes - 1, start), start)))
    )
    enters = episodes.enters[mask] & (start >= opens) & (start < closes)
    years, year = _financial_years(start, enters)
    spread = _ages_of_unknown(exposure)
    exits = _with_unknown(_tally((age_at_end, place, duration), (_P, _D), leaves), spread)
    now = _tally((age_now, place, _duration(closes - 1 - began)), (_P, _D), in_care)
    return Events(
        stock=_with_unknown(now, spread)[:_A],
        exposure=_with_unknown(exposure, spread)[:_A],
        exits=exits[:_A],
        moves=_with_unknown(_tally((age_then, place, to), (_P, _P), moved), spread)[:_A],
        out=_with_unknown(_tally((age_then, place, duration), (_P, _D), moved), spread)[:_A],
        entries=_with_unknown(_tally((age_in, place, year), (_P, len(years)), enters), spread)[:_A],
        younger=_younger(age_in, births, start, enters & known),
        aged_out=float(exits[_A].sum()),
        mean_age=_mean_age(np.where(known & in_care, age_now, _A), (closes - episodes.born[mask]) / DAYS_A_YEAR * 12),
        first=float(((start < opens) & (end >= opens)).sum()),
        years=years,
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
    """Return the mean of months by band (ages,); rows of a higher band count in none."""
    number, total = (np.bincount(band, weights=w, minlength=_A + 1)[:_A] for w in (np.ones(len(band)), months))
    mean: np.ndarray = np.divide(total, number, out=np.full(_A, np.nan), where=number > 0)
    return mean


def _follows(episodes: Episodes, mask: np.ndarray) -> np.ndarray:
    """Placement of the same child's next episode, for the rows of ``mask`` (-1 where there is none)."""
    following = np.full(len(episodes.child), -1, dtype=np.int64)
    if len(following):
        same = episodes.child[1:] == episodes.child[:-1]
        following[:-1] = np.where(same, episodes.placement[1:], -1)
    picked: np.ndarray = following[mask]
    return picked


def _band(births: list[np.ndarray], day: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Age band on a day: 0 to 4, 5 for 18 and over, 6 where the date of birth is unknown."""
    band = np.zeros(len(day), dtype=np.int64)
    for reached in births[1:]:
        band += day >= reached
    return np.where(known, band, _A + 1)


def _duration(days: np.ndarray) -> np.ndarray:
    band: np.ndarray = np.searchsorted(np.array(DURATION_STARTS[1:-1]), days, side="right")
    return band


def _tally(where: tuple[np.ndarray, ...], sizes: tuple[int, ...], chosen: np.ndarray) -> np.ndarray:
    """Count the chosen rows by (ages, 18, unknown) and what else is given, `sizes` of it."""
    shape = (_A + 2, *sizes)
    index = np.ravel_multi_index(tuple(each[chosen] for each in where), shape) if chosen.any() else np.zeros(0, int)
    return np.bincount(index, minlength=int(np.prod(shape))).astype(float).reshape(shape)


def _exposure(
    first: np.ndarray,
    last: np.ndarray,
    care: tuple[np.ndarray, np.ndarray],
    births: list[np.ndarray],
    known: np.ndarray,
) -> np.ndarray:
    """Child-years by (ages, 18, unknown) x placements x durations between ``first`` and ``last`` (not included)."""
    place, began = care
    out = np.zeros((_A + 2, _P, _D))
    for d in range(_D):
        low = np.maximum(first, began + DURATION_STARTS[d])
        high = np.minimum(last, began + DURATION_STARTS[d + 1])
        for age in range(_A):
            days = np.minimum(high, births[age + 1]) - np.maximum(low, births[age])
            days = np.where(known, np.maximum(days, 0), 0)
            out[age, :, d] = np.bincount(place, weights=days, minlength=_P)
        days = np.where(known, 0, np.maximum(high - low, 0))
        out[_A + 1, :, d] = np.bincount(place, weights=days, minlength=_P)
    return out / DAYS_A_YEAR


def _financial_years(start: np.ndarray, enters: np.ndarray) -> tuple[tuple[int, ...], np.ndarray]:
    """Return the financial years with entries, by the year they end in, and which of them every row's start is in."""
    ends_in = (start.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) - 3) // 12 + 1970 + 1
    held = ends_in[enters]
    return tuple(range(int(held.min()), int(held.max()) + 1)) if len(held) else (), ends_in - held.min(initial=_FAR)


def _younger(age: np.ndarray, births: list[np.ndarray], start: np.ndarray, chosen: np.ndarray) -> np.ndarray:
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
class PooledRates:
    """Gamma posteriors of rates a child-year by (ages, placements, durations): ``shape`` over ``exposure``."""

    shape: np.ndarray
    exposure: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """Posterior mean rate a year."""
        mean: np.ndarray = self.shape / self.exposure
        return mean

    def quantile(self, share: float) -> np.ndarray:
        """Return the rate below which the true one lies with probability ``share``."""
        from scipy.special import gammaincinv  # noqa: PLC0415  heavy import, only here

        rate: np.ndarray = gammaincinv(self.shape, share) / self.exposure
        return rate


def pool(events: np.ndarray, exposure: np.ndarray, prior_by_age: np.ndarray | None = None) -> PooledRates:
    """Pool rates over (ages, placements, durations).

    ``prior_by_age`` published rates a year by age (a region's or England's); they count as ``regional_prior_exits``
    events spread as the council's exposure is. The cells' own weight against the pooled rate is estimated by maximum
    likelihood (events are then negative binomial), and widened by the pooled rate's own uncertainty.
    """
    pooled = _main_effects(events, exposure, prior_by_age)
    weight = _cell_weight(events, exposure, pooled)
    doubt = sum(1 / (events.sum(axis=axes, keepdims=True) + 1) for axes in ((1, 2), (0, 2), (0, 1)))
    worth = 1 / (1 / weight + doubt)
    return PooledRates(shape=worth + events, exposure=worth / pooled + exposure)


def _main_effects(events: np.ndarray, exposure: np.ndarray, prior_by_age: np.ndarray | None) -> np.ndarray:
    """Product of age, placement and duration effects; each is shrunk by one event's worth towards no effect."""
    total = float(events.sum()) + 0.5
    level = total / (float(exposure.sum()) + 0.5)
    effects = [np.full(size, 1.0) for size in events.shape]
    target = np.ones(events.shape[0])
    prior = 1.0
    if prior_by_age is not None:
        at = exposure.sum(axis=(1, 2))
        level = (total + demand_settings()["regional_prior_exits"]) / (
            float(exposure.sum()) + demand_settings()["regional_prior_exits"] / _average(prior_by_age, at)
        )
        target = np.maximum(prior_by_age, 1e-4) / level
        prior = demand_settings()["regional_prior_exits"] / len(AGE_BANDS)
        effects[0] = target.copy()
    for _ in range(_ROUNDS):
        for axis, others in ((0, (1, 2)), (1, (0, 2)), (2, (0, 1))):
            expected = (
                level * exposure * effects[0][:, None, None] * effects[1][None, :, None] * effects[2][None, None, :]
            )
            without = expected.sum(axis=others) / effects[axis]
            worth, centre = (prior, target) if axis == 0 else (1.0, np.ones(events.shape[axis]))
            effects[axis] = (events.sum(axis=others) + worth) / (without + worth / centre)
    rates: np.ndarray = level * effects[0][:, None, None] * effects[1][None, :, None] * effects[2][None, None, :]
    kept: np.ndarray = np.maximum(rates * (prior + events.sum()) / (prior + (rates * exposure).sum()), 1e-6)
    return kept  # drawn together cell by cell, but not in all


def _average(values: np.ndarray, weights: np.ndarray) -> float:
    return float(np.average(values, weights=weights)) if weights.sum() > 0 else float(values.mean())


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


def rate_frame(events: Events, exits: PooledRates, moves: PooledRates) -> pd.DataFrame:
    """Return age_band, placement, duration, measure (exit, move), exposure_years, events, rate_annual, low_80, high_80.

    Moves are pooled over durations. ``raw_annual`` is events over exposure, blank without. Rates are a child-year.
    """
    parts = []
    for name, counts, pooled, durations in (
        ("exit", events.exits, exits, DURATIONS),
        ("move", events.out.sum(axis=2, keepdims=True), moves, ("all",)),
    ):
        there = events.exposure if durations == DURATIONS else events.exposure.sum(axis=2, keepdims=True)
        cells = np.indices(counts.shape).reshape(3, -1)
        raw = np.divide(counts, there, out=np.full_like(counts, np.nan), where=there > 0)
        frame = {
            "age_band": np.array(AGE_BANDS)[cells[0]],
            "placement": np.array(PLACEMENTS)[cells[1]],
            "duration": np.array(durations)[cells[2]],
            "measure": name,
            "exposure_years": there.ravel(),
            "events": counts.ravel(),
            "raw_annual": raw.ravel(),
            "rate_annual": pooled.mean.ravel(),
            "low_80": pooled.quantile(0.1).ravel(),
            "high_80": pooled.quantile(0.9).ravel(),
        }
        parts.append(pd.DataFrame(frame))
    return pd.concat(parts, ignore_index=True).round(3)


def published_exit_rates(stock: Mapping[str, float], exits: Mapping[str, float]) -> np.ndarray:
    """Return exits before 18 a year over children on 31 March, by age band (from published tables)."""
    held = sum(stock.values())
    overall = sum(exits.get(a, 0.0) for a in AGE_BANDS) / held if held > 0 else 1.0
    return np.array([exits.get(a, 0.0) / stock[a] if stock.get(a, 0.0) > 0 else overall for a in AGE_BANDS])
