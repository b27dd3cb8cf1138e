"""A case as one workbook, out and in again: a sheet for each table, and one each for `case.toml` and the scenarios.

What goes out comes back to the letter: a cell is a number or a day only where its text can be told from that, and a
line of TOML is parted into key, value and remark only where these put together are the line.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from model.case import cells
from model.case.columns import Column
from model.case.reading.files import house_form
from model.case.reading.load import TABLES
from model.case.reading.problems import InputProblems, Problem
from model.excel.grid import NUMBERS, STYLES, TEXT_STAYS_TEXT

Value = object  # what a cell holds: a text, a number, a day, a switch, or nothing

CASE, SCENARIOS, LISTS = "case", "scenarios", "words"
LINE_HEADS: Final = {
    "scenario": "The scenario: the name of its file.",
    "key": "A key, a heading in brackets, or a whole line as TOML has it.",
    "value": "Its value: a number, a day, TRUE or FALSE, or a text without quotation marks.",
    "remark": "What follows it on the line.",
}
_PLAIN_LINE = re.compile(r'([A-Za-z_"][^=#\[]*?) = ("[^"\\]*"|[^"\s#\[{]+)(\s*(?:#.*)?)')
_FREE: Final = dict.fromkeys(
    ("insert_rows", "delete_rows", "format_cells", "format_columns", "format_rows", "sort", "autofilter"), True
)
_ROWS_READY: Final = 2000
"""Rows that take a drop-down, those not written yet among them."""


def case_book(folder: Path) -> bytes:
    """Return every table, `case.toml` and the scenarios of a case as sheets of one workbook."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - only where a workbook is asked for

    content_of = io.BytesIO()
    with Workbook(content_of, TEXT_STAYS_TEXT) as file:
        file.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC)})  # the same case gives the same bytes
        book = _Out(file)
        for name, table in TABLES.items():
            content, _ = house_form(folder / name, table.columns)
            records = list(csv.reader(io.StringIO(content.decode(), newline="")))
            book.table(name, table.columns, records or [[c.name for c in table.columns if c.required]])
        for own in sorted(folder.glob("x_*.csv")):
            book.table(own.name, (), list(csv.reader(io.StringIO(own.read_text(encoding="utf-8-sig"), newline=""))))
        heads = list(LINE_HEADS)
        for toml in sorted(folder.glob("*.toml"), key=lambda found: found.stem != CASE):
            book.lines(toml.stem, heads[1:], _lines(toml))
        scenarios = sorted((folder / SCENARIOS).glob("*.toml"))
        book.lines(SCENARIOS, heads, ([toml.stem, *line] for toml in scenarios for line in _lines(toml)))
        book.write_words()
    return content_of.getvalue()


def _lines(path: Path) -> Iterable[list[Value]]:
    return [_parted(line) for line in path.read_text(encoding="utf-8-sig").splitlines()]


def _parted(line: str) -> list[Value]:
    """Return a line of TOML as key, value and remark if it is plain, else whole."""
    if found := _PLAIN_LINE.fullmatch(line):
        key, literal, remark = found.groups()
        plain = _as(literal, cells.NUMBER, _as(literal, cells.DATE, literal))
        parts = [key, json.loads(literal) if literal.startswith('"') else plain, remark]
        if joined(parts) == line:
            return parts
    return [line]


def joined(parts: Sequence[Value]) -> str:
    """Return the line of TOML that key, value and remark make."""
    key, value, remark = [*parts, "", ""][:3]
    if value in {None, ""}:
        return text_of(key)
    word = isinstance(value, str) and value not in {"true", "false"}
    return f"{text_of(key)} = {json.dumps(value, ensure_ascii=False) if word else text_of(value)}{text_of(remark)}"


def _as(text: str, form: str, otherwise: Value) -> Value:
    """Return what a spreadsheet holds for a text of some form, if the text can be told from it."""
    value = otherwise
    if form == cells.NUMBER and cells.PLAIN_NUMBER.fullmatch(text):
        value = float(f"{float(text):.15g}")  # a spreadsheet keeps no more figures
    elif form == cells.DATE and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        value = date.fromisoformat(text)
    return value if text_of(value) == text else otherwise


