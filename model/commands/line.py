"""The command line: which words one can type, what each may be, and what becomes of a command's errors.

A command is named here with its words, and its module is loaded when it is typed: a list of commands costs nothing.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from model.batch.tasks import load
from model.case.reading.problems import InputProblems
from model.commands import terminal
from model.commands.shared import BAD_INPUT, CASE_HELP, DONE, FAILED, OUTPUTS, status_of
from model.results import DRAWS, SEED

_CHANCE: Final = "chance of a positive NPV below which the scheme is to be"
ENDS: Final = "exit status: 0 done; 1 a scenario failed, or a printed figure is not as expected; 2 bad input or usage"


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Return 0 done, 1 a scenario or an expectation failed, 2 bad input or usage."""
    terminal.open_streams()
    try:
        options = parser().parse_args(arguments)
        status = int(load(options.run)(options))
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


# What a word may be ---------------------------------------------------------------------------------------------------


def scenario_name(text: str) -> str:
    """Return the name of a scenario as given; its folder of outputs is called so, hence no empty one and no path."""
    if text.strip() in {"", ".", ".."} or "/" in text or "\\" in text:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no scenario: expected the name of a file in scenarios/ without .toml, such as base"
        )
    return text


def pair(text: str) -> tuple[str, str]:
    """Return NAME=VALUE as two texts, neither of them empty."""
    name, _, value = (part.strip() for part in text.partition("="))
    if not (name and value):
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=VALUE, such as fostering.fill_rate=0.7")
    return name, value


