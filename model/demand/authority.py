"""One authority's caseload from published tables: margins by age and by placement, entries, exits, with sources."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from model.case.parameters import AGE_18, AGE_BANDS, PLACEMENTS
from model.case.reading.problems import InputProblems
from model.demand.codes import mapped
from model.demand.dfe import DfeTables, category_counts, find_authority
from model.demand.layout import GROUPS
from model.demand.privacy import raked

CASELOAD_COLUMNS: Final = (
    "age_band", "placement", "stream", "children", "entries_annual", "exits_annual", "source", "note",
)  # fmt: skip
_APART: Final = 0.01
"""How far the parts of a margin may lie from its printed total, as a share of it; one child is rounding."""
_SEED_FLOOR: Final = 0.01
_MOST_SUPPORTED: Final = 0.9
"""At most this share of an authority's own children of 16 and 17 is in supported accommodation."""
_MARGINS: Final = {
    "children by age": ("stock", "age"),
    "children by placement": ("stock", "placement"),
    "children by provider": ("stock", "provider"),
    "unaccompanied children": ("stock", "uasc"),
    "entries by age": ("starts", "age"),
    "unaccompanied entries": ("starts", "uasc"),
    "exits by age": ("ceased", "age"),
}
"""What is read of an authority: its name in a note, and (table, category) of the tables."""
_OLDEST: Final = AGE_BANDS[-1]
_SHARED_EXITS: Final = "exits shared between the streams as children of 16 and 17 are: the table does not split them"
_BY_JUDGEMENT: Final = "placements of unaccompanied children (uasc_placements.csv) by judgement, within those there are"


@dataclass(frozen=True, kw_only=True)
class AuthorityCaseload:
    """Margins of one authority on 31 March of ``year`` (children) and flows of the year before it (children a year).

    ``stock_by_age``, ``stock_by_placement``, ``entries_by_age``: code to count, all streams together.
    ``exits_by_age`` also holds ``18``. ``uasc`` and ``uasc_entries`` are the unaccompanied children among them.
    ``imputed``: measure to the number of children in it that were suppressed and imputed.
    """

    authority: str
    region: str
    year: int
    stock_by_age: Mapping[str, float]
    stock_by_placement: Mapping[str, float]
    entries_by_age: Mapping[str, float]
    exits_by_age: Mapping[str, float]
    uasc: float
    uasc_entries: float
    imputed: Mapping[str, float]
    notes: Mapping[str, str]

    @property
    def total(self) -> float:
        """Children looked after on 31 March."""
        return sum(self.stock_by_age.values())


