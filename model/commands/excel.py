"""`excel`: a case as one workbook; `import`: that workbook as a case again, or HR's list of posts."""

import argparse
import csv
import io
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from model.batch.disk import write_whole
from model.batch.store import whole
from model.case.reading.problems import InputProblems, Problem
from model.case.reading.toml import read_toml
from model.commands.shared import CASE_HELP, DONE, INPUTS, case_paths, refused, refused_for
from model.commands.terminal import say
from model.excel.case_book import case_book, read_case_book
from model.excel.posts_list import posts_of, with_posts
from model.results.check import examine

POSTS, LIST = "establishment.csv", "establishment_list"


def _folder(name: str) -> Path:
    """Return the folder of a case that is there. Raises InputProblems."""
    (folder,) = case_paths([name])
    if not (folder / "case.toml").is_file():
        raise InputProblems([f"{name}: no case; expected {CASE_HELP}"])
    return folder


def export(options: argparse.Namespace) -> int:
    """Write the workbook. Raises InputProblems where there is no such case."""
    folder = _folder(options.case)
    path = options.out or folder / f"{folder.name}.xlsx"
    if path.suffix.lower() != ".xlsx":
        return refused(f"--out {path}: expected the name of a file that ends in .xlsx")
    write_whole(path, case_book(folder))
    say(f"{path}: edit it, then bring it back with `import {path}`")
    return DONE


def bring_back(options: argparse.Namespace) -> int:
    """Bring a workbook or a list of posts in. Return 0, or 2 with every problem. Raises InputProblems."""
    if options.posts:
        folder = _folder(options.posts)
        wrong: list[Problem] = []
        toml = read_toml(folder / "case.toml", wrong)
        if toml is None:
            raise InputProblems(wrong)
        listed = toml.tables.get(LIST, {})
        named = {column: str(heading) for column, heading in listed.items()} if isinstance(listed, dict) else {}
        posts = posts_of(options.file, {**named, **dict(options.map)})
        held = (folder / POSTS).read_text(encoding="utf-8-sig") if (folder / POSTS).is_file() else ""
        return _take(folder, {POSTS: with_posts(held, posts)}, lambda problem: problem)
    book = read_case_book(options.file)
    try:
        name = options.to or str(tomllib.loads(book.files["case.toml"])["name"])
    except (tomllib.TOMLDecodeError, KeyError):
        name = options.file.stem
    return _take(case_paths([name])[0], book.files, book.located)


def _take(folder: Path, files: Mapping[str, str], located: Callable[[Problem | str], Problem | str]) -> int:
    """Try a case with other files in it, and write those that differ only where nothing is wrong."""
    with tempfile.TemporaryDirectory() as aside:
        trial = Path(aside) / folder.name
        if folder.is_dir():
            shutil.copytree(folder, trial)
        shutil.copytree((folder.parent if folder.is_dir() else INPUTS) / "reference", trial.parent / "reference")
        _write(trial, files)
        problems = dict.fromkeys(located(problem) for problem in examine(trial).problems)
    if problems:
        return refused_for(problems, "nothing has been written")
    changed = {file: text for file, text in files.items() if not _same(folder / file, text)}
    if changed:
        with whole(folder, kept=True) as place:
            _write(place, changed)
    for file in changed:
        say(f"{folder.name}/{file}: written")
    say(f"{folder.name}: {len(changed)} of {len(files)} files differed from what was there")
    return DONE


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for file, text in files.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(text.encode())


def _same(path: Path, text: str) -> bool:
    """Whether a file says the same; marks around a cell that needs none are no difference."""
    if not path.is_file():
        return False
    held = path.read_bytes().decode("utf-8-sig", errors="replace")
    if path.suffix == ".csv":
        return [*csv.reader(io.StringIO(held))] == [*csv.reader(io.StringIO(text))]
    return held.splitlines() == text.splitlines()
