"""The rows of a case's tables, each a record whose fields are the columns of its file.

Declared once: the files are read by these, and the data dictionary and the workbook's sheets are made of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from model.case import cells, parameters, words
from model.case.columns import blank, need, several, spare
from model.case.measures import PRINTED_UNITS
from model.case.parameters import PLACEMENTS
from model.case.pay import PLACES_IN_A_GRADE
from model.case.units import UNITS
from model.case.words import ALL, BOTTOM_UP, DAY, GENERAL, OPENING_CASELOAD, PRINTED, YEAR

TRACKED_UNITS: Final = (*UNITS, *PRINTED_UNITS)
POUNDS: Final = {"GBP": 1.0, "GBP k": 1e3, "GBP m": 1e6}
"""Units of a printed amount that can stand beside modelled pounds: unit -> pounds."""
PRINTED_COST: Final = "change_annual_cost_gbp"
MOVES: Final = {placement: f"moves_to_{placement}_annual" for placement in PLACEMENTS}
MOVING: Final = {placement: f"moving_rate_annual_to_{placement}" for placement in PLACEMENTS}
IN_CARE: Final = {
    "0_6": "in their first six months in care", "6_12": "six to twelve months in care",
    "12_24": "one to two years in care", "24_on": "over two years in care",
}  # fmt: skip
LEAVING: Final = tuple(f"leaving_rate_annual_{months}" for months in IN_CARE)
CARE_SHARES: Final = tuple(f"share_in_care_{months}" for months in IN_CARE)[:-1]
MEAN_AGE, YOUNGER = "mean_age_months", "entries_younger_share"
"""Columns of `caseload.csv`: who moves, and what a return fills: rates by months in care, and who is there."""


_RATES = "in a row of one age and placement. Once any row has rates, exits are not solved for."
_SOURCE, _NOTE = "Where it is from.", "What a reader should know."
_PLACEMENTS_OR_ALL: Final = (*PLACEMENTS, ALL)


@dataclass(frozen=True, kw_only=True)
class Post:
    """A row of `establishment.csv`. The cost is a net change in pounds a year, never a cost per fte.

    `printed_gbp` is the printed net change, at the case's price base; None = not printed. `priced_gbp` is its price by
    the grade, once `model.schemes.load` has worked it out. `costing` says which of the two the model uses.
    """

    id: str = need(cells.identifier, "A short name, for formulas.")
    team: str = need(cells.text, "The team.")
    post: str = need(cells.text, "The post.")
    grade: str = blank(cells.text, "Its grade; prices the row where no cost is printed.")
    fte_current: float = need(cells.count, "Full-time equivalents now.")
    fte_proposed: float = need(cells.count, "Full-time equivalents proposed.")
    printed_gbp: float | None = blank(
        cells.number, "The printed net change in cost for a full year, never a cost for each post.", name=PRINTED_COST
    )
    start: date | None = blank(cells.day, "Its first day; empty = the start of its scheme.")
    end: date | None = spare(cells.day, "Its last day; empty = the end of its scheme, if that has one.")
    charged_to: str = need(cells.text, "The one scheme that pays.")
    included_in: str = blank(
        cells.identifier,
        "The `id` of the line that counts it already: a memo. Its cost moves if another scheme pays.",
    )
    included_when: str = spare(cells.name, "A switch of `assumptions.csv`: 1 = inside that line, 0 = on top of it.")
    funding: str = need(cells.word(words.PURSES, "who pays"), f"Who pays: {', '.join(words.PURSES)}.")
    basis: str = spare(
        cells.one_of(words.BASES),
        "`year` (also if empty), or `day` for a cost of every day: a leap year has 366.",
        YEAR,
    )
    already_filled_months: str = spare(cells.name, "An assumption: the months for which the post would be paid anyway.")
    recruited: bool = spare(
        cells.yes_or_no,
        "yes or no: whether it fills over time. Empty = yes where the row adds posts.",
        default=False,
    )
    service_line: str = spare(cells.text, "The heading in the council's own table, for virements.")
    source: str = need(cells.text, "Where it is from. With the word inferred, the printed cost is marked so.")
    note: str = spare(cells.text, _NOTE)
    grade_current: str = spare(cells.text, "The grade that the post has now, to price a regrade.")
    spine_point: str = spare(cells.text, "A stated point of the spine.")
    priced_at: str = spare(
        cells.word(PLACES_IN_A_GRADE, "a place in the grade"),
        "Where in the grade: bottom, middle or top (also if empty).",
    )
    increments: bool = spare(cells.yes_or_no, "yes or no: whether it rises by a point a year.", default=False)
    costing: str = spare(
        cells.one_of(words.COSTINGS),
        "`printed`, or `bottom_up` from the grade. Empty = printed, if a cost is printed.",
        PRINTED,
    )
    price_base: str = spare(cells.financial_year, "Financial year of the printed cost's prices; empty = the case's.")
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

    A row of one age and placement may state rates, a year and child: `leaving_rates` by time in care (`IN_CARE`),
    `moving_rates` by placement moved to. A row of an age may state `care_shares`, of its children in the first three of
    those bands, their mean age, and who of its entrants is in the younger half of the band.
    """

    age_band: str = need(
        cells.word((*parameters.AGE_BANDS, parameters.AGE_18, ALL), "an age band"),
        f"{', '.join(parameters.AGE_BANDS)} or all; {parameters.AGE_18} for those who leave at 18.",
    )
    placement: str = need(cells.word(_PLACEMENTS_OR_ALL, "a placement"), f"{', '.join(PLACEMENTS)} or all.")
    stream: str = spare(
        cells.one_of(words.STREAMS),
        "Empty or general; uasc for unaccompanied asylum-seeking children.",
        GENERAL,
    )
    children: float | None = blank(cells.count, "Children in care on the day before the case starts.")
    entries_annual: float | None = blank(cells.count, "Children who enter care in a year.")
    exits_annual: float | None = blank(cells.count, "Children who leave care in a year.")
    moves_annual: Mapping[str, float] = several(
        cells.count,
        {p: (name, f"Children a year who move to {p} from this row's placement.") for p, name in MOVES.items()},
    )
    leaving_rates: tuple[float, ...] = several(
        cells.count,
        {
            name: (
                name,
                f"Rate a year and child of leaving care {months}, {_RATES}",
            )
            for name, months in zip(LEAVING, IN_CARE.values(), strict=True)
        },
        whole=True,
    )
    moving_rates: Mapping[str, float] = several(
        cells.count, {p: (name, f"Rate a year and child of moving to {p}, likewise.") for p, name in MOVING.items()}
    )
    care_shares: tuple[float, ...] = several(
        cells.count,
        {
            name: (name, f"Share of an age's children who are {months}, in its row of placement all.")
            for name, months in zip(CARE_SHARES, IN_CARE.values(), strict=False)
        },
        whole=True,
    )
    mean_age_months: float | None = spare(
        cells.count, "An age's children's mean months of age, in its row of placement all."
    )
    entries_younger_share: float | None = spare(
        cells.share,
        "Share of an age's entrants in the younger half of its band, to give their mean age; half where empty.",
    )
    source: str = spare(cells.text, _SOURCE)
    note: str = spare(cells.text, "How a suppressed figure was filled.")


