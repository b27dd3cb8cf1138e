"""Rows of a workbook: a label, a unit, and one formula that holds in every month or every year.

Rows are stated as text, one a line, so that a listing reads like the sheet it becomes:

    key | label | unit | =formula of every period | value before the first
    key | label | unit | !formula of the Constant column
    key | label | unit | :name of figures that Python gives, an input (~name: pasted, not to be changed here)
    key ? names of assumptions | ...    a row only where the case states one of them

In a formula `[key]` is this period's cell of another row (of this listing, of those named, or of those that every sheet
shares), `[key:prev]` the period before, `[key:all]` every period, `[key:upto]` those up to this one, `[key:const]` and
`[key:open]` the constant and the opening value, `[key:year]` a yearly row in this month's year, `[key:sum]` a monthly
row's total in this year. `.name` is an assumption of the scheme spoken of; `name?0` one that a case may leave out, and
what holds then. A line that begins with a space goes on with the one before.
"""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from math import ceil
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

Figures = Sequence[float] | NDArray[np.float64]
Names = Mapping[str, Any]  # key -> a row, a text that stands in formulas as it is, or figures

LABEL, UNIT, CONST, BEFORE, FIRST = range(5)
"""Columns: what a row is, its unit, a constant, the opening value, and the first month or year."""
WIDTHS: Final = (58, 14, 13, 13)
SEP: Final = " · "
SHORT_HEADING, LINE_HEIGHT = 19, 15
"""Letters of a heading that stand on one line, and the height of a line in points."""
MONTHS_A_PAGE: Final = 12
"""On paper: as many can be read."""
DECIMALS: Final = 12
"""Of pasted values: a millionth of a millionth of a child, or of a pound, is nothing, and digits make a file large."""
TEXT_STAYS_TEXT: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""How a workbook is opened: a text is never taken for a formula, a link or a number, whatever it begins with."""
HERE, LEFT = "\x04", "\x05"
"""In a formula: the letters of the column that it stands in, and of the one before."""
_CELL = re.compile(r"\[(\w+)(?::(\w+))?\]")
_OWN = re.compile(r"(?<![\w\])])\.(?=[a-z])")
_OPTIONAL = re.compile(r"([a-z]\w*\.\w+)\?([\d.]+)")
_LETTERS: Final = tuple(xl_col_to_name(i) for i in range(1000))
HEADING: Final[dict[str, Any]] = {
    "bold": True, "bg_color": "#1F3864", "font_color": "#FFFFFF", "valign": "top", "text_wrap": True,
}  # fmt: skip
STYLES: Final[Mapping[str, dict[str, Any]]] = {
    "title": {"bold": True, "font_size": 14, "font_color": "#1F3864"},
    "heading": HEADING,
    "figures": {**HEADING, "align": "right"},
    "section": {"bold": True, "bg_color": "#D9E2F3"},
    "note": {"italic": True, "font_color": "#595959"},
    "first": {},
    "text": {"indent": 1},
    "wrap": {"text_wrap": True, "valign": "top"},
    "input": {"font_color": "#0000FF", "bg_color": "#FFF9DB", "border": 1, "border_color": "#E6D98A", "locked": False},
    "pasted": {"font_color": "#6B4E00", "bg_color": "#EEEEEE"},
    "formula": {"align": "right"},
    "total": {"bold": True, "top": 1, "align": "right"},
}
_MONEY, _MORE, _PLAIN = "#,##0;[Red]-#,##0;-", "#,##0.00;[Red]-#,##0.00;-", "General"
NUMBERS: Final[Mapping[str, str]] = {
    "GBP": _MONEY, "GBP/week": _MORE, "pounds and pence": _MORE, "children": _MORE, "children, each": "0.0000",
    "ratio": "0.0000", "share": "0.0%", "date": "dd mmm yyyy;;-", "number": "#,##0.####;[Red]-#,##0.####;0",
    "switch": _PLAIN, "year": _PLAIN, "": _PLAIN, "text": "@",
}  # fmt: skip
"""How a unit is shown; any other is a plain `number`."""


@dataclass(frozen=True)
class Row:
    """One or more rows below each other on a sheet; formatted into a formula it stands for its cells."""

    sheet: Sheet
    first: int
    last: int

    def __format__(self, spec: str) -> str:
        """Return a reference to it in the column of the formula, or to the cells that `spec` names (see above).

        Also `whole`: the opening value and every period; `labels`; and a number: that period, from nought.
        """
        time, start = self.sheet.book.shared, f"${_LETTERS[FIRST]}"
        if spec == "year":
            return f"INDEX({self:all},1,{time['year']})"
        if spec == "sum":
            return f"SUMIF({time['year']:all},{time['year_no']},{self:all})"
        end, before = f"${_LETTERS[FIRST + max(len(self.sheet.periods) - 1, 0)]}", f"${_LETTERS[BEFORE]}"
        columns = {"": (HERE, HERE), "prev": (LEFT, LEFT), "upto": (start, HERE), "all": (start, end),
                   "whole": (before, end), "open": (before, before), "const": (f"${_LETTERS[CONST]}",) * 2,
                   "labels": (f"${_LETTERS[LABEL]}",) * 2}  # fmt: skip
        left, right = (f"${_LETTERS[FIRST + int(spec)]}",) * 2 if spec.isdigit() else columns[spec]
        fixed = "$" if left != right or left.startswith("$") else ""
        begin, stop = f"{left}{fixed}{self.first + 1}", f"{right}{fixed}{self.last + 1}"
        return f"'{self.sheet.name}'!" + (begin if begin == stop else f"{begin}:{stop}")

    def __getitem__(self, i: int) -> Row:
        """Return one row of a block."""
        return Row(self.sheet, self.first + i, self.first + i)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What stands in a cell of a plain sheet, in which style, as which kind of number, and under which name.

    `shown`: what a formula comes to, for programs that do not work formulas out; without it all of them must.
    """

    content: str | float | date
    style: str = "formula"
    kind: str = ""
    name: str = ""
    shown: str | float = ""


