"""A word that is not known, and the known word most like it."""

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """Return advice to use the known word most like this one, or list them when they are few, or nothing."""
    words = [candidate for candidate in dict.fromkeys(known) if candidate]
    lowered = {candidate.lower(): candidate for candidate in words}
    plain = word.strip().lower().replace("-", "_").replace(" ", "_")
    close = difflib.get_close_matches(plain, lowered, n=1, cutoff=0.6) or difflib.get_close_matches(
        word.strip().lower(), lowered, n=1, cutoff=0.6
    )
    if close:
        return f"did you mean {lowered[close[0]]}?"
    return f"it may be {', '.join(words)}" if 0 < len(words) <= 12 else ""
