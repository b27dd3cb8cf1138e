"""The verdict follows its stated rules, cash first."""

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from model import run
from model.report import headlines
from model.report.headlines import summary_html
from model.results.verdict import DO_NOT, NOTHING, PROCEED, PROCEED_IF, verdict
from tests.engine import invented, load


def made(cash, total, ways_cash=(1.0,), ways_total=(1.0,)):
    """A result that holds what a verdict reads: (central, mean) of each measure, and the ways of modelling it."""
    case = SimpleNamespace(active_schemes=(SimpleNamespace(name="a"),), perimeters={"group": ("a",)}, assumptions={})
    metrics = {m: dict(zip(("central", "mean"), v, strict=True))
               for m, v in (("npv_cashable_gbp", cash), ("npv_gbp", total))}  # fmt: skip
    rows = [("a", m, "central", v) for m, ways in (("npv_cashable", ways_cash), ("npv", ways_total)) for v in ways]
    structure = pd.DataFrame(rows, columns=["perimeter", "measure", "statistic", "value_gbp"])
    return SimpleNamespace(case=case, metrics_by_perimeter={"a": metrics}, structure=structure)


@pytest.mark.parametrize(
    ("result", "word"),
    [
        (made((1, 1), (2, 2)), PROCEED),
        (made((1, -1), (2, 2)), PROCEED_IF),  # lost on average
        (made((-1, 1), (2, 2)), PROCEED_IF),
        (made((1, 1), (2, 2), ways_cash=(1, -1)), PROCEED_IF),  # half of the ways is not most
        (made((1, 1), (2, 2), ways_cash=(1, 1, -1)), PROCEED),
        (made((-1, -1), (2, 2), ways_total=(1, -1)), DO_NOT),
        (made((-1, -1), (0, 1)), DO_NOT),
        (made((1e-7, 1e-7), (2, 2)), PROCEED_IF),  # the rounding of a sum is not above zero
    ],
)
def test_the_first_rule_that_holds_is_the_verdict(result, word):
    assert verdict(result) == word


def test_nothing_proposed_has_no_verdict(tmp_path):
    result = run(load(tmp_path, "do-nothing"), draws=1)
    assert verdict(result) == NOTHING
    assert "Nothing is proposed" in repr(headlines.verdict_block(result))


def test_the_summary_stands_alone_and_says_cash_before_avoided_cost():
    result = run(invented(), draws=30, seed=1)
    page = summary_html(result)
    assert page.index("in cash") < page.index("Counting cost avoided")
    for said in ("Draft for review", "Verdict:", "The rules:", "What would change it", "Limits:", "version"):
        assert said in page
    assert '<nav class="contents"' not in page


def test_a_scenario_of_certain_numbers_says_so_first():
    words = headlines.certain_words(run(invented("as-published"), draws=1))
    assert words.startswith("This is the paper's own case")
    assert headlines.certain_words(run(invented(), draws=1)) == ""
    none = run(invented(), draws=1)
    fixed = {name: replace(a, distribution="fixed") for name, a in none.case.assumptions.items()}
    sure = replace(none, case=replace(none.case, assumptions=fixed, published=()))
    assert headlines.certain_words(sure) == "No input has a range: chances and ranges below mean nothing yet."
