"""Text into HTML, safely: whatever an analyst typed shows as the text that was typed."""

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping

_ADDRESS = re.compile(r"https?://[^\s<>\"')\]]+")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]"
)  # control characters but tab and line feed; half characters
_INSTEAD = "\N{REPLACEMENT CHARACTER}"
_BEYOND_GREEK = re.compile("[^\x00-\u058f]")  # no character up to there is written from right to left
_DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def escape(text: object) -> str:
    """Return text for HTML: markup and quotes escaped, control characters shown, writing direction isolated.

    Marks that turn the reading direction stay in the text but cannot reach past it: it is wrapped in `<bdi>`, with
    the marks that would override even that closed again by the wrapper.
    """
    plain = _UNSEEN.sub(_INSTEAD, str(text))
    safe = html.escape(plain, quote=True)
    turned = any(
        unicodedata.bidirectional(c) in {"R", "AL", "AN"} or c in _DIRECTIONS for c in _BEYOND_GREEK.findall(plain)
    )
    return f"<bdi>{safe}</bdi>" if turned else safe


def attribute(text: object) -> str:
    """Return text for a quoted HTML attribute."""
    kept = "".join(c for c in str(text) if c not in _DIRECTIONS)
    return html.escape(_UNSEEN.sub(_INSTEAD, kept), quote=True)


def slug(text: str) -> str:
    """Return an id made of text: lower-case letters, digits, dots and hyphens, beginning with a letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    short = re.sub(r"[^a-z0-9.]+", "-", plain.lower()).strip("-.")
    return short if short[:1].isalpha() else f"x-{short}"


def prose(text: str) -> str:
    """Return escaped text with addresses as links; a note is never cut."""
    parts, at = [], 0
    for found in _ADDRESS.finditer(text):
        address = found.group().rstrip(".,;:")
        parts += [escape(text[at : found.start()]), f'<a href="{attribute(address)}">{escape(address)}</a>']
        at = found.start() + len(address)
    return "".join([*parts, escape(text[at:])])


def paragraph(text: str, kind: str = "") -> str:
    """Return one paragraph of escaped text."""
    return f"<p{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{escape(text)}</p>"


def bullets(items: Iterable[str]) -> str:
    """Return a list of escaped texts."""
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"


def anchor(assumption: str) -> str:
    """Return the id of an assumption's row on a page."""
    return f"a-{slug(assumption)}"


def rests_on(labels: Mapping[str, str], what: str = "") -> str:
    """Return the links from a figure to the assumption rows that drive it, name -> label, folded; nothing for none.

    `what` tells one such list from the next for people who hear the page: `Rests on 23 assumptions: <what>`.
    """
    if not labels:
        return ""
    links = " ".join(f'<li><a href="#{anchor(n)}">{escape(words)}</a></li>' for n, words in labels.items())
    hidden = f'<span class="unseen"> behind {escape(what)}</span>' if what else ""
    count = f"{len(labels)} assumption{'' if len(labels) == 1 else 's'}"
    return f'<details class="rests"><summary>Rests on {count}{hidden}</summary><ul>{links}</ul></details>'


def spelt(name: str) -> str:
    """Return a word of the code as it is written: `in_house_foster` -> `in-house foster`."""
    return re.sub(r"\bifa\b", "IFA", name.replace("_", " ").replace("in house", "in-house"))
