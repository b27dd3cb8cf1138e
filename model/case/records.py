"""What a case is once it has been read and checked: frozen records, no behaviour but look-up.

Everything here is plain data. `model.case.reading` fills it from files and refuses what does not fit; everything after
it may rely on the types, the names and the units below.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from model.case.assumptions import Assumption
from model.case.parameters import PLACEMENT_LINES
from model.case.reference import Reference
from model.case.timeline import MONTHS_A_YEAR, Timeline
from model.case.words import APPROVED, BOTTOM_UP, DAY, GENERAL, PRINTED, YEAR

NO_BUDGET: Final = (
    "approved_budget.csv holds no placement line, so no saving on placements can be cashable: all of it counts as cost "
    "avoidance. Write what the plan holds for each line; where it is not published, opening_caseload in the column "
    "follows lets a line hold the opening children."
)


@dataclass(frozen=True, kw_only=True)
class Conventions:
    """How the case counts: weeks in a year, the discount rate (a year, real) and the names they were chosen by.

    `horizon_years`: for how long the schemes act, where it is not the case's own. `run_off_years`: for how much longer
    the children they kept out of care, and the homes they found, are followed after the schemes have stopped.
    """

    weeks_per_year: float
    discount_rate_annual: float
    discount_rate_name: str
    price_index: str
    hindsight: bool = False
    horizon_years: int | None = None
    run_off_years: int = 0


@dataclass(frozen=True, kw_only=True)
class SchemeSpec:
    """One thing the council would do, as declared in `case.toml`. Its assumptions are named `<name>.<parameter>`.

    `end` is its last day; `placement` the one it acts on, `to` where children go instead; `line` the budget
    it saves on.
    """

    name: str
    title: str
    kind: str
    start: date
    ages: tuple[str, ...] = ()
    active: bool = True
    source: str = ""
    end: date | None = None
    placement: str = ""
    to: str = ""
    line: str = ""


@dataclass(frozen=True, kw_only=True)
class Post:
    """A row of `establishment.csv`. The cost is a net change in pounds a year, never a cost per fte.

    `printed_gbp` is the printed net change, at the case's price base; None = not printed. `priced_gbp` is its price by
    the grade, once `model.schemes.load` has worked it out. `costing` says which of the two the model uses.
    """

    id: str
    team: str
    post: str
    grade: str
    fte_current: float
    fte_proposed: float
    printed_gbp: float | None
    start: date | None
    end: date | None = None
    charged_to: str
    included_in: str
    included_when: str = ""
    funding: str
    basis: str = YEAR
    already_filled_months: str = ""
    recruited: bool = False
    service_line: str = ""
    source: str
    note: str = ""
    # How to price it from its grade (`model.schemes.staff.prices`); all may be left out.
    grade_current: str = ""
    spine_point: str = ""
    priced_at: str = ""
    increments: bool = False
    costing: str = PRINTED
    price_base: str = ""
    priced_gbp: float | None = None

    @property
    def adds_people(self) -> bool:
        """Whether a row adds people who are recruited."""
        return self.recruited and self.fte_proposed > self.fte_current and self.basis != DAY

    @property
    def change_annual_cost_gbp(self) -> float:
        """Pounds a year that the model uses; 0 for a memo whose money stays in its line.

        ValueError for a row of its grade that nobody has priced: it has no cost yet, and nought would be wrong.
        """
        if self.costing != BOTTOM_UP:
            return self.printed_gbp or 0.0
        if self.priced_gbp is None:
            message = f"the post {self.id!r} is paid by its grade and not priced yet: load the case by load_case"
            raise ValueError(message)
        return self.priced_gbp


@dataclass(frozen=True, kw_only=True)
class CaseloadRow:
    """A row of `caseload.csv`: a cell, or a margin where `age_band` or `placement` is `all`. None = not stated.

    A row of one age and placement may state rates, a year and child: `leaving_rates` by time in care (under 6, 6 to 12,
    12 to 24, over 24 months), `moving_rates` by placement moved to. A row of an age may state `care_shares`, the shares
    of its children in the first three of those bands, `mean_age_months`, and `entries_younger_share`, the share of its
    entrants who are in the younger half of the band. Empty or None = not stated.
    """

    age_band: str
    placement: str
    stream: str = GENERAL
    children: float | None
    entries_annual: float | None
    exits_annual: float | None
    moves_annual: Mapping[str, float] = field(default_factory=dict)
    leaving_rates: tuple[float, ...] = ()
    moving_rates: Mapping[str, float] = field(default_factory=dict)
    care_shares: tuple[float, ...] = ()
    mean_age_months: float | None = None
    entries_younger_share: float | None = None
    source: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class BudgetLine:
    """What the medium term financial plan already holds for one line in one financial year (nominal pounds).

    `follows` is `opening_caseload` where the plan is not published and is taken to hold the opening children at
    whatever price a draw or a scenario has; `value_gbp` is then only what that comes to in base.
    """

    line: str
    financial_year: str
    value_gbp: float
    source: str
    follows: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """What the council's published accounts spent on placements in a year (cash), to hold the model against.

    `placements`: the placements it pays for, or `all`.
    """

    statement: str
    placements: tuple[str, ...]
    financial_year: str
    value_gbp: float
    source: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PublishedRow:
    """A figure a report has printed, and the formula that recomputes it (empty = not derivable).

    `beside_scheme`: for a saving claimed for every year, the scheme whose modelled years stand beside it.
    """

    ref: str
    statement: str
    value: float
    unit: str
    precision: float
    formula: str
    expected: str
    note: str = ""
    beside_scheme: str = ""


@dataclass(frozen=True, kw_only=True)
class Actual:
    """What happened: one measure in one period. `scope`: an age band, placement, provider or line, or several by dots.

    A later `as_at` for the same thing supersedes an earlier one; both stay. `status` is empty for a figure that is only
    kept, `baseline` for one from before the start, `provisional` or `final` for outturn.
    """

    period: str
    measure: str
    value: float
    unit: str
    source: str
    note: str = ""
    scope: str = ""
    numerator: float | None = None
    denominator: float | None = None
    as_at: date | None = None
    status: str = ""

    @property
    def name(self) -> str:
        """The measure with its scope, as formulas and the model know it."""
        return f"{self.measure}.{self.scope}" if self.scope else self.measure


@dataclass(frozen=True, kw_only=True)
class Benefit:
    """A row of `benefits.csv`, the register: what a scheme is to bring about, who answers for it, how it is measured.

    Its columns are explained in `model.case.reading.case_tables`; `formula` reads `model.case.measures`.
    """

    id: str
    scheme: str
    benefit: str
    measure: str
    unit: str
    nature: str
    owner: str
    formula: str = ""
    plan: str = ""
    source: str
    lag_months: float | None = None
    rule: str = ""
    status: str = ""
    decision: date | None = None
    disbenefit: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Correlation:
    """A declared rank correlation between two assumptions."""

    a: str
    b: str
    rho: float
    source: str


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A paper that sources cite by a short prefix (`ref`): what it is and when it was, as `case.toml` states them."""

    ref: str
    title: str
    dated: date | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One answer to a structural choice: assumption -> its value; none = as the scenario has it, with its range."""

    title: str
    overrides: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StructuralChoice:
    """A choice of how to model that data cannot settle: its settings, and why each may be held."""

    name: str
    title: str
    reason: str
    settings: tuple[Setting, ...]


@dataclass(frozen=True, kw_only=True)
class FundingPlan:
    """Which purse pays: one-off and part-year cost from the reserve until `reserve_until`, base budget after it.

    `budget_basis`: the base budget holds the approved establishment (`APPROVED`), or what it is expected to cost.
    """

    reserve_name: str = ""
    reserve_until: date | None = None
    budget_basis: str = APPROVED


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
