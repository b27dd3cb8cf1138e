"""The invest-to-save model: children in care, schemes that act on them, and the money that follows.

From Python: `run(load_case("inputs/bury-2022", scenario="base"), draws=10_000, seed=1)`, both imported from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.results.runs import Result, run
    from model.schemes.load import load_case

__all__ = ["Result", "load_case", "run"]

_HOMES = {"load_case": "model.schemes.load", "run": "model.results.runs", "Result": "model.results.runs"}


def __getattr__(name: str) -> object:
    """Import what is asked for only then, so that `import model` costs nothing."""
    if name not in _HOMES:
        message = f"module 'model' has no attribute {name!r}; it offers {', '.join(__all__)}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415 - importing the model must stay cheap

    return getattr(import_module(_HOMES[name]), name)
