"""What runs inside a worker process."""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import os
import signal
import tempfile
import threading
import traceback
from multiprocessing import current_process, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from time import monotonic, process_time  # by names of ours: what a notebook does to ``time`` is no matter here
from typing import TYPE_CHECKING, Any, cast

from model.batch import store
from model.batch.disk import digest
from model.batch.faults import point
from model.batch.jobs import DEFAULT_WARM, Context
from model.batch.pool import Outcome, Stopped, Task, load, run, succeeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from multiprocessing.connection import Connection

    from model.batch.jobs import Job


def serve(channel: Connection, function: str, warm: tuple[str, ...], log: str) -> None:
    """Import what is wanted, then do tasks until told to stop or until the process is no longer clean."""
    _settle(log)
    process = os.getpid()
    gc.disable()  # importing leaves next to no garbage, and looking for it takes a tenth of a second
    try:
        work = load(function)
        if warm:
            rendering, (exporters, modules) = importlib.import_module("model.batch.render"), _sorted(warm)
            _WARM.append(rendering.warm_up(modules, exporters))
    except BaseException as error:  # noqa: BLE001 - told to the parent, which reports it
        channel.send(("broken", _describe(error)))
        return
    gc.enable()
    channel.send(("ready", os.getpid()))
    while True:
        try:
            _, content = channel.recv()
        except (EOFError, OSError):
            return
        outcome = _attempt(work, content, lambda cell, line: channel.send(("at", (cell, line))))
        if os.getpid() != process:  # a child that the task forked has nothing to say
            os._exit(0)
        channel.send(("last" if outcome.doubts else "done", outcome))
        if outcome.doubts:
            return


_WARM: list[Any] = []
"""The guard of this process, once it is warm."""


