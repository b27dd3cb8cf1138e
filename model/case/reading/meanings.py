"""What each column of a case's files and each key of `case.toml` holds, in plain words: the words of `docs/inputs.md`.

A test holds that every column and key the readers know has its words here, and none that they do not know.
"""

from __future__ import annotations

from typing import Final

from model.case import parameters

_SOURCE, _NOTE = "Where it is from.", "What a reader should know."

COLUMNS: Final[dict[str, dict[str, str]]] = {
    "assumptions.csv": {
        "name": "`group.name`; a scheme's assumptions begin with the scheme's name.",
        "value": "The central value.",
        "low": "The low end of the range; `distribution` says what that means.",
        "high": "The high end of the range.",
        "distribution": "What the range means: see below.",
        "unit": "What the number counts: see below.",
        "price_base": "For money, the financial year in whose prices it is. It is brought to the case's prices.",
        "source": "Where it is from: a paragraph, a table, or Judgement.",
        "as_at": "The day it was true or known; in the base scenario never after the case's `knowledge_date`.",
        "quality": "green: measured here or official. amber: measured elsewhere, old or indirect. red: no good source.",
        "impact": "How far invest to save's NPV moves between low and high: red £1m or more, amber £0.25m, green less.",
        "owner": "The role that answers for it.",
        "note": "What it is and why this number, in plain words.",
    },
    "establishment.csv": {
        "id": "A short name, for formulas.",
        "team": "The team.",
        "post": "The post.",
        "grade": "Its grade; prices the row where no cost is printed.",
        "fte_current": "Full-time equivalents now.",
        "fte_proposed": "Full-time equivalents proposed.",
        "change_annual_cost_gbp": "The printed net change in cost for a full year, never a cost for each post.",
        "start": "Its first day; empty = the start of its scheme.",
        "charged_to": "The one scheme that pays.",
        "included_in": "The `id` of the line that counts it already: a memo. Its cost moves if another scheme pays.",
        "included_when": "A switch of `assumptions.csv`: 1 = inside that line, 0 = on top of it.",
        "funding": f"Who pays: {', '.join(parameters.FUNDING_WORDS)}.",
        "basis": "`year` (also if empty), or `day` for a cost of every day: a leap year has 366.",
        "already_filled_months": "An assumption: the months for which the post would be paid anyway.",
        "recruited": "yes or no: whether it fills over time. Empty = yes where the row adds posts.",
        "service_line": "The heading in the council's own table, for virements.",
        "price_base": "The financial year of the printed cost's prices; empty = the case's.",
        "grade_current": "The grade that the post has now, to price a regrade.",
        "spine_point": "A stated point of the spine.",
        "priced_at": "Where in the grade: bottom, middle or top (also if empty).",
        "increments": "yes or no: whether it rises by a point a year.",
        "costing": "`printed`, or `bottom_up` from the grade. Empty = printed, if a cost is printed.",
        "source": "Where it is from. With the word inferred, the printed cost is marked so.",
        "note": _NOTE,
    },
    "caseload.csv": {
        "age_band": f"{', '.join(parameters.AGE_BANDS)} or all; {parameters.AGE_18} for those who leave at 18.",
        "placement": f"{', '.join(parameters.PLACEMENTS)} or all.",
        "stream": "Empty or general; uasc for unaccompanied asylum-seeking children.",
        "children": "Children in care on the day before the case starts.",
        "entries_annual": "Children who enter care in a year.",
        "exits_annual": "Children who leave care in a year.",
        **{
            f"moves_to_{placement}_annual": f"Children a year who move to {placement} from this row's placement."
            for placement in parameters.PLACEMENTS
        },
        "source": _SOURCE,
        "note": "How a suppressed figure was filled.",
    },
    "approved_budget.csv": {
        "line": "A line of the accounts, as in `annual.csv`. A line without a budget is never cashable.",
        "financial_year": "The year, such as 2022/23. After the last one the budget grows as `cashable.*` says.",
        "value_gbp": "What the plan holds for it, in cash.",
        "follows": "`opening_caseload` where the plan is not published: it then holds the opening children's cost.",
        "source": _SOURCE,
        "note": _NOTE,
    },
    "published.csv": {
        "ref": "The paragraph of the paper.",
        "statement": "What it says.",
        "value": "The printed figure.",
        "unit": "Its unit.",
        "precision": "To what it was rounded in print: 0.001 for £m to three places; under 1 for an exact count.",
        "formula": "How to work it out again; empty = nothing printed leads to it.",
        "expected": "reconciles, rounding, differs or not_derivable; empty = what a sound figure would give.",
        "beside_scheme": "For a saving claimed every year: the scheme whose modelled years stand beside it.",
        "note": _NOTE,
    },
    "actuals.csv": {
        "period": "A day, a month or a financial year.",
        "measure": "What was counted.",
        "value": "What it was.",
        "unit": "Its unit.",
        "source": _SOURCE,
        "note": _NOTE,
    },
}

