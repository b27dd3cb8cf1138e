"""A seeded part of `benchmarks/fuzz.py`: damaged files are refused or read, and never end in a traceback."""

import pytest

from benchmarks.fuzz import fuzz
from model.demand.textfile import read_text_columns


@pytest.mark.parametrize(("kind", "cases"), [("inputs", 6), ("returns", 25), ("tables", 1), ("outputs", 2)])
def test_damage_never_ends_in_a_traceback(kind, cases):
    found = fuzz(kind, cases, seed=16)
    assert [outcome.what for outcome in found if outcome.kind == "traceback"] == []
    if kind in {"inputs", "returns"}:
        assert any(outcome.kind == "refused" for outcome in found)


@pytest.mark.parametrize("text", ["CHILD,DOB\n", "CHILD,DOB", "CHILD,DOB\r\n\r\n"])
def test_a_table_of_headings_alone_has_no_rows(tmp_path, text):
    (tmp_path / "uasc.csv").write_text(text, encoding="utf-8")
    frame = read_text_columns(tmp_path / "uasc.csv")
    assert list(frame.columns) == ["CHILD", "DOB"]
    assert len(frame) == 0
