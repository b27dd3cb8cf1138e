"""The command line: python -m model COMMAND."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from model.batch import terminal
from model.batch.arguments import (
    add_cluster_arguments,
    add_sweep_arguments,
    cluster_problem,
    scenario_name,
    seconds,
    whole_number,
)
from model.batch.terminal import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from model.case.reading.problems import Problem

DONE, FAILED, BAD_INPUT = 0, 1, 2
ROOT = Path(__file__).resolve().parents[1]
INPUTS, OUTPUTS = ROOT / "inputs", ROOT / "outputs"


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Return 0 done, 1 a scenario or an expectation failed, 2 bad input or usage."""
    terminal.open_streams()
    try:
        options = parser().parse_args(arguments)
        status = int(options.run(options))
    except KeyboardInterrupt:
        say("stopped; what was finished is kept, and the next run makes the rest", error=True)
        status = FAILED
    except BrokenPipeError:
        status = DONE
    except OSError:
        if terminal.flush(probe=True):
            raise  # it is not what was printed that could not be written
        return FAILED
    return status if terminal.flush() else FAILED


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    top = argparse.ArgumentParser(
        prog="python -m model",
        description="Invest-to-save projections for a council's children's services: runs, checks and comparisons.",
        epilog="exit status: 0 done; 1 a scenario failed, or a printed figure is not as expected; 2 bad input or usage",
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    check = commands.add_parser("check", help="print every problem in the inputs, all at once")
    check.add_argument("cases", nargs="*", metavar="CASE", help="a folder of inputs/, by name or path; default all")
    check.set_defaults(run=_check)
    reconcile = commands.add_parser("reconcile", help="recompute the figures a paper has printed, row by row")
    reconcile.add_argument("case", metavar="CASE", help="a folder of inputs/, by name or path")
    reconcile.set_defaults(run=_reconcile)
    diff = commands.add_parser("diff", help="say what is different between two folders of outputs")
    diff.add_argument("old", type=Path, metavar="OLD", help="an outputs folder, one of its cases, or one scenario")
    diff.add_argument("new", type=Path, metavar="NEW", help="the same, later")
    diff.add_argument("--html", type=Path, metavar="FILE", help="write the differences as a page too")
    diff.set_defaults(run=_diff)
    clean = commands.add_parser("clean-notebooks", help="strip outputs from notebooks, as they are kept in git")
    clean.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="files; default all in notebooks/")
    clean.set_defaults(run=_clean)
    from model.commands import demand, dictionary  # noqa: PLC0415 - after the light commands

    demand.add_arguments(commands)
    dictionary.add_arguments(commands)
    return top


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser("run", help="make every scenario's report, and the index of each case")
    run.add_argument("cases", nargs="*", metavar="CASE", help="a folder of inputs/, by name or path; default all")
    run.add_argument(
        "--scenario", type=scenario_name, action="append", metavar="NAME", help="only this scenario; may be repeated"
    )
    run.add_argument(
        "--draws", type=whole_number, default=2000, metavar="N", help="joint draws (2000); 1 = central alone"
    )
    run.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed gives the same draws (1)")
    run.add_argument("--jobs", type=whole_number, metavar="N", help="scenarios at once (as many as there are cores)")
    run.add_argument("--outputs", type=Path, default=OUTPUTS, metavar="DIR", help="where to write (outputs/)")
    run.add_argument("--force", action="store_true", help="make again what is up to date too")
    run.add_argument("--timeout", type=seconds, metavar="SECONDS", help="end a scenario that takes longer")
    run.add_argument("--log-json", type=Path, metavar="FILE", help="add a line of JSON an event to this file")
    add_cluster_arguments(run)
    run.set_defaults(run=_run)
    sweep = commands.add_parser("sweep", help="thousands of combinations of assumptions, to one Parquet file")
    add_sweep_arguments(sweep)
    sweep.set_defaults(run=_sweep)


def case_paths(names: list[str]) -> list[Path]:
    """Return the folders of the named cases, each once, or of all. A name that is no case stays: loading says so."""
    from model.case.reading.load import case_names  # noqa: PLC0415 - commands import what they need

    if not names:
        return [INPUTS / name for name in case_names(INPUTS)]
    paths = [path.resolve() if (path := Path(name)).is_dir() else INPUTS / name for name in names]
    return list(dict.fromkeys(paths))


def _check(options: argparse.Namespace) -> int:
    from model.results.check import check  # noqa: PLC0415

    return check(case_paths(options.cases))


def _reconcile(options: argparse.Namespace) -> int:
    from model.results.reconcile import reconcile_command  # noqa: PLC0415

    path = case_paths([options.case])[0]
    status = reconcile_command(path)
    for line in _claims(path) if status != BAD_INPUT else []:
        say(line)
    return status


