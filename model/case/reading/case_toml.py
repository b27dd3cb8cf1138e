"""`case.toml`: its keys, each with what it means, and the records made of them.

Declared once: the file is read by these tables, and the data dictionary is made of them.
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

from model.case import parameters, words
from model.case.reading import cells
from model.case.reading import toml_values as read
from model.case.reading.cells import Bad
from model.case.reading.problems import Problem
from model.case.reading.toml import Check, Key, Made, Place, Toml, need, read_keys, read_records, spare
from model.case.records import Conventions, Correlation, FundingPlan, Paper, SchemeSpec, Setting, StructuralChoice
from model.case.reference import Reference
from model.case.spelling import nearest
from model.case.timeline import MONTHS_A_YEAR, Timeline, financial_year
from model.case.units import Unit
from model.case.words import APPROVED, ENTRY_REDUCTION, PRICE_CHANGE, STEP_DOWN

MOST_COMBINATIONS: Final = 256  # every report crosses them all
_SOURCE, _NOTE = "Where it is from.", "What a reader should know."
_placement: Final = read.of(cells.word(parameters.PLACEMENTS, "a placement"))


def settings(value: object) -> tuple[Setting, ...]:
    """Return the settings of a structural choice: two or three, each with a title of its own."""
    form = '{title = "in full", overrides = {"agency.whole_cost" = 1}}'
    if not isinstance(value, list) or not 2 <= len(value) <= 3:
        raise Bad(f"two or three settings, each {form}")
    found = []
    for one in value:
        if not isinstance(one, dict) or one.keys() - {"title", "overrides"} or "title" not in one:
            raise Bad(f"a setting, {form}")
        overrides = {name: read.number(number) for name, number in read.table(one.get("overrides", {})).items()}
        found.append(Setting(title=read.text(one["title"]), overrides=overrides))
    if len({one.title for one in found}) < len(found):
        raise Bad("each setting's title once")
    return tuple(found)


CASE: Final = {
    "name": need(read.text, "The folder's own name. Commands and outputs go by the folder."),
    "title": need(read.text, "What the report is called."),
    "council": need(read.text, "The council."),
    "start": need(read.first_of_month, "First day of the projection, the first of a month, the caseload's next day."),
    "horizon_years": need(read.years, "Years projected."),
    "shown_years": spare(read.years, "Years in the short tables.", 5),
    "price_base": need(read.of(cells.financial_year_cell), "The financial year in whose prices real amounts are."),
    "knowledge_date": need(read.day, "No assumption of the base scenario may be of a later day."),
    "published_scenario": spare(read.text, "The scenario that holds the paper's own assumptions."),
    "base_scenario": spare(read.text, "The scenario that the others are compared with.", "base"),
    "conventions": need(read.table, "See below."),
    "perimeters": spare(read.table, "Groups of schemes with headlines of their own, besides each and the whole.", {}),
    "schemes": spare(read.tables, "See below.", []),
    "funding": spare(read.table, "See below.", {}),
    "establishment_list": spare(
        read.table,
        "For `import --posts`: column of `establishment.csv` = the heading in HR's list, or `=` and a text.",
        {},
    ),
    "correlations": spare(read.tables, "See below; all other assumptions are independent.", []),
    "papers": spare(read.tables, "See below.", []),
    "structure": spare(read.tables, "See below: choices of how to model that data cannot settle.", []),
}
CONVENTIONS: Final = {
    "weeks_per_year": need(read.weeks, 'Weeks paid for in a year: a number, or "365/7".'),
    "discount_rate": need(read.text, "A name in `reference/prices/discount_rates.csv`."),
    "price_index": need(read.text, "A series in `reference/prices/price_indices.csv`."),
    "hindsight": spare(read.switch, "true where a scenario may use what was learnt later.", default=False),
    "horizon_years": spare(read.years, "Years for which the schemes act, where a scenario asks for others."),
    "run_off_years": spare(read.years, "Years after them: nothing is spent, and what they did is followed.", 0),
}
SCHEME: Final = {
    "name": need(read.plain_name, "Its name; its assumptions begin with it."),
    "title": need(read.text, "Its name for people."),
    "kind": need(read.of(cells.word(parameters.PARAMETERS, "a kind of scheme")), "What it does: see below."),
    "start": need(read.day, "The day it begins."),
    "ages": spare(read.ages, "For `entry_reduction`, `step_down` and `leaving_sooner`: the ages it acts on.", ()),
    "active": spare(read.switch, "false = only where a scenario says so.", default=True),
    "source": spare(read.optional_text, _SOURCE, ""),
    "end": spare(read.day, "Its last day, for a scheme or a cost that ends."),
    "placement": spare(
        _placement,
        "For `step_down` and `price_change`, and if wanted `leaving_sooner` and a cost or saving for each child: "
        "the placement it acts on.",
        "",
    ),
    "to": spare(_placement, "For `step_down`: the placement that children move to.", ""),
    "line": spare(read.text, "For a saving of kind `cost_or_saving`: the budget line that it is tested against.", ""),
}
NEEDED_BY_KIND: Final = {
    ENTRY_REDUCTION: {"ages": 'the ages it acts on, such as ["8_9", "10_15", "16_17"]'},
    STEP_DOWN: {"placement": 'the placement children leave, such as "residential"', "to": "the placement they move to"},
    PRICE_CHANGE: {"placement": 'the placement whose price changes, such as "ifa_foster"'},
}
"""For a kind, the keys that it cannot do without, each in words."""
FUNDING: Final = {
    "reserve_until": spare(read.day, "The day up to which the reserve pays the part-year cost."),
    "reserve_name": spare(read.text, "What the reserve is called.", ""),
    "budget_basis": spare(
        read.of(cells.word(words.BUDGET_BASES, "a basis of the budget")),
        "What the base budget holds of the new posts: `approved` (all of them, less a vacancy factor; "
        "what is not spent is an underspend of the year) or `expected` (what is expected to be spent).",
        APPROVED,
    ),
}
CORRELATION: Final = {
    "a": need(read.text, "One assumption."),
    "b": need(read.text, "Another."),
    "rho": need(read.rho, "Their rank correlation, between -1 and 1."),
    "source": need(read.text, _SOURCE),
}
PAPER: Final = {
    "ref": need(read.text, 'What sources cite it by, as "003" in `003 para 5.19`.'),
    "title": need(read.text, "What it is."),
    "date": spare(read.day, "When it was."),
    "note": spare(read.optional_text, _NOTE, ""),
}
CHOICE: Final = {
    "name": need(read.plain_name, "Its name: a column of `structure.csv`."),
    "title": need(read.text, "Its name for people; a setting's title is read after it."),
    "reason": need(read.text, "Why data cannot settle it."),
    "settings": need(
        settings,
        'Two or three: `{title = "in full", overrides = {"agency.whole_cost" = 1}}`; without overrides it '
        "is as the scenario has it.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """`case.toml`, read but not yet under a scenario. A value that could not be read is absent from `values`."""

    toml: Toml
    values: dict[str, Any]
    conventions: dict[str, Any]
    schemes: tuple[SchemeSpec, ...]
    scheme_names: tuple[str, ...]
    perimeters: dict[str, tuple[str, ...]]
    correlations: tuple[Correlation, ...]
    funding: FundingPlan
    papers: tuple[Paper, ...]
    structure: tuple[StructuralChoice, ...]
    timeline: Timeline | None

    def place(self, table: str = "", position: int | None = None) -> Place:
        """Return a place in the file, to name in a problem."""
        return Place(toml=self.toml, table=table, position=position)


def read_case_file(toml: Toml, problems: list[Problem]) -> CaseFile:
    """Read every table of `case.toml`."""
    top = Place(toml=toml)
    values = read_keys(toml.tables, CASE, top, problems)
    timeline = None
    if "start" in values and "horizon_years" in values:
        timeline = Timeline(values["start"], values["horizon_years"] * MONTHS_A_YEAR)
    if values.get("shown_years", 0) > values.get("horizon_years", read.MOST_YEARS):
        problems.append(top.problem("shown_years", values["shown_years"], "no more than horizon_years"))

    def records(table: str, keys: Mapping[str, Key], make: Callable[..., Made], check: Check) -> tuple[Made, ...]:
        return read_records(values.get(table, []), keys, make, Place(toml=toml, table=table), problems, check)

    def keys(table: str, known: Mapping[str, Key]) -> dict[str, Any]:
        return read_keys(values[table], known, Place(toml=toml, table=table), problems) if table in values else {}

    funding = FundingPlan(**keys("funding", FUNDING))
    place = Place(toml=toml, table="funding")
    problems.extend(_outside_horizon(funding.reserve_until, timeline, place, "reserve_until"))
    structure = records("structure", CHOICE, StructuralChoice, _once("name", "choice"))
    if (count := math.prod(len(choice.settings) for choice in structure)) > MOST_COMBINATIONS:
        expected = f"at most {MOST_COMBINATIONS} combinations of all settings"
        problems.append(Place(toml=toml, table="structure").problem("settings", count, expected))
    names = tuple(name for table in values.get("schemes", []) if isinstance(name := table.get("name"), str))
    return CaseFile(
        toml=toml,
        values=values,
        conventions=keys("conventions", CONVENTIONS),
        schemes=records("schemes", SCHEME, SchemeSpec, partial(_scheme_problems, timeline)),
        scheme_names=names,
        perimeters=_perimeters(values.get("perimeters", {}), names, Place(toml=toml, table="perimeters"), problems),
        correlations=records("correlations", CORRELATION, Correlation, _correlation_problems),
        funding=funding,
        papers=records("papers", PAPER, lambda date, **rest: Paper(dated=date, **rest), _once("ref", "paper")),
        structure=structure,
        timeline=timeline,
    )


def _scheme_problems(
    timeline: Timeline | None, values: Mapping[str, Any], before: Sequence[SchemeSpec], place: Place
) -> Iterator[Problem]:
    """Yield what is wrong with a scheme whose keys could be read."""
    name, start, end = values.get("name", ""), values.get("start"), values.get("end")
    taken = sorted((*parameters.RESERVED_PREFIXES, words.PORTFOLIO, words.WHOLE, words.INTERACTION))
    if name in taken:
        yield place.problem("name", name, f"a name that the model does not use itself: {', '.join(taken)}")
    yield from _once("name", "scheme")(values, before, place)
    yield from _outside_horizon(start, timeline, place, "start")
    for key, wanted in NEEDED_BY_KIND.get(values.get("kind", ""), {}).items():
        if values.get(key) == SCHEME[key].default:
            yield place.problem(key, None, wanted)
    if start and end and end < start:
        yield place.problem("end", end.isoformat(), "a last day after its start")
    if values.get("to") and values["to"] == values.get("placement"):
        yield place.problem("to", values["to"], "another placement than the one it leaves")


def _once(key: str, what: str) -> Check:
    """Return a check that no table has the key of one before it."""
    expected = f"each {what}'s name once" if key == "name" else f"each {what} once"

    def check(values: Mapping[str, Any], before: Sequence[Any], place: Place) -> Iterator[Problem]:
        if any(getattr(one, key) == values.get(key) for one in before):
            yield place.problem(key, values[key], expected)

    return check


def _outside_horizon(day: date | None, timeline: Timeline | None, place: Place, key: str) -> Iterator[Problem]:
    """Yield a problem where a day lies outside the months of the case."""
    if day and timeline and not timeline.start <= day < timeline.end:
        yield place.problem(key, day.isoformat(), horizon_words(timeline))


def horizon_words(timeline: Timeline) -> str:
    """The horizon, for a message."""
    return f"a date in the horizon, {timeline.start.isoformat()} to before {timeline.end.isoformat()}"


def _perimeters(
    table: Mapping[str, Any], schemes: Collection[str], place: Place, problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    perimeters = {}
    for name, members in table.items():
        if name == words.WHOLE or name in schemes:
            expected = "a name of its own: whole and each scheme are perimeters already"
            problems.append(place.problem(name, name, expected))
        try:
            perimeters[cells.name(name)] = read.list_of_names(members)
        except Bad as bad:
            problems.append(place.problem(name, members, bad.expected, bad.suggestion))
            continue
        problems.extend(
            place.problem(name, member, "the name of a scheme", nearest(member, schemes))
            for member in perimeters[name]
            if member not in schemes
        )
    return perimeters


def _correlation_problems(values: Mapping[str, Any], before: Sequence[Correlation], place: Place) -> Iterator[Problem]:
    if "a" not in values or "b" not in values:
        return
    pair = {values["a"], values["b"]}
    if len(pair) == 1:
        yield place.problem("b", values["b"], "another assumption than a")
    elif any({c.a, c.b} == pair for c in before):
        yield place.problem("a", values["a"], "each pair once")


def setting_problems(
    choices: Sequence[StructuralChoice], units: Mapping[str, Unit], names: Collection[str], toml: Toml
) -> Iterator[Problem]:
    """Yield settings of assumptions that there are not, or to what their unit cannot be. `units`: of the sound ones."""
    for position, choice in enumerate(choices):
        place = Place(toml=toml, table="structure", position=position)
        for name, value in [pair for setting in choice.settings for pair in setting.overrides.items()]:
            if names and name not in names:
                yield place.problem("settings", name, "the name of an assumption", nearest(name, names))
            elif name in units and not units[name].allows(value):
                yield place.problem("settings", f"{name} = {value:g}", f"what a {units[name].name} can be")


def make_conventions(
    values: Mapping[str, Any], reference: Reference, places: Mapping[str, Place], problems: list[Problem]
) -> Conventions | None:
    """Return the conventions with their names looked up in the reference tables. `places`: where each was set."""
    tables: dict[str, Collection[str]] = {"discount_rate": reference.discount_rates, "price_index": reference.indices}
    for key, known in tables.items():
        if key in values and values[key] not in known:
            expected, advice = f"a name in inputs/reference ({key})", nearest(values[key], known)
            problems.append(places[key].problem(key, values[key], expected, advice))
            return None
    if any(key not in values for key in CONVENTIONS):
        return None
    rate = values["discount_rate"]
    kept = {key: value for key, value in values.items() if key in CONVENTIONS and key != "discount_rate"}
    return Conventions(discount_rate_annual=reference.discount_rates[rate], discount_rate_name=rate, **kept)


def index_problems(values: Mapping[str, Any], index_first: str, place: Place) -> Iterator[Problem]:
    """Yield years that the price index does not reach back to: the price base, the first year of the projection."""
    expected = f"{index_first} or later: the price index starts there"
    if values.get("price_base", index_first) < index_first:
        yield place.problem("price_base", values["price_base"], expected)
    if "start" in values and financial_year(values["start"]) < index_first:
        yield place.problem("start", values["start"], expected)
