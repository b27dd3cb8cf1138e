"""What no rule forbids and yet is surely a slip: warnings, beside the problems that stop a run.

What is implausible stands in `inputs/reference/plausible.csv`, each row with its source. A case whose reference folder
has no such file is not examined against it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from model.case.assumptions import Assumption
from model.case.reading import assumption_rows, reference_files
from model.case.reading.case_tables import APPROVED_BUDGET, ASSUMPTIONS, CASELOAD, ESTABLISHMENT
from model.case.reading.files import shown_path
from model.case.reading.problems import Problem
from model.case.reading.toml import Place, read_toml
from model.case.records import Case
from model.case.rows import PRINTED_COST
from model.case.words import ENTRY_REDUCTION, FOSTERING_GROWTH

TOO_MANY: Final = "is there a digit too many, or too few?"
IN_HOUSE, AGENCY = "price.in_house_foster_weekly", "price.ifa_foster_weekly"
OF_UNIT: Final = {"rate/year": "write 2% as 0.02", "GBP/week": "is it pounds a week for one child?"}
"""What to ask about a figure in this unit that is out of scale."""


class Limit(NamedTuple):
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
    rows = reference_files.limits(first.folder.parent / "reference", [])
    stated = {row.values["name"]: Limit(row.values["low"], row.values["high"]) for row in rows}
    slips = _Slips(case=first, limits=stated)
    found = [*slips.in_assumptions(), *slips.in_budget(opening_cost), *slips.in_posts(), *slips.in_caseload(),
             *slips.in_discounting()]  # fmt: skip
    for case in cases:
        found += [*_Slips(case=case, limits=stated).in_overrides(), *_costless(case)]
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, kw_only=True)
class _Slips:
    """A case under one scenario, and what is plausible, by name: nothing where the folder has no such file."""

    case: Case
    limits: Mapping[str, Limit]

    def beyond(self, name: str, figure: float) -> Limit | None:
        """Return the limit of that name where there is one and the figure is beyond it."""
        limit = self.limits.get(name)
        return limit if limit and not limit.holds(figure) else None

    def out_of_scale(self, assumption: Assumption) -> tuple[str, str, str] | None:
        """Return the field of an assumption that is out of scale, what was expected and what to ask.

        Its limit is its own, or that of all growth a year, or that of its unit.
        """
        name, unit = assumption.name, assumption.unit
        own = [name, *(["growth"] if "growth" in name and name.endswith("_annual") else []), f"unit {unit}"]
        limit = next((limit for key in own if (limit := self.limits.get(key))), None)
        fields = ("value", "low", "high")
        odd = next((f for f in fields if limit and not limit.holds(getattr(assumption, f))), None)
        return (odd, f"{limit}, beyond which it is implausible", OF_UNIT.get(unit, TOO_MANY)) if odd else None

    def in_assumptions(self) -> Iterator[Problem]:
        """Yield rows of assumptions.csv far out of scale; each row speaks once."""
        stated = assumption_rows.read(ASSUMPTIONS.rows(self.case.folder, []), [])
        for row in stated.values():
            if odd := self.out_of_scale(row.assumption):
                yield row.problem(*odd)
        if IN_HOUSE in stated and AGENCY in stated and (own := self.case.assumptions[IN_HOUSE].value) > 0:
            ratio = self.case.assumptions[AGENCY].value / own
            if limit := self.beyond("foster_prices", ratio):
                expected = f"{limit} times the price of an in-house foster place; it is {ratio:,.3g} times"
                yield stated[AGENCY].problem("value", expected, f"look at {IN_HOUSE} too")

    def in_budget(self, opening_cost: Mapping[str, float]) -> Iterator[Problem]:
        """Yield lines out of scale with the children they pay for, below nought, or of a year before the case."""
        first_year = self.case.timeline.financial_years[0]
        for row in APPROVED_BUDGET.rows(self.case.folder, []):
            line, value = row.values.get("line", ""), row.values.get("value_gbp", 0.0)
            if row.values.get("financial_year", first_year) < first_year:
                expected = f"{first_year} or later: a year before the case starts holds nothing that it spends"
                yield row.problem("financial_year", expected)
            if value < 0:
                yield row.problem("value_gbp", "0 or more: a budget is what may be spent", "is the sign turned round?")
            opening = opening_cost.get(line, 0.0)
            if value > 0 and opening > 0 and self.beyond("budget_over_opening_cost", value / opening):
                expected = f"about £{opening:,.0f} a year, what the opening children of the line cost at central prices"
                yield row.problem("value_gbp", expected, "is it in pounds, not in thousands or millions?")

    def in_posts(self) -> Iterator[Problem]:
        """Yield rows whose cost and posts do not go together: a sign turned round, or a digit too many in one."""
        for row in ESTABLISHMENT.rows(self.case.folder, []):
            if not row.complete:
                continue
            before, after = row.values["fte_current"], row.values["fte_proposed"]
            cost, posts = row.values[PRINTED_COST] or 0.0, after - before
            moved = f"({before:g} to {after:g} fte)"
            for column in ("fte_current", "fte_proposed"):
                if most := self.beyond("fte_in_a_row", row.values[column]):
                    yield row.problem(column, f"{most} fte in a row, beyond which it is implausible", TOO_MANY)
            if posts * cost < 0:
                right, what = ("0 or more", "adds") if posts > 0 else ("0 or less", "ends")
                expected = f"{right}, for the row {what} posts {moved}"
                yield row.problem(PRINTED_COST, expected, "a cost is positive here, and a saving negative")
            elif posts and cost and (each := self.beyond("cost_per_fte", cost / posts)):
                expected = f"£{each} a year for each fte {moved}; it is £{cost / posts:,.0f}"
                yield row.problem(PRINTED_COST, expected, TOO_MANY)
            elif not posts and (most := self.beyond("cost_without_posts", abs(cost))):
                yield row.problem(PRINTED_COST, f"£{most} where no post is added or ended", TOO_MANY)

    def in_caseload(self) -> Iterator[Problem]:
        """Yield rows in which more children enter or leave in a year than their number allows."""
        for row in CASELOAD.rows(self.case.folder, []):
            children, infants = row.values.get("children"), row.values.get("age_band") == "under_1"
            for column in ("entries_annual", "exits_annual"):
                name = f"{column} under 1" if infants and f"{column} under 1" in self.limits else column
                flow = row.values.get(column)
                share = flow / children if children and flow is not None else None
                if share is not None and (limit := self.beyond(name, share)):
                    expected = f"{limit} times the children of the row ({children:g}); it is {share:,.3g} times"
                    yield row.problem(column, expected, TOO_MANY)

    def in_discounting(self) -> Iterator[Problem]:
        """Yield a discount rate out of scale, and years for which one rate is not enough."""
        used = self.case.conventions
        limit = self.beyond("discount_rate", used.discount_rate_annual)
        for folder in (self.case.folder, self.case.folder.parent / "reference" / "prices"):
            for row in reference_files.RATES.rows(folder, []) if limit else []:
                if row.values.get("name") == used.discount_rate_name:
                    yield row.problem("rate_annual", f"{limit}, beyond which it is implausible", "write 3.5% as 0.035")
        toml = read_toml(self.case.folder / "case.toml", [])
        years = toml.tables.get("horizon_years", 0) if toml else 0
        if toml and (limit := self.beyond("flat_discount_rate_years", years)):
            expected = (
                f"no more than {limit.high:g} years: the Green Book's discount rate steps down after them, and "
                f"the model discounts all years at {used.discount_rate_annual:.2%}"
            )
            advice = "it discounts the years beyond too much"
            yield Place(toml=toml).problem("horizon_years", years, expected, advice)

    def in_overrides(self) -> Iterator[Problem]:
        """Yield a scenario's overrides that are far out of scale."""
        case = self.case
        toml = read_toml(case.folder / "scenarios" / f"{case.scenario}.toml", [], optional=True)
        for name in [n for n in case.overrides if n in case.assumptions] if toml else []:
            if toml and (odd := self.out_of_scale(case.assumptions[name])):
                yield Place(toml=toml).problem(name, f"{getattr(case.assumptions[name], odd[0]):g}", *odd[1:])


def _costless(case: Case) -> Iterator[Problem]:
    """Yield schemes that save and state no cost: whoever reads their NPV would take a part for the whole."""
    for scheme in case.active_schemes:
        if scheme.kind in {FOSTERING_GROWTH, ENTRY_REDUCTION} and case.costs_nothing(scheme):
            expected = (
                "a scheme that carries what it costs: it saves, and neither a post nor an amount is charged to it"
            )
            advice = f"charge its posts to it in establishment.csv, or state {scheme.name}.cost_annual"
            file = shown_path(case.folder / "case.toml")
            yield Problem(file, expected, advice, column="schemes", value=scheme.name)
