# ruff: noqa: E501, PLR0917 - a mistake a line reads best
"""Bad input: each mistake gives one line with the file, the row, the column, the value and how to mend it."""

import csv
import io
import math
import shutil
import tempfile
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.case.draws import copula_factor
from model.case.reading.load import scenario_names
from model.case.reading.problems import InputProblems
from model.case.records import Correlation
from model.commands.check import check
from model.results.check import examine
from model.results.provenance import changed_inputs, provenance
from model.schemes.load import load_case
from tests.cases import CASE_TOML, PUBLISHED, write_case

FILES = {
    "assumptions.csv": ["value", "low", "high"],
    "establishment.csv": ["fte_current", "fte_proposed", "change_annual_cost_gbp"],
    "caseload.csv": ["children", "entries_annual", "exits_annual", "moves_to_ifa_foster_annual"],
    "approved_budget.csv": ["value_gbp"],
    "published.csv": ["value", "precision"],
    "actuals.csv": ["value"],
    "../reference/prices/discount_rates.csv": ["rate_annual"],
    "../reference/prices/price_indices.csv": ["change"],
}
NOT_NUMBERS = ["$350", "1,25", "1 250", "20%%", "nan", "inf", "-inf", "twelve", "1_000", "1e3", "#REF!", "TRUE", "(1x0)",
               "13/07/2022", "1.2.3", "\u0661\u0662", "0x10", "9" * 400, "--1", "=1+1"]  # fmt: skip
HOSTILE = [*NOT_NUMBERS, "", " ", "-1", "0", "1e999", "\x00", "'; drop", "a\nb", "\u200b", "é", "nan%", "x" * 5000, "2022-02-30",
           "44652", "01-Apr", "all", "general", "None", "__class__", "1/0", "()", "[]", "\ufeff"]  # fmt: skip


def table(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))


def save(path, rows, **options):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", **options).writerows(rows)
    path.write_bytes(out.getvalue().encode("utf-8"))


def change(folder, file, column, value, *, row=1):
    """Put a value in one cell; `row` is a number as a spreadsheet shows it less one, or what stands in the first column."""
    path = folder / file
    rows = table(path)
    number = row if isinstance(row, int) else next(i for i, r in enumerate(rows) if r[0] == row)
    rows[number][rows[0].index(column)] = value
    save(path, rows)
    return number + 1


def problems(folder, scenario=None):
    try:
        load_case(folder, scenario)
    except InputProblems as found:
        return [str(problem) for problem in found.problems]
    return []


def one(folder, *fragments, scenario=None):
    """The one line that a mistake gives, holding every fragment."""
    found = problems(folder, scenario)
    matching = [line for line in found if all(fragment in line for fragment in fragments)]
    assert len(matching) == 1, f"{fragments} not in one of {found}"
    assert len(found) == 1, found
    return matching[0]


def numbers_in(thing):
    """Every number in a record, however deep."""
    if isinstance(thing, bool) or thing is None:
        return
    if isinstance(thing, int | float):
        yield thing
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from numbers_in(value)
    elif isinstance(thing, tuple | list):
        for value in thing:
            yield from numbers_in(value)
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from numbers_in(getattr(thing, field.name))


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("pristine"))


@pytest.fixture
def folder(pristine, tmp_path):
    shutil.copytree(pristine.parent, tmp_path / "inputs")
    return tmp_path / "inputs" / pristine.name


def test_the_invented_case_is_sound(folder, capsys):
    assert check([folder]) == 0
    assert "5 scenarios" in capsys.readouterr().out


# --- Numbers, wherever they stand ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "column"), [(file, column) for file, columns in FILES.items() for column in columns])
def test_what_is_not_plainly_a_number_is_named_with_its_place(folder, file, column):
    for value in NOT_NUMBERS:
        row = change(folder, file, column, value, row=min(2, len(table(folder / file)) - 1))
        line = next(line for line in problems(folder) if f"column {column}:" in line)
        assert f"{Path(file).name}, row {row}, column {column}: found " in line
        assert "expected" in line


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("$350", "write 350"),
        ("0,615", "write 0.615, with a decimal point"),
        ("3,5", "write 3.5, with a decimal point"),
        ("20%", "write the share as a decimal: 0.2"),
        ("1.5E+05", "write 150000"),
        ("#REF!", "Excel put an error mark"),
        ("nan", "a missing figure cannot be computed with"),
    ],
)
def test_a_number_written_for_people_is_given_back_as_it_should_be(folder, text, advice):
    change(folder, "assumptions.csv", "value", text, row="cost.exit_at_18")
    one(folder, "assumptions.csv, row 12, column value", advice)