def setting(text: str) -> tuple[str, object]:
    """Return NAME=VALUE as a name and a value as a scenario would write it; what is no such value stays a text."""
    name, value = pair(text)
    try:
        found = tomllib.loads(f"value = {value}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return name, value
    return name, found["value"] if len(found) == 1 else value


def a_path(text: str) -> Path:
    """Return a path as given; an empty text is none, though Python takes it for the folder one stands in."""
    if not text.strip():
        raise argparse.ArgumentTypeError(f"expected a file or a folder, not {text!r}")
    return Path(text)


def whole_number(text: str) -> int:
    """Return a whole number from 1."""
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1, not {text!r}")
    return int(text)


def seed(text: str) -> int:
    """Return what random numbers begin from: a whole number from 0."""
    return 0 if text == "0" else whole_number(text)


def day(text: str) -> dt.date:
    """Return a day written year first."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected a day such as 2024-03-31, not {text!r}") from error


def _number(holds: Callable[[float], bool], expected: str) -> Callable[[str], float]:
    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not holds(number):
            raise argparse.ArgumentTypeError(f"expected {expected}, not {text!r}")
        return number

    return parse


share = _number(lambda number: 0 <= number <= 1, "a share from 0 to 1, such as 0.5")
seconds = _number(lambda number: 0 < number < math.inf, "a number of seconds above 0, such as 600")

FLAG: Final[dict[str, Any]] = {"action": "store_true"}
MANY: Final[dict[str, Any]] = {"action": "append", "default": []}


def takes(words: str, metavar: str | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as argparse has it
    """Return an argument: what it is for, what its value is called, and what else argparse is to know."""
    return {"help": words, **({"metavar": metavar} if metavar else {}), **more}


ARGUMENTS: Final = {
    "case": takes(CASE_HELP, "CASE"),
    "new case": takes("the new case's name: the folder inputs/CASE"),
    "cases": takes(f"{CASE_HELP}; default all", "CASE", nargs="*"),
    "sweep cases": takes(CASE_HELP, "CASE", nargs="+"),
    "file": takes("what `excel` wrote, edited; or a list of posts", "FILE", type=a_path),
    "notebooks": takes("files; default all in notebooks/", "NOTEBOOK", nargs="*"),
    "old": takes("an outputs folder, one of its cases, or one scenario", "OLD", type=a_path),
    "new": takes("the same, later", "NEW", type=a_path),
    "--actuals": takes("with --ssda903: add what happened to the case's actuals.csv", "CASE"),
    "--authority": takes("the council's name as DfE spells it", "NAME"),
    "demand --authority": takes("the council's name as DfE spells it", "NAME", required=True),
    "--blank": takes("with --schemes: the rows to fill in, each with its meaning", **FLAG),
    "--change-below": takes(f"{_CHANCE} changed (0.5)", "SHARE", type=share, default=0.5),
    "--dfe": takes("folder of DfE downloads (CSV)", "FOLDER", type=a_path),
    "backtest --dfe": takes("folder of DfE downloads (CSV)", "FOLDER", type=a_path, required=True),
    "track --dfe": takes("DfE downloads (CSV), to compare with neighbours", "FOLDER", type=a_path),
    "--draws": takes(f"joint draws ({DRAWS})", "N", type=whole_number, default=DRAWS),
    "run --draws": takes(f"joint draws ({DRAWS}); 1 = central alone", "N", type=whole_number, default=DRAWS),
    "options --draws": takes("joint draws, the same for all (500)", "N", type=whole_number),
    "--engine": takes("processes here, or a dask cluster", choices=["local", "dask"], default="local"),
    "--excel": takes("workbook.xlsx (live formulas) and tables.xlsx for every scenario, not two alone", **FLAG),
    "--force": takes("make again what is up to date too", **FLAG),
    "new --from": takes("copy the structure of a case without its numbers", "CASE", dest="other"),
    "sweep --from": takes("combinations, one a row", "FILE.csv", type=a_path, dest="from_file"),
    "--grid": takes("values of an assumption (or NAME=A,B,C)", "NAME=LOW:HIGH:STEP", **MANY),
    "--holdout": takes("hold out the last K years (not tuned on)", "K", type=whole_number),
    "--html": takes("write the differences as a page too", "FILE", type=a_path),
    "--impact": takes("write into assumptions.csv how much each one matters", **FLAG),
    "--inputs": takes("where cases live (inputs/)", "FOLDER", type=a_path, default=Path("inputs")),
    "--internal": takes("write small observed counts too: not for publication", **FLAG),
    "--jobs": takes("processes at once (by the processors unless given)", "N", type=whole_number),
    "--log-json": takes("add a line of JSON an event to this file", "FILE", type=a_path),
    "--map": takes("what a column is called in that list, beside [establishment_list] of case.toml", "COLUMN=HEADING",
                   type=pair, **MANY),
    "--mend": takes("write what Excel rewrote back in the house form", **FLAG),
    "--on": takes("the day it is frozen; today unless given", "DATE", type=day),
    "backtest --out": takes("write errors.csv and forecasts.csv here", "FOLDER", type=a_path),
    "demand --out": takes("where to write (outputs/demand/<authority>)", "FOLDER", type=a_path),
    "excel --out": takes("elsewhere than beside the case", "FILE.xlsx", type=a_path),
    "sweep --out": takes("the file (outputs/sweep.parquet unless given); .csv or .xlsx too", type=a_path),
    "--outputs": takes("where to write (outputs/)", "DIR", type=a_path, default=OUTPUTS),
    "--plan": takes("a version of the plan; the latest by default", "N", type=whole_number),
    "--posts": takes("FILE is a list of posts, for the establishment of this case", "CASE"),
    "--reason": takes("why there is a new version; needed after the first", "TEXT", default=""),
    "--scenario": takes("its base scenario unless given", "NAME", type=scenario_name),
    "run --scenario": takes("only this scenario; may be repeated", "NAME", type=scenario_name, action="append"),
    "--scheduler": takes("with --engine dask: such as tcp://host:8786", "ADDRESS"),
    "--schemes": takes("kinds of scheme, such as own_homes,agency", "KIND,..."),
    "--seed": takes(f"the same seed gives the same draws ({SEED})", "N", type=seed, default=SEED),
    "--set": takes("put a value in an assumption's place for this run, as a scenario would; may be repeated",
                   "NAME=VALUE", type=setting, dest="overrides", **MANY),
    "--ssda903": takes("folder of the council's SSDA903 returns", "FOLDER", type=a_path),
    "--stop-below": takes(f"{_CHANCE} stopped (0.1)", "SHARE", type=share, default=0.1),
    "--timeout": takes("end a scenario that takes longer", "SECONDS", type=seconds),
    "--to": takes(f"{CASE_HELP}; the workbook's own name unless given", "CASE"),
    "--year": takes("31 March of this year; the newest in the tables by default", type=int),
}  # fmt: skip
"""Every argument by its name, with its command in front where several differ in it."""
COMMANDS: Final = {
    "run": ("run:run", "make every scenario's report, and the index of each case",
            ("cases --scenario --draws --seed --outputs --jobs --force --engine --scheduler --set --excel --timeout "
             "--log-json")),
    "check": ("check:run", "print every problem in the inputs, all at once", "cases --mend --impact"),
    "reconcile": ("check:reconcile", "recompute the figures a paper has printed, row by row", "case"),
    "dictionary": ("check:dictionary", "write the data dictionary, docs/inputs.md, from the code", ""),
    "diff": ("diff:run", "say what is different between two folders of outputs", "old new --html"),
    "sweep": ("sweep:run", "thousands of combinations of assumptions, to one Parquet file",
              "cases --grid --from --out --scenario --outputs --jobs --force --engine --scheduler"),
    "excel": ("excel:export", "a case as one workbook, inputs/CASE/CASE.xlsx", "case --out"),
    "import": ("excel:bring_back", "a case's workbook, or HR's list of posts, into a folder of inputs/",
               "file --to --posts --map"),
    "demand": ("demand:demand", "write a caseload and its assumptions from DfE tables or SSDA903",
               "--authority --dfe --year --ssda903 --actuals --out --internal"),
    "new": ("demand:new", "make a case: from DfE tables or returns, empty, or like another",
            "case --blank --schemes --from --authority --dfe --year --ssda903 --inputs"),
    "backtest": ("demand:held_out", "forecast held-out years of the published tables, all authorities",
                 "--dfe --holdout --out"),
    "freeze": ("tracking:freeze", "set down what a case promises, so that it can be held to it",
               "case --scenario --draws --seed --reason --on --change-below --stop-below"),
    "track": ("tracking:track", "hold a frozen plan against what happened", "case --outputs --authority --dfe --plan"),
    "options": ("options:run", "appraise the options of a case: which, and how much of each",
                "case --scenario --seed --outputs --draws"),
    "clean-notebooks": ("notebooks:run", "strip outputs from notebooks, as they are kept in git", "notebooks"),
}  # fmt: skip
"""Every command: the function of this folder that does it, what it is for, and its arguments."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands, in the order in which they are met."""
    top = argparse.ArgumentParser(
        prog="python -m model",
        description="Invest-to-save projections for a council's children's services: runs, checks and comparisons.",
        epilog=ENDS,
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, (run, words, arguments) in COMMANDS.items():
        command = commands.add_parser(name, help=words, epilog=ENDS if name == "run" else None)
        command.set_defaults(run=f"model.commands.{run}")
        for argument in arguments.split():
            command.add_argument(argument, **(ARGUMENTS.get(f"{name} {argument}") or ARGUMENTS[argument]))
    return top
