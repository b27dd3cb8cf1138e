# ruff: noqa: E501 - the tables are read as they stand
"""A small, complete, valid and wholly invented case that tests may write and then change.

path = write_case(tmp_path)                                         # inputs/exampleshire, ready to load
path = write_case(tmp_path, assumptions={"fostering.fill_rate": {"value": "0.9"}})
path = write_case(tmp_path, scenarios={"mine": 'title = "Mine"\\nwhy = "To see."\\n[overrides]\\n'})
path = write_case(tmp_path, files={"caseload.csv": "..."})           # a whole file, as it stands
"""

import csv
import io
from pathlib import Path

from model.case.parameters import AGE_BANDS, PLACEMENTS
from model.case.reading import pay_files
from model.case.reading.problems import InputProblems

CASE_TOML = """\
name = "exampleshire"
title = "Example restructure"
council = "Exampleshire Council"
start = 2022-04-01
horizon_years = 10
shown_years = 5
price_base = "2022/23"
knowledge_date = 2022-07-13
published_scenario = "as-published"
base_scenario = "base"

[conventions]
weeks_per_year = "365/7"
discount_rate = "green_book_standard"
price_index = "planning"

[perimeters]
invest_to_save = ["fostering", "edge_of_care"]

[[schemes]]
name = "fostering"
title = "In-house fostering growth"
kind = "fostering_growth"
start = 2023-01-01
source = "invented"

[[schemes]]
name = "edge_of_care"
title = "Edge of care team"
kind = "entry_reduction"
start = 2023-01-01
ages = ["8_9", "10_15", "16_17"]
source = "invented"

[[schemes]]
name = "improvement"
title = "The rest of the restructure"
kind = "establishment"
start = 2023-01-01
source = "invented"

[[schemes]]
name = "agency"
title = "Fewer agency teams"
kind = "agency"
start = 2023-01-01
active = false
source = "invented"

[[schemes]]
name = "associated"
title = "Associated costs"
kind = "fixed_cost"
start = 2023-01-01
source = "invented"

[funding]
reserve_until = 2023-03-31
reserve_name = "Children's reserve"

[[correlations]]
a = "price.ifa_foster_weekly"
b = "price.residential_weekly"
rho = 0.5
source = "invented"
"""

ASSUMPTION_COLUMNS = ["name", "value", "low", "high", "distribution", "unit", "price_base", "source", "as_at", "quality",
                      "impact", "owner", "note", "label"]  # fmt: skip
_OWN = {"team_in_line": "Edge of care team inside its line", "fixed_term_months": "Months of the fixed terms",
        "report.places": "Places in the report"}  # fmt: skip

