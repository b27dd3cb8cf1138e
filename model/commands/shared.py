"""What the commands share: exit statuses, and where cases and outputs are."""

import errno
from collections.abc import Collection
from pathlib import Path

from model.commands.terminal import say

DONE, FAILED, BAD_INPUT = 0, 1, 2
ROOT = Path(__file__).resolve().parents[2]
INPUTS, OUTPUTS = ROOT / "inputs", ROOT / "outputs"
CASE_HELP = "a folder of inputs/, by name or path"


_NO_PLACE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.EINVAL, errno.ENAMETOOLONG, errno.ELOOP}


def status_of(error: BaseException) -> int:
    """Return BAD_INPUT where a path cannot be what was asked of it, FAILED where a disk or a machine refused."""
    reason = error.__cause__ or error
    return BAD_INPUT if isinstance(reason, OSError) and reason.errno in _NO_PLACE else FAILED


def refused(words: str, status: int = BAD_INPUT) -> int:
    """Say why a command did not do what was asked of it, and return its exit status."""
    say(words, error=True)
    return status


def refused_for(problems: Collection[object], undone: str) -> int:
    """Say every problem, a line each, how many there are and what was not done for them; return the exit status."""
    for problem in problems:
        say(str(problem), error=True)
    return refused(f"{len(problems)} problem{'' if len(problems) == 1 else 's'}; {undone}")


def among_inputs(outputs: Path, paths: list[Path]) -> str:
    """Say why outputs cannot go to a folder of inputs; empty where they can."""
    place = outputs.resolve()
    if any(place in {path, path.parent} or path in place.parents for path in paths):
        return f"--outputs {outputs}: it holds inputs; choose another folder, such as outputs"
    return ""


def case_paths(names: list[str]) -> list[Path]:
    """Return the folders of the named cases, each once, or of all. A name that is no case stays: loading says so."""
    from model.case.reading.load import case_names  # noqa: PLC0415 - commands import what they need

    if not names:
        return [INPUTS / name for name in case_names(INPUTS)]
    paths = [path.resolve() if (path := Path(name)).is_dir() else INPUTS / name for name in names]
    return list(dict.fromkeys(paths))


def cluster_problem(engine: str, scheduler: str | None) -> str:
    """Return what is wrong with ``--engine`` and ``--scheduler`` taken together; empty if nothing is."""
    if engine != "dask":
        alone = "--scheduler needs --engine dask; leave it out to work with processes here"
        return "" if scheduler is None else alone
    if not scheduler:
        return "--engine dask needs --scheduler ADDRESS, such as tcp://host:8786"
    from model.batch.remote import address_problem  # noqa: PLC0415 - a list of commands needs none of this

    problem = address_problem(scheduler)
    return f"--scheduler {problem}" if problem else ""
