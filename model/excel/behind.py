"""What entrants leave behind: the tables that only Python can work out, for the pasted sheets.

A world is linear in who enters. So the sheets hold what the opening children, one average entrant, and one child kept
at home leave behind month by month, and fold who enters with them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from model.case.parameters import AGES, PLACEMENTS
from model.children.expected import ENTRANTS, through
from model.children.law import EIGHTEEN, IFA, LONGEST, Floats, Law, older, steps
from model.children.opening import Stream, entrants_by_month
from model.children.points import short_behind, table
from model.children.short import short_stays

SHORT, ALL_STAYS = "short stays", "all stays"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A kind of children that a scheme may keep at home: one scheme, one placement, and who else aims at them.

    `entrants` a year; `stays`: of all lengths, or those kept beyond their share of short stays.
    `stock` (months since, 11): what one of them leaves behind, by coming back, less what an entrant does.
    `arrives` (months since, months in the home): the same for arrivals with an agency (`_cohorts`).
    """

    scheme: str
    others: tuple[str, ...]
    placement: int
    stays: str
    entrants: float
    stock: Floats
    arrives: Floats


@dataclass(frozen=True, kw_only=True)
class Behind:
    """The tables of one stream: `opening` (months, 11), `first` (8,), and `entrant` (months since, 11) for one entrant.

    `entrants` a year, all together. `arrive_opening` (cohorts 0..months, months) and `arrive_entrant` (months since,
    months in the home): children with an agency by the month in which they came there, the opening ones first.
    """

    opening: Floats
    first: Floats
    entrant: Floats
    entrants: float
    arrive_opening: Floats
    arrive_entrant: Floats


def behind(stream: Stream, exit_scale: float, months: int, *, moves: bool) -> Behind:
    """Return what the opening children and one average entrant leave behind (`points.Table`).

    `moves`: foster places fill from agency starts, so that arrivals there are wanted too (`_cohorts`).
    """
    made = table(stream, exit_scale, months)
    entries, total = stream.entries_annual, float(stream.entries_annual.sum())
    share = entries / total if total > 0 else entries
    stays = np.zeros((months + 1, months, 2))
    if moves:
        opening = np.stack(
            [stream.opening.transpose(1, 0, 2), np.zeros((LONGEST + 1, EIGHTEEN, len(PLACEMENTS)))], axis=2
        )
        first = np.stack([np.zeros((EIGHTEEN + 1, len(PLACEMENTS))), entrants_by_month(stream.younger) @ share], axis=1)
        stays = _cohorts(stream.law.with_exits(exit_scale), opening, [first], months)
    return Behind(
        opening=made.opening,
        first=stream.opening.sum(axis=(0, 1)),
        entrant=np.einsum("mapo,ap->mo", made.entrants(), share),
        entrants=total,
        arrive_opening=stays[..., 0],
        arrive_entrant=stays[1:, :, 1],
    )


