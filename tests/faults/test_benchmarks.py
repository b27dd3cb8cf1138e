"""Every benchmark starts; the tester of tests changes one thing at a time."""

import importlib
import re

import pytest

from benchmarks.__main__ import found
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
