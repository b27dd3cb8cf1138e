"""`freeze` and `track`: what a case promises, set down once, and what came of it."""

from datetime import UTC, datetime

from model.commands.arguments import Options, Parsers, day, declare, share, whole_number
from model.commands.shared import DONE, among_inputs, case_paths, refused
from model.commands.terminal import say


def add_arguments(subparsers: Parsers) -> None:
    """Declare both commands."""
    command = subparsers.add_parser("freeze", help="set down what a case promises, so that it can be held to it")
    declare(command, "case", "--scenario", "--draws", "--seed")
    why = "why there is a new version; needed after the first"
    command.add_argument("--reason", default="", metavar="TEXT", help=why)
    command.add_argument("--on", type=day, metavar="DATE", help="the day it is frozen; today unless given")
    chance = "chance of a positive NPV below which the scheme is to be"
    command.add_argument("--change-below", type=share, default=0.5, metavar="SHARE", help=f"{chance} changed (0.5)")
    command.add_argument("--stop-below", type=share, default=0.1, metavar="SHARE", help=f"{chance} stopped (0.1)")
    command.set_defaults(run=freeze)

    command = subparsers.add_parser("track", help="hold a frozen plan against what happened")
    declare(command, "case", "--outputs", "--authority")
    declare(command, "--dfe", help="DfE downloads (CSV), to compare with neighbours")
    command.add_argument("--plan", type=whole_number, metavar="N", help="a version of the plan; the latest by default")
    command.set_defaults(run=run_track)


def freeze(options: Options) -> int:
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


def run_track(options: Options) -> int:
    """Write `outturn.html` and the tables behind it. Raises InputProblems."""
    from model.batch.store import whole  # noqa: PLC0415 - a list of commands needs none of this
    from model.report.outturn import open_outturn, write_page  # noqa: PLC0415
    from model.tracking.outturn import write  # noqa: PLC0415

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
