"""`sweep`: thousands of combinations of assumptions, to one Parquet file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.batch.arguments import add_sweep_arguments
from model.batch.terminal import say
from model.commands.shared import BAD_INPUT, INPUTS

if TYPE_CHECKING:
    import argparse


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = subparsers.add_parser("sweep", help="thousands of combinations of assumptions, to one Parquet file")
    add_sweep_arguments(command)
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Run every combination. Return 0, 1 where it failed on the way, 2 on bad input."""
    from model.case.reading.problems import InputProblems  # noqa: PLC0415
    from model.results.sweep import command  # noqa: PLC0415

    try:
        return command(options, inputs=INPUTS)
    except InputProblems as problems:
        say(str(problems), error=True)
        return BAD_INPUT
