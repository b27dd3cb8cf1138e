"""What `check` warns of: it breaks no rule, it is surely a slip, and it stops nothing."""

import csv
import io
import shutil
from pathlib import Path

import pytest

from model.case.reading.load import scenario_names
from model.case.reading.plausible import warnings
from model.case.reading.reference_files import LIMITS as TABLE
from model.commands.check import check
from model.results.check import opening_cost
from model.schemes.load import load_case
from tests.cases import write_case

INPUTS = Path(__file__).resolve().parents[2] / "inputs"


LIMITS = INPUTS / "reference" / TABLE.file
SCENARIO = 'title = "Mine"\nwhy = "To see."\n[overrides]\n'


def slips_in(folder):
    cases = [load_case(folder, name) for name in scenario_names(folder)]
    return warnings(cases, opening_cost(cases[0]))


def warned(folder):
    """The warnings of a case with the workbook's own limits, as lines."""
    shutil.copyfile(LIMITS, folder.parent / "reference" / TABLE.file)
    return [str(w) for w in slips_in(folder)]


def changed(folder, file, change):
    """Rewrite each row of a CSV file by `change`, which takes and returns a dict."""
    path = folder / file
    rows = [change(row) for row in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))]
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8")


def test_the_invented_case_and_bury_have_no_warning(tmp_path):
    assert warned(write_case(tmp_path)) == []
    bury = INPUTS / "bury-2022"
    assert slips_in(bury) == ()


def test_every_limit_has_a_source_and_its_ends_in_order():
    problems = []
    rows = TABLE.rows(LIMITS.parent, problems, optional=False)
    assert problems == []
    assert all(row.values["low"] < row.values["high"] for row in rows)


@pytest.mark.parametrize("factor", [0.001, 1000])
def test_a_placement_budget_in_other_units_is_noticed(tmp_path, factor):
    folder = write_case(tmp_path)

    def scaled(row):
        is_ifa = row["line"] == "IFA foster placements"
        return {**row, "value_gbp": f"{float(row['value_gbp']) * factor:.0f}"} if is_ifa else row

    changed(folder, "approved_budget.csv", scaled)
    found = warned(folder)
    assert found
    assert all("approved_budget.csv, row" in line and "in pounds, not in thousands" in line for line in found)


def test_a_negative_budget_and_one_before_the_start_are_noticed(tmp_path):
    folder = write_case(tmp_path)
    path = folder / "approved_budget.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    extra = dict.fromkeys(lines[0].split(","), "")
    extra |= {"line": "Staff", "financial_year": "2020/21", "value_gbp": "-5", "source": "invented"}
    path.write_text("\n".join([*lines, ",".join(extra.values())]) + "\n", encoding="utf-8")
    said = "\n".join(warned(folder))
    assert "found '2020/21', expected 2022/23 or later" in said
    assert "found '-5', expected 0 or more" in said


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("price.ifa_foster_weekly", {"value": "82000"}, "column value: found '82000', expected 200 to 5,000"),
        ("price.residential_weekly", {"value": "48"}, "found '48', expected 500 to 20,000"),
        ("price.ifa_foster_weekly", {"value": "4000"}, "times the price of an in-house foster place"),
        ("growth.placement_prices_real_annual", {"value": "2"}, "found '2', expected -0.2 to 0.2"),
        ("caseload.entries_growth_annual", {"value": "0.5"}, "found '0.5', expected -0.2 to 0.2"),
    ],
)
def test_a_price_or_a_growth_out_of_scale_is_noticed(tmp_path, name, row, said):
    plain = {"low": "", "high": "", "distribution": "fixed"}
    folder = write_case(tmp_path, assumptions={name: {**plain, **row}})
    found = [line for line in warned(folder) if "assumptions.csv, row" in line]
    assert any(said in line for line in found), found


def test_a_saving_where_posts_are_added_is_noticed(tmp_path):
    folder = write_case(tmp_path)

    def turned(row):
        adds = float(row["fte_proposed"]) > float(row["fte_current"])
        return {**row, "change_annual_cost_gbp": f"-{row['change_annual_cost_gbp']}"} if adds else row

    changed(folder, "establishment.csv", turned)
    found = warned(folder)
    assert found
    assert all("establishment.csv, row" in line and "the row adds posts" in line for line in found)


def test_an_override_out_of_scale_is_noticed_where_it_stands(tmp_path):
    text = SCENARIO + '"price.ifa_foster_weekly" = 75000\n'
    found = warned(write_case(tmp_path, scenarios={"mine": text}))
    assert any("scenarios/mine.toml, line 4" in line and "found '75000'" in line for line in found)


@pytest.mark.parametrize(("years", "count"), [(30, 0), (31, 1)])
def test_one_discount_rate_beyond_thirty_years_is_noticed(tmp_path, years, count):
    folder = write_case(tmp_path)
    toml = folder / "case.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8").replace("horizon_years = 10", f"horizon_years = {years}"), encoding="utf-8"
    )
    found = warned(folder)
    assert len(found) == count
    assert all("case.toml, line 5, key horizon_years" in line and "steps down" in line for line in found)


def test_warnings_are_printed_and_stop_nothing(tmp_path, capsys):
    folder = write_case(tmp_path, scenarios={"mine": SCENARIO + '"price.ifa_foster_weekly" = 75000\n'})
    shutil.copyfile(LIMITS, folder.parent / "reference" / TABLE.file)
    assert check([folder]) == 0
    printed = capsys.readouterr().out
    assert "no problems, 1 warning\n" in printed
    assert "warning: exampleshire/scenarios/mine.toml, line 4" in printed


def test_without_limits_nothing_is_out_of_scale(tmp_path):
    folder = write_case(tmp_path, scenarios={"mine": SCENARIO + '"price.ifa_foster_weekly" = 75000\n'})
    assert slips_in(folder) == ()


def test_a_scheme_that_saves_and_costs_nothing_is_warned_of(tmp_path):
    def uncharged(row):
        return row | {"charged_to": "improvement"} if row["charged_to"] == "edge_of_care" else row

    folder = write_case(tmp_path)
    changed(folder, "establishment.csv", uncharged)
    (warning,) = warned(folder)
    assert "edge_of_care" in warning
    assert "state edge_of_care.cost_annual" in warning