# name, value, low, high, distribution, unit; money is in 2022/23 prices
_ASSUMPTIONS = """\
price.in_house_foster_weekly,350,300,400,pert,GBP/week
price.ifa_foster_weekly,800,700,900,pert,GBP/week
price.family_and_friends_weekly,200,,,fixed,GBP/week
price.residential_weekly,4000,3000,5500,pert,GBP/week
price.supported_accommodation_weekly,1000,,,fixed,GBP/week
price.parents_weekly,50,,,fixed,GBP/week
price.adoption_weekly,0,,,fixed,GBP/week
price.other_weekly,500,,,fixed,GBP/week
cost.entry,5000,2500,10000,lognormal,GBP/child
cost.exit_under_18,3000,,,fixed,GBP/child
cost.exit_at_18,8000,,,fixed,GBP/child
cost.diverted_child,4000,2000,6000,normal,GBP/child
caseload.share_5_9_aged_8_9,0.4,,,fixed,share
caseload.entries_multiplier,1,0.9,1.1,normal,ratio
caseload.entries_growth_annual,0.01,-0.01,0.03,uniform,rate/year
caseload.exits_multiplier,1,0.9,1.1,normal,ratio
growth.placement_prices_real_annual,0.01,0,0.02,uniform,rate/year
growth.pay_real_annual,0,,,fixed,rate/year
establishment.months_to_fill,4,1,9,pert,months
establishment.vacancy_share,0.05,,,fixed,share
cashable.contract_step_ifa_foster,1,,,fixed,children
cashable.contract_step_residential,1,,,fixed,children
reserve.opening,2000000,1000000,3000000,uniform,GBP
reserve.minimum,500000,,,fixed,GBP
reserve.commitments_annual,100000,,,fixed,GBP/year
fostering.households,12,6,18,pert,households
fostering.delay,0,,,fixed,months
fostering.approval_lag,9,6,12,pert,months
fostering.recruitment_months,24,,,fixed,months
fostering.deregistration_annual,0.1,,,fixed,rate/year
fostering.leavers_replaced_share,0.5,,,fixed,share
fostering.places_per_household,1.7,,,fixed,places/household
fostering.fill_rate,0.62,0.5,0.75,beta,share
fostering.transferring_share,0.3,0.1,0.5,pert,share
fostering.inflow_limited,1,,,fixed,switch
fostering.existing_households,60,,,fixed,households
fostering.existing_approvals_annual,6,,,fixed,households/year
fostering.retention_effect,0,,,fixed,share
fostering.approval_cost,4000,,,fixed,GBP/household
fostering.supervision_cost_annual,3500,,,fixed,GBP/household/year
fostering.households_supervised_by_team,6,,,fixed,households
fostering.constellations,0,,,fixed,count
fostering.constellation_cost_annual,50000,,,fixed,GBP/year
edge_of_care.effect,0.2,0.1,0.3,pert,share
edge_of_care.delay,0,,,fixed,months
edge_of_care.ramp_months,12,,,fixed,months
edge_of_care.deadweight,0.2,,,fixed,share
edge_of_care.fade_annual,0.1,,,fixed,rate/year
edge_of_care.caseworkers,5,,,fixed,fte
edge_of_care.children_per_caseworker,8,,,fixed,children/worker
edge_of_care.duration_months,6,,,fixed,months
edge_of_care.children_served_per_entry,2,,,fixed,children/child
edge_of_care.capacity_limited,1,,,fixed,switch
agency.managed_teams_cost,600000,,,fixed,GBP
agency.managed_teams_months,6,,,fixed,months
agency.managed_teams_end_months,24,,,fixed,months
agency.cover_cost_annual,900000,,,fixed,GBP/year
agency.cover_managed_share,0.5,,,fixed,share
agency.premium,0.3,,,fixed,share
agency.whole_cost,0,,,fixed,switch
agency.cover_end_months,36,,,fixed,months
associated.cost_annual,60000,,,fixed,GBP/year
associated.cost_daily,30,,,fixed,GBP/day
team_in_line,1,,,fixed,switch
fixed_term_months,12,,,fixed,months
report.places,20,,,fixed,children
"""

ESTABLISHMENT_COLUMNS = ["id", "team", "post", "grade", "fte_current", "fte_proposed", "change_annual_cost_gbp", "start",
                         "charged_to", "included_in", "included_when", "funding", "basis", "already_filled_months",
                         "recruited", "service_line", "source", "note"]  # fmt: skip

_ESTABLISHMENT = """\
fostering_team,Fostering,Supervising social workers,11,6,9,128073,,fostering,,,general_fund,year,,yes,Regulated,invented,
fostering_marketing,Fostering,Marketing,,0,0,20000,,fostering,,,general_fund,year,,no,Regulated,invented,
on_call,Fostering,On-call rota,,0,0,10950,,fostering,,,general_fund,day,,no,Regulated,invented,
safeguarding,Safeguarding,Social workers,10,40,50,600000,,improvement,,,general_fund,year,,yes,Safeguarding,invented,
safeguarding_managers,Safeguarding,Team managers,13,5,7,140000,,improvement,,,general_fund,year,,yes,Safeguarding,invented,
eoc_team,Safeguarding,Edge of care workers,9,0,6,307000,,edge_of_care,safeguarding,team_in_line,general_fund,year,,yes,Safeguarding,invented,memo
early_help,Early Help,Family workers,7,10,14,150000,,improvement,,,general_fund,year,,yes,Early Help,invented,
early_help_less,Early Help,Coordinators,8,2,1,-45000,,improvement,,,general_fund,year,,no,Early Help,invented,
business_support,Business Support,Administrators,5,10,17,210000,,improvement,,,general_fund,year,fixed_term_months,yes,Business Support,invented,
education,Education,Skills manager,12,0,1,70000,2023-04-01,improvement,,,dsg,year,,yes,Education,invented,
lado,Safeguarding,Designated officer,12,0.85,1,8405,,improvement,safeguarding,,general_fund,year,,no,Safeguarding,invented,memo
panel,Fostering,Panel adviser,11,0.5,1,26000,,improvement,,,partner,year,,yes,Regulated,invented,
"""

