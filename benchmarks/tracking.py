"""Does the forecast learn what there is to learn? Simulation-based calibration on synthetic truths.

One stored draw after another is the truth. Figures are made from it with all their chance, the other draws learn from
them, and the 80% interval of every assumption that was learnt of either holds the truth or does not.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from model import load_case
from model.case.draws import sample
from model.case.rows import Actual
from model.tracking.evidence import BINOMIAL, ERROR, NORMAL, POISSON, evidence
from model.tracking.learning import learn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from model.case.records import Case
    from model.tracking.evidence import Evidence, Observation

    Floats = NDArray[np.float64]

MEASURES = {
    "children_started.under_1": "children", "children_started.1_4": "children", "children_started.10_15": "children",
    "children_started.16_17": "children", "fostering.households_added": "households",
    "edge_of_care.at_home_after_6_months_share": "share", "edge_of_care.posts_filled_share": "share",
    "weekly_price.ifa_foster": "GBP/week", "weekly_price.residential": "GBP/week",
}  # fmt: skip
OUT_OF = 20.0  # of so many children or posts a share is counted each month


def actuals(case: Case, months: int) -> list[Actual]:
    """Return a figure a month of every measure, their values still to be made."""
    return [
        Actual(period=month, measure=name, value=0.5, unit=unit, source="made", status="final",
               numerator=OUT_OF / 2 if unit == "share" else None, denominator=OUT_OF if unit == "share" else None)
        for name, unit in MEASURES.items()
        for month in case.timeline.month_labels[:months]
    ]  # fmt: skip


def made(found: Evidence, expected: Floats, rng: np.random.Generator) -> Evidence:
    """Return the evidence with figures made from what one draw expects, chance and all.

    What is wrong with a price in one month is wrong with it in the next, as the likelihood has it.
    """
    errors = {o.actual.name: rng.standard_normal() for o in found.observations if o.law == NORMAL}
    return replace(found, observations=tuple(
        _made(o, float(mean), errors.get(o.actual.name, rng.standard_normal()), rng)
        for o, mean in zip(found.observations, expected, strict=True)
    ))  # fmt: skip


def _made(o: Observation, mean: float, error: float, rng: np.random.Generator) -> Observation:
    if o.law == BINOMIAL:
        hits = float(rng.binomial(int(OUT_OF), np.clip(mean, 0, 1)))
        return replace(o, actual=replace(o.actual, numerator=hits), value=hits / OUT_OF)
    if o.law == POISSON and not o.stock:
        return replace(o, value=float(rng.poisson(max(mean, 0))))
    spread = (ERROR * mean) ** 2 if o.law == NORMAL else float(o.variance(np.array([mean]))[0])
    made_of = replace(o, value=mean + error * float(np.sqrt(spread)))
    return replace(made_of, spread=spread) if o.law == NORMAL else made_of


def coverage(case: Case, *, truths: int, draws: int, months: int = 24, seed: int = 1) -> tuple[float, int, float]:
    """Return the share of 80% intervals that hold the truth, how many there were, and mean effective draws."""
    stored, rng = sample(case, draws, seed), np.random.default_rng(seed)
    found = evidence(case, actuals(case, months))
    expected = found.expected(found.world(stored))
    held, effective = [], []
    for truth in range(truths):
        learnt = learn(made(found, expected[:, truth], rng), stored, expected, seed=truth)
        effective.append(learnt.effective)
        for name in learnt.learnt:
            low, high = np.quantile(learnt.draws[name], [0.1, 0.9])
            held.append(bool(low <= stored[name][truth] <= high))
    return float(np.mean(held)), len(held), float(np.mean(effective))


def main(arguments: list[str]) -> None:
    """Print how often intervals of 80% hold the truth."""
    parser = argparse.ArgumentParser(prog="tracking")
    parser.add_argument("--truths", type=int, default=200)
    parser.add_argument("--draws", type=int, default=2000)
    options = parser.parse_args(arguments)
    count = options.truths
    began = time.process_time()
    share, intervals, effective = coverage(load_case(Path("inputs/bury-2022")), truths=count, draws=options.draws)
    seconds = time.process_time() - began
    print(
        f"{count} truths: {share:.1%} of {intervals} intervals of 80% hold the truth; {effective:.0f} effective draws"
    )
    print(f"{seconds:.0f} s of processor")
