"""The kinds of scheme that councils propose, each against a table worked by hand.

Ten small children live in homes for as long as the case runs: nobody enters, leaves or grows up. A place costs £4,000
a week in a year of 52 weeks, so £208,000 a year and child.
"""

import numpy as np
import pytest

from model import load_case
from model.case.draws import central
from model.case.words import AVOIDANCE, CASHABLE, INCOME, INVESTMENT
from model.money.portfolio import evaluate
from model.money.run_off import with_run_off
from tests.cases import write_reference

CASE = """\
name = "homes"
title = "Homes"
council = "Homeshire"
start = 2023-04-01
horizon_years = 3
shown_years = 3
price_base = "2023/24"
knowledge_date = 2023-04-01
[conventions]
weeks_per_year = 52
discount_rate = "green_book_standard"
price_index = "planning"
"""
CASELOAD = """\
age_band,placement,children,entries_annual,exits_annual,source
1_4,residential,10,0,,invented
all,all,,,0,invented
"""
BASIC = {
    "price.residential_weekly": "4000,GBP/week", "price.ifa_foster_weekly": "1000,GBP/week",
    "cost.entry": "0,GBP/child", "cost.exit_under_18": "3000,GBP/child", "cost.exit_at_18": "0,GBP/child",
    "cost.diverted_child": "0,GBP/child", "caseload.share_5_9_aged_8_9": "0.4,share",
}  # fmt: skip
PLACE = 4000 * 52
FIRST, SECOND, THIRD = range(3)
OWN = {
    "own.beds": "4,children", "own.occupancy": "0.75,share", "own.running_cost_annual": "500000,GBP/year",
    "own.capital_cost": "300000,GBP", "own.capital_grant_share": "0.5,share",
}  # fmt: skip
DOWN = {"down.share_annual": "0.5,share"}
SCHEMES = {
    "own": 'kind = "own_homes"\nstart = 2024-04-01',
    "down": 'kind = "step_down"\nstart = 2023-04-01\nplacement = "residential"\nto = "ifa_foster"',
    "home": 'kind = "leaving_sooner"\nstart = 2023-04-01\nplacement = "residential"',
    "contract": 'kind = "price_change"\nstart = 2023-04-01\nend = 2024-09-30\nplacement = "residential"',
    "stay": 'kind = "placement_stability"\nstart = 2023-04-01',
    "other": 'kind = "cost_or_saving"\nstart = 2023-04-01\nline = "School transport"',
    "posts": 'kind = "establishment"\nstart = 2023-04-01',
}


def homes(tmp_path, schemes, values, caseload=CASELOAD, declared=SCHEMES, **files):
    """Evaluate a case of some SCHEMES at central values; `values`: assumption -> value and unit."""
    folder = tmp_path / "inputs" / "homes"
    folder.mkdir(parents=True)
    write_reference(tmp_path / "inputs")
    text = "".join(f'[[schemes]]\nname = "{n}"\ntitle = "{n}"\n{declared[n]}\n' for n in schemes)
    (folder / "case.toml").write_text(CASE + text)
    rows = [
        f"{name},{said},{'2023/24' if 'GBP' in said else ''},invented,red" for name, said in (BASIC | values).items()
    ]
    text = "\n".join(["name,value,unit,price_base,source,quality", *rows])
    for name, content in {"assumptions": text + "\n", "caseload": caseload, **files}.items():
        (folder / f"{name}.csv").write_text(content)
    case = load_case(folder)
    return evaluate(case, central(case))


def table(evaluation, perimeter="whole"):
    """(line, nature) -> pounds by financial year, all schemes of a perimeter and their interaction together."""
    found = {}
    for flows in evaluation.perimeters[perimeter].flows.values():
        for tag, amount in flows:
            yearly = evaluation.case.timeline.by_financial_year(amount)[:, 0]
            found[tag.line, tag.nature] = found.get((tag.line, tag.nature), 0.0) + yearly
    return {key: [round(v, 2) + 0.0 for v in values] for key, values in found.items() if np.abs(values).max() > 0.005}


