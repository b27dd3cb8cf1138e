"""`new` ends in a case that loads without a problem, with every placeholder red."""

from pathlib import Path

import pandas as pd
import pytest

from model import load_case, run
from model.case.draws import central, sample
from model.case.parameters import PLACEMENT_LINES
from model.case.reading.problems import InputProblems
from model.case.records import NO_BUDGET
from model.commands.check import check
from model.demand.build import tables_of
from model.demand.forecast import forecast, written_case
from model.demand.new_case import make_case
from model.demand.returns import case_files, regional_exit_rates, starts
from model.demand.ssda903 import read_episodes
from model.money.portfolio import evaluate
from model.report import sections
from tests.demand.synthetic import World, write_returns, write_tables

REFERENCE = Path(__file__).resolve().parents[2] / "inputs" / "reference"


@pytest.fixture
def inputs(tmp_path):
    (tmp_path / "inputs").mkdir()
    (tmp_path / "inputs" / "reference").symlink_to(REFERENCE)
    (tmp_path / "dfe").mkdir()
    write_tables(tmp_path / "dfe")
    return tmp_path / "inputs"


def test_a_new_case_loads_and_runs(inputs):
    lines = make_case("northby-2023", "Northby", inputs.parent / "dfe", year=None, inputs=inputs)
    assert "Northby" in lines[0]
    case = load_case(inputs / "northby-2023", scenario="base")
    assert case.council == "Northby"
    result = run(case, draws=20, seed=1)
    stock = result.caseload
    opening = stock[(stock["measure"] == "stock") & (stock["world"] == "do_nothing")]
    assert not opening.empty


def test_placeholders_are_red_and_say_so(inputs):
    make_case("northby-2023", "Northby", inputs.parent / "dfe", year=2022, inputs=inputs)
    rows = pd.read_csv(inputs / "northby-2023" / "assumptions.csv", dtype=str, keep_default_na=False)
    placeholders = rows[rows["source"].str.startswith("Placeholder")]
    assert (placeholders["quality"] == "red").all()
    assert placeholders["note"].str.startswith("Not local").all()
    assert not rows["name"].duplicated().any()


def test_a_case_is_never_written_over_and_its_name_is_a_folders(inputs):
    make_case("northby-2023", "Northby", inputs.parent / "dfe", year=None, inputs=inputs)
    for name, words in (("northby-2023", "exists already"), ("../up", "small letters")):
        with pytest.raises(InputProblems, match=words):
            make_case(name, "Northby", inputs.parent / "dfe", year=None, inputs=inputs)
    with pytest.raises(InputProblems, match="did you mean Northby"):
        make_case("northbi", "Northbi", inputs.parent / "dfe", year=None, inputs=inputs)
    assert not (inputs / "northbi").exists()


def test_a_new_case_has_a_budget_that_holds_its_opening_children(inputs):
    lines = make_case("northby-2023", "Northby", inputs.parent / "dfe", year=None, inputs=inputs)
    case = load_case(inputs / "northby-2023")
    first = evaluate(case, central(case))
    lines_held = {row.line: row for row in case.approved_budget}
    children = dict(zip(PLACEMENT_LINES.values(), first.world().stock[0][:, 0], strict=True))
    assert set(lines_held) == {line for line, number in children.items() if number > 0}
    ifa = lines_held["IFA foster placements"]
    price = case.assumptions["price.ifa_foster_weekly"].value
    expected = children["IFA foster placements"] * price * case.conventions.weeks_per_year
    assert ifa.value_gbp == pytest.approx(expected, abs=0.5)
    assert {row.follows for row in case.approved_budget} == {"opening_caseload"}
    annual = run(case, draws=1, seed=1).annual
    whole = annual[(annual["perimeter"] == "whole") & (annual["price_basis"] == "real")]
    assert whole.loc[whole["nature"] == "cashable_saving", "value_gbp"].sum() > 0
    assert any(line.startswith("approved_budget.csv holds the opening children") for line in lines)


def test_new_says_which_knowledge_date_it_chose(inputs):
    lines = make_case("northby-2023", "Northby", inputs.parent / "dfe", year=2022, inputs=inputs)
    assert load_case(inputs / "northby-2023").knowledge_date.isoformat() == "2023-03-31"
    assert any("knowledge_date in case.toml is 2023-03-31" in line for line in lines)


