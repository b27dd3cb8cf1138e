"""What a run has left on disk: a scenario's whole folder or nothing, with a record of what it was made from.

A folder is written beside its place under a name that begins ``.new-``, flushed, then renamed. Whatever a killed run
left under such a name is cleared by the next run and never read. ``run.json`` in each folder holds the hashes of
what went in and of what came out. Times stand in ``provenance.json`` alone: but for that file, and its hash here, the
same work gives the same bytes.
"""

import contextlib
import ctypes
import errno
import json
import os
import shutil
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from model.batch.disk import NEW, digest, write_whole
from model.batch.faults import point
from model.batch.origins import hash_files

RECORD = "run.json"
OLD = ".old-"
LOCK = ".lock"
SCHEMA = 1


class OutputError(Exception):
    """The output folder cannot be used: read-only, full, or in use by another run."""


def read_record(folder: Path) -> dict[str, Any] | None:
    """A folder's record, or None if it has none that can be read."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        return None
    whole = all(isinstance(record.get(part), dict) for part in ("made_from", "files"))
    return record if whole else None


def why_stale(folder: Path, made_from: Mapping[str, str]) -> str:
    """Why a scenario's folder must be made again; empty if it is fresh.

    Fresh means: made from exactly these inputs, and every file still there with the bytes it was published with.
    """
    record = read_record(folder)
    if record is None:
        return "not made yet" if not folder.exists() else "no record of how it was made"
    was: dict[str, str] = record["made_from"]
    changed = sorted(name for name in {*was, *made_from} if was.get(name) != made_from.get(name))
    if changed:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        return f"changed: {', '.join(changed[:3])}{more}"
    return why_damaged(folder)


def why_damaged(folder: Path, *names: str) -> str:
    """Which file of a published folder (of these, or of all) is gone or not as its record says; empty if none is."""
    record = read_record(folder)
    files: Mapping[str, str] = record["files"] if record else {}
    for name in names or files:
        try:
            same = name not in files or digest(folder / name) == files[name]
        except (OSError, ValueError):  # a name that no file can have
            return f"{name} is missing"
        if not same:
            return f"{name} is not as it was published"
    return ""


def seal(temporary: Path, made_from: Mapping[str, str]) -> None:
    """Flush every file to disk, then write the record, last of all."""
    files = sorted(p for p in temporary.rglob("*") if p.is_file() and p.name != RECORD)
    for path in files:
        flush(path)
    point("seal.files", temporary.name)
    digests = {path.relative_to(temporary).as_posix(): one for path, one in hash_files(files).items()}
    record = {"schema": SCHEMA, "made_from": dict(sorted(made_from.items())), "files": digests}
    write_whole(temporary / RECORD, (json.dumps(record, indent=1) + "\n").encode())
    for path in {temporary, *(p.parent for p in files)}:
        flush(path)
    point("seal.record", temporary.name)


def publish(temporary: Path, folder: Path) -> None:
    """Put a sealed folder in its place as a whole; the one that stood there goes."""
    point("publish.before", folder.name)
    if any(folder.glob(f"*/{RECORD}")):
        raise OSError(errno.ENOTEMPTY, "it holds reports of its own, and is not replaced by one")
    if not folder.exists():
        temporary.rename(folder)
    elif _exchange(temporary, folder):
        point("publish.between", folder.name)
        discard(temporary)
    else:
        old = folder.parent / f"{OLD}{folder.name}-{uuid.uuid4().hex[:8]}"
        folder.rename(old)
        point("publish.between", folder.name)
        temporary.rename(folder)
        discard(old)
    flush(folder.parent)
    point("publish.after", folder.name)


@contextlib.contextmanager
def whole(folder: Path, *, kept: bool = False, made_from: Mapping[str, str] | None = None) -> Iterator[Path]:
    """A folder to write in, which takes the place of `folder` once all is well; what fails leaves the old one.

    It is made beside it, on the same file system. `kept`: it begins as a copy of what stands there. `made_from`: it
    ends with a record of that. OSError where it cannot be written.
    """
    folder = folder.resolve()  # a link stays a link, and what it leads to is replaced
    if folder.is_file():
        raise NotADirectoryError(errno.ENOTDIR, "a file stands there, and is not replaced by a folder", str(folder))
    temporary = folder.parent / f"{NEW}{folder.name}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    temporary.mkdir(parents=True)
    try:
        if kept and folder.is_dir():
            shutil.copytree(folder, temporary, dirs_exist_ok=True)
        yield temporary
        if made_from is not None:
            seal(temporary, made_from)
        else:
            for path in temporary.rglob("*"):
                flush(path)
        publish(temporary, folder)
    except BaseException:
        discard(temporary)
        raise


def discard(folder: Path) -> None:
    """Remove a folder, whatever is in it; what cannot be removed is left for the next run."""
    shutil.rmtree(folder, ignore_errors=True)


def recover(parent: Path) -> None:
    """Clear what killed runs left in ``parent`` (hold the lock); put back a folder that was about to be replaced."""
    for old in sorted(parent.glob(f"{OLD}*")):
        folder = parent / old.name.removeprefix(OLD).rpartition("-")[0]
        if not folder.exists() and read_record(old) is not None:
            old.rename(folder)
        else:
            discard(old)
    for left in parent.glob(f"{NEW}*"):
        discard(left) if left.is_dir() else left.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Ask the disk to hold on to a file, or to a folder's list of names (where the system can)."""
    if path.is_dir():
        if os.name == "nt":
            return
        handle = os.open(path, os.O_RDONLY)
    else:
        handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.EBADF, errno.ENOTSUP}:  # some file systems do not flush folders
            raise
    finally:
        os.close(handle)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step, where Linux offers it; whether it was done."""
    if sys.platform != "linux":
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    here, swap = -100, 2
    return bool(rename(here, os.fsencode(one.absolute()), here, os.fsencode(other.absolute()), swap) == 0)


def explain(error: OSError, where: Path) -> str:
    """One line about a disk that does not take what is written, and what to do."""
    reason = error.strerror or str(error)
    if error.errno == errno.ENOSPC:
        return f"{where}: the disk is full ({reason}). Free some space, then run again: what is done is kept."
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return f"{where}: cannot be written ({reason}). Choose another folder with --outputs, or close what holds it."
    return f"{where}: {reason}"


@contextlib.contextmanager
def locked(
    outputs: Path, *, wait_seconds: float = 600.0, notify: Callable[[str], None] = lambda _: None
) -> Iterator[None]:
    """Hold an output folder against other runs; the system lets go when this process ends, however it ends.

    Waits up to ``wait_seconds`` for another run, saying so once through ``notify``. Raises OutputError where the folder
    cannot be written or the other run took too long.
    """
    lock, busy = FileLock(outputs / LOCK, thread_local=False), f"{outputs}: another run is writing here"
    try:
        outputs.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            notify(f"{busy}; waiting for it to end")
            lock.acquire(timeout=wait_seconds)
    except Timeout as error:
        raise OutputError(f"{busy}. Wait for it to end, or choose another --outputs.") from error
    except OSError as error:
        raise OutputError(explain(error, outputs)) from error
    try:
        yield
    finally:
        lock.release()
