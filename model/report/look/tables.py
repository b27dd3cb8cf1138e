"""Tables for people: a caption, row and column headers with their scope, aligned numbers, and nothing unescaped.

`Table` is ours because the alternatives were tried and lose: pandas writes header rows without scope, and the packages
that set tables write a title as a header cell instead of a `<caption>`, and 20 kB of style for each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from model.report.look import format as fmt
from model.report.look import markup

if TYPE_CHECKING:
    import pandas as pd

SHORT_ROWS = 18  # rows up to which a table is kept on one printed page
MANY = 8  # columns beyond which a table is set smaller
SHORT = 40  # characters of a text that needs no column of its own width
RATING_MARKS = {"red": "▲", "amber": "◆", "green": "●"}
RATINGS = ("quality", "impact")  # fields that hold one
NUMBER, TOTAL, LONG = "number", "total", "long"  # kinds of cells


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One cell: `text` is escaped, unless `markup` is given and shown in its place. `sort` orders a sortable column."""

    text: str
    sort: float | str | None = None
    markup: str = ""
    kind: str = ""

    @property
    def inner(self) -> str:
        """The cell's HTML."""
        return self.markup or markup.escape(self.text)


Show = Callable[[Any], Cell | str] | str  # what a column shows of a record: the name of a field, or worked out


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table as it is shown: texts, not numbers.

    The first column of each row is its header; a row whose header is a `total` is set strong. `ids` gives each row an
    address; `rests_on` are the assumptions behind it, name -> label.
    """

    key: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    ids: Sequence[str] = ()
    note: str = ""
    rests_on: Mapping[str, str] = field(default_factory=dict)
    sortable: bool = False
    empty: str = "There is nothing to show."

    @cached_property
    def _numbers(self) -> frozenset[int]:
        """The columns that hold a number: all of theirs align right."""
        return frozenset(i for row in self.rows for i, cell in enumerate(row) if cell.kind == NUMBER)

    @property
    def html(self) -> str:
        """The table with its caption, note and links, in a box that scrolls by itself on a narrow screen."""
        if not self.rows:
            return f'<p class="empty"><strong>{markup.escape(self.caption)}</strong> {markup.escape(self.empty)}</p>'
        heads = "".join(
            f'<th scope="col"{_class(NUMBER * (i in self._numbers))}>{markup.escape(text)}</th>'
            for i, text in enumerate(self.columns)
        )
        body = "".join(self._row(i, row) for i, row in enumerate(self.rows))
        kinds = {
            "sortable": self.sortable,
            "many": len(self.columns) > MANY,
            "short": len(self.rows) <= SHORT_ROWS,
        }
        kind = _class(*(name for name, on in kinds.items() if on))
        note = f'<p class="note">{markup.escape(self.note)}</p>' if self.note else ""
        return (
            f'<div class="scroll" role="group" tabindex="0" aria-label="{markup.attribute(f"Table: {self.caption}")}">'
            f'<table id="t-{markup.slug(self.key)}"{kind}><caption>{markup.escape(self.caption)}</caption>'
            f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
            f"{note}{markup.rests_on(self.rests_on, self.caption)}"
        )

    def _row(self, position: int, row: Sequence[Cell]) -> str:
        address = f' id="{self.ids[position]}"' if self.ids else ""
        cells = "".join(self._cell(i, cell) for i, cell in enumerate(row))
        return f"<tr{address}{_class(TOTAL * (row[0].kind == TOTAL))}>{cells}</tr>"

    def _cell(self, position: int, cell: Cell) -> str:
        kind = _class(NUMBER * (position in self._numbers), cell.kind * (cell.kind != NUMBER))
        order = "" if cell.sort is None else f' data-sort="{markup.attribute(cell.sort)}"'
        if position == 0:
            return f'<th scope="row"{kind}{order}>{cell.inner}</th>'
        label = f' data-label="{markup.attribute(self.columns[position])}"' if cell.inner else ""
        return f"<td{kind}{order}{label}>{cell.inner}</td>"

    @property
    def spoken(self) -> str:
        """The first and the last row in words: where a chart of them begins and ends."""

        def words(row: Sequence[Cell]) -> str:
            named = [(column, cell.text) for column, cell in zip(self.columns[1:], row[1:], strict=True)]
            return f"{row[0].text}: {', '.join(f'{column} {text}' for column, text in named if text.strip('–'))}."

        return " ".join(words(row) for row in (self.rows[0], self.rows[-1])) if self.rows else ""

    def _repr_html_(self) -> str:
        return self.html

    def __str__(self) -> str:
        """Return the table as plain text, for a terminal or a notebook without HTML."""
        rows = [self.columns, *(tuple(c.text for c in row) for row in self.rows)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.columns))]
        lines = ["  ".join(t.rjust(w) if i in self._numbers else t.ljust(w) for i, (t, w) in enumerate(
            zip(row, widths, strict=True))).rstrip() for row in rows]  # fmt: skip
        return "\n".join([self.caption, *lines])

    __repr__ = __str__


def _class(*names: str) -> str:
    kinds = " ".join(filter(None, names))
    return f' class="{kinds}"' if kinds else ""


def table(
    key: str, caption: str, columns: Sequence[str], rows: Iterable[Sequence[Cell | str]],
    **more: Any,  # noqa: ANN401 - the other fields of `Table`
) -> Table:  # fmt: skip
    """Return a table of rows of cells, a plain text being one."""
    cells = [[text(one) if isinstance(one, str) else one for one in row] for row in rows]
    return Table(key=key, caption=caption, columns=columns, rows=cells, **more)


def of(
    key: str, caption: str, records: Iterable[Any], columns: Mapping[str, Show],
    **more: Any,  # noqa: ANN401 - as above
) -> Table:  # fmt: skip
    """Return a table with a row a record: title of a column -> the name of a field, or what is shown of the record.

    A record is a mapping or has attributes. A field is shown as its name says: pounds (`_gbp`), a rating, or as it is.
    """
    rows = [[_shown(record, show) for show in columns.values()] for record in records]
    return table(key, caption, list(columns), rows, **more)


def _shown(record: Any, show: Show) -> Cell | str:  # noqa: ANN401 - as above
    if callable(show):
        return show(record)
    value = record[show] if isinstance(record, Mapping) else getattr(record, show)
    if show.endswith("_gbp"):
        return money(value)
    return rating(value) if show in RATINGS else str(value)


def frame(  # noqa: PLR0913 - each is a part of a table
    key: str, caption: str, corner: str, values: pd.DataFrame, cell: Callable[[float], Cell],
    *, totals: Collection[str] = (), **more: Any,  # noqa: ANN401 - the other fields of `Table`
) -> Table:  # fmt: skip
    """Return a frame as a table: its index in words on the left under `corner`, each value shown as `cell` does."""
    rows = [[total(words) if words in totals else text(words), *map(cell, row)] for words, *row in values.itertuples()]
    return table(key, caption, (corner, *values.columns), rows, **more)


def text(words: str, kind: str = "") -> Cell:
    """Return a cell of text, some of which an analyst may have typed: addresses become links, and it is never cut."""
    return Cell(text=words, markup=markup.prose(words), kind=kind or LONG * (len(words) > SHORT))


def total(words: str) -> Cell:
    """Return the header of a row that sums up others."""
    return text(words, TOTAL)


def number(shown: str, value: fmt.Number) -> Cell:
    """Return a cell of a formatted number, sorted by its value."""
    return Cell(text=shown, sort=None if value is None or fmt.is_missing(value) else float(f"{value:.9g}"), kind=NUMBER)


def thousands(value: fmt.Number) -> Cell:
    """Return a cell in thousands of pounds."""
    return number(fmt.thousands(value), value)


def money(value: fmt.Number) -> Cell:
    """Return a cell of pounds in the unit that suits each."""
    return number(fmt.money(value), value)


def count(value: fmt.Number, places: int = 1) -> Cell:
    """Return a cell of a number of children or posts; a dash where there is none."""
    return number("–" if value is None or fmt.is_missing(value) else fmt.decimal(value, places), value)


def share(value: fmt.Number, places: int = 0) -> Cell:
    """Return a cell of a share as a percentage."""
    return number(fmt.percent(value, places), value)


def quantity(value: fmt.Number, unit: str) -> Cell:
    """Return a cell of a number with its unit in words."""
    return number(fmt.quantity(value, unit), value)


def rating(value: str) -> Cell:
    """Return a red, amber or green rating: said in a word and a shape, coloured only besides."""
    word = value.lower()
    shape = RATING_MARKS.get(word, "")
    inner = (
        f'<span class="rag {markup.slug(word)}"><span aria-hidden="true">{shape}</span> {markup.escape(value)}</span>'
    )
    order = list(RATING_MARKS).index(word) if shape else None
    return Cell(text=word, sort=order, markup=inner if shape else "")


def link(shown: str, address: str) -> Cell:
    """Return a cell that links somewhere on the page or beside it."""
    return Cell(text=shown, markup=f'<a href="{markup.attribute(address)}">{markup.escape(shown)}</a>')


def facts(key: str, caption: str, pairs: Mapping[str, str]) -> Table:
    """Return a table of two columns: what, and its value as text."""
    return table(key, caption, ("What", "Value"), pairs.items())
