"""Standard streams that may be shut, full or in another encoding, and Ctrl-C pressed more than once."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import IO

ENDING_SECONDS = 10.0
"""How long further Ctrl-Cs are passed over while the first is answered."""


def open_streams() -> None:
    """Give each standard stream that is shut the null device, and have all print what their encoding lacks as escapes.

    With one shut, the next file opened would take its number, and a worker's messages would go into that file.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 - it takes the lowest number free
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - to the end
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def say(text: str, *, error: bool = False) -> None:
    """Print a line for the person at the terminal. A standard error that cannot be written changes nothing."""
    if not error:
        sys.stdout.write(f"{text}\n")
        return
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def flush(*, probe: bool = False) -> bool:
    """Send what was printed on its way; False, and a line on standard error, where it could not be written.

    A reader that went away (``| head``) has had enough: that is no failure. ``probe`` writes a line end more: what an
    unbuffered stream failed to write it does not try again.
    """
    try:
        if probe:
            sys.stdout.write("\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up(sys.stdout)
    except OSError as error:
        _give_up(sys.stdout)
        say(f"standard output cannot be written ({error.strerror}); what was made is kept", error=True)
        return False
    return True


def _give_up(stream: IO[str]) -> None:
    """Let what a stream still holds go to the null device, or Python would complain of it at the end."""
    with contextlib.suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def interrupt_once() -> None:
    """Let the first Ctrl-C stop the command, and those that follow within seconds not disturb its tidying up."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return  # a shell that starts it in the background has it ignored
    last = -ENDING_SECONDS

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal last
        if time.monotonic() - last < ENDING_SECONDS:
            return
        last = time.monotonic()
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)


def ignore_interrupts() -> None:
    """Let no Ctrl-C disturb Python's own end, when there is nothing left to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
