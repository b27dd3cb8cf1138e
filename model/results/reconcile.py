"""The figures a report has printed, recomputed from the case on its published scenario, row by row.

Verdicts: `reconciles` (the recomputed figure rounds to the printed one, halves up), `rounding` (they lie within one
printed unit), `differs`, and `not_derivable` (no formula: nothing printed gives it). A row whose verdict is not the one
that `published.csv` expects is unexpected: a slip that is known is shown, and one that is new is noticed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final

from model.case import words
from model.case.reading import formulas
from model.case.reading.case_tables import PUBLISHED
from model.case.reading.cells import Bad
from model.case.reading.formulas import decimal_of
from model.case.reading.problems import InputProblems, Problem
from model.case.records import Case, PublishedRow
from model.schemes.load import load_case

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = ("ref", "statement", "published", "recomputed", "difference", "verdict", "unit", "expected", "note")
_STATEMENT_WIDTH: Final = 64
_ONE_CELL: Final = re.compile(r"est\.[\w-]+\.[a-z_]+|[A-Za-z_]\w*(?:\.\w+)*")
_LETTERS: Final = re.compile(r"[A-Za-z_]")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One printed figure and what became of it. `recomputed` is None where the figure has no formula."""

    row: PublishedRow
    recomputed: float | None
    verdict: str

    @property
    def difference(self) -> float | None:
        """Recomputed less printed, in the row's unit."""
        if self.recomputed is None:
            return None
        return float(decimal_of(self.recomputed) - decimal_of(self.row.value))

    @property
    def is_transcribed(self) -> bool:
        """Whether the figure agrees only with its own transcription: nothing was worked out."""
        return self.difference == 0 and is_transcription(self.row.formula)

    @property
    def is_unexpected(self) -> bool:
        """Whether the verdict is not the one the file expects."""
        return self.verdict != self.row.expected


def verdict(published: float, recomputed: float | None, precision: float) -> str:
    """Return the verdict on one figure. All three are in the row's unit; None = there is no formula."""
    if recomputed is None:
        return words.NOT_DERIVABLE
    printed, exact, unit = decimal_of(published), decimal_of(recomputed), decimal_of(precision)
    if exact == printed or (exact / unit).to_integral_value(ROUND_HALF_UP) * unit == printed:
        return words.RECONCILES
    return words.ROUNDING if abs(exact - printed) <= unit else words.DIFFERS


def is_transcription(formula: str) -> bool:
    """Whether a formula only repeats the print: one cell of an input as it stands, or numbers typed into the formula.

    A line of a printed table beside the same line of `establishment.csv` is such, and so is `8 + 11`.
    """
    one_cell = bool(_ONE_CELL.fullmatch(formula.strip())) and formulas.RESULT not in formula
    return one_cell or (bool(formula) and not _LETTERS.search(formula))


def recompute(case: Case) -> tuple[Line, ...]:
    """Recompute every printed figure on the case's published scenario, whatever scenario the case is under.

    Raises InputProblems where a formula cannot be computed (a division by zero); names and signs were checked at load.
    """
    asked = " ".join(row.formula for row in case.published)
    results = formulas.RESULT in asked
    published = case
    if case.scenario != case.published_scenario or results:
        published = load_case(case.folder, case.published_scenario, complete=results)
    values = {name: assumption.value for name, assumption in published.assumptions.items()}
    values[formulas.WEEKS] = published.conventions.weeks_per_year
    values |= _children(published) if "case." in asked else {}
    values |= _results(published) if results else {}
    known = values.keys() | formulas.worked_out(())
    known |= formulas.of_establishment((post.id, post.team) for post in published.establishment)
    problems: list[Problem] = []
    lines = []
    for row in published.published:
        try:
            figure = None
            if row.formula:
                figure = formulas.evaluate(formulas.parse(row.formula, known), values, published.establishment)
                figure = (
                    None if math.isnan(figure) else figure
                )  # a ratio without investment, a payback that never comes
        except Bad as bad:
            problems.append(_formula_problem(published, row, bad))
            continue
        lines.append(Line(row=row, recomputed=figure, verdict=verdict(row.value, figure, row.precision)))
    if problems:
        raise InputProblems(problems)
    return tuple(lines)


