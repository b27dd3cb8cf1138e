"""One job on one kernel: its own work, then its notebook, by papermill and nbclient as they come.

A ``Session`` is what the caller keeps of it: where it is, what it took, and the means to end it from another thread.
"""

from __future__ import annotations

import ast
import contextlib
import json
import re
import signal
import tempfile
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from nbclient.util import run_sync
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from model.batch import provisioner
from model.batch.tasks import Stopped

ENGINE = "session"
INSIDE = "__import__('model.batch.inside', fromlist=['begin'])"
ARGUMENTS = (
    "--HistoryManager.enabled=False",
    "--IPKernelApp.log_level=ERROR",  # or it warns of TCP where there is nothing else
    "--Session.packer=model.batch.inside.pack",
    "--Session.unpacker=model.batch.inside.unpack",
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Where a notebook stopped: the cell's number from 1 without the injected one, the line in it, and why."""

    cell: int
    name: str
    message: str
    line: str = ""


@dataclass(kw_only=True)
class Session:
    """One job's kernel. Processor times are in seconds."""

    folder: Path
    environment: Mapping[str, str]
    packed: bytes = b""
    since: float = field(default_factory=time.monotonic)
    at: tuple[int, str] | None = None
    told: dict[str, Any] = field(default_factory=dict)
    cells_cpu_seconds: float = 0.0
    kernel_cpu_seconds: float = 0.0
    failure: Failure | None = None
    why_ended: str = ""
    process: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def started(self, process: Any) -> None:  # noqa: ANN401 - a Popen, or a fork that behaves like one
        """Take the kernel's process in hand; one that was ended before it began ends now."""
        with self._lock:
            self.process = process
            if self.why_ended:
                process.kill()

    def end(self, why: str) -> None:
        """End the kernel and whatever it started, from any thread."""
        with self._lock:
            self.why_ended = self.why_ended or why
            if self.process is not None:
                self.process.kill()

    @property
    def place(self) -> str:
        """Where the notebook was, in the words of a message."""
        return f" in cell {self.at[0]}: {self.at[1]}" if self.at else ""

    def how_ended(self) -> str:
        """How the kernel's process ended, if it was not by us."""
        status = self.process.poll() if self.process is not None else None
        if status is not None and status < 0:
            name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
            return f"was ended by {name}{' (often: out of memory)' if name == 'SIGKILL' else ''}"
        return f"ended with status {status}"


class SessionClient(PapermillNotebookClient):
    """papermill's client: before the notebook's cells come the job's own work and a look at the clock."""

    def __init__(self, manager: NotebookExecutionManager, session: Session, **options: Any) -> None:  # noqa: ANN401
        super().__init__(manager, on_cell_execute=self._note, **options)
        self.session = session
        self.numbers = cell_numbers(self.nb)

    def start_new_kernel(self, **options: Any) -> None:  # noqa: ANN401 - nbclient's
        """Start the kernel, and have it in hand before anything runs in it."""
        super().start_new_kernel(**options)
        self.session.started(self.km.provisioner.process)

    def papermill_execute_cells(self) -> None:
        """Do the job's work and, if that is well, the cells."""
        session = self.session
        if session.packed:
            session.told = json.loads(self.ask(f"{INSIDE}.told()", f"{INSIDE}.begin({session.packed!r})"))
            if session.told["error"]:
                return
        before = self.clock()
        super().papermill_execute_cells()
        session.failure = failure_in(self.nb)
        session.kernel_cpu_seconds = self.clock()
        session.cells_cpu_seconds = session.kernel_cpu_seconds - before

    def clock(self) -> float:
        """Processor seconds of the kernel so far; 0 where a notebook has broken the clock."""
        with contextlib.suppress(ValueError, TypeError, SyntaxError):
            return float(self.ask("__import__('time').process_time()"))
        return 0.0

    async def async_ask(self, expression: str, code: str = "") -> Any:  # noqa: ANN401 - whatever is asked for
        """Return the value of an expression of Python's plain kinds in the kernel, after some code."""
        message = self.kc.execute(code, silent=True, store_history=False, user_expressions={"it": expression})
        content = (await self.async_wait_for_reply(message))["content"]
        found = content.get("user_expressions", {}).get("it", {})
        return ast.literal_eval(found["data"]["text/plain"]) if found.get("status") == "ok" else None

    ask = run_sync(async_ask)

    def _note(self, cell: NotebookNode, cell_index: int) -> None:
        self.session.at = self.numbers[cell_index], cell.source.strip().splitlines()[0]


class SessionEngine(Engine):
    """papermill's interface to the client above."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        session: Session,
        **options: Any,  # noqa: ANN401 - what papermill passes to every engine
    ) -> None:
        """Run a notebook on a kernel of its own, which ends with it."""
        del options
        client = SessionClient(
            nb_man,
            session,
            kernel_name=kernel_name,
            config=_connection(),
            extra_arguments=list(ARGUMENTS),
            shutdown_kernel="immediate",
            shell_timeout_interval=1,
            record_timing=False,
            timeout=None,
        )
        client.execute(cwd=str(session.folder), env=dict(session.environment))


papermill_engines.register(ENGINE, SessionEngine)


def _connection() -> Config:
    """How to speak with a kernel: by files that only this user may open, where the system has such."""
    file = Path(tempfile.gettempdir()) / f"kernel-{uuid.uuid4().hex[:12]}.json"
    transport = "ipc" if provisioner.can_fork() else "tcp"
    return Config({"KernelManager": {"transport": transport, "connection_file": str(file)}})


def execute(notebook: NotebookNode | None, parameters: Mapping[str, object], session: Session) -> NotebookNode:
    """Do a session's work, then execute a notebook (an empty one unless given) on the same kernel.

    Raises Stopped where the work failed or the kernel ended.
    """
    node = notebook or nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    try:
        node = papermill.execute_notebook(
            node, None, parameters, engine_name=ENGINE, progress_bar=False, request_save_on_cell_execute=False,
            session=session, kernel_name=None if notebook else "python3",
        )  # fmt: skip
    except PapermillExecutionError as error:
        session.failure = session.failure or Failure(cell=error.cell_index, name=error.ename, message=error.evalue)
    except (DeadKernelError, RuntimeError) as error:
        raise _ended(session, error) from error
    if session.told.get("error"):
        raise Stopped(session.told["error"], session.told["cell"])
    return node


def _ended(session: Session, error: Exception) -> Stopped:
    cell = session.at[0] if session.at else None
    if session.why_ended:
        return Stopped(f"{session.why_ended}{session.place}", cell)
    how = session.how_ended()
    if how.endswith("None"):  # it lives: it is something else that went wrong
        return Stopped(f"{type(error).__name__}: {error}", cell)
    return Stopped(f"its kernel {how}{session.place}", cell)


def cell_numbers(notebook: NotebookNode) -> list[int]:
    """Each cell's number, from 1, in the notebook as written: the injected cell shares its predecessor's."""
    numbers, number = [], 0
    for cell in notebook.cells:
        number += "injected-parameters" not in cell.metadata.get("tags", [])
        numbers.append(number)
    return numbers


def failure_in(notebook: NotebookNode) -> Failure | None:
    """The first cell that stopped a notebook; also after ``sys.exit(0)``, which papermill takes for an end."""
    for number, cell in zip(cell_numbers(notebook), notebook.cells, strict=True):
        errors = [output for output in cell.get("outputs", []) if output.output_type == "error"]
        if errors and "raises-exception" not in cell.metadata.get("tags", []):
            error = errors[-1]
            line = _line(cell, "\n".join(error.traceback))
            return Failure(cell=number, name=error.ename, message=error.evalue, line=line)
    return None


def _line(cell: NotebookNode, trace: str) -> str:
    """The cell's own line that a traceback ends in, as ``line 2: source``; nothing where it names none."""
    said = re.findall(rf"In\[{cell.execution_count}\], line (\d+)", _COLOURS.sub("", trace))
    lines = cell.source.splitlines()
    number = int(said[-1]) if said else 0
    return f"line {number}: {lines[number - 1].strip()}" if 0 < number <= len(lines) else ""
