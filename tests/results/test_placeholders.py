"""A case with another council's numbers is no business case yet: it says so, and has no verdict and no chance."""

from model.report import at_a_glance
from model.results.runs import run
from model.results.verdict import NOT_YET, verdict
from tests.engine import load

THEIRS = {"source": "Placeholder from another council's case"}


def glance(tmp_path, impact):
    case = load(tmp_path, "base", assumptions={"edge_of_care.effect": THEIRS | {"impact": impact}})
    result = run(case, draws=8)
    return result, repr(at_a_glance(result))


def test_a_placeholder_that_moves_the_answer_leaves_no_verdict_and_no_chance(tmp_path):
    result, words = glance(tmp_path, "red")
    assert verdict(result) == NOT_YET
    assert "1 number is another council" in words
    assert "above zero in" not in words


def test_a_placeholder_of_no_consequence_is_counted_and_leaves_the_verdict(tmp_path):
    result, words = glance(tmp_path, "green")
    assert verdict(result) != NOT_YET
    assert "1 number is another council" in words
    assert "above zero in" in words
