"""What is published of a return gives no count of one to five away, whoever sees every file of it and of the next."""

import io
from contextlib import redirect_stdout

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.__main__ import main
from model.case.parameters import AGE_BANDS, PLACEMENTS
from model.demand.privacy import hidden_cells, shown, shown_counts
from model.demand.rates import count_events
from model.demand.ssda903 import read_episodes
from tests.demand.synthetic import World, write_returns, write_tables
from tests.demand.test_ssda903 import returns, row

SMALL = range(1, 6)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=8))
@settings(max_examples=300, deadline=None)
def test_no_small_count_is_shown_or_can_be_worked_out(counts):
    counts = np.array(counts)
    hidden, told = hidden_cells(counts), shown_counts(counts, step=1)
    small = (counts > 0) & (counts < 6)
    if small.any() and counts[hidden].sum() < 6 * hidden.sum():  # nothing to hide them behind: the total alone
        total = counts.sum() if counts.sum() >= 6 else 0
        assert told == pytest.approx(np.full(len(counts), total / len(counts)))
        return
    assert not set(np.rint(told).astype(int)) & set(SMALL)
    assert told.sum() == pytest.approx(counts.sum())
    for at in np.flatnonzero(small):  # each could be any of one to five, the cell hidden beside it the rest
        for other in SMALL:
            twin = counts.copy()
            twin[at] = other
            twin[np.argmax(np.where(hidden, counts, 0))] -= other - counts[at]
            if (hidden_cells(twin) == hidden).all() and ((twin < 6) & (twin > 0) == small).all():
                assert shown_counts(twin, step=1) == pytest.approx(told)


@given(st.lists(st.integers(0, 60), min_size=2, max_size=6), st.lists(st.integers(0, 5), min_size=6, max_size=6))
@settings(max_examples=300, deadline=None)
def test_no_year_can_be_had_by_taking_one_returns_sums_off_the_next(counts, year):
    """Sums over years are told to the nearest five, so that their difference is none of one to five."""
    before = np.array(counts)
    after = before + np.array(year[: len(counts)])
    shown = [shown_counts(c) for c in (before, after)]
    plain = (before >= 6) & (after >= 6) & ~hidden_cells(before) & ~hidden_cells(after)
    assert not (np.abs(shown[1] - shown[0])[plain] % 5).any()


# Against whoever has every file --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dfe(tmp_path_factory):
    return write_tables(tmp_path_factory.mktemp("dfe"))


def published(dfe, folder, out):
    """Every file that is written of a return, and all that is said."""
    said = io.StringIO()
    words = ["demand", "--authority", "Northby", "--dfe", dfe, "--ssda903", folder, "--out", out]
    with redirect_stdout(said):
        assert main([str(word) for word in words]) == 0
    spoken = [line for line in said.getvalue().splitlines() if not line.startswith("wrote")]
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())} | {"said": spoken}


def of_few(folder, few, years):
    """Returns with `few` children in homes of the dozen in homes or with parents, and twenty in foster care."""
    born = {str(100_000 + n): f"15/06/{2006 + n % 12}" for n in range(60)}
    places = [("K2", "PR4")] * few + [("P1", "PR0")] * (12 - few) + [("U4", "PR1")] * 20
    rows = [row(100_000 + n, "01/05/2019", place=p, provider=q) for n, (p, q) in enumerate(places)]
    return returns(folder, dict.fromkeys(years, rows), born)


def test_no_byte_of_two_returns_folders_depends_on_a_count_of_one_to_five(dfe, tmp_path):
    """So nothing that anyone does with them can tell it: no rounding, no difference, no complement."""
    seen = []
    for few in (1, 3, 5):
        place = tmp_path / str(few)
        both = [of_few(place / last, few, years) for last, years in (("a", [2019]), ("b", [2019, 2020]))]
        seen.append([published(dfe, folder, place / f"{folder.name}-out") for folder in both])
    for other in seen[1:]:
        for first, own in zip(seen[0], other, strict=True):
            assert [name for name in first if first[name] != own[name]] == []


