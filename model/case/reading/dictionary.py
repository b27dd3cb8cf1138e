"""The data dictionary, written from the readers' own columns, keys, names and words."""

from collections.abc import Iterable, Mapping
from typing import Final

from model.case import cells, parameters
from model.case.columns import Column, columns_of
from model.case.options import OptionsFile
from model.case.parameters import Parameter
from model.case.reading.case_tables import TABLES
from model.case.reading.files import Table
from model.case.reading.overrides import Scenario
from model.case.records import CaseKeys
from model.case.units import UNITS

TOML_FILES: Final = {"case.toml": CaseKeys, "scenarios/*.toml": Scenario, "options.toml": OptionsFile}
DISTRIBUTIONS: Final[dict[str, tuple[str, str]]] = {
    "fixed": ("empty", "certain, or a choice"),
    "uniform": ("lowest and highest possible", "anywhere between"),
    "pert": ("lowest and highest possible", "the most likely"),
    "normal": ("one in ten is lower, one in ten is higher", "the median"),
    "lognormal": ("one in ten is lower, one in ten is higher", "the median"),
    "beta": ("one in ten is lower, one in ten is higher", "the mean; for shares"),
    "chance": ("0 and 1: a draw has one or the other", "the chance of 1, and so the mean; for shares"),
}
"""For each distribution, what `low` and `high` are, and what `value` is."""
INTRODUCTION: Final = """# The data dictionary

Every file, column and assumption that a case may hold. This page is written by `python3 workbook.py model dictionary`
from words that stand beside the names in the code: change those, not this page.

To run, a case needs `case.toml` and the numbers that its schemes read; every other file may be left out. A council's
own extra columns and keys begin `x_`. Any other unknown column or key is an error, with the nearest known name beside
it. Write numbers plainly: `307870`, not `£307,870`; `0.2`, not `20%`. Dates are `2022-07-13`, financial years
`2022/23`."""
ASSUMPTIONS: Final = """A scheme's own assumptions begin with its name: a scheme `fostering` has `fostering.households`.
A row that may be left out says what then holds; every other must be there if the case has what it is about: prices
where children are placed, months to fill where there are posts, a reserve where one pays. A case may hold rows of its
own, for its formulas, if the first part of their names is none of the model's and no scheme's."""


def page() -> str:
    """Return the whole page as Markdown."""
    kinds = [
        section
        for kind, names in parameters.PARAMETERS.items()
        for section in (f"### Assumptions of a scheme of kind `{kind}`", _parameters(names))
    ]
    sections = [
        INTRODUCTION,
        "## The files of a case",
        *(part for name, table in TABLES.items() for part in (f"### `{name}`", _columns(table))),
        "## Distributions",
        _table(("distribution", "low and high", "value"), ((_code(n), *w) for n, w in DISTRIBUTIONS.items())),
        "## Units",
        _units(),
        "## `case.toml`, the scenarios and the options",
        *(part for name, keys in toml_tables().items() for part in (f"### `{name}`", _keys(keys))),
        "## The kinds of scheme",
        _table(("kind", "what it does"), ((_code(kind), words) for kind, words in parameters.KINDS.items())),
        "## Assumptions",
        ASSUMPTIONS,
        *kinds,
        "### Assumptions of every case",
        _parameters(parameters.CASE_WIDE),
    ]
    return "\n\n".join(sections) + "\n"


def _columns(table: Table) -> str:
    """Return a file's columns. A column that may be left out may be empty too."""
    rows = (
        (_code(c.name), c.means, "the column" if not c.required else "a cell" if c.blank else "") for c in table.columns
    )
    return _table(("column", "what it holds", "may be left out"), rows)


def toml_tables() -> dict[str, tuple[Column, ...]]:
    """Return the keys of each TOML file, and after it those of each table in it, by its heading."""
    found: dict[str, tuple[Column, ...]] = {}
    for file, record in TOML_FILES.items():
        found[file] = columns_of(record)
        for key in found[file]:
            if key.of is not None:
                heading = f"[[{key.name}]]" if key.cell is cells.tables else f"[{key.name}]"
                found[f"{file} {heading}" if heading in found else heading] = columns_of(key.of)
    return found


def _keys(keys: Iterable[Column]) -> str:
    rows = ((_code(key.name), key.means, "" if key.required else "yes") for key in keys)
    return _table(("key", "what it holds", "may be left out"), rows)


def _parameters(names: Mapping[str, Parameter]) -> str:
    rows = ((_code(name), _code(p.unit), p.meaning, p.without) for name, p in names.items())
    return _table(("name", "unit", "what it is", "if left out"), rows)


def _units() -> str:
    """Return the units, those together that may be the same."""
    alike: dict[str, list[str]] = {}
    for name, unit in UNITS.items():
        says = f"{unit.describes}, with its `price_base`" if unit.is_money else unit.describes
        alike.setdefault(says, []).append(_code(name))
    return _table(("unit", "what it may be"), ((", ".join(names), says) for says, names in alike.items()))


def _code(text: str) -> str:
    return f"`{text}`"


def _table(heading: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(heading), *(list(row) for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
