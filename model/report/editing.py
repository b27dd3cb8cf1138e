"""The assumptions of a case as a table to type in: checked as `check` would, before and after, then saved."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from model.batch.disk import write_whole
from model.case.reading.problems import InputProblems
from model.case.words import WHOLE
from model.report.assumptions import all_assumptions, group_title, grouped
from model.report.before_after import compared
from model.report.look import widget
from model.report.look.page import Block, show
from model.report.opening import open_case, open_result
from model.report.saving import tried, with_rows
from model.results import DRAWS, SEED
from model.results.perimeters import main_perimeter
from model.results.runs import run

COLUMNS: Final = ("value", "low", "high", "distribution", "quality", "source", "note")
FILE: Final = "assumptions.csv"


def editor(case: str, scenario: str) -> Any:  # noqa: ANN401 - a widget
    """Return the table of a case's own rows, as the file holds them. What a scenario overrides stands in its file."""
    opened = open_case(case, scenario)
    with (opened.folder / FILE).open(encoding="utf-8-sig", newline="") as file:
        rows = [
            {"name": row["name"], "group": row["name"].partition(".")[0], "label": opened.label(row["name"]),
             **{column: row.get(column) or "" for column in COLUMNS}}
            for row in csv.DictReader(file)
        ]  # fmt: skip
    page = all_assumptions(opened).html

    def asked(content: Mapping[str, Any]) -> None:
        try:
            shown, said = _answer(case, scenario, content["edited"], save=content["kind"] == "save")
            made.page, made.said = shown.html, said
        except InputProblems as problems:
            made.page, made.said = "", str(problems)
        made.moves += 1

    groups = [(name, group_title(opened, name)) for name in grouped(opened)]
    made = widget.made("editor.js", asked, rows=rows, columns=COLUMNS, groups=groups, page="", said="")
    made.paper = page
    return made


def _answer(case: str, scenario: str, edited: Mapping[str, Mapping[str, str]], *, save: bool) -> tuple[Block, str]:
    """Return the answer before and after, and what was done. Raises InputProblems with all that is wrong."""
    if not any(edited.values()):
        return show(), "Nothing has been changed."
    before = open_result(case, scenario)
    text = with_rows(before.case, edited)
    after = run(tried(before.case, {Path(FILE): text}, scenario), draws=DRAWS, seed=SEED)
    if save:
        write_whole(before.case.folder / FILE, text)
    table = compared(before, after, *dict.fromkeys((main_perimeter(before.case), WHOLE)))
    done = "No problem found. " + (f"{FILE} is saved." if save else "Nothing is saved yet.")
    return show(table), done
