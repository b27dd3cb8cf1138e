"""`options`: which option, and how much of each."""

import os

from model.commands.arguments import Options, Parsers, declare
from model.commands.shared import DONE, among_inputs, case_paths, refused
from model.commands.terminal import say


def add_arguments(subparsers: Parsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("options", help="appraise the options of a case: which, and how much of each")
    declare(command, "case", "--scenario", "--seed", "--outputs")
    declare(command, "--draws", default=None, help="joint draws, the same for all (500)")
    command.set_defaults(run=run)


def run(options: Options) -> int:
    """Write `options.html`, `options.csv` and `mixes.csv`. Raises InputProblems."""
    from model.batch.store import whole  # noqa: PLC0415 - a list of commands needs none of this
    from model.options.appraisal import DRAWS, appraise  # noqa: PLC0415
    from model.report.options import best_words, write_page  # noqa: PLC0415
    from model.results.files import write_csv  # noqa: PLC0415
    from model.schemes.load import load_case  # noqa: PLC0415

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
