"""DfE's published tables on children looked after: read as downloaded, suppressed counts imputed in their totals.

Tables are told apart by their columns and groups, not by file name, because names change between releases.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.case.reading.problems import InputProblems
from model.demand.codes import authority_aliases, dfe_categories
from model.demand.layout import (
    IDENTITY,
    TABLE_OF_GROUP,
    count_column,
    files_of,
    group_columns,
    is_local,
    kind_column,
    measure,
    release,
)
from model.demand.textfile import read_text_columns

if TYPE_CHECKING:
    from pathlib import Path

SUPPRESSED: Final = ("c", "x", "u")
"""Confidential, not available, of low reliability: a number that is not shown."""
NOT_APPLICABLE: Final = ("z", ":", "-")
ROUNDS_TO_ZERO: Final = ("low", "k", "~")
LEVELS: Final = {"national": "national", "regional": "region", "local authority": "authority"}
SMALLEST_SUPPRESSED: Final = 1
"""A suppressed count is at least one child: DfE shows true zeros as 0."""
LARGEST_SUPPRESSED: Final = 5
"""A count suppressed for its own size is at most five; more is left only where a larger one was hidden beside it."""
_CAP_ROUNDS: Final = 3


@dataclass(frozen=True, kw_only=True)
class DfeTables:
    """The published tables as long frames, suppressed cells imputed.

    ``counts``: table (stock, starts, ceased), group, characteristic, level, region, authority, year, count, imputed.
    ``totals``: measure (stock, starts, ceased), level, region, authority, year, count, population.
    ``unit_costs``: measure, name, year, value (the Interactive Tool extract); empty where the file is absent.
    ``files``: table name to the file it came from. ``codes``: an authority's codes, old and new, to its name.
    ``notes``: what was left aside, in words.
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


def canonical(name: str) -> str:
    """Return the name of an authority or region as this package spells it."""
    return authority_aliases().get(name.strip().lower(), name.strip())


def _canonical_column(column: pd.Series) -> pd.Series:
    spelled = {name: canonical(name) for name in column.dropna().unique()}
    return column.map(spelled)


