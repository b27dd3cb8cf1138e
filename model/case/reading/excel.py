"""What Excel makes of a table when it saves one, undone where only one reading is possible.

Excel writes dates its own way, makes `Oct-09` of the financial year 2009/10, prints shares as per cents and pounds with
separators, and saves in Windows-1252, or with semicolons and decimal commas where the computer is set so. What could
have been two things stays as it stands, for the cell's own parser to refuse.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from model.case import cells
from model.case.reading.problems import shown
from model.case.timeline import is_financial_year

Records = list[tuple[int, list[str]]]

PER_CENT_UNITS: Final = frozenset({"share", "rate/year", "ratio"})
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: 0?0:00(?::00)?)?")
_NAMED = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3})[a-z]*[- ](\d{4})")
_MONTH = re.compile(r"([A-Za-z]{3})-(\d{2})")
_GROUPED = {
    ".": re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?"),
    ",": re.compile(r"[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?"),
}
_DECIMAL_POINT = re.compile(r"[-£]*(?:0\.\d+|\d+\.(?:\d{1,2}|\d{4,})|\d{1,3}(?:,\d{3})+\.\d+)%?")


@dataclass(frozen=True)
class Taken:
    """A cell that was read as something else than it says. `row` as a spreadsheet counts; 0 = the whole file."""

    row: int
    column: str
    found: str
    read: str


def said(file: str, taken: Iterable[Taken]) -> list[str]:
    """Return what was taken for what, a line a column with its first cell and how many more there are."""
    found = list(taken)
    number = Counter(cell.column for cell in found)
    first = {cell.column: cell for cell in reversed(found)}
    lines = []
    for column, cell in first.items():
        place = file + (f", row {cell.row}" if cell.row else "") + (f", column {column}" if column else "")
        more = f", and {number[column] - 1} more like it" if number[column] > 1 else ""
        lines.append(f"{place}: {shown(cell.found)} read as {shown(cell.read)}{more}")
    return lines


def text_of(content: bytes) -> tuple[str, str, list[Taken]]:
    """Return a table's text, what parts its cells, and what was taken for what.

    UTF-8, or else Windows-1252, in which Excel saves a plain CSV; a semicolon where the heading has some and no comma.
    UnicodeDecodeError where it is neither.
    """
    try:
        text, taken = content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        text, taken = content.decode("cp1252"), [Taken(0, "", "Windows-1252", "text in that encoding")]
    heading = text.lstrip("\r\n").partition("\n")[0]
    if ";" not in heading or "," in heading:
        return text, ",", taken
    return text, ";", [*taken, Taken(1, "", ";", ",")]


def undone(records: Records, forms: Mapping[str, str], parted_by: str) -> tuple[Records, list[Taken]]:
    """Return the rows in the house form, and each cell that was changed. The first record is the heading.

    `forms`: column -> what its cells hold (`cells.Cell.form`). One order of day and month holds for a whole column.
    """
    titles, body = [title.strip() for title in records[0][1]], [row for _, row in records[1:]]
    columns = {t: [cells.plain(row[i]) if i < len(row) else "" for row in body] for i, t in enumerate(titles)}
    figures = [text for title, texts in columns.items() if forms.get(title) == cells.NUMBER for text in texts]
    point = "," if parted_by == ";" and not any(map(_DECIMAL_POINT.fullmatch, figures)) else "."
    units = columns.get("unit", [])
    out: Records = [(number, list(row)) for number, row in records]
    taken = []
    for title, texts in columns.items():
        form, day_first = forms.get(title, cells.TEXT), _day_first(texts)
        for i, text in enumerate(texts):
            unit = units[i] if units else _unit_of(title)
            meant = _house_form(_read_once(text), form, day_first=day_first, unit=unit, point=point)
            if meant != text:
                out[i + 1][1][titles.index(title)] = meant
                taken.append(Taken(out[i + 1][0], title, text, meant))
    return out, taken


def written(records: Records) -> bytes:
    """Return a table as the house writes it: UTF-8, commas, Unix line ends."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(row for _, row in records)
    return text.getvalue().encode()


