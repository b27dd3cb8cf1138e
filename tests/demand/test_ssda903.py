"""SSDA903 returns: cleaned by counted rules, hostile files, and nothing of a child in what is written or said."""

import datetime as dt
import io
import re
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.__main__ import main
from model.case.parameters import AGE_MONTHS, PLACEMENTS
from model.case.reading.problems import InputProblems
from model.children.streams import streams_of
from model.demand.episodes import OPEN, parse_days
from model.demand.forecast import written_case
from model.demand.rates import count_events, pool
from model.demand.ssda903 import read_episodes, year_named
from tests.demand.synthetic import World, day_of, write_returns, write_tables

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "data" / "ssda903"
needs_sample = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample returns are not beside the repository")
COLUMNS = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN"


def row(child, start, end="", *, place="U4", provider="PR1", status="C2", reason=""):
    return f"{child},{start},S,{status},N1,{place},{provider},{end},{reason},,AB1 2CD,EF3 4GH,1234567"


def returns(folder, years, born=None):
    """Write a folder a year; `born` child: date of birth (15/06/2010 for those not named)."""
    children = {r.split(",")[0] for rows in years.values() for r in rows}
    for year, rows in years.items():
        (folder / str(year)).mkdir(parents=True)
        (folder / str(year) / "episodes.csv").write_text("\n".join([COLUMNS, *rows]) + "\n")
        heads = [f"{c},1,{(born or {}).get(c, '15/06/2010')},WBRI,U{c}" for c in sorted(children)]
        (folder / str(year) / "header.csv").write_text("\n".join(["CHILD,SEX,DOB,ETHNIC,UPN", *heads]) + "\n")
        (folder / str(year) / "uasc.csv").write_text("CHILD,SEX,DOB,DUC\n")
    return folder


def rule(episodes, name):
    return episodes.log.counts.get(name, 0)


def test_dates_are_read_both_ways_round_and_nonsense_is_unknown():
    days = parse_days(
        pd.Series(["01/04/2020", "2020-04-01", "2020-04-01 00:00:00", "31/02/2020", "?", None], dtype="str")
    )
    assert days[:3].tolist() == [day_of(2020, 4, 1)] * 3
    assert (days[3:] < -1_000_000).all()


def test_an_episode_carried_through_three_returns_is_one(tmp_path):
    first, closed = row("100001", "01/05/2019"), row("100001", "01/05/2019", "10/06/2021", reason="E4A")
    episodes = read_episodes(returns(tmp_path, {2019: [first], 2020: [first], 2021: [closed]}))
    assert len(episodes.child) == 1
    assert episodes.end.tolist() == [day_of(2021, 6, 10)]
    assert rule(episodes, "carried_forward") == 2
    assert episodes.last_day == day_of(2022, 3, 31)


def test_the_label_may_be_the_year_a_return_ends(tmp_path):
    rows = [row("100001", "01/05/2019"), row("100002", "03/03/2020", "20/03/2020", reason="E4A")]
    assert read_episodes(returns(tmp_path, {2020: rows})).last_day == day_of(2020, 3, 31)


def test_a_stale_open_episode_is_closed_when_its_return_ends(tmp_path):
    years = {2019: [row("100001", "01/05/2019"), row("100002", "02/05/2019")], 2020: [row("100002", "02/05/2019")]}
    episodes = read_episodes(returns(tmp_path, years))
    assert rule(episodes, "stale_open") == 1
    assert episodes.summary["in_care"] == 1
    assert episodes.end[0] == day_of(2020, 3, 31)


def test_short_breaks_are_left_out(tmp_path):
    rows = [
        row("100001", "01/05/2019", status="V4"),
        row("100002", "01/05/2019", status="V3"),
        row("100003", "01/05/2019"),
    ]
    episodes = read_episodes(returns(tmp_path, {2019: rows}))
    assert rule(episodes, "short_break") == 2
    assert episodes.summary["in_care"] == 1