def _claims(path: Path) -> list[str]:
    """Return what the paper claims a year beside the modelled years; nothing for a case that cannot be run yet."""
    from model.case.reading.problems import InputProblems  # noqa: PLC0415
    from model.report.claims import sentences  # noqa: PLC0415
    from model.results.runs import run  # noqa: PLC0415
    from model.schemes.load import load_case  # noqa: PLC0415

    try:
        base = load_case(path)
        case = load_case(path, base.published_scenario)
    except InputProblems:
        return []
    if not any(row.beside_scheme for row in case.published):
        return []
    return sentences(run(case, draws=1, seed=1))


def _diff(options: argparse.Namespace) -> int:
    from model.report.diff import diff_command  # noqa: PLC0415

    return diff_command(options.old, options.new, options.html)


def _clean(options: argparse.Namespace) -> int:
    from model.batch.notebook_hygiene import main as clean  # noqa: PLC0415

    return clean(options.notebooks)


def _sweep(options: argparse.Namespace) -> int:
    from model.case.reading.problems import InputProblems  # noqa: PLC0415
    from model.results.sweep import command  # noqa: PLC0415

    try:
        return command(options, inputs=INPUTS)
    except InputProblems as problems:
        say(str(problems), error=True)
        return BAD_INPUT


def _run(options: argparse.Namespace) -> int:
    from model.batch import pool, remote, store  # noqa: PLC0415
    from model.batch.jobs import plan, run_jobs, summary  # noqa: PLC0415
    from model.case.reading.load import scenario_names  # noqa: PLC0415
    from model.commands.produce import jobs_for  # noqa: PLC0415
    from model.report import write_index  # noqa: PLC0415

    paths, outputs = case_paths(options.cases), options.outputs.resolve()
    if wrong := cluster_problem(options) or _named_alike(paths):
        say(f"{wrong}\nnothing has been run", error=True)
        return BAD_INPUT
    asked = tuple(dict.fromkeys(options.scenario or ()))
    jobs = [
        jobs_for(path, asked or scenario_names(path), outputs, draws=options.draws, seed=options.seed) for path in paths
    ]
    stale = {
        path: [own[n].scenario for n in plan(own, force=options.force)] for path, own in zip(paths, jobs, strict=True)
    }
    problems = _problems(stale)
    if problems or not paths:
        for problem in problems:
            say(str(problem), error=True)
        say(f"{len(problems)} problem(s) in the inputs; nothing has been run", error=True)
        return BAD_INPUT
    try:
        if any(stale.values()) and options.engine != "dask":
            _make_ready(options.draws)
        results = run_jobs(
            [job for own in jobs for job in own],
            outputs=outputs,
            workers=options.jobs,
            timeout=options.timeout,
            force=options.force,
            log_json=options.log_json,
            scheduler=options.scheduler if options.engine == "dask" else None,
        )
        for path in paths:
            write_index(outputs / path.name, path)
    except (store.OutputError, pool.WorkerError, remote.ClusterError, OSError) as error:
        say(str(error), error=True)
        return FAILED
    say(summary(results))
    for path in paths:
        say(f"read {outputs / path.name / 'index.html'}")
    failed = any(result.status == "failed" for result in results)
    return max([FAILED if failed else DONE, *map(_unexpected, paths)])


def _named_alike(paths: Sequence[Path]) -> str:
    """Say which cases would be written to one folder of outputs, a line each; empty where none would."""
    return "\n".join(
        f"{one} and {other}: two cases called {one.name}, whose reports would stand in one folder; run one at a time, "
        "each with its own --outputs"
        for number, one in enumerate(paths)
        for other in paths[number + 1 :]
        if one.name == other.name
    )


def _problems(stale: Mapping[Path, Sequence[str]]) -> list[Problem]:
    """Return the problems of the scenarios that are to be made; those that are up to date were sound as they stand."""
    if not any(stale.values()):
        return []
    from model.results.check import examine  # noqa: PLC0415 - a run with nothing to do reads no inputs

    return list(dict.fromkeys(p for path, names in stale.items() if names for p in examine(path, names).problems))


def _make_ready(draws: int) -> None:
    """Compile what many draws need before the workers start, each of which would compile for itself."""
    from model.children.compiled import make_ready  # noqa: PLC0415
    from model.children.worlds import COMPILED_FROM  # noqa: PLC0415

    if draws >= COMPILED_FROM:
        make_ready()


def _unexpected(path: Path) -> int:
    """Say which printed figures turned out otherwise than expected; return an exit status.

    A report is made from inputs that were sound; they may have been changed since.
    """
    from model.case.reading.problems import InputProblems  # noqa: PLC0415
    from model.results.reconcile import recompute  # noqa: PLC0415
    from model.schemes.load import load_case  # noqa: PLC0415

    try:
        lines = [line for line in recompute(load_case(path)) if line.is_unexpected]
    except InputProblems as problems:
        say(
            f"{problems}\n{path.name}: its inputs were changed while they were used; mend them and run again",
            error=True,
        )
        return BAD_INPUT
    for line in lines:
        say(f"{path.name}: printed figure {line.row.ref} {line.verdict}, expected {line.row.expected}", error=True)
    return FAILED if lines else DONE


if __name__ == "__main__":
    terminal.interrupt_once()
    ended = main()
    terminal.ignore_interrupts()
    sys.exit(ended)
