"""Each scheme against arithmetic that can be done by hand."""

from datetime import date

import numpy as np
import pytest

from model.case.timeline import Timeline
from model.case.words import AVOIDANCE, CASHABLE, INVESTMENT
from model.money.portfolio import streams_of
from model.schemes.agency import annual_cost
from model.schemes.base import monthly_hazard
from model.schemes.staff.posts import already_paid
from tests.cases import CASE_TOML
from tests.engine import FULL_YEAR, evaluated, line, load, yearly

WEEKS = 365 / 7
ALL_IN_POST = {"establishment__months_to_fill": 0.0, "establishment__vacancy_share": 0.0}
AT_ONCE = ALL_IN_POST | {
    "fostering__approval_lag": 0.0, "fostering__recruitment_months": 0.0, "growth__placement_prices_real_annual": 0.0,
}  # fmt: skip
LEAP_YEAR = "2023/24"


def flows(evaluation, scheme):
    return evaluation.standalone(scheme)


def test_twenty_full_places_save_the_price_gap(tmp_path):
    case = load(tmp_path)
    own = flows(evaluated(case, **AT_ONCE), "fostering")
    assert yearly(case, line(own, "IFA foster placements")) == pytest.approx(20 * 750 * WEEKS, abs=0.005)
    assert yearly(case, line(own, "In-house foster placements")) == pytest.approx(-365_000, abs=0.005)
    saved = line(own, "IFA foster placements") + line(own, "In-house foster placements")
    assert yearly(case, saved) == pytest.approx(417_142.86, abs=0.005)


def test_a_fill_rate_of_62_per_cent_saves_62_per_cent_of_it(tmp_path):
    case = load(tmp_path)
    own = flows(evaluated(case, **AT_ONCE, fostering__fill_rate=0.62), "fostering")
    saved = line(own, "IFA foster placements") + line(own, "In-house foster placements")
    assert yearly(case, saved) == pytest.approx(258_628.57, abs=0.005)


def test_a_cost_by_the_day_counts_real_days(tmp_path):
    case = load(tmp_path)
    own = flows(evaluated(case), "fostering")
    assert yearly(case, line(own, "On-call rota")) == pytest.approx(-10_950)
    assert yearly(case, line(own, "On-call rota"), LEAP_YEAR) == pytest.approx(-10_980)


def test_posts_cost_their_printed_sum_in_a_full_year_with_everyone_in_post(tmp_path):
    case = load(tmp_path)
    full = evaluated(case, establishment__months_to_fill=0.0, establishment__vacancy_share=0.0)
    staff = {
        name: yearly(case, line(flows(full, name), "Staff")) for name in ("fostering", "improvement", "edge_of_care")
    }
    assert staff["fostering"] == pytest.approx(-(128_073 + 20_000))
    assert staff["edge_of_care"] == pytest.approx(-307_000)
    rows = [
        p for p in case.establishment if not p.included_in and p.charged_to == "improvement" and not p.included_when
    ]
    assert staff["improvement"] == pytest.approx(307_000 - sum(p.change_annual_cost_gbp for p in rows))


def test_a_team_inside_another_line_moves_its_money_and_one_on_top_adds_it(tmp_path):
    case = load(tmp_path)
    inside, on_top = evaluated(case, team_in_line=1.0), evaluated(case, team_in_line=0.0)
    for name in ("edge_of_care", "fostering"):
        assert yearly(case, line(flows(inside, name), "Staff")) == yearly(case, line(flows(on_top, name), "Staff"))
    staff = [sum(line(flows(e, n), "Staff") for n in ("edge_of_care", "improvement")) for e in (inside, on_top)]
    assert yearly(case, staff[1] - staff[0]) == pytest.approx(-307_000 * 0.95)


def test_posts_fill_evenly_and_stop_short_of_the_vacancies(tmp_path):
    case = load(tmp_path)
    slow = evaluated(case, establishment__months_to_fill=10.0, establishment__vacancy_share=0.1)
    cost = -flows(slow, "improvement").where(lambda t: t.funding == "dsg").net(120, 1)[:, 0]
    share = cost / (70_000 * case.timeline.year_share)
    start = 12  # April 2023
    assert share[start - 1] == 0
    assert share[start : start + 3] == pytest.approx([0.9 * 0.05, 0.9 * 0.15, 0.9 * 0.25])
    assert share[start + 10 :] == pytest.approx(np.full(98, 0.9))