def test_a_thousands_separator_without_quotation_marks_splits_a_cell_and_is_recognised(folder):
    path = folder / "published.csv"
    path.write_text(PUBLISHED.replace(",417143,", ",417,143,"), encoding="utf-8")
    one(folder, "published.csv, row 2", "expected 8 cells, as in the heading, not 9", "is 417,143 one number?")


def test_a_row_with_too_few_cells(folder):
    path = folder / "actuals.csv"
    path.write_text(path.read_text(encoding="utf-8") + "2023/24,children\n", encoding="utf-8")
    one(folder, "actuals.csv, row 4", "expected 5 cells, as in the heading, not 2")


# --- Assumptions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "columns", "fragments"),
    [
        ("price.in_house_foster_weekly", {"low": "500"}, ["column low", "less than high (400)", "swap"]),
        ("price.in_house_foster_weekly", {"value": "450"}, ["column value", "from low to high (300 to 400)"]),
        ("price.in_house_foster_weekly", {"low": ""}, ["column low", "pert needs"]),
        ("price.residential_weekly", {"low": "-1"}, ["column low", "a price is never negative"]),
        ("cost.exit_at_18", {"value": "-8000"}, ["column value", "a price is never negative"]),
        ("cost.exit_at_18", {"low": "1"}, ["column low", "an empty cell for a fixed value"]),
        ("cost.exit_at_18", {"price_base": ""}, ["column price_base", "because the unit is money"]),
        ("cost.exit_at_18", {"price_base": "2022-23"}, ["column price_base", "did you mean 2022/23?"]),
        ("cost.exit_at_18", {"price_base": "2022/24"}, ["column price_base", "did you mean 2022/23?"]),
        ("cost.exit_at_18", {"price_base": "2018/19"}, ["column price_base", "2020/21 or later"]),
        ("cost.exit_at_18", {"unit": "GBP/chlid"}, ["column unit", "did you mean GBP/child?"]),
        ("cost.exit_at_18", {"unit": "GBP/year"}, ["column unit", "GBP/child, the unit cost.exit_at_18 is read in"]),
        ("cost.exit_at_18", {"distribution": "triangular"}, ["column distribution", "expected a distribution"]),
        ("cost.exit_at_18", {"quality": "Amber"}, ["column quality", "did you mean amber?"]),
        ("cost.exit_at_18", {"impact": "high"}, ["column impact", "red, amber or green"]),
        ("cost.exit_at_18", {"source": ""}, ["column source", "the cell is empty"]),
        ("cost.exit_at_18", {"as_at": "13/07/22"}, ["column as_at", "Excel rewrote it: write 2022-07-13"]),
        ("cost.exit_at_18", {"as_at": "44652"}, ["column as_at", "write 2022-04-01"]),
        ("cost.exit_at_18", {"as_at": "2022-02-30"}, ["column as_at", "does not exist"]),
        ("cost.exit_at_18", {"as_at": "2023-01-01"}, ["column as_at", "2022-07-13 or earlier", "hindsight"]),
        ("fostering.fill_rate", {"value": "62", "low": "50", "high": "75"}, ["column value", "from 0 to 1", "0.62"]),
        ("fostering.fill_rate", {"value": "0.8"}, ["column value", "from low to high (0.5 to 0.75)"]),
        ("fostering.fill_rate", {"value": "0.75"}, ["column value", "a mean strictly between P10 and P90"]),
        ("fostering.inflow_limited", {"value": "0.5"}, ["column value", "a whole number from 0 to 1"]),
        ("fostering.deregistration_annual", {"value": "-1"}, ["column value", "a number above -1"]),
        ("cost.entry", {"value": "9000"}, ["column value", "the median of a lognormal", "5000"]),
        ("cost.diverted_child", {"value": "5500"}, ["column value", "the median of a normal", "4000"]),
        ("cost.entry", {"low": "0"}, ["column low", "above 0 for lognormal"]),
    ],
)  # fmt: skip
def test_an_assumption_that_cannot_be(tmp_path, name, columns, fragments):
    folder = write_case(tmp_path, assumptions={name: columns})
    found = [
        line for line in problems(folder) if all(fragment in line for fragment in ["assumptions.csv, row", *fragments])
    ]
    assert len(found) == 1, problems(folder)


def test_a_missing_assumption_says_which_scheme_needs_it_and_what_was_nearly_it(tmp_path):
    folder = write_case(tmp_path, assumptions={"fostering.fill_rate": {"name": "fostering.fil_rate"}})
    found = problems(folder)
    assert len(found) == 2
    assert (
        "a row fostering.fill_rate in share (scheme fostering of kind fostering_growth), which is missing: Share of"
        in found[0]
    )
    assert "did you mean fostering.fil_rate?" in found[0]
    assert "'fostering.fil_rate'" in found[1]
    assert "did you mean fostering.fill_rate?" in found[1]


