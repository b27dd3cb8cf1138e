"""A plan held against figures made from a known cause: the bridge names it, and the forecast learns it."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.tracking import coverage
from model.case.draws import central, sample, thinned, with_values
from model.case.reading.problems import InputProblems
from model.case.rows import Actual
from model.case.timeline import Timeline
from model.money.portfolio import evaluate
from model.schemes.load import load_case
from model.tracking.bridge import bridge
from model.tracking.counted import as_counted
from model.tracking.evidence import evidence, standing
from model.tracking.learning import learn, resampled
from model.tracking.measured import measured
from model.tracking.outturn import shown, track
from tests.cases import write_case

MONTHS = 24
MEASURES = {
    "children_started.under_1": "children", "children_started.1_4": "children", "children_started.10_15": "children",
    "weekly_price.ifa_foster": "GBP/week", "weekly_price.residential": "GBP/week",
    "fostering.places_filled": "children", "fostering.cost": "GBP",
}  # fmt: skip
UNCERTAIN_START = {"fostering.delay": {"low": "0", "high": "8", "value": "2", "distribution": "pert"}}
CAUSES = {
    "timing": {"fostering.delay": 7.0},
    "price above inflation": {"price.residential_weekly": 1.25, "price.ifa_foster_weekly": 1.25},
    "volume": {"caseload.entries_multiplier": 1.3},
}


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tracked")
    return load_case(write_case(folder, assumptions=UNCERTAIN_START))


def world(case, changes):
    short = replace(case, timeline=Timeline(case.timeline.start, MONTHS))
    values = {
        name: np.array([value * (case.assumptions[name].value if name.startswith("price") else 1)])
        for name, value in changes.items()
    }
    return measured(evaluate(short, with_values(central(short), values), cells=False))


def actuals(case, changes):
    said = world(case, changes)
    return [
        Actual(period=month, measure=name, value=float(said[name][i, 0]), unit=unit, source="made", status="final")
        for name, unit in MEASURES.items()
        for i, month in enumerate(said.evaluation.case.timeline.month_labels)
    ]


def pounds(case, changes):
    said, names = world(case, changes), ("fostering", "edge_of_care")
    spent = said.evaluation.total_spending(names)
    schemes, setting = said.evaluation.schemes, said.evaluation.setting
    own = sum(schemes[name].costs(setting).net(MONTHS, 1) for name in names)
    return float(((own - spent) * said.level).sum())


def bridged(found, draws):
    learnt = learn(found, draws, found.expected(found.world(draws)), seed=1)
    return bridge(found, learnt, as_counted(found, thinned(learnt.draws, 128), 1), "invest_to_save").steps


@pytest.mark.parametrize("cause", CAUSES)
def test_the_bridge_names_the_cause_and_its_size_within_its_interval(case, cause):
    draws = sample(case, 600, 1)
    found = evidence(case, actuals(case, CAUSES[cause]))
    steps = bridged(found, draws)
    spending = steps[steps["of"] == "spending"].set_index("step")
    true = pounds(case, CAUSES[cause]) - pounds(case, {})
    assert spending.loc[cause, "p10_gbp"] <= true <= spending.loc[cause, "p90_gbp"]
    told = spending.drop(["plan", "outturn"])
    assert told[told["told"]]["value_gbp"].abs().idxmax() == cause


def steps_of(case, rows, of="net"):
    steps = bridged(evidence(case, rows), sample(case, 600, 1))
    return steps[steps["of"] == of].set_index("step")


def more(case, changes, measures, months=MONTHS):
    """Return figures of some measures, month by month, from a world with other values."""
    said = world(case, changes)
    return [
        Actual(
            period=month, measure=name, value=float(said[name][i, 0]), unit="children", source="made", status="final"
        )
        for name in measures
        for i, month in enumerate(said.evaluation.case.timeline.month_labels[:months])
    ]


def test_a_scheme_without_effect_is_told_from_more_need_by_the_ages_it_does_not_work_with(case):
    """Edge of care works with 8 and over: those under 5 say how much need there was."""
    ages = [f"children_started.{age}" for age in ("under_1", "1_4", "5_9", "10_15", "16_17")]
    kept = ["edge_of_care.children_kept_at_home"]
    none = steps_of(case, more(case, {"edge_of_care.effect": 0.0}, ages + kept))
    true = pounds(case, {"edge_of_care.effect": 0.0}) - pounds(case, {})
    assert none["told"]["effect"]
    assert none["p10_gbp"]["effect"] <= true <= none["p90_gbp"]["effect"]
    assert not none["told"]["volume"]
    need = steps_of(case, more(case, {"caseload.entries_multiplier": 1.4}, ages + kept), "spending")
    assert need["told"]["volume"]
    assert not need["told"]["effect"]


def test_inflation_is_a_step_of_its_own_and_leaves_to_prices_what_they_rose_above_it(case):
    """Prices 10% up on the plan in 2023/24, all of it inflation: by hand, a tenth of that year's spending."""
    planned = case.reference.indices["planning"]
    rose = planned.at("2023/24") / planned.at("2022/23") * 1.1 - 1
    known = Actual(period="2023/24", measure="inflation", value=rose, unit="rate/year", source="made", status="final")
    said = world(case, {})
    second = np.arange(MONTHS) >= 12
    prices = [
        Actual(period=month, measure="weekly_price.residential", unit="GBP/week", source="made", status="final",
               value=float(said["weekly_price.residential"][i, 0]) * (1.1 if second[i] else 1.0))
        for i, month in enumerate(said.evaluation.case.timeline.month_labels)
    ]  # fmt: skip
    steps = steps_of(case, [known, *prices], "spending")
    names = ("fostering", "edge_of_care")
    schemes, setting = said.evaluation.schemes, said.evaluation.setting
    own = sum(schemes[name].costs(setting).net(MONTHS, 1) for name in names)
    spent = (own - said.evaluation.total_spending(names)) * said.level
    assert steps["value_gbp"]["inflation"] == pytest.approx(0.1 * float(spent[second].sum()), rel=0.005)
    assert not steps["told"]["price above inflation"]


