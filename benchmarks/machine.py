"""What processes have taken, as the system counts it."""

from __future__ import annotations

import os


def children_cpu_seconds() -> float:
    """Processor seconds of the processes this one has started and that have ended; theirs included."""
    times = os.times()
    return times.children_user + times.children_system
