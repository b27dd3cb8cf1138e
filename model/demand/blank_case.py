"""A case to be filled in: the rows that its kinds of scheme need, or another case's structure without its numbers."""

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Final

import pandas as pd

from model.batch.store import whole
from model.case import parameters
from model.case.reading import assumption_rows, case_tables
from model.case.reading.overrides import FILE_NAME
from model.case.reading.problems import InputProblems
from model.case.records import SchemeSpec
from model.case.spelling import nearest
from model.case.timeline import financial_year
from model.case.words import PRICE_CHANGE, STEP_DOWN
from model.demand.codes import REFERENCE

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
    "entry_reduction": 'ages = ["10_15", "16_17"]\n',
    STEP_DOWN: 'placement = "residential"\nto = "ifa_foster"\n',
    PRICE_CHANGE: 'placement = "ifa_foster"\n',
}
STRUCTURE: Final = {
    "assumptions.csv": "name label unit price_base",
    "establishment.csv": "id team post grade grade_current spine price_base start charged_to included_in "
    "included_when funding basis recruited service_line costing",
    "caseload.csv": "age_band placement stream",
    "approved_budget.csv": "line financial_year follows",
}
"""For each file, the columns that say what a row is; a structure is copied without what the others say."""
_MARGINS: Final = ("age_band", "placement", "children", "entries_annual", "exits_annual", "source", "note")
"""What a caseload by hand needs of `caseload.csv`; how long children stay and move may be added."""
_THEN: Final = "then python3 workbook.py model check {}, which lists what is still empty"
_COLUMNS: Final = (
    "name", "value", "low", "high", "distribution", "unit", "price_base", "source", "as_at", "quality", "note",
    "x_example",
)  # fmt: skip


@contextmanager
def new_folder(case: str, inputs: Path, problems: Sequence[str] = ()) -> Iterator[Path]:
    """Give a folder that becomes `inputs/<case>` when all is written, or leaves nothing. Reference tables stand beside.

    Raises InputProblems with `problems` and what is wrong with the name of the new case, if anything is.
    """
    found, reference = list(problems), inputs / "reference"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", case) or case == "reference":
        found.append(f"case {case!r}: use small letters, digits and hyphens, such as northby-2023")
    elif not FILE_NAME.fullmatch(case):
        found.append(f"case {case!r}: Windows keeps this word for a device, or it is longer than 80 characters")
    elif (inputs / case).exists():
        found.append(f"{case}: the case exists already; choose another name, or remove the folder first")
    if found:
        raise InputProblems(found)
    inputs.mkdir(parents=True, exist_ok=True)
    lent = not reference.exists()
    try:
        if lent:
            shutil.copytree(REFERENCE, reference)
        with whole(inputs / case) as staged:
            yield staged
    except BaseException:
        if lent:
            shutil.rmtree(reference, ignore_errors=True)
        raise


def blank_case(case: str, kinds: Sequence[str], inputs: Path, today: date) -> list[str]:
    """Write `inputs/<case>` with schemes of these kinds and an empty value in every row; return what to say.

    Raises InputProblems for a name that is no folder's, a case that exists, an unknown kind, or one given twice.
    """
    unknown = [f"kind {kind!r}: {nearest(kind, parameters.KINDS)}" for kind in kinds if kind not in parameters.KINDS]
    unknown += [f"kind {kind!r}: given twice" for kind in dict.fromkeys(kinds) if kinds.count(kind) > 1]
    with new_folder(case, inputs, unknown) as folder:
        start = today.replace(year=today.year + (today.month > 3), month=4, day=1)
        schemes = [
            SchemeSpec(name=_name(k), title=k.replace("_", " ").capitalize(), kind=k, start=start) for k in kinds
        ]
        (folder / "case.toml").write_text(_toml(case, schemes, today, start), encoding="utf-8")
        examples, base = _examples(inputs, schemes), financial_year(today)
        placements = tuple(p for p in parameters.PLACEMENTS if any(p in OF_CHILDREN.get(k, ()) for k in kinds))
        rows = [
            {"name": name, "unit": p.unit, "price_base": base if p.unit.startswith("GBP") else "", "note": p.meaning,
             "x_example": examples.get(name, "")}
            for name, p in _needed(schemes, placements).items()
        ]  # fmt: skip
        _write(folder / "assumptions.csv", pd.DataFrame(rows, columns=list(_COLUMNS)))
        if placements:
            ages = [(age, "all") for age in (*parameters.AGE_BANDS, parameters.AGE_18)]
            margins = pd.DataFrame([*ages, *(("all", p) for p in placements)], columns=["age_band", "placement"])
            _write(folder / "caseload.csv", margins.reindex(columns=list(_MARGINS)))
        if OF_POSTS & {*kinds}:
            needed = [column.name for column in case_tables.ESTABLISHMENT.columns if column.required]
            _write(folder / "establishment.csv", pd.DataFrame(columns=needed))
    return [
        f"made {inputs / case}: {len(rows)} numbers to fill in" + (", and the caseload" if placements else ""),
        _THEN.format(called(case, inputs)),
    ]


