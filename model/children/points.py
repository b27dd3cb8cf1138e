"""Expected numbers of children at many points at once: placements and flows, for sweeps, tornadoes and sliders.

A world is linear in who enters. So what one entrant of each age and placement leaves behind is worked out once
(`Table`) and convolved with the entries of every point. Levels of exits, and rates of coming into care after all, enter
through a few nodes and polynomials between them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from model.case.parameters import AGES, PLACEMENTS
from model.case.timeline import MONTHS_A_YEAR
from model.children.expected import CELLS, ENTRANTS, project
from model.children.law import AGE_EDGES, EIGHTEEN, IFA, IN_HOUSE, LONGEST, Floats, Law, steps
from model.children.levers import Drivers, Levers, Projection
from model.children.opening import Stream
from model.children.places import Guide, filling
from model.children.short import EXITS, MONTHS, kept_at_home, parted, short_stays

Points = NDArray[np.int64]

FADES: Final = np.array(
    [0, 0.002, 0.005, 0.009, 0.014, 0.02, 0.028, 0.04, 0.055, 0.075, 0.1, 0.15, 0.25, 0.4, 0.7, 1.2, 3, 30]
)
"""The same for rates a month of coming into care after all."""
FEW_FADES: Final = 3
ENTERED, UNDER_18, AT_18 = range(len(PLACEMENTS), len(PLACEMENTS) + 3)
_TOGETHER: Final = 12  # months of entrants convolved at once
OUT: Final = len(PLACEMENTS) + 3  # children by placement at the month's end; entries; exits under 18; exits at 18


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """What the opening children, and one entrant of each kind, leave behind at one level of exits.

    `opening` (months, out); `reach` (months since entry, 218, placements, out), cumulated over months of age at entry,
    so that any stretch of ages is a difference; `younger` as in a `Stream`.
    """

    opening: Floats
    reach: Floats
    younger: Floats

    def entrants(self, older_by: int = 0) -> Floats:
        """Return what one entrant of each band and placement leaves behind, some months older than it would have been.

        (months since entry less `older_by`, ages, placements, out). Ages are even within either half of the band.
        """
        low, high = AGE_EDGES[:-1], AGE_EDGES[1:]
        edges = np.minimum(np.stack([low, (low + high) // 2, high]) + older_by, EIGHTEEN + 1)
        begin, middle, end = (self.reach[: len(self.reach) - older_by, edge] for edge in edges)
        share, width = self.younger[:, None, None], ((high - low) / 2)[:, None, None]
        made: Floats = (middle - begin) * (share / width) + (end - middle) * ((1 - share) / width)
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
                total[later:] += share * self.entrants(later)
        return total


@lru_cache(maxsize=64)
def entrants_behind(stream: Stream, exit_scale: float, months: int) -> tuple[Floats, Floats]:
    """Return what the opening children, and one entrant of each kind, leave behind (see `Table`)."""
    made = table(stream, exit_scale, months)
    return made.opening, made.entrants()


@lru_cache(maxsize=128)
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
    return Table(opening=opening, reach=_reach(law, months), younger=np.array(stream.younger))


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
    reach = np.cumsum(out, axis=1)
    reach[:, :-1] = (reach[:, :-1] + reach[:, 1:]) / 2
    return reach


def project_points(stream: Stream, drivers: Drivers, levers: Levers, guides: Sequence[Guide]) -> Projection:
    """Project one world at many points (draws), expected numbers only. `guides`: as in `model.children.chance.play`.

    Points that differ in nothing that children live by (in prices, say) are projected once.
    """
    firsts, which = _distinct(drivers, levers)
    few, pulled = drivers.at(firsts), levers.at(firsts)
    made = _one_by_one(stream, few, pulled) if levers.sooner else _linear(stream, few, pulled, guides)
    arrays = {f.name: getattr(made, f.name)[..., which] for f in fields(made) if f.name not in {"cells", "draws"}}
    return Projection(**arrays, cells={}, draws=len(which))


def _distinct(drivers: Drivers, levers: Levers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first of each kind of point, and which kind every point is."""
    draws = len(drivers.exit_scale)
    pulled = (vars(lever) for lever in (*levers.reductions, *levers.places, *levers.sooner))
    given = [a for values in pulled for a in values.values() if isinstance(a, np.ndarray) and a.shape[-1] == draws]
    parts = [drivers.entry_scale, drivers.exit_scale, *given]
    table = np.ascontiguousarray(np.concatenate([part.reshape(-1, draws) for part in parts]).T)
    seen: dict[bytes, int] = {}
    which = np.array([seen.setdefault(row.tobytes(), len(seen)) for row in table])
    return np.unique(which, return_index=True)[1], which


