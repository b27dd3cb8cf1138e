"""One cell of text -> one value, or a `Bad` that says what was expected and how to mend it.

The parsers are strict on purpose: Python would read `1_000`, `nan` and Arabic digits as numbers, and Excel rewrites
`1-4` as a date and 2022-07-13 as 13/07/2022. A cell that is not plainly what it should be is refused.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from model.case.spelling import nearest
from model.case.units import is_financial_year

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PLAIN_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
IDENTIFIER = re.compile(r"[A-Za-z0-9_-]+")
_EXCEL_DAY_ZERO = date(1899, 12, 30)
_EXCEL_SERIALS = range(20_000, 80_000)
_DATE_FORMATS = (
    "%d/%m/%Y",
    "%d/%m/%y",
    "%d-%m-%Y",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%d.%m.%Y",
    "%Y/%m/%d",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y",
)


class Bad(ValueError):  # noqa: N818 - it is about a cell, and is always caught next to it
    """A cell that cannot be read: what was expected, and advice."""

    def __init__(self, expected: str, suggestion: str = "") -> None:
        """Keep both for the line that names the cell."""
        super().__init__(expected)
        self.expected = expected
        self.suggestion = suggestion


def number(text: str) -> float:
    """Return a plain decimal number; commas, signs of money or per cent, words, nan and inf are refused."""
    if PLAIN_NUMBER.fullmatch(text):
        value = float(text)
        if math.isfinite(value):
            return value
        raise Bad("a number a computer can hold", "it has too many digits")
    raise Bad("a plain number such as 1234.5", _advice_on_number(text))


def optional_number(text: str) -> float | None:
    """Return a number, or None for an empty cell."""
    return number(text) if text else None


def count(text: str) -> float:
    """Return a number that is not negative."""
    value = number(text)
    if value < 0:
        raise Bad("a number of 0 or more", "drop the minus sign")
    return value


def optional_count(text: str) -> float | None:
    """Return a number that is not negative, or None for an empty cell."""
    return count(text) if text else None


def between(low: float, high: float) -> Callable[[str], float]:
    """Return a parser of a number from low to high, both included."""

    def parse(text: str) -> float:
        value = number(text)
        if not low <= value <= high:
            is_percent = low <= value / 100 <= high
            raise Bad(f"a number from {low:g} to {high:g}", f"is it {value / 100:.15g}?" if is_percent else "")
        return value

    return parse


def optional(parse: Callable[[str], float]) -> Callable[[str], float | None]:
    """Return a parser that gives None for an empty cell."""
    return lambda text: parse(text) if text else None


def positive(text: str) -> float:
    """Return a number above zero."""
    value = number(text)
    if value <= 0:
        raise Bad("a number above 0")
    return value


def text_cell(text: str) -> str:
    """Return the text; what has been replaced by Excel's error marks is refused."""
    if text.startswith("#") and text.rstrip("?!").isupper():
        raise Bad("text", "Excel put an error mark here; mend the formula in the spreadsheet")
    return text


def iso_date(text: str) -> date:
    """Return a date written 2022-07-13. Excel's own ways of writing one are refused, with the date they look like."""
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise Bad("a date that exists, written 2022-07-13", "that month or day does not exist") from None
    raise Bad("a date written 2022-07-13", _advice_on_date(text))


def optional_date(text: str) -> date | None:
    """Return a date, or None for an empty cell."""
    return iso_date(text) if text else None


def financial_year_cell(text: str) -> str:
    """Return a financial year written 2022/23."""
    if is_financial_year(text):
        return text
    found = re.fullmatch(r"((?:19|20)[0-9]{2})\s*[-/\u2013]\s*(?:(?:19|20)?[0-9]{2})", text)
    raise Bad("a financial year such as 2022/23", f"did you mean {_year_from(int(found[1]))}?" if found else "")


def optional_financial_year(text: str) -> str:
    """Return a financial year, or empty for an empty cell."""
    return financial_year_cell(text) if text else ""


def period(text: str) -> str:
    """Return a period: a financial year (2022/23), a quarter of one (2022/23 Q1), a month (2022-04) or a day."""
    quarter = re.fullmatch(r"(.*) Q[1-4]", text)
    year = quarter[1] if quarter else text
    if is_financial_year(year) or re.fullmatch(r"[0-9]{4}-(?:0[1-9]|1[0-2])", text):
        return text
    try:
        return iso_date(text).isoformat()
    except Bad as bad:
        raise Bad("a period: 2022/23, 2022-04 or 2022-03-31", bad.suggestion) from None


def name(text: str) -> str:
    """Return a name such as `fostering.fill_rate`: letters, digits, underscores and dots, no leading digit."""
    if NAME.fullmatch(text):
        return text
    plain = re.sub(r"_+", "_", re.sub(r"[^a-z0-9_.]", "_", text.lower())).strip("_")
    raise Bad("a name of letters, digits, underscores and dots", f"write {plain}" if NAME.fullmatch(plain) else "")


