"""Counts that DfE does not show, filled in from what it does: totals less their parts, shared as in the region."""

from typing import Final

import numpy as np
import pandas as pd

from model.demand.layout import KEY, NOT_APPLICABLE, SUPPRESSED

SMALLEST_SUPPRESSED: Final = 1
"""A suppressed count is at least one child: DfE shows true zeros as 0."""
LARGEST_SUPPRESSED: Final = 5
"""A count suppressed for its own size is at most five; more is left only where a larger one was hidden beside it."""
_ROUNDS: Final = 8  # the most cells of a group


def with_totals(counts: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    """Fill a suppressed Total from the numbers and rates table, which may print it."""
    key = ["measure", *KEY]
    printed = totals.dropna(subset=["count"]).drop_duplicates(key).set_index(key)["count"]
    is_total = (counts["characteristic"] == "total") & counts["count"].isna()
    look_up = counts.loc[is_total, ["table", *KEY]]
    filled = counts["count"].copy()
    filled[is_total] = printed.reindex(pd.MultiIndex.from_frame(look_up)).to_numpy()
    return counts.assign(count=filled)


def impute_suppressed(counts: pd.DataFrame) -> pd.DataFrame:
    """Return ``counts`` with suppressed cells imputed inside their published total, flagged in ``imputed``.

    What a total leaves after its published cells is shared among its suppressed cells in proportion to the regional
    (or, where that is suppressed too, national) pattern, from one to five children each; what five each do not hold is
    the likeliest cell's, hidden beside a small one. A total that is itself unknown leaves its cells unknown. Not
    applicable is zero inside a known total.
    """
    key = ["table", "group", *KEY]
    frame = counts.reset_index(drop=True)
    is_total: pd.Series = frame["characteristic"] == "total"
    total = frame[is_total].drop_duplicates(key).set_index(key)["count"]
    frame["total"] = total.reindex(pd.MultiIndex.from_frame(frame[key])).to_numpy()
    hidden = frame["mark"].isin(SUPPRESSED) & ~is_total
    frame.loc[frame["mark"].isin(NOT_APPLICABLE) & ~is_total & frame["total"].notna(), "count"] = 0.0
    frame["pattern"] = _pattern(frame, is_total)
    cells = frame[~is_total]
    known = cells["count"].fillna(0.0).groupby([cells[k] for k in key]).transform("sum")
    rest = (cells["total"] - known).clip(lower=0.0)
    imputed = _shared_rest(cells[hidden[~is_total]], rest[hidden[~is_total]], key)
    frame.loc[imputed.index, "count"] = imputed
    frame["imputed"] = hidden & frame["total"].notna()
    return frame.drop(columns=["pattern", "total"])


def _pattern(frame: pd.DataFrame, is_total: pd.Series) -> pd.Series:
    """Share of each characteristic in its region (else England), over all years; never zero."""
    known = frame[~is_total & frame["level"].isin(["region", "national"])]
    shares = known["count"] / known["total"]
    by_region = shares.groupby([known[c] for c in ("table", "group", "characteristic", "region")]).mean()
    cells = ["table", "group", "characteristic"]
    nation = shares[known["level"] == "national"].groupby([known[c] for c in cells]).mean()
    region = by_region.reindex(pd.MultiIndex.from_frame(frame[[*cells, "region"]])).to_numpy()
    england = nation.reindex(pd.MultiIndex.from_frame(frame[cells])).to_numpy()
    best = np.where(np.isnan(region), england, region)
    return pd.Series(np.where(np.isnan(best) | (best <= 0), 1e-6, best), index=frame.index)


def _shared_rest(cells: pd.DataFrame, rest: pd.Series, key: list[str]) -> pd.Series:
    """Share ``rest`` (one number a group) among suppressed ``cells``: one child each, then by pattern up to five."""
    groups = [cells[k] for k in key]
    pattern = cells["pattern"]
    number = pattern.groupby(groups).transform("size")
    likeliest = pattern.groupby(groups).rank(method="first", ascending=False) == 1
    beyond = likeliest & (rest > LARGEST_SUPPRESSED * number)
    limit = pd.Series(np.inf, rest.index).where(beyond, LARGEST_SUPPRESSED)
    shared = (rest / number).clip(upper=SMALLEST_SUPPRESSED)
    for _ in range(_ROUNDS):
        left = rest - shared.groupby(groups).transform("sum")
        weight = pattern.where(shared < limit, 0.0)
        whole = weight.groupby(groups).transform("sum")
        shared = (shared + (left * weight / whole).where(whole > 0, 0.0)).clip(upper=limit)
    return shared
