"""Pieces of the index that are dear to make, kept beside it from one run to the next.

A piece is a file in a folder of its own, named by the hash of everything it is made from; inside stands the hash of
the piece, so that a file that was damaged is made again. What an index no longer uses is removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from model.batch.disk import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FOLDER = ".bridges"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The pieces of one case's index; `folder` is where they are kept, and appears with the first of them."""

    folder: Path
    used: set[str] = field(default_factory=set)

    def piece(self, made_from: Mapping[str, str], make: Callable[[], str]) -> str:
        """Return the piece made from exactly this, made now unless it is kept; an empty one never is.

        A disk that is full or read-only keeps nothing, and is not this module's to report.
        """
        name = hashlib.sha256(json.dumps(dict(made_from), sort_keys=True).encode()).hexdigest()
        self.used.add(name)
        found = self._read(name)
        if found is not None:
            return found
        made = make()
        with contextlib.suppress(OSError):
            if made:
                self.folder.mkdir(exist_ok=True)
                write_whole(self.folder / name, f"{_seal(made)}\n{made}".encode())
        return made

    def _read(self, name: str) -> str | None:
        """Return a kept piece; None where there is none that is whole."""
        try:
            seal, _, piece = (self.folder / name).read_bytes().decode().partition("\n")
        except (OSError, UnicodeDecodeError):
            return None
        return piece if seal == _seal(piece) else None

    def forget_others(self) -> None:
        """Remove every piece that was not asked for since this object was made, and what a killed run left."""
        with contextlib.suppress(OSError):
            for path in [p for p in self.folder.iterdir() if p.name not in self.used]:
                path.unlink(missing_ok=True)


def _seal(piece: str) -> str:
    return hashlib.sha256(piece.encode()).hexdigest()
