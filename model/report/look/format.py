"""How numbers look: the one module that turns a number into text for people.

Pounds carry thousands separators, minus is a true minus sign (U+2212), nothing is ever "−£0", a missing number is
said in words and never shown as `nan`. Rounding is half up, as councils print.
"""

import math
import re
from collections.abc import Callable, Sequence
from datetime import date as Date  # noqa: N812 - `date` names the argument
from decimal import ROUND_HALF_UP, Decimal

MINUS = "\N{MINUS SIGN}"
MISSING = "not available"
MONTHS_A_YEAR = 12
_TOO_LARGE = Decimal(10) ** 15  # beyond it a double holds no decimals to round

Number = float | int | None

_UNITS = {
    "GBP": "",
    "GBP/day": "a day",
    "GBP/hour": "an hour",
    "GBP/week": "a week",
    "GBP/month": "a month",
    "GBP/year": "a year",
    "GBP/child": "a child",
    "GBP/child/year": "a child a year",
    "GBP/household": "a household",
    "GBP/household/year": "a household a year",
    "GBP/fte": "per fte",
    "GBP/fte/year": "per fte a year",
    "children": "children",
    "households": "households",
    "weeks": "weeks",
    "days": "days",
    "years": "years",
    "months": "months",
    "children/year": "children a year",
    "children/month": "children a month",
    "households/year": "households a year",
    "places/household": "places a household",
    "children/worker": "children a worker",
    "children/child": "for each child",
    "fte": "fte",
    "rate/year": "a year",
    "per cent": "per cent",
}  # the words after a number
_SHARES = {"share", "rate/year"}


def is_missing(value: Number) -> bool:
    """Whether there is no number: None, NaN or infinite."""
    return value is None or not math.isfinite(value)


def decimal(value: Number, places: int = 0) -> str:
    """Return `value` with thousands separators and `places` decimals: 1234.5 -> `1,235`, -0.4 -> `0`."""
    if value is None or is_missing(value):
        return MISSING
    exact = Decimal(f"{value:.15g}")  # a half that the processor left a hair short of is a half
    rounded = exact if abs(exact) > _TOO_LARGE else exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):,.{places}f}"


def signed(value: Number, places: int = 0) -> str:
    """Return a plain number with its sign: 4.93 -> `+4.9`."""
    return _plus(decimal(value, places))


def _plus(text: str) -> str:
    above = not text.startswith((MINUS, MISSING)) and any(digit in text for digit in "123456789")
    return f"+{text}" if above else text


def _sterling(value: Number, unit: float, places: int, suffix: str, *, signed: bool) -> str:
    text = decimal(None if value is None else value / unit, places)
    if text == MISSING:
        return text
    whole = f"{MINUS}£{text[1:]}{suffix}" if text.startswith(MINUS) else f"£{text}{suffix}"
    return _plus(whole) if signed else whole


def pounds(value: Number, *, pence: bool = False, signed: bool = False) -> str:
    """Return whole pounds (or pence): 417143 -> `£417,143`, -5 -> `−£5`."""
    return _sterling(value, 1, 2 if pence else 0, "", signed=signed)


def thousands(value: Number, *, signed: bool = False) -> str:
    """Return thousands of pounds, for tables in one unit: 1238000 -> `£1,238k`, -400 -> `£0`."""
    text = _sterling(value, 1e3, 0, "k", signed=signed)
    return "£0" if text == "£0k" else text


def millions(value: Number, places: int = 2, *, signed: bool = False) -> str:
    """Return millions of pounds: 2632526 -> `£2.63m`."""
    return _sterling(value, 1e6, places, "m", signed=signed)


def money(value: Number, *, signed: bool = False) -> str:
    """Return pounds in the unit a reader expects: `£2.63m`, `£417k`, `£35`."""
    return _suited(value)(value, signed=signed)


def money_range(low: Number, high: Number) -> str:
    """Return `£0.10m to £0.52m`, both ends in the same unit; one number where they look the same."""
    if low is None or high is None or is_missing(low) or is_missing(high):
        return MISSING
    show = _suited(max(low, high, key=abs))
    first, last = show(low), show(high)
    return first if first == last else f"{first} to {last}"


def _suited(value: Number) -> Callable[..., str]:
    """Return the unit that suits an amount: pounds, thousands or millions."""
    size = 0.0 if value is None or is_missing(value) else abs(value)
    return millions if size >= 999_500 else thousands if size >= 9_999.5 else pounds


def percent(share: Number, places: int = 0) -> str:
    """Return a share as a percentage: 0.62 -> `62%`, -0.001 -> `0%`."""
    text = decimal(None if share is None else share * 100, places)
    return text if text == MISSING else f"{text}%"


def chance(probability: Number, draws: int = 0) -> str:
    """Return a probability in words a reader can trust: a share of draws is never a bare 0% or 100%."""
    if probability is None or is_missing(probability):
        return MISSING
    if probability == 0:
        return f"none of {draws:,} runs" if draws else "no run"
    if probability == 1:
        return f"all {draws:,} runs" if draws else "every run"
    if probability < 0.01:
        return "less than 1%"
    if probability > 0.99:
        return "more than 99%"
    return percent(probability)


