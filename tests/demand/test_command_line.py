"""demand, new and backtest as a person gives them: files, exit status, and every message a wrong word gets."""

import csv
import shutil
from pathlib import Path

import pandas as pd
import pytest

from model import load_case
from model.__main__ import main
from model.case.parameters import PLACEMENTS
from model.case.reading.problems import InputProblems
from model.demand.authority import authority_caseload
from model.demand.dfe import read_dfe
from model.demand.new_case import local_assumptions, make_case, priced_year
from model.results.reconcile import reconcile
from tests.demand.synthetic import World, write_returns, write_tables

REFERENCE = Path(__file__).resolve().parents[2] / "inputs" / "reference"


@pytest.fixture(scope="module")
def dfe(tmp_path_factory):
    return write_tables(tmp_path_factory.mktemp("dfe"))


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def refused(arguments, capsys):
    status = main([str(a) for a in arguments])
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    return status, told.err


def test_demand_writes_the_caseload_where_asked_and_says_so(dfe, tmp_path, capsys):
    assert main(["demand", "--authority", "northby", "--dfe", str(dfe), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    written = rows(tmp_path / "out" / "caseload.csv")
    assert f"caseload.csv: {len(written)} rows" in said
    ages = sum(float(r["children"] or 0) for r in written if r["placement"] == "all")
    places = sum(float(r["children"]) for r in written if r["age_band"] == "all")
    unaccompanied = sum(float(r["children"] or 0) for r in written if r["stream"] == "uasc")
    assert places == pytest.approx(ages, abs=0.01)
    assert ages + unaccompanied == pytest.approx(authority_caseload(read_dfe(dfe), "Northby").total, abs=0.01)
    assert unaccompanied > 0
    assert not (tmp_path / "out" / ".gitignore").exists()


def test_demand_goes_into_outputs_by_the_authoritys_name(dfe, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["demand", "--authority", "Northby", "--dfe", str(dfe), "--year", "2022"]) == 0
    assert (tmp_path / "outputs/demand/northby/assumptions.csv").is_file()
    assert "2022" in rows(tmp_path / "outputs/demand/northby/caseload.csv")[0]["source"]
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_what_is_made_of_returns_is_kept_out_of_git(dfe, tmp_path, capsys):
    (tmp_path / "returns").mkdir()
    write_returns(tmp_path / "returns", World(entries_annual=60.0), 1)
    out = tmp_path / "out"
    asked = ["demand", "--authority", "Northby", "--dfe", dfe, "--ssda903", tmp_path / "returns", "--out", out]
    assert main([str(a) for a in asked]) == 0
    assert (out / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert {p.name for p in out.iterdir()} >= {"caseload.csv", "assumptions.csv"}
    assert "wrote" in capsys.readouterr().out


def test_new_makes_a_case_that_loads_and_says_what_is_left_to_do(dfe, tmp_path, capsys):
    shutil.copytree(REFERENCE, tmp_path / "reference")
    asked = ["new", "northby-2023", "--authority", "Northby", "--dfe", dfe, "--inputs", tmp_path]
    assert main([str(a) for a in asked]) == 0
    assert f"python3 workbook.py run {tmp_path / 'northby-2023'}" in capsys.readouterr().out
    assert load_case(tmp_path / "northby-2023").council == "Northby"
    status, told = refused(asked, capsys)
    assert status == 2
    assert "exists already" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["demand", "--authority", "Nrthby"], "did you mean Northby"),
        (["demand", "--authority", "Northby", "--year", "1999"], "--year 1999: the stock table holds 20"),
        (["new", "Up Case", "--authority", "Northby"], "small letters"),
    ],
)
def test_a_wrong_word_has_status_2_and_its_reason(dfe, capsys, arguments, said):
    status, told = refused([*arguments, "--dfe", dfe], capsys)
    assert status == 2
    assert said in told


