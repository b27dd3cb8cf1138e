"""Run many jobs, each on a kernel of its own: in parallel, each with a time limit, none able to stop the others.

A job's results go to one folder, which appears whole or not at all (``store``). What a job does is an importable
function given a ``Context``; then, if the job names a notebook, that is executed and exported. The same kernel does
both, so that a result kept by the function is at hand for the notebook.
"""

import contextlib
import os
import sys
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

from model.batch import remote, store
from model.batch.disk import NEW, write_whole
from model.batch.job import Job, JobResult
from model.batch.progress import Progress
from model.batch.tasks import Outcome


def plan(jobs: Sequence[Job], *, force: bool = False) -> dict[int, str]:
    """The jobs that must run, by position, and why."""
    if force:
        return dict.fromkeys(range(len(jobs)), "--force")
    with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as threads:
        reasons = threads.map(lambda job: store.why_stale(job.folder, job.made_from), jobs)
        return {number: why for number, why in enumerate(reasons) if why}


def run_jobs(  # noqa: PLR0913 - each is one thing a caller may choose
    jobs: Sequence[Job],
    *,
    outputs: Path,
    workers: int | None = None,
    timeout: float | None = None,
    force: bool = False,
    progress: bool | None = None,
    log_json: Path | None = None,
    wait_seconds: float = 600.0,
    scheduler: str | None = None,
) -> list[JobResult]:
    """Make whatever of ``jobs`` is not fresh; return one result a job, in their order.

    Args:
        jobs: what to make; folders must differ.
        outputs: the folder that holds all of theirs; locked against other runs meanwhile.
        workers: kernels at once; one more than there are processors unless given, for each waits now and then.
        timeout: seconds a job may take before it is ended and failed; none unless given.
        force: make fresh ones too.
        progress: show a bar; only on a terminal unless given.
        log_json: file to which one line of JSON an event is added.
        wait_seconds: how long to wait for another run on the same folder.
        scheduler: address of a dask scheduler to send the jobs to, instead of kernels here; notebooks and inputs
            must stand at the same paths there.

    Raises ValueError where two jobs have one folder, or one's holds another's or the outputs; OutputError where the
    folder cannot be written or another run holds it; ClusterError where no scheduler answers; KeyboardInterrupt after
    every kernel has been ended, and what was published stays.
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
                count = max(1, min(workers or (os.cpu_count() or 1) + 1, len(todo)))
                stale = {number: jobs[number] for number in todo}
                if scheduler is None:
                    from model.batch.making import make_all  # noqa: PLC0415 - a run with nothing to do needs no papermill

                    outcomes = make_all(stale, at_once=count, timeout=timeout, started=bar.started)
                else:
                    outcomes = _made_away(stale, scheduler, timeout, bar)
                with contextlib.closing(outcomes):  # Ctrl-C may come while one is dealt with
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


def _made_away(
    stale: Mapping[int, Job], scheduler: str, timeout: float | None, bar: Progress
) -> Generator[tuple[int, Outcome]]:
    """Send jobs to a cluster; write here and publish the files that come back."""
    for job in stale.values():
        bar.started(job)
    for number, outcome in remote.run(stale, "model.batch.making:make_away", scheduler=scheduler, timeout=timeout):
        yield number, outcome if outcome.error else _unpack(outcome, stale[number])


def _unpack(outcome: Outcome, job: Job) -> Outcome:
    """Write a job's files beside their place and publish them."""
    told = cast("dict[str, Any]", outcome.value)
    try:
        with store.whole(job.folder, made_from=job.made_from) as place:
            for name, content in told["files"].items():
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                (place / name).write_bytes(content)
    except OSError as error:
        return Outcome(error=store.explain(error, job.folder), seconds=outcome.seconds)
    return outcome


def _result(job: Job, outcome: Outcome, why: str) -> JobResult:
    """A job's result from what its kernel said."""
    told = outcome.value if isinstance(outcome.value, dict) else {}
    took = {name: round(told.get(name, 0.0), 3) for name in ("cells_cpu_seconds", "work_cpu_seconds", "cpu_seconds")}
    return JobResult(
        job=job, status="failed" if outcome.error else "made", seconds=round(outcome.seconds, 3), **took, why=why,
        error=outcome.error, cell=outcome.cell,
    )  # fmt: skip


def _check_writable(outputs: Path) -> None:
    """Find out before kernels start, and once, that nothing can be written."""
    probe = outputs / f"{NEW}probe-{os.getpid()}"
    try:
        write_whole(probe, b"x" * 16_384)  # less than any report
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
