"""Bytes -> text -> rows, by the table's description. A file that cannot be read is a problem, never a traceback."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from model.case.reading import cells, excel
from model.case.reading.cells import Bad
from model.case.reading.problems import Problem
from model.case.spelling import near

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

EXTRA_PREFIX = "x_"
Record = TypeVar("Record", bound="DataclassInstance")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: what its cells hold, in words too; whether it must be there, and whether a cell may be empty."""

    name: str
    cell: cells.Cell[Any]
    means: str = ""
    required: bool = True
    blank: bool = False

    def value(self, text: str) -> Any:  # noqa: ANN401 - each column has its own type
        """Return the value of a cell, or raise Bad."""
        if text:
            return self.cell(text)
        if not self.blank:
            raise Bad("a value; the cell is empty")
        return self.cell.empty


def need(name: str, cell: cells.Cell[Any], means: str = "") -> Column:
    """Return a column that must be there, with a value in every cell."""
    return Column(name=name, cell=cell, means=means)


def blank(name: str, cell: cells.Cell[Any], means: str = "") -> Column:
    """Return a column that must be there, whose cells may be empty."""
    return Column(name=name, cell=cell, means=means, blank=True)


def spare(name: str, cell: cells.Cell[Any], means: str = "") -> Column:
    """Return a column that may be left out, and whose cells may be empty."""
    return Column(name=name, cell=cell, means=means, required=False, blank=True)


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
        value = self.raw.get(column, "")
        return Problem(self.file, expected, suggestion, row=self.number, column=column, value=value)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A CSV file: its name, its columns, and those of them that tell one row from another."""

    file: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def rows(self, folder: Path, problems: list[Problem], *, optional: bool = True) -> list[Row]:
        """Return the rows of the table in a folder, which may lack it. A key that stands there twice is a problem.

        What Excel made of the file is undone first, where it is plain what stood there. A cell that cannot be read is a
        problem, and left out. Unless the file is optional it must be there and hold something: without it a figure
        would silently differ.
        """
        path, before = folder / self.file, len(problems)
        rows = self._read(path, problems, optional=optional)
        if not rows and not optional and len(problems) == before:
            problems.append(Problem(shown_path(path), "at least one row beneath the heading", row=1))
        first: dict[tuple[Any, ...], int] = {}
        for row in rows:
            if all(column in row.values for column in self.key):
                seen = first.setdefault(tuple(row.values[column] for column in self.key), row.number)
                if seen != row.number:
                    expected = f"each {' and '.join(self.key)} once"
                    problems.append(row.problem(self.key[0], expected, f"row {seen} has it already"))
        return rows

    def _read(self, path: Path, problems: list[Problem], *, optional: bool) -> list[Row]:
        """Return the rows as they stand, by their declared columns."""
        records, _ = _records(path, self.columns, problems, optional=optional)
        if not records:
            return []
        file, titles, width = shown_path(path), [cell.strip() for cell in records[0][1]], len(records[0][1])
        while titles and not titles[-1]:
            titles.pop()
        faults = _heading_problems(titles, self.columns, file)
        problems.extend(faults)
        heading = _Heading(file=file, titles=titles, width=width, columns=self.columns)
        return [] if faults else [heading.row(number, texts, problems) for number, texts in records[1:]]


def records(record: type[Record], rows: Iterable[Row], **instead: object) -> tuple[Record, ...]:
    """Return the records that the whole rows of a table state."""
    return tuple(record_of(record, row, **instead) for row in rows if row.complete)


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
    return "/".join(path.parts[-3:] if inner else path.parts[-2:])


def content_of(path: Path, problems: list[Problem], *, optional: bool) -> bytes | None:
    """Return the bytes of a text that is not empty; None, with a problem, where there is none to read."""
    file = shown_path(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if not optional:
            beside = sorted(p.name for p in path.parent.iterdir()) if path.parent.is_dir() else []
            problems.append(Problem(file, "this file, which a case must have", near(path.name, beside)))
        return None
    except OSError as error:
        problems.append(Problem(file, "a file that can be read", error.strerror or ""))
        return None
    if not content.removeprefix(b"\xef\xbb\xbf").strip():
        problems.append(Problem(file, "a file that is not empty"))
        return None
    if content.startswith(_UTF16_MARKS) or b"\x00" in content:
        problems.append(Problem(file, "UTF-8 text", "in Excel save as `CSV UTF-8`"))
        return None
    return content


def not_utf8(file: str, error: UnicodeDecodeError) -> Problem:
    """The problem of a byte that is no UTF-8, with its line."""
    content, at = error.object, error.start
    expected = f"UTF-8 text; byte {at + 1} (0x{content[at]:02x}, {chr(content[at])!r} in Windows-1252) is not"
    return Problem(file, expected, "in Excel save as `CSV UTF-8 (Comma delimited)`", row=content[:at].count(b"\n") + 1)


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


def _records(
    path: Path, columns: Sequence[Column], problems: list[Problem], *, optional: bool
) -> tuple[excel.Records, list[excel.Taken]]:
    """Return the rows that hold anything, each with its number as a spreadsheet shows it, and what Excel made of it."""
    content = content_of(path, problems, optional=optional)
    if content is None:
        return [], []
    try:
        text, parted_by, taken = excel.text_of(content)
    except UnicodeDecodeError as error:
        problems.append(not_utf8(shown_path(path), error))
        return [], []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=parted_by)
    records: excel.Records = []
    try:
        for number, texts in enumerate(reader, start=1):
            if any(text.strip() for text in texts):
                records.append((number, texts))
    except csv.Error as error:
        expected, advice = "quotation marks in pairs around a whole cell", f"{error}: look at the row before it too"
        problems.append(Problem(shown_path(path), expected, advice, row=reader.line_num))
    if not records:
        return [], []
    if not text.endswith(("\n", "\r")) and len(records[-1][1]) < len(records[0][1]):
        expected, last = "a whole last row: the file ends in the middle of it", records[-1]
        problems.append(Problem(shown_path(path), expected, "was it cut short?", row=last[0], value=",".join(last[1])))
    mended, changed = excel.undone(records, {column.name: column.cell.form for column in columns}, parted_by)
    return mended, [*taken, *changed]


def house_form(path: Path, columns: Sequence[Column]) -> tuple[bytes, list[excel.Taken]]:
    """Return a table as the house would write it, and what in it was taken for something else; nothing if unreadable.

    A file without anything to undo is returned as it stands.
    """
    problems: list[Problem] = []
    records, taken = _records(path, columns, problems, optional=True)
    if taken and not problems:
        return excel.written(records), taken
    return path.read_bytes() if path.is_file() else b"", []


def _heading_problems(titles: list[str], columns: Sequence[Column], file: str) -> list[Problem]:
    """Missing, unknown and repeated columns."""
    if len(titles) == 1 and "\t" in titles[0]:
        expected, advice = "columns separated by commas", "save it again as a comma-separated CSV"
        return [Problem(file, expected, advice, row=1, value=titles[0])]
    known = [column.name for column in columns]
    missing = [column.name for column in columns if column.required and column.name not in titles]
    found = []
    for position, title in enumerate(titles, start=1):
        if title not in known and not title.startswith(EXTRA_PREFIX):
            advice = near(title, missing or known) or "a column of your own begins x_"
            column = title or f"number {position}"
            found.append(Problem(file, "a known column", advice, row=1, column=column, value=title))
        elif title in titles[: position - 1]:
            found.append(Problem(file, "each column once", row=1, column=title, value=title))
    return found + [Problem(file, f"a column {name}, which is missing", row=1, column=name) for name in missing]


@dataclass(frozen=True, kw_only=True)
class _Heading:
    """A table's first row: its titles, how many cells it has with the empty ones after them, and what is declared."""

    file: str
    titles: list[str]
    width: int
    columns: Sequence[Column]

    def row(self, number: int, texts: list[str], problems: list[Problem]) -> Row:
        """Read one row. Where its cells cannot be told apart only the first, which names the row, is read.

        A spreadsheet may leave out the last cells of a row where they may be empty.
        """
        needed = {column.name for column in self.columns if not column.blank}
        fits = len(texts) <= self.width and not needed & set(self.titles[len(texts) :])
        if not fits:
            problems.append(self._width_problem(number, texts))
        padded = [*texts, *[""] * (len(self.titles) - len(texts))]
        raw = {title: cells.plain(text) for title, text in zip(self.titles, padded, strict=False)}
        values: dict[str, Any] = {}
        faults = []
        for column in self.columns if fits else [c for c in self.columns if c.name == self.titles[0]]:
            try:
                values[column.name] = column.value(raw.get(column.name, ""))
            except Bad as bad:
                faults.append((column.name, bad.expected, bad.suggestion))
        row = Row(file=self.file, number=number, values=values, raw=raw, complete=fits and not faults)
        problems.extend(row.problem(*fault) for fault in faults)
        return row

    def _width_problem(self, number: int, texts: list[str]) -> Problem:
        split = next((f"{a},{b}" for a, b in pairwise(texts) if _split_thousands(a, b)), "")
        advice = "put quotation marks around a text that holds a comma"
        if split and len(texts) > self.width:
            advice = f"is {split} one number? Write it without the comma"
        expected = f"{len(self.titles)} cells, as in the heading, not {len(texts)}"
        return Problem(self.file, expected, advice, row=number, value=",".join(texts))


def _split_thousands(left: str, right: str) -> bool:
    """Whether two neighbouring cells look like one number with a thousands separator."""
    return bool(re.fullmatch(r"\s*-?£?[0-9]{1,3}", left) and re.fullmatch(r"[0-9]{3}(?:\.[0-9]*)?\s*", right))
