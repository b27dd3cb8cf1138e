"""A jupyter_client provisioner whose kernels start warm: forks of one process that has already imported what they use.

    warm(["pandas", "matplotlib.pyplot"])     # the one process begins to import, in the background
    papermill.execute_notebook(...)           # or whatever else starts kernels with jupyter_client

The one process is the standard library's (``multiprocessing``, start method ``forkserver``). Each kernel is an ordinary
ipykernel, leads a process group of its own, and ends with all it started. One that cannot be forked safely (macOS,
Windows, a daemon, another language) is started as ever. The modules must start no thread, open no ZeroMQ context and
choose no interactive backend; as ever with multiprocessing, each fork imports the caller's main module.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

NAME = "warm-provisioner"
KERNEL = ["-m", "ipykernel_launcher"]  # so a Python kernel's command goes on after the interpreter
MAGICS = ("basic", "config", "display", "execution", "history", "namespace", "osm", "pylab", "script")
BASE = ("ipykernel.kernelapp", *(f"IPython.core.magics.{name}" for name in MAGICS))
_ONE = threading.Lock()
"""multiprocessing's books of its children are no matter for several threads at once."""


def can_fork() -> bool:
    """Whether kernels are forked here: not on macOS, by a daemon, or where the path of a socket would be too long."""
    return sys.platform == "linux" and len(tempfile.gettempdir()) <= 70 and not multiprocessing.current_process().daemon


def warm(modules: Iterable[str], environment: Mapping[str, str] | None = None) -> None:
    """Start the one process, which goes on to import ``modules``, and have kernels forked from it from now on.

    ``environment`` is added to its own: what a library reads when it is imported must be set by then.
    """
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:WarmProvisioner", KernelProvisionerFactory.GROUP_NAME)
    factory.default_provisioner_name = NAME
    if not can_fork():
        return
    from multiprocessing import forkserver  # noqa: PLC0415 - Windows has none

    multiprocessing.get_context("forkserver").set_forkserver_preload([*BASE, *modules])
    path = os.pathsep.join(part for part in sys.path if part)  # not every Python hands its own on
    before = dict(os.environ)
    with _ONE:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # it inherits that: Ctrl-C is the caller's to answer
        os.environ.update({**(environment or {}), "PYTHONPATH": path})
        try:
            forkserver.ensure_running()
        finally:
            os.environ.clear()
            os.environ.update(before)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


class WarmProvisioner(LocalProvisioner):
    """Starts a Python kernel as a fork of the warm process; everything else is ``LocalProvisioner``'s."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:  # noqa: ANN401 - the base class's
        """Fork a kernel, or have it started afresh where that cannot be."""
        if not can_fork() or cmd[1:3] != KERNEL:
            return await super().launch_kernel(cmd, **kwargs)
        forked = Forked(cmd[3:], str(kwargs.get("cwd") or Path.cwd()), kwargs["env"])
        self.process = forked  # type: ignore[assignment] # a Popen in all that is asked of it
        self.pid = self.pgid = forked.pid
        return self.connection_info


class Forked:
    """A forked kernel in the words of ``subprocess.Popen``."""

    stdin = stdout = stderr = None

    def __init__(self, arguments: list[str], folder: str, environment: Mapping[str, str]) -> None:
        given = arguments, folder, dict(environment)
        self._process = multiprocessing.get_context("forkserver").Process(target=serve, args=given)
        with _ONE:
            self._process.start()
        self.pid, self.terminate = self._process.pid, self._process.terminate

    def poll(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs. What it left running ends when that is seen."""
        with _ONE:
            status = self._process.exitcode
        if status is not None and self.pid:
            end_group(self.pid)
            self.pid = None  # another process may be given the number
        return status

    def wait(self) -> int | None:
        """Its exit status, once it has ended."""
        wait([self._process.sentinel])
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        if self.pid and self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it and everything it started."""
        if self.pid and self.poll() is None:
            end_group(self.pid)
            self.send_signal(signal.SIGKILL)  # it may not lead its group yet


def end_group(leader: int) -> None:
    """End a process group, if there is one."""
    with contextlib.suppress(OSError):
        os.killpg(leader, signal.SIGKILL)


def serve(arguments: list[str], folder: str, environment: Mapping[str, str]) -> None:
    """Be a kernel, in a process just forked."""
    os.setsid()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, args=(arguments,), name="follow parent", daemon=True).start()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["ipykernel_launcher.py", *arguments]
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415 - the caller of all this needs none

    IPKernelApp.launch_instance(argv=[*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])


def _end_with_parent(arguments: list[str]) -> None:
    """End this kernel, what it started and its connection when the process that asked for it is gone."""
    parent = multiprocessing.parent_process()
    wait([parent.sentinel] if parent else [])
    connection = Path(arguments[arguments.index("-f") + 1])
    for path in connection.parent.glob(f"{connection.stem}*"):
        path.unlink(missing_ok=True)
    os.killpg(0, signal.SIGKILL)
