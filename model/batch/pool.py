"""Worker processes that stay warm, and a loop that hands them tasks one at a time.

One worker runs one task at a time, so that a worker that dies, hangs or is ended by the system is known by its task.
Workers are started anew ("spawn") on every platform. Each leads a process group of its own, ends it when this process
disappears, and takes no notice of Ctrl-C: this process ends the workers.
"""

from __future__ import annotations

import collections
import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.batch.terminal import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

WORKER_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    # sets of names come out in one order in every worker
    "PYTHONHASHSEED": "0",
    # figures carry no date of their own
    "SOURCE_DATE_EPOCH": "0",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
START_ATTEMPTS = 3
PATIENCE = 1.5
"""Seconds that workers have to end when they are asked to, all together."""


class WorkerError(RuntimeError):
    """Workers cannot start at all."""


class Stopped(Exception):  # noqa: N818 - an outcome, not an error of ours
    """A job stopped with a message for a person."""

    def __init__(self, message: str, cell: int | None = None, doubts: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.cell, self.doubts = cell, doubts


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing to do: how messages name it, and what it is."""

    label: str
    payload: Any


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a task: a value, or an error with the cell it happened in."""

    value: object = None
    error: str = ""
    cell: int | None = None
    seconds: float = 0.0
    doubts: tuple[str, ...] = ()
    """What the task left behind in its process, which does no other after it."""


def succeeded(value: object, seconds: float) -> Outcome:
    """What came of a task that returned; a job says in what it returns what it left behind."""
    doubts = tuple(value.get("doubts", ())) if isinstance(value, dict) else ()
    return Outcome(value=value, seconds=seconds, doubts=doubts)


@dataclass(kw_only=True)
class Worker:
    """One process, and what it is doing."""

    process: SpawnProcess
    channel: Connection
    log: Path
    ready: bool = False
    task: int | None = None
    since: float = 0.0
    at: tuple[int, str] | None = None


@dataclass(kw_only=True)
class _State:
    """The loop's books."""

    tasks: Mapping[int, Task]
    function: str
    prepare: Callable[[int], object]
    size: int
    timeout: float | None
    warm: tuple[str, ...]
    waiting: collections.deque[int]
    suspects: collections.deque[int] = field(default_factory=collections.deque)
    suspected: set[int] = field(default_factory=set)
    workers: list[Worker] = field(default_factory=list)
    failed_starts: int = 0

    @property
    def busy(self) -> list[Worker]:
        """Workers with a task."""
        return [worker for worker in self.workers if worker.task is not None]


def run(  # noqa: PLR0913 - each is one thing a caller may choose
    tasks: Mapping[int, Task],
    function: str,
    prepare: Callable[[int], object],
    *,
    workers: int,
    timeout: float | None = None,
    warm: tuple[str, ...] = (),
) -> Generator[tuple[int, Outcome]]:
    """Do every task in some worker; yield each number with its outcome as it ends.

    Args:
        tasks: by number; taken in order.
        function: import path ``module:function``; called in the worker with what ``prepare`` returned and a
            ``tell(cell, line)`` that says where it is.
        prepare: called here just before a task is sent; an ``OSError`` it raises fails that task alone.
        workers: how many processes.
        timeout: seconds a task may take; a worker over it is ended.
        warm: modules that a worker imports first, and exporters (``module:function``) that it makes.

    A task whose worker died is tried once more, alone, after the others: memory may have run out because of another.

    Raises:
        WorkerError: workers cannot start.
    """
    state = _State(
        tasks=tasks,
        function=function,
        prepare=prepare,
        size=workers,
        timeout=timeout,
        warm=warm,
        waiting=collections.deque(tasks),
    )
    try:
        while state.waiting or state.suspects or state.busy:
            yield from _hand_out(state)
            for number, outcome in _listen(state):
                # A worker need not wait for the caller to deal with what it did; but what failed may have filled the
                # disk, and its half is cleared away first.
                if not outcome.error:
                    yield from _hand_out(state)
                yield number, outcome
    finally:
        end(*state.workers)


def _hand_out(state: _State) -> Iterator[tuple[int, Outcome]]:
    """Start workers that are wanted, and give each idle one a task."""
    alone = not state.waiting and bool(state.suspects)
    wanted = 1 if alone and not state.busy else min(state.size, len(state.waiting) + len(state.busy))
    while len(state.workers) < wanted:
        if os.name != "nt":  # the first start would start it, which lets Ctrl-C through again
            importlib.import_module("multiprocessing.resource_tracker").ensure_running()
        with uninterrupted():  # or a worker would be half started, and its log nobody's
            state.workers.append(start(state.function, state.warm))
    for worker in state.workers:
        if not worker.ready or worker.task is not None:
            continue
        if alone and state.busy:
            return
        queue = state.waiting or state.suspects
        if not queue:
            return
        number = queue.popleft()
        try:
            worker.channel.send((number, state.prepare(number)))
        except (BrokenPipeError, ConnectionError):
            queue.appendleft(number)
            continue
        except Exception as error:  # noqa: BLE001 - whatever prevents one task must not prevent the others
            yield number, Outcome(error=f"{error}" if isinstance(error, OSError) else f"{error}" or repr(error))
            continue
        worker.task, worker.since, worker.at = number, time.monotonic(), None


def _listen(state: _State) -> Iterator[tuple[int, Outcome]]:
    """Wait for something to happen, and deal with it."""
    sources: dict[Any, Worker] = {worker.channel: worker for worker in state.workers}
    sources |= {worker.process.sentinel: worker for worker in state.workers}
    if sources:
        ready = wait(list(sources), timeout=_patience(state))
        for worker in {id(sources[source]): sources[source] for source in ready}.values():
            yield from _hear(state, worker)
    for worker in list(state.workers):
        if state.timeout and worker.task is not None and time.monotonic() - worker.since > state.timeout:
            number, seconds = worker.task, time.monotonic() - worker.since
            end(worker)
            state.workers.remove(worker)
            place, cell = _place(worker)
            text = f"took longer than the {state.timeout:g} seconds allowed and was ended{place}"
            yield number, Outcome(error=text, cell=cell, seconds=seconds)


def _patience(state: _State) -> float:
    """Seconds to wait: to the nearest time limit, at most half a second (Windows sees Ctrl-C between waits)."""
    if not state.timeout:
        return 0.5
    left = [worker.since + state.timeout - time.monotonic() for worker in state.busy]
    return max(0.0, min([0.5, *left]))


def _hear(state: _State, worker: Worker) -> Iterator[tuple[int, Outcome]]:
    """Take what a worker has said, to the last word if it is dead."""
    try:
        while worker.channel.poll():
            kind, content = worker.channel.recv()
            if kind == "ready":
                worker.ready, state.failed_starts = True, 0
            elif kind == "at":
                worker.at = content
            elif kind == "broken":
                raise WorkerError(f"a worker cannot start: {content}")
            elif kind == "done" and worker.task is not None:
                number, worker.task = worker.task, None
                yield number, content
            elif kind == "last" and worker.task is not None:
                number = worker.task
                end(worker)
                state.workers.remove(worker)
                yield number, content
                return
    except (EOFError, OSError):
        pass
    if worker.process.is_alive() and not _closed(worker):
        return
    yield from _bury(state, worker)


def _closed(worker: Worker) -> bool:
    """Whether the worker's end of the channel is gone."""
    try:
        return worker.channel.poll() and worker.process.exitcode is not None
    except (EOFError, OSError):
        return True


def _bury(state: _State, worker: Worker) -> Iterator[tuple[int, Outcome]]:
    """Deal with a dead worker: its task is tried once more alone, then blamed."""
    worker.process.join(timeout=5)
    said, how = _last_words(worker), _how(worker)
    seconds = time.monotonic() - worker.since
    end(worker)
    state.workers.remove(worker)
    if not worker.ready:
        state.failed_starts += 1
        if state.failed_starts >= START_ATTEMPTS:
            raise WorkerError(f"a worker {how} while starting, {START_ATTEMPTS} times over{said}")
    number = worker.task
    if number is None:
        return
    if number not in state.suspected:
        state.suspected.add(number)
        state.suspects.append(number)
        return
    place, cell = _place(worker)
    text = f"its process {how}{place}, twice, the second time with nothing else running{said}"
    yield number, Outcome(error=text, cell=cell, seconds=seconds)


def _place(worker: Worker) -> tuple[str, int | None]:
    """Where a worker last said it was."""
    if worker.at is None:
        return "", None
    cell, line = worker.at
    return f" in cell {cell}: {line}", cell


def _how(worker: Worker) -> str:
    """How a process ended."""
    code = worker.process.exitcode
    if code is not None and code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        hint = " (often: out of memory)" if name == "SIGKILL" else ""
        return f"was ended by {name}{hint}"
    return f"ended with status {code}"


def _last_words(worker: Worker) -> str:
    """The end of what a process wrote to its standard error."""
    with contextlib.suppress(OSError):
        lines = [line for line in worker.log.read_text(errors="replace").splitlines() if line.strip()]
        if lines:
            return "\n" + "\n".join(lines[-6:])
    return ""


def load(path: str | Callable[..., Any]) -> Callable[..., Any]:
    """The function at an import path ``module:function``."""
    if callable(path):
        return path
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]


