"""`sweep`: thousands of combinations of assumptions, to one Parquet file."""

import argparse
from pathlib import Path

import pandas as pd

from model.batch import remote, store
from model.commands.shared import DONE, FAILED, case_paths, cluster_problem, refused, status_of
from model.commands.terminal import say
from model.excel.tables import MOST_ROWS, write_frame
from model.results.combinations import SweepError, check, file_frame, grid_frame
from model.results.files import write_csv
from model.results.sweep import refuse, sweep
from model.schemes.load import load_case


def run(options: argparse.Namespace) -> int:
    """Run every combination. Return 0, 1 where it failed on the way, 2 on bad input. Raises InputProblems."""
    folders = case_paths(options.cases)
    asked = options.out or options.outputs / "sweep.parquet"
    out = asked.with_suffix(".parquet") if asked.suffix in {".csv", ".xlsx"} else asked
    try:
        refuse(folders, out)
        points = _asked_for(options)
        problems = [text for folder in folders for text in check(load_case(folder, options.scenario), points)]
    except SweepError as error:
        return refused(str(error))
    if problems:
        return refused("\n".join(problems))
    scheduler = options.scheduler if options.engine == "dask" else None
    try:
        done = sweep(folders, points, out, scenario=options.scenario, workers=options.jobs, force=options.force,
                     scheduler=scheduler)  # fmt: skip
    except (SweepError, store.OutputError, remote.ClusterError) as error:
        return refused(str(error), status_of(error))
    except OSError as error:
        return refused(store.explain(error, out), status_of(error))
    count = f"{len(points)} combinations x {len(folders)} case{'s' if len(folders) > 1 else ''}"
    say(f"{out}: {count}{'' if done else ', already up to date'}")
    return DONE if asked == out else _written(out, asked)


def _written(made: Path, asked: Path) -> int:
    """Write a sweep's table in the form that a name's ending asks for, beside the parquet that it was made as."""
    table = pd.read_parquet(made)
    if asked.suffix == ".xlsx" and len(table) > MOST_ROWS:
        return refused(f"{asked}: a sheet holds {MOST_ROWS:,} rows and the sweep has {len(table):,}: use .csv", FAILED)
    (write_csv if asked.suffix == ".csv" else write_frame)(table, asked)
    say(f"{asked}: the same as a {'CSV' if asked.suffix == '.csv' else 'spreadsheet'}")
    return DONE


def _asked_for(options: argparse.Namespace) -> pd.DataFrame:
    """Return the combinations asked for. Raises SweepError where they cannot be read."""
    if bool(options.grid) == (options.from_file is not None):
        raise SweepError("say which combinations: either --grid (one or more) or --from FILE.csv")
    if problem := cluster_problem(options.engine, options.scheduler):
        raise SweepError(problem)
    if options.from_file is None:
        return grid_frame(options.grid)
    try:
        return file_frame(options.from_file)
    except OSError as error:
        raise SweepError(f"{options.from_file}: {error.strerror}") from error
