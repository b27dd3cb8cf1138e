"""A decision in stages: begin small, see what happens, then end it, hold it or make it larger.

What has been learnt by the day of the decision is what a council can see by then: who came into care, how many are in
care, what they cost, and what the scheme spent. The later choice is valued by regression of what each course comes to
on these (Longstaff and Schwartz, "Valuing American options by simulation: a simple least-squares approach", Review of
Financial Studies 14(1), 2001), by the estimator of partial information in `model.risk.voi`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.case.assumptions import Assumptions
from model.case.draws import Draws, part_of
from model.case.options import Scalable, Staged
from model.case.records import Case
from model.money.appraisal import BLOCK
from model.money.portfolio import costs_of, evaluate
from model.options.scale import YEARLY, at_scale, flows, scaled, times
from model.risk.voi import evppi

Floats = NDArray[np.float64]


SEEN: Final = ("children who came into care", "children in care", "what a child in care costs", "what the scheme spent")


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What a decision in stages is worth, mean pounds of NPV; `error` is the standard error of `learning`.

    `today`: scale decided now -> NPV. `staged`: scale later, after a small beginning -> NPV if that were decided now.
    `learning`: what seeing the first stage adds to the best of `staged`; `seen`: what seeing one thing alone adds.
    """

    scheme: str
    today: Mapping[float, float]
    staged: Mapping[float, float]
    learning: float
    error: float
    seen: Mapping[str, float]

    @property
    def value(self) -> float:
        """The value of waiting: the staged decision less the best that can be decided today; below 0, do not wait."""
        return max(self.staged.values()) + self.learning - max(self.today.values())


def waiting(
    case: Case, stage: Staged, draws: tuple[Draws, Draws], scalable: Sequence[Scalable], seed: int
) -> Waiting:  # fmt: skip
    """Value a scheme in stages, by itself, against deciding today among nothing and the same scales."""
    name, scales = stage.scheme, sorted({0.0, stage.first, *stage.then})
    today = {scale: float(flows(case, {name: scale}, draws, scalable).npv.mean()) for scale in scales}
    courses = {later: _course(case, stage, later, draws, scalable) for later in stage.then}
    npv, seen = np.array(list(courses.values())), _seen(case, stage, draws, scalable)
    each = {what: evppi(npv, values[None], seed=seed) for what, values in seen.items()}
    # the joint estimate leans low, and seeing all is worth no less than seeing some
    learning, error = max([evppi(npv, np.array(list(seen.values())), seed=seed), *each.values()])
    return Waiting(
        scheme=name, today=today, staged={later: float(course.mean()) for later, course in courses.items()},
        learning=learning, error=error, seen={what: worth for what, (worth, _) in each.items()},
    )  # fmt: skip


def _course(
    case: Case, stage: Staged, later: float, draws: tuple[Draws, Draws], scalable: Sequence[Scalable]
) -> Floats:
    """Return the NPV of a small beginning and the scale `later` from the day of the decision, (draws,)."""
    name, scales = stage.scheme, {stage.scheme: stage.first}
    if later == 0:
        end = stage.decide - timedelta(days=1)
        case = replace(case, schemes=tuple(replace(s, end=end) if s.name == name else s for s in case.schemes))
    elif later > stage.first:
        fixed = next(one.fixed_share for one in scalable if one.name == name)
        case, more = _with_second_team(case, stage, fixed)
        draws = tuple(_with_second_draws(one, name, more, fixed) for one in draws)  # type: ignore[assignment]
        scales[more] = later - stage.first
    return flows(case, scales, draws, scalable).npv


def _with_second_team(case: Case, stage: Staged, fixed: float) -> tuple[Case, str]:
    """Return the case with a second team of the same kind that starts on the day of the decision, and its name.

    It recruits from that day, and has no part of the first team's fixed cost.
    """
    name, more = stage.scheme, f"{stage.scheme}_later"
    own = {_renamed(key, name, more): a for key, a in case.assumptions.items() if key.startswith(f"{name}.")}
    posts = tuple(
        replace(times(post, 1 - fixed), id=f"{post.id}_later", charged_to=more, included_in="", included_when="",
                start=None)
        for post in case.establishment
        if post.charged_to == name
    )  # fmt: skip
    wider = replace(
        case, assumptions=Assumptions({**case.assumptions, **own}), establishment=(*case.establishment, *posts),
        schemes=(*case.schemes, replace(case.scheme(name), name=more, start=stage.decide)),
    )  # fmt: skip
    return wider, more


def _with_second_draws(draws: Draws, name: str, more: str, fixed: float) -> Draws:
    copies = {_renamed(key, name, more): v for key, v in draws.values.items() if key.startswith(f"{name}.")}
    copies |= {key: copies[key] * (1 - fixed) for part in YEARLY if (key := f"{more}.{part}") in copies}
    return replace(draws, values={**draws.values, **copies})


def _renamed(key: str, name: str, more: str) -> str:
    return f"{more}{key.removeprefix(name)}"


def _seen(case: Case, stage: Staged, draws: tuple[Draws, Draws], scalable: Sequence[Scalable]) -> dict[str, Floats]:
    """Return what can be seen of the first stage by the day of the decision: in words -> (draws,)."""
    name, until = stage.scheme, case.timeline.month_of(stage.decide)
    small = at_scale(case, {name: stage.first}, scalable)
    central, every = (scaled(case, one, {name: stage.first}, scalable) for one in draws)
    middle = evaluate(small, central, cells=False)
    parts = []
    for first in range(0, every.n, BLOCK):
        block = evaluate(small, part_of(every, first, BLOCK), cells=False, middle=middle)
        world, spent = block.world([name]), costs_of(block.schemes[name], block.setting).net(*block.setting.shape)
        paid, held = block.total_spending([name])[:until].sum(axis=0), world.mean_stock[:until].sum(axis=(0, 1))
        each = np.divide(paid, held, out=np.zeros_like(paid), where=held > 0)
        parts.append([world.entries[:until].sum(axis=0), world.stock[until].sum(axis=0), each,
                      -spent[:until].sum(axis=0)])  # fmt: skip
    return dict(zip(SEEN, np.concatenate([np.array(part) for part in parts], axis=1), strict=True))
