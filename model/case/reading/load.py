"""Files and a scenario -> one validated, frozen Case, or every problem with them at once."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from model.case.assumptions import Assumption, Assumptions
from model.case.draws import copula_factor
from model.case.options import FILE_NAME
from model.case.reading import (
    assumption_rows,
    case_rows,
    case_tables,
    case_toml,
    caseload_checks,
    formulas,
    pay_files,
    reference_files,
    scenario_toml,
    tracking_tables,
)
from model.case.reading.assumption_rows import Stated
from model.case.reading.case_toml import CaseFile
from model.case.reading.cells import Bad
from model.case.reading.files import Row, is_aside, shown_path
from model.case.reading.overrides import given
from model.case.reading.problems import InputProblems, Problem
from model.case.reading.reference_files import ReferenceFiles
from model.case.reading.scenario_toml import Scenario
from model.case.reading.toml import Place, read_toml
from model.case.records import Case, Conventions, Post, SchemeSpec
from model.case.reference import PriceIndex
from model.case.spelling import nearest
from model.case.timeline import MONTHS_A_YEAR, Timeline
from model.case.units import UNITS, to_price_base

CASE_TOML: Final = "case.toml"
TABLES: Final = {
    **case_tables.TABLES,
    **{table.file: table for table in (reference_files.RATES, reference_files.INDICES)},
    **pay_files.PAY_FILES,
}
"""The tables that a case's folder may hold, by file."""
KNOWN_FILES: Final = (CASE_TOML, FILE_NAME, *TABLES)
NAMED_BY_POSTS: Final = {"included_when": "switch", "already_filled_months": "months"}
"""Columns of `establishment.csv` that name an assumption, and the unit it must have."""
KEPT_AS_STATED: Final = ("name", "title", "council", "price_base", "knowledge_date", "base_scenario")


def case_names(inputs_root: str | Path) -> tuple[str, ...]:
    """Return the folders of `inputs/` that hold a `case.toml`, by name."""
    root = Path(inputs_root)
    return tuple(sorted(path.parent.name for path in root.glob(f"*/{CASE_TOML}") if not is_aside(path.parent)))


def scenario_names(case_path: str | Path) -> tuple[str, ...]:
    """Return the scenarios of a case: its base scenario first, then the files of `scenarios/` by name."""
    path = Path(case_path)
    base = _top_keys(path).get("base_scenario", "base")
    files = sorted(file.stem for file in (path / "scenarios").glob("*.toml") if not is_aside(file))
    return (*([base] if isinstance(base, str) else []), *(name for name in files if name != base))


def compared_with(case_path: str | Path) -> set[str]:
    """Return the scenarios that every report of a case speaks of beside its own: the base and the published one."""
    keys = _top_keys(case_path)
    base = keys.get("base_scenario", "base")
    return {name for name in (base, keys.get("published_scenario") or base) if isinstance(name, str)}


def _top_keys(case_path: str | Path) -> dict[str, Any]:
    toml = read_toml(Path(case_path) / CASE_TOML, [])
    return toml.tables if toml else {}


