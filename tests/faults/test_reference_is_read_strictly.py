"""All of `inputs/reference` is read, bounded and reported like a case's own files, and recorded with a run."""

import shutil
from pathlib import Path

import pytest

from model import load_case
from model.__main__ import main
from model.case.reading.problems import InputProblems
from model.demand.codes import read_reference
from model.results.provenance import input_hashes

INPUTS = Path(__file__).parents[2] / "inputs"


@pytest.fixture
def bury(tmp_path):
    """Return a copy of the case with its reference tables."""
    for name in ("bury-2022", "reference"):
        shutil.copytree(INPUTS / name, tmp_path / "inputs" / name)
    return tmp_path / "inputs" / "bury-2022"


def refused(folder):
    with pytest.raises(InputProblems) as caught:
        load_case(folder, "base")
    return str(caught.value)


CHANGED = [
    ("pay/employer_ni.csv", "2022-11-06,0.138,", "2022-11-06,13.8,", "a number from 0 to 1; is it 0.138?"),
    ("pay/njc_spine.csv", "2021-04-01,18333,", "2021-04-01,-18333,", "a number from 1000 to 1e+06"),
    ("pay/pay_awards.csv", ",,0.0388,", ",,1.75,", "a number from -0.5 to 0.5; is it 0.0175?"),
    ("pay/pay_awards.csv", "2023-04-01,44,", "2023-04-01,x,", "a whole number, or an empty cell for every point"),
    ("plausible.csv", "name,low,high", "name;low;high", "a column low, which is missing"),
    ("plausible.csv", "foster_prices,0.2,5", "foster_prices,5,0.2", "no more than high (0.2)"),
    ("demand/stays.csv", "12,0.46", "12,46", "a number from 0 to 1; is it 0.46?"),
    ("demand/stays.csv", "24,0.69", "25,0.69", "6, 12 or 24 months"),
    ("demand/caseload_seed.csv", "under_1,in_house_foster,1,", "under_1,in_house_foster,-1,", "from 0 to 1000"),
    ("demand/placement_codes.csv", "K1,Secure children's home,residential", "K1,Secure,rezidential", "a placement"),
    ("prices/discount_rates.csv", "green_book_standard,0.035", "green_book_standard,3.5", "-0.5 to 0.5; is it 0.035?"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "was", "now", "words"), CHANGED)
def test_a_slip_in_a_reference_table_is_refused_by_its_cell(bury, file, was, now, words):
    path = bury.parent / "reference" / file
    text = path.read_text(encoding="utf-8")
    assert was in text
    path.write_text(text.replace(was, now), encoding="utf-8")
    said = refused(bury)
    assert words in said
    assert Path(file).name in said


@pytest.mark.parametrize("file", ["demand/caseload_seed.csv", "demand/stays.csv", "prices/price_indices.csv"])
@pytest.mark.parametrize("keep", [0, 1])
def test_a_table_that_decides_a_figure_is_neither_missing_nor_empty(bury, file, keep):
    path = bury.parent / "reference" / file
    heading = path.read_text(encoding="utf-8").splitlines()[0]
    path.write_text(heading + "\n", encoding="utf-8") if keep else path.unlink()
    assert ("at least one row" if keep else "expected this file") in refused(bury)


@pytest.mark.parametrize("spoilt", ["utf-16", "folder"])
@pytest.mark.parametrize("file", ["pay/njc_spine.csv", "plausible.csv", "demand/placement_codes.csv"])
def test_a_table_in_another_encoding_or_a_folder_in_its_place_is_refused(bury, file, spoilt):
    path = bury.parent / "reference" / file
    text = path.read_text(encoding="utf-8") + "£"
    path.unlink()
    path.mkdir() if spoilt == "folder" else path.write_bytes(text.encode(spoilt))
    said = refused(bury)
    assert Path(file).name in said
    assert ("a file that can be read" if spoilt == "folder" else "UTF-8 text") in said


def test_an_empty_table_of_codes_stops_a_return_from_being_read(tmp_path):
    (tmp_path / "placement_codes.csv").write_text("code,description,placement,source\n", encoding="utf-8")
    with pytest.raises(InputProblems, match="at least one row beneath the heading"):
        read_reference("placement_codes.csv", tmp_path)


def test_every_reference_table_is_in_the_provenance(bury):
    told = input_hashes(bury, "base")
    tables = {p for p in (bury.parent / "reference").rglob("*.csv") if "new_case" not in p.parts}
    assert {p.relative_to(bury.parent).as_posix() for p in tables} <= told.keys()
    (bury / "._assumptions.csv").write_bytes(b"\x00\x05\x16\x07")
    (bury / "scenarios" / "._base.toml").write_bytes(b"\x00\x05\x16\x07")
    (bury / "~$assumptions.csv").write_bytes(b"\x00")
    assert input_hashes(bury, "base") == told
    assert load_case(bury, "base").name == "bury-2022"
    assert main(["check", str(bury)]) == 0
