"""Cases of any council: no posts, no children, no budget; what is asked for depends on what a case holds."""

import shutil
from pathlib import Path

import pytest

from model import load_case, run
from model.case.reading.problems import InputProblems
from model.report import caseload, people, published
from tests.cases import write_reference

CASE = """\
title = "A licence"
council = "Tinyshire"
name = "tiny"
start = 2023-04-01
horizon_years = 5
price_base = "2022/23"
knowledge_date = 2023-04-01
{funding}
[conventions]
weeks_per_year = 52
discount_rate = "green_book_standard"
price_index = "planning"

[[schemes]]
name = "licence"
title = "A licence"
kind = "fixed_cost"
start = 2023-04-01
"""
ASSUMPTIONS = """\
name,value,unit,price_base,source,quality
licence.cost_annual,1000,GBP/year,2022/23,a quote,green
"""


INPUTS = Path(__file__).parents[2] / "inputs"


@pytest.mark.parametrize(
    ("year", "nominal"),
    [  # by hand: 2% a year, the target of 2003, but for what was forecast or had happened by the June of that year
        (2009, [1000, 1020, 1040.40, 1061.21, 1082.43]),
        (2019, [1000, 1020, 1040.40, 1061.21, 1082.43]),
        (2022, [1000, 1040, 1055.60, 1076.71, 1098.25]),  # 4% and 1.5%, the forecast of March 2022
        (2024, [1000, 1020, 1040.40, 1061.21, 1082.43]),
        (2026, [1000, 1020, 1040.40, 1061.21, 1082.43]),
    ],
)
def test_a_case_of_any_year_uses_the_shared_tables_as_they_were_known_then(tmp_path, year, nominal):
    text = (
        CASE.format(funding="")
        .replace("2023-04-01", f"{year}-04-01")
        .replace("2022/23", f"{year}/{year % 100 + 1:02d}")
    )
    folder = tiny(tmp_path)
    shutil.rmtree(tmp_path / "inputs" / "reference")
    shutil.copytree(INPUTS / "reference", tmp_path / "inputs" / "reference")
    text = text.replace(f"knowledge_date = {year}-04-01", f"knowledge_date = {year}-06-01")
    (folder / "case.toml").write_text(text)
    (folder / "assumptions.csv").write_text(ASSUMPTIONS.replace("2022/23", f"{year}/{year % 100 + 1:02d}"))
    result = run(load_case(folder), draws=1)
    net = result.annual.query("line == 'net' and perimeter == 'whole' and statistic == 'central'")
    assert (-net.query("price_basis == 'nominal'")["value_gbp"]).tolist() == pytest.approx(nominal, abs=0.005)
    by_hand = sum(-1000 / 12 * 1.035 ** -((m + 0.5) / 12) for m in range(60))
    assert result.metrics_by_perimeter["whole"]["npv_gbp"]["central"] == pytest.approx(by_hand, rel=2e-4)


def tiny(tmp_path, funding="", **files):
    """Write a case of `case.toml`, one assumption and these files."""
    folder = tmp_path / "inputs" / "tiny"
    folder.mkdir(parents=True)
    write_reference(tmp_path / "inputs")
    (folder / "case.toml").write_text(CASE.format(funding=funding))
    for name, text in {"assumptions": ASSUMPTIONS, **files}.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


def wanted(folder):
    """The names of the rows that a case is asked for."""
    with pytest.raises(InputProblems) as found:
        load_case(folder)
    return {p.expected.split()[2] for p in found.value.problems if "which is missing" in p.expected}


def test_a_case_of_one_cost_needs_one_number_and_comes_to_a_thousand_a_year(tmp_path):
    result = run(load_case(tiny(tmp_path)), draws=3)
    net = result.annual.query(
        "line == 'net' and perimeter == 'whole' and statistic == 'central' and price_basis == 'real'"
    )
    assert net["value_gbp"].tolist() == [-1000.0] * 5
    assert [section(result).html for section in (caseload, people, published)] == ["", "", ""]


def test_a_table_of_headings_alone_is_no_table(tmp_path):
    headings = "id,team,post,grade,fte_current,fte_proposed,change_annual_cost_gbp,"
    headings += "start,charged_to,included_in,funding,source\n"
    result = run(load_case(tiny(tmp_path, establishment=headings)), draws=1)
    assert people(result).html == ""


def test_prices_are_asked_for_where_there_are_children_and_a_reserve_where_there_is_one(tmp_path):
    rows = "age_band,placement,children,entries_annual,exits_annual,source\n10_15,residential,9,3,2,invented\n"
    asked = wanted(tiny(tmp_path, caseload=rows, funding='[funding]\nreserve_name = "Pot"\n'))
    assert asked == {"price.residential_weekly", "cost.entry", "cost.exit_under_18", "cost.exit_at_18",
                     "cost.diverted_child", "caseload.share_5_9_aged_8_9", "reserve.opening"}  # fmt: skip
