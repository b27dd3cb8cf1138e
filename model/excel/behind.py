"""What entrants leave behind: the tables that only Python can work out, for the pasted sheets.

A world is linear in who enters. So the sheets hold what the opening children, one average entrant, and one child kept
at home leave behind month by month, and fold who enters with them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from model.case.parameters import AGES, PLACEMENTS
from model.children.expected import ENTRANTS, ComingBack, through
from model.children.law import EIGHTEEN, IFA, LONGEST, Floats, Steps, older, steps
from model.children.opening import Stream, entrants_by_month
from model.children.points import AT_18, ENTERED, OUT, UNDER_18, short_behind
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

    @property
    def label(self) -> str:
        """What it is called on the sheets."""
        also = f", also aimed at by {' and '.join(self.others)}" if self.others else ""
        return f"{self.scheme}: {PLACEMENTS[self.placement]}{also}{' (short stays)' if self.stays == SHORT else ''}"


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


def left_behind(
    stream: Stream, exit_scale: float, months: int, kinds: Sequence[Kind], *, agency: bool = False
) -> tuple[Floats, Floats]:
    """Return what the opening children leave behind, and then one child of each kind: (months, out, 1 + kinds).

    Outs as `points.Table` has them. One kept at home leaves what it does by coming back, less what it would have left.
    Second: who of them is with an agency, by when they came there, as `FillingPlaces` has it, (months + 1, months,
    1 + kinds): row s, those who came in month s (0 = before the first); column: the months since then, that of coming
    being 0; for row 0 the month itself. Nothing unless `agency`.
    """
    law, spread = steps(stream.law.with_exits(exit_scale)), entrants_by_month(stream.younger)
    enters = law.entered[law.of_age[np.maximum(ENTRANTS - 1, 0)]]
    entering = np.zeros((months, EIGHTEEN + 1, 1 + len(kinds), len(PLACEMENTS)))
    for k, kind in enumerate(kinds, start=1):
        entering[:, :, k] = _coming(kind, spread, months)
    children = np.zeros((LONGEST + 1, EIGHTEEN, 1 + len(kinds), len(PLACEMENTS)))
    children[:, :, 0] = stream.opening.transpose(1, 0, 2)
    staying = _survival(law, months if agency else 1)
    outs, came = np.zeros((months, OUT, 1 + len(kinds))), np.zeros((months + 1, months, 1 + len(kinds)))
    came[0, : len(staying) - 1] = np.einsum("mca,cak->mk", staying[1:], children[..., IFA])
    before = children.sum(axis=(0, 1))
    for month, new in enumerate(entering):
        stayed, arrived = through(children, law, spent=False).there, new @ enters
        fresh = older(stayed[..., IFA] - children[..., IFA] * staying[1, ..., None])
        children = older(stayed)
        for part, some in ((children, arrived), (fresh, arrived[..., IFA])):
            part[1] += some[:EIGHTEEN]
        if agency:
            came[month + 1] = np.tensordot(staying[:-1], fresh)
        there = children.sum(axis=(0, 1))
        outs[month, : len(PLACEMENTS)] = there.T
        outs[month, ENTERED] = new.sum(axis=0).sum(axis=1)
        outs[month, AT_18] = (stayed[:, -1].sum(axis=0) + arrived[-1]).sum(axis=1)
        outs[month, UNDER_18] = (before - there).sum(axis=1) + outs[month, ENTERED] - outs[month, AT_18]
        before = there
    for k, kind in enumerate(kinds, start=1):
        if kind.stays == SHORT:
            outs[..., k] -= np.einsum("mko,k->mo", short_behind(stream, exit_scale, months), kind.share.ravel())
    return outs, came


def _coming(kind: Kind, spread: Floats, months: int) -> Floats:
    """Return who comes into care by month because of one child of a kind, (months, 217, placements).

    The child itself; or if it is kept at home who comes back, less that child. One whose stay would have been short is
    counted on top of the others there, so that it is not missed here.
    """
    mine, pool = spread @ kind.share, ComingBack(kind.fade, spread)
    coming = np.array([pool.month(kind.share * (month == 0) * bool(kind.scheme)) for month in range(months)])
    if kind.stays == ALL_STAYS:
        coming[0] += -mine if kind.scheme else mine
    return coming


def _survival(law: Steps, months: int) -> Floats:
    """Return the share of an agency's children who are still there so many months on, (months + 1, in care, ages)."""
    leaving = law.leaving[law.of_age][:, law.of_care, IFA].T
    keep = np.exp(-(leaving + law.moving[law.of_age, IFA].sum(axis=1)))
    out, care = np.ones((months + 1, *keep.shape)), np.minimum(np.arange(LONGEST + 1) + 1, LONGEST)
    for month in range(months):
        out[month + 1, :, -1] = 0.0
        out[month + 1, :, :-1] = keep[:, :-1] * out[month][care, 1:]
    return out
