"""The engine: joint model of a case, both worlds, from sampled inputs to yearly quantiles; what-ifs; physical limits.

`python -m benchmarks engine -- [--million]`. Targets are printed beside what was measured; nothing is asserted about
time. The hand-fused loop does the caseload and its money for both worlds in one pass, lanes of draws at a time, for the
levers of the base scenario: what the engine's general code is measured against.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from model import load_case
from model.case.draws import sample
from model.children.kernel import warm
from model.money.appraisal import BLOCK, discount_factors, each
from model.money.portfolio import evaluate, streams_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from model.case.records import Case
    from model.money.portfolio import Evaluation

    Floats = NDArray[np.float64]

CASE = Path(__file__).parents[1] / "inputs" / "bury-2022"
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
STATES, WORLDS = 48, 2
LANES = 128
IN_HOUSE, IFA = 0, 1


def main(arguments: list[str]) -> None:
    """Measure and print a table."""
    case = load_case(CASE, scenario="base")
    started = time.perf_counter()
    warm()
    line("compiled loop ready (cached: loading only)", f"{time.perf_counter() - started:.1f} s")
    line("memory before the first draw", f"{peak():.0f} MB")
    for noise, target in ((False, 0.5), (True, 1.5)):
        seconds, cpu = best(lambda noise=noise: joint(case, 10_000, noise=noise), 3)
        words = "with process noise" if noise else "without process noise"
        per = cpu / 10_000 / case.timeline.months / STATES / WORLDS * 1e9
        line(
            f"10,000 draws, joint, {words}, two threads",
            f"{seconds:.2f} s (target {target} s); {cpu:.2f} s of processor",
        )
        rate = f"{10_000 / seconds:,.0f} draws/s; {per:.2f} ns of processor per draw, month and state"
        line("", f"{rate}; peak memory so far {peak():.0f} MB (target 300)")
    scaling(case, million="--million" in arguments)
    what_if(case)
    against_the_fused_loop(case)
    limits()


def joint(case: Case, draws: int, *, noise: bool, threads: int = 2) -> Floats:
    """Return quantiles of the yearly net position of the whole, (quantiles, years): from sampled inputs, in blocks."""
    streams = streams_of(case)
    names = [spec.name for spec in case.active_schemes]
    yearly = np.empty((len(case.timeline.financial_years), draws))

    def part(first: int) -> None:
        block = sample(case, min(BLOCK, draws - first), 1, first=first, process_noise=noise)
        net = evaluate(case, block, streams=streams, cells=False).net(names)
        yearly[:, first : first + block.n] = case.timeline.by_financial_year(net)

    each(part, range(0, draws, BLOCK), threads)
    return np.quantile(yearly, QUANTILES, axis=1)


def scaling(case: Case, *, million: bool) -> None:
    """Time and memory as draws grow."""
    sizes = (20_000, 100_000, 1_000_000) if million else (20_000, 100_000)
    before = None
    for draws in sizes:
        started = time.process_time()
        joint(case, draws, noise=False)
        per = (time.process_time() - started) / draws
        more = "" if before is None else f" ({per / before - 1:+.0%} on the size before; target within 10%)"
        line(
            f"{draws:,} draws",
            f"{per * 1e6:.0f} µs of processor a draw{more}; peak memory {peak():.0f} MB (target 300)",
        )
        before = per


def what_if(case: Case, times: int = 15) -> None:
    """Each of the six sliders moved: central run and 2,000 draws again, then the chart."""
    from model.report.explorer import Explorer  # noqa: PLC0415 - it draws, and the memory above is the engine's alone

    for noise in (True, False):
        explorer = Explorer(case, "invest_to_save", 2000, 1, threads=2, process_noise=noise)
        explorer.chart({a.name: a.low for a in explorer.assumptions})
        settings = [
            {a.name: float(value)}
            for a in explorer.assumptions
            for value in np.linspace(a.low, a.high, times + 2)[1:-1]
        ]
        model, both = (milliseconds(ask, settings) for ask in (explorer.answer, explorer.chart))
        words = "with process noise" if noise else "without process noise"
        line(f"a what-if, 2,000 draws, {words}: model, p95", f"{model:.0f} ms (target 20 ms)")
        line("model and chart, p95", f"{both:.0f} ms (target 100 ms)")


def milliseconds(ask: Callable[[dict[str, float]], object], settings: list[dict[str, float]]) -> float:
    """Return the 95th percentile of what an answer takes."""
    took = []
    for setting in settings:
        started = time.perf_counter()
        ask(setting)
        took.append(time.perf_counter() - started)
    return 1000 * float(np.quantile(took, 0.95))


def against_the_fused_loop(case: Case, draws: int = 4096) -> None:
    """The engine's caseload and money against one hand-written pass over both worlds, one thread each."""
    streams, factors = streams_of(case), discount_factors(case.timeline, case.conventions.discount_rate_annual)
    blocks = [sample(case, BLOCK, 1, first=first, process_noise=False) for first in range(0, draws, BLOCK)]
    inputs = fused_inputs(evaluate(case, sample(case, draws, 1, process_noise=False), streams=streams, cells=False))

    def engine() -> Floats:
        saved = []
        for block in blocks:
            fresh = evaluate(case, block, streams=streams, cells=False)
            names = [n for n, s in fresh.schemes.items() if s.acts_on_caseload]
            spent = fresh.total_spending() - fresh.total_spending(names)
            saved.append(factors @ spent)
        return np.concatenate(saved)

    np.testing.assert_allclose(factors @ fused_saving(*inputs), engine(), rtol=1e-9, atol=1e-3)
    _, mine = best(engine, 3)
    _, reference = best(lambda: fused_saving(*inputs), 3)
    line("caseload and its money: engine, levers included", f"{mine / draws * 1e6:.1f} µs of processor a draw")
    line("the same in the hand-fused loop, levers given", f"{reference / draws * 1e6:.1f} µs")
    line("ratio", f"{mine / reference:.1f} (target 2)")


