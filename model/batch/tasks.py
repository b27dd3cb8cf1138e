"""Tasks and what comes of them; many at once in processes of their own, for work that is no notebook's.

A task names an importable function. The processes are the standard library's (``ProcessPoolExecutor``); they take no
notice of Ctrl-C, and end when the process that started them does.
"""

import importlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}
"""One thread each: there are as many processes as processors. Set before numpy is imported."""


class Stopped(Exception):  # noqa: N818 - an outcome, not an error of ours
    """A task stopped with a message for a person."""

    def __init__(self, message: str, cell: int | None = None) -> None:
        super().__init__(message)
        self.cell = cell


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a task: a value, or an error with the notebook's cell it happened in."""

    value: object = None
    error: str = ""
    cell: int | None = None
    seconds: float = 0.0


def load(path: str | Callable[..., Any]) -> Callable[..., Any]:
    """The function at an import path ``module:function``."""
    if callable(path):
        return path
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]


def do(function: str | Callable[..., Any], payload: object, **settings: object) -> Outcome:
    """Do one task here: what it raises is an outcome."""
    started = time.monotonic()
    try:
        value = load(function)(payload, **settings)
    except Stopped as stop:
        return Outcome(error=str(stop), cell=stop.cell, seconds=time.monotonic() - started)
    except Exception as error:  # noqa: BLE001 - told to the person who asked
        return Outcome(error=f"{type(error).__name__}: {error}", seconds=time.monotonic() - started)
    return Outcome(value=value, seconds=time.monotonic() - started)


def run(payloads: Mapping[int, Any], function: str, *, workers: int) -> Generator[tuple[int, Outcome]]:
    """Do every task in some process; yield each number with its outcome as it ends.

    A process that is killed takes the tasks that have not ended with it: each has an error that says so.
    """
    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=settle) as executor:
        try:
            futures = {executor.submit(do, function, payload): number for number, payload in payloads.items()}
            for future in as_completed(futures):
                try:
                    yield futures[future], future.result()
                except BrokenProcessPool:
                    text = "its process was ended from outside (often: out of memory)"
                    yield futures[future], Outcome(error=text)
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            for process in set(multiprocessing.active_children()) - others:
                process.kill()  # what it was computing is done again by the next run
            raise


def settle() -> None:
    """Ready a process for tasks: deaf to Ctrl-C, one thread a library, and ended with the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.update(ENVIRONMENT)
    threading.Thread(target=_end_with_parent, name="follow parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    wait([parent.sentinel] if parent else [])
    os._exit(1)
