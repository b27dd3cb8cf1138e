"""Notebooks in git hold words and code, and nothing that running them leaves behind."""

import copy
import json
from pathlib import Path

import pytest

from model.__main__ import main
from model.commands import notebooks as hygiene
from tests.commands.notebook_rules import problems

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def code(source, *, tags=(), **more):
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None, **more}


def notebook(*cells):
    named = [{"id": f"c{number}", **cell} for number, cell in enumerate(cells)]
    return {"cells": named, "metadata": copy.deepcopy(hygiene.KERNEL), "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def write(tmp_path):
    def write_notebook(content):
        path = tmp_path / "one.ipynb"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return write_notebook


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_every_notebook_is_clean_and_thin(path):
    assert problems(path) == []


def test_what_cleaning_leaves_has_no_problem_and_is_not_changed_again(write):
    path = write(notebook(code("1 + 1"), {"cell_type": "markdown", "metadata": {}, "source": "# Title\n\nWords: £1m."}))
    assert hygiene.clean(path)
    first = path.read_bytes()
    assert not hygiene.clean(path)
    assert path.read_bytes() == first
    assert problems(path) == []


def test_cleaning_removes_what_a_run_leaves_and_nothing_else(write):
    ran = notebook(
        code("people: int = 1  # how many", tags=["parameters"]),
        code("people = 2", tags=["injected-parameters"]),
        code(
            ["a = people\n", "a"], execution_count=7, outputs=[{"output_type": "stream", "name": "stdout", "text": "2"}]
        ),
    )
    ran["metadata"] |= {"papermill": {"duration": 1.0}, "widgets": {}}
    ran["cells"][2]["metadata"] |= {"papermill": {}, "trusted": True, "tags": ["keep"]}
    path = write(ran)
    assert len(problems(path)) == 1
    hygiene.clean(path)
    assert problems(path) == []
    after = json.loads(path.read_text(encoding="utf-8"))
    assert ["".join(cell["source"]) for cell in after["cells"]] == ["people: int = 1  # how many", "a = people\na"]
    assert [cell["id"] for cell in after["cells"]] == ["c0", "c2"]
    assert after["cells"][1]["metadata"] == {"tags": ["keep"]}
    assert after["metadata"] == hygiene.KERNEL


def test_cleaning_gives_ids_to_cells_of_an_older_format_the_same_each_time(write):
    old = notebook(code("1"), code("2"))
    old["nbformat_minor"] = 4
    del old["cells"][0]["id"], old["cells"][1]["id"]
    path = write(old)
    hygiene.clean(path)
    assert [cell["id"] for cell in json.loads(path.read_text())["cells"]] == ["cell-01", "cell-02"]
    assert problems(path) == []


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ([code("def f():\n    return 1")], "cell 1 (c0): line 1: has `def`"),
        ([code("x = 1\nfor i in [x]:\n    i")], "cell 1 (c0): line 2: has `for`"),
        ([code("while False:\n    pass")], "has `while`"),
        ([code("class A:\n    pass")], "has `class`"),
        ([code("\n".join("abcdefghijk"))], "has 11 lines of code; expected 10 at most"),
        ([code("%matplotlib inline")], "line 1: is not plain Python"),
        ([code("1", tags=["parameters"]), code("2", tags=["parameters"])], "has 2 cells tagged 'parameters'"),
        ([code("draws = 1  # how many", tags=["parameters"])], "a parameter reads `name: type = value"),
        ([code("draws: int = 1", tags=["parameters"])], "needs a comment"),
        ([code("draws: int = 'one'  # how many", tags=["parameters"])], "states int and holds str"),
        ([code("draws: list = [1]  # how many", tags=["parameters"])], "states list and holds list"),
        ([code("draws: int = len('a')  # how many", tags=["parameters"])], "states int and holds expression"),
    ],
)
def test_a_problem_names_its_cell_and_what_was_expected(write, cells, says):
    assert any(says in problem for problem in problems(write(notebook(*cells))))


def test_a_comprehension_and_a_negative_or_whole_parameter_are_allowed(write):
    shift = code(
        "shift: float = -1  # a whole number will do for a float\n\nlabel: str = '#'  # words\n"
        "rate: float = None  # a number, or left alone",
        tags=["parameters"],
    )
    path = write(notebook(shift, code("[i for i in range(3)]")))
    hygiene.clean(path)
    assert problems(path) == []


@pytest.mark.parametrize(
    "cells",
    [
        [code("1", execution_count=3)],
        [code("1"), code("2", id="c0")],
        [code("1", id="not an id")],
        [code("1", metadata={"scrolled": True})],
        [code("1", tags=["injected-parameters"])],
    ],
)
def test_what_running_leaves_is_said_and_cleaned(write, cells):
    path = write(notebook(*cells))
    hygiene.clean(path)
    assert problems(path) == []
    path.write_text(json.dumps(notebook(*cells)))
    (problem,) = problems(path)
    assert "holds what running it leaves" in problem


def test_another_kernel_and_another_format_are_cleaned(write):
    other = notebook(code("1"))
    other["metadata"]["kernelspec"]["name"] = "my-conda"
    other["nbformat_minor"] = 4
    path = write(other)
    assert "holds what running it leaves" in "\n".join(problems(path))
    hygiene.clean(path)
    after = json.loads(path.read_text(encoding="utf-8"))
    assert (after["metadata"], after["nbformat_minor"]) == (hygiene.KERNEL, 5)


def test_a_broken_file_is_one_problem(tmp_path):
    path = tmp_path / "broken.ipynb"
    path.write_text('{"cells": [\n<<<<<<< HEAD')
    (problem,) = problems(path)
    assert "line 2" in problem


def test_the_command_says_what_it_did_and_fails_until_nothing_is_left_to_do(write, capsys):
    path = write(notebook(code("1")))
    assert main(["clean-notebooks", str(path)]) == 1
    assert capsys.readouterr().out == f"{path}: cleaned\n"
    assert main(["clean-notebooks", str(path)]) == 0
    assert capsys.readouterr().out == ""