@pytest.mark.slow
def test_an_attacker_gets_no_hidden_count_of_a_lifelike_return_or_of_two(dfe, tmp_path):
    truths, files = [], []
    for name, years in (("first", 4), ("second", 5)):
        write_returns(tmp_path / "all", World(entries_annual=60.0), seed=5)
        _cut(tmp_path / "all", tmp_path / name, years)
        truths.append(count_events(read_episodes(tmp_path / name), uasc=False))
        published(dfe, tmp_path / name, tmp_path / f"{name}-out")
        files.append({n: pd.read_csv(tmp_path / f"{name}-out" / n) for n in ("caseload.csv", "forecast.csv")})
    for truth, own in zip(truths, files, strict=True):
        hidden = _small(truth.stock.sum(axis=2))
        assert hidden
        for attack in (_rounded, _complements, _month(0), _month(1), _extrapolated):
            found = attack(own)
            assert {key for key in hidden if round(found.get(key, -1)) == hidden[key]} == set(), attack
    new = _small(truths[1].entries.sum(axis=2) - truths[0].entries.sum(axis=2))
    sums = [_rounded(own, "entries_annual") for own in files]
    taken = {key: 5 * sums[1][key] - 4 * sums[0][key] for key in sums[1]}
    hit = [key for key in new if key in taken and round(taken[key]) == new[key]]
    assert len(new) >= 3
    assert len(hit) <= 1  # one may be met by luck


def _cut(source, folder, years):
    """Copy the first years of a stack."""
    folder.mkdir()
    for path in source.iterdir():
        frame = pd.read_csv(path, dtype=str)
        (frame[frame["YEAR"].astype(int) < 2019 + years] if "YEAR" in frame else frame).to_csv(
            folder / path.name, index=False
        )


def _small(table):
    """The counts of one to five of ages, placements and both."""
    found = dict(zip([(a, "all") for a in AGE_BANDS], table.sum(axis=1), strict=True))
    found |= dict(zip([("all", p) for p in PLACEMENTS], table.sum(axis=0), strict=True))
    found |= {(a, p): table[i, j] for i, a in enumerate(AGE_BANDS) for j, p in enumerate(PLACEMENTS)}
    return {key: round(count) for key, count in found.items() if round(count) in SMALL}


def _rounded(files, column="children"):
    frame = files["caseload.csv"].dropna(subset=[column])
    return {(r.age_band, r.placement): getattr(r, column) for r in frame.itertuples()}


def _complements(files):
    shown = _rounded(files)
    total = sum(n for (age, _), n in shown.items() if age == "all")
    kinds = {key: 0 if key[0] == "all" else 1 for key in shown}
    return {k: total - sum(n for o, n in shown.items() if o != k and kinds[o] == kinds[k]) for k in shown}


def _month(month):
    def attack(files):
        frame = files["forecast.csv"]
        frame = frame[(frame["month"] == month) & (frame["statistic"] == "mean")]
        return {(r.age_band, r.placement): r.children for r in frame.itertuples()}

    return attack


def _extrapolated(files):
    one, two = _month(1)(files), _month(2)(files)
    return {key: 2 * one[key] - two[key] for key in one}


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([6, 7, 30], []),  # six is the smallest that may be shown
        ([0, 6, 6], []),  # and nought is no child
        ([5, 7, 9, 40], [0, 1]),  # twelve are six for each of two: enough
        ([5, 6, 9, 40], [0, 1, 2]),  # eleven are not
    ],
)
def test_five_is_hidden_behind_six_for_each_and_six_is_not(counts, hidden):
    assert np.flatnonzero(hidden_cells(np.array(counts))).tolist() == hidden


def test_at_the_boundary_small_counts_are_told_as_six_and_below_it_the_total_alone():
    told = [shown_counts(np.array(counts), np.array([1.0, 2.0]), step=1) for counts in ([5, 7], [5, 6], [3, 3], [2, 3])]
    assert [row.tolist() for row in told] == [[6, 6], [pytest.approx(11 / 3), pytest.approx(22 / 3)], [2, 4], [0, 0]]
    assert [shown(count, internal=False) for count in (0, 1, 5, 6, 8)] == ["0", "c", "c", "5", "10"]
