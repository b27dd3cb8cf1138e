"""`freeze` and `track`: what a case promises, set down once, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from model.commands.arguments import day, scenario_name, seed, share, whole_number
from model.commands.shared import BAD_INPUT, CASE_HELP, DONE, OUTPUTS, among_inputs, case_paths
from model.commands.terminal import say
from model.results.summary import DRAWS, SEED

if TYPE_CHECKING:
    import argparse


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare both commands."""
    command = subparsers.add_parser("freeze", help="set down what a case promises, so that it can be held to it")
    command.add_argument("case", metavar="CASE", help=CASE_HELP)
    command.add_argument("--scenario", type=scenario_name, metavar="NAME", help="its base scenario unless given")
    command.add_argument(
        "--reason", default="", metavar="TEXT", help="why there is a new version; needed after the first"
    )
    command.add_argument("--on", type=day, metavar="DATE", help="the day it is frozen; today unless given")
    command.add_argument("--draws", type=whole_number, default=DRAWS, help=f"joint draws ({DRAWS})")
    command.add_argument("--seed", type=seed, default=SEED, help=f"({SEED})")
    chance = "chance of a positive NPV below which the scheme is to be"
    command.add_argument("--change-below", type=share, default=0.5, metavar="SHARE", help=f"{chance} changed (0.5)")
    command.add_argument("--stop-below", type=share, default=0.1, metavar="SHARE", help=f"{chance} stopped (0.1)")
    command.set_defaults(run=freeze)

    command = subparsers.add_parser("track", help="hold a frozen plan against what happened")
    command.add_argument("case", metavar="CASE", help=CASE_HELP)
    command.add_argument("--plan", type=whole_number, metavar="N", help="a version of the plan; the latest by default")
    command.add_argument("--dfe", type=Path, metavar="FOLDER", help="DfE downloads (CSV), to compare with neighbours")
    command.add_argument("--authority", metavar="NAME", help="with --dfe: the council's name as DfE spells it")
    command.add_argument("--outputs", type=Path, default=OUTPUTS)
    command.set_defaults(run=run_track)


def freeze(options: argparse.Namespace) -> int:
    """Write the next version of a case's plan. Raises InputProblems."""
    from model.schemes.load import load_case  # noqa: PLC0415 - a list of commands needs none of this
    from model.tracking import plans  # noqa: PLC0415

    case = load_case(case_paths([options.case])[0], options.scenario)
    folder = plans.freeze(
        case, on=options.on or datetime.now(UTC).date(), reason=options.reason, draws=options.draws, seed=options.seed,
        change_below=options.change_below, stop_below=options.stop_below,
    )  # fmt: skip
    plan = plans.read_plan(folder)
    say(f"froze plan {plan.version} of {case.folder_name}, scenario {case.scenario}: {len(case.benefits)} benefits, "
        f"{plan.n} draws; {plan.perimeter} has a positive NPV in {plan.chance_positive:.0%} of them")  # fmt: skip
    return DONE


def run_track(options: argparse.Namespace) -> int:
    """Write `outturn.html` and the tables behind it. Raises InputProblems."""
    from model.report.outturn import open_outturn, write_page  # noqa: PLC0415 - a list of commands needs none of this
    from model.tracking.outturn import write  # noqa: PLC0415

    (path,) = case_paths([options.case])
    if wrong := among_inputs(options.outputs, [path]):
        say(wrong, error=True)
        return BAD_INPUT
    found = open_outturn(path, options.plan, options.dfe, options.authority)
    folder = options.outputs / found.case.folder_name / "outturn"
    write(found, folder)
    write_page(found, folder / "outturn.html")
    now = found.forecast.iloc[-1]
    say(f"{folder}: plan {found.plan.version} against {len(found.evidence.observations)} figures; "
        f"{found.plan.perimeter}: {now['decision']}")  # fmt: skip
    return DONE