def test_overlaps_are_cut_and_no_day_of_care_is_lost(tmp_path):
    rows = [
        row("100001", "01/05/2019", "01/09/2019", reason="X1"),
        row("100001", "01/08/2019", "15/08/2019", place="K2", reason="E4A"),
    ]
    episodes = read_episodes(returns(tmp_path, {2019: rows}))
    assert episodes.end.tolist() == [day_of(2019, 8, 1), day_of(2019, 9, 1)]
    assert (rule(episodes, "overlap"), rule(episodes, "nested_overlap")) == (1, 1)


def test_same_day_episodes_survive(tmp_path):
    rows = [
        row("100001", "01/05/2019", "01/05/2019", place="K2", reason="X1"),
        row("100001", "01/05/2019", "01/06/2019", reason="E4A"),
    ]
    episodes = read_episodes(returns(tmp_path, {2019: rows}))
    assert len(episodes.child) == 2
    assert episodes.enters.tolist() == [True, False]


def test_a_mistyped_end_never_moves_the_last_day(tmp_path):
    rows = [row("100001", "01/05/2019", "01/06/2091", reason="E4A"), row("100002", "01/05/2019", "01/04/1919")]
    rows += [row(f"1000{n}", f"{n - 9:02d}/05/2019", f"{n - 9:02d}/09/2019", reason="E4A") for n in range(10, 30)]
    episodes = read_episodes(returns(tmp_path, {2019: rows}))
    assert episodes.last_day == day_of(2020, 3, 31)
    assert rule(episodes, "end_after_return") == 1
    assert rule(episodes, "end_before_start") == 1
    assert episodes.summary["in_care"] == 1


def test_impossible_births_count_as_unknown_and_keep_their_child(tmp_path):
    rows = [row("100001", "01/05/2019"), row("100002", "01/05/2019"), row("100003", "01/05/2019")]
    born = {"100001": "15/06/2030", "100002": "01/01/1950"}
    episodes = read_episodes(returns(tmp_path, {2019: rows}, born))
    assert rule(episodes, "impossible_dob") == 2
    events = count_events(episodes, uasc=False)
    assert events.stock.sum() == pytest.approx(3)
    assert events.stock[2:4].sum() == pytest.approx(3)


def test_care_ends_on_the_eighteenth_birthday(tmp_path):
    episodes = read_episodes(returns(tmp_path, {2019: [row("100001", "01/05/2019")]}, {"100001": "10/10/2001"}))
    assert episodes.end.tolist() == [day_of(2019, 10, 10)]
    events = count_events(episodes, uasc=False)
    assert (events.exits.sum(), events.stock.sum()) == (0, 0)


def test_codes_map_to_our_placements(tmp_path):
    places = [("U4", "PR1"), ("U6", "PR2"), ("U5", "PR3"), ("U4", "PR4"), ("U6", "PR5"), ("U1", "PR1"), ("K2", "PR4")]
    places += [("S1", "PR4"), ("H5", "PR4"), ("P2", "PR1"), ("P1", "PR0"), ("A4", "PR1"), ("Z1", "PR1"), ("QQ", "PR1")]
    rows = [row(100_000 + n, "01/05/2019", place=p, provider=q) for n, (p, q) in enumerate(places)]
    episodes = read_episodes(returns(tmp_path, {2019: rows}))
    expected = ["in_house_foster"] * 3 + ["ifa_foster"] * 2 + ["family_and_friends"] + ["residential"] * 2
    expected += ["supported_accommodation"] * 2 + ["parents", "adoption", "other", "other"]
    assert [PLACEMENTS[p] for p in episodes.placement] == expected
    assert rule(episodes, "unknown_place") == 1


