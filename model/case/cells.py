"""Kinds of value: a cell's text, or a TOML value -> what the model wants, or a `Bad` that says what was expected.

The parsers are strict on purpose: Python would read `1_000`, `nan` and Arabic digits as numbers, and Excel rewrites
`1-4` as a date and 2022-07-13 as 13/07/2022. A cell that is not plainly what it should be is refused.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from numbers import Real
from typing import Any, Final, Generic, TypeVar

from model.case.spelling import nearest
from model.case.timeline import is_financial_year

TEXT, NUMBER, DATE, YEAR, PERIOD, YES_OR_NO = "text", "number", "date", "year", "period", "yes_or_no"
MOST_YEARS: Final = 60
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
    """A kind of value: what makes it of a cell's text, or raises Bad; `form`: what a spreadsheet holds there.

    `words`: all that may stand there, where they are few. `key`: what makes it of a TOML value; unless given, a text in
    quotation marks is read as a cell is.
    """

    parse: Callable[[str], Value_co]
    form: str = TEXT
    words: tuple[str, ...] = ()
    key: Callable[[object], Value_co] | None = None

    def __call__(self, text: str) -> Value_co:
        """Return the value of a cell that is not empty."""
        return self.parse(text)

    def toml(self, value: object) -> Value_co:
        """Return what a TOML value is."""
        return self.key(value) if self.key else self.parse(_words(value))

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


# Of TOML --------------------------------------------------------------------------------------------------------------


def _of_type(kind: type[Given], expected: str) -> Callable[[object], Given]:
    """Return the reader of a value that TOML itself knows the kind of."""

    def parse(value: object) -> Given:
        if not isinstance(value, kind):
            raise Bad(expected, "without quotation marks" if isinstance(value, str) else "")
        return value

    return parse


_any_text = _of_type(str, "a text in quotation marks")


def _words(value: object) -> str:
    """Return a text that is not empty."""
    if not _any_text(value).strip():
        raise Bad("a text in quotation marks")
    return _any_text(value)


def toml_number(value: object) -> float:
    """Return a TOML value as a finite number; text is refused even where it reads like one."""
    if isinstance(value, bool) or not isinstance(value, Real):
        meant = isinstance(value, str) and not PLAIN_NUMBER.fullmatch(value) and _advice_on_number(value)
        raise Bad("a number", meant or ("without quotation marks" if isinstance(value, str) else ""))
    try:
        figure = float(value)
    except OverflowError:
        raise Bad("a number a computer can hold", "it has too many digits") from None
    if not math.isfinite(figure):
        raise Bad("a finite number", "a missing figure cannot be computed with")
    return figure


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return _iso_date(value.strip())
    raise Bad("a date written 2022-07-13")


def _first_of_month(value: object) -> date:
    found = _day(value)
    if found.day != 1:
        raise Bad("the first day of a month", f"write {found.replace(day=1).isoformat()}")
    return found


def _years(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_YEARS:
        raise Bad(f"a whole number of years from 1 to {MOST_YEARS}")
    return value


def _weeks(value: object) -> float:
    """Return the weeks in a year, a number or a fraction."""
    try:
        found = float(Fraction(value.replace(" ", ""))) if isinstance(value, str) else toml_number(value)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise Bad('weeks in a year, a number or a fraction such as "365/7"') from None
    if not 51 <= found <= 54:
        raise Bad("weeks in a year, from 51 to 54")
    return found


def _plain_name(value: object) -> str:
    """Return a name without a dot, as a scheme has."""
    found = name.toml(value)
    if "." in found:
        raise Bad("a name without a dot", f"write {found.replace('.', '_')}")
    return found


def _names(value: object) -> tuple[str, ...]:
    """Return names, each once."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Bad('a list of names, such as ["fostering", "edge_of_care"]')
    twice = next((item for item in value if value.count(item) > 1), "")
    if twice:
        raise Bad("each name once", f"{twice} stands there more than once")
    return tuple(value)


def _tables(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Bad("tables, each written [[name]] above its keys")
    return value


def key(read: Callable[[object], Given]) -> Cell[Any]:
    """Return a kind that only TOML can state."""
    return Cell(_text, key=read)


# The kinds ------------------------------------------------------------------------------------------------------------


def figure(holds: Callable[[float], bool], expected: str) -> Cell[float]:
    """Return the kind of a number of which something holds."""
    return Cell(that(_number, holds, expected), NUMBER, key=that(toml_number, holds, expected))


def between(low: float, high: float) -> Cell[float]:
    """Return the kind of a number from low to high, both included."""
    return figure(lambda value: low <= value <= high, f"a number from {low:g} to {high:g}")


number = Cell(_number, NUMBER, key=toml_number)
count = figure(lambda value: value >= 0, "a number of 0 or more")
positive = figure(lambda value: value > 0, "a number above 0")
share = between(0, 1)
rho = figure(lambda value: -1 < value < 1, "a correlation between -1 and 1, both excluded")
text, any_text, rule = Cell(_text, key=_words), Cell(_text, key=_any_text), Cell(_rule)
_DOTTED = r"(?:\.[A-Za-z0-9_]+)*"
name = _spelt(rf"[A-Za-z_][A-Za-z0-9_]*{_DOTTED}", "a name of letters, digits, underscores and dots", "_.")
identifier = _spelt("[A-Za-z0-9_-]+", "an id of letters, digits, underscores and hyphens", "_-")
scope = _spelt(
    rf"[A-Za-z0-9_]+{_DOTTED}", "an age band, a placement, a provider or a line, several joined by dots", "_."
)
day, period = Cell(_iso_date, DATE, key=_day), Cell(_period, PERIOD)
financial_year: Final = Cell(_financial_year, YEAR)
yes_or_no: Final = Cell(_yes_or_no, YES_OR_NO, ("yes", "no"))
switch, first_of_month, years, weeks = (
    key(_of_type(bool, "true or false")),
    key(_first_of_month),
    key(_years),
    key(_weeks),
)
plain_name, list_of_names = key(_plain_name), key(_names)
table: Final[Cell[dict[str, Any]]] = key(_of_type(dict, "a table, written [name] above its keys"))
tables: Final = key(_tables)


def word(allowed: Iterable[str], what: str) -> Cell[str]:
    """Return the kind of one word of a fixed list."""
    words = tuple(allowed)

    def parse(text: str) -> str:
        if text in words:
            return text
        raise Bad(what, nearest(text, words))

    return Cell(parse, words=words)


def one_of(allowed: Sequence[str]) -> Cell[str]:
    """Return the kind of one word of a short list, which is what is expected: `red, amber or green`."""
    return word(allowed, f"{', '.join(allowed[:-1])} or {allowed[-1]}")


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
