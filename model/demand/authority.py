"""One authority's caseload from published tables: margins by age and by placement, entries, exits, with sources."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.case.reading.problems import InputProblems
from model.case.spelling import nearest
from model.demand.codes import AGE_BANDS, AGED_OUT, PLACEMENTS, dfe_categories, read_reference
from model.demand.dfe import DfeTables, canonical, category_counts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CASELOAD_COLUMNS: Final = (
    "age_band",
    "placement",
    "stream",
    "children",
    "entries_annual",
    "exits_annual",
    "source",
    "note",
)
_FITTING_ROUNDS: Final = 200
_APART: Final = 0.01
"""How far the parts of a margin may lie from its printed total, as a share of it, and in children (rounding)."""
_APART_CHILDREN: Final = 3
_SEED_FLOOR: Final = 0.01


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


_MOST_SUPPORTED: Final = 0.9
"""At most this share of an authority's own children of 16 and 17 is in supported accommodation."""
_NAMED = 5  # authorities that a message names where none is near


def find_authority(tables: DfeTables, name: str) -> tuple[str, str]:
    """Return (authority, region) as the tables spell them, found by name or code.

    A name need not be DfE's: "London Borough of Camden", "Telford & Wrekin" and "Bristol" are known, and so is the
    first part of a name that only one authority has. An abolished authority is answered with its successors, an unknown
    one with the nearest names.
    """
    rows = tables.totals[tables.totals["level"] == "authority"]
    names = [str(known) for known in rows["authority"].unique()]
    known = (
        tables.codes.get(name.strip().lower())
        or _named(canonical(name), names)
        or _named(canonical(_plain(name)), names)
    )
    successors = [row["successors"] for row in read_reference("authority_successors.csv") if row["name"] == known]
    if known is None or (successors and not _still_there(tables, known)):
        gone = next((r["successors"] for r in read_reference("authority_successors.csv") if r["name"] == name), "")
        gone = successors[0] if successors else gone
        near = f"it was abolished; its successors are {gone}" if gone else nearest(name, names)
        some = sorted(names)
        rest = f" and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
        hint = f"; {near}" if near else f"; it holds {', '.join(some[:_NAMED])}{rest}"
        raise InputProblems([f"--authority {name!r}: not in {tables.files.get('totals', 'the tables')}{hint}"])
    return known, str(rows.loc[rows["authority"] == known, "region"].iloc[0])


def _still_there(tables: DfeTables, name: str) -> bool:
    """Whether an authority has children in the newest year."""
    return name in tables.authorities


_STYLES: Final = re.compile(
    r"^(?:the )?(?:(?:london|royal|metropolitan)(?: borough)?|city|county|borough)(?: council)? of |"
    r",? (?:city|county) of$| (?:(?:metropolitan |county |city )?(?:borough )?council|county|borough)$"
)


def _plain(name: str) -> str:
    """Return a name without its style: no "London Borough of", no "Council", "and" for "&"."""
    lowered = re.sub(r"[.']", "", name.lower().replace("&", " and ").replace("-", " "))
    return _STYLES.sub("", _STYLES.sub("", re.sub(r"\s+", " ", lowered).strip()).strip()).strip()


def _named(name: str, names: Sequence[str]) -> str | None:
    """Return the one authority of that name, or the only one whose name begins with it."""
    exact = {known.lower(): known for known in names}
    if name.lower() in exact:
        return exact[name.lower()]
    plain = {known: _plain(known) for known in names}
    same = [known for known, short in plain.items() if short == _plain(name)]
    begins = [known for known, short in plain.items() if short.startswith(f"{_plain(name)} ")]
    found = same or begins
    return found[0] if len(found) == 1 else None


def _by_code(tables: DfeTables, authority: str, year: int, query: tuple[str, str, str]) -> tuple[pd.Series, float]:
    """Return (code to count, children imputed) of one margin of one authority and year."""
    table, group, category = query
    rows = category_counts(tables, table=table, group=group, category=category)
    rows = rows[(rows["level"] == "authority") & (rows["authority"] == authority) & (rows["year"] == year)]
    counts = rows.set_index("code")["count"]
    _check_total(tables, counts, (authority, year), query)
    return counts, float(rows["imputed"].sum())


