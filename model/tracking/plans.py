"""A plan frozen: the case as it stood, what it promised month by month, the draws behind it, and when to think again.

A plan is a folder, `inputs/<case>/plans/<version>/`. It stands with the inputs and not with the outputs because
outputs are made again and thrown away, while a promise is kept, reviewed and handed on with the case. It holds a whole
copy of the case and of `reference/`, so that nothing edited later can move it and what was promised can be run again.
"""

import json
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model.batch import store
from model.batch.disk import digest, text_digest
from model.case.distributions import is_fixed
from model.case.draws import Draws, central, part_of, sample, with_values
from model.case.measures import MONEY
from model.case.reading.problems import InputProblems, Problem
from model.case.records import Case
from model.case.units import above_zero
from model.case.words import CENTRAL, MEAN
from model.money.appraisal import BLOCK, discount_factors, payback_months, present_value
from model.money.portfolio import evaluate, members_of
from model.results.annual import tidy_frame
from model.results.files import write_csv
from model.results.perimeters import main_perimeter
from model.results.sample import Floats, summarise
from model.schemes.load import load_case
from model.tracking.measured import is_modelled, measured

FOLDER, FILE, PROMISED, DRAWS = "plans", "plan.toml", "promised.csv", "draws.npz"
NET_PRESENT_VALUE, PAID_BACK = "npv_gbp", "paid_back"
COLUMNS: Final = ("benefit", "measure", "month", "statistic", "value")
STATISTICS: Final = (CENTRAL, MEAN, "p10", "p50", "p90")
_LEFT_OUT: Final = shutil.ignore_patterns(FOLDER, "new_case", ".*", "*.md", "~*")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One version of a plan, as it was frozen. `change_below`, `stop_below`: chances of a positive NPV."""

    folder: Path
    version: int
    frozen: date
    scenario: str
    reason: str
    n: int
    seed: int
    perimeter: str
    change_below: float
    stop_below: float

    @cached_property
    def case(self) -> Case:
        """The case as it was promised, run from the plan's own copy."""
        return load_case(self.folder / "inputs" / self.folder.parent.parent.name, self.scenario)

    @property
    def chance_positive(self) -> float:
        """The share of the stored draws in which the NPV is above zero."""
        return float(above_zero(self.stored[NET_PRESENT_VALUE]).mean())

    @cached_property
    def stored(self) -> Mapping[str, NDArray[np.float64]]:
        """The NPV of each stored draw and whether it paid back, and each uncertain assumption's, (n,)."""
        with np.load(self.folder / DRAWS) as kept:
            return {name: kept[name].astype(float) for name in kept.files}

    @cached_property
    def draws(self) -> Draws:
        """The draws that the promise rests on: those stored, the fixed ones from the plan's own copy of the case."""
        drawn = sample(self.case, self.n, self.seed)
        return with_values(drawn, {name: kept for name, kept in self.stored.items() if name in drawn})


def freeze(  # noqa: PLR0913 - each is stated by whoever freezes
    case: Case, *, on: date, reason: str, draws: int, seed: int, change_below: float, stop_below: float
) -> Path:
    """Write the next version of a case's plan and return its folder. InputProblems where a rebaselining has no reason.

    What is written is not written again: a later version stands beside the earlier ones.
    """
    earlier = versions(case.folder)
    if earlier and not reason:
        number = max(earlier)
        raise InputProblems([f"{case.folder_name}: plan {number} is frozen; a new version needs --reason TEXT"])
    target = case.folder / FOLDER / str(max(earlier, default=0) + 1)
    perimeter, drawn = main_perimeter(case), sample(case, draws, seed)
    npv, paid_back = worth(case, drawn, perimeter)
    store.recover(target.parent)  # what a freeze that was killed left there
    with store.whole(target) as folder:
        inputs = folder / "inputs"
        shutil.copytree(case.folder, inputs / case.folder_name, ignore=_LEFT_OUT)
        shutil.copytree(case.folder.parent / "reference", inputs / "reference", ignore=_LEFT_OUT)
        write_csv(promised(case, drawn, perimeter), folder / PROMISED)
        uncertain = {name: drawn[name] for name, a in case.assumptions.items() if not is_fixed(a)}
        kept = uncertain | {NET_PRESENT_VALUE: npv, PAID_BACK: paid_back}
        np.savez_compressed(folder / DRAWS, **{name: array.astype(np.float32) for name, array in kept.items()})  # type: ignore[arg-type]
        said = {
            "version": int(target.name), "frozen": on.isoformat(), "scenario": case.scenario,
            "reason": reason or "First baseline.", "draws": draws, "seed": seed, "perimeter": perimeter,
            "change_below": change_below, "stop_below": stop_below,
        }  # fmt: skip
        hashes = {name: hashed for name, hashed in _hashes(folder).items() if name != FILE}
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in said.items()]
        lines += ["", "[files]", *(f"{json.dumps(name)} = {json.dumps(hashed)}" for name, hashed in hashes.items())]
        (folder / FILE).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return target


