"""Lines of money by financial year and by month, to the penny."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.case import units
from model.case.words import CENTRAL, INTERACTION, MEAN, NET, NOMINAL, PORTFOLIO, REAL, WHOLE
from model.results.sample import Row, Sample, line_of
from model.results.summary import ANNUAL_COLUMNS, Label, pick, summarise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from model.case.records import Case
    from model.results.outcome import Outcome


def tidy_frame(columns: Sequence[str], parts: Sequence[Mapping[str, object]]) -> pd.DataFrame:
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


def nominal_by_year(case: Case) -> NDArray[np.float64]:
    """Nominal pounds for a real pound in each financial year, (years,)."""
    first = np.searchsorted(case.timeline.year_index, np.arange(len(case.timeline.financial_years)))
    by_year: NDArray[np.float64] = units.in_cash(case)[first]
    return by_year


def rows_of(result: Outcome, perimeter: str) -> list[Row]:
    """Return the rows inside a perimeter, purses still apart."""
    names = tuple(s.name for s in result.case.active_schemes)
    groups = {name: (name,) for name in names} | dict(result.case.perimeters) | {WHOLE: names}
    owners = {*groups[perimeter], f"{INTERACTION}:{perimeter}"}
    drawn = () if result.sample is None else result.sample.lines
    return [key for key in dict.fromkeys((*result.central.lines, *drawn)) if key[0] in owners]


def annual_frame(result: Outcome) -> pd.DataFrame:
    """Summarise every line; in money to the penny, so that central and mean rows add up to the net row exactly."""
    nominal = nominal_by_year(result.case)
    summed: dict[str, dict[Label, dict[str, NDArray[np.float64]]]] = {REAL: {}, NOMINAL: {}}
    parts = []
    for perimeter in result.perimeters:
        merged = merge_purses(rows_of(result, perimeter))
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
    return tidy_frame(ANNUAL_COLUMNS, parts)


def merge_purses(rows: Sequence[Row]) -> dict[Label, list[Row]]:
    """Group rows by what `annual.csv` shows: scheme, line, nature, recurrence (whichever purse pays)."""
    merged: dict[Label, list[Row]] = {}
    for owner, tag in rows:
        label = (owner.split(":")[0], tag.line, tag.nature, tag.recurrence)
        merged.setdefault(label, []).append((owner, tag))
    return merged


def _line_statistics(
    result: Outcome, keys: Sequence[Row], factor: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return statistic -> (years,) of the sum of some rows."""

    def total(sample: Sample) -> NDArray[np.float64]:
        return line_total(sample, keys, factor)

    return summarise(total(result.central), pick(result.sample, total))


def line_total(sample: Sample, keys: Sequence[Row], factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum of some rows times a factor by year, (years, n)."""
    return sum((line_of(sample, key) for key in keys), np.zeros((len(factor), sample.n))) * factor[:, None]


def _annual_part(
    result: Outcome,
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
        "value_gbp": pennies(np.concatenate(list(statistics.values()))),
    }


def pennies(amount: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to the penny, without negative zeros."""
    rounded: NDArray[np.float64] = np.round(np.round(amount * 100) / 100, 2) + 0.0
    return rounded


def monthly_frame(result: Outcome) -> pd.DataFrame:
    """Return net and cumulative position of each perimeter by month, real and nominal."""
    case = result.case
    factors = {REAL: np.ones(case.timeline.months), NOMINAL: units.in_cash(case)}
    parts = []
    for perimeter in result.perimeters:
        for basis, factor in factors.items():

            def net(sample: Sample, name: str = perimeter, by: NDArray[np.float64] = factor) -> NDArray[np.float64]:
                return sample.net[name] * by[:, None]

            middle, drawn = net(result.central), pick(result.sample, net)
            flow = summarise(middle, drawn)
            cumulative = summarise(np.cumsum(middle, axis=0), None if drawn is None else np.cumsum(drawn, axis=0))
            parts += [
                {
                    "perimeter": perimeter,
                    "price_basis": basis,
                    "month": np.array(case.timeline.month_labels),
                    "statistic": statistic,
                    "net_gbp": pennies(flow[statistic]),
                    "cumulative_gbp": pennies(cumulative[statistic]),
                }
                for statistic in flow
            ]
    return tidy_frame(("perimeter", "price_basis", "month", "statistic", "net_gbp", "cumulative_gbp"), parts)
