"""Wrong tables, wrong requests: each is refused by name, with what was expected, and nothing is guessed."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from model.case.draws import central, sample, with_values
from model.case.pay import PayError
from model.case.reading.problems import InputProblems
from model.demand.codes import read_reference
from model.demand.dfe import read_dfe
from model.demand.ssda903 import read_episodes
from tests.cases import pay_tables
from tests.demand.synthetic import write_tables
from tests.engine import invented

REFERENCE = Path(__file__).parents[2] / "inputs" / "reference"
HEADS = {
    "njc_spine.csv": "spine,point,from,annual_gbp,low_gbp,high_gbp,source,as_at,quality,note",
    "pay_awards.csv": "spine,from,point_from,point_to,flat_gbp,share,low,high,source,as_at,quality,note",
}


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        (
            "njc_spine.csv",
            "own,1,2022-04-01,20000,,,,2022-04-01,green,",
            "column source: expected a value",
        ),
        (
            "njc_spine.csv",
            "own,1,2022-04-01,20000,,,paper,2022-04-01,purple,",
            "quality: found 'purple'",
        ),
        (
            "njc_spine.csv",
            "own,1,1 April,20000,,,paper,2022-04-01,green,",
            "from: found '1 April'",
        ),
        ("pay_awards.csv", "own,2023-04-01,,,1000,0.05,,,paper,2022-04-01,green,", "exactly one of flat_gbp and share"),
        ("pay_awards.csv", "own,2023-04-01,,,,,,,paper,2022-04-01,green,", "exactly one of flat_gbp and share"),
    ],
)
def test_a_bad_row_of_a_councils_own_pay_table_is_named(tmp_path, name, row, said):
    (tmp_path / name).write_text(f"{HEADS[name]}\n{row}\n", encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        pay_tables(REFERENCE / "pay", tmp_path)
    assert f"{name}" in str(caught.value)
    assert "row 2" in str(caught.value)
    assert said in str(caught.value)


def test_a_column_missing_from_a_pay_table_is_named(tmp_path):
    (tmp_path / "njc_spine.csv").write_text("spine,point,from,source\nown,1,2022-04-01,paper\n", encoding="utf-8")
    with pytest.raises(InputProblems, match="a column annual_gbp, which is missing"):
        pay_tables(REFERENCE / "pay", tmp_path)


def test_an_unknown_rule_or_point_is_answered_with_those_there_are():
    tables = pay_tables(REFERENCE / "pay")
    with pytest.raises(PayError, match=f"no rule 'lunch'.*{min(tables.rules)}"):
        tables.rule("lunch")
    with pytest.raises(PayError, match=r"no figure for point '900'.*never guessed"):
        tables.annual_pay("njc", "900", date(2022, 4, 1))


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"n": 0, "seed": 1}, "at least one draw"),
        ({"n": 4, "seed": 1, "first": -1}, "first = -1"),
    ],
)
def test_draws_that_cannot_be_taken(request_, said):
    with pytest.raises(ValueError, match=said):
        sample(invented(), **request_)


def test_crafted_values_have_one_length_and_a_known_name():
    draws = central(invented())
    with pytest.raises(ValueError, match=r"one common length.*\[2, 3\]"):
        with_values(draws, {"fostering.fill_rate": np.ones(2), "cost.entry": np.ones(3)})
    with pytest.raises(KeyError, match=r"did you mean fostering\.fill_rate"):
        with_values(draws, {"fostering.fil_rate": 0.5})


def test_a_reference_table_that_is_gone_is_named(tmp_path):
    with pytest.raises(InputProblems, match=r"placement_codes\.csv: expected this file"):
        read_reference("placement_codes.csv", tmp_path)


@pytest.mark.parametrize(
    ("table", "dropped", "said"),
    [
        ("numbers", ["number"], r"numbers\.csv: no column of counts; it has time_period"),
        ("started", ["time_period", "la_name"], r"started\.csv: columns missing: .*; download the table with all its"),
    ],
)
def test_a_download_without_its_columns_is_named(tmp_path, table, dropped, said):
    write_tables(tmp_path)
    frame = pd.read_csv(tmp_path / f"{table}.csv", dtype=str, keep_default_na=False)
    frame.drop(columns=dropped).to_csv(tmp_path / f"{table}.csv", index=False)
    with pytest.raises(InputProblems, match=said):
        read_dfe(tmp_path)


def test_the_interactive_tools_extract_gives_the_last_year_of_a_span(tmp_path):
    write_tables(tmp_path)
    rows = [("Section 251 residential care unit costs", "Northby", "2021-22", "5000"),
            ("Section 251 residential care unit costs", "Northby", "2023", "5100")]  # fmt: skip
    pd.DataFrame(rows, columns=["measure", "LA and Regions", "Years", "Values"]).to_csv(tmp_path / "t.csv", index=False)
    found = read_dfe(tmp_path).unit_costs
    assert found["year"].tolist() == [2022, 2023]
    assert found["value"].tolist() == [5000, 5100]
    assert found["name"].tolist() == ["Northby", "Northby"]


def stacked(folder, councils):
    """Returns of several councils in one file, each row with its council: children 100000, 100001 ..."""
    folder.mkdir(parents=True, exist_ok=True)
    episodes = ["CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN,LA"]
    header = ["CHILD,SEX,DOB,ETHNIC,UPN,LA"]
    for number, council in enumerate(councils):
        child = 100_000 + number
        episodes.append(f"{child},01/05/2019,S,C2,N1,U4,PR1,,,,AB1 2CD,EF3 4GH,1234567,{council}")
        header.append(f"{child},1,15/06/2010,WBRI,U{child},{council}")
    (folder / "episodes.csv").write_text("\n".join(episodes) + "\n", encoding="utf-8")
    (folder / "header.csv").write_text("\n".join(header) + "\n", encoding="utf-8")
    (folder / "uasc.csv").write_text("CHILD,SEX,DOB,DUC,LA\n", encoding="utf-8")
    return folder


def test_returns_of_several_councils_keep_the_one_asked_for(tmp_path):
    folder = stacked(tmp_path / "2019", ["Northby", "Southby", "Southby"])
    assert read_episodes(folder.parent, authority="southby").summary["in_care"] == 2
    assert read_episodes(folder.parent, authority="Northby").summary["in_care"] == 1
    with pytest.raises(InputProblems, match="'Elsewhere': the returns hold Northby, Southby"):
        read_episodes(folder.parent, authority="Elsewhere")
