"""Read SSDA903 returns: find their files, stack them as text, clean them into care episodes.

No code, postcode or row leaves this package, and no message quotes one.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from model.case.reading.files import decoded
from model.case.reading.problems import InputProblems
from model.case.spelling import nearest
from model.demand.cleaning import MOST_LOST, clean
from model.demand.dfe import canonical
from model.demand.episodes import Log
from model.demand.textfile import header_of, read_text_columns

if TYPE_CHECKING:
    from model.demand.episodes import Episodes

_EPISODE_COLUMNS: Final = ("CHILD", "DECOM", "DEC", "PLACE", "PLACE_PROVIDER", "LS", "REC", "LA", "YEAR")
_NEEDED: Final = {
    "episodes": ("CHILD", "DECOM", "DEC", "PLACE"),
    "header": ("CHILD", "DOB"),
    "uasc": ("CHILD",),
}
_NAMED_COUNCILS: Final = 5  # councils that a message names
_DEGRADES: Final = {
    "LS": "short breaks cannot be told apart",
    "PLACE_PROVIDER": "in-house and IFA foster placements are shared out in proportion",
    "REC": "unexplained gaps are not reported",
}


_KINDS: Final = {"episodes": {"CHILD", "DECOM"}, "uasc": {"CHILD", "DUC"}, "header": {"CHILD", "DOB", "UPN"}}
"""The columns by which a file is known, whatever its name."""
_NAMED: Final = {"episodes": r"(?<!sw.)episodes?", "header": r"headers?", "uasc": r"uasc"}
"""The names by which a file that lacks those columns is known, so that the columns can be asked for."""
_DATE: Final = re.compile(r"(?<!\d)(?:20\d\d([-_.])\d\d\1\d\d|\d\d([-_.])\d\d\2(?:20)?\d\d|20\d{6})(?!\d)")
_FINANCIAL_YEAR: Final = re.compile(r"(?<!\d)(?:20(\d\d)[-_/ ]?(?:20)?(\d\d)|(\d\d)[-_/](\d\d))(?!\d)")
_YEAR: Final = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


def _kind(path: Path) -> str | None:
    """Which of our three files this is, by its columns and else by its name; None for all others of a return."""
    with path.open("rb") as handle:
        names = {n.upper() for n in header_of(decoded(handle.readline()))}
    for kind, columns in _KINDS.items():
        if columns <= names:
            return kind
    stem = path.stem.lower()
    return next((kind for kind, name in _NAMED.items() if re.search(rf"\b{name}\b", re.sub("[^a-z]", " ", stem))), None)


def year_named(text: str) -> tuple[int, bool]:
    """Return the year that a folder or a file is named for and whether that is a financial year; (0, False) for none.

    2021-22, 202122 and 21-22 are the year from April 2021; of 2021 alone nobody knows whether it begins or ends then.
    A whole date is when the file was exported, and no year of a return.
    """
    plain = _DATE.sub(" ", text)
    for match in _FINANCIAL_YEAR.finditer(plain):
        first, second = (int(part) for part in match.groups() if part)
        if second == (first + 1) % 100:
            return 2000 + first, True
    found = _YEAR.search(plain)
    return (int(found.group(1)), False) if found else (0, False)


def _label(path: Path, root: Path) -> tuple[int, bool]:
    """Year of the nearest folder or file named for one, and whether it is a financial year; (0, False) for none."""
    parts = [path.stem, *path.relative_to(root).parts[-2::-1], root.name]
    return next((found for part in parts if (found := year_named(part))[0]), (0, False))


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
        lost, whole = frame.attrs.get("bad_lines", 0) + frame.attrs.get("swallowed", 0), frame.attrs.get("lines", 0)
        if lost > MOST_LOST * whole:
            problems.append(f"{where}: {lost} of {whole} lines cannot be told apart: {_QUOTES}")
        if kind == "episodes" and _shortened(frame["CHILD"]):
            problems.append(
                f"{where}: column CHILD: identifiers as 4.1E+11: a spreadsheet shortened them; export again"
            )
        label, financial = _label(path, root)
        frames.append(
            frame.assign(_label=label, _financial=financial, _file=number, _line=np.arange(2, len(frame) + 2))
        )
    if not frames:
        return pd.DataFrame(columns=[*wanted, "_label", "_financial", "_file", "_line"], dtype="str")
    stacked = pd.concat(frames, ignore_index=True)
    for column in wanted:
        if column not in stacked.columns:
            stacked[column] = pd.array([pd.NA] * len(stacked), dtype="str")
    return stacked


_QUOTES: Final = "a quotation mark that is never closed, or other columns than the heading has"


def _shortened(text: pd.Series) -> bool:
    """Whether a spreadsheet has shortened identifiers, so that many children look like one."""
    return bool(text.dropna().str.fullmatch(r"\s*\d(?:\.\d+)?[Ee]\+\d+\s*").any())


def _files_of(folder: Path, problems: list[str]) -> dict[str, list[Path]]:
    """Return the files of each kind. Several of a kind for one year are a problem: nobody knows which counts."""
    kinds: dict[str, list[Path]] = {"episodes": [], "header": [], "uasc": []}
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() == ".csv" and not p.name.startswith(".")):
        kind = _kind(path)
        if kind:
            kinds[kind].append(path)
    for kind, paths in kinds.items():
        by_year: dict[int, list[str]] = {}
        for path in paths:
            by_year.setdefault(_label(path, folder)[0], []).append(path.relative_to(folder).as_posix())
        problems += [
            f"{', '.join(names)}: {len(names)} files of {kind} for one return: leave one, or a folder for each year"
            for names in by_year.values()
            if len(names) > 1
        ]
    absent = [kind for kind in ("episodes", "header") if not kinds[kind]]
    problems += [f"{folder.name}/: no {k} file found (a CSV with {' and '.join(_NEEDED[k])})" for k in absent]
    return kinds


def read_episodes(folder: Path, *, authority: str | None = None) -> Episodes:
    """Read and clean the returns in ``folder`` (a folder a year, or stacked files with LA and YEAR), or in a ZIP.

    ``authority`` picks one council out of a stack. Raises ``InputProblems`` listing every unusable file and column, a
    council that is not in the stack, and a return of which more than `MOST_LOST` would be lost; never quotes a row.
    """
    if folder.suffix.lower() == ".zip" and folder.is_file():
        with TemporaryDirectory() as name, zipfile.ZipFile(folder) as archive:
            archive.extractall(name)
            return read_episodes(Path(name), authority=authority)
    log = Log()
    problems: list[str] = []
    if not folder.is_dir():
        raise InputProblems([f"--ssda903 {folder.name}: no such folder; give the folder that holds the returns"])
    kinds = _files_of(folder, problems)
    if not kinds["uasc"]:
        log.warnings.append(f"{folder.name}/: no UASC file: no child is counted as unaccompanied")
    frames = {k: _read_kind(paths, folder, k, log, problems) for k, paths in kinds.items()}
    if problems:
        raise InputProblems(problems)
    names = [path.relative_to(folder).as_posix() for path in kinds["episodes"]]
    return clean(_only(frames, authority), log, names)


def _only(frames: dict[str, pd.DataFrame], authority: str | None) -> dict[str, pd.DataFrame]:
    """Keep one council's rows of a stack that says whose they are."""
    councils = sorted(frames["episodes"]["LA"].dropna().str.strip().unique())
    if authority is None or not councils:
        return frames
    match = [c for c in councils if canonical(c).lower() == canonical(authority).lower()]
    if not match:
        said = f"the returns hold {', '.join(councils[:_NAMED_COUNCILS])}"
        raise InputProblems([f"--authority {authority!r}: {said}; {nearest(authority, councils)}".removesuffix("; ")])
    return {k: f[f["LA"].isna() | (f["LA"].str.strip() == match[0])].reset_index(drop=True) for k, f in frames.items()}
