"""How a notebook gets its case and its result, wherever it was opened from, and refuses what it cannot use.

What a notebook is given is checked as files are: a wrong name, number or scheme ends in `InputProblems`, one sentence
that names what there is, which a notebook shows without a traceback.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from model.case.reading.problems import InputProblems, Problem
from model.case.spelling import near
from model.results import DRAWS, SEED
from model.results.perimeters import main_perimeter, shown_perimeters
from model.results.provenance import input_hashes
from model.schemes.load import load_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.case.records import Case
    from model.results.runs import Result

MOST_DRAWS = 1_000_000  # more than any machine's memory holds: a slip of the keyboard


def case_folder(case: str) -> Path:
    """Return a case's folder from its name or path, whether the notebook runs in `notebooks/` or above it.

    Raises InputProblems naming the cases there are.
    """
    here = Path.cwd()
    roots = [here, *here.parents, Path(__file__).resolve().parents[2]]
    places = [Path(str(case)), *(root / "inputs" / str(case) for root in roots)]
    found = next((p for p in places if (p / "case.toml").is_file()), None)
    if found is not None:
        return found.resolve()
    known = sorted({p.parent.name for root in roots for p in (root / "inputs").glob("*/case.toml")})
    expected = f"a folder of inputs/ with a case.toml; there are {', '.join(known) or 'none'}"
    raise InputProblems([Problem(file="case", value=str(case), expected=expected, suggestion=near(str(case), known))])


def open_case(case: str, scenario: str, overrides: Mapping[str, object] | None = None) -> Case:
    """Return a case under a scenario. `overrides`: laid over the scenario's. InputProblems: every problem at once."""
    _tell_shell()
    return load_case(case_folder(case), scenario=str(scenario), overrides=_mapping(overrides))


def open_result(
    case: str,
    scenario: str,
    *,
    draws: int | None = None,
    seed: int | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Result:
    """Return the result of a case under a scenario: the same call gives the same numbers.

    `draws` joint draws, 1 = the central values alone, None = as many as the reports have; `seed` likewise.
    `overrides`: laid over the scenario's, refused as they would be. Asked for again in one process while no input has
    changed (by the runner, then by the notebook), it is not computed again.
    """
    _tell_shell()
    folder, laid = case_folder(case), json.dumps(_mapping(overrides), default=str)
    number = _whole("draws", DRAWS if draws is None else draws, 1, MOST_DRAWS)
    start = _whole("seed", SEED if seed is None else seed, 0, 2**63 - 1)
    return _result(folder, str(scenario), laid, number, start, tuple(input_hashes(folder, str(scenario)).items()))


def _tell_shell() -> None:
    """Tell the shell how a case is shown: it may be younger than this process's import of the report."""
    from model.report.shown import register  # noqa: PLC0415 - the index opens cases and shows none

    register()


def _mapping(overrides: Mapping[str, object] | None) -> dict[str, object]:
    try:
        return dict(overrides or {})
    except (TypeError, ValueError):
        expected = 'names with their values, such as {"fostering.fill_rate": 0.7}'
        raise InputProblems([Problem(file="overrides", value=str(overrides), expected=expected)]) from None


def _whole(name: str, value: object, least: int, most: int) -> int:
    """Return a whole number that a notebook was given. InputProblems where it is none, or out of bounds."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
        raise InputProblems([Problem(file=name, value=str(value), expected="a whole number")])
    if not least <= value <= most:
        raise InputProblems([Problem(file=name, value=str(value), expected=f"a number from {least} to {most:,}")])
    return int(value)


@lru_cache(maxsize=2)
def _result(folder: Path, scenario: str, laid: str, draws: int, seed: int, made_from: object) -> Result:  # noqa: PLR0913, PLR0917
    from model.results.runs import run  # noqa: PLC0415 - a notebook that only reads outputs needs no engine

    del made_from  # its inputs' hashes: what is remembered is of these files alone
    return run(load_case(folder, scenario=scenario, overrides=json.loads(laid)), draws=draws, seed=seed)


def group_of(case: Case, name: str = "") -> str:
    """Return a scheme, a group of schemes or `whole` by its name; empty = all that are to pay for themselves.

    Raises InputProblems naming those that act in the scenario.
    """
    known = list(dict.fromkeys((*(spec.name for spec in case.active_schemes), *shown_perimeters(case))))
    if name and name not in known:
        expected = f"what acts in the scenario {case.scenario}: {', '.join(known)}"
        raise InputProblems([Problem(file="perimeter", value=str(name), expected=expected,
                                     suggestion=near(str(name), known))])  # fmt: skip
    return name or main_perimeter(case)


def outputs_of(case: str) -> Path:
    """Return the folder a run leaves a case's scenarios in, whether or not there is one yet."""
    return case_folder(case).parents[1] / "outputs" / case_folder(case).name
