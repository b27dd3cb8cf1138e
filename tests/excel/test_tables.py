"""Every table as a sheet: dates are dates, numbers numbers, and a text that looks like a formula is a text."""

import datetime as dt
import zipfile
from dataclasses import replace

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from model.excel.tables import SHEETS, write_tables
from model.results.files import write_csv
from model.results.runs import run
from model.schemes.load import load_case
from tests.cases import write_case


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    case = load_case(write_case(folder))
    result = run(replace(case, title="=1+1"), draws=20)
    write_tables(result, folder / "tables.xlsx")
    book = CalamineWorkbook.from_path(str(folder / "tables.xlsx"))
    return result, {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}, folder / "tables.xlsx"


def test_every_table_has_a_sheet_with_the_numbers_of_the_run(tables):
    result, sheets, _ = tables
    assert list(sheets) == ["Contents", *SHEETS]
    heading, *rows = sheets["Measures"]
    shown = {(row[0], row[1]): dict(zip(heading, row, strict=True)) for row in rows}
    npv = result.metrics_by_perimeter["whole"]["npv_gbp"]
    for statistic in ("central", "mean", "p10", "p50", "p90"):
        assert shown["whole", "npv_gbp"][f"{statistic} value"] == pytest.approx(npv[statistic])


def test_months_are_dates(tables):
    _, sheets, _ = tables
    month = sheets["Monthly"][0].index("month")
    assert sheets["Monthly"][1][month] == dt.date(2022, 4, 1)


def test_a_text_that_looks_like_a_formula_is_a_text(tables, tmp_path):
    _, sheets, path = tables
    assert "=1+1" in sheets["Contents"][0][0]
    with zipfile.ZipFile(path) as file:
        assert not any(b"<f>" in file.read(name) for name in file.namelist())
    write_csv(
        pd.DataFrame({"said": ["=1+1", "-x", "@y", "fine", "\tz"], "number": [-1, 2, 3, 4, 5]}), tmp_path / "t.csv"
    )
    assert (tmp_path / "t.csv").read_text(encoding="utf-8").splitlines() == [
        "said,number", "'=1+1,-1", "'-x,2", "'@y,3", "fine,4", "'\tz,5",
    ]  # fmt: skip
