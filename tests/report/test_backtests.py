"""The notebook's backtest: a way in for those without tables, and the backtest's own figures for those with."""

import re

from model import report
from model.demand.backtest import backtest
from model.demand.dfe import read_dfe
from tests.demand.synthetic import write_tables


def test_without_tables_it_says_how_to_give_them():
    assert "parameter dfe" in repr(report.backtest(""))


def test_with_tables_it_shows_the_errors_that_the_backtest_found(tmp_path):
    folder = write_tables(tmp_path)
    found = backtest(read_dfe(folder), holdout_years=1).errors
    page = report.backtest(str(folder), holdout_years=1).html
    assert "95% interval" in page
    shown = set(re.findall(r"\d+\.\d%", page))
    assert {f"{value:.1%}" for value in found.loc[found["size"] == "all", "error"]} <= shown
