"""DfE tables: both generations of columns, suppression inside totals, one authority's caseload."""

import datetime as dt
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.case.parameters import AGE_BANDS, PLACEMENTS
from model.case.reading.problems import InputProblems
from model.children.expected import project
from model.children.levers import Drivers
from model.children.streams import streams_of
from model.demand import build
from model.demand.authority import authority_caseload, caseload_frame, split_by_provider, uasc_placements
from model.demand.build import demand_from_tables, feasible, tables_demand
from model.demand.codes import demand_settings, named, read_reference
from model.demand.dfe import find_authority, impute_suppressed, read_dfe
from model.demand.forecast import forecast, written_case
from model.demand.layout import parse_counts, table_in
from model.demand.levels import Level, assumption_rows, pooled_flows, spread_between, younger_infants
from tests.demand.synthetic import STOCK, write_tables

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "dfe"
needs_sample = pytest.mark.skipif(not SAMPLE.is_dir(), reason="DfE's tables are not beside the repository")


def test_both_generations_of_columns_read_alike(tmp_path):
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    old = read_dfe(write_tables(tmp_path / "old"))
    new = read_dfe(write_tables(tmp_path / "new", new_names=True))
    pd.testing.assert_frame_equal(old.counts, new.counts)
    pd.testing.assert_frame_equal(old.totals, new.totals)
    assert old.authorities == ("Eastham", "Northby", "Southby", "Westham")


