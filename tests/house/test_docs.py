"""The documents: the data dictionary is fresh, every name has its words, and every link leads somewhere."""

import argparse
import json
import re
from pathlib import Path

import pytest

from model import load_case, run
from model.__main__ import parser
from model.case import parameters
from model.case.reading import dictionary
from model.case.reading.case_tables import TABLES
from model.case.units import UNITS
from model.case.words import DISTRIBUTIONS
from model.commands.check import DICTIONARY
from model.results.files import write

ROOT = Path(__file__).parents[2]
DICTIONARYS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *(ROOT / "inputs").rglob("README.md"),
                ROOT / "outputs/README.md", ROOT / "benchmarks/README.md"])  # fmt: skip
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def test_the_data_dictionary_is_what_the_code_says():
    written = DICTIONARY.read_text(encoding="utf-8")
    assert written == dictionary.page(), "run python3 workbook.py model dictionary"


def test_every_column_and_key_has_its_words():
    assert [(t.file, c.name) for t in TABLES.values() for c in t.columns if not re.fullmatch(r"[^|]+\.", c.means)] == []
    assert [(n, key.name) for n, keys in dictionary.toml_tables().items() for key in keys if not key.means] == []
    assert tuple(dictionary.DISTRIBUTIONS) == DISTRIBUTIONS
    assert parameters.KINDS.keys() == parameters.PARAMETERS.keys()


def test_every_assumption_has_a_known_unit_and_a_sentence():
    every = {f"{kind}.{n}": p for kind, names in parameters.PARAMETERS.items() for n, p in names.items()}
    every |= parameters.CASE_WIDE
    assert [name for name, p in every.items() if p.unit not in UNITS] == []
    assert [name for name, p in every.items() if not re.fullmatch(r"[A-Z0-9].+\.", p.meaning)] == []
    assert [name for name, p in every.items() if "|" in p.meaning + p.without] == []


def anchors(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ +(.+?) *$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", DICTIONARYS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_and_a_heading(page):
    astray = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (heading and heading not in anchors(target)):
            astray.append(link)
    assert astray == []


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8")) <= 6000


def test_every_command_that_a_page_names_exists():
    commands = next(
        action for action in parser()._actions if action.dest == argparse.SUPPRESS and action.choices
    ).choices
    named = {
        word for page in DICTIONARYS for word in re.findall(r"workbook\.py model ([a-z-]+)", page.read_text("utf-8"))
    }
    assert named - set(commands) == set()
    assert named >= {"dictionary", "diff", "new", "reconcile", "sweep"}


@pytest.mark.parametrize(
    "name", ["docs/contributing.md", "docs/how-to/use-from-python.md", "docs/the-maths.md", "docs/outputs.md"]
)
def test_every_file_that_a_page_names_exists(name):
    named = re.findall(r"`((?:model|tests|notebooks)/[\w./-]+)`", (ROOT / name).read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_file_column_and_metric_of_a_run_is_explained(tmp_path):
    case = load_case(ROOT / "inputs" / "bury-2022")
    write(run(case, draws=20), tmp_path)
    page = (ROOT / "docs" / "outputs.md").read_text(encoding="utf-8")
    words = set(re.findall(r"`([\w.<>]+)`", page))
    written = list(tmp_path.iterdir())
    columns = {
        c
        for path in written
        if path.suffix == ".csv"
        for c in path.open(encoding="utf-8").readline().strip().split(",")
    }
    metrics = {
        re.sub(r"_by_\d{4}_\d\d$", "_by_<year>", metric)
        for by_metric in json.loads((tmp_path / "metrics.json").read_text(encoding="utf-8")).values()
        for metric in by_metric
    }
    choices = {choice.name for choice in case.structure}  # a column each in structure.csv, named by the case
    assert ({path.name for path in written} | columns | metrics) - choices - words == set()
