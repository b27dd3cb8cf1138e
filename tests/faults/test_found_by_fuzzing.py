"""What `python -m benchmarks fuzz` found: each is small, was mended as a kind, and stays so."""

import pytest

from model import load_case
from model.case.reading.problems import InputProblems
from model.demand.authority import authority_caseload
from model.demand.dfe import read_dfe
from tests.cases import write_case
from tests.demand.synthetic import write_tables


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


def test_a_table_without_an_authoritys_placements_is_a_sentence(tmp_path):
    path = write_tables(tmp_path) / "characteristics.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text(
        "".join(line for line in lines if not ("Northby" in line and ",Placement," in line)), encoding="utf-8"
    )
    with pytest.raises(InputProblems, match="Northby 2023: children in foster placements are not published"):
        authority_caseload(read_dfe(tmp_path), "Northby", None)


@pytest.mark.parametrize(
    ("table", "gone"),
    [
        ("demand/caseload_seed.csv", "5_9,parents"),  # a weight nobody states was 1: children moved by the dozen
        ("demand/stays.csv", "12"),
        ("optimism_bias.csv", "amber"),  # no rate for a grade was a rate of nought
    ],
)
def test_a_row_gone_from_a_table_that_has_all_is_noticed(tmp_path, table, gone):
    folder = write_case(tmp_path)
    path = folder.parent / "reference" / table
    if not path.exists():
        path.write_text(
            "grade,cost_uplift_share,saving_reduction_share,source\nred,0.4,0.4,x\namber,0.2,0.2,x\ngreen,0,0,x\n"
        )
    load_case(folder)
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(f"{gone},")), encoding="utf-8")
    with pytest.raises(InputProblems, match=f"{path.name}, row .* a row for {gone.replace(',', '/')} too"):
        load_case(folder)