def _change(folder, name, change):
    path = folder / f"{name}.csv"
    change(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(path, index=False)


@pytest.mark.parametrize("names", [("characteristic", "breakdown", "children_count"), ("topic", "part", "n")])
def test_a_table_is_known_by_what_its_columns_hold(tmp_path, names):
    """DfE's release of 2025 calls the groups characteristic and the characteristics breakdown."""
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
        write_tables(tmp_path / folder)
    heads = dict(zip(("cla_group", "characteristic", "number"), names, strict=True))
    for name in ("characteristics", "started", "ceased"):
        _change(tmp_path / "new", name, lambda frame: frame.rename(columns=heads))
    pd.testing.assert_frame_equal(read_dfe(tmp_path / "old").counts, read_dfe(tmp_path / "new").counts)


def test_a_release_is_read_from_its_zip_without_its_national_and_hidden_files(tmp_path):
    (tmp_path / "made").mkdir()
    folder = write_tables(tmp_path / "made")
    national = pd.read_csv(folder / "started.csv", dtype=str).query("geographic_level == 'National'")
    with zipfile.ZipFile(tmp_path / "release.zip", "w") as archive:
        for path in folder.glob("*.csv"):
            archive.write(path, f"data/{path.name}")
        archive.writestr("data/a national table.csv", national.to_csv(index=False))
        archive.writestr("__MACOSX/data/._started.csv", "nothing")
    pd.testing.assert_frame_equal(read_dfe(tmp_path / "release.zip").counts, read_dfe(folder).counts)


def test_of_two_downloads_of_a_table_the_newer_counts_and_mixed_releases_are_refused(tmp_path):
    write_tables(tmp_path)
    started = pd.read_csv(tmp_path / "started.csv", dtype=str)
    started.to_csv(tmp_path / "started (1).csv", index=False)
    started[started["time_period"] < "2023"].to_csv(tmp_path / "started.csv", index=False)
    tables = read_dfe(tmp_path)
    assert tables.files["starts"] == "started (1).csv"
    assert any("left aside" in note for note in tables.notes)
    (tmp_path / "started (1).csv").unlink()
    with pytest.raises(InputProblems, match=r"different releases .*started\.csv to 2022"):
        read_dfe(tmp_path)


def test_a_count_that_rounds_to_nothing_is_nothing_and_an_unknown_symbol_is_named(tmp_path):
    def with_mark(mark):
        def change(frame):
            hit = (frame["la_name"] == "Northby") & (frame["time_period"] == "2023")
            frame.loc[hit & (frame["characteristic"] == "Residential schools"), "number"] = mark
            return frame

        return change

    write_tables(tmp_path)
    before = authority_caseload(read_dfe(tmp_path), "Northby").stock_by_placement
    _change(tmp_path, "characteristics", with_mark("k"))
    assert authority_caseload(read_dfe(tmp_path), "Northby").stock_by_placement == before
    _change(tmp_path, "characteristics", with_mark("q"))
    with pytest.raises(InputProblems, match=r"characteristics\.csv: column number: 'q' in 1 cells is no symbol"):
        read_dfe(tmp_path)


def test_parts_that_do_not_add_up_to_the_printed_total_are_refused_and_the_strange_one_is_named(tmp_path):
    write_tables(tmp_path)
    _change(tmp_path, "characteristics", lambda frame: frame.replace("10 to 15 years", "10 to 15"))
    with pytest.raises(InputProblems, match=r"the parts hold 193 children and the printed total is 321; .*'10 to 15'"):
        authority_caseload(read_dfe(tmp_path), "Northby")


def test_a_row_of_no_year_is_refused(tmp_path):
    write_tables(tmp_path)
    path = tmp_path / "started.csv"
    path.write_text(path.read_text().replace("2023,", "of late,", 1))
    with pytest.raises(InputProblems, match=r"started\.csv: column time_period: 'of late' in 1 cells is no year"):
        read_dfe(tmp_path)


def test_what_matches_no_category_is_counted_and_named_even_where_it_is_too_little_to_refuse(tmp_path):
    write_tables(tmp_path)
    _change(tmp_path, "characteristics", lambda frame: frame.replace("Residential schools", "Schools of a new kind"))
    notes = read_dfe(tmp_path).notes
    said = "characteristics.csv: placement: 'schools of a new kind' is no category of ours: 12 rows, 0 children"
    assert [note.partition(" of all")[0] for note in notes] == [said]


def test_the_labels_of_earlier_releases_are_read(tmp_path):
    for folder in ("old", "new"):
        (tmp_path / folder).mkdir()
        write_tables(tmp_path / folder)
    homes, supported = (name for name in STOCK["Placement"] if "homes" in name or "supported" in name)
    homes, supported = sorted((homes, supported), key=len)
    earlier = {
        homes: "Secure units, children's homes and semi-independent living accommodation",
        supported: "Other placements in the community",
        "Place providers": "Placement provider",
        "Unaccompanied asylum-seeking children": "Unaccompanied asylum seeking children",
        "Total": "Total children",
    }
    for name in ("characteristics", "started", "ceased"):
        _change(tmp_path / "old", name, lambda frame: frame.replace(earlier))
    old, new = (authority_caseload(read_dfe(tmp_path / folder), "Northby") for folder in ("old", "new"))
    assert old == new


@pytest.mark.parametrize("damage", ["not a zip", "PK\x03\x04 cut short"])
def test_a_zip_that_cannot_be_unpacked_is_refused(tmp_path, damage):
    (tmp_path / "release.zip").write_text(damage)
    with pytest.raises(InputProblems, match=r"--dfe release\.zip: no such folder, and no ZIP"):
        read_dfe(tmp_path / "release.zip")


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("Bristol", ["Bristol, City of"]), ("Newcastle City Council", ["Newcastle upon Tyne"]),
        ("Telford & Wrekin", ["Telford and Wrekin"]), ("Richmond", ["Richmond upon Thames"]),
        ("BCP Council", ["Bournemouth, Christchurch and Poole"]), ("London Borough of Camden", ["Camden"]),
        ("The Royal Borough of Kensington & Chelsea", ["Kensington and Chelsea"]), ("St Helens", ["St. Helens"]),
        ("Kingston", ["Kingston upon Hull, City of", "Kingston upon Thames"]), ("Southend", ["Southend-on-Sea"]),
        ("City of York Council", ["York"]), ("Durham County Council", ["County Durham"]),
        ("hull", ["Kingston upon Hull, City of"]),
    ],
)  # fmt: skip
def test_a_council_is_known_as_people_write_it_unless_two_could_be_meant(said, names):
    others = [
        "Kingston upon Hull, City of",
        "Kingston upon Thames",
        "Camden",
        "York",
        "North Yorkshire",
        "Bristol, City of",
    ]
    assert named(said, {*names, *others}) == (names[0] if len(names) == 1 else None)


