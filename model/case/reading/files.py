"""Bytes -> text -> rows. A file that cannot be read is a problem, never a traceback."""

from __future__ import annotations

import csv
import io
import itertools
import re
from dataclasses import MISSING, dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from model.case.reading import cells, excel
from model.case.reading.cells import Bad
from model.case.reading.problems import Problem
from model.case.spelling import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from _typeshed import DataclassInstance

EXTRA_PREFIX = "x_"
Record = TypeVar("Record", bound="DataclassInstance")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table: how its cells are read, whether it must be there, and whether a cell may be empty."""

    name: str
    parse: Callable[[str], Any]
    required: bool = True
    blank: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: its number as a spreadsheet shows it, the cells that could be read, and all cells as they stand."""

    file: str
    number: int
    values: Mapping[str, Any]
    raw: Mapping[str, str]
    complete: bool

    def problem(self, column: str, expected: str, suggestion: str = "") -> Problem:
        """A problem with one cell of this row."""
        return Problem(
            file=self.file,
            row=self.number,
            column=column,
            value=self.raw.get(column, ""),
            expected=expected,
            suggestion=suggestion,
        )


_BY_TYPE: Final[Mapping[str, Callable[[str], Any]]] = {
    "str": cells.text_cell,
    "float": cells.number,
    "float | None": cells.optional_number,
    "date": cells.iso_date,
    "date | None": cells.optional_date,
    "bool": cells.yes_or_no,
}


def columns_of(
    record: type[DataclassInstance],
    *,
    headings: Mapping[str, str] = MappingProxyType({}),
    without: str = "",
    empty: str = "",
    optional: str = "",
    **parse: Callable[[str], Any],
) -> tuple[Column, ...]:
    """Return the columns of a table whose rows become `record`: one a field, in its order, `without` some of them.

    A field with a default or named in `optional` may be left out, and its cell be empty; a cell of those named in
    `empty` may be empty too. A cell is read by its field's type, unless `parse` says otherwise. `headings`: field ->
    column, where they differ.
    """
    return tuple(
        Column(
            name=headings.get(field.name, field.name),
            parse=parse.get(field.name) or _BY_TYPE[str(field.type)],
            required=field.default is MISSING and field.name not in optional.split(),
            blank=field.default is not MISSING or field.name in [*empty.split(), *optional.split()],
        )
        for field in fields(record)
        if field.name not in without.split()
    )


def record_of(record: type[Record], row: Row, **instead: object) -> Record:
    """Return the record that a whole row states, and `instead` more. An empty cell leaves a field at its default."""
    stated = {
        field.name: row.values[field.name]
        for field in fields(record)
        if field.name in row.values and (row.raw.get(field.name) or field.default is MISSING)
    }
    return record(**{**stated, **instead})


def is_aside(path: Path) -> bool:
    """Whether a file is what a system or a program leaves beside the ones one means: `._x`, `~$x`, `.~lock.x#`."""
    return path.name.startswith((".", "~"))


def shown_path(path: Path) -> str:
    """The path as a message names it: the case's folder and what is in it."""
    inner = path.parent.name == "scenarios" or path.parent.parent.name == "reference"
    parts = path.parts[-3:] if inner else path.parts[-2:]
    return "/".join(parts)


