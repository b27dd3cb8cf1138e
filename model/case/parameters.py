"""The names the model reads: what each kind of scheme needs, and what every case needs, with unit and meaning.

A scheme called `fostering` of kind `fostering_growth` needs an assumption `fostering.households`, and so on. What says
in `without` what happens then may be left out; everything else must be in `assumptions.csv`. `docs/inputs.md` is made
from these words by `python -m model dictionary`.
"""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple


class Parameter(NamedTuple):
    """A number that the model reads by its name: the unit, the meaning, and what it means to leave it out ("" = no).

    `when`: what a case must hold for the number to be asked for: `CHILDREN`, `POSTS`, `RESERVE` or a placement.
    """

    unit: str
    meaning: str
    without: str = ""
    when: str = ""


CHILDREN, POSTS, RESERVE = "children", "posts", "reserve"


AGE_BANDS: Final = ("under_1", "1_4", "5_9", "10_15", "16_17")
AGE_MONTHS: Final = {"under_1": (0, 12), "1_4": (12, 60), "5_9": (60, 120), "10_15": (120, 192), "16_17": (192, 216)}
SPLIT_AGE_BANDS: Final = {"5_7": "5_9", "8_9": "5_9"}  # the bands a scheme may name, and the input band each is part of
AGES: Final = ("under_1", "1_4", "5_7", "8_9", "10_15", "16_17")  # as the model follows them
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
BUDGET_LINES: Final = (
    *PLACEMENT_LINES.values(), "Entering care: proceedings and placement finding", "Leaving care before 18",
    "Leaving care at 18", "Support for children kept at home", "Staff", "On-call rota", "Carer recruitment",
    "Carer supervision", "Constellations", "Agency: managed teams", "Agency: vacancy cover",
    "Agency: cover of new posts", "Retention payments", "Recruitment and equipment", "Redundancy", "Pension strain",
    "Own children's homes", "Capital", "Placement moves",
)  # fmt: skip

KINDS: Final = {
    "fostering_growth": "more foster carers of the council's own, so that fewer children go to agencies",
    "entry_reduction": "fewer children of some ages enter care",
    "agency": "agency staff end as permanent posts fill",
    "establishment": "the posts charged to it, and what it costs to end posts",
    "fixed_cost": "a cost a year or a day, beside the posts charged to it",
    "own_homes": "beds in the council's own children's homes instead of bought ones",
    "step_down": "children move sooner from one placement to another, as from a home to a family",
    "leaving_sooner": "children leave care sooner: reunification, special guardianship",
    "price_change": "a placement is bought more cheaply: a new contract or framework",
    "placement_stability": "fewer placements break down, so that fewer new ones have to be found",
    "cost_or_saving": "any cost or saving: once, a year, a day or for each child in care, with an end and a profile",
}
"""What each kind of scheme does."""

_LATE = Parameter("months", "Months by which the scheme starts later than planned.", "it starts as planned")

_FIXED = {
    "cost_annual": Parameter("GBP/year", "A cost a year from the start on, beside its posts.", "none a year"),
    "cost_daily": Parameter("GBP/day", "A cost of every day from the start on.", "none a day"),
    "posts_paid_already_share": Parameter("share", "Part of its posts' cost that is paid anyway.", "all of it is new"),
}
_TIMED = {
    "delay": _LATE,
    "ramp_months": Parameter("months", "Months from nothing to the full effect, in a straight line.", "0: at once"),
}
_OF_EACH = {"cost": "A cost", "saving": "A saving"}
_AMOUNTS = {
    "one_off": ("GBP", "once, in the month of the start"),
    "annual": ("GBP/year", "a year from the start on"),
    "daily": ("GBP/day", "of every day from the start on"),
    "per_child_annual": ("GBP/child/year", "a year for each child in care, or in its placement"),
}

