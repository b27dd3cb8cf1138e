"""The rules that hold the code together, each read from the code itself."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "model"

# A module imports only from those above it. A new module is added here, below everything that it imports.
ORDER = [
    "batch",
    "case",
    "children",
    "schemes",
    "money",
    "risk",
    "demand",
    "results",
    "report",
    "commands",
    "__main__",
]
HEAVY = ["pandas", "scipy.stats", "matplotlib", "numba", "papermill", "nbformat", "IPython"]

SOURCES = sorted(MODEL.rglob("*.py"), key=lambda path: (path != MODEL / "__init__.py", path))  # the front door first


def unit_of(path):
    """Return the module, or the package, that the order speaks of."""
    return path.relative_to(MODEL).parts[0].removesuffix(".py")


def imports(tree, package):
    """Yield (line, dotted name) of everything under `model` that a file imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.split(".")[0] == "model")
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module.split(".")[0] == "model":
                whole = [f"{module}.{alias.name}" for alias in node.names] if module == "model" else [module]
                yield from ((node.lineno, name) for name in whole)


def type_checking_only(tree):
    """Return the lines under `if TYPE_CHECKING:`, which import nothing when the program runs."""
    guards = (node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    return {line for guard in guards for line in range(guard.lineno, guard.end_lineno + 1)}


def test_every_module_has_its_place_in_the_order():
    missing = sorted({unit_of(path) for path in SOURCES} - {*ORDER, "__init__"})
    assert missing == [], f"add {missing} to ORDER in {Path(__file__).name}, below everything that they import"


@pytest.mark.parametrize("path", SOURCES[1:], ids=lambda path: str(path.relative_to(MODEL)))
def test_a_module_imports_only_from_those_above_it(path):
    unit = unit_of(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ["model", *path.relative_to(MODEL).parts[:-1]]
    unseen = type_checking_only(tree)
    wrong = [
        f"{path.relative_to(ROOT)}:{line} imports {name}, which does not stand above {unit}"
        for line, name in imports(tree, package)
        if line not in unseen
        and (imported := [*name.split("."), "__init__"][1]) != unit
        and (imported not in ORDER or unit not in ORDER or ORDER.index(imported) > ORDER.index(unit))
    ]
    assert wrong == []


def test_importing_the_model_loads_nothing_heavy():
    program = f"import sys, model; print([name for name in {HEAVY} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(MODEL)))
def test_one_draw_and_many_take_the_same_road(path):
    tests = [
        node.test
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.If | ast.IfExp)
    ]
    forks = [f"line {test.lineno}: if {ast.unparse(test)}" for test in tests]
    assert [
        fork for fork in forks if re.search(r"monte_?carlo|(is_|not )?(deterministic|stochastic)", fork, re.IGNORECASE)
    ] == []


def tracked_texts():
    """Yield (path, text) of every text file in git."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git clone")
    for name in filter(None, listing.stdout.decode().split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (data := path.read_bytes()):
            yield name, data.decode("utf-8", errors="replace")


def test_no_file_names_a_place_on_somebodys_machine():
    places = re.compile(
        "|".join(
            [
                r"(?<![\w.])/" + "tmp/",
                r"(?<![\w.])/" + "work/",
                "/" + "root/",
                r"/home/\w",
                r"/Users/\w",
                r"[A-Z]:\\Users",
            ]
        )
    )
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), 1)
        if places.search(line)
    ]
    assert found == []


def test_no_file_names_a_person():
    person = re.compile(r"\b(Cllr|Councillor|Mr|Mrs|Ms|Miss|Dr)\b\.? [A-Z][a-z]+")
    found = [f"{name}: {match[0]}" for name, text in tracked_texts() for match in person.finditer(text)]
    assert found == [], "files name roles, never people"


def test_every_tracked_text_ends_its_lines_as_the_others_do():
    assert [name for name, text in tracked_texts() if "\r\n" in text] == []
