"""TOML -> tables -> declared keys, each problem with its line."""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

from model.case.cells import Bad
from model.case.columns import Column, columns_of, made_of
from model.case.reading.files import content_of, not_utf8, shown_path
from model.case.reading.problems import Problem, told
from model.case.spelling import near, nearest

DEEPEST: Final = 12  # tables in tables: an override by its full name without quotation marks takes six


def toml_of(value: object) -> str:
    """Return a value as a scenario's file and `--set` write it, in one line."""
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {toml_of(one)}' for key, one in value.items())} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_of, value))}]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class Toml:
    """A TOML file: its tables, and its text for line numbers."""

    file: str
    tables: dict[str, Any]
    text: str

    def line(self, key: str, table: str = "", position: int = 0) -> int:
        """The line a key stands on, within the `position`-th heading of `table` or anywhere; 0 if it is not found."""
        lines = self.text.splitlines()
        start = max(self.heading(table, position) - 1, 0)
        wanted = re.compile(rf"[\s{{,]*[\"']?(?:[A-Za-z0-9_]+\.)*{re.escape(key)}[\"']?\s*=")
        for number, line in enumerate(lines[start:], start=start + 1):
            if wanted.match(line):
                return number
        return self.heading(table, position) or self.heading(key)

    def heading(self, table: str, position: int = 0) -> int:
        """The line of the `position`-th heading of a table; 0 for the top of the file, and if it is not found."""
        wanted = re.compile(rf"\s*\[+\s*[\"']?{re.escape(table)}[\"']?\s*\]+")
        lines = [i for i, line in enumerate(self.text.splitlines(), start=1) if table and wanted.match(line)]
        return lines[min(position, len(lines) - 1)] if lines else 0


def read_toml(path: Path, problems: list[Problem], *, optional: bool = False) -> Toml | None:
    """Return a TOML file, or None with a problem that names the line."""
    content, file = content_of(path, problems, optional=optional), shown_path(path)
    if content is None:
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(not_utf8(file, error))
        return None
    try:
        tables = tomllib.loads(text)
        if not _too_deep(tables, DEEPEST):
            return Toml(file=file, tables=tables, text=text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        row = int(found[1]) if found else text.count("\n") + 1
        lines = text.splitlines()
        problems.append(Problem(file, "TOML", str(error), row=row, value=lines[min(row, len(lines)) - 1]))
        return None
    except RecursionError:
        pass
    problems.append(Problem(file, "TOML that is not nested so deeply"))
    return None


def _too_deep(value: object, left: int) -> bool:
    """Whether tables and lists stand in each other deeper than so many."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left == 0 or any(_too_deep(one, left - 1) for one in inner)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in a TOML file a table stands: its heading, and which of several with that heading (`position` from 0).

    `within`: the key of that table whose value is a table itself.
    """

    toml: Toml
    table: str = ""
    position: int | None = None
    within: str = ""

    def problem(self, key: str, value: object, expected: str, suggestion: str = "") -> Problem:
        """A problem with one key of the table."""
        table = self.table if self.position is None else f"{self.table}[{self.position + 1}]"
        column = ".".join(name for name in (table, self.within, key) if name)
        shown = told(value)
        return Problem(
            self.toml.file, expected, suggestion, row=self.line(self.within or key), column=column, value=shown
        )

    def line(self, key: str) -> int:
        """The line of a key, by its full name or by its last part; 0 if it is not found."""
        found = (self.toml.line(name, self.table, self.position or 0) for name in (key, key.rpartition(".")[2]))
        return next((line for line in found if line), 0)


Values = dict[str, Any]
Check = Callable[[Mapping[str, Any], Sequence[Any], Place], Iterable[Problem]]
"""What else is wrong with a table, given its values, what was made of those before it, and its place."""


def read_keys(table: Mapping[str, Any], keys: Sequence[Column], place: Place, problems: list[Problem]) -> Values:
    """Return the values of the declared keys that could be read; an unknown, missing or unreadable one is a problem."""
    values: Values = {}
    known = [key.name for key in keys]
    missing = [key.name for key in keys if key.required and key.name not in table]
    for name in table:
        if name not in known and not name.startswith("x_"):
            advice = near(name, missing) or nearest(name, known)
            problems.append(place.problem(name, table[name], "a known key", advice))
    for key in keys:
        name = key.name
        if name in missing:
            missed = place.problem(name, None, f"a key {name}, which is missing")
            top = place.toml.heading(place.table, place.position or 0)
            problems.append(replace(missed, row=place.line(place.within) if place.within else top))
            continue
        try:
            values[name] = key.cell.toml(table[name]) if name in table else key.default
        except Bad as bad:
            problems.append(place.problem(name, table[name], bad.expected, bad.suggestion))
    return values


def read_file(
    toml: Toml,
    record: type,
    problems: list[Problem],
    checks_by: Callable[[Values], Mapping[str, Check]] = lambda _: {},
) -> Values:
    """Return the values of a whole file, as its record declares them: of a table its values, of several the records.

    `checks_by`: given the values of the other keys, by the heading of several tables.
    """
    values = read_keys(toml.tables, columns_of(record), Place(toml=toml), problems)
    checks = checks_by(values)
    for key in columns_of(record):
        if key.of is None or key.name not in values:
            continue
        stated, place = values[key.name], Place(toml=toml, table=key.name)
        if isinstance(stated, dict):
            values[key.name] = read_keys(stated, columns_of(key.of), place, problems)
            continue
        found: list[Any] = []
        for position, table in enumerate(stated):
            here, before = replace(place, position=position), len(problems)
            own = read_keys(table, columns_of(key.of), here, problems)
            problems.extend(checks[key.name](own, found, here) if key.name in checks else ())
            if len(problems) == before:
                found.append(made_of(key.of, own))
        values[key.name] = tuple(found)
    return values
