"""Made-up SSDA903 returns with known hazards, and made-up DfE tables, for tests and benchmarks. Nobody is real."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.demand.episodes import OPEN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

PLACES: Final = (("U6", "PR1"), ("U4", "PR4"), ("U3", "PR1"), ("K2", "PR4"), ("P1", "PR0"))
"""Placement and provider codes the made-up children move among: our placements 0, 1, 2, 3 and 5."""


def day_of(year: int, month: int, day: int) -> int:
    """Days since 1 January 1970."""
    return int(np.datetime64(f"{year:04d}-{month:02d}-{day:02d}", "D").astype(np.int64))


OURS: Final = (0, 1, 2, 3, 5)
"""Our placements that ``PLACES`` are."""
AGE_STARTS_YEARS: Final = (0, 1, 5, 10, 16, 18)
CARE_STARTS_DAYS: Final = (0, 183, 365, 730)


@dataclass(frozen=True, kw_only=True)
class World:
    """Known hazards a year: leaving by placement of ``PLACES``, times ``by_age`` and ``by_care``; moving; entries.

    A mover goes to any other place alike. ``entry_ages`` is the share of entrants in each band of age, even within it;
    without it ages are even up to 17.5.
    """

    leave_annual: tuple[float, ...] = (0.25, 0.35, 0.2, 0.4, 0.6)
    by_age: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0)
    by_care: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
    entry_ages: tuple[float, ...] = ()
    entry_places: tuple[float, ...] = (0.2, 0.2, 0.2, 0.2, 0.2)
    move_annual: float = 0.5
    entries_annual: float = 200.0
    first_year: int = 2019
    years: int = 5
    history_years: int = 12


LIFELIKE: Final = World(
    leave_annual=(0.25, 0.3, 0.3, 0.3, 0.5), by_age=(1.3, 1.2, 1.0, 0.7, 0.9), by_care=(2.0, 1.0, 1.0, 0.6),
    entry_ages=(0.22, 0.18, 0.18, 0.28, 0.14), entry_places=(0.3, 0.25, 0.2, 0.15, 0.1), move_annual=0.35,
    entries_annual=160.0, history_years=18,
)  # fmt: skip
"""About 460 children in care: shorter stays early on, entrants as in England, eighteen years to settle."""


def made_up_episodes(world: World, seed: int) -> pd.DataFrame:
    """Return episodes child, born, start, end (days; ``OPEN`` if none), place; every child's whole care history.

    Candidates for an event come at the highest rate there is; each is one with the rate at its day over the highest.
    """
    rng = np.random.default_rng(seed)
    begin = day_of(world.first_year - world.history_years, 4, 1)
    stop = day_of(world.first_year + world.years, 4, 1)
    number = rng.poisson(world.entries_annual * (stop - begin) / 365.25)
    start = np.sort(rng.integers(begin, stop, number))
    born = start - (_entry_ages(world, rng, number) * 365.25).astype(np.int64)
    adult, came, child = born + int(18 * 365.25), start.copy(), np.arange(number)
    place = rng.choice(len(PLACES), number, p=world.entry_places)
    now = start.astype(float)
    most = max(world.leave_annual) * max(world.by_age) * max(world.by_care) + world.move_annual
    parts = []
    while len(child):
        now += rng.exponential(365.25 / most, len(child))
        age = np.searchsorted(np.array(AGE_STARTS_YEARS[1:-1]) * 365.25, now - born, side="right")
        care = np.searchsorted(CARE_STARTS_DAYS[1:], now - came, side="right")
        leave = np.array(world.leave_annual)[place] * np.array(world.by_age)[age] * np.array(world.by_care)[care]
        say = rng.random(len(child)) * most
        grown = now >= adult
        over, end = grown | (now >= stop), np.minimum(np.maximum(np.rint(now), start + 1), adult).astype(np.int64)
        leaves, moves = ~over & (say < leave), ~over & (say >= leave) & (say < leave + world.move_annual)
        done = leaves | moves | over
        ends = end < stop
        parts.append(
            pd.DataFrame(
                {"child": child, "born": born, "start": start, "end": np.where(ends, end, OPEN), "place": place,
                 "continues": moves & ends}
            )[done]
        )  # fmt: skip
        on = moves & ends
        place = np.where(on, (place + rng.integers(1, len(PLACES), len(child))) % len(PLACES), place)
        start = np.where(on, end, start)
        keep = ~done | on
        child, born, adult, came, place, start, now = (
            a[keep] for a in (child, born, adult, came, place, start, np.where(on, end, now))
        )
    return pd.concat(parts, ignore_index=True).sort_values(["child", "start"], ignore_index=True)


def _at_level(world: World, seed: int, level: Callable[[np.ndarray], np.ndarray]) -> pd.DataFrame:
    """Return made-up episodes whose entries rise and fall: the children of the highest level, thinned by their day."""
    end = world.first_year + world.years
    top = level(np.linspace(-world.history_years - world.years, 0, 1000)).max()
    episodes = made_up_episodes(replace(world, entries_annual=world.entries_annual * top), seed)
    came = episodes.groupby("child")["start"].min()
    share = level((came.to_numpy() - day_of(end, 4, 1)) / 365.25) / top
    kept = came.index[np.random.default_rng([seed, 1]).random(len(came)) < share]
    return episodes[episodes["child"].isin(kept)].reset_index(drop=True)


def _entry_ages(world: World, rng: np.random.Generator, number: int) -> np.ndarray:
    """Years of age on entering."""
    if not world.entry_ages:
        return rng.random(number) * 17.5
    band = rng.choice(len(world.entry_ages), number, p=world.entry_ages)
    low, high = np.array(AGE_STARTS_YEARS[:-1])[band], np.array(AGE_STARTS_YEARS[1:])[band]
    return low + rng.random(number) * (high - low)


def in_care(episodes: pd.DataFrame, day: int) -> np.ndarray:
    """Return who is in care at the end of a day, (input ages, placements)."""
    there = episodes[(episodes["start"] <= day) & (episodes["end"] > day)]
    years = (day - there["born"].to_numpy()) / 365.25
    age = np.searchsorted(AGE_STARTS_YEARS[1:-1], years, side="right")
    counted = np.zeros((len(AGE_STARTS_YEARS) - 1, 8))
    np.add.at(counted, (age, np.array(OURS)[there["place"].to_numpy()]), 1)
    return counted


def as_returns(episodes: pd.DataFrame, world: World) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (episodes, header) text tables of stacked yearly returns, as each year's return would have been sent.

    A return holds the episodes open at any time in its year; one that ends later is open in it. YEAR is the year in
    which a return begins.
    """
    codes = np.array([place for place, _ in PLACES])
    providers = np.array([provider for _, provider in PLACES])
    rows, heads = [], []
    for year in range(world.first_year, world.first_year + world.years):
        first, after = day_of(year, 4, 1), day_of(year + 1, 4, 1)
        seen = episodes[(episodes["start"] < after) & (episodes["end"] >= first)]
        ended = (seen["end"] < after).to_numpy()
        place = seen["place"].to_numpy()
        rows.append(
            pd.DataFrame(
                {
                    "CHILD": seen["child"] + 100_000,
                    "DECOM": _text(seen["start"].to_numpy()),
                    "RNE": "S",
                    "LS": "C2",
                    "PLACE": codes[place],
                    "PLACE_PROVIDER": providers[place],
                    "DEC": np.where(ended, _text(np.where(ended, seen["end"], 0)), ""),
                    "REC": np.where(ended, np.where(seen["continues"], "X1", "E4A"), ""),
                    "YEAR": year,
                }
            )
        )
        children = seen.drop_duplicates("child")
        heads.append(pd.DataFrame({"CHILD": children["child"] + 100_000, "DOB": _text(children["born"].to_numpy())}))
    header = pd.concat(heads, ignore_index=True).drop_duplicates("CHILD")
    return pd.concat(rows, ignore_index=True), header


