"""What each kind of scheme does and costs: a listing for each class of `model.schemes`, a row for each array."""

from collections.abc import Mapping, Sequence
from typing import Final

from model.case import words
from model.case.parameters import AGES
from model.case.records import SchemeSpec
from model.case.timeline import MONTHS_A_YEAR
from model.case.words import CAPITAL, GRANT, INCOME, INVESTMENT, ONE_OFF, RECURRING, RESERVE
from model.children.opening import Stream
from model.excel.grid import Row
from model.excel.staff import FILLING, SINCE, Names, Spent, Work, write_posts
from model.schemes.agency import COVER, MANAGED_TEAMS
from model.schemes.cashflows import Tag
from model.schemes.cost_or_saving import PROFILE
from model.schemes.establishment import ENDED, PENSION_STRAIN, REDUNDANCY, rules_on
from model.schemes.fostering import CONSTELLATIONS, RECRUITMENT, SUPERVISION
from model.schemes.optimism import grade_of
from model.schemes.placements import CAPITAL_LINE, MOVES

SCHEME: Final = """
active | part of the month in which it acts | share | =[exists]*[run]
dearer | costs are dearer, by the grade of its evidence | share | :dearer
less | benefits are smaller, by the same | share | :less
cost_factor | costs are multiplied by | ratio | !1+appraisal.optimism_bias?0*[dearer:const]
realised | benefits that come about | share
 | !appraisal.benefits_realised_share?1*(1-appraisal.optimism_bias?0*[less:const])
"""
"""`optimism.cost_factor` and `optimism.realised` besides."""
RAMP: Final = """
ramp | share of the full effect | share
 | =[active]*MAX(MIN(IF([over]>0,[at]/MAX([over],rounding_guard),1),1),0)
"""
"""`Scheme.ramp`; `at` is the middle of the part of the month in which it acts."""
FIXED: Final = """
fixed | its cost | GBP | =-[active]*(.cost_annual?0*[annual]+.cost_daily?0*[days])
"""
ENTRY_REDUCTION: Final = """
come | entrants a month of its ages, first year, fitted in Python | children/month | ~come
need | children on the edge of care | children/month | =[come:const]*[scale]*.children_served_per_entry
held | children the team can hold | children | =.caseworkers*[team]*.children_per_caseworker
reach | reach | share | =IF(.capacity_limited>0,IF([need]>0,IF(.duration_months>0,
 MAX(MIN([held]/MAX(.duration_months,rounding_guard)/[need],1),0),1),1),1)
rate | share of target entries prevented | share
 | =.effect*.chance_of_effect?1*(1-.deadweight)*[realised:const]*[ramp]*[reach]
"""
FOSTERING: Final = """
done | households approved so far, of those stated in all | households
 | =.households*MIN(IF(.recruitment_months>0,SUM([worked:upto])/MAX(.recruitment_months,rounding_guard),
 MAX([worked:upto])),1) | 0
approved | approved in the month | households
 | =[done]-[done:prev]+[worked]*.approvals_annual?0/months_a_year
stop | carers who stop, a month | share | !1-MAX(1-.deregistration_annual,0)^(1/months_a_year)
now | carers who stop with the scheme's support | share
 | =[stop:const]*IF([since]>0,1-.retention_effect,1)
own | new households | households | =[own:prev]*(1-[now])+[approved]+[again] | 0
again | replacing those of them who stop | households | =[own:prev]*[now]*.leavers_replaced_share*[team]
without | existing households without it | households
 | =[without:prev]*(1-[stop:const])+.existing_approvals_annual/months_a_year | .existing_households
with | existing households with it | households
 | =[with:prev]*(1-[now])+.existing_approvals_annual/months_a_year | .existing_households
extra | households more than without it | households | =[own]+[with]-[without]
filled | children in the new places | children
 | =MAX([extra],0)*.places_per_household*.fill_rate*[realised:const]
first | carer recruitment, first | GBP | =-.approval_cost*[approved]
next | carer recruitment, who follow leavers | GBP | =-.approval_cost*[again]
supervision | carer supervision | GBP | =-.supervision_cost_annual*[annual]
 *MAX([extra]-.households_supervised_by_team*IF([active]>0,1,0),0)
constellations | constellations | GBP | =-[active]*.constellations*.constellation_cost_annual*[annual]
"""
AGENCY: Final = """
covered | months that the stated cost covers | share | =MAX(MIN(.managed_teams_months-[t]+1,1),0)
years | years that it covers | years
 | !SUMPRODUCT([annual:all],[covered:all])+MAX(.managed_teams_months-months,0)/months_a_year
yearly | managed teams, a whole year | GBP | !IF([years:const]>0,.managed_teams_cost/[years:const],0)
teams | managed teams, do nothing | GBP
 | =MAX(MIN(.managed_teams_end_months-[t]+1,1),0)*[yearly:const]*[pay]*[annual]
cover | vacancy cover, do nothing | GBP
 | =MAX(MIN(.cover_end_months-[t]+1,1),0)*.cover_cost_annual*(1-.cover_managed_share)*[pay]*[annual]
saved | share of a worker's cost that filling the post saves | share | !IF(.whole_cost>0,1,.premium/(1+.premium))
ends | posts filled that end it | share | =[filled]*[run]*[realised:const]
teams_after | managed teams, with the posts | GBP | =[teams]*(1-[ends])
cover_after | vacancy cover, with the posts | GBP | =[cover]*(1-[ends]*.cover_displaced_share?1*[saved:const])
"""
ESTABLISHMENT: Final = """
gone | months since the last day of those who go | months | =[since]-.redundancy_after_months?0
month | the month they leave | switch | =IF([gone]>0,1,0)*IF([gone]>1,0,1)
"""
REDUNDANT: Final = """
counted | years of service that count | years
 | !IF(INT(.redundancy_service)>=[years_least:const],MIN(INT(.redundancy_service),[years_most:const]),0)
weeks | weeks for each year of service back | weeks | =IF([t]<=[counted:const],
 IF(INT(.redundancy_age)-[t]>=[age_upper:const],[weeks_a_year_41_and_over:const],
 IF(INT(.redundancy_age)-[t]>=[age_middle:const],[weeks_a_year_22_to_40:const],[weeks_a_year_under_22:const])),0)
each | redundancy a leaver | GBP | !SUM([weeks:all])*.redundancy_multiplier?1
 *IF(.redundancy_capped?1>0,MIN(.redundancy_weekly_pay,[cap_weekly_gbp:const]),.redundancy_weekly_pay)
row | redundancy | GBP | =-.posts_redundant*[each:const]*[month]
"""
"""`redundancy.redundancy_weeks` and `redundancy_pay`: the month's number counts years of service back."""
ENDING: Final = """
row | pay of posts that end | GBP
 | =MAX(MIN([gone],1),0)*.posts_redundant*.redundant_post_cost_annual*[pay]*[annual]
"""
LEAVING: Final = (
    (REDUNDANCY, "posts_redundant", ONE_OFF, REDUNDANT),
    (ENDED, "redundant_post_cost_annual", RECURRING, ENDING),
    (PENSION_STRAIN, "pension_strain", ONE_OFF, "row | pension strain | GBP | =-.pension_strain*[month]"),
)
"""Line, the assumption that asks for it, recurrence, and its listing."""
OWN_HOMES: Final = """
beds | children whom the homes can hold | children | =.beds*.occupancy*[ramp]
running | homes: running cost | GBP | =.running_cost_annual*[pay]*[annual]*[active]
paid | capital has been paid by the month's end | switch | =IF([since]+.capital_months_before?0>0,1,0) | 0
capital | capital | GBP | =-.capital_cost?0*MAX([paid]-[paid:prev],0)
grant | grant for capital | GBP | =-[capital]*.capital_grant_share?0
"""
PRICE_CHANGE: Final = "left | price that is left | share | =1-.price_cut*.children_share?1*[ramp]"
STABILITY: Final = """
without | moves, for each child | GBP | =.moves_per_child_annual*.cost_of_move*[annual]
with | moves, for each child, with it | GBP | =[without]*(1-.effect*[ramp])
"""
WHOLE_MONTHS: Final = "whole | whole months since it started, at the month's start | months | =-INT(-[since])-1"
STEPS: Final = {"year": "INT({whole}/months_a_year)>={own:const}-1", "month": "{whole}={own:const}-1"}
"""When a share of a year or month of its own holds; the row's constant says which."""
COST_OR_SAVING: Final = """
profile | share of the full amount | share | =[part]*[ramp]
begun | has begun by the month's end | switch | =IF([since]>0,1,0) | 0
once | the month of its start | switch | =MAX([begun]-[begun:prev],0)
cost | its cost | GBP | =-[profile]*(.cost_annual?0*[annual]+.cost_daily?0*[days])
first | its cost, once | GBP | =-.cost_one_off?0*[once]
saving | what it saves | GBP
 | =[profile]*(.saving_annual?0*[annual]+.saving_daily?0*[days])+.saving_one_off?0*[once]
child_saving ? .saving_per_child_annual .cost_per_child_annual | what it saves, for each child | GBP
 | =[profile]*[annual]*.saving_per_child_annual?0
child_cost ? .saving_per_child_annual .cost_per_child_annual | its cost, for each child | GBP
 | =[profile]*[annual]*.cost_per_child_annual?0
"""
LISTINGS: Final = {
    words.ENTRY_REDUCTION: RAMP + ENTRY_REDUCTION, words.FOSTERING_GROWTH: FOSTERING, words.AGENCY: AGENCY,
    words.OWN_HOMES: RAMP + OWN_HOMES, words.PRICE_CHANGE: RAMP + PRICE_CHANGE, words.STABILITY: RAMP + STABILITY,
    words.COST_OR_SAVING: RAMP + COST_OR_SAVING, words.FIXED_COST: RAMP + COST_OR_SAVING,
}  # fmt: skip
_OF_ANY: Final = (("cost", "", INVESTMENT, RECURRING), ("first", "", INVESTMENT, ONE_OFF))
COSTS: Final = {
    words.FOSTERING_GROWTH: (
        ("first", RECRUITMENT, INVESTMENT, ONE_OFF), ("next", RECRUITMENT, INVESTMENT, RECURRING),
        ("supervision", SUPERVISION, INVESTMENT, RECURRING), ("constellations", CONSTELLATIONS, INVESTMENT, RECURRING),
    ),
    words.OWN_HOMES: (
        ("capital", CAPITAL_LINE, INVESTMENT, ONE_OFF, CAPITAL), ("grant", CAPITAL_LINE, INCOME, ONE_OFF, GRANT),
    ),
    words.COST_OR_SAVING: _OF_ANY, words.FIXED_COST: _OF_ANY,
}  # fmt: skip
"""For a kind, which rows are lines of its costs: row, line (the scheme's title where empty), and the rest of a tag."""


