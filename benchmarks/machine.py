"""What processes have taken, as the system counts it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import time


def children_cpu_seconds() -> float:
    """Processor seconds of the processes this one has started and that have ended; theirs included."""
    times = os.times()
    return times.children_user + times.children_system


def reap_orphans(seconds: float = 2.0) -> None:
    """Let go of the adopted that have ended, or end within some seconds, so that they are counted."""
    until = time.monotonic() + seconds
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < until:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.05)


def adopt_orphans() -> None:
    """Have processes whose parents end become this one's children (PR_SET_CHILD_SUBREAPER)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