def _check_total(tables: DfeTables, counts: pd.Series, whose: tuple[str, int], query: tuple[str, str, str]) -> None:
    """Raise InputProblems where the parts of a margin do not add up to its printed total; name what was not known."""
    table, group, category = query
    rows = tables.counts[
        (tables.counts["table"] == table) & (tables.counts["group"] == group)
        & (tables.counts["authority"] == whose[0]) & (tables.counts["year"] == whose[1])
    ]  # fmt: skip
    total = rows.loc[rows["characteristic"] == "total", "count"].max()
    if not total > 0 or counts.isna().any() or abs(counts.sum() - total) <= max(_APART * total, _APART_CHILDREN):
        return
    known = {name for kind, name in dfe_categories() if kind == category}
    strange = rows[~rows["characteristic"].isin({*known, "total"})]
    named = ", ".join(f"{r.characteristic!r} ({r.count:g})" for r in strange.itertuples(index=False))
    said = f"; no category of ours: {named}" if named else ""
    parts = f"{tables.files[table]}, {whose[0]} {whose[1]}, {group}: the parts hold {counts.sum():.0f} children"
    raise InputProblems([f"{parts} and the printed total is {total:.0f}{said}"])


def _or_regional(
    tables: DfeTables, own: pd.Series, place: tuple[str, int], query: tuple[str, str, str], age: pd.Series
) -> tuple[pd.Series, bool]:
    """Return the authority's flows, or its region's scaled to the authority's children where its own are unknown."""
    if len(own) and own.notna().all():
        return own, False
    rows = category_counts(tables, table=query[0], group=query[1], category=query[2])
    held = category_counts(tables, table="stock", group="age group", category="age")
    flows, stock = (
        frame[(frame["level"] == "region") & (frame["region"] == place[0]) & (frame["year"] == place[1])]
        for frame in (rows, held)
    )
    share = float(age.sum()) / float(stock["count"].sum()) if len(stock) else 0.0
    return flows.set_index("code")["count"].fillna(0.0) * share, True


def external_shares(tables: DfeTables) -> pd.Series:
    """Share of each placement's children with private or voluntary providers, from all authorities' margins.

    Least squares over authorities and years, each divided by its own total, bounded to 0..1: a seed for fitting one
    authority's own margins, never a figure by itself.
    """
    from scipy.optimize import lsq_linear  # noqa: PLC0415  heavy import, only here

    placement = _wide(tables, "placement", "placement")
    provider = _wide(tables, "place providers", "provider")
    both = placement.join(provider[["external"]], how="inner").dropna()
    columns = [c for c in placement.columns if c != "parents"]
    total = both[placement.columns].sum(axis=1)
    usable = total > 0
    left = both.loc[usable, columns].div(total[usable], axis=0).to_numpy()
    right = (both.loc[usable, "external"] / total[usable]).to_numpy()
    fitted = lsq_linear(left, right, bounds=(0.0, 1.0)).x
    return pd.Series(fitted, index=columns)


def _wide(tables: DfeTables, group: str, category: str) -> pd.DataFrame:
    rows = category_counts(tables, table="stock", group=group, category=category)
    rows = rows[rows["level"] == "authority"]
    return rows.pivot_table(index=["authority", "year"], columns="code", values="count", aggfunc="sum")


