"""The words that recur in inputs, frames and files, each said once."""

from typing import Final

WHOLE: Final = "whole"  # the perimeter of every acting scheme
INVEST_TO_SAVE: Final = "invest_to_save"  # the perimeter that a single answer speaks of, where a case has it
PORTFOLIO, NET = "portfolio", "net"  # the scheme and the line of a total
INTERACTION: Final = "interaction"  # joint less the sum of standalone impacts

DO_NOTHING, WITH_SCHEMES, IMPACT = "do_nothing", "with_schemes", "impact"

INVESTMENT, CASHABLE, AVOIDANCE, INCOME = "investment", "cashable_saving", "cost_avoidance", "income"
NATURES: Final = (INVESTMENT, CASHABLE, AVOIDANCE, INCOME)
ONE_OFF, RECURRING = "one_off", "recurring"
REAL, NOMINAL = "real", "nominal"

CENTRAL, MEAN = "central", "mean"
QUANTILES: Final = {"p05": 0.05, "p10": 0.10, "p25": 0.25, "p50": 0.50, "p75": 0.75, "p90": 0.90, "p95": 0.95}

APPROVED, EXPECTED = BUDGET_BASES = "approved", "expected"  # what the base budget holds of the new posts
SMALLEST_PUBLISHED: Final = 6  # children: a smaller count is never told
EVERYTHING: Final = "everything"  # learnt: what knowing every number would be worth
CHANCE: Final = "chance"  # a factor: who happens to enter and leave

# What a council may write in its files
KINDS = FOSTERING_GROWTH, ENTRY_REDUCTION, AGENCY, ESTABLISHMENT, FIXED_COST = (
    "fostering_growth", "entry_reduction", "agency", "establishment", "fixed_cost",
)  # fmt: skip
OWN_HOMES, STEP_DOWN, LEAVING_SOONER, PRICE_CHANGE, STABILITY, COST_OR_SAVING = (
    "own_homes", "step_down", "leaving_sooner", "price_change", "placement_stability", "cost_or_saving",
)  # fmt: skip
CAPITAL: Final = "capital"  # who pays for buildings: neither the reserve nor a revenue budget
PURSES = GENERAL_FUND, RESERVE, DSG, GRANT, PARTNER = ("general_fund", "reserve", "dsg", "grant", "partner")
COSTINGS = PRINTED, BOTTOM_UP = ("printed", "bottom_up")  # a post costs what its paper prints, or what its grade does
BASES = YEAR, DAY = ("year", "day")  # what that cost is for
STREAMS = GENERAL, UASC = ("general", "uasc")  # children in care, and unaccompanied asylum-seeking children
ALL: Final = "all"  # ages or placements of a total
OPENING_CASELOAD: Final = "opening_caseload"  # a budget that holds the opening children at each draw's own price
DISTRIBUTIONS = FIXED, UNIFORM, PERT, NORMAL, LOGNORMAL, BETA, CHANCE_OF = (
    "fixed", "uniform", "pert", "normal", "lognormal", "beta", "chance",
)  # fmt: skip
STATUSES = BASELINE, PROVISIONAL, FINAL = ("baseline", "provisional", "final")  # of an actual
BENEFIT_NATURES: Final = ("cashable", "avoided", "not_money")
BENEFIT_STATUSES: Final = ("planned", "live", "achieved", "closed")
RATINGS = RED, AMBER, GREEN = ("red", "amber", "green")
VERDICTS = RECONCILES, ROUNDING, DIFFERS, NOT_DERIVABLE = ("reconciles", "rounding", "differs", "not_derivable")
