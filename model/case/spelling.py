"""A word that is not known, and the known word most like it."""

import difflib
from collections.abc import Iterable


def near(word: str, known: Iterable[str]) -> str:
    """Return advice to use the known word most like this one, or nothing where none is so alike."""
    lowered = {candidate.lower(): candidate for candidate in known}
    for plain in (word.strip().lower().replace("-", "_").replace(" ", "_"), word.strip().lower()):
        if close := difflib.get_close_matches(plain, lowered, n=1, cutoff=0.6):
            return f"did you mean {lowered[close[0]]}?"
    return ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return advice to use the known word most like this one, or list them when they are few, or nothing."""
    words = [candidate for candidate in dict.fromkeys(known) if candidate]
    return near(word, words) or (f"it may be {', '.join(words)}" if 0 < len(words) <= 12 else "")
