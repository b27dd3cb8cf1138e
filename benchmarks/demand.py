"""How long demand takes for 480,000 episodes, beside a simple daily matrix, and how far its forecasts are out.

Run: ``python -m benchmarks.demand``. Times are for the machine it runs on; nothing here is a test.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.demand.forecast import forecast, written_case
from model.demand.rates import Rates, count_events
from model.demand.returns import case_files, starts
from model.demand.ssda903 import read_episodes
from tests.demand.synthetic import LIFELIKE, OURS, World, day_of, in_care, write_returns

if TYPE_CHECKING:
    from model.case.records import Case
    from model.demand.episodes import Episodes

BIG = World(entries_annual=26_500.0, move_annual=0.12, leave_annual=(0.9, 1.0, 0.9, 1.1, 1.5), first_year=2012, years=8)
DAILY_SAMPLE = 2_000


def peak_gigabytes() -> float:
    """Return the most memory this process has held, in GB (Linux counts in kB, macOS in bytes)."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1e9 if sys.platform == "darwin" else 1e6)


def daily_matrix(episodes: Episodes, children: int) -> float:
    """Seconds a plain daily children-by-days table takes for that many children (rates as means of daily ratios)."""
    began = time.perf_counter()
    recent = np.unique(episodes.child[episodes.end >= episodes.opens])[:children]
    chosen = np.isin(episodes.child, recent)
    number = np.searchsorted(recent, episodes.child[chosen])
    start, end = episodes.start[chosen], np.minimum(episodes.end[chosen], episodes.closes)
    first = episodes.opens
    days = episodes.closes - first
    table = np.full((children, days), -1, dtype=np.int8)
    cells = zip(number, start, end, episodes.placement[chosen], strict=True)
    for child, begin, stop, place in cells:
        table[child, max(0, begin - first) : max(0, stop - first)] = place
    leaving = (table[:, :-1] >= 0) & (table[:, 1:] < 0)
    held = (table[:, :-1] >= 0).sum(axis=0)
    (leaving.sum(axis=0) / np.maximum(held, 1)).mean()
    return time.perf_counter() - began


def main(arguments: list[str]) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="demand")
    parser.add_argument("--small", action="store_true", help="few children and authorities: does it start?")
    parser.add_argument("--processes", action="store_true", help="also authorities whose entries drift, shift, wander")
    parsed = parser.parse_args(arguments)
    small = parsed.small
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = write_returns(folder, replace(BIG, entries_annual=200.0) if small else BIG, seed=1)
        rows = sum(1 for _ in (folder / "episodes.csv").open()) - 1
        del made
        before = peak_gigabytes()
        began, worked = time.perf_counter(), time.process_time()
        episodes = read_episodes(folder)
        read = time.perf_counter() - began
        events = count_events(episodes, uasc=False)
        Rates.of(events, None)
        whole, busy = time.perf_counter() - began, time.process_time() - worked
        print(f"{rows:,} episode rows of {episodes.summary['children_read']:,} children")
        print(f"read and cleaned {read:.2f} s; with rates {whole:.2f} s, {busy:.2f} s of processor")
        print(f"peak memory {peak_gigabytes():.2f} GB (already {before:.2f} before reading, making the returns up)")
        plain = daily_matrix(episodes, DAILY_SAMPLE)
        scaled = plain * episodes.summary["children_read"] / DAILY_SAMPLE
        print(f"daily matrix: {plain:.2f} s for {DAILY_SAMPLE:,} children, so about {scaled:.0f} s for all")
    with tempfile.TemporaryDirectory() as name:
        write_returns(Path(name), LIFELIKE, seed=1)
        case = case_of(read_episodes(Path(name)))
        draws = 200 if small else 10_000
        began, worked = time.perf_counter(), time.process_time()
        forecast(case, draws=draws)
        took, busy = time.perf_counter() - began, time.process_time() - worked
        print(f"{draws:,} draws of about 460 children: {took:.2f} s, {busy:.2f} s of processor")
    print("made-up authorities: children out at 12, 24 and 36 months, and no change's")
    wanted = ["steady"] if small or not parsed.processes else list(PROCESSES)
    for process, (children, number) in product(wanted, ((100, 1),) if small else ((460, 20), (100, 12))):
        with tempfile.TemporaryDirectory() as name:
            found = pd.concat([held_out(Path(name) / f"{s}", children, s, process) for s in range(number)])
        print(f"{number} of about {children}, entries {process}:")
        print(found.groupby("month").mean().round(2).to_string())


