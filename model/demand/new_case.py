"""A runnable case for any authority: its caseload from published tables, placeholders for what only it knows.

Placeholders come from ``inputs/reference/new_case``, every one of them red and named as such. What the tables hold for
the authority (caseload, weekly costs, foster places, past totals) replaces its placeholder.
"""

import datetime as dt
import shutil
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pandas as pd

from model.case.draws import central
from model.case.parameters import PLACEMENT_LINES, PLACEMENTS, STREAMS
from model.case.records import NO_BUDGET, Case
from model.demand.authority import tool_value
from model.demand.blank_case import called, new_folder
from model.demand.build import tables_demand, tables_of
from model.demand.codes import REFERENCE
from model.demand.dfe import DfeTables
from model.demand.levels import yearly
from model.demand.returns import demand_with_returns
from model.money.portfolio import evaluate
from model.schemes.load import load_case

TEMPLATE: Final = REFERENCE / "new_case"
BUDGET: Final = "approved_budget.csv"
_COPIED: Final = ("establishment.csv", "published.csv", BUDGET, "actuals.csv")
_BUDGET_SOURCE: Final = (
    "Placeholder (red): the children in placement at the start x the price in assumptions.csv; not a figure of the "
    "council"
)
_BUDGET_NOTE: Final = (
    "In every draw and scenario it holds these children at that draw's own price. Replace with what the medium term "
    "financial plan holds."
)
_YOURS: Final = "change it to the day of your own decision; no assumption of base may be of a later date"
_ODD_RATIO: Final = 2.5
"""A weekly cost more than so many times England's, or less than that part of it, is a slip of the return."""
_TOOL: Final = "DfE Local Authority Interactive Tool"
_FOSTER: Final = ("in_house_foster", "ifa_foster", "family_and_friends")
_UNPRICED: Final = ("supported_accommodation", "other")
"""Placements that no published weekly cost is for: the council's average child stands in."""
_PAST: Final = {
    "children_looked_after": ("stock", "cla_31_march", "{year}-03-31"),
    "children_started": ("starts", "cla_starts", "{before}/{short:02d}"),
    "children_ceased": ("ceased", "", "{before}/{short:02d}"),
}
"""A measure of ``actuals.csv``: of the totals table, of the Interactive Tool, and how its period is written."""


def make_case(  # noqa: PLR0913 - each is a word of the command
    case: str, authority: str, dfe: Path, *, year: int | None, inputs: Path, ssda903: Path | None = None
) -> list[str]:
    """Write ``inputs/<case>`` and return what to tell the person.

    The caseload is from DfE's tables, or from the council's own returns (`ssda903`), and the case starts the day after.
    Raises ``InputProblems`` for a name that is no folder's, a case that exists, or an authority not in the tables.
    """
    tables = tables_of(dfe)
    with new_folder(case, inputs) as folder:
        built = demand_with_returns(dfe, ssda903, authority) if ssda903 else tables_demand(tables, authority, year)
        for name in _COPIED:
            shutil.copyfile(TEMPLATE / name, folder / name)
        shutil.copytree(TEMPLATE / "scenarios", folder / "scenarios")
        caseload = built.files["caseload.csv"]
        held = children_by_placement(caseload)
        fostering = children_by_placement(caseload, ["general"])["ifa_foster"] > 0
        toml = _case_toml(case, built.authority, built.year, fostering=fostering)
        (folder / "case.toml").write_text(toml, encoding="utf-8")
        priced = priced_year(tables, built.authority, built.year)
        local = local_assumptions(tables, built.authority, priced, held)
        rows = pd.concat(
            [with_local(_template(), local), built.files["assumptions.csv"].astype(str)], ignore_index=True
        )
        files = {"caseload.csv": caseload, "assumptions.csv": rows, "actuals.csv": past_totals(tables, built.authority)}
        for name, frame in files.items():
            frame.to_csv(folder / name, index=False, lineterminator="\n")
        made = load_case(folder)
        budget = opening_budget(made)
        budget.to_csv(folder / BUDGET, index=False, lineterminator="\n")
        cost = sum(float(value) for value in budget["value_gbp"])
        beside = _beside_section_251(made, folder, tables, (built.authority, priced), held)
    red, name = int((rows["quality"] == "red").sum()), called(case, inputs)
    return [
        f"made {inputs / case} for {built.authority}: caseload of 31 March {built.year}",
        *built.lines[1:],
        f"{BUDGET} holds the opening children at each draw's own price, £{cost:,.0f} in "
        f"{made.timeline.financial_years[0]}: a placeholder for the council's plan, which decides what is cashable"
        if len(budget)
        else NO_BUDGET,
        beside,
        f"knowledge_date in case.toml is {known_by(built.year)}: {_YOURS}",
        f"{len(local)} assumptions are {built.authority}'s own published figures; {red} are red: replace them, then",
        f"python3 workbook.py model check {name}, and python3 workbook.py run {name}",
    ]


