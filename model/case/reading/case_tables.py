"""The CSV files of a case: each column with what its cells hold and what it means.

Declared once: the files are read by these tables, and so are the data dictionary and the workbook's sheets made.
"""

from typing import Final

from model.case import parameters, words
from model.case.measures import PRINTED_UNITS
from model.case.pay import PLACES_IN_A_GRADE
from model.case.reading import cells
from model.case.reading.files import Table, blank, need, spare
from model.case.units import UNITS

MOVES: Final = {placement: f"moves_to_{placement}_annual" for placement in parameters.PLACEMENTS}
"""Optional columns of `caseload.csv`: children a year who move from the row's placement to another."""
MOVING: Final = {placement: f"moving_rate_annual_to_{placement}" for placement in parameters.PLACEMENTS}
IN_CARE: Final = {
    "0_6": "in their first six months in care", "6_12": "six to twelve months in care",
    "12_24": "one to two years in care", "24_on": "over two years in care",
}  # fmt: skip
LEAVING: Final = tuple(f"leaving_rate_annual_{months}" for months in IN_CARE)
CARE_SHARES: Final = tuple(f"share_in_care_{months}" for months in IN_CARE)[:-1]
MEAN_AGE: Final = "mean_age_months"
YOUNGER: Final = "entries_younger_share"
"""Optional columns of `caseload.csv` that a return fills: rates a year and child by months in care; who is there."""
POUNDS: Final = {"GBP": 1.0, "GBP k": 1e3, "GBP m": 1e6}
"""Units of a printed amount that can stand beside modelled pounds: unit -> pounds."""
PRINTED_COST: Final = "change_annual_cost_gbp"
TRACKED_UNITS: Final = (*UNITS, *PRINTED_UNITS)

_RATING = cells.word(words.RATINGS, "red, amber or green")
_SOURCE = need("source", cells.text_cell, "Where it is from.")
_NOTE = spare("note", cells.text_cell, "What a reader should know.")

