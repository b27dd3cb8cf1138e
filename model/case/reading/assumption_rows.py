"""Assumptions: rows of `assumptions.csv`, what they must be, and the case's price base."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, NamedTuple

from model.case import parameters
from model.case.assumptions import Assumption
from model.case.parameters import Parameter
from model.case.reading.files import Row, record_of
from model.case.reading.problems import Problem, told
from model.case.records import FundingPlan, SchemeSpec
from model.case.reference import PriceIndex
from model.case.spelling import near, nearest
from model.case.units import UNITS, to_price_base
from model.case.words import (
    AGENCY,
    ALL,
    BETA,
    CHANCE_OF,
    ENTRY_REDUCTION,
    FIXED,
    FOSTERING_GROWTH,
    LOGNORMAL,
    NORMAL,
    RESERVE,
)

MEDIAN_TOLERANCE: Final = 0.05
"""How far a value may stand from the median of its P10 and P90, as a share of the distance between them."""


class Fault(NamedTuple):
    """Something wrong with one field of an assumption, before it is known which file it stands in."""

    field: str
    expected: str
    suggestion: str = ""


@dataclass(frozen=True, kw_only=True)
class Stated:
    """An assumption in the prices it was stated in, and the place it was stated, for later checks."""

    assumption: Assumption
    file: str
    row: int
    column: str = ""

    def problem(self, field: str, expected: str, suggestion: str = "") -> Problem:
        """A problem with one field of it."""
        value = told(getattr(self.assumption, field, None))
        return Problem(self.file, expected, suggestion, row=self.row, column=self.column or field, value=value)


def read(rows: Sequence[Row], problems: list[Problem]) -> dict[str, Stated]:
    """Return the sound rows of `assumptions.csv` by name."""
    stated: dict[str, Stated] = {}
    for row in rows:
        if not row.complete:
            continue
        value, low, high = (row.values[field] for field in ("value", "low", "high"))
        ends = {"low": value if low is None else low, "high": value if high is None else high}
        assumption = record_of(Assumption, row, **ends, value_as_stated=value)
        faults = faults_of(assumption, low, high)
        problems.extend(row.problem(*fault) for fault in faults)
        if not faults:
            stated[assumption.name] = Stated(assumption=assumption, file=row.file, row=row.number)
    return stated


def faults_of(assumption: Assumption, low: float | None, high: float | None) -> list[Fault]:
    """What is wrong with one assumption; `low` and `high` are None where they were left empty."""
    unit = UNITS[assumption.unit]
    faults = []
    if unit.is_money and not assumption.price_base:
        faults.append(Fault("price_base", "a financial year such as 2022/23, because the unit is money"))
    if assumption.price_base and not unit.is_money:
        faults.append(Fault("price_base", f"an empty cell, because {unit.name} is not money"))
    for field, figure in (("value", assumption.value), ("low", low), ("high", high)):
        if figure is not None and not unit.allows(figure):
            is_per_cent = unit.name == "share" and 1 < figure <= 100
            advice = f"write the share as a decimal: {figure / 100:.15g}" if is_per_cent else ""
            allowed = unit.describes if figure <= unit.most else f"a number no larger than {unit.most:,.0f}"
            negative = unit.is_money and figure < 0
            why = ", because a price is never negative" if negative else f" in the unit {unit.name}"
            faults.append(Fault(field, allowed + why, advice))
    if unit.whole and assumption.distribution != FIXED:
        faults.append(Fault("distribution", "fixed, because a switch is either 0 or 1"))
    return faults or _range_faults(assumption.value, low, high, assumption.distribution)


def _range_faults(value: float, low: float | None, high: float | None, kind: str) -> list[Fault]:
    """What is wrong with low, value and high for the distribution."""
    if kind == FIXED or low is None or high is None:
        expected, advice = f"a number, which {kind} needs", "or write fixed as the distribution"
        if kind == FIXED:
            expected, advice = "an empty cell for a fixed value", "or name the distribution the range belongs to"
        ends = (("low", low), ("high", high))
        return [Fault(field, expected, advice) for field, figure in ends if (figure is None) != (kind == FIXED)]
    if low >= high:
        return [Fault("low", f"less than high ({high:g})", "swap them" if low > high else "or write fixed")]
    if not low <= value <= high:
        return [Fault("value", f"a number from low to high ({low:g} to {high:g})")]
    if kind == BETA and not (low > 0 and high < 1):
        return [Fault("low" if low <= 0 else "high", "strictly between 0 and 1 for beta")]
    if kind == BETA and not low < value < high:
        return [Fault("value", f"a mean strictly between P10 and P90 ({low:g} and {high:g}) for beta")]
    return _shape_faults(value, low, high, kind)


def _shape_faults(value: float, low: float, high: float, kind: str) -> list[Fault]:
    """What one distribution asks for. P10 and P90 fix the median of a normal and a lognormal: the value must be it."""
    if kind == CHANCE_OF and (low, high) != (0, 1):
        return [Fault("low" if low else "high", "0 and 1 for chance: a draw has one or the other")]
    if kind == LOGNORMAL and low <= 0:
        return [Fault("low", "above 0 for lognormal")]
    median = math.sqrt(low * high) if kind == LOGNORMAL else (low + high) / 2
    if kind not in {NORMAL, LOGNORMAL} or abs(value - median) <= MEDIAN_TOLERANCE * (high - low):
        return []
    other = "or use pert, whose value is the most likely one"
    return [Fault("value", f"the median of a {kind} with this P10 and P90, which is {median:.6g}", other)]


def in_price_base(
    stated: Stated, price_base: str, index: PriceIndex | None, problems: list[Problem]
) -> Assumption | None:
    """Bring a money assumption to the case's price base: value, low and high; `value_as_stated` stays as it was."""
    old = stated.assumption
    if not old.price_base or old.price_base == price_base:
        return old
    if index is None:
        return None
    try:
        value, low, high = (to_price_base(x, index, old.price_base, price_base) for x in (old.value, old.low, old.high))
    except KeyError:
        first = min(index.level)
        problems.append(stated.problem("price_base", f"{first} or later, where the price index {index.name} starts"))
        return None
    return replace(old, value=value, low=low, high=high, price_base=price_base)


