"""Which option: each against the next by cost, how sure it is that one is best, and what is worth knowing before."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIXED = "a mix of its neighbours saves more for its cost"


def incremental(options: pd.DataFrame) -> pd.DataFrame:
    """Return the options by cost, each against the next: benefit-cost ratio = more saved / more spent.

    `options`: a row an option; `cost_gbp` and `npv_gbp` in pounds of present value, `child_years` out of care. Added:
    `against` (the last before it that is not struck out; empty if none), `more_npv`, `more_bcr` and
    `cost_per_child_year` over it (nan where there is nothing to compare with, or nothing more is spent), and
    `struck_out`, why it is no choice on money (empty = it is). What an option saves is its NPV and its cost.

    Struck out: an option that costs no less than another and saves no more (dominated); and one whose next pound saves
    less than the next pound of a dearer option, so that a mix of its neighbours would save more for its cost (extended
    domination, as in the appraisal of health care).
    """
    steps = options.assign(saved=options["npv_gbp"] + options["cost_gbp"])
    steps = steps.sort_values(["cost_gbp", "saved"], ascending=[True, False], kind="stable")
    steps["struck_out"] = [_dominator(steps["saved"].iloc[: i + 1]) for i in range(len(steps))]
    left = steps[steps["struck_out"] == ""]
    while not (weak := _weak(left)).empty:
        steps.loc[weak[0], "struck_out"] = MIXED
        left = left.drop(weak[0])
    spent, gained, fewer = (left[name].diff() for name in ("cost_gbp", "npv_gbp", "child_years"))
    steps["against"] = pd.Series(left.index, index=left.index).shift()
    steps["more_npv"] = gained
    steps["more_bcr"] = ((gained + spent) / spent).where(spent > 0)
    steps["cost_per_child_year"] = (spent / fewer).where(fewer > 0)
    return steps.fillna({"against": ""})


def _dominator(saved: "pd.Series[float]") -> str:
    """Return why the last of some options by cost is dominated: the cheapest that saves no less."""
    better = saved.index[:-1][saved.iloc[:-1] >= saved.iloc[-1]]
    return "" if better.empty else f"{better[0]} costs no more and saves no less"


def _weak(left: pd.DataFrame) -> "pd.Index[str]":
    """Return the options whose next pound saves less than that of the option after them."""
    rate = left["saved"].diff() / left["cost_gbp"].diff()
    return rate.index[rate < rate.shift(-1)]


def chance_best(npv: Floats) -> Floats:
    """Return each option's share of the draws in which it has the largest NPV, (options,): they add up to 1.

    Options that are equally good in a draw share it. `npv` (options, draws).
    """
    best = npv == npv.max(axis=0)
    return np.asarray((best / best.sum(axis=0)).mean(axis=1))


def expected_regret(npv: Floats) -> Floats:
    """Return how far each option falls short of the best of its draw, on average, (options,). `npv` (options, draws).

    The least of them is the option with the best mean, and is what knowing everything would be worth, chance included.
    """
    return np.asarray((npv.max(axis=0) - npv).mean(axis=1))
