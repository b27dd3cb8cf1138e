"""Optimism bias: by grade, before and after, and never counted twice."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model import load_case
from model.risk.optimism_bias import OptimismBiasError, adjust, grade_of, load
from tests.cases import write_case

TABLE = Path(__file__).parents[2] / "inputs" / "reference" / "optimism_bias.csv"


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return load_case(write_case(tmp_path_factory.mktemp("case")), scenario="base")


def plain(case):
    """The case without a word on optimism bias in any note."""
    return replace(case, assumptions={n: replace(a, note="") for n, a in case.assumptions.items()})


def test_the_table_is_red_until_it_is_sourced():
    assert {bias.quality for bias in load(TABLE).values()} == {"red"}


def test_costs_rise_and_savings_fall_by_the_grade(case):
    table = load(TABLE)
    found = adjust(plain(case), table, {"fostering": (np.array([100.0]), np.array([150.0]))})["fostering"]
    bias = table[grade_of(case, "fostering")]
    assert found.npv_before[0] == 50
    assert found.npv_after[0] == pytest.approx(
        150 * (1 - bias.saving_reduction_share) - 100 * (1 + bias.cost_uplift_share)
    )
    assert found.npv_after[0] < found.npv_before[0]


def test_it_is_refused_on_top_of_ranges_already_widened(case):
    name = next(n for n, a in case.assumptions.items() if a.low < a.high)
    wide = {**plain(case).assumptions, name: replace(case.assumptions[name], note="Widened for optimism bias")}
    with pytest.raises(OptimismBiasError, match=name):
        adjust(replace(case, assumptions=wide), load(TABLE), {})


def test_every_slip_in_the_table_is_told_at_once(tmp_path):
    path = tmp_path / "optimism_bias.csv"
    path.write_text("grade,cost_uplift_share,saving_reduction_share\nred,40%,0.1\nblue,0.1,0.1\n", encoding="utf-8")
    with pytest.raises(OptimismBiasError, match=r"(?s)row 2, cost_uplift_share.*'blue'.*no row for grade amber"):
        load(path)