def test_posts_already_filled_are_no_new_spending_until_their_terms_end(tmp_path):
    case = load(tmp_path)
    now = evaluated(case, establishment__months_to_fill=0.0, fixed_term_months=0.0)
    later = evaluated(case, establishment__months_to_fill=0.0, fixed_term_months=12.0)
    gap = flows(later, "improvement").net(120, 1) - flows(now, "improvement").net(120, 1)
    assert gap[9:21, 0] == pytest.approx(210_000 * 0.95 * case.timeline.year_share[9:21])
    assert gap[21:] == pytest.approx(np.zeros((99, 1)))
    paid = already_paid(later.setting, case.schemes)  # the same pounds, which somebody pays already
    assert paid[9:21, 0] == pytest.approx(210_000 * 0.95 * case.timeline.year_share[9:21])
    assert not paid[21:].any()


def test_households_by_hand(tmp_path):
    """12 approved over 3 months after a lag of 1; a tenth leave each month, half of them are replaced."""
    case = load(tmp_path)
    annual = 1 - 0.9**12
    run = evaluated(
        case, fostering__households=12.0, fostering__approval_lag=1.0, fostering__recruitment_months=3.0,
        fostering__deregistration_annual=annual, fostering__leavers_replaced_share=0.5, **ALL_IN_POST,
    )  # fmt: skip
    homes = run.schemes["fostering"].households(run.setting)
    assert monthly_hazard(np.array([annual])) == pytest.approx(0.1)
    assert homes.approved[9:14, 0] == pytest.approx([0, 4, 4, 4, 0])
    # 4; 4 - .4 + 4 + .2 = 7.8; 7.8 - .78 + 4 + .39 = 11.41; then only leavers: 11.41 - 1.141 + .5705
    assert homes.extra[9:14, 0] == pytest.approx([0, 4, 7.8, 11.41, 10.8395])


def test_posts_that_are_half_empty_approve_at_half_the_pace_and_replace_half_as_many(tmp_path):
    """A half in post from January 2023, so that 12 households in 3 months of full work take 6, after a lag of 1."""
    case = load(tmp_path)
    run = evaluated(
        case, fostering__households=12.0, fostering__approval_lag=1.0, fostering__recruitment_months=3.0,
        fostering__deregistration_annual=1 - 0.9**12, fostering__leavers_replaced_share=1.0,
        establishment__months_to_fill=0.0, establishment__vacancy_share=0.5,
    )  # fmt: skip
    homes = run.schemes["fostering"].households(run.setting)
    assert homes.approved[9:18, 0] == pytest.approx([0, 2, 2, 2, 2, 2, 2, 0, 0])
    # 2; 2 - .2 + .1 + 2 = 3.9; 3.9 - .39 + .195 + 2 = 5.705
    assert homes.extra[9:13, 0] == pytest.approx([0, 2, 3.9, 5.705])


@pytest.mark.parametrize(("fill", "approved"), [(0.0, 0.0), (0.01, 0.01), (1.0, 1.0)])
def test_nobody_hired_recruits_nobody(tmp_path, fill, approved):
    """With no recruitment months households come as the posts fill; with 24, a hundredth of them takes for ever."""
    case, empty = load(tmp_path), {"establishment__months_to_fill": 0.0, "establishment__vacancy_share": 1 - fill}
    at_once, over_two_years = (
        evaluated(case, **AT_ONCE | empty | {"fostering__recruitment_months": months, "fostering__households": 10.0})
        for months in (0.0, 24.0)
    )
    approvals = [run.schemes["fostering"].households(run.setting).approved.sum() for run in (at_once, over_two_years)]
    assert approvals == pytest.approx([10 * approved, min(10.0, 10 * approved * 111 / 24)])


def test_a_team_may_approve_so_many_a_year_with_no_end(tmp_path):
    yearly_row = {"value": "6", "unit": "households/year", "low": "", "high": "", "distribution": "fixed"}
    case = load(tmp_path, assumptions={"fostering.approvals_annual": yearly_row})
    run = evaluated(case, **ALL_IN_POST, fostering__households=0.0, fostering__approval_lag=2.0)
    approved = run.schemes["fostering"].households(run.setting).approved[:, 0]
    assert approved[:13] == pytest.approx([0] * 11 + [0.5, 0.5])
    assert approved[-1] == pytest.approx(0.5)


