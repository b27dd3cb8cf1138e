"""What the runner makes of one scenario: the contract's files, the executed notebook and the page."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from model.batch import origins
from model.batch.job import Context, Job
from model.case.reading.load import compared_with
from model.commands.shared import INPUTS, ROOT
from model.results import provenance

if TYPE_CHECKING:
    from nbformat import NotebookNode

NOTEBOOK = ROOT / "notebooks" / "90_scenario_report.ipynb"
WORKBOOK, TABLES = "workbook.xlsx", "tables.xlsx"
SPREADSHEETS = {WORKBOOK: "The central run in live formulas", TABLES: "Every table"}
WARM = (
    "model.case.reading.load",
    "model.results.files",
    "model.results.runs",
    "model.report.children",
    "model.report.drivers",
    "model.report.posts",
    "model.report.sections",
)
"""What a report's kernel imports: done once, before the kernels are forked."""


def jobs_for(  # noqa: PLR0913 - each is one thing a caller may choose
    case: Path,
    scenarios: Iterable[str],
    outputs: Path,
    *,
    draws: int,
    seed: int,
    excel: bool = False,
    overrides: Mapping[str, object] = MappingProxyType({}),
) -> list[Job]:
    """Return one job a scenario of a case, each into `outputs/<case>/<scenario>`.

    The base and the published scenario leave a workbook of live formulas too; with `excel` every scenario does.

    A job is made again when anything it rests on changes: inputs, the published and base scenarios it is compared
    with, the notebook, the model, a package's version, the seed, the draws or what was set for one run. Not
    when only the commit does: a report names the commit it was made at. The inputs are hashed, not read: they need not
    be sound.
    """
    shared = {"package": origins.package_hash(), **origins.versions()}
    compared = compared_with(case)
    others = {p for one in compared for p in provenance.input_files(case, one)}
    name = case.name if case.parent == INPUTS else str(case)
    jobs = []
    for scenario in scenarios:
        parameters: dict[str, Any] = {"case": name, "scenario": scenario, "draws": draws, "seed": seed}
        parameters |= {"overrides": dict(overrides)} if overrides else {}
        wanted = {**parameters, "excel": excel or scenario in compared}
        files = {*provenance.input_files(case, scenario), *others, NOTEBOOK}
        jobs.append(
            Job(
                case=case.name,
                scenario=scenario,
                folder=outputs / case.name / scenario,
                made_from=origins.fingerprint(files=files, root=case.parent, values=wanted, shared=shared),
                sources=origins.named(files, case.parent),
                work="model.commands.jobs:make",
                arguments=wanted,
                notebook=NOTEBOOK,
                parameters=parameters,
                page="model.commands.jobs:report_page",
                warm=WARM,
            )
        )
    return jobs


def make(context: Context) -> None:
    """Run a scenario and write its files into the job's folder; the notebook that follows finds the result at hand."""
    from model.report.headlines import summary_html  # noqa: PLC0415
    from model.report.opening import open_result  # noqa: PLC0415 - asking what is up to date needs no model
    from model.results.files import write  # noqa: PLC0415

    started, begun = datetime.now(UTC), time.perf_counter()
    wanted: dict[str, Any] = dict(context.job.arguments)
    excel = wanted.pop("excel")
    result = open_result(**wanted)
    write(result, context.folder)
    if excel:
        from model.excel.tables import write_tables  # noqa: PLC0415 - only where it was asked for
        from model.excel.twin import write_workbook  # noqa: PLC0415 - as above

        write_tables(result, context.folder / TABLES)
        write_workbook(result, context.folder / WORKBOOK)
    (context.folder / "summary.html").write_text(summary_html(result), encoding="utf-8", newline="\n")
    found = provenance.provenance(result.case, draws=result.draws, seed=result.seed, **_set(wanted))
    provenance.write(context.folder, found, started=started, seconds=time.perf_counter() - begun)


def _set(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What was set for one run, among a job's or a notebook's parameters."""
    return {"overrides": parameters.get("overrides") or {}}


def report_page(node: NotebookNode, beside: Sequence[str]) -> str:
    """Return a report's own page; the title and the line beneath it come from the scenario."""
    from model.report.export import body_of  # noqa: PLC0415 - asking what is up to date needs no pages
    from model.report.look.page import Page, render  # noqa: PLC0415
    from model.report.opening import case_folder  # noqa: PLC0415
    from model.schemes.load import load_case  # noqa: PLC0415

    given = node.metadata["papermill"]["parameters"]
    case = load_case(case_folder(given["case"]), given["scenario"], **_set(given))
    page = Page(
        title=f"{case.title}: {case.scenario_title}",
        kicker=case.council,
        about=case.scenario_why,
        footer=f"Case {case.name}, scenario {case.scenario}.",
        files={
            "../index.html": "All scenarios",
            "summary.html": "One page",
            "annual.csv": "Every figure by year",
            "report.ipynb": "Notebook",
            **{name: what for name, what in SPREADSHEETS.items() if name in beside},
        },
        numbers=TABLES if TABLES in beside else "",
    )
    return render(page, body_of(node))
