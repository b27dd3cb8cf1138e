"""How sure, and what to find out first: the report's section on risk, for every kind of run."""

import pytest

from model import report, run
from tests.engine import load


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return run(load(tmp_path_factory.mktemp("base"), "base"), draws=150, seed=4)


def test_the_section_says_what_moves_the_answer_and_who_earned_it(base):
    words = repr(report.risk(base))
    assert "moves the answer most" in words
    assert "Shapley value" in words
    assert "What 150 draws can tell" in words
    assert "before deciding" in words or "worth firming up" in words


def test_the_decision_may_also_be_to_do_everything(base):
    assert "all invest-to-save schemes" in repr(report.risk(base)).lower()


@pytest.mark.parametrize(
    ("scenario", "draws", "said"),
    [
        ("do-nothing", 20, "No scheme acts"),
        ("base", 1, "central values alone"),
        ("fostering-only", 60, "Fewer than two schemes act on the same children"),
    ],
)
def test_a_run_with_less_to_say_says_so(tmp_path, scenario, draws, said):
    assert said in repr(report.risk(run(load(tmp_path, scenario), draws=draws)))
