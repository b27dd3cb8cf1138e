"""The names the model reads: what each kind of scheme needs, and what every case needs, each with its unit.

A scheme called `fostering` of kind `fostering_growth` needs an assumption `fostering.households`, and so on. What is in
`OPTIONAL` (by kind) and `CASE_WIDE_OPTIONAL` may be left out; everything else must be in `assumptions.csv`.
"""

from __future__ import annotations

from typing import Final

AGE_BANDS: Final = ("under_1", "1_4", "5_9", "10_15", "16_17")
SPLIT_AGE_BANDS: Final = {"5_7": "5_9", "8_9": "5_9"}  # the bands a scheme may name, and the input band each is part of
PLACEMENTS: Final = ("in_house_foster", "ifa_foster", "family_and_friends", "residential", "supported_accommodation",
                     "parents", "adoption", "other")  # fmt: skip
PLACEMENT_LINES: Final = {
    "in_house_foster": "In-house foster placements",
    "ifa_foster": "IFA foster placements",
    "family_and_friends": "Family and friends placements",
    "residential": "Residential placements",
    "supported_accommodation": "Supported accommodation",
    "parents": "Placed with parents",
    "adoption": "Placed for adoption",
    "other": "Other placements",
}
STREAMS: Final = ("general", "uasc")
AGE_18: Final = "18"  # in caseload.csv: children who leave because they turn 18
FUNDING_WORDS: Final = ("general_fund", "reserve", "dsg", "grant", "partner")
BUDGET_LINES: Final = (
    "In-house foster placements", "IFA foster placements", "Family and friends placements", "Residential placements",
    "Supported accommodation", "Placed with parents", "Placed for adoption", "Other placements",
    "Entering care: proceedings and placement finding", "Leaving care before 18", "Leaving care at 18",
    "Support for children kept at home", "Staff", "On-call rota", "Carer recruitment", "Carer supervision",
    "Constellations", "Agency: managed teams", "Agency: vacancy cover", "Agency: cover of new posts",
    "Retention payments", "Recruitment and equipment", "Redundancy", "Pension strain",
)  # fmt: skip

PARAMETERS: Final[dict[str, dict[str, str]]] = {
    "fostering_growth": {
        "households": "households",
        "delay": "months",
        "approval_lag": "months",
        "recruitment_months": "months",
        "deregistration_annual": "rate/year",
        "leavers_replaced_share": "share",
        "places_per_household": "places/household",
        "fill_rate": "share",
        "transferring_share": "share",
        "inflow_limited": "switch",
        "existing_households": "households",
        "existing_approvals_annual": "households/year",
        "retention_effect": "share",
        "approval_cost": "GBP/household",
        "supervision_cost_annual": "GBP/household/year",
        "households_supervised_by_team": "households",
        "constellations": "count",
        "constellation_cost_annual": "GBP/year",
    },
    "entry_reduction": {
        "effect": "share",
        "delay": "months",
        "ramp_months": "months",
        "deadweight": "share",
        "fade_annual": "rate/year",
        "caseworkers": "fte",
        "children_per_caseworker": "children/worker",
        "duration_months": "months",
        "children_served_per_entry": "children/child",
        "capacity_limited": "switch",
        **{f"weight_{placement}": "ratio" for placement in PLACEMENTS},
    },
    "agency": {
        "managed_teams_cost": "GBP",
        "managed_teams_months": "months",
        "managed_teams_end_months": "months",
        "cover_cost_annual": "GBP/year",
        "cover_managed_share": "share",
        "cover_displaced_share": "share",
        "premium": "share",
        "whole_cost": "switch",
        "cover_end_months": "months",
    },
    "fixed_cost": {"cost_annual": "GBP/year", "cost_daily": "GBP/day"},
    "establishment": {
        "delay": "months",
        "posts_redundant": "fte",
        "redundancy_age": "years",
        "redundancy_service": "years",
        "redundancy_weekly_pay": "GBP/week",
        "redundancy_capped": "switch",
        "redundancy_multiplier": "ratio",
        "redundancy_after_months": "months",
        "pension_strain": "GBP",
    },
}

