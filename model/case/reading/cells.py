"""Kinds of cell: text -> one value, or a `Bad` that says what was expected and how to mend it.

The parsers are strict on purpose: Python would read `1_000`, `nan` and Arabic digits as numbers, and Excel rewrites
`1-4` as a date and 2022-07-13 as 13/07/2022. A cell that is not plainly what it should be is refused.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Generic, TypeVar

from model.case.spelling import nearest
from model.case.units import is_financial_year

TEXT, NUMBER, DATE, YEAR, PERIOD, YES_OR_NO = "text", "number", "date", "year", "period", "yes_or_no"
PLAIN_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
_EXCEL_DAY_ZERO = date(1899, 12, 30)
_EXCEL_SERIALS = range(20_000, 80_000)
_DATE_FORMATS = ("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%d.%m.%Y",
                 "%Y/%m/%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S",
                 "%m/%d/%Y")  # fmt: skip
Value_co = TypeVar("Value_co", covariant=True)


class Bad(ValueError):  # noqa: N818 - it is about a cell, and is always caught next to it
    """A cell that cannot be read: what was expected, and advice."""

    def __init__(self, expected: str, suggestion: str = "") -> None:
        """Keep both for the line that names the cell."""
        super().__init__(expected)
        self.expected, self.suggestion = expected, suggestion


@dataclass(frozen=True)
class Cell(Generic[Value_co]):
    """A kind of cell: what makes a value of its text, or raises Bad; `form`: what a spreadsheet holds there.

    `words`: all that may stand there, where they are few.
    """

    parse: Callable[[str], Value_co]
    form: str = TEXT
    words: tuple[str, ...] = ()

    def __call__(self, text: str) -> Value_co:
        """Return the value of a cell that is not empty."""
        return self.parse(text)

    @property
    def empty(self) -> str | None:
        """What an empty cell is, where one may be: no number, no day, an empty text."""
        return None if self.form in {NUMBER, DATE, YES_OR_NO} else ""


def plain(text: str) -> str:
    """Return a cell's text without the spaces around it."""
    return text.replace("\u00a0", " ").strip()


def _number(text: str) -> float:
    """Return a plain decimal number; commas, signs of money or per cent, words, nan and inf are refused."""
    if not PLAIN_NUMBER.fullmatch(text):
        raise Bad("a plain number such as 1234.5", _advice_on_number(text))
    value = float(text)
    if not math.isfinite(value):
        raise Bad("a number a computer can hold", "it has too many digits")
    return value


def between(low: float, high: float) -> Cell[float]:
    """Return the kind of a number from low to high, both included."""

    def parse(text: str) -> float:
        value = _number(text)
        if not low <= value <= high:
            is_percent = low <= value / 100 <= high
            raise Bad(f"a number from {low:g} to {high:g}", f"is it {value / 100:.15g}?" if is_percent else "")
        return value

    return Cell(parse, NUMBER)


def _count(text: str) -> float:
    value = _number(text)
    if value < 0:
        raise Bad("a number of 0 or more", "drop the minus sign")
    return value


def _positive(text: str) -> float:
    value = _number(text)
    if value <= 0:
        raise Bad("a number above 0")
    return value


def _text(text: str) -> str:
    """Return the text; what has been replaced by Excel's error marks is refused."""
    if text.startswith("#") and text.rstrip("?!").isupper():
        raise Bad("text", "Excel put an error mark here; mend the formula in the spreadsheet")
    return text