def text_of(value: Value) -> str:
    """Return the text of a cell as the house writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float | int):
        return f"{value:.0f}" if value == int(value) and abs(value) < 1e15 else repr(float(value))
    return value.isoformat()[:10] if isinstance(value, date) else str(value or "")


class _Out:
    """Writes sheets: a frozen and protected heading with notes, free cells beneath it, drop-downs for words."""

    def __init__(self, file: Any) -> None:  # noqa: ANN401 - XlsxWriter's own
        self._file, self._words = file, dict[tuple[str, ...], str]()
        self._head = file.add_format({**STYLES["heading"], "locked": True})
        kinds = {"number": NUMBERS["number"], "date": NUMBERS["date"], "text": NUMBERS["text"]}
        self._look = {kind: file.add_format({"num_format": text, "locked": False}) for kind, text in kinds.items()}
        self._look["long"] = file.add_format({**STYLES["wrap"], "num_format": NUMBERS["text"], "locked": False})

    def table(self, name: str, columns: Sequence[Column], records: Sequence[Sequence[str]]) -> None:
        """Write a table under its file's name."""
        known = {column.name: column for column in columns}
        titles = [title.strip() for title in records[0]] if records else []
        notes = [known[title].means if title in known else "A column of your own." for title in titles]
        forms = [known[title].cell.form if title in known else cells.TEXT for title in titles]
        body = ([_as(text, form, text) for text, form in zip(row, forms, strict=False)] for row in records[1:])
        page = self._sheet(PurePosixPath(name).stem, titles, notes, body)
        for column, title in enumerate(titles):
            if title in known and known[title].cell.words:
                page.data_validation(1, column, _ROWS_READY, column, {
                    "validate": "list", "source": f"={self._listed(known[title].cell.words)}",
                    "error_title": title, "error_message": f"One of: {', '.join(known[title].cell.words)}"[:250],
                })  # fmt: skip

    def lines(self, name: str, titles: Sequence[str], lines: Iterable[Sequence[Value]]) -> None:
        """Write lines of TOML."""
        self._sheet(name, titles, [LINE_HEADS[title] for title in titles], lines)

    def _sheet(self, name: str, titles: Sequence[str], notes: Sequence[str], rows: Iterable[Sequence[Value]]) -> Any:  # noqa: ANN401
        page = self._file.add_worksheet(name)
        page.protect("", _FREE)
        for column in range(len(titles) + 26):
            long = column < len(titles) and titles[column] in {"note", "source", "statement", "remark"}
            page.set_column(column, column, 50 if long else 22, self._look["text"])
        for column, (title, note) in enumerate(zip(titles, notes, strict=True)):
            page.write_string(0, column, title, self._head)
            page.write_comment(0, column, note, {"x_scale": 2})
        page.freeze_panes(1, 1)
        for at, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                self._put(page, at, column, value)
        return page

    def _put(self, page: Any, row: int, column: int, value: Value) -> None:  # noqa: ANN401
        if isinstance(value, date):
            page.write_datetime(row, column, value, self._look["date"])
        elif isinstance(value, float):
            page.write_number(row, column, value, self._look["number"])
        elif value:
            page.write_string(row, column, str(value), self._look["long" if len(str(value)) > 60 else "text"])

    def _listed(self, words: tuple[str, ...]) -> str:
        """Return where a list of words stands; a validation by itself holds 255 letters and no more."""
        column = chr(ord("A") + len(self._words))
        return self._words.setdefault(words, f"{LISTS}!${column}$1:${column}${len(words)}")

    def write_words(self) -> None:
        """Write the lists that the drop-downs offer, out of sight."""
        page = self._file.add_worksheet(LISTS)
        page.hide()
        for column, words in enumerate(self._words):
            page.write_column(0, column, words)


