"""What `python -m benchmarks fuzz` found: each is small, was mended as a kind, and stays so."""

import pytest

from model import load_case
from model.case.reading.problems import InputProblems
from tests.cases import write_case


@pytest.mark.parametrize("spared", [0, 1])
def test_a_table_that_ends_in_the_middle_of_a_row_was_cut_short(tmp_path, spared):
    # the cells that are missing may be empty, and what stood below would be gone unsaid
    folder = write_case(tmp_path)
    path = folder / "caseload.csv"
    text = path.read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("16_17,all,general"))
    kept = ",".join(row.split(",")[:6])
    path.write_text(text[: text.index(row) + len(kept) - spared], encoding="utf-8")
    with pytest.raises(InputProblems, match=r"caseload\.csv, row \d+: found .16_17,all.*a whole last row"):
        load_case(folder)
