"""A papermill engine that runs a notebook's cells in this process: no kernel to start, nothing to import again.

The shell is ipykernel's own (so that libraries which ask where they run get the kernel's answer), with its messages
kept in memory instead of sent over a socket. Outputs are built from those messages as nbclient builds them.
Each notebook gets a new shell and a new namespace; ``guard`` puts everything else back.

The engine is meant for a process that does nothing else. It is registered under the name ``warm``.
"""

from __future__ import annotations

import atexit
import builtins
import gc
import hashlib
import io
import os
import shutil
import sys
import warnings
from dataclasses import dataclass, field
from time import process_time as clock  # by a name of ours: what a notebook does to ``time`` is no matter here
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import matplotlib as mpl
import matplotlib.pyplot as plt
from ipykernel.displayhook import ZMQShellDisplayHook
from ipykernel.zmqshell import ZMQDisplayPublisher, ZMQInteractiveShell
from IPython.core.compilerop import CachingCompiler
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.pylabtools import activate_matplotlib
from matplotlib_inline import backend_inline
from matplotlib_inline.config import InlineBackend
from nbformat import v4
from papermill.engines import Engine, papermill_engines
from traitlets import Any as AnyTrait
from traitlets import Type
from traitlets.config import Config

from model.batch import printer
from model.batch.guard import Guard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from nbformat import NotebookNode
    from papermill.engines import NotebookExecutionManager

NAME = "warm"
INLINE = "module://matplotlib_inline.backend_inline"
ENVIRONMENT = {
    "MPLBACKEND": INLINE,
    "TERM": "xterm-color",
    "CLICOLOR": "1",
    "FORCE_COLOR": "1",
    "CLICOLOR_FORCE": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
}
"""What ipykernel sets for the code it runs."""
CELL_FILE = "notebook-cell-"
SHOWN = {"execute_result", "display_data", "stream", "error"}


FIRST_STEPS = (
    "import matplotlib.pyplot as plt, pandas as pd\nfigure, axes = plt.subplots(figsize=(1, 1))",
    "axes.plot([0, 1], label='a'); axes.set_title('a'); axes.legend(); plt.show()",
    "pd.DataFrame({'a': [1.0]})",
)
"""What makes matplotlib find its fonts and pandas its formats, which a first notebook would pay for."""


COLLECT_AFTER = (5_000, 20, 100)
"""How much garbage figures may leave before it is looked for: a tenth less time for 15 MB."""


@dataclass(kw_only=True)
class Cell:
    """What one cell has sent so far, in nbformat's terms."""

    outputs: list[NotebookNode] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)  # of the last output's text: adding to the text itself is quadratic
    clear_next: bool = False

    def settle(self) -> None:
        """Give the last output the text that has come for it."""
        if self.pieces:
            self.outputs[-1].text += "".join(self.pieces)
            self.pieces.clear()

    def clear(self) -> None:
        """Drop all outputs."""
        self.pieces.clear()
        self.outputs.clear()
        self.clear_next = False


@dataclass(kw_only=True)
class Recorder:
    """Stands where the kernel's socket would: turns messages into the outputs of the running cell."""

    cell: Cell = field(default_factory=Cell)
    named: dict[str, list[NotebookNode]] = field(default_factory=dict)
    pid: int = 0

    def msg(self, kind: str, content: dict[str, Any], parent: object = None) -> dict[str, Any]:
        """Make a message."""
        del parent
        return {"msg_type": kind, "header": {"msg_type": kind}, "content": content, "parent_header": {}, "metadata": {}}

    def send(self, socket: object, msg: Any, content: Any = None, parent: object = None, ident: object = None) -> None:  # noqa: ANN401
        """Receive a message."""
        del socket, ident
        self.take(self.msg(msg, content, parent) if isinstance(msg, str) else msg)

    def take(self, message: dict[str, Any]) -> None:
        """Add a message to the running cell, as nbclient does."""
        kind, content = message["msg_type"], message["content"]
        name = (content.get("transient") or {}).get("display_id")
        if name and kind in {"execute_result", "display_data", "update_display_data"}:
            for shown in self.named.get(name, []):
                shown.data, shown.metadata = _output(_as_display(message))["data"], content["metadata"]
        if kind == "clear_output":
            if content.get("wait"):
                self.cell.clear_next = True
            else:
                self.cell.clear()
        elif kind in SHOWN and not self._joins(kind, content):
            self._append(message, name)

    def _joins(self, kind: str, content: Mapping[str, Any]) -> bool:
        """Add text that follows text of the same stream to it; whether this was that."""
        last = self.cell.outputs[-1] if self.cell.outputs and not self.cell.clear_next else None
        if last is None or kind != "stream" or last.output_type != "stream" or last.name != content["name"]:
            return False
        self.cell.pieces.append(content["text"])
        return True

    def _append(self, message: dict[str, Any], name: str | None) -> None:
        """Append one output."""
        output = _output(message)
        if self.cell.clear_next:
            self.cell.clear()
        self.cell.settle()
        self.cell.outputs.append(output)
        if name:
            self.named.setdefault(name, []).append(output)


