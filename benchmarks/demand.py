"""How long demand takes: 480,000 episodes to rates, and a forecast of 10,000 draws, beside a simple daily matrix.

Run: ``python -m benchmarks.demand``. Times are for the machine it runs on; nothing here is a test.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model.demand.codes import PLACEMENTS
from model.demand.forecast import entry_level, forecast, hazards_from, monthly_cost
from model.demand.rates import count_events, pool
from model.demand.ssda903 import read_episodes
from tests.demand.synthetic import World, write_returns

if TYPE_CHECKING:
    from model.demand.episodes import Episodes

BIG = World(entries_annual=26_500.0, move_annual=0.12, leave_annual=(0.9, 1.0, 0.9, 1.1, 1.5), first_year=2012, years=8)
PRICE_WEEKLY = dict.fromkeys(PLACEMENTS, 700.0)
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
    start, end = episodes.start[chosen], np.minimum(episodes.end[chosen], episodes.closes[chosen])
    first = int(episodes.opens.min())
    days = int(episodes.closes.max()) - first
    table = np.full((children, days), -1, dtype=np.int8)
    cells = zip(number, start, end, episodes.placement[chosen], strict=True)
    for child, begin, stop, place in cells:
        table[child, max(0, begin - first) : max(0, stop - first)] = place
    leaving = (table[:, :-1] >= 0) & (table[:, 1:] < 0)
    held = (table[:, :-1] >= 0).sum(axis=0)
    (leaving.sum(axis=0) / np.maximum(held, 1)).mean()
    return time.perf_counter() - began


def main(arguments: list[str]) -> None:
    """Print the figures; it takes no arguments."""
    del arguments
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = write_returns(folder, BIG, seed=1)
        rows = sum(1 for _ in (folder / "episodes.csv").open()) - 1
        del made
        before = peak_gigabytes()
        began = time.perf_counter()
        episodes = read_episodes(folder)
        read = time.perf_counter() - began
        events = count_events(episodes, uasc=False)
        exits, moves = pool(events.exits, events.exposure), pool(events.out, events.exposure)
        whole = time.perf_counter() - began
        print(f"{rows:,} episode rows of {episodes.summary['children_read']:,} children")
        print(f"read and cleaned {read:.2f} s; with rates {whole:.2f} s")
        print(f"peak memory {peak_gigabytes():.2f} GB (already {before:.2f} before reading, making the returns up)")
        plain = daily_matrix(episodes, DAILY_SAMPLE)
        scaled = plain * episodes.summary["children_read"] / DAILY_SAMPLE
        print(f"daily matrix: {plain:.2f} s for {DAILY_SAMPLE:,} children, so about {scaled:.0f} s for all")
    for size in (1.0, 0.01):
        shrunk = type(events)(**{**vars(events), "stock": events.stock * size, "entries": events.entries * size})
        hazards = hazards_from(shrunk, exits, moves, entries=entry_level(shrunk))
        forecast(hazards, months=36, draws=256, seed=1)
        began = time.perf_counter()
        result = forecast(hazards, months=36, draws=10_000, seed=1)
        cost = monthly_cost(result, PRICE_WEEKLY, weeks_per_year=365 / 7)
        taken = time.perf_counter() - began
        assert cost.shape == (len(PLACEMENTS), 36, 10_000)
        print(f"{hazards.opening.sum():,} children, 36 months, 10,000 draws with costs: {taken:.2f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
