"""Small caseloads worked out on paper: short stays, levels between points, streams and the first year of a law."""

from dataclasses import replace

import numpy as np
import pytest

from model import load_case
from model.case.parameters import AGES, PLACEMENTS
from model.children.calibration import LeftWithin
from model.children.expected import project
from model.children.law import age_weights, care_weights
from model.children.levers import NO_LEVERS, Levers
from model.children.opening import table_of
from model.children.short import EXITS, natural_short, parted
from model.children.streams import streams_of
from tests.cases import write_case
from tests.children.known import (
    HOMES,
    IFA,
    INPUT_AGES,
    children_of,
    drivers,
    one_law,
    published,
    reduction,
    row,
    unconserved,
)

TEN = AGES.index("10_15")


# --- Short stays ---------------------------------------------------------------------------------------------------


def restless():
    """Entrants of ten to fifteen, some with an agency and some in homes, who move and leave, all at one rate."""
    law = one_law(0.2, {(IFA, HOMES): 0.1, (HOMES, IFA): 0.05})
    return children_of(law, entries={("10_15", IFA): 60.0, ("10_15", HOMES): 24.0})


@pytest.mark.parametrize("short", [0.3, 0.99])
def test_children_who_move_are_conserved_whoever_is_kept_at_home(short):
    world = project(restless(), drivers(), Levers(reductions=(reduction(0.5, short=short),))).projection
    assert unconserved(world) < 1e-9
    assert world.cells["move_out"].sum() > 1
    for measure in ("stock", "exit", "move_in", "move_out"):
        assert world.cells[measure].min() > -1e-9


def test_a_lever_that_keeps_short_stays_alone_leaves_all_who_stay_longer():
    """All come in the first month: from its sixth month's end on as many are there as without the lever."""
    stream, moved = children_of(one_law(0.3), entries={("10_15", IFA): 120.0}), drivers()
    moved.entry_scale[1:] = 0.0
    plain = project(stream, moved, NO_LEVERS).projection
    aimed, even = (
        project(stream, moved, Levers(reductions=(reduction(0.2, short=s),))).projection for s in (1.0, np.nan)
    )
    assert aimed.diverted.sum() == pytest.approx(0.2 * 10)
    np.testing.assert_allclose(aimed.stock[6:], plain.stock[6:], atol=1e-9)
    assert aimed.stock[1].sum() < plain.stock[1].sum() - 1
    np.testing.assert_allclose(even.stock, 0.8 * plain.stock, atol=1e-9)


def test_no_more_short_stays_are_kept_at_home_than_there_are():
    stream = children_of(one_law(0.02), entries={("10_15", IFA): 120.0})
    usual = natural_short(stream, np.ones(1))[TEN, IFA, 0]
    assert usual < 0.2
    aimed = project(stream, drivers(), Levers(reductions=(reduction(0.5, short=1.0),))).projection
    assert aimed.diverted.sum() == pytest.approx(usual * 120 / 12 * len(aimed.diverted), rel=1e-6)


# --- Levels between points -----------------------------------------------------------------------------------------


def weights_of(found, number):
    """Value -> what each point takes from it."""
    told = {}
    for points, weight, value in found:
        told[value] = np.zeros(number)
        told[value][points] += weight
    return told


def test_half_way_between_points_a_ninth_is_taken_back_from_those_beyond():
    """The cubic through four evenly spaced points, half way: -1/16, 9/16, 9/16, -1/16."""
    values = np.array([0.5, 0.7, 0.9, 1.1, 1.3])
    told = weights_of(parted(values, EXITS, 1), 5)
    assert [told[v][0] for v in (0.2, 0.4, 0.6, 0.8)] == pytest.approx([-1 / 16, 9 / 16, 9 / 16, -1 / 16])
    assert [told[v][3] for v in (0.8, 1.0, 1.2, 1.4)] == pytest.approx([-1 / 16, 9 / 16, 9 / 16, -1 / 16])
    assert sum(told.values()) == pytest.approx(np.ones(5))
    assert all(told[v][0] == 0 for v in told if v not in {0.2, 0.4, 0.6, 0.8})


