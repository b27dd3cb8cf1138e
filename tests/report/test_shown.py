"""Pages of the invented case, run by the engine: what they say is what the frames and the inputs say."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter

from model import report, run
from model.case.reading.problems import InputProblems
from model.report import comparison, index, opening, posts, shown
from model.report.explorer import Explorer
from model.report.explorer import _slider as explorer_slider
from model.report.look.tables import Table
from model.results import outputs
from model.results.what_if import shifted
from tests.cases import write_case
from tests.engine import invented, load

CAPACITY = {
    "capacity.cases_open": ("1000", "children"),
    "capacity.cases_growth_annual": ("0.02", "rate/year"),
    "capacity.share_closed_if_kept_out_of_care": ("0", "share"),
    "capacity.workers_current": ("50", "fte"),
    "capacity.workers_proposed": ("70", "fte"),
    "capacity.workers_filled_share": ("0.9", "share"),
    "capacity.managers_current": ("10", "fte"),
    "capacity.managers_proposed": ("12", "fte"),
    "capacity.target_caseload": ("18", "children/worker"),
}


@pytest.fixture(scope="module")
def result():
    return run(invented(), draws=20, seed=1)


def texts(table: Table):
    return [tuple(cell.text for cell in row) for row in table.rows]


def words(markup):
    return re.sub(r"<[^>]*>", "|", re.sub(r"(?s)<svg.*?</svg>", "", markup))


def with_capacity(tmp_path, target):
    rows = {name: {"value": v, "low": "", "high": "", "distribution": "fixed", "unit": unit, "price_base": ""}
            for name, (v, unit) in CAPACITY.items()}  # fmt: skip
    rows["capacity.target_caseload"]["value"] = target
    return load(tmp_path, "base", assumptions=rows)


# -- people


def test_the_posts_chart_says_how_many_are_filled_and_its_data_end_there(result):
    chart = posts.posts_filled(result)
    there, filled = (posts.measure(result, m, "with_schemes") for m in ("new_posts_fte", "new_posts_filled_fte"))
    assert chart.title.startswith(f"Of {there['central'].iloc[-1]:.1f} new posts ")
    assert f"{filled['central'].iloc[-1]:.1f} in the long run" in chart.title
    assert texts(chart.data)[0][0] == "April 2022"
    assert len(chart.data.rows) == 20  # every sixth of 120 months
    assert (filled["p10"] <= filled["p90"]).all()


def test_service_lines_add_up_to_what_the_posts_cost_in_a_year(result):
    table, frame = posts.service_lines(result), result.virement
    at = table.columns.index("2025/26")
    listed = sum(row[at].sort for row in table.rows)
    assert listed == pytest.approx(frame[frame.financial_year == "2025/26"]["cost_gbp"].sum(), abs=len(frame))
    assert {row[0] for row in texts(table)} >= {"Safeguarding", "Early Help"}


def test_a_scenario_without_posts_says_so(tmp_path):
    page = repr(posts.people(run(load(tmp_path, "do-nothing"), draws=1, seed=1)))
    assert page.startswith(posts.NO_POSTS)


def test_caseloads_say_when_the_aim_is_reached_or_that_it_is_not(tmp_path):
    reached = run(with_capacity(tmp_path / "a", "18"), draws=20, seed=1)
    said = repr(posts.people(reached))
    # 1,000 cases, half a month of growth at 2% a year, over 50 posts of which nine in ten are filled: 22.2
    assert "go from 22.2 to " in said
    assert "18 is reached in" in said
    never = repr(posts.people(run(with_capacity(tmp_path / "b", "2"), draws=20, seed=1)))
    assert "2 is not reached, central; the chance that it ever is: none of 20 draws" in never


# -- a case, an assumption and a result at the end of a cell


@pytest.fixture
def in_a_cell(monkeypatch):
    """What IPython shows of a value, once the report has been imported there."""
    shell = SimpleNamespace(display_formatter=DisplayFormatter())
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    shown.register()
    return lambda value: shell.display_formatter.format(value)[0]["text/html"]


def test_a_case_at_the_end_of_a_cell_counts_what_it_holds(in_a_cell):
    case = invented()
    page = words(shown.case_html(case))
    assert f"|{len(case.establishment)} rows in establishment.csv|" in page
    assert f"{len(case.assumptions)}: 0 red, {len(case.assumptions)} amber, 0 green" in page
    assert "10 years from April 2022" in page
    assert "Overrides||none" in page
    assert page == words(in_a_cell(case))
    assert "schemes" in words(shown.case_html(invented("do-nothing")))


def test_assumptions_are_a_table_with_a_row_each_and_one_has_every_field(in_a_cell):
    table = in_a_cell(invented().assumptions)
    assert table.count("<tr>") == len(invented().assumptions) + 1
    one = words(in_a_cell(invented().assumptions["fostering.fill_rate"]))
    for said in ("62%", "50% to 75% (beta)", "31 March 2022", "finance analyst"):
        assert said in one


def test_a_result_at_the_end_of_a_cell_names_its_draws_and_seed(result, in_a_cell):
    assert "Example restructure, Base: 20 draws, seed 1" in words(in_a_cell(result))


# -- opening


def test_a_case_is_found_from_below_and_an_unknown_one_names_those_there_are(tmp_path, monkeypatch):
    case = write_case(tmp_path)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert opening.case_folder("exampleshire") == case
    assert opening.case_folder(str(case)) == case
    assert opening.outputs_of("exampleshire") == tmp_path / "outputs" / "exampleshire"
    assert report.open_case("exampleshire", "do-nothing").active_schemes == ()
    with pytest.raises(FileNotFoundError, match=r"no case 'exampelshire'.*exampleshire"):
        opening.case_folder("exampelshire")


def test_a_result_is_worked_out_again_only_when_an_input_changed(tmp_path):
    case = write_case(tmp_path)
    first = opening.open_result(str(case), "base", draws=1, seed=1)
    assert opening.open_result(str(case), "base", draws=1, seed=1) is first
    scenario = case / "scenarios" / "base.toml"
    scenario.write_text(scenario.read_text(encoding="utf-8") + '"fostering.fill_rate" = 0.9\n', encoding="utf-8")
    again = opening.open_result(str(case), "base", draws=1, seed=1)
    assert again.case.assumptions["fostering.fill_rate"].value == 0.9
    npv = [r.metrics_by_perimeter["fostering"]["npv_gbp"]["central"] for r in (first, again)]
    assert npv[1] > npv[0]


def test_a_number_tried_out_is_certain_and_a_wrong_name_gets_the_nearest():
    tried = opening.changed(invented(), {"fostering.fill_rate": 0.8}).assumptions["fostering.fill_rate"]
    assert (tried.value, tried.low, tried.high, tried.distribution) == (0.8, 0.8, 0.8, "fixed")
    with pytest.raises(InputProblems, match=r"did you mean fostering\.fill_rate\?"):
        opening.changed(invented(), {"fostering.fil_rate": 0.8})
    with pytest.raises(InputProblems, match=r"key zzz: .*expected the name of an assumption of the case"):
        opening.changed(invented(), {"zzz": 0.8})


def test_a_number_left_alone_keeps_its_range_and_the_page_says_which_it_is():
    case, name = invented(), "fostering.fill_rate"
    same, central = opening.changed(case, {name: None}), case.assumptions[name].value
    assert same.assumptions[name] == case.assumptions[name]
    said = words(opening.tried_out(case, same, name).html)
    assert "as the scenario Base has it" in said
    assert " from " in said
    certain = opening.changed(case, {name: central})
    assert certain.assumptions[name].distribution == "fixed"
    said = words(opening.tried_out(case, certain, name).html)
    assert "taken as certain; the scenario Base has" in said
    assert "look surer than they are" in said
    with pytest.raises(InputProblems, match="did you mean"):
        opening.changed(case, {"fostering.fil_rate": None})


# -- what sets a scenario apart


def test_an_index_without_its_inputs_still_compares_and_one_without_runs_says_so(tmp_path, result):
    folder = tmp_path / "outputs" / "gone-2022"
    index.write_index(folder)
    assert not folder.exists()
    folder.mkdir(parents=True)
    index.write_index(folder)
    assert "No scenario has been run yet." in (folder / "index.html").read_text(encoding="utf-8")
    runs = [outputs.run_of(result), replace(outputs.run_of(result), scenario="b", title="Twice", metrics={})]
    perimeters = index.perimeters_of(runs, None)
    assert perimeters["invest_to_save"] == "Invest to save"
    table = texts(comparison.side_by_side(runs, "whole", "Whole"))
    assert [row[0] for row in table] == ["Base"]  # the other has no such perimeter


# -- the explorer


@pytest.fixture(scope="module")
def explorer():
    return Explorer(invented(), "invest_to_save", 20, 1)


def test_sliders_left_alone_answer_as_the_run_does(explorer, result):
    found, metrics = explorer.answer(), result.metrics_by_perimeter["invest_to_save"]
    assert found.npv_central == pytest.approx(metrics["npv_gbp"]["central"], abs=0.01)
    assert found.npv_mean == pytest.approx(metrics["npv_gbp"]["mean"], abs=0.01)
    assert found.positive_probability == pytest.approx(metrics["probability_npv_positive"]["mean"])


def test_moving_a_slider_moves_the_chart_to_what_the_engine_says(explorer):
    box = explorer.widget()
    *sliders, page = box.children
    assert 1 <= len(sliders) <= 6
    before = page.value
    slider = next(s for s, a in zip(sliders, explorer.assumptions, strict=True) if a.name == "edge_of_care.effect")
    slider.value = slider.max
    assert page.value != before
    moved = explorer.changed({"edge_of_care.effect": slider.max})
    answer = explorer.answer({"edge_of_care.effect": slider.max})
    expected = run(moved, draws=1, seed=1).metrics_by_perimeter["invest_to_save"]["npv_gbp"]["central"]
    assert answer.npv_central == pytest.approx(expected, abs=0.01)
    assert answer.npv_central > explorer.answer().npv_central
    assert explorer.chart({"edge_of_care.effect": slider.max}).title in words(page.value)
    assert np.all(answer.fan[10] <= answer.fan[90])


def test_a_saved_page_shows_the_sliders_chart(explorer):
    box = explorer.widget()
    bundle = box._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/html"] == box.children[-1].value
    assert "<svg" in bundle["text/html"]


def test_a_slider_is_named_and_read_in_its_unit():
    assumptions = invented().assumptions
    price, share = (explorer_slider(assumptions[n]) for n in ("price.ifa_foster_weekly", "edge_of_care.effect"))
    assert price.description.endswith("(£ a week)")
    assert price.readout_format.endswith("f")
    assert share.description == "Edge of care: effect"
    assert share.readout_format.endswith("%")


def test_a_range_moves_with_its_centre_and_stays_within_its_unit():
    assumptions = invented().assumptions
    share = shifted(assumptions["fostering.fill_rate"], 0.9)
    assert (share.value, share.low, share.high) == (0.9, pytest.approx(0.78), 1.0)
    entry = shifted(assumptions["cost.entry"], 10_000)
    assert (entry.low, entry.high) == (5000, 20_000)  # lognormal: in proportion
