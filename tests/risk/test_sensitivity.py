"""Sensitivity against models whose answers are known in closed form."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from model.case.assumptions import Assumption
from model.case.draws import central, sample, with_values
from model.case.records import Correlation
from model.case.units import UNITS
from model.case.words import CHANCE
from model.money.appraisal import npv_evaluator
from model.risk.sensitivity import switching_values, tornado
from model.risk.sobol import sobol_indices
from model.schemes.load import load_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.case.draws import Draws
    from model.case.records import Case
    from model.risk.asking import Evaluate

Z90 = 1.2815515655446004


@dataclass(frozen=True)
class ToyCase:
    assumptions: dict[str, Assumption]
    correlations: tuple[Correlation, ...] = ()
    overrides: Mapping[str, object] = field(default_factory=dict)
    scenario: str = "base"


def row(name: str, value: float, spread: float = 0.0, unit: str = "GBP") -> Assumption:
    """A normal with P10 and P90 `spread` either side, or fixed."""
    return Assumption(
        name=name,
        value=value,
        low=value - spread,
        high=value + spread,
        distribution="normal" if spread else "fixed",
        unit=unit,
        price_base="",
        source="test",
        as_at=None,
        quality="green",
        impact="green",
        owner="analyst",
        note="",
        value_as_stated=value,
    )


def toy(*rows: Assumption, **more: object) -> Case:
    return cast("Case", ToyCase({a.name: a for a in rows}, **more))  # type: ignore[arg-type]


LINEAR = toy(row("a", 100, 10), row("b", 200, 30), row("c", 50), row("on", 0, unit="switch"))


def linear(draws: Draws) -> dict[str, np.ndarray]:
    """Two perimeters: 3a - 2b + 40 + 1000 x on (central -60), and a - c (central 50)."""
    return {
        "one": 3 * draws["a"] - 2 * draws["b"] + 40 + 1000 * draws["on"],
        "two": draws["a"] - draws["c"],
        "none": 0 * draws["a"],
    }


def asked(case: Case, evaluate: Evaluate, perimeters: list[str]) -> list[Any]:
    """The rows of the switching values."""
    return list(switching_values(case, evaluate, perimeters).itertuples())


def test_switching_values_of_a_linear_model() -> None:
    found = {(s.perimeter, s.assumption): s for s in asked(LINEAR, linear, ["one", "two", "none"])}
    assert len(found) == 3 * 4
    assert found["one", "a"].switching_value == pytest.approx(120)
    assert not found["one", "a"].within_range
    assert found["one", "b"].switching_value == pytest.approx(170)
    assert found["one", "b"].within_range
    assert found["one", "on"].switching_value == 1
    assert found["two", "c"].switching_value == pytest.approx(100)
    assert np.isnan(found["two", "b"].switching_value)
    assert all(np.isnan(s.switching_value) for (p, _), s in found.items() if p == "none")


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 4.5), st.sampled_from([1, 3, 7]))
def test_switching_values_of_a_curve_and_of_a_step(root: float, power: int) -> None:
    case = toy(row("x", 1, 0.1))
    curve = asked(case, lambda d: {"p": d["x"] ** power - root**power}, ["p"])[0]
    assert curve.switching_value == pytest.approx(root, rel=1e-6)
    step = asked(case, lambda d: {"p": np.where(d["x"] < root, -5.0, 1.0)}, ["p"])[0]
    assert step.switching_value == pytest.approx(root, rel=2e-3)


def test_an_npv_that_reaches_zero_only_where_nothing_happens_does_not_change_sign_there() -> None:
    # a scheme that recruits nobody at 0 is worth nothing there: beside it, £150 of it must pay for a team of £15
    case = toy(row("filled", 1, unit="share"), row("paid", 1, unit="share"))
    found = asked(
        case,
        lambda d: {"team": np.where(d["filled"] > 0, 150 * d["filled"] - 15, 0), "free": d["paid"]},
        ["team", "free"],
    )
    at = {(s.perimeter, s.assumption): s.switching_value for s in found}
    assert at["team", "filled"] == pytest.approx(0.1)
    assert np.isnan(at["free", "paid"])


def test_a_jump_at_the_very_end_of_what_can_be_is_no_switching_value() -> None:
    case = toy(row("weight", 1, 0.5, unit="ratio"))
    found = asked(case, lambda d: {"p": np.where(d["weight"] > 0, 181.0, -63.0)}, ["p"])[0]
    assert np.isnan(found.switching_value)


def test_where_the_npv_stays_at_zero_for_a_while_the_near_end_is_the_switching_value() -> None:
    case = toy(row("x", 1, 0.1))

    def flat(from_: float, to: float) -> float | None:
        npv = lambda d: {"p": np.minimum(d["x"] - from_, 0) + np.maximum(d["x"] - to, 0)}  # noqa: E731
        return asked(case, npv, ["p"])[0].switching_value

    assert flat(1.5, 3.5) == pytest.approx(1.5, rel=2e-3)
    assert flat(0.1, 0.4) == pytest.approx(0.4, rel=2e-3)
    assert flat(1.0, 1.0) == 1.0


@pytest.mark.parametrize("name", ["edge_of_care.fade_annual", "fostering.deregistration_annual"])
def test_what_is_lost_in_a_year_is_a_share(name: str) -> None:
    case = toy(row(name, 0.1, unit="rate/year"), row("growth.x", 0.1, unit="rate/year"))
    found = {
        s.perimeter: s.switching_value
        for s in asked(
            case,
            lambda d: {
                "below": d[name] + 0.2,
                "above": 1.2 - d[name],
                "half": 0.5 - d[name],
                "growth": d["growth.x"] + 0.2,
            },
            ["below", "above", "half", "growth"],
        )
        if s.assumption == ("growth.x" if s.perimeter == "growth" else name)
    }
    nowhere = pytest.approx(np.nan, nan_ok=True)
    assert found == {"below": nowhere, "above": nowhere, "half": pytest.approx(0.5), "growth": pytest.approx(-0.2)}


STEPS = 60  # places looked at between central and a switching value


@pytest.mark.parametrize("scenario", ["base", "as-published", "pessimistic"])
def test_every_switching_value_of_bury_is_the_nearest_change_of_sign(scenario: str) -> None:
    case = load_case(Path(__file__).parents[2] / "inputs" / "bury-2022", scenario)
    evaluate, start = npv_evaluator(case), central(case)
    now = evaluate(start)
    found = [s for s in asked(case, evaluate, list(now)) if np.isfinite(s.switching_value)]
    assert len(found) > 20
    reached = np.linspace(0, 0.99, STEPS)  # of the way; many fades asked of at once are interpolated
    shape = len(found), reached.size
    crafted = {s.assumption: np.full(shape, s.central) for s in found}
    for i, s in enumerate(found):
        way = np.rint(reached) if UNITS[s.unit].whole else reached
        crafted[s.assumption][i] = s.central + (s.switching_value - s.central) * way
    npv = evaluate(with_values(start, {name: values.ravel() for name, values in crafted.items()}))
    for i, s in enumerate(found):
        own = np.sign(npv[s.perimeter].reshape(shape)[i])
        before = own[: STEPS // 2] if UNITS[s.unit].whole else own
        assert (before == np.sign(now[s.perimeter][0])).all(), s
        ends = np.array([0.0, 1.0]) if UNITS[s.unit].whole else np.array([1 - 1e-6, 1 + 1e-6])
        at = s.central + (s.switching_value - s.central) * ends
        short, past = np.sign(evaluate(with_values(start, {s.assumption: at}))[s.perimeter])
        assert short == -past == own[0], s


def crossing(a: Assumption, root: float) -> float:
    """The switching value of an assumption in which the NPV rises through zero at `root`; NaN where none is found."""
    return float(asked(toy(a), lambda d: {"p": d[a.name] - root}, ["p"])[0].switching_value)


@pytest.mark.parametrize(
    ("a", "reached"),
    [
        (row("fixed", 1), (0, 5)),  # up to five times central; no price is below nothing
        (row("narrow", 1, 0.1), (0, 5)),
        (row("wide", 100, 90), (0, 190 + 3 * 180)),  # or three of its own widths beyond its range
        (row("nought", 0), (0, 1)),
        (row("count", 2, unit="children"), (0, 10)),  # what cannot be is not tried
        (row("part", 0.3, unit="share"), (0, 1)),
        (row("growth", 0.01, unit="rate/year"), (-0.04, 0.5)),  # a half a year, which five times central would not
        (row("unsure", 0.01, 0.1, unit="rate/year"), (-0.09 - 3 * 0.2, 0.11 + 3 * 0.2)),
        (row("decline", -0.3, unit="rate/year"), (-0.993, 1.5)),  # never -1: a hundredth of the way short of it
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_an_assumption_is_searched_as_far_as_it_could_be(a: Assumption, reached: tuple[float, float]) -> None:
    for end, side in zip(reached, (-1, 1), strict=True):
        near, past = end - side * 1e-4 * max(1, abs(end)), end + side * 1e-4 * max(1, abs(end))
        if (a.value - near) * side < 0:
            assert crossing(a, near) == pytest.approx(near)
        assert math.isnan(crossing(a, past))


def test_a_switch_has_two_settings_and_is_tried_at_the_other() -> None:
    off, on = row("off", 0, unit="switch"), row("on", 1, unit="switch")
    assert (crossing(off, 0.5), crossing(on, 0.5)) == (1, 0)
    assert math.isnan(crossing(on, 1.5))


def test_the_nearest_of_several_crossings_is_taken() -> None:
    case = toy(row("x", 1, 0.1))
    found = asked(case, lambda d: {"p": (d["x"] - 0.2) * (d["x"] - 1.4) * (d["x"] - 4)}, ["p"])[0]
    assert found.switching_value == pytest.approx(1.4)


def test_tornado_moves_each_assumption_to_its_p10_and_p90() -> None:
    bars = list(tornado(LINEAR, linear, ["one", "two"]).itertuples())
    assert [(b.perimeter, b.assumption) for b in bars] == [("one", "b"), ("one", "a"), ("two", "a"), ("two", "b")]
    assert bars[0].npv_at_p10_gbp == pytest.approx(-60 + 60)
    assert bars[0].npv_at_p90_gbp == pytest.approx(-60 - 60)
    assert bars[0].swing_gbp == pytest.approx(120)
    assert bars[1].npv_central_gbp == pytest.approx(-60)
    assert tornado(toy(row("a", 1)), lambda d: {"p": d["a"]}, ["p"]).empty


def indices(case: Case, evaluate: Evaluate, perimeter: str, *, draws: int, seed: int) -> dict[str, Any]:
    """Factor -> its indices, largest first."""
    return {i.factor: i for i in sobol_indices(case, evaluate, perimeter, draws=draws, seed=seed).itertuples()}


def test_sobol_indices_of_a_linear_model_of_normals() -> None:
    found = indices(LINEAR, linear, "one", draws=20_000, seed=1)
    of_a = (3 * 10) ** 2 / ((3 * 10) ** 2 + (2 * 30) ** 2)
    for name, share in (("a", of_a), ("b", 1 - of_a)):
        assert found[name].first == pytest.approx(share, abs=4 * found[name].first_error)
        assert found[name].total == pytest.approx(share, abs=4 * found[name].total_error)
        assert found[name].first_error < 0.02


def test_sobol_indices_are_those_of_scipy_to_six_digits() -> None:
    draws = 512
    at_a, at_b = (sample(LINEAR, draws, 1, first=first, process_noise=False) for first in (0, draws))
    mixed = [linear(replace(at_a, values={**at_a.values, name: at_b.values[name]}))["one"] for name in ("a", "b")]
    blocks = {"f_A": linear(at_a)["one"][None], "f_B": linear(at_b)["one"][None], "f_AB": np.array(mixed)[:, None]}
    theirs = stats.sobol_indices(func=blocks, n=draws)
    ours = indices(LINEAR, linear, "one", draws=draws, seed=1)
    np.testing.assert_allclose([ours[n].first for n in ("a", "b")], np.ravel(theirs.first_order), rtol=1e-6)
    np.testing.assert_allclose([ours[n].total for n in ("a", "b")], np.ravel(theirs.total_order), rtol=1e-6)


def test_the_errors_of_sobol_indices_are_how_far_they_scatter() -> None:
    each = [indices(LINEAR, linear, "one", draws=200, seed=seed)["b"] for seed in range(60)]
    for name in ("first", "total"):
        scatter = np.std([getattr(one, name) for one in each], ddof=1)
        assert np.mean([getattr(one, f"{name}_error") for one in each]) == pytest.approx(scatter, rel=0.35)
    still = indices(LINEAR, lambda d: {"p": 0 * d["a"] + 7}, "p", draws=20, seed=1)["a"]
    assert (still.first, still.first_error, still.total, still.total_error) == (0, 0, 0, 0)


def test_sobol_indices_of_a_product_show_the_interaction() -> None:
    # y = (x1 - 100)(x2 - 100): no first-order effect at all, all of it interaction
    case = toy(row("x1", 100, 10), row("x2", 100, 10))
    found = indices(case, lambda d: {"p": (d["x1"] - 100) * (d["x2"] - 100)}, "p", draws=20_000, seed=2)
    for i in (found["x1"], found["x2"]):
        assert i.first == pytest.approx(0, abs=4 * i.first_error)
        assert i.total == pytest.approx(1, abs=4 * i.total_error)


def test_tied_assumptions_share_an_index() -> None:
    case = replace(LINEAR, correlations=(Correlation(a="a", b="b", rho=0.5, source=""),))
    found = indices(case, linear, "one", draws=2000, seed=1)
    assert list(found) == ["a with b", CHANCE]
    assert found["a with b"].total == pytest.approx(1, abs=0.1)
    assert found[CHANCE].total == 0


def test_what_is_tied_through_another_is_tied() -> None:
    case = toy(row("a", 1, 1), row("b", 1, 1), row("c", 1, 1), row("d", 1, 1), row("e", 1, 1))
    ties = [Correlation(a=a, b=b, rho=0.1, source="") for a, b in ("de", "ab", "cb")]
    found = indices(replace(case, correlations=tuple(ties)), lambda d: {"p": d["a"]}, "p", draws=64, seed=1)
    assert set(found) == {"a with b with c", "d with e", CHANCE}


def test_chance_is_a_factor_when_process_noise_is_on() -> None:
    def noisy(draws: Draws) -> dict[str, np.ndarray]:
        chance = np.random.default_rng(draws.first).standard_normal(draws.n)
        return {"p": draws["a"] + 10 / Z90 * chance}

    found = indices(LINEAR, noisy, "p", draws=10_000, seed=3)
    assert found[CHANCE].total == pytest.approx(0.5, abs=0.05)
    assert found["a"].first == pytest.approx(0.5, abs=0.05)


def test_mean_and_variance_of_a_linear_model_of_normals() -> None:
    npv = linear(sample(LINEAR, 100_000, 1, process_noise=False))["one"]
    sd = np.hypot(3 * 10, 2 * 30) / Z90
    assert npv.mean() == pytest.approx(-60, abs=4 * sd / np.sqrt(100_000))
    assert npv.std() == pytest.approx(sd, rel=0.01)
