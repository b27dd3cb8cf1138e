"""A case to be filled in: the rows that its kinds of scheme need, or another case's structure without its numbers."""

from __future__ import annotations

import csv
import re
import shutil
from typing import TYPE_CHECKING, Final

from model.case import parameters
from model.case.reading import assumption_rows, case_tables
from model.case.reading.problems import InputProblems
from model.case.records import SchemeSpec
from model.case.spelling import nearest
from model.case.timeline import financial_year
from model.case.words import PRICE_CHANGE, STEP_DOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from model.case.reading.files import Column

EXAMPLE: Final = "example-all-kinds"
OF_CHILDREN: Final = {
    "entry_reduction": parameters.PLACEMENTS,
    "leaving_sooner": parameters.PLACEMENTS,
    "placement_stability": parameters.PLACEMENTS,
    "fostering_growth": ("in_house_foster", "ifa_foster"),
    "own_homes": ("residential",),
    STEP_DOWN: ("residential", "ifa_foster"),
    PRICE_CHANGE: ("ifa_foster",),
}
"""For a kind that acts on children, the placements that its case must count and price."""
OF_POSTS: Final = frozenset({"agency", "entry_reduction", "establishment", "fostering_growth"})
KEYS: Final = {
    "entry_reduction": 'ages = ["10_15", "16_17"]',
    STEP_DOWN: 'placement = "residential"\nto = "ifa_foster"',
    PRICE_CHANGE: 'placement = "ifa_foster"',
}
NUMBERS: Final = {
    "assumptions.csv": ("value", "low", "high", "distribution", "source", "as_at", "quality", "impact", "owner"),
    "establishment.csv": ("fte_current", "fte_proposed", "change_annual_cost_gbp", "source", "note"),
    "caseload.csv": ("children", "entries_annual", "exits_annual", *case_tables.MOVES.values(), "source", "note"),
    "approved_budget.csv": ("value_gbp", "source", "note"),
}
"""For each file, the columns that a structure is copied without."""


def blank_case(case: str, kinds: Sequence[str], inputs: Path, today: date) -> list[str]:
    """Write `inputs/<case>` with schemes of these kinds and an empty value in every row; return what to say.

    Raises InputProblems for a name that is no folder's, a case that exists, or an unknown kind.
    """
    unknown = [f"kind {kind!r}: {nearest(kind, parameters.KINDS)}" for kind in kinds if kind not in parameters.KINDS]
    folder = _new_folder(case, inputs, unknown)
    start = today.replace(year=today.year + (today.month > 3), month=4, day=1)
    year = financial_year(today)
    schemes = [SchemeSpec(name=_name(k), title=k.replace("_", " ").capitalize(), kind=k, start=start) for k in kinds]
    (folder / "case.toml").write_text(_toml(case, schemes, today, start), encoding="utf-8")
    needed = _needed(schemes)
    examples = _examples(inputs, schemes)
    rows = [
        {
            "name": name, "unit": p.unit, "price_base": year if p.unit.startswith("GBP") else "", "note": p.meaning,
            "x_example": examples.get(name, ""),
        }
        for name, p in needed.items()
    ]  # fmt: skip
    columns = (
        "name",
        "value",
        "low",
        "high",
        "distribution",
        "unit",
        "price_base",
        "source",
        "as_at",
        "quality",
        "note",
    )
    _write(folder / "assumptions.csv", (*columns, "x_example"), rows)
    placements = _placements(schemes)
    if placements:
        ages = [{"age_band": age, "placement": "all"} for age in (*parameters.AGE_BANDS, parameters.AGE_18)]
        homes = [{"age_band": "all", "placement": placement} for placement in placements]
        _write(folder / "caseload.csv", _headings(case_tables.CASELOAD.columns, without="moves_"), ages + homes)
    if OF_POSTS & {*kinds}:
        _write(folder / "establishment.csv", _headings(case_tables.ESTABLISHMENT.columns, required=True), [])
    return [
        f"made inputs/{case}: {len(rows)} numbers to fill in" + (", and the caseload" if placements else ""),
        f"then python3 workbook.py model check {case}, which lists what is still empty",
    ]