def read_text(path: Path, problems: list[Problem], *, optional: bool = False, of_excel: bool = False) -> str | None:
    """Return a file's text without byte order mark, or None (with a problem, unless it is optional and absent).

    `of_excel`: what is not UTF-8 is read as Windows-1252.
    """
    file = shown_path(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if not optional:
            beside = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
            advice = nearest(path.name, beside)
            problems.append(
                Problem(
                    file=file,
                    expected="this file, which a case must have",
                    suggestion=advice if advice.startswith("did") else "",
                )
            )
        return None
    except OSError as error:
        problems.append(Problem(file=file, expected="a file that can be read", suggestion=error.strerror or ""))
        return None
    return _decoded(content, file, problems, of_excel=of_excel)


def _decoded(content: bytes, file: str, problems: list[Problem], *, of_excel: bool) -> str | None:
    if not content.strip() or not content.removeprefix(b"\xef\xbb\xbf").strip():
        problems.append(Problem(file=file, expected="a file that is not empty"))
        return None
    if content.startswith(_UTF16_MARKS) or b"\x00" in content:
        problems.append(Problem(file=file, expected="UTF-8 text", suggestion="in Excel save as `CSV UTF-8`"))
        return None
    try:
        return excel.text_of(content)[0] if of_excel else content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = content.splitlines()[before.count(b"\n")] if content else b""
        byte = content[error.start : error.start + 1]
        character = byte.decode("cp1252", errors="replace")
        problems.append(
            Problem(
                file=file,
                row=before.count(b"\n") + 1,
                value=line.decode("cp1252", errors="replace"),
                expected=f"UTF-8 text; byte {error.start + 1} (0x{byte.hex()}, {character!r} in Windows-1252) is not",
                suggestion="in Excel save as `CSV UTF-8 (Comma delimited)`",
            )
        )
        return None


def decoded(raw: bytes) -> bytes:
    """Return others' exports as UTF-8 without a byte order mark; what is not UTF-8 is read as Windows-1252."""
    if raw.startswith(_UTF16_MARKS):
        return raw.decode("utf-16", errors="replace").encode()
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace").encode()
    return raw


def read_table(path: Path, columns: Sequence[Column], problems: list[Problem], *, optional: bool = False) -> list[Row]:
    """Return the rows of a CSV file by its declared columns. A cell that cannot be read is a problem, and left out.

    What Excel made of the file is undone first, where it is plain what stood there.
    """
    text = read_text(path, problems, optional=optional, of_excel=True)
    if text is None:
        return []
    file = shown_path(path)
    records = _records(text, file, problems)
    if not records:
        return []
    records, _ = excel.undone(records, _parsers(columns), excel.delimiter(text))
    titles = [cell.strip() for cell in records[0][1]]
    width = len(titles)
    while titles and not titles[-1]:
        titles.pop()
    if not _check_header(titles, columns, file, problems):
        return []
    heading = _Heading(file=file, titles=titles, width=width, columns=columns)
    return [_row(number, cells, heading, problems) for number, cells in records[1:]]


def _parsers(columns: Sequence[Column]) -> dict[str, Callable[[str], Any]]:
    return {column.name: column.parse for column in columns}


def house_form(path: Path, columns: Sequence[Column]) -> tuple[bytes, list[excel.Taken]]:
    """Return a table as the house would write it, and what in it was taken for something else; nothing if unreadable.

    A file without anything to undo is returned as it stands.
    """
    content = path.read_bytes() if path.is_file() else b""
    problems: list[Problem] = []
    text = read_text(path, problems, optional=True, of_excel=True)
    records = _records(text, "", problems) if text else []
    if problems or not records or text is None:
        return content, []
    parted_by = excel.delimiter(text)
    mended, taken = excel.undone(records, _parsers(columns), parted_by)
    taken = [*excel.text_of(content)[1], *taken]
    if parted_by == ";":
        taken.append(excel.Taken(row=1, column="", found=";", read=","))
    return (excel.written(mended), taken) if taken else (content, [])


@dataclass(frozen=True, kw_only=True)
class _Heading:
    """A table's first row: its titles, how many cells it has with the empty ones after them, and what is declared."""

    file: str
    titles: list[str]
    width: int
    columns: Sequence[Column]

    def fits(self, cells: list[str]) -> bool:
        """Whether a row has as many cells; a spreadsheet may leave out the last ones where they may be empty."""
        needed = {column.name for column in self.columns if not column.blank}
        return len(cells) <= self.width and not needed & set(self.titles[len(cells) :])


def _records(text: str, file: str, problems: list[Problem]) -> list[tuple[int, list[str]]]:
    """Rows that hold anything, each with its number as a spreadsheet shows it."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=excel.delimiter(text))
    records: list[tuple[int, list[str]]] = []
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if any(cell.strip() for cell in cells):
                records.append((number, cells))
    except csv.Error as error:
        problems.append(
            Problem(
                file=file,
                row=number + 1,
                expected="quotation marks in pairs around a whole cell",
                suggestion=f"{error}: look at the row before it too",
            )
        )
    return records


def _check_header(header: list[str], columns: Sequence[Column], file: str, problems: list[Problem]) -> bool:
    """Report missing, unknown and repeated columns; False where the rows could not be read by this heading."""
    known = [column.name for column in columns]
    before = len(problems)
    if len(header) == 1 and "\t" in header[0]:
        problems.append(
            Problem(
                file=file,
                row=1,
                value=header[0],
                expected="columns separated by commas",
                suggestion="save it again as a comma-separated CSV",
            )
        )
        return False
    missing = [column.name for column in columns if column.required and column.name not in header]
    for position, title in enumerate(header, start=1):
        if title in known or title.startswith(EXTRA_PREFIX):
            if title in header[: position - 1]:
                problems.append(Problem(file=file, row=1, column=title, value=title, expected="each column once"))
        else:
            advice = nearest(title, missing or known)
            problems.append(
                Problem(
                    file=file,
                    row=1,
                    column=title or f"number {position}",
                    value=title,
                    expected="a known column",
                    suggestion=advice if advice.startswith("did") else "a column of your own begins x_",
                )
            )
    problems.extend(
        Problem(file=file, row=1, column=title, expected=f"a column {title}, which is missing") for title in missing
    )
    return len(problems) == before


def _row(number: int, cells: list[str], heading: _Heading, problems: list[Problem]) -> Row:
    """Read one row. Where its cells cannot be told apart only the first, which names the row, is read."""
    titles, columns, complete = heading.titles, heading.columns, True
    if not heading.fits(cells):
        problems.append(_width_problem(number, cells, heading))
        columns, complete = [column for column in columns if column.name == titles[0]], False
    padded = [*cells, *[""] * (len(titles) - len(cells))]
    raw = {title: cell.replace("\u00a0", " ").strip() for title, cell in zip(titles, padded, strict=False)}
    values: dict[str, Any] = {}
    for column in columns:
        text = raw.get(column.name, "")
        try:
            values[column.name] = _parsed(column, text)
        except Bad as bad:
            complete = False
            problems.append(
                Problem(
                    file=heading.file,
                    row=number,
                    column=column.name,
                    value=text,
                    expected=bad.expected,
                    suggestion=bad.suggestion,
                )
            )
    return Row(file=heading.file, number=number, values=values, raw=raw, complete=complete)


def _parsed(column: Column, text: str) -> Any:  # noqa: ANN401 - each column has its own type
    if not text and not column.blank:
        raise Bad("a value; the cell is empty")
    return column.parse(text)


def _width_problem(number: int, cells: list[str], heading: _Heading) -> Problem:
    split = next((f"{a},{b}" for a, b in itertools.pairwise(cells) if _split_thousands(a, b)), "")
    return Problem(
        file=heading.file,
        row=number,
        value=",".join(cells),
        expected=f"{len(heading.titles)} cells, as in the heading, not {len(cells)}",
        suggestion=f"is {split} one number? Write it without the comma"
        if split and len(cells) > heading.width
        else "put quotation marks around a text that holds a comma",
    )


def _split_thousands(left: str, right: str) -> bool:
    """Whether two neighbouring cells look like one number with a thousands separator."""
    return bool(re.fullmatch(r"\s*-?£?[0-9]{1,3}", left) and re.fullmatch(r"[0-9]{3}(?:\.[0-9]*)?\s*", right))


def duplicates(rows: Iterable[Row], key: Sequence[str]) -> list[Problem]:
    """A problem for each row whose key has stood in a row before."""
    first: dict[tuple[Any, ...], int] = {}
    found = []
    for row in rows:
        if any(column not in row.values for column in key):
            continue
        value = tuple(row.values[column] for column in key)
        if value in first:
            shown = " and ".join(key)
            found.append(row.problem(key[0], f"each {shown} once", f"row {first[value]} has it already"))
        else:
            first[value] = row.number
    return found