def authority_caseload(tables: DfeTables, name: str, year: int | None = None) -> AuthorityCaseload:
    """Margins and flows of one authority from the published tables, in the newest or a given year.

    Raises ``InputProblems`` where the authority or the year is not in the tables.
    """
    authority, region = find_authority(tables, name)
    year = max(tables.years) if year is None else year
    if year not in tables.years:
        raise InputProblems([f"--year {year}: the stock table holds {', '.join(map(str, tables.years))}"])
    counts, imputed, borrowed = {}, {}, []
    for said, query in _MARGINS.items():
        own = _of(tables, query, "authority", authority, year)
        _check_total(tables, own["count"], (authority, year), query)
        counts[said], imputed[said] = own["count"], float(own["imputed"].sum())
    age = counts["children by age"]
    if not len(age) or age.isna().any() or age.sum() <= 0:
        after = mapped("authority_successors.csv", "name", "successors").get(authority)
        hint = f"; it was abolished, its successors are {after}" if after else ""
        message = f"{authority} {year}: children by age are not published for this authority and year{hint}"
        raise InputProblems([message])
    for said in ("entries by age", "exits by age"):
        if not len(counts[said]) or counts[said].isna().any():
            counts[said] = _as_in_region(tables, _MARGINS[said], region, year, float(age.sum()))
            borrowed.append(said.partition(" ")[0])
    placement, provider = (counts[f"children by {m}"].fillna(0.0) for m in ("placement", "provider"))
    if "foster" not in placement:
        message = f"{authority} {year}: children in foster placements are not published for this authority and year"
        raise InputProblems([message])
    split = split_by_provider(placement, provider, external_shares(tables))
    in_house, kinship, note = in_house_and_kinship(tables, authority, region, year, float(split["own"]["foster"]))
    stock = {code: float(placement.get(code, 0.0)) for code in PLACEMENTS}
    stock |= {"in_house_foster": in_house, "family_and_friends": kinship}
    stock["ifa_foster"] = float(split["external"]["foster"])
    held = sum(stock.values())
    flows = "; ".join(f"{f} as its region's, for the children it has: its own are not published" for f in borrowed)
    return AuthorityCaseload(
        authority=authority,
        region=region,
        year=year,
        stock_by_age={band: float(age.get(band, 0.0)) for band in AGE_BANDS},
        stock_by_placement={code: count * float(age.sum()) / held if held else 0.0 for code, count in stock.items()},
        entries_by_age={band: float(counts["entries by age"].get(band, 0.0)) for band in AGE_BANDS},
        exits_by_age={band: float(counts["exits by age"].get(band, 0.0)) for band in (*AGE_BANDS, AGE_18)},
        uasc=float(np.nan_to_num(counts["unaccompanied children"].get("uasc", 0.0))),
        uasc_entries=float(np.nan_to_num(counts["unaccompanied entries"].get("uasc", 0.0))),
        imputed=imputed,
        notes={"in_house": note, "flows": flows},
    )


def _of(tables: DfeTables, query: tuple[str, str], level: str, name: str, year: int) -> pd.DataFrame:
    """Return count and imputed by code of one margin of an authority, a region or England in a year."""
    rows = category_counts(tables, *query)
    where = rows["authority" if level == "authority" else "region"]
    chosen = rows[(rows["level"] == level) & (where == name) & (rows["year"] == year)]
    return chosen.set_index("code")[["count", "imputed"]]


def _check_total(tables: DfeTables, counts: pd.Series, whose: tuple[str, int], query: tuple[str, str]) -> None:
    """Raise InputProblems where the parts of a margin do not add up to its printed total; name what was not known."""
    key = (query[0], GROUPS[query], *whose, "total")
    columns = ["table", "group", "authority", "year", "characteristic"]
    total = tables.counts.loc[(tables.counts[columns] == list(key)).all(axis=1), "count"].max()
    if not total > 0 or counts.isna().any() or abs(counts.sum() - total) <= max(_APART * total, 1.0):
        return
    said = "; ".join(note for note in tables.notes if f": {key[1]}:" in note)
    parts = f"{tables.files[query[0]]}, {whose[0]} {whose[1]}, {key[1]}: the parts hold {counts.sum():.0f} children"
    raise InputProblems([f"{parts} and the printed total is {total:.0f}{f'; {said}' if said else ''}"])


def _as_in_region(tables: DfeTables, query: tuple[str, str], region: str, year: int, children: float) -> pd.Series:
    """Return the region's flows for as many children as the authority has."""
    held = _of(tables, ("stock", "age"), "region", region, year)["count"].sum()
    share = children / held if held > 0 else 0.0
    flows: pd.Series = _of(tables, query, "region", region, year)["count"].fillna(0.0) * share
    return flows


def external_shares(tables: DfeTables) -> pd.Series:
    """Share of each placement's children with private or voluntary providers, from all authorities' margins.

    Least squares over authorities and years, each divided by its own total, bounded to 0..1: a seed for fitting one
    authority's own margins, never a figure by itself.
    """
    from scipy.optimize import lsq_linear  # noqa: PLC0415  heavy import, only here

    placement, provider = (category_counts(tables, "stock", category) for category in ("placement", "provider"))
    rows = pd.concat([placement, provider[provider["code"] == "external"]]).query("level == 'authority'")
    both = rows.pivot_table(index=["authority", "year"], columns="code", values="count", aggfunc="sum").dropna()
    placements = both.columns.drop("external")
    shares = both.div(both[placements].sum(axis=1), axis=0).dropna()
    columns = placements.drop("parents", errors="ignore")
    fitted = lsq_linear(shares[columns].to_numpy(), shares["external"].to_numpy(), bounds=(0.0, 1.0)).x
    return pd.Series(fitted, index=columns)