@dataclass(eq=False)
class Sheet:
    """A sheet whose rows run over `periods` (months or years), or a plain one without any.

    `words`: its title, and what it is, a line each.
    """

    book: Book
    name: str
    words: Sequence[str]
    periods: Sequence[str]
    widths: tuple[float, ...]

    def __post_init__(self) -> None:
        """Make it, set up for A4, and write its title, and for a time series the heading of its columns."""
        self.page = self.book.file.add_worksheet(self.name)
        self.page.set_landscape()
        self.page.set_paper(9)
        self.page.fit_to_pages(max(1, len(self.periods) // MONTHS_A_PAGE), 0)
        self.page.hide_gridlines(2)
        for column, width in enumerate(self.widths):
            self.page.set_column(column, column, width)
        for i, text in enumerate(self.words):
            self.page.write_string(i, 0, text, self.book.style("note" if i else "title"))
        self.at = len(self.words) + 1
        if self.periods:
            self.page.set_column(FIRST, FIRST + len(self.periods) - 1, 11)
            self.page.repeat_columns(LABEL, UNIT)
            self.page.repeat_rows(self.at)
            self.heading("", "Unit", "Constant", "Before", *self.periods, figures=CONST)
            self.page.freeze_panes(self.at, UNIT)

    def heading(self, *words: str, figures: int = 99) -> None:
        """Write a line of headings; from the column `figures` on they stand over figures, to the right."""
        if max(map(len, words)) > SHORT_HEADING:
            self.page.set_row(self.at, 2 * LINE_HEIGHT)
        styles = ("heading" if column < figures else "figures" for column in range(len(words)))
        self.line(*(Cell(content=w, style=style, kind="text") for w, style in zip(words, styles, strict=True)))

    def section(self, text: str, note: str = "") -> None:
        """Begin a group of rows."""
        self.at += 1
        self.line(*(Cell(content=word, style="section", kind="text") for word in (text, note, "", "")))

    def line(self, *cells: str | Cell) -> None:
        """Write a line of a plain sheet, as high as its wrapped texts need. A text by itself stays a text."""
        wrapped = [len(str(cell.content)) / width for cell, width in zip(cells, self.widths, strict=False)
                   if isinstance(cell, Cell) and cell.style == "wrap"]  # fmt: skip
        if max(wrapped, default=0) > 1:
            self.page.set_row(self.at, ceil(max(wrapped)) * LINE_HEIGHT)
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                self.page.write_string(self.at, column, cell, self.book.style("text" if column else "first"))
            else:
                self.put(self.at, column, cell)
        self.at += 1

    def put(self, row: int, column: int, cell: Cell) -> None:
        """Write a cell: a day, a number, a text (kind `text`), or else a formula."""
        look = self.book.style(cell.style, cell.kind)
        if isinstance(cell.content, str) and cell.kind != "text":
            self._formula(row, column, self._short(cell.content), look, cell.shown)
        else:
            self.page.write(row, column, cell.content, look)
        if cell.name:
            self.book.file.define_name(cell.name, f"='{self.name}'!${_LETTERS[column]}${row + 1}")

    def add(  # noqa: PLR0913 - a row's parts
        self, label: str, unit: str, content: str | Figures = "", *, const: str | float = "", before: str | float = "",
        style: str = "formula", begins: int = 0,
    ) -> Row:  # fmt: skip
        """Write a row: a formula for every period, or figures (`style` says whether they are inputs or pasted).

        `begins`: the period of the first of them.
        """
        kind = unit if unit in NUMBERS else "number"
        self.page.write_string(self.at, LABEL, label)
        self.page.write_string(self.at, UNIT, unit, self.book.style("note"))
        for column, one in ((CONST, const), (BEFORE, before)):
            if one != "":
                look = "formula" if isinstance(one, str) else style
                self.put(self.at, column, Cell(content=one, style=look, kind=kind))
        look = self.book.style(style, kind)
        if isinstance(content, str):
            short = self._short(content)
            for i in range(begins, len(self.periods) if content else 0):
                self._formula(self.at, FIRST + i, short, look)
        else:
            for i, number in enumerate(np.round(content, DECIMALS).tolist(), start=begins):
                self.page.write_number(self.at, FIRST + i, number, look)
        self.at += 1
        return self.since(self.at - 1)

    def rows(self, listing: str, names: Names, *, who: str = "", called: str = "") -> dict[str, Row]:
        """Write the rows of a listing and return them by their keys.

        `who`: the scheme spoken of; `called`: what stands before each label, where that is not the scheme's name.
        """
        before = f"{called or who}: " if called or who else ""
        joined = re.sub(r"\n +", " ", listing).splitlines()
        lines = [[part.strip() for part in line.split("|")] for line in joined if self.book.wanted(line, who)]
        made = {parts[0].split(" ")[0]: Row(self, at, at) for at, parts in enumerate(lines, start=self.at)}
        known = ChainMap(made, {**names}, self.book.shared)

        def content(text: str) -> Any:  # noqa: ANN401 - a formula or figures
            given = names[text[1:]] if text[:1] in {":", "~"} else text.lstrip("=!")
            return (given and f"={self.book.meant(given, known, who)}") if isinstance(given, str) else given

        for _, label, unit, stated, *opening in lines:
            now, first = content(stated), content(opening[0]) if opening else ""
            style = {":": "input", "~": "pasted"}.get(stated[0], "formula")
            part = "const" if stated[0] == "!" or isinstance(now, float) else "content"
            self.add(before + label, unit, before=first, style=style, **{part: now})
        return made

    def since(self, first: int) -> Row:
        """Return the rows written from a place on."""
        return Row(self, first, self.at - 1)

    def _short(self, formula: str) -> str:
        """Return a formula that speaks of rows of this sheet without its name."""
        return formula.replace(f"'{self.name}'!", "")

    def _formula(self, row: int, column: int, formula: str, look: Any, shown: str | float = "") -> None:  # noqa: ANN401
        written = formula.replace(HERE, _LETTERS[column]).replace(LEFT, _LETTERS[column - 1])
        self.page.write_formula(row, column, Plain(written.removeprefix("=")), look, shown)


@dataclass(eq=False)
class Book:
    """The workbook, its styles, its sheets, and the rows and texts (`Names`) that every sheet may speak of.

    `stated`: the names of the case's assumptions.
    """

    path: Path
    months: Sequence[str]
    years: Sequence[str]
    stated: AbstractSet[str]
    shared: dict[str, Any] = field(default_factory=dict)
    sheets: dict[str, Sheet] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Open the file."""
        self.file = Workbook(str(self.path), {**TEXT_STAYS_TEXT, "in_memory": True})
        self._styles: dict[tuple[str, str], Any] = {}

    def sheet(self, name: str, *words: str, periods: Sequence[str] = (), widths: tuple[float, ...] = WIDTHS) -> Sheet:
        """Return a new sheet, by month or year as its periods are, or plain. `words`: its title, and what it is."""
        self.sheets[name] = Sheet(self, name, words, periods, widths)
        return self.sheets[name]

    def style(self, name: str, kind: str = "") -> Any:  # noqa: ANN401 - XlsxWriter's own
        """Return a format, made once."""
        if (name, kind) not in self._styles:
            self._styles[name, kind] = self.file.add_format(
                {"valign": "top", **STYLES[name], "num_format": NUMBERS[kind]}
            )
        return self._styles[name, kind]

    def optional(self, name: str, neutral: str = "0") -> str:
        """Return an assumption's name, or what holds where the case has none (`Setting.optional`)."""
        return name if name in self.stated else neutral

    def wanted(self, line: str, who: str) -> bool:
        """Whether a line of a listing is a row, and the case states one of the assumptions that it asks for, if any."""
        key, _, needs = line.partition("|")[0].partition("?")
        names = [f"{who}{name}" if name.startswith(".") else name for name in needs.split()]
        return bool(key) and (not names or not self.stated.isdisjoint(names))

    def meant(self, formula: str, names: Names, who: str) -> str:
        """Return a listing's formula with the scheme's own names in full and other rows as references."""
        full = _OPTIONAL.sub(lambda found: self.optional(found[1], found[2]), _OWN.sub(f"{who}.", formula))

        def cells(found: re.Match[str]) -> str:
            row = names[found[1]]
            return self.meant(row, names, who) if isinstance(row, str) else f"{row:{found[2] or ''}}"

        return _CELL.sub(cells, full)


class Plain(str):
    """A formula of functions that Excel 2016 knows: XlsxWriter need not look for thirty newer ones in each."""

    __slots__ = ()

    def __contains__(self, text: object) -> bool:
        """Say that newer functions are marked already, which is what XlsxWriter asks."""
        return text == "_xlfn." or super().__contains__(str(text))


def said(text: str) -> Cell:
    """Return a long text, on as many lines as it needs."""
    return Cell(content=text, style="wrap", kind="text")


def total(rows: Iterable[Row], spec: str = "") -> str:
    """Return rows added up, each visible as a precedent (no equals sign); nought where there are none."""
    return "+".join(f"{row:{spec}}" for row in rows) or "0"
