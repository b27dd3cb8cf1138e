"""Draws: the inverse CDFs, the streams and the copula."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.case.assumptions import Assumption
from model.case.distributions import quantile, range_problem
from model.case.draws import (
    central,
    copula_factor,
    redraw,
    sample,
    tile,
    with_values,
)
from model.case.reading.assumption_rows import faults_of
from model.case.records import Correlation

if TYPE_CHECKING:
    from model.case.records import Case


def assumption(  # noqa: PLR0917
    name: str, value: float, low: float, high: float, distribution: str, unit: str = "GBP"
) -> Assumption:
    return Assumption(
        name=name,
        value=value,
        low=low,
        high=high,
        distribution=distribution,
        unit=unit,
        price_base="2022/23" if unit == "GBP" else "",
        source="test",
        as_at=None,
        quality="green",
        impact="green",
        owner="analyst",
        note="",
        value_as_stated=value,
    )


@dataclass(frozen=True)
class ToyCase:
    """The two fields of a case that draws read."""

    assumptions: dict[str, Assumption]
    correlations: tuple[Correlation, ...] = field(default=())


ALL = [
    assumption("flat", 5, 2, 8, "uniform"),
    assumption("pert", 3, 2, 8, "pert"),
    assumption("bell", 50, 40, 60, "normal"),
    assumption("skew", 20, 10, 40, "lognormal"),
    assumption("part", 0.3, 0.15, 0.47, "beta", "share"),
    assumption("constant", 7, 7, 7, "fixed"),
]


def toy(*rows: Assumption, correlations: tuple[Correlation, ...] = ()) -> Case:
    return cast("Case", ToyCase({a.name: a for a in rows or ALL}, correlations))


def test_central_is_one_draw_at_the_values() -> None:
    draws = central(toy())
    assert draws.n == 1
    assert not draws.process_noise
    assert {name: float(v[0]) for name, v in draws.values.items()} == {a.name: a.value for a in ALL}


def test_zero_width_ranges_reproduce_the_central_values_exactly() -> None:
    flat = [replace(a, low=a.value, high=a.value) for a in ALL]
    draws = sample(toy(*flat), 50, seed=3, process_noise=False)
    for a in flat:
        assert (draws[a.name] == a.value).all()


def test_inverse_cdfs_at_hand_worked_points() -> None:
    at = {a.name: quantile(a, np.array([0.1, 0.5, 0.9])) for a in ALL}
    assert at["flat"] == pytest.approx([2.6, 5.0, 7.4])
    assert at["bell"] == pytest.approx([40, 50, 60])
    assert at["skew"] == pytest.approx([10, 20, 40])
    # beta(1 + 4/6, 1 + 20/6) on 2..8: mean (2 + 4 x 3 + 8) / 6
    u = (np.arange(20_000) + 0.5) / 20_000
    assert quantile(ALL[1], u).mean() == pytest.approx(22 / 6, abs=1e-4)
    part = quantile(ALL[4], u)
    assert part.mean() == pytest.approx(0.3, abs=1e-4)
    assert np.subtract(*np.quantile(part, [0.9, 0.1])) == pytest.approx(0.32, abs=1e-4)


def test_a_normal_is_cut_at_the_bounds_of_its_unit() -> None:
    share = assumption("s", 0.05, 0.0, 0.1, "normal", "share")
    values = quantile(share, np.linspace(1e-9, 1 - 1e-9, 5001))
    assert values.min() >= 0
    assert np.all(np.diff(values) > 0)
    rate = assumption("r", -0.5, -0.9, -0.1, "normal", "rate/year")
    assert quantile(rate, np.array([1e-12]))[0] >= -1
    assert quantile(share, np.array([0.1]))[0] > share.low  # cut below, so that its P10 lies above the one stated


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 50), st.integers(1, 300), st.integers(1, 300), st.booleans())
def test_a_draw_depends_on_neither_the_number_of_draws_nor_the_block(first: int, n: int, m: int, tied: bool) -> None:
    links = (Correlation(a="flat", b="skew", rho=0.6, source=""),) if tied else ()
    whole = sample(toy(correlations=links), first + n + m, seed=11)
    block = sample(toy(correlations=links), n, seed=11, first=first)
    for a in ALL:
        np.testing.assert_allclose(block[a.name], whole[a.name][first : first + n], rtol=0, atol=3e-7)
        np.testing.assert_array_equal(sample(toy(*ALL), 7, 11)[a.name], sample(toy(*ALL), 7, 11)[a.name])


def test_adding_an_assumption_leaves_the_others_alone() -> None:
    extra = assumption("newcomer", 1, 0, 2, "uniform")
    few, many = sample(toy(), 500, 1), sample(toy(extra, *ALL), 500, 1)
    for a in ALL:
        np.testing.assert_array_equal(few[a.name], many[a.name])


def test_newcomers_to_the_copula_come_last() -> None:
    first = (Correlation(a="flat", b="bell", rho=0.5, source=""),)
    more = (*first, Correlation(a="skew", b="flat", rho=-0.4, source=""))
    one, two, none = (sample(toy(correlations=c), 500, 1) for c in (first, more, ()))
    np.testing.assert_array_equal(one["bell"], two["bell"])
    np.testing.assert_array_equal(one["part"], two["part"])
    np.testing.assert_allclose(one["flat"], none["flat"])
    assert copula_factor(more)[0] == ["flat", "bell", "skew"]


def test_the_copula_gives_the_declared_rank_correlation_and_keeps_the_margins() -> None:
    from scipy.stats import spearmanr

    links = (Correlation(a="skew", b="pert", rho=0.7, source=""),)
    draws = sample(toy(correlations=links), 40_000, 2)
    assert spearmanr(draws["skew"], draws["pert"])[0] == pytest.approx(0.7, abs=0.01)
    assert np.quantile(draws["skew"], [0.1, 0.5, 0.9]) == pytest.approx([10, 20, 40], rel=0.02)


def test_correlations_that_cannot_hold_together_name_the_pair() -> None:
    links = (
        Correlation(a="flat", b="bell", rho=0.9, source=""),
        Correlation(a="bell", b="skew", rho=0.9, source=""),
        Correlation(a="flat", b="skew", rho=-0.9, source=""),
    )
    with pytest.raises(ValueError, match=r"flat with skew at rho -0.9"):
        sample(toy(correlations=links), 10, 1)


def test_a_chance_is_one_or_the_other_and_its_mean_is_its_value() -> None:
    works = replace(ALL[0], name="works", value=0.7, low=0.0, high=1.0, distribution="chance", unit="share")
    drawn = sample(toy(works), 40_000, 3)["works"]
    assert set(drawn) == {0.0, 1.0}
    assert drawn.mean() == pytest.approx(0.7, abs=3 * 0.46 / 200)
    assert "0 and 1 for chance" in str(faults_of(replace(works, low=0.1, price_base=""), 0.1, 1.0))


def test_margins_cover_their_declared_range() -> None:
    draws = sample(toy(), 50_000, seed=5)
    for a in ALL[2:5]:
        share = np.mean((draws[a.name] > a.low) & (draws[a.name] < a.high))
        assert share == pytest.approx(0.8, abs=0.01), a.name


def test_crafted_draws() -> None:
    one = central(toy())
    many = with_values(one, {"flat": [1.0, 2.0, 3.0], "skew": 4.0})
    assert many.n == 3
    assert list(many["flat"]) == [1, 2, 3]
    assert list(many["skew"]) == [4, 4, 4]
    assert list(many["bell"]) == [50, 50, 50]
    with pytest.raises(KeyError, match=r"did you mean flat"):
        with_values(one, {"flatt": 1.0})
    with pytest.raises(ValueError, match=r"common length"):
        with_values(sample(toy(), 4, 1), {"flat": [1.0, 2.0]})
    assert tile(many, 2).n == 6
    assert list(tile(many, 2)["flat"]) == [1, 2, 3, 1, 2, 3]


def test_redraw_is_what_sample_gives() -> None:
    before = toy()
    after = toy(*(replace(a, low=1.0) if a.name == "flat" else a for a in ALL))
    again, fresh = redraw(after, sample(before, 300, 9), before), sample(after, 300, 9)
    for a in ALL:
        np.testing.assert_array_equal(again[a.name], fresh[a.name])


@pytest.mark.parametrize(
    ("row", "word"),
    [
        (assumption("x", 1, -0.5, 3, "lognormal", "rate/year"), "above 0 for lognormal"),
        (assumption("x", 9, 1, 3, "pert"), "from low to high"),
        (assumption("x", 0.6, 0.6, 0.9, "beta", "share"), "strictly between P10 and P90"),
    ],
)
def test_a_range_that_cannot_be_fitted_says_why(row: Assumption, word: str) -> None:
    assert word in str(faults_of(row, row.low, row.high))
    assert faults_of(ALL[1], ALL[1].low, ALL[1].high) == []
    assert "no beta" in range_problem(assumption("x", 0.02, 0.001, 0.999, "beta", "share"))
