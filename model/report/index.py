"""The index of a case: all scenarios side by side, what sets them apart, and which reports are stale."""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from model.batch.disk import write_whole
from model.case.reading.load import scenario_names
from model.case.reading.problems import InputProblems
from model.case.records import Case
from model.case.words import WHOLE
from model.report import comparison, views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look.page import Block, Page, render, show
from model.report.opening import case_folder, open_case, open_result, outputs_of
from model.results import DRAWS, SEED, outputs
from model.results.outputs import Run
from model.results.perimeters import main_perimeter, shown_perimeters
from model.schemes.load import load_case

INDEX = "index.html"
_SEAL = re.compile(r"<!-- made from ([0-9a-f]{64}) -->")


def write_index(case_outputs: Path | str, case_path: Path | str | None = None) -> None:
    """Write `index.html` into the folder that holds a case's scenarios, whole or not at all.

    `case_path` is the case's folder of inputs; by default the case named like the outputs folder. Where it is not
    found the index still compares the scenarios, but cannot tell stale reports. An index that would read the same is
    left as it is.
    """
    folder = Path(case_outputs)
    if not folder.is_dir():
        return
    inputs, base = _case(str(case_path or folder.name))
    found = outputs.finished(folder, inputs.parent if inputs else None, scenario_names(inputs) if inputs else None)
    seal = _seal(found, base)
    place = folder / INDEX
    if place.is_file() and _SEAL.findall(place.read_text(encoding="utf-8")[-200:]) == [seal]:
        return
    runs = outputs.read_runs(found, first_of(base) if base else ("base",))
    body = show(_unreadable(found, runs), *_body(folder, runs, base)).html
    write_whole(place, f"{render(_page(folder, runs, base), body)}<!-- made from {seal} -->\n".encode())


def first_of(base: Case) -> tuple[str, str]:
    """Return the scenarios that come first: the base and the published one; the others follow by theme, then title."""
    return base.base_scenario, base.published_scenario


def _case(given: str) -> tuple[Path | None, Case | None]:
    """Return a case's folder and the case, None where its inputs are gone or no longer valid.

    What was run can still be compared.
    """
    inputs = None
    with contextlib.suppress(OSError, ValueError, InputProblems):
        inputs = case_folder(given)
        return inputs, load_case(inputs)
    return inputs, None


def _seal(found: Sequence[outputs.Finished], base: Case | None) -> str:
    """Return a digest of all that the index is made from."""
    digest = hashlib.sha256(b"" if base is None else base.title.encode())
    for one in found:
        has_report = (one.folder / "report.html").is_file()
        digest.update(json.dumps([one.folder.name, one.changed, has_report]).encode())
        for name in ("metrics.json", "provenance.json"):
            digest.update((one.folder / name).read_bytes())
    for source in sorted(Path(__file__).parent.rglob("*.*")):
        if source.suffix in {".py", ".css", ".js"}:
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _page(folder: Path, runs: Sequence[Run], base: Case | None) -> Page:
    stale = sum(bool(run.changed) for run in runs)
    current = "All reports are up to date." if len(runs) > 1 else "Its report is up to date." if runs else ""
    state = f"{fmt.counted(stale, 'report')} out of date." if stale else current
    return Page(
        title=f"{base.title if base else folder.name}: all scenarios",
        kicker=base.council if base else "",
        about=f"{fmt.counted(len(runs), 'scenario')}{' side by side' if len(runs) > 1 else ''}. {state}",
        footer=f"Case {folder.name}. Made again after every run. Links work where this file is opened from its folder; "
        "JupyterLab shows each page but lets none open another.",
    )


def _unreadable(found: Sequence[outputs.Finished], runs: Sequence[Run]) -> str:
    """Return a sentence about scenarios whose files cannot be read, nothing where all can."""
    names = sorted({one.folder.name for one in found} - {run.scenario for run in runs})
    again = "Run the case again to make them anew."
    return f"Left out, because their files of figures cannot be read: {', '.join(names)}. {again}" if names else ""


def _body(folder: Path, runs: Sequence[Run], base: Case | None) -> list[Any]:
    if not runs:
        return ["No scenario has been run yet."]
    missing = ""
    if base is not None and all(run.scenario != base.scenario for run in runs):
        missing = (
            f"The scenario that the others are compared with, {base.scenario_title} ({base.scenario}), has not been "
            f"run here, so it has no row in these tables; “python3 workbook.py run {base.folder_name} --scenario "
            f"{base.scenario}” adds it."
        )
    return [missing, *_sections(runs, base), Block("<h2>The scenarios and their files</h2>"),
            comparison.freshness(runs, folder)]  # fmt: skip


def perimeters_of(runs: Sequence[Run], base: Case | None) -> dict[str, str]:
    """Return the perimeters to compare and their titles: those of the base scenario, else all that were computed.

    A perimeter that no scenario of the folder has is left out.
    """
    if base is not None:
        computed = {p for run in runs for p in run.metrics}
        return {p: views.title_of(base, p) for p in shown_perimeters(base) if p in computed}
    return {p: p.replace("_", " ").capitalize() for p in runs[0].metrics}


def _sections(runs: Sequence[Run], base: Case | None) -> list[Block]:
    found = perimeters_of(runs, base)
    main = main_perimeter(base) if base else next(iter(found))  # every run has the whole, so there is a first
    parts: list[Block] = []
    for perimeter in [p for p in dict.fromkeys((main, WHOLE, *found)) if p in found]:
        title = found[perimeter]
        chart = [comparison.npv_by_scenario(runs, perimeter, title)] if perimeter in {main, WHOLE} else []
        head = Block(f"<h2>{markup.escape(title)}</h2>")
        parts.append(show(head, comparison.side_by_side(runs, perimeter, title), *chart))
    return parts


def compare_scenarios(case: str, *, draws: int | None = None, seed: int | None = None) -> Block:
    """Return all scenarios of a case side by side, as the index does: read where a report is up to date, else run here.

    `draws`, `seed`: None = as the reports have them.
    """
    inputs, wanted = case_folder(case), (DRAWS if draws is None else draws, SEED if seed is None else seed)
    made = [one for one in outputs.finished(outputs_of(case), inputs.parent, scenario_names(inputs))
            if not one.changed and (one.provenance.get("draws"), one.provenance.get("seed")) == wanted]  # fmt: skip
    # from where the notebook is: JupyterLab opens what such a link names
    place = Path(os.path.relpath(outputs_of(case))).as_posix()
    base = open_case(case, scenario_names(inputs)[0])
    kept = [replace(run, link=f"{place}/{run.link}" if run.link else "") for run in outputs.read_runs(made)]
    fresh = [
        outputs.run_of(open_result(case, name, draws=draws, seed=seed))
        for name in scenario_names(inputs)
        if name not in {run.scenario for run in kept}
    ]
    return show(*_sections(outputs.in_order([*kept, *fresh], first_of(base)), base))
