"""The figures a report has printed, recomputed from the case on its published scenario, row by row.

Verdicts: `reconciles` (the recomputed figure rounds to the printed one, halves up), `rounding` (they lie within one
printed unit), `differs`, and `not_derivable` (no formula: nothing printed gives it). A row whose verdict is not the one
that `published.csv` expects is unexpected: a slip that is known is shown, and one that is new is noticed.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from model.case import words
from model.case.cells import Bad
from model.case.reading import formulas
from model.case.reading.case_tables import PUBLISHED
from model.case.reading.formulas import decimal_of
from model.case.reading.problems import InputProblems, Problem
from model.case.records import Case
from model.case.rows import PublishedRow
from model.schemes.load import load_case

if TYPE_CHECKING:
    import pandas as pd

_ONE_CELL: Final = re.compile(r"est\.[\w-]+\.[a-z_]+|[A-Za-z_]\w*(?:\.\w+)*")
_LETTERS: Final = re.compile(r"[A-Za-z_]")


class Recomputed(NamedTuple):
    """One printed figure and what became of it; `recomputed` and `difference` are NaN where it is not derivable.

    The difference is recomputed less printed, in the row's unit; `expected` is the verdict that the file expects.
    """

    ref: str
    statement: str
    published: float
    recomputed: float
    difference: float
    verdict: str
    unit: str
    expected: str
    note: str


def verdict(printed: Decimal, exact: Decimal, precision: float) -> str:
    """Return the verdict on one figure as printed and as recomputed; all three are in the row's unit."""
    unit = decimal_of(precision)
    if exact == printed or (exact / unit).to_integral_value(ROUND_HALF_UP) * unit == printed:
        return words.RECONCILES
    return words.ROUNDING if abs(exact - printed) <= unit else words.DIFFERS


def is_transcription(formula: str) -> bool:
    """Whether a formula only repeats the print: one cell of an input as it stands, or numbers typed into the formula.

    A line of a printed table beside the same line of `establishment.csv` is such, and so is `8 + 11`.
    """
    one_cell = bool(_ONE_CELL.fullmatch(formula.strip())) and formulas.RESULT not in formula
    return one_cell or (bool(formula) and not _LETTERS.search(formula))


def reconcile(case: Case) -> pd.DataFrame:
    """Return `recompute` as a frame, in the columns of `reconciliation.csv`."""
    import pandas as pd  # noqa: PLC0415 - a run with nothing to do recomputes without it

    numbers = dict.fromkeys(("published", "recomputed", "difference"), float)
    return pd.DataFrame(recompute(case), columns=list(Recomputed._fields)).astype(numbers)


def recompute(case: Case) -> list[Recomputed]:
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
    rows = []
    for row in published.published:
        figure = math.nan  # as of a ratio without investment, or a payback that never comes
        try:
            if row.formula:
                figure = formulas.evaluate(formulas.parse(row.formula, known), values, published.establishment)
        except Bad as bad:
            problems.append(_formula_problem(published, row, bad))
            continue
        found, recomputed, difference = words.NOT_DERIVABLE, math.nan, math.nan
        if not math.isnan(figure):
            exact, printed = decimal_of(figure), decimal_of(row.value)
            found, recomputed, difference = verdict(printed, exact, row.precision), float(exact), float(exact - printed)
        rows.append(Recomputed(row.ref, row.statement, row.value, recomputed, difference, found, row.unit, row.expected,
                               row.note))  # fmt: skip
    if problems:
        raise InputProblems(problems)
    return rows


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