def _text(days: np.ndarray) -> np.ndarray:
    return np.asarray(days, dtype=np.int64).astype("datetime64[D]").astype(str)


def write_returns(
    folder: Path, world: World, seed: int, level: Callable[[np.ndarray], np.ndarray] | None = None
) -> pd.DataFrame:
    """Write stacked ``episodes.csv``, ``header.csv`` and ``uasc.csv``; return the episodes they were made from.

    ``level`` of entries by years since the last day of the world, over ``entries_annual``; level throughout without it.
    """
    episodes = made_up_episodes(world, seed) if level is None else _at_level(world, seed, level)
    rows, header = as_returns(episodes, world)
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_csv(folder / "episodes.csv", index=False)
    header.to_csv(folder / "header.csv", index=False)
    pd.DataFrame({"CHILD": [], "DOB": [], "DUC": []}).to_csv(folder / "uasc.csv", index=False)
    return episodes


YEARS = range(2016, 2024)
TOWNS = {"Northby": ("North", 300), "Eastham": ("East", 200), "Westham": ("East", 150), "Southby": ("North", 90)}


def _rows(
    kind: str, groups: Mapping[str, Mapping[str, float]], total_of: Callable[[str], int], year: int
) -> list[dict[str, str]]:
    """One table's rows of one year for every town, its region and England; `groups` name: {characteristic: share}."""
    rows = []
    places = [("Local authority", region, town, total_of(town)) for town, (region, _) in TOWNS.items()]
    for region in ("North", "East"):
        held = sum(total_of(t) for t, (r, _) in TOWNS.items() if r == region)
        places.append(("Regional", region, "", held))
    places.append(("National", "", "", sum(total_of(t) for t in TOWNS)))
    for level, region, town, total in places:
        for group, shares in groups.items():
            counts = {c: round(total * s) for c, s in shares.items()}
            last = list(counts)[-1]
            counts[last] += total - sum(counts.values())
            rows += [
                {
                    "time_period": str(year),
                    "geographic_level": level,
                    "region_name": region,
                    "la_name": town,
                    "cla_group": group,
                    "characteristic": c,
                    kind: str(n),
                }
                for c, n in [*counts.items(), ("Total", total)]
            ]
    return rows


