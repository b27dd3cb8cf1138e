"""Expected numbers of children at many points at once: placements and flows, for sweeps, tornadoes and sliders.

A world is linear in who enters. So what one entrant of each age and placement leaves behind is worked out once
(`Table`) and convolved with the entries of every point. Levels of exits, and rates of coming into care after all, enter
through a few nodes and polynomials between them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from model.case.parameters import PLACEMENTS
from model.case.timeline import MONTHS_A_YEAR
from model.children.expected import ENTRANTS, project
from model.children.law import AGE_STARTS, AGES, EIGHTEEN, IFA, IN_HOUSE, LONGEST, Law, steps
from model.children.levers import Drivers, Levers, Projection, shares_prevented
from model.children.opening import ratio
from model.children.places import filling
from model.children.short import MONTHS, by_stay, short_stays

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.children.law import Floats
    from model.children.opening import Stream
    from model.children.places import Guide

NODES: Final = 5
"""Levels of exits, or of fading, between which answers are interpolated: to some hundredths of a child at worst."""
ENTERED, UNDER_18, AT_18 = range(len(PLACEMENTS), len(PLACEMENTS) + 3)
OUT: Final = len(PLACEMENTS) + 3  # children by placement at the month's end; entries; exits under 18; exits at 18


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """What the opening children, and one entrant of each kind, leave behind at one level of exits.

    `opening` (months, out); `reach` (months since entry, 218, placements, out), cumulated over months of age at the end
    of the month of entry, so that any stretch of ages is a difference.
    """

    opening: Floats
    reach: Floats

    def entrants(self, older_by: int = 0) -> Floats:
        """Return what one entrant of each band and placement leaves behind, some months older than it would have been.

        (months since entry, ages, placements, out). Ages are even within the band.
        """
        ends = np.array([*AGE_STARTS[1:], EIGHTEEN])
        edges = np.minimum(np.stack([AGE_STARTS, AGE_STARTS + 1, ends, ends + 1]) + older_by, EIGHTEEN + 1)
        low, low_next, high, high_next = (self.reach[:, edge] for edge in edges)
        whole = (high + high_next - low - low_next) / 2
        made: Floats = whole / (ends - AGE_STARTS)[:, None, None]
        return made

    def returning(self, fade: float) -> Floats:
        """Return what a child kept at home leaves behind by coming into care after all, at a rate a month.

        As `entrants`, by months since it was kept at home.
        """
        months = len(self.reach)
        at_once = 1 - (1 - np.exp(-fade)) / fade if fade > 0 else 0.0
        left = np.exp(-fade * np.arange(months - 1)) * (1 - np.exp(-fade)) * (1 - at_once)
        total = np.zeros((months, len(AGES), len(PLACEMENTS), OUT))
        for later, share in enumerate([at_once, *left]):
            if share > 0:
                total[later:] += share * self.entrants(later)[: months - later]
        return total


@lru_cache(maxsize=2 * NODES)
def entrants_behind(stream: Stream, exit_scale: float, months: int) -> tuple[Floats, Floats]:
    """Return what the opening children, and one entrant of each kind, leave behind (see `Table`)."""
    made = table(stream, exit_scale, months)
    return made.opening, made.entrants()


@lru_cache(maxsize=NODES * NODES)
def returning_behind(stream: Stream, exit_scale: float, months: int, fade: float) -> Floats:
    """Return what a child kept at home leaves behind by coming into care after all (see `Table`)."""
    return table(stream, exit_scale, months).returning(fade)


@lru_cache(maxsize=2)
def table(stream: Stream, exit_scale: float, months: int) -> Table:
    """Work out the table of a stream at one level of exits."""
    law = stream.law.with_exits(exit_scale)
    nobody = Drivers(entry_scale=np.zeros((months, 1)), exit_scale=np.array([exit_scale]))
    alone = project(stream, nobody, cells=False).projection
    parts = [alone.stock[1:, :, 0], alone.entries, alone.exits_under_18, alone.exits_at_18]
    opening = np.concatenate(parts, axis=1)
    return Table(opening=opening, reach=_reach(law, months))


def _reach(law: Law, months: int) -> Floats:
    solved, n = steps(law), len(PLACEMENTS)
    out = np.zeros((months, EIGHTEEN + 2, n, OUT))
    there = solved.entered[solved.of_age[np.maximum(ENTRANTS - 1, 0)]].copy()
    out[0, 1:, :, ENTERED] = 1.0
    before = np.ones((EIGHTEEN + 1, n))
    for month in range(months):
        if month:
            young = np.maximum(EIGHTEEN + 1 - month, 0)
            kinds = solved.of_age[ENTRANTS[:young] + month - 1]
            there[:young] = there[:young] @ solved.stay[kinds, solved.of_care[min(month, LONGEST)]]
        now = there.sum(axis=2)
        out[month, 1:, :, UNDER_18] = before - now
        adult = EIGHTEEN - month
        if adult >= 0:
            out[month, adult + 1, :, AT_18] = now[adult]
            there[adult:] = 0.0
        out[month, 1:, :, :n] = there
        before = there.sum(axis=2)
    return np.cumsum(out, axis=1)


def project_points(stream: Stream, drivers: Drivers, levers: Levers, guides: Sequence[Guide]) -> Projection:
    """Project one world at many points (draws), expected numbers only. `guides`: as in `model.children.chance.play`."""
    if levers.sooner:
        return _one_by_one(stream, drivers, levers)
    months, draws = drivers.entry_scale.shape
    entries = stream.entries_annual[:, :, None] / MONTHS_A_YEAR * drivers.entry_scale[:, None, None, :]
    shares = shares_prevented(levers, stream.entries_annual)
    kept, fewer_short = _kept_at_home(stream, drivers, levers, (entries, shares))
    out = np.zeros((months, OUT, draws))
    for weight, scale in nodes(drivers.exit_scale):
        opening, entrants = entrants_behind(stream, scale, months)
        worth = opening[:, :, None] + _convolved(entries - kept + fewer_short, entrants)
        if fewer_short.any():
            worth -= _convolved(fewer_short, _short_behind(stream, scale, months))
        for lever, share in zip(levers.reductions, shares, strict=True):
            mine = kept * ratio(share, np.sum(shares, axis=0))
            for part, fade in nodes(lever.fade):
                worth += part * _convolved(mine, returning_behind(stream, scale, months, fade))
        out += weight * worth
    first = np.repeat(stream.opening.sum(axis=(0, 1))[None, :, None], draws, axis=2)
    stock = np.concatenate([first, out[:, : len(PLACEMENTS)]])
    for places, guide in zip(levers.places, guides, strict=True):
        own = filling(places, guide, drivers.entry_scale, drivers.exit_scale)
        children = np.minimum(own.children, stock[1:, IFA])
        stock[1:, IN_HOUSE] += children
        stock[1:, IFA] -= children
    return Projection(
        stock=stock, entries=out[:, ENTERED], exits_under_18=out[:, UNDER_18], exits_at_18=out[:, AT_18],
        diverted=kept.sum(axis=(1, 2)), cells={}, draws=draws,
    )  # fmt: skip


def _kept_at_home(
    stream: Stream, drivers: Drivers, levers: Levers, coming: tuple[Floats, list[Floats]]
) -> tuple[Floats, Floats]:
    """Return who is kept at home, and how many more of them have short stays than entrants have.

    Both (months, ages, placements, draws). `coming`: who would enter, and each reduction's share of them.
    """
    entries, shares = coming
    if not shares:
        return np.zeros_like(entries), np.zeros_like(entries)
    natural = natural_short(stream, drivers.exit_scale)
    parts = zip(*by_stay(levers.reductions, shares, stream.entries_annual, natural), strict=True)
    short, others = (1 - np.prod([1 - part for part in stays], axis=0) for stays in parts)
    fewer_short = entries * natural * (short - others)
    return entries * others + fewer_short, fewer_short


def natural_short(stream: Stream, exit_scale: Floats) -> Floats:
    """Return the share of each kind of entry with a short stay at every level of exits, (ages, placements, draws)."""
    made = [weight * short_stays(stream, scale).share[:, :, None] for weight, scale in nodes(exit_scale)]
    total: Floats = np.sum(made, axis=0)
    return total


def _short_behind(stream: Stream, exit_scale: float, months: int) -> Floats:
    """Return what one entrant with a short stay leaves behind, as `Table.entrants`."""
    short = short_stays(stream, exit_scale)
    out = np.zeros((max(months, MONTHS), len(AGES), len(PLACEMENTS), OUT))
    out[:MONTHS, ..., : len(PLACEMENTS)] = short.stock
    out[:MONTHS, ..., UNDER_18], out[:MONTHS, ..., AT_18] = short.exits.sum(axis=3), short.at_18.sum(axis=3)
    out[0, ..., ENTERED] = 1.0
    return out[:months]


def nodes(values: Floats) -> list[tuple[Floats, float]]:
    """Return (weight (draws,), value): answers at these values, so weighted, are the answers at all (draws,) values.

    The values themselves where they are few; else Chebyshev's points between the lowest and the highest, with the
    weights of the polynomial through them.
    """
    own, which = np.unique(values, return_inverse=True)
    if len(own) <= NODES:
        return [((which == i).astype(float), float(value)) for i, value in enumerate(own)]
    middle, half = (own[0] + own[-1]) / 2, (own[-1] - own[0]) / 2
    at = middle + half * np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
    apart = (values[:, None] - at) / half
    weights = [np.prod(np.delete(apart, i, axis=1) / np.delete((at[i] - at) / half, i), axis=1) for i in range(NODES)]
    return list(zip(weights, map(float, at), strict=True))


def _convolved(entering: Floats, behind: Floats) -> Floats:
    """Return what those who enter (months, ages, placements, draws) leave behind, (months, out, draws).

    `behind` (months since, ages, placements, out). One product of matrices over the kinds that enter at all.
    """
    months, draws = entering.shape[0], entering.shape[-1]
    kinds = np.flatnonzero(entering.any(axis=(0, 3)).ravel())
    if not len(kinds):
        return np.zeros((months, OUT, draws))
    who = entering.reshape(months, -1, draws)[:, kinds].reshape(months * len(kinds), draws)
    of_kind = behind.reshape(months, -1, OUT)[:, kinds]
    late = np.zeros((months, months, len(kinds), OUT))
    for month in range(months):
        late[month, month:] = of_kind[: months - month]
    whole: Floats = late.transpose(1, 3, 0, 2).reshape(months * OUT, -1) @ who
    return whole.reshape(months, OUT, draws)


def _one_by_one(stream: Stream, drivers: Drivers, levers: Levers) -> Projection:
    """Project every point by itself: where a lever changes stays, what an entrant leaves behind depends on when."""
    worlds = [
        project(stream, point_of(drivers, i), levers_at(levers, i), cells=False).projection
        for i in range(drivers.entry_scale.shape[1])
    ]
    names = ("stock", "entries", "exits_under_18", "exits_at_18", "diverted")
    arrays = {name: np.concatenate([getattr(w, name) for w in worlds], axis=-1) for name in names}
    return Projection(**arrays, cells={}, draws=len(worlds))


def point_of(drivers: Drivers, i: int) -> Drivers:
    """Return one draw's drivers, without chance."""
    return Drivers(entry_scale=drivers.entry_scale[:, i : i + 1], exit_scale=drivers.exit_scale[i : i + 1])


def levers_at(levers: Levers, i: int) -> Levers:
    """Return one draw's levers."""
    at = slice(i, i + 1)
    return Levers(
        reductions=tuple(
            replace(
                r, rate=r.rate[:, at], weights=r.weights[..., at], fade=r.fade[at], short_share=r.short_share[at]
            )
            for r in levers.reductions
        ),
        places=tuple(
            replace(
                p, filled=p.filled[:, at], transferring_share=p.transferring_share[at],
                inflow_limited=p.inflow_limited[at],
            )
            for p in levers.places
        ),
        sooner=tuple(replace(s, rate=s.rate[:, at]) for s in levers.sooner),
    )  # fmt: skip