def test_a_file_with_a_heading_alone_lists_what_the_schemes_need(tmp_path):
    folder = write_case(tmp_path)
    file = folder / "assumptions.csv"
    file.write_text(file.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    assert sum("which is missing" in problem for problem in problems(folder)) > 30
    assert check([folder]) == 2


def test_a_duplicate_name_names_both_rows(tmp_path):
    folder = write_case(tmp_path, assumptions={"cost.exit_at_18": {"name": "cost.entry"}})
    assert any(
        "column name: found 'cost.entry', expected each name once; row 10 has it already" in p for p in problems(folder)
    )


def test_a_fixed_cost_needs_one_of_two(tmp_path):
    folder = write_case(tmp_path, assumptions={"associated.cost_annual": None, "associated.cost_daily": None})
    one(folder, "at least one of the rows associated.cost_annual and associated.cost_daily")


def test_money_is_brought_to_the_price_base_of_the_case(tmp_path):
    change_of_base = {"price.residential_weekly": {"price_base": "2021/22"}}
    price = load_case(write_case(tmp_path, assumptions=change_of_base)).assumptions["price.residential_weekly"]
    assert (price.value, price.low, price.high) == pytest.approx((4160, 3120, 5720))  # 4% from 2021/22 to 2022/23
    assert (price.value_as_stated, price.price_base) == (4000, "2022/23")


# --- Columns and files -----------------------------------------------------------------------------------------------


def three_correlations(*rhos):
    names = ("price.ifa_foster_weekly", "price.residential_weekly", "price.in_house_foster_weekly")
    pairs = ((names[0], names[1]), (names[1], names[2]), (names[0], names[2]))
    return [Correlation(a=a, b=b, rho=rho, source="invented") for (a, b), rho in zip(pairs, rhos, strict=True)]


def test_correlations_that_cannot_hold_together_are_named(tmp_path):
    # by hand: normals at n = 2 sin(0.15 pi) = 0.908; n^2 - (1 - n^2) = 0.649 is a rank correlation of 0.631
    text = "".join(
        f'\n[[correlations]]\na = "{c.a}"\nb = "{c.b}"\nrho = {c.rho}\nsource = "invented"\n'
        for c in three_correlations(0.9, 0.9, 0.6)
    )
    path = write_case(tmp_path, files={"case.toml": CASE_TOML.partition("[[correlations]]")[0] + text})
    (problem,) = problems(path)
    assert "correlations[3].rho: found '0.6', expected correlations that can hold together" in problem
    assert "price.ifa_foster_weekly with price.in_house_foster_weekly at rho 0.6" in problem
    copula_factor(three_correlations(0.9, 0.9, 0.635))


def test_one_unreadable_file_is_one_problem_not_one_for_each_name_in_it(folder):
    for content in (b"", b"name;value\n", (folder / "assumptions.csv").read_bytes().replace(b"unit", b"units", 1)):
        (folder / "assumptions.csv").write_bytes(content)
        assert all("assumptions.csv" in problem for problem in problems(folder)), content


def test_a_missing_key_is_not_placed_on_another_tables_line(tmp_path):
    path = write_case(tmp_path, files={"case.toml": CASE_TOML.replace("start = 2022-04-01\n", "", 1)})
    assert problems(path) == ["exampleshire/case.toml, key start: expected a key start, which is missing"]


def test_a_scenario_file_whose_name_cannot_be_a_folders(folder):
    text = (folder / "scenarios" / "do-nothing.toml").read_text(encoding="utf-8")
    (folder / "scenarios" / "My Question!.toml").write_text(text, encoding="utf-8")
    (problem,) = (str(problem) for problem in examine(folder).problems)
    assert "name it my-question.toml" in problem


def test_a_copied_case_that_keeps_the_old_name_runs_and_check_says_so(tmp_path, capsys):
    folder = write_case(tmp_path, name="northby-2023")
    assert check([folder]) == 0
    counts, note = capsys.readouterr().out.splitlines()
    assert counts.startswith("northby-2023: 5 scenarios")
    assert note.startswith("northby-2023/case.toml: the name is 'exampleshire', the folder's 'northby-2023'.")
    found = provenance(load_case(folder), draws=1, seed=1)
    assert found["case"] == "northby-2023"
    assert found["command"].startswith("python3 workbook.py run northby-2023 ")
    assert changed_inputs(found, folder.parent) == []  # it finds its own inputs again


@pytest.mark.parametrize("number", ["-0.1", '{value = 0.1, low = -0.1, high = 0.2, distribution = "pert"}'])
def test_a_loss_below_nothing_would_make_an_effect_grow_for_ever(tmp_path, number):
    scenario = f'title = "T"\nwhy = "W"\n[overrides]\n"edge_of_care.fade_annual" = {number}\n'
    (problem,) = problems(write_case(tmp_path, scenarios={"mine": scenario}), "mine")
    assert "found '-0.1', expected 0 or more, because it is a loss" in problem


def test_nothing_is_divided_by_zero(tmp_path):
    path = write_case(tmp_path)
    file = path / "assumptions.csv"
    row = "capacity.target_caseload,0,,,fixed,children/worker,,invented,2022-04-01,amber,green,Role,\n"
    file.write_text(file.read_text(encoding="utf-8") + row, encoding="utf-8")
    assert any("a number above 0" in problem for problem in problems(path))


@pytest.mark.parametrize("name", ["workers_current", "workers_proposed", "managers_current", "managers_proposed"])
def test_a_caseload_needs_somebody_to_hold_it(tmp_path, name):
    nobody = {"value": "0", "low": "", "high": "", "distribution": "fixed", "unit": "fte", "price_base": ""}
    (problem,) = problems(write_case(tmp_path, assumptions={f"capacity.{name}": nobody}))
    assert "assumptions.csv, row" in problem
    assert "column value" in problem
    assert "found '0', expected a number above 0, because the model divides by it" in problem
    assert f"where there are none, leave the rows capacity.{name.split('_')[0]}_* out" in problem


def test_an_unknown_unit_is_answered_with_the_units(tmp_path):
    (problem,) = problems(write_case(tmp_path, assumptions={"fostering.fill_rate": {"unit": "percent"}}))
    assert "children/worker" in problem


@pytest.mark.parametrize("file", FILES)
def test_a_missing_an_unknown_and_a_repeated_column(folder, file):
    path = folder / file
    rows = table(path)
    wrong = [list(row) for row in rows]
    wrong[0][0] += "s_"
    save(path, wrong)
    found = problems(folder)
    assert any(f"row 1, column {rows[0][0]}s_" in p and f"did you mean {rows[0][0]}?" in p for p in found)
    assert any(f"expected a column {rows[0][0]}, which is missing" in p for p in found)
    save(path, [[*row, row[0]] for row in rows])
    assert any("row 1" in p and "each column once" in p for p in problems(folder))
    save(path, [[*row, "x_own" if i == 0 else "anything"] for i, row in enumerate(rows)])
    assert problems(folder) == []


@pytest.mark.parametrize("file", [*FILES, "case.toml", "scenarios/as-published.toml"])
@pytest.mark.parametrize(
    ("content", "fragment"),
    [
        (b"", "a file that is not empty"),
        (b"\xef\xbb\xbf\r\n", "a file that is not empty"),
        (b"name,value\n\x81350,1\n", "byte 12 (0x81,"),
        ("name,value\n".encode("utf-16"), "UTF-8 text; in Excel save as `CSV UTF-8`"),
        (b'name,"value\nx,1\n', "expected"),
        (b"name\x00,value\n", "UTF-8 text"),
    ],
)
def test_a_file_that_cannot_be_read(folder, file, content, fragment):
    (folder / file).write_bytes(content)
    found = problems(folder, "as-published")
    assert any(Path(file).name in line and fragment in line for line in found), found


def test_byte_order_marks_windows_line_ends_and_trailing_blanks_are_normal(folder):
    expected = load_case(folder, "as-published")
    for path in [*folder.rglob("*.csv"), *folder.rglob("*.toml"), *(folder.parent / "reference").rglob("*.csv")]:
        text = path.read_text(encoding="utf-8").replace("\n", "\r\n")
        blanks = "\r\n,,,\r\n" if path.suffix == ".csv" else ""
        path.write_bytes(b"\xef\xbb\xbf" + (text + blanks).encode())
    assert load_case(folder, "as-published") == expected


@pytest.mark.parametrize("file", ["case.toml", "../reference/prices/discount_rates.csv",
                                  "../reference/prices/price_indices.csv"])  # fmt: skip
def test_a_file_a_case_must_have(folder, file):
    (folder / file).unlink()
    assert any(Path(file).name in line and "which a case must have" in line for line in problems(folder))


@pytest.mark.parametrize("file", ["establishment.csv", "approved_budget.csv", "published.csv", "actuals.csv"])
def test_a_file_a_case_may_lack(tmp_path, file):
    load_case(write_case(tmp_path, files={"published.csv": None, file: None}))


def test_a_file_nearly_named_right_is_noticed(folder):
    (folder / "approved_budget.csv").rename(folder / "aproved_budget.csv")
    one(folder, "aproved_budget.csv", "did you mean approved_budget.csv?")


def test_tabs_instead_of_commas(folder):
    path = folder / "actuals.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",", "\t"), encoding="utf-8")
    one(folder, "actuals.csv, row 1", "columns separated by commas")


# --- Establishment, caseload, budget, published ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "row", "column", "value", "fragment"),
    [
        ("establishment.csv", "early_help", "id", "lado", "row 8 has it already"),
        ("establishment.csv", "early_help", "charged_to", "improvment", "did you mean improvement?"),
        ("establishment.csv", "lado", "included_in", "safeguardin", "did you mean safeguarding?"),
        ("establishment.csv", "lado", "included_in", "lado", "a row that is not itself a memo"),
        ("establishment.csv", "lado", "included_in", "eoc_team", "a row that is not itself a memo"),
        ("establishment.csv", "eoc_team", "included_when", "team_in_lines", "did you mean team_in_line?"),
        ("establishment.csv", "eoc_team", "included_when", "fixed_term_months", "an assumption in the unit switch"),
        ("establishment.csv", "early_help", "included_when", "team_in_line", "because included_in is empty"),
        ("establishment.csv", "early_help", "already_filled_months", "fixed_term", "did you mean fixed_term_months?"),
        ("establishment.csv", "early_help", "funding", "council", "expected who pays"),
        ("establishment.csv", "early_help", "funding", "General Fund", "did you mean general_fund?"),
        ("establishment.csv", "early_help", "basis", "month", "year or day"),
        ("establishment.csv", "early_help", "recruited", "Y", "write yes"),
        ("establishment.csv", "early_help", "start", "04/05/2023", "write 2023-05-04"),
        ("establishment.csv", "early_help", "start", "2035-04-01", "a date in the horizon, 2022-04-01 to before 2032-04-01"),
        ("establishment.csv", "early_help", "fte_current", "-1", "0 or more"),
        ("establishment.csv", "early_help", "fte_proposed", "", "the cell is empty"),
        ("establishment.csv", "early_help", "source", "", "the cell is empty"),
        ("caseload.csv", "1_4", "age_band", "1-4", "expected an age band; did you mean 1_4?"),
        ("caseload.csv", "16_17", "age_band", "16-17", "did you mean 16_17?"),
        ("caseload.csv", "1_4", "placement", "foster", "expected a placement"),
        ("caseload.csv", 7, "placement", "IFA foster", "did you mean ifa_foster?"),
        ("caseload.csv", "1_4", "stream", "UASC", "did you mean uasc?"),
        ("caseload.csv", "1_4", "children", "-5", "0 or more"),
        ("caseload.csv", "1_4", "exits_annual", "", "exits for every age band"),
        ("caseload.csv", "1_4", "moves_to_ifa_foster_annual", "5", "only a row of one placement"),
        ("caseload.csv", 7, "moves_to_ifa_foster_annual", "5", "a move goes to another placement"),
        ("approved_budget.csv", 1, "line", "IFA fostering placements", "did you mean IFA foster placements?"),
        ("approved_budget.csv", 1, "financial_year", "2022/2023", "did you mean 2022/23?"),
        ("approved_budget.csv", 1, "financial_year", "2023/24", "each line and financial_year once"),
        ("published.csv", 1, "precision", "0", "above 0"),
        ("published.csv", 1, "expected", "reconcile", "did you mean reconciles?"),
        ("published.csv", 1, "formula", "report.place * 2", "report.place: did you mean report.places?"),
        ("published.csv", 1, "formula", "est.fostering_tem.cost", "did you mean est.fostering_team.cost?"),
        ("published.csv", 1, "formula", "est.fostering_team.costs", "did you mean est.fostering_team.cost?"),
        ("published.csv", 1, "formula", "est.sum(Fosterin)", "did you mean est.sum(fostering)?"),
        ("published.csv", 1, "formula", "2 +", "look for a missing sign or bracket"),
        ("published.csv", 1, "formula", "2 ** 9", "no powers"),
        ("published.csv", 1, "formula", "1,000 + 2", "thousands separator"),
        ("published.csv", 1, "formula", "=1+2", "drop the = in front"),
        ("published.csv", 1, "formula", "mean(1, 2)", "a function of"),
        ("actuals.csv", 1, "period", "22/23", "a period: 2022/23, 2022-04 or 2022-03-31"),
        ("../reference/prices/discount_rates.csv", 1, "rate_annual", "3.5", "is it 0.035?"),
        ("../reference/prices/price_indices.csv", 2, "change", "", "only a series' first year has none"),
        ("../reference/prices/price_indices.csv", 1, "change", "0.02", "the first year is the base"),
        ("../reference/prices/price_indices.csv", 2, "financial_year", "2019/20", "with none left out"),
        ("../reference/prices/price_indices.csv", 5, "financial_year", "Later", "or `later`"),
        ("../reference/prices/price_indices.csv", 5, "change", "", "the growth a year after the last"),
        ("../reference/prices/price_indices.csv", 3, "as_at", "2024-01-01", "2022-07-13 or earlier"),
    ],
)  # fmt: skip
def test_a_cell_that_does_not_fit_the_rest(folder, file, row, column, value, fragment):
    change(folder, file, column, value, row=row)
    found = [line for line in problems(folder) if fragment in line]
    assert found, problems(folder)
    assert all(line.startswith((f"exampleshire/{file}, row ", f"{file.removeprefix('../')}, row ")) for line in found)