def test_a_missing_provider_follows_the_child_else_the_councils_split(tmp_path):
    rows = [
        row("100001", "01/05/2019", "01/06/2019", provider="PR4", reason="X1"),
        row("100001", "01/06/2019", provider=""),
        row("100002", "01/05/2019", provider="PR1"),
        row("100003", "01/05/2019", provider=""),
        row("100004", "01/05/2019", provider=""),
    ]
    episodes = read_episodes(returns(tmp_path, {2019: rows}))
    names = [PLACEMENTS[p] for p in episodes.placement]
    assert names[:2] == ["ifa_foster", "ifa_foster"]
    assert sorted(names[3:]) == ["ifa_foster", "in_house_foster"]
    assert rule(episodes, "no_provider") == 3


def test_exposure_is_counted_by_age_and_time_in_care(tmp_path):
    # In care from 1 April 2019 to 31 March 2020 (366 days with the leap day); ten on 1 October 2019.
    episodes = read_episodes(returns(tmp_path, {2019: [row("100001", "01/04/2019")]}, {"100001": "01/10/2009"}))
    exposure = count_events(episodes, uasc=False).exposure * 365.25
    assert exposure.sum() == pytest.approx(366)
    assert exposure[2].sum() == pytest.approx(183)
    assert exposure[3].sum() == pytest.approx(183)
    assert exposure[:, :, 0].sum() == pytest.approx(183)


def test_shuffled_and_duplicated_rows_change_nothing_but_the_count(tmp_path):
    write_returns(tmp_path / "plain", World(entries_annual=60), seed=3)
    write_returns(tmp_path / "mixed", World(entries_annual=60), seed=3)
    path = tmp_path / "mixed" / "episodes.csv"
    frame = pd.read_csv(path, dtype=str)
    pd.concat([frame, frame]).sample(frac=1, random_state=1).to_csv(path, index=False)
    plain, mixed = read_episodes(tmp_path / "plain"), read_episodes(tmp_path / "mixed")
    for one, other in ((plain, mixed),):
        a, b = count_events(one, uasc=False), count_events(other, uasc=False)
        for name in ("stock", "exposure", "exits", "moves", "entries"):
            assert getattr(a, name) == pytest.approx(getattr(b, name))
    # Copies that an older return carries are counted as carried forward, the rest as duplicates.
    assert rule(mixed, "exact_duplicate") + rule(mixed, "carried_forward") - rule(plain, "carried_forward") == len(
        frame
    )


def test_no_episodes_overlap_after_cleaning_whatever_the_return(tmp_path):
    rng = np.random.default_rng(5)
    rows = []
    for _ in range(400):
        start = np.datetime64("2019-04-01") + int(rng.integers(0, 360))
        end = start + int(rng.integers(-20, 200))
        text = "" if rng.random() < 0.3 else pd.Timestamp(end).strftime("%d/%m/%Y")
        rows.append(row(100_000 + int(rng.integers(0, 60)), pd.Timestamp(start).strftime("%d/%m/%Y"), text))
    episodes = read_episodes(returns(tmp_path, {2019: rows[:200], 2020: rows[200:]}))
    same = episodes.child[1:] == episodes.child[:-1]
    assert (episodes.end[:-1][same] <= episodes.start[1:][same]).all()
    assert (episodes.end >= episodes.start).all()
    assert (episodes.end[:-1][same] < OPEN).all()


@pytest.mark.parametrize("column", ["CHILD", "DECOM", "DEC", "PLACE"])
def test_a_missing_column_is_named_and_nothing_else(tmp_path, column):
    folder = returns(tmp_path, {2019: [row("100001", "01/05/2019")]})
    path = folder / "2019" / "episodes.csv"
    pd.read_csv(path, dtype=str).drop(columns=column).to_csv(path, index=False)
    with pytest.raises(InputProblems, match=rf"2019/episodes\.csv: column {column} missing") as caught:
        read_episodes(folder)
    assert "100001" not in str(caught.value)


