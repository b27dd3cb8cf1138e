"""Dudley 2009: a second council and decade, without children. By hand: nothing over budget, one post avoided."""

from calendar import monthrange
from pathlib import Path

import pytest

from model import load_case, run
from model.report import at_a_glance, caseload, proposal, savings

CASE = Path(__file__).parents[2] / "inputs" / "dudley-2009"
SPOT_POINT = 71_795


@pytest.fixture(scope="module")
def result():
    return run(load_case(CASE), draws=1)


def test_five_posts_become_four_which_the_budget_holds_so_one_is_avoided_and_none_is_cashable(result):
    rows = result.annual.query("perimeter == 'whole' and statistic == 'central' and price_basis == 'real'")
    found = rows[rows["line"] == "Staff"].set_index(["nature", "financial_year"])["value_gbp"]
    half = {"2009/10": 182 / 365, "2010/11": 1, "2011/12": 1, "2012/13": 183 / 365}
    for year, share in half.items():
        assert found["cost_avoidance", year] == pytest.approx(SPOT_POINT * share, abs=0.005)
    assert "cashable_saving" not in found or (found["cashable_saving"] == 0).all()
    assert not (rows["nature"] == "investment").any() or (rows.query("nature == 'investment'")["value_gbp"] == 0).all()


def test_its_net_present_value_by_hand(result):
    months = [(2009 + (9 + m) // 12, (9 + m) % 12 + 1) for m in range(36)]
    leap = [
        (y, m) for y, m in months if (y, m) >= (2011, 4) and (y, m) < (2012, 4)
    ]  # April 2011 to March 2012: 366 days
    by_hand = sum(
        SPOT_POINT * monthrange(y, m)[1] / (366 if (y, m) in leap else 365) * 1.035 ** -((i + 0.5) / 12)
        for i, (y, m) in enumerate(months)
    )
    assert result.metrics_by_perimeter["whole"]["npv_gbp"]["central"] == pytest.approx(by_hand, abs=0.01)


def test_its_paper_row_by_row(result):
    verdicts = dict(zip(result.reconciliation["ref"], result.reconciliation["verdict"], strict=True))
    assert verdicts.pop("3-existing") == "differs"
    assert verdicts.pop("3-duties") == "not_derivable"
    assert set(verdicts.values()) == {"reconciles"}
    neutral = result.reconciliation.set_index("ref").loc["10-neutral"]
    assert neutral["recomputed"] == 0


def test_its_pages_speak_of_no_child_and_no_other_council(result):
    words = " ".join(repr(f(result)) for f in (at_a_glance, proposal, savings)).lower()
    assert caseload(result).html == ""
    assert not [word for word in ("foster", "bury", "residential") if word in words]
