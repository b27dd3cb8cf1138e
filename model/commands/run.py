"""`run`: every scenario's report, and the index of each case."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from model.batch.job import Job
from model.case.reading.problems import Problem
from model.commands.shared import (
    DONE,
    FAILED,
    among_inputs,
    case_paths,
    cluster_problem,
    refused,
    refused_for,
    status_of,
)
from model.commands.terminal import say


def run(options: argparse.Namespace) -> int:
    """Make what is not up to date. Return 0, 1 where a scenario failed or a figure surprises, 2 on bad input."""
    from model.batch import remote, store  # noqa: PLC0415

    paths = case_paths(options.cases)
    wrong = cluster_problem(options.engine, options.scheduler) or _named_alike(paths) or _set_twice(options.overrides)
    if wrong := wrong or among_inputs(options.outputs, paths) or _no_place(options.log_json):
        return refused(f"{wrong}\nnothing has been run")
    jobs, stale = _planned(paths, options)
    problems = _problems(stale, dict(options.overrides))
    if problems or not paths:
        return refused_for(
            problems or ["no case: a case is a folder of inputs/ with a case.toml"], "nothing has been run"
        )
    try:
        failed = _make(jobs, paths, options)
    except (store.OutputError, remote.ClusterError, OSError) as error:
        return refused(str(error), status_of(error))
    return max([FAILED if failed else DONE, *map(_unexpected, paths)])


def _planned(paths: Sequence[Path], options: argparse.Namespace) -> tuple[list[Job], dict[Path, list[str]]]:
    """Return every job, and for each case the scenarios that are not up to date."""
    from model.batch.jobs import plan  # noqa: PLC0415
    from model.case.reading.load import scenario_names  # noqa: PLC0415
    from model.commands.jobs import jobs_for  # noqa: PLC0415

    asked, outputs = tuple(dict.fromkeys(options.scenario or ())), options.outputs.resolve()
    jobs, stale = [], {}
    for path in paths:
        own = jobs_for(path, asked or scenario_names(path), outputs, draws=options.draws, seed=options.seed,
                       excel=options.excel, overrides=dict(options.overrides))  # fmt: skip
        stale[path] = [own[n].scenario for n in plan(own, force=options.force)]
        jobs += own
    return jobs, stale


def _make(jobs: Sequence[Job], paths: Sequence[Path], options: argparse.Namespace) -> bool:
    """Do the jobs and write each case's index; say what was done. Return whether one failed."""
    from model.batch.jobs import run_jobs, summary  # noqa: PLC0415
    from model.report.index import write_index  # noqa: PLC0415

    outputs = options.outputs.resolve()
    results = run_jobs(
        jobs,
        outputs=outputs,
        workers=options.jobs,
        timeout=options.timeout,
        force=options.force,
        log_json=options.log_json,
        scheduler=options.scheduler if options.engine == "dask" else None,
    )
    for path in paths:
        write_index(outputs / path.name, path)
    say(summary(results))
    for path in paths:
        say(f"read {outputs / path.name / 'index.html'}")
    return any(result.status == "failed" for result in results)


def _named_alike(paths: Sequence[Path]) -> str:
    """Say which cases would be written to one folder of outputs, a line each; empty where none would."""
    return "\n".join(
        f"{one} and {other}: two cases called {one.name}, whose reports would stand in one folder; run one at a time, "
        "each with its own --outputs"
        for number, one in enumerate(paths)
        for other in paths[number + 1 :]
        if one.name == other.name
    )


def _no_place(log: Path | None) -> str:
    """Say why a log cannot stand there; empty where it can, or where none is asked for."""
    if log is None or (log.parent.is_dir() and not log.is_dir()):
        return ""
    return f"--log-json {log}: {'a folder' if log.is_dir() else 'no such folder'}; expected a file to add lines to"


def _set_twice(settings: Sequence[tuple[str, object]]) -> str:
    """Say which name `--set` was given twice; empty where none was."""
    names = [name for name, _ in settings]
    return "\n".join(f"--set {n}: given twice" for n in dict.fromkeys(names) if names.count(n) > 1)


def _problems(stale: Mapping[Path, Sequence[str]], overrides: Mapping[str, object]) -> list[Problem | str]:
    """Return the problems of the scenarios that are to be made; those that are up to date were sound as they stand."""
    if not any(stale.values()):
        return []
    from model.results.check import examine  # noqa: PLC0415 - a run with nothing to do reads no inputs

    return list(
        dict.fromkeys(p for path, names in stale.items() if names for p in examine(path, names, overrides).problems)
    )


def _unexpected(path: Path) -> int:
    """Say which printed figures turned out otherwise than expected; return an exit status.

    A report is made from inputs that were sound; they may have been changed since.
    """
    from model.case.reading.problems import InputProblems  # noqa: PLC0415
    from model.results.reconcile import recompute  # noqa: PLC0415
    from model.schemes.load import load_case  # noqa: PLC0415

    try:
        otherwise = [row for row in recompute(load_case(path)) if row.verdict != row.expected]
    except InputProblems as problems:
        return refused(
            f"{problems}\n{path.name}: its inputs were changed while they were used; mend them and run again"
        )
    for row in otherwise:
        say(f"{path.name}: printed figure {row.ref} {row.verdict}, expected {row.expected}", error=True)
    return FAILED if otherwise else DONE