def kept_at_home(  # noqa: PLR0913 - what it depends on
    stream: Stream,
    exit_scale: float,
    months: int,
    aims: Mapping[str, tuple[Sequence[str], float]],
    *,
    short: bool,
    moves: bool,
) -> list[Kept]:
    """Return every kind of children that schemes may keep at home. `aims`: scheme -> (ages, rate of coming back).

    `short`: a scheme states its share of short stays; `moves`: foster places fill from agency starts, so that arrivals
    there are wanted too.
    """
    made, law = table(stream, exit_scale, months), stream.law.with_exits(exit_scale)
    natural = short_stays(stream, exit_scale).share
    leaves = {
        ALL_STAYS: made.entrants(),
        SHORT: short_behind(stream, exit_scale, months).reshape(made.entrants().shape),
    }
    kinds = list(_kinds(stream, natural, aims, short=short))
    returning = {scheme: made.returning(fade) for scheme, (_, fade) in aims.items()}
    lost = np.zeros((months, months, len(kinds)))
    if moves and kinds:
        nobody = np.zeros((LONGEST + 1, EIGHTEEN, len(kinds), len(PLACEMENTS)))
        spread = entrants_by_month(stream.younger)
        coming = [_coming(spread @ k.share, k.stays, aims[k.scheme][1], months) for k in kinds]
        lost = _cohorts(law, nobody, [np.stack(month, axis=1) for month in zip(*coming, strict=True)], months)[1:]
    return [
        Kept(
            scheme=k.scheme, others=k.others, placement=k.placement, stays=k.stays, entrants=k.entrants,
            stock=np.einsum("mapo,ap->mo", returning[k.scheme] - leaves[k.stays], k.share),
            arrives=lost[..., i],
        )
        for i, k in enumerate(kinds)
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """A kind of children kept at home: `share` (ages, placements) of them by age."""

    scheme: str
    others: tuple[str, ...]
    placement: int
    stays: str
    entrants: float
    share: Floats


def _kinds(
    stream: Stream, natural: Floats, aims: Mapping[str, tuple[Sequence[str], float]], *, short: bool
) -> Iterator[_Kind]:
    """Yield the kinds that anybody enters in: by scheme, by which schemes aim at their ages, by placement."""
    for scheme in aims:
        for members in dict.fromkeys(_aimed(age, aims) for age in AGES if scheme in _aimed(age, aims)):
            ages = [i for i, age in enumerate(AGES) if _aimed(age, aims) == members]
            for p, stays in product(range(len(PLACEMENTS)), (ALL_STAYS, SHORT) if short else (ALL_STAYS,)):
                weight = np.zeros_like(stream.entries_annual)
                weight[ages, p] = stream.entries_annual[ages, p] * (natural[ages, p] if stays == SHORT else 1)
                if (total := float(weight.sum())) > 0:
                    others = tuple(m for m in members if m != scheme)
                    yield _Kind(
                        scheme=scheme, others=others, placement=p, stays=stays, entrants=total, share=weight / total
                    )


def _coming(mine: Floats, stays: str, fade: float, months: int) -> list[Floats]:
    """Return who comes into care by month because one child, `mine`, is kept at home: who comes back, less that child.

    (217, placements) each; who comes back as `expected._KeptAtHome` has it. A child whose stay would have been short is
    counted on top of the others there, so that it is not missed here.
    """
    at_once = 1 - (1 - np.exp(-fade)) / fade if fade > 0 else 0.0
    pool, coming = np.zeros_like(mine), []
    for month in range(months):
        back = pool * (1 - np.exp(-fade)) + mine * at_once
        coming.append(back if month or stays == SHORT else back - mine)
        left = pool + mine - back
        mine = np.zeros_like(mine)
        pool[0], pool[1:] = 0.0, left[:-1]
    return coming


def _aimed(age: str, aims: Mapping[str, tuple[Sequence[str], float]]) -> tuple[str, ...]:
    return tuple(scheme for scheme, (ages, _) in aims.items() if age in ages)


def _cohorts(law: Law, opening: Floats, coming: Sequence[Floats], months: int) -> Floats:
    """Return children with an agency by when they came there, (months + 1, months, kinds), as `FillingPlaces` has them.

    Row s: those who came in month s (0 = before the first); column: the months since then, that of coming being 0; for
    the opening row the month itself. `opening` (months in care, ages, kinds, placements); `coming` by month, entrants
    (217, kinds, placements). A child stays until it leaves, moves on, or is 18.
    """
    solved, kinds = steps(law), opening.shape[2]
    leaving = solved.leaving[solved.of_age][:, solved.of_care, IFA].T
    keep = np.exp(-(leaving + solved.moving[solved.of_age, IFA].sum(axis=1)))
    enters = solved.entered[solved.of_age[np.maximum(ENTRANTS - 1, 0)]]
    children, survives = np.ascontiguousarray(opening), _survival(keep, months).reshape(months, -1)
    out, there = np.zeros((months + 1, months, kinds)), opening[..., IFA].copy()
    for month in range(months):
        there = older(there * keep[..., None])
        out[0, month] = there.sum(axis=(0, 1))
        stayed = through(children, solved, spent=False).there
        arrived = coming[month] @ enters if month < len(coming) else np.zeros((EIGHTEEN + 1, *children.shape[2:]))
        fresh = older(stayed[..., IFA] - children[..., IFA] * keep[..., None])
        fresh[1] += arrived[:EIGHTEEN, :, IFA]
        out[month + 1] = survives @ fresh.reshape(-1, kinds)
        children = older(stayed)
        children[1] += arrived[:EIGHTEEN]
    return out


def _survival(keep: Floats, months: int) -> Floats:
    """Return the share of those in a home now who are still there so many months on, (months, months in care, ages)."""
    out = np.ones((months, *keep.shape))
    for month in range(1, months):
        on = np.zeros_like(keep)
        care = np.minimum(np.arange(LONGEST + 1) + 1, LONGEST)
        on[:, :-1] = out[month - 1][care, 1:]
        out[month] = keep * on
    return out
