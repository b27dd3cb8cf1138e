"""`check`, `reconcile` and `dictionary`: what is wrong in the inputs, what a paper printed, what inputs there are."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from model.batch.disk import write_whole
from model.case.reading.dictionary import page
from model.case.reading.excel import said
from model.case.reading.files import house_form, shown_path
from model.case.reading.load import TABLES
from model.case.reading.plausible import warnings
from model.case.reading.problems import InputProblems
from model.case.records import NO_BUDGET, Case
from model.commands.shared import DONE, FAILED, OUTPUTS, ROOT, case_paths, refused, refused_for
from model.commands.terminal import say
from model.report import reconciliation as pages
from model.report.reconciliation import claims
from model.results.check import examine, impacts, opening_cost
from model.results.provenance import shortened
from model.results.reconcile import reconcile as recomputed
from model.results.runs import run as run_case
from model.schemes.load import load_case

DICTIONARY = ROOT / "docs" / "inputs.md"


def run(options: argparse.Namespace) -> int:
    """Check the cases asked for, or all."""
    return check(case_paths(options.cases), mend=options.mend, impact=options.impact)


def check(paths: Sequence[Path], *, mend: bool = False, impact: bool = False) -> int:
    """Print every problem of every case, one a line, or what was read. Return 0 where all is well, 2 otherwise.

    What looks like a slip and breaks no rule is printed as a warning, and changes no status. What Excel rewrote is
    said; with `mend` the files are written back as the house writes them. With `impact` the column of that name is
    worked out.
    """
    for path in paths:
        _undo_excel(path, mend=mend)
    findings = [examine(path) for path in paths]
    problems = list(dict.fromkeys(p for finding in findings for p in finding.problems))
    if problems:
        return refused_for(problems, "nothing has been run")
    if not paths:
        return refused("no case to check: a case is a folder of inputs/ with a case.toml")
    for finding in findings:
        slips = (*warnings(finding.cases, opening_cost(finding.cases[0])), *shortened(finding.cases[0], OUTPUTS))
        say(_counts(finding.cases, len(slips)))
        for slip in slips:
            say(f"warning: {slip}")
        for note in _notes(finding.cases[0]):
            say(note)
        if impact:
            _write_impact(finding.cases[0])
    return DONE


def _undo_excel(folder: Path, *, mend: bool) -> None:
    """Say what in a case's tables was taken for something else; write it so where asked, and keep the old file."""
    for name, table in TABLES.items():
        path = folder / name
        content, taken = house_form(path, table.columns)
        for line in said(shown_path(path), taken):
            say(line)
        if taken and mend:
            names = (path.with_name(f"{path.name}.as-saved{number or ''}") for number in range(1_000_000))
            kept = next(name for name in names if not name.exists())  # an older copy is never lost
            write_whole(kept, path.read_bytes())
            write_whole(path, content)
            say(f"{shown_path(path)}: mended; the file as it was is {kept.name}")


def _write_impact(case: Case) -> None:
    """Write into a case's assumptions what the model says of each one's impact on invest to save and on the whole."""
    path, impact_of = case.folder / "assumptions.csv", impacts(case)
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table["impact"] = [impact_of[name] for name in table["name"]]
    write_whole(path, table.to_csv(index=False, lineterminator="\n").encode())


def _notes(case: Case) -> tuple[str, ...]:
    """What is no error and yet may surprise: a copied case that has the other's name, or a case without a budget."""
    said = []
    if case.name != case.folder_name:
        said.append(
            f"{case.folder_name}/case.toml: the name is {case.name!r}, the folder's {case.folder_name!r}. Commands and "
            "outputs go by the folder, so it runs; give the case the folder's name before anyone else reads it"
        )
    if not case.holds_placements:
        said.append(f"{case.folder_name}: {NO_BUDGET}")
    return tuple(said)


def _counts(cases: tuple[Case, ...], slips: int) -> str:
    """One line that says what was read."""
    case = cases[0]
    warned = f", {slips} warning{'' if slips == 1 else 's'}" if slips else ""
    ranged = sum(a.distribution != "fixed" for a in case.assumptions.values())
    return (
        f"{case.folder_name}: {len(cases)} scenarios, {len(case.schemes)} schemes, {len(case.assumptions)} assumptions "
        f"({ranged} with a range), {len(case.establishment)} establishment rows, {len(case.caseload)} caseload rows, "
        f"{len(case.approved_budget)} budget lines, {len(case.published)} published figures, "
        f"{len(case.actuals)} actuals: no problems{warned}"
    )


def reconcile(options: argparse.Namespace) -> int:
    """Print a case's published figures row by row. Return 0, or 1 where a verdict is unexpected."""
    (path,) = case_paths([options.case])
    case = load_case(path, complete=False)
    frame = recomputed(case)
    otherwise = int((frame["verdict"] != frame["expected"]).sum())
    say(f"{case.council}: published figures on the scenario {case.published_scenario}")
    say(str(pages.reconciliation(case, frame)))
    say(f"{pages.counted(pages.judged(case, frame))} {otherwise or 'None'} not as expected.")
    for line in _claims(path):
        say(line)
    return FAILED if otherwise else DONE


def _claims(path: Path) -> list[str]:
    """Return what the paper claims a year beside the modelled years; nothing for a case that cannot be run yet."""
    try:
        case = load_case(path, load_case(path).published_scenario)
    except InputProblems:
        return []
    return claims(run_case(case, draws=1, seed=1)) if any(row.beside_scheme for row in case.published) else []


def dictionary(_options: argparse.Namespace) -> int:
    """Write the data dictionary from the code. Return 0."""
    DICTIONARY.write_text(page(), encoding="utf-8", newline="\n")
    return DONE