def start(function: str, warm: tuple[str, ...]) -> Worker:
    """Start a worker."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    handle, name = tempfile.mkstemp(prefix="worker-", suffix=".log")
    os.close(handle)
    process = context.Process(
        target=_enter, args=(theirs, function, warm, name, list(sys.path)), name="report worker", daemon=False
    )
    with _environment(WORKER_ENVIRONMENT):
        process.start()
    theirs.close()
    return Worker(process=process, channel=ours, log=Path(name))


def _enter(channel: Connection, function: str, warm: tuple[str, ...], log: str, path: list[str]) -> None:
    """A worker's first step, before anything heavy is imported."""
    sys.path[:] = path
    from model.batch import worker  # noqa: PLC0415 - only a worker pays for what it imports

    worker.serve(channel, function, warm, log)


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for a process started meanwhile."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def end(*workers: Worker) -> None:
    """End workers and whatever they started, at once: what they were writing is thrown away anyway.

    They are asked first: one that nobody watches ends on the spot, one under a coverage tracer saves what was seen.
    """
    for worker in workers:
        with contextlib.suppress(OSError):
            worker.channel.close()
        _signal(worker, "SIGTERM")
    until = time.monotonic() + PATIENCE
    for worker in workers:
        # not join: until it is joined its number is nobody else's
        wait([worker.process.sentinel], timeout=max(0.0, until - time.monotonic()))
        _signal(worker, "SIGKILL")
    for worker in workers:
        if worker.process.is_alive():
            worker.process.kill()
        worker.process.join(timeout=PATIENCE)
        with contextlib.suppress(ValueError):
            worker.process.close()
        worker.log.unlink(missing_ok=True)


def _signal(worker: Worker, name: str) -> None:
    """Send a signal to a worker's process group, where there are such."""
    if worker.process.pid is not None and os.name != "nt":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(worker.process.pid, getattr(signal, name))