def test_a_case_without_a_budget_says_that_nothing_is_cashable(inputs, capsys):
    make_case("northby-2023", "Northby", inputs.parent / "dfe", year=None, inputs=inputs)
    folder = inputs / "northby-2023"
    assert check([folder]) == 0
    assert NO_BUDGET not in capsys.readouterr().out
    budget = folder / "approved_budget.csv"
    budget.write_text(budget.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    assert check([folder]) == 0
    assert NO_BUDGET in capsys.readouterr().out
    said = sections.savings(run(load_case(folder), draws=1, seed=1)).html
    assert "approved_budget.csv holds no placement line" in said
    budget.unlink()
    assert "holds no placement line" in sections.savings(run(load_case(folder), draws=1, seed=1)).html


def test_a_case_of_any_place_and_year_loads_with_the_reference_tables_that_it_is_given(tmp_path):
    (tmp_path / "dfe").mkdir()
    write_tables(tmp_path / "dfe")
    for year in (2021, 2022, 2023):
        make_case(f"northby-{year}", "Northby", tmp_path / "dfe", year=year, inputs=tmp_path / "elsewhere")
        case = load_case(tmp_path / "elsewhere" / f"northby-{year}")
        assert case.timeline.start.isoformat() == f"{year}-04-01"
        assert run(case, draws=1, seed=1).metrics_by_perimeter["whole"]


def test_a_case_that_cannot_be_made_leaves_nothing(inputs, monkeypatch):
    monkeypatch.setattr("model.demand.new_case.opening_budget", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        make_case("northby-2023", "Northby", inputs.parent / "dfe", year=None, inputs=inputs.parent / "new")
    assert not list((inputs.parent / "new").iterdir())


def test_the_past_stands_in_the_case_and_its_report(inputs):
    make_case("northby-2023", "Northby", inputs.parent / "dfe", year=None, inputs=inputs)
    rows = pd.read_csv(inputs / "northby-2023" / "actuals.csv", dtype=str, keep_default_na=False)
    held = rows[rows["measure"] == "children_looked_after"]
    assert held["period"].tolist() == [f"{year}-03-31" for year in range(2016, 2024)]
    assert held["value"].tolist()[-1] == "321"
    assert rows.loc[rows["measure"] == "children_started", "period"].iloc[-1] == "2022/23"
    assert {str(row.value) for row in load_case(inputs / "northby-2023").actuals} >= {"321.0"}


def test_a_scheme_that_would_act_on_nobody_is_not_active(inputs):
    table = inputs.parent / "dfe" / "characteristics.csv"
    frame = pd.read_csv(table, dtype=str, keep_default_na=False)
    own = (frame["la_name"] == "Northby") & (frame["cla_group"] == "Place providers")
    children = frame.loc[own, "number"].astype(int)
    for name, value in (("Private provision", 0), ("Voluntary/third sector provision", 0)):
        frame.loc[own & (frame["characteristic"] == name), "number"] = str(value)
    by_year = children.groupby(frame.loc[own, "time_period"]).apply(lambda n: n.nlargest(1).iloc[0])
    parents = (
        frame[own & frame["characteristic"].str.startswith("Parents")].set_index("time_period")["number"].astype(int)
    )
    for year, total in by_year.items():
        at = own & (frame["time_period"] == year) & frame["characteristic"].str.startswith("Own")
        frame.loc[at, "number"] = str(total - parents[year])
    frame.to_csv(table, index=False)
    make_case("northby-2023", "Northby", inputs.parent / "dfe", year=None, inputs=inputs)
    case = load_case(inputs / "northby-2023")
    assert [scheme.name for scheme in case.active_schemes] == ["edge_of_care"]
    assert run(case, draws=1, seed=1).metrics_by_perimeter["whole"]


@pytest.mark.slow
def test_a_case_made_of_returns_runs_and_projects_what_demand_forecast_to_the_child(inputs):
    returns, dfe = inputs.parent / "returns", inputs.parent / "dfe"
    write_returns(returns, World(entries_annual=60), seed=3)
    make_case("own", "Northby", dfe, year=None, inputs=inputs, ssda903=returns)
    assert check([inputs / "own"]) == 0
    case = load_case(inputs / "own")
    assert case.timeline.start.isoformat() == "2024-04-01"
    prior, _ = regional_exit_rates(tables_of(dfe), "North")
    episodes = read_episodes(returns)
    made = written_case(case_files(episodes, prior, internal=False), starts(episodes))
    ahead = forecast(made, draws=20, seed=7)
    projected = evaluate(case, sample(case, 20, 7)).world().stock[:37]
    assert (projected == ahead["general"].by_placement).all()