@pytest.mark.parametrize("name", ["northby", "North", "Northby Council", "London Borough of Northby"])
def test_an_authority_is_known_by_any_of_its_names(tmp_path, name):
    tables = read_dfe(write_tables(tmp_path))
    if name == "North":
        with pytest.raises(InputProblems):
            find_authority(tables, name)
    else:
        assert find_authority(tables, name)[0] == "Northby"


def test_an_abolished_authority_is_answered_with_its_successors(tmp_path):
    with pytest.raises(InputProblems, match="abolished; its successors are Cumberland; Westmorland and Furness"):
        find_authority(read_dfe(write_tables(tmp_path)), "Cumbria")


def test_marks_are_told_from_counts():
    count, mark = parse_counts(pd.Series(["1,234", "c", "z", "low", "x", None, "0"], dtype="str"))
    assert count.fillna(-1).tolist() == [1234, -1, -1, 0, -1, -1, 0]
    assert mark.tolist() == ["", "c", "z", "low", "x", "x", ""]


def test_suppressed_cells_share_what_the_total_leaves(tmp_path):
    hidden = [("Southby", 2023, "Under 1 year"), ("Southby", 2023, "1 to 4 years")]
    tables = read_dfe(write_tables(tmp_path, suppress=hidden))
    mine = tables.counts[(tables.counts["authority"] == "Southby") & (tables.counts["year"] == 2023)]
    ages = mine[(mine["table"] == "stock") & (mine["group"] == "age group")].set_index("characteristic")
    # 96 children, of whom 19 are 5 to 9, 38 are 10 to 15 and 20 are 16 and over: 19 are left for the two hidden cells.
    assert ages["count"].drop("total").sum() == pytest.approx(96)
    assert ages.loc[["under 1 year", "1 to 4 years"], "count"].sum() == pytest.approx(19)
    assert ages.loc["1 to 4 years", "count"] > ages.loc["under 1 year", "count"] >= 1
    assert ages["imputed"].sum() == 2


def test_a_council_listed_under_two_codes_is_counted_once(tmp_path):
    write_tables(tmp_path)
    path = tmp_path / "numbers.csv"
    frame = pd.read_csv(path, dtype=str)
    twin = frame[frame["la_name"] == "Northby"].assign(number="z")
    pd.concat([twin, frame]).to_csv(path, index=False)
    totals = read_dfe(tmp_path).totals
    mine = totals[(totals["authority"] == "Northby") & (totals["measure"] == "stock") & (totals["year"] == 2023)]
    assert mine["count"].tolist() == [321]


def test_every_missing_table_is_named_at_once(tmp_path):
    (tmp_path / "notes.csv").write_text("a,b\n1,2\n")
    with pytest.raises(InputProblems) as caught:
        read_dfe(tmp_path)
    assert len(caught.value.problems) == 4
    assert "on 31 March by characteristics" in str(caught.value)


def test_a_table_without_its_counts_says_which_column(tmp_path):
    write_tables(tmp_path)
    frame = pd.read_csv(tmp_path / "started.csv", dtype=str).drop(columns="number")
    frame.to_csv(tmp_path / "started.csv", index=False)
    with pytest.raises(InputProblems, match=r"started\.csv: no column of counts; it has time_period"):
        read_dfe(tmp_path)


def test_an_unknown_authority_gets_the_nearest_names(tmp_path):
    tables = read_dfe(write_tables(tmp_path))
    with pytest.raises(InputProblems, match=r"'Northbi'.*did you mean Northby"):
        authority_caseload(tables, "Northbi")
    with pytest.raises(InputProblems, match=r"'Bolton'.*it may be \w+"):
        authority_caseload(read_dfe(tmp_path), "Bolton")


