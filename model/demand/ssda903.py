"""Read SSDA903 returns: find their files, stack them as text, clean them into care episodes.

No code, postcode or row leaves this package, and no message quotes one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.case.reading.files import decoded
from model.case.reading.problems import InputProblems
from model.demand.cleaning import clean
from model.demand.episodes import Log
from model.demand.textfile import header_of, read_text_columns

if TYPE_CHECKING:
    from pathlib import Path

    from model.demand.episodes import Episodes

_EPISODE_COLUMNS: Final = ("CHILD", "DECOM", "DEC", "PLACE", "PLACE_PROVIDER", "LS", "REC", "LA", "YEAR")
_NEEDED: Final = {
    "episodes": ("CHILD", "DECOM", "DEC", "PLACE"),
    "header": ("CHILD", "DOB"),
    "uasc": ("CHILD",),
}
_DEGRADES: Final = {
    "LS": "short breaks cannot be told apart",
    "PLACE_PROVIDER": "in-house and IFA foster placements are shared out in proportion",
    "REC": "unexplained gaps are not reported",
}


def _kind(path: Path) -> str | None:
    """Which of our three files this is, by name and else by its columns."""
    stem = path.stem.lower()
    for kind in ("episodes", "header", "uasc"):
        if kind.rstrip("s") in stem:
            return kind
    with path.open("rb") as handle:
        names = {n.upper() for n in header_of(decoded(handle.readline()))}
    if {"CHILD", "DECOM"} <= names:
        return "episodes"
    if {"CHILD", "DUC"} <= names:
        return "uasc"
    return "header" if {"CHILD", "DOB", "UPN"} <= names else None


def _label(path: Path, root: Path) -> int:
    """Year in the folder's or file's name; 0 where there is none."""
    parts = [*path.relative_to(root).parts[::-1], root.name]
    found = (re.search(r"(?<!\d)(20\d\d)(?!\d)", part) for part in parts)
    return next((int(match.group(1)) for match in found if match), 0)


def _read_kind(paths: list[Path], root: Path, kind: str, log: Log, problems: list[str]) -> pd.DataFrame:
    """Stack all files of one kind as text, with ``label``, ``file`` and ``line``; problems name file and column."""
    wanted = _EPISODE_COLUMNS if kind == "episodes" else ("CHILD", "DOB", "DUC", "LA", "YEAR")
    frames = []
    for number, path in enumerate(paths):
        frame = read_text_columns(path, wanted)
        frame.columns = [name.upper() for name in frame.columns]
        where = path.relative_to(root).as_posix()
        missing = [c for c in _NEEDED[kind] if c not in frame.columns]
        if missing:
            has = "the file is empty" if not len(frame.columns) else f"it has {', '.join(frame.columns)}"
            problems.append(f"{where}: column {', '.join(missing)} missing ({has}); export the return's {kind} again")
            continue
        for column, effect in _DEGRADES.items() if kind == "episodes" else ():
            if column not in frame.columns:
                log.warnings.append(f"{where}: column {column} missing: {effect}")
        log.add("bad_line", frame.attrs.get("bad_lines", 0))
        frames.append(frame.assign(_label=_label(path, root), _file=number, _line=np.arange(2, len(frame) + 2)))
    if not frames:
        return pd.DataFrame(columns=[*wanted, "_label", "_file", "_line"], dtype="str")
    stacked = pd.concat(frames, ignore_index=True)
    for column in wanted:
        if column not in stacked.columns:
            stacked[column] = pd.array([pd.NA] * len(stacked), dtype="str")
    return stacked


def read_episodes(folder: Path, *, authority: str | None = None) -> Episodes:
    """Read and clean the returns in ``folder`` (a folder a year, or stacked files with LA and YEAR).

    ``authority`` picks one council out of a stack that holds several; a name not in the stack leaves all, with a
    warning. Raises ``InputProblems`` listing every unusable file and column; never quotes a row.
    """
    log, problems = Log(), []
    if not folder.is_dir():
        raise InputProblems([f"--ssda903 {folder.name}: no such folder; give the folder that holds the returns"])
    kinds: dict[str, list[Path]] = {"episodes": [], "header": [], "uasc": []}
    for path in sorted(folder.rglob("*.csv")):
        kind = _kind(path)
        if kind:
            kinds[kind].append(path)
    absent = [kind for kind in ("episodes", "header") if not kinds[kind]]
    problems += [f"{folder.name}/: no {k} file found (a CSV with {' and '.join(_NEEDED[k])})" for k in absent]
    if not kinds["uasc"]:
        log.warnings.append(f"{folder.name}/: no UASC file: no child is counted as unaccompanied")
    frames = {k: _read_kind(paths, folder, k, log, problems) for k, paths in kinds.items()}
    if problems:
        raise InputProblems(problems)
    names = [path.relative_to(folder).as_posix() for path in kinds["episodes"]]
    return clean(_only(frames, authority, log), log, names)


def _only(frames: dict[str, pd.DataFrame], authority: str | None, log: Log) -> dict[str, pd.DataFrame]:
    """Keep one council's rows where the stack holds several."""
    councils = frames["episodes"]["LA"].dropna().str.strip().unique()
    if authority is None or len(councils) <= 1:
        return frames
    match = [c for c in councils if c.lower() == authority.lower()]
    if not match:
        log.warnings.append(f"the returns hold {len(councils)} councils, none named {authority}: all taken together")
        return frames
    return {k: f[f["LA"].str.strip() == match[0]].reset_index(drop=True) for k, f in frames.items()}