def read_case(
    path: str | Path,
    scenario: str | None = None,
    *,
    overrides: Mapping[str, object] = MappingProxyType({}),
    complete: bool = True,
) -> Case:
    """Return a case under a scenario (its base scenario where none is named), its posts not priced by their grades yet.

    `overrides` are laid over the scenario's own and read as they are. Raises InputProblems with every problem in the
    case's files, in `reference/` beside it and in the scenario.
    `complete=False` leaves out what only a projection needs (a caseload, the assumptions of each scheme): enough to
    recompute published figures.
    """
    problems: list[Problem] = []
    case = _Reading(path=Path(path), problems=problems, overrides=overrides, complete=complete).case(scenario)
    if problems or case is None:
        raise InputProblems(problems)
    return case


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One reading of a case's files. Every step adds to `problems` and goes on with what is sound."""

    path: Path
    problems: list[Problem]
    overrides: Mapping[str, object]
    complete: bool

    def case(self, scenario: str | None) -> Case | None:
        """Read everything; None where case.toml itself cannot be read."""
        problems = self.problems
        if not self.path.is_dir():
            others = case_names(self.path.parent) if self.path.parent.is_dir() else ()
            problems.append(Problem(self.path.name, "a folder with a case", nearest(self.path.name, others)))
            return None
        problems.extend(self._strange_files())
        toml = read_toml(self.path / CASE_TOML, problems)
        case_file = case_toml.read_case_file(toml, problems) if toml else None
        known = case_file.values.get("knowledge_date") if case_file else None
        shared = reference_files.read(self.path.parent / "reference", problems, own=self.path, known=known)
        stated, names = assumption_rows.read(self.path, problems)
        post_rows, posts = case_rows.establishment(self.path, problems)
        caseload_rows, caseload = case_rows.caseload(self.path, problems)
        own_lines = [scheme.line for scheme in case_file.schemes] if case_file else []
        budget = case_rows.approved_budget(self.path, own_lines, problems)
        ledger = case_rows.ledger(self.path, problems)
        published_rows, published = case_rows.published(self.path, problems)
        tracked = tracking_tables.read(self.path, problems)
        if case_file is None:
            return None
        words = names | formulas.worked_out({*case_file.scheme_names, *case_file.perimeters})
        words |= formulas.of_establishment((row.raw.get("id", ""), row.raw.get("team", "")) for row in post_rows)
        used = self._names_in_formulas(published_rows, words, names)
        problems.extend(_post_problems(post_rows, case_file, stated, names))
        problems.extend(_unknown_scheme(published_rows, "beside_scheme", case_file.scheme_names))
        problems.extend(_correlation_problems(case_file, names))
        if names and case_file.schemes and (timeline := case_file.timeline):
            problems.extend(tracked.problems(case_file.schemes, case_file.perimeters, timeline.start, words))
        used |= {row.values.get(column, "") for row in post_rows for column in NAMED_BY_POSTS}
        used |= {name for pair in case_file.correlations for name in (pair.a, pair.b)}
        held = assumption_rows.held_by(caseload_rows, post_rows, case_file.schemes, case_file.funding)
        file = shown_path(self.path / case_tables.ASSUMPTIONS.file)
        unread = not names and any(problem.file == file for problem in problems)
        if self.complete and not unread:
            problems.extend(assumption_rows.name_problems(stated, names, case_file.schemes, used, held, file))
        units = {name: UNITS[row.assumption.unit] for name, row in stated.items()}
        problems.extend(case_toml.setting_problems(case_file.structure, units, names, case_file.toml))
        chosen = self._scenario(scenario, case_file, names)
        if chosen is None:
            return None
        layers = (chosen, given(self.overrides, names))
        schemes, assumptions, conventions = self._under(layers, case_file, stated, names, shared)
        if self.complete:
            problems.extend(caseload_checks.problems(caseload_rows, schemes, shown_path(self.path / "caseload.csv")))
        pay = pay_files.read((self.path.parent / "reference" / "pay", self.path), problems)
        if conventions is None:
            return None
        index = shared.reference.indices[conventions.price_index]
        posts = tuple(self._in_price_base(post, case_file.values.get("price_base", ""), index) for post in posts)
        if problems:
            return None
        values = case_file.values
        years = (conventions.horizon_years or values["horizon_years"]) + conventions.run_off_years
        if not conventions.hindsight:
            pay = pay.known_on(values["knowledge_date"])
        return Case(
            folder=self.path,
            timeline=Timeline(values["start"], years * MONTHS_A_YEAR),
            shown_years=min(values["shown_years"], years),
            published_scenario=values["published_scenario"] or values["base_scenario"],
            **{key: values[key] for key in KEPT_AS_STATED},
            scenario=chosen.name,
            scenario_title=", with ".join([chosen.title, *(f"{n} = {v}" for n, v in layers[1].overrides.items())]),
            scenario_why=chosen.why,
            overrides={name: value for layer in layers for name, value in layer.overrides.items()},
            conventions=conventions,
            assumptions=Assumptions(assumptions),
            schemes=schemes,
            perimeters=case_file.perimeters,
            establishment=posts,
            caseload=caseload,
            approved_budget=budget,
            published=published,
            actuals=tracked.actuals,
            benefits=tracked.benefits,
            correlations=case_file.correlations,
            funding=case_file.funding,
            papers=case_file.papers,
            structure=case_file.structure,
            ledger=ledger,
            reference=replace(shared.reference, pay=pay),
        )

    def _in_price_base(self, post: Post, price_base: str, index: PriceIndex) -> Post:
        """Bring a printed cost to the case's price base."""
        if post.printed_gbp is None or not post.price_base or not price_base:
            return post
        try:
            return replace(post, printed_gbp=to_price_base(post.printed_gbp, index, post.price_base, price_base))
        except KeyError:
            file, column = f"{self.path.name}/establishment.csv", f"price_base of {post.id}"
            expected = f"{min(index.level)} or later, where the price index {index.name} starts"
            self.problems.append(Problem(file, expected, column=column, value=post.price_base))
            return post

    def _strange_files(self) -> Iterator[Problem]:
        """Yield files nearly named right, which would silently be left out."""
        for file in sorted(self.path.iterdir()):
            known = file.name in KNOWN_FILES or file.name.startswith("x_") or is_aside(file)
            if file.suffix.lower() in {".csv", ".toml"} and not known:
                advice = nearest(file.name, KNOWN_FILES)
                advice = advice if advice.startswith("did") else "a file of your own begins x_"
                yield Problem(shown_path(file), "a file that a case has", advice)

    def _names_in_formulas(self, rows: Sequence[Row], words: Collection[str], names: frozenset[str]) -> set[str]:
        """Return the assumptions that formulas speak of; one that cannot be read is a problem."""
        used: set[str] = set()
        for row in rows:
            try:
                used.update(formulas.parse(row.values.get("formula") or "0", words).names.values())
            except Bad as bad:
                if names:  # without one readable assumption the file itself is at fault
                    self.problems.append(row.problem("formula", bad.expected, bad.suggestion))
        return used

    def _scenario(self, wanted: str | None, case_file: CaseFile, names: frozenset[str]) -> Scenario | None:
        """Read the scenario asked for; the names in case.toml must be scenarios too."""
        known = scenario_names(self.path)
        published = case_file.values.get("published_scenario")
        if published and published not in known:
            expected, advice = "the name of a file in scenarios/", nearest(published, known)
            self.problems.append(case_file.place().problem("published_scenario", published, expected, advice))
        folded = [name.casefold() for name in known]
        file, expected = f"{self.path.name}/scenarios", "names that differ in more than capitals: their results would "
        self.problems.extend(
            Problem(file, f"{expected}stand in one folder", value=f"{name}.toml")
            for name, plain in zip(known, folded, strict=True)
            if folded.count(plain) > 1
        )
        name = known[0] if wanted is None and known else wanted or ""
        return scenario_toml.read_scenario(self.path, name, known, names, self.problems)

    def _under(
        self,
        layers: Sequence[Scenario],
        case_file: CaseFile,
        stated: Mapping[str, Stated],
        names: frozenset[str],
        shared: ReferenceFiles,
    ) -> tuple[tuple[SchemeSpec, ...], dict[str, Assumption], Conventions | None]:
        """Apply a scenario and what is laid over it: schemes, conventions, assumptions in the case's price base."""
        problems, price_base = self.problems, case_file.values.get("price_base", "")
        schemes, settings, merged = case_file.schemes, case_file.conventions, dict(stated)
        places = dict.fromkeys(case_toml.CONVENTIONS, case_file.place("conventions"))
        for layer in layers:
            schemes = scenario_toml.override_schemes(schemes, case_file.scheme_names, layer, problems)
            settings = scenario_toml.override_conventions(settings, layer, problems)
            merged = scenario_toml.override_assumptions(merged, names, layer, price_base, problems)
            set_here = Place(toml=layer.toml, table="conventions")
            places |= {key: set_here for key in places if f"conventions.{key}" in layer.overrides}
        conventions = case_toml.make_conventions(settings, shared.reference, places, problems)
        index = shared.reference.indices.get(settings.get("price_index", ""))
        if index is not None and self.complete:
            problems.extend(case_toml.index_problems(case_file.values, min(index.level), case_file.place()))
        problems.extend(assumption_rows.bound_problems(merged))
        assumptions = {}
        for name, row in merged.items():
            found = assumption_rows.in_price_base(row, price_base, index, problems) if price_base else row.assumption
            if found is not None:
                assumptions[name] = assumption_rows.labelled(found, schemes)
        known: date | None = case_file.values.get("knowledge_date")
        if self.complete and known and not settings.get("hindsight", False):
            for row in merged.values():
                problems.extend(assumption_rows.knowledge_problem(row, row.assumption.as_at, known))
            for key in ("discount_rate", "price_index"):
                if last := shared.latest.get(settings.get(key, "")):
                    problems.extend(assumption_rows.knowledge_problem(last, last.values["as_at"], known))
        return schemes, assumptions, conventions


