"""One lock on every door: a number put in an assumption's place is held to what a scenario's file is held to.

Notebook parameters, `--set`, sweeps and sliders come through here, and `run` asks that a case be sound, so that each
refuses what `check` refuses, in the same words.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from model.case.assumptions import Assumptions
from model.case.distributions import range_problem
from model.case.reading.assumption_rows import Stated, bound_problems, faults_of, in_price_base
from model.case.reading.problems import InputProblems, Problem
from model.case.reading.scenario_toml import Scenario, flat_overrides, override_assumptions
from model.case.reading.toml import Toml
from model.case.records import Case
from model.case.words import FIXED

PLACE: Final = "overrides"


def given(values: Mapping[str, object], names: Collection[str], place: str = PLACE) -> Scenario:
    """Return overrides that stand in no file as a scenario to lay over another."""
    toml = Toml(file=place, tables={}, text="")
    return Scenario(name="", title="", why="", overrides=flat_overrides(values, names), toml=toml)


def overridden(case: Case, values: Mapping[str, object], place: str = PLACE) -> Case:
    """Return a loaded case with overrides of assumptions, read as a scenario's: a bare number is certain.

    None leaves an assumption as it is. `place` is what a message names. Raises InputProblems with all that `check`
    would refuse.
    """
    known = case.assumptions
    asked = {name: value for name, value in values.items() if value is not None or name not in known}
    scenario = given(asked, known, place)
    problems: list[Problem] = [
        scenario.place.problem(name, value, "an assumption", "schemes and conventions are set when the case is read")
        for name, value in scenario.overrides.items()
        if name == "schemes" or name.startswith("conventions.")
    ]
    stated = {name: Stated(assumption=a, file=place, row=0) for name, a in known.items()}
    merged = override_assumptions(stated, stated.keys(), scenario, case.price_base, problems)
    new = {name: merged[name] for name in scenario.overrides if name in merged}
    problems += bound_problems(new)
    index, assumptions = case.reference.indices.get(case.conventions.price_index), dict(known)
    for name, row in new.items():
        found = in_price_base(row, case.price_base, index, problems)
        if found is not None:
            assumptions[name] = found
            if fault := range_problem(row.assumption):
                problems.append(row.problem("value", "a range that the distribution can have", fault))
    if problems:
        raise InputProblems(problems)
    return replace(case, assumptions=Assumptions(assumptions), overrides={**case.overrides, **scenario.overrides})


def sound(case: Case) -> Case:
    """Return the case. Raises InputProblems where an assumption is what `check` refuses, however it was set."""
    stated = {n: Stated(assumption=a, file=case.folder_name, row=0, column=n) for n, a in case.assumptions.items()}
    problems = bound_problems(stated)
    for row in stated.values():
        a = row.assumption
        ends = (None, None) if a.distribution == FIXED else (a.low, a.high)
        problems += [row.problem(*fault) for fault in faults_of(a, *ends)]
    if problems:
        raise InputProblems(problems)
    return case
