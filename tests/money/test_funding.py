"""Which purse pays: the pennies add up, the reserve says when it is short, and the loan is repaid."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from model.case.draws import Draws
from model.case.records import FundingPlan
from model.case.reference import PriceIndex
from model.case.timeline import Timeline
from model.case.words import (
    AVOIDANCE,
    CASHABLE,
    GRANT,
    INTERACTION,
    INVESTMENT,
    ONE_OFF,
    RECURRING,
    RESERVE,
    WHOLE,
)
from model.money.funding import (
    FIXED_TERM_POSTS,
    RESERVE_FLOWS,
    RESERVE_FUNDED,
    TOGETHER,
    UNFILLED_POSTS,
    annuity,
    first_short_month,
    reserve_flows,
    run_borrowing,
    run_loan,
    run_reserve,
    share_out,
    without_schemes,
    year_on_year,
)
from model.money.portfolio import Perimeter
from model.results.runs import run
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.load import load_case
from tests.cases import write_case
from tests.engine import evaluated

TIMELINE = Timeline(date(2022, 4, 1), 24)
FLAT = SimpleNamespace(indices={"flat": PriceIndex(name="flat", level={"2022/23": 1.0}, later_annual=0.0, source="t")})
SAME_PRICES = {"price_base": "2022/23", "reference": FLAT, "conventions": SimpleNamespace(price_index="flat")}
CASE = SimpleNamespace(
    timeline=TIMELINE, **SAME_PRICES, funding=FundingPlan(reserve_name="r", reserve_until=date(2023, 3, 31))
)


def draws(**values):
    numbers = {"reserve.opening": 1_000.0, "reserve.minimum": 100.0, "reserve.commitments_annual": 0.0}
    numbers |= {name.replace("__", "."): value for name, value in values.items()}
    return Draws(values={k: np.array([v]) for k, v in numbers.items()}, n=1, first=0, seed=0, process_noise=False)


def flows(**monthly):
    return {name: np.full((24, 1), monthly.get(name, 0.0)) for name in RESERVE_FLOWS}


def test_a_reserve_pays_down_to_its_minimum_and_says_what_it_could_not():
    # £900 above the minimum at £40 a month: 22 months and £20 of the 23rd.
    items = run_reserve(CASE, flows(carried=40.0), draws())
    assert items["closing"][21, 0] == pytest.approx(120)
    assert items["shortfall"][[21, 22, 23], 0] == pytest.approx([0, 20, 40])
    assert (items["closing"] >= 100 - 1e-9).all()
    assert first_short_month(items["shortfall"]) == 22
    assert np.isnan(first_short_month(run_reserve(CASE, flows(carried=1.0), draws())["shortfall"])).all()


def test_every_month_of_the_statement_adds_up():
    items = run_reserve(
        CASE, flows(carried=70.0, released=20.0, implementation=30.0, one_offs=5.0), draws(loan__share=0.4,
        reserve__commitments_annual=365.0),
    )  # fmt: skip
    spent = items["commitments"] + items["carried"] - items["released"] + items["implementation"] + items["one_offs"]
    closing = items["opening"] - spent + items["loan_advance"] + items["shortfall"]
    assert np.allclose(items["closing"], closing)
    assert np.array_equal(items["opening"][1:], items["closing"][:-1])
    assert items["commitments"][0] == pytest.approx(30)
    assert items["loan_advance"][0] == pytest.approx(0.4 * 35)


def test_commitments_end_with_the_reserve_and_the_rest_is_carried_in_every_world():
    """£365 of commitments in the reserve's one year; without schemes nothing is released or implemented."""
    items = run_reserve(CASE, flows(), draws(reserve__commitments_annual=365.0))
    assert items["commitments"][:12].sum() == pytest.approx(365)
    assert not items["commitments"][12:].any()
    left = without_schemes(flows(carried=70.0, released=20.0, implementation=30.0, one_offs=5.0))
    assert {name: float(amount[0, 0]) for name, amount in left.items()} == {
        "carried": 70.0, "released": 0.0, "implementation": 0.0, "one_offs": 0.0,
    }  # fmt: skip