def _iso_date(text: str) -> date:
    """Return a date written 2022-07-13. Excel's own ways of writing one are refused, with the date they look like."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise Bad("a date written 2022-07-13", _advice_on_date(text))
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Bad("a date that exists, written 2022-07-13", "that month or day does not exist") from None


def _financial_year(text: str) -> str:
    """Return a financial year written 2022/23."""
    if is_financial_year(text):
        return text
    found = re.fullmatch(r"((?:19|20)[0-9]{2})\s*[-/\u2013]\s*(?:(?:19|20)?[0-9]{2})", text)
    meant = f"did you mean {found[1]}/{(int(found[1]) + 1) % 100:02d}?" if found else ""
    raise Bad("a financial year such as 2022/23", meant)


def _period(text: str) -> str:
    """Return a period: a financial year (2022/23), a quarter of one (2022/23 Q1), a month (2022-04) or a day."""
    quarter = re.fullmatch(r"(.*) Q[1-4]", text)
    if is_financial_year(quarter[1] if quarter else text) or re.fullmatch(r"[0-9]{4}-(?:0[1-9]|1[0-2])", text):
        return text
    try:
        return _iso_date(text).isoformat()
    except Bad as bad:
        raise Bad("a period: 2022/23, 2022-04 or 2022-03-31", bad.suggestion) from None


def _name(text: str) -> str:
    """Return a name such as `fostering.fill_rate`: letters, digits, underscores and dots, no leading digit."""
    if NAME.fullmatch(text):
        return text
    plain = re.sub(r"_+", "_", re.sub(r"[^a-z0-9_.]", "_", text.lower())).strip("_")
    raise Bad("a name of letters, digits, underscores and dots", f"write {plain}" if NAME.fullmatch(plain) else "")


def _identifier(text: str) -> str:
    """Return a row id: letters, digits, underscores and hyphens."""
    if re.fullmatch(r"[A-Za-z0-9_-]+", text):
        return text
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_")
    raise Bad("an id of letters, digits, underscores and hyphens", f"write {plain}" if plain else "")


def _scope(text: str) -> str:
    """Return what an actual counts within a measure: words of letters, digits and underscores, joined by dots."""
    if re.fullmatch(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*", text):
        return text
    plain = re.sub(r"[^A-Za-z0-9_.]+", "_", text).strip("_.")
    raise Bad("an age band, a placement, a provider or a line, several joined by dots", f"write {plain}")


def _rule(text: str) -> str:
    """Return a RAG rule: the shares of what was promised from which a benefit is green, and below which it is red."""
    parts = text.split()
    if len(parts) == 2 and all(PLAIN_NUMBER.fullmatch(p) for p in parts) and float(parts[0]) > float(parts[1]):
        return text
    raise Bad("two shares of what was promised, such as `0.9 0.75`: green from the first, red below the second")


def _yes_or_no(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise Bad("yes or no", f"write {'yes' if text.lower() in {'y', 'true', '1', 'yes'} else 'no'}")
    return text == "yes"


number, count, positive = Cell(_number, NUMBER), Cell(_count, NUMBER), Cell(_positive, NUMBER)
text_cell, name, identifier, scope, rule = (Cell(parse) for parse in (_text, _name, _identifier, _scope, _rule))
iso_date, period = Cell(_iso_date, DATE), Cell(_period, PERIOD)
financial_year_cell: Final = Cell(_financial_year, YEAR)
yes_or_no: Final = Cell(_yes_or_no, YES_OR_NO, ("yes", "no"))


def word(allowed: Iterable[str], what: str) -> Cell[str]:
    """Return the kind of one word of a fixed list."""
    words = tuple(allowed)

    def parse(text: str) -> str:
        if text in words:
            return text
        raise Bad(what, nearest(text, words))

    return Cell(parse, words=words)


def several(allowed: Iterable[str], what: str) -> Cell[tuple[str, ...]]:
    """Return the kind of one or more words of a fixed list, with spaces between them."""
    one = word(allowed, what)
    return Cell(lambda text: tuple(one.parse(part) for part in text.split()))


def age_band(allowed: Iterable[str]) -> Cell[str]:
    """Return the kind of an age band, which knows what Excel makes of one (1-4 becomes 01-Apr, or 44652)."""
    words = tuple(allowed)

    def parse(text: str) -> str:
        if text in words:
            return text
        rewritten = _age_band_from_date(text, words)
        advice = (
            f"Excel made a date of it: write {rewritten}, with an underscore" if rewritten else nearest(text, words)
        )
        raise Bad("an age band", advice)

    return Cell(parse, words=words)


def month_number(short: str) -> int:
    """Return 4 for apr; 0 for what is no month."""
    return MONTHS.index(short.lower()) + 1 if short.lower() in MONTHS else 0


def _advice_on_number(text: str) -> str:
    """What to write instead of a text that was meant as a number."""
    if text.startswith("#"):
        return "Excel put an error mark here; mend the formula in the spreadsheet"
    if text.lower() in {"true", "false"}:
        return f"write {int(text.lower() == 'true')}"
    if text.lower().strip("+-") in {"nan", "inf", "infinity", "n/a", "na", "null", "none"}:
        return "a missing figure cannot be computed with; give one, with its source"
    if re.fullmatch(rf"{PLAIN_NUMBER.pattern}[eE][+-]?[0-9]+", text):
        value = float(text)
        shown = f": write {value:.15g}" if 1e-4 <= abs(value) < 1e15 else ""
        return f"Excel shortened it, and digits may be lost{shown}"
    return _bare_number(text)


def _bare_number(text: str) -> str:
    """The number within a text that has signs, separators or words around it."""
    if re.fullmatch(r"[+-]?(?:0,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,}))", text):
        return f"write {text.replace(',', '.')}, with a decimal point"
    bare = re.sub(r"[£$€,\s_']|GBP", "", text)
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    if bare.endswith("%") and PLAIN_NUMBER.fullmatch(bare[:-1]):
        return f"write the share as a decimal: {float(bare[:-1]) / 100:.15g}"
    if PLAIN_NUMBER.fullmatch(bare):
        return f"write {bare}, without signs or separators"
    is_text = "/" in text or re.search(r"[A-Za-z]{3}", text)
    return "text, or a date that Excel made, where a number belongs" if is_text else ""


def _excel_day(text: str) -> date | None:
    """The day that Excel's number for one stands for."""
    is_serial = re.fullmatch(r"[0-9]{5}(?:\.0*)?", text) and int(text[:5]) in _EXCEL_SERIALS
    return _EXCEL_DAY_ZERO + timedelta(days=int(text[:5])) if is_serial else None


def _advice_on_date(text: str) -> str:
    """What to write instead of a date in another form."""
    if day := _excel_day(text):
        return f"Excel's day number: write {day.isoformat()}"
    for form in _DATE_FORMATS:
        try:
            return f"Excel rewrote it: write {datetime.strptime(text, form).replace(tzinfo=UTC).date().isoformat()}"
        except ValueError:
            continue
    return ""


def _age_band_from_date(text: str, words: tuple[str, ...]) -> str:
    """The age band that Excel turned into this date, or nothing."""
    day = _excel_day(text)
    first, second = (day.day, day.month) if day else _day_and_month(text)
    return next((band for band in (f"{first}_{second}", f"{second}_{first}") if band in words), "")


def _day_and_month(text: str) -> tuple[int, int]:
    """Two numbers of a text like 01-Apr, Oct-15, 1-4 or 2022-04-01; zeros where it is not one."""
    parts = [p for p in re.split(r"[-/ .\u2013]+", text.lower()) if p and not re.fullmatch(r"[0-9]{4}|00:00:00", p)]
    values = [int(p) if p.isascii() and p.isdigit() else month_number(p[:3]) for p in parts]
    return (values[0], values[1]) if len(values) >= 2 else (0, 0)