def called(case: str, inputs: Path) -> str:
    """Return what a command calls a case: its name among the project's own cases, elsewhere its folder."""
    return case if inputs.resolve() == REFERENCE.parent.resolve() else str(inputs / case)


def case_from(case: str, other: str, inputs: Path) -> list[str]:
    """Write `inputs/<case>` with the structure of another case, beside it or shipped, and none of its numbers."""
    places = (place / other for place in (inputs, REFERENCE.parent) if (place / other / "case.toml").is_file())
    source = next(places, None)
    with new_folder(case, inputs, [] if source else [f"{other}: no such case in {inputs.name}"]) as folder:
        if source is not None:
            text = (source / "case.toml").read_text(encoding="utf-8-sig")
            (folder / "case.toml").write_text(_bare(text, case), encoding="utf-8")
            for name in (name for name in STRUCTURE if (source / name).is_file()):
                rows = pd.read_csv(source / name, dtype=str, keep_default_na=False, encoding="utf-8-sig")
                numbers = rows.columns.difference(STRUCTURE[name].split())
                _write(folder / name, rows.assign(**dict.fromkeys(numbers, "")))
            for path in (source / "price_indices.csv", source / "discount_rates.csv"):
                if path.is_file():
                    shutil.copyfile(path, folder / path.name)
    return [
        f"made {inputs / case} with the structure of {other} and none of its numbers; case.toml still has its dates",
        _THEN.format(called(case, inputs)),
    ]


def _bare(text: str, case: str) -> str:
    """Return another case's case.toml: its schemes, without sources, comments, papers and what rests on numbers."""
    blocks = re.split(r"(?m)^(?=\[)", text)
    text = "".join(b for b in blocks if not b.startswith(("[[correlations]]", "[[papers]]", "[[structure]]")))
    text = re.sub(r'(?m)[ \t]+#[^"\n]*$|^#.*\n|^(?:source|note|published_scenario) = .*\n', "", text)
    for key, value in (("name", case), ("title", "What is proposed"), ("council", "The council")):
        text = re.sub(rf'(?m)^{key} = ".*"', f'{key} = "{value}"', text, count=1)
    return text


def _name(kind: str) -> str:
    return "posts" if kind in parameters.RESERVED_PREFIXES else kind


def _needed(schemes: Sequence[SchemeSpec], placements: Sequence[str]) -> dict[str, parameters.Parameter]:
    """Return the parameters that these schemes ask for, one of those of which one is enough included."""
    kinds = {scheme.kind for scheme in schemes}
    held = {*placements, *([parameters.CHILDREN] if placements else [])}
    held |= {parameters.POSTS} if OF_POSTS & kinds else set()
    held |= {parameters.RESERVE} if "agency" in kinds else set()
    either = {
        f"{s.name}.cost_annual": parameters.PARAMETERS[s.kind]["cost_annual"]
        for s in schemes
        if s.kind in parameters.ONE_OF
    }
    return parameters.required(assumption_rows.readable_by(schemes), held) | either


def _examples(inputs: Path, schemes: Iterable[SchemeSpec]) -> Mapping[str, str]:
    """Return the made-up case's values by the names that these schemes give them."""
    path = inputs / EXAMPLE / "assumptions.csv"
    if not path.is_file():
        path = REFERENCE.parent / EXAMPLE / "assumptions.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    values: dict[str, str] = dict(zip(table["name"], table["value"], strict=True))
    by_parameter = {name.partition(".")[2]: value for name, value in values.items()}
    own = {f"{s.name}.{p}": by_parameter.get(p, "") for s in schemes for p in parameters.PARAMETERS[s.kind]}
    return values | own


def _write(path: Path, frame: pd.DataFrame) -> None:
    frame.to_csv(path, index=False, lineterminator="\n")


def _toml(case: str, schemes: Iterable[SchemeSpec], today: date, start: date) -> str:
    declared = "".join(
        f'\n[[schemes]]\nname = "{s.name}"\ntitle = "{s.title}"\nkind = "{s.kind}"\nstart = {start}\n'
        + KEYS.get(s.kind, "")
        for s in schemes
    )
    return (
        f'name = "{case}"\ntitle = "What is proposed"\ncouncil = "The council"\nstart = {start}\nhorizon_years = 10\n'
        f'price_base = "{financial_year(today)}"\nknowledge_date = {today}\n\n[conventions]\nweeks_per_year = 52\n'
        f'discount_rate = "green_book_standard"\nprice_index = "planning"\n{declared}'
    )
