"""Files and a scenario -> one validated, frozen Case, or every problem with them at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from model.case.assumptions import Assumptions
from model.case.reading import (
    assumption_rows,
    case_toml,
    caseload_checks,
    correlations,
    formulas,
    pay_files,
    reference_files,
    scenario_toml,
)
from model.case.reading import case_tables as tables
from model.case.reading.cells import Bad
from model.case.reading.files import shown_path
from model.case.reading.problems import InputProblems, Problem
from model.case.reading.toml import Place, read_toml
from model.case.records import Case
from model.case.spelling import nearest
from model.case.timeline import MONTHS_A_YEAR, Timeline
from model.case.units import to_price_base

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from model.case.assumptions import Assumption
    from model.case.reading.assumption_rows import Stated
    from model.case.reading.case_toml import CaseFile
    from model.case.reading.files import Row
    from model.case.reading.reference_files import ReferenceFiles
    from model.case.reading.scenario_toml import Scenario
    from model.case.records import Post, SchemeSpec
    from model.case.reference import PriceIndex

CASE_TOML: Final = "case.toml"
TABLES: Final = {
    "assumptions.csv": tables.ASSUMPTIONS,
    "establishment.csv": tables.ESTABLISHMENT,
    "approved_budget.csv": tables.APPROVED_BUDGET,
    "caseload.csv": tables.CASELOAD,
    "published.csv": tables.PUBLISHED,
    "actuals.csv": tables.ACTUALS,
    **pay_files.PAY_FILES,
}
"""The tables of a case's folder, each with its columns."""
KNOWN_FILES: Final = (CASE_TOML, *TABLES)


def case_names(inputs_root: str | Path) -> tuple[str, ...]:
    """Return the folders of `inputs/` that hold a `case.toml`, by name."""
    root = Path(inputs_root)
    return tuple(sorted(path.parent.name for path in root.glob(f"*/{CASE_TOML}")))


def scenario_names(case_path: str | Path) -> tuple[str, ...]:
    """Return the scenarios of a case: its base scenario first, then the files of `scenarios/` by name."""
    path = Path(case_path)
    toml = read_toml(path / CASE_TOML, [])
    base = toml.tables.get("base_scenario", "base") if toml else "base"
    files = sorted(file.stem for file in (path / "scenarios").glob("*.toml"))
    return (*([base] if isinstance(base, str) else []), *(name for name in files if name != base))


def compared_with(case_path: str | Path) -> set[str]:
    """Return the scenarios that every report of a case speaks of beside its own: the base and the published one."""
    toml = read_toml(Path(case_path) / CASE_TOML, [])
    tables = toml.tables if toml else {}
    base = tables.get("base_scenario", "base")
    return {name for name in (base, tables.get("published_scenario") or base) if isinstance(name, str)}