@pytest.mark.parametrize("column", ["LS", "PLACE_PROVIDER", "REC", "RNE", "HOME_POST"])
def test_a_column_that_can_be_spared_is_missed_aloud(tmp_path, column):
    folder = returns(tmp_path, {2019: [row("100001", "01/05/2019")]})
    path = folder / "2019" / "episodes.csv"
    pd.read_csv(path, dtype=str).drop(columns=column).to_csv(path, index=False)
    episodes = read_episodes(folder)
    assert episodes.summary["in_care"] == 1
    assert any(column in w for w in episodes.log.warnings) == (column in {"LS", "PLACE_PROVIDER"})


@pytest.mark.parametrize("name", ["episodes.csv", "header.csv"])
def test_an_empty_file_is_an_error_that_says_so(tmp_path, name):
    folder = returns(tmp_path, {2019: [row("100001", "01/05/2019")]})
    (folder / "2019" / name).write_text("")
    with pytest.raises(InputProblems, match="the file is empty"):
        read_episodes(folder)


def test_a_return_without_rows_and_one_same_day_episode_both_give_an_empty_caseload(tmp_path):
    empty = read_episodes(returns(tmp_path / "none", {2019: []}))
    assert len(empty.child) == 0
    events = count_events(empty, uasc=False)
    assert events.stock.sum() == 0
    one = returns(tmp_path / "one", {2019: [row("100001", "01/05/2019", "01/05/2019", reason="E4A")]})
    events = count_events(read_episodes(one), uasc=False)
    assert events.stock.sum() == 0
    rates = pool(events.exits, events.exposure)
    assert np.isfinite(rates).all()
    assert (rates > 0).all()


def test_windows_text_and_byte_marks_are_read(tmp_path):
    folder = returns(tmp_path, {2019: [row("100001", "01/05/2019")]})
    path = folder / "2019" / "episodes.csv"
    path.write_bytes(path.read_text().replace("AB1 2CD", "café £").encode("cp1252"))
    head = folder / "2019" / "header.csv"
    head.write_bytes(b"\xef\xbb\xbf" + head.read_bytes())
    assert read_episodes(folder).summary["in_care"] == 1


# As returns come -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("2021-22", (2021, True)), ("SSDA903_202122", (2021, True)), ("return 21-22", (2021, True)),
        ("2021_2022", (2021, True)), ("2021", (2021, False)), ("episodes 2024-06-03", (0, False)),
        ("2021-22 exported 03-06-2024", (2021, True)), ("header", (0, False)), ("20240603", (0, False)),
    ],
)  # fmt: skip
def test_the_year_that_a_folder_is_named_for(name, said):
    assert year_named(name) == said


@pytest.mark.parametrize("names", [("2021-22", "2022-23"), ("202122", "202223"), ("return 21-22", "return 22-23")])
def test_returns_named_for_financial_years_end_with_the_last_of_them(tmp_path, names):
    first = [row(100_000 + n, "01/05/2021") for n in range(10)]
    folder = returns(tmp_path, {names[0]: [*first, row(200_000, "01/06/2021")], names[1]: first})
    for year in names:  # the day of the export says nothing
        path = folder / year / "episodes.csv"
        path.rename(path.with_name("episodes 2024-06-03.csv"))
    episodes = read_episodes(folder)
    assert episodes.last_day == day_of(2023, 3, 31)
    assert (episodes.summary["in_care"], episodes.summary["stale_open"]) == (10, 1)


def test_other_files_of_a_return_are_left_aside_and_two_of_a_kind_are_refused(tmp_path):
    folder = returns(tmp_path, {2019: [row("100001", "01/05/2019")]})
    (folder / "2019" / "sw_episodes.csv").write_text("CHILD,DOB,SW_ID,SW_DECOM\n100001,15/06/2010,A,01/05/2019\n")
    assert read_episodes(folder).summary["in_care"] == 1
    path = folder / "2019" / "episodes.csv"
    (folder / "2019" / "Episodes final.CSV").write_text(path.read_text())
    with pytest.raises(InputProblems, match=r"2 files of episodes for one return"):
        read_episodes(folder)


