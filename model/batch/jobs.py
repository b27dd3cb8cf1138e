"""Run many jobs over warm worker processes: in parallel, each with a time limit, none able to stop the others.

A job's results go to one folder, which appears whole or not at all (``store``). What a job does is an importable
function given a ``Context``; then, if the job names a notebook, the worker executes and exports it. The same worker
does both, so that a model result kept by the function is at hand for the notebook.
"""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast

from model.batch import pool, remote, store
from model.batch.disk import NEW, write_whole
from model.batch.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
    from pathlib import Path

DEFAULT_WARM = ("numpy", "pandas", "matplotlib.pyplot", "model")
"""What a worker imports before its first notebook, with whatever the caller adds."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One scenario to make.

    Attributes:
        case: the case's name, for messages.
        scenario: the scenario's name, for messages.
        folder: where the results go, as a whole.
        made_from: what the results depend on (``model.batch.origins.fingerprint``).
        sources: the files among it, by the name they have there: a result is refused if one changes meanwhile.
        work: function of a ``Context``, or its import path ``module:function``; called first.
        arguments: plain values for ``work``.
        notebook: executed after ``work`` and exported, if given.
        parameters: for the notebook.
        exporter: makes the nbconvert exporter, or its import path.
        notebook_folder: the notebook's working folder; its own unless given.
        name: of the files the notebook leaves: ``<name>.ipynb`` and ``<name>.html``.
    """

    case: str
    scenario: str
    folder: Path
    made_from: Mapping[str, str]
    sources: Mapping[str, Path] = field(default_factory=dict)
    work: str | Callable[[Context], object] | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    notebook: Path | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    exporter: str | Callable[[], Any] = "model.batch.plain:plain_exporter"
    notebook_folder: Path | None = None
    name: str = "report"

    @property
    def label(self) -> str:
        """How messages name the job."""
        return f"{self.case}/{self.scenario}"


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a job's function is given: the job, and the folder to write its files in."""

    job: Job
    folder: Path


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """What became of a job.

    ``made``: published now. ``fresh``: what stood there already was made from the same inputs. ``failed``: see
    ``message``; what stood there before, if anything, still stands and is stale. Processor seconds are those of the
    notebook's cells, of the job's function, and of the whole job (export and flushing included).
    """

    job: Job
    status: Literal["made", "fresh", "failed"]
    seconds: float = 0.0
    cells_cpu_seconds: float = 0.0
    work_cpu_seconds: float = 0.0
    cpu_seconds: float = 0.0
    why: str = ""
    error: str = ""
    cell: int | None = None
    doubts: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """Scenario, place and cause, on one line or more."""
        return f"{self.job.label}: {self.error}" if self.error else f"{self.job.label}: {self.status}"


def plan(jobs: Sequence[Job], *, force: bool = False) -> dict[int, str]:
    """The jobs that must run, by position, and why."""
    if force:
        return dict.fromkeys(range(len(jobs)), "--force")
    reasons = store.why_all_stale({job.folder: job.made_from for job in jobs})
    return {number: reasons[job.folder] for number, job in enumerate(jobs) if reasons[job.folder]}


def run_jobs(  # noqa: PLR0913 - each is one thing a caller may choose
    jobs: Sequence[Job],
    *,
    outputs: Path,
    workers: int | None = None,
    timeout: float | None = None,
    force: bool = False,
    progress: bool | None = None,
    log_json: Path | None = None,
    warm: Iterable[str] = DEFAULT_WARM,
    wait_seconds: float = 600.0,
    scheduler: str | None = None,
) -> list[JobResult]:
    """Make whatever of ``jobs`` is not fresh.

    Args:
        jobs: what to make; folders must differ.
        outputs: the folder that holds all of theirs; locked against other runs meanwhile.
        workers: processes at once; the number of processors unless given.
        timeout: seconds a job may take before it is ended and failed; none unless given.
        force: make fresh ones too.
        progress: show a bar; only on a terminal unless given.
        log_json: file to which one line of JSON an event is added.
        warm: modules that workers import before their first job, if any job has a notebook.
        wait_seconds: how long to wait for another run on the same folder.
        scheduler: address of a dask scheduler to send the jobs to, instead of processes here; notebooks and inputs
            must stand at the same paths there.

    Returns:
        One result a job, in the order of ``jobs``, whatever the order they ended in.

    Raises:
        ValueError: two jobs have one folder, or one's folder holds another's, or the outputs.
        store.OutputError: the folder cannot be written, or another run holds it.
        pool.WorkerError: workers cannot start.
        remote.ClusterError: no scheduler answers.
        KeyboardInterrupt: after every worker has been ended; what was published stays.
    """
    _check_folders(jobs, outputs)
    folders = [job.folder for job in jobs]
    with store.locked(outputs, wait_seconds=wait_seconds, notify=_tell):
        for parent in sorted({outputs, *(folder.parent for folder in folders)}):
            store.recover(parent)
        todo = plan(jobs, force=force)
        results: dict[int, JobResult] = {
            number: JobResult(job=job, status="fresh") for number, job in enumerate(jobs) if number not in todo
        }
        with Progress(total=len(todo), fresh=len(results), show=progress, log_json=log_json) as bar:
            for result in results.values():
                bar.done(result)
            if todo:
                _check_writable(outputs)
                count = max(1, min(workers or os.cpu_count() or 1, len(todo)))
                stale = {number: jobs[number] for number in todo}
                if scheduler is None:
                    outcomes = _outcomes(stale, count, timeout, _wanted(stale.values(), warm), bar)
                else:
                    outcomes = _outcomes_away(stale, scheduler, timeout, bar)
                for number, outcome in outcomes:
                    results[number] = _result(jobs[number], outcome, todo[number])
                    bar.done(results[number])
    return [results[number] for number in range(len(jobs))]


