"""Questions asked of frames: sums crossed by two columns are pandas' own, to the bit."""

import math

import numpy as np
import pandas as pd
import pytest

from model.report import views


def frame(seed, rows, categorical):
    rng = np.random.default_rng(seed)
    found = pd.DataFrame({
        "month": rng.choice([f"2022-{m:02d}" for m in range(1, 13)], rows),
        "statistic": rng.choice(["p90", "central", "mean", "p05"], rows),
        "value": np.round(rng.normal(0, 1e6, rows), 2),
    })  # fmt: skip
    return found.astype({"month": "category", "statistic": "category"}) if categorical else found


@pytest.mark.parametrize("categorical", [False, True])
@pytest.mark.parametrize("rows", [1, 7, 40, 900])
def test_crossed_sums_are_a_pivot_tables(rows, categorical):
    given = frame(rows, rows, categorical)
    wide = views.crossed(given, "month", "statistic", "value")
    want = given.pivot_table(index="month", columns="statistic", values="value", aggfunc="sum", observed=True)
    assert list(map(str, wide.index)) == list(map(str, want.index))
    assert list(map(str, wide.columns)) == list(map(str, want.columns))
    np.testing.assert_array_equal(wide.to_numpy(), want.to_numpy())


def test_nothing_crossed_is_nothing_and_a_gap_is_missing():
    given = frame(1, 5, categorical=False)
    assert views.crossed(given[:0], "month", "statistic", "value").empty
    given.loc[0, "value"] = math.nan
    wide = views.crossed(given, "month", "statistic", "value")
    assert wide.loc[given.loc[0, "month"], given.loc[0, "statistic"]] == 0
    assert wide.isna().to_numpy().any()
