"""People and cases through the engine, another council by its own files, and a price base that changes nothing."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from model.case import words
from model.case.draws import central
from model.case.reading.problems import InputProblems
from model.money.portfolio import evaluate
from model.results.runs import run
from model.schemes.establishment import PENSION_STRAIN, REDUNDANCY
from model.schemes.load import load_case
from model.schemes.staff import workforce
from model.schemes.staff.prices import full_year_price
from model.schemes.staff.workforce import CASELOAD, EMPTY, IN_POST, NEEDED, POSTS, SPAN, WORKERS, measures
from tests.cases import CASE_TOML, ESTABLISHMENT_COLUMNS, write_case

CAPACITY = {
    "capacity.cases_open": ("981", "children"),
    "capacity.workers_current": ("65", "fte"),
    "capacity.workers_proposed": ("73", "fte"),
    "capacity.workers_filled_share": ("0.8", "share"),
    "capacity.managers_current": ("8", "fte"),
    "capacity.managers_proposed": ("19", "fte"),
    "capacity.target_caseload": ("15", "children/worker"),
}
SETTLED = {
    "establishment.months_to_fill": {"value": "0", "low": "", "high": "", "distribution": "fixed"},
    "establishment.vacancy_share": {"value": "0", "low": "", "high": "", "distribution": "fixed"},
}
PAY = {
    "../reference/pay/njc_spine.csv": "spine,point,from,annual_gbp,low_gbp,high_gbp,source,as_at,quality,note\n"
    "shire,1,2022-04-01,30000,,,invented,2022-04-01,green,\nshire,2,2022-04-01,40000,,,invented,2022-04-01,green,\n",
    "../reference/pay/grades.csv": "council,grade,spine,point_bottom,point_top,source,as_at,quality,note\n"
    "Exampleshire Council,SW,shire,1,2,invented,2022-04-01,green,\n",
    "../reference/pay/pay_awards.csv": "spine,from,point_from,point_to,flat_gbp,share,low,high,"
    "source,as_at,quality,note\n"
    "shire,2023-04-01,,,,0.05,,,invented,2022-05-01,green,\n",
    "../reference/pay/employer_ni.csv": "from,rate,threshold_annual_gbp,low,high,source,as_at,quality,note\n"
    "2022-04-06,0.15,10000,,,invented,2022-04-01,green,\n",
    "../reference/pay/lgps_employer.csv": "fund,council,from,rate,low,high,source,as_at,quality,note\n"
    "Shire,Exampleshire Council,2022-04-01,0.2,,,invented,2022-04-01,green,\n",
    "../reference/pay/apprenticeship_levy.csv": "from,rate,low,high,source,as_at,quality,note\n"
    "2017-04-06,0.005,,,invented,2017-04-06,green,\n",
    "../reference/pay/redundancy_week.csv": "from,cap_weekly_gbp,low,high,source,as_at,quality,note\n"
    "2022-04-06,571,,,invented,2022-04-06,green,\n",
    "../reference/pay/increment_rules.csv": "rule,value,unit,source,as_at,quality,note\n"
    "increment_month,4,month,invented,2022-04-01,green,\nmonths_before_first,6,months,invented,2022-04-01,green,\n",
    "../reference/pay/redundancy_rules.csv": "rule,value,unit,source,as_at,quality,note\n"
    + "".join(
        f"{rule},{value},weeks,invented,2017-04-06,green,\n"
        for rule, value in {
            "weeks_a_year_under_22": 0.5, "weeks_a_year_22_to_40": 1, "weeks_a_year_41_and_over": 1.5,
            "age_middle": 22, "age_upper": 41, "years_least": 2, "years_most": 20,
        }.items()
    ),
}  # fmt: skip


def added(values):
    fixed = {"low": "", "high": "", "distribution": "fixed"}
    return {name: {"value": value, "unit": unit, **fixed} for name, (value, unit) in values.items()}


def establishment(*rows, extra=("price_base", "grade_current", "spine_point", "priced_at", "costing")):
    columns = [*ESTABLISHMENT_COLUMNS, *extra]
    plain = {"team": "t", "post": "p", "fte_current": "0", "charged_to": "improvement", "funding": "general_fund",
             "source": "invented"}  # fmt: skip
    lines = [",".join({**plain, **row}.get(column, "") for column in columns) for row in rows]
    return "\n".join([",".join(columns), *lines, ""])


def case_of(tmp_path, *rows, assumptions=None, **changes):
    files = {**PAY, "published.csv": None, **changes.pop("files", {})}
    if rows:
        files["establishment.csv"] = establishment(*rows)
    return load_case(write_case(tmp_path, assumptions={**SETTLED, **(assumptions or {})}, files=files, **changes))


def test_the_first_month_in_which_a_caseload_is_at_its_target():
    caseload = np.array([[18.865], [16.35]])
    assert np.isnan(workforce.first_month_at_or_below(caseload, np.array([15.0]))).all()
    assert workforce.first_month_at_or_below(caseload, np.array([17.0])) == 1


def in_post(case):
    evaluation = evaluate(case, central(case))
    worlds = {words.DO_NOTHING: evaluation.world(), words.WITH_SCHEMES: evaluation.world(evaluation.schemes)}
    return measures(evaluation.setting, {name: world.mean_stock.sum(axis=1) for name, world in worlds.items()})


def test_caseload_falls_as_the_posts_fill_and_the_result_says_when_the_target_is_reached(tmp_path):
    row = {"id": "sw", "fte_proposed": "8", "change_annual_cost_gbp": "400000", "start": "2023-01-01"}
    slow = {"establishment.months_to_fill": {"value": "8", "low": "", "high": "", "distribution": "fixed"}}
    case = case_of(tmp_path, row, assumptions={**added(CAPACITY), **slow}, case_toml=only_improvement())
    found = in_post(case)
    assert found[POSTS, "with_schemes"][8:10, 0] == pytest.approx([0, 8])
    assert found[IN_POST, "with_schemes"][9:17, 0] == pytest.approx([0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5])
    assert np.allclose(found[IN_POST, "with_schemes"] + found[EMPTY, "with_schemes"], found[POSTS, "with_schemes"])
    assert found[CASELOAD, "do_nothing"][20, 0] == pytest.approx(981 / 52)
    assert found[CASELOAD, "with_schemes"][20, 0] == pytest.approx(981 / 60)
    assert found[WORKERS, "with_schemes"][9, 0] == pytest.approx(52.5)
    assert found[NEEDED, "with_schemes"][0, 0] == pytest.approx(65.4)
    assert found[SPAN, "with_schemes"][20, 0] == pytest.approx(60 / (8 * 0.8 + 11))
    metrics = run(case, draws=1).metrics_by_perimeter["whole"]
    assert metrics["caseload_target_months"] == {"central": None}
    assert metrics["probability_caseload_target"] == {"central": 0.0}
    lower = added({**CAPACITY, "capacity.target_caseload": ("17", "children/worker")})
    easier = case_of(tmp_path / "b", row, assumptions={**lower, **slow}, case_toml=only_improvement())
    # 981 / 17 = 57.7 workers: 52 and 5.7 of the eight, in the sixth month of the round.
    assert run(easier, draws=1).metrics_by_perimeter["whole"]["caseload_target_months"] == {"central": 15.0}


def test_months_with_cases_and_nobody_in_post_are_blank_not_infinite(tmp_path):
    # 10 of 50 posts are left: 40 go while half are filled, so that less than nobody holds the cases
    few = added({**CAPACITY, "capacity.workers_current": ("50", "fte"), "capacity.workers_proposed": ("10", "fte"),
                 "capacity.workers_filled_share": ("0.5", "share")})  # fmt: skip
    row = {
        "id": "sw",
        "fte_proposed": "8",
        "change_annual_cost_gbp": "400000",
        "start": "2023-01-01",
        "recruited": "yes",
    }
    frame = run(case_of(tmp_path, row, assumptions=few, case_toml=only_improvement()), draws=70, seed=1).staffing
    shown = frame[frame["measure"] == CASELOAD].set_index(["world", "statistic", "month"])["value"]
    assert not np.isinf(frame["value"]).any()
    assert shown["do_nothing", "central", "2024-04"] == pytest.approx(981 / 25, abs=1e-3)
    assert np.isnan(shown["with_schemes", "central", "2024-04"])
    assert np.isnan(shown["with_schemes", "p50", "2024-04"])


def test_managers_stay_as_they_are_where_no_other_number_is_proposed(tmp_path):
    same = added({k: v for k, v in CAPACITY.items() if k != "capacity.managers_proposed"})
    case = case_of(tmp_path, assumptions=same, case_toml=only_improvement())
    found = in_post(case)
    held = float(CAPACITY["capacity.managers_current"][0]) * float(CAPACITY["capacity.workers_filled_share"][0])
    last = found[WORKERS, "with_schemes"][-1, 0]
    assert found[SPAN, "with_schemes"][-1, 0] == pytest.approx(last / held)


def only_improvement():
    return CASE_TOML.replace('kind = "fostering_growth"', 'kind = "fostering_growth"\nactive = false').replace(
        'kind = "entry_reduction"', 'kind = "entry_reduction"\nactive = false'
    )


def test_another_council_s_graded_posts_are_priced_through_its_inputs_alone(tmp_path):
    case = case_of(
        tmp_path,
        {"id": "graded", "grade": "SW", "fte_proposed": "2", "start": "2022-04-01"},
        {"id": "stated", "grade": "SW", "fte_proposed": "1", "spine_point": "1", "start": "2022-04-01"},
        {"id": "both", "grade": "SW", "fte_proposed": "1", "change_annual_cost_gbp": "50000", "start": "2022-04-01"},
        case_toml=only_improvement(),
    )
    # Point 2: 40,000 + 15% of 30,000 + 20% + 0.5% = 52,700. Point 1: 30,000 + 3,000 + 6,150 = 39,150.
    assert [post.change_annual_cost_gbp for post in case.establishment] == [105_400, 39_150, 50_000]
    assert full_year_price(case, case.establishment[2]) == 52_700  # what is printed is £2,700 less, and counts
    annual = run(case, draws=1).annual.query(
        "perimeter == 'whole' and line == 'Staff' and price_basis == 'nominal' and statistic == 'central'"
    )
    staff = dict(zip(annual["financial_year"], annual["value_gbp"], strict=True))
    assert staff["2022/23"] == pytest.approx(-(105_400 + 39_150 + 50_000), abs=0.01)
    # The award of 5% was known: 42,000 + 15% of 32,000 + 20.5% = 55,410; 31,500 + 3,225 + 6,457.50 = 41,182.50.
    index = case.reference.indices["planning"]
    rise = index.at("2023/24") / index.at("2022/23")
    assert staff["2023/24"] == pytest.approx(-(2 * 55_410 + 41_182.50 + 50_000 * rise), abs=0.01)


def test_a_row_that_cannot_be_priced_is_a_problem_with_the_inputs(tmp_path):
    with pytest.raises(InputProblems, match="no grade 'SM9'"):
        case_of(tmp_path, {"id": "a", "grade": "SM9", "fte_proposed": "1"}, case_toml=only_improvement())
    with pytest.raises(InputProblems, match="change_annual_cost_gbp"):
        case_of(tmp_path / "b", {"id": "a", "fte_proposed": "1"}, case_toml=only_improvement())


def test_redundancy_and_strain_fall_once_in_the_month_they_leave(tmp_path):
    leaving = {
        "improvement.posts_redundant": ("3", "fte"),
        "improvement.redundancy_age": ("50", "years"),
        "improvement.redundancy_service": ("10", "years"),
        "improvement.redundancy_weekly_pay": ("600", "GBP/week"),
        "improvement.redundancy_capped": ("1", "switch"),
        "improvement.redundancy_after_months": ("2", "months"),
        "improvement.pension_strain": ("40000", "GBP"),
    }
    case = case_of(tmp_path, assumptions=priced(added(leaving)), case_toml=only_improvement())
    flows = evaluate(case, central(case)).standalone("improvement")
    one_off = {tag.line: amount[:, 0] for tag, amount in flows if tag.recurrence == "one_off"}
    # Ages 40 to 49: nine years served wholly at 41 or over at 1.5 weeks, one at 1: 14.5 weeks of £571 for three people.
    march_2023 = case.timeline.month_of(date(2023, 3, 1))
    assert one_off[REDUNDANCY][march_2023] == pytest.approx(-3 * 14.5 * 571)
    assert one_off[PENSION_STRAIN][march_2023] == -40_000
    assert np.count_nonzero(one_off[REDUNDANCY]) == 1


def priced(rows):
    return {n: {**row, "price_base": "2022/23" if row["unit"].startswith("GBP") else ""} for n, row in rows.items()}


def test_a_change_of_price_base_changes_nothing_that_is_real(tmp_path):
    rows = (
        {"id": "printed", "fte_proposed": "3", "change_annual_cost_gbp": "150000", "price_base": "2022/23"},
        {"id": "rota", "basis": "day", "fte_proposed": "0", "change_annual_cost_gbp": "10950", "price_base": "2022/23",
         "charged_to": "fostering"},
        {"id": "graded", "grade": "SW", "fte_proposed": "2"},
    )  # fmt: skip
    before = run(case_of(tmp_path / "a", *rows), draws=40, seed=5)
    rebased = CASE_TOML.replace('price_base = "2022/23"', 'price_base = "2023/24"')
    after = run(case_of(tmp_path / "b", *rows, case_toml=rebased), draws=40, seed=5)
    index = before.case.reference.indices["planning"]
    level = index.at("2023/24") / index.at("2022/23")
    for result, factor in ((before, level), (after, 1.0)):
        assert result.npv_draws["whole"] * factor == pytest.approx(after.npv_draws["whole"], rel=1e-9)
    keys = ["perimeter", "scheme", "line", "nature", "recurrence", "financial_year", "statistic"]
    nominal = [
        r.annual.query("price_basis == 'nominal' and statistic in ['central', 'mean']").set_index(keys)["value_gbp"]
        for r in (before, after)
    ]
    assert np.allclose(nominal[0].sort_index(), nominal[1].sort_index(), atol=0.05)
    for frame in ("funding", "mtfp", "reserve"):
        one, two = (getattr(r, frame) for r in (before, after))
        assert np.allclose(one["value_gbp"], two["value_gbp"], atol=2.0), frame
    assert before.metrics_by_perimeter["whole"]["bcr"]["central"] == pytest.approx(
        after.metrics_by_perimeter["whole"]["bcr"]["central"]
    )
