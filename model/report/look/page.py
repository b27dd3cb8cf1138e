"""The page around everything we write: one file, no network, landmarks, contents, print and dark styles.

A Content-Security-Policy inside the page forbids every request and every script but the one that sorts tables, which
it names by its hash: text that slipped through as markup still could not run.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from model.report.look import markup
from model.report.look.format import MINUS

TEMPLATE = Path(__file__).parent / "template"
_HEADING = re.compile(r"<h([1-6])\b([^>]*)>(.*?)</h\1>", re.DOTALL)
_IDENTIFIER = re.compile(r'\bid="([^"]*)"')
_DRAWN = re.compile(r"(<svg.*?</svg>)", re.DOTALL)
_JOINER = "\N{WORD JOINER}"  # of no width: a line is not broken between a minus and its pound sign
_TAGS = re.compile(r"<[^>]*>")


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a page says about itself. `about` is one sentence under the title, `footer` one line at the end.

    `files`: pages and files beside it, where -> what; it links to them beneath its title.
    `numbers`: the spreadsheet beside it that holds what its charts show; each chart links to it.
    `kind`: a class of its body, `one-page` where it has to print on one side of A4.
    """

    title: str
    kicker: str = ""
    about: str = ""
    footer: str = ""
    kind: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    numbers: str = ""


@dataclass(frozen=True)
class Block:
    """A piece of a page, as HTML; shown as such by a notebook."""

    html: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        """Return the words without their markup."""
        return re.sub(r"\s+", " ", _TAGS.sub(" ", self.html)).strip()


@cache
def _asset(name: str) -> str:
    return (TEMPLATE / name).read_text(encoding="utf-8").strip()


def render(page: Page, body: str) -> str:
    """Return the whole page: `body` is HTML, its headings numbered into the contents; the rest is plain text."""
    body, contents = with_contents(unbroken(body))
    if page.numbers:
        link = f'<a href="{markup.attribute(page.numbers)}">The numbers as a spreadsheet</a>'
        body = body.replace("</figure>", f'<p class="note numbers">{link}</p></figure>')
    script = _asset("sort.js")
    kind = f' class="{page.kind}"' if page.kind else ""
    seal = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{seal}'; "
        "base-uri 'none'; form-action 'none'"
    )
    style = _asset("page.css").replace("FOOTER_TEXT", _for_css(page.title))
    kicker = f'<p class="kicker">{markup.escape(page.kicker)}</p>' if page.kicker else ""
    about = f'<p class="about">{markup.escape(page.about)}</p>' if page.about else ""
    links = " · ".join(f'<a href="{markup.attribute(to)}">{markup.escape(what)}</a>' for to, what in page.files.items())
    ways = f'<nav class="ways" aria-label="Beside this page"><p>{links}</p></nav>' if links else ""
    footer = f"<p>{markup.escape(page.footer)}</p>" if page.footer else ""
    return (
        '<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{markup.attribute(page.title)}</title>\n<style>\n{style}\n</style>\n</head>\n<body{kind}>\n"
        '<a class="skip" href="#main">Skip to the main content</a>\n'
        f"<header>{kicker}<h1>{markup.escape(page.title)}</h1>{about}{ways}</header>\n"
        f'<main id="main" tabindex="-1">\n{contents}\n{body}\n</main>\n'
        f"<footer>{footer}<p>Works without a network and without JavaScript, which only makes some tables sortable."
        f"</p></footer>\n<script>{script}</script>\n</body>\n</html>\n"
    )


def unbroken(body: str) -> str:
    """Return HTML in which no line can end between a minus sign and its pound sign; drawings are left alone."""
    parts = _DRAWN.split(body)
    parts[::2] = [part.replace(f"{MINUS}£", f"{MINUS}{_JOINER}£") for part in parts[::2]]
    return "".join(parts)


def _for_css(text: str) -> str:
    """Return text for a quoted CSS string inside a style element."""
    return "".join(c if (c.isalnum() and c.isascii()) or c in " .,:-()" else f"\\{ord(c):x} " for c in text)


def with_contents(body: str) -> tuple[str, str]:
    """Return the body with one address for each heading and no `h1` of its own, and a list of its `h2`s."""
    taken: set[str] = set()
    found: list[tuple[str, str]] = []

    def address(heading: re.Match[str]) -> str:
        level, attributes, inner = int(heading.group(1)), heading.group(2), heading.group(3)
        words = _TAGS.sub("", inner).strip()
        if level == 1:
            return ""
        given = _IDENTIFIER.search(attributes)
        wanted = markup.slug(given.group(1) if given else words)
        name = next(n for i in range(1, 10_000) if (n := wanted if i == 1 else f"{wanted}-{i}") not in taken)
        taken.add(name)
        if level == 2:
            found.append((name, words))
        return f'<h{level} id="{name}">{inner}</h{level}>'

    body = _HEADING.sub(address, body)
    if len(found) < 3:
        return body, ""
    items = "".join(f'<li><a href="#{name}">{words}</a></li>' for name, words in found)
    return (
        body,
        f'<nav class="contents" aria-labelledby="contents"><h2 id="contents">Contents</h2><ol>{items}</ol></nav>',
    )


def show(*parts: Any) -> Block:  # noqa: ANN401 - tables, figures, blocks and plain sentences
    """Return several tables, figures, blocks or sentences as one piece of a page."""
    return Block("\n".join(_html(part) for part in parts if part is not None and part != ""))


def _html(part: Any) -> str:  # noqa: ANN401 - as above
    if isinstance(part, str):
        return markup.paragraph(part)
    return str(part._repr_html_())


def heading(words: str) -> Block:
    """Return a heading of the third level."""
    return Block(f"<h3>{markup.escape(words)}</h3>")


def folded(words: str, *parts: Any) -> Block:  # noqa: ANN401 - as above
    """Return parts that a reader opens by a click on some words."""
    return Block(f'<details class="data"><summary>{markup.escape(words)}</summary>{show(*parts).html}</details>')
