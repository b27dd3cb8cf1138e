"""Send tasks to a dask cluster that is already there (optional extra ``distributed``).

The workers need this package importable and the same files at the same paths (a shared folder), or tasks that carry
what they need. A plain ``tcp://`` scheduler runs whatever anyone who reaches it sends: use ``tls://`` outside a
network you trust.
"""

import functools
import logging
import re
import time
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import CancelledError
from typing import Any

from model.batch.origins import package_hash
from model.batch.tasks import Outcome, do

WORKER_WAIT_SECONDS = 30
_LOOK_SECONDS = 0.05
_ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?([^\s/:@]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")


class ClusterError(RuntimeError):
    """No cluster to send work to."""


def address_problem(address: str) -> str:
    """Return what is wrong with the form of a dask scheduler's address; empty if nothing is."""
    found = _ADDRESS.fullmatch(address)
    if found and 0 < int(found["port"]) < 1 << 16:
        return ""
    return (
        f"{address!r} is no scheduler's address: expected tcp://HOST:PORT or tls://HOST:PORT, such as tls://host:8786"
    )


def run(
    payloads: Mapping[int, Any], function: str, *, scheduler: str, retries: int = 3, **settings: object
) -> Generator[tuple[int, Outcome]]:
    """Do every task somewhere on the cluster; yield each number with its outcome as it ends.

    Tasks of a worker that is lost are sent to another, ``retries`` times. ``settings`` go to ``function`` as keywords.

    Raises ClusterError where dask is not installed, nobody answers at ``scheduler``, it has no worker, or it went away.
    """
    distributed, client = _connected(scheduler)
    package = package_hash()
    # how a client ends when its scheduler is lost is ours to say, in a sentence
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL + 1)
    with client:
        try:
            client.wait_for_workers(1, timeout=WORKER_WAIT_SECONDS)
        except (OSError, TimeoutError) as error:
            raise ClusterError(_no_worker(scheduler)) from error
        futures = {
            client.submit(do_as_loaded, function, payload, package, retries=retries, pure=False, **settings): number
            for number, payload in payloads.items()
        }
        for future in _as_they_end(distributed, client, list(futures), scheduler):
            number = futures.pop(future)
            yield number, _outcome(future, scheduler)
            future.release()


@functools.cache
def _loaded() -> str:
    """The package's hash when this process did its first task: what it has imported, whatever the files hold now."""
    return package_hash()


def do_as_loaded(function: str, payload: object, package: str, **settings: object) -> Outcome:
    """Do a task on a worker whose package is the sender's; a worker that was started before a change refuses."""
    if _loaded() != package:
        return Outcome(error="the dask worker has loaded another version of the model: restart the workers")
    return do(function, payload, **settings)


def _as_they_end(distributed: Any, client: Any, futures: list[Any], scheduler: str) -> Iterator[Any]:  # noqa: ANN401
    """Give tasks as they end. Raises ClusterError where for a while there has been no worker to do them."""
    ended, seen = distributed.as_completed(futures, loop=client.loop, raise_errors=False), time.monotonic()
    while ended.count():
        if ended.has_ready():
            yield next(ended)
            continue
        time.sleep(_LOOK_SECONDS)
        if client.status != "running" or client.scheduler_info()["workers"]:
            seen = time.monotonic()
        elif time.monotonic() - seen > WORKER_WAIT_SECONDS:
            raise ClusterError(_no_worker(scheduler))


def _no_worker(scheduler: str) -> str:
    return (
        f"the dask scheduler at {scheduler} has had no worker for {WORKER_WAIT_SECONDS} seconds; what was finished is "
        f"kept; start one with: dask worker {scheduler}"
    )


def _connected(scheduler: str) -> tuple[Any, Any]:
    """The library and a client of the scheduler."""
    if problem := address_problem(scheduler):
        raise ClusterError(problem)
    try:
        import distributed  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ClusterError(
            '--engine dask needs dask: in this folder, python -m pip install -e ".[distributed]"'
        ) from error
    client: Any = distributed.Client.__new__(
        distributed.Client
    )  # apart from its start, to have it in hand should that fail
    try:
        client.__init__(scheduler, timeout="10s", set_as_default=False)
    except Exception as error:
        client.status = "closed"  # or it would wait 20 s for what never began, and complain on standard error
        hint = " (tls:// needs certificates: dask's settings distributed.comm.tls)" if "TLS" in str(error) else ""
        raise ClusterError(f"no dask scheduler answers at {scheduler}: {error}{hint}") from error
    return distributed, client


def _outcome(future: Any, scheduler: str) -> Outcome:  # noqa: ANN401 - of a library that need not be there
    """What came of a task that has ended."""
    try:
        lost = future.exception()
        return Outcome(error=f"lost by the cluster: {lost}") if lost else future.result()
    except (CancelledError, OSError) as error:
        raise ClusterError(
            f"the dask scheduler at {scheduler} is gone; what was finished is kept: start it again, then run the same "
            "command, which makes the rest"
        ) from error
