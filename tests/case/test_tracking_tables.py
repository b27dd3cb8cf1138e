"""What is wrong with actuals and with the register is named by file, row and column."""

import pytest

from model.case.reading.problems import InputProblems
from model.schemes.load import load_case
from tests.cases import write_case

HEAD = "period,measure,value,unit,source,scope,numerator,denominator,as_at,status\n"
REGISTER = "id,scheme,benefit,measure,unit,nature,owner,formula,source\n"
SOUND = "E,edge_of_care,Fewer enter,children_started,children,avoided,Head of early help,,903\n"


def problems(tmp_path, actuals="", benefits=""):
    files = {
        "actuals.csv": HEAD + actuals if actuals else None,
        "benefits.csv": REGISTER + benefits if benefits else None,
    }
    with pytest.raises(InputProblems) as found:
        load_case(write_case(tmp_path, files=files))
    return str(found.value)


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        ("2021-04,children_started,9,children,903,,,,,final", "period", "2022-04-01 or later"),
        ("2022-04,children_startd,9,children,903,,,,,final", "measure", "did you mean children_started?"),
        ("2022-04,children_started,9,childs,903,,,,,final", "unit", "did you mean children?"),
        ("2022-04,children_started,9,places,903,,,,,final", "unit", "children, as the measure is counted"),
        ("2022-04,x,1,share,903,,7,5,,", "numerator", "no more than the denominator, 5"),
        ("2022-04,x,1,share,903,,7,,,", "denominator", "both a numerator and a denominator"),
        ("2022-04,x,0.9,share,903,,5,10,,", "value", "the numerator over the denominator, 0.5"),
        ("2022-04,children_started,9,children,903,,,,2022-01-31,final", "as_at", "nothing is known before it happens"),
        ("2022-04,children_started,9,children,903,,,,,done", "status", "baseline, provisional or final"),
        ("2022-13,children_started,9,children,903,,,,,final", "period", "2022/23, 2022-04 or 2022-03-31"),
    ],
)
def test_an_actual_that_cannot_be_is_named(tmp_path, row, column, expected):
    said = problems(tmp_path, row + "\n")
    assert (
        f"exampleshire/actuals.csv, row 2, column {column}: found" in said
        or f"row 2, column {column}: expected" in said
    )
    assert expected in said


def test_the_same_thing_said_twice_on_one_day_is_named_and_a_later_word_is_not(tmp_path):
    once = "2022-04,children_started,9,children,903,,,,{},provisional\n"
    assert "row 3, column period" in problems(
        tmp_path, once.format("2022-06-01") + once.replace(",9,", ",8,").format("2022-06-01")
    )
    later = HEAD + once.format("2022-06-01") + once.replace(",9,", ",8,").format("2022-07-01")
    assert len(load_case(write_case(tmp_path / "sound", files={"actuals.csv": later})).actuals) == 2


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        (SOUND.replace("Head of early help", ""), "owner", "the cell is empty"),
        (SOUND.replace("edge_of_care", "edge_of_cares"), "scheme", "did you mean edge_of_care?"),
        (SOUND.replace("children_started", "children_startled"), "measure", "did you mean children_started?"),
        (SOUND.replace("help,,", "help,children_started * open('x'),"), "formula", "a function of"),
        (SOUND.replace("help,,", "help,children_started.10_16,"), "formula", "did you mean children_started.10_15?"),
        (SOUND.replace(",children,", ",places,"), "unit", "children, as the model counts it"),
        (SOUND.replace("avoided", "cashed"), "nature", "cashable, avoided or not_money"),
    ],
)
def test_a_benefit_that_cannot_be_told_is_named(tmp_path, row, column, expected):
    said = problems(tmp_path, benefits=row)
    assert f"exampleshire/benefits.csv, row 2, column {column}" in said
    assert expected in said
