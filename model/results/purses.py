"""Purses, reserve, plan and virement, nominal."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from model.case.draws import central
from model.case.words import CENTRAL, MEAN, NET, WHOLE
from model.money.funding import (
    AVOIDED,
    BASE_BUDGET,
    CLOSING,
    FIXED_TERM_POSTS,
    REPAYMENT,
    SHORTFALL,
    UNFILLED_POSTS,
    UNSPENT,
    first_short_month,
    fund,
    purse_of,
    run_reserve,
    share_out,
    without_schemes,
    year_on_year,
)
from model.money.portfolio import evaluate
from model.results.annual import line_total, merge_purses, nominal_by_year, pennies, rows_of, tidy_frame
from model.results.sample import Row, Sample, line_of
from model.results.summary import MEMORANDUM, Item, pick, summarise, with_nulls
from model.schemes.staff.posts import costs_by_service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from model.case.records import Case
    from model.results.outcome import Outcome
    from model.schemes.cashflows import Tag


def funded(result: Outcome, sample: Sample) -> dict[Item, NDArray[np.float64]]:
    """Return the whole's purses, base lines, reserve and loan by year, (years, n), nominal."""
    nominal = nominal_by_year(result.case)[:, None]
    lines: dict[Tag, NDArray[np.float64]] = {}
    for key in rows_of(result, WHOLE):
        lines[key[1]] = lines.get(key[1], 0.0) + line_of(sample, key) * nominal
    out = fund(result.case, lines, sample.as_draws, _reserve_flows(sample), _moved(sample))
    groups = {"purse": out.purses, "reserve": out.reserve, "loan": out.loan, "borrowing": out.borrowing}
    items = {(group, "", item): amount for group, amounts in groups.items() for item, amount in amounts.items()}
    items["budget", "", UNSPENT] = sample.unspent
    return items | {("base", kind, line): amount for (kind, line), amount in out.base_lines.items()}


def _funded_to_the_penny(result: Outcome, sample: Sample) -> dict[Item, NDArray[np.float64]]:
    """Return purses and base lines of the mean of a sample, (years,), from the very pennies that `annual.csv` shows.

    A row there may be paid from several purses: its parts are rounded, and the first takes what rounding leaves.
    """
    nominal = nominal_by_year(result.case)

    def pennies(keys: Sequence[Row]) -> NDArray[np.float64]:
        total: NDArray[np.float64] = np.round(line_total(sample, keys, nominal).mean(axis=-1) * 100)
        return total

    lines: dict[Tag, NDArray[np.float64]] = {}
    for keys in merge_purses(rows_of(result, WHOLE)).values():
        parts = {key[1]: pennies([key]) for key in keys[1:]}
        parts[keys[0][1]] = pennies(keys) - sum(parts.values(), np.zeros(len(nominal)))
        for tag, amount in parts.items():
            lines[tag] = lines.get(tag, 0.0) + amount[:, None]
    moved = {name: np.round(amount.mean(axis=-1, keepdims=True) * 100) for name, amount in _moved(sample).items()}
    purses, base = share_out(result.case, lines, moved)
    items: dict[Item, NDArray[np.float64]] = {
        ("purse", "", item): amount[:, 0] / 100 for item, amount in purses.items()
    }
    return items | {("base", kind, line): amount[:, 0] / 100 for (kind, line), amount in base.items()}


def _moved(sample: Sample) -> dict[str, NDArray[np.float64]]:
    return {FIXED_TERM_POSTS: sample.fixed_term, UNFILLED_POSTS: sample.unspent}


def _reserve_flows(sample: Sample) -> dict[str, NDArray[np.float64]]:
    return {item: amount.astype(np.float64) for item, amount in sample.reserve.items()}


