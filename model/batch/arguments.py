"""Arguments of the command line that belong to the batch; importing this costs nothing."""

from __future__ import annotations

import argparse
from pathlib import Path


def scenario_name(text: str) -> str:
    """Return the name of a scenario as given; its folder of outputs is called so, hence no empty one and no path."""
    if text.strip() in {"", ".", ".."} or "/" in text or "\\" in text:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no scenario: expected the name of a file in scenarios/ without .toml, such as base"
        )
    return text


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
    parser.add_argument("--from", dest="from_file", type=Path, metavar="FILE.csv", help="combinations, one a row")
    parser.add_argument(
        "--scenario",
        type=scenario_name,
        metavar="NAME",
        help="start from this scenario (each case's own base unless given)",
    )
    parser.add_argument("--out", type=Path, help="the Parquet file (outputs/sweep.parquet unless given)")
    parser.add_argument("--outputs", type=Path, default=Path("outputs"))
    parser.add_argument("--jobs", type=int, help="processes at once (all processors unless given)")
    parser.add_argument("--force", action="store_true", help="even if the file was made from the same inputs")
    add_cluster_arguments(parser)
