"""The workbook of live formulas is the model: recalculated, it gives Python's figures, whatever is changed."""

import datetime as dt
import os
import re
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from model.case.assumptions import Assumptions
from model.case.parameters import PLACEMENT_LINES
from model.case.reading.load import scenario_names
from model.case.words import DO_NOTHING, INTERACTION, PORTFOLIO, WITH_SCHEMES
from model.excel.appraisal import METRICS
from model.excel.grid import SEP
from model.excel.twin import GREEN, write_workbook
from model.results.runs import run
from model.schemes.load import load_case
from tests.cases import write_case
from tests.excel.recalculating import FIRST, SCENARIOS_OF_A_DESK, needs_libreoffice, recalculated, set_cells

BURY = "inputs/bury-2022"
SHIPPED = scenario_names(BURY) if os.environ.get("CI") else SCENARIOS_OF_A_DESK
PENNY, CHILD = 0.011, 1e-6


def rows_of(sheets, name):
    """Label -> row, the last of those with one label."""
    return {row[0]: row for row in sheets[name] if row and row[0]}


def cells(row, n):
    """The first n periods of a row as numbers: a blank, a text or an error there is a fault."""
    found = row[FIRST : FIRST + n]
    assert all(isinstance(cell, float | int) for cell in found), row[:12]
    return np.array(found)


def assert_the_same(case, sheets):
    """Every metric, annual line and month of children of a workbook against Python's run of the case."""
    result, years = run(case, draws=1), len(case.timeline.financial_years)
    shown, annual = rows_of(sheets, "Appraisal"), rows_of(sheets, "Annual lines")
    for perimeter, metrics in result.metrics_by_perimeter.items():
        for metric, (label, _) in METRICS.items():
            python, excel = metrics[metric]["central"], shown[f"{perimeter}: {label}"][2]
            assert isinstance(excel, str) if python is None else excel == pytest.approx(python, abs=0.01), metric
    lines, seen = result.annual[result.annual.statistic == "central"], set()
    for (perimeter, scheme, line, nature, recurrence, basis), group in lines.groupby(
        ["perimeter", "scheme", "line", "nature", "recurrence", "price_basis"]
    ):
        owner = f"{INTERACTION}:{perimeter}" if scheme == INTERACTION else scheme
        label = SEP.join((basis, perimeter, "net") if scheme == PORTFOLIO else (basis, owner, line, nature, recurrence))
        seen.add(label)
        python = group.sort_values("financial_year").value_gbp.to_numpy()
        assert np.abs(cells(annual[label], years) - python).max() < PENNY, label
    others = [row for label, row in annual.items() if label.startswith(("real", "nominal")) and label not in seen]
    assert all(not cells(row, years).any() for row in others)
    assert_the_same_children(case, sheets, result.central.stock)


def worlds(sheets):
    """Title of a section of the sheet of children -> label -> row."""
    found, title = {}, ""
    for row in sheets["Children"]:
        if row and row[0] and row[1] == "":
            title = row[0]
        found.setdefault(title, {})[row[0] if row else ""] = row
    return found


def assert_the_same_children(case, sheets, stock):
    acting = [s for s in case.active_schemes if s.kind in {"fostering_growth", "entry_reduction"}]
    with_them = acting[0].title if len(acting) == 1 else " and ".join(s.name for s in acting) or "Do nothing"
    found, months = worlds(sheets), case.timeline.months
    unaccompanied = found.get("Unaccompanied children, in every world", {})
    for world, title in ((DO_NOTHING, "Do nothing"), (WITH_SCHEMES, with_them)):
        for i, line in enumerate(PLACEMENT_LINES.values()):
            row = found[title].get(f"{line}, with those moved", found[title][line])
            others = cells(unaccompanied[line], months) if unaccompanied else 0.0
            assert np.abs(cells(row, months) + others - stock[world][1:, i, 0]).max() < CHILD, (world, line)


def made(case, folder, changes=()):
    """Write a case's workbook, put values into cells of it, and return its sheets recalculated."""
    path = folder / f"{case.name}-{case.scenario}.xlsx"
    write_workbook(case, path)
    set_cells(path, dict(changes))
    return recalculated(path, folder)


@needs_libreoffice
@pytest.mark.slow
@pytest.mark.parametrize("scenario", SHIPPED)
def test_a_shipped_scenario_recalculated_is_the_model(scenario, tmp_path):
    case = load_case(BURY, scenario)
    sheets = made(case, tmp_path)
    assert_the_same(case, sheets)
    assert any(GREEN in row for row in sheets["Summary"])


@needs_libreoffice
@pytest.mark.slow
def test_the_twin_of_a_case_that_is_not_ours(tmp_path):
    case = load_case(write_case(tmp_path))
    assert_the_same(case, made(case, tmp_path))


