"""The index of a case: all scenarios side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_index(case_outputs: Path) -> None:
    """Write `index.html` into the folder that holds a case's scenarios."""
    raise NotImplementedError(case_outputs)
