"""Posts that answer a duty rather than pay back: the scheme is its posts."""

from __future__ import annotations

from model.schemes.base import Scheme


class Establishment(Scheme):
    """The rows of `establishment.csv` charged to the scheme, and nothing else."""
