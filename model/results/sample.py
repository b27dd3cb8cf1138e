"""What is kept of a set of draws, how blocks of them are put end to end, and the statistics over them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.case import draws as drawing
from model.case.draws import Draws
from model.case.records import Case
from model.case.words import CENTRAL, DO_NOTHING, INTERACTION, MEAN, QUANTILES, WITH_SCHEMES
from model.children.levers import MEASURES
from model.money.appraisal import Appraisal, appraise, discount_factors
from model.money.funding import fixed_term_posts, reserve_flows, unspent
from model.money.portfolio import Evaluation
from model.money.run_off import run_off_npv
from model.schemes.cashflows import Tag
from model.schemes.staff import workforce

Floats = NDArray[np.float64]
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
    `flows`: world -> measure -> (months, n), all ages and placements; `draws`: the block's assumptions, (n,) each.
    """

    n: int
    lines: Mapping[Row, Floats]
    net: Mapping[str, Floats]
    measures: Mapping[str, Appraisal]
    stock: Mapping[str, Floats]
    cells: Mapping[str, Mapping[str, Floats]]
    flows: Mapping[str, Mapping[str, Floats]]
    staffing: Mapping[tuple[str, str], NDArray[np.float32]]
    reserve: Mapping[str, NDArray[np.float32]]
    fixed_term: Floats
    unspent: Floats
    draws: Mapping[str, Floats]

    @property
    def as_draws(self) -> Draws:
        """The assumptions as a block, to be asked again of money: no chance is dealt."""
        return Draws(values=self.draws, n=self.n, first=0, seed=0, process_noise=False)


def keep(evaluation: Evaluation) -> Sample:
    """Boil one evaluated block down to what is kept."""
    case, n = evaluation.case, evaluation.draws.n
    timeline, months = case.timeline, case.timeline.months
    lines: dict[Row, Floats] = {}
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


def line_of(sample: Sample, key: Row) -> Floats:
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


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A case run once at its central values and over `draws` joint draws (1: central alone, and no sample)."""

    case: Case
    draws: int
    seed: int
    central: Sample
    sample: Sample | None
    process_noise: bool = True

    @cached_property
    def drawn(self) -> Draws:
        """The draws that `sample` was made from; the central one where there are none."""
        if self.sample is None:
            return drawing.central(self.case)
        return drawing.sample(self.case, self.draws, self.seed, process_noise=self.process_noise)

    @cached_property
    def npv_draws(self) -> dict[str, Floats]:
        """NPV of every draw by perimeter, (draws,); the central value alone where only one draw was asked for."""
        return {name: measures.npv_gbp for name, measures in (self.sample or self.central).measures.items()}

    @cached_property
    def run_off_npv(self) -> dict[str, float]:
        """Central NPV by perimeter if those whom the schemes kept at home are followed beyond the horizon."""
        return run_off_npv(self.case)

    @property
    def perimeters(self) -> tuple[str, ...]:
        """The perimeters, schemes first, the whole last."""
        return tuple(self.central.measures)

    def statistics(self, read: Callable[[Sample], Floats]) -> dict[str, Floats]:
        """Return statistic -> (...) of what is read of a sample, (..., n)."""
        return summarise(read(self.central), None if self.sample is None else read(self.sample))

    def with_nulls(self, read: Callable[[Sample], Floats]) -> dict[str, float | None]:
        """Return the statistics of a measure, (n,), that may not exist in some draws: those count as infinite.

        One that never pays back has no month in which it does.
        """
        out = {CENTRAL: float(read(self.central)[0])}
        if self.sample is not None:
            found = read(self.sample)
            drawn = np.where(np.isnan(found), np.inf, found)
            out[MEAN], ordered = float(drawn.mean()), np.sort(drawn)
            out |= {name: float(ordered[round(q * (len(ordered) - 1))]) for name, q in QUANTILES.items()}
            if np.isfinite(ordered).all():
                out |= {name: float(np.quantile(ordered, q)) for name, q in QUANTILES.items()}
        return {name: value + 0.0 if np.isfinite(value) else None for name, value in out.items()}  # no -0.0

    def chance(self, holds: Callable[[Sample], NDArray[np.bool_]]) -> dict[str, float | None]:
        """Return the share of draws in which something holds; of the central run where there are none."""
        if self.sample is None:
            return {CENTRAL: float(holds(self.central).mean())}
        return {MEAN: float(holds(self.sample).mean())}


def summarise(middle: Floats, draws: Floats | None) -> dict[str, Floats]:
    """Return statistic -> (...): central from the central run, the others over the last axis of the draws."""
    out = {CENTRAL: middle[..., 0]}
    return out if draws is None else out | {MEAN: draws.mean(axis=-1)} | quantiles(draws)


def quantiles(draws: Floats) -> dict[str, Floats]:
    """Return the quantiles over the last axis, just as `np.quantile` gives them: one quick sort serves all seven.

    Between two draws a quantile is reckoned from the nearer one, as numpy does.
    """
    ordered = np.sort(draws, axis=-1)
    last = ordered.shape[-1] - 1
    out = {}
    for name, q in QUANTILES.items():
        place = int(q * last)
        part, low, high = q * last - place, ordered[..., place], ordered[..., min(place + 1, last)]
        rise = high - low
        out[name] = low + rise * part if part < 0.5 else high - rise * (1 - part)
    return out