def _output(message: dict[str, Any]) -> Any:  # noqa: ANN401 - a node of a notebook
    """A message as an output of a notebook."""
    return v4.output_from_msg(message)  # type: ignore[no-untyped-call]


def _as_display(message: dict[str, Any]) -> dict[str, Any]:
    """The same message as plain display data, whose content nbformat understands."""
    return {**message, "header": {"msg_type": "display_data"}, "msg_type": "display_data"}


class Stream(io.TextIOBase):
    """A notebook's stdout or stderr."""

    encoding = "UTF-8"

    def __init__(self, name: str, recorder: Recorder) -> None:
        """Write what is printed to ``recorder`` under ``name``."""
        super().__init__()
        self.name = name
        self._recorder = recorder

    def write(self, text: Any, /) -> int:  # noqa: ANN401 - a kernel refuses anything but text itself
        """Send text as one message."""
        if not isinstance(text, str):
            message = f"write() argument must be str, not {type(text)}"
            raise TypeError(message)
        if text:
            told = text if text.isascii() else text.encode(errors="backslashreplace").decode()  # half a character
            self._recorder.take(self._recorder.msg("stream", {"name": self.name, "text": told}))
        return len(text)

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True


class Hook(ZMQShellDisplayHook):
    """The kernel's display hook, speaking to a recorder."""

    session = AnyTrait()


class Publisher(ZMQDisplayPublisher):
    """The kernel's display publisher, speaking to a recorder."""

    session = AnyTrait()


class CellCompiler(CachingCompiler):
    """Names a cell's code by its content, as ipykernel does, but without the process number it puts in the name."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        """A file name that does not exist: warnings and tracebacks show it or the cell."""
        del transformed_code, number
        return f"{CELL_FILE}{hashlib.sha256(raw_code.encode()).hexdigest()[:12]}.py"


class WarmZMQShell(ZMQInteractiveShell):
    """The kernel's shell without a kernel. Its name holds "ZMQ" because pandas looks for that."""

    displayhook_class = Type(Hook)
    display_pub_class = Type(Publisher)
    compiler_class = Type(CellCompiler)
    kernel = AnyTrait(SimpleNamespace(shell_streams=[], session=None))

    def enable_gui(self, gui: object = None) -> None:
        """Do nothing: a report has no event loop."""

    def init_environment(self) -> None:
        """Set what a kernel sets."""
        os.environ.update(ENVIRONMENT)


def _no_input(prompt: object = "", /) -> str:
    """Refuse to wait for somebody to type."""
    del prompt
    message = "raw_input was called, but this frontend does not support input requests."
    raise StdinNotImplementedError(message)


def _open_shell(recorder: Recorder) -> WarmZMQShell:
    """A new shell with an empty namespace, wired to ``recorder`` and to matplotlib's inline backend."""
    InteractiveShell.clear_instance()
    WarmZMQShell.clear_instance()
    InlineBackend.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    config.IPCompleter.use_jedi = False
    shell: Any = WarmZMQShell.instance(config=config)
    shell.displayhook.session = recorder
    shell.displayhook.topic = b"execute_result"
    shell.displayhook.pub_socket = None
    shell.display_pub.session = recorder
    shell.display_pub.pub_socket = None
    sys.stdout, sys.stderr = Stream("stdout", recorder), Stream("stderr", recorder)
    builtins.input = _no_input
    _open_inline(shell)
    if "pandas" in sys.modules:
        # pandas chooses this when it is first imported: 0 in a terminal, 20 in a notebook
        sys.modules["pandas"].set_option("display.max_columns", 20)
    return shell  # type: ignore[no-any-return]


