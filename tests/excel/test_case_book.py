"""A case as one workbook, out and in; a list of posts as HR exports it."""

import csv
import io
import shutil
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from model.__main__ import main
from model.excel.case_book import case_book, read_case_book
from model.schemes.load import load_case
from tests.cases import write_case
from tests.excel.recalculating import needs_libreoffice, set_text, through_libreoffice

SHIPPED = sorted(case.parent for case in Path("inputs").glob("*/case.toml"))


def said(path, text):
    """What a file says: the rows of a table, the lines of TOML."""
    return [*csv.reader(io.StringIO(text))] if path.endswith(".csv") else text.splitlines()


def stated(folder):
    """File -> what it says, of a case's folder."""
    files = (*folder.glob("*.csv"), *folder.glob("*.toml"), *folder.glob("scenarios/*.toml"))
    return {str(f.relative_to(folder)): said(f.name, f.read_text(encoding="utf-8")) for f in files}


def came_back(path):
    return {file: said(file, text) for file, text in read_case_book(path).files.items()}


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_case_comes_back_from_its_workbook_to_the_letter(folder, tmp_path):
    (tmp_path / "case.xlsx").write_bytes(case_book(folder))
    assert came_back(tmp_path / "case.xlsx") == stated(folder)


@needs_libreoffice
@pytest.mark.slow
def test_a_case_comes_back_after_another_program_has_saved_it(tmp_path):
    folder = Path("inputs/bury-2022")
    (tmp_path / "case.xlsx").write_bytes(case_book(folder))
    assert came_back(through_libreoffice(tmp_path / "case.xlsx", tmp_path)) == stated(folder)


def test_a_number_that_a_spreadsheet_would_round_and_a_text_that_looks_like_one_come_back(tmp_path):
    budget = (
        "line,financial_year,value_gbp,source,x_code\n"
        "Residential placements,2022/23,0.10,=1+1,007\n"
        "Other placements,2022/23,1234567890.123456789,@home,-3\n"
    )
    folder = write_case(tmp_path, files={"approved_budget.csv": budget, "x_mine.csv": "a,b\n1e5, kept \n"})
    (tmp_path / "case.xlsx").write_bytes(case_book(folder))
    back = read_case_book(tmp_path / "case.xlsx").files
    assert back["approved_budget.csv"] == budget
    assert back["x_mine.csv"] == "a,b\n1e5, kept \n"
    with zipfile.ZipFile(tmp_path / "case.xlsx") as file:
        assert not any(b"<f>" in file.read(name) for name in file.namelist())


def test_a_sheet_has_a_protected_heading_notes_and_a_choice_of_words(tmp_path):
    (tmp_path / "case.xlsx").write_bytes(case_book(write_case(tmp_path)))
    with zipfile.ZipFile(tmp_path / "case.xlsx") as file:
        first, notes = (file.read(name).decode() for name in ("xl/worksheets/sheet1.xml", "xl/comments1.xml"))
    assert "<sheetProtection " in first
    assert 'topLeftCell="B2"' in first
    assert first.count('<dataValidation type="list"') >= 3  # distribution, unit, quality
    assert "The central value." in notes


@pytest.fixture
def case(tmp_path):
    folder = write_case(tmp_path)
    assert main(["excel", str(folder)]) == 0
    return folder


def test_what_is_changed_in_the_workbook_is_imported_and_nothing_else_is_touched(case, capsys):
    before, book = stated(case), case / f"{case.name}.xlsx"
    assert before["assumptions.csv"][2][:2] == ["price.ifa_foster_weekly", "800"]
    set_text(book, "assumptions", "B3", "810")
    assert main(["import", str(book), "--to", str(case)]) == 0
    assert "1 of " in capsys.readouterr().out
    before["assumptions.csv"][2][1] = "810"
    assert stated(case) == before
    assert load_case(case).assumptions["price.ifa_foster_weekly"].value == 810


