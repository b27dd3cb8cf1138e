"""Arguments of the command line that belong to the batch; importing this costs nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


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
    parser.add_argument("--scenario", help="start from this scenario (each case's own base unless given)")
    parser.add_argument("--out", type=Path, help="the Parquet file (outputs/sweep.parquet unless given)")
    parser.add_argument("--outputs", type=Path, default=Path("outputs"))
    parser.add_argument("--jobs", type=int, help="processes at once (all processors unless given)")
    parser.add_argument("--force", action="store_true", help="even if the file was made from the same inputs")
    add_cluster_arguments(parser)