def write_scheme(work: Work, spec: SchemeSpec, stream: Stream) -> None:
    """Write one scheme: its posts, what it costs, and what its kind adds.

    Of one that does not act: what the reserve pays for in any case.
    """
    n, sheet, stated = spec.name, work.sheet, work.case.assumptions
    pools = write_posts(work, spec)
    if not spec.active and spec.kind != words.AGENCY:
        return
    sheet.section(f"{spec.title}: what it does")
    dearer, less = work.case.reference.optimism_bias.get(grade_of(work.case, n), (0.0, 0.0))
    over = "fill" if spec.kind == words.OWN_HOMES else "ramp"
    names: Names = {
        "from": f"{n}.start",
        "end": f"{n}.end",
        "over": f"{n}.{over}_months?0",
        "dearer": dearer,
        "less": less,
    }
    names |= sheet.rows(SINCE + FILLING + SCHEME, names, who=n)
    if spec.active and COSTS.get(spec.kind) != _OF_ANY and stated.keys() & {f"{n}.cost_annual", f"{n}.cost_daily"}:
        work.lines[n, Tag(spec.title, INVESTMENT, RECURRING)].append(sheet.rows(FIXED, names, who=n)["fixed"])
    names |= _beforehand(work, spec, names, pools, stream)
    names |= sheet.rows(LISTINGS.get(spec.kind, ""), names, who=n)
    for key, line, *tag in COSTS.get(spec.kind, ()):
        work.lines[n, Tag(line or spec.title, *tag)].append(names[key])
    spent = work.spent[n]
    if spec.kind == words.AGENCY:
        for own, key, purse in ((MANAGED_TEAMS, "teams", RESERVE), (COVER, "cover", words.GENERAL_FUND)):
            spent.append(Spent(line=own, before=names[key], after=names[f"{key}_after"], purse=purse))
    if "saving" in names:
        spent.append(Spent(line=spec.line or f"{spec.title}: saving", before=names["saving"], after=None))
    if spec.active:
        work.made[n] = names


