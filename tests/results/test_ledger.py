"""What is modelled beside what the accounts say was spent."""

import pytest

from model import load_case, run
from model.case.reading.problems import InputProblems
from model.case.words import CENTRAL
from tests.cases import write_case

LEDGER = """\
statement,placements,financial_year,value_gbp,source,note
All,all,2022/23,20000000,invented,
Foster care,in_house_foster ifa_foster,2021/22,5000000,invented,staff too
"""


def test_spending_of_the_first_year_stands_beside_the_accounts_in_one_price_base(tmp_path):
    result = run(load_case(write_case(tmp_path, files={"ledger.csv": LEDGER})), draws=1)
    everything, foster = result.ledger.to_dict("records")
    costs = result.placement_costs
    first = costs[(costs["statistic"] == CENTRAL) & (costs["financial_year"] == "2022/23")].set_index("placement")
    assert everything["in_price_base_gbp"] == 20_000_000
    assert everything["modelled_gbp"] == pytest.approx(first.loc["all", "value_gbp"])
    assert foster["in_price_base_gbp"] == pytest.approx(5_000_000 * 1.04)  # the planning index rises by 4% to 2022/23
    both = first.loc["in_house_foster", "value_gbp"] + first.loc["ifa_foster", "value_gbp"]
    assert foster["difference_gbp"] == pytest.approx(both - 5_200_000)
    assert foster["modelled_share"] == pytest.approx(both / 5_200_000)


def test_a_case_may_have_no_ledger_and_a_slip_in_one_is_named(tmp_path):
    assert run(load_case(write_case(tmp_path / "none")), draws=1).ledger.empty
    with pytest.raises(InputProblems, match=r"ledger.csv, row 2, column placements: found 'homes'"):
        load_case(write_case(tmp_path / "slip", files={"ledger.csv": LEDGER.replace(",all,", ",homes,")}))
