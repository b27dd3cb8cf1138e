"""What the commands share: exit statuses, and where cases and outputs are."""

from __future__ import annotations

from pathlib import Path

DONE, FAILED, BAD_INPUT = 0, 1, 2
ROOT = Path(__file__).resolve().parents[2]
INPUTS, OUTPUTS = ROOT / "inputs", ROOT / "outputs"
CASE_HELP = "a folder of inputs/, by name or path"


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
