"""Thousands of combinations of assumptions, without notebooks, to one tidy Parquet file.

Each combination is one draw at the central values with some of them replaced, so that a block of combinations is one
run of the model. Blocks are parts of the work: each is written whole, a run that was stopped goes on with those that
are missing, and the file is put together from all of them in order, whoever computed them.
"""

import functools
import hashlib
import io
import json
import os
from collections import Counter, deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from model.batch import origins, remote, store, tasks
from model.batch.disk import NEW, write_whole
from model.batch.faults import point
from model.batch.progress import bar_of
from model.case.draws import central, with_values
from model.money.appraisal import appraise, discount_factors
from model.money.portfolio import evaluate
from model.results.combinations import SweepError
from model.schemes.load import load_case

POINTS_A_PART = 256
KEY = b"invest_to_save.made_from"
MAKE = "model.results.sweep:make_part"
"""What computes a part, where the workers are."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A block of combinations of one case: what a worker is sent."""

    case: str
    scenario: str | None
    names: tuple[str, ...]
    first: int
    points: tuple[tuple[float, ...], ...]

    @property
    def frame(self) -> pd.DataFrame:
        """The combinations: one a row, its index its number."""
        index = range(self.first, self.first + len(self.points))
        return pd.DataFrame(self.points, columns=list(self.names), index=index, dtype=float)


_loaded = functools.lru_cache(maxsize=4)(load_case)  # a case, once a process


def appraise_points(path: str, scenario: str | None, points: pd.DataFrame) -> pd.DataFrame:
    """Every measure of every perimeter at each combination; a row each: point, perimeter, metric, value.

    ``points`` holds a combination a row, its index the combination's number; one run of the model computes them all.
    Payback that never comes, and ratios without investment, are null. New places fill with children of the ages that
    they fill with at central values, so that a combination far from these differs from the same scenario run by itself
    by less than a ten-thousandth; never by what else is in its part.
    """
    case = _loaded(path, scenario)
    swept = {name: points[name].to_numpy(float) for name in points.columns}
    if len(points) == 1:  # a lone point would be counted exactly, and differ from itself in company
        swept = {name: np.repeat(value, 2) for name, value in swept.items()}
    draws = with_values(central(case), swept)
    factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
    found = {name: vars(appraise(p, factors, draws.n)) for name, p in evaluate(case, draws).perimeters.items()}
    values = {
        (name, metric): np.broadcast_to(value, draws.n)[: len(points)]
        for name, measures in found.items()
        for metric, value in measures.items()
    }
    wide = pd.DataFrame(values, index=points.index.rename("point")).rename_axis(columns=["perimeter", "metric"])
    return wide.melt(ignore_index=False).reset_index()


def make_part(part: Part, tell: object = None) -> bytes:
    """Compute a part, as the bytes of a Parquet file."""
    del tell
    return in_parquet(part, appraise_points(part.case, part.scenario, part.frame))


def in_parquet(part: Part, values: pd.DataFrame) -> bytes:
    """Return what was found at each combination of a part as the bytes of a Parquet file sorted by point."""
    frame = part.frame.rename_axis("point").reset_index().merge(values, on="point", how="right", sort=False)
    frame = frame.assign(case=Path(part.case).name, scenario=part.scenario or "").sort_values("point", kind="stable")
    sink = io.BytesIO()
    schema = _schema(part.names)
    parquet.write_table(pa.Table.from_pandas(frame, schema=schema, preserve_index=False), sink, compression="zstd")
    return sink.getvalue()


def _schema(names: Iterable[str]) -> pa.Schema:
    """The columns of the file: assumptions by name between the combination and its results."""
    words, numbers = pa.string(), pa.float64()
    ends = {"perimeter": words, "metric": words, "value": numbers}
    return pa.schema({"case": words, "scenario": words, "point": pa.int64(), **dict.fromkeys(names, numbers), **ends})


def parts_of(cases: Sequence[str], scenario: str | None, points: pd.DataFrame) -> list[Part]:
    """The work in blocks, case by case; the same blocks however many work at once."""
    names, rows = tuple(map(str, points.columns)), [tuple(row) for row in points.to_numpy(float).tolist()]
    return [
        Part(case=case, scenario=scenario, names=names, first=i, points=tuple(rows[i : i + POINTS_A_PART]))
        for case in cases
        for i in range(0, len(rows), POINTS_A_PART)
    ]


def made_from(cases: Sequence[str], parts: Sequence[Part]) -> str:
    """One hash over all that a sweep depends on: combinations, the cases' files, the package, its libraries."""
    folders = {folder for case in cases for folder in (Path(case), Path(case).parent / "reference")}
    files = {file for folder in folders for file in folder.rglob("*") if file.is_file()}
    digests = {f"{p.parent.name}/{p.name}": d for p, d in origins.hash_files(sorted(files)).items()}
    asked = [(Path(p.case).name, p.scenario, p.names, p.first, p.points) for p in parts]
    known = {"files": digests, "package": origins.package_hash(), "versions": origins.versions(), "asked": asked}
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()


