"""Arguments that several commands share, each declared once; importing this costs nothing."""

import argparse
import datetime as dt
import math
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from model.commands.shared import CASE_HELP, OUTPUTS
from model.results import DRAWS, SEED

Options = argparse.Namespace
Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 - argparse names it so


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

SHARED: dict[str, dict[str, Any]] = {
    "case": {"metavar": "CASE", "help": CASE_HELP},
    "cases": {"nargs": "*", "metavar": "CASE", "help": f"{CASE_HELP}; default all"},
    "--scenario": {"type": scenario_name, "metavar": "NAME", "help": "its base scenario unless given"},
    "--draws": {"type": whole_number, "default": DRAWS, "metavar": "N", "help": f"joint draws ({DRAWS})"},
    "--seed": {"type": seed, "default": SEED, "metavar": "N", "help": f"the same seed gives the same draws ({SEED})"},
    "--outputs": {"type": Path, "default": OUTPUTS, "metavar": "DIR", "help": "where to write (outputs/)"},
    "--jobs": {"type": whole_number, "metavar": "N", "help": "processes at once (by the processors unless given)"},
    "--force": {"action": "store_true", "help": "make again what is up to date too"},
    "--engine": {"choices": ["local", "dask"], "default": "local", "help": "processes here, or a dask cluster"},
    "--scheduler": {"metavar": "ADDRESS", "help": "with --engine dask: such as tcp://host:8786"},
    "--authority": {"metavar": "NAME", "help": "the council's name as DfE spells it"},
    "--dfe": {"type": Path, "metavar": "FOLDER", "help": "folder of DfE downloads (CSV)"},
    "--year": {"type": int, "help": "31 March of this year; the newest in the tables by default"},
    "--ssda903": {"type": Path, "metavar": "FOLDER", "help": "folder of the council's SSDA903 returns"},
}
"""What several commands take, by name."""


def declare(command: argparse.ArgumentParser, *names: str, **changed: Any) -> None:  # noqa: ANN401 - as argparse has it
    """Add shared arguments to a command, each with what this command has otherwise."""
    for name in names:
        command.add_argument(name, **{**SHARED[name], **changed})


def cluster_problem(options: Options) -> str:
    """Return what is wrong with ``--engine`` and ``--scheduler`` taken together; empty if nothing is."""
    if options.engine == "dask" and not options.scheduler:
        return "--engine dask needs --scheduler ADDRESS, such as tcp://host:8786"
    if options.engine != "dask":
        alone = "--scheduler needs --engine dask; leave it out to work with processes here"
        return "" if options.scheduler is None else alone
    from model.batch.remote import address_problem  # noqa: PLC0415 - a list of commands needs none of this

    problem = address_problem(options.scheduler)
    return f"--scheduler {problem}" if problem else ""