def warm_up(modules: Iterable[str]) -> None:
    """Import modules as a notebook would, draw and show something once."""
    before = sys.modules["__main__"], builtins.input
    shell: Any = _open_shell(Recorder())
    try:
        for source in (*(f"import {name}" for name in modules), *FIRST_STEPS):
            shell.run_cell(source, store_history=False).raise_error()
    finally:
        _close_shell(shell)
        sys.modules["__main__"], builtins.input = before
        sys.stdout, sys.stderr, sys.displayhook = sys.__stdout__, sys.__stderr__, sys.__displayhook__


def settle() -> Guard:
    """Take the process as it is now, all loaded, for the state that every notebook starts from."""
    # What is loaded now stays: the collector need not look through it again during every notebook.
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()
    return Guard.take()


def _open_inline(shell: Any) -> None:  # noqa: ANN401 - IPython ships few types
    """Do what a first ``import matplotlib.pyplot`` does in a kernel, which a warm process has behind it."""
    inline, pyplot = cast("Any", backend_inline), cast("Any", plt)
    inline.configure_inline_support.current_backend = "unset"
    inline.show._to_draw = []  # noqa: SLF001
    inline.show._draw_called = False  # noqa: SLF001
    pyplot._REPL_DISPLAYHOOK = type(pyplot._REPL_DISPLAYHOOK).NONE  # noqa: SLF001
    mpl.rcParams["backend"] = INLINE
    cast("Any", activate_matplotlib)(INLINE)
    inline.configure_inline_support(shell, INLINE)
    # After the inline backend has shown and closed a cell's figures, pyplot finds none left to draw once more: in a
    # kernel it comes first, and draws each figure for nobody. What that would change is drawn first here, too.
    pyplot.uninstall_repl_displayhook()
    pyplot.install_repl_displayhook()
    shell.events.callbacks["post_execute"].insert(0, printer.draw_first)
    printer.attach(shell)
    # A figure's identifiers are random unless salted: the same report must be the same bytes.
    mpl.rcParams["svg.hashsalt"] = "report"


def _cleared(shell: Any, guard: Guard) -> list[str]:  # noqa: ANN401
    """Drop the shell and put everything back; what that leaves in doubt."""
    doubts = []
    try:
        _close_shell(shell)
    except Exception as error:  # noqa: BLE001 - whatever a notebook broke, the next job has another process
        doubts.append(f"its shell could not be closed ({type(error).__name__}: {error})")
    return doubts + guard.restore()


def _close_shell(shell: Any) -> None:  # noqa: ANN401
    """Drop the shell and everything the notebook held."""
    plt.close("all")
    # Not shell.atexit_operations(): it collects all garbage, a tenth of a second each time.
    atexit.unregister(shell.atexit_operations)
    for folder in shell.tempdirs:
        shutil.rmtree(folder, ignore_errors=True)
    shell.events.callbacks = {name: [] for name in shell.events.callbacks}
    shell.user_ns.clear()
    shell.user_ns_hidden.clear()
    vars(shell.user_module).clear()
    for name in ("last_type", "last_value", "last_traceback", "last_exc"):
        if hasattr(sys, name):
            delattr(sys, name)
    InlineBackend.clear_instance()
    WarmZMQShell.clear_instance()
    InteractiveShell.clear_instance()


def language_info() -> dict[str, Any]:
    """What a Python kernel says of itself, which nbconvert reads to colour code."""
    return {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": sys.version.split()[0],
    }


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Where a notebook stopped: the cell's number from 1 without the injected one, the line in it, and why."""

    cell: int
    name: str
    message: str
    line_number: int = 0
    line: str = ""


@dataclass(kw_only=True)
class Meter:
    """What running a notebook took: the cells' own processor time in seconds, and what it left behind."""

    cells_cpu_seconds: float = 0.0
    doubts: list[str] = field(default_factory=list)
    failure: Failure | None = None
    notebook: NotebookNode | None = None
    at_cell: Callable[[int, str], None] | None = None


def _is_run(cell: NotebookNode) -> bool:
    """Whether nbclient would run this cell."""
    return bool(
        cell.cell_type == "code" and cell.source.strip() and "skip-execution" not in cell.metadata.get("tags", [])
    )


