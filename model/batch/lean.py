"""Other people's libraries, loaded without what they load in turn and a report never uses.

A worker that runs notebooks is ready a tenth sooner, and seconds sooner where jsonschema has all its extras. What is
left out is left out of that one import alone: a notebook that asks for it later gets it.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

ABSENT = frozenset({"isoduration", "rfc3986_validator", "rfc3987_syntax"})
"""What jsonschema would check durations and addresses with: it does without what is not installed."""
LATER = frozenset({"requests", "soupsieve"})
"""What papermill would fetch notebooks with, and bs4 select tags with: loaded when first asked for anything."""


@contextlib.contextmanager
def imports() -> Iterator[None]:
    """Leave out ``ABSENT`` and put off ``LATER`` for the imports made meanwhile."""
    finder = _Lean()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def is_put_off(module: ModuleType) -> bool:
    """Whether a module is still to be loaded; asked in a way that does not load it."""
    return type(module).__name__ == "_LazyModule"


class _Lean:
    """Answers for the modules above, and leaves all others to the finders that follow."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module that is put off; say that an absent one is not there."""
        if name in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        spec = importlib.machinery.PathFinder.find_spec(name, path, target) if name in LATER else None
        if spec is not None and spec.loader is not None:
            spec.loader = importlib.util.LazyLoader(spec.loader)
        return spec
