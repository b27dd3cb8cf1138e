"""Children in care by age and placement: where the caseload starts, and how it moves month by month.

A month works on the stock it opens with. Exits, birthdays and moves are shares of that opening stock; new children
enter on top; what is left is the closing stock, so opening + entries - exits = closing in every cell, month and draw.
A month's cost is charged on the mean of its opening and closing stock.

Every child of one age has the same chance of leaving, whatever the placement, unless moves are given; children leave
at 18 through ageing alone. Unaccompanied asylum-seeking children are a stream of their own that no scheme touches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from model.case import parameters
from model.case.timeline import MONTHS_A_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from model.case.records import CaseloadRow
    from model.children.noise import Chance

INPUT_AGES, PLACEMENTS = parameters.AGE_BANDS, parameters.PLACEMENTS
AGES = ("under_1", "1_4", "5_7", "8_9", "10_15", "16_17")
AGE_WIDTH_YEARS = (1, 4, 3, 2, 6, 2)
INPUT_AGE_OF = (0, 1, 2, 2, 3, 4)
EVEN_SHARE_8_9 = AGE_WIDTH_YEARS[3] / (
    AGE_WIDTH_YEARS[2] + AGE_WIDTH_YEARS[3]
)  # of 5_9, if every birthday is as likely
IN_HOUSE, IFA = 0, 1
ALL, AT_18 = "all", "18"
MEASURES = ("stock", "entry", "exit", "move_in", "move_out", "age_in", "age_out")

FIT_ROUNDS = 500
FIT_TOLERANCE = 1e-9
HIGHEST_MONTHLY_HAZARD = 0.9


class CaseloadError(ValueError):
    """The published figures cannot be turned into a caseload; the message says which and why."""


@dataclass(frozen=True, kw_only=True)
class Stream:
    """A do-nothing caseload at central values, before any draw.

    `opening` and `entries_annual` are (ages, placements) in children and children a year; `exit_hazard` and
    `ageing_rate` are (ages,) a month; `move_hazard` is (ages, placements, placements) a month, from and to.
    """

    opening: NDArray[np.float64]
    entries_annual: NDArray[np.float64]
    exit_hazard: NDArray[np.float64]
    ageing_rate: NDArray[np.float64]
    move_hazard: NDArray[np.float64]

    @property
    def has_moves(self) -> bool:
        """Whether any child moves between placements in the do-nothing world."""
        return bool(self.move_hazard.any())


@dataclass(frozen=True, kw_only=True)
class EntryReduction:
    """A lever: the share of entries that a scheme prevents, and how fast some of those children enter after all.

    `rate` (months, draws); `weights` (ages, placements, draws), zero outside the target group; `fade` (draws,) a month.
    """

    rate: NDArray[np.float64]
    weights: NDArray[np.float64]
    fade: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class FosterPlaces:
    """A lever: filled new in-house places, and where their children come from.

    `filled` (months, draws) children; `transferring_share` (draws,) of IFA starts that a new place suits;
    `inflow_limited` (draws,) 1 = children come only from IFA starts, 0 = from the IFA stock at once.
    """

    filled: NDArray[np.float64]
    transferring_share: NDArray[np.float64]
    inflow_limited: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Drivers:
    """What moves the do-nothing flows away from their central values.

    `entry_scale` (months, draws) multiplies entries, `exit_scale` (draws,) exits; `chance` makes counts of both, the
    same in every world.
    """

    entry_scale: NDArray[np.float64]
    exit_scale: NDArray[np.float64]
    chance: Chance | None = None


@dataclass(frozen=True, kw_only=True)
class Projection:
    """One world. Placement stocks and totals for every draw; cells only as sums over draws (for their mean).

    `stock` (months + 1, placements, draws), month 0 being the opening; `entries`, `exits_under_18`, `exits_at_18`,
    `diverted` (months, draws); `cells`: measure -> (months, ages, placements) summed over draws, the stock with one
    month more, or empty where nobody wanted them; `draws` how many were summed.
    """

    stock: NDArray[np.float64]
    entries: NDArray[np.float64]
    exits_under_18: NDArray[np.float64]
    exits_at_18: NDArray[np.float64]
    diverted: NDArray[np.float64]
    cells: Mapping[str, NDArray[np.float64]]
    draws: int

    @property
    def mean_stock(self) -> NDArray[np.float64]:
        """Children in each placement, on average over each month: (months, placements, draws)."""
        mean: NDArray[np.float64] = (self.stock[1:] + self.stock[:-1]) / 2
        return mean


# --- From published margins to a caseload -----------------------------------------------------------------------


def fit_table(
    rows: NDArray[np.float64], columns: NDArray[np.float64], seed: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Fit a table to its row and column totals, starting from `seed` (iterative proportional fitting).

    Cells where the seed is zero stay zero. Column totals are first scaled to the sum of the rows. Raises CaseloadError
    where no such table exists (a total whose whole row or column of the seed is zero, or totals that contradict it).
    """
    table = seed.astype(float).copy()
    if columns.sum() <= 0 or rows.sum() <= 0:
        return np.zeros_like(table)
    columns = columns * (rows.sum() / columns.sum())
    for _ in range(FIT_ROUNDS):
        table *= _ratio(rows, table.sum(axis=1))[:, None]
        table *= _ratio(columns, table.sum(axis=0))[None, :]
        if np.abs(table.sum(axis=1) - rows).max() < FIT_TOLERANCE * rows.sum():
            return table
    worst = int((rows - table.sum(axis=1)).argmax())
    message = (
        f"the totals by age and by placement do not fit together: {rows[worst]:g} children of age "
        f"{INPUT_AGES[worst]} cannot be placed; check the totals against inputs/reference/demand/caseload_seed.csv"
    )
    raise CaseloadError(message)


