"""What runs inside a kernel before its notebook: the same settings in every kernel, then the job's own work.

The notebook comes after it in the same process, so that a result which the work has kept is at hand for it.
"""

import os
import pickle
import random
import traceback
from collections.abc import Callable
from json import dumps, loads  # by names of ours: what a notebook does to ``json`` must not silence its kernel
from time import process_time
from typing import Any

from jupyter_client.jsonutil import json_default
from jupyter_client.session import json_packer

from model.batch import store
from model.batch.faults import point
from model.batch.job import Context
from model.batch.tasks import Stopped, load

SEED = 0
"""Where the generators without a seed start in every kernel: a forgotten seed cannot make two runs differ."""
_TOLD: dict[str, object] = {}


def pack(message: object) -> bytes:
    """A kernel's message as it is sent: jupyter_client's own way, out of a notebook's reach."""
    try:
        text = dumps(message, default=json_default, ensure_ascii=False, allow_nan=False)
        return text.encode(errors="replace")  # half a letter must not take the rest of its message with it
    except (TypeError, ValueError):
        return json_packer(message)


def unpack(sent: bytes | str) -> Any:  # noqa: ANN401 - whatever was sent
    """A message as it was packed."""
    return loads(sent.decode(errors="replace") if isinstance(sent, bytes) else sent)


def begin(packed: bytes) -> None:
    """Do a job's own work in its folder; whatever it raises is told as a sentence."""
    _TOLD.update(error="", cell=None)
    started = process_time()
    try:
        context: Context = pickle.loads(packed)  # noqa: S301 - from the process that started this one
        if context.job.notebook is not None:
            _settle()
        point("job.start", context.job.scenario)
        if context.job.work is not None:
            _work(load(context.job.work), context)
        point("job.worked", context.job.scenario)
    except Stopped as stop:
        _TOLD.update(error=str(stop), cell=stop.cell)
    except BaseException as error:  # noqa: BLE001 - told to the person who asked
        _TOLD["error"] = describe(error)
    _TOLD["work_cpu_seconds"] = process_time() - started


def told() -> str:
    """Return what came of the work, as JSON."""
    return dumps(_TOLD)


def _settle() -> None:
    """Start chance and figures alike in every kernel, be it forked or started afresh."""
    import matplotlib as mpl  # noqa: PLC0415 - a job without a notebook needs neither
    import numpy as np  # noqa: PLC0415

    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 - the one that a notebook may use by chance
    # A figure's identifiers are random unless salted: the same report must be the same bytes.
    mpl.rcParams["svg.hashsalt"] = "report"


def _work(work: Callable[[Context], object], context: Context) -> None:
    try:
        work(context)
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        raise Stopped(store.explain(error, context.job.folder)) from error


def describe(error: BaseException) -> str:
    """An exception's last line, and where it was raised."""
    last = "".join(traceback.format_exception_only(error)).strip()
    steps = traceback.extract_tb(error.__traceback__)
    if not steps or isinstance(error, OSError):
        return last
    step = steps[-1]
    return f"{last} ({os.path.basename(step.filename)}, line {step.lineno}: {step.line})"  # noqa: PTH119
