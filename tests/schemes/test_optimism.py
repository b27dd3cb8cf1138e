"""Optimism bias: by grade, on costs and on what the schemes bring about, and never counted twice."""

from dataclasses import replace
from pathlib import Path

import pytest

from model.case.reading.problems import InputProblems
from model.case.words import INVESTMENT
from model.money.portfolio import costs_of
from model.schemes.load import load_case
from model.schemes.optimism import grade_of
from tests.cases import write_case
from tests.engine import evaluated

BIAS = (Path(__file__).parents[2] / "inputs" / "reference" / "optimism_bias.csv").read_text(encoding="utf-8")
FIXED = {"low": "", "high": "", "distribution": "fixed"}
ROWS = {
    "appraisal.optimism_bias": {"value": "0", "unit": "switch"} | FIXED,
    "appraisal.benefits_realised_share": {"value": "1", "unit": "share"} | FIXED,
}
AMBER = 0.2, 0.25  # every assumption of the invented case is amber: costs a fifth more, benefits a quarter less


@pytest.fixture
def folder(tmp_path):
    return write_case(tmp_path, assumptions=ROWS, files={"../reference/optimism_bias.csv": BIAS})


def test_costs_rise_and_benefits_fall_by_the_grade_of_the_evidence(folder):
    case = load_case(folder)
    off, on = evaluated(case), evaluated(case, appraisal__optimism_bias=1.0)
    assert grade_of(case, "edge_of_care") == "amber"
    for name in ("fostering", "edge_of_care"):
        costs = [costs_of(run.schemes[name], run.setting).net(120, 1) for run in (off, on)]
        assert costs[1] == pytest.approx(costs[0] * (1 + AMBER[0]))
        lines = [run.standalone(name).where(lambda tag: tag.nature == INVESTMENT).net(120, 1) for run in (off, on)]
        assert lines[1] == pytest.approx(lines[0] * (1 + AMBER[0]))
    rates = [run.schemes["edge_of_care"].rate(run.setting) for run in (off, on)]
    assert rates[1] == pytest.approx(rates[0] * (1 - AMBER[1]))
    places = [run.schemes["fostering"].filled_places(run.setting) for run in (off, on)]
    assert places[1] == pytest.approx(places[0] * (1 - AMBER[1]))


def test_benefits_may_be_cut_alone(folder):
    case = load_case(folder)
    whole, half = evaluated(case), evaluated(case, appraisal__benefits_realised_share=0.5)
    rates = [run.schemes["edge_of_care"].rate(run.setting) for run in (whole, half)]
    assert rates[1] == pytest.approx(rates[0] / 2)
    costs = [costs_of(run.schemes["edge_of_care"], run.setting).net(120, 1) for run in (whole, half)]
    assert costs[0] == pytest.approx(costs[1])


def test_it_is_refused_on_top_of_ranges_already_widened(tmp_path):
    wide = {"fostering.households": {"note": "Widened for optimism bias"}}
    on = ROWS | {"appraisal.optimism_bias": ROWS["appraisal.optimism_bias"] | {"value": "1"}}
    load_case(write_case(tmp_path / "off", assumptions=ROWS | wide))
    with pytest.raises(InputProblems, match=r"fostering\.households would count it twice"):
        load_case(write_case(tmp_path / "on", assumptions=on | wide))


def test_without_a_table_nothing_is_adjusted(tmp_path):
    case = load_case(write_case(tmp_path, assumptions=ROWS))
    off, on = (evaluated(case, appraisal__optimism_bias=switch) for switch in (0.0, 1.0))
    assert off.net(["edge_of_care"]) == pytest.approx(on.net(["edge_of_care"]))


def test_the_worst_grade_counts(folder):
    case = load_case(folder)
    bad = {"edge_of_care.effect": replace(case.assumptions["edge_of_care.effect"], quality="red")}
    assert grade_of(replace(case, assumptions={**case.assumptions, **bad}), "edge_of_care") == "red"


def test_a_scheme_that_rests_on_no_assumption_is_of_the_best_grade(folder):
    assert grade_of(load_case(folder), "improvement") == "green"