KEYS: Final[dict[str, dict[str, str]]] = {
    "case.toml": {
        "name": "The folder's own name. Commands and outputs go by the folder.",
        "title": "What the report is called.",
        "council": "The council.",
        "start": "First day of the projection, the first of a month; the caseload is that of the day before.",
        "horizon_years": "Years projected.",
        "shown_years": "Years in the short tables.",
        "price_base": "The financial year in whose prices real amounts are.",
        "knowledge_date": "No assumption of the base scenario may be of a later day.",
        "published_scenario": "The scenario that holds the paper's own assumptions.",
        "base_scenario": "The scenario that the others are compared with.",
        "conventions": "See below.",
        "perimeters": "Groups of schemes with headlines of their own, besides each scheme and the whole.",
        "schemes": "See below.",
        "funding": "See below.",
        "correlations": "See below; all other assumptions are independent.",
        "papers": "See below.",
    },
    "[conventions]": {
        "weeks_per_year": 'Weeks paid for in a year: a number, or "365/7".',
        "discount_rate": "A name in `reference/prices/discount_rates.csv`.",
        "price_index": "A series in `reference/prices/price_indices.csv`.",
        "hindsight": "true where a scenario may use what was learnt later.",
        "horizon_years": "Years for which the schemes act, where a scenario asks for others than the case's.",
        "run_off_years": "Years after them in which nothing is spent on the schemes and what they did is followed.",
    },
    "[[schemes]]": {
        "name": "Its name; its assumptions begin with it.",
        "title": "Its name for people.",
        "kind": "What it does: see below.",
        "start": "The day it begins.",
        "ages": "For `entry_reduction`: the ages it acts on.",
        "active": "false = only where a scenario says so.",
        "source": _SOURCE,
    },
    "[funding]": {
        "reserve_until": "The day up to which the reserve pays the part-year cost.",
        "reserve_name": "What the reserve is called.",
        "budget_basis": "What the base budget holds of the new posts: `approved` (all of them, less a vacancy factor; "
        "what is not spent is an underspend of the year) or `expected` (what is expected to be spent).",
    },
    "[[correlations]]": {
        "a": "One assumption.",
        "b": "Another.",
        "rho": "Their rank correlation, between -1 and 1.",
        "source": _SOURCE,
    },
    "[[papers]]": {
        "ref": 'What sources cite it by, as "003" in `003 para 5.19`.',
        "title": "What it is.",
        "date": "When it was.",
        "note": _NOTE,
    },
    "scenarios/*.toml": {
        "title": "Its name for people.",
        "why": "The question it answers.",
        "overrides": "Assumptions, `schemes` and `conventions.*` that differ from the case's own.",
    },
}

DISTRIBUTIONS: Final[dict[str, tuple[str, str]]] = {
    "fixed": ("empty", "certain, or a choice"),
    "uniform": ("lowest and highest possible", "anywhere between"),
    "pert": ("lowest and highest possible", "the most likely"),
    "normal": ("one in ten is lower, one in ten is higher", "the median"),
    "lognormal": ("one in ten is lower, one in ten is higher", "the median"),
    "beta": ("one in ten is lower, one in ten is higher", "the mean; for shares"),
    "chance": ("0 and 1: a draw has one or the other", "the chance of 1, and so the mean; for shares"),
}
"""For each distribution, what `low` and `high` are, and what `value` is."""
