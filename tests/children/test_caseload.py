"""Children are conserved, flows follow by hand, and levers do what their words say."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.case.records import CaseloadRow
from model.children.caseload import (
    AGES,
    IFA,
    IN_HOUSE,
    INPUT_AGES,
    PLACEMENTS,
    CaseloadError,
    Drivers,
    EntryReduction,
    FosterPlaces,
    Stream,
    fit_table,
    stream_from_rows,
)
from model.children.worlds import COMPILED_FROM
from tests.engine import project

MONTHS, A, P = 24, len(AGES), len(PLACEMENTS)


def row(age, placement, children=None, entries=None, exits=None, *, moves=None):
    return CaseloadRow(age_band=age, placement=placement, stream="general", children=children, entries_annual=entries,
                       exits_annual=exits, moves_annual=moves or {})  # fmt: skip


MARGINS = [
    row("under_1", "all", 20, 24, 5), row("1_4", "all", 64, 15, 26), row("5_9", "all", 65, 19, 17),
    row("10_15", "all", 134, 27, 13), row("16_17", "all", 68, 18, 8), row("18", "all", exits=32),
    row("all", "in_house_foster", 80), row("all", "ifa_foster", 86), row("all", "family_and_friends", 75),
    row("all", "residential", 28), row("all", "supported_accommodation", 24), row("all", "parents", 41),
    row("all", "adoption", 4), row("all", "other", 13),
]  # fmt: skip
SEED = {(age, "supported_accommodation"): 0.0 for age in INPUT_AGES[:-1]}


def stream():
    return stream_from_rows(MARGINS, seed=SEED, share_8_9=0.4)


def drivers(*, draws=1, months=MONTHS, entries=1.0, exits=1.0, chance=None):
    return Drivers(entry_scale=np.full((months, draws), entries), exit_scale=np.full(draws, exits), chance=chance)


def reduction(rate, draws=1, ages=("8_9", "10_15", "16_17"), fade=0.0, weights=None):
    aimed = np.array([age in ages for age in AGES], float)[:, None, None] * np.ones((A, P, draws))
    tilt = np.ones(P) if weights is None else np.array([weights.get(p, 1.0) for p in PLACEMENTS])
    return EntryReduction(rate=np.full((MONTHS, draws), rate), weights=aimed * tilt[:, None], fade=np.full(draws, fade))


def places(filled, share=1.0, limited=1.0, draws=1):
    path = np.broadcast_to(np.asarray(filled, float), (MONTHS,))[:, None] * np.ones(draws)
    return FosterPlaces(filled=path, transferring_share=np.full(draws, share), inflow_limited=np.full(draws, limited))


def unconserved(world):
    c = world.cells
    inflow = c["entry"] + c["move_in"] + c["age_in"]
    return np.abs(c["stock"][:-1] + inflow - c["exit"] - c["move_out"] - c["age_out"] - c["stock"][1:]).max()


def test_the_fitted_table_has_the_published_totals():
    fitted = stream().opening
    assert fitted.sum() == pytest.approx(351)
    assert fitted.sum(axis=0) == pytest.approx([80, 86, 75, 28, 24, 41, 4, 13])
    assert fitted[2] + fitted[3] == pytest.approx(fitted[2] / 0.6)
    assert fitted[:5, PLACEMENTS.index("supported_accommodation")].sum() == 0


def test_the_first_twelve_months_reproduce_the_published_entries_and_exits():
    world = project(stream(), drivers())
    assert world.entries[:12].sum() == pytest.approx(103)
    assert world.exits_under_18[:12].sum() == pytest.approx(69, abs=1e-4)
    assert world.exits_at_18[:12].sum() == pytest.approx(32, abs=1e-4)
    exits = world.cells["exit"][:12].sum(axis=(0, 2))
    assert exits[:2] == pytest.approx([5, 26], abs=1e-4)


def test_two_months_by_hand():
    """Two placements, ages 10-15 only. 72 children in homes, 24 entries and a hazard of 1/12: month by month."""
    opening, entries = np.zeros((A, P)), np.zeros((A, P))
    opening[4, 3], entries[4, 3] = 72, 24
    hazard, none = np.zeros(A), np.zeros((A, P, P))
    hazard[4] = 1 / 12
    ageing = np.array([0, 0, 0, 0, 1 / 72, 1 / 24])
    world = project(
        Stream(opening=opening, entries_annual=entries, exit_hazard=hazard, ageing_rate=ageing, move_hazard=none),
        drivers(),
    )
    # month 1: 72 - 6 out - 1 has a birthday + 2 in = 67; month 2: 67 - 67/12 - 67/72 + 2
    assert world.cells["stock"][1, 4, 3] == pytest.approx(67)
    assert world.cells["stock"][1, 5, 3] == pytest.approx(1)
    assert world.cells["stock"][2, 4, 3] == pytest.approx(67 - 67 / 12 - 67 / 72 + 2)
    assert world.cells["stock"][2, 5, 3] == pytest.approx(1 - 1 / 24 + 67 / 72)
    assert world.exits_at_18[:2, 0] == pytest.approx([0, 1 / 24])
    assert world.mean_stock[0, 3, 0] == pytest.approx((72 + 68) / 2)


@settings(max_examples=25, deadline=None)
@given(
    effect=st.floats(0, 1), fade=st.floats(0, 0.5), filled=st.floats(0, 150), share=st.floats(0, 1),
    limited=st.sampled_from([0.0, 1.0]), entries=st.floats(0, 3), exits=st.floats(0, 5),
)  # fmt: skip
def test_children_are_conserved_and_never_negative(*, effect, fade, filled, share, limited, entries, exits):
    path = np.linspace(0, filled, MONTHS)
    path[MONTHS // 2 :] /= 2  # half of the new homes close
    world = project(
        stream(),
        drivers(entries=entries, exits=exits),
        reductions=[reduction(effect, fade=fade), reduction(effect / 2, ages=AGES)],
        places=[places(path, share, limited)],
    )
    assert unconserved(world) < 1e-9
    for measure, cells in world.cells.items():
        assert cells.min() > -1e-9, measure


def test_moves_between_placements_are_conserved_and_happen_as_often_as_stated():
    rows = [*MARGINS, row("all", "in_house_foster", moves={"residential": 8.0})]
    world = project(stream_from_rows(rows, seed=SEED, share_8_9=0.4), drivers())
    assert unconserved(world) < 1e-9
    assert world.cells["move_in"][:12, :, 3].sum() == pytest.approx(8, rel=0.1)
    assert world.cells["move_out"][:, :, IN_HOUSE].sum() == pytest.approx(world.cells["move_in"][:, :, 3].sum())


def test_a_lever_of_nothing_changes_nothing():
    plain = project(stream(), drivers())
    same = project(stream(), drivers(), reductions=[reduction(0.0)], places=[places(0.0)])
    np.testing.assert_array_equal(plain.stock, same.stock)


def test_effects_on_one_flow_combine_by_what_they_leave():
    plain = project(stream(), drivers())
    both = project(stream(), drivers(), reductions=[reduction(0.2), reduction(0.5)])
    swapped = project(stream(), drivers(), reductions=[reduction(0.5), reduction(0.2)])
    older = plain.cells["entry"][:, 3:].sum(axis=(1, 2))
    assert both.cells["entry"][:, 3:].sum(axis=(1, 2)) == pytest.approx(older * 0.8 * 0.5)
    np.testing.assert_allclose(both.stock, swapped.stock)


def test_targeting_moves_the_effect_but_not_its_size():
    plain = project(stream(), drivers())
    even = project(stream(), drivers(), reductions=[reduction(0.1)])
    aimed = project(stream(), drivers(), reductions=[reduction(0.1, weights={"residential": 3.0})])
    assert aimed.diverted == pytest.approx(even.diverted)
    home = PLACEMENTS.index("residential")
    assert (aimed.cells["entry"] < even.cells["entry"] - 1e-9)[:, 4, home].all()
    assert aimed.cells["entry"][:, 4, home] == pytest.approx(
        plain.cells["entry"][:, 4, home] - 3 * (plain.cells["entry"] - aimed.cells["entry"])[:, 4, IFA]
        * (plain.cells["entry"][:, 4, home] / plain.cells["entry"][:, 4, IFA])
    )  # fmt: skip


def test_children_who_fade_back_enter_later_and_never_more_than_were_kept_out():
    kept = project(stream(), drivers(), reductions=[reduction(0.25)])
    faded = project(stream(), drivers(), reductions=[reduction(0.25, fade=0.05)])
    plain = project(stream(), drivers())
    assert faded.diverted == pytest.approx(kept.diverted)
    assert (faded.entries[1:] > kept.entries[1:]).all()
    assert (np.cumsum(faded.entries) <= np.cumsum(plain.entries) + 1e-9).all()


def test_new_places_fill_at_once_from_the_stock_where_inflow_is_not_limited():
    plain = project(stream(), drivers())
    moved = project(stream(), drivers(), places=[places(20.0, limited=0.0)])
    assert moved.stock[1:, IN_HOUSE] - plain.stock[1:, IN_HOUSE] == pytest.approx(np.full((MONTHS, 1), 20))
    np.testing.assert_allclose(moved.stock.sum(axis=1), plain.stock.sum(axis=1))


def test_new_places_fill_no_faster_than_children_start_in_an_ifa():
    plain = project(stream(), drivers())
    limited = project(stream(), drivers(), places=[places(60.0, share=0.5)])
    start = plain.cells["entry"][0, :, IFA].sum()
    assert limited.stock[1, IN_HOUSE] - plain.stock[1, IN_HOUSE] == pytest.approx(0.5 * start)
    assert limited.cells["entry"][:, :, IFA] == pytest.approx(plain.cells["entry"][:, :, IFA] * 0.5)
    assert limited.cells["move_in"].sum() == 0


def test_no_more_children_leave_the_ifas_than_are_there():
    world = project(stream(), drivers(), places=[places(500.0, limited=0.0)])
    assert world.stock[1:, IFA].min() >= 0
    assert world.stock[1, IFA] == pytest.approx(stream().entries_annual[:, IFA].sum() / 12)


@pytest.mark.parametrize("k", [0.5, 3.0])
def test_a_caseload_k_times_as_large_has_k_times_the_children(k):
    small, large = stream(), stream()
    large = replace(large, opening=k * large.opening, entries_annual=k * large.entries_annual)
    np.testing.assert_allclose(project(large, drivers()).stock, k * project(small, drivers()).stock)


def test_a_total_of_exits_alone_is_spread_at_one_hazard():
    rows = [row("10_15", "residential", 60, 30), row("16_17", "residential", 24, 0), row("all", "all", exits=40)]
    world = project(stream_from_rows(rows, seed={}, share_8_9=0.4), drivers())
    assert (world.exits_under_18 + world.exits_at_18)[:12].sum() == pytest.approx(40)


def test_joint_cells_are_taken_as_they_are():
    rows = [row("10_15", "residential", 60, 30, 12), row("16_17", "ifa_foster", 24, 6, 3),
            *(row(age, "all", exits=0) for age in INPUT_AGES[:3])]  # fmt: skip
    built = stream_from_rows(rows, seed={}, share_8_9=0.4)
    assert (built.opening[4, 3], built.opening[5, 1], built.opening.sum()) == (60, 24, 84)


def test_totals_that_contradict_each_other_are_refused_by_name():
    with pytest.raises(CaseloadError, match="16_17"):
        fit_table(np.array([10.0, 0, 0, 0, 5]), np.array([15.0, *[0.0] * 7]), np.vstack([np.ones((4, 8)), np.zeros(8)]))
    with pytest.raises(CaseloadError, match="under_1"):
        stream_from_rows([row("under_1", "all", 1, 0, 300), *MARGINS[1:]], seed=SEED, share_8_9=0.4)
    with pytest.raises(CaseloadError, match="not for 16_17"):
        stream_from_rows([r for r in MARGINS if r.age_band != "16_17"], seed={}, share_8_9=0.4)
    rows = [*MARGINS, row("all", "residential", moves={"ifa_foster": 9000.0})]
    with pytest.raises(CaseloadError, match="move out of residential"):
        stream_from_rows(rows, seed=SEED, share_8_9=0.4)


@pytest.mark.parametrize("draws", [1, COMPILED_FROM])
def test_children_in_new_places_move_on_like_the_others_and_are_followed_by_new_ones(draws):
    """Twenty places more are twenty children more, however often in-house children move somewhere else."""
    moving = stream_from_rows(
        [*MARGINS, row("16_17", "in_house_foster", moves={"supported_accommodation": 3.0})], seed=SEED, share_8_9=0.4
    )
    plain = project(moving, drivers(draws=draws))
    more = project(moving, drivers(draws=draws), places=[places(20.0, limited=0.0, draws=draws)])
    assert more.stock[1:, IN_HOUSE] - plain.stock[1:, IN_HOUSE] == pytest.approx(np.full((MONTHS, draws), 20))
    assert unconserved(more) < 1e-9 * draws


def test_foster_homes_of_both_kinds_share_one_chance_of_moving_on_and_keep_the_moves_stated():
    rows = [*MARGINS, row("16_17", "in_house_foster", moves={"residential": 3.0}),
            row("16_17", "ifa_foster", moves={"residential": 1.0})]  # fmt: skip
    found = stream_from_rows(rows, seed=SEED, share_8_9=0.4)
    chance, there = found.move_hazard[-1, [IN_HOUSE, IFA], 3], found.opening[-1, [IN_HOUSE, IFA]]
    assert chance[0] == pytest.approx(chance[1])
    assert 12 * (chance * there).sum() == pytest.approx(4)