def test_totals_that_disagree_are_named_with_their_rows_and_no_cell_is_blamed(folder):
    path = folder / "caseload.csv"
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    titles = rows[0]
    place, kids = titles.index("placement"), titles.index("children")
    ages = [float(r[kids]) for r in rows[1:] if r[place] == "all" and r[0] not in {"all", "18"} and r[kids]]
    homes = [float(r[kids]) for r in rows[1:] if r[0] == "all" and r[place] != "all" and r[kids]]
    change(folder, "caseload.csv", "children", "500", row=7)
    replaced = float(rows[7][kids])
    [line] = [line for line in problems(folder) if "in every way of adding up" in line]
    assert line.startswith("exampleshire/caseload.csv, column children: expected the same children")
    assert "found" not in line
    assert f"{sum(ages):g} in the rows by age (row" in line
    assert f"{sum(homes) - replaced + 500:g} in the rows by placement (row" in line
    assert f"{abs(sum(homes) - replaced + 500 - sum(ages)):g} apart" in line


def test_a_scheme_with_nobody_to_act_on(folder):
    path = folder / "caseload.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("all,ifa_foster,general,90", "all,ifa_foster,general,0").replace(
        "all,residential,general,35", "all,residential,general,125"), encoding="utf-8")  # fmt: skip
    one(folder, "caseload.csv", "ifa_foster", "whom the scheme fostering acts on; there are none")
    rows = [row for row in text.splitlines() if not row.startswith(("5_9,all", "10_15,all", "16_17,all,general"))]
    path.write_text("\n".join([*rows, "5_9,all,general,70,0,20,,invented,", "10_15,all,general,130,0,25,,invented,",
                               "16_17,all,general,60,0,10,,invented,", ""]), encoding="utf-8")  # fmt: skip
    one(folder, "caseload.csv", "entering care at ages 8_9, 10_15, 16_17", "edge_of_care acts on; there are none")
    assert problems(folder, "do-nothing") == []


