"""A case's options appraised: every question of `options.toml` answered on the same draws, and written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from model.case.draws import Draws, central, sample
from model.case.options import OptionsFile
from model.case.reading.options_toml import read_options
from model.case.reading.overrides import overridden
from model.case.records import Case
from model.options import choice, mixes, stages
from model.options.scale import Floats, Flows, OthersGain, flows, others_gain
from model.risk.voi import groups_by_prefix, information_values

Row = tuple[str, str, str, float, str]
COLUMNS: Final = ("table", "item", "measure", "value", "words")
DRAWS: Final = 500


@dataclass(frozen=True, kw_only=True)
class Appraised:
    """The options of a case on one sample of draws. Everything is worked out when first read."""

    case: Case
    file: OptionsFile
    draws: int
    seed: int
    threads: int = 1

    @cached_property
    def drawn(self) -> tuple[Draws, Draws]:
        """The central draw, and the sample that every option and mix is run on."""
        return central(self.case), sample(self.case, self.draws, self.seed)

    def _flows(self, scales: Mapping[str, float], case: Case | None = None) -> Flows:
        """Return what schemes do at some scales; of a changed case on draws made alike."""
        drawn = self.drawn if case is None else (central(case), sample(case, self.draws, self.seed))
        return flows(case or self.case, scales, drawn, self.file.scalable, self.threads)

    @cached_property
    def flows(self) -> dict[str, Flows]:
        """Option of the short list -> what it does; an override's numbers are drawn alike."""
        return {
            option.name: self._flows(
                option.scales, overridden(self.case, option.overrides) if option.overrides else None
            )
            for option in self.file.short_list
        }

    @cached_property
    def statutory_npv(self) -> float:
        """Mean NPV of the schemes that every option but doing nothing holds: a constraint, in no comparison."""
        return float(self._flows(dict.fromkeys(self.file.statutory, 1.0)).npv.mean())

    @cached_property
    def npv(self) -> Floats:
        """NPV of the short list, (options, draws), statutory schemes apart."""
        return np.array([made.npv for made in self.flows.values()])

    @cached_property
    def steps(self) -> list[Any]:
        """The short list by cost, each against the next: a record an option (`choice.incremental`)."""
        return list(choice.incremental(self.short_list).rename_axis("option").reset_index().itertuples())

    @cached_property
    def short_list(self) -> pd.DataFrame:
        """A row an option: means of cost, NPV and NPV in cash, the NPV's range, how often it is best, its regret."""
        made, (low, high) = self.flows.values(), np.quantile(self.npv, [0.1, 0.9], axis=1)
        return pd.DataFrame(
            {
                "cost_gbp": [one.cost.mean() for one in made], "npv_gbp": self.npv.mean(axis=1),
                "npv_p10_gbp": low, "npv_p90_gbp": high, "npv_cashable_gbp": [one.npv_cashable.mean() for one in made],
                "chance_best": choice.chance_best(self.npv), "regret_gbp": choice.expected_regret(self.npv),
                "child_years": [one.child_years.sum(axis=0).mean() for one in made],
            },
            index=list(self.flows),
        )  # fmt: skip

    @cached_property
    def information(self) -> pd.DataFrame:
        """What each number is worth knowing before choosing among the short list; the last is everything."""
        names = list(self.flows)
        undone = names.index(next(o.name for o in self.file.short_list if o.role == "business_as_usual"))
        order = [undone, *(i for i in range(len(names)) if i != undone)]
        return information_values(self.case, self.drawn[1], self.npv[order], groups=groups_by_prefix(self.case))

    @cached_property
    def surface(self) -> mixes.Surface:
        """The model at every node of the stated scales."""
        return mixes.surface(self.case, self.file, self.drawn, self.threads)

    @cached_property
    def mixes(self) -> pd.DataFrame:
        """Every mix of the grid; where there are too many, the best an optimiser finds under each set of limits."""
        if self.surface.size <= mixes.MOST_MIXES:
            return self.surface.mixes(self.threads)
        asked = [self.limits, dict.fromkeys(self.limits), *mixes.moved(self.limits).values()]
        return pd.concat([mixes.search(self.surface, one, seed=self.seed) for one in asked], ignore_index=True)

    @property
    def limits(self) -> dict[str, float | None]:
        """The limits of the file by name."""
        return self.file.limits.by_name

    @cached_property
    def best(self) -> pd.Series[float] | None:
        """The best mix within the limits; None where none keeps within them."""
        return mixes.best(self.mixes, self.limits, self.objective)

    @cached_property
    def best_run_npv(self) -> float:
        """Mean NPV of the best mix within the limits as the model runs it, without a straight line; nan if none."""
        if self.best is None:
            return np.nan
        return float(self._flows({one.name: float(self.best[one.name]) for one in self.file.scalable}).npv.mean())

    @cached_property
    def shadow_prices(self) -> dict[str, float]:
        """Limit -> what moving it by its step is worth."""
        return mixes.shadow_prices(self.mixes, self.limits, self.objective)

    @cached_property
    def waiting(self) -> list[stages.Waiting]:
        """Each decision in stages against deciding today."""
        return [stages.waiting(self.case, one, self.drawn, self.file.scalable, self.seed) for one in self.file.staged]

    @cached_property
    def others(self) -> dict[str, list[OthersGain]]:
        """Option -> what other public bodies gain, where the file asks for it."""
        if not self.file.social_value:
            return {}
        return {name: others_gain(self.case, made) for name, made in self.flows.items()}

    @property
    def objective(self) -> str:
        """What the best mix makes as large as it can be."""
        return self.file.limits.objective

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Everything but the mixes as one tidy table: COLUMNS; money to the penny, real."""
        frame = pd.DataFrame(list(self._rows()), columns=list(COLUMNS))
        frame["value"] = frame["value"].astype(float).round(4) + 0.0
        return frame

    def _rows(self) -> Iterator[Row]:
        for option in self.file.options:
            yield "long_list", option.name, "kept", float(option.kept), option.reason
        yield "statutory", " ".join(self.file.statutory), "npv_gbp", self.statutory_npv, ""
        for name, measures in self.short_list.to_dict("index").items():
            for measure, value in measures.items():
                yield "option", str(name), str(measure), value, ""
        for step in self.steps:
            words = step.struck_out or (step.against and f"against {step.against}")
            for measure in ("more_npv", "more_bcr", "cost_per_child_year"):
                yield "incremental", step.option, measure, getattr(step, measure), words
        for one in self.information.itertuples():
            yield "information", str(one.learnt), "value_gbp", float(str(one.value_gbp)), str(one.assumptions)
        yield from self._mix_rows()
        yield from self._stage_rows()
        for name, gains in self.others.items():
            for gain in gains:
                worth = np.nan if gain.worth is None else gain.worth
                yield "others_gain", name, f"{gain.row.payer}: {gain.row.gain}", worth, gain.row.quality

    def _stage_rows(self) -> Iterator[Row]:
        for stage in self.waiting:
            for label in ("today", "staged", "seen"):
                for at, value in getattr(stage, label).items():
                    yield "stages", stage.scheme, f"{label}: {at}", value, ""
            yield "stages", stage.scheme, "learning_gbp", stage.learning, ""
            yield "stages", stage.scheme, "value_of_waiting_gbp", stage.value, ""

    def _mix_rows(self) -> Iterator[Row]:
        for label, limits in (("within_limits", self.limits), ("no_limits", dict.fromkeys(self.limits))):
            chosen = mixes.best(self.mixes, limits, self.objective)
            for measure, amount in {} if chosen is None else chosen.to_dict().items():
                yield "best_mix", label, str(measure), float(amount), ""
        yield "best_mix", "within_limits", "npv_run_by_itself_gbp", self.best_run_npv, ""
        for name, worth in self.shadow_prices.items():
            yield "shadow_price", name, "value_gbp", worth, f"for {mixes.STEPS[name]:g} more"


def appraise(case: Case, *, draws: int = DRAWS, seed: int = 1, threads: int = 1) -> Appraised:
    """Appraise the options of a case. Raises InputProblems with every problem of `options.toml`."""
    return Appraised(case=case, file=read_options(case), draws=draws, seed=seed, threads=threads)