def parse_counts(text: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return counts (float, NaN where not a number) and marks (c, x, z, low or blank; an unknown mark is kept)."""
    plain = text.fillna("x").str.strip().str.replace(",", "", regex=False)
    count = pd.to_numeric(plain, errors="coerce").astype(float)
    mark = plain.where(count.isna(), "").str.lower()
    return count.where(~mark.isin(ROUNDS_TO_ZERO), 0.0), mark


def _identified(frame: pd.DataFrame, count_column: str) -> pd.DataFrame:
    """Return the columns every DfE table shares, normalised."""
    count, mark = parse_counts(frame[count_column])
    out = pd.DataFrame(
        {
            "level": frame["geographic_level"].str.strip().str.lower().map(LEVELS),
            "region": _canonical_column(frame["region_name"]).fillna("England"),
            "authority": _canonical_column(frame["la_name"]).fillna(""),
            "year": pd.to_numeric(frame["time_period"].str.slice(0, 4), errors="coerce"),
            "count": count,
            "mark": mark,
        }
    )
    return out.assign(region=out["region"].where(out["level"] != "national", "England"))


def _once(frame: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """One row a key: a council that kept its name but changed its code is listed twice, once not applicable."""
    order = frame.assign(blank=frame["count"].isna()).sort_values("blank", kind="stable")
    return order.drop_duplicates(key).drop(columns="blank").sort_index().reset_index(drop=True)


def _read_characteristics(frame: pd.DataFrame, columns: tuple[str, str], counts: str) -> tuple[str, pd.DataFrame]:
    groups = frame[columns[0]].str.strip().str.lower()
    table = next(TABLE_OF_GROUP[g] for g in groups.dropna().unique() if g in TABLE_OF_GROUP)
    out = _identified(frame, counts)
    out.insert(0, "table", table)
    out.insert(1, "group", groups)
    out.insert(2, "characteristic", frame[columns[1]].str.strip().str.lower())
    return table, _once(out, ["group", "characteristic", "level", "region", "authority", "year"])


def _read_totals(frame: pd.DataFrame, kind: str, counts: str) -> pd.DataFrame:
    out = _identified(frame, counts)
    out["measure"] = frame[kind].map({text: measure(text) for text in frame[kind].dropna().unique()}).fillna("")
    population = frame.get("population_estimate", pd.Series(pd.NA, index=frame.index, dtype="str"))
    out["population"] = parse_counts(population)[0]
    return _once(out[out["measure"] != ""], ["measure", "level", "region", "authority", "year"])


def _read_tool(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the Interactive Tool extract: measure, name, year (the last year of 2021-22 is 2022), value."""
    years = frame["Years"].str.strip()
    spring = pd.to_numeric(years.str.slice(0, 4), errors="coerce")
    span = years.str.contains(r"^\d{4}-\d{2}", regex=True, na=False)
    return pd.DataFrame(
        {
            "measure": frame["measure"].str.strip(),
            "name": _canonical_column(frame["LA and Regions"]),
            "year": spring + span,
            "value": parse_counts(frame["Values"])[0],
        }
    )


_WANTED: Final = {
    "totals": "numbers and rates", "stock": "on 31 March by characteristics", "starts": "started", "ceased": "ceased",
}  # fmt: skip


def read_dfe(path: Path) -> DfeTables:
    """Read every DfE table in a folder or a release's ZIP. Raises ``InputProblems`` with all problems at once."""
    problems: list[str] = []
    parts: dict[str, pd.DataFrame] = {}
    files: dict[str, str] = {}
    codes: dict[str, str] = {}
    notes: list[str] = []
    with release(path) as folder:
        for file in files_of(folder):
            frame = read_text_columns(file)
            found = _classified(frame, file.name, problems)
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
    empty = pd.DataFrame({"measure": [], "name": [], "year": [], "value": []})
    return DfeTables(
        counts=impute_suppressed(_with_totals(counts, totals)),
        totals=totals[["measure", "level", "region", "authority", "year", "count", "population"]],
        unit_costs=parts.get("tool", empty),
        files=files,
        codes=codes,
        notes=tuple(notes),
    )


def _newest(table: pd.DataFrame) -> int:
    return int(table["year"].max())


def _codes(frame: pd.DataFrame) -> dict[str, str]:
    """Return the codes of authorities, in small letters, to their names."""
    names = _canonical_column(frame["la_name"]) if "la_name" in frame.columns else pd.Series(dtype="str")
    columns = [frame[c].str.strip().str.lower() for c in ("old_la_code", "new_la_code") if c in frame.columns]
    pairs = (pair for column in columns for pair in zip(column, names, strict=True))
    return {str(code): str(name) for code, name in pairs if not pd.isna([code, name]).any()}


def _classified(frame: pd.DataFrame, name: str, problems: list[str]) -> tuple[str, pd.DataFrame] | None:
    """Return (kind, normalised frame), or None for a file that is none of ours."""
    if {"measure", "LA and Regions", "Years", "Values"} <= set(frame.columns):
        return "tool", _read_tool(frame)
    columns = group_columns(frame)
    kind = None if columns else kind_column(frame)
    if columns is None and kind is None:
        return None
    missing = [column for column in IDENTITY if column not in frame.columns]
    counts = count_column(frame)
    if missing:
        problems.append(f"{name}: columns missing: {', '.join(missing)}; download the table with all its columns")
    if counts is None:
        problems.append(f"{name}: no column of counts; it has {', '.join(frame.columns)}")
    if missing or counts is None or not is_local(frame):
        return None
    marks = parse_counts(frame[counts])[1]
    unknown = marks[~marks.isin(("", *SUPPRESSED, *NOT_APPLICABLE, *ROUNDS_TO_ZERO))]
    if len(unknown):
        problems.append(f"{name}: column {counts}: {unknown.iloc[0]!r} in {len(unknown)} cells is no symbol of DfE's")
        return None
    return (
        _read_characteristics(frame, columns, counts) if columns else ("totals", _read_totals(frame, str(kind), counts))
    )


def _with_totals(counts: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    """Fill a suppressed Total from the numbers and rates table, which may print it."""
    key = ["measure", "level", "region", "authority", "year"]
    printed = totals.dropna(subset=["count"]).drop_duplicates(key).set_index(key)["count"]
    is_total = (counts["characteristic"] == "total") & counts["count"].isna()
    look_up = counts.loc[is_total, ["table", "level", "region", "authority", "year"]]
    filled = counts["count"].copy()
    filled[is_total] = printed.reindex(pd.MultiIndex.from_frame(look_up)).to_numpy()
    return counts.assign(count=filled)


def impute_suppressed(counts: pd.DataFrame) -> pd.DataFrame:
    """Return ``counts`` with suppressed cells imputed inside their published total, flagged in ``imputed``.

    What a total leaves after its published cells is shared among its suppressed cells in proportion to the regional
    (or, where that is suppressed too, national) pattern, from one to five children each where the
    remainder allows. A total
    that is itself unknown leaves its cells unknown. Not applicable is zero inside a known total.
    """
    key = ["table", "group", "level", "region", "authority", "year"]
    frame = counts.reset_index(drop=True)
    is_total: pd.Series = frame["characteristic"] == "total"
    total = frame[is_total].drop_duplicates(key).set_index(key)["count"]
    frame["total"] = total.reindex(pd.MultiIndex.from_frame(frame[key])).to_numpy()
    hidden = frame["mark"].isin(SUPPRESSED) & ~is_total
    frame.loc[frame["mark"].isin(NOT_APPLICABLE) & ~is_total & frame["total"].notna(), "count"] = 0.0
    frame["pattern"] = _pattern(frame, is_total)
    cells = frame[~is_total]
    known = cells["count"].fillna(0.0).groupby([cells[k] for k in key]).transform("sum")
    rest = (cells["total"] - known).clip(lower=0.0)
    imputed = _shared_rest(cells[hidden[~is_total]], rest[hidden[~is_total]], key)
    frame.loc[imputed.index, "count"] = imputed
    frame["imputed"] = hidden & frame["total"].notna()
    return frame.drop(columns=["pattern", "total"])


def _pattern(frame: pd.DataFrame, is_total: pd.Series) -> pd.Series:
    """Share of each characteristic in its region (else England), over all years; never zero."""
    known = frame[~is_total & frame["level"].isin(["region", "national"])]
    shares = known["count"] / known["total"]
    by_region = shares.groupby([known[c] for c in ("table", "group", "characteristic", "region")]).mean()
    cells = ["table", "group", "characteristic"]
    nation = shares[known["level"] == "national"].groupby([known[c] for c in cells]).mean()
    region = by_region.reindex(pd.MultiIndex.from_frame(frame[[*cells, "region"]])).to_numpy()
    england = nation.reindex(pd.MultiIndex.from_frame(frame[cells])).to_numpy()
    best = np.where(np.isnan(region), england, region)
    return pd.Series(np.where(np.isnan(best) | (best <= 0), 1e-6, best), index=frame.index)


def _shared_rest(cells: pd.DataFrame, rest: pd.Series, key: list[str]) -> pd.Series:
    """Share ``rest`` (one number a group) among the suppressed ``cells``: one child each, then by pattern."""
    groups = [cells[k] for k in key]
    number = cells["pattern"].groupby(groups).transform("size")
    weight = cells["pattern"] / cells["pattern"].groupby(groups).transform("sum")
    floor = np.minimum(float(SMALLEST_SUPPRESSED), rest / number)
    shared: pd.Series = floor + (rest - floor * number) * weight
    capped = rest <= LARGEST_SUPPRESSED * number
    for _ in range(_CAP_ROUNDS):
        over = (shared - LARGEST_SUPPRESSED).clip(lower=0.0).where(capped, 0.0)
        shared = shared - over
        room = (LARGEST_SUPPRESSED - shared).clip(lower=0.0).where(capped, 0.0)
        whole = room.groupby(groups).transform("sum")
        excess = over.groupby(groups).transform("sum")
        shared = shared + (room / whole).where(whole > 0, 0.0) * excess
    return shared


def category_counts(tables: DfeTables, *, table: str, group: str, category: str) -> pd.DataFrame:
    """Counts summed into our codes: level, region, authority, year, code, count, imputed (share of it imputed).

    ``group`` is DfE's (``age group``); ``category`` ours in ``dfe_categories.csv`` (age, placement, provider, uasc).
    """
    codes = {name: code for (group_name, name), code in dfe_categories().items() if group_name == category}
    rows = tables.counts[(tables.counts["table"] == table) & (tables.counts["group"] == group)]
    rows = rows.assign(code=rows["characteristic"].map(codes)).dropna(subset=["code"])
    rows = rows.assign(guessed=rows["count"].where(rows["imputed"], 0.0))
    key = ["level", "region", "authority", "year", "code"]
    summed = rows.groupby(key, as_index=False)[["count", "guessed"]].sum(min_count=1)
    return summed.rename(columns={"guessed": "imputed"})
