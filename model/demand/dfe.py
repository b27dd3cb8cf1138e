"""DfE's published tables on children looked after: read as downloaded, suppressed counts imputed in their totals.

Tables are told apart by their columns and groups, not by file name, because names change between releases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.case.reading.problems import InputProblems
from model.demand.codes import authority_aliases, dfe_categories
from model.demand.textfile import read_text_columns

if TYPE_CHECKING:
    from pathlib import Path

SUPPRESSED: Final = ("c", "x")
NOT_APPLICABLE: Final = ("z", ":", "-")
ROUNDS_TO_ZERO: Final = ("low", "~")
COUNT_COLUMNS: Final = ("number", "children_count", "population_number")
KIND_COLUMNS: Final = ("population_count", "population_type")
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
    ``files``: table name to the file it came from.
    """

    counts: pd.DataFrame
    totals: pd.DataFrame
    unit_costs: pd.DataFrame
    files: dict[str, str]

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


def _first(frame: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    return next((name for name in names if name in frame.columns), None)


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


_TABLE_OF_GROUP: Final = {"age group": "stock", "age on starting": "starts", "age on ceasing": "ceased"}
_IDENTITY: Final = ("time_period", "geographic_level", "region_name", "la_name")
_MEASURES: Final = {"looked after": "stock", "starting": "starts", "ceasing": "ceased"}


def _measure(text: str) -> str:
    lowered = text.lower()
    return next((name for words, name in _MEASURES.items() if words in lowered.replace(" to be looked after", "")), "")


def _read_characteristics(frame: pd.DataFrame, name: str, problems: list[str]) -> tuple[str, pd.DataFrame] | None:
    groups = frame["cla_group"].str.strip().str.lower()
    table = next((_TABLE_OF_GROUP[g] for g in groups.dropna().unique() if g in _TABLE_OF_GROUP), None)
    if table is None:
        return None
    column = _first(frame, COUNT_COLUMNS)
    if column is None:
        problems.append(f"{name}: no column of counts; expected one of {', '.join(COUNT_COLUMNS)}")
        return None
    out = _identified(frame, column)
    out.insert(0, "table", table)
    out.insert(1, "group", groups)
    out.insert(2, "characteristic", frame["characteristic"].str.strip().str.lower())
    return table, _once(out, ["group", "characteristic", "level", "region", "authority", "year"])


def _read_totals(frame: pd.DataFrame, name: str, problems: list[str]) -> pd.DataFrame | None:
    kind, column = _first(frame, KIND_COLUMNS), _first(frame, COUNT_COLUMNS)
    if kind is None or column is None:
        expected = f"one of {' or '.join(KIND_COLUMNS)} and one of {' or '.join(COUNT_COLUMNS)}"
        problems.append(f"{name}: columns missing; expected {expected}")
        return None
    out = _identified(frame, column)
    out["measure"] = frame[kind].map({text: _measure(text) for text in frame[kind].dropna().unique()})
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


def read_dfe(folder: Path) -> DfeTables:
    """Read every DfE table in ``folder``. Raises ``InputProblems`` with all problems at once."""
    problems: list[str] = []
    if not folder.is_dir():
        raise InputProblems([f"--dfe {folder.name}: no such folder; give the folder of DfE downloads"])
    parts: dict[str, pd.DataFrame] = {}
    files: dict[str, str] = {}
    for path in sorted(folder.glob("*.csv")):
        frame = read_text_columns(path)
        found = _classified(frame, path.name, problems)
        if found is not None and len(found[1]):
            parts[found[0]], files[found[0]] = found[1], path.name
    wanted = {"totals": "numbers and rates", "stock": "on 31 March by characteristics", "starts": "started"}
    wanted["ceased"] = "ceased"
    problems += [f"{folder.name}/: no table of {what} found" for key, what in wanted.items() if key not in parts]
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
    )


def _classified(frame: pd.DataFrame, name: str, problems: list[str]) -> tuple[str, pd.DataFrame] | None:
    """Return (kind, normalised frame), or None for a file that is none of ours."""
    if {"measure", "LA and Regions", "Years", "Values"} <= set(frame.columns):
        return "tool", _read_tool(frame)
    characteristics = {"cla_group", "characteristic"} <= set(frame.columns)
    if not characteristics and _first(frame, KIND_COLUMNS) is None:
        return None
    missing = [column for column in _IDENTITY if column not in frame.columns]
    if missing:
        problems.append(f"{name}: columns missing: {', '.join(missing)}; download the table with all its columns")
        return None
    if characteristics:
        return _read_characteristics(frame, name, problems)
    totals = _read_totals(frame, name, problems)
    return None if totals is None else ("totals", totals)


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
