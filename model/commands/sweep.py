"""`sweep`: thousands of combinations of assumptions, to one Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.batch.arguments import add_sweep_arguments
from model.commands.shared import INPUTS

if TYPE_CHECKING:
    import argparse


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = subparsers.add_parser("sweep", help="thousands of combinations of assumptions, to one Parquet file")
    add_sweep_arguments(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run every combination. Return 0, 1 where it failed on the way, 2 on bad input."""
    from model.results.sweep import command  # noqa: PLC0415

    return command(options, inputs=INPUTS)
