"""What is kept of a set of draws, and how blocks of draws are put end to end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.case.draws import Draws
from model.case.words import DO_NOTHING, INTERACTION, WITH_SCHEMES
from model.children.levers import MEASURES
from model.money.appraisal import Appraisal, appraise, discount_factors
from model.money.funding import fixed_term_posts, reserve_flows, unspent
from model.money.portfolio import Evaluation
from model.schemes.cashflows import Tag
from model.schemes.staff import workforce

Row = tuple[str, Tag]  # owner: a scheme, or `interaction:<perimeter>`; and what the line is


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Everything kept of a set of draws. Real pounds; draws last.

    `lines`: (owner, tag) -> (years, n), where the owner is a scheme, or `interaction:<perimeter>`;
    `net`: perimeter -> (months, n); `measures`: perimeter -> Appraisal; `stock`: world -> (months + 1, placements, n);
    `staffing`: (measure, world) -> (months, n), and `reserve`: item -> (months, n), both in single precision;
    `fixed_term`: posts that move from the reserve to the base budget, and `unspent`: what the base budget holds for
    approved posts and does not spend, both nominal, (years, n);
    `cells`: world -> measure -> (months, ages, placements), means over the draws, empty for draws without chance;
    `flows`: world -> measure ->
    (months, n), all ages and placements; `draws`: the block's assumptions, (n,) each.
    """

    n: int
    lines: Mapping[Row, NDArray[np.float64]]
    net: Mapping[str, NDArray[np.float64]]
    measures: Mapping[str, Appraisal]
    stock: Mapping[str, NDArray[np.float64]]
    cells: Mapping[str, Mapping[str, NDArray[np.float64]]]
    flows: Mapping[str, Mapping[str, NDArray[np.float64]]]
    staffing: Mapping[tuple[str, str], NDArray[np.float32]]
    reserve: Mapping[str, NDArray[np.float32]]
    fixed_term: NDArray[np.float64]
    unspent: NDArray[np.float64]
    draws: Mapping[str, NDArray[np.float64]]

    @property
    def as_draws(self) -> Draws:
        """The assumptions as a block, to be asked again of money: no chance is dealt."""
        return Draws(values=self.draws, n=self.n, first=0, seed=0, process_noise=False)


def keep(evaluation: Evaluation) -> Sample:
    """Boil one evaluated block down to what is kept."""
    case, n = evaluation.case, evaluation.draws.n
    timeline, months = case.timeline, case.timeline.months
    lines: dict[Row, NDArray[np.float64]] = {}
    for perimeter in evaluation.perimeters.values():
        for owner, flows in perimeter.flows.items():
            key = f"{INTERACTION}:{perimeter.name}" if owner == INTERACTION else owner
            for tag, amount in flows:
                if (key, tag) not in lines:
                    lines[key, tag] = timeline.by_financial_year(amount)
    factors = discount_factors(timeline, case.conventions.discount_rate_annual)
    worlds = {DO_NOTHING: evaluation.world(), WITH_SCHEMES: evaluation.world(evaluation.schemes)}
    uasc = evaluation.uasc
    in_care = {name: world.mean_stock.sum(axis=1) for name, world in worlds.items()}
    staffing = workforce.measures(evaluation.setting, in_care)
    return Sample(
        n=n,
        lines=lines,
        net={name: p.net(months, n) for name, p in evaluation.perimeters.items()},
        measures={name: appraise(p, factors, n) for name, p in evaluation.perimeters.items()},
        stock={name: world.stock + uasc.stock for name, world in worlds.items()},
        cells={
            name: {m: (world.cells[m] + uasc.cells[m]) / n for m in MEASURES}
            for name, world in worlds.items()
            if world.cells
        },
        flows={
            name: {
                "entry": world.entries + uasc.entries,
                "exit": world.exits_under_18 + world.exits_at_18 + uasc.exits_under_18 + uasc.exits_at_18,
            }
            for name, world in worlds.items()
        },
        staffing={key: amount.astype(np.float32) for key, amount in staffing.items()},
        reserve={item: amount.astype(np.float32) for item, amount in reserve_flows(evaluation).items()},
        fixed_term=fixed_term_posts(evaluation),
        unspent=unspent(evaluation),
        draws=evaluation.draws.values,
    )


def line_of(sample: Sample, key: Row) -> NDArray[np.float64]:
    """Return one row, (years, n); noughts where these draws have none (a placement that never changes has no row)."""
    return sample.lines[key] if key in sample.lines else np.zeros_like(sample.fixed_term)


def join(blocks: Sequence[Sample]) -> Sample:
    """Put blocks of draws end to end; cells become the mean over all draws."""
    if len(blocks) == 1:
        return blocks[0]
    first, n = blocks[0], sum(b.n for b in blocks)

    def cat(parts: Sequence[Any]) -> Any:  # noqa: ANN401 - an array, or mappings of arrays as deep as they go
        if isinstance(parts[0], Mapping):
            return {key: cat([part[key] for part in parts]) for key in parts[0]}
        if isinstance(parts[0], Appraisal):
            return Appraisal(**cat([vars(part) for part in parts]))
        return np.concatenate(parts, axis=-1)

    rows, apart = dict.fromkeys(row for b in blocks for row in b.lines), {"n", "lines", "cells"}
    return Sample(
        n=n,
        lines={row: cat([line_of(b, row) for b in blocks]) for row in rows},
        cells={
            world: {m: sum(b.cells[world][m] * (b.n / n) for b in blocks) for m in cells}  # type: ignore[misc]
            for world, cells in first.cells.items()
        },
        **{f.name: cat([getattr(b, f.name) for b in blocks]) for f in fields(Sample) if f.name not in apart},
    )
