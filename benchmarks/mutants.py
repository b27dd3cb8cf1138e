"""Small damage to the code itself, a seeded sample: an operator, a bound, a sign or a constant is changed in a copy.

Run: ``python -m benchmarks mutants --each 6 --seed 1``. The tests of the mutated room must notice; what they let
pass is printed with its line. A survivor is given a test, or a reason in `KEPT` why nobody could see the difference.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("money", "schemes", "children", "risk", "demand")
LONGEST = 400  # seconds for the tests of a room: a mutant that runs on for ever has been noticed
SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Lt: ast.LtE, ast.LtE: ast.Lt,
    ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
KEPT: dict[str, str] = {
    "voi.py: _, which, fit = min(scored, key=lambda one: one[:2])  [3]": "the position decides every tie",
    "voi.py: if -n * math.log1p(-min(share, 1 - _REPEATS)) < price:  [LtE]": "no gain is its price to the last bit",
    "voi.py: if curved and which == _PLANE:  [Or]": "which designs are tried, not what the best of them says",
    "voi.py: places = {k: np.linspace(0, 1, k + 2)[1:-1] for k in _KNOTS}  [2]": "a knot more, as near the curve",
    "switching.py: if key not in at or abs(x - central_value) < abs(at[key] - central_value):  [LtE]": "two crossings "
    "are never as far from central to the last bit",
    "calibration.py: if self.by_age and abs(have[worst] - wanted[worst]) > CLOSE * wanted.sum():  [GtE]": "nor is a "
    "difference its limit",
    "chance.py: month = np.minimum(np.floor(fostered.start).astype(int), len(own.from_starts) - 1)  [Add]": "no child "
    "starts after the last month",
    "chance.py: for month in np.flatnonzero((own.back > 0).any(axis=1)):  [GtE]": "a month in which nobody goes back",
    "chance.py: until[there[_systematic(own.back[month, draw], draw, lots, 2 * int(month) + 2)]] = at  [3]": "other "
    "lots are as good",
    "chance.py: return int(key_of(name) >> np.uint64(1))  [2]": "nor are other lots another chance",
    'backtest.py: SIZES: Final = {ALL: (0, np.inf), "under 300": (0, 300), "300 to 600": (300, 600), '
    '"600 and over": (600, np.inf)}  [1]': "no authority looks after less than a child",
}
"""Survivors that stay: file, line and change -> why no test can notice."""


class Mutant(NamedTuple):
    """A change to a file: where it is, what stood there, and the text of the whole file with it."""

    path: Path
    line: int
    what: str
    text: str

    @property
    def kept(self) -> bool:
        """Whether there is a reason why no test can notice it."""
        return f"{self.path.name}: {self.what}" in KEPT


def mutants(path: Path) -> Iterator[Mutant]:
    """Yield every mutant of a file, the strings and the annotations of types left alone."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for field in ("op", "ops", "value"):
            old = getattr(node, field, None)
            for new in _changed(node, field, old):
                setattr(node, field, new)
                line = getattr(node, "lineno", 0)
                yield Mutant(path, line, f"{source.splitlines()[line - 1].strip()}  [{_said(new)}]", ast.unparse(tree))
            if old is not None:
                setattr(node, field, old)


def _changed(node: ast.AST, field: str, old: object) -> Iterator[object]:
    """Yield what may stand in the place of an operator, of one of several, or of a number."""
    if field == "value" and isinstance(node, ast.Constant) and type(old) in {int, float}:
        yield old + 1  # type: ignore[operator]
    if field == "op" and type(old) in SWAPPED:
        yield SWAPPED[type(old)]()
    if field == "op" and isinstance(old, ast.USub):
        yield ast.UAdd()
    for position, one in enumerate(old) if field == "ops" and isinstance(old, list) else ():
        if type(one) in SWAPPED:
            yield [*old[:position], SWAPPED[type(one)](), *old[position + 1 :]]


def _said(new: object) -> str:
    """What was put in, in a word."""
    one = new[0] if isinstance(new, list) else new
    return type(one).__name__ if isinstance(one, ast.AST) else str(one)


def tests_of(room: str, path: Path) -> list[str]:
    """The test files of a room, those that import a module before the others: they notice it soonest."""
    found = sorted((ROOT / "tests" / room).rglob("test_*.py"))
    imported = re.compile(rf"\b{path.stem} import|import .*\b{path.stem}\b")
    found.sort(key=lambda test: not imported.search(test.read_text(encoding="utf-8")))
    return [str(test.relative_to(ROOT)) for test in found]


def survives(mutant: Mutant, copy: Path, room: str) -> bool:
    """Whether the tests of a room pass with a mutant in the place of the file that it was made of."""
    target = copy / mutant.path.relative_to(ROOT)
    kept = target.read_text(encoding="utf-8")
    target.write_text(mutant.text, encoding="utf-8")
    try:
        tests = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *tests_of(room, mutant.path)]
        environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(  # noqa: S603 - our own tests
            tests, cwd=copy, env=environment, capture_output=True, timeout=LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    finally:
        target.write_text(kept, encoding="utf-8")
    return done.returncode == 0


def main(arguments: list[str]) -> None:
    """Print each survivor, and how many of how many were noticed, room by room."""
    parser = argparse.ArgumentParser(prog="mutants")
    parser.add_argument("--each", type=int, default=6, help="mutants of each room")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=ROOMS, action="append")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "workbook"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "outputs", "__pycache__"))
        for room in options.only or ROOMS:
            every = [m for path in sorted((ROOT / "model" / room).rglob("*.py")) for m in mutants(path) if not m.kept]
            chosen = random.Random(f"{room}/{options.seed}").sample(every, min(options.each, len(every)))  # noqa: S311
            alive = [mutant for mutant in chosen if survives(mutant, copy, room)]
            print(f"{room}: {len(chosen) - len(alive)} of {len(chosen)} noticed, of {len(every)} possible", flush=True)
            for mutant in alive:
                print(f"   {mutant.path.relative_to(ROOT)}:{mutant.line}  {mutant.what}", flush=True)
