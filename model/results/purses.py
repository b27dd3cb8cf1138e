"""Purses, reserve, plan and virement, nominal."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from model.case.draws import central
from model.case.words import CENTRAL, MEAN, NET, WHOLE
from model.money.funding import (
    ADVANCE,
    AVOIDED,
    BASE_BUDGET,
    CLOSING,
    FIXED_TERM_POSTS,
    REPAYMENT,
    SHORTFALL,
    UNFILLED_POSTS,
    UNSPENT,
    first_short_month,
    purse_of,
    reserve_by_year,
    run_borrowing,
    run_loan,
    run_reserve,
    share_out,
    without_schemes,
    year_on_year,
)
from model.money.portfolio import evaluate
from model.results.annual import line_total, merge_purses, nominal_by_year, pennies, rows_of, tidy_frame
from model.results.sample import Floats, Outcome, Row, Sample, line_of, summarise
from model.schemes.cashflows import Tag
from model.schemes.staff.posts import costs_by_service

Item = tuple[str, str, str]  # group, kind (of a line of the base budget), item

FUNDING_COLUMNS: Final = ("scenario", "group", "item", "financial_year", "statistic", "value_gbp")
MTFP_COLUMNS: Final = ("scenario", "kind", "line", "entry", "financial_year", "statistic", "value_gbp")
RESERVE_COLUMNS: Final = ("scenario", "item", "month", "statistic", "value_gbp")
VIREMENT_COLUMNS: Final = ("scenario", "service_line", "line", "purse", "financial_year", "cost_gbp", "change_gbp")
MEMORANDUM: Final = "memorandum"
MEMORANDA: Final = {
    ("purse", "", BASE_BUDGET): ("total", "total", -1.0),
    ("purse", "", AVOIDED): (MEMORANDUM, "Cost avoidance, in no budget", -1.0),
    ("purse", "", NET): (MEMORANDUM, "Change in spending, whoever pays", -1.0),
    ("budget", "", UNSPENT): (MEMORANDUM, "Underspend while approved posts stand empty", -1.0),
    ("loan", "", REPAYMENT): (MEMORANDUM, "Loan repayment with interest", 1.0),
    ("loan", "", CLOSING): (MEMORANDUM, "Loan still owed at the end of the year", 1.0),
    ("borrowing", "", REPAYMENT): (MEMORANDUM, "Repayment of borrowing for capital with interest", 1.0),
}
"""Item -> its kind, line and sign in the MTFP beside the lines of the base budget."""
OPPOSITE: Final = {"p05": "p95", "p10": "p90", "p25": "p75", "p75": "p25", "p90": "p10", "p95": "p05"}


def funding_frames(result: Outcome) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the funding and MTFP frames of the whole, nominal; the MTFP shows pressures positive, as councils do.

    MTFP rows: each line of the base budget as a pressure or a saving; `total`, whose cumulative is the gap left to
    close; and as memoranda, which no budget may bank, cost avoidance, the change in spending, and loan repayments.
    """
    samples = {CENTRAL: result.central} | ({} if result.sample is None else {MEAN: result.sample})
    found = {name: _funded(result, sample) for name, sample in samples.items()}
    exact = {name: _to_the_penny(result, sample) for name, sample in samples.items()}
    years, funding, mtfp = np.array(result.case.timeline.financial_years), [], []
    nothing = np.zeros((len(years), 1))

    def rows(labels: Sequence[str], statistics: Mapping[str, Floats]) -> list[tuple[object, ...]]:
        return [(result.case.scenario, *labels, years, s, pennies(values)) for s, values in statistics.items()]

    for key in dict.fromkeys(key for items in found.values() for key in items):
        group, kind, item = key
        amounts = [items.get(key, nothing) for items in found.values()]
        middle, drawn = amounts[0], amounts[1] if len(amounts) > 1 else None
        whole = summarise(middle, drawn) | {s: items[key] for s, items in exact.items() if key in items}
        if group != "base":
            funding += rows((group, item), whole)
        if key in MEMORANDA or (group == "base" and any(amount.any() for amount in amounts)):
            shown, line, sign = MEMORANDA.get(key, (kind, item, -1.0))
            change = summarise(year_on_year(middle), None if drawn is None else year_on_year(drawn))
            change |= {s: year_on_year(whole[s]) for s in exact}
            for entry, statistics in {"change": change, "cumulative": whole}.items():
                mtfp += rows((shown, line, entry), _turned(statistics, sign))
    return tidy_frame(FUNDING_COLUMNS, funding), tidy_frame(MTFP_COLUMNS, mtfp)


def _funded(result: Outcome, sample: Sample) -> dict[Item, Floats]:
    """Return the whole's purses, base lines, reserve and loan by year, (years, n), nominal."""
    nominal, lines = nominal_by_year(result.case)[:, None], dict[Tag, Floats]()
    for key in rows_of(result, WHOLE):
        lines[key[1]] = lines.get(key[1], 0.0) + line_of(sample, key) * nominal
    purses, base = share_out(result.case, lines, _moved(sample))
    monthly = run_reserve(result.case, _reserve_flows(sample), sample.as_draws)
    groups = {
        "purse": purses,
        "reserve": reserve_by_year(result.case, monthly),
        "loan": run_loan(result.case, monthly[ADVANCE], sample.as_draws),
        "borrowing": run_borrowing(lines, sample.as_draws),
        "budget": {UNSPENT: sample.unspent},
    }
    items = {(group, "", item): amount for group, amounts in groups.items() for item, amount in amounts.items()}
    return items | {("base", kind, line): amount for (kind, line), amount in base.items()}


