"""`options.toml`: the options of a case, what may be more or less of, limits and stages, held against the case."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from model.case.options import FILE_NAME, Factor, Limits, Option, OptionsFile, Scalable, Staged
from model.case.parameters import PARAMETERS, required
from model.case.reading import cells
from model.case.reading import toml_values as read
from model.case.reading.cells import Bad
from model.case.reading.overrides import overridden
from model.case.reading.problems import InputProblems, Problem
from model.case.reading.toml import Key, Made, Place, Toml, need, read_keys, read_records, read_toml, spare
from model.case.records import Case
from model.case.spelling import nearest
from model.case.words import ENTRY_REDUCTION, FOSTERING_GROWTH

ROLES: Final = ("business_as_usual", "do_minimum", "less", "preferred", "more", "other")
"""The options of the Green Book's five-case model; `other`: a different way."""
OBJECTIVES: Final = ("npv_gbp", "npv_cashable_gbp", "npv_p10_gbp")
SCALABLE_KINDS: Final = (FOSTERING_GROWTH, ENTRY_REDUCTION)
"""Kinds whose effect is limited by inflow, reach and recruitment: twice the team is not twice the effect."""


def _scales(value: object) -> tuple[float, ...]:
    """Read scales, nought among them and first, each larger than the one before."""
    found = tuple(map(read.number, value)) if isinstance(value, list) else ()
    if len(found) < 2 or found[0] != 0 or any(b <= a for a, b in itertools.pairwise(found)):
        raise Bad("scales from nought upwards, such as [0, 0.5, 1, 2]")
    return found


def _then(value: object) -> tuple[float, ...]:
    if not isinstance(value, list) or not value:
        raise Bad("scales to choose among later, such as [0, 1, 1.5]")
    return tuple(map(read.not_negative, value))


def _scale_table(value: object) -> dict[str, float]:
    return {name: read.not_negative(scale) for name, scale in read.table(value).items()}


def _word(words: tuple[str, ...]) -> Callable[[object], str]:
    return read.of(cells.word(words, f"one of {', '.join(words)}"))


FACTOR: Final = {
    "name": need(read.text, "The factor's name."),
    "test": need(read.text, "What an option must meet to stay on the list."),
}
OPTION: Final = {
    "name": need(read.plain_name, "A short name, without spaces."),
    "title": need(read.text, "What people call it."),
    "role": need(_word(ROLES), f"Its place in a five-case model: {', '.join(f'`{role}`' for role in ROLES)}."),
    "kept": need(read.switch, "Whether it is on the short list; only those are run."),
    "reason": need(read.text, "Why it was kept or dropped, against the factors."),
    "scales": spare(_scale_table, "Scheme = how large, 1 as the case states it. None named: nothing is done.", {}),
    "overrides": spare(read.table, "Other numbers, as in a scenario.", {}),
}  # fmt: skip
SCALABLE: Final = {
    "name": need(read.plain_name, "A scheme of a kind that has limits: fostering growth or entry reduction."),
    "scales": need(_scales, "The scales that the model works out, nought first; mixes lie between them."),
    "fixed_share": need(read.share, "Part of its posts' and yearly cost at scale 1 that is the same at any scale."),
    "source": need(read.text, "Where that is from."),
    "unit": spare(read.text, "What a mix has whole ones of: posts, households.", ""),
    "units": spare(read.positive, "How many of them there are at scale 1.", 0.0),
    "step": spare(read.positive, "In the place of units: the step from one mix to the next.", 0.0),
}
LIMITS: Final = {
    "objective": need(_word(OBJECTIVES), "What is made as large as it can be: `npv_gbp`, `npv_cashable_gbp` or "
                                         "`npv_p10_gbp`, the 10th percentile."),
    "reserve_gbp": spare(read.not_negative, "Most that has been spent and not yet saved.", None),
    "reserve_chance": need(read.share, "The chance with which that must be enough."),
    "budget_annual_gbp": spare(read.not_negative, "Most spent in any year, on average.", None),
    "posts_fte": spare(read.not_negative, "New posts that can be filled.", None),
    "payback_by": need(read.of(cells.financial_year_cell), "The year by whose end a mix should have paid back."),
    "payback_chance": spare(read.share, "Least chance of that.", None),
    "source": need(read.text, "Where the limits are from."),
}  # fmt: skip
STAGED: Final = {
    "scheme": need(read.plain_name, "A scheme under `[[schemes]]`."),
    "first": need(read.positive, "The scale at which it begins."),
    "then": need(_then, "The scales to choose among later; 0 ends it."),
    "decide": need(read.first_of_month, "The day on which that is decided."),
}
FILE: Final = {
    "factors": need(read.tables, "The critical success factors."),
    "options": need(read.tables, "The long list."),
    "schemes": need(read.tables, "What may be more or less of."),
    "limits": need(read.table, "What a mix must keep within."),
    "statutory": spare(read.list_of_names, "Schemes in every option but doing nothing: a constraint, no benefit.", ()),
    "stages": spare(read.tables, "Decisions that can be taken in stages.", []),
    "social_value": spare(read.switch, "true: what others gain stands beside the council's figures.", default=False),
}
KEYS: Final = {"options.toml": FILE, "[[factors]]": FACTOR, "[[options]]": OPTION, "options.toml [[schemes]]": SCALABLE,
               "[limits]": LIMITS, "[[stages]]": STAGED}  # fmt: skip


def options_path(case: Case) -> Path:
    """Return where a case's options stand."""
    return case.folder / FILE_NAME


def read_options(case: Case) -> OptionsFile:
    """Return the options of a case. Raises InputProblems with every problem of the file."""
    problems: list[Problem] = []
    toml = read_toml(options_path(case), problems)
    found = _read(toml, problems) if toml else None
    if toml and found:
        problems.extend(_problems(case, found, toml))
    if problems or found is None:
        raise InputProblems(problems)
    return found


def _read(toml: Toml, problems: list[Problem]) -> OptionsFile | None:
    values = read_keys(toml.tables, FILE, Place(toml=toml), problems)
    limits = read_keys(values.get("limits", {}), LIMITS, Place(toml=toml, table="limits"), problems)

    def each(table: str, keys: Mapping[str, Key], make: type[Made]) -> tuple[Made, ...]:
        return read_records(values.get(table, []), keys, make, Place(toml=toml, table=table), problems)

    factors, options = each("factors", FACTOR, Factor), each("options", OPTION, Option)
    scalable, staged = each("schemes", SCALABLE, Scalable), each("stages", STAGED, Staged)
    if problems:
        return None
    return OptionsFile(
        factors=factors, options=options, scalable=scalable, staged=staged, limits=Limits(**limits),
        statutory=values["statutory"], social_value=values["social_value"],
    )  # fmt: skip


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
