"""Short cuts for the engine's tests: a case in memory, and draws of it with some values replaced."""

import functools
import tempfile

import numpy as np

from model.case.draws import central, with_values
from model.children import expected
from model.children.chance import dealt, play
from model.children.levers import NO_LEVERS
from model.children.points import project_points
from model.money.portfolio import evaluate
from model.schemes.load import load_case
from tests.cases import write_case

ONE = np.zeros(1, dtype=int)
FULL_YEAR = "2025/26"  # 365 days, everybody in post, the scheme in its third year


@functools.cache
def invented(scenario="base"):
    """The invented case, loaded once: for hypothesis, which would print a fixture whole."""
    with tempfile.TemporaryDirectory() as folder:
        return load_case(write_case(folder), scenario=scenario)


def load(tmp_path, scenario="as-published", *, overrides=(), **changes):
    """Load the invented case; `overrides` are lines of TOML added to the scenario `changed`."""
    if overrides:
        text = 'title = "Changed"\nwhy = "A test."\n[overrides]\n' + "\n".join(overrides)
        changes["scenarios"] = {"changed": text, **changes.get("scenarios", {})}
        scenario = "changed"
    return load_case(write_case(tmp_path, **changes), scenario=scenario)


def evaluated(case, **values):
    """Evaluate at central values, but for those given (dots written as two underscores)."""
    return evaluate(case, with_values(central(case), {k.replace("__", "."): v for k, v in values.items()}))


def yearly(case, amount, year=FULL_YEAR):
    """Sum a (months, draws) amount over one financial year; the first draw."""
    return float(case.timeline.by_financial_year(amount)[case.timeline.financial_years.index(year)][0])


def line(flows, name, nature=None):
    """Sum the amounts of a line, over natures unless one is given."""
    return sum(a for tag, a in flows if tag.line == name and nature in (None, tag.nature))


def project(stream, drivers, levers=NO_LEVERS):
    """Project one world as an evaluation does."""
    guides = expected.project(stream, drivers.at(ONE), levers.at(ONE), cells=False).guides
    if drivers.chance is not None:
        return play(dealt(stream, drivers, cells=True), levers, guides)
    if drivers.entry_scale.shape[1] == 1:
        return expected.project(stream, drivers, levers).projection
    return project_points(stream, drivers, levers, guides)
