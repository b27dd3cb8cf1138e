"""Which combinations of assumptions are swept: read from `--grid` or from a file, and held against a case."""

import csv
import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pandas as pd

from model.case.reading.overrides import overridden
from model.case.reading.problems import InputProblems
from model.case.records import Case

MOST_POINTS = 1_000_000  # combinations of a grid: a slip in a step would work for days
GRID_FORM = "NAME=LOW:HIGH:STEP or NAME=A,B,C with plain numbers"
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,9})?")


class SweepError(ValueError):
    """What was asked for cannot be swept; every problem, one a line."""


def grid_values(text: str) -> tuple[str, tuple[float, ...]]:
    """Read ``name=lo:hi:step`` (both ends included) or ``name=a,b,c``; at most so many values.

    Steps are decimal, so that 0.5:1.0:0.05 gives exactly eleven values and 0.65 is the number 0.65.

    Raises:
        SweepError: it cannot be read, has too many values, or one of them twice.
    """
    name, _, values = (part.strip() for part in text.partition("="))
    if not name:
        raise SweepError(f"--grid {text!r}: expected {GRID_FORM}")
    try:
        found = _range(values) if ":" in values else tuple(float(_decimal(one)) for one in values.split(","))
    except ValueError as error:
        raise SweepError(f"--grid {text!r}: {error}") from error
    if twice := [f"{value:g}" for value, count in Counter(found).items() if count > 1]:
        raise SweepError(f"--grid {text!r}: {', '.join(twice)} given more than once; expected each value once")
    return name, found


def _decimal(text: str) -> Decimal:
    """The number a text is; nothing but plain digits, a point and a power of ten."""
    if not NUMBER.fullmatch(text.strip()):
        raise ValueError(f"{text.strip()!r} is no number; expected {GRID_FORM}")
    number = Decimal(text.strip())
    if not math.isfinite(float(number)):
        raise ValueError(f"{text.strip()} is beyond the largest number there is, about 1.8e308")
    return number


def _range(text: str) -> tuple[float, ...]:
    """The values of LOW:HIGH:STEP, both ends included."""
    ends = text.split(":")
    if len(ends) != 3:
        raise ValueError(f"expected {GRID_FORM}")
    low, high, step = (_decimal(end) for end in ends)
    if step <= 0 or high < low:
        raise ValueError(f"expected LOW <= HIGH and STEP > 0, got {low}:{high}:{step}")
    if high - low >= step * MOST_POINTS:
        raise ValueError(f"more than the {MOST_POINTS:,} values allowed; take wider steps")
    return tuple(float(low + step * n) for n in range(int((high - low) / step) + 1))


def grid_frame(grids: Sequence[str]) -> pd.DataFrame:
    """Every combination of the ``--grid`` arguments, the last varying fastest.

    Raises:
        SweepError: everything that cannot be read, or more than MOST_POINTS combinations.
    """
    axes, problems = [], []
    for text in grids:
        try:
            axes.append(grid_values(text))
        except SweepError as error:
            problems.append(str(error))
    names = [name for name, _ in axes]
    problems += [f"--grid {name}: given twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    count = math.prod(len(values) for _, values in axes)
    if count > MOST_POINTS:
        sizes = " x ".join(f"{len(values):,}" for _, values in axes)
        problems.append(f"--grid: {sizes} = {count:,} combinations, more than the {MOST_POINTS:,} allowed")
    if problems:
        raise SweepError("\n".join(problems))
    return pd.DataFrame(list(itertools.product(*(values for _, values in axes))), columns=names, dtype=float)


def file_frame(path: Path) -> pd.DataFrame:
    """The combinations in a CSV file: assumption names as header, one combination a row; blank rows are passed over.

    Raises:
        SweepError: it is no table, or every cell that is not a number and every combination that stands twice, with
            its row (the header is row 1) and column.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [(n, row) for n, row in enumerate(csv.reader(file), start=1) if any(cell.strip() for cell in row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise SweepError(
            f"{path.name}: no CSV in UTF-8 ({error}); save it from the spreadsheet as CSV UTF-8"
        ) from error
    if len(rows) < 2:
        raise SweepError(f"{path.name}: expected a header of assumption names and at least one row")
    names = [name.strip() for name in rows[0][1]]
    problems = [] if all(names) and len(set(names)) == len(names) else [
        f"{path.name}: expected a name for each column, each once; found {', '.join(map(repr, names))}"
    ]  # fmt: skip
    points: dict[tuple[float, ...], int] = {}
    for number, row in rows[1:]:
        where, values = f"{path.name}, row {number}", []
        if len(row) != len(names):
            problems.append(f"{where}: {len(row)} values, expected {len(names)}")
            continue
        for name, text in zip(names, row, strict=True):
            try:
                values.append(float(_decimal(text)))
            except ValueError:
                problems.append(f"{where}, column {name}: {text!r}, expected a number without £ or thousands")
        if len(values) == len(names) and (first := points.setdefault(tuple(values), number)) != number:
            problems.append(f"{where}: the same combination as row {first}; expected each once")
    if problems:
        raise SweepError("\n".join(problems))
    return pd.DataFrame(list(points), columns=names, dtype=float)


def check(case: Case, points: pd.DataFrame) -> list[str]:
    """What a scenario of the case could not set, in the words it would be refused with: the first of each name."""
    problems: list[str] = []
    for name in points.columns:
        for value in points[name].unique().tolist():
            try:
                overridden(case, {name: int(value) if value.is_integer() else value}, f"{case.folder_name} sweep")
            except InputProblems as found:
                problems += map(str, found.problems)
                break
    return problems
