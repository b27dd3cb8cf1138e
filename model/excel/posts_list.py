"""A list of posts as an HR system exports it, as rows of `establishment.csv`: columns in any order, and others."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from model.case.reading.case_tables import ESTABLISHMENT
from model.case.reading.files import decoded
from model.case.reading.problems import InputProblems, Problem
from model.case.rows import PRINTED_COST
from model.case.spelling import nearest
from model.case.words import GENERAL_FUND
from model.excel.case_book import read_sheets, text_of

Table = list[list[str]]

CONSTANT = "="
"""How a mapping begins that is no heading of the list but what stands in every row."""


def posts_of(path: Path, named: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the rows of a list. `named`: column of `establishment.csv` -> the list's heading, or `=` and a text.

    What nobody names: an id is the row's number, as many posts are proposed as there are and then cost no more, the
    general fund pays. Raises InputProblems where a column or a heading is unknown or missing.
    """
    known = [column.name for column in ESTABLISHMENT.columns]
    problems: list[Problem | str] = [
        Problem("establishment.csv", "one of its columns", nearest(name, known), column=name)
        for name in named
        if name not in known
    ]
    problems += [
        Problem(path.name, f"a heading of the list for {name}; name it with --map {name}=HEADING, or {name}==TEXT")
        for name in ("team", "post", "fte_current", "charged_to")
        if name not in named
    ]
    wanted = {name: heading for name, heading in named.items() if not heading.startswith(CONSTANT)}
    if not wanted:
        raise InputProblems(problems)
    sheet, first, rows = _listed(path, wanted.values())
    if not rows:
        expected = f"a row of headings that holds {', '.join(wanted.values())}"
        problems.append(Problem(path.name, expected, "a heading is named as it is spelt in the list"))
    if problems:
        raise InputProblems(problems)
    places = {name: rows[0].index(heading) for name, heading in wanted.items()}
    constant = {name: text.removeprefix(CONSTANT) for name, text in named.items() if name not in wanted}
    posts, seen = [], dict[str, int]()
    for number, row in enumerate(rows[1:], start=first + 1):
        post = constant | {name: row[at].strip() if at < len(row) else "" for name, at in places.items()}
        if not any(post[name] for name in wanted):
            continue
        stem = re.sub(r"[^A-Za-z0-9_-]+", "_", post.get("id") or f"row_{number}").strip("_")
        seen[stem] = seen.get(stem, 0) + 1  # two people share a post
        post["id"] = stem if seen[stem] == 1 else f"{stem}_{seen[stem]}"
        post["fte_proposed"] = post.get("fte_proposed") or post["fte_current"]
        if post["fte_proposed"] == post["fte_current"]:
            post[PRINTED_COST] = post.get(PRINTED_COST) or "0"
        post["funding"] = post.get("funding") or GENERAL_FUND
        post["source"] = post.get("source") or f"{path.name}, {f'{sheet}, ' if sheet else ''}row {number}"
        posts.append(post)
    return posts


def _listed(path: Path, headings: Iterable[str]) -> tuple[str, int, Table]:
    """Return the sheet, the row and the table that begins with the headings: reports have titles above them."""
    if path.suffix.lower() in {".csv", ".txt"}:
        text = decoded(path.read_bytes()).decode("utf-8")
        sheets: dict[str, Table] = {"": list(csv.reader(io.StringIO(text, newline="")))}
    else:
        sheets = {name: [[text_of(v) for v in row] for row in rows] for name, rows in read_sheets(path).items()}
    asked = set(headings)
    for name, rows in sheets.items():
        for at, row in enumerate(rows):
            titles = [text.strip() for text in row]
            if asked and asked <= set(titles):
                return name, at + 1, [titles, *rows[at + 1 :]]
    return "", 0, []


def with_posts(text: str, posts: Sequence[Mapping[str, str]]) -> str:
    """Return `establishment.csv` with posts: one of an id that is there takes its place, the others follow."""
    old = list(csv.DictReader(io.StringIO(text, newline="")))
    rows = {row["id"]: row for row in old} | {post["id"]: dict(post) for post in posts}
    held = {name for row in rows.values() for name in row}
    titles = [c.name for c in ESTABLISHMENT.columns if c.required or c.name in held]
    titles += [name for name in held if name.startswith("x_")]
    out = io.StringIO()
    writer = csv.DictWriter(out, sorted(titles, key=titles.index), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows.values())
    return out.getvalue()
