"""Pages of the invented case, run by the engine: what they say is what the frames and the inputs say."""

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from IPython.core.formatters import DisplayFormatter

from model import load_case, report, run
from model.case.reading.overrides import overridden
from model.case.reading.problems import InputProblems
from model.report import before_after, comparison, editing, index, opening, posts, saving, shown
from model.report.explorer import Explorer
from model.report.look import format as fmt
from model.report.look.tables import Table
from model.results import outputs
from model.results.what_if import shifted
from tests.cases import write_case
from tests.engine import invented, load

BURY = Path(__file__).parents[2] / "inputs" / "bury-2022"
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
    there, filled = (posts.measure(result, m) for m in ("new_posts_fte", "new_posts_filled_fte"))
    assert chart.title.startswith(f"Of {there['central'].iloc[-1]:g} new posts ")
    then, end = (
        f"{value:.1f}".removesuffix(".0") for value in (filled["central"].iloc[23], filled["central"].iloc[-1])
    )
    assert f"and {'as many' if then == end else end} in the long run" in chart.title
    assert texts(chart.data)[0][0] == "April 2022"
    assert len(chart.data.rows) == 20  # every sixth of 120 months
    assert (filled["p10"] <= filled["p90"]).all()


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
    assert "2 is not reached, central; the chance that it ever is: none of 20 runs" in never


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
    assert "Example restructure, Base: 20 runs, seed 1" in words(in_a_cell(result))


# -- opening


def test_a_case_is_found_from_below_and_an_unknown_one_names_those_there_are(tmp_path, monkeypatch):
    case = write_case(tmp_path)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert opening.case_folder("exampleshire") == case
    assert opening.case_folder(str(case)) == case
    assert opening.outputs_of("exampleshire") == tmp_path / "outputs" / "exampleshire"
    assert report.open_case("exampleshire", "do-nothing").active_schemes == ()
    with pytest.raises(InputProblems, match=r"found 'exampelshire'.*did you mean exampleshire"):
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
    tried = overridden(invented(), {"fostering.fill_rate": 0.8}).assumptions["fostering.fill_rate"]
    assert (tried.value, tried.low, tried.high, tried.distribution) == (0.8, 0.8, 0.8, "fixed")
    with pytest.raises(InputProblems, match=r"did you mean fostering\.fill_rate\?"):
        overridden(invented(), {"fostering.fil_rate": 0.8})
    with pytest.raises(InputProblems, match=r"key zzz: .*expected the name of an assumption of the case"):
        overridden(invented(), {"zzz": 0.8})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"draws": 0}, r"draws: found '0', expected a number from 1 to 1,000,000"),
        ({"draws": 2.5}, r"draws: found '2.5', expected a whole number"),
        ({"draws": "many"}, r"draws: found 'many', expected a whole number"),
        ({"seed": -1}, r"seed: found '-1', expected a number from 0"),
        ({"scenario": "bas"}, r"scenarios: found 'bas', expected the name of a scenario.*did you mean base"),
        ({"overrides": 3}, r"overrides: found '3', expected names with their values"),
        (
            {"overrides": {"fostering.fill_rate": 40}},
            r"fostering.fill_rate: found '40', expected a number from 0 to 1",
        ),
        ({"overrides": {"fostering.fill_rate": "40%"}}, r"fostering.fill_rate: found '40%'"),
    ],
)
def test_what_a_notebook_is_given_is_refused_in_a_sentence_that_says_what_there_is(tmp_path, given, said):
    wanted = {"case": str(write_case(tmp_path)), "scenario": "base", "draws": 1} | given
    with pytest.raises(InputProblems, match=said) as caught:
        opening.open_result(**wanted)
    assert len(caught.value._render_traceback_()) == 1


def test_a_group_is_chosen_from_the_case(result):
    assert opening.group_of(result.case) == "invest_to_save"
    assert opening.group_of(result.case, "whole") == "whole"
    with pytest.raises(InputProblems, match=r"found 'fosterin', expected what acts .*did you mean fostering"):
        opening.group_of(result.case, "fosterin")


