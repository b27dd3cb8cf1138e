"""A notebook and its parameters become an executed notebook and one HTML file.

Parameters are checked against the notebook's own declaration first: papermill itself only warns about a name it does
not know, and runs on the defaults.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import difflib
import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from model.batch import lean

with lean.imports():
    import nbformat
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from model.batch import engine

from model.batch.engine import Failure, Meter
from model.batch.pool import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from nbconvert.exporters import HTMLExporter

    from model.batch.guard import Guard

DEFAULT_EXPORTER = "model.batch.plain:plain_exporter"
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
    "list": (list, tuple),
    "dict": (dict,),
}


class ParameterError(ValueError):
    """A parameter the notebook does not declare, or a value of the wrong type; every problem, one a line."""


class CellError(RuntimeError):
    """A cell raised."""

    def __init__(self, notebook: Path, failure: Failure, doubts: Sequence[str] = ()) -> None:
        self.failure, self.doubts = failure, tuple(doubts)
        line = f", line {failure.line_number}: {failure.line}" if failure.line else ""
        super().__init__(
            f"{notebook.name}, cell {failure.cell}{line}\n{failure.name}: {failure.message}".rstrip(": \n")
        )


@dataclass(frozen=True, kw_only=True)
class Declared:
    """One parameter as a notebook declares it."""

    name: str
    kind: str
    optional: bool


@functools.lru_cache(maxsize=16)
def _read(path: Path, size: int, changed_ns: int) -> nbformat.NotebookNode:
    """A notebook, read once a process for as long as the file does not change."""
    del size, changed_ns
    return nbformat.read(path, as_version=4)  # type: ignore[no-any-return,no-untyped-call]


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """A notebook that the caller may change."""
    state = path.stat()
    return copy.deepcopy(_read(path, state.st_size, state.st_mtime_ns))


@functools.lru_cache(maxsize=16)
def _declared(path: Path, size: int, changed_ns: int) -> dict[str, Declared]:
    """A notebook's parameters, read once a process for as long as the file does not change."""
    found = papermill.inspect_notebook(copy.deepcopy(_read(path, size, changed_ns)))
    return {name: _declare(name, item["inferred_type_name"], item["default"]) for name, item in found.items()}


def declared_parameters(path: Path) -> dict[str, Declared]:
    """The parameters that a notebook's cell tagged ``parameters`` declares."""
    state = path.stat()
    return dict(_declared(path, state.st_size, state.st_mtime_ns))


def _declare(name: str, annotation: str, default: str) -> Declared:
    """Read an annotation such as ``str``, ``list[str]`` or ``float | None``; without one, go by the default."""
    if annotation == "None":
        try:
            value = ast.literal_eval(default)
        except (ValueError, SyntaxError):
            return Declared(name=name, kind="", optional=True)
        return Declared(name=name, kind="" if value is None else type(value).__name__, optional=value is None)
    parts = [part.strip() for part in annotation.replace("Optional[", "None |").rstrip("]").split("|")]
    kinds = [part.partition("[")[0] for part in parts if part and part != "None"]
    return Declared(name=name, kind=kinds[0] if len(kinds) == 1 else "", optional=len(kinds) < len(parts))


def check_parameters(path: Path, parameters: Mapping[str, object]) -> dict[str, object]:
    """Parameters as plain values that the notebook declares.

    Raises:
        ParameterError: every unknown name, with the nearest known one, and every value of the wrong type.
    """
    known = declared_parameters(path)
    plain = {name: _plain(value) for name, value in parameters.items()}
    problems = [_problem(path, name, value, known) for name, value in plain.items()]
    if any(problems):
        raise ParameterError("\n".join(problem for problem in problems if problem))
    return plain


def _plain(value: object) -> object:
    """Turn numpy's scalars into Python's own: papermill would pass them on as text."""
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "shape", None) == () else value


