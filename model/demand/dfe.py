"""DfE's published tables on children looked after: read as downloaded, suppressed counts imputed in their totals."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pandas as pd

from model.case.reading.problems import InputProblems
from model.demand.codes import dfe_categories
from model.demand.layout import GROUPS, KEY, names_of, table_in
from model.demand.suppression import impute_suppressed, with_totals
from model.demand.textfile import csv_files, read_text_columns, unpacked

_WANTED: Final = {
    "totals": "numbers and rates", "stock": "on 31 March by characteristics", "starts": "started", "ceased": "ceased",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class DfeTables:
    """The published tables as long frames, suppressed cells imputed.

    ``counts``: table (stock, starts, ceased), group, characteristic, level, region, authority, year, count, imputed.
    ``totals``: measure (stock, starts, ceased), level, region, authority, year, count, population.
    ``unit_costs``: measure, name, year, value (the Interactive Tool extract); empty where the file is absent.
    ``files``: table name to the file it came from. ``codes``: an authority's codes, old and new, to its name.
    ``notes``: what was left aside or matched nothing, in words.
    """

    counts: pd.DataFrame
    totals: pd.DataFrame
    unit_costs: pd.DataFrame
    files: dict[str, str]
    codes: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def authorities(self) -> tuple[str, ...]:
        """Names of all authorities with a looked-after total in the newest year, in alphabetical order."""
        stock = self.totals[(self.totals["measure"] == "stock") & (self.totals["level"] == "authority")]
        latest = stock[(stock["year"] == stock["year"].max()) & stock["count"].notna()]
        return tuple(sorted(latest["authority"]))

    @property
    def years(self) -> tuple[int, ...]:
        """Years for which the stock table by characteristics is held, in order."""
        return tuple(sorted(int(y) for y in self.counts.loc[self.counts["table"] == "stock", "year"].unique()))


def read_dfe(path: Path) -> DfeTables:
    """Read every DfE table in a folder or a release's ZIP. Raises ``InputProblems`` with all problems at once."""
    problems: list[str] = []
    parts: dict[str, pd.DataFrame] = {}
    files: dict[str, str] = {}
    codes: dict[str, str] = {}
    notes: list[str] = []
    with unpacked(path, "--dfe") as folder:
        for file in csv_files(folder):
            frame = read_text_columns(file)
            found = table_in(frame, file.name, problems)
            if found is None or not len(found[1]):
                continue
            kind, table = found
            if kind in parts and _newest(parts[kind]) >= _newest(table):
                notes.append(f"{file.name}: left aside, {files[kind]} holds {_WANTED.get(kind, kind)} as new")
                continue
            if kind in parts:
                notes.append(f"{files[kind]}: left aside, {file.name} holds a later {_WANTED.get(kind, kind)}")
            parts[kind], files[kind] = table, file.name
            codes |= _codes(frame)
    problems += [f"{path.name}/: no table of {what} found" for key, what in _WANTED.items() if key not in parts]
    years = {key: _newest(parts[key]) for key in _WANTED if key in parts}
    if not problems and len(set(years.values())) > 1:
        said = ", ".join(f"{files[key]} to {year}" for key, year in years.items())
        problems.append(f"{path.name}/: tables of different releases ({said}): download them all from one")
    if problems:
        raise InputProblems(problems)
    counts = pd.concat([parts[t] for t in ("stock", "starts", "ceased")], ignore_index=True)
    totals = parts["totals"]
    return DfeTables(
        counts=impute_suppressed(with_totals(counts, totals)),
        totals=totals[["measure", *KEY, "count", "population"]],
        unit_costs=parts.get("tool", pd.DataFrame({"measure": [], "name": [], "year": [], "value": []})),
        files=files,
        codes=codes,
        notes=(*notes, *_unmatched(counts, files)),
    )


def _newest(table: pd.DataFrame) -> int:
    return int(table["year"].max())


def _codes(frame: pd.DataFrame) -> dict[str, str]:
    """Return the codes of authorities, in small letters, to their names."""
    names = names_of(frame["la_name"]) if "la_name" in frame.columns else pd.Series(dtype="str")
    columns = [frame[c].str.strip().str.lower() for c in ("old_la_code", "new_la_code") if c in frame.columns]
    pairs = (pair for column in columns for pair in zip(column, names, strict=True))
    return {str(code): str(name) for code, name in pairs if not pd.isna([code, name]).any()}


def _unmatched(counts: pd.DataFrame, files: dict[str, str]) -> list[str]:
    """Say which characteristics of the groups we read are no category of ours, and how many rows and children."""
    said = []
    for (table, category), group in GROUPS.items():
        known = {*dfe_categories(category), "total"}
        rows = counts[(counts["table"] == table) & (counts["group"] == group) & (counts["level"] == "authority")]
        for name, own in rows[~rows["characteristic"].isin(known)].groupby("characteristic"):
            said.append(
                f"{files[table]}: {group}: {name!r} is no category of ours: {len(own)} rows, "
                f"{own['count'].sum():.0f} children of all authorities and years left out"
            )
    return said


def category_counts(tables: DfeTables, table: str, category: str) -> pd.DataFrame:
    """Counts summed into our codes: level, region, authority, year, code, count, imputed (share of it imputed).

    ``table``: stock, starts or ceased; ``category`` of ``dfe_categories.csv``: age, placement, provider, uasc.
    """
    rows = tables.counts[(tables.counts["table"] == table) & (tables.counts["group"] == GROUPS[table, category])]
    rows = rows.assign(code=rows["characteristic"].map(dfe_categories(category))).dropna(subset=["code"])
    rows = rows.assign(guessed=rows["count"].where(rows["imputed"], 0.0))
    summed = rows.groupby([*KEY, "code"], as_index=False)[["count", "guessed"]].sum(min_count=1)
    return summed.rename(columns={"guessed": "imputed"})
