"""What the rows of `caseload.csv` must be together: totals that agree, and children for each scheme to act on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.case import parameters
from model.case.reading.case_tables import CARE_SHARES, LEAVING, MEAN_AGE, MOVING
from model.case.reading.problems import Problem
from model.case.words import ALL, ENTRY_REDUCTION, FOSTERING_GROWTH, LEAVING_SOONER, OWN_HOMES, PRICE_CHANGE, STEP_DOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.case.reading.files import Row
    from model.case.records import SchemeSpec

MEASURES: Final = ("children", "entries_annual", "exits_annual")
RESIDENTIAL: Final = "residential"
ON_A_PLACEMENT: Final = (OWN_HOMES, STEP_DOWN, LEAVING_SOONER, PRICE_CHANGE)
TOLERANCE: Final = 0.02
"""How far totals may disagree, as a share of the larger: published tables are rounded and suppressed."""


def problems(rows: Sequence[Row], schemes: Sequence[SchemeSpec], file: str) -> list[Problem]:
    """Everything wrong with the rows together. Rows that could not be read have been reported already."""
    found: list[Problem] = []
    for row in rows:
        found += _row_problems(row)
    if not all(row.complete for row in rows):
        return found  # totals would disagree for want of the rows that could not be read
    for stream in parameters.STREAMS:
        own = [row for row in rows if _stream(row) == stream]
        for measure in ("children", "entries_annual"):
            found += _total_problems(own, measure, stream)
        found += _exit_problems(own) + _rate_problems(own)
    if rows and not any(_figure(row, "children") for row in rows):
        found.append(Problem(file=file, column="children", expected="children in care in at least one row"))
    general = [row for row in rows if _stream(row) == parameters.STREAMS[0]]
    return found + [p for scheme in schemes if scheme.active and (p := _nothing_to_act_on(scheme, general, file))]


def _row_problems(row: Row) -> list[Problem]:
    found = []
    if row.values.get("placement") == ALL or row.values.get("age_band") == parameters.AGE_18:
        found += [
            row.problem(column, "an empty cell: only a row of one placement can state moves")
            for column, value in row.values.items()
            if column.startswith("moves_to_") and value
        ]
    if row.values.get("age_band") == parameters.AGE_18:
        found += [
            row.problem(column, "an empty cell: the row 18 states only who leaves at 18")
            for column in ("children", "entries_annual")
            if row.values.get(column)
        ]
    found += _stated_problems(row)
    placement = row.values.get("placement", "")
    if row.values.get(f"moves_to_{placement}_annual"):
        found.append(row.problem(f"moves_to_{placement}_annual", "an empty cell: a move goes to another placement"))
    return found


def _stated_problems(row: Row) -> list[Problem]:
    """Rates stand in rows of one age and placement, whole; how long and how old, in rows of one age."""
    age, placement, values = row.values.get("age_band"), row.values.get("placement"), row.values
    rates = [c for c in (*LEAVING, *MOVING.values()) if values.get(c) is not None]
    of_age = [c for c in (*CARE_SHARES, MEAN_AGE) if values.get(c) is not None]
    cell, margin = ALL not in {age, placement}, placement == ALL and age in parameters.AGE_BANDS
    found = [
        row.problem(c, "an empty cell: only a row of one age and placement states rates") for c in rates[: not cell]
    ]
    found += [
        row.problem(c, "an empty cell: only a row of one age and placement all states it") for c in of_age[: not margin]
    ]
    for columns in (LEAVING, CARE_SHARES):
        given = [c for c in columns if values.get(c) is not None]
        if given and len(given) < len(columns):
            missing = next(c for c in columns if c not in given)
            found.append(row.problem(missing, f"a number, as in {given[0]}: all of {', '.join(columns)} or none"))
    if rates and not any(c in LEAVING for c in rates):
        found.append(row.problem(LEAVING[0], "a number: a row that states rates of moving states those of leaving"))
    if sum(values.get(c) or 0.0 for c in CARE_SHARES) > 1 + TOLERANCE:
        found.append(row.problem(CARE_SHARES[0], f"{', '.join(CARE_SHARES)} that add up to no more than 1"))
    if values.get(f"moving_rate_annual_to_{placement}"):
        found.append(
            row.problem(f"moving_rate_annual_to_{placement}", "an empty cell: a move goes to another placement")
        )
    if margin and values.get(MEAN_AGE) is not None:
        low, high = parameters.AGE_MONTHS[str(age)]
        if not low <= values[MEAN_AGE] <= high:
            found.append(row.problem(MEAN_AGE, f"months of age from {low} to {high}"))
    return found


def _total_problems(rows: Sequence[Row], measure: str, stream: str) -> list[Problem]:
    """Cells against the totals beside them, and totals by age against totals by placement."""
    stated = [row for row in rows if _figure(row, measure) is not None and row.values["age_band"] != parameters.AGE_18]
    kinds: dict[str, list[Row]] = {"total": [], "ages": [], "placements": [], "cells": []}
    for row in stated:
        whole_age, whole_placement = row.values["age_band"] == ALL, row.values["placement"] == ALL
        kind = {(True, True): "total", (False, True): "ages", (True, False): "placements"}.get(
            (whole_age, whole_placement), "cells"
        )
        kinds[kind].append(row)
    sums = {kind: sum(_figure(row, measure) or 0.0 for row in own) for kind, own in kinds.items() if own}
    if len(sums) < 2 or max(sums.values()) - min(sums.values()) <= TOLERANCE * max(sums.values()):
        return []
    words = {
        "total": "the row all, all",
        "ages": "the rows by age",
        "placements": "the rows by placement",
        "cells": "the rows of one age and placement",
    }
    said = [f"{value:g} in {words[kind]} ({_rows_of(kinds[kind])})" for kind, value in sums.items()]
    apart = max(sums.values()) - min(sums.values())
    return [
        Problem(
            file=rows[0].file,
            column=measure,
            expected=f"the same {measure} (stream {stream}) in every way of adding up, not {' and '.join(said)}: "
            f"{apart:g} apart",
            suggestion="one of these cells is wrong; state every cell, or only totals",
        )
    ]


def _rows_of(rows: Sequence[Row]) -> str:
    numbers = [row.number for row in rows]
    unbroken = len(numbers) > 1 and numbers == list(range(numbers[0], numbers[-1] + 1))
    if unbroken:
        return f"rows {numbers[0]} to {numbers[-1]}"
    return f"row{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def _exit_problems(rows: Sequence[Row]) -> list[Problem]:
    """Exits are stated for every age or for none, or the rest would silently never leave."""
    stated = [row for row in rows if _figure(row, "exits_annual") is not None]
    by_age = [row for row in stated if row.values["age_band"] not in {ALL, parameters.AGE_18}]
    ages = {row.values["age_band"] for row in by_age}
    missing = [age for age in parameters.AGE_BANDS if age not in ages]
    if not by_age or not missing:
        return []
    return [
        by_age[-1].problem(
            "exits_annual",
            f"exits for every age band once any has them; {', '.join(missing)} has none",
            "write 0 where nobody leaves",
        )
    ]


def _rate_problems(rows: Sequence[Row]) -> list[Problem]:
    """Once any cell states rates, every cell with children or entries does."""
    if not any(_figure(row, LEAVING[0]) is not None for row in rows):
        return []
    cells = [row for row in rows if ALL not in {row.values["age_band"], row.values["placement"]}]
    return [
        row.problem(LEAVING[0], "a rate in every row of one age and placement once any has one")
        for row in cells
        if row.values["age_band"] != parameters.AGE_18
        and _figure(row, LEAVING[0]) is None
        and (_figure(row, "children") or _figure(row, "entries_annual"))
    ]


def _nothing_to_act_on(scheme: SchemeSpec, rows: Sequence[Row], file: str) -> Problem | None:
    """A scheme that would act on nobody, and so would silently do nothing."""
    if scheme.kind == ENTRY_REDUCTION and not _entries_in(scheme.ages, rows):
        return Problem(
            file=file,
            column="entries_annual",
            expected=f"children entering care at ages "
            f"{', '.join(scheme.ages)}, whom the scheme {scheme.name} acts on; there are none",
        )
    if scheme.kind == FOSTERING_GROWTH and not _children_in("ifa_foster", rows):
        return Problem(
            file=file,
            column="children",
            expected="children placed with independent agencies (ifa_foster), "
            f"whom the scheme {scheme.name} acts on; there are none",
        )

    placement = RESIDENTIAL if scheme.kind == OWN_HOMES else scheme.placement
    if scheme.kind in ON_A_PLACEMENT and placement and not _children_in(placement, rows):
        return Problem(
            file=file,
            column="children",
            expected=f"children placed in {placement}, whom the scheme {scheme.name} acts on; there are none",
        )
    return None


def _entries_in(ages: Sequence[str], rows: Sequence[Row]) -> bool:
    stated = [row for row in rows if _figure(row, "entries_annual")]
    bands = {parameters.SPLIT_AGE_BANDS.get(age, age) for age in ages}
    by_age = [row for row in stated if row.values["age_band"] != ALL]
    return any(row.values["age_band"] in bands for row in by_age) if by_age else bool(stated)


def _children_in(placement: str, rows: Sequence[Row]) -> bool:
    stated = [row for row in rows if _figure(row, "children")]
    by_placement = [row for row in stated if row.values["placement"] != ALL]
    return any(row.values["placement"] == placement for row in by_placement) if by_placement else bool(stated)


def _figure(row: Row, measure: str) -> float | None:
    found: float | None = row.values.get(measure)
    return found


def _stream(row: Row) -> str:
    return row.values.get("stream") or parameters.STREAMS[0]