ASSUMPTIONS: Final = Table(
    file="assumptions.csv",
    key=("name",),
    columns=(
        need("name", cells.name, "`group.name`; a scheme's assumptions begin with the scheme's name."),
        need("value", cells.number, "The central value."),
        spare("low", cells.number, "The low end of the range; `distribution` says what that means."),
        spare("high", cells.number, "The high end of the range."),
        spare("distribution", cells.word(words.DISTRIBUTIONS, "a distribution"), "What the range means: see below."),
        need("unit", cells.word(UNITS, f"one of the units {', '.join(UNITS)}"), "What the number counts: see below."),
        spare("price_base", cells.financial_year_cell,
              "For money, the financial year in whose prices it is. It is brought to the case's prices."),
        need("source", cells.text_cell, "Where it is from: a paragraph, a table, or Judgement."),
        spare("as_at", cells.iso_date,
              "The day it was true or known; in the base scenario never after the case's `knowledge_date`."),
        need("quality", _RATING,
             "green: measured here or official. amber: measured elsewhere, old or indirect. red: no good source."),
        spare("impact", _RATING,
              "How far it moves the NPV of invest to save or the whole, in all or in cash, between low and high: red "
              "£1m or more, amber £0.25m, green less. `check --impact` works it out."),
        spare("owner", cells.text_cell, "The role that answers for it."),
        spare("note", cells.text_cell, "What it is and why this number, in plain words."),
        spare("label", cells.text_cell,
              "Its name for people; empty = the words of this page. A name of the case's own needs one."),
    ),
)  # fmt: skip
ESTABLISHMENT: Final = Table(
    file="establishment.csv",
    key=("id",),
    columns=(
        need("id", cells.identifier, "A short name, for formulas."),
        need("team", cells.text_cell, "The team."),
        need("post", cells.text_cell, "The post."),
        blank("grade", cells.text_cell, "Its grade; prices the row where no cost is printed."),
        need("fte_current", cells.count, "Full-time equivalents now."),
        need("fte_proposed", cells.count, "Full-time equivalents proposed."),
        blank(PRINTED_COST, cells.number,
              "The printed net change in cost for a full year, never a cost for each post."),
        blank("start", cells.iso_date, "Its first day; empty = the start of its scheme."),
        spare("end", cells.iso_date, "Its last day; empty = the end of its scheme, if that has one."),
        need("charged_to", cells.text_cell, "The one scheme that pays."),
        blank("included_in", cells.identifier,
              "The `id` of the line that counts it already: a memo. Its cost moves if another scheme pays."),
        spare("included_when", cells.name,
              "A switch of `assumptions.csv`: 1 = inside that line, 0 = on top of it."),
        need("funding", cells.word(words.PURSES, "who pays"), f"Who pays: {', '.join(words.PURSES)}."),
        spare("basis", cells.word(words.BASES, "year or day"),
              "`year` (also if empty), or `day` for a cost of every day: a leap year has 366."),
        spare("already_filled_months", cells.name,
              "An assumption: the months for which the post would be paid anyway."),
        spare("recruited", cells.yes_or_no,
              "yes or no: whether it fills over time. Empty = yes where the row adds posts."),
        spare("service_line", cells.text_cell, "The heading in the council's own table, for virements."),
        need("source", cells.text_cell, "Where it is from. With the word inferred, the printed cost is marked so."),
        _NOTE,
        spare("grade_current", cells.text_cell, "The grade that the post has now, to price a regrade."),
        spare("spine_point", cells.text_cell, "A stated point of the spine."),
        spare("priced_at", cells.word(PLACES_IN_A_GRADE, "a place in the grade"),
              "Where in the grade: bottom, middle or top (also if empty)."),
        spare("increments", cells.yes_or_no, "yes or no: whether it rises by a point a year."),
        spare("costing", cells.word(words.COSTINGS, "printed or bottom_up"),
              "`printed`, or `bottom_up` from the grade. Empty = printed, if a cost is printed."),
        spare("price_base", cells.financial_year_cell,
              "The financial year of the printed cost's prices; empty = the case's."),
    ),
)  # fmt: skip
CASELOAD: Final = Table(
    file="caseload.csv",
    key=("age_band", "placement", "stream"),
    columns=(
        need("age_band", cells.word((*parameters.AGE_BANDS, parameters.AGE_18, words.ALL), "an age band"),
             f"{', '.join(parameters.AGE_BANDS)} or all; {parameters.AGE_18} for those who leave at 18."),
        need("placement", cells.word((*parameters.PLACEMENTS, words.ALL), "a placement"),
             f"{', '.join(parameters.PLACEMENTS)} or all."),
        spare("stream", cells.word(words.STREAMS, "general or uasc"),
              "Empty or general; uasc for unaccompanied asylum-seeking children."),
        blank("children", cells.count, "Children in care on the day before the case starts."),
        blank("entries_annual", cells.count, "Children who enter care in a year."),
        blank("exits_annual", cells.count, "Children who leave care in a year."),
        *(
            spare(name, cells.count, f"Children a year who move to {placement} from this row's placement.")
            for placement, name in MOVES.items()
        ),
        *(
            spare(
                name, cells.count,
                f"Rate a year and child of leaving care {months}, in a row of one age and placement. Once any row has "
                "rates, exits are not solved for.",
            )
            for name, months in zip(LEAVING, IN_CARE.values(), strict=True)
        ),
        *(
            spare(name, cells.count, f"Rate a year and child of moving to {placement}, likewise.")
            for placement, name in MOVING.items()
        ),
        *(
            spare(name, cells.count, f"Share of an age's children who are {months}, in its row of placement all.")
            for name, months in zip(CARE_SHARES, IN_CARE.values(), strict=False)
        ),
        spare(MEAN_AGE, cells.count, "Mean months of age of an age's children, in its row of placement all."),
        spare(YOUNGER, cells.between(0, 1),
              "Share of an age's entrants in the younger half of its band, to give their mean age; half where empty."),
        spare("source", cells.text_cell, _SOURCE.means),
        spare("note", cells.text_cell, "How a suppressed figure was filled."),
    ),
)  # fmt: skip
APPROVED_BUDGET: Final = Table(
    file="approved_budget.csv",
    key=("line", "financial_year"),
    columns=(
        need("line", cells.text_cell,
             "A line of the accounts, as in `annual.csv`. A line without a budget is never cashable."),
        need("financial_year", cells.financial_year_cell,
             "The year, such as 2022/23. After the last one the budget grows as `cashable.*` says."),
        need("value_gbp", cells.number, "What the plan holds for it, in cash."),
        _SOURCE,
        spare("follows", cells.word([words.OPENING_CASELOAD], words.OPENING_CASELOAD),
              "`opening_caseload` where the plan is not published: it then holds the opening children's cost."),
        _NOTE,
    ),
)  # fmt: skip
LEDGER: Final = Table(
    file="ledger.csv",
    key=("statement", "financial_year"),
    columns=(
        need("statement", cells.text_cell, "What the accounts show."),
        need(
            "placements",
            cells.several((*parameters.PLACEMENTS, words.ALL), "placements with spaces between them, or all"),
            "The placements it pays for, with spaces between them, or `all`.",
        ),
        need("financial_year", cells.financial_year_cell, "The year spent in."),
        need("value_gbp", cells.positive, "What was spent, gross, in cash."),
        _SOURCE,
        spare("note", cells.text_cell, "What it holds that the model does not."),
    ),
)
PUBLISHED: Final = Table(
    file="published.csv",
    key=("ref", "statement"),
    columns=(
        need("ref", cells.text_cell, "The paragraph of the paper."),
        need("statement", cells.text_cell, "What it says."),
        need("value", cells.number, "The printed figure."),
        need("unit", cells.text_cell, "Its unit."),
        need("precision", cells.positive,
             "To what it was rounded in print: 0.001 for £m to three places; under 1 for an exact count."),
        blank("formula", cells.text_cell, "How to work it out again; empty = nothing printed leads to it."),
        blank("expected", cells.word(words.VERDICTS, "a verdict"),
              "reconciles, rounding, differs or not_derivable; empty = what a sound figure would give."),
        _NOTE,
        spare("beside_scheme", cells.text_cell,
              "For a saving claimed every year: the scheme whose modelled years stand beside it."),
    ),
)  # fmt: skip
ACTUALS: Final = Table(
    file="actuals.csv",
    key=("period", "measure", "scope", "as_at"),
    columns=(
        need("period", cells.period, "A day, a month, a quarter (2022/23 Q1) or a financial year."),
        need("measure", cells.text_cell,
             "What was counted: a modelled measure, an assumption, or one of `benefits.csv`."),
        need("value", cells.number, "What it was."),
        need("unit", cells.text_cell, "Its unit."),
        _SOURCE,
        _NOTE,
        spare("scope", cells.scope,
              "An age band, a placement, a provider or a line; several joined by dots; empty = all."),
        spare("numerator", cells.count, "For a rate: how many it is so of."),
        spare("denominator", cells.count, "For a rate: out of how many."),
        spare("as_at", cells.iso_date,
              "When this was so known. A later day supersedes an earlier one, and both stay."),
        spare("status", cells.word(words.STATUSES, "baseline, provisional or final"),
              "baseline before the start, provisional or final after it; empty = kept, and not tracked."),
    ),
)  # fmt: skip
BENEFITS: Final = Table(
    file="benefits.csv",
    key=("id",),
    columns=(
        need("id", cells.identifier, "Its name in the register."),
        need("scheme", cells.text_cell, "The scheme that is to bring it about."),
        need("benefit", cells.text_cell, "What is promised, in a few words."),
        need("measure", cells.text_cell, "The measure of `actuals.csv` that tells."),
        need("unit", cells.word(TRACKED_UNITS, f"one of the units {', '.join(TRACKED_UNITS)}"),
             "The unit of the measure."),
        need("nature", cells.word(words.BENEFIT_NATURES, "cashable, avoided or not_money"),
             "cashable, avoided or not_money."),
        need("owner", cells.text_cell, "The role that answers for it."),
        spare("formula", cells.text_cell,
              "What the model says the measure is; empty = the measure is itself a modelled one."),
        spare("plan", cells.identifier, "The version of the frozen plan that promised it; empty = the first."),
        need("source", cells.text_cell, "Where the data come from."),
        spare("lag_months", cells.count, "Months by which the data are late."),
        spare("rule", cells.rule,
              "Two shares of what was promised, `0.9 0.75`: green from the first, red below the second."),
        spare("status", cells.word(words.BENEFIT_STATUSES, "planned, live, achieved or closed"),
              "planned, live, achieved or closed."),
        spare("decision", cells.iso_date, "The day of the next decision about it."),
        spare("disbenefit", cells.text_cell, "What may get worse because of it."),
        _NOTE,
    ),
)  # fmt: skip
TABLES: Final = {
    table.file: table
    for table in (ASSUMPTIONS, ESTABLISHMENT, CASELOAD, APPROVED_BUDGET, LEDGER, PUBLISHED, ACTUALS, BENEFITS)
}
"""The tables of every case, by file."""
