"""`excel`: a case as one workbook; `import`: that workbook as a case again, or HR's list of posts."""

import csv
import io
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from model.case.reading.problems import InputProblems, Problem
from model.commands.arguments import Options, Parsers, declare, pair
from model.commands.shared import CASE_HELP, DONE, INPUTS, case_paths, refused, refused_for
from model.commands.terminal import say

POSTS, LIST = "establishment.csv", "establishment_list"


def add_arguments(subparsers: Parsers) -> None:
    """Declare both commands."""
    out = subparsers.add_parser("excel", help="a case as one workbook, inputs/CASE/CASE.xlsx")
    declare(out, "case")
    out.add_argument("--out", type=Path, metavar="FILE.xlsx", help="elsewhere than beside the case")
    out.set_defaults(run=_out)
    back = subparsers.add_parser("import", help="a case's workbook, or HR's list of posts, into a folder of inputs/")
    back.add_argument("file", type=Path, metavar="FILE", help="what `excel` wrote, edited; or a list of posts")
    back.add_argument("--to", metavar="CASE", help=f"{CASE_HELP}; the workbook's own name unless given")
    back.add_argument("--posts", metavar="CASE", help="FILE is a list of posts, for the establishment of this case")
    back.add_argument("--map", action="append", default=[], metavar="COLUMN=HEADING", type=pair,
                      help=f"what a column is called in that list, beside [{LIST}] of case.toml")  # fmt: skip
    back.set_defaults(run=_back)


def _folder(name: str) -> Path:
    """Return the folder of a case that is there. Raises InputProblems."""
    (folder,) = case_paths([name])
    if not (folder / "case.toml").is_file():
        raise InputProblems([f"{name}: no case; expected {CASE_HELP}"])
    return folder


def _out(options: Options) -> int:
    """Write the workbook. Raises InputProblems where there is no such case."""
    from model.batch.disk import write_whole  # noqa: PLC0415 - a list of commands needs none of this
    from model.excel.case_book import case_book  # noqa: PLC0415

    folder = _folder(options.case)
    path = options.out or folder / f"{folder.name}.xlsx"
    if path.suffix.lower() != ".xlsx":
        return refused(f"--out {path}: expected the name of a file that ends in .xlsx")
    write_whole(path, case_book(folder))
    say(f"{path}: edit it, then bring it back with `import {path}`")
    return DONE


def _back(options: Options) -> int:
    """Bring a workbook or a list of posts in. Return 0, or 2 with every problem. Raises InputProblems."""
    from model.case.reading.toml import read_toml  # noqa: PLC0415 - as above
    from model.excel.case_book import read_case_book  # noqa: PLC0415
    from model.excel.posts_list import posts_of, with_posts  # noqa: PLC0415

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
    from model.batch.store import whole  # noqa: PLC0415 - as above
    from model.results.check import examine  # noqa: PLC0415

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