def sweep(  # noqa: PLR0913 - each is one thing a caller may choose
    cases: Sequence[str | Path],
    points: pd.DataFrame,
    out: Path,
    *,
    scenario: str | None = None,
    workers: int | None = None,
    force: bool = False,
    scheduler: str | None = None,
) -> bool:
    """Evaluate every combination on every case and write ``out``; whether there was anything to do.

    Args:
        cases: folders of cases; each gets every combination.
        points: a combination a row, assumption names as columns (``grid_frame``, ``file_frame``).
        out: the Parquet file; parts stand beside it in ``<out>.parts`` until all are there.
        scenario: the scenario the combinations start from; each case's own base unless given.
        workers: processes at once; the number of processors unless given.
        force: even if ``out`` was made from the same inputs.
        scheduler: address of a dask scheduler to send the parts to, instead of processes here.

    Raises:
        SweepError: a case is given twice or ``out`` is no file (before anything is done); or a part could not be
            computed: those that were are kept for the next run.
    """
    folders = [str(case) for case in cases]
    refuse([Path(case) for case in cases], out)
    parts = parts_of(folders, scenario, points)
    with store.locked(out.parent):
        key = made_from(folders, parts)
        if not force and _key_of(out) == key:
            return False
        place = out.parent / f"{out.name}.parts"
        _open_parts(place, key, force=force)
        todo = {n: part for n, part in enumerate(parts) if not _is_whole(_part_path(place, n))}
        errors = []
        done = len(parts) - len(todo)
        with bar_of(len(parts), done=done, unit="part", title="Sweep", show=None) as bar:
            for number, outcome in _work(todo, workers, scheduler):
                if outcome.error or not isinstance(outcome.value, bytes):
                    errors.append(f"{Path(parts[number].case).name}, from point {parts[number].first}: {outcome.error}")
                else:
                    write_whole(_part_path(place, number), outcome.value)
                    point("sweep.part", str(number))
                bar.set_postfix(failed=len(errors), refresh=False)
                bar.update()
        if errors:
            raise SweepError("\n".join(errors))
        _join(place, len(parts), out, key, _schema(parts[0].names if parts else ()))
        store.discard(place)
    return True


def _work(todo: Mapping[int, Part], workers: int | None, scheduler: str | None) -> Generator[tuple[int, tasks.Outcome]]:
    """Compute parts here or on a cluster, as they end."""
    if scheduler is not None:
        if todo:
            yield from remote.run(todo, MAKE, scheduler=scheduler)
        return
    count = max(1, min(workers or os.cpu_count() or 1, len(todo)))
    yield from tasks.run(todo, MAKE, workers=count)


def _key_of(out: Path) -> str:
    """What an existing file was made from."""
    try:
        metadata = parquet.read_schema(out).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return ""
    return str(metadata.get(KEY, b"").decode())


def _open_parts(place: Path, key: str, *, force: bool) -> None:
    """Keep the parts of the same sweep, drop those of another."""
    mark = place / "made_from"
    if place.exists() and (force or not mark.exists() or mark.read_bytes() != key.encode()):
        store.discard(place)
    place.mkdir(parents=True, exist_ok=True)
    store.recover(place)
    write_whole(mark, key.encode())


def _part_path(place: Path, number: int) -> Path:
    """Where a part stands."""
    return place / f"part-{number:06}.parquet"


def _is_whole(part: Path) -> bool:
    """Whether a part is there and can be read: one that a full disk or a power cut has damaged is made again."""
    try:
        return bool(parquet.read_table(part).num_rows >= 0)
    except (OSError, pa.ArrowInvalid):
        return False


def _join(place: Path, count: int, out: Path, key: str, schema: pa.Schema) -> None:
    """Put the parts together, one row group each, and the file in its place."""
    temporary = place / f"{NEW}{out.name}"
    with parquet.ParquetWriter(temporary, schema.with_metadata({KEY: key.encode()}), compression="zstd") as writer:
        deque((writer.write_table(parquet.read_table(_part_path(place, n))) for n in range(count)), maxlen=0)
    store.flush(temporary)
    point("sweep.joined", out.name)
    temporary.replace(out)
    store.flush(out.parent)


def refuse(folders: Sequence[Path], out: Path) -> None:
    """Raise SweepError where the results could not be told apart, or not be put in their place."""
    names = Counter(folder.name for folder in folders)
    problems = [
        f"{name}: given {count} times; expected each case once, as the rows go by its folder's name"
        for name, count in names.items()
        if count > 1
    ]
    if out.exists() and not out.is_file():
        what = "a folder" if out.is_dir() else "no file that could be replaced"
        problems.append(f"--out {out}: it is {what}; expected the name of a file, such as {out / 'sweep.parquet'}")
    if problems:
        raise SweepError("\n".join(problems))