AGE = {"Under 1 year": 0.05, "1 to 4 years": 0.15, "5 to 9 years": 0.2, "10 to 15 years": 0.4}
STOCK = {
    "Age group": AGE | {"16 years and over": 0.2},
    "Placement": {
        "Foster placements": 0.66,
        "Independent and semi-independent living arrangements/supported accommodation": 0.08,
        "Secure homes and children's homes": 0.1,
        "Placed for adoption": 0.03,
        "Other placements": 0.03,
        "Residential schools": 0.0,
        "Placed with parents or other person with parental responsibility": 0.1,
    },
    "Place providers": {
        "Own provision (by the LA)": 0.5,
        "Private provision": 0.35,
        "Voluntary/third sector provision": 0.05,
        "Parents or other person with parental responsibility": 0.1,
    },
    "Unaccompanied asylum-seeking children": {"UASC": 0.03, "Non-UASC": 0.97},
}
STARTS = {
    "Age on starting": AGE | {"16 years and over": 0.2},
    "Unaccompanied asylum-seeking children": {"UASC": 0.05, "Non-UASC": 0.95},
}
CEASED = {"Age on ceasing": AGE | {"16 years": 0.05, "17 years": 0.05, "18 years and over": 0.1}}


def write_tables(folder: Path, *, new_names: bool = False, suppress: Sequence[tuple[str, int, str]] = ()) -> Path:
    """Write small DfE tables of four made-up towns in the earlier or the later release's columns; return the folder.

    ``suppress`` lists (town, year, characteristic) to be printed as ``c``.
    """
    number, kind = ("children_count", "population_type") if new_names else ("number", "population_count")
    when = "on" if new_names else "at"

    def children(town: str, *, year: int, share: int = 1) -> int:
        return round(TOWNS[town][1] * (1 + 0.01 * (year - 2016))) // share

    tables: dict[str, list[dict[str, str]]] = {"characteristics": [], "started": [], "ceased": [], "numbers": []}
    for year in YEARS:
        if year >= 2021:
            tables["characteristics"] += _rows(number, STOCK, partial(children, year=year), year)
            tables["started"] += _rows(number, STARTS, partial(children, year=year, share=3), year)
        tables["ceased"] += _rows(number, CEASED, partial(children, year=year, share=4), year)
        for label, share in (
            (f"Children looked after {when} 31 March each year", 1),
            ("Children starting to be looked after each year", 3),
            ("Children ceasing to be looked after each year", 4),
        ):
            rows = _rows(number, {label: {"x": 1.0}}, partial(children, year=year, share=share), year)
            for row in rows:
                if row["characteristic"] == "Total":
                    row[kind] = row.pop("cla_group")
                    del row["characteristic"]
                    row["population_estimate"] = "40000"
                    tables["numbers"].append(row)
    for name, rows in tables.items():
        frame = pd.DataFrame(rows)
        for town, year, characteristic in suppress:
            if "characteristic" in frame:
                hit = (frame["la_name"] == town) & (frame["time_period"] == str(year))
                frame.loc[hit & (frame["characteristic"] == characteristic), number] = "c"
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder
