"""The rules that hold the code together, each read from the code itself."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "model"

HEAVY = ["pandas", "scipy.stats", "matplotlib", "papermill", "nbformat", "IPython"]

SOURCES = sorted(MODEL.rglob("*.py"), key=lambda path: (path != MODEL / "__init__.py", path))  # the front door first


def test_every_room_has_its_place_in_the_order():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = next(c["layers"] for c in settings["contracts"] if c["type"] == "layers")
    rooms = {
        path.name.removesuffix(".py") for path in MODEL.iterdir() if path.suffix == ".py" or any(path.glob("*.py"))
    }
    assert rooms - {"__init__"} == set(layers)
    assert settings["exclude_type_checking_imports"] is False


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(MODEL)))
def test_no_module_of_ours_is_imported_by_a_string(path):
    if path == MODEL / "batch" / "tasks.py":
        pytest.skip("a task names the function that does it: the batch knows no other room")
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    assert [f"line {c.lineno}" for c in calls if re.search(r"\b(import_module|__import__)$", ast.unparse(c.func))] == []


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