def test_caseload_margins_agree_and_hold_every_child(tmp_path):
    tables = read_dfe(write_tables(tmp_path))
    built = authority_caseload(tables, "northby", 2022)
    frame = caseload_frame(built, tables.files)
    number = pd.to_numeric(frame["children"], errors="coerce")
    by_age = number[(frame["placement"] == "all") & (frame["stream"] == "general")].sum()
    by_placement = number[frame["age_band"] == "all"].sum()
    uasc = number[frame["stream"] == "uasc"].sum()
    # Northby holds 318 children on 31 March 2022, 3% of them unaccompanied.
    assert by_age + uasc == pytest.approx(318)
    assert by_placement == pytest.approx(by_age, abs=0.01)
    assert uasc == 10
    # As the reference table weighs: half of them in supported accommodation.
    own = frame[(frame["stream"] == "uasc") & (frame["placement"] != "all")].set_index("placement")["children"]
    assert own["supported_accommodation"] == pytest.approx(5)
    assert set(frame.loc[frame["placement"].isin(own.index) & (frame["stream"] == "uasc"), "age_band"]) == {"16_17"}
    assert set(frame["age_band"]) == {*AGE_BANDS, "all"}
    assert set(frame["placement"]) == {*PLACEMENTS, "all"}
    assert frame["source"].str.contains("Northby 2022").all()


def test_unaccompanied_children_leave_supported_accommodation_to_no_more_others_than_are_old_enough(tmp_path):
    tables = read_dfe(write_tables(tmp_path))
    built = authority_caseload(tables, "Northby", 2023)
    few = {**built.stock_by_age, "16_17": 40.0}
    many = replace(built, uasc=30.0, stock_by_age=few)
    theirs = uasc_placements(many, 30.0)
    assert sum(theirs.values()) == pytest.approx(30)
    # 26 are in supported accommodation and 10 others are of 16 and 17, nine of whom may be: so 17 are unaccompanied.
    assert many.stock_by_placement["supported_accommodation"] == pytest.approx(26, abs=0.1)
    assert theirs["supported_accommodation"] >= 17 - 0.1
    assert all(theirs[code] <= built.stock_by_placement[code] + 1e-9 for code in PLACEMENTS)


def test_imputed_cells_are_said_in_the_note(tmp_path):
    tables = read_dfe(write_tables(tmp_path, suppress=[("Southby", 2023, "Under 1 year")]))
    frame = caseload_frame(authority_caseload(tables, "Southby"), tables.files)
    assert frame.loc[0, "note"].startswith("children by age: 5 suppressed; entries by age: 2 suppressed")
    assert "imputed within published totals" in frame.loc[0, "note"]


def test_flows_are_at_the_level_of_the_last_three_years_and_ages_as_in_the_last(tmp_path):
    tables = read_dfe(write_tables(tmp_path))
    last = authority_caseload(tables, "Northby", 2023)
    pooled = pooled_flows(tables, last)
    # Northby grows by 1% of its first year a year: 315, 318 and 321 children, a third of whom started, a quarter left.
    assert sum(last.entries_by_age.values()) == pytest.approx(107)
    assert sum(pooled.entries_by_age.values()) == pytest.approx((105 + 106 + 107) / 3)
    assert sum(pooled.exits_by_age.values()) == pytest.approx((78 + 79 + 80) / 3)
    shares = [{a: n / sum(c.entries_by_age.values()) for a, n in c.entries_by_age.items()} for c in (last, pooled)]
    assert shares[0] == pytest.approx(shares[1])


def test_the_spread_of_a_flow_is_what_chance_leaves():
    rng = np.random.default_rng(1)
    level = 400 * np.exp(rng.normal(0, 0.2, (300, 6)))
    rows = pd.DataFrame(rng.poisson(level), columns=range(2018, 2024))
    steady = pd.DataFrame(rng.poisson(400, (300, 6)), columns=range(2018, 2024))
    # a year over the mean of three before it: variance 0.04 (1 + 1/3), or a little more where fewer are known
    assert spread_between(rows)[0] == pytest.approx(0.04 * 1.45, rel=0.15)
    assert spread_between(steady)[0] < 0.001
    assert spread_between(rows.head(2)) == (0.0, 0)


