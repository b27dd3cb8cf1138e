"""One run of a case: once at central values, and over many joint draws, in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from model.case.draws import central, sample
from model.case.reading.overrides import sound
from model.case.words import WHOLE
from model.money.appraisal import BLOCK, each
from model.money.portfolio import evaluate
from model.results.annual import annual_frame, monthly_frame
from model.results.attribution import attribution_frame
from model.results.children import caseload_frame, placement_cost_frame
from model.results.children_counts import read
from model.results.ledger import ledger_frame
from model.results.metrics import metrics_of, staffing_frame
from model.results.outcome import Outcome
from model.results.purses import funding_frames, reserve_frame, virement_frame
from model.results.reconcile import reconcile
from model.results.risks import (
    SWITCHING_COLUMNS,
    convergence_frame,
    information_frame,
    sobol_frame,
    structure_frame,
    switching_frame,
    tornado_frame,
)
from model.results.sample import Sample, join, keep
from model.results.summary import DRAWS, SEED
from model.risk.break_even import payers

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from model.case.records import Case
    from model.results.children_counts import Children
    from model.risk.break_even import Payers


@dataclass(frozen=True, kw_only=True)
class Result(Outcome):
    """A case run once at its central values and over `draws` joint draws; the frames are made when first read."""

    @cached_property
    def annual(self) -> pd.DataFrame:
        """Every line of every perimeter by financial year, as `annual.csv`."""
        return annual_frame(self)

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """Net and cumulative position by month: perimeter, price_basis, month, statistic, net_gbp, cumulative_gbp."""
        return monthly_frame(self)

    @cached_property
    def caseload(self) -> pd.DataFrame:
        """Children by world, age, placement, measure and month, as `caseload.csv`."""
        return caseload_frame(self)

    @cached_property
    def placement_costs(self) -> pd.DataFrame:
        """What placements cost if nothing is done, real: placement, financial_year, statistic, value_gbp."""
        return placement_cost_frame(self)

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """What placements are modelled to cost in the first year beside what the accounts say was spent."""
        return ledger_frame(self.case, self.placement_costs)

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """Perimeter, metric, statistic, value; NaN where there is none."""
        import pandas as pd  # noqa: PLC0415 - importing the model must stay cheap

        rows = [
            (perimeter, metric, statistic, np.nan if value is None else value)
            for perimeter, metrics in self.metrics_by_perimeter.items()
            for metric, values in metrics.items()
            for statistic, value in values.items()
        ]
        return pd.DataFrame(rows, columns=["perimeter", "metric", "statistic", "value"])

    @cached_property
    def metrics_by_perimeter(self) -> dict[str, dict[str, dict[str, float | None]]]:
        """Perimeter -> metric -> statistic -> value, as `metrics.json`; None where there is none."""
        return {name: metrics_of(self, name) for name in self.central.measures}

    @cached_property
    def funding(self) -> pd.DataFrame:
        """Purses and reserve by financial year, nominal, as `funding.csv`."""
        return self._funded[0]

    @cached_property
    def mtfp(self) -> pd.DataFrame:
        """Year-on-year changes to the base budget, pressures positive, as `mtfp.csv`."""
        return self._funded[1]

    @cached_property
    def _funded(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        return funding_frames(self)

    @cached_property
    def reserve(self) -> pd.DataFrame:
        """The reserve by month, nominal: scenario, item, month, statistic, value_gbp."""
        return reserve_frame(self)

    @cached_property
    def virement(self) -> pd.DataFrame:
        """Staff by service line of the establishment, nominal, central: what a virement would move between budgets."""
        return virement_frame(self)

    @cached_property
    def staffing(self) -> pd.DataFrame:
        """Posts, people and caseloads by month: scenario, world, measure, month, statistic, value."""
        return staffing_frame(self)

    @cached_property
    def switching(self) -> pd.DataFrame:
        """The value of each assumption at which the headline perimeter's NPV changes sign, as `switching.csv`."""
        found = self.switching_by_perimeter
        return found.loc[found["perimeter"] == self.headline, list(SWITCHING_COLUMNS)].reset_index(drop=True)

    @cached_property
    def switching_by_perimeter(self) -> pd.DataFrame:
        """The switching values of every perimeter: `perimeter` and the columns of `switching.csv`."""
        return switching_frame(self)

    @cached_property
    def tornado(self) -> pd.DataFrame:
        """How far each assumption, from its P10 to its P90 by itself, moves the NPV, as `tornado.csv`."""
        return tornado_frame(self)

    @cached_property
    def information(self) -> pd.DataFrame:
        """What each number is worth learning before the decision, as `information.csv`."""
        return information_frame(self)

    @cached_property
    def structure(self) -> pd.DataFrame:
        """The NPV under every combination of the structural choices, as `structure.csv`."""
        return structure_frame(self)

    @cached_property
    def payers(self) -> Payers:
        """What would make good the whole's central NPV where it is below zero: fewer entries, or a saving a year."""
        return payers(self.case, float(self.central.measures[WHOLE].npv_gbp[0]))

    @cached_property
    def attribution(self) -> pd.DataFrame:
        """Who earned the NPV, by Shapley value and by causal step, as `attribution.csv`."""
        return attribution_frame(self)

    @cached_property
    def convergence(self) -> pd.DataFrame:
        """What the number of draws can tell, as `convergence.csv`."""
        return convergence_frame(self)

    def sobol(self, perimeter: str, *, draws: int, threads: int = 1) -> pd.DataFrame:
        """Sobol' indices of the NPV: factor, first, total, each with its standard error; it runs many draws."""
        return sobol_frame(self, perimeter, draws=draws, threads=threads)

    @cached_property
    def children(self) -> Children:
        """The caseload by world, placement and age, read once for a page."""
        return read(self.case, self.caseload)

    @cached_property
    def reconciliation(self) -> pd.DataFrame:
        """Every printed figure recomputed on the published scenario, with what was expected of it."""
        return reconcile(self.case)


def run(  # noqa: PLR0913 - each is a separate choice of the caller's
    case: Case,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
    process_noise: bool = True,
    progress: Callable[[int], None] | None = None,
    threads: int = 1,
) -> Result:
    """Run a case: once at central values, and over `draws` joint draws (1 = central alone).

    `process_noise`: chance in who enters and leaves care is part of the draws. `progress` is told how many draws each
    finished block held. `threads`: blocks done at a time. Raises InputProblems where the case holds what `check`
    refuses.
    The same case, draws and seed give the same result, whatever the threads.

    The draws themselves are kept, for every table's quantiles: about 40 kB a draw for Bury and twice that while blocks
    are joined (10,000 draws 1 GB in all, 100,000 about 8 GB). For more draws than fit, `appraisal.npv_evaluator` keeps
    the NPV alone.
    """
    if draws < 1:
        message = f"draws must be 1 (the central values alone) or more, not {draws}"
        raise ValueError(message)
    middle = evaluate(sound(case), central(case))
    at_centre = keep(middle)
    if draws == 1:
        return Result(case=case, draws=1, seed=seed, central=at_centre, sample=None)

    def part(first: int) -> Sample:
        block = sample(case, min(BLOCK, draws - first), seed, first=first, process_noise=process_noise)
        made = keep(evaluate(case, block, middle=middle))
        if progress is not None:
            progress(block.n)
        return made

    blocks = each(part, range(0, draws, BLOCK), threads)
    return Result(
        case=case, draws=draws, seed=seed, central=at_centre, sample=join(blocks), process_noise=process_noise
    )