def test_doing_nothing_leaves_the_reserve_with_the_teams_it_pays_for(tmp_path):
    folder = write_case(tmp_path)
    nothing, without_agency = (reserve_flows(evaluated(load_case(folder, name))) for name in ("do-nothing", "base"))
    assert nothing["carried"].sum() == pytest.approx(without_agency["carried"].sum())
    assert nothing["carried"][:6].sum() > 600_000 * 0.99  # £0.6m in the first six months, and the fixed terms
    assert not nothing["released"].any()
    assert without_agency["released"][9:12].sum() == 0  # in base the agency scheme does not act: its teams go on


def test_a_loan_is_cleared_by_equal_payments_with_interest():
    # £120 lent in 2022/23, 5% on the opening balance, three payments from the next year on: 120 x 0.05/(1-1.05^-3).
    timeline = Timeline(date(2022, 4, 1), 72)
    case = SimpleNamespace(timeline=timeline)
    advances = np.zeros((72, 1))
    advances[:12] = 10.0
    loan = run_loan(case, advances, draws(loan__share=1.0, loan__interest_annual=0.05, loan__years=3.0))
    payment = 120 * 0.05 / (1 - 1.05**-3)
    assert loan["repayment"][:, 0] == pytest.approx([0, payment, payment, payment, 0, 0])
    assert loan["interest"][1, 0] == pytest.approx(6)
    assert loan["closing"][[0, 3, 5], 0] == pytest.approx([120, 0, 0], abs=1e-9)
    assert run_loan(case, advances, draws()) == {}


def test_each_years_advance_is_repaid_on_its_own_terms_and_the_rest_is_still_owed():
    """£120 in each of two years, no interest, three payments of £40 from a year after each; £40 is owed in the end."""
    timeline = Timeline(date(2022, 4, 1), 48)
    advances = np.zeros((48, 1))
    advances[:24] = 10.0
    terms = draws(loan__share=1.0, loan__interest_annual=0.0, loan__years=3.0)
    loan = run_loan(SimpleNamespace(timeline=timeline), advances, terms)
    assert loan["repayment"][:, 0] == pytest.approx([0, 40, 80, 80])
    assert loan["closing"][:, 0] == pytest.approx([120, 200, 120, 40])
    owed = loan["opening"] + loan["loan_advance"] + loan["interest"] - loan["repayment"]
    assert loan["closing"] == pytest.approx(owed)


def test_capital_less_its_grant_is_borrowed_and_cleared_by_equal_payments():
    capital, grant = np.array([[0.0], [-300.0], [0.0], [0.0], [0.0]]), np.array([[0.0], [100.0], [0.0], [0.0], [0.0]])
    lines = {
        Tag("Capital", INVESTMENT, ONE_OFF, "capital"): capital,
        Tag("Capital", "income", ONE_OFF, "grant"): grant,
        Tag("Staff", INVESTMENT, RECURRING): capital,
    }
    how = draws(borrowing__interest_annual=0.05, borrowing__years=2.0)
    payment = 200 * 0.05 / (1 - 1.05**-2)
    found = run_borrowing(lines, how)
    assert found["loan_advance"][:, 0] == pytest.approx([0, 200, 0, 0, 0])
    assert found["repayment"][:, 0] == pytest.approx([0, 0, payment, payment, 0])
    assert found["closing"][[1, 4], 0] == pytest.approx([200, 0], abs=1e-9)
    assert run_borrowing(lines, draws()) == {}


def test_a_loan_without_interest_is_repaid_in_equal_parts():
    assert annuity(np.array([90.0]), np.array([0.0]), np.array([3.0])) == 30


def test_year_on_year_changes_accumulate_to_the_amounts():
    amounts = np.array([[5.0], [7.0], [4.0]])
    assert np.array_equal(np.cumsum(year_on_year(amounts), axis=0), amounts)