def month(label: str) -> str:
    """Return a month in words: `2025-03` -> `March 2025`."""
    return f"{Date.fromisoformat(f'{label[:7]}-01'):%B %Y}"


def day(date: Date) -> str:
    """Return a day in words: 2022-07-13 -> `13 July 2022`."""
    return f"{date.day} {date:%B %Y}"


def duration(months: Number) -> str:
    """Return a number of months in years and months: 50 -> `4 years 2 months`; missing -> `never`."""
    if months is None or is_missing(months):
        return "never"
    years, rest = divmod(int(Decimal(repr(float(months))).quantize(Decimal(1), rounding=ROUND_HALF_UP)), MONTHS_A_YEAR)
    parts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in ((years, "year"), (rest, "month")) if n]
    return " ".join(parts) or "at once"


def significant(value: Number, digits: int = 3) -> str:
    """Return a bare number with about `digits` significant figures and no trailing zeros: 0.6200 -> `0.62`."""
    if value is None or is_missing(value):
        return MISSING
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = decimal(value, min(places, 8))
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: Number, unit: str) -> str:
    """Return a number with its unit in words: (750, `GBP/week`) -> `£750 a week`; (0.62, `share`) -> `62%`."""
    if value is None or is_missing(value):
        return MISSING
    if unit == "switch":
        return "on" if value else "off"
    text, words = significant(value), _UNITS.get(unit, "")
    if unit.startswith("GBP"):
        whole = math.isclose(value, round(value), abs_tol=0.005)
        text = pounds(value, pence=not whole and abs(value) < 1_000)
    elif unit in _SHARES:
        text = percent(value, 0 if math.isclose(value * 100, round(value * 100), abs_tol=1e-9) else 1)
    elif value == 1 and "/" not in unit:
        words = {"children": "child"}.get(words, words.removesuffix("s"))
    return f"{text} {words}".rstrip()


def reach(low: Number, high: Number, unit: str) -> str:
    """Return a range with its unit in words."""
    return f"{quantity(low, unit)} to {quantity(high, unit)}"


def read(text: str, unit: str) -> float | None:
    """Return the number that a text such as `quantity` writes stands for: `15%` -> 0.15, `£1,200 a week` -> 1200.

    None where it is none.
    """
    plain = text.replace(MINUS, "-").strip()
    if unit == "switch" and plain in {"on", "off"}:
        return float(plain == "on")
    found = _WRITTEN.fullmatch(plain)
    if not found or (found["percent"] and unit not in _SHARES):
        return None
    value = float(found["number"].replace("£", "").replace(",", "")) / (100 if found["percent"] else 1)
    return value if quantity(value, unit).endswith(found["words"]) else None


_WRITTEN = re.compile(r"(?P<number>-?£?[0-9][0-9,]*(?:\.[0-9]+)?)(?P<percent>%)?\s*(?P<words>[a-z /]*)")


def price_base(unit: str, base: str) -> str:
    """Return the price base as a reader needs it: `2022/23 prices`, or nothing where the unit is not money."""
    return f"{base} prices" if unit.startswith("GBP") and base else ""


def listed(items: Sequence[str], last: str = "and") -> str:
    """Return `a, b and c`; `nothing` for none."""
    if not items:
        return "nothing"
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 scenario`, `9 scenarios`, `no scenarios`."""
    words = one if number == 1 else (many or f"{one}s")
    return f"{'no' if number == 0 else f'{number:,}'} {words}"


def in_thousands_to(parts: Sequence[float], total: float) -> list[float]:
    """Return pounds in whole thousands that add up to what `total` rounds to: the largest remainders are rounded up.

    What is exactly nothing stays so. Parts that are further from the total than rounding can be (something else is in
    it) are rounded by themselves.

    >>> in_thousands_to([400.0, 400.0, 400.0], 1200.0)
    [1000.0, 0.0, 0.0]
    """
    if abs(sum(parts) - total) >= 1e3 * max(len(parts), 1):
        return [1e3 * thousand(part) for part in parts]
    floors = [math.floor(part / 1e3 + 1e-9) for part in parts]
    order = sorted(range(len(parts)), key=lambda i: floors[i] - parts[i] / 1e3)
    order = [i for i in order if parts[i]] or order
    short = thousand(total) - sum(floors)
    for k in range(abs(short) if order else 0):
        floors[order[k % len(order)] if short > 0 else order[-1 - k % len(order)]] += 1 if short > 0 else -1
    return [1e3 * floor for floor in floors]


def thousand(pounds: float) -> int:
    """Return pounds in whole thousands, rounded as they are printed."""
    return int(decimal(pounds / 1e3).replace(",", "").replace(MINUS, "-"))


def share_of_draws(share: float, draws: int = 0) -> str:
    """Return a share of the draws within a sentence: `37% of runs`, `none of 2,000 runs`."""
    return chance(share, draws) if share in {0, 1} else f"{chance(share)} of runs"


def lowered(words: str) -> str:
    """Return words as they stand within a sentence: the first letter small, unless it begins an abbreviation."""
    return words if words[:2].isupper() else words[:1].lower() + words[1:]
