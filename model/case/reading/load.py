"""Files and a scenario -> one validated, frozen Case, or every problem with them at once."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from model.case import parameters
from model.case.assumptions import Assumption, Assumptions
from model.case.cells import Bad
from model.case.draws import copula_factor
from model.case.options import FILE_NAME
from model.case.pay import PayTables
from model.case.reading import (
    assumption_rows,
    case_tables,
    case_toml,
    caseload_checks,
    formulas,
    pay_files,
    reference_files,
)
from model.case.reading.assumption_rows import Stated
from model.case.reading.case_toml import CaseFile
from model.case.reading.files import Row, is_aside, records, shown_path
from model.case.reading.overrides import (
    Scenario,
    given,
    override_assumptions,
    override_conventions,
    override_schemes,
    read_scenario,
)
from model.case.reading.problems import InputProblems, Problem
from model.case.reading.reference_files import ReferenceFiles
from model.case.reading.toml import Place, read_toml
from model.case.records import Case, Conventions, SchemeSpec
from model.case.reference import PriceIndex
from model.case.rows import Actual, Benefit, BudgetLine, CaseloadRow, LedgerRow, Post
from model.case.spelling import near, nearest
from model.case.timeline import MONTHS_A_YEAR, Timeline, financial_year
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
KEPT_AS_STATED: Final = ("name", "title", "council", "price_base", "knowledge_date", "base_scenario", "correlations",
                         "papers", "structure")  # fmt: skip


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
    folder, problems = Path(path), list[Problem]()
    if not folder.is_dir():
        others = case_names(folder.parent) if folder.parent.is_dir() else ()
        raise InputProblems([Problem(folder.name, "a folder with a case", nearest(folder.name, others))])
    problems.extend(_strange_files(folder))
    toml = read_toml(folder / CASE_TOML, problems)
    case_file = case_toml.read_case_file(toml, problems) if toml else None
    known = case_file.values.get("knowledge_date") if case_file else None
    reference = folder.parent / "reference"
    shared = reference_files.read(reference, problems, own=folder, known=known)
    pay = pay_files.read((reference / "pay", folder), problems)
    rows = {name: table.rows(folder, problems) for name, table in case_tables.TABLES.items()}
    stated = assumption_rows.read(rows["assumptions.csv"], problems)
    case = None
    if case_file:
        reading = _Reading(folder=folder, file=case_file, rows=rows, stated=stated, shared=shared, pay=pay,
                           problems=problems, complete=complete)  # fmt: skip
        case = reading.case(scenario, overrides)
    if problems or case is None:
        raise InputProblems(problems)
    return case


def _strange_files(folder: Path) -> Iterator[Problem]:
    """Yield files nearly named right, which would silently be left out."""
    for file in sorted(folder.iterdir()):
        known = file.name in KNOWN_FILES or file.name.startswith("x_") or is_aside(file)
        if file.suffix.lower() in {".csv", ".toml"} and not known:
            advice = near(file.name, KNOWN_FILES) or "a file of your own begins x_"
            yield Problem(shown_path(file), "a file that a case has", advice)


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """One reading of a case's files. Every step adds to `problems` and goes on with what is sound."""

    folder: Path
    file: CaseFile
    rows: Mapping[str, Sequence[Row]]
    stated: Mapping[str, Stated]
    shared: ReferenceFiles
    pay: PayTables
    problems: list[Problem]
    complete: bool

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all assumptions, sound or not."""
        return frozenset(row.values["name"] for row in self.rows["assumptions.csv"] if "name" in row.values)

    def case(self, scenario: str | None, overrides: Mapping[str, object]) -> Case | None:
        """Hold the files against each other; None where no case can be made of them."""
        file, rows, values = self.file, self.rows, self.file.values
        self._hold_together()
        chosen = self._scenario(scenario)
        if chosen is None:
            return None
        layers = (chosen, given(overrides, self.names))
        schemes, assumptions, conventions = self._under(layers)
        if self.complete:
            caseload = shown_path(self.folder / case_tables.CASELOAD.file)
            self.problems.extend(caseload_checks.problems(rows["caseload.csv"], schemes, caseload))
        if conventions is None:
            return None
        posts = self._posts(values.get("price_base", ""), self.shared.reference.indices[conventions.price_index])
        if self.problems:
            return None
        years = (conventions.horizon_years or values["horizon_years"]) + conventions.run_off_years
        pay = self.pay if conventions.hindsight else self.pay.known_on(values["knowledge_date"])
        return Case(
            folder=self.folder,
            timeline=Timeline(values["start"], years * MONTHS_A_YEAR),
            shown_years=min(values["shown_years"], years),
            published_scenario=values["published_scenario"] or values["base_scenario"],
            **{key: values[key] for key in KEPT_AS_STATED},
            scenario=chosen.name,
            scenario_title=", with ".join([chosen.title, *(f"{n} = {v}" for n, v in layers[1].overrides.items())]),
            scenario_why=chosen.why,
            scenario_theme=chosen.theme,
            overrides={name: value for layer in layers for name, value in layer.overrides.items()},
            conventions=conventions,
            assumptions=Assumptions(assumptions),
            schemes=schemes,
            establishment=posts,
            published=tuple(case_tables.published(row) for row in rows["published.csv"]),
            caseload=records(CaseloadRow, rows["caseload.csv"]),
            approved_budget=records(BudgetLine, rows["approved_budget.csv"]),
            actuals=records(Actual, rows["actuals.csv"]),
            benefits=records(Benefit, rows["benefits.csv"]),
            ledger=records(LedgerRow, rows["ledger.csv"]),
            perimeters=file.perimeters,
            funding=file.funding,
            reference=replace(self.shared.reference, pay=pay),
        )

    def _hold_together(self) -> None:
        """Add what in one file does not fit another, before any scenario is laid over them."""
        file, rows, stated, names, schemes = self.file, self.rows, self.stated, self.names, self.file.of("schemes")
        posts, caseload, published = (rows[f"{name}.csv"] for name in ("establishment", "caseload", "published"))
        words = names | formulas.worked_out({*file.scheme_names, *file.perimeters})
        words |= formulas.of_establishment((row.raw.get("id", ""), row.raw.get("team", "")) for row in posts)
        used = self._names_in_formulas(words)
        used |= {row.values.get(column, "") for row in posts for column in NAMED_BY_POSTS}
        used |= {name for pair in file.of("correlations") for name in (pair.a, pair.b)}
        lines = {*parameters.BUDGET_LINES, *(scheme.line for scheme in schemes)}
        add = self.problems.extend
        add(case_tables.establishment_problems(posts))
        add(self._post_problems())
        add(_unknown(rows["approved_budget.csv"], "line", lines, "a line of the accounts, or a scheme's"))
        add(case_tables.published_problems(published))
        add(_unknown(published, "beside_scheme", file.scheme_names, "the name of a scheme"))
        add(self._correlation_problems())
        if names and schemes and file.timeline:
            tracked = (rows["actuals.csv"], rows["benefits.csv"])
            add(case_tables.tracking_problems(*tracked, schemes, file.perimeters, file.timeline.start, words))
        place = shown_path(self.folder / case_tables.ASSUMPTIONS.file)
        if self.complete and (names or all(problem.file != place for problem in self.problems)):
            held = assumption_rows.held_by(caseload, posts, schemes, file.funding)
            add(assumption_rows.name_problems(stated, names, schemes, used, held, place))
        units = {name: UNITS[row.assumption.unit] for name, row in stated.items()}
        add(case_toml.setting_problems(file, units, names))

    def _names_in_formulas(self, words: Collection[str]) -> set[str]:
        """Return the figures that formulas speak of; one that cannot be read is a problem."""
        used: set[str] = set()
        for row in self.rows["published.csv"]:
            try:
                used.update(formulas.parse(row.values.get("formula") or "0", words).names.values())
            except Bad as bad:
                if self.names:  # without one readable assumption the file itself is at fault
                    self.problems.append(row.problem("formula", bad.expected, bad.suggestion))
        return used

    def _posts(self, price_base: str, index: PriceIndex) -> tuple[Post, ...]:
        """Return the posts, each printed cost in the case's price base."""
        rows, posts = self.rows["establishment.csv"], []
        for row in (row for row in rows if row.complete):
            post = case_tables.post(row, rows)
            gbp = post.printed_gbp
            if gbp is not None and post.price_base and price_base:
                try:
                    gbp = to_price_base(gbp, index, post.price_base, price_base)
                except KeyError:
                    expected = f"{min(index.level)} or later, where the price index {index.name} starts"
                    self.problems.append(row.problem("price_base", expected))
            posts.append(replace(post, printed_gbp=gbp))
        return tuple(posts)

    def _scenario(self, wanted: str | None) -> Scenario | None:
        """Read the scenario asked for; the names in case.toml must be scenarios too."""
        known, problems = scenario_names(self.folder), self.problems
        published = self.file.values.get("published_scenario")
        if published and published not in known:
            expected, advice = "the name of a file in scenarios/", nearest(published, known)
            problems.append(self.file.place().problem("published_scenario", published, expected, advice))
        folded = [name.casefold() for name in known]
        expected = "names that differ in more than capitals: their results would stand in one folder"
        problems.extend(
            Problem(f"{self.folder.name}/scenarios", expected, value=f"{name}.toml")
            for name in known
            if folded.count(name.casefold()) > 1
        )
        name = known[0] if wanted is None and known else wanted or ""
        return read_scenario(self.folder, name, known, self.names, problems)

    def _under(
        self, layers: Sequence[Scenario]
    ) -> tuple[tuple[SchemeSpec, ...], dict[str, Assumption], Conventions | None]:
        """Apply a scenario and what is laid over it: schemes, conventions, assumptions in the case's price base."""
        problems, file, shared = self.problems, self.file, self.shared
        price_base, known = file.values.get("price_base", ""), file.values.get("knowledge_date")
        schemes, settings, merged = file.of("schemes"), file.values.get("conventions", {}), dict(self.stated)
        places = dict.fromkeys(case_toml.CONVENTIONS, file.place("conventions"))
        for layer in layers:
            schemes = override_schemes(schemes, file.scheme_names, layer, problems)
            settings = override_conventions(settings, layer, problems)
            merged = override_assumptions(merged, self.names, layer, price_base, problems)
            set_here = Place(toml=layer.toml, table="conventions")
            places |= {key: set_here for key in places if f"conventions.{key}" in layer.overrides}
        conventions = case_toml.make_conventions(settings, shared.reference, places, problems)
        index = shared.reference.indices.get(settings.get("price_index", ""))
        if index is not None and self.complete:
            problems.extend(self._before(min(index.level)))
        problems.extend(assumption_rows.bound_problems(merged))
        assumptions = {}
        for name, row in merged.items():
            found = assumption_rows.in_price_base(row, price_base, index, problems) if price_base else row.assumption
            if found is not None:
                assumptions[name] = assumption_rows.labelled(found, schemes)
        if self.complete and known and not settings.get("hindsight", False):
            for row in merged.values():
                problems.extend(assumption_rows.knowledge_problem(row, row.assumption.as_at, known))
            for key in ("discount_rate", "price_index"):
                if last := shared.latest.get(settings.get(key, "")):
                    problems.extend(assumption_rows.knowledge_problem(last, last.values["as_at"], known))
        return schemes, assumptions, conventions

    def _before(self, first: str) -> Iterator[Problem]:
        """Yield the price base and the start of a case where the price index begins later, in the year `first`."""
        values, expected = self.file.values, f"{first} or later: the price index starts there"
        if values.get("price_base", first) < first:
            yield self.file.place().problem("price_base", values["price_base"], expected)
        if "start" in values and financial_year(values["start"]) < first:
            yield self.file.place().problem("start", values["start"], expected)

    def _post_problems(self) -> Iterator[Problem]:
        """Yield what in establishment rows does not fit the schemes, the horizon and the assumptions they name."""
        rows, timeline = self.rows["establishment.csv"], self.file.timeline
        yield from _unknown(rows, "charged_to", self.file.scheme_names, "the name of a scheme")
        for row in rows:
            start = row.values.get("start")
            if start and timeline and not timeline.start <= start < timeline.end:
                yield row.problem("start", case_toml.horizon_words(timeline))
        for column, unit in NAMED_BY_POSTS.items():
            yield from _unknown(rows, column, self.names, "the name of an assumption")
            for row in rows:
                named = self.stated.get(row.values.get(column, ""))
                if named and named.assumption.unit != unit:
                    yield row.problem(column, f"an assumption in the unit {unit}")

    def _correlation_problems(self) -> Iterator[Problem]:
        """Yield correlations of assumptions that there are not, and all of them where they cannot hold together."""
        pairs = self.file.of("correlations")
        for position, pair in enumerate(pairs):
            for key, name in (("a", pair.a), ("b", pair.b)):
                if self.names and name not in self.names:
                    place, expected = self.file.place("correlations", position), "the name of an assumption"
                    yield place.problem(key, name, expected, nearest(name, self.names))
        try:
            copula_factor(pairs)
        except ValueError as error:
            place, expected = self.file.place("correlations", len(pairs) - 1), "correlations that can hold together"
            yield place.problem("rho", pairs[-1].rho, expected, str(error))


def _unknown(rows: Sequence[Row], column: str, known: Collection[str], expected: str) -> Iterator[Problem]:
    """Yield cells that name what there is not. With nothing to name another file is at fault."""
    for row in rows:
        name = row.values.get(column)
        if name and known and name not in known:
            yield row.problem(column, expected, nearest(name, known))
