"""A text that somebody wrote is shown and kept as it is: never a pattern, a formula, a device or a path."""

import csv

import pandas as pd
import pytest

from model import load_case
from model.case.reading.load import scenario_names
from model.case.reading.problems import InputProblems
from model.report.look import charts
from model.results.files import write_csv
from tests.cases import write_case


def test_a_backslash_in_a_title_is_a_backslash():
    drawn = charts.owned('<svg width="1" viewBox="0 0 1 1"><g/></svg>', "k", r"A plan for C:\new \1 \g<0>")
    assert r'aria-label="A plan for C:\new \1 \g&lt;0&gt;"' in drawn


def test_a_text_that_begins_like_a_formula_is_no_formula_and_a_number_stays_one(tmp_path):
    texts = ["=1+1", "+44", "-x", "@SUM(A1)", "\tx", "plain", "a=b"]
    write_csv(pd.DataFrame({"text": texts, "value": [-1.5, 1, 2, 3, 4, 5, 6]}), tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == ["'=1+1", "'+44", "'-x", "'@SUM(A1)", "'\tx", "plain", "a=b"]
    assert rows[0]["value"] == "-1.5"


@pytest.mark.parametrize("text", ["[" * 300 + "]" * 300, "{a = " * 60 + "1" + "}" * 60, "1\n" + "a." * 2000 + "b = 1"])
def test_deep_toml_is_refused_in_a_sentence(tmp_path, text):
    words = f'title = "T"\nwhy = "W"\n[overrides]\n"fostering.fill_rate" = {text}\n'
    with pytest.raises(InputProblems, match="not nested so deeply"):
        load_case(write_case(tmp_path, scenarios={"deep": words}), "deep")


@pytest.mark.parametrize("name", ["con", "LPT1", "a" * 90])
def test_a_name_that_no_folder_could_have_everywhere_is_refused(tmp_path, name):
    folder = write_case(tmp_path, scenarios={name: 'title = "T"\nwhy = "W"\n'})
    with pytest.raises(InputProblems, match="a file name of letters"):
        load_case(folder, name)


def test_names_that_differ_in_capitals_alone_are_refused(tmp_path):
    folder = write_case(tmp_path, scenarios={"BASE": 'title = "T"\nwhy = "W"\n'})
    if len(list((folder / "scenarios").glob("[Bb][Aa][Ss][Ee].toml"))) == 1:
        pytest.skip("this disk does not tell capitals from small letters")
    with pytest.raises(InputProblems, match="differ in more than capitals"):
        load_case(folder, "base")


def test_what_a_system_leaves_beside_the_files_is_no_scenario(tmp_path):
    folder = write_case(tmp_path)
    before = scenario_names(folder)
    for name in ("._base.toml", "~$base.toml", ".~lock.base.toml#"):
        (folder / "scenarios" / name).write_bytes(b"\x00")
    assert scenario_names(folder) == before