def fit_margins(seed: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return ``seed`` scaled by iterative proportional fitting to row and column sums (their totals must agree)."""
    table = seed.astype(float)
    for _ in range(_FITTING_ROUNDS):
        table *= _ratio(rows, table.sum(axis=1))[:, None]
        table *= _ratio(columns, table.sum(axis=0))[None, :]
    fitted: np.ndarray = table * _ratio(rows, table.sum(axis=1))[:, None]
    return fitted


def _ratio(target: np.ndarray, now: np.ndarray) -> np.ndarray:
    ratio: np.ndarray = np.divide(target, now, out=np.zeros_like(now), where=now > 0)
    return ratio


def split_by_provider(placement: pd.Series, provider: pd.Series, seeds: pd.Series) -> pd.DataFrame:
    """Children by placement and provider (``own``, ``external``) fitted to one authority's two margins.

    Placements with parents take the parents provider; children whose provider is not reported are spread.
    """
    rows = placement.drop("parents", errors="ignore").clip(lower=0.0)
    share = seeds.reindex(rows.index).fillna(float(seeds.mean())).clip(_SEED_FLOOR, 1 - _SEED_FLOOR)
    seed = np.column_stack([rows * (1 - share), rows * share])
    columns = provider.reindex(["own", "external"]).fillna(0.0).to_numpy(dtype=float)
    if columns.sum() <= 0:
        columns = seed.sum(axis=0)
    columns = columns * rows.sum() / columns.sum() if rows.sum() > 0 else columns * 0
    fitted = fit_margins(seed, rows.to_numpy(dtype=float), columns)
    return pd.DataFrame(fitted, index=rows.index, columns=["own", "external"])


def mainstream_places_filled(tables: DfeTables, authority: str, region: str, year: int) -> tuple[float, str]:
    """Filled local-authority mainstream foster places (not kinship), and the level they were published for."""
    rows = tables.unit_costs[tables.unit_costs["measure"] == "la_foster_places_filled"]
    for name in (authority, region, "England"):
        value = rows.loc[(rows["name"] == name) & (rows["year"] == year), "value"].dropna()
        if len(value) and float(value.iloc[0]) > 0:
            return float(value.iloc[0]), name
    return float("nan"), ""


def in_house_and_kinship(
    tables: DfeTables, authority: str, region: str, year: int, own_foster: float
) -> tuple[float, float, str]:
    """Split foster children with the authority's own provision into (in-house, family and friends, note).

    The filled mainstream places are in-house; the rest are family and friends. Where the authority's own figure is
    not published the share of its region (else England) stands in.
    """
    filled, level = mainstream_places_filled(tables, authority, region, year)
    if level == authority:
        in_house = min(filled, own_foster)
        return in_house, own_foster - in_house, "own filled mainstream foster places (LAIT, rounded to 5)"
    if not level:
        return own_foster, 0.0, "no figure for filled mainstream places: all in-house, family and friends unknown"
    whole = _own_foster_of(tables, level, year)
    share = min(1.0, filled / whole) if whole > 0 else 1.0
    return own_foster * share, own_foster * (1 - share), f"split as in {level}: its own figure is not published"


def _own_foster_of(tables: DfeTables, name: str, year: int) -> float:
    """Foster children in own provision in a region or England (children)."""
    level = "national" if name == "England" else "region"

    def margin(group: str, category: str) -> pd.Series:
        rows = category_counts(tables, table="stock", group=group, category=category)
        rows = rows[(rows["level"] == level) & (rows["region"] == name) & (rows["year"] == year)]
        return rows.set_index("code")["count"]

    split = split_by_provider(
        margin("placement", "placement"), margin("place providers", "provider"), external_shares(tables)
    )
    return float(split["own"]["foster"])


def authority_caseload(tables: DfeTables, name: str, year: int | None = None) -> AuthorityCaseload:
    """Margins and flows of one authority from the published tables, in the newest or a given year.

    Raises ``InputProblems`` where the authority or the year is not in the tables.
    """
    authority, region = find_authority(tables, name)
    year = max(tables.years) if year is None else year
    if year not in tables.years:
        raise InputProblems([f"--year {year}: the stock table holds {', '.join(map(str, tables.years))}"])
    age, guessed_age = _by_code(tables, authority, year, ("stock", "age group", "age"))
    placement, guessed_placement = _by_code(tables, authority, year, ("stock", "placement", "placement"))
    provider, guessed_provider = _by_code(tables, authority, year, ("stock", "place providers", "provider"))
    entries, guessed_entries = _by_code(tables, authority, year, ("starts", "age on starting", "age"))
    exits, guessed_exits = _by_code(tables, authority, year, ("ceased", "age on ceasing", "age"))
    uasc_group = "unaccompanied asylum-seeking children"
    uasc, guessed_uasc = _by_code(tables, authority, year, ("stock", uasc_group, "uasc"))
    uasc_in, _ = _by_code(tables, authority, year, ("starts", uasc_group, "uasc"))
    if not len(age) or age.isna().any() or age.sum() <= 0:
        raise InputProblems([f"{authority} {year}: children by age are not published for this authority and year"])
    entries, regional_entries = _or_regional(tables, entries, (region, year), ("starts", "age on starting", "age"), age)
    exits, regional_exits = _or_regional(tables, exits, (region, year), ("ceased", "age on ceasing", "age"), age)
    split = split_by_provider(placement.fillna(0.0), provider.fillna(0.0), external_shares(tables))
    in_house, kinship, note = in_house_and_kinship(tables, authority, region, year, float(split["own"]["foster"]))
    stock = {code: float(placement.get(code, 0.0)) for code in PLACEMENTS}
    stock |= {"in_house_foster": in_house, "family_and_friends": kinship}
    stock["ifa_foster"] = float(split["external"]["foster"])
    held = sum(stock.values())
    scale = float(age.sum()) / held if held else 0.0
    return AuthorityCaseload(
        authority=authority,
        region=region,
        year=year,
        stock_by_age={band: float(age.get(band, 0.0)) for band in AGE_BANDS},
        stock_by_placement={code: count * scale for code, count in stock.items()},
        entries_by_age={band: float(entries.get(band, 0.0)) for band in AGE_BANDS},
        exits_by_age={band: float(exits.get(band, 0.0)) for band in (*AGE_BANDS, AGED_OUT)},
        uasc=float(np.nan_to_num(uasc.get("uasc", 0.0))),
        uasc_entries=float(np.nan_to_num(uasc_in.get("uasc", 0.0))),
        imputed={
            "children by age": guessed_age,
            "children by placement": guessed_placement,
            "children by provider": guessed_provider,
            "entries by age": guessed_entries,
            "exits by age": guessed_exits,
            "unaccompanied children": guessed_uasc,
        },
        notes={
            "in_house": note,
            "flows": "; ".join(
                f"{name} as its region's, for the children it has: its own are not published"
                for name, borrowed in (("entries", regional_entries), ("exits", regional_exits))
                if borrowed
            ),
        },
    )


def caseload_frame(caseload: AuthorityCaseload, files: Mapping[str, str]) -> pd.DataFrame:
    """Return ``caseload.csv``: margins by age and by placement for the general stream, and unaccompanied children.

    Unaccompanied children are all of 16 and 17 (and taken out of the general 16-17 margin): the authority tables do
    not give their ages, nor where they live (`uasc_placements`). Counts are children; flows children a year.
    """
    uasc = min(caseload.uasc, caseload.stock_by_age["16_17"])
    uasc_entries = min(caseload.uasc_entries, caseload.entries_by_age["16_17"])
    oldest = caseload.stock_by_age[AGE_BANDS[-1]] + caseload.entries_by_age[AGE_BANDS[-1]]
    unaccompanied = (uasc + uasc_entries) / oldest if oldest else 0.0
    theirs = uasc_placements(caseload, uasc)
    rows = [_age_row(caseload, band, (uasc, uasc_entries, unaccompanied), files) for band in AGE_BANDS]
    rows.append(_aged_out_row(caseload, 1 - unaccompanied, "general", files))
    rows += [_placement_row(caseload, code, theirs[code], files) for code in PLACEMENTS]
    if uasc or uasc_entries:
        rows += [_uasc_row(caseload, band, (uasc, uasc_entries, unaccompanied), files) for band in AGE_BANDS]
        rows += [_uasc_place_row(caseload, code, theirs[code], files) for code in PLACEMENTS if theirs[code] > 0]
        rows.append(_aged_out_row(caseload, unaccompanied, "uasc", files))
    return pd.DataFrame(rows, columns=list(CASELOAD_COLUMNS))


def uasc_placements(caseload: AuthorityCaseload, uasc: float) -> dict[str, float]:
    """Return where unaccompanied children live, by placement: as `uasc_placements.csv` weighs, as far as there are any.

    At least as many are in supported accommodation as leave it to no more others than are 16 or 17.
    """
    stock, only_16_17 = caseload.stock_by_placement, "supported_accommodation"
    weights = dict.fromkeys(PLACEMENTS, 0.0)
    weights |= {row["placement"]: float(row["weight"]) for row in read_reference("uasc_placements.csv")}
    others = (caseload.stock_by_age[AGE_BANDS[-1]] - uasc) * _MOST_SUPPORTED
    least = min(uasc, max(0.0, stock[only_16_17] - others))
    found = dict.fromkeys(PLACEMENTS, 0.0) | {only_16_17: least}
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


def _uasc_place_row(
    caseload: AuthorityCaseload, code: str, children: float, files: Mapping[str, str]
) -> dict[str, object]:
    return {
        "age_band": AGE_BANDS[-1],
        "placement": code,
        "stream": "uasc",
        "children": round(children, 3),
        "entries_annual": "",
        "exits_annual": "",
        "source": f"DfE {files['stock']}: {caseload.authority} {caseload.year}; uasc_placements.csv",
        "note": "placements of unaccompanied children are not published: by judgement, within those there are",
    }


def _note(caseload: AuthorityCaseload, *measures: str, extra: str = "") -> str:
    extra = "; ".join(part for part in (extra, caseload.notes["flows"] if "entries by age" in measures else "") if part)
    guessed = [f"{m}: {caseload.imputed[m]:.0f} suppressed" for m in measures if caseload.imputed[m] >= 0.5]
    said = "; ".join(guessed)
    return "; ".join(part for part in (f"{said}, imputed within published totals" if said else "", extra) if part)


def _age_row(
    caseload: AuthorityCaseload, band: str, uasc: tuple[float, float, float], files: Mapping[str, str]
) -> dict[str, object]:
    oldest = band == AGE_BANDS[-1]
    extra = _SHARED_EXITS if oldest and uasc[2] else ""
    return {
        "age_band": band,
        "placement": "all",
        "stream": "general",
        "children": round(caseload.stock_by_age[band] - (uasc[0] if oldest else 0.0), 3),
        "entries_annual": round(caseload.entries_by_age[band] - (uasc[1] if oldest else 0.0), 3),
        "exits_annual": round(caseload.exits_by_age[band] * (1 - uasc[2] if oldest else 1.0), 3),
        "source": f"DfE {files['stock']}, {files['starts']}, {files['ceased']}: {caseload.authority} {caseload.year}",
        "note": _note(caseload, "children by age", "entries by age", "exits by age", extra=extra),
    }


def _aged_out_row(
    caseload: AuthorityCaseload, share: float, stream: str, files: Mapping[str, str]
) -> dict[str, object]:
    said = "leave at 18" if share == 1 else f"leave at 18; {_SHARED_EXITS}"
    return {
        "age_band": AGED_OUT,
        "placement": "all",
        "stream": stream,
        "children": "",
        "entries_annual": "",
        "exits_annual": round(caseload.exits_by_age[AGED_OUT] * share, 3),
        "source": f"DfE {files['ceased']}: {caseload.authority} {caseload.year}",
        "note": _note(caseload, "exits by age", extra=said),
    }


def _placement_row(caseload: AuthorityCaseload, code: str, uasc: float, files: Mapping[str, str]) -> dict[str, object]:
    foster = code in {"in_house_foster", "ifa_foster", "family_and_friends"}
    extra = "foster placements split by provider, fitted to the published provider margin" if foster else ""
    if code in {"in_house_foster", "family_and_friends"}:
        extra += f"; {caseload.notes['in_house']}"
    if uasc > 0:
        extra += f"{'; ' if extra else ''}unaccompanied children taken out"
    return {
        "age_band": "all",
        "placement": code,
        "stream": "general",
        "children": round(caseload.stock_by_placement[code] - uasc, 3),
        "entries_annual": "",
        "exits_annual": "",
        "source": f"DfE {files['stock']}: {caseload.authority} {caseload.year}",
        "note": _note(caseload, "children by placement", "children by provider", extra=extra),
    }


_SHARED_EXITS: Final = "exits shared between the streams as children of 16 and 17 are: the table does not split them"


def _uasc_row(
    caseload: AuthorityCaseload, band: str, uasc: tuple[float, float, float], files: Mapping[str, str]
) -> dict[str, object]:
    held = float(band == AGE_BANDS[-1])
    return {
        "age_band": band,
        "placement": "all",
        "stream": "uasc",
        "children": "",  # the rows of one age and placement hold them
        "entries_annual": round(uasc[1] * held, 3),
        "exits_annual": round(caseload.exits_by_age[AGE_BANDS[-1]] * uasc[2] * held, 3),
        "source": f"DfE {files['stock']}, {files['starts']}: {caseload.authority} {caseload.year}",
        "note": _note(
            caseload, "unaccompanied children", extra=f"all taken as 16-17: ages are not published; {_SHARED_EXITS}"
        ),
    }