def test_approvals_end_with_the_scheme(tmp_path):
    """Half a household a month until the middle of September 2023, the last day of the team's work."""
    yearly_row = {"value": "6", "unit": "households/year", "low": "", "high": "", "distribution": "fixed"}
    ends = CASE_TOML.replace('kind = "fostering_growth"', 'kind = "fostering_growth"\nend = 2023-09-15')
    case = load(tmp_path, assumptions={"fostering.approvals_annual": yearly_row}, case_toml=ends)
    run = evaluated(case, **ALL_IN_POST, fostering__households=0.0, fostering__approval_lag=0.0)
    approved = run.schemes["fostering"].households(run.setting).approved[:, 0]
    assert approved[8:20] == pytest.approx([0] + [0.5] * 8 + [0.25, 0, 0])


def test_constellations_cost_so_much_each_a_year(tmp_path):
    case = load(tmp_path)
    own = flows(
        evaluated(case, fostering__constellations=3.0, fostering__constellation_cost_annual=50_000.0), "fostering"
    )
    assert yearly(case, line(own, "Constellations")) == pytest.approx(-150_000)


def test_better_support_keeps_existing_carers(tmp_path):
    case = load(tmp_path)
    annual = 1 - 0.9**12
    run = evaluated(
        case, fostering__households=0.0, fostering__deregistration_annual=annual, fostering__retention_effect=0.5,
        fostering__existing_households=100.0, fostering__existing_approvals_annual=120.0,
    )  # fmt: skip
    extra = run.schemes["fostering"].households(run.setting).extra[:, 0]
    # approvals of ten a month hold 100 level; with support 95 of 100 stay in the first month, then 105 - 5.25 ...
    assert extra[8:11] == pytest.approx([0, 5, 9.75])


def test_an_edge_of_care_effect_is_net_of_deadweight_and_of_what_the_team_can_hold(tmp_path):
    case = load(tmp_path)
    run = evaluated(
        case, edge_of_care__effect=0.25, edge_of_care__deadweight=0.2, edge_of_care__ramp_months=0.0,
        edge_of_care__capacity_limited=0.0,
    )  # fmt: skip
    scheme = run.schemes["edge_of_care"]
    assert scheme.rate(run.setting)[[8, 9, 60], 0] == pytest.approx([0, 0.2, 0.2])
    target = streams_of(case).general.entries_annual[3:].sum() / 12
    tight = evaluated(
        case, edge_of_care__effect=0.25, edge_of_care__deadweight=0.2, edge_of_care__ramp_months=0.0,
        edge_of_care__caseworkers=1.0, edge_of_care__children_per_caseworker=4.0, edge_of_care__duration_months=4.0,
        edge_of_care__children_served_per_entry=2.0, establishment__months_to_fill=0.0,
        establishment__vacancy_share=0.0, caseload__entries_growth_annual=0.0,
    )  # fmt: skip
    assert tight.schemes["edge_of_care"].rate(tight.setting)[60, 0] == pytest.approx(0.2 * 1 / (2 * target))


def test_the_effect_grows_evenly_to_the_end_of_the_ramp(tmp_path):
    run = evaluated(load(tmp_path), edge_of_care__ramp_months=12.0)
    ramp = run.schemes["edge_of_care"].ramp(run.setting)[:, 0]
    assert ramp[8:12] == pytest.approx([0, 0.5 / 12, 1.5 / 12, 2.5 / 12])
    assert ramp[21:].min() == 1


@pytest.mark.parametrize("delay", [3.0, 4.5])
def test_a_delay_moves_everything_the_scheme_does(tmp_path, delay):
    case = load(tmp_path)
    late = evaluated(case, fostering__delay=delay)
    net = flows(late, "fostering").net(120, 1)[:, 0]
    first = 9 + int(delay)
    assert not net[:first].any()
    assert net[first] != 0


AGENCY = ['schemes = ["agency"]']


def test_agency_cover_saves_the_premium_or_the_whole_and_managed_teams_all_of_it(tmp_path):
    case = load(tmp_path, overrides=AGENCY)
    posts = {"establishment__months_to_fill": 0.0, "establishment__vacancy_share": 0.0, "growth__pay_real_annual": 0.0}
    premium, whole = evaluated(case, **posts), evaluated(case, **posts, agency__whole_cost=1.0)
    cover, teams = "Agency: vacancy cover", "Agency: managed teams"
    # half of £0.9m is managed teams and is taken out; 0.3 / 1.3 of the rest is premium
    assert yearly(case, line(flows(premium, "agency"), cover), "2023/24") == pytest.approx(450_000 * 0.3 / 1.3)
    assert yearly(case, line(flows(whole, "agency"), cover), "2023/24") == pytest.approx(450_000)
    # £0.6m in April to September, 183 days of 365, is £1.197m a year; do-nothing ends it after 24 months
    for run in (premium, whole):
        assert yearly(case, line(flows(run, "agency"), teams), "2023/24") == pytest.approx(600_000 * 365 / 183)
        assert yearly(case, line(flows(run, "agency"), teams), "2024/25") == 0
        assert yearly(case, line(flows(run, "agency"), cover), "2025/26") == 0