def split_by_provider(placement: pd.Series, provider: pd.Series, seeds: pd.Series) -> pd.DataFrame:
    """Children by placement and provider (``own``, ``external``) fitted to one authority's two margins.

    Placements with parents take the parents provider; children whose provider is not reported are spread.
    """
    rows = placement.drop("parents", errors="ignore").clip(lower=0.0)
    share = seeds.reindex(rows.index).fillna(float(seeds.mean())).clip(_SEED_FLOOR, 1 - _SEED_FLOOR)
    seed = np.column_stack([rows * (1 - share), rows * share])
    columns = provider.reindex(["own", "external"]).fillna(0.0).to_numpy(dtype=float)
    fitted = raked(rows.to_numpy(dtype=float), columns, seed) if columns.sum() > 0 else seed
    return pd.DataFrame(fitted, index=rows.index, columns=["own", "external"])


def in_house_and_kinship(
    tables: DfeTables, authority: str, region: str, year: int, own_foster: float
) -> tuple[float, float, str]:
    """Split foster children with the authority's own provision into (in-house, family and friends, note).

    The filled mainstream places (not kinship) are in-house; the rest are family and friends. Where the authority's own
    figure is not published the share of its region (else England) stands in.
    """
    filled = {
        name: tool_value(tables, "la_foster_places_filled", name, year) for name in (authority, region, "England")
    }
    known = [name for name, number in filled.items() if number > 0]
    if not known:
        return own_foster, 0.0, "no figure for filled mainstream places: all in-house, family and friends unknown"
    if known[0] == authority:
        in_house = min(filled[authority], own_foster)
        return in_house, own_foster - in_house, "own filled mainstream foster places (LAIT, rounded to 5)"
    level = "national" if known[0] == "England" else "region"
    placement, provider = (_of(tables, ("stock", c), level, known[0], year)["count"] for c in ("placement", "provider"))
    whole = float(split_by_provider(placement, provider, external_shares(tables))["own"].get("foster", 0.0))
    share = min(1.0, filled[known[0]] / whole) if whole > 0 else 1.0
    return own_foster * share, own_foster * (1 - share), f"split as in {known[0]}: its own figure is not published"


def tool_value(tables: DfeTables, measure: str, name: str, year: int) -> float:
    """Return the Interactive Tool's figure of an authority, a region or England in a year, NaN where there is none."""
    rows = tables.unit_costs
    chosen = (rows["measure"] == measure) & (rows["name"] == name) & (rows["year"] == year) & (rows["value"] > 0)
    return float(rows.loc[chosen, "value"].max())


# What is written ------------------------------------------------------------------------------------------------------


