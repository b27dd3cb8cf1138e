"""One run of a case, and what it leaves: tidy frames, metrics, and the contract's files.

The model runs in blocks of draws, so that only yearly lines, monthly nets and placement stocks are ever whole in
memory. Arrays stay arrays until they are summarised; a frame is made from statistics, never from draws.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from model import capacity, units, workforce
from model.appraisal import BLOCK, Appraisal, appraise, discount_factors, each, npv_evaluator
from model.caseload import AGES, ALL, MEASURES, PLACEMENTS
from model.cashflows import Tag
from model.draws import central, sample
from model.funding import (
    AVOIDED,
    BASE_BUDGET,
    REPAYMENT,
    SHORTFALL,
    first_short_month,
    fixed_term_posts,
    fund,
    purse_of,
    reserve_flows,
    run_reserve,
    share_out,
    year_on_year,
)
from model.portfolio import INTERACTION, WHOLE, Evaluation, evaluate, streams_of
from model.reconcile import reconcile
from model.schemes.staff import costs_by_service
from model.sensitivity import switching_values
from model.timeline import add_months

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

    from model.case_types import Case
    from model.draws import Draws

DRAWS, SEED = 2000, 1
CENTRAL, MEAN = "central", "mean"
QUANTILES = {"p05": 0.05, "p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95}
STATISTICS = (CENTRAL, MEAN, *QUANTILES)
REAL, NOMINAL = "real", "nominal"
DO_NOTHING, WITH_SCHEMES, IMPACT = "do_nothing", "with_schemes", "impact"
PORTFOLIO, NET = "portfolio", "net"
MEMORANDUM = "memorandum"
WORST_SHARE = 0.1
NEARER = 0.5

ANNUAL_COLUMNS = ("scenario", "perimeter", "scheme", "line", "nature", "recurrence", "price_basis", "financial_year",
                  "statistic", "value_gbp")  # fmt: skip
CASELOAD_COLUMNS = ("scenario", "world", "age_band", "placement", "measure", "month", "statistic", "children")

SWITCHING_COLUMNS = ("assumption", "unit", "central", "low", "high", "switching_value", "within_range")
RECONCILIATION_COLUMNS = ("ref", "statement", "published", "recomputed", "difference", "verdict")
HEADLINE = "invest_to_save"

Row = tuple[str, Tag]
Label = tuple[str, str, str, str]  # scheme, line, nature, recurrence


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Everything kept of a set of draws. Real pounds; draws last.

    `lines`: (owner, tag) -> (years, n), where the owner is a scheme, or `interaction:<perimeter>`;
    `net`: perimeter -> (months, n); `measures`: perimeter -> Appraisal; `stock`: world -> (months + 1, placements, n);
    `staffing`: (measure, world) -> (months, n), and `reserve`: item -> (months, n), both in single precision;
    `fixed_term`: posts that move from the reserve to the base budget, nominal, (years, n);
    `cells`: world -> measure -> (months, ages, placements), means over the draws; `flows`: world -> measure ->
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
    draws: Mapping[str, NDArray[np.float64]]


def _keep(evaluation: Evaluation) -> Sample:
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
    return Sample(
        n=n,
        lines=lines,
        net={name: p.net(months, n) for name, p in evaluation.perimeters.items()},
        measures={name: appraise(p, factors, n) for name, p in evaluation.perimeters.items()},
        stock={name: world.stock + uasc.stock for name, world in worlds.items()},
        cells={name: {m: (world.cells[m] + uasc.cells[m]) / n for m in MEASURES} for name, world in worlds.items()},
        flows={
            name: {
                "entry": world.entries + uasc.entries,
                "exit": world.exits_under_18 + world.exits_at_18 + uasc.exits_under_18 + uasc.exits_at_18,
            }
            for name, world in worlds.items()
        },
        staffing={key: amount.astype(np.float32) for key, amount in workforce.measures(evaluation).items()},
        reserve={item: amount.astype(np.float32) for item, amount in reserve_flows(evaluation).items()},
        fixed_term=fixed_term_posts(evaluation),
        draws=evaluation.draws.values,
    )


def _line(sample: Sample, key: Row) -> NDArray[np.float64]:
    """Return one row, (years, n); noughts where these draws have none (a placement that never changes has no row)."""
    return sample.lines[key] if key in sample.lines else np.zeros_like(sample.fixed_term)


def _join(blocks: Sequence[Sample]) -> Sample:
    """Put blocks of draws end to end; cells become the mean over all draws."""
    if len(blocks) == 1:
        return blocks[0]
    first, n = blocks[0], sum(b.n for b in blocks)

    def cat(parts: Iterator[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate(list(parts), axis=-1)

    return Sample(
        n=n,
        lines={
            key: cat(_line(b, key) for b in blocks) for key in dict.fromkeys(key for b in blocks for key in b.lines)
        },
        net={name: cat(b.net[name] for b in blocks) for name in first.net},
        measures={
            name: Appraisal(
                **{f.name: cat(getattr(b.measures[name], f.name) for b in blocks) for f in fields(Appraisal)}
            )
            for name in first.measures
        },
        stock={world: cat(b.stock[world] for b in blocks) for world in first.stock},
        cells={
            world: {m: sum(b.cells[world][m] * (b.n / n) for b in blocks) for m in cells}  # type: ignore[misc]
            for world, cells in first.cells.items()
        },
        flows={
            world: {m: cat(b.flows[world][m] for b in blocks) for m in flows} for world, flows in first.flows.items()
        },
        staffing={key: cat(b.staffing[key] for b in blocks) for key in first.staffing},
        reserve={item: cat(b.reserve[item] for b in blocks) for item in first.reserve},
        fixed_term=cat(b.fixed_term for b in blocks),
        draws={name: cat(b.draws[name] for b in blocks) for name in first.draws},
    )


@dataclass(frozen=True, kw_only=True)
class Result:
    """A case run once at its central values and over `draws` joint draws; the frames are made when first read."""

    case: Case
    draws: int
    seed: int
    central: Sample
    sample: Sample | None

    def _repr_html_(self) -> str:
        """The headlines, as a notebook shows them; the page's words are imported only then."""
        return str(import_module("model.report.shown").result_html(self))

    @cached_property
    def annual(self) -> pd.DataFrame:
        """Every line of every perimeter by financial year, as `annual.csv`."""
        return _annual(self)

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """Net and cumulative position by month: perimeter, price_basis, month, statistic, net_gbp, cumulative_gbp."""
        return _monthly(self)

    @cached_property
    def caseload(self) -> pd.DataFrame:
        """Children by world, age, placement, measure and month, as `caseload.csv`."""
        return _caseload(self)

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """Perimeter, metric, statistic, value; NaN where there is none."""
        import pandas as pd  # noqa: PLC0415 - importing the model must stay cheap

        rows = [
            (perimeter, metric, statistic, np.nan if value is None else value)
            for perimeter, metrics in self.metrics_by_perimeter.items()
            for metric, values in metrics.items()
            for statistic, value in values.items()
        ]
        return pd.DataFrame(rows, columns=["perimeter", "metric", "statistic", "value"])

    @cached_property
    def metrics_by_perimeter(self) -> dict[str, dict[str, dict[str, float | None]]]:
        """Perimeter -> metric -> statistic -> value, as `metrics.json`; None where there is none."""
        return {name: _metrics(self, name) for name in self.central.measures}

    @cached_property
    def funding(self) -> pd.DataFrame:
        """Purses and reserve by financial year, nominal, as `funding.csv`."""
        return self._funded[0]

    @cached_property
    def mtfp(self) -> pd.DataFrame:
        """Year-on-year changes to the base budget, pressures positive, as `mtfp.csv`."""
        return self._funded[1]

    @cached_property
    def _funded(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return _funding(self)

    @cached_property
    def reserve(self) -> pd.DataFrame:
        """The reserve by month, nominal: scenario, item, month, statistic, value_gbp."""
        return _reserve(self)

    @cached_property
    def virement(self) -> pd.DataFrame:
        """Staff by service line of the establishment, nominal, central: what a virement would move between budgets."""
        return _virement(self)

    @cached_property
    def staffing(self) -> pd.DataFrame:
        """Posts, people and caseloads by month: scenario, world, measure, month, statistic, value."""
        return _staffing(self)

    @cached_property
    def switching(self) -> pd.DataFrame:
        """The value of each assumption at which the headline perimeter's NPV crosses zero, as `switching.csv`."""
        found = self.switching_by_perimeter
        return found.loc[found["perimeter"] == self.headline, list(SWITCHING_COLUMNS)].reset_index(drop=True)

    @cached_property
    def switching_by_perimeter(self) -> pd.DataFrame:
        """The switching values of every perimeter: `perimeter` and the columns of `switching.csv`."""
        import pandas as pd  # noqa: PLC0415

        case = self.case
        named = {self.headline, WHOLE, *case.perimeters, *(m for group in case.perimeters.values() for m in group)}
        wanted = [name for name in self.perimeters if name in named]
        found = switching_values(case, npv_evaluator(case, wanted), wanted)
        columns = ("perimeter", *SWITCHING_COLUMNS)
        return pd.DataFrame([[getattr(s, name) for name in columns] for s in found], columns=list(columns))

    @cached_property
    def reconciliation(self) -> pd.DataFrame:
        """Every printed figure recomputed on the published scenario, with what was expected of it."""
        return reconcile(self.case)

    @property
    def headline(self) -> str:
        """The perimeter that a single answer speaks of: all invest-to-save schemes, else the whole."""
        return HEADLINE if HEADLINE in self.central.measures else WHOLE

    @cached_property
    def npv_draws(self) -> dict[str, NDArray[np.float64]]:
        """NPV of every draw by perimeter, (draws,); the central value alone where only one draw was asked for."""
        return {name: measures.npv_gbp for name, measures in (self.sample or self.central).measures.items()}

    @property
    def perimeters(self) -> tuple[str, ...]:
        """The perimeters, schemes first, the whole last."""
        return tuple(self.central.measures)


def run(  # noqa: PLR0913 - each is a separate choice of the caller's
    case: Case,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    process_noise: bool = True,
    progress: Callable[[int], None] | None = None,
    threads: int = 1,
) -> Result:
    """Run a case: once at central values, and over `draws` joint draws (1 = central alone).

    `process_noise`: chance in who enters and leaves care is part of the draws. `progress` is told how many draws each
    finished block held. `threads`: blocks done at a time. The same case, draws and seed give the same result, whatever
    the threads.

    The draws themselves are kept, for every table's quantiles: about 40 kB a draw for Bury and twice that while blocks
    are joined (10,000 draws 1 GB in all, 100,000 about 8 GB). For more draws than fit, `appraisal.npv_evaluator` keeps
    the NPV alone.
    """
    if draws < 1:
        message = f"draws must be 1 (the central values alone) or more, not {draws}"
        raise ValueError(message)
    streams = streams_of(case)
    middle = _keep(evaluate(case, central(case), streams=streams))
    if draws == 1:
        return Result(case=case, draws=1, seed=seed, central=middle, sample=None)

    def part(first: int) -> Sample:
        block = sample(case, min(BLOCK, draws - first), seed, first=first, process_noise=process_noise)
        kept = _keep(evaluate(case, block, streams=streams))
        if progress is not None:
            progress(block.n)
        return kept

    blocks = each(part, range(0, draws, BLOCK), threads)
    return Result(case=case, draws=draws, seed=seed, central=middle, sample=_join(blocks))


# --- Statistics -----------------------------------------------------------------------------------------------------


def _statistics(middle: NDArray[np.float64], draws: NDArray[np.float64] | None) -> dict[str, NDArray[np.float64]]:
    """Return statistic -> (...): central from the central run, the others over the last axis of the draws."""
    out = {CENTRAL: middle[..., 0]}
    if draws is None:
        return out
    out[MEAN] = draws.mean(axis=-1)
    return out | _quantiles(draws)


def _quantiles(draws: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
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
        out[name] = low + rise * part if part < NEARER else high - rise * (1 - part)
    return out


def _pick(sample: Sample | None, read: Callable[[Sample], NDArray[np.float64]]) -> NDArray[np.float64] | None:
    return None if sample is None else read(sample)


def _metrics(result: Result, perimeter: str) -> dict[str, dict[str, float | None]]:
    """Return metric -> statistic -> value of one perimeter."""
    middle = result.central.measures[perimeter]
    draws = None if result.sample is None else result.sample.measures[perimeter]
    out: dict[str, dict[str, float | None]] = {}
    for field in fields(Appraisal):
        kept = None if draws is None else getattr(draws, field.name)
        out[field.name] = _with_nulls(getattr(middle, field.name), kept)
    either = middle if draws is None else draws
    sure = CENTRAL if draws is None else MEAN
    out["probability_npv_positive"] = {sure: float((either.npv_gbp > 0).mean())}
    out["probability_payback"] = {sure: float(np.isfinite(either.payback_months).mean())}
    for i, year in enumerate(result.case.timeline.financial_years):
        months = int((result.case.timeline.year_index <= i).sum())
        paid = (either.payback_months <= months).mean()
        out[f"probability_payback_by_{year.replace('/', '_')}"] = {sure: float(paid)}
    if perimeter == WHOLE:
        out |= _caseload_metrics(result, sure) | _reserve_metrics(result, sure)
    if draws is not None:
        worst = np.sort(draws.npv_gbp)[: max(1, round(WORST_SHARE * len(draws.npv_gbp)))]
        out["expected_shortfall_10_gbp"] = {MEAN: float(worst.mean())}
        out["npv_standard_error_gbp"] = {MEAN: float(draws.npv_gbp.std(ddof=1) / np.sqrt(len(draws.npv_gbp)))}
    return out


def _caseload_metrics(result: Result, sure: str) -> dict[str, dict[str, float | None]]:
    """Months until cases for each social worker first reach the target, and how likely they do within the horizon."""
    target, key = "capacity.target_caseload", (workforce.CASELOAD, workforce.WITH_SCHEMES)
    if target not in result.case.assumptions or key not in result.central.staffing:
        return {}

    def reached(sample: Sample) -> NDArray[np.float64]:
        return capacity.first_month_at_or_below(sample.staffing[key].astype(np.float64), sample.draws[target])

    middle, drawn = reached(result.central), _pick(result.sample, reached)
    likely = float(np.isfinite(middle if drawn is None else drawn).mean())
    return {"caseload_target_months": _with_nulls(middle, drawn), "probability_caseload_target": {sure: likely}}


def _staffing(result: Result) -> pd.DataFrame:
    months = np.array(result.case.timeline.month_labels)
    columns = ("scenario", "world", "measure", "month", "statistic", "value")
    parts: list[dict[str, object]] = [dict.fromkeys(columns, ())]
    for (measure, world), middle in result.central.staffing.items():
        drawn = None if result.sample is None else result.sample.staffing[measure, world].astype(np.float64)
        for statistic, values in _statistics(middle.astype(np.float64), drawn).items():
            labels = {"scenario": result.case.scenario, "world": world, "measure": measure, "statistic": statistic}
            parts.append({**labels, "month": months, "value": np.round(values, 4) + 0.0})
    return _frame(columns, parts)


def _with_nulls(middle: NDArray[np.float64], draws: NDArray[np.float64] | None) -> dict[str, float | None]:
    """Return statistics of a measure that may not exist in some draws (never pays back): those count as infinite."""
    infinite = None if draws is None else np.where(np.isnan(draws), np.inf, draws)
    out = {CENTRAL: float(middle[0])}
    if infinite is not None:
        out[MEAN] = float(infinite.mean())
        ordered = np.sort(infinite)
        out |= {name: float(ordered[round(q * (len(ordered) - 1))]) for name, q in QUANTILES.items()}
        if np.isfinite(infinite).all():
            out |= {name: float(np.quantile(ordered, q)) for name, q in QUANTILES.items()}
    return {name: value + 0.0 if np.isfinite(value) else None for name, value in out.items()}  # no -0.0


# --- Frames ---------------------------------------------------------------------------------------------------------


def _frame(columns: Sequence[str], parts: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Build a tidy frame from parts that share columns; scalars are repeated."""
    import pandas as pd  # noqa: PLC0415

    arrays = [{name: np.atleast_1d(np.asarray(part[name])) for name in columns} for part in parts]
    full = [part for part in arrays if all(values.size for values in part.values())]
    if not full:
        return pd.DataFrame({name: [] for name in columns}, columns=list(columns), dtype=object)
    sizes = [max(values.size for values in part.values()) for part in full]
    return pd.DataFrame(
        {
            name: np.concatenate([np.broadcast_to(part[name], (n,)) for part, n in zip(full, sizes, strict=True)])
            for name in columns
        }
    )


def _nominal_by_year(case: Case) -> NDArray[np.float64]:
    """Nominal pounds for a real pound in each financial year, (years,)."""
    index = case.reference.indices[case.conventions.price_index]
    monthly = units.nominal_factors(case.timeline, index, case.price_base)
    first = np.searchsorted(case.timeline.year_index, np.arange(len(case.timeline.financial_years)))
    by_year: NDArray[np.float64] = monthly[first]
    return by_year


def _rows_of(result: Result, perimeter: str) -> list[Row]:
    """Return the rows inside a perimeter, purses still apart."""
    names = tuple(s.name for s in result.case.active_schemes)
    groups = {name: (name,) for name in names} | dict(result.case.perimeters) | {WHOLE: names}
    owners = {*groups[perimeter], f"{INTERACTION}:{perimeter}"}
    drawn = () if result.sample is None else result.sample.lines
    return [key for key in dict.fromkeys((*result.central.lines, *drawn)) if key[0] in owners]


def _annual(result: Result) -> pd.DataFrame:
    """Summarise every line; in money to the penny, so that central and mean rows add up to the net row exactly."""
    nominal = _nominal_by_year(result.case)
    summed: dict[str, dict[Label, dict[str, NDArray[np.float64]]]] = {REAL: {}, NOMINAL: {}}
    parts = []
    for perimeter in result.perimeters:
        merged = _merge_purses(_rows_of(result, perimeter))
        for basis in (REAL, NOMINAL):
            factor = np.ones_like(nominal) if basis == REAL else nominal
            net = {s: np.zeros(len(nominal)) for s in (CENTRAL, MEAN)}
            for label, keys in merged.items():
                if label not in summed[basis] or label[0] == INTERACTION:
                    summed[basis][label] = _line_statistics(result, keys, factor)
                statistics = summed[basis][label]
                parts.append(_annual_part(result, perimeter, label, basis, statistics))
                for statistic in set(net) & set(statistics):
                    net[statistic] += np.round(statistics[statistic] * 100)
            total = _line_statistics(result, [k for keys in merged.values() for k in keys], factor)
            exact = {s: net[s] / 100 if s in net else values for s, values in total.items()}
            parts.append(_annual_part(result, perimeter, (PORTFOLIO, NET, NET, NET), basis, exact))
    return _frame(ANNUAL_COLUMNS, parts)


def _merge_purses(rows: Sequence[Row]) -> dict[Label, list[Row]]:
    """Group rows by what `annual.csv` shows: scheme, line, nature, recurrence (whichever purse pays)."""
    merged: dict[Label, list[Row]] = {}
    for owner, tag in rows:
        label = (owner.split(":")[0], tag.line, tag.nature, tag.recurrence)
        merged.setdefault(label, []).append((owner, tag))
    return merged


def _line_statistics(
    result: Result, keys: Sequence[Row], factor: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return statistic -> (years,) of the sum of some rows."""

    def total(sample: Sample) -> NDArray[np.float64]:
        return _line_total(sample, keys, factor)

    return _statistics(total(result.central), _pick(result.sample, total))


def _line_total(sample: Sample, keys: Sequence[Row], factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of some rows times a factor by year, (years, n)."""
    return sum((_line(sample, key) for key in keys), np.zeros((len(factor), sample.n))) * factor[:, None]


def _annual_part(
    result: Result,
    perimeter: str,
    label: Label,
    basis: str,
    statistics: Mapping[str, NDArray[np.float64]],
) -> dict[str, object]:
    years = result.case.timeline.financial_years
    scheme, line, nature, recurrence = label
    return {
        "scenario": result.case.scenario,
        "perimeter": perimeter,
        "scheme": scheme,
        "line": line,
        "nature": nature,
        "recurrence": recurrence,
        "price_basis": basis,
        "financial_year": np.tile(np.array(years), len(statistics)),
        "statistic": np.repeat(np.array(list(statistics)), len(years)),
        "value_gbp": _pennies(np.concatenate(list(statistics.values()))),
    }


def _pennies(amount: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to the penny, without negative zeros."""
    rounded: NDArray[np.float64] = np.round(np.round(amount * 100) / 100, 2) + 0.0
    return rounded


def _monthly(result: Result) -> pd.DataFrame:
    case = result.case
    index = case.reference.indices[case.conventions.price_index]
    factors = {
        REAL: np.ones(case.timeline.months),
        NOMINAL: units.nominal_factors(case.timeline, index, case.price_base),
    }
    parts = []
    for perimeter in result.perimeters:
        for basis, factor in factors.items():

            def net(sample: Sample, name: str = perimeter, by: NDArray[np.float64] = factor) -> NDArray[np.float64]:
                return sample.net[name] * by[:, None]

            middle, drawn = net(result.central), _pick(result.sample, net)
            flow = _statistics(middle, drawn)
            cumulative = _statistics(np.cumsum(middle, axis=0), None if drawn is None else np.cumsum(drawn, axis=0))
            parts += [
                {
                    "perimeter": perimeter,
                    "price_basis": basis,
                    "month": np.array(case.timeline.month_labels),
                    "statistic": statistic,
                    "net_gbp": _pennies(flow[statistic]),
                    "cumulative_gbp": _pennies(cumulative[statistic]),
                }
                for statistic in flow
            ]
    return _frame(("perimeter", "price_basis", "month", "statistic", "net_gbp", "cumulative_gbp"), parts)


def _caseload(result: Result) -> pd.DataFrame:
    """Placement totals and the whole with quantiles; each cell that ever holds a child with central and mean.

    Two hundred thousand rows: built as one array of numbers and columns of codes, not row by row.
    """
    import pandas as pd  # noqa: PLC0415

    timeline = result.case.timeline
    before = add_months(timeline.start, -1)
    months = (f"{before.year}-{before.month:02d}", *timeline.month_labels)
    series = [s for world in (DO_NOTHING, WITH_SCHEMES, IMPACT) for s in _caseload_series(result, world)]
    lengths = np.array([len(s.children) for s in series])

    def column(values: Sequence[str], pick: Callable[[_Series], str]) -> pd.Series[str]:
        codes = np.repeat([values.index(pick(s)) for s in series], lengths)
        return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(values)))

    month = np.concatenate([np.arange(len(months) - n, len(months)) for n in lengths])
    return pd.DataFrame(
        {
            "scenario": pd.Categorical.from_codes(np.zeros(lengths.sum(), int), pd.Index([result.case.scenario])),
            "world": column((DO_NOTHING, WITH_SCHEMES, IMPACT), lambda s: s.world),
            "age_band": column((*AGES, ALL), lambda s: s.age_band),
            "placement": column((*PLACEMENTS, ALL), lambda s: s.placement),
            "measure": column(MEASURES, lambda s: s.measure),
            "month": pd.Categorical.from_codes(month, categories=pd.Index(months)),
            "statistic": column(STATISTICS, lambda s: s.statistic),
            "children": np.round(np.concatenate([s.children for s in series]), 8) + 0.0,
        }
    )


@dataclass(frozen=True)
class _Series:
    """One line of the caseload frame over its months; a stock has one month more than a flow, the opening."""

    world: str
    age_band: str
    placement: str
    measure: str
    statistic: str
    children: NDArray[np.float64]


def _caseload_series(result: Result, world: str) -> list[_Series]:
    """Return every series of one world: totals with quantiles, then cells that ever hold a child."""
    samples = {CENTRAL: result.central} | ({} if result.sample is None else {MEAN: result.sample})
    stocks = {name: _world(s.stock, world) for name, s in samples.items()}
    out = []
    for i, placement in enumerate((*PLACEMENTS, ALL)):
        whole = i == len(PLACEMENTS)
        parts = {name: stock.sum(axis=1) if whole else stock[:, i] for name, stock in stocks.items()}
        out += _total(world, placement, "stock", parts)
    for measure in ("entry", "exit"):
        flows = {name: _world({w: f[measure] for w, f in s.flows.items()}, world) for name, s in samples.items()}
        out += _total(world, ALL, measure, flows)
    ever = sum(s.cells[w]["stock"].sum(axis=0) for s in samples.values() for w in (DO_NOTHING, WITH_SCHEMES))
    for measure in MEASURES:
        tables = {n: _world({w: c[measure] for w, c in s.cells.items()}, world) for n, s in samples.items()}
        out += [
            _Series(world, AGES[a], PLACEMENTS[p], measure, name, table[:, a, p])
            for a, p in np.argwhere(np.asarray(ever) > 0)
            for name, table in tables.items()
        ]
    return out


def _total(world: str, placement: str, measure: str, parts: Mapping[str, NDArray[np.float64]]) -> list[_Series]:
    statistics = _statistics(parts[CENTRAL], parts.get(MEAN))
    return [_Series(world, ALL, placement, measure, name, values) for name, values in statistics.items()]


def _world(by_world: Mapping[str, NDArray[np.float64]], world: str) -> NDArray[np.float64]:
    """Return a world's array, the impact being with - without in every draw."""
    return by_world[WITH_SCHEMES] - by_world[DO_NOTHING] if world == IMPACT else by_world[world]


Item = tuple[str, str, str]  # group, kind (of a line of the base budget), item


def _funded(result: Result, sample: Sample) -> dict[Item, NDArray[np.float64]]:
    """Return the whole's purses, base lines, reserve and loan by year, (years, n), nominal."""
    nominal = _nominal_by_year(result.case)[:, None]
    lines: dict[Tag, NDArray[np.float64]] = {}
    for key in _rows_of(result, WHOLE):
        lines[key[1]] = lines.get(key[1], 0.0) + _line(sample, key) * nominal
    out = fund(result.case, lines, _as_draws(sample), _reserve_flows(sample), sample.fixed_term)
    groups = {"purse": out.purses, "reserve": out.reserve, "loan": out.loan}
    items = {(group, "", item): amount for group, amounts in groups.items() for item, amount in amounts.items()}
    return items | {("base", kind, line): amount for (kind, line), amount in out.base_lines.items()}


def _funded_to_the_penny(result: Result, sample: Sample) -> dict[Item, NDArray[np.float64]]:
    """Return purses and base lines of the mean of a sample, (years,), from the very pennies that `annual.csv` shows.

    A row there may be paid from several purses: its parts are rounded, and the first takes what rounding leaves.
    """
    nominal = _nominal_by_year(result.case)

    def pennies(keys: Sequence[Row]) -> NDArray[np.float64]:
        total: NDArray[np.float64] = np.round(_line_total(sample, keys, nominal).mean(axis=-1) * 100)
        return total

    lines: dict[Tag, NDArray[np.float64]] = {}
    for keys in _merge_purses(_rows_of(result, WHOLE)).values():
        parts = {key[1]: pennies([key]) for key in keys[1:]}
        parts[keys[0][1]] = pennies(keys) - sum(parts.values(), np.zeros(len(nominal)))
        for tag, amount in parts.items():
            lines[tag] = lines.get(tag, 0.0) + amount[:, None]
    fixed_term = np.round(sample.fixed_term.mean(axis=-1, keepdims=True) * 100)
    purses, base = share_out(result.case, lines, fixed_term)
    items: dict[Item, NDArray[np.float64]] = {
        ("purse", "", item): amount[:, 0] / 100 for item, amount in purses.items()
    }
    return items | {("base", kind, line): amount[:, 0] / 100 for (kind, line), amount in base.items()}


def _reserve_flows(sample: Sample) -> dict[str, NDArray[np.float64]]:
    return {item: amount.astype(np.float64) for item, amount in sample.reserve.items()}


def _funding(result: Result) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the funding and MTFP frames of the whole, nominal; the MTFP shows pressures positive, as councils do.

    MTFP rows: each line of the base budget as a pressure or a saving; `total`, whose cumulative is the gap left to
    close; and as memoranda, which no budget may bank, cost avoidance, the change in spending, and loan repayments.
    """
    case = result.case
    years = np.array(case.timeline.financial_years)
    middle = _funded(result, result.central)
    drawn = None if result.sample is None else _funded(result, result.sample)
    memoranda = {
        ("purse", "", BASE_BUDGET): ("total", "total", -1.0),
        ("purse", "", AVOIDED): (MEMORANDUM, "Cost avoidance, in no budget", -1.0),
        ("purse", "", NET): (MEMORANDUM, "Change in spending, whoever pays", -1.0),
        ("loan", "", REPAYMENT): (MEMORANDUM, "Loan repayment with interest", 1.0),
    }
    exact = {CENTRAL: _funded_to_the_penny(result, result.central)}
    if result.sample is not None:
        exact[MEAN] = _funded_to_the_penny(result, result.sample)
    funding, mtfp = [], []
    nothing = np.zeros((len(years), 1))
    for key in dict.fromkeys((*middle, *(drawn or {}))):
        group, kind, item = key
        amount = middle.get(key, nothing)
        other = None if drawn is None else drawn.get(key, nothing)

        def in_pennies(statistics: dict[str, NDArray[np.float64]], key: Item = key) -> dict[str, NDArray[np.float64]]:
            return statistics | {s: values[key] for s, values in exact.items() if key in values}

        if group != "base":
            funding += _tidy(case, {"group": group, "item": item}, years, in_pennies(_statistics(amount, other)))
        if (group == "base" and (amount.any() or (other is not None and other.any()))) or key in memoranda:
            shown, line, sign = memoranda.get(key, (kind, item, -1.0))
            whole = in_pennies(_statistics(amount, other))
            change = _statistics(year_on_year(amount), None if other is None else year_on_year(other))
            change |= {s: year_on_year(whole[s][:, None])[:, 0] for s in exact if s in whole}
            for entry, statistics in {"change": change, "cumulative": whole}.items():
                labels = {"kind": shown, "line": line, "entry": entry}
                mtfp += _tidy(case, labels, years, _turned(statistics, sign))
    columns = ("financial_year", "statistic", "value_gbp")
    by_purse = _frame(("scenario", "group", "item", *columns), funding)
    return by_purse, _frame(("scenario", "kind", "line", "entry", *columns), mtfp)


def _turned(statistics: Mapping[str, NDArray[np.float64]], sign: float) -> dict[str, NDArray[np.float64]]:
    """Return statistics of the amounts times 1 or -1: the low quantile of a cost is the high one of a saving."""
    if sign > 0:
        return dict(statistics)
    opposite = {"p05": "p95", "p10": "p90", "p25": "p75"}
    opposite |= {high: low for low, high in opposite.items()}
    return {name: -statistics[opposite.get(name, name)] for name in statistics}


def _reserve(result: Result) -> pd.DataFrame:
    """Return the reserve's statement month by month, nominal."""
    months = np.array(result.case.timeline.month_labels)
    middle = run_reserve(result.case, _reserve_flows(result.central), _as_draws(result.central))
    drawn = None
    if result.sample is not None:
        drawn = run_reserve(result.case, _reserve_flows(result.sample), _as_draws(result.sample))
    parts = [
        {"scenario": result.case.scenario, "item": item, "month": months, "statistic": s, "value_gbp": _pennies(values)}
        for item, amount in middle.items()
        for s, values in _statistics(amount, None if drawn is None else drawn[item]).items()
    ]
    return _frame(("scenario", "item", "month", "statistic", "value_gbp"), parts)


def _reserve_metrics(result: Result, sure: str) -> dict[str, dict[str, float | None]]:
    """When the reserve first cannot pay, by how much in all, and how likely that is."""

    def shortfall(sample: Sample) -> NDArray[np.float64]:
        return run_reserve(result.case, _reserve_flows(sample), _as_draws(sample))[SHORTFALL]

    middle, drawn = shortfall(result.central), _pick(result.sample, shortfall)
    first = first_short_month(middle), None if drawn is None else first_short_month(drawn)
    totals = _statistics(middle.sum(axis=0), None if drawn is None else drawn.sum(axis=0))
    likely = float(np.isfinite(first[0] if first[1] is None else first[1]).mean())
    return {
        "reserve_short_from_months": _with_nulls(*first),
        "reserve_shortfall_gbp": {name: float(value) for name, value in totals.items()},
        "probability_reserve_short": {sure: likely},
    }


def _virement(result: Result) -> pd.DataFrame:
    """Central costs of the establishment's rows, by service line, line and purse; pressures positive."""
    import pandas as pd  # noqa: PLC0415

    case, nominal = result.case, _nominal_by_year(result.case)[:, None]
    setting = evaluate(case, central(case)).setting
    years = case.timeline.financial_years
    totals: dict[tuple[str, str, str], NDArray[np.float64]] = {}
    for scheme in case.active_schemes:
        delay = setting.optional(f"{scheme.name}.delay", 0.0)
        for service, flows in costs_by_service(setting, scheme, delay).items():
            for tag, amount in flows:
                yearly = (case.timeline.by_financial_year(amount) * nominal)[:, 0]
                for i, year in enumerate(years):
                    key = (service, tag.line, purse_of(case, tag, year))
                    totals.setdefault(key, np.zeros(len(years)))[i] -= yearly[i]
    parts = [
        {
            "scenario": case.scenario, "service_line": service, "line": line, "purse": purse, "financial_year": years,
            "cost_gbp": _pennies(amount), "change_gbp": _pennies(np.diff(amount, prepend=0.0)),
        }
        for (service, line, purse), amount in totals.items()
    ]  # fmt: skip
    columns = ("scenario", "service_line", "line", "purse", "financial_year", "cost_gbp", "change_gbp")
    return _frame(columns, parts) if parts else pd.DataFrame(columns=list(columns))


def _tidy(
    case: Case, labels: Mapping[str, str], years: NDArray[np.str_], statistics: Mapping[str, NDArray[np.float64]]
) -> list[dict[str, object]]:
    return [
        {"scenario": case.scenario, **labels, "financial_year": years, "statistic": s, "value_gbp": _pennies(values)}
        for s, values in statistics.items()
    ]


def _as_draws(sample: Sample) -> Draws:
    from model.draws import Draws  # noqa: PLC0415 - only here

    return Draws(values=sample.draws, n=sample.n, first=0, seed=0, process_noise=False)


def write(result: Result, folder: Path) -> None:
    """Write the run's CSVs and `metrics.json` into a folder that exists. The same result gives the same bytes."""
    frames = {
        "annual": result.annual,
        "caseload": result.caseload,
        "funding": result.funding,
        "mtfp": result.mtfp,
        "switching": result.switching,
        "reconciliation": result.reconciliation[list(RECONCILIATION_COLUMNS)],
    }
    frames |= {"staffing": result.staffing, "reserve": result.reserve, "virement": result.virement}
    for name, frame in frames.items():
        write_csv(frame, folder / f"{name}.csv")
    text = json.dumps(result.metrics_by_perimeter, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / "metrics.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as UTF-8 CSV with Unix line ends on every platform; texts are quoted only where they must be."""
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.csv  # noqa: PLC0415

    table = pa.Table.from_pandas(frame, preserve_index=False)
    plain = [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    names = ",".join(table.column_names) + "\n"
    with path.open("wb") as file:
        file.write(names.encode())
        quoting = (
            "needed"
            if any(_wants_quotes(c) for c in plain if pa.types.is_string(c.type) or pa.types.is_large_string(c.type))
            else "none"
        )
        options = pyarrow.csv.WriteOptions(include_header=False, quoting_style=quoting)
        pyarrow.csv.write_csv(pa.Table.from_arrays(plain, names=table.column_names), file, options)


def _wants_quotes(column: pa.ChunkedArray) -> bool:
    """Whether any text in a column holds a comma, a quote or a line end."""
    texts = (text for text in column.unique().to_pylist() if isinstance(text, str))
    return any(mark in text for text in texts for mark in ',"\r\n')
