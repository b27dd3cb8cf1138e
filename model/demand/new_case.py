"""A runnable case for any authority: its caseload from published tables, placeholders for what only it knows.

Placeholders come from ``inputs/reference/new_case``, every one of them red and named as such. What the tables hold for
the authority (caseload, weekly cost of homes, foster places) replaces its placeholder.
"""

from __future__ import annotations

import datetime as dt
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from model.batch.disk import NEW
from model.case.draws import central
from model.case.parameters import PLACEMENT_LINES
from model.case.reading.problems import InputProblems
from model.demand.blank_case import check_name
from model.demand.build import tables_demand, tables_of
from model.demand.codes import REFERENCE
from model.demand.returns import demand_with_returns
from model.money.cashability import NO_BUDGET
from model.money.portfolio import evaluate
from model.schemes.load import load_case

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from model.case.records import Case
    from model.demand.build import Demand
    from model.demand.dfe import DfeTables

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
_ODD_RATIO: Final = 2.5


def make_case(  # noqa: PLR0913 - each is a word of the command
    case: str, authority: str, dfe: Path, *, year: int | None, inputs: Path, ssda903: Path | None = None
) -> list[str]:
    """Write ``inputs/<case>`` and return what to tell the person.

    The caseload is from DfE's tables, or from the council's own returns (`ssda903`), and the case starts the day after.
    Raises ``InputProblems`` for a name that is no folder's, a case that exists, or an authority not in the tables.
    """
    check_name(case, inputs)
    folder, tables = inputs / case, tables_of(dfe)
    built = tables_demand(tables, authority, year) if ssda903 is None else demand_with_returns(dfe, ssda903, authority)
    staged = Path(tempfile.mkdtemp(prefix=NEW, dir=_made(inputs)))
    try:
        lines = _written(case, staged, built, tables)
        staged.chmod(0o755)
        staged.rename(folder)
    except BaseException:  # whole or not at all
        shutil.rmtree(staged, ignore_errors=True)
        raise
    return lines


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _written(case: str, folder: Path, built: Demand, tables: DfeTables) -> list[str]:
    """Write a case's files into a folder and return what to tell the person."""
    for name in _COPIED:
        shutil.copyfile(TEMPLATE / name, folder / name)
    shutil.copytree(TEMPLATE / "scenarios", folder / "scenarios")
    (folder / "case.toml").write_text(_case_toml(case, built.authority, built.year), encoding="utf-8")
    built.files["caseload.csv"].to_csv(folder / "caseload.csv", index=False, lineterminator="\n")
    template = _placeholders()
    local = local_assumptions(tables, built.authority, built.year)
    rows = pd.concat([_with_local(template, local), built.files["assumptions.csv"].astype(str)], ignore_index=True)
    rows.to_csv(folder / "assumptions.csv", index=False, lineterminator="\n")
    red = int((rows["quality"] == "red").sum())
    return [
        f"made inputs/{case} for {built.authority}: caseload of 31 March {built.year}",
        *built.lines[1:],
        _write_budget(folder),
        (
            f"knowledge_date in case.toml is {known_by(built.year)}, a year after the caseload: change it to the day "
            "of your own decision; no assumption of base may be of a later date"
        ),
        f"{len(local)} assumptions are {built.authority}'s own published figures; {red} are red: replace them, then",
        f"python3 workbook.py model check {case}, and python3 workbook.py run {case}",
    ]


def _write_budget(folder: Path) -> str:
    """Write a budget that holds the opening children into a case that loads; return what to tell the person."""
    try:
        case = load_case(folder)
    except InputProblems:
        return NO_BUDGET
    budget = opening_budget(case)
    if not len(budget):
        return NO_BUDGET
    budget.to_csv(folder / BUDGET, index=False, lineterminator="\n")
    held = sum(float(value) for value in budget["value_gbp"])
    return (
        f"{BUDGET} holds the opening children at each draw's own price, £{held:,.0f} in "
        f"{case.timeline.financial_years[0]}: a placeholder for the council's plan, which decides what is cashable"
    )


