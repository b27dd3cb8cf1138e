"""What the rows of an establishment cost through the engine: printed, priced from grades, recruited, retained."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from model.case.draws import Draws
from model.case.pay import PayError
from model.case.records import SchemeSpec
from model.case.reference import PriceIndex, Reference
from model.case.rows import Post
from model.case.timeline import Timeline
from model.case.words import INVESTMENT, ONE_OFF, RECURRING
from model.schemes.cashflows import Tag
from model.schemes.setting import Setting
from model.schemes.staff.posts import (
    NEW_POST_COVER,
    ON_CALL,
    RECRUITING,
    RETENTION,
    STAFF,
    at_work,
    staff_costs,
    underspend,
)
from model.schemes.staff.prices import full_year_price
from tests.cases import pay_tables

TIMELINE = Timeline(date(2022, 4, 1), 36)
PAY = pay_tables(Path(__file__).parents[2] / "inputs" / "reference" / "pay")
INDEX = PriceIndex(
    name="plan", level={"2021/22": 1.0, "2022/23": 1.0, "2023/24": 1.1}, later_annual=0.02, source="test"
)
NEUTRAL = {
    "establishment.months_to_fill": 0.0,
    "establishment.vacancy_share": 0.0,
    "growth.pay_real_annual": 0.0,
}


def row(**changes):
    fields = {
        "id": "a", "team": "t", "post": "p", "grade": "", "fte_current": 0.0, "fte_proposed": 1.0,
        "printed_gbp": 36_500.0, "start": None, "charged_to": "s", "included_in": "", "included_when": "",
        "funding": "general_fund", "basis": "year", "already_filled_months": "", "recruited": True, "service_line": "",
        "source": "test", "note": "",
    }  # fmt: skip
    fields |= changes
    return Post(**fields)


def setting(*rows, start=date(2022, 4, 1), pay=PAY, **values):
    spec = SchemeSpec(name="s", title="S", kind="establishment", start=start)
    numbers = NEUTRAL | {k if "." in k else f"establishment.{k}": v for k, v in values.items()}
    case = SimpleNamespace(
        timeline=TIMELINE, establishment=rows, council="Bury Council", price_base="2022/23", schemes=(spec,),
        active_schemes=(spec,), acting_months=36,
        knowledge_date=date(2022, 7, 13), assumptions={k: SimpleNamespace(high=v) for k, v in numbers.items()},
        conventions=SimpleNamespace(price_index="plan", weeks_per_year=365 / 7), scheme=lambda _name: spec,
        reference=Reference(indices={"plan": INDEX}, discount_rates={}, pay=pay),
    )  # fmt: skip
    draws = Draws(values={k: np.array([v]) for k, v in numbers.items()}, n=1, first=0, seed=0, process_noise=False)
    return Setting(case=case, draws=draws, entries_by_age=np.zeros(6), entry_scale=np.ones((36, 1))), spec


def costs(*rows, **values):
    where, spec = setting(*rows, **values)
    return {tag: -amount[:, 0] for tag, amount in staff_costs(where, spec)}


def recurring(line):
    return Tag(line, INVESTMENT, RECURRING)


def by_year(amount):
    return TIMELINE.by_financial_year(amount)


def test_a_printed_cost_is_kept_and_a_part_year_is_by_days():
    staff = by_year(costs(row(start=date(2023, 1, 1)))[recurring(STAFF)])
    assert staff == pytest.approx([36_500 * 90 / 365, 36_500, 36_500])


def test_a_rota_is_paid_each_real_day_from_the_first_whoever_is_recruited():
    amounts = costs(row(basis="day", printed_gbp=10_950.0), months_to_fill=6.0)
    assert by_year(amounts[recurring(ON_CALL)]) == pytest.approx([10_950, 10_980, 10_950])


def test_a_graded_row_costs_its_nominal_price_in_real_pounds():
    # Point 38 in nominal pounds, from the hand-worked table: 58,463.49 in 2022/23 and 60,773.64 in 2023/24 (index 1.1).
    graded = row(grade="G14", fte_proposed=2.0, printed_gbp=None, costing="bottom_up")
    staff = by_year(costs(graded)[recurring(STAFF)])
    assert staff[:2] == pytest.approx([2 * 58_463.49, 2 * 60_773.64 / 1.1], abs=0.02)


def test_a_change_of_price_base_changes_nothing_nominal_of_a_graded_row():
    graded = row(grade="G14", costing="bottom_up")
    where, spec = setting(graded)
    nominal = []
    for base in ("2022/23", "2023/24"):
        where.case.price_base = base
        level = np.array([INDEX.at(y) for y in TIMELINE.financial_years])[TIMELINE.year_index] / INDEX.at(base)
        nominal.append(staff_costs(where, spec).net(36, 1)[:, 0] * level)
    assert np.allclose(*nominal)


def test_a_regrade_costs_the_difference_of_the_grades():
    regrade = row(grade="CO-F", grade_current="CO-E", fte_current=1.0, start=date(2024, 1, 11), costing="bottom_up",
                  recruited=False)  # fmt: skip
    rate = (112_636 - 101_596) * (1 + 0.138 + 0.192 + 0.005)
    staff = costs(regrade)[recurring(STAFF)]
    assert by_year(staff)[1] * 1.1 == pytest.approx(rate * 81 / 366, abs=0.01)  # 21 days of January, 29, 31


def test_a_row_of_part_of_a_post_is_priced_from_its_grade_or_says_why_not():
    where, _ = setting(row(id="lado", grade="G14", fte_current=0.85), row(id="early", grade="G12"),
                       pay=PAY.known_on(date(2022, 7, 13)))  # fmt: skip
    lado, early = where.case.establishment
    assert full_year_price(where.case, lado) == 8_407.92  # 0.15 x 56,052.82; the report prints £8,405
    with pytest.raises(PayError, match="no grade 'G12'"):
        full_year_price(where.case, early)


def test_without_stated_recruiting_costs_there_are_no_lines_for_them():
    assert set(costs(row(), months_to_fill=6.0)) == {recurring(STAFF)}


def test_an_empty_post_covered_by_agency_costs_the_premium_on_top():
    amounts = costs(row(), vacancy_share=0.25, agency_cover_share=1.0, agency_premium=0.4)
    assert by_year(amounts[recurring(STAFF)])[0] == pytest.approx(0.75 * 36_500)
    assert by_year(amounts[recurring(NEW_POST_COVER)])[0] == pytest.approx(0.25 * 36_500 * 1.4)


def test_retention_and_hiring_follow_the_people():
    # Ten posts filled at once, nobody leaves: ten hired in April 2022 at £3,000 and half a £1,000 kit, ten retained
    # a year on at £2,000.
    amounts = costs(
        row(fte_proposed=10.0), retention_payment=2_000.0, retention_qualifying_months=12.0, recruitment_cost=3_000.0,
        equipment_cost=1_000.0, equipment_recycled_share=0.5,
    )  # fmt: skip
    assert by_year(amounts[Tag(RECRUITING, INVESTMENT, ONE_OFF)]) == pytest.approx([35_000, 0, 0])
    assert by_year(amounts[recurring(RETENTION)]) == pytest.approx([0, 20_000, 0])
    assert recurring(RECRUITING) not in amounts
    leaving = costs(row(fte_proposed=10.0), recruitment_cost=3_000.0, turnover_annual=0.2)
    monthly = 1 - 0.8 ** (1 / 12)
    assert by_year(leaving[recurring(RECRUITING)])[1] == pytest.approx(12 * 10 * monthly * 3_000)


def test_a_row_carved_out_of_another_moves_its_money_and_no_more():
    parent = row(id="parent", charged_to="s", printed_gbp=300_000.0)
    inside = row(id="child", charged_to="other", included_in="parent", included_when="establishment.inside")
    for switch, left in ((1.0, 263_500.0), (0.0, 300_000.0)):
        where, spec = setting(parent, inside, inside=switch)
        where.case.scheme = lambda name, spec=spec: SchemeSpec(
            name=name, title="", kind="establishment", start=spec.start
        )
        staff = staff_costs(where, spec).net(36, 1)[:, 0]
        assert by_year(-staff)[0] == pytest.approx(left)


def test_covered_posts_do_the_work_that_is_paid_for():
    """A quarter of posts empty for good, two fifths of those covered: 0.75 + 0.25 x 0.4 at work; before, none."""
    numbers = {"vacancy_share": 0.25, "agency_cover_share": 0.4, "agency_premium": 0.5}
    where, spec = setting(row(), **numbers)
    assert at_work(where, spec)[:, 0] == pytest.approx(np.full(36, 0.85))
    assert at_work(where, spec, np.ones(1))[:2, 0] == pytest.approx([0, 0.85])
    paid = sum(amount[:12].sum() for amount in costs(row(), **numbers).values())
    assert paid == pytest.approx(36_500 * (0.75 + 0.25 * 0.4 * 1.5))


def test_what_a_budget_holds_for_approved_posts_beyond_what_is_spent_on_them():
    """A twentieth is left out; 0.75 in post and a tenth covered at half as much again cost 0.9 of the row."""
    numbers = {"vacancy_share": 0.25, "agency_cover_share": 0.4, "agency_premium": 0.5, "budgeted_vacancy_share": 0.05}
    where, _ = setting(row(), row(id="rota", basis="day"), row(id="grant", funding="grant"), **numbers)
    assert underspend(where)[:12].sum() == pytest.approx(36_500 * (0.95 - 0.9))


def test_work_is_shared_by_the_fte_of_the_rows_that_recruit():
    """Three posts more than one, filled at once, and one from October 2022: three quarters until then; no rotas."""
    rows = (
        row(id="now", fte_current=1.0, fte_proposed=4.0),
        row(id="later", start=date(2022, 10, 1)),
        row(id="rota", basis="day"),
    )
    where, spec = setting(*rows)
    assert at_work(where, spec)[4:8, 0] == pytest.approx([0.75, 0.75, 1, 1])


def test_a_scheme_that_recruits_nobody_does_its_work_from_its_start():
    where, spec = setting(row(recruited=False), start=date(2022, 5, 1), vacancy_share=0.9)
    assert at_work(where, spec)[:3, 0] == pytest.approx([0, 1, 1])


def test_equipment_is_bought_new_unless_some_is_said_to_be_used_again():
    amounts = costs(row(fte_proposed=10.0), equipment_cost=1_000.0)
    assert by_year(amounts[Tag(RECRUITING, INVESTMENT, ONE_OFF)]) == pytest.approx([10_000, 0, 0])


def test_posts_that_are_paid_already_cost_the_rest():
    amounts = costs(row(), **{"s.posts_paid_already_share": 0.25})
    assert by_year(amounts[recurring(STAFF)]) == pytest.approx([0.75 * 36_500] * 3)