def children_by_placement(caseload: pd.DataFrame, streams: Iterable[str] = STREAMS) -> dict[str, float]:
    """Return the children of these streams in each placement, whether the rows give cells or totals."""
    rows = caseload[caseload["stream"].isin(list(streams)) & caseload["placement"].isin(PLACEMENTS)]
    found = pd.to_numeric(rows["children"], errors="coerce").groupby(rows["placement"]).sum()
    return {placement: float(found.get(placement, 0.0)) for placement in PLACEMENTS}


def _case_toml(case: str, authority: str, year: int, *, fostering: bool) -> str:
    """Return ``case.toml``; without `fostering` the scheme that would act on nobody is there, but not active."""
    text = (TEMPLATE / "case.toml").read_text(encoding="utf-8")
    values = {
        "case": case,
        "authority": authority,
        "start": f"{year}-04-01",
        "price_base": f"{year}/{(year + 1) % 100:02d}",
        "knowledge_date": known_by(year).isoformat(),
    }
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    idle = 'kind = "fostering_growth"\n'
    return text if fostering else text.replace(idle, f"{idle}active = false  # no child is with an agency\n")


def known_by(year: int) -> dt.date:
    """Return the day up to which a new case may know: by a year after 31 March DfE has published all its tables.

    Never before its placeholders were known themselves.
    """
    return max(dt.date(year + 1, 3, 31), *(dt.date.fromisoformat(day) for day in _template()["as_at"]))


@cache
def _template() -> pd.DataFrame:
    """Return the placeholders as text; read once, and never changed by those who read it."""
    return pd.read_csv(TEMPLATE / "assumptions.csv", dtype=str, keep_default_na=False)


# The authority's own figures ------------------------------------------------------------------------------------------


def priced_year(tables: DfeTables, authority: str, year: int) -> int:
    """Return the newest year up to `year` of which the Interactive Tool has section 251 costs of the authority."""
    rows = tables.unit_costs
    costs = rows["measure"].str.startswith("s251_") & (rows["value"] > 0)
    held = rows.loc[costs & (rows["name"] == authority) & (rows["year"] <= year), "year"]
    return int(held.max()) if len(held) else year


def local_assumptions(tables: DfeTables, authority: str, year: int, held: Mapping[str, float]) -> pd.DataFrame:
    """Return name, scale (of the placeholder, or value), price_base, source of what the tables hold for the authority.

    Homes: section 251's weekly cost. Foster placements: its weekly cost of fostering, over the children `held` in each
    kind, the kinds as the placeholders stand to each other. Placements without a published cost: its weekly cost of all
    children. Weekly costs are of the year to 31 March `year`; one far from England's (`_ODD_RATIO`) is left out.
    """
    stated = _template().set_index("name")["value"]
    placeholder = {p: float(stated[f"price.{p}_weekly"]) for p in PLACEMENTS}
    base, nan = f"{year - 1}/{year % 100:02d}", float("nan")

    def weekly(kind: str) -> float:
        own, england = (tool_value(tables, f"s251_{kind}_weekly", name, year) for name in (authority, "England"))
        return own if england / _ODD_RATIO <= own <= england * _ODD_RATIO else nan

    fostering, every = weekly("fostering"), weekly("all_cla")
    fostered = sum(held[p] for p in _FOSTER)
    scale = fostering * fostered / sum(held[p] * placeholder[p] for p in _FOSTER) if fostered else nan
    shared = f"fostering (£{fostering:,.0f} for all its kinds, shared among them as the placeholders stand)"
    prices = {"residential": (weekly("residential"), "residential care")}
    prices |= {p: (placeholder[p] * scale, shared) for p in _FOSTER}
    prices |= dict.fromkeys(_UNPRICED, (every, "all its children: none is published for this placement"))
    rows = [
        (f"price.{p}_weekly", value, base, f"{_TOOL}: Section 251 weekly cost of {said}, {base}, {authority}")
        for p, (value, said) in prices.items()
    ]
    approved, filled = (tool_value(tables, f"la_foster_places_{k}", authority, year) for k in ("approved", "filled"))
    said = f"{_TOOL}: foster places on 31 March {year}, {authority} (rounded to 5)"
    rows.append(("fostering.existing_households", approved / float(stated["fostering.places_per_household"]), "", said))
    rows.append(("fostering.fill_rate", filled / approved if filled <= approved else nan, "", said))
    found = pd.DataFrame(rows, columns=["name", "value", "price_base", "source"])
    return found[found["value"] > 0]