def _problem(path: Path, name: str, value: object, known: Mapping[str, Declared]) -> str:
    """What is wrong with one parameter, or nothing."""
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it declares {', '.join(sorted(known)) or 'none'}"
        return f"{path.name}: no parameter {name} (value {value!r}); {hint}"
    declared = known[name]
    if value is None and declared.optional:
        return ""
    allowed = _TYPES.get(declared.kind, (str, bool, int, float, list, tuple, dict, type(None)))
    wrong_bool = isinstance(value, bool) and bool not in allowed
    if wrong_bool or not isinstance(value, allowed):
        return (
            f"{path.name}: parameter {name} is declared {declared.kind or 'a plain value'}, "
            f"got {type(value).__name__} {value!r}"
        )
    if isinstance(value, float) and not math.isfinite(value):
        return f"{path.name}: parameter {name} is {value!r}; a finite number is expected"
    return ""


@functools.lru_cache(maxsize=4)
def exporter_for(factory: str | Callable[[], HTMLExporter]) -> HTMLExporter:
    """The exporter a factory (or its import path, ``module:function``) makes, made once a process."""
    return load(factory)()  # type: ignore[no-any-return]


def warm_up(modules: Iterable[str], exporters: Iterable[str | Callable[[], HTMLExporter]] = ()) -> Guard:
    """Load what the first notebook and its page would load; the state that every notebook starts from.

    An exporter that cannot be made is left for the job that needs it to say so.
    """
    engine.register()
    engine.warm_up(modules)
    for factory in exporters:
        with contextlib.suppress(Exception), lean.imports():
            exporter_for(factory)
    return engine.settle()


def render(  # noqa: PLR0913 - each is one thing a caller may choose
    notebook: Path,
    parameters: Mapping[str, object],
    out_ipynb: Path,
    out_html: Path,
    *,
    exporter: str | Callable[[], HTMLExporter] = DEFAULT_EXPORTER,
    folder: Path | None = None,
    guard: Guard | None = None,
    at_cell: Callable[[int, str], None] | None = None,
) -> Meter:
    """Execute a notebook with papermill's ``warm`` engine in this process and export it.

    Args:
        notebook: the notebook, with a cell tagged ``parameters``.
        parameters: plain values; each must be declared there.
        out_ipynb: where the executed notebook goes: no times, no machine's paths.
        out_html: where the page goes.
        exporter: makes the nbconvert exporter, or its import path; called once a process.
        folder: the working folder; the notebook's own unless given, as in JupyterLab.
        guard: the state to start from; taken now unless given.
        at_cell: told each cell's number (from 1, as in ``notebook``) and first line before it runs.

    Raises:
        ParameterError: before anything runs.
        CellError: a cell raised; ``out_ipynb`` then holds what ran, ``out_html`` is not written.
    """
    plain = check_parameters(notebook, parameters)
    engine.register()
    meter = Meter(at_cell=at_cell)
    node = done = read_notebook(notebook)
    try:
        done = papermill.execute_notebook(
            node,
            None,
            plain,
            engine_name=engine.NAME,
            progress_bar=False,
            request_save_on_cell_execute=False,
            cwd=folder or notebook.parent,
            meter=meter,
            guard=guard,
        )
    except PapermillExecutionError as error:
        meter.failure = meter.failure or Failure(cell=error.cell_index, name=error.ename, message=error.evalue)
    # Also after ``sys.exit(0)``, which papermill takes for an end: what did not run is missing.
    if meter.failure is not None:
        if meter.notebook is not None:
            _write(tidy(meter.notebook, notebook, out_ipynb), out_ipynb)
        raise CellError(notebook, meter.failure, meter.doubts)
    tidied = tidy(done, notebook, out_ipynb)
    _write(tidied, out_ipynb)
    page, _ = exporter_for(exporter).from_notebook_node(tidied, resources={"metadata": {"name": notebook.stem}})
    out_html.write_text(page, encoding="utf-8", newline="\n")
    return meter


def _write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook with the same line ends everywhere."""
    text: str = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def tidy(done: nbformat.NotebookNode, source: Path, target: Path) -> nbformat.NotebookNode:
    """An executed notebook without times, paths of this machine and random names: same work, same bytes."""
    papermill_says = done.metadata.get("papermill", {})
    for key in ("start_time", "end_time", "duration", "environment_variables"):
        papermill_says.pop(key, None)
    papermill_says.update({"input_path": source.name, "output_path": target.name})
    for cell in done.cells:
        for key in ("start_time", "end_time", "duration"):
            cell.metadata.get("papermill", {}).pop(key, None)
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = "injected-parameters"
    return done
