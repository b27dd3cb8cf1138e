"""`demand`, `new` and `backtest`: where a caseload comes from."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING

from model.batch.disk import write_whole
from model.commands.arguments import Options, Parsers, declare, whole_number
from model.commands.shared import DONE, case_paths, refused
from model.commands.terminal import say

if TYPE_CHECKING:
    import pandas as pd


def add_arguments(subparsers: Parsers) -> None:
    """Add the three subcommands; each sets ``run``: a function of the parsed arguments that returns an exit status."""
    demand = subparsers.add_parser("demand", help="write a caseload and its assumptions from DfE tables or SSDA903")
    declare(demand, "--authority", required=True)
    declare(demand, "--dfe", "--year", "--ssda903")
    demand.add_argument("--actuals", metavar="CASE", help="with --ssda903: add what happened to the case's actuals.csv")
    demand.add_argument("--out", type=Path, metavar="FOLDER", help="where to write (outputs/demand/<authority>)")
    demand.add_argument("--internal", action="store_true", help="write small observed counts too: not for publication")
    demand.set_defaults(run=run_demand)

    new = subparsers.add_parser("new", help="make a case: from DfE tables or returns, empty, or like another")
    new.add_argument("case", help="the new case's name: the folder inputs/CASE")
    new.add_argument("--blank", action="store_true", help="with --schemes: the rows to fill in, each with its meaning")
    new.add_argument("--schemes", metavar="KIND,...", help="kinds of scheme, such as own_homes,agency")
    new.add_argument("--from", dest="other", metavar="CASE", help="copy the structure of a case without its numbers")
    declare(new, "--authority", "--dfe", "--year", "--ssda903")
    new.add_argument("--inputs", type=Path, default=Path("inputs"), metavar="FOLDER", help="where cases live (inputs/)")
    new.set_defaults(run=run_new)

    test = subparsers.add_parser("backtest", help="forecast held-out years of the published tables, all authorities")
    declare(test, "--dfe", required=True)
    test.add_argument("--holdout", type=whole_number, metavar="K", help="hold out the last K years (not tuned on)")
    test.add_argument("--out", type=Path, metavar="FOLDER", help="write errors.csv and forecasts.csv here")
    test.set_defaults(run=run_backtest)


def slug(name: str) -> str:
    """Return a folder name for an authority."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as UTF-8 CSV with plain line ends, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, frame.to_csv(index=False, lineterminator="\n").encode())


def run_demand(args: Options) -> int:
    """Write ``caseload.csv`` and ``assumptions.csv`` (and, with returns, rates and the log of rules)."""
    if args.actuals and args.ssda903:
        return _add_actuals(args)
    if args.actuals or not args.dfe:
        return refused("demand needs --dfe; or --ssda903 and --actuals CASE, for what happened since")
    from model.batch.store import whole  # noqa: PLC0415
    from model.demand.build import demand_from_tables  # noqa: PLC0415

    if args.ssda903 is None:
        built = demand_from_tables(args.dfe, args.authority, args.year)
    else:
        from model.demand.returns import demand_with_returns  # noqa: PLC0415

        built = demand_with_returns(args.dfe, args.ssda903, args.authority, internal=args.internal)
    folder = args.out or Path("outputs") / "demand" / slug(built.authority)
    if Path.cwd().is_relative_to(folder.resolve()):
        return refused(f"--out {folder}: one stands in it; choose a folder of its own, such as outputs/demand")
    with whole(folder, kept=True) as place:
        if args.ssda903 is not None:
            (place / ".gitignore").write_text("*\n", encoding="utf-8")
        for name, frame in built.files.items():
            write_csv(frame, place / name)
    for name, frame in built.files.items():
        say(f"wrote {folder / name}: {len(frame)} rows")
    for line in built.lines:
        say(line)
    return DONE


def _add_actuals(args: Options) -> int:
    """Add what a council's returns say of each month to a case's ``actuals.csv``. Raises InputProblems."""
    import pandas as pd  # noqa: PLC0415

    from model.demand.monthly import COLUMNS, actuals_of, merged  # noqa: PLC0415
    from model.demand.ssda903 import read_episodes  # noqa: PLC0415
    from model.schemes.load import load_case  # noqa: PLC0415

    case = load_case(case_paths([args.actuals])[0])
    found = actuals_of(
        read_episodes(args.ssda903, authority=args.authority), case.timeline.start, internal=args.internal
    )
    path = case.folder / "actuals.csv"
    before = pd.read_csv(path, dtype=str, keep_default_na=False) if path.is_file() else pd.DataFrame(columns=COLUMNS)
    write_csv(
        merged(before.reindex(columns=list(dict.fromkeys([*before.columns, *COLUMNS])), fill_value=""), found), path
    )
    say(f"wrote {path}")
    for measure, part in found.groupby("measure", sort=False):
        say(f"{measure}: {part['period'].nunique()} periods from {part['period'].min()} to {part['period'].max()}")
    if not args.internal:
        say("one to five children are put into longer periods or left out; --internal writes them: not for publication")
    return DONE


def run_new(args: Options) -> int:
    """Make a case folder: for an authority from tables, blank for some kinds of scheme, or like another case."""
    from model.demand.blank_case import blank_case, case_from  # noqa: PLC0415

    if args.blank and args.schemes:
        lines = blank_case(args.case, args.schemes.split(","), args.inputs, dt.datetime.now(tz=dt.UTC).date())
    elif args.other:
        lines = case_from(args.case, args.other, args.inputs)
    elif args.authority and args.dfe:
        from model.demand.new_case import make_case  # noqa: PLC0415

        lines = make_case(args.case, args.authority, args.dfe, year=args.year, inputs=args.inputs, ssda903=args.ssda903)
    else:
        return refused("new needs --authority and --dfe, or --blank and --schemes, or --from CASE")
    for line in lines:
        say(line)
    return DONE


def run_backtest(args: Options) -> int:
    """Print held-out errors and coverage of every method; write them where asked."""
    from model.demand.backtest import backtest, summary_lines  # noqa: PLC0415
    from model.demand.dfe import read_dfe  # noqa: PLC0415

    result = backtest(read_dfe(args.dfe), holdout_years=args.holdout)
    if args.out is not None:
        for name in ("errors", "forecasts"):
            frame = getattr(result, name).round(5)
            write_csv(frame, args.out / f"{name}.csv")
            say(f"wrote {args.out / name}.csv: {len(frame)} rows")
    for line in summary_lines(result):
        say(line)
    return DONE