def fused_inputs(evaluation: Evaluation) -> tuple[object, ...]:
    """Return what the fused loop needs: the stream, the drivers, the two levers and the prices."""
    stream, draws = evaluation.streams.general, evaluation.draws
    levers = {
        n: (s.reductions(evaluation.setting), s.places(evaluation.setting)) for n, s in evaluation.schemes.items()
    }
    reduction = next(r[0] for r, _ in levers.values() if r)
    places = next(p[0] for _, p in levers.values() if p)
    hazard = np.minimum(
        stream.exit_hazard[:, None] * draws["caseload.exits_multiplier"], 1 - stream.ageing_rate[:, None]
    )
    events = [draws[f"cost.{name}"] for name in ("entry", "exit_under_18", "exit_at_18", "diverted_child")]
    return (
        stream.opening, stream.entries_annual / 12, stream.ageing_rate, stream.move_hazard, evaluation.entry_scale,
        hazard, reduction.rate, reduction.weights, reduction.fade, places.filled,
        places.transferring_share,
        evaluation.monthly_prices, np.array(events),
    )  # fmt: skip


@njit(nogil=True, cache=True, error_model="numpy")
def fused_saving(  # noqa: C901, PLR0912, PLR0913, PLR0915, PLR0917 - one loop by hand is the point
    opening: Floats, base: Floats, ageing: Floats, moves: Floats, scale: Floats, hazard: Floats, rate: Floats,
    weights: Floats, fade: Floats, filled: Floats, share: Floats, price: Floats, event: Floats,
) -> Floats:  # fmt: skip
    """Return do-nothing less with-scheme spending, (months, draws); inflow-limited places, one reduction."""
    months, draws = scale.shape
    out = np.zeros((months, draws))
    stock = np.empty((2, 6, 8, LANES))
    pool, flow = np.empty((6, 8, LANES)), np.empty((6, 8, LANES))
    moved, enter = np.empty((6, LANES)), np.empty((6, 8, LANES))
    target, weighted, here, starts = np.empty(LANES), np.empty(LANES), np.empty(LANES), np.empty(LANES)
    for begin in range(0, draws, LANES):
        n = min(LANES, draws - begin)
        pool[:] = 0.0
        moved[:] = 0.0
        for a in range(6):
            for p in range(8):
                stock[:, a, p] = opening[a, p]
        for t in range(months):
            for i in range(n):
                target[i] = weighted[i] = here[i] = starts[i] = 0.0
            for a in range(6):
                for p in range(8):
                    if base[a, p] != 0.0:
                        for i in range(n):
                            w, e = weights[a, p, begin + i], base[a, p] * scale[t, begin + i]
                            target[i] += e if w > 0.0 else 0.0
                            weighted[i] += e * w
            for p in range(8):
                for a in range(5, -1, -1):
                    for i in range(n):
                        d = begin + i
                        e = base[a, p] * scale[t, d]
                        tilt = rate[t, d] * target[i] / weighted[i] if weighted[i] > 0.0 else 0.0
                        prevented = e * min(tilt * weights[a, p, d], 1.0)
                        back = pool[a, p, i] * fade[d]
                        left = (pool[a, p, i] - back) * (1.0 - ageing[a])
                        if a > 0:
                            left += pool[a - 1, p, i] * (1.0 - fade[d]) * ageing[a - 1]
                        pool[a, p, i] = left + prevented
                        enter[a, p, i] = e - prevented + back
                        out[t, d] += event[0, d] * (e - enter[a, p, i]) - event[3, d] * prevented
            for a in range(5, -1, -1):
                onward = moves[a, 0].sum()
                for i in range(n):
                    d = begin + i
                    moved[a, i] *= 1.0 - hazard[a, d] - ageing[a] - onward
                    if a > 0:
                        moved[a, i] += moved[a - 1, i] * ageing[a - 1]
                    here[i] += moved[a, i]
                    starts[i] += enter[a, 1, i]
            for i in range(n):
                d = begin + i
                gap = filled[t, d] - here[i]
                take = min(max(gap, 0.0), share[d] * starts[i])
                starts[i] = take / starts[i] if starts[i] > 0.0 else 0.0
                here[i] = max(-gap, 0.0) / here[i] if here[i] > 0.0 else 0.0
            for w in range(2):
                sign = 1.0 - 2.0 * w
                flow[:] = 0.0
                for a in range(6):
                    for p in range(8):
                        for q in range(8):
                            if moves[a, p, q] != 0.0:
                                for i in range(n):
                                    move = stock[w, a, p, i] * moves[a, p, q]
                                    flow[a, q, i] += move
                                    flow[a, p, i] -= move
                for p in range(8):
                    for a in range(5, -1, -1):
                        for i in range(n):
                            d = begin + i
                            before = stock[w, a, p, i]
                            gone, older = before * hazard[a, d], before * ageing[a]
                            after = before - gone - older + flow[a, p, i]
                            if a > 0:
                                after += stock[w, a - 1, p, i] * ageing[a - 1]
                            new = base[a, p] * scale[t, d] if w == 0 else enter[a, p, i]
                            if w == 1 and p < 2:
                                start = enter[a, 1, i] * starts[i]
                                closing = moved[a, i] * here[i]
                                new += start if p == 0 else -start
                                after += -closing if p == 0 else closing
                            after += new
                            stock[w, a, p, i] = after
                            cost = price[t, p, d] * (before + after) / 2 + event[1, d] * gone
                            out[t, d] += sign * (cost + (event[2, d] * older if a == 5 else 0.0))
            for a in range(6):
                for i in range(n):
                    moved[a, i] += enter[a, 1, i] * starts[i] - moved[a, i] * here[i]
    return out


def limits() -> None:
    """What the machine can do at most: memory bandwidth and random numbers."""
    source, sink = np.ones(32_000_000), np.empty(32_000_000)
    seconds, _ = best(lambda: np.copyto(sink, source), 5)
    line("memory bandwidth, copy, one thread", f"{2 * source.nbytes / seconds / 1e9:.1f} GB/s")
    for name, kind in (("Philox (a stream a name)", np.random.Philox), ("SFC64", np.random.SFC64)):
        generator = np.random.Generator(kind(1))
        seconds, _ = best(lambda generator=generator: generator.random(out=sink), 3)
        line(f"{name}, a uniform", f"{seconds / sink.size * 1e9:.1f} ns")


def best(do: Callable[[], object], times: int) -> tuple[float, float]:
    """Return the shortest wall and processor seconds of some goes, after one that does not count."""
    do()
    walls, processors = [], []
    for _ in range(times):
        wall, processor = time.perf_counter(), time.process_time()
        do()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return min(walls), min(processors)


def peak() -> float:
    """Peak memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def line(what: str, found: str) -> None:
    """Print a row of the table."""
    print(f"{what:<58} {found}", flush=True)
