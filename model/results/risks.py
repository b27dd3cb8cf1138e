"""What a run knows of its own risk, as tidy frames: what moves it, what is worth learning, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from model.case.words import MEAN, WHOLE
from model.money.appraisal import npv_evaluator
from model.money.portfolio import members_of
from model.results.annual import pennies
from model.results.perimeters import choices, main_perimeter, shown_perimeters
from model.risk.convergence import npv_precision
from model.risk.sobol import sobol_indices
from model.risk.steps import bridge
from model.risk.switching import switching_values
from model.risk.tornado import tornado
from model.risk.voi import groups_by_prefix, information_values, options

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from model.case.records import Case
    from model.results.outcome import Outcome

SWITCHING_COLUMNS: Final = ("assumption", "unit", "central", "low", "high", "switching_value", "within_range")
TORNADO_COLUMNS: Final = ("scenario", "perimeter", "assumption", "unit", "p10", "p90", "npv_at_p10_gbp",
                          "npv_at_p90_gbp", "npv_central_gbp", "swing_gbp")  # fmt: skip
INFORMATION_COLUMNS: Final = ("scenario", "perimeter", "learnt", "assumptions", "value_gbp", "error_gbp",
                              "share_of_everything")  # fmt: skip
CONVERGENCE_COLUMNS: Final = ("scenario", "perimeter", "metric", "statistic", "estimate", "standard_error", "low",
                              "high", "printed_unit", "may_change", "draws_needed")  # fmt: skip
SOBOL_COLUMNS: Final = ("perimeter", "factor", "first", "first_error", "total", "total_error")
SHARE_PRINTED, MONEY_PRINTED = 0.01, 10_000.0  # what reports print: whole percentages, hundredths of a £ million


def _frame(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - importing the model must stay cheap

    return pd.DataFrame(list(rows), columns=list(columns))


def _penny(amount: float) -> float:
    return float(pennies(np.array(amount)))


def switching_frame(result: Outcome) -> pd.DataFrame:
    """Return the switching value of each assumption for each shown perimeter, in the columns of `switching.csv`."""
    wanted = _headlines(result)
    found = switching_values(result.case, npv_evaluator(result.case, wanted), wanted)
    columns = ("perimeter", *SWITCHING_COLUMNS)
    return _frame(columns, ([getattr(s, name) for name in columns] for s in found))


def _headlines(result: Outcome) -> list[str]:
    """Return the perimeters of the answer: invest-to-save schemes, their groups, the whole."""
    case = result.case
    named = {result.headline, WHOLE, *case.perimeters, *(name for group in case.perimeters.values() for name in group)}
    return [name for name in result.perimeters if name in named]


def tornado_frame(result: Outcome) -> pd.DataFrame:
    """Return the NPV with each uncertain assumption at its P10 and at its P90, all others central; widest first."""
    case, wanted = result.case, _headlines(result)
    rows = []
    for bar in tornado(case, npv_evaluator(case, wanted), wanted):
        low, high, middle = (_penny(npv) for npv in (bar.npv_low, bar.npv_high, bar.npv_central))
        unit, swing = case.assumptions[bar.assumption].unit, _penny(bar.swing)
        rows.append((case.scenario, bar.perimeter, bar.assumption, unit, bar.low, bar.high, low, high, middle, swing))
    return _frame(TORNADO_COLUMNS, rows)


def information_frame(result: Outcome) -> pd.DataFrame:
    """Return what each uncertain assumption and each group is worth learning before the decision, largest first.

    The last row, `everything`, is what knowing every number would be worth, chance apart. Nothing of the central run
    alone.
    """
    case = result.case
    if result.sample is None or not case.active_schemes:
        return _frame(INFORMATION_COLUMNS, ())
    benefits, main = options(result.npv_draws, choices(case)), main_perimeter(case)
    found = information_values(case, result.drawn, benefits, groups=groups_by_prefix(case))
    rows = [(i.group, " ".join(i.assumptions), _penny(i.value), _penny(i.error), i.share_of_everything) for i in found]
    return _frame(INFORMATION_COLUMNS, ((case.scenario, main, *row) for row in rows))


def convergence_frame(result: Outcome) -> pd.DataFrame:
    """Return for each shown perimeter how far the number of draws limits what is printed of its NPV."""
    if result.sample is None:
        return _frame(CONVERGENCE_COLUMNS, ())
    shown = {name: result.npv_draws[name] for name in shown_perimeters(result.case) if name in result.npv_draws}
    found = npv_precision(shown, money_unit=MONEY_PRINTED, share_unit=SHARE_PRINTED)
    return _frame(
        CONVERGENCE_COLUMNS,
        (
            (result.case.scenario, perimeter, *(item.name.split(" ") if " " in item.name else (item.name, MEAN)),
             item.estimate, item.standard_error, item.low, item.high, item.printed_unit, item.may_change,
             item.draws_needed)
            for perimeter, items in found.items()
            for item in items
        ),
    )  # fmt: skip


def sobol_frame(result: Outcome, perimeter: str, *, draws: int, threads: int = 1) -> pd.DataFrame:
    """Return the Sobol' indices of each factor, largest total first; evaluates (factors + 2) x `draws` draws."""
    evaluate = npv_evaluator(result.case, [perimeter], threads=threads)
    found = sobol_indices(result.case, evaluate, [perimeter], draws=draws, seed=result.seed)
    return _frame(SOBOL_COLUMNS, ([getattr(index, name) for name in SOBOL_COLUMNS] for index in found))


def bridge_steps(case: Case, base: Case, perimeters: Sequence[str]) -> pd.DataFrame:
    """Return what each changed assumption moved the central NPV by: perimeter, step, npv_gbp (the change), npv_after.

    Steps are taken one after another in the scenario's own order, so a step's size depends on those before it; the
    steps from the first row (the base scenario's NPV) sum exactly to the scenario's NPV. A perimeter that one of the
    two does not have has no steps: a scheme that is left out has no NPV of its own.
    """
    shared = [name for name in perimeters if all(name in members_of(one) for one in (case, base))]
    found = bridge(case, base, lambda one, draws: npv_evaluator(one, shared)(draws), shared)
    rows = ((s.perimeter, s.step, s.change, s.npv_after) for s in found)
    return _frame(("perimeter", "step", "npv_gbp", "npv_after"), rows)