def test_children_counted_by_placement_under_a_name_of_the_register_are_the_mix(tmp_path):
    register = (
        "id,scheme,benefit,measure,unit,nature,owner,formula,source\n"
        "H,edge_of_care,Fewer in homes,in_homes,children,avoided,Head of care,children_looked_after.residential,903\n"
    )
    read = load_case(write_case(tmp_path, files={"benefits.csv": register}))
    homes = float(world(read, {})["children_looked_after.residential"][11, 0])
    rows = [Actual(period="2023-03-31", measure="in_homes", value=homes + 10, unit="children", source="903")]
    mix = steps_of(read, rows, "spending").loc["mix"]
    year = 10 * 4000 * 365 / 7 / 2  # ten more at the end and none at the start: five on average
    assert mix["value_gbp"] == pytest.approx(-year, rel=0.35)


def test_a_bridge_adds_up_to_the_penny(case):
    draws = sample(case, 200, 1)
    found = evidence(case, actuals(case, CAUSES["price above inflation"]))
    steps = bridged(found, draws)
    for _, part in steps.groupby("of"):
        pence = (part.set_index("step")["value_gbp"] * 100).round().astype(int)
        assert pence.drop("outturn").sum() == pence["outturn"]


def test_without_a_figure_nothing_is_learnt_and_every_draw_stays_where_it_was(case):
    draws = sample(case, 200, 1)
    found = evidence(case, [])
    learnt = learn(found, draws, found.expected(found.world(draws)), seed=1)
    assert learnt.effective == pytest.approx(200)
    assert learnt.learnt == ()
    assert np.array_equal(learnt.kept, np.arange(200))


def test_systematic_resampling_gives_each_draw_its_share_to_within_one():
    weights = np.array([0.5, 0.25, 0.125, 0.125, 0, 0, 0, 0])
    counts = np.bincount(resampled(weights, 3), minlength=8)
    assert np.abs(counts - 8 * weights).max() < 1
    assert counts.sum() == 8


def test_the_latest_word_stands_and_the_earlier_one_stays(tmp_path):
    rows = (
        "period,measure,value,unit,source,as_at,status\n"
        "2022-04,children_started,9,children,903,2022-06-01,provisional\n"
        "2022-04,children_started,4,children,903,2022-09-01,final\n"
    )
    read = load_case(write_case(tmp_path, files={"actuals.csv": rows}))
    (word,) = standing(read.actuals)
    assert [word.value, word.status, len(read.actuals)] == [4, "final", 2]
    assert np.isnan(shown(word)), "four children are too few to be printed"


def test_a_case_without_a_plan_says_how_to_freeze_one(case, tmp_path):
    with pytest.raises(InputProblems, match=r"none is frozen; python3 workbook.py model freeze"):
        track(replace(case, folder=tmp_path))


def test_eighty_per_cent_intervals_hold_the_truth_about_as_often_as_they_say(case):
    """The full check, 200 truths, is `benchmarks/tracking.py`; here enough to see an interval half or twice as wide."""
    share, intervals, _ = coverage(case, truths=24, draws=500)
    assert intervals > 60
    assert 0.68 < share < 0.93


def said_of(*rows):
    return [
        Actual(period=period, measure=measure, value=value, unit="children", source="made", status="final")
        for measure, period, value in rows
    ]


def test_months_that_are_told_twice_are_counted_once(case):
    months = [("children_started", f"2022-{month:02d}", 9.0) for month in range(4, 10)]
    year = ("children_started", "2022/23", 60.0)
    quarters = [("children_started", f"2022/23 Q{quarter}", 30.0) for quarter in (1, 2)]
    part = evidence(case, said_of(*months, year))
    assert [o.actual.value for o in part.observations] == [60], "six months leave half of the year out"
    assert len(part.again) == 6
    halves = evidence(case, said_of(*months, *quarters))
    assert [o.actual.value for o in halves.observations] == [9] * 6, "the months fill both quarters"
    assert [a.period for a in halves.again] == ["2022/23 Q1", "2022/23 Q2"]
    stock = [("children_looked_after", "2022-09-30", 350.0), ("children_looked_after", "2022-12-31", 351.0)]
    assert not evidence(case, said_of(*stock)).again, "two days are two looks"