# --- case.toml and scenarios -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "fragments"),
    [
        ("start = 2022-04-01", "start = 2022-04-02", ["key start", "the first day of a month", "write 2022-04-01"]),
        ("start = 2022-04-01", 'start = "01/04/2022"', ["key start", "write 2022-04-01"]),
        ("start = 2022-04-01", "start = 2019-04-01", ["key start", "the price index starts there"]),
        ("horizon_years = 10", 'horizon_years = "10"', ["key horizon_years", "a whole number of years"]),
        ("horizon_years = 10", "horizon_years = 0", ["key horizon_years", "a whole number of years"]),
        ("shown_years = 5", "shown_years = 11", ["key shown_years", "no more than horizon_years"]),
        ('price_base = "2022/23"', 'price_base = "2019/20"', ["key price_base", "2020/21 or later"]),
        ("horizon_years = 10", "horizon_yeers = 10", ["key horizon_yeers", "did you mean horizon_years?"]),
        ('"365/7"', '"365/0"', ["key conventions.weeks_per_year", "a fraction such as"]),
        ('"365/7"', "7", ["key conventions.weeks_per_year", "from 51 to 54"]),
        ('"green_book_standard"', '"green_book"', ["conventions.discount_rate", "did you mean green_book_standard?"]),
        ('"planning"', '"planing"', ["key conventions.price_index", "did you mean planning?"]),
        ('"planning"', '"outturn"', ["as_at", "2022-07-13 or earlier", "reference/prices/price_indices.csv, row"]),
        ('["fostering", "edge_of_care"]', '["fostring"]', ["perimeters.invest_to_save", "did you mean fostering?"]),
        ("invest_to_save", "whole", ["perimeters.whole", "a name of its own"]),
        ('kind = "fixed_cost"', 'kind = "fixed_costs"', ["schemes[5].kind", "did you mean fixed_cost?"]),
        ('name = "agency"', 'name = "edge_of_care"', ["schemes[4].name", "each scheme's name once"]),
        ('name = "associated"', 'name = "price"', ["schemes[5].name", "a name that the model does not use itself"]),
        ("active = false", 'active = "no"', ["schemes[4].active", "true or false"]),
        ('ages = ["8_9",', 'ages = ["8-9",', ["schemes[2].ages", "did you mean 8_9?"]),
        ('ages = ["8_9", "10_15", "16_17"]\n', "", ["schemes[2].ages", "the ages it acts on"]),
        ('kind = "agency"\nstart = 2023-01-01', 'kind = "agency"\nstart = 2033-01-01', ["schemes[4].start", "horizon"]),
        ("reserve_until = 2023-03-31", "reserve_until = 2053-03-31", ["funding.reserve_until", "horizon"]),
        ("rho = 0.5", "rho = 1", ["correlations[1].rho", "between -1 and 1"]),
        ('b = "price.residential_weekly"', 'b = "price.residental_weekly"', ["correlations[1].b", "did you mean"]),
        ('b = "price.residential_weekly"', 'b = "price.ifa_foster_weekly"', ["correlations[1].b", "another assumption"]),
        ('published_scenario = "as-published"', 'published_scenario = "published"', ["published_scenario", "did you mean"]),
        ('council = "Exampleshire Council"', "council = 5", ["key council", "a text in quotation marks"]),
        ('council = "Exampleshire Council"', "council = ", ["line 3", "expected TOML"]),
    ],
)  # fmt: skip
def test_a_case_file_that_cannot_be(tmp_path, old, new, fragments):
    assert old in CASE_TOML
    folder = write_case(tmp_path, case_toml=CASE_TOML.replace(old, new))
    found = [line for line in problems(folder) if all(fragment in line for fragment in fragments)]
    assert len(found) == 1, problems(folder)
    assert "line " in found[0] or "row " in found[0]


