"""Rows of a workbook: a label, a unit, and one formula that holds in every month or every year.

A formula is written once, as text in which other rows stand for their cells: f"={stock}*{price}" multiplies this
month's cells, `{stock:prev}` is the month before, `{stock:all}` all months, `{stock:upto}` those up to this one,
`{stock:const}` and `{stock:open}` its constant and opening value, `{yearly:year}` the cell of this month's year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    Values = str | Sequence[float] | NDArray[np.float64]

LABEL, UNIT, CONST, BEFORE, FIRST = range(5)
"""Columns: what a row is, its unit, a constant, the opening value, and the first month or year."""
SEP: Final = " · "
_MARK = re.compile("\x01([^\x02]*)\x02(\\d+)\x02(\\d+)\x02(\\w*)\x03")
KIND_OF: Final = {
    "GBP": "GBP", "GBP/week": "pence", "children": "children", "share": "share", "date": "date", "switch": "",
    "year": "", "ratio": "factor",
}  # fmt: skip
LETTERS: Final = tuple(xl_col_to_name(i) for i in range(1000))
STYLES: Final[Mapping[str, dict[str, Any]]] = {
    "title": {"bold": True, "font_size": 14, "font_color": "#1F3864"},
    "heading": {"bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF", "valign": "top"},
    "section": {"bold": True, "bg_color": "#D9E2F3"},
    "note": {"italic": True, "font_color": "#595959"},
    "text": {},
    "wrap": {"text_wrap": True, "valign": "top"},
    "input": {"font_color": "#0000FF", "bg_color": "#FFF9DB", "border": 1, "border_color": "#E6D98A", "locked": False},
    "pasted": {"font_color": "#6B4E00", "bg_color": "#EEEEEE"},
    "formula": {"align": "right"},
    "total": {"bold": True, "top": 1, "align": "right"},
}
NUMBERS: Final[Mapping[str, str]] = {
    "GBP": "#,##0;[Red]-#,##0;-", "pence": "#,##0.00;[Red]-#,##0.00;-", "children": "#,##0.00;[Red]-#,##0.00;-",
    "share": "0.0%", "date": "dd mmm yyyy",
    "number": "#,##0.####;[Red]-#,##0.####;0", "factor": "0.0000", "": "General",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One or more rows below each other on a sheet; formatted into a formula it stands for its cells."""

    sheet: str
    first: int
    last: int

    def __format__(self, spec: str) -> str:
        """Return a mark that is replaced by a reference when the formula is written to a cell."""
        return f"\x01{self.sheet}\x02{self.first}\x02{self.last}\x02{spec}\x03"

    def __getitem__(self, i: int) -> Row:
        """Return one row of a block."""
        return Row(self.sheet, self.first + i, self.first + i)


@dataclass(eq=False)
class Sheet:
    """A sheet whose rows run over `periods` (months or years), after the columns that every sheet has."""

    book: Book
    name: str
    periods: Sequence[str]
    at: int = 0
    widths: tuple[float, ...] = (58, 14, 13, 13, 11)

    def __post_init__(self) -> None:
        """Make it, with its heading frozen."""
        self.book.sheets.append(self)
        self.page = self.book.file.add_worksheet(self.name)
        self.page.set_column(LABEL, LABEL, self.widths[0])
        for column in range(UNIT, FIRST):
            self.page.set_column(column, column, self.widths[column])
        self.page.set_column(FIRST, FIRST + max(len(self.periods), 1) - 1, self.widths[FIRST])
        self.page.set_landscape()
        self.page.set_paper(9)
        self.page.fit_to_pages(1, 0)
        self.page.hide_gridlines(2)
        self.page.repeat_columns(LABEL, UNIT)

    def title(self, text: str, *notes: str) -> None:
        """Write the sheet's title, what it is in a few lines, and the heading of its columns."""
        self.page.write_string(0, 0, text, self.book.style("title"))
        for i, note in enumerate(notes):
            self.page.write_string(i + 1, 0, note, self.book.style("note"))
        self.at = len(notes) + 2
        if self.periods:
            for column, word in enumerate(("", "Unit", "Constant", "Before", *self.periods)):
                self.page.write_string(self.at, column, word, self.book.style("heading"))
            self.page.freeze_panes(self.at + 1, UNIT)
            self.page.repeat_rows(self.at)
            self.at += 1

    def section(self, text: str, note: str = "") -> None:
        """Begin a group of rows."""
        self.at += 1
        for column in range(FIRST if self.periods else 8):
            self.page.write_blank(self.at, column, None, self.book.style("section"))
        self.page.write_string(self.at, LABEL, text, self.book.style("section"))
        if note:
            self.page.write_string(self.at, UNIT, note, self.book.style("section"))
        self.at += 1

    def add(  # noqa: PLR0913 - a row's parts
        self, label: str, unit: str, formula: Values = "", *, kind: str = "", const: str | float = "",
        before: str | float = "", style: str = "formula",
    ) -> Row:  # fmt: skip
        """Write a row: a formula for every period, or values (`style` says whether they are inputs or pasted).

        A number is shown as its unit asks, unless `kind` says otherwise.
        """
        kind = kind or KIND_OF.get(unit, "number")
        row = Row(self.name, self.at, self.at)
        self.page.write_string(self.at, LABEL, label)
        self.page.write_string(self.at, UNIT, unit, self.book.style("note"))
        for column, content in ((CONST, const), (BEFORE, before)):
            if content != "":
                self.put(self.at, column, content, style if isinstance(content, float) else "formula", kind)
        if isinstance(formula, str):
            parts, look = self.book.parsed(formula, self.name), self.book.style(style, kind)
            for i in range(len(self.periods) if formula else 0):
                self._formula(self.at, FIRST + i, parts, look)
        else:
            for i, number in enumerate(formula):
                self.put(self.at, FIRST + i, float(number), style, kind)
        self.at += 1
        return row

    def put(self, row: int, column: int, content: str | float, style: str, kind: str = "number") -> None:
        """Write a cell: a formula with its rows' marks replaced, or a number."""
        if isinstance(content, str):
            self._formula(row, column, self.book.parsed(content, self.name), self.book.style(style, kind))
        else:
            self.page.write_number(row, column, content, self.book.style(style, kind))

    def _formula(self, row: int, column: int, parts: Sequence[str | int], look: Any) -> None:  # noqa: ANN401
        written = "".join(part if isinstance(part, str) else LETTERS[column - part] for part in parts)
        self.page.write_formula(row, column, Plain(written.removeprefix("=")), look)

    def row_at(self, at: int) -> Row:
        """Return the row that stands, or is about to be written, at a place."""
        return Row(self.name, at, at)

    def block(self, first: Row, last: Row | None = None) -> Row:
        """Return the rows from one to the row before the next that is written, or to `last`."""
        return Row(self.name, first.first, last.last if last else self.at - 1)