def changed(case, values, **starts):
    """The case with other values of assumptions and starts of schemes."""
    assumptions = {n: replace(a, value=values.get(n, a.value)) for n, a in case.assumptions.items()}
    schemes = tuple(replace(s, start=starts.get(s.name, s.start)) for s in case.schemes)
    return replace(case, assumptions=Assumptions(assumptions), schemes=schemes)


TEN = {
    "price.ifa_foster_weekly": 900.0, "fostering.fill_rate": 0.75, "edge_of_care.effect": 0.33, "fostering.delay": 6.0,
    "caseload.entries_growth_annual": 0.02, "growth.placement_prices_real_annual": 0.035,
    "establishment.vacancy_share": 0.25, "agency.whole_cost": 1.0, "edge_of_care.team_inside_safeguarding": 0.0,
    "edge_of_care.weight_residential": 2.0,
}  # fmt: skip
SWITCHED = {
    "fostering.inflow_limited": 0.0, "edge_of_care.capacity_limited": 0.0, "establishment.fill_probability": 0.6,
    "fostering.deregistration_annual": 0.3, "cost.diverted_child": 9000.0, "cashable.contract_step_residential": 2.0,
}  # fmt: skip


@needs_libreoffice
@pytest.mark.slow
@pytest.mark.parametrize("values", [TEN, SWITCHED], ids=["ten inputs", "switches"])
def test_inputs_changed_in_the_sheet_give_what_python_gives(values, tmp_path):
    case, start = load_case(BURY, "base"), dt.date(2023, 5, 16)
    serial = float((start - dt.date(1899, 12, 30)).days)
    sheets = made(case, tmp_path, {**values, "edge_of_care.start": serial})
    assert_the_same(changed(case, values, edge_of_care=start), sheets)


@needs_libreoffice
@pytest.mark.slow
def test_a_change_that_needs_python_turns_the_check_red(tmp_path):
    case = load_case(BURY, "fostering-only")
    sheets = made(case, tmp_path, {"caseload.exits_multiplier": 1.1})
    assert not any(GREEN in row for row in sheets["Summary"])


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Sheet -> cell -> formula of base, as they stand in the file; and the file's names."""
    path = tmp_path_factory.mktemp("twin") / "workbook.xlsx"
    write_workbook(load_case(BURY, "base"), path)
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name).decode() for name in file.namelist() if name.endswith(".xml")}


def formulas(pages):
    """Yield (sheet, row, column number, formula)."""
    for name, text in pages.items():
        if name.startswith("xl/worksheets/sheet"):
            for letters, row, formula in re.findall(r'<c r="([A-Z]+)(\d+)"[^>]*><f>([^<]*)</f>', text):
                yield name, int(row), number_of(letters), formula


def number_of(letters):
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def pattern(formula, row, column):
    """A formula with its references made relative, so that a copied one reads the same."""

    def relative(found):
        fixed, letters, line_fixed, line = found.groups()
        across = letters if fixed else f"C[{number_of(letters) - column}]"
        return f"{across}{line if line_fixed else f'R[{int(line) - row}]'}"

    return re.sub(r"(?<![A-Za-z0-9_.])(\$?)([A-Z]{1,3})(\$?)(\d+)(?![A-Za-z0-9_.(])", relative, formula)


def test_a_row_has_one_formula_and_it_holds_no_number(pages):
    by_row, plain = {}, re.compile(r"(?<![A-Za-z0-9_.$])\d+\.?\d*(?![A-Za-z0-9_.])")
    for sheet, row, column, formula in formulas(pages):
        if column > FIRST:
            by_row.setdefault((sheet, row), set()).add(pattern(formula, row, column))
        bare = re.sub(r"'[^']*'!|\"[^\"]*\"|\$?[A-Z]{1,3}\$?\d+", "", formula)
        if sheet != "xl/worksheets/sheet1.xml":  # the summary picks a year by its place
            assert set(plain.findall(bare)) <= {"0", "1"}, formula
    assert len(by_row) > 500
    workings = {
        key: found
        for key, found in by_row.items()
        if key[0] not in {"xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"}
    }
    assert [key for key, found in workings.items() if len(found) > 1] == []


def test_nothing_volatile_no_links_no_macros_and_only_functions_of_excel_2016(pages):
    used = {name for *_, formula in formulas(pages) for name in re.findall(r"([A-Z][A-Z0-9.]+)\(", formula)}
    assert used <= {
        "ABS", "AVERAGE", "COLUMN", "COLUMNS", "DATE", "DAY", "IF", "INDEX", "INT", "MATCH", "MAX", "MIN", "MONTH",
        "ROUND", "ROWS", "SUM", "SUMIF", "SUMPRODUCT", "YEAR",
    }  # fmt: skip
    assert not any("externalLink" in name or "vba" in name for name in pages)


def test_the_same_case_gives_the_same_bytes(tmp_path):
    case = load_case(BURY, "fostering-only")
    for name in ("one.xlsx", "two.xlsx"):
        write_workbook(case, tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