@pytest.mark.parametrize(
    ("overrides", "fragments"),
    [
        ('"fostering.fil_rate" = 0.5', ["key fostering.fil_rate", "did you mean fostering.fill_rate?"]),
        ("fostering.fil_rate = 0.5", ["key fostering.fil_rate", "did you mean fostering.fill_rate?"]),
        ('"fostering.fill_rate" = "0.5"', ["key fostering.fill_rate", "without quotation marks"]),
        ('"fostering.fill_rate" = nan', ["key fostering.fill_rate", "a finite number"]),
        ('"fostering.fill_rate" = inf', ["key fostering.fill_rate", "a finite number"]),
        ('"fostering.fill_rate" = true', ["key fostering.fill_rate", "a number"]),
        ('"fostering.fill_rate" = 62', ["key fostering.fill_rate", "from 0 to 1", "0.62"]),
        ('"fostering.fill_rate" = { value = 0.5, hi = 0.6 }', ["key fostering.fill_rate.hi", "did you mean high?"]),
        ('"fostering.fill_rate" = { low = 0.5 }', ["key fostering.fill_rate", "key fostering.fill_rate.value", "a key value, which is missing"]),
        ('"fostering.fill_rate" = { value = 0.5, low = 0.6, high = 0.7, distribution = "pert" }',
         ["key fostering.fill_rate.value", "from low to high"]),
        ('"fostering.fill_rate" = { value = 0.5, low = 0.6, high = 0.4, distribution = "pert" }',
         ["key fostering.fill_rate.low", "swap them"]),
        ('"fostering.fill_rate" = { value = 0.5, distribution = "pret" }', ["distribution", "did you mean pert?"]),
        ('"price.ifa_foster_weekly" = -1', ["key price.ifa_foster_weekly", "never negative"]),
        ('"price.ifa_foster_weekly" = { value = 800, as_at = "2024-01-01" }', ["2022-07-13 or earlier"]),
        ('schemes = ["fostring"]', ["key schemes", "did you mean fostering?"]),
        ('schemes = "fostering"', ["key schemes", "a list of names"]),
        ('"conventions.price_indx" = "outturn"', ["conventions.price_indx", "did you mean conventions.price_index?"]),
        ('"conventions.price_index" = "outurn"', ["price_index", "did you mean outturn?"]),
        ("horizon_years = 5", ["key horizon_years", "the name of an assumption"]),
        ("fostering = {}", ["key fostering", "the name of an assumption"]),
    ],
)  # fmt: skip
def test_an_override_that_cannot_be(tmp_path, overrides, fragments):
    text = f'title = "Mine"\nwhy = "To see."\n[overrides]\n{overrides}\n'
    folder = write_case(tmp_path, scenarios={"mine": text})
    line = one(folder, "scenarios/mine.toml, line 4", *fragments, scenario="mine")
    assert "expected" in line
    assert check([folder]) == 2