OPTIONAL: Final[dict[str, frozenset[str]]] = {
    "fostering_growth": frozenset({"delay"}),
    "entry_reduction": frozenset({"delay", *(f"weight_{placement}" for placement in PLACEMENTS)}),
    "agency": frozenset({"cover_displaced_share"}),
    "fixed_cost": frozenset({"cost_annual", "cost_daily"}),
    "establishment": frozenset(PARAMETERS["establishment"]),
}

ONE_OF: Final[dict[str, frozenset[str]]] = {"fixed_cost": frozenset({"cost_annual", "cost_daily"})}
"""For a kind, parameters of which at least one must be given."""

CASE_WIDE: Final[dict[str, str]] = {
    **{f"price.{placement}_weekly": "GBP/week" for placement in PLACEMENTS},
    "cost.entry": "GBP/child",
    "cost.exit_under_18": "GBP/child",
    "cost.exit_at_18": "GBP/child",
    "cost.diverted_child": "GBP/child",
    "caseload.share_5_9_aged_8_9": "share",
    "caseload.entries_multiplier": "ratio",
    "caseload.entries_growth_annual": "rate/year",
    "caseload.exits_multiplier": "ratio",
    "growth.placement_prices_real_annual": "rate/year",
    "growth.pay_real_annual": "rate/year",
    "establishment.months_to_fill": "months",
    "establishment.vacancy_share": "share",
    "reserve.opening": "GBP",
    "reserve.minimum": "GBP",
    "reserve.commitments_annual": "GBP/year",
}

CASE_WIDE_OPTIONAL: Final[dict[str, str]] = {
    **{f"cashable.contract_step_{placement}": "children" for placement in PLACEMENTS},
    **{f"partner.share_{placement}": "share" for placement in PLACEMENTS},
    **{f"growth.{placement}_prices_real_annual": "rate/year" for placement in PLACEMENTS},
    "cashable.budget_growth_real_annual": "rate/year",
    "establishment.fill_probability": "share",
    "establishment.turnover_annual": "share",
    "establishment.agency_cover_share": "share",
    "establishment.agency_cover_unfilled_share": "share",
    "establishment.agency_premium": "ratio",
    "establishment.retention_payment": "GBP/fte",
    "establishment.retention_qualifying_months": "months",
    "establishment.recruitment_cost": "GBP/fte",
    "establishment.equipment_cost": "GBP/fte",
    "establishment.equipment_recycled_share": "share",
    "capacity.cases_open": "children",
    "capacity.cases_growth_annual": "rate/year",
    "capacity.share_closed_if_kept_out_of_care": "share",
    "capacity.workers_current": "fte",
    "capacity.workers_proposed": "fte",
    "capacity.workers_filled_share": "share",
    "capacity.managers_current": "fte",
    "capacity.managers_proposed": "fte",
    "capacity.target_caseload": "children/worker",
    "loan.share": "share",
    "loan.interest_annual": "rate/year",
    "loan.years": "years",
    "loan.first_repayment_years": "years",
}
"""Case-wide names a case may leave out: name -> unit. What reads one must have a meaning for its absence."""

RESERVED_PREFIXES: Final = (
    "price", "cost", "caseload", "growth", "establishment", "cashable", "reserve", "est", "conventions", "schemes",
    "capacity", "loan",
)  # fmt: skip
"""First parts of names that a scheme may not take."""


LOSSES: Final = frozenset({"deregistration_annual", "fade_annual"})
"""Parameters that are what a scheme loses in a year: below 0 the effect would grow out of itself."""

DIVISORS: Final = frozenset({
    "capacity.target_caseload", "capacity.workers_current", "capacity.workers_proposed",
    "capacity.workers_filled_share", "capacity.managers_current", "capacity.managers_proposed",
})  # fmt: skip
"""Names that something is divided by: cases by workers, workers by managers. Without any of either, leave them out."""


def required(kind: str) -> dict[str, str]:
    """Return the parameters that a scheme of this kind must have: parameter -> unit."""
    optional = OPTIONAL.get(kind, frozenset())
    return {name: unit for name, unit in PARAMETERS[kind].items() if name not in optional}
