"""One value of a TOML file -> what the model wants, or a `Bad` that says what was expected and how to mend it."""

import math
from collections.abc import Callable
from datetime import date, datetime
from fractions import Fraction
from numbers import Real
from typing import Any, TypeVar

from model.case import parameters
from model.case.reading import cells
from model.case.reading.cells import Bad

MOST_YEARS = 60
Value = TypeVar("Value")


def number(value: object) -> float:
    """Return a TOML value as a finite number; text is refused even where it reads like one."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise Bad("a number", _number_within(value) if isinstance(value, str) else "")
    try:
        figure = float(value)
    except OverflowError:
        raise Bad("a number a computer can hold", "it has too many digits") from None
    if not math.isfinite(figure):
        raise Bad("a finite number", "a missing figure cannot be computed with")
    return figure


def _number_within(text: str) -> str:
    """What to write in the place of a text that was meant as a number."""
    try:
        cells.number(text)
    except Bad as bad:
        return bad.suggestion or "without quotation marks"
    return "without quotation marks"


share = cells.that(number, lambda value: 0 <= value <= 1, "a number from 0 to 1")
positive = cells.that(number, lambda value: value > 0, "a number above 0")
not_negative = cells.that(number, lambda value: value >= 0, "a number of 0 or more")
rho = cells.that(number, lambda value: -1 < value < 1, "a correlation between -1 and 1, both excluded")


def _of_type(kind: type[Value], expected: str) -> Callable[[object], Value]:
    """Return the reader of a value that TOML itself knows the kind of."""

    def parse(value: object) -> Value:
        if not isinstance(value, kind):
            raise Bad(expected, "without quotation marks" if isinstance(value, str) else "")
        return value

    return parse


optional_text = _of_type(str, "a text in quotation marks")
switch = _of_type(bool, "true or false")
table: Callable[[object], dict[str, Any]] = _of_type(dict, "a table, written [name] above its keys")


def text(value: object) -> str:
    """Return a text that is not empty."""
    if not optional_text(value).strip():
        raise Bad("a text in quotation marks")
    return optional_text(value)


def of(cell: cells.Cell[Value]) -> Callable[[object], Value]:
    """Return the reader of a text that is read as such a cell of a table is."""
    return lambda value: cell(text(value))


def plain_name(value: object) -> str:
    """Return a name without a dot, as a scheme has."""
    found = cells.name(text(value))
    if "." in found:
        raise Bad("a name without a dot", f"write {found.replace('.', '_')}")
    return found


def day(value: object) -> date:
    """Return a date."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return cells.iso_date(value.strip())
    raise Bad("a date written 2022-07-13")


def first_of_month(value: object) -> date:
    """Return the first day of a month."""
    found = day(value)
    if found.day != 1:
        raise Bad("the first day of a month", f"write {found.replace(day=1).isoformat()}")
    return found


def years(value: object) -> int:
    """Return a whole number of years."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_YEARS:
        raise Bad(f"a whole number of years from 1 to {MOST_YEARS}")
    return value


def weeks(value: object) -> float:
    """Return the weeks in a year, a number or a fraction."""
    try:
        found = float(Fraction(value.replace(" ", ""))) if isinstance(value, str) else number(value)
    except (ValueError, ZeroDivisionError, OverflowError):
        raise Bad('weeks in a year, a number or a fraction such as "365/7"') from None
    if not 51 <= found <= 54:
        raise Bad("weeks in a year, from 51 to 54")
    return found


def list_of_names(value: object) -> tuple[str, ...]:
    """Return names, each once."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise Bad('a list of names, such as ["fostering", "edge_of_care"]')
    twice = next((item for item in value if value.count(item) > 1), "")
    if twice:
        raise Bad("each name once", f"{twice} stands there more than once")
    return tuple(value)


def ages(value: object) -> tuple[str, ...]:
    """Age bands as the model has them: 5_9 stands for 5_7 and 8_9."""
    parse = cells.word((*parameters.AGE_BANDS, *parameters.SPLIT_AGE_BANDS), "an age band")
    ages = [parse(age) for age in list_of_names(value)]
    if not ages:
        raise Bad("at least one age band")
    halves = {whole: [h for h, w in parameters.SPLIT_AGE_BANDS.items() if w == whole] for whole in ages}
    return tuple(dict.fromkeys(half for age in ages for half in (halves[age] or [age])))


def tables(value: object) -> list[dict[str, Any]]:
    """Return tables of one name."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Bad("tables, each written [[name]] above its keys")
    return value
