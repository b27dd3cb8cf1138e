"""What another library calls by a name with a leading underscore is its own affair, and may be gone tomorrow."""

import ast
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "model").rglob("*.py"))
# The standard library's own: one is documented, the others are types that have no other name.
ALLOWED = {"os._exit", "argparse._SubParsersAction", "_typeshed"}
NAMED_TUPLES = {"_replace", "_asdict", "_fields"}  # documented: the mark keeps them apart from a record's own names


def private(name):
    return name.startswith("_") and not name.startswith("__") and name not in NAMED_TUPLES


def own_names(tree):
    """Yield every name that this code base itself gives to something, in one file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
                yield node.attr
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
OWN = {name for tree in TREES.values() for name in own_names(tree)}


def foreign(tree):
    """Yield (line, name) of each use of a private name that is not one of ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and private(node.attr) and ast.unparse(node) not in ALLOWED:
            if node.attr not in OWN or (isinstance(node.value, ast.Name) and importlib.util.find_spec(node.value.id)):
                yield node.lineno, ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("model"):
            parts = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
            yield from ((node.lineno, part) for part in parts if private(part) and part not in ALLOWED)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"getattr", "vars", "setattr", "delattr"}:
            words = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            yield from ((node.lineno, word) for word in words if private(word) and word not in OWN)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_private_name_of_another_library_is_used(path):
    assert list(foreign(TREES[path])) == []


@pytest.mark.parametrize(
    "code",
    ["import numpy\nnumpy._core", "from pandas._libs import lib", "figure._repr_nothing_()", "getattr(a, '_b9')"],
)
def test_such_a_name_is_found(code):
    assert list(foreign(ast.parse(code)))
