"""What a section says of money, posts and the reserve is what the frames hold, in words that do not mislead."""

import re

import numpy as np
import pytest

from model import figures, report, run, summaries
from model import format as fmt
from model.report import comparison, sections
from tests.engine import invented, load

MINIMUM = 500_000.0  # of the invented reserve


@pytest.fixture(scope="module")
def result():
    return run(invented(), draws=40, seed=1)


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """A reserve that other calls on it exhaust in some draws and not in others."""
    rows = {
        "reserve.commitments_annual": {
            "value": "20000", "low": "0", "high": "150000", "distribution": "uniform", "price_base": "2022/23"
        }
    }  # fmt: skip
    return run(load(tmp_path_factory.mktemp("short"), "base", assumptions=rows), draws=40, seed=1)


def texts(table):
    return [tuple(cell.text for cell in row) for row in table.rows]


def row_of(table, start):
    return next(row for row in texts(table) if row[0].startswith(start))


def plain(block):
    return re.sub(r"<[^>]*>", "|", re.sub(r"(?s)<svg.*?</svg>", "", block.html))


# -- the reserve


def test_a_reserve_that_may_run_short_is_never_called_safe(short):
    whole = short.metrics_by_perimeter["whole"]
    chance, lacks = whole["probability_reserve_short"]["mean"], whole["reserve_shortfall_gbp"]
    assert 0 < chance < 1
    for words in (figures.reserve_balance(short).title, summaries.reserve_words(short)):
        assert "stays above" not in words
        for figure in (fmt.chance(chance), fmt.money(lacks["mean"]), fmt.money(lacks["p90"])):
            assert figure in words
    assert fmt.chance(chance) in plain(report.at_a_glance(short))
    assert summaries.reserve_words(short) in plain(report.funding(short)).replace("&#x27;", "'").replace("&#39;", "'")


def test_the_reserve_table_shows_how_short_in_years_that_add_up_to_the_mean(short):
    table = summaries.reserve(short)
    mean = next(row for row in table.rows if row[0].text == "Asked for beyond what there is, mean of all draws")
    assert sum(c.sort for c in mean[1:]) == pytest.approx(
        short.metrics_by_perimeter["whole"]["reserve_shortfall_gbp"]["mean"], abs=1
    )
    left = next(row for row in table.rows if row[0].text.endswith("10th percentile"))
    assert left[-1].sort < MINIMUM


def test_the_reserve_chart_falls_below_the_minimum_where_the_closing_balance_cannot(short):
    closing, before = (summaries.funding_item(short, "reserve", i) for i in ("closing", "before_top_up"))
    asked = summaries.funding_item(short, "reserve", "shortfall")
    assert (closing["p10"] >= MINIMUM - 0.01).all()
    assert before["p10"].iloc[-1] < MINIMUM
    assert np.allclose(before["mean"], closing["mean"] - asked["mean"].cumsum(), atol=0.5)


def test_a_central_run_alone_says_nothing_of_draws():
    one = run(invented(), draws=1, seed=1)
    assert "draws" not in summaries.reserve_words(one)
    assert "draws" not in figures.reserve_balance(one).title
    assert sections.reserve_chance(one) == ""


def test_scenarios_side_by_side_show_how_likely_the_reserve_is_to_run_short(short):
    table = comparison.side_by_side([comparison.run_of(short)], "whole", "Whole")
    at = table.columns.index("Reserve runs short in")
    whole = short.metrics_by_perimeter["whole"]
    assert table.rows[0][at].text == fmt.chance(whole["probability_reserve_short"]["mean"])
    assert table.rows[0][at + 1].text == fmt.money(whole["reserve_shortfall_gbp"]["mean"])
