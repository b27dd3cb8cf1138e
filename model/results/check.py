"""Every problem in the inputs at once: all files, all scenarios, and what only a first projection can tell."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from model.case.distributions import range_problem
from model.case.draws import central
from model.case.parameters import PLACEMENT_LINES
from model.case.reading.load import scenario_names
from model.case.reading.options_toml import options_path, read_options
from model.case.reading.problems import InputProblems, Problem
from model.case.records import Case
from model.case.words import WHOLE
from model.children.opening import CaseloadError
from model.children.streams import streams_of
from model.money import portfolio
from model.results.perimeters import main_perimeter
from model.results.provenance import NOTHING_SET
from model.results.reconcile import recompute
from model.risk.impact import rating, swings
from model.schemes.load import load_case


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What reading a case found: its problems, each once, and the cases that could be loaded, by scenario."""

    problems: tuple[Problem | str, ...]
    cases: tuple[Case, ...]


def examine(
    case_path: str | Path, scenarios: Iterable[str] | None = None, overrides: Mapping[str, object] = NOTHING_SET
) -> Finding:
    """Read a case under some of its scenarios (all of them where none is named) and try each, `overrides` laid over."""
    path = Path(case_path)
    problems: list[Problem | str] = []
    cases: list[Case] = []
    for scenario in scenarios or scenario_names(path):
        with _noted(problems):
            case = load_case(path, scenario, overrides=overrides)
            cases.append(case)
            problems += _trial_problems(case)
            if case.scenario == case.base_scenario and options_path(case).exists():  # others may end before their dates
                read_options(case)
    with _noted(problems):
        if cases:
            recompute(cases[0])
    return Finding(problems=tuple(dict.fromkeys(problems)), cases=tuple(cases))


@contextmanager
def _noted(problems: list[Problem | str]) -> Iterator[None]:
    """Note what is wrong with the inputs, and go on behind the block."""
    try:
        yield
    except InputProblems as found:
        problems += found.problems


def opening_cost(case: Case) -> dict[str, float]:
    """Return placement line -> pounds a year that its opening children cost at central prices."""
    cost = portfolio.evaluate(case, central(case), cells=False).opening_cost
    return {line: float(cost[line][0]) for line in PLACEMENT_LINES.values()}


def impacts(case: Case) -> dict[str, str]:
    """Return what each assumption matters to invest to save and to the whole: red, amber or green."""
    return {name: rating(moved) for name, moved in swings(case, [main_perimeter(case), WHOLE]).items()}


def _trial_problems(case: Case) -> list[Problem | str]:
    """What only shows when the caseload is fitted and the ranges are turned into distributions."""
    problems: list[Problem | str] = []
    try:
        streams_of(case)
    except CaseloadError as error:
        file, expected = f"{case.folder.name}/caseload.csv", "figures that make a caseload"
        problems.append(Problem(file=file, expected=expected, suggestion=str(error)))
    for name, a in case.assumptions.items():
        if message := range_problem(a):
            changed = name in case.overrides
            file = f"scenarios/{case.scenario}.toml" if changed else "assumptions.csv"
            value = f"{name} {a.value:g} ({a.low:g} to {a.high:g}, {a.distribution})"
            problems.append(Problem(file=f"{case.folder.name}/{file}", column=name if changed else "value", value=value,
                                    expected="a range that the distribution can have", suggestion=message))  # fmt: skip
    return problems