CASELOAD = """\
age_band,placement,stream,children,entries_annual,exits_annual,moves_to_ifa_foster_annual,source,note
under_1,all,general,20,25,10,,invented,
1_4,all,general,50,18,20,,invented,
5_9,all,general,70,20,20,,invented,
10_15,all,general,130,30,25,,invented,
16_17,all,general,60,12,10,,invented,
all,in_house_foster,general,100,,,,invented,
all,ifa_foster,general,90,,,,invented,
all,family_and_friends,general,50,,,,invented,
all,residential,general,35,,,,invented,
all,supported_accommodation,general,15,,,,invented,
all,parents,general,25,,,,invented,
all,adoption,general,10,,,,invented,
all,other,general,5,,,,invented,
16_17,supported_accommodation,uasc,12,6,,,invented,
"""

APPROVED_BUDGET = """\
line,financial_year,value_gbp,source
IFA foster placements,2022/23,3700000,invented
IFA foster placements,2023/24,3800000,invented
Residential placements,2022/23,7000000,invented
"""

PUBLISHED = """\
ref,statement,value,unit,precision,formula,expected,note
5.1,Saving from twenty placements,417143,GBP,1,report.places * (price.ifa_foster_weekly - price.in_house_foster_weekly) * 52.142857142857146,reconciles,
5.2,Placement cost in house,0.365,GBPm,0.001,report.places * price.in_house_foster_weekly * weeks_per_year / 1000000,reconciles,
5.3,Children to break even,7,children,1,ceil(est.fostering_team.cost / ((price.ifa_foster_weekly - price.in_house_foster_weekly) * weeks_per_year)),reconciles,
10.1,Safeguarding in all,740001,GBP,1,est.sum(Safeguarding),rounding,a slip of the paper's own
10.2,Early help posts,4,fte,0.1,est.sum_fte("Early Help"),differs,it prints the posts added without the one removed
10.3,Savings from edge of care,0.5,GBPm,0.1,,not_derivable,
"""

ACTUALS = """\
period,measure,value,unit,source
2022/23,children in care at year end,350,children,invented
2022-09,approved foster households,58,households,invented
"""

DISCOUNT_RATES = """\
name,rate_annual,source,as_at,quality,note
green_book_standard,0.035,invented,2022-03-30,green,
"""

PRICE_INDICES = """\
series,financial_year,change,source,as_at,quality,note
planning,2020/21,,invented,2022-03-23,amber,
planning,2021/22,0.02,invented,2022-03-23,amber,
planning,2022/23,0.04,invented,2022-03-23,amber,
planning,2023/24,0.03,invented,2022-03-23,amber,
planning,later,0.02,invented,2022-03-23,amber,
outturn,2020/21,,invented,2024-03-30,green,
outturn,2021/22,0.02,invented,2024-03-30,green,
outturn,2022/23,0.07,invented,2024-03-30,green,
outturn,later,0.02,invented,2024-03-30,green,
"""

CASELOAD_SEED = "age_band,placement,weight,source\n" + "".join(
    f"{age},{placement},1,invented\n" for age in AGE_BANDS for placement in PLACEMENTS
)  # all cells alike
STAYS = "months,left_share,source\n6,,invented\n12,,invented\n24,,invented\n"  # nothing known of short stays