def _run_cell(shell: Any, recorder: Recorder, cell: NotebookNode) -> BaseException | None:  # noqa: ANN401
    """Run one cell and keep what it showed; what it raised, unless it was allowed to."""
    recorder.cell = Cell(outputs=cell.outputs)
    result = shell.run_cell(cell.source, store_history=True)
    recorder.cell.settle()
    cell.execution_count = result.execution_count
    allowed = result.success or "raises-exception" in cell.metadata.get("tags", [])
    return None if allowed else result.error_before_exec or result.error_in_exec


def _failure(number: int, cell: NotebookNode, error: BaseException) -> Failure:
    """Where and why a cell stopped."""
    lines = cell.source.splitlines()
    at = error.lineno or 0 if isinstance(error, SyntaxError) else 0
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename.startswith(CELL_FILE):
            at = step.tb_lineno
        step = step.tb_next
    line = lines[at - 1].strip() if 0 < at <= len(lines) else ""
    return Failure(cell=number, name=type(error).__name__, message=str(error), line_number=at, line=line)


def cell_numbers(notebook: NotebookNode) -> list[int]:
    """Each cell's number, from 1, in the notebook as written: the injected cell shares its predecessor's."""
    numbers, number = [], 0
    for cell in notebook.cells:
        number += "injected-parameters" not in cell.metadata.get("tags", [])
        numbers.append(number)
    return numbers


def _runs(manager: NotebookExecutionManager) -> Iterator[tuple[int, NotebookNode]]:
    """Cells in order, each announced to papermill at its start and its end."""
    for index, cell in enumerate(manager.nb.cells):
        manager.cell_start(cell, index)
        try:
            yield index, cell
        finally:
            manager.cell_complete(cell, cell_index=index)


class WarmEngine(Engine):
    """papermill's interface to the above."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        **options: Any,  # noqa: ANN401
    ) -> None:
        """Run the cells until one raises; ``meter`` (a ``Meter``) and ``guard`` (a ``Guard``) may be passed on."""
        del kernel_name
        meter: Meter = options.get("meter") or Meter()
        guard: Guard = options.get("guard") or Guard.take()
        folder = os.getcwd()  # noqa: PTH109 - papermill has just moved here, and relative stays relative
        with warnings.catch_warnings():
            guard.reset()
            os.chdir(folder)
            recorder = Recorder()
            shell = _open_shell(recorder)
            started = clock()
            try:
                cls._run_cells(nb_man, shell, recorder, meter)
            finally:
                recorder.cell.settle()
                meter.cells_cpu_seconds += clock() - started
                meter.doubts += _cleared(shell, guard)
        nb_man.nb.metadata["language_info"] = language_info()

    @classmethod
    def _run_cells(
        cls, nb_man: NotebookExecutionManager, shell: WarmZMQShell, recorder: Recorder, meter: Meter
    ) -> None:
        """Run the cells in order, until one raises."""
        meter.notebook = nb_man.nb
        numbers, process = cell_numbers(nb_man.nb), os.getpid()
        for index, cell in _runs(nb_man):
            if not _is_run(cell):
                continue
            if meter.at_cell:
                meter.at_cell(numbers[index], cell.source.strip().splitlines()[0])
            error = _run_cell(shell, recorder, cell)
            if os.getpid() != process:  # a child that the cell forked: the rest is its parent's
                os._exit(0)
            if error is not None:
                meter.failure = _failure(numbers[index], cell, error)
                nb_man.cell_exception(cell, cell_index=index)
                break


def register() -> None:
    """Make ``engine_name="warm"`` known to papermill in this process."""
    papermill_engines.register(NAME, WarmEngine)


def outputs_of(notebook: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """A notebook's outputs, cell by cell, for comparison: neighbouring pieces of one stream joined."""
    return [_joined(cell.get("outputs", [])) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join pieces of text that a kernel happened to send apart, be it in the middle of a line."""
    joined: list[dict[str, Any]] = []
    for output in outputs:
        if output["output_type"] != "stream":
            joined.append(dict(output))
            continue
        text, last = "".join(output["text"]), joined[-1] if joined else {}
        if last.get("output_type") == "stream" and last["name"] == output["name"]:
            last["text"] += text
        else:
            joined.append({**output, "text": text})
    return joined
