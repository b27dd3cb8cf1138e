"""A cluster that loses its last worker is a sentence, not a wait without end."""

import os
import socket
import subprocess
import sys

import pytest

from model.batch import remote, tasks
from model.commands.shared import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(tmp_path):
    """A real scheduler and its only worker: the address, and the worker's process."""
    pytest.importorskip("distributed", reason="the extra `distributed` is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    environment = {**os.environ, **tasks.ENVIRONMENT, "PYTHONPATH": str(ROOT)}
    port = address.rpartition(":")[2]
    started = [
        subprocess.Popen([sys.executable, "-m", *words], env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL,
                         stderr=subprocess.DEVNULL)
        for words in (
            ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"],
            ["distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"],
        )
    ]  # fmt: skip
    yield address, started[1]
    for process in reversed(started):
        process.kill()
        process.wait()


def test_when_the_last_worker_is_lost_the_wait_ends_in_a_sentence(cluster, monkeypatch):
    address, worker = cluster
    outcomes = remote.run({0: 0.0, 1: 300.0}, "time:sleep", scheduler=address)
    number, outcome = next(outcomes)
    assert (number, outcome.error) == (0, "")
    monkeypatch.setattr(remote, "WORKER_WAIT_SECONDS", 2)
    worker.kill()
    with pytest.raises(remote.ClusterError, match=r"has had no worker for 2 seconds; what was finished is kept"):
        next(outcomes)
