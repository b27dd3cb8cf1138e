"""`dictionary`: the data dictionary, `docs/inputs.md`, written from the code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from model.commands.shared import DONE, ROOT

if TYPE_CHECKING:
    import argparse

    from model.commands.arguments import Parsers

PAGE: Final = ROOT / "docs" / "inputs.md"


def add_arguments(subparsers: Parsers) -> None:
    """Declare the command."""
    command = subparsers.add_parser("dictionary", help="write the data dictionary, docs/inputs.md, from the code")
    command.set_defaults(run=run)


def run(_options: argparse.Namespace) -> int:
    """Write the page. Return 0."""
    from model.case.reading.dictionary import page  # noqa: PLC0415

    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    return DONE