def test_each_line_of_each_year_is_in_one_purse():
    """The reserve pays for posts in 2022/23 and the base budget from then on; a penny is never in two purses."""

    def years(*amounts):
        return np.array(amounts, dtype=float)[:, None]

    lines = {
        Tag("Staff", INVESTMENT, RECURRING): years(-10, -20),
        Tag("Set-up", INVESTMENT, ONE_OFF): years(-4, 0),
        Tag("Posts", INVESTMENT, RECURRING, GRANT): years(-1, -1),
        Tag("IFA", CASHABLE, RECURRING): years(5, 7),
        Tag(INTERACTION, CASHABLE, RECURRING): years(0, -3),
        Tag("IFA", AVOIDANCE, RECURRING): years(1, 2),
        Tag("Teams", CASHABLE, RECURRING, RESERVE): years(6, 8),
    }
    purses, base = share_out(CASE, lines, {FIXED_TERM_POSTS: years(0, 2), UNFILLED_POSTS: years(0, 0.5)})
    assert {name: amount[:, 0].tolist() for name, amount in purses.items()} == {
        "base_budget": [5, -20 + 7 - 3 - 2.5], "reserve_funded": [-10 + 6, 8 + 2], "one_off": [-4, 0.5],
        "grant_or_partner_funded": [-1, -1], "cost_avoidance": [1, 2], "net": [-3, -7],
    }  # fmt: skip
    assert {key: amount[:, 0].tolist() for key, amount in base.items()} == {
        ("pressure", "Staff"): [0, -20], ("saving", "IFA"): [5, 7], ("saving", TOGETHER): [0, -3],
        ("pressure", FIXED_TERM_POSTS): [0, -2], ("pressure", UNFILLED_POSTS): [0, -0.5],
    }  # fmt: skip


def test_the_reserve_implements_what_it_pays_for_and_banks_no_saving():
    """A month: £10 of posts and £5 of set-up until the reserve's year ends; £2 charged to it for as long as it runs."""
    own = {
        Tag("Staff", INVESTMENT, RECURRING): -10.0, Tag("Set-up", INVESTMENT, ONE_OFF): -5.0,
        Tag("Rota", INVESTMENT, RECURRING, RESERVE): -2.0, Tag("Posts", INVESTMENT, RECURRING, GRANT): -3.0,
        Tag("IFA", CASHABLE, RECURRING): 7.0,
    }  # fmt: skip
    posts = CashFlows({tag: np.full((24, 1), amount) for tag, amount in own.items()})
    case = SimpleNamespace(**vars(CASE), schemes=(), active_schemes=())
    found = reserve_flows(
        SimpleNamespace(
            case=case,
            setting=SimpleNamespace(shape=(24, 1), case=case),
            perimeters={WHOLE: Perimeter(name=WHOLE, flows={"posts": posts})},
        )
    )
    assert found["implementation"][[0, 11, 12, 23], 0].tolist() == [12, 12, 2, 2]
    assert found["one_offs"][[0, 11, 12, 23], 0].tolist() == [5, 5, 0, 0]
    assert not found["carried"].any()
    assert not found["released"].any()


# --- A whole case -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["plain", "one-offs and agency"])
def result(request, tmp_path_factory):
    scenario = {
        "full": 'title = "Full"\nwhy = "Every kind of line."\n[overrides]\n'
        'schemes = ["fostering", "edge_of_care", "improvement", "agency", "associated"]\n'
    }
    path = write_case(tmp_path_factory.mktemp("case"), scenarios=scenario)
    return run(load_case(path, scenario="full" if "agency" in request.param else None), draws=60, seed=3)


def wide(frame, index, value="value_gbp"):
    return frame.pivot_table(index=index, columns="financial_year", values=value, sort=False)


def purses_of(result, statistic):
    funding = result.funding
    return wide(funding[(funding.group == "purse") & (funding.statistic == statistic)], "item")


