"""A case to be filled in: only the rows its schemes need, each with its meaning and an example that makes it run."""

import csv
import shutil
from datetime import date
from pathlib import Path

import pytest

from model import load_case, run
from model.case.parameters import KINDS
from model.case.reading.problems import InputProblems
from model.demand.blank_case import blank_case, case_from
from tests.cases import write_reference

INPUTS = Path(__file__).parents[2] / "inputs"
TODAY = date(2024, 2, 28)


@pytest.fixture
def inputs(tmp_path):
    write_reference(tmp_path)
    shutil.copytree(INPUTS / "example-all-kinds", tmp_path / "example-all-kinds")
    return tmp_path


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def fill(folder):
    """Put each row's example in its value, and ten children of 10 to 15 into every placement."""
    rows = rows_of(folder / "assumptions.csv")
    for row in rows:
        row |= {"value": row["x_example"], "source": "example", "quality": "red"}
    with (folder / "assumptions.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    if (folder / "caseload.csv").is_file():
        homes = [row["placement"] for row in rows_of(folder / "caseload.csv") if row["placement"] != "all"]
        lines = [f"all,{home},10,,,example" for home in homes]
        lines.append(f"10_15,all,{10 * len(homes)},12,,example")
        heading = "age_band,placement,children,entries_annual,exits_annual,source"
        (folder / "caseload.csv").write_text("\n".join([heading, *lines, "all,all,,,6,example"]) + "\n")


@pytest.mark.parametrize("kind", KINDS)
def test_a_blank_case_of_every_kind_has_an_example_in_each_row_and_runs_on_them(inputs, kind):
    blank_case("mine", [kind], inputs, TODAY)
    rows = rows_of(inputs / "mine" / "assumptions.csv")
    assert all(row["note"] and row["unit"] and row["x_example"] and not row["value"] for row in rows)
    with pytest.raises(InputProblems):
        load_case(inputs / "mine") if rows else fill(inputs / "nowhere")
    fill(inputs / "mine")
    assert run(load_case(inputs / "mine"), draws=1).metrics_by_perimeter["whole"]


def test_a_blank_case_of_own_homes_asks_for_no_foster_price(inputs):
    blank_case("mine", ["own_homes"], inputs, TODAY)
    names = {row["name"] for row in rows_of(inputs / "mine" / "assumptions.csv")}
    assert "price.residential_weekly" in names
    assert not any("foster" in name for name in names)


@pytest.mark.parametrize("other", ["example-all-kinds", "bury-2022"])
def test_a_structure_is_copied_without_a_number(inputs, other):
    """Beside it, or shipped; nothing in it is another council's but the names of schemes, rows and posts."""
    case_from("mine", other, inputs)
    rows = rows_of(inputs / "mine" / "assumptions.csv")
    assert len(rows) == len(rows_of(INPUTS / other / "assumptions.csv"))
    assert {key for row in rows for key, value in row.items() if value} <= {"name", "label", "unit", "price_base"}
    assert {key for row in rows_of(inputs / "mine" / "caseload.csv") for key, value in row.items() if value} <= {
        "age_band", "placement", "stream"
    }  # fmt: skip
    text = (inputs / "mine" / "case.toml").read_text()
    assert not any(word in text for word in ("Bury", "003", "rho", "source ="))
    with pytest.raises(InputProblems) as refused:
        load_case(inputs / "mine")
    assert {str(problem).partition(",")[0] for problem in refused.value.problems} <= {
        f"mine/{name}.csv" for name in ("assumptions", "caseload", "establishment", "approved_budget")
    }


def test_an_unknown_kind_and_a_taken_name_are_refused(inputs):
    with pytest.raises(InputProblems, match="own_homes"):
        blank_case("mine", ["own_home"], inputs, TODAY)
    with pytest.raises(InputProblems, match="exists already"):
        case_from("example-all-kinds", "example-all-kinds", inputs)


def test_a_word_that_windows_keeps_for_a_device_is_no_case(inputs):
    with pytest.raises(InputProblems, match="Windows keeps this word"):
        blank_case("con", ["agency"], inputs, date(2024, 5, 1))
    assert not (inputs / "con").exists()