def test_a_point_on_the_grid_takes_from_itself_alone_and_ends_have_four_points_too():
    ends = np.array([0.0, 0.1, 8.0, 10.0, 0.6])
    told = weights_of(parted(ends, EXITS, 1), 5)
    assert (told[0.0][0], told[10.0][3], told[0.6][4]) == pytest.approx((1, 1, 1))
    assert sum(told.values()) == pytest.approx(np.ones(5))
    for power in (1, 2, 3):  # a cubic is met exactly
        assert sum(told[v] * v**power for v in told) == pytest.approx(ends**power)


def test_a_value_that_most_points_share_is_worked_out_itself():
    values = np.array([0.7, 0.33, 0.33, 0.33])
    told = weights_of(parted(values, EXITS, 1), 4)
    np.testing.assert_allclose(told[0.33], [0, 1, 1, 1])
    even = weights_of(parted(np.array([0.7, 0.7, 0.33, 0.33]), EXITS, 1), 4)
    assert 0.33 not in even  # half of them are not most
    few = weights_of(parted(values, EXITS, 2), 4)
    assert sorted(few) == [0.33, 0.7]


# --- Weights of ages and of time in care -------------------------------------------------------------------------


def test_the_month_before_a_birthday_is_half_the_next_band_and_that_before_eighteen_is_half_itself():
    weights = age_weights()
    assert weights.shape == (216, 6)
    np.testing.assert_array_equal(weights[[0, 10, 12, 58]].argmax(axis=1), [0, 0, 1, 1])
    for last, before in ((11, 0), (59, 1), (95, 2), (119, 3), (191, 4)):
        np.testing.assert_array_equal(weights[last, before : before + 2], [0.5, 0.5])
        assert weights[last + 1, before + 1] == 1
    assert weights[215, 5] == 0.5
    assert weights[214, 5] == 1
    assert weights.sum() == 215.5


def test_children_cross_a_bound_of_time_in_care_half_way_through_a_month():
    weights = care_weights()
    assert weights.shape == (26, 4)
    for months, expected in ((0, [1, 0, 0, 0]), (5, [1, 0, 0, 0]), (6, [0.5, 0.5, 0, 0]), (7, [0, 1, 0, 0]),
                             (12, [0, 0.5, 0.5, 0]), (24, [0, 0, 0.5, 0.5]), (25, [0, 0, 0, 1])):  # fmt: skip
        np.testing.assert_array_equal(weights[months], expected)


# --- Streams -----------------------------------------------------------------------------------------------------


def uasc(folder, exits):
    """The streams of the small case with so many exits stated of its unaccompanied children, none where None."""
    path = folder / "caseload.csv"
    heading, *lines = path.read_text(encoding="utf-8").splitlines()
    at = heading.split(",").index("exits_annual")
    own = next(line.split(",") for line in lines if ",uasc," in line)
    own[at] = "" if exits is None else str(exits)
    none = [f"{age},supported_accommodation,uasc,0,0,0" + "," * (len(own) - 6) for age in INPUT_AGES[:-1]]
    kept = [line for line in lines if ",uasc," not in line]
    changed = [heading, *kept, ",".join(own), *(none if exits else [])]
    path.write_text("\n".join(changed) + "\n", encoding="utf-8")
    return streams_of(load_case(folder, "base"))


def test_unaccompanied_children_leave_as_all_do_unless_their_own_exits_are_stated(tmp_path):
    silent = uasc(write_case(tmp_path / "a"), None)
    assert silent.uasc.law is silent.general.law
    told = uasc(write_case(tmp_path / "b"), 3)
    assert not np.allclose(told.uasc.law.leaving, told.general.law.leaving)
    world = project(told.uasc, drivers(months=12), NO_LEVERS).projection
    assert world.exits_under_18.sum() == pytest.approx(3, abs=1e-4)


# --- The first year ------------------------------------------------------------------------------------------------


def first_year(stream):
    """Exits before 18 by the ages of `caseload.csv`, and eighteenth birthdays, of the first twelve months."""
    world = project(stream, drivers(months=12), NO_LEVERS).projection
    by_band = world.cells["exit"].sum(axis=(0, 2))
    by_age = [by_band[0], by_band[1], by_band[2] + by_band[3], by_band[4], by_band[5]]
    return by_age, world.exits_at_18.sum()


def test_the_first_year_gives_back_what_is_stated_age_by_age():
    by_age, at_18 = first_year(published())
    assert by_age[:4] == pytest.approx([5, 26, 17, 13], abs=0.05)
    assert by_age[4] - at_18 == pytest.approx(8, abs=0.05)
    assert at_18 == pytest.approx(32, abs=0.05)