def case_from(case: str, other: str, inputs: Path) -> list[str]:
    """Write `inputs/<case>` with the structure of another case: its schemes and rows, and none of its numbers."""
    source = inputs / other
    missing = [] if (source / "case.toml").is_file() else [f"{other}: no such case in {inputs.name}"]
    folder = _new_folder(case, inputs, missing)
    text = (source / "case.toml").read_text(encoding="utf-8-sig")
    (folder / "case.toml").write_text(re.sub(r'(?m)^name = ".*?"', f'name = "{case}"', text, count=1), encoding="utf-8")
    for name, numbers in NUMBERS.items():
        if (source / name).is_file():
            with (source / name).open(encoding="utf-8-sig", newline="") as file:
                reader = csv.DictReader(file)
                rows = [{**row, **dict.fromkeys(numbers, "")} for row in reader]
            _write(folder / name, tuple(reader.fieldnames or ()), rows)
    for name in ("price_indices.csv", "discount_rates.csv"):
        if (source / name).is_file():
            shutil.copyfile(source / name, folder / name)
    return [
        f"made inputs/{case} with the structure of {other} and none of its numbers; case.toml still has its dates",
        f"then python3 workbook.py model check {case}, which lists what is still empty",
    ]


def check_name(case: str, inputs: Path, problems: Sequence[str] = ()) -> None:
    """Raise InputProblems with `problems` and what is wrong with the name of a new case, if anything is."""
    found = list(problems)
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", case) or case == "reference":
        found.append(f"case {case!r}: use small letters, digits and hyphens, such as northby-2023")
    elif (inputs / case).exists():
        found.append(f"{case}: the case exists already; choose another name, or remove the folder first")
    if found:
        raise InputProblems(found)


def _new_folder(case: str, inputs: Path, problems: Sequence[str]) -> Path:
    check_name(case, inputs, problems)
    (inputs / case).mkdir(parents=True)
    return inputs / case


def _name(kind: str) -> str:
    return "posts" if kind in parameters.RESERVED_PREFIXES else kind


def _placements(schemes: Iterable[SchemeSpec]) -> tuple[str, ...]:
    wanted = {place for scheme in schemes for place in OF_CHILDREN.get(scheme.kind, ())}
    return tuple(place for place in parameters.PLACEMENTS if place in wanted)


def _needed(schemes: Sequence[SchemeSpec]) -> dict[str, parameters.Parameter]:
    """Return the parameters that these schemes ask for, one of those of which one is enough included."""
    placements = _placements(schemes)
    kinds = {scheme.kind for scheme in schemes}
    held = {*placements, *([parameters.CHILDREN] if placements else [])}
    held |= {parameters.POSTS} if OF_POSTS & kinds else set()
    held |= {parameters.RESERVE} if "agency" in kinds else set()
    either = {
        f"{s.name}.cost_annual": parameters.PARAMETERS[s.kind]["cost_annual"]
        for s in schemes
        if s.kind in parameters.ONE_OF
    }
    return assumption_rows.needed_names(schemes, held) | either


def _examples(inputs: Path, schemes: Iterable[SchemeSpec]) -> Mapping[str, str]:
    """Return the made-up case's values by the names that these schemes give them."""
    path = inputs / EXAMPLE / "assumptions.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        values = {row["name"]: row["value"] for row in csv.DictReader(file)}
    by_parameter = {name.partition(".")[2]: value for name, value in values.items()}
    own = {f"{s.name}.{p}": by_parameter.get(p, "") for s in schemes for p in parameters.PARAMETERS[s.kind]}
    return values | own


def _headings(columns: Iterable[Column], *, without: str = "-", required: bool = False) -> tuple[str, ...]:
    return tuple(c.name for c in columns if not c.name.startswith(without) and (c.required or not required))


def _write(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def _toml(case: str, schemes: Iterable[SchemeSpec], today: date, start: date) -> str:
    declared = "".join(
        f'\n[[schemes]]\nname = "{s.name}"\ntitle = "{s.title}"\nkind = "{s.kind}"\nstart = {start}\n'
        + (f"{KEYS[s.kind]}\n" if s.kind in KEYS else "")
        for s in schemes
    )
    return (
        f'name = "{case}"\ntitle = "What is proposed"\ncouncil = "The council"\nstart = {start}\nhorizon_years = 10\n'
        f'price_base = "{financial_year(today)}"\nknowledge_date = {today}\n\n[conventions]\nweeks_per_year = 52\n'
        f'discount_rate = "green_book_standard"\nprice_index = "planning"\n{declared}'
    )