def read_case(path: str | Path, scenario: str | None = None, *, complete: bool = True) -> Case:
    """Return a case under a scenario (its base scenario where none is named), its posts not priced by their grades yet.

    Raises InputProblems with every problem in the case's files, in `reference/` beside it and in the scenario.
    `complete=False` leaves out what only a projection needs (a caseload, the assumptions of each scheme): enough to
    recompute published figures.
    """
    problems: list[Problem] = []
    case = _Reading(path=Path(path), problems=problems, complete=complete).case(scenario)
    if problems or case is None:
        raise InputProblems(problems)
    return case


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One reading of a case's files. Every step adds to `problems` and goes on with what is sound."""

    path: Path
    problems: list[Problem]
    complete: bool

    def case(self, scenario: str | None) -> Case | None:
        """Read everything; None where case.toml itself cannot be read."""
        problems = self.problems
        if not self.path.is_dir():
            others = case_names(self.path.parent) if self.path.parent.is_dir() else ()
            problems.append(
                Problem(
                    file=self.path.name, expected="a folder with a case", suggestion=nearest(self.path.name, others)
                )
            )
            return None
        self._check_file_names()
        toml = read_toml(self.path / CASE_TOML, problems)
        case_file = case_toml.read_case_file(toml, problems) if toml else None
        shared = reference_files.read(self.path.parent / "reference", problems)
        stated, names = assumption_rows.read(self.path / "assumptions.csv", problems)
        post_rows, posts = tables.establishment(self.path / "establishment.csv", problems)
        caseload_rows, caseload = tables.caseload(self.path / "caseload.csv", problems, optional=not self.complete)
        budget = tables.approved_budget(self.path / "approved_budget.csv", problems)
        published_rows, published = tables.published(self.path / "published.csv", problems)
        actuals = tables.actuals(self.path / "actuals.csv", problems)
        if case_file is None:
            return None
        words = formulas.Words(
            names={*names, formulas.WEEKS}, ids=_values(post_rows, "id"), teams=_values(post_rows, "team")
        )
        used = self._check_formulas(published_rows, words) | _referred(post_rows, case_file)
        self._check_posts(post_rows, case_file, stated, names)
        self.problems.extend(
            row.problem("beside_scheme", "the name of a scheme", nearest(row.values["beside_scheme"], known))
            for row in published_rows
            if (known := case_file.scheme_names) and row.values.get("beside_scheme") not in {None, "", *known}
        )
        self._check_names(case_file, stated, names, used)
        chosen = self._scenario(scenario, case_file, names)
        if chosen is None:
            return None
        schemes, assumptions, conventions = self._under(chosen, case_file, stated, names, shared)
        if self.complete:
            problems.extend(caseload_checks.problems(caseload_rows, schemes, shown_path(self.path / "caseload.csv")))
        pay = pay_files.read((self.path.parent / "reference" / "pay", self.path), problems)
        if conventions is None:
            return None
        index = shared.reference.indices[conventions.price_index]
        price_base = case_file.values.get("price_base", "")
        posts = tuple(self._in_price_base(post, price_base, index) for post in posts)
        if problems:
            return None
        values = case_file.values
        years = (conventions.horizon_years or values["horizon_years"]) + conventions.run_off_years
        timeline = Timeline(values["start"], years * MONTHS_A_YEAR)
        if not conventions.hindsight:
            pay = pay.known_on(values["knowledge_date"])
        return Case(
            folder=self.path,
            name=values["name"],
            title=values["title"],
            council=values["council"],
            timeline=timeline,
            shown_years=min(values["shown_years"], years),
            price_base=values["price_base"],
            knowledge_date=values["knowledge_date"],
            base_scenario=values["base_scenario"],
            published_scenario=values["published_scenario"] or values["base_scenario"],
            scenario=chosen.name,
            scenario_title=chosen.title,
            scenario_why=chosen.why,
            overrides=chosen.overrides,
            conventions=conventions,
            assumptions=Assumptions(assumptions),
            schemes=schemes,
            perimeters=case_file.perimeters,
            establishment=posts,
            caseload=caseload,
            approved_budget=budget,
            published=published,
            actuals=actuals,
            correlations=case_file.correlations,
            funding=case_file.funding,
            papers=case_file.papers,
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
            self.problems.append(Problem(file=file, column=column, value=post.price_base, expected=expected))
            return post

    def _check_file_names(self) -> None:
        """A file nearly named right would silently be left out."""
        for file in sorted(self.path.iterdir()):
            known = file.name in KNOWN_FILES or file.name.startswith(("x_", ".", "~"))
            if file.suffix.lower() in {".csv", ".toml"} and not known:
                advice = nearest(file.name, KNOWN_FILES)
                self.problems.append(
                    Problem(
                        file=shown_path(file),
                        expected="a file that a case has",
                        suggestion=advice if advice.startswith("did") else "a file of your own begins x_",
                    )
                )

    def _check_formulas(self, rows: Sequence[Row], words: formulas.Words) -> set[str]:
        """Report formulas that cannot be read; return the assumptions that the others speak of."""
        used: set[str] = set()
        for row in rows:
            if row.values.get("formula"):
                try:
                    used.update(formulas.parse(row.values["formula"], words).names.values())
                except Bad as bad:
                    if words.names != {formulas.WEEKS}:  # without one readable assumption the file itself is at fault
                        self.problems.append(row.problem("formula", bad.expected, bad.suggestion))
        return used

    def _check_posts(
        self, rows: Sequence[Row], case_file: CaseFile, stated: Mapping[str, Stated], names: frozenset[str]
    ) -> None:
        """Establishment rows against the schemes, the horizon and the assumptions they name."""
        schemes, timeline = case_file.scheme_names, case_file.timeline
        for row in rows:
            charged, start = row.values.get("charged_to"), row.values.get("start")
            if charged and schemes and charged not in schemes:
                self.problems.append(row.problem("charged_to", "the name of a scheme", nearest(charged, schemes)))
            if start and timeline and not timeline.start <= start < timeline.end:
                self.problems.append(row.problem("start", case_toml.horizon_words(timeline)))
            for column, unit in (("included_when", "switch"), ("already_filled_months", "months")):
                name = row.values.get(column)
                if name and names and name not in names:
                    self.problems.append(row.problem(column, "the name of an assumption", nearest(name, names)))
                elif name and name in stated and stated[name].assumption.unit != unit:
                    self.problems.append(row.problem(column, f"an assumption in the unit {unit}"))

    def _check_names(
        self, case_file: CaseFile, stated: Mapping[str, Stated], names: frozenset[str], used: set[str]
    ) -> None:
        """Required, unknown and correlated assumptions."""
        for position, pair in enumerate(case_file.correlations):
            place = Place(toml=case_file.toml, table="correlations", position=position)
            self.problems.extend(
                place.problem(key, name, "the name of an assumption", nearest(name, names))
                for key, name in (("a", pair.a), ("b", pair.b))
                if names and name not in names
            )
        found = correlations.clash(case_file.correlations)
        if found is not None:
            pair = case_file.correlations[found.position]
            place = Place(toml=case_file.toml, table="correlations", position=found.position)
            expected = f"correlations that can hold together: {pair.a} with {pair.b} cannot be so beside the others"
            self.problems.append(place.problem("rho", pair.rho, expected, found.suggestion))
        file = shown_path(self.path / "assumptions.csv")
        unread = not names and any(problem.file == file for problem in self.problems)
        if self.complete and not unread:
            self.problems.extend(assumption_rows.name_problems(stated, names, case_file.schemes, used, file))

    def _scenario(self, wanted: str | None, case_file: CaseFile, names: frozenset[str]) -> Scenario | None:
        """Read the scenario asked for; the names in case.toml must be scenarios too."""
        known = scenario_names(self.path)
        published = case_file.values.get("published_scenario")
        if published and published not in known:
            expected, advice = "the name of a file in scenarios/", nearest(published, known)
            self.problems.append(Place(toml=case_file.toml).problem("published_scenario", published, expected, advice))
        name = known[0] if wanted is None and known else wanted or ""
        return scenario_toml.read_scenario(self.path, name, known, names, self.problems)

    def _under(
        self,
        scenario: Scenario,
        case_file: CaseFile,
        stated: Mapping[str, Stated],
        names: frozenset[str],
        shared: ReferenceFiles,
    ) -> tuple[tuple[SchemeSpec, ...], dict[str, Assumption], Any]:
        """Apply a scenario: its schemes, its conventions, and its assumptions in the case's price base."""
        toml, problems, changes = scenario.toml, self.problems, scenario.overrides
        price_base = case_file.values.get("price_base", "")
        schemes = scenario_toml.override_schemes(case_file.schemes, case_file.scheme_names, changes, toml, problems)
        settings = scenario_toml.override_conventions(case_file.conventions, changes, toml, problems)
        merged = scenario_toml.override_assumptions(stated, names, scenario, price_base, problems)
        places = {
            key: Place(toml=toml if f"conventions.{key}" in changes else case_file.toml, table="conventions")
            for key in case_toml.CONVENTIONS
        }
        conventions = case_toml.make_conventions(settings, shared.reference, places, problems)
        index = shared.reference.indices.get(settings.get("price_index", ""))
        if index is not None:
            problems.extend(case_toml.index_problems(case_file.values, min(index.level), Place(toml=case_file.toml)))
        problems.extend(assumption_rows.bound_problems(merged))
        assumptions = {}
        for name, row in merged.items():
            found = assumption_rows.in_price_base(row, price_base, index, problems) if price_base else row.assumption
            if found is not None:
                assumptions[name] = found
        if not settings.get("hindsight", False) and "knowledge_date" in case_file.values:
            self._check_knowledge(merged, settings, shared.latest, case_file.values["knowledge_date"])
        return schemes, assumptions, conventions

    def _check_knowledge(
        self, merged: Mapping[str, Stated], settings: Mapping[str, Any], latest: Mapping[str, Row], known: date
    ) -> None:
        """Nothing in a case may be known only later, unless the scenario says that it looks back."""
        self.problems.extend(assumption_rows.knowledge_problems(merged, known))
        for key in ("discount_rate", "price_index"):
            row = latest.get(settings.get(key, ""))
            if row is not None and row.values["as_at"] > known:
                self.problems.append(
                    row.problem(
                        "as_at",
                        f"{known.isoformat()} or earlier, the case's knowledge_date",
                        'hindsight belongs in a scenario that sets "conventions.hindsight" = true',
                    )
                )


def _values(rows: Sequence[Row], column: str) -> list[str]:
    return [row.values[column] for row in rows if column in row.values]


def _referred(rows: Sequence[Row], case_file: CaseFile) -> set[str]:
    """Assumptions that establishment rows and correlations speak of."""
    named = {row.values.get(column, "") for row in rows for column in ("included_when", "already_filled_months")}
    return named | {name for pair in case_file.correlations for name in (pair.a, pair.b)}
