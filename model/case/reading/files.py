"""Bytes -> text -> rows, by the table's description. A file that cannot be read is a problem, never a traceback."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from model.case import cells
from model.case.cells import Bad
from model.case.columns import Column, columns_of, made_of
from model.case.reading import excel
from model.case.reading.problems import Problem
from model.case.spelling import near

EXTRA_PREFIX = "x_"
Record = TypeVar("Record")
_SPLIT_THOUSANDS = re.compile(r"(?:^|,)(\s*-?£?[0-9]{1,3},[0-9]{3}(?:\.[0-9]*)?\s*)(?=,|$)")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: its number as a spreadsheet shows it, the cells that could be read, and all cells as they stand."""

    file: str
    number: int
    values: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, str]
    complete: bool

    def problem(self, column: str, expected: str, suggestion: str = "") -> Problem:
        """A problem with one cell of this row."""
        value = self.raw.get(column, "")
        return Problem(self.file, expected, suggestion, row=self.number, column=column, value=value)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A CSV file: its name, what a row states, and the columns that tell one row from another.

    `row`: the record whose fields are columns, or what is declared by name; `also` columns that no record keeps.
    """

    file: str
    key: tuple[str, ...]
    row: type | Mapping[str, Any]
    also: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """All columns, in order."""
        return (*columns_of(self.row), *columns_of(self.also))

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
        titles, width = [cell.strip() for cell in records[0][1]], len(records[0][1])
        while titles and not titles[-1]:
            titles.pop()
        faults = _heading_problems(titles, self.columns, shown_path(path))
        problems.extend(faults)
        needed = {column.name for column in self.columns if not column.blank}
        rows = []
        for number, texts in [] if faults else records[1:]:
            fits = len(texts) <= width and not needed & set(titles[len(texts) :])  # empty last cells may be left out
            if not fits:
                problems.append(_width_problem(shown_path(path), number, texts, len(titles), width))
            padded = [*texts, *[""] * (len(titles) - len(texts))]
            raw = {title: cells.plain(text) for title, text in zip(titles, padded, strict=False)}
            # where its cells cannot be told apart only the first, which names the row, is read
            columns = self.columns if fits else [c for c in self.columns if c.name == titles[0]]
            rows.append(_row(Row(file=shown_path(path), number=number, raw=raw, complete=fits), columns, problems))
        return rows


def _row(row: Row, columns: Sequence[Column], problems: list[Problem]) -> Row:
    """Return a row with the values of its cells; each that cannot be read is a problem, and left out."""
    values: dict[str, Any] = {}
    before = len(problems)
    for column in columns:
        try:
            values[column.name] = column.value(row.raw.get(column.name, ""))
        except Bad as bad:
            problems.append(row.problem(column.name, bad.expected, bad.suggestion))
    return replace(row, values=values, complete=row.complete and len(problems) == before)


def records(record: type[Record], rows: Iterable[Row], **instead: object) -> tuple[Record, ...]:
    """Return the records that the whole rows of a table state."""
    return tuple(record_of(record, row, **instead) for row in rows if row.complete)


def record_of(record: type[Record], row: Row, **instead: object) -> Record:
    """Return the record that a whole row states, and `instead` more. An empty cell leaves a field at its default."""
    return made_of(record, {name: value for name, value in row.values.items() if row.raw.get(name)}, **instead)


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


def _width_problem(file: str, number: int, texts: list[str], wanted: int, width: int) -> Problem:
    """The problem of a row with more cells than its heading, or with too few."""
    split = _SPLIT_THOUSANDS.search(",".join(texts))
    advice = "put quotation marks around a text that holds a comma"
    if split and len(texts) > width:
        advice = f"is {split[1]} one number? Write it without the comma"
    expected = f"{wanted} cells, as in the heading, not {len(texts)}"
    return Problem(file, expected, advice, row=number, value=",".join(texts))
