"""What a case is once it has been read and checked: frozen records, no behaviour but look-up.

Everything here is plain data. `model.case.reading` fills it from files, by the columns and keys that stand beside the
fields, and refuses what does not fit; everything after it may rely on the types, the names and the units below.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.case import cells, parameters, words
from model.case.assumptions import Assumption
from model.case.cells import Bad
from model.case.columns import need, spare
from model.case.parameters import PLACEMENT_LINES, PLACEMENTS
from model.case.reference import Reference
from model.case.rows import Actual, Benefit, BudgetLine, CaseloadRow, LedgerRow, Post, PublishedRow
from model.case.timeline import MONTHS_A_YEAR, Timeline
from model.case.units import nominal_factors
from model.case.words import APPROVED

NO_BUDGET: Final = (
    "approved_budget.csv holds no placement line, so no saving on placements can be cashable: all of it counts as cost "
    "avoidance. Write what the plan holds for each line; where it is not published, opening_caseload in the column "
    "follows lets a line hold the opening children."
)
_SOURCE, _NOTE = "Where it is from.", "What a reader should know."
_PLACEMENT: Final = cells.word(PLACEMENTS, "a placement")


def _ages(value: object) -> tuple[str, ...]:
    """Age bands as the model has them: 5_9 stands for 5_7 and 8_9."""
    band = cells.word((*parameters.AGE_BANDS, *parameters.SPLIT_AGE_BANDS), "an age band")
    ages = [band(age) for age in cells.list_of_names.toml(value)]
    if not ages:
        raise Bad("at least one age band")
    halves = {whole: [h for h, w in parameters.SPLIT_AGE_BANDS.items() if w == whole] for whole in ages}
    return tuple(dict.fromkeys(half for age in ages for half in (halves[age] or [age])))


@dataclass(frozen=True, kw_only=True)
class Conventions:
    """How the case counts: weeks in a year, the discount rate (a year, real) and the names they were chosen by.

    `run_off_years`: for how much longer the children whom the schemes kept out of care, and the homes they found, are
    followed after the schemes have stopped.
    """

    weeks_per_year: float = need(cells.weeks, 'Weeks paid for in a year: a number, or "365/7".')
    discount_rate_name: str = need(cells.text, "A name in `reference/prices/discount_rates.csv`.", name="discount_rate")
    price_index: str = need(cells.text, "A series in `reference/prices/price_indices.csv`.")
    hindsight: bool = spare(cells.switch, "true where a scenario may use what was learnt later.", default=False)
    horizon_years: int | None = spare(cells.years, "Years for which schemes act, if a scenario asks for others.", None)
    run_off_years: int = spare(cells.years, "Years after them: nothing is spent, and what they did is followed.", 0)
    discount_rate_annual: float


@dataclass(frozen=True, kw_only=True)
class SchemeSpec:
    """One thing the council would do, as declared in `case.toml`. Its assumptions are named `<name>.<parameter>`."""

    name: str = need(cells.plain_name, "Its name; its assumptions begin with it.")
    title: str = need(cells.text, "Its name for people.")
    kind: str = need(cells.word(parameters.PARAMETERS, "a kind of scheme"), "What it does: see below.")
    start: date = need(cells.day, "The day it begins.")
    ages: tuple[str, ...] = spare(
        cells.key(_ages), "For `entry_reduction`, `step_down` and `leaving_sooner`: the ages it acts on.", ()
    )
    active: bool = spare(cells.switch, "false = only where a scenario says so.", default=True)
    source: str = spare(cells.any_text, _SOURCE)
    end: date | None = spare(cells.day, "Its last day, for a scheme or a cost that ends.")
    placement: str = spare(
        _PLACEMENT,
        "For `step_down` and `price_change`, and if wanted `leaving_sooner` and a cost or saving for each child: "
        "the placement it acts on.",
    )
    to: str = spare(_PLACEMENT, "For `step_down`: the placement that children move to.")
    line: str = spare(cells.text, "For a saving of kind `cost_or_saving`: the budget line that it is tested against.")


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """A declared rank correlation between two assumptions."""

    a: str = need(cells.text, "One assumption.")
    b: str = need(cells.text, "Another.")
    rho: float = need(cells.rho, "Their rank correlation, between -1 and 1.")
    source: str = need(cells.text, _SOURCE)


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A paper that sources cite by a short prefix (`ref`): what it is and when it was, as `case.toml` states them."""

    ref: str = need(cells.text, 'What sources cite it by, as "003" in `003 para 5.19`.')
    title: str = need(cells.text, "What it is.")
    dated: date | None = spare(cells.day, "When it was.", name="date")
    note: str = spare(cells.any_text, _NOTE)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One answer to a structural choice: assumption -> its value; none = as the scenario has it, with its range."""

    title: str
    overrides: Mapping[str, float] = field(default_factory=dict)


def _settings(value: object) -> tuple[Setting, ...]:
    """Return the settings of a structural choice: two or three, each with a title of its own."""
    form = '{title = "in full", overrides = {"agency.whole_cost" = 1}}'
    if not isinstance(value, list) or not 2 <= len(value) <= 3:
        raise Bad(f"two or three settings, each {form}")
    found = []
    for one in value:
        if not isinstance(one, dict) or one.keys() - {"title", "overrides"} or "title" not in one:
            raise Bad(f"a setting, {form}")
        stated = cells.table.toml(one.get("overrides", {}))
        overrides = {name: cells.toml_number(number) for name, number in stated.items()}
        found.append(Setting(title=cells.text.toml(one["title"]), overrides=overrides))
    if len({one.title for one in found}) < len(found):
        raise Bad("each setting's title once")
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class StructuralChoice:
    """A choice of how to model that data cannot settle: its settings, and why each may be held."""

    name: str = need(cells.plain_name, "Its name: a column of `structure.csv`.")
    title: str = need(cells.text, "Its name for people; a setting's title is read after it.")
    reason: str = need(cells.text, "Why data cannot settle it.")
    settings: tuple[Setting, ...] = need(
        cells.key(_settings),
        'Two or three: `{title = "in full", overrides = {"agency.whole_cost" = 1}}`; without overrides it '
        "is as the scenario has it.",
    )


@dataclass(frozen=True, kw_only=True)
class FundingPlan:
    """Which purse pays: one-off and part-year cost from the reserve until `reserve_until`, base budget after it."""

    reserve_until: date | None = spare(cells.day, "The day up to which the reserve pays the part-year cost.")
    reserve_name: str = spare(cells.text, "What the reserve is called.")
    budget_basis: str = spare(
        cells.word(words.BUDGET_BASES, "a basis of the budget"),
        "What the base budget holds of the new posts: `approved` (all of them, less a vacancy factor; "
        "what is not spent is an underspend of the year) or `expected` (what is expected to be spent).",
        APPROVED,
    )


@dataclass(frozen=True, kw_only=True)
class CaseKeys:
    """What stands in `case.toml`: the case itself, before a scenario is laid over it."""

    name: str = need(cells.text, "The folder's own name. Commands and outputs go by the folder.")
    title: str = need(cells.text, "What the report is called.")
    council: str = need(cells.text, "The council.")
    start: date = need(cells.first_of_month, "First day of the projection, of a month, and after the caseload.")
    horizon_years: int = need(cells.years, "Years projected.")
    shown_years: int = spare(cells.years, "Years in the short tables.", 5)
    price_base: str = need(cells.financial_year, "The financial year in whose prices real amounts are.")
    knowledge_date: date = need(cells.day, "No assumption of the base scenario may be of a later day.")
    published_scenario: str = spare(cells.text, "The scenario that holds the paper's own assumptions.")
    base_scenario: str = spare(cells.text, "The scenario that the others are compared with.", "base")
    conventions: dict[str, Any] = need(cells.table, "See below.", of=Conventions)
    perimeters: dict[str, Any] = spare(
        cells.table, "Groups of schemes with headlines of their own, besides each and the whole.", {}
    )
    schemes: tuple[SchemeSpec, ...] = spare(cells.tables, "See below.", [], of=SchemeSpec)
    funding: FundingPlan = spare(cells.table, "See below.", {}, of=FundingPlan)
    establishment_list: dict[str, Any] = spare(
        cells.table,
        "For `import --posts`: column of `establishment.csv` = the heading in HR's list, or `=` and a text.",
        {},
    )
    correlations: tuple[Correlation, ...] = spare(
        cells.tables, "See below; all other assumptions are independent.", [], of=Correlation
    )
    papers: tuple[Paper, ...] = spare(cells.tables, "See below.", [], of=Paper)
    structure: tuple[StructuralChoice, ...] = spare(
        cells.tables, "See below: choices of how to model that data cannot settle.", [], of=StructuralChoice
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class Case:
    """One council's business case under one scenario: validated, frozen, complete."""

    folder: Path
    name: str
    title: str
    council: str
    timeline: Timeline
    shown_years: int
    price_base: str
    knowledge_date: date
    published_scenario: str
    base_scenario: str
    scenario: str
    scenario_title: str
    scenario_why: str
    scenario_theme: str = ""
    overrides: Mapping[str, object]
    conventions: Conventions
    assumptions: Mapping[str, Assumption]
    schemes: tuple[SchemeSpec, ...]
    perimeters: Mapping[str, tuple[str, ...]]
    establishment: tuple[Post, ...]
    caseload: tuple[CaseloadRow, ...]
    approved_budget: tuple[BudgetLine, ...]
    published: tuple[PublishedRow, ...]
    actuals: tuple[Actual, ...]
    benefits: tuple[Benefit, ...] = ()
    correlations: tuple[Correlation, ...]
    funding: FundingPlan
    reference: Reference
    papers: tuple[Paper, ...] = ()
    structure: tuple[StructuralChoice, ...] = ()
    ledger: tuple[LedgerRow, ...] = ()

    def __repr__(self) -> str:
        """Say which case and scenario this is, and how much it holds."""
        return f"<Case {self.name}, scenario {self.scenario}: {len(self.assumptions)} assumptions>"

    @property
    def folder_name(self) -> str:
        """The name by which commands and outputs know the case: a copied folder may still hold another `name`."""
        return self.folder.resolve().name

    @property
    def acting_months(self) -> int:
        """Months in which the schemes act: the horizon, without the years that only follow what they did."""
        return self.timeline.months - self.conventions.run_off_years * MONTHS_A_YEAR

    @property
    def active_schemes(self) -> tuple[SchemeSpec, ...]:
        """The schemes this scenario switches on, in the order of declaration."""
        return tuple(s for s in self.schemes if s.active)

    @property
    def holds_placements(self) -> bool:
        """Whether the approved budget has a line for any placement, if the case has children who are placed at all.

        Without one nothing saved on placements is cashable: `NO_BUDGET` says so.
        """
        return not self.caseload or any(line.line in PLACEMENT_LINES.values() for line in self.approved_budget)

    def label(self, name: str) -> str:
        """Return the name for people of an assumption, or of several joined by ` with `."""
        return " and ".join(self.assumptions[one].label or one for one in name.split(" with "))

    def costs_nothing(self, scheme: SchemeSpec) -> bool:
        """Whether a scheme carries neither a post nor an amount of its own: it saves without a cost."""
        own = (a for name, a in self.assumptions.items() if name.startswith(f"{scheme.name}."))
        stated = any(a.unit.startswith("GBP") and max(a.value, a.high) > 0 for a in own)
        return not stated and all(post.charged_to != scheme.name for post in self.establishment)

    def scheme(self, name: str) -> SchemeSpec:
        """Return the scheme of that name; KeyError names the schemes there are."""
        for spec in self.schemes:
            if spec.name == name:
                return spec
        message = f"no scheme {name!r}; the case has {', '.join(s.name for s in self.schemes)}"
        raise KeyError(message)


def in_cash(case: Case) -> NDArray[np.float64]:
    """Cash pounds in each month for a pound of the case's price base, (months,)."""
    return nominal_factors(case.timeline, case.reference.indices[case.conventions.price_index], case.price_base)
