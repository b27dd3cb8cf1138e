"""Read SSDA903 returns: find their files, stack them as text and days, clean them into care episodes.

No code, postcode or row leaves this package, and no message quotes one.
"""

import re
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from model.case.reading.files import decoded
from model.case.reading.problems import InputProblems
from model.case.spelling import nearest
from model.demand.cleaning import clean
from model.demand.codes import named
from model.demand.episodes import UNKNOWN, Episodes, Log, is_month_first, parse_days
from model.demand.textfile import csv_files, header_of, read_text_columns, unpacked

_COLUMNS: Final = {
    "episodes": ("CHILD", "DECOM", "DEC", "PLACE", "PLACE_PROVIDER", "LS", "LA", "YEAR"),
    "header": ("CHILD", "DOB", "LA", "YEAR"),
    "uasc": ("CHILD", "DOB", "DUC", "LA", "YEAR"),
}
_NEEDED: Final = {"episodes": ("CHILD", "DECOM", "DEC", "PLACE"), "header": ("CHILD", "DOB"), "uasc": ("CHILD",)}
_DATES: Final = {"episodes": ("DECOM", "DEC"), "header": ("DOB",), "uasc": ("DOB", "DUC")}
_NAMED_COUNCILS: Final = 5  # councils that a message names
_DEGRADES: Final = {
    "LS": "short breaks cannot be told apart",
    "PLACE_PROVIDER": "in-house and IFA foster placements are shared out in proportion",
}
MOST_LOST: Final = 0.02
"""The share of a file's rows that may be lost; more, and what is left says nothing of the council."""
MOST_ALIKE: Final = 0.1
"""The share of episodes that may begin on the day of another of the same child; more, and several share a name."""
_KINDS: Final = {"episodes": {"CHILD", "DECOM"}, "uasc": {"CHILD", "DUC"}, "header": {"CHILD", "DOB", "UPN"}}
"""The columns by which a file is known, whatever its name."""
_FILE_NAMES: Final = {"episodes": r"(?<!sw.)episodes?", "header": r"headers?", "uasc": r"uasc"}
"""The names by which a file that lacks those columns is known, so that the columns can be asked for."""
_DATE: Final = re.compile(r"(?<!\d)(?:20\d\d([-_.])\d\d\1\d\d|\d\d([-_.])\d\d\2(?:20)?\d\d|20\d{6})(?!\d)")
_FINANCIAL_YEAR: Final = re.compile(r"(?<!\d)(?:20(\d\d)[-_/ ]?(?:20)?(\d\d)|(\d\d)[-_/](\d\d))(?!\d)")
_YEAR: Final = re.compile(r"(?<!\d)(20\d\d)(?!\d)")


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


def read_episodes(path: Path, *, authority: str | None = None) -> Episodes:
    """Read and clean the returns in a folder (a folder a year, or stacked files with LA and YEAR), or in a ZIP.

    ``authority`` picks one council out of a stack. Raises ``InputProblems`` listing every unusable file and column, a
    council that is not in the stack, and a return of which more than `MOST_LOST` would be lost; never quotes a row.
    """
    log = Log()
    problems: list[str] = []
    with unpacked(path, "--ssda903") as folder:
        kinds = _files_of(folder, path.name, problems)
        if not kinds["uasc"]:
            log.warnings.append(f"{path.name}/: no UASC file: no child is counted as unaccompanied")
        frames = {kind: _read_kind(paths, folder, kind, log, problems) for kind, paths in kinds.items()}
    if problems:
        raise InputProblems(problems)
    episodes = clean(_only(frames, authority), log)
    if log.counts.get("same_start", 0) > MOST_ALIKE * len(frames["episodes"]):
        alike = "episodes begin on the day of another of the same child: are the identifiers in CHILD whole?"
        raise InputProblems([f"{path.name}: {log.counts['same_start']} {alike}"])
    return episodes


def _files_of(folder: Path, name: str, problems: list[str]) -> dict[str, list[Path]]:
    """Return the files of each kind. Several of a kind for one year are a problem: nobody knows which counts."""
    kinds: dict[str, list[Path]] = {kind: [] for kind in _KINDS}
    for path in csv_files(folder):
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
    problems += [f"{name}/: no {k} file found (a CSV with {' and '.join(_NEEDED[k])})" for k in absent]
    return kinds


def _kind(path: Path) -> str | None:
    """Which of our three files this is, by its columns and else by its name; None for all others of a return."""
    with path.open("rb") as handle:
        names = {n.upper() for n in header_of(decoded(handle.readline()))}
    stem = re.sub("[^a-z]", " ", path.stem.lower())
    known = (kind for kind, columns in _KINDS.items() if columns <= names)
    return next(known, None) or next((k for k, name in _FILE_NAMES.items() if re.search(rf"\b{name}\b", stem)), None)