SCENARIOS = {
    "base": 'title = "Base"\nwhy = "Best evidence."\n\n[overrides]\n',
    "as-published": """\
title = "As published"
why = "The paper's own assumptions."

[overrides]
"price.ifa_foster_weekly" = 750
"price.in_house_foster_weekly" = 350
"fostering.households" = 12
"fostering.places_per_household" = 1.6666666666666667
"fostering.fill_rate" = 1.0
"fostering.deregistration_annual" = 0
"fostering.leavers_replaced_share" = 0
"fostering.transferring_share" = 1.0
"fostering.inflow_limited" = 0
""",
    "do-nothing": 'title = "Do nothing"\nwhy = "The counterfactual alone."\n\n[overrides]\nschemes = []\n',
    "fostering-only": 'title = "Fostering"\nwhy = "One scheme."\n\n[overrides]\nschemes = ["fostering"]\n',
    "hindsight": """\
title = "Hindsight"
why = "What happened to prices since."

[overrides]
"conventions.hindsight" = true
"conventions.price_index" = "outturn"
"price.ifa_foster_weekly" = { value = 900, low = 850, high = 1000, distribution = "pert", as_at = "2024-01-31", source = "invented" }
""",
}


def assumption_rows():
    """Rows of `assumptions.csv` as dictionaries of text, in order."""
    rows = []
    for line in _ASSUMPTIONS.splitlines():
        name, value, low, high, distribution, unit = line.split(",")
        money = unit.startswith("GBP")
        rows.append({"name": name, "value": value, "low": low, "high": high, "distribution": distribution, "unit": unit,
                     "price_base": "2022/23" if money else "", "source": "invented", "as_at": "2022-03-31",
                     "quality": "amber", "impact": "amber", "owner": "finance analyst", "note": "",
                     "label": _OWN.get(name, "")})  # fmt: skip
    return rows


def csv_text(columns, rows):
    """A CSV text of dictionaries."""
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def write_case(tmp_path, *, name="exampleshire", assumptions=None, case_toml=None, scenarios=None, files=None):
    """Write `tmp_path/inputs/<name>` and `tmp_path/inputs/reference`; return the case's folder.

    `assumptions`: name -> columns to change, None to leave the row out; an unknown name adds a row (it takes its other
    columns from a plain red one). `case_toml`: a text in the place of CASE_TOML. `scenarios`: name -> text, besides
    SCENARIOS. `files`: path below inputs/<name> (or `../reference/...`) -> text or bytes, None to leave the file out.
    """
    changes = dict(assumptions or {})
    rows = []
    for row in assumption_rows():
        change = changes.pop(row["name"], {})
        if change is not None:
            rows.append({**row, **change})
    plain = {**assumption_rows()[-1], "quality": "red"}
    rows.extend({**plain, "name": added, **change} for added, change in changes.items())
    folder = Path(tmp_path) / "inputs" / name
    contents = {
        "case.toml": case_toml or CASE_TOML,
        "assumptions.csv": csv_text(ASSUMPTION_COLUMNS, rows),
        "establishment.csv": ",".join(ESTABLISHMENT_COLUMNS) + "\n" + _ESTABLISHMENT,
        "caseload.csv": CASELOAD,
        "approved_budget.csv": APPROVED_BUDGET,
        "published.csv": PUBLISHED,
        "actuals.csv": ACTUALS,
        "../reference/prices/discount_rates.csv": DISCOUNT_RATES,
        "../reference/prices/price_indices.csv": PRICE_INDICES,
        "../reference/demand/caseload_seed.csv": CASELOAD_SEED,
        "../reference/demand/stays.csv": STAYS,
        **{f"scenarios/{title}.toml": text for title, text in {**SCENARIOS, **(scenarios or {})}.items()},
        **(files or {}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in contents.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def write_reference(inputs):
    """Write the reference tables that every case needs into a folder of cases."""
    tables = {
        "prices/discount_rates.csv": DISCOUNT_RATES, "prices/price_indices.csv": PRICE_INDICES,
        "demand/caseload_seed.csv": CASELOAD_SEED, "demand/stays.csv": STAYS,
    }  # fmt: skip
    for name, text in tables.items():
        path = Path(inputs) / "reference" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def pay_tables(*folders):
    """The pay tables of these folders, the shared one first; InputProblems with all that is wrong with them."""
    problems = []
    tables = pay_files.read(folders, problems)
    if problems:
        raise InputProblems(problems)
    return tables
