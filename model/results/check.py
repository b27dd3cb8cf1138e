"""Every problem in the inputs at once: all files, all scenarios, and what only a first projection can tell."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model.case.distributions import range_problem
from model.case.reading.load import scenario_names
from model.case.reading.problems import InputProblems, Problem
from model.children.caseload import CaseloadError
from model.money import portfolio
from model.money.cashability import NO_BUDGET, holds_placements
from model.results import plausible
from model.results.reconcile import recompute
from model.schemes.load import load_case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from model.case.records import Case


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What reading a case found: its problems, each once, and the cases that could be loaded, by scenario."""

    problems: tuple[Problem, ...]
    cases: tuple[Case, ...]


def examine(case_path: str | Path, scenarios: Iterable[str] | None = None) -> Finding:
    """Read a case under some of its scenarios (all of them where none is named) and try each of them."""
    path = Path(case_path)
    problems: list[Problem] = []
    cases: list[Case] = []
    for scenario in scenarios or scenario_names(path):
        try:
            case = load_case(path, scenario)
        except InputProblems as found:
            problems.extend(found.problems)
            continue
        cases.append(case)
        problems.extend(_trial_problems(case))
    if cases:
        problems.extend(_collected(lambda: recompute(cases[0])))
    return Finding(problems=_merged(problems), cases=tuple(cases))


def check(case_paths: Iterable[str | Path]) -> int:
    """Print every problem of every case, one a line, or what was read. Return 0 where all is well, 2 otherwise.

    What looks like a slip and breaks no rule is printed as a warning, and changes no status.
    """
    paths = [Path(path) for path in case_paths]
    findings = [examine(path) for path in paths]
    problems = list(dict.fromkeys(p for finding in findings for p in finding.problems))
    for problem in problems:
        print(problem, file=sys.stderr)  # noqa: T201 - this is the command line
    if problems:
        several = "problem" if len(problems) == 1 else "problems"
        print(f"{len(problems)} {several}; nothing has been run", file=sys.stderr)  # noqa: T201
        return 2
    if not paths:
        print("no case to check: a case is a folder of inputs/ with a case.toml", file=sys.stderr)  # noqa: T201
        return 2
    for finding in findings:
        slips = plausible.warnings(finding.cases)
        print(_counts(finding.cases, len(slips)))  # noqa: T201
        for slip in slips:
            print(f"warning: {slip}")  # noqa: T201
        for note in _notes(finding.cases[0]):
            print(note)  # noqa: T201
    return 0


def _notes(case: Case) -> tuple[str, ...]:
    """What is no error and yet may surprise: a copied case that has the other's name, or a case without a budget."""
    said = []
    if case.name != case.folder_name:
        said.append(
            f"{case.folder_name}/case.toml: the name is {case.name!r}, the folder's {case.folder_name!r}. Commands and "
            "outputs go by the folder, so it runs; give the case the folder's name before anyone else reads it"
        )
    if not holds_placements(case):
        said.append(f"{case.folder_name}: {NO_BUDGET}")
    return tuple(said)


def _trial_problems(case: Case) -> list[Problem]:
    """What only shows when the caseload is fitted and the ranges are turned into distributions."""
    problems = _collected(lambda: _try_caseload(case))
    for name, assumption in case.assumptions.items():
        if message := range_problem(assumption):
            problems.append(_assumption_problem(case, name, message))
    return problems


def _try_caseload(case: Case) -> None:
    try:
        portfolio.streams_of(case)
    except CaseloadError as error:
        file = f"{case.folder.name}/caseload.csv"
        raise InputProblems(
            [Problem(file=file, expected="figures that make a caseload", suggestion=str(error))]
        ) from None


def _assumption_problem(case: Case, name: str, message: str) -> Problem:
    is_override = name in case.overrides
    file = f"{case.folder.name}/" + (f"scenarios/{case.scenario}.toml" if is_override else "assumptions.csv")
    assumption = case.assumptions[name]
    return Problem(
        file=file,
        column=name if is_override else "value",
        value=f"{name} {assumption.value:g} ({assumption.low:g} to {assumption.high:g}, {assumption.distribution})",
        expected="a range that the distribution can have",
        suggestion=message,
    )


def _collected(action: Callable[[], object]) -> list[Problem]:
    try:
        action()
    except InputProblems as found:
        return list(found.problems)
    return []


def _merged(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(dict.fromkeys(problems))


def _counts(cases: tuple[Case, ...], slips: int) -> str:
    """One line that says what was read."""
    case = cases[0]
    warned = f", {slips} warning{'' if slips == 1 else 's'}" if slips else ""
    ranged = sum(a.distribution != "fixed" for a in case.assumptions.values())
    return (
        f"{case.folder_name}: {len(cases)} scenarios, {len(case.schemes)} schemes, {len(case.assumptions)} assumptions "
        f"({ranged} with a range), {len(case.establishment)} establishment rows, {len(case.caseload)} caseload rows, "
        f"{len(case.approved_budget)} budget lines, {len(case.published)} published figures, "
        f"{len(case.actuals)} actuals: no problems{warned}"
    )
