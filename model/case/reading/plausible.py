"""What no rule forbids and yet is surely a slip: warnings, beside the problems that stop a run.

What is implausible stands in `inputs/reference/plausible.csv`, each row with its source. A case whose reference folder
has no such file is not examined against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from model.case.reading import assumption_rows, cells, formulas
from model.case.reading import case_tables as tables
from model.case.reading.files import Column, read_table, shown_path
from model.case.reading.problems import Problem
from model.case.reading.toml import read_toml
from model.case.words import ENTRY_REDUCTION, FOSTERING_GROWTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from model.case.records import Case

FILE: Final = "plausible.csv"
COLUMNS: Final = (
    Column(name="name", parse=cells.text_cell),
    Column(name="low", parse=cells.number),
    Column(name="high", parse=cells.number),
    Column(name="unit", parse=cells.text_cell),
    Column(name="source", parse=cells.text_cell),
    Column(name="note", parse=cells.text_cell, required=False, blank=True),
)
FIELDS: Final = ("value", "low", "high")
IN_HOUSE, AGENCY = "price.in_house_foster_weekly", "price.ifa_foster_weekly"


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Between which figures something is plausible, both included."""

    low: float
    high: float

    def holds(self, figure: float) -> bool:
        """Whether a figure is plausible."""
        return self.low <= figure <= self.high

    def __str__(self) -> str:
        """As a message says it: `50 to 3,000`."""
        return f"{self.low:,g} to {self.high:,g}"


def warnings(cases: Sequence[Case], opening_cost: Mapping[str, float]) -> tuple[Problem, ...]:
    """Return what looks like a slip in a case's files and in its scenarios; `cases` are its scenarios, base first.

    `opening_cost`: placement line -> pounds a year that its opening children cost at central prices.
    """
    first = cases[0]
    limits = limits_of(first.folder.parent / "reference")
    found = [
        *_assumption_warnings(first, limits),
        *_budget_warnings(first, limits, opening_cost),
        *_post_warnings(first),
        *_horizon_warnings(first, limits),
        *_stray_files(first.folder / "scenarios"),
    ]
    for case in cases:
        found += _override_warnings(case, limits) + _costless_warnings(case)
    return tuple(dict.fromkeys(found))


def limits_of(reference: Path) -> dict[str, Limit]:
    """Return what is plausible, by name; nothing where the folder has no such file."""
    rows = read_table(reference / FILE, COLUMNS, [], optional=True)
    return {r.values["name"]: Limit(low=r.values["low"], high=r.values["high"]) for r in rows if r.complete}


def _limit_for(name: str, limits: Mapping[str, Limit]) -> Limit | None:
    """Return the limit of an assumption: its own, or that of all growth a year."""
    grows = "growth" in name and name.endswith("_annual")
    return limits.get(name) or (limits.get("growth") if grows else None)


def _assumption_warnings(case: Case, limits: Mapping[str, Limit]) -> list[Problem]:
    """Rows of assumptions.csv far out of scale; each row speaks once."""
    stated, _ = assumption_rows.read(case.folder / "assumptions.csv", [])
    found = []
    for name, row in stated.items():
        limit = _limit_for(name, limits)
        odd = [f for f in FIELDS if limit and not limit.holds(getattr(row.assumption, f))]
        if odd:
            found.append(
                row.problem(odd[0], f"{limit}, beyond which it is implausible", _out_of_scale(row.assumption.unit))
            )
    if IN_HOUSE in stated and AGENCY in stated:
        found += _foster_prices(case, stated[AGENCY], limits)
    return found


def _out_of_scale(unit: str) -> str:
    return "write 2% as 0.02" if unit == "rate/year" else "is it pounds a week for one child?"


def _foster_prices(case: Case, agency: assumption_rows.Stated, limits: Mapping[str, Limit]) -> list[Problem]:
    limit, own = limits.get("foster_prices"), case.assumptions[IN_HOUSE].value
    ratio = case.assumptions[AGENCY].value / own if own > 0 else 0.0
    if limit is None or not own > 0 or limit.holds(ratio):
        return []
    expected = f"{limit} times the price of an in-house foster place; it is {ratio:,.3g} times"
    return [agency.problem("value", expected, f"look at {IN_HOUSE} too")]


def _budget_warnings(case: Case, limits: Mapping[str, Limit], opening_cost: Mapping[str, float]) -> list[Problem]:
    """Budget lines out of scale with the children they pay for, below nought, or of a year before the case."""
    path, first_year = case.folder / "approved_budget.csv", case.timeline.financial_years[0]
    limit = limits.get("budget_over_opening_cost")
    found = []
    for row in read_table(path, tables.APPROVED_BUDGET, [], optional=True):
        line, value = row.values.get("line", ""), row.values.get("value_gbp", 0.0)
        if row.values.get("financial_year", first_year) < first_year:
            expected = f"{first_year} or later: a year before the case starts holds nothing that it spends"
            found.append(row.problem("financial_year", expected))
        if value < 0:
            found.append(
                row.problem("value_gbp", "0 or more: a budget is what may be spent", "is the sign turned round?")
            )
        opening = opening_cost.get(line, 0.0)
        if limit and value > 0 and opening > 0 and not limit.holds(value / opening):
            expected = f"about £{opening:,.0f} a year, what the opening children of the line cost at central prices"
            found.append(row.problem("value_gbp", expected, "is it in pounds, not in thousands or millions?"))
    return found