def test_before_and_after_are_the_engines_figures_with_the_same_draws(result):
    page = words(before_after.try_out(result, "fostering.fill_rate", 0.9).html)
    after = run(overridden(result.case, {"fostering.fill_rate": 0.9}), draws=20, seed=1)
    for one in (result, after):
        assert fmt.money(one.metrics_by_perimeter["invest_to_save"]["npv_gbp"]["mean"]) in page
    assert "Before, central" in before_after.try_out(result, "fostering.fill_rate", 0.9).html
    assert "and certain after" in page
    with pytest.raises(InputProblems, match=r"did you mean fostering\.fill_rate"):
        before_after.try_out(result, "fostering.fil_rate", 0.9)
    with pytest.raises(InputProblems, match="expected a number from 0 to 1"):
        before_after.try_out(result, "fostering.fill_rate", 40)


def test_without_a_name_the_assumption_that_moves_most_is_tried(result):
    most = next(bar.assumption for bar in result.tornado.itertuples() if bar.perimeter == "invest_to_save")
    assert words(before_after.try_out(result).html).startswith(f"|{result.case.label(most)}: ")


# -- what is written into a case


def test_an_edited_row_is_checked_then_saved_and_no_other_byte_of_the_case_moves(tmp_path):
    folder = write_case(tmp_path)
    case, file = opening.open_case(str(folder), "base"), folder / "assumptions.csv"
    was = file.read_text(encoding="utf-8")
    assert saving.with_rows(case, {}).decode() == was
    bury = load_case(BURY)
    assert saving.with_rows(bury, {}) == (BURY / "assumptions.csv").read_bytes()
    block, said = editing._answer(str(folder), "base", {"fostering.fill_rate": {"value": "0.7"}}, save=False)
    assert said.endswith("Nothing is saved yet.")
    assert file.read_text(encoding="utf-8") == was
    assert "Before" in block.html
    worked_out = opening._result.cache_info().misses
    editing._answer(str(folder), "base", {"fostering.fill_rate": {"value": "0.7"}}, save=True)
    assert opening._result.cache_info().misses == worked_out  # what stood before is not worked out again
    changed = [
        (a, b) for a, b in zip(was.splitlines(), file.read_text(encoding="utf-8").splitlines(), strict=True) if a != b
    ]
    assert len(changed) == 1
    assert load_case(folder).assumptions["fostering.fill_rate"].value == 0.7
    with pytest.raises(InputProblems, match="expected a number from 0 to 1"):
        editing._answer(str(folder), "base", {"fostering.fill_rate": {"value": "7"}}, save=True)
    assert load_case(folder).assumptions["fostering.fill_rate"].value == 0.7


def test_a_saved_scenario_loads_as_what_was_seen_and_is_never_written_over(tmp_path):
    case = load_case(write_case(tmp_path), "hindsight")
    moved = [shifted(case.assumptions["fostering.fill_rate"], 0.7)]
    assert str(saving.save_scenario(case, "fuller", moved)) == "exampleshire/scenarios/fuller.toml"
    again = load_case(case.folder, "fuller")
    for name, a in case.assumptions.items():
        b = again.assumptions[name]
        wanted = moved[0] if name == "fostering.fill_rate" else a
        assert (b.value, b.low, b.high) == pytest.approx((wanted.value, wanted.low, wanted.high))
    assert again.active_schemes == case.active_schemes
    for name, said in (("fuller", "not taken"), ("", "a name of letters"), ("../x", "a name of letters")):
        with pytest.raises(InputProblems, match=said):
            saving.save_scenario(case, name, moved)


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
    table = texts(comparison.headlines(runs, "whole", "Whole"))
    assert [row[0] for row in table] == ["Base"]  # the other has no such perimeter


# -- the explorer


@pytest.fixture(scope="module")
def explorer():
    return Explorer(invented(), "invest_to_save", 20, 1)


