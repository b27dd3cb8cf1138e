"""`new` ends in a case that loads without a problem, with every placeholder red."""

from pathlib import Path

import pandas as pd
import pytest

from model import load_case, run
from model.demand.new_case import make_case
from model.demand.problems import DemandInputError
from model.demand.synthetic import write_tables

REFERENCE = Path(__file__).resolve().parents[1] / "inputs" / "reference"


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
        with pytest.raises(DemandInputError, match=words):
            make_case(name, "Northby", inputs.parent / "dfe", year=None, inputs=inputs)
    with pytest.raises(DemandInputError, match="nearest: Northby"):
        make_case("northbi", "Northbi", inputs.parent / "dfe", year=None, inputs=inputs)
    assert not (inputs / "northbi").exists()
