"""A notebook and its parameters become an executed notebook and one HTML file.

Parameters are checked against the notebook's own declaration first: papermill itself only warns about a name it does
not know, and runs on the defaults.
"""

import ast
import difflib
import itertools
import math
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbconvert.exporters import HTMLExporter

from model.batch import kernels
from model.batch.kernels import Session
from model.batch.tasks import Stopped, load

_CELL_FILE = re.compile(r"\S*ipykernel_\d+[\\/](\d+)\.py")
"""How a warning names the cell it comes from: with the number of the kernel's process in it."""
_EXPORT = threading.Lock()
"""An exporter keeps what it is at: one page at a time."""
_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
    "list": (list, tuple),
    "dict": (dict,),
}


class ParameterError(Stopped):
    """A parameter the notebook does not declare, or a value of the wrong type; every problem, one a line."""


def check_parameters(path: Path, parameters: Mapping[str, object]) -> dict[str, object]:
    """Parameters as plain values that the notebook's cell tagged ``parameters`` declares.

    Raises ParameterError with every unknown name, the nearest known one beside it, and every value of the wrong type.
    """
    known = papermill.inspect_notebook(str(path))
    plain = {name: _plain(value) for name, value in parameters.items()}
    problems = [f"{path.name}: {problem}" for name in plain if (problem := _problem(name, plain[name], known))]
    if problems:
        raise ParameterError("\n".join(problems))
    return plain


def _plain(value: object) -> object:
    """Turn numpy's scalars into Python's own: papermill would pass them on as text."""
    item = getattr(value, "item", None)
    return item() if callable(item) and getattr(value, "shape", None) == () else value


def _problem(name: str, value: object, known: Mapping[str, Any]) -> str:
    """What is wrong with one parameter, or nothing."""
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it declares {', '.join(sorted(known)) or 'none'}"
        return f"no parameter {name} (value {value!r}); {hint}"
    kind, optional = _declared(known[name]["inferred_type_name"], known[name]["default"])
    if value is None and optional:
        return ""
    allowed = _TYPES.get(kind, (str, bool, int, float, list, tuple, dict, type(None)))
    wrong_bool = isinstance(value, bool) and bool not in allowed
    if wrong_bool or not isinstance(value, allowed):
        return f"parameter {name} is declared {kind or 'a plain value'}, got {type(value).__name__} {value!r}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"parameter {name} is {value!r}; a finite number is expected"
    return ""


def _declared(annotation: str, default: str) -> tuple[str, bool]:
    """Read an annotation such as ``str``, ``list[str]`` or ``float | None``: its kind, and whether it may be None.

    Without one, go by the default.
    """
    if annotation == "None":
        try:
            value = ast.literal_eval(default)
        except (ValueError, SyntaxError):
            return "", True
        return "" if value is None else type(value).__name__, value is None
    parts = [part.strip() for part in annotation.replace("Optional[", "None |").rstrip("]").split("|")]
    kinds = [part.partition("[")[0] for part in parts if part and part != "None"]
    return kinds[0] if len(kinds) == 1 else "", len(kinds) < len(parts)


def plain_page(done: nbformat.NotebookNode, beside: Sequence[str]) -> str:
    """The page that ``jupyter nbconvert --template basic`` makes."""
    del beside
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(done)  # type: ignore[no-untyped-call]
    return str(page)


def render(
    notebook: Path,
    parameters: Mapping[str, object],
    target: Path,
    session: Session,
    *,
    page: str | Callable[[nbformat.NotebookNode, Sequence[str]], str],
) -> None:
    """Execute a notebook on a session's kernel and export it: ``target`` is the notebook, the page stands beside it.

    ``page`` makes the page of the notebook, given the names of the files beside it, to which it may link.

    Raises ParameterError before anything runs, and Stopped where the session's work or a cell failed, or the kernel
    ended; nothing is then written.
    """
    plain = check_parameters(notebook, parameters)
    done = kernels.execute(nbformat.read(notebook, as_version=4), plain, session)  # type: ignore[no-untyped-call]
    if (failure := session.failure) is not None:
        place = ", ".join(part for part in (f"{notebook.name}, cell {failure.cell}", failure.line) if part)
        raise Stopped(f"{place}\n{failure.name}: {failure.message}".rstrip(": \n"), failure.cell)
    tidied = tidy(done, notebook, target)
    _write(tidied, target)
    beside = sorted(path.name for path in target.parent.iterdir())
    with _EXPORT:
        made = load(page)(tidied, beside)
    target.with_suffix(".html").write_text(made, encoding="utf-8", newline="\n")


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
        if cell.cell_type == "code":
            cell.outputs = _whole_streams(cell.outputs)
    return done


def _whole_streams(outputs: Sequence[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Outputs with neighbouring text in one piece a stream: how a kernel cuts it, and which is first, is chance."""
    whole: list[nbformat.NotebookNode] = []
    for is_text, together in itertools.groupby(outputs, lambda output: output.output_type == "stream"):
        several = list(together)
        if not is_text:
            whole += several
            continue
        for name in ("stdout", "stderr"):
            if pieces := [output for output in several if output.name == name]:
                text = "".join(piece.text for piece in pieces)
                pieces[0].text = _CELL_FILE.sub(r"notebook-cell-\1.py", text)
                whole.append(pieces[0])
    return whole