def test_sliders_left_alone_answer_as_the_run_does(explorer, result):
    found, metrics = explorer.answer(), result.metrics_by_perimeter["invest_to_save"]
    assert found.npv_central == pytest.approx(metrics["npv_gbp"]["central"], abs=0.01)
    assert found.npv_mean == pytest.approx(metrics["npv_gbp"]["mean"], abs=0.01)
    assert found.payback_probability == pytest.approx(metrics["probability_payback"]["mean"])


def test_what_is_typed_moves_the_chart_to_what_the_engine_says_or_is_refused(explorer):
    widget = explorer.page()
    before, name = widget.page, "edge_of_care.effect"
    ask(widget, kind="type", name=name, text="25%")
    expected = run(explorer.changed({name: 0.25}), draws=1, seed=1).metrics_by_perimeter["invest_to_save"]["npv_gbp"]
    assert fmt.money(expected["central"]) in words(widget.page)
    assert widget.page != before
    assert next(row for row in widget.rows if row["name"] == name)["shown"] == "25%"
    seen = widget.page
    for text in ("25", "250%", "a quarter", "-1", "£0.2m"):
        ask(widget, kind="type", name=name, text=text)
        assert "expected a number" in widget.said, text
        assert widget.page == seen
    ask(widget, kind="reset", name=name)
    assert words(widget.page) == words(before)
    assert widget.said == ""


def test_the_ends_of_a_chance_stay_while_the_chance_moves():
    case = invented()
    chance = replace(case.assumptions["edge_of_care.deadweight"], value=0.7, low=0.0, high=1.0, distribution="chance")
    assert shifted(chance, 0.15) == replace(chance, value=0.15)


def test_any_assumption_can_be_put_on_a_slider_down_to_nothing_and_saved(tmp_path):
    case = load_case(write_case(tmp_path), "base")
    widget = Explorer(case, "invest_to_save", 20, 1).page()
    name = next(n for n, _ in widget.others if n not in {row["name"] for row in widget.rows} and n.startswith("price."))
    ask(widget, kind="add", name=name)
    row = widget.rows[-1]
    assert (row["name"], row["min"]) == (name, 0)
    assert row["label"] == case.label(name)
    ask(widget, kind="slide", name=name, value=row["max"])
    ask(widget, kind="save", name="dearer")
    assert widget.said == "Saved as exampleshire/scenarios/dearer.toml."
    assert load_case(case.folder, "dearer").assumptions[name].value == pytest.approx(row["max"])
    ask(widget, kind="save", name="dearer")
    assert "a name that is not taken" in widget.said


def test_the_axis_of_the_chart_stays_while_sliders_move(explorer):
    ticks = [
        re.findall(r">(−?£[\d.]+[mk]?)<", c.svg)
        for c in (explorer.chart(), explorer.chart({"edge_of_care.effect": 0.1}))
    ]
    assert ticks[0]
    assert ticks[0] == ticks[1]


def ask(widget, **asked):
    """What the page in the browser sends."""
    widget._handle_custom_msg(asked, [])


def test_a_saved_page_shows_the_sliders_chart(explorer):
    data, _ = explorer.page()._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "<svg" in data["text/html"]


@pytest.mark.parametrize(
    ("value", "unit"),
    [(0.155, "share"), (820.0, "GBP/week"), (-0.02, "rate/year"), (12.0, "months"), (1.0, "switch"),
     (307_870.0, "GBP/year"), (1.25, "ratio")],
)  # fmt: skip
def test_a_box_takes_what_it_shows(value, unit):
    assert fmt.read(fmt.quantity(value, unit), unit) == pytest.approx(value)


def test_a_range_moves_with_its_centre_and_stays_within_its_unit():
    assumptions = invented().assumptions
    share = shifted(assumptions["fostering.fill_rate"], 0.9)
    assert (share.value, share.low, share.high) == (0.9, pytest.approx(0.78), 1.0)
    works = replace(share, distribution="chance", value=0.7, low=0.0, high=1.0)
    assert (shifted(works, 0.1).low, shifted(works, 0.1).high) == (0.0, 1.0)  # a chance of no or yes stays one
    entry = shifted(assumptions["cost.entry"], 10_000)
    assert (entry.low, entry.high) == (5000, 20_000)  # lognormal: in proportion