def caseload_frame(caseload: AuthorityCaseload, files: Mapping[str, str]) -> pd.DataFrame:
    """Return ``caseload.csv``: margins by age and by placement for the general stream, and unaccompanied children.

    Unaccompanied children are all of 16 and 17 (and taken out of the general 16-17 margin): the authority tables do
    not give their ages, nor where they live (`uasc_placements`), nor which exits are theirs: those of that age are
    shared as children and entries are. The last year's eighteenth birthdays are not stated: the next year's are those
    of the children who are 17 now, and to bend their ages until last year's number turns 18 makes a bulge that all
    turns 18 the year after. Counts are children; flows children a year.
    """
    uasc = min(caseload.uasc, caseload.stock_by_age[_OLDEST])
    entering = min(caseload.uasc_entries, caseload.entries_by_age[_OLDEST])
    oldest = caseload.stock_by_age[_OLDEST] + caseload.entries_by_age[_OLDEST]
    share = (uasc + entering) / oldest if oldest else 0.0
    theirs = uasc_placements(caseload, uasc)
    split = _SHARED_EXITS if share else ""
    of_uasc = _note(caseload, "unaccompanied children", said=f"all taken as 16-17: ages are not published; {split}")
    rows: list[tuple[object, ...]] = []
    for band in AGE_BANDS:
        old = band == _OLDEST
        said = _note(caseload, "children by age", "entries by age", "exits by age", said=split if old else "")
        children, entries = caseload.stock_by_age[band] - uasc * old, caseload.entries_by_age[band] - entering * old
        rows.append((band, "all", "general", children, entries, caseload.exits_by_age[band] * (1 - share * old), said))
        if uasc or entering:
            leaving = caseload.exits_by_age[_OLDEST] * share * old
            rows.append((band, "all", "uasc", "", float(entering * old), leaving, of_uasc))
    for code in PLACEMENTS:
        own = f"; {caseload.notes['in_house']}" if code in {"in_house_foster", "family_and_friends"} else ""
        split = f"foster placements split by provider, fitted to the published provider margin{own}"
        split = split if own or code == "ifa_foster" else ""
        said = _note(caseload, "children by placement", "children by provider", said=split)
        taken = "; unaccompanied children taken out" if theirs[code] else ""
        rows.append(("all", code, "general", caseload.stock_by_placement[code] - theirs[code], "", "", said + taken))
        if theirs[code] > 0:
            rows.append((_OLDEST, code, "uasc", theirs[code], "", "", _BY_JUDGEMENT))
    frame = pd.DataFrame(rows, columns=[c for c in CASELOAD_COLUMNS if c != "source"])
    numbers = {c: [round(v, 3) if isinstance(v, float) else v for v in frame[c]] for c in CASELOAD_COLUMNS[3:6]}
    source = f"DfE {files['stock']}, {files['starts']}, {files['ceased']}: {caseload.authority} {caseload.year}"
    return frame.assign(**numbers, source=source).sort_values("stream", kind="stable")[list(CASELOAD_COLUMNS)]


def _note(caseload: AuthorityCaseload, *measures: str, said: str = "") -> str:
    """Return what was suppressed in these measures, what was borrowed of the region, and what else is `said`."""
    guessed = "; ".join(f"{m}: {caseload.imputed[m]:.0f} suppressed" for m in measures if caseload.imputed[m] >= 0.5)
    flows = caseload.notes["flows"] if "entries by age" in measures else ""
    return "; ".join(p for p in (f"{guessed}, imputed within published totals" if guessed else "", said, flows) if p)


def uasc_placements(caseload: AuthorityCaseload, uasc: float) -> dict[str, float]:
    """Return where unaccompanied children live, by placement: as `uasc_placements.csv` weighs, as far as there are any.

    At least as many are in supported accommodation as leave it to no more others than are 16 or 17.
    """
    stock, only_16_17 = caseload.stock_by_placement, "supported_accommodation"
    weights = dict.fromkeys(PLACEMENTS, 0.0) | dict(mapped("uasc_placements.csv", "placement", "weight"))
    others = (caseload.stock_by_age[_OLDEST] - uasc) * _MOST_SUPPORTED
    found = dict.fromkeys(PLACEMENTS, 0.0) | {only_16_17: min(uasc, max(0.0, stock[only_16_17] - others))}
    for _ in range(len(PLACEMENTS)):
        open_to = {code: stock[code] - found[code] for code in PLACEMENTS}
        weight = {code: weights[code] if open_to[code] > 0 else 0.0 for code in PLACEMENTS}
        rest = uasc - sum(found.values())
        if not any(weight.values()):
            weight = {code: max(space, 0.0) for code, space in open_to.items()}
        if rest <= 0 or not any(weight.values()):
            break
        for code in PLACEMENTS:
            found[code] += min(open_to[code], rest * weight[code] / sum(weight.values()))
    return found
