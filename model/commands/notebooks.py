"""What a notebook in git may hold: its words and its code, and nothing that running it leaves behind.

`problems` says what is wrong with a notebook, all of it at once; `clean` removes what running left.
`python -m model clean-notebooks [NOTEBOOK ...]` does both (every notebook in notebooks/ when none is named).
"""

from __future__ import annotations

import ast
import io
import json
import re
import sys
import tokenize
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.commands.shared import BAD_INPUT, DONE, FAILED

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = ("jupyter", "tags")
LONGEST_CELL = 10
SCALARS = ("bool", "dict", "float", "int", "str")
HOW_TO_CLEAN = "python -m model clean-notebooks"

_BELONGS_IN_MODEL = {
    ast.FunctionDef: "def",
    ast.AsyncFunctionDef: "async def",
    ast.ClassDef: "class",
    ast.For: "for",
    ast.AsyncFor: "async for",
    ast.While: "while",
}

Json = dict[str, Any]


def problems(path: Path) -> list[str]:
    """Return everything wrong with a notebook, one line each: file, cell, what was found, how to mend it."""
    if not path.is_file():
        return [f"{path}: no such file"]
    try:
        text = path.read_text(encoding="utf-8")
        notebook = json.loads(text)
    except json.JSONDecodeError as error:
        return [f"{path}: line {error.lineno}: not a notebook's JSON ({error.msg}); restore it from git"]
    except UnicodeDecodeError:
        return [f"{path}: not UTF-8 text; restore it from git"]
    if not _is_notebook(path):
        return [f"{path}: JSON, and not a notebook's; restore it from git"]
    found = [f"{path}: {problem}" for problem in _problems(notebook.get("cells", []))]
    if text != cleaned(notebook):
        found.append(f"{path}: holds what running it leaves (outputs, counts, metadata); run: {HOW_TO_CLEAN} {path}")
    return found


def clean(path: Path) -> bool:
    """Remove outputs, counts, injected parameters and stray metadata in place; return whether anything changed."""
    text = path.read_text(encoding="utf-8")
    wanted = cleaned(json.loads(text))
    if wanted != text:
        path.write_text(wanted, encoding="utf-8", newline="\n")
    return wanted != text


def cleaned(notebook: Json) -> str:
    """Return a notebook's clean text: the same words and code give the same bytes, whoever last ran it."""
    cells = [_clean_cell(cell) for cell in notebook.get("cells", []) if "injected-parameters" not in _tags(cell)]
    taken: set[str] = set()
    for cell in cells:
        if cell["id"] in taken or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", cell["id"]):
            cell["id"] = ""
        taken.add(cell["id"])
    free = (name for number in count(1) if (name := f"cell-{number:02d}") not in taken)
    for cell in cells:
        cell["id"] = cell["id"] or next(free)
    notebook = {"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = subparsers.add_parser("clean-notebooks", help="strip outputs from notebooks, as they are kept in git")
    command.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="files; default all in notebooks/")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Clean notebooks, print what that cannot mend; 2 where one is no file, 1 if anything was changed or wrong."""
    paths = [Path(name) for name in options.notebooks] or sorted(Path("notebooks").glob("*.ipynb"))
    changed = [path for path in paths if _is_notebook(path) and clean(path)]
    wrong = [problem for path in paths for problem in problems(path)]
    sys.stdout.writelines(f"{line}\n" for line in [*(f"{path}: cleaned" for path in changed), *wrong])
    if not all(path.is_file() for path in paths):
        return BAD_INPUT
    return FAILED if changed or wrong else DONE


def _is_notebook(path: Path) -> bool:
    """Whether a file can be cleaned at all; ``problems`` says why where it cannot."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and isinstance(found.get("cells"), list)


def _clean_cell(cell: Json) -> Json:
    kept: Json = {
        "cell_type": cell["cell_type"],
        "id": cell.get("id", ""),
        "metadata": {key: value for key, value in cell.get("metadata", {}).items() if key in CELL_METADATA and value},
        "source": _source(cell).splitlines(keepends=True),
    }
    if cell["cell_type"] == "code":
        kept |= {"execution_count": None, "outputs": []}
    if "attachments" in cell:
        kept["attachments"] = cell["attachments"]
    return kept


def _problems(cells: list[Json]) -> Iterator[str]:
    marked = [number for number, cell in enumerate(cells, 1) if "parameters" in _tags(cell)]
    if len(marked) > 1:
        yield f"has {len(marked)} cells tagged 'parameters' (cells {marked}); expected one at most"
    for number, cell in enumerate(cells, 1):
        if cell["cell_type"] == "code":
            where = f"cell {number} ({cell.get('id') or 'no id'})"
            found = _code_problems(_source(cell), is_parameters="parameters" in _tags(cell))
            yield from (f"{where}: {problem}" for problem in found)


def _code_problems(source: str, *, is_parameters: bool) -> Iterator[str]:
    if (lines := len(source.strip().splitlines())) > LONGEST_CELL:
        yield f"has {lines} lines of code; expected {LONGEST_CELL} at most: split it, or move the work to model/"
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        yield f"line {error.lineno}: is not plain Python ({error.msg}); magics and shell lines do not run everywhere"
        return
    for node in ast.walk(tree):
        if word := _BELONGS_IN_MODEL.get(type(node)):
            yield f"line {node.lineno}: has `{word}`, which belongs in model/ with a test"  # type: ignore[attr-defined]
    if is_parameters:
        yield from _parameter_problems(source, tree)


def _parameter_problems(source: str, tree: ast.Module) -> Iterator[str]:
    """A parameter reads `name: type = value  # what it is`: the runner checks what it is given against that.

    One that a reader may leave alone holds None.
    """
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    commented = {token.start[0] for token in tokens if token.type == tokenize.COMMENT and token.string.strip("# ")}
    for node in tree.body:
        line = ast.unparse(node)
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value):
            yield f"line {node.lineno}: found `{line}`; a parameter reads `name: type = value  # what it is`"
            continue
        try:
            kind = type(ast.literal_eval(node.value)).__name__
        except ValueError:
            kind = "expression"
        stated = ast.unparse(node.annotation)
        fits = kind in {stated, "NoneType"} or (kind, stated) == ("int", "float")
        if stated not in SCALARS or not fits:
            yield f"line {node.lineno}: `{line}` states {stated} and holds {kind}; expected one of {', '.join(SCALARS)}"
        if node.end_lineno not in commented:
            yield f"line {node.lineno}: `{line}` needs a comment on its line that says what it is"


def _tags(cell: Json) -> list[str]:
    return list(cell.get("metadata", {}).get("tags", []))


def _source(cell: Json) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)
