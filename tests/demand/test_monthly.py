"""Monthly actuals from returns: the counts are those of the episodes, and nothing small is written."""

from datetime import date

import pandas as pd
import pytest

from model.__main__ import main
from model.demand.monthly import actuals_of
from model.demand.ssda903 import read_episodes
from model.schemes.load import load_case
from model.tracking.evidence import evidence
from tests.cases import write_case
from tests.demand.synthetic import LIFELIKE, write_returns

START = date(2022, 4, 1)


@pytest.fixture(scope="module")
def returns(tmp_path_factory):
    folder = tmp_path_factory.mktemp("returns")
    write_returns(folder, LIFELIKE, 1)
    return folder


@pytest.fixture(scope="module")
def episodes(returns):
    return read_episodes(returns)


def picked(frame, measure, scope=""):
    return frame[(frame["measure"] == measure) & (frame["scope"] == scope)].set_index("period")["value"]


def test_children_at_the_end_are_those_before_and_entries_less_exits(episodes):
    frame = actuals_of(episodes, START, internal=True)
    stock, started, ceased = (picked(frame, f"children_{what}") for what in ("looked_after", "started", "ceased"))
    assert stock.diff().iloc[1:].tolist() == (started - ceased).iloc[1:].tolist()


def test_a_month_counts_the_episodes_that_begin_in_it(episodes):
    frame = actuals_of(episodes, START, internal=True)
    begins = pd.to_datetime(pd.Series(episodes.start[episodes.enters]), unit="D").dt.strftime("%Y-%m")
    assert picked(frame, "children_started")["2022-05"] == (begins == "2022-05").sum()
    by_age = frame[(frame["measure"] == "children_started") & (frame["scope"] != "") & (frame["period"] == "2022-05")]
    assert by_age["value"].sum() == (begins == "2022-05").sum(), "all ages are known and nobody came unaccompanied"


def test_nights_of_a_month_lie_between_those_of_its_first_and_last_days(episodes):
    frame = actuals_of(episodes, START, internal=True)
    nights, stock = picked(frame, "bed_nights"), picked(frame, "children_looked_after")
    per_day = nights["2022-06"] / 30
    assert min(stock["2022-05"], stock["2022-06"]) - 10 < per_day < max(stock["2022-05"], stock["2022-06"]) + 10


def test_nothing_from_one_to_five_is_written_unless_asked_for(episodes):
    published, internal = (actuals_of(episodes, START, internal=flag) for flag in (False, True))
    small = internal["value"].between(1, 5) & (internal["unit"] == "children")
    assert small.any(), "or this proves nothing"
    assert not (published["value"].between(1, 5) & (published["unit"] == "children")).any()
    by_age = published[(published["measure"] == "children_started") & (published["scope"] != "")]
    assert not by_age["period"].str.fullmatch(r"\d{4}-\d{2}").any(), "months of an age are small: quarters or years"


def test_the_command_adds_rows_that_check_and_track_take(returns, tmp_path, capsys):
    case = write_case(tmp_path)
    asked = ["demand", "--authority", "Any", "--ssda903", str(returns), "--actuals", str(case)]
    assert main(asked) == 0
    rows = len((case / "actuals.csv").read_text().splitlines())
    assert main(asked) == 0
    assert len((case / "actuals.csv").read_text().splitlines()) == rows, "the same return again adds nothing"
    assert main(["check", str(case)]) == 0
    read = load_case(case)
    assert {o.name for o in evidence(read, read.actuals).observations} >= {"children_started", "bed_nights"}
    assert "put into longer periods" in capsys.readouterr().out


def test_actuals_without_a_return_are_refused(tmp_path, capsys):
    assert main(["demand", "--authority", "Any", "--actuals", str(write_case(tmp_path))]) == 2
    assert "--ssda903 and --actuals" in capsys.readouterr().err


def test_a_quarter_is_three_months_from_april(episodes):
    """Where months are too small to be shown: Q1 is April to June, and holds what those months hold."""
    published, internal = (actuals_of(episodes, START, internal=flag) for flag in (False, True))
    quarters, months = (picked(frame, "children_ceased") for frame in (published, internal))
    assert list(quarters.index[:5]) == ["2019/20 Q1", "2019/20 Q2", "2019/20 Q3", "2019/20 Q4", "2020/21 Q1"]
    assert months.index[0] == "2019-04"
    assert quarters.tolist() == months.to_numpy().reshape(-1, 3).sum(axis=1).tolist()
