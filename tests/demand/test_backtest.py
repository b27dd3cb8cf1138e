"""The backtest: the engine's own forecast of every placement, and no claim that its paired interval does not bear."""

import numpy as np
import pandas as pd
import pytest

from model.case.parameters import PLACEMENTS
from model.demand.backtest import LEVELS, Backtest, backtest, conclusions, summary_lines
from model.demand.dfe import read_dfe
from tests.demand.synthetic import write_tables


def made(forecast, actual, *, now=100.0, placement="all", authorities=None, ends=(90.0, 110.0)):
    """A backtest of forecasts one year ahead of authorities of 400 children."""
    forecast, actual = np.broadcast_arrays(np.asarray(forecast, float), np.asarray(actual, float))
    rows = pd.DataFrame({"forecast": forecast, "actual": actual})
    rows = rows.assign(authority=authorities or [f"A{i}" for i in range(len(rows))], horizon=1, base=400.0, now=now,
                       placement=placement)  # fmt: skip
    for level in LEVELS:
        rows[f"low_{level * 100:.0f}"], rows[f"high_{level * 100:.0f}"] = ends
    return Backtest(forecasts=rows, left_out=())


def whole(frame):
    return frame[frame["size"] == "all"].iloc[0]


def test_errors_are_shares_of_the_children_at_the_start_and_bias_has_its_sign():
    row = whole(made([108.0, 96.0], [100.0, 100.0], now=104.0).errors)
    assert (row["error"], row["no_change"], row["bias"]) == pytest.approx((6 / 400, 4 / 400, 2 / 400))


def test_an_authority_counts_once_however_often_it_was_forecast():
    row = whole(made([108.0, 108.0, 104.0], 100.0, authorities=["A", "A", "B"]).errors)
    assert row["authorities"] == 2
    assert row["error"] == pytest.approx((8 + 4) / 2 / 400)


def test_authorities_are_scored_by_their_size_as_well():
    sizes = made([108.0, 96.0], 100.0).errors["size"]
    assert list(sizes) == ["all", "300 to 600"]


def test_the_interval_of_the_paired_difference_by_hand():
    # errors 2 and 6, no change 10 each: differences -8 and -4 of 400, mean -6, standard error 2
    row = whole(made([102.0, 106.0], 100.0, now=110.0).errors)
    assert row["difference"] == pytest.approx(-6 / 400)
    assert (row["difference_low"], row["difference_high"]) == pytest.approx(((-6 - 3.92) / 400, (-6 + 3.92) / 400))


@pytest.mark.parametrize(
    ("forecast", "words"),
    [
        ([101.0, 103.0], "nearer than no change: all children"),
        ([150.0, 152.0], "further off: all children"),
        ([100.0, 119.0], "not to be told apart: all children"),
    ],
)
def test_a_win_is_claimed_only_where_the_interval_excludes_nought(forecast, words):
    assert conclusions(made(forecast, 100.0, now=110.0)) == [f"1 year ahead, {words}."]


def test_coverage_counts_what_lay_inside():
    row = whole(made(100.0, [95.0, 115.0, 110.0, 50.0]).errors)
    assert [row[f"covered_{level * 100:.0f}"] for level in LEVELS] == [0.5, 0.5, 0.5]


def test_every_authority_is_forecast_by_the_engine_in_every_placement(tmp_path):
    """Made-up towns that grow by a hundredth of their first year a year: the engine holds them, and misses by that."""
    found = backtest(read_dfe(write_tables(tmp_path)))
    rows = found.forecasts
    assert set(rows["placement"]) == {"all", *PLACEMENTS, "uasc"}
    assert set(zip(rows["origin"], rows["horizon"], strict=True)) == {(2021, 1), (2021, 2), (2022, 1)}
    assert rows["authority"].nunique() == 4
    assert whole(found.errors)["no_change"] == pytest.approx(0.01, abs=0.002)
    assert whole(found.errors)["error"] < 0.03
    assert (rows["low_80"] <= rows["forecast"]).all()
    lines = summary_lines(found)
    assert any(line.startswith("all children, 1 ahead") for line in lines)


def test_unaccompanied_children_are_scored_apart(tmp_path):
    """Of the made-up towns' children 3 in 100 are unaccompanied: 9 of Northby's 300, and as many more as it grows."""
    rows = backtest(read_dfe(write_tables(tmp_path))).forecasts
    own = rows[(rows["placement"] == "uasc") & (rows["authority"] == "Northby") & (rows["origin"] == 2022)].iloc[0]
    assert (own["now"], own["actual"]) == (round(318 * 0.03), round(321 * 0.03))
    assert own["low_80"] <= own["forecast"] <= own["high_80"]


def test_only_the_last_years_count_as_outcomes_where_so_many_are_asked_for(tmp_path, monkeypatch):
    """And none further ahead than a forecast reaches: of 24 months, two years."""
    monkeypatch.setattr("model.demand.backtest.MONTHS", 24)
    rows = backtest(read_dfe(write_tables(tmp_path)), holdout_years=1).forecasts
    assert set(rows["target"]) == {2023}
    assert set(rows["horizon"]) == {1, 2}
