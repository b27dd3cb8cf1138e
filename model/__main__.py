"""The command line: python -m model COMMAND."""

import sys

from model.commands import terminal
from model.commands.line import main, parser

__all__ = ["main", "parser"]

if __name__ == "__main__":
    terminal.interrupt_once()
    ended = main()
    terminal.ignore_interrupts()
    sys.exit(ended)
