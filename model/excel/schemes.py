"""What each kind of scheme does and costs: a function for each class of `model.schemes`, a row for each array."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from model.case import words
from model.case.timeline import MONTHS_A_YEAR
from model.case.words import INVESTMENT, ONE_OFF, RECURRING
from model.children.law import AGES
from model.excel.children import Places, Reduction
from model.excel.staff import at_work, realised, write_bias, write_posts
from model.schemes.agency import COVER, DISPLACED, MANAGED_TEAMS, ONE_FOR_ONE
from model.schemes.base import rate_a_month
from model.schemes.cashflows import Tag
from model.schemes.establishment import ENDED, PENSION_STRAIN, REDUNDANCY
from model.schemes.fostering import CONSTELLATIONS, RECRUITMENT, SUPERVISION
from model.schemes.staff.redundancy import rules_on

if TYPE_CHECKING:
    from model.case.records import SchemeSpec
    from model.children.opening import Stream
    from model.excel.grid import Row
    from model.excel.staff import Work

KNOWN = (words.ENTRY_REDUCTION, words.FOSTERING_GROWTH, words.AGENCY, words.ESTABLISHMENT, words.FIXED_COST)


def entry_reduction(work: Work, spec: SchemeSpec, scale: Row, stream: Stream) -> Reduction:
    """`EntryReductionScheme`: ramp, reach and rate; what it prevents is the caseload's business."""
    n, add, curve = spec.name, work.sheet.add, work.curve(spec)
    work.sheet.section(f"{spec.title}: what it prevents")
    middle = f"AVERAGE({curve.elapsed},{curve.elapsed}-{curve.active})"
    ramp = add(
        f"{n}: ramp",
        "share",
        f"={curve.active}*{work.between(f'IF({n}.ramp_months>0,{middle}/MAX({n}.ramp_months,rounding_guard),1)')}",
    )
    come = stream.entries_annual.sum(axis=1)[[AGES.index(age) for age in spec.ages]].sum() / MONTHS_A_YEAR
    target = add(
        f"{n}: entrants a month of its ages, first year, fitted in Python",
        "children/month",
        const=float(come),
        style="pasted",
    )
    need = add(
        f"{n}: children on the edge of care", "children/month", f"={target:const}*{scale}*{n}.children_served_per_entry"
    )
    team = at_work(work, spec)
    held = add(f"{n}: children the team can hold", "children", f"={n}.caseworkers*{team}*{n}.children_per_caseworker")
    whole = f"IF({n}.duration_months>0,{work.between(f'{held}/MAX({n}.duration_months,rounding_guard)/{need}')},1)"
    reach = add(f"{n}: reach", "share", f"=IF({n}.capacity_limited>0,IF({need}>0,{whole},1),1)")
    chance = work.name(f"{n}.chance_of_effect", 1.0)
    rate = add(
        f"{n}: share of target entries prevented",
        "share",
        f"={n}.effect*{chance}*(1-{n}.deadweight){realised(work, n)}*{ramp}*{reach}",
    )
    fade = rate_a_month(np.array([work.case.assumptions[f"{n}.fade_annual"].value]))[0]
    stated = f"{n}.short_stay_share"
    return Reduction(
        name=n,
        ages=spec.ages,
        fade=float(fade),
        rate=rate,
        short_share=stated if stated in work.case.assumptions else "",
    )


