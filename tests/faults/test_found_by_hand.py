"""What people found by trying things: each is small, was mended, and stays so."""

from datetime import date

import pytest

from model.__main__ import main
from model.case import cells
from model.case.pay import NI
from model.case.reading import pay_files
from tests.cases import write_case
from tests.demand.synthetic import write_tables


@pytest.mark.parametrize("text", ["1.2.3E+5", "1E+5E+5", ".E+5", "E+5"])
def test_what_only_looks_shortened_is_no_number_and_no_traceback(text):
    with pytest.raises(cells.Bad):
        cells.number(text)


def test_a_repeated_heading_is_told_and_mending_leaves_the_table(tmp_path, capsys):
    table = write_case(tmp_path) / "assumptions.csv"
    heading, *rows = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([f"{heading},unit", *(f"{row},share" for row in rows)]) + "\n", encoding="utf-8")
    before = table.read_bytes()
    assert main(["check", str(table.parent), "--mend"]) == 2
    assert "unit" in capsys.readouterr().err
    assert table.read_bytes() == before


def test_a_councils_own_national_insurance_goes_before_the_shared_row_of_the_day(tmp_path):
    heading = "from,rate,threshold_annual_gbp,low,high,source,as_at,quality,note\n"
    for name, rate in (("shared", "0.138"), ("own", "0.15")):
        (tmp_path / name).mkdir()
        for file, table in pay_files.PAY_FILES.items():
            columns = ",".join(column.name for column in table.columns)
            (tmp_path / name / file).write_text(f"{columns}\n", encoding="utf-8")
        row = f"2023-04-06,{rate},9100,,,a paper,2023-03-01,green,\n"
        (tmp_path / name / NI).write_text(heading + row, encoding="utf-8")
    for folders, expected in ((["shared", "own"], 0.15), (["shared"], 0.138)):
        tables = pay_files.read([tmp_path / name for name in folders], [])
        assert tables.in_force(NI, date(2023, 5, 1)).rate == expected


def test_a_return_of_headings_alone_is_a_sentence_and_nothing_is_written(tmp_path, capsys):
    (tmp_path / "dfe").mkdir()
    write_tables(tmp_path / "dfe")
    (tmp_path / "returns" / "2023").mkdir(parents=True)
    for file, heading in (("episodes.csv", "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE"),
                          ("header.csv", "CHILD,SEX,DOB")):  # fmt: skip
        (tmp_path / "returns" / "2023" / file).write_text(f"{heading}\n", encoding="utf-8")
    asked = ["--dfe", str(tmp_path / "dfe"), "--ssda903", str(tmp_path / "returns"), "--out", str(tmp_path / "out")]
    assert main(["demand", "--authority", "Northby", *asked]) == 2
    assert "no episode that can be read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