def _sorted(warm: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Exporters, and modules."""
    return [name for name in warm if ":" in name], [name for name in warm if ":" not in name]


def _attempt(work: Callable[..., Any], content: object, tell: Callable[[int, str], None]) -> Outcome:
    """Do one task; whatever it raises becomes its outcome."""
    started = monotonic()
    try:
        value = work(content, tell)
    except Stopped as stop:
        return Outcome(error=str(stop), cell=stop.cell, doubts=stop.doubts, seconds=monotonic() - started)
    except BaseException as error:  # noqa: BLE001 - one job's failure is a message, not the end of the worker
        return Outcome(error=_describe(error), seconds=monotonic() - started)
    return succeeded(value, monotonic() - started)


def _describe(error: BaseException) -> str:
    """An exception's last line, and where in the project it was raised."""
    last = "".join(traceback.format_exception_only(error)).strip()
    steps = traceback.extract_tb(error.__traceback__)
    if not steps or isinstance(error, OSError):
        return last
    step = steps[-1]
    return f"{last} ({os.path.basename(step.filename)}, line {step.lineno}: {step.line})"  # noqa: PTH119


def _settle(log: str) -> None:
    """Lead a process group, ignore Ctrl-C, read nothing, send stray output to the log, and end with the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setsid"):
        os.setsid()
    for path, flags, numbers in ((os.devnull, os.O_RDONLY, (0,)), (log, os.O_WRONLY | os.O_APPEND, (1, 2))):
        handle = os.open(path, flags)
        for number in numbers:
            os.dup2(handle, number)
        if handle not in numbers:
            os.close(handle)
    faulthandler.enable()
    threading.Thread(target=_follow_parent, args=(log,), name="follow parent", daemon=True).start()


def _follow_parent(log: str) -> None:
    """End this process, whatever it started and its log, when the parent is gone."""
    parent = parent_process()
    if parent is None:
        return
    wait([parent.sentinel])
    with contextlib.suppress(OSError):
        Path(log).unlink()
    if os.name != "nt":
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def do_job(context: Context, tell: Callable[[int, str], None]) -> dict[str, object]:
    """Do one job in its folder: the function, then the notebook, then the record."""
    job, told = context.job, {"cells_cpu_seconds": 0.0, "doubts": []}
    begun = worked = process_time()
    point("job.start", job.scenario)
    before = _sources(job)
    try:
        if job.work is not None:
            load(job.work)(context)
            worked = process_time()
        point("job.worked", job.scenario)
        if job.notebook is not None:
            told = _render(context, tell)
        point("job.rendered", job.scenario)
        _check_unchanged(job, before)
        store.seal(context.folder, job.made_from)
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        raise Stopped(store.explain(error, job.folder)) from error
    return told | {"work_cpu_seconds": worked - begun, "cpu_seconds": process_time() - begun}


def _sources(job: Job) -> dict[str, tuple[int, int, int]]:
    """How the job's files stand now: size, time of the last change and place on the disk.

    Raises:
        Stopped: one is no longer what the job was planned with.
    """
    before = {name: _standing(path) for name, path in job.sources.items()}
    changed = [name for name, path in job.sources.items() if digest(path) != job.made_from[name]]
    if changed:
        raise Stopped(_while_made(changed))
    return before


def _check_unchanged(job: Job, before: Mapping[str, tuple[int, int, int]]) -> None:
    """Refuse a result of files that somebody wrote meanwhile, be it to put back what was there."""
    changed = [name for name, path in job.sources.items() if _standing(path) != before[name]]
    if changed:
        raise Stopped(_while_made(changed))


def _standing(path: Path) -> tuple[int, int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns, state.st_ino


def _while_made(changed: Sequence[str]) -> str:
    return f"changed while this was being made: {', '.join(changed)}. Run again."


_ONE = threading.Lock()
_TAINTED = threading.Event()
"""Set once a notebook has left something behind in a process that is not ours to replace."""


def do_job_away(job: Job, timeout: float | None = None) -> dict[str, object]:
    """Do one job in a process that is not ours (a dask worker), and send its files back.

    One at a time in a process: a notebook has the working folder, the environment and the figures to itself. With a
    time limit (seconds), or after a notebook that left something behind, it has a process of its own as well, which
    can be ended without losing the dask worker.

    Raises:
        Stopped: the job failed or took too long.
    """
    with _ONE, tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        context = Context(job=job, folder=folder)
        apart = timeout is not None or _TAINTED.is_set()
        try:
            told = _do_apart(timeout, context) if apart else do_job(context, lambda *_: None)
        except Stopped as stop:
            _note(stop.doubts)
            raise
        _note(told["doubts"])
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in _files(folder)}
    return {**told, "files": files}


def _note(doubts: object) -> None:
    """Remember that this process is no longer clean."""
    if doubts:
        _TAINTED.set()


def _do_apart(timeout: float | None, context: Context) -> dict[str, object]:
    """Do one job in a process of its own, which is ended after so many seconds."""
    warm = DEFAULT_WARM if context.job.notebook else ()
    tasks = {0: Task(label=context.job.label, payload=context.job)}
    with _as_parent():
        runs = run(tasks, "model.batch.worker:do_job", lambda _: context, workers=1, timeout=timeout, warm=warm)
        ((_, outcome),) = runs
    if outcome.error:
        raise Stopped(outcome.error, outcome.cell, outcome.doubts)
    return cast("dict[str, object]", outcome.value)


@contextlib.contextmanager
def _as_parent() -> Iterator[None]:
    """Let this process have children: dask's nanny starts its worker as a daemon, which may have none.

    The rule is there because a daemon that is killed leaves them behind. Ours end with it (``_follow_parent``).
    """
    settings = cast("dict[str, object]", vars(current_process())["_config"])
    daemon = settings.pop("daemon", None)
    try:
        yield
    finally:
        if daemon is not None:
            settings["daemon"] = daemon


def _files(folder: Path) -> list[Path]:
    """Every file of a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _render(context: Context, tell: Callable[[int, str], None]) -> dict[str, object]:
    """Execute and export a job's notebook."""
    job, rendering = context.job, importlib.import_module("model.batch.render")
    try:
        meter = rendering.render(
            job.notebook,
            job.parameters,
            context.folder / f"{job.name}.ipynb",
            context.folder / f"{job.name}.html",
            exporter=job.exporter,
            folder=job.notebook_folder,
            guard=_WARM[0] if _WARM else None,
            at_cell=tell,
        )
    except rendering.CellError as error:
        raise Stopped(str(error), error.failure.cell, error.doubts) from error
    except rendering.ParameterError as error:
        raise Stopped(str(error)) from error
    except OSError:
        raise
    except Exception as error:  # not a cell's: something that the notebook broke, and that nobody has put back
        raise Stopped(_describe(error), doubts=("an unforeseen error",)) from error
    return {"cells_cpu_seconds": meter.cells_cpu_seconds, "doubts": meter.doubts}