def _children(case: Case) -> dict[str, float]:
    """Return children at the start and entries a year by placement and age, unaccompanied children included."""
    import numpy as np  # noqa: PLC0415 - a run with nothing to do loads no engine

    from model.case.parameters import AGE_BANDS, PLACEMENTS  # noqa: PLC0415
    from model.children.law import AGE_BAND, INPUT_AGE_OF  # noqa: PLC0415
    from model.children.streams import streams_of  # noqa: PLC0415

    both = streams_of(case)
    found: dict[str, float] = {}
    for stream in (both.general, both.uasc):
        opening = stream.opening.sum(axis=1)  # months of age, placements
        for measure, table, age in (
            ("children", opening, INPUT_AGE_OF[AGE_BAND]), ("entries", stream.entries_annual, INPUT_AGE_OF),
        ):  # fmt: skip
            by_age = np.bincount(age, weights=table.sum(axis=1))
            figures = (*table.sum(axis=0), *by_age, table.sum())
            for part, figure in zip((*PLACEMENTS, *AGE_BANDS, words.ALL), figures, strict=True):
                name = f"case.{measure}.{part}"
                found[name] = found.get(name, 0.0) + float(figure)
    return found


def _results(case: Case) -> dict[str, float]:
    """Return the measures of every perimeter in the central run; nan where there is none."""
    from model.case.draws import central  # noqa: PLC0415 - as above
    from model.money.appraisal import appraise, discount_factors  # noqa: PLC0415
    from model.money.portfolio import evaluate  # noqa: PLC0415

    run = evaluate(case, central(case), cells=False)
    factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
    measures = {name: appraise(perimeter, factors, 1) for name, perimeter in run.perimeters.items()}
    return {f"{formulas.RESULT}{n}.{m}": float(getattr(a, m)[0]) for n, a in measures.items() for m in formulas.METRICS}


def _formula_problem(case: Case, row: PublishedRow, bad: Bad) -> Problem:
    """The problem with its row number, which the record of the row does not carry."""
    rows = PUBLISHED.rows(case.folder, [])
    stated = next(r for r in rows if (r.raw["ref"], r.raw["statement"]) == (row.ref, row.statement))
    return stated.problem("formula", bad.expected, bad.suggestion or f"the scenario is {case.published_scenario}")


def reconcile(case: Case) -> pd.DataFrame:
    """Return the lines as a frame with COLUMNS; `recomputed` and `difference` are empty (NaN) where not derivable."""
    import pandas as pd  # noqa: PLC0415 - the command line prints without it

    records = [
        (line.row.ref, line.row.statement, line.row.value,
         None if line.recomputed is None else float(decimal_of(line.recomputed)), line.difference, line.verdict,
         line.row.unit, line.row.expected, line.row.note)
        for line in recompute(case)
    ]  # fmt: skip
    frame = pd.DataFrame.from_records(records, columns=list(COLUMNS))
    return frame.astype({"published": float, "recomputed": float, "difference": float})


def table(lines: Sequence[Line], *, title: str) -> str:
    """Return the lines as an aligned text table with a count of each verdict beneath."""
    if not lines:
        return f"{title}\nno published.csv, or no rows in it: nothing to recompute"
    heading = ("ref", "statement", "unit", "published", "recomputed", "difference", "verdict", "")
    body = [_cells(line) for line in lines]
    widths = [max(map(len, column)) for column in zip(heading, *body, strict=True)]
    sides = ("<", "<", "<", ">", ">", ">", "<", "<")
    shown = [
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True))
        for row in (heading, tuple("-" * width for width in widths), *body)
    ]
    counts = {v: sum(line.verdict == v for line in lines) for v in words.VERDICTS}
    surprises = sum(line.is_unexpected for line in lines)
    copied = sum(line.is_transcribed for line in lines)
    of_these = f" ({copied} of them only transcribed: nothing to work out)" if copied else ""
    summary = ", ".join(f"{n} {v}{of_these if v == 'reconciles' else ''}" for v, n in counts.items() if n)
    found = f"{surprises} not as expected" if surprises else "all as expected"
    return "\n".join([title, "", *(row.rstrip() for row in shown), "", f"{len(lines)} rows: {summary}; {found}"])


def _cells(line: Line) -> tuple[str, ...]:
    row, most = line.row, _STATEMENT_WIDTH
    return (
        row.ref,
        row.statement if len(row.statement) <= most else f"{row.statement[: most - 3]}...",
        row.unit,
        _figure(row.value, row.precision),
        _figure(line.recomputed, row.precision, finer=1),
        _figure(line.difference, row.precision, finer=1),
        "transcribed" if line.is_transcribed else line.verdict,
        f"expected {row.expected}" if line.is_unexpected else "",
    )


def _figure(value: float | None, precision: float, finer: int = 0) -> str:
    """A figure with thousands separators, to the row's precision or `finer` decimals beyond it."""
    if value is None:
        return ""
    exponent = Decimal(str(precision)).normalize().as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    return f"{value:,.{decimals + finer}f}"
