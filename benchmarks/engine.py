"""The engine: central run, joint model of a case with chance, growth with the number of draws, what-ifs, many points.

`python -m benchmarks engine -- [--million]`. Targets are printed beside what was measured; nothing is asserted about
time. Processor time is the steadier figure; a central run is the unit that the others are also told in.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model import load_case
from model.case.draws import central, sample, with_values
from model.children.streams import streams_of
from model.money.appraisal import BLOCK, each, npv_evaluator
from model.money.portfolio import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable

    from model.case.records import Case
    from model.children.law import Floats

CASE = Path(__file__).parents[1] / "inputs" / "bury-2022"
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
SLIDERS, TIMES = 6, 8


def main(arguments: list[str]) -> None:
    """Measure and print a table."""
    case = load_case(CASE, scenario="base")
    parser = argparse.ArgumentParser(prog="engine")
    parser.add_argument("--small", action="store_true", help="few draws: does it start?")
    parser.add_argument("--million", action="store_true", help="1,000,000 draws as well")
    options = parser.parse_args(arguments)
    small = options.small
    streams_of(case)  # the caseload solved: once a case
    line("memory before the first draw", f"{peak():.0f} MB")
    unit = best(lambda: net(case))[1]
    line("central run, all worlds", f"{unit * 1e3:.0f} ms of processor (target 150)")
    for draws, target in ((200, 0.06),) if small else ((2_000, 0.6), (10_000, 3.0)):
        seconds, cpu = best(lambda draws=draws: joint(case, draws), 1 if small else 2)
        words = f"{seconds:.2f} s (target {target} s); {cpu / draws * 1e3:.2f} ms of processor a draw"
        line(f"{draws:,} draws, joint, two threads", f"{words}, {cpu / draws / unit:.3f} central runs")
        line("", f"peak memory so far {peak():.0f} MB (target 400)")
    if options.million:
        started = time.process_time()
        joint(case, 1_000_000, keep=False)
        line("1,000,000 draws", f"{(time.process_time() - started) / 1e3:.2f} ms of processor a draw; {peak():.0f} MB")
    what_if(case, 64 if small else 2_000)
    many_points(case, 100 if small else 10_000)


def net(case: Case) -> Floats:
    """Return the whole's net position by month at central values."""
    return evaluate(case, central(case), cells=False).net([spec.name for spec in case.active_schemes])


def joint(case: Case, draws: int, *, threads: int = 2, keep: bool = True) -> Floats:
    """Return quantiles of the yearly net position of the whole, (quantiles, years): from sampled inputs, in blocks."""
    middle = evaluate(case, central(case), cells=False)
    names = [spec.name for spec in case.active_schemes]
    yearly = np.empty((len(case.timeline.financial_years), draws if keep else BLOCK))

    def part(first: int) -> None:
        block = sample(case, min(BLOCK, draws - first), 1, first=first)
        total = evaluate(case, block, cells=False, middle=middle).net(names)
        yearly[:, first if keep else 0 :][:, : block.n] = case.timeline.by_financial_year(total)

    each(part, range(0, draws, BLOCK), threads)
    return np.quantile(yearly, QUANTILES, axis=1)


def what_if(case: Case, draws: int) -> None:
    """Each of the sliders moved: central run and all draws again."""
    from model.results.what_if import WhatIf  # noqa: PLC0415 - the memory above is the engine's alone

    asked = WhatIf(case, "invest_to_save", draws, 1, threads=2)
    settings = [
        {a.name: float(value)} for a in asked.assumptions for value in np.linspace(a.low, a.high, TIMES + 2)[1:-1]
    ]
    took = [best(lambda setting=setting: asked.answer(setting), 1)[0] for setting in settings]
    line(f"a what-if, {draws:,} draws, p95", f"{np.quantile(took, 0.95) * 1e3:.0f} ms (target 200 with its chart)")


def many_points(case: Case, points: int) -> None:
    """Many combinations at central values, as a sweep and a tornado ask."""
    moved = np.linspace(0.1, 0.3, points)
    draws = with_values(central(case), {"edge_of_care.effect": moved, "fostering.fill_rate": moved + 0.4})
    npv = npv_evaluator(case, threads=2)
    seconds, cpu = best(lambda: npv(draws), 1)
    line(
        f"{points:,} combinations", f"{seconds:.1f} s; {cpu / points * 1e3:.2f} ms of processor each (100,000 in 2 min)"
    )


def best(do: Callable[[], object], times: int = 3) -> tuple[float, float]:
    """Return the shortest of some runs: seconds on the clock and of processor time."""
    took = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        do()
        took.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(took)


def peak() -> float:
    """Return the most memory this process has held, MB."""
    unit = 1024**2 if sys.platform == "darwin" else 1024  # bytes there, kilobytes here
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def line(what: str, figure: str) -> None:
    """Print one row."""
    print(f"{what:<44} {figure}", flush=True)
