"""An extra digit breaks no rule: `check` warns of it and names the cell."""

import csv
import shutil
from pathlib import Path

import pytest

from model import load_case
from model.case.reading.plausible import warnings
from model.case.reading.problems import InputProblems

INPUTS = Path(__file__).parents[2] / "inputs"


@pytest.fixture
def bury(tmp_path):
    """Return a copy of the case, with two scenarios, and its reference tables."""
    for name in ("bury-2022", "reference"):
        shutil.copytree(INPUTS / name, tmp_path / "inputs" / name)
    folder = tmp_path / "inputs" / "bury-2022"
    for file in (folder / "scenarios").iterdir():
        if file.stem not in {"base", "as-published"}:
            file.unlink()
    return folder


def said(folder):
    """What `check` says of the base: the problems, or the warnings."""
    try:
        case = load_case(folder, "base")
    except InputProblems as problems:
        return str(problems).splitlines()
    return list(map(str, warnings([case], {})))


def cells(file, columns):
    with (INPUTS / "bury-2022" / file).open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    return [(n, c) for n, row in enumerate(rows) for c in columns if row[c] not in {"", "0"}]


def times_ten(folder, file, row, column):
    path = folder / file
    with path.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    rows[row][column] = f"{float(rows[row][column]) * 10:g}"
    with path.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def test_the_case_as_it_stands_has_no_warning(bury):
    assert said(bury) == []


def test_an_extra_digit_in_posts_and_entries_is_noticed(bury):
    """Nearly every one: what cannot be told is a change of a row that is printed without a cost or without posts."""
    columns = {
        "establishment.csv": ["fte_current", "fte_proposed", "change_annual_cost_gbp"],
        "caseload.csv": ["entries_annual", "exits_annual"],
    }
    wanted = [(file, *cell) for file, names in columns.items() for cell in cells(file, names)]
    unnoticed = []
    for file, row, column in wanted:
        before = (bury / file).read_bytes()
        times_ten(bury, file, row, column)
        if not any(file in line for line in said(bury)):
            unnoticed.append((file, row, column))
        (bury / file).write_bytes(before)
    assert len(unnoticed) <= 0.25 * len(wanted), unnoticed
    assert not [u for u in unnoticed if u[2] == "entries_annual"], unnoticed


def test_a_discount_rate_of_35_per_cent_is_noticed(bury):
    path = bury.parent / "reference" / "prices" / "discount_rates.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("standard,0.035", "standard,0.35"), encoding="utf-8")
    [line] = said(bury)
    assert "discount_rates.csv, row 2" in line
    assert "0 to 0.1, beyond which it is implausible" in line
