"""What a run knows of its own risk: the frames say what the model says when it is asked again."""

import numpy as np
import pytest

from model import load_case, run
from model.case.distributions import quantile
from model.case.draws import central, sample, with_values
from model.money.appraisal import npv_evaluator
from model.results.files import write
from model.results.perimeters import main_perimeter, shown_perimeters
from tests.cases import write_case


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return run(load_case(write_case(tmp_path_factory.mktemp("case")), scenario="base"), draws=128, seed=4)


def test_the_draws_of_a_result_are_those_it_was_made_from(result):
    for name, values in sample(result.case, 128, 4).values.items():
        np.testing.assert_array_equal(values, result.sample.draws[name])
        np.testing.assert_array_equal(values, result.drawn[name])


def test_a_row_of_the_tornado_is_the_case_run_with_that_number(result):
    bars = result.tornado
    assert set(shown_perimeters(result.case)) <= set(bars.perimeter)
    for perimeter, own in bars.groupby("perimeter"):
        assert (own.swing_gbp.diff().dropna() <= 0).all()
        top = own.iloc[0]
        ends = quantile(result.case.assumptions[top.assumption], np.array([0.1, 0.9]))
        moved = with_values(central(result.case), {top.assumption: ends})
        npv = npv_evaluator(result.case, [perimeter])(moved)[perimeter]
        assert [top.npv_at_p10_gbp, top.npv_at_p90_gbp] == pytest.approx(npv, abs=0.005)
        assert top.swing_gbp == pytest.approx(abs(npv[1] - npv[0]), abs=0.006)


def test_nothing_is_worth_more_than_knowing_everything(result):
    more = run(result.case, draws=512, seed=4)
    found, npv = more.information, more.npv_draws
    whole = found[found.learnt == "everything"].value_gbp.item()
    acts = [np.zeros(512), *(npv[name] for name in ("fostering", "edge_of_care", "invest_to_save"))]
    with_chance = np.max(acts, axis=0).mean() - max(0, *np.mean(acts, axis=1))
    assert 0 < whole <= with_chance  # nobody can learn beforehand how chance will fall among the children
    assert (found.value_gbp <= whole).all()
    assert (found.value_gbp >= 0).all()
    assert set(found.perimeter) == {main_perimeter(result.case)}


def test_shares_of_the_schemes_add_up_to_the_joint_npv_to_the_penny(result):
    found = result.attribution
    assert set(found.perimeter) == {"invest_to_save", "whole"}
    for perimeter, own in found[found.statistic == "mean"].groupby("perimeter"):
        joint = own[own.scheme == "portfolio"].iloc[0]
        assert joint.shapley_gbp == pytest.approx(result.npv_draws[perimeter].mean(), abs=0.02)
        for column in ("shapley_gbp", "step_gbp"):
            pence = np.rint(own[own.scheme != "portfolio"][column] * 100).sum()
            assert pence == np.rint(joint[column] * 100)
    spread = found[(found.scheme == "portfolio") & (found.perimeter == "whole")].set_index("statistic").shapley_gbp
    assert spread["p10"] == pytest.approx(np.quantile(result.npv_draws["whole"], 0.1), abs=0.02)


def test_the_standard_error_of_a_mean_is_that_of_its_draws(result):
    found = result.convergence.set_index(["perimeter", "metric", "statistic"])
    for perimeter in shown_perimeters(result.case):
        row, npv = found.loc[perimeter, "npv_gbp", "mean"], result.npv_draws[perimeter]
        assert row.estimate == pytest.approx(npv.mean())
        assert row.standard_error == pytest.approx(npv.std(ddof=1) / np.sqrt(128))
        chance = found.loc[perimeter, "probability_npv_positive", "mean"]
        assert chance.estimate == pytest.approx((npv > 0).mean())


def test_the_central_run_alone_has_a_tornado_and_headers_for_the_rest(result, tmp_path):
    alone = run(result.case, draws=1)
    write(alone, tmp_path)
    lines = {name: (tmp_path / f"{name}.csv").read_text().splitlines()
             for name in ("tornado", "information", "attribution", "convergence")}  # fmt: skip
    assert len(lines["tornado"]) == 1 + len(result.tornado)
    for name in ("information", "attribution", "convergence"):
        assert lines[name] == [",".join(getattr(result, name).columns)]