def _steady(years: np.ndarray, rng: np.random.Generator) -> np.ndarray:  # noqa: ARG001 - the others need it
    return np.ones(len(years))


def _drifting(years: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.exp(rng.choice([-0.04, 0.04]) * np.maximum(years, -13))


def _shifted(years: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a level that a step in the last four years of the returns has raised by 30% or lowered by 25%."""
    to, at = rng.choice([0.75, 1.3]), -3 - rng.uniform(1, 4)
    return np.where(years >= at, to, 1.0)


def _wandering(years: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a level that steps by a tenth each year and is off by a tenth in each, as published starts are."""
    steps = rng.normal(0, 0.1, 40)
    walk = np.array([sum(steps[: k + 1] * 0.85 ** np.arange(k, -1, -1)) for k in range(40)]) + rng.normal(0, 0.1, 40)
    return np.exp(walk[np.clip(np.floor(years).astype(int) + 35, 0, 39)])


PROCESSES: Final = {"steady": _steady, "drifting": _drifting, "shifted": _shifted, "wandering": _wandering}
"""How the level of entries of a made-up authority goes, by years since the last that is compared."""


def case_of(episodes: Episodes) -> Case:
    """Return the do-nothing case of what `demand` publishes of some returns."""
    return written_case(case_files(episodes, None, internal=False), starts(episodes))


def held_out(folder: Path, children: int, seed: int, process: str) -> pd.DataFrame:
    """Return how far a forecast from five years' returns was out, by month, for one made-up authority.

    ``error`` and ``no_change`` absolute, ``bias``, ``bias_16_17`` signed, children; ``inside`` and
    ``inside_placements`` the share of 80% intervals that held the truth; ``seconds`` of processor time.
    """
    world = replace(LIFELIKE, entries_annual=LIFELIKE.entries_annual * children / 460)
    made = write_returns(
        folder, replace(world, years=8), seed, lambda years: PROCESSES[process](years, np.random.default_rng([seed, 2]))
    )
    rows = pd.read_csv(folder / "episodes.csv", dtype=str)
    last = world.first_year + world.years
    rows[rows["YEAR"].astype(int) < last].to_csv(folder / "episodes.csv", index=False)
    began = time.process_time()
    episodes = read_episodes(folder)
    ahead = forecast(case_of(episodes))["general"]
    seconds, then = time.process_time() - began, in_care(made, day_of(last, 3, 31))
    found = []
    for month in (12, 24, 36):
        now = in_care(made, day_of(last + month // 12, 3, 31))
        total, places = ahead.total[month], ahead.by_placement[month, list(OURS)]
        held = now[:, list(OURS)].sum(axis=0)
        found.append(
            {
                "month": month,
                "error": abs(float(np.median(total)) - now.sum()),
                "no_change": abs(then.sum() - now.sum()),
                "bias": total.mean() - now.sum(),
                "bias_16_17": ahead.by_age[month, -1].mean() - now[-1].sum(),
                "inside": float(_inside(total[None], now.sum()[None])[0]),
                "inside_placements": float(_inside(places, held).mean()),
                "seconds": seconds,
            }
        )
    return pd.DataFrame(found)


def _inside(draws: np.ndarray, truth: np.ndarray) -> np.ndarray:
    low, high = np.quantile(draws, [0.1, 0.9], axis=1, method="nearest")
    return (low <= truth) & (truth <= high)


if __name__ == "__main__":
    main(sys.argv[1:])
