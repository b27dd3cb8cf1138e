"""The risk page: every chart says its finding and its numbers; the sliders answer as a run of that case would."""

from dataclasses import replace

import numpy as np
import pytest

from model import load_case, run
from model.case.draws import central, sample
from model.case.reading.overrides import overridden
from model.money.appraisal import npv_evaluator
from model.report import drivers as risk
from model.report.explorer import Explorer
from model.results.what_if import SLIDERS, shifted
from model.risk.attribution import attribute
from tests.cases import write_case

ITS = "invest_to_save"


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return load_case(write_case(tmp_path_factory.mktemp("case")), scenario="base")


@pytest.fixture(scope="module")
def result(case):
    return run(case, draws=256, seed=2)


def test_every_chart_has_a_finding_an_alt_text_and_its_numbers(result):
    charts = [
        risk.tornado_chart(result, ITS),
        risk.sobol_chart(result, ITS, draws=32),
        risk.information_chart(result),
    ]
    for chart in charts:
        assert len(chart.title) > 20
        assert len(chart.alt) > 40
        assert "<svg" in chart.svg
        assert "nan" not in chart.html.lower().replace("finance", "")
    assert risk.attribution_table(result, "whole").rows


def test_attribution_on_the_engine_sums_to_the_joint_to_the_penny(case):
    draws = sample(case, 100, 3)
    found = attribute(case, draws, "whole")
    joint = npv_evaluator(case, ["whole"])(draws)["whole"]
    assert set(found.meeting) == {"fostering", "edge_of_care"}
    for parts in (found.shapley, found.steps):
        assert set(parts) == {s.name for s in case.active_schemes}
        pence = sum(np.rint(part * 100).astype(np.int64) for part in parts.values())
        np.testing.assert_array_equal(pence, np.rint(joint * 100).astype(np.int64))


def test_what_a_run_knows_already_is_attributed_as_if_it_were_run_again(case, result):
    draws = sample(case, result.draws, result.seed)
    for perimeter in ("whole", ITS, "fostering"):
        again = attribute(case, draws, perimeter)
        known = attribute(case, draws, perimeter, known=result.npv_draws)
        part = attribute(case, draws, perimeter, known={"fostering": result.npv_draws["fostering"]})
        for other in (known, part):
            np.testing.assert_allclose(other.joint, again.joint, atol=0.011)
            for name in again.shapley:
                np.testing.assert_allclose(other.shapley[name], again.shapley[name], atol=0.021)
                np.testing.assert_allclose(other.steps[name], again.steps[name], atol=0.021)


def test_the_explorer_answers_as_the_run_does(case, result):
    found = Explorer(case, ITS, 256, 2).answer()
    npv = result.npv_draws[ITS]
    assert found.npv_mean == pytest.approx(npv.mean())
    assert found.payback_probability == np.isfinite(result.sample.measures[ITS].payback_months).mean()
    assert found.npv_central == pytest.approx(float(npv_evaluator(case, [ITS])(central(case))[ITS][0]))


def test_a_moved_slider_is_the_changed_case(case):
    explorer = Explorer(case, ITS, 128, 2)
    assert len(explorer.assumptions) == SLIDERS
    name = "price.ifa_foster_weekly"
    dearer = shifted(case.assumptions[name], case.assumptions[name].value + 50)
    changed = replace(case, assumptions={**case.assumptions, name: dearer})
    moved = explorer.answer({name: dearer.value}).npv_mean
    assert moved == pytest.approx(Explorer(changed, ITS, 128, 2).answer().npv_mean)
    assert moved > explorer.answer().npv_mean
    assert "Fan chart" in explorer.chart({name: dearer.value}).alt


def test_a_range_moves_with_its_value_and_stays_within_its_unit(case):
    share = case.assumptions["edge_of_care.effect"]
    top = shifted(share, share.high)
    assert top.low == pytest.approx(share.low + share.high - share.value)
    assert top.high <= 1


def test_what_moves_nothing_has_no_bar_and_an_empty_chart_is_a_sentence(case, result):
    bars = risk.tornado_chart(result, ITS).data.rows
    assert bars
    assert all(row[-1].sort >= 0.5 for row in bars)
    certain = overridden(case, {a.name: a.value for a in case.assumptions.values() if a.low < a.high})
    sure = run(certain, draws=2, process_noise=False)
    nothing = risk.information_chart(sure)
    for chart in (risk.tornado_chart(sure, ITS), nothing):
        assert chart.html.startswith('<p class="empty">')
        assert "<svg" not in chart.html
        assert "hatched" not in chart.html
    assert "none could change the decision" in nothing.html
