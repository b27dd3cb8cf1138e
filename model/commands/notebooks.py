"""`clean-notebooks`: notebooks as they are kept in git, without outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def add_arguments(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = subparsers.add_parser("clean-notebooks", help="strip outputs from notebooks, as they are kept in git")
    command.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="files; default all in notebooks/")
    command.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Clean them. Return 0, or 1 where a file is none."""
    from model.batch.notebook_hygiene import main  # noqa: PLC0415

    return main(options.notebooks)
