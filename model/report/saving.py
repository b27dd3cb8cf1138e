"""What a notebook writes into a case: a scenario, or changed rows of its assumptions. Checked first, whole or not."""

import csv
import io
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from model.batch.disk import write_whole
from model.case.assumptions import Assumption
from model.case.reading.problems import InputProblems, Problem
from model.case.reading.toml import toml_of
from model.case.records import Case
from model.schemes.load import load_case


def save_scenario(case: Case, name: str, moved: Iterable[Assumption]) -> Path:
    """Write a case's overrides and some moved assumptions as a scenario of that name; return its file.

    Raises InputProblems where the name is taken or no file name, where nothing was moved, or where it would not load.
    """
    place, moved = case.folder / "scenarios" / f"{name}.toml", list(moved)
    rules = {
        "a name of letters, digits and hyphens, such as my-question": re.fullmatch("[A-Za-z0-9][A-Za-z0-9_-]*", name),
        "a value that differs from the scenario's": moved,
        "a name that is not taken": not place.exists(),
    }
    if broken := next((words for words, kept in rules.items() if not kept), ""):
        raise InputProblems([Problem(file="scenario", value=name, expected=broken)])
    overrides: dict[str, Any] = dict(case.overrides)
    overrides |= {
        a.name: a.value if a.low == a.high else {"value": a.value, "low": a.low, "high": a.high,
                                                 "distribution": a.distribution}
        for a in moved
    }  # fmt: skip
    lines = [f"title = {toml_of(name.replace('-', ' ').capitalize())}",
             f"why = {toml_of(f'{case.scenario_title}, with other values of {len(moved)} assumption(s).')}", "",
             "[overrides]", *(f"{toml_of(key)} = {toml_of(value)}" for key, value in overrides.items())]  # fmt: skip
    text = ("\n".join(lines) + "\n").encode()
    tried(case, {Path("scenarios") / place.name: text}, name)
    place.parent.mkdir(exist_ok=True)
    write_whole(place, text)
    return place.relative_to(case.folder.parent)


def with_rows(case: Case, edited: Mapping[str, Mapping[str, str]]) -> bytes:
    """Return `assumptions.csv` with some cells changed: name -> column -> text; everything else as it stands."""
    text = (case.folder / "assumptions.csv").read_bytes().decode("utf-8")
    lines, done, written = text.splitlines(keepends=True), 0, io.StringIO(newline="")
    reader, writer, header = csv.reader(lines), csv.writer(written, lineterminator="\n"), list[str]()
    for row in reader:
        header = header or [name.removeprefix("\ufeff") for name in row]
        stated = dict(zip(header, row, strict=False))
        changes = edited.get(stated.get("name", ""), {})
        if changes:
            writer.writerow({**stated, **changes}.values())
        else:
            written.write("".join(lines[done : reader.line_num]))
        done = reader.line_num
    return written.getvalue().encode()


def tried(case: Case, files: Mapping[Path, bytes], scenario: str) -> Case:
    """Return the case as it would be with some of its files changed. Raises InputProblems with all that is wrong."""
    with TemporaryDirectory() as folder:
        copy, reference = Path(folder, case.folder.name), case.folder.parent / "reference"
        shutil.copytree(case.folder, copy, ignore=shutil.ignore_patterns("plans"))
        shutil.copytree(reference, copy.parent / "reference")
        for path, text in files.items():
            (copy / path).parent.mkdir(exist_ok=True)
            (copy / path).write_bytes(text)
        return load_case(copy, scenario)
