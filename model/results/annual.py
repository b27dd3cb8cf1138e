"""Lines of money by financial year and by month, to the penny."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from model.case.records import Case, in_cash
from model.case.words import CENTRAL, INTERACTION, MEAN, NET, NOMINAL, PORTFOLIO, REAL
from model.money.portfolio import members_of
from model.results.sample import Floats, Outcome, Row, Sample, line_of

ANNUAL_COLUMNS = ("scenario", "perimeter", "scheme", "line", "nature", "recurrence", "price_basis", "financial_year",
                  "statistic", "value_gbp")  # fmt: skip
MONTHLY_COLUMNS = ("perimeter", "price_basis", "month", "statistic", "net_gbp", "cumulative_gbp")
Label = tuple[str, str, str, str]  # scheme, line, nature, recurrence


def tidy_frame(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> pd.DataFrame:
    """Return a frame of rows in the order of the columns. A value may be an array: the row is then so many rows."""
    arrays = [[np.atleast_1d(np.asarray(value)) for value in row] for row in rows]
    full = [np.broadcast_arrays(*row) for row in arrays if all(values.size for values in row)]
    if not full:
        return pd.DataFrame({name: [] for name in columns}, columns=list(columns), dtype=object)
    return pd.DataFrame(
        {name: np.concatenate(parts) for name, parts in zip(columns, zip(*full, strict=True), strict=True)}
    )


def nominal_by_year(case: Case) -> Floats:
    """Nominal pounds for a real pound in each financial year, (years,)."""
    first = np.searchsorted(case.timeline.year_index, np.arange(len(case.timeline.financial_years)))
    return np.asarray(in_cash(case)[first])


def annual_frame(result: Outcome) -> pd.DataFrame:
    """Return every line of every perimeter by financial year, in the columns of `annual.csv`.

    In money to the penny, so that central and mean rows add up to the net row exactly.
    """
    case, nominal, parts = result.case, nominal_by_year(result.case), []
    years = case.timeline.financial_years

    def rows(perimeter: str, label: Label, basis: str, statistics: Mapping[str, Floats]) -> list[tuple[object, ...]]:
        return [
            (case.scenario, perimeter, *label, basis, np.array(years), statistic, pennies(values))
            for statistic, values in statistics.items()
        ]

    for perimeter in result.perimeters:
        merged = merge_purses(rows_of(result, perimeter))
        for basis, factor in ((REAL, np.ones_like(nominal)), (NOMINAL, nominal)):
            net = {s: np.zeros(len(years)) for s in (CENTRAL, MEAN)}
            for label, keys in merged.items():
                statistics = _of_lines(result, keys, factor)
                parts += rows(perimeter, label, basis, statistics)
                for statistic in net.keys() & statistics:
                    net[statistic] += np.round(statistics[statistic] * 100)
            total = _of_lines(result, [k for keys in merged.values() for k in keys], factor)
            exact = {s: net[s] / 100 if s in net else values for s, values in total.items()}
            parts += rows(perimeter, (PORTFOLIO, NET, NET, NET), basis, exact)
    return tidy_frame(ANNUAL_COLUMNS, parts)


def rows_of(result: Outcome, perimeter: str) -> list[Row]:
    """Return the rows inside a perimeter, purses still apart."""
    owners = {*members_of(result.case)[perimeter], f"{INTERACTION}:{perimeter}"}
    drawn = () if result.sample is None else result.sample.lines
    return [key for key in dict.fromkeys((*result.central.lines, *drawn)) if key[0] in owners]


def merge_purses(rows: Sequence[Row]) -> dict[Label, list[Row]]:
    """Group rows by what `annual.csv` shows: scheme, line, nature, recurrence (whichever purse pays)."""
    merged: dict[Label, list[Row]] = {}
    for owner, tag in rows:
        label = (owner.split(":")[0], tag.line, tag.nature, tag.recurrence)
        merged.setdefault(label, []).append((owner, tag))
    return merged


def _of_lines(result: Outcome, keys: Sequence[Row], factor: Floats) -> dict[str, Floats]:
    """Return statistic -> (years,) of the sum of some rows."""
    return result.statistics(lambda sample: line_total(sample, keys, factor))


def line_total(sample: Sample, keys: Sequence[Row], factor: Floats) -> Floats:
    """Return the sum of some rows times a factor by year, (years, n)."""
    return sum((line_of(sample, key) for key in keys), np.zeros((len(factor), sample.n))) * factor[:, None]


def pennies(amount: Floats) -> Floats:
    """Round to the penny, without negative zeros."""
    return np.asarray(np.round(np.round(amount * 100) / 100, 2) + 0.0)


def monthly_frame(result: Outcome) -> pd.DataFrame:
    """Return net and cumulative position of each perimeter by month, real and nominal."""
    case, parts = result.case, []

    def flows(perimeter: str, factor: Floats) -> tuple[dict[str, Floats], dict[str, Floats]]:
        def net(sample: Sample) -> Floats:
            return sample.net[perimeter] * factor[:, None]

        return result.statistics(net), result.statistics(lambda sample: np.cumsum(net(sample), axis=0))

    for perimeter in result.perimeters:
        for basis, factor in ((REAL, np.ones(case.timeline.months)), (NOMINAL, in_cash(case))):
            net, cumulative = flows(perimeter, factor)
            parts += [
                (perimeter, basis, np.array(case.timeline.month_labels), s, pennies(net[s]), pennies(cumulative[s]))
                for s in net
            ]
    return tidy_frame(MONTHLY_COLUMNS, parts)
