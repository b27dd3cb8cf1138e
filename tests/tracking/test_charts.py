"""Charts by hand, the power of a test by hand, and a synthetic control with an effect that was planted."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from model.case.reading.problems import InputProblems
from model.case.rows import Actual
from model.tracking.charts import OUTSIDE, RUN_OF_EIGHT, chart, colour, power
from model.tracking.neighbours import compare

START = date(2022, 4, 1)


def rows(values, first=2021, **more):
    months = [f"{first + i // 12}-{i % 12 + 1:02d}" for i in range(len(values))]
    return [
        Actual(period=m, measure="x", value=v, unit="children", source="", **more)
        for m, v in zip(months, values, strict=True)
    ]


def test_limits_of_an_xmr_chart_are_those_worked_by_hand():
    """15 months before the start go 10, 12, 10, ...: mean 10.93, moving ranges all 2, so 10.93 + and - 5.32."""
    found = chart("x", rows([10, 12] * 7 + [10] + [20, 11]), START)
    assert found.kind == "XmR"
    assert found.middle[0] == pytest.approx(164 / 15)
    assert found.upper[0] == pytest.approx(164 / 15 + 2.66 * 2)
    assert found.signals[-2:] == (OUTSIDE, "")


def test_eight_on_one_side_is_a_signal_and_seven_are_not():
    found = chart("x", rows([10, 12] * 7 + [10] + [11.5] * 8), START)
    assert found.signals[-2:] == ("", RUN_OF_EIGHT)


def test_a_share_has_limits_by_its_denominator():
    """Half of 100 each month: 0.5 + and - 3 x 0.05."""
    made = [
        Actual(period=f"2021-{i:02d}", measure="x", value=0.5, unit="share", source="", numerator=50, denominator=100)
        for i in range(1, 7)
    ]
    found = chart("x", made, START)
    assert (found.kind, found.upper[0], found.lower[0]) == ("p", pytest.approx(0.65), pytest.approx(0.35))


def test_too_few_points_before_the_start_give_no_limits():
    found = chart("x", rows([10, 12, 11], first=2022), START)
    assert np.isnan(found.middle).all()
    assert set(found.signals) == {""}


def test_two_points_give_no_colour():
    assert [colour("0.9 0.75", 95, 100, n) for n in (2, 3)] == ["", "green"]
    assert [colour("0.9 0.75", v, 100, 5) for v in (80, 70)] == ["amber", "red"]


def test_the_power_of_a_cut_of_a_tenth_in_fifty_entries_a_year():
    """Five years of 45 for 50: 25 fewer, one sigma the root of 225 = 15; 1.667 - 1.645 = 0.022 sigmas: 0.51."""
    assert power(np.array([25.0]), np.array([225.0])) == pytest.approx([0.509], abs=0.001)


def test_a_planted_effect_is_found_beside_a_mix_of_others():
    """One authority is half of two others until 2022 and 8 below afterwards; twenty others wander."""
    rng = np.random.default_rng(4)
    years = range(2012, 2026)
    others = pd.DataFrame({f"A{i}": 60 + 3 * i + rng.standard_normal(14).cumsum() for i in range(20)}, index=years)
    own = (others["A3"] + others["A9"]) / 2 - 8.0 * (np.array(years) >= 2022)
    found = compare(others.assign(Own=own), "Own", 2022)
    assert (found.actual - found.synthetic)[-4:] == pytest.approx([-8] * 4, abs=0.7)
    assert found.weights["A3"] == pytest.approx(0.5, abs=0.1)
    assert found.placebo < 0.1
    assert sum(found.weights.values()) == pytest.approx(1, abs=0.03)


def test_an_authority_that_is_not_there_is_named():
    with pytest.raises(InputProblems, match="--authority 'Nowhere': not in the tables"):
        compare(pd.DataFrame({"A": [1.0, 2], "B": [1.0, 3]}, index=[2021, 2022]), "Nowhere", 2022)
