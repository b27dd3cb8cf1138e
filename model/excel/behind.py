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
from model.children.points import entrants_behind, returning_behind, short_behind
from model.children.short import short_stays

SHORT, ALL_STAYS = "short stays", "all stays"
Aims = Mapping[str, tuple[Sequence[str], float]]
"""Scheme -> the ages it aims at, and the rate a month at which those it keeps at home come into care after all."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Kind:
    """Children who are alike to the schemes: all who enter (no `scheme`), or those that one may keep at home.

    `entrants` a year, `share` (ages, placements) of them; `others`: who else aims at them; `stays`: of all lengths, or
    those kept beyond their share of short stays; `fade`: the rate a month at which they come into care after all.
    """

    entrants: float
    share: Floats
    scheme: str = ""
    others: tuple[str, ...] = ()
    placement: int = 0
    stays: str = ALL_STAYS
    fade: float = 0.0


def everybody(stream: Stream) -> Kind:
    """Return all who enter as one kind."""
    entries, total = stream.entries_annual, float(stream.entries_annual.sum())
    return Kind(entrants=total, share=entries / total if total > 0 else entries)


def kept_at_home(stream: Stream, exit_scale: float, aims: Aims, *, short: bool) -> Iterator[Kind]:
    """Yield the kinds that anybody enters in: by scheme, by which schemes aim at their ages, by placement.

    `short`: a scheme states its share of short stays.
    """
    natural = short_stays(stream, exit_scale).share
    aimed = {age: tuple(scheme for scheme, (ages, _) in aims.items() if age in ages) for age in AGES}
    for scheme, (_, fade) in aims.items():
        for members in dict.fromkeys(aimed[age] for age in AGES if scheme in aimed[age]):
            ages = [i for i, age in enumerate(AGES) if aimed[age] == members]
            for p, stays in product(range(len(PLACEMENTS)), (ALL_STAYS, SHORT) if short else (ALL_STAYS,)):
                weight = np.zeros_like(stream.entries_annual)
                weight[ages, p] = stream.entries_annual[ages, p] * (natural[ages, p] if stays == SHORT else 1)
                if (total := float(weight.sum())) > 0:
                    others = tuple(m for m in members if m != scheme)
                    yield Kind(entrants=total, share=weight / total, scheme=scheme, others=others, placement=p,
                               stays=stays, fade=fade)  # fmt: skip


def left_behind(stream: Stream, exit_scale: float, months: int, kind: Kind) -> Floats:
    """Return what one entrant of a kind leaves behind, or one kept at home by coming back, less what it would have.

    (months since, out), as `points.Table` has them.
    """
    _, each = entrants_behind(stream, exit_scale, months)
    if kind.scheme:
        usual = short_behind(stream, exit_scale, months).reshape(each.shape) if kind.stays == SHORT else each
        each = returning_behind(stream, exit_scale, months, kind.fade) - usual
    return np.asarray(np.einsum("mapo,ap->mo", each, kind.share))


def with_an_agency(stream: Stream, exit_scale: float, months: int, kinds: Sequence[Kind]) -> tuple[Floats, Floats]:
    """Return children with an agency by when they came there: those of the opening children, and of one of each kind.

    (cohorts 0..months, months since) and (months from entering to coming, months since, kinds): `_cohorts`.
    """
    spread, nobody = entrants_by_month(stream.younger), np.zeros((LONGEST + 1, EIGHTEEN, len(PLACEMENTS)))
    opening = np.stack([stream.opening.transpose(1, 0, 2), *(nobody for _ in kinds)], axis=2)
    coming = [_coming(spread @ kind.share, kind, months) for kind in kinds]
    later = np.stack([np.zeros_like(coming[0]), *coming], axis=2)
    made = _cohorts(stream.law.with_exits(exit_scale), opening, later, months)
    return made[..., 0], made[1:, :, 1:]


def _coming(mine: Floats, kind: Kind, months: int) -> Floats:
    """Return who comes into care by month because of one child, `mine`, (months, 217, placements).

    The child itself; or if it is kept at home who comes back, as `expected._KeptAtHome` has it, less that child. One
    whose stay would have been short is counted on top of the others there, so that it is not missed here.
    """
    coming = np.zeros((months, *mine.shape))
    if not kind.scheme:
        coming[0] = mine
        return coming
    at_once = 1 - (1 - np.exp(-kind.fade)) / kind.fade if kind.fade > 0 else 0.0
    coming[0] -= mine if kind.stays == ALL_STAYS else 0.0
    pool = np.zeros_like(mine)
    for month in range(months):
        back = pool * (1 - np.exp(-kind.fade)) + mine * at_once
        coming[month] += back
        left = pool + mine - back
        mine = np.zeros_like(mine)
        pool[0], pool[1:] = 0.0, left[:-1]
    return coming


def _cohorts(law: Law, opening: Floats, coming: Floats, months: int) -> Floats:
    """Return children with an agency by when they came there, (months + 1, months, kinds), as `FillingPlaces` has them.

    Row s: those who came in month s (0 = before the first); column: the months since then, that of coming being 0; for
    the opening row the month itself. `opening` (months in care, ages, kinds, placements); `coming` entrants
    (months, 217, kinds, placements). A child stays until it leaves, moves on, or is 18.
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
        arrived = coming[month] @ enters
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