def _to_the_penny(result: Outcome, sample: Sample) -> dict[Item, Floats]:
    """Return purses and base lines of the mean of a sample, (years,), from the very pennies that `annual.csv` shows.

    A row there may be paid from several purses: its parts are rounded, and the first takes what rounding leaves.
    """
    nominal, lines = nominal_by_year(result.case), dict[Tag, Floats]()

    def whole_pennies(keys: Sequence[Row]) -> Floats:
        return np.asarray(np.round(line_total(sample, keys, nominal).mean(axis=-1, keepdims=True) * 100))

    for keys in merge_purses(rows_of(result, WHOLE)).values():
        parts = {key[1]: whole_pennies([key]) for key in keys[1:]}
        parts[keys[0][1]] = whole_pennies(keys) - sum(parts.values(), np.zeros((len(nominal), 1)))
        for tag, amount in parts.items():
            lines[tag] = lines.get(tag, 0.0) + amount
    moved = {name: np.round(amount.mean(axis=-1, keepdims=True) * 100) for name, amount in _moved(sample).items()}
    purses, base = share_out(result.case, lines, moved)
    items = {("purse", "", item): amount for item, amount in purses.items()}
    items |= {("base", kind, line): amount for (kind, line), amount in base.items()}
    return {key: amount[:, 0] / 100 for key, amount in items.items()}


def _moved(sample: Sample) -> dict[str, Floats]:
    return {FIXED_TERM_POSTS: sample.fixed_term, UNFILLED_POSTS: sample.unspent}


def _reserve_flows(sample: Sample) -> dict[str, Floats]:
    return {item: amount.astype(np.float64) for item, amount in sample.reserve.items()}


def _turned(statistics: Mapping[str, Floats], sign: float) -> dict[str, Floats]:
    """Return statistics of the amounts times 1 or -1: the low quantile of a cost is the high one of a saving."""
    return {name: values if sign > 0 else -statistics[OPPOSITE.get(name, name)] for name, values in statistics.items()}


def reserve_frame(result: Outcome) -> pd.DataFrame:
    """Return the reserve's statement month by month, nominal."""
    case, months, parts = result.case, np.array(result.case.timeline.month_labels), []

    def statement(sample: Sample) -> dict[str, Floats]:
        return run_reserve(case, _reserve_flows(sample), sample.as_draws)

    drawn = {} if result.sample is None else statement(result.sample)
    for item, amount in statement(result.central).items():
        found = summarise(amount, drawn.get(item))
        parts += [(case.scenario, item, months, name, pennies(values)) for name, values in found.items()]
    return tidy_frame(RESERVE_COLUMNS, parts)


def reserve_metrics(result: Outcome) -> dict[str, dict[str, float | None]]:
    """When the reserve first cannot pay, by how much in all, how likely that is; and all of it if nothing is done.

    The programme's own part is the shortfall with the schemes less that without them, draw by draw.
    """

    def with_schemes(sample: Sample) -> Floats:
        return run_reserve(result.case, _reserve_flows(sample), sample.as_draws)[SHORTFALL]

    def without(sample: Sample) -> Floats:
        return run_reserve(result.case, without_schemes(_reserve_flows(sample)), sample.as_draws)[SHORTFALL]

    def totals(gap: Callable[[Sample], Floats]) -> dict[str, float | None]:
        found = result.statistics(lambda sample: gap(sample).sum(axis=0))
        return {name: float(value) for name, value in found.items()}

    def likely(gap: Callable[[Sample], Floats]) -> dict[str, float | None]:
        return result.chance(lambda sample: np.isfinite(first_short_month(gap(sample))))

    return {
        "reserve_short_from_months": result.with_nulls(lambda sample: first_short_month(with_schemes(sample))),
        "reserve_shortfall_gbp": totals(with_schemes),
        "probability_reserve_short": likely(with_schemes),
        "reserve_shortfall_do_nothing_gbp": totals(without),
        "probability_reserve_short_do_nothing": likely(without),
        "reserve_shortfall_impact_gbp": totals(lambda sample: with_schemes(sample) - without(sample)),
    }


def virement_frame(result: Outcome) -> pd.DataFrame:
    """Central costs of the establishment's rows, by service line, line and purse, nominal; pressures positive.

    What a virement would move between budgets.
    """
    case, nominal = result.case, nominal_by_year(result.case)
    years, setting = case.timeline.financial_years, evaluate(case, central(case)).setting
    totals: dict[tuple[str, str, str], Floats] = defaultdict(lambda: np.zeros(len(years)))
    for scheme in case.active_schemes:
        for service, flows in costs_by_service(setting, scheme).items():
            for tag, amount in flows:
                yearly = case.timeline.by_financial_year(amount)[:, 0] * nominal
                for i, year in enumerate(years):
                    totals[service, tag.line, purse_of(case, tag, year)][i] -= yearly[i]
    rows = [(case.scenario, *key, years, pennies(amount), pennies(np.diff(amount, prepend=0.0)))
            for key, amount in totals.items()]  # fmt: skip
    return tidy_frame(VIREMENT_COLUMNS, rows)
