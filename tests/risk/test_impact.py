"""The impact of each assumption is what the model says, and Bury's file says the same."""

from pathlib import Path

from model import load_case
from model.commands.check import check
from model.risk.impact import rating, swings
from tests.cases import write_case

BURY = Path(__file__).parents[2] / "inputs" / "bury-2022"


def test_an_assumption_matters_as_far_as_it_moves_the_larger_of_total_and_cash(tmp_path):
    case = load_case(write_case(tmp_path))
    moved = swings(case, ["invest_to_save", "whole"])
    assert moved["reserve.opening"] == 0  # a balance moves no net present value
    assert moved["fostering.approval_cost"] == 0  # no range
    assert moved["edge_of_care.effect"] > moved["fostering.approval_lag"] > 0
    assert set(moved) == set(case.assumptions)


def test_a_rating_begins_at_its_limit():
    assert [rating(x) for x in (1e6, 999_999, 250_000, 249_999, 0)] == ["red", "amber", "amber", "green", "green"]


def test_check_writes_the_impact_that_the_model_works_out(tmp_path):
    folder = write_case(
        tmp_path, assumptions={"reserve.opening": {"impact": "red"}, "price.other_weekly": {"impact": ""}}
    )
    before = load_case(folder)
    assert check([folder], impact=True) == 0
    after, moved = load_case(folder), swings(before, ["invest_to_save", "whole"])
    assert {name: a.impact for name, a in after.assumptions.items()} == {n: rating(x) for n, x in moved.items()}
    assert {name: a.source for name, a in after.assumptions.items()} == {
        name: a.source for name, a in before.assumptions.items()
    }


def test_the_file_of_bury_says_what_the_model_works_out():
    """`python -m model check bury-2022 --impact` writes the column anew. At a limit either rating will do."""
    case = load_case(BURY, "base")
    moved = swings(case, ["invest_to_save", "whole"])
    wrong = {n: (a.impact, moved[n]) for n, a in case.assumptions.items()
             if a.impact not in {rating(moved[n] * near) for near in (0.93, 1, 1.07)}}  # fmt: skip
    assert wrong == {}


def test_a_centre_on_the_end_of_its_range_says_why():
    case = load_case(BURY, "base")
    at_an_end = [a for a in case.assumptions.values() if a.low < a.high and a.value in {a.low, a.high}]
    assert len(at_an_end) > 5
    assert [a.name for a in at_an_end if "The centre is" not in a.note or "because" not in a.note] == []
