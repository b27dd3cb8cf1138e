"""Discounting, NPV, BCR, payback and peak funding: (months, draws), real pounds, positive favours the council."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from model.case.draws import Draws, Floats, central, part_of
from model.case.records import Case
from model.case.timeline import Timeline
from model.case.words import AVOIDANCE, CASHABLE, INCOME, INVESTMENT
from model.money.portfolio import Perimeter, evaluate, members_of

BLOCK = 256  # draws evaluated at once: few enough for a cache, enough that numpy's calls cost little
Item = TypeVar("Item")
Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True)
class Appraisal:
    """The measures of one perimeter, each (draws,). `nan` means there is none: no ratio without investment, or never.

    Payback counts whole months from the start to the month from which the cumulative is never negative again.
    """

    npv_gbp: Floats
    npv_cashable_gbp: Floats
    bcr: Floats
    pv_investment_gbp: Floats
    pv_savings_gbp: Floats
    payback_months: Floats
    discounted_payback_months: Floats
    payback_cashable_months: Floats
    peak_funding_gbp: Floats
    peak_funding_month: Floats


def discount_factors(timeline: Timeline, rate_annual: float) -> Floats:
    """(1 + rate)^-(years from the start to mid-month), (months,). Green Book: 3.5% a year, real."""
    factors: Floats = (1 + rate_annual) ** -timeline.mid_month_years
    return factors


def present_value(amount: Floats, factors: Floats) -> Floats:
    """Sum of amount x factor over months, (draws,)."""
    return factors @ amount


def payback_months(net: Floats) -> Floats:
    """Return months until the cumulative net position is never negative again, (draws,); nan = never.

    0 where it never was negative (nothing to pay back).
    """
    cumulative = np.cumsum(net, axis=0)
    # a thousandth of a penny, and rounding error on large sums, are not a deficit
    negative = cumulative < -(1e-5 + 1e-12 * np.abs(net).sum(axis=0))
    months = len(net)
    last_negative = months - np.argmax(negative[::-1], axis=0)
    after = np.where(negative.any(axis=0), last_negative + 1.0, 0.0)
    return np.where(after > months, np.nan, after)


def peak_funding(net: Floats) -> tuple[Floats, Floats]:
    """Return how far the cumulative net position goes below zero (positive pounds) and in which month, (draws,)."""
    cumulative = np.cumsum(net, axis=0)
    month = np.argmin(cumulative, axis=0)
    depth = np.maximum(0.0, -np.take_along_axis(cumulative, month[None], axis=0)[0]) + 0.0
    return depth, np.where(depth > 0, month + 1.0, np.nan)


def appraise(perimeter: Perimeter, factors: Floats, draws: int) -> Appraisal:
    """Appraise one perimeter. BCR = PV(placement savings and income, net of the costs they cause) / PV(investment)."""
    months = len(factors)
    investment = perimeter.total([INVESTMENT], months, draws)
    cashable = perimeter.total([CASHABLE, INCOME], months, draws)
    net = investment + cashable + perimeter.total([AVOIDANCE], months, draws)
    invested, npv = -present_value(investment, factors), present_value(net, factors)
    depth, month = peak_funding(net)
    return Appraisal(
        npv_gbp=npv,
        npv_cashable_gbp=present_value(investment + cashable, factors),
        bcr=np.divide(npv + invested, invested, out=np.full(draws, np.nan), where=invested > 0),
        pv_investment_gbp=invested,
        pv_savings_gbp=npv + invested,
        payback_months=payback_months(net),
        discounted_payback_months=payback_months(net * factors[:, None]),
        payback_cashable_months=payback_months(investment + cashable),
        peak_funding_gbp=depth,
        peak_funding_month=month,
    )


def npv_evaluator(
    case: Case, perimeters: Sequence[str] | Mapping[str, Sequence[str]] | None = None, *, threads: int = 1
) -> Callable[[Draws], dict[str, Floats]]:
    """Return a function of draws to perimeter -> NPV (draws,), for questions that move assumptions about.

    `perimeters`: those wanted, all by default, or sets of schemes by a name; `threads`: blocks of draws done at a time
    (the answer is the same).
    What does not depend on the draws is made once. Draws are taken in blocks, so that any number may be asked for.
    """
    known = members_of(case)
    middle = evaluate(case, central(case), cells=False)
    factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
    wanted: Mapping[str, Sequence[str]]
    if isinstance(perimeters, Mapping):
        wanted = perimeters
    else:
        wanted = known if perimeters is None else {name: known[name] for name in perimeters}

    def worth(block: Draws) -> dict[str, Floats]:
        evaluation = evaluate(case, block, cells=False, middle=middle)
        return {name: present_value(evaluation.net(members), factors) for name, members in wanted.items()}

    def npv(draws: Draws) -> dict[str, Floats]:
        blocks = [part_of(draws, first, BLOCK) for first in range(0, draws.n, BLOCK)]
        parts = each(worth, blocks, threads)
        return {name: np.concatenate([part[name] for part in parts]) for name in wanted}

    return npv


def each(do: Callable[[Item], Made], items: Sequence[Item], threads: int) -> list[Made]:
    """Return what `do` makes of each item, in order, `threads` at a time: arrays let other threads run meanwhile."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(do, items))
