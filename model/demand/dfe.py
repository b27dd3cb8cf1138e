"""DfE's published tables on children looked after: read as downloaded, and what they suppress filled in.

A count that is not shown is imputed from totals less their parts, shared as in the region.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from model.case.reading.problems import InputProblems
from model.case.spelling import nearest
from model.demand.codes import dfe_categories, mapped, named
from model.demand.layout import GROUPS, KEY, NOT_APPLICABLE, SUPPRESSED, names_of, table_in
from model.demand.textfile import csv_files, read_text_columns, unpacked

_WANTED: Final = {
    "totals": "numbers and rates", "stock": "on 31 March by characteristics", "starts": "started", "ceased": "ceased",
}  # fmt: skip

SMALLEST_SUPPRESSED: Final = 1
"""A suppressed count is at least one child: DfE shows true zeros as 0."""
LARGEST_SUPPRESSED: Final = 5
"""A count suppressed for its own size is at most five; more is left only where a larger one was hidden beside it."""
_ROUNDS: Final = 8  # the most cells of a group
_NAMED: Final = 5  # names that a message gives where none is near


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
        unit_costs=parts.get("tool", pd.DataFrame({"measure": [""], "name": "", "year": 0, "value": np.nan}).iloc[:0]),
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


def find_authority(tables: DfeTables, name: str) -> tuple[str, str]:
    """Return (authority, region) as the tables spell them, found by name or code.

    A name need not be DfE's: "London Borough of Camden", "Telford & Wrekin" and "Bristol" are known, and so is the
    first part of a name that only one authority has. InputProblems answers an abolished authority with its successors,
    an unknown one with the nearest names.
    """
    rows = tables.totals[tables.totals["level"] == "authority"]
    region = dict(zip(rows["authority"], rows["region"], strict=True))
    gone = mapped("authority_successors.csv", "name", "successors")
    known = tables.codes.get(name.strip().lower()) or named(name, {*region, *gone})
    if known is not None and known in region and (known not in gone or known in tables.authorities):
        return known, str(region[known])
    near = nearest(name, list(region))
    if known is not None and known in gone:
        near = f"it was abolished; its successors are {gone[known]}"
    some = sorted(region)
    rest = f" and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
    hint = f"; {near}" if near else f"; it holds {', '.join(some[:_NAMED])}{rest}"
    raise InputProblems([f"--authority {name!r}: not in {tables.files.get('totals', 'the tables')}{hint}"])


# What is suppressed ---------------------------------------------------------------------------------------------------


def with_totals(counts: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    """Fill a suppressed Total from the numbers and rates table, which may print it."""
    key = ["measure", *KEY]
    printed = totals.dropna(subset=["count"]).drop_duplicates(key).set_index(key)["count"]
    is_total = (counts["characteristic"] == "total") & counts["count"].isna()
    look_up = counts.loc[is_total, ["table", *KEY]]
    filled = counts["count"].copy()
    filled[is_total] = printed.reindex(pd.MultiIndex.from_frame(look_up)).to_numpy()
    return counts.assign(count=filled)


def impute_suppressed(counts: pd.DataFrame) -> pd.DataFrame:
    """Return ``counts`` with suppressed cells imputed inside their published total, flagged in ``imputed``.

    What a total leaves after its published cells is shared among its suppressed cells in proportion to the regional
    (or, where that is suppressed too, national) pattern, from one to five children each; what five each do not hold is
    the likeliest cell's, hidden beside a small one. A total that is itself unknown leaves its cells unknown. Not
    applicable is zero inside a known total.
    """
    key = ["table", "group", *KEY]
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
    """Share ``rest`` (one number a group) among suppressed ``cells``: one child each, then by pattern up to five."""
    groups = [cells[k] for k in key]
    pattern = cells["pattern"]
    number = pattern.groupby(groups).transform("size")
    likeliest = pattern.groupby(groups).rank(method="first", ascending=False) == 1
    beyond = likeliest & (rest > LARGEST_SUPPRESSED * number)
    limit = pd.Series(np.inf, rest.index).where(beyond, LARGEST_SUPPRESSED)
    shared = (rest / number).clip(upper=SMALLEST_SUPPRESSED)
    for _ in range(_ROUNDS):
        left = rest - shared.groupby(groups).transform("sum")
        weight = pattern.where(shared < limit, 0.0)
        whole = weight.groupby(groups).transform("sum")
        shared = (shared + (left * weight / whole).where(whole > 0, 0.0)).clip(upper=limit)
    return shared
