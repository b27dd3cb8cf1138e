"""nbconvert with our template: cells to HTML, nothing fetched and nothing parsed again.

nbconvert's own HTML exporter reads its whole output back through a parser to look for pictures without words, which
takes longer than the rest and turns every SVG's attributes to lower case. Ours derives from the class beneath it.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from nbconvert.exporters import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from model.report.look import markup
from model.report.look.page import TEMPLATE

NO_WORDS = "A picture made by the analyst, who gave it no description."
SHOWN = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain")


def markdown_html(source: str) -> str:
    """Return markdown as HTML, headings without pilcrow links."""
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    return str(MarkdownWithMath(renderer=renderer).render(source))


def shown_type(output: Mapping[str, Any]) -> str:
    """Return which of an output's forms the page shows; nothing where it has none that a page can."""
    return next((kind for kind in SHOWN if kind in output["data"]), "")


def alt_text(output: Mapping[str, Any]) -> str:
    """Return what an output's metadata says a picture shows, escaped; or that nobody said."""
    found = dict(output.get("metadata", {}))
    said = found.get("alt") or next((v["alt"] for v in found.values() if isinstance(v, dict) and v.get("alt")), None)
    return markup.attribute(said or NO_WORDS)


class PageExporter(TemplateExporter):
    """The cells of a notebook as the body of a page."""

    def _file_extension_default(self) -> str:
        return ".html"

    def _template_extension_default(self) -> str:
        return ".html.j2"


@cache
def page_exporter() -> PageExporter:
    """Return an exporter; making one costs more than using it."""
    return PageExporter(  # type: ignore[no-untyped-call] # nbconvert has no types here
        template_name="council",
        extra_template_basedirs=[str(TEMPLATE)],
        filters={"alt_text": alt_text, "shown_type": shown_type, "markdown_html": markdown_html},
    )