@pytest.mark.parametrize("statistic", ["central", "mean"])
def test_the_purses_add_up_to_the_nominal_annual_lines_to_the_penny(result, statistic):
    annual = result.annual.query("perimeter == 'whole' and price_basis == 'nominal' and scheme != 'portfolio'")
    annual = annual[annual.statistic == statistic]
    lines = annual.groupby("financial_year")["value_gbp"].sum().round(2)
    purses = purses_of(result, statistic)
    assert list(purses.drop("net").sum().round(2)) == list(lines)
    assert list(purses.loc["net"].round(2)) == list(lines)


@pytest.mark.parametrize("statistic", ["central", "mean"])
def test_the_plan_s_changes_accumulate_to_the_base_budget_to_the_penny(result, statistic):
    plan = result.mtfp[result.mtfp.statistic == statistic]
    total = plan.query("kind == 'total' and entry == 'cumulative'")
    plan = plan.query("kind in ['pressure', 'saving']")
    changes = wide(plan.query("entry == 'change'"), ["kind", "line"]).sum().cumsum().round(2)
    base = purses_of(result, statistic).loc["base_budget"]
    assert list(changes) == list(-base.round(2))
    assert list(total["value_gbp"].round(2)) == list(changes)


def test_nothing_avoided_is_banked(result):
    saved = result.mtfp.query("kind == 'saving' and entry == 'cumulative' and statistic == 'central'")
    cashable = result.annual.query(
        "perimeter == 'whole' and price_basis == 'nominal' and nature == 'cashable_saving' and statistic == 'central'"
    )
    assert -saved["value_gbp"].sum() <= cashable["value_gbp"].clip(lower=0).sum() + 1


def test_the_reserve_s_purse_is_what_its_statement_says(result):
    case = result.case
    monthly = {k: v.astype(float) for k, v in result.central.reserve.items()}
    by_year = case.timeline.by_financial_year(monthly["released"] - monthly["implementation"])[:, 0]
    purse = wide(result.funding.query("group == 'purse' and statistic == 'central'"), "item").loc[RESERVE_FUNDED]
    assert list(purse) == pytest.approx(list(by_year), abs=0.5)
    assert (result.reserve.query("item == 'closing'")["value_gbp"] >= -0.01).all()


def test_staff_by_service_line_is_all_the_staff(result):
    annual = result.annual.query(
        "perimeter == 'whole' and price_basis == 'nominal' and line in ['Staff', 'On-call rota'] "
        "and statistic == 'central'"
    )
    lines = annual.groupby("financial_year")["value_gbp"].sum()
    services = result.virement.groupby("financial_year")["cost_gbp"].sum()
    assert list(services) == pytest.approx(list(-lines), abs=0.05)


def test_a_post_made_permanent_is_new_base_budget_but_no_new_spending(tmp_path):
    import csv
    import io

    path = write_case(tmp_path)
    rows = list(csv.DictReader(io.StringIO((path / "establishment.csv").read_text(encoding="utf-8"))))
    fixed = next((row for row in rows if row["already_filled_months"]), None)
    if fixed is None:
        pytest.skip("the example case has no post on fixed terms")
    from model.case.draws import central
    from model.money.portfolio import evaluate

    case = load_case(path)
    flows_by_month = reserve_flows(evaluate(case, central(case)))
    moved = case.timeline.by_financial_year(flows_by_month["released"])[:, 0]
    plan = run(case, draws=1).mtfp.query("line == 'Posts on fixed terms made permanent' and entry == 'cumulative'")
    assert plan["value_gbp"].max() > 0
    assert list(plan["value_gbp"]) == pytest.approx(list(moved), abs=0.01)


def test_before_anybody_tops_it_up_the_balance_is_the_opening_less_all_that_was_asked():
    # £40 a month of £1,000 for two years: £960 asked, £40 left, although the reserve itself stops at its £100.
    items = run_reserve(CASE, flows(carried=40.0), draws())
    assert items["before_top_up"][:, 0] == pytest.approx(1_000 - 40 * np.arange(1, 25))
    assert items["closing"][-1, 0] - items["before_top_up"][-1, 0] == pytest.approx(items["shortfall"].sum())