@pytest.mark.parametrize(
    ("months", "years"),
    [
        (9.0, 275 / 365),  # April to December
        (6.5, (30 + 31 + 30 + 31 + 31 + 30 + 15.5) / 365),
        (12.0, 1.0),
        (13.0, 1 + 30 / 366),  # and the next April, in a year with 29 February
        (121.0, 10 + 1 / 12),  # a month more than the horizon
    ],
)
def test_a_cost_stated_for_some_months_is_what_those_months_cost(months, years):
    timeline = Timeline(date(2022, 4, 1), 120)
    assert annual_cost(np.array([990_000.0]), np.array([months]), timeline) == pytest.approx(990_000 / years)
    assert annual_cost(np.array([990_000.0]), np.zeros(1), timeline) == 0.0


@pytest.mark.parametrize(("whole_cost", "of_it"), [(0.0, 0.3 / 1.3), (1.0, 1.0)])
def test_new_posts_end_only_the_share_of_cover_that_they_displace(tmp_path, whole_cost, of_it):
    quarter = {"value": "0.25", "unit": "share", "low": "", "high": "", "distribution": "fixed"}
    case = load(tmp_path, overrides=AGENCY, assumptions={"agency.cover_displaced_share": quarter})
    posts = {"establishment__months_to_fill": 0.0, "establishment__vacancy_share": 0.0}
    some, all_of_it = (
        evaluated(case, **posts, agency__whole_cost=whole_cost, agency__cover_displaced_share=share)
        for share in (0.25, 1.0)
    )
    cover, teams = "Agency: vacancy cover", "Agency: managed teams"
    assert yearly(case, line(flows(some, "agency"), cover), "2023/24") == pytest.approx(0.25 * 450_000 * of_it)
    assert yearly(case, line(flows(all_of_it, "agency"), cover), "2023/24") == pytest.approx(450_000 * of_it)
    assert yearly(case, line(flows(some, "agency"), teams), "2023/24") == pytest.approx(600_000 * 365 / 183)  # as ever


def test_money_saved_on_the_reserve_is_never_cashable(tmp_path):
    case = load(tmp_path, overrides=AGENCY)
    own = flows(evaluated(case), "agency")
    teams = [(tag.nature, tag.funding) for tag, amount in own if tag.line == "Agency: managed teams" and amount.any()]
    assert teams == [(AVOIDANCE, "reserve")]


def test_a_fixed_cost_counts_years_and_days(tmp_path):
    case = load(tmp_path)
    own = flows(evaluated(case), "associated")
    assert yearly(case, line(own, "Associated costs", INVESTMENT)) == pytest.approx(-(60_000 + 30 * 365))
    assert yearly(case, line(own, "Associated costs"), LEAP_YEAR) == pytest.approx(-(60_000 + 30 * 366))


def test_a_scheme_that_saves_may_have_a_yearly_cost_of_its_own(tmp_path):
    licence = {
        "value": "12000",
        "unit": "GBP/year",
        "price_base": "2022/23",
        "low": "",
        "high": "",
        "distribution": "fixed",
    }
    case = load(tmp_path, assumptions={"edge_of_care.cost_annual": licence})
    own = flows(evaluated(case), "edge_of_care")
    assert yearly(case, line(own, "Edge of care team", INVESTMENT)) == pytest.approx(-12_000)
    assert yearly(case, line(own, "Edge of care team"), "2022/23") == pytest.approx(-12_000 * 90 / 365)  # from January


def test_carers_cost_approval_replacement_and_supervision_beyond_the_team(tmp_path):
    case = load(tmp_path)
    own = flows(evaluated(case, **AT_ONCE, fostering__households=10.0), "fostering")
    assert line(own, "Carer recruitment").sum() == pytest.approx(-40_000)
    assert yearly(case, line(own, "Carer supervision"), FULL_YEAR) == pytest.approx(-(10 - 6) * 3_500)
    assert {tag.nature for tag, _ in own} == {INVESTMENT, CASHABLE, AVOIDANCE}
