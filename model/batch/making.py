"""Jobs done: each on a kernel of its own, then its page, its record and its place among the outputs."""

import collections
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from time import monotonic, thread_time
from typing import cast

from model.batch import kernels, provisioner, render, store
from model.batch.disk import digest
from model.batch.faults import point
from model.batch.inside import describe
from model.batch.job import Context, Job
from model.batch.kernels import Session
from model.batch.tasks import ENVIRONMENT, Outcome, Stopped

KERNEL_ENVIRONMENT = {
    **ENVIRONMENT,
    # sets of names come out in one order in every kernel
    "PYTHONHASHSEED": "0",
    # figures carry no date of their own
    "SOURCE_DATE_EPOCH": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    # Arrow's memory would otherwise be swept by a thread, and what has threads is not forked
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
FIRST = ("model.batch.inside", "model.batch.first")
LOOK_SECONDS = 0.5
"""Between two looks at the clock; Windows sees a Ctrl-C only then."""


def make_all(
    jobs: Mapping[int, Job],
    *,
    at_once: int,
    timeout: float | None,
    started: Callable[[Job], None] = lambda _: None,
) -> Generator[tuple[int, Outcome]]:
    """Do every job and publish it; yield each number with its outcome as it ends."""
    warm = dict.fromkeys(module for job in jobs.values() for module in job.warm)
    provisioner.warm((*warm, *FIRST), KERNEL_ENVIRONMENT)
    waiting = collections.deque(jobs)
    running: dict[Future[Outcome], tuple[int, Session]] = {}
    with ThreadPoolExecutor(at_once, thread_name_prefix="job") as threads:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    number = waiting.popleft()
                    started(jobs[number])
                    session = _session(jobs[number])
                    running[threads.submit(_attempt, jobs[number], session)] = number, session
                done, _ = wait(running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
                for future in done:
                    number, _ = running.pop(future)
                    yield number, future.result()
                for _, session in running.values():
                    if timeout and monotonic() - session.since > timeout:
                        session.end(f"took longer than the {timeout:g} seconds allowed and was ended")
        finally:
            for _, session in running.values():
                session.end("was stopped")


def _session(job: Job) -> Session:
    """What a job's kernel starts from."""
    environment = {**os.environ, **KERNEL_ENVIRONMENT}
    if not provisioner.can_fork():  # a fork has the caller's path
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    folder = job.notebook_folder or (job.notebook.parent if job.notebook else Path.cwd())
    return Session(folder=folder, environment=environment)


def _attempt(job: Job, session: Session) -> Outcome:
    """Do one job in a new folder and put that in its place; what prevents it is an outcome, and leaves nothing."""
    try:
        with store.whole(job.folder, made_from=job.made_from) as place:
            value = _make(job, place, session)
        return Outcome(value=value, seconds=monotonic() - session.since)
    except Stopped as stop:
        error, cell = str(stop), stop.cell
    except OSError as problem:
        error, cell = store.explain(problem, job.folder), None
    except Exception as problem:  # noqa: BLE001 - one job's failure is a message, not the end of the run
        error, cell = describe(problem), None
    return Outcome(error=error, cell=cell, seconds=monotonic() - session.since)


def _make(job: Job, place: Path, session: Session) -> dict[str, float]:
    """Do a job's work and its notebook; return the processor seconds they took."""
    driving = thread_time()
    before = _standing(job)
    _refuse([name for name, path in job.sources.items() if digest(path) != job.made_from[name]])
    session.packed = pickle.dumps(Context(job=job, folder=place))
    if job.notebook is None:
        kernels.execute(None, {}, session)
    else:
        target = place / f"{job.name}.ipynb"
        render.render(job.notebook, job.parameters, target, session, page=job.page)
    point("job.rendered", job.scenario)
    # nor may somebody have written them meanwhile, be it to put back what was there
    _refuse([name for name, state in _standing(job).items() if state != before[name]])
    return {
        "cells_cpu_seconds": session.cells_cpu_seconds,
        "work_cpu_seconds": session.told.get("work_cpu_seconds", 0.0),
        "cpu_seconds": session.kernel_cpu_seconds + thread_time() - driving,
    }


def _standing(job: Job) -> dict[str, tuple[int, int, int]]:
    """How the job's files stand now: size, time of the last change and place on the disk."""
    states = {name: path.stat() for name, path in job.sources.items()}
    return {name: (state.st_size, state.st_mtime_ns, state.st_ino) for name, state in states.items()}


def _refuse(changed: Sequence[str]) -> None:
    if changed:
        raise Stopped(f"changed while this was being made: {', '.join(changed)}. Run again.")


def make_away(job: Job, timeout: float | None = None) -> dict[str, object]:
    """Do one job on a machine that is not ours (in a dask worker), and send its files back.

    Raises Stopped where the job failed or took longer than ``timeout`` seconds.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / job.folder.name
        ((_, outcome),) = make_all({0: replace(job, folder=folder)}, at_once=1, timeout=timeout)
        if outcome.error:
            raise Stopped(outcome.error, outcome.cell)
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        sent = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {**cast("dict[str, object]", outcome.value), "files": sent}
