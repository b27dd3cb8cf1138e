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
_EXCEL_DAY_ZERO = date(1899, 12, 30)
Value_co = TypeVar("Value_co", covariant=True)
Given = TypeVar("Given")


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


def that(read: Callable[[Given], float], holds: Callable[[float], bool], expected: str) -> Callable[[Given], float]:
    """Return a reader of a number of which something holds; where it holds of a hundredth, a per cent was meant."""

    def parse(given: Given) -> float:
        value = read(given)
        if not holds(value):
            raise Bad(expected, f"is it {value / 100:.15g}?" if holds(value / 100) else "")
        return value

    return parse


def between(low: float, high: float) -> Cell[float]:
    """Return the kind of a number from low to high, both included."""
    return Cell(that(_number, lambda value: low <= value <= high, f"a number from {low:g} to {high:g}"), NUMBER)


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


def _spelt(pattern: str, what: str, besides: str) -> Cell[str]:
    """Return the kind of a word of letters, digits and some other signs."""

    def parse(text: str) -> str:
        if re.fullmatch(pattern, text):
            return text
        plain = re.sub(rf"[^A-Za-z0-9{besides}]+", "_", text).strip("_.")
        raise Bad(what, f"write {plain}" if re.fullmatch(pattern, plain) else "")

    return Cell(parse)


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


number = Cell(_number, NUMBER)
count = Cell(that(_number, lambda value: value >= 0, "a number of 0 or more"), NUMBER)
positive = Cell(that(_number, lambda value: value > 0, "a number above 0"), NUMBER)
text_cell, rule = Cell(_text), Cell(_rule)
_DOTTED = r"(?:\.[A-Za-z0-9_]+)*"
name = _spelt(rf"[A-Za-z_][A-Za-z0-9_]*{_DOTTED}", "a name of letters, digits, underscores and dots", "_.")
identifier = _spelt("[A-Za-z0-9_-]+", "an id of letters, digits, underscores and hyphens", "_-")
scope = _spelt(
    rf"[A-Za-z0-9_]+{_DOTTED}", "an age band, a placement, a provider or a line, several joined by dots", "_."
)
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


def month_number(short: str) -> int:
    """Return 4 for apr; 0 for what is no month."""
    return MONTHS.index(short.lower()) + 1 if short.lower() in MONTHS else 0


def _advice_on_number(text: str) -> str:
    """What to write instead of a text that was meant as a number."""
    low = text.lower().strip("+-")
    bare = re.sub(r"[£$€,\s_']|GBP", "", text)
    if text.startswith("#"):
        return "Excel put an error mark here; mend the formula in the spreadsheet"
    if low in {"nan", "inf", "infinity", "n/a", "na", "null", "none"}:
        return "a missing figure cannot be computed with; give one, with its source"
    if re.fullmatch(rf"{PLAIN_NUMBER.pattern}[eE][+-]?[0-9]{{1,2}}", text):
        return f"Excel shortened it, and digits may be lost: write {float(text):.15g}"
    if re.fullmatch(r"[+-]?(?:0,[0-9]+|[0-9]+,(?:[0-9]{1,2}|[0-9]{4,}))", text):
        return f"write {text.replace(',', '.')}, with a decimal point"
    if bare.endswith("%") and PLAIN_NUMBER.fullmatch(bare[:-1]):
        return f"write the share as a decimal: {float(bare[:-1]) / 100:.15g}"
    return f"write {bare}, without signs or separators" if PLAIN_NUMBER.fullmatch(bare) else ""


def _advice_on_date(text: str) -> str:
    """What to write instead of a date in another form, or of the number that Excel counts its days by."""
    if re.fullmatch(r"[2-7][0-9]{4}", text):
        return f"Excel's day number: write {(_EXCEL_DAY_ZERO + timedelta(days=int(text))).isoformat()}"
    for form in ("%d/%m/%Y", "%d/%m/%y", "%d/%b/%Y", "%d/%b/%y", "%d/%B/%Y", "%Y/%m/%d", "%m/%d/%Y"):
        try:
            found = datetime.strptime(re.sub("[-. ]", "/", text), form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return f"Excel rewrote it: write {found.date().isoformat()}"
    return ""
