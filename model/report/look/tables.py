"""Tables for people: a caption, row and column headers with their scope, aligned numbers, and nothing unescaped.

`Table` is ours because the alternatives were tried and lose: pandas writes header rows without scope, and the packages
that set tables write a title as a header cell instead of a `<caption>`, and 20 kB of style for each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from model.report.look import format as fmt
from model.report.look import markup

SHORT_ROWS = 18  # rows up to which a table is kept on one printed page
MANY = 8  # columns beyond which a table is set smaller
SHORT = 40  # characters of a note that needs no column of its own width
RATING_MARKS = {"red": "▲", "amber": "◆", "green": "●"}


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


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table as it is shown: texts, not numbers.

    The first column of each row is its header. `numeric` names the columns (by position) whose numbers align right, or
    the first of those that all do. `ids` gives each row an address; `rests_on` are the assumptions behind it, name ->
    label; `strong` names rows (by position) that are totals.
    """

    key: str
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numeric: frozenset[int] | int = frozenset()
    ids: tuple[str, ...] = ()
    note: str = ""
    rests_on: Mapping[str, str] = field(default_factory=dict)
    strong: frozenset[int] = frozenset()
    sortable: bool = False
    empty: str = "There is nothing to show."

    @cached_property
    def _numbers(self) -> frozenset[int]:
        if isinstance(self.numeric, int):
            return frozenset(range(self.numeric, len(self.columns)))
        return self.numeric

    @property
    def html(self) -> str:
        """The table with its caption, note and links, in a box that scrolls by itself on a narrow screen."""
        if not self.rows:
            return f'<p class="empty"><strong>{markup.escape(self.caption)}</strong> {markup.escape(self.empty)}</p>'
        head = "".join(self._heading(i, text) for i, text in enumerate(self.columns))
        body = "".join(self._row(i, row) for i, row in enumerate(self.rows))
        kinds = " ".join(
            k
            for k, on in (
                ("sortable", self.sortable),
                ("many", len(self.columns) > MANY),
                ("short", len(self.rows) <= SHORT_ROWS),
            )
            if on
        )
        kind = f' class="{kinds}"' if kinds else ""
        note = f'<p class="note">{markup.escape(self.note)}</p>' if self.note else ""
        return (
            f'<div class="scroll" role="group" tabindex="0" aria-label="{markup.attribute(f"Table: {self.caption}")}">'
            f'<table id="t-{markup.slug(self.key)}"{kind}><caption>{markup.escape(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
            f"{note}{markup.rests_on(self.rests_on, self.caption)}"
        )

    def _heading(self, position: int, text: str) -> str:
        kind = ' class="number"' if position in self._numbers else ""
        return f'<th scope="col"{kind}>{markup.escape(text)}</th>'

    def _row(self, position: int, row: Sequence[Cell]) -> str:
        address = f' id="{self.ids[position]}"' if self.ids else ""
        kind = ' class="total"' if position in self.strong else ""
        cells = "".join(self._cell(i, cell) for i, cell in enumerate(row))
        return f"<tr{address}{kind}>{cells}</tr>"

    def _cell(self, position: int, cell: Cell) -> str:
        kinds = " ".join(k for k in ("number" if position in self._numbers else "", cell.kind) if k)
        kind = f' class="{kinds}"' if kinds else ""
        order = "" if cell.sort is None else f' data-sort="{markup.attribute(cell.sort)}"'
        if position == 0:
            return f'<th scope="row"{kind}{order}>{cell.inner}</th>'
        label = f' data-label="{markup.attribute(self.columns[position])}"' if cell.inner else ""
        return f"<td{kind}{order}{label}>{cell.inner}</td>"

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


def text(value: object, *, kind: str = "") -> Cell:
    """Return a cell of text, sorted as text."""
    words = str(value)
    return Cell(text=words, sort=words.lower(), kind=kind)


def note(value: object) -> Cell:
    """Return a cell of free text an analyst typed: addresses become links, and it is never cut."""
    words = str(value)
    return Cell(text=words, markup=markup.prose(words), kind="long" if len(words) > SHORT else "")


def number(shown: str, value: fmt.Number) -> Cell:
    """Return a cell of a formatted number, sorted by its value."""
    return Cell(text=shown, sort=None if value is None or fmt.is_missing(value) else value)


def thousands(value: fmt.Number) -> Cell:
    """Return a cell in thousands of pounds."""
    return number(fmt.thousands(value), value)


def rating(value: str) -> Cell:
    """Return a red, amber or green rating: said in a word and a shape, coloured only besides."""
    word = value.lower()
    order = {"red": 0.0, "amber": 1.0, "green": 2.0}.get(word)
    shape = RATING_MARKS.get(word, "")
    inner = (
        f'<span class="rag {markup.slug(word)}"><span aria-hidden="true">{shape}</span> {markup.escape(value)}</span>'
    )
    return Cell(text=word, sort=order, markup=inner if shape else "")


def link(shown: str, address: str) -> Cell:
    """Return a cell that links somewhere on the page or beside it."""
    return Cell(
        text=shown, sort=shown.lower(), markup=f'<a href="{markup.attribute(address)}">{markup.escape(shown)}</a>'
    )


def facts(key: str, caption: str, pairs: Mapping[str, str]) -> Table:
    """Return a table of two columns: what, and its value as text."""
    rows = [[text(name), note(value)] for name, value in pairs.items()]
    return Table(key=key, caption=caption, columns=("What", "Value"), rows=rows)
