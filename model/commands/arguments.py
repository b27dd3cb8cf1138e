"""Arguments of the command line that several commands share; importing this costs nothing."""

from __future__ import annotations

import argparse
import datetime as dt
import math
import re
import tomllib
from pathlib import Path

from model.results import MOST_POINTS


def scenario_name(text: str) -> str:
    """Return the name of a scenario as given; its folder of outputs is called so, hence no empty one and no path."""
    if text.strip() in {"", ".", ".."} or "/" in text or "\\" in text:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no scenario: expected the name of a file in scenarios/ without .toml, such as base"
        )
    return text


def setting(text: str) -> tuple[str, object]:
    """Return NAME=VALUE as a name and a value as a scenario would write it; what is no such value stays a text."""
    name, equals, value = (part.strip() for part in text.partition("="))
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=VALUE, such as fostering.fill_rate=0.7")
    try:
        found = tomllib.loads(f"value = {value}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return name, value
    return name, found["value"] if len(found) == 1 else value


def whole_number(text: str) -> int:
    """Return a whole number from 1."""
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1, not {text!r}")
    return int(text)


def seed(text: str) -> int:
    """Return what random numbers begin from: a whole number from 0."""
    return 0 if text == "0" else whole_number(text)


def share(text: str) -> float:
    """Return a share: a number from 0 to 1."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a share from 0 to 1, such as 0.5, not {text!r}")
    return number


def day(text: str) -> dt.date:
    """Return a day written year first."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a day such as 2024-03-31, not {text!r}") from error


def seconds(text: str) -> float:
    """Return a length of time: a finite number of seconds above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, such as 600, not {text!r}")
    return number


def cluster_problem(options: argparse.Namespace) -> str:
    """Return what is wrong with ``--engine`` and ``--scheduler`` taken together; empty if nothing is."""
    if options.engine == "dask" and not options.scheduler:
        return "--engine dask needs --scheduler ADDRESS, such as tcp://host:8786"
    from model.batch.remote import address_problem  # noqa: PLC0415 - a list of commands needs none of this

    if options.engine != "dask" and options.scheduler is not None:
        return "--scheduler needs --engine dask; leave it out to work with processes here"
    problem = address_problem(options.scheduler) if options.engine == "dask" else ""
    return f"--scheduler {problem}" if problem else ""


def add_cluster_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare where the work is done: processes here, or a dask cluster that is already there."""
    parser.add_argument(
        "--engine", choices=["local", "dask"], default="local", help="processes here, or a dask cluster"
    )
    parser.add_argument("--scheduler", metavar="ADDRESS", help="with --engine dask: such as tcp://host:8786")


def add_sweep_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare ``python -m model sweep``'s arguments; ``command`` reads them."""
    parser.add_argument("cases", nargs="+", metavar="CASE", help="a case's name in inputs/, or its folder")
    parser.add_argument(
        "--grid",
        action="append",
        default=[],
        metavar="NAME=LOW:HIGH:STEP",
        help="values of an assumption (or NAME=A,B,C)",
    )
    parser.add_argument(
        "--at-most",
        type=whole_number,
        default=MOST_POINTS,
        metavar="N",
        help=f"refuse a grid of more combinations ({MOST_POINTS})",
    )
    parser.add_argument("--from", dest="from_file", type=Path, metavar="FILE.csv", help="combinations, one a row")
    parser.add_argument(
        "--scenario",
        type=scenario_name,
        metavar="NAME",
        help="start from this scenario (each case's own base unless given)",
    )
    parser.add_argument("--out", type=Path, help="the Parquet file (outputs/sweep.parquet unless given)")
    parser.add_argument("--outputs", type=Path, default=Path("outputs"))
    parser.add_argument(
        "--jobs", type=whole_number, metavar="N", help="processes at once (all processors unless given)"
    )
    parser.add_argument("--force", action="store_true", help="even if the file was made from the same inputs")
    add_cluster_arguments(parser)