def _unit_of(title: str) -> str:
    """Return the unit that a column's title says, in a table without units."""
    if title.endswith("_gbp"):
        return "GBP"
    return "share" if "share" in title or "rate" in title or title == "change" else ""


def _house_form(text: str, form: str, *, day_first: bool | None, unit: str, point: str) -> str:
    """Return what a cell must have been, or the cell as it stands."""
    meant = ""
    if form in {cells.DATE, cells.PERIOD}:
        meant = _date(text, day_first=day_first)
    if form == cells.PERIOD:
        meant = meant or _month(text)
    if form == cells.YEAR:
        meant = _year(text)
    if form == cells.NUMBER:
        meant = _number(text, unit, point)
    return meant or text


def _read_once(text: str) -> str:
    """Return a text whose UTF-8 was read as Windows-1252 (Â£ for £) as it was before."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def _day_first(texts: Sequence[str]) -> bool | None:
    """Return whether a column's dates put the day first; None where it does not show, or both orders do."""
    pairs = [(int(found[1]), int(found[2])) for text in texts if (found := _SLASHED.fullmatch(text))]
    first, second = any(a > 12 for a, _ in pairs), any(b > 12 for _, b in pairs)
    if first != second:
        return first
    return True if pairs and all(a == b for a, b in pairs) else None


def _date(text: str, *, day_first: bool | None) -> str:
    if found := re.fullmatch(r"(\d{4}-\d{2}-\d{2}) 0?0:00(?::00)?", text):
        return found[1]
    if found := _NAMED.fullmatch(text):
        return _iso(found[3], cells.month_number(found[2]), int(found[1]))
    if (found := _SLASHED.fullmatch(text)) and day_first is not None:
        day, month = (found[1], found[2]) if day_first else (found[2], found[1])
        return _iso(found[3], int(month), int(day))
    return ""


def _iso(year: str, month: int, day: int) -> str:
    try:
        return date(int(year), month, day).isoformat()
    except ValueError:
        return ""


def _year(text: str) -> str:
    """Return the financial year that was read as a month: 2009/10 is October 2009 to Excel."""
    found = re.fullmatch(r"0?1/(\d{1,2})/(\d{4})", text)
    year, month = (found[2], int(found[1])) if found else ("", 0)
    if found := _MONTH.fullmatch(text):
        year, month = f"20{found[2]}", cells.month_number(found[1])
    return meant if is_financial_year(meant := f"{year}/{month:02d}") else ""


def _month(text: str) -> str:
    """Return the month that `Apr-22` is, unless it may have been a financial year."""
    found = _MONTH.fullmatch(text)
    if not found or _year(text) or not (month := cells.month_number(found[1])):
        return ""
    return f"20{found[2]}-{month:02d}"


def _number(text: str, unit: str, point: str) -> str:
    """Return a plain number for one with separators, a pound sign, brackets for a minus, or a per cent sign."""
    negative = text.startswith(("-", "(")) and text.startswith("(") == text.endswith(")")
    bare = text[1:-1] if text.startswith("(") and negative else text.removeprefix("-")
    bare = bare.removeprefix("£").strip() if unit.startswith("GBP") else bare
    per_cent = bare.endswith("%") and unit in PER_CENT_UNITS
    bare = bare.removesuffix("%").strip() if per_cent else bare
    if _GROUPED[point].fullmatch(bare):
        bare = bare.replace("," if point == "." else ".", "")
    if point == "," and re.fullmatch(r"\d+,\d+", bare):
        bare = bare.replace(",", ".")
    if not cells.PLAIN_NUMBER.fullmatch(bare) or bare.startswith(("-", "+")):
        return ""
    if per_cent:
        bare = f"{Decimal(bare) / 100:f}"
    return f"-{bare}" if negative else bare
