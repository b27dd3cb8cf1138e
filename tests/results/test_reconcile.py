# ruff: noqa: E501, PLR0917 - tables and formulas a line each
"""Printed figures recomputed: verdicts at the printed precision, formulas that compute and nothing else."""

import math
from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.__main__ import main
from model.case.cells import Bad
from model.case.reading import formulas
from model.case.rows import Post
from model.results.reconcile import Recomputed, reconcile, verdict
from model.results.runs import run
from model.schemes.load import load_case
from tests.cases import PUBLISHED, write_case


def unexpected(frame):
    return frame[frame["verdict"] != frame["expected"]]


def post(row, team, current, proposed, cost, included_in=""):
    return Post(
        id=row, team=team, post="", grade="", fte_current=current, fte_proposed=proposed, printed_gbp=cost,
        start=date(2023, 1, 1), charged_to="s", included_in=included_in, included_when="", funding="general_fund",
        basis="year", already_filled_months="", recruited=True, service_line="", source="test", note="",
    )  # fmt: skip


POSTS = [
    post("a", "Early Help", 1, 3.5, 100),
    post("b-2", "Early Help", 4, 3, -20),
    post("c", "Duty (nights)", 0, 1, 7),
    post("memo", "Early Help", 0, 9, 999, included_in="a"),
]
VALUES = {"s.x": 2.0, "price.ifa": 750.0, "plain": 3.0, "weeks_per_year": 365 / 7}
WORDS = {*VALUES, *formulas.of_establishment((p.id, p.team) for p in POSTS)}


def compute(text):
    return formulas.evaluate(formulas.parse(text, WORDS), VALUES, POSTS)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3 - 4 / 8", 6.5),
        ("-(s.x + plain) * +2", -10),
        ("20 * price.ifa * weeks_per_year", 782142.857142857),
        ("est.a.cost + est.b-2.cost", 80),
        ("est.a.cost-est.b-2.cost", 120),
        ("est.a.fte + est.b-2.fte", 1.5),
        ("est.a.fte_current + est.a.fte_proposed", 4.5),
        ("est.memo.cost", 999),
        ("est.sum(Early Help)", 80),
        ("est.sum(\"Early Help\") + est.sum('early_help')", 160),
        ("est.sum(Duty (nights))", 7),
        ("est.sum(Early Help, Duty (nights))", 87),
        ("est.sum()", 87),
        ("est.sum_fte(Early Help)", 1.5),
        ("round(2.5) + round(-2.5) + round(1.005, 2)", 1.01),
        ("round(1234567, -3)", 1235000),
        ("ceil(6.14)", 7),
        ("ceil(0.1 * 3 / 0.1)", 3),
        ("floor(0.7 * 10 + 0.1 * 10)", 8),
        ("min(3, 1, 2) + max(3, 1, 2) + sum(1, 2, 3) + abs(-4)", 14),
    ],
)
def test_what_a_formula_computes(text, value):
    assert compute(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "est.__class__", "().__class__", "[1][0]", "{1: 2}", "'a' * 9", '"a"', "s.x if 1 else 2",
        "1 < 2", "1 and 2", "lambda: 1", "2 ** 99999999", "9 % 2", "9 // 2", "1 << 99", "~1", "x := 1", "True", "None",
        "round", "round()", "round(digits=1)", "max(*[1])", "eval(1)", "print(1)", "open(1)", "s.x.real", "1j", "1e999",
        "a" * 5000, "(" * 500 + "1" + ")" * 500, "1" * 5000, "1 / 0", "1e308 * 10", "est.sum(Nobody)", "est.a", "est.a.cost.x",
        "_v0_", "est.nobody.cost", "1,2", "", "#", "1\n+1;2", "f'{1}'", "round(1, 1e99)", "ceil(1e308 * 10)", "@", "\x00", "1 2",
    ],
)  # fmt: skip
def test_what_a_formula_may_not_do(text):
    with pytest.raises(Bad):
        compute(text)


@given(st.text(alphabet="0123456789.+-*/() ,estaxr_plincouds'\"[]{}=<>:", max_size=40))
def test_whatever_is_written_gives_a_finite_number_or_a_reason(text):
    try:
        result = compute(text)
    except Bad:
        return
    assert math.isfinite(result)


@pytest.mark.parametrize(
    ("published", "recomputed", "precision", "expected"),
    [
        (0.417, 0.417143, 0.001, "reconciles"),
        (2632527, 2632526, 1, "rounding"),
        (2632528, 2632526, 1, "differs"),
        (2.675, 2.6745, 0.001, "reconciles"),
        (1.01, 1.005, 0.01, "reconciles"),  # a half goes up, though a float holds 1.00499999999999989
        (-1.01, -1.005, 0.01, "reconciles"),
        (0.3, 0.1 + 0.2, 0.1, "reconciles"),
        (137.4, 137.35, 0.1, "reconciles"),
        (137.3, 137.35, 0.1, "rounding"),
        (126000, 125501, 1000, "reconciles"),
        (0.418, 0.417, 0.001, "rounding"),
        (0.4185, 0.4174, 0.001, "differs"),
        (6, 7, 0.1, "differs"),
    ],
)
def test_verdicts(published, recomputed, precision, expected):
    assert verdict(formulas.decimal_of(published), formulas.decimal_of(recomputed), precision) == expected