def test_a_return_is_read_from_a_zip(tmp_path):
    folder = returns(tmp_path / "all", {2019: [row("100001", "01/05/2019")]})
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in folder.rglob("*.csv"):
            archive.write(path, path.relative_to(folder).as_posix())
    assert read_episodes(tmp_path / "all.zip").summary["in_care"] == 1


@pytest.mark.parametrize(
    "texts",
    [
        ("03/05/2019", "25/05/2019"), ("3/5/2019 00:00", "25/5/2019 00:00"), ("03-May-19", "25-May-19"),
        ("43588", "43610"), ("5/3/2019", "5/25/2019"), ("2019-05-03T00:00:00", "2019-05-25"),
        ("03.05.2019", "25.05.2019"),
    ],
)  # fmt: skip
def test_dates_are_read_as_a_spreadsheet_writes_them(texts):
    assert parse_days(pd.Series(texts, dtype="str")).tolist() == [day_of(2019, 5, 3), day_of(2019, 5, 25)]


def test_a_return_of_which_much_would_be_lost_is_refused_with_the_reason_and_a_cell(tmp_path):
    rows = [row(100_000 + n, "01/05/2019" if n % 10 else "May time") for n in range(100)]
    folder = returns(tmp_path / "dates", {2019: rows})
    with pytest.raises(InputProblems, match=r"column DECOM: 10 of 100 rows: .*such as 'May time'") as caught:
        read_episodes(folder)
    assert "100000" not in str(caught.value)
    folder = returns(tmp_path / "children", {2019: [row("4.1E+11", "01/05/2019") for _ in range(5)]})
    with pytest.raises(InputProblems, match="a spreadsheet shortened"):
        read_episodes(folder)
    folder = returns(tmp_path / "quote", {2019: [row(100_000 + n, "01/05/2019") for n in range(100)]})
    path = folder / "2019" / "episodes.csv"
    path.write_text(path.read_text().replace("100040,", '100040,"', 1))
    with pytest.raises(InputProblems, match="a quotation mark that is never closed"):
        read_episodes(folder)