def knowledge_problem(row: Row | Stated, as_at: date | None, known: date) -> Iterator[Problem]:
    """Yield what is wrong with a row known only after the knowledge date: hindsight, which a scenario must ask for."""
    if as_at is not None and as_at > known:
        advice = 'hindsight belongs in a scenario that sets "conventions.hindsight" = true'
        yield row.problem("as_at", f"{known.isoformat()} or earlier, the case's knowledge_date", advice)


def name_problems(  # noqa: PLR0913, PLR0917 - rows, and everything that they are held against
    stated: Mapping[str, Stated],
    names: Collection[str],
    schemes: Collection[SchemeSpec],
    used: Collection[str],
    held: Collection[str],
    file: str,
) -> Iterator[Problem]:
    """Yield names that are required and absent, names that look like a slip, and units that are not the model's.

    A council may keep figures that only its formulas or its readers use, under first parts of its own. A name under a
    first part that belongs to the model or to a scheme, or nearly one that is missing, is taken for a slip. `held` is
    what the case holds, which decides what is asked for.
    """
    readable = readable_by(schemes)
    needed, known = parameters.required(readable, held), {name: p.unit for name, p in readable.items()}
    missing = [name for name in needed if name not in names]
    spare = sorted(name for name in names if name not in known and name not in used)
    for name in missing:
        owner = next((f" (scheme {s.name} of kind {s.kind})" for s in schemes if name.startswith(f"{s.name}.")), "")
        expected = f"a row {name} in {needed[name].unit}{owner}, which is missing: {needed[name].meaning}"
        yield Problem(file, expected, near(name, spare), column="name")
    own = {*parameters.RESERVED_PREFIXES, *(scheme.name for scheme in schemes)}
    for name in spare:
        slip = near(name, missing)
        if name in stated and (name.partition(".")[0] in own or slip):
            expected = "a name that the model, a formula or a row reads"
            yield stated[name].problem("name", expected, slip or nearest(name, known))
    for name, row in stated.items():
        if name in known and row.assumption.unit != known[name]:
            yield row.problem("unit", f"{known[name]}, the unit {name} is read in")
        if name in used and name not in known and not row.assumption.label:
            yield row.problem("label", "its name for people: the model has no words for a name of the case's own")
    for scheme in schemes:
        one_of = [f"{scheme.name}.{p}" for p in sorted(parameters.ONE_OF.get(scheme.kind, ()))]
        if one_of and not any(name in names for name in one_of):
            expected = f"at least one of the rows {' and '.join(one_of)} (scheme {scheme.name})"
            yield Problem(file, expected, column="name")


