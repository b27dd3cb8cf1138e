"""Files as bytes: what they hold, told by one hash, and a new one that appears whole or not at all."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import time
import uuid
from pathlib import Path

NEW = ".new-"
"""How the name of a file or folder begins that is being written: never read, and cleared by the next run."""
SETTLED_NS = 2_000_000_000
"""A file written more recently may change again within its time stamp's own precision: its hash is not kept."""


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes; a file that has not changed since is not read again in this process."""
    return _known(path, as_text=False)


def text_digest(path: Path) -> str:
    """SHA-256 of a text, with Windows line ends read as Unix ones (git may have turned them)."""
    return _known(path, as_text=True)


def _known(path: Path, *, as_text: bool) -> str:
    """Return a file's hash, from memory if its size and times are as they were."""
    state = path.stat()
    if time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) < SETTLED_NS:
        return _hash(path, as_text=as_text)
    return _remembered(path, as_text, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)


@functools.lru_cache(maxsize=65_536)
def _remembered(path: Path, as_text: bool, *_state: int) -> str:  # noqa: FBT001 - a cache's key
    return _hash(path, as_text=as_text)


def _hash(path: Path, *, as_text: bool) -> str:
    content = path.read_bytes()
    return hashlib.sha256(content.replace(b"\r\n", b"\n") if as_text else content).hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place, flush it and move it there: nobody ever reads half of it."""
    temporary = path.parent / f"{NEW}{path.name}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename, error.filename2 = str(path), None  # the name that was asked for
        raise
