"""What the rows of `caseload.csv` must be together: totals that agree, and children for each scheme to act on."""

from collections.abc import Iterator, Sequence
from typing import Final

from model.case import parameters
from model.case.reading.files import Row
from model.case.reading.problems import Problem
from model.case.records import SchemeSpec
from model.case.rows import CARE_SHARES, LEAVING, MEAN_AGE, MOVES, MOVING, YOUNGER
from model.case.words import ALL, ENTRY_REDUCTION, FOSTERING_GROWTH, LEAVING_SOONER, OWN_HOMES, PRICE_CHANGE, STEP_DOWN

CHILDREN, ENTRIES, EXITS = "children", "entries_annual", "exits_annual"
AGE_18: Final = parameters.AGE_18
ON_A_PLACEMENT: Final = {STEP_DOWN, LEAVING_SOONER, PRICE_CHANGE}
WAYS: Final = {
    (True, True): "the row all, all", (False, True): "the rows by age", (True, False): "the rows by placement",
    (False, False): "the rows of one age and placement",
}  # fmt: skip
"""Whether rows are of all ages, and of all placements -> what they are called."""
TOLERANCE: Final = 0.02
"""How far totals may disagree, as a share of the larger: published tables are rounded and suppressed."""


def problems(rows: Sequence[Row], schemes: Sequence[SchemeSpec], file: str) -> list[Problem]:
    """Everything wrong with the rows together. Rows that could not be read have been reported already."""
    found = [problem for row in rows for problem in (*_silent(row), *_misplaced(row), *_half_stated(row))]
    if not all(row.complete for row in rows):
        return found  # totals would disagree for want of the rows that could not be read
    by_stream = {stream: [row for row in rows if _stream(row) == stream] for stream in parameters.STREAMS}
    for stream, own in by_stream.items():
        for measure in (CHILDREN, ENTRIES):
            found += _total_problems(own, measure, stream)
        found += [*_exit_problems(own), *_rate_problems(own)]
    if rows and not any(row.values[CHILDREN] for row in rows):
        found.append(Problem(file, "children in care in at least one row", column=CHILDREN))
    general = by_stream[parameters.STREAMS[0]]
    for scheme in schemes:
        found += _nothing_to_act_on(scheme, general, file) if scheme.active else []
    return found


def _stream(row: Row) -> str:
    return row.values.get("stream") or parameters.STREAMS[0]


def _silent(row: Row) -> Iterator[Problem]:
    """Yield a row that states nothing."""
    names = {"age_band", "placement", "stream", "source", "note"}
    if row.complete and all(value is None for column, value in row.values.items() if column not in names):
        yield row.problem(CHILDREN, "children, entries_annual, exits_annual or moves", "the row says nothing")


def _misplaced(row: Row) -> Iterator[Problem]:
    """Yield figures in a row that cannot state them: what belongs to one age, to one placement, or to neither."""
    values = row.values
    age, placement = values.get("age_band"), values.get("placement")
    of_placement, of_cell = placement != ALL and age != AGE_18, ALL not in {age, placement}
    of_age = placement == ALL and age in parameters.AGE_BANDS
    nothing = {None, 0}  # where none would mean the same as an empty cell
    for columns, allowed, unsaid, why in (
        (MOVES.values(), of_placement, nothing, "only a row of one placement can state moves"),
        ((CHILDREN, ENTRIES), age != AGE_18, nothing, "the row 18 states only who leaves at 18"),
        ((*LEAVING, *MOVING.values()), of_cell, {None}, "only a row of one age and placement states rates"),
        ((*CARE_SHARES, MEAN_AGE, YOUNGER), of_age, {None}, "only a row of one age and placement all states it"),
    ):
        for column in () if allowed else columns:
            if values.get(column) not in unsaid:
                yield row.problem(column, f"an empty cell: {why}")
    for column in (MOVES.get(str(placement), ""), MOVING.get(str(placement), "")):
        if values.get(column):
            yield row.problem(column, "an empty cell: a move goes to another placement")


