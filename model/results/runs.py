"""One run of a case: once at central values, and over many joint draws, in blocks."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from model.case.draws import central, sample
from model.case.reading.overrides import sound
from model.case.records import Case
from model.case.words import WHOLE
from model.money.appraisal import BLOCK, each
from model.money.portfolio import evaluate
from model.results import DRAWS, SEED, risks
from model.results.annual import annual_frame, monthly_frame
from model.results.children import caseload_frame, children_of, ledger_frame, placement_cost_frame
from model.results.metrics import metrics_of, staffing_frame
from model.results.perimeters import main_perimeter
from model.results.purses import funding_frames, reserve_frame, virement_frame
from model.results.reconcile import reconcile
from model.results.sample import Outcome, Sample, join, keep
from model.risk.break_even import Payers, payers


@dataclass(frozen=True, kw_only=True)
class Result(Outcome):
    """A case run once at its central values and over `draws` joint draws.

    Every frame is made when it is first read; what it holds is said where it is made.
    """

    annual = cached_property(annual_frame)
    monthly = cached_property(monthly_frame)
    caseload = cached_property(caseload_frame)
    placement_costs = cached_property(placement_cost_frame)
    reserve = cached_property(reserve_frame)
    virement = cached_property(virement_frame)
    staffing = cached_property(staffing_frame)
    switching_by_perimeter = cached_property(risks.switching_frame)
    tornado = cached_property(risks.tornado_frame)
    information = cached_property(risks.information_frame)
    structure = cached_property(risks.structure_frame)
    attribution = cached_property(risks.attribution_frame)
    convergence = cached_property(risks.convergence_frame)
    children = cached_property(children_of)
    funding_and_mtfp = cached_property(funding_frames)

    @property
    def funding(self) -> pd.DataFrame:
        """Purses and reserve by financial year, nominal, as `funding.csv`."""
        return self.funding_and_mtfp[0]

    @property
    def mtfp(self) -> pd.DataFrame:
        """Year-on-year changes to the base budget, pressures positive, as `mtfp.csv`."""
        return self.funding_and_mtfp[1]

    @cached_property
    def switching(self) -> pd.DataFrame:
        """The value of each assumption at which the main perimeter's NPV changes sign, as `switching.csv`."""
        found = self.switching_by_perimeter
        return found[found["perimeter"] == main_perimeter(self.case)].drop(columns="perimeter").reset_index(drop=True)

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """What placements are modelled to cost in the first year beside what the accounts say was spent."""
        return ledger_frame(self.case, self.placement_costs)

    @cached_property
    def metrics_by_perimeter(self) -> dict[str, dict[str, dict[str, float | None]]]:
        """Perimeter -> metric -> statistic -> value, as `metrics.json`; None where there is none."""
        return {name: metrics_of(self, name) for name in self.perimeters}

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """Perimeter, metric, statistic, value; NaN where there is none."""
        found = {
            (perimeter, metric, statistic): value
            for perimeter, metrics in self.metrics_by_perimeter.items()
            for metric, values in metrics.items()
            for statistic, value in values.items()
        }
        named = pd.Series(found, dtype=float).rename_axis(["perimeter", "metric", "statistic"])
        return named.reset_index(name="value")

    @cached_property
    def payers(self) -> Payers:
        """What would make good the whole's central NPV where it is below zero: fewer entries, or a saving a year."""
        return payers(self.case, float(self.central.measures[WHOLE].npv_gbp[0]))

    @cached_property
    def reconciliation(self) -> pd.DataFrame:
        """Every printed figure recomputed on the published scenario, with what was expected of it."""
        return reconcile(self.case)

    def sobol(self, perimeter: str, *, draws: int, threads: int = 1) -> pd.DataFrame:
        """Sobol' indices of the NPV: factor, first, total, each with its standard error; it runs many draws."""
        return risks.sobol_frame(self, perimeter, draws=draws, threads=threads)


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