def identifier(text: str) -> str:
    """Return a row id: letters, digits, underscores and hyphens."""
    if IDENTIFIER.fullmatch(text):
        return text
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_")
    raise Bad("an id of letters, digits, underscores and hyphens", f"write {plain}" if plain else "")


def scope(text: str) -> str:
    """Return what an actual counts within a measure: words of letters, digits and underscores, joined by dots."""
    if not text or re.fullmatch(r"[A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*", text):
        return text
    plain = re.sub(r"[^A-Za-z0-9_.]+", "_", text).strip("_.")
    raise Bad("an age band, a placement, a provider or a line, several joined by dots", f"write {plain}")


def rule(text: str) -> str:
    """Return a RAG rule: the shares of what was promised from which a benefit is green, and below which it is red."""
    parts = text.split()
    if not text or (
        len(parts) == 2 and all(PLAIN_NUMBER.fullmatch(p) for p in parts) and float(parts[0]) > float(parts[1])
    ):
        return text
    raise Bad("two shares of what was promised, such as `0.9 0.75`: green from the first, red below the second")


def optional_identifier(text: str) -> str:
    """Return a row id, or empty."""
    return identifier(text) if text else ""


def optional_name(text: str) -> str:
    """Return a name, or empty."""
    return name(text) if text else ""


def yes_or_no(text: str) -> bool | None:
    """Return True for yes, False for no, None for an empty cell."""
    words: dict[str, bool | None] = {"yes": True, "no": False, "": None}
    if text not in words:
        raise Bad("yes or no", f"write {'yes' if text.lower() in {'y', 'true', '1', 'yes'} else 'no'}")
    return words[text]


def word(allowed: Iterable[str], what: str) -> Callable[[str], str]:
    """Return a parser of one word of a fixed list."""
    words = tuple(allowed)

    def parse(text: str) -> str:
        if text in words:
            return text
        raise Bad(what, nearest(text, words))

    return parse


def age_band(allowed: Iterable[str]) -> Callable[[str], str]:
    """Return a parser of an age band that knows what Excel makes of one (1-4 becomes 01-Apr, or 44652)."""
    words = tuple(allowed)

    def parse(text: str) -> str:
        if text in words:
            return text
        rewritten = _age_band_from_date(text, words)
        if rewritten:
            raise Bad("an age band", f"Excel made a date of it: write {rewritten}, with an underscore")
        raise Bad("an age band", nearest(text, words))

    return parse


def _advice_on_number(text: str) -> str:
    """What to write instead of a text that was meant as a number."""
    if text.startswith("#"):
        return "Excel put an error mark here; mend the formula in the spreadsheet"
    if text.lower() in {"true", "false"}:
        return f"write {int(text.lower() == 'true')}"
    if text.lower().strip("+-") in {"nan", "inf", "infinity", "n/a", "na", "null", "none"}:
        return "a missing figure cannot be computed with; give one, with its source"
    if re.fullmatch(r"[+-]?[0-9.]+[eE][+-]?[0-9]+", text):
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


def _advice_on_date(text: str) -> str:
    """What to write instead of a date in another form."""
    if re.fullmatch(r"[0-9]{5}(?:\.0*)?", text) and int(text[:5]) in _EXCEL_SERIALS:
        return f"Excel's day number: write {(_EXCEL_DAY_ZERO + timedelta(days=int(text[:5]))).isoformat()}"
    for form in _DATE_FORMATS:
        try:
            return f"Excel rewrote it: write {datetime.strptime(text, form).replace(tzinfo=UTC).date().isoformat()}"
        except ValueError:
            continue
    return ""


def _age_band_from_date(text: str, words: tuple[str, ...]) -> str:
    """The age band that Excel turned into this date, or nothing."""
    if re.fullmatch(r"[0-9]{5}", text) and int(text) in _EXCEL_SERIALS:
        day = _EXCEL_DAY_ZERO + timedelta(days=int(text))
        parts = (day.day, day.month)
    else:
        parts = _day_and_month(text)
    candidates = (f"{parts[0]}_{parts[1]}", f"{parts[1]}_{parts[0]}")
    return next((band for band in candidates if band in words), "")


def _day_and_month(text: str) -> tuple[int, int]:
    """Two numbers of a text like 01-Apr, Oct-15, 1-4 or 2022-04-01; zeros where it is not one."""
    months = {m: i for i, m in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)}  # noqa: SIM905
    parts = [p for p in re.split(r"[-/ .\u2013]+", text.lower()) if p and not re.fullmatch(r"[0-9]{4}|00:00:00", p)]
    values = [int(p) if p.isascii() and p.isdigit() else months.get(p[:3], 0) for p in parts]
    return (values[0], values[1]) if len(values) >= 2 else (0, 0)


def _year_from(first: int) -> str:
    return f"{first}/{(first + 1) % 100:02d}"
