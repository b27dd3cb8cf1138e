"""TOML -> tables -> declared keys, each problem with its line."""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, TypeVar

from model.case.reading.cells import Bad
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
class Key:
    """A key of a table: how its value is read, what it means, and what stands for it when it is absent."""

    parse: Callable[[Any], Any]
    means: str
    needed: bool
    default: Any = None


def need(parse: Callable[[Any], Any], means: str) -> Key:
    """Return a key that must be there."""
    return Key(parse=parse, means=means, needed=True)


def spare(parse: Callable[[Any], Any], means: str, default: Any = None) -> Key:  # noqa: ANN401 - of the key's own type
    """Return a key that may be left out."""
    return Key(parse=parse, means=means, needed=False, default=default)


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


Made = TypeVar("Made")
Check = Callable[[Mapping[str, Any], Sequence[Any], Place], Iterable[Problem]]


def read_keys(
    table: Mapping[str, Any], keys: Mapping[str, Key], place: Place, problems: list[Problem]
) -> dict[str, Any]:
    """Return the values of the declared keys that could be read; an unknown, missing or unreadable one is a problem."""
    values: dict[str, Any] = {}
    missing = [name for name, key in keys.items() if key.needed and name not in table]
    for name in table:
        if name not in keys and not name.startswith("x_"):
            advice = near(name, missing) or nearest(name, keys)
            problems.append(place.problem(name, table[name], "a known key", advice))
    for name, key in keys.items():
        if name in missing:
            missed = place.problem(name, None, f"a key {name}, which is missing")
            top = place.toml.heading(place.table, place.position or 0)
            problems.append(replace(missed, row=place.line(place.within) if place.within else top))
            continue
        try:
            values[name] = key.parse(table[name]) if name in table else key.default
        except Bad as bad:
            problems.append(place.problem(name, table[name], bad.expected, bad.suggestion))
    return values


def read_records(  # noqa: PLR0913, PLR0917 - a table, what reads it, and where what is wrong goes
    stated: Sequence[Mapping[str, Any]],
    keys: Mapping[str, Key],
    make: Callable[..., Made],
    place: Place,
    problems: list[Problem],
    check: Check = lambda _values, _before, _place: (),
) -> tuple[Made, ...]:
    """Return what is made of the sound tables of one heading.

    `check` says what else is wrong with a table, given its values, what was made of those before it, and its place.
    """
    found: list[Made] = []
    for position, table in enumerate(stated):
        here, before = replace(place, position=position), len(problems)
        values = read_keys(table, keys, here, problems)
        problems.extend(check(values, found, here))
        if len(problems) == before:
            found.append(make(**values))
    return tuple(found)