def promised(case: Case, draws: Draws, perimeter: str) -> pd.DataFrame:
    """Return each benefit's path and the money of a perimeter, in COLUMNS; real pounds, a benefit in its own unit."""
    said = {b.id: b.measure for b in case.benefits if is_modelled(b.measure, case)}
    names = said | {name: name for name in money_of(perimeter)}
    middle, parts = evaluate(case, central(case)), []
    for first in range(0, draws.n, BLOCK):
        there = measured(evaluate(case, part_of(draws, first, BLOCK), cells=False, middle=middle))
        parts.append({measure: there[measure] for measure in names.values()})
    at_centre, rows = measured(middle), []
    for name, measure in names.items():
        found = summarise(at_centre[measure], np.concatenate([part[measure] for part in parts], axis=1))
        rows += [
            (name, measure, list(case.timeline.month_labels), statistic, np.round(found[statistic], 6) + 0.0)
            for statistic in STATISTICS
        ]
    return tidy_frame(COLUMNS, rows)


def money_of(perimeter: str) -> tuple[str, ...]:
    """Return the measures of a perimeter's money: its net, what is cashable and avoided, and what is invested."""
    return tuple(f"{money}.{perimeter}" for money in MONEY)


def worth(case: Case, draws: Draws, perimeter: str) -> tuple[Floats, Floats]:
    """Return the NPV of a perimeter, real pounds, and 1 where it pays back within the horizon, both (draws,)."""
    middle, members = evaluate(case, central(case), cells=False), members_of(case)[perimeter]
    blocks = [part_of(draws, first, BLOCK) for first in range(0, draws.n, BLOCK)]
    net = np.concatenate([evaluate(case, block, cells=False, middle=middle).net(members) for block in blocks], axis=1)
    factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
    return present_value(net, factors), np.isfinite(payback_months(net)).astype(float)


def versions(case_folder: Path) -> dict[int, Path]:
    """Return the frozen versions of a case's plan, oldest first."""
    found = (path.parent for path in (case_folder / FOLDER).glob(f"*/{FILE}"))
    return dict(sorted((int(path.name), path) for path in found if path.name.isdigit()))


def read_plan(folder: Path) -> Plan:
    """Return one version. InputProblems naming every file of it that is not as it was frozen."""
    said = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
    now, then = _hashes(folder), said.pop("files")
    changed = sorted(name for name in then.keys() | now.keys() - {FILE} if now.get(name) != then.get(name))
    if changed:
        advice = "restore it from git, or freeze a new version with its reason"
        file = f"{FOLDER}/{folder.name}"
        raise InputProblems(
            Problem(file=f"{file}/{n}", expected="a file as frozen", suggestion=advice) for n in changed
        )
    return Plan(folder=folder, n=said.pop("draws"), frozen=date.fromisoformat(said.pop("frozen")), **said)


def _hashes(folder: Path) -> dict[str, str]:
    """SHA-256 by path within the folder; of texts without regard to line ends."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {
        path.relative_to(folder).as_posix(): (digest if path.suffix == ".npz" else text_digest)(path) for path in files
    }