def _label(path: Path, root: Path) -> tuple[int, bool]:
    """Year of the nearest folder or file named for one, and whether it is a financial year; (0, False) for none."""
    parts = [path.stem, *path.relative_to(root).parts[-2::-1], root.name]
    return next((found for part in parts if (found := year_named(part))[0]), (0, False))


def _read_kind(paths: list[Path], root: Path, kind: str, log: Log, problems: list[str]) -> pd.DataFrame:
    """Stack all files of one kind: codes as text, dates as days, ``_year`` and ``_financial`` of each row's return."""
    frames = []
    for path in paths:
        frame = read_text_columns(path, _COLUMNS[kind])
        frame.columns = [name.upper() for name in frame.columns]
        where = path.relative_to(root).as_posix()
        missing = [c for c in _NEEDED[kind] if c not in frame.columns]
        if missing:
            has = "the file is empty" if not len(frame.columns) else f"it has {', '.join(frame.columns)}"
            problems.append(f"{where}: column {', '.join(missing)} missing ({has}); export the return's {kind} again")
            continue
        log.warnings += [
            f"{where}: column {column} missing: {effect}"
            for column, effect in _DEGRADES.items()
            if kind == "episodes" and column not in frame.columns
        ]
        log.add("bad_line", frame.attrs.get("lost", 0))
        frame = frame.assign(**{c: pd.array([pd.NA] * len(frame), "str") for c in _COLUMNS[kind] if c not in frame})
        frames.append(_dated(frame, kind, where, log, problems).assign(**_years(frame["YEAR"], _label(path, root))))
    empty = pd.DataFrame(columns=[*_COLUMNS[kind], "_year", "_financial"], dtype="str")
    return pd.concat(frames, ignore_index=True) if frames else empty


def _years(text: pd.Series, label: tuple[int, bool]) -> dict[str, np.ndarray]:
    """Return the year of each row's return and whether it is a financial one: its own, else its file's."""
    codes, unique = pd.factorize(text, use_na_sentinel=True)
    own = [*(found if (found := year_named(str(value)))[0] else label for value in unique), label]
    year, financial = (np.array([each[i] for each in own])[codes] for i in (0, 1))
    return {"_year": year, "_financial": financial}


_QUOTES: Final = "a quotation mark that is never closed, or other columns than the heading has"
_SHORTENED: Final = r"\s*\d(?:\.\d+)?[Ee]\+\d+\s*"


def _dated(frame: pd.DataFrame, kind: str, where: str, log: Log, problems: list[str]) -> pd.DataFrame:
    """Return a file with its dates as days; what is lost of it is a problem, with one example cell of a date."""
    lost, lines = frame.attrs.get("lost", 0), frame.attrs.get("lines", 0)
    if lost > MOST_LOST * lines:
        problems.append(f"{where}: {lost} of {lines} lines cannot be told apart: {_QUOTES}")
    children = frame["CHILD"].fillna("").str.strip()
    if children.str.fullmatch(_SHORTENED).any():
        problems.append(f"{where}: column CHILD: identifiers as 4.1E+11: a spreadsheet shortened them; export again")
    if (children == "").sum() > MOST_LOST * len(frame):
        problems.append(f"{where}: column CHILD: empty in {(children == '').sum()} of {len(frame)} rows; export again")
    texts = pd.concat([frame[column].drop_duplicates() for column in _DATES[kind]])
    month_first = is_month_first(texts.dropna())
    days = {column: parse_days(frame[column], month_first=month_first) for column in _DATES[kind]}
    for column, read in days.items():
        unread = (read == UNKNOWN) & (frame[column].fillna("").str.strip() != "").to_numpy()
        gone = (read == UNKNOWN) if column == "DECOM" else unread
        if gone.sum() > MOST_LOST * len(frame):
            example = f", such as {str(frame[column][unread].iloc[0])[:20]!r}" if unread.any() else ""
            said = f"{gone.sum()} of {len(frame)} rows: no date that can be read{example}"
            problems.append(f"{where}: column {column}: {said}; export the return again, dates as dd/mm/yyyy")
        if column == "DEC":
            log.add("unreadable_end", int(unread.sum()))
    return frame.assign(**days)


def _only(frames: dict[str, pd.DataFrame], authority: str | None) -> dict[str, pd.DataFrame]:
    """Keep one council's rows of a stack that says whose they are."""
    councils = sorted(frames["episodes"]["LA"].dropna().str.strip().unique())
    if authority is None or not councils:
        return frames
    match = named(authority, councils)
    if match is None:
        said = f"the returns hold {', '.join(councils[:_NAMED_COUNCILS])}"
        raise InputProblems([f"--authority {authority!r}: {said}; {nearest(authority, councils)}".removesuffix("; ")])
    return {k: f[f["LA"].isna() | (f["LA"].str.strip() == match)].reset_index(drop=True) for k, f in frames.items()}