@dataclass(frozen=True, kw_only=True)
class BudgetLine:
    """What the medium term financial plan already holds for one line in one financial year (nominal pounds).

    `follows` is `opening_caseload` where the plan is not published and is taken to hold the opening children at
    whatever price a draw or a scenario has; `value_gbp` is then only what that comes to in base.
    """

    line: str = need(cells.text, "A line of the accounts, as in `annual.csv`. One without a budget is never cashable.")
    financial_year: str = need(
        cells.financial_year,
        "The year, such as 2022/23. After the last one the budget grows as `cashable.*` says.",
    )
    value_gbp: float = need(cells.number, "What the plan holds for it, in cash.")
    source: str = need(cells.text, _SOURCE)
    follows: str = spare(
        cells.word([OPENING_CASELOAD], OPENING_CASELOAD),
        "`opening_caseload` where the plan is not published: it then holds the opening children's cost.",
    )
    note: str = spare(cells.text, _NOTE)


@dataclass(frozen=True, kw_only=True)
class LedgerRow:
    """What the council's published accounts spent on placements in a year (cash), to hold the model against."""

    statement: str = need(cells.text, "What the accounts show.")
    placements: tuple[str, ...] = need(
        cells.several(_PLACEMENTS_OR_ALL, "placements with spaces between them, or all"),
        "The placements it pays for, with spaces between them, or `all`.",
    )
    financial_year: str = need(cells.financial_year, "The year spent in.")
    value_gbp: float = need(cells.positive, "What was spent, gross, in cash.")
    source: str = need(cells.text, _SOURCE)
    note: str = spare(cells.text, "What it holds that the model does not.")