def _beforehand(work: Work, spec: SchemeSpec, names: Names, pools: Sequence[Names], stream: Stream) -> Names:
    """Write what the listing of a kind rests on and no listing can say."""
    n, sheet, stated = spec.name, work.sheet, work.case.assumptions
    match spec.kind:
        case words.ENTRY_REDUCTION:
            come = stream.entries_annual[[AGES.index(age) for age in spec.ages]].sum() / MONTHS_A_YEAR
            return {"come": float(come), "team": work.at_work(spec, pools, names)}
        case words.FOSTERING_GROWTH:
            lag = f"{n}.approval_lag"
            return {"team": work.at_work(spec, pools, names), "worked": work.at_work(spec, pools, names, lag)}
        case words.COST_OR_SAVING | words.FIXED_COST:
            part, whole = "1", sheet.rows(WHOLE_MONTHS, names, who=n)["whole"]
            for name in (name for name in PROFILE if f"{n}.{name}" in stated):
                span, number, _ = name.split("_")
                begun = STEPS[span].format(whole=whole, own=Row(sheet, sheet.at, sheet.at))
                formula = f"=IF({begun},{n}.{name},{part})"
                part = f"{sheet.add(f'{n}: share of this {span} on', 'share', formula, const=float(number))}"
            return {"part": part}
        case words.ESTABLISHMENT:
            asked = [leaving for leaving in LEAVING if f"{n}.{leaving[1]}" in stated]
            names |= sheet.rows(ESTABLISHMENT, names, who=n) if asked else {}
            for line, _, recurrence, listing in asked:
                rules = rules_on(work.case.reference.pay, spec.start) if line == REDUNDANCY else {}
                given = "".join(f"{r} | {r.replace('_', ' ')} | {r.split('_')[0]} | :{r}\n" for r in rules)
                made = sheet.rows(given + listing, {**names, **rules}, who=n)
                work.lines[n, Tag(line, INVESTMENT, recurrence)].append(made["row"])
    return {}


def per_child(spec: SchemeSpec, names: Mapping[str, Row]) -> list[tuple[str, str, str]]:
    """`Scheme.per_child`: line, and what a child costs without and with a scheme."""
    if spec.kind == words.STABILITY:
        return [(MOVES, f"{names['without']}", f"{names['with']}")]
    if "child_saving" in names:
        line = spec.line or f"{spec.title}: saving"
        return [(line, f"{names['child_saving']}", "0"), (spec.title, "0", f"{names['child_cost']}")]
    return []
