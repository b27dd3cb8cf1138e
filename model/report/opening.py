"""How a notebook gets its case and its result, wherever it was opened from."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from model.batch.disk import text_digest
from model.case.reading.overrides import overridden
from model.report.shown import register
from model.results.provenance import INPUT_SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.case.records import Case
    from model.report.look.page import Block
    from model.results.runs import Result


def case_folder(case: str) -> Path:
    """Return a case's folder from its name or path, whether the notebook runs in `notebooks/` or above it.

    Raises FileNotFoundError naming the places that were tried and the cases there are.
    """
    given = Path(case)
    here = Path.cwd()
    roots = [here, *here.parents, Path(__file__).resolve().parents[2]]
    places = [given, *(root / "inputs" / case for root in roots)]
    found = next((p for p in places if (p / "case.toml").is_file()), None)
    if found is not None:
        return found.resolve()
    known = sorted({p.parent.name for root in roots for p in (root / "inputs").glob("*/case.toml")})
    raise FileNotFoundError(
        f"no case {case!r}: no folder inputs/{case} with a case.toml; the cases are {', '.join(known) or 'none'}"
    )


def open_case(case: str, scenario: str) -> Case:
    """Return a case under a scenario. Raises FileNotFoundError, or the loader's error with every problem at once."""
    from model.schemes.load import load_case  # noqa: PLC0415 - a notebook that only reads outputs needs no loader

    register()  # a shell may be younger than this process's import of the report
    return load_case(case_folder(case), scenario=scenario)


def open_result(
    case: str, scenario: str, *, draws: int, seed: int, overrides: Mapping[str, object] | None = None
) -> Result:
    """Return the result of a case under a scenario: the same call gives the same numbers.

    `draws` joint draws, 1 = the central values alone. `overrides`: laid over the scenario's, refused as they would be.
    Asked for again in one process while no input has changed (by the runner, then by the notebook), it is not computed
    again.
    """
    register()
    folder = case_folder(case)
    asked = json.dumps(dict(overrides or {}), default=str)
    return _result((folder, scenario, asked), draws, seed, _state(folder))


def _state(folder: Path) -> str:
    """Return a digest of every input of a case and of the reference tables: it changes when any of them does."""
    files = [
        p
        for root in (folder, folder.parent / "reference")
        for p in root.rglob("*")
        if p.suffix in INPUT_SUFFIXES and p.is_file()
    ]
    return hashlib.sha256("".join(f"{p}{text_digest(p)}" for p in sorted(files)).encode()).hexdigest()


@lru_cache(maxsize=2)
def _result(asked: tuple[Path, str, str], draws: int, seed: int, state: str) -> Result:
    from model.results.runs import run  # noqa: PLC0415
    from model.schemes.load import load_case  # noqa: PLC0415 - as above

    del state
    folder, scenario, overrides = asked
    return run(load_case(folder, scenario=scenario, overrides=json.loads(overrides)), draws=draws, seed=seed)


def changed(case: Case, values: Mapping[str, float | None]) -> Case:
    """Return a case with some assumptions set to one value each, certain: for trying a number out.

    None leaves an assumption as it is, with its range: a number equal to its central value does not, and so is surer.
    Raises InputProblems where a scenario could not set it so.
    """
    return overridden(case, values)


def scheme_of(case: Case, kind: str, name: str = "") -> str:
    """Return the scheme of that name; where none is given, the first of a kind. ValueError says what the case has."""
    found = [spec.name for spec in case.schemes if spec.kind == kind and name in {"", spec.name}]
    if not found:
        named = f" named {name}" if name else ""
        has = ", ".join(f"{spec.name} ({spec.kind})" for spec in case.schemes) or "none"
        message = f"the case has no scheme of kind {kind}{named}; its schemes: {has}"
        raise ValueError(message)
    return found[0]


def tried_out(opened: Case, tried: Case, name: str) -> Block:
    """Say what an assumption is in what follows: as the scenario has it, or a certain number in its place."""
    from model.report.look import format as fmt  # noqa: PLC0415 - the index opens cases without a word of a page
    from model.report.look import markup  # noqa: PLC0415
    from model.report.look.page import Block  # noqa: PLC0415

    was, now = opened.assumptions[name], tried.assumptions[name]
    value, low, high = (fmt.quantity(number, was.unit) for number in (was.value, was.low, was.high))
    reach = f"{value}, certain" if was.distribution == "fixed" else f"{value}, from {low} to {high}"
    title, what = markup.label(name), f"the scenario {opened.scenario_title}"
    said = f"{title}: as {what} has it ({reach})."
    if now is not was:
        said = (
            f"{title}: {fmt.quantity(now.value, now.unit)}, taken as certain; {what} has {reach}. With this range "
            "set aside, the chances and ranges below look surer than they are."
        )
    return Block(markup.paragraph(said))


def outputs_of(case: str) -> Path:
    """Return the folder a run leaves a case's scenarios in, whether or not there is one yet."""
    return case_folder(case).parents[1] / "outputs" / case_folder(case).name
