"""What a council publishes comes back: entries, exits, birthdays, early leavers and placements of the first years."""

import functools
import math
from dataclasses import replace

import numpy as np
import pytest

from model.case.parameters import AGES
from model.children.calibration import LeftWithin, stream_from_rows
from model.children.expected import project
from model.children.law import AGE_STARTS, EIGHTEEN, PLACEMENTS
from model.children.opening import CaseloadError, fit_table, smooth_ages
from tests.children.known import (
    HOMES,
    IFA,
    IN_HOUSE,
    INPUT_AGES,
    LEFT,
    MARGINS,
    SEED,
    P,
    drivers,
    published,
    row,
)


@functools.cache
def stream():
    return published()


@functools.cache
def world():
    return project(stream(), drivers()).projection


def test_the_opening_children_have_the_published_totals():
    opening = stream().opening
    assert opening.sum() == pytest.approx(351)
    assert opening.sum(axis=(0, 1)) == pytest.approx([80, 86, 75, 28, 24, 41, 4, 13])
    by_age = np.add.reduceat(opening.sum(axis=(1, 2)), AGE_STARTS)
    assert by_age == pytest.approx([20, 64, 65 * 0.6, 65 * 0.4, 134, 68])
    assert opening[:192, :, PLACEMENTS.index("supported_accommodation")].sum() == 0
    assert opening.min() >= 0


def test_entries_are_as_stated_and_spread_over_placements_as_the_stock_of_their_age_is():
    entries, there = stream().entries_annual, world().cells["stock"][0]
    assert entries.sum(axis=1) == pytest.approx([24, 15, 19 * 0.6, 19 * 0.4, 27, 18])
    np.testing.assert_allclose(entries / entries.sum(axis=1, keepdims=True), there / there.sum(axis=1, keepdims=True),
                               atol=1e-6)  # fmt: skip


def test_the_first_twelve_months_reproduce_the_published_entries_exits_and_birthdays():
    first = {m: getattr(world(), m)[:12].sum() for m in ("entries", "exits_under_18", "exits_at_18")}
    assert first == pytest.approx({"entries": 103, "exits_under_18": 69, "exits_at_18": 32}, abs=1e-3)
    exits = world().cells["exit"][:12].sum(axis=(0, 2))
    published_exits = [exits[0], exits[1], exits[2] + exits[3], exits[4], exits[5] - 32]
    assert published_exits == pytest.approx([5, 26, 17, 13, 8], abs=0.03)  # the band is that of the month's start


def left_within(found, months):
    """Of entrants of all ages, the share no longer in care after so many months, in small steps of time.

    Entry is in the middle of a month on average, so a boundary is met half a month either side, as the engine has it.
    """
    gone = total = 0.0
    rates = found.law.leaving[:, :, 0]
    for band, yearly in enumerate(found.entries_annual.sum(axis=1)):
        low, high = AGE_STARTS[band], [*AGE_STARTS[1:], EIGHTEEN][band]
        for i in range(24):
            age, out = low + (i + 0.5) * (high - low) / 24, 0.0
            for step in range(months * 20):
                care = (step + 0.5) / 20
                if age + care < EIGHTEEN:
                    at = sum(care >= start for start in (6, 12, 24))
                    out += rates[sum(age + care >= start for start in AGE_STARTS[1:]), at] / 20
            staying = math.exp(-out) if age + months < EIGHTEEN else 0.0
            gone += yearly / 24 * (1 - staying)
            total += yearly / 24
    return gone / total


@pytest.mark.parametrize(("months", "share"), list(zip((6, 12, 24), LEFT.shares, strict=True)))
def test_the_stated_shares_of_entrants_leave_early(months, share):
    assert left_within(stream(), months) == pytest.approx(share, abs=0.006)


def test_with_nothing_said_of_time_in_care_it_makes_no_difference():
    leaving = published(left=None).law.leaving
    np.testing.assert_array_equal(leaving, leaving[:, :1, :1] * np.ones_like(leaving))
    assert stream().law.leaving[4, 0, 0] > 2 * stream().law.leaving[4, 1, 0] > 2 * stream().law.leaving[4, 2, 0]


@pytest.mark.parametrize("month", [12, 24, 36])
def test_placements_keep_their_shares_within_every_age(month):
    """Exactly below 16. At 16 and 17 to three and a half in a hundred: those who turn 16 come from other homes."""
    cells = world().cells["stock"]
    shares = cells / cells.sum(axis=2, keepdims=True)
    assert np.abs(shares[month] - shares[0])[:-1].max() < 1e-3
    assert np.abs(shares[month] - shares[0])[-1].max() < 0.035


def test_stated_moves_are_used_as_stated_and_then_placements_may_drift():
    found = published([*MARGINS, row("all", "in_house_foster", moves={"residential": 8.0})])
    assert found.law.moving[:, IN_HOUSE, HOMES] == pytest.approx(np.full(len(AGES), 8 / 12 / 80))
    assert found.law.moving.sum() == pytest.approx(len(AGES) * 8 / 12 / 80)
    path = project(found, drivers()).projection
    assert path.cells["move_in"][:12, :, HOMES].sum() == pytest.approx(8, rel=0.1)
    assert path.stock[36, HOMES] > 1.3 * path.stock[0, HOMES]