def test_a_scenario_file_with_unknown_and_missing_keys(tmp_path):
    folder = write_case(tmp_path, scenarios={"mine": 'title = "Mine"\noveride = 1\n'})
    found = problems(folder, "mine")
    assert any("key overide" in line and "did you mean" in line for line in found)
    assert any("a key why, which is missing" in line for line in found)


def test_a_scenario_that_does_not_exist(folder):
    one(folder, "exampleshire/scenarios", "'as-publised'", "did you mean as-published?", scenario="as-publised")
    assert problems(folder, "../exampleshire/case")


def test_a_case_that_does_not_exist(folder):
    one(folder.parent / "exampelshire", "a folder with a case", "did you mean exampleshire?")


# --- All at once -----------------------------------------------------------------------------------------------------


def test_all_problems_of_all_files_and_scenarios_come_at_once_and_each_once(folder, capsys):
    change(folder, "assumptions.csv", "value", "$5", row="cost.exit_at_18")
    change(folder, "establishment.csv", "funding", "ours", row="panel")
    change(folder, "caseload.csv", "placement", "home", row="1_4")
    change(folder, "published.csv", "formula", "1 / 0", row="5.1")
    (folder / "scenarios" / "base.toml").write_text(
        'title = "Base"\nwhy = "x"\n[overrides]\nbad = 1\n', encoding="utf-8"
    )
    (folder / "scenarios" / "fostering-only.toml").write_text("title = ", encoding="utf-8")
    assert check([folder]) == 2
    lines = capsys.readouterr().err.splitlines()
    for file in ("assumptions.csv", "establishment.csv", "caseload.csv", "base.toml", "fostering-only.toml"):
        assert sum(f"{file}, " in line for line in lines) == 1, lines
    assert lines[-1] == "5 problems; nothing has been run"


