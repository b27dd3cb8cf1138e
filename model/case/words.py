"""The words that recur in frames and files, each said once: perimeters, worlds, natures, statistics."""

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
STATISTICS: Final = (CENTRAL, MEAN, *QUANTILES)

AGENCY: Final = "agency"  # the kind of scheme that counts what the reserve pays for teams in any case
EVERYTHING: Final = "everything"  # learnt: what knowing every number would be worth
CHANCE: Final = "chance"  # a factor: who happens to enter and leave
REMAINDER: Final = "remainder"  # the last step to a scenario: whatever is not an assumption
