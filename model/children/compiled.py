"""The compiled loop made ready before a report needs it: numba compiles it once, and keeps it beside the source.

Where this folder cannot be written numba keeps it in the user's own cache instead. This module imports numba only if
the kept loop looks older than its source.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from threading import Timer

SOURCE = Path(__file__).with_name("kernel.py")
ENTRY = "project_lanes"
SOON_SECONDS = 1.0  # loading takes less, compiling more: only then is there something to say


def make_ready() -> bool:
    """Compile the loop unless that has been done for this Python; say so on stderr. Return whether it had to be."""
    if _kept_in(SOURCE.parent / "__pycache__"):
        return False
    from model.children import kernel  # noqa: PLC0415 - half a second, only where the first look found nothing

    if not kernel.KEPT:
        return False
    saying = Timer(SOON_SECONDS, _say)
    saying.start()
    kernel.warm()
    saying.cancel()
    for index in _indices(Path(kernel.cache_path())):
        with contextlib.suppress(OSError):
            index.touch()  # numba judges by content: what it found good is dated, so that the next look is enough
    return bool(kernel.project_lanes.stats.cache_misses)


def _say() -> None:
    sys.stderr.write("Compiling the model's inner loop (this once, about 25 seconds) ...\n")
    sys.stderr.flush()


def _kept_in(folder: Path) -> bool:
    """Whether a folder holds the compiled loop of this source for this Python."""
    written = SOURCE.stat().st_mtime
    return any(index.stat().st_mtime >= written for index in _indices(folder))


def _indices(folder: Path) -> list[Path]:
    major, minor = sys.version_info[:2]
    return list(folder.glob(f"{SOURCE.stem}.{ENTRY}-*.py{major}{minor}.nbi"))


if __name__ == "__main__":
    make_ready()