def with_local(template: pd.DataFrame, local: pd.DataFrame) -> pd.DataFrame:
    """Return the template with the authority's own figures in it, amber, ranges in proportion to the placeholder's."""
    rows = template.merge(local, on="name", how="left", suffixes=("", "_own"))
    own, most = rows["value_own"].notna(), (rows["unit"] == "share").map({True: 1.0, False: float("inf")})
    numbers = rows[["value", "low", "high"]].apply(pd.to_numeric, errors="coerce")
    for column, stated in numbers.items():
        scaled = (stated * rows["value_own"] / numbers["value"]).clip(upper=most).round(3)
        rows[column] = rows[column].where(~own, scaled.map("{:g}".format))
    for column in ("price_base", "source"):
        rows[column] = rows[column].where(~own, rows[f"{column}_own"])
    rows.loc[own, ["quality", "note"]] = ["amber", "Range in proportion to the placeholder's."]
    return rows[template.columns]


def past_totals(tables: DfeTables, authority: str) -> pd.DataFrame:
    """Return rows of ``actuals.csv``: the published totals of every year that either source holds."""
    template = pd.read_csv(TEMPLATE / "actuals.csv", dtype=str)
    rows = []
    for measure, (printed, tool, period) in _PAST.items():
        kept = (tables.unit_costs["measure"] == tool) & (tables.unit_costs["name"] == authority)
        by_source = {
            _TOOL: tables.unit_costs[kept & (tables.unit_costs["value"] >= 0)].set_index("year")["value"],
            f"DfE {tables.files['totals']}": yearly(tables, printed).reindex([authority]).iloc[0].dropna(),
        }
        known = {
            int(y): (n, said) for said, values in by_source.items() for y, n in zip(values.index, values, strict=True)
        }
        for year, (value, source) in sorted(known.items()):
            when = period.format(year=year, before=year - 1, short=year % 100)
            rows.append((when, measure, f"{value:g}", "children", source, ""))
    return pd.DataFrame(rows, columns=template.columns)


def opening_budget(case: Case) -> pd.DataFrame:
    """Return rows of ``approved_budget.csv`` that hold the opening children: a line for each placement with children.

    ``value_gbp`` is what they cost in the first financial year at central prices, in the case's price base;
    ``follows`` lets a run take each draw's own price instead.
    """
    first, year = evaluate(case, central(case), cells=False), case.timeline.financial_years[0]
    rows = []
    for (placement, line), children in zip(PLACEMENT_LINES.items(), first.world().stock[0], strict=True):
        if children[0] > 0:
            price = case.assumptions[f"price.{placement}_weekly"].value
            note = f"{children[0]:.6g} children x £{price:,.2f} a week. {_BUDGET_NOTE}"
            rows.append((line, year, f"{first.opening_cost[line][0]:.0f}", "opening_caseload", _BUDGET_SOURCE, note))
    return pd.DataFrame(rows, columns=["line", "financial_year", "value_gbp", "follows", "source", "note"])


def _beside_section_251(
    case: Case, folder: Path, tables: DfeTables, whose: tuple[str, int], held: Mapping[str, float]
) -> str:
    """Write a row of ``published.csv``: the opening children against an authority's section 251 of a year. Say how."""
    authority, year = whose
    spent = tool_value(tables, "s251_total_cla_gross_gbp", authority, year)
    if not spent > 0:
        return "section 251 spending on children looked after is not in the tables: prices stand beside nothing"
    priced = [placement for placement, children in held.items() if children > 0]
    weeks = case.conventions.weeks_per_year
    cost = sum(held[p] * case.assumptions[f"price.{p}_weekly"].value for p in priced) * weeks / 1e6
    base = f"{year - 1}/{year % 100:02d}"
    said = f"the opening children cost {cost * 1e6 / spent:.0%} of the £{spent:,.0f} spent in {base} (section 251)"
    apart = abs(round(cost, 2) - round(spent / 1e6, 2))
    children = " + ".join(f"case.children.{p} * price.{p}_weekly" for p in priced)
    row = {
        "ref": "section-251",
        "statement": f"Gross spending on children looked after in {base}",
        "value": f"{spent / 1e6:.2f}",
        "unit": "GBP m",
        "precision": "0.01",
        "formula": f"({children}) * weeks_per_year / 1000000",
        "expected": "reconciles" if apart < 0.005 else "rounding" if apart < 0.015 else "differs",
        "note": f"{_TOOL}. {said[0].upper()}{said[1:]}; it also holds adoption, guardianship and leaving care.",
    }
    template = pd.read_csv(TEMPLATE / "published.csv", dtype=str)
    pd.DataFrame([row], columns=template.columns).to_csv(folder / "published.csv", index=False, lineterminator="\n")
    return said