def test_problems_are_named_by_sheet_and_cell_and_nothing_is_written(case, capsys):
    before, book = stated(case), case / f"{case.name}.xlsx"
    set_text(book, "assumptions", "C3", "seven hundred")
    set_text(book, "case", "B5", "first of April")
    set_text(book, "scenarios", "C2", "")
    assert main(["import", str(book), "--to", str(case)]) == 2
    told = capsys.readouterr().err
    assert "assumptions!C3: found 'seven hundred', expected a plain number" in told
    assert "case!B5: found 'first of April', expected a date" in told
    assert "scenarios!C2: " in told
    assert "nothing has been written" in told
    assert stated(case) == before


def test_what_is_no_workbook_of_a_case_is_said(tmp_path, capsys):
    (tmp_path / "text.xlsx").write_text("no workbook", encoding="utf-8")
    assert main(["import", str(tmp_path / "text.xlsx")]) == 2
    with xlsxwriter.Workbook(str(tmp_path / "other.xlsx")) as book:
        book.add_worksheet("budget")
    assert main(["import", str(tmp_path / "other.xlsx")]) == 2
    told = capsys.readouterr().err
    assert "text.xlsx: expected a workbook" in told
    assert "other.xlsx: found 'budget', expected a sheet case" in told


HEADINGS = ("Payroll group", "Full-time equivalent", "Position no.", "Job title", "Service", "Spinal point")
PEOPLE = (
    ("M", 1, "P 100", "Social worker", "Safeguarding", 31),
    ("M", 0.6, "P 100", "Social worker", "Safeguarding", 31),
    ("W", 2.5, "P 200", "=Clerk", "Business support", 12),
)
MAPPED = {"id": "Position no.", "post": "Job title", "team": "Service", "fte_current": "Full-time equivalent",
          "charged_to": "=improvement"}  # fmt: skip


@pytest.fixture
def listed(tmp_path):
    """A list of posts as a system exports it: a title, an empty row, then its own headings."""
    path = tmp_path / "posts.xlsx"
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        page = book.add_worksheet("Report")
        page.write_row(0, 0, ["Establishment report"])
        for at, row in enumerate((HEADINGS, *PEOPLE), start=2):
            page.write_row(at, 0, row)
    return path


def test_a_list_of_posts_is_imported_by_the_headings_that_case_toml_names(case, listed):
    toml = case / "case.toml"
    named = "\n".join(f'{column} = "{heading}"' for column, heading in MAPPED.items())
    toml.write_text(f"{toml.read_text(encoding='utf-8')}\n[establishment_list]\n{named}\n", encoding="utf-8")
    before = load_case(case).establishment
    assert main(["import", str(listed), "--posts", str(case)]) == 0
    added = load_case(case).establishment[len(before) :]
    assert [(p.id, p.post, p.team, p.fte_current, p.fte_proposed, p.charged_to, p.source) for p in added] == [
        ("P_100", "Social worker", "Safeguarding", 1.0, 1.0, "improvement", "posts.xlsx, Report, row 4"),
        ("P_100_2", "Social worker", "Safeguarding", 0.6, 0.6, "improvement", "posts.xlsx, Report, row 5"),
        ("P_200", "=Clerk", "Business support", 2.5, 2.5, "improvement", "posts.xlsx, Report, row 6"),
    ]
    assert main(["import", str(listed), "--posts", str(case)]) == 0  # again: each takes its own place
    assert len(load_case(case).establishment) == len(before) + 3


def test_a_list_of_posts_is_imported_by_headings_named_on_the_command_line(case, tmp_path):
    shutil.copy(case / "establishment.csv", tmp_path / "kept.csv")
    text = "Full-time equivalent;Service;Job title\n3;Safeguarding;Worker\n"
    (tmp_path / "list.csv").write_bytes(text.replace(";", ",").encode("cp1252"))
    named = [f"--map={column}={heading}" for column, heading in MAPPED.items() if column != "id"]
    assert main(["import", str(tmp_path / "list.csv"), "--posts", str(case), *named]) == 0
    assert load_case(case).establishment[-1].id == "row_2"


def test_a_list_whose_headings_are_not_found_or_not_named_is_refused_whole(case, listed, capsys):
    assert main(["import", str(listed), "--posts", str(case), "--map", "post=Title", "--map", "grad=Grade"]) == 2
    told = capsys.readouterr().err
    assert "column grad: expected one of its columns; did you mean grade?" in told
    assert "name it with --map team=HEADING" in told
    assert "a row of headings that holds Title" in told