@pytest.mark.parametrize("command", [["demand", "--authority", "Northby"], ["backtest"]])
def test_a_folder_without_tables_has_status_2(tmp_path, capsys, command):
    status, told = refused([*command, "--dfe", tmp_path], capsys)
    assert status == 2
    assert told.strip()


@pytest.mark.slow
def test_backtest_prints_what_it_writes(dfe, tmp_path, capsys):
    assert main(["backtest", "--dfe", str(dfe), "--holdout", "2", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    for name in ("errors", "forecasts"):
        assert f"{name}.csv: {len(pd.read_csv(tmp_path / f'{name}.csv'))} rows" in said


# -- where an authority's own figures are missing


def test_entries_that_are_not_published_are_the_regions_for_as_many_children(tmp_path):
    bands = ("Under 1 year", "1 to 4 years", "5 to 9 years", "10 to 15 years", "16 years and over")
    whole = read_dfe(write_tables(tmp_path))
    year = max(whole.years)
    own = authority_caseload(whole, "Northby", year)
    started = pd.read_csv(tmp_path / "started.csv", dtype=str, keep_default_na=False)
    gone = (started["la_name"] == "Northby") & (started["time_period"] == str(year))
    gone &= started["characteristic"].isin([*bands, "Total"])
    started[~gone].to_csv(tmp_path / "started.csv", index=False)
    borrowed = authority_caseload(read_dfe(tmp_path), "Northby", year)
    # every made-up town has the same rates, so that its region's are its own
    assert sum(borrowed.entries_by_age.values()) == pytest.approx(sum(own.entries_by_age.values()), rel=0.03)
    assert borrowed.notes["flows"].startswith("entries as its region's")
    assert own.notes["flows"] == ""


def test_children_by_age_that_are_not_published_are_refused(tmp_path):
    write_tables(tmp_path)
    table = pd.read_csv(tmp_path / "characteristics.csv", dtype=str, keep_default_na=False)
    gone = (table["la_name"] == "Northby") & (table["cla_group"] == "Age group")
    table[~gone].to_csv(tmp_path / "characteristics.csv", index=False)
    with pytest.raises(InputProblems, match=r"Northby \d{4}: children by age are not published"):
        authority_caseload(read_dfe(tmp_path), "Northby")


def tool(year, **values):
    """The Interactive Tool's rows: measure -> {name: value}."""
    found = [(m, n, year, float(v)) for m, names in values.items() for n, v in names.items()]
    return pd.DataFrame(found, columns=["measure", "name", "year", "value"])


def with_tool(dfe, frame):
    from dataclasses import replace

    return replace(read_dfe(dfe), unit_costs=frame)


HELD = dict.fromkeys(PLACEMENTS, 0.0) | {"in_house_foster": 30.0, "ifa_foster": 10.0}


def test_an_authoritys_own_figures_replace_the_placeholders(dfe):
    frame = tool(2022, s251_residential_weekly={"Northby": 5000, "England": 4500},
                 s251_fostering_weekly={"Northby": 560, "England": 600},
                 s251_all_cla_weekly={"Northby": 1200, "England": 1300},
                 la_foster_places_approved={"Northby": 120}, la_foster_places_filled={"Northby": 75})  # fmt: skip
    found = local_assumptions(with_tool(dfe, frame), "Northby", 2022, HELD).set_index("name")
    # The placeholders are £350 and £820, on average (30 x 350 + 10 x 820) / 40 = £467.50 of the council's £560.
    assert found["value"].to_dict() == pytest.approx({
        "price.residential_weekly": 5000, "price.in_house_foster_weekly": 350 * 560 / 467.5,
        "price.ifa_foster_weekly": 820 * 560 / 467.5, "price.family_and_friends_weekly": 165 * 560 / 467.5,
        "price.supported_accommodation_weekly": 1200, "price.other_weekly": 1200,
        "fostering.existing_households": 60, "fostering.fill_rate": 0.625,
    })  # fmt: skip
    assert found.loc["price.residential_weekly", "price_base"] == "2021/22"
    assert "£560 for all its kinds" in found.loc["price.ifa_foster_weekly", "source"]


def test_a_return_newer_than_the_tables_has_the_newest_prices_there_are(dfe):
    tables = with_tool(dfe, tool(2022, s251_residential_weekly={"Northby": 5000, "England": 4500}))
    assert [priced_year(tables, "Northby", year) for year in (2024, 2022, 2021)] == [2022, 2022, 2021]
    assert priced_year(read_dfe(dfe), "Northby", 2024) == 2024


@pytest.mark.parametrize("price", [1700, 11_500])
def test_a_weekly_cost_far_from_englands_is_left_out(dfe, price):
    frame = tool(2022, s251_residential_weekly={"Northby": price, "England": 4500})
    assert local_assumptions(with_tool(dfe, frame), "Northby", 2022, HELD).empty


def test_the_opening_cost_is_held_against_section_251_and_said(dfe, tmp_path, monkeypatch):
    frame = tool(2023, s251_total_cla_gross_gbp={"Northby": 20_000_000})
    monkeypatch.setattr("model.demand.new_case.tables_of", lambda _: with_tool(dfe, frame))
    lines = make_case("northby", "Northby", dfe, year=2023, inputs=tmp_path)
    said = next(line for line in lines if "section 251" in line)
    case = load_case(tmp_path / "northby")
    row = reconcile(case).set_index("ref").loc["section-251"]
    assert f"{row['recomputed'] / 20:.0%} of the £20,000,000 spent in 2022/23" in said
    assert row["verdict"] == row["expected"]


def test_own_figures_keep_the_placeholders_width_and_a_share_stays_below_one(dfe, tmp_path, monkeypatch):
    frame = tool(2022, s251_residential_weekly={"Northby": 5000, "England": 4500},
                 la_foster_places_approved={"Northby": 100}, la_foster_places_filled={"Northby": 98})  # fmt: skip
    monkeypatch.setattr("model.demand.new_case.tables_of", lambda _: with_tool(dfe, frame))
    lines = make_case("northby-2022", "Northby", dfe, year=2022, inputs=tmp_path)
    assert any(line.startswith("3 assumptions are Northby's own") for line in lines)
    made = {r["name"]: r for r in rows(tmp_path / "northby-2022" / "assumptions.csv")}
    template = {r["name"]: r for r in rows(REFERENCE / "new_case" / "assumptions.csv")}
    price, placeholder = made["price.residential_weekly"], template["price.residential_weekly"]
    assert float(price["value"]) == 5000
    assert float(price["low"]) == pytest.approx(5000 * float(placeholder["low"]) / float(placeholder["value"]))
    assert (price["quality"], price["price_base"]) == ("amber", "2021/22")
    assert float(made["fostering.fill_rate"]["high"]) <= 1


def places(dfe, **filled):
    return authority_caseload(with_tool(dfe, tool(2022, la_foster_places_filled=filled)), "Northby", 2022)


def test_filled_places_tell_in_house_from_family_and_friends(dfe):
    none, own, region = places(dfe), places(dfe, Northby=10), places(dfe, North=1)
    assert none.stock_by_placement["family_and_friends"] == 0
    assert "no figure for filled mainstream places" in none.notes["in_house"]
    assert own.stock_by_placement["in_house_foster"] == pytest.approx(10, rel=0.01)
    assert "own filled" in own.notes["in_house"]
    assert region.notes["in_house"] == "split as in North: its own figure is not published"
    both = [c.stock_by_placement["in_house_foster"] + c.stock_by_placement["family_and_friends"] for c in (own, region)]
    assert both[0] == pytest.approx(both[1])
    assert 0 < region.stock_by_placement["in_house_foster"] < own.stock_by_placement["in_house_foster"]
