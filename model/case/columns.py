"""What a council may state, declared once with the record that holds it: each column of a table, each key of a TOML.

A field of a record is `need(...)`, `blank(...)` or `spare(...)`. The files are read by these, and the data dictionary
and a workbook's sheets are made of them. A field without is worked out.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, TypeVar

from model.case.cells import Bad, Cell

Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column or a key: what it holds, in words too; whether it must be there, and whether a cell may be empty.

    `default`: what stands for it where it is left out. `of`: the record that each TOML table under it states.
    """

    name: str = ""
    cell: Cell[Any]
    means: str = ""
    required: bool = True
    blank: bool = False
    default: Any = None
    of: type | None = None

    def value(self, text: str) -> Any:  # noqa: ANN401 - each column has its own type
        """Return the value of a cell, or raise Bad."""
        if text:
            return self.cell(text)
        if not self.blank:
            raise Bad("a value; the cell is empty")
        return self.cell.empty


@dataclass(frozen=True, kw_only=True)
class Several:
    """Columns that make one field: by key what is stated of them, or if `whole` all in order, or nothing."""

    columns: Mapping[str, Column]
    whole: bool

    def value(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as above
        """Return the field, given the values of all columns."""
        found = {key: values.get(column.name) for key, column in self.columns.items()}
        if self.whole:
            return () if None in found.values() else tuple(found.values())
        return {key: value for key, value in found.items() if value}


def need(cell: Cell[Any], means: str = "", *, name: str = "", of: type | None = None) -> Any:  # noqa: ANN401 - a field
    """Declare what must be there, with a value. `name`: what a file calls it, if not as the field."""
    return field(metadata={"columns": Column(name=name, cell=cell, means=means, of=of)})


def blank(cell: Cell[Any], means: str = "", default: Any = MISSING, *, name: str = "") -> Any:  # noqa: ANN401
    """Declare a column that must be there, whose cells may be empty."""
    return _spare(Column(name=name, cell=cell, means=means, blank=True), default)


def spare(
    cell: Cell[Any],
    means: str = "",
    default: Any = MISSING,  # noqa: ANN401
    *,
    name: str = "",
    of: type | None = None,
) -> Any:  # noqa: ANN401
    """Declare what may be left out, or be empty: it is then the default, else no number, no day, an empty text."""
    return _spare(Column(name=name, cell=cell, means=means, required=False, blank=True, of=of), default)


def _spare(column: Column, default: Any) -> Any:  # noqa: ANN401
    unsaid = column.cell.empty if default is MISSING else default
    metadata = {"columns": replace(column, default=unsaid)}
    if isinstance(unsaid, dict | list):
        return field(default_factory=lambda: unsaid, metadata=metadata)
    return field(default=unsaid, metadata=metadata)


def several(cell: Cell[Any], means: Mapping[str, tuple[str, str]], *, whole: bool = False) -> Any:  # noqa: ANN401
    """Declare columns that may be left out and make one field. `means`: key -> the column's name and what it holds."""
    columns = {
        key: Column(name=name, cell=cell, means=words, required=False, blank=True)
        for key, (name, words) in means.items()
    }
    metadata = {"columns": Several(columns=columns, whole=whole)}
    return field(default_factory=tuple if whole else dict, metadata=metadata)


def columns_of(declared: type | Mapping[str, Any]) -> tuple[Column, ...]:
    """Return the columns, or the keys, that a record's fields declare, in their order; or what is declared by name."""
    named = declared if isinstance(declared, Mapping) else {one.name: one for one in fields(declared)}
    found: list[Column] = []
    for name, one in named.items():
        stated = one.metadata.get("columns")
        if isinstance(stated, Several):
            found += stated.columns.values()
        elif stated:
            found.append(replace(stated, name=stated.name or name))
    return tuple(found)


def made_of(record: type[Made], values: Mapping[str, Any], **instead: object) -> Made:
    """Return the record that stated values make, by column or key, and `instead` more; the rest is at its default."""
    stated: dict[str, Any] = {}
    for one in fields(record):  # type: ignore[arg-type] # a dataclass
        column = one.metadata.get("columns")
        if isinstance(column, Several):
            stated[one.name] = column.value(values)
        elif column and (name := column.name or one.name) in values:
            stated[one.name] = values[name]
    return record(**{**stated, **instead})