def test_identifiers_that_name_several_children_are_refused(tmp_path):
    """As where a spreadsheet rounded them to fifteen digits."""
    rows = [row("410000000012345000", f"{n % 28 + 1:02d}/05/2019", place=("U4", "K2")[n // 28]) for n in range(56)]
    folder = returns(tmp_path, {2019: rows})
    with pytest.raises(InputProblems, match="are the identifiers in CHILD whole"):
        read_episodes(folder)


def test_dates_are_read_file_by_file(tmp_path):
    """One year's file may have been saved on an American computer."""
    first = [row(100_000 + n, f"{n + 1:02d}/05/2019") for n in range(20)]
    second = [row(100_000 + n, f"05/{n + 1:02d}/2019") for n in range(20)]
    episodes = read_episodes(returns(tmp_path, {"2019-20": first, "2020-21": second}))
    assert episodes.start.tolist() == [day_of(2019, 5, n + 1) for n in range(20)]
    assert rule(episodes, "carried_forward") == 20


@pytest.mark.parametrize(("file", "column"), [("header", "DOB"), ("episodes", "DEC"), ("uasc", "DUC")])
def test_dates_lost_in_any_file_are_refused_by_its_name(tmp_path, file, column):
    folder = returns(tmp_path, {2019: [row(100_000 + n, "01/05/2019", "02/06/2019") for n in range(50)]})
    (folder / "2019" / "uasc.csv").write_text(
        "CHILD,SEX,DOB,DUC\n" + "".join(f"{100_000 + n},1,15/06/2010,01/11/2019\n" for n in range(50))
    )
    path = folder / "2019" / f"{file}.csv"
    frame = pd.read_csv(path, dtype=str)
    frame.loc[:4, column] = "around Easter"
    frame.to_csv(path, index=False)
    with pytest.raises(InputProblems, match=rf"2019/{file}\.csv: column {column}: 5 of 50 rows: .*'around Easter'"):
        read_episodes(folder)


def test_the_council_asked_for_is_the_one_in_the_data(tmp_path):
    folder = returns(tmp_path, {2019: [row("100001", "01/05/2019"), row("100002", "01/05/2019")]})
    for name in ("episodes", "header"):
        path = folder / "2019" / f"{name}.csv"
        frame = pd.read_csv(path, dtype=str)
        frame.assign(LA=["Northby", "Southby"][: len(frame)]).to_csv(path, index=False)
    assert read_episodes(folder, authority="northby").summary["in_care"] == 1
    with pytest.raises(InputProblems, match="the returns hold Northby, Southby"):
        read_episodes(folder, authority="Bury")


def test_a_child_is_unaccompanied_until_the_day_its_status_ceased(tmp_path):
    rows = [row(100_000 + n, "01/05/2019") for n in range(4)]
    folder = returns(tmp_path, {2019: rows})
    (folder / "2019" / "uasc.csv").write_text(
        "CHILD,SEX,DOB,DUC\n100000,1,15/06/2010,01/11/2019\n100001,1,15/06/2010,\n"
    )
    episodes = read_episodes(folder)
    assert [count_events(episodes, uasc=flag).stock.sum() for flag in (True, False)] == [1, 3]
    uasc, others = (count_events(episodes, uasc=flag) for flag in (True, False))
    # One all year from 1 May (336 days with the leap day), one to 1 November (184 days); nobody left or moved.
    assert uasc.exposure.sum() * 365.25 == pytest.approx(336 + 184)
    assert others.exposure.sum() * 365.25 == pytest.approx(3 * 336 - 184)
    assert uasc.entries.sum() + others.entries.sum() == 4
    assert [events.exits.sum() + events.moves.sum() for events in (uasc, others)] == [0, 0]


# What leaves the machine ---------------------------------------------------------------------------------------------


def run(*words):
    """Run the command line; return (status, everything said)."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        status = main([str(w) for w in words])
    return status, said.getvalue()


def identifiers(folder):
    """Every child identifier, UPN, postcode and home's number in a folder of returns."""
    found = set()
    for path in folder.rglob("*.csv"):
        if not path.read_text().strip():
            continue
        frame = pd.read_csv(path, dtype=str)
        for column in {"CHILD", "UPN", "HOME_POST", "PL_POST", "MOTHER", "URN"} & set(frame.columns):
            found |= set(frame[column].dropna())
    return {text for text in found if len(text) >= 4}


def words_of(text):
    text = re.sub(r"\d+\.\d+", "", text)  # the decimals of a rate are no identifier
    return set(re.findall(r"[A-Za-z0-9 ]+", text)) | set(re.findall(r"[A-Za-z0-9]+", text))


@pytest.mark.parametrize("flag", [[], ["--internal"]])
def test_no_identifier_of_a_return_is_written_or_said(tmp_path, flag):
    write_tables(_made(tmp_path / "dfe"))
    folder = tmp_path / "returns"
    write_returns(folder, World(entries_annual=40), seed=2)
    _check_no_identifier(tmp_path, folder, flag, tmp_path / "dfe", "Northby")


@needs_sample
@pytest.mark.parametrize(("sample", "authority"), [("regional-sample", "Bromley"), ("d2i-sample", "Bury")])
def test_no_identifier_of_the_samples_is_written_or_said(tmp_path, sample, authority):
    _check_no_identifier(tmp_path, SAMPLES / sample, [], SAMPLES.parent / "dfe", authority)


def _made(folder):
    folder.mkdir()
    return folder


def _check_no_identifier(tmp_path, folder, flag, dfe, authority):
    out = tmp_path / "out"
    words = ["demand", "--authority", authority, "--dfe", dfe, "--ssda903", folder, "--out", out, *flag]
    status, said = run(*words)
    assert status == 0
    written = said + "\n".join(path.read_text() for path in out.iterdir())
    assert not identifiers(folder) & words_of(written)
    assert (out / ".gitignore").read_text() == "*\n"


def test_small_observed_counts_are_withheld_unless_internal(tmp_path):
    write_tables(_made(tmp_path / "dfe"))
    rows = [row(100_000 + n, "01/05/2019") for n in range(20)]
    rows += [row(200_000 + n, "01/05/2019", place="K2", provider="PR4") for n in range(3)]
    rows += [row(300_000 + n, "01/05/2019", place="P1", provider="PR0") for n in range(9)]
    folder = returns(tmp_path / "returns", {2019: rows})
    words = ["demand", "--authority", "Northby", "--dfe", tmp_path / "dfe", "--ssda903", folder, "--out"]
    run(*words, tmp_path / "open")
    run(*words, tmp_path / "inside", "--internal")
    inside = pd.read_csv(tmp_path / "inside" / "caseload.csv")
    assert inside.loc[inside["placement"] == "residential", "children"].sum() == 3
    shared = pd.read_csv(tmp_path / "open" / "caseload.csv")
    assert shared.loc[(shared["age_band"] != "all") & (shared["placement"] != "all"), "children"].isna().all()
    by_placement = shared[shared["age_band"] == "all"].set_index("placement")["children"]
    # The three are told as six, taken off the next smallest, which is hidden with them; the total stays.
    assert by_placement[["in_house_foster", "residential", "parents"]].tolist() == [20, 6, 6]
    assert by_placement.sum() == 32


@pytest.mark.parametrize("flag", [[], ["--internal"]])
def test_the_caseload_of_returns_is_one_the_engine_takes(tmp_path, flag):
    """What `demand` writes is read as any case's files are, and its year is what its rates give."""
    write_tables(_made(tmp_path / "dfe"))
    write_returns(tmp_path / "returns", World(entries_annual=100), seed=4)
    words = ["demand", "--authority", "Northby", "--dfe", tmp_path / "dfe", "--ssda903", tmp_path / "returns"]
    assert run(*words, "--out", tmp_path / "out", *flag)[0] == 0
    files = {name: pd.read_csv(tmp_path / "out" / name) for name in ("caseload.csv", "assumptions.csv")}
    case = written_case(files, dt.date(2024, 4, 1))
    stream = streams_of(case).general
    assert stream.years_seen == 5.0, "where children go was counted over the five returns"
    in_care = read_episodes(tmp_path / "returns").summary["in_care"]
    assert stream.opening.sum() == pytest.approx(in_care, abs=0.1)
    frame = files["caseload.csv"]
    ages = frame[(frame["placement"] == "all") & frame["mean_age_months"].notna()].set_index("age_band")
    months = np.arange(216) + 0.5
    assert len(ages) >= 4
    for band in ages.index:
        low, high = AGE_MONTHS[band]
        here = stream.opening[low:high].sum(axis=(1, 2))
        assert (here * months[low:high]).sum() / here.sum() == pytest.approx(ages.loc[band, "mean_age_months"], abs=0.6)


@needs_sample
@pytest.mark.parametrize(("sample", "no_header"), [("regional-sample", 248), ("d2i-sample", 0)])
def test_the_samples_cleaned_stock(sample, no_header):
    episodes = read_episodes(SAMPLES / sample)
    assert episodes.summary["open_at_last_return"] == 62
    assert episodes.summary["stale_open"] == 24
    assert episodes.summary["of_which_short_breaks"] == 7
    assert episodes.summary["in_care"] == 55
    assert rule(episodes, "no_header") == no_header
    assert episodes.last_day == day_of(2022, 3, 31)
