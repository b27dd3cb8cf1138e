"""Folders, ZIPs and delimited text of others' exports, as text columns: UTF-8 or Windows-1252, fast."""

import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa
from pyarrow import csv as pacsv

from model.case.reading.files import decoded
from model.case.reading.problems import InputProblems


@contextmanager
def unpacked(path: Path, option: str) -> Iterator[Path]:
    """Give a folder of exports: `path`, or a ZIP (itself, or the only one in it), unpacked for as long as it is read.

    Raises InputProblems in the name of the `option` where there is neither, or the ZIP cannot be unpacked.
    """
    if path.resolve().parent == path.resolve():
        raise InputProblems([f"{option} {path}: a whole disk; give the folder of files"])
    zips = sorted(path.glob("*.zip")) if path.is_dir() and not csv_files(path) else []
    source = zips[0] if len(zips) == 1 else path
    if source.is_dir():
        yield source
        return
    with TemporaryDirectory() as name:
        try:
            with zipfile.ZipFile(source) as archive:
                archive.extractall(name)
        except (OSError, zipfile.BadZipFile, RuntimeError) as error:  # RuntimeError: a password, or a method unknown
            message = f"{option} {path.name}: no such folder, and no ZIP that can be unpacked; give the folder of files"
            raise InputProblems([message]) from error
        yield Path(name)


def csv_files(folder: Path) -> list[Path]:
    """Return the CSV files in a folder or below it, without hidden ones."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() == ".csv" and path.is_file())
    hidden = (".", "__MACOSX", "~")
    return sorted(p for p in found if not any(part.startswith(hidden) for part in p.relative_to(folder).parts))


def header_of(raw: bytes) -> list[str]:
    """Column names of a comma separated file as they stand, without quotes or outer spaces."""
    first = raw.split(b"\n", 1)[0].decode("utf-8", errors="replace")
    return [name.strip().strip('"').strip() for name in first.split(",")] if first.strip() else []


def read_text_columns(path: Path, wanted: Iterable[str] | None = None) -> pd.DataFrame:
    """Return the named columns (all if None) as text, empty cells as NA; unknown names are left out.

    Names are matched without regard to case or outer spaces. An empty file gives a frame without rows or columns.
    A line with too few or too many fields is left out; `attrs["lost"]` counts these and the lines that a quotation mark
    swallowed, `attrs["lines"]` all under the heading. InputProblems where no table can be made of it.
    """
    raw = decoded(path.read_bytes())
    names = header_of(raw)
    keep = None if wanted is None else {name.lower() for name in wanted}
    columns = [n for n in dict.fromkeys(names) if n and (keep is None or n.lower() in keep)]
    if not raw.partition(b"\n")[2].strip():
        return pd.DataFrame(columns=columns, dtype="str")
    unique = [name if name and name not in names[:place] else f"_{place}" for place, name in enumerate(names)]
    try:
        table = pacsv.read_csv(
            pa.BufferReader(raw),
            pacsv.ReadOptions(column_names=unique, skip_rows=1, block_size=1 << 24),
            pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=lambda _: "skip"),
            pacsv.ConvertOptions(
                include_columns=columns,
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as error:
        message = f"{path.name}: no table that can be read ({error}); export it again as CSV UTF-8"
        raise InputProblems([message]) from error
    frame = pd.DataFrame({name: table[name].to_pandas() for name in columns}, dtype="str")
    lines = sum(1 for line in raw.splitlines()[1:] if line.strip(b" ,\t"))
    frame.attrs.update(lines=lines, lost=max(0, lines - len(frame)))
    return frame
