"""`options`: which option, and how much of each."""

import argparse
import os

from model.batch.store import whole
from model.commands.shared import DONE, among_inputs, case_paths, refused
from model.commands.terminal import say
from model.options.appraisal import DRAWS, appraise
from model.report.options import best_words, write_page
from model.results.files import write_csv
from model.schemes.load import load_case


def run(options: argparse.Namespace) -> int:
    """Write `options.html`, `options.csv` and `mixes.csv`. Raises InputProblems."""
    (path,) = case_paths([options.case])
    if wrong := among_inputs(options.outputs, [path]):
        return refused(wrong)
    case = load_case(path, options.scenario)
    found = appraise(case, draws=options.draws or DRAWS, seed=options.seed, threads=os.cpu_count() or 1)
    folder = options.outputs / case.folder_name / "options"
    with whole(folder) as place:
        write_csv(found.frame, place / "options.csv")
        write_csv(found.mixes.round(4) + 0.0, place / "mixes.csv")  # the same options and draws, the same bytes
        write_page(found, place / "options.html")
    say(f"{folder}: {len(found.flows)} options and {len(found.mixes):,} mixes, {found.draws} runs each; "
        f"{best_words(found)}")  # fmt: skip
    return DONE
