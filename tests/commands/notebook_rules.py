"""What a notebook in git may hold: it narrates, and every parameter of it says its type and what it is."""

import ast
import io
import json
import tokenize
from collections.abc import Iterator
from pathlib import Path

from model.commands.notebooks import Json, cleaned, source_of, tags_of, unreadable

LONGEST_CELL = 10
SCALARS = ("bool", "dict", "float", "int", "str")
_BELONGS_IN_MODEL = {
    ast.FunctionDef: "def",
    ast.AsyncFunctionDef: "async def",
    ast.ClassDef: "class",
    ast.For: "for",
    ast.AsyncFor: "async for",
    ast.While: "while",
}


def problems(path: Path) -> list[str]:
    """Return everything wrong with a notebook, one line each: file, cell, what was found, how to mend it."""
    if wrong := unreadable(path):
        return [wrong]
    text = path.read_text(encoding="utf-8")
    notebook = json.loads(text)
    found = [f"{path}: {problem}" for problem in _problems(notebook["cells"])]
    if text != cleaned(notebook):
        found.append(f"{path}: holds what running it leaves (outputs, counts, metadata): clean it")
    return found


def _problems(cells: list[Json]) -> Iterator[str]:
    marked = [number for number, cell in enumerate(cells, 1) if "parameters" in tags_of(cell)]
    if len(marked) > 1:
        yield f"has {len(marked)} cells tagged 'parameters' (cells {marked}); expected one at most"
    for number, cell in enumerate(cells, 1):
        if cell["cell_type"] == "code":
            where = f"cell {number} ({cell.get('id') or 'no id'})"
            found = _code_problems(source_of(cell), is_parameters="parameters" in tags_of(cell))
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
            yield f"line {node.lineno}: has `{word}`, which belongs in model/ with a test"
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