def test_foster_homes_of_both_kinds_share_one_rate_of_moving_on_and_keep_the_moves_stated():
    found = published([*MARGINS, row("16_17", "in_house_foster", moves={"residential": 3.0}),
                       row("16_17", "ifa_foster", moves={"residential": 1.0})])  # fmt: skip
    rate, there = found.law.moving[5, [IN_HOUSE, IFA], HOMES], found.opening[192:, :, [IN_HOUSE, IFA]].sum(axis=(0, 1))
    assert rate[0] == pytest.approx(rate[1])
    assert 12 * (rate * there).sum() == pytest.approx(4)


def test_a_total_of_exits_alone_is_spread_at_one_rate():
    rows = [row("10_15", "residential", 60, 30), row("16_17", "residential", 24, 0), row("all", "all", exits=30)]
    found = published(rows, left=None, seed={})
    assert np.ptp(found.law.leaving) == pytest.approx(0.0, abs=1e-12)
    assert project(found, drivers()).projection.exits_under_18[:12].sum() == pytest.approx(30, abs=1e-3)


def test_joint_cells_are_taken_as_they_are():
    rows = [row("10_15", "residential", 60, 30, 12), row("16_17", "ifa_foster", 24, 6, 3),
            *(row(age, "all", exits=0) for age in INPUT_AGES[:3])]  # fmt: skip
    opening = published(rows, left=None, seed={}).opening
    assert (opening[120:192, :, HOMES].sum(), opening[192:, :, IFA].sum()) == pytest.approx((60, 24))
    assert opening.sum() == pytest.approx(84)


@pytest.mark.parametrize("k", [0.5, 3.0])
def test_a_caseload_k_times_as_large_has_the_same_law_and_k_times_the_children(k):
    def times(r):
        numbers = {n: None if (v := getattr(r, n)) is None else k * v
                   for n in ("children", "entries_annual", "exits_annual")}  # fmt: skip
        return replace(r, **numbers)

    found = published([times(r) for r in MARGINS])
    np.testing.assert_allclose(found.law.leaving, stream().law.leaving, rtol=1e-4)
    np.testing.assert_allclose(found.opening, k * stream().opening, atol=1e-4)


def test_ages_are_smooth_where_one_band_meets_the_next_and_hold_every_total():
    totals = np.array([20.0, 64, 40, 25, 134, 68])
    ages = smooth_ages(totals)
    assert np.add.reduceat(ages, AGE_STARTS) == pytest.approx(totals)
    assert ages.min() >= 0
    assert np.abs(np.diff(ages)[AGE_STARTS[1:] - 1]).max() < 0.15


def test_an_age_of_nobody_is_even_and_not_negative():
    ages = smooth_ages(np.array([100.0, 0.0, 0.0, 0.0, 0.0, 40.0]))
    assert ages.min() >= 0
    assert np.add.reduceat(ages, AGE_STARTS) == pytest.approx([100, 0, 0, 0, 0, 40])


# --- What is refused, and in which words ------------------------------------------------------------------------------


def refused(rows, words, seed=SEED):
    with pytest.raises(CaseloadError, match=words):
        published(rows, seed=seed)


def test_totals_that_contradict_each_other_are_refused_by_name():
    with pytest.raises(CaseloadError, match="5 children of age 16_17 cannot be placed"):
        fit_table(np.array([10.0, 0, 0, 0, 5]), np.array([15.0, *[0.0] * 7]), np.vstack([np.ones((4, 8)), np.zeros(8)]))


def test_more_exits_of_an_age_than_there_are_children_are_refused():
    refused([row("under_1", "all", 1, 0, 300), *MARGINS[1:]], "300 exits a year of age under_1 cannot come from the 1 ")


def test_exits_of_some_ages_only_are_refused():
    refused([r for r in MARGINS if r.age_band != "16_17"], "not for 16_17; state 0 where nobody leaves", seed={})


def test_more_eighteenth_birthdays_than_there_are_children_are_refused():
    rows = [row("18", "all", exits=200) if r.age_band == "18" else r for r in MARGINS]
    refused(rows, "200 children cannot turn 18 in the first year: there are 68 of 16 and 17")


def test_more_moves_than_there_are_children_are_refused():
    refused([*MARGINS, row("all", "residential", moves={"ifa_foster": 9000.0})], "move out of residential than are")


def test_shares_who_leave_early_that_no_exits_allow_bend_the_shape_but_not_the_exits():
    """Stated exits are counted and shares of entrants are national: where both cannot be, exits are what is kept."""
    found = stream_from_rows(MARGINS, seed=SEED, share_8_9=0.4, left=LeftWithin(shares=(0.7, 0.8, 0.9)))
    one = project(found, drivers()).projection
    assert one.exits_under_18[:12].sum() == pytest.approx(69, abs=0.01)
    assert found.opening.shape[2] == P
    assert len(AGES) == len(found.law.leaving)