def halving(timeline):
    """Mean children by month of ten of whom half a year go, taken as a straight line within a month."""
    ends = 10 * 0.5 ** (np.arange(timeline.months + 1) / 12)
    return (ends[1:] + ends[:-1]) / 2


def test_own_homes_take_the_place_of_three_bought_beds_and_are_paid_for_full_or_not(tmp_path):
    assert table(homes(tmp_path, ["own"], OWN)) == {
        ("Capital", INVESTMENT): [0, -300_000, 0],
        ("Capital", INCOME): [0, 150_000, 0],
        ("Residential placements", AVOIDANCE): [0, 3 * PLACE, 3 * PLACE],
        ("Own children's homes", AVOIDANCE): [0, -500_000, -500_000],
    }


def test_own_homes_hold_no_more_children_than_there_are(tmp_path):
    few = CASELOAD.replace(",10,", ",2,")
    found = table(homes(tmp_path, ["own"], OWN, few))
    assert found["Residential placements", AVOIDANCE] == [0, 2 * PLACE, 2 * PLACE]
    assert found["Own children's homes", AVOIDANCE] == [0, -500_000, -500_000]


def test_homes_fill_in_a_straight_line(tmp_path):
    found = table(homes(tmp_path, ["own"], OWN | {"own.fill_months": "12,months"}))
    share = np.array([(m + 0.5) / 12 for m in range(12)])
    days = np.array([30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 28, 31])
    assert found["Residential placements", AVOIDANCE][SECOND] == pytest.approx(3 * PLACE * share @ days / 365, abs=0.01)


def test_children_step_down_from_homes_to_families(tmp_path):
    run = homes(tmp_path, ["down"], DOWN)
    moved = 10 - halving(run.case.timeline)
    weeks = 52 * run.case.timeline.year_share
    by_year = run.case.timeline.by_financial_year(moved * weeks)
    found = table(run)
    assert found["Residential placements", AVOIDANCE] == pytest.approx(4000 * by_year, abs=0.01)
    assert found["IFA foster placements", AVOIDANCE] == pytest.approx(-1000 * by_year, abs=0.01)
    assert len(found) == 2


def test_children_leave_care_sooner_and_leaving_costs(tmp_path):
    run = homes(tmp_path, ["home"], {"home.share_annual": "0.5,share"})
    gone = run.case.timeline.by_financial_year((10 - halving(run.case.timeline)) * 52 * run.case.timeline.year_share)
    found = table(run)
    assert found["Residential placements", AVOIDANCE] == pytest.approx(4000 * gone, abs=0.01)
    assert found["Leaving care before 18", AVOIDANCE] == pytest.approx([-15_000, -7_500, -3_750], abs=0.01)


def test_stays_are_shortened_as_the_scheme_grows(tmp_path):
    """Half a year at full effect, reached after four months: an eighth, three, five, seven, then all of it."""
    run = homes(tmp_path, ["home"], {"home.share_annual": "0.5,share", "home.ramp_months": "4,months"})
    rate = run.levers["home"].sooner[0].rate[:, 0]
    assert rate[:6] / (np.log(2) / 12) == pytest.approx([1 / 8, 3 / 8, 5 / 8, 7 / 8, 1, 1])


def test_what_goes_with_a_child_is_of_the_placement_named(tmp_path):
    """Ten in homes and five in foster care at £100 each: £1,000 a year where the scheme names homes."""
    both = CASELOAD.replace("all,all", "1_4,ifa_foster,5,0,,invented\nall,all")
    placed = SCHEMES | {"other": SCHEMES["other"] + '\nplacement = "residential"'}
    values = {"other.cost_per_child_annual": "100,GBP/child/year"}
    found = table(homes(tmp_path, ["other"], values, both, declared=placed))
    assert found == {("other", AVOIDANCE): [-1_000] * 3}


