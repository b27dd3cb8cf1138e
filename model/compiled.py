"""The compiled loop made ready before a report needs it: numba compiles it once, and keeps it beside the source.

Where this folder cannot be written numba keeps it in the user's own cache instead. This module imports numba only if it
must.
"""

from __future__ import annotations

import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("kernel.py")
ENTRY = "project_lanes"


def make_ready() -> bool:
    """Compile the loop unless that has been done for this Python; say so on stderr. Return whether it was compiled."""
    if is_kept_in(SOURCE.parent / "__pycache__"):
        return False
    from model import kernel  # noqa: PLC0415 - half a second, only where the first look found nothing

    if not kernel.KEPT or is_kept_in(Path(kernel.cache_path())):
        return False
    sys.stderr.write("Compiling the model's inner loop (this once, about 20 seconds) ...\n")
    sys.stderr.flush()
    kernel.warm()
    return True


def is_kept_in(folder: Path) -> bool:
    """Whether a folder holds the compiled loop of this source for this Python."""
    major, minor = sys.version_info[:2]
    written = SOURCE.stat().st_mtime
    found = folder.glob(f"{SOURCE.stem}.{ENTRY}-*.py{major}{minor}.nbi")
    return any(index.stat().st_mtime >= written for index in found)


if __name__ == "__main__":
    make_ready()
