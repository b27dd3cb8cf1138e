"""The command line: which commands there are, and what becomes of their errors."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.case.reading.problems import InputProblems
from model.commands import check, demand, diff, excel, notebooks, run, sweep, terminal, tracking
from model.commands import options as appraisal
from model.commands.shared import BAD_INPUT, DONE, FAILED, status_of


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Return 0 done, 1 a scenario or an expectation failed, 2 bad input or usage."""
    terminal.open_streams()
    try:
        options = parser().parse_args(arguments)
        status = int(options.run(options))
    except InputProblems as problems:
        terminal.say(str(problems), error=True)
        status = BAD_INPUT
    except KeyboardInterrupt:
        terminal.say("stopped; what was finished is kept, and the next run makes the rest", error=True)
        status = FAILED
    except BrokenPipeError:
        status = DONE
    except OSError as error:
        if terminal.flush(probe=True):  # it is not what was printed that could not be written
            from model.batch.store import explain  # noqa: PLC0415 - a list of commands needs none of this

            terminal.say(explain(error, Path(error.filename or ".")), error=True)
        return status_of(error)
    return status if terminal.flush() else FAILED


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands, in the order in which they are met."""
    top = argparse.ArgumentParser(
        prog="python -m model",
        description="Invest-to-save projections for a council's children's services: runs, checks and comparisons.",
        epilog="exit status: 0 done; 1 a scenario failed, or a printed figure is not as expected; 2 bad input or usage",
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (run, check, diff, sweep, excel, demand, tracking, appraisal, notebooks):
        command.add_arguments(commands)
    return top
