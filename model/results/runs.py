"""One run of a case: once at central values, and over many joint draws, in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from model.case.draws import central, sample
from model.money.appraisal import BLOCK, each, npv_evaluator
from model.money.portfolio import WHOLE, evaluate, streams_of
from model.results.annual import annual_frame, monthly_frame
from model.results.bridge import bridge_frame
from model.results.children import caseload_frame, placement_cost_frame
from model.results.metrics import metrics_of, staffing_frame
from model.results.purses import funding_frames, reserve_frame, virement_frame
from model.results.reconcile import reconcile
from model.results.sample import Sample, join, keep
from model.results.summary import DRAWS, HEADLINE, SEED, SWITCHING_COLUMNS
from model.risk.sensitivity import switching_values

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from numpy.typing import NDArray

    from model.case.records import Case


@dataclass(frozen=True, kw_only=True)
class Result:
    """A case run once at its central values and over `draws` joint draws; the frames are made when first read."""

    case: Case
    draws: int
    seed: int
    central: Sample
    sample: Sample | None

    def _repr_html_(self) -> str:
        """The headlines, as a notebook shows them; the page's words are imported only then."""
        return str(import_module("model.report.shown").result_html(self))

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
    def bridge(self) -> pd.DataFrame:
        """From nothing to the joint NPV, scheme by scheme, as `bridge.csv`."""
        return bridge_frame(self)

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
        import pandas as pd  # noqa: PLC0415

        case = self.case
        named = {self.headline, WHOLE, *case.perimeters, *(m for group in case.perimeters.values() for m in group)}
        wanted = [name for name in self.perimeters if name in named]
        found = switching_values(case, npv_evaluator(case, wanted), wanted)
        columns = ("perimeter", *SWITCHING_COLUMNS)
        return pd.DataFrame([[getattr(s, name) for name in columns] for s in found], columns=list(columns))

    @cached_property
    def reconciliation(self) -> pd.DataFrame:
        """Every printed figure recomputed on the published scenario, with what was expected of it."""
        return reconcile(self.case)

    @property
    def headline(self) -> str:
        """The perimeter that a single answer speaks of: all invest-to-save schemes, else the whole."""
        return HEADLINE if HEADLINE in self.central.measures else WHOLE

    @cached_property
    def npv_draws(self) -> dict[str, NDArray[np.float64]]:
        """NPV of every draw by perimeter, (draws,); the central value alone where only one draw was asked for."""
        return {name: measures.npv_gbp for name, measures in (self.sample or self.central).measures.items()}

    @property
    def perimeters(self) -> tuple[str, ...]:
        """The perimeters, schemes first, the whole last."""
        return tuple(self.central.measures)


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
    finished block held. `threads`: blocks done at a time.
    The same case, draws and seed give the same result, whatever the threads.

    The draws themselves are kept, for every table's quantiles: about 40 kB a draw for Bury and twice that while blocks
    are joined (10,000 draws 1 GB in all, 100,000 about 8 GB). For more draws than fit, `appraisal.npv_evaluator` keeps
    the NPV alone.
    """
    if draws < 1:
        message = f"draws must be 1 (the central values alone) or more, not {draws}"
        raise ValueError(message)
    streams = streams_of(case)
    middle = keep(evaluate(case, central(case), streams=streams))
    if draws == 1:
        return Result(case=case, draws=1, seed=seed, central=middle, sample=None)

    def part(first: int) -> Sample:
        block = sample(case, min(BLOCK, draws - first), seed, first=first, process_noise=process_noise)
        made = keep(evaluate(case, block, streams=streams))
        if progress is not None:
            progress(block.n)
        return made

    blocks = each(part, range(0, draws, BLOCK), threads)
    return Result(case=case, draws=draws, seed=seed, central=middle, sample=join(blocks))