@dataclass(kw_only=True)
class CaseBook:
    """A case as read from a workbook: file -> text; and for each row of a file the sheet and row that it stands in."""

    files: dict[str, str] = field(default_factory=dict)
    places: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def located(self, problem: Problem | str) -> Problem | str:
        """Return a problem by its sheet and cell, such as `assumptions!C14`."""
        if isinstance(problem, str):
            return problem
        file = next((name for name in self.places if problem.file.endswith(f"/{name}")), "")
        rows = self.places.get(file, [])
        if not 0 < problem.row <= len(rows):
            return replace(problem, file=rows[0][0]) if rows else problem
        sheet, row = rows[problem.row - 1]
        titles = list(self.columns[sheet])
        whole = "value" if file.endswith(".toml") else titles[0]
        column = problem.column if problem.column in titles else whole
        return replace(problem, file=f"{sheet}!{_letters(titles.index(column))}{row}", row=0, column="")


def _letters(column: int) -> str:
    from xlsxwriter.utility import xl_col_to_name  # noqa: PLC0415 - as above

    return str(xl_col_to_name(column))


def read_case_book(path: Path) -> CaseBook:
    """Return the files that a case's workbook states. Raises InputProblems where it is no such workbook."""
    sheets = read_sheets(path)
    if CASE not in sheets:
        raise InputProblems([Problem(path.name, f"a sheet {CASE}, as `excel CASE` writes it", value=", ".join(sheets))])
    titles = {name: _trimmed(rows[0]) for name, rows in sheets.items() if rows}
    book = CaseBook(columns=titles)
    stems = {PurePosixPath(name).stem: name for name in TABLES}
    for sheet, rows in sheets.items():
        body = [(at, row) for at, row in enumerate(rows[1:], start=2)]
        if sheet == SCENARIOS:
            for name in dict.fromkeys(text_of(row[0]) for _, row in body if row and row[0]):
                mine = [(at, row[1:]) for at, row in body if text_of(row[0]) == name]
                _take_lines(book, sheet, f"{SCENARIOS}/{name}.toml", mine)
        elif sheet in stems or sheet.startswith("x_"):
            _take_table(book, sheet, stems.get(sheet, f"{sheet}.csv"), rows)
        elif sheet != LISTS and titles.get(sheet, [])[:1] == ["key"]:
            _take_lines(book, sheet, f"{sheet}.toml", body)
    return book


def read_sheets(path: Path) -> dict[str, list[list[Value]]]:
    """Return every sheet of a workbook as rows of values. Raises InputProblems where it cannot be read."""
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - only where a workbook is read

    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = ((name, book.get_sheet_by_name(name)) for name in book.sheet_names)
        return {name: [list(row) for row in sheet.to_python(skip_empty_area=False)] for name, sheet in sheets}
    except (CalamineError, OSError) as error:
        raise InputProblems([Problem(path.name, "a workbook (.xlsx, .xls or .ods)", str(error))]) from None


def _trimmed(row: Sequence[Value]) -> list[str]:
    texts = [text_of(value) for value in row]
    while texts and not texts[-1].strip():
        texts.pop()
    return texts


def _take_table(book: CaseBook, sheet: str, file: str, rows: Sequence[Sequence[Value]]) -> None:
    """Take a table's rows that hold anything; a sheet without one states no file."""
    width = max((len(_trimmed(row)) for row in rows), default=0)
    held = [(at, [text_of(v) for v in row[:width]]) for at, row in enumerate(rows, start=1) if _trimmed(row)]
    if len(held) > 1:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(texts for _, texts in held)
        book.files[file], book.places[file] = out.getvalue(), [(sheet, at) for at, _ in held]


def _take_lines(book: CaseBook, sheet: str, file: str, rows: Sequence[tuple[int, Sequence[Value]]]) -> None:
    lines = [joined(row) for _, row in rows]
    while lines and not lines[-1].strip():
        lines.pop()
    book.files[file] = "".join(f"{line}\n" for line in lines)
    book.places[file] = [(sheet, at) for at, _ in rows]
