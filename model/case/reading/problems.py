"""What is wrong with an input: which file, row and column, what stands there, and what was expected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass

_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Problem:
    """One thing wrong. `row` counts as a spreadsheet does (the heading is 1); in TOML it is the line; 0 = the file."""

    file: str
    expected: str
    suggestion: str = ""
    _: KW_ONLY
    row: int = 0
    column: str = ""
    value: str = ""

    def __str__(self) -> str:
        """One line: file, row, column, value, what was expected, and how to mend it."""
        place = self.file
        if self.row:
            place += f", {'line' if self.file.endswith('.toml') else 'row'} {self.row}"
        if self.column:
            place += f", {'key' if self.file.endswith('.toml') or '.' not in self.file else 'column'} {self.column}"
        found = f"found {shown(self.value)}, " if self.value else ""
        advice = f"; {self.suggestion}" if self.suggestion else ""
        return " ".join(f"{place}: {found}expected {self.expected}{advice}".split())


class InputProblems(ValueError):  # noqa: N818 - it holds problems; each is not an exception
    """Everything wrong with what was given, at once. `problems` keeps the order of the files.

    A sentence stands for a problem that no cell is at fault for: a missing folder, an unknown authority.
    """

    def __init__(self, problems: Iterable[Problem | str]) -> None:
        """Keep each problem once."""
        self.problems = tuple(dict.fromkeys(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[InputProblems], tuple[tuple[Problem | str, ...]]]:
        """Travel between processes whole."""
        return type(self), (self.problems,)

    def _render_traceback_(self) -> list[str]:
        """In a notebook say what is wrong, and not where in the model it was found."""
        return str(self).splitlines()


def told(value: object) -> str:
    """A value as a person would write it: nothing for none, and a whole number without a decimal point."""
    text = "" if value is None else str(value)
    return text.removesuffix(".0") if isinstance(value, float) else text


def shown(value: str) -> str:
    """The value in quotation marks, on one line, shortened where it is long."""
    flat = " ".join(value.split()) or value
    return repr(flat if len(flat) <= _SHOWN_CHARACTERS else flat[:_SHOWN_CHARACTERS] + "...")