def _unknown_scheme(rows: Sequence[Row], column: str, schemes: Sequence[str]) -> Iterator[Problem]:
    """Yield cells that should name a scheme and do not."""
    for row in rows:
        name = row.values.get(column)
        if name and schemes and name not in schemes:
            yield row.problem(column, "the name of a scheme", nearest(name, schemes))


def _post_problems(
    rows: Sequence[Row], case_file: CaseFile, stated: Mapping[str, Stated], names: frozenset[str]
) -> Iterator[Problem]:
    """Yield what in establishment rows does not fit the schemes, the horizon and the assumptions they name."""
    yield from _unknown_scheme(rows, "charged_to", case_file.scheme_names)
    timeline = case_file.timeline
    for row in rows:
        start = row.values.get("start")
        if start and timeline and not timeline.start <= start < timeline.end:
            yield row.problem("start", case_toml.horizon_words(timeline))
        for column, unit in NAMED_BY_POSTS.items():
            name = row.values.get(column)
            if name and names and name not in names:
                yield row.problem(column, "the name of an assumption", nearest(name, names))
            elif name and name in stated and stated[name].assumption.unit != unit:
                yield row.problem(column, f"an assumption in the unit {unit}")


def _correlation_problems(case_file: CaseFile, names: frozenset[str]) -> Iterator[Problem]:
    """Yield correlations of assumptions that there are not, and all of them where they cannot hold together."""
    pairs = case_file.correlations
    for position, pair in enumerate(pairs):
        for key, name in (("a", pair.a), ("b", pair.b)):
            if names and name not in names:
                place, expected = case_file.place("correlations", position), "the name of an assumption"
                yield place.problem(key, name, expected, nearest(name, names))
    try:
        copula_factor(pairs)
    except ValueError as error:
        expected = "correlations that can hold together"
        yield case_file.place("correlations", len(pairs) - 1).problem("rho", pairs[-1].rho, expected, str(error))