def opening_budget(case: Case) -> pd.DataFrame:
    """Return rows of ``approved_budget.csv`` that hold the opening children: a line for each placement with children.

    ``value_gbp`` is what they cost in the first financial year at central prices, in the case's price base;
    ``follows`` lets a run take each draw's own price instead.
    """
    first = evaluate(case, central(case), cells=False)
    year = case.timeline.financial_years[0]
    rows = []
    for (placement, line), children in zip(PLACEMENT_LINES.items(), first.world().stock[0], strict=True):
        if children[0] > 0:
            price = case.assumptions[f"price.{placement}_weekly"].value
            rows.append(
                {
                    "line": line,
                    "financial_year": year,
                    "value_gbp": f"{first.opening_cost[line][0]:.0f}",
                    "follows": "opening_caseload",
                    "source": _BUDGET_SOURCE,
                    "note": f"{children[0]:.6g} children x £{price:,.2f} a week. {_BUDGET_NOTE}",
                }
            )
    return pd.DataFrame(rows, columns=["line", "financial_year", "value_gbp", "follows", "source", "note"])


def known_by(year: int) -> dt.date:
    """Return the day up to which a new case may know: by a year after 31 March DfE has published all its tables."""
    return dt.date(year + 1, 3, 31)


def _case_toml(case: str, authority: str, year: int) -> str:
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
    return text


@cache
def _placeholders() -> pd.DataFrame:
    """Return the template's assumptions as text; read once, and never changed by those who read it."""
    return pd.read_csv(TEMPLATE / "assumptions.csv", dtype=str, keep_default_na=False)


def _tool(tables: DfeTables, measure: str, authority: str, year: int) -> float:
    """Return the Interactive Tool's figure of one authority and year, NaN where there is none."""
    rows = tables.unit_costs
    chosen = (rows["measure"] == measure) & (rows["name"] == authority) & (rows["year"] == year) & (rows["value"] > 0)
    values = rows.loc[chosen, "value"].to_numpy(dtype=float)
    return float(values[0]) if len(values) else float("nan")


def local_assumptions(tables: DfeTables, authority: str, year: int) -> pd.DataFrame:
    """Return name, value, low, high, price_base, source, note of the assumptions the tables hold for the authority.

    Ranges keep the width, in proportion, that the placeholder has; the quality is amber. A weekly cost more than two
    and a half times England's, or less than that part of it, is a slip of the return and is left out.
    """
    rows = []
    price = _tool(tables, "s251_residential_weekly", authority, year)
    base = f"{year - 1}/{year % 100:02d}"
    england = _tool(tables, "s251_residential_weekly", "England", year)
    if england / _ODD_RATIO <= price <= england * _ODD_RATIO:
        said = f"DfE Local Authority Interactive Tool: Section 251 weekly cost of residential care, {base}, {authority}"
        rows.append({"name": "price.residential_weekly", "value": price, "price_base": base, "source": said})
    approved = _tool(tables, "la_foster_places_approved", authority, year)
    filled = _tool(tables, "la_foster_places_filled", authority, year)
    said = f"DfE Local Authority Interactive Tool: foster places on 31 March {year}, {authority} (rounded to 5)"
    if approved > 0:
        homes = approved / float(_placeholders().set_index("name")["value"]["fostering.places_per_household"])
        rows.append({"name": "fostering.existing_households", "value": homes, "price_base": "", "source": said})
        if filled <= approved:
            rows.append({"name": "fostering.fill_rate", "value": filled / approved, "price_base": "", "source": said})
    return pd.DataFrame(rows, columns=["name", "value", "price_base", "source"])


def _with_local(template: pd.DataFrame, local: pd.DataFrame) -> pd.DataFrame:
    """Return the template with the authority's own figures in it, ranges scaled as the placeholder's are."""
    own = {str(row["name"]): row for row in local.to_dict("records")}
    rows = [_localised(row, own.get(str(row["name"]))) for row in template.to_dict("records")]
    return pd.DataFrame(rows, columns=list(template.columns))


def _localised(placeholder: dict[Hashable, str], own: Mapping[Hashable, object] | None) -> dict[Hashable, str]:
    if own is None:
        return placeholder
    scale = float(str(own["value"])) / float(placeholder["value"])
    numbers = {column: float(placeholder[column]) * scale for column in ("value", "low", "high")}
    if placeholder["unit"] == "share":
        numbers = {column: min(number, 1.0) for column, number in numbers.items()}
    written: dict[Hashable, str] = {column: f"{round(number, 3):g}" for column, number in numbers.items()}
    said: dict[Hashable, str] = {
        "price_base": str(own["price_base"]),
        "source": str(own["source"]),
        "quality": "amber",
        "note": "Range in proportion to the placeholder's.",
    }
    return placeholder | written | said
