"""`options.toml`: the options of a case, what may be more or less of, limits and stages, held against the case."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from model.case.columns import made_of
from model.case.options import FILE_NAME, ROLES, Limits, Option, OptionsFile, Staged
from model.case.parameters import PARAMETERS, required
from model.case.reading.overrides import overridden
from model.case.reading.problems import InputProblems, Problem
from model.case.reading.toml import Place, Toml, read_file, read_toml
from model.case.records import Case
from model.case.spelling import nearest
from model.case.words import ENTRY_REDUCTION, FOSTERING_GROWTH

SCALABLE_KINDS: Final = (FOSTERING_GROWTH, ENTRY_REDUCTION)
"""Kinds whose effect is limited by inflow, reach and recruitment: twice the team is not twice the effect."""


def options_path(case: Case) -> Path:
    """Return where a case's options stand."""
    return case.folder / FILE_NAME


def read_options(case: Case) -> OptionsFile:
    """Return the options of a case. Raises InputProblems with every problem of the file."""
    problems: list[Problem] = []
    toml = read_toml(options_path(case), problems)
    values = read_file(toml, OptionsFile, problems) if toml else {}
    if toml is None or problems:
        raise InputProblems(problems)
    found = made_of(OptionsFile, values, limits=made_of(Limits, values["limits"]))
    if problems := list(_problems(case, found, toml)):
        raise InputProblems(problems)
    return found


def _problems(case: Case, found: OptionsFile, toml: Toml) -> Iterator[Problem]:
    """Yield what does not fit the case."""
    kinds = {spec.name: spec.kind for spec in case.schemes}
    top, limits = Place(toml=toml), Place(toml=toml, table="limits")
    for i, one in enumerate(found.scalable):
        place = Place(toml=toml, table="schemes", position=i)
        if kinds.get(one.name) not in SCALABLE_KINDS:
            expected = f"a scheme of the kinds {' or '.join(SCALABLE_KINDS)}: what others do has no limit"
            yield place.problem("name", one.name, expected, nearest(one.name, kinds))
        if bool(one.units) == bool(one.step):
            yield place.problem("units", one.units, "either units, for whole ones, or a step")
    for i, option in enumerate(found.options):
        yield from _option_problems(case, found, option, Place(toml=toml, table="options", position=i))
    for i, stage in enumerate(found.staged):
        yield from _stage_problems(case, found, stage, Place(toml=toml, table="stages", position=i))
    for name in found.statutory:
        if name not in kinds:
            yield top.problem("statutory", name, "a scheme of the case", nearest(name, kinds))
    if not any(option.role == ROLES[0] for option in found.short_list):
        yield top.problem("options", None, f"one option of the role {ROLES[0]} that is kept")
    if found.limits.payback_by not in case.timeline.financial_years:
        yield limits.problem("payback_by", found.limits.payback_by, "a financial year of the projection")


def _option_problems(case: Case, found: OptionsFile, option: Option, place: Place) -> Iterator[Problem]:
    names, largest = [spec.name for spec in case.schemes], {one.name: one.scales[-1] for one in found.scalable}
    if [other.name for other in found.options].count(option.name) > 1:
        yield place.problem("name", option.name, "a name that no other option has")
    for name, scale in option.scales.items():
        if name not in names or name in found.statutory:
            expected = "a scheme of the case that is not statutory"
            yield place.problem("scales", name, expected, nearest(name, names))
            continue
        if scale not in {0, 1} and scale > largest.get(name, 0):
            yield place.problem("scales", f"{name} = {scale:g}", "0, 1, or up to the largest under [[schemes]]")
        needed = required(PARAMETERS[case.scheme(name).kind], ())
        if missing := [full for p in needed if (full := f"{name}.{p}") not in case.assumptions]:
            yield place.problem("scales", name, f"the assumption {missing[0]} in assumptions.csv")
    try:
        overridden(case, option.overrides)
    except InputProblems as bad:
        yield place.problem("overrides", option.name, "what a scenario could override", str(bad))


def _stage_problems(case: Case, found: OptionsFile, stage: Staged, place: Place) -> Iterator[Problem]:
    known = [one.name for one in found.scalable]
    if stage.scheme not in known:
        yield place.problem("scheme", stage.scheme, "a scheme under [[schemes]]", nearest(stage.scheme, known))
        return
    if any(0 < scale < stage.first for scale in stage.then):
        yield place.problem("then", stage.then, "0, or no less than `first`: a team is not made smaller")
    if not case.scheme(stage.scheme).start < stage.decide < case.timeline.end:
        yield place.problem("decide", stage.decide, "a month after the scheme's start and within the projection")