def _linear(stream: Stream, drivers: Drivers, levers: Levers, guides: Sequence[Guide]) -> Projection:
    """Project points by what entrants leave behind."""
    months, draws = drivers.entry_scale.shape
    monthly = (stream.entries_annual / MONTHS_A_YEAR).ravel()
    kinds = np.flatnonzero(
        sum(((lever.weights > 0).any(axis=2) for lever in levers.reductions), np.zeros(CELLS)).ravel()
    )
    home = kept_at_home(stream, drivers, levers, kinds)
    out = np.zeros((months, OUT, draws))
    for points, weight, scale in parted(drivers.exit_scale, EXITS, 1):
        opening, entrants = entrants_behind(stream, scale, months)
        of_kind = entrants.reshape(months, -1, OUT)
        usual = np.einsum("mko,k->mo", of_kind, monthly)[:, None]
        worth = opening[:, :, None] + _convolved(drivers.entry_scale[:, None, points], usual)
        worth -= _convolved((home.kept - home.fewer_short)[..., points], of_kind[:, kinds])
        if home.fewer_short.any():
            worth -= _convolved(home.fewer_short[..., points], short_behind(stream, scale, months)[:, kinds])
        for lever, mine in zip(levers.reductions, home.by_lever, strict=True):
            for some, part, fade in parted(lever.fade[points], FADES, FEW_FADES):
                back = returning_behind(stream, scale, months, fade).reshape(months, -1, OUT)[:, kinds]
                worth[..., some] += part * _convolved(mine[..., points][..., some], back)
        out[..., points] += weight * worth
    first = np.repeat(stream.opening.sum(axis=(0, 1))[None, :, None], draws, axis=2)
    stock = np.concatenate([first, out[:, : len(PLACEMENTS)]])
    for places, guide in zip(levers.places, guides, strict=True):
        own = filling(places, guide, drivers.entry_scale, drivers.exit_scale)
        children = np.minimum(own.children, stock[1:, IFA])
        stock[1:, IN_HOUSE] += children
        stock[1:, IFA] -= children
    return Projection(
        stock=stock, entries=out[:, ENTERED], exits_under_18=out[:, UNDER_18], exits_at_18=out[:, AT_18],
        diverted=home.kept.sum(axis=1), cells={}, draws=draws,
    )  # fmt: skip


def short_behind(stream: Stream, exit_scale: float, months: int) -> Floats:
    """Return what one entrant with a short stay leaves behind, as `Table.entrants`."""
    short = short_stays(stream, exit_scale)
    out = np.zeros((max(months, MONTHS), len(AGES), len(PLACEMENTS), OUT))
    out[:MONTHS, ..., : len(PLACEMENTS)] = short.stock
    out[:MONTHS, ..., UNDER_18], out[:MONTHS, ..., AT_18] = short.exits.sum(axis=3), short.at_18.sum(axis=3)
    out[0, ..., ENTERED] = 1.0
    return out[:months].reshape(months, -1, OUT)


def _convolved(entering: Floats, behind: Floats) -> Floats:
    """Return what those who enter (months, kinds, draws) leave behind, (months, out, draws).

    `behind` (months since, kinds, out). A year's entrants at once: one large product costs less than twelve small ones.
    """
    months, kinds, draws = entering.shape
    before = np.concatenate([np.zeros((_TOGETHER - 1, kinds, OUT)), behind])
    turned = sliding_window_view(before, _TOGETHER, axis=0)[..., ::-1].transpose(0, 2, 3, 1).reshape(months * OUT, -1)
    out = np.zeros((months * OUT, draws))
    for month in range(0, months, _TOGETHER):
        some = entering[month : month + _TOGETHER].reshape(-1, draws)
        out[month * OUT :] += turned[: (months - month) * OUT, : len(some)] @ some
    return out.reshape(months, OUT, draws)


def _one_by_one(stream: Stream, drivers: Drivers, levers: Levers) -> Projection:
    """Project every point by itself: where a lever changes stays, what an entrant leaves behind depends on when."""
    each = [np.array([i]) for i in range(len(drivers.exit_scale))]
    worlds = [project(stream, drivers.at(i), levers.at(i), cells=False).projection for i in each]
    names = ("stock", "entries", "exits_under_18", "exits_at_18", "diverted")
    arrays = {name: np.concatenate([getattr(w, name) for w in worlds], axis=-1) for name in names}
    return Projection(**arrays, cells={}, draws=len(worlds))