def labelled(assumption: Assumption, schemes: Collection[SchemeSpec]) -> Assumption:
    """Return an assumption with its name for people: its row's, or the model's words after the scheme's title."""
    known = readable_by(schemes).get(assumption.name)
    if assumption.label or known is None:
        return assumption
    words, owner = known.meaning.rstrip("."), assumption.name.partition(".")[0]
    title = next((scheme.title for scheme in schemes if scheme.name == owner), "")
    return replace(assumption, label=f"{title}: {words[:1].lower()}{words[1:]}" if title else words)


def readable_by(schemes: Collection[SchemeSpec]) -> dict[str, Parameter]:
    """Return all that the model can read of a case with these schemes, by name."""
    own = {f"{s.name}.{name}": p for s in schemes for name, p in parameters.PARAMETERS.get(s.kind, {}).items()}
    return {**parameters.CASE_WIDE, **own}


def held_by(
    caseload: Sequence[Row], posts: Sequence[Row], schemes: Collection[SchemeSpec], funding: FundingPlan
) -> frozenset[str]:
    """Return what a case holds, and so must put numbers to: children, each placement, posts, a reserve."""
    kinds = {scheme.kind for scheme in schemes}
    filling = bool(kinds & {AGENCY, ENTRY_REDUCTION})  # what they do waits for posts to fill
    drawn = any(row.values.get("funding") == RESERVE for row in posts) or AGENCY in kinds
    words = {
        parameters.CHILDREN: bool(caseload),
        parameters.POSTS: bool(posts) or filling,
        parameters.RESERVE: drawn or bool(funding.reserve_until or funding.reserve_name),
    }
    placements: set[str] = {row.values.get("placement", ALL) for row in caseload} - {ALL}
    placements |= {p for row in caseload for p in parameters.PLACEMENTS if row.values.get(f"moves_to_{p}_annual")}
    if caseload and not placements:
        placements = {*parameters.PLACEMENTS}
    if FOSTERING_GROWTH in kinds:
        placements |= {"in_house_foster", "ifa_foster"}
    placements |= {scheme.to for scheme in schemes if scheme.to}
    return frozenset({*(word for word, has in words.items() if has), *placements})


STAFF_ROWS: Final = ("capacity.workers_", "capacity.managers_")


def bound_problems(stated: Mapping[str, Stated]) -> list[Problem]:
    """Assumptions that their unit allows and their meaning does not, after the scenario's overrides."""
    problems = []
    for name, row in stated.items():
        lowest = min(row.assumption.value, row.assumption.low)
        field = "value" if row.assumption.value == lowest else "low"
        if name.rpartition(".")[2] in parameters.LOSSES and lowest < 0:
            problems.append(row.problem(field, "0 or more, because it is a loss", "a loss of 10% a year is 0.1"))
        if name in parameters.DIVISORS and lowest <= 0:
            staff = next((group for group in STAFF_ROWS if name.startswith(group)), "")
            advice = f"where there are none, leave the rows {staff}* out" if staff else ""
            problems.append(row.problem(field, "a number above 0, because the model divides by it", advice))
    return problems