def _post_warnings(case: Case) -> list[Problem]:
    """Rows that add posts and are printed with a saving: the sign is turned round, or the fte are."""
    rows, _ = tables.establishment(case.folder / "establishment.csv", [])
    return [
        row.problem(
            "change_annual_cost_gbp",
            f"0 or more, for the row adds posts ({row.values['fte_current']:g} to {row.values['fte_proposed']:g} fte)",
            "a cost is positive here, and a saving negative",
        )
        for row in rows
        if row.complete
        and row.values["fte_proposed"] > row.values["fte_current"]
        and (row.values["change_annual_cost_gbp"] or 0.0) < 0
    ]


def _horizon_warnings(case: Case, limits: Mapping[str, Limit]) -> list[Problem]:
    limit, toml = limits.get("flat_discount_rate_years"), read_toml(case.folder / "case.toml", [])
    years = len(case.timeline.financial_years)
    if limit is None or toml is None or limit.holds(toml.tables.get("horizon_years", years)):
        return []
    return [
        Problem(
            file=toml.file,
            row=toml.line("horizon_years"),
            column="horizon_years",
            value=str(toml.tables["horizon_years"]),
            expected=f"no more than {limit.high:g} years: the Green Book's discount rate steps down after them, and "
            f"the model discounts all years at {case.conventions.discount_rate_annual:.2%}",
            suggestion="it discounts the years beyond too much",
        )
    ]


def _stray_files(folder: Path) -> list[Problem]:
    """Files beside the scenarios that are none, and so are never run."""
    beside = sorted(folder.iterdir()) if folder.is_dir() else []
    return [
        Problem(
            file=shown_path(file),
            expected="a scenario, whose name ends in .toml; this file is ignored",
            suggestion=f"name it {file.name.split('.')[0]}.toml, or begin its name with x_",
        )
        for file in beside
        if not (file.suffix == ".toml" and file.is_file()) and not file.name.startswith(("x_", ".", "~"))
    ]


def _costless_warnings(case: Case) -> list[Problem]:
    """Schemes that save and state no cost: whoever reads their NPV would take a part for the whole."""
    acting = (s for s in case.active_schemes if s.kind in {FOSTERING_GROWTH, ENTRY_REDUCTION})
    return [
        Problem(
            file=shown_path(case.folder / "case.toml"),
            column="schemes",
            value=scheme.name,
            expected="a scheme that carries what it costs: it saves, and neither a post nor an amount is charged to it",
            suggestion=f"charge its posts to it in establishment.csv, or state {scheme.name}.cost_annual",
        )
        for scheme in acting
        if case.costs_nothing(scheme)
    ]


def _override_warnings(case: Case, limits: Mapping[str, Limit]) -> list[Problem]:
    """A scenario's overrides that do nothing, and those far out of scale."""
    toml = read_toml(case.folder / "scenarios" / f"{case.scenario}.toml", [], optional=True)
    if toml is None:
        return []
    found, used = [], _used(case)
    for name in [n for n in case.overrides if n in case.assumptions]:
        assumption, limit = case.assumptions[name], _limit_for(name, limits)
        if name not in used:
            owner = next((s.name for s in case.schemes if name.startswith(f"{s.name}.") and not s.active), "")
            acting = (
                f"the scheme {owner} does not act in this scenario" if owner else "nothing in this scenario reads it"
            )
            expected = f"an assumption that this scenario uses; {acting}"
            found.append(toml.problem(name, case.overrides[name], expected, "it changes nothing"))
        odd = [f for f in FIELDS if limit and not limit.holds(getattr(assumption, f))]
        if odd:
            value, expected = f"{getattr(assumption, odd[0]):g}", f"{limit}, beyond which it is implausible"
            found.append(toml.problem(name, value, expected, _out_of_scale(assumption.unit)))
    return found


def _used(case: Case) -> set[str]:
    """Return the assumptions that a scenario's outcome rests on, or its recomputed figures."""
    _, known = assumption_rows.expected_names(case.active_schemes)
    acting = {scheme.name for scheme in case.active_schemes}
    posts = [post for post in case.establishment if post.charged_to in acting]
    used = {*known, *(post.included_when for post in posts), *(post.already_filled_months for post in posts)}
    if case.scenario == case.published_scenario:
        words = formulas.Words(
            names={*case.assumptions, formulas.WEEKS},
            ids=[post.id for post in case.establishment],
            teams=[post.team for post in case.establishment],
        )
        used.update(*(formulas.parse(row.formula, words).names.values() for row in case.published if row.formula))
    return used