def test_a_contract_a_tenth_cheaper_saves_until_it_ends(tmp_path):
    found = table(homes(tmp_path, ["contract"], {"contract.price_cut": "0.1,share"}))
    assert found == {("Residential placements", AVOIDANCE): [208_000, round(208_000 * 183 / 365, 2), 0]}


def test_fewer_moves_cost_less(tmp_path):
    values = {
        "stay.moves_per_child_annual": "1.5,ratio",
        "stay.cost_of_move": "2000,GBP/child",
        "stay.effect": "0.2,share",
    }
    assert table(homes(tmp_path, ["stay"], values)) == {("Placement moves", AVOIDANCE): [6_000] * 3}


def test_any_cost_or_saving_with_a_profile_is_held_against_its_own_line(tmp_path):
    values = {
        "other.saving_annual": "12000,GBP/year", "other.year_1_share": "0.5,ratio", "other.year_2_share": "1,ratio",
        "other.cost_one_off": "1000,GBP", "other.cost_daily": "10,GBP/day",
        "other.cost_per_child_annual": "100,GBP/child/year",
    }  # fmt: skip
    budget = "line,financial_year,value_gbp,source\nSchool transport,2023/24,5000,invented\n"
    found = table(homes(tmp_path, ["other"], values, approved_budget=budget))
    assert found["School transport", CASHABLE][FIRST] == 5_000
    assert found["School transport", AVOIDANCE] == [1_000, 7_000, 7_000]
    assert found["other", INVESTMENT] == [-1_000 - 0.5 * 3_660, -3_650, -3_650]
    assert found["other", AVOIDANCE] == [-500, -1_000, -1_000]


def test_what_is_paid_once_is_not_paid_again_when_the_schemes_stop_and_their_children_are_followed(tmp_path):
    values = OWN | {"other.cost_one_off": "1000,GBP", "other.cost_annual": "0,GBP/year"}
    case = with_run_off(homes(tmp_path, ["own", "other"], values).case, 2)
    found = table(evaluate(case, central(case)))
    assert found["other", INVESTMENT] == [-1_000, 0, 0, 0, 0]
    assert found["Capital", INVESTMENT] == [0, -300_000, 0, 0, 0]


POSTS = (
    "id,team,post,grade,fte_current,fte_proposed,change_annual_cost_gbp,start,charged_to,included_in,funding,source\n"
    "ads,Top,Assistant directors,,5,4,-71795,,posts,,general_fund,invented\n"
)
RECRUITING = {"establishment.months_to_fill": "0,months", "establishment.vacancy_share": "0,share"}


@pytest.mark.parametrize(("budget", "nature"), [(287_180, AVOIDANCE), (1_000_000, CASHABLE)])
def test_fewer_posts_are_a_saving_and_cashable_only_below_the_staff_budget(tmp_path, budget, nature):
    plan = f"line,financial_year,value_gbp,source\nStaff,2023/24,{budget},invented\n"
    found = table(homes(tmp_path, ["posts"], RECRUITING, establishment=POSTS, approved_budget=plan))
    assert found == {("Staff", nature): [71_795] * 3}


def test_a_post_ends_on_its_last_day(tmp_path):
    posts = POSTS.replace("start,", "start,end,").replace("5,4,-71795,,", "0,1,36500,2023-04-01,2023-04-10,")
    found = table(homes(tmp_path, ["posts"], RECRUITING, establishment=posts))
    assert found == {("Staff", INVESTMENT): [round(-36_500 * 10 / 366, 2), 0, 0]}


def test_schemes_that_meet_never_save_more_than_there_is(tmp_path):
    run = homes(tmp_path, ["own", "down", "contract"], OWN | DOWN | {"contract.price_cut": "0.1,share"})
    first_of_third = [run.case.timeline.by_financial_year(a)[THIRD, 0] for a in run.spending(run.schemes).values()]
    left = halving(run.case.timeline)[24:]
    bought = np.maximum(left - 3, 0) * 4000 + (10 - left) * 1000
    expected = float((bought * 52 * run.case.timeline.year_share[24:]).sum()) + 500_000
    assert sum(first_of_third) == pytest.approx(expected, abs=0.01)
