"""What one run leaves before anything is made of it: the central run, and the draws where there are any."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.case.draws import Draws, central, sample
from model.case.records import Case
from model.case.words import INVEST_TO_SAVE, WHOLE
from model.money.run_off import run_off_npv
from model.results.sample import Sample


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A case run once at its central values and over `draws` joint draws (1: central alone, and no sample)."""

    case: Case
    draws: int
    seed: int
    central: Sample
    sample: Sample | None
    process_noise: bool = True

    @cached_property
    def drawn(self) -> Draws:
        """The draws that `sample` was made from; the central one where there are none."""
        if self.sample is None:
            return central(self.case)
        return sample(self.case, self.draws, self.seed, process_noise=self.process_noise)

    @property
    def headline(self) -> str:
        """The perimeter that a single answer speaks of: all invest-to-save schemes, else the whole."""
        return INVEST_TO_SAVE if INVEST_TO_SAVE in self.central.measures else WHOLE

    @cached_property
    def npv_draws(self) -> dict[str, NDArray[np.float64]]:
        """NPV of every draw by perimeter, (draws,); the central value alone where only one draw was asked for."""
        return {name: measures.npv_gbp for name, measures in (self.sample or self.central).measures.items()}

    @cached_property
    def run_off_npv(self) -> dict[str, float]:
        """Central NPV by perimeter if those whom the schemes kept at home are followed beyond the horizon."""
        return run_off_npv(self.case)

    @property
    def perimeters(self) -> tuple[str, ...]:
        """The perimeters, schemes first, the whole last."""
        return tuple(self.central.measures)
