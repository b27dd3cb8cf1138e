"""Which of DfE's tables a file is and what its columns hold, whatever a release calls them; a release's files."""

from __future__ import annotations

import zipfile
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import pandas as pd

from model.case.reading.problems import InputProblems

if TYPE_CHECKING:
    from collections.abc import Iterator

IDENTITY: Final = ("time_period", "geographic_level", "region_name", "la_name")
TABLE_OF_GROUP: Final = {"age group": "stock", "age on starting": "starts", "age on ceasing": "ceased"}
_MEASURES: Final = {"looked after": "stock", "starting": "starts", "ceasing": "ceased"}
_COUNTS: Final = ("number", "children_count", "population_number")
_NO_COUNT: Final = ("percent", "rate", "code", "estimate", "identifier", "time_period")
_LOCAL: Final = "local authority"


@contextmanager
def release(path: Path) -> Iterator[Path]:
    """Give the folder of a release: a folder, or a ZIP as downloaded, unpacked for as long as it is read."""
    if path.is_dir():
        zips = [] if any(path.rglob("*.csv")) else sorted(path.glob("*.zip"))
        if len(zips) != 1:
            yield path
            return
        path = zips[0]
    if not zipfile.is_zipfile(path):
        raise InputProblems(
            [f"--dfe {path.name}: no such folder; give the folder of DfE downloads, or a release's ZIP"]
        )
    with TemporaryDirectory() as name, zipfile.ZipFile(path) as archive:
        archive.extractall(name)
        yield Path(name)


def files_of(folder: Path) -> list[Path]:
    """Return the CSV files of a release, in a folder or below it, without hidden ones."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() == ".csv")
    hidden = (".", "__MACOSX", "~")
    return sorted(p for p in found if not any(part.startswith(hidden) for part in p.relative_to(folder).parts))


def group_columns(frame: pd.DataFrame) -> tuple[str, str] | None:
    """Return the columns of groups ("Age group") and of what is in them ("1 to 4 years"); None where there are none."""
    for at, column in enumerate(frame.columns[:-1]):
        if _values(frame[column]) & set(TABLE_OF_GROUP):
            return str(column), str(frame.columns[at + 1])
    return None


def kind_column(frame: pd.DataFrame) -> str | None:
    """Return the column that says which children are counted: in care, starting, ceasing."""
    for column in frame.columns:
        measures = {measure(value) for value in _values(frame[column]) if "children" in value}
        if len(measures - {""}) > 1:
            return str(column)
    return None


def measure(text: str) -> str:
    """Return which measure a kind of children is: stock, starts or ceased; "" for none."""
    plain = text.lower().replace(" to be looked after", "")
    return next((name for words, name in _MEASURES.items() if words in plain), "")


def count_column(frame: pd.DataFrame) -> str | None:
    """Return the column of counts: by the names it has had, else the first that holds numbers and is no rate."""
    known = [column for column in _COUNTS if column in frame.columns]
    rest = [c for c in frame.columns if not any(word in c.lower() for word in (*_NO_COUNT, *IDENTITY))]
    numbers = (c for c in rest if pd.to_numeric(frame[c].str.replace(",", ""), errors="coerce").notna().mean() > 1 / 2)
    return str(known[0]) if known else next(map(str, numbers), None)


def is_local(frame: pd.DataFrame) -> bool:
    """Whether a table has rows of authorities at all: a release's national tables are left aside."""
    return bool(frame["geographic_level"].str.strip().str.lower().eq(_LOCAL).any())


def _values(column: pd.Series) -> set[str]:
    return set(column.dropna().str.strip().str.lower().unique())