PARAMETERS: Final[dict[str, dict[str, Parameter]]] = {
    "fostering_growth": {
        "households": Parameter("households", "Carer households that the scheme adds in all."),
        "delay": _LATE,
        "approval_lag": Parameter("months", "Months from the first enquiry to the first approval."),
        "recruitment_months": Parameter("months", "Months in which the new posts, all filled, approve them, evenly."),
        "approvals_annual": Parameter(
            "households/year", "Households the posts, all filled, approve a year besides, for ever.", "none"
        ),
        "deregistration_annual": Parameter("rate/year", "Share of carer households who stop in a year."),
        "leavers_replaced_share": Parameter("share", "Of the new households who stop, the share who are replaced."),
        "places_per_household": Parameter("places/household", "Places for which each new household is approved."),
        "fill_rate": Parameter("share", "Share of approved places with a child in them, unavailable places included."),
        "transferring_share": Parameter("share", "Of children who would start with an agency, how many a place suits."),
        "inflow_limited": Parameter("switch", "1: places fill only from agency starts. 0: from agency homes at once."),
        "existing_households": Parameter("households", "Carer households before the scheme."),
        "existing_approvals_annual": Parameter("households/year", "Households approved a year without the scheme."),
        "retention_effect": Parameter("share", "Cut in the rate at which carers stop."),
        "approval_cost": Parameter("GBP/household", "Cost of each approval beyond the team's own time."),
        "supervision_cost_annual": Parameter("GBP/household/year", "A supervising social worker's time a household."),
        "households_supervised_by_team": Parameter("households", "New households that the team itself can supervise."),
        "constellations": Parameter("count", "Mockingbird constellations started."),
        "constellation_cost_annual": Parameter("GBP/year", "Cost of one constellation."),
        **_FIXED,
    },
    "entry_reduction": {
        "effect": Parameter("share", "Fall in entries of the target ages when the scheme is in full effect."),
        "delay": _LATE,
        "ramp_months": Parameter("months", "Months from nothing to the full effect, in a straight line."),
        "chance_of_effect": Parameter(
            "share", "Chance that there is any effect; by the distribution `chance` a draw has all of it or none.", "1"
        ),
        "deadweight": Parameter("share", "Part of that fall that would have happened anyway."),
        "fade_annual": Parameter("rate/year", "Share of the children kept out who enter later after all, a year."),
        "short_stay_share": Parameter(
            "share",
            "Of the children kept out, those who would have left care again within about six months.",
            "as of all who enter at these ages",
        ),
        "caseworkers": Parameter("fte", "Staff who hold cases."),
        "children_per_caseworker": Parameter("children/worker", "Children whom each holds at a time."),
        "duration_months": Parameter("months", "Months of work with a child."),
        "children_served_per_entry": Parameter("children/child", "Children worked with for each who would enter care."),
        "capacity_limited": Parameter("switch", "1: no more children than the team can hold. 0: no limit."),
        **{
            f"weight_{placement}": Parameter(
                "ratio",
                f"How much likelier an entry to {placement} is prevented than one of weight 1.",
                "1: no likelier than another",
            )
            for placement in PLACEMENTS
        },
        **_FIXED,
    },
    "agency": {
        "managed_teams_cost": Parameter("GBP", "What the managed teams cost over managed_teams_months."),
        "managed_teams_months": Parameter("months", "Months that this cost covers, from the start of the case."),
        "managed_teams_end_months": Parameter("months", "Months until the managed teams would have ended anyway."),
        "cover_cost_annual": Parameter("GBP/year", "Agency cover of vacant posts, managed teams included."),
        "cover_managed_share": Parameter("share", "Part of that cover which is managed teams, taken out first."),
        "cover_displaced_share": Parameter(
            "share",
            "Part of the cover that goes once every new post is filled: new posts need not be those covered.",
            "1: all of it goes",
        ),
        "premium": Parameter("share", "How much dearer an agency worker is than the employee who replaces them."),
        "whole_cost": Parameter("switch", "1: filling a post saves the whole cost of its cover. 0: the premium only."),
        "cover_end_months": Parameter("months", "Months until cover would have ended without the schemes."),
        **_FIXED,
    },
    "fixed_cost": _FIXED,
    "own_homes": {
        "beds": Parameter("children", "Beds for which the homes are registered."),
        "occupancy": Parameter("share", "Share of them with a child in it, once the homes have filled."),
        "delay": _LATE,
        "fill_months": Parameter("months", "Months from opening until they have filled, in a straight line.", "0"),
        "running_cost_annual": Parameter("GBP/year", "What all its homes cost to run from opening on, full or not."),
        "capital_cost": Parameter("GBP", "Buying, building or fitting out, once.", "none"),
        "capital_months_before": Parameter("months", "Months before opening in which that is paid.", "0"),
        "capital_grant_share": Parameter("share", "Part of it that a grant pays.", "none"),
    },
    "step_down": {
        "share_annual": Parameter("share", "Of the children there, those a year who move on and would have stayed."),
        **_TIMED,
    },
    "leaving_sooner": {
        "share_annual": Parameter("share", "Of the children there, those a year who leave and would have stayed."),
        **_TIMED,
    },
    "price_change": {
        "price_cut": Parameter("share", "Part of the price that falls away."),
        "children_share": Parameter("share", "Part of the children in the placement to whom it applies.", "1: to all"),
        **_TIMED,
    },
    "placement_stability": {
        "moves_per_child_annual": Parameter("ratio", "Moves that nobody planned, a child in care and year."),
        "cost_of_move": Parameter("GBP/child", "What finding the next placement costs."),
        "effect": Parameter("share", "Part of these moves that no longer happen."),
        **_TIMED,
    },
    "cost_or_saving": {
        **{
            f"{what}_{each}": Parameter(unit, f"{said} {words}.", "none; one of the eight is needed")
            for what, said in _OF_EACH.items()
            for each, (unit, words) in _AMOUNTS.items()
        },
        **_TIMED,
        **{
            f"year_{n}_share": Parameter("ratio", f"Part of the full amount in year {n}.", "as in the year before")
            for n in range(1, 6)
        },
        **{
            f"month_{n}_share": Parameter("ratio", f"Part of the full amount in month {n}.", "as its year says")
            for n in range(1, 13)
        },
    },
    "establishment": {
        "delay": _LATE,
        "posts_redundant": Parameter("fte", "People made redundant.", "no redundancy"),
        "redundancy_age": Parameter("years", "Their age.", "needed with posts_redundant"),
        "redundancy_service": Parameter("years", "Their years of service.", "needed with posts_redundant"),
        "redundancy_weekly_pay": Parameter("GBP/week", "Their pay a week.", "needed with posts_redundant"),
        "redundant_post_cost_annual": Parameter(
            "GBP/fte", "What each of their posts cost a year, on-costs included, saved once they have gone.", "nothing"
        ),
        "redundancy_capped": Parameter("switch", "1: a week's pay counts up to the statutory cap. 0: in full.", "1"),
        "redundancy_multiplier": Parameter("ratio", "Weeks paid, as a multiple of the statutory weeks.", "1"),
        "redundancy_after_months": Parameter("months", "Months from the scheme's start to the last day.", "0"),
        "pension_strain": Parameter("GBP", "Cost to the council of pensions paid early, once.", "none"),
        **_FIXED,
    },
}