def _check_folders(jobs: Sequence[Job], outputs: Path) -> None:
    """Refuse folders that one job would replace under another: a folder is published as a whole."""
    folders = [job.folder.absolute() for job in jobs]
    if len(set(folders)) < len(folders):
        raise ValueError("two jobs have the same folder: each scenario needs its own")
    above = {outputs.absolute()}.union(*(folder.parents for folder in folders))
    wrong = [job for job, folder in zip(jobs, folders, strict=True) if folder in above]
    if wrong:
        raise ValueError(
            f"{wrong[0].label}: {wrong[0].folder} holds other results; a scenario needs a folder of its own"
        )


def _wanted(jobs: Iterable[Job], warm: Iterable[str]) -> tuple[str, ...]:
    """What workers load before their first job: modules and exporters, if any job has a notebook."""
    exporters = {job.exporter for job in jobs if job.notebook}
    return (*warm, *sorted(path for path in exporters if isinstance(path, str))) if exporters else ()


def _outcomes(
    stale: Mapping[int, Job], workers: int, timeout: float | None, warm: tuple[str, ...], bar: Progress
) -> Generator[tuple[int, pool.Outcome]]:
    """Send jobs to workers and publish what comes back, as it comes back."""
    places: dict[int, Path] = {}
    tasks = {number: pool.Task(label=job.label, payload=job) for number, job in stale.items()}

    def prepare(number: int) -> object:
        _drop(places.pop(number, None))
        places[number] = store.begin(stale[number].folder)
        bar.started(stale[number])
        return Context(job=stale[number], folder=places[number])

    runs = pool.run(tasks, "model.batch.worker:do_job", prepare, workers=workers, timeout=timeout, warm=warm)
    try:
        with contextlib.closing(runs):
            for number, outcome in runs:
                yield number, _publish(outcome, places.pop(number, None), stale[number].folder)
    finally:
        for place in places.values():
            _drop(place)


def _outcomes_away(
    stale: Mapping[int, Job], scheduler: str, timeout: float | None, bar: Progress
) -> Generator[tuple[int, pool.Outcome]]:
    """Send jobs to a cluster; write here and publish the files that come back."""
    for job in stale.values():
        bar.started(job)
    for number, outcome in remote.run(stale, "model.batch.worker:do_job_away", scheduler=scheduler, timeout=timeout):
        yield number, outcome if outcome.error else _unpack(outcome, stale[number])


def _unpack(outcome: pool.Outcome, job: Job) -> pool.Outcome:
    """Write a job's files beside their place and publish them."""
    told = cast("dict[str, Any]", outcome.value)
    place = None
    try:
        place = store.begin(job.folder)
        for name, content in told["files"].items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
        store.seal(place, job.made_from)
    except (OSError, store.OutputError) as error:
        _drop(place)
        text = store.explain(error, job.folder) if isinstance(error, OSError) else str(error)
        return pool.Outcome(error=text, seconds=outcome.seconds)
    return _publish(outcome, place, job.folder)


def _publish(outcome: pool.Outcome, place: Path | None, folder: Path) -> pool.Outcome:
    """Put a job's folder in its place, or drop it."""
    if outcome.error or place is None:
        _drop(place)
        return outcome
    try:
        store.publish(place, folder)
    except OSError as error:
        _drop(place)
        return pool.Outcome(error=store.explain(error, folder), seconds=outcome.seconds)
    return outcome


def _drop(place: Path | None) -> None:
    """Remove an unpublished folder."""
    if place is not None:
        store.discard(place)


def _result(job: Job, outcome: pool.Outcome, why: str) -> JobResult:
    """A job's result from what its worker said."""
    told = outcome.value if isinstance(outcome.value, dict) else {}
    return JobResult(
        job=job,
        status="failed" if outcome.error else "made",
        seconds=round(outcome.seconds, 3),
        cells_cpu_seconds=told.get("cells_cpu_seconds", 0.0),
        work_cpu_seconds=told.get("work_cpu_seconds", 0.0),
        cpu_seconds=told.get("cpu_seconds", 0.0),
        why=why,
        error=outcome.error,
        cell=outcome.cell,
        doubts=outcome.doubts,
    )


def _check_writable(outputs: Path) -> None:
    """Find out before workers start, and once, that nothing can be written."""
    probe = outputs / f"{NEW}probe-{os.getpid()}"
    try:
        write_whole(probe, b"x" * 4096)
        probe.unlink()
    except OSError as error:
        raise store.OutputError(store.explain(error, outputs)) from error


def _tell(text: str) -> None:
    """Say something to the person at the terminal."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def summary(results: Sequence[JobResult]) -> str:
    """What a person reads at the end: counts, then every failure with its place and cause."""
    counts = {status: sum(result.status == status for result in results) for status in ("made", "fresh", "failed")}
    lines = [", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing to do"]
    for result in results:
        if result.status != "failed":
            continue
        first, *rest = result.message.splitlines()
        lines += [f"FAILED {first}", *(f"    {line}" for line in rest)]
        if store.read_record(result.job.folder) is not None:
            lines.append("    the earlier report still stands and is stale")
    return "\n".join(lines)