def test_a_division_by_zero_names_the_row(folder):
    change(folder, "published.csv", "formula", "1 / (report.places - 20)", row="5.1")
    found = [str(problem) for problem in examine(folder).problems]
    assert len(found) == 1
    assert "published.csv, row 2, column formula" in found[0]
    assert "does not divide by zero" in found[0]


def test_a_range_no_beta_can_have_is_found_by_check(tmp_path):
    folder = write_case(
        tmp_path, assumptions={"fostering.fill_rate": {"value": "0.9", "low": "0.001", "high": "0.999"}}
    )
    found = [str(problem) for problem in examine(folder).problems]
    assert any("assumptions.csv" in line and "fostering.fill_rate" in line and "beta" in line for line in found), found


CELLS = [
    (file, column, row)
    for file in FILES
    for column in range(18)
    for row in (1, 2, 5, 9)
]  # fmt: skip


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cell=st.sampled_from(CELLS), value=st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12)))
def test_whatever_stands_in_a_cell_there_is_no_traceback_and_no_silent_nan(pristine, cell, value):
    file, column, number = cell
    with tempfile.TemporaryDirectory() as root:
        shutil.copytree(pristine.parent, Path(root) / "inputs")
        folder = Path(root) / "inputs" / pristine.name
        rows = table(folder / file)
        row = rows[min(number, len(rows) - 1)]
        row[min(column, len(row) - 1)] = value.encode("utf-8", "ignore").decode()
        save(folder / file, rows)
        finding = examine(folder, ["base"])
    assert all(str(p).count("\n") == 0 and p.file and p.expected for p in finding.problems)
    for case in finding.cases:
        assert all(math.isfinite(figure) for figure in numbers_in(case))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    line=st.integers(0, 60),
    value=st.sampled_from(["5", '"text"', "[]", "{}", "[[1]]", "true", "nan", "1979-05-27", "-1", '["a", "a"]', "{a = {b = 1}}",
                           "2022-04-01T10:00:00", "9" * 500]),
    file=st.sampled_from(["case.toml", "scenarios/base.toml", "scenarios/as-published.toml"]),
)  # fmt: skip
def test_whatever_a_key_is_set_to_there_is_no_traceback(pristine, line, value, file):
    with tempfile.TemporaryDirectory() as root:
        shutil.copytree(pristine.parent, Path(root) / "inputs")
        path = Path(root) / "inputs" / pristine.name / file
        lines = path.read_text(encoding="utf-8").splitlines()
        at = line % len(lines)
        lines[at] = f"{lines[at].partition('=')[0]}= {value}"
        path.write_text("\n".join(lines), encoding="utf-8")
        finding = examine(path.parent if file == "case.toml" else path.parent.parent)
    assert all(str(p).count("\n") == 0 for p in finding.problems)


def test_scenarios_are_listed_base_first(folder):
    assert scenario_names(folder) == ("base", "as-published", "do-nothing", "fostering-only", "hindsight")
