"""Every benchmark starts; the tester of tests changes one thing at a time."""

import importlib
import re

import pytest

from benchmarks.__main__ import found
from benchmarks.__main__ import main as benchmarks
from benchmarks.fuzz import fuzz
from benchmarks.mutants import mutants


@pytest.mark.parametrize("name", found())
def test_a_benchmark_says_what_it_can_be_asked(name, capsys):
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"benchmarks.{name}").main(["--help"])
    assert ended.value.code in {0, None}
    assert "usage" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("engine", ["--small"]),
        ("demand", ["--small"]),
        ("tracking", ["--truths", "1", "--draws", "60"]),
        ("fuzz", ["--cases", "6", "--only", "returns"]),
    ],
)
def test_a_benchmark_runs_small(name, arguments, capsys):
    importlib.import_module(f"benchmarks.{name}").main(arguments)
    assert re.search(r"\d", capsys.readouterr().out)


@pytest.mark.parametrize("between", [[], ["--"]])
def test_options_after_a_name_go_to_that_benchmark(between, capsys):
    assert benchmarks(["fuzz", *between, "--cases", "1", "--only", "returns"]) == 0
    assert re.search(r"returns +1 in", capsys.readouterr().out)


def test_parts_of_the_fuzz_are_the_whole():
    assert fuzz("returns", 2, seed=3) + fuzz("returns", 2, seed=3, first=2) == fuzz("returns", 4, seed=3)


def test_a_mutant_differs_from_the_file_in_one_place(tmp_path):
    path = tmp_path / "some.py"
    path.write_text("def f(a: int) -> int:\n    '''Docs.'''\n    return a + 1 if a < 2 else -a\n")
    found = [(mutant.line, mutant.text.splitlines()[-1].strip()) for mutant in mutants(path)]
    assert sorted(found) == [
        (3, "return a + 1 if a < 2 else +a"),
        (3, "return a + 1 if a < 3 else -a"),
        (3, "return a + 1 if a <= 2 else -a"),
        (3, "return a + 2 if a < 2 else -a"),
        (3, "return a - 1 if a < 2 else -a"),
    ]