def fostering(work: Work, spec: SchemeSpec) -> Places:
    """`FosteringGrowth`: households, filled places, and its own costs."""
    n, add, cal = spec.name, work.sheet.add, work.cal
    curve = work.curve(spec)
    work.sheet.section(f"{spec.title}: households and places")
    over, team, worked = f"{n}.recruitment_months", at_work(work, spec), at_work(work, spec, f"{n}.approval_lag")
    share = f"MIN(IF({over}>0,SUM({worked:upto})/MAX({over},rounding_guard),MAX({worked:upto})),1)"
    done = add(
        f"{n}: households approved so far, of those stated in all", "households", f"={n}.households*{share}", before=0.0
    )
    yearly = work.name(f"{n}.approvals_annual")
    approved = add(f"{n}: approved in the month", "households", f"={done}-{done:prev}+{worked}*{yearly}/months_a_year")
    stop = add(
        f"{n}: carers who stop, a month", "share", const=f"=1-MAX(1-{n}.deregistration_annual,0)^(1/months_a_year)"
    )
    now = add(
        f"{n}: carers who stop with the scheme's support",
        "share",
        f"={stop:const}*IF({curve.elapsed}>0,1-{n}.retention_effect,1)",
    )
    at = work.sheet.at
    new, replaced = work.sheet.row_at(at), work.sheet.row_at(at + 1)
    own = add(f"{n}: new households", "households", f"={new:prev}-{new:prev}*{now}+{approved}+{replaced}", before=0.0)
    again = add(
        f"{n}: replacing those of them who stop", "households", f"={own:prev}*{now}*{n}.leavers_replaced_share*{team}"
    )
    arrive = f"{n}.existing_approvals_annual/months_a_year"
    old, kept = work.sheet.row_at(work.sheet.at), work.sheet.row_at(work.sheet.at + 1)
    without = add(
        f"{n}: existing households without it",
        "households",
        f"={old:prev}*(1-{stop:const})+{arrive}",
        before=f"={n}.existing_households",
    )
    with_it = add(
        f"{n}: existing households with it",
        "households",
        f"={kept:prev}*(1-{now})+{arrive}",
        before=f"={n}.existing_households",
    )
    extra = add(f"{n}: households more than without it", "households", f"={own}+{with_it}-{without}")
    filled = add(
        f"{n}: children in the new places",
        "children",
        f"=MAX({extra},0)*{n}.places_per_household*{n}.fill_rate{realised(work, n)}",
    )
    supervised = f"MAX({extra}-{n}.households_supervised_by_team*IF({curve.active}>0,1,0),0)"
    costs = (
        (RECRUITMENT, ONE_OFF, f"=-{n}.approval_cost*{approved}"),
        (RECRUITMENT, RECURRING, f"=-{n}.approval_cost*{again}"),
        (SUPERVISION, RECURRING, f"=-{supervised}*{n}.supervision_cost_annual*{cal.annual}"),
        (CONSTELLATIONS, RECURRING, f"=-{curve.active}*{n}.constellations*{n}.constellation_cost_annual*{cal.annual}"),
    )
    for title, recurrence, formula in costs:
        label = f"{n}: {title.lower()}{', first' if recurrence == ONE_OFF else ''}"
        work.line(n, Tag(title, INVESTMENT, recurrence), add(label, "GBP", formula))
    return Places(name=n, filled=filled)


def establishment(work: Work, spec: SchemeSpec) -> None:
    """`Establishment._leaving` and `_ended`: redundancy and strain as the leavers go, and their pay after."""
    n, add = spec.name, work.sheet.add
    redundant, strain = f"{n}.posts_redundant", f"{n}.pension_strain"
    spared = f"{n}.redundant_post_cost_annual"
    if not {redundant, strain, spared} & work.case.assumptions.keys():
        return
    work.sheet.section(f"{spec.title}: posts that end")
    gone = add(
        f"{n}: months since the last day",
        "months",
        f"={work.curve(spec).elapsed}-{work.name(f'{n}.redundancy_after_months')}",
    )
    month = add(f"{n}: the month they leave", "switch", f"=IF({gone}>0,1,0)*IF({gone}>1,0,1)")
    if redundant in work.case.assumptions:
        each = _redundancy(work, spec)
        row = add(f"{n}: redundancy", "GBP", f"=-{redundant}*{each:const}*{month}")
        work.line(n, Tag(REDUNDANCY, INVESTMENT, ONE_OFF), row)
    if spared in work.case.assumptions:
        pay = f"(1+growth.pay_real_annual)^({work.cal.year}-1)*{work.cal.annual}"
        row = add(f"{n}: posts no longer paid", "GBP", f"={work.between(f'{gone}')}*{redundant}*{spared}*{pay}")
        work.line(n, Tag(ENDED, INVESTMENT, RECURRING), row)
    if strain in work.case.assumptions:
        row = add(f"{n}: pension strain", "GBP", f"=-{strain}*{month}")
        work.line(n, Tag(PENSION_STRAIN, INVESTMENT, ONE_OFF), row)