@dataclass(eq=False)
class Book:
    """The workbook, its styles and the rows that every sheet may speak of."""

    path: Path
    months: Sequence[str]
    years: Sequence[str]
    ends: dict[str, int] = field(default_factory=dict)
    year_row: Row | None = None
    sheets: list[Sheet] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open the file. Text stays text: nothing that begins with = becomes a formula."""
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.file = Workbook(str(self.path), {**options, "in_memory": True})
        self._styles: dict[tuple[str, str], Any] = {}

    def monthly(self, name: str) -> Sheet:
        """Return a new sheet by month."""
        self.ends[name] = FIRST + len(self.months) - 1
        return Sheet(self, name, self.months)

    def yearly(self, name: str) -> Sheet:
        """Return a new sheet by financial year."""
        self.ends[name] = FIRST + len(self.years) - 1
        return Sheet(self, name, self.years)

    def plain(self, name: str, widths: tuple[float, ...]) -> Sheet:
        """Return a new sheet that is no time series."""
        self.ends[name] = FIRST
        return Sheet(self, name, (), widths=(*widths, *[13.0] * (5 - len(widths))))

    def style(self, name: str, kind: str = "") -> Any:  # noqa: ANN401 - XlsxWriter's own
        """Return a format, made once."""
        if (name, kind) not in self._styles:
            self._styles[name, kind] = self.file.add_format({**STYLES[name], "num_format": NUMBERS[kind]})
        return self._styles[name, kind]

    def name(self, word: str, sheet: str, row: int, column: int) -> None:
        """Give a cell the name of an assumption."""
        self.file.define_name(word, f"='{sheet}'!${xl_col_to_name(column)}${row + 1}")

    def parsed(self, formula: str, here: str) -> list[str | int]:
        """Return a formula in parts for the sheet `here`: text, and for each column of a cell how far left it is."""
        pieces = _MARK.split(formula)
        out: list[str | int] = [pieces[0]]
        for i in range(1, len(pieces), 5):
            sheet, first, last, spec, text = pieces[i : i + 5]
            out += [*self._reference(Row(sheet, int(first), int(last)), spec, here), text]
        return out

    def _reference(self, row: Row, spec: str, here: str) -> list[str | int]:
        place = "" if row.sheet == here else f"'{row.sheet}'!"
        top, bottom = row.first + 1, row.last + 1
        start, end = LETTERS[FIRST], LETTERS[self.ends[row.sheet]]
        fixed = {"const": CONST, "open": BEFORE}
        if spec in fixed:
            letter = LETTERS[fixed[spec]]
            return [f"{place}${letter}${top}" + (f":${letter}${bottom}" if bottom > top else "")]
        if spec == "all":
            return [f"{place}${start}${top}:${end}${bottom}"]
        if spec == "upto":
            return [f"{place}${start}${top}:", 0, f"${bottom}"]
        if spec == "year":
            assert self.year_row is not None  # noqa: S101 - the calendar is the first sheet of months
            return [f"INDEX({place}${start}${top}:${end}${bottom},1,", *self._reference(self.year_row, "", here), ")"]
        shift = int(spec == "prev")
        last: list[str | int] = [":", shift, f"{bottom}"] if bottom > top else []
        return [place, shift, f"{top}", *last]


class Plain(str):
    """A formula of functions that Excel 2016 knows: XlsxWriter need not look for thirty newer ones in each."""

    __slots__ = ()

    def __contains__(self, text: object) -> bool:
        """Say that newer functions are marked already, which is what XlsxWriter asks."""
        return text == "_xlfn." or super().__contains__(str(text))


def add_up(rows: Iterable[Row]) -> str:
    """Return the formula that adds rows up, each visible as a precedent; nought where there are none."""
    return "=" + ("+".join(f"{row}" for row in rows) or "0")
