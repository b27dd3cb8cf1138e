"""Optimism bias as a stated switch: costs a share higher, savings a share lower, by the grade of the evidence.

Off unless asked for. The table is red until its percentages are sourced. It is refused where a range has already been
widened for it: nobody may count the same doubt twice.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from model.case.words import RATINGS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from model.case.records import Case

    Floats = NDArray[np.float64]

COLUMNS: Final = ("grade", "cost_uplift_share", "saving_reduction_share", "source", "as_at", "quality", "note")
WIDENED: Final = "optimism bias"  # the words in an assumption's note that say its range already allows for it


class OptimismBiasError(ValueError):
    """The adjustment cannot be made; the message says why, everything at once."""


@dataclass(frozen=True, kw_only=True)
class Bias:
    """How far costs are raised and savings cut for evidence of one grade; shares. `quality` rates these shares."""

    grade: str
    cost_uplift_share: float
    saving_reduction_share: float
    source: str
    quality: str


@dataclass(frozen=True, kw_only=True)
class Adjusted:
    """The NPV of one scheme before and after, pounds (draws,): savings less investment."""

    grade: str
    npv_before: Floats
    npv_after: Floats


def load(path: Path) -> dict[str, Bias]:
    """Return grade -> bias. Raises OptimismBiasError naming every row and column that does not fit."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    problems, table = [], {}
    for number, row in enumerate(rows, 2):
        shares = {c: _share(row.get(c)) for c in ("cost_uplift_share", "saving_reduction_share")}
        problems += [f"{path.name}, row {number}, {c}: {row.get(c)!r} is not a share from 0 to 3; write 0.1 for 10%"
                     for c, value in shares.items() if value is None]  # fmt: skip
        if row.get("grade") not in RATINGS:
            problems.append(f"{path.name}, row {number}, grade: {row.get('grade')!r}; use one of {', '.join(RATINGS)}")
        else:
            table[row["grade"]] = Bias(
                grade=row["grade"],
                source=row.get("source", ""),
                quality=row.get("quality", ""),
                **{c: value or 0.0 for c, value in shares.items()},
            )
    problems += [f"{path.name}: no row for grade {grade}; add one" for grade in RATINGS if grade not in table]
    if problems:
        raise OptimismBiasError("\n".join(problems))
    return table


def grade_of(case: Case, scheme: str) -> str:
    """Return the grade of a scheme's evidence: the worst quality among its own assumptions (red, amber, green)."""
    own = {a.quality for name, a in case.assumptions.items() if name.startswith(f"{scheme}.")}
    return next((grade for grade in RATINGS if grade in own), RATINGS[-1])


def adjust(case: Case, table: Mapping[str, Bias], worth: Mapping[str, tuple[Floats, Floats]]) -> dict[str, Adjusted]:
    """Return scheme -> NPV before and after. `worth`: scheme -> present values of investment and savings (draws,).

    Raises OptimismBiasError where a range has already been widened for it, naming the assumptions.
    """
    widened = [name for name, a in case.assumptions.items() if WIDENED in a.note.lower() and a.low < a.high]
    if widened:
        message = (
            f"optimism bias would be counted twice: the ranges of {', '.join(widened)} were widened for it (their "
            "notes say so); leave the switch off, or state those ranges without it"
        )
        raise OptimismBiasError(message)
    adjusted = {}
    for scheme, (investment, savings) in worth.items():
        bias = table[grade_of(case, scheme)]
        after = savings * (1 - bias.saving_reduction_share) - investment * (1 + bias.cost_uplift_share)
        adjusted[scheme] = Adjusted(grade=bias.grade, npv_before=savings - investment, npv_after=after)
    return adjusted


def _share(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value <= 3 else None