def test_exits_stated_in_all_are_one_level_for_every_age_and_leave_out_those_who_turn_eighteen():
    rows = [row(age, "in_house_foster", 40, 10) for age in INPUT_AGES]
    stream = published([*rows, row("all", "all", exits=50), row("18", "all", exits=20)], left=None, seed={})
    by_age, at_18 = first_year(stream)
    assert sum(by_age) - at_18 == pytest.approx(30, abs=0.01)
    assert at_18 == pytest.approx(20, abs=0.01)
    assert np.ptp(stream.law.leaving[:, 0, 0]) == pytest.approx(0, abs=1e-12)
    assert np.ptp(stream.law.leaving[0, :, 0]) == pytest.approx(0, abs=1e-12)


def test_the_stated_shares_of_entrants_leave_within_six_twelve_and_twenty_four_months():
    """Entrants alone, none so old that a birthday ends it: who is still there of one month's entrants."""
    rows = [row("1_4", "in_house_foster", 400, 100, 150), *(row(a, "in_house_foster", 0, 0, 0) for a in INPUT_AGES[2:]),
            row("under_1", "in_house_foster", 0, 0, 0)]  # fmt: skip
    stream = published(rows, left=LeftWithin(shares=(0.2, 0.35, 0.5)), seed={})
    alone = replace(stream, opening=np.zeros_like(stream.opening))
    moved = drivers(months=26)
    moved.entry_scale[1:] = 0.0
    world = project(alone, moved, NO_LEVERS).projection
    came, there = world.entries.sum(), world.stock.sum(axis=(1, 2))
    # of those of a month's days half are there a stated number of months by its end, half by the end of the next
    for months, share in ((6, 0.2), (12, 0.35), (24, 0.5)):
        assert 1 - (there[months] + there[months + 1]) / 2 / came == pytest.approx(share, abs=0.01)


def test_an_age_without_children_has_no_places_to_hold():
    rows = [row(age, place, 0 if age == "under_1" else 30, 10, 5) for age in INPUT_AGES for place in PLACEMENTS[:2]]
    stream = published(rows, left=None, seed={})
    world = project(stream, drivers(), NO_LEVERS).projection
    assert np.isfinite(world.cells["stock"]).all()
    shares = world.cells["stock"][[0, -1], 4]
    assert shares[1, 0] / shares[1].sum() == pytest.approx(shares[0, 0] / shares[0].sum(), abs=0.02)


# --- From margins to tables ------------------------------------------------------------------------------------------


def test_children_stated_by_placement_alone_or_in_all_are_spread_as_the_seed_has_them():
    even = np.ones((len(INPUT_AGES), len(PLACEMENTS)))
    by_placement = table_of([row("all", "in_house_foster", 30), row("all", "ifa_foster", 10)], "children", even)
    np.testing.assert_allclose(by_placement[:, :3], [[6, 2, 0]] * 5)
    np.testing.assert_allclose(table_of([row("all", "all", 80)], "children", even), 2.0)
    by_age = table_of([row("under_1", "all", 16), row("1_4", "all", 8)], "children", even)
    np.testing.assert_allclose(by_age[:3], [[2.0] * 8, [1.0] * 8, [0.0] * 8])


# --- Rates as they are stated ----------------------------------------------------------------------------------------


def test_who_is_in_care_has_the_stated_shares_by_time_in_care_and_the_stated_mean_age():
    rates = [replace(row(age, "in_house_foster", 40, 20), leaving_rates=(1.2, 0.6, 0.5, 0.3)) for age in INPUT_AGES]
    told = [replace(row("10_15", "all"), care_shares=(0.3, 0.2, 0.1), mean_age_months=160.0)]
    stream = published([*rates, *told], left=None, seed={})
    there = stream.opening[120:192]  # months of age, whole months in care from row 1 on, placements
    by_care = there.sum(axis=(0, 2))
    bands = [by_care[:7].sum(), by_care[7:13].sum(), by_care[13:25].sum(), by_care[25:].sum()]
    assert bands == pytest.approx([12, 8, 4, 16], abs=1e-3)
    assert (there.sum(axis=(1, 2)) * (np.arange(120, 192) + 0.5)).sum() / 40 == pytest.approx(160, abs=1e-3)
    np.testing.assert_allclose(stream.law.leaving[TEN, :, 0], np.array([1.2, 0.6, 0.5, 0.3]) / 12)