def funding_frames(result: Outcome) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the funding and MTFP frames of the whole, nominal; the MTFP shows pressures positive, as councils do.

    MTFP rows: each line of the base budget as a pressure or a saving; `total`, whose cumulative is the gap left to
    close; and as memoranda, which no budget may bank, cost avoidance, the change in spending, and loan repayments.
    """
    case = result.case
    years = np.array(case.timeline.financial_years)
    middle = funded(result, result.central)
    drawn = None if result.sample is None else funded(result, result.sample)
    memoranda = {
        ("purse", "", BASE_BUDGET): ("total", "total", -1.0),
        ("purse", "", AVOIDED): (MEMORANDUM, "Cost avoidance, in no budget", -1.0),
        ("purse", "", NET): (MEMORANDUM, "Change in spending, whoever pays", -1.0),
        ("budget", "", UNSPENT): (MEMORANDUM, "Underspend while approved posts stand empty", -1.0),
        ("loan", "", REPAYMENT): (MEMORANDUM, "Loan repayment with interest", 1.0),
        ("loan", "", CLOSING): (MEMORANDUM, "Loan still owed at the end of the year", 1.0),
        ("borrowing", "", REPAYMENT): (MEMORANDUM, "Repayment of borrowing for capital with interest", 1.0),
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
            funding += _tidy(case, {"group": group, "item": item}, years, in_pennies(summarise(amount, other)))
        if (group == "base" and (amount.any() or (other is not None and other.any()))) or key in memoranda:
            shown, line, sign = memoranda.get(key, (kind, item, -1.0))
            whole = in_pennies(summarise(amount, other))
            change = summarise(year_on_year(amount), None if other is None else year_on_year(other))
            change |= {s: year_on_year(whole[s][:, None])[:, 0] for s in exact if s in whole}
            for entry, statistics in {"change": change, "cumulative": whole}.items():
                labels = {"kind": shown, "line": line, "entry": entry}
                mtfp += _tidy(case, labels, years, _turned(statistics, sign))
    columns = ("financial_year", "statistic", "value_gbp")
    by_purse = tidy_frame(("scenario", "group", "item", *columns), funding)
    return by_purse, tidy_frame(("scenario", "kind", "line", "entry", *columns), mtfp)


def _turned(statistics: Mapping[str, NDArray[np.float64]], sign: float) -> dict[str, NDArray[np.float64]]:
    """Return statistics of the amounts times 1 or -1: the low quantile of a cost is the high one of a saving."""
    if sign > 0:
        return dict(statistics)
    opposite = {"p05": "p95", "p10": "p90", "p25": "p75"}
    opposite |= {high: low for low, high in opposite.items()}
    return {name: -statistics[opposite.get(name, name)] for name in statistics}


def reserve_frame(result: Outcome) -> pd.DataFrame:
    """Return the reserve's statement month by month, nominal."""
    months = np.array(result.case.timeline.month_labels)
    middle = run_reserve(result.case, _reserve_flows(result.central), result.central.as_draws)
    drawn = None
    if result.sample is not None:
        drawn = run_reserve(result.case, _reserve_flows(result.sample), result.sample.as_draws)
    parts = [
        {"scenario": result.case.scenario, "item": item, "month": months, "statistic": s, "value_gbp": pennies(values)}
        for item, amount in middle.items()
        for s, values in summarise(amount, None if drawn is None else drawn[item]).items()
    ]
    return tidy_frame(("scenario", "item", "month", "statistic", "value_gbp"), parts)


def reserve_metrics(result: Outcome, sure: str) -> dict[str, dict[str, float | None]]:
    """When the reserve first cannot pay, by how much in all, how likely that is; and all of it if nothing is done.

    The programme's own part is the shortfall with the schemes less that without them, draw by draw.
    """

    def short(sample: Sample, *, acting: bool) -> NDArray[np.float64]:
        flows = _reserve_flows(sample)
        return run_reserve(result.case, flows if acting else without_schemes(flows), sample.as_draws)[SHORTFALL]

    def totals(gap: Callable[[Sample], NDArray[np.float64]]) -> dict[str, float | None]:
        found = summarise(gap(result.central).sum(axis=0), pick(result.sample, lambda s: gap(s).sum(axis=0)))
        return {name: float(value) for name, value in found.items()}

    def likely(*, acting: bool) -> dict[str, float | None]:
        drawn = result.central if result.sample is None else result.sample
        return {sure: float(np.isfinite(first_short_month(short(drawn, acting=acting))).mean())}

    with_schemes, without = partial(short, acting=True), partial(short, acting=False)
    first = first_short_month(with_schemes(result.central))
    drawn = pick(result.sample, lambda sample: first_short_month(with_schemes(sample)))
    return {
        "reserve_short_from_months": with_nulls(first, drawn),
        "reserve_shortfall_gbp": totals(with_schemes),
        "probability_reserve_short": likely(acting=True),
        "reserve_shortfall_do_nothing_gbp": totals(without),
        "probability_reserve_short_do_nothing": likely(acting=False),
        "reserve_shortfall_impact_gbp": totals(lambda sample: with_schemes(sample) - without(sample)),
    }


def virement_frame(result: Outcome) -> pd.DataFrame:
    """Central costs of the establishment's rows, by service line, line and purse; pressures positive."""
    import pandas as pd  # noqa: PLC0415

    case, nominal = result.case, nominal_by_year(result.case)[:, None]
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
            "cost_gbp": pennies(amount), "change_gbp": pennies(np.diff(amount, prepend=0.0)),
        }
        for (service, line, purse), amount in totals.items()
    ]  # fmt: skip
    columns = ("scenario", "service_line", "line", "purse", "financial_year", "cost_gbp", "change_gbp")
    return tidy_frame(columns, parts) if parts else pd.DataFrame(columns=list(columns))


def _tidy(
    case: Case, labels: Mapping[str, str], years: NDArray[np.str_], statistics: Mapping[str, NDArray[np.float64]]
) -> list[dict[str, object]]:
    return [
        {"scenario": case.scenario, **labels, "financial_year": years, "statistic": s, "value_gbp": pennies(values)}
        for s, values in statistics.items()
    ]
