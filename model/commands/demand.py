"""`demand`, `new` and `backtest`: where a caseload comes from."""

import argparse
import datetime as dt
import re
from pathlib import Path

import pandas as pd

from model.batch.disk import write_whole
from model.batch.store import whole
from model.commands.shared import DONE, case_paths, refused
from model.commands.terminal import say
from model.demand.backtest import backtest, summary_lines
from model.demand.blank_case import blank_case, case_from
from model.demand.build import demand_from_tables
from model.demand.dfe import read_dfe
from model.demand.monthly import COLUMNS, actuals_of, merged
from model.demand.new_case import make_case
from model.demand.returns import demand_with_returns
from model.demand.ssda903 import read_episodes
from model.schemes.load import load_case


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as UTF-8 CSV with plain line ends, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, frame.to_csv(index=False, lineterminator="\n").encode())


def demand(args: argparse.Namespace) -> int:
    """Write ``caseload.csv`` and ``assumptions.csv`` (and, with returns, rates and the log of rules)."""
    if args.actuals and args.ssda903:
        return _add_actuals(args)
    if args.actuals or not args.dfe:
        return refused("demand needs --dfe; or --ssda903 and --actuals CASE, for what happened since")

    if args.ssda903 is None:
        built = demand_from_tables(args.dfe, args.authority, args.year)
    else:
        built = demand_with_returns(args.dfe, args.ssda903, args.authority, internal=args.internal)
    folder = args.out or Path("outputs") / "demand" / re.sub(r"[^a-z0-9]+", "-", built.authority.lower()).strip("-")
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


def _add_actuals(args: argparse.Namespace) -> int:
    """Add what a council's returns say of each month to a case's ``actuals.csv``. Raises InputProblems."""
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


def new(args: argparse.Namespace) -> int:
    """Make a case folder: for an authority from tables, blank for some kinds of scheme, or like another case."""
    if args.blank and args.schemes:
        lines = blank_case(args.case, args.schemes.split(","), args.inputs, dt.datetime.now(tz=dt.UTC).date())
    elif args.other:
        lines = case_from(args.case, args.other, args.inputs)
    elif args.authority and args.dfe:
        lines = make_case(args.case, args.authority, args.dfe, year=args.year, inputs=args.inputs, ssda903=args.ssda903)
    else:
        return refused("new needs --authority and --dfe, or --blank and --schemes, or --from CASE")
    for line in lines:
        say(line)
    return DONE


def held_out(args: argparse.Namespace) -> int:
    """Print held-out errors and coverage of every method; write them where asked."""
    result = backtest(read_dfe(args.dfe), holdout_years=args.holdout)
    if args.out is not None:
        for name in ("errors", "forecasts"):
            frame = getattr(result, name).round(5)
            write_csv(frame, args.out / f"{name}.csv")
            say(f"wrote {args.out / name}.csv: {len(frame)} rows")
    for line in summary_lines(result):
        say(line)
    return DONE