def test_the_frame_is_the_same_under_every_scenario(tmp_path):
    folder = write_case(tmp_path)
    frame = reconcile(load_case(folder))
    assert list(frame.columns) == list(Recomputed._fields)
    assert list(frame["verdict"]) == ["reconciles", "reconciles", "reconciles", "rounding", "differs", "not_derivable"]
    assert unexpected(frame).empty
    assert math.isnan(frame["recomputed"].iloc[-1])
    pd.testing.assert_frame_equal(frame, reconcile(load_case(folder, "do-nothing")))


def test_break_even_is_six_and_a_seventh_so_seven_children(tmp_path):
    text = (
        "ref,statement,value,unit,precision,formula,expected\n"
        "a,exact,6.14,children,0.01,128073 / ((750 - 350) * weeks_per_year),reconciles\n"
        "b,whole,7,children,1,ceil(128073 / ((750 - 350) * weeks_per_year)),reconciles\n"
    )
    assert unexpected(reconcile(load_case(write_case(tmp_path, files={"published.csv": text})))).empty


def reconciled(path):
    return main(["reconcile", str(path)])


def test_the_command_says_which_row_turned_out_otherwise(tmp_path, capsys):
    assert reconciled(write_case(tmp_path / "as_it_is")) == 0
    said = capsys.readouterr().out
    assert "3 recomputed exactly, 1 off by rounding, 1 off by more and 1 not to be derived" in said
    assert "None not as expected." in said
    text = PUBLISHED.replace("740001", "750001")
    assert reconciled(write_case(tmp_path / "new", files={"published.csv": text})) == 1
    shown = capsys.readouterr().out
    assert "differs" in shown
    assert "expected rounding" in shown
    assert "1 not as expected" in shown
    text = PUBLISHED.replace("est.sum(Safeguarding)", "est.sum(Safegarding)")
    assert reconciled(write_case(tmp_path / "bad", files={"published.csv": text})) == 2
    assert "published.csv, row 5, column formula" in capsys.readouterr().err


def test_another_council_needs_only_its_own_figures(tmp_path):
    """Another council's case, with no caseload, schemes or scenarios of its own yet, reconciles all the same."""
    case = """\
name = "elsewhere"
title = "Savings paper"
council = "Elsewhere Council"
start = 2009-04-01
horizon_years = 5
price_base = "2009/10"
knowledge_date = 2009-06-01
[conventions]
weeks_per_year = 52
discount_rate = "green_book_standard"
price_index = "deflator"
"""
    columns = "name,value,low,high,distribution,unit,price_base,source,as_at,quality,impact,owner,note\n"
    figures = "carers.new,10,,,fixed,households,,its paper,,amber,red,Head of finance,\nprice.gap,480,,,fixed,GBP/week,2009/10,its paper,,amber,red,Head of finance,\n"
    files = {
        "caseload.csv": None, "establishment.csv": None, "approved_budget.csv": None, "actuals.csv": None,
        **{f"scenarios/{name}.toml": None for name in ("base", "as-published", "do-nothing", "fostering-only", "hindsight")},
        "assumptions.csv": columns + figures,
        "published.csv": "ref,statement,value,unit,precision,formula,expected\n"
                         "4,Ten carers save a quarter of a million,0.25,GBP m,0.01,carers.new * price.gap * weeks_per_year / 1000000,reconciles\n",
        "../reference/prices/discount_rates.csv": "name,rate_annual,source,as_at,quality,note\ngreen_book_standard,0.035,invented,2003-01-01,green,\n",
        "../reference/prices/price_indices.csv": "series,financial_year,change,source,as_at,quality,note\ndeflator,2009/10,,invented,,green,\ndeflator,later,0.02,invented,,green,\n",
    }  # fmt: skip
    assert reconciled(write_case(tmp_path, name="elsewhere", case_toml=case, files=files)) == 0


def test_formulas_read_the_caseload_and_the_central_run(tmp_path):
    rows = (
        "ref,statement,value,unit,precision,formula,expected,note\n"
        "1,In homes,35,children,1,case.children.residential,reconciles,\n"
        "2,In care: 330 and 12 unaccompanied,342,children,1,case.children.all,reconciles,\n"
        "3,Entries at 16 and 17: 12 and 6,18,children,1,case.entries.16_17,reconciles,\n"
        "4,Worth,1,GBP,1,result.whole.npv_gbp,differs,\n"
    )
    case = load_case(write_case(tmp_path, files={"published.csv": rows}), "as-published")
    frame = reconcile(case)
    assert frame["verdict"].tolist() == ["reconciles"] * 3 + ["differs"]
    worth = run(case, draws=1).metrics_by_perimeter["whole"]["npv_gbp"]["central"]
    assert frame["recomputed"].iloc[3] == pytest.approx(worth, rel=1e-9)
