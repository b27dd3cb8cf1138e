"""Structure as a choice: every combination is the case run with it, and the settings are checked like any input."""

import itertools

import pytest

from model import load_case, run
from model.case.reading.problems import InputProblems
from model.report import specification as page
from tests.cases import CASE_TOML, write_case

TWO = """
[[structure]]
name = "places"
title = "New places"
reason = "invented"
settings = [
  {title = "take new children", overrides = {"fostering.inflow_limited" = 1}},
  {title = "take anybody", overrides = {"fostering.inflow_limited" = 0}},
]

[[structure]]
name = "fill"
title = "Places"
reason = "invented"
settings = [
  {title = "as stated"},
  {title = "half full", overrides = {"fostering.fill_rate" = 0.5}},
  {title = "full", overrides = {"fostering.fill_rate" = 1}},
]
"""
COLUMNS = ["perimeter", "measure", "statistic", "value_gbp", "places", "fill"]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    path = write_case(tmp_path_factory.mktemp("case"), files={"case.toml": CASE_TOML + TWO})
    return run(load_case(path, scenario="base"), draws=120, seed=3)


def test_every_combination_is_the_case_run_with_those_values(result, tmp_path):
    found = result.structure
    assert list(found.columns) == COLUMNS
    assert len(found) == 2 * 2 * 6 * found["perimeter"].nunique()
    for limited, fill in itertools.product((1, 0), (None, 0.5, 1)):
        lines = [f'"fostering.inflow_limited" = {limited}', *([f'"fostering.fill_rate" = {fill}'] if fill else [])]
        text = 'title = "One"\nwhy = "To see."\n[overrides]\n' + "\n".join(lines)
        path = write_case(tmp_path / f"{limited}{fill}", scenarios={"one": text})
        alone = run(load_case(path, scenario="one"), draws=1)
        places = {1: "take new children", 0: "take anybody"}[limited]
        words = {None: "as stated", 0.5: "half full", 1: "full"}[fill]
        rows = found[(found.places == places) & (found.fill == words) & (found.statistic == "central")]
        for row in rows.itertuples():
            npv = alone.metrics_by_perimeter[row.perimeter][f"{row.measure}_gbp"]["central"]
            assert row.value_gbp == pytest.approx(npv, abs=2000)  # many points at once are interpolated


def test_the_scenarios_own_combination_has_the_printed_figures(result):
    for row in result.structure.query("places == 'take new children' and fill == 'as stated'").itertuples():
        printed = result.metrics_by_perimeter[row.perimeter][f"{row.measure}_gbp"][row.statistic]
        assert row.value_gbp == pytest.approx(printed, abs=0.01)


def test_a_fuller_place_never_saves_less(result):
    held = result.structure.query("perimeter == 'fostering' and measure == 'npv' and statistic == 'central'")
    for _, own in held.groupby("places"):
        npv = own.set_index("fill")["value_gbp"]
        assert npv["half full"] < npv["full"]


def test_the_sentence_counts_the_rows_of_the_file(result):
    words = page.positive_words(result, "invest_to_save")
    own = result.structure.query("perimeter == 'invest_to_save' and statistic == 'central'")
    for measure, said in (("npv_cashable", "in cash"), ("npv", "with avoided cost")):
        above = int((own[own.measure == measure].value_gbp > 0).sum())
        assert f"{said} positive in {'none' if not above else 'all' if above == 6 else above} of 6" in words
    assert "0%" not in words


def test_a_choice_of_a_scheme_that_does_not_act_is_not_crossed(tmp_path):
    path = write_case(
        tmp_path,
        files={"case.toml": CASE_TOML + TWO},
        scenarios={"edge": 'title = "E"\nwhy = "W"\n[overrides]\nschemes = ["edge_of_care"]\n'},
    )
    found = run(load_case(path, scenario="edge"), draws=1).structure
    assert list(found.columns) == COLUMNS[:4]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"fostering.fill_rate" = 0.5', '"fostering.fil_rate" = 0.5', "did you mean"),
        ('"fostering.fill_rate" = 0.5', '"fostering.fill_rate" = 40', "what a share can be"),
        ('"fostering.inflow_limited" = 1', '"fostering.inflow_limited" = 0.5', "what a switch can be"),
        ('title = "half full"', 'title = "full"', "each setting's title once"),
        ('name = "fill"', 'name = "places"', "each choice's name once"),
        ('{title = "take anybody", overrides = {"fostering.inflow_limited" = 0}},', "", "two or three settings"),
        ('title = "half full", overrides', 'title = "half full", override', "a setting, {title"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_by_name(tmp_path, old, new, said):
    path = write_case(tmp_path, files={"case.toml": CASE_TOML + TWO.replace(old, new)})
    with pytest.raises(InputProblems, match=said) as caught:
        load_case(path)
    assert "structure[" in str(caught.value)