def test_what_is_forecast_is_what_the_written_files_give(tmp_path):
    built = demand_from_tables(write_tables(tmp_path), "Northby")
    ahead = forecast(written_case(built.files, dt.date(2024, 4, 1)))
    written = built.files["forecast.csv"]
    rows = written[(written["age_band"] == "all") & (written["placement"] == "all") & (written["statistic"] == "mean")]
    for stream, own in rows.groupby("stream"):
        assert own["children"].to_numpy() == pytest.approx(ahead[stream].total.mean(axis=1), abs=6e-4)
    assert rows[rows["month"] == 0]["children"].sum() == pytest.approx(321)


def test_impossible_exits_are_cut_and_said(tmp_path):
    tables = read_dfe(write_tables(tmp_path))
    frame = caseload_frame(authority_caseload(tables, "Northby"), tables.files)
    frame.loc[(frame["age_band"] == "5_9") & (frame["stream"] == "general"), "exits_annual"] = 150.0
    sure = Level(log_sd=0.0, quality="red", note="")
    rows = assumption_rows((sure, sure), source="made up", as_at="2023-03-31")
    start = dt.date(2023, 4, 1)
    mended, cut = feasible(frame, rows, start)
    assert "more exits are published than the children of an age can give" in cut
    assert mended["note"].str.contains("exits cut to").any()
    assert feasible(mended, rows, start)[1] == ""
    # cut by a tenth of what is left at a time, and no further than has to be
    before, after = (float(f.loc[(f["age_band"] == "5_9") & (f["stream"] == "general"), "exits_annual"].iloc[0])
                     for f in (frame, mended))  # fmt: skip
    steps = np.log(after / before) / np.log(0.9)
    assert steps == pytest.approx(round(steps), abs=1e-3)
    assert round(steps) >= 1
    once_less = frame.assign(exits_annual=pd.to_numeric(frame["exits_annual"], errors="coerce") * 0.9 ** (steps - 1))
    assert steps == pytest.approx(1) or feasible(once_less, rows, start)[1]


def test_as_many_children_are_expected_as_now_whatever_the_flows_leave_over(tmp_path):
    """Northby's flows alone would lose 2% in three years: more enter and fewer leave, each by what it is in doubt."""
    made = tables_demand(read_dfe(write_tables(tmp_path)), "Northby")
    levels = made.files["assumptions.csv"].set_index("name")["value"]
    assert levels["caseload.exits_multiplier"] < 1 < levels["caseload.entries_multiplier"]
    assert set(made.files["caseload.csv"]["age_band"]) == {*AGE_BANDS, "all"}  # ages stay smooth up to 18
    case = written_case(made.files, dt.date(made.year, 4, 1))
    moved = Drivers(entry_scale=np.full((36, 1), levels["caseload.entries_multiplier"]),
                    exit_scale=np.array([levels["caseload.exits_multiplier"]]))  # fmt: skip
    both = (streams_of(case).general, streams_of(case).uasc)
    total = sum(project(s, moved, cells=False).projection.stock.sum(axis=(1, 2)) for s in both)
    assert np.log(total[[12, 24, 36]] / total[0]).mean() == pytest.approx(0, abs=1e-3)
    assert total[[12, 24, 36]] == pytest.approx(np.full(3, total[0]), rel=0.01)


def test_infants_enter_as_young_as_holds_their_number(tmp_path):
    caseload = authority_caseload(read_dfe(write_tables(tmp_path)), "Northby")
    counts = ((caseload.stock_by_age, 6.0), (caseload.entries_by_age, 14.0), (caseload.exits_by_age, 4.0))
    age, enter, leave = (dict(flow) | {"under_1": infants} for flow, infants in counts)
    known = replace(caseload, stock_by_age=age, entries_by_age=enter, exits_by_age=leave)
    assert younger_infants(known) == pytest.approx((12 * 6 / 12 - 3) / 6)  # twelve stay six months each: half of them
    assert younger_infants(replace(known, stock_by_age=age | {"under_1": 60.0})) == 0.95


def test_the_range_of_the_share_aged_8_or_9_is_that_of_the_settings_a_quarter_either_side_of_even(tmp_path):
    rows = tables_demand(read_dfe(write_tables(tmp_path)), "Northby").files["assumptions.csv"].set_index("name")
    row = rows.loc["caseload.share_5_9_aged_8_9"]
    kept = demand_settings()
    assert (float(row["low"]), float(row["high"])) == (kept["share_8_9_low"], kept["share_8_9_high"])
    assert [float(row["low"]), float(row["high"])] == pytest.approx([0.75 * 0.4, 1.25 * 0.4])
    assert float(row["value"]) == pytest.approx(0.4)
    assert float(rows.loc["caseload.years_seen", "value"]) == kept["placement_years"]