def _redundancy(work: Work, spec: SchemeSpec) -> Row:
    """`redundancy.redundancy_weeks` and `redundancy_pay`: the month's number counts years of service back."""
    n, add, rules = spec.name, work.sheet.add, rules_on(work.case.reference.pay, spec.start)
    fixed = {
        key: add(f"{n}: {label}", unit, const=float(value), style="input")
        for key, label, unit, value in (
            ("upper", "age of the higher rate", "years", rules.age_upper),
            ("middle", "age of the middle rate", "years", rules.age_middle),
            ("old", "weeks a year at the higher rate", "weeks", rules.weeks_41_and_over),
            ("mid", "weeks a year at the middle rate", "weeks", rules.weeks_22_to_40),
            ("young", "weeks a year below it", "weeks", rules.weeks_under_22),
            ("least", "years of service at least", "years", rules.years_least),
            ("most", "years counted at most", "years", rules.years_most),
            ("cap", "a week's pay at most", "GBP", rules.cap_weekly_gbp),
        )
    }  # fmt: skip
    age, served, back = f"INT({n}.redundancy_age)", f"INT({n}.redundancy_service)", work.cal.month
    counted = f"IF({served}>={fixed['least']:const},MIN({served},{fixed['most']:const}),0)"
    younger = f"IF({age}-{back}>={fixed['middle']:const},{fixed['mid']:const},{fixed['young']:const})"
    rate = f"IF({age}-{back}>={fixed['upper']:const},{fixed['old']:const},{younger})"
    weeks = add(f"{n}: weeks for each year of service back", "weeks", f"=IF({back}<={counted},{rate},0)")
    capped, times = work.name(f"{n}.redundancy_capped", 1.0), work.name(f"{n}.redundancy_multiplier", 1.0)
    pay = f"{n}.redundancy_weekly_pay"
    return add(
        f"{n}: redundancy a leaver",
        "GBP",
        const=f"=SUM({weeks:all})*IF({capped}>0,MIN({pay},{fixed['cap']:const}),{pay})*{times}",
    )


def fixed_cost(work: Work, spec: SchemeSpec) -> None:
    """`Scheme._fixed`: what a scheme of any kind costs a year or a day, where the case states it."""
    n, cal = spec.name, work.cal
    if not {f"{n}.cost_annual", f"{n}.cost_daily"} & work.case.assumptions.keys():
        return
    yearly, daily = work.name(f"{n}.cost_annual"), work.name(f"{n}.cost_daily")
    row = work.sheet.add(
        f"{n}: its cost", "GBP", f"=-{work.curve(spec).active}*({yearly}*{cal.annual}+{daily}*{cal.days})"
    )
    work.line(n, Tag(spec.title, INVESTMENT, RECURRING), row)


def agency(work: Work, spec: SchemeSpec) -> dict[str, tuple[Row, Row]]:
    """`Agency.spending`: line -> (do-nothing spending, spending with the scheme)."""
    n, add, cal, curve = spec.name, work.sheet.add, work.cal, work.curve(spec)
    work.sheet.section(f"{spec.title}: agency staff")

    def until(parameter: str) -> str:
        return work.between(f"{n}.{parameter}-{cal.month}+1")

    months = f"{n}.managed_teams_months"
    covered = add(f"{n}: months that the stated cost covers", "share", f"={work.between(f'{months}-{cal.month}+1')}")
    years = f"(SUMPRODUCT({cal.annual:all},{covered:all})+MAX({months}-months,0)/months_a_year)"
    teams_a_year = add(
        f"{n}: managed teams, a whole year", "GBP", const=f"=IF({months}>0,{n}.managed_teams_cost/{years},0)"
    )
    pay = f"(1+growth.pay_real_annual)^({cal.year}-1)*{cal.annual}"
    teams = add(
        f"{n}: managed teams, do nothing", "GBP", f"={until('managed_teams_end_months')}*{teams_a_year:const}*{pay}"
    )
    cover_a_year = f"{n}.cover_cost_annual*(1-{n}.cover_managed_share)"
    cover = add(f"{n}: vacancy cover, do nothing", "GBP", f"={until('cover_end_months')}*{cover_a_year}*{pay}")
    saved = add(
        f"{n}: share of a worker's cost that filling the post saves",
        "share",
        const=f"=IF({n}.whole_cost>0,1,{n}.premium/(1+{n}.premium))",
    )
    ended = f"{curve.filled}{realised(work, n)}*{work.name(f'{n}.{DISPLACED}', ONE_FOR_ONE)}"
    teams_after = add(f"{n}: managed teams, with the posts", "GBP", f"={teams}*(1-{curve.filled}{realised(work, n)})")
    cover_after = add(f"{n}: vacancy cover, with the posts", "GBP", f"={cover}*(1-{ended}*{saved:const})")
    return {MANAGED_TEAMS: (teams, teams_after), COVER: (cover, cover_after)}


def write_scheme(
    work: Work, spec: SchemeSpec, scale: Row, stream: Stream
) -> tuple[Reduction | None, Places | None, dict[str, tuple[Row, Row]]]:
    """Write one scheme: its posts and what its kind adds. Return its levers and its own spending lines."""
    write_bias(work, spec.name)
    write_posts(work, spec)
    fixed_cost(work, spec)
    if spec.kind == words.ENTRY_REDUCTION:
        return entry_reduction(work, spec, scale, stream), None, {}
    if spec.kind == words.FOSTERING_GROWTH:
        return None, fostering(work, spec), {}
    if spec.kind == words.AGENCY:
        return None, None, agency(work, spec)
    if spec.kind == words.ESTABLISHMENT:
        establishment(work, spec)
    return None, None, {}