ONE_OF: Final[dict[str, frozenset[str]]] = {
    "fixed_cost": frozenset({"cost_annual", "cost_daily"}),
    "cost_or_saving": frozenset(f"{what}_{each}" for what in _OF_EACH for each in _AMOUNTS),
}
"""For a kind, parameters of which at least one must be given. Any scheme may state a cost a year or a day."""

CASE_WIDE: Final[dict[str, Parameter]] = {
    **{
        f"price.{placement}_weekly": Parameter("GBP/week", f"{line}: what one more child there costs.", when=placement)
        for placement, line in PLACEMENT_LINES.items()
    },
    "cost.entry": Parameter("GBP/child", "A child enters care: court work, finding a placement.", when=CHILDREN),
    "cost.exit_under_18": Parameter("GBP/child", "A child leaves before 18: allowances, support.", when=CHILDREN),
    "cost.exit_at_18": Parameter("GBP/child", "One leaves at 18: staying put, a personal adviser.", when=CHILDREN),
    "cost.diverted_child": Parameter("GBP/child", "A child is kept out of care: support at home.", when=CHILDREN),
    "caseload.share_5_9_aged_8_9": Parameter(
        "share", "Of those aged 5 to 9, those of 8 or 9. Never drawn.", when=CHILDREN
    ),
    "caseload.entries_multiplier": Parameter("ratio", "Level of entries against those of caseload.csv.", "1"),
    "caseload.entries_growth_annual": Parameter("rate/year", "Growth of entries a year if nothing is done.", "0"),
    "caseload.exits_multiplier": Parameter("ratio", "Level of exits against those of caseload.csv.", "1"),
    **{
        f"caseload.left_within_{months}_months_share": Parameter(
            "share",
            f"Of the children who enter care, those who leave within {months} months. Never drawn.",
            "the national share in inputs/reference/demand/stays.csv",
        )
        for months in (6, 12, 24)
    },
    "caseload.years_seen": Parameter(
        "years",
        "Years of returns from which it is known where children go. Fewer: wider intervals of placements. Never drawn.",
        "0: taken as certain",
    ),
    "growth.placement_prices_real_annual": Parameter(
        "rate/year", "Growth of placement prices above inflation.", "0: no faster"
    ),
    "growth.pay_real_annual": Parameter("rate/year", "How much faster pay grows than prices.", "0: no faster"),
    **{
        f"growth.{placement}_prices_real_annual": Parameter(
            "rate/year",
            f"{line}: how much faster they grow dearer than prices.",
            "the rate of growth.placement_prices_real_annual",
        )
        for placement, line in PLACEMENT_LINES.items()
    },
    **{
        f"cashable.contract_step_{placement}": Parameter(
            "children", f"{line}: children who must leave before money leaves the budget.", "any part of a place saves"
        )
        for placement, line in PLACEMENT_LINES.items()
    },
    "cashable.budget_growth_real_annual": Parameter(
        "rate/year", "Real growth of the approved budget after its last year.", "0: it keeps up with prices"
    ),
    **{
        f"partner.share_{placement}": Parameter(
            "share", f"{line}: part paid by the schools' grant or health, never cashable.", "the council pays all"
        )
        for placement, line in PLACEMENT_LINES.items()
    },
    "establishment.months_to_fill": Parameter("months", "Months of a round of recruiting, evenly.", when=POSTS),
    "establishment.vacancy_share": Parameter("share", "Share of new posts empty in the long run.", when=POSTS),
    "establishment.fill_probability": Parameter("share", "Chance that a round ends with somebody in post.", "1"),
    "establishment.turnover_annual": Parameter("share", "Share of those in post who leave in a year.", "nobody leaves"),
    "establishment.budgeted_vacancy_share": Parameter(
        "share", "Vacancy factor: part of the new posts' cost that the approved budget leaves out.", "none is left out"
    ),
    "establishment.agency_cover_share": Parameter(
        "share", "Of posts once filled and empty again, those that an agency worker covers.", "none is covered"
    ),
    "establishment.agency_cover_unfilled_share": Parameter(
        "share", "Of posts not yet filled for the first time, those that an agency worker covers.", "none is covered"
    ),
    "establishment.agency_premium": Parameter(
        "ratio",
        "How much dearer that worker is than the post: 0.4 = 40% dearer.",
        "the premium of the case's agency scheme; 0 if it has none",
    ),
    "establishment.retention_payment": Parameter("GBP/fte", "Paid once to each who stays long enough.", "none"),
    "establishment.retention_qualifying_months": Parameter("months", "Months in post before it is due.", "0"),
    "establishment.recruitment_cost": Parameter("GBP/fte", "Cost of recruiting one person.", "none"),
    "establishment.equipment_cost": Parameter("GBP/fte", "Equipment for one who starts.", "none"),
    "establishment.equipment_recycled_share": Parameter("share", "Part of that equipment that is to hand.", "0"),
    "capacity.cases_open": Parameter("children", "Open cases at the start.", "caseloads are not shown"),
    "capacity.cases_growth_annual": Parameter("rate/year", "Growth of open cases.", "0"),
    "capacity.share_closed_if_kept_out_of_care": Parameter(
        "share", "Of children kept out of care, those whose case closes.", "0: they stay open as children in need"
    ),
    "capacity.workers_current": Parameter("fte", "Social worker posts before the schemes.", "caseloads are not shown"),
    "capacity.workers_proposed": Parameter("fte", "Social worker posts with them.", "caseloads are not shown"),
    "capacity.workers_filled_share": Parameter("share", "Share of existing posts with somebody in them.", "1"),
    "capacity.managers_current": Parameter("fte", "Team managers before the schemes.", "the span is not shown"),
    "capacity.managers_proposed": Parameter("fte", "Team managers with them.", "as many as before"),
    "capacity.target_caseload": Parameter("children/worker", "Cases a worker should hold.", "no target is shown"),
    "appraisal.optimism_bias": Parameter(
        "switch",
        "1: costs raised and benefits cut by the evidence's grade, as reference/optimism_bias.csv has it.",
        "0",
    ),
    "appraisal.benefits_realised_share": Parameter(
        "share", "Part of the stated benefits that comes about.", "1: all of them"
    ),
    "reserve.opening": Parameter("GBP", "Balance of the reserve at the start.", when=RESERVE),
    "reserve.minimum": Parameter("GBP", "Balance below which it may not be drawn.", "0"),
    "reserve.commitments_annual": Parameter("GBP/year", "Other claims on the reserve.", "none"),
    "loan.share": Parameter("share", "Part of the part-year and one-off cost that an internal loan pays.", "no loan"),
    "loan.interest_annual": Parameter("rate/year", "Interest on the loan.", "needed with loan.share"),
    "loan.years": Parameter("years", "Equal yearly payments that clear it.", "needed with loan.share"),
    "loan.first_repayment_years": Parameter("years", "Years from each advance to its first payment.", "1"),
    "borrowing.years": Parameter("years", "Equal yearly payments that clear the capital.", "nothing is borrowed"),
    "borrowing.interest_annual": Parameter("rate/year", "Interest on it.", "needed with borrowing.years"),
}
"""What every case needs. What reads a row that may be left out must do what `without` says."""

RESERVED_PREFIXES: Final = (
    "price", "cost", "caseload", "growth", "establishment", "cashable", "reserve", "est", "conventions", "schemes",
    "capacity", "loan", "borrowing", "partner", "case", "result", "appraisal",
)  # fmt: skip
"""First parts of names that a scheme may not take."""


LOSSES: Final = frozenset({"deregistration_annual", "fade_annual"})
"""Parameters that are what a scheme loses in a year: below 0 the effect would grow out of itself."""

DIVISORS: Final = frozenset({
    "capacity.target_caseload", "capacity.workers_current", "capacity.workers_proposed",
    "capacity.workers_filled_share", "capacity.managers_current", "capacity.managers_proposed",
})  # fmt: skip
"""Names that something is divided by: cases by workers, workers by managers. Without any of either, leave them out."""


def required(names: Mapping[str, Parameter], held: Collection[str]) -> dict[str, Parameter]:
    """Return the parameters that must be given in a case that holds what `held` names (`Parameter.when`)."""
    return {name: p for name, p in names.items() if not p.without and (not p.when or p.when in held)}