def _half_stated(row: Row) -> Iterator[Problem]:
    """Yield rates and shares that are stated in part, or that cannot be."""
    values = row.values
    for columns in (LEAVING, CARE_SHARES):
        given = [column for column in columns if values.get(column) is not None]
        if given and len(given) < len(columns):
            missing = next(column for column in columns if column not in given)
            yield row.problem(missing, f"a number, as in {given[0]}: all of {', '.join(columns)} or none")
    if any(values.get(c) is not None for c in MOVING.values()) and all(values.get(c) is None for c in LEAVING):
        yield row.problem(LEAVING[0], "a number: a row that states rates of moving states those of leaving")
    if sum(values.get(column) or 0.0 for column in CARE_SHARES) > 1 + TOLERANCE:
        yield row.problem(CARE_SHARES[0], f"{', '.join(CARE_SHARES)} that add up to no more than 1")
    low, high = parameters.AGE_MONTHS.get(str(values.get("age_band")), (0, 0))
    if high and values.get(MEAN_AGE) is not None and not low <= values[MEAN_AGE] <= high:
        yield row.problem(MEAN_AGE, f"months of age from {low} to {high}")


def _total_problems(rows: Sequence[Row], measure: str, stream: str) -> list[Problem]:
    """Cells against the totals beside them, and totals by age against totals by placement."""
    ways: dict[str, list[Row]] = {}
    for row in rows:
        if row.values[measure] is not None and row.values["age_band"] != AGE_18:
            way = WAYS[row.values["age_band"] == ALL, row.values["placement"] == ALL]
            ways.setdefault(way, []).append(row)
    sums = {way: sum(row.values[measure] for row in own) for way, own in ways.items()}
    apart = max(sums.values(), default=0.0) - min(sums.values(), default=0.0)
    if apart <= TOLERANCE * max(sums.values(), default=0.0):
        return []
    said = " and ".join(f"{sums[way]:g} in {way} ({_rows_of(ways[way])})" for way in WAYS.values() if way in ways)
    expected = f"the same {measure} (stream {stream}) in every way of adding up, not {said}: {apart:g} apart"
    advice = "one of these cells is wrong; state every cell, or only totals"
    return [Problem(rows[0].file, expected, advice, column=measure)]


def _rows_of(rows: Sequence[Row]) -> str:
    numbers = [row.number for row in rows]
    if len(numbers) > 1 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"rows {numbers[0]} to {numbers[-1]}"
    return f"row{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def _exit_problems(rows: Sequence[Row]) -> Iterator[Problem]:
    """Yield where exits are stated for some ages only: the others would silently never leave."""
    by_age = [row for row in rows if row.values[EXITS] is not None and row.values["age_band"] in parameters.AGE_BANDS]
    ages = {row.values["age_band"] for row in by_age}
    missing = [age for age in parameters.AGE_BANDS if age not in ages]
    if by_age and missing:
        expected = f"exits for every age band once any has them; {', '.join(missing)} has none"
        yield by_age[-1].problem(EXITS, expected, "write 0 where nobody leaves")


def _rate_problems(rows: Sequence[Row]) -> Iterator[Problem]:
    """Yield cells with children or entries that state no rates, once any cell does."""
    without = [row for row in rows if row.values[LEAVING[0]] is None]
    for row in without if len(without) < len(rows) else []:
        is_cell = not {row.values["age_band"], row.values["placement"]} & {ALL, AGE_18}
        if is_cell and (row.values[CHILDREN] or row.values[ENTRIES]):
            yield row.problem(LEAVING[0], "a rate in every row of one age and placement once any has one")


def _nothing_to_act_on(scheme: SchemeSpec, rows: Sequence[Row], file: str) -> Iterator[Problem]:
    """Yield a scheme that would act on nobody, and so would silently do nothing."""
    whom = f"whom the scheme {scheme.name} acts on; there are none"
    fixed = {OWN_HOMES: "residential", FOSTERING_GROWTH: "ifa_foster"}
    placement = fixed.get(scheme.kind) or (scheme.placement if scheme.kind in ON_A_PLACEMENT else "")
    bands = {parameters.SPLIT_AGE_BANDS.get(age, age) for age in scheme.ages}
    if scheme.kind == ENTRY_REDUCTION and not _any(rows, ENTRIES, "age_band", bands):
        yield Problem(file, f"children entering care at ages {', '.join(scheme.ages)}, {whom}", column=ENTRIES)
    elif placement and not _any(rows, CHILDREN, "placement", {placement}):
        yield Problem(file, f"children placed in {placement}, {whom}", column=CHILDREN)


def _any(rows: Sequence[Row], measure: str, of: str, wanted: set[str]) -> bool:
    """Whether some of a measure stands in rows of these ages or placements; in any row, where all are of all."""
    stated = [row for row in rows if row.values[measure]]
    told_apart = [row for row in stated if row.values[of] != ALL]
    return any(row.values[of] in wanted for row in told_apart) if told_apart else bool(stated)