def _ratio(wanted: NDArray[np.float64], have: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(wanted, have, out=np.zeros_like(wanted), where=have > 0)


def stream_from_rows(rows: Sequence[CaseloadRow], *, seed: Mapping[tuple[str, str], float], share_8_9: float) -> Stream:
    """Build a stream from the rows of `caseload.csv` that belong to it.

    Stock: the joint cells where given, else margins fitted from `seed`. Entries: likewise, spread over placements as
    the stock of that age is. Exits: hazards by age such that the first twelve months reproduce the stated exits.
    """
    stock = _table(rows, "children", _seed_table(seed))
    entries = _table(rows, "entries_annual", stock + FIT_TOLERANCE * _seed_table(seed))
    split = np.array([1, 1, 1 - share_8_9, share_8_9, 1, 1])[:, None]
    opening, entering = stock[list(INPUT_AGE_OF)] * split, entries[list(INPUT_AGE_OF)] * split
    exit_hazard, ageing = _hazards(rows, opening.sum(axis=1), entering.sum(axis=1))
    return Stream(
        opening=opening,
        entries_annual=entering,
        exit_hazard=exit_hazard,
        ageing_rate=ageing,
        move_hazard=_move_hazards(rows, stock),
    )


def empty_stream(like: Stream) -> Stream:
    """Return a stream of nobody, with the hazards of another."""
    nobody = np.zeros_like(like.opening)
    return replace(like, opening=nobody, entries_annual=nobody)


def with_hazards_of(stream: Stream, other: Stream) -> Stream:
    """Return a stream that leaves care and ages as another does, for one whose own exits are not stated."""
    return replace(stream, exit_hazard=other.exit_hazard, ageing_rate=other.ageing_rate)


def _seed_table(seed: Mapping[tuple[str, str], float]) -> NDArray[np.float64]:
    return np.array([[seed.get((a, p), 1.0) for p in PLACEMENTS] for a in INPUT_AGES])


def _table(rows: Sequence[CaseloadRow], measure: str, seed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (input ages, placements) of one measure: joint cells if there are any, else fitted to the margins."""
    cells, by_age, by_placement, total = (
        np.zeros((len(INPUT_AGES), len(PLACEMENTS))),
        np.zeros(len(INPUT_AGES)),
        np.zeros(len(PLACEMENTS)),
        0.0,
    )
    joint = False
    for row in rows:
        value = getattr(row, measure)
        if value is None or row.age_band == AT_18:
            continue
        if row.age_band == ALL and row.placement == ALL:
            total += value
        elif row.age_band == ALL:
            by_placement[PLACEMENTS.index(row.placement)] += value
        elif row.placement == ALL:
            by_age[INPUT_AGES.index(row.age_band)] += value
        else:
            joint = True
            cells[INPUT_AGES.index(row.age_band), PLACEMENTS.index(row.placement)] += value
    if joint:
        return cells
    if not by_age.any():
        by_age = seed.sum(axis=1) * ((by_placement.sum() or total) / max(seed.sum(), FIT_TOLERANCE))
    if not by_placement.any():
        spread = np.divide(
            seed, seed.sum(axis=1, keepdims=True), out=np.zeros_like(seed), where=seed.sum(axis=1, keepdims=True) > 0
        )
        fitted: NDArray[np.float64] = spread * by_age[:, None]
        return fitted
    return fit_table(by_age, by_placement, seed)


def _hazards(
    rows: Iterable[CaseloadRow], opening: NDArray[np.float64], entering: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return monthly exit hazards and ageing rates, (ages,), that reproduce the stated exits of the first year."""
    ageing = 1 / (MONTHS_A_YEAR * np.array(AGE_WIDTH_YEARS, dtype=float))
    stated, at_18, total = np.full(len(INPUT_AGES), np.nan), np.nan, np.nan
    for row in rows:
        if row.exits_annual is None:
            continue
        if row.age_band == AT_18:
            at_18 = np.nansum([at_18, row.exits_annual])
        elif row.age_band == ALL:
            total = np.nansum([total, row.exits_annual])
        else:
            band = INPUT_AGES.index(row.age_band)
            stated[band] = np.nansum([stated[band], row.exits_annual])
    if np.isnan(stated).all():
        return _one_hazard(opening, entering, ageing, (total, at_18))
    if np.isnan(stated).any():
        missing = ", ".join(age for age, value in zip(INPUT_AGES, stated, strict=True) if np.isnan(value))
        message = f"exits are stated for some ages but not for {missing}; state 0 where nobody leaves"
        raise CaseloadError(message)
    hazard = np.full(len(AGES), 1 / MONTHS_A_YEAR / AGE_WIDTH_YEARS[-1])
    bands = np.array(INPUT_AGE_OF)
    for _ in range(FIT_ROUNDS):
        exits, birthdays = _first_year(opening, entering, hazard, ageing)
        by_band = np.bincount(bands, weights=exits).astype(float)
        off = np.abs(by_band - stated).max()
        if not np.isnan(at_18):
            ageing = ageing.copy()
            off = max(off, abs(birthdays - at_18))
            ageing[-1] = min(ageing[-1] * at_18 / max(birthdays, FIT_TOLERANCE), HIGHEST_MONTHLY_HAZARD)
        if off < FIT_TOLERANCE * max(1.0, stated.sum()):
            return hazard, ageing
        hazard = np.minimum(hazard * (stated / np.maximum(by_band, FIT_TOLERANCE))[bands], HIGHEST_MONTHLY_HAZARD)
    exits, _ = _first_year(opening, entering, hazard, ageing)
    worst = int(np.abs(np.bincount(bands, weights=exits) - stated).argmax())
    message = (
        f"{stated[worst]:g} exits a year of age {INPUT_AGES[worst]} cannot come from the "
        f"{np.bincount(bands, weights=opening)[worst]:g} children in care and those who enter or grow into that age"
    )
    raise CaseloadError(message)


def _one_hazard(
    opening: NDArray[np.float64],
    entering: NDArray[np.float64],
    ageing: NDArray[np.float64],
    stated: tuple[float, float],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return one hazard for all ages, for a caseload that states only how many left in all (or nothing: nobody)."""
    (total, at_18), hazard = stated, 0.0
    ageing = ageing.copy()
    for _ in range(FIT_ROUNDS):
        exits, birthdays = _first_year(opening, entering, np.full(len(AGES), hazard), ageing)
        if not np.isnan(at_18):
            ageing[-1] = min(ageing[-1] * at_18 / max(birthdays, FIT_TOLERANCE), HIGHEST_MONTHLY_HAZARD)
        leaving = 0.0 if np.isnan(total) else max(0.0, total - (birthdays if np.isnan(at_18) else at_18))
        step = (leaving - exits.sum()) / max(opening.sum() * MONTHS_A_YEAR, FIT_TOLERANCE)
        hazard = min(max(0.0, hazard + step), HIGHEST_MONTHLY_HAZARD)
        if abs(step) < FIT_TOLERANCE**2:
            break
    return np.full(len(AGES), hazard), ageing


def _first_year(
    opening: NDArray[np.float64],
    entering: NDArray[np.float64],
    hazard: NDArray[np.float64],
    ageing: NDArray[np.float64],
) -> tuple[NDArray[np.float64], float]:
    """Return the exits by age (ages,) and the eighteenth birthdays of the first twelve months."""
    stock, exits, birthdays = opening.copy(), np.zeros(len(AGES)), 0.0
    for _ in range(MONTHS_A_YEAR):
        leaving, growing = stock * hazard, stock * ageing
        exits += leaving
        birthdays += growing[-1]
        stock = stock - leaving - growing + entering / MONTHS_A_YEAR
        stock[1:] += growing[:-1]
    return exits, birthdays


def _move_hazards(rows: Iterable[CaseloadRow], stock: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return monthly move hazards (ages, from, to): stated moves a year over the children there to move.

    Where in-house and IFA homes both state moves of one age to the same placement, their children share one chance: a
    new in-house place changes whose home it is, and is not credited with (or blamed for) a child moving on.
    """
    hazards = np.zeros((len(AGES), len(PLACEMENTS), len(PLACEMENTS)))
    for row in rows:
        if not row.moves_annual:
            continue
        source = PLACEMENTS.index(row.placement)
        bands = range(len(INPUT_AGES)) if row.age_band == ALL else [INPUT_AGES.index(row.age_band)]
        children = sum(stock[band, source] for band in bands)
        for to, annual in row.moves_annual.items():
            hazard = annual / MONTHS_A_YEAR / children if children > 0 else 0.0
            for age, band in enumerate(INPUT_AGE_OF):
                if band in bands:
                    hazards[age, source, PLACEMENTS.index(to)] += hazard
    fostered = hazards[:, [IN_HOUSE, IFA]]
    children = stock[list(INPUT_AGE_OF)][:, [IN_HOUSE, IFA], None]
    moving, there = (fostered * children).sum(axis=1, keepdims=True), children.sum(axis=1, keepdims=True)
    shared = np.divide(moving, there, out=np.zeros_like(moving), where=there > 0)
    hazards[:, [IN_HOUSE, IFA]] = np.where((fostered > 0).all(axis=1, keepdims=True), shared, fostered)
    if (hazards.sum(axis=2) > HIGHEST_MONTHLY_HAZARD).any():
        age, source = np.argwhere(hazards.sum(axis=2) > HIGHEST_MONTHLY_HAZARD)[0]
        message = f"more children of age {AGES[age]} move out of {PLACEMENTS[source]} than are there"
        raise CaseloadError(message)
    return hazards


# --- The projection -----------------------------------------------------------------------------------------------


def project_plainly(stream: Stream, drivers: Drivers, levers: Levers) -> Projection:
    """Project one world in numpy, any number of draws: what `model.children.kernel` is tested against.

    The levers act in causal order: entries are prevented first (effects combine as (1-e1)(1-e2)), new in-house places
    then take children who would start in an IFA.
    """
    months, draws = drivers.entry_scale.shape
    state = _State.opening(stream, draws, levers)
    record = _Record.empty(months, draws)
    record.open(state)
    base_entries = stream.entries_annual[:, :, None] / MONTHS_A_YEAR
    leave = exit_hazard(stream, drivers)
    for month in range(months):
        entries = base_entries * drivers.entry_scale[month]
        chance = None if drivers.chance is None else _Month(chance=drivers.chance, month=month)
        if chance is not None:
            entries = chance.entries(entries)
        state, flows = _month(stream, state, levers.at(month), entries, (leave, chance))
        record.write(month, state, flows)
    return record.projection(draws)


def exit_hazard(stream: Stream, drivers: Drivers) -> NDArray[np.float64]:
    """Return the chance of leaving in a month, (ages, draws): with birthdays it is never more than everyone."""
    scaled = stream.exit_hazard[:, None] * drivers.exit_scale
    return np.minimum(scaled, 1 - stream.ageing_rate[:, None])


@dataclass(frozen=True, kw_only=True)
class _Month:
    """Chance in one month."""

    chance: Chance
    month: int

    def entries(self, mean: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.chance.entries(self.month, mean)

    def prevented(self, entries: NDArray[np.float64], keep: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.chance.prevented(self.month, entries, keep)

    def leavers(self, stock: NDArray[np.float64], hazard: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.chance.leavers(self.month, stock, hazard)


@dataclass(frozen=True, kw_only=True)
class Levers:
    """The levers of a world; `at(month)` gives those of one month, whose first axis is gone."""

    reductions: tuple[EntryReduction, ...]
    places: tuple[FosterPlaces, ...]

    def at(self, month: int) -> Levers:
        """Return the levers as they stand in one month."""
        return Levers(
            reductions=tuple(replace(lever, rate=lever.rate[month]) for lever in self.reductions),
            places=tuple(replace(lever, filled=lever.filled[month]) for lever in self.places),
        )


@dataclass(frozen=True, kw_only=True)
class _Flows:
    """A month's flows, each (ages, placements, draws) but `diverted` (draws,)."""

    entries: NDArray[np.float64]
    exits: NDArray[np.float64]
    growing: NDArray[np.float64]
    moves_in: NDArray[np.float64]
    moves_out: NDArray[np.float64]
    diverted: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class _State:
    """Where a month leaves the children.

    `stock` (ages, placements, draws); each reduction's pool of children kept at home, likewise; each fostering scheme's
    transferred children (ages, draws), who are inside the in-house stock.
    """

    stock: NDArray[np.float64]
    pools: tuple[NDArray[np.float64], ...]
    transferred: tuple[NDArray[np.float64], ...]

    @classmethod
    def opening(cls, stream: Stream, draws: int, levers: Levers) -> _State:
        stock = np.repeat(stream.opening[:, :, None], draws, axis=2)
        return cls(
            stock=stock,
            pools=tuple(np.zeros_like(stock) for _ in levers.reductions),
            transferred=tuple(np.zeros((len(AGES), draws)) for _ in levers.places),
        )


def _month(
    stream: Stream,
    state: _State,
    levers: Levers,
    entries: NDArray[np.float64],
    leaving: tuple[NDArray[np.float64], _Month | None],
) -> tuple[_State, _Flows]:
    """Return the state after one month, and the month's flows. `leaving`: the exit hazard, and chance if any."""
    leave, chance = leaving
    entries, pools, diverted = _prevent(stream, state.pools, entries, levers.reductions, chance)
    exits = state.stock * leave[:, None, :] if chance is None else chance.leavers(state.stock, leave)
    growing = np.minimum(state.stock * stream.ageing_rate[:, None, None], state.stock - exits)
    stock_left = state.stock - exits - growing
    stock = stock_left.copy()
    stock[1:] += growing[:-1]
    moves_in, moves_out = np.zeros_like(stock), np.zeros_like(stock)
    if stream.has_moves:
        rate = stream.move_hazard.sum(axis=2)[:, :, None]
        able = np.divide(stock_left, rate, out=state.stock.copy(), where=rate > 0)
        moving = np.minimum(state.stock, able)[:, :, None, :] * stream.move_hazard[:, :, :, None]
        moves_in, moves_out = moving.sum(axis=1), moving.sum(axis=2)
        stock += moves_in - moves_out
    entries, transferred, away = entries.copy(), [], exits[:, IN_HOUSE] + moves_out[:, IN_HOUSE]
    for lever, before in zip(levers.places, state.transferred, strict=True):
        gone, aged = _realised(stream, state.stock, away, growing, leave)
        after = before * (1 - gone - aged)
        after[1:] += before[:-1] * aged[:-1]
        start, move = _transfers(lever, after, entries[:, IFA], stock[:, IFA])
        into, back = np.maximum(move, 0), np.maximum(-move, 0)
        for flow, placement, change in (
            (entries, IFA, -start), (entries, IN_HOUSE, start),
            (moves_in, IN_HOUSE, into), (moves_out, IFA, into),
            (moves_in, IFA, back), (moves_out, IN_HOUSE, back),
            (stock, IFA, -move), (stock, IN_HOUSE, move),
        ):  # fmt: skip
            flow[:, placement] += change
        transferred.append(after + start + move)
    stock += entries
    flows = _Flows(
        entries=entries, exits=exits, growing=growing, moves_in=moves_in, moves_out=moves_out, diverted=diverted
    )
    return _State(stock=stock, pools=pools, transferred=tuple(transferred)), flows


def _realised(
    stream: Stream,
    stock: NDArray[np.float64],
    away: NDArray[np.float64],
    growing: NDArray[np.float64],
    leave: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shares of the in-house children who went away and who had a birthday, (ages, draws).

    `away` (ages, draws): those who left care or moved to another placement, chance included.
    """
    here = stock[:, IN_HOUSE]
    ageing = np.broadcast_to(stream.ageing_rate[:, None], here.shape).copy()
    gone = np.divide(away, here, out=leave.copy(), where=here > 0)
    return gone, np.divide(growing[:, IN_HOUSE], here, out=ageing, where=here > 0)


def _prevent(
    stream: Stream,
    pools: tuple[NDArray[np.float64], ...],
    entries: NDArray[np.float64],
    reductions: Sequence[EntryReduction],
    chance: _Month | None,
) -> tuple[NDArray[np.float64], tuple[NDArray[np.float64], ...], NDArray[np.float64]]:
    """Return the entries that still happen (with those that fade back), the pools afterwards, and who was diverted."""
    if not reductions:
        return entries, (), np.zeros(entries.shape[2])
    shares = [_share_prevented(lever, entries) for lever in reductions]
    keep = np.prod([1 - share for share in shares], axis=0)
    prevented = entries * (1 - keep) if chance is None else chance.prevented(entries, keep)
    claims = np.maximum(np.sum(shares, axis=0), FIT_TOLERANCE)
    remaining, after = entries - prevented, []
    for lever, share, pool in zip(reductions, shares, pools, strict=True):
        returning = pool * lever.fade
        growing = (pool - returning) * stream.ageing_rate[:, None, None]
        left = pool - returning - growing
        left[1:] += growing[:-1]
        after.append(left + prevented * share / claims)
        remaining = remaining + returning
    return remaining, tuple(after), prevented.sum(axis=(0, 1))


def _share_prevented(lever: EntryReduction, entries: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of each cell's entries that one scheme prevents, its total spread by the targeting weights."""
    target = np.where(lever.weights > 0, entries, 0.0).sum(axis=(0, 1))
    weighted = (entries * lever.weights).sum(axis=(0, 1))
    tilt = np.divide(target, weighted, out=np.zeros_like(target), where=weighted > 0)
    share: NDArray[np.float64] = np.minimum(lever.rate * tilt * lever.weights, 1.0)
    return share


def _transfers(
    lever: FosterPlaces, transferred: NDArray[np.float64], starts: NDArray[np.float64], stock: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return who starts in-house instead of in an IFA, and who moves from IFA to in-house (negative: back).

    All (ages, draws). Empty places are filled from IFA starts (or from the IFA stock where inflow is not limited), ages
    as they come; places that close send children back to an IFA.
    """
    gap = lever.filled - transferred.sum(axis=0)
    wanted, surplus = np.maximum(gap, 0), np.maximum(-gap, 0)
    limited = lever.inflow_limited > 0
    from_starts = np.where(limited, np.minimum(wanted, lever.transferring_share * starts.sum(axis=0)), 0.0)
    from_stock = np.where(limited, 0.0, np.minimum(wanted, stock.sum(axis=0)))
    start = starts * _ratio(from_starts, starts.sum(axis=0))
    move = stock * _ratio(from_stock, stock.sum(axis=0)) - transferred * _ratio(surplus, transferred.sum(axis=0))
    return start, move


@dataclass(frozen=True, kw_only=True)
class _Record:
    """Arrays being filled while a projection runs; private to this module."""

    stock: NDArray[np.float64]
    flows: NDArray[np.float64]
    cells: dict[str, NDArray[np.float64]]

    @classmethod
    def empty(cls, months: int, draws: int) -> _Record:
        shape = (len(AGES), len(PLACEMENTS))
        cells = {m: np.zeros((months + (m == "stock"), *shape)) for m in MEASURES}
        return cls(
            stock=np.zeros((months + 1, len(PLACEMENTS), draws)), flows=np.zeros((4, months, draws)), cells=cells
        )

    def open(self, state: _State) -> None:
        self.stock[0] = state.stock.sum(axis=0)
        self.cells["stock"][0] = state.stock.sum(axis=2)

    def write(self, month: int, state: _State, flows: _Flows) -> None:
        self.stock[month + 1] = state.stock.sum(axis=0)
        at_18 = flows.growing[-1]
        self.flows[0, month] = flows.entries.sum(axis=(0, 1))
        self.flows[1, month] = flows.exits.sum(axis=(0, 1))
        self.flows[2, month] = at_18.sum(axis=0)
        self.flows[3, month] = flows.diverted
        cells = self.cells
        cells["stock"][month + 1] = state.stock.sum(axis=2)
        cells["entry"][month] = flows.entries.sum(axis=2)
        cells["exit"][month] = flows.exits.sum(axis=2)
        cells["exit"][month, -1] += at_18.sum(axis=1)
        summed = flows.growing.sum(axis=2)
        cells["age_out"][month, :-1] = summed[:-1]
        cells["age_in"][month, 1:] = summed[:-1]
        cells["move_in"][month] = flows.moves_in.sum(axis=2)
        cells["move_out"][month] = flows.moves_out.sum(axis=2)

    def projection(self, draws: int) -> Projection:
        return Projection(
            stock=self.stock,
            entries=self.flows[0],
            exits_under_18=self.flows[1],
            exits_at_18=self.flows[2],
            diverted=self.flows[3],
            cells=self.cells,
            draws=draws,
        )
