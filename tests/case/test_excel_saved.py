"""What Excel does to a CSV when it saves one is undone, and only where one reading is possible."""

import csv
import datetime as dt
import io
import re

import pytest

from model.__main__ import main
from model.case.cells import DATE, NUMBER, PERIOD, YEAR
from model.case.reading import excel
from model.case.reading.files import house_form
from model.case.reading.load import TABLES, read_case
from model.case.reading.problems import InputProblems
from tests.cases import write_case

ISO = re.compile(r"\d{4}-\d{2}-\d{2}")


def as_excel_saves(text, delimiter=",", decimal="."):
    """Return a CSV as UK Excel shows and saves it: dates, years read as months, shares as per cents, money grouped."""
    rows = list(csv.reader(io.StringIO(text)))
    titles = rows[0]

    def cell(title, row, text):
        if ISO.fullmatch(text):
            return dt.date.fromisoformat(text).strftime("%d/%m/%Y")
        if title == "price_base" and (month := int(text[5:] or 0)) and month <= 12:
            return dt.date(int(text[:4]), month, 1).strftime("%b-%y")
        unit = row[titles.index("unit")] if "unit" in titles else ""
        is_number = re.fullmatch(r"-?\d+(\.\d+)?", text) and title in {"value", "low", "high"}
        if is_number and unit == "share":
            return f"{float(text) * 100:.10g}%".replace(".", decimal)
        if is_number and unit.startswith("GBP") and float(text) >= 1000:
            grouped = f"£{float(text):,.10g}" if "." in text else f"£{int(text):,}"
            return grouped.translate(str.maketrans(",.", ".,")) if decimal == "," else grouped
        return text.replace(".", decimal) if is_number else text

    out = io.StringIO()
    body = [[cell(title, row, text) for title, text in zip(titles, row, strict=True)] for row in rows[1:]]
    csv.writer(out, delimiter=delimiter).writerows([titles, *body])
    return out.getvalue()


@pytest.fixture
def folder(tmp_path):
    return write_case(tmp_path, assumptions={"cost.exit_at_18": {"as_at": "2022-03-31"}})


def stated(folder):
    """A case as it is read, its folder aside."""
    case = read_case(folder)
    return case.assumptions, case.establishment, case.approved_budget, case.actuals, case.published, case.caseload


@pytest.mark.parametrize(("encoding", "delimiter", "decimal"), [("utf-8-sig", ",", "."), ("cp1252", ",", "."),
                                                                ("cp1252", ";", ",")])  # fmt: skip
def test_a_case_saved_from_excel_is_the_case_and_mending_gives_the_house_form(
    folder, capsys, encoding, delimiter, decimal
):
    before, original = stated(folder), (folder / "assumptions.csv").read_text(encoding="utf-8")
    saved = as_excel_saves(original, delimiter, decimal)
    assert re.search(r"\d\d/\d\d/20\d\d", saved)
    assert "%" in saved
    assert "£" in saved
    (folder / "assumptions.csv").write_bytes(saved.encode(encoding))
    assert stated(folder) == before
    assert main(["check", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "column as_at: " in said
    assert "read as '2022-" in said
    assert main(["check", str(folder), "--mend"]) == 0
    assert house_form(folder / "assumptions.csv", TABLES["assumptions.csv"].columns)[1] == []
    assert stated(folder) == before
    assert (folder / "assumptions.csv.as-saved").read_bytes() == saved.encode(encoding)


def column(title, form, texts, parted_by=",", **others):
    """Return the cells of one column as they are read."""
    titles = [title, *others]
    records = [(1, titles), *((i + 2, [text, *others.values()]) for i, text in enumerate(texts))]
    done, _ = excel.undone(records, {title: form}, parted_by)
    return [row[0] for _, row in done[1:]]


@pytest.mark.parametrize(
    ("texts", "read"),
    [
        (["13/07/2022", "01/04/2022"], ["2022-07-13", "2022-04-01"]),
        (["07/13/2022", "04/01/2022"], ["2022-07-13", "2022-04-01"]),
        (["01/04/2022", "05/06/2022"], ["01/04/2022", "05/06/2022"]),
        (["13/07/2022", "07/13/2022"], ["13/07/2022", "07/13/2022"]),
        (["05/05/2022"], ["2022-05-05"]),
        (["31/02/2022"], ["31/02/2022"]),
        (["13-Jul-2022", "2022-07-13 00:00:00", "13/07/22"], ["2022-07-13", "2022-07-13", "13/07/22"]),
    ],
)
def test_one_order_of_day_and_month_holds_for_a_column(texts, read):
    assert column("as_at", DATE, texts) == read


def test_a_financial_year_read_as_a_month_is_a_year_and_nothing_else_is():
    assert column("y", YEAR, ["Oct-09", "01/10/2009", "Oct-10", "2022/23"]) == [
        "2009/10",
        "2009/10",
        "Oct-10",
        "2022/23",
    ]
    assert column("p", PERIOD, ["Apr-22", "Oct-09", "31/03/2022"]) == ["2022-04", "Oct-09", "2022-03-31"]


@pytest.mark.parametrize(
    ("text", "unit", "read"),
    [
        ("5%", "share", "0.05"), ("5%", "months", "5%"), ("-0.5%", "rate/year", "-0.005"),
        ("£1,234.50", "GBP", "1234.50"), ("(1,234)", "GBP", "-1234"), ("£3", "months", "£3"),
        ("1,23", "GBP", "1,23"), ("0,615", "share", "0,615"), ("--5", "GBP", "--5"), ("1.5E+05", "GBP", "1.5E+05"),
    ],
)  # fmt: skip
def test_a_number_loses_what_was_only_its_format(text, unit, read):
    assert column("value", NUMBER, [text], unit=unit) == [read]


def test_a_semicolon_file_has_decimal_commas_unless_it_shows_full_stops():
    assert column("value", NUMBER, ["0,5", "1,234", "1.234,5", "1.234"], ";", unit="GBP") == [
        "0.5", "1.234", "1234.5", "1234",
    ]  # fmt: skip
    assert column("value", NUMBER, ["0.5", "1,234"], ";", unit="GBP") == ["0.5", "1234"]
    assert column("value", NUMBER, ["0.5", "0,5"], ";", unit="GBP") == ["0.5", "0,5"]


def test_pounds_that_were_read_in_the_wrong_encoding_are_pounds_again(folder, capsys):
    path = folder / "assumptions.csv"
    text = path.read_text(encoding="utf-8").replace("Invented", "£5 – Invented").replace("invented", "£5 – invented")
    assert "£5 – " in text
    path.write_text(text, encoding="utf-8")
    before = stated(folder)
    path.write_bytes(text.encode().decode("cp1252").encode("utf-8-sig"))
    assert stated(folder) == before
    assert main(["check", str(folder)]) == 0
    assert "Â£5" in capsys.readouterr().out


def test_what_is_ambiguous_stays_an_error_with_its_cell(tmp_path):
    folder = write_case(tmp_path)
    path = folder / "assumptions.csv"
    path.write_text(re.sub(ISO, "04/05/2022", path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputProblems, match="row 2, column as_at: found '04/05/2022'"):
        read_case(folder)
