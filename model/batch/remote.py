"""Send tasks to a dask cluster that is already there (optional extra ``distributed``).

The workers need this package importable and the same files at the same paths (a shared folder), or tasks that carry
what they need. A plain ``tcp://`` scheduler runs whatever anyone who reaches it sends: use ``tls://`` outside a
network you trust.
"""

from __future__ import annotations

import importlib
import time
from typing import TYPE_CHECKING, Any

from model.batch.pool import Outcome, Stopped, load

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping


class ClusterError(RuntimeError):
    """No cluster to send work to."""


def do(function: str, payload: object, **settings: object) -> Outcome:
    """Do one task in a dask worker: what it raises is an outcome, so that dask does not try again."""
    started = time.monotonic()
    try:
        value = load(function)(payload, **settings)
    except Stopped as stop:
        return Outcome(error=str(stop), cell=stop.cell, seconds=time.monotonic() - started)
    except Exception as error:  # noqa: BLE001 - told to the person who asked
        return Outcome(error=f"{type(error).__name__}: {error}", seconds=time.monotonic() - started)
    return Outcome(value=value, seconds=time.monotonic() - started)


def run(
    payloads: Mapping[int, Any], function: str, *, scheduler: str, retries: int = 3, **settings: object
) -> Generator[tuple[int, Outcome]]:
    """Do every task somewhere on the cluster; yield each number with its outcome as it ends.

    Tasks of a worker that is lost are sent to another, ``retries`` times. ``settings`` go to ``function`` as keywords.

    Raises:
        ClusterError: dask is not installed, or nobody answers at ``scheduler``.
    """
    try:
        distributed = importlib.import_module("distributed")
    except ImportError as error:
        raise ClusterError("--engine dask needs the extra: pip install invest-to-save[distributed]") from error
    try:
        client = distributed.Client(scheduler, timeout="10s", set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(f"no dask scheduler answers at {scheduler}: {error}") from error
    with client:
        client.wait_for_workers(1, timeout=30)
        futures = {
            client.submit(do, function, payload, retries=retries, pure=False, **settings): number
            for number, payload in payloads.items()
        }
        for future in distributed.as_completed(list(futures), loop=client.loop, raise_errors=False):
            number = futures.pop(future)
            lost = future.exception()
            yield number, Outcome(error=f"lost by the cluster: {lost}") if lost else future.result()
            future.release()