@dataclass(frozen=True, kw_only=True)
class PublishedRow:
    """A figure a report has printed, and the formula that recomputes it (empty = not derivable)."""

    ref: str = need(cells.text, "The paragraph of the paper.")
    statement: str = need(cells.text, "What it says.")
    value: float = need(cells.number, "The printed figure.")
    unit: str = need(cells.text, "Its unit.")
    precision: float = need(
        cells.positive, "Its rounding in print: 0.001 for £m to three places; under 1 for an exact count."
    )
    formula: str = blank(cells.text, "How to work it out again; empty = nothing printed leads to it.")
    expected: str = blank(
        cells.word(words.VERDICTS, "a verdict"),
        "reconciles, rounding, differs or not_derivable; empty = what a sound figure would give.",
    )
    note: str = spare(cells.text, _NOTE)
    beside_scheme: str = spare(cells.text, "For a saving claimed every year: the scheme whose years stand beside it.")


@dataclass(frozen=True, kw_only=True)
class Actual:
    """What happened: one measure in one period. A later `as_at` supersedes an earlier one for the same; both stay."""

    period: str = need(cells.period, "A day, a month, a quarter (2022/23 Q1) or a financial year.")
    measure: str = need(cells.text, "What was counted: a modelled measure, an assumption, or one of `benefits.csv`.")
    value: float = need(cells.number, "What it was.")
    unit: str = need(cells.text, "Its unit.")
    source: str = need(cells.text, _SOURCE)
    note: str = spare(cells.text, _NOTE)
    scope: str = spare(cells.scope, "An age band, placement, provider or line; several joined by dots; empty = all.")
    numerator: float | None = spare(cells.count, "For a rate: how many it is so of.")
    denominator: float | None = spare(cells.count, "For a rate: out of how many.")
    as_at: date | None = spare(cells.day, "When this was known. A later day supersedes an earlier one, and both stay.")
    status: str = spare(
        cells.one_of(words.STATUSES),
        "baseline before the start, provisional or final after it; empty = kept, and not tracked.",
    )

    @property
    def name(self) -> str:
        """The measure with its scope, as formulas and the model know it."""
        return f"{self.measure}.{self.scope}" if self.scope else self.measure


@dataclass(frozen=True, kw_only=True)
class Benefit:
    """A row of `benefits.csv`, the register: what a scheme is to bring about, who answers for it, how it is measured.

    `formula` reads `model.case.measures`.
    """

    id: str = need(cells.identifier, "Its name in the register.")
    scheme: str = need(cells.text, "The scheme that is to bring it about.")
    benefit: str = need(cells.text, "What is promised, in a few words.")
    measure: str = need(cells.text, "The measure of `actuals.csv` that tells.")
    unit: str = need(
        cells.word(TRACKED_UNITS, f"one of the units {', '.join(TRACKED_UNITS)}"), "The unit of the measure."
    )
    nature: str = need(cells.one_of(words.BENEFIT_NATURES), "cashable, avoided or not_money.")
    owner: str = need(cells.text, "The role that answers for it.")
    formula: str = spare(cells.text, "What the model says the measure is; empty = the measure is a modelled one.")
    plan: str = spare(cells.identifier, "The version of the frozen plan that promised it; empty = the first.")
    source: str = need(cells.text, "Where the data come from.")
    lag_months: float | None = spare(cells.count, "Months by which the data are late.")
    rule: str = spare(cells.rule, "Two shares of the promise, `0.9 0.75`: green from the first, red below the second.")
    status: str = spare(cells.one_of(words.BENEFIT_STATUSES), "planned, live, achieved or closed.")
    decision: date | None = spare(cells.day, "The day of the next decision about it.")
    disbenefit: str = spare(cells.text, "What may get worse because of it.")
    note: str = spare(cells.text, _NOTE)
