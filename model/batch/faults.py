"""Named points at which a test may make the batch fail, to see that nothing is lost.

``INVEST_TO_SAVE_FAULT="point=action"`` (or ``point@name=action``, for one scenario) acts when the point is reached:
``kill`` ends this process at once, ``raise`` raises, ``full`` is a full disk, ``hang`` waits for ever.
Without the variable a point costs one look-up.
"""

import errno
import os
import signal
import time

VARIABLE = "INVEST_TO_SAVE_FAULT"


class InjectedError(RuntimeError):
    """A failure that a test asked for."""


def point(name: str, subject: str = "") -> None:
    """Fail here if asked to."""
    asked = os.environ.get(VARIABLE)
    if not asked:
        return
    where, _, action = asked.partition("=")
    at, _, only = where.partition("@")
    if at != name or (only and only != subject):
        return
    if action == "kill":
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    if action == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), subject)
    if action == "hang":
        time.sleep(86_400)
    raise InjectedError(f"asked to fail at {name}")
