"""How sure, and what to find out first: the report's section on risk, for every kind of run."""

import pytest

from model import report, run
from model.case.draws import central
from model.case.reading.overrides import overridden
from model.money.appraisal import discount_factors
from model.money.portfolio import evaluate
from model.report import drivers
from model.report.look import format as fmt
from model.risk.break_even import ENTRIES, payers
from tests.engine import load


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return run(load(tmp_path_factory.mktemp("base"), "base"), draws=150, seed=4)


def test_the_register_says_what_if_and_when_the_answer_turns(base):
    table, turns = drivers.register(base), base.switching_by_perimeter
    assert 0 < len(table.rows) <= drivers.MOST_ROWS
    bars = base.tornado[base.tornado.perimeter == "invest_to_save"]
    inside = set(turns[(turns.perimeter == "invest_to_save") & turns.within_range].assumption) & set(bars.assumption)
    first = [row[0].text for row in table.rows[: len(inside)]]
    assert set(first) == {base.case.label(name) for name in inside}
    for row in table.rows:
        (bar,) = [b for b in bars.itertuples() if base.case.label(b.assumption) == row[0].text]
        assert row[1].text.endswith(fmt.money(min(bar.npv_at_p10_gbp, bar.npv_at_p90_gbp)))


def test_what_pays_for_the_whole_does(base):
    npv = base.metrics_by_perimeter["whole"]["npv_gbp"]["central"]
    assert npv < 0
    found = payers(base.case, npv)
    years = discount_factors(base.case.timeline, 0.035).sum() / 12
    assert found.annual_gbp * years == pytest.approx(-npv)
    assert fmt.money(found.annual_gbp) in drivers.whole_words(base)
    worlds = [overridden(base.case, {ENTRIES: value}) for value in (1.0, 1.0 - found.entries_share)]
    spent = [evaluate(case, central(case)).total_spending()[:, 0] for case in worlds]
    saved = (spent[0] - spent[1]) @ discount_factors(base.case.timeline, 0.035)
    assert saved == pytest.approx(-npv, rel=0.01)


def test_a_whole_that_pays_for_itself_needs_no_payer(tmp_path):
    better = run(load(tmp_path, "fostering-only"), draws=1)
    assert (drivers.whole_words(better) == "") == (better.metrics_by_perimeter["whole"]["npv_gbp"]["central"] >= 0)


@pytest.mark.parametrize(
    ("scenario", "draws", "said"), [("do-nothing", 20, "No scheme acts"), ("base", 1, "Risk register")]
)
def test_a_run_with_less_to_say_says_so(tmp_path, scenario, draws, said):
    assert said in repr(report.risk(run(load(tmp_path, scenario), draws=draws)))