def test_every_setting_of_the_forecast_is_read_and_has_a_source():
    code = "".join(path.read_text(encoding="utf-8") for path in Path(build.__file__).parent.glob("*.py"))
    for row in read_reference("demand_settings.csv"):
        assert f'"{row["name"]}"' in code, row["name"]
        assert row["source"]
        assert row["note"]


@given(
    st.lists(st.floats(0, 500), min_size=5, max_size=5),
    st.floats(0, 1),
    st.integers(0, 2**31),
)
@settings(max_examples=40, deadline=None)
def test_splitting_by_provider_conserves_children(counts, own_share, seed):
    rng = np.random.default_rng(seed)
    codes = ["foster", "residential", "supported_accommodation", "adoption", "other"]
    placement = pd.Series(counts, index=codes)
    provider = pd.Series({"own": own_share * 100, "external": (1 - own_share) * 100})
    split = split_by_provider(placement, provider, pd.Series(rng.random(5), index=codes))
    assert (split.to_numpy() >= 0).all()
    assert split.sum(axis=1).to_numpy() == pytest.approx(np.array(counts), abs=1e-5)


def test_not_applicable_is_nothing_and_an_unknown_total_stays_unknown():
    base = {"table": "stock", "group": "age group", "level": "authority", "region": "North", "year": 2023}
    rows = [
        {"authority": "A", "characteristic": "under 1 year", "count": np.nan, "mark": "z"},
        {"authority": "A", "characteristic": "1 to 4 years", "count": np.nan, "mark": "c"},
        {"authority": "A", "characteristic": "total", "count": 7.0, "mark": ""},
        {"authority": "B", "characteristic": "under 1 year", "count": np.nan, "mark": "c"},
        {"authority": "B", "characteristic": "total", "count": np.nan, "mark": "c"},
    ]
    out = impute_suppressed(pd.DataFrame([base | row for row in rows]))
    assert out["count"].fillna(-1).tolist() == [0, 7, 7, -1, -1]


@needs_sample
def test_bury_in_the_published_tables():
    tables = read_dfe(SAMPLE)
    built = authority_caseload(tables, "Bury", 2022)
    assert built.total == 359
    assert built.stock_by_age == {"under_1": 20, "1_4": 64, "5_9": 65, "10_15": 134, "16_17": 76}
    assert sum(built.entries_by_age.values()) == 110
    assert sum(built.exits_by_age.values()) == pytest.approx(101)
    assert built.stock_by_placement["in_house_foster"] == pytest.approx(80)


@needs_sample
@pytest.mark.slow
def test_every_authority_gets_a_caseload_the_engine_takes():
    tables = read_dfe(SAMPLE)
    without = []
    for name in tables.authorities[::5]:
        try:
            made = tables_demand(tables, name)
        except InputProblems:
            without.append(name)
            continue
        assert streams_of(written_case(made.files, dt.date(2023, 4, 1))).general.opening.sum() > 0
        flows = made.files["caseload.csv"][["children", "entries_annual", "exits_annual"]]
        assert (flows.apply(pd.to_numeric, errors="coerce").fillna(0) >= 0).all().all()
    # Cumbria was abolished on the last day of the year; the Isles of Scilly look after nobody.
    assert set(without) <= {"Cumbria", "Isles of Scilly"}


def test_a_year_of_the_interactive_tool_is_the_one_it_ends_in():
    years = ["2021-22", "2022", " 2020-21 "]
    text = {"measure": "places", "LA and Regions": "Bury", "Years": years, "Values": ["62", "63", "c"]}
    kind, found = table_in(pd.DataFrame(text), "tool.csv", [])
    assert kind == "tool"
    assert found["year"].tolist() == [2022, 2022, 2021]
    assert found["value"].tolist()[:2] == [62, 63]
