"""Read a delimited text file as text columns: UTF-8 (with or without a mark) or Windows-1252, fast."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import csv as pacsv

from model.case.reading.files import decoded
from model.case.reading.problems import InputProblems


def header_of(raw: bytes) -> list[str]:
    """Column names of a comma separated file as they stand, without quotes or outer spaces."""
    first = raw.split(b"\n", 1)[0].decode("utf-8", errors="replace")
    return [name.strip().strip('"').strip() for name in first.split(",")] if first.strip() else []


def read_text_columns(path: Path, wanted: Iterable[str] | None = None) -> pd.DataFrame:
    """Return the named columns (all if None) as text, empty cells as NA; unknown names are left out.

    Names are matched without regard to case or outer spaces. An empty file gives a frame without rows or columns.
    A line with too few or too many fields is left out and counted in ``frame.attrs["bad_lines"]``; lines that a
    quotation mark swallowed are counted in ``swallowed``, and all under the heading in ``lines``.
    """
    raw = decoded(path.read_bytes())
    names = header_of(raw)
    if not names:
        return pd.DataFrame()
    keep = None if wanted is None else {name.lower() for name in wanted}
    columns = [n for n in dict.fromkeys(names) if n and (keep is None or n.lower() in keep)]
    bad = 0

    def skip(_row: pacsv.InvalidRow) -> str:
        nonlocal bad
        bad += 1
        return "skip"

    unique = [name if name and name not in names[:place] else f"_{place}" for place, name in enumerate(names)]
    if not raw.partition(b"\n")[2].strip():
        return pd.DataFrame(columns=columns, dtype="str")
    try:
        table = _parsed(raw, unique, columns, skip)
    except pa.ArrowInvalid as error:
        raise InputProblems(
            [f"{path.name}: no table that can be read ({error}); export it again as CSV UTF-8"]
        ) from error
    frame = pd.DataFrame({name: table[name].to_pandas() for name in columns}, dtype="str")
    lines = sum(1 for line in raw.splitlines()[1:] if line.strip(b" ,\t"))
    frame.attrs.update(bad_lines=bad, lines=lines, swallowed=max(0, lines - bad - len(frame)))
    return frame


def _parsed(raw: bytes, names: list[str], columns: list[str], skip: Callable[[pacsv.InvalidRow], str]) -> pa.Table:
    return pacsv.read_csv(
        pa.BufferReader(raw),
        read_options=pacsv.ReadOptions(column_names=names, skip_rows=1, block_size=1 << 24),
        parse_options=pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
        convert_options=pacsv.ConvertOptions(
            include_columns=columns,
            column_types=dict.fromkeys(columns, pa.string()),
            strings_can_be_null=True,
            null_values=[""],
        ),
    )
