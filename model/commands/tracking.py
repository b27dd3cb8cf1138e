"""`freeze` and `track`: what a case promises, set down once, and what came of it."""

import argparse
from datetime import UTC, datetime

from model.batch.store import whole
from model.commands.shared import DONE, among_inputs, case_paths, refused
from model.commands.terminal import say
from model.report.outturn import open_outturn, write_page
from model.schemes.load import load_case
from model.tracking import plans
from model.tracking.outturn import write


def freeze(options: argparse.Namespace) -> int:
    """Write the next version of a case's plan. Raises InputProblems."""
    case = load_case(case_paths([options.case])[0], options.scenario)
    folder = plans.freeze(
        case, on=options.on or datetime.now(UTC).date(), reason=options.reason, draws=options.draws, seed=options.seed,
        change_below=options.change_below, stop_below=options.stop_below,
    )  # fmt: skip
    plan = plans.read_plan(folder)
    say(f"froze plan {plan.version} of {case.folder_name}, scenario {case.scenario}: {len(case.benefits)} benefits, "
        f"{plan.n} draws; {plan.perimeter} has a positive NPV in {plan.chance_positive:.0%} of them")  # fmt: skip
    return DONE


def track(options: argparse.Namespace) -> int:
    """Write `outturn.html` and the tables behind it. Raises InputProblems."""
    (path,) = case_paths([options.case])
    if wrong := among_inputs(options.outputs, [path]):
        return refused(wrong)
    if bool(options.dfe) != bool(options.authority):
        return refused("--dfe and --authority go together: whose neighbours, and from which tables")
    found = open_outturn(path, options.plan, options.dfe, options.authority)
    folder = options.outputs / found.case.folder_name / "outturn"
    with whole(folder) as place:
        write(found, place)
        write_page(found, place / "outturn.html")
    now = found.forecast.iloc[-1]
    say(f"{folder}: plan {found.plan.version} against {len(found.evidence.observations)} figures; "
        f"{found.plan.perimeter}: {now['decision']}")  # fmt: skip
    return DONE
